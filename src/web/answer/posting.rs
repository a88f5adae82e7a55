//! What is said of a matter that is posted: an objection, one that came on paper, and what becomes of it.

use super::edit::{Files, digest};
use super::{Form, Meant};
use crate::dossier::command::{Ask, Hear, Object, Settle};
use crate::dossier::refusal::{Code, Reason};
use crate::machine::{OBJECTION_DAY, OBJECTION_WHO};
use crate::web::view::input::date;
use crate::web::view::refused::Wrong;
use crate::web::visit::Visit;

/// The kind of paper that objections bring.
fn kind(visit: &Visit) -> Option<String> {
    let entry = visit.whole.entry(visit.task.activation)?;
    visit.reader.machine.state(&entry.state)?.posting.as_ref()?.paper.clone()
}

/// Somebody objects.
pub(super) fn object(visit: &Visit, form: &Form) -> Meant {
    let (place, file) = ("object.what", "object.paper");
    let text = form.get(place).trim().to_owned();
    let bytes = form.file(file).map(|file| digest(&file.content)).unwrap_or_default();
    let name = form.get("object.who").trim().to_owned();
    let operation = visit.operation(&["object", &name, &text, &bytes]);
    let mut wrongs = Vec::new();
    let mut files = Files { visit, form, operation: &operation, papers: Vec::new(), attachments: Vec::new() };
    if let Some(kind) = kind(visit) {
        files.take(file, &kind, &mut wrongs);
    }
    let (papers, attachments) = (files.papers, files.attachments);
    if name.is_empty() {
        wrongs.push(Wrong::at(visit.reader.get("posting.no_name"), "object.who"));
    }
    if text.is_empty() {
        wrongs.push(Wrong::at(visit.reader.get("posting.empty"), place));
    }
    if !wrongs.is_empty() {
        return Meant::Wrong(wrongs);
    }
    let ask = Box::new(Ask::Object(Object { activation: visit.task.activation, name, text, papers }));
    Meant::Command { operation, ask, attachments, event: String::new() }
}

/// An objection came on paper.
pub(super) fn hear(visit: &Visit, form: &Form) -> Meant {
    let (reader, activation) = (&visit.reader, visit.task.activation);
    let (who, text) = (form.get("hear.who").trim().to_owned(), form.get("hear.what").trim().to_owned());
    let (mut wrongs, day) = (Vec::new(), date(form.get("hear.day")));
    if who.is_empty() {
        wrongs.push(Wrong::at(reader.get("posting.no_name"), "hear.who"));
    }
    if text.is_empty() {
        wrongs.push(Wrong::at(reader.get("posting.empty"), "hear.what"));
    }
    if day.is_none() {
        wrongs.push(Wrong::at(reader.get("posting.no_day"), "hear.day"));
    }
    let bytes = form.file("hear.paper").map(|file| digest(&file.content)).unwrap_or_default();
    let operation = visit.operation(&["hear", &who, &text, form.get("hear.day"), &bytes, form.get("seen")]);
    let mut files = Files { visit, form, operation: &operation, papers: Vec::new(), attachments: Vec::new() };
    if let Some(kind) = kind(visit) {
        files.take("hear.paper", &kind, &mut wrongs);
    }
    let (papers, attachments) = (files.papers, files.attachments);
    let Some(day) = day.filter(|_| wrongs.is_empty()) else { return Meant::Wrong(wrongs) };
    let ask = Box::new(Ask::Hear(Hear { activation, who, text, day, papers }));
    Meant::Command { operation, ask, attachments, event: String::new() }
}

/// An objection is accepted or rejected.
pub(super) fn settle(visit: &Visit, form: &Form) -> Meant {
    let (reader, activation) = (&visit.reader, visit.task.activation);
    let Ok(place) = form.get("place").parse::<u32>() else { return Meant::Back };
    let why = format!("why.{place}");
    let reason = form.get(&why).trim().to_owned();
    let mut wrongs = Vec::new();
    let accepted = match form.get("decision") {
        "accepted" => true,
        "rejected" => false,
        _ => {
            wrongs.push(Wrong::at(reader.get("refused.no_choice"), format!("decision.{place}")));
            false
        }
    };
    if reason.is_empty() {
        wrongs.push(Wrong::at(reader.get("refused.reason_missing"), &why));
    }
    if !wrongs.is_empty() {
        return Meant::Wrong(wrongs);
    }
    let operation = visit.operation(&["settle", form.get("place"), form.get("decision"), form.get("seen")]);
    let ask = Box::new(Ask::Settle(Settle { activation, place, accepted, reason }));
    Meant::Command { operation, ask, attachments: Vec::new(), event: String::new() }
}

/// Where on the page a reason belongs.
pub(super) fn place(form: &Form, reason: &Reason) -> String {
    let what = form.get("do");
    match (&reason.code, reason.about.as_deref()) {
        (Code::PaperMissing | Code::PaperUnknown, _) => format!("{what}.paper"),
        (Code::OutOfTime, Some(_)) | (Code::NotSigned, _) => format!("{what}.day"),
        (Code::FieldMissing, Some(OBJECTION_WHO)) => format!("{what}.who"),
        (Code::FieldMissing, Some(OBJECTION_DAY)) => format!("{what}.day"),
        (Code::ReasonMissing, Some(place)) => format!("why.{place}"),
        _ => format!("{what}.what"),
    }
}
