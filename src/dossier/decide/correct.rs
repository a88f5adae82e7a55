//! Corrections of what was submitted, and results that are withdrawn. Nothing is edited: what was wrong stays in the history,
//! and another event says what is right.

use std::collections::BTreeMap;

use super::Run;
use super::step::Brought;
use super::values::check_reason;
use crate::dossier::command::{Actor, Correct};
use crate::dossier::context::Context;
use crate::dossier::event::{Change, Corrected, Kind};
use crate::dossier::refusal::{Code, Refusal};
use crate::dossier::{Dossier, VoteResult};
use crate::ids::{ActivationId, EventName, FieldName, Instant, PersonId, RoleName};
use crate::machine::{Machine, Proofs, Votes};

/// Raised when votes were taken on what then turned out to be wrong.
const VOTES_FELL: &str = "votes_fell";
/// Raised when a result was withdrawn.
const RESULT_WITHDRAWN: &str = "result_withdrawn";

/// The fields that a person may correct now.
pub fn correctable(
    machine: &Machine,
    dossier: &Dossier,
    person: &PersonId,
    now: Instant,
    context: &Context<'_>,
) -> Vec<FieldName> {
    if machine.fields.iter().all(|field| field.correctable.is_none()) {
        return Vec::new();
    }
    let run = Run::new(machine, Some(dossier), Actor::Link(person.clone()), now, context);
    let names = machine.fields.iter().map(|field| &field.name);
    names.filter(|name| run.may_correct(person, name).is_ok()).cloned().collect()
}

/// The result that a person may withdraw now: the latest one, where its rule lets them.
pub fn withdrawable<'d>(
    machine: &Machine,
    dossier: &'d Dossier,
    person: &PersonId,
    now: Instant,
    context: &Context<'_>,
) -> Option<&'d VoteResult> {
    let last = dossier.results.last().filter(|result| !result.withdraw.is_empty())?;
    let run = Run::new(machine, Some(dossier), Actor::Link(person.clone()), now, context);
    run.may_withdraw(person, last.activation).is_ok().then_some(last)
}

