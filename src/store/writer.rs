//! The writer's thread: one connection, one job after the other. Jobs run to their end whoever goes away meanwhile, and a
//! job that panics costs its own transaction and nothing else.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc;

use super::error::go_on;
use super::postgres::Postgres;
use super::sets::Set;
use super::sqlite::Sqlite;
use super::{Param, Row, StoreError};

/// Work for the writer's thread.
pub(crate) type Job = Box<dyn FnOnce(&mut Writer) + Send>;

/// The writer: owns the connection.
#[derive(Debug)]
pub(crate) struct Writer {
    link: Link,
}

#[derive(Debug)]
enum Link {
    Sqlite(Box<Sqlite>),
    Postgres(Box<Postgres>),
}

/// One transaction on the writer's thread: synchronous on both engines.
#[derive(Debug)]
pub struct Tx<'a> {
    link: &'a mut Link,
}

impl Tx<'_> {
    /// Runs a statement; how many rows it touched.
    ///
    /// # Errors
    /// The database refuses it.
    pub fn execute(&mut self, sql: &'static str, params: &[Param]) -> Result<u64, StoreError> {
        go_on()?;
        match self.link {
            Link::Sqlite(sqlite) => sqlite.execute(sql, params),
            Link::Postgres(postgres) => postgres.execute(sql, params),
        }
    }

    /// Runs a query.
    ///
    /// # Errors
    /// The database refuses it.
    pub fn query(&mut self, sql: &'static str, params: &[Param]) -> Result<Vec<Row>, StoreError> {
        go_on()?;
        match self.link {
            Link::Sqlite(sqlite) => sqlite.query(sql, params),
            Link::Postgres(postgres) => postgres.query(sql, params),
        }
    }

    /// Runs a statement of PostgreSQL whose first value is a number and whose others are sets.
    ///
    /// # Errors
    /// The database refuses it.
    pub(super) fn query_sets(
        &mut self,
        sql: &'static str,
        first: Option<i64>,
        sets: &[Set],
    ) -> Result<Vec<Row>, StoreError> {
        go_on()?;
        match self.link {
            Link::Sqlite(_) => Err(StoreError::Database("SQLite takes no sets".to_owned())),
            Link::Postgres(postgres) => postgres.query_sets(sql, first, sets),
        }
    }

    /// Runs several statements without values.
    pub(super) fn script(&mut self, sql: &str) -> Result<(), StoreError> {
        match self.link {
            Link::Sqlite(sqlite) => sqlite.script(sql),
            Link::Postgres(postgres) => postgres.script(sql.to_owned()),
        }
    }

    /// Sets can be bound ([`Param::Texts`]), and a statement costs a round trip.
    pub(crate) fn is_postgres(&self) -> bool {
        matches!(self.link, Link::Postgres(_))
    }

    /// Inside [`Writer::one_statement`], on PostgreSQL: a transaction after all, for more than one statement that writes.
    pub(super) fn together<T>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        go_on()?;
        match self.link {
            Link::Sqlite(sqlite) => sqlite.begin(),
            Link::Postgres(postgres) => postgres.begin_here(),
        }?;
        match work(self) {
            Ok(done) => self.commit().map(|()| done),
            Err(error) => {
                self.rollback();
                Err(error)
            }
        }
    }

    fn begin(&mut self) -> Result<(), StoreError> {
        go_on()?;
        match self.link {
            Link::Sqlite(sqlite) => sqlite.begin(),
            Link::Postgres(postgres) => postgres.begin(),
        }
    }

    fn commit(&mut self) -> Result<(), StoreError> {
        if let Err(error) = go_on() {
            self.rollback();
            return Err(error);
        }
        match self.link {
            Link::Sqlite(sqlite) => sqlite.commit()?,
            Link::Postgres(postgres) => postgres.commit()?,
        }
        // The answer to a COMMIT may be lost as well.
        go_on()
    }

    fn rollback(&mut self) {
        match self.link {
            Link::Sqlite(sqlite) => sqlite.rollback(),
            Link::Postgres(postgres) => postgres.rollback(),
        }
    }
}

impl Writer {
    pub(super) fn sqlite(sqlite: Sqlite) -> Self {
        Self { link: Link::Sqlite(Box::new(sqlite)) }
    }

    pub(super) fn postgres(postgres: Postgres) -> Self {
        Self { link: Link::Postgres(Box::new(postgres)) }
    }

