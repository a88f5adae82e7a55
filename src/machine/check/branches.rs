//! Branches of one event: the first whose guards hold wins, so none may stand behind one that always holds.

use super::Check;
use super::tree::Place;
use crate::definition::model::Transition;
use crate::diagnostic::{Diagnostic, code};
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
            let fault = Diagnostic::error(
                code::SHADOWED,
                "this branch is never taken",
                branch_place(later),
                "the branch before it always holds",
            );
            self.report(
                fault
                    .also(branch_place(earlier), "this one has no guard")
                    .help("give the earlier branch a guard, or put it last"),
            );
        }
    }

    fn stays_for_ever(&self, place: &Place<'_>) {
        for transition in &place.state.always {
            if transition.stay {
                let message = format!("`{}` stays for ever at once", place.id);
                let fault = Diagnostic::error(code::CIRCLE, message, branch_place(transition), "taken again and again");
                self.report(fault.help("`always` must lead to another state"));
            }
        }
    }
}

/// The place of one branch among several of the same event.
fn branch_place(transition: &Transition) -> Span {
    transition.target.as_ref().map_or_else(|| transition.span.clone(), |target| target.span.clone())
}
