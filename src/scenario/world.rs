//! What an office stands on and what nothing in it changes: workflows, who is who, calendars.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::calendar::Calendar;
use crate::diagnostic::{LANGUAGES, Words};
use crate::directory::Directory;
use crate::ids::{Instant, MachineHash, PersonId, WorkflowName};
use crate::machine::Machine;

/// What an office stands on.
#[derive(Debug)]
pub struct World {
    machines: BTreeMap<WorkflowName, Machine>,
    directory: Directory,
    calendars: BTreeMap<String, Calendar>,
    /// The language of stories.
    language: &'static str,
}

impl World {
    /// An office of these workflows; none without the calendar that one of them follows.
    ///
    /// # Errors
    /// The name of the calendar that is missing.
    pub fn new(machines: Vec<Machine>, directory: Directory, calendars: Vec<Calendar>) -> Result<Self, String> {
        let calendars: BTreeMap<String, Calendar> =
            calendars.into_iter().map(|calendar| (calendar.name().to_owned(), calendar)).collect();
        if let Some(machine) = machines.iter().find(|machine| !calendars.contains_key(&machine.calendar)) {
            return Err(machine.calendar.clone());
        }
        let machines = machines.into_iter().map(|machine| (machine.workflow.clone(), machine)).collect();
        Ok(Self { machines, directory, calendars, language: LANGUAGES[0] })
    }

    /// Lets everybody read this language.
    pub fn read_in(&mut self, language: &str) {
        for person in self.directory.people.values_mut() {
            language.clone_into(&mut person.language);
        }
    }

    /// Tells what happens in this language.
    #[must_use]
    pub fn told_in(self, language: &'static str) -> Self {
        Self { language, ..self }
    }

    /// Words in the language in which it is told what happens.
    pub(super) fn say(&self, words: &Words) -> String {
        words.text(self.language)
    }

    /// The workflows.
    pub fn machines(&self) -> impl Iterator<Item = &Machine> {
        self.machines.values()
    }

    /// The workflow of this name.
    pub fn machine(&self, workflow: &WorkflowName) -> Option<&Machine> {
        self.machines.get(workflow)
    }

    /// The version of this hash.
    pub(super) fn version(&self, hash: &MachineHash) -> Option<&Machine> {
        self.machines.values().find(|machine| machine.hash() == hash)
    }

    /// Who is who.
    pub fn directory(&self) -> &Directory {
        &self.directory
    }

    /// Which day it is, in the zone of its first calendar.
    pub(super) fn date(&self, now: Instant) -> Date {
        self.calendars.values().next().map_or(Date::MIN, |calendar| calendar.date(now))
    }

    /// When a day begins there.
    pub(super) fn start_of(&self, day: Date) -> Instant {
        let before = day.yesterday().unwrap_or(day);
        self.calendars.values().next().map_or(Instant(i64::MAX), |calendar| calendar.end_of(before).plus_ms(1))
    }

    /// The calendar that a workflow follows.
    pub fn calendar(&self, machine: &Machine) -> &Calendar {
        self.calendars.get(&machine.calendar).expect("a world has the calendars of its workflows")
    }

    /// The code by which files name a person; the id where the directory does not know them.
    pub fn code<'w>(&'w self, person: &'w PersonId) -> &'w str {
        let outside = person.as_str().strip_prefix(BY_MAIL).unwrap_or(person.as_str());
        self.directory.people.get(person).map_or(outside, |known| known.code.as_str())
    }
}

/// Before the mailbox of somebody from outside, as a scenario names them.
const BY_MAIL: &str = "mail:";

/// Somebody from outside, as a scenario names them: whatever id each dossier gives them.
pub fn outsider(mail: &str) -> PersonId {
    PersonId::new(format!("{BY_MAIL}{}", mail.to_lowercase()))
}

/// The mailbox of somebody whom a scenario names as from outside.
pub fn mail_of(person: &PersonId) -> Option<&str> {
    person.as_str().strip_prefix(BY_MAIL)
}

/// The id of a person in an office that is nobody's: it follows from the code, and is not the code, as in a real one.
pub fn person_id(code: &str) -> PersonId {
    PersonId::new(format!("person-{code}"))
}
