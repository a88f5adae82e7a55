//! The one connection that writes to SQLite, which the writer owns. WAL and `synchronous=FULL`: what was answered is on the
//! disk. `BEGIN IMMEDIATE` with a wait of our own, so that nobody ever sees BUSY although several processes write.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use rusqlite::types::ValueRef;
use rusqlite::{CachedStatement, Connection, OpenFlags};

use super::checkpoint::Checkpoints;
use super::error::is_busy;
use super::{Cell, Param, Row, StoreError, is_writers_thread};

/// How long a writer waits for the others before it says that the database cannot be reached.
const BUSY_WAIT_MAX: Duration = Duration::from_mins(1);
/// Between two looks at a lock that somebody holds: at first, and at most. A commit takes about as long as the first.
const BUSY_PAUSE_FIRST_US: u64 = 200;
const BUSY_PAUSE_MAX_US: u64 = 3_000;
/// Statements that stay prepared.
const STATEMENTS_MAX: usize = 256;

/// The writer's connection.
#[derive(Debug)]
pub(super) struct Sqlite {
    connection: Connection,
    checkpoints: Checkpoints,
    /// State of the jitter: how long one waits for a lock is nobody's secret.
    jitter: u64,
}

/// The file behind `sqlite://path` or `sqlite:path`.
pub(super) fn path_of(url: &str) -> Result<PathBuf, StoreError> {
    let rest = url.strip_prefix("sqlite://").or_else(|| url.strip_prefix("sqlite:")).unwrap_or(url);
    let path = rest.split('?').next().unwrap_or_default();
    if path.is_empty() || path == ":memory:" {
        return Err(StoreError::Database(format!(
            "`{url}` names no file: write `sqlite:///var/lib/chancery/chancery.db`"
        )));
    }
    Ok(PathBuf::from(path))
}

