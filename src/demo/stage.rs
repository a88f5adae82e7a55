//! An office set up from the files in the binary: database, directory, calendar, workflows, imported dossiers, pages,
//! deadlines, and a courier whose mails are caught. Its clock stands still until somebody moves it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::watch;

use super::cast::Cast;
use super::files::{self, beside};
use super::office::Office;
use super::own::{Begun, Own};
use super::script::Script;
use super::sheet::Sheet;
use super::{DemoError, pdf};
use crate::calendar::Calendar;
use crate::catcher::Catcher;
use crate::clock::{Chance, Clock, ManualClock};
use crate::config::KeyFiles;
use crate::courier::Courier;
use crate::courier::settings::SmtpSettings;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::render::{Format, render_all};
use crate::directory::{self, csv};
use crate::engine::{Engine, Keys};
use crate::ids::{DossierId, Instant, PersonId, WorkflowName};
use crate::import::{self, PaperNames, Plan};
use crate::links::LinkKeys;
use crate::machine::check::check_files;
use crate::scheduler::Scheduler;
use crate::seal::MasterKeys;
use crate::service::intake::{Intake, Taken};
use crate::source::SourceFile;
use crate::store::{Store, meta};
use crate::web::{self, App, Health};

/// Where the demonstration keeps its instant, so that it can go on.
const STANDS_AT: &str = "demo_at";
/// Where its pages were last, so that links in older mails still lead to them.
const PAGES_AT: &str = "demo_pages";
/// Rounds after which a moment that never comes to rest is given up.
const ROUNDS_MAX: usize = 20_000;

/// What an office is set up from.
#[derive(Clone, Debug)]
pub struct Plot {
    /// The folder for keys, papers, mails and (without a database URL) the database.
    pub folder: PathBuf,
    /// Another database than the one in the folder.
    pub database: Option<String>,
    /// Where pages are served; port 0 is where they were last, or a free one.
    pub listen: SocketAddr,
}

/// An office, running.
#[derive(Debug)]
pub struct Stage {
    /// What everything ends in.
    pub engine: Engine,
    /// The mails.
    pub catcher: Catcher,
    /// What its people know.
    pub office: Office,
    /// Its calendar.
    pub calendar: Arc<Calendar>,
    /// Where its pages are: `http://127.0.0.1:port`.
    pub address: String,
    /// The imported dossiers, by the keys of their rows, in the order of the files.
    pub dossiers: Vec<(String, DossierId)>,
    /// Nothing had happened in it before.
    pub fresh: bool,
    /// Of an office of one's own: the workflows, and whether a dossier of each was opened.
    pub begun: Vec<Begun>,
    hand: ManualClock,
    scheduler: Scheduler,
    courier: Courier,
    _pages: watch::Sender<bool>,
}

/// What stands on a stage before pages, clock and mails run.
#[derive(Debug)]
pub(super) struct Scenery {
    pub(super) engine: Engine,
    pub(super) hand: ManualClock,
    pub(super) fresh: bool,
    pub(super) office: Office,
    pub(super) dossiers: Vec<(String, DossierId)>,
    pub(super) begun: Vec<Begun>,
}

/// The shipped office.
async fn shipped(plot: &Plot) -> Result<Scenery, DemoError> {
    let folder = files::shown();
    let script = script(folder)?;
    let starts = starts(&script)?;
    let (engine, hand, fresh) = open(plot, starts).await?;
    if fresh {
        deploy(&engine, folder, &script).await?;
    }
    let (sheets, dossiers) = import_all(&engine, folder, &script, plot).await?;
    let office = office(&engine, folder, script, &sheets).await?;
    Ok(Scenery { engine, hand, fresh, office, dossiers, begun: Vec::new() })
}

impl Stage {
    /// Sets an office up, the shipped one or one of somebody's own, or goes on with the one that the database holds.
    ///
    /// # Errors
    /// The database holds something else, or the world fails.
    pub async fn set(plot: &Plot, own: Option<Own>) -> Result<Self, DemoError> {
        let scenery = match own {
            None => shipped(plot).await?,
            Some(own) => own.set(plot).await?,
        };
        let Scenery { engine, hand, fresh, office, dossiers, begun } = scenery;
        let calendar = engine.calendar(&office.script.calendar).ok_or_else(|| DemoError::missing("calendar"))?;
        let catcher = Catcher::start_with(([127, 0, 0, 1], 0).into(), Some(plot.folder.join("mails"))).await?;
        let (pages, stopped) = watch::channel(false);
        let address = serve(&engine, &office.script, plot.listen, stopped).await?;
        let settings = SmtpSettings::plain(catcher.address(), &office.script.sender, &office.script.office);
        let courier = Courier::new(engine.clone(), engine.links().clone(), settings, &address, engine.chance().clone())
            .map_err(|error| DemoError::Fault(error.to_string()))?;
        let scheduler = Scheduler::new(engine.clone());
        Ok(Self {
            engine,
            catcher,
            office,
            calendar,
            address,
            dossiers,
            fresh,
            begun,
            hand,
            scheduler,
            courier,
            _pages: pages,
        })
    }

