//! Mails that did not arrive: who is told of it, and what people do about it.

use super::{Param, Row, Store, StoreError};
use crate::ids::{ActivationId, DossierId, Instant, MachineHash, MailId, PersonId};

/// Something that was to be said to a person and did not reach them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsaid {
    /// About which dossier.
    pub dossier: DossierId,
    /// The event that it comes from.
    pub seq: i64,
    /// The entry.
    pub activation: ActivationId,
    /// Whom it did not reach.
    pub person: PersonId,
    /// The version that the dossier runs on.
    pub machine: MachineHash,
}

/// What a person did about mails.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct MailDeed {
    /// Its id.
    pub id: String,
    /// When.
    pub at: Instant,
    /// `resent` or `readdressed`.
    pub what: String,
    /// Whose mails.
    pub person: PersonId,
    /// Which mail, of one alone.
    pub mail: Option<MailId>,
    /// On whose behalf.
    pub by: PersonId,
    /// Why.
    pub reason: String,
}

/// The kind of notice by which somebody is told; behind the colon whom something did not reach.
pub const UNDELIVERED: &str = "undelivered:";

// What was done in the meantime need not be said, and what is about mails that did not arrive is not said about itself.
const UNSAID: &str = "SELECT DISTINCT o.dossier_id, o.seq, o.activation, mail.person_id, dossier.machine FROM mail \
    JOIN outbox o ON o.mail_id = mail.id JOIN dossier ON dossier.id = o.dossier_id \
    WHERE mail.status IN ('failed', 'unknown') AND mail.next_at IS NULL AND mail.settled_at > $1 \
    AND mail.person_id <> $2 AND o.dropped_at IS NULL AND o.kind NOT LIKE 'undelivered%' AND o.kind <> 'calendar' \
    AND (o.task_id IS NULL OR EXISTS (SELECT 1 FROM task WHERE task.dossier_id = o.dossier_id AND task.id = o.task_id \
        AND task.closed_at IS NULL)) \
    AND NOT EXISTS (SELECT 1 FROM outbox said WHERE said.dossier_id = o.dossier_id AND said.seq = o.seq \
        AND said.person_id = $2 AND said.kind = 'undelivered:' || mail.person_id) \
    ORDER BY o.dossier_id, o.seq LIMIT $3";
// Two schedulers may tell it at once: one of them finds it said.
const SAY: &str = "INSERT INTO outbox (dossier_id, seq, place, activation, person_id, kind, not_before_at) \
    SELECT CAST($1 AS TEXT), CAST($2 AS BIGINT), COALESCE(MAX(place), 0) + 1, CAST($3 AS BIGINT), CAST($4 AS TEXT), CAST($5 AS TEXT), CAST($6 AS BIGINT) \
    FROM outbox WHERE dossier_id = $1 AND seq = $2 \
    HAVING COUNT(CASE WHEN person_id = $4 AND kind = $5 THEN 1 END) = 0 ON CONFLICT DO NOTHING";
const DEED: &str =
    "INSERT INTO mail_deed (id, at, what, person_id, mail_id, by_id, reason) VALUES ($1, $2, $3, $4, $5, $6, $7)";
const DEEDS: &str =
    "SELECT id, at, what, person_id, mail_id, by_id, reason FROM mail_deed ORDER BY at DESC, id DESC LIMIT $1";
const RESEND: &str = "UPDATE mail SET status = 'deferred', unknowns = 0, made_at = $1, next_at = $1 \
    WHERE id = $2 AND status IN ('failed', 'unknown', 'deferred') AND next_at IS NULL AND lease IS NULL";
const NEW_TASK_LINKS: &str = "UPDATE task SET generation = generation + 1 WHERE person_id = $1 AND closed_at IS NULL";
const NEW_DESK_LINKS: &str = "UPDATE mail SET generation = generation + 1 WHERE person_id = $1";
// What was asked and is still asked, and what never arrived, is said anew; the courier makes one mail of it.
const SAY_AGAIN: &str = "UPDATE outbox SET mail_id = NULL, not_before_at = $2 WHERE person_id = $1 AND dropped_at IS NULL \
    AND mail_id IS NOT NULL AND ((task_id IS NOT NULL AND kind LIKE 'asked%' AND EXISTS (SELECT 1 FROM task \
        WHERE task.dossier_id = outbox.dossier_id AND task.id = outbox.task_id AND task.closed_at IS NULL)) \
    OR mail_id IN (SELECT id FROM mail WHERE person_id = $1 AND next_at IS NULL AND lease IS NULL \
        AND status IN ('failed', 'unknown')))";
