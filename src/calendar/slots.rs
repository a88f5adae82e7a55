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
}

/// A fold is not longer than this in any zone of our time, so a slot whose civil time lies this much ahead may be past.
const FOLD_MAX_HOURS: i64 = 3;
/// Civil slots that are looked at, going back: more than there are minutes in [`FOLD_MAX_HOURS`].
const LOOKED_AT_MAX: usize = 200;

impl Schedule {
    /// Reads five fields as crontab(5) has them, and the IANA name of a zone.
    ///
    /// # Errors
    /// In words: not exactly five fields, a field that makes no sense, an unknown zone.
    pub fn parse(schedule: &str, zone: &str) -> Result<Self, String> {
        if schedule.split_whitespace().count() != 5 || schedule.contains('@') {
            return Err(format!("`{schedule}` must have five fields: minute hour day-of-month month day-of-week"));
        }
        let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
        let cron = parser.parse(schedule).map_err(|error| format!("`{schedule}`: {error}"))?;
        let zone = TimeZone::get(zone).map_err(|_| format!("`{zone}` is no time zone: write `Asia/Ho_Chi_Minh`"))?;
        Ok(Self { cron, zone })
    }

    /// The last slot at or before an instant; none if there is none in reach.
    pub fn last(&self, now: Instant) -> Option<Instant> {
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
    fn anything_but_five_fields_is_refused() {
        for schedule in ["0 8 * *", "0 0 8 * * *", "@daily", "", "61 * * * *", "0 8 * * MON-XXX"] {
            assert!(Schedule::parse(schedule, "Asia/Ho_Chi_Minh").is_err(), "{schedule}");
        }
        assert!(Schedule::parse("0 8 * * *", "Asia/Saigonn").is_err());
    }

    #[test]
    fn a_date_that_never_comes_has_no_slot() {
        let schedule = Schedule::parse("0 0 30 2 *", "Asia/Ho_Chi_Minh");
        assert_eq!(schedule.ok().and_then(|schedule| schedule.last(at("2026-11-01T00:00:00Z"))), None);
    }
}
