//! What a batch reads before it decides: dossiers, operations that were carried out already, keys. One statement on
//! PostgreSQL, a few cached ones for each dossier on SQLite.

use std::collections::BTreeMap;

use super::{Param, Row, Store, StoreError, Tx};
use crate::dossier::context::Entry;
use crate::ids::{ActivationId, DossierId, OperationId, WorkflowName};

/// What a batch wants to know.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wanted {
    /// Dossiers, and the number of the last event of the copy that is at hand (0: none).
    pub(crate) dossiers: BTreeMap<DossierId, i64>,
    /// Operations.
    pub(crate) operations: Vec<OperationId>,
}

/// What it is told.
#[derive(Clone, Debug, Default)]
pub(crate) struct Loaded {
    /// The version of what is deployed.
    pub(crate) deployment: i64,
    /// The dossiers that there are.
    pub(crate) dossiers: BTreeMap<DossierId, LoadedDossier>,
    /// The operations that were carried out.
    pub(crate) operations: BTreeMap<OperationId, LoadedOperation>,
}

/// A dossier as it is stored.
#[derive(Clone, Debug)]
pub(crate) struct LoadedDossier {
    /// What it is made of; none if the copy at hand is as new.
    pub(crate) content: Option<LoadedContent>,
}

/// What a copy has to be made of.
#[derive(Clone, Debug, Default)]
pub(crate) struct LoadedContent {
    /// The snapshot.
    pub(crate) snapshot: String,
    /// The hash of its last event.
    pub(crate) hash: Vec<u8>,
    /// Its wrapped keys: person or `-`, bytes.
    pub(crate) keys: Vec<(String, Vec<u8>)>,
}

/// An operation that was carried out.
#[derive(Clone, Debug)]
pub(crate) struct LoadedOperation {
    /// On which dossier.
    pub(crate) dossier: DossierId,
    /// The first event that it led to.
    pub(crate) seq: i64,
    /// The keyed hash of the command.
    pub(crate) asked: String,
}

/// `deployment` in `meta`: raised by every deployment, calendar and directory.
pub(super) const DEPLOYMENT: &str = "SELECT value FROM meta WHERE name = 'deployment'";

const SEQ: &str = "SELECT seq FROM dossier WHERE id = $1";
const CONTENT: &str = "SELECT d.snapshot, e.hash FROM dossier d \
    JOIN event e ON e.dossier_id = d.id AND e.seq = d.seq WHERE d.id = $1";
const KEYS: &str = "SELECT person_id, wrapped FROM seal_key WHERE dossier_id = $1";
const OPERATION: &str = "SELECT dossier_id, seq, asked FROM event WHERE operation = $1";

/// All of it at once: kind of row, then text, text, text, number, bytes, text. What is as new at hand costs one look at its
/// row.
const LOAD_SET: &str = "SELECT 'm', '', m.value, NULL::text, 0::bigint, NULL::bytea, NULL::text FROM meta m \
    WHERE m.name = 'deployment' \
UNION ALL \
SELECT 'd', d.id, CASE WHEN d.seq <> k.seq THEN d.snapshot END, NULL, d.seq, \
    CASE WHEN d.seq <> k.seq THEN (SELECT e.hash FROM event e WHERE e.dossier_id = d.id AND e.seq = d.seq) END, \
    CASE WHEN d.seq <> k.seq THEN (SELECT string_agg(s.person_id || ' ' || encode(s.wrapped, 'hex'), ',') \
        FROM seal_key s WHERE s.dossier_id = d.id) END \
    FROM unnest($1::text[], $2::bigint[]) AS k(id, seq) JOIN dossier d ON d.id = k.id \
UNION ALL \
SELECT 'o', e.operation, e.dossier_id, e.asked, e.seq, NULL, NULL \
    FROM unnest($3::text[]) AS o(id) JOIN event e ON e.operation = o.id";

impl Tx<'_> {
    /// The number of what is deployed; 0 if nothing ever was.
    pub(super) fn deployment_number(&mut self) -> Result<i64, StoreError> {
        self.query(DEPLOYMENT, &[])?.first().map_or(Ok(0), version)
    }

    /// Reads what a batch wants.
    pub(crate) fn load(&mut self, wanted: &Wanted) -> Result<Loaded, StoreError> {
        if self.is_postgres() { load_as_set(self, wanted) } else { load_by_row(self, wanted) }
    }
}

fn load_by_row(tx: &mut Tx<'_>, wanted: &Wanted) -> Result<Loaded, StoreError> {
    let mut loaded = Loaded { deployment: tx.deployment_number()?, ..Loaded::default() };
    for (id, at_hand) in &wanted.dossiers {
        let key = [Param::from(id.as_str())];
        let Some(seq) = tx.query(SEQ, &key)?.first().map(|row| row.int(0)).transpose()? else { continue };
        let mut content = None;
        if seq != *at_hand {
            let rows = tx.query(CONTENT, &key)?;
            let row = rows.first().ok_or_else(|| headless(id))?;
            let mut keys = Vec::new();
            for row in tx.query(KEYS, &key)? {
                keys.push((row.text(0)?.to_owned(), row.bytes(1)?.to_vec()));
            }
            content = Some(LoadedContent { snapshot: row.text(0)?.to_owned(), hash: row.bytes(1)?.to_vec(), keys });
        }
        loaded.dossiers.insert(id.clone(), LoadedDossier { content });
    }
    for operation in &wanted.operations {
        if let Some(row) = tx.query(OPERATION, &[operation.as_str().into()])?.first() {
            let (dossier, asked) = (DossierId::from(row.text(0)?), row.maybe_text(2)?.unwrap_or_default().to_owned());
            loaded.operations.insert(operation.clone(), LoadedOperation { dossier, seq: row.int(1)?, asked });
        }
    }
    Ok(loaded)
}

