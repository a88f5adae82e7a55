//! What happens by the clock: due first, in order, each as an event of its own.

use std::collections::BTreeSet;

use super::step::Brought;
use super::{DUE_MAX, Run};
use crate::calendar::{Calendar, Delay, DelayUnit, Outage};
use crate::dossier::command::Actor;
use crate::dossier::event::{Change, Kind};
use crate::dossier::refusal::{Code, Refusal};
use crate::dossier::{Stuck, Timer, TimerKind};
use crate::ids::{ActivationId, FieldName, Instant};
use crate::machine::{Deadline, Due, State};
use crate::planted::{Fault, planted};

/// What could not be done is tried again after so long, then after twice that, and so on.
const AGAIN_MS: i64 = 10 * 60 * 1000;
/// At least once a day.
const AGAIN_MAX_MS: i64 = 24 * 60 * 60 * 1000;

impl Run<'_> {
    /// Fires every timer that is due at `now`, the earliest first.
    pub(super) fn fire_due(&mut self, now: Instant) -> Result<(), Refusal> {
        for _ in 0..DUE_MAX {
            let Some(timer) = self.next_due(now) else { return Ok(()) };
            self.fire(&timer)?;
            self.finish(Kind::Due);
        }
        Ok(())
    }

    /// Does what is due and nothing else. What cannot be done is written down and tried again later: whoever runs the office
    /// sees it, and the dossier is not asked for it every second.
    pub(super) fn tick(&mut self, now: Instant) -> Result<(), Refusal> {
        self.follow_calendar(now);
        self.follow_outages(now);
        for _ in 0..DUE_MAX {
            let Some(timer) = self.next_due(now) else { break };
            let before = self.dossier.clone();
            match self.fire(&timer) {
                Ok(()) => self.finish(Kind::Due),
                Err(refusal) => {
                    self.dossier = before;
                    self.changes.clear();
                    self.done.clear();
                    self.standing.clear();
                    self.back.clear();
                    self.sent = 0;
                    return self.stick(&timer, refusal, now);
                }
            }
        }
        self.follow_roles(now);
        self.renew_stand_ins(now);
        self.renew_assistants(now);
        Ok(())
    }

    /// A timer could not do what it stands for. Trying before its time and failing in the same way is no news.
    fn stick(&mut self, timer: &Timer, refusal: Refusal, now: Instant) -> Result<(), Refusal> {
        let before = self.dossier().stuck.as_ref().filter(|stuck| stuck.is_of(timer));
        if before.is_some_and(|stuck| stuck.again_at > now && stuck.reasons == refusal.reasons) {
            return if self.decision.events.is_empty() { Err(refusal) } else { Ok(()) };
        }
        let at = now.max(self.dossier().last_at);
        let (since_at, tries) = before.map_or((at, 1), |stuck| (stuck.since_at, stuck.tries.saturating_add(1)));
        let again_at = at.plus_ms(wait(tries));
        let (activation, what, reasons) = (timer.activation, timer.what.clone(), refusal.reasons);
        self.at = at;
        self.emit(Change::Stuck(Stuck { activation, what, reasons, since_at, tries, again_at }));
        self.finish(Kind::Stuck);
        Ok(())
    }

    /// The timer that is due next, at `now` at the latest.
    fn next_due(&mut self, now: Instant) -> Option<Timer> {
        let early_ms = if planted(Fault::TimerEarly) { 24 * 60 * 60 * 1000 } else { 0 };
        let due = self.dossier().timers.iter().filter(|timer| timer.due_at <= now.plus_ms(early_ms));
        let timer = due.min_by_key(|timer| (timer.due_at, timer.activation, timer.what.clone()))?.clone();
        self.at = timer.due_at.plus_ms(-early_ms).max(self.dossier().last_at);
        self.actor = Actor::Clock;
        self.steps = 0;
        Some(timer)
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
                self.note_missing(activation, state);
                if let Some(consult) = &state.consult {
                    self.note_silence(activation, consult);
                }
                if let Some(event) = state.deadline.as_ref().and_then(|deadline| deadline.then.as_ref()) {
                    self.raise(event, Some(activation), Brought::default())?;
                    self.settle()?;
                }
            }
            TimerKind::VoteEnds => {
                self.vote_ends(activation)?;
                self.settle()?;
            }
            TimerKind::PostingEnds => self.posting_ends(activation)?,
            TimerKind::Remind(_) | TimerKind::Escalate => {}
        }
        Ok(())
    }

    /// When a deadline ends that begins now.
    pub(super) fn due(&self, deadline: &Deadline) -> Result<Instant, Refusal> {
        self.due_by(&deadline.due)
    }

    /// The instant that is meant by it.
    pub(super) fn due_by(&self, due: &Due) -> Result<Instant, Refusal> {
        self.counted(self.context.calendar, self.at, due)
    }

    /// The instant that is meant by it, counted by this calendar from `from` on.
    pub(super) fn counted(&self, calendar: &Calendar, from: Instant, due: &Due) -> Result<Instant, Refusal> {
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
        Ok(match due {
            Due::Within(delay) => calendar.after(from, *delay),
            Due::By(text) => calendar.end_of(date(text)?),
            Due::Before(text) => {
                let date = date(text)?;
                calendar.end_of(date.yesterday().unwrap_or(date))
            }
            Due::After(delay, text) => calendar.after(calendar.end_of(date(text)?), *delay),
            Due::Ends(delay, text) => {
                let back = Delay { count: -delay.count, ..*delay };
                calendar.end_of(calendar.date(calendar.offset(calendar.end_of(date(text)?), back)))
            }
        })
    }

    /// Deadlines that are counted from a day move with it, when a field changes in which that day stands; never into the past.
    pub(super) fn move_deadlines(&mut self) -> Result<(), Refusal> {
        let changed: BTreeSet<FieldName> = self.changes.iter().flat_map(set_by).cloned().collect();
        if changed.is_empty() || self.dossier().outcome.is_some() {
            return Ok(());
        }
        self.postings_fit()?;
        let machine = self.machine;
        for entry in self.dossier().active.clone() {
            let state = &machine.states[self.place(&entry.state)];
            let Some(deadline) = &state.deadline else { continue };
            let follows = deadline.due.day().is_some_and(|day| mentions(day, &changed));
            if !follows || self.dossier().next_time.contains_key(&state.id) {
                continue;
            }
            let today = self.context.calendar.end_of(self.today());
            let due_at = self.due(deadline)?.max(today);
            if entry.due_at.is_some_and(|old| old != due_at) {
                self.move_deadline(entry.activation, state, due_at);
            }
        }
        Ok(())
    }

    /// A deadline moves, and what is done before and after it moves along.
    pub(super) fn move_deadline(&mut self, activation: ActivationId, state: &State, due_at: Instant) {
        self.follow_deadline(activation, state, due_at, Change::Moved { activation, due_at });
    }

    /// A deadline is put off because the pages could not be reached.
    pub(super) fn put_off(&mut self, activation: ActivationId, state: &State, due_at: Instant, outage: Outage) {
        self.follow_deadline(activation, state, due_at, Change::PutOff { activation, due_at, outage });
    }

    fn follow_deadline(&mut self, activation: ActivationId, state: &State, due_at: Instant, change: Change) {
        let mut timers = self.timers(activation, state, Some(due_at));
        timers.retain(|timer| !matches!(timer.what, TimerKind::After(_)));
        self.emit(change);
        if !timers.is_empty() {
            self.emit(Change::Timed(timers));
        }
    }

    /// The timers of a state that is being entered. What already lies in the past is not made up for, but a deadline that has
    /// passed still ends.
    pub(super) fn timers(&self, activation: ActivationId, state: &State, due: Option<Instant>) -> Vec<Timer> {
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

/// The fields that a change gives other values.
fn set_by(change: &Change) -> Box<dyn Iterator<Item = &FieldName> + '_> {
    match change {
        Change::Set(fields) => Box::new(fields.keys()),
        Change::Corrected { fields, .. } => Box::new(fields.keys()),
        _ => Box::new(std::iter::empty()),
    }
}

/// Whether a formula names one of these fields.
fn mentions(formula: &str, fields: &BTreeSet<FieldName>) -> bool {
    let mut words = formula.split(|sign: char| !sign.is_ascii_alphanumeric() && sign != '_');
    words.any(|word| fields.contains(&FieldName::new(word)))
}

/// How long after so many failures the next try comes, in milliseconds.
fn wait(tries: u32) -> i64 {
    let doubled = 1_i64.checked_shl(tries.saturating_sub(1).min(20)).unwrap_or(1);
    AGAIN_MS.saturating_mul(doubled).min(AGAIN_MAX_MS)
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
