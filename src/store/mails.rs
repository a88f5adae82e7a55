//! The courier's ledger: which notices became which mail, who may send it now, and what became of it.
//!
//! A mail is claimed under a lease; whoever holds the lease writes the result, nobody else. Only the mail that is being sent
//! stands as `sending`, so that an end in the middle leaves one mail unknown and not the whole batch: the result of one mail
//! and the beginning of the next are one commit. `next_at` is when somebody should look at a mail again: the next attempt, or,
//! under a lease, its end.

use super::absences::Absence;
use super::meta::HELD;
use super::start_links::MailStart;
use super::{Param, Row, Store, StoreError, Tx};
use crate::dossier::Purpose;
use crate::dossier::project::NoticeKind;
use crate::ids::{ActivationId, Instant, MailId, PersonId};
use crate::letters::{BESIDES_MAX, MailNotice, MailTask, NOTICES_MAX};

/// A mail that is ours to send until the lease ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimedMail {
    /// Which.
    pub id: MailId,
    /// To whom.
    pub person: PersonId,
    /// Its Message-ID, with angle brackets: the same in every attempt.
    pub message_id: String,
    /// The key that signs its desk link.
    pub key_id: i64,
    /// Raised when it is readdressed.
    pub generation: i64,
    /// Attempts, with this one.
    pub attempts: i64,
    /// Attempts of which nobody knows what became.
    pub unknowns: i64,
    /// When it was made.
    pub made_at: Instant,
    /// Our lease.
    pub lease: String,
    /// What it says.
    pub notices: Vec<MailNotice>,
    /// The code that it brings, if it brings one.
    pub code: Option<MailCode>,
    /// The absence of which it tells, if it tells of one.
    pub absence: Option<Absence>,
    /// The link by which a dossier is opened from outside, if it brings one.
    pub start: Option<MailStart>,
}

/// A code for signing in that a mail brings: what it follows from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailCode {
    /// What was asked for.
    pub id: String,
    /// The key.
    pub key_id: i64,
    /// Until when it is good.
    pub ends_at: Instant,
}

/// What a claim is made with: nothing here asks for the time or for chance.
#[derive(Clone, Debug)]
pub struct ClaimPlan {
    /// The time.
    pub now: Instant,
    /// Until when we may send.
    pub lease_until: Instant,
    /// The lease.
    pub lease: String,
    /// For new mails: an id and a Message-ID each; as many mails are claimed at most.
    pub fresh: Vec<(MailId, String)>,
    /// The key that signs the desk links of new mails.
    pub key_id: i64,
    /// New mails for one person within 24 hours at most; what is beyond waits.
    pub person_day_max: i64,
}

/// What a claim gave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Claim {
    /// The database is held: nothing is sent.
    pub held: bool,
    /// Ours to send.
    pub mails: Vec<ClaimedMail>,
    /// Notices that nobody needs any more.
    pub dropped: u64,
    /// Mails whose second attempt, too, has an unknown end: a person decides.
    pub unknown: u64,
}

/// What became of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settled {
    /// `accepted`, `deferred`, `failed`, `unknown`.
    pub status: &'static str,
    /// When to try again; none: never by itself.
    pub next_at: Option<Instant>,
    /// When it was known.
    pub settled_at: Instant,
    /// The server's words, or ours.
    pub answer: String,
    /// Attempts of which nobody knows what became.
    pub unknowns: i64,
}

/// What another mail server reported on a mail that was handed over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bounce {
    /// It will not be delivered; the server's words.
    Failed(String),
    /// It was not delivered so far, and that server goes on trying; its words.
    Delayed(String),
}

impl Bounce {
    /// In one word.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Failed(_) => "failed",
            Self::Delayed(_) => "delayed",
        }
    }
}

/// What a report did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bounced {
    /// The ledger says it now.
    Written,
    /// Nothing: the mail has failed already, was not handed over, or has been readdressed since.
    Known,
    /// Nothing yet: the mail is still being sent.
    Sending,
}

/// A mail that needs a person's eye.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TroubledMail {
    /// Which.
    pub id: MailId,
    /// To whom.
    pub person: PersonId,
    /// `failed`, `unknown`, or `deferred`: by a server on the way, which goes on trying.
    pub status: String,
    /// Attempts so far.
    pub attempts: i64,
    /// When it was made.
    pub made_at: Instant,
    /// When its last attempt was over.
    pub settled_at: Option<Instant>,
    /// The server's words, or ours.
    pub answer: Option<String>,
    /// Of a code for signing in: until when it is good; nothing where it was spent, or is none.
    pub code: Code,
}

