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
    render_all(&checked.diagnostics, &checked.sources, Format::Human, false, "en")
}

fn codes(checked: &Checked) -> Vec<&'static str> {
    checked.diagnostics.iter().map(|diagnostic| diagnostic.code).collect()
}

/// The names of the files of a folder that end like this, without the end.
fn names(folder: &Path, end: &str) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("the folder is there");
    let names = entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned());
    let mut names: Vec<String> =
        names.filter_map(|name| name.strip_suffix(end).map(str::to_owned)).filter(|stem| !stem.contains('.')).collect();
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
    // Calendars (E06), directories (E07, W07), imports (E08) and scenarios (E09) show theirs in their own tests.
    let elsewhere = ["E06", "E07", "E08", "E09", "W07"];
    let folders = crate::together::folders();
    for code in code::ALL.iter().filter(|code| !elsewhere.iter().any(|start| code.code.starts_with(start))) {
        let shown = broken.iter().chain(&folders).any(|name| name.starts_with(code.code));
        assert!(shown, "no fixture shows {}", code.code);
    }
    assert_eq!(broken, fixed, "every fault stands beside its repair");
}

#[test]
fn every_shipped_workflow_has_no_error() {
    let mut faults = String::new();
    for folder in
        fs::read_dir(root().join("workflows")).expect("workflows").map(|entry| entry.expect("an entry").path())
    {
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

#[test]
fn bad_input_of_any_kind_gets_a_word_and_no_machine() {
    let bombs = [
        ("", code::WRONG_TYPE),
        ("- a\n- b\n", code::WRONG_TYPE),
        ("just words", code::WRONG_TYPE),
        ("\u{feff}", code::WRONG_TYPE),
        ("a: b\n---\nc: d\n", code::NOT_YAML),
        ("a: *nobody\n", code::NOT_YAML),
        ("a: !!binary x\n", code::NOT_YAML),
        ("a: \"open\n", code::NOT_YAML),
        ("? [complex, key]\n: x\n", code::NOT_YAML),
        ("a:\n\tb: c\n", code::TAB),
    ];
    for (text, expected) in bombs {
        let checked = check_text(text);
        assert!(checked.machine.is_none());
        assert!(codes(&checked).contains(&expected), "{text:?} says\n{}", words(&checked));
    }
    let brackets = check_text(&"[".repeat(100_000));
    assert_eq!(codes(&brackets), [code::TOO_MUCH]);
    let large = check_text(&format!("a: {}", "x".repeat(300_000)));
    assert_eq!(codes(&large), [code::TOO_MUCH]);
    let many = check_text(&format!("a: [{}]", "1,".repeat(60_000)));
    assert_eq!(codes(&many), [code::TOO_MUCH]);
}

#[test]
fn composed_and_decomposed_letters_are_the_same_text() {
    let composed = fs::read_to_string(fixtures().join("E0305_deadline.fixed.yaml")).expect("a good workflow");
    let decomposed: String = unicode_normalization::UnicodeNormalization::nfd(composed.as_str()).collect();
    assert_ne!(composed, decomposed);
    let (one, two) = (check_text(&composed).machine, check_text(&decomposed).machine);
    let (one, two) = (one.expect("a machine"), two.expect("a machine"));
    assert_eq!(one.to_json(), two.to_json());
    assert_ne!(one.hash(), two.hash(), "the hash is that of the files as they are");
    let twice = check_text("title: a\ne\u{301}: b\n\u{e9}: c\n");
    assert!(codes(&twice).contains(&code::DUPLICATE_KEY));
}

#[test]
fn words_that_other_yamls_read_as_numbers_and_truths_stay_texts() {
    let text = fs::read_to_string(fixtures().join("E0305_deadline.fixed.yaml")).expect("a good workflow");
    let table = SourceFile::new("t.yaml", "a: {no: yes, code: 017, long: 1_000, share: 1.1, whole: 12, truth: true}\n");
    let text = text.replace("fields:\n", "tables: {t: t.yaml}\nfields:\n").replace("days <= 5", "days <= t.a.whole");
    let main = SourceFile::new("test.yaml", text);
    let checked = check_files(&main, &|name| (name == "t.yaml").then(|| table.clone()));
    let machine = checked.machine.as_ref().unwrap_or_else(|| panic!("{}", words(&checked)));
    let expected = serde_json::json!(
        {"a": {"no": "yes", "code": "017", "long": "1_000", "share": 1.1, "whole": 12, "truth": true}});
    assert_eq!(machine.tables["t"], expected);
    assert_eq!(checked.sources.len(), 2);
}

#[test]
fn a_machine_comes_back_from_its_json_as_it_was() {
    for folder in ["workflows/annual", "workflows/purchase"] {
        let folder = root().join(folder);
        for name in names(&folder, ".yaml") {
            let Some(machine) = check(&folder, &format!("{name}.yaml")).machine else { continue };
            let json = machine.to_json();
            let loaded = Machine::load(machine.hash().clone(), &json).expect("what was stored can be loaded");
            assert_eq!(*loaded, *machine);
            assert_eq!(loaded.to_json(), json);
            assert_eq!(machine.hash().as_str().len(), 64);
        }
    }
}

#[test]
fn the_hash_follows_every_file() {
    let folder = fixtures();
    let name = "E0108_share.fixed.yaml";
    let main = read(&folder, name).expect("a list");
    let with = |suffix: &str| {
        let table = |wanted: &str| {
            let file = read(&folder, wanted)?;
            Some(SourceFile::new(file.name, file.text + suffix))
        };
        check_files(&main, &table).machine.expect("a machine").hash().clone()
    };
    assert_eq!(with(""), with(""));
    assert_ne!(with(""), with("# a comment\n"));
}

const WHOLE: &str = include_str!("check/whole/list.yaml");

/// A workflow that uses the whole language, with its table and its translation.
fn whole() -> Checked {
    check(&fixtures().join("whole"), "list.yaml")
}

#[test]
fn every_construct_of_the_language_lands_in_the_machine() {
    let checked = whole();
    // Its translation leaves texts out, and is told so.
    assert_eq!(codes(&checked), ["W0409"], "{}", words(&checked));
    let machine = checked.machine.expect("a machine");
    let json: serde_json::Value = serde_json::from_str(&machine.to_json()).expect("JSON");
    let expected = fixtures().join("whole/list.json");
    let pretty = serde_json::to_string_pretty(&json).expect("JSON") + "\n";
    if std::env::var_os("UPDATE_EXPECTED").is_some() {
        fs::write(&expected, &pretty).expect("the expected machine can be written");
    }
    assert_eq!(fs::read_to_string(expected).expect("the expected machine"), pretty);
}

#[test]
fn targets_lead_to_the_nearest_state_of_their_name() {
    let machine = whole().machine.expect("a machine");
    let target = |state: &str, event: &str| {
        let state = machine.state(&state.into()).expect("a state");
        let transition = state.on.iter().find(|on| on.event.as_ref().is_some_and(|name| name.as_str() == event));
        match &transition.expect("a transition").target {
            Target::State(id) => id.to_string(),
            Target::Resume(id) => format!("resume {id}"),
            Target::Stay => "stay".to_owned(),
        }
    };
    assert_eq!(target("work.voting", "closed"), "work.deciding", "a sibling");
    assert_eq!(target("work.deciding", "back"), "gathering", "further out");
    assert_eq!(target("gathering", "on_paper"), "work.paper_vote", "a full path");
    assert_eq!(target("suspended", "resume"), "resume work");
    assert_eq!(target("gathering", "note"), "stay");
    assert!(matches!(&machine.state(&"work".into()).expect("a state").kind,
        StateKind::Compound { initial } if initial.as_str() == "work.voting"));
}

#[test]
fn phrases_of_the_office_are_understood() {
    let machine = whole().machine.expect("a machine");
    let unit = |role: &str| match &machine.roles[&role.into()].source {
        RoleSource::Post { of, .. } => of.clone(),
        other => panic!("{role} is {other:?}"),
    };
    assert_eq!(unit("head"), UnitOf::Field { field: "unit".into() });
    assert_eq!(unit("minister"), UnitOf::Root { field: "unit".into() });
    assert_eq!(unit("officer"), UnitOf::Binding { name: "standing_body".to_owned(), field: "unit".into() });
    assert_eq!(unit("outside"), UnitOf::Code { code: "TTG".to_owned() });
    let vote = &machine.votes[&"unit_vote".into()];
    assert_eq!(vote.passes.share, ShareOf::Path("grade.share".to_owned()));
    assert!(vote.quorum.more_than);
    assert!(matches!(&machine.row[1].kind, FieldKind::Choice { from } if from == "grades"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_spoilt_file_never_stops_the_checker(
        cuts in prop::collection::vec((any::<prop::sample::Index>(), 0_usize..12, "[ -~\\n\\tàđ]{0,6}"), 1..6)
    ) {
        let mut text = WHOLE.to_owned();
        for (at, length, with) in cuts {
            let boundary = |mut byte: usize| { while !text.is_char_boundary(byte) { byte -= 1; } byte };
            let start = boundary(at.index(text.len()));
            let end = boundary((start + length).min(text.len()));
            text.replace_range(start..end.max(start), &with);
        }
        let folder = fixtures().join("whole");
        let checked = check_files(&SourceFile::new("list.yaml", text), &|wanted| read(&folder, wanted));
        prop_assert_eq!(checked.machine.is_none(), checked.diagnostics.iter().any(chancery::diagnostic::Diagnostic::is_error));
        for format in [Format::Human, Format::Short, Format::Json] {
            render_all(&checked.diagnostics, &checked.sources, format, true, "vi");
        }
    }

    #[test]
    fn lines_in_another_order_never_stop_the_checker(order in Just(WHOLE.lines().collect::<Vec<_>>()).prop_shuffle(), kept in 1_usize..60) {
        let text = order[..kept.min(order.len())].join("\n");
        words(&check_text(&text));
    }
}
