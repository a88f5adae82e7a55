//! What the scheduler asks: what is due, which slots were taken, which dossiers are open.

use super::{Param, Row, Store, StoreError};
use crate::dossier::Dossier;
use crate::ids::{DossierId, Instant, MachineHash, PersonId, WorkflowName};

/// A dossier with something due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueDossier {
    /// Which.
    pub id: DossierId,
    /// Its last event when it was read.
    pub seq: i64,
    /// Since when.
    pub due_at: Instant,
}

const DUE: &str = "SELECT id, seq, next_due_at FROM dossier \
    WHERE next_due_at <= $1 AND (next_due_at > $2 OR (next_due_at = $2 AND id > $3)) \
    ORDER BY next_due_at, id LIMIT $4";
/// A dossier in which somebody else than now may have to be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StandInTask {
    /// Which.
    pub dossier: DossierId,
    /// Its last event when it was read.
    pub seq: i64,
}

const STUCK: &str = "SELECT id, seq, next_due_at FROM dossier \
    WHERE stuck_at IS NOT NULL AND next_due_at IS NOT NULL AND id > $1 ORDER BY id LIMIT $2";
/// Dossiers that ask $1 something and do not ask $2 the same.
const WITHOUT_STAND_IN: &str = "SELECT DISTINCT d.id, d.seq FROM task t JOIN dossier d ON d.id = t.dossier_id \
    WHERE t.person_id = $1 AND t.closed_at IS NULL AND t.purpose IN ('act', 'lead') AND NOT EXISTS (SELECT 1 FROM task s \
    WHERE s.dossier_id = t.dossier_id AND s.activation = t.activation AND s.purpose = t.purpose AND s.person_id = $2 \
    AND s.closed_at IS NULL) ORDER BY d.id LIMIT $3";
/// Dossiers that ask $1 something and ask $2 the same.
const WITH_STAND_IN: &str = "SELECT DISTINCT d.id, d.seq FROM task t JOIN dossier d ON d.id = t.dossier_id \
    JOIN task s ON s.dossier_id = t.dossier_id AND s.activation = t.activation AND s.purpose = t.purpose \
    WHERE t.person_id = $1 AND t.closed_at IS NULL AND s.person_id = $2 AND s.closed_at IS NULL ORDER BY d.id LIMIT $3";
/// Open dossiers in which somebody is asked something that is not a ballot.
const WAITING_AFTER: &str = "SELECT d.id, d.seq FROM dossier d WHERE d.closed_at IS NULL AND d.id > $1 \
    AND (d.next_due_at IS NOT NULL OR EXISTS \
    (SELECT 1 FROM task t WHERE t.dossier_id = d.id AND t.closed_at IS NULL AND t.purpose <> 'ballot')) \
    ORDER BY d.id LIMIT $2";
const OPEN_AFTER: &str = "SELECT id, seq, next_due_at, snapshot FROM dossier \
    WHERE closed_at IS NULL AND id > $1 ORDER BY id LIMIT $2";
const REDUE: &str = "UPDATE dossier SET next_due_at = $3 WHERE id = $1 AND seq = $2";
const CURRENT: &str = "SELECT name, machine, since_at FROM workflow ORDER BY name";
const VERSIONS: &str = "SELECT hash, deployed_at FROM machine WHERE workflow = $1 ORDER BY deployed_at DESC, hash";
const LAST_SLOT: &str = "SELECT MAX(slot_at) FROM slot WHERE workflow = $1 AND entry = $2";
const TAKE_SLOT: &str = "INSERT INTO slot (workflow, entry, slot_at, taken_at) VALUES ($1, $2, $3, $4) \
    ON CONFLICT (workflow, entry, slot_at) DO NOTHING";

/// A workflow, the version on which new dossiers start, and since when.
pub type CurrentVersion = (WorkflowName, MachineHash, Instant);

impl Store {
    /// Dossiers with something due at or before `now`, the longest due first, after the one that is given.
    ///
    /// # Errors
    /// The database fails.
    pub async fn due_dossiers(
        &self,
        now: Instant,
        after: Option<&DueDossier>,
        limit: i64,
    ) -> Result<Vec<DueDossier>, StoreError> {
        let (since, id) = after.map_or((i64::MIN, ""), |last| (last.due_at.0, last.id.as_str()));
        let rows = self.read(DUE, &[now.0.into(), since.into(), id.into(), limit.into()]).await?;
        rows.iter().map(due_dossier).collect()
    }

    /// Dossiers in which something was due and could not be done, by their ids, after this one.
    ///
    /// # Errors
    /// The database fails.
    pub async fn stuck_dossiers(&self, after: &DossierId, limit: i64) -> Result<Vec<DueDossier>, StoreError> {
        self.read(STUCK, &[after.as_str().into(), limit.into()]).await?.iter().map(due_dossier).collect()
    }

    /// Dossiers that ask a person something and do not ask who stands in for them.
    ///
    /// # Errors
    /// The database fails.
    pub async fn without_stand_in(
        &self,
        person: &PersonId,
        by: &PersonId,
        limit: i64,
    ) -> Result<Vec<StandInTask>, StoreError> {
        self.stand_in_tasks(WITHOUT_STAND_IN, person, by, limit).await
    }

