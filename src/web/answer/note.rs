//! Notes, and that somebody has read the dossier.

use super::edit::{Files, digest};
use super::{Form, Meant};
use crate::dossier::command::Ask;
use crate::web::view::notes;
use crate::web::view::refused::Wrong;
use crate::web::visit::Visit;

/// A note, from any page of a person who may write in its thread; also from the page of a task that is over.
pub(super) fn note(visit: &Visit, form: &Form) -> Meant {
    let thread = form.get("thread");
    if !notes::names(visit).iter().any(|name| name == thread) {
        return Meant::Back;
    }
    let (place, file) = (format!("note.{thread}"), format!("note_file.{thread}"));
    let text = form.get(&place).trim().to_owned();
    let mut said = vec!["note", thread, &text, form.get("seen")];
    let digest = form.file(&file).map(|file| digest(&file.content));
    said.extend(digest.as_deref());
    let operation = visit.operation(&said);
    let (mut wrongs, mut files) =
        (Vec::new(), Files { visit, form, operation: &operation, papers: Vec::new(), attachments: Vec::new() });
    files.take(&file, thread, &mut wrongs);
    let (papers, attachments) = (files.papers, files.attachments);
    if text.is_empty() {
        wrongs.push(Wrong::at(visit.reader.get("note.empty"), &place));
    }
    if !wrongs.is_empty() {
        return Meant::Wrong(wrongs);
    }
    let ask = Box::new(Ask::Note { thread: thread.to_owned(), text, papers });
    Meant::Command { operation, ask, attachments, event: String::new() }
}

/// "I have read this."
pub(super) fn acknowledge(visit: &Visit, form: &Form) -> Meant {
    let operation = visit.operation(&["acknowledge", form.get("seen")]);
    let ask = Box::new(Ask::Acknowledge { activation: visit.task.activation, seen: form.get("seen").parse().ok() });
    Meant::Command { operation, ask, attachments: Vec::new(), event: String::new() }
}
