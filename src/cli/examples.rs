//! An example of each fault: a file that has it, and the same file put right. They are the fixtures of the tests, so that what
//! is shown is what the checker says.

use serde::Serialize;

use crate::diagnostic::{Format, render_all};
use crate::machine::check::check_files;
use crate::source::SourceFile;

/// A file with a fault, or a table beside such files.
struct Example {
    name: &'static str,
    text: &'static str,
    /// The same file put right; empty for a table.
    fixed: &'static str,
}

const EXAMPLES: &[Example] = include!(concat!(env!("OUT_DIR"), "/examples.rs"));

/// What is shown of an example.
#[derive(Serialize)]
pub(super) struct Shown {
    /// What the checker says about it.
    pub(super) told: String,
    /// The lines that repair it: taken away (`-`) and put in (`+`).
    pub(super) change: Vec<String>,
}

/// The example of a code, told in a language.
pub(super) fn of(code: &str, language: &str) -> Option<Shown> {
    let example = EXAMPLES.iter().find(|example| example.name.starts_with(code) && !example.fixed.is_empty())?;
    let beside = |name: &str| {
        let found = EXAMPLES.iter().find(|table| table.name == name)?;
        Some(SourceFile::new(found.name, found.text))
    };
    let checked = check_files(&SourceFile::new(example.name, example.text), &beside);
    let faults: Vec<_> = checked.diagnostics.into_iter().filter(|fault| fault.code == code).take(1).collect();
    let told = render_all(&faults, &checked.sources, Format::Human, false, language);
    Some(Shown { told, change: change(example.text, example.fixed) })
}

fn change(old: &str, new: &str) -> Vec<String> {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let same = |(one, two): &(&&str, &&str)| one == two;
    let before = old.iter().zip(&new).take_while(same).count();
    let (old, new) = (&old[before..], &new[before..]);
    let after = old.iter().rev().zip(new.iter().rev()).take_while(same).count();
    let gone = old[..old.len() - after].iter().map(|line| format!("- {line}"));
    gone.chain(new[..new.len() - after].iter().map(|line| format!("+ {line}"))).collect()
}
