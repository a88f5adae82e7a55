//! CSV files as offices make them: with or without a byte order mark, with either kind of line end, separated by commas (or by
//! semicolons, as Excel writes in Vietnamese). Gives records that know their place, or diagnostics.

use std::collections::HashMap;
use std::ops::Range;

use unicode_normalization::UnicodeNormalization;

use crate::diagnostic::{Diagnostic, did_you_mean, fault, say};
use crate::source::grid::Grid;
use crate::source::{SourceFile, Span};

/// Bytes that a file may have.
pub(super) const FILE_MAX: usize = 32 * 1024 * 1024;
/// Columns that a table may have.
const COLUMNS_MAX: usize = 500;
/// Cells that a table may have.
pub(super) const CELLS_MAX: usize = 1_000_000;
/// Faults that are told; more of the same help nobody.
pub(super) const FAULTS_MAX: usize = 50;

/// A file that was read: a header and records of as many cells.
#[derive(Clone, Debug)]
pub struct Table {
    file: SourceFile,
    delimiter: u8,
    columns: Vec<String>,
    header: Range<usize>,
    /// Where each name of the header stands.
    places: Vec<Range<usize>>,
    records: Vec<Record>,
}

#[derive(Clone, Debug)]
struct Record {
    range: Range<usize>,
    /// The line in which it begins, from 1; of a sheet, the row.
    line: usize,
    cells: Vec<String>,
}

/// One record of a table.
#[derive(Clone, Copy, Debug)]
pub struct Row<'t> {
    table: &'t Table,
    record: &'t Record,
}

/// Reads a file from its bytes. Cells are trimmed and brought to Unicode NFC; empty lines are left out.
///
/// # Errors
/// Every fault that keeps it from being a table: another encoding than UTF-8, no header, a column twice, records of another
/// length than the header, more than a table may have. Fifty of them at most.
pub fn read(name: &str, bytes: &[u8]) -> Result<Table, Vec<Diagnostic>> {
    of(decode(name, bytes).map_err(|fault| vec![*fault])?)
}

/// Reads a file that is text already.
///
/// # Errors
/// As for [`read`].
pub fn of(file: SourceFile) -> Result<Table, Vec<Diagnostic>> {
    if let Some(at) = file.text.find(['\u{fffd}', '\0']) {
        return Err(vec![fault!(ENCODING.lost, Span::new(&file.name, at..at))]);
    }
    let delimiter = delimiter(&file);
    let mut table = Table { delimiter, file, columns: vec![], header: 0..0, places: vec![], records: vec![] };
    let mut faults = table.fill();
    faults.truncate(FAULTS_MAX);
    if faults.is_empty() { Ok(table) } else { Err(faults) }
}

/// A table of cells that stand somewhere already, each row with the number that people call it by.
///
/// # Errors
/// As for [`read`].
pub fn of_rows(name: &str, columns: &[String], rows: &[(u32, Vec<String>)]) -> Result<Table, Vec<Diagnostic>> {
    let (mut text, mut starts) = (String::new(), Vec::new());
    for (number, cells) in std::iter::once((1, columns)).chain(rows.iter().map(|(number, cells)| (*number, &**cells))) {
        starts.push((text.len(), number));
        for (at, cell) in cells.iter().enumerate() {
            if at > 0 {
                text.push(',');
            }
            push_cell(&mut text, cell);
        }
        text.push('\n');
    }
    of(SourceFile::of_sheet(name, text, Grid { sheet: String::new(), first_column: 1, rows: starts }))
}

/// A cell as CSV writes it.
pub(super) fn push_cell(text: &mut String, cell: &str) {
    if cell.contains([',', '"', '\n', '\r']) {
        text.push('"');
        text.push_str(&cell.replace('"', "\"\""));
        text.push('"');
    } else {
        text.push_str(cell);
    }
}

/// A text file from its bytes; the only encoding is UTF-8. A byte order mark stays in the text, so that places are right.
///
/// # Errors
/// The bytes are something else; the diagnostic says what to do in Excel.
fn decode(name: &str, bytes: &[u8]) -> Result<SourceFile, Box<Diagnostic>> {
    let place = |at: usize| Span::new(name, at..at);
    if bytes.len() > FILE_MAX {
        return Err(Box::new(fault!(TOO_MUCH.megabytes, place(0), max = FILE_MAX / 1024 / 1024)));
    }
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(Box::new(fault!(ENCODING.utf16, place(0))));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let at = error.valid_up_to();
        let before = SourceFile::new(name, String::from_utf8_lossy(&bytes[..at]));
        let line = before.line_column(at).0;
        Box::new(fault!(ENCODING.byte, place(at), line))
    })?;
    Ok(SourceFile::new(name, text))
}

