//! What an old link says: who did what and when, and where the dossier stands now.

use serde::Serialize;

use super::super::reader::Reader;
use super::correction::Correction;
use super::meeting::Meeting;
use super::notes::Thread;
use super::refused::Wrong;
use super::{capital, cast_at, history};
use crate::dossier::command::Actor;
use crate::dossier::event::{Change, Event, Kind};
use crate::dossier::{Dossier, Purpose};
use crate::ids::Instant;
use crate::store::pages::{Closed, TaskPage};

/// The page of a task that is over.
#[derive(Debug, Serialize)]
pub(crate) struct Over {
    workflow: String,
    pub(crate) title: String,
    pub(crate) matter: String,
    who: String,
    pub(crate) lines: Vec<String>,
    quiet: String,
    pub(crate) errors: Vec<Wrong>,
    pub(crate) correct: Option<Correction>,
    pub(crate) notes: Vec<Thread>,
    /// The course of the meeting, for whoever follows it.
    pub(crate) meeting: Option<Meeting>,
    pub(crate) seen: i64,
    /// They can sign in and then do it.
    pub(crate) sign_in: bool,
}

/// Says how a task ended.
pub(crate) fn over(reader: &Reader, dossier: &Dossier, task: &TaskPage, closed: Closed, events: &[Event]) -> Over {
    let event = events.iter().find(|event| event.seq == closed.seq);
    let mine = event.is_some_and(|event| event.actor.person() == Some(&task.person));
    let cast = (task.purpose == Purpose::Ballot).then(|| cast_at(events, task, &task.person));
    let changed = |is: &dyn Fn(&Change) -> bool| event.is_some_and(|event| event.changes.iter().any(is));
    let key = match (&cast, event.map(|event| &event.actor)) {
        (Some(Some(_)), _) => "over.done_you",
        _ if changed(&is_of_others) => "over.no_longer",
        _ if mine && event.is_some_and(|event| event.kind != Kind::Assigned) => "over.done_you",
        _ if event.is_some_and(|event| event.kind == Kind::Assigned) => "over.taken",
        _ if event.is_some_and(|event| event.kind == Kind::Recalled) => "over.recalled",
        _ if changed(&|change| matches!(change, Change::Skipped { .. })) => "over.skipped",
        _ if changed(&|change| matches!(change, Change::Redone { .. })) => "over.redone",
        (None, Some(actor)) if actor.person().is_some() => "over.done_other",
        _ if dossier.outcome.is_some() => "over.ended",
        _ => "over.moved",
    };
    let mut lines = vec![match cast {
        Some(cast) => ballot(reader, task, cast, closed),
        None => done(reader, task, event, closed, events),
    }];
    if let Some(reason) = event.and_then(history::reason) {
        lines.push(reader.texts.fill("over.reason", &[("reason", reason)]));
    }
    let stands = history::stands(reader, dossier);
    if dossier.outcome.is_some() {
        lines.push(reader.texts.fill("over.outcome", &[("outcome", &stands)]));
    } else if !stands.is_empty() {
        lines.push(reader.texts.fill("over.now", &[("where", &stands)]));
    }
    Over {
        workflow: reader.text(&reader.machine.title).to_owned(),
        title: reader.texts.get(key).to_owned(),
        matter: dossier.caption.clone(),
        who: reader.name(&task.person),
        lines,
        quiet: reader.get("over.nothing_to_do"),
        errors: Vec::new(),
        correct: None,
        notes: Vec::new(),
        meeting: None,
        seen: 0,
        sign_in: false,
    }
}

/// The page of a task whose policy asks for more than a link: says so, and nothing about the dossier.
pub(crate) fn closed(reader: &Reader, task: &TaskPage, why: &'static str, what: &'static str) -> Over {
    Over {
        workflow: reader.text(&reader.machine.title).to_owned(),
        title: reader.get("closed.title"),
        matter: String::new(),
        who: reader.name(&task.person),
        lines: vec![reader.get(why)],
        quiet: reader.get(what),
        errors: Vec::new(),
        correct: None,
        notes: Vec::new(),
        meeting: None,
        seen: 0,
        sign_in: false,
    }
}

/// The one line that says it: for desks and for the top of the page.
pub(crate) fn line(reader: &Reader, task: &TaskPage, closed: Closed, events: &[Event]) -> String {
    if task.purpose == Purpose::Ballot {
        return ballot(reader, task, cast_at(events, task, &task.person), closed);
    }
    let event = events.iter().find(|event| event.seq == closed.seq);
    done(reader, task, event, closed, events)
}

fn ballot(reader: &Reader, task: &TaskPage, cast: Option<(Instant, usize)>, closed: Closed) -> String {
    let you = reader.you(&task.person);
    let (key, at, parts) = match cast {
        None => ("over.not_cast", closed.at, 0),
        Some((at, 0)) => ("over.you_cast", at, 0),
        Some((at, parts)) => ("over.you_cast_parts", at, parts),
    };
    reader.texts.fill(key, &[("you", &you), ("when", &reader.moment(at)), ("n", &parts.to_string())])
}

/// The directory names others who stand in, or who prepare answers.
fn is_of_others(change: &Change) -> bool {
    matches!(change, Change::StandIns { .. } | Change::Assistants { .. })
}

fn done(reader: &Reader, task: &TaskPage, event: Option<&Event>, closed: Closed, events: &[Event]) -> String {
    let when = reader.moment(event.map_or(closed.at, |event| event.at));
    let Some(event) = event else { return reader.texts.fill("over.clock_did", &[("when", &when)]) };
    let passed = event.changes.iter().find_map(|change| match change {
        Change::PassedOn { gone, holders, .. } if gone.contains(&task.person) => Some(holders),
        _ => None,
    });
    if let Some(holders) = passed {
        let to = holders.iter().map(|one| reader.name(one)).collect::<Vec<_>>().join(", ");
        return reader.texts.fill("over.passed_on", &[("when", &when), ("to", &to)]);
    }
    if event.changes.iter().any(is_of_others) {
        let you = reader.you(&task.person);
        return reader.texts.fill("over.no_longer_since", &[("when", &when), ("you", &you)]);
    }
    let what = history::did(reader, event, events);
    match &event.actor {
        Actor::Clock => reader.texts.fill("over.clock_did", &[("when", &when)]),
        Actor::Dossier(_) | Actor::Import { .. } | Actor::Migration { .. } | Actor::Public | Actor::Caller(_) => {
            reader.texts.fill("over.system_did", &[("when", &when)])
        }
        Actor::Link(person) | Actor::LinkPin(person) | Actor::Session(person) | Actor::SessionPin(person)
            if person == &task.person =>
        {
            let you = capital(&reader.you(person));
            reader.texts.fill("over.you_did", &[("You", &you), ("what", &what), ("when", &when)])
        }
        actor @ (Actor::Link(_)
        | Actor::LinkPin(_)
        | Actor::Session(_)
        | Actor::SessionPin(_)
        | Actor::Operator { .. }) => {
            let who = history::who(reader, actor);
            reader.texts.fill("over.other_did", &[("who", &who), ("what", &what), ("when", &when)])
        }
    }
}
