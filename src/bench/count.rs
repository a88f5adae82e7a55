//! What must be there when all lives are over.

use crate::bench::BenchError;
use crate::engine::Engine;
use crate::store::{Store, StoreError};

/// Lives that are replayed from their log.
const REPLAYED_MAX: usize = 100;

/// Dossiers in a database.
pub(super) async fn dossiers(store: &Store) -> Result<i64, StoreError> {
    number(store, "SELECT COUNT(*) FROM dossier").await
}

/// Counts the rows of every life in every table, and replays some of the dossiers; how many.
pub(super) async fn check(engine: &Engine, lives: usize) -> Result<usize, BenchError> {
    let lives = i64::try_from(lives).unwrap_or(i64::MAX);
    let wanted: [(&'static str, &'static str, i64); 9] = [
        ("dossiers", "SELECT COUNT(*) FROM dossier", lives),
        (
            "dossiers that came to their end",
            "SELECT COUNT(*) FROM dossier WHERE state = 'bought' AND outcome = 'bought'",
            lives,
        ),
        ("events", "SELECT COUNT(*) FROM event", 5 * lives),
        ("operations", "SELECT COUNT(*) FROM event WHERE operation IS NOT NULL", 5 * lives),
        ("tasks", "SELECT COUNT(*) FROM task", 4 * lives),
        ("tasks that are done", "SELECT COUNT(*) FROM task WHERE closed_at IS NOT NULL", 4 * lives),
        ("dossiers with something due", "SELECT COUNT(*) FROM dossier WHERE next_due_at IS NOT NULL", 0),
        ("notices", "SELECT COUNT(*) FROM outbox", 5 * lives),
        ("keys", "SELECT COUNT(*) FROM seal_key", lives),
    ];
    for (what, sql, wanted) in wanted {
        let found = number(engine.store(), sql).await?;
        if found != wanted {
            return Err(BenchError::Missing { what, found, wanted });
        }
    }
    let some = i64::try_from(REPLAYED_MAX).unwrap_or(i64::MAX);
    let ids = engine.dossiers_after(None, some).await?;
    for dossier in &ids {
        if let Some(fault) = engine.replay(dossier).await?.faults.into_iter().next() {
            return Err(BenchError::Replay { dossier: dossier.clone(), fault });
        }
    }
    Ok(ids.len())
}

/// Mails that a server took over.
pub(super) async fn accepted_mails(store: &Store) -> Result<i64, StoreError> {
    number(store, "SELECT COUNT(*) FROM mail WHERE status = 'accepted' AND attempts = 1").await
}

async fn number(store: &Store, sql: &'static str) -> Result<i64, StoreError> {
    store.read(sql, &[]).await?.first().map_or(Ok(0), |row| row.int(0))
}
