//! An independent look at a database: does what is stored hang together?
//!
//! This shares no code with the engine, so that a mistake there is not made here again: it has SQL, formats and a fold of
//! its own, and uses nothing but the drivers, `sha2`, `ring` (for whoever brings the keys) and `serde_json`; a test keeps it
//! so. It reads the compiled machine that is stored, never YAML, and works out no guard: which way a dossier could go it knows,
//! not which it should have gone. The formats are those of `docs/audit.md`.
//!
//! Without keys it proves order, chain, heads, and rows against the stored dossiers; with keys also what events say: that each
//! state follows by a way that the machine has, that timers fired once and not early, that rolls and boxes agree, that
//! messages, registers and numbers are what events say.

mod boxes;
mod chain;
mod course;
mod database;
mod events;
mod expired;
mod export;
mod heads;
mod machine;
mod papers;
mod rows;
mod seals;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

pub use database::Unreadable;
use database::{Database, Row};
pub use export::{NotExported, export};
use machine::Machine;
use seals::{Content, Keys, Masters};

/// What was looked at, and what is wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Dossiers.
    pub dossiers: usize,
    /// Events.
    pub events: usize,
    /// Events whose content was read.
    pub opened: usize,
    /// Parts of events that belong to people who were erased.
    pub erased: usize,
    /// Events whose content was destroyed, the time of keeping of their dossiers being over.
    pub expired: usize,
    /// Daily heads.
    pub heads: usize,
    /// Dossiers that have changed since the last head.
    pub unanchored: usize,
    /// What is wrong, dossier by dossier; empty if nothing is.
    pub faults: Vec<Fault>,
}

/// Something that does not hang together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// The dossier; none for what concerns the whole database.
    pub dossier: Option<String>,
    /// Which check found it: `order`, `chain`, `head`, `content`, `course`, `timer`, `decision`, `roll`, `box`, `row`, `task`,
    /// `notice`, `message`, `register`, `number`, `paper`, `operation`.
    pub check: &'static str,
    /// What is wrong.
    pub what: String,
}

impl Fault {
    fn of(dossier: &str, check: &'static str, what: impl Into<String>) -> Self {
        Self { dossier: Some(dossier.to_owned()), check, what: what.into() }
    }

    fn all(check: &'static str, what: impl Into<String>) -> Self {
        Self { dossier: None, check, what: what.into() }
    }
}

/// What a look is given besides the database.
#[derive(Debug, Default)]
pub struct Given {
    /// The master keys by number, to read contents.
    pub keys: Option<BTreeMap<i64, [u8; 32]>>,
    /// Operations that somebody was told are done: each must be there, once.
    pub acknowledged: Vec<String>,
}

/// Looks at a whole database, in one transaction that only reads: a server may go on meanwhile. `progress` is told how many
/// dossiers of how many are done.
///
/// # Errors
/// The database cannot be read. What is wrong with its content is no error but an answer.
pub async fn verify(url: &str, given: &Given, mut progress: impl FnMut(usize, usize)) -> Result<Report, Unreadable> {
    let mut database = Database::open(url).await?;
    let mut report = Report::default();
    let mut look = Look::new(given, machines(&mut database).await?);
    report.faults.extend(operations(&mut database, &given.acknowledged).await?);
    let dossiers = dossiers(&mut database).await?;
    for (done, dossier) in dossiers.iter().enumerate() {
        look.dossier(&mut database, dossier, &mut report).await?;
        progress(done + 1, dossiers.len());
    }
    rows::without_event(&mut database, &look.known, &mut report.faults).await?;
    heads::hold(&mut database, &mut report).await?;
    report.dossiers = dossiers.len();
    Ok(report)
}

/// What is known of the whole database while it is looked at dossier by dossier.
struct Look {
    masters: Option<Masters>,
    machines: BTreeMap<String, Machine>,
    known: rows::Known,
}

/// Every id that something stands under: a row may have been taken away, or its events.
const DOSSIERS: &str = "SELECT id FROM dossier UNION SELECT DISTINCT dossier_id FROM event ORDER BY 1";
const MACHINES: &str = "SELECT hash, compiled FROM machine ORDER BY hash";
const OPERATION: &str = "SELECT COUNT(*) FROM event WHERE operation = $1";

async fn dossiers(database: &mut Database) -> Result<Vec<String>, Unreadable> {
    database.rows(DOSSIERS, &[]).await?.iter().map(|row| row.text(0)).collect()
}

