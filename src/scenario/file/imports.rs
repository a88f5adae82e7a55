//! Files of rows (CSV, XLSX) beside a scenario file: rows of a table of cases, and rows that `chancery import` would take.

use std::collections::BTreeMap;

use crate::calendar::Calendar;
use crate::diagnostic::{Diagnostic, did_you_mean, fault, say};
use crate::import::{self, PaperNames, Plan, Planned};
use crate::machine::Machine;
use crate::scenario::world::World;
use crate::sheet::{self, csv::Table};
use crate::source::{SourceFile, Spanned};

/// The files that were asked for, each read once.
pub(super) struct Imports<'i> {
    included: &'i dyn Fn(&str) -> Option<Vec<u8>>,
    tables: BTreeMap<String, Option<Table>>,
    plans: BTreeMap<(String, String), Option<Plan>>,
    calendars: Vec<SourceFile>,
}

impl<'i> Imports<'i> {
    pub(super) fn new(included: &'i dyn Fn(&str) -> Option<Vec<u8>>) -> Self {
        Self { included, tables: BTreeMap::new(), plans: BTreeMap::new(), calendars: Vec::new() }
    }

    /// The files, for excerpts.
    pub(super) fn sources(self) -> impl Iterator<Item = SourceFile> {
        self.tables.into_values().flatten().map(|table| table.file().clone()).chain(self.calendars)
    }

    /// A table by the name of its file; its faults are told once.
    pub(super) fn table(&mut self, name: &Spanned<String>, faults: &mut Vec<Diagnostic>) -> Option<&Table> {
        if !self.tables.contains_key(&name.value) {
            let table = if let Some(bytes) = (self.included)(&name.value) {
                sheet::read(&name.value, &bytes, None).1.map_err(|found| faults.extend(found)).ok()
            } else {
                faults.push(fault!(NO_FILE.beside, &name.span, name));
                None
            };
            self.tables.insert(name.value.clone(), table);
        }
        self.tables.get(&name.value).and_then(Option::as_ref)
    }

    /// A calendar by the name of its file.
    pub(super) fn calendar(&mut self, name: &Spanned<String>, faults: &mut Vec<Diagnostic>) -> Option<Calendar> {
        let text = (self.included)(&name.value).and_then(|bytes| String::from_utf8(bytes).ok());
        let Some(text) = text else {
            faults.push(fault!(NO_FILE.beside, &name.span, name));
            return None;
        };
        let file = SourceFile::new(&name.value, text);
        let (calendar, found) = Calendar::read(&file);
        faults.extend(found);
        self.calendars.push(file);
        calendar
    }

    /// The row of this key, as the workflow would import it. Papers that it names lie at hand.
    pub(super) fn row(
        &mut self,
        name: &Spanned<String>,
        key: &Spanned<String>,
        machine: &Machine,
        world: &World,
        faults: &mut Vec<Diagnostic>,
    ) -> Option<&Planned> {
        let of = (name.value.clone(), machine.workflow.to_string());
        if !self.plans.contains_key(&of) {
            let table = self.table(name, faults)?;
            let papers = papers(table, machine);
            let plan = import::plan_known(table, machine, world.directory(), Some(&papers));
            let plan = plan.map_err(|found| faults.extend(found)).ok();
            self.plans.insert(of.clone(), plan);
        }
        let plan = self.plans.get(&of)?.as_ref()?;
        let row = plan.rows.iter().find(|row| row.key == key.value);
        if row.is_none() {
            let help = did_you_mean(&key.value, plan.rows.iter().map(|row| row.key.as_str()), say!(near.none));
            faults.push(fault!(SCENARIO_NAME.row, &key.span, file = name, key).help(help));
        }
        row
    }
}

/// The papers that the rows name, as if each lay in its folder.
fn papers(table: &Table, machine: &Machine) -> PaperNames {
    let mut names = PaperNames::new();
    let Some(import) = &machine.import else { return names };
    let Some(column) = &import.papers else { return names };
    for row in table.rows() {
        let kinds = row.get(column).split(';').map(str::trim).filter(|kind| !kind.is_empty());
        let files = kinds.map(|kind| format!("{kind}.pdf")).collect();
        let key: Vec<&str> = import.key.iter().map(|column| row.get(column)).collect();
        names.insert(key.join("/"), files);
    }
    names
}
