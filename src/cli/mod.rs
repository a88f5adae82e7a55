//! The command line: one file per command, one printer, documented exit codes.

mod printer;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

pub use printer::{Format, Printer, Progress};

use crate::config::{Config, ConfigError, Environment};

/// What every command may be told.
#[derive(Debug, Parser)]
#[command(
    name = "chancery",
    version,
    about = "Runs dossiers through workflows that are written in YAML",
    before_help = "Example:\n  chancery check workflows/leave\n  chancery serve",
    after_help = EXIT_CODES,
    disable_help_subcommand = true
)]
struct Cli {
    /// The configuration file (else CHANCERY_CONFIG, else /etc/chancery/chancery.toml if it is there).
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Another database than the configuration's: sqlite://path or postgres://user@host/name.
    #[arg(long, global = true, value_name = "URL")]
    database: Option<String>,
    /// How answers are written.
    #[arg(long, global = true, value_enum, default_value_t)]
    format: Format,
    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  refused, or differences were found
  2  wrong arguments or configuration
  3  an input file has faults
  4  the world failed (database, network, disk)";

#[derive(Debug, Subcommand)]
enum Command {}

/// Why a command did not do what it was asked: each kind is an exit code.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// It may not be done, or a comparison found differences.
    #[error("{0}")]
    Refused(String),
    /// The arguments or the configuration make no sense.
    #[error("{0}")]
    Usage(String),
    /// An input file has faults.
    #[error("{0}")]
    Input(String),
    /// The world failed.
    #[error("{0}")]
    World(String),
}

impl Trouble {
    fn code(&self) -> u8 {
        match self {
            Self::Refused(_) => 1,
            Self::Usage(_) => 2,
            Self::Input(_) => 3,
            Self::World(_) => 4,
        }
    }
}

impl From<ConfigError> for Trouble {
    fn from(error: ConfigError) -> Self {
        Self::Usage(error.to_string())
    }
}

/// Parses the arguments, runs the command, prints why it failed.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let printer = Printer::new(cli.format);
    match run(cli, &printer) {
        Ok(()) => ExitCode::SUCCESS,
        Err(trouble) => {
            printer.error(&trouble.to_string());
            ExitCode::from(trouble.code())
        }
    }
}

fn run(cli: Cli, _printer: &Printer) -> Result<(), Trouble> {
    let environment = Environment::read();
    let mut config = Config::load(cli.config.as_deref(), &environment)?;
    if let Some(url) = cli.database {
        config.database.url = Some(url);
        config.database.url_file = None;
        config.validate()?;
    }
    match cli.command {}
}
