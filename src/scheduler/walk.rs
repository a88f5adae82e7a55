//! The daily walk: the next due time of every open dossier is worked out again from its snapshot, so that a lost row cannot
//! strand one. And every hour it is forgotten who asked for links that are good no longer.

use crate::ids::{DossierId, Instant};
use crate::store::{Store, StoreError};

/// From the beginning of one walk to the beginning of the next.
const EVERY_MS: i64 = 24 * 60 * 60 * 1000;
/// From one forgetting to the next.
const FORGET_MS: i64 = 60 * 60 * 1000;
/// Dossiers that are looked at in one step.
const AT_ONCE: i64 = 100;

/// Where the walk is. A process begins with one.
#[derive(Debug, Default)]
pub(super) struct Walk {
    begun: Option<Instant>,
    at: Option<DossierId>,
    forgot: Option<Instant>,
}

impl Walk {
    /// Looks at some dossiers, if a walk is under way or due; how many rows were wrong.
    pub(super) async fn step(&mut self, store: &Store, now: Instant) -> Result<usize, StoreError> {
        if self.forgot.is_none_or(|forgot| now >= forgot.plus_ms(FORGET_MS)) {
            store.forget_start_links(now).await?;
            self.forgot = Some(now);
        }
        if self.at.is_none() {
            if self.begun.is_some_and(|begun| now < begun.plus_ms(EVERY_MS)) {
                return Ok(0);
            }
            self.begun = Some(now);
            self.at = Some(DossierId::new(""));
        }
        let after = self.at.take().unwrap_or_else(|| DossierId::new(""));
        match store.rederive_due(&after, AT_ONCE).await {
            Ok((last, wrong)) => {
                self.at = last;
                if wrong > 0 {
                    tracing::warn!(wrong, "the next due time of dossiers was wrong and has been put right");
                }
                Ok(wrong)
            }
            Err(error) => {
                self.at = Some(after);
                Err(error)
            }
        }
    }
}
