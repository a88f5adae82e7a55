//! The two databases, read in one transaction each.

use rusqlite::types::ValueRef;
use sqlx::{Column as _, ConnectOptions as _, Row as _, TypeInfo as _, ValueRef as _};

/// The database cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("the database cannot be read: {0}")]
pub struct Unreadable(String);

impl From<rusqlite::Error> for Unreadable {
    fn from(error: rusqlite::Error) -> Self {
        Self(error.to_string())
    }
}

impl From<sqlx::Error> for Unreadable {
    fn from(error: sqlx::Error) -> Self {
        Self(error.to_string())
    }
}

/// An open database, as it is at one moment.
pub(super) enum Database {
    Sqlite(rusqlite::Connection),
    Postgres(Box<sqlx::PgConnection>),
}

/// A value.
pub(super) enum Cell {
    Null,
    Int(i64),
    Text(String),
    Bytes(Vec<u8>),
}

/// A row, by the places of its columns.
pub(super) struct Row(Vec<Cell>);

impl Database {
    pub(super) async fn open(url: &str) -> Result<Self, Unreadable> {
        if let Some(path) = url.strip_prefix("sqlite://") {
            let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_WRITE | rusqlite::OpenFlags::SQLITE_OPEN_NO_MUTEX;
            let connection = rusqlite::Connection::open_with_flags(path, flags)?;
            connection.busy_timeout(std::time::Duration::from_secs(10))?;
            // Reading a log that a server left behind may need to write beside it; the content is never written.
            connection.execute_batch("PRAGMA query_only = 1; BEGIN")?;
            return Ok(Self::Sqlite(connection));
        }
        let options: sqlx::postgres::PgConnectOptions = url.parse()?;
        let mut connection = options.connect().await?;
        sqlx::query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").execute(&mut connection).await?;
        Ok(Self::Postgres(Box::new(connection)))
    }

    /// All rows of a query; its parameters are texts.
    pub(super) async fn rows(&mut self, sql: &'static str, params: &[&str]) -> Result<Vec<Row>, Unreadable> {
        match self {
            Self::Sqlite(connection) => {
                let mut statement = connection.prepare_cached(sql)?;
                let columns = statement.column_count();
                let mut found = statement.query(rusqlite::params_from_iter(params))?;
                let mut rows = Vec::new();
                while let Some(row) = found.next()? {
                    let cells = (0..columns).map(|at| Ok(local(row.get_ref(at)?)));
                    rows.push(Row(cells.collect::<Result<_, rusqlite::Error>>()?));
                }
                Ok(rows)
            }
            Self::Postgres(connection) => {
                let mut query = sqlx::query(sql);
                for param in params {
                    query = query.bind((*param).to_owned());
                }
                query.fetch_all(&mut **connection).await?.iter().map(distant).collect()
            }
        }
    }
}

fn local(value: ValueRef<'_>) -> Cell {
    match value {
        ValueRef::Null => Cell::Null,
        ValueRef::Integer(number) => Cell::Int(number),
        ValueRef::Real(_) => Cell::Text("a broken number".to_owned()),
        ValueRef::Text(bytes) => Cell::Text(String::from_utf8_lossy(bytes).into_owned()),
        ValueRef::Blob(bytes) => Cell::Bytes(bytes.to_vec()),
    }
}

fn distant(row: &sqlx::postgres::PgRow) -> Result<Row, Unreadable> {
    let mut cells = Vec::with_capacity(row.len());
    for (at, column) in row.columns().iter().enumerate() {
        cells.push(match column.type_info().name() {
            _ if row.try_get_raw(at)?.is_null() => Cell::Null,
            "INT8" => Cell::Int(row.try_get(at)?),
            "BYTEA" => Cell::Bytes(row.try_get(at)?),
            _ => Cell::Text(row.try_get(at)?),
        });
    }
    Ok(Row(cells))
}

impl Row {
    pub(super) fn text(&self, at: usize) -> Result<String, Unreadable> {
        self.maybe_text(at)?.ok_or_else(|| amiss(at, "nothing where a text belongs"))
    }

    pub(super) fn maybe_text(&self, at: usize) -> Result<Option<String>, Unreadable> {
        match &self.0[at] {
            Cell::Null => Ok(None),
            Cell::Text(text) => Ok(Some(text.clone())),
            Cell::Int(_) | Cell::Bytes(_) => Err(amiss(at, "no text")),
        }
    }

    pub(super) fn int(&self, at: usize) -> Result<i64, Unreadable> {
        self.maybe_int(at)?.ok_or_else(|| amiss(at, "nothing where a number belongs"))
    }

    pub(super) fn maybe_int(&self, at: usize) -> Result<Option<i64>, Unreadable> {
        match &self.0[at] {
            Cell::Null => Ok(None),
            Cell::Int(number) => Ok(Some(*number)),
            Cell::Text(_) | Cell::Bytes(_) => Err(amiss(at, "no number")),
        }
    }

    pub(super) fn bytes(&self, at: usize) -> Result<Vec<u8>, Unreadable> {
        match &self.0[at] {
            Cell::Bytes(bytes) => Ok(bytes.clone()),
            // Somebody wrote there by hand; that these are not the right bytes is for others to find.
            Cell::Text(text) => Ok(text.clone().into_bytes()),
            Cell::Null | Cell::Int(_) => Err(amiss(at, "no bytes")),
        }
    }
}

fn amiss(at: usize, what: &str) -> Unreadable {
    Unreadable(format!("column {at} holds {what}"))
}
