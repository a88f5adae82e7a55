//! Branches of one event: the first whose guards hold wins, so none may stand behind one that always holds.

use super::Check;
use super::tree::Place;
use crate::definition::model::Transition;
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
        }
    }

    fn shadowed(&self, branches: &[&Transition]) {
        for (at, later) in branches.iter().enumerate() {
            let hides = |earlier: &&&Transition| {
                earlier.event == later.event
                    && earlier.guard.is_empty()
                    && earlier.by.is_empty() == later.by.is_empty()
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
}

/// The place of one branch among several of the same event.
fn branch_place(transition: &Transition) -> Span {
    transition.target.as_ref().map_or_else(|| transition.span.clone(), |target| target.span.clone())
}
