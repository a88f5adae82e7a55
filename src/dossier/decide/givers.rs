//! Numbers that are shown besides a link travel on paper: who hands them over, and that they are told when it is time.

use super::Run;
use super::seats::Seated;
use crate::dossier::command::Actor;
use crate::dossier::context::Context;
use crate::dossier::event::Change;
use crate::dossier::{Dossier, Purpose};
use crate::ids::{ActivationId, Instant, PersonId};
use crate::machine::{LinkPolicy, Machine};

/// Whether a person may give the numbers that are asked for in a dossier: whoever leads a step, keeps the record of who is there,
/// or keeps the papers of a body that votes.
pub fn gives_numbers(
    machine: &Machine,
    dossier: &Dossier,
    person: &PersonId,
    now: Instant,
    context: &Context<'_>,
) -> bool {
    let run = Run::new(machine, Some(dossier), Actor::Link(person.clone()), now, context);
    dossier.tasks.iter().any(|task| keeps(task.purpose) && task.asks(person)) || run.secretaries().contains(person)
}

fn keeps(purpose: Purpose) -> bool {
    matches!(purpose, Purpose::Lead | Purpose::Attendance)
}

impl Run<'_> {
    /// Numbers are asked for in an entry from now on. Whoever leads there and whoever is asked reads it in their own mail; whoever
    /// keeps the papers of the body is asked for nothing else, so they are told.
    pub(super) fn tell_givers(&mut self, activation: ActivationId) {
        let mut tasks = self.dossier().tasks.iter().filter(|task| task.activation == activation).peekable();
        if tasks.peek().is_none() {
            return;
        }
        let known: Vec<PersonId> = tasks.flat_map(|task| task.holders.clone()).collect();
        let mut people = self.secretaries();
        people.retain(|person| !known.contains(person));
        if !people.is_empty() {
            self.emit(Change::Told { activation, people, mail: None });
        }
    }

    /// Whether an entry asks for numbers.
    pub(super) fn asks_for_numbers(&self, activation: ActivationId) -> bool {
        self.entered(activation).is_some_and(|at| self.machine.states[at].link == LinkPolicy::LinkPin)
    }

    /// Those who keep the papers of the bodies that vote now.
    fn secretaries(&self) -> Vec<PersonId> {
        let bodies = self.dossier().votes.iter().filter_map(|vote| self.seated(&vote.rule.body));
        let mut found: Vec<PersonId> = Vec::new();
        for seat in bodies.flat_map(|(_, seats)| seats).filter(|seat: &Seated| !seat.votes()) {
            if !found.contains(&seat.person) {
                found.push(seat.person);
            }
        }
        found
    }
}