    /// Runs a job in a transaction; an `Err` or a panic rolls back.
    pub(crate) fn transaction<T>(
        &mut self,
        job: impl FnOnce(&mut Tx<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut tx = Tx { link: &mut self.link };
        tx.begin()?;
        match guarded(&mut tx, job) {
            Ok(done) => tx.commit().map(|()| done),
            Err(error) => {
                tx.rollback();
                Err(error)
            }
        }
    }

    /// Whether the database is reached by another way than when this was last asked. Behind it may stand a server that took over and
    /// lacks what the one before had acknowledged: whatever is remembered may then be of a past that never was. Never on SQLite.
    ///
    /// # Errors
    /// It cannot be reached.
    pub(crate) fn is_anew(&mut self) -> Result<bool, StoreError> {
        match &mut self.link {
            Link::Sqlite(_) => Ok(false),
            Link::Postgres(postgres) => postgres.is_anew(),
        }
    }

    /// Runs a job that reads and then writes once. On SQLite it is a transaction; on PostgreSQL the one statement is its own
    /// transaction, which saves two round trips, and unique keys see to it that what was read still holds.
    pub(crate) fn one_statement<T>(
        &mut self,
        job: impl FnOnce(&mut Tx<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        if matches!(self.link, Link::Sqlite(_)) {
            return self.transaction(job);
        }
        let mut tx = Tx { link: &mut self.link };
        guarded(&mut tx, job)
    }

    /// Takes what was overwritten out of SQLite's write-ahead log, so that earlier states of a ballot box do not lie there. A
    /// reader may stand in the way; the next call tries again. PostgreSQL keeps its own log, which is not ours to clear.
    pub(crate) fn clear_log(&mut self) {
        if let Link::Sqlite(sqlite) = &self.link
            && let Err(error) = sqlite.clear_log()
        {
            tracing::debug!(%error, "the write-ahead log could not be cleared now");
        }
    }

    /// Leaves nothing in SQLite's files of what was overwritten or deleted; false as long as a reader stands in the way. On
    /// PostgreSQL that is for the owner of the tables (`VACUUM FULL`).
    pub(crate) fn scour(&mut self) -> Result<bool, StoreError> {
        let Link::Sqlite(sqlite) = &self.link else { return Ok(true) };
        sqlite.rewrite()?;
        sqlite.clear_log()
    }
}

/// A panic is a bug of ours; it must not take the writer with it.
fn guarded<T>(tx: &mut Tx<'_>, job: impl FnOnce(&mut Tx<'_>) -> Result<T, StoreError>) -> Result<T, StoreError> {
    catch_unwind(AssertUnwindSafe(|| job(tx))).unwrap_or_else(|_| {
        // It may have stopped between BEGIN and COMMIT of `together`.
        tx.rollback();
        Err(StoreError::Database("a job of the writer panicked: this is a bug".to_owned()))
    })
}

/// What the writers' threads are called.
const THREAD: &str = "chancery-writer";

/// Whether this is a writer's thread.
pub(super) fn is_here() -> bool {
    std::thread::current().name() == Some(THREAD)
}

/// Says how the opening went.
type Opened = tokio::sync::oneshot::Receiver<Result<(), StoreError>>;

/// Starts the thread; `open` runs on it. It ends when the last sender is gone.
pub(super) fn start(
    open: impl FnOnce() -> Result<Writer, StoreError> + Send + 'static,
) -> Result<(mpsc::Sender<Job>, Opened), StoreError> {
    let (sender, jobs) = mpsc::channel::<Job>();
    let (opened, answer) = tokio::sync::oneshot::channel();
    std::thread::Builder::new()
        .name(THREAD.to_owned())
        .spawn(move || {
            let mut writer = match open() {
                Ok(writer) => writer,
                Err(error) => {
                    // Whoever opened it may be gone; then nobody wants to know.
                    let _ = opened.send(Err(error));
                    return;
                }
            };
            let _ = opened.send(Ok(()));
            while let Ok(job) = jobs.recv() {
                if catch_unwind(AssertUnwindSafe(|| job(&mut writer))).is_err() {
                    tracing::error!("a job of the writer panicked outside its transaction");
                }
            }
        })
        .map_err(|error| StoreError::Unavailable(format!("no thread for the writer: {error}")))?;
    Ok((sender, answer))
}
