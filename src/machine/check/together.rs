//! Files that are checked together: what a dossier says about the list that it joins is true of that list.

use std::collections::{BTreeMap, BTreeSet};

use super::Checked;
use super::alone::Alone;
use super::corrections::{RESULT_WITHDRAWN, VOTES_FELL};
use super::related::Relation;
use crate::definition::Definition;
use crate::definition::model::{self, Joins, Name, State, Transition};
use crate::diagnostic::{Diagnostic, did_you_mean, fault, say};
use crate::expr::{self, Names};
use crate::ids::FieldName;
use crate::machine::{Field, Shape, ShareOf};
use crate::source::Span;

/// What several files say of each other. `beside` are workflows that were not asked about and may be named: those deployed
/// already, or standing in the same folder. Every place lies in a main file.
pub fn together(files: &[Checked], beside: &[&Shape]) -> Vec<Diagnostic> {
    let mut faults = same_names(files);
    let known = Known::of(files, beside);
    for file in files {
        if let (Some(definition), Some(machine)) = (&file.definition, &file.machine) {
            Joiner { definition, names: Names::of(machine), known: &known, faults: &mut faults }.check();
            Relation { definition, shape: machine, known: &known, faults: &mut faults }.check();
        }
    }
    faults
}

/// A workflow's name is its identity: two files cannot be the same one.
fn same_names(files: &[Checked]) -> Vec<Diagnostic> {
    let mut first: BTreeMap<&str, &Span> = BTreeMap::new();
    let mut faults = Vec::new();
    for name in files.iter().filter_map(|file| file.definition.as_ref()?.workflow.as_ref()) {
        if let Some(before) = first.get(name.as_str()) {
            faults.push(fault!(SAME_WORKFLOW.twice, &name.span, name).beside(*before));
        } else {
            first.insert(&name.value, &name.span);
        }
    }
    faults
}

/// The workflows that can be named; none for one that has faults of its own.
pub(super) struct Known<'a> {
    shapes: BTreeMap<&'a str, Option<&'a Shape>>,
    alone: Alone<'a>,
}

impl<'a> Known<'a> {
    fn of(files: &'a [Checked], beside: &[&'a Shape]) -> Self {
        let mut known: BTreeMap<&str, Option<&Shape>> =
            beside.iter().map(|shape| (shape.workflow.as_str(), Some(*shape))).collect();
        for file in files {
            let name = file.definition.as_ref().and_then(|definition| definition.workflow.as_ref());
            if let Some(name) = name {
                known.insert(&name.value, file.machine.as_deref());
            }
        }
        let shapes: Vec<&Shape> = known.values().copied().flatten().collect();
        let alone = Alone::of(&shapes);
        Self { shapes: known, alone }
    }

    /// What their dossiers do with nobody in them.
    pub(super) fn alone(&self) -> &Alone<'a> {
        &self.alone
    }

    /// The workflow of this name, if there is one without faults of its own.
    pub(super) fn find(&self, name: &str) -> Option<&'a Shape> {
        self.shapes.get(name).copied().flatten()
    }

    pub(super) fn is_there(&self, name: &str) -> bool {
        self.shapes.contains_key(name)
    }

    /// The names of all of them.
    pub(super) fn all(&self) -> impl Iterator<Item = &'a str> + '_ {
        self.shapes.keys().copied()
    }

    fn lists(&self) -> impl Iterator<Item = &'a str> + '_ {
        self.shapes.iter().filter(|(_, shape)| shape.is_some_and(Shape::is_list)).map(|(name, _)| *name)
    }
}

/// A workflow whose dossiers join lists.
struct Joiner<'a> {
    definition: &'a Definition,
    names: Names,
    known: &'a Known<'a>,
    faults: &'a mut Vec<Diagnostic>,
}