/// Whether a spreadsheet would take this text for a formula: such a cell may do things to whoever opens the file.
pub fn is_formula(text: &str) -> bool {
    let number = text.strip_prefix(['+', '-']).is_some_and(|rest| {
        rest.starts_with(|c: char| c.is_ascii_digit())
            && rest.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | ',' | ' '))
    });
    text.starts_with(['=', '+', '-', '@', '\t', '\r']) && !number
}

impl Table {
    fn fill(&mut self) -> Vec<Diagnostic> {
        let (found, mut faults) = self.found();
        let mut found = found.into_iter();
        let Some(header) = found.next() else {
            if faults.is_empty() {
                faults.push(fault!(NO_TABLE.empty, self.span(0..0)));
            }
            return faults;
        };
        self.places = self.places_in(&header.range).take(header.cells.len()).collect();
        self.header = header.range;
        self.columns = header.cells;
        self.records = found.collect();
        self.check_columns(&mut faults);
        self.check_lengths(&mut faults);
        faults
    }

    /// The records, the header first. What is more than a table may have is refused before it is kept: the file may be somebody
    /// else's, and must not cost much more than its bytes.
    fn found(&self) -> (Vec<Record>, Vec<Diagnostic>) {
        let text = &self.file.text;
        let too_many = || (Vec::new(), vec![fault!(TOO_MUCH.cells, self.span(0..0), max = CELLS_MAX)]);
        // The library notes where every cell of a record ends before anybody sees how many there are.
        if text.bytes().filter(|byte| *byte == self.delimiter).count() > CELLS_MAX {
            return too_many();
        }
        let start = bom(text);
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(self.delimiter)
            .from_reader(&text.as_bytes()[start..]);
        let (mut found, mut cells, mut counted): (Vec<Record>, usize, _) = (Vec::new(), 0, (0, 1));
        let mut record = csv::StringRecord::new();
        loop {
            let from = start + offset(reader.position());
            match reader.read_record(&mut record) {
                Ok(true) => {}
                Ok(false) => return (found, Vec::new()),
                Err(error) => {
                    return (found, vec![fault!(RAGGED.library, self.span(from..from), why = error.to_string())]);
                }
            }
            if record.iter().all(|cell| cell.trim().is_empty()) {
                continue;
            }
            let range = self.trimmed(from..start + offset(reader.position()));
            if found.is_empty() && record.len() > COLUMNS_MAX {
                let place = self.span(range.start..range.start);
                return (Vec::new(), vec![fault!(COLUMNS.many, place, n = record.len(), max = COLUMNS_MAX)]);
            }
            cells += record.len();
            if cells > CELLS_MAX {
                return too_many();
            }
            // Lines are counted on from the record before, not from the beginning.
            counted = (range.start, counted.1 + text[counted.0..range.start].matches('\n').count());
            let line = if self.file.grid().is_some() { self.file.line_column(range.start).0 } else { counted.1 };
            let cells = record.iter().map(|cell| cell.trim().nfc().collect()).collect();
            found.push(Record { range, line, cells });
        }
    }

    fn check_columns(&self, faults: &mut Vec<Diagnostic>) {
        let mut first: HashMap<&str, usize> = HashMap::new();
        for (at, name) in self.columns.iter().enumerate() {
            if faults.len() >= FAULTS_MAX {
                return;
            }
            if name.is_empty() {
                faults.push(fault!(COLUMNS.no_name, self.name_place(at), n = at + 1));
            } else if let Some(first) = first.get(name.as_str()) {
                faults.push(fault!(COLUMNS.twice, self.name_place(at), name).beside(self.name_place(*first)));
            } else {
                first.insert(name, at);
            }
        }
    }

    fn check_lengths(&self, faults: &mut Vec<Diagnostic>) {
        let columns = self.columns.len();
        let ragged = self.records.iter().filter(|record| record.cells.len() != columns);
        for record in ragged.take(FAULTS_MAX) {
            let cells = record.cells.len();
            faults.push(fault!(RAGGED.cells, self.span(record.range.clone()), cells, columns));
        }
    }

    /// The file, to show places in it.
    pub fn file(&self) -> &SourceFile {
        &self.file
    }

