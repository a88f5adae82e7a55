//! Kinds of states: what a final, a compound and an atomic one may say, and that whoever is asked can do something.

use super::Check;
use super::tree::Place;
use crate::diagnostic::{Diagnostic, code};

/// What a final state may say.
const OF_FINAL: &[&str] = &["title", "final", "outcome", "milestone", "standing", "register", "tell", "urgent"];
/// What only an atomic state may say.
const OF_ATOMIC: &[&str] = &["vote", "gathers"];

impl Check<'_> {
    /// Every state says what its kind may say.
    pub(super) fn kinds(&self) {
        for (at, place) in self.tree.places().iter().enumerate() {
            if place.state.is_final {
                self.final_state(place);
            } else if place.state.history.is_some() {
                // A way back, and nothing else.
            } else if place.state.states.is_empty() {
                self.atomic_state(place);
            } else {
                self.compound_state(place);
            }
            self.task_can_be_done(at, place);
            self.deadline_matters(place);
        }
    }

    fn final_state(&self, place: &Place<'_>) {
        let state = place.state;
        for (key, span) in &state.keys {
            if !OF_FINAL.contains(&key.as_str()) {
                let message = format!("the final state `{}` has `{key}`", place.id);
                let fault =
                    Diagnostic::error(code::FINAL_STATE, message, span.clone(), "nothing happens after the end");
                self.report(fault.help("take it away, or take `final: true` away"));
            }
        }
        let at_top = place.parent.is_none();
        if at_top && state.outcome.is_none() && !state.keys.contains_key("outcome") {
            let message = format!("the final state `{}` has no outcome", place.id);
            let fault = Diagnostic::error(code::MISSING_KEY, message, state.name.span.clone(), "how does it end?");
            self.report(fault.help("write `outcome:` and one word, such as `outcome: approved`"));
        }
    }

    fn not_final(&self, place: &Place<'_>) {
        if let Some(span) = place.state.keys.get("outcome") {
            let message = format!("`{}` has an outcome and is not final", place.id);
            let fault = Diagnostic::error(code::KEYS_TOGETHER, message, span.clone(), "only an end has an outcome");
            self.report(fault.help("write `final: true` beside it, or name what standing here means with `standing:`"));
        }
    }

    fn atomic_state(&self, place: &Place<'_>) {
        self.not_final(place);
        if let Some(span) = place.state.keys.get("initial") {
            let fault =
                Diagnostic::error(code::COMPOUND_STATE, "`initial` without states", span.clone(), "nothing to enter");
            self.report(fault.help("write the inner states under `states:`"));
        }
    }

    fn compound_state(&self, place: &Place<'_>) {
        self.not_final(place);
        let state = place.state;
        if !state.parallel && !state.keys.contains_key("initial") {
            let message = format!("the state `{}` has states inside and no `initial`", place.id);
            let fault =
                Diagnostic::error(code::COMPOUND_STATE, message, state.name.span.clone(), "which one is entered?");
            *self.lost.borrow_mut() = true;
            let first = state.states.first().map_or("", |inner| inner.name.as_str());
            self.report(fault.help(format!("write `initial: {first}`, or another of its states")));
        }
        for key in OF_ATOMIC {
            if let Some(span) = state.keys.get(*key) {
                let message = format!("`{key}` in a state that has states inside");
                let fault = Diagnostic::error(code::COMPOUND_STATE, message, span.clone(), "belongs to an inner state");
                self.report(fault.help("move it to the inner state in which it happens"));
            }
        }
    }

    /// Whoever is asked has an event here or around here, or fields and papers to bring.
    fn task_can_be_done(&self, at: usize, place: &Place<'_>) {
        let Some(task) = &place.state.task else { return };
        let Some(role) = &task.role else { return };
        let inside = self.tree.inside(at).chain(self.tree.outwards(at));
        let mut events = inside.flat_map(|at| &self.tree.place(at).state.on);
        let known = |role: &str| self.definition.roles.iter().any(|declared| declared.name.value == role);
        // An event of a role that does not exist may have been meant for this one; that is said already.
        let has_event =
            events.any(|transition| transition.by.iter().any(|by| by.value == role.value || !known(&by.value)));
        let brings = !task.edit.is_empty() || !task.attach.is_empty();
        if !has_event && !brings {
            let message = format!("`{}` is asked in `{}` and can do nothing", role.value, place.id);
            let fault = Diagnostic::error(code::NOTHING_TO_DO, message, role.span.clone(), "no event is theirs here");
            self.report(
                fault.help(format!(
                    "add `by: {}` to an event of this state, or let them `edit` or `attach`",
                    role.value
                )),
            );
        }
    }

    fn deadline_matters(&self, place: &Place<'_>) {
        let Some(deadline) = &place.state.deadline else { return };
        if ["remind", "escalate", "then"].iter().all(|key| !deadline.keys.contains_key(*key)) {
            let fault = Diagnostic::warning(
                code::IDLE_DEADLINE,
                format!("nothing happens when the deadline of `{}` ends", place.id),
                deadline.keys.values().next().unwrap_or(&deadline.span).clone(),
                "no reminder, no escalation, no event",
            );
            self.report(fault.help("add `remind:`, `escalate:` or `then:`"));
        }
    }
}
