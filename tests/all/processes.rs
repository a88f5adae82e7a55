//! Processes of offices that are not shipped: each folder of `processes` is a workflow with its directory, its calendar and its
//! scenarios, and shows a part of the language at work.

use std::path::PathBuf;

use crate::cli::place;

fn folders() -> Vec<PathBuf> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/all/processes");
    let entries = std::fs::read_dir(root).expect("the folder is there");
    let mut folders: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    folders.sort();
    folders
}

#[test]
fn every_process_is_checked_without_a_word_and_its_scenarios_reach_all_of_it() {
    let place = place("processes");
    assert!(!folders().is_empty());
    for folder in folders() {
        let folder = folder.display().to_string();
        let checked = place.run(&["check", &folder]);
        assert_eq!(checked.code, 0, "{folder}: {}{}", checked.out, checked.err);
        assert!(!format!("{}{}", checked.out, checked.err).contains("warning"), "{}{}", checked.out, checked.err);
        let played = place.run(&["test", &folder, "--min-coverage", "100"]);
        assert_eq!(played.code, 0, "{folder}: {}{}", played.out, played.err);
    }
}
