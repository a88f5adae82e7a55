//! Rows beside the log: the stored dossier, tasks, notices, messages, registers, numbers.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::events::{Event, put};
use super::machine::Machine;
use super::seals::Content;
use super::{Database, Fault, Unreadable, hex, list, number, text};

/// A dossier's row.
pub(super) struct Stored {
    seq: i64,
    machine: String,
    last_at: i64,
    next_due_at: Option<i64>,
    outcome: Option<String>,
    closed_at: Option<i64>,
    /// What it is, as JSON.
    pub(super) snapshot: Value,
}

const STORED: &str =
    "SELECT seq, machine, last_at, next_due_at, outcome, closed_at, snapshot FROM dossier WHERE id = $1";
const TASKS: &str = "SELECT id, activation, purpose, person_id, closed_at, closed_seq FROM task WHERE dossier_id = $1";
const NOTICES: &str = "SELECT seq, activation, person_id, kind, task_id FROM outbox WHERE dossier_id = $1";
const MESSAGES: &str = "SELECT from_seq, place, content FROM message WHERE from_id = $1";
const CONSUMED: &str = "SELECT from_id, from_seq, place, content FROM message WHERE consumed_at IS NOT NULL";
const WAITING: &str = "SELECT from_id, from_seq, place FROM message WHERE consumed_at IS NULL";
const FACTS: &str = "SELECT register, holder, key, year, dossier_id FROM register WHERE dossier_id IS NOT NULL";
const TAKEN: &str = "SELECT space, key, dossier_id FROM taken WHERE dossier_id IS NOT NULL";

