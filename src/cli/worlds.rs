//! Offices on a disk, to try workflows out: the workflows of a folder, the directory and the calendars they follow.

use std::path::{Path, PathBuf};

use super::sources::{self, Counts};
use super::{Printer, Trouble, helped};
use crate::calendar::Calendar;
use crate::demo::files;
use crate::diagnostic::{Diagnostic, say};
use crate::directory::Directory;
use crate::ids::{PersonId, WorkflowName};
use crate::machine::Machine;
use crate::scenario::{World, person_id};
use crate::source::SourceFile;

/// Folders above a workflow in which a calendar may stand.
const ABOVE_MAX: usize = 4;

/// An office on a disk.
pub(super) struct Ground {
    pub(super) world: World,
    /// The workflows of the files that were named, in their order.
    pub(super) named: Vec<WorkflowName>,
}

/// Where an office stands.
#[derive(Clone, Debug)]
pub(super) struct Site<'a> {
    /// The folder of the workflows.
    pub(super) folder: &'a Path,
    /// The workflows that are asked for; the others of the folder are at hand.
    pub(super) files: &'a [PathBuf],
    /// The folder of the directory.
    pub(super) directory: &'a Path,
    /// Calendars beside those that are found.
    pub(super) calendars: &'a [PathBuf],
}

impl Site<'_> {
    /// Reads it all. Faults are shown; with an error in a file that was asked for, there is no office.
    pub(super) fn load(&self, printer: &Printer) -> Result<Ground, Trouble> {
        let (machines, named) = self.machines(printer)?;
        let directory = directory(self.directory, printer, &person_id)?;
        let mut calendars = Vec::new();
        for name in machines.iter().map(|machine| &machine.calendar) {
            if !calendars.iter().any(|calendar: &Calendar| calendar.name() == name) {
                calendars.push(self.calendar(name, printer)?);
            }
        }
        let world = World::new(machines, directory, calendars)
            .map_err(|name| Trouble::Usage(say!(trouble.no_calendar, calendar = name)))?;
        Ok(Ground { world: world.told_in(printer.language()), named })
    }

    fn machines(&self, printer: &Printer) -> Result<(Vec<Machine>, Vec<WorkflowName>), Trouble> {
        let (mut machines, mut named) = (Vec::new(), Vec::new());
        for file in self.files {
            let checked = sources::check(file)?;
            let counts = sources::show(printer, &errors(&checked.diagnostics), &checked.sources);
            let Some(machine) = checked.machine else {
                return Err(faulty(counts, file.display()));
            };
            named.push(machine.workflow.clone());
            machines.push(machine);
        }
        for file in sources::beside(self.folder)?.iter().filter(|file| !self.files.contains(file)) {
            match sources::check(file)?.machine {
                Some(machine) if machines.iter().all(|other| other.workflow != machine.workflow) => {
                    machines.push(machine);
                }
                Some(_) => {}
                None => {
                    printer.hint(&say!(trouble.left_out, path = file.display().to_string()));
                }
            }
        }
        Ok((machines, named))
    }

    /// A calendar by its name: one that was named, one in a folder `calendars` here or above, or the shipped one.
    fn calendar(&self, name: &str, printer: &Printer) -> Result<Calendar, Trouble> {
        let file = format!("{name}.yaml");
        let above = self.folder.ancestors().take(ABOVE_MAX).map(|folder| folder.join("calendars").join(&file));
        let found = self.calendars.iter().cloned().chain([self.folder.join(&file)]).chain(above);
        for path in found.filter(|path| path.is_file()) {
            let calendar = read_calendar(&sources::read(&path)?, printer)?;
            if calendar.name() == name {
                return Ok(calendar);
            }
        }
        let shipped = files::beside("calendars")(&file);
        let shipped = shipped.map(|file| read_calendar(&file, printer)).transpose()?;
        shipped.ok_or_else(|| Trouble::Usage(helped(say!(trouble.no_calendar, calendar = name), "--calendar FILE")))
    }
}

fn errors(diagnostics: &[Diagnostic]) -> Vec<Diagnostic> {
    diagnostics.iter().filter(|one| one.is_error()).cloned().collect()
}

fn faulty(counts: Counts, place: impl std::fmt::Display) -> Trouble {
    Trouble::Input(say!(trouble.in_file, path = place.to_string(), what = counts.words()))
}

fn read_calendar(file: &SourceFile, printer: &Printer) -> Result<Calendar, Trouble> {
    let (calendar, faults) = Calendar::read(file);
    calendar.ok_or_else(|| {
        let counts = sources::show(printer, &faults, std::slice::from_ref(file));
        faulty(counts, &file.name)
    })
}

/// A directory from its folder; none of its files must be there.
pub(super) fn directory(
    folder: &Path,
    printer: &Printer,
    ids: &dyn Fn(&str) -> PersonId,
) -> Result<Directory, Trouble> {
    if !folder.is_dir() {
        return Ok(Directory::default());
    }
    let (directory, files, faults) = sources::directory(folder, ids)?;
    let counts = sources::show(printer, &errors(&faults), &files);
    directory.ok_or_else(|| faulty(counts, folder.display()))
}
