//! Corrections, sent from any page of a person who may make them; also from the page of a task that is over.

use std::collections::BTreeMap;

use super::edit::{Files, digest, fields, file_fields};
use super::{Form, Meant};
use crate::dossier::command::{Act, Ask, Correct};
use crate::ids::{ActivationId, EventName, FieldName};
use crate::web::view::correction;
use crate::web::view::refused::Wrong;
use crate::web::visit::Visit;

/// Values that are put right.
pub(super) fn correct(visit: &Visit, form: &Form) -> Meant {
    let reader = &visit.reader;
    let names: Vec<FieldName> = correction::names(visit);
    let mut wrongs = Vec::new();
    let fields = fields(visit, form, "correct.", &names, &mut wrongs);
    let mut said = vec!["correct".to_owned(), form.get("seen").to_owned(), form.get("reason.correct").to_owned()];
    said.extend(fields.iter().map(|(name, value)| format!("{name}={value}")));
    let places: Vec<(String, &FieldName)> =
        file_fields(reader, &names).map(|name| (format!("correct.{name}"), name)).collect();
    for (place, _) in &places {
        said.extend(form.file(place).map(|file| digest(&file.content)));
    }
    let operation = visit.operation(&said.iter().map(String::as_str).collect::<Vec<_>>());
    let mut files = Files { visit, form, operation: &operation, papers: Vec::new(), attachments: Vec::new() };
    for (place, name) in &places {
        files.take(place, name.as_str(), &mut wrongs);
    }
    let (papers, attachments) = (files.papers, files.attachments);
    if wrongs.is_empty() && fields.is_empty() && papers.is_empty() {
        wrongs.push(Wrong::at(reader.get("refused.nothing_changed"), "correct"));
    }
    if !wrongs.is_empty() {
        return Meant::Wrong(wrongs);
    }
    let reason = Some(form.get("reason.correct").to_owned()).filter(|reason| !reason.is_empty());
    let ask = Box::new(Ask::Correct(Correct { fields, papers, reason, seen: form.get("seen").parse().ok() }));
    Meant::Command { operation, ask, attachments, event: String::new() }
}

/// A result that was recorded wrongly.
pub(super) fn withdraw(visit: &Visit, form: &Form) -> Meant {
    let (vote, reason) = (form.get("vote"), form.get("reason.withdraw"));
    let Ok(number) = vote.parse() else { return Meant::Back };
    let operation = visit.operation(&["withdraw", vote, reason]);
    let ask = Box::new(Ask::Withdraw { vote: ActivationId(number), reason: reason.to_owned() });
    Meant::Command { operation, ask, attachments: Vec::new(), event: String::new() }
}

/// What they sent on, taken back.
pub(super) fn recall(visit: &Visit, form: &Form) -> Meant {
    let (entry, event, reason) = (form.get("entry"), form.get("event"), form.get("reason.recall"));
    let Ok(number) = entry.parse() else { return Meant::Back };
    let operation = visit.operation(&["recall", entry, event, reason]);
    let act = Act {
        activation: ActivationId(number),
        event: EventName::from(event),
        fields: BTreeMap::new(),
        papers: Vec::new(),
        reason: Some(reason.to_owned()).filter(|reason| !reason.is_empty()),
        rows: BTreeMap::new(),
        seen: None,
    };
    Meant::Command { operation, ask: Box::new(Ask::Act(act)), attachments: Vec::new(), event: event.to_owned() }
}
