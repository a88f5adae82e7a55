//! What only a list says, and what a list must say.

use super::Check;
use crate::definition::model::Transition;
use crate::diagnostic::fault;

/// Top-level keys of lists.
const OF_LISTS: &[&str] = &["key", "row_caption", "row_subject"];

impl Check<'_> {
    /// Keys of lists stand in lists only; a list has rows with captions, and a state in which they join.
    pub(super) fn list_only(&self) {
        if self.is_list() { self.complete_list() } else { self.no_list_keys() }
    }

    fn no_list_keys(&self) {
        let keys = OF_LISTS.iter().filter_map(|key| self.definition.keys.get_key_value(*key));
        for (key, span) in keys {
            self.report(fault!(LIST_ONLY.key, span, key));
        }
        for place in self.tree.places() {
            if let Some(span) = place.state.keys.get("gathers") {
                self.report(fault!(LIST_ONLY.key, span, key = "gathers"));
            }
            let state = place.state;
            let after = state.after.iter().map(|(_, transition)| transition);
            for transition in state.on.iter().chain(&state.always).chain(after) {
                if let Some(span) = transition.keys.get("rows") {
                    self.report(fault!(LIST_ONLY.key, span, key = "rows"));
                }
            }
        }
    }

    fn complete_list(&self) {
        let place = self.definition.keys.get("row").unwrap_or(&self.definition.span);
        if !self.definition.keys.contains_key("row_caption") {
            self.report(fault!(MISSING_KEY.row_caption, place));
        }
        if !self.tree.places().iter().any(|place| place.state.gathers) {
            self.report(fault!(LIST_ONLY.no_gathers, place));
        }
        for place in self.tree.places() {
            for transition in &place.state.on {
                self.marks_need_a_person(transition);
            }
        }
    }

    /// Only a person strikes, returns or postpones rows, or has one of their own.
    fn marks_need_a_person(&self, transition: &Transition) {
        let Some(rows) = &transition.rows else { return };
        let marks = [
            ("struck", &rows.struck),
            ("returned", &rows.returned),
            ("postponed", &rows.postponed),
            ("own", &rows.own),
        ];
        if let (Some(own), true) = (&rows.own, self.definition.row_subject.is_empty()) {
            self.report(fault!(KEYS_TOGETHER.own_of_nobody, &own.span));
        }
        for (key, event) in marks {
            if let (Some(event), true) = (event, transition.by.is_empty()) {
                self.report(fault!(KEYS_TOGETHER.nobody_marks, &event.span, key));
            }
        }
    }
}
