//! Fields, their types and tables.

use std::collections::BTreeMap;

use super::Check;
use super::names::Kind;
use crate::definition::model::{self, Name};
use crate::diagnostic::{Words, did_you_mean, fault, say};
use crate::exact::Exact;
use crate::ids::FieldName;
use crate::machine::{Field, FieldKind};
use crate::source::Spanned;

/// Characters that a text field takes if it names no maximum.
const TEXT_MAX: u32 = 2_000;
/// Characters that any text field may take.
const TEXT_CEILING: u32 = 100_000;
/// Entries that a list of texts takes if it names no maximum.
const TEXTS_MAX: u32 = 50;
/// Entries that any list of texts may take.
const TEXTS_CEILING: u32 = 1_000;

/// The types, and the keys that belong to each besides `type`, `label` and `required`.
const TYPES: &[(&str, &[&str])] = &[
    ("text", &["max"]),
    ("number", &["min", "max"]),
    ("decimal", &["min", "max", "places"]),
    ("money", &["currency", "min", "max"]),
    ("date", &[]),
    ("person", &[]),
    ("unit", &[]),
    ("body", &[]),
    ("choice", &["from"]),
    ("one_of", &["values"]),
    ("texts", &["max"]),
    ("rows", &["columns", "max", "sums"]),
    ("file", &[]),
];

/// The keys that belong to some types only.
const OF_TYPES: &[&str] = &["max", "min", "places", "currency", "from", "values", "columns", "sums"];

/// What stands for a type that could not be understood.
const STAND_IN: FieldKind = FieldKind::Decimal { places: 0, min: None, max: None };

