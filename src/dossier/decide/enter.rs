//! Moving through the statechart: leaving, entering, pausing, resuming, and going on until nothing moves by itself.
//!
//! Entry and exit follow SCXML (outermost first in, innermost first out; a transition leaves everything below the innermost
//! compound state around both its source and its target). What is the office's own: a pausing transition freezes what it
//! leaves, and entering a state makes an activation to which its tasks, timers and votes belong.

use super::{Run, timers::moved};
use crate::dossier::event::Change;
use crate::dossier::refusal::{Code, Refusal};
use crate::dossier::{Body, Ground, OnList, Recipient, Timer, TimerKind};
use crate::ids::{ActivationId, EventName, FieldName, PersonId, RoleName, StateId, UnitCode};
use crate::machine::{
    BodyOf, FieldKind, Joins, RegisterRule, RoleSource, State, StateKind, Target, Transition, UnitOf,
};

impl Run<'_> {
    /// Takes a transition out of `source`.
    pub(super) fn take(&mut self, source: &StateId, transition: &Transition) -> Result<(), Refusal> {
        self.note_way(source, transition);
        match &transition.target {
            Target::Stay => Ok(()),
            Target::State(target) => {
                let around = self.around(source, target);
                let left = self.below(around.as_ref());
                if transition.pause {
                    if self.dossier().paused.is_some() {
                        return Err(Refusal::of(Code::Paused));
                    }
                    let outermost = left.last().and_then(|activation| self.state_of(*activation));
                    let state = outermost.unwrap_or_else(|| source.clone());
                    self.stop_gathering(&left);
                    self.emit(Change::Paused { state, frozen: left });
                } else {
                    self.leave(left);
                }
                let target = target.clone();
                self.enter_below(around.as_ref(), &target)
            }
            Target::Resume(state) => self.resume(state),
        }
    }

    /// Enters a top-level state of a dossier that stands nowhere yet.
    pub(super) fn enter(&mut self, target: &StateId) -> Result<(), Refusal> {
        let target = target.clone();
        self.enter_below(None, &target)
    }

    /// The innermost compound state that is around both.
    fn around(&self, source: &StateId, target: &StateId) -> Option<StateId> {
        let over = self.ancestors(source);
        self.ancestors(target).into_iter().find(|state| over.contains(state))
    }

    /// The states around a state, innermost first.
    fn ancestors(&self, state: &StateId) -> Vec<StateId> {
        let parent = |state: &StateId| self.state(state).parent.clone();
        std::iter::successors(parent(state), parent).collect()
    }

    /// The active entries inside a state (all of them, without one), innermost first.
    fn below(&self, around: Option<&StateId>) -> Vec<ActivationId> {
        let active = &self.dossier().active;
        let from =
            around.and_then(|state| active.iter().position(|active| &active.state == state)).map_or(0, |at| at + 1);
        active[from..].iter().rev().map(|active| active.activation).collect()
    }

    fn state_of(&self, activation: ActivationId) -> Option<StateId> {
        self.dossier().active.iter().find(|active| active.activation == activation).map(|active| active.state.clone())
    }

    fn leave(&mut self, left: Vec<ActivationId>) {
        self.stop_gathering(&left);
        if !left.is_empty() {
            self.emit(Change::Left(left));
        }
    }

    /// A list that leaves its gathering state takes no more rows, even if it comes back to it: later rows open a new list.
    fn stop_gathering(&mut self, left: &[ActivationId]) {
        let gathers = left.iter().filter_map(|activation| self.state_of(*activation)).any(|id| self.state(&id).gathers);
        if gathers && self.dossier().gather_key.is_some() {
            self.emit(Change::Gathers(None));
        }
    }

    fn enter_below(&mut self, around: Option<&StateId>, target: &StateId) -> Result<(), Refusal> {
        let mut path = vec![target.clone()];
        path.extend(self.ancestors(target).into_iter().take_while(|state| Some(state) != around));
        if self.dossier().paused.as_ref().is_some_and(|paused| path.contains(&paused.state)) {
            self.emit(Change::Abandoned);
        }
        for state in path.into_iter().rev() {
            self.enter_one(&state)?;
        }
        let mut inner = target.clone();
        while let StateKind::Compound { initial } = self.state(&inner).kind.clone() {
            self.enter_one(&initial)?;
            inner = initial;
        }
        Ok(())
    }

    fn enter_one(&mut self, id: &StateId) -> Result<(), Refusal> {
        let machine = self.machine;
        let state = machine.state(id).expect("targets are states of the machine");
        let activation = self.next_activation();
        let due_at = state.deadline.as_ref().map(|deadline| self.due(deadline)).transpose()?;
        self.emit(Change::Entered { activation, state: id.clone(), due_at });
        let timers = self.timers(activation, state, due_at);
        if !timers.is_empty() {
            self.emit(Change::Timed(timers));
        }
        if let Some(milestone) = &state.milestone {
            self.emit(Change::Reached(milestone.clone()));
        }
        for rule in &state.register {
            self.register(rule)?;
        }
        self.tell(activation, state);
        if let Some(joins) = &state.joins {
            self.join(joins)?;
        }
        if let Some(task) = &state.task {
            self.offer(activation, state, task, due_at)?;
        }
        if let Some(vote) = &state.vote {
            self.open_vote(activation, state, vote)?;
        }
        if let StateKind::Final { outcome } = &state.kind {
            self.leave_list();
            self.emit(Change::Finished(outcome.clone()));
        }
        Ok(())
    }

    fn tell(&mut self, activation: ActivationId, state: &State) {
        let mut people: Vec<PersonId> = state.tell.iter().flat_map(|role| self.holders(role)).collect();
        people.sort();
        people.dedup();
        if !people.is_empty() {
            self.emit(Change::Told { activation, people });
        }
    }

    /// Whose facts the dossier's subject is: a person's id, or `unit:CODE`.
    fn holder(&self) -> Option<String> {
        let fields = &self.dossier().fields;
        self.machine.subject.iter().find_map(|name| {
            let value = fields.get(name)?.as_str()?;
            Some(match self.machine.field(name)?.kind {
                FieldKind::Unit => format!("unit:{value}"),
                _ => value.to_owned(),
            })
        })
    }

    fn register(&mut self, rule: &RegisterRule) -> Result<(), Refusal> {
        let wrong = |what: &str| Refusal::about(Code::GuardFailed, format!("register `{}`: {what}", rule.register));
        let holder = if rule.holder.is_empty() {
            self.holder().ok_or_else(|| wrong("the dossier is about nobody"))?
        } else {
            self.value(&rule.holder)?.as_str().ok_or_else(|| wrong("the holder is no text"))?.to_owned()
        };
        let key = self.value(&rule.key)?.as_str().ok_or_else(|| wrong("the key is no text"))?.to_owned();
        let year = self.value(&rule.year)?.as_i64().and_then(|year| i32::try_from(year).ok());
        let year = year.ok_or_else(|| wrong("the year is no number"))?;
        self.emit(Change::Registered { register: rule.register.clone(), holder, key, year });
        Ok(())
    }

    /// Puts the dossier on a list, unless it stands on that one already.
    fn join(&mut self, joins: &Joins) -> Result<(), Refusal> {
        let mut fields = std::collections::BTreeMap::new();
        for (name, expr) in &joins.with {
            fields.insert(name.clone(), self.value(expr)?);
        }
        let key = fields.values().map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
        let key = key.collect::<Vec<_>>().join("/");
        if self.dossier().on_list.as_ref().is_some_and(|on| on.list == joins.list && on.key == key) {
            return Ok(());
        }
        self.leave_list();
        let mut row = std::collections::BTreeMap::new();
        for (name, expr) in &joins.row {
            row.insert(name.clone(), self.value(expr)?);
        }
        let caption = self.dossier().caption.clone();
        let to = Recipient::List { workflow: joins.list.clone(), key: key.clone(), fields };
        self.send(to, Body::Join { caption, fields: row });
        self.emit(Change::OnList(Some(OnList { list: joins.list.clone(), key, dossier: None })));
        Ok(())
    }

    /// Takes the dossier off the list on which it stands, and says so to the list if it is known.
    pub(super) fn leave_list(&mut self) {
        let Some(on) = self.dossier().on_list.clone() else { return };
        if let Some(list) = on.dossier {
            self.send(Recipient::Dossier(list), Body::Leave);
        }
        self.emit(Change::OnList(None));
    }

    /// Sends a message with this event.
    pub(super) fn send(&mut self, to: Recipient, body: Body) {
        let place = self.sent;
        self.sent += 1;
        self.emit(Change::Sent { place, to, body });
    }

    fn resume(&mut self, state: &StateId) -> Result<(), Refusal> {
        let Some(paused) = self.dossier().paused.clone().filter(|paused| &paused.state == state) else {
            return Err(Refusal::about(Code::NoEvent, state.as_str()));
        };
        let calendar = self.context.calendar;
        let days = calendar.working_days_between(paused.at, self.at);
        let around = self.state(&paused.state).parent.clone();
        let left = self.below(around.as_ref());
        self.leave(left);
        let timers =
            paused.timers.iter().map(|timer| Timer { due_at: moved(calendar, timer.due_at, days), ..timer.clone() });
        let timers = timers.collect();
        let due = paused.active.iter().filter_map(|active| Some((active.activation, active.due_at?)));
        let due = due.map(|(activation, at)| (activation, moved(calendar, at, days))).collect();
        self.emit(Change::Resumed { timers, due });
        self.settle()?;
        while let Some(message) = self.dossier().held.first().cloned() {
            if self.dossier().paused.is_some() {
                break;
            }
            self.emit(Change::Unheld);
            self.take_message(&message)?;
        }
        Ok(())
    }

    /// Takes `always` transitions until none holds.
    pub(super) fn settle(&mut self) -> Result<(), Refusal> {
        'again: loop {
            if self.dossier().outcome.is_some() {
                return Ok(());
            }
            let active: Vec<StateId> = self.dossier().active.iter().rev().map(|active| active.state.clone()).collect();
            for id in active {
                for transition in self.state(&id).always.clone() {
                    if !self.failing(&transition.guard)?.is_empty() {
                        continue;
                    }
                    self.step()?;
                    self.grounds_of(&transition);
                    self.take(&id, &transition)?;
                    continue 'again;
                }
            }
            return Ok(());
        }
    }

    /// Raises an event that is no person's: the innermost state that answers it does, by its first transition that is nobody's
    /// (a message of the same name never does what only a person may) and whose guards
    /// hold. Nobody answering is no fault.
    pub(super) fn raise(
        &mut self,
        event: &EventName,
        message: Option<&crate::dossier::Message>,
    ) -> Result<bool, Refusal> {
        let active: Vec<StateId> = self.dossier().active.iter().rev().map(|active| active.state.clone()).collect();
        for id in active {
            for transition in self.state(&id).on.clone() {
                if transition.event.as_ref() != Some(event)
                    || !transition.by.is_empty()
                    || !self.failing(&transition.guard)?.is_empty()
                {
                    continue;
                }
                self.step()?;
                if let Some(message) = message {
                    self.take_over(message, &transition.take);
                }
                self.tell_rows(&transition, &std::collections::BTreeMap::new())?;
                self.take(&id, &transition)?;
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// An automatic branch is explained by the guards that sent the dossier there.
    fn grounds_of(&mut self, transition: &Transition) {
        let at = self.at;
        let grounds: Vec<Ground> = transition
            .guard
            .iter()
            .map(|name| &self.machine.guards[name])
            .filter(|guard| !guard.refuse.is_empty())
            .map(|guard| Ground { at, text: guard.refuse.clone(), basis: guard.basis.clone() })
            .collect();
        if !grounds.is_empty() {
            self.emit(Change::Grounds(grounds));
        }
    }

    /// The people who hold a role today, in the directory's order.
    pub(super) fn holders(&self, role: &RoleName) -> Vec<PersonId> {
        let (directory, today) = (self.context.directory, self.today());
        let Some(role) = self.machine.roles.get(role) else { return Vec::new() };
        match &role.source {
            RoleSource::Post { post, of } => {
                self.unit(of).map(|unit| directory.holders(post, &unit, today)).unwrap_or_default()
            }
            RoleSource::Body { body, seat } => self
                .body(body)
                .map(|body| directory.seats(&body, today))
                .unwrap_or_default()
                .into_iter()
                .filter(|one| seat.as_ref().is_none_or(|seat| &one.seat == seat))
                .map(|one| one.person.clone())
                .collect(),
            RoleSource::Field { field } => {
                let value = self.dossier().fields.get(field).and_then(|value| value.as_str());
                value.map(PersonId::from).filter(|person| directory.people.contains_key(person)).into_iter().collect()
            }
        }
    }

    fn unit_field(&self, field: &FieldName) -> Option<UnitCode> {
        self.dossier().fields.get(field)?.as_str().map(UnitCode::from)
    }

    fn unit(&self, of: &UnitOf) -> Option<UnitCode> {
        let (directory, today) = (self.context.directory, self.today());
        match of {
            UnitOf::Field { field } => directory.unit_on(&self.unit_field(field)?, today).map(|unit| unit.code.clone()),
            UnitOf::Root { field } => directory.root(&self.unit_field(field)?, today).map(|unit| unit.code.clone()),
            UnitOf::Binding { name, field } => {
                directory.bound(name, &self.unit_field(field)?, today).map(|unit| unit.code.clone())
            }
            UnitOf::Code { code } => Some(UnitCode::from(code.as_str())),
        }
    }

    /// The body that a role or a vote means: named by a field, set up for a unit, or the peer group in which that unit sits.
    pub(super) fn body(&self, of: &BodyOf) -> Option<crate::ids::BodyCode> {
        let (directory, today) = (self.context.directory, self.today());
        let value = self.dossier().fields.get(&of.of)?.as_str()?;
        if self.machine.field(&of.of)?.kind == FieldKind::Body {
            Some(value.into())
        } else {
            let unit = UnitCode::from(value);
            let body = directory.body_of(&of.kind, &unit, today).or_else(|| directory.group_of(&of.kind, &unit, today));
            body.map(|body| body.code.clone())
        }
    }

    /// Sets a timer to the instant itself: it fires before anything else does.
    pub(super) fn due_at_once(&mut self, activation: ActivationId, what: TimerKind) {
        let due_at = self.at;
        self.emit(Change::Timed(vec![Timer { activation, what, due_at }]));
    }
}