impl Run<'_> {
    /// Puts wrong values right.
    pub(super) fn correct(&mut self, correct: &Correct) -> Result<(), Refusal> {
        let Some(person) = self.actor.person().cloned() else { return Err(Refusal::of(Code::NotThisWay)) };
        self.check_seen(correct.seen)?;
        let mut fields = correct.fields.clone();
        fields.extend(self.files(&correct.papers));
        fields.retain(|name, value| self.dossier().fields.get(name).unwrap_or(&serde_json::Value::Null) != value);
        if fields.is_empty() {
            return Err(Refusal::of(Code::Unchanged));
        }
        for name in fields.keys() {
            self.may_correct(&person, name)?;
        }
        let names: Vec<FieldName> = fields.keys().cloned().collect();
        self.check_fields(&fields, &names, &correct.papers)?;
        self.check_papers(&correct.papers, &[], &names)?;
        let rules = || names.iter().filter_map(|name| self.machine.field(name)?.correctable.as_ref());
        let reason = correct.reason.clone().filter(|reason| !reason.trim().is_empty());
        if reason.is_none() && rules().any(|rule| rule.reason) {
            return Err(Refusal::of(Code::ReasonMissing));
        }
        reason.as_deref().map_or(Ok(()), check_reason)?;
        self.check_shown_here(rules().map(|rule| rule.link).collect())?;
        let fall = rules().any(|rule| rule.votes == Votes::Fall);
        let role = self.corrector(&person, &names);
        let place = self.dossier().leaves().next().and_then(|leaf| self.machine.chart().place(&leaf.state));
        self.file(&correct.papers);
        let before = |name: &FieldName| self.dossier().fields.get(name).cloned().unwrap_or_default();
        let fields: BTreeMap<FieldName, Corrected> = fields
            .into_iter()
            .map(|(name, after)| (name.clone(), Corrected { before: before(&name), after }))
            .collect();
        self.emit(Change::Corrected { by: person.clone(), fields, reason });
        self.did(&person, place, role.as_ref(), true, None);
        self.renumber()?;
        self.caption();
        if fall {
            self.votes_fall()?;
        }
        self.settle()?;
        self.finish(Kind::Corrected);
        Ok(())
    }

    /// In which of their roles a person corrects these fields.
    fn corrector(&self, person: &PersonId, names: &[FieldName]) -> Option<RoleName> {
        let rules = names.iter().filter_map(|name| self.machine.field(name)?.correctable.as_ref());
        let (roles, by) = (self.roles_of(person), rules.flat_map(|rule| &rule.by).collect::<Vec<_>>());
        roles.into_iter().find(|role| by.contains(&role))
    }

    /// Whoever holds a role that may correct the field may; after the end, only where no vote hangs on it.
    fn may_correct(&self, person: &PersonId, name: &FieldName) -> Result<(), Refusal> {
        let rule = self.machine.field(name).and_then(|field| field.correctable.as_ref());
        let rule = rule.ok_or_else(|| Refusal::about(Code::FieldClosed, name.as_str()))?;
        let roles = self.roles_of(person);
        if !rule.by.iter().any(|role| roles.contains(role)) {
            return Err(Refusal::of(Code::NotAsked));
        }
        match rule.votes {
            Votes::Fall if self.dossier().outcome.is_some() => Err(Refusal::of(Code::Ended)),
            Votes::Fall if !self.dossier().paused.is_empty() => Err(Refusal::of(Code::Paused)),
            Votes::Fall | Votes::Stand => Ok(()),
        }
    }

    /// What was voted on was wrong: results and open votes count no longer, and the workflow says where to go from here.
    fn votes_fall(&mut self) -> Result<(), Refusal> {
        let dossier = self.dossier();
        let counted = dossier.results.iter().any(|result| !result.fallen);
        if !counted && dossier.votes.is_empty() && dossier.on_lists.is_empty() {
            return Ok(());
        }
        self.emit(Change::VotesFell);
        self.must_answer(VOTES_FELL)
    }

    /// Raises an event that the workflow has to answer, because nothing else could be right.
    fn must_answer(&mut self, event: &str) -> Result<(), Refusal> {
        let before = self.steps;
        self.raise(&EventName::from(event), None, Brought::default())?;
        if self.steps == before { Err(Refusal::about(Code::NoEvent, event)) } else { Ok(()) }
    }

    /// Withdraws the latest result, which was recorded wrongly.
    pub(super) fn withdraw_result(&mut self, vote: ActivationId, reason: &str) -> Result<(), Refusal> {
        let Some(person) = self.actor.person().cloned() else { return Err(Refusal::of(Code::NotThisWay)) };
        self.may_withdraw(&person, vote)?;
        if reason.trim().is_empty() {
            return Err(Refusal::of(Code::ReasonMissing));
        }
        check_reason(reason)?;
        self.check_shown_here(Proofs::default())?;
        self.emit(Change::ResultWithdrawn { activation: vote, by: person, reason: reason.to_owned() });
        self.must_answer(RESULT_WITHDRAWN)?;
        self.settle()?;
        self.finish(Kind::Withdrawn);
        Ok(())
    }

    /// The rows of a list were told their results, so that only a dossier's own result can be withdrawn; and only the latest
    /// one, as long as nothing has ended with it.
    fn may_withdraw(&self, person: &PersonId, vote: ActivationId) -> Result<(), Refusal> {
        let dossier = self.dossier();
        if dossier.outcome.is_some() {
            return Err(Refusal::of(Code::Ended));
        }
        if !dossier.paused.is_empty() {
            return Err(Refusal::of(Code::Paused));
        }
        let last = dossier.results.last().filter(|result| result.activation == vote && !result.fallen);
        let last = last.filter(|_| !self.machine.is_list()).ok_or_else(|| Refusal::of(Code::Superseded))?;
        let roles = self.roles_of(person);
        if last.withdraw.iter().any(|role| roles.contains(role)) { Ok(()) } else { Err(Refusal::of(Code::NotAsked)) }
    }
}
