//! Scenarios: what is wrong with them is told with its place, what does not hold is seen, and an office in memory does what a
//! real one does.
//!
//! `tests/all/scenario/CODE_what.yaml` has a fault and `.stderr` beside it says what people read; `.fixed.yaml` is the same
//! scenario put right. `UPDATE_EXPECTED=1` writes the expected words anew.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use chancery::calendar::Calendar;
use chancery::diagnostic::{Diagnostic, Format, code, render_all};
use chancery::directory::{self, Directory};
use chancery::machine::check::check_files;
use chancery::scenario::file::{self, Read};
use chancery::scenario::{Coverage, Failure, World, person_id, play};
use chancery::source::SourceFile;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn fixtures() -> PathBuf {
    root().join("tests/all/scenario")
}

fn source(folder: &Path, name: &str) -> Option<SourceFile> {
    fs::read_to_string(folder.join(name)).ok().map(|text| SourceFile::new(name, text))
}

/// The shipped purchase, with its people.
fn purchases() -> World {
    let folder = root().join("workflows/purchase");
    let main = source(&folder, "purchase.yaml").expect("it is shipped");
    let machine = check_files(&main, &|name| source(&folder, name)).machine.expect("it has no fault");
    let people = folder.join("directory");
    let directory: Directory = directory::read(&|name| source(&people, name), &person_id).0.expect("it has no fault");
    let calendar = source(&root().join("workflows/calendars"), "vn-civil-service.yaml").expect("it is shipped");
    World::new(vec![machine], directory, vec![Calendar::read(&calendar).0.expect("no fault")]).expect("its calendar")
}

fn read(world: &World, source: &SourceFile) -> Read {
    file::read(source, world, &["purchase".into()], &|_| None)
}

/// Everything that is wrong with a file, told as people read it.
fn told(world: &World, source: &SourceFile) -> (Vec<&'static str>, String) {
    let read = read(world, source);
    let failed = read.scenarios.cases.iter().filter_map(|case| play(case, world).0.map(|failure| (case, failure)));
    let failed = failed.map(|(case, Failure { place, what, expected, found, .. })| {
        Diagnostic::error(
            code::NOT_AS_EXPECTED,
            format!("{what}: expected {expected}"),
            place,
            format!("found: {found}"),
        )
        .also(case.title.span.clone(), "in this case")
    });
    let all: Vec<Diagnostic> = read.faults.iter().cloned().chain(failed).collect();
    let codes = all.iter().map(|fault| fault.code).collect();
    (codes, render_all(&all, &read.sources, Format::Human, false, "en"))
}

fn names(end: &str) -> Vec<String> {
    let entries = fs::read_dir(fixtures()).expect("the folder is there");
    let names = entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned());
    let mut names: Vec<String> =
        names.filter_map(|name| name.strip_suffix(end).map(str::to_owned)).filter(|stem| !stem.contains('.')).collect();
    names.sort();
    names
}

