//! The ways that people can take out of where a dossier stands: for whom each is open, and why it is closed for the others.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::dossier::Dossier;
use crate::dossier::command::{Act, Actor, Ask, Command};
use crate::dossier::context::Context;
use crate::dossier::decide::trial::Trial;
use crate::dossier::decide::would;
use crate::dossier::refusal::{Code, Reason};
use crate::ids::{ActivationId, EventName, FieldName, Instant, OperationId, PersonId, RoleName, StateId, Text};
use crate::machine::{Machine, State, Target, Transition};

/// Given where a reason is asked for, so that nothing but the rest is looked at.
const REASON: &str = "-";

/// An event that people can choose.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WayOut {
    /// The state that answers it.
    pub state: StateId,
    /// The event.
    pub event: EventName,
    /// What the button says.
    pub label: Text,
    /// Where it leads, by the branches of the event.
    pub leads_to: Vec<StateId>,
    /// A reason must be given with it.
    pub reason: bool,
    /// Fields that have to be filled in with it.
    pub fill: Vec<FieldName>,
    /// Papers that have to be attached with it.
    pub attach: Vec<String>,
    /// Those whose way it is; nobody, if nobody holds its roles.
    pub people: Vec<Asked>,
}

/// Somebody whose way it is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Asked {
    /// Who.
    pub person: PersonId,
    /// In which role.
    pub role: RoleName,
    /// Why it is closed for them; empty if it is open.
    pub closed: Vec<Reason>,
}

impl WayOut {
    /// It is closed for everybody for these same reasons.
    pub fn closed_for_all(&self) -> Option<&[Reason]> {
        let first = &self.people.first()?.closed;
        let same = !first.is_empty() && self.people.iter().all(|asked| &asked.closed == first);
        same.then_some(first.as_slice())
    }
}

pub(super) fn ways(machine: &Machine, dossier: &Dossier, now: Instant, context: &Context<'_>) -> Vec<WayOut> {
    if dossier.outcome.is_some() {
        return Vec::new();
    }
    let looking = Looking { machine, dossier, now, context, trial: Trial::new(machine, dossier, now, context) };
    let mut ways: Vec<WayOut> = Vec::new();
    for active in dossier.active.iter().rev() {
        let Some(state) = machine.state(&active.state) else { continue };
        let mut events: Vec<&EventName> = Vec::new();
        for transition in state.on.iter().filter(|one| !one.by.is_empty()) {
            let Some(event) = &transition.event else { continue };
            // Inner states answer first.
            let answered =
                ways.iter().any(|way| &way.event == event && way.state.as_str().starts_with(state.id.as_str()));
            if !events.contains(&event) && !answered {
                events.push(event);
            }
        }
        ways.extend(events.into_iter().map(|event| looking.way(state, active.activation, event)));
    }
    ways
}

struct Looking<'a> {
    machine: &'a Machine,
    dossier: &'a Dossier,
    now: Instant,
    context: &'a Context<'a>,
    trial: Trial<'a>,
}

impl Looking<'_> {
    fn way(&self, state: &State, activation: ActivationId, event: &EventName) -> WayOut {
        let branches: Vec<&Transition> =
            state.on.iter().filter(|one| one.event.as_ref() == Some(event) && !one.by.is_empty()).collect();
        let mut people: Vec<Asked> = Vec::new();
        for role in branches.iter().flat_map(|one| &one.by) {
            for person in self.trial.holders(role) {
                if !people.iter().any(|asked| asked.person == person) {
                    let (machine, dossier) = (self.machine, self.dossier);
                    let closed = closed(machine, dossier, activation, event, &person, self.now, self.context);
                    people.push(Asked { person, role: role.clone(), closed });
                }
            }
        }
        let all = |of: fn(&Transition) -> &[FieldName]| once(branches.iter().flat_map(|one| of(one)).cloned());
        WayOut {
            state: state.id.clone(),
            event: event.clone(),
            label: branches.first().map(|one| one.label.clone()).unwrap_or_default(),
            leads_to: once(branches.iter().filter_map(|one| leads_to(&one.target))),
            reason: branches.iter().any(|one| one.reason),
            fill: all(|one| &one.fill),
            attach: once(branches.iter().flat_map(|one| one.attach.iter()).cloned()),
            people,
        }
    }
}

/// Why somebody may not choose an event now. What the answer itself asks for is no reason.
pub fn closed(
    machine: &Machine,
    dossier: &Dossier,
    activation: ActivationId,
    event: &EventName,
    person: &PersonId,
    now: Instant,
    context: &Context<'_>,
) -> Vec<Reason> {
    let Err(refusal) = would(machine, dossier, &command(dossier, activation, event, person), now, context) else {
        return Vec::new();
    };
    refusal.reasons.into_iter().filter(|reason| !is_asked(&reason.code)).collect()
}

/// The answer itself asks for it.
pub(super) fn is_asked(code: &Code) -> bool {
    matches!(code, Code::FieldMissing | Code::PaperMissing | Code::ReasonMissing)
}

/// A person's event, on trial.
pub(super) fn command(dossier: &Dossier, activation: ActivationId, event: &EventName, person: &PersonId) -> Command {
    Command {
        operation: OperationId::new("trial"),
        dossier: dossier.id.clone(),
        // How people show who they are is not what is tried.
        actor: Actor::SessionPin(person.clone()),
        ask: Ask::Act(Act {
            activation,
            event: event.clone(),
            fields: BTreeMap::new(),
            papers: Vec::new(),
            reason: Some(REASON.to_owned()),
            rows: BTreeMap::new(),
            seen: None,
        }),
    }
}

fn leads_to(target: &Target) -> Option<StateId> {
    match target {
        Target::State(to) | Target::Resume(to) => Some(to.clone()),
        Target::Stay => None,
    }
}

fn once<T: PartialEq>(all: impl Iterator<Item = T>) -> Vec<T> {
    all.fold(Vec::new(), |mut some, one| {
        if !some.contains(&one) {
            some.push(one);
        }
        some
    })
}
