//! What only a list says, and what a list must say.

use super::Check;
use crate::definition::model::Transition;
use crate::diagnostic::{Diagnostic, code};

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
            self.only_in_a_list(key, span);
        }
        for place in self.tree.places() {
            if let Some(span) = place.state.keys.get("gathers") {
                self.only_in_a_list("gathers", span);
            }
            let state = place.state;
            let after = state.after.iter().map(|(_, transition)| transition);
            for transition in state.on.iter().chain(&state.always).chain(after) {
                if let Some(span) = transition.keys.get("rows") {
                    self.only_in_a_list("rows", span);
                }
            }
        }
    }

    fn only_in_a_list(&self, key: &str, span: &crate::source::Span) {
        let fault =
            Diagnostic::error(code::LIST_ONLY, format!("`{key}` belongs to lists"), span.clone(), "this is no list");
        self.report(fault.help("a list says with `row:` what its rows bring along"));
    }

    fn complete_list(&self) {
        let place = self.definition.keys.get("row").unwrap_or(&self.definition.span);
        if !self.definition.keys.contains_key("row_caption") {
            let fault = Diagnostic::error(
                code::MISSING_KEY,
                "a list needs `row_caption`",
                place.clone(),
                "what are rows called?",
            );
            self.report(fault.help("write `row_caption:` and the field of a row that names it"));
        }
        if !self.tree.places().iter().any(|place| place.state.gathers) {
            let fault =
                Diagnostic::error(code::LIST_ONLY, "no row can ever join this list", place.clone(), "a list has rows");
            self.report(fault.help("write `gathers: true` in the state in which rows may join"));
        }
        for place in self.tree.places() {
            for transition in &place.state.on {
                self.marks_need_a_person(transition);
            }
        }
    }

    /// Only a person strikes or returns rows.
    fn marks_need_a_person(&self, transition: &Transition) {
        let Some(rows) = &transition.rows else { return };
        for (key, event) in [("struck", &rows.struck), ("returned", &rows.returned)] {
            if let (Some(event), true) = (event, transition.by.is_empty()) {
                let message = format!("nobody can choose the rows that are {key}");
                let fault =
                    Diagnostic::error(code::KEYS_TOGETHER, message, event.span.clone(), "this event has no `by`");
                self.report(fault.help("say whose event it is with `by: ROLE`"));
            }
        }
    }
}
