//! Sheets of Excel workbooks (Office Open XML) as lines of cells. What a cell shows becomes a text: a day `2026-05-01`, a number
//! without rounding, a code with the zeros before it. What would not come over as it looks (a formula, an error, merged cells,
//! percentages, more digits than Excel keeps) is a fault with the cell's name.
//!
//! A workbook is a ZIP file from somebody else: it is unpacked once, counted and thrown away, before anything reads it.

use std::collections::BTreeSet;
use std::io::{Cursor, Read as _};
use std::ops::Range;

use calamine::{DataRef, ExcelDateTime, Reader as _, SheetType, SheetVisible, Xlsx};
use unicode_normalization::UnicodeNormalization as _;

use super::csv::{CELLS_MAX, FAULTS_MAX, FILE_MAX, push_cell};
use crate::diagnostic::{Diagnostic, did_you_mean, fault, say};
use crate::source::grid::{Grid, a1};
use crate::source::{SourceFile, Span};

/// Bytes that a workbook may have when it is unpacked.
const UNPACKED_MAX: u64 = 64 * 1024 * 1024;
/// Parts that a workbook may have.
const PARTS_MAX: usize = 2_000;
/// Bytes that the styles of a workbook may become: each cell format gets a copy of the names that it refers to.
const STYLES_MAX: usize = 128 * 1024 * 1024;
/// Bytes that a cell format becomes besides.
const STYLE_SIZE: usize = 1024;
/// Characters that Excel lets a cell have.
const CELL_CHARS_MAX: usize = 32_767;
/// Whole numbers from here on have more digits than Excel keeps.
const DIGITS_MAX: f64 = 1e15;

/// Whether these bytes are meant as a workbook: a ZIP file, or the container of older Excel files.
pub fn is_workbook(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK") || is_compound(bytes)
}

/// The container in which Excel kept files before 2007, and keeps those with a password.
fn is_compound(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0xd0, 0xcf, 0x11, 0xe0])
}

/// Reads the sheet of this name, or else the first one that is not hidden; with every fault in it.
pub fn read(name: &str, bytes: &[u8], sheet: Option<&str>) -> (SourceFile, Vec<Diagnostic>) {
    let nothing = || SourceFile::new(name, "");
    let mut book = match open(name, bytes) {
        Ok(book) => book,
        Err(fault) => return (nothing(), vec![*fault]),
    };
    match chosen(&book, name, sheet).and_then(|sheet| cells(&mut book, name, &sheet).map(|cells| (sheet, cells))) {
        Ok((sheet, cells)) => lines(name, &sheet, &cells),
        Err(fault) => (nothing(), vec![*fault]),
    }
}

/// The names of its sheets, in their order.
///
/// # Errors
/// The bytes are no workbook that can be read.
pub fn sheets(name: &str, bytes: &[u8]) -> Result<Vec<String>, Box<Diagnostic>> {
    Ok(open(name, bytes)?.sheet_names())
}

type Book<'b> = Xlsx<Cursor<&'b [u8]>>;

fn open<'b>(name: &str, bytes: &'b [u8]) -> Result<Book<'b>, Box<Diagnostic>> {
    let place = || Span::new(name, 0..0);
    if is_compound(bytes) {
        return Err(Box::new(fault!(WORKBOOK.older, place())));
    }
    if bytes.len() > FILE_MAX {
        return Err(Box::new(fault!(TOO_MUCH.megabytes, place(), max = FILE_MAX / 1024 / 1024)));
    }
    match unpacked(bytes) {
        Some(true) => {}
        Some(false) => return Err(Box::new(fault!(TOO_MUCH.megabytes, place(), max = UNPACKED_MAX / 1024 / 1024))),
        None => return Err(Box::new(fault!(WORKBOOK.broken, place()))),
    }
    Xlsx::new(Cursor::new(bytes)).map_err(|_| Box::new(fault!(WORKBOOK.broken, place())))
}