fn load_as_set(tx: &mut Tx<'_>, wanted: &Wanted) -> Result<Loaded, StoreError> {
    let params = [
        Param::Texts(wanted.dossiers.keys().map(|id| Some(id.as_str().to_owned())).collect()),
        Param::Ints(wanted.dossiers.values().map(|seq| Some(*seq)).collect()),
        Param::Texts(wanted.operations.iter().map(|id| Some(id.as_str().to_owned())).collect()),
    ];
    let mut loaded = Loaded::default();
    for row in tx.query(LOAD_SET, &params)? {
        match row.text(0)? {
            "m" => loaded.deployment = version_of(row.text(2)?)?,
            "d" => {
                let id = DossierId::from(row.text(1)?);
                let content = match row.maybe_text(2)? {
                    Some(snapshot) => Some(LoadedContent {
                        snapshot: snapshot.to_owned(),
                        hash: row.bytes(5).map_err(|_| headless(&id))?.to_vec(),
                        keys: row.maybe_text(6)?.map_or(Ok(Vec::new()), keys_of)?,
                    }),
                    None => None,
                };
                loaded.dossiers.insert(id, LoadedDossier { content });
            }
            _ => {
                let (dossier, asked) =
                    (DossierId::from(row.text(2)?), row.maybe_text(3)?.unwrap_or_default().to_owned());
                let operation = LoadedOperation { dossier, seq: row.int(4)?, asked };
                loaded.operations.insert(OperationId::from(row.text(1)?), operation);
            }
        }
    }
    Ok(loaded)
}

/// The version in a row of `meta`.
pub(super) fn version(row: &Row) -> Result<i64, StoreError> {
    version_of(row.text(0)?)
}

fn version_of(text: &str) -> Result<i64, StoreError> {
    let what =
        || StoreError::Corrupt { table: "meta", column: "value", what: "the deployment is no number".to_owned() };
    text.parse().map_err(|_| what())
}

/// Wrapped keys as the set statement gives them: person, blank, hexadecimal digits; a comma between two.
fn keys_of(text: &str) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
    let what = || StoreError::Corrupt { table: "seal_key", column: "wrapped", what: "no wrapped key".to_owned() };
    let key = |part: &str| {
        let (person, digits) = part.split_once(' ').ok_or_else(what)?;
        let byte = |at: usize| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
        let bytes: Option<Vec<u8>> = (0..digits.len()).step_by(2).map(byte).collect();
        Ok((person.to_owned(), bytes.ok_or_else(what)?))
    };
    text.split(',').map(key).collect()
}

fn headless(id: &DossierId) -> StoreError {
    StoreError::Corrupt { table: "event", column: "seq", what: format!("dossier {id} has no last event") }
}

// ---- what some commands need besides ----

const GATHERING: &str = "SELECT id FROM dossier WHERE workflow = $1 AND gather_key = $2";
const BOXES: &str = "SELECT row_id, sealed FROM ballot_box WHERE dossier_id = $1 AND activation = $2 ORDER BY row_id";
const FACTS: &str =
    "SELECT DISTINCT register, holder, key, year FROM register WHERE holder = $1 ORDER BY register, key, year";

impl Tx<'_> {
    /// The open list of a workflow under a key.
    pub(crate) fn gathering(&mut self, workflow: &WorkflowName, key: &str) -> Result<Option<DossierId>, StoreError> {
        let rows = self.query(GATHERING, &[workflow.as_str().into(), key.into()])?;
        rows.first().map(|row| row.text(0).map(DossierId::from)).transpose()
    }

    /// The sealed boxes of a vote, by row.
    pub(crate) fn boxes(
        &mut self,
        dossier: &DossierId,
        activation: ActivationId,
    ) -> Result<Vec<(DossierId, Vec<u8>)>, StoreError> {
        let rows = self.query(BOXES, &[dossier.as_str().into(), i64::from(activation.0).into()])?;
        rows.iter().map(|row| Ok((DossierId::from(row.text(0)?), row.bytes(1)?.to_vec()))).collect()
    }

    /// The facts about a holder.
    pub(crate) fn facts(&mut self, holder: &str) -> Result<Vec<Entry>, StoreError> {
        let rows = self.query(FACTS, &[holder.into()])?;
        rows.iter().map(entry).collect()
    }
}

impl Store {
    /// The facts about a holder, outside any transaction.
    pub(crate) async fn facts(&self, holder: &str) -> Result<Vec<Entry>, StoreError> {
        let rows = self.read(FACTS, &[holder.into()]).await?;
        rows.iter().map(entry).collect()
    }
}

fn entry(row: &Row) -> Result<Entry, StoreError> {
    Ok(Entry {
        register: row.text(0)?.to_owned(),
        holder: row.text(1)?.to_owned(),
        key: row.text(2)?.to_owned(),
        year: i32::try_from(row.int(3)?).map_err(|_| StoreError::Corrupt {
            table: "register",
            column: "year",
            what: "it is no year".to_owned(),
        })?,
    })
}
