//! What people say of themselves: that they are away and who stands in for them, which language they read.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::deployment::RAISE;
use super::{Param, Row, Store, StoreError, Tx};
use crate::directory::{Dated, Own, Substitute};
use crate::ids::{Instant, MailId, PersonId};

/// Absences of one person that have not passed.
const OPEN_MAX: i64 = 10;
/// Absences of one person that are said within a day: each is mailed to two.
const DAY_MAX: i64 = 20;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// How long it is remembered on pages and in the directory that one has passed: open tasks must have been given back by then.
const PASSED_MS: i64 = 7 * 24 * 60 * 60 * 1000;

const SET: &str = "INSERT INTO absence (id, person_id, by_id, from_on, until_on, set_at, set_by) \
    VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO NOTHING";
const COUNT: &str = "SELECT COUNT(*) FROM absence WHERE person_id = $1 AND ended_at IS NULL AND until_on >= $2";
const SAID: &str = "SELECT COUNT(*) FROM absence WHERE person_id = $1 AND set_at > $2";
// Whoever did not say it themselves must hear of it before somebody else acts for them: before everything that was put off.
const MAIL: &str = "INSERT INTO mail (id, person_id, message_id, key_id, generation, status, attempts, unknowns, made_at, next_at) \
    VALUES ($1, $2, $3, $4, 1, 'deferred', 0, 0, $5, 0)";
const TELLS: &str = "INSERT INTO absence_mail (mail_id, absence_id) VALUES ($1, $2)";
const TOLD: &str = "SELECT absence.id, person_id, by_id, from_on, until_on, set_at, set_by, ended_at, ended_by FROM absence \
    JOIN absence_mail ON absence_mail.absence_id = absence.id WHERE absence_mail.mail_id = $1";
const END: &str = "UPDATE absence SET ended_at = $1, ended_by = $2, until_on = $3 WHERE id = $4 AND person_id = $5 \
    AND ended_at IS NULL AND until_on >= $6";
const OF: &str = "SELECT id, person_id, by_id, from_on, until_on, set_at, set_by, ended_at, ended_by FROM absence \
    WHERE (CAST($1 AS TEXT) IS NULL OR person_id = $1) ORDER BY from_on DESC, id LIMIT 500";
const ALL: &str =
    "SELECT person_id, by_id, from_on, until_on, set_by FROM absence WHERE until_on >= $1 ORDER BY from_on, id";
const CHOOSE: &str = "INSERT INTO chosen_language (person_id, language, set_at) VALUES ($1, $2, $3) \
    ON CONFLICT (person_id) DO UPDATE SET language = excluded.language, set_at = excluded.set_at";
const CHOSEN: &str = "SELECT person_id, language FROM chosen_language ORDER BY person_id";

/// Somebody is away, and somebody stands in for them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Absence {
    /// Its id.
    pub id: String,
    /// Who is away.
    pub person: PersonId,
    /// Who stands in.
    pub by: PersonId,
    /// The first day.
    pub from: Date,
    /// The last day.
    pub until: Date,
    /// When it was said.
    pub set_at: Instant,
    /// By whom, as headers of events say it: `session:ID`, `link:ID`, `operator:NAME`.
    pub set_by: String,
    /// When it was ended early, and by whom.
    pub ended: Option<(Instant, String)>,
}

/// Who is told of an absence, by which mail.
#[derive(Clone, Debug)]
pub(crate) struct AbsenceTold {
    /// Whoever is away, or stands in.
    pub(crate) reader: PersonId,
    /// The mail.
    pub(crate) mail: MailId,
    /// Its Message-ID.
    pub(crate) message_id: String,
    /// The key that signs its link.
    pub(crate) key_id: i64,
}

