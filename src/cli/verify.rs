//! `chancery audit verify` and `export`: the independent look at a database, and the log for those who look elsewhere.

use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use super::sources::read;
use super::sources::unwritable;
use super::{Context, Trouble};
use crate::config::KeyFiles;
use crate::diagnostic::say;
use crate::verify::{Given, Report, export, verify};

/// What `audit verify` is told.
#[derive(Debug, Args)]
#[command(before_help = "Example:\n  chancery audit verify\n  \
                         chancery audit verify --database sqlite:///copy.db --without-keys")]
pub(super) struct VerifyArgs {
    /// The folder with the master keys, else that of the configuration.
    #[arg(long, value_name = "DIR", conflicts_with = "without_keys")]
    keys: Option<PathBuf>,
    /// Look only at what can be seen without keys: order, chain, heads, rows.
    #[arg(long)]
    without_keys: bool,
    /// A file with an operation id a line, each acknowledged to somebody: every one must be there, once.
    #[arg(long, value_name = "FILE")]
    acknowledged: Option<PathBuf>,
}

/// What `audit export` is told.
#[derive(Debug, Args)]
#[command(before_help = "Example:\n  chancery audit export log.jsonl && python3 docs/verify.py log.jsonl")]
pub(super) struct ExportArgs {
    /// Where to; what is there already is not overwritten.
    file: PathBuf,
}

/// Writes the log out, whole or not at all.
pub(super) async fn write_out(args: &ExportArgs, context: &Context) -> Result<(), Trouble> {
    let url = context.config.database_url()?;
    let failed = |error: std::io::Error| Trouble::Input(unwritable(&args.file, &error));
    let file = std::fs::File::create_new(&args.file).map_err(failed)?;
    let (mut out, mut shown) = (std::io::BufWriter::new(file), None);
    let written = export(url.expose(), &mut out, |_, all| {
        shown.get_or_insert_with(|| context.printer.progress(&say!(progress.writing), all)).step();
    })
    .await;
    drop(shown);
    match written {
        Ok(events) => {
            let answer = serde_json::json!({"file": args.file, "events": events});
            context.printer.answer(&answer, |printer| {
                printer.say(&say!(audit.exported, n = events, path = args.file.display().to_string()));
            });
            Ok(())
        }
        Err(error) => {
            let _ = std::fs::remove_file(&args.file);
            Err(Trouble::Input(error.to_string().into()))
        }
    }
}

/// A report, as programs read it.
#[derive(Serialize)]
struct Answer<'a> {
    dossiers: usize,
    events: usize,
    /// Events whose content was read.
    opened: usize,
    erased: usize,
    expired: usize,
    heads: usize,
    unanchored: usize,
    faults: Vec<Fault<'a>>,
}

#[derive(Serialize)]
struct Fault<'a> {
    /// None for what concerns the whole database.
    dossier: Option<&'a str>,
    check: &'a str,
    what: &'a str,
}

impl<'a> From<&'a Report> for Answer<'a> {
    fn from(report: &'a Report) -> Self {
        let fault = |one: &'a crate::verify::Fault| Fault {
            dossier: one.dossier.as_deref(),
            check: one.check,
            what: &one.what,
        };
        Self {
            dossiers: report.dossiers,
            events: report.events,
            opened: report.opened,
            erased: report.erased,
            expired: report.expired,
            heads: report.heads,
            unanchored: report.unanchored,
            faults: report.faults.iter().map(fault).collect(),
        }
    }
}

/// Looks, and fails if anything does not hang together.
pub(super) async fn run(args: &VerifyArgs, context: &Context) -> Result<(), Trouble> {
    let url = context.config.database_url()?;
    let keys = match &args.keys {
        _ if args.without_keys => None,
        Some(folder) => Some(KeyFiles::in_folder(folder).masters()?),
        None => Some(context.config.key_files()?.masters()?),
    };
    let acknowledged = args.acknowledged.as_deref().map(operations).transpose()?.unwrap_or_default();
    let given = Given { keys, acknowledged };
    let mut shown = None;
    let report = verify(url.expose(), &given, |_, all| {
        shown.get_or_insert_with(|| context.printer.progress(&say!(progress.looking), all)).step();
    })
    .await
    .map_err(|error| Trouble::Input(error.to_string().into()))?;
    drop(shown);
    context.printer.answer(&Answer::from(&report), |printer| {
        let Report { dossiers, events, opened, heads, .. } = &report;
        printer.say(&say!(audit.verified, dossiers, events, opened, heads));
        if report.erased > 0 {
            printer.say(&say!(audit.erased, n = report.erased));
        }
        if report.expired > 0 {
            printer.say(&say!(audit.expired, n = report.expired));
        }
        if report.unanchored > 0 {
            printer.hint(&say!(audit.under_none, n = report.unanchored));
        }
        for fault in &report.faults {
            let whose = fault.dossier.as_deref().map(|dossier| format!("{dossier}: ")).unwrap_or_default();
            printer.line(format!("{:<9} {whose}{}", fault.check, fault.what));
        }
    });
    match report.faults.len() {
        0 => Ok(()),
        n => Err(Trouble::Refused(say!(audit.faulty, n))),
    }
}

/// Operation ids, one a line.
fn operations(path: &Path) -> Result<Vec<String>, Trouble> {
    let file = read(path)?;
    let lines = file.text.lines().map(str::trim).filter(|line| !line.is_empty());
    Ok(lines.map(str::to_owned).collect())
}
