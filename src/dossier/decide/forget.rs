//! A person is forgotten. Only where the work is over: a dossier that is open is worked on, and its next step may rest on what would
//! be gone.

use super::Run;
use super::values::check_reason;
use crate::dossier::command::{Actor, Ask, Forget};
use crate::dossier::event::{Change, Kind};
use crate::dossier::refusal::{Code, Refusal};

impl Run<'_> {
    /// Whom it forgets it is not told of again: the second time nothing happens.
    pub(super) fn forget(&mut self, ask: &Forget) -> Result<(), Refusal> {
        let reason = self.operators_reason(&ask.reason)?;
        if self.dossier().outcome.is_none() {
            return Err(Refusal::of(Code::NotEnded));
        }
        if !self.dossier().forgotten.contains(&ask.person) {
            let people = self.dossier().forgotten_with(&ask.person);
            self.emit(Change::Forgot { people, reason });
            self.finish(Kind::Forgotten);
        }
        Ok(())
    }

    /// Why an operator takes something away for good; nobody else may, and never without saying why.
    pub(super) fn operators_reason(&self, said: &str) -> Result<String, Refusal> {
        if !matches!(self.actor, Actor::Operator { .. }) {
            return Err(Refusal::of(Code::NotThisWay));
        }
        let reason = said.trim();
        if reason.is_empty() {
            return Err(Refusal::of(Code::ReasonMissing));
        }
        check_reason(reason).map(|()| reason.to_owned())
    }

    /// What may still happen to a dossier of which something was erased: nothing that would rest on what is gone, or write of the
    /// forgotten anew. A message means nothing any more.
    pub(super) fn after_forgetting(&mut self, ask: &Ask) -> Result<(), Refusal> {
        match ask {
            Ask::Forget(forget) => self.forget(forget),
            Ask::Expire(expire) => self.expire(expire),
            Ask::Receive(_) => {
                self.finish(Kind::Received);
                Ok(())
            }
            _ => Err(Refusal::of(Code::Forgotten)),
        }
    }
}
