//! Values that people give: checked against the fields they are for.

use std::collections::BTreeMap;

use super::Run;
use crate::dossier::Paper;
use crate::dossier::event::Change;
use crate::dossier::refusal::{Code, Reason, Refusal};
use crate::exact::Exact;
use crate::ids::{FieldName, PersonId, Text};
use crate::machine::{Field, FieldKind};

/// Bytes of a list of short texts, each.
const SHORT_TEXT_MAX: usize = 500;
/// Papers of a dossier.
const PAPERS_MAX: usize = 1_000;
/// Papers of a dossier that one person from outside attaches, and their bytes.
const OUTSIDE_PAPERS_MAX: usize = 30;
const OUTSIDE_BYTES_MAX: u64 = 150 * 1024 * 1024;
/// Characters of a reason.
const REASON_MAX: usize = 2_000;

impl Run<'_> {
    /// Every value that does not fit its field, or whose field may not be changed here.
    pub(super) fn check_fields(
        &self,
        fields: &BTreeMap<FieldName, serde_json::Value>,
        open: &[FieldName],
        brought: &[Paper],
    ) -> Result<(), Refusal> {
        let mut reasons = Vec::new();
        for (name, value) in fields {
            let (code, at) = match self.machine.field(name).filter(|_| open.contains(name)) {
                None => (Code::FieldClosed, String::new()),
                Some(_) if value.is_null() => continue,
                Some(field) => match self.misfit(field, value, brought) {
                    Some(at) => (Code::FieldWrong, at),
                    None => continue,
                },
            };
            let about = if at.is_empty() { name.to_string() } else { format!("{name}.{at}") };
            reasons.push(Reason { code, text: Text::default(), basis: None, about: Some(about) });
        }
        if reasons.is_empty() { Ok(()) } else { Err(Refusal { reasons }) }
    }

    /// Every kind of paper that is not taken here: neither wanted, nor the file of an open field; and too many of them.
    pub(super) fn check_papers(&self, papers: &[Paper], kinds: &[String], open: &[FieldName]) -> Result<(), Refusal> {
        let taken = |paper: &&Paper| {
            kinds.contains(&paper.kind) || self.file_field(paper).is_some_and(|field| open.contains(&field))
        };
        if let Some(paper) = papers.iter().find(|paper| !taken(paper)) {
            return Err(Refusal::about(Code::PaperUnknown, paper.kind.as_str()));
        }
        let many = self.dossier().papers.len() + papers.len() > PAPERS_MAX;
        let person = self.actor.person().filter(|person| self.dossier().outsider(person).is_some());
        let many = many || person.is_some_and(|person| self.floods(person, papers));
        if many { Err(Refusal::of(Code::TooMuch)) } else { Ok(()) }
    }

    /// Whether somebody from outside, whom nobody here knows, would have attached more than anybody needs to.
    fn floods(&self, person: &PersonId, papers: &[Paper]) -> bool {
        let theirs = |paper: &&Paper| paper.by.as_ref() == Some(person);
        let all = || self.dossier().papers.iter().filter(theirs).chain(papers);
        all().count() > OUTSIDE_PAPERS_MAX || all().map(|paper| paper.size).sum::<u64>() > OUTSIDE_BYTES_MAX
    }

    /// The field whose file a paper is.
    fn file_field(&self, paper: &Paper) -> Option<FieldName> {
        let name = FieldName::new(&paper.kind);
        self.machine.field(&name).is_some_and(|field| field.kind == FieldKind::File).then_some(name)
    }

    /// Takes values and papers over; a paper that is the file of a field becomes the field's value.
    pub(super) fn take_in(&mut self, fields: &BTreeMap<FieldName, serde_json::Value>, papers: &[Paper]) {
        let mut values = fields.clone();
        values.extend(self.files(papers));
        self.file(papers);
        if !values.is_empty() {
            self.emit(Change::Set(values));
            self.caption();
        }
    }

    /// The fields among these that have no value.
    pub(super) fn missing<'f>(&self, fields: impl Iterator<Item = &'f FieldName>) -> Vec<Reason> {
        let values = &self.dossier().fields;
        let empty = |name: &FieldName| match values.get(name) {
            None => true,
            Some(serde_json::Value::String(text)) => text.trim().is_empty(),
            Some(serde_json::Value::Array(entries)) => entries.is_empty(),
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

    /// The values of the fields whose files these papers are.
    pub(super) fn files(&self, papers: &[Paper]) -> BTreeMap<FieldName, serde_json::Value> {
        papers.iter().filter_map(|paper| Some((self.file_field(paper)?, paper.id.as_str().into()))).collect()
    }

    /// Adds papers to the dossier.
    pub(super) fn file(&mut self, papers: &[Paper]) {
        if !papers.is_empty() {
            let (by, at) = (self.actor.person().cloned(), self.at);
            let papers = papers.iter().map(|paper| Paper { by: by.clone(), at, ..paper.clone() }).collect();
            self.emit(Change::Filed(papers));
        }
    }

    /// Where a value does not fit its field: nowhere, or at a path inside it (empty for the whole of it, `2.price` for the
    /// second row's price). `brought` are the papers that come with it.
    pub(super) fn misfit(&self, field: &Field, value: &serde_json::Value, brought: &[Paper]) -> Option<String> {
        let FieldKind::Rows { columns, max, .. } = &field.kind else {
            return (!self.fits(&field.kind, value, brought)).then(String::new);
        };
        let rows = value.as_array().filter(|rows| rows.len() <= *max as usize && !rows.is_empty());
        let Some(rows) = rows else { return Some(String::new()) };
        let odd = rows.iter().enumerate().find_map(|(at, row)| {
            let here = |name: &str| Some(format!("{}.{name}", at + 1));
            let Some(cells) = row.as_object() else { return here("") };
            if let Some(stranger) = cells.keys().find(|name| !columns.iter().any(|one| one.name.as_str() == *name)) {
                return here(stranger);
            }
            let wrong = columns.iter().find(|column| match cells.get(column.name.as_str()) {
                None => column.required,
                Some(cell) => !self.fits(&column.kind, cell, brought),
            });
            here(wrong?.name.as_str())
        });
        odd.or_else(|| self.no_mailbox(&field.name, rows))
    }

    fn fits(&self, kind: &FieldKind, value: &serde_json::Value, brought: &[Paper]) -> bool {
        let directory = self.context.directory;
        match (kind, value) {
            (FieldKind::Text { max }, serde_json::Value::String(text)) => text.chars().count() <= *max as usize,
            (FieldKind::Number { min, max }, value) => value
                .as_i64()
                .is_some_and(|number| min.is_none_or(|min| min <= number) && max.is_none_or(|max| number <= max)),
            (
                FieldKind::Decimal { places, min, max } | FieldKind::Money { places, min, max, .. },
                serde_json::Value::String(text),
            ) => text.parse::<Exact>().is_ok_and(|number| {
                number.places().is_some_and(|used| used <= *places)
                    && min.is_none_or(|min| min <= number)
                    && max.is_none_or(|max| number <= max)
            }),
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
                let filed = self.dossier().papers.iter();
                filed.chain(brought).any(|paper| paper.id.as_str() == id)
            }
            _ => false,
        }
    }
}

/// A reason in somebody's words has an end.
pub(super) fn check_reason(reason: &str) -> Result<(), Refusal> {
    if reason.chars().count() > REASON_MAX { Err(Refusal::of(Code::TooMuch)) } else { Ok(()) }
}
