//! The files of a directory as records of cells, whichever way they were written: seven CSV files, or one YAML file.

use std::collections::{BTreeMap, BTreeSet};

use unicode_normalization::UnicodeNormalization;

use crate::diagnostic::{Diagnostic, fault};
use crate::sheet::csv;
use crate::source::{SourceFile, Span, Spanned};
use crate::yaml::fields::{self, Fields, Node, entries, items};

/// A kind of record: the file that has it, and its columns.
pub(super) struct Sheet {
    pub(super) name: &'static str,
    needed: &'static [&'static str],
    optional: &'static [&'static str],
}

pub(super) const UNITS: Sheet = Sheet {
    name: "units",
    needed: &["code", "name", "kind"],
    optional: &["parent", "legal_personality", "tags", "from", "until", "successors"],
};
pub(super) const PEOPLE: Sheet =
    Sheet { name: "people", needed: &["code", "name"], optional: &["address", "email", "language"] };
pub(super) const POSTS: Sheet =
    Sheet { name: "posts", needed: &["person", "unit", "post"], optional: &["from", "until"] };
pub(super) const BODIES: Sheet = Sheet { name: "bodies", needed: &["code", "name", "kind"], optional: &["unit"] };
pub(super) const SEATS: Sheet =
    Sheet { name: "seats", needed: &["body", "person", "seat"], optional: &["unit", "from", "until"] };
pub(super) const BINDINGS: Sheet =
    Sheet { name: "bindings", needed: &["root", "name", "unit"], optional: &["from", "until"] };
pub(super) const SUBSTITUTES: Sheet =
    Sheet { name: "substitutes", needed: &["person", "by"], optional: &["from", "until"] };
pub(super) const ASSISTANTS: Sheet =
    Sheet { name: "assistants", needed: &["person", "by"], optional: &["first", "from", "until"] };
const SHEETS: [&Sheet; 8] = [&UNITS, &PEOPLE, &POSTS, &BODIES, &SEATS, &BINDINGS, &SUBSTITUTES, &ASSISTANTS];

/// A record: its cells that are not empty, and its place.
pub(super) struct Record {
    cells: BTreeMap<&'static str, Spanned<String>>,
    pub(super) span: Span,
}

impl Record {
    /// The cell of a column, if it has something in it.
    pub(super) fn cell(&self, column: &str) -> Option<&Spanned<String>> {
        self.cells.get(column)
    }

    /// The text of a column; empty if nothing stands there.
    pub(super) fn text(&self, column: &str) -> &str {
        self.cell(column).map_or("", |cell| cell.value.as_str())
    }
}

/// The records of a directory, by sheet.
#[derive(Default)]
pub(super) struct Records {
    sheets: BTreeMap<&'static str, Vec<Record>>,
    /// Sheets that could not be read: what points into them cannot be judged.
    pub(super) broken: BTreeSet<&'static str>,
}

impl Records {
    /// The records of one sheet.
    pub(super) fn of(&self, sheet: &Sheet) -> &[Record] {
        self.sheets.get(sheet.name).map_or(&[], Vec::as_slice)
    }

    /// Reads whatever files there are.
    pub(super) fn read(files: &dyn Fn(&str) -> Option<SourceFile>, faults: &mut Vec<Diagnostic>) -> Self {
        let mut records = Self::default();
        let tables: Vec<_> =
            SHEETS.iter().filter_map(|sheet| Some((*sheet, files(&format!("{}.csv", sheet.name))?))).collect();
        match (files("directory.yaml"), tables.first()) {
            (Some(yaml), Some((_, table))) => {
                let span = |file: &SourceFile| Span { file: file.name.clone(), range: 0..0 };
                faults.push(fault!(KEYS_TOGETHER.directory_twice, span(&yaml)).beside(span(table)));
            }
            (Some(yaml), None) => records.read_yaml(&yaml, faults),
            (None, _) => {
                for (sheet, file) in &tables {
                    records.read_csv(sheet, file, faults);
                }
                for needed in [&UNITS, &PEOPLE] {
                    if !tables.iter().any(|(sheet, _)| sheet.name == needed.name) {
                        records.broken.insert(needed.name);
                        let name = format!("{}.csv", needed.name);
                        let span = Span { file: name.clone(), range: 0..0 };
                        faults.push(fault!(NO_FILE.sheet, span, name));
                    }
                }
            }
        }
        records
    }

