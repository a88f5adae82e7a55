//! What persons do: events of the active states, and changes of fields and papers.

use std::collections::BTreeMap;

use super::Run;
use crate::dossier::command::{Act, Actor, RowMark};
use crate::dossier::event::{Change, Kind};
use crate::dossier::refusal::{Code, Reason, Refusal};
use crate::dossier::{Body, Ground, Paper, Purpose, Recipient, RowStatus};
use crate::ids::{ActivationId, DossierId, FieldName, PersonId, RoleName, StateId, Text};
use crate::machine::{RowEvents, StateKind, Target, Transition};

/// What a transition is to a person.
pub(super) enum Standing<'t> {
    /// Theirs, in this role.
    As(&'t RoleName),
    /// It would be theirs, but for an earlier step.
    Barred(Box<Reason>),
    /// Not theirs.
    None,
}

impl Run<'_> {
    pub(super) fn act(&mut self, act: &Act) -> Result<(), Refusal> {
        self.check_entry(act.activation)?;
        let (state, candidates) = self.candidates(act)?;
        self.check_seen(act.seen)?;
        self.check_input(&state, act, &candidates)?;
        let settings: BTreeMap<_, _> = act.fields.clone();
        if !settings.is_empty() {
            self.emit(Change::Set(settings));
            self.caption();
        }
        self.file(&act.papers);
        self.emit(Change::Did { activation: act.activation, event: act.event.clone(), reason: act.reason.clone() });
        let transition = self.first_open(&candidates)?;
        self.check_complete(&state, &transition)?;
        if let Some(reason) = &act.reason {
            let at = self.at;
            self.emit(Change::Grounds(vec![Ground { at, text: Text::own(reason), basis: None }]));
        }
        self.remember_act(&state, &transition, !act.fields.is_empty() || !act.papers.is_empty());
        if self.enough(&state, &act.event, &transition)? {
            self.tell_rows(&transition, &act.rows)?;
            self.take(&state, &transition)?;
        }
        self.settle()?;
        self.finish(Kind::Acted);
        Ok(())
    }

    pub(super) fn edit(
        &mut self,
        activation: ActivationId,
        fields: &BTreeMap<FieldName, serde_json::Value>,
        papers: &[Paper],
    ) -> Result<(), Refusal> {
        self.check_entry(activation)?;
        let task = self.dossier().task(activation, Purpose::Act).ok_or_else(|| Refusal::of(Code::NotAsked))?;
        let asked = self.actor.person().is_some_and(|person| task.holders.contains(person));
        if !asked {
            return Err(Refusal::of(Code::NotAsked));
        }
        let role = task.role.clone();
        let state = self.state_of_entry(activation);
        let rule = self.state(&state).task.clone();
        let (edit, attach) = rule.map(|rule| (rule.edit, rule.attach)).unwrap_or_default();
        self.check_fields(fields, &edit)?;
        check_papers(papers, &attach)?;
        self.emit(Change::Set(fields.clone()));
        self.file(papers);
        self.caption();
        let (role, person) = (role.as_ref(), self.actor.person().cloned());
        if let Some(person) = person {
            self.remember(&person, Some(&state), role, true);
        }
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
        let frozen =
            dossier.paused.as_ref().is_some_and(|paused| paused.active.iter().any(|one| one.activation == activation));
        Err(Refusal::of(if frozen { Code::Paused } else { Code::Superseded }))
    }

    /// Nobody decides on what they have not seen.
    pub(super) fn check_seen(&self, seen: Option<i64>) -> Result<(), Refusal> {
        let changed = seen.is_some_and(|seen| seen < self.dossier().content_seq);
        if changed { Err(Refusal::of(Code::Changed)) } else { Ok(()) }
    }

    fn state_of_entry(&self, activation: ActivationId) -> StateId {
        let active = self.dossier().active.iter().find(|active| active.activation == activation);
        active.expect("the entry was checked").state.clone()
    }

    /// The transitions that answer this person's event: of the innermost state that has any for them.
    fn candidates(&self, act: &Act) -> Result<(StateId, Vec<Transition>), Refusal> {
        let Some(person) = self.actor.person() else { return Err(Refusal::of(Code::NotThisWay)) };
        let (mut known, mut barred) = (false, Vec::new());
        for active in self.dossier().active.iter().rev() {
            let state = self.state(&active.state);
            let named = state.on.iter().filter(|one| one.event.as_ref() == Some(&act.event) && !one.by.is_empty());
            let named: Vec<&Transition> = named.collect();
            known |= !named.is_empty();
            let mut mine = Vec::new();
            for one in named {
                match self.standing(person, one, &active.state) {
                    Standing::As(_) => mine.push(one.clone()),
                    Standing::Barred(reason) => barred.push(*reason),
                    Standing::None => {}
                }
            }
            if !mine.is_empty() {
                return Ok((active.state.clone(), mine));
            }
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

    /// What a transition is to this person: they hold one of its roles now, or were asked in it when the state was entered.
    pub(super) fn standing<'t>(&self, person: &PersonId, transition: &'t Transition, state: &StateId) -> Standing<'t> {
        let mut standing = Standing::None;
        for role in &transition.by {
            let mut asked = self.dossier().tasks.iter().filter(|task| task.role.as_ref() == Some(role));
            let may = match asked.next() {
                Some(task) => task.holders.contains(person),
                None => self.holders(role).contains(person),
            };
            match self.barred(person, role, state) {
                None if may => return Standing::As(role),
                Some(reason) if may || self.holders(role).contains(person) => {
                    standing = Standing::Barred(Box::new(reason));
                }
                None | Some(_) => {}
            }
        }
        standing
    }

    /// Remembers who acted. Whoever sends a form on, or brings fields or papers along, has prepared what follows.
    fn remember_act(&mut self, state: &StateId, transition: &Transition, brought: bool) {
        let Some(person) = self.actor.person().cloned() else { return };
        let Standing::As(role) = self.standing(&person, transition, state) else { return };
        let role = role.clone();
        let form = self.state(state).task.as_ref().filter(|task| task.role == role);
        let prepared = brought || form.is_some_and(|task| !task.edit.is_empty() || !task.attach.is_empty());
        self.remember(&person, Some(state), Some(&role), prepared);
    }

    /// The first transition whose guards hold, or every reason why none does.
    fn first_open(&self, candidates: &[Transition]) -> Result<Transition, Refusal> {
        let mut reasons = Vec::new();
        for transition in candidates {
            let failing = self.failing(&transition.guard)?;
            if failing.is_empty() {
                return Ok(transition.clone());
            }
            reasons.extend(failing.into_iter().filter(|reason| !reasons.contains(reason)).collect::<Vec<_>>());
        }
        Err(Refusal { reasons })
    }

    /// What was given must be asked for here: fields, papers, rows.
    fn check_input(&self, state: &StateId, act: &Act, candidates: &[Transition]) -> Result<(), Refusal> {
        let task = self.state(state).task.clone().unwrap_or(crate::machine::TaskRule {
            role: "".into(),
            title: Text::default(),
            help: Text::default(),
            edit: Vec::new(),
            attach: Vec::new(),
        });
        let fields: Vec<FieldName> =
            candidates.iter().flat_map(|one| one.fill.iter()).chain(&task.edit).cloned().collect();
        self.check_fields(&act.fields, &fields)?;
        let kinds: Vec<String> =
            candidates.iter().flat_map(|one| one.attach.iter()).chain(&task.attach).cloned().collect();
        check_papers(&act.papers, &kinds)?;
        for (row, mark) in &act.rows {
            if !self.dossier().rows.iter().any(|one| &one.dossier == row && one.status == RowStatus::Live) {
                return Err(Refusal::about(Code::RowUnknown, row.as_str()));
            }
            if mark.reason.trim().is_empty() {
                return Err(Refusal::about(Code::ReasonMissing, row.as_str()));
            }
        }
        if candidates.iter().any(|one| one.reason) && act.reason.as_ref().is_none_or(|reason| reason.trim().is_empty())
        {
            return Err(Refusal::of(Code::ReasonMissing));
        }
        Ok(())
    }

    /// Everything that the transition wants must now be there. Going on from a form wants its required fields; ending the
    /// matter does not.
    fn check_complete(&self, state: &StateId, transition: &Transition) -> Result<(), Refusal> {
        let ends = match &transition.target {
            Target::State(target) => matches!(self.state(target).kind, StateKind::Final { .. }),
            Target::Stay | Target::Resume(_) => true,
        };
        let form = self.state(state).task.as_ref().map(|task| task.edit.as_slice()).unwrap_or_default();
        let required = form.iter().filter(|name| !ends && self.machine.field(name).is_some_and(|field| field.required));
        let mut reasons = self.missing(required.chain(&transition.fill));
        let papers = &self.dossier().papers;
        for kind in &transition.attach {
            if !papers.iter().any(|paper| &paper.kind == kind) {
                let about = Some(kind.clone());
                reasons.push(Reason { code: Code::PaperMissing, text: Text::default(), basis: None, about });
            }
        }
        if reasons.is_empty() { Ok(()) } else { Err(Refusal { reasons }) }
    }

    /// Tells the rows of a list what a transition means for them.
    pub(super) fn tell_rows(
        &mut self,
        transition: &Transition,
        marks: &BTreeMap<DossierId, RowMark>,
    ) -> Result<(), Refusal> {
        let Some(events) = &transition.rows else {
            return if marks.is_empty() { Ok(()) } else { Err(Refusal::of(Code::RowUnknown)) };
        };
        if let Some((row, _)) = marks.iter().find(|(_, mark)| event_of(events, mark.back).is_none()) {
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
        let mut statuses = Vec::new();
        for row in live {
            let (event, status, reason) = match marks.get(&row) {
                Some(mark) => {
                    let status = if mark.back { RowStatus::Returned } else { RowStatus::Struck };
                    (event_of(events, mark.back), Some(status), Some(mark.reason.clone()))
                }
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

    /// Only a person acting for themselves may do this: a ballot cannot be cast for somebody.
    pub(super) fn own_person(&self) -> Result<PersonId, Refusal> {
        match &self.actor {
            Actor::Link(person) | Actor::Session(person) => Ok(person.clone()),
            _ => Err(Refusal::of(Code::NotThisWay)),
        }
    }
}

fn event_of(events: &RowEvents, back: bool) -> Option<&crate::ids::EventName> {
    if back { events.returned.as_ref() } else { events.struck.as_ref() }
}

fn check_papers(papers: &[Paper], kinds: &[String]) -> Result<(), Refusal> {
    match papers.iter().find(|paper| !kinds.contains(&paper.kind)) {
        Some(paper) => Err(Refusal::about(Code::PaperUnknown, paper.kind.as_str())),
        None => Ok(()),
    }
}
