//! What pages show, as plain data for the templates. Made from a dossier, its machine and its events; nothing is looked up.

pub(super) mod attendance;
pub(super) mod ballot;
pub(super) mod brief;
pub(super) mod changes;
pub(super) mod children;
pub(super) mod choice;
pub(super) mod choices;
pub(super) mod correction;
pub(super) mod evidence;
pub(super) mod facts;
pub(super) mod hands;
pub(super) mod history;
pub(super) mod input;
pub(super) mod meeting;
pub(super) mod notes;
pub(super) mod over;
pub(super) mod posting;
pub(super) mod prepared;
pub(super) mod record;
pub(super) mod refused;
pub(super) mod rows;
pub(super) mod rules;
pub(super) mod sheet;

use serde::Serialize;

use super::reader::Reader;
use crate::dossier::event::{Change, Event};
use crate::dossier::{Dossier, Purpose};
use crate::ids::{ActivationId, Instant, PersonId, StateId};
use crate::machine::{Field, FieldKind, VoteRule};
use crate::store::pages::TaskPage;

/// The head of a page: who acts, what is asked, by when, what to do.
#[derive(Debug, Serialize)]
pub(super) struct Head {
    pub(super) workflow: String,
    pub(super) asked: String,
    pub(super) matter: String,
    pub(super) who: String,
    pub(super) role: String,
    pub(super) due: Option<Due>,
    pub(super) help: String,
    /// Whom outside it waits for, and since when.
    pub(super) outside: String,
    /// What it means that nobody answers.
    pub(super) silence: String,
    pub(super) lately: String,
}

/// A date in full words, and how far away it is.
#[derive(Debug, Serialize)]
pub(super) struct Due {
    pub(super) when: String,
    pub(super) left: String,
    pub(super) late: bool,
}

/// The state that an entry was into: of an entry that is over, the history says it.
pub(super) fn state_of(dossier: &Dossier, events: &[Event], activation: ActivationId) -> Option<StateId> {
    let entry = dossier.entry(activation);
    entry.map(|active| active.state.clone()).or_else(|| {
        events.iter().rev().flat_map(|event| &event.changes).find_map(|change| match change {
            Change::Entered { activation: entered, state, .. } if *entered == activation => Some(state.clone()),
            _ => None,
        })
    })
}

/// The vote held in a state.
pub(super) fn vote_rule<'r>(reader: &'r Reader, state: &StateId) -> Option<&'r VoteRule> {
    let vote = reader.machine.state(state)?.vote.as_ref()?;
    reader.machine.votes.get(&vote.rule)
}

/// What a task asks, in the words of its workflow.
pub(super) fn asked(reader: &Reader, purpose: Purpose, state: Option<&StateId>) -> String {
    let vote = || state.and_then(|state| vote_rule(reader, state)).map(|rule| reader.text(&rule.title).to_owned());
    match purpose {
        Purpose::Lead => joined(&reader.get("lead.title"), Some(asked(reader, Purpose::Act, state))),
        Purpose::Prepare => joined(&reader.get("prepare.title"), Some(asked(reader, Purpose::Act, state))),
        Purpose::Act => {
            let state = state.and_then(|state| reader.machine.state(state));
            let task = state.and_then(|state| state.task.as_ref()).map(|task| reader.text(&task.title));
            let title = task.filter(|title| !title.is_empty()).or(state.map(|state| reader.text(&state.title)));
            title.unwrap_or(reader.text(&reader.machine.title)).to_owned()
        }
        Purpose::Ballot => vote().unwrap_or_else(|| reader.get("ballot.title")),
        Purpose::Tally => joined(&reader.get("tally.title"), vote()),
        Purpose::Attendance => joined(&reader.get("attendance.title"), vote()),
        Purpose::Object => reader.get("posting.object"),
        Purpose::Confirm => joined(&reader.get("confirm.title"), vote()),
    }
}

fn joined(first: &str, second: Option<String>) -> String {
    second.map_or_else(|| first.to_owned(), |second| format!("{first}: {second}"))
}

/// The head of a task's page.
pub(super) fn head(reader: &Reader, dossier: &Dossier, task: &TaskPage, events: &[Event]) -> Head {
    let state = state_of(dossier, events, task.activation);
    let rule = state.as_ref().and_then(|state| reader.machine.state(state)).and_then(|state| state.task.as_ref());
    let help = match task.purpose {
        Purpose::Act => rule.map(|rule| reader.text(&rule.help).to_owned()).unwrap_or_default(),
        Purpose::Lead => reader.get("lead.help"),
        Purpose::Prepare => reader.texts.fill("prepare.help", &[("who", &prepared::names(reader, dossier, task))]),
        Purpose::Object => reader.get("posting.object_help"),
        Purpose::Ballot | Purpose::Tally | Purpose::Confirm | Purpose::Attendance => String::new(),
    };
    Head {
        workflow: reader.text(&reader.machine.title).to_owned(),
        asked: asked(reader, task.purpose, state.as_ref()),
        matter: dossier.caption.clone(),
        who: reader.name(&task.person),
        role: role(reader, dossier, task),
        due: task.due_at.map(|due| self::due(reader, due)),
        help,
        outside: outside(reader, dossier, task.activation),
        silence: state.as_ref().map(|state| silence(reader, state, task)).unwrap_or_default(),
        lately: lately(reader, task, events),
    }
}

