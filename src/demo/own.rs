//! An office of somebody's own: the workflows of a folder with their directory and calendars, on the demonstration's clock. So
//! that there is something to do, each workflow that people can open gets a dossier, with invented values.

use std::collections::BTreeMap;

use super::cast::Cast;
use super::office::Office;
use super::script::Script;
use super::stage::{Plot, Scenery, faulty, open};
use super::{DemoError, pdf};
use crate::calendar::Calendar;
use crate::directory::{self, Directory};
use crate::dossier::command::{Actor, Ask, Command, Start};
use crate::engine::{Engine, Failure};
use crate::ids::{DossierId, Instant, OperationId, PaperId, PersonId};
use crate::machine::Machine;
use crate::machine::check::Checked;
use crate::scenario::World;
use crate::scenario::simulate::{Opening, beginning};
use crate::service::intake;
use crate::source::SourceFile;

/// Where people get mail whom the directory gives no address.
const DOMAIN: &str = "office.example";

/// What stands in somebody's folder, read and without an error.
#[derive(Debug)]
pub struct Own {
    /// What pages call the office.
    pub name: String,
    /// The workflows.
    pub workflows: Vec<Checked>,
    /// The calendars that they follow, with their files.
    pub calendars: Vec<(Calendar, SourceFile)>,
    /// The files of the directory.
    pub directory: Vec<SourceFile>,
    /// When the clock starts.
    pub starts: Instant,
}

impl Own {
    /// Sets it up, or goes on with it: what was changed in the folder since is deployed anew.
    pub(super) async fn set(self, plot: &Plot) -> Result<Scenery, DemoError> {
        let (engine, hand, fresh) = open(plot, self.starts).await?;
        for (calendar, file) in &self.calendars {
            engine.put_calendar(calendar, file).await?;
        }
        engine.put_directory(self.who(&engine)?).await?;
        let mut machines = Vec::new();
        for checked in self.workflows {
            let Checked { machine: Some(machine), sources, .. } = checked else { continue };
            engine.deploy(&machine, &sources).await?;
            machines.push(machine);
        }
        let calendar = machines.first().map(|machine| machine.calendar.clone()).unwrap_or_default();
        let calendars = self.calendars.into_iter().map(|(calendar, _)| calendar).collect();
        let world = World::new(machines, Directory::clone(&engine.directory()), calendars)
            .map_err(|name| DemoError::Fault(format!("there is no calendar `{name}`")))?;
        let mut begun = Vec::new();
        for machine in world.machines().filter(|_| fresh) {
            begun.push(begin(&engine, &world, machine).await?);
        }
        let script = script(self.name, calendar);
        let office = Office { script, cast: Cast::default(), titles: BTreeMap::new(), rows: BTreeMap::new() };
        Ok(Scenery { engine, hand, fresh, office, dossiers: Vec::new(), begun })
    }

    /// The directory; who was known keeps their id, and everybody has a mailbox.
    fn who(&self, engine: &Engine) -> Result<Directory, DemoError> {
        let known = engine.directory();
        let ids = |code: &str| {
            known.person_by_code(code).map_or_else(|| PersonId::new(engine.chance().id()), |person| person.id.clone())
        };
        let file = |name: &str| self.directory.iter().find(|file| file.name == name).cloned();
        let (found, faults) = directory::read(&file, &ids);
        let mut found = found.ok_or_else(|| faulty(&faults, &self.directory))?;
        for person in found.people.values_mut() {
            person.email.get_or_insert_with(|| format!("{}@{DOMAIN}", person.code.to_lowercase()));
        }
        Ok(found)
    }
}

fn script(office: String, calendar: String) -> Script {
    Script {
        starts: String::new(),
        office,
        sender: format!("office@{DOMAIN}"),
        workflow: String::new(),
        calendar,
        files: Vec::new(),
        rules: Vec::new(),
        signed: BTreeMap::new(),
        votes: BTreeMap::new(),
    }
}

/// A workflow of the office, and whether a dossier of it was opened.
#[derive(Clone, Debug)]
pub struct Begun {
    /// What it is called.
    pub workflow: String,
    /// Who opened one; none where nobody can, and why.
    pub by: Result<String, String>,
}

/// Opens a dossier, by the first person who may.
async fn begin(engine: &Engine, world: &World, machine: &Machine) -> Result<Begun, DemoError> {
    let workflow = machine.title.own.clone();
    let opening = Opening { machine, by: None, fields: BTreeMap::new(), papers: Vec::new() };
    let (actor, start) = match beginning(world, &opening, engine.now()) {
        Ok(found) => found,
        Err(refusal) => return Ok(Begun { workflow, by: Err(refusal.to_string()) }),
    };
    let Some(person) = actor.person().cloned() else {
        return Ok(Begun { workflow, by: Err("nobody opens it".to_owned()) });
    };
    let (mut papers, mut attachments) = (Vec::new(), Vec::new());
    for paper in &start.papers {
        let (id, bytes) = (PaperId::new(engine.fresh_id()), pdf::page(&[&paper.kind]));
        let (paper, attachment) = intake::paper(engine, id, &paper.kind, &paper.name, bytes, engine.now())
            .map_err(|unfit| DemoError::Fault(unfit.to_string()))?;
        papers.push(paper);
        attachments.push(attachment);
    }
    let command = Command {
        operation: OperationId::new(format!("demo:{}", engine.fresh_id())),
        dossier: DossierId::new(engine.fresh_id()),
        actor: Actor::Operator { operator: "demo".to_owned(), person: person.clone() },
        ask: Ask::Start(Start { papers, ..start }),
    };
    let by = match engine.handle(command, attachments).await {
        Ok(_) => Ok(world.directory().people.get(&person).map_or_else(String::new, |one| one.name.clone())),
        Err(Failure::Refused(refusal)) => Err(refusal.to_string()),
        Err(Failure::Store(error)) => return Err(error.into()),
    };
    Ok(Begun { workflow, by })
}
