//! Rules of the tree, read from the sources: who may use whom, which words may not occur, and that the architecture page
//! names every folder and nothing else.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Modules in the order of dependence: each may use those before it, and those of its own line.
const ORDER: &[&[&str]] = &[
    &["exact", "ids", "planted", "source", "words"],
    &["diagnostic"],
    &["sheet", "yaml"],
    &["calendar", "directory"],
    &["definition", "expr", "machine", "dossier"],
    &["chart", "drafts", "explain", "import", "letters", "links", "measure", "papers", "templates"],
    &["scenario"],
    &["clock"],
    &["seal", "store", "verify"],
    &["engine"],
    &["postbox"],
    &["bounces", "courier", "scheduler", "web", "catcher"],
    &["config", "service", "bench"],
    &["demo"],
    &["cli"],
];

/// The lines of [`ORDER`] that are pure.
const PURE: usize = 7;

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("the source tree can be read") {
        let path = entry.expect("the source tree can be read").path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The module that a file of src belongs to.
fn module(path: &Path) -> String {
    let inside = path.strip_prefix(root().join("src")).expect("a file of src");
    let first = inside.components().next().expect("a file has a name").as_os_str().to_string_lossy().into_owned();
    first.trim_end_matches(".rs").to_owned()
}

fn sources() -> Vec<(PathBuf, String)> {
    let read = |path: PathBuf| (path.clone(), fs::read_to_string(path).expect("sources are UTF-8"));
    rust_files(&root().join("src")).into_iter().map(read).collect()
}

fn rank() -> BTreeMap<&'static str, usize> {
    ORDER.iter().enumerate().flat_map(|(rank, names)| names.iter().map(move |name| (*name, rank))).collect()
}

/// What a text of Rust uses of its own crate: the first names after `crate::`.
fn used(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let code = line.split("//").next().unwrap_or_default();
        for part in code.split("crate::").skip(1) {
            let name: String = part.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
            if !name.is_empty() {
                found.push((number + 1, name));
            }
        }
    }
    found
}

#[test]
fn no_module_uses_one_that_stands_above_it() {
    let rank = rank();
    let mut faults = Vec::new();
    for (path, text) in sources() {
        let name = module(&path);
        if name == "lib" || name == "main" {
            continue;
        }
        let mine = rank.get(name.as_str()).unwrap_or_else(|| panic!("{name} has no place in the order of modules"));
        for (line, other) in used(&text) {
            if rank.get(other.as_str()).is_some_and(|theirs| theirs > mine) {
                faults.push(format!("{}:{line}: {name} uses {other}", path.display()));
            }
        }
    }
    assert!(faults.is_empty(), "wrong direction:\n{}", faults.join("\n"));
}

#[test]
fn the_pure_part_asks_for_no_time_chance_or_world() {
    let pure: Vec<&str> = ORDER[..PURE].iter().flat_map(|names| names.iter().copied()).collect();
    let banned = [
        "tokio::",
        "sqlx::",
        "rusqlite",
        "tracing::",
        "std::fs",
        "std::env",
        "Timestamp::now",
        "SystemTime",
        "async fn",
    ];
    let mut faults = Vec::new();
    for (path, text) in sources() {
        if pure.contains(&module(&path).as_str()) {
            for (number, line) in text.lines().enumerate() {
                let code = line.split("//").next().unwrap_or_default();
                if let Some(word) = banned.iter().find(|word| code.contains(**word)) {
                    faults.push(format!("{}:{}: {word}", path.display(), number + 1));
                }
            }
        }
    }
    assert!(faults.is_empty(), "not pure:\n{}", faults.join("\n"));
}

/// A mistake of the engine must not be made again by what looks at its work.
#[test]
fn the_independent_look_uses_nothing_of_ours() {
    let libraries = ["std", "super", "rusqlite", "sqlx", "sha2", "ring", "serde_json", "thiserror"];
    let own: Vec<String> = ["Self", "self"].iter().map(ToString::to_string).collect();
    let mut faults = Vec::new();
    for (path, text) in sources().into_iter().filter(|(path, _)| module(path) == "verify") {
        for (number, line) in text.lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default().trim();
            let used = code.strip_prefix("use ").or_else(|| code.strip_prefix("pub use "));
            let first = used.map(|used| used.split([':', ';', ' ']).next().unwrap_or_default().to_owned());
            let foreign = first.filter(|name| !libraries.contains(&name.as_str()) && !own.contains(name));
            // `pub use database::..` of a part of its own.
            let foreign = foreign.filter(|name| !root().join("src/verify").join(format!("{name}.rs")).exists());
            if foreign.is_some() || code.contains("crate::") || code.contains("chancery::") {
                faults.push(format!("{}:{}: {code}", path.display(), number + 1));
            }
        }
    }
    assert!(faults.is_empty(), "it looks through the engine's own eyes:\n{}", faults.join("\n"));
}

#[test]
fn each_library_of_the_world_is_named_in_one_place() {
    let homes = [
        ("sqlx::", vec!["store", "verify"]),
        ("rusqlite::", vec!["store", "verify"]),
        ("lettre::", vec!["courier"]),
        ("axum::", vec!["web", "demo", "service"]),
        ("serde_yaml::", vec!["yaml"]),
        ("calamine::", vec!["sheet"]),
        ("rust_xlsxwriter::", vec!["sheet"]),
    ];
    let mut faults = Vec::new();
    for (path, text) in sources() {
        let name = module(&path);
        for (library, allowed) in &homes {
            let code = text.lines().map(|line| line.split("//").next().unwrap_or_default());
            if !allowed.contains(&name.as_str()) && code.into_iter().any(|line| line.contains(library)) {
                faults.push(format!("{}: {library}", path.display()));
            }
        }
    }
    assert!(faults.is_empty(), "libraries out of place:\n{}", faults.join("\n"));
}

#[test]
fn the_engine_knows_nothing_of_any_office() {
    let banned = ["award", "emulation", "commendation", "thi đua", "khen thưởng"];
    let mut faults = Vec::new();
    for (path, text) in sources() {
        for (number, line) in text.to_lowercase().lines().enumerate() {
            let words: Vec<&str> = line.split(|c: char| !c.is_alphanumeric() && c != ' ').collect();
            let found = banned.iter().find(|word| {
                words.iter().any(|part| {
                    part.split(' ').any(|one| one == **word || one == format!("{word}s"))
                        || word.contains(' ') && part.contains(**word)
                })
            });
            if let Some(word) = found {
                faults.push(format!("{}:{}: {word}", path.display(), number + 1));
            }
        }
    }
    assert!(faults.is_empty(), "words of one office in the engine:\n{}", faults.join("\n"));
}

#[test]
fn the_architecture_page_names_every_module_and_no_other() {
    let page = fs::read_to_string(root().join("docs/architecture.md")).expect("docs/architecture.md");
    let named: std::collections::BTreeSet<String> = page
        .lines()
        .filter_map(|line| line.strip_prefix("| `src/"))
        .map(|rest| rest.split('`').next().unwrap_or_default().trim_end_matches(".rs").to_owned())
        .collect();
    let there: std::collections::BTreeSet<String> =
        sources().iter().map(|(path, _)| module(path)).filter(|name| name != "lib" && name != "main").collect();
    assert_eq!(named, there);
}

#[test]
fn every_file_says_what_it_is() {
    let silent: Vec<String> = sources()
        .into_iter()
        .filter(|(_, text)| !text.starts_with("//!"))
        .map(|(path, _)| path.display().to_string())
        .collect();
    assert!(silent.is_empty(), "files without a first line:\n{}", silent.join("\n"));
}
