//! Events as they are stored.

use super::{Database, Unreadable};

/// An event with all that the chain covers, and its hash.
pub(super) struct Event {
    pub(super) seq: i64,
    pub(super) at: i64,
    pub(super) kind: String,
    pub(super) kind_version: i64,
    pub(super) actor: String,
    pub(super) subjects: String,
    pub(super) machine: String,
    pub(super) operation: Option<String>,
    pub(super) asked: Option<String>,
    pub(super) sealed: Vec<u8>,
    pub(super) hash: Vec<u8>,
}

const EVENTS: &str = "SELECT seq, at, kind, kind_version, actor, subjects, machine, operation, asked, sealed, hash FROM event \
    WHERE dossier_id = $1 ORDER BY seq";

/// The events of a dossier, in order.
pub(super) async fn of(database: &mut Database, dossier: &str) -> Result<Vec<Event>, Unreadable> {
    let rows = database.rows(EVENTS, &[dossier]).await?;
    let event = |row: &super::Row| {
        Ok(Event {
            seq: row.int(0)?,
            at: row.int(1)?,
            kind: row.text(2)?,
            kind_version: row.int(3)?,
            actor: row.text(4)?,
            subjects: row.text(5)?,
            machine: row.text(6)?,
            operation: row.maybe_text(7)?,
            asked: row.maybe_text(8)?,
            sealed: row.bytes(9)?,
            hash: row.bytes(10)?,
        })
    };
    rows.iter().map(event).collect()
}

impl Event {
    /// The header's bytes.
    pub(super) fn header(&self, dossier: &str) -> Vec<u8> {
        let mut bytes = Vec::new();
        put(&mut bytes, dossier.as_bytes());
        bytes.extend(self.seq.to_be_bytes());
        bytes.extend(self.at.to_be_bytes());
        put(&mut bytes, self.kind.as_bytes());
        bytes.extend(self.kind_version.to_be_bytes());
        put(&mut bytes, self.actor.as_bytes());
        put(&mut bytes, self.subjects.as_bytes());
        put(&mut bytes, self.machine.as_bytes());
        for part in [&self.operation, &self.asked] {
            bytes.push(u8::from(part.is_some()));
            put(&mut bytes, part.as_deref().unwrap_or_default().as_bytes());
        }
        bytes
    }

    /// The people whom it concerns.
    pub(super) fn people(&self) -> Vec<&str> {
        self.subjects.split(',').filter(|person| !person.is_empty()).collect()
    }
}

/// `lp(x)`: the length in 8 bytes, big endian, and then `x`.
pub(super) fn put(bytes: &mut Vec<u8>, part: &[u8]) {
    bytes.extend((part.len() as u64).to_be_bytes());
    bytes.extend(part);
}
