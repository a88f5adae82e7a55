//! Files that are checked together: what related dossiers give and tell each other is what the other one takes and answers.

use std::collections::BTreeSet;

use super::together::{Known, states};
use crate::definition::Definition;
use crate::definition::children::{Children as Written, Send};
use crate::definition::model::{Name, State, Transition};
use crate::diagnostic::{Diagnostic, did_you_mean, fault, say};
use crate::expr::{self, Names};
use crate::ids::WorkflowName;
use crate::machine::{Children, FieldKind, PARENT, RESULT_CHANGED, Related, Sending, Shape};

/// A workflow whose dossiers are related to others.
pub(super) struct Relation<'a> {
    pub(super) definition: &'a Definition,
    pub(super) shape: &'a Shape,
    pub(super) known: &'a Known<'a>,
    pub(super) faults: &'a mut Vec<Diagnostic>,
}

impl Relation<'_> {
    pub(super) fn check(&mut self) {
        for name in &self.definition.parent {
            if !self.known.is_there(name.as_str()) {
                let help = did_you_mean(&name.value, self.known.all(), say!(near.away));
                self.faults.push(fault!(CHILDREN.no_workflow, &name.span, name).help(help));
            }
        }
        for written in &self.definition.children {
            let (Some(name), Some(rule)) = (&written.workflow, self.shape.children.get(&written.name.value)) else {
                continue;
            };
            if let Some(child) = self.known.find(name.as_str()) {
                self.fits(written, name, rule, child);
            } else if !self.known.is_there(name.as_str()) {
                let help = did_you_mean(&name.value, self.known.all(), say!(near.away));
                self.faults.push(fault!(CHILDREN.no_workflow, &name.span, name).help(help));
            }
        }
        self.results();
        self.counted();
        let sends: Vec<&Send> = sends(self.definition).collect();
        for send in sends {
            self.told(send);
        }
        self.heard();
        self.opens_itself();
    }

    /// A child takes this workflow as its parent, and what it is given; and gives what is taken of it.
    fn fits(&mut self, written: &Written, name: &Name, rule: &Children, child: &Shape) {
        if !child.parent.contains(&self.shape.workflow) {
            let own = self.shape.workflow.as_str();
            self.faults.push(fault!(CHILDREN.no_parent, &name.span, name, own));
        }
        let mut names = Names::of(self.shape);
        if let Some(element) = rule.each.as_ref().and_then(|each| expr::element_of(each, &names)) {
            names = names.with("each", element);
        }
        for (field, formula) in &written.with {
            self.given(field, formula.as_ref(), &names, child);
        }
        let given = |field: &str| written.with.iter().any(|(name, _)| name.value == field);
        let later = child.asked_later();
        let needed = child.fields.iter().filter(|field| field.required && !later.contains(&field.name));
        for field in needed.filter(|field| !given(field.name.as_str())) {
            self.faults.push(fault!(CHILDREN.missing, &written.name.span, name, field = field.name.as_str()));
        }
        let results: Vec<&str> = child.results().collect();
        for (word, _) in written.results.iter().filter(|(word, _)| !results.contains(&word.as_str())) {
            let help = did_you_mean(&word.value, results.iter().copied(), say!(near.away));
            self.faults.push(fault!(CHILDREN.no_such_result, &word.span, name, result = word).help(help));
        }
        for (written, taken) in written.takes.iter().zip(&rule.takes) {
            let field = &written.name;
            let same = child.field(&taken.name).filter(|given| same_type(&given.kind, &taken.kind));
            if !child.gives.contains(&taken.name) {
                let known = child.gives.iter().map(crate::ids::FieldName::as_str);
                let help = did_you_mean(&field.value, known, say!(near.gives, name, field));
                self.faults.push(fault!(CHILDREN.not_given, &field.span, name, field).help(help));
            } else if same.is_none() {
                let wanted = child.field(&taken.name).map_or("", |given| given.kind.word());
                self.faults.push(fault!(CHILDREN.other_type, &field.span, name, field, wanted));
            }
        }
    }

    /// What a formula gives is what a field of another workflow can hold.
    fn given(&mut self, field: &Name, formula: Option<&Name>, names: &Names, other: &Shape) {
        let workflow = other.workflow.as_str();
        let Some(declared) = other.fields.iter().find(|one| one.name.as_str() == field.value) else {
            let known = other.fields.iter().map(|field| field.name.as_str());
            let help = did_you_mean(&field.value, known, say!(near.away));
            self.faults.push(fault!(CHILDREN.no_field, &field.span, field, name = workflow).help(help));
            return;
        };
        if declared.kind == FieldKind::File {
            self.faults.push(fault!(CHILDREN.file, &field.span, field));
            return;
        }
        let Some(formula) = formula else { return };
        let Some(kind) = expr::kind_of(&formula.value, names) else { return };
        if !kind.fits(&declared.kind) {
            let (wanted, found) = (declared.kind.word(), kind.words());
            self.faults.push(fault!(CHILDREN.kind, &formula.span, field, name = workflow, wanted, found));
        }
    }

    /// Where a single child is waited for, each of its results leads on, and nothing else is waited for.
    fn results(&mut self) {
        for state in states(&self.definition.states) {
            let Some(name) = state.awaits.as_ref().and_then(|awaits| awaits.children.as_ref()) else { continue };
            let Some(rule) = self.shape.children.get(&name.value).filter(|rule| rule.is_one()) else { continue };
            let Some(child) = self.known.find(rule.workflow.as_str()) else { continue };
            let results: BTreeSet<&str> = child.results().collect();
            let around = super::together::around(&self.definition.states, state);
            for result in &results {
                if !around.iter().any(|state| state.on.iter().any(|way| super::together::is(way, result))) {
                    self.faults.push(fault!(TOLD.no_result, &name.span, name, event = *result));
                }
            }
            for way in &state.on {
                let Some(event) = way.event.as_ref().filter(|event| super::together::is(way, &event.value)) else {
                    continue;
                };
                if !results.contains(event.as_str()) && !otherwise(state, event) {
                    let known = results.iter().copied();
                    let help = did_you_mean(&event.value, known, say!(near.away));
                    self.faults
                        .push(fault!(TOLD.never_ends_so, &event.span, event, name = rule.workflow.as_str()).help(help));
                }
            }
        }
    }

    /// What guards count are results that children can have.
    fn counted(&mut self) {
        for formula in self.definition.guards.iter().filter_map(|guard| guard.expr.as_ref()) {
            for (children, result) in counts(&formula.value) {
                let Some(rule) = self.shape.children.get(children) else { continue };
                let Some(child) = self.known.find(rule.workflow.as_str()) else { continue };
                if child.results().all(|one| one != result) {
                    let help = did_you_mean(result, child.results(), say!(near.away));
                    let name = rule.workflow.as_str();
                    self.faults.push(fault!(CHILDREN.no_such_result, &formula.span, name, result).help(help));
                }
            }
        }
    }

    /// Whoever is told something answers it, and takes what goes along.
    fn told(&mut self, send: &Send) {
        let (Some(to), Some(event)) = (&send.to, &send.event) else { return };
        let workflows: Vec<&str> = if to.value == PARENT {
            self.shape.parent.iter().map(WorkflowName::as_str).collect()
        } else {
            self.shape.children.get(&to.value).map(|rule| rule.workflow.as_str()).into_iter().collect()
        };
        let names = Names::of(self.shape);
        for workflow in workflows {
            let Some(other) = self.known.find(workflow) else { continue };
            let answers: Vec<_> = other
                .states
                .iter()
                .flat_map(|state| &state.on)
                .filter(|way| way.from.contains(&self.shape.workflow))
                .filter(|way| way.event.as_ref().is_some_and(|name| name.as_str() == event.value))
                .collect();
            if answers.is_empty() {
                let own = self.shape.workflow.as_str();
                self.faults.push(fault!(TOLD.unheard, &event.span, event, name = workflow, own));
                continue;
            }
            for (field, formula) in &send.with {
                if answers.iter().any(|way| way.take.iter().any(|taken| taken.as_str() == field.value)) {
                    self.given(field, formula.as_ref(), &names, other);
                } else {
                    self.faults.push(fault!(CHILDREN.not_taken, &field.span, field, name = workflow, event));
                }
            }
        }
    }

    /// What is waited for from another workflow is told by it, with what is taken.
    fn heard(&mut self) {
        for way in ways(self.definition).filter(|way| !way.from.is_empty()) {
            let Some(event) = &way.event else { continue };
            for from in &way.from {
                let Some(other) = self.known.find(from.as_str()) else { continue };
                let sent: Vec<&Sending> =
                    sent_by(other, &self.shape.workflow).filter(|one| one.event.as_str() == event.value).collect();
                if sent.is_empty() {
                    let own = self.shape.workflow.as_str();
                    self.faults.push(fault!(TOLD.never_sent, &event.span, event, name = from, own));
                    continue;
                }
                let brought =
                    |field: &&Name| sent.iter().any(|one| one.with.keys().any(|name| name.as_str() == field.value));
                for field in way.take.iter().filter(|field| !brought(field)) {
                    self.faults.push(fault!(CHILDREN.not_brought, &field.span, field, event, name = from));
                }
            }
        }
    }

    /// No dossier opens others for ever without a person in it.
    fn opens_itself(&mut self) {
        let own = self.shape.workflow.as_str();
        let opens: BTreeSet<&str> = self.known.alone().opens(own).collect();
        for written in self.definition.children.iter().filter(|written| opens.contains(written.name.as_str())) {
            let Some(rule) = self.shape.children.get(&written.name.value) else { continue };
            let mut way = vec![own];
            if self.leads_back(rule.workflow.as_str(), own, &mut way) {
                let way = way.join(" -> ");
                self.faults.push(fault!(OPENS_ITSELF.circle, &written.name.span, way));
                return;
            }
        }
    }

    fn leads_back<'k>(&'k self, at: &'k str, own: &str, way: &mut Vec<&'k str>) -> bool {
        if at == own || way.contains(&at) {
            way.push(at);
            return at == own;
        }
        let Some(shape) = self.known.find(at) else { return false };
        way.push(at);
        let names = self.known.alone().opens(at);
        let next = names.filter_map(|name| shape.children.get(name)).map(|rule| rule.workflow.as_str());
        for next in next {
            let length = way.len();
            if self.leads_back(next, own, way) {
                return true;
            }
            way.truncate(length);
        }
        way.pop();
        false
    }
}

