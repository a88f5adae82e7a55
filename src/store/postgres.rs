//! The one connection that writes to PostgreSQL, which the writer owns, with a runtime of its own. It is made again when it
//! breaks; what it was doing is then unknown, and whoever asked asks again under the same operation id.

use std::future::Future;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection, PgRow};
use sqlx::{Arguments as _, Column as _, ConnectOptions as _, Row as _, TypeInfo as _, ValueRef as _};

use super::sets::{RowNumbers, RowType, Set};
use super::{Cell, Param, Row, StoreError};

/// No statement of ours takes this long; a connection that is silent for longer is given up.
const SILENCE_MAX: Duration = Duration::from_secs(90);
/// Statements that stay prepared.
const STATEMENTS_MAX: usize = 256;

/// What every writing session says first. Tables are fresh for a long time and have no statistics: plans are pinned to the
/// indexes that each statement was written for.
const SESSION: &str =
    "SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_bitmapscan = off;
SET jit = off;
SET plan_cache_mode = force_generic_plan; SET lock_timeout = '20s'; SET statement_timeout = '60s';
SET idle_in_transaction_session_timeout = '60s'; SET client_min_messages = warning";

/// The writer's connection.
#[derive(Debug)]
pub(super) struct Postgres {
    runtime: tokio::runtime::Runtime,
    options: PgConnectOptions,
    connection: Option<PgConnection>,
    /// It was made since somebody last asked.
    anew: bool,
    /// What the database calls the types of sets; asked once for each connection.
    numbers: Option<RowNumbers>,
}

const ROW_TYPES: &str = "SELECT CAST(typname AS TEXT), CAST(oid AS BIGINT), CAST(typarray AS BIGINT) FROM pg_catalog.pg_type \
    WHERE oid IN (SELECT to_regtype(name) FROM unnest($1) AS name)";

/// The options behind a URL.
pub(super) fn options_of(url: &str) -> Result<PgConnectOptions, StoreError> {
    let options: PgConnectOptions =
        url.parse().map_err(|error| StoreError::Database(format!("the database URL cannot be read: {error}")))?;
    Ok(options.application_name("chancery").statement_cache_capacity(STATEMENTS_MAX).disable_statement_logging())
}