impl Stored {
    pub(super) async fn of(database: &mut Database, dossier: &str) -> Result<Option<Self>, Unreadable> {
        let rows = database.rows(STORED, &[dossier]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        Ok(Some(Self {
            seq: row.int(0)?,
            machine: row.text(1)?,
            last_at: row.int(2)?,
            next_due_at: row.maybe_int(3)?,
            outcome: row.maybe_text(4)?,
            closed_at: row.maybe_int(5)?,
            snapshot: serde_json::from_str(&row.text(6)?).unwrap_or(Value::Null),
        }))
    }
}

/// Numbers without gaps, times that never go back, and a row that stands where the log ends.
pub(super) fn order(
    dossier: &str,
    events: &[Event],
    stored: Option<&Stored>,
    machines: &BTreeMap<String, Machine>,
    faults: &mut Vec<Fault>,
) {
    let mut fault = |check, what: String| faults.push(Fault::of(dossier, check, what));
    for (place, event) in events.iter().enumerate() {
        if i64::try_from(place + 1).is_ok_and(|wanted| wanted != event.seq) {
            fault("order", format!("event {} stands where {} belongs", event.seq, place + 1));
            break;
        }
    }
    if let Some(pair) = events.windows(2).find(|pair| pair[1].at < pair[0].at) {
        fault("order", format!("event {} lies before event {}", pair[1].seq, pair[0].seq));
    }
    if let Some(event) = events.iter().find(|event| !machines.contains_key(&event.machine)) {
        fault("order", format!("event {} was decided by a version that is not there", event.seq));
    }
    let Some(stored) = stored else {
        return fault("row", format!("its row is gone; {} events are left", events.len()));
    };
    let Some(last) = events.last() else { return fault("row", "it has a row and no events".to_owned()) };
    let snapshot = &stored.snapshot;
    let due = list(snapshot, "timers").iter().filter_map(|timer| number(timer, "due_at")).min();
    let stuck = snapshot.get("stuck").and_then(|stuck| number(stuck, "again_at"));
    let agree = [
        ("number", stored.seq == last.seq && number(snapshot, "seq") == Some(last.seq)),
        ("time", stored.last_at == last.at && number(snapshot, "last_at") == Some(last.at)),
        ("version", stored.machine == last.machine && text(snapshot, "machine") == last.machine),
        ("outcome", stored.outcome.as_deref() == snapshot.get("outcome").and_then(Value::as_str)),
        ("end", stored.closed_at.is_some() == stored.outcome.is_some()),
        ("next due time", stored.next_due_at == stuck.or(due)),
    ];
    for (what, _) in agree.iter().filter(|(_, agrees)| !agrees) {
        fault("row", format!("the {what} in its row is not that of its log"));
    }
}

/// Who is asked is who has an open task, each under the id that follows from what it is.
pub(super) async fn tasks(
    database: &mut Database,
    dossier: &str,
    stored: &Stored,
    faults: &mut Vec<Fault>,
) -> Result<(), Unreadable> {
    let mut asked = BTreeSet::new();
    let frozen = list(&stored.snapshot, "paused").iter().flat_map(|paused| list(paused, "tasks"));
    for task in list(&stored.snapshot, "tasks").iter().chain(frozen) {
        let holders: BTreeSet<&str> = list(task, "holders").iter().filter_map(Value::as_str).collect();
        let stand_ins = list(task, "stand_ins").iter().filter(|one| holders.contains(text(one, "of")));
        for person in holders.iter().copied().chain(stand_ins.map(|one| text(one, "person"))) {
            let activation = number(task, "activation").unwrap_or_default();
            asked.insert((activation, text(task, "purpose").to_owned(), person.to_owned()));
        }
        for one in list(task, "assistants").iter().filter(|one| holders.contains(text(one, "of"))) {
            let activation = number(task, "activation").unwrap_or_default();
            asked.insert((activation, "prepare".to_owned(), text(one, "person").to_owned()));
        }
    }
    let mut open = BTreeSet::new();
    let mut fault = |what: String| faults.push(Fault::of(dossier, "task", what));
    for row in database.rows(TASKS, &[dossier]).await? {
        let (id, activation, purpose, person) = (row.text(0)?, row.int(1)?, row.text(2)?, row.text(3)?);
        if id != task_id(dossier, activation, &purpose, &person) {
            fault(format!("task {id} was moved to another person or entry"));
        }
        match (row.maybe_int(4)?, row.maybe_int(5)?) {
            (None, None) => drop(open.insert((activation, purpose, person))),
            (Some(_), Some(seq)) if seq <= stored.seq => {}
            _ => fault(format!("task {id} was closed by no event")),
        }
    }
    for (activation, purpose, person) in asked.difference(&open) {
        fault(format!("`{person}` is asked ({purpose}, entry {activation}) and has no open task"));
    }
    for (activation, purpose, person) in open.difference(&asked) {
        fault(format!("`{person}` has an open task ({purpose}, entry {activation}) and is not asked"));
    }
    Ok(())
}

fn task_id(dossier: &str, activation: i64, purpose: &str, person: &str) -> String {
    let mut bytes = Vec::new();
    for part in ["chancery task 1", dossier, &activation.to_string(), purpose, person] {
        put(&mut bytes, part.as_bytes());
    }
    hex(&Sha256::digest(&bytes)[..8])
}

/// Whoever is asked and waited for was told so; every notice belongs to an event.
pub(super) async fn notices(
    database: &mut Database,
    dossier: &str,
    stored: &Stored,
    events: &[Event],
    faults: &mut Vec<Fault>,
) -> Result<(), Unreadable> {
    let mut fault = |what: String| faults.push(Fault::of(dossier, "notice", what));
    let (mut told, mut each) = (BTreeSet::new(), BTreeSet::new());
    for row in database.rows(NOTICES, &[dossier]).await? {
        let (seq, entry, person, kind) = (row.int(0)?, row.int(1)?, row.text(2)?, row.text(3)?);
        if !each.insert((seq, entry, person.clone(), kind.clone())) {
            fault(format!("event {seq} tells `{person}` the same twice ({kind}, entry {entry})"));
        }
        if !events.iter().any(|event| event.seq == seq) {
            fault(format!("a notice belongs to event {seq}, which is not there"));
        }
        told.insert((row.int(1)?, row.text(2)?));
    }
    for task in list(&stored.snapshot, "tasks").iter().filter(|task| text(task, "purpose") != "lead") {
        for person in list(task, "holders").iter().filter_map(Value::as_str) {
            let entry = number(task, "activation").unwrap_or_default();
            if !told.contains(&(entry, person.to_owned())) {
                fault(format!("`{person}` is asked in entry {entry} and was never told"));
            }
        }
    }
    Ok(())
}

/// What events told people and other dossiers has its rows, and nothing else has.
pub(super) async fn said(
    database: &mut Database,
    dossier: &str,
    events: &[Event],
    contents: &[Content],
    faults: &mut Vec<Fault>,
) -> Result<(), Unreadable> {
    let mut sent = BTreeMap::new();
    let mut told = BTreeSet::new();
    for (event, content) in events.iter().zip(contents) {
        for change in &content.changes {
            if let Some(said) = change.get("sent") {
                sent.insert((event.seq, number(said, "place").unwrap_or_default()), said.clone());
            }
            let people = change.get("told").map(|said| list(said, "people"));
            let late = change.get("fired").map(|said| list(said, "tell"));
            for person in people.into_iter().chain(late).flatten().filter_map(Value::as_str) {
                told.insert((event.seq, person.to_owned()));
            }
        }
    }
    let mut fault = |check, what: String| faults.push(Fault::of(dossier, check, what));
    for row in database.rows(MESSAGES, &[dossier]).await? {
        let (seq, place) = (row.int(0)?, row.int(1)?);
        let content: Value = serde_json::from_str(&row.text(2)?).unwrap_or(Value::Null);
        match sent.remove(&(seq, place)) {
            None => fault("message", format!("message {seq}.{place} was sent by no event")),
            Some(said) => {
                let empty = content.get("body").is_none_or(Value::is_null);
                if !empty && (content.get("to") != said.get("to") || content.get("body") != said.get("body")) {
                    fault("message", format!("message {seq}.{place} says something else than its event"));
                }
            }
        }
    }
    for (seq, place) in sent.keys() {
        fault("message", format!("message {seq}.{place} is gone"));
    }
    for row in database.rows(NOTICES, &[dossier]).await? {
        told.remove(&(row.int(0)?, row.text(2)?));
    }
    for (seq, person) in &told {
        fault("notice", format!("event {seq} tells `{person}` something, and there is no notice of it"));
    }
    Ok(())
}

/// What is known of all dossiers once they were looked at.
#[derive(Default)]
pub(super) struct Known {
    operations: BTreeSet<String>,
    dossiers: BTreeSet<String>,
    facts: BTreeSet<(String, String, String, i64, String)>,
    taken: BTreeMap<(String, String), String>,
    /// Dossiers whose content was destroyed: what of it stands in registers and among numbers stays without its events.
    expired: BTreeSet<String>,
    contents: bool,
}

impl Known {
    pub(super) fn remember(&mut self, dossier: &str, events: &[Event]) {
        self.operations.extend(events.iter().filter_map(|event| event.operation.clone()));
        self.dossiers.insert(dossier.to_owned());
    }

