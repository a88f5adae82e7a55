//! Working time: named calendars with holidays and swapped days as data, and the counting of days as the law counts them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A span of time as a workflow writes it: `10wd`, `-5wd`, `10d`, `3h`, `30min`. Stored as that text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Delay {
    /// How many.
    pub count: i32,
    /// Of what.
    pub unit: DelayUnit,
}

/// What a [`Delay`] counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DelayUnit {
    /// Working days of the calendar.
    WorkingDays,
    /// Days.
    Days,
    /// Hours on the clock.
    Hours,
    /// Minutes on the clock.
    Minutes,
}

impl FromStr for Delay {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let end = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
        let (count, unit) = text.split_at(end);
        let unit = match unit {
            "wd" => DelayUnit::WorkingDays,
            "d" => DelayUnit::Days,
            "h" => DelayUnit::Hours,
            "min" => DelayUnit::Minutes,
            _ => return Err(format!("`{text}` is not a span of time: write `10wd`, `10d`, `3h` or `30min`")),
        };
        let count = count.trim().parse().map_err(|_| format!("`{text}` does not begin with a whole number"))?;
        Ok(Self { count, unit })
    }
}

impl fmt::Display for Delay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = match self.unit {
            DelayUnit::WorkingDays => "wd",
            DelayUnit::Days => "d",
            DelayUnit::Hours => "h",
            DelayUnit::Minutes => "min",
        };
        write!(f, "{}{unit}", self.count)
    }
}

impl TryFrom<String> for Delay {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Delay> for String {
    fn from(delay: Delay) -> Self {
        delay.to_string()
    }
}

use crate::diagnostic::Diagnostic;
use crate::ids::Instant;
use crate::source::SourceFile;

/// A named calendar: which days are worked, and in which time zone. Built from YAML (`calendars/vn-civil-service.yaml`).
#[derive(Clone, Debug)]
pub struct Calendar {}

impl Calendar {
    /// Reads a calendar file; every fault is a diagnostic.
    pub fn read(file: &SourceFile) -> (Option<Self>, Vec<Diagnostic>) {
        let _ = file;
        todo!()
    }

    /// Its name.
    pub fn name(&self) -> &str {
        todo!()
    }

    /// Its time zone.
    pub fn zone(&self) -> &jiff::tz::TimeZone {
        todo!()
    }

    /// The date of an instant in the calendar's zone.
    pub fn date(&self, at: Instant) -> jiff::civil::Date {
        let _ = at;
        todo!()
    }

    /// Whether offices work on this date.
    pub fn is_working(&self, date: jiff::civil::Date) -> bool {
        let _ = date;
        todo!()
    }

    /// The last millisecond of a date.
    pub fn end_of(&self, date: jiff::civil::Date) -> Instant {
        let _ = date;
        todo!()
    }

    /// The end of a period that begins at `from`: days and working days do not count the first day and end with the last
    /// millisecond of their last day (moved to the next working day if that rests); hours and minutes run on the clock.
    pub fn after(&self, from: Instant, delay: Delay) -> Instant {
        let _ = (from, delay);
        todo!()
    }

    /// The moment of a reminder: so many (working) days before or after `due`, at the hour at which offices get their mail.
    pub fn offset(&self, due: Instant, delay: Delay) -> Instant {
        let _ = (due, delay);
        todo!()
    }

    /// The earliest moment at or after `at` at which a mail may go out: the digest hour (08:00) of a working day; urgent ones
    /// on any day from 06:00 to 21:00.
    pub fn mail_slot(&self, at: Instant, urgent: bool) -> Instant {
        let _ = (at, urgent);
        todo!()
    }

    /// Working days after the day of `from` up to the day of `to` (below zero when `to` lies before).
    pub fn working_days_between(&self, from: Instant, to: Instant) -> i64 {
        let _ = (from, to);
        todo!()
    }
}
