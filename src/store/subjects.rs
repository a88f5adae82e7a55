//! What stands about a person in rows of their own or under their id, for whoever asks what is kept about them.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Cell, Store, StoreError};
use crate::ids::{DossierId, Instant, PersonId};

/// Rows of a table, by column.
pub type Rows = Vec<BTreeMap<&'static str, Value>>;

/// A paper with its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaperOf {
    /// Its id.
    pub id: String,
    /// Its kind, as the workflow names it.
    pub kind: String,
    /// The name of the file.
    pub name: String,
    /// The bytes.
    pub content: Vec<u8>,
}

/// Table, columns, and the question. Other people stand in none of these but by random ids.
const TABLES: [(&str, &[&str], &str); 10] = [
    (
        "entry",
        &["code", "name", "address", "email", "language", "changed_at"],
        "SELECT code, name, address, email, language, changed_at FROM person WHERE id = $1",
    ),
    (
        "asked",
        &["dossier", "purpose", "opened_at", "due_at", "closed_at"],
        "SELECT dossier_id, purpose, opened_at, due_at, closed_at FROM task WHERE person_id = $1 ORDER BY opened_at, dossier_id, id",
    ),
    (
        "did",
        &["dossier", "number", "at", "what"],
        "SELECT dossier_id, seq, at, kind FROM event WHERE actor IN ('link:' || CAST($1 AS TEXT), \
         'link+pin:' || CAST($1 AS TEXT), 'session:' || CAST($1 AS TEXT), 'session+pin:' || CAST($1 AS TEXT), 'operator:' || CAST($1 AS TEXT)) \
         ORDER BY at, dossier_id, seq",
    ),
    (
        "mails",
        &["status", "made_at", "settled_at", "answer"],
        "SELECT status, made_at, settled_at, answer FROM mail WHERE person_id = $1 ORDER BY made_at, id",
    ),
    (
        "mail_deeds",
        &["at", "what", "reason"],
        "SELECT at, what, reason FROM mail_deed WHERE person_id = $1 ORDER BY at, id",
    ),
    (
        "register",
        &["register", "key", "year", "dossier", "paper", "number", "day"],
        "SELECT register, key, year, dossier_id, paper, number, day FROM register WHERE holder = $1 ORDER BY register, year, key",
    ),
    (
        "away",
        &["from", "until", "set_at", "ended_at"],
        "SELECT from_on, until_on, set_at, ended_at FROM absence WHERE person_id = $1 ORDER BY from_on, id",
    ),
    ("language", &["language", "set_at"], "SELECT language, set_at FROM chosen_language WHERE person_id = $1"),
    (
        "signed_in",
        &["opened_at", "ends_at"],
        "SELECT opened_at, ends_at FROM session WHERE person_id = $1 ORDER BY opened_at",
    ),
    (
        "numbers",
        &["dossier", "made_at", "tries"],
        "SELECT dossier_id, made_at, tries FROM pin WHERE person_id = $1 ORDER BY made_at, dossier_id",
    ),
];
const PAPERS: &str = "SELECT id, kind, name, content FROM paper WHERE dossier_id = $1 ORDER BY added_at, id";

impl Store {
    /// What stands under a person's id, table by table; those without a row are left out.
    ///
    /// # Errors
    /// The database fails.
    pub async fn rows_about(&self, person: &PersonId) -> Result<BTreeMap<&'static str, Rows>, StoreError> {
        let mut all = BTreeMap::new();
        for (table, columns, sql) in TABLES {
            let rows = self.read(sql, &[person.as_str().into()]).await?;
            let row = |row: &super::Row| columns.iter().copied().zip(&row.0).filter_map(value).collect();
            let rows: Rows = rows.iter().map(row).collect();
            if !rows.is_empty() {
                all.insert(table, rows);
            }
        }
        Ok(all)
    }

    /// The papers of a dossier with their bytes.
    ///
    /// # Errors
    /// The database fails.
    pub async fn papers_with_bytes(&self, dossier: &DossierId) -> Result<Vec<PaperOf>, StoreError> {
        let rows = self.read(PAPERS, &[dossier.as_str().into()]).await?;
        let paper = |row: &super::Row| {
            let text = |column| row.text(column).map(str::to_owned);
            Ok(PaperOf { id: text(0)?, kind: text(1)?, name: text(2)?, content: row.bytes(3)?.to_vec() })
        };
        rows.iter().map(paper).collect()
    }
}

/// A cell under its column's name; instants as people and programs read them.
fn value((column, cell): (&'static str, &Cell)) -> Option<(&'static str, Value)> {
    let value = match cell {
        Cell::Text(text) => Value::from(text.as_str()),
        Cell::Int(at) if column == "at" || column.ends_with("_at") => Value::from(Instant(*at).to_string()),
        Cell::Int(int) => Value::from(*int),
        Cell::Null | Cell::Bytes(_) => return None,
    };
    Some((column, value))
}
