//! What pages read: one task, the tasks of one mail, one paper. Nothing here writes.

use super::{Param, Row, Store, StoreError};
use crate::dossier::Purpose;
use crate::ids::{ActivationId, DossierId, Instant, MailId, PaperId, PersonId, WorkflowName};
use crate::machine::LinkPolicy;

/// A task as its row has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskPage {
    /// Its id among the tasks of its dossier.
    pub id: String,
    /// Whose task it is a part of.
    pub dossier: DossierId,
    /// The entry that it belongs to.
    pub activation: ActivationId,
    /// What for.
    pub purpose: Purpose,
    /// Who is asked.
    pub person: PersonId,
    /// How strongly they must show who they are.
    pub policy: LinkPolicy,
    /// The key that signs its link.
    pub key_id: i64,
    /// Raised when it is readdressed.
    pub generation: i64,
    /// When it was offered.
    pub opened_at: Instant,
    /// By when.
    pub due_at: Option<Instant>,
    /// When it was over, and with which event.
    pub closed: Option<Closed>,
}

/// The end of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closed {
    /// When.
    pub at: Instant,
    /// The event that ended it.
    pub seq: i64,
}

/// A mail, as far as its desk page needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailPage {
    /// To whom it went.
    pub person: PersonId,
    /// The key that signs its link.
    pub key_id: i64,
    /// Raised when it is readdressed.
    pub generation: i64,
    /// When it was written.
    pub made_at: Instant,
}

/// A mail that asked somebody for something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AskedByMail {
    /// Whom.
    pub person: PersonId,
    /// It only reminded them.
    pub reminds: bool,
    /// When it was made.
    pub made_at: Instant,
    /// When the mail server took it over.
    pub accepted_at: Option<Instant>,
    /// It was not taken, and is not tried again.
    pub failed: bool,
}

/// A paper with its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaperPage {
    /// The name of the file.
    pub name: String,
    /// The media type that we decided on when it came.
    pub media: String,
    /// The bytes.
    pub content: Vec<u8>,
}

impl Store {
    /// A task by its id among those of its dossier.
    ///
    /// # Errors
    /// The database fails, or the row makes no sense.
    pub async fn task_page(&self, dossier: &DossierId, id: &str) -> Result<Option<TaskPage>, StoreError> {
        const SQL: &str = "SELECT id, dossier_id, activation, purpose, person_id, policy, key_id, generation, opened_at, \
                           due_at, closed_at, closed_seq FROM task WHERE dossier_id = $1 AND id = $2";
        let rows = self.read(SQL, &[dossier.as_str().into(), id.into()]).await?;
        rows.first().map(task).transpose()
    }

    /// The mails that asked people for something in an entry, the first first.
    ///
    /// # Errors
    /// The database fails, or a row makes no sense.
    pub async fn asked_by_mail(
        &self,
        dossier: &DossierId,
        entry: ActivationId,
    ) -> Result<Vec<AskedByMail>, StoreError> {
        const SQL: &str = "SELECT outbox.person_id, outbox.kind, mail.status, mail.made_at, mail.settled_at FROM outbox \
                           JOIN mail ON mail.id = outbox.mail_id WHERE outbox.dossier_id = $1 AND outbox.activation = $2 \
                           AND outbox.task_id IS NOT NULL AND outbox.dropped_at IS NULL \
                           ORDER BY outbox.seq, outbox.place";
        let rows = self.read(SQL, &[dossier.as_str().into(), i64::from(entry.0).into()]).await?;
        let one = |row: &Row| {
            Ok(AskedByMail {
                person: PersonId::new(row.text(0)?),
                reminds: row.text(1)?.starts_with("reminder"),
                accepted_at: row
                    .maybe_int(4)?
                    .filter(|_| row.text(2).is_ok_and(|status| status == "accepted"))
                    .map(Instant),
                failed: row.text(2)? == "failed",
                made_at: Instant(row.int(3)?),
            })
        };
        rows.iter().map(one).collect()
    }

