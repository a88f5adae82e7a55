//! What is posted: until when, what was objected, and the forms with which that is said and settled.

use serde::Serialize;

use super::super::form::Form;
use super::super::reader::Reader;
use super::input::Input;
use crate::dossier::event::{Change, Event};
use crate::dossier::{Active, Dossier, TimerKind};
use crate::ids::{ActivationId, Instant, PersonId, StateId};
use crate::machine::{
    OBJECTION_DAY, OBJECTION_DECISION, OBJECTION_WHAT, OBJECTION_WHO, OBJECTION_WHY, Posting as Rule,
};

/// Characters of an objection.
const TEXT_MAX: u32 = 2_000;

/// What is posted, for whoever keeps it.
#[derive(Debug, Serialize)]
pub(crate) struct Posting {
    /// From when to when, as a sentence.
    time: String,
    open: usize,
    objections: Vec<Objection>,
    /// The form for what came on paper.
    hear: Vec<Input>,
    /// It was sent and refused.
    hearing: bool,
}

/// One objection.
#[derive(Debug, Serialize)]
struct Objection {
    place: u32,
    n: u32,
    who: String,
    what: String,
    /// When and how it came.
    came: String,
    /// What was said of it, and why; empty as long as it is open.
    said: String,
    why: String,
    settled: bool,
    /// The form, filled in as it was sent.
    accepted: bool,
    rejected: bool,
    reason: Input,
}

impl Posting {
    /// The inputs of its forms.
    pub(crate) fn inputs_mut(&mut self) -> impl Iterator<Item = &mut Input> {
        self.hear.iter_mut().chain(self.objections.iter_mut().map(|one| &mut one.reason))
    }
}

/// The entry in which something is posted, and its rule.
pub(crate) fn posted<'a>(reader: &'a Reader, dossier: &'a Dossier) -> Option<(&'a Active, &'a Rule)> {
    dossier.active.iter().find_map(|active| Some((active, reader.machine.state(&active.state)?.posting.as_ref()?)))
}

/// Whether objections are still taken.
pub(crate) fn runs(dossier: &Dossier, activation: ActivationId, reader: &Reader) -> bool {
    let mut timers = dossier.timers.iter().filter(|timer| timer.activation == activation);
    timers.any(|timer| timer.what == TimerKind::PostingEnds && reader.now < timer.due_at)
}

/// From when to when, as a sentence.
pub(crate) fn time(reader: &Reader, active: &Active) -> String {
    let until = active.due_at.map(|due| reader.words.by_long(due, reader.calendar.zone())).unwrap_or_default();
    reader.texts.fill("posting.time", &[("from", &reader.moment(active.at)), ("until", &until)])
}

/// When the last posting was over, of a dossier that was posted and is not any more: its time, or when it was taken elsewhere.
pub(crate) fn over_since(reader: &Reader, events: &[Event]) -> Option<Instant> {
    let posted = |state: &StateId| reader.machine.state(state).is_some_and(|state| state.posting.is_some());
    let changes = || events.iter().rev().flat_map(|event| event.changes.iter().map(move |change| (event.at, change)));
    let (entry, ends) = changes().find_map(|(at, change)| match change {
        Change::Entered { activation, state, due_at } if posted(state) => Some((*activation, due_at.unwrap_or(at))),
        _ => None,
    })?;
    let left = changes().find_map(|(at, change)| match change {
        Change::Left(entries) if entries.contains(&entry) => Some(at),
        _ => None,
    });
    left.map(|left| left.min(ends))
}