/// Whether a mail brings a code for signing in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// It does not.
    None,
    /// One that is good until then.
    Until(Instant),
    /// One that was spent.
    Spent,
}

const IS_HELD: &str = "SELECT value FROM meta WHERE name = $1";
const RETRIES: &str =
    "SELECT id, status, next_at, unknowns FROM mail WHERE next_at <= $1 ORDER BY next_at, id LIMIT $2";
// One that was claimed and never begun has been counted already.
const TAKE: &str = "UPDATE mail SET attempts = attempts + CASE WHEN status = 'claimed' THEN 0 ELSE 1 END, \
    status = 'claimed', lease = $1, lease_until_at = $2, next_at = $2, unknowns = $3 WHERE id = $4 AND next_at = $5";
const BEGIN: &str = "UPDATE mail SET status = 'sending' WHERE id = $1 AND lease = $2";
const GIVE_TO_PERSON: &str = "UPDATE mail SET status = 'unknown', lease = NULL, lease_until_at = NULL, next_at = NULL, \
    unknowns = $1, settled_at = $2, answer = $3 WHERE id = $4 AND next_at = $5";
const MAIL: &str =
    "SELECT person_id, message_id, key_id, generation, attempts, unknowns, made_at FROM mail WHERE id = $1";
const NOTHING_LEFT: &str = "UPDATE mail SET status = 'dropped', lease = NULL, lease_until_at = NULL, next_at = NULL, \
    settled_at = $1 WHERE id = $2";
// The index of what waits is in the order of people, so that what waits for one person is found without reading what waits for
// the others. From each person the walk steps to the next, and ends when enough are found.
const PEOPLE: &str = "WITH RECURSIVE walk(person) AS ( \
    SELECT MIN(person_id) FROM outbox WHERE mail_id IS NULL AND dropped_at IS NULL \
    UNION ALL SELECT (SELECT MIN(person_id) FROM outbox WHERE mail_id IS NULL AND dropped_at IS NULL \
        AND person_id > walk.person) FROM walk WHERE walk.person IS NOT NULL) \
    SELECT person FROM walk WHERE person IS NOT NULL AND EXISTS (SELECT 1 FROM outbox WHERE person_id = walk.person \
        AND mail_id IS NULL AND dropped_at IS NULL AND not_before_at <= $1) \
    AND (SELECT COUNT(*) FROM mail WHERE mail.person_id = walk.person AND mail.made_at > $2 \
        AND NOT EXISTS (SELECT 1 FROM sign_in WHERE sign_in.mail_id = mail.id) \
        AND NOT EXISTS (SELECT 1 FROM absence_mail WHERE absence_mail.mail_id = mail.id)) < $3 LIMIT $4";
// Still wanted? What was asked, while the reader's own task is open; an escalation, while anybody's of that entry is.
/// What nobody needs any more: they are asked no longer, and where others were late, these have answered.
macro_rules! needless {
    () => {
        "((outbox.kind NOT LIKE 'escalation%' AND outbox.task_id IS NOT NULL AND NOT EXISTS \
            (SELECT 1 FROM task WHERE task.dossier_id = outbox.dossier_id AND task.id = outbox.task_id \
             AND task.closed_at IS NULL)) \
          OR (outbox.kind LIKE 'escalation%' AND NOT EXISTS (SELECT 1 FROM task \
            WHERE task.dossier_id = outbox.dossier_id AND task.activation = outbox.activation \
            AND task.closed_at IS NULL)))"
    };
}
pub(super) use needless;
// What a calendar says of a day that has come need not be put right any more.
const DROP_WAITING: &str = concat!(
    "UPDATE outbox SET dropped_at = $1 WHERE person_id = $2 AND mail_id IS NULL AND dropped_at IS NULL \
     AND not_before_at <= $1 AND (outbox.kind = 'calendar' OR ",
    needless!(),
    ")"
);
const DROP_GATHERED: &str =
    concat!("UPDATE outbox SET dropped_at = $1 WHERE mail_id = $2 AND dropped_at IS NULL AND ", needless!());
