//! Outcomes: what did not pass does not go on as if it had, and nobody approves their own request.

use super::Check;
use super::tree::{Place, Reached, Tree, cause};
use crate::definition::model::{Name, Transition};
use crate::diagnostic::{code, fault};
use crate::source::Span;

/// Words by which a final state says that something was granted.
const GRANTED: &[&str] =
    &["accept", "accepted", "agree", "agreed", "approve", "approved", "grant", "granted", "pass", "passed"];

impl Check<'_> {
    /// A vote that was lost, had no quorum or ran out of time does not lead where one that was won leads.
    pub(super) fn outcomes_differ(&self) {
        for (at, place) in self.tree.places().iter().enumerate() {
            let votes = place.state.vote.is_some();
            if !votes && place.state.joins.is_none() {
                continue;
            }
            let won = if votes && self.is_list() { "closed" } else { "passed" };
            let Some((good, good_place)) = self.answer(at, won) else { continue };
            for lost in ["rejected", "no_quorum"] {
                if let Some((bad, bad_place)) = self.answer(at, lost) {
                    self.not_as_if_passed(place, lost, (good, &good_place), (bad, &bad_place));
                }
            }
            self.time_is_no_vote(at, won, good, &good_place);
        }
    }

    fn not_as_if_passed(&self, place: &Place<'_>, event: &str, good: (usize, &Span), bad: (usize, &Span)) {
        let (lands, bad_place) = bad;
        let (state, target) = (&place.id, &self.tree.place(lands).id);
        if lands == good.0 {
            self.report(fault!(AS_IF_PASSED.same, bad_place, state, event, target).beside(good.1));
        } else if self.grants(lands) {
            let granted = &self.tree.place(lands).state.name.span;
            self.report(fault!(AS_IF_PASSED.granted, bad_place, event, target).beside(granted));
        }
    }

    /// A deadline neither says that the vote was won nor leads where a won one leads.
    fn time_is_no_vote(&self, at: usize, won: &str, good: usize, good_place: &Span) {
        let place = self.tree.place(at);
        let state = &place.id;
        if let Some(event) = place.state.deadline.as_ref().and_then(|deadline| deadline.then.as_ref()) {
            if event.value == won {
                self.report(fault!(AS_IF_PASSED.deadline, &event.span, state, event));
            } else if let Some((lands, bad_place)) = self.answer(at, &event.value)
                && lands == good
            {
                let target = &self.tree.place(lands).id;
                self.report(fault!(AS_IF_PASSED.same, bad_place, state, event, target).beside(good_place));
            }
        }
        for (delay, transition) in &place.state.after {
            let Some(lands) = self.lands(at, transition).filter(|lands| *lands == good) else { continue };
            let target = &self.tree.place(lands).id;
            let delay = delay.as_ref().map_or_else(String::new, |delay| delay.value.to_string());
            self.report(fault!(AS_IF_PASSED.after, place_of(transition), state, delay, target).beside(good_place));
        }
    }

    /// Where an event leads for certain, and where that is written: its only branch, or the place in which all of them end.
    fn answer(&self, at: usize, event: &str) -> Option<(usize, Span)> {
        let answers = |transition: &&Transition| {
            transition.by.is_empty()
                && transition.from.is_empty()
                && transition.event.as_ref().is_some_and(|name| name.value == event)
        };
        self.tree.outwards(at).find_map(|at| {
            let branches: Vec<&Transition> = self.tree.place(at).state.on.iter().filter(answers).collect();
            let last = branches.last()?;
            let lands = self.lands(at, last)?;
            let certain = branches.iter().all(|branch| self.lands(at, branch) == Some(lands));
            certain.then(|| (lands, place_of(last)))
        })
    }

    /// The state in which a dossier stands after a transition, as far as that is certain.
    fn lands(&self, from: usize, transition: &Transition) -> Option<usize> {
        let mut at = self.tree.innermost(self.tree.resolve(from, &transition.target.as_ref()?.value)?);
        for _ in 0..self.tree.len() {
            match self.certainly_next(at) {
                Some(next) => at = next,
                None => break,
            }
        }
        Some(at)
    }

    /// A final state in which something was granted: it writes a fact into a register, or says so.
    fn grants(&self, at: usize) -> bool {
        let state = self.tree.place(at).state;
        let says_so = state.outcome.as_ref().is_some_and(|word| GRANTED.contains(&word.as_str()));
        state.is_final && (says_so || !state.entry.register.is_empty())
    }

    /// No role that may start a dossier can bring it to a granting end alone. What is said about the separation of duties
    /// is not said again.
    pub(super) fn nobody_grants_alone(&self) {
        if self.faults.borrow().iter().any(|fault| fault.code == code::SELF_APPROVAL) {
            return;
        }
        let Some(start) = self.start() else { return };
        for role in self.definition.roles.iter().filter(|role| role.starter) {
            let reached = self.reached_alone(start, &role.name);
            let Some(end) = reached.keys().copied().find(|at| self.grants(*at)) else { continue };
            let place = self.tree.place(end);
            let way = self.tree.way(&reached, end);
            let fault = fault!(GRANTS_ALONE.role, &place.state.name.span, role = role.name, state = place.id, way);
            self.report(fault.beside(&role.name.span));
        }
    }

    fn start(&self) -> Option<usize> {
        let initial = self.definition.initial.as_ref()?;
        Some(self.tree.innermost(self.tree.child(None, &initial.value)?))
    }

    /// The states that one person of a role reaches without anybody else.
    fn reached_alone(&self, start: usize, role: &Name) -> Reached {
        let own = |transition: &&Transition| {
            transition.needs.is_none() && transition.by.iter().any(|by| by.value == role.value)
        };
        Tree::reached(start, |at| {
            self.tree.steps(at, |state| {
                // Whoever wrote down who may do two steps has thought of it.
                let on = if state.separation.is_some() { &[][..] } else { &state.on };
                let taken = on.iter().filter(own).chain(&state.always);
                taken.map(|transition| (transition, cause(transition))).collect()
            })
        })
    }
}

/// The place of a transition: its target's, where it has one.
fn place_of(transition: &Transition) -> Span {
    transition.target.as_ref().map_or_else(|| transition.span.clone(), |target| target.span.clone())
}
