//! `chancery serve`, `web`, `scheduler`: the server, whole or in parts.

use clap::{Args, ValueEnum};

use super::{Context, Trouble};
use crate::config::{Log, LogFormat};
use crate::diagnostic::say;
use crate::service::{self, Part};

/// What `serve` is told.
#[derive(Debug, Args)]
#[command(before_help = "Example:\n  chancery migrate\n  chancery serve --config /etc/chancery/chancery.toml")]
pub(super) struct ServeArgs {}

/// What `web` is told.
#[derive(Debug, Args)]
#[command(
    before_help = "Example:\n  chancery web --config /etc/chancery/chancery.toml\n  chancery web --only links --config /etc/chancery/links.toml"
)]
pub(super) struct WebArgs {
    /// Serve these pages alone: `links` are those behind mailed links and of public dossiers, for a proxy in the outer zone.
    #[arg(long, value_enum)]
    only: Option<Only>,
}

/// A part of the pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Only {
    /// Those behind mailed links and of public dossiers.
    Links,
}

impl WebArgs {
    /// The part of the server that this is.
    pub(super) fn part(&self) -> Part {
        match self.only {
            Some(Only::Links) => Part::Links,
            None => Part::Web,
        }
    }
}

/// What `scheduler` is told.
#[derive(Debug, Args)]
#[command(before_help = "Example:\n  chancery scheduler --config /etc/chancery/chancery.toml")]
pub(super) struct SchedulerArgs {}

/// Runs these parts until a signal.
pub(super) async fn run(parts: &[Part], context: &Context) -> Result<(), Trouble> {
    log(&context.config.log)?;
    service::run(&context.config, parts).await.map_err(Trouble::from)
}

/// The log of a server goes to stderr, where systemd collects it.
fn log(log: &Log) -> Result<(), Trouble> {
    let filter = tracing_subscriber::EnvFilter::try_new(&log.filter)
        .map_err(|error| Trouble::Usage(say!(trouble.at, place = "log.filter", why = error.to_string())))?;
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let set = match log.format {
        LogFormat::Human => lines.with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr())).try_init(),
        LogFormat::Json => lines.json().try_init(),
    };
    set.map_err(|error| Trouble::World(say!(trouble.no_log, why = error.to_string())))
}
