//! The ballot sheet, the sheet of a count, and the figures that a second person confirms.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::super::form::Form;
use super::super::reader::Reader;
use super::rows::{self, Group, Line};
use super::{capital, rules};
use crate::dossier::{Choice, Dossier, PaperTally, Vote};
use crate::ids::{DossierId, FieldName, PersonId};
use crate::machine::{Field, ShareOf};

/// The numbers of a count, in the order of the minutes: their names in forms.
pub(crate) const COUNTS: [&str; 5] = ["issued", "returned", "invalid", "yes", "no"];

/// One row of a count.
#[derive(Debug, Serialize)]
pub(crate) struct Counted {
    id: String,
    n: usize,
    caption: String,
    cells: Vec<String>,
    counts: Vec<Count>,
    wrong: bool,
}

/// One number of a count.
#[derive(Debug, Serialize)]
struct Count {
    name: String,
    label: String,
    value: String,
}

/// A choice's name in forms.
pub(crate) fn name_of(choice: Choice) -> &'static str {
    match choice {
        Choice::Yes => "yes",
        Choice::No => "no",
        Choice::Abstain => "abstain",
    }
}

/// The choice of this name.
pub(crate) fn of_name(name: &str) -> Option<Choice> {
    [Choice::Yes, Choice::No, Choice::Abstain].into_iter().find(|choice| name_of(*choice) == name)
}

/// What officers call a choice.
pub(crate) fn label(reader: &Reader, choice: Choice) -> String {
    match choice {
        Choice::Yes => reader.get("ballot.yes"),
        Choice::No => reader.get("ballot.no"),
        Choice::Abstain => reader.get("ballot.abstain"),
    }
}

/// The rows of a part of the sheet that a member may vote on.
pub(crate) fn votable<'v>(vote: &'v Vote, part: &str, person: &PersonId) -> Vec<&'v DossierId> {
    let rows = vote.rows.iter().filter(|row| row.part() == part && !row.own.contains(person));
    rows.map(|row| &row.row).collect()
}

/// A part of a member's sheet.
#[derive(Debug, Serialize)]
pub(crate) struct Part {
    title: String,
    rows: usize,
    cast: bool,
    /// It is the one that the page shows.
    here: bool,
    href: String,
}

/// What officers call a part: the value of the field that splits sheets.
pub(crate) fn part_title(reader: &Reader, dossier: &Dossier, field: Option<&FieldName>, part: &str) -> String {
    let field = reader.machine.row.iter().find(|one| Some(&one.name) == field);
    match field {
        _ if part.is_empty() => reader.get("ballot.part_without"),
        Some(field) => reader.value(field, &Value::from(part), dossier),
        None => part.to_owned(),
    }
}

/// The part that a page is about: the one that was asked for, else the first that is not cast.
pub(crate) fn part_shown<'v>(vote: &'v Vote, person: &PersonId, asked: Option<&str>) -> &'v str {
    let parts = vote.parts(None);
    let open = |part: &&&str| vote.roll.iter().any(|seat| &seat.person == person && !seat.has_cast(part));
    let mine = vote.parts(Some(person));
    let asked = parts.iter().find(|part| Some(**part) == asked);
    asked.or_else(|| mine.iter().find(open)).or(parts.first()).copied().unwrap_or_default()
}

/// The parts of a member's sheet; none where it is not split. `at` is the path of the page, `more` what its links carry along.
pub(crate) fn parts(
    reader: &Reader,
    dossier: &Dossier,
    vote: &Vote,
    (person, shown): (&PersonId, &str),
    (at, more): (&str, &str),
) -> Vec<Part> {
    let Some(field) = &vote.rule.parts else { return Vec::new() };
    let seat = vote.roll.iter().find(|seat| &seat.person == person);
    let part = |(place, part): (usize, &str)| Part {
        title: part_title(reader, dossier, Some(field), part),
        rows: vote.rows.iter().filter(|row| row.part() == part).count(),
        cast: seat.is_some_and(|seat| seat.has_cast(part)),
        here: part == shown,
        href: format!("{at}?part={}{more}#rows", place + 1),
    };
    vote.parts(None).into_iter().enumerate().map(part).collect()
}

