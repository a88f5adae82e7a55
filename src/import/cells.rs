//! A cell's text as the value of a field.

use serde_json::Value;

use crate::diagnostic::{Words, nearest, said, say};
use crate::directory::Directory;
use crate::ids::{BodyCode, UnitCode};
use crate::machine::{FieldKind, Machine};

/// Why a text is no value of a field, and the way out.
pub(super) type Fault = (Words, Option<Words>);

/// The value of a text that is not empty.
pub(super) fn value(kind: &FieldKind, text: &str, machine: &Machine, directory: &Directory) -> Result<Value, Fault> {
    match kind {
        FieldKind::Text { max } => within(text, *max),
        FieldKind::Number { min, max } => number(text, *min, *max),
        FieldKind::Decimal => decimal(text),
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

fn decimal(text: &str) -> Result<Value, Fault> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
    let sound = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if sound(whole) && sound(part) {
        Ok(text.into())
    } else {
        Err((said!(IMPORT_VALUE.no_decimal, text), Some(say!(near.number))))
    }
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