const GATHER: &str = "UPDATE outbox SET mail_id = $1 WHERE mail_id IS NULL AND dropped_at IS NULL AND (dossier_id, seq, place) IN \
    (SELECT dossier_id, seq, place FROM outbox WHERE person_id = $2 AND mail_id IS NULL AND dropped_at IS NULL \
     AND not_before_at <= $3 ORDER BY not_before_at, dossier_id, seq, place LIMIT $4)";
// What makes no mail of its own goes with one that is made, where an earlier mail put something into the reader's calendar.
const GATHER_BESIDES: &str = "UPDATE outbox SET mail_id = $1 WHERE mail_id IS NULL AND dropped_at IS NULL \
    AND (dossier_id, seq, place) IN (SELECT dossier_id, seq, place FROM outbox besides WHERE person_id = $2 \
     AND mail_id IS NULL AND dropped_at IS NULL AND kind = 'calendar' \
     AND EXISTS (SELECT 1 FROM outbox asked WHERE asked.dossier_id = besides.dossier_id \
        AND asked.activation = besides.activation AND asked.person_id = besides.person_id \
        AND asked.task_id IS NOT NULL AND asked.mail_id <> $1 AND asked.dropped_at IS NULL) \
     ORDER BY seq, dossier_id, place LIMIT $3)";
const LEFT_OVER: &str = "UPDATE outbox SET mail_id = NULL WHERE mail_id = $1 AND kind = 'calendar'";
const MAKE: &str = "INSERT INTO mail (id, person_id, message_id, key_id, generation, status, attempts, unknowns, made_at, \
    next_at, lease, lease_until_at) VALUES ($1, $2, $3, $4, 1, 'claimed', 1, 0, $5, $6, $7, $6)";
const NOTICES: &str = "SELECT outbox.kind, outbox.dossier_id, outbox.activation, task.id, task.purpose, task.key_id, \
    task.generation, task.due_at, outbox.seq, event.at FROM outbox \
    LEFT JOIN event ON event.dossier_id = outbox.dossier_id AND event.seq = outbox.seq \
    LEFT JOIN task ON task.dossier_id = outbox.dossier_id AND task.id = outbox.task_id \
    AND task.person_id = outbox.person_id WHERE outbox.mail_id = $1 AND outbox.dropped_at IS NULL \
    ORDER BY outbox.not_before_at, outbox.seq, outbox.dossier_id, outbox.place";
const CODE: &str = "SELECT id, key_id, ends_at FROM sign_in WHERE mail_id = $1 AND used_at IS NULL";
const SETTLE: &str = "UPDATE mail SET status = $1, next_at = $2, settled_at = $3, answer = $4, unknowns = $5, \
    lease = NULL, lease_until_at = NULL WHERE id = $6 AND lease = $7";
const RELEASE: &str = "UPDATE mail SET status = 'deferred', next_at = $1, attempts = attempts - 1, lease = NULL, \
    lease_until_at = NULL WHERE id = $2 AND lease = $3";
const IS_SENDING: &str =
    "SELECT CASE WHEN lease IS NOT NULL OR status IN ('claimed', 'sending') THEN 1 ELSE 0 END FROM mail WHERE id = $1";
// A second report says no more than the first. After an attempt with an unknown end, a report says what that end was.
const BOUNCE_FAILED: &str = "UPDATE mail SET status = 'failed', next_at = NULL, settled_at = $1, answer = $2 \
    WHERE id = $3 AND generation = $4 AND lease IS NULL AND status IN ('accepted', 'unknown', 'deferred')";
const BOUNCE_DELAYED: &str = "UPDATE mail SET status = 'deferred', settled_at = $1, answer = $2 \
    WHERE id = $3 AND generation = $4 AND lease IS NULL AND next_at IS NULL \
    AND status IN ('accepted', 'unknown', 'deferred')";
// A server on the way that goes on trying says so when it gives up, after five days at the latest. That strangers mistyped their mailboxes
// is told to nobody.
const TROUBLED: &str = "SELECT mail.id, mail.person_id, mail.status, mail.attempts, mail.made_at, mail.settled_at, mail.answer, \
    sign_in.ends_at, sign_in.used_at FROM mail LEFT JOIN sign_in ON sign_in.mail_id = mail.id \
    WHERE mail.next_at IS NULL AND NOT EXISTS (SELECT 1 FROM start_link WHERE start_link.mail_id = mail.id) \
    AND (mail.status IN ('failed', 'unknown') OR (mail.status = 'deferred' AND mail.settled_at > $2)) \
    ORDER BY mail.made_at DESC, mail.id LIMIT $1";