async fn machines(database: &mut Database) -> Result<BTreeMap<String, Machine>, Unreadable> {
    let mut machines = BTreeMap::new();
    for row in database.rows(MACHINES, &[]).await? {
        let compiled = serde_json::from_str(&row.text(1)?).unwrap_or(Value::Null);
        machines.insert(row.text(0)?, Machine::read(&compiled));
    }
    Ok(machines)
}

/// Operations that were acknowledged and are not there.
async fn operations(database: &mut Database, acknowledged: &[String]) -> Result<Vec<Fault>, Unreadable> {
    let mut faults = Vec::new();
    let mut seen = BTreeSet::new();
    for operation in acknowledged {
        if !seen.insert(operation) {
            faults.push(Fault::all("operation", format!("`{operation}` was acknowledged twice")));
        }
        let found = database.rows(OPERATION, &[operation]).await?.first().map_or(Ok(0), |row| row.int(0))?;
        if found != 1 {
            let what = format!("`{operation}` was acknowledged and stands in the log {found} times");
            faults.push(Fault::all("operation", what));
        }
    }
    Ok(faults)
}

/// Whose key is gone was erased by an event, and whoever was erased has no key.
fn erasures(id: &str, contents: &[Content], keys: &Keys, faults: &mut Vec<Fault>) {
    let said = contents.iter().flat_map(|content| &content.changes).filter_map(|change| change.get("forgot"));
    let said: BTreeSet<&str> = said.flat_map(|said| list(said, "people")).filter_map(Value::as_str).collect();
    let gone: BTreeSet<&str> = contents.iter().flat_map(|content| &content.gone).map(String::as_str).collect();
    for person in gone.difference(&said) {
        faults.push(Fault::of(id, "content", format!("the key of `{person}` is gone, and no event erased them")));
    }
    for person in said.iter().filter(|person| keys.has(person)) {
        faults.push(Fault::of(id, "content", format!("`{person}` was erased, and has a key")));
    }
}

impl Look {
    fn new(given: &Given, machines: BTreeMap<String, Machine>) -> Self {
        let masters = given.keys.as_ref().map(Masters::new);
        Self { masters, machines, known: rows::Known::default() }
    }

    async fn dossier(&mut self, database: &mut Database, id: &str, report: &mut Report) -> Result<(), Unreadable> {
        let events = events::of(database, id).await?;
        report.events += events.len();
        let stored = rows::Stored::of(database, id).await?;
        chain::hold(id, &events, &mut report.faults);
        rows::order(id, &events, stored.as_ref(), &self.machines, &mut report.faults);
        self.known.remember(id, &events);
        if let Some(stored) = &stored {
            rows::tasks(database, id, stored, &mut report.faults).await?;
            rows::notices(database, id, stored, &events, &mut report.faults).await?;
        }
        let Some(masters) = &self.masters else { return Ok(()) };
        let keys = match masters.keys_of(id, database).await? {
            Ok(keys) => keys,
            Err(what) => {
                report.faults.push(Fault::of(id, "content", what));
                return Ok(());
            }
        };
        if keys.since > 1 {
            let faults = expired::hold(database, id, &events, stored.as_ref(), &keys).await?;
            report.opened += events.iter().filter(|event| event.seq >= keys.since).count();
            report.expired += events.iter().filter(|event| event.seq < keys.since).count();
            report.faults.extend(faults);
            self.known.expired(id);
            return Ok(());
        }
        let mut contents = Vec::new();
        for event in &events {
            match keys.open(id, event) {
                Ok(content) => {
                    report.opened += 1;
                    report.erased += content.erased;
                    contents.push(content);
                }
                Err(what) => {
                    report.faults.push(Fault::of(id, "content", what));
                    return Ok(());
                }
            }
        }
        let erased = contents.iter().any(|content| content.erased > 0);
        erasures(id, &contents, &keys, &mut report.faults);
        let mut course = course::Course::new(id, &self.machines);
        for (event, content) in events.iter().zip(&contents) {
            course.event(event, content);
        }
        if let Some(stored) = &stored
            && !erased
        {
            course.hold(stored);
        }
        boxes::hold(database, id, &course, masters, &mut report.faults).await?;
        report.faults.append(&mut course.faults);
        if !erased {
            rows::said(database, id, &events, &contents, &mut report.faults).await?;
            papers::hold(database, id, &contents, masters, &mut report.faults).await?;
        }
        self.known.told(id, &contents, &mut report.faults);
        Ok(())
    }
}

/// Text under a key of a JSON object.
fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// A whole number under a key of a JSON object.
fn number(value: &Value, key: &str) -> Option<i64> {
    value.get(key).and_then(Value::as_i64)
}

/// The list under a key of a JSON object.
fn list<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// Bytes as hexadecimal digits.
fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