/// Whether what comes out is little enough, counted up to a little more than is allowed, whatever the file says of itself.
fn unpacked(bytes: &[u8]) -> Option<bool> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).ok()?;
    if archive.len() > PARTS_MAX {
        return None;
    }
    let mut total = 0;
    for at in 0..archive.len() {
        let part = archive.by_index(at).ok()?;
        let is_styles = part.name().ok()?.to_ascii_lowercase().ends_with("styles.xml");
        let mut part = part.take(UNPACKED_MAX + 1 - total);
        if is_styles {
            let mut styles = Vec::new();
            total += u64::try_from(part.read_to_end(&mut styles).ok()?).ok()?;
            if styles_size(&styles) > STYLES_MAX {
                return Some(false);
            }
        } else {
            total += std::io::copy(&mut part, &mut std::io::sink()).ok()?;
        }
        if total > UNPACKED_MAX {
            return Some(false);
        }
    }
    Some(true)
}

/// What styles become at most: every cell format with the longest texts that stand between quotes, for its font and its number.
fn styles_size(styles: &[u8]) -> usize {
    let longest = styles.split(|byte| matches!(byte, b'"' | b'\'')).map(<[u8]>::len).max().unwrap_or_default();
    let formats = styles.windows(3).filter(|found| matches!(found, [b'<' | b':', b'x', b'f'])).count();
    formats.saturating_mul(STYLE_SIZE + 2 * longest)
}

fn chosen(book: &Book<'_>, name: &str, sheet: Option<&str>) -> Result<String, Box<Diagnostic>> {
    let all = book.sheets_metadata().iter().filter(|one| one.typ == SheetType::WorkSheet);
    let place = || Span::new(name, 0..0);
    let Some(wanted) = sheet else {
        let shown = all.clone().find(|one| one.visible == SheetVisible::Visible);
        return shown.map(|one| one.name.clone()).ok_or_else(|| Box::new(fault!(WORKBOOK.no_sheet, place())));
    };
    let names: Vec<&str> = all.map(|one| one.name.as_str()).collect();
    let same = |one: &&&str| one.nfc().eq(wanted.nfc());
    names.iter().find(same).map(|one| (*one).to_owned()).ok_or_else(|| {
        let none = say!(near.sheets, list = names.join(", "));
        let help = did_you_mean(wanted, names.iter().copied(), none);
        Box::new(fault!(WORKBOOK.sheet, place(), sheet = wanted).help(help))
    })
}

/// What keeps a cell from being a text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wrong {
    Formula,
    Error,
    Percent,
    Digits,
    Duration,
    Merged,
}

/// A cell that is not empty.
struct Cell {
    row: u32,
    column: u32,
    text: String,
    wrong: Option<Wrong>,
}

/// Every cell that is not empty, by rows.
fn cells(book: &mut Book<'_>, name: &str, sheet: &str) -> Result<Vec<Cell>, Box<Diagnostic>> {
    let broken = |_| Box::new(fault!(WORKBOOK.broken, Span::new(name, 0..0)));
    let mut found = values(book, sheet).map_err(broken)?.map_err(|over| Box::new(over.told(name)))?;
    let formulas = formulas(book, sheet).map_err(broken)?;
    let merged = book.merge_cells_by_sheet_name(sheet).map_err(broken)?;
    for (row, column) in formulas {
        match found.binary_search_by_key(&(row, column), |cell| (cell.row, cell.column)) {
            Ok(at) => found[at].wrong = Some(Wrong::Formula),
            Err(at) => found.insert(at, Cell { row, column, text: String::new(), wrong: Some(Wrong::Formula) }),
        }
    }
    // Of merged cells, the first holds what all of them show.
    let first: BTreeSet<(u32, u32)> =
        merged.iter().filter(|area| area.end != area.start).map(|area| area.start).collect();
    for cell in found.iter_mut().filter(|cell| cell.wrong.is_none() && first.contains(&(cell.row, cell.column))) {
        cell.wrong = Some(Wrong::Merged);
    }
    Ok(found)
}

