//! Rows in, domain types out: the only module that names sqlx or rusqlite, and the only one with SQL in it.
//!
//! Reading goes through sqlx pools ([`Store::read`]); every write goes through a writer that owns a connection: on its own thread
//! ([`Store::write`]), or to its end on that of a caller of the engine who finds it idle. So no future that holds a transaction can
//! ever be dropped (sqlx #4393), and SQLite has one writer in each process. One SQL text for both engines: `$1`..., TEXT, BIGINT
//! and BYTEA only, explicit columns, no database time; sums are `CAST(... AS BIGINT)`.

pub mod absences;
pub mod backup;
mod batch;
mod checkpoint;
mod deployment;
pub mod erasures;
mod error;
mod expiry;
pub mod heads;
pub mod knocks;
pub mod listing;
mod load;
mod log;
pub mod mails;
pub mod meta;
mod migrate;
pub mod moments;
pub mod outages;
pub mod pages;
pub mod pins;
mod postgres;
mod read;
pub mod registers;
pub mod roles;
mod rows;
pub mod schedule;
pub mod sessions;
mod sets;
mod sqlite;
pub mod start_links;
pub mod subjects;
mod taken;
pub mod undelivered;
mod value;
mod versions;
mod writer;

use std::sync::{Arc, mpsc};

pub(crate) use deployment::{Deployed, MachineRow};
pub use error::StoreError;
pub(crate) use load::{Loaded, LoadedContent, LoadedOperation, Wanted};
pub(crate) use log::LoggedEvent;
pub(crate) use rows::{
    Batch, Closed, DossierRow, EventRow, ForgottenRows, MessageRow, OutboxRow, PaperRow, RegisterEntry, Settled,
    TakenRow, TaskChange, TaskEntry,
};
pub use value::{Cell, Param, Row};
pub use writer::Tx;
pub(crate) use writer::{Job, Writer, is_writers_thread};

/// Writers on PostgreSQL: while one waits for its flush, the server works for the other.
const POSTGRES_LANES: usize = 2;

/// A database, open. Cheap to clone. Its writers' threads end with the last clone.
#[derive(Clone, Debug)]
pub struct Store {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    /// A writer each, on a connection of its own: one on SQLite, which has one writer anyway.
    lanes: Vec<writer::Lane>,
    pool: read::Pool,
}

impl Store {
    /// Opens `sqlite://path` (made if missing) or `postgres://...`; refuses a schema newer than this program.
    ///
    /// # Errors
    /// It cannot be opened, or is newer.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        let (lanes, pool) = if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            let options = postgres::options_of(url)?;
            let start = |_| {
                let writing = options.clone();
                writer::Lane::start(move || Ok(Writer::postgres(postgres::Postgres::open(writing)?)))
            };
            let starting = (0..POSTGRES_LANES).map(start).collect::<Result<Vec<_>, _>>()?;
            let mut lanes = Vec::with_capacity(starting.len());
            for lane in starting {
                lanes.push(lane.await?);
            }
            (lanes, read::Pool::postgres(options))
        } else {
            let path = sqlite::path_of(url)?;
            let writing = path.clone();
            let open = move || Ok(Writer::sqlite(sqlite::Sqlite::open(&writing)?));
            (vec![writer::Lane::start(open)?.await?], read::Pool::sqlite(&path))
        };
        let store = Self { inner: Arc::new(Inner { lanes, pool }) };
        store.write(migrate::found).await?;
        Ok(store)
    }

    /// Brings the schema up to this program's. On PostgreSQL with the owner's URL.
    ///
    /// # Errors
    /// A migration fails, or the schema is newer.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        self.write(migrate::migrate).await
    }

    /// Whether the schema is the one that this program writes.
    ///
    /// # Errors
    /// It is older or newer.
    pub async fn is_current(&self) -> Result<(), StoreError> {
        let (found, known) = (self.write(migrate::found).await?, migrate::known());
        if found < known { Err(StoreError::Older { found, known }) } else { Ok(()) }
    }

    /// Reads, outside any transaction, what was committed. It goes on to its end even if the caller goes away.
    ///
    /// # Errors
    /// The database refuses it.
    pub async fn read(&self, sql: &'static str, params: &[Param]) -> Result<Vec<Row>, StoreError> {
        self.inner.pool.read(sql, params.to_vec()).await
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
        let (answer, answered) = tokio::sync::oneshot::channel();
        let job = Box::new(move |writer: &mut Writer| {
            let done = writer.transaction(job);
            // Whoever asked may be gone; what was done is done.
            let _ = answer.send(done);
        });
        self.on_writer(0, job)?;
        answered.await.map_err(|_| StoreError::Unavailable("the writer's thread ended".to_owned()))?
    }

    /// Leaves nothing in SQLite's files of what was overwritten or deleted, which writes them anew: other writers wait meanwhile.
    /// False if a reader stands in the way of the last step; the next call tries again. Nothing on PostgreSQL, where that is
    /// the owner's `VACUUM FULL`.
    ///
    /// # Errors
    /// The disk is full, or somebody else writes for too long.
    pub async fn scour(&self) -> Result<bool, StoreError> {
        let (answer, answered) = tokio::sync::oneshot::channel();
        // Whoever asked may be gone; what was done is done.
        self.on_writer(0, Box::new(move |writer: &mut Writer| drop(answer.send(writer.scour()))))?;
        answered.await.map_err(|_| StoreError::Unavailable("the writer's thread ended".to_owned()))?
    }

    /// How many writers there are. To the database each is what another process would be.
    pub(crate) fn lanes(&self) -> usize {
        self.inner.lanes.len()
    }

    /// Runs a job on a writer's thread, which makes its transactions itself.
    pub(crate) fn on_writer(&self, lane: usize, job: Job) -> Result<(), StoreError> {
        let lane = &self.inner.lanes[lane];
        if !crate::planted::is_in_step() || is_writers_thread() {
            return lane.hand(job);
        }
        let (at_work, end) = mpsc::channel::<()>();
        lane.hand(Box::new(move |writer: &mut Writer| {
            // Gone with the job, also if it panics.
            let _at_work = at_work;
            job(writer);
        }))?;
        let _ = end.recv();
        Ok(())
    }

    /// Runs a job on this thread if its writer is idle and this thread may wait, else on the writer's.
    pub(crate) fn here_or_on_writer(&self, lane: usize, job: Job) -> Result<(), StoreError> {
        if crate::planted::is_in_step() { self.on_writer(lane, job) } else { self.inner.lanes[lane].run_or_hand(job) }
    }

    /// PostgreSQL: several nodes may share it, and its clock is theirs.
    pub fn is_postgres(&self) -> bool {
        self.inner.pool.is_postgres()
    }
}
