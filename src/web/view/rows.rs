//! The rows of a list: grouped by their first choice (what is proposed), ordered by unit and given name, with their latest votes.

use serde::Serialize;

use super::super::form::Form;
use super::super::reader::Reader;
use crate::directory::names::{sort_key, text_key};
use crate::dossier::command::Aside;
use crate::dossier::{Dossier, Row, RowStatus};
use crate::ids::DossierId;
use crate::machine::{Field, FieldKind};

/// The table of live rows.
#[derive(Debug, Serialize)]
pub(crate) struct Table {
    pub(crate) caption: String,
    pub(crate) columns: Vec<String>,
    pub(crate) count: usize,
    pub(crate) groups: Vec<Group>,
    /// How single rows may be taken off it: what a form calls that, and what its reader does.
    pub(crate) asides: Vec<(&'static str, String)>,
}

/// Rows that ask for the same.
#[derive(Debug, Serialize)]
pub(crate) struct Group {
    pub(crate) title: String,
    pub(crate) rows: Vec<Line>,
}

/// One row.
#[derive(Debug, Serialize)]
pub(crate) struct Line {
    pub(crate) id: String,
    pub(crate) n: usize,
    pub(crate) caption: String,
    pub(crate) cells: Vec<String>,
    pub(crate) needs: String,
    /// What has to be known about its papers.
    pub(crate) papers: String,
    pub(crate) own: String,
    pub(crate) mark: String,
    pub(crate) why: String,
    pub(crate) wrong: bool,
}

/// The table of a list's live rows; none for a dossier that is no list, or an empty one.
pub(crate) fn table(reader: &Reader, dossier: &Dossier, marks: Option<&Form>) -> Option<Table> {
    let live: Vec<&Row> = dossier.rows.iter().filter(|row| row.status == RowStatus::Live).collect();
    if live.is_empty() {
        return None;
    }
    let ids: Vec<DossierId> = live.iter().map(|row| row.dossier.clone()).collect();
    let voted = live.iter().any(|row| latest_vote(reader, dossier, &row.dossier).is_some());
    let shown = shown(reader);
    let mut columns: Vec<String> = shown.iter().map(|field| reader.text(&field.label).to_owned()).collect();
    if voted {
        columns.push(reader.get("part.results"));
    }
    let mut groups = groups(reader, dossier, &ids, grouping(reader));
    for line in groups.iter_mut().flat_map(|group| &mut group.rows) {
        if voted {
            line.cells.push(latest_vote(reader, dossier, &DossierId::from(line.id.as_str())).unwrap_or_default());
        }
        if let Some(form) = marks {
            form.get(&format!("mark.{}", line.id)).clone_into(&mut line.mark);
            form.get(&format!("why.{}", line.id)).clone_into(&mut line.why);
        }
    }
    let caption = reader.machine.row_caption.as_ref();
    let caption = reader.machine.row.iter().find(|field| Some(&field.name) == caption);
    Some(Table {
        caption: caption.map_or_else(|| reader.get("part.name"), |field| reader.text(&field.label).to_owned()),
        columns,
        count: live.len(),
        groups,
        asides: Vec::new(),
    })
}

/// What taking a row off a list like this is called.
pub(crate) fn aside(reader: &Reader, aside: Aside) -> String {
    reader.get(match aside {
        Aside::Struck => "act.struck",
        Aside::Returned => "act.returned",
        Aside::Postponed => "act.postponed",
    })
}

/// These rows of a dossier, or the dossier itself where it is no list, in groups by a field and in order: by unit, where they
/// have one, and given name.
pub(crate) fn groups(reader: &Reader, dossier: &Dossier, ids: &[DossierId], by: Option<&Field>) -> Vec<Group> {
    let unit = reader.machine.row.iter().find(|field| field.kind == FieldKind::Unit);
    let mut lines: Vec<(String, Line)> = ids.iter().map(|id| line(reader, dossier, id, by)).collect();
    lines.sort_by_cached_key(|(_, line)| {
        let unit = group_of(reader, dossier, &DossierId::from(line.id.as_str()), unit);
        (text_key(&unit), sort_key(&line.caption))
    });
    let order: Vec<String> = ids.iter().map(|id| group_of(reader, dossier, id, by)).collect();
    let mut groups: Vec<Group> = Vec::new();
    for title in order {
        if !groups.iter().any(|group| group.title == title) {
            groups.push(Group { title, rows: Vec::new() });
        }
    }
    for (title, line) in lines {
        if let Some(group) = groups.iter_mut().find(|group| group.title == title) {
            group.rows.push(line);
        }
    }
    for (place, line) in groups.iter_mut().flat_map(|group| &mut group.rows).enumerate() {
        line.n = place + 1;
    }
    groups
}

/// What a row is called.
pub(crate) fn caption(dossier: &Dossier, id: &DossierId) -> String {
    let row = dossier.rows.iter().find(|row| &row.dossier == id);
    row.map_or_else(|| dossier.caption.clone(), |row| row.caption.clone())
}

fn line(reader: &Reader, dossier: &Dossier, id: &DossierId, by: Option<&Field>) -> (String, Line) {
    let row = dossier.rows.iter().find(|row| &row.dossier == id);
    let cell = |field: &&Field| {
        row.and_then(|row| row.fields.get(&field.name))
            .map(|value| reader.value(field, value, dossier))
            .unwrap_or_default()
    };
    let line = Line {
        id: id.to_string(),
        n: 0,
        caption: caption(dossier, id),
        cells: shown(reader).iter().map(cell).collect(),
        needs: String::new(),
        papers: String::new(),
        own: String::new(),
        mark: String::new(),
        why: String::new(),
        wrong: false,
    };
    (group_of(reader, dossier, id, by), line)
}

fn group_of(reader: &Reader, dossier: &Dossier, id: &DossierId, by: Option<&Field>) -> String {
    let row = dossier.rows.iter().find(|row| &row.dossier == id);
    match (row, by) {
        (Some(row), Some(field)) => {
            row.fields.get(&field.name).map(|value| reader.value(field, value, dossier)).unwrap_or_default()
        }
        _ => String::new(),
    }
}

/// The first choice: what is proposed.
pub(crate) fn grouping(reader: &Reader) -> Option<&Field> {
    reader.machine.row.iter().find(|field| matches!(field.kind, FieldKind::Choice { .. }))
}

/// The columns: neither the caption nor the group, nor what only says again whom the row is about.
fn shown(reader: &Reader) -> Vec<&Field> {
    let machine = &reader.machine;
    let group = grouping(reader).map(|field| &field.name);
    let told = |field: &&Field| {
        Some(&field.name) != machine.row_caption.as_ref()
            && Some(&field.name) != group
            && !machine.row_subject.contains(&field.name)
    };
    machine.row.iter().filter(told).collect()
}

fn latest_vote(reader: &Reader, dossier: &Dossier, id: &DossierId) -> Option<String> {
    let row = dossier
        .results
        .iter()
        .rev()
        .filter(|result| !result.fallen && result.quorate)
        .find_map(|result| result.rows.iter().find(|row| &row.row == id))?;
    let (yes, base) = (row.yes.to_string(), row.base.to_string());
    Some(reader.texts.fill("part.votes", &[("yes", &yes), ("base", &base)]))
}