impl<'a> Joiner<'a> {
    fn check(&mut self) {
        let mut lists: BTreeMap<&str, &Shape> = BTreeMap::new();
        for state in states(&self.definition.states) {
            let Some(joins) = &state.joins else { continue };
            if let (Some(name), Some(list)) = (&joins.list, self.list(joins)) {
                lists.insert(name.as_str(), list);
                self.given(joins, name, list);
            }
        }
        let unknown = states(&self.definition.states).filter_map(|state| state.joins.as_ref()?.list.as_ref());
        let all_known = unknown.into_iter().all(|name| lists.contains_key(name.as_str()));
        for (name, list) in &lists {
            self.answers(name, list);
        }
        if all_known && !lists.is_empty() {
            self.heard(&lists);
        }
    }

    /// The list that a state joins, if nothing is wrong with it.
    fn list(&mut self, joins: &Joins) -> Option<&'a Shape> {
        let name = joins.list.as_ref()?;
        match self.known.shapes.get(name.as_str()) {
            Some(Some(shape)) if shape.is_list() => Some(shape),
            Some(Some(_)) => {
                self.faults.push(fault!(NO_LIST.no_list, &name.span, name));
                None
            }
            Some(None) => None,
            None => {
                let help = did_you_mean(&name.value, self.known.lists(), say!(near.no_lists));
                self.faults.push(fault!(NO_LIST.unknown, &name.span, name).help(help));
                None
            }
        }
    }

    /// What `with` and `row` give is what the list takes, and enough of it.
    fn given(&mut self, joins: &Joins, name: &Name, list: &Shape) {
        for (written, fields) in [(&joins.with, &list.fields), (&joins.row, &list.row)] {
            for (field, formula) in written {
                self.fits(field, formula.as_ref(), fields, name);
            }
        }
        let gives = |written: &[(Name, Option<Name>)], field: &FieldName| {
            written.iter().any(|(name, _)| name.value == field.as_str())
        };
        for key in list.key.iter().filter(|key| !gives(&joins.with, key)) {
            self.faults.push(fault!(LIST_FIELDS.key, &name.span, list = name, field = key.as_str()));
        }
        for vote in list.votes.values() {
            let ShareOf::Path(path) = &vote.passes.share else { continue };
            let root = FieldName::from(path.split('.').next().unwrap_or(path));
            // A later state that joins with `row: {}` keeps the row as an earlier one gave it.
            let kept = joins.row.is_empty() && self.rows_of(name).any(|row| gives(row, &root));
            if !kept && !gives(&joins.row, &root) {
                self.faults.push(fault!(LIST_FIELDS.share, &name.span, list = name, field = root.as_str(), path));
            }
        }
    }

    /// What each state that joins the list gives its row.
    fn rows_of(&self, list: &Name) -> impl Iterator<Item = &'a [(Name, Option<Name>)]> {
        let joins = states(&self.definition.states).filter_map(|state| state.joins.as_ref());
        let same = joins.filter(|joins| joins.list.as_ref().is_some_and(|name| name.value == list.value));
        same.map(|joins| joins.row.as_slice())
    }

    fn fits(&mut self, field: &Name, formula: Option<&Name>, fields: &[Field], list: &Name) {
        let Some(declared) = fields.iter().find(|declared| declared.name.as_str() == field.value) else {
            let known = fields.iter().map(|field| field.name.as_str());
            let help = did_you_mean(&field.value, known, say!(near.away));
            self.faults.push(fault!(LIST_FIELDS.unknown, &field.span, field, list).help(help));
            return;
        };
        let Some(formula) = formula else { return };
        let Some(kind) = expr::kind_of(&formula.value, &self.names) else { return };
        if !kind.fits(&declared.kind) {
            let (wanted, found) = (declared.kind.word(), kind.words());
            self.faults.push(fault!(LIST_FIELDS.kind, &formula.span, field, list, wanted, found));
        }
    }

    /// Whatever the list tells its rows is answered where they wait for it, with the fields that they take.
    fn answers(&mut self, name: &str, list: &Shape) {
        let joining: Vec<&State> = states(&self.definition.states)
            .filter(|state| {
                state.joins.as_ref().and_then(|joins| joins.list.as_ref()).is_some_and(|list| list.value == name)
            })
            .collect();
        let place = joining.iter().find_map(|state| state.joins.as_ref()?.list.as_ref());
        let Some(place) = place else { return };
        for event in told(list).keys() {
            if !self.shape_answers(&joining, event) {
                self.faults.push(fault!(TOLD.unanswered, &place.span, list = name, event));
            }
        }
    }

    /// Whether a state that joins, or one around it, answers an event that is nobody's.
    fn shape_answers(&self, joining: &[&State], event: &str) -> bool {
        joining.iter().any(|state| {
            let path = around(&self.definition.states, state);
            path.iter().any(|state| state.on.iter().any(|transition| is(transition, event)))
        })
    }

    /// A dossier raises these itself, wherever it stands, when somebody corrects what was voted on or takes a result back.
    fn raises(&self, event: &str) -> bool {
        let falls = |field: &model::Field| {
            field.correctable.as_ref().and_then(|rule| rule.votes.as_ref()).is_some_and(|word| word.value == "fall")
        };
        match event {
            VOTES_FELL => self.definition.fields.iter().any(falls),
            RESULT_WITHDRAWN => self.definition.votes.iter().any(|vote| !vote.withdraw.is_empty()),
            _ => false,
        }
    }

    /// What a joining state waits for is told by one of its lists, and brings along what is taken.
    fn heard(&mut self, lists: &BTreeMap<&str, &Shape>) {
        let told: BTreeMap<&str, BTreeSet<&str>> =
            lists.values().flat_map(|list| told(list)).fold(BTreeMap::new(), |mut all, (event, with)| {
                all.entry(event).or_default().extend(with);
                all
            });
        for state in states(&self.definition.states).filter(|state| state.joins.is_some()) {
            for transition in
                state.on.iter().filter(|transition| transition.by.is_empty() && transition.from.is_empty())
            {
                let Some(event) = &transition.event else { continue };
                let own = state.deadline.as_ref().and_then(|deadline| deadline.then.as_ref());
                if own.is_some_and(|own| own.value == event.value) || self.raises(&event.value) {
                    continue;
                }
                let Some(brought) = told.get(event.as_str()) else {
                    let help = did_you_mean(&event.value, told.keys().copied(), say!(near.away));
                    self.faults.push(fault!(TOLD.never, &event.span, event).help(help));
                    continue;
                };
                for field in transition.take.iter().filter(|field| !brought.contains(field.as_str())) {
                    self.faults.push(fault!(LIST_FIELDS.take, &field.span, field, event));
                }
            }
        }
    }
}

