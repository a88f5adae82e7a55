//! Rounds: a dossier that is returned comes again; what was decided before stands or falls as the workflow says; deadlines may
//! be other ones the next time. And whoever sent a dossier on takes it back as long as nobody has acted on it.

use super::Run;
use super::act::Standing;
use super::step::Chosen;
use crate::calendar::{Calendar, Delay, DelayUnit};
use crate::dossier::command::Actor;
use crate::dossier::context::Context;
use crate::dossier::event::Change;
use crate::dossier::refusal::{Code, Reason, Refusal};
use crate::dossier::{Deed, Dossier, VoteResult};
use crate::ids::{ActivationId, Instant, PersonId, RoleName, StateId, VoteName};
use crate::machine::chart::Place;
use crate::machine::{Again, Deadline, LinkPolicy, Machine, Transition};

/// The ways by which a person may take back what they sent, each with the entry it belongs to.
pub fn recallable(
    machine: &Machine,
    dossier: &Dossier,
    person: &PersonId,
    now: Instant,
    context: &Context<'_>,
) -> Vec<(ActivationId, Transition)> {
    let ways = |at: Place| machine.states[at].on.iter().filter(|way| way.recall);
    if dossier.outcome.is_some() || machine.states.iter().all(|state| state.on.iter().all(|way| !way.recall)) {
        return Vec::new();
    }
    let run = Run::new(machine, Some(dossier), Actor::Link(person.clone()), now, context);
    let entered = dossier.active.iter().map(|active| (active.activation, run.place(&active.state)));
    let mine = entered.flat_map(|(entry, at)| ways(at).map(move |way| (entry, at, way)));
    let mine = mine.filter(|(_, at, way)| matches!(run.standing(person, way, *at), Standing::As(..)));
    mine.map(|(entry, _, way)| (entry, way.clone())).collect()
}

impl Run<'_> {
    /// A return begins another round. Results that do not stand count no longer.
    pub(super) fn begin_round(&mut self, chosen: &Chosen<'_>) {
        let mut returns = chosen.iter().filter_map(|claim| claim.what.returns.as_ref()).peekable();
        if returns.peek().is_none() {
            return;
        }
        let stand = returns.flat_map(|returns| returns.stand.iter().cloned()).collect();
        let round = self.dossier().round.saturating_add(1);
        self.emit(Change::Returned { round, stand });
    }

    /// Whether a vote passed before a return and stands: it is not held again, and what it led to follows.
    pub(super) fn stood(&mut self, activation: ActivationId, name: &VoteName) -> bool {
        let last = self.dossier().results.iter().rev().find(|result| &result.name == name && !result.fallen);
        let Some(vote) = last.filter(|result| result.stands && VoteResult::passed(result)) else { return false };
        let vote = vote.activation;
        self.emit(Change::VoteStands { activation, vote });
        self.standing.push_back(activation);
        true
    }

    /// How long the deadline of a state that is left will be the next time, if that differs from the first.
    pub(super) fn keep_time(&mut self, activation: ActivationId, at: Place) {
        let state = &self.machine.states[at];
        let Some(again) = state.deadline.as_ref().and_then(|deadline| deadline.again.as_ref()) else { return };
        let within = match again {
            Again::Within(delay) => *delay,
            Again::Rest => {
                let due_at = self.dossier().entry(activation).and_then(|entry| entry.due_at).unwrap_or(self.at);
                let left = self.context.calendar.working_days_between(self.at, due_at.max(self.at));
                Delay { count: i32::try_from(left.max(1)).unwrap_or(i32::MAX), unit: DelayUnit::WorkingDays }
            }
        };
        self.emit(Change::NextTime { state: state.id.clone(), within });
    }

    /// When the deadline of a state ends that is entered now.
    pub(super) fn due_this_time(&self, state: &StateId, deadline: &Deadline) -> Result<Instant, Refusal> {
        self.counted_this_time(self.context.calendar, self.at, state, deadline)
    }

    /// The same, counted by this calendar for a state that was entered at `from`.
    pub(super) fn counted_this_time(
        &self,
        calendar: &Calendar,
        from: Instant,
        state: &StateId,
        deadline: &Deadline,
    ) -> Result<Instant, Refusal> {
        match self.dossier().next_time.get(state).filter(|_| deadline.again.is_some()) {
            Some(within) => Ok(calendar.after(from, *within)),
            None => self.counted(calendar, from, &deadline.due),
        }
    }

    /// What taking back is to a person: theirs if they sent the dossier here and nobody has acted on it since.
    pub(super) fn recalls<'t>(&self, person: &PersonId, way: &'t Transition, at: Place) -> Standing<'t> {
        let dossier = self.dossier();
        let link_will_do = self.machine.states[at].link == LinkPolicy::Link;
        let held = |role: &&RoleName| self.holds(person, role, link_will_do).is_some();
        let Some(role) = way.by.iter().find(held) else { return Standing::None };
        let entry = self.entry_of(at).and_then(|entry| dossier.entry(entry));
        let Some(entered_at) = entry.map(|entry| entry.at) else { return Standing::None };
        // Whoever has a step done anew has sent nothing here.
        let here = &self.machine.states[at].id;
        let sent = |deed: &Deed| deed.is_of(person) && deed.at == entered_at && deed.state.as_ref() != Some(here);
        let Some(sending) = dossier.deeds.iter().rposition(sent) else { return Standing::None };
        match self.acted_on(person, at, &dossier.deeds[sending + 1..]) {
            None => Standing::As(role, None),
            Some(code) => {
                let text = crate::ids::Text::default();
                Standing::Barred(Box::new(Reason { code, text, basis: None, about: None }))
            }
        }
    }

    /// That somebody else has acted in a state since this person did; who it was is not said of ballots.
    fn acted_on(&self, person: &PersonId, at: Place, since: &[Deed]) -> Option<Code> {
        let by = |person: &PersonId| Some(Code::ActedOn { by: Some(person.clone()) });
        let dossier = self.dossier();
        if let Some(other) = since.iter().rev().find(|deed| !deed.is_of(person)) {
            return by(&other.person);
        }
        let here = |entry: ActivationId| {
            self.entered(entry).is_some_and(|place| place == at || self.machine.chart().is_inside(place, at))
        };
        if let Some(owner) =
            dossier.tasks.iter().filter(|task| here(task.activation)).find_map(|task| task.owner.clone())
        {
            return by(&owner);
        }
        let voted = dossier
            .votes
            .iter()
            .filter(|vote| here(vote.activation))
            .any(|vote| vote.recorded.is_some() || vote.roll.iter().any(|seat| !seat.is_untouched()));
        let decided = dossier.results.iter().any(|result| here(result.activation));
        (voted || decided).then_some(Code::ActedOn { by: None })
    }
}
