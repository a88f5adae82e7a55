//! A calendar changes while dossiers wait (a day of rest is announced, another one swapped): what was counted by it is counted
//! again.

use super::Run;
use crate::calendar::Calendar;
use crate::dossier::command::Actor;
use crate::dossier::event::{Change, Kind};
use crate::dossier::{Active, Timer, TimerKind};
use crate::ids::Instant;
use crate::machine::State;

impl Run<'_> {
    /// Counts again what an earlier calendar counted and this one counts otherwise. What somebody put off, what stood still
    /// meanwhile, what is over and what was announced (the end of a vote or a posting) stays; nothing moves into the past.
    pub(super) fn follow_calendar(&mut self, now: Instant) {
        if self.context.calendar.before().is_empty() || self.dossier().outcome.is_some() {
            return;
        }
        self.at = now.max(self.dossier().last_at);
        let machine = self.machine;
        for entry in self.dossier().active.clone() {
            let state = &machine.states[self.place(&entry.state)];
            if let Some(due_at) = self.due_again(&entry, state) {
                self.move_deadline(entry.activation, state, due_at);
            }
            let timers = self.waits_again(&entry, state);
            if !timers.is_empty() {
                self.emit(Change::Timed(timers));
            }
        }
        if !self.changes.is_empty() {
            self.actor = Actor::Clock;
            self.finish(Kind::Due);
        }
    }

    /// When the deadline of an entry ends now, if it moves. One that was answered already is over.
    fn due_again(&self, entry: &Active, state: &State) -> Option<Instant> {
        let deadline = state.deadline.as_ref()?;
        let waits = |timer: &Timer| timer.activation == entry.activation && timer.what == TimerKind::Deadline;
        if deadline.then.is_some() && !self.dossier().timers.iter().any(waits) {
            return None;
        }
        let counted = |calendar: &Calendar| self.counted_this_time(calendar, entry.at, &state.id, deadline).ok();
        self.again(entry.due_at?, counted)
    }

    /// The waiting times of an entry that end at another time now.
    fn waits_again(&self, entry: &Active, state: &State) -> Vec<Timer> {
        let timers = self.dossier().timers.iter().filter(|timer| timer.activation == entry.activation);
        let moved = timers.filter_map(|timer| {
            let TimerKind::After(n) = timer.what else { return None };
            let delay = state.after.get(n as usize)?.delay;
            let due_at = self.again(timer.due_at, |calendar| Some(calendar.after(entry.at, delay)))?;
            Some(Timer { due_at, ..timer.clone() })
        });
        moved.collect()
    }

    /// The instant by the present calendar, if the old one is what an earlier calendar counts, and is another one. What is past by
    /// both stays as it is.
    fn again(&self, old: Instant, counted: impl Fn(&Calendar) -> Option<Instant>) -> Option<Instant> {
        let calendar = self.context.calendar;
        let is_counted = || calendar.before().iter().any(|before| counted(before) == Some(old));
        let is_past = |at: Instant| at <= self.at;
        let new = counted(calendar).filter(|new| *new != old && !(is_past(old) && is_past(*new)) && is_counted())?;
        Some(new.max(calendar.end_of(self.today()))).filter(|new| *new != old)
    }
}
