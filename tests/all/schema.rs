//! The schema for editors says of every file what the reader says: what is right is right, what is misspelt is not.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use boon::{Compiler, Schemas};
use chancery::definition::plain;
use chancery::definition::schema::{Of, schema};
use chancery::source::SourceFile;
use serde_json::Value;

use crate::cli::place;

fn folder(path: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let entries = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    entries.collect()
}

/// The workflow in a file; none if it is something else.
fn workflow(path: &Path) -> Option<Value> {
    if path.extension().is_none_or(|extension| extension != "yaml") {
        return None;
    }
    let text = std::fs::read_to_string(path).expect("it is read");
    if !["chancery:", "workflow:"].iter().all(|key| text.lines().any(|line| line.starts_with(key))) {
        return None;
    }
    plain(&SourceFile::new("file.yaml", text)).0
}

/// Why the schema refuses each of these values.
fn refusals(values: &[(String, Value)]) -> Vec<String> {
    refusals_of(Of::Workflow, values)
}

fn refusals_of(of: Of, values: &[(String, Value)]) -> Vec<String> {
    let schema = schema(of, "en");
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    compiler.enable_format_assertions();
    compiler.add_resource("workflow.json", schema).expect("it is JSON");
    let compiled = compiler.compile("workflow.json", &mut schemas).expect("it is a schema of draft 2020-12");
    let refused = |(name, value): &(String, Value)| {
        schemas.validate(value, compiled).err().map(|error| format!("{name}: {error}"))
    };
    values.iter().filter_map(refused).collect()
}

fn named(paths: Vec<PathBuf>) -> Vec<(String, Value)> {
    let name = |path: &Path| path.file_name().expect("a file").to_string_lossy().into_owned();
    paths.into_iter().filter_map(|path| Some((name(&path), workflow(&path)?))).collect()
}

#[test]
fn every_shipped_workflow_and_every_repaired_fixture_is_taken() {
    let mut paths: Vec<PathBuf> =
        crate::offices::names().iter().flat_map(|office| folder(&format!("workflows/{office}"))).collect();
    paths.extend(folder("tests/all/check").into_iter().filter(|path| path.to_string_lossy().ends_with(".fixed.yaml")));
    let values = named(paths);
    assert!(values.len() > 100, "there is something to look at: {}", values.len());
    let refused = refusals(&values);
    assert!(refused.is_empty(), "{}", refused.join("\n"));
}

#[test]
fn a_key_a_word_or_a_value_that_cannot_be_is_refused() {
    let faulty = ["E0101_unknown_key", "E0103_wrong_type", "E0104_unknown_word", "E0106_delay", "E0102_missing_key"];
    let paths = faulty.map(|name| Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/all/check/{name}.yaml")));
    let values = named(paths.to_vec());
    assert_eq!((values.len(), refusals(&values).len()), (faulty.len(), faulty.len()));
}

#[test]
fn editors_are_told_what_a_key_means_in_the_language_that_was_asked_for() {
    let place = place("schema");
    for language in ["en", "vi"] {
        let schema = place.json(&["schema", "--language", language]);
        let told = &schema["$defs"]["workflow"]["properties"]["calendar"]["description"];
        let told = told.as_str().expect("a sentence");
        assert_eq!(told.contains("ngày làm việc"), language == "vi", "{told}");
    }
    let text = place.good(&["schema", "--language", "vi"]);
    assert!(serde_json::from_str::<Value>(&text).is_ok(), "also for people it is JSON");
}

/// The YAML files below a folder whose names end so.
fn yaml(below: &str, end: &str) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    for path in folder(below) {
        let name = path.strip_prefix(env!("CARGO_MANIFEST_DIR")).expect("inside").to_string_lossy().into_owned();
        if path.is_dir() {
            found.extend(yaml(&name, end));
        } else if name.ends_with(end) {
            let text = std::fs::read_to_string(&path).expect("it is read");
            found.extend(plain(&SourceFile::new("file.yaml", text)).0.map(|value| (name, value)));
        }
    }
    found
}

