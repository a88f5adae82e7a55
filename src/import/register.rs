//! A table of entries from before a register was kept here: whose, what, for which year, and the paper that proves it.

use super::{Evidence, FAULTS_MAX, OpeningEntry};
use crate::diagnostic::{Diagnostic, Words, fault, nearest, said, say};
use crate::directory::Directory;
use crate::dossier::taken::Key;
use crate::ids::UnitCode;
use crate::machine::RegisterBook;
use crate::sheet::csv::{Row, Table, is_formula};
use crate::source::Span;

/// The columns, all of them needed.
pub const COLUMNS: [&str; 6] = ["holder", "key", "year", "paper", "number", "day"];

/// What every row means, with its place.
///
/// # Errors
/// Every fault, in the order of the file.
pub fn entries(
    table: &Table,
    register: &str,
    book: &RegisterBook,
    directory: &Directory,
) -> Result<Vec<(Span, OpeningEntry)>, Vec<Diagnostic>> {
    let mut faults = table.missing(&COLUMNS);
    faults.extend(table.unknown(&COLUMNS));
    let mut found = Vec::new();
    if faults.is_empty() {
        for row in table.rows() {
            match entry(row, directory) {
                Ok((holder, key, year, evidence)) => {
                    let once = book.once(&holder, &key, year).map(|once| Key::of_register(register, once));
                    let (register, evidence) = (register.to_owned(), Some(evidence));
                    found.push((row.place("key"), OpeningEntry { register, holder, key, year, once, evidence }));
                }
                Err(wrong) => faults.extend(wrong),
            }
        }
    }
    faults.truncate(FAULTS_MAX);
    if faults.is_empty() { Ok(found) } else { Err(faults) }
}

/// A row that would be a second entry where there can be only one.
pub fn second(place: Span, first: &str) -> Diagnostic {
    Diagnostic::new(said!(IMPORT_REGISTER.second, first), place).here(say!(near.column, column = "key"))
}

type Entry = (String, String, i32, Evidence);

fn entry(row: Row<'_>, directory: &Directory) -> Result<Entry, Vec<Diagnostic>> {
    let mut faults: Vec<Diagnostic> = Vec::new();
    for column in COLUMNS {
        let text = row.get(column);
        if text.is_empty() {
            faults.push(at(row, column, said!(IMPORT_REGISTER.empty, column)));
        } else if is_formula(text) {
            faults.push(fault!(FORMULA_CELL.cell, row.place(column)));
        }
    }
    let holder = holder(row, directory).map_err(|fault| faults.extend(fault.map(|fault| *fault))).ok();
    let (year, day) = (row.get("year"), row.get("day"));
    let counts = year.parse::<i32>().ok().filter(|year| (1900..=2200).contains(year));
    if counts.is_none() && !year.is_empty() {
        faults.push(at(row, "year", said!(IMPORT_REGISTER.year, text = year)));
    }
    let is_day = day.parse::<jiff::civil::Date>().is_ok_and(|date| date.to_string() == day);
    if !is_day && !day.is_empty() {
        faults.push(at(row, "day", said!(IMPORT_VALUE.no_date, text = day)).help(say!(near.date)));
    }
    let text = |column: &str| row.get(column).to_owned();
    match (holder, counts) {
        (Some(holder), Some(year)) if faults.is_empty() => {
            let evidence = Evidence { paper: text("paper"), number: text("number"), day: text("day") };
            Ok((holder, text("key"), year, evidence))
        }
        _ => Err(faults),
    }
}

/// Whose it is: a person's or a unit's, by its code. An empty cell is a fault already.
fn holder(row: Row<'_>, directory: &Directory) -> Result<String, Option<Box<Diagnostic>>> {
    let code = row.get("holder");
    if code.is_empty() {
        return Err(None);
    }
    if let Some(person) = directory.person_by_code(code) {
        return Ok(person.id.as_str().to_owned());
    }
    if directory.units.contains_key(&UnitCode::new(code)) {
        return Ok(format!("unit:{code}"));
    }
    let people = directory.people.values().map(|person| person.code.as_str());
    let near = nearest(code, people.chain(directory.units.keys().map(UnitCode::as_str)));
    let fault = at(row, "holder", said!(IMPORT_VALUE.nobody, text = code));
    Err(Some(Box::new(match near {
        Some(near) => fault.help(say!(near.meant, near)),
        None => fault,
    })))
}

fn at(row: Row<'_>, column: &str, says: Words) -> Diagnostic {
    Diagnostic::new(says, row.place(column)).here(say!(near.column, column))
}
