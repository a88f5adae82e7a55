//! A cell's text as the value of a field.

use serde_json::Value;

use crate::diagnostic::{Words, nearest, said, say};
use crate::directory::Directory;
use crate::exact::Exact;
use crate::ids::{BodyCode, UnitCode};
use crate::machine::{Field, FieldKind, Machine};

/// Why a text is no value of a field, and the way out.
pub(super) type Fault = (Words, Option<Words>);

/// The value of a text that is not empty.
pub(super) fn value(kind: &FieldKind, text: &str, machine: &Machine, directory: &Directory) -> Result<Value, Fault> {
    match kind {
        FieldKind::Text { max } => within(text, *max),
        FieldKind::Number { min, max } => number(text, *min, *max),
        FieldKind::Decimal { places, min, max } | FieldKind::Money { places, min, max, .. } => {
            decimal(text, *places, *min, *max)
        }
        FieldKind::Date => date(text),
        FieldKind::Person => match directory.person_by_code(text) {
            Some(person) => Ok(person.id.as_str().into()),
            None => {
                Err(unknown(text, &say!(sheet.person), directory.people.values().map(|person| person.code.as_str())))
            }
        },
        FieldKind::Unit => match directory.units.get(&UnitCode::new(text)) {
            Some(unit) => Ok(unit.code.as_str().into()),
            None => Err(unknown(text, &say!(sheet.unit), directory.units.keys().map(UnitCode::as_str))),
        },
        FieldKind::Body => match directory.bodies.get(&BodyCode::new(text)) {
            Some(body) => Ok(body.code.as_str().into()),
            None => Err(unknown(text, &say!(sheet.body), directory.bodies.keys().map(BodyCode::as_str))),
        },
        FieldKind::Choice { from } => choice(text, from, machine),
        FieldKind::OneOf { values } => {
            if let Some((word, _)) = values.get_key_value(text) {
                Ok(word.as_str().into())
            } else {
                let words: Vec<&str> = values.keys().map(String::as_str).collect();
                Err((said!(IMPORT_VALUE.no_value, text), Some(say!(near.values, list = words.join(", ")))))
            }
        }
        FieldKind::Texts { max } => texts(text, *max),
        FieldKind::Rows { columns, max, .. } => rows(text, columns, *max, machine, directory),
        FieldKind::File => Err((said!(IMPORT_VALUE.file), None)),
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
fn rows(text: &str, columns: &[Field], max: u32, machine: &Machine, directory: &Directory) -> Result<Value, Fault> {
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
                row.insert(column.name.to_string(), value(&column.kind, cell, machine, directory)?);
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

fn choice(text: &str, from: &str, machine: &Machine) -> Result<Value, Fault> {
    let rows = machine.tables.get(from).and_then(Value::as_object);
    match rows {
        Some(rows) if rows.contains_key(text) => Ok(text.into()),
        _ => {
            let keys = rows.into_iter().flat_map(serde_json::Map::keys).map(String::as_str);
            Err(unknown(text, &say!(sheet.key, table = from), keys))
        }
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
