//! Lists the files under `workflows/` so that the binary carries them: `chancery demo` needs nothing beside itself.

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
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it")).join("workflows.rs");
    fs::write(out, list)
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