/// The events that a list tells its rows, each with the fields that go along.
fn told(list: &Shape) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut told: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    if list.states.iter().any(|state| state.vote.is_some()) {
        told.entry("passed").or_default();
        told.entry("rejected").or_default();
    }
    for state in &list.states {
        let by_clock = state.after.iter().map(|after| &after.transition);
        for rows in state.on.iter().chain(&state.always).chain(by_clock).filter_map(|one| one.rows.as_ref()) {
            let with = || rows.with.iter().map(FieldName::as_str);
            let events = [&rows.kept, &rows.struck, &rows.returned, &rows.postponed, &rows.own];
            for event in events.into_iter().flatten() {
                told.entry(event.as_str()).or_default().extend(with());
            }
        }
    }
    told
}

pub(super) fn is(transition: &Transition, event: &str) -> bool {
    transition.by.is_empty()
        && transition.from.is_empty()
        && transition.event.as_ref().is_some_and(|name| name.value == event)
}

/// Every state of a file, those inside others too.
pub(super) fn states(states: &[State]) -> Box<dyn Iterator<Item = &State> + '_> {
    Box::new(states.iter().flat_map(|state| std::iter::once(state).chain(self::states(&state.states))))
}

/// A state and those around it.
pub(super) fn around<'s>(all: &'s [State], inner: &State) -> Vec<&'s State> {
    for state in all {
        if std::ptr::eq(state, inner) {
            return vec![state];
        }
        let mut path = around(&state.states, inner);
        if !path.is_empty() {
            path.push(state);
            return path;
        }
    }
    Vec::new()
}
