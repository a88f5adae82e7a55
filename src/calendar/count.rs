//! Counting days as the law counts them: the first day is not counted, a period ends with the end of its last day.

use jiff::civil::{Date, Time};

use super::{Calendar, Delay, DelayUnit};
use crate::ids::Instant;

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;

/// Which way a day that rests is left.
#[derive(Clone, Copy)]
enum Way {
    Later,
    Earlier,
}

impl Calendar {
    /// The last millisecond of a date.
    pub fn end_of(&self, date: Date) -> Instant {
        match date.tomorrow() {
            Ok(next) => self.at(next, Time::midnight()).plus_ms(-1),
            Err(_) => self.at(date, Time::MAX),
        }
    }

    /// The end of a period that begins at `from`: days and working days do not count the first day and end with the last
    /// millisecond of their last day (moved to the next working day if that rests); hours and minutes run on the clock.
    /// A period that runs backward is moved the other way, so that it never becomes shorter.
    pub fn after(&self, from: Instant, delay: Delay) -> Instant {
        let count = i64::from(delay.count);
        match delay.unit {
            DelayUnit::WorkingDays | DelayUnit::Days => {
                let way = if count < 0 { Way::Earlier } else { Way::Later };
                self.end_of(self.counted(self.date(from), delay, way))
            }
            DelayUnit::Hours => from.plus_ms(count * HOUR_MS),
            DelayUnit::Minutes => from.plus_ms(count * MINUTE_MS),
        }
    }

    /// The moment of a reminder: so many (working) days before or after `due`, at the hour at which offices get their mail.
    /// One that falls on a rest day comes earlier unless it was meant for after `due`: late is no reminder.
    pub fn offset(&self, due: Instant, delay: Delay) -> Instant {
        let count = i64::from(delay.count);
        match delay.unit {
            DelayUnit::WorkingDays | DelayUnit::Days => {
                let way = if count > 0 { Way::Later } else { Way::Earlier };
                self.at(self.counted(self.date(due), delay, way), self.digest)
            }
            DelayUnit::Hours => due.plus_ms(count * HOUR_MS),
            DelayUnit::Minutes => due.plus_ms(count * MINUTE_MS),
        }
    }

    /// The earliest moment at or after `at` at which a mail may go out: the digest hour (08:00) of a working day; urgent ones
    /// on any day from 06:00 to 21:00.
    pub fn mail_slot(&self, at: Instant, urgent: bool) -> Instant {
        let today = self.date(at);
        if urgent {
            let (from, until) = self.urgent;
            let opens = self.at(today, from);
            return if at < opens {
                opens
            } else if at < self.at(today, until) {
                at
            } else {
                self.at(step(today, Way::Later).unwrap_or(today), from)
            };
        }
        let day = self.working_from(today, Way::Later);
        let slot = self.at(day, self.digest);
        if slot >= at {
            return slot;
        }
        self.at(self.working_from(step(day, Way::Later).unwrap_or(day), Way::Later), self.digest)
    }

    /// Working days after the day of `from` up to the day of `to` (below zero when `to` lies before).
    pub fn working_days_between(&self, from: Instant, to: Instant) -> i64 {
        self.working_days_between_dates(self.date(from), self.date(to))
    }

    /// Working days after one date up to another (below zero when that lies before).
    pub fn working_days_between_dates(&self, from: Date, to: Date) -> i64 {
        let (mut day, last, sign) = if from <= to { (from, to, 1) } else { (to, from, -1) };
        let mut count = 0;
        while day < last {
            let Some(next) = step(day, Way::Later) else { break };
            day = next;
            count += i64::from(self.is_working(day));
        }
        sign * count
    }

    /// The date on which a period counted in days from (and without) `from` ends.
    fn counted(&self, from: Date, delay: Delay, way: Way) -> Date {
        let count = i64::from(delay.count);
        let forward = if count < 0 { Way::Earlier } else { Way::Later };
        let mut day = from;
        if delay.unit == DelayUnit::WorkingDays {
            for _ in 0..count.unsigned_abs() {
                let Some(next) = step(day, forward) else { return day };
                day = self.working_from(next, forward);
            }
        } else {
            day = day.saturating_add(jiff::Span::new().days(count.clamp(-4_000_000, 4_000_000)));
        }
        self.working_from(day, way)
    }

    /// This date if it is worked, else the nearest one that is.
    fn working_from(&self, date: Date, way: Way) -> Date {
        let mut day = date;
        while !self.is_working(day) {
            let Some(next) = step(day, way) else { break };
            day = next;
        }
        day
    }

    fn at(&self, date: Date, time: Time) -> Instant {
        date.to_datetime(time)
            .to_zoned(self.zone.clone())
            .map_or(Instant(i64::MAX), |zoned| Instant::from_timestamp(zoned.timestamp()))
    }
}

fn step(date: Date, way: Way) -> Option<Date> {
    match way {
        Way::Later => date.tomorrow().ok(),
        Way::Earlier => date.yesterday().ok(),
    }
}
