//! A copy of an SQLite database while it is in use, and back.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, backup::Backup};

use super::{Store, StoreError, meta};

/// What ends with a restore, by table. A copy knows nothing of what came after it: a session that was ended, a code that was spent and
/// a number that was replaced would be good again. Numbers get more tries than anybody has, and only new ones are the way on.
pub(super) const ENDED: [(&str, &str); 3] = [
    ("session", "DELETE FROM session"),
    ("sign_in", "UPDATE sign_in SET used_at = asked_at WHERE used_at IS NULL"),
    ("pin", "UPDATE pin SET tries = tries + 6"),
];

/// Copies the database behind a path into a new file, as of one moment, and proves that the copy is whole. The file appears
/// under its name only then.
///
/// # Errors
/// The target exists, a file cannot be read or written, or the copy is not whole.
pub fn backup(from: &Path, to: &Path) -> Result<(), StoreError> {
    if to.exists() {
        return Err(StoreError::Database(format!("`{}` exists already", to.display())));
    }
    let part = with_end(to, ".part");
    let copied = copy(from, &part).and_then(|()| check(&part)).and_then(|()| settle(&part, to));
    if copied.is_err() {
        // What is half done is of no use to anybody; that it cannot be removed changes nothing.
        let _ = std::fs::remove_file(&part);
    }
    copied
}

impl Store {
    /// Ends what proved who somebody is, after tools of the database's own have restored it: sessions, codes, numbers.
    ///
    /// # Errors
    /// The database fails.
    pub async fn end_proofs(&self) -> Result<(), StoreError> {
        self.write(|tx| ENDED.iter().try_for_each(|(_, sql)| tx.execute(sql, &[]).map(drop))).await
    }
}

/// Puts a copy into the place of a database that does not exist yet, and holds it: nothing is sent or started by the clock
/// before somebody has looked, and what proved who somebody was when the copy was made proves nothing any more.
///
/// # Errors
/// There is a database already, the copy is not whole, or a file cannot be written.
pub fn restore(from: &Path, to: &Path, why: &str) -> Result<(), StoreError> {
    // A log that was left behind would be played into the copy.
    if let Some(found) = ["", "-wal", "-shm"].iter().map(|end| with_end(to, end)).find(|path| path.exists()) {
        return Err(StoreError::Database(format!(
            "`{}` exists already: stop the server and move it away first, together with its -wal and -shm files",
            found.display()
        )));
    }
    check(from)?;
    let part = with_end(to, ".part");
    let copied = copy(from, &part).and_then(|()| hold(&part, why)).and_then(|()| settle(&part, to));
    if copied.is_err() {
        // As above.
        let _ = std::fs::remove_file(&part);
    }
    copied
}

fn with_end(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    PathBuf::from(name)
}

fn copy(from: &Path, to: &Path) -> Result<(), StoreError> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let source = Connection::open_with_flags(from, flags).map_err(|error| said(from, &error))?;
    source.busy_timeout(Duration::from_secs(30)).map_err(|error| said(from, &error))?;
    std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(to)
        .map_err(|error| StoreError::Database(format!("`{}` cannot be written: {error}", to.display())))?;
    let mut target = Connection::open(to).map_err(|error| said(to, &error))?;
    let copying = Backup::new(&source, &mut target).map_err(|error| said(to, &error))?;
    // All pages at once are one moment; writers go on meanwhile (WAL).
    copying.run_to_completion(i32::MAX, Duration::from_millis(50), None).map_err(|error| said(to, &error))?;
    drop(copying);
    target.pragma_update(None, "journal_mode", "DELETE").map_err(|error| said(to, &error))
}

/// Whether a file is a whole database of chancery.
///
/// # Errors
/// It is not, or cannot be read.
pub fn check(path: &Path) -> Result<(), StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let copy = Connection::open_with_flags(path, flags).map_err(|error| said(path, &error))?;
    let verdict: String =
        copy.query_row("PRAGMA integrity_check", [], |row| row.get(0)).map_err(|error| said(path, &error))?;
    if verdict != "ok" {
        return Err(StoreError::Database(format!("`{}` is damaged: {verdict}", path.display())));
    }
    let ours: i64 = copy
        .query_row("SELECT COUNT(*) FROM sqlite_master WHERE name IN ('meta', 'event', 'migration')", [], |row| {
            row.get(0)
        })
        .map_err(|error| said(path, &error))?;
    if ours == 3 {
        Ok(())
    } else {
        Err(StoreError::Database(format!("`{}` is no database of chancery", path.display())))
    }
}

fn hold(path: &Path, why: &str) -> Result<(), StoreError> {
    let holding = || -> Result<(), rusqlite::Error> {
        let mut database = Connection::open(path)?;
        let tx = database.transaction()?;
        let held =
            "INSERT INTO meta (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = excluded.value";
        tx.execute(held, (meta::HELD, why))?;
        for (table, end) in ENDED {
            // A copy may be older than the table.
            let found = "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = ?1";
            if tx.query_row(found, [table], |row| row.get::<_, i64>(0))? > 0 {
                tx.execute(end, [])?;
            }
        }
        tx.commit()
    };
    holding().map_err(|error| said(path, &error))
}

/// On the disk for good, then under its name.
fn settle(part: &Path, to: &Path) -> Result<(), StoreError> {
    let written = std::fs::File::open(part)
        .and_then(|file| file.sync_all())
        .and_then(|()| std::fs::rename(part, to))
        .and_then(|()| match to.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            Some(folder) => std::fs::File::open(folder)?.sync_all(),
            None => Ok(()),
        });
    written.map_err(|error| StoreError::Database(format!("`{}` cannot be written: {error}", to.display())))
}

fn said(path: &Path, error: &rusqlite::Error) -> StoreError {
    StoreError::Database(format!("`{}`: {error}", path.display()))
}

/// The version of SQLite in this program.
pub fn sqlite_version() -> &'static str {
    rusqlite::version()
}
