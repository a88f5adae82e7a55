//! What commands answer is said in the reader's language: no command has words of its own, and none answers in English when
//! Vietnamese is asked for.

use std::path::{Path, PathBuf};

use crate::cli::{Place, place, shipped};

/// English words that are none in Vietnamese, as they stand in sentences.
const ENGLISH: [&str; 16] = [
    " the ",
    " is ",
    " are ",
    " was ",
    " were ",
    " not ",
    " of ",
    " and ",
    " with ",
    " there ",
    " nobody ",
    " nothing ",
    " that ",
    " which ",
    "help:",
    " has ",
];

/// Runs it in Vietnamese; what it says holds no English sentence.
#[track_caller]
fn says(place: &Place, code: i32, arguments: &[&str]) -> String {
    let all: Vec<&str> = arguments.iter().copied().chain(["--language", "vi"]).collect();
    let ran = place.run(&all);
    let said = format!("{}{}", ran.out, ran.err);
    assert_eq!(ran.code, code, "{arguments:?}: {said}");
    for line in said.lines() {
        // What stands in backquotes is a name, a path or a command.
        let words: String = line.split('`').step_by(2).collect::<Vec<_>>().join("_");
        let words = format!(" {} ", words.trim());
        let english = ENGLISH.iter().find(|word| words.contains(*word));
        assert_eq!(english, None, "{arguments:?} says: {line}");
    }
    said
}

#[test]
fn every_command_answers_in_vietnamese_when_that_is_asked_for() {
    let place = place("tongue");
    says(&place, 2, &["list"]);
    says(&place, 0, &["migrate"]);
    says(&place, 2, &["start", "purchase", "--as", "MS-DN"]);
    says(&place, 0, &["new", "leave_request"]);
    says(&place, 1, &["new", "leave_request"]);
    says(&place, 0, &["check", "leave_request"]);
    says(&place, 0, &["test", "leave_request"]);
    says(&place, 0, &["fmt", "leave_request"]);
    says(&place, 0, &["table", "leave_request"]);
    says(&place, 2, &["table", "leave_request", "--role", "nobody"]);
    says(&place, 0, &["simulate", "leave_request/leave_request.yaml"]);
    let (calendar, folder) = (shipped("calendars/vn-civil-service.yaml"), shipped("purchase"));
    let directory = shipped("purchase/directory");
    says(&place, 2, &["deploy", &folder]);
    says(&place, 0, &["deploy", "--calendar", &calendar]);
    says(&place, 0, &["directory", &directory]);
    says(&place, 0, &["directory", &directory]);
    says(&place, 0, &["deploy", &folder]);
    let id = place.start();
    says(&place, 0, &["list"]);
    says(&place, 0, &["show", &id]);
    says(&place, 0, &["explain", &id]);
    says(&place, 2, &["explain", &id, "--choices", "item"]);
    says(&place, 2, &["act", "zzz", "approve", "--as", "MS-TP"]);
    says(&place, 1, &["act", &id, "nonsense", "--as", "MS-TP"]);
    says(&place, 2, &["act", &id, "approve", "--as", "NOBODY"]);
    says(&place, 0, &["act", &id, "approve", "--as", "MS-TP"]);
    says(&place, 2, &["measure", "purchase", "--measure", "no_such"]);
    says(&place, 0, &["paper", &id]);
    says(&place, 0, &["away"]);
    says(&place, 0, &["pin", &id]);
    says(&place, 2, &["register", "no_such"]);
    says(&place, 3, &["import", "none.csv", "--workflow", "purchase"]);
    says(&place, 0, &["mail", "samples", "--into", "mails"]);
    says(&place, 0, &["mail", "list"]);
    says(&place, 0, &["mail", "deeds"]);
    says(&place, 2, &["mail", "resend", "zzz", "--as", "MS-TP", "--reason", "x"]);
    says(&place, 0, &["mail", "readdress", "MS-TP", "--as", "MS-KT", "--reason", "x"]);
    says(&place, 0, &["audit", "replay", "--all"]);
    says(&place, 0, &["audit", "verify"]);
    says(&place, 0, &["audit", "heads"]);
    says(&place, 0, &["audit", "export", "log.jsonl"]);
    says(&place, 0, &["migrate-dossiers", "purchase"]);
    says(&place, 0, &["diff", &folder, "purchase"]);
    says(&place, 0, &["subject", "MS-TP"]);
    says(&place, 0, &["erase", "MS-TP", "--as", "MS-KT", "--reason", "x"]);
    says(&place, 0, &["backup", "copy.db"]);
    says(&place, 2, &["backup", "copy.db"]);
    says(&place, 2, &["restore", "copy.db"]);
    std::fs::rename(place.folder.join("office.db"), place.folder.join("old.db")).expect("it is there");
    for beside in ["office.db-wal", "office.db-shm"] {
        let _ = std::fs::remove_file(place.folder.join(beside));
    }
    says(&place, 0, &["restore", "copy.db"]);
    // A program that can be told to go wrong says so, and that is to be put right.
    says(&place, i32::from(cfg!(feature = "planted-faults")), &["doctor", "--no-mail"]);
    says(&place, 0, &["resume"]);
    says(&place, 0, &["resume"]);
}

#[test]
fn no_command_says_anything_past_the_catalogue() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/cli");
    let files = std::fs::read_dir(&folder).expect("the source tree can be read");
    let mut files: Vec<PathBuf> = files.map(|file| file.expect("the source tree can be read").path()).collect();
    files.sort();
    let found: Vec<String> = files.iter().flat_map(|file| own_words(file)).collect();
    assert_eq!(found, Vec::<String>::new(), "these words belong into the catalogue of the commands");
}

/// Sentences that a command prints or fails with, and that stand in its source.
fn own_words(file: &Path) -> Vec<String> {
    let Ok(text) = std::fs::read_to_string(file) else { return Vec::new() };
    let text = text.split("#[cfg(test)]").next().unwrap_or_default();
    let ways = [".line(", ".note(", "::Refused(", "::Usage(", "::Input(", "::World(", "::Unconfirmed("];
    let mut found = Vec::new();
    for way in ways {
        for rest in text.split(way).skip(1) {
            let rest = rest.trim_start().trim_start_matches("format!(").trim_start();
            let Some(literal) = rest.strip_prefix('"').and_then(|rest| rest.split('"').next()) else { continue };
            if is_sentence(literal) {
                found.push(format!("{}: {literal}", file.display()));
            }
        }
    }
    found
}

/// Two words beside each other, outside of holes.
fn is_sentence(literal: &str) -> bool {
    let mut plain = String::new();
    for (place, part) in literal.split(['{', '}']).enumerate() {
        plain.push_str(if place % 2 == 0 { part } else { "_" });
    }
    let is_word = |word: &&str| word.len() > 1 && word.bytes().all(|byte| byte.is_ascii_alphabetic());
    let words: Vec<bool> = plain.split(' ').map(|word| is_word(&word)).collect();
    words.windows(2).any(|pair| pair[0] && pair[1])
}
