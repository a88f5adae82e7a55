//! The dossiers that this one opened: a table for each set, with how each stands and what it brought back.

use serde::Serialize;

use super::super::reader::Reader;
use crate::dossier::{Child, Dossier};
use crate::machine::Children;

/// One set of children.
#[derive(Debug, Serialize)]
pub(crate) struct Set {
    label: String,
    said: String,
    columns: Vec<String>,
    lines: Vec<Line>,
}

/// One child.
#[derive(Debug, Serialize)]
struct Line {
    name: String,
    stands: String,
    back: bool,
    cells: Vec<String>,
}

/// The children that the reader may see, by their sets.
pub(crate) fn sets(reader: &Reader, dossier: &Dossier) -> Vec<Set> {
    reader.machine.children.iter().filter_map(|(name, rule)| set(reader, dossier, name, rule)).collect()
}

fn set(reader: &Reader, dossier: &Dossier, name: &str, rule: &Children) -> Option<Set> {
    let all: Vec<&Child> = dossier.children_of(name).collect();
    if all.is_empty() {
        return None;
    }
    let back = all.iter().filter(|child| child.is_back()).count().to_string();
    Some(Set {
        label: reader.text(&rule.label).to_owned(),
        said: reader.texts.fill("children.back", &[("back", &back), ("all", &all.len().to_string())]),
        columns: rule.takes.iter().map(|field| reader.text(&field.label).to_owned()).collect(),
        lines: all.into_iter().map(|child| line(reader, dossier, rule, child)).collect(),
    })
}

fn line(reader: &Reader, dossier: &Dossier, rule: &Children, child: &Child) -> Line {
    let cell = |field: &crate::machine::Field| {
        child.fields.get(&field.name).map(|value| reader.value(field, value, dossier)).unwrap_or_default()
    };
    let since = reader.moment(child.told_at.unwrap_or(child.opened_at));
    let stands = match &child.result {
        Some(result) => {
            reader.texts.fill("children.result", &[("result", &said(reader, rule, result)), ("when", &since)])
        }
        None => reader.texts.fill("children.open", &[("when", &since)]),
    };
    Line { name: child.caption.clone(), stands, back: child.is_back(), cells: rule.takes.iter().map(cell).collect() }
}

/// What officers call a result; its own word where the workflow does not say.
pub(crate) fn said(reader: &Reader, rule: &Children, result: &str) -> String {
    rule.results.get(result).map_or_else(|| result.replace('_', " "), |label| reader.text(label).to_owned())
}

/// What a child is called, with its set's rules.
pub(crate) fn find<'d>(
    reader: &'d Reader,
    dossier: &'d Dossier,
    id: &crate::ids::DossierId,
) -> Option<(&'d Child, &'d Children)> {
    let child = dossier.child(id)?;
    Some((child, reader.machine.children.get(&child.children)?))
}