    pub(super) fn expired(&mut self, dossier: &str) {
        self.contents = true;
        self.expired.insert(dossier.to_owned());
    }

    pub(super) fn told(&mut self, dossier: &str, contents: &[Content], faults: &mut Vec<Fault>) {
        self.contents = true;
        for change in contents.iter().flat_map(|content| &content.changes) {
            if let Some(fact) = change.get("registered") {
                let [register, holder, key] = ["register", "holder", "key"].map(|part| text(fact, part).to_owned());
                self.facts.insert((
                    register,
                    holder,
                    key,
                    number(fact, "year").unwrap_or_default(),
                    dossier.to_owned(),
                ));
            }
            if let Some(key) = change.get("took").and_then(|took| took.get("key")) {
                let (space, name) = (text(key, "space").to_owned(), text(key, "key").to_owned());
                let before = self.taken.insert((space, name), dossier.to_owned());
                if let Some(other) = before.filter(|other| other != dossier) {
                    let what =
                        format!("`{}` in `{}` was given to dossier {other} too", text(key, "key"), text(key, "space"));
                    faults.push(Fault::of(dossier, "number", what));
                }
            }
            if let Some(key) = change.get("gave_up") {
                self.taken.remove(&(text(key, "space").to_owned(), text(key, "key").to_owned()));
            }
        }
    }
}

/// Rows of the whole database for which there has to be an event, and the other way round.
pub(super) async fn without_event(
    database: &mut Database,
    known: &Known,
    faults: &mut Vec<Fault>,
) -> Result<(), Unreadable> {
    for row in database.rows(CONSUMED, &[]).await? {
        let (from, seq, place) = (row.text(0)?, row.int(1)?, row.int(2)?);
        if !known.operations.contains(&format!("m:{from}:{seq}:{place}")) {
            faults.push(Fault::of(&from, "message", format!("message {seq}.{place} was taken by no event")));
        }
    }
    for row in database.rows(WAITING, &[]).await? {
        let (from, seq, place) = (row.text(0)?, row.int(1)?, row.int(2)?);
        if known.operations.contains(&format!("m:{from}:{seq}:{place}")) {
            faults.push(Fault::of(
                &from,
                "message",
                format!("message {seq}.{place} was taken by an event and waits on"),
            ));
        }
    }
    if !known.contents {
        return Ok(());
    }
    let mut facts = BTreeSet::new();
    for row in database.rows(FACTS, &[]).await? {
        let dossier = row.text(4)?;
        if !known.expired.contains(&dossier) {
            facts.insert((row.text(0)?, row.text(1)?, row.text(2)?, row.int(3)?, dossier));
        }
    }
    for (register, _, key, year, dossier) in known.facts.symmetric_difference(&facts) {
        let what = format!("register `{register}`, {key} {year}: event and entry do not agree");
        faults.push(Fault::of(dossier, "register", what));
    }
    let mut taken = BTreeMap::new();
    for row in database.rows(TAKEN, &[]).await? {
        let dossier = row.text(2)?;
        if !known.expired.contains(&dossier) {
            taken.insert((row.text(0)?, row.text(1)?), dossier);
        }
    }
    let (left, right): (BTreeSet<_>, BTreeSet<_>) = (known.taken.iter().collect(), taken.iter().collect());
    for ((space, key), dossier) in left.symmetric_difference(&right).copied() {
        faults.push(Fault::of(dossier, "number", format!("`{key}` in `{space}`: event and entry do not agree")));
    }
    Ok(())
}