const LET_GO: &str = "UPDATE mail SET status = 'dropped', settled_at = $2 WHERE person_id = $1 AND next_at IS NULL \
    AND lease IS NULL AND status IN ('failed', 'unknown')";

impl Store {
    /// What did not reach people since an instant, and this person does not know.
    ///
    /// # Errors
    /// The database fails, or a row makes no sense.
    pub async fn unsaid(&self, since: Instant, to: &PersonId, limit: i64) -> Result<Vec<Unsaid>, StoreError> {
        let rows = self.read(UNSAID, &[since.0.into(), to.as_str().into(), limit.into()]).await?;
        rows.iter().map(unsaid).collect()
    }

    /// Has a person told that somebody was not reached.
    ///
    /// # Errors
    /// The database fails.
    pub async fn say_undelivered(&self, unsaid: &Unsaid, to: &PersonId, at: Instant) -> Result<(), StoreError> {
        let params: [Param; 6] = [
            unsaid.dossier.as_str().into(),
            unsaid.seq.into(),
            i64::from(unsaid.activation.0).into(),
            to.as_str().into(),
            format!("{UNDELIVERED}{}", unsaid.person).into(),
            at.0.into(),
        ];
        self.write(move |tx| tx.execute(SAY, &params).map(drop)).await
    }

    /// Sends a mail again that failed, whose end is unknown, or that was put off on the way; false if it is none of these.
    ///
    /// # Errors
    /// The database fails.
    pub async fn resend_mail(&self, mail: &MailId, deed: MailDeed) -> Result<bool, StoreError> {
        let mail = mail.clone();
        self.write(move |tx| {
            if tx.execute(RESEND, &[deed.at.0.into(), mail.as_str().into()])? == 0 {
                return Ok(false);
            }
            tx.execute(DEED, &params(&deed)).map(|_| true)
        })
        .await
    }

    /// A person's mails went to a wrong address: every link that they were sent is dead, whoever signed in as them is signed out,
    /// and what is still asked of them is
    /// said anew, with new links, not before an instant.
    ///
    /// # Errors
    /// The database fails.
    pub async fn readdress(&self, deed: MailDeed, not_before: Instant) -> Result<u64, StoreError> {
        self.write(move |tx| {
            let person: Param = deed.person.as_str().into();
            tx.execute(NEW_TASK_LINKS, std::slice::from_ref(&person))?;
            tx.execute(NEW_DESK_LINKS, std::slice::from_ref(&person))?;
            let again = tx.execute(SAY_AGAIN, &[person.clone(), not_before.0.into()])?;
            tx.execute(LET_GO, &[person, deed.at.0.into()])?;
            tx.end_sign_ins(&deed.person, deed.at)?;
            tx.execute(DEED, &params(&deed))?;
            Ok(again)
        })
        .await
    }

    /// What people did about mails, the latest first.
    ///
    /// # Errors
    /// The database fails, or a row makes no sense.
    pub async fn mail_deeds(&self, limit: i64) -> Result<Vec<MailDeed>, StoreError> {
        self.read(DEEDS, &[limit.into()]).await?.iter().map(deed).collect()
    }
}

fn params(deed: &MailDeed) -> [Param; 7] {
    [
        deed.id.as_str().into(),
        deed.at.0.into(),
        deed.what.as_str().into(),
        deed.person.as_str().into(),
        deed.mail.as_ref().map(|mail| mail.as_str().to_owned()).into(),
        deed.by.as_str().into(),
        deed.reason.as_str().into(),
    ]
}

fn deed(row: &Row) -> Result<MailDeed, StoreError> {
    Ok(MailDeed {
        id: row.text(0)?.to_owned(),
        at: Instant(row.int(1)?),
        what: row.text(2)?.to_owned(),
        person: row.text(3)?.into(),
        mail: row.maybe_text(4)?.map(MailId::from),
        by: row.text(5)?.into(),
        reason: row.text(6)?.to_owned(),
    })
}

fn unsaid(row: &Row) -> Result<Unsaid, StoreError> {
    let activation = u32::try_from(row.int(2)?).map_err(|_| StoreError::Corrupt {
        table: "outbox",
        column: "activation",
        what: "no activation".to_owned(),
    })?;
    Ok(Unsaid {
        dossier: row.text(0)?.into(),
        seq: row.int(1)?,
        activation: ActivationId(activation),
        person: row.text(3)?.into(),
        machine: MachineHash::new(row.text(4)?),
    })
}
