//! Commands that take a dossier from one version to another need both.

use std::sync::Arc;

use super::deploy::Version;
use super::fold::Fold;
use crate::calendar::Calendar;
use crate::dossier::command::{Ask, Command};
use crate::dossier::context::{Boxes, Context, Entry};
use crate::dossier::decide::{Decision, migrate};
use crate::dossier::refusal::{Code, Refusal};
use crate::dossier::taken::Taken;
use crate::store::{StoreError, Tx};

/// A version with the calendar that it follows.
pub(super) type Dated = (Version, Arc<Calendar>);

impl Fold<'_> {
    /// The version to which a command takes its dossier; none if it takes it nowhere.
    pub(super) fn next(&self, tx: &mut Tx<'_>, command: &Command) -> Result<Option<Dated>, StoreError> {
        let Ask::Migrate(ask) = &command.ask else { return Ok(None) };
        self.version(tx, &ask.machine)?.map(Some)
    }

    /// Decides such a command.
    pub(super) fn go_over(
        &self,
        command: &Command,
        (old, new): (&Dated, &Dated),
        facts: &[Entry],
        (boxes, taken): (&Boxes, &Taken),
    ) -> Result<Decision, Refusal> {
        let dossier = self.dossiers.get(&command.dossier).map(|working| &working.kept.dossier);
        let dossier = dossier.ok_or_else(|| Refusal::about(Code::NoDossier, command.dossier.as_str()))?;
        let directory = &self.deployment.directory;
        let world = |calendar| Context { directory, calendar, register: facts, boxes, taken };
        let (before, after) = (world(&*old.1), world(&*new.1));
        let old = migrate::Version { machine: &old.0.machine, context: &before };
        let new = migrate::Version { machine: &new.0.machine, context: &after };
        migrate::migrate(old, new, dossier, command, self.inner.clock.now())
    }
}
