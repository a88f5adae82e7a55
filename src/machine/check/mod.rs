//! From a definition as written to a machine that can be trusted: the only place where a [`Machine`] is made out of a file.
//!
//! One concern per file. Every fault is collected; a part that cannot be understood gets a stand-in, so that the rest is
//! still checked, and no machine is made as long as there is an error.

mod access;
mod actions;
mod alone;
mod amounts;
mod assign;
mod branches;
mod cases;
mod children;
mod comparisons;
mod corrections;
mod cover;
mod decisions;
mod drafts;
mod fields;
mod formulas;
mod kinds;
mod lists;
mod loops;
mod mails;
mod measures;
mod names;
mod needs;
mod numbers;
mod office;
mod outcomes;
mod outside;
mod parties;
mod phrases;
mod posting;
mod public_start;
mod reach;
mod regions;
mod related;
mod retention;
mod roads;
mod roles;
mod rounds;
mod separation;
mod starts;
mod states;
mod together;
mod transitions;
mod tree;
mod unused;
mod votes;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

use super::{Decision, Guard, Machine, Shape, chart::Chart};
use crate::definition::{self, Definition, Reading};
use crate::diagnostic::{Diagnostic, fault};
use crate::expr::Programs;
use crate::ids::{GuardName, MachineHash, StateId, Text, WorkflowName};
use crate::source::SourceFile;
use names::Kind;
use tree::Tree;

pub use office::against;
pub use together::together;

/// What checking a workflow's files gave.
#[derive(Debug)]
pub struct Checked {
    /// The machine; none if there is an error among the diagnostics.
    pub machine: Option<Machine>,
    /// Every fault, in the order of the files and of their places.
    pub diagnostics: Vec<Diagnostic>,
    /// Every file that was read, the main one first: `deploy` stores them, renderers take excerpts from them.
    pub sources: Vec<SourceFile>,
    /// The workflow as written, for checks that look beyond its own file; none if it is no mapping at all.
    pub definition: Option<Definition>,
}

/// Reads and checks a workflow. `included` gives a file that stands beside the main one by its name there (tables,
/// translations); [`definition::wanted`] says which names it will be asked for.
pub fn check_files(main: &SourceFile, included: &dyn Fn(&str) -> Option<SourceFile>) -> Checked {
    let Reading { definition, mut diagnostics, sources } = definition::read(main, included);
    let mut machine = None;
    if let Some(definition) = &definition {
        let readable = !diagnostics.iter().any(Diagnostic::is_error);
        let (shape, faults) = check(definition, &sources, readable);
        diagnostics.extend(faults);
        if !diagnostics.iter().any(Diagnostic::is_error) {
            match build(shape, &sources) {
                Ok(built) => machine = Some(built),
                Err(why) => diagnostics.push(fault!(FORMULA.compile, &definition.span, why)),
            }
        }
    }
    in_order(&mut diagnostics, &sources);
    Checked { machine, diagnostics, sources, definition }
}

/// Everything that [`Shape`] says, and every fault. With an error among the faults the shape has stand-ins in it. Whether
/// something is used is only asked of a workflow without errors (`readable`: none was found so far).
fn check(definition: &Definition, sources: &[SourceFile], readable: bool) -> (Shape, Vec<Diagnostic>) {
    let check = Check {
        definition,
        sources,
        tree: Tree::new(&definition.states),
        faults: RefCell::default(),
        used: RefCell::default(),
        formulas: RefCell::default(),
        lost: RefCell::new(false),
    };
    check.declared_names();
    let shape = check.shape();
    check.check_formulas(&shape);
    check.decisions(&shape);
    check.measures(&shape);
    check.role_words();
    check.acknowledged_and_noted();
    check.not_correctable(&definition.row);
    definition.fields.iter().for_each(|field| check.not_correctable(&field.columns));
    check.withdrawals();
    check.counted_fields();
    check.seen_by_who_writes(&shape);
    check.waiting_for_children(&shape);
    check.seen_by_who_is_told(&shape);
    check.outsiders_stay_outside(&shape);
    check.opened_by_strangers(&shape);
    check.postings(&shape);
    check.deadlines_in_calendars();
    check.list_only();
    check.kinds();
    check.regions();
    check.branches();
    check.agreement();
    check.cases();
    if !*check.lost.borrow() {
        check.reachability(&shape);
        check.duties(&shape);
        check.loops();
        check.outcomes_differ();
        check.nobody_grants_alone();
    }
    if readable && !check.faults.borrow().iter().any(Diagnostic::is_error) {
        check.unused();
    }
    (shape, check.faults.into_inner())
}

/// The guards that a decision table gives, one for each of its words.
fn guards_of(name: &str, table: &Decision) -> Vec<(GuardName, Guard)> {
    let guard = |word: &&str| {
        let said = |label: &str| format!("{label}: {word}");
        let other = table.label.other.iter().map(|(language, label)| (language.clone(), said(label)));
        let own = if table.label.own.is_empty() { name } else { &table.label.own };
        let label = Text { own: said(own), other: other.collect() };
        let name = definition::model::guard_of(name, word);
        (GuardName::new(name), Guard { label, expr: table.gives(word), refuse: Text::default(), basis: None })
    };
    table.outcomes().iter().map(guard).collect()
}

fn build(shape: Shape, sources: &[SourceFile]) -> Result<Machine, String> {
    let programs = Programs::compile(&shape)?;
    let chart = Chart::new(&shape)?;
    let mut machine = Machine { shape, hash: MachineHash::new(""), programs, chart };
    machine.hash = hash(sources, &machine.to_json());
    Ok(machine)
}

