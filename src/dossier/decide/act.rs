//! What persons do: events of the active states, and changes of fields and papers.

use std::collections::BTreeMap;

use super::Run;
use super::stand_in::Behalf;
use super::step::{Brought, Chosen};
use super::values::check_reason;
use crate::dossier::command::{Act, Actor, RowMark};
use crate::dossier::event::{Change, Kind};
use crate::dossier::refusal::{Code, Reason, Refusal};
use crate::dossier::{Body, Ground, Paper, Purpose, Recipient, RowStatus, Task};
use crate::ids::{ActivationId, DossierId, FieldName, PersonId, RoleName, Text};
use crate::machine::chart::Place;
use crate::machine::{LinkPolicy, RowEvents, State, StateKind, Target, TaskRule, Transition, Wait};
use crate::planted::{Fault, planted};

/// The transitions of one state that answer a person's event: the first whose guards hold is taken.
pub(super) type Branches<'a> = (Place, Vec<&'a Transition>);

/// What a transition is to a person.
pub(super) enum Standing<'t> {
    /// Theirs, in this role, on behalf of somebody if they stand in for them.
    As(&'t RoleName, Behalf),
    /// It would be theirs, but for an earlier step.
    Barred(Box<Reason>),
    /// Not theirs.
    None,
}

impl<'a> Run<'a> {
    pub(super) fn act(&mut self, act: &Act) -> Result<(), Refusal> {
        self.check_entry(act.activation)?;
        let Some(person) = self.actor.person().cloned() else { return Err(Refusal::of(Code::NotThisWay)) };
        let answering = self.answering(&person, act)?;
        self.check_shown(act.activation, answering.iter().map(|(at, _)| *at))?;
        self.check_seen(act.seen)?;
        self.check_read(act.activation)?;
        self.check_input(act, &answering)?;
        let fields = self.with_own_rows(act, &answering)?;
        self.take_in(&fields, &act.papers);
        let event = if planted(Fault::ActsWhereOver) { "unheard".into() } else { act.event.clone() };
        self.emit(Change::Did { activation: act.activation, event, reason: act.reason.clone() });
        let chosen = self.open_ones(answering)?;
        for claim in &chosen {
            self.check_complete(&self.machine.states[claim.source], claim.what)?;
        }
        if let Some(reason) = &act.reason {
            let at = self.at;
            self.emit(Change::Grounds(vec![Ground { at, text: Text::own(reason), basis: None }]));
        }
        let mut undecided = Vec::new();
        let mut taken = Vec::new();
        let mut kind = Kind::Acted;
        for claim in chosen {
            if claim.what.recall {
                // Taking back is no part of the step that is given up.
                kind = Kind::Recalled;
                taken.push(claim);
                continue;
            }
            self.remember_act(claim.source, claim.what, !act.fields.is_empty() || !act.papers.is_empty());
            if self.enough(claim.source, &act.event, claim.what)? {
                taken.push(claim);
            } else {
                undecided.extend(self.entry_of(claim.source));
            }
        }
        self.microstep(&taken, Brought { marks: Some(&act.rows), ..Brought::default() })?;
        for entry in undecided {
            self.undecided(entry)?;
        }
        self.settle()?;
        self.finish(kind);
        Ok(())
    }

    pub(super) fn edit(
        &mut self,
        activation: ActivationId,
        fields: &BTreeMap<FieldName, serde_json::Value>,
        papers: &[Paper],
    ) -> Result<(), Refusal> {
        self.check_entry(activation)?;
        // What an import left out it may bring later: papers, as long as somebody is asked who could attach them.
        let import = matches!(self.actor, Actor::Import { .. }) && fields.is_empty();
        let (edit, attach) = match self.actor.person() {
            Some(person) => self.editable(person, activation),
            None if import => self.of_task(activation, |_| true),
            None => return Err(Refusal::of(Code::NotThisWay)),
        };
        let task = self.dossier().task(activation, Purpose::Act);
        let asked = task.zip(self.actor.person()).and_then(|(task, person)| self.may_do(task, person));
        if edit.is_empty() && attach.is_empty() && asked.is_none() {
            return Err(Refusal::of(Code::NotAsked));
        }
        let role = task.filter(|_| asked.is_some()).and_then(|task| task.role.clone());
        let at = self.entered(activation).expect("the entry was checked");
        self.check_shown(activation, [])?;
        self.check_fields(fields, &edit, papers)?;
        self.check_papers(papers, &attach, &edit)?;
        self.take_in(fields, papers);
        if let Some(person) = self.actor.person().cloned() {
            let role = role.or_else(|| self.writers(&person).next());
            self.did(&person, Some(at), role.as_ref(), true, asked.flatten());
        }
        self.move_deadlines()?;
        self.finish(Kind::Edited);
        Ok(())
    }