    /// The mail of this id.
    ///
    /// # Errors
    /// The database fails, or the row makes no sense.
    pub async fn mail_page(&self, id: &MailId) -> Result<Option<MailPage>, StoreError> {
        const SQL: &str = "SELECT person_id, key_id, generation, made_at FROM mail WHERE id = $1";
        let rows = self.read(SQL, &[id.as_str().into()]).await?;
        let mail = |row: &Row| {
            Ok(MailPage {
                person: PersonId::new(row.text(0)?),
                key_id: row.int(1)?,
                generation: row.int(2)?,
                made_at: Instant(row.int(3)?),
            })
        };
        rows.first().map(mail).transpose()
    }

    /// The tasks that a mail is about, the most pressing first; none that became somebody else's since.
    ///
    /// # Errors
    /// The database fails, or a row makes no sense.
    pub async fn tasks_of_mail(&self, id: &MailId) -> Result<Vec<TaskPage>, StoreError> {
        const SQL: &str = "SELECT t.id, t.dossier_id, t.activation, t.purpose, t.person_id, t.policy, t.key_id, \
                           t.generation, t.opened_at, t.due_at, t.closed_at, t.closed_seq \
                           FROM task t JOIN mail m ON m.person_id = t.person_id \
                           WHERE m.id = $1 AND (t.dossier_id, t.id) IN \
                               (SELECT o.dossier_id, o.task_id FROM outbox o WHERE o.mail_id = $1) \
                           ORDER BY t.due_at IS NULL, t.due_at, t.opened_at, t.dossier_id, t.id LIMIT 500";
        let rows = self.read(SQL, &[id.as_str().into()]).await?;
        rows.iter().map(task).collect()
    }

    /// What a person is asked in a dossier now, the oldest first.
    ///
    /// # Errors
    /// The database fails.
    pub async fn tasks_in(&self, dossier: &DossierId, person: &PersonId) -> Result<Vec<TaskPage>, StoreError> {
        const SQL: &str = "SELECT id, dossier_id, activation, purpose, person_id, policy, key_id, generation, opened_at, \
                           due_at, closed_at, closed_seq FROM task WHERE dossier_id = $1 AND person_id = $2 \
                           AND closed_at IS NULL ORDER BY opened_at, id LIMIT 100";
        let rows = self.read(SQL, &[dossier.as_str().into(), person.as_str().into()]).await?;
        rows.iter().map(task).collect()
    }

    /// The open tasks of a person in all dossiers, the most pressing first.
    ///
    /// # Errors
    /// The database fails, or a row makes no sense.
    pub async fn tasks_of(&self, person: &PersonId, limit: i64) -> Result<Vec<TaskPage>, StoreError> {
        const SQL: &str = "SELECT id, dossier_id, activation, purpose, person_id, policy, key_id, generation, opened_at, \
                           due_at, closed_at, closed_seq FROM task WHERE person_id = $1 AND closed_at IS NULL \
                           ORDER BY due_at IS NULL, due_at, opened_at, dossier_id, id LIMIT $2";
        let rows = self.read(SQL, &[person.as_str().into(), limit.into()]).await?;
        rows.iter().map(task).collect()
    }

    /// Dossiers with a text among what they are found by (small letters without marks; empty for all), the latest first, and those of
    /// one instant by their ids: what comes after a place in that order, which is an instant and an id, or the first.
    ///
    /// # Errors
    /// The database fails.
    pub async fn latest(
        &self,
        text: &str,
        after: (Instant, &str),
        limit: i64,
    ) -> Result<Vec<(DossierId, Instant)>, StoreError> {
        const ALL: &str = "SELECT id, last_at FROM dossier WHERE last_at <= $1 AND (last_at < $1 OR id > $3) \
                           ORDER BY last_at DESC, id LIMIT $2";
        const WITH: &str = "SELECT id, last_at FROM dossier WHERE last_at <= $1 AND (last_at < $1 OR id > $3) \
                            AND REPLACE(search, $4, '') <> search ORDER BY last_at DESC, id LIMIT $2";
        let params: [Param; 4] = [after.0.0.into(), limit.into(), after.1.into(), text.into()];
        let (sql, params) = if text.is_empty() { (ALL, &params[..3]) } else { (WITH, &params[..]) };
        let rows = self.read(sql, params).await?;
        rows.iter().map(|row| Ok((row.text(0)?.into(), Instant(row.int(1)?)))).collect()
    }

