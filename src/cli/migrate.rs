//! `chancery migrate`: schema and keys.

use clap::Args;
use serde::Serialize;

use super::{Context, Trouble, helped};
use crate::config::sqlite_path;
use crate::diagnostic::say;
use crate::service::home;
use crate::store::Store;
use crate::store::meta::KEY_CHECK;

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
        make_private(&database).map_err(|error| {
            Trouble::World(say!(trouble.unmakable, path = database.display().to_string(), why = error.to_string()))
        })?;
    }
    let store = Store::open(url.expose()).await?;
    store.migrate().await?;
    if let Some(role) = config.database.server_role.as_deref().filter(|_| store.is_postgres()) {
        store.grant_server(role).await?;
    }
    home::notice(&store, config).await?;
    // A database that was written with keys of its own would be shut for good by new ones that look right.
    let written = store.meta(KEY_CHECK).await?.is_some();
    if written && !args.no_keys && !keys.missing()?.is_empty() {
        let what = say!(schema.other_keys, keys = keys.folder().display().to_string());
        return Err(Trouble::Usage(helped(what, say!(schema.put_back))));
    }
    let made = if args.no_keys { Vec::new() } else { keys.create_missing()? };
    let answer = Answer {
        keys_made: made.iter().map(|path| path.display().to_string()).collect(),
        keys: keys.folder().display().to_string(),
    };
    context.printer.answer(&answer, |printer| {
        printer.say(&say!(schema.done));
        for file in &answer.keys_made {
            printer.say(&say!(schema.made, file));
        }
        if !answer.keys_made.is_empty() {
            printer.hint(&say!(schema.keep, keys = answer.keys));
        }
    });
    Ok(())
}

/// A new database can be read by its owner only: what SQLite puts beside it follows its mode.
fn make_private(database: &std::path::Path) -> std::io::Result<()> {
    use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
    if let Some(folder) = database.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let made = !database.exists();
    std::fs::OpenOptions::new().create(true).append(true).mode(0o600).open(database)?;
    // Made by root in the service's folder, it belongs to the service; SQLite gives what it puts beside it the same owner.
    if made && let Some(folder) = database.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        let owner = std::fs::metadata(folder)?;
        if std::fs::metadata(database)?.uid() != owner.uid() {
            std::os::unix::fs::chown(database, Some(owner.uid()), Some(owner.gid()))?;
        }
    }
    Ok(())
}