const NEXT: &str = "SELECT CAST(MIN(due.due_at) AS BIGINT) FROM ( \
    SELECT MIN(not_before_at) AS due_at FROM outbox WHERE mail_id IS NULL AND dropped_at IS NULL \
    UNION ALL SELECT MIN(next_at) AS due_at FROM mail WHERE next_at IS NOT NULL) AS due";

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// How many days mail servers try at most (RFC 5321 4.5.4.1).
const TRYING_DAYS: i64 = 5;

impl Store {
    /// Claims mails, first those that wait for another attempt, then new ones, and begins the first of them: committed before
    /// anybody says `MAIL FROM`.
    ///
    /// # Errors
    /// The database fails, or a row makes no sense.
    pub async fn claim_mails(&self, plan: ClaimPlan) -> Result<Claim, StoreError> {
        self.write(move |tx| claim(tx, &plan)).await
    }

    /// Writes down what became of an attempt, and begins the next mail of the same lease; false if the lease was no longer ours,
    /// and then nothing was written.
    ///
    /// # Errors
    /// The database fails.
    pub async fn settle_mail(
        &self,
        id: &MailId,
        lease: &str,
        settled: Settled,
        next: Option<&MailId>,
    ) -> Result<bool, StoreError> {
        let params: [Param; 7] = [
            settled.status.into(),
            settled.next_at.map(|at| at.0).into(),
            settled.settled_at.0.into(),
            settled.answer.into(),
            settled.unknowns.into(),
            id.as_str().into(),
            lease.into(),
        ];
        let begin: Option<[Param; 2]> = next.map(|next| [next.as_str().into(), lease.into()]);
        self.write(move |tx| {
            let ours = tx.execute(SETTLE, &params)? == 1;
            if let Some(next) = &begin {
                tx.execute(BEGIN, next)?;
            }
            Ok(ours)
        })
        .await
    }

    /// Gives back mails that were claimed and not begun.
    ///
    /// # Errors
    /// The database fails.
    pub async fn release_mails(&self, now: Instant, lease: &str, ids: Vec<MailId>) -> Result<(), StoreError> {
        let lease = lease.to_owned();
        self.write(move |tx| {
            ids.iter().try_for_each(|id| {
                tx.execute(RELEASE, &[now.0.into(), id.as_str().into(), lease.as_str().into()]).map(drop)
            })
        })
        .await
    }

    /// Mails that will not be sent again by themselves and are not known to have arrived, the newest first.
    ///
    /// # Errors
    /// The database fails, or a row makes no sense.
    pub async fn troubled_mails(&self, now: Instant, limit: i64) -> Result<Vec<TroubledMail>, StoreError> {
        let since = now.plus_ms(-TRYING_DAYS * DAY_MS);
        self.read(TROUBLED, &[limit.into(), since.0.into()]).await?.iter().map(troubled).collect()
    }

    /// Writes down what another mail server reported.
    ///
    /// # Errors
    /// The database fails.
    pub async fn bounce_mail(
        &self,
        id: &MailId,
        generation: i64,
        bounce: Bounce,
        now: Instant,
    ) -> Result<Bounced, StoreError> {
        let id = id.clone();
        self.write(move |tx| {
            let is_sending = |row: &Row| row.int(0).map(|sending| sending != 0);
            if tx.query(IS_SENDING, &[id.as_str().into()])?.first().map(is_sending).transpose()? == Some(true) {
                return Ok(Bounced::Sending);
            }
            let (sql, words) = match &bounce {
                Bounce::Failed(words) => (BOUNCE_FAILED, words),
                Bounce::Delayed(words) => (BOUNCE_DELAYED, words),
            };
            // What a server says of a stranger's mailbox names it.
            let words = match tx.start_of_mail(&id)? {
                Some(_) => reply_code(words),
                None => words,
            };
            let params: [Param; 4] = [now.0.into(), words.into(), id.as_str().into(), generation.into()];
            Ok(if tx.execute(sql, &params)? == 1 { Bounced::Written } else { Bounced::Known })
        })
        .await
    }

    /// When the courier next has something to do.
    ///
    /// # Errors
    /// The database fails.
    pub async fn next_mail_at(&self) -> Result<Option<Instant>, StoreError> {
        let rows = self.read(NEXT, &[]).await?;
        Ok(rows.first().map(|row| row.maybe_int(0)).transpose()?.flatten().map(Instant))
    }
}