impl Sqlite {
    /// Opens the file, making it if it is missing.
    pub(super) fn open(path: &std::path::Path) -> Result<Self, StoreError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX
            | OpenFlags::SQLITE_OPEN_PRIVATE_CACHE;
        let connection = Connection::open_with_flags(path, flags)?;
        // The switch to WAL needs the file for itself; SQLite's own wait is good enough for this one moment.
        connection.busy_timeout(BUSY_WAIT_MAX)?;
        // A commit that has split a page walks over every page of the cache (SQLite numbers pages anew above all others while it
        // balances), so a larger cache costs every commit more than it saves reading.
        connection.execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF;
             PRAGMA secure_delete = ON;
             PRAGMA cache_size = -4096; PRAGMA temp_store = MEMORY; PRAGMA journal_size_limit = 67108864;",
        )?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
        let checkpoints = Checkpoints::start(path, &connection)?;
        let jitter = u64::from(std::process::id()) << 32 | 0x9e37_79b9;
        Ok(Self { connection, checkpoints, jitter })
    }

    pub(super) fn execute(&self, sql: &'static str, params: &[Param]) -> Result<u64, StoreError> {
        let mut statement = self.connection.prepare_cached(sql)?;
        bind(&mut statement, params)?;
        if statement.column_count() == 0 {
            return Ok(statement.raw_execute()? as u64);
        }
        // A statement with RETURNING: its rows are how many it touched.
        let mut rows = statement.raw_query();
        let mut touched = 0;
        while rows.next()?.is_some() {
            touched += 1;
        }
        Ok(touched)
    }

    pub(super) fn query(&self, sql: &'static str, params: &[Param]) -> Result<Vec<Row>, StoreError> {
        let mut statement = self.connection.prepare_cached(sql)?;
        bind(&mut statement, params)?;
        let columns = statement.column_count();
        let mut rows = statement.raw_query();
        let mut read = Vec::new();
        while let Some(row) = rows.next()? {
            let mut cells = Vec::with_capacity(columns);
            for column in 0..columns {
                cells.push(cell(row.get_ref(column)?)?);
            }
            read.push(Row(cells));
        }
        Ok(read)
    }

    pub(super) fn script(&self, sql: &str) -> Result<(), StoreError> {
        Ok(self.connection.execute_batch(sql)?)
    }

    /// Begins a transaction that will write. The writer's thread waits for as long as other processes write; a caller who found the
    /// writer idle does not wait for them at all, and leaves that to the thread.
    #[expect(clippy::disallowed_methods, reason = "how long one waits for a lock is no decision")]
    pub(super) fn begin(&mut self) -> Result<(), StoreError> {
        self.checkpoints.finish(&self.connection);
        let began = Instant::now();
        let wait_max = if is_writers_thread() { BUSY_WAIT_MAX } else { Duration::ZERO };
        let mut pause_us = BUSY_PAUSE_FIRST_US;
        // With the wait in our hands SQLite answers at once.
        self.connection.busy_timeout(Duration::ZERO)?;
        loop {
            let locked = self.connection.prepare_cached("BEGIN IMMEDIATE").and_then(|mut begin| begin.raw_execute());
            let Err(error) = locked else { break };
            if !is_busy(&error) || began.elapsed() >= wait_max {
                return Err(error.into());
            }
            std::thread::sleep(Duration::from_micros(pause_us / 2 + self.chance(pause_us)));
            pause_us = (pause_us * 2).min(BUSY_PAUSE_MAX_US);
        }
        // A checkpoint at the commit, or a reader that recovers the log, may still hold something for a moment.
        self.connection.busy_timeout(BUSY_WAIT_MAX)?;
        Ok(())
    }

    pub(super) fn commit(&mut self) -> Result<(), StoreError> {
        let committed = self.connection.prepare_cached("COMMIT").and_then(|mut commit| commit.raw_execute());
        if let Err(error) = committed {
            self.rollback();
            return Err(error.into());
        }
        self.checkpoints.committed();
        Ok(())
    }

    /// Takes what was overwritten out of the write-ahead log; whether all of it is out, or a reader stands in the way.
    pub(super) fn clear_log(&self) -> Result<bool, StoreError> {
        let rows = self.checkpoints.alone(|| self.query("PRAGMA wal_checkpoint(TRUNCATE)", &[]))?;
        Ok(rows.first().map_or(Ok(1), |row| row.int(0))? == 0)
    }

    /// Writes the whole file anew, so that nothing is left in it of what was overwritten or deleted.
    pub(super) fn rewrite(&self) -> Result<(), StoreError> {
        self.connection.busy_timeout(BUSY_WAIT_MAX)?;
        self.checkpoints.alone(|| self.script("VACUUM"))
    }

    /// Undoes what was begun. SQLite may have done so itself already; then there is nothing to undo.
    pub(super) fn rollback(&mut self) {
        if !self.connection.is_autocommit()
            && let Err(error) = self.connection.execute_batch("ROLLBACK")
        {
            tracing::error!(%error, "a transaction could not be rolled back");
        }
    }

    /// A number below `bound`, by xorshift.
    fn chance(&mut self, bound: u64) -> u64 {
        self.jitter ^= self.jitter << 13;
        self.jitter ^= self.jitter >> 7;
        self.jitter ^= self.jitter << 17;
        self.jitter % bound.max(1)
    }
}

/// SQLite numbers `$n` by first appearance, so each is found by its name.
fn bind(statement: &mut CachedStatement<'_>, params: &[Param]) -> Result<(), StoreError> {
    for index in 1..=statement.parameter_count() {
        let number: Option<usize> = statement
            .parameter_name(index)
            .and_then(|name| name.strip_prefix('$'))
            .and_then(|digits| digits.parse().ok());
        let Some(param) = number.and_then(|number| params.get(number.wrapping_sub(1))) else {
            return Err(StoreError::Database(format!("parameter {index} of a statement has no value")));
        };
        match param {
            Param::Text(text) => statement.raw_bind_parameter(index, text.as_deref())?,
            Param::Int(int) => statement.raw_bind_parameter(index, int)?,
            Param::Bytes(bytes) => statement.raw_bind_parameter(index, bytes.as_slice())?,
            Param::Texts(_) | Param::Ints(_) => {
                return Err(StoreError::Database("a set was bound to a statement on SQLite".to_owned()));
            }
        }
    }
    Ok(())
}

fn cell(value: ValueRef<'_>) -> Result<Cell, StoreError> {
    Ok(match value {
        ValueRef::Null => Cell::Null,
        ValueRef::Integer(int) => Cell::Int(int),
        ValueRef::Text(text) => Cell::Text(
            std::str::from_utf8(text).map_err(|_| StoreError::Database("a text is not UTF-8".to_owned()))?.to_owned(),
        ),
        ValueRef::Blob(bytes) => Cell::Bytes(bytes.to_vec()),
        ValueRef::Real(_) => return Err(StoreError::Database("a column holds a floating-point number".to_owned())),
    })
}
