//! Between the JSON of fields and the values of CEL.

use std::collections::HashMap;
use std::sync::Arc;

use cel::Value;
use cel::objects::{Key, Map};

use super::{Scope, numbers};
use crate::dossier::Child;
use crate::exact::Exact;
use crate::ids::{PersonId, UnitCode};
use crate::machine::{Field, FieldKind, Sample};

/// In the map of a unit, a person or a choice: what a field would hold. No formula can name it.
const REFERENCE: &str = "@reference";

/// JSON as it stands. Numbers that are not whole are taken as they are written.
pub(super) fn of_json(json: &serde_json::Value) -> Value {
    match json {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(truth) => Value::Bool(*truth),
        serde_json::Value::Number(number) => exact(&number.to_string()),
        serde_json::Value::String(string) => text(string.as_str()),
        serde_json::Value::Array(items) => list(items.iter().map(of_json).collect()),
        serde_json::Value::Object(entries) => map(entries.iter().map(|(key, value)| (key.as_str(), of_json(value)))),
    }
}

/// The other way. A unit, a person or a choice becomes what a field would hold.
pub(super) fn to_json(value: &Value) -> Result<serde_json::Value, String> {
    Ok(match value {
        Value::Null => serde_json::Value::Null,
        Value::Bool(truth) => (*truth).into(),
        Value::Int(number) => (*number).into(),
        Value::UInt(number) => (*number).into(),
        Value::String(string) => string.as_str().into(),
        Value::List(items) => serde_json::Value::Array(items.iter().map(to_json).collect::<Result<_, _>>()?),
        Value::Map(map) => {
            if let Some(Value::String(reference)) = map.get(&Key::from(REFERENCE)) {
                return Ok(reference.as_str().into());
            }
            let mut object = serde_json::Map::new();
            for (key, value) in map.map.iter() {
                object.insert(key.to_string(), to_json(value)?);
            }
            serde_json::Value::Object(object)
        }
        Value::Float(_) => return Err("the result is no exact number".to_owned()),
        Value::Opaque(_) => match numbers::of_value(value).map(Exact::decimal) {
            Some(Some(decimal)) => decimal.into(),
            _ => return Err("the result is a fraction that no decimal can say: write `round(..., 2)`".to_owned()),
        },
        other => return Err(format!("the result is a {}, which no field can hold", other.type_of())),
    })
}

/// What a formula gave, for whoever puts it into words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Worth {
    /// Nothing that words say.
    Nothing,
    /// A number as a decimal; a fraction that no decimal can say is rounded to two places.
    Number(String),
    /// A text; of a unit, a person or a choice, what a field would hold.
    Text(String),
    /// Several.
    Several(Vec<Worth>),
}

/// Digits after the point of what no decimal can say.
const PLACES: u32 = 2;

/// A value for whoever puts it into words.
pub(super) fn worth(value: &Value) -> Worth {
    if let Some(number) = numbers::of_value(value) {
        let said = number.decimal().or_else(|| number.rounded(PLACES)?.decimal());
        return said.map_or(Worth::Nothing, Worth::Number);
    }
    match value {
        Value::String(string) => Worth::Text(string.to_string()),
        Value::List(items) => Worth::Several(items.iter().map(worth).collect()),
        Value::Map(map) => match map.get(&Key::from(REFERENCE)) {
            Some(Value::String(reference)) => Worth::Text(reference.to_string()),
            _ => Worth::Nothing,
        },
        _ => Worth::Nothing,
    }
}

/// A word and the name of what it stands for, where that has one; the inner none if it is empty, the outer one if it is no word.
#[expect(clippy::option_option, reason = "empty, a word, and no word are three things")]
pub(super) fn word(value: &Value) -> Option<Option<(String, Option<String>)>> {
    if let Some(number) = numbers::of_value(value) {
        return Some(Some((number.to_string(), None)));
    }
    match value {
        Value::Null => Some(None),
        Value::Bool(truth) => Some(Some((truth.to_string(), None))),
        Value::String(text) => Some((!text.is_empty()).then(|| (text.to_string(), None))),
        Value::Map(map) => match map.get(&Key::from(REFERENCE)) {
            Some(Value::String(reference)) => Some(Some((reference.to_string(), name_in(map)))),
            _ => None,
        },
        _ => None,
    }
}

/// What a unit, or the row of a table, is called.
fn name_in(map: &Map) -> Option<String> {
    ["name", "title"].into_iter().find_map(|part| match map.get(&Key::from(part)) {
        Some(Value::String(text)) if !text.is_empty() => Some(text.to_string()),
        _ => None,
    })
}

/// A value as conditions of decision tables look at it; none if it is empty, or nothing that they know.
pub(super) fn sample(value: &Value) -> Option<Sample> {
    match value {
        Value::String(word) => Some(Sample::Word(Some(word.to_string()))),
        Value::Bool(truth) => Some(Sample::Truth(*truth)),
        other => numbers::of_value(other).map(Sample::Number),
    }
}

