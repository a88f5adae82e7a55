//! `chancery import`: a CSV file becomes dossiers.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::refused::{self, Reasons};
use super::sources::{self, unreadable};
use super::{Context, Trouble};
use crate::directory::csv;
use crate::ids::WorkflowName;
use crate::import::{self, Plan, Planned, PlannedPaper};
use crate::service::Office;
use crate::service::intake::{self, IntakeError, Taken};

/// What `import` is told.
#[derive(Debug, Args)]
#[command(before_help = "Example:\n  chancery import nominees.csv --workflow nomination --papers papers/")]
pub(super) struct ImportArgs {
    /// The file: CSV in UTF-8, as a spreadsheet saves it.
    file: PathBuf,
    /// The workflow; its section `import:` says what the columns mean.
    #[arg(long)]
    workflow: String,
    /// A folder with the papers: `DIR/<key>/<kind>.pdf`. Without it no paper is attached.
    #[arg(long, value_name = "DIR")]
    papers: Option<PathBuf>,
    /// Read and check everything, start nothing.
    #[arg(long)]
    check: bool,
}

#[derive(Default, Serialize)]
struct Answer {
    rows: usize,
    started: usize,
    already: usize,
    refused: Vec<RefusedRow>,
}

#[derive(Serialize)]
struct RefusedRow {
    key: String,
    line: usize,
    reasons: Reasons,
}

/// Plans the whole file, then starts its dossiers.
pub(super) async fn run(args: &ImportArgs, context: &Context) -> Result<(), Trouble> {
    let office = Office::open(&context.config).await?;
    let plan = plan(args, context, &office).await?;
    let mut answer = Answer { rows: plan.rows.len(), ..Answer::default() };
    if !args.check {
        carry_out(args, context, &office, &plan, &mut answer).await?;
    }
    context.printer.answer(&answer, |printer| {
        if args.check {
            printer.line(format!("{} rows, without a fault", answer.rows));
            return;
        }
        printer.line(format!("{} started, {} were there already", answer.started, answer.already));
        for row in &answer.refused {
            printer.line(format!("line {}: `{}` was refused: {}", row.line, row.key, row.reasons.join("; ")));
        }
    });
    match answer.refused.len() {
        0 => Ok(()),
        refused => Err(Trouble::Refused(format!("{refused} of {} rows were refused", answer.rows))),
    }
}

async fn plan(args: &ImportArgs, context: &Context, office: &Office) -> Result<Plan, Trouble> {
    let engine = &office.engine;
    let workflow = WorkflowName::new(&args.workflow);
    let machine = engine.current(&workflow).await?.ok_or_else(|| {
        let known: Vec<String> = engine.workflows().iter().map(ToString::to_string).collect();
        Trouble::Usage(format!("no workflow `{workflow}` is deployed\n  help: deployed are {}", known.join(", ")))
    })?;
    let bytes = std::fs::read(&args.file).map_err(|error| unreadable(&args.file, &error))?;
    let name = args.file.file_name().map_or_else(|| "file".to_owned(), |name| name.to_string_lossy().into_owned());
    let source = crate::source::SourceFile::new(&name, String::from_utf8_lossy(&bytes));
    let faulty = |faults: Vec<crate::diagnostic::Diagnostic>| {
        let counts = sources::show(&context.printer, &faults, std::slice::from_ref(&source));
        Trouble::Input(format!("{} faults: nothing was imported", counts.errors))
    };
    let table = csv::read(&name, &bytes).map_err(faulty)?;
    let papers = args.papers.as_deref().map(sources::names_inside).transpose()?;
    import::plan(&table, &machine, &engine.directory(), papers.as_ref()).map_err(faulty)
}

async fn carry_out(
    args: &ImportArgs,
    context: &Context,
    office: &Office,
    plan: &Plan,
    answer: &mut Answer,
) -> Result<(), Trouble> {
    let engine = &office.engine;
    let folder = args.papers.clone().unwrap_or_default();
    let papers = move |row: &Planned, paper: &PlannedPaper| std::fs::read(folder.join(&row.key).join(&paper.name));
    intake::open_registers(engine, plan).await?;
    let mut progress = context.printer.progress("importing", plan.rows.len());
    for row in &plan.rows {
        match intake::take(engine, plan, row, &context.environment.operator, &papers).await {
            Ok(Taken::Started(_)) => answer.started += 1,
            Ok(Taken::Already(_)) => answer.already += 1,
            Ok(Taken::Refused(refusal)) => answer.refused.push(RefusedRow {
                key: row.key.clone(),
                line: row.line,
                reasons: refused::reasons(&refusal),
            }),
            Err(IntakeError::Store(error)) => return Err(error.into()),
            Err(error @ IntakeError::Paper(..)) => return Err(Trouble::Input(error.to_string())),
        }
        progress.step();
    }
    // What the new dossiers have to say to each other is said before the answer, so that `list` shows it.
    while engine.deliver().await? > 0 {}
    Ok(())
}