    /// What a person is asked in dossiers of a workflow that came as rows of lists, in the order of their keys.
    ///
    /// # Errors
    /// The database fails, or a row makes no sense.
    pub async fn tasks_of_rows(&self, person: &PersonId, workflow: &WorkflowName) -> Result<Vec<TaskPage>, StoreError> {
        const SQL: &str = "SELECT t.id, t.dossier_id, t.activation, t.purpose, t.person_id, t.policy, t.key_id, \
                           t.generation, t.opened_at, t.due_at, t.closed_at, t.closed_seq \
                           FROM task t JOIN dossier d ON d.id = t.dossier_id \
                           WHERE t.person_id = $1 AND t.closed_at IS NULL AND t.purpose = 'act' \
                           AND d.workflow = $2 AND d.import_key IS NOT NULL ORDER BY d.import_key, t.id LIMIT 2000";
        let rows = self.read(SQL, &[person.as_str().into(), workflow.as_str().into()]).await?;
        rows.iter().map(task).collect()
    }

    /// The dossiers of which a mail only informs, without asking anything.
    ///
    /// # Errors
    /// The database fails, or a row makes no sense.
    pub async fn news_of_mail(&self, id: &MailId) -> Result<Vec<DossierId>, StoreError> {
        const SQL: &str = "SELECT DISTINCT dossier_id FROM outbox WHERE mail_id = $1 AND task_id IS NULL \
                           ORDER BY dossier_id LIMIT 500";
        let rows = self.read(SQL, &[id.as_str().into()]).await?;
        rows.iter().map(|row| Ok(DossierId::new(row.text(0)?))).collect()
    }

    /// A paper, if it belongs to this dossier.
    ///
    /// # Errors
    /// The database fails, or the row makes no sense.
    pub async fn paper_page(&self, dossier: &DossierId, id: &PaperId) -> Result<Option<PaperPage>, StoreError> {
        const SQL: &str = "SELECT name, media, content FROM paper WHERE id = $1 AND dossier_id = $2";
        let rows = self.read(SQL, &[id.as_str().into(), Param::from(dossier.as_str())]).await?;
        let paper = |row: &Row| {
            Ok(PaperPage {
                name: row.text(0)?.to_owned(),
                media: row.text(1)?.to_owned(),
                content: row.bytes(2)?.to_vec(),
            })
        };
        rows.first().map(paper).transpose()
    }
}

fn task(row: &Row) -> Result<TaskPage, StoreError> {
    let purpose = row.text(3)?;
    let policy = row.text(5)?;
    let closed = match (row.maybe_int(10)?, row.maybe_int(11)?) {
        (Some(at), seq) => Some(Closed { at: Instant(at), seq: seq.unwrap_or_default() }),
        (None, _) => None,
    };
    Ok(TaskPage {
        id: row.text(0)?.to_owned(),
        dossier: DossierId::new(row.text(1)?),
        activation: ActivationId(u32::try_from(row.int(2)?).map_err(|_| wrong("activation", "too large"))?),
        purpose: Purpose::of_name(purpose).ok_or_else(|| wrong("purpose", purpose))?,
        person: PersonId::new(row.text(4)?),
        policy: policy_of(policy).ok_or_else(|| wrong("policy", policy))?,
        key_id: row.int(6)?,
        generation: row.int(7)?,
        opened_at: Instant(row.int(8)?),
        due_at: row.maybe_int(9)?.map(Instant),
        closed,
    })
}

fn policy_of(name: &str) -> Option<LinkPolicy> {
    match name {
        "link" => Some(LinkPolicy::Link),
        "link+pin" => Some(LinkPolicy::LinkPin),
        "login" => Some(LinkPolicy::Login),
        _ => None,
    }
}

fn wrong(column: &'static str, what: &str) -> StoreError {
    StoreError::Corrupt { table: "task", column, what: what.to_owned() }
}