/// What whoever keeps a posting sees of it; none where nothing is posted.
pub(crate) fn kept(
    reader: &Reader,
    dossier: &Dossier,
    activation: ActivationId,
    sent: Option<&Form>,
) -> Option<Posting> {
    let active = dossier.active.iter().find(|active| active.activation == activation)?;
    let rule = reader.machine.state(&active.state)?.posting.as_ref()?;
    let rows = dossier.fields.get(&rule.into).and_then(|rows| rows.as_array());
    let settling = sent.filter(|form| form.get("do") == "settle");
    let one = |objected: &crate::dossier::posting::Objected| {
        let row = rows.and_then(|rows| rows.get(objected.place as usize));
        let cell = |column: &str| {
            let said = row.and_then(|row| row.get(column)).and_then(|cell| cell.as_str());
            said.unwrap_or_default().to_owned()
        };
        let mine = settling.filter(|form| form.get("place") == objected.place.to_string());
        let day = cell(OBJECTION_DAY);
        let day = day.parse().map_or(day, |day| reader.words.date_long(day));
        let came = match &objected.by {
            Some(by) => reader.texts.fill("posting.on_paper", &[("day", &day), ("who", &reader.name(by))]),
            None => reader.texts.fill("posting.by_link", &[("when", &reader.moment(objected.at))]),
        };
        Objection {
            place: objected.place,
            n: objected.place + 1,
            who: cell(OBJECTION_WHO),
            what: cell(OBJECTION_WHAT),
            came,
            said: decision(reader, rule, &cell(OBJECTION_DECISION)),
            why: cell(OBJECTION_WHY),
            settled: objected.accepted.is_some(),
            accepted: mine.is_some_and(|form| form.get("decision") == "accepted"),
            rejected: mine.is_some_and(|form| form.get("decision") == "rejected"),
            reason: Input::reason(reader, format!("why.{}", objected.place), true, mine),
        }
    };
    let objections: Vec<Objection> = dossier.objected(activation).map(one).collect();
    let hearing = sent.filter(|form| form.get("do") == "hear");
    let mut hear = vec![
        Input::said(reader, "hear.who", "posting.who", ("text", 200), hearing),
        Input::said(reader, "hear.what", "posting.what", ("long", TEXT_MAX), hearing),
        Input::said(reader, "hear.day", "posting.day", ("date", 10), hearing),
    ];
    hear.extend(paper(reader, dossier, rule, "hear.paper", true));
    Some(Posting {
        time: time(reader, active),
        open: objections.iter().filter(|one| !one.settled).count(),
        objections,
        hear,
        hearing: hearing.is_some(),
    })
}

/// How somebody's own objections were settled, in a line each: they read that whatever else is hidden from them.
pub(crate) fn settled(reader: &Reader, dossier: &Dossier, person: &PersonId) -> Vec<String> {
    let Some(last) = dossier.objections.iter().map(|one| one.activation).max() else { return Vec::new() };
    let rule = reader.machine.states.iter().find_map(|state| state.posting.as_ref());
    let rows = rule.and_then(|rule| dossier.fields.get(&rule.into)?.as_array());
    let theirs = dossier.objected(last).filter(|one| &one.person == person && one.accepted.is_some());
    let line = |one: &crate::dossier::posting::Objected| {
        let row = rows?.get(one.place as usize)?;
        let cell = |column: &str| row.get(column).and_then(|cell| cell.as_str()).unwrap_or_default();
        let day = cell(OBJECTION_DAY).parse().map(|day| reader.words.date_long(day)).unwrap_or_default();
        let decision = decision(reader, rule?, cell(OBJECTION_DECISION));
        let holes = [("day", day.as_str()), ("decision", &decision), ("why", cell(OBJECTION_WHY))];
        Some(reader.texts.fill("posting.settled", &holes))
    };
    theirs.filter_map(line).collect()
}

/// What a decision is called.
fn decision(reader: &Reader, rule: &Rule, word: &str) -> String {
    let Some(crate::machine::FieldKind::Rows { columns, .. }) =
        reader.machine.field(&rule.into).map(|field| &field.kind)
    else {
        return String::new();
    };
    let column = columns.iter().find(|column| column.name.as_str() == OBJECTION_DECISION);
    let Some(crate::machine::FieldKind::OneOf { values }) = column.map(|column| &column.kind) else {
        return String::new();
    };
    values.get(word).map(|label| reader.text(label).to_owned()).unwrap_or_default()
}

/// Each objection has papers of its own, whatever came before.
fn paper(reader: &Reader, dossier: &Dossier, rule: &Rule, name: &str, wanted: bool) -> Option<Input> {
    let none = Dossier { papers: Vec::new(), ..dossier.clone() };
    let kind = rule.paper.as_ref()?;
    Some(Input::paper(reader, name.to_owned(), kind, &none, wanted))
}

/// The form with which somebody objects.
pub(crate) fn inputs(
    reader: &Reader,
    dossier: &Dossier,
    activation: ActivationId,
    person: &PersonId,
    sent: Option<&Form>,
) -> Vec<Input> {
    let state = dossier.entry(activation).and_then(|entry| reader.machine.state(&entry.state));
    let Some(rule) = state.and_then(|state| state.posting.as_ref()) else { return Vec::new() };
    // Whoever typed it on the public page need not have been the one who reads this.
    let mut who = Input::said(reader, "object.who", "posting.name", ("text", 200), sent);
    if sent.is_none() {
        who.value = dossier.outsider(person).map(|one| one.name.clone()).unwrap_or_default();
    }
    let mut inputs = vec![who, Input::said(reader, "object.what", "posting.what", ("long", TEXT_MAX), sent)];
    inputs.extend(paper(reader, dossier, rule, "object.paper", false));
    inputs
}

/// The form with which somebody asks for a link.
pub(crate) fn knocking(reader: &Reader, sent: Option<&Form>) -> Vec<Input> {
    vec![
        Input::said(reader, "name", "posting.name", ("text", 200), sent),
        Input::said(reader, "mail", "posting.mail", ("email", 254), sent),
    ]
}
