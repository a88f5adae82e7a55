//! One field of a form on a page: shown from a value or from what was just sent, read back into a value.

use serde::Serialize;
use serde_json::Value;

use super::super::form::Form;
use super::super::reader::Reader;
use super::sheet::{self, Grid};
use crate::directory::names::{sort_key, text_key};
use crate::dossier::Dossier;
use crate::ids::{BodyCode, PersonId, UnitCode};
use crate::machine::{Field, FieldKind};

/// Texts up to this many characters get one line.
const ONE_LINE_MAX: u32 = 120;
/// Directories up to this size are offered whole; in larger ones people write codes.
const OFFERED_MAX: usize = 300;

/// One input.
#[derive(Debug, Serialize)]
pub(crate) struct Input {
    pub(crate) name: String,
    kind: &'static str,
    label: String,
    help: String,
    pub(crate) value: String,
    options: Vec<Offer>,
    max: Option<u32>,
    /// Of a whole number: at least.
    least: Option<i64>,
    /// Of a whole number: at most.
    most: Option<i64>,
    required: bool,
    there: bool,
    grid: Option<Grid>,
    pub(crate) wrong: bool,
}

/// One entry of a select.
#[derive(Debug, Serialize)]
struct Offer {
    value: String,
    label: String,
}

impl Input {
    /// For the reason of a choice.
    pub(crate) fn reason(reader: &Reader, name: String, required: bool, sent: Option<&Form>) -> Self {
        let value = sent.map(|form| form.get(&name).to_owned()).unwrap_or_default();
        let (label, help) = (reader.get("act.reason"), reader.get("act.reason_help"));
        Self { name, label, help, value, max: Some(2_000), ..Self::empty("long", required) }
    }