/// A field's value as formulas see it.
pub(super) fn of_field(field: &Field, json: Option<&serde_json::Value>, scope: &Scope<'_>, table: &Table<'_>) -> Value {
    let Some(json) = json.filter(|json| !json.is_null()) else {
        return if matches!(field.kind, FieldKind::Rows { .. }) { list(Vec::new()) } else { Value::Null };
    };
    match (&field.kind, json.as_str()) {
        (FieldKind::Unit, Some(code)) => unit(code, scope),
        (FieldKind::Person, Some(id)) => person(id, scope),
        (FieldKind::Choice { from }, Some(code)) => table(from, code),
        (FieldKind::Decimal { .. } | FieldKind::Money { .. }, Some(number)) => exact(number),
        (FieldKind::Rows { columns, .. }, _) => {
            let row = |row: &serde_json::Value| {
                map(columns
                    .iter()
                    .map(|one| (one.name.as_str(), of_field(one, row.get(one.name.as_str()), scope, table))))
            };
            list(json.as_array().into_iter().flatten().map(row).collect())
        }
        (
            FieldKind::Text { .. }
            | FieldKind::Number { .. }
            | FieldKind::Decimal { .. }
            | FieldKind::Money { .. }
            | FieldKind::Date
            | FieldKind::Person
            | FieldKind::Unit
            | FieldKind::Body
            | FieldKind::Choice { .. }
            | FieldKind::OneOf { .. }
            | FieldKind::Texts { .. }
            | FieldKind::File,
            _,
        ) => of_json(json),
    }
}

/// A number as it is written; what is none stays a text.
fn exact(written: &str) -> Value {
    written.parse().map_or_else(|_| text(written), numbers::value)
}

/// Finds the row of a table by table and key.
pub(super) type Table<'a> = dyn Fn(&str, &str) -> Value + 'a;

/// A row of a table with its key as `code`. A row that is no mapping stands under `value`.
pub(super) fn choice(code: &str, row: Option<&serde_json::Value>) -> Value {
    let entries = match row {
        Some(serde_json::Value::Object(entries)) => {
            entries.iter().map(|(key, value)| (key.as_str(), of_json(value))).collect()
        }
        Some(other) => vec![("value", of_json(other))],
        None => Vec::new(),
    };
    map(entries.into_iter().chain([("code", text(code)), (REFERENCE, text(code))]))
}

/// An element of a list for each of which something is done.
#[derive(Clone, Debug)]
pub struct Each(pub(super) Value);

impl Each {
    fn part(&self, name: &str) -> Option<&str> {
        let Value::Map(map) = &self.0 else { return None };
        match map.get(&Key::from(name)) {
            Some(Value::String(text)) => Some(text.as_str()),
            _ => None,
        }
    }

    /// A unit's code, a person's id.
    pub fn reference(&self) -> Option<&str> {
        self.part(REFERENCE)
    }

    /// What a unit or a person is called.
    pub fn name(&self) -> Option<String> {
        self.reference().and_then(|_| self.part("name")).map(str::to_owned)
    }

    /// The person, if it is one.
    pub fn person(&self) -> Option<PersonId> {
        self.reference().and_then(|_| self.part("id")).map(PersonId::new)
    }
}

/// A child as formulas see it.
pub(super) fn child(child: &Child, declared: &[Field], scope: &Scope<'_>, table: &Table<'_>) -> Value {
    let own = [
        ("key", text(child.key.as_str())),
        ("name", text(child.caption.as_str())),
        ("result", child.result.as_deref().map_or(Value::Null, text)),
        ("ended", Value::Bool(child.ended)),
    ];
    let brought = declared.iter().map(|field| {
        let value = of_field(field, child.fields.get(&field.name), scope, table);
        (field.name.as_str(), value)
    });
    map(own.into_iter().chain(brought))
}

pub(super) fn unit(code: &str, scope: &Scope<'_>) -> Value {
    let today = scope.calendar.date(scope.now);
    let code = UnitCode::new(code);
    let root = scope.directory.root(&code, today).map_or(code.as_str(), |root| root.code.as_str());
    let found = scope.directory.units.get(&code);
    map([
        (REFERENCE, text(code.as_str())),
        ("code", text(code.as_str())),
        ("name", text(found.map_or("", |unit| unit.name.as_str()))),
        ("kind", text(found.map_or("", |unit| unit.kind.as_str()))),
        ("legal_personality", Value::Bool(found.is_some_and(|unit| unit.legal_personality))),
        ("tags", list(found.map_or_else(Vec::new, |unit| unit.tags.iter().map(|tag| text(tag.as_str())).collect()))),
        ("root", text(root)),
    ])
}

/// A person whom the directory has forgotten keeps their id.
pub(super) fn person(id: &str, scope: &Scope<'_>) -> Value {
    let found = scope.directory.people.get(&PersonId::new(id));
    let outside = scope.outsiders.iter().find(|one| one.person.as_str() == id);
    let name = found.map(|person| &person.name).or_else(|| outside.map(|one| &one.name));
    map([
        (REFERENCE, text(id)),
        ("id", text(id)),
        ("code", text(found.map_or("", |person| person.code.as_str()))),
        ("name", text(name.map_or("", String::as_str))),
    ])
}

pub(super) fn text(text: impl Into<String>) -> Value {
    Value::String(Arc::new(text.into()))
}

pub(super) fn list(items: Vec<Value>) -> Value {
    Value::List(Arc::new(items))
}

pub(super) fn map<'k>(entries: impl IntoIterator<Item = (&'k str, Value)>) -> Value {
    let entries: HashMap<Key, Value> = entries.into_iter().map(|(key, value)| (Key::from(key), value)).collect();
    Value::Map(Map { map: Arc::new(entries) })
}
