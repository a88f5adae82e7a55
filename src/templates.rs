//! Texts with holes, filled in from a dossier in one language. Pure: the same dossier, version, directory and moment give the
//! same words.
//!
//! What goes into a hole is one line without anything that could break a header or the reading order, and not longer than
//! 400 characters; whoever shows the text escapes it as the medium wants. A value that is missing, or that the reader may not
//! see, is said as [`BLANK`].

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::civil::Date;
use serde_json::Value;

use crate::calendar::Calendar;
use crate::directory::Directory;
use crate::dossier::{Dossier, RowStatus};
use crate::expr::{Piece, Scope, Worth, pieces};
use crate::ids::{BodyCode, FieldName, Instant, Language, PersonId, Text, UnitCode};
use crate::machine::{Field, FieldKind, Machine};
use crate::words::{Words, clean};

/// What stands where a value is missing.
pub const BLANK: &str = "…";
/// Characters that one hole takes.
const VALUE_MAX: usize = 400;

/// Values by field.
pub type Fields = BTreeMap<FieldName, Value>;

/// How values are said in one language.
#[derive(Clone, Copy, Debug)]
pub struct Voice<'a> {
    /// The dossier's version.
    pub machine: &'a Machine,
    /// Who is who.
    pub directory: &'a Directory,
    /// The language.
    pub language: &'a Language,
    /// Its dates and numbers.
    pub words: &'static Words,
    /// How a day is said: in full, or short where there is little room.
    pub date: fn(&Words, Date) -> String,
    /// What somebody is called whom the directory has forgotten.
    pub unknown: &'a str,
    /// What stands between lines: of a table, of a list of texts.
    pub between: &'a str,
}

impl Voice<'_> {
    /// A value as people say it; empty where there is none.
    pub fn value(&self, field: &Field, value: &Value, dossier: &Dossier) -> String {
        let text = value.as_str().unwrap_or_default();
        match (&field.kind, value) {
            (_, Value::Null) => String::new(),
            (FieldKind::Number { .. }, value) => {
                value.as_i64().map_or_else(|| value.to_string(), |number| self.words.number(number))
            }
            (FieldKind::Decimal { .. }, _) => self.words.decimal(text),
            (FieldKind::Money { currency, .. }, _) => self.words.money(text, currency),
            (FieldKind::Rows { columns, .. }, value) => {
                let cells = |row: &Value| {
                    let said = columns.iter().map(|column| self.value(column, &row[column.name.as_str()], dossier));
                    said.filter(|said| !said.is_empty()).collect::<Vec<_>>().join(", ")
                };
                value.as_array().into_iter().flatten().map(cells).collect::<Vec<_>>().join(self.between)
            }
            (FieldKind::Date, _) => text.parse().map_or_else(|_| text.to_owned(), |date| (self.date)(self.words, date)),
            (FieldKind::Person, _) => self.person(&PersonId::from(text)),
            (FieldKind::Unit, _) => self.unit(text),
            (FieldKind::Body, _) => self.body(&BodyCode::from(text)),
            (FieldKind::Choice { from }, _) => self.machine.row_title(from, text, self.language),
            (FieldKind::OneOf { values }, _) => {
                values.get(text).map_or_else(|| text.to_owned(), |label| label.in_language(self.language).to_owned())
            }
            (FieldKind::Texts { .. }, Value::Array(texts)) => {
                texts.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(self.between)
            }
            (FieldKind::File, _) => {
                let paper = dossier.papers.iter().find(|paper| paper.id.as_str() == text);
                paper.map_or_else(String::new, |paper| paper.name.clone())
            }
            (FieldKind::Text { .. }, Value::String(text)) => text.clone(),
            (FieldKind::Text { .. } | FieldKind::Texts { .. }, value) => value.to_string(),
        }
    }

    /// Somebody's name.
    pub fn person(&self, id: &PersonId) -> String {
        self.directory.person(id).map_or(self.unknown, |person| &person.name).to_owned()
    }

    /// A unit's name.
    pub fn unit(&self, code: &str) -> String {
        self.directory.units.get(&UnitCode::from(code)).map_or_else(|| code.to_owned(), |unit| unit.name.clone())
    }

    /// A body's name.
    pub fn body(&self, code: &BodyCode) -> String {
        self.directory.bodies.get(code).map_or_else(|| code.to_string(), |body| body.name.clone())
    }

    /// What a formula gave. Dates are texts in formulas, so a text that is a day is said as one.
    fn worth(&self, worth: &Worth) -> String {
        match worth {
            Worth::Nothing => String::new(),
            Worth::Number(number) => self.words.decimal(number),
            Worth::Text(text) => text.parse().map_or_else(|_| text.clone(), |date| (self.date)(self.words, date)),
            Worth::Several(all) => {
                let said = all.iter().map(|one| self.worth(one)).filter(|said| !said.is_empty());
                said.collect::<Vec<_>>().join(", ")
            }
        }
    }
}