/// More than is taken of a sheet, however little the file is.
enum Over {
    /// The texts of its cells together.
    Text,
    /// The text of one cell.
    Cell(u32, u32),
}

impl Over {
    fn told(&self, name: &str) -> Diagnostic {
        let place = Span::new(name, 0..0);
        match self {
            Self::Text => fault!(TOO_MUCH.megabytes, place, max = FILE_MAX / 1024 / 1024),
            Self::Cell(row, column) => {
                fault!(TOO_MUCH.cell, place, cell = a1(row + 1, column + 1), max = CELL_CHARS_MAX)
            }
        }
    }
}

/// The cells in which something stands. A text that many cells share is as long in each of them, so what comes out is counted.
fn values(book: &mut Book<'_>, sheet: &str) -> Result<Result<Vec<Cell>, Over>, calamine::XlsxError> {
    let mut reader = book.worksheet_cells_reader(sheet)?;
    let zeros: Vec<(usize, bool)> = reader
        .styles()
        .iter()
        .map(|style| {
            let code = style.number_format.as_ref().map_or("", |format| format.format_code.as_str());
            (zeros(code), code.contains('%'))
        })
        .collect();
    let (mut found, mut bytes) = (Vec::new(), 0);
    while let Some((cell, style)) = reader.next_cell_with_style_id()? {
        let (row, column) = cell.get_position();
        let (width, percent) = zeros.get(style).copied().unwrap_or_default();
        let value = cell.get_value();
        if width > CELL_CHARS_MAX || text_of(value).is_some_and(|text| text.chars().nth(CELL_CHARS_MAX).is_some()) {
            return Ok(Err(Over::Cell(row, column)));
        }
        let (text, wrong) = said(value, width, percent);
        bytes += text.len();
        if bytes > FILE_MAX {
            return Ok(Err(Over::Text));
        }
        let text: String = text.trim().nfc().collect();
        if !text.is_empty() || wrong.is_some() {
            found.push(Cell { row, column, text, wrong });
        }
        // One more than the rectangle may have is enough to say so.
        if found.len() > CELLS_MAX {
            break;
        }
    }
    found.sort_by_key(|cell| (cell.row, cell.column));
    found.dedup_by_key(|cell| (cell.row, cell.column));
    Ok(Ok(found))
}

/// The text that a file holds for a cell, if it holds one.
fn text_of<'c>(value: &'c DataRef<'_>) -> Option<&'c str> {
    match value {
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => Some(text),
        DataRef::SharedString(text) => Some(text),
        DataRef::Empty
        | DataRef::Bool(_)
        | DataRef::Int(_)
        | DataRef::Float(_)
        | DataRef::DateTime(_)
        | DataRef::Error(_) => None,
    }
}

fn formulas(book: &mut Book<'_>, sheet: &str) -> Result<Vec<(u32, u32)>, calamine::XlsxError> {
    let mut reader = book.worksheet_cells_reader(sheet)?;
    let mut found = Vec::new();
    while let Some(cell) = reader.next_cell_with_formula_metadata()? {
        if cell.formula.is_some() && found.len() < FAULTS_MAX {
            found.push(cell.pos);
        }
    }
    Ok(found)
}

/// How many digits a number is shown with at least, where its format is nothing but zeros: `000` shows 7 as 007.
fn zeros(code: &str) -> usize {
    if code.bytes().all(|byte| byte == b'0') { code.len() } else { 0 }
}

/// The text of a value, or what is wrong with it.
fn said(value: &DataRef<'_>, width: usize, percent: bool) -> (String, Option<Wrong>) {
    match value {
        DataRef::Empty => (String::new(), None),
        DataRef::String(text) => (text.clone(), None),
        DataRef::SharedString(text) => ((*text).to_owned(), None),
        DataRef::DateTimeIso(text) => (text.clone(), None),
        DataRef::Bool(value) => (value.to_string(), None),
        DataRef::Int(_) | DataRef::Float(_) if percent => (number(value), Some(Wrong::Percent)),
        DataRef::Int(_) | DataRef::Float(_) => {
            let text = number(value);
            let wrong = text.is_empty().then_some(Wrong::Digits);
            let short =
                if text.bytes().all(|byte| byte.is_ascii_digit()) { width.saturating_sub(text.len()) } else { 0 };
            ("0".repeat(short) + &text, wrong)
        }
        DataRef::DateTime(when) if when.is_datetime() => (day(*when), None),
        DataRef::DateTime(when) => (when.as_f64().to_string(), Some(Wrong::Duration)),
        DataRef::DurationIso(text) => (text.clone(), Some(Wrong::Duration)),
        DataRef::Error(error) => (error.to_string(), Some(Wrong::Error)),
    }
}

