//! An office set up from the files in the binary: directory, calendar, workflows, imported dossiers, people who know their script.

use std::collections::BTreeMap;
use std::path::Path;

use super::cast::Cast;
use super::files::{self, beside};
use super::hall::{Ground, Hall, Named, Plot};
use super::office::Office;
use super::script::Script;
use super::sheet::Sheet;
use super::{DemoError, pdf};
use crate::calendar::Calendar;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::render::{Format, render_all};
use crate::directory;
use crate::dossier::command::Actor;
use crate::engine::Engine;
use crate::engine::intake::{Intake, Taken};
use crate::ids::{DossierId, Instant, PersonId, WorkflowName};
use crate::import::{self, PaperNames, Plan};
use crate::machine::check::check_files;
use crate::sheet::csv;
use crate::source::SourceFile;

/// An office, running, with people who know what to do.
#[derive(Debug)]
pub struct Stage {
    /// The office.
    pub hall: Hall,
    /// What its people know.
    pub office: Office,
    /// The imported dossiers, by the keys of their rows, in the order of the files.
    pub dossiers: Vec<(String, DossierId)>,
    /// When a play of it began, and when it is over.
    pub from: Instant,
    /// See `from`.
    pub until: Instant,
    /// Nothing had happened in it before.
    pub fresh: bool,
}

impl Stage {
    /// Sets an office up, or goes on with the one that the database holds.
    ///
    /// # Errors
    /// The database holds something else, or the world fails.
    pub async fn set(plot: &Plot) -> Result<Self, DemoError> {
        let folder = files::shown();
        let script = script(folder)?;
        let (from, until) = (instant("starts", &script.starts)?, instant("until", &script.until)?);
        let ground = Ground::open(plot, from).await?;
        let (engine, fresh) = (ground.engine.clone(), ground.fresh);
        if fresh {
            set_up(&engine, folder, &script).await?;
        }
        let (sheets, dossiers) = import_all(&engine, folder, &script, plot).await?;
        let office = office(&engine, folder, script, &sheets).await?;
        let calendar = engine.calendar(&office.script.calendar).ok_or_else(|| DemoError::missing("calendar"))?;
        let named =
            Named { office: &office.script.office, sender: &office.script.sender, keepers: &office.script.keepers };
        let hall = Hall::start(ground, plot, named, calendar).await?;
        Ok(Self { hall, office, dossiers, from, until, fresh })
    }
}

/// The script beside the workflows.
fn script(folder: &str) -> Result<Script, DemoError> {
    let file = beside(folder)("play.yaml").ok_or_else(|| DemoError::missing("script"))?;
    let (value, faults) = crate::definition::plain(&file);
    let value = value.filter(|_| faults.is_empty()).ok_or_else(|| faulty(&faults, &[file]))?;
    serde_json::from_value(value).map_err(|error| DemoError::Fault(format!("play.yaml: {error}")))
}

fn instant(key: &str, text: &str) -> Result<Instant, DemoError> {
    let at = text.parse().map_err(|error| DemoError::Fault(format!("play.yaml: `{key}`: {error}")))?;
    Ok(Instant::from_timestamp(at))
}

/// Calendars, directory and workflows.
async fn set_up(engine: &Engine, folder: &str, script: &Script) -> Result<(), DemoError> {
    let file =
        beside("calendars")(&format!("{}.yaml", script.calendar)).ok_or_else(|| DemoError::missing("calendar"))?;
    let (calendar, faults) = Calendar::read(&file);
    let calendar = calendar.ok_or_else(|| faulty(&faults, std::slice::from_ref(&file)))?;
    engine.put_calendar(&calendar, &file).await?;
    let chance = engine.chance();
    let (found, faults) = directory::read(&beside(&format!("{folder}/directory")), &|_code| PersonId::new(chance.id()));
    engine.put_directory(found.ok_or_else(|| faulty(&faults, &[]))?).await?;
    for folder in std::iter::once(folder).chain(script.folders.iter().map(String::as_str)) {
        deploy(engine, folder).await?;
    }
    Ok(())
}

async fn deploy(engine: &Engine, folder: &str) -> Result<(), DemoError> {
    for main in files::workflows(folder) {
        let checked = check_files(&main, &beside(folder));
        let machine = checked.machine.ok_or_else(|| faulty(&checked.diagnostics, &checked.sources))?;
        engine.deploy(&machine, &checked.sources).await?;
    }
    Ok(())
}

