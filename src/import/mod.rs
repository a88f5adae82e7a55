//! A table becomes dossiers: what each row means, or every fault in it. Pure; carrying it out is the service's.
//!
//! With one fault in the file there is no plan at all. Each row has a key; the same key is the same dossier, so that a file may
//! be imported again.

mod cells;
mod planning;

use std::collections::BTreeMap;

use serde::Serialize;

use crate::diagnostic::{Diagnostic, Words, fault, say};
use crate::directory::Directory;
use crate::directory::csv::Table;
use crate::ids::{FieldName, MachineHash, WorkflowName};
use crate::machine::Machine;
use crate::source::Span;

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
    let Some(import) = &machine.import else {
        let place = Span::new(&table.file().name, 0..0);
        return Err(vec![fault!(NO_IMPORT.none, place, workflow = machine.workflow.as_str())]);
    };
    let (rows, mut faults) = planning::rows(table, machine, import, directory, papers);
    faults.truncate(FAULTS_MAX);
    if !faults.is_empty() {
        return Err(faults);
    }
    let (workflow, hash) = (machine.workflow.clone(), machine.hash().clone());
    Ok(Plan { workflow, machine: hash, file: table.file().name.clone(), rows })
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
    cells::value(kind, text, machine, directory).map_err(|(says, help)| match help {
        Some(help) => say!(report.with_help, says, help),
        None => says.with_help(),
    })
}
