//! The offices that are shipped: their directories, calendars and formulas have no fault.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use chancery::calendar::Calendar;
use chancery::diagnostic::Diagnostic;
use chancery::directory::{self, Directory};
use chancery::expr::{self, Names};
use chancery::ids::PersonId;
use chancery::machine::Machine;
use chancery::machine::check::check_files;
use chancery::source::SourceFile;
use jiff::civil::date;

fn workflows() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("workflows")
}

/// The folders of the shipped workflows.
pub(crate) fn names() -> Vec<String> {
    let entries = fs::read_dir(workflows()).expect("the folder of workflows");
    let folders = entries.map(|entry| entry.expect("an entry")).filter(|entry| entry.path().join("directory").is_dir());
    let mut names: Vec<String> = folders.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    assert!(names.len() >= 4, "{names:?}");
    names
}

fn file(folder: &Path, name: &str) -> Option<SourceFile> {
    fs::read_to_string(folder.join(name)).ok().map(|text| SourceFile::new(name, text))
}

pub(crate) fn directory_of(office: &str) -> (Option<Directory>, Vec<Diagnostic>) {
    let folder = workflows().join(office).join("directory");
    directory::read(&|name| file(&folder, name), &|code| PersonId::new(format!("id-{code}")))
}

/// A shipped workflow and the files that it is made of.
pub(crate) fn machine_of(office: &str, name: &str) -> (Machine, Vec<SourceFile>) {
    let folder = workflows().join(office);
    let main = file(&folder, name).expect("it is there");
    let checked = check_files(&main, &|wanted| file(&folder, wanted));
    (checked.machine.expect("it has no fault"), checked.sources)
}

/// The shipped calendar and its file.
pub(crate) fn calendar() -> (Calendar, SourceFile) {
    let file = file(&workflows().join("calendars"), "vn-civil-service.yaml").expect("it is there");
    (Calendar::read(&file).0.expect("it has no fault"), file)
}

#[test]
fn every_shipped_directory_is_without_a_fault() {
    for office in names() {
        let (directory, faults) = directory_of(&office);
        assert_eq!(faults, [], "{office}");
        assert!(directory.is_some_and(|directory| !directory.people.is_empty()));
    }
}

#[test]
fn every_post_and_chair_of_the_ministry_is_found() {
    let directory = directory_of("annual").0.expect("it has no fault");
    let today = date(2026, 11, 23);
    assert!(!directory.holders("head", &"HCTP".into(), today).is_empty());
    let council = directory.body_of("council", &"HCTP".into(), today).expect("there is a council");
    let seats = directory.seats(&council.code, today);
    assert_eq!(seats.iter().filter(|seat| seat.seat == "chair").count(), 1);
    assert!(directory.bound("standing_body", &"HCTP".into(), today).is_some());
}

#[test]
fn every_shipped_calendar_is_without_a_fault() {
    let file = file(&workflows().join("calendars"), "vn-civil-service.yaml").expect("it is there");
    let (calendar, faults) = Calendar::read(&file);
    assert_eq!(faults, []);
    assert_eq!(calendar.expect("it has no fault").name(), "vn-civil-service");
}

#[test]
fn the_formulas_of_shipped_workflows_name_what_there_is_and_ask_what_can_be_asked() {
    let mut found = String::new();
    for (office, name) in [
        ("irregular", "irregular.yaml"),
        ("initiatives", "initiatives.yaml"),
        ("training", "training.yaml"),
        ("training", "trainee.yaml"),
        ("leave", "leave.yaml"),
        ("purchase", "purchase.yaml"),
        ("thesis", "thesis.yaml"),
        ("annual", "annual_round.yaml"),
        ("annual", "annual_unit.yaml"),
        ("annual", "annual_case.yaml"),
        ("annual", "annual_claim.yaml"),
        ("annual", "annual_complaint.yaml"),
        ("annual", "annual_unit_list.yaml"),
        ("annual", "annual_cluster_list.yaml"),
        ("annual", "annual_ministry_list.yaml"),
        ("annual", "annual_bloc_list.yaml"),
        ("bloc", "bloc_year.yaml"),
        ("bloc", "bloc_registration.yaml"),
        ("bloc", "bloc_score.yaml"),
        ("bloc", "bloc_ballot.yaml"),
    ] {
        let folder = workflows().join(office);
        let main = file(&folder, name).expect("it is there");
        let checked = check_files(&main, &|wanted| file(&folder, wanted));
        let machine = checked.machine.unwrap_or_else(|| panic!("{:#?}", checked.diagnostics));
        let names = Names::of(&machine);
        for (guard, rule) in &machine.guards {
            for fault in expr::check_truth(&rule.expr, &names) {
                writeln!(found, "{name} {guard} `{}`: {fault:?}", &rule.expr[fault.range.clone()])
                    .expect("a text takes all");
            }
        }
        for state in &machine.states {
            let joins = state.joins.iter().flat_map(|joins| joins.with.values().chain(joins.row.values()));
            let facts = state.entry.formulas().chain(state.exit.formulas());
            let facts = facts.filter(|formula| !formula.is_empty());
            for formula in joins.map(String::as_str).chain(facts) {
                for fault in expr::check(formula, &names) {
                    writeln!(found, "{name} {} `{formula}`: {fault:?}", state.id).expect("a text takes all");
                }
            }
        }
    }
    assert!(found.is_empty(), "{found}");
}
