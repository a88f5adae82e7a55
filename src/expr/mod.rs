//! Formulas: CEL, compiled once, run against what a dossier shows. Pure and bounded: the checker refuses what could run long.
//!
//! Numbers are exact: whole, decimal or fractions. Shares are compared by `reaches`; dates are texts, which compare as they
//! should.
//! A unit, a person or a choice is a map in formulas; where a formula's *result* is one, it becomes what a field would hold:
//! the unit's code, the person's id, the row's key.

mod check;
mod cost;
mod functions;
mod holes;
mod names;
mod numbers;
mod programs;
mod scan;
mod syntax;
#[cfg(test)]
mod tests;
mod values;

pub use check::{check, check_truth, element_of, endless, kind_of};
pub use cost::{COST_MAX, cost};
pub use holes::{HoleFault, Piece, holes, pieces};
pub use names::{Kind, Names, OF_CHILD};
pub use programs::Programs;
pub use scan::words;
pub use syntax::ExprFault;
pub use values::{Each, Worth};

use std::collections::BTreeMap;
use std::sync::Mutex;

use crate::calendar::Calendar;
use crate::directory::Directory;
use crate::dossier::context::Entry;
use crate::dossier::{Child, Outsider};
use crate::ids::{FieldName, Instant};
use crate::machine::{Children, Field};

/// What a formula sees: every field under its name (a choice as its table's row with `code`; a unit as
/// `{code, name, kind, legal_personality, tags, root}`; a table of rows as a list of mappings; an empty field as null), every
/// table under its name, `papers` (kinds, a list of texts), `now` (RFC 3339 in the calendar's zone) and `today` (`2026-12-10`), for a list `rows` (the live rows, each
/// a map of its fields) and, where a single row is looked at, its fields.
///
/// Functions: `streak(register, key, until_year, period)` counts how many times in a row the dossier's subject has an entry,
/// going back from `until_year` by `period` years; `held(register, key, year)` is true if it has one; `times(register, key)`
/// counts all, `entries(register)` those under any key; `reaches(part, whole, '70%')` compares exactly; `group(unit, 'cluster')` gives a peer group's code or `''`;
/// `add(date, '30d')` gives the day on which a period ends, as deadlines count it; `bound(unit, 'standing_body')` gives the code of the unit that the directory binds to that name, or `''`; `sum(list)`,
/// `mean(list)`, `median(list)`, `min(list)` and `max(list)` reckon exactly; `count(children, 'approved')` counts those with a
/// result; `units(unit, 'division')`, `units_of(body)`, `members(body)` and `holders(unit, 'post')` give lists of the directory.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    /// The tables.
    pub tables: &'a BTreeMap<String, serde_json::Value>,
    /// The fields as declared.
    pub declared: &'a [Field],
    /// Their values.
    pub fields: &'a BTreeMap<FieldName, serde_json::Value>,
    /// Kinds of paper in the dossier.
    pub papers: &'a [&'a str],
    /// Register entries about its subject.
    pub register: &'a [Entry],
    /// Where entries are noted that a formula asked for and that are not there.
    pub missed: Option<&'a Mutex<Vec<Missed>>>,
    /// The directory.
    pub directory: &'a Directory,
    /// The calendar.
    pub calendar: &'a Calendar,
    /// The time of the question.
    pub now: Instant,
    /// How often the dossier has come: 1 until it was returned.
    pub round_no: u32,
    /// The children that it may open, and those that it has opened.
    pub children: (&'a BTreeMap<String, Children>, &'a [Child]),
    /// People from outside whom the dossier knows.
    pub outsiders: &'a [Outsider],
    /// Where one is opened: the element for which.
    pub each: Option<&'a Each>,
    /// For a list: the declared fields of rows, and the live rows.
    pub rows: Option<(&'a [Field], &'a [Values<'a>])>,
}

/// An entry that a formula asked for and that is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missed {
    /// The register.
    pub register: String,
    /// What.
    pub key: String,
    /// The year.
    pub year: i64,
}

/// The values of fields.
pub type Values<'a> = &'a BTreeMap<FieldName, serde_json::Value>;

/// A formula that has no value here (a missing key, a wrong type).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{expr}`: {message}")]
pub struct ExprError {
    /// The formula.
    pub expr: String,
    /// What went wrong.
    pub message: String,
}
