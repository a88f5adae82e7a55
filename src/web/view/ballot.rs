//! The ballot sheet, the sheet of a count, and the figures that a second person confirms.

use std::collections::BTreeMap;

use serde::Serialize;

use super::super::form::Form;
use super::super::reader::Reader;
use super::rows::{self, Group, Line};
use super::{capital, rules};
use crate::dossier::{Choice, Dossier, PaperTally, Vote};
use crate::ids::{DossierId, PersonId};
use crate::machine::ShareOf;

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

/// The rows that a member may vote on.
pub(crate) fn votable<'v>(vote: &'v Vote, person: &PersonId) -> Vec<&'v DossierId> {
    vote.rows.iter().filter(|row| !row.own.contains(person)).map(|row| &row.row).collect()
}

/// The sheet of one member, with what was just marked on it.
pub(crate) fn sheet(
    reader: &Reader,
    dossier: &Dossier,
    vote: &Vote,
    person: &PersonId,
    sent: Option<&Form>,
) -> Vec<Group> {
    let ids: Vec<DossierId> = vote.rows.iter().map(|row| row.row.clone()).collect();
    let mut groups = rows::groups(reader, dossier, &ids);
    let own_share = matches!(vote.rule.passes.share, ShareOf::Path(_));
    for line in groups.iter_mut().flat_map(|group| &mut group.rows) {
        let Some(row) = vote.rows.iter().find(|row| row.row.as_str() == line.id) else { continue };
        line.cells.retain(|cell| !cell.is_empty());
        if own_share {
            line.needs = capital(&rules::said(reader, row.needs, &vote.rule.passes));
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

/// The sheet of a count: empty, or with what was just written, or with what was recorded.
pub(crate) fn counts(
    reader: &Reader,
    dossier: &Dossier,
    vote: &Vote,
    sent: Option<&Form>,
    recorded: Option<&BTreeMap<DossierId, PaperTally>>,
) -> Vec<Counted> {
    let ids: Vec<DossierId> = vote.rows.iter().map(|row| row.row.clone()).collect();
    let lines = rows::groups(reader, dossier, &ids).into_iter().flat_map(|group| group.rows);
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
