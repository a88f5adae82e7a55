//! The batch write, once per engine, side by side: on SQLite row by row with statements that stay prepared (`by_row`), on
//! PostgreSQL one statement over arrays of rows for what nearly every command writes (`as_set`), and here one for each other
//! table that is touched.

mod as_set;
mod by_row;

use super::rows::{Batch, ForgottenRows, Settled};
use super::{Param, StoreError, Tx};
use crate::ids::{ActivationId, DossierId};
use crate::planted::reach;

impl Tx<'_> {
    /// Writes a batch, or fails as a whole: with [`StoreError::Taken`] when somebody else was faster with a dossier, an
    /// operation or a key.
    pub(crate) fn write_batch(&mut self, batch: &Batch) -> Result<(), StoreError> {
        if !self.is_postgres() {
            if let Some(decided_on) = batch.deployment
                && self.deployment_number()? != decided_on
            {
                return Err(StoreError::Redeployed);
            }
            by_row::write(self, batch)?;
            reach("rows-written");
            return rare(self, batch);
        }
        if batch.is_plain() {
            return as_set::write(self, batch);
        }
        self.together(|tx| {
            as_set::write(tx, batch)?;
            reach("rows-written");
            rare(tx, batch)
        })
    }
}

const BOX: &str = "INSERT INTO ballot_box (dossier_id, activation, row_id, sealed) VALUES ($1, $2, $3, $4) \
    ON CONFLICT (dossier_id, activation, row_id) DO UPDATE SET sealed = excluded.sealed";
const MESSAGE: &str = "INSERT INTO message (from_id, from_seq, place, content, sent_at) VALUES ($1, $2, $3, $4, $5)";
const CONSUMED: &str = "UPDATE message SET consumed_at = $4, refused = NULL, content = '' \
    WHERE from_id = $1 AND from_seq = $2 AND place = $3 AND consumed_at IS NULL";
const REFUSED: &str = "UPDATE message SET refused = $4 \
    WHERE from_id = $1 AND from_seq = $2 AND place = $3 AND consumed_at IS NULL";
const FACT: &str = "INSERT INTO register (register, holder, key, year, source, dossier_id, written_at) \
    VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (register, holder, key, year, source) DO NOTHING";
const PAPER: &str = "INSERT INTO paper (id, dossier_id, kind, name, media, size, hash, content, added_at) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";

const KEY_GONE: &str = "DELETE FROM seal_key WHERE dossier_id = $1 AND person_id = $2";
const PAPERS_GONE: &str = "DELETE FROM paper WHERE dossier_id = $1";
const IMPORT_KEY_GONE: &str = "UPDATE dossier SET import_key = NULL WHERE id = $1";
const MESSAGE_EMPTIED: &str = "UPDATE message SET content = $4 \
    WHERE from_id = $1 AND from_seq = $2 AND place = $3 AND consumed_at IS NULL";
const IMPORT_KEY: &str = "UPDATE dossier SET import_key = $2 WHERE id = $1";
const STUCK: &str = "UPDATE dossier SET stuck_at = $2 WHERE id = $1";

fn rare(tx: &mut Tx<'_>, batch: &Batch) -> Result<(), StoreError> {
    for (dossier, key) in &batch.import_keys {
        tx.execute(IMPORT_KEY, &[id(dossier), key.as_str().into()])?;
    }
    for (dossier, since_at) in &batch.stuck {
        tx.execute(STUCK, &[id(dossier), (*since_at).into()])?;
    }
    for (dossier, rows) in &batch.forgotten {
        forget(tx, dossier, rows)?;
    }
    for (dossier, seq) in &batch.expired {
        tx.expire(dossier, *seq)?;
    }
    for ((dossier, activation, row), sealed) in &batch.boxes {
        tx.execute(BOX, &[dossier.as_str().into(), int(*activation), row.as_str().into(), sealed.clone().into()])?;
    }
    reach("boxes-written");
    for message in &batch.messages {
        let params: [Param; 5] = [
            message.from.as_str().into(),
            message.from_seq.into(),
            i64::from(message.place).into(),
            message.content.as_str().into(),
            message.sent_at.into(),
        ];
        tx.execute(MESSAGE, &params)?;
    }
    for ((from, from_seq, place), settled) in &batch.settled {
        let key: [Param; 3] = [id(from), (*from_seq).into(), i64::from(*place).into()];
        let [from, from_seq, place] = key;
        match settled {
            Settled::Consumed(at) => tx.execute(CONSUMED, &[from, from_seq, place, (*at).into()])?,
            Settled::Refused(why) => tx.execute(REFUSED, &[from, from_seq, place, why.as_str().into()])?,
        };
    }
    for fact in &batch.register {
        let params: [Param; 7] = [
            fact.register.as_str().into(),
            fact.holder.as_str().into(),
            fact.key.as_str().into(),
            fact.year.into(),
            fact.source.as_str().into(),
            Param::Text(fact.dossier.as_ref().map(|dossier| dossier.as_str().to_owned())),
            fact.written_at.into(),
        ];
        tx.execute(FACT, &params)?;
    }
    tx.write_taken(batch)?;
    for paper in &batch.papers {
        let params: [Param; 9] = [
            paper.id.as_str().into(),
            id(&paper.dossier),
            paper.kind.as_str().into(),
            paper.name.as_str().into(),
            paper.media.as_str().into(),
            i64::try_from(paper.content.len()).unwrap_or(i64::MAX).into(),
            paper.hash.as_str().into(),
            paper.content.clone().into(),
            paper.added_at.into(),
        ];
        tx.execute(PAPER, &params)?;
    }
    Ok(())
}

/// Takes away what only the forgotten needed.
fn forget(tx: &mut Tx<'_>, dossier: &DossierId, rows: &ForgottenRows) -> Result<(), StoreError> {
    for person in &rows.people {
        tx.execute(KEY_GONE, &[id(dossier), person.as_str().into()])?;
        tx.erase_own(person)?;
    }
    for ((seq, place), left) in &rows.messages {
        tx.execute(MESSAGE_EMPTIED, &[id(dossier), (*seq).into(), i64::from(*place).into(), left.as_str().into()])?;
    }
    if rows.whole {
        tx.execute(PAPERS_GONE, &[id(dossier)])?;
        tx.execute(IMPORT_KEY_GONE, &[id(dossier)])?;
    }
    Ok(())
}

fn int(activation: ActivationId) -> Param {
    i64::from(activation.0).into()
}

fn id(dossier: &DossierId) -> Param {
    dossier.as_str().into()
}
