//! `chancery register`: what stands in a register, and entries from before it was kept here.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::sources::{self, unreadable};
use super::{Context, Trouble, helped, one_of};
use crate::diagnostic::{Diagnostic, say};
use crate::directory::Directory;
use crate::import::register::{entries, second};
use crate::machine::RegisterBook;
use crate::service::Office;
use crate::sheet;
use crate::store::registers::Standing;

/// Entries that are shown, at most.
const SHOWN_MAX: i64 = 10_000;

/// What `register` is told.
#[derive(Debug, Args)]
#[command(
    before_help = "Example:\n  chancery register prizes\n  chancery register prizes --import before-2026.csv --check",
    after_help = "The file is an Excel workbook (XLSX) or CSV in UTF-8, with the columns holder (a person's or a unit's code), key, year, and what proves it: paper,\n\
                  number, day (2024-05-01). With a fault in any row nothing is imported. The same file again changes nothing."
)]
pub(super) struct RegisterArgs {
    /// The register, as a deployed workflow names it.
    register: String,
    /// Take over the entries of this file.
    #[arg(long, value_name = "FILE")]
    import: Option<PathBuf>,
    /// Of a workbook the sheet that is read; the first one that is not hidden unless said.
    #[arg(long, value_name = "NAME", requires = "import")]
    sheet: Option<String>,
    /// Read the whole file and write nothing.
    #[arg(long, requires = "import")]
    check: bool,
}

#[derive(Serialize)]
struct Answer {
    register: String,
    imported: Option<usize>,
    entries: Vec<Standing>,
}

/// Shows the register, after it has taken over a file if there is one.
pub(super) async fn run(args: &RegisterArgs, context: &Context) -> Result<(), Trouble> {
    let office = Office::open(&context.config).await?;
    let book = book(&office, &args.register).await?;
    let mut answer = Answer { register: args.register.clone(), imported: None, entries: Vec::new() };
    if let Some(file) = &args.import {
        answer.imported = Some(import(args, file, &book, &office, context).await?);
    } else {
        answer.entries = office.engine.store().register(&args.register, SHOWN_MAX).await?;
    }
    let directory = office.engine.directory();
    context.printer.answer(&answer, |printer| {
        match answer.imported {
            Some(n) if args.check => printer.say(&say!(book.sound, n)),
            Some(n) => printer.say(&say!(book.stand, n, register = args.register)),
            None if answer.entries.is_empty() => printer.say(&say!(book.empty)),
            None => {}
        }
        for entry in &answer.entries {
            printer.line(line(entry, &directory));
        }
    });
    Ok(())
}

/// The register as one of the deployed workflows declares it.
async fn book(office: &Office, register: &str) -> Result<RegisterBook, Trouble> {
    let mut known = Vec::new();
    for workflow in office.engine.workflows() {
        let Some(machine) = office.engine.current(&workflow).await? else { continue };
        if let Some(book) = machine.registers.get(register) {
            return Ok(book.clone());
        }
        known.extend(machine.registers.keys().cloned());
    }
    known.sort();
    known.dedup();
    let help = if known.is_empty() { say!(book.no_book) } else { one_of(&known) };
    Err(Trouble::Usage(helped(say!(book.none, register), help)))
}

async fn import(
    args: &RegisterArgs,
    file: &std::path::Path,
    book: &RegisterBook,
    office: &Office,
    context: &Context,
) -> Result<usize, Trouble> {
    let bytes = std::fs::read(file).map_err(|error| unreadable(file, &error))?;
    let name = file.file_name().map_or_else(|| "file".to_owned(), |name| name.to_string_lossy().into_owned());
    let (source, table) = sheet::read(&name, &bytes, args.sheet.as_deref());
    let faulty = |faults: Vec<Diagnostic>| {
        let counts = sources::show(&context.printer, &faults, std::slice::from_ref(&source));
        Trouble::Input(say!(trouble.faults, n = counts.errors))
    };
    let table = table.map_err(faulty)?;
    let directory = office.engine.directory();
    let (places, entries): (Vec<_>, Vec<_>) =
        entries(&table, &args.register, book, &directory).map_err(faulty)?.into_iter().unzip();
    let rows = entries.len();
    if args.check {
        return Ok(rows);
    }
    let (store, now) = (office.engine.store(), office.engine.now());
    let seconds = store.open_register(entries, &format!("import:{name}"), now).await?;
    if seconds.is_empty() {
        return Ok(rows);
    }
    Err(faulty(seconds.into_iter().map(|one| second(places[one.at].clone(), &one.first)).collect()))
}

fn line(entry: &Standing, directory: &Directory) -> String {
    let person = directory.people.get(&entry.holder.as_str().into());
    let holder = person.map_or_else(|| entry.holder.clone(), |person| format!("{} {}", person.code, person.name));
    let from = match &entry.evidence {
        Some((paper, number, day)) => format!("{paper} {number}, {day}"),
        None => entry.source.clone(),
    };
    format!("{holder}  {}  {}  {from}", entry.key, entry.year)
}
