//! What a page shows: every hole filled, every text clean; the page only lays it out.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use super::{result_of, share};
use crate::dossier::{Dossier, Frozen, Row, RowResult, RowStatus};
use crate::ids::{FieldName, Text};
use crate::machine::{Block, Column, Draft, DraftTable, Field, FieldKind, RowsOf, Says, Signature};
use crate::templates::{Fields, Source, Voice};
use crate::words::Words;

/// Characters of a text on a paper.
const TEXT_MAX: usize = 8_000;

/// A whole paper.
#[derive(Debug, Serialize)]
pub(super) struct Sheet {
    agency: Vec<String>,
    motto: Vec<String>,
    number: String,
    place: String,
    title: String,
    about: String,
    to: Vec<String>,
    body: Vec<Part>,
    sign: Vec<Signed>,
    copies: Vec<String>,
}

/// A part of it.
#[derive(Debug, Serialize)]
struct Part {
    kind: &'static str,
    lines: Vec<String>,
    heads: Vec<String>,
    rows: Vec<Vec<Cell>>,
}

/// What stands in a column.
#[derive(Debug, Serialize)]
struct Cell {
    text: String,
    /// It is a number, and stands with those above and below it.
    number: bool,
}

/// Who signs.
#[derive(Debug, Serialize)]
struct Signed {
    role: Vec<String>,
    name: String,
}

impl Sheet {
    pub(super) fn new(draft: &Draft, source: &Source<'_>) -> Self {
        let line = |text: &Text| source.line(text, TEXT_MAX);
        let lines = |texts: &[Text]| texts.iter().map(line).filter(|line| !line.is_empty()).collect();
        let signed = |one: &Signature| Signed { role: lines(&one.role), name: line(&one.name) };
        Self {
            agency: lines(&draft.agency),
            motto: lines(&draft.motto),
            number: line(&draft.number),
            place: line(&draft.place),
            title: line(&draft.title),
            about: line(&draft.about),
            to: lines(&draft.to),
            body: draft.body.iter().filter_map(|block| part(block, source)).collect(),
            sign: draft.sign.iter().map(signed).collect(),
            copies: lines(&draft.copies),
        }
    }
}

fn part(block: &Block, source: &Source<'_>) -> Option<Part> {
    if !block.when.is_empty() && !source.holds(&block.when) {
        return None;
    }
    let said = |kind, text: &Text| Part {
        kind,
        lines: source.paragraphs(text, TEXT_MAX),
        heads: Vec::new(),
        rows: Vec::new(),
    };
    Some(match &block.says {
        Says::Heading(text) => said("heading", text),
        Says::Basis(text) => said("basis", text),
        Says::Text(text) => said("text", text),
        Says::Table(table) => {
            let rows = rows(table, source);
            if rows.is_empty() {
                return Some(said("text", &table.none));
            }
            let heads = table.columns.iter().map(|column| source.line(&column.title, TEXT_MAX)).collect();
            Part { kind: "table", lines: Vec::new(), heads, rows }
        }
    })
}

/// One row of a table: its columns, its values, and what else formulas about it see.
type Line<'d> = (&'d [Field], Fields, Vec<(&'static str, Value)>);

fn rows(table: &DraftTable, source: &Source<'_>) -> Vec<Vec<Cell>> {
    let mut made = Vec::new();
    for (columns, fields, known) in lines(&table.of, source) {
        let mut more: BTreeMap<String, Value> = source.more.clone();
        more.extend(known.into_iter().map(|(name, value)| (name.to_owned(), value)));
        // The place counts what stands there.
        more.insert("n".to_owned(), json!(made.len() + 1));
        let voice = Voice { date: Words::date_short, ..source.voice };
        let of_row = Source { voice, more: &more, row: Some((columns, &fields)), ..*source };
        if table.only.is_empty() || of_row.holds(&table.only) {
            made.push(table.columns.iter().map(|column| cell(column, &of_row)).collect());
        }
    }
    made
}

fn cell(column: &Column, source: &Source<'_>) -> Cell {
    let text = source.line(&column.value, TEXT_MAX);
    let number = text.chars().all(|c| c.is_ascii_digit() || " .,/%-".contains(c));
    Cell { text, number }
}

fn lines<'d>(of: &RowsOf, source: &Source<'d>) -> Vec<Line<'d>> {
    let (dossier, machine) = (source.dossier, source.voice.machine);
    match of {
        RowsOf::List => {
            // Those that stayed to the end were let go with it.
            let stays = |row: &&Row| matches!(row.status, RowStatus::Live | RowStatus::Released);
            dossier
                .rows
                .iter()
                .filter(stays)
                .map(|row| (machine.row.as_slice(), row.fields.clone(), Vec::new()))
                .collect()
        }
        RowsOf::Vote(vote) => {
            let results = result_of(dossier, vote.as_str()).into_iter().flat_map(|result| &result.rows);
            results.map(|row| voted(dossier, &machine.row, row)).collect()
        }
        RowsOf::Field(name) => {
            let columns = match machine.field(name).map(|field| &field.kind) {
                Some(FieldKind::Rows { columns, .. }) => columns.as_slice(),
                _ => &[],
            };
            let rows = dossier.fields.get(name).and_then(Value::as_array).into_iter().flatten();
            rows.map(|row| (columns, fields_of(row), Vec::new())).collect()
        }
    }
}

fn fields_of(row: &Value) -> Fields {
    let entries = row.as_object().into_iter().flatten();
    entries.map(|(name, value)| (FieldName::from(name.as_str()), value.clone())).collect()
}

/// What was voted on, with what came of it.
fn voted<'d>(dossier: &Dossier, columns: &'d [Field], result: &RowResult) -> Line<'d> {
    let row = dossier.rows.iter().find(|row| row.dossier == result.row);
    let (fields, caption) = row.map_or((Fields::new(), &dossier.caption), |row| (row.fields.clone(), &row.caption));
    let ballots = result.yes + result.no + result.abstain + result.invalid;
    let known = vec![
        ("caption", json!(caption)),
        ("yes", json!(result.yes)),
        ("no", json!(result.no)),
        ("abstain", json!(result.abstain)),
        ("invalid", json!(result.invalid)),
        ("ballots", json!(ballots)),
        ("base", json!(result.base)),
        ("needs", json!(share(result.needs))),
        ("passed", json!(result.passed)),
        ("rank", json!(result.rank)),
        ("paper_count", json!(result.papers.as_ref().map(|papers| papers.count))),
        ("paper_code", json!(result.papers.as_ref().map(Frozen::short))),
    ];
    (columns, fields, known)
}
