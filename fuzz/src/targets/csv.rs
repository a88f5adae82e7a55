//! CSV files.

use chancery::sheet::csv;
use chancery::source::SourceFile;

pub(super) fn try_bytes(bytes: &[u8]) {
    let file = SourceFile::new("a.csv", super::text(bytes));
    let table = match csv::read("a.csv", bytes) {
        Ok(table) => table,
        Err(faults) => {
            assert!(!faults.is_empty() && faults.len() <= 50, "{} faults", faults.len());
            // Bytes that are no text have places in bytes, and the text shown is another one.
            if std::str::from_utf8(bytes).is_ok() {
                super::can_be_told(&faults, &[file]);
            }
            return;
        }
    };
    let columns = table.columns();
    assert!(!columns.is_empty() && columns.iter().all(|column| !column.is_empty()));
    let lines = table.file().text.matches('\n').count() + 1;
    let mut rows = Vec::new();
    let mut before = 0;
    for row in table.rows() {
        assert!(row.line() > before && row.line() <= lines, "line {} of {lines}", row.line());
        before = row.line();
        for column in columns {
            assert!(table.file().text.get(row.place(column).range).is_some(), "{column} of line {before}");
        }
        rows.push((
            u32::try_from(before).expect("small"),
            columns.iter().map(|name| row.get(name).to_owned()).collect(),
        ));
    }
    super::can_be_told(&table.unknown(&["a"]), std::slice::from_ref(table.file()));
    super::can_be_told(&table.missing(&["a"]), std::slice::from_ref(table.file()));
    // The same rows, written and read once more, are the same rows.
    let again = csv::of_rows("b.csv", columns, &rows).unwrap_or_else(|faults| panic!("{faults:?}"));
    assert_eq!(again.columns(), columns);
    let cells = |row: csv::Row<'_>| columns.iter().map(|name| row.get(name).to_owned()).collect::<Vec<_>>();
    let again: Vec<Vec<String>> = again.rows().map(cells).collect();
    let first: Vec<Vec<String>> = rows.into_iter().map(|(_, cells)| cells).collect();
    assert_eq!(again, first);
}
