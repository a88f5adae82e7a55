//! What measures ask of one dossier: how it stands, when it first stood where, and what registers said before it.

use super::Engine;
use crate::dossier::Dossier;
use crate::dossier::command::Ask;
use crate::dossier::context::{Entry, holder_of};
use crate::ids::DossierId;
use crate::machine::Machine;
use crate::measure::{Course, before};
use crate::store::StoreError;

impl Engine {
    /// A dossier with what measures ask of its past; none if there is none. `machine` says whom it is about. Nothing is
    /// written, and what happens meanwhile does not count.
    ///
    /// # Errors
    /// The database fails, or an event was damaged.
    pub async fn past(
        &self,
        machine: &Machine,
        id: &DossierId,
    ) -> Result<Option<(Dossier, Course, Vec<Entry>)>, StoreError> {
        let Some(dossier) = self.dossier(id).await? else { return Ok(None) };
        let events = self.history(id).await?;
        let course = Course::of(events.iter().filter(|event| event.seq <= dossier.seq));
        let register = match holder_of(machine, Some(&dossier), &Ask::Tick) {
            Some(holder) => before(id, &self.inner.store.written_about(&holder).await?),
            None => Vec::new(),
        };
        Ok(Some((dossier, course, register)))
    }
}
