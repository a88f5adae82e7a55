//! Bringing SQLite's write-ahead log back into the database, beside the writer and not in front of it.
//!
//! By itself SQLite does this in the commit that makes the log long, and everybody whose command is in that commit waits for
//! some thousand pages. Here a thread with a connection of its own copies what stands in the log while the writer goes on; the
//! writer then copies the little that came meanwhile, after its answers, and begins the log anew. Nothing rests on this for
//! what is durable: a commit is on the disk when the log is.

use std::cell::Cell;
use std::ffi::c_int;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, OpenFlags};

use super::StoreError;

/// Pages in the log from which on it is copied.
const LONG: c_int = 4_000;

fn long() -> c_int {
    crate::planted::long_log(LONG)
}

thread_local! {
    /// How long the log is after the commit that this thread is at, in pages; 0 if it wrote nothing.
    static PAGES: Cell<c_int> = const { Cell::new(0) };
}

/// The writer's side.
#[derive(Debug)]
pub(super) struct Checkpoints {
    shared: Arc<Shared>,
    call: SyncSender<()>,
    /// How long the log has to be for the next call: longer than at the last one, as long as somebody who reads keeps it from
    /// being begun anew.
    next: c_int,
    /// How long it was when that was looked at last.
    last: c_int,
}

#[derive(Debug)]
struct Shared {
    connection: Mutex<Connection>,
    /// Most of the log is copied, and the writer may finish it.
    copied: AtomicBool,
}

impl Shared {
    /// Whoever has it is alone with checkpoints in this process.
    fn turn(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Checkpoints {
    /// Starts the thread, which ends with the writer. From now on the log of `writer` is copied by nobody else.
    pub(super) fn start(path: &Path, writer: &Connection) -> Result<Self, StoreError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags)?;
        connection.execute_batch("PRAGMA synchronous = FULL")?;
        let shared = Arc::new(Shared { connection: Mutex::new(connection), copied: AtomicBool::new(false) });
        let (call, called) = sync_channel::<()>(1);
        let theirs = Arc::clone(&shared);
        std::thread::Builder::new()
            .name("chancery-checkpoint".to_owned())
            .spawn(move || {
                while called.recv().is_ok() {
                    copy(&theirs.turn());
                    theirs.copied.store(true, Ordering::Release);
                }
            })
            .map_err(|error| StoreError::Unavailable(format!("no thread for checkpoints: {error}")))?;
        writer.wal_hook(Some(|_, pages| {
            PAGES.set(pages);
            Ok(())
        }));
        Ok(Self { shared, call, next: long(), last: 0 })
    }

    /// After a commit: calls the thread if the log is long.
    pub(super) fn committed(&mut self) {
        let pages = PAGES.take();
        if pages == 0 {
            return;
        }
        if pages < self.last {
            self.next = long();
        }
        self.last = pages;
        if pages < self.next {
            return;
        }
        match self.call.try_send(()) {
            Ok(()) => self.next = pages + long(),
            // It is still at the last call.
            Err(TrySendError::Full(())) => {}
            Err(TrySendError::Disconnected(())) => self.shared.copied.store(true, Ordering::Release),
        }
    }

    /// Before the next transaction: copies the rest, so that this transaction begins the log anew.
    pub(super) fn finish(&self, writer: &Connection) {
        if self.shared.copied.swap(false, Ordering::Acquire) {
            let _alone = self.shared.turn();
            copy(writer);
        }
    }

    /// Runs `work` while nobody else in this process copies: the locks of two checkpoints do not wait for each other.
    pub(super) fn alone<T>(&self, work: impl FnOnce() -> T) -> T {
        let _alone = self.shared.turn();
        work()
    }
}

/// Copies what no reader keeps from being copied. Another process may be at it: then there is nothing to do.
fn copy(connection: &Connection) {
    if let Err(error) = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())) {
        tracing::debug!(%error, "the write-ahead log could not be copied now");
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::{Checkpoints, LONG, PAGES};
    use crate::clock::Chance;

    /// Writers take turns on several threads, and SQLite says how long the log is only where it wrote something.
    #[test]
    fn a_commit_that_wrote_nothing_says_nothing_about_the_log() {
        let file = std::env::temp_dir().join(format!("chancery-checkpoint-{}.db", Chance::system().id()));
        let connection = Connection::open(&file).expect("a file of our own");
        let mut checkpoints = Checkpoints::start(&file, &connection).expect("it starts");
        PAGES.set(LONG + 100);
        checkpoints.committed();
        let called = checkpoints.next;
        assert_eq!(called, 2 * LONG + 100, "the log is long");
        std::thread::scope(|scope| {
            scope.spawn(|| {
                PAGES.set(10);
                checkpoints.committed();
            });
        });
        assert_eq!(checkpoints.next, LONG, "it was begun anew, by another thread");
        checkpoints.committed();
        assert_eq!((checkpoints.next, checkpoints.last), (LONG, 10));
        let _ = std::fs::remove_file(&file);
    }
}
