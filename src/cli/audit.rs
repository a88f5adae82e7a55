//! `chancery audit replay`: does the log hold, and does it give what is stored?

use clap::{Args, Subcommand};
use serde::Serialize;

use super::{Context, Trouble, act};
use crate::engine::Engine;
use crate::ids::DossierId;
use crate::service::Office;

/// Dossiers that are named at once.
const AT_ONCE: i64 = 200;

/// What `audit` is told.
#[derive(Debug, Args)]
pub(super) struct AuditArgs {
    #[command(subcommand)]
    what: Audit,
}

#[derive(Debug, Subcommand)]
enum Audit {
    /// Replay dossiers from their logs: chain, seals, and the stored dossier to the byte.
    #[command(before_help = "Example:\n  chancery audit replay --all\n  chancery audit replay 3f2a")]
    Replay {
        /// The dossier, or the beginning of its id.
        #[arg(required_unless_present = "all")]
        dossier: Option<String>,
        /// Every dossier.
        #[arg(long, conflicts_with = "dossier")]
        all: bool,
    },
}

#[derive(Default, Serialize)]
struct Answer {
    dossiers: usize,
    events: usize,
    erased: usize,
    faults: Vec<Fault>,
}

#[derive(Serialize)]
struct Fault {
    dossier: DossierId,
    what: String,
}

/// Replays, and fails if anything differs.
pub(super) async fn run(args: &AuditArgs, context: &Context) -> Result<(), Trouble> {
    let Audit::Replay { dossier, .. } = &args.what;
    let office = Office::open(&context.config).await?;
    let engine = &office.engine;
    let mut answer = Answer::default();
    match dossier {
        Some(id) => replay(engine, &act::find(engine, id).await?.id, &mut answer).await?,
        None => replay_all(engine, context, &mut answer).await?,
    }
    context.printer.answer(&answer, |printer| {
        printer.line(format!("{} dossiers, {} events", answer.dossiers, answer.events));
        if answer.erased > 0 {
            printer.line(format!("{} parts belong to people who were erased", answer.erased));
        }
        for fault in &answer.faults {
            printer.line(format!("{}: {}", fault.dossier, fault.what));
        }
    });
    match answer.faults.len() {
        0 => Ok(()),
        faults => Err(Trouble::Refused(format!("{faults} faults in the log"))),
    }
}

async fn replay_all(engine: &Engine, context: &Context, answer: &mut Answer) -> Result<(), Trouble> {
    let mut ids = Vec::new();
    loop {
        let more = engine.dossiers_after(ids.last(), AT_ONCE).await?;
        if more.is_empty() {
            break;
        }
        ids.extend(more);
    }
    let mut progress = context.printer.progress("replaying", ids.len());
    for id in &ids {
        replay(engine, id, answer).await?;
        progress.step();
    }
    Ok(())
}

async fn replay(engine: &Engine, id: &DossierId, answer: &mut Answer) -> Result<(), Trouble> {
    let replay = engine.replay(id).await?;
    answer.dossiers += 1;
    answer.events += replay.events;
    answer.erased += replay.erased;
    answer.faults.extend(replay.faults.into_iter().map(|what| Fault { dossier: id.clone(), what }));
    Ok(())
}