impl Check<'_> {
    /// A table in which each row is somebody's: one of its columns says whose.
    pub(super) fn added_to(&self, name: &Name) -> FieldName {
        let table = FieldName::new(self.refer(Kind::Field, name));
        let Some(field) = self.find_field(Kind::Field, &name.value) else { return table };
        let is = |field: &model::Field, word: &str| field.kind.as_ref().is_some_and(|kind| kind.value == word);
        let people = field.columns.iter().filter(|column| is(column, "person")).count();
        if !is(field, "rows") || people != 1 || field.columns.len() < 2 {
            self.report(fault!(FIELD_TYPE.no_rows_of_people, &name.span, name).beside(&field.name.span));
        }
        table
    }

    /// A field of the form or of a row.
    pub(super) fn field(&self, written: &model::Field) -> Field {
        Field {
            name: FieldName::new(&written.name.value),
            label: written.label.clone(),
            kind: written.kind.as_ref().map_or(STAND_IN, |kind| self.field_kind(written, kind)),
            required: written.required,
            correctable: written.correctable.as_ref().map(|rule| self.correctable(written, rule)),
        }
    }

    fn field_kind(&self, field: &model::Field, kind: &Name) -> FieldKind {
        let Some((_, own_keys)) = TYPES.iter().find(|(word, _)| *word == kind.value) else {
            let known = TYPES.iter().map(|(word, _)| *word);
            let fault = fault!(UNKNOWN_WORD.type, &kind.span, name = kind);
            self.report(fault.help(did_you_mean(&kind.value, known, say!(near.away))));
            return STAND_IN;
        };
        for (key, span) in &field.keys {
            if OF_TYPES.contains(&key.as_str()) && !own_keys.contains(&key.as_str()) {
                self.report(fault!(KEYS_TOGETHER.not_of_type, span, key, type = kind).beside(&kind.span));
            }
        }
        match kind.as_str() {
            "text" => FieldKind::Text { max: self.max(field, TEXT_MAX, TEXT_CEILING) },
            "number" => self.number(field),
            "date" => FieldKind::Date,
            "person" => FieldKind::Person,
            "unit" => FieldKind::Unit,
            "body" => FieldKind::Body,
            "choice" => FieldKind::Choice { from: self.choice_table(field, kind) },
            "one_of" => self.one_of(field, kind),
            "texts" => FieldKind::Texts { max: self.max(field, TEXTS_MAX, TEXTS_CEILING) },
            "file" => FieldKind::File,
            "money" => self.money(field, kind),
            "rows" => self.rows(field, kind),
            _ => self.decimal(field),
        }
    }

    /// A `max` that counts something.
    pub(super) fn max(&self, field: &model::Field, otherwise: u32, ceiling: u32) -> u32 {
        let Some(max) = &field.max else { return otherwise };
        match max.value.whole().and_then(|value| u32::try_from(value).ok()) {
            Some(value) if (1..=ceiling).contains(&value) => value,
            _ => {
                self.report(fault!(LIMIT.max, &max.span, ceiling));
                otherwise
            }
        }
    }

    fn number(&self, field: &model::Field) -> FieldKind {
        self.limits_fit(field);
        let whole = |limit: &Option<Spanned<Exact>>| {
            let limit = limit.as_ref()?;
            let whole = limit.value.whole();
            if whole.is_none() {
                self.report(fault!(LIMIT.not_whole, &limit.span));
            }
            whole
        };
        FieldKind::Number { min: whole(&field.min), max: whole(&field.max) }
    }

    /// No `min` above its `max`.
    pub(super) fn limits_fit(&self, field: &model::Field) {
        if let (Some(min), Some(max)) = (&field.min, &field.max)
            && min.value > max.value
        {
            self.report(fault!(LIMIT.nothing_fits, &min.span).beside(&max.span));
        }
    }

    fn choice_table(&self, field: &model::Field, kind: &Name) -> String {
        let Some(from) = &field.from else {
            self.report(fault!(MISSING_KEY.table_of_choice, &kind.span));
            return String::new();
        };
        self.refer(Kind::Table, from)
    }

    fn one_of(&self, field: &model::Field, kind: &Name) -> FieldKind {
        if field.values.is_empty() {
            self.report(fault!(MISSING_KEY.values, &kind.span));
        }
        FieldKind::OneOf {
            values: field.values.iter().map(|(name, label)| (name.value.clone(), label.clone())).collect(),
        }
    }

    /// The tables that could be read, by name.
    pub(super) fn tables(&self) -> BTreeMap<String, serde_json::Value> {
        let tables = self.definition.tables.iter();
        tables.filter_map(|table| Some((table.name.value.clone(), table.value.clone()?))).collect()
    }

    /// The order of their keys, where it says more than that of the characters.
    pub(super) fn order(&self) -> BTreeMap<String, Vec<String>> {
        let tables = self.definition.tables.iter().filter(|table| !table.keys.is_sorted());
        tables.map(|table| (table.name.value.clone(), table.keys.clone())).collect()
    }

    /// Fields that a dossier or a row is about: they name a person or a unit.
    pub(super) fn subjects(&self, kind: Kind, names: &[Name]) -> Vec<FieldName> {
        names.iter().map(|name| self.field_of_type(kind, name, &["person", "unit"])).collect()
    }

    /// A declared field whose type must be one of these.
    pub(super) fn field_of_type(&self, kind: Kind, name: &Name, types: &[&str]) -> FieldName {
        let found = FieldName::new(self.refer(kind, name));
        let Some(field) = self.find_field(kind, &name.value) else { return found };
        let Some(is) = &field.kind else { return found };
        let known = TYPES.iter().any(|(word, _)| *word == is.value);
        if known && !types.contains(&is.as_str()) {
            let wanted = either(types);
            self.report(fault!(FIELD_TYPE.other, &name.span, wanted, found = is).beside(&is.span));
        }
        found
    }
}

/// "`person` or `unit`".
fn either(words: &[&str]) -> Words {
    let quoted = words.iter().map(|word| Words::plain(format!("`{word}`")));
    quoted.reduce(|one, two| say!(near.either, one, two)).unwrap_or_else(|| say!(node.nothing))
}
