//! The catalogue of diagnostics against the sources: every `fault!`, `said!` and `say!` has its words, with just the holes that
//! are filled there, and no words are left over. (That all languages say the same is tested beside the catalogue.)

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use chancery::diagnostic::code;

fn src() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn files(folder: &Path, end: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("the source tree can be read") {
        let path = entry.expect("the source tree can be read").path();
        if path.is_dir() {
            found.extend(files(&path, end));
        } else if path.extension().is_some_and(|extension| extension == end) {
            found.push(path);
        }
    }
    found
}

/// The holes of every text of the English catalogue, by `section.name`.
fn catalogue() -> BTreeMap<String, BTreeSet<String>> {
    let mut all = BTreeMap::new();
    for path in files(&src().join("diagnostic/texts/en"), "toml") {
        let text = fs::read_to_string(&path).expect("a catalogue");
        let table: toml::Table = text.parse().unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        for (section, entries) in &table {
            for (name, entry) in entries.as_table().expect("sections are tables") {
                all.insert(format!("{section}.{name}"), holes(&entry.to_string()));
            }
        }
    }
    all
}

fn holes(text: &str) -> BTreeSet<String> {
    let inside = text.split('{').skip(1).filter_map(|rest| Some(rest.split_once('}')?.0));
    let is_hole = |name: &&str| !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    inside.filter(is_hole).map(str::to_owned).collect()
}

/// A use of words in the sources.
struct Use {
    place: String,
    entry: String,
    holes: BTreeSet<String>,
}

/// The text between a bracket that was opened and the one that closes it, split at its outer commas.
fn arguments(text: &str) -> Option<Vec<String>> {
    let (mut depth, mut parts, mut part) = (0_usize, Vec::new(), String::new());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => {
                part.push(c);
                while let Some(inner) = chars.next() {
                    part.push(inner);
                    match inner {
                        '\\' => part.extend(chars.next()),
                        '"' => break,
                        _ => {}
                    }
                }
                continue;
            }
            '(' | '[' | '{' => depth += 1,
            ')' if depth == 0 => {
                parts.push(part);
                return Some(
                    parts.into_iter().map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect(),
                );
            }
            ')' | ']' | '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(std::mem::take(&mut part));
                continue;
            }
            _ => {}
        }
        part.push(c);
    }
    None
}

fn uses() -> Vec<Use> {
    let constants: BTreeMap<&str, &str> = code::ALL.iter().map(|code| (code.name, code.code)).collect();
    let mut found = Vec::new();
    for path in files(&src(), "rs") {
        let text = fs::read_to_string(&path).expect("sources are UTF-8");
        let code: String = text
            .lines()
            .map(|line| if line.trim_start().starts_with("//") { "\n".to_owned() } else { format!("{line}\n") })
            .collect();
        for (call, places) in [("fault!(", 1), ("said!(", 0), ("say!(", 0)] {
            for (at, _) in code.match_indices(call) {
                let line = code[..at].matches('\n').count() + 1;
                let place = format!("{}:{line}", path.display());
                let rest = &code[at + call.len()..];
                let own =
                    code[..at].chars().next_back().is_none_or(|before| !before.is_alphanumeric() && before != '_');
                if !own || rest.trim_start().starts_with('$') {
                    continue;
                }
                let arguments = arguments(rest).unwrap_or_else(|| panic!("{place}: no end of {call}"));
                let (section, name) =
                    arguments[0].split_once('.').unwrap_or_else(|| panic!("{place}: {}", arguments[0]));
                let section = if call == "say!(" {
                    section
                } else {
                    constants.get(section).unwrap_or_else(|| panic!("{place}: no code {section}"))
                };
                let holes = arguments[1 + places..]
                    .iter()
                    .map(|hole| hole.split_once('=').map_or(hole.as_str(), |(name, _)| name).trim().to_owned());
                found.push(Use { entry: format!("{section}.{name}"), holes: holes.collect(), place });
            }
        }
    }
    assert!(found.len() > 50, "the sources were read");
    found
}

#[test]
fn every_use_has_its_words_with_just_its_holes() {
    let catalogue = catalogue();
    let mut wrong = Vec::new();
    for used in uses() {
        match catalogue.get(&used.entry) {
            None => wrong.push(format!("{}: the catalogue has no `{}`", used.place, used.entry)),
            Some(holes) if *holes != used.holes => wrong
                .push(format!("{}: `{}` has the holes {holes:?}, filled are {:?}", used.place, used.entry, used.holes)),
            Some(_) => {}
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_words_are_left_over() {
    let used: BTreeSet<String> = uses().into_iter().map(|used| used.entry).collect();
    let of_a_code = |entry: &str| entry.ends_with(".meaning") || entry.ends_with(".explain");
    let left: Vec<String> =
        catalogue().into_keys().filter(|entry| !of_a_code(entry) && !used.contains(entry)).collect();
    assert!(left.is_empty(), "nobody says {}", left.join(", "));
}
