//! `chancery backup`, `restore`, `resume`: copies of the database, and letting a copy go on.

use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use super::{Context, Trouble};
use crate::config::sqlite_path;
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
        return Err(Trouble::Usage(format!(
            "PostgreSQL is backed up by its own tools:\n  pg_dump --format=custom --file={} --dbname=URL\n  help: the \
             URL is the one of the configuration; `pg_restore` reads the file back, then `chancery restore --hold`",
            args.file.display()
        )));
    };
    if !database.exists() {
        return Err(Trouble::Usage(format!(
            "`{}` does not exist\n  help: `chancery migrate` makes it",
            database.display()
        )));
    }
    must_be_free(&args.file, "name another file")?;
    backup::backup(&database, &args.file)?;
    let copied = Copied {
        database: database.display().to_string(),
        file: args.file.display().to_string(),
        bytes: std::fs::metadata(&args.file).map(|meta| meta.len()).unwrap_or_default(),
    };
    context.printer.answer(&copied, |printer| {
        printer.line(format!("{} ({} bytes, checked)", copied.file, copied.bytes));
        printer.note("help: the keys are not in it: back them up apart");
    });
    Ok(())
}

/// Puts a copy into the place of the database, held.
pub(super) async fn restore(args: &RestoreArgs, context: &Context) -> Result<(), Trouble> {
    let url = context.config.database_url()?;
    match (&args.file, sqlite_path(url.expose())) {
        (Some(file), Some(database)) => {
            if !file.exists() {
                return Err(Trouble::Input(format!("`{}` does not exist", file.display())));
            }
            must_be_free(&database, "move it away, with its `-wal` and `-shm`")?;
            backup::check(file).map_err(|error| Trouble::Input(error.to_string()))?;
            let why = format!("restored from `{}` at {}", file.display(), context.now());
            backup::restore(file, &database, &why)?;
        }
        (Some(file), None) => {
            return Err(Trouble::Usage(format!(
                "PostgreSQL is restored by its own tools:\n  pg_restore --clean --if-exists --dbname=URL {}\n  help: then \
                 `chancery restore --hold`",
                file.display()
            )));
        }
        (None, _) => {
            let store = Store::open(url.expose()).await?;
            home::hold(&store, "restored", context.now()).await?;
            store.end_proofs().await?;
        }
    }
    context.printer.answer(&serde_json::json!({ "held": true }), |printer| {
        printer.line("restored and held: no mail is sent and nothing starts by the clock until `chancery resume`");
    });
    Ok(())
}

/// Lets a held database go on.
pub(super) async fn resume(_: &ResumeArgs, context: &Context) -> Result<(), Trouble> {
    let office = Office::open(&context.config).await?;
    let store = office.engine.store();
    let held = home::resume(store, &context.config).await?;
    context.printer.answer(&serde_json::json!({ meta::HELD: held }), |printer| match &held {
        Some(why) => printer.line(format!("it goes on (it was held: {why})")),
        None => printer.line("it was not held"),
    });
    Ok(())
}

/// Nothing is ever written over.
fn must_be_free(path: &Path, help: &str) -> Result<(), Trouble> {
    if path.exists() {
        return Err(Trouble::Usage(format!("`{}` exists already\n  help: {help}", path.display())));
    }
    Ok(())
}
