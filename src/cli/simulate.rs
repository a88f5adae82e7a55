//! `chancery simulate`: what would happen with a dossier, on a virtual clock and without any effect.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use jiff::civil::{Date, Time};
use serde::Serialize;

use super::refused::Refusing;
use super::worlds::{Ground, Site};
use super::{Context, Printer, Trouble, helped, sources};
use crate::diagnostic::{Words, say};
use crate::dossier::refusal::Refusal;
use crate::ids::{FieldName, Instant, PersonId};
use crate::import;
use crate::machine::Machine;
use crate::scenario::simulate::{self, Opening, People};
use crate::scenario::{Covered, Line, Office, World};

/// The hour at which a simulation begins.
const MORNING: Time = Time::constant(9, 0, 0, 0);

/// What `simulate` is told.
#[derive(Debug, Args)]
#[command(
    before_help = "Example:\n  chancery simulate workflows/purchase --starts 2026-06-01 --field amount=5000000\n  chancery \
                   simulate workflows/purchase --people idle\n  chancery simulate workflows/purchase --every-path",
    after_help = "Opens one dossier in an office in memory and lets the clock run: prints who gets which mail when, what is \
                  reminded,\nescalated and due, and where the dossier then stands. By default everybody gives the first \
                  answer that is taken, on the\nmorning after the mail; with `--people idle` nobody answers and only the \
                  clock works. --every-path leads one dossier\nalong every way that people and clock can take. Values that \
                  are not given are invented: the first that a field\ntakes. Nothing is written and nothing is sent: \
                  there is no database, no mail server and no real clock behind it.\n\nThe directory is the folder \
                  `directory` beside the workflow; calendars are found as `test` finds them."
)]
pub(super) struct SimulateArgs {
    /// The workflow file, or a folder with one.
    workflow: PathBuf,
    /// The day on which the dossier is opened.
    #[arg(long, value_name = "DATE", default_value = "2026-06-01")]
    starts: Date,
    /// Days that are looked at, at most.
    #[arg(long, default_value_t = 366)]
    days: u32,
    /// What people do.
    #[arg(long, value_enum, default_value_t)]
    people: Who,
    /// Lead a dossier along every path.
    #[arg(long, conflicts_with = "people")]
    every_path: bool,
    /// Paths, at most.
    #[arg(long, default_value_t = 100)]
    most: usize,
    /// Who opens the dossier, by their code in the directory (else the first who may).
    #[arg(long = "as", value_name = "CODE")]
    person: Option<String>,
    /// A value: `name=value`. May be given several times.
    #[arg(long = "field", value_name = "NAME=VALUE")]
    fields: Vec<String>,
    /// A kind of paper that comes along. May be given several times.
    #[arg(long = "paper", value_name = "KIND")]
    papers: Vec<String>,
    /// The folder with the directory (else `directory` beside the workflow).
    #[arg(long, value_name = "DIR")]
    directory: Option<PathBuf>,
    /// A calendar file, beside those that stand near the workflow. May be given several times.
    #[arg(long, value_name = "FILE")]
    calendar: Vec<PathBuf>,
}

/// What people do.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Who {
    /// Everybody answers on the morning after the mail, with the first answer that is taken.
    #[default]
    Answer,
    /// Nobody answers.
    Idle,
}

/// One dossier's life.
#[derive(Serialize)]
struct Life {
    ends: String,
    story: Vec<Line>,
}

/// Every path.
#[derive(Serialize)]
struct Paths {
    paths: Vec<simulate::Path>,
    /// There are more.
    more: bool,
    reached: Covered,
}

/// Simulates.
pub(super) fn run(args: &SimulateArgs, context: &Context) -> Result<(), Trouble> {
    let ground = ground(args, &context.printer)?;
    let world = &ground.world;
    let machine = ground.named.first().and_then(|name| world.machine(name));
    let machine = machine.ok_or_else(|| Trouble::Usage(say!(trial.no_workflow)))?;
    let opening = opening(args, world, machine)?;
    let zone = world.calendar(machine).zone().clone();
    let starts = args.starts.to_datetime(MORNING).to_zoned(zone);
    let starts = starts
        .map_err(|error| Trouble::Usage(say!(trouble.at, place = args.starts.to_string(), why = error.to_string())))?;
    let starts = Instant::from_timestamp(starts.timestamp());
    if args.every_path {
        paths(args, context, world, &opening, starts)
    } else {
        life(args, context, world, &opening, starts)
    }
}

