//! A calendar's days: which are worked, what the others are called. Built by `read`, counted by `count`.

use std::collections::BTreeMap;

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;

use crate::ids::Instant;

/// A named calendar: which days are worked, and in which time zone. Built from YAML (`calendars/vn-civil-service.yaml`).
///
/// Beyond the years that its file has, only the weekly rest days rest: ask [`Calendar::covers`].
#[derive(Clone, Debug, PartialEq)]
pub struct Calendar {
    pub(super) name: String,
    pub(super) zone: TimeZone,
    /// Monday first.
    pub(super) rests: [bool; 7],
    pub(super) digest: Time,
    pub(super) urgent: (Time, Time),
    pub(super) years: BTreeMap<i16, Year>,
    pub(super) special: BTreeMap<Date, Special>,
    /// Those that were in force before it.
    pub(super) before: Vec<Calendar>,
    /// When nobody could be reached through chancery, the earliest first.
    pub(super) outages: Vec<Outage>,
}

/// A time in which the pages could not be reached, so that nobody could answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct Outage {
    /// The last moment at which they are known to have been there.
    pub from: Instant,
    /// The first moment at which they are known to have been there again.
    pub until: Instant,
}

impl Outage {
    /// How much of it lies between these moments, in milliseconds.
    pub fn within_ms(&self, from: Instant, until: Instant) -> i64 {
        (self.until.min(until).0 - self.from.max(from).0).max(0)
    }

    /// Whether it covers this moment.
    pub fn covers(&self, at: Instant) -> bool {
        self.from <= at && at <= self.until
    }
}

/// One year of a calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Year {
    /// The authorities have said how it goes.
    pub(super) announced: bool,
}

/// A date that differs from its day of the week.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Special {
    pub(super) works: bool,
    /// The holiday's name; empty for a swapped day.
    pub(super) name: String,
}

impl Calendar {
    /// A calendar without a file: Saturdays and Sundays rest, mail at 08:00, urgent mail from 06:00 to 21:00.
    pub fn weekends(name: impl Into<String>, zone: TimeZone) -> Self {
        Self {
            name: name.into(),
            zone,
            rests: [false, false, false, false, false, true, true],
            digest: Time::constant(8, 0, 0, 0),
            urgent: (Time::constant(6, 0, 0, 0), Time::constant(21, 0, 0, 0)),
            years: BTreeMap::new(),
            special: BTreeMap::new(),
            before: Vec::new(),
            outages: Vec::new(),
        }
    }

    /// The same calendar, knowing those that were in force before it.
    #[must_use]
    pub fn in_place_of(mut self, before: Vec<Self>) -> Self {
        self.before = before;
        self
    }

    /// Those that were in force before it, the latest first: what was counted by them may be counted otherwise now.
    pub fn before(&self) -> &[Self] {
        &self.before
    }

    /// The same calendar, knowing when nobody could be reached.
    #[must_use]
    pub fn with_outages(mut self, mut outages: Vec<Outage>) -> Self {
        outages.sort_unstable();
        self.outages = outages;
        self
    }

    /// When nobody could be reached, the earliest first.
    pub fn outages(&self) -> &[Outage] {
        &self.outages
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its time zone.
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// The date of an instant in the calendar's zone.
    pub fn date(&self, at: Instant) -> Date {
        at.timestamp().to_zoned(self.zone.clone()).date()
    }

    /// Whether offices work on this date.
    pub fn is_working(&self, date: Date) -> bool {
        match self.special.get(&date) {
            Some(special) => special.works,
            None => !self.rests_weekly(date),
        }
    }

    /// The name of the holiday on this date. A day off in lieu bears the name of the holiday that it makes up for.
    pub fn holiday(&self, date: Date) -> Option<&str> {
        self.special.get(&date).map(|special| special.name.as_str()).filter(|name| !name.is_empty())
    }

    /// Whether the calendar's file has this year; if not, its holidays count as working days.
    pub fn covers(&self, year: i16) -> bool {
        self.years.contains_key(&year)
    }

    /// Whether the file says that the days of this year are final, and not a guess made before they were announced.
    pub fn is_announced(&self, year: i16) -> bool {
        self.years.get(&year).is_some_and(|year| year.announced)
    }

    pub(super) fn rests_weekly(&self, date: Date) -> bool {
        usize::try_from(date.weekday().to_monday_zero_offset())
            .ok()
            .and_then(|day| self.rests.get(day))
            .copied()
            .unwrap_or(false)
    }

    pub(super) fn rest_on(&mut self, day: Weekday) {
        if let Some(rests) = usize::try_from(day.to_monday_zero_offset()).ok().and_then(|day| self.rests.get_mut(day)) {
            *rests = true;
        }
    }

    /// A holiday on a weekly rest day is made up for on the next working day, each on a day of its own.
    pub(super) fn make_up(&mut self, holidays: &BTreeMap<Date, String>) {
        for (date, name) in holidays {
            if !self.rests_weekly(*date) {
                continue;
            }
            let mut day = *date;
            while self.rests_weekly(day) || !self.is_working(day) {
                let Ok(next) = day.tomorrow() else { return };
                day = next;
            }
            self.special.insert(day, Special { works: false, name: name.clone() });
        }
    }
}