    /// The time here.
    pub fn now(&self) -> Instant {
        self.engine.now()
    }

    /// Moves the clock, and writes down where it stands.
    ///
    /// # Errors
    /// The database fails.
    pub async fn move_to(&self, at: Instant) -> Result<(), DemoError> {
        self.hand.set(at);
        Ok(self.engine.store().set_meta(STANDS_AT, at.0.to_string()).await?)
    }

    /// Lets everything happen that is due: messages, deadlines, mails.
    ///
    /// # Errors
    /// The database fails, or it never comes to rest.
    pub async fn rest(&mut self) -> Result<(), DemoError> {
        for _ in 0..ROUNDS_MAX {
            let due = self.scheduler.step(self.now()).await?.busy();
            let sent = self.courier.step(self.now()).await?.worked();
            if !due && !sent {
                return Ok(());
            }
        }
        Err(DemoError::Fault(format!("at {} the office does not come to rest", self.now())))
    }

    /// The next moment at which something happens by itself.
    ///
    /// # Errors
    /// The database fails.
    pub async fn next(&self) -> Result<Option<Instant>, DemoError> {
        let (store, now) = (self.engine.store(), self.now());
        let due = store.next_moment(now).await?;
        let morning = store.holds_back(now).await?.then(|| self.next_morning(now));
        Ok([due, morning].into_iter().flatten().min())
    }

    /// The next working morning, when mails go out.
    pub fn next_morning(&self, now: Instant) -> Instant {
        self.calendar.mail_slot(self.calendar.end_of(self.calendar.date(now)).plus_ms(1), false)
    }
}

/// The script beside the workflows.
fn script(folder: &str) -> Result<Script, DemoError> {
    let file = beside(folder)("play.yaml").ok_or_else(|| DemoError::missing("script"))?;
    let (value, faults) = crate::definition::plain(&file);
    let value = value.filter(|_| faults.is_empty()).ok_or_else(|| faulty(&faults, &[file]))?;
    serde_json::from_value(value).map_err(|error| DemoError::Fault(format!("play.yaml: {error}")))
}

fn starts(script: &Script) -> Result<Instant, DemoError> {
    let at = script.starts.parse().map_err(|error| DemoError::Fault(format!("play.yaml: `starts`: {error}")))?;
    Ok(Instant::from_timestamp(at))
}

/// The engine on its database with a clock of its own, and whether the database is new.
pub(super) async fn open(plot: &Plot, starts: Instant) -> Result<(Engine, ManualClock, bool), DemoError> {
    std::fs::create_dir_all(&plot.folder)?;
    let url = plot.database.clone().unwrap_or_else(|| format!("sqlite://{}", plot.folder.join("demo.db").display()));
    let store = Store::open(&url).await?;
    store.migrate().await?;
    let files = KeyFiles::in_folder(plot.folder.join("keys"));
    files.create_missing().map_err(|error| DemoError::Fault(error.to_string()))?;
    let masters = files.masters().map_err(|error| DemoError::Fault(error.to_string()))?;
    let links = files.links().map_err(|error| DemoError::Fault(error.to_string()))?;
    let master = MasterKeys::new(masters).ok_or_else(|| DemoError::missing("key"))?;
    let stands_at = store.meta(STANDS_AT).await?.and_then(|text| text.parse().ok()).map_or(starts, Instant);
    let clock = Clock::manual(stands_at);
    let Clock::Manual(hand) = clock.clone() else { unreachable!("it was made by hand") };
    let keys = Keys { links: LinkKeys::new(links), master };
    let engine = Engine::open(store, keys, clock, Chance::system()).await?;
    let fresh = engine.workflows().is_empty();
    let store = engine.store();
    if !fresh && store.meta(meta::CLOCK).await?.as_deref() != Some("demo") {
        return Err(DemoError::Fault("this database is not a demonstration's: name another one".to_owned()));
    }
    store.set_meta(meta::CLOCK, "demo").await?;
    store.set_meta(STANDS_AT, stands_at.0.to_string()).await?;
    Ok((engine, hand, fresh))
}

