//! How people write dates, times, numbers and remaining days, by language. Pure: one TOML file for each language beside
//! this one; a third language is a third file.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use jiff::Zoned;
use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use serde::Deserialize;

use crate::ids::Instant;

mod amounts;
mod fill;
pub mod likeness;
mod phrases;

pub use fill::{clean, fill};
pub use phrases::Phrases;

/// The words of one language.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Words {
    weekdays: [String; 7],
    months: [String; 12],
    pad_day: bool,
    date_long: String,
    date_plain: String,
    date_short: String,
    day_short: String,
    hour: String,
    hour_minute: String,
    moment_long: String,
    moment_short: String,
    by_moment_long: String,
    by_moment_short: String,
    by_day_long: String,
    by_day_short: String,
    left: Counted,
    last_day: String,
    over: Counted,
    over_today: String,
    group: String,
    decimal: String,
    money: String,
    /// What a currency is called beside an amount, where it is not called by its code.
    currencies: BTreeMap<String, String>,
}

/// A phrase with a number in it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Counted {
    one: String,
    other: String,
}

impl Counted {
    fn say(&self, n: i64, shown: &str) -> String {
        fill(if n == 1 { &self.one } else { &self.other }, &[("n", shown)])
    }
}

static VI: LazyLock<Words> = LazyLock::new(|| read(include_str!("vi.toml")));
static EN: LazyLock<Words> = LazyLock::new(|| read(include_str!("en.toml")));

fn read(file: &str) -> Words {
    toml::from_str(file).expect("the words of every language are read by a test")
}

impl Words {
    /// The words of a language by its code; Vietnamese for those that we do not have.
    pub fn of(language: &str) -> &'static Self {
        match language.split(['-', '_']).next() {
            Some("en") => &EN,
            _ => &VI,
        }
    }

    /// `thứ Sáu, ngày 27 tháng 11 năm 2026`.
    pub fn date_long(&self, date: Date) -> String {
        self.date(&self.date_long, date)
    }

    /// `ngày 27 tháng 11 năm 2026`, as papers say it.
    pub fn date_plain(&self, date: Date) -> String {
        self.date(&self.date_plain, date)
    }

    /// `27/11/2026`.
    pub fn date_short(&self, date: Date) -> String {
        self.date(&self.date_short, date)
    }

    /// `27/11`: only where the year goes without saying.
    pub fn day_short(&self, date: Date) -> String {
        self.date(&self.day_short, date)
    }

    /// `17 giờ`, `17 giờ 30`.
    pub fn time(&self, at: Instant, zone: &TimeZone) -> String {
        let at = at.timestamp().to_zoned(zone.clone());
        let (hour, minute) = (at.hour().to_string(), format!("{:02}", at.minute()));
        let pattern = if at.minute() == 0 { &self.hour } else { &self.hour_minute };
        fill(pattern, &[("hour", &hour), ("minute", &minute)])
    }

    /// `17 giờ thứ Sáu, ngày 27 tháng 11 năm 2026`.
    pub fn moment_long(&self, at: Instant, zone: &TimeZone) -> String {
        let date = self.date_long(local(at, zone).date());
        fill(&self.moment_long, &[("time", &self.time(at, zone)), ("date", &date)])
    }

    /// `17 giờ ngày 27/11/2026`.
    pub fn moment_short(&self, at: Instant, zone: &TimeZone) -> String {
        let date = self.date_short(local(at, zone).date());
        fill(&self.moment_short, &[("time", &self.time(at, zone)), ("date", &date)])
    }

    /// A deadline in full: `trước 17 giờ thứ Sáu, ngày 27 tháng 11 năm 2026`, or, where it ends with the day,
    /// `hết thứ Sáu, ngày 27 tháng 11 năm 2026`.
    pub fn by_long(&self, due: Instant, zone: &TimeZone) -> String {
        let (day, whole_day) = last_day_of(due, zone);
        let pattern = if whole_day { &self.by_day_long } else { &self.by_moment_long };
        fill(pattern, &[("time", &self.time(due, zone)), ("date", &self.date_long(day))])
    }

    /// A deadline for a subject line: `trước 17 giờ ngày 27/11`, `hết ngày 27/11`; with the year where it is not `today`'s.
    pub fn by_short(&self, due: Instant, zone: &TimeZone, today: Date) -> String {
        let (day, whole_day) = last_day_of(due, zone);
        let pattern = if whole_day { &self.by_day_short } else { &self.by_moment_short };
        let day = if day.year() == today.year() { self.day_short(day) } else { self.date_short(day) };
        fill(pattern, &[("time", &self.time(due, zone)), ("day", &day)])
    }

    /// What is left of a deadline: `còn 3 ngày làm việc`, `hôm nay là ngày cuối`, `đã quá hạn 2 ngày làm việc`. `days` are
    /// the working days between now and the deadline, below zero when it has passed.
    pub fn remaining(&self, days: i64, passed: bool) -> String {
        match (passed, days) {
            (true, 0) => self.over_today.clone(),
            (true, _) => self.over.say(days.abs(), &self.number(days.abs())),
            (false, days) if days <= 0 => self.last_day.clone(),
            (false, days) => self.left.say(days, &self.number(days)),
        }
    }

    fn date(&self, pattern: &str, date: Date) -> String {
        let (day, padded) = (date.day().to_string(), format!("{:02}", date.day()));
        let (month, year) = (format!("{:02}", date.month()), date.year().to_string());
        let name = usize::try_from(date.month() - 1).ok().and_then(|place| self.months.get(place));
        let values = [
            ("weekday", self.weekday(date.weekday())),
            ("day", if self.pad_day { padded.as_str() } else { day.as_str() }),
            ("dd", padded.as_str()),
            ("month", name.map_or(month.as_str(), String::as_str)),
            ("mm", month.as_str()),
            ("year", year.as_str()),
        ];
        fill(pattern, &values)
    }

    fn weekday(&self, day: Weekday) -> &str {
        match day {
            Weekday::Monday => &self.weekdays[0],
            Weekday::Tuesday => &self.weekdays[1],
            Weekday::Wednesday => &self.weekdays[2],
            Weekday::Thursday => &self.weekdays[3],
            Weekday::Friday => &self.weekdays[4],
            Weekday::Saturday => &self.weekdays[5],
            Weekday::Sunday => &self.weekdays[6],
        }
    }
}

