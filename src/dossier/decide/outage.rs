//! The pages could not be reached shortly before a deadline: one that says so (`outage: extend`) is put off, so that whoever was
//! kept from answering has a working day for it.

use super::Run;
use crate::calendar::{Calendar, Delay, DelayUnit, Outage};
use crate::dossier::command::Actor;
use crate::dossier::event::Kind;
use crate::dossier::{Active, TimerKind};
use crate::ids::Instant;
use crate::machine::{OverOutage, State};

/// What counts is the last day of a deadline ...
const LAST_MS: i64 = 24 * 60 * 60 * 1000;
/// ... of which so much must have been lost, unless the very end was.
const LOST_MS: i64 = 60 * 60 * 1000;

impl Run<'_> {
    /// Puts off what ends, or would have ended, while nobody could answer. What is over stays over.
    pub(super) fn follow_outages(&mut self, now: Instant) {
        if self.context.calendar.outages().is_empty() || self.dossier().outcome.is_some() {
            return;
        }
        self.at = now.max(self.dossier().last_at);
        let machine = self.machine;
        for entry in self.dossier().active.clone() {
            let state = &machine.states[self.place(&entry.state)];
            if let Some((due_at, outage)) = self.due_after_outage(&entry, state) {
                self.put_off(entry.activation, state, due_at, outage);
            }
        }
        if !self.changes.is_empty() {
            self.actor = Actor::Clock;
            self.finish(Kind::Due);
        }
    }

    /// When the deadline of an entry ends because of an outage.
    fn due_after_outage(&self, entry: &Active, state: &State) -> Option<(Instant, Outage)> {
        let deadline = state.deadline.as_ref().filter(|deadline| deadline.outage == OverOutage::Extend)?;
        let waits = self
            .dossier()
            .timers
            .iter()
            .any(|timer| timer.activation == entry.activation && timer.what == TimerKind::Deadline);
        if deadline.then.is_some() && !waits {
            return None;
        }
        put_off(self.context.calendar, self.at, entry.at, entry.due_at?).filter(|(due_at, _)| *due_at > self.at)
    }
}

/// The end of the next working day after an outage that took the end of a deadline, or an hour of its last day.
/// What is said to last beyond now was written by a clock that is ahead.
fn put_off(calendar: &Calendar, now: Instant, since: Instant, due_at: Instant) -> Option<(Instant, Outage)> {
    let last = due_at.plus_ms(-LAST_MS).max(since);
    let outages = || calendar.outages().iter().filter(|outage| outage.until <= now);
    let lost_ms: i64 = outages().map(|outage| outage.within_ms(last, due_at)).sum();
    let met = |outage: &&Outage| outage.covers(due_at) || lost_ms >= LOST_MS && outage.within_ms(last, due_at) > 0;
    let outage = *outages().rfind(met)?;
    let next = Delay { count: 1, unit: DelayUnit::WorkingDays };
    Some((calendar.after(outage.until.max(due_at), next), outage))
}
