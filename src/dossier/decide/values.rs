//! Values that people give: checked against the fields they are for.

use std::collections::BTreeMap;

use super::Run;
use crate::dossier::Paper;
use crate::dossier::event::Change;
use crate::dossier::refusal::{Code, Reason, Refusal};
use crate::ids::{FieldName, Text};
use crate::machine::{Field, FieldKind};

/// Bytes of a list of short texts, each.
const SHORT_TEXT_MAX: usize = 500;

impl Run<'_> {
    /// Every value that does not fit its field, or whose field may not be changed here.
    pub(super) fn check_fields(
        &self,
        fields: &BTreeMap<FieldName, serde_json::Value>,
        open: &[FieldName],
    ) -> Result<(), Refusal> {
        let mut reasons = Vec::new();
        for (name, value) in fields {
            let code = match self.machine.field(name) {
                Some(_) if !open.contains(name) => Some(Code::FieldClosed),
                Some(field) if value.is_null() || self.fits(field, value) => None,
                Some(_) => Some(Code::FieldWrong),
                None => Some(Code::FieldClosed),
            };
            if let Some(code) = code {
                reasons.push(Reason { code, text: Text::default(), basis: None, about: Some(name.to_string()) });
            }
        }
        if reasons.is_empty() { Ok(()) } else { Err(Refusal { reasons }) }
    }

    /// The fields among these that have no value.
    pub(super) fn missing<'f>(&self, fields: impl Iterator<Item = &'f FieldName>) -> Vec<Reason> {
        let values = &self.dossier().fields;
        let empty = |name: &FieldName| match values.get(name) {
            None => true,
            Some(serde_json::Value::String(text)) => text.trim().is_empty(),
            Some(_) => false,
        };
        fields
            .filter(|name| empty(name))
            .map(|name| Reason {
                code: Code::FieldMissing,
                text: Text::default(),
                basis: None,
                about: Some(name.to_string()),
            })
            .collect()
    }

    /// Adds papers to the dossier.
    pub(super) fn file(&mut self, papers: &[Paper]) {
        if !papers.is_empty() {
            let (by, at) = (self.actor.person().cloned(), self.at);
            let papers = papers.iter().map(|paper| Paper { by: by.clone(), at, ..paper.clone() }).collect();
            self.emit(Change::Filed(papers));
        }
    }

    pub(super) fn fits(&self, field: &Field, value: &serde_json::Value) -> bool {
        let directory = self.context.directory;
        match (&field.kind, value) {
            (FieldKind::Text { max }, serde_json::Value::String(text)) => text.chars().count() <= *max as usize,
            (FieldKind::Number { min, max }, value) => value
                .as_i64()
                .is_some_and(|number| min.is_none_or(|min| min <= number) && max.is_none_or(|max| number <= max)),
            (FieldKind::Decimal, serde_json::Value::String(text)) => is_decimal(text),
            (FieldKind::Date, serde_json::Value::String(text)) => text.parse::<jiff::civil::Date>().is_ok(),
            (FieldKind::Person, serde_json::Value::String(text)) => {
                directory.people.contains_key(&text.as_str().into())
            }
            (FieldKind::Unit, serde_json::Value::String(text)) => directory.units.contains_key(&text.as_str().into()),
            (FieldKind::Body, serde_json::Value::String(text)) => directory.bodies.contains_key(&text.as_str().into()),
            (FieldKind::Choice { from }, serde_json::Value::String(key)) => {
                self.machine.tables.get(from).is_some_and(|table| table.get(key).is_some())
            }
            (FieldKind::OneOf { values }, serde_json::Value::String(word)) => values.contains_key(word),
            (FieldKind::Texts { max }, serde_json::Value::Array(texts)) => {
                texts.len() <= *max as usize
                    && texts.iter().all(|text| text.as_str().is_some_and(|text| text.len() <= SHORT_TEXT_MAX))
            }
            (FieldKind::File, serde_json::Value::String(id)) => {
                self.dossier().papers.iter().any(|paper| paper.id.as_str() == id)
            }
            _ => false,
        }
    }
}

fn is_decimal(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
    let all_digits = |text: &str| !text.is_empty() && text.len() <= 30 && text.bytes().all(|b| b.is_ascii_digit());
    all_digits(whole) && all_digits(part)
}
