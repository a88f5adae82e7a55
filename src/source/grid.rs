//! The cells of a spreadsheet behind a text: a sheet is read as lines of cells, and its faults are told by the cell.

use std::ops::Range;

/// From where in a sheet the lines of a text were taken. Cells stand between commas, as in CSV.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grid {
    /// The sheet's name.
    pub sheet: String,
    /// The column of the first cell of every line, from 1.
    pub first_column: u32,
    /// Of every line of cells the byte where it begins, and the row of the sheet, from 1.
    pub rows: Vec<(usize, u32)>,
}

impl Grid {
    /// Row and column of the cell in which a byte lies, both from 1.
    pub fn cell(&self, text: &str, byte: usize) -> (u32, u32) {
        let (start, row) = self.row(byte);
        let (mut column, mut quoted) = (self.first_column, false);
        for letter in text.as_bytes().get(start..byte).unwrap_or_default() {
            match letter {
                b'"' => quoted = !quoted,
                b',' if !quoted => column += 1,
                _ => {}
            }
        }
        (row, column)
    }

    /// The bytes of the line of cells around a byte, without its end.
    pub fn line(&self, text: &str, byte: usize) -> Range<usize> {
        let at = self.rows.partition_point(|(start, _)| *start <= byte);
        let start = at.checked_sub(1).and_then(|at| self.rows.get(at)).map_or(0, |(start, _)| *start);
        let end = self.rows.get(at).map_or(text.len(), |(start, _)| *start);
        start..start + text.get(start..end).unwrap_or_default().trim_end_matches('\n').len()
    }

    fn row(&self, byte: usize) -> (usize, u32) {
        let at = self.rows.partition_point(|(start, _)| *start <= byte);
        at.checked_sub(1).and_then(|at| self.rows.get(at)).copied().unwrap_or((0, 1))
    }
}

/// A cell as spreadsheets call it: `C7`.
pub fn a1(row: u32, column: u32) -> String {
    let (mut letters, mut rest) = (Vec::new(), column);
    while rest > 0 {
        letters.push(char::from(b'A' + u8::try_from((rest - 1) % 26).unwrap_or_default()));
        rest = (rest - 1) / 26;
    }
    letters.iter().rev().collect::<String>() + &row.to_string()
}

#[cfg(test)]
mod tests {
    use super::a1;

    #[test]
    fn columns_are_counted_in_letters() {
        let names = [(1, "A1"), (26, "Z1"), (27, "AA1"), (702, "ZZ1"), (703, "AAA1"), (16384, "XFD1")];
        for (column, name) in names {
            assert_eq!(a1(1, column), name);
        }
    }
}
