//! Opening a dossier.

use std::collections::BTreeMap;

use super::Run;
use super::receive::as_kept;
use crate::dossier::command::{Actor, Start};
use crate::dossier::event::{Change, Kind};
use crate::dossier::refusal::{Code, Refusal};
use crate::ids::{DossierId, FieldName, PersonId, RoleName};
use crate::machine::FieldKind;

impl Run<'_> {
    /// Opens the dossier, enters the initial state and, for a list, takes the row that made it necessary.
    pub(super) fn start(&mut self, id: &DossierId, start: &Start) -> Result<(), Refusal> {
        if self.dossier.is_some() {
            return Err(Refusal::about(Code::Exists, id.as_str()));
        }
        if let Some(message) = &start.first {
            self.actor = Actor::Dossier(message.from.clone());
        }
        self.emit(Change::Opened {
            id: id.clone(),
            workflow: self.machine.workflow.clone(),
            machine: self.machine.hash().clone(),
            subject: self.subject_of(&start.fields),
            gather_key: start.gather_key.clone(),
        });
        if let Some(message) = &start.first {
            self.born(message)?;
        }
        if let Some(key) = &start.import_key {
            // A person's list and an operator's import name their rows; nothing else does.
            if !matches!(self.actor, Actor::Import { .. }) && self.actor.person().is_none() {
                return Err(Refusal::of(Code::NotThisWay));
            }
            self.emit(Change::Imported(key.clone()));
        }
        let declared: Vec<FieldName> = self.machine.fields.iter().map(|field| field.name.clone()).collect();
        let declared: Vec<FieldName> = declared.into_iter().filter(|field| !self.machine.is_counted(field)).collect();
        let fields = self.first_fields(start);
        self.check_fields(&fields, &declared, &start.papers)?;
        self.take_in(&fields, &start.papers);
        self.caption();
        self.check_first()?;
        self.may_start()?;
        let initial = self.place(&self.machine.initial);
        for at in self.machine.chart().entries([(initial, None)], &|_| None) {
            self.enter_one(at)?;
        }
        self.settle()?;
        if let Some(message) = &start.first {
            self.take_message(message)?;
        }
        self.finish(Kind::Started);
        Ok(())
    }

    /// The first values. Numbers out of another dossier's formulas are kept as a form would have brought them.
    fn first_fields(&self, start: &Start) -> BTreeMap<FieldName, serde_json::Value> {
        let kept = |name: &FieldName, value: serde_json::Value| match self.machine.field(name) {
            Some(field) => as_kept(field, value),
            None => value,
        };
        let all = start.fields.iter().map(|(name, value)| (name.clone(), value.clone()));
        match &start.first {
            Some(_) => all.map(|(name, value)| (name.clone(), kept(&name, value))).collect(),
            None => all.collect(),
        }
    }

    /// The person that a dossier with these fields is about.
    fn subject_of(&self, fields: &BTreeMap<FieldName, serde_json::Value>) -> Option<PersonId> {
        let name = self.machine.subject.iter().find(|name| fields.get(*name).is_some_and(|value| !value.is_null()))?;
        match self.machine.field(name)?.kind {
            FieldKind::Person => Some(PersonId::new(fields[name].as_str()?)),
            _ => None,
        }
    }

    /// A required field that no form and no answer asks for later must be there from the start.
    fn check_first(&self) -> Result<(), Refusal> {
        let later = self.machine.asked_later();
        let required = self.machine.fields.iter().filter(|field| field.required).map(|field| &field.name);
        let reasons = self.missing(required.filter(|name| !later.contains(name)));
        if reasons.is_empty() { Ok(()) } else { Err(Refusal { reasons }) }
    }

    /// A person may start only what a starter role of theirs allows, and nobody unknown starts anything; imports, clocks and messages are
    /// not persons. Whoever
    /// opens a dossier has prepared it, in the role that goes on with it if they hold that one.
    fn may_start(&mut self) -> Result<(), Refusal> {
        if self.actor == Actor::Public {
            return Err(Refusal::of(Code::NotThisWay));
        }
        let Some(person) = self.actor.person().cloned() else { return Ok(()) };
        let starters = self.machine.roles.iter().filter(|(_, role)| role.starter).map(|(name, _)| name);
        let held: Vec<&RoleName> = starters.filter(|name| self.holders(name).contains(&person)).collect();
        let first = self.machine.states.iter().find_map(|state| state.task.as_ref()).map(|task| &task.role);
        let role = held.iter().find(|role| Some(**role) == first).or(held.first());
        let role = role.copied().cloned().ok_or_else(|| Refusal::of(Code::NotAsked))?;
        self.did(&person, None, Some(&role), true, None);
        Ok(())
    }

    /// Names the dossier by its caption field.
    pub(super) fn caption(&mut self) {
        let caption = match &self.machine.caption {
            Some(field) => match self.dossier().fields.get(field) {
                Some(serde_json::Value::String(text)) => self.spoken(field, text),
                Some(value) => value.to_string(),
                None => self.machine.title.own.clone(),
            },
            None => self.machine.title.own.clone(),
        };
        if self.dossier().caption != caption {
            self.emit(Change::Captioned(caption));
        }
    }

    /// A value as people say it: the name behind a code.
    fn spoken(&self, field: &FieldName, text: &str) -> String {
        let directory = self.context.directory;
        let name = match self.machine.field(field).map(|field| &field.kind) {
            Some(FieldKind::Person) => directory.people.get(&PersonId::new(text)).map(|person| person.name.clone()),
            Some(FieldKind::Unit) => directory.units.get(&text.into()).map(|unit| unit.name.clone()),
            Some(FieldKind::Body) => directory.bodies.get(&text.into()).map(|body| body.name.clone()),
            _ => None,
        };
        name.unwrap_or_else(|| text.to_owned())
    }
}