    /// For something that no field of the workflow holds: its kind, and how many characters it takes.
    pub(crate) fn said(
        reader: &Reader,
        name: &str,
        label: &'static str,
        (kind, max): (&'static str, u32),
        sent: Option<&Form>,
    ) -> Self {
        let value = sent.map(|form| form.get(name).to_owned()).unwrap_or_default();
        Self { name: name.to_owned(), label: reader.get(label), value, max: Some(max), ..Self::empty(kind, true) }
    }

    /// For a note.
    pub(crate) fn note(reader: &Reader, name: String, sent: Option<&Form>) -> Self {
        let value = sent.map(|form| form.get(&name).to_owned()).unwrap_or_default();
        Self { name, label: reader.get("note.text"), value, max: Some(2_000), ..Self::empty("long", true) }
    }

    /// For a paper that comes with a note.
    pub(crate) fn note_file(reader: &Reader, name: String) -> Self {
        Self { name, label: reader.get("note.file"), ..Self::empty("file", false) }
    }

    /// For a paper of a kind.
    pub(crate) fn paper(reader: &Reader, name: String, kind: &str, dossier: &Dossier, required: bool) -> Self {
        let there = dossier.papers.iter().any(|paper| paper.kind == kind);
        let label = reader.texts.fill("act.file", &[("kind", &reader.paper_kind(kind))]);
        Self { name, label, there, ..Self::empty("file", required && !there) }
    }

    /// For a field, with its value or what was just sent.
    pub(crate) fn field(
        reader: &Reader,
        name: String,
        field: &Field,
        dossier: &Dossier,
        required: bool,
        sent: Option<&Form>,
    ) -> Self {
        let value = dossier.fields.get(&field.name);
        let grid = sheet::grid(reader, &name, &field.kind, value, sent);
        Self { grid, ..Self::of(reader, name, field, value, required, sent) }
    }

    /// For a field of a dossier that is not there yet.
    pub(crate) fn first(reader: &Reader, name: String, field: &Field, sent: Option<&Form>) -> Self {
        let grid = sheet::grid(reader, &name, &field.kind, None, sent);
        Self { grid, ..Self::of(reader, name, field, None, field.required, sent) }
    }

    /// For a row of one's own in a table of people's rows.
    pub(crate) fn own_row(
        reader: &Reader,
        name: String,
        row: &Field,
        value: Option<&Value>,
        sent: Option<&Form>,
    ) -> Self {
        let grid = sheet::grid(reader, &name, &row.kind, value, sent);
        Self { grid, ..Self::of(reader, name, row, value, true, sent) }
    }

    /// For a cell of a table.
    pub(crate) fn cell(
        reader: &Reader,
        name: String,
        column: &Field,
        value: Option<&Value>,
        sent: Option<&Form>,
    ) -> Self {
        Self::of(reader, name, column, value, column.required, sent)
    }

    fn of(
        reader: &Reader,
        name: String,
        field: &Field,
        value: Option<&Value>,
        required: bool,
        sent: Option<&Form>,
    ) -> Self {
        let options = offers(reader, &field.kind);
        let value = match sent.filter(|form| form.has(&name)) {
            Some(form) => form.get(&name).to_owned(),
            None => raw(reader, &field.kind, value),
        };
        let (kind, max) = match &field.kind {
            FieldKind::Text { max } if *max > ONE_LINE_MAX => ("long", Some(*max)),
            FieldKind::Text { max } => ("text", Some(*max)),
            FieldKind::Number { .. } => ("number", None),
            FieldKind::Decimal { .. } | FieldKind::Money { .. } => ("decimal", Some(60)),
            FieldKind::Rows { .. } => ("rows", None),
            FieldKind::Date => ("date", None),
            FieldKind::Texts { .. } => ("long", None),
            FieldKind::File => ("file", None),
            FieldKind::Person | FieldKind::Unit | FieldKind::Body if options.is_empty() => ("text", Some(100)),
            FieldKind::Person
            | FieldKind::Unit
            | FieldKind::Body
            | FieldKind::Choice { .. }
            | FieldKind::OneOf { .. } => ("select", None),
        };
        let help = match &field.kind {
            FieldKind::Texts { .. } => reader.get("act.texts_help"),
            FieldKind::Money { currency, min, max, .. } => {
                let currency = reader.texts.fill("act.money_help", &[("currency", currency)]);
                [currency, limits(reader, min.as_ref(), max.as_ref())].join(" ").trim_end().to_owned()
            }
            FieldKind::Decimal { min, max, .. } => limits(reader, min.as_ref(), max.as_ref()),
            FieldKind::Number { min, max } => limits(reader, min.as_ref(), max.as_ref()),
            // A table of one row has nothing to leave out.
            FieldKind::Rows { max: 1, .. } => String::new(),
            FieldKind::Rows { max, .. } => reader.texts.fill("act.rows_help", &[("max", &max.to_string())]),
            FieldKind::Person | FieldKind::Unit | FieldKind::Body if options.is_empty() => reader.get("act.code_help"),
            _ => String::new(),
        };
        let (least, most) = match &field.kind {
            FieldKind::Number { min, max } => (*min, *max),
            _ => (None, None),
        };
        let there = kind == "file" && !value.is_empty();
        let label = reader.text(&field.label).to_owned();
        Self { name, label, help, value, options, max, least, most, there, ..Self::empty(kind, required && !there) }
    }

    /// The same, where nothing need be said.
    pub(crate) fn optional(self) -> Self {
        Self { required: false, ..self }
    }

    /// Wanted, and nothing is there.
    pub(crate) fn is_missing(&self) -> bool {
        self.required && !self.there && self.value.is_empty()
    }

    fn empty(kind: &'static str, required: bool) -> Self {
        Self {
            name: String::new(),
            kind,
            label: String::new(),
            help: String::new(),
            value: String::new(),
            options: Vec::new(),
            max: None,
            least: None,
            most: None,
            required,
            there: false,
            grid: None,
            wrong: false,
        }
    }
}

/// Between which numbers a value lies, in words; empty where nothing is said.
fn limits<N: ToString>(reader: &Reader, min: Option<&N>, max: Option<&N>) -> String {
    let said = |number: &N| reader.words.decimal(&number.to_string());
    match (min.map(said), max.map(said)) {
        (Some(min), Some(max)) => reader.texts.fill("act.between", &[("min", &min), ("max", &max)]),
        (Some(min), None) => reader.texts.fill("act.at_least", &[("min", &min)]),
        (None, Some(max)) => reader.texts.fill("act.at_most", &[("max", &max)]),
        (None, None) => String::new(),
    }
}

/// What was written, as a value of the field; `None` when it has not the form of one. Empty is null.
pub(crate) fn parse(reader: &Reader, kind: &FieldKind, text: &str) -> Option<Value> {
    let line = text.trim();
    if line.is_empty() {
        return Some(Value::Null);
    }
    match kind {
        FieldKind::Number { .. } => reader.words.read_decimal(line)?.parse::<i64>().ok().map(Value::from),
        FieldKind::Decimal { .. } | FieldKind::Money { .. } => reader.words.read_decimal(line).map(Value::from),
        FieldKind::Date => date(line).map(|date| Value::from(date.to_string())),
        FieldKind::Texts { .. } => {
            let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
            Some(Value::Array(lines.map(Value::from).collect()))
        }
        FieldKind::Person => {
            let known = reader.directory.people.contains_key(&PersonId::from(line));
            let id = if known { Some(PersonId::from(line)) } else { by_code(reader, line) };
            id.map(|id| Value::from(id.as_str()))
        }
        FieldKind::Text { .. }
        | FieldKind::Unit
        | FieldKind::Body
        | FieldKind::Choice { .. }
        | FieldKind::OneOf { .. } => Some(Value::from(line)),
        // A table is read cell by cell, and a file comes as a paper.
        FieldKind::Rows { .. } | FieldKind::File => None,
    }
}

/// What a form says of a field at a place. The error is what officers call that which could not be read.
pub(crate) fn read(reader: &Reader, field: &Field, form: &Form, place: &str) -> Result<Value, String> {
    match &field.kind {
        FieldKind::Rows { columns, .. } => sheet::read(reader, place, columns, form)
            .map_err(|cell| reader.field_path(&sheet::cell_path(&field.name, &cell))),
        kind => parse(reader, kind, form.get(place)).ok_or_else(|| reader.field_path(field.name.as_str())),
    }
}

fn by_code(reader: &Reader, code: &str) -> Option<PersonId> {
    reader.directory.people.values().find(|person| person.code == code).map(|person| person.id.clone())
}

/// `2026-11-23` as browsers send it, `23/11/2026` as people write it.
pub(crate) fn date(text: &str) -> Option<jiff::civil::Date> {
    if let Ok(date) = text.parse() {
        return Some(date);
    }
    let mut parts = text.split(['/', '-', '.']).map(|part| part.trim().parse::<i16>().ok());
    let (day, month, year) = (parts.next()??, parts.next()??, parts.next()??);
    jiff::civil::Date::new(year, month.try_into().ok()?, day.try_into().ok()?).ok()
}

/// A value as the input shows it.
fn raw(reader: &Reader, kind: &FieldKind, value: Option<&Value>) -> String {
    match (kind, value) {
        (_, None | Some(Value::Null)) => String::new(),
        // Says that the form has this table; its cells are inputs of their own.
        (FieldKind::Rows { .. }, _) => "rows".to_owned(),
        (FieldKind::Decimal { .. } | FieldKind::Money { .. }, Some(Value::String(text))) => reader.words.decimal(text),
        (FieldKind::Texts { .. }, Some(Value::Array(texts))) => {
            texts.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("\n")
        }
        (FieldKind::Person, Some(Value::String(id))) if reader.directory.people.len() > OFFERED_MAX => {
            reader.person(&PersonId::from(id.as_str())).map_or_else(|| id.clone(), |person| person.code.clone())
        }
        (_, Some(Value::String(text))) => text.clone(),
        (_, Some(value)) => value.to_string(),
    }
}

fn offers(reader: &Reader, kind: &FieldKind) -> Vec<Offer> {
    let offer = |value: &str, label: String| Offer { value: value.to_owned(), label };
    let directory = &reader.directory;
    let mut offers: Vec<Offer> = match kind {
        FieldKind::Choice { from } => {
            reader.machine.keys_of(from).into_iter().map(|key| offer(key, reader.choice(from, key))).collect()
        }
        FieldKind::OneOf { values } => {
            values.entries().map(|(value, label)| offer(value, reader.text(label).to_owned())).collect()
        }
        FieldKind::Person if directory.people.len() <= OFFERED_MAX => {
            directory.people.values().map(|one| offer(one.id.as_str(), one.name.clone())).collect()
        }
        FieldKind::Unit if directory.units.len() <= OFFERED_MAX => {
            directory.units.keys().map(|code: &UnitCode| offer(code.as_str(), reader.unit(code.as_str()))).collect()
        }
        FieldKind::Body if directory.bodies.len() <= OFFERED_MAX => {
            directory.bodies.keys().map(|code: &BodyCode| offer(code.as_str(), reader.body(code))).collect()
        }
        _ => Vec::new(),
    };
    // Words and rows of tables stand as their author put them.
    match kind {
        FieldKind::Person => offers.sort_by_cached_key(|offer| sort_key(&offer.label)),
        FieldKind::Unit | FieldKind::Body => offers.sort_by_cached_key(|offer| text_key(&offer.label)),
        _ => {}
    }
    offers
}

#[cfg(test)]
mod tests {
    use super::date;

    #[test]
    fn dates_are_read_as_browsers_and_as_people_write_them() {
        let day = jiff::civil::date(2026, 11, 3);
        for text in ["2026-11-03", "03/11/2026", "3/11/2026", "3.11.2026", "03-11-2026"] {
            assert_eq!(date(text), Some(day), "{text}");
        }
        for text in ["", "31/02/2026", "11/2026", "mai"] {
            assert_eq!(date(text), None, "{text}");
        }
    }
}
