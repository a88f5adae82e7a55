//! The command line: one file per command, one printer, documented exit codes.

mod act;
mod audit;
mod away;
mod backup;
mod bench;
mod check;
mod demo;
mod deploy;
mod diagram;
mod diff;
mod directory;
mod doctor;
mod erase;
mod examples;
mod explain;
mod fmt;
mod import;
mod mail;
mod measure;
mod migrate;
mod migrate_dossiers;
mod named;
mod new;
mod paper;
mod pin;
mod practice;
mod printer;
mod reach;
mod refused;
mod register;
mod retain;
mod schema;
mod serve;
mod show;
mod shown;
mod simulate;
mod sources;
mod subject;
mod table;
mod test;
mod undelivered;
mod verify;
mod worlds;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

pub use printer::{Format, Printer, Progress};

use crate::config::{Config, ConfigError, Environment};
use crate::diagnostic::{LANGUAGES, Words, say};
use crate::ids::Instant;
use crate::service::{Part, ServiceError};
use crate::store::StoreError;

const VERSION: &str = if crate::planted::IS_POSSIBLE {
    concat!(env!("CARGO_PKG_VERSION"), " (goes wrong when told to: for tests, never for an office)")
} else {
    env!("CARGO_PKG_VERSION")
};

/// What every command may be told.
#[derive(Debug, Parser)]
#[command(
    name = "chancery",
    version = VERSION,
    about = "Runs dossiers through workflows that are written in YAML",
    before_help = "Example:\n  chancery demo\n  chancery check workflows/purchase",
    after_help = EXIT_CODES,
    disable_help_subcommand = true
)]
struct Cli {
    /// The configuration file (else `CHANCERY_CONFIG`, else /etc/chancery/chancery.toml if it is there).
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Another database than the configuration's: <sqlite://path> or <postgres://user@host/name>.
    #[arg(long, global = true, value_name = "URL")]
    database: Option<String>,
    /// How answers are written.
    #[arg(long, global = true, value_enum, default_value_t)]
    format: Format,
    /// The language in which commands answer and faults are told (else that of `LANG`, else English), and titles of workflows and
    /// dossiers are shown (else the workflow's own). What the system, the database or another server says comes as it says it.
    #[arg(long, global = true, value_parser = LANGUAGES)]
    language: Option<String>,
    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  refused, or a comparison or an examination found something wrong
  2  wrong arguments or configuration; what was named is not there
  3  an input file has faults or cannot be read
  4  the world failed (database, network, disk)
  5  shown and not done: it waits for somebody's word (--yes)";

#[derive(Debug, Subcommand)]
enum Command {
    /// Show a whole office with its mails and pages, or let it play by itself.
    Demo(demo::DemoArgs),
    /// Practise on your own workflows and directory: nothing is kept, and all mails come to a page.
    Practice(practice::PracticeArgs),
    /// Write a commented workflow to begin with, with scenarios and a directory.
    New(new::NewArgs),
    /// Find every fault in workflow files, with its place and a way out.
    Check(check::CheckArgs),
    /// Play the scenarios that stand beside workflows, and say what they reach.
    Test(test::TestArgs),
    /// Let a dossier live in memory on a virtual clock: who gets which mail when, what is due, every path.
    Simulate(simulate::SimulateArgs),
    /// Bring workflow files into the usual layout.
    Fmt(fmt::FmtArgs),
    /// Look at the mails of a workflow before anybody gets one, and at those that did not arrive.
    Mail(mail::MailArgs),
    /// Write the JSON Schema of workflows and their other files, so that editors complete and explain their keys.
    Schema(schema::SchemaArgs),
    /// Draw the statechart of a workflow, with how many dossiers stand where, or the way of one.
    Diagram(diagram::DiagramArgs),
    /// Show who does what where: state by state, role by role.
    Table(table::TableArgs),
    /// Compare two versions of a workflow: what differs, whose course changes, who would have nowhere to stand.
    Diff(diff::DiffArgs),
    /// Take open dossiers over to the deployed version of their workflow: shown first, done with --yes.
    MigrateDossiers(migrate_dossiers::MigrateDossiersArgs),
    /// Put checked workflows, calendars and the directory into the database.
    Deploy(deploy::DeployArgs),
    /// Show what another directory (units, people, posts, bodies) would change, and put it into the place of the old one.
    Directory(directory::DirectoryArgs),
    /// Start a dossier for each row of an Excel or CSV file.
    Import(import::ImportArgs),
    /// Show what stands in a register, or take over entries from before it was kept here.
    Register(register::RegisterArgs),
    /// Start a dossier on behalf of a person.
    Start(act::StartArgs),
    /// Do what a dossier asks, on behalf of a person.
    Act(act::ActArgs),
    /// Give a task to somebody, on behalf of whoever leads the step or has the task.
    Assign(act::AssignArgs),
    /// Ask one more person, on behalf of whoever leads the step.
    Add(act::AddArgs),
    /// Put a deadline off, on behalf of whoever leads the step.
    Extend(act::ExtendArgs),
    /// Go on without a step, on behalf of whoever leads it.
    Skip(act::StepArgs),
    /// Have a step done again, on behalf of whoever leads it.
    Redo(act::StepArgs),
    /// Put right what was submitted, on behalf of a person.
    Correct(act::CorrectArgs),
    /// Count what a workflow measures over its dossiers: shares, sums, days between two steps, by unit or year.
    Measure(measure::MeasureArgs),
    /// Show where a dossier stands, who is asked, what was said and what happened.
    Show(show::ShowArgs),
    /// Say why a dossier stands where it stands: who is awaited, what comes next, which way is closed for whom and why.
    Explain(explain::ExplainArgs),
    /// Draw up a paper of a dossier: a letter, a decision, minutes, as a page to print.
    Paper(paper::PaperArgs),
    /// Say who is away until when and who stands in for them, or show it.
    Away(away::AwayArgs),
    /// Give people the numbers that a step wants besides a link.
    Pin(pin::PinArgs),
    /// List dossiers.
    List(show::ListArgs),
    /// Run pages, deadlines, starts by the clock and mails in one process.
    Serve(serve::ServeArgs),
    /// Run the pages alone.
    Web(serve::WebArgs),
    /// Run deadlines, starts by the clock and mails alone.
    Scheduler(serve::SchedulerArgs),
    /// Bring the database to this program's schema, and make missing keys.
    Migrate(migrate::MigrateArgs),
    /// Copy the database while it is in use, and prove the copy.
    Backup(backup::BackupArgs),
    /// Put a copy into the place of the database, held.
    Restore(backup::RestoreArgs),
    /// Let a restored or copied database send mails and run by the clock again.
    Resume(backup::ResumeArgs),
    /// Time dossiers' lives on an empty database of its own.
    Bench(bench::BenchArgs),
    /// Put together everything that is kept about one person.
    Subject(subject::SubjectArgs),
    /// Erase what is personal about somebody from dossiers that have ended: shown first, done with --yes.
    Erase(erase::EraseArgs),
    /// Destroy what ended dossiers say once their workflow's time of keeping is over: shown first, done with --yes.
    Retain(retain::RetainArgs),
    /// Prove that the log holds.
    Audit(audit::AuditArgs),
    /// Say what is wrong with configuration, keys, database, clock and mail.
    Doctor(doctor::DoctorArgs),
}

impl Command {
    /// How this command can answer; for people if nothing else is asked for.
    fn formats(&self) -> &'static [Format] {
        match self {
            Self::Diagram(_) => diagram::FORMATS,
            Self::Check(_) => check::FORMATS,
            Self::Measure(_) => measure::FORMATS,
            _ => &[Format::Human, Format::Json],
        }
    }
}

