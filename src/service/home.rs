//! Noticing that a database is a copy: it remembers where it lives.
//!
//! SQLite: the number of the file on its disk, and the machine's id: a copied or restored file has another number, a moved
//! one keeps it. PostgreSQL: the cluster's identifier and the database's number: a dump that was read back differs; a
//! physical copy of the whole cluster does not, so whoever makes one runs `chancery restore --hold` on it.

use crate::config::{Config, sqlite_path};
use crate::ids::Instant;
use crate::store::{Store, StoreError, meta};

/// Compares where the database lives with what it remembers. A new database is told; a copy is held.
///
/// # Errors
/// The database fails.
pub async fn notice(store: &Store, config: &Config) -> Result<(), StoreError> {
    let Some(here) = here(store, config).await? else { return Ok(()) };
    match store.meta(meta::HOME).await? {
        None => store.set_meta(meta::HOME, here).await,
        Some(home) if home == here => Ok(()),
        Some(_) if store.meta(meta::HELD).await?.is_some() => Ok(()),
        Some(_) => {
            tracing::warn!("this database is a copy: nothing is sent or started by the clock until `chancery resume`");
            store.set_meta(meta::HELD, "this database is a copy of another one").await
        }
    }
}

/// Holds a database, with the reason.
///
/// # Errors
/// The database fails.
pub async fn hold(store: &Store, why: &str, now: Instant) -> Result<(), StoreError> {
    store.set_meta(meta::HELD, format!("{why}, {now}")).await
}

/// Lets a held database go on: from now on it lives here. Why it was held, if it was.
///
/// # Errors
/// The database fails.
pub async fn resume(store: &Store, config: &Config) -> Result<Option<String>, StoreError> {
    let held = store.meta(meta::HELD).await?;
    if let Some(here) = here(store, config).await? {
        store.set_meta(meta::HOME, here).await?;
    }
    store.drop_meta(meta::HELD).await?;
    Ok(held)
}

async fn here(store: &Store, config: &Config) -> Result<Option<String>, StoreError> {
    let Ok(url) = config.database_url() else { return Ok(None) };
    match sqlite_path(url.expose()) {
        Some(path) => Ok(file_identity(&path)),
        None => store.cluster_identity().await.map(Some),
    }
}

fn file_identity(path: &std::path::Path) -> Option<String> {
    use std::os::unix::fs::MetadataExt as _;
    let inode = std::fs::metadata(path).ok()?.ino();
    let machine = std::fs::read_to_string("/etc/machine-id").unwrap_or_default();
    Some(format!("sqlite:{inode}:{}", machine.trim()))
}
