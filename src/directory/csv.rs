//! CSV files as offices make them: with or without a byte order mark, with either kind of line end, separated by commas (or by
//! semicolons, as Excel writes in Vietnamese). Gives records that know their place, or diagnostics.

use std::ops::Range;

use unicode_normalization::UnicodeNormalization;

use crate::diagnostic::{Diagnostic, code, did_you_mean};
use crate::source::{SourceFile, Span};

/// Bytes that a file may have.
const FILE_MAX: usize = 32 * 1024 * 1024;
/// Faults that are told; more of the same help nobody.
const FAULTS_MAX: usize = 50;

/// A file that was read: a header and records of as many cells.
#[derive(Clone, Debug)]
pub struct Table {
    file: SourceFile,
    delimiter: u8,
    columns: Vec<String>,
    header: Range<usize>,
    records: Vec<Record>,
}

#[derive(Clone, Debug)]
struct Record {
    range: Range<usize>,
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
/// length than the header.
pub fn read(name: &str, bytes: &[u8]) -> Result<Table, Vec<Diagnostic>> {
    let file = decode(name, bytes).map_err(|fault| vec![*fault])?;
    let mut table = Table { delimiter: delimiter(&file.text), file, columns: vec![], header: 0..0, records: vec![] };
    let mut faults = table.fill();
    faults.truncate(FAULTS_MAX);
    if faults.is_empty() { Ok(table) } else { Err(faults) }
}

/// A text file from its bytes; the only encoding is UTF-8. A byte order mark stays in the text, so that places are right.
///
/// # Errors
/// The bytes are something else; the diagnostic says what to do in Excel.
pub fn decode(name: &str, bytes: &[u8]) -> Result<SourceFile, Box<Diagnostic>> {
    let fault = |code, at: usize, message: &str, label: &str| {
        let span = Span { file: name.to_owned(), range: at..at };
        Box::new(Diagnostic::error(code, message, span, label))
    };
    if bytes.len() > FILE_MAX {
        let message = format!("the file is larger than {} MB", FILE_MAX / 1024 / 1024);
        return Err(fault(code::TOO_MUCH, 0, &message, "it is not read"));
    }
    let help = "in Excel: File, Save As, \"CSV UTF-8 (Comma delimited)\"";
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(Box::new(fault(code::ENCODING, 0, "the file is UTF-16, not UTF-8", "here").help(help)));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let at = error.valid_up_to();
        let line = bytes[..at].split(|byte| *byte == b'\n').count();
        let message = format!("the file is not UTF-8: line {line} has a byte that does not belong there");
        Box::new(
            fault(code::ENCODING, at, &message, "an older encoding, as it seems (TCVN3, VNI, Windows-1258)").help(help),
        )
    })?;
    match text.find(['\u{fffd}', '\0']) {
        Some(at) => {
            let message = "letters were lost before the file came here";
            Err(Box::new(fault(code::ENCODING, at, message, "one of them").help(help)))
        }
        None => Ok(SourceFile::new(name, text)),
    }
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
        let start = bom(&self.file.text);
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(self.delimiter)
            .from_reader(&self.file.text.as_bytes()[start..]);
        let mut faults = Vec::new();
        let mut found: Vec<Record> = Vec::new();
        let mut record = csv::StringRecord::new();
        loop {
            let from = start + offset(reader.position());
            match reader.read_record(&mut record) {
                Ok(true) => {
                    let range = self.trimmed(from..start + offset(reader.position()));
                    let cells: Vec<String> = record.iter().map(|cell| cell.trim().nfc().collect()).collect();
                    if cells.iter().any(|cell| !cell.is_empty()) {
                        found.push(Record { range, cells });
                    }
                }
                Ok(false) => break,
                Err(error) => {
                    faults.push(self.fault(code::RAGGED, "the file cannot be read on", from..from, error.to_string()));
                    break;
                }
            }
        }
        let mut found = found.into_iter();
        let Some(header) = found.next() else {
            return vec![self.fault(
                code::NO_TABLE,
                "the file is empty",
                0..0,
                "a line with the names of columns is missing",
            )];
        };
        self.header = header.range;
        self.columns = header.cells;
        self.records = found.collect();
        self.check_columns(&mut faults);
        self.check_lengths(&mut faults);
        faults
    }

    fn check_columns(&self, faults: &mut Vec<Diagnostic>) {
        for (at, name) in self.columns.iter().enumerate() {
            let place = self.cell(&self.header, at);
            if name.is_empty() {
                faults.push(self.fault(code::COLUMNS, format!("column {} has no name", at + 1), place, "here"));
            } else if let Some(first) = self.columns[..at].iter().position(|other| other == name) {
                let first = self.span(self.cell(&self.header, first));
                let fault = self.fault(code::COLUMNS, format!("the column `{name}` stands twice"), place, "here again");
                faults.push(fault.also(first, "first here"));
            }
        }
    }

    fn check_lengths(&self, faults: &mut Vec<Diagnostic>) {
        for record in self.records.iter().filter(|record| record.cells.len() != self.columns.len()) {
            let message = format!("{} cells, but the header has {}", record.cells.len(), self.columns.len());
            let fault = self.fault(code::RAGGED, message, record.range.clone(), "in this line");
            faults.push(fault.help("a cell with a comma in it must stand in double quotes"));
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
            let fault = self.fault(
                code::COLUMNS,
                format!("the column `{column}` is missing"),
                self.header.clone(),
                "in this header",
            );
            fault.help(format!("the columns here are {}", self.columns.join(", ")))
        };
        missing.map(fault).collect()
    }

    /// A diagnostic for each column that is none of these.
    pub fn unknown(&self, known: &[&str]) -> Vec<Diagnostic> {
        let unknown = self.columns.iter().enumerate().filter(|(_, name)| !known.contains(&name.as_str()));
        let fault = |(at, name): (usize, &String)| {
            let place = self.cell(&self.header, at);
            let fault = self.fault(code::COLUMNS, format!("the column `{name}` is not known"), place, "not known here");
            fault.help(did_you_mean(name, known.iter().copied(), "there is none"))
        };
        unknown.map(fault).collect()
    }

    /// Line of a byte, from 1.
    fn line(&self, byte: usize) -> usize {
        self.file.line_column(byte).0
    }

    fn span(&self, range: Range<usize>) -> Span {
        Span { file: self.file.name.clone(), range }
    }

    fn fault(
        &self,
        code: &'static str,
        message: impl Into<String>,
        range: Range<usize>,
        label: impl Into<String>,
    ) -> Diagnostic {
        Diagnostic::error(code, message, self.span(range), label)
    }

    /// A record's bytes without the line ends around it.
    fn trimmed(&self, range: Range<usize>) -> Range<usize> {
        let text = &self.file.text[range.clone()];
        let from = range.start + (text.len() - text.trim_start_matches(['\r', '\n']).len());
        from..from + text.trim_matches(['\r', '\n']).len()
    }

    /// The bytes of a record's n-th cell, quotes included; the whole record if it has fewer.
    fn cell(&self, record: &Range<usize>, n: usize) -> Range<usize> {
        let (mut at, mut from, mut quoted) = (0, record.start, false);
        for (byte, here) in self.file.text.as_bytes()[record.clone()].iter().zip(record.start..) {
            if *byte == b'"' {
                quoted = !quoted;
            } else if *byte == self.delimiter && !quoted {
                if at == n {
                    return from..here;
                }
                at += 1;
                from = here + 1;
            }
        }
        if at == n { from..record.end } else { record.clone() }
    }
}

impl<'t> Row<'t> {
    /// The text of a cell; empty if there is no such column.
    pub fn get(&self, column: &str) -> &'t str {
        self.at(column).and_then(|at| self.record.cells.get(at)).map_or("", String::as_str)
    }

    /// The line in which the record begins, from 1.
    pub fn line(&self) -> usize {
        self.table.line(self.record.range.start)
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
fn delimiter(text: &str) -> u8 {
    let header = text.trim_start_matches('\u{feff}').lines().find(|line| !line.trim().is_empty()).unwrap_or("");
    [b',', b';', b'\t'].into_iter().find(|byte| header.as_bytes().contains(byte)).unwrap_or(b',')
}
