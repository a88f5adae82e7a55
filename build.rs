//! Lists the files under `workflows/` so that the binary carries them: `chancery demo` needs nothing beside itself. And the first
//! faulty file of each code with its repair, from `tests/all/check`: `chancery check --explain` shows them.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

#[expect(clippy::disallowed_methods, reason = "cargo tells a build script its folders this way and no other")]
fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=workflows");
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it")).join("workflows");
    let mut files = Vec::new();
    walk(&root, &mut files)?;
    files.sort();
    let mut list = String::from("&[\n");
    for file in files {
        let name = file.strip_prefix(&root).expect("it was found there").to_string_lossy().replace('\\', "/");
        let path = file.to_string_lossy().into_owned();
        writeln!(list, "    Embedded {{ path: {name:?}, text: include_str!({path:?}) }},").expect("a String takes all");
    }
    list.push_str("]\n");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    fs::write(out.join("workflows.rs"), list)?;
    fs::write(out.join("examples.rs"), examples(&root)?)
}

/// `CODE_what.yaml` and `CODE_what.fixed.yaml`, the first of each code, and the tables that stand beside them.
fn examples(workflows: &Path) -> io::Result<String> {
    println!("cargo::rerun-if-changed=tests/all/check");
    let folder = workflows.with_file_name("tests").join("all/check");
    let mut names = Vec::new();
    if folder.is_dir() {
        for entry in fs::read_dir(&folder)? {
            let path = entry?.path();
            if path.extension().is_some_and(|kind| kind == "yaml") {
                names.extend(path.file_name().map(|name| name.to_string_lossy().into_owned()));
            }
        }
    }
    names.sort();
    let is_code =
        |name: &str| name.len() > 6 && name.starts_with(['E', 'W']) && name[1..5].bytes().all(|b| b.is_ascii_digit());
    let mut list = String::from("&[\n");
    let mut before = String::new();
    for name in &names {
        let faulty = !name.ends_with(".fixed.yaml");
        let stem = name.trim_end_matches(".yaml");
        if is_code(name) && (!faulty || before.get(..5) == name.get(..5)) {
            continue;
        }
        let fixed = folder.join(format!("{stem}.fixed.yaml"));
        let fixed =
            if fixed.is_file() { format!("include_str!({:?})", fixed.to_string_lossy()) } else { "\"\"".to_owned() };
        let path = folder.join(name).to_string_lossy().into_owned();
        writeln!(list, "    Example {{ name: {name:?}, text: include_str!({path:?}), fixed: {fixed} }},")
            .expect("a String takes all");
        if is_code(name) {
            before.clone_from(name);
        }
    }
    list.push_str("]\n");
    Ok(list)
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            walk(&path, files)?;
        } else if path.extension().is_some_and(|kind| kind == "yaml" || kind == "csv") {
            files.push(path);
        }
    }
    Ok(())
}