#[test]
fn every_fault_is_told_in_the_expected_words_and_nothing_is_said_when_it_is_put_right() {
    let (world, update) = (purchases(), std::env::var_os("UPDATE_EXPECTED").is_some());
    let mut wrong = Vec::new();
    for name in names(".yaml") {
        let file = source(&fixtures(), &format!("{name}.yaml")).expect("it is there");
        let (codes, words) = told(&world, &file);
        if !codes.contains(&name.split('_').next().expect("a name begins with its code")) {
            wrong.push(format!("{name} does not say its code:\n{words}"));
        }
        let expected = fixtures().join(format!("{name}.stderr"));
        if update {
            fs::write(&expected, &words).expect("the expected words can be written");
        } else if fs::read_to_string(&expected).unwrap_or_default() != words {
            wrong.push(format!("{name} says something else:\n{words}"));
        }
        let file = source(&fixtures(), &format!("{name}.fixed.yaml")).expect("every fault stands beside its repair");
        let (_, words) = told(&world, &file);
        if !words.is_empty() {
            wrong.push(format!("{name}, put right:\n{words}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_code_of_scenarios_has_a_fault() {
    let names = names(".yaml");
    for code in code::ALL.iter().filter(|code| code.code.starts_with("E09")) {
        assert!(names.iter().any(|name| name.starts_with(code.code)), "no fixture shows {}", code.code);
    }
}

/// What a case of one purchase with this expectation at its end says: what was found, if it does not hold.
fn expecting(world: &World, expectation: &str) -> Option<String> {
    let text = format!(
        "chancery: 1\ntest: purchase.yaml\nstarts: 2026-06-01 09:00\ncases:\n- case: one\n  steps:\n  \
         - {{start: purchase, by: MS-DN, fields: {{item: Paper, amount: 1000, unit: CTY-KT}}, papers: [quote]}}\n  \
         - {{wait: 1d}}\n  - {{expect: {{{expectation}}}}}\n"
    );
    let read = read(world, &SourceFile::new("one.test.yaml", text));
    assert_eq!(read.faults, [], "{expectation}");
    play(&read.scenarios.cases[0], world).0.map(|failure| failure.found)
}

#[test]
fn each_expectation_holds_or_says_what_was_found() {
    let world = purchases();
    for (holds, fails, found) in [
        ("state: manager_review", "state: buying", "manager_review"),
        ("outcome: none", "outcome: bought", "none: it stands in manager_review"),
        ("tasks: [MS-TP]", "tasks: none", "MS-TP"),
        ("tasks: {act: [MS-TP]}", "tasks: {ballot: [MS-TP]}", "act: MS-TP"),
        ("papers: [quote]", "papers: [contract]", "quote"),
        ("fields: {amount: 1000}", "fields: {amount: 1001}", "amount: 1000"),
        ("fields: {budget_line: none}", "fields: {budget_line: A}", "budget_line: null"),
        ("due: 2026-06-04", "due: 2026-06-05", "2026-06-04"),
        ("grounds: none", "grounds: [within_limit]", "none"),
        ("measures: {bought: 0}", "measures: {bought: 1000}", "0"),
        ("measures: {on_time: none}", "measures: {on_time: {CTY-KT: 1/2}}", "none"),
        ("register: none", "register: [{register: prizes}]", "none"),
        ("mails: [MS-TP]", "mails: [MS-DN]", "2026-06-02 08:00 to MS-TP (asked): "),
        ("mails: [{kind: asked}]", "mails: [{kind: told}]", "2026-06-02 08:00 to MS-TP (asked): "),
        ("mails: [{on: 2026-06-02}]", "mails: [{on: 2026-06-01}]", "2026-06-02 08:00 to MS-TP (asked): "),
        ("mails: [{subject: Paper}]", "mails: [{subject: Ink}]", "2026-06-02 08:00 to MS-TP (asked): "),
        ("mails: [{words: Trưởng đơn vị}]", "mails: [{words: Ink}]", "2026-06-02 08:00 to MS-TP (asked): "),
        ("mails: [MS-TP], other_mails: false", "mails: none", "2026-06-02 08:00 to MS-TP (asked): "),
    ] {
        assert_eq!(expecting(&world, holds), None, "{holds}");
        let said = expecting(&world, fails).unwrap_or_else(|| panic!("{fails} holds"));
        assert!(said.starts_with(found), "{fails}: {said}");
    }
}

#[test]
fn coverage_counts_what_was_reached_and_names_what_was_not() {
    let world = purchases();
    let machine = world.machine(&"purchase".into()).expect("it is there");
    assert_eq!(Coverage::default().of(machine, "en").percent(), 0);
    let file = source(&fixtures(), "E0931_not_as_expected.fixed.yaml").expect("it is there");
    let read = read(&world, &file);
    let (failure, reached) = play(&read.scenarios.cases[0], &world);
    assert_eq!(failure, None);
    let covered = reached.of(machine, "en");
    assert_eq!((covered.states.reached, covered.states.all), (2, 6));
    assert_eq!((covered.transitions.reached, covered.transitions.all), (1, 8));
    assert_eq!((covered.guards.reached, covered.guards.all), (1, 4), "within_limit held");
    assert!(covered.gaps.contains(&"state `buying`".to_owned()), "{:?}", covered.gaps);
    assert!(covered.gaps.contains(&"guard `within_limit` always held".to_owned()), "{:?}", covered.gaps);
}

#[test]
fn another_calendar_in_force_counts_the_deadlines_of_open_dossiers_again() {
    let world = purchases();
    let folder = root().join("workflows/calendars");
    let shipped = source(&folder, "vn-civil-service.yaml").expect("it is shipped").text;
    let swapped = "    swapped:\n      - {rest: 2026-01-02";
    let june = shipped.replace(swapped, &swapped.replace("- {", "- {rest: 2026-06-03, work: 2026-06-13}\n      - {"));
    let elsewhere = june.replace("calendar: vn-civil-service", "calendar: elsewhere");
    assert!(june != shipped && elsewhere != june);
    let included = |name: &str| match name {
        "june.yaml" => Some(june.clone().into_bytes()),
        "elsewhere.yaml" => Some(elsewhere.clone().into_bytes()),
        _ => None,
    };
    let told = |calendar: &str, due: &str| {
        let text = format!(
            "chancery: 1\ntest: purchase.yaml\nstarts: 2026-06-01 09:00\ncases:\n  - case: Lịch đổi\n    steps:\n      \
             - {{start: purchase, by: MS-DN, fields: {{item: Giấy in, amount: 1200000, unit: CTY-KT}}, expect: {{due: 2026-06-04}}}}\n      \
             - {{calendar: {calendar}, expect: {{due: {due}}}}}\n"
        );
        let read = file::read(&SourceFile::new("june.test.yaml", text), &world, &["purchase".into()], &included);
        let faults: Vec<&str> = read.faults.iter().map(|fault| fault.code).collect();
        let failed = read.scenarios.cases.first().and_then(|case| play(case, &world).0);
        (faults, failed.map(|failure| failure.found))
    };
    assert_eq!(told("june.yaml", "2026-06-05"), (Vec::new(), None));
    assert_eq!(told("june.yaml", "2026-06-04"), (Vec::new(), Some("2026-06-05".to_owned())));
    assert_eq!(told("elsewhere.yaml", "2026-06-05").0, [code::SCENARIO_VALUE]);
    assert_eq!(told("nowhere.yaml", "2026-06-05").0, [code::NO_FILE]);
}

fn chancery(arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chancery"));
    let output = command.current_dir(root()).args(arguments).output().expect("the binary runs");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn every_scenario_that_is_shipped_passes_and_every_office_is_covered_whole() {
    let (code, out, err) = chancery(&["test", "workflows", "--format", "json"]);
    assert_eq!(code, Some(0), "{out}\n{err}");
    let answer: serde_json::Value = serde_json::from_str(&out).expect("one JSON value");
    assert_eq!(answer["failures"], serde_json::json!([]));
    assert!(answer["cases"].as_u64().is_some_and(|cases| cases >= 12), "{out}");
    let coverage = answer["coverage"].as_array().expect("a list");
    assert!(coverage.len() >= crate::offices::names().len(), "{out}");
    for covered in coverage {
        assert_eq!(covered["gaps"], serde_json::json!([]), "{}", covered["workflow"]);
        for part in ["states", "transitions", "guards", "mails", "measures"] {
            assert_eq!(covered[part]["reached"], covered[part]["all"], "{} {part}", covered["workflow"]);
        }
    }
}

#[test]
fn a_failing_scenario_is_shown_with_its_place_what_was_found_and_what_happened() {
    let folder = std::env::temp_dir().join(format!("chancery-scenario-{}", std::process::id()));
    fs::create_dir_all(folder.join("directory")).expect("a temporary folder");
    let shipped = root().join("workflows/purchase");
    for name in [
        "purchase.yaml",
        "purchase.en.yaml",
        "limits.yaml",
        "directory/people.csv",
        "directory/posts.csv",
        "directory/units.csv",
    ] {
        fs::copy(shipped.join(name), folder.join(name)).expect("copied");
    }
    fs::copy(fixtures().join("E0931_not_as_expected.yaml"), folder.join("one.test.yaml")).expect("copied");
    let path = folder.display().to_string();
    let (code, out, err) = chancery(&["test", &path]);
    assert_eq!(code, Some(1), "{out}\n{err}");
    for words in ["one.test.yaml:8:", "found: budget_check", "MS-TP: approve, -> budget_check", "0 of 1 cases passed"] {
        assert!(out.contains(words), "`{words}` is missing in\n{out}");
    }
    let (code, out, err) = chancery(&["test", &path, "--format", "json"]);
    assert_eq!(code, Some(1), "{err}");
    let answer: serde_json::Value = serde_json::from_str(&out).expect("one JSON value");
    assert_eq!((&answer["failures"][0]["line"], &answer["failures"][0]["found"]), (&8.into(), &"budget_check".into()));
    let _ = fs::remove_dir_all(&folder);
}
