//! `chancery practice`: people try their own workflows with their own directory, on a database of its own. Nobody gets a mail: all of
//! them come to a page, from which their links can be followed.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::demo::duration;
use super::deploy::{self, DeployArgs, Where};
use super::import::{self, ImportArgs};
use super::{Context, Trouble};
use crate::demo::hall::{Ground, Hall, Named, Plot};
use crate::demo::mailroom::Owner;
use crate::demo::{DemoError, board};
use crate::diagnostic::{Words, say};
use crate::engine::Engine;
use crate::ids::Instant;

/// What `practice` is told.
#[derive(Debug, Args)]
#[command(
    before_help = "Example:\n  chancery practice workflows/leave --calendar workflows/calendars/vn-civil-service.yaml \
                   --directory workflows/leave/directory\n  chancery practice workflows/purchase --calendar … --directory … \
                   --rows list.xlsx --workflow purchase",
    after_help = "Everything happens on a copy: the workflows, the directory and the rows are read from these files, and the office's \
                  own\ndatabase is not touched. The clock stands still until the button on the page, or --day, moves it."
)]
pub(super) struct PracticeArgs {
    /// Workflow files, or folders of them.
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// A folder with the directory, as `deploy` takes it.
    #[arg(long, value_name = "DIR")]
    directory: PathBuf,
    /// A calendar file. May be given several times.
    #[arg(long, value_name = "FILE", required = true)]
    calendar: Vec<PathBuf>,
    /// Start a dossier for each row of this file (XLSX or CSV).
    #[arg(long, value_name = "FILE", requires = "workflow")]
    rows: Option<PathBuf>,
    /// The workflow of these rows.
    #[arg(long, requires = "rows")]
    workflow: Option<String>,
    /// Of a workbook the sheet with the rows.
    #[arg(long, value_name = "NAME", requires = "rows")]
    sheet: Option<String>,
    /// When the practice begins: `2026-11-02T08:00+07:00`. Now, unless said.
    #[arg(long, value_name = "TIME")]
    starts: Option<jiff::Timestamp>,
    /// Keep the practice in this folder, and go on with what lies there.
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Let the clock run: a day of the office in this time (`2s`, `500ms`).
    #[arg(long, value_name = "TIME", value_parser = duration)]
    day: Option<Duration>,
    /// Where the page of mails is shown (the pages behind the links take the next free port).
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
}

/// Sets the copy up and shows its mails until somebody stops it.
pub(super) async fn run(args: &PracticeArgs, context: &Context) -> Result<(), Trouble> {
    let fresh = format!("chancery-practice-{}", crate::clock::Chance::system().id());
    let folder = args.dir.clone().unwrap_or_else(|| std::env::temp_dir().join(fresh));
    let plot = Plot { folder: folder.clone(), database: None, listen: SocketAddr::new(args.listen.ip(), 0) };
    let answer = practise(args, &plot, context).await;
    if args.dir.is_none() {
        // What cannot be removed from the temporary folder is the system's to remove.
        let _ = std::fs::remove_dir_all(&folder);
    }
    answer
}

async fn practise(args: &PracticeArgs, plot: &Plot, context: &Context) -> Result<(), Trouble> {
    let starts = args.starts.map_or_else(crate::clock::system, Instant::from_timestamp);
    let ground = Ground::open(plot, starts).await?;
    if ground.fresh {
        set_up(args, &ground.engine, context).await?;
    }
    let engine = ground.engine.clone();
    let workflows = engine.workflows();
    let first = workflows.first().ok_or_else(|| Trouble::Input(say!(demo.nothing)))?;
    let machine = engine.current(first).await?.ok_or_else(|| DemoError::Fault(format!("`{first}` is gone")))?;
    let calendar = engine.calendar(&machine.calendar);
    let calendar = calendar.ok_or_else(|| DemoError::Fault(format!("there is no calendar `{}`", machine.calendar)))?;
    let zone = calendar.zone().clone();
    let office = context.config.web.office.clone();
    let named = Named { office: &office, sender: "practice@localhost.example", keepers: &[] };
    let hall = Hall::start(ground, plot, named, calendar).await?;
    let listener = tokio::net::TcpListener::bind(args.listen).await.map_err(DemoError::from)?;
    let address = listener.local_addr().map_err(DemoError::from)?;
    context.printer.say(&say!(demo.read, address = format!("http://{address}/")));
    context.printer.hint(&say!(demo.nobody));
    context.printer.hint(&clock(hall.now(), args.day, &zone, context.printer.language()));
    context.printer.hint(&say!(demo.stop));
    Ok(board::run(hall, owners(&engine), listener, args.day).await?)
}

/// Where the clock stands, and what moves it: nothing here happens by the time on the wall.
fn clock(now: Instant, day: Option<Duration>, zone: &jiff::tz::TimeZone, language: &str) -> Words {
    let at = crate::words::Words::of(language).moment_long(now, zone);
    match day {
        Some(day) => say!(demo.runs, at, time = format!("{day:?}")),
        None => say!(demo.stands, at),
    }
}

async fn set_up(args: &PracticeArgs, engine: &Engine, context: &Context) -> Result<(), Trouble> {
    let files = DeployArgs {
        paths: args.paths.clone(),
        directory: Some(args.directory.clone()),
        calendar: args.calendar.clone(),
    };
    deploy::into(&files, Where::Here(engine), context).await?;
    let (Some(file), Some(workflow)) = (&args.rows, &args.workflow) else { return Ok(()) };
    let (file, workflow, sheet) = (file.clone(), workflow.clone(), args.sheet.clone());
    import::into(&ImportArgs { file, sheet, workflow, papers: None, check: false }, engine, context).await
}

/// Everybody who may get a mail.
fn owners(engine: &Engine) -> Vec<Owner> {
    let directory = engine.directory();
    let owner = |person: &crate::directory::Person| {
        let email = person.email.clone()?;
        Some(Owner { code: person.code.clone(), name: person.name.clone(), email })
    };
    directory.people.values().filter_map(owner).collect()
}
