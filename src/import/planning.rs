//! Going through the rows, collecting what they mean and every fault.

use std::collections::BTreeMap;

use serde_json::Value;

use super::labels::Labels;
use super::{OpeningEntry, PaperNames, Planned, PlannedPaper, cells};
use crate::diagnostic::{Diagnostic, fault, nearest, said, say};
use crate::directory::Directory;
use crate::dossier::taken::Key;
use crate::ids::FieldName;
use crate::machine::{FieldKind, Import, Machine};
use crate::sheet::csv::{Row, Table, is_formula};
use crate::source::Span;

/// Rows that a file may have.
const ROWS_MAX: usize = 20_000;

/// What every row means, and every fault, those of the header and those of the rows together.
pub(super) fn rows(
    table: &Table,
    machine: &Machine,
    import: &Import,
    directory: &Directory,
    papers: Option<&PaperNames>,
) -> (Vec<Planned>, BTreeMap<String, usize>, Vec<Diagnostic>) {
    let labels = Labels::new(machine, directory);
    let (faults, seen, others) = (Vec::new(), BTreeMap::new(), BTreeMap::new());
    let mut planning = Planning { machine, import, labels, papers, faults, seen, others };
    planning.columns(table);
    let rows = if table.rows().len() > ROWS_MAX { Vec::new() } else { planning.rows(table) };
    planning.faults.sort_by_key(|fault| fault.labels.first().map_or(0, |label| label.span.range.start));
    (rows, planning.others, planning.faults)
}

/// The work in progress.
struct Planning<'a> {
    machine: &'a Machine,
    import: &'a Import,
    labels: Labels<'a>,
    papers: Option<&'a PaperNames>,
    faults: Vec<Diagnostic>,
    /// Where each key stood first.
    seen: BTreeMap<String, Span>,
    /// Rows that are other workflows', by the word that says so.
    others: BTreeMap<String, usize>,
}

