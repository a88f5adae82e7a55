//! An empty list to be filled in, as an Excel workbook: columns that keep what is typed, words to choose from, and a second sheet
//! that says what each column is.

use rust_xlsxwriter::{
    DataValidation, DocProperties, ExcelDateTime, Format, FormatBorder, Formula, Note, Workbook, Worksheet, XlsxError,
};

/// Rows that are prepared.
const ROWS: u32 = 2_000;

/// A column of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// What officers call it.
    pub label: String,
    /// The label is understood in the first row as well as the name, and stands there.
    pub by_label: bool,
    /// What may be written there, in words.
    pub means: String,
    /// Whether it holds days.
    pub day: bool,
    /// What is chosen from, each with its title; empty where anything may be written.
    pub words: Vec<(String, String)>,
    /// The titles are understood in cells as well as the words, and are what is chosen.
    pub by_title: bool,
}

impl Column {
    /// What stands in the first row.
    fn head(&self) -> &str {
        if self.by_label { &self.label } else { &self.name }
    }
}

/// What stands on the sheets besides the columns, in the reader's language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said<'s> {
    /// The name of the sheet that is filled in.
    pub sheet: &'s str,
    /// The name of the sheet that explains it.
    pub guide: &'s str,
    /// Above the names of columns there.
    pub column: &'s str,
    /// Above what they mean.
    pub means: &'s str,
}

/// The workbook; the same columns give the same bytes.
///
/// # Errors
/// A name is none that a sheet may have.
pub fn template(columns: &[Column], said: &Said<'_>) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let made = ExcelDateTime::from_ymd(2000, 1, 1)?;
    book.set_properties(&DocProperties::new().set_creation_datetime(&made));
    let head = Format::new().set_bold().set_border_bottom(FormatBorder::Thin);
    let list = book.add_worksheet();
    list.set_name(said.sheet)?;
    let (text, day) = (Format::new().set_num_format("@"), Format::new().set_num_format("yyyy-mm-dd"));
    let mut words = 0;
    for (at, column) in (0..).zip(columns) {
        list.set_column_width(at, 18)?.set_column_format(at, if column.day { &day } else { &text })?;
        list.write_string_with_format(0, at, column.head(), &head)?;
        let about =
            if column.means.is_empty() { column.label.clone() } else { format!("{}: {}", column.label, column.means) };
        list.insert_note(0, at, &Note::new(about).add_author_prefix(false))?;
        if !column.words.is_empty() {
            let last = column.words.len() + 1;
            let letters = letters(3 + words + u32::from(column.by_title));
            let from = Formula::new(format!("='{}'!${letters}$2:${letters}${last}", said.guide.replace('\'', "''")));
            list.add_data_validation(1, at, ROWS, at, &DataValidation::new().allow_list_formula(from))?;
            words += 2;
        }
    }
    list.set_freeze_panes(1, 0)?;
    guide(book.add_worksheet(), columns, said, &head)?;
    book.save_to_buffer()
}

fn guide(sheet: &mut Worksheet, columns: &[Column], said: &Said<'_>, head: &Format) -> Result<(), XlsxError> {
    sheet.set_name(said.guide)?.set_column_width(0, 22)?.set_column_width(1, 60)?;
    sheet.write_string_with_format(0, 0, said.column, head)?.write_string_with_format(0, 1, said.means, head)?;
    for (row, column) in (1..).zip(columns) {
        sheet.write_string(row, 0, &column.name)?;
        let means =
            if column.means.is_empty() { column.label.clone() } else { format!("{}. {}", column.label, column.means) };
        sheet.write_string(row, 1, means)?;
    }
    for (at, column) in (3..).step_by(2).zip(columns.iter().filter(|column| !column.words.is_empty())) {
        sheet.write_string_with_format(0, at, &column.name, head)?.write_string_with_format(
            0,
            at + 1,
            &column.label,
            head,
        )?;
        for (row, (word, title)) in (1..).zip(&column.words) {
            sheet.write_string(row, at, word)?.write_string(row, at + 1, title)?;
        }
    }
    Ok(())
}

/// A column by its number, from 0, as Excel calls it.
fn letters(column: u32) -> String {
    crate::source::grid::a1(1, column + 1).trim_end_matches('1').to_owned()
}
