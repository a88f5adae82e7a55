//! Links by which a dossier is opened from outside: who asked for one, until it is used or its time is over.

use super::sessions::MAIL;
use super::{Param, Row, Store, StoreError, Tx};
use crate::ids::{Instant, MailId, WorkflowName};

/// Links in the whole office that nobody has used yet: whoever has many networks and mailboxes fills no tables.
const OPEN_MAX: i64 = 2_000;

const COUNT: &str = "SELECT COUNT(*) FROM start_link WHERE ends_at > $1";
const ASK: &str = "INSERT INTO start_link (id, workflow, mailbox, language, key_id, mail_id, asked_at, ends_at) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
const OF: &str = "SELECT mailbox, language FROM start_link WHERE id = $1 AND ends_at > $2";
const OF_MAIL: &str = "SELECT id, workflow, mailbox, language, key_id, ends_at FROM start_link WHERE mail_id = $1";
const END_MAIL: &str = "DELETE FROM mail WHERE lease IS NULL AND id IN (SELECT mail_id FROM start_link WHERE id = $1)";
// One whose mail is being sent this minute is over at once, and goes with its mail within the hour.
const END: &str = "UPDATE start_link SET ends_at = 0 WHERE id = $1";
const GONE: &str = "DELETE FROM start_link WHERE id = $1 AND mail_id NOT IN (SELECT id FROM mail)";
// Its mail is about nothing else, and whether it reached a stranger is nobody's business any more.
const FORGET_MAILS: &str =
    "DELETE FROM mail WHERE lease IS NULL AND id IN (SELECT mail_id FROM start_link WHERE ends_at <= $1)";
const FORGET: &str = "DELETE FROM start_link WHERE ends_at <= $1 AND mail_id NOT IN (SELECT id FROM mail)";

/// Somebody asks for a link.
#[derive(Clone, Debug)]
pub struct LinkAsked {
    /// A random id.
    pub id: String,
    /// A dossier of which workflow is to be opened.
    pub workflow: WorkflowName,
    /// Their mailbox, sealed.
    pub mailbox: String,
    /// The language in which they asked.
    pub language: String,
    /// The key that signs the link.
    pub key_id: i64,
    /// For the mail: its id and its Message-ID.
    pub mail: (MailId, String),
    /// The time.
    pub now: Instant,
    /// Until when the link is good.
    pub ends_at: Instant,
}

/// A link that is good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StartLink {
    /// The mailbox that it was sent to, sealed.
    pub mailbox: String,
    /// The language in which it was asked for.
    pub language: String,
}

/// A link that a mail brings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailStart {
    /// What was asked for.
    pub id: String,
    /// A dossier of which workflow it opens.
    pub workflow: WorkflowName,
    /// The mailbox that it goes to, sealed.
    pub mailbox: String,
    /// The language of its reader.
    pub language: String,
    /// The key that signs it.
    pub key_id: i64,
    /// Until when it is good.
    pub ends_at: Instant,
}

impl Store {
    /// Notes that somebody asked for a link, and puts its mail where the courier takes it at once. False if there are too many that
    /// nobody has used: then nothing is noted.
    ///
    /// # Errors
    /// The database fails.
    pub async fn ask_start_link(&self, asked: LinkAsked) -> Result<bool, StoreError> {
        self.write(move |tx| {
            forget(tx, asked.now)?;
            let open = tx.query(COUNT, &[asked.now.0.into()])?;
            if open.first().map_or(Ok(0), |row| row.int(0))? >= OPEN_MAX {
                return Ok(false);
            }
            let (mail, message_id) = &asked.mail;
            let params: [Param; 8] = [
                asked.id.as_str().into(),
                asked.workflow.as_str().into(),
                asked.mailbox.as_str().into(),
                asked.language.as_str().into(),
                asked.key_id.into(),
                mail.as_str().into(),
                asked.now.0.into(),
                asked.ends_at.0.into(),
            ];
            tx.execute(ASK, &params)?;
            // Nobody whom anybody knows: the mail is to whoever asked.
            let params: [Param; 5] = [
                mail.as_str().into(),
                asked.id.as_str().into(),
                message_id.as_str().into(),
                asked.key_id.into(),
                asked.now.0.into(),
            ];
            tx.execute(MAIL, &params)?;
            Ok(true)
        })
        .await
    }

    /// The link of this id, if it is good and was not used.
    ///
    /// # Errors
    /// The database fails.
    pub async fn start_link(&self, id: &str, now: Instant) -> Result<Option<StartLink>, StoreError> {
        let rows = self.read(OF, &[id.into(), now.0.into()]).await?;
        let link = |row: &Row| Ok(StartLink { mailbox: row.text(0)?.to_owned(), language: row.text(1)?.to_owned() });
        rows.first().map(link).transpose()
    }

    /// A link was used: whose it was stands in the dossier from now on, and nowhere else.
    ///
    /// # Errors
    /// The database fails.
    pub async fn end_start_link(&self, id: String) -> Result<(), StoreError> {
        self.write(move |tx| {
            for sql in [END_MAIL, END, GONE] {
                tx.execute(sql, &[id.as_str().into()])?;
            }
            Ok(())
        })
        .await
    }

    /// Forgets who asked for links whose time is over.
    ///
    /// # Errors
    /// The database fails.
    pub async fn forget_start_links(&self, now: Instant) -> Result<(), StoreError> {
        self.write(move |tx| forget(tx, now)).await
    }
}

impl Tx<'_> {
    /// The link that a mail brings, if it brings one.
    pub(super) fn start_of_mail(&mut self, mail: &MailId) -> Result<Option<MailStart>, StoreError> {
        let start = |row: &Row| {
            Ok(MailStart {
                id: row.text(0)?.to_owned(),
                workflow: row.text(1)?.into(),
                mailbox: row.text(2)?.to_owned(),
                language: row.text(3)?.to_owned(),
                key_id: row.int(4)?,
                ends_at: Instant(row.int(5)?),
            })
        };
        self.query(OF_MAIL, &[mail.as_str().into()])?.first().map(start).transpose()
    }
}

fn forget(tx: &mut Tx<'_>, now: Instant) -> Result<(), StoreError> {
    tx.execute(FORGET_MAILS, &[now.0.into()])?;
    tx.execute(FORGET, &[now.0.into()]).map(drop)
}
