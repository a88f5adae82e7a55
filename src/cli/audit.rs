//! `chancery audit`: does the log hold, does it give what is stored, and is it the one that it was on each day?

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde::Serialize;

use super::sources::read;
use super::verify::{self, ExportArgs, VerifyArgs};
use super::{Context, Trouble, act, helped};
use crate::diagnostic::say;
use crate::engine::Engine;
use crate::ids::DossierId;
use crate::service::Office;
use crate::store::Store;
use crate::store::heads::{Head, Heads};

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
    /// Replay dossiers from their logs: chain, seals, the stored dossier to the byte; with --all the daily heads too.
    #[command(before_help = "Example:\n  chancery audit replay --all\n  chancery audit replay 3f2a")]
    Replay {
        /// The dossier, or the beginning of its id.
        #[arg(required_unless_present = "all")]
        dossier: Option<String>,
        /// Every dossier.
        #[arg(long, conflicts_with = "dossier")]
        all: bool,
    },
    /// Look at the whole database with other eyes: a checker that shares no code with the engine.
    Verify(VerifyArgs),
    /// Write the log into a file that a stranger checks offline (docs/verify.py does): headers, sealed bytes, hashes, heads.
    Export(ExportArgs),
    /// Print the head of each day, and hold all of them against the log and against what somebody else has kept.
    #[command(before_help = "Example:\n  chancery audit heads > heads.txt        # keep it elsewhere, every day\n  \
                             chancery audit heads --against heads.txt")]
    Heads {
        /// Heads as this command printed them earlier: each must still be there, unchanged.
        #[arg(long, value_name = "FILE")]
        against: Option<PathBuf>,
    },
}

#[derive(Default, Serialize)]
struct Answer {
    dossiers: usize,
    events: usize,
    erased: usize,
    heads: usize,
    faults: Vec<Fault>,
}

#[derive(Serialize)]
struct Fault {
    /// None for what is wrong with heads.
    dossier: Option<DossierId>,
    what: String,
}

/// Looks, and fails if anything differs.
pub(super) async fn run(args: &AuditArgs, context: &Context) -> Result<(), Trouble> {
    match &args.what {
        Audit::Verify(args) => verify::run(args, context).await,
        Audit::Export(args) => verify::write_out(args, context).await,
        Audit::Replay { dossier, .. } => {
            let office = Office::open(&context.config).await?;
            replay(&office.engine, dossier.as_deref(), context).await
        }
        Audit::Heads { against } => {
            let office = Office::open(&context.config).await?;
            heads(office.engine.store(), against.as_deref(), context).await
        }
    }
}

async fn replay(engine: &Engine, dossier: Option<&str>, context: &Context) -> Result<(), Trouble> {
    let mut answer = Answer::default();
    match dossier {
        Some(id) => replay_one(engine, &act::find(engine, id).await?.id, &mut answer).await?,
        None => replay_all(engine, context, &mut answer).await?,
    }
    context.printer.answer(&answer, |printer| {
        printer.say(&say!(audit.replayed, dossiers = answer.dossiers, events = answer.events));
        if answer.heads > 0 {
            printer.say(&say!(audit.heads, n = answer.heads));
        }
        if answer.erased > 0 {
            printer.say(&say!(audit.erased, n = answer.erased));
        }
        for Fault { dossier, what } in &answer.faults {
            printer.line(dossier.as_ref().map_or_else(|| what.clone(), |dossier| format!("{dossier}: {what}")));
        }
    });
    judged(answer.faults.len())
}

fn judged(faults: usize) -> Result<(), Trouble> {
    if faults == 0 { Ok(()) } else { Err(Trouble::Refused(say!(audit.faults, n = faults))) }
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
    let mut progress = context.printer.progress(&say!(progress.replaying), ids.len());
    for id in &ids {
        replay_one(engine, id, answer).await?;
        progress.step();
    }
    drop(progress);
    let heads = verified(engine.store(), context).await?;
    answer.heads = heads.heads.len();
    answer.faults.extend(heads.faults.into_iter().map(|what| Fault { dossier: None, what }));
    Ok(())
}

async fn replay_one(engine: &Engine, id: &DossierId, answer: &mut Answer) -> Result<(), Trouble> {
    let replay = engine.replay(id).await?;
    answer.dossiers += 1;
    answer.events += replay.events;
    answer.erased += replay.erased;
    answer.faults.extend(replay.faults.into_iter().map(|what| Fault { dossier: Some(id.clone()), what }));
    Ok(())
}

async fn verified(store: &Store, context: &Context) -> Result<Heads, Trouble> {
    let mut progress = context.printer.progress(&say!(progress.heads), store.count_heads().await?);
    Ok(store.verify_heads(|_| progress.step()).await?)
}

async fn heads(store: &Store, against: Option<&Path>, context: &Context) -> Result<(), Trouble> {
    let (kept, language) = (against.map(kept).transpose()?, context.printer.language());
    let mut found = verified(store, context).await?;
    for (day, hash) in kept.iter().flatten() {
        match found.heads.iter().find(|head| head.day == *day) {
            Some(head) if head.hash == *hash => {}
            Some(_) => found.faults.push(say!(audit.not_kept, day).text(language)),
            None => found.faults.push(say!(audit.gone, day).text(language)),
        }
    }
    context.printer.answer(&found, |printer| {
        for Head { day, dossiers, hash } in &found.heads {
            printer.line(format!("{day}  {dossiers:>6}  {hash}"));
        }
        if found.unanchored > 0 {
            printer.hint(&say!(audit.unanchored, n = found.unanchored));
        }
        for fault in &found.faults {
            printer.note(fault);
        }
    });
    judged(found.faults.len())
}

/// Days and hashes of a file that this command has printed.
fn kept(path: &Path) -> Result<Vec<(String, String)>, Trouble> {
    let file = read(path)?;
    let mut kept = Vec::new();
    for (number, line) in file.text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let mut words = line.split_whitespace();
        match (words.next(), words.next_back()) {
            (Some(day), Some(hash)) if hash.len() == 64 => kept.push((day.to_owned(), hash.to_owned())),
            _ => {
                let what = say!(audit.no_head, path = path.display().to_string(), line = number + 1);
                return Err(Trouble::Input(helped(what, say!(audit.take_printed))));
            }
        }
    }
    Ok(kept)
}
