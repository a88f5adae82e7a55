//! Spans of time as workflows write them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// No workflow waits longer than this many of whatever it counts; a bound on the work of counting.
const COUNT_MAX: u32 = 100_000;

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

/// Why a text is no span of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DelayError {
    /// It does not end in `wd`, `d`, `h` or `min`.
    #[error("not a span of time: write `10wd`, `10d`, `3h` or `30min`")]
    Unit,
    /// It does not begin with a whole number.
    #[error("it does not begin with a whole number")]
    Count,
    /// Nothing waits that long.
    #[error("at most {max}")]
    TooLong {
        /// The most there can be of any unit.
        max: u32,
    },
}

impl DelayUnit {
    /// Whole days are counted, working ones or all.
    pub fn is_of_days(self) -> bool {
        matches!(self, Self::WorkingDays | Self::Days)
    }
}

impl FromStr for Delay {
    type Err = DelayError;

    fn from_str(text: &str) -> Result<Self, DelayError> {
        let end = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
        let (count, unit) = text.split_at(end);
        let unit = match unit {
            "wd" => DelayUnit::WorkingDays,
            "d" => DelayUnit::Days,
            "h" => DelayUnit::Hours,
            "min" => DelayUnit::Minutes,
            _ => return Err(DelayError::Unit),
        };
        let count: i32 = count.trim().parse().map_err(|_| DelayError::Count)?;
        if count.unsigned_abs() > COUNT_MAX {
            return Err(DelayError::TooLong { max: COUNT_MAX });
        }
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
    type Error = DelayError;

    fn try_from(text: String) -> Result<Self, DelayError> {
        text.parse()
    }
}

impl From<Delay> for String {
    fn from(delay: Delay) -> Self {
        delay.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delay_is_written_as_it_was_read() {
        for text in ["10wd", "-5wd", "0wd", "10d", "3h", "30min"] {
            assert_eq!(text.parse::<Delay>().expect("a delay").to_string(), text);
        }
    }

    #[test]
    fn what_is_no_delay_is_refused_with_words() {
        for text in ["", "wd", "10", "10 weeks", "1.5d", "10wdx", "mười wd", "999999999d", "99999999999999d"] {
            assert!(text.parse::<Delay>().is_err(), "{text}");
        }
    }
}
