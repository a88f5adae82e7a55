//! The head of the day: taken once a day, and said to whoever keeps the journal.

use crate::ids::Instant;
use crate::store::{Store, StoreError};

/// Milliseconds of a day.
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// The day for which a head was looked after last. A process begins with none.
#[derive(Debug, Default)]
pub(super) struct Heads {
    looked: Option<i64>,
}

impl Heads {
    /// Takes today's head if this process has not seen to it yet; whether it was this process that took it.
    pub(super) async fn step(&mut self, store: &Store, now: Instant) -> Result<bool, StoreError> {
        let today = now.0.div_euclid(DAY_MS);
        if self.looked.is_some_and(|looked| looked >= today) {
            return Ok(false);
        }
        let taken = store.take_head(now).await?;
        self.looked = Some(today);
        if let Some(head) = &taken {
            // The journal is another place than the database: who rewrites the one has not rewritten the other.
            tracing::info!(head.day = %head.day, head.dossiers = head.dossiers, head.hash = %head.hash, "the head of the day");
        }
        Ok(taken.is_some())
    }
}