    /// The names of its columns.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// The same with columns under other names, by those that are written; places stay.
    #[must_use]
    pub fn renamed(mut self, names: &std::collections::BTreeMap<String, String>) -> Self {
        for column in &mut self.columns {
            if let Some(name) = names.get(column) {
                column.clone_from(name);
            }
        }
        self
    }

    /// Whether there is a column of this name.
    pub fn has(&self, column: &str) -> bool {
        self.columns.iter().any(|name| name == column)
    }

    /// Its records, in their order.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = Row<'_>> {
        self.records.iter().map(|record| Row { table: self, record })
    }

    /// A diagnostic for each of these columns that is not there.
    pub fn missing(&self, needed: &[&str]) -> Vec<Diagnostic> {
        let missing = needed.iter().filter(|column| !self.has(column));
        let fault = |column: &&str| {
            let list = self.columns.join(", ");
            fault!(COLUMNS.missing, self.span(self.header.clone()), name = column).help(say!(near.columns, list))
        };
        missing.map(fault).collect()
    }

    /// A diagnostic for each column that is none of these.
    pub fn unknown(&self, known: &[&str]) -> Vec<Diagnostic> {
        let unknown = self.columns.iter().enumerate().filter(|(_, name)| !known.contains(&name.as_str()));
        let fault = |(at, name): (usize, &String)| {
            let help = did_you_mean(name, known.iter().copied(), say!(near.none));
            fault!(COLUMNS.unknown, self.name_place(at), name).help(help)
        };
        unknown.map(fault).collect()
    }

    fn span(&self, range: Range<usize>) -> Span {
        Span { file: self.file.name.clone(), range }
    }

    /// A record's bytes without the line ends around it.
    fn trimmed(&self, range: Range<usize>) -> Range<usize> {
        let text = &self.file.text[range.clone()];
        let from = range.start + (text.len() - text.trim_start_matches(['\r', '\n']).len());
        from..from + text.trim_matches(['\r', '\n']).len()
    }

    /// Where the name of a column stands.
    fn name_place(&self, at: usize) -> Span {
        self.span(self.places.get(at).unwrap_or(&self.header).clone())
    }

    /// The bytes of each cell of a record, quotes included.
    fn places_in(&self, record: &Range<usize>) -> impl Iterator<Item = Range<usize>> {
        let (mut from, mut quoted) = (record.start, false);
        let bytes = self.file.text.as_bytes()[record.clone()].iter().zip(record.start..);
        let ends = bytes.filter_map(move |(byte, here)| {
            quoted ^= *byte == b'"';
            (*byte == self.delimiter && !quoted).then_some(here)
        });
        ends.chain(std::iter::once(record.end)).map(move |end| std::mem::replace(&mut from, end + 1)..end)
    }

    /// The bytes of a record's n-th cell; the whole record if it has fewer.
    fn cell(&self, record: &Range<usize>, n: usize) -> Range<usize> {
        self.places_in(record).nth(n).unwrap_or_else(|| record.clone())
    }
}

impl<'t> Row<'t> {
    /// The text of a cell; empty if there is no such column.
    pub fn get(&self, column: &str) -> &'t str {
        self.at(column).and_then(|at| self.record.cells.get(at)).map_or("", String::as_str)
    }

    /// The line in which the record begins, from 1; of a sheet, the row.
    pub fn line(&self) -> usize {
        self.record.line
    }

    /// Where a cell stands; where the record stands if there is no such column.
    pub fn place(&self, column: &str) -> Span {
        let range = match self.at(column) {
            Some(at) => self.table.cell(&self.record.range, at),
            None => self.record.range.clone(),
        };
        self.table.span(range)
    }

    fn at(&self, column: &str) -> Option<usize> {
        self.table.columns.iter().position(|name| name == column)
    }
}

fn bom(text: &str) -> usize {
    if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 }
}

fn offset(position: &csv::Position) -> usize {
    usize::try_from(position.byte()).unwrap_or(usize::MAX)
}

/// The separator is what the header uses: a comma, or else a semicolon or a tab.
fn delimiter(file: &SourceFile) -> u8 {
    if file.grid().is_some() {
        return b',';
    }
    let header = file.text.trim_start_matches('\u{feff}').lines().find(|line| !line.trim().is_empty()).unwrap_or("");
    [b',', b';', b'\t'].into_iter().find(|byte| header.as_bytes().contains(byte)).unwrap_or(b',')
}
