//! The layout of workflow files: what they say never changes, and what is laid out stays.

use std::path::{Path, PathBuf};

use chancery::definition::layout::laid_out;
use chancery::machine::check::check_files;
use chancery::source::SourceFile;

use crate::cli::{place, shipped};

/// Every shipped workflow, and every repaired file of the checker's fixtures.
fn files() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for (folder, end) in
        [("workflows/purchase", ".yaml"), ("workflows/annual", ".yaml"), ("tests/all/check", ".fixed.yaml")]
    {
        let inside =
            std::fs::read_dir(root.join(folder)).expect("a folder").map(|entry| entry.expect("an entry").path());
        files.extend(inside.filter(|path| path.to_string_lossy().ends_with(end)));
    }
    files
}

/// What the checker makes of a file: the machine, and how many faults.
fn meant(path: &Path, text: &str) -> (Option<String>, usize) {
    let file = SourceFile::new(path.file_name().expect("a file").to_string_lossy(), text);
    let included = |name: &str| {
        let text = std::fs::read_to_string(path.parent()?.join(name)).ok()?;
        Some(SourceFile::new(name, text))
    };
    let checked = check_files(&file, &included);
    (checked.machine.map(|machine| machine.to_json()), checked.diagnostics.len())
}

#[test]
fn another_layout_says_the_same_and_is_not_laid_out_again() {
    let mut changed = 0;
    for path in files() {
        let text = std::fs::read_to_string(&path).expect("it is read");
        let name = path.display();
        let file = SourceFile::new("file.yaml", text.clone());
        let laid = laid_out(&file).unwrap_or_else(|| panic!("{name} is left alone"));
        assert_eq!(meant(&path, &text), meant(&path, &laid), "{name}");
        let again = laid_out(&SourceFile::new("file.yaml", laid.clone()));
        assert_eq!(again.as_deref(), Some(laid.as_str()), "{name} is laid out once");
        let comments = |text: &str| text.matches('#').count();
        assert_eq!(comments(&text), comments(&laid), "{name} keeps its comments");
        changed += usize::from(laid != text);
    }
    assert!(changed > 0, "some of them were laid out otherwise");
}

#[test]
fn indentation_and_spaces_are_brought_into_order_from_whatever_they_were() {
    let path = PathBuf::from(shipped("purchase/purchase.yaml"));
    let text = std::fs::read_to_string(&path).expect("it is shipped");
    let laid = laid_out(&SourceFile::new("file.yaml", text.clone())).expect("it is laid out");
    let wide: Vec<String> = text
        .lines()
        .map(|line| {
            let content = line.trim_start();
            let (spaces, end) = (line.len() - content.len(), if content.is_empty() { "\n" } else { "  " });
            format!("{}{content}{end}", " ".repeat(spaces * 2))
        })
        .collect();
    let wide = wide.join("\n");
    assert_eq!(laid_out(&SourceFile::new("file.yaml", wide)).as_deref(), Some(laid.as_str()));
}

#[test]
fn the_shipped_workflows_are_laid_out_and_a_file_that_is_not_is_named() {
    let place = place("fmt");
    place.good(&[
        "fmt",
        "--check",
        &shipped("purchase"),
        &shipped("irregular"),
        &shipped("leave"),
        &shipped("thesis"),
        &shipped("bloc"),
        &shipped("annual"),
    ]);
    let processes = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/all/processes").display().to_string();
    place.good(&["fmt", "--check", &processes]);
    let text = std::fs::read_to_string(shipped("purchase/purchase.yaml")).expect("it is shipped");
    std::fs::write(place.folder.join("purchase.yaml"), text.replace("\nroles:", "   \n\n\nroles:")).expect("written");
    place.bad(1, &["fmt", "--check", "purchase.yaml"], &["1 files are not laid out"]);
    assert_eq!(place.good(&["fmt", "purchase.yaml"]), "purchase.yaml\n");
    assert_eq!(place.good(&["fmt", "purchase.yaml"]), "");
    std::fs::write(place.folder.join("faulty.yaml"), "chancery: 1\nworkflow: [\n").expect("written");
    place.bad(3, &["fmt", "faulty.yaml"], &["faulty.yaml", "chancery check"]);
}
