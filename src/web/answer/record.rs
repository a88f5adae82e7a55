//! An answer that came on paper, written down by whoever leads the step.

use std::collections::BTreeMap;

use super::edit::{Files, digest};
use super::{Form, Meant};
use crate::dossier::command::{Ask, Record};
use crate::ids::{EventName, PersonId};
use crate::web::view::input;
use crate::web::view::record::{self as view, PREFIX};
use crate::web::view::refused::Wrong;
use crate::web::visit::Visit;

pub(super) fn record(visit: &Visit, form: &Form) -> Meant {
    let (reader, activation) = (&visit.reader, visit.task.activation);
    let Some((state, consult)) = view::consulting(reader, &visit.dossier, activation) else { return Meant::Back };
    let (Some(row), Some(paper)) = (view::row(reader, consult), &consult.on_paper) else { return Meant::Back };
    let (of, mut wrongs) = (form.get("record.of"), Vec::new());
    if of.is_empty() {
        wrongs.push(Wrong::at(reader.get("refused.nobody_named"), "record.of"));
    }
    let mut events: Vec<&EventName> = view::ways(state).into_iter().filter_map(|way| way.event.as_ref()).collect();
    events.dedup();
    let said = form.get("record.event");
    let event = match &events[..] {
        [one] => Some(*one),
        several => several.iter().find(|event| event.as_str() == said).copied(),
    };
    if event.is_none() {
        wrongs.push(Wrong::at(reader.get("refused.no_choice"), "record.event"));
    }
    let (place, file) = (format!("{PREFIX}{}", row.name), format!("{PREFIX}paper"));
    let mut fields = BTreeMap::new();
    match input::read(reader, &row, form, &place) {
        Ok(value) => drop(fields.insert(row.name.clone(), value)),
        Err(what) => wrongs.push(Wrong::at(format!("{what}: {}", reader.get("refused.field_wrong")), place)),
    }
    let bytes = form.file(&file).map(|file| digest(&file.content)).unwrap_or_default();
    let operation = visit.operation(&["record", of, said, form.get("seen"), &bytes]);
    let mut files = Files { visit, form, operation: &operation, papers: Vec::new(), attachments: Vec::new() };
    files.take(&file, &paper.paper, &mut wrongs);
    let (papers, attachments) = (files.papers, files.attachments);
    let Some(event) = event.filter(|_| wrongs.is_empty()) else { return Meant::Wrong(wrongs) };
    let (event, person) = (event.clone(), PersonId::from(of));
    let ask = Box::new(Ask::Record(Record { activation, person, event, fields, papers }));
    Meant::Command { operation, ask, attachments, event: "record".to_owned() }
}
