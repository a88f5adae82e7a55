//! `chancery import`: a file of rows becomes dossiers.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::refused::{Reasons, Refusing};
use super::sources::{self, unreadable};
use super::{Context, Trouble, helped};
use crate::diagnostic::{Words, say};
use crate::dossier::command::Actor;
use crate::dossier::refusal::Refusal;
use crate::engine::Engine;
use crate::engine::intake::{Intake, IntakeError, Taken};
use crate::ids::WorkflowName;
use crate::import::{self, Plan, Planned, PlannedPaper};
use crate::service::Office;
use crate::sheet;

/// What `import` is told.
#[derive(Debug, Args)]
#[command(
    before_help = "Example:\n  chancery import nominees.csv --workflow annual_case --papers papers/",
    after_help = "With a fault in any cell, or a row that the workflow refuses, nothing is imported. An import that was interrupted\n\
                  goes on when the same file is imported again: the same key is the same dossier, never a second one."
)]
pub(super) struct ImportArgs {
    /// The file: an Excel workbook (XLSX), or CSV in UTF-8 as a spreadsheet saves it.
    pub(super) file: PathBuf,
    /// Of a workbook the sheet that is read; the first one that is not hidden unless said.
    #[arg(long, value_name = "NAME")]
    pub(super) sheet: Option<String>,
    /// The workflow; its section `import:` says what the columns mean.
    #[arg(long)]
    pub(super) workflow: String,
    /// A folder with the papers: `DIR/<key>/<kind>.pdf` (of a key of several columns each is a folder). Without it no paper is
    /// attached; those of dossiers that are there already are added by importing the file again.
    #[arg(long, value_name = "DIR")]
    pub(super) papers: Option<PathBuf>,
    /// Read and rehearse everything, start nothing.
    #[arg(long)]
    pub(super) check: bool,
}

#[derive(Default, Serialize)]
struct Answer {
    rows: usize,
    /// Rows of the file that are other workflows', by the word that says so.
    others: BTreeMap<String, usize>,
    started: usize,
    already: usize,
    papers_added: usize,
    /// Files that are not what was imported under their names before.
    papers_differ: Vec<String>,
    refused: Vec<RefusedRow>,
    /// Rows whose dossiers take no more papers.
    late: Vec<RefusedRow>,
}

#[derive(Serialize)]
struct RefusedRow {
    key: String,
    line: usize,
    reasons: Reasons,
}

impl RefusedRow {
    fn new(row: &Planned, refusal: &Refusal, refusing: &Refusing<'_>) -> Self {
        Self { key: row.key.clone(), line: row.line, reasons: refusing.reasons(refusal) }
    }
}

/// Plans the whole file, rehearses every row, and only then starts its dossiers.
pub(super) async fn run(args: &ImportArgs, context: &Context) -> Result<(), Trouble> {
    let office = Office::open(&context.config).await?;
    into(args, &office.engine, context).await
}

/// The same, in any office.
pub(super) async fn into(args: &ImportArgs, engine: &Engine, context: &Context) -> Result<(), Trouble> {
    let plan = plan(args, context, engine).await?;
    let folder = args.papers.clone().unwrap_or_default();
    let papers = move |row: &Planned, paper: &PlannedPaper| std::fs::read(folder.join(&row.key).join(&paper.name));
    let actor = Actor::Import { operator: context.environment.operator.clone() };
    let intake = Intake { engine, plan: &plan, actor: &actor, mends: false, papers: &papers };
    let mut answer = Answer { rows: plan.rows.len(), others: plan.others.clone(), ..Answer::default() };
    rehearse(&intake, context, &mut answer).await?;
    let sound = answer.refused.is_empty();
    if sound && !args.check {
        carry_out(&intake, context, &mut answer).await?;
    }
    context.printer.answer(&answer, |printer| {
        if sound && args.check {
            printer.say(&say!(intake.sound, n = answer.rows));
        } else if sound {
            let added = answer.papers_added;
            let papers = if added > 0 { say!(intake.papers, n = added) } else { Words::plain("") };
            printer.say(&say!(intake.started, started = answer.started, already = answer.already, papers));
        }
        if !answer.others.is_empty() {
            let words: Vec<String> = answer.others.iter().map(|(word, n)| format!("`{word}` {n}")).collect();
            let n: usize = answer.others.values().sum();
            printer.say(&say!(intake.others, n, words = words.join(", ")));
        }
        for row in &answer.refused {
            printer.say(&say!(intake.refused, line = row.line, key = row.key, why = row.reasons.join("; ")));
        }
        for row in &answer.late {
            printer.say(&say!(intake.late, line = row.line, key = row.key, why = row.reasons.join("; ")));
        }
        for name in &answer.papers_differ {
            printer.say(&say!(intake.differs, name));
        }
    });
    match (answer.refused.len(), answer.late.len()) {
        (0, 0) => Ok(()),
        (0, n) => Err(Trouble::Refused(say!(intake.late_all, n, all = answer.rows))),
        (n, _) if sound => Err(Trouble::Refused(say!(intake.refused_some, n, all = answer.rows))),
        (n, _) => Err(Trouble::Refused(say!(intake.refused_all, n, all = answer.rows))),
    }
}

