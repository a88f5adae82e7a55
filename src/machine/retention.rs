//! How long what a dossier says is kept once it has ended.

use jiff::ToSpan as _;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::ids::Citation;

/// Years at most: what is to be kept longer is kept for ever, and says nothing.
pub const YEARS_MAX: i64 = 200;

/// How long dossiers are kept. Once that is over, what they said may be destroyed; that they were, and when, stays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retention {
    /// Whole years, counted from the day on which the last happened to a dossier that has ended.
    pub years: u16,
    /// The legal text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basis: Option<Citation>,
}

impl Retention {
    /// The last day on which a dossier is kept whose end was on this day; none if there is no such day.
    pub fn until(&self, ended: Date) -> Option<Date> {
        ended.checked_add(i32::from(self.years).years()).ok()
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::Retention;

    #[test]
    fn years_are_counted_from_the_day_of_the_end() {
        let kept = Retention { years: 10, basis: None };
        assert_eq!(kept.until(date(2026, 11, 30)), Some(date(2036, 11, 30)));
        assert_eq!(
            kept.until(date(2024, 2, 29)),
            Some(date(2034, 2, 28)),
            "where there is no such day, the one before"
        );
        assert_eq!(kept.until(date(9995, 1, 1)), None);
    }
}
