//! What is stored about a person, taking it away, and who was erased.

use super::deployment::RAISE;
use super::{Param, Row, Store, StoreError, Tx};
use crate::ids::{DossierId, Instant, PersonId};

/// A dossier that holds something sealed for a person.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Concerned {
    /// Which.
    pub dossier: DossierId,
    /// Its workflow.
    pub workflow: String,
    /// What it is called.
    pub caption: String,
    /// It is about this person; else a list, a parent, or a dossier in which they were heard from outside.
    pub whole: bool,
    /// It has ended.
    pub ended: bool,
}

/// What stays when a person is erased, in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Staying {
    /// Entries of registers.
    pub register: i64,
    /// Numbers of documents that were given to dossiers about them.
    pub numbers: i64,
    /// What was done about their mails, with the operator's reason.
    pub mail_deeds: i64,
    /// What they did, by their random id alone.
    pub deeds: i64,
}

/// Somebody was erased.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Erased {
    /// Its id.
    pub id: String,
    /// When.
    pub at: Instant,
    /// Whom, by an id that says nothing any more.
    pub person: PersonId,
    /// In how many dossiers.
    pub dossiers: i64,
    /// On whose behalf.
    pub by: PersonId,
    /// By whom: a name on the machine.
    pub operator: String,
    /// Why.
    pub reason: String,
}

const CONCERNED: &str = "SELECT k.dossier_id, d.workflow, d.caption, d.subject, d.closed_at FROM seal_key k \
    JOIN dossier d ON d.id = k.dossier_id WHERE k.person_id = $1 ORDER BY d.opened_at, k.dossier_id";
const PAPERS: &str = "SELECT COUNT(*) FROM paper WHERE dossier_id IN (SELECT id FROM dossier WHERE subject = $1)";
const REGISTER: &str = "SELECT COUNT(*) FROM register WHERE holder = $1";
const NUMBERS: &str = "SELECT COUNT(*) FROM taken WHERE dossier_id IN (SELECT id FROM dossier WHERE subject = $1)";
const MAIL_DEEDS: &str = "SELECT COUNT(*) FROM mail_deed WHERE person_id = $1";
const DEEDS: &str = "SELECT COUNT(*) FROM event WHERE actor IN ('link:' || CAST($1 AS TEXT), 'link+pin:' || CAST($1 AS TEXT), 'session:' || CAST($1 AS TEXT), 'session+pin:' || CAST($1 AS TEXT), \
    'operator:' || CAST($1 AS TEXT))";
const ASKED: &str = "SELECT COUNT(*) FROM task WHERE person_id = $1 AND closed_at IS NULL";
const MESSAGE_WAITS: &str = "SELECT COUNT(*) FROM message WHERE from_id = $1 AND from_seq = $2 AND place = $3 \
    AND consumed_at IS NULL AND refused IS NULL";
/// What hangs on the person alone. The words of mail servers repeat addresses.
const OWN: [&str; 6] = [
    "UPDATE mail SET answer = NULL WHERE person_id = $1",
    "DELETE FROM sign_in WHERE person_id = $1",
    "DELETE FROM session WHERE person_id = $1",
    "DELETE FROM pin WHERE person_id = $1",
    "DELETE FROM absence WHERE person_id = $1",
    "DELETE FROM chosen_language WHERE person_id = $1",
];
const ENTRY: &str = "DELETE FROM person WHERE id = $1";
const UNSENT: &str =
    "UPDATE outbox SET dropped_at = $2 WHERE person_id = $1 AND mail_id IS NULL AND dropped_at IS NULL";
const ERASED: &str =
    "INSERT INTO erasure (id, at, person_id, dossiers, by_id, operator, reason) VALUES ($1, $2, $3, $4, $5, $6, $7)";
const ERASURES: &str =
    "SELECT id, at, person_id, dossiers, by_id, operator, reason FROM erasure ORDER BY at DESC, id DESC LIMIT $1";