    /// Dossiers that ask a person something, and ask the same of who stands, or stood, in for them.
    ///
    /// # Errors
    /// The database fails.
    pub async fn with_stand_in(
        &self,
        person: &PersonId,
        by: &PersonId,
        limit: i64,
    ) -> Result<Vec<StandInTask>, StoreError> {
        self.stand_in_tasks(WITH_STAND_IN, person, by, limit).await
    }

    async fn stand_in_tasks(
        &self,
        sql: &'static str,
        person: &PersonId,
        by: &PersonId,
        limit: i64,
    ) -> Result<Vec<StandInTask>, StoreError> {
        let rows = self.read(sql, &[person.as_str().into(), by.as_str().into(), limit.into()]).await?;
        rows.iter().map(|row| Ok(StandInTask { dossier: row.text(0)?.into(), seq: row.int(1)? })).collect()
    }

    /// Open dossiers in which somebody is asked something or a time is waited for, by their ids, after this one.
    ///
    /// # Errors
    /// The database fails.
    pub async fn waiting_dossiers(&self, after: &DossierId, limit: i64) -> Result<Vec<StandInTask>, StoreError> {
        let rows = self.read(WAITING_AFTER, &[after.as_str().into(), limit.into()]).await?;
        rows.iter().map(|row| Ok(StandInTask { dossier: row.text(0)?.into(), seq: row.int(1)? })).collect()
    }

    /// Looks at some open dossiers after this one: where the row's next due time is not what the snapshot says, it is put
    /// right. The last dossier that was looked at (none at the end), and how many were wrong.
    ///
    /// # Errors
    /// The database fails.
    pub async fn rederive_due(&self, after: &DossierId, limit: i64) -> Result<(Option<DossierId>, usize), StoreError> {
        let rows = self.read(OPEN_AFTER, &[after.as_str().into(), limit.into()]).await?;
        let mut wrong = Vec::new();
        let mut last = None;
        for row in &rows {
            last = Some(DossierId::from(row.text(0)?));
            match misdue(row) {
                Ok(params) => wrong.extend(params),
                // One damaged row must not keep the others from being looked at.
                Err(error) => tracing::error!(dossier.id = row.text(0).unwrap_or_default(), "{error}"),
            }
        }
        let count = wrong.len();
        if count > 0 {
            self.write(move |tx| wrong.iter().try_for_each(|params| tx.execute(REDUE, params).map(drop))).await?;
        }
        Ok((last, count))
    }

    /// Every workflow with the version on which new dossiers start.
    ///
    /// # Errors
    /// The database fails.
    pub async fn current_versions(&self) -> Result<Vec<CurrentVersion>, StoreError> {
        let rows = self.read(CURRENT, &[]).await?;
        rows.iter().map(|row| Ok((row.text(0)?.into(), row.text(1)?.into(), Instant(row.int(2)?)))).collect()
    }

    /// Every version of a workflow that was ever deployed, the newest first.
    ///
    /// # Errors
    /// The database fails.
    pub async fn versions(&self, workflow: &WorkflowName) -> Result<Vec<(MachineHash, Instant)>, StoreError> {
        let rows = self.read(VERSIONS, &[workflow.as_str().into()]).await?;
        rows.iter().map(|row| Ok((row.text(0)?.into(), Instant(row.int(1)?)))).collect()
    }

    /// The last slot of a start by the clock that was taken.
    ///
    /// # Errors
    /// The database fails.
    pub async fn last_slot(&self, workflow: &WorkflowName, entry: i64) -> Result<Option<Instant>, StoreError> {
        let rows = self.read(LAST_SLOT, &[workflow.as_str().into(), entry.into()]).await?;
        rows.first().map_or(Ok(None), |row| Ok(row.maybe_int(0)?.map(Instant)))
    }

    /// Writes down that a slot was taken; false if it had been.
    ///
    /// # Errors
    /// The database fails.
    pub async fn take_slot(
        &self,
        workflow: &WorkflowName,
        entry: i64,
        slot: Instant,
        now: Instant,
    ) -> Result<bool, StoreError> {
        let params: [Param; 4] = [workflow.as_str().into(), entry.into(), slot.0.into(), now.0.into()];
        self.write(move |tx| Ok(tx.execute(TAKE_SLOT, &params)? == 1)).await
    }
}

/// The parameters that put a row right, if its next due time is not its snapshot's.
fn misdue(row: &Row) -> Result<Option<[Param; 3]>, StoreError> {
    let dossier: Dossier = serde_json::from_str(row.text(3)?).map_err(|error| StoreError::Corrupt {
        table: "dossier",
        column: "snapshot",
        what: error.to_string(),
    })?;
    let derived = dossier.next_due_at().map(|at| at.0);
    let wrong = derived != row.maybe_int(2)?;
    Ok(wrong.then(|| [row.text(0).unwrap_or_default().into(), dossier.seq.into(), derived.into()]))
}

fn due_dossier(row: &Row) -> Result<DueDossier, StoreError> {
    Ok(DueDossier { id: row.text(0)?.into(), seq: row.int(1)?, due_at: Instant(row.int(2)?) })
}
