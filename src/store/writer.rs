//! The writer: one connection, one job after the other, on its thread or on that of whoever finds it idle. Jobs run to their end
//! whoever goes away meanwhile, and a job that panics costs its own transaction and nothing else.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError, Weak, mpsc};

use super::error::go_on;
use super::postgres::Postgres;
use super::sets::Set;
use super::sqlite::Sqlite;
use super::{Param, Row, StoreError};

/// Work for the writer.
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

/// One transaction of the writer: synchronous on both engines.
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
pub(crate) fn is_writers_thread() -> bool {
    std::thread::current().name() == Some(THREAD)
}

/// One writer, for whoever has jobs for it. It ends with the last of these: the thread owns it, because what it owns may only be
/// given up where waiting is allowed.
#[derive(Clone, Debug)]
pub(super) struct Lane {
    jobs: mpsc::Sender<Job>,
    /// Jobs that were handed to the thread and are not done: nobody goes before them.
    handed: Arc<AtomicUsize>,
    writer: Weak<Mutex<Writer>>,
}

impl Lane {
    /// Starts the thread, at once; `open` runs on it, and what comes back waits for that.
    ///
    /// # Errors
    /// There is no thread, or what `open` says.
    pub(super) fn start(
        open: impl FnOnce() -> Result<Writer, StoreError> + Send + 'static,
    ) -> Result<impl Future<Output = Result<Self, StoreError>>, StoreError> {
        let handed = Arc::<AtomicUsize>::default();
        let left = Arc::clone(&handed);
        let (sender, jobs) = mpsc::channel::<Job>();
        let (opened, answer) = tokio::sync::oneshot::channel();
        std::thread::Builder::new()
            .name(THREAD.to_owned())
            .spawn(move || {
                let writer = match open() {
                    Ok(writer) => Arc::new(Mutex::new(writer)),
                    Err(error) => {
                        // Whoever opened it may be gone; then nobody wants to know.
                        let _ = opened.send(Err(error));
                        return;
                    }
                };
                let _ = opened.send(Ok(Arc::downgrade(&writer)));
                while let Ok(job) = jobs.recv() {
                    run(job, writer.lock().unwrap_or_else(PoisonError::into_inner));
                    left.fetch_sub(1, Ordering::AcqRel);
                }
            })
            .map_err(|error| StoreError::Unavailable(format!("no thread for the writer: {error}")))?;
        Ok(async move {
            let writer = answer.await.map_err(|_| ended())??;
            Ok(Self { jobs: sender, handed, writer })
        })
    }

    /// Hands a job to the thread.
    ///
    /// # Errors
    /// The thread ended.
    pub(super) fn hand(&self, job: Job) -> Result<(), StoreError> {
        self.handed.fetch_add(1, Ordering::AcqRel);
        self.jobs.send(job).map_err(|_| ended())
    }

    /// Runs a job on the caller's thread if the writer is idle and the caller may wait, which saves waking two threads; else hands it
    /// over.
    ///
    /// # Errors
    /// The thread ended.
    pub(super) fn run_or_hand(&self, job: Job) -> Result<(), StoreError> {
        if self.handed.load(Ordering::Acquire) > 0 || !may_wait() {
            return self.hand(job);
        }
        let left = tokio::task::block_in_place(|| {
            let Some(writer) = self.writer.upgrade() else { return Some(job) };
            let idle = match writer.try_lock() {
                Ok(idle) => idle,
                Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
                Err(TryLockError::WouldBlock) => return Some(job),
            };
            run(job, idle);
            None
        });
        left.map_or(Ok(()), |job| self.hand(job))
    }
}

/// Whether the thread that we are on may wait for a disk: one of a runtime with several, which then goes on without it.
fn may_wait() -> bool {
    tokio::runtime::Handle::try_current()
        .is_ok_and(|runtime| runtime.runtime_flavor() == tokio::runtime::RuntimeFlavor::MultiThread)
}

