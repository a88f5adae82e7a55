//! Workflows on a disk: finding the main files in folders, reading what stands beside them, checking.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::{Format, Printer, Trouble, helped};
use crate::diagnostic::render::{self, render_all};
use crate::diagnostic::{Diagnostic, Severity, Words, say};
use crate::directory::{self, Directory};
use crate::ids::PersonId;
use crate::machine::check::{Checked, check_files};
use crate::sheet::xlsx;
use crate::source::SourceFile;

/// Folders inside folders that are looked into.
pub(super) const DEPTH_MAX: usize = 8;
/// Bytes of one file.
const FILE_MAX: u64 = 4 * 1024 * 1024;

/// The main files behind the paths that were named: a file is one; in a folder they are those with a `chancery:` key.
pub(super) fn find(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Trouble> {
    let mut found = Vec::new();
    for path in paths {
        if path.is_dir() {
            let before = found.len();
            search(path, DEPTH_MAX, &|path| is_yaml(path) && is_main(path), &mut found)?;
            if found.len() == before {
                return Err(Trouble::Input(say!(trouble.no_workflow_in, path = path.display().to_string())));
            }
        } else {
            found.push(path.clone());
        }
    }
    found.sort();
    found.dedup();
    Ok(found)
}

/// The files inside a folder, at any depth, that are wanted.
pub(super) fn search(
    folder: &Path,
    depth: usize,
    wanted: &dyn Fn(&Path) -> bool,
    found: &mut Vec<PathBuf>,
) -> Result<(), Trouble> {
    let entries = std::fs::read_dir(folder).map_err(|error| unreadable(folder, &error))?;
    for entry in entries {
        let path = entry.map_err(|error| unreadable(folder, &error))?.path();
        if path.is_dir() && depth > 0 {
            search(&path, depth - 1, wanted, found)?;
        } else if wanted(&path) {
            found.push(path);
        }
    }
    Ok(())
}

fn is_yaml(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml")
}

/// A calendar begins with `chancery:` as well, but has neither name nor states of a workflow.
fn is_main(path: &Path) -> bool {
    let has = |bytes: &[u8], key: &[u8]| bytes.split(|byte| *byte == b'\n').any(|line| line.starts_with(key));
    std::fs::read(path)
        .is_ok_and(|bytes| has(&bytes, b"chancery:") && (has(&bytes, b"workflow:") || has(&bytes, b"states:")))
}

/// Reads and checks one workflow.
pub(super) fn check(path: &Path) -> Result<Checked, Trouble> {
    let main = read(path)?;
    let folder = path.parent().unwrap_or_else(|| Path::new("")).to_owned();
    let included = |name: &str| {
        // A name is a name: nothing outside the folder is read.
        let inside = !name.contains(['/', '\\']) && name != "..";
        inside.then(|| read(&folder.join(name)).ok()).flatten().map(|file| SourceFile::new(name, file.text))
    };
    Ok(check_files(&main, &included))
}

/// The workflows right inside a folder.
pub(super) fn beside(folder: &Path) -> Result<Vec<PathBuf>, Trouble> {
    let mut found = Vec::new();
    let here = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    for entry in std::fs::read_dir(here).map_err(|error| unreadable(here, &error))? {
        let name = entry.map_err(|error| unreadable(here, &error))?.file_name();
        let path = folder.join(name);
        if is_yaml(&path) && is_main(&path) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// A directory, none if there is an error in it; the files that were read; every fault.
type ReadDirectory = (Option<Directory>, Vec<SourceFile>, Vec<Diagnostic>);

/// Reads a directory from its folder, with the files that were read and every fault in them.
pub(super) fn directory(folder: &Path, ids: &dyn Fn(&str) -> PersonId) -> Result<ReadDirectory, Trouble> {
    let (files, trouble) = (RefCell::new(Vec::new()), RefCell::new(None));
    let book = folder.join(WORKBOOK);
    let book = if book.exists() { Some(Workbook::read(&book)?) } else { None };
    let faults = RefCell::new(book.as_ref().map(|book| book.faults.clone()).unwrap_or_default());
    let read = |name: &str| {
        let path = folder.join(name);
        if let Some(book) = &book {
            if path.exists() {
                let twice = say!(trouble.beside, path = path.display().to_string(), book = WORKBOOK);
                trouble.borrow_mut().get_or_insert(Trouble::Input(twice));
                return None;
            }
            let (file, found) = book.sheet(name)?;
            faults.borrow_mut().extend(found);
            files.borrow_mut().push(file.clone());
            return Some(file);
        }
        if !path.exists() {
            return None;
        }
        match read(&path) {
            Ok(file) => {
                let file = SourceFile::new(name, file.text);
                files.borrow_mut().push(file.clone());
                Some(file)
            }
            Err(error) => {
                trouble.borrow_mut().get_or_insert(error);
                None
            }
        }
    };
    let (directory, found) = directory::read(&read, ids);
    let mut faults = faults.into_inner();
    let sound = faults.is_empty();
    faults.extend(found);
    match trouble.into_inner() {
        Some(trouble) => Err(trouble),
        None => Ok((directory.filter(|_| sound), files.into_inner(), faults)),
    }
}

/// A directory in one file: its sheets are called like the CSV files.
const WORKBOOK: &str = "directory.xlsx";

struct Workbook {
    bytes: Vec<u8>,
    sheets: Vec<String>,
    faults: Vec<Diagnostic>,
}

impl Workbook {
    fn read(path: &Path) -> Result<Self, Trouble> {
        let bytes = std::fs::read(path).map_err(|error| unreadable(path, &error))?;
        let (sheets, faults) = match xlsx::sheets(WORKBOOK, &bytes) {
            Ok(sheets) => (sheets, Vec::new()),
            Err(fault) => (Vec::new(), vec![*fault]),
        };
        Ok(Self { bytes, sheets, faults })
    }

    /// The sheet that stands for a CSV file, with the faults of its cells.
    fn sheet(&self, name: &str) -> Option<(SourceFile, Vec<Diagnostic>)> {
        let sheet = name.strip_suffix(".csv").filter(|sheet| self.sheets.iter().any(|known| known == sheet))?;
        Some(xlsx::read(name, &self.bytes, Some(sheet)))
    }
}

/// Reads a text file.
pub(super) fn read(path: &Path) -> Result<SourceFile, Trouble> {
    let size = std::fs::metadata(path).map_err(|error| unreadable(path, &error))?.len();
    if size > FILE_MAX {
        let (path, n) = (path.display().to_string(), FILE_MAX / 1024 / 1024);
        return Err(Trouble::Input(say!(trouble.large, path, n)));
    }
    let bytes = std::fs::read(path).map_err(|error| unreadable(path, &error))?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let line = String::from_utf8_lossy(&error.as_bytes()[..at]).matches('\n').count() + 1;
        let what = say!(trouble.encoding, path = path.display().to_string(), line);
        Trouble::Input(helped(what, say!(trouble.save_utf)))
    })?;
    Ok(SourceFile::new(path.display().to_string(), text))
}

pub(super) fn unreadable(path: &Path, error: &std::io::Error) -> Trouble {
    Trouble::Input(say!(trouble.unreadable, path = path.display().to_string(), why = error.to_string()))
}

pub(super) fn unwritable(path: &Path, error: &std::io::Error) -> Words {
    say!(trouble.unwritable, path = path.display().to_string(), why = error.to_string())
}

/// That one of these has to be named, where one is wanted.
pub(super) fn several(path: &Path, files: &[PathBuf]) -> Words {
    let names: Vec<String> = files.iter().map(|file| file.display().to_string()).collect();
    let names = format!("\n  {}", names.join("\n  "));
    say!(trouble.several_workflows, path = path.display().to_string(), names)
}

/// The workflows that stand in the folders of these files and were not named: their lists may be joined.
pub(super) fn neighbours(files: &[PathBuf]) -> Vec<Checked> {
    let mut folders: Vec<&Path> = files.iter().filter_map(|file| file.parent()).collect();
    folders.sort();
    folders.dedup();
    let named: Vec<PathBuf> = files.iter().filter_map(|file| file.canonicalize().ok()).collect();
    let other = |file: &PathBuf| file.canonicalize().is_ok_and(|file| !named.contains(&file));
    // What cannot be read is no fault of the files that were named.
    let found = folders.into_iter().filter_map(|folder| beside(folder).ok()).flatten();
    found.filter(other).filter_map(|file| check(&file).ok()).collect()
}

/// Shows diagnostics; how many errors and warnings there were.
pub(super) fn show(printer: &Printer, diagnostics: &[Diagnostic], sources: &[SourceFile]) -> Counts {
    let format = match printer.format() {
        Format::Json => render::Format::Json,
        Format::Short => render::Format::Short,
        _ => render::Format::Human,
    };
    let text = render_all(diagnostics, sources, format, printer.color(), printer.language());
    if !diagnostics.is_empty() {
        match printer.format() {
            Format::Json | Format::Short => printer.line(text.trim_end()),
            _ => printer.note(text.trim_end()),
        }
    }
    Counts::of(diagnostics)
}

/// How many faults.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) errors: usize,
    pub(super) warnings: usize,
}

