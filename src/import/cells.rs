//! A cell's text as the value of a field.

use serde_json::Value;

use super::labels::{Labels, Meant};
use crate::diagnostic::{Words, nearest, said, say};
use crate::exact::Exact;
use crate::ids::{BodyCode, UnitCode};
use crate::machine::{Field, FieldKind};

/// Why a text is no value of a field, and the way out.
pub(super) type Fault = (Words, Option<Words>);

/// The value of a text that is not empty: of what has a code, the code, or its name where nothing else is called so.
pub(super) fn value(kind: &FieldKind, text: &str, labels: &Labels<'_>) -> Result<Value, Fault> {
    let directory = labels.directory;
    match kind {
        FieldKind::Text { max } => within(text, *max),
        FieldKind::Number { min, max } => number(text, *min, *max),
        FieldKind::Decimal { places, min, max } | FieldKind::Money { places, min, max, .. } => {
            decimal(text, *places, *min, *max)
        }
        FieldKind::Date => date(text),
        FieldKind::Person => {
            let id = |code: &str| directory.person_by_code(code).map(|person| person.id.as_str().into());
            let codes = || directory.people.values().map(|person| person.code.as_str());
            known(text, id, |text| labels.person(text), || unknown(text, &say!(sheet.person), codes()))
        }
        FieldKind::Unit => {
            let code = |code: &str| directory.units.get(&UnitCode::new(code)).map(|unit| unit.code.as_str().into());
            let codes = || directory.units.keys().map(UnitCode::as_str);
            known(text, code, |text| labels.unit(text), || unknown(text, &say!(sheet.unit), codes()))
        }
        FieldKind::Body => {
            let code = |code: &str| directory.bodies.get(&BodyCode::new(code)).map(|body| body.code.as_str().into());
            let codes = || directory.bodies.keys().map(BodyCode::as_str);
            known(text, code, |text| labels.body(text), || unknown(text, &say!(sheet.body), codes()))
        }
        FieldKind::Choice { from } => {
            let rows = labels.machine.tables.get(from).and_then(Value::as_object);
            let key = |key: &str| rows.filter(|rows| rows.contains_key(key)).map(|_| key.into());
            let keys = || labels.machine.keys_of(from).into_iter();
            known(text, key, |text| labels.key(from, text), || unknown(text, &say!(sheet.key, table = from), keys()))
        }
        FieldKind::OneOf { values } => {
            let word = |word: &str| values.contains_key(word).then(|| word.into());
            let words = || values.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
            let none = || (said!(IMPORT_VALUE.no_value, text), Some(say!(near.values, list = words())));
            known(text, word, |text| Labels::word(values.entries(), text), none)
        }
        FieldKind::Texts { max } => texts(text, *max),
        FieldKind::Rows { columns, max, .. } => rows(text, columns, *max, labels),
        FieldKind::File => Err((said!(IMPORT_VALUE.file), None)),
    }
}

/// What a code stands for; else what the only thing of that name does.
fn known(
    text: &str,
    by_code: impl Fn(&str) -> Option<Value>,
    by_name: impl Fn(&str) -> Meant,
    none: impl Fn() -> Fault,
) -> Result<Value, Fault> {
    if let Some(value) = by_code(text) {
        return Ok(value);
    }
    match by_name(text) {
        Meant::One(code) => by_code(&code).ok_or_else(none),
        Meant::Several(codes) => {
            Err((said!(IMPORT_VALUE.several, text), Some(say!(near.values, list = codes.join(", ")))))
        }
        Meant::Nothing => Err(none()),
    }
}

fn within(text: &str, max: u32) -> Result<Value, Fault> {
    let length = text.chars().count();
    if u32::try_from(length).is_ok_and(|length| length <= max) {
        Ok(text.into())
    } else {
        Err((said!(IMPORT_VALUE.long, length, max), None))
    }
}

fn number(text: &str, min: Option<i64>, max: Option<i64>) -> Result<Value, Fault> {
    let value: i64 = text.parse().map_err(|_| (said!(IMPORT_VALUE.no_number, text), None))?;
    if min.is_some_and(|min| value < min) || max.is_some_and(|max| value > max) {
        let end = |end: Option<i64>| end.map_or_else(|| "…".to_owned(), |end| end.to_string());
        return Err((said!(IMPORT_VALUE.range, value, min = end(min), max = end(max)), None));
    }
    Ok(value.into())
}

fn decimal(text: &str, places: u32, min: Option<Exact>, max: Option<Exact>) -> Result<Value, Fault> {
    let Ok(number) = text.parse::<Exact>() else { return Err((said!(IMPORT_VALUE.no_decimal, text), None)) };
    if number.places().is_none_or(|used| used > places) {
        return Err((said!(IMPORT_VALUE.places, text, places), None));
    }
    if min.is_some_and(|min| number < min) || max.is_some_and(|max| number > max) {
        let end = |end: Option<Exact>| end.map_or_else(|| "…".to_owned(), |end| end.to_string());
        return Err((said!(IMPORT_VALUE.range, value = text, min = end(min), max = end(max)), None));
    }
    Ok(text.into())
}

/// A table in one cell: rows are separated by `;`, their cells by `|`.
fn rows(text: &str, columns: &[Field], max: u32, labels: &Labels<'_>) -> Result<Value, Fault> {
    let entries: Vec<&str> = text.split(';').map(str::trim).filter(|entry| !entry.is_empty()).collect();
    if u32::try_from(entries.len()).is_ok_and(|count| count > max) {
        return Err((said!(IMPORT_VALUE.rows, count = entries.len(), max), None));
    }
    let row = |entry: &&str| {
        let cells: Vec<&str> = entry.split('|').map(str::trim).collect();
        if cells.len() != columns.len() {
            let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
            let (text, cells, names) = (*entry, columns.len(), names.join(" | "));
            return Err((said!(IMPORT_VALUE.cells, text, cells, names), None));
        }
        let mut row = serde_json::Map::new();
        for (column, cell) in columns.iter().zip(cells) {
            if cell.is_empty() && column.required {
                return Err((said!(IMPORT_VALUE.no_cell, column = column.name.as_str()), None));
            }
            if !cell.is_empty() {
                row.insert(column.name.to_string(), value(&column.kind, cell, labels)?);
            }
        }
        Ok(Value::Object(row))
    };
    entries.iter().map(row).collect::<Result<Vec<_>, _>>().map(Value::Array)
}

fn date(text: &str) -> Result<Value, Fault> {
    match text.parse::<jiff::civil::Date>() {
        Ok(date) if date.to_string() == text => Ok(text.into()),
        _ => Err((said!(IMPORT_VALUE.no_date, text), Some(say!(near.date)))),
    }
}

fn texts(text: &str, max: u32) -> Result<Value, Fault> {
    let entries: Vec<&str> = text.split(';').map(str::trim).filter(|entry| !entry.is_empty()).collect();
    if u32::try_from(entries.len()).is_ok_and(|count| count <= max) {
        Ok(entries.into())
    } else {
        Err((said!(IMPORT_VALUE.entries, count = entries.len(), max), None))
    }
}

fn unknown<'a>(text: &str, what: &Words, known: impl Iterator<Item = &'a str>) -> Fault {
    let near = nearest(text, known).map(|near| say!(near.meant, near));
    (said!(IMPORT_VALUE.unknown, text, what), near)
}
