//! What is deployed: versions of workflows, calendars, the directory. All of it is read at once and again whenever its number
//! in `meta` has been raised, by whichever process.

use super::load::{DEPLOYMENT, version};
use super::{Param, StoreError, Tx};
use crate::calendar::Outage;
use crate::directory::{Directory, Person};
use crate::ids::{Instant, MachineHash, PersonId, WorkflowName};

/// What is deployed, as it is stored.
#[derive(Clone, Debug)]
pub(crate) struct Deployed {
    /// Its number.
    pub(crate) version: i64,
    /// On which version new dossiers start.
    pub(crate) current: Vec<(WorkflowName, MachineHash)>,
    /// Calendars.
    pub(crate) calendars: Vec<DeployedCalendar>,
    /// When the pages could not be reached.
    pub(crate) outages: Vec<Outage>,
    /// The directory.
    pub(crate) directory: Directory,
}

/// A calendar, as it is stored.
#[derive(Clone, Debug)]
pub(crate) struct DeployedCalendar {
    pub(crate) name: String,
    /// Its file.
    pub(crate) content: String,
    /// The files that were in force before it, the latest first.
    pub(crate) before: Vec<String>,
}

/// A version of a workflow, to be stored.
#[derive(Clone, Debug)]
pub(crate) struct MachineRow {
    pub(crate) hash: MachineHash,
    pub(crate) workflow: WorkflowName,
    pub(crate) level: i64,
    pub(crate) source: String,
    pub(crate) compiled: String,
    pub(crate) at: i64,
}

const CURRENT: &str = "SELECT name, machine FROM workflow ORDER BY name";
const CALENDARS: &str = "SELECT name, content FROM calendar ORDER BY name";
/// A deadline that was counted by a calendar so many changes ago stays where it is.
const BEFORE: &str = "SELECT content FROM calendar_before WHERE name = $1 ORDER BY until_at DESC LIMIT 20";
const DIRECTORY: &str = "SELECT content FROM directory ORDER BY version DESC LIMIT 1";
const PEOPLE: &str = "SELECT id, code, name, address, email, language FROM person ORDER BY id";
const COMPILED: &str = "SELECT compiled FROM machine WHERE hash = $1";
pub(super) const RAISE: &str = "INSERT INTO meta (name, value) VALUES ('deployment', '1') \
    ON CONFLICT (name) DO UPDATE SET value = CAST(CAST(meta.value AS BIGINT) + 1 AS TEXT)";
const MACHINE: &str = "INSERT INTO machine (hash, workflow, level, source, compiled, deployed_at) \
    VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (hash) DO NOTHING";
const WORKFLOW: &str = "INSERT INTO workflow (name, machine, since_at) VALUES ($1, $2, $3) \
    ON CONFLICT (name) DO UPDATE SET machine = excluded.machine, since_at = excluded.since_at";
const CALENDAR: &str = "INSERT INTO calendar (name, content, since_at) VALUES ($1, $2, $3) \
    ON CONFLICT (name) DO UPDATE SET content = excluded.content, since_at = excluded.since_at";
const CALENDAR_BEFORE: &str = "INSERT INTO calendar_before (name, until_at, content) \
    SELECT name, CAST($3 AS BIGINT), content FROM calendar WHERE name = $1 AND content <> $2 \
    ON CONFLICT (name, until_at) DO NOTHING";
const DIRECTORY_NEW: &str = "INSERT INTO directory (version, content, since_at) \
    SELECT COALESCE(MAX(version), 0) + 1, $1, $2 FROM directory";
const PERSON: &str = "INSERT INTO person (id, code, name, address, email, language, changed_at) \
    VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO UPDATE SET code = excluded.code, name = excluded.name, \
    address = excluded.address, email = excluded.email, language = excluded.language, changed_at = excluded.changed_at";
const SIGNING_IN: &str = "SELECT who.person_id, person.email FROM (SELECT person_id FROM session \
    UNION SELECT person_id FROM sign_in WHERE person_id IS NOT NULL AND used_at IS NULL) AS who \
    LEFT JOIN person ON person.id = who.person_id";
const ADDRESS: &str = "UPDATE person SET email = $1 WHERE id = $2";
const META: &str = "SELECT value FROM meta WHERE name = $1";
const META_ONCE: &str = "INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING";
/// PostgreSQL's own clock; `now()` stands still within a transaction.
const NOW_POSTGRES: &str = "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)";