fn run(job: Job, mut writer: MutexGuard<'_, Writer>) {
    if catch_unwind(AssertUnwindSafe(|| job(&mut writer))).is_err() {
        tracing::error!("a job of the writer panicked outside its transaction");
    }
}

fn ended() -> StoreError {
    StoreError::Unavailable("the writer's thread ended".to_owned())
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::thread::ThreadId;

    use super::{Job, Lane, Writer};
    use crate::clock::Chance;
    use crate::store::sqlite::Sqlite;

    /// A writer on a file of its own, which is gone with the test.
    async fn lane() -> (Lane, Folder) {
        let folder = Folder(std::env::temp_dir().join(format!("chancery-lane-{}", Chance::system().id())));
        std::fs::create_dir(&folder.0).expect("a folder of our own");
        let file = folder.0.join("lane.db");
        (
            Lane::start(move || Ok(Writer::sqlite(Sqlite::open(&file)?))).expect("a thread").await.expect("it opens"),
            folder,
        )
    }

    struct Folder(std::path::PathBuf);

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    /// A job that says on which thread it ran.
    fn where_it_ran() -> (Job, mpsc::Receiver<ThreadId>) {
        let (says, ran) = mpsc::channel();
        (Box::new(move |_: &mut Writer| says.send(std::thread::current().id()).expect("somebody listens")), ran)
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn who_finds_the_writer_idle_writes() {
        let (lane, _folder) = lane().await;
        let (job, ran) = where_it_ran();
        lane.run_or_hand(job).expect("there is a writer");
        assert_eq!(ran.try_recv(), Ok(std::thread::current().id()));
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn who_finds_it_at_work_does_not_wait_for_it() {
        let (lane, _folder) = lane().await;
        let (begun, has_begun) = mpsc::channel();
        let (end, ends) = mpsc::channel::<()>();
        let long: Job = Box::new(move |_| {
            begun.send(()).expect("we listen");
            ends.recv().expect("we say when");
        });
        lane.hand(long).expect("there is a writer");
        has_begun.recv().expect("it begins");
        let (job, ran) = where_it_ran();
        lane.run_or_hand(job).expect("there is a writer");
        assert!(ran.try_recv().is_err(), "it waits for its turn");
        end.send(()).expect("it waits");
        assert_ne!(ran.recv().expect("its turn comes"), std::thread::current().id());
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn who_finds_another_caller_at_it_does_not_wait_either() {
        let (lane, _folder) = lane().await;
        let (begun, has_begun) = mpsc::channel();
        let (end, ends) = mpsc::channel::<()>();
        let other = lane.clone();
        let caller = tokio::spawn(async move {
            let long: Job = Box::new(move |_| {
                begun.send(std::thread::current().id()).expect("we listen");
                ends.recv().expect("we say when");
            });
            other.run_or_hand(long)
        });
        let callers = has_begun.recv().expect("it begins");
        let (job, ran) = where_it_ran();
        lane.run_or_hand(job).expect("there is a writer");
        assert!(ran.try_recv().is_err(), "it waits for its turn");
        end.send(()).expect("it waits");
        let thread = ran.recv().expect("its turn comes");
        assert!(thread != callers && thread != std::thread::current().id());
        caller.await.expect("it ends").expect("there is a writer");
    }

    #[tokio::test]
    async fn who_may_not_wait_hands_it_over() {
        let (lane, _folder) = lane().await;
        let (job, ran) = where_it_ran();
        lane.run_or_hand(job).expect("there is a writer");
        assert_ne!(ran.recv().expect("its turn comes"), std::thread::current().id());
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_job_that_panics_leaves_the_writer_to_the_next() {
        let (lane, _folder) = lane().await;
        lane.run_or_hand(Box::new(|_| panic!("a job"))).expect("there is a writer");
        let (job, ran) = where_it_ran();
        lane.run_or_hand(job).expect("there is a writer");
        assert_eq!(ran.try_recv(), Ok(std::thread::current().id()));
    }
}
