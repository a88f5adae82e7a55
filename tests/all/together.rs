//! What is only seen when files are checked together, or against a directory. A folder `tests/all/check/CODE_what` has a fault
//! and `CODE_what.stderr` says what people read; in `CODE_what.fixed` it is put right. A `directory.yaml` in it is the office,
//! on 1 June 2026. `UPDATE_EXPECTED=1` writes the expected words anew.

use std::fs;
use std::path::{Path, PathBuf};

use chancery::diagnostic::{Diagnostic, Format, render_all};
use chancery::directory::{self, Directory};
use chancery::ids::PersonId;
use chancery::machine::check::{Checked, against, check_files, together};
use chancery::source::SourceFile;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(folder: &Path, name: &str) -> Option<SourceFile> {
    fs::read_to_string(folder.join(name)).ok().map(|text| SourceFile::new(name, text))
}

fn entries(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("the folder is there");
    let mut names: Vec<String> =
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// The workflows of a folder.
fn workflows(folder: &Path) -> Vec<Checked> {
    let mains = entries(folder).into_iter().filter_map(|name| read(folder, &name));
    let mains = mains.filter(|file| file.text.contains("chancery:") && file.text.contains("\nworkflow:"));
    mains.map(|main| check_files(&main, &|wanted| read(folder, wanted))).collect()
}

fn office(folder: &Path) -> Option<Directory> {
    let there = |name: &str| folder.join(name).exists();
    if !there("directory.yaml") && !there("units.csv") {
        return None;
    }
    let (directory, faults) = directory::read(&|name| read(folder, name), &|code| PersonId::new(code));
    Some(directory.unwrap_or_else(|| panic!("{}: {faults:#?}", folder.display())))
}

/// Everything that is said about a folder, with the words for it.
fn said(folder: &Path, office: Option<&Directory>) -> (Vec<Diagnostic>, String) {
    let today = jiff::civil::date(2026, 6, 1);
    let files = workflows(folder);
    assert!(!files.is_empty(), "no workflow in {}", folder.display());
    let mains: Vec<SourceFile> = files.iter().map(|file| file.sources[0].clone()).collect();
    let mut all = together(&files, &[]);
    let mut words = render_all(&all, &mains, Format::Human, false, "en");
    for file in &files {
        let mut more = file.diagnostics.clone();
        more.extend(office.iter().flat_map(|office| against(file, office, today)));
        words += &render_all(&more, &file.sources, Format::Human, false, "en");
        all.extend(more);
    }
    (all, words)
}

/// The names of the folders that show a fault.
pub fn folders() -> Vec<String> {
    let fixtures = root().join("tests/all/check");
    let is_code = |name: &String| name.starts_with(['E', 'W']) && name[1..].starts_with(|c: char| c.is_ascii_digit());
    entries(&fixtures)
        .into_iter()
        .filter(|name| is_code(name) && !name.contains('.') && fixtures.join(name).is_dir())
        .collect()
}

#[test]
fn every_fault_between_files_is_told_in_the_expected_words() {
    let fixtures = root().join("tests/all/check");
    let update = std::env::var_os("UPDATE_EXPECTED").is_some();
    let mut wrong = Vec::new();
    for name in folders() {
        let folder = fixtures.join(&name);
        let (all, told) = said(&folder, office(&folder).as_ref());
        let code = name.split('_').next().expect("a name begins with its code");
        if !all.iter().any(|one| one.code == code) {
            wrong.push(format!("{name} does not say {code}:\n{told}"));
        }
        let expected = fixtures.join(format!("{name}.stderr"));
        if update {
            fs::write(&expected, &told).expect("the expected words can be written");
        } else if fs::read_to_string(&expected).unwrap_or_default() != told {
            wrong.push(format!("{name} says something else:\n{told}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn nothing_is_said_about_files_put_right() {
    let fixtures = root().join("tests/all/check");
    let mut told = String::new();
    for name in folders() {
        let folder = fixtures.join(format!("{name}.fixed"));
        let words = said(&folder, office(&folder).as_ref()).1;
        if !words.is_empty() {
            told.extend([name.as_str(), ".fixed:\n", &words, "\n"]);
        }
    }
    assert!(told.is_empty(), "{told}");
}

#[test]
fn the_shipped_workflows_fit_each_other_and_their_directories() {
    for name in crate::offices::names() {
        let folder = root().join("workflows").join(&name);
        let (all, told) = said(&folder, office(&folder.join("directory")).as_ref());
        assert!(!all.iter().any(Diagnostic::is_error), "{told}");
    }
}

#[test]
fn a_list_that_is_deployed_already_may_be_joined() {
    let folder = root().join("tests/all/check/E0502_no_list.fixed");
    let mut files = workflows(&folder);
    let list = files.remove(1).machine.expect("the list has no fault");
    assert_eq!(together(&files, &[&list]), []);
    let alone = together(&files, &[]);
    assert!(!alone.is_empty() && alone.iter().all(|one| one.code == "E0502"), "{alone:#?}");
}
