//! Keys that are given once: what a decision rests on is looked up in its transaction, and decided again with that.

use super::fold::Fold;
use crate::dossier::decide::Decision;
use crate::dossier::event::{Change, Event};
use crate::dossier::refusal::Refusal;
use crate::dossier::taken::{Holder, Key, Taken, Unknown};
use crate::ids::{DossierId, Instant};
use crate::store::{Batch, StoreError, TakenRow, Tx};

impl Fold<'_> {
    /// Decides until the decision rests on nothing that was not looked up. Most take no key and are decided once.
    pub(super) fn settled(
        &self,
        tx: &mut Tx<'_>,
        decide: impl Fn(&Taken) -> Result<Decision, Refusal>,
    ) -> Result<Result<Decision, Refusal>, StoreError> {
        let mut taken = Taken::default();
        loop {
            let decided = decide(&taken);
            let unknown = decided.as_ref().map(|decision| taken.unknown(&decision.events)).unwrap_or_default();
            if unknown.is_empty() {
                return Ok(decided);
            }
            for unknown in unknown {
                match unknown {
                    Unknown::Last(space) => {
                        let last = self.last_taken(tx, &space)?;
                        taken.learn_last(space, last);
                    }
                    Unknown::Holder(key) => {
                        let holder = self.holder(tx, &key)?;
                        taken.learn_holder(key, holder);
                    }
                }
            }
        }
    }

    /// The last number of a counter, as this batch leaves it.
    fn last_taken(&self, tx: &mut Tx<'_>, space: &str) -> Result<Option<i64>, StoreError> {
        let here = self.batch.taken.iter().filter(|(key, _)| key.space == space).filter_map(|(_, row)| row.seq).max();
        Ok(tx.last_taken(space)?.max(here))
    }

    /// Who has a key, as this batch leaves it.
    fn holder(&self, tx: &mut Tx<'_>, key: &Key) -> Result<Option<Holder>, StoreError> {
        if let Some(row) = self.batch.taken.get(key) {
            let working = self.dossiers.get(&row.dossier).map(|working| working.kept.dossier.caption.clone());
            return Ok(Some(Holder { dossier: Some(row.dossier.clone()), name: working.unwrap_or_default() }));
        }
        let given_up = |holder: &Holder| {
            let dossier = holder.dossier.clone();
            dossier.is_some_and(|dossier| self.batch.given_up.contains(&(key.clone(), dossier)))
        };
        Ok(tx.holder(key)?.filter(|holder| !given_up(holder)))
    }
}

/// Adds the keys that the events take and give up to what a batch writes.
pub(super) fn add(batch: &mut Batch, dossier: &DossierId, at: Instant, events: &[Event]) {
    for change in events.iter().flat_map(|event| &event.changes) {
        match change {
            Change::Took { key, seq, .. } => {
                let row = TakenRow { seq: *seq, dossier: dossier.clone(), taken_at: at.0 };
                batch.taken.insert(key.clone(), row);
            }
            Change::GaveUp(key) => {
                batch.taken.remove(key);
                batch.given_up.insert((key.clone(), dossier.clone()));
            }
            _ => {}
        }
    }
}