/// What every command stands on.
#[derive(Debug)]
struct Context {
    config: Config,
    environment: Environment,
    printer: Printer,
    /// The language that was asked for on the command line.
    asked_language: Option<&'static str>,
}

impl Context {
    /// The time on this machine, for what happens outside of any dossier.
    #[expect(clippy::unused_self, reason = "commands ask their context for everything of the world")]
    fn now(&self) -> Instant {
        crate::clock::system()
    }
}

/// Why a command did not do what it was asked: each kind is an exit code.
#[derive(Debug)]
pub enum Trouble {
    /// It may not be done, or a comparison found differences.
    Refused(Words),
    /// The arguments or the configuration make no sense.
    Usage(Words),
    /// An input file has faults.
    Input(Words),
    /// The world failed.
    World(Words),
    /// Somebody must say yes first, and nobody was there to be asked, or said no.
    Unconfirmed(Words),
}

/// What is wrong, and on a line of its own the way out.
fn helped(what: impl Into<Words>, help: impl Into<Words>) -> Words {
    say!(trouble.helped, what = what.into(), line = "\n  ", help = help.into())
}

/// Names that there are, as the way out.
fn one_of(known: &[impl AsRef<str>]) -> Words {
    Words::plain(known.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(", "))
}

impl Trouble {
    /// Why, in a language.
    fn text(&self, language: &str) -> String {
        let (Self::Refused(words)
        | Self::Usage(words)
        | Self::Input(words)
        | Self::World(words)
        | Self::Unconfirmed(words)) = self;
        words.text(language)
    }