async fn plan(args: &ImportArgs, context: &Context, engine: &Engine) -> Result<Plan, Trouble> {
    let workflow = WorkflowName::new(&args.workflow);
    let machine = engine.current(&workflow).await?.ok_or_else(|| {
        let known: Vec<String> = engine.workflows().iter().map(ToString::to_string).collect();
        let what = say!(trouble.no_workflow, workflow = workflow.as_str());
        Trouble::Usage(helped(what, say!(trouble.deployed_are, known = known.join(", "))))
    })?;
    let bytes = std::fs::read(&args.file).map_err(|error| unreadable(&args.file, &error))?;
    let name = args.file.file_name().map_or_else(|| "file".to_owned(), |name| name.to_string_lossy().into_owned());
    let (source, table) = sheet::read(&name, &bytes, args.sheet.as_deref());
    let faulty = |faults: Vec<crate::diagnostic::Diagnostic>| {
        let counts = sources::show(&context.printer, &faults, std::slice::from_ref(&source));
        Trouble::Input(say!(trouble.faults, n = counts.errors))
    };
    let table = table.map_err(faulty)?;
    let depth = machine.import.as_ref().map_or(1, |import| import.key.len());
    let papers = args.papers.as_deref().map(|folder| sources::names_inside(folder, depth)).transpose()?;
    import::plan(&table, &machine, &engine.directory(), papers.as_ref()).map_err(faulty)
}

/// Finds every row that would be refused, before anything is written.
async fn rehearse(intake: &Intake<'_>, context: &Context, answer: &mut Answer) -> Result<(), Trouble> {
    let directory = intake.engine.directory();
    let refusing = Refusing::new(context, &directory, "");
    let mut progress = context.printer.progress(&say!(progress.looking), intake.plan.rows.len());
    for row in &intake.plan.rows {
        let refusal = intake.rehearse(row).await.map_err(|error| trouble(error, &say!(intake.nothing)))?;
        answer.refused.extend(refusal.map(|refusal| RefusedRow::new(row, &refusal, &refusing)));
        progress.step();
    }
    Ok(())
}

async fn carry_out(intake: &Intake<'_>, context: &Context, answer: &mut Answer) -> Result<(), Trouble> {
    intake.open_registers().await.map_err(|error| trouble(error, &say!(intake.nothing)))?;
    let directory = intake.engine.directory();
    let refusing = Refusing::new(context, &directory, "");
    let mut progress = context.printer.progress(&say!(progress.importing), intake.plan.rows.len());
    for (done, row) in intake.plan.rows.iter().enumerate() {
        let left = say!(intake.so_far, done, all = answer.rows);
        match intake.take(row).await.map_err(|error| trouble(error, &left))? {
            Taken::Started(_) => answer.started += 1,
            Taken::Already(again) => {
                answer.already += 1;
                answer.papers_added += again.added;
                answer.papers_differ.extend(again.differ);
                answer.late.extend(again.late.map(|refusal| RefusedRow::new(row, &refusal, &refusing)));
            }
            // The office has changed since the rehearsal.
            Taken::Refused(refusal) => answer.refused.push(RefusedRow::new(row, &refusal, &refusing)),
        }
        progress.step();
    }
    // What the new dossiers have to say to each other is said before the answer, so that `list` shows it.
    while intake.engine.deliver().await? > 0 {}
    Ok(())
}

fn trouble(error: IntakeError, so_far: &Words) -> Trouble {
    let why = match error {
        IntakeError::Store(error) => {
            return match Trouble::from(error) {
                Trouble::World(why) => Trouble::World(say!(intake.stopped, why, so_far)),
                other => other,
            };
        }
        IntakeError::Paper(name, why) => say!(intake.no_paper, name, why = why.to_string()),
        IntakeError::Unfit(name, why) => say!(intake.unfit, name, why = why.to_string()),
        IntakeError::Second(entry, first) => say!(intake.second, entry, first),
    };
    Trouble::Input(say!(intake.stopped, why, so_far))
}
