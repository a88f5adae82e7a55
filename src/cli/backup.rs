//! `chancery backup`, `restore`, `resume`: copies of the database, and letting a copy go on.

use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use super::{Context, Trouble, helped};
use crate::config::sqlite_path;
use crate::diagnostic::{Words, say};
use crate::service::{Office, home};
use crate::store::{Store, backup, meta};

/// What `backup` is told.
#[derive(Debug, Args)]
#[command(before_help = "Example:\n  chancery backup /var/backups/chancery-2026-11-23.db")]
pub(super) struct BackupArgs {
    /// The file that is made; it must not exist.
    file: PathBuf,
}

/// What `restore` is told.
#[derive(Debug, Args)]
#[command(before_help = "Example:\n  systemctl stop chancery\n  chancery restore /var/backups/chancery-2026-11-23.db")]
pub(super) struct RestoreArgs {
    /// The copy that `backup` made.
    #[arg(required_unless_present = "hold")]
    file: Option<PathBuf>,
    /// Only hold the database, which was restored in another way (`pg_restore`, a snapshot of the disk).
    #[arg(long, conflicts_with = "file")]
    hold: bool,
}

/// What `resume` is told.
#[derive(Debug, Args)]
#[command(before_help = "Example:\n  chancery resume")]
pub(super) struct ResumeArgs {}

#[derive(Serialize)]
struct Copied {
    database: String,
    file: String,
    bytes: u64,
}

/// Copies an SQLite database while it is in use, and proves the copy.
pub(super) fn backup(args: &BackupArgs, context: &Context) -> Result<(), Trouble> {
    let url = context.config.database_url()?;
    let Some(database) = sqlite_path(url.expose()) else {
        let what = say!(copy.postgres_backup, line = "\n  ", file = args.file.display().to_string());
        return Err(Trouble::Usage(helped(what, say!(copy.postgres_read))));
    };
    if !database.exists() {
        let what = say!(trouble.no_file, path = database.display().to_string());
        return Err(Trouble::Usage(helped(what, say!(copy.makes))));
    }
    must_be_free(&args.file, say!(copy.another_file))?;
    backup::backup(&database, &args.file)?;
    let copied = Copied {
        database: database.display().to_string(),
        file: args.file.display().to_string(),
        bytes: std::fs::metadata(&args.file).map(|meta| meta.len()).unwrap_or_default(),
    };
    context.printer.answer(&copied, |printer| {
        printer.say(&say!(copy.made, file = copied.file, bytes = copied.bytes));
        printer.hint(&say!(copy.keys_apart));
    });
    Ok(())
}

/// Puts a copy into the place of the database, held.
pub(super) async fn restore(args: &RestoreArgs, context: &Context) -> Result<(), Trouble> {
    let url = context.config.database_url()?;
    match (&args.file, sqlite_path(url.expose())) {
        (Some(file), Some(database)) => {
            if !file.exists() {
                return Err(Trouble::Input(say!(trouble.no_file, path = file.display().to_string())));
            }
            must_be_free(&database, say!(copy.move_away))?;
            backup::check(file).map_err(|error| Trouble::Input(error.to_string().into()))?;
            let why = say!(copy.restored, file = file.display().to_string(), at = context.now().to_string());
            let why = why.text(context.printer.language());
            backup::restore(file, &database, &why)?;
        }
        (Some(file), None) => {
            let what = say!(copy.postgres_restore, line = "\n  ", file = file.display().to_string());
            return Err(Trouble::Usage(helped(what, say!(copy.then_hold))));
        }
        (None, _) => {
            let store = Store::open(url.expose()).await?;
            home::hold(&store, "restored", context.now()).await?;
            store.end_proofs().await?;
        }
    }
    context.printer.answer(&serde_json::json!({ "held": true }), |printer| {
        printer.say(&say!(copy.held));
        printer.hint(&say!(copy.lost));
    });
    Ok(())
}

/// Lets a held database go on.
pub(super) async fn resume(_: &ResumeArgs, context: &Context) -> Result<(), Trouble> {
    let office = Office::open(&context.config).await?;
    let store = office.engine.store();
    let held = home::resume(store, &context.config).await?;
    context.printer.answer(&serde_json::json!({ meta::HELD: held }), |printer| match &held {
        Some(why) => printer.say(&say!(copy.goes_on, why)),
        None => printer.say(&say!(copy.not_held)),
    });
    Ok(())
}

/// Nothing is ever written over.
fn must_be_free(path: &Path, help: Words) -> Result<(), Trouble> {
    if path.exists() {
        return Err(Trouble::Usage(helped(say!(trouble.exists, path = path.display().to_string()), help)));
    }
    Ok(())
}
