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
}
