//! A CSV file as a table of texts: enough to cut columns off before an import and to look values up.

use std::collections::BTreeMap;

/// Columns that say what a row ought to come to; nobody who plays may see them.
const ORACLE: &str = "expected_";

/// A table of texts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sheet {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Sheet {
    /// Reads comma-separated text with a header.
    ///
    /// # Errors
    /// It is no such text.
    pub fn read(text: &str) -> Result<Self, csv::Error> {
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let header = reader.headers()?.iter().map(str::to_owned).collect();
        let rows = reader
            .records()
            .map(|record| record.map(|record| record.iter().map(str::to_owned).collect()))
            .collect::<Result<_, _>>()?;
        Ok(Self { header, rows })
    }

    /// The same table without the columns that say what a row ought to come to.
    #[must_use]
    pub fn without_oracle(&self) -> Self {
        let kept: Vec<usize> =
            (0..self.header.len()).filter(|column| !self.header[*column].starts_with(ORACLE)).collect();
        let cut = |row: &Vec<String>| kept.iter().map(|column| row[*column].clone()).collect();
        Self { header: cut(&self.header), rows: self.rows.iter().map(cut).collect() }
    }

    /// One value for each row, by the row's key: the values of its columns with `/` between them.
    pub fn column(&self, key: &[impl AsRef<str>], column: &str) -> BTreeMap<String, String> {
        let place = |name: &str| self.header.iter().position(|have| have == name);
        let keys: Option<Vec<usize>> = key.iter().map(|name| place(name.as_ref())).collect();
        let (Some(keys), Some(column)) = (keys, place(column)) else { return BTreeMap::new() };
        let key = |row: &Vec<String>| keys.iter().map(|place| row[*place].as_str()).collect::<Vec<_>>().join("/");
        self.rows.iter().map(|row| (key(row), row[column].clone())).collect()
    }

    /// The keys of the rows in their order: the values of these columns with `/` between them.
    pub fn keys(&self, key: &[impl AsRef<str>]) -> Vec<String> {
        let columns: Vec<Vec<&str>> = key.iter().map(|column| self.values(column.as_ref())).collect();
        let part = |row: usize| columns.iter().filter_map(|column| column.get(row).copied()).collect::<Vec<_>>();
        (0..self.rows.len()).map(|row| part(row).join("/")).collect()
    }

    /// The same rows with the columns that another table has for the same keys; empty where it has no such row.
    #[must_use]
    pub fn beside(&self, other: &Self, key: &[impl AsRef<str>]) -> Self {
        let more: Vec<&String> = other.header.iter().filter(|column| !self.header.contains(column)).collect();
        let mut wide = self.clone();
        for column in more {
            let values = other.column(key, column);
            wide.header.push(column.clone());
            for (row, key) in wide.rows.iter_mut().zip(self.keys(key)) {
                row.push(values.get(&key).cloned().unwrap_or_default());
            }
        }
        wide
    }

    /// Every row by its value in one column, its values by their columns.
    pub fn records(&self, key: &str) -> BTreeMap<String, BTreeMap<String, String>> {
        let Some(place) = self.header.iter().position(|have| have == key) else { return BTreeMap::new() };
        let record = |row: &Vec<String>| self.header.iter().cloned().zip(row.iter().cloned()).collect();
        self.rows.iter().map(|row| (row[place].clone(), record(row))).collect()
    }

    /// The values of a column, in the order of the rows.
    pub fn values(&self, column: &str) -> Vec<&str> {
        let Some(place) = self.header.iter().position(|have| have == column) else { return Vec::new() };
        self.rows.iter().map(|row| row[place].as_str()).collect()
    }

    /// As comma-separated text again.
    ///
    /// # Errors
    /// Never in practice: memory takes everything.
    pub fn write(&self) -> Result<String, csv::Error> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(&self.header)?;
        for row in &self.rows {
            writer.write_record(row)?;
        }
        let bytes = writer.into_inner().map_err(csv::IntoInnerError::into_error)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::Sheet;

    #[test]
    fn what_a_row_ought_to_come_to_is_cut_off_and_nothing_else() {
        let whole = Sheet::read("code,expected_outcome,votes,expected_reason\na,yes,3,\"x, y\"\n").expect("CSV");
        let cut = whole.without_oracle();
        assert_eq!(cut.write().expect("memory"), "code,votes\na,3\n");
        assert_eq!(whole.column(&["votes", "code"], "expected_outcome")["3/a"], "yes");
        assert!(cut.column(&["code"], "expected_outcome").is_empty());
    }

    #[test]
    fn what_stands_in_another_table_is_written_beside_the_row_of_the_same_key() {
        let rows = Sheet::read("year,code,name\n2026,b,Bob\n2026,a,Ann\n").expect("CSV");
        let more = Sheet::read("code,day,year\na,2026-08-14,2026\nc,2026-09-01,2026\n").expect("CSV");
        let wide = rows.beside(&more, &["year", "code"]);
        assert_eq!(wide.write().expect("memory"), "year,code,name,day\n2026,b,Bob,\n2026,a,Ann,2026-08-14\n");
        assert_eq!(wide.keys(&["year", "code"]), ["2026/b", "2026/a"]);
    }
}
