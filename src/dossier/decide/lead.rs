//! What whoever leads a step does besides giving it to somebody: ask one more person, put the deadline off, skip it, have it done
//! anew. Each with a reason.

use super::Run;
use super::step::Brought;
use super::values::check_reason;
use crate::dossier::TimerKind;
use crate::dossier::event::{Change, Kind};
use crate::dossier::refusal::{Code, Refusal};
use crate::ids::{ActivationId, PersonId};
use crate::machine::chart::Place;
use crate::machine::{LeadAct, Transition};

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

    /// Goes on as if the step had been done; what its way wants must be there.
    pub(super) fn skip(&mut self, activation: ActivationId, reason: &str) -> Result<(), Refusal> {
        let at = self.leading(activation, LeadAct::Skip, reason)?;
        self.nothing_is_voted_on(at)?;
        let state = &self.machine.states[at];
        let rule = state.task.as_ref().ok_or_else(|| Refusal::of(Code::NotAsked))?;
        let event = rule.skip.clone().ok_or_else(|| Refusal::of(Code::NotThisWay))?;
        let theirs = |way: &&Transition| way.event.as_ref() == Some(&event) && way.by.contains(&rule.role);
        let chosen = self.open_ones(vec![(at, state.on.iter().filter(theirs).collect())])?;
        for claim in &chosen {
            self.check_complete(state, claim.what)?;
        }
        self.emit(Change::Skipped { activation, event, reason: reason.trim().to_owned() });
        self.led(at);
        self.microstep(&chosen, Brought::default())?;
        self.settle()?;
        self.finish(Kind::Led);
        Ok(())
    }

    /// Has the step done anew: another entry, with tasks and clocks of its own.
    pub(super) fn redo(&mut self, activation: ActivationId, reason: &str) -> Result<(), Refusal> {
        let at = self.leading(activation, LeadAct::Redo, reason)?;
        self.nothing_is_voted_on(at)?;
        self.emit(Change::Redone { activation, reason: reason.trim().to_owned() });
        self.led(at);
        self.enter_again(at)?;
        self.settle()?;
        self.finish(Kind::Led);
        Ok(())
    }

    /// A vote that is open is closed by its rule and by nothing else.
    fn nothing_is_voted_on(&self, at: Place) -> Result<(), Refusal> {
        let inside = |place: Place| place == at || self.machine.chart().is_inside(place, at);
        let open = self.dossier().votes.iter().any(|vote| self.entered(vote.activation).is_some_and(inside));
        if open { Err(Refusal::of(Code::Voting)) } else { Ok(()) }
    }

    /// Whoever leads a step did something in it.
    fn led(&mut self, at: Place) {
        let (person, role) = (self.actor.person().cloned(), self.lead(at).map(|lead| lead.by.clone()));
        if let Some(person) = person {
            self.did(&person, Some(at), role.as_ref(), false, None);
        }
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