    fn code(&self) -> u8 {
        match self {
            Self::Refused(_) => 1,
            Self::Usage(_) => 2,
            Self::Input(_) => 3,
            Self::World(_) => 4,
            Self::Unconfirmed(_) => 5,
        }
    }
}

impl From<ConfigError> for Trouble {
    fn from(error: ConfigError) -> Self {
        Self::Usage(error.to_string().into())
    }
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Older { found, known } => Self::Usage(helped(
                say!(trouble.older, found = found.to_string(), known = known.to_string()),
                say!(trouble.bring_up),
            )),
            StoreError::Newer { found, known } => Self::Usage(helped(
                say!(trouble.newer, found = found.to_string(), known = known.to_string()),
                say!(trouble.newer_program),
            )),
            StoreError::Unavailable(why) => Self::World(say!(trouble.unavailable, why = why.clone())),
            StoreError::Taken(_)
            | StoreError::Outrun
            | StoreError::Redeployed
            | StoreError::Corrupt { .. }
            | StoreError::Database(_) => Self::World(say!(trouble.database, why = error.to_string())),
        }
    }
}

impl From<ServiceError> for Trouble {
    fn from(error: ServiceError) -> Self {
        match error {
            ServiceError::Config(error) => error.into(),
            ServiceError::Store(error) => error.into(),
            ServiceError::DemoClock => Self::Refused(say!(trouble.demo_clock)),
            ServiceError::NoDatabase(path) => Self::Usage(helped(
                say!(trouble.no_database, path = path.display().to_string()),
                say!(trouble.make_database),
            )),
            ServiceError::Mail(why) => Self::Usage(say!(trouble.no_mail, why = why.clone())),
            ServiceError::Listen { address, source, key } => {
                let what = say!(trouble.listen, address = address.clone(), why = source.to_string());
                Self::World(helped(what, say!(trouble.free_address, key = key.to_string())))
            }
            ServiceError::Ended { part, why } => {
                Self::World(say!(trouble.ended, part = part.to_string(), why = why.clone()))
            }
        }
    }
}

/// Parses the arguments, runs the command, prints why it failed.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let environment = Environment::read();
    let asked = cli.language.as_deref().and_then(|asked| LANGUAGES.into_iter().find(|known| *known == asked));
    let language = asked.or(environment.language).unwrap_or(LANGUAGES[0]);
    let printer = Printer::new(cli.format, language);
    if cli.format != Format::Human && !cli.command.formats().contains(&cli.format) {
        let known: Vec<&str> = cli.command.formats().iter().map(|format| format.name()).collect();
        let trouble = Trouble::Usage(say!(trouble.no_format, format = cli.format.name(), known = known.join(", ")));
        printer.error(&trouble.text(language));
        return ExitCode::from(trouble.code());
    }
    match run(cli, environment, printer, asked) {
        Ok(()) => ExitCode::SUCCESS,
        Err((trouble, printer)) => {
            printer.error(&trouble.text(language));
            ExitCode::from(trouble.code())
        }
    }
}

