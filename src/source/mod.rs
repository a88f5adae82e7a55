//! Where text came from: files, places in them, lines and columns counted in characters.

pub mod grid;
mod spanned;

use std::ops::Range;
use std::sync::Arc;

use unicode_normalization::UnicodeNormalization;

use grid::Grid;
pub use spanned::Spanned;

/// A text file that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// Its name, as the author would say it.
    pub name: String,
    /// Its text.
    pub text: String,
    /// The sheet of a workbook that it was taken from.
    grid: Option<Arc<Grid>>,
}

/// A place in a file: a range of bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// The file's name.
    pub file: String,
    /// Bytes.
    pub range: Range<usize>,
}

impl Span {
    /// A place in a file.
    pub fn new(file: impl Into<String>, range: Range<usize>) -> Self {
        Self { file: file.into(), range }
    }

    /// The part of this place that begins `offset` bytes in and is `len` bytes long, kept inside it.
    #[must_use]
    pub fn part(&self, offset: usize, len: usize) -> Self {
        let start = self.range.start.saturating_add(offset).min(self.range.end);
        let end = start.saturating_add(len).min(self.range.end);
        Self { file: self.file.clone(), range: start..end }
    }
}

impl From<&Span> for Span {
    fn from(span: &Span) -> Self {
        span.clone()
    }
}

impl SourceFile {
    /// A file from its name and text. A carriage return alone, with which old spreadsheets end their lines, becomes a line break, so
    /// that everybody counts the same lines; every place stays where it was.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self { name: name.into(), text: with_line_breaks(text.into()), grid: None }
    }

    /// The lines of cells of a sheet. Places in it are told by the cell.
    pub fn of_sheet(name: impl Into<String>, text: impl Into<String>, grid: Grid) -> Self {
        Self { name: name.into(), text: text.into(), grid: Some(Arc::new(grid)) }
    }

    /// The sheet that it was taken from, if it was.
    pub fn grid(&self) -> Option<&Grid> {
        self.grid.as_deref()
    }

    /// The cell of a byte as spreadsheets call it, `Sheet1!C7`, if the file was taken from a sheet.
    pub fn cell(&self, byte: usize) -> Option<String> {
        let grid = self.grid()?;
        let (row, column) = grid.cell(&self.text, byte);
        let cell = grid::a1(row, column);
        Some(if grid.sheet.is_empty() { cell } else { format!("{}!{cell}", grid.sheet) })
    }

    /// Line and column (both from 1) of a byte. Columns count what readers see as characters: a letter and the marks that
    /// were typed after it are one, as they are in NFC. In a sheet they are its row and its column.
    pub fn line_column(&self, byte: usize) -> (usize, usize) {
        if let Some(grid) = self.grid() {
            let (row, column) = grid.cell(&self.text, byte);
            return (row as usize, column as usize);
        }
        let (line, before) = self.before(byte);
        (line, before.nfc().count() + 1)
    }

    /// Line and column (both from 1) of a byte, columns counting Unicode code points as they stand in the file.
    pub fn line_code_point(&self, byte: usize) -> (usize, usize) {
        if self.grid.is_some() {
            return self.line_column(byte);
        }
        let (line, before) = self.before(byte);
        (line, before.chars().count() + 1)
    }

    /// The line of a byte, and what stands before it there.
    fn before(&self, byte: usize) -> (usize, &str) {
        let before = &self.text[..self.boundary(byte)];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        (before.matches('\n').count() + 1, &before[line_start..])
    }

    /// The same file with its text in NFC.
    #[must_use]
    pub fn composed(&self) -> Self {
        Self { name: self.name.clone(), text: self.text.nfc().collect(), grid: self.grid.clone() }
    }

    /// Where a place of this file lies in [`SourceFile::composed`].
    pub fn in_composed(&self, range: &Range<usize>) -> Range<usize> {
        let at = |byte: usize| self.text[..self.boundary(byte)].nfc().map(char::len_utf8).sum::<usize>();
        at(range.start)..at(range.end)
    }

    /// The byte at which a line and column (both from 1, columns in code points) stand; the nearest one if there is no such
    /// place.
    pub fn byte_at(&self, line: usize, column: usize) -> usize {
        let line_start = match line {
            0 | 1 => 0,
            _ => self.text.match_indices('\n').nth(line - 2).map_or(self.text.len(), |(at, _)| at + 1),
        };
        let rest = &self.text[line_start..];
        let line = rest.split('\n').next().unwrap_or(rest);
        line_start + line.char_indices().nth(column.saturating_sub(1)).map_or(line.len(), |(at, _)| at)
    }

    /// What is written at a place; empty if the place is not in this text.
    pub fn slice(&self, range: &Range<usize>) -> &str {
        self.text.get(range.clone()).unwrap_or("")
    }

    /// The place as bytes that exist in the text, begin and end between characters and stay on one line.
    pub fn one_line(&self, range: &Range<usize>) -> Range<usize> {
        let start = self.boundary(range.start);
        let end = self.boundary(range.end).max(start);
        let line = self.text[start..end].split('\n').next().unwrap_or("").trim_end();
        start..start + line.len()
    }

    fn boundary(&self, byte: usize) -> usize {
        let mut byte = byte.min(self.text.len());
        while !self.text.is_char_boundary(byte) {
            byte -= 1;
        }
        byte
    }
}

