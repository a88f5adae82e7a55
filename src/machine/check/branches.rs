//! Branches of one event: the first whose guards hold wins, so none may stand behind one that always holds.

use super::Check;
use super::tree::Place;
use crate::definition::model::{Name, Transition};
use crate::diagnostic::fault;
use crate::source::Span;

impl Check<'_> {
    /// Every branch can be taken, and none of `always` stays where it is.
    pub(super) fn branches(&self) {
        for place in self.tree.places() {
            let events = place.state.on.iter().collect::<Vec<_>>();
            self.shadowed(&events);
            self.shadowed(&place.state.always.iter().collect::<Vec<_>>());
            self.stays_for_ever(place);
            self.ways_out(place);
        }
    }

    /// Where it is nobody's choice, or several branches are written, one of them holds when no guard does.
    fn ways_out(&self, place: &Place<'_>) {
        let state = place.state;
        for (at, last) in state.on.iter().enumerate() {
            let same = |other: &Transition| other.event == last.event && same_people(other, last);
            let branches = state.on.iter().filter(|other| same(other)).count();
            let is_last = !state.on[at + 1..].iter().any(same);
            if is_last && !last.guard.is_empty() && (branches > 1 || last.by.is_empty()) {
                let event = last.event.as_ref().map_or("", Name::as_str);
                self.report(fault!(NO_WAY_OUT.event, branch_place(last), state = place.id, event));
            }
        }
        let waits = state.task.is_some()
            || state.vote.is_some()
            || state.joins.is_some()
            || state.awaits.is_some()
            || state.gathers
            || !state.on.is_empty()
            || !state.after.is_empty()
            || !state.states.is_empty();
        if let Some(last) = state.always.last().filter(|last| !last.guard.is_empty() && !waits) {
            self.report(fault!(NO_WAY_OUT.always, branch_place(last), state = place.id));
        }
    }

    fn shadowed(&self, branches: &[&Transition]) {
        for (at, later) in branches.iter().enumerate() {
            let hides = |earlier: &&&Transition| {
                earlier.event == later.event
                    && earlier.guard.is_empty()
                    && earlier.by.is_empty() == later.by.is_empty()
                    && earlier.from.is_empty() == later.from.is_empty()
                    && later.from.iter().all(|from| earlier.from.iter().any(|one| one.value == from.value))
                    && later.by.iter().all(|role| earlier.by.iter().any(|by| by.value == role.value))
            };
            let Some(earlier) = branches[..at].iter().find(hides) else { continue };
            self.report(fault!(SHADOWED.branch, branch_place(later)).beside(branch_place(earlier)));
        }
    }

    fn stays_for_ever(&self, place: &Place<'_>) {
        for transition in &place.state.always {
            if transition.stay {
                self.report(fault!(CIRCLE.stay, branch_place(transition), state = place.id));
            }
        }
    }

    /// Where a state goes on at once whatever its guards say.
    pub(super) fn certainly_next(&self, at: usize) -> Option<usize> {
        let state = self.tree.place(at).state;
        let first = state.always.first()?;
        let to =
            if first.guard.is_empty() { self.tree.resolve(at, &first.target.as_ref()?.value)? } else { return None };
        Some(self.tree.innermost(to))
    }
}

/// Whether two branches are the same people's, or the same workflows'.
fn same_people(one: &Transition, two: &Transition) -> bool {
    let same = |one: &[Name], two: &[Name]| {
        one.len() == two.len() && one.iter().all(|name| two.iter().any(|other| other.value == name.value))
    };
    same(&one.by, &two.by) && same(&one.from, &two.from)
}

/// The place of one branch among several of the same event.
fn branch_place(transition: &Transition) -> Span {
    transition.target.as_ref().map_or_else(|| transition.span.clone(), |target| target.span.clone())
}
