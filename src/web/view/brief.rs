//! What whoever decides on a list reads first: how many rows of what, how they were voted on, and which of them are not like the
//! others. At most ten lines; everything else stands below.

use super::super::reader::Reader;
use super::rows::Table;
use super::{capital, history};
use crate::dossier::{Dossier, RowStatus, VoteResult};

/// Groups, and rows of one kind, that are named; further ones are counted.
const NAMED_MAX: usize = 5;

/// The lines; none for a list that was not voted on.
pub(crate) fn lines(reader: &Reader, dossier: &Dossier, table: &Table) -> Vec<String> {
    let counted: Vec<&VoteResult> = dossier.results.iter().filter(|result| !result.fallen && result.quorate).collect();
    let Some(last) = counted.last() else { return Vec::new() };
    let mut lines = vec![what(reader, table)];
    // The last ones: a list that was returned often has many.
    let votes = counted.len().saturating_sub(NAMED_MAX);
    lines.extend(counted[votes..].iter().map(|result| vote(reader, result)));
    lines.extend(divided(reader, dossier, last));
    lines.extend(gone(reader, dossier));
    lines
}

fn what(reader: &Reader, table: &Table) -> String {
    let n = table.count.to_string();
    let named = table.groups.iter().filter(|group| !group.title.is_empty());
    let named = named.map(|group| format!("{} {}", group.rows.len(), group.title)).collect();
    match listed(reader, named) {
        Some(groups) => reader.texts.fill("brief.what", &[("n", &n), ("groups", &groups)]),
        None => reader.texts.fill("part.rows_n", &[("n", &n)]),
    }
}

fn vote(reader: &Reader, result: &VoteResult) -> String {
    let rule = reader.machine.votes.get(&result.name);
    let title = rule.map_or_else(String::new, |rule| reader.text(&rule.title).to_owned());
    let holes = [
        ("vote", title.as_str()),
        ("when", &reader.moment(result.at)),
        ("result", &capital(&history::closed(reader, result))),
    ];
    reader.texts.fill("brief.vote", &holes)
}

/// Rows that passed although not everybody was for them.
fn divided(reader: &Reader, dossier: &Dossier, result: &VoteResult) -> Option<String> {
    let live = |row: &&crate::dossier::RowResult| {
        dossier.rows.iter().any(|one| one.dossier == row.row && one.status == RowStatus::Live)
    };
    let mut rows: Vec<_> = result.rows.iter().filter(|row| row.yes < row.base).filter(live).collect();
    rows.sort_by_key(|row| u64::from(row.yes) * 1_000_000 / u64::from(row.base.max(1)));
    let name = |row: &&crate::dossier::RowResult| {
        format!("{} ({}/{})", super::rows::caption(dossier, &row.row), row.yes, row.base)
    };
    let names = listed(reader, rows.iter().map(name).collect())?;
    Some(reader.texts.fill("brief.divided", &[("names", &names)]))
}

/// Rows that are no longer on it.
fn gone(reader: &Reader, dossier: &Dossier) -> Vec<String> {
    let kinds = [
        (RowStatus::Rejected, "brief.rejected"),
        (RowStatus::Struck, "brief.struck"),
        (RowStatus::Returned, "brief.returned"),
        (RowStatus::Postponed, "brief.postponed"),
        (RowStatus::Apart, "brief.apart"),
    ];
    let line = |(status, key): (RowStatus, &str)| {
        let rows = dossier.rows.iter().filter(|row| row.status == status);
        let names = listed(reader, rows.map(|row| row.caption.clone()).collect())?;
        Some(reader.texts.fill(key, &[("names", &names)]))
    };
    kinds.into_iter().filter_map(line).collect()
}

fn listed(reader: &Reader, mut names: Vec<String>) -> Option<String> {
    let more = names.len().saturating_sub(NAMED_MAX);
    if names.is_empty() {
        return None;
    }
    names.truncate(NAMED_MAX);
    let named = names.join(", ");
    Some(if more == 0 {
        named
    } else {
        reader.texts.fill("brief.more", &[("names", &named), ("n", &more.to_string())])
    })
}