#[test]
fn calendars_directories_and_scenarios_that_are_right_are_taken_and_misspelt_ones_are_not() {
    let calendar = "chancery: 1\ncalendar: c\nzone: UTC\nweek: {rest: [saturday]}\nyears: {2026: {swapped: [{rest: 2026-01-02, work: 2026-01-03}]}}\n";
    let directory = "units: [{code: U, name: Unit, kind: team, tags: [a, b]}]\npeople: [{code: A, name: An}]\n\
                     bodies: [{code: C, name: Council, kind: council, seats: [{person: A, seat: chair}]}]\n";
    let scenario = "chancery: 1\ntest: purchase\ncases:\n  - case: one\n    steps:\n      - {start: purchase, by: A}\n      \
                    - {by: A, does: approve, expect: {state: done, mails: none}}\n";
    let read = |text: &str| plain(&SourceFile::new("file.yaml", text)).0.expect("YAML");
    let cases = [
        (Of::Calendar, calendar, yaml("workflows/calendars", ".yaml"), [("zone:", "zones:"), ("saturday", "caturday")]),
        (
            Of::Directory,
            directory,
            yaml("workflows", "directory.yaml"),
            [("tags:", "tag:"), ("seat: chair", "post: chair")],
        ),
        (Of::Scenario, scenario, yaml("workflows", ".test.yaml"), [("does:", "dose:"), ("state:", "states:")]),
    ];
    for (of, text, mut files, wrong) in cases {
        assert!(of == Of::Directory || !files.is_empty(), "{of:?}: there is something to look at");
        files.push((format!("{of:?}"), read(text)));
        let refused = refusals_of(of, &files);
        assert!(refused.is_empty(), "{}", refused.join("\n"));
        for (right, misspelt) in wrong {
            let value = read(&text.replace(right, misspelt));
            assert_eq!(refusals_of(of, &[(misspelt.to_owned(), value)]).len(), 1, "{of:?}: {misspelt}");
        }
    }
    let place = place("schemas");
    assert_eq!(place.json(&["schema", "--of", "calendar"])["$ref"], "#/$defs/calendar");
}

/// Marks the keys that stand in a value where the schema has this.
fn mark(defs: &Value, here: &Value, kind: &str, value: &Value, used: &mut BTreeSet<(String, String)>) {
    if let Some(kind) = here["$ref"].as_str().and_then(|leads| leads.strip_prefix("#/$defs/")) {
        return mark(defs, &defs[kind], kind, value, used);
    }
    let each = |some: &Value| some.as_array().cloned().unwrap_or_default();
    for one in each(&here["anyOf"]) {
        mark(defs, &one, kind, value, used);
    }
    for inner in each(value) {
        mark(defs, &here["items"], kind, &inner, used);
    }
    for (key, inner) in value.as_object().into_iter().flatten() {
        let told = &here["properties"][key];
        if told.is_object() {
            used.insert((kind.to_owned(), key.clone()));
            mark(defs, told, kind, inner, used);
        } else if here["additionalProperties"].is_object() {
            mark(defs, &here["additionalProperties"], kind, inner, used);
        }
    }
}

/// `chancery test` plays the scenarios of these folders to the last state, transition and answer of a guard
/// (`scenario::every_scenario_that_is_shipped_..`, `processes::every_process_..`).
#[test]
fn every_key_is_used_by_a_workflow_whose_scenarios_reach_all_of_it() {
    let schema = schema(Of::Workflow, "en");
    let defs = &schema["$defs"];
    let mut used = BTreeSet::new();
    for office in ["workflows", "tests/all/processes"].into_iter().flat_map(folder).filter(|path| path.is_dir()) {
        for path in folder(&office.strip_prefix(env!("CARGO_MANIFEST_DIR")).expect("inside").to_string_lossy()) {
            if let Some(value) = workflow(&path) {
                mark(defs, &schema, "", &value, &mut used);
            }
        }
    }
    let kinds = defs.as_object().expect("kinds").iter();
    let keys = kinds.flat_map(|(kind, told)| {
        let keys = told["properties"].as_object().into_iter().flatten();
        keys.map(move |(key, _)| (kind.clone(), key.clone()))
    });
    let never: Vec<_> = keys.filter(|key| !used.contains(key)).collect();
    assert!(never.is_empty(), "no scenario comes by these: {never:?}");
}
