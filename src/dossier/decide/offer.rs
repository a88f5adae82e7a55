//! Who is asked when a state is entered, and when enough of them have answered.

use super::Run;
use super::act::Standing;
use super::step::Brought;
use crate::dossier::event::Change;
use crate::dossier::refusal::{Code, Refusal};
use crate::dossier::{Answer, Purpose, Task};
use crate::ids::{ActivationId, EventName, Instant, PersonId};
use crate::machine::chart::Place;
use crate::machine::{Field, FieldKind, Needs, TaskRule, Transition};

/// Raised when everybody has answered and no event has enough of them.
const UNDECIDED: &str = "undecided";

impl Run<'_> {
    /// Offers the task of a state that is being entered.
    pub(super) fn offer(
        &mut self,
        activation: ActivationId,
        at: Place,
        rule: &TaskRule,
        due_at: Option<Instant>,
    ) -> Result<(), Refusal> {
        self.admit(&rule.role);
        let (machine, (holders, barred)) = (self.machine, self.free(&rule.role, at));
        let state = &machine.states[at];
        if holders.is_empty() {
            let mut refusal = Refusal::about(Code::NobodyToAsk, rule.role.as_str());
            refusal.reasons.extend(barred);
            return Err(refusal);
        }
        let enough = |one: &Transition| !matches!(one.needs, Needs::Count(count) if count as usize > holders.len());
        if !state.on.iter().all(enough) {
            return Err(Refusal::about(Code::TooFewToAsk, rule.role.as_str()));
        }
        // What nobody answers has to fit into the table as well.
        let table = state.consult.as_ref().and_then(|consult| machine.field(&consult.into));
        if let Some(Field { name, kind: FieldKind::Rows { max, .. }, .. }) = table
            && holders.len() > *max as usize
        {
            return Err(Refusal::about(Code::TooMuch, name.as_str()));
        }
        let policy = state.link;
        let records = state.wait.is_some() || state.posting.is_some();
        let task = Task::offered(activation, Purpose::Act, Some(rule.role.clone()), holders);
        let stand_ins = if rule.assign { Vec::new() } else { self.stand_ins(&rule.role, at, &task.holders) };
        let task = self.assisted(Task { stand_ins, records, due_at, policy, ..task }, at);
        self.emit(Change::Offered(if rule.assign {
            Task { others: task.holders, holders: Vec::new(), assistants: Vec::new(), ..task }
        } else {
            task
        }));
        self.offer_lead(activation, at, due_at, rule.assign)
    }

    /// Whoever leads the state gets a link to it too; somebody must, where nothing happens before they have given the task to
    /// somebody.
    pub(super) fn offer_lead(
        &mut self,
        activation: ActivationId,
        at: Place,
        due_at: Option<Instant>,
        needed: bool,
    ) -> Result<(), Refusal> {
        let Some(lead) = self.lead(at).cloned() else { return Ok(()) };
        let (holders, policy) = (self.holders(&lead.by), self.machine.states[at].link);
        if holders.is_empty() {
            return if needed { Err(Refusal::about(Code::NobodyToAsk, lead.by.as_str())) } else { Ok(()) };
        }
        let stand_ins = self.stand_ins(&lead.by, at, &holders);
        let task = Task::offered(activation, Purpose::Lead, Some(lead.by), holders);
        self.emit(Change::Offered(Task { stand_ins, due_at, policy, ..task }));
        Ok(())
    }

    /// Counts a person's choice of an event that needs several of those who are asked; whether there are enough now.
    pub(super) fn enough(
        &mut self,
        source: Place,
        event: &EventName,
        transition: &Transition,
    ) -> Result<bool, Refusal> {
        if transition.needs == Needs::One {
            return Ok(true);
        }
        let Some(person) = self.actor.person().cloned() else { return Err(Refusal::of(Code::NotThisWay)) };
        let person = match self.standing(&person, transition, source) {
            Standing::As(_, Some(of)) => of,
            _ => person,
        };
        Ok(self.has_answered(&person, source, event, transition))
    }

    /// Counts an answer of somebody who is asked; whether there are enough now.
    pub(super) fn has_answered(
        &mut self,
        person: &PersonId,
        source: Place,
        event: &EventName,
        transition: &Transition,
    ) -> bool {
        let activation = self.entry_of(source).expect("its transition was found in an active state");
        self.emit(Change::Answered { activation, person: person.clone(), event: event.clone() });
        self.spoken_for(activation, person);
        let task = self.dossier().task(activation, Purpose::Act).expect("it was answered");
        transition.needs.reached_by(task.chose(event), task.people())
    }

    /// When all have answered in an entry and no event has enough of them, that is an event of its own.
    pub(super) fn undecided(&mut self, activation: ActivationId) -> Result<(), Refusal> {
        let task = self.dossier().task(activation, Purpose::Act);
        if task.is_none_or(|task| !task.holders.is_empty()) {
            return Ok(());
        }
        self.raise(&EventName::from(UNDECIDED), Some(activation), Brought::default())
    }

    /// What this person has answered already where several are needed.
    pub(super) fn answered(&self, person: &PersonId) -> Option<&Answer> {
        self.dossier().tasks.iter().flat_map(|task| &task.answers).find(|answer| &answer.person == person)
    }
}
