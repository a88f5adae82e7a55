//! Cases: every outcome of a vote and of a deadline is handled, and every event has somebody or something that raises it.

use super::Check;
use super::corrections::{RESULT_WITHDRAWN, VOTES_FELL};
use super::needs::UNDECIDED;
use super::tree::Place;
use crate::definition::model::Transition;
use crate::diagnostic::{fault, nearest, say};
use crate::machine::chart::DONE;
use crate::machine::{RESOLVED, UNOPPOSED};

impl Check<'_> {
    /// What a vote over rows, or over the dossier itself, can end in.
    fn outcomes(&self) -> &'static [&'static str] {
        if self.is_list() { &["closed", "no_quorum"] } else { &["passed", "rejected", "no_quorum"] }
    }

    /// Outcomes have their transitions, and transitions their cause.
    pub(super) fn cases(&self) {
        for (at, place) in self.tree.places().iter().enumerate() {
            if let Some(vote) = &place.state.vote {
                let span = vote.rule.as_ref().map_or(&place.state.name.span, |rule| &rule.span);
                for event in self.outcomes().iter().filter(|event| !self.is_handled(at, event)) {
                    self.report(fault!(UNHANDLED.vote, span, event, state = place.id));
                }
            }
            if let Some(event) = place.state.deadline.as_ref().and_then(|deadline| deadline.then.as_ref())
                && !self.is_handled(at, &event.value)
            {
                self.report(fault!(UNHANDLED.deadline, &event.span, event, state = place.id));
            }
            if let Some(posting) = &place.state.posting {
                for event in [UNOPPOSED, RESOLVED].into_iter().filter(|event| !self.is_handled(at, event)) {
                    self.report(fault!(UNHANDLED.posting, &posting.span, event, state = place.id));
                }
            }
            for transition in &place.state.on {
                self.has_cause(at, place, transition);
            }
        }
    }

    /// The event has a transition here or around here.
    pub(super) fn is_handled(&self, at: usize, event: &str) -> bool {
        let mut transitions = self.tree.outwards(at).flat_map(|at| &self.tree.place(at).state.on);
        transitions.any(|transition| transition.event.as_ref().is_some_and(|name| name.value == event))
    }

    /// A person's event, a vote's or a deadline's outcome inside this state, or a message from a list.
    fn has_cause(&self, at: usize, place: &Place<'_>, transition: &Transition) {
        let Some(event) = &transition.event else { return };
        let joins = self.tree.places().iter().any(|place| place.state.joins.is_some());
        if !transition.by.is_empty() || joins {
            return;
        }
        if self.is_of_related(at, transition) {
            return;
        }
        if event.value == UNDECIDED && self.can_be_undecided(at) {
            return;
        }
        let withdrawn = || self.tree.places().iter().any(|place| self.can_be_withdrawn(place.state));
        if (event.value == VOTES_FELL && self.lets_votes_fall()) || (event.value == RESULT_WITHDRAWN && withdrawn()) {
            return;
        }
        let comes_to_an_end = place.state.parallel || place.state.states.iter().any(|inner| inner.is_final);
        let raised = (event.value == DONE && comes_to_an_end)
            || self.tree.inside(at).any(|inner| {
                let state = self.tree.place(inner).state;
                let by_vote = state.vote.is_some() && self.outcomes().contains(&event.as_str());
                let by_deadline = state.deadline.as_ref().and_then(|deadline| deadline.then.as_ref());
                let by_posting = state.posting.is_some() && [UNOPPOSED, RESOLVED].contains(&event.as_str());
                by_vote || by_posting || by_deadline.is_some_and(|then| then.value == event.value)
            });
        if !raised {
            let fault = fault!(NO_CAUSE.event, &event.span, event, state = place.id);
            let votes = self.tree.inside(at).any(|inner| self.tree.place(inner).state.vote.is_some());
            let near = if votes { nearest(&event.value, self.outcomes().iter().copied()) } else { None };
            self.report(match near {
                Some(near) => fault.help(say!(near.meant, near)),
                None => fault,
            });
        }
    }
}