/// SHA-256 over the name and text of every file and the compiled machine, each preceded by its length in bytes.
fn hash(sources: &[SourceFile], compiled: &str) -> MachineHash {
    let mut sha = Sha256::new();
    let files = sources.iter().flat_map(|file| [file.name.as_str(), file.text.as_str()]);
    for part in files.chain([compiled]) {
        sha.update((part.len() as u64).to_be_bytes());
        sha.update(part);
    }
    let digits = sha.finalize().iter().fold(String::new(), |mut digits, byte| {
        digits.extend([byte >> 4, byte & 15].into_iter().filter_map(|digit| char::from_digit(u32::from(digit), 16)));
        digits
    });
    MachineHash::new(digits)
}

/// Sorts by file and place; the same fault at the same place is said once.
fn in_order(diagnostics: &mut Vec<Diagnostic>, sources: &[SourceFile]) {
    let place = |diagnostic: &Diagnostic| {
        let span = diagnostic.labels.first().map(|label| &label.span);
        let file = span.and_then(|span| sources.iter().position(|file| file.name == span.file));
        (file, span.map_or(0, |span| span.range.start))
    };
    diagnostics.sort_by_key(place);
    diagnostics.dedup();
}

/// One run of the checker.
struct Check<'a> {
    definition: &'a Definition,
    sources: &'a [SourceFile],
    tree: Tree<'a>,
    faults: RefCell<Vec<Diagnostic>>,
    /// Names that something refers to.
    used: RefCell<BTreeSet<(Kind, String)>>,
    /// Every formula; they are looked at when all names are known.
    formulas: RefCell<Vec<formulas::Written>>,
    /// A transition leads to a state that does not exist: what can be reached is not known.
    lost: RefCell<bool>,
}

impl Check<'_> {
    fn report(&self, diagnostic: Diagnostic) {
        self.faults.borrow_mut().push(diagnostic);
    }

    fn is_list(&self) -> bool {
        !self.definition.row.is_empty()
    }

    fn shape(&self) -> Shape {
        let written = self.definition;
        let known =
            |kind, names: &[definition::model::Name]| names.iter().map(|name| self.refer(kind, name).into()).collect();
        let decisions: BTreeMap<String, Decision> =
            written.decisions.iter().map(|table| (table.name.value.clone(), self.decision(table))).collect();
        let mut shape = Shape {
            level: written.level.unwrap_or_default(),
            workflow: WorkflowName::new(written.workflow.as_ref().map_or("", |name| name.as_str())),
            title: written.title.clone(),
            language: written.language.clone(),
            calendar: written.calendar.as_ref().map_or_else(String::new, |name| name.value.clone()),
            caption: written.caption.as_ref().map(|name| self.refer(Kind::Field, name).into()),
            subject: self.subjects(Kind::Field, &written.subject),
            key: known(Kind::Field, &written.key),
            row: written.row.iter().map(|field| self.field(field)).collect(),
            row_caption: written.row_caption.as_ref().map(|name| self.refer(Kind::RowField, name).into()),
            row_subject: self.subjects(Kind::RowField, &written.row_subject),
            tables: self.tables(),
            order: self.order(),
            fields: written.fields.iter().map(|field| self.field(field)).collect(),
            papers: written.papers.iter().map(|(name, label)| (name.value.clone(), label.clone())).collect(),
            drafts: written.drafts.iter().map(|draft| (draft.name.value.clone(), self.draft(draft))).collect(),
            roles: written.roles.iter().map(|role| (role.name.as_str().into(), self.role(role))).collect(),
            guards: written.guards.iter().map(|guard| (guard.name.as_str().into(), self.guard(guard))).collect(),
            decisions,
            votes: written.votes.iter().map(|vote| (vote.name.as_str().into(), self.vote(vote))).collect(),
            registers: self.registers(),
            comparisons: written.comparisons.iter().map(|one| (one.name.value.clone(), self.comparison(one))).collect(),
            numbers: self.numberings(),
            mails: written.mails.iter().map(|mail| (mail.name.value.clone(), self.mail(mail))).collect(),
            notes: written.notes.iter().map(|(name, label)| (name.value.clone(), label.clone())).collect(),
            access: self.access(&written.access),
            parent: written.parent.iter().map(|name| WorkflowName::new(&name.value)).collect(),
            gives: self.refer_all(Kind::Field, &written.gives),
            children: self.children(),
            initial: StateId::new(self.initial(written.initial.as_ref(), None)),
            states: (0..self.tree.len()).map(|at| self.state(at)).collect(),
            public_start: written.public_start.as_ref().map(|written| self.public_start(written)),
            cron: written.cron.iter().map(|start| self.cron(start)).collect(),
            import: written.import.as_ref().map(|import| self.import(import)),
            retention: written.retention.as_ref().and_then(|written| self.retention(written)),
            measures: written.measures.iter().map(|one| (one.name.value.clone(), self.measure(one))).collect(),
        };
        // Of the guards that tables give, those that something asks for.
        let given = shape.decisions.iter().flat_map(|(name, table)| guards_of(name, table));
        let asked = |(name, _): &(GuardName, Guard)| self.used.borrow().contains(&(Kind::Guard, name.to_string()));
        let given: Vec<_> = given.filter(asked).collect();
        shape.guards.extend(given);
        shape
    }
}
