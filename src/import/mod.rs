//! A table becomes dossiers: what each row means, or every fault in it. Pure; carrying it out is the service's.
//!
//! With one fault in the file there is no plan at all. Each row has a key; the same key is the same dossier, so that a file may
//! be imported again.

mod cells;
mod labels;
mod planning;
pub mod register;

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Serialize;

use crate::diagnostic::{Diagnostic, Words, fault, say};
use crate::directory::Directory;
use crate::dossier::taken::Key;
use crate::ids::{FieldName, MachineHash, WorkflowName};
use crate::machine::{Import, Machine};
use crate::sheet::csv::Table;
use crate::source::Span;
use labels::Labels;

/// Faults that are told; more of them help nobody.
const FAULTS_MAX: usize = 100;

/// What a file means.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Plan {
    /// The workflow.
    pub workflow: WorkflowName,
    /// The version that the dossiers are pinned to.
    pub machine: MachineHash,
    /// The name of the file.
    pub file: String,
    /// The dossiers, in the order of the file.
    pub rows: Vec<Planned>,
    /// Rows that are other workflows' and were passed over: how many, by the word that says so.
    pub others: BTreeMap<String, usize>,
}

/// What a row means.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Planned {
    /// Its key.
    pub key: String,
    /// Its line in the file, from 1.
    pub line: usize,
    /// The first values.
    pub fields: BTreeMap<FieldName, serde_json::Value>,
    /// The first papers.
    pub papers: Vec<PlannedPaper>,
    /// Opening entries of a register about its subject.
    pub register: Vec<OpeningEntry>,
}

/// A paper that goes along.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PlannedPaper {
    /// Its kind.
    pub kind: String,
    /// The name of its file, inside the folder that is named like the row's key.
    pub name: String,
}

/// A fact from before the register was kept here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OpeningEntry {
    /// Which register.
    pub register: String,
    /// Whose: a person's id, or `unit:CODE`.
    pub holder: String,
    /// What.
    pub key: String,
    /// The year it counts for.
    pub year: i32,
    /// What of it there is only once in the register.
    #[serde(skip)]
    pub once: Option<Key>,
    /// What proves it.
    pub evidence: Option<Evidence>,
}

/// A paper that proves a fact from before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Evidence {
    /// What it is: a decision.
    pub paper: String,
    /// Its number.
    pub number: String,
    /// Its day, `2024-05-01`.
    pub day: String,
}

impl OpeningEntry {
    /// Whether both say the same.
    pub fn same_fact(&self, other: &Self) -> bool {
        let fact = |one: &Self| (one.register.clone(), one.holder.clone(), one.key.clone(), one.year);
        fact(self) == fact(other)
    }

    /// Where it comes from, as people are told: the paper, else the source.
    pub fn said(&self, source: &str) -> String {
        match &self.evidence {
            Some(Evidence { paper, number, day }) => format!("{paper} {number}, {day}"),
            None => source.to_owned(),
        }
    }
}

/// The names of the files that lie in a folder of papers, by the row's key.
pub type PaperNames = BTreeMap<String, Vec<String>>;

/// Works out what a table means for a workflow. Without a list of papers, the column that names them is not looked at.
///
/// # Errors
/// Every fault, in the order of the file.
pub fn plan(
    table: &Table,
    machine: &Machine,
    directory: &Directory,
    papers: Option<&PaperNames>,
) -> Result<Plan, Vec<Diagnostic>> {
    planned(table, machine, directory, papers, false)
}

fn planned(
    table: &Table,
    machine: &Machine,
    directory: &Directory,
    papers: Option<&PaperNames>,
    pass_over: bool,
) -> Result<Plan, Vec<Diagnostic>> {
    let Some(import) = &machine.import else {
        let place = Span::new(&table.file().name, 0..0);
        return Err(vec![fault!(NO_IMPORT.none, place, workflow = machine.workflow.as_str())]);
    };
    if !pass_over {
        return planned_by(import, table, machine, directory, papers);
    }
    let mut wide = import.clone();
    let names = labels::columns(table.columns(), import, machine);
    wide.ignore.extend(table.columns().iter().filter(|name| !names.contains_key(*name)).cloned());
    planned_by(&wide, table, machine, directory, papers)
}