/// Imports every file of the script, what its rows ought to come to cut off; gives the cut files, and the dossiers in the order
/// in which the files name them.
async fn import_all(
    engine: &Engine,
    folder: &str,
    script: &Script,
    plot: &Plot,
) -> Result<(Vec<Sheet>, Vec<(String, DossierId)>), DemoError> {
    let (mut sheets, mut dossiers, mut order) = (Vec::new(), Vec::new(), Vec::new());
    for imported in &script.imports {
        let machine = engine.current(&WorkflowName::new(&imported.workflow)).await?;
        let machine = machine.ok_or_else(|| DemoError::missing("workflow"))?;
        let columns = machine.import.as_ref().ok_or_else(|| DemoError::missing("section `import`"))?;
        for name in &imported.files {
            let mut sheet = sheet(folder, name)?;
            if let Some(beside) = &imported.beside {
                sheet = sheet.beside(&self::sheet(folder, beside)?, &columns.key);
            }
            let cut = SourceFile::new(name, sheet.write()?);
            let papers = papers(&plot.folder.join("papers"), &sheet, &columns.key, columns.papers.as_deref())?;
            let faults = |faults: Vec<Diagnostic>| faulty(&faults, std::slice::from_ref(&cut));
            let table = csv::read(&cut.name, cut.text.as_bytes()).map_err(faults)?;
            let plan = import::plan(&table, &machine, &engine.directory(), Some(&papers)).map_err(faults)?;
            take(engine, &plan, &plot.folder.join("papers"), &mut dossiers).await?;
            order.extend(sheet.keys(&columns.key));
            sheets.push(sheet);
        }
    }
    dossiers.sort_by_key(|(key, _)| order.iter().position(|one| one == key));
    Ok((sheets, dossiers))
}

/// A file of rows, without what they ought to come to.
fn sheet(folder: &str, name: &str) -> Result<Sheet, DemoError> {
    let file = beside(folder)(name).ok_or_else(|| DemoError::missing("file of rows"))?;
    Ok(Sheet::read(&file.text)?.without_oracle())
}

/// Writes the papers that the rows name, as scans would lie in a folder.
fn papers(folder: &Path, sheet: &Sheet, key: &[String], column: Option<&str>) -> Result<PaperNames, DemoError> {
    let mut names = PaperNames::new();
    for (row, kinds) in column.map(|column| sheet.column(key, column)).unwrap_or_default() {
        let place = folder.join(&row);
        std::fs::create_dir_all(&place)?;
        for kind in kinds.split(';').map(str::trim).filter(|kind| !kind.is_empty()) {
            let name = format!("{kind}.pdf");
            std::fs::write(place.join(&name), pdf::page(&[&row, kind]))?;
            names.entry(row.clone()).or_default().push(name);
        }
    }
    Ok(names)
}

async fn take(
    engine: &Engine,
    plan: &Plan,
    folder: &Path,
    dossiers: &mut Vec<(String, DossierId)>,
) -> Result<(), DemoError> {
    let papers =
        |row: &import::Planned, paper: &import::PlannedPaper| std::fs::read(folder.join(&row.key).join(&paper.name));
    let actor = Actor::Import { operator: "demo".to_owned() };
    let intake = Intake { engine, plan, actor: &actor, mends: false, papers: &papers };
    intake.open_registers().await?;
    for row in &plan.rows {
        match intake.take(row).await? {
            Taken::Started(id) => dossiers.push((row.key.clone(), id)),
            Taken::Already(again) => dossiers.push((row.key.clone(), again.dossier)),
            Taken::Refused(refusal) => {
                return Err(DemoError::Fault(format!("the row `{}` is refused: {:?}", row.key, refusal.reasons)));
            }
        }
    }
    Ok(())
}

/// What people know: the script, each other, and the rows of the cut files.
async fn office(engine: &Engine, folder: &str, script: Script, sheets: &[Sheet]) -> Result<Office, DemoError> {
    let mut titles = BTreeMap::new();
    for workflow in engine.workflows() {
        let Some(machine) = engine.current(&workflow).await? else { continue };
        for title in std::iter::once(&machine.title.own).chain(machine.title.other.values()) {
            titles.insert(title.clone(), workflow.to_string());
        }
    }
    let first = script.imports.first().ok_or_else(|| DemoError::missing("import"))?;
    let machine = engine.current(&WorkflowName::new(&first.workflow)).await?;
    // On pages and in mails a row is called by the last part of its key.
    let called = machine.and_then(|machine| machine.import.as_ref()?.key.last().cloned()).unwrap_or_default();
    let rows = sheets.iter().flat_map(|sheet| sheet.records(&called)).collect();
    Ok(Office { script, cast: Cast::read(folder)?, titles, rows })
}

fn faulty(faults: &[Diagnostic], sources: &[SourceFile]) -> DemoError {
    DemoError::Fault(render_all(faults, sources, Format::Human, false, "en"))
}
