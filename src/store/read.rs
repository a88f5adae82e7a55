//! The pools that read. Each read is a task of its own: no future that waits for a database is ever dropped in the middle.

use std::path::Path;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqlitePoolOptions, SqliteRow};
use sqlx::{Row as _, TypeInfo as _, ValueRef as _};

use super::{Cell, Param, Row, StoreError};

/// Connections of one process that read at once.
const READERS_MAX: u32 = 4;
/// How long a read waits for a connection.
const ACQUIRE_MAX: Duration = Duration::from_secs(30);
/// How long SQLite waits where a reader can be in the way (recovery of a log).
const BUSY_MAX: Duration = Duration::from_secs(30);

/// A pool of connections that read.
#[derive(Clone, Debug)]
pub(super) enum Pool {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

impl Pool {
    /// Connections are made when they are needed.
    pub(super) fn sqlite(path: &Path) -> Self {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .read_only(true)
            .busy_timeout(BUSY_MAX)
            .pragma("trusted_schema", "OFF")
            .pragma("query_only", "ON");
        let options = sqlx::ConnectOptions::disable_statement_logging(options);
        Self::Sqlite(
            SqlitePoolOptions::new()
                .max_connections(READERS_MAX)
                .acquire_timeout(ACQUIRE_MAX)
                .connect_lazy_with(options),
        )
    }

    /// Connections are made when they are needed.
    pub(super) fn postgres(options: PgConnectOptions) -> Self {
        Self::Postgres(
            PgPoolOptions::new().max_connections(READERS_MAX).acquire_timeout(ACQUIRE_MAX).connect_lazy_with(options),
        )
    }

    pub(super) fn is_postgres(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }

    pub(super) async fn read(&self, sql: &'static str, params: Vec<Param>) -> Result<Vec<Row>, StoreError> {
        let pool = self.clone();
        let reading = tokio::spawn(async move {
            super::error::go_on()?;
            match pool {
                Self::Sqlite(pool) => sqlite(&pool, sql, &params).await,
                Self::Postgres(pool) => {
                    let rows = super::postgres::query(sql, &params).fetch_all(&pool).await?;
                    rows.iter().map(super::postgres::row).collect()
                }
            }
        });
        reading.await.map_err(|error| StoreError::Database(format!("a read did not come to its end: {error}")))?
    }
}

async fn sqlite(pool: &SqlitePool, sql: &'static str, params: &[Param]) -> Result<Vec<Row>, StoreError> {
    let mut query = sqlx::query(sql);
    for param in params {
        query = match param {
            Param::Text(text) => query.bind(text.clone()),
            Param::Int(int) => query.bind(*int),
            Param::Bytes(bytes) => query.bind(bytes.clone()),
            Param::Texts(_) | Param::Ints(_) => {
                return Err(StoreError::Database("a set was bound to a statement on SQLite".to_owned()));
            }
        };
    }
    query.fetch_all(pool).await?.iter().map(row).collect()
}

fn row(row: &SqliteRow) -> Result<Row, StoreError> {
    let mut cells = Vec::with_capacity(row.len());
    for at in 0..row.len() {
        let kind = {
            let raw = row.try_get_raw(at)?;
            if raw.is_null() { "NULL".to_owned() } else { raw.type_info().name().to_owned() }
        };
        cells.push(match kind.as_str() {
            "NULL" => Cell::Null,
            "INTEGER" => Cell::Int(row.try_get(at)?),
            "TEXT" => Cell::Text(row.try_get(at)?),
            "BLOB" => Cell::Bytes(row.try_get(at)?),
            other => return Err(StoreError::Database(format!("a column of type {other} is none of ours: cast it"))),
        });
    }
    Ok(Row(cells))
}