/// A number with the fifteen digits that Excel keeps; nothing if a whole one has more.
fn number(value: &DataRef<'_>) -> String {
    let value = match value {
        #[expect(clippy::cast_precision_loss, reason = "what has more digits is refused below")]
        DataRef::Int(value) => *value as f64,
        DataRef::Float(value) => *value,
        _ => return String::new(),
    };
    if !value.is_finite() || value.abs() >= DIGITS_MAX {
        return String::new();
    }
    let whole = value.abs().trunc();
    let used = if whole < 1.0 { 1 } else { whole.to_string().len() };
    let text = format!("{value:.*}", 15_usize.saturating_sub(used));
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

/// A day, with its time where there is one.
fn day(when: ExcelDateTime) -> String {
    let (year, month, day, hour, minute, second, _) = when.to_ymd_hms_milli();
    let date = format!("{year:04}-{month:02}-{day:02}");
    if (hour, minute, second) == (0, 0, 0) { date } else { format!("{date} {hour:02}:{minute:02}:{second:02}") }
}

/// The lines of cells: everything between the first and the last column in which something stands.
fn lines(name: &str, sheet: &str, cells: &[Cell]) -> (SourceFile, Vec<Diagnostic>) {
    let (mut text, mut rows, mut wrong) = (String::new(), Vec::new(), Vec::new());
    let first = cells.iter().map(|cell| cell.column).min().unwrap_or_default();
    let last = cells.iter().map(|cell| cell.column).max().unwrap_or_default();
    let width = (last - first + 1) as usize;
    let height = cells.chunk_by(|one, next| one.row == next.row).count();
    if height.saturating_mul(width) > CELLS_MAX {
        let cell = cells.iter().find(|cell| cell.column == last).map(|cell| a1(cell.row + 1, last + 1));
        let (cell, place) = (cell.unwrap_or_default(), Span::new(name, 0..0));
        return (SourceFile::new(name, ""), vec![fault!(WORKBOOK.wide, place, sheet, cell, max = CELLS_MAX)]);
    }
    for row in cells.chunk_by(|one, next| one.row == next.row) {
        rows.push((text.len(), row[0].row + 1));
        let mut here = row.iter().peekable();
        for column in first..=last {
            if column > first {
                text.push(',');
            }
            let Some(cell) = here.next_if(|cell| cell.column == column) else { continue };
            let start = text.len();
            push_cell(&mut text, &cell.text);
            wrong.extend(cell.wrong.map(|what| (what, start..text.len())));
        }
        text.push('\n');
    }
    let faults = wrong.into_iter().take(FAULTS_MAX).map(|(what, range)| told(what, name, range)).collect();
    let grid = Grid { sheet: sheet.to_owned(), first_column: first + 1, rows };
    (SourceFile::of_sheet(name, text, grid), faults)
}

fn told(what: Wrong, name: &str, range: Range<usize>) -> Diagnostic {
    let place = Span::new(name, range);
    match what {
        Wrong::Formula => fault!(FORMULA_CELL.cell, place),
        Wrong::Error => fault!(SHEET_CELL.error, place),
        Wrong::Percent => fault!(SHEET_CELL.percent, place),
        Wrong::Digits => fault!(SHEET_CELL.digits, place),
        Wrong::Duration => fault!(SHEET_CELL.duration, place),
        Wrong::Merged => fault!(SHEET_CELL.merged, place),
    }
}
