//! What `chancery check` says: fixtures with the expected words, bad input, and files that nobody would write.
//!
//! `tests/all/check/CODE_what.yaml` has a fault and `.stderr` beside it says what people read; `.fixed.yaml` is the same
//! workflow put right, about which nothing is said. `UPDATE_EXPECTED=1` writes the expected words anew.

use std::fs;
use std::path::{Path, PathBuf};

use chancery::diagnostic::{Format, code, render_all};
use chancery::machine::check::{Checked, check_files};
use chancery::machine::{FieldKind, Machine, RoleSource, ShareOf, StateKind, Target, UnitOf};
use chancery::source::SourceFile;
use proptest::prelude::*;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn fixtures() -> PathBuf {
    root().join("tests/all/check")
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

fn codes(checked: &Checked) -> Vec<&'static str> {
    checked.diagnostics.iter().map(|diagnostic| diagnostic.code).collect()
}

/// The names of the files of a folder that end like this, without the end.
fn names(folder: &Path, end: &str) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("the folder is there");
    let names = entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned());
    let mut names: Vec<String> = names
        .filter_map(|name| name.strip_suffix(end).map(str::to_owned))
        .filter(|stem| !stem.contains('.'))
        .collect();
    names.sort();
    names
}

#[test]
fn every_fault_is_told_in_the_expected_words() {
    let update = std::env::var_os("UPDATE_EXPECTED").is_some();
    let mut wrong = Vec::new();
    for name in names(&fixtures(), ".yaml") {
        let checked = check(&fixtures(), &format!("{name}.yaml"));
        let told = words(&checked);
        let code = name.split('_').next().expect("a name begins with its code");
        if !codes(&checked).contains(&code) {
            wrong.push(format!("{name} does not say {code}:\n{told}"));
        }
        let expected = fixtures().join(format!("{name}.stderr"));
        if update {
            fs::write(&expected, &told).expect("the expected words can be written");
        } else if fs::read_to_string(&expected).unwrap_or_default() != told {
            wrong.push(format!("{name} says something else:\n{told}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn nothing_is_said_about_a_workflow_put_right() {
    let told: Vec<String> = names(&fixtures(), ".fixed.yaml")
        .iter()
        .map(|name| words(&check(&fixtures(), &format!("{name}.fixed.yaml"))))
        .filter(|told| !told.is_empty())
        .collect();
    assert!(told.is_empty(), "{}", told.join("\n"));
}

#[test]
fn every_code_has_a_fault_and_its_repair() {
    let (broken, fixed) = (names(&fixtures(), ".yaml"), names(&fixtures(), ".fixed.yaml"));
    for code in code::ALL {
        assert!(broken.iter().any(|name| name.starts_with(code.code)), "no fixture shows {}", code.code);
    }
    assert_eq!(broken, fixed, "every fault stands beside its repair");
}

#[test]
fn every_shipped_workflow_has_no_error() {
    let mut faults = String::new();
    for folder in fs::read_dir(root().join("workflows")).expect("workflows").map(|entry| entry.expect("an entry").path()) {
        for name in names(&folder, ".yaml").into_iter().map(|stem| format!("{stem}.yaml")) {
            let is_workflow = read(&folder, &name).is_some_and(|file| {
                file.text.lines().any(|line| line.starts_with("chancery:")) && file.text.contains("\nworkflow:")
            });
            if is_workflow {
                let checked = check(&folder, &name);
                if checked.machine.is_none() {
                    faults += &words(&checked);
                }
            }
        }
    }
    assert!(faults.is_empty(), "{faults}");
}
