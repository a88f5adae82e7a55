//! The schema for editors says of every file what the reader says: what is right is right, what is misspelt is not.

use std::path::{Path, PathBuf};

use boon::{Compiler, Schemas};
use chancery::definition::plain;
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
    let schema = chancery::definition::schema::schema("en");
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
