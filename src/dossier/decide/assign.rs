//! A task passes from one person to another: taken over by one of those who are asked, given to somebody by whoever leads the
//! step, handed over by whoever has it, given back.

use super::Run;
use crate::dossier::command::Actor;
use crate::dossier::context::Context;
use crate::dossier::event::{Change, Kind};
use crate::dossier::refusal::{Code, Refusal};
use crate::dossier::{Dossier, Purpose, Task};
use crate::ids::{ActivationId, Instant, PersonId};
use crate::machine::chart::Place;
use crate::machine::{Lead, LeadAct, Machine, TaskRule};

/// What a person may do with somebody's task, or their own, besides the task itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "one for each thing that a person may do")]
pub struct Hands {
    /// Who has it, where one person took it over or was given it.
    pub owner: Option<PersonId>,
    /// They may take it over.
    pub claim: bool,
    /// They may give it back to everybody who was asked.
    pub release: bool,
    /// They may give it to one of these.
    pub give_to: Vec<PersonId>,
    /// Whose part may pass on, where several people have one each.
    pub give_from: Vec<PersonId>,
    /// They must then say why.
    pub reason: bool,
    /// They may ask one more person.
    pub add: bool,
    /// They may put the deadline off.
    pub extend: bool,
    /// They may go on without it.
    pub skip: bool,
    /// They may have it done anew.
    pub redo: bool,
    /// They may write down an answer of one of these, that came on paper.
    pub record: Vec<PersonId>,
}

/// What this person may do with the task of an entry.
pub fn hands(
    machine: &Machine,
    dossier: &Dossier,
    activation: ActivationId,
    person: &PersonId,
    now: Instant,
    context: &Context<'_>,
) -> Hands {
    let run = Run::new(machine, Some(dossier), Actor::Link(person.clone()), now, context);
    let (Some(at), Ok(task)) = (run.entered(activation), run.task_of(activation)) else { return Hands::default() };
    let (rule, leads) = (run.rule(at), run.leads(person, activation, at, LeadAct::Assign));
    let has = task.holders.contains(person);
    let passes = rule.hand_over && has && run.has_alone(task, person, at);
    let mut hands = Hands {
        owner: task.owner.clone(),
        claim: rule.claim && has && task.owner.is_none(),
        release: rule.claim && task.owner.as_ref() == Some(person),
        reason: !(leads && task.waits()),
        add: run.leads(person, activation, at, LeadAct::Add),
        extend: machine.states[at].deadline.is_some() && run.leads(person, activation, at, LeadAct::Extend),
        skip: rule.skip.is_some() && run.leads(person, activation, at, LeadAct::Skip),
        redo: run.leads(person, activation, at, LeadAct::Redo),
        record: run.recordable(person, activation, at),
        ..Hands::default()
    };
    if leads || passes {
        hands.give_to = run.able(task, at);
        if leads && task.owner.is_none() && task.needs_several(&machine.states[at]) {
            hands.give_from.clone_from(&task.holders);
        }
    }
    hands
}

