//! What whoever leads a step does besides giving it to somebody: ask one more person, put the deadline off. Each with a reason.

use super::Run;
use super::values::check_reason;
use crate::dossier::TimerKind;
use crate::dossier::event::{Change, Kind};
use crate::dossier::refusal::{Code, Refusal};
use crate::ids::{ActivationId, PersonId};
use crate::machine::LeadAct;
use crate::machine::chart::Place;

impl Run<'_> {
    /// One more person is asked what the others are asked.
    pub(super) fn add(&mut self, activation: ActivationId, added: &PersonId, reason: &str) -> Result<(), Refusal> {
        let at = self.leading(activation, LeadAct::Add, reason)?;
        let task = self.task_of(activation)?;
        if task.holders.contains(added) || task.others.contains(added) {
            return Err(Refusal::of(Code::Taken { by: added.clone() }));
        }
        if let Some(answer) = task.answers.iter().find(|answer| &answer.person == added) {
            return Err(Refusal::of(Code::Done { by: Some(added.clone()), at: Some(answer.at) }));
        }
        if !self.context.directory.people.contains_key(added) {
            return Err(Refusal::of(Code::NotOfRole));
        }
        if let Some(reason) = task.role.as_ref().and_then(|role| self.barred(added, role, at)) {
            return Err(Refusal { reasons: vec![reason] });
        }
        self.emit(Change::Added { activation, person: added.clone(), reason: reason.trim().to_owned() });
        self.finish(Kind::Led);
        Ok(())
    }

    /// The deadline ends later, and with it come the reminders before it.
    pub(super) fn extend(
        &mut self,
        activation: ActivationId,
        until: jiff::civil::Date,
        reason: &str,
    ) -> Result<(), Refusal> {
        let at = self.leading(activation, LeadAct::Extend, reason)?;
        let due_at = self.context.calendar.end_of(until);
        let old = self.dossier().entry(activation).and_then(|entry| entry.due_at);
        match old {
            None => return Err(Refusal::of(Code::NotThisWay)),
            Some(old) if due_at <= old.max(self.at) => return Err(Refusal::of(Code::NotLater)),
            Some(_) => {}
        }
        let mut timers = self.timers(activation, &self.machine.states[at], Some(due_at));
        timers.retain(|timer| !matches!(timer.what, TimerKind::After(_)));
        self.emit(Change::Extended { activation, due_at, reason: reason.trim().to_owned() });
        if !timers.is_empty() {
            self.emit(Change::Timed(timers));
        }
        self.finish(Kind::Led);
        Ok(())
    }

    /// Where somebody leads, if they may do this there and said why.
    fn leading(&self, activation: ActivationId, act: LeadAct, reason: &str) -> Result<Place, Refusal> {
        let (person, at) = self.acting(activation)?;
        if !self.leads(&person, activation, at, act) {
            return Err(Refusal::of(Code::NotAsked));
        }
        self.check_shown(activation, [])?;
        if reason.trim().is_empty() {
            return Err(Refusal::of(Code::ReasonMissing));
        }
        check_reason(reason)?;
        Ok(at)
    }
}