fn local(at: Instant, zone: &TimeZone) -> Zoned {
    at.timestamp().to_zoned(zone.clone())
}

/// The day with which a deadline ends, and whether it ends with that day: its last moments, or the midnight after it.
fn last_day_of(due: Instant, zone: &TimeZone) -> (Date, bool) {
    let at = local(due, zone);
    let just_before = local(due.plus_ms(-1), zone);
    if just_before.date() != at.date() {
        return (just_before.date(), true);
    }
    (at.date(), at.hour() == 23 && at.minute() == 59)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn hanoi() -> TimeZone {
        TimeZone::get("Asia/Ho_Chi_Minh").expect("jiff carries the zone")
    }

    fn at(hour: i8, minute: i8) -> Instant {
        let zoned = date(2026, 11, 27).at(hour, minute, 0, 0).to_zoned(hanoi()).expect("a plain moment");
        Instant::from_timestamp(zoned.timestamp())
    }

    #[test]
    fn deadlines_are_said_in_full_in_both_languages() {
        let (vi, en, zone) = (Words::of("vi"), Words::of("en"), hanoi());
        assert_eq!(vi.by_long(at(17, 0), &zone), "trước 17 giờ thứ Sáu, ngày 27 tháng 11 năm 2026");
        assert_eq!(en.by_long(at(17, 0), &zone), "before 17:00 on Friday, 27 November 2026");
        assert_eq!(vi.by_short(at(17, 30), &zone, date(2026, 11, 1)), "trước 17 giờ 30 ngày 27/11");
        assert_eq!(vi.by_short(at(17, 30), &zone, date(2025, 12, 31)), "trước 17 giờ 30 ngày 27/11/2026");
        assert_eq!(vi.moment_long(at(8, 5), &zone), "8 giờ 05 thứ Sáu, ngày 27 tháng 11 năm 2026");
        assert_eq!(en.moment_short(at(8, 5), &zone), "8:05 on 27 November 2026");
    }

    #[test]
    fn a_deadline_that_ends_with_the_day_names_the_day_only() {
        let zone = hanoi();
        let midnight = Instant::from_timestamp(
            date(2026, 11, 28).at(0, 0, 0, 0).to_zoned(zone.clone()).expect("a plain moment").timestamp(),
        );
        for due in [midnight, midnight.plus_ms(-1)] {
            assert_eq!(Words::of("vi").by_long(due, &zone), "hết thứ Sáu, ngày 27 tháng 11 năm 2026");
            assert_eq!(Words::of("en").by_long(due, &zone), "by the end of Friday, 27 November 2026");
            assert_eq!(Words::of("vi").by_short(due, &zone, date(2026, 11, 1)), "hết ngày 27/11");
        }
    }

    #[test]
    fn small_days_and_the_first_two_months_take_a_zero_in_vietnamese() {
        assert_eq!(Words::of("vi").date_long(date(2026, 2, 5)), "thứ Năm, ngày 05 tháng 02 năm 2026");
        assert_eq!(Words::of("vi").date_long(date(2026, 3, 15)), "Chủ nhật, ngày 15 tháng 3 năm 2026");
        assert_eq!(Words::of("vi").date_plain(date(2026, 2, 5)), "ngày 05 tháng 02 năm 2026");
        assert_eq!(Words::of("vi").date_short(date(2026, 3, 5)), "05/03/2026");
        assert_eq!(Words::of("en").date_long(date(2026, 2, 5)), "Thursday, 5 February 2026");
    }

    #[test]
    fn remaining_time_is_said_in_working_days() {
        let (vi, en) = (Words::of("vi"), Words::of("en"));
        assert_eq!(vi.remaining(3, false), "còn 3 ngày làm việc");
        assert_eq!(en.remaining(1, false), "1 working day left");
        assert_eq!(vi.remaining(0, false), "hôm nay là ngày cuối");
        assert_eq!(vi.remaining(-2, true), "đã quá hạn 2 ngày làm việc");
        assert_eq!(en.remaining(0, true), "overdue");
    }

    #[test]
    fn numbers_are_grouped_and_nothing_is_rounded() {
        let (vi, en) = (Words::of("vi"), Words::of("en"));
        assert_eq!(vi.number(1_234_567), "1.234.567");
        assert_eq!(vi.number(-12), "-12");
        assert_eq!(vi.decimal("-1234.50"), "-1.234,50");
        assert_eq!(en.decimal("-0.5"), "-0.5");
        assert_eq!(en.decimal("abc"), "abc");
    }

    #[test]
    fn an_unknown_language_reads_vietnamese() {
        assert_eq!(Words::of("fr").number(1000), "1.000");
        assert_eq!(Words::of("en-GB").number(1000), "1,000");
    }
}
