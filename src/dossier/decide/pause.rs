//! Pausing and resuming, which SCXML does not have: what a pausing transition leaves is frozen, and continues later with the
//! same activations and clocks that stood still.

use super::receive::{JOINED, speaks};
use super::{Run, timers::moved};
use crate::dossier::event::Change;
use crate::dossier::refusal::{Code, Refusal};
use crate::dossier::{Body, Message, Paused, Timer};
use crate::ids::{ActivationId, DossierId, StateId};
use crate::machine::chart::Place;

impl Run<'_> {
    /// Freezes what a pausing transition leaves (in document order: the outermost first).
    pub(super) fn freeze(&mut self, exits: &[Place]) {
        let Some(outermost) = exits.first() else { return };
        self.stop_gathering(exits);
        let frozen = exits.iter().rev().filter_map(|at| self.entry_of(*at)).collect();
        self.emit(Change::Paused { state: self.machine.states[*outermost].id.clone(), frozen });
    }

    /// Continues what was frozen of a state; whatever stood in its place has been left.
    pub(super) fn resume(&mut self, state: &StateId) -> Result<(), Refusal> {
        let Some(paused) = self.dossier().paused.iter().find(|paused| &paused.state == state).cloned() else {
            return Err(Refusal::about(Code::NoEvent, state.as_str()));
        };
        let calendar = self.context.calendar;
        let days = calendar.working_days_between(paused.at, self.at);
        let timers =
            paused.timers.iter().map(|timer| Timer { due_at: moved(calendar, timer.due_at, days), ..timer.clone() });
        let timers = timers.collect();
        let due = paused.active.iter().filter_map(|active| Some((active.activation, active.due_at?)));
        let due = due.map(|(activation, at)| (activation, moved(calendar, at, days))).collect();
        self.emit(Change::Resumed { state: state.clone(), timers, due });
        for vote in &paused.votes {
            self.put_off_ballots(vote.activation, days);
        }
        // While it stood still, children may have come back.
        for active in &paused.active {
            self.look_for_children(active.activation, None);
        }
        Ok(())
    }

    /// Whether `resume` of a state can continue anything now.
    pub(super) fn can_resume(&self, state: &StateId) -> bool {
        let here = |paused: &Paused| paused.around.is_none_or(|around| self.entered(around).is_some());
        self.dossier().paused.iter().any(|paused| &paused.state == state && here(paused))
    }

    /// What was frozen inside entries that are over is given up.
    pub(super) fn abandon(&mut self, over: &[ActivationId]) -> Result<(), Refusal> {
        let lost = |paused: &&Paused| paused.around.is_some_and(|around| over.contains(&around));
        while let Some(state) = self.dossier().paused.iter().find(lost).map(|paused| paused.state.clone()) {
            self.give_up(&state)?;
        }
        Ok(())
    }

    /// What was frozen of a state is given up, with everything that was frozen inside it before: their exits are run now.
    pub(super) fn give_up(&mut self, state: &StateId) -> Result<(), Refusal> {
        let Some(paused) = self.dossier().paused.iter().find(|paused| &paused.state == state).cloned() else {
            return Ok(());
        };
        let entries: Vec<ActivationId> = paused.active.iter().rev().map(|active| active.activation).collect();
        self.abandon(&entries)?;
        for active in paused.active.iter().rev() {
            self.exit(active.activation, self.place(&active.state))?;
        }
        self.emit(Change::Abandoned(state.clone()));
        Ok(())
    }

    /// Whether an event of a list must wait: something of the region (or of the whole) that stands on the list is frozen. One of
    /// a related dossier waits until something answers it.
    pub(super) fn must_wait(&self, message: &Message) -> bool {
        if let Body::Raise { event, .. } = &message.body {
            return self.is_unheard(message, event);
        }
        let dossier = self.dossier();
        let is_event = matches!(&message.body, Body::Tell { event, .. } if event.as_str() != JOINED);
        let Some(on) = dossier.on_lists.iter().find(|on| is_event && speaks(on, &message.from)) else { return false };
        let Some(region) = on.region else { return !dossier.paused.is_empty() };
        let state = dossier.entry(region).map(|active| &active.state);
        let inside = |paused: &Paused| state.is_some_and(|state| paused.state.is_inside(state));
        dossier.is_frozen(region) || dossier.paused.iter().any(inside)
    }

    /// Takes the first waiting message that need not wait any more, if there is one. What cannot be taken goes on waiting, and so
    /// does what its sender said after it: nobody's act is refused for what another dossier brings along.
    pub(super) fn take_held(&mut self) -> bool {
        let mut behind: Vec<DossierId> = Vec::new();
        for (at, message) in (0..).zip(self.dossier().held.clone()) {
            if behind.contains(&message.from) || self.must_wait(&message) {
                continue;
            }
            let before = self.moment();
            self.emit(Change::Unheld(at));
            // Each comes from outside, so the steps that follow from it are counted anew.
            self.steps = 0;
            if self.take_message(&message).is_ok() {
                return true;
            }
            self.back_to(before);
            behind.push(message.from);
        }
        false
    }
}
