//! Cases: every outcome of a vote and of a deadline is handled, and every event has somebody or something that raises it.

use super::Check;
use super::needs::UNDECIDED;
use super::tree::Place;
use crate::definition::model::{Name, Transition};
use crate::diagnostic::{Diagnostic, code, nearest};
use crate::source::Span;

/// The event that a state answers when it has come to its end.
const DONE: &str = "done";

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
                for outcome in self.outcomes() {
                    self.handled(at, outcome, span, "the vote can end like this");
                }
            }
            if let Some(event) = place.state.deadline.as_ref().and_then(|deadline| deadline.then.as_ref()) {
                self.handled(at, &event.value, &event.span, "the deadline raises it");
            }
            for transition in &place.state.on {
                self.has_cause(at, place, transition);
            }
        }
    }

    /// The event has a transition here or around here.
    pub(super) fn handled(&self, at: usize, event: &str, span: &Span, why: &str) {
        let known: Vec<&str> = self
            .tree
            .outwards(at)
            .flat_map(|at| &self.tree.place(at).state.on)
            .filter_map(|transition| transition.event.as_ref().map(Name::as_str))
            .collect();
        if known.contains(&event) {
            return;
        }
        let message = format!("`{}` does not say what follows `{event}`", self.tree.place(at).id);
        let fault = Diagnostic::error(code::UNHANDLED, message, span.clone(), why);
        self.report(fault.help(format!("add `{event}: STATE` under `on:`")));
    }

    /// A person's event, a vote's or a deadline's outcome inside this state, or a message from a list.
    fn has_cause(&self, at: usize, place: &Place<'_>, transition: &Transition) {
        let Some(event) = &transition.event else { return };
        let joins = self.tree.places().iter().any(|place| place.state.joins.is_some());
        if !transition.by.is_empty() || joins {
            return;
        }
        if event.value == UNDECIDED && self.can_be_undecided(at) {
            return;
        }
        let comes_to_an_end = place.state.parallel || place.state.states.iter().any(|inner| inner.is_final);
        let raised = (event.value == DONE && comes_to_an_end)
            || self.tree.inside(at).any(|inner| {
                let state = self.tree.place(inner).state;
                let by_vote = state.vote.is_some() && self.outcomes().contains(&event.as_str());
                let by_deadline = state.deadline.as_ref().and_then(|deadline| deadline.then.as_ref());
                by_vote || by_deadline.is_some_and(|then| then.value == event.value)
            });
        if !raised {
            let message = format!("nobody can raise `{}` in `{}`", event.value, place.id);
            let fault = Diagnostic::error(
                code::NO_CAUSE,
                message,
                event.span.clone(),
                "no person, vote, deadline or list raises it",
            );
            let votes = self.tree.inside(at).any(|inner| self.tree.place(inner).state.vote.is_some());
            let near = if votes { nearest(&event.value, self.outcomes().iter().copied()) } else { None };
            self.report(fault.help(near.map_or_else(
                || "say whose event it is with `by: ROLE`".to_owned(),
                |near| format!("did you mean `{near}`?"),
            )));
        }
    }
}
