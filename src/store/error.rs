//! What a database does to us, sorted by what the caller can do about it.

use crate::planted::Failing;

/// The world failed, or what is stored makes no sense.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// The database cannot be reached (now); nothing was acknowledged, try again with the same operation id.
    #[error("the database cannot be reached: {0}")]
    Unavailable(String),
    /// A unique key was taken by somebody else.
    #[error("a unique key is taken: {0}")]
    Taken(String),
    /// Somebody else took a number or another key that is given once: whoever wants it has to look again.
    #[error("a number was taken meanwhile")]
    Outrun,
    /// Something else was deployed than what the write rests on.
    #[error("something else was deployed meanwhile")]
    Redeployed,
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
    /// The database was not migrated to this program's schema yet.
    #[error("this database has schema {found}, this program needs {known}: run `chancery migrate`")]
    Older {
        /// Its schema; 0 for an empty database.
        found: i64,
        /// Ours.
        known: i64,
    },
    /// Anything else that the database says.
    #[error("the database says: {0}")]
    Database(String),
}

impl StoreError {
    /// Trying again can help: somebody else was faster, or the connection went.
    pub(crate) fn passes(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::Taken(_) | Self::Outrun | Self::Redeployed)
    }
}

/// A call of the database that was told to fail does ([`crate::planted`]).
pub(super) fn go_on() -> Result<(), StoreError> {
    let why = || "this call was told to fail".to_owned();
    match crate::planted::fails() {
        None => Ok(()),
        Some(Failing::ForNow) => Err(StoreError::Unavailable(why())),
        Some(Failing::ForGood) => Err(StoreError::Database(why())),
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ffi::{SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_UNIQUE};
        match &error {
            rusqlite::Error::SqliteFailure(failure, message) => {
                let text = message.clone().unwrap_or_else(|| failure.to_string());
                match failure.extended_code {
                    SQLITE_CONSTRAINT_PRIMARYKEY | SQLITE_CONSTRAINT_UNIQUE => Self::Taken(text),
                    _ if is_busy(&error) => Self::Unavailable(text),
                    _ => Self::Database(text),
                }
            }
            _ => Self::Database(error.to_string()),
        }
    }
}

/// SQLite's "somebody else writes".
pub(super) fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked))
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        let Some(said) = error.as_database_error() else {
            return match &error {
                sqlx::Error::Io(_)
                | sqlx::Error::Tls(_)
                | sqlx::Error::Protocol(_)
                | sqlx::Error::PoolTimedOut
                | sqlx::Error::PoolClosed
                | sqlx::Error::WorkerCrashed => Self::Unavailable(error.to_string()),
                _ => Self::Database(error.to_string()),
            };
        };
        if said.is_unique_violation() {
            return Self::Taken(said.constraint().unwrap_or_else(|| said.message()).to_owned());
        }
        match said.code().as_deref() {
            // How the batch write says that a dossier does not stand where it was found.
            Some("22012") => Self::Taken("a dossier has moved on".to_owned()),
            // Serialization failure, deadlock, lock or statement timeout, shutdown, too many connections; and class 08.
            Some("40001" | "40P01" | "55P03" | "57014" | "57P01" | "57P02" | "57P03" | "53300") => {
                Self::Unavailable(said.message().to_owned())
            }
            Some(code) if code.starts_with("08") => Self::Unavailable(said.message().to_owned()),
            _ => Self::Database(said.message().to_owned()),
        }
    }
}
