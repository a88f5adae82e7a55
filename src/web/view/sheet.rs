//! Tables of rows: shown with their sums, and as forms that need no script.

use serde::Serialize;
use serde_json::Value;

use super::super::form::Form;
use super::super::reader::Reader;
use super::input::{self, Input};
use crate::dossier::Dossier;
use crate::exact::{self, Exact};
use crate::ids::FieldName;
use crate::machine::{Field, FieldKind};

/// Empty rows under those that are there.
const MORE: usize = 3;

/// A table as it is shown.
#[derive(Debug, Serialize)]
pub(crate) struct Sheet {
    columns: Vec<Column>,
    rows: Vec<Vec<String>>,
    /// A sum for each column, empty for those that are not added up; none where nothing is.
    sums: Option<Vec<String>>,
}

#[derive(Debug, Serialize)]
struct Column {
    label: String,
    number: bool,
    required: bool,
}

/// A table as a form.
#[derive(Debug, Serialize)]
pub(crate) struct Grid {
    columns: Vec<Column>,
    rows: Vec<Vec<Input>>,
    /// There may be more rows.
    more: bool,
}

fn is_number(kind: &FieldKind) -> bool {
    matches!(kind, FieldKind::Number { .. } | FieldKind::Decimal { .. } | FieldKind::Money { .. })
}

fn heads(reader: &Reader, columns: &[Field]) -> Vec<Column> {
    let head = |column: &Field| Column {
        label: reader.text(&column.label).to_owned(),
        number: is_number(&column.kind),
        required: column.required,
    };
    columns.iter().map(head).collect()
}

/// The table that a value of this field is; none for other fields.
pub(crate) fn sheet(reader: &Reader, kind: &FieldKind, value: &Value, dossier: &Dossier) -> Option<Sheet> {
    let FieldKind::Rows { columns, sums, .. } = kind else { return None };
    let rows = value.as_array()?;
    let cells = |row: &Value| columns.iter().map(|one| reader.value(one, &row[one.name.as_str()], dossier)).collect();
    let total = |column: &Field| {
        if sums.contains(&column.name) { sum(reader, column, rows, dossier) } else { String::new() }
    };
    Some(Sheet {
        columns: heads(reader, columns),
        rows: rows.iter().map(cells).collect(),
        sums: (!sums.is_empty()).then(|| columns.iter().map(total).collect()),
    })
}

fn sum(reader: &Reader, column: &Field, rows: &[Value], dossier: &Dossier) -> String {
    let number = |row: &Value| match &row[column.name.as_str()] {
        Value::Null => None,
        Value::String(text) => text.parse::<Exact>().ok(),
        number => number.as_i64().map(Exact::from),
    };
    let numbers: Vec<Exact> = rows.iter().filter_map(number).collect();
    let Some(sum) = exact::sum(&numbers).and_then(Exact::decimal) else { return String::new() };
    match &column.kind {
        FieldKind::Money { .. } => reader.value(column, &Value::from(sum), dossier),
        _ => reader.words.decimal(&sum),
    }
}

/// The form of a table: what was just sent, or what is there, and some empty rows.
pub(crate) fn grid(
    reader: &Reader,
    name: &str,
    kind: &FieldKind,
    value: Option<&Value>,
    sent: Option<&Form>,
) -> Option<Grid> {
    let FieldKind::Rows { columns, max, .. } = kind else { return None };
    let max = usize::try_from(*max).unwrap_or(usize::MAX);
    let there = value.and_then(Value::as_array).map_or(0, Vec::len);
    let sent = sent.filter(|form| form.has(name));
    let shown = match sent {
        Some(form) => form.rows(name) + if form.get("more") == name { MORE } else { 0 },
        None => there + MORE,
    };
    let cell = |at: usize, column: &Field| {
        let own = value.and_then(|rows| rows.get(at)?.get(column.name.as_str()));
        Input::cell(reader, format!("{name}.{at}.{}", column.name), column, own, sent)
    };
    let rows = (0..shown.clamp(1, max)).map(|at| columns.iter().map(|column| cell(at, column)).collect());
    Some(Grid { columns: heads(reader, columns), rows: rows.collect(), more: shown < max })
}

/// What a form says of a table; rows without anything in them are left out. The error is the place of a cell that cannot be
/// read.
pub(crate) fn read(reader: &Reader, name: &str, columns: &[Field], form: &Form) -> Result<Value, String> {
    let mut rows = Vec::new();
    for at in 0..form.rows(name) {
        let mut row = serde_json::Map::new();
        for column in columns {
            let place = format!("{name}.{at}.{}", column.name);
            match input::parse(reader, &column.kind, form.get(&place)) {
                None => return Err(place),
                Some(Value::Null) => {}
                Some(value) => {
                    row.insert(column.name.to_string(), value);
                }
            }
        }
        if !row.is_empty() {
            rows.push(Value::Object(row));
        }
    }
    Ok(if rows.is_empty() { Value::Null } else { Value::Array(rows) })
}

/// The name of the cell in words, where a form could not be read: row and column.
pub(crate) fn cell_path(field: &FieldName, place: &str) -> String {
    let mut parts = place.rsplit('.');
    let (column, row) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let row = row.parse::<usize>().map_or(0, |row| row + 1);
    format!("{field}.{row}.{column}")
}