/// The numbers with which a server's answer begins (RFC 5321, 4.2; RFC 3463), without its words.
pub(crate) fn reply_code(answer: &str) -> &str {
    let words = answer.find(|c: char| !c.is_ascii_digit() && !" .-".contains(c)).unwrap_or(answer.len());
    answer[..words].trim_end_matches([' ', '-', '.'])
}

fn claim(tx: &mut Tx<'_>, plan: &ClaimPlan) -> Result<Claim, StoreError> {
    let mut claim = Claim::default();
    if !tx.query(IS_HELD, &[HELD.into()])?.is_empty() {
        claim.held = true;
        return Ok(claim);
    }
    claim_again(tx, plan, &mut claim)?;
    claim_new(tx, plan, &mut claim)?;
    if let Some(first) = claim.mails.first() {
        tx.execute(BEGIN, &[first.id.as_str().into(), plan.lease.as_str().into()])?;
    }
    Ok(claim)
}

/// Mails whose time has come again: deferred ones, unknown ones, and those whose sender never came back.
fn claim_again(tx: &mut Tx<'_>, plan: &ClaimPlan, claim: &mut Claim) -> Result<(), StoreError> {
    let limit = i64::try_from(plan.fresh.len()).unwrap_or(i64::MAX);
    let mut due = tx.query(RETRIES, &[plan.now.0.into(), limit.into()])?;
    // Two couriers that lock rows in one order never wait for each other in a circle.
    due.sort_by(|one, other| one.text(0).unwrap_or_default().cmp(other.text(0).unwrap_or_default()));
    for row in due {
        let id = MailId::new(row.text(0)?);
        let abandoned = row.text(1)? == "sending";
        let unknowns = row.int(3)? + i64::from(abandoned);
        if abandoned && unknowns > 1 {
            let answer = "the courier ended while it was being sent, twice";
            let params: [Param; 5] =
                [unknowns.into(), plan.now.0.into(), answer.into(), id.as_str().into(), row.int(2)?.into()];
            claim.unknown += tx.execute(GIVE_TO_PERSON, &params)?;
            continue;
        }
        let params: [Param; 5] = [
            plan.lease.as_str().into(),
            plan.lease_until.0.into(),
            unknowns.into(),
            id.as_str().into(),
            row.int(2)?.into(),
        ];
        if tx.execute(TAKE, &params)? == 0 {
            continue;
        }
        claim.dropped += tx.execute(DROP_GATHERED, &[plan.now.0.into(), id.as_str().into()])?;
        let mail = mail(tx, &id, &plan.lease)?;
        let asks = mail.code.as_ref().is_some_and(|code| code.ends_at > plan.now)
            || mail.start.as_ref().is_some_and(|start| start.ends_at > plan.now);
        let said = mail.notices.iter().any(|notice| notice.kind != NoticeKind::Calendar);
        if !said && !asks && mail.absence.is_none() {
            tx.execute(LEFT_OVER, &[id.as_str().into()])?;
            tx.execute(NOTHING_LEFT, &[plan.now.0.into(), id.as_str().into()])?;
        } else {
            claim.mails.push(mail);
        }
    }
    Ok(())
}

/// One new mail for each person for whom something is due.
fn claim_new(tx: &mut Tx<'_>, plan: &ClaimPlan, claim: &mut Claim) -> Result<(), StoreError> {
    let fresh = plan.fresh.get(claim.mails.len()..).unwrap_or_default();
    let limit = i64::try_from(fresh.len()).unwrap_or(i64::MAX);
    let since = plan.now.plus_ms(-DAY_MS);
    let rows = tx.query(PEOPLE, &[plan.now.0.into(), since.0.into(), plan.person_day_max.into(), limit.into()])?;
    let mut people = rows.iter().map(|row| row.text(0).map(PersonId::new)).collect::<Result<Vec<_>, _>>()?;
    people.sort();
    for (person, (id, message_id)) in people.into_iter().zip(fresh) {
        claim.dropped += tx.execute(DROP_WAITING, &[plan.now.0.into(), person.as_str().into()])?;
        let gather: [Param; 4] = [id.as_str().into(), person.as_str().into(), plan.now.0.into(), NOTICES_MAX.into()];
        if tx.execute(GATHER, &gather)? == 0 {
            continue;
        }
        tx.execute(GATHER_BESIDES, &[id.as_str().into(), person.as_str().into(), BESIDES_MAX.into()])?;
        let made: [Param; 7] = [
            id.as_str().into(),
            person.as_str().into(),
            message_id.as_str().into(),
            plan.key_id.into(),
            plan.now.0.into(),
            plan.lease_until.0.into(),
            plan.lease.as_str().into(),
        ];
        tx.execute(MAKE, &made)?;
        claim.mails.push(mail(tx, id, &plan.lease)?);
    }
    Ok(())
}

