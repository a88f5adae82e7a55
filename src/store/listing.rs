//! What operators list: dossiers, the mails about one.

use serde::Serialize;

use super::mails::needless;
use super::{Param, Store, StoreError};
use crate::dossier::project::NoticeKind;
use crate::ids::{DossierId, Instant, MailId, WorkflowName};

/// A dossier in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Listed {
    /// Its id.
    pub id: DossierId,
    /// Its workflow.
    pub workflow: String,
    /// Where it stands.
    pub state: String,
    /// What it is called.
    pub caption: String,
    /// When it was opened.
    pub opened_at: Instant,
    /// By when the first of those who are asked has to do something.
    pub due_at: Option<Instant>,
    /// When the clock does something by itself: a reminder, a deadline's end.
    pub next_due_at: Option<Instant>,
    /// Its result, once it has ended.
    pub outcome: Option<String>,
    /// Since when what is due cannot be done.
    pub stuck_at: Option<Instant>,
}

/// What was, or will be, said to a person about a dossier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Said {
    /// To whom: a person's id.
    pub person: String,
    /// What kind.
    pub kind: String,
    /// Not before.
    pub not_before_at: Instant,
    /// How the mail is: none while it waits.
    pub status: Option<String>,
    /// The mail server's words, or ours.
    pub answer: Option<String>,
    /// When that was settled.
    pub settled_at: Option<Instant>,
    /// When it was found to be needless.
    pub dropped_at: Option<Instant>,
    /// It will not be sent: nobody needs it any more.
    pub needless: bool,
}

/// Which dossiers are listed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Of this workflow.
    pub workflow: Option<String>,
    /// In this state, or with a region in it.
    pub state: Option<String>,
    /// Not ended.
    pub open: bool,
    /// What is due cannot be done.
    pub stuck: bool,
}

const LIST: &str = "SELECT id, workflow, state, caption, opened_at, next_due_at, outcome, stuck_at, \
    (SELECT MIN(task.due_at) FROM task WHERE task.dossier_id = dossier.id AND task.closed_at IS NULL) FROM dossier \
    WHERE (CAST($1 AS TEXT) IS NULL OR workflow = $1) AND (CAST($2 AS TEXT) IS NULL OR state = $2 \
    OR REPLACE(' + ' || state || ' + ', ' + ' || $2 || ' + ', '') <> ' + ' || state || ' + ') \
    AND (CAST($3 AS BIGINT) = 0 OR closed_at IS NULL) AND (CAST($5 AS BIGINT) = 0 OR stuck_at IS NOT NULL) \
    ORDER BY opened_at, id LIMIT $4";
const HOW_MANY: &str = "SELECT COUNT(*) FROM dossier WHERE workflow = $1";
const OF_WORKFLOW: &str = "SELECT id FROM dossier WHERE workflow = $1 AND id > $2 ORDER BY id LIMIT $3";
const STUCK: &str = "SELECT COUNT(*), MIN(stuck_at) FROM dossier WHERE stuck_at IS NOT NULL";
const BEGINS: &str = "SELECT id FROM dossier WHERE SUBSTR(id, 1, CAST($2 AS INTEGER)) = $1 ORDER BY id LIMIT 2";
const SAID: &str = concat!(
    "SELECT outbox.person_id, outbox.kind, outbox.not_before_at, mail.status, mail.settled_at, outbox.dropped_at, \
     CASE WHEN outbox.dropped_at IS NOT NULL OR (outbox.mail_id IS NULL AND ",
    needless!(),
    ") THEN 1 ELSE 0 END, mail.answer FROM outbox LEFT JOIN mail ON mail.id = outbox.mail_id \
     WHERE outbox.dossier_id = $1 ORDER BY outbox.seq, outbox.place"
);
const ABOUT: &str = "SELECT DISTINCT dossier.id, dossier.caption FROM outbox JOIN dossier ON dossier.id = outbox.dossier_id \
    WHERE outbox.mail_id = $1 ORDER BY dossier.id";
const IMPORTED: &str = "SELECT id FROM dossier WHERE workflow = $1 AND import_key = $2";