fn with_line_breaks(text: String) -> String {
    if !text.contains('\r') {
        return text;
    }
    let mut letters = text.chars().peekable();
    let mut broken = String::with_capacity(text.len());
    while let Some(letter) = letters.next() {
        let is_alone = letter == '\r' && letters.peek() != Some(&'\n');
        broken.push(if is_alone { '\n' } else { letter });
    }
    broken
}

#[cfg(test)]
mod tests {
    use super::SourceFile;

    #[test]
    fn a_carriage_return_alone_ends_a_line_and_moves_nothing() {
        let file = SourceFile::new("a.csv", "mã,tên\r1,x\r\n2,y\r\r");
        assert_eq!(file.text, "mã,tên\n1,x\r\n2,y\n\n");
        assert_eq!(file.line_column(file.text.find('2').expect("it is there")), (3, 1));
    }

    #[test]
    fn columns_count_characters_and_lead_back_to_the_byte() {
        let file = SourceFile::new("a.yaml", "tên: Hội đồng\nlý do: x\n");
        let byte = file.text.find("do").expect("it is there");
        assert_eq!(file.line_column(byte), (2, 4));
        assert_eq!(file.byte_at(2, 4), byte);
    }

    #[test]
    fn a_letter_and_its_marks_are_one_column_however_they_were_typed() {
        let composed = SourceFile::new("a.yaml", "tên: Hội đồng x\n");
        let typed = SourceFile::new("a.yaml", "te\u{302}n: H\u{6f}\u{302}\u{323}i đo\u{302}\u{300}ng x\n");
        let place = |file: &SourceFile| file.text.find('x').expect("it is there");
        assert_eq!(composed.line_column(place(&composed)), (1, 15));
        assert_eq!(typed.line_column(place(&typed)), (1, 15));
        assert_eq!(typed.line_code_point(place(&typed)), (1, 20));
        let range = place(&typed)..place(&typed) + 1;
        assert_eq!(typed.composed().slice(&typed.in_composed(&range)), "x");
    }

    #[test]
    fn a_place_outside_the_text_is_the_nearest_one_inside() {
        let file = SourceFile::new("a.yaml", "ấ");
        assert_eq!(file.line_column(1), (1, 1));
        assert_eq!(file.line_column(99), (1, 2));
        assert_eq!(file.byte_at(7, 7), file.text.len());
        assert_eq!(file.one_line(&(1..99)), 0..3);
    }
}