/// A dossier, as its reader sees it, out of which holes are filled.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// How values are said.
    pub voice: Voice<'a>,
    /// The dossier.
    pub dossier: &'a Dossier,
    /// Its calendar.
    pub calendar: &'a Calendar,
    /// When it is written.
    pub now: Instant,
    /// What else formulas see, by name.
    pub more: &'a BTreeMap<String, Value>,
    /// Where a row of a table is looked at: its columns and its values; they hide fields of the same name.
    pub row: Option<(&'a [Field], &'a Fields)>,
}

impl Source<'_> {
    /// The paragraphs of a text, together not longer than `most` characters.
    pub fn paragraphs(&self, text: &Text, most: usize) -> Vec<String> {
        let mut left = most;
        let filled = self.filled(text.in_language(self.voice.language));
        let lines = filled.lines().map(clean).filter(|line| !line.is_empty());
        let mut kept = Vec::new();
        for line in lines {
            let line = cut(&line, left);
            left = left.saturating_sub(line.chars().count());
            if !line.is_empty() {
                kept.push(line);
            }
        }
        kept
    }

    /// A text as one line, not longer than `most` characters.
    pub fn line(&self, text: &Text, most: usize) -> String {
        cut(&clean(&self.filled(text.in_language(self.voice.language))), most)
    }

    fn filled(&self, text: &str) -> String {
        // The checker has read it; a text that it did not read has no holes.
        let Ok(pieces) = pieces(text) else { return text.to_owned() };
        let said = pieces.into_iter().map(|piece| match piece {
            Piece::Words(words) => words.to_owned(),
            Piece::Hole(formula) => self.hole(formula),
        });
        said.collect()
    }

    /// What a formula gives, in words.
    fn hole(&self, formula: &str) -> String {
        let name = FieldName::from(formula);
        let of_row = self.row.and_then(|(columns, fields)| {
            let column = columns.iter().find(|column| column.name == name)?;
            Some((column, fields))
        });
        let of_dossier = || Some((self.voice.machine.field(&name)?, &self.dossier.fields));
        let said = if let Some((field, fields)) = of_row.or_else(of_dossier) {
            self.voice.value(field, fields.get(&field.name).unwrap_or(&Value::Null), self.dossier)
        } else {
            let worth = self.with_scope(|scope| self.voice.machine.programs().worth(formula, scope)).ok();
            worth.map_or_else(String::new, |worth| self.voice.worth(&worth))
        };
        let said = cut(&clean(&said), VALUE_MAX);
        if said.is_empty() { BLANK.to_owned() } else { said }
    }

    /// Whether a condition holds; one that has no value here (what it names is hidden or was never filled in) does not.
    pub fn holds(&self, condition: &str) -> bool {
        self.with_scope(|scope| self.voice.machine.programs().truth(condition, scope)).unwrap_or(false)
    }

    fn with_scope<T>(&self, ask: impl FnOnce(&Scope<'_>) -> T) -> T {
        let (dossier, machine) = (self.dossier, self.voice.machine);
        let (mut declared, mut fields) = (Cow::Borrowed(machine.fields.as_slice()), Cow::Borrowed(&dossier.fields));
        if let Some((columns, row)) = self.row {
            // The first of a name counts.
            declared = columns.iter().chain(&machine.fields).cloned().collect();
            fields.to_mut().retain(|name, _| columns.iter().all(|column| &column.name != name));
            fields.to_mut().extend(row.iter().map(|(name, value)| (name.clone(), value.clone())));
        }
        let papers: Vec<&str> = dossier.papers.iter().map(|paper| paper.kind.as_str()).collect();
        let live = dossier.rows.iter().filter(|row| row.status == RowStatus::Live);
        let live: Vec<&Fields> = live.map(|row| &row.fields).collect();
        ask(&Scope {
            tables: self.more,
            declared: &declared,
            fields: &fields,
            papers: &papers,
            register: &[],
            missed: None,
            directory: self.voice.directory,
            calendar: self.calendar,
            now: self.now,
            round_no: dossier.round,
            children: (&machine.children, &dossier.children),
            outsiders: &dossier.outsiders,
            each: None,
            rows: machine.is_list().then_some((machine.row.as_slice(), live.as_slice())),
        })
    }
}

/// At most so many characters; what was cut off leaves its mark.
fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most.saturating_sub(BLANK.chars().count())).collect();
    if kept.is_empty() { kept } else { format!("{}{BLANK}", kept.trim_end()) }
}
