//! Which instants a crontab line means. Pure.
//!
//! Hours and days are those of the zone's wall clock, each date once: what falls into a gap (clocks go forward) happens at
//! the end of the gap, what falls into a fold (clocks go back) at its first pass. Only the matching of civil times is left to
//! the crate; it would run through a fold in an order of its own.

use cron::Cron;
use cron::parser::{CronParser, Seconds, Year};
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Span, Timestamp};

use crate::ids::Instant;

/// A crontab line in a zone.
#[derive(Clone, Debug)]
pub struct Schedule {
    cron: Cron,
    zone: TimeZone,
    /// Whether there is such a day at all. The library would look through three thousand years for the 31st of a June.
    comes: bool,
}

/// Why a text is no schedule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    /// It has more or fewer parts than five.
    #[error("it must have five fields: minute hour day-of-month month day-of-week")]
    Fields,
    /// A field makes no sense; in the words of the library.
    #[error("{0}")]
    Field(String),
    /// There is no such zone.
    #[error("`{0}` is no time zone: write `Asia/Ho_Chi_Minh`")]
    Zone(String),
}

/// A fold is not longer than this in any zone of our time, so a slot whose civil time lies this much ahead may be past.
const FOLD_MAX_HOURS: i64 = 3;
/// Civil slots that are looked at: a line for every minute has so many in [`FOLD_MAX_HOURS`] and in as many that a fold repeats.
const LOOKED_AT_MAX: usize = 2 * 3 * 60 + 1;

impl Schedule {
    /// Reads five fields as crontab(5) has them, and the IANA name of a zone.
    ///
    /// # Errors
    /// Not exactly five fields, a field that makes no sense, an unknown zone.
    pub fn parse(schedule: &str, zone: &str) -> Result<Self, ScheduleError> {
        let fields: Vec<&str> = schedule.split_whitespace().collect();
        let &[_, _, day, _, weekday] = fields.as_slice() else { return Err(ScheduleError::Fields) };
        // crontab(5): of two days that are both said, either will do; one with a `*` in it (`*/2`) only narrows the other.
        let narrows = day.contains('*') || weekday.contains('*');
        let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).dom_and_dow(narrows);
        let cron = parser.build().parse(schedule).map_err(|error| ScheduleError::Field(error.to_string()))?;
        let zone = TimeZone::get(zone).map_err(|_| ScheduleError::Zone(zone.to_owned()))?;
        let comes = comes(&cron, narrows);
        Ok(Self { cron, zone, comes })
    }

    /// The first part of a schedule that crontab(5) does not know, though the library does (`L`, `15W`, `1#2`, `?`, a month's name
    /// in place of a minute): what it would mean is written nowhere.
    pub fn foreign(schedule: &str) -> Option<&str> {
        let names: [&[&str]; 5] = [&[], &[], &[], &MONTHS, &WEEKDAYS];
        let mut fields = schedule.split_whitespace().zip(names);
        fields.find_map(|(field, names)| field.split(',').find(|part| !is_of_crontab(part, names)))
    }

    /// The last slot at or before an instant; none if there is none in reach.
    pub fn last(&self, now: Instant) -> Option<Instant> {
        if !self.comes {
            return None;
        }
        let mut civil = self.zone.to_datetime(now.timestamp()).checked_add(Span::new().hours(FOLD_MAX_HOURS)).ok()?;
        for round in 0..LOOKED_AT_MAX {
            civil = self.cron.find_previous_occurrence(&civil, round == 0).ok()?;
            let slot = Instant::from_timestamp(self.instant(civil)?);
            if slot <= now {
                return Some(slot);
            }
        }
        None
    }

    /// The first slot behind an instant; none if there is none in reach.
    pub fn next(&self, now: Instant) -> Option<Instant> {
        if !self.comes {
            return None;
        }
        let mut civil = self.zone.to_datetime(now.timestamp()).checked_sub(Span::new().hours(FOLD_MAX_HOURS)).ok()?;
        for _ in 0..LOOKED_AT_MAX {
            civil = self.cron.find_next_occurrence(&civil, false).ok()?;
            let slot = Instant::from_timestamp(self.instant(civil)?);
            if slot > now {
                return Some(slot);
            }
        }
        None
    }

    /// The instant of a civil time. Never goes back while civil time goes forward.
    fn instant(&self, civil: DateTime) -> Option<Timestamp> {
        let ambiguous = self.zone.to_ambiguous_timestamp(civil);
        match ambiguous.offset() {
            AmbiguousOffset::Unambiguous { offset } => offset.to_timestamp(civil).ok(),
            AmbiguousOffset::Fold { before, .. } => before.to_timestamp(civil).ok(),
            AmbiguousOffset::Gap { before, .. } => {
                let inside = before.to_timestamp(civil).ok()?.checked_add(Span::new().milliseconds(1)).ok()?;
                self.zone.preceding(inside).next().map(|transition| transition.timestamp())
            }
        }
    }
}

