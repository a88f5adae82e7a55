//! What is bound to a statement and what is read out of a row: texts, whole numbers and bytes, nothing else.

use super::StoreError;

/// A value bound to a statement.
#[derive(Clone, Debug, PartialEq)]
pub enum Param {
    /// A text, or NULL.
    Text(Option<String>),
    /// A number, or NULL.
    Int(Option<i64>),
    /// Bytes.
    Bytes(Vec<u8>),
    /// One text (or NULL) for each row of a set; PostgreSQL only (`unnest`).
    Texts(Vec<Option<String>>),
    /// One number (or NULL) for each row of a set; PostgreSQL only.
    Ints(Vec<Option<i64>>),
}

impl From<&str> for Param {
    fn from(value: &str) -> Self {
        Self::Text(Some(value.to_owned()))
    }
}

impl From<String> for Param {
    fn from(value: String) -> Self {
        Self::Text(Some(value))
    }
}

impl From<i64> for Param {
    fn from(value: i64) -> Self {
        Self::Int(Some(value))
    }
}

impl From<Option<i64>> for Param {
    fn from(value: Option<i64>) -> Self {
        Self::Int(value)
    }
}

impl From<Option<String>> for Param {
    fn from(value: Option<String>) -> Self {
        Self::Text(value)
    }
}

impl From<Vec<u8>> for Param {
    fn from(value: Vec<u8>) -> Self {
        Self::Bytes(value)
    }
}

/// A row that was read: values by the place of their column.
#[derive(Clone, Debug, PartialEq)]
pub struct Row(pub Vec<Cell>);

/// A value that was read.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// NULL.
    Null,
    /// A number.
    Int(i64),
    /// A text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
}

impl Row {
    /// A text that is never NULL.
    ///
    /// # Errors
    /// It is NULL or no text.
    pub fn text(&self, column: usize) -> Result<&str, StoreError> {
        match self.cell(column)? {
            Cell::Text(text) => Ok(text),
            other => Err(wrong(column, other)),
        }
    }

    /// A text, or NULL.
    ///
    /// # Errors
    /// It is no text.
    pub fn maybe_text(&self, column: usize) -> Result<Option<&str>, StoreError> {
        match self.cell(column)? {
            Cell::Text(text) => Ok(Some(text)),
            Cell::Null => Ok(None),
            other => Err(wrong(column, other)),
        }
    }

    /// A number that is never NULL.
    ///
    /// # Errors
    /// It is NULL or no number.
    pub fn int(&self, column: usize) -> Result<i64, StoreError> {
        match self.cell(column)? {
            Cell::Int(int) => Ok(*int),
            other => Err(wrong(column, other)),
        }
    }

    /// A number, or NULL.
    ///
    /// # Errors
    /// It is no number.
    pub fn maybe_int(&self, column: usize) -> Result<Option<i64>, StoreError> {
        match self.cell(column)? {
            Cell::Int(int) => Ok(Some(*int)),
            Cell::Null => Ok(None),
            other => Err(wrong(column, other)),
        }
    }

    /// Bytes.
    ///
    /// # Errors
    /// They are NULL or no bytes.
    pub fn bytes(&self, column: usize) -> Result<&[u8], StoreError> {
        match self.cell(column)? {
            Cell::Bytes(bytes) => Ok(bytes),
            other => Err(wrong(column, other)),
        }
    }

    fn cell(&self, column: usize) -> Result<&Cell, StoreError> {
        self.0.get(column).ok_or_else(|| StoreError::Corrupt {
            table: "?",
            column: "?",
            what: format!("there is no column {column}"),
        })
    }
}

fn wrong(column: usize, cell: &Cell) -> StoreError {
    // The value itself stays out of the message: messages reach logs.
    let kind = match cell {
        Cell::Null => "NULL",
        Cell::Int(_) => "a number",
        Cell::Text(_) => "a text",
        Cell::Bytes(_) => "bytes",
    };
    StoreError::Corrupt { table: "?", column: "?", what: format!("column {column} holds {kind}") }
}
