//! Rows in, domain types out: the only module that names sqlx or rusqlite, and the only one with SQL in it.
//!
//! Reading goes through sqlx pools ([`Store::read`]); every write goes through one writer thread that owns one connection
//! ([`Store::write`]), so that no future that holds a transaction can ever be dropped (sqlx #4393) and SQLite has one writer
//! in each process. One SQL text for both engines: `$1`..., TEXT, BIGINT and BYTEA only, explicit columns, no database time.

pub mod meta;
pub mod schedule;

use std::sync::Arc;

/// A value bound to a statement.
#[derive(Clone, Debug, PartialEq)]
pub enum Param {
    /// A text, or NULL.
    Text(Option<String>),
    /// A number, or NULL.
    Int(Option<i64>),
    /// Bytes.
    Bytes(Vec<u8>),
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

/// The world failed, or what is stored makes no sense.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// The database cannot be reached (now); nothing was acknowledged, try again with the same operation id.
    #[error("the database cannot be reached: {0}")]
    Unavailable(String),
    /// A unique key was taken by somebody else.
    #[error("a unique key is taken: {0}")]
    Taken(String),
    /// Stored data makes no sense.
    #[error("`{table}`.`{column}` holds something that makes no sense: {what}")]
    Corrupt {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// What.
        what: String,
    },
    /// The database was written by a newer chancery.
    #[error("this database was migrated by a newer chancery (schema {found}, this program knows {known})")]
    Newer {
        /// Its schema.
        found: i64,
        /// Ours.
        known: i64,
    },
    /// Anything else that the database says.
    #[error("the database says: {0}")]
    Database(String),
}

impl Row {
    /// A text that is never NULL.
    ///
    /// # Errors
    /// It is NULL or no text.
    pub fn text(&self, column: usize) -> Result<&str, StoreError> {
        match &self.0[column] {
            Cell::Text(text) => Ok(text),
            other => Err(wrong(column, other)),
        }
    }

    /// A text, or NULL.
    ///
    /// # Errors
    /// It is no text.
    pub fn maybe_text(&self, column: usize) -> Result<Option<&str>, StoreError> {
        match &self.0[column] {
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
        match &self.0[column] {
            Cell::Int(int) => Ok(*int),
            other => Err(wrong(column, other)),
        }
    }

    /// A number, or NULL.
    ///
    /// # Errors
    /// It is no number.
    pub fn maybe_int(&self, column: usize) -> Result<Option<i64>, StoreError> {
        match &self.0[column] {
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
        match &self.0[column] {
            Cell::Bytes(bytes) => Ok(bytes),
            other => Err(wrong(column, other)),
        }
    }
}

fn wrong(column: usize, cell: &Cell) -> StoreError {
    StoreError::Corrupt { table: "?", column: "?", what: format!("column {column} holds {cell:?}") }
}

/// A database, open. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    inner: Arc<()>,
}

/// One transaction on the writer's thread: synchronous on both engines.
#[derive(Debug)]
pub struct Tx<'a> {
    marker: std::marker::PhantomData<&'a mut ()>,
}

impl Tx<'_> {
    /// Runs a statement; how many rows it touched.
    ///
    /// # Errors
    /// The database refuses it.
    pub fn execute(&mut self, sql: &'static str, params: &[Param]) -> Result<u64, StoreError> {
        let _ = (sql, params, &self.marker);
        todo!()
    }

    /// Runs a query.
    ///
    /// # Errors
    /// The database refuses it.
    pub fn query(&mut self, sql: &'static str, params: &[Param]) -> Result<Vec<Row>, StoreError> {
        let _ = (sql, params);
        todo!()
    }
}

impl Store {
    /// Opens `sqlite://path` (made if missing) or `postgres://...`; refuses a schema newer than this program.
    ///
    /// # Errors
    /// It cannot be opened, or is newer.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        let _ = url;
        todo!()
    }

    /// Brings the schema up to this program's.
    ///
    /// # Errors
    /// A migration fails, or the schema is newer.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        let _ = &self.inner;
        todo!()
    }

    /// Reads, outside any transaction, what was committed.
    ///
    /// # Errors
    /// The database refuses it.
    pub async fn read(&self, sql: &'static str, params: &[Param]) -> Result<Vec<Row>, StoreError> {
        let _ = (sql, params);
        todo!()
    }

    /// Runs a job in a transaction of its own on the writer's thread. It goes on to its end even if the caller goes away.
    /// An `Err` from the job rolls back.
    ///
    /// # Errors
    /// What the job says, or the commit failed.
    pub async fn write<T, F>(&self, job: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        let _ = job;
        todo!()
    }
}