impl Store {
    /// Notes an absence and puts the mails that tell of it where the courier takes them at once; false if the person has too many
    /// that have not passed or were said within a day. The same again changes nothing and tells nobody.
    ///
    /// # Errors
    /// The database fails.
    pub(crate) async fn set_absence(
        &self,
        absence: Absence,
        told: [AbsenceTold; 2],
        today: Date,
    ) -> Result<bool, StoreError> {
        self.write(move |tx| {
            let person = absence.person.as_str();
            let count = |rows: Vec<Row>| rows.first().map_or(Ok(0), |row| row.int(0));
            let open = count(tx.query(COUNT, &[person.into(), today.to_string().into()])?)?;
            let said = count(tx.query(SAID, &[person.into(), absence.set_at.plus_ms(-DAY_MS).0.into()])?)?;
            if open >= OPEN_MAX || said >= DAY_MAX {
                return Ok(false);
            }
            let params: [Param; 7] = [
                absence.id.as_str().into(),
                person.into(),
                absence.by.as_str().into(),
                absence.from.to_string().into(),
                absence.until.to_string().into(),
                absence.set_at.0.into(),
                absence.set_by.as_str().into(),
            ];
            if tx.execute(SET, &params)? == 0 {
                return Ok(true);
            }
            for one in &told {
                let params: [Param; 5] = [
                    one.mail.as_str().into(),
                    one.reader.as_str().into(),
                    one.message_id.as_str().into(),
                    one.key_id.into(),
                    absence.set_at.0.into(),
                ];
                tx.execute(MAIL, &params)?;
                tx.execute(TELLS, &[one.mail.as_str().into(), absence.id.as_str().into()])?;
            }
            tx.execute(RAISE, &[])?;
            Ok(true)
        })
        .await
    }

    /// Ends an absence of this person the day before `today`; false if it is none that has not passed.
    ///
    /// # Errors
    /// The database fails.
    pub(crate) async fn end_absence(
        &self,
        id: &str,
        person: &PersonId,
        by: &str,
        today: Date,
        now: Instant,
    ) -> Result<bool, StoreError> {
        let before = today.yesterday().unwrap_or(today);
        let params: [Param; 6] = [
            now.0.into(),
            by.into(),
            before.to_string().into(),
            id.into(),
            person.as_str().into(),
            today.to_string().into(),
        ];
        self.write(move |tx| {
            let ended = tx.execute(END, &params)? == 1;
            if ended {
                tx.execute(RAISE, &[])?;
            }
            Ok(ended)
        })
        .await
    }

    /// The absences of a person, or of everybody, the latest first.
    ///
    /// # Errors
    /// The database fails, or a row makes no sense.
    pub async fn absences(&self, person: Option<&PersonId>) -> Result<Vec<Absence>, StoreError> {
        let rows = self.read(OF, &[person.map(ToString::to_string).into()]).await?;
        rows.iter().map(absence).collect()
    }

    /// Remembers which language a person reads.
    ///
    /// # Errors
    /// The database fails.
    pub(crate) async fn choose_language(
        &self,
        person: &PersonId,
        language: &str,
        now: Instant,
    ) -> Result<(), StoreError> {
        let params: [Param; 3] = [person.as_str().into(), language.into(), now.0.into()];
        self.write(move |tx| {
            tx.execute(CHOOSE, &params)?;
            tx.execute(RAISE, &[]).map(drop)
        })
        .await
    }
}

impl Tx<'_> {
    /// The absence of which a mail tells, if it tells of one.
    pub(super) fn absence_told(&mut self, mail: &MailId) -> Result<Option<Absence>, StoreError> {
        self.query(TOLD, &[mail.as_str().into()])?.first().map(absence).transpose()
    }

    /// What people have said of themselves, as far as it still means something.
    pub(super) fn own(&mut self, now: Instant) -> Result<Own, StoreError> {
        let since = now.plus_ms(-PASSED_MS).timestamp();
        let since = jiff::tz::TimeZone::UTC.to_datetime(since).date();
        let mut own = Own { absences: Vec::new(), languages: BTreeMap::new() };
        for row in self.query(ALL, &[since.to_string().into()])? {
            own.absences.push(Substitute {
                person: row.text(0)?.into(),
                by: row.text(1)?.into(),
                dated: Dated { from: Some(day(&row, 2)?), until: Some(day(&row, 3)?) },
                by_link: row.text(4)?.starts_with("link:"),
            });
        }
        for row in self.query(CHOSEN, &[])? {
            own.languages.insert(row.text(0)?.into(), row.text(1)?.to_owned());
        }
        Ok(own)
    }
}

fn absence(row: &Row) -> Result<Absence, StoreError> {
    let ended = row.maybe_int(7)?.map(Instant).zip(row.maybe_text(8)?.map(str::to_owned));
    Ok(Absence {
        id: row.text(0)?.to_owned(),
        person: row.text(1)?.into(),
        by: row.text(2)?.into(),
        from: day(row, 3)?,
        until: day(row, 4)?,
        set_at: Instant(row.int(5)?),
        set_by: row.text(6)?.to_owned(),
        ended,
    })
}

fn day(row: &Row, column: usize) -> Result<Date, StoreError> {
    let text = row.text(column)?;
    text.parse().map_err(|_| StoreError::Corrupt { table: "absence", column: "from_on", what: text.to_owned() })
}