    fn read_csv(&mut self, sheet: &Sheet, file: &SourceFile, faults: &mut Vec<Diagnostic>) {
        let table = match csv::of(file.clone()) {
            Ok(table) => table,
            Err(found) => {
                self.broken.insert(sheet.name);
                return faults.extend(found);
            }
        };
        if !table.has(sheet.needed[0]) {
            self.broken.insert(sheet.name);
        }
        faults.extend(table.missing(sheet.needed));
        faults.extend(table.unknown(&sheet.columns().collect::<Vec<_>>()));
        for row in table.rows() {
            let mut cells = BTreeMap::new();
            for column in sheet.columns().filter(|column| !row.get(column).is_empty()) {
                cells.insert(column, Spanned { value: row.get(column).to_owned(), span: row.place(column) });
            }
            self.take(sheet, Record { cells, span: row.place("") }, |column| table.has(column), faults);
        }
    }

    fn read_yaml(&mut self, file: &SourceFile, faults: &mut Vec<Diagnostic>) {
        let Some(root) = fields::read(file, faults) else { return };
        let known = ["chancery", "units", "people", "posts", "bodies", "bindings", "substitutes", "assistants"];
        let fields = Fields::of(&root, &known, faults);
        for sheet in SHEETS.iter().filter(|sheet| sheet.name != SEATS.name) {
            let Some(list) = fields.get(sheet.name) else { continue };
            for item in items(list, faults) {
                self.read_item(sheet, item, None, faults);
            }
        }
    }

    fn read_item(
        &mut self,
        sheet: &Sheet,
        item: &Spanned<Node>,
        body: Option<&Spanned<String>>,
        faults: &mut Vec<Diagnostic>,
    ) {
        let inner = if sheet.name == BODIES.name { Some("seats") } else { None };
        let known: Vec<&str> =
            sheet.columns().chain(inner).filter(|column| body.is_none() || *column != "body").collect();
        let fields = Fields::of(item, &known, faults);
        let mut cells = BTreeMap::new();
        if let Some(body) = body {
            cells.insert("body", body.clone());
        }
        for column in sheet.columns() {
            if let Some(node) = fields.get(column)
                && let Some(value) = cell_text(node, column, faults)
            {
                cells.insert(column, Spanned { value, span: node.span.clone() });
            }
        }
        let own = cells.get("code").cloned();
        let span = entries(item, &mut Vec::new()).first().map_or(item.span.clone(), |(key, _)| key.span.clone());
        self.take(sheet, Record { cells, span }, |_| true, faults);
        if let (Some(seats), Some(own)) = (inner.and_then(|inner| fields.get(inner)), own) {
            for seat in items(seats, faults) {
                self.read_item(&SEATS, seat, Some(&own), faults);
            }
        }
    }

    /// Takes a record; what is needed and not there is reported, unless its whole column is missing and was reported.
    fn take(&mut self, sheet: &Sheet, record: Record, has: impl Fn(&str) -> bool, faults: &mut Vec<Diagnostic>) {
        for column in sheet.needed.iter().filter(|column| has(column) && record.cell(column).is_none()) {
            faults.push(fault!(EMPTY_CELL.cell, &record.span, column));
        }
        for cell in record.cells.values().filter(|cell| csv::is_formula(&cell.value)) {
            faults.push(fault!(FORMULA_CELL.record, &cell.span, text = cell));
        }
        self.sheets.entry(sheet.name).or_default().push(record);
    }
}

impl Sheet {
    fn columns(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.needed.iter().chain(self.optional).copied()
    }
}

/// The text of a YAML value; a list becomes what a CSV cell would say.
fn cell_text(node: &Spanned<Node>, column: &str, faults: &mut Vec<Diagnostic>) -> Option<String> {
    let text = match &node.value {
        Node::Text(text) => text.clone(),
        Node::List(items) if ["tags", "successors"].contains(&column) => {
            let texts = items.iter().map(|item| if let Node::Text(text) = &item.value { text.as_str() } else { "" });
            texts.collect::<Vec<_>>().join(";")
        }
        Node::Null => return None,
        Node::List(_) | Node::Map(_) => {
            faults.push(fault!(WRONG_TYPE.no_text_here, &node.span, key = column));
            return None;
        }
    };
    let text: String = text.trim().nfc().collect();
    (!text.is_empty()).then_some(text)
}
