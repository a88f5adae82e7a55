//! `chancery deploy`: workflows, calendars and the directory go into the database.

use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use super::sources::{self, Counts};
use super::{Context, Trouble, helped};
use crate::calendar::Calendar;
use crate::diagnostic::say;
use crate::directory::Directory;
use crate::engine::Engine;
use crate::ids::PersonId;
use crate::machine::Shape;
use crate::machine::check::{Checked, together};
use crate::service::Office;
use crate::source::SourceFile;
use crate::web::routes::Place;

/// What `deploy` is told.
#[derive(Debug, Args)]
#[command(
    before_help = "Example:\n  chancery deploy workflows/purchase --calendar workflows/calendars/vn-civil-service.yaml \
                   --directory workflows/purchase/directory"
)]
pub(super) struct DeployArgs {
    /// Workflow files, or folders of them.
    #[arg(required_unless_present_any = ["directory", "calendar"])]
    pub(super) paths: Vec<PathBuf>,
    /// A folder with the directory: `units.csv`, `people.csv`, `posts.csv`, `bodies.csv`, `seats.csv`, `bindings.csv`, `substitutes.csv`, `assistants.csv`;
    /// or `directory.xlsx` with sheets of these names, or `directory.yaml`.
    #[arg(long, value_name = "DIR")]
    pub(super) directory: Option<PathBuf>,
    /// A calendar file. May be given several times.
    #[arg(long, value_name = "FILE")]
    pub(super) calendar: Vec<PathBuf>,
}

#[derive(Serialize)]
pub(super) struct Deployed {
    workflow: String,
    version: String,
    title: String,
    /// It is opened from outside.
    called: bool,
}

/// Checks everything, then stores everything: with one error nothing is stored.
pub(super) async fn deploy(args: &DeployArgs, context: &Context) -> Result<(), Trouble> {
    let deployed = into(args, Where::Configured, context).await?;
    context.printer.answer(&deployed, |printer| {
        for one in &deployed {
            printer.line(format!("{}  {}  {}", one.workflow, &one.version[..12.min(one.version.len())], one.title));
            if let (true, Ok(site)) = (one.called, context.config.web.site()) {
                printer.say(&say!(deployed.called, url = Place::Call(&one.workflow).url(&site)));
            }
        }
        if deployed.is_empty() {
            printer.say(&say!(deployed.none));
        }
    });
    Ok(())
}

/// Where files are deployed to.
pub(super) enum Where<'e> {
    /// The office of the configuration.
    Configured,
    /// Another one.
    Here(&'e Engine),
}

/// The same, without a word about what was stored.
pub(super) async fn into(args: &DeployArgs, place: Where<'_>, context: &Context) -> Result<Vec<Deployed>, Trouble> {
    let mut counts = Counts::default();
    let mut workflows = Vec::new();
    for file in sources::find(&args.paths)? {
        let checked = sources::check(&file)?;
        counts += sources::show(&context.printer, &checked.diagnostics, &checked.sources);
        workflows.push(checked);
    }
    let mut calendars = Vec::new();
    for path in &args.calendar {
        let file = sources::read(path)?;
        let (calendar, faults) = Calendar::read(&file);
        counts += sources::show(&context.printer, &faults, std::slice::from_ref(&file));
        calendars.extend(calendar.map(|calendar| (calendar, file)));
    }
    let office = match place {
        Where::Configured => Some(Office::open(&context.config).await?),
        Where::Here(_) => None,
    };
    let engine = match (&office, place) {
        (Some(office), _) => &office.engine,
        (None, Where::Here(engine)) => engine,
        (None, Where::Configured) => unreachable!("it was opened above"),
    };
    counts += of_each_other(&workflows, engine, context).await?;
    let directory = match &args.directory {
        Some(folder) => read_directory(folder, engine, context, &mut counts)?,
        None => None,
    };
    if counts.errors > 0 {
        return Err(Trouble::Input(say!(deployed.errors, n = counts.errors)));
    }
    for (calendar, file) in &calendars {
        engine.put_calendar(calendar, file).await?;
    }
    if let Some(directory) = directory {
        engine.put_directory(directory).await?;
    }
    store(engine, workflows).await
}

/// What the files say of each other, and of what is deployed already.
async fn of_each_other(workflows: &[Checked], engine: &Engine, context: &Context) -> Result<Counts, Trouble> {
    let mut deployed = Vec::new();
    for name in engine.workflows() {
        deployed.extend(engine.current(&name).await?);
    }
    let beside: Vec<&Shape> = deployed.iter().map(|machine| &***machine).collect();
    let faults = together(workflows, &beside);
    let mains: Vec<SourceFile> = workflows.iter().filter_map(|one| one.sources.first().cloned()).collect();
    Ok(sources::show(&context.printer, &faults, &mains))
}

async fn store(engine: &Engine, workflows: Vec<Checked>) -> Result<Vec<Deployed>, Trouble> {
    let mut deployed = Vec::new();
    for checked in workflows {
        let Some(machine) = checked.machine else { continue };
        if engine.calendar(&machine.calendar).is_none() {
            let (workflow, calendar) = (machine.workflow.as_str(), &machine.calendar);
            return Err(Trouble::Usage(helped(say!(deployed.no_calendar, workflow, calendar), "--calendar FILE")));
        }
        engine.deploy(&machine, &checked.sources).await?;
        deployed.push(Deployed {
            workflow: machine.workflow.to_string(),
            version: machine.hash().to_string(),
            title: machine.title.own.clone(),
            called: machine.public_start.is_some(),
        });
    }
    Ok(deployed)
}

/// Reads a directory from a folder. People keep their ids by their codes; new ones get random ids.
pub(super) fn read_directory(
    folder: &Path,
    engine: &Engine,
    context: &Context,
    counts: &mut Counts,
) -> Result<Option<Directory>, Trouble> {
    if !folder.is_dir() {
        return Err(Trouble::Input(say!(trouble.no_folder, path = folder.display().to_string())));
    }
    let known = engine.directory();
    let ids = |code: &str| {
        known.person_by_code(code).map_or_else(|| PersonId::new(engine.chance().id()), |person| person.id.clone())
    };
    let (directory, files, faults) = sources::directory(folder, &ids)?;
    *counts += sources::show(&context.printer, &faults, &files);
    Ok(directory)
}