impl Planning<'_> {
    fn columns(&mut self, table: &Table) {
        self.faults.extend(table.missing(&self.import.needed_columns()));
        self.faults.extend(table.unknown(&self.import.every_column()));
        if table.rows().len() > ROWS_MAX {
            let (place, rows) = (Span::new(&table.file().name, 0..0), table.rows().len());
            self.faults.push(fault!(IMPORT_ROWS.rows, place, rows, max = ROWS_MAX));
        }
    }

    fn rows(&mut self, table: &Table) -> Vec<Planned> {
        let mut rows = Vec::new();
        for row in table.rows() {
            if let Some(word) = other(self.import, table, row) {
                *self.others.entry(word.to_owned()).or_default() += 1;
                continue;
            }
            self.formulas(table, row);
            let key = self.key(table, row);
            let fields = self.fields(row);
            let register = self.register(table, row, &fields);
            // Papers are found by the key, if there is one.
            let keyed = self.import.key.iter().all(|column| table.has(column));
            let papers = if keyed { self.row_papers(row, &key) } else { Vec::new() };
            rows.push(Planned { key, line: row.line(), fields, papers, register });
        }
        rows
    }

    /// A cell that a spreadsheet would run does not come in, wherever it stands.
    fn formulas(&mut self, table: &Table, row: Row<'_>) {
        for column in table.columns().iter().filter(|column| is_formula(row.get(column))) {
            self.faults.push(fault!(FORMULA_CELL.cell, row.place(column)));
        }
    }

    /// The values of the key's columns with `/` between them: the name of the row, and of the folder of its papers.
    fn key(&mut self, table: &Table, row: Row<'_>) -> String {
        let columns = &self.import.key;
        // Of a column that is not there, that is said once, at the header.
        let mut whole = columns.iter().all(|column| table.has(column));
        for column in columns.iter().filter(|column| table.has(column)) {
            let (part, place) = (row.get(column), row.place(column));
            let fault = if part.is_empty() {
                fault!(IMPORT_KEY.empty, place, column)
            } else if columns.len() > 1 && part.contains('/') {
                fault!(IMPORT_KEY.slash, place, part)
            } else {
                continue;
            };
            whole = false;
            self.faults.push(fault);
        }
        let key = columns.iter().map(|column| row.get(column)).collect::<Vec<_>>().join("/");
        let Some(place) = columns.last().filter(|_| whole).map(|column| row.place(column)) else { return key };
        if let Some(first) = self.seen.get(&key) {
            self.faults.push(fault!(IMPORT_KEY.twice, place, key).beside(first));
        } else {
            self.seen.insert(key.clone(), place);
        }
        key
    }

    fn fields(&mut self, row: Row<'_>) -> BTreeMap<FieldName, Value> {
        let mut fields = BTreeMap::new();
        for (column, names) in &self.import.columns {
            let text = row.get(column);
            if text.is_empty() {
                continue;
            }
            match self.cell(text, names) {
                Ok(values) => fields.extend(values),
                Err(fault) => self.fault(fault, row, column),
            }
        }
        fields
    }

    /// Every field takes the value; of those that name something in the directory each takes what it knows, and one must.
    fn cell(&self, text: &str, names: &[FieldName]) -> Result<Vec<(FieldName, Value)>, cells::Fault> {
        let (mut values, mut strangers, mut known) = (Vec::new(), Vec::new(), false);
        for field in names.iter().filter_map(|name| self.machine.field(name)) {
            let listed = matches!(field.kind, FieldKind::Person | FieldKind::Unit | FieldKind::Body);
            match cells::value(&field.kind, text, &self.labels) {
                Ok(value) => {
                    known |= listed;
                    values.push((field.name.clone(), value));
                }
                Err(fault) if listed => strangers.push(fault),
                Err(fault) => return Err(fault),
            }
        }
        match strangers.len() {
            0 => Ok(values),
            _ if known => Ok(values),
            1 => Err(strangers.remove(0)),
            _ => {
                let help = strangers.into_iter().find_map(|(_, help)| help);
                Err((said!(IMPORT_VALUE.nobody, text), help))
            }
        }
    }

    fn register(&mut self, table: &Table, row: Row<'_>, fields: &BTreeMap<FieldName, Value>) -> Vec<OpeningEntry> {
        let Some(rule) = &self.import.register else { return Vec::new() };
        let text = row.get(&rule.column);
        if text.is_empty() {
            return Vec::new();
        }
        let Some(holder) = self.holder(fields) else {
            // Whom it is about may stand in a column that is not there.
            if self.import.columns.keys().all(|column| table.has(column)) {
                self.fault((said!(IMPORT_REGISTER.no_holder), None), row, &rule.column);
            }
            return Vec::new();
        };
        let mut entries = Vec::new();
        for part in text.split(';').map(str::trim).filter(|part| !part.is_empty()) {
            if let Some((key, year)) = entry(part) {
                let register = rule.register.clone();
                let book = self.machine.registers.get(&register);
                let once = book.and_then(|book| book.once(&holder, &key, year));
                let once = once.map(|once| Key::of_register(&register, once));
                entries.push(OpeningEntry { register, holder: holder.clone(), key, year, once, evidence: None });
            } else {
                self.fault((said!(IMPORT_REGISTER.entry, text = part), None), row, &rule.column);
            }
        }
        entries
    }

    /// Whose the entries are: the dossier's subject.
    fn holder(&self, fields: &BTreeMap<FieldName, Value>) -> Option<String> {
        let name = self.machine.subject.iter().find(|name| fields.contains_key(*name))?;
        let value = fields.get(name)?.as_str()?;
        match self.machine.field(name)?.kind {
            FieldKind::Person => Some(value.to_owned()),
            FieldKind::Unit => Some(format!("unit:{value}")),
            _ => None,
        }
    }

    fn row_papers(&mut self, row: Row<'_>, key: &str) -> Vec<PlannedPaper> {
        let (Some(column), Some(names)) = (&self.import.papers, self.papers) else { return Vec::new() };
        let mut papers = Vec::new();
        for kind in row.get(column).split(';').map(str::trim).filter(|kind| !kind.is_empty()) {
            let is_file = self.machine.field(&FieldName::new(kind)).is_some_and(|field| field.kind == FieldKind::File);
            if !self.machine.papers.contains_key(kind) && !is_file {
                let near = nearest(kind, self.machine.papers.keys().map(String::as_str));
                let help = near.map(|near| say!(near.meant, near));
                self.fault((said!(IMPORT_PAPER.kind, kind), help), row, column);
                continue;
            }
            let found: Vec<&String> = names.get(key).into_iter().flatten().filter(|name| stem(name) == kind).collect();
            match found.as_slice() {
                [one] => papers.push(PlannedPaper { kind: kind.to_owned(), name: (*one).clone() }),
                [] => self.fault((said!(IMPORT_PAPER.no_file, key, kind), None), row, column),
                _ => self.fault((said!(IMPORT_PAPER.files, key, kind), None), row, column),
            }
        }
        papers
    }

    fn fault(&mut self, (says, help): cells::Fault, row: Row<'_>, column: &str) {
        let fault = Diagnostic::new(says, row.place(column)).here(say!(near.column, column));
        self.faults.push(match help {
            Some(help) => fault.help(help),
            None => fault,
        });
    }
}

/// Whether a row is the workflow's; of a column that is not there, that is said at the header.
pub(super) fn other<'r>(import: &Import, table: &Table, row: Row<'r>) -> Option<&'r str> {
    let other = |(column, words): &(&String, &Vec<String>)| {
        table.has(column) && !words.iter().any(|word| word == row.get(column))
    };
    import.only.iter().find(other).map(|(column, _)| row.get(column))
}

/// `key:year`.
fn entry(part: &str) -> Option<(String, i32)> {
    let (key, year) = part.rsplit_once(':')?;
    let (key, year) = (key.trim(), year.trim().parse().ok()?);
    (!key.is_empty() && (1900..=2200).contains(&year)).then(|| (key.to_owned(), year))
}

fn stem(name: &str) -> &str {
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}
