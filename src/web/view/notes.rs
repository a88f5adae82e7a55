//! Notes beside a dossier: the threads that a reader sees, with a form where they may write; and that they have read it.

use serde::Serialize;

use super::super::form::Form;
use super::super::reader::Reader;
use super::super::visit::Visit;
use super::facts::{self, Sheet};
use super::input::Input;
use crate::dossier::decide;
use crate::dossier::note::Note;

/// One thread.
#[derive(Debug, Serialize)]
pub(crate) struct Thread {
    name: String,
    label: String,
    notes: Vec<Said>,
    write: Option<Write>,
}

impl Thread {
    /// The reader may write in it.
    pub(crate) fn takes_notes(&self) -> bool {
        self.write.is_some()
    }
}

#[derive(Debug, Serialize)]
struct Said {
    who: String,
    when: String,
    text: String,
    papers: Vec<Sheet>,
}

/// The form of a thread.
#[derive(Debug, Serialize)]
struct Write {
    text: Input,
    file: Input,
    open: bool,
}

/// That the dossier is to be read before it is answered.
#[derive(Debug, Serialize)]
pub(crate) struct Reading {
    /// When the reader said that they have read it, as it is now.
    said: Option<String>,
}

/// The threads in which this person may write.
pub(crate) fn names(visit: &Visit) -> Vec<String> {
    let (reader, person) = (&visit.reader, &visit.task.person);
    visit.with_context(|context| decide::commentable(&reader.machine, &visit.whole, person, reader.now, context))
}

/// The threads that are not empty, and those in which the reader may write.
pub(crate) fn threads(visit: &Visit, link: &dyn Fn(&str) -> String, sent: Option<&Form>) -> Vec<Thread> {
    let (reader, writable) = (&visit.reader, names(visit));
    let thread = |(name, label): (&String, &crate::ids::Text)| {
        let notes = visit.dossier.notes.iter().filter(|note| &note.thread == name);
        let notes: Vec<Said> = notes.map(|note| said(visit, note, link)).collect();
        let write = writable.contains(name).then(|| write(reader, name, sent));
        let shown = !notes.is_empty() || write.is_some();
        shown.then(|| Thread { name: name.clone(), label: reader.text(label).to_owned(), notes, write })
    };
    reader.machine.notes.iter().filter_map(thread).collect()
}

fn said(visit: &Visit, note: &Note, link: &dyn Fn(&str) -> String) -> Said {
    let reader = &visit.reader;
    let papers = visit.dossier.papers.iter().filter(|paper| note.papers.contains(&paper.id));
    Said {
        who: reader.name(&note.by),
        when: reader.moment(note.at),
        text: note.text.clone(),
        papers: papers.map(|paper| facts::sheet_of(reader, paper, link)).collect(),
    }
}

fn write(reader: &Reader, thread: &str, sent: Option<&Form>) -> Write {
    let sent = sent.filter(|form| form.get("do") == "note" && form.get("thread") == thread);
    let text = Input::note(reader, format!("note.{thread}"), sent);
    Write { text, file: Input::note_file(reader, format!("note_file.{thread}")), open: sent.is_some() }
}

/// Whether the reader has to say that they have read it, and whether they did; none where nobody asks for it.
pub(crate) fn reading(visit: &Visit) -> Option<Reading> {
    let (reader, task) = (&visit.reader, &visit.task);
    let entry = visit.whole.entry(task.activation)?;
    reader.machine.state(&entry.state).filter(|state| state.acknowledge)?;
    let own =
        |one: &&crate::dossier::note::Acknowledgement| one.activation == task.activation && one.person == task.person;
    let read = visit.whole.has_read(task.activation, &task.person);
    let said = visit.whole.acknowledged.iter().find(own).filter(|_| read);
    Some(Reading { said: said.map(|one| reader.moment(one.at)) })
}
