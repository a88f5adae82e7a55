//! Answers that assistants prepare: on their own page, and on that of whoever is asked.

use serde::Serialize;

use super::super::answer::NOTE;
use super::super::form::Form;
use super::super::reader::Reader;
use super::super::task;
use super::super::visit::Visit;
use super::input::Input;
use super::rows::Table;
use crate::dossier::{Dossier, Prepared, Purpose};
use crate::ids::PersonId;
use crate::store::pages::TaskPage;

/// What lies ready for whoever is asked.
#[derive(Debug, Serialize)]
pub(crate) struct Ready {
    who: String,
    when: String,
    label: String,
    note: String,
}

/// For whom an assistant prepares an answer.
#[derive(Debug, Serialize)]
pub(crate) struct Prepares {
    /// The one who decides, with how they are addressed.
    of: String,
    note: Input,
    /// When they last kept one ready.
    kept: String,
}

/// For whom the reader prepares an answer; none where they are asked something themselves.
pub(crate) fn principal(visit: &Visit) -> Option<&PersonId> {
    of(&visit.reader, &visit.whole, &visit.task).into_iter().next()
}

/// All of those for whom a task's reader prepares its answer.
fn of<'d>(reader: &Reader, whole: &'d Dossier, task: &TaskPage) -> Vec<&'d PersonId> {
    if task.purpose != Purpose::Prepare {
        return Vec::new();
    }
    let asked = whole.task(task.activation, Purpose::Act);
    asked.into_iter().flat_map(|asked| asked.prepares_for(&task.person, reader.now)).collect()
}

/// Their names, each with how they are addressed; empty where there are none.
pub(crate) fn names(reader: &Reader, whole: &Dossier, task: &TaskPage) -> String {
    of(reader, whole, task).into_iter().map(|one| reader.addressed(one)).collect::<Vec<_>>().join(", ")
}

/// How it stands with an answer that a task's reader prepares: for whom it is, and when one was kept ready.
pub(crate) fn stands(reader: &Reader, whole: &Dossier, task: &TaskPage) -> String {
    let of = names(reader, whole, task);
    if of.is_empty() {
        return String::new();
    }
    match whole.prepared_by(task.activation, &task.person) {
        Some(one) => reader.texts.fill("prepare.kept_for", &[("who", &of), ("when", &reader.moment(one.at))]),
        None => reader.texts.fill("prepare.waits_for", &[("who", &of)]),
    }
}

/// The part of an assistant's page that is not on the page of whoever decides.
pub(crate) fn prepares(visit: &Visit, sent: Option<&Form>) -> Option<Prepares> {
    principal(visit)?;
    let reader = &visit.reader;
    let mut note = Input::said(reader, NOTE, "prepare.note", ("long", 2_000), sent).optional();
    let own = task::prepared(visit);
    if let Some(own) = own.filter(|_| sent.is_none()) {
        note.value = own.note.clone().unwrap_or_default();
    }
    let kept = own.map(|own| reader.texts.fill("prepare.kept", &[("when", &reader.moment(own.at))]));
    Some(Prepares { of: names(reader, &visit.whole, &visit.task), note, kept: kept.unwrap_or_default() })
}

/// What lies ready, in words.
pub(crate) fn ready(visit: &Visit) -> Option<Ready> {
    let (reader, one) = (&visit.reader, task::prepared(visit)?);
    let offered = task::offered(visit);
    let chosen = offered.iter().find(|way| way.event.as_ref() == Some(&one.event))?;
    Some(Ready {
        who: reader.name(&one.by),
        when: reader.moment(one.at),
        label: reader.text(&chosen.label).to_owned(),
        note: one.note.clone().unwrap_or_default(),
    })
}

/// Marks the rows that it would take off a list.
pub(crate) fn mark(table: &mut Table, ready: &Prepared) {
    for line in table.groups.iter_mut().flat_map(|group| &mut group.rows) {
        let mark = ready.rows.iter().find(|(row, _)| row.as_str() == line.id);
        if let Some((_, mark)) = mark {
            mark.aside.name().clone_into(&mut line.mark);
            line.why.clone_from(&mark.reason);
        }
    }
}