/// Calendars, directory and workflows.
async fn deploy(engine: &Engine, folder: &str, script: &Script) -> Result<(), DemoError> {
    let file =
        beside("calendars")(&format!("{}.yaml", script.calendar)).ok_or_else(|| DemoError::missing("calendar"))?;
    let (calendar, faults) = Calendar::read(&file);
    let calendar = calendar.ok_or_else(|| faulty(&faults, std::slice::from_ref(&file)))?;
    engine.put_calendar(&calendar, &file).await?;
    let chance = engine.chance();
    let (found, faults) = directory::read(&beside(&format!("{folder}/directory")), &|_code| PersonId::new(chance.id()));
    engine.put_directory(found.ok_or_else(|| faulty(&faults, &[]))?).await?;
    for main in files::workflows(folder) {
        let checked = check_files(&main, &beside(folder));
        let machine = checked.machine.ok_or_else(|| faulty(&checked.diagnostics, &checked.sources))?;
        engine.deploy(&machine, &checked.sources).await?;
    }
    Ok(())
}

/// Imports every file of the script, what its rows ought to come to cut off; gives the cut files and the dossiers.
async fn import_all(
    engine: &Engine,
    folder: &str,
    script: &Script,
    plot: &Plot,
) -> Result<(Vec<Sheet>, Vec<(String, DossierId)>), DemoError> {
    let workflow = WorkflowName::new(&script.workflow);
    let machine = engine.current(&workflow).await?.ok_or_else(|| DemoError::missing("workflow"))?;
    let columns = machine.import.as_ref().ok_or_else(|| DemoError::missing("section `import`"))?;
    let (mut sheets, mut dossiers) = (Vec::new(), Vec::new());
    for name in &script.files {
        let file = beside(folder)(name).ok_or_else(|| DemoError::missing("file of rows"))?;
        let sheet = Sheet::read(&file.text)?.without_oracle();
        let cut = SourceFile::new(name, sheet.write()?);
        let papers = papers(&plot.folder.join("papers"), &sheet, &columns.key, columns.papers.as_deref())?;
        let table =
            csv::read(&cut.name, cut.text.as_bytes()).map_err(|faults| faulty(&faults, std::slice::from_ref(&cut)))?;
        let plan = import::plan(&table, &machine, &engine.directory(), Some(&papers))
            .map_err(|faults| faulty(&faults, std::slice::from_ref(&cut)))?;
        take(engine, &plan, &plot.folder.join("papers"), &mut dossiers).await?;
        sheets.push(sheet);
    }
    Ok((sheets, dossiers))
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
    let intake = Intake { engine, plan, operator: "demo", papers: &papers };
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
    let machine = engine.current(&WorkflowName::new(&script.workflow)).await?;
    // On pages and in mails a row is called by the last part of its key.
    let called = machine.and_then(|machine| machine.import.as_ref()?.key.last().cloned()).unwrap_or_default();
    let rows = sheets.iter().flat_map(|sheet| sheet.records(&called)).collect();
    Ok(Office { script, cast: Cast::read(folder)?, titles, rows })
}

/// Serves the pages until the stage is struck; where they are.
async fn serve(
    engine: &Engine,
    script: &Script,
    listen: SocketAddr,
    mut stopped: watch::Receiver<bool>,
) -> Result<String, DemoError> {
    let store = engine.store();
    let last = store.meta(PAGES_AT).await?.and_then(|text| text.parse().ok()).unwrap_or_default();
    let port = if listen.port() == 0 { last } else { listen.port() };
    let listener = match TcpListener::bind(SocketAddr::new(listen.ip(), port)).await {
        Ok(listener) => listener,
        Err(_) if listen.port() == 0 => TcpListener::bind(listen).await?,
        Err(error) => return Err(error.into()),
    };
    let bound = listener.local_addr()?;
    store.set_meta(PAGES_AT, bound.port().to_string()).await?;
    let address = format!("http://{bound}");
    let site = web::routes::Site::parse(&address).map_err(|error| DemoError::Fault(error.to_string()))?;
    let (_, health) = watch::channel(Health::default());
    let app = App {
        engine: engine.clone(),
        links: Arc::new(engine.links().clone()),
        site: Arc::new(site),
        office: script.office.as_str().into(),
        health,
    };
    tokio::spawn(async move {
        let stop = async move {
            // An error says that the stage is gone: time to stop as well.
            let _ = stopped.changed().await;
        };
        if let Err(error) = web::serve(listener, app, stop).await {
            tracing::error!("the pages ended: {error}");
        }
    });
    Ok(address)
}

pub(super) fn faulty(faults: &[Diagnostic], sources: &[SourceFile]) -> DemoError {
    DemoError::Fault(render_all(faults, sources, Format::Human, false, "en"))
}
