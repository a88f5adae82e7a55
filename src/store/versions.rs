//! Which versions of workflows there are, and how many dossiers stand where.

use std::collections::BTreeMap;

use super::{Param, Store, StoreError};
use crate::ids::{DossierId, MachineHash, WorkflowName};

const BEGINS: &str = "SELECT hash FROM machine WHERE SUBSTR(hash, 1, CAST($2 AS INTEGER)) = $1 ORDER BY hash LIMIT 2";
const STANDING: &str = "SELECT state, COUNT(*) FROM dossier WHERE workflow = $1 GROUP BY state ORDER BY state";

/// Dossiers that are read at once.
const OPEN_MAX: i64 = 500;
const OPEN: &str =
    "SELECT id, machine FROM dossier WHERE workflow = $1 AND closed_at IS NULL AND id > $2 ORDER BY id LIMIT $3";

impl Store {
    /// The versions whose hashes begin like this; two at most.
    ///
    /// # Errors
    /// The database fails.
    pub async fn versions_like(&self, prefix: &str) -> Result<Vec<MachineHash>, StoreError> {
        let length = i64::try_from(prefix.chars().count()).unwrap_or(i64::MAX);
        let rows = self.read(BEGINS, &[prefix.into(), length.into()]).await?;
        rows.iter().map(|row| row.text(0).map(MachineHash::from)).collect()
    }

    /// How many dossiers of a workflow stand where, on whichever version.
    ///
    /// # Errors
    /// The database fails.
    pub async fn standing(&self, workflow: &WorkflowName) -> Result<BTreeMap<String, u64>, StoreError> {
        let rows = self.read(STANDING, &[Param::from(workflow.as_str())]).await?;
        rows.iter().map(|row| Ok((row.text(0)?.to_owned(), u64::try_from(row.int(1)?).unwrap_or(0)))).collect()
    }

    /// The open dossiers of a workflow, each with the version that it follows, in the order of their ids.
    ///
    /// # Errors
    /// The database fails.
    pub async fn open_dossiers(&self, workflow: &WorkflowName) -> Result<Vec<(DossierId, MachineHash)>, StoreError> {
        let mut found: Vec<(DossierId, MachineHash)> = Vec::new();
        loop {
            let last = found.last().map_or("", |(id, _)| id.as_str());
            let rows = self.read(OPEN, &[workflow.as_str().into(), last.into(), OPEN_MAX.into()]).await?;
            for row in &rows {
                found.push((DossierId::from(row.text(0)?), MachineHash::from(row.text(1)?)));
            }
            if rows.len() < usize::try_from(OPEN_MAX).unwrap_or(usize::MAX) {
                return Ok(found);
            }
        }
    }
}
