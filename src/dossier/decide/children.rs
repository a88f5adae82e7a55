//! Related dossiers: opening children and waiting for them, telling them and the parent something, and what they say.

use std::collections::BTreeMap;

use super::Run;
use super::step::Brought;
use crate::dossier::children::child_id;
use crate::dossier::event::Change;
use crate::dossier::refusal::{Code, Refusal};
use crate::dossier::{Body, Child, Message, Parent, Recipient};
use crate::expr::{Each, Scope};
use crate::ids::{ActivationId, DossierId, EventName, FieldName, WorkflowName};
use crate::machine::{Awaits, COMPLETE, Children, NO_RESULT, RESULT_CHANGED, Reach, Related, Sending, State};

/// What goes along with a message.
type Fields = BTreeMap<FieldName, serde_json::Value>;

impl Run<'_> {
    /// Opens children, tells related dossiers something and the parent how this one stands.
    pub(super) fn reach_out(&mut self, reach: Reach<'_>) -> Result<(), Refusal> {
        for name in reach.open {
            self.open_children(name)?;
        }
        // The result first: whoever is told something knows by then how this one stands.
        if let Some(result) = reach.result {
            self.report(Some(result).filter(|result| *result != NO_RESULT), false);
        }
        for sending in reach.send {
            self.send_event(sending)?;
        }
        Ok(())
    }

    /// Opens one for each element that has none yet; where there is one only, another once the last has ended.
    fn open_children(&mut self, name: &str) -> Result<(), Refusal> {
        let Some(rule) = self.machine.children.get(name) else { return Ok(()) };
        let Some(each) = &rule.each else {
            let open = self.dossier().children_of(name).any(|child| !child.ended);
            return if open { Ok(()) } else { self.open_child(name, rule, "", None) };
        };
        let elements = self
            .with_scope(|scope| self.machine.programs().each(each, scope))
            .map_err(|error| Refusal::about(Code::GuardFailed, error.to_string()))?;
        if elements.len() > rule.most() as usize {
            return Err(Refusal::about(Code::TooMuch, name));
        }
        for (number, each) in (1..).zip(&elements) {
            let key = each.reference().map_or_else(|| format!("{number}"), str::to_owned);
            if !self.dossier().children_of(name).any(|child| child.key == key) {
                self.open_child(name, rule, &key, Some(each))?;
            }
        }
        Ok(())
    }

    fn open_child(&mut self, name: &str, rule: &Children, key: &str, each: Option<&Each>) -> Result<(), Refusal> {
        // Also those that are opened one after the other, by two dossiers that keep each other going.
        if self.dossier().children_of(name).count() >= rule.most() as usize {
            return Err(Refusal::about(Code::TooMuch, name));
        }
        let mut fields = Fields::new();
        for (field, expr) in &rule.with {
            fields.insert(field.clone(), self.value_for(expr, each)?);
        }
        fields.retain(|_, value| !value.is_null());
        let caption = match &rule.caption {
            Some(expr) => match self.value_for(expr, each)? {
                serde_json::Value::String(caption) => caption,
                other => other.to_string(),
            },
            None => each.and_then(Each::name).unwrap_or_else(|| rule.label.own.clone()),
        };
        let dossier = child_id(&self.dossier().id, self.dossier().seq + 1, self.sent);
        let (children, subject) = (name.to_owned(), each.and_then(Each::person));
        let (key, child) = (key.to_owned(), dossier.clone());
        self.emit(Change::ChildOpened { children: children.clone(), key, dossier: child.clone(), subject });
        self.emit(Change::ChildCalled { dossier: child, caption });
        let workflow = self.machine.workflow.clone();
        let to = Recipient::New { dossier, workflow: rule.workflow.clone(), fields };
        self.send(to, Body::Open { workflow, children });
        Ok(())
    }

    fn value_for(&self, expr: &str, each: Option<&Each>) -> Result<serde_json::Value, Refusal> {
        self.with_scope(|scope| self.machine.programs().value(expr, &Scope { each, ..*scope }))
            .map_err(|error| Refusal::about(Code::GuardFailed, error.to_string()))
    }

    /// Tells the parent, or every child that goes on. A dossier that nobody opened has no parent to tell.
    fn send_event(&mut self, sending: &Sending) -> Result<(), Refusal> {
        let mut fields = Fields::new();
        for (field, expr) in &sending.with {
            fields.insert(field.clone(), self.value(expr)?);
        }
        let to: Vec<DossierId> = match &sending.to {
            Related::Parent => self.dossier().parent.iter().map(|parent| parent.dossier.clone()).collect(),
            Related::Children(name) => {
                let open = self.dossier().children_of(name).filter(|child| !child.ended);
                open.map(|child| child.dossier.clone()).collect()
            }
        };
        for dossier in to {
            let (event, fields) = (sending.event.clone(), fields.clone());
            self.send(Recipient::Dossier(dossier), Body::Raise { event, fields });
        }
        Ok(())
    }

    /// Tells the parent how this dossier stands.
    pub(super) fn report(&mut self, result: Option<&str>, ended: bool) {
        let Some(parent) = self.dossier().parent.as_ref().map(|parent| parent.dossier.clone()) else { return };
        let given = |name: &FieldName| Some((name.clone(), self.dossier().fields.get(name)?.clone()));
        let fields = self.machine.gives.iter().filter_map(given).collect();
        self.send(Recipient::Dossier(parent), Body::Stands { result: result.map(str::to_owned), ended, fields });
    }

    /// Takes note of who opened this dossier. Its own workflow says whose dossiers may.
    pub(super) fn born(&mut self, message: &Message) -> Result<(), Refusal> {
        let Body::Open { workflow, children } = &message.body else { return Ok(()) };
        if !self.machine.parent.contains(workflow) {
            return Err(Refusal::of(Code::NotThisWay));
        }
        let (dossier, workflow, children) = (message.from.clone(), workflow.clone(), children.clone());
        self.emit(Change::BornOf(Parent { dossier, workflow, children }));
        Ok(())
    }

    /// The workflow of a related dossier.
    fn workflow_of(&self, dossier: &DossierId) -> Option<WorkflowName> {
        let of = |name: &str| self.machine.children.get(name).map(|rule| &rule.workflow);
        self.dossier().related(dossier, of).cloned()
    }

    /// A related dossier raises an event. What it may do is what transitions say that name its workflow.
    pub(super) fn raised(&mut self, message: &Message, event: &EventName) -> Result<(), Refusal> {
        if self.dossier().outcome.is_some() {
            return Ok(());
        }
        let Some(workflow) = self.workflow_of(&message.from) else { return Err(Refusal::of(Code::NotThisWay)) };
        self.raise(event, None, Brought { message: Some(message), sender: Some(&workflow), marks: None })
    }

    /// Whether nothing answers an event of a related dossier where this one stands: it then waits until something does.
    pub(super) fn is_unheard(&self, message: &Message, event: &EventName) -> bool {
        let Some(workflow) = self.workflow_of(&message.from) else { return false };
        let brought = Brought { message: Some(message), sender: Some(&workflow), marks: None };
        self.dossier().outcome.is_none() && self.answers(event, None, brought).is_ok_and(|answers| answers.is_empty())
    }

    /// A child says how it stands.
    pub(super) fn child_stands(
        &mut self,
        message: &Message,
        result: Option<&str>,
        ended: bool,
        fields: &Fields,
    ) -> Result<(), Refusal> {
        let Some(before) = self.dossier().child(&message.from).cloned() else {
            return Err(Refusal::of(Code::NotThisWay));
        };
        // Refused once and tried again after a newer word: the newer one holds.
        if message.from_seq < before.told_seq {
            return Ok(());
        }
        let (dossier, said) = (message.from.clone(), result.map(str::to_owned));
        self.emit(Change::ChildStands { dossier: dossier.clone(), result: said, ended, seq: message.from_seq });
        let Some(rule) = self.machine.children.get(&before.children) else { return Ok(()) };
        let mut taken = Fields::new();
        for field in &rule.takes {
            let Some(value) = fields.get(&field.name).filter(|value| !value.is_null()) else { continue };
            taken.insert(field.name.clone(), self.fitting(field, value)?);
        }
        if taken != before.fields {
            self.emit(Change::ChildGave { dossier, fields: taken });
        }
        if self.dossier().outcome.is_some() {
            return Ok(());
        }
        let waiting: Vec<ActivationId> = self.dossier().active.iter().map(|active| active.activation).collect();
        for entry in waiting {
            self.look_for_children(entry, Some(&before));
        }
        if before.is_back() && before.result.as_deref() != result {
            self.raise(&RESULT_CHANGED.into(), None, Brought::default())?;
        }
        Ok(())
    }

    /// Where an entry waits for children and enough of them are back, it will be told. `about`: only if it waits for this one.
    pub(super) fn look_for_children(&mut self, entry: ActivationId, about: Option<&Child>) {
        let Some(state) = self.entered(entry).map(|at| &self.machine.states[at]) else { return };
        let Some(awaits) = &state.awaits else { return };
        if about.is_none_or(|child| child.children == awaits.children)
            && let Some(event) = self.back(awaits)
        {
            self.back.push_back((entry, event));
        }
    }

    /// What a state that waits for children is told now: of a single one its result, of several that enough are back.
    fn back(&self, awaits: &Awaits) -> Option<EventName> {
        let rule = self.machine.children.get(&awaits.children)?;
        let all = || self.dossier().children_of(&awaits.children);
        if rule.is_one() {
            return all().next_back()?.result.as_deref().map(EventName::new);
        }
        let back = all().filter(|child| child.is_back()).count();
        awaits.until.reached_by(back, all().count()).then(|| COMPLETE.into())
    }

    /// Tells an entry that children are back, if that still holds.
    pub(super) fn take_back(&mut self, entry: ActivationId, event: &EventName) -> Result<(), Refusal> {
        let state = self.entered(entry).map(|at| &self.machine.states[at]);
        let still = state.and_then(|state| self.back(state.awaits.as_ref()?));
        if still.as_ref() == Some(event) { self.raise_own(entry, event.as_str()) } else { Ok(()) }
    }

    /// The time of a state is over: who has not come back is written down.
    pub(super) fn note_missing(&mut self, activation: ActivationId, state: &State) {
        let Some(awaits) = &state.awaits else { return };
        let open = self.dossier().children_of(&awaits.children).filter(|child| !child.is_back());
        let children: Vec<DossierId> = open.map(|child| child.dossier.clone()).collect();
        if !children.is_empty() {
            self.emit(Change::NotBack { activation, children });
        }
    }
}
