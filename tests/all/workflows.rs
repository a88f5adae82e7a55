//! The shipped workflows: each of them passes the checker without a word.

use std::path::{Path, PathBuf};

use chancery::machine::check::check_files;
use chancery::source::SourceFile;

fn workflows(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the folder of workflows") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(workflows(&path));
        } else if std::fs::read_to_string(&path).is_ok_and(|text| is_workflow(&text)) {
            found.push(path);
        }
    }
    found.sort();
    found
}

#[test]
fn every_shipped_workflow_is_checked_without_a_word() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("workflows");
    let found = workflows(&folder);
    assert!(found.len() >= 5, "only {} workflows found", found.len());
    for path in found {
        let text = std::fs::read_to_string(&path).expect("a workflow is UTF-8");
        let beside = path.parent().expect("a folder");
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        let included = |wanted: &str| {
            let text = std::fs::read_to_string(beside.join(wanted)).ok()?;
            Some(SourceFile::new(wanted, text))
        };
        let checked = check_files(&SourceFile::new(name.as_str(), text), &included);
        let faults: Vec<String> =
            checked.diagnostics.iter().map(|one| format!("{} {}", one.code, one.message("en"))).collect();
        assert!(faults.is_empty(), "{name}:\n{}", faults.join("\n"));
        let machine = checked.machine.expect("no fault, so a machine");
        let again = chancery::machine::Machine::load(machine.hash().clone(), &machine.to_json()).expect("it loads");
        assert_eq!(again.to_json(), machine.to_json());
    }
}

/// A workflow says its language level and its name; scripts and tables say neither or one.
fn is_workflow(text: &str) -> bool {
    ["chancery:", "workflow:"].iter().all(|key| text.lines().any(|line| line.starts_with(key)))
}
