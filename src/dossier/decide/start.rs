//! Opening a dossier.

use std::collections::BTreeMap;

use super::Run;
use super::posting::NAME_MAX;
use super::receive::as_kept;
use crate::dossier::Outsider;
use crate::dossier::command::{Actor, Caller, Start};
use crate::dossier::event::{Change, Kind};
use crate::dossier::refusal::{Code, Refusal};
use crate::ids::{DossierId, FieldName, PersonId, RoleName};
use crate::machine::{FieldKind, Mailbox};

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
        let mut declared: Vec<FieldName> =
            declared.into_iter().filter(|field| !self.machine.is_counted(field)).collect();
        let mut fields = self.first_fields(start);
        let caller = if let Actor::Caller(caller) = &self.actor { Some(caller.clone()) } else { None };
        if let Some(caller) = &caller {
            let (table, row) = self.called(caller, &fields)?;
            // What the form asks for, and nothing else.
            declared.retain(|name| *name == table || self.machine.asked_first().any(|field| field.name == *name));
            self.check_papers(&start.papers, &[], &declared)?;
            fields.insert(table, row);
            // From here on they are a person of the dossier, the first from outside that it knows.
            self.actor = Actor::Link(Outsider::first_of(id));
        }
        self.check_fields(&fields, &declared, &start.papers)?;
        self.take_in(&fields, &start.papers);
        self.caption();
        self.check_first()?;
        if caller.is_some() { self.let_in() } else { self.may_start() }?;
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

    /// The table of whoever opens a dossier from outside, with their row; their mailbox must be one that the workflow takes.
    fn called(
        &self,
        caller: &Caller,
        fields: &BTreeMap<FieldName, serde_json::Value>,
    ) -> Result<(FieldName, serde_json::Value), Refusal> {
        let rule = self.machine.public_start.as_ref().ok_or_else(|| Refusal::of(Code::NotThisWay))?;
        let name = caller.name.trim();
        if name.is_empty() || name.chars().count() > NAME_MAX || name.chars().any(char::is_control) {
            return Err(Refusal::about(Code::FieldMissing, "name"));
        }
        let mailbox = Mailbox::read(&caller.mail).ok_or_else(|| Refusal::about(Code::FieldWrong, "mail"))?;
        if !rule.takes(&mailbox) {
            return Err(Refusal::of(Code::NotAsked));
        }
        let named = rule.table(self.machine).zip(rule.row(self.machine, name, &mailbox, &caller.language));
        let (table, row) = named.ok_or_else(|| Refusal::of(Code::NotThisWay))?;
        // Whom a dossier names from outside, whoever is outside does not say.
        if let Some(other) = fields.keys().find(|field| self.machine.names_parties(field)) {
            return Err(Refusal::about(Code::FieldWrong, other.as_str()));
        }
        Ok((table.clone(), serde_json::Value::Array(vec![row])))
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

    /// Whoever opens it from outside holds the role that the workflow has for them, and has prepared it.
    fn let_in(&mut self) -> Result<(), Refusal> {
        let rule = self.machine.public_start.as_ref().ok_or_else(|| Refusal::of(Code::NotThisWay))?;
        let person = self.actor.person().cloned();
        let holds = |person: &PersonId| self.outsiders_of(&rule.role).contains(person);
        let person = person.filter(holds).ok_or_else(|| Refusal::of(Code::NotAsked))?;
        self.did(&person, None, Some(&rule.role), true, None);
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