/// Whether some month has one of the days. Each date falls on each weekday at some time, the 29th of February too.
fn comes(cron: &Cron, narrows: bool) -> bool {
    let pattern = &cron.pattern;
    let longest = |month: u16| match month {
        2 => 29,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    let days = pattern.days.values();
    let has_day = pattern.months.values().into_iter().any(|month| days.iter().any(|day| *day <= longest(month)));
    let has_weekday = !pattern.days_of_week.values().is_empty();
    let depends = pattern.days.has_modifiers() || pattern.days_of_week.has_modifiers();
    depends || if narrows { has_day && has_weekday } else { has_day || has_weekday }
}

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// Whether a part is `*`, a value, a range, or a step of `*` or a range.
fn is_of_crontab(part: &str, names: &[&str]) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_value = |text: &str| is_number(text) || names.contains(&text.to_ascii_lowercase().as_str());
    let is_range = |text: &str| text.split_once('-').is_some_and(|(from, to)| is_value(from) && is_value(to));
    match part.split_once('/') {
        Some((of, step)) => (of == "*" || is_range(of)) && is_number(step),
        None => part == "*" || is_value(part) || is_range(part),
    }
}

#[cfg(test)]
mod tests {
    use super::Schedule;
    use crate::ids::Instant;

    fn at(text: &str) -> Instant {
        Instant::from_timestamp(text.parse().expect("an instant"))
    }

    #[track_caller]
    fn last(schedule: &str, zone: &str, now: &str, expected: &str) {
        let schedule = Schedule::parse(schedule, zone).expect("a schedule");
        assert_eq!(schedule.last(at(now)), Some(at(expected)));
    }

    #[test]
    fn the_first_of_june_at_eight_in_vietnam() {
        last("0 8 1 6 *", "Asia/Ho_Chi_Minh", "2026-06-01T01:00:00Z", "2026-06-01T01:00:00Z");
        last("0 8 1 6 *", "Asia/Ho_Chi_Minh", "2026-06-01T00:59:59.999Z", "2025-06-01T01:00:00Z");
    }

    #[test]
    fn one_to_five_are_monday_to_friday() {
        // 2026-11-22 is a Sunday.
        last("0 8 * * 1-5", "Asia/Ho_Chi_Minh", "2026-11-22T12:00:00Z", "2026-11-20T01:00:00Z");
    }

    #[test]
    fn what_falls_into_a_gap_happens_at_its_end() {
        last("30 2 * * *", "Europe/Berlin", "2026-03-29T10:00:00Z", "2026-03-29T01:00:00Z");
        last("30 2 * * *", "Europe/Berlin", "2026-03-29T00:59:59Z", "2026-03-28T01:30:00Z");
        // Lord Howe moves by half an hour only: 02:00 becomes 02:30.
        last("15 2 * * *", "Australia/Lord_Howe", "2026-10-04T03:00:00+11:00", "2026-10-04T02:30:00+11:00");
    }

    #[test]
    fn what_falls_into_a_fold_happens_once_at_its_first_pass() {
        last("30 2 * * *", "Europe/Berlin", "2026-10-25T00:30:00Z", "2026-10-25T00:30:00Z");
        last("30 2 * * *", "Europe/Berlin", "2026-10-25T01:45:00Z", "2026-10-25T00:30:00Z");
        last("*/30 * * * *", "Europe/Berlin", "2026-10-25T01:10:00Z", "2026-10-25T00:30:00Z");
    }

