//! The facts of registers that a dossier's formulas see, for those who ask `decide` on trial.

use super::Engine;
use crate::dossier::Dossier;
use crate::dossier::command::Ask;
use crate::dossier::context::{Entry, holder_of};
use crate::machine::Machine;
use crate::store::StoreError;

impl Engine {
    /// The entries of all registers about whom a dossier is about.
    ///
    /// # Errors
    /// The database fails.
    pub async fn facts(&self, machine: &Machine, dossier: &Dossier) -> Result<Vec<Entry>, StoreError> {
        match holder_of(machine, Some(dossier), &Ask::Tick) {
            Some(holder) => self.inner.store.facts(&holder).await,
            None => Ok(Vec::new()),
        }
    }
}
