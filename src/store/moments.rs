//! For a clock that is moved by hand: when the next thing is due.

use super::{Store, StoreError};
use crate::ids::Instant;

const DUE: &str = "SELECT CAST(MIN(due.due_at) AS BIGINT) FROM ( \
    SELECT MIN(next_due_at) AS due_at FROM dossier WHERE next_due_at > $1 \
    UNION ALL SELECT MIN(not_before_at) AS due_at FROM outbox \
        WHERE mail_id IS NULL AND dropped_at IS NULL AND not_before_at > $1 \
    UNION ALL SELECT MIN(next_at) AS due_at FROM mail WHERE next_at > $1) AS due";
const HELD_BACK: &str = "SELECT CAST(COUNT(*) AS BIGINT) FROM outbox \
    WHERE mail_id IS NULL AND dropped_at IS NULL AND not_before_at <= $1";

impl Store {
    /// The next instant after this one at which a timer fires or a mail may go out.
    ///
    /// # Errors
    /// The database fails.
    pub async fn next_moment(&self, after: Instant) -> Result<Option<Instant>, StoreError> {
        let rows = self.read(DUE, &[after.0.into()]).await?;
        Ok(rows.first().map(|row| row.maybe_int(0)).transpose()?.flatten().map(Instant))
    }

    /// Whether something that could be said already waits for another day (a person gets only so many mails).
    ///
    /// # Errors
    /// The database fails.
    pub async fn holds_back(&self, now: Instant) -> Result<bool, StoreError> {
        let rows = self.read(HELD_BACK, &[now.0.into()]).await?;
        Ok(rows.first().map(|row| row.int(0)).transpose()?.unwrap_or_default() > 0)
    }
}
