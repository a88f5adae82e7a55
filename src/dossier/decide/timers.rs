//! What happens by the clock: due first, in order, each as an event of its own.

use super::step::Brought;
use super::{DUE_MAX, Run};
use crate::calendar::{Calendar, Delay, DelayUnit};
use crate::dossier::command::Actor;
use crate::dossier::event::{Change, Kind};
use crate::dossier::refusal::{Code, Refusal};
use crate::dossier::{Timer, TimerKind};
use crate::ids::{ActivationId, Instant};
use crate::machine::{Deadline, Due};

impl Run<'_> {
    /// Fires every timer that is due at `now`, the earliest first.
    pub(super) fn fire_due(&mut self, now: Instant) -> Result<(), Refusal> {
        for _ in 0..DUE_MAX {
            let due = self.dossier().timers.iter().filter(|timer| timer.due_at <= now);
            let Some(timer) = due.min_by_key(|timer| (timer.due_at, timer.activation, timer.what.clone())) else {
                return Ok(());
            };
            let timer = timer.clone();
            self.at = timer.due_at.max(self.dossier().last_at);
            self.actor = Actor::Clock;
            self.steps = 0;
            self.fire(&timer)?;
            self.finish(Kind::Due);
        }
        Ok(())
    }

    fn fire(&mut self, timer: &Timer) -> Result<(), Refusal> {
        let (machine, activation) = (self.machine, timer.activation);
        let at = self.entered(activation).expect("timers go with their activation");
        let state = &machine.states[at];
        let tell = match (&timer.what, &state.deadline) {
            (TimerKind::Escalate, Some(Deadline { escalate: Some(escalate), .. })) => self.holders(&escalate.to),
            _ => Vec::new(),
        };
        self.emit(Change::Fired { activation, what: timer.what.clone(), tell });
        match &timer.what {
            TimerKind::After(n) => {
                if let Some(after) = state.after.get(*n as usize)
                    && self.is_open(&after.transition)?
                {
                    let chosen = self.without_conflicts(vec![(at, &after.transition)]);
                    self.microstep(&chosen, Brought::default())?;
                    self.settle()?;
                }
            }
            TimerKind::Deadline => {
                if let Some(event) = state.deadline.as_ref().and_then(|deadline| deadline.then.as_ref()) {
                    self.raise(event, Some(activation), Brought::default())?;
                    self.settle()?;
                }
            }
            TimerKind::VoteEnds => {
                self.close_vote(activation)?;
                self.settle()?;
            }
            TimerKind::Remind(_) | TimerKind::Escalate => {}
        }
        Ok(())
    }

    /// When a deadline ends that begins now.
    pub(super) fn due(&self, deadline: &Deadline) -> Result<Instant, Refusal> {
        let calendar = self.context.calendar;
        let date = |text: &str| -> Result<jiff::civil::Date, Refusal> {
            if let Ok(date) = text.parse() {
                return Ok(date);
            }
            let value = self.value(text)?;
            value
                .as_str()
                .and_then(|text| text.parse().ok())
                .ok_or_else(|| Refusal::about(Code::GuardFailed, format!("`{text}` gives no date")))
        };
        Ok(match &deadline.due {
            Due::Within(delay) => calendar.after(self.at, *delay),
            Due::By(text) => calendar.end_of(date(text)?),
            Due::Before(text) => {
                let date = date(text)?;
                calendar.end_of(date.yesterday().unwrap_or(date))
            }
        })
    }

    /// The timers of a state that is being entered. What already lies in the past is not made up for, but a deadline that has
    /// passed still ends.
    pub(super) fn timers(
        &self,
        activation: ActivationId,
        state: &crate::machine::State,
        due: Option<Instant>,
    ) -> Vec<Timer> {
        let calendar = self.context.calendar;
        let mut timers: Vec<Timer> = (0..)
            .zip(&state.after)
            .map(|(n, after)| Timer {
                activation,
                what: TimerKind::After(n),
                due_at: calendar.after(self.at, after.delay),
            })
            .collect();
        let (Some(deadline), Some(due)) = (&state.deadline, due) else { return timers };
        for (n, offset) in (0..).zip(&deadline.remind) {
            let due_at = calendar.offset(due, *offset);
            if due_at > self.at {
                timers.push(Timer { activation, what: TimerKind::Remind(n), due_at });
            }
        }
        if deadline.then.is_some() {
            timers.push(Timer { activation, what: TimerKind::Deadline, due_at: due });
        }
        if let Some(escalate) = &deadline.escalate {
            let due_at = calendar.offset(due, escalate.after);
            if due_at > self.at {
                timers.push(Timer { activation, what: TimerKind::Escalate, due_at });
            }
        }
        timers
    }
}

/// An instant moved by the working days for which a clock stood still.
pub(super) fn moved(calendar: &Calendar, at: Instant, working_days: i64) -> Instant {
    let Ok(count) = i32::try_from(working_days) else { return at };
    if count <= 0 {
        return at;
    }
    let day_start = calendar.end_of(calendar.date(at).yesterday().unwrap_or_else(|_| calendar.date(at)));
    let moved = calendar.after(at, Delay { count, unit: DelayUnit::WorkingDays });
    let moved_start = calendar.end_of(calendar.date(moved).yesterday().unwrap_or_else(|_| calendar.date(moved)));
    // The same time of day, so many working days later.
    moved_start.plus_ms(at.0 - day_start.0)
}
