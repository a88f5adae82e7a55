//! The course of a dossier, event by event: does each state follow by a way that the machine has?

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::events::Event;
use super::machine::{Kind, Machine, State};
use super::rows::Stored;
use super::seals::Content;
use super::{Fault, list, number, text};

/// A dossier as its events make it, as far as it is looked at.
pub(super) struct Course<'m> {
    dossier: String,
    machines: &'m BTreeMap<String, Machine>,
    machine: Option<&'m Machine>,
    /// Entries and their states.
    active: BTreeMap<u32, String>,
    /// What is frozen, by the state that was left: its entries and their timers.
    frozen: BTreeMap<String, Frozen>,
    /// Entries that there ever were.
    entered: BTreeSet<u32>,
    timers: Timers,
    /// A timer that could not do what it stands for, and is tried again.
    stuck: Option<(u32, String)>,
    /// Who has answered, in which entry.
    answered: BTreeSet<(u32, String)>,
    /// Votes, open and closed.
    pub(super) votes: BTreeMap<u32, Vote>,
    outcome: Option<String>,
    /// It was ended before its course was over.
    cut_short: bool,
    /// Something of it was erased.
    erased: bool,
    fields: BTreeMap<String, Value>,
    pub(super) faults: Vec<Fault>,
}

/// A timer's entry and kind, and when it is due.
type Timers = BTreeMap<(u32, String), i64>;

struct Frozen {
    entries: BTreeMap<u32, String>,
    timers: Timers,
}

/// A vote, as its events make it.
#[derive(Default)]
pub(super) struct Vote {
    /// On line and secret: its choices lie in boxes.
    pub(super) sealed: bool,
    /// Who may vote, and what of their ballot is in the box.
    pub(super) roll: BTreeMap<String, Seat>,
    /// What is voted on.
    pub(super) rows: BTreeMap<String, Row>,
    /// The last result.
    pub(super) result: Option<Value>,
    /// It counts no longer.
    pub(super) over: bool,
}

/// A member's seat: the whole ballot is in the box, or these parts of it.
#[derive(Default, PartialEq, Eq)]
pub(super) struct Seat {
    cast: bool,
    parts: BTreeSet<String>,
}

/// A row that is voted on.
#[derive(Default)]
pub(super) struct Row {
    /// The part of the sheet on which it stands.
    part: String,
    /// Who may not vote on it.
    own: BTreeSet<String>,
}

impl Vote {
    /// How many choices there have to be about a row.
    pub(super) fn voted_on(&self, row: &Row) -> usize {
        let has = |seat: &Seat| seat.cast || seat.parts.contains(&row.part);
        self.roll.iter().filter(|(who, seat)| has(seat) && !row.own.contains(*who)).count()
    }
}

/// What is possible within one event: what could lead somewhere, and what was entered.
#[derive(Default)]
struct Step {
    /// States that were active, or that the event entered.
    seen: BTreeSet<String>,
    fresh: BTreeSet<String>,
}

impl<'m> Course<'m> {
    pub(super) fn new(dossier: &str, machines: &'m BTreeMap<String, Machine>) -> Self {
        Self {
            dossier: dossier.to_owned(),
            machines,
            machine: None,
            active: BTreeMap::new(),
            frozen: BTreeMap::new(),
            entered: BTreeSet::new(),
            timers: Timers::new(),
            stuck: None,
            answered: BTreeSet::new(),
            votes: BTreeMap::new(),
            outcome: None,
            cut_short: false,
            erased: false,
            fields: BTreeMap::new(),
            faults: Vec::new(),
        }
    }

    fn fault(&mut self, check: &'static str, event: &Event, what: impl std::fmt::Display) {
        self.faults.push(Fault::of(&self.dossier, check, format!("event {}: {what}", event.seq)));
    }

    /// Takes an event.
    pub(super) fn event(&mut self, event: &Event, content: &Content) {
        self.machine = self.machines.get(&event.machine);
        if self.outcome.is_some() && content.changes.iter().any(|change| change.get("entered").is_some()) {
            self.fault("course", event, "a state was entered after the end");
        }
        self.erased |= content.erased > 0;
        self.due_first(event);
        let mut step = Step { seen: self.active.values().cloned().collect(), ..Step::default() };
        for change in &content.changes {
            let Some((word, said)) = change.as_object().and_then(|change| change.iter().next()) else { continue };
            self.change(event, word, said, &mut step);
        }
        self.whole(event);
    }

