//! The time of keeping is over: what a dossier said may go. Only once it has ended, and not a day before its workflow says so.

use super::Run;
use crate::dossier::command::{Actor, Ask, Expire};
use crate::dossier::event::{Change, Kind};
use crate::dossier::expire::Left;
use crate::dossier::refusal::{Code, Refusal};

impl Run<'_> {
    pub(super) fn expire(&mut self, ask: &Expire) -> Result<(), Refusal> {
        if !matches!(self.actor, Actor::Operator { .. }) {
            return Err(Refusal::of(Code::NotThisWay));
        }
        let dossier = self.dossier();
        let Some(outcome) = dossier.outcome.clone() else { return Err(Refusal::of(Code::NotEnded)) };
        let ended = self.context.calendar.date(dossier.last_at);
        let until = ask.kept.until(ended).filter(|until| *until < self.today());
        if until.is_none() {
            let until = ask.kept.until(ended).map_or_else(String::new, |until| until.to_string());
            return Err(Refusal::about(Code::StillKept, until));
        }
        let left = Left {
            id: dossier.id.clone(),
            workflow: dossier.workflow.clone(),
            machine: dossier.machine.clone(),
            opened_at: dossier.opened_at,
            ended_at: dossier.last_at,
            outcome,
            kept: ask.kept.clone(),
            rule: ask.rule.clone(),
        };
        self.emit(Change::Expired(Box::new(left)));
        self.finish(Kind::Expired);
        Ok(())
    }

    /// What may still happen to what is left of a dossier: nothing. What is asked once more has been done, and a message means
    /// nothing any more.
    pub(super) fn after_expiry(&mut self, ask: &Ask) -> Result<(), Refusal> {
        match ask {
            Ask::Expire(_) | Ask::Forget(_) => Ok(()),
            Ask::Receive(_) => {
                self.finish(Kind::Received);
                Ok(())
            }
            _ => Err(Refusal::of(Code::Expired)),
        }
    }
}
