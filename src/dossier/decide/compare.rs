//! Texts that repeat others are told when a state says so, so that whoever looks at the table next sees who and what is alike.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::Run;
use crate::dossier::event::Change;
use crate::dossier::taken::{SaidBefore, SaidSince};
use crate::ids::FieldName;
use crate::machine::{Comparison, FieldKind, LIKE, LIKE_YEAR, PERCENT, WHO};
use crate::words::likeness::{Alike, alike};

/// A text, whose it is, and the year it was said for, if not in this table.
struct Said {
    who: String,
    text: String,
    year: Option<i32>,
}

impl Run<'_> {
    /// Fills in what each of these comparisons finds.
    pub(super) fn compare(&mut self, names: &[String]) {
        let machine = self.machine;
        for comparison in names.iter().filter_map(|name| machine.comparisons.get(name)) {
            let found = self.found(comparison);
            let before = self.dossier().fields.get(&comparison.into).unwrap_or(&Value::Null);
            if *before != found {
                self.emit(Change::Set(BTreeMap::from([(comparison.into.clone(), found)])));
            }
        }
    }

    /// The rows of what is alike, the most alike first; as many as the table takes.
    fn found(&mut self, comparison: &Comparison) -> Value {
        let mut said = self.said_here(comparison);
        let own = said.len();
        said.extend(self.said_before(comparison, &said));
        let texts: Vec<&str> = said.iter().map(|one| one.text.as_str()).collect();
        let mut pairs = alike(&texts, own, comparison.words as usize);
        // Two rows about the same person say the same of the same work.
        pairs.retain(|pair| {
            let (one, other) = (&said[pair.one], &said[pair.other]);
            (other.year.is_some() || one.who != other.who) && comparison.least.reached_by(pair.common, pair.either)
        });
        pairs.sort_by_key(|pair| (std::cmp::Reverse(pair.percent()), pair.one, pair.other));
        let most = match self.machine.field(&comparison.into).map(|field| &field.kind) {
            Some(FieldKind::Rows { max, .. }) => *max as usize,
            _ => 0,
        };
        let row = |pair: &Alike| {
            let (one, other) = (&said[pair.one], &said[pair.other]);
            let mut row = json!({WHO: one.who, LIKE: other.who, PERCENT: pair.percent()});
            if let (Some(year), Some(row)) = (other.year, row.as_object_mut()) {
                row.insert(LIKE_YEAR.to_owned(), year.to_string().into());
            }
            row
        };
        let rows: Vec<Value> = pairs.iter().take(most).map(row).collect();
        if rows.is_empty() { Value::Null } else { Value::Array(rows) }
    }

    fn said_here(&self, comparison: &Comparison) -> Vec<Said> {
        let rows = self.dossier().fields.get(&comparison.table).and_then(Value::as_array);
        let cell = |row: &Value, column: &FieldName| row.get(column.as_str())?.as_str().map(str::to_owned);
        let said = |row: &Value| {
            Some(Said { who: cell(row, &comparison.whose)?, text: cell(row, &comparison.text)?, year: None })
        };
        rows.into_iter().flatten().filter_map(said).collect()
    }

    /// What was said of these people before. What is not known of it yet is asked for; then the command is decided again.
    fn said_before(&mut self, comparison: &Comparison, here: &[Said]) -> Vec<Said> {
        let Some(before) = &comparison.earlier else { return Vec::new() };
        let dossier = self.dossier();
        let Some(within) = dossier.fields.get(&before.within).and_then(Value::as_str) else { return Vec::new() };
        let asked = SaidBefore {
            register: before.register.clone(),
            holders: here.iter().map(|one| one.who.clone()).collect::<BTreeSet<_>>(),
            text: comparison.text.clone(),
            within: (before.within.clone(), within.to_owned()),
            until: (dossier.opened_at, dossier.id.clone()),
        };
        let known = self.context.taken.said(&asked).map(<[SaidSince]>::to_vec).unwrap_or_default();
        self.decision.said_before.insert(asked);
        known.into_iter().map(|one| Said { who: one.holder, text: one.text, year: Some(one.year) }).collect()
    }
}