impl Tx<'_> {
    /// The number of what is deployed; 0 before the first time.
    pub(crate) fn deployment(&mut self) -> Result<i64, StoreError> {
        self.query(DEPLOYMENT, &[])?.first().map_or(Ok(0), version)
    }

    /// Everything that is deployed, but for the machines themselves.
    /// What people have said of themselves is part of it, as far as it means something at `now`.
    pub(crate) fn deployed(&mut self, now: Instant) -> Result<Deployed, StoreError> {
        let version = self.deployment()?;
        let mut current = Vec::new();
        for row in self.query(CURRENT, &[])? {
            current.push((WorkflowName::from(row.text(0)?), MachineHash::from(row.text(1)?)));
        }
        let mut calendars = Vec::new();
        for row in self.query(CALENDARS, &[])? {
            let (name, content) = (row.text(0)?.to_owned(), row.text(1)?.to_owned());
            calendars.push(DeployedCalendar { name, content, before: Vec::new() });
        }
        for calendar in &mut calendars {
            for row in self.query(BEFORE, &[calendar.name.as_str().into()])? {
                calendar.before.push(row.text(0)?.to_owned());
            }
        }
        let mut directory = match self.query(DIRECTORY, &[])?.first() {
            Some(row) => serde_json::from_str(row.text(0)?).map_err(|error| StoreError::Corrupt {
                table: "directory",
                column: "content",
                what: error.to_string(),
            })?,
            None => Directory::default(),
        };
        for row in self.query(PEOPLE, &[])? {
            let id = PersonId::from(row.text(0)?);
            let person = Person {
                id: id.clone(),
                code: row.text(1)?.to_owned(),
                name: row.text(2)?.to_owned(),
                address: row.maybe_text(3)?.map(str::to_owned),
                email: row.maybe_text(4)?.map(str::to_owned),
                language: row.text(5)?.to_owned(),
            };
            directory.people.insert(id, person);
        }
        directory.own = self.own(now)?;
        let outages = self.outages(now)?;
        Ok(Deployed { version, current, calendars, outages, directory })
    }

    /// The compiled machine of a version.
    pub(crate) fn compiled(&mut self, hash: &MachineHash) -> Result<Option<String>, StoreError> {
        let rows = self.query(COMPILED, &[hash.as_str().into()])?;
        rows.first().map(|row| row.text(0).map(str::to_owned)).transpose()
    }

    /// Stores a version (the same one again changes nothing) and lets new dossiers start on it.
    pub(crate) fn put_machine(&mut self, row: &MachineRow) -> Result<(), StoreError> {
        let params: [Param; 6] = [
            row.hash.as_str().into(),
            row.workflow.as_str().into(),
            row.level.into(),
            row.source.as_str().into(),
            row.compiled.as_str().into(),
            row.at.into(),
        ];
        self.execute(MACHINE, &params)?;
        self.execute(WORKFLOW, &[row.workflow.as_str().into(), row.hash.as_str().into(), row.at.into()])?;
        self.execute(RAISE, &[]).map(|_| ())
    }

    /// Stores a calendar's file under its name; another one that was in force until now is kept.
    pub(crate) fn put_calendar(&mut self, name: &str, content: &str, at: i64) -> Result<(), StoreError> {
        self.execute(CALENDAR_BEFORE, &[name.into(), content.into(), at.into()])?;
        self.execute(CALENDAR, &[name.into(), content.into(), at.into()])?;
        self.execute(RAISE, &[]).map(|_| ())
    }

    /// Stores a new version of the directory and the people in it; people who are not in it stay.
    pub(crate) fn put_directory(&mut self, directory: &Directory, at: i64) -> Result<(), StoreError> {
        let content = serde_json::to_string(directory).map_err(|error| StoreError::Database(error.to_string()))?;
        self.execute(DIRECTORY_NEW, &[content.into(), at.into()])?;
        self.end_lost_sign_ins(directory, Instant(at))?;
        for (id, person) in &directory.people {
            let params: [Param; 7] = [
                id.as_str().into(),
                person.code.as_str().into(),
                person.name.as_str().into(),
                person.address.clone().into(),
                person.email.clone().into(),
                person.language.as_str().into(),
                at.into(),
            ];
            self.execute(PERSON, &params)?;
        }
        self.execute(RAISE, &[]).map(|_| ())
    }

    /// Gives somebody another mailbox, beside everything else that the directory says; false if nobody knows them.
    pub(crate) fn put_address(&mut self, person: &PersonId, email: &str, at: Instant) -> Result<bool, StoreError> {
        if self.execute(ADDRESS, &[email.into(), person.as_str().into()])? == 0 {
            return Ok(false);
        }
        self.end_sign_ins(person, at)?;
        self.execute(RAISE, &[]).map(|_| true)
    }

    /// Signs out, and takes their codes from, those who are gone or have another mailbox: what was shown was the old one.
    fn end_lost_sign_ins(&mut self, directory: &Directory, at: Instant) -> Result<(), StoreError> {
        let mailbox = |email: Option<&str>| email.map(|email| email.trim().to_lowercase());
        let mut lost = Vec::new();
        for row in self.query(SIGNING_IN, &[])? {
            let person = PersonId::from(row.text(0)?);
            let before = mailbox(row.maybe_text(1)?);
            let is_same = |known: &Person| mailbox(known.email.as_deref()) == before;
            if !directory.people.get(&person).is_some_and(is_same) {
                lost.push(person);
            }
        }
        lost.iter().try_for_each(|person| self.end_sign_ins(person, at))
    }

    /// A value of `meta`.
    pub(crate) fn meta(&mut self, name: &str) -> Result<Option<String>, StoreError> {
        self.query(META, &[name.into()])?.first().map(|row| row.text(0).map(str::to_owned)).transpose()
    }

    /// A value of `meta`: the one that is there, or this one if there is none.
    pub(crate) fn meta_or(&mut self, name: &str, value: &str) -> Result<String, StoreError> {
        self.execute(META_ONCE, &[name.into(), value.into()])?;
        Ok(self.meta(name)?.unwrap_or_else(|| value.to_owned()))
    }

    /// PostgreSQL's clock, in milliseconds; none on SQLite, which has no clock of its own.
    pub(crate) fn clock(&mut self) -> Result<Option<i64>, StoreError> {
        if !self.is_postgres() {
            return Ok(None);
        }
        self.query(NOW_POSTGRES, &[])?.first().map(|row| row.int(0)).transpose()
    }
}