impl Run<'_> {
    /// One of those who are asked takes the task over.
    pub(super) fn claim(&mut self, activation: ActivationId) -> Result<(), Refusal> {
        let (person, at) = self.acting(activation)?;
        let task = self.task_of(activation)?;
        if !self.rule(at).claim {
            return Err(Refusal::of(Code::NotThisWay));
        }
        if let Some(owner) = &task.owner {
            return Err(Refusal::of(Code::Taken { by: owner.clone() }));
        }
        if !task.holders.contains(&person) {
            return Err(Refusal::of(Code::NotAsked));
        }
        self.emit(Change::Given { activation, from: None, to: person, reason: None });
        self.finish(Kind::Assigned);
        Ok(())
    }

    /// Whoever took the task over gives it back to everybody who was asked.
    pub(super) fn release(&mut self, activation: ActivationId) -> Result<(), Refusal> {
        let (person, at) = self.acting(activation)?;
        let task = self.task_of(activation)?;
        if !self.rule(at).claim || task.owner.as_ref() != Some(&person) {
            return Err(Refusal::of(Code::NotAsked));
        }
        self.emit(Change::GivenBack { activation });
        self.finish(Kind::Assigned);
        Ok(())
    }

    /// The task, or one person's part of it, is given to somebody: by whoever leads the step, or by the one who has it.
    pub(super) fn assign(
        &mut self,
        activation: ActivationId,
        from: Option<&PersonId>,
        to: &PersonId,
        reason: Option<&str>,
    ) -> Result<(), Refusal> {
        let (person, at) = self.acting(activation)?;
        let (task, rule) = (self.task_of(activation)?, self.rule(at));
        let leads = self.leads(&person, activation, at, LeadAct::Assign);
        if !(leads || rule.hand_over && self.has_alone(task, &person, at)) {
            return Err(Refusal::of(Code::NotAsked));
        }
        let reason = reason.map(str::trim).filter(|reason| !reason.is_empty());
        if reason.is_none() && !(leads && task.waits()) {
            return Err(Refusal::of(Code::ReasonMissing));
        }
        let several = task.needs_several(&self.machine.states[at]);
        let from = if leads { from.or(task.owner.as_ref()) } else { several.then_some(&person) }.cloned();
        if from.is_none() && several {
            return Err(Refusal::of(Code::NotThisWay));
        }
        if from.as_ref().is_some_and(|from| !task.holders.contains(from)) {
            return Err(Refusal::of(Code::Superseded));
        }
        self.check_able(task, at, to)?;
        let (to, reason) = (to.clone(), reason.map(str::to_owned));
        self.emit(Change::Given { activation, from, to, reason });
        self.finish(Kind::Assigned);
        Ok(())
    }

    /// The person who acts, and where: the entry must be active.
    pub(super) fn acting(&self, activation: ActivationId) -> Result<(PersonId, Place), Refusal> {
        let person = self.actor.person().cloned().ok_or_else(|| Refusal::of(Code::NotThisWay))?;
        self.check_entry(activation)?;
        Ok((person, self.entered(activation).expect("the entry was checked")))
    }

    pub(super) fn task_of(&self, activation: ActivationId) -> Result<&Task, Refusal> {
        self.dossier().task(activation, Purpose::Act).ok_or_else(|| Refusal::of(Code::NotAsked))
    }

    fn rule(&self, at: Place) -> &TaskRule {
        self.machine.states[at].task.as_ref().expect("a task stands in a state that asks for one")
    }

    /// Who leads a state: what the innermost state around it says.
    pub(super) fn lead(&self, at: Place) -> Option<&Lead> {
        let mut around = std::iter::once(at).chain(self.machine.chart().around(at));
        around.find_map(|at| self.machine.states[at].lead.as_ref())
    }

    /// Whether a person leads an entry and may do this there.
    pub(super) fn leads(&self, person: &PersonId, activation: ActivationId, at: Place, act: LeadAct) -> bool {
        let asked = self.dossier().task(activation, Purpose::Lead).is_some_and(|task| task.holders.contains(person));
        asked && self.lead(at).is_some_and(|lead| lead.may.contains(&act))
    }

    /// Whether it is a person's own to pass on: they alone have the task, or a part of it where several have one each.
    fn has_alone(&self, task: &Task, person: &PersonId, at: Place) -> bool {
        let alone = task.owner.as_ref() == Some(person) || task.holders.len() == 1;
        task.holders.contains(person) && (alone || task.needs_several(&self.machine.states[at]))
    }

    /// Everybody to whom a task may be given now.
    fn able(&self, task: &Task, at: Place) -> Vec<PersonId> {
        let Some(role) = &task.role else { return Vec::new() };
        let mut people = self.holders(role);
        people.extend(task.others.iter().filter(|other| !people.contains(other)).cloned().collect::<Vec<_>>());
        people.retain(|person| self.check_able(task, at, person).is_ok());
        people
    }

    /// A task goes to somebody who holds its role, has no part of it yet, and may act on the dossier.
    fn check_able(&self, task: &Task, at: Place, to: &PersonId) -> Result<(), Refusal> {
        let Some(role) = &task.role else { return Err(Refusal::of(Code::NotThisWay)) };
        if task.holders == [to.clone()] || task.answers.iter().any(|answer| &answer.person == to) {
            return Err(Refusal::of(Code::Done { by: Some(to.clone()), at: None }));
        }
        if task.holders.contains(to) && task.needs_several(&self.machine.states[at]) {
            return Err(Refusal::of(Code::Taken { by: to.clone() }));
        }
        if !task.holders.contains(to) && !task.others.contains(to) && !self.holders(role).contains(to) {
            return Err(Refusal::about(Code::NotOfRole, role.as_str()));
        }
        match self.barred(to, role, at) {
            Some(reason) => Err(Refusal { reasons: vec![reason] }),
            None => Ok(()),
        }
    }
}
