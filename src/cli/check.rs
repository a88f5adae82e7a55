//! `chancery check`: every fault in workflow files, with its place and a way out.

use std::path::{Path, PathBuf};

use clap::Args;

use super::sources::{self, Counts};
use super::{Context, Format, Trouble, examples};
use crate::diagnostic::{Diagnostic, code, render_sarif, say};
use crate::ids::PersonId;
use crate::machine::Shape;
use crate::machine::check::{Checked, against, together};
use crate::source::SourceFile;

/// What `check` is told.
#[derive(Debug, Args)]
#[command(
    before_help = "Example:\n  chancery check workflows/purchase\n  chancery check workflows --directory DIR\n  \
                   chancery check workflows --language vi\n  chancery check workflows --format sarif\n  \
                   chancery check --explain E0101",
    after_help = "Exit codes:\n  0  no errors (there may be warnings)\n  2  wrong arguments\n  3  errors, or a file that cannot be read"
)]
pub(super) struct CheckArgs {
    /// Workflow files, or folders: in a folder every file with a `chancery:` key is checked, with the tables and
    /// translations beside it. Lists are looked up among all of them, and in the folders in which they stand.
    #[arg(required_unless_present = "explain")]
    paths: Vec<PathBuf>,
    /// A folder with the directory: whether posts, bodies and units exist there, whether somebody can act in every state,
    /// and whether every vote can be won.
    #[arg(long, value_name = "DIR")]
    directory: Option<PathBuf>,
    /// Say at length what a code means.
    #[arg(long, value_name = "CODE")]
    explain: Option<String>,
}

/// How its answer can be written.
pub(super) const FORMATS: &[Format] = &[Format::Human, Format::Json, Format::Short, Format::Sarif];

/// What was found in files, and the files to show it in.
type Found = (Vec<Diagnostic>, Vec<SourceFile>);

/// Checks files, or explains a code.
pub(super) fn run(args: &CheckArgs, context: &Context) -> Result<(), Trouble> {
    if let Some(code) = &args.explain {
        return explain(code, context);
    }
    let printer = &context.printer;
    let files = sources::find(&args.paths)?;
    let checked = files.iter().map(|file| sources::check(file)).collect::<Result<Vec<_>, _>>()?;
    let mut counts = Counts::default();
    let mut found = of_each_other(&files, &checked);
    if let Some(folder) = &args.directory {
        found.extend(in_an_office(folder, &checked, context, &mut counts)?);
    }
    found.splice(0..0, checked.into_iter().map(|one| (one.diagnostics, one.sources)));
    if printer.format() == Format::Sarif {
        let all: Vec<(&[Diagnostic], &[SourceFile])> =
            found.iter().map(|(diagnostics, sources)| (&diagnostics[..], &sources[..])).collect();
        printer.line(render_sarif(&all, printer.language()).trim_end());
    }
    for (diagnostics, sources) in &found {
        counts += match printer.format() {
            Format::Sarif => Counts::of(diagnostics),
            _ => sources::show(printer, diagnostics, sources),
        };
    }
    if printer.format() == Format::Human {
        praise(&files, &found, context);
    }
    if counts.errors > 0 {
        return Err(Trouble::Input(counts.words()));
    }
    Ok(())
}

/// The workflows in these folders, before something else is done with them: how many there are. What is wrong is shown as `check`
/// shows it, and then nothing else is done.
pub(super) fn faultless(paths: &[PathBuf], context: &Context) -> Result<usize, Trouble> {
    let mut files = Vec::new();
    for folder in paths.iter().filter(|path| path.is_dir()) {
        // A folder without a workflow is no fault here: scenarios may name one elsewhere.
        files.extend(sources::find(std::slice::from_ref(folder)).unwrap_or_default());
    }
    let checked = files.iter().map(|file| sources::check(file)).collect::<Result<Vec<_>, _>>()?;
    let mut found = of_each_other(&files, &checked);
    found.splice(0..0, checked.into_iter().map(|one| (one.diagnostics, one.sources)));
    let counts = Counts::of(&found.iter().flat_map(|(faults, _)| faults.iter().cloned()).collect::<Vec<_>>());
    if counts.errors == 0 {
        return Ok(files.len());
    }
    for (faults, sources) in &found {
        sources::show(&context.printer, faults, sources);
    }
    Err(Trouble::Input(say!(trial.unchecked, what = counts.words())))
}

/// What the files say of each other.
fn of_each_other(files: &[PathBuf], checked: &[Checked]) -> Vec<Found> {
    let beside = sources::neighbours(files);
    let beside: Vec<&Shape> = beside.iter().filter_map(|one| one.machine.as_ref()).map(|machine| &**machine).collect();
    let mains = checked.iter().filter_map(|one| one.sources.first().cloned()).collect();
    vec![(together(checked, &beside), mains)]
}

/// What is missing in a directory.
fn in_an_office(
    folder: &Path,
    checked: &[Checked],
    context: &Context,
    counts: &mut Counts,
) -> Result<Vec<Found>, Trouble> {
    let ids = |code: &str| PersonId::new(code);
    if !folder.is_dir() {
        return Err(Trouble::Input(say!(trouble.no_folder, path = folder.display().to_string())));
    }
    let (directory, files, faults) = sources::directory(folder, &ids)?;
    *counts += sources::show(&context.printer, &faults, &files);
    let Some(directory) = directory else { return Ok(Vec::new()) };
    let today = context.now().timestamp().to_zoned(jiff::tz::TimeZone::system()).date();
    Ok(checked.iter().map(|one| (against(one, &directory, today), one.sources.clone())).collect())
}

/// A line for each file without an error.
fn praise(files: &[PathBuf], found: &[Found], context: &Context) {
    let errors = |file: &str| {
        let all = found.iter().flat_map(|(diagnostics, _)| diagnostics);
        all.filter(|one| one.is_error()).any(|one| one.labels.iter().any(|label| label.span.file == file))
    };
    // A table's fault is told under the table's own name: its workflow is the one that was read with it.
    let tables = |at: usize| found.get(at).is_some_and(|(diagnostics, _)| diagnostics.iter().any(Diagnostic::is_error));
    for (at, file) in files.iter().enumerate() {
        let name = file.display().to_string();
        if !errors(&name) && !tables(at) {
            context.printer.line(say!(report.good, file = name).text(context.printer.language()));
        }
    }
}

fn explain(code: &str, context: &Context) -> Result<(), Trouble> {
    let language = context.printer.language();
    let Some(found) = code::find(code) else {
        return Err(Trouble::Usage(say!(report.no_code, code)));
    };
    let (meaning, text) = (found.meaning(language), found.explanation(language));
    let example = examples::of(found.code, language);
    let answer = serde_json::json!({ "code": found.code, "meaning": meaning, "text": text, "example": example });
    context.printer.answer(&answer, |printer| {
        printer.line(format!("{}: {meaning}\n\n{text}", found.code));
        if let Some(example) = &example {
            printer.line(format!("\n{}\n\n{}", say!(report.example).text(language), example.told.trim_end()));
            printer.line(format!("\n{}\n\n{}", say!(report.repaired).text(language), example.change.join("\n")));
        }
    });
    Ok(())
}