fn run(
    cli: Cli,
    environment: Environment,
    printer: Printer,
    asked_language: Option<&'static str>,
) -> Result<(), (Trouble, Printer)> {
    let config = match configured(&cli, &environment) {
        Ok(config) => config,
        Err(trouble) => return Err((trouble, printer)),
    };
    let context = Context { config, environment, printer, asked_language };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return Err((Trouble::World(say!(trouble.threads, why = error.to_string())), context.printer)),
    };
    let answer = runtime.block_on(dispatch(cli.command, cli.database, &context));
    // Reads that nobody waits for any more end with the process.
    runtime.shutdown_background();
    answer.map_err(|trouble| (trouble, context.printer))
}

fn configured(cli: &Cli, environment: &Environment) -> Result<Config, Trouble> {
    let mut config = Config::load(cli.config.as_deref(), environment)?;
    if let Some(url) = &cli.database {
        config.database.replace_url(url);
        config.validate()?;
    }
    Ok(config)
}

async fn dispatch(command: Command, database: Option<String>, context: &Context) -> Result<(), Trouble> {
    match command {
        Command::Demo(args) => demo::run(&args, database, context).await,
        Command::Practice(args) => practice::run(&args, context).await,
        Command::New(args) => new::run(&args, context),
        Command::Check(args) => check::run(&args, context),
        Command::Test(args) => test::run(&args, context),
        Command::Table(args) => table::run(&args, context).await,
        Command::Diff(args) => diff::run(&args, database.is_some(), context).await,
        Command::MigrateDossiers(args) => migrate_dossiers::run(&args, context).await,
        Command::Schema(args) => {
            schema::run(&args, context);
            Ok(())
        }
        Command::Simulate(args) => simulate::run(&args, context),
        Command::Fmt(args) => fmt::run(&args, context),
        Command::Mail(args) => mail::run(&args, context).await,
        Command::Diagram(args) => diagram::run(&args, database.is_some(), context).await,
        Command::Deploy(args) => deploy::deploy(&args, context).await,
        Command::Directory(args) => directory::run(&args, context).await,
        Command::Import(args) => import::run(&args, context).await,
        Command::Register(args) => register::run(&args, context).await,
        Command::Start(args) => act::start(&args, context).await,
        Command::Act(args) => act::act(&args, context).await,
        Command::Assign(args) => act::assign(&args, context).await,
        Command::Add(args) => act::add(&args, context).await,
        Command::Extend(args) => act::extend(&args, context).await,
        Command::Skip(args) => act::skip(&args, context).await,
        Command::Redo(args) => act::redo(&args, context).await,
        Command::Correct(args) => act::correct(&args, context).await,
        Command::Measure(args) => measure::run(&args, context).await,
        Command::Show(args) => show::show(&args, context).await,
        Command::Explain(args) => explain::run(&args, context).await,
        Command::Paper(args) => paper::run(&args, context).await,
        Command::Away(args) => away::run(&args, context).await,
        Command::Pin(args) => pin::run(&args, context).await,
        Command::List(args) => show::list(&args, context).await,
        Command::Bench(args) => bench::run(&args, database, context).await,
        Command::Subject(args) => subject::run(&args, context).await,
        Command::Erase(args) => erase::run(&args, context).await,
        Command::Retain(args) => retain::run(&args, context).await,
        Command::Audit(args) => audit::run(&args, context).await,
        Command::Serve(_) => serve::run(&[Part::Web, Part::Scheduler], context).await,
        Command::Web(args) => serve::run(&[args.part()], context).await,
        Command::Scheduler(_) => serve::run(&[Part::Scheduler], context).await,
        Command::Migrate(args) => migrate::run(&args, context).await,
        Command::Backup(args) => backup::backup(&args, context),
        Command::Restore(args) => backup::restore(&args, context).await,
        Command::Resume(args) => backup::resume(&args, context).await,
        Command::Doctor(args) => doctor::run(&args, context).await,
    }
}