    /// Before anything else happens, what was due has happened. (What cannot be done is said to be stuck, and waits.)
    fn due_first(&mut self, event: &Event) {
        // That something could not be done is told of whom a dossier is about, and may be erased.
        if self.erased || ["due", "stuck"].contains(&event.kind.as_str()) {
            return;
        }
        let late =
            self.timers.iter().find(|(_, due)| **due <= event.at).map(|((entry, what), _)| (*entry, what.clone()));
        if let Some((entry, what)) = late.filter(|(entry, what)| self.stuck.as_ref() != Some(&(*entry, what.clone()))) {
            self.fault("timer", event, format_args!("{what} of entry {entry} was due and had not fired"));
        }
    }

    fn change(&mut self, event: &Event, word: &str, said: &Value, step: &mut Step) {
        match word {
            "opened" if event.seq != 1 => self.fault("course", event, "it was opened again"),
            "did" => self.did(event, said),
            "entered" => self.enters(event, said, step),
            "left" => self.leaves(event, said),
            "paused" => self.freezes(event, said),
            "resumed" => self.thaws(event, said, step),
            "abandoned" => drop(self.frozen.remove(said.as_str().unwrap_or_default())),
            "migrated" => self.migrates(said, step),
            "cut_short" if event.kind == "ended" && event.actor.starts_with("operator:") => self.cut_short = true,
            "finished" => self.ends(event, said),
            "timed" => self.times(event, said),
            "fired" => self.fires(event, said),
            "stuck" => self.stuck = Some(timer_of(said)),
            "moved" | "put_off" => {
                self.timers.retain(|(entry, what), _| *entry != entry_of(said) || !is_of_deadline(what));
            }
            "set" => said.as_object().into_iter().flatten().for_each(|(field, value)| self.sets(field, value)),
            "party" => self.puts(said),
            "corrected" => {
                let fields = said.get("fields").and_then(Value::as_object).into_iter().flatten();
                fields.for_each(|(field, values)| self.sets(field, &values["after"]));
            }
            "answered" => {
                let who = (entry_of(said), text(said, "person").to_owned());
                if !self.answered.insert(who) {
                    self.fault("decision", event, format_args!("`{}` answered twice", text(said, "person")));
                }
            }
            "vote_opened" | "voted_again" => self.opens_vote(word, said),
            "marked" | "marked_part" => self.marks(event, said),
            "seats_lost" => {
                let vote = self.votes.entry(entry_of(said)).or_default();
                for person in list(said, "people").iter().filter_map(Value::as_str) {
                    vote.roll.remove(person);
                }
            }
            "vote_closed" => {
                let entry = entry_of(said);
                if self.votes.get(&entry).is_none_or(|vote| vote.over) {
                    self.fault("roll", event, "a vote was closed that is not open");
                }
                let vote = self.votes.entry(entry).or_default();
                (vote.over, vote.result) = (true, Some(said.clone()));
                self.timers.remove(&(entry, "vote_ends".to_owned()));
            }
            _ => {}
        }
    }

    fn sets(&mut self, field: &str, value: &Value) {
        if value.is_null() {
            self.fields.remove(field);
        } else {
            self.fields.insert(field.to_owned(), value.clone());
        }
    }

    /// A row about somebody from outside stands in its table: in the place of another, or behind the last.
    fn puts(&mut self, said: &Value) {
        let Some(row) = said.get("row").filter(|row| !row.is_null()) else { return };
        let table = self.fields.entry(text(row, "field").to_owned()).or_insert_with(|| Value::Array(Vec::new()));
        let Some(rows) = table.as_array_mut() else { return };
        let place = usize::try_from(number(row, "place").unwrap_or_default()).unwrap_or_default();
        let cells = row.get("cells").cloned().unwrap_or_default();
        match rows.get_mut(place) {
            Some(there) => *there = cells,
            None => rows.push(cells),
        }
    }

