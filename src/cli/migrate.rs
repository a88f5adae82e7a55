//! `chancery migrate`: schema and keys.

use clap::Args;
use serde::Serialize;

use super::{Context, Trouble};
use crate::config::sqlite_path;
use crate::service::home;
use crate::store::Store;

/// What `migrate` may be told.
#[derive(Debug, Args)]
#[command(before_help = "Example:\n  chancery migrate\n  chancery migrate --no-keys")]
pub(super) struct MigrateArgs {
    /// Leave missing keys missing: for a machine on which they are put by hand.
    #[arg(long)]
    no_keys: bool,
}

#[derive(Serialize)]
struct Answer {
    keys_made: Vec<String>,
    keys: String,
}

/// Brings the database to this program's schema and makes the keys that are missing.
pub(super) async fn run(args: &MigrateArgs, context: &Context) -> Result<(), Trouble> {
    let config = &context.config;
    let keys = config.key_files()?;
    let url = config.owner_url()?;
    if let Some(database) = sqlite_path(url.expose()) {
        make_private(&database)
            .map_err(|error| Trouble::World(format!("`{}` cannot be made: {error}", database.display())))?;
    }
    let store = Store::open(url.expose()).await?;
    store.migrate().await?;
    if let Some(role) = config.database.server_role.as_deref().filter(|_| store.is_postgres()) {
        store.grant_server(role).await?;
    }
    home::notice(&store, config).await?;
    let made = if args.no_keys { Vec::new() } else { keys.create_missing()? };
    let answer = Answer {
        keys_made: made.iter().map(|path| path.display().to_string()).collect(),
        keys: keys.folder().display().to_string(),
    };
    context.printer.answer(&answer, |printer| {
        printer.line("the database has this program's schema");
        for key in &answer.keys_made {
            printer.line(format!("made {key}"));
        }
        if !answer.keys_made.is_empty() {
            printer.note(format!(
                "help: back `{}` up, apart from the database: without it nothing sealed can be read again",
                answer.keys
            ));
        }
    });
    Ok(())
}

/// A new database can be read by its owner only: what SQLite puts beside it follows its mode.
fn make_private(database: &std::path::Path) -> std::io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt as _;
    if let Some(folder) = database.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::OpenOptions::new().create(true).append(true).mode(0o600).open(database).map(drop)
}