impl Store {
    /// The dossiers that hold something sealed for a person, the oldest first.
    ///
    /// # Errors
    /// The database fails, or a row makes no sense.
    pub async fn concerned(&self, person: &PersonId) -> Result<Vec<Concerned>, StoreError> {
        let rows = self.read(CONCERNED, &[person.as_str().into()]).await?;
        let concerned = |row: &Row| {
            Ok(Concerned {
                dossier: row.text(0)?.into(),
                workflow: row.text(1)?.to_owned(),
                caption: row.text(2)?.to_owned(),
                whole: row.maybe_text(3)? == Some(person.as_str()),
                ended: row.maybe_int(4)?.is_some(),
            })
        };
        rows.iter().map(concerned).collect()
    }

    /// How many papers lie in dossiers that are about a person.
    ///
    /// # Errors
    /// The database fails.
    pub async fn papers_about(&self, person: &PersonId) -> Result<i64, StoreError> {
        self.number(PAPERS, person).await
    }

    /// How much a person is asked at the moment.
    ///
    /// # Errors
    /// The database fails.
    pub async fn asked_of(&self, person: &PersonId) -> Result<i64, StoreError> {
        self.number(ASKED, person).await
    }

    /// What would stay of a person.
    ///
    /// # Errors
    /// The database fails.
    pub async fn staying(&self, person: &PersonId) -> Result<Staying, StoreError> {
        Ok(Staying {
            register: self.number(REGISTER, person).await?,
            numbers: self.number(NUMBERS, person).await?,
            mail_deeds: self.number(MAIL_DEEDS, person).await?,
            deeds: self.number(DEEDS, person).await?,
        })
    }

    async fn number(&self, sql: &'static str, person: &PersonId) -> Result<i64, StoreError> {
        self.read(sql, &[person.as_str().into()]).await?.first().map_or(Ok(0), |row| row.int(0))
    }

    /// Takes away what hangs on a person outside of dossiers, with their entry in the directory if `entry`, and writes down that
    /// they were erased. Every process reads the directory anew then.
    ///
    /// # Errors
    /// The database fails; then nothing has changed.
    pub async fn erase_person(&self, erased: Erased, entry: bool) -> Result<(), StoreError> {
        self.write(move |tx| {
            let person: Param = erased.person.as_str().into();
            tx.erase_own(&erased.person)?;
            if entry {
                tx.execute(ENTRY, std::slice::from_ref(&person))?;
                tx.execute(UNSENT, &[person.clone(), erased.at.0.into()])?;
            }
            let params: [Param; 7] = [
                erased.id.as_str().into(),
                erased.at.0.into(),
                person,
                erased.dossiers.into(),
                erased.by.as_str().into(),
                erased.operator.as_str().into(),
                erased.reason.as_str().into(),
            ];
            tx.execute(ERASED, &params)?;
            tx.execute(RAISE, &[]).map(drop)
        })
        .await
    }

    /// Who was erased, the latest first.
    ///
    /// # Errors
    /// The database fails, or a row makes no sense.
    pub async fn erasures(&self, limit: i64) -> Result<Vec<Erased>, StoreError> {
        self.read(ERASURES, &[limit.into()]).await?.iter().map(erased).collect()
    }
}

impl Tx<'_> {
    /// Takes away what hangs on a person alone.
    pub(super) fn erase_own(&mut self, person: &PersonId) -> Result<(), StoreError> {
        for sql in OWN {
            self.execute(sql, &[person.as_str().into()])?;
        }
        Ok(())
    }

    /// Whether a message is still on its way.
    pub(crate) fn message_waits(&mut self, from: &DossierId, seq: i64, place: u32) -> Result<bool, StoreError> {
        let rows = self.query(MESSAGE_WAITS, &[from.as_str().into(), seq.into(), i64::from(place).into()])?;
        Ok(rows.first().map_or(Ok(0), |row| row.int(0))? > 0)
    }
}

fn erased(row: &Row) -> Result<Erased, StoreError> {
    Ok(Erased {
        id: row.text(0)?.to_owned(),
        at: Instant(row.int(1)?),
        person: row.text(2)?.into(),
        dossiers: row.int(3)?,
        by: row.text(4)?.into(),
        operator: row.text(5)?.to_owned(),
        reason: row.text(6)?.to_owned(),
    })
}