    /// Everything that is active hangs together once an event is over.
    fn whole(&mut self, event: &Event) {
        let Some(machine) = self.machine else { return };
        if self.outcome.is_some() {
            return;
        }
        let states: Vec<String> = self.active.values().cloned().collect();
        if states.is_empty() {
            self.fault("course", event, "it stands nowhere");
        }
        for state in &states {
            let Some(known) = machine.states.get(state) else {
                self.fault("course", event, format_args!("its version has no state `{state}`"));
                continue;
            };
            let inside = states
                .iter()
                .filter(|one| machine.states.get(*one).is_some_and(|one| one.parent.as_ref() == Some(state)));
            let wanted = match &known.kind {
                Kind::Compound(_) => 1,
                Kind::Parallel => machine
                    .states
                    .values()
                    .filter(|one| one.parent.as_ref() == Some(state))
                    .filter(|one| !matches!(one.kind, Kind::History(_)))
                    .count(),
                Kind::Atomic | Kind::Final(_) | Kind::History(_) => 0,
            };
            let found = inside.count();
            if found != wanted {
                self.fault("course", event, format_args!("`{state}` has {found} active states inside, not {wanted}"));
            }
            if let Some(around) = &known.parent
                && !states.contains(around)
            {
                self.fault("course", event, format_args!("it stands in `{state}`, not in `{around}` around it"));
            }
        }
        let top = states.iter().filter(|one| machine.states.get(*one).is_some_and(|one| one.parent.is_none())).count();
        if top > 1 {
            self.fault("course", event, format_args!("it stands in {top} states at the top"));
        }
    }

    /// A person's event is one that the entry, or what is around it, answers.
    fn did(&mut self, event: &Event, said: &Value) {
        if !event.actor.contains(':') || event.actor.starts_with("dossier:") {
            self.fault("decision", event, format_args!("`{}` cannot act as a person does", event.actor));
        }
        let Some(state) = self.active.get(&entry_of(said)).cloned() else {
            self.fault("decision", event, "somebody acted in an entry that is over");
            return;
        };
        let name = text(said, "event");
        let answers = |machine: &Machine| {
            let mut around = machine.outwards(&state);
            around.any(|at| machine.states.get(at).is_some_and(|at| at.answers.contains(name)))
        };
        if self.machine.is_some_and(|machine| !answers(machine)) {
            self.fault("course", event, format_args!("`{state}` does not answer `{name}`"));
        }
    }

    fn enters(&mut self, event: &Event, said: &Value, step: &mut Step) {
        let (entry, state) = (entry_of(said), text(said, "state").to_owned());
        if !self.entered.insert(entry) {
            self.fault("course", event, format_args!("entry {entry} was given out twice"));
        }
        let machine = self.machine;
        if let Some(machine) = machine
            && !leads(machine, &state, step, event.seq == 1)
        {
            self.fault("course", event, format_args!("no way leads to `{state}` from where it stood"));
        }
        step.seen.insert(state.clone());
        step.fresh.insert(state.clone());
        self.active.insert(entry, state);
    }

    fn leaves(&mut self, event: &Event, said: &Value) {
        for entry in said.as_array().into_iter().flatten().map(|entry| as_entry(entry.as_i64())) {
            if self.active.remove(&entry).is_none() {
                self.fault("course", event, format_args!("entry {entry} was left that was not active"));
            }
            self.timers.retain(|(of, _), _| *of != entry);
        }
    }

    fn freezes(&mut self, event: &Event, said: &Value) {
        let mut entries = BTreeMap::new();
        for entry in list(said, "frozen").iter().map(|entry| as_entry(entry.as_i64())) {
            match self.active.remove(&entry) {
                Some(state) => drop(entries.insert(entry, state)),
                None => self.fault("course", event, format_args!("entry {entry} was frozen that was not active")),
            }
        }
        let (timers, kept) =
            std::mem::take(&mut self.timers).into_iter().partition(|((of, _), _)| entries.contains_key(of));
        self.timers = kept;
        self.frozen.insert(text(said, "state").to_owned(), Frozen { entries, timers });
    }

    fn thaws(&mut self, event: &Event, said: &Value, step: &mut Step) {
        let state = text(said, "state");
        let Some(frozen) = self.frozen.remove(state) else {
            self.fault("course", event, format_args!("`{state}` goes on and was not frozen"));
            return;
        };
        let continues = |machine: &Machine| {
            let mut seen = step.seen.iter().filter_map(|seen| machine.states.get(seen));
            seen.any(|seen| seen.resumes.contains(state))
        };
        if self.machine.is_some_and(|machine| !continues(machine)) {
            self.fault("course", event, format_args!("no way continues `{state}` from where it stood"));
        }
        step.seen.extend(frozen.entries.values().cloned());
        self.active.extend(frozen.entries);
        for timer in list(said, "timers") {
            let key = timer_of(timer);
            if !frozen.timers.contains_key(&key) {
                self.fault(
                    "timer",
                    event,
                    format_args!("a timer goes on that was not frozen: {} of entry {}", key.1, key.0),
                );
            }
            self.timers.insert(key, number(timer, "due_at").unwrap_or_default());
        }
    }