impl Postgres {
    pub(super) fn open(options: PgConnectOptions) -> Result<Self, StoreError> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| StoreError::Unavailable(error.to_string()))?;
        let mut session = Self { runtime, options, connection: None, anew: false, numbers: None };
        session.connect()?;
        Ok(session)
    }

    pub(super) fn execute(&mut self, sql: &'static str, params: &[Param]) -> Result<u64, StoreError> {
        self.run(async |connection| Ok(query(sql, params).execute(connection).await?.rows_affected()))
    }

    pub(super) fn query(&mut self, sql: &'static str, params: &[Param]) -> Result<Vec<Row>, StoreError> {
        let rows = self.run(async |connection| query(sql, params).fetch_all(connection).await)?;
        rows.iter().map(row).collect()
    }

    /// Runs a statement whose first value is a number and whose others are sets.
    pub(super) fn query_sets(
        &mut self,
        sql: &'static str,
        first: Option<i64>,
        sets: &[Set],
    ) -> Result<Vec<Row>, StoreError> {
        self.connect()?;
        let numbers = match self.numbers.take() {
            Some(numbers) => numbers,
            None => self.row_numbers()?,
        };
        let mut values = sqlx::postgres::PgArguments::default();
        let mut bound = values.add(first);
        for set in sets {
            bound = bound.and_then(|()| values.add(set.bound(&numbers)));
        }
        bound.expect("numbers and sets below a gigabyte can be sent");
        let rows = self.run(async |connection| sqlx::query_with(sql, values).fetch_all(connection).await)?;
        // If the connection broke meanwhile we are not here, and the next one asks again.
        self.numbers = Some(numbers);
        rows.iter().map(row).collect()
    }

    fn row_numbers(&mut self) -> Result<RowNumbers, StoreError> {
        let names = RowType::ALL.iter().map(|of| Some(of.name().to_owned())).collect();
        let mut found = std::collections::HashMap::new();
        for row in self.query(ROW_TYPES, &[Param::Texts(names)])? {
            let number = |column| row.int(column).map(|number| u32::try_from(number).unwrap_or(0));
            found.insert(row.text(0)?.to_owned(), (number(1)?, number(2)?));
        }
        RowNumbers::of(|name| found.get(name).copied())
            .ok_or_else(|| StoreError::Database("types of migration 4 are missing: run `chancery migrate`".to_owned()))
    }

    pub(super) fn script(&mut self, sql: String) -> Result<(), StoreError> {
        self.run(async |connection| sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(connection).await.map(|_| ()))
    }

    /// Begins a transaction; a connection that died while idle is made again first.
    pub(super) fn begin(&mut self) -> Result<(), StoreError> {
        match self.begin_here() {
            Err(StoreError::Unavailable(_)) => self.begin_here(),
            begun => begun,
        }
    }

    /// Begins a transaction for what was decided on what this connection said.
    pub(super) fn begin_here(&mut self) -> Result<(), StoreError> {
        self.script("BEGIN".to_owned())
    }

    pub(super) fn commit(&mut self) -> Result<(), StoreError> {
        if self.connection.is_none() {
            return Err(StoreError::Unavailable("the connection broke before the commit".to_owned()));
        }
        self.script("COMMIT".to_owned())
    }

    pub(super) fn rollback(&mut self) {
        if self.connection.is_some() && self.script("ROLLBACK".to_owned()).is_err() {
            self.connection = None;
        }
    }

    fn connect(&mut self) -> Result<(), StoreError> {
        if self.connection.is_some() {
            return Ok(());
        }
        let connecting = async {
            let mut connection = self.options.connect().await?;
            sqlx::raw_sql(SESSION).execute(&mut connection).await?;
            Ok::<_, sqlx::Error>(connection)
        };
        let made = self.runtime.block_on(within(connecting))?;
        self.connection = Some(made);
        self.anew = true;
        Ok(())
    }

    /// Connects where that is needed; whether that was done since this was last asked.
    pub(super) fn is_anew(&mut self) -> Result<bool, StoreError> {
        self.connect()?;
        Ok(std::mem::take(&mut self.anew))
    }

    fn run<T>(&mut self, work: impl AsyncFnOnce(&mut PgConnection) -> Result<T, sqlx::Error>) -> Result<T, StoreError> {
        self.connect()?;
        let Some(connection) = self.connection.as_mut() else {
            return Err(StoreError::Unavailable("there is no connection".to_owned()));
        };
        let done = self.runtime.block_on(within(work(connection)));
        if let Err(StoreError::Unavailable(_)) = done {
            // Whatever it was doing, nobody may go on in the middle of it.
            self.connection = None;
        }
        done
    }
}

async fn within<T>(work: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, StoreError> {
    match tokio::time::timeout(SILENCE_MAX, work).await {
        Ok(done) => done.map_err(StoreError::from),
        Err(_) => Err(StoreError::Unavailable("no answer".to_owned())),
    }
}

/// A statement with its values; NULLs keep their type, so that no statement is ambiguous.
pub(super) fn query(
    sql: &'static str,
    params: &[Param],
) -> sqlx::query::Query<'static, sqlx::Postgres, sqlx::postgres::PgArguments> {
    let mut values = sqlx::postgres::PgArguments::default();
    for param in params {
        let bound = match param {
            Param::Text(text) => values.add(text.as_deref()),
            Param::Int(int) => values.add(int),
            Param::Bytes(bytes) => values.add(bytes.as_slice()),
            Param::Texts(texts) => values.add(texts),
            Param::Ints(ints) => values.add(ints),
        };
        bound.expect("texts, numbers and bytes below a gigabyte can be sent");
    }
    sqlx::query_with(sql, values)
}

/// A row as ours.
pub(super) fn row(row: &PgRow) -> Result<Row, StoreError> {
    let mut cells = Vec::with_capacity(row.len());
    for column in row.columns() {
        let at = column.ordinal();
        if row.try_get_raw(at)?.is_null() {
            cells.push(Cell::Null);
            continue;
        }
        cells.push(match column.type_info().name() {
            "INT8" => Cell::Int(row.try_get(at)?),
            "INT4" => Cell::Int(row.try_get::<i32, _>(at)?.into()),
            "BOOL" => Cell::Int(row.try_get::<bool, _>(at)?.into()),
            "TEXT" | "VARCHAR" | "NAME" | "BPCHAR" => Cell::Text(row.try_get(at)?),
            "BYTEA" => Cell::Bytes(row.try_get(at)?),
            other => return Err(StoreError::Database(format!("a column of type {other} is none of ours: cast it"))),
        });
    }
    Ok(Row(cells))
}