impl Counts {
    /// How many of each there are.
    pub(super) fn of(diagnostics: &[Diagnostic]) -> Self {
        let count = |severity| diagnostics.iter().filter(|diagnostic| diagnostic.severity == severity).count();
        Self { errors: count(Severity::Error), warnings: count(Severity::Warning) }
    }

    /// In words.
    pub(super) fn words(self) -> Words {
        let errors = if self.errors == 1 { say!(report.one_error) } else { say!(report.errors, n = self.errors) };
        match self.warnings {
            0 => errors,
            1 => say!(report.both, errors, warnings = say!(report.one_warning)),
            n => say!(report.both, errors, warnings = say!(report.warnings, n)),
        }
    }
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.errors += other.errors;
        self.warnings += other.warnings;
    }
}

/// The names of the files in folders so many levels inside a folder, by the folders' names with `/` between them.
pub(super) fn names_inside(folder: &Path, depth: usize) -> Result<BTreeMap<String, Vec<String>>, Trouble> {
    let mut names = BTreeMap::new();
    gather(folder, "", depth, &mut names)?;
    Ok(names)
}

fn gather(folder: &Path, key: &str, depth: usize, names: &mut BTreeMap<String, Vec<String>>) -> Result<(), Trouble> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(|error| unreadable(folder, &error))? {
        let path = entry.map_err(|error| unreadable(folder, &error))?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
        if depth == 0 {
            files.push(name.to_owned());
        } else if path.is_dir() {
            let inner = if key.is_empty() { name.to_owned() } else { format!("{key}/{name}") };
            gather(&path, &inner, depth - 1, names)?;
        }
    }
    if depth == 0 {
        files.sort();
        names.insert(key.to_owned(), files);
    }
    Ok(())
}