    fn migrates(&mut self, said: &Value, step: &mut Step) {
        let entry = |one: &Value| (entry_of(one), text(one, "state").to_owned());
        self.active = list(said, "active").iter().map(entry).collect();
        self.entered.extend(self.active.keys());
        self.timers =
            list(said, "timers").iter().map(|one| (timer_of(one), number(one, "due_at").unwrap_or_default())).collect();
        let names = said.get("states").and_then(Value::as_object);
        for (old, new) in names.into_iter().flatten() {
            let Some(new) = new.as_str() else { continue };
            if let Some(frozen) = self.frozen.remove(old) {
                self.frozen.insert(new.to_owned(), frozen);
            }
            for state in self.frozen.values_mut().flat_map(|frozen| frozen.entries.values_mut()) {
                if state == old {
                    new.clone_into(state);
                }
            }
        }
        step.seen.extend(self.active.values().cloned());
    }

    fn ends(&mut self, event: &Event, said: &Value) {
        let outcome = said.as_str().unwrap_or_default().to_owned();
        let ends = |machine: &Machine| {
            let mut states = self.active.values().filter_map(|state| machine.states.get(state));
            states.any(|state| state.parent.is_none() && state.kind == Kind::Final(Some(outcome.clone())))
        };
        let cut_short = self.cut_short && outcome == "erased";
        if !cut_short && self.machine.is_some_and(|machine| !ends(machine)) {
            self.fault("course", event, format_args!("it ended with `{outcome}` and stands in no state that says so"));
        }
        if self.outcome.is_some() {
            self.fault("course", event, "it ended twice");
        }
        self.outcome = Some(outcome);
        self.timers.clear();
        self.frozen.clear();
    }

    fn times(&mut self, event: &Event, said: &Value) {
        for timer in said.as_array().into_iter().flatten() {
            let key = timer_of(timer);
            if !self.active.contains_key(&key.0) {
                self.fault("timer", event, format_args!("a timer was set for entry {}, which is not active", key.0));
            }
            self.timers.insert(key, number(timer, "due_at").unwrap_or_default());
        }
    }

    fn fires(&mut self, event: &Event, said: &Value) {
        let (entry, what) = timer_of(said);
        match self.timers.remove(&(entry, what.clone())) {
            None => self.fault(
                "timer",
                event,
                format_args!("{what} of entry {entry} fired and was not set, or fired before"),
            ),
            Some(due) if event.at < due => {
                self.fault("timer", event, format_args!("{what} of entry {entry} fired early"));
            }
            Some(_) => {}
        }
    }

    fn opens_vote(&mut self, word: &str, said: &Value) {
        let vote = self.votes.entry(entry_of(said)).or_default();
        if word == "vote_opened" {
            let secret = said.get("rule").is_some_and(|rule| text(rule, "ballot") == "secret");
            vote.sealed = secret && said.get("held").and_then(Value::as_str) == Some("online");
        }
        let seat = |seat: &Value| (text(seat, "person").to_owned(), Seat::default());
        vote.roll = list(said, "roll").iter().map(seat).collect();
        let row = |row: &Value| Row {
            part: text(row, "part").to_owned(),
            own: list(row, "own").iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        };
        vote.rows = list(said, "rows").iter().map(|one| (text(one, "row").to_owned(), row(one))).collect();
        vote.over = false;
        let entry = entry_of(said);
        self.timers.remove(&(entry, "vote_ends".to_owned()));
    }

