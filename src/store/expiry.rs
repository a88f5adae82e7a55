//! Dossiers whose time of keeping is over, and what goes beside the log when one's content is destroyed.

use super::{Param, Store, StoreError, Tx};
use crate::ids::{DossierId, WorkflowName};
use crate::seal::DossierKeys;

/// Those of which something is left to destroy: a key that is not one of those made by an expiry.
const ENDED: &str = "SELECT d.id FROM dossier d WHERE d.workflow = $1 AND d.closed_at IS NOT NULL \
    AND EXISTS (SELECT 1 FROM seal_key k WHERE k.dossier_id = d.id AND k.person_id = '-') \
    ORDER BY d.closed_at, d.id LIMIT $2";
const MESSAGE_WAITS: &str =
    "SELECT COUNT(*) FROM message WHERE from_id = $1 AND consumed_at IS NULL AND refused IS NULL";
const KEYS_GONE: &str = "DELETE FROM seal_key WHERE dossier_id = $1 AND person_id <> $2";
/// What stands beside the log about a dossier's content. Of its messages those that nobody took; the others are empty.
const GONE: [&str; 4] = [
    "DELETE FROM paper WHERE dossier_id = $1",
    "DELETE FROM ballot_box WHERE dossier_id = $1",
    "DELETE FROM message WHERE from_id = $1 AND consumed_at IS NULL",
    "UPDATE dossier SET import_key = NULL WHERE id = $1",
];

impl Store {
    /// Dossiers of a workflow that have ended and still say something, the earliest end first.
    ///
    /// # Errors
    /// The database fails.
    pub async fn ended_first(&self, workflow: &WorkflowName, limit: usize) -> Result<Vec<DossierId>, StoreError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows = self.read(ENDED, &[workflow.as_str().into(), limit.into()]).await?;
        rows.iter().map(|row| row.text(0).map(DossierId::from)).collect()
    }
}

impl Tx<'_> {
    /// Whether any message of a dossier is still on its way.
    pub(crate) fn has_message_waiting(&mut self, from: &DossierId) -> Result<bool, StoreError> {
        let rows = self.query(MESSAGE_WAITS, &[from.as_str().into()])?;
        Ok(rows.first().map_or(Ok(0), |row| row.int(0))? > 0)
    }

    /// Takes away the keys of a dossier but the one that was made by the event of this number, and what stands beside its log.
    pub(super) fn expire(&mut self, dossier: &DossierId, seq: i64) -> Result<(), StoreError> {
        let id: Param = dossier.as_str().into();
        self.execute(KEYS_GONE, &[id.clone(), DossierKeys::own_since(seq).as_str().into()])?;
        for sql in GONE {
            self.execute(sql, std::slice::from_ref(&id))?;
        }
        Ok(())
    }
}
