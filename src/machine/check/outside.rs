//! What others say: who is consulted can answer, silence means something that the table knows, and a paper that is waited for has
//! somebody who records it, and a place for all of it.

use super::Check;
use super::names::Kind;
use super::tree::Place;
use crate::definition::model;
use crate::diagnostic::{fault, say};
use crate::ids::FieldName;
use crate::machine::{Consult, Wait};
use crate::source::Span;

impl Check<'_> {
    /// What a state waits for.
    pub(super) fn wait(&self, place: &Place<'_>, written: &model::Wait) -> Wait {
        self.asks_alone(place, "wait", &written.span);
        if let Some(role) = written.records.as_ref().filter(|role| self.has_no_event(place, role)) {
            self.report(fault!(NOTHING_TO_DO.wait, &role.span, role, state = place.id));
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

    /// Who is consulted, and what their silence means.
    pub(super) fn consult(&self, place: &Place<'_>, written: &model::Consult) -> Consult {
        self.asks_alone(place, "consult", &written.span);
        if let Some(role) = written.asks.as_ref().filter(|role| self.has_no_event(place, role)) {
            self.report(fault!(NOTHING_TO_DO.consult, &role.span, role, state = place.id));
        }
        let then = place.state.deadline.as_ref().and_then(|deadline| deadline.then.as_ref());
        if let (Some(silence), None) = (&written.silence, then) {
            self.report(fault!(MISSING_KEY.end_of_silence, &silence.span, state = place.id));
        }
        let table = written.into.as_ref().and_then(|name| self.find_field(Kind::Field, &name.value));
        let silence = written.silence.iter().flat_map(|silence| &silence.value);
        Consult {
            into: written.into.as_ref().map_or_else(|| FieldName::from(""), |name| self.added_to(name)),
            silence: silence.filter_map(|(column, word)| self.silent_cell(table?, column, word)).collect(),
            unit: written.asks.as_ref().zip(table).and_then(|(asks, table)| self.column_of_unit(asks, table)),
            on_paper: written.on_paper.as_ref().map(|paper| self.on_paper(place, table, paper)),
        }
    }

    /// One cell of the row of whoever did not answer: a word of a column.
    fn silent_cell(
        &self,
        table: &model::Field,
        column: &model::Name,
        word: &model::Name,
    ) -> Option<(FieldName, String)> {
        let known: Vec<&str> = table.columns.iter().map(|one| one.name.as_str()).collect();
        let Some(found) = table.columns.iter().find(|one| one.name.value == column.value) else {
            self.unknown_word(column, &say!(word.input), &known);
            return None;
        };
        let kind = found.kind.as_ref()?;
        if kind.value != "one_of" {
            let wanted = "one_of";
            self.report(fault!(FIELD_TYPE.other, &column.span, wanted, found = kind).beside(&kind.span));
            return None;
        }
        let values: Vec<&str> = found.values.iter().map(|(value, _)| value.as_str()).collect();
        if !values.contains(&word.as_str()) {
            self.unknown_word(word, &say!(word.value), &values);
        }
        Some((FieldName::new(&column.value), word.value.clone()))
    }

    /// What asks people by itself stands alone in its state.
    pub(super) fn asks_alone(&self, place: &Place<'_>, own: &str, span: &Span) {
        for key in ["task", "vote", "wait", "consult", "posting"].into_iter().filter(|key| *key != own) {
            if let Some(other) = place.state.keys.get(key) {
                self.report(fault!(KEYS_TOGETHER.waits_and_asks, other, key, own).beside(span));
            }
        }
    }

    /// Whether no event of a state is a role's; one of a role that does not exist may have been meant for it, and that is said
    /// already.
    fn has_no_event(&self, place: &Place<'_>, role: &model::Name) -> bool {
        let known = |name: &str| self.definition.roles.iter().any(|declared| declared.name.value == name);
        let theirs = |by: &model::Name| by.value == role.value || !known(&by.value);
        !place.state.on.iter().any(|way| way.by.iter().any(theirs))
    }
}
