//! `chancery directory`: another directory takes the place of the one that is there, once somebody has seen what that changes.

use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::deploy::read_directory;
use super::sources::Counts;
use super::{Context, Printer, Trouble, helped};
use crate::diagnostic::say;
use crate::directory::difference::{Change, Field, Sign, difference};
use crate::service::Office;

/// What `directory` is told.
#[derive(Debug, Args)]
#[command(
    before_help = "Example:\n  chancery directory workflows/purchase/directory\n\nShows what would change and asks. Where \
                   nobody can be asked it changes nothing and exits with 5, but for --yes."
)]
pub(super) struct DirectoryArgs {
    /// The folder with the directory's files.
    folder: PathBuf,
    /// Apply the changes without asking.
    #[arg(long)]
    yes: bool,
}

#[derive(Serialize)]
struct Answer {
    applied: bool,
    units: usize,
    people: usize,
    bodies: usize,
    changes: Vec<Change>,
}

/// Shows the difference, and applies it if that is wanted.
pub(super) async fn run(args: &DirectoryArgs, context: &Context) -> Result<(), Trouble> {
    let office = Office::open(&context.config).await?;
    let mut counts = Counts::default();
    let Some(directory) = read_directory(&args.folder, &office.engine, context, &mut counts)? else {
        return Err(Trouble::Input(say!(people.errors, n = counts.errors)));
    };
    let before = office.engine.directory();
    // Where nobody is yet, nobody can be lost: the first directory needs no word of anybody.
    let first = before.units.is_empty() && before.people.is_empty() && before.bodies.is_empty();
    let changes = difference(&before, &directory);
    let (units, people, bodies) = (directory.units.len(), directory.people.len(), directory.bodies.len());
    let printer = &context.printer;
    if !printer.is_json() && !first {
        for change in &changes {
            printer.line(line(change, printer.language()));
        }
    }
    let applied = !changes.is_empty() && (first || args.yes || agreed(changes.len(), printer));
    if applied {
        office.engine.put_directory(directory).await?;
    }
    let answer = Answer { applied, units, people, bodies, changes };
    printer.answer(&answer, |printer| {
        if answer.changes.is_empty() {
            printer.say(&say!(people.nothing));
        } else if applied {
            printer.say(&say!(people.put, units, people, bodies));
        }
    });
    match answer.changes.len() {
        0 => Ok(()),
        _ if applied => Ok(()),
        n => Err(Trouble::Unconfirmed(helped(say!(people.unconfirmed, n), say!(people.yes)))),
    }
}

/// Asks on the terminal. Where there is none, nobody has agreed.
fn agreed(changes: usize, printer: &Printer) -> bool {
    if printer.is_json() || !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return false;
    }
    let mut err = std::io::stderr().lock();
    let question = say!(people.ask, n = changes).text(printer.language());
    let asked = write!(err, "{question}").and_then(|()| err.flush());
    let mut answer = String::new();
    asked.is_ok()
        && std::io::stdin().read_line(&mut answer).is_ok()
        && matches!(answer.trim().to_lowercase().as_str(), "y" | "yes" | "c" | "có")
}

/// `~ person AN  email: an@example.vn -> binh@example.vn`
fn line(change: &Change, language: &str) -> String {
    let nothing = say!(people.empty).text(language);
    let sign = match change.sign {
        Sign::Added => '+',
        Sign::Removed => '-',
        Sign::Changed => '~',
    };
    let said = |field: &Field| match (&field.before, &field.after) {
        (Some(before), Some(after)) => format!("{}: {before} -> {after}", field.name),
        (Some(before), None) if change.sign == Sign::Changed => format!("{}: {before} -> {nothing}", field.name),
        (None, Some(after)) if change.sign == Sign::Changed => format!("{}: {nothing} -> {after}", field.name),
        (Some(one), None) | (None, Some(one)) => format!("{}: {one}", field.name),
        (None, None) => String::new(),
    };
    let fields: Vec<String> = change.fields.iter().map(said).collect();
    format!("{sign} {} {}  {}", change.what, change.name, fields.join("; ")).trim_end().to_owned()
}
