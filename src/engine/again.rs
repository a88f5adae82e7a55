//! The first answer again: the same command under the same operation id is told what it was told then.

use super::fold::Fold;
use super::{Done, seals};
use crate::dossier::forget::Refold;
use crate::store::{LoadedOperation, StoreError, Tx};

impl Fold<'_> {
    /// What a command was told that led to the events from `operation.seq` on.
    pub(super) fn first_answer(&self, tx: &mut Tx<'_>, operation: &LoadedOperation) -> Result<Done, StoreError> {
        let id = &operation.dossier;
        let keys = self.inner.unwrap_keys(id, &tx.seal_keys_of(id)?)?;
        let mut fold = Refold::default();
        for logged in tx.events_of(id)? {
            // Every command's first event carries its operation, so the next one that does is another command's.
            if logged.seq > operation.seq && logged.operation.is_some() {
                break;
            }
            let event = seals::open(id, &logged, &keys)?;
            fold.take(&event).map_err(|broken| StoreError::Corrupt {
                table: "event",
                column: "sealed",
                what: format!("dossier {id}: {broken}"),
            })?;
        }
        let (seq, state) = match fold.dossier {
            Some(dossier) => (dossier.seq, dossier.stands()),
            // What it said then was destroyed since.
            None if fold.gone > 0 => (fold.gone, String::new()),
            None => {
                let what = format!("dossier {id} has no events");
                return Err(StoreError::Corrupt { table: "event", column: "operation", what });
            }
        };
        Ok(Done { dossier: id.clone(), seq, state, again: true })
    }
}
