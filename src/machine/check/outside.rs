//! What comes from outside: a paper that is waited for has somebody who records it, and a place for all of it.

use super::Check;
use super::names::Kind;
use super::tree::Place;
use crate::definition::model;
use crate::diagnostic::fault;
use crate::ids::FieldName;
use crate::machine::Wait;

impl Check<'_> {
    /// What a state waits for.
    pub(super) fn wait(&self, place: &Place<'_>, written: &model::Wait) -> Wait {
        let state = place.state;
        for key in ["task", "vote"] {
            if let Some(span) = state.keys.get(key) {
                self.report(fault!(KEYS_TOGETHER.waits_and_asks, span, key).beside(&written.span));
            }
        }
        if let Some(role) = &written.records {
            let known = |name: &str| self.definition.roles.iter().any(|declared| declared.name.value == name);
            // An event of a role that does not exist may have been meant for this one; that is said already.
            let theirs = |by: &model::Name| by.value == role.value || !known(&by.value);
            if !state.on.iter().any(|way| way.by.iter().any(theirs)) {
                self.report(fault!(NOTHING_TO_DO.wait, &role.span, role, state = place.id));
            }
        }
        let field = |name: Option<&model::Name>, kind: &str| {
            name.map_or_else(|| FieldName::from(""), |name| self.field_of_type(Kind::Field, name, &[kind]))
        };
        Wait {
            on: written.on.clone(),
            number: field(written.number.as_ref().map(|(field, _)| field), "text"),
            day: field(written.day.as_ref(), "date"),
            paper: written.paper.as_ref().map_or_else(String::new, |kind| self.refer(Kind::Paper, kind)),
        }
    }
}