    /// A ballot, or a part of one, went into the box.
    fn marks(&mut self, event: &Event, said: &Value) {
        let person = text(said, "person").to_owned();
        let part = said.get("part").and_then(Value::as_str);
        let vote = self.votes.entry(entry_of(said)).or_default();
        let over = vote.over;
        let mine = vote.rows.values().filter(|row| !row.own.contains(&person));
        let parts: BTreeSet<&String> = mine.map(|row| &row.part).collect();
        let amiss = match vote.roll.get_mut(&person) {
            _ if over => Some("voted, and the vote is closed"),
            None => Some("voted and is not on the roll"),
            Some(seat) if seat.cast => Some("voted twice"),
            Some(seat) => {
                let twice = part.is_some_and(|part| !seat.parts.insert(part.to_owned()));
                seat.cast = part.is_none() || parts.iter().all(|part| seat.parts.contains(*part));
                twice.then_some("voted twice on a part")
            }
        };
        if let Some(amiss) = amiss {
            self.fault("roll", event, format_args!("`{person}` {amiss}"));
        }
    }

    /// What the events make is what is stored.
    pub(super) fn hold(&mut self, stored: &Stored) {
        let snapshot = &stored.snapshot;
        let mut fault = |check, what: &str| {
            let what = format!("its stored {what} is not what its events make");
            self.faults.push(Fault::of(&self.dossier, check, what));
        };
        let entry = |one: &Value| (entry_of(one), text(one, "state").to_owned());
        let active: BTreeMap<u32, String> = list(snapshot, "active").iter().map(entry).collect();
        if active != self.active {
            fault("course", "state");
        }
        if snapshot.get("outcome").and_then(Value::as_str) != self.outcome.as_deref() {
            fault("course", "outcome");
        }
        let fields = snapshot.get("fields").and_then(Value::as_object).into_iter().flatten();
        if fields.map(|(field, value)| (field.clone(), value.clone())).collect::<BTreeMap<_, _>>() != self.fields {
            fault("content", "form");
        }
        let timer = |one: &Value| (timer_of(one), number(one, "due_at").unwrap_or_default());
        let timers: Timers = list(snapshot, "timers").iter().map(timer).collect();
        if timers != self.timers {
            fault("timer", "set of timers");
        }
        for vote in list(snapshot, "votes") {
            let seat = |seat: &Value| {
                let parts = list(seat, "parts").iter().filter_map(Value::as_str).map(str::to_owned).collect();
                (text(seat, "person").to_owned(), Seat { cast: seat["cast"] == Value::Bool(true), parts })
            };
            let roll: BTreeMap<String, Seat> = list(vote, "roll").iter().map(seat).collect();
            if self.votes.get(&entry_of(vote)).is_none_or(|known| known.roll != roll) {
                fault("roll", "roll");
            }
        }
    }
}

/// Whether a state can be entered in this step: where the dossier begins, where what was entered begins, where a way leads.
fn leads(machine: &Machine, state: &str, step: &Step, first: bool) -> bool {
    let Some(known) = machine.states.get(state) else { return false };
    let kind = |state: &String| machine.states.get(state).map(|state| &state.kind);
    // With the state around it, by itself.
    let with = |parent: &String| step.fresh.contains(parent) && kind(parent) == Some(&Kind::Parallel);
    if known.parent.as_ref().is_some_and(with) {
        return true;
    }
    let begins = step.fresh.iter().filter_map(|fresh| match kind(fresh) {
        Some(Kind::Compound(initial)) => Some(initial),
        _ => None,
    });
    let ways = step.seen.iter().filter_map(|seen| machine.states.get(seen)).flat_map(|seen| &seen.targets);
    let around = |target: &str| target == state || machine.is_inside(target, state);
    first.then_some(&machine.initial).into_iter().chain(begins).chain(ways).any(|target| {
        match machine.states.get(target) {
            // What a history remembers may be anything inside the state around it; what leads there is entered on the way.
            Some(State { kind: Kind::History(default), parent, .. }) => {
                let inside = parent.as_ref().is_none_or(|parent| machine.is_inside(state, parent));
                inside || around(target) || around(default)
            }
            _ => around(target),
        }
    })
}

fn entry_of(said: &Value) -> u32 {
    as_entry(number(said, "activation"))
}

fn as_entry(number: Option<i64>) -> u32 {
    number.and_then(|number| number.try_into().ok()).unwrap_or_default()
}

/// `remind` with its number, or the word alone.
fn timer_of(said: &Value) -> (u32, String) {
    let what = match said.get("what") {
        Some(Value::String(word)) => word.clone(),
        Some(other) => other.to_string(),
        None => String::new(),
    };
    (entry_of(said), what)
}

fn is_of_deadline(what: &str) -> bool {
    what == "deadline" || what == "escalate" || what.contains("remind")
}
