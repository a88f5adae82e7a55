//! Entering a state: its activation, and what belongs to it: deadline, timers, facts, task, vote, its place on a list.

use super::Run;
use crate::dossier::event::Change;
use crate::dossier::refusal::Refusal;
use crate::dossier::{Timer, TimerKind};
use crate::ids::{ActivationId, FieldName, PersonId, RoleName, UnitCode};
use crate::machine::chart::Place;
use crate::machine::{BodyOf, FieldKind, RoleSource, StateKind, UnitOf};

impl Run<'_> {
    /// A list that leaves its gathering state takes no more rows, even if it comes back to it: later rows open a new list.
    pub(super) fn stop_gathering(&mut self, left: &[Place]) {
        let gathers = left.iter().any(|at| self.machine.states[*at].gathers);
        if gathers && self.dossier().gather_key.is_some() {
            self.emit(Change::Gathers(None));
        }
    }

    /// Enters one state: its activation, and everything that belongs to it.
    pub(super) fn enter_one(&mut self, at: Place) -> Result<(), Refusal> {
        let state = &self.machine.states[at];
        let id = &state.id;
        self.give_up(id)?;
        let activation = self.next_activation();
        // Before its deadline, which may stand in one of the fields.
        self.set(&state.entry)?;
        let due_at = match &state.posting {
            Some(posting) => Some(self.posted_until(posting)?),
            None => state.deadline.as_ref().map(|deadline| self.due_this_time(id, deadline)).transpose()?,
        };
        self.emit(Change::Entered { activation, state: id.clone(), due_at });
        let timers = self.timers(activation, state, due_at);
        if !timers.is_empty() {
            self.emit(Change::Timed(timers));
        }
        if let (Some(posting), Some(ends)) = (&state.posting, due_at) {
            self.post(activation, posting, ends);
        }
        self.note(activation, &state.entry)?;
        if let Some(joins) = &state.joins {
            self.join(at, joins)?;
        }
        self.look_for_children(activation, None);
        if let Some(task) = &state.task {
            // Whoever keeps a posting is late with nothing while it runs.
            let due_at = due_at.filter(|_| state.posting.is_none());
            self.offer(activation, at, task, due_at)?;
        }
        if let Some(vote) = &state.vote {
            self.open_vote(activation, state, vote)?;
        }
        if self.asks_for_numbers(activation) {
            self.tell_givers(activation);
        }
        if let StateKind::Final { outcome } = &state.kind {
            self.come_to_an_end(at, outcome.as_deref())?;
        }
        Ok(())
    }

    /// A final state ends the dossier, or what is around it.
    fn come_to_an_end(&mut self, at: Place, outcome: Option<&str>) -> Result<(), Refusal> {
        let chart = self.machine.chart();
        if let (Some(outcome), None) = (outcome, chart.parent(at)) {
            while let Some(state) = self.dossier().paused.first().map(|paused| paused.state.clone()) {
                self.give_up(&state)?;
            }
            for on in self.dossier().on_lists.clone() {
                self.leave_list(on.region);
            }
            self.report(Some(outcome), true);
            self.emit(Change::Finished(outcome.to_owned()));
            return Ok(());
        }
        for over in chart.done_by(at, &self.configuration()) {
            let entry = self.entry_of(over);
            if entry.is_some() {
                self.leave_list(entry);
            }
            self.done.extend(entry);
        }
        Ok(())
    }

    /// The people who hold a role today, in the directory's order.
    pub(super) fn holders(&self, name: &RoleName) -> Vec<PersonId> {
        let (directory, today) = (self.context.directory, self.today());
        let Some(role) = self.machine.roles.get(name) else { return Vec::new() };
        match &role.source {
            RoleSource::Post { post, of } => {
                self.unit(of).map(|unit| directory.holders(post, &unit, today)).unwrap_or_default()
            }
            RoleSource::Body { body, seat } => {
                let seated = self.seated(body).map(|(_, seated)| seated).unwrap_or_default();
                let of_seat = seated.into_iter().filter(|one| seat.as_ref().is_none_or(|seat| &one.seat == seat));
                of_seat.map(|one| one.person).collect()
            }
            RoleSource::Decision { decision } => self.together(&self.decided(decision)),
            RoleSource::Each { each, post } => self.holders_of_each(each, post.as_deref()),
            RoleSource::Outside { .. } => self.outsiders_of(name),
            RoleSource::Any { roles } => self.together(roles),
            RoleSource::Field { field } => {
                let value = self.dossier().fields.get(field).and_then(|value| value.as_str());
                value.map(PersonId::from).filter(|person| directory.people.contains_key(person)).into_iter().collect()
            }
        }
    }

    /// The holders of several roles, each once.
    fn together(&self, roles: &[RoleName]) -> Vec<PersonId> {
        roles.iter().fold(Vec::new(), |mut all, role| {
            all.extend(self.holders(role).into_iter().filter(|one| !all.contains(one)).collect::<Vec<_>>());
            all
        })
    }

    /// The roles that a decision table gives now; none where it cannot be worked out.
    pub(super) fn decided(&self, decision: &str) -> Vec<RoleName> {
        let value = self.machine.decisions.get(decision).and_then(|table| self.value(&table.expr).ok());
        let words = match value {
            Some(serde_json::Value::Array(words)) => words,
            Some(word) => vec![word],
            None => Vec::new(),
        };
        words.iter().filter_map(|word| word.as_str()).map(RoleName::from).collect()
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
