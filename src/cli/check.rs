//! `chancery check`: every fault in workflow files, with its place and a way out.

use std::path::PathBuf;

use clap::Args;

use super::sources::{self, Counts};
use super::{Context, Trouble};
use crate::diagnostic::{code, say};

/// What `check` is told.
#[derive(Debug, Args)]
#[command(
    before_help = "Example:\n  chancery check workflows/purchase\n  chancery check workflows\n  chancery check --explain E0101"
)]
pub(super) struct CheckArgs {
    /// Workflow files, or folders: in a folder every file with a `chancery:` key is checked, with the tables and
    /// translations beside it.
    #[arg(required_unless_present = "explain")]
    paths: Vec<PathBuf>,
    /// Say at length what a code means.
    #[arg(long, value_name = "CODE")]
    explain: Option<String>,
}

/// Checks files, or explains a code.
pub(super) fn run(args: &CheckArgs, context: &Context) -> Result<(), Trouble> {
    if let Some(code) = &args.explain {
        return explain(code, context);
    }
    let printer = &context.printer;
    let files = sources::find(&args.paths)?;
    let mut counts = Counts::default();
    for file in &files {
        let checked = sources::check(file)?;
        let here = sources::show(printer, &checked.diagnostics, &checked.sources);
        if !printer.is_json() && here.errors == 0 {
            printer.line(say!(report.good, file = file.display().to_string()).text(printer.language()));
        }
        counts += here;
    }
    if counts.errors > 0 {
        return Err(Trouble::Input(counts.words().text(printer.language())));
    }
    Ok(())
}

fn explain(code: &str, context: &Context) -> Result<(), Trouble> {
    let language = context.printer.language();
    let Some(found) = code::find(code) else {
        return Err(Trouble::Usage(say!(report.no_code, code).text(language)));
    };
    let (meaning, text) = (found.meaning(language), found.explanation(language));
    let answer = serde_json::json!({ "code": found.code, "meaning": meaning, "text": text });
    context.printer.answer(&answer, |printer| printer.line(format!("{}: {meaning}\n\n{text}", found.code)));
    Ok(())
}
