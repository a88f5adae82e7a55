//! Kinds of states: what a final, a compound and an atomic one may say, and that whoever is asked can do something.

use super::Check;
use super::tree::Place;
use crate::diagnostic::fault;

/// What a final state may say.
const OF_FINAL: &[&str] = &["title", "public", "access", "final", "outcome", "entry", "standing", "urgent"];
/// What only an atomic state may say.
const OF_ATOMIC: &[&str] = &["vote", "consult", "wait", "posting", "gathers"];

impl Check<'_> {
    /// Every state says what its kind may say.
    pub(super) fn kinds(&self) {
        for (at, place) in self.tree.places().iter().enumerate() {
            if place.state.is_final {
                self.final_state(place);
            } else if place.state.history.is_some() {
                // What a history may say stands with the regions.
            } else if place.state.states.is_empty() {
                self.atomic_state(place);
            } else {
                self.compound_state(place);
            }
            self.task_can_be_done(at, place);
            self.deadline_matters(place);
            self.escalates_in_time(at, place);
        }
    }

    fn final_state(&self, place: &Place<'_>) {
        let state = place.state;
        for (key, span) in &state.keys {
            if !OF_FINAL.contains(&key.as_str()) {
                self.report(fault!(FINAL_STATE.key, span, key, state = place.id));
            }
        }
        let at_top = place.parent.is_none();
        if at_top && state.outcome.is_none() && !state.keys.contains_key("outcome") {
            self.report(fault!(MISSING_KEY.outcome, &state.name.span, state = place.id));
        }
    }

    fn not_final(&self, place: &Place<'_>) {
        if let Some(span) = place.state.keys.get("outcome") {
            self.report(fault!(KEYS_TOGETHER.outcome, span, state = place.id));
        }
    }

    fn atomic_state(&self, place: &Place<'_>) {
        self.not_final(place);
        if let Some(span) = place.state.keys.get("initial") {
            self.report(fault!(COMPOUND_STATE.no_states, span));
        }
    }

    fn compound_state(&self, place: &Place<'_>) {
        self.not_final(place);
        let state = place.state;
        if !state.parallel && !state.keys.contains_key("initial") {
            *self.lost.borrow_mut() = true;
            let first = state.states.first().map_or("", |inner| inner.name.as_str());
            self.report(fault!(COMPOUND_STATE.no_initial, &state.name.span, first, state = place.id));
        }
        for key in OF_ATOMIC {
            if let Some(span) = state.keys.get(*key) {
                self.report(fault!(COMPOUND_STATE.of_inner, span, key));
            }
        }
    }

    /// Whoever is asked has an event here or around here, or fields and papers to bring.
    fn task_can_be_done(&self, at: usize, place: &Place<'_>) {
        // Of a state that waits for a paper or consults people, more is asked.
        let Some(task) =
            place.state.task.as_ref().filter(|_| {
                place.state.wait.is_none() && place.state.consult.is_none() && place.state.posting.is_none()
            })
        else {
            return;
        };
        let Some(role) = &task.role else { return };
        let inside = self.tree.inside(at).chain(self.tree.outwards(at));
        let mut events = inside.flat_map(|at| &self.tree.place(at).state.on);
        let known = |role: &str| self.definition.roles.iter().any(|declared| declared.name.value == role);
        // An event of a role that does not exist may have been meant for this one; that is said already.
        let has_event =
            events.any(|transition| transition.by.iter().any(|by| by.value == role.value || !known(&by.value)));
        let brings = !task.edit.is_empty() || !task.attach.is_empty();
        if !has_event && !brings {
            self.report(fault!(NOTHING_TO_DO.task, &role.span, role, state = place.id));
        }
    }

    fn deadline_matters(&self, place: &Place<'_>) {
        let Some(deadline) = &place.state.deadline else { return };
        if ["remind", "escalate", "then"].iter().all(|key| !deadline.keys.contains_key(*key)) {
            let span = deadline.keys.values().next().unwrap_or(&deadline.span);
            self.report(fault!(IDLE_DEADLINE.deadline, span, state = place.id));
        }
    }

    /// Where the end of a deadline leads out of the state, nothing of the deadline is left that could escalate later.
    fn escalates_in_time(&self, at: usize, place: &Place<'_>) {
        let Some(deadline) = &place.state.deadline else { return };
        let (Some(escalate), Some(then)) = (&deadline.escalate, &deadline.then) else { return };
        if escalate.after.as_ref().is_some_and(|after| after.value.count < 0) {
            return;
        }
        let answers = |at: usize| {
            let on = &self.tree.place(at).state.on;
            let ways = on.iter().filter(|way| way.event.as_ref().is_some_and(|event| event.value == then.value));
            Some(ways.collect::<Vec<_>>()).filter(|ways| !ways.is_empty())
        };
        // The nearest state that answers it, this one or one around it; what is inside it may stay inside.
        let Some(ways) = self.tree.outwards(at).find_map(answers).filter(|_| place.state.states.is_empty()) else {
            return;
        };
        if ways.iter().all(|way| way.target.is_some() && !way.stay && !way.internal) {
            let span = deadline.keys.get("escalate").unwrap_or(&deadline.span);
            self.report(fault!(IDLE_DEADLINE.never_escalates, span, state = place.id, event = then).beside(&then.span));
        }
    }
}
