//! Scenario files: who does what when, and what must hold. From YAML to cases, every name looked up, every fault collected.

mod besides;
mod expects;
mod imports;
pub mod model;
mod reader;
mod steps;
mod tables;
mod votes;

pub use model::{Case, Scenarios};

use imports::Imports;
use reader::Reader;
use steps::Names;

use super::world::World;
use crate::diagnostic::{Diagnostic, fault};
use crate::dossier::context::Entry;
use crate::ids::{Instant, WorkflowName};
use crate::source::{SourceFile, Span, Spanned};
use crate::yaml::fields::{self, Fields, Node};

/// The language level that this program reads.
const LEVEL: &str = "1";
/// The folder of the directory, unless the file names another.
const DIRECTORY: &str = "directory";
/// Faults that are told; more of them help nobody.
const FAULTS_MAX: usize = 100;
const KEYS: &[&str] = &["chancery", "test", "directory", "starts", "cases", "tables"];
const CASE_KEYS: &[&str] = &["case", "starts", "register", "steps"];

/// What a scenario file stands on, to be found before the rest of it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Needs {
    /// The workflow files that are tested, beside it; the first one is what it is about.
    pub workflows: Vec<Spanned<String>>,
    /// The folder of the directory, beside it.
    pub directory: String,
}

/// What a scenario file stands on; none if it is no scenario file.
pub fn needs(file: &SourceFile) -> (Option<Needs>, Vec<Diagnostic>) {
    let mut faults = Vec::new();
    let Some(root) = fields::read(file, &mut faults) else { return (None, faults) };
    // Keys are looked at when all of it is read.
    let mut ignored = Vec::new();
    let fields = Fields::of(&root, KEYS, &mut ignored);
    let start = Span::new(&file.name, file.one_line(&(0..file.text.len())));
    let workflows = match fields.get("test").map(|node| &node.value) {
        Some(Node::Text(_)) => fields.text("test", &mut faults).into_iter().map(|one| one.map(str::to_owned)).collect(),
        Some(Node::List(items)) => items
            .iter()
            .filter_map(|item| match &item.value {
                Node::Text(name) => Some(Spanned::new(name.clone(), item.span.clone())),
                _ => None,
            })
            .collect(),
        _ => Vec::new(),
    };
    if workflows.is_empty() {
        faults.push(fault!(MISSING_KEY.no_test, start));
        return (None, faults);
    }
    let directory = fields.text("directory", &mut faults).map_or(DIRECTORY, |name| name.value).to_owned();
    (Some(Needs { workflows, directory }), faults)
}

/// What reading a scenario file gave.
#[derive(Debug, Default)]
pub struct Read {
    /// Its cases; none of those in which there is a fault.
    pub scenarios: Scenarios,
    /// Every fault.
    pub faults: Vec<Diagnostic>,
    /// Every file that was read, for excerpts.
    pub sources: Vec<SourceFile>,
}

/// Reads a scenario file about these workflows of a world, of which there is at least one. `included` gives the bytes of a
/// file that stands beside it.
pub fn read(
    file: &SourceFile,
    world: &World,
    tested: &[WorkflowName],
    included: &dyn Fn(&str) -> Option<Vec<u8>>,
) -> Read {
    let mut read = Read { sources: vec![file.clone()], ..Read::default() };
    let Some(root) = fields::read(file, &mut read.faults) else { return read };
    let Some(main) = tested.first().and_then(|workflow| world.machine(workflow)) else { return read };
    let mut reader = Reader::new(world, main);
    let mut imports = Imports::new(included);
    let cases = reader.file(&root, &mut imports);
    read.scenarios = Scenarios { tested: tested.to_vec(), cases };
    read.sources.extend(imports.sources());
    read.faults.extend(reader.faults);
    in_order(&mut read);
    read
}

/// By file and place; what every row of a table says is said once.
fn in_order(read: &mut Read) {
    let sources = &read.sources;
    let place = |fault: &Diagnostic| {
        let span = fault.labels.first().map(|label| &label.span);
        let file = span.and_then(|span| sources.iter().position(|file| file.name == span.file));
        (file, span.map_or(0, |span| span.range.start))
    };
    read.faults.sort_by_key(place);
    read.faults.dedup();
    read.faults.truncate(FAULTS_MAX);
}

impl Reader<'_> {
    fn file(&mut self, root: &Spanned<Node>, imports: &mut Imports<'_>) -> Vec<Case> {
        let fields = self.fields(root, KEYS);
        match fields.needed("chancery", &mut self.faults) {
            Some(level) if level.value != LEVEL => {
                self.report(fault!(LEVEL.scenario, &level.span, level = level.value));
            }
            _ => {}
        }
        let starts = fields.get("starts").and_then(|node| self.text(node)).and_then(|text| self.moment(&text));
        let mut cases = Vec::new();
        for node in fields.get("cases").map_or(&[][..], |node| fields::items(node, &mut self.faults)) {
            cases.extend(self.case(node, starts, imports));
        }
        for node in fields.get("tables").map_or(&[][..], |node| fields::items(node, &mut self.faults)) {
            cases.extend(tables::read(self, node, starts, imports));
        }
        cases
    }

    /// A case; none if it has faults.
    fn case(&mut self, node: &Spanned<Node>, starts: Option<Instant>, imports: &mut Imports<'_>) -> Option<Case> {
        let before = self.faults.len();
        let fields = self.fields(node, CASE_KEYS);
        let title = fields.needed("case", &mut self.faults).map(|title| title.map(str::to_owned));
        let title = title.unwrap_or_else(|| Spanned::new(String::new(), node.span.clone()));
        let own = fields.get("starts").and_then(|node| self.text(node)).and_then(|text| self.moment(&text));
        let Some(starts) = own.or(starts) else {
            self.report(fault!(MISSING_KEY.no_start, &title.span));
            return None;
        };
        let mut register = self.opening(fields.get("register"));
        let nodes = fields.get("steps").map_or(&[][..], |node| fields::items(node, &mut self.faults));
        let mut names = Names::new(self.main);
        let steps = self.steps(nodes, &mut names, imports);
        register.extend(names.register);
        (self.faults.len() == before).then_some(Case { title, starts, register, steps })
    }

    /// What stands in registers from before the office opened.
    fn opening(&mut self, node: Option<&Spanned<Node>>) -> Vec<Entry> {
        let Some(node) = node else { return Vec::new() };
        let mut entries = Vec::new();
        for item in fields::items(node, &mut self.faults) {
            let model::Fact { register, holder, key, year } = expects::fact(self, item);
            if let (Some(register), Some(holder), Some(key), Some(year)) = (register, holder, key, year) {
                entries.push(Entry { register, holder, key, year });
            } else {
                self.report(fault!(MISSING_KEY.entry, &item.span));
            }
        }
        entries
    }
}

#[cfg(test)]
mod tests {
    use super::{CASE_KEYS, KEYS};
    use crate::definition::schema::Of;

    #[test]
    fn editors_are_told_the_keys_that_are_read() {
        let read: std::collections::BTreeSet<&str> = CASE_KEYS.iter().copied().collect();
        assert_eq!(Of::Scenario.keys("case"), read);
        assert_eq!(Of::Scenario.keys("scenarios"), KEYS.iter().copied().collect());
    }
}
