//! Fields, their types and tables.

use std::collections::BTreeMap;

use super::Check;
use super::names::Kind;
use crate::definition::model::{self, Name};
use crate::diagnostic::{Diagnostic, code, did_you_mean};
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
    /// A field of the form or of a row.
    pub(super) fn field(&self, written: &model::Field) -> Field {
        Field {
            name: FieldName::new(&written.name.value),
            label: written.label.clone(),
            kind: written.kind.as_ref().map_or(STAND_IN, |kind| self.field_kind(written, kind)),
            required: written.required,
        }
    }

    fn field_kind(&self, field: &model::Field, kind: &Name) -> FieldKind {
        let Some((_, own_keys)) = TYPES.iter().find(|(word, _)| *word == kind.value) else {
            let message = format!("no type `{}`", kind.value);
            let fault = Diagnostic::error(code::UNKNOWN_WORD, message, kind.span.clone(), "not a type of field");
            self.report(fault.help(did_you_mean(&kind.value, TYPES.iter().map(|(word, _)| *word), "")));
            return STAND_IN;
        };
        for (key, span) in &field.keys {
            if OF_TYPES.contains(&key.as_str()) && !own_keys.contains(&key.as_str()) {
                let message = format!("a field of type `{}` has no `{key}`", kind.value);
                let fault = Diagnostic::error(code::KEYS_TOGETHER, message, span.clone(), "has no meaning here");
                self.report(fault.also(kind.span.clone(), "the type"));
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
                let fault =
                    Diagnostic::error(code::LIMIT, "this maximum is not possible", max.span.clone(), "out of range");
                self.report(fault.help(format!("write a number from 1 to {ceiling}")));
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
                let message = "a number is whole, and so are its limits";
                let fault = Diagnostic::error(code::LIMIT, message, limit.span.clone(), "not whole");
                self.report(fault.help("a field of type `decimal` takes digits after the point"));
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
            let fault =
                Diagnostic::error(code::LIMIT, "no number fits this field", min.span.clone(), "more than `max`");
            self.report(fault.also(max.span.clone(), "the maximum"));
        }
    }

    fn choice_table(&self, field: &model::Field, kind: &Name) -> String {
        let Some(from) = &field.from else {
            let fault =
                Diagnostic::error(code::MISSING_KEY, "a choice needs a table", kind.span.clone(), "from where?");
            self.report(fault.help("write `from:` and the name of a table"));
            return String::new();
        };
        self.refer(Kind::Table, from)
    }

    fn one_of(&self, field: &model::Field, kind: &Name) -> FieldKind {
        if field.values.is_empty() {
            let fault =
                Diagnostic::error(code::MISSING_KEY, "`one_of` needs its values", kind.span.clone(), "one of what?");
            self.report(fault.help("write `values: {word: what officers call it, ...}`"));
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
            let wanted = types.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(" or ");
            let message = format!("expected a field of type {wanted}, found `{}`", is.value);
            let fault = Diagnostic::error(
                code::FIELD_TYPE,
                message,
                name.span.clone(),
                format!("a field of type `{}`", is.value),
            );
            self.report(fault.also(is.span.clone(), "its type is written here"));
        }
        found
    }
}
