//! Which dossier consumes a message: found out in the transaction that consumes it, so that rows that arrive together open one
//! list and not many.

use super::fold::{Answer, Fold};
use super::queue::Pending;
use super::rows::list_id;
use super::{Done, Failure};
use crate::dossier::command::Command;
use crate::dossier::refusal::{Code, Refusal};
use crate::dossier::{Dossier, Message, Recipient};
use crate::ids::DossierId;
use crate::planted::{Fault, planted};
use crate::store::{Settled, StoreError, Tx};

impl Fold<'_> {
    /// Carries out what a message means, and notes what became of it.
    pub(super) fn deliver(
        &mut self,
        tx: &mut Tx<'_>,
        pending: &Pending,
        message: &Message,
    ) -> Result<Answer, StoreError> {
        let command = self.address(tx, message)?;
        let mut answer = match &command {
            Some(command) if planted(Fault::MessageUnread) => {
                Ok(Done { dossier: command.dossier.clone(), seq: 0, state: String::new(), again: false })
            }
            Some(command) => self.carry_out(tx, pending, command)?,
            None => Err(Failure::Refused(Refusal::about(Code::NoDossier, "no such workflow is deployed"))),
        };
        // A list whose time to gather is over, but whose timer has not fired yet: it fires now, and the row goes elsewhere.
        if let (Err(Failure::Refused(refusal)), Some(list)) = (&answer, &command)
            && matches!(message.to, Recipient::List { .. })
            && refusal.reasons.iter().any(|reason| reason.code == Code::NotGathering)
            && self.tick(tx, &list.dossier)?
            && let Some(command) = self.address(tx, message)?
        {
            answer = self.carry_out(tx, pending, &command)?;
        }
        let settled = match &answer {
            Ok(_) => Settled::Consumed(self.inner.clock.now().0),
            Err(Failure::Refused(refusal)) => {
                Settled::Refused(serde_json::to_string(refusal).unwrap_or_else(|error| error.to_string()))
            }
            Err(Failure::Store(error)) => Settled::Refused(error.to_string()),
        };
        if !planted(Fault::MessageTwice) {
            self.batch.settled.insert((message.from.clone(), message.from_seq, message.place), settled);
        }
        Ok(answer)
    }

    /// The command that consumes a message; none if it would have to open a list of which no version is deployed.
    fn address(&mut self, tx: &mut Tx<'_>, message: &Message) -> Result<Option<Command>, StoreError> {
        let (workflow, key) = match &message.to {
            Recipient::Dossier(id) => return Ok(Some(Command::receiving(message, id.clone()))),
            Recipient::New { dossier, workflow, .. } => {
                let machine = self.deployment.current.get(workflow).cloned();
                return Ok(machine.and_then(|machine| Command::opening(message, dossier.clone(), machine)));
            }
            Recipient::List { workflow, key, .. } => (workflow, key),
        };
        let gathers = |dossier: &Dossier| {
            &dossier.workflow == workflow && dossier.gather_key.as_deref() == Some(key) && dossier.outcome.is_none()
        };
        let here = self.dossiers.values().map(|working| &working.kept.dossier).find(|dossier| gathers(dossier));
        let mut open = here.map(|dossier| dossier.id.clone());
        if open.is_none()
            && let Some(id) = tx.gathering(workflow, key)?
            && !self.dossiers.contains_key(&id)
        {
            let kept = self.read(tx, &id)?;
            self.lay(kept);
            open = Some(id);
        }
        if let Some(dossier) = open {
            return Ok(Some(Command::receiving(message, dossier)));
        }
        let machine = self.deployment.current.get(workflow).cloned();
        Ok(machine.and_then(|machine| Command::opening(message, list_id(&message.operation()), machine)))
    }

    /// Does what is due in a dossier; whether anything was.
    fn tick(&mut self, tx: &mut Tx<'_>, id: &DossierId) -> Result<bool, StoreError> {
        let Some(working) = self.dossiers.get(id) else { return Ok(false) };
        let dossier = &working.kept.dossier;
        let Some(command) = Command::tick(dossier) else { return Ok(false) };
        let pending = Pending::of_command(command.clone(), Vec::new(), &self.inner.keys.master);
        let before = dossier.seq;
        self.carry_out(tx, &pending, &command)?.ok();
        Ok(self.dossiers.get(id).is_some_and(|working| working.kept.dossier.seq > before))
    }
}
