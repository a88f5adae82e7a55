//! Keys that are given once in the whole office: looked up before a decision, taken with it. The table's unique keys decide
//! between two who looked at the same time.

use super::rows::Batch;
use super::{Param, StoreError, Tx};
use crate::dossier::taken::{Holder, Key};
use crate::ids::{DossierId, Instant};

const LAST: &str = "SELECT seq FROM taken WHERE space = $1 AND seq IS NOT NULL ORDER BY seq DESC LIMIT 1";
const HOLDER: &str = "SELECT t.dossier_id, COALESCE(d.caption, t.source) FROM taken t \
    LEFT JOIN dossier d ON d.id = t.dossier_id WHERE t.space = $1 AND t.key = $2";
const GIVE_UP: &str = "DELETE FROM taken WHERE space = $1 AND key = $2 AND dossier_id = $3";
const TAKE: &str = "INSERT INTO taken (space, key, seq, dossier_id, source, taken_at) VALUES ($1, $2, $3, $4, $5, $6)";

impl Tx<'_> {
    /// The last number that a counter has given.
    pub(crate) fn last_taken(&mut self, space: &str) -> Result<Option<i64>, StoreError> {
        self.query(LAST, &[space.into()])?.first().map(|row| row.int(0)).transpose()
    }

    /// Who has a key.
    pub(crate) fn holder(&mut self, key: &Key) -> Result<Option<Holder>, StoreError> {
        let rows = self.query(HOLDER, &[key.space.as_str().into(), key.key.as_str().into()])?;
        let Some(row) = rows.first() else { return Ok(None) };
        let dossier = row.maybe_text(0)?.map(DossierId::from);
        Ok(Some(Holder { dossier, name: Some(row.text(1)?.to_owned()) }))
    }

    /// Takes a key for what was so before any dossier.
    pub(super) fn take_before(&mut self, key: &Key, source: &str, now: Instant) -> Result<(), StoreError> {
        let params: [Param; 6] = [
            key.space.as_str().into(),
            key.key.as_str().into(),
            Param::Int(None),
            Param::Text(None),
            source.into(),
            now.0.into(),
        ];
        self.execute(TAKE, &params).map(drop)
    }

    /// Gives up and takes the keys of a batch, in their order.
    pub(super) fn write_taken(&mut self, batch: &Batch) -> Result<(), StoreError> {
        for (key, dossier) in &batch.given_up {
            self.execute(GIVE_UP, &[key.space.as_str().into(), key.key.as_str().into(), dossier.as_str().into()])?;
        }
        for (key, row) in &batch.taken {
            let params: [Param; 6] = [
                key.space.as_str().into(),
                key.key.as_str().into(),
                row.seq.into(),
                row.dossier.as_str().into(),
                format!("dossier:{}", row.dossier).into(),
                row.taken_at.into(),
            ];
            let outrun = |error| if matches!(error, StoreError::Taken(_)) { StoreError::Outrun } else { error };
            self.execute(TAKE, &params).map_err(outrun)?;
        }
        Ok(())
    }
}