impl Store {
    /// Dossiers, the oldest first.
    ///
    /// # Errors
    /// The database fails.
    pub async fn list(&self, filter: &Filter, limit: i64) -> Result<Vec<Listed>, StoreError> {
        let params: [Param; 5] = [
            filter.workflow.clone().into(),
            filter.state.clone().into(),
            i64::from(filter.open).into(),
            limit.into(),
            i64::from(filter.stuck).into(),
        ];
        let rows = self.read(LIST, &params).await?;
        rows.iter()
            .map(|row| {
                Ok(Listed {
                    id: row.text(0)?.into(),
                    workflow: row.text(1)?.to_owned(),
                    state: row.text(2)?.to_owned(),
                    caption: row.text(3)?.to_owned(),
                    opened_at: Instant(row.int(4)?),
                    next_due_at: row.maybe_int(5)?.map(Instant),
                    outcome: row.maybe_text(6)?.map(str::to_owned),
                    stuck_at: row.maybe_int(7)?.map(Instant),
                    due_at: row.maybe_int(8)?.map(Instant),
                })
            })
            .collect()
    }

    /// How many dossiers a workflow has, of whatever version.
    ///
    /// # Errors
    /// The database fails.
    pub async fn how_many(&self, workflow: &WorkflowName) -> Result<usize, StoreError> {
        let rows = self.read(HOW_MANY, &[workflow.as_str().into()]).await?;
        let count = rows.first().map_or(Ok(0), |row| row.int(0))?;
        Ok(usize::try_from(count).unwrap_or_default())
    }

    /// Dossiers of a workflow in the order of their ids, after one, for looking at all of them piece by piece.
    ///
    /// # Errors
    /// The database fails.
    pub async fn of_workflow(
        &self,
        workflow: &WorkflowName,
        after: Option<&DossierId>,
        limit: i64,
    ) -> Result<Vec<DossierId>, StoreError> {
        let after = after.map_or("", DossierId::as_str);
        let rows = self.read(OF_WORKFLOW, &[workflow.as_str().into(), after.into(), limit.into()]).await?;
        rows.iter().map(|row| row.text(0).map(DossierId::from)).collect()
    }

    /// In how many dossiers what is due cannot be done, and since when at the longest.
    ///
    /// # Errors
    /// The database fails.
    pub async fn stuck(&self) -> Result<Option<(i64, Instant)>, StoreError> {
        let rows = self.read(STUCK, &[]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        Ok(row.maybe_int(1)?.map(Instant).zip(Some(row.int(0)?)).map(|(since, count)| (count, since)))
    }

    /// The dossiers whose ids begin like this; two at most.
    ///
    /// # Errors
    /// The database fails.
    pub async fn begins_with(&self, prefix: &str) -> Result<Vec<DossierId>, StoreError> {
        let length = i64::try_from(prefix.chars().count()).unwrap_or(i64::MAX);
        let rows = self.read(BEGINS, &[prefix.into(), length.into()]).await?;
        rows.iter().map(|row| row.text(0).map(DossierId::from)).collect()
    }

    /// What was said to people about a dossier, and what waits.
    ///
    /// # Errors
    /// The database fails.
    pub async fn said(&self, dossier: &DossierId) -> Result<Vec<Said>, StoreError> {
        let rows = self.read(SAID, &[dossier.as_str().into()]).await?;
        rows.iter()
            .map(|row| {
                Ok(Said {
                    person: row.text(0)?.to_owned(),
                    kind: NoticeKind::read(row.text(1)?).map_or("", |(kind, _)| kind.name()).to_owned(),
                    not_before_at: Instant(row.int(2)?),
                    status: row.maybe_text(3)?.map(str::to_owned),
                    settled_at: row.maybe_int(4)?.map(Instant),
                    dropped_at: row.maybe_int(5)?.map(Instant),
                    needless: row.int(6)? != 0,
                    answer: row.maybe_text(7)?.map(str::to_owned),
                })
            })
            .collect()
    }

    /// The dossiers that a mail is about, each with what it is called.
    ///
    /// # Errors
    /// The database fails.
    pub async fn about_mail(&self, mail: &MailId) -> Result<Vec<(DossierId, String)>, StoreError> {
        let rows = self.read(ABOUT, &[mail.as_str().into()]).await?;
        rows.iter().map(|row| Ok((row.text(0)?.into(), row.text(1)?.to_owned()))).collect()
    }

    /// The dossier that a row of a file became, by the row's key.
    ///
    /// # Errors
    /// The database fails.
    pub async fn imported(&self, workflow: &WorkflowName, key: &str) -> Result<Option<DossierId>, StoreError> {
        let rows = self.read(IMPORTED, &[workflow.as_str().into(), key.into()]).await?;
        rows.first().map(|row| row.text(0).map(DossierId::from)).transpose()
    }
}
