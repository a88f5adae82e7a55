//! Who was consulted: when they were asked by mail, whether their mail server took that over and when, by when they were asked,
//! and what came of it. What silence means rests on it, so it stands beside that.

use std::collections::BTreeMap;

use serde::Serialize;

use super::super::reader::Reader;
use crate::dossier::Purpose;
use crate::dossier::event::{Change, Event};
use crate::ids::{ActivationId, Instant, PersonId};
use crate::store::pages::AskedByMail;

/// One round of a consultation.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Round {
    state: String,
    until: String,
    people: Vec<Consulted>,
}

/// One who was asked.
#[derive(Clone, Debug, Serialize)]
struct Consulted {
    who: String,
    /// When the mail server took over what asked them; that it did not; or that nothing was sent yet.
    asked: String,
    reminded: String,
    /// What came of it.
    said: String,
    /// No answer, and no proof that they were asked.
    unproven: bool,
}

/// The entries in which people were consulted, the last first.
pub(crate) fn entries(reader: &Reader, events: &[Event]) -> Vec<ActivationId> {
    let consults = |change: &Change| match change {
        Change::Entered { activation, state, .. } => {
            let consults = reader.machine.state(state).is_some_and(|state| state.consult.is_some());
            consults.then_some(*activation)
        }
        _ => None,
    };
    let mut found: Vec<ActivationId> = events.iter().flat_map(|event| &event.changes).filter_map(consults).collect();
    found.reverse();
    found
}

/// What is known of one entry.
pub(crate) fn round(reader: &Reader, events: &[Event], entry: ActivationId, mails: &[AskedByMail]) -> Option<Round> {
    let mut asked: Vec<PersonId> = Vec::new();
    let mut outcome: BTreeMap<PersonId, String> = BTreeMap::new();
    let (mut state, mut due) = (None, None);
    for (at, change) in events.iter().flat_map(|event| event.changes.iter().map(move |change| (event.at, change))) {
        match change {
            Change::Entered { activation, state: entered, due_at } if *activation == entry => {
                (state, due) = (Some(entered), *due_at);
            }
            Change::Extended { activation, due_at, .. }
            | Change::Moved { activation, due_at }
            | Change::PutOff { activation, due_at, .. }
                if *activation == entry =>
            {
                due = Some(*due_at);
            }
            Change::Offered(task) if task.activation == entry && task.purpose == Purpose::Act => {
                asked.extend(task.holders.iter().cloned());
            }
            Change::PassedOn { activation, purpose: Purpose::Act, come, gone, .. } if *activation == entry => {
                asked.retain(|person| !gone.contains(person));
                asked.extend(come.iter().cloned());
            }
            Change::Added { activation, person, .. } if *activation == entry => asked.push(person.clone()),
            Change::TookDown { activation, person, .. } if *activation == entry => {
                let said = reader.texts.fill("evidence.on_paper", &[("when", &reader.moment(at))]);
                outcome.insert(person.clone(), said);
            }
            Change::Answered { activation, person, .. } if *activation == entry => {
                let said = reader.texts.fill("evidence.answered", &[("when", &reader.moment(at))]);
                outcome.entry(person.clone()).or_insert(said);
            }
            Change::Silent { activation, people } if *activation == entry => {
                for person in people {
                    outcome.insert(person.clone(), reader.get("evidence.silent"));
                }
            }
            _ => {}
        }
    }
    let silent = reader.get("evidence.silent");
    let people = asked.iter().map(|person| {
        let theirs = || mails.iter().filter(|mail| &mail.person == person);
        let first = theirs().find(|mail| !mail.reminds).or_else(|| theirs().next());
        let accepted = theirs().find_map(|mail| mail.accepted_at);
        let said = outcome.get(person).cloned().unwrap_or_else(|| reader.get("evidence.waits"));
        Consulted {
            who: reader.name(person),
            asked: mailed(reader, first, accepted),
            reminded: reminded(reader, theirs()),
            unproven: said == silent && accepted.is_none(),
            said,
        }
    });
    Some(Round {
        people: people.collect(),
        state: reader.state(state?),
        until: due.map(|due| reader.words.by_long(due, reader.calendar.zone())).unwrap_or_default(),
    })
}

fn mailed(reader: &Reader, first: Option<&AskedByMail>, accepted: Option<Instant>) -> String {
    match (first, accepted) {
        (Some(mail), Some(accepted)) => {
            let holes = [("made", reader.moment(mail.made_at)), ("accepted", reader.moment(accepted))];
            reader.texts.fill("evidence.accepted", &[("made", &holes[0].1), ("accepted", &holes[1].1)])
        }
        (Some(mail), None) if mail.failed => {
            reader.texts.fill("evidence.failed", &[("made", &reader.moment(mail.made_at))])
        }
        (Some(mail), None) => reader.texts.fill("evidence.sending", &[("made", &reader.moment(mail.made_at))]),
        (None, _) => reader.get("evidence.nothing"),
    }
}

fn reminded<'a>(reader: &Reader, mails: impl Iterator<Item = &'a AskedByMail>) -> String {
    let days: Vec<String> = mails.filter(|mail| mail.reminds).map(|mail| reader.moment(mail.made_at)).collect();
    if days.is_empty() { String::new() } else { reader.texts.fill("evidence.reminded", &[("when", &days.join("; "))]) }
}
