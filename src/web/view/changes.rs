//! What is different between two revisions, in words: since a reader last acted, and at each submission.

use serde::Serialize;
use serde_json::Value;

use super::super::reader::Reader;
use super::history;
use crate::dossier::Dossier;
use crate::dossier::event::Event;
use crate::dossier::revision::{self, Difference};
use crate::ids::{FieldName, PersonId};

/// Characters of a value that is said in a line; of a longer one it is only said that it changed.
const VALUE_CHARS_MAX: usize = 160;

/// What changed since the reader last acted.
#[derive(Debug, Serialize)]
pub(crate) struct Changes {
    title: String,
    fields: Vec<Changed>,
    papers: Vec<String>,
}

/// One field.
#[derive(Debug, Serialize)]
struct Changed {
    label: String,
    before: String,
    after: String,
}

/// What changed since this person last acted; none where nothing did, or they never acted.
pub(crate) fn since(reader: &Reader, dossier: &Dossier, events: &[Event], person: &PersonId) -> Option<Changes> {
    let (last, difference) = revision::since(events, person)?;
    let event = events.iter().find(|event| event.seq == last)?;
    if difference.is_empty() {
        return None;
    }
    let (you, what, when) = (reader.you(person), history::did(reader, event, events), reader.moment(event.at));
    let said = |name: &FieldName, value: &Value| said(reader, dossier, name, value);
    let fields = difference.fields.iter().filter(|(name, _, _)| reader.machine.field(name).is_some());
    Some(Changes {
        title: reader.texts.fill("change.since", &[("you", &you), ("what", &what), ("when", &when)]),
        fields: fields
            .map(|(name, before, after)| Changed {
                label: reader.field_path(name.as_str()),
                before: said(name, before),
                after: said(name, after),
            })
            .collect(),
        papers: difference.papers.iter().map(|paper| reader.paper_kind(&paper.kind)).collect(),
    })
}

/// A difference, a line for each field and one for the papers.
pub(crate) fn lines(reader: &Reader, dossier: &Dossier, difference: &Difference) -> Vec<String> {
    let mut lines = Vec::new();
    for (name, before, after) in &difference.fields {
        if reader.machine.field(name).is_some() {
            lines.push(line(reader, dossier, name, before, after));
        }
    }
    if !difference.papers.is_empty() {
        let names: Vec<String> = difference.papers.iter().map(|paper| reader.paper_kind(&paper.kind)).collect();
        lines.push(reader.texts.fill("did.papers", &[("names", &names.join(", "))]));
    }
    lines
}

/// `Points: 49 → 60`; of long values only that they changed.
pub(crate) fn line(reader: &Reader, dossier: &Dossier, name: &FieldName, before: &Value, after: &Value) -> String {
    let label = reader.field_path(name.as_str());
    let (before, after) = (said(reader, dossier, name, before), said(reader, dossier, name, after));
    let long = |text: &String| text.chars().count() > VALUE_CHARS_MAX || text.contains('\n');
    if long(&before) || long(&after) {
        return reader.texts.fill("change.long", &[("label", &label)]);
    }
    reader.texts.fill("change.line", &[("label", &label), ("before", &before), ("after", &after)])
}

fn said(reader: &Reader, dossier: &Dossier, name: &FieldName, value: &Value) -> String {
    let said = reader.machine.field(name).map(|field| reader.value(field, value, dossier)).unwrap_or_default();
    if said.is_empty() { reader.get("part.empty") } else { said }
}
