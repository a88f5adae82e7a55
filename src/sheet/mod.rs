//! Tables of rows as offices make them: CSV files, and sheets of Excel workbooks, which become the same rows of texts.

pub mod csv;
pub mod template;
pub mod xlsx;

use crate::diagnostic::Diagnostic;
use crate::source::SourceFile;
use csv::Table;

/// A file that was read: its text, to show places in it, and the table or every fault that keeps it from being one.
pub type Read = (SourceFile, Result<Table, Vec<Diagnostic>>);

/// Reads a file by what its bytes are: a workbook, of which the sheet of this name counts (or else the first that is not
/// hidden), or CSV, which has no sheets.
pub fn read(name: &str, bytes: &[u8], sheet: Option<&str>) -> Read {
    if !xlsx::is_workbook(bytes) {
        return (SourceFile::new(name, String::from_utf8_lossy(bytes)), csv::read(name, bytes));
    }
    let (file, faults) = xlsx::read(name, bytes, sheet);
    let table = if faults.is_empty() { csv::of(file.clone()) } else { Err(faults) };
    (file, table)
}