fn mail(tx: &mut Tx<'_>, id: &MailId, lease: &str) -> Result<ClaimedMail, StoreError> {
    let rows = tx.query(MAIL, &[id.as_str().into()])?;
    let row = rows.first().ok_or_else(|| corrupt("mail", "id", "a mail that was just claimed is gone"))?;
    let notices = tx.query(NOTICES, &[id.as_str().into()])?;
    let code = tx.query(CODE, &[id.as_str().into()])?;
    Ok(ClaimedMail {
        id: id.clone(),
        person: row.text(0)?.into(),
        message_id: row.text(1)?.to_owned(),
        key_id: row.int(2)?,
        generation: row.int(3)?,
        attempts: row.int(4)?,
        unknowns: row.int(5)?,
        made_at: Instant(row.int(6)?),
        lease: lease.to_owned(),
        notices: notices.iter().map(notice).collect::<Result<_, _>>()?,
        code: code.first().map(self::code).transpose()?,
        absence: tx.absence_told(id)?,
        start: tx.start_of_mail(id)?,
    })
}

fn code(row: &Row) -> Result<MailCode, StoreError> {
    Ok(MailCode { id: row.text(0)?.to_owned(), key_id: row.int(1)?, ends_at: Instant(row.int(2)?) })
}

fn notice(row: &Row) -> Result<MailNotice, StoreError> {
    let kind = row.text(0)?;
    let (kind, mail) = NoticeKind::read(kind).ok_or_else(|| corrupt("outbox", "kind", kind))?;
    let activation = u32::try_from(row.int(2)?).map_err(|_| corrupt("outbox", "activation", "no activation"))?;
    let (dossier, activation) = (row.text(1)?.into(), ActivationId(activation));
    let (seq, at) = (row.int(8)?, Instant(row.maybe_int(9)?.unwrap_or_default()));
    Ok(MailNotice { kind, mail, dossier, seq, at, activation, task: task(row)? })
}

fn task(row: &Row) -> Result<Option<MailTask>, StoreError> {
    let Some(id) = row.maybe_text(3)? else { return Ok(None) };
    let purpose = row.text(4)?;
    Ok(Some(MailTask {
        id: id.to_owned(),
        purpose: Purpose::of_name(purpose).ok_or_else(|| corrupt("task", "purpose", purpose))?,
        key_id: row.int(5)?,
        generation: row.int(6)?,
        due_at: row.maybe_int(7)?.map(Instant),
    }))
}

fn troubled(row: &Row) -> Result<TroubledMail, StoreError> {
    Ok(TroubledMail {
        id: row.text(0)?.into(),
        person: row.text(1)?.into(),
        status: row.text(2)?.to_owned(),
        attempts: row.int(3)?,
        made_at: Instant(row.int(4)?),
        settled_at: row.maybe_int(5)?.map(Instant),
        answer: row.maybe_text(6)?.map(str::to_owned),
        code: match (row.maybe_int(7)?, row.maybe_int(8)?) {
            (None, _) => Code::None,
            (Some(until), None) => Code::Until(Instant(until)),
            (Some(_), Some(_)) => Code::Spent,
        },
    })
}

fn corrupt(table: &'static str, column: &'static str, what: &str) -> StoreError {
    StoreError::Corrupt { table, column, what: what.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::reply_code;

    #[test]
    fn of_an_answer_that_names_somebody_only_its_numbers_are_kept() {
        for (answer, kept) in [
            ("550 5.1.1 <lan@bo.example>: Recipient address rejected", "550 5.1.1"),
            ("550-5.1.1 lan@bo.example", "550-5.1.1"),
            ("given up after 5 days: 450 4.2.0 <lan@bo.example>", ""),
            ("không rõ", ""),
            ("250", "250"),
            ("", ""),
        ] {
            assert_eq!(reply_code(answer), kept, "{answer}");
        }
    }
}