/// A part of the sheet of one member, with what was just marked on it.
pub(crate) fn sheet(
    reader: &Reader,
    dossier: &Dossier,
    vote: &Vote,
    (person, part): (&PersonId, &str),
    sent: Option<&Form>,
) -> Vec<Group> {
    let ids: Vec<DossierId> = vote.rows.iter().filter(|row| row.part() == part).map(|row| row.row.clone()).collect();
    let mut groups = rows::groups(reader, dossier, &ids, by(reader, vote));
    let own_share = matches!(vote.rule.passes.share, ShareOf::Path(_));
    for line in groups.iter_mut().flat_map(|group| &mut group.rows) {
        let Some(row) = vote.rows.iter().find(|row| row.row.as_str() == line.id) else { continue };
        line.cells.retain(|cell| !cell.is_empty());
        if own_share {
            line.needs = capital(&rules::said(reader, row.needs, &vote.rule.passes));
        }
        if row.papers.is_some() && is_otherwise(dossier, vote, &row.row) {
            line.papers = reader.get("ballot.papers_changed");
        }
        if row.own.contains(person) {
            line.own = reader.texts.fill("ballot.own", &[("you", &reader.you(person))]);
        } else if let Some(form) = sent {
            form.get(&format!("vote.{}", line.id)).clone_into(&mut line.mark);
            line.wrong = line.mark.is_empty() && form.get("all").is_empty();
        }
    }
    groups
}

/// The papers of a row are others now than those that a vote was opened on.
pub(crate) fn is_otherwise(dossier: &Dossier, vote: &Vote, row: &DossierId) -> bool {
    let then = vote.rows.iter().find(|one| &one.row == row).and_then(|one| one.papers.as_ref());
    let now = dossier.row(row).and_then(|row| row.papers.as_ref());
    then.zip(now).is_some_and(|(then, now)| !then.is_same(now))
}

/// The sheet of a count: empty, or with what was just written, or with what was recorded.
pub(crate) fn counts(
    reader: &Reader,
    dossier: &Dossier,
    vote: &Vote,
    sent: Option<&Form>,
    recorded: Option<&BTreeMap<DossierId, PaperTally>>,
) -> Vec<Counted> {
    let ids: Vec<DossierId> = vote.rows.iter().map(|row| row.row.clone()).collect();
    let lines = rows::groups(reader, dossier, &ids, by(reader, vote)).into_iter().flat_map(|group| group.rows);
    let counted = |line: Line| {
        let tally = recorded.and_then(|rows| rows.get(&DossierId::from(line.id.as_str())));
        let count = |part: &&'static str| {
            let name = format!("{part}.{}", line.id);
            let sent = sent.map(|form| form.get(&name).to_owned());
            let value = tally.map(|tally| number(tally, part).to_string()).or(sent).unwrap_or_default();
            Count { name, label: reader.texts.get(key(part)).to_owned(), value }
        };
        let counts = COUNTS.iter().map(count).collect();
        let cells = line.cells.into_iter().filter(|cell| !cell.is_empty()).collect();
        Counted { n: line.n, caption: line.caption, cells, counts, wrong: false, id: line.id }
    };
    lines.map(counted).collect()
}

/// By what a sheet is grouped: its parts, or what is proposed.
fn by<'r>(reader: &'r Reader, vote: &Vote) -> Option<&'r Field> {
    let field = |name: &FieldName| reader.machine.row.iter().find(|field| &field.name == name);
    vote.rule.parts.as_ref().and_then(field).or_else(|| rows::grouping(reader))
}

fn key(part: &str) -> &'static str {
    match part {
        "issued" => "tally.issued",
        "returned" => "tally.returned",
        "invalid" => "tally.invalid",
        "yes" => "tally.yes",
        _ => "tally.no",
    }
}

fn number(tally: &PaperTally, part: &str) -> u32 {
    match part {
        "issued" => tally.issued,
        "returned" => tally.returned,
        "invalid" => tally.invalid,
        "yes" => tally.yes,
        _ => tally.no,
    }
}

impl Counted {
    /// Something is wrong with the numbers of this row.
    pub(crate) fn mark_wrong(&mut self, about: &[String]) {
        self.wrong = about.iter().any(|id| id == &self.id);
    }
}