/// The workflow with what stands around it; everybody reads the language that was asked for.
fn ground(args: &SimulateArgs, printer: &Printer) -> Result<Ground, Trouble> {
    let files = sources::find(std::slice::from_ref(&args.workflow))?;
    let [file] = files.as_slice() else {
        return Err(Trouble::Usage(sources::several(&args.workflow, &files)));
    };
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.map_or_else(|| PathBuf::from("."), std::path::Path::to_path_buf);
    let directory = args.directory.clone().unwrap_or_else(|| folder.join("directory"));
    let site =
        Site { folder: &folder, files: std::slice::from_ref(file), directory: &directory, calendars: &args.calendar };
    site.load(printer)
}

fn opening<'m>(args: &SimulateArgs, world: &World, machine: &'m Machine) -> Result<Opening<'m>, Trouble> {
    let by = args.person.as_ref().map(|code| person(world, code)).transpose()?;
    let mut fields = std::collections::BTreeMap::new();
    for text in &args.fields {
        let (name, value) = text.split_once('=').ok_or_else(|| Trouble::Usage(say!(trouble.no_pair, text)))?;
        let field = machine.field(&FieldName::new(name)).ok_or_else(|| {
            let known: Vec<&str> = machine.fields.iter().map(|field| field.name.as_str()).collect();
            Trouble::Usage(helped(say!(trouble.no_field, name), say!(trouble.there_are, known = known.join(", "))))
        })?;
        let value = import::value_of(&field.kind, value, machine, world.directory())
            .map_err(|why| Trouble::Usage(say!(trouble.at, place = name, why)))?;
        fields.insert(field.name.clone(), value);
    }
    Ok(Opening { machine, by, fields, papers: args.papers.clone() })
}

fn person(world: &World, code: &str) -> Result<PersonId, Trouble> {
    let known = world.directory().person_by_code(code).map(|person| person.id.clone());
    known.ok_or_else(|| Trouble::Usage(say!(trouble.no_person, code)))
}

fn closed(refusal: &Refusal, world: &World, context: &Context) -> Trouble {
    let reasons = Refusing::new(context, world.directory(), "").reasons(refusal);
    Trouble::Refused(say!(trial.cannot_open, why = reasons.join("; ")))
}

fn life(
    args: &SimulateArgs,
    context: &Context,
    world: &World,
    opening: &Opening<'_>,
    starts: Instant,
) -> Result<(), Trouble> {
    let mut office = Office::new(world, starts);
    let id = simulate::open(&mut office, opening).map_err(|refusal| closed(&refusal, world, context))?;
    let people = match args.people {
        Who::Answer => People::Answer,
        Who::Idle => People::Idle,
    };
    simulate::run(&mut office, people, starts.plus_ms(i64::from(args.days) * 24 * 60 * 60 * 1000));
    let ends = office.dossier(&id).map_or_else(String::new, |dossier| {
        match &dossier.outcome {
            Some(outcome) => say!(trial.outcome, outcome),
            None => say!(trial.stands, state = dossier.stands()),
        }
        .text(context.printer.language())
    });
    let life = Life { ends, story: office.story() };
    context.printer.answer(&life, |printer| {
        story(printer, &life.story);
        printer.line(format!("\n{}", life.ends));
    });
    Ok(())
}

fn paths(
    args: &SimulateArgs,
    context: &Context,
    world: &World,
    opening: &Opening<'_>,
    starts: Instant,
) -> Result<(), Trouble> {
    let walked =
        simulate::walk(world, opening, starts, args.most).map_err(|refusal| closed(&refusal, world, context))?;
    let reached = walked.coverage.of(opening.machine, context.printer.language());
    let found = Paths { paths: walked.paths, more: walked.more, reached };
    context.printer.answer(&found, |printer| {
        for (number, path) in found.paths.iter().enumerate() {
            printer.say(&say!(trial.path, n = number + 1, ends = path.ends));
            story(printer, &path.story);
            printer.line("");
        }
        let (states, ways) = (found.reached.states, found.reached.transitions);
        let more = if found.more { say!(trial.more_paths) } else { Words::plain("") };
        printer.say(&say!(
            trial.paths,
            n = found.paths.len(),
            more,
            states = states.reached,
            all_states = states.all,
            ways = ways.reached,
            all_ways = ways.all,
        ));
        for gap in &found.reached.gaps {
            printer.say(&say!(trial.gap, gap));
        }
    });
    Ok(())
}

fn story(printer: &Printer, lines: &[Line]) {
    let rows: Vec<Vec<String>> =
        lines.iter().map(|line| vec![line.at.clone(), line.of.clone(), line.what.clone()]).collect();
    let heads = [say!(trial.when), say!(trial.of), say!(trial.what)].map(|head| head.text(printer.language()));
    printer.table(&heads.each_ref().map(String::as_str), &rows);
}
