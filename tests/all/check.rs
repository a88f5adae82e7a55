//! What `chancery check` says: fixtures with the expected words, bad input, and files that nobody would write.

use std::fs;
use std::path::{Path, PathBuf};

use chancery::diagnostic::{Format, code, render_all};
use chancery::machine::Machine;
use chancery::machine::check::{Checked, check_files};
use chancery::source::SourceFile;
use proptest::prelude::*;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(folder: &Path, name: &str) -> Option<SourceFile> {
    fs::read_to_string(folder.join(name)).ok().map(|text| SourceFile::new(name, text))
}

/// Checks a file with what stands beside it.
fn check(folder: &Path, name: &str) -> Checked {
    let main = read(folder, name).expect("the file is there");
    check_files(&main, &|wanted| read(folder, wanted))
}

fn check_text(text: &str) -> Checked {
    check_files(&SourceFile::new("test.yaml", text), &|_| None)
}

fn words(checked: &Checked) -> String {
    render_all(&checked.diagnostics, &checked.sources, Format::Human, false)
}

/// The workflows of a folder: YAML files that are neither tables nor translations.
fn workflows(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("the folder is there");
    let names = entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned());
    let mut names: Vec<String> = names
        .filter(|name| name.ends_with(".yaml") && name.matches('.').count() == 1)
        .filter(|name| read(folder, name).is_some_and(|file| file.text.contains("\nworkflow:")))
        .collect();
    names.sort();
    names
}

#[test]
fn every_shipped_workflow_is_without_a_fault() {
    let mut faults = String::new();
    for folder in
        fs::read_dir(root().join("workflows")).expect("workflows").map(|entry| entry.expect("an entry").path())
    {
        for name in workflows(&folder) {
            faults += &words(&check(&folder, &name));
        }
    }
    assert!(faults.is_empty(), "{faults}");
}
