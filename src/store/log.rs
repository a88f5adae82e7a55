//! Reading back: a dossier's log, its keys and its snapshot; messages that wait.

use super::load::{DEPLOYMENT, version};
use super::{Param, Row, Store, StoreError, Tx};
use crate::dossier::Message;
use crate::ids::{DossierId, MachineHash};

/// An event as it is stored, with all that the chain covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LoggedEvent {
    pub(crate) seq: i64,
    pub(crate) at: i64,
    pub(crate) kind: String,
    pub(crate) kind_version: i64,
    pub(crate) actor: String,
    pub(crate) subjects: String,
    pub(crate) machine: String,
    pub(crate) operation: Option<String>,
    pub(crate) asked: Option<String>,
    pub(crate) sealed: Vec<u8>,
    pub(crate) hash: Vec<u8>,
}

const EVENTS: &str = "SELECT seq, at, kind, kind_version, actor, subjects, machine, operation, asked, sealed, hash FROM event \
    WHERE dossier_id = $1 AND seq > $2 ORDER BY seq";
const KEYS: &str = "SELECT person_id, wrapped FROM seal_key WHERE dossier_id = $1";
const SNAPSHOT: &str = "SELECT snapshot, seq, next_due_at FROM dossier WHERE id = $1";
const WAITING: &str = "SELECT content FROM message WHERE consumed_at IS NULL AND refused IS NULL \
    ORDER BY sent_at, from_id, from_seq, place LIMIT $1";
const OF_SENDER: &str = "SELECT content, refused FROM message WHERE from_id = $1 AND consumed_at IS NULL \
    ORDER BY from_seq, place";
const RETRY: &str = "UPDATE message SET refused = NULL WHERE refused IS NOT NULL AND consumed_at IS NULL";
const COMPILED: &str = "SELECT compiled FROM machine WHERE hash = $1";
// Events without a row too: somebody may have taken it away.
const AFTER: &str = "SELECT id FROM (SELECT id FROM dossier WHERE id > $1 ORDER BY id LIMIT $2) AS rows UNION \
    SELECT id FROM (SELECT DISTINCT dossier_id AS id FROM event WHERE dossier_id > $1 ORDER BY id LIMIT $2) AS logs \
    ORDER BY id LIMIT $2";

/// The snapshot of a dossier's row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StoredDossier {
    pub(crate) snapshot: String,
    pub(crate) seq: i64,
    pub(crate) next_due_at: Option<i64>,
}

impl Store {
    /// The events of a dossier after a number, in order.
    pub(crate) async fn events(&self, dossier: &DossierId, after: i64) -> Result<Vec<LoggedEvent>, StoreError> {
        self.read(EVENTS, &[dossier.as_str().into(), after.into()]).await?.iter().map(logged).collect()
    }

    /// The wrapped keys of a dossier: person or `-`, bytes.
    pub(crate) async fn seal_keys(&self, dossier: &DossierId) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        self.read(KEYS, &[dossier.as_str().into()]).await?.iter().map(key).collect()
    }

    /// A dossier's row.
    pub(crate) async fn stored_dossier(&self, dossier: &DossierId) -> Result<Option<StoredDossier>, StoreError> {
        let rows = self.read(SNAPSHOT, &[dossier.as_str().into()]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        Ok(Some(StoredDossier { snapshot: row.text(0)?.to_owned(), seq: row.int(1)?, next_due_at: row.maybe_int(2)? }))
    }

    /// Dossiers in the order of their ids, after one.
    pub(crate) async fn dossiers_after(&self, after: &str, limit: i64) -> Result<Vec<DossierId>, StoreError> {
        ids(&self.read(AFTER, &[after.into(), limit.into()]).await?)
    }

    /// Messages that nobody has consumed or refused, the oldest first.
    pub(crate) async fn waiting_messages(&self, limit: i64) -> Result<Vec<Message>, StoreError> {
        let rows = self.read(WAITING, &[limit.into()]).await?;
        rows.iter().map(message).collect()
    }

    /// Messages of a dossier that nobody has consumed, each with the refusal if it was refused.
    pub(crate) async fn messages_of(&self, dossier: &DossierId) -> Result<Vec<(Message, Option<String>)>, StoreError> {
        let rows = self.read(OF_SENDER, &[dossier.as_str().into()]).await?;
        rows.iter().map(|row| Ok((message(row)?, row.maybe_text(1)?.map(str::to_owned)))).collect()
    }

    /// Lets messages that were refused wait again; how many.
    pub(crate) async fn retry_messages(&self) -> Result<u64, StoreError> {
        self.write(|tx| tx.execute(RETRY, &[])).await
    }

    /// The number of what is deployed; 0 before the first time.
    pub(crate) async fn deployment_version(&self) -> Result<i64, StoreError> {
        self.read(DEPLOYMENT, &[]).await?.first().map_or(Ok(0), version)
    }

    /// The compiled machine of a version.
    pub(crate) async fn compiled_machine(&self, hash: &MachineHash) -> Result<Option<String>, StoreError> {
        let rows = self.read(COMPILED, &[Param::from(hash.as_str())]).await?;
        rows.first().map(|row| row.text(0).map(str::to_owned)).transpose()
    }
}

impl Tx<'_> {
    /// All events of a dossier, in order.
    pub(crate) fn events_of(&mut self, dossier: &DossierId) -> Result<Vec<LoggedEvent>, StoreError> {
        self.query(EVENTS, &[dossier.as_str().into(), 0.into()])?.iter().map(logged).collect()
    }

    /// The wrapped keys of a dossier: person or `-`, bytes.
    pub(crate) fn seal_keys_of(&mut self, dossier: &DossierId) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        self.query(KEYS, &[dossier.as_str().into()])?.iter().map(key).collect()
    }
}

fn message(row: &Row) -> Result<Message, StoreError> {
    serde_json::from_str(row.text(0)?).map_err(|error| StoreError::Corrupt {
        table: "message",
        column: "content",
        what: error.to_string(),
    })
}

fn key(row: &Row) -> Result<(String, Vec<u8>), StoreError> {
    Ok((row.text(0)?.to_owned(), row.bytes(1)?.to_vec()))
}

fn ids(rows: &[Row]) -> Result<Vec<DossierId>, StoreError> {
    rows.iter().map(|row| row.text(0).map(DossierId::from)).collect()
}

fn logged(row: &Row) -> Result<LoggedEvent, StoreError> {
    Ok(LoggedEvent {
        seq: row.int(0)?,
        at: row.int(1)?,
        kind: row.text(2)?.to_owned(),
        kind_version: row.int(3)?,
        actor: row.text(4)?.to_owned(),
        subjects: row.text(5)?.to_owned(),
        machine: row.text(6)?.to_owned(),
        operation: row.maybe_text(7)?.map(str::to_owned),
        asked: row.maybe_text(8)?.map(str::to_owned),
        sealed: row.bytes(9)?.to_vec(),
        hash: row.bytes(10)?.to_vec(),
    })
}