/// `Waits for the Prime Minister since 4 March.`
fn outside(reader: &Reader, dossier: &Dossier, activation: ActivationId) -> String {
    let waits = dossier.outside(&reader.machine).find(|(active, _)| active.activation == activation);
    let Some((active, wait)) = waits else { return String::new() };
    let (on, since) = (reader.text(&wait.on), reader.moment(active.at));
    reader.texts.fill("head.outside", &[("on", on), ("since", &since)])
}

/// What stands in the row of whoever does not answer in time, as the mail that asked says it too.
fn silence(reader: &Reader, state: &StateId, task: &TaskPage) -> String {
    let consult = reader.machine.state(state).and_then(|state| state.consult.as_ref());
    let (Purpose::Act, Some(consult), Some(due)) = (task.purpose, consult, task.due_at) else { return String::new() };
    let Some(FieldKind::Rows { columns, .. }) = reader.machine.field(&consult.into).map(|field| &field.kind) else {
        return String::new();
    };
    let label = |column: &Field| match &column.kind {
        FieldKind::OneOf { values } => {
            values.get(consult.silence.get(&column.name)?).map(|label| reader.text(label).to_owned())
        }
        _ => consult.silence.get(&column.name).cloned(),
    };
    let words: Vec<String> = columns.iter().filter_map(label).collect();
    if words.is_empty() {
        return String::new();
    }
    let until = reader.words.by_long(due, reader.calendar.zone());
    reader.texts.fill("head.silence", &[("until", &until), ("answer", &words.join(", "))])
}

/// In which role: as the task says it, and of which unit.
fn role(reader: &Reader, dossier: &Dossier, task: &TaskPage) -> String {
    let today = reader.calendar.date(reader.now);
    if let (Purpose::Ballot, Some(vote)) = (task.purpose, dossier.vote(task.activation)) {
        return reader.body(&vote.body);
    }
    if task.purpose == Purpose::Prepare {
        let who = prepared::names(reader, dossier, task);
        return if who.is_empty() { who } else { reader.texts.fill("prepare.acting", &[("who", &who)]) };
    }
    let role = dossier.task(task.activation, task.purpose).and_then(|task| task.role.as_ref());
    let post = reader.directory.posts.iter().find(|post| post.person == task.person && post.dated.holds(today));
    let task_of = dossier.task(task.activation, task.purpose);
    let behalf = task_of.and_then(|open| open.behalf(&task.person, reader.now)).map(|of| {
        let (who, you) = (reader.name(of), reader.you(&task.person));
        reader.texts.fill("head.on_behalf", &[("who", &who), ("you", &you)])
    });
    let unit = post.map(|post| reader.unit(post.unit.as_str()));
    let parts = [role.map(|role| reader.role(role)), if behalf.is_some() { behalf } else { unit }];
    parts.into_iter().flatten().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
}

/// What this person did last here, so that they need not wonder whether it was taken.
fn lately(reader: &Reader, task: &TaskPage, events: &[Event]) -> String {
    let own =
        events.iter().rev().find(|event| event.actor.person() == Some(&task.person) && event.at >= task.opened_at);
    let Some(event) = own else { return String::new() };
    let (you, what, when) = (reader.you(&task.person), history::did(reader, event, events), reader.moment(event.at));
    reader.texts.fill("head.lately", &[("you", &you), ("what", &what), ("when", &when)])
}

pub(super) fn due(reader: &Reader, due: Instant) -> Due {
    let late = due < reader.now;
    let days = reader.calendar.working_days_between(reader.now, due);
    Due {
        when: capital(&reader.words.by_long(due, reader.calendar.zone())),
        left: capital(&reader.words.remaining(days, late)),
        late,
    }
}

/// With its first letter as a capital.
pub(super) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// When this person's ballot of this vote went into the box, the last of it, and in how many parts if sheets are split; none if
/// nothing of it did.
pub(super) fn cast_at(events: &[Event], task: &TaskPage, person: &PersonId) -> Option<(Instant, usize)> {
    let whole = |change: &Change| match change {
        Change::Marked { activation, person: one } => (*activation, one) == (task.activation, person),
        _ => false,
    };
    let part = |change: &Change| match change {
        Change::MarkedPart { activation, person: one, .. } => (*activation, one) == (task.activation, person),
        _ => false,
    };
    let since = || events.iter().filter(|event| event.at >= task.opened_at);
    let parts = since().flat_map(|event| &event.changes).filter(|change| part(change)).count();
    let marked = |event: &&Event| event.changes.iter().any(|change| whole(change) || part(change));
    since().rfind(marked).map(|event| (event.at, parts))
}