/// The table under the names of its columns, wherever they are called otherwise in the file.
fn under_names<'t>(table: &'t Table, import: &Import, machine: &Machine) -> Cow<'t, Table> {
    let names = labels::columns(table.columns(), import, machine);
    if names.is_empty() { Cow::Borrowed(table) } else { Cow::Owned(table.clone().renamed(&names)) }
}

/// The column that is meant, by its name or by what people call it.
pub fn column_named(written: &str, machine: &Machine) -> Option<String> {
    let import = machine.import.as_ref()?;
    if import.every_column().contains(&written) {
        return Some(written.to_owned());
    }
    labels::columns(&[written.to_owned()], import, machine).remove(written)
}

fn planned_by(
    import: &Import,
    table: &Table,
    machine: &Machine,
    directory: &Directory,
    papers: Option<&PaperNames>,
) -> Result<Plan, Vec<Diagnostic>> {
    let table = under_names(table, import, machine);
    let (rows, others, mut faults) = planning::rows(&table, machine, import, directory, papers);
    faults.truncate(FAULTS_MAX);
    if !faults.is_empty() {
        return Err(faults);
    }
    let (workflow, hash) = (machine.workflow.clone(), machine.hash().clone());
    Ok(Plan { workflow, machine: hash, file: table.file().name.clone(), rows, others })
}

/// As [`plan`], but columns that mean nothing to the workflow are passed over.
///
/// # Errors
/// Every fault, in the order of the file.
pub fn plan_known(
    table: &Table,
    machine: &Machine,
    directory: &Directory,
    papers: Option<&PaperNames>,
) -> Result<Plan, Vec<Diagnostic>> {
    planned(table, machine, directory, papers, true)
}

/// As [`plan`], for a list that a person brings: what opens registers and names papers is for the office's own imports, and is
/// passed over; every row is meant for the workflow that it is brought to.
///
/// # Errors
/// Every fault, in the order of the file.
pub fn plan_list(table: &Table, machine: &Machine, directory: &Directory) -> Result<Plan, Vec<Diagnostic>> {
    let Some(import) = &machine.import else { return planned(table, machine, directory, None, false) };
    let mut import = import.clone();
    import.ignore.extend(import.register.take().map(|register| register.column));
    import.ignore.extend(import.papers.take());
    let only = std::mem::take(&mut import.only);
    import.ignore.extend(only.into_keys().filter(|column| !import.columns.contains_key(column)));
    planned_by(&import, table, machine, directory, None)
}

/// The columns of a list that a person brings: those of the key, then the others in the order of their fields.
pub fn columns(machine: &Machine) -> Vec<String> {
    let Some(import) = &machine.import else { return Vec::new() };
    let place = |column: &&String| {
        let first = import.columns.get(*column).and_then(|names| names.first());
        machine.fields.iter().position(|field| Some(&field.name) == first)
    };
    let mut others: Vec<&String> = import.columns.keys().filter(|column| !import.key.contains(column)).collect();
    others.sort_by_key(place);
    import.key.iter().chain(others).cloned().collect()
}

/// The value of a text for one field, as a cell of a file would give it.
///
/// # Errors
/// In words: why it is none, and the way out where there is one.
pub fn value_of(
    kind: &crate::machine::FieldKind,
    text: &str,
    machine: &Machine,
    directory: &Directory,
) -> Result<serde_json::Value, Words> {
    cells::value(kind, text, &Labels::new(machine, directory)).map_err(|(says, help)| match help {
        Some(help) => say!(report.with_help, says, help),
        None => says.with_help(),
    })
}
