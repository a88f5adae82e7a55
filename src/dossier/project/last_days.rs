//! Last days that mails put into calendars (`calendar: {deadline: true}`): which of them one command made wrong, because the matter
//! is over for whoever was asked, or because its day is another one.

use super::TaskMap;
use crate::dossier::{Dossier, Purpose};
use crate::ids::{ActivationId, Instant, PersonId};
use crate::machine::{Machine, Mail};

/// A last day that stands wrongly in somebody's calendar.
#[derive(Clone, Copy)]
pub(super) struct LastDay<'a> {
    /// The entry in which they were asked.
    pub(super) activation: ActivationId,
    /// Whose calendar.
    pub(super) person: &'a PersonId,
    /// As long as this has not come it matters: the day that stands there or the one that should, whichever is later.
    pub(super) until: Instant,
}

/// Every one of them, from the tasks that were open before and those that are now.
pub(super) fn changed<'a>(
    before: &'a Dossier,
    machine: &'a Machine,
    had: &'a TaskMap,
    has: &'a TaskMap,
) -> impl Iterator<Item = LastDay<'a>> {
    // Nearly no workflow does this, and nearly every command closes a task.
    let none = !machine.mails.values().any(puts);
    let had = had.iter().filter(move |_| !none);
    let changed = had.filter_map(|(key, row)| {
        let now = has.get(key).map(|now| now.due_at);
        let until = row.due_at.max(now.flatten()).filter(|_| now != Some(row.due_at))?;
        Some((key, until))
    });
    changed
        .filter(|((activation, purpose, _), _)| is_in_calendars(before, machine, *activation, *purpose))
        .map(|((activation, _, person), until)| LastDay { activation: *activation, person, until })
}

/// Whether whoever is asked there is asked by a mail that puts the last day into their calendar.
fn is_in_calendars(dossier: &Dossier, machine: &Machine, activation: ActivationId, purpose: Purpose) -> bool {
    let mail = match purpose {
        Purpose::Act => {
            let state = dossier.entry(activation).and_then(|entry| machine.state(&entry.state));
            state.and_then(|state| state.task.as_ref()).and_then(|task| task.mail.as_ref())
        }
        Purpose::Ballot => {
            let vote = dossier.all_votes().find(|vote| vote.activation == activation);
            vote.and_then(|vote| vote.rule.mail.as_ref())
        }
        Purpose::Tally
        | Purpose::Confirm
        | Purpose::Attendance
        | Purpose::Lead
        | Purpose::Object
        | Purpose::Prepare => None,
    };
    mail.and_then(|mail| machine.mails.get(mail)).is_some_and(puts)
}

fn puts(mail: &Mail) -> bool {
    mail.calendar.as_ref().is_some_and(|session| session.deadline && !session.cancels)
}
