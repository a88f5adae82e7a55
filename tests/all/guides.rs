//! The guides that exist in two languages say the same: headings, examples, keys of tables. And what the README shows is what
//! the program says.

use std::path::Path;
use std::process::Command;

use chancery::dossier::refusal::Code;

/// What must agree: levels of headings, examples without their comments, and the code in the first cell of each table's row.
fn skeleton(text: &str) -> Vec<String> {
    let (mut kept, mut inside) = (Vec::new(), false);
    for line in text.lines() {
        if line.starts_with("```") {
            inside = !inside;
            kept.push(line.to_owned());
        } else if inside {
            kept.push(line.split(" #").next().unwrap_or_default().trim_end().to_owned());
        } else if line.starts_with('#') {
            kept.push("#".repeat(line.chars().take_while(|sign| *sign == '#').count()));
        } else if let Some(row) = line.strip_prefix("| ") {
            let cell = row.split(" | ").next().unwrap_or_default();
            kept.push(cell.split('`').skip(1).step_by(2).collect::<Vec<_>>().join(" "));
        }
    }
    kept
}

#[test]
fn a_guide_in_two_languages_has_the_same_headings_examples_and_keys() {
    let read = |name: &str| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name);
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    };
    for (guide, least) in
        [("language", 100), ("administration", 60), ("operations", 30), ("security", 9), ("audit", 20)]
    {
        let (en, vi) = (skeleton(&read(&format!("{guide}.md"))), skeleton(&read(&format!("{guide}.vi.md"))));
        assert!(en.len() > least, "there is something to compare in {guide}");
        for (at, (one, other)) in en.iter().zip(&vi).enumerate() {
            assert_eq!(one, other, "{guide}: after {:?}", &en[at.saturating_sub(3)..at]);
        }
        assert_eq!(en.len(), vi.len(), "{guide}");
    }
}

#[test]
fn every_kind_of_refusal_stands_in_the_guide_of_scenarios() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let guide = std::fs::read_to_string(root.join("docs/testing.md")).expect("the guide");
    let source = std::fs::read_to_string(root.join("src/dossier/refusal.rs")).expect("the source");
    let kinds = source.split("pub enum Code {").nth(1).and_then(|rest| rest.split("\n}\n").next()).expect("the kinds");
    let is_kind = |line: &&str| line.starts_with("    ") && line[4..].starts_with(|c: char| c.is_ascii_uppercase());
    let snake = |name: &str| {
        let word =
            |c: char| if c.is_ascii_uppercase() { format!("_{}", c.to_ascii_lowercase()) } else { c.to_string() };
        name.chars().map(word).collect::<String>().trim_start_matches('_').to_owned()
    };
    let named: Vec<String> = kinds
        .lines()
        .filter(is_kind)
        .map(|line| snake(line.trim().split([',', ' ']).next().unwrap_or_default()))
        .collect();
    assert_eq!(named, Code::NAMES, "Code::NAMES has them all, in their order");
    for name in Code::NAMES {
        assert!(guide.contains(&format!("| `{name}` |")), "docs/testing.md says nothing of `{name}`");
    }
}

#[test]
fn the_faults_that_the_readme_shows_are_those_that_check_finds() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = std::env::temp_dir().join(format!("chancery-readme-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a temporary folder");
    for name in ["annual_case.yaml", "annual_case.en.yaml", "awards-2026.yaml", "rules-2026.yaml"] {
        let text = std::fs::read_to_string(root.join("workflows/annual").join(name)).expect("it is shipped");
        let text = text.replacen("guard: letter_attached, target: open}", "guard: letter_atached, target: opne}", 1);
        std::fs::write(folder.join(name), text).expect("written");
    }
    let mut check = Command::new(env!("CARGO_BIN_EXE_chancery"));
    let output = check.current_dir(&folder).args(["check", "annual_case.yaml"]).output().expect("the binary runs");
    std::fs::remove_dir_all(&folder).expect("it is ours");
    let said = String::from_utf8([output.stdout, output.stderr].concat()).expect("UTF-8");
    let readme = std::fs::read_to_string(root.join("README.md")).expect("the README");
    assert!(said.contains("letter_atached") && readme.contains(said.trim()), "the README does not show\n{said}");
}
