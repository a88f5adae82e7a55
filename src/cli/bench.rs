//! `chancery bench`: a dossier's life, timed; or mails on their way out; or the check of a large workflow.

use std::path::PathBuf;

use clap::Args;

use super::{Context, Trouble};
use crate::bench::{self, BenchError, Settings};
use crate::clock::Chance;
use crate::diagnostic::say;

/// How often a check is timed.
const CHECKS: u32 = 20;

/// What `bench` is told.
#[derive(Debug, Args)]
#[command(
    before_help = "Example:\n  chancery bench --clients 32 --count 6000\n  chancery bench --clients 32 --count 6000 \
                   --database postgres://user@host/empty\n  chancery bench --mail 4000\n  chancery bench --check 1000"
)]
pub(super) struct BenchArgs {
    /// Callers; each makes its next call when the one before was acknowledged.
    #[arg(long, default_value_t = 32)]
    clients: usize,
    /// Lives of dossiers.
    #[arg(long, default_value_t = 1000)]
    count: usize,
    /// Time so many mails instead, from the outbox into a sink, over 8 connections, beside a floor in the same run.
    #[arg(long, value_name = "MAILS", conflicts_with_all = ["clients", "count"])]
    mail: Option<usize>,
    /// Time the check of a workflow of so many states instead, twenty times over; the fastest counts.
    #[arg(long, value_name = "STATES", conflicts_with_all = ["clients", "count", "mail"])]
    check: Option<usize>,
}

impl From<BenchError> for Trouble {
    fn from(error: BenchError) -> Self {
        match error {
            BenchError::Store(error) => error.into(),
            BenchError::NotEmpty(_) => Self::Usage(error.to_string().into()),
            BenchError::Workflow(_) | BenchError::Life(_) => Self::World(error.to_string().into()),
            BenchError::Missing { .. } | BenchError::Replay { .. } => Self::Refused(error.to_string().into()),
        }
    }
}

/// Runs it: `go` when the timed part begins, then one line of JSON, whatever the format. Without a database a temporary
/// SQLite file is used.
pub(super) async fn run(args: &BenchArgs, database: Option<String>, context: &Context) -> Result<(), Trouble> {
    if let Some(states) = args.check {
        let report = line(bench::states::run(states, CHECKS, || context.printer.line("go")))?;
        context.printer.line(report);
        return Ok(());
    }
    let folder = database.is_none().then(temporary).transpose()?;
    let database = match (&folder, database) {
        (Some(folder), _) => format!("sqlite://{}/bench.db", folder.display()),
        (None, database) => database.unwrap_or_default(),
    };
    let go = || context.printer.line("go");
    let report = if let Some(mails) = args.mail {
        line(bench::mail::run(mails, &database, go).await)
    } else {
        let settings = Settings { clients: args.clients, count: args.count, database };
        line(bench::run(&settings, go).await)
    };
    if let Some(folder) = folder {
        // What cannot be removed from the temporary folder is the system's to remove.
        let _ = std::fs::remove_dir_all(folder);
    }
    context.printer.line(report?);
    Ok(())
}

fn line(report: Result<impl serde::Serialize, BenchError>) -> Result<String, Trouble> {
    serde_json::to_string(&report?).map_err(|error| Trouble::World(error.to_string().into()))
}

fn temporary() -> Result<PathBuf, Trouble> {
    let folder = std::env::temp_dir().join(format!("chancery-bench-{}", Chance::system().id()));
    std::fs::create_dir(&folder).map_err(|error| {
        Trouble::World(say!(trouble.unmakable, path = folder.display().to_string(), why = error.to_string()))
    })?;
    Ok(folder)
}
