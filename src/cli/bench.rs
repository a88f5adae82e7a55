//! `chancery bench`: how many lives of dossiers in a second?

use clap::Args;

use super::{Context, Trouble};
use crate::bench::{self, BenchError, Settings};

/// What `bench` is told.
#[derive(Debug, Args)]
#[command(before_help = "Example:\n  chancery bench --clients 32 --count 6000 --database sqlite:///tmp/bench.db

A life is a start and four decisions on the shipped purchase workflow, each durable before it is acknowledged. Prints `go`
when the timed part begins, and one line of JSON at the end. The database must be empty and is good for nothing afterwards.")]
pub(super) struct BenchArgs {
    /// Callers; each makes its next call when the one before was acknowledged.
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u16).range(1..))]
    clients: u16,
    /// Lives.
    #[arg(long, default_value_t = 2_000, value_parser = clap::value_parser!(u32).range(1..))]
    count: u32,
}

/// Runs it on the database that was named; never on the configuration's, which may be in use.
pub(super) async fn run(args: &BenchArgs, database: Option<String>, context: &Context) -> Result<(), Trouble> {
    let Some(database) = database else {
        return Err(Trouble::Usage("name an empty database of its own with `--database`".to_owned()));
    };
    let settings =
        Settings { clients: args.clients.into(), count: usize::try_from(args.count).unwrap_or(usize::MAX), database };
    let report = bench::run(&settings, || context.printer.line("go")).await?;
    let line = serde_json::to_string(&report).map_err(|error| Trouble::World(error.to_string()))?;
    context.printer.line(line);
    Ok(())
}

impl From<BenchError> for Trouble {
    fn from(error: BenchError) -> Self {
        match error {
            BenchError::Store(error) => error.into(),
            BenchError::NotEmpty(_) => Self::Usage(error.to_string()),
            BenchError::Workflow(_) => Self::Input(error.to_string()),
            BenchError::Life(_) | BenchError::Missing { .. } | BenchError::Replay { .. } => {
                Self::World(error.to_string())
            }
        }
    }
}
