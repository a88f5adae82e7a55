//! What `handle` would say, without anything being written.

use std::sync::Arc;

use super::{Engine, Failure, Inner};
use crate::calendar::Calendar;
use crate::dossier::command::{Ask, Command};
use crate::dossier::context::{Boxes, Context, Entry, holder_of};
use crate::dossier::decide::{decide, migrate};
use crate::dossier::refusal::{Code, Refusal};
use crate::dossier::taken::Taken;
use crate::machine::Machine;
use crate::store::StoreError;

impl Engine {
    /// Decides a command on its dossier as it stands, and writes nothing. `besides` are facts that will stand in the registers
    /// by then. Ballots are not rehearsed: no box is opened.
    ///
    /// # Errors
    /// It would be refused, or the database fails.
    pub async fn rehearse(&self, command: &Command, besides: &[Entry]) -> Result<(), Failure> {
        let dossier = self.dossier(&command.dossier).await?;
        let hash = match (&command.ask, &dossier) {
            (_, Some(dossier)) => &dossier.machine,
            (Ask::Start(start), None) => &start.machine,
            (_, None) => return Err(Refusal::about(Code::NoDossier, command.dossier.as_str()).into()),
        };
        let machine = self.machine(hash).await?;
        let deployment = self.inner.deployment();
        let calendar = self.inner.calendar_of(&machine)?;
        let asks = self.inner.version(hash).is_some_and(|version| version.asks_registers);
        let mut facts = Vec::new();
        if let Some(holder) = holder_of(&machine, dossier.as_ref(), &command.ask).filter(|_| asks) {
            facts = self.inner.store.facts(&holder).await?;
            let new = besides.iter().filter(|entry| entry.holder == holder && !facts.contains(entry));
            facts.extend(new.cloned().collect::<Vec<_>>());
        }
        let boxes = Boxes::new();
        let (directory, calendar) = (&deployment.directory, &calendar);
        let context = Context { directory, calendar, register: &facts, boxes: &boxes, taken: Taken::NOTHING };
        let (Ask::Migrate(ask), Some(dossier)) = (&command.ask, &dossier) else {
            return decide(&machine, dossier.as_ref(), command, self.now(), &context).map(drop).map_err(Failure::from);
        };
        let next = self.machine(&ask.machine).await?;
        let next_calendar = self.inner.calendar_of(&next)?;
        let next_context = Context { calendar: &next_calendar, ..context };
        let old = migrate::Version { machine: &machine, context: &context };
        let new = migrate::Version { machine: &next, context: &next_context };
        migrate::migrate(old, new, dossier, command, self.now()).map(drop).map_err(Failure::from)
    }
}

impl Inner {
    /// The calendar that a version follows.
    fn calendar_of(&self, machine: &Machine) -> Result<Arc<Calendar>, StoreError> {
        self.deployment().calendars.get(&machine.calendar).map(Arc::clone).ok_or_else(|| {
            let what = format!("there is no calendar `{}`", machine.calendar);
            StoreError::Corrupt { table: "calendar", column: "name", what }
        })
    }
}