/// What dossiers of a workflow tell those of another one.
fn sent_by<'o>(other: &'o Shape, to: &'o WorkflowName) -> impl Iterator<Item = &'o Sending> {
    let sent = other.states.iter().flat_map(|state| state.reaches().flat_map(|reach| reach.send));
    sent.filter(move |one| match &one.to {
        Related::Parent => other.parent.contains(to),
        Related::Children(name) => other.children.get(name).is_some_and(|rule| &rule.workflow == to),
    })
}

/// Whether something else than a child raises an event in a state.
fn otherwise(state: &State, event: &Name) -> bool {
    let then = state.deadline.as_ref().and_then(|deadline| deadline.then.as_ref());
    event.value == RESULT_CHANGED
        || then.is_some_and(|then| then.value == event.value)
        || state.vote.is_some()
        || state.joins.is_some()
        || !state.states.is_empty()
}

/// The children and the result of each `count(children, 'result')` in a formula.
fn counts(formula: &str) -> impl Iterator<Item = (&str, &str)> {
    formula.split("count(").skip(1).filter_map(|rest| {
        let (children, rest) = rest.split_once(',')?;
        let rest = rest.trim_start();
        let quote = rest.chars().next().filter(|sign| matches!(sign, '\'' | '"'))?;
        let (result, _) = rest[1..].split_once(quote)?;
        Some((children.trim(), result))
    })
}

/// Whether what one type holds the other can.
fn same_type(given: &FieldKind, taken: &FieldKind) -> bool {
    given.word() == taken.word()
}

/// Every transition of a file.
fn ways(definition: &Definition) -> impl Iterator<Item = &Transition> {
    states(&definition.states).flat_map(|state| {
        state.on.iter().chain(&state.always).chain(state.after.iter().map(|(_, transition)| transition))
    })
}

/// Everything that a file says is told to related dossiers.
fn sends(definition: &Definition) -> impl Iterator<Item = &Send> {
    let by_states = states(&definition.states).flat_map(|state| state.entry.send.iter().chain(&state.exit.send));
    by_states.chain(ways(definition).flat_map(|way| &way.send))
}