    /// The entry that a page was made for must still be active.
    pub(super) fn check_entry(&self, activation: ActivationId) -> Result<(), Refusal> {
        let dossier = self.dossier();
        if dossier.outcome.is_some() {
            return Err(Refusal::of(Code::Ended));
        }
        if dossier.active.iter().any(|active| active.activation == activation) {
            return Ok(());
        }
        Err(Refusal::of(if dossier.is_frozen(activation) { Code::Paused } else { Code::Superseded }))
    }

    /// Nobody decides on what they have not seen.
    pub(super) fn check_seen(&self, seen: Option<i64>) -> Result<(), Refusal> {
        let changed = seen.is_some_and(|seen| seen < self.dossier().content_seq);
        if changed { Err(Refusal::of(Code::Changed)) } else { Ok(()) }
    }

    /// The transitions that answer an event of this person's: for each leaf inside the entry, those of the innermost state that has
    /// any for them.
    pub(super) fn answering(&self, person: &PersonId, act: &Act) -> Result<Vec<Branches<'a>>, Refusal> {
        let (machine, mut known, mut barred) = (self.machine, false, Vec::new());
        let mut found: Vec<Branches<'a>> = Vec::new();
        for leaf in self.leaves(Some(act.activation)) {
            for at in std::iter::once(leaf).chain(machine.chart().around(leaf)) {
                let named = |one: &&Transition| one.event.as_ref() == Some(&act.event) && !one.by.is_empty();
                let named: Vec<&Transition> = machine.states[at].on.iter().filter(named).collect();
                known |= !named.is_empty();
                let mut mine = Vec::new();
                for one in named {
                    match self.standing(person, one, at) {
                        Standing::As(..) => mine.push(one),
                        Standing::Barred(reason) => barred.push(*reason),
                        Standing::None => {}
                    }
                }
                if !mine.is_empty() {
                    if !found.iter().any(|(other, _)| *other == at) {
                        found.push((at, mine));
                    }
                    break;
                }
            }
        }
        if !found.is_empty() {
            return Ok(found);
        }
        let mut elsewhere = self.dossier().tasks.iter().filter(|task| task.others.contains(person));
        if let Some(owner) = elsewhere.find_map(|task| task.owner.clone()) {
            return Err(Refusal::of(Code::Taken { by: owner }));
        }
        if let Some(answer) = self.answered(person) {
            return Err(Refusal::of(Code::Done { by: Some(person.clone()), at: Some(answer.at) }));
        }
        barred.dedup();
        if !barred.is_empty() {
            return Err(Refusal { reasons: barred });
        }
        Err(Refusal::about(if known { Code::NotAsked } else { Code::NoEvent }, act.event.as_str()))
    }

    /// What a transition of a state is to this person: they hold one of its roles now, or were asked in it when the state was
    /// entered.
    pub(super) fn standing<'t>(&self, person: &PersonId, transition: &'t Transition, at: Place) -> Standing<'t> {
        if transition.recall {
            return self.recalls(person, transition, at);
        }
        let link_will_do = self.machine.states[at].link == LinkPolicy::Link;
        let mut standing = Standing::None;
        for role in &transition.by {
            let may = match self.asked_in(role, at) {
                tasks if tasks.is_empty() => self.holds(person, role, link_will_do),
                tasks => tasks.iter().find_map(|task| self.may_do(task, person)),
            };
            let of = may.clone().or_else(|| self.holds(person, role, link_will_do));
            match (self.barred_for(person, of.as_ref().unwrap_or(&None), role, at), may) {
                (None, Some(of)) => return Standing::As(role, of),
                (Some(reason), _) if of.is_some() => standing = Standing::Barred(Box::new(reason)),
                (None | Some(_), _) => {}
            }
        }
        standing
    }

    /// The tasks that say who may act in a state in this role: its own; else those inside it and around it. What a region asks
    /// of somebody says nothing about its neighbours.
    fn asked_in(&self, role: &RoleName, at: Place) -> Vec<&Task> {
        let chart = self.machine.chart();
        let of_role = self.dossier().tasks.iter().filter(|task| task.role.as_ref() == Some(role));
        let near: Vec<(&Task, Place)> = of_role
            .filter_map(|task| Some((task, self.entered(task.activation)?)))
            .filter(|(_, place)| *place == at || chart.is_inside(*place, at) || chart.is_inside(at, *place))
            .collect();
        let own: Vec<&Task> = near.iter().filter(|(_, place)| *place == at).map(|(task, _)| *task).collect();
        if own.is_empty() { near.into_iter().map(|(task, _)| task).collect() } else { own }
    }

    /// Remembers who acted. Whoever sends a form on, or brings fields or papers along, has prepared what follows.
    fn remember_act(&mut self, at: Place, transition: &Transition, brought: bool) {
        let Some(person) = self.actor.person().cloned() else { return };
        let Standing::As(role, of) = self.standing(&person, transition, at) else { return };
        let form = self.machine.states[at].task.as_ref().filter(|task| &task.role == role);
        let prepared = brought || form.is_some_and(|task| !task.edit.is_empty() || !task.attach.is_empty());
        self.did(&person, Some(at), Some(role), prepared, of);
    }

    /// Of each state the first transition whose guards hold; or every reason why there is none at all.
    pub(super) fn open_ones(&self, answering: Vec<Branches<'a>>) -> Result<Chosen<'a>, Refusal> {
        let (mut open, mut reasons) = (Vec::new(), Vec::new());
        for (at, branches) in answering {
            for transition in branches {
                let mut failing = self.failing(&transition.guard)?;
                if let Target::Resume(state) = &transition.target
                    && !self.can_resume(state)
                {
                    failing.extend(Refusal::about(Code::NoEvent, state.as_str()).reasons);
                }
                if failing.is_empty() {
                    open.push((at, transition));
                    break;
                }
                reasons.extend(failing.into_iter().filter(|reason| !reasons.contains(reason)).collect::<Vec<_>>());
            }
        }
        if open.is_empty() { Err(Refusal { reasons }) } else { Ok(self.without_conflicts(open)) }
    }

    /// What was given must be asked for here: fields, papers, rows.
    pub(super) fn check_input(&self, act: &Act, answering: &[Branches<'a>]) -> Result<(), Refusal> {
        let candidates: Vec<&Transition> = answering.iter().flat_map(|(_, branches)| branches).copied().collect();
        let tasks: Vec<&TaskRule> =
            answering.iter().filter_map(|(at, _)| self.machine.states[*at].task.as_ref()).collect();
        let edited = tasks.iter().flat_map(|task| &task.edit);
        let fields: Vec<FieldName> = candidates.iter().flat_map(|one| &one.fill).chain(edited).cloned().collect();
        let added = |name: &FieldName| candidates.iter().any(|one| one.adds.as_ref() == Some(name));
        let given = act.fields.iter().filter(|(name, _)| !added(name));
        let given = given.map(|(name, value)| (name.clone(), value.clone())).collect();
        self.check_fields(&given, &fields, &act.papers)?;
        let attached = tasks.iter().flat_map(|task| &task.attach);
        let kinds: Vec<String> = candidates.iter().flat_map(|one| &one.attach).chain(attached).cloned().collect();
        self.check_papers(&act.papers, &kinds, &fields)?;
        for (row, mark) in &act.rows {
            if !self.dossier().rows.iter().any(|one| &one.dossier == row && one.status == RowStatus::Live) {
                return Err(Refusal::about(Code::RowUnknown, row.as_str()));
            }
            if mark.reason.trim().is_empty() {
                return Err(Refusal::about(Code::ReasonMissing, row.as_str()));
            }
            check_reason(&mark.reason)?;
        }
        if candidates.iter().any(|one| one.reason) && act.reason.as_ref().is_none_or(|reason| reason.trim().is_empty())
        {
            return Err(Refusal::of(Code::ReasonMissing));
        }
        act.reason.as_deref().map_or(Ok(()), check_reason)
    }

    /// Everything that the transition wants must now be there. Going on from a form wants its required fields; ending the
    /// matter does not.
    pub(super) fn check_complete(&self, state: &State, transition: &Transition) -> Result<(), Refusal> {
        let ends = match &transition.target {
            Target::State(target) => matches!(self.state(target).kind, StateKind::Final { outcome: Some(_) }),
            Target::Stay | Target::Resume(_) => true,
        };
        let form = state.task.as_ref().map(|task| task.edit.as_slice()).unwrap_or_default();
        let required = form.iter().filter(|name| !ends && self.machine.field(name).is_some_and(|field| field.required));
        let mut reasons = self.missing(required.chain(&transition.fill));
        let papers = &self.dossier().papers;
        // A paper from outside comes with its number and its day; what came earlier is another one.
        let from_outside = state.wait.as_ref().map(|wait| &wait.paper);
        for kind in &transition.attach {
            let is_there = |paper: &Paper| &paper.kind == kind && (from_outside != Some(kind) || paper.at == self.at);
            if !papers.iter().any(is_there) {
                let about = Some(kind.clone());
                reasons.push(Reason { code: Code::PaperMissing, text: Text::default(), basis: None, about });
            }
        }
        let came = state.wait.as_ref().filter(|wait| transition.fill.contains(&wait.day));
        reasons.extend(came.and_then(|wait| self.not_yet_signed(wait)));
        if reasons.is_empty() { Ok(()) } else { Err(Refusal { reasons }) }
    }

    /// What came has been signed: not tomorrow.
    fn not_yet_signed(&self, wait: &Wait) -> Option<Reason> {
        let day = self.dossier().fields.get(&wait.day)?.as_str()?.parse::<jiff::civil::Date>().ok()?;
        let about = Some(wait.day.to_string());
        let reason = Reason { code: Code::NotSigned, text: Text::default(), basis: None, about };
        (day > self.today()).then_some(reason)
    }

    /// Tells the rows of a list what a transition means for them.
    pub(super) fn tell_rows(
        &mut self,
        transition: &Transition,
        marks: Option<&BTreeMap<DossierId, RowMark>>,
    ) -> Result<(), Refusal> {
        let none = BTreeMap::new();
        let marks = marks.unwrap_or(&none);
        let Some(events) = &transition.rows else {
            return if marks.is_empty() { Ok(()) } else { Err(Refusal::of(Code::RowUnknown)) };
        };
        if let Some((row, _)) = marks.iter().find(|(_, mark)| mark.aside.event(events).is_none()) {
            return Err(Refusal::about(Code::RowUnknown, row.as_str()));
        }
        let fields: BTreeMap<_, _> = events
            .with
            .iter()
            .filter_map(|name| Some((name.clone(), self.dossier().fields.get(name)?.clone())))
            .collect();
        let live: Vec<DossierId> = self
            .dossier()
            .rows
            .iter()
            .filter(|row| row.status == RowStatus::Live)
            .map(|row| row.dossier.clone())
            .collect();
        let own = self.own_rows(events);
        if own.iter().any(|row| marks.contains_key(row)) {
            let about = self.machine.row_subject.first().map(ToString::to_string);
            let reason = Reason { code: Code::Named, text: Text::default(), basis: None, about };
            return Err(Refusal { reasons: vec![reason] });
        }
        let mut statuses = Vec::new();
        for row in live {
            let (event, status, reason) = match marks.get(&row) {
                None if own.contains(&row) => (events.own.as_ref(), Some(RowStatus::Apart), None),
                Some(mark) => (mark.aside.event(events), Some(mark.aside.status()), Some(mark.reason.clone())),
                None => (events.kept.as_ref(), events.release.then_some(RowStatus::Released), None),
            };
            if let Some(event) = event {
                let (event, fields, last) = (event.clone(), fields.clone(), status.is_some());
                self.send(Recipient::Dossier(row.clone()), Body::Tell { event, fields, reason, last });
            }
            statuses.extend(status.map(|status| (row, status)));
        }
        if !statuses.is_empty() {
            self.emit(Change::Rows(statuses));
        }
        Ok(())
    }

    /// The rows about whoever does this, or about whom they stand in for, where that keeps these rows apart.
    fn own_rows(&self, events: &RowEvents) -> Vec<DossierId> {
        let Some(person) = self.actor.person().filter(|_| events.own.is_some()) else { return Vec::new() };
        let (dossier, subject) = (self.dossier(), self.machine.row_subject.as_slice());
        let now = dossier.deeds.iter().filter(|deed| deed.at == self.at && &deed.person == person);
        let behalf = now.filter_map(|deed| deed.on_behalf.as_ref());
        let deciding: Vec<&PersonId> = std::iter::once(person).chain(behalf).collect();
        let live = dossier.rows.iter().filter(|row| row.status == RowStatus::Live);
        let own = live.filter(|row| deciding.iter().any(|person| row.is_about(person, subject)));
        own.map(|row| row.dossier.clone()).collect()
    }

    /// Only a person acting for themselves may do this: a ballot cannot be cast for somebody.
    pub(super) fn own_person(&self) -> Result<PersonId, Refusal> {
        match &self.actor {
            Actor::Link(person) | Actor::LinkPin(person) | Actor::Session(person) | Actor::SessionPin(person) => {
                Ok(person.clone())
            }
            _ => Err(Refusal::of(Code::NotThisWay)),
        }
    }
}
