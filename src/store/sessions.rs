//! Signing in: codes that were asked for, and who is signed in. Neither a code nor what a browser keeps stands here.

use super::{Param, Row, Store, StoreError, Tx};
use crate::ids::{Instant, MailId, PersonId};

const HOUR_MS: i64 = 60 * 60 * 1000;
const DAY_MS: i64 = 24 * HOUR_MS;
/// Codes that are mailed to one mailbox within an hour, and within a day, at the wish of one network.
const MAILBOX_HOUR_MAX: i64 = 5;
const MAILBOX_DAY_MAX: i64 = 15;
/// The same, whoever wishes it: nobody else may use up somebody's codes, and nobody's mailbox is flooded.
const MAILBOX_ALL_HOUR_MAX: i64 = 30;
const MAILBOX_ALL_DAY_MAX: i64 = 150;
/// Codes that are asked for from one network address within an hour: a whole office may stand behind one.
const NETWORK_HOUR_MAX: i64 = 300;
/// Codes that are asked for in the whole office within an hour for addresses that nobody has: whoever has many networks fills no tables.
const OFFICE_HOUR_MAX: i64 = 2_000;
/// How often a code may be tried.
const TRIES_MAX: i64 = 5;
/// How long it can be seen that a code was asked for.
const KEPT_MS: i64 = 2 * DAY_MS;

const ASKED_BY_MAILBOX: &str = "SELECT COUNT(*), CAST(COALESCE(SUM(CASE WHEN asked_at > $2 THEN 1 ELSE 0 END), 0) AS BIGINT) \
    FROM sign_in WHERE mailbox = $1 AND mail_id IS NOT NULL AND asked_at > $3 AND (CAST($4 AS TEXT) IS NULL OR network = $4)";
const ASKED_FROM_NETWORK: &str = "SELECT COUNT(*) FROM sign_in WHERE network = $1 AND asked_at > $2";
const ASKED_IN_OFFICE: &str = "SELECT COUNT(*) FROM sign_in WHERE asked_at > $1";
const ASK: &str = "INSERT INTO sign_in (id, person_id, mailbox, network, key_id, mail_id, tries, asked_at, ends_at) \
    VALUES ($1, $2, $3, $4, $5, $6, 0, $7, $8)";
// Somebody sits before a page and waits for it: it comes before everything that was put off.
pub(super) const MAIL: &str = "INSERT INTO mail (id, person_id, message_id, key_id, generation, status, attempts, unknowns, made_at, next_at) \
    VALUES ($1, $2, $3, $4, 1, 'deferred', 0, 0, $5, 0)";
const FORGET: &str = "DELETE FROM sign_in WHERE asked_at < $1";
const TRY: &str =
    "UPDATE sign_in SET tries = tries + 1 WHERE id = $1 AND used_at IS NULL AND ends_at > $2 AND tries < $3";
const TRIED: &str = "SELECT person_id, key_id FROM sign_in WHERE id = $1";
const USE: &str = "UPDATE sign_in SET used_at = $1 WHERE id = $2 AND used_at IS NULL";
const OPEN: &str = "INSERT INTO session (hash, person_id, opened_at, ends_at) VALUES ($1, $2, $3, $4)";
const END_OLD: &str = "DELETE FROM session WHERE ends_at <= $1 OR hash = $2";
// Who has left stays among the people, for what they did is told with their names; the latest directory has not written them.
macro_rules! latest {
    () => {
        "(SELECT since_at FROM directory ORDER BY version DESC LIMIT 1)"
    };
}
const WHO: &str = concat!(
    "SELECT person_id FROM session JOIN person ON person.id = session.person_id \
     WHERE hash = $1 AND ends_at > $2 AND person.changed_at = ",
    latest!()
);
const IS_KNOWN: &str = concat!("SELECT id FROM person WHERE id = $1 AND changed_at = ", latest!());
const END: &str = "DELETE FROM session WHERE hash = $1";
const END_ALL: &str = "DELETE FROM session WHERE person_id = $1";
const END_CODES: &str = "UPDATE sign_in SET used_at = $1 WHERE person_id = $2 AND used_at IS NULL";

/// Somebody asks for a code.
#[derive(Clone, Debug)]
pub struct Asked {
    /// A random id, which only the page of whoever asks has.
    pub id: String,
    /// Whose mailbox it is; none for a mailbox that nobody has.
    pub person: Option<PersonId>,
    /// A keyed hash of the mailbox that was typed.
    pub mailbox: String,
    /// A keyed hash of the network address; none where it is not known.
    pub network: Option<String>,
    /// The key from which the code follows.
    pub key_id: i64,
    /// For the mail: its id and its Message-ID.
    pub mail: (MailId, String),
    /// The time.
    pub now: Instant,
    /// Until when the code is good.
    pub ends_at: Instant,
}

/// Somebody types a code.
#[derive(Clone, Debug)]
pub struct Tried {
    /// The id of what was asked for.
    pub id: String,
    /// The hash of what their browser will keep.
    pub hash: String,
    /// The hash of what it has kept so far: that ends.
    pub before: String,
    /// The time.
    pub now: Instant,
    /// When the session ends, whatever is done in it.
    pub ends_at: Instant,
}

impl Tx<'_> {
    /// Whoever read a person's mails so far is signed out everywhere, and no code that was mailed is good any more.
    pub(super) fn end_sign_ins(&mut self, person: &PersonId, now: Instant) -> Result<(), StoreError> {
        self.execute(END_ALL, &[person.as_str().into()])?;
        self.execute(END_CODES, &[now.0.into(), person.as_str().into()]).map(drop)
    }
}