    #[test]
    fn slots_never_go_back_while_time_goes_forward() {
        for (zone, from) in [
            ("Europe/Berlin", "2026-10-24T20:00:00Z"),
            ("Europe/Berlin", "2026-03-28T20:00:00Z"),
            ("Australia/Lord_Howe", "2026-04-04T10:00:00Z"),
            ("Pacific/Apia", "2011-12-30T00:00:00Z"),
            ("Africa/Casablanca", "2026-02-14T20:00:00Z"),
        ] {
            let schedule = Schedule::parse("*/20 * * * *", zone).expect("a schedule");
            let mut before = None;
            for minute in 0..(36 * 60) {
                let now = at(from).plus_ms(minute * 60_000);
                let slot = schedule.last(now);
                assert!(slot >= before, "{zone} {now}");
                assert!(slot.is_some_and(|slot| slot <= now), "{zone} {now}");
                let next = schedule.next(now).expect("there is always another one");
                assert!(next > now && schedule.last(next) == Some(next), "{zone} {now}: {next}");
                before = slot;
            }
        }
    }

    #[test]
    fn a_line_for_every_minute_goes_on_behind_a_fold() {
        for (zone, now, expected) in [
            ("Europe/Berlin", "2026-10-25T01:30:00Z", "2026-10-25T02:00:00Z"),
            ("Antarctica/Troll", "2027-10-31T01:06:50Z", "2027-10-31T03:00:00Z"),
        ] {
            let schedule = Schedule::parse("* * * * *", zone).expect("a schedule");
            assert_eq!(schedule.next(at(now)), Some(at(expected)), "{zone}");
        }
    }

    #[test]
    fn anything_but_five_fields_is_refused() {
        for schedule in ["0 8 * *", "0 0 8 * * *", "@daily", "", "61 * * * *", "0 8 * * MON-XXX"] {
            assert!(Schedule::parse(schedule, "Asia/Ho_Chi_Minh").is_err(), "{schedule}");
        }
        assert!(Schedule::parse("0 8 * * *", "Asia/Saigonn").is_err());
    }

    #[test]
    fn a_date_that_never_comes_has_no_slot() {
        for (text, comes) in [
            ("0 0 30 2 *", false),
            ("0 8 31 2,4,6,9,11 *", false),
            ("0 8 31 2,4,6,9,11 */2", false),
            ("0 8 31 2,4,6,9,11 1", true),
            ("0 8 29 2 */6", true),
            ("0 8 */31 2 mon", true),
            ("0 8 31 2-7/5 *", true),
        ] {
            let schedule = Schedule::parse(text, "Asia/Ho_Chi_Minh").expect("a schedule");
            let now = at("2026-11-01T00:00:00Z");
            assert_eq!(schedule.last(now).is_some(), comes, "{text}");
            assert_eq!(schedule.next(now).is_some(), comes, "{text}");
        }
    }

    #[test]
    fn a_day_with_a_star_in_it_narrows_the_other_as_in_crontab() {
        // Every second day of the month that is a Monday: the 3rd of November 2025 is one, the 10th is not, the 17th is.
        last("0 8 */2 * 1", "UTC", "2025-11-16T00:00:00Z", "2025-11-03T08:00:00Z");
        last("0 8 */2 * 1", "UTC", "2025-11-18T00:00:00Z", "2025-11-17T08:00:00Z");
        last("0 8 13 * */5", "UTC", "2026-04-14T00:00:00Z", "2026-03-13T08:00:00Z");
        // Two days without: either will do.
        last("0 8 1-31/2 * 1", "UTC", "2025-11-16T00:00:00Z", "2025-11-15T08:00:00Z");
    }

    #[test]
    fn what_crontab_does_not_know_is_found() {
        for schedule in ["0 8 1 6 *", "*/15 0-23/2 1,15 jan-MAR,12 mon-5,SUN", "61 8 * * *"] {
            assert_eq!(Schedule::foreign(schedule), None, "{schedule}");
        }
        for (schedule, part) in [
            ("0 8 L * *", "L"),
            ("0 8 1,15W * *", "15W"),
            ("0 8 * * 1#2", "1#2"),
            ("0 8 * * 5L", "5L"),
            ("0 8 ? * *", "?"),
            ("0 8 1 * +1", "+1"),
            ("mon 8 * * *", "mon"),
            ("0 8 * mon *", "mon"),
            ("1,,2 8 * * *", ""),
            ("0 5/2 * * *", "5/2"),
        ] {
            assert_eq!(Schedule::foreign(schedule), Some(part), "{schedule}");
        }
    }
}
