//! What is true of a database as a whole: which installation it is, whether it is held, which clock it runs on.

use super::{Param, Store, StoreError};

const GET: &str = "SELECT value FROM meta WHERE name = $1";
const PUT: &str =
    "INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value";
const CLUSTER: &str = "SELECT CAST(system_identifier AS TEXT), \
    CAST((SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database()) AS TEXT) FROM pg_control_system()";
const DROP: &str = "DELETE FROM meta WHERE name = $1";

/// Why nothing is sent and nothing started by the clock: the database was restored or copied.
pub const HELD: &str = "held";
/// `demo`: the clock is one of the demonstration.
pub const CLOCK: &str = "clock";
/// On which machine and file the database lives, so that a copy is noticed.
pub const HOME: &str = "home";

/// Content was destroyed whose traces may still lie in the files; with the person of whose erasure the record is not written yet.
pub const SCOUR_DUE: &str = "scour_due";
/// What recognises the master keys that a database was written with.
pub const KEY_CHECK: &str = "key_check";

impl Store {
    /// A fact about the database.
    ///
    /// # Errors
    /// The database fails.
    pub async fn meta(&self, name: &'static str) -> Result<Option<String>, StoreError> {
        let rows = self.read(GET, &[name.into()]).await?;
        rows.first().map(|row| row.text(0).map(str::to_owned)).transpose()
    }

    /// Writes a fact down.
    ///
    /// # Errors
    /// The database fails.
    pub async fn set_meta(&self, name: &'static str, value: impl Into<String>) -> Result<(), StoreError> {
        let params: [Param; 2] = [name.into(), value.into().into()];
        self.write(move |tx| tx.execute(PUT, &params).map(drop)).await
    }

    /// Takes a fact away; false if there was none.
    ///
    /// # Errors
    /// The database fails.
    pub async fn drop_meta(&self, name: &'static str) -> Result<bool, StoreError> {
        self.write(move |tx| Ok(tx.execute(DROP, &[name.into()])? > 0)).await
    }

    /// PostgreSQL: which database of which cluster this is.
    ///
    /// # Errors
    /// The database fails.
    pub async fn cluster_identity(&self) -> Result<String, StoreError> {
        let rows = self.read(CLUSTER, &[]).await?;
        rows.first().map_or_else(
            || Err(StoreError::Database("pg_control_system() says nothing".to_owned())),
            |row| Ok(format!("postgres:{}:{}", row.text(0)?, row.text(1)?)),
        )
    }
}