impl Store {
    /// Notes that a code was asked for, and puts its mail where the courier takes it at once. False if there were too many from
    /// where it was asked: then nothing is noted. Whether the mailbox is known, or has had too many, the answer does not say.
    ///
    /// # Errors
    /// The database fails.
    pub async fn ask_code(&self, asked: Asked) -> Result<bool, StoreError> {
        self.write(move |tx| {
            let (now, hour) = (asked.now, asked.now.plus_ms(-HOUR_MS));
            if let Some(network) = &asked.network
                && count(&tx.query(ASKED_FROM_NETWORK, &[network.as_str().into(), hour.0.into()])?, 0)?
                    >= NETWORK_HOUR_MAX
            {
                return Ok(false);
            }
            let mut person = asked.person.as_ref();
            if let Some(one) = person
                && tx.query(IS_KNOWN, &[one.as_str().into()])?.is_empty()
            {
                person = None;
            }
            // Nothing is kept of it, and the page that answers takes no code: as it takes none from who has no address here.
            if person.is_none() && count(&tx.query(ASKED_IN_OFFICE, &[hour.0.into()])?, 0)? >= OFFICE_HOUR_MAX {
                return Ok(true);
            }
            let person = if has_enough(tx, &asked)? { None } else { person };
            let (mail, message_id) = &asked.mail;
            let params: [Param; 8] = [
                asked.id.as_str().into(),
                person.map(ToString::to_string).into(),
                asked.mailbox.as_str().into(),
                asked.network.clone().into(),
                asked.key_id.into(),
                person.map(|_| mail.to_string()).into(),
                now.0.into(),
                asked.ends_at.0.into(),
            ];
            tx.execute(ASK, &params)?;
            if let Some(person) = person {
                let params: [Param; 5] = [
                    mail.as_str().into(),
                    person.as_str().into(),
                    message_id.as_str().into(),
                    asked.key_id.into(),
                    now.0.into(),
                ];
                tx.execute(MAIL, &params)?;
            }
            tx.execute(FORGET, &[now.plus_ms(-KEPT_MS).0.into()])?;
            Ok(true)
        })
        .await
    }

    /// Tries a code: who is signed in from now on, if it was right (`is_right` is told whose it would be, and which key it
    /// follows from). Every try counts, and a code is good once.
    ///
    /// # Errors
    /// The database fails.
    pub async fn try_code(
        &self,
        tried: Tried,
        is_right: impl FnOnce(&PersonId, i64) -> bool + Send + 'static,
    ) -> Result<Option<PersonId>, StoreError> {
        self.write(move |tx| {
            let (id, now) = (tried.id.as_str(), tried.now.0);
            if tx.execute(TRY, &[id.into(), now.into(), TRIES_MAX.into()])? == 0 {
                return Ok(None);
            }
            let rows = tx.query(TRIED, &[id.into()])?;
            let Some(row) = rows.first() else { return Ok(None) };
            let Some(person) = row.maybe_text(0)?.map(PersonId::from) else { return Ok(None) };
            if !is_right(&person, row.int(1)?) || tx.execute(USE, &[now.into(), id.into()])? == 0 {
                return Ok(None);
            }
            tx.execute(END_OLD, &[now.into(), tried.before.into()])?;
            let params: [Param; 4] = [tried.hash.into(), person.as_str().into(), now.into(), tried.ends_at.0.into()];
            tx.execute(OPEN, &params)?;
            Ok(Some(person))
        })
        .await
    }

    /// Who is signed in under this hash, if the latest directory still knows them.
    ///
    /// # Errors
    /// The database fails.
    pub async fn signed_in(&self, hash: &str, now: Instant) -> Result<Option<PersonId>, StoreError> {
        let rows = self.read(WHO, &[hash.into(), now.0.into()]).await?;
        rows.first().map(|row| row.text(0).map(PersonId::from)).transpose()
    }

    /// Ends one session.
    ///
    /// # Errors
    /// The database fails.
    pub async fn sign_out(&self, hash: String) -> Result<(), StoreError> {
        self.write(move |tx| tx.execute(END, &[hash.into()]).map(drop)).await
    }

    /// Ends every session of a person.
    ///
    /// # Errors
    /// The database fails.
    pub async fn sign_out_everywhere(&self, person: &PersonId) -> Result<u64, StoreError> {
        let person = person.clone();
        self.write(move |tx| tx.execute(END_ALL, &[person.as_str().into()])).await
    }
}

/// Whether a mailbox has had as many codes as it gets: at the wish of this network, or of all together.
fn has_enough(tx: &mut Tx<'_>, asked: &Asked) -> Result<bool, StoreError> {
    let (hour, day) = (asked.now.plus_ms(-HOUR_MS), asked.now.plus_ms(-DAY_MS));
    for (network, hour_max, day_max) in
        [(asked.network.clone(), MAILBOX_HOUR_MAX, MAILBOX_DAY_MAX), (None, MAILBOX_ALL_HOUR_MAX, MAILBOX_ALL_DAY_MAX)]
    {
        let params: [Param; 4] = [asked.mailbox.as_str().into(), hour.0.into(), day.0.into(), network.into()];
        let before = tx.query(ASKED_BY_MAILBOX, &params)?;
        if count(&before, 0)? >= day_max || count(&before, 1)? >= hour_max {
            return Ok(true);
        }
    }
    Ok(false)
}

fn count(rows: &[Row], column: usize) -> Result<i64, StoreError> {
    rows.first().map_or(Ok(0), |row| row.int(column))
}
