//! The counting of days against the law's own examples and against a brute-force counter.

use std::sync::LazyLock;

use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::{Calendar, Delay};
use crate::ids::Instant;
use crate::source::SourceFile;

const FILE: &str = include_str!("../../workflows/calendars/vn-civil-service.yaml");

fn read(text: &str) -> Calendar {
    let file = SourceFile::new("vn-civil-service.yaml", text);
    let (calendar, faults) = Calendar::read(&file);
    calendar.unwrap_or_else(|| panic!("{faults:#?}"))
}

fn vietnam() -> Calendar {
    static VIETNAM: LazyLock<Calendar> = LazyLock::new(|| read(FILE));
    VIETNAM.clone()
}

fn codes(text: &str) -> Vec<(&'static str, usize, usize)> {
    let file = SourceFile::new("c.yaml", text);
    let (calendar, faults) = Calendar::read(&file);
    assert_eq!(calendar.is_none(), !faults.is_empty());
    faults
        .iter()
        .map(|fault| {
            let (line, column) = file.line_column(fault.labels[0].span.range.start);
            (fault.code, line, column)
        })
        .collect()
}

fn at(calendar: &Calendar, text: &str) -> Instant {
    let local: jiff::civil::DateTime = text.parse().expect("a local time");
    Instant::from_timestamp(local.to_zoned(calendar.zone().clone()).expect("it exists").timestamp())
}

fn delay(text: &str) -> Delay {
    text.parse().expect("a delay")
}

fn ends(calendar: &Calendar, from: &str, span: &str) -> Date {
    let end = calendar.after(at(calendar, from), delay(span));
    let day = calendar.date(end);
    assert_eq!(calendar.end_of(day), end, "a period ends with the last millisecond of a day");
    day
}

#[test]
fn working_days_are_counted_as_in_the_vectors_of_the_law() {
    let calendar = vietnam();
    for (from, span, end) in [
        ("2024-11-26T09:00", "10wd", date(2024, 12, 10)),
        ("2025-12-31T09:00", "10wd", date(2026, 1, 15)),
        ("2026-02-10T09:00", "10wd", date(2026, 3, 3)),
        ("2026-04-24T09:00", "5wd", date(2026, 5, 6)),
        ("2026-11-02T09:00", "25wd", date(2026, 12, 7)),
    ] {
        assert_eq!(ends(&calendar, from, span), end, "{from} + {span}");
    }
}

#[test]
fn a_new_holiday_moves_what_is_counted_over_it() {
    let with = FILE.replace("# 2026-11-24: Ngày Văn hóa Việt Nam", "2026-11-24: Ngày Văn hóa Việt Nam");
    assert_eq!(ends(&read(&with), "2026-11-02T09:00", "25wd"), date(2026, 12, 8));
}

#[test]
fn the_lunar_feasts_are_those_of_the_published_table() {
    let calendar = vietnam();
    for (year, tet, gio_to) in [
        (2024, (2, 10), (4, 18)),
        (2025, (1, 29), (4, 7)),
        (2026, (2, 17), (4, 26)),
        (2027, (2, 6), (4, 16)),
        (2028, (1, 26), (4, 4)),
        (2029, (2, 13), (4, 23)),
        (2030, (2, 2), (4, 12)),
        (2031, (1, 23), (4, 1)),
        (2032, (2, 11), (4, 19)),
        (2033, (1, 31), (4, 9)),
        (2034, (2, 19), (4, 28)),
        (2035, (2, 8), (4, 17)),
        (2036, (1, 28), (4, 6)),
        (2037, (2, 15), (4, 24)),
    ] {
        assert!(calendar.covers(year));
        assert_eq!(calendar.holiday(date(year, tet.0, tet.1)), Some("Tết Nguyên đán"), "{year}");
        assert_eq!(calendar.holiday(date(year, gio_to.0, gio_to.1)), Some("Giỗ Tổ Hùng Vương"), "{year}");
    }
    assert!(!calendar.covers(2023));
    assert!(!calendar.covers(2038));
    assert!(calendar.is_announced(2026));
    assert!(!calendar.is_announced(2027));
}

#[test]
fn every_year_gives_eleven_days_off_on_working_days() {
    let calendar = vietnam();
    for year in 2024..=2037 {
        let off = date(year, 1, 1)
            .series(jiff::Span::new().days(1))
            .take_while(|day| day.year() == year)
            .filter(|day| calendar.holiday(*day).is_some() && !calendar.rests_weekly(*day))
            .count();
        assert_eq!(off, 11, "{year}");
    }
}

#[test]
fn known_days_rest_and_work_as_they_did() {
    let calendar = vietnam();
    for (day, works) in [
        (date(2024, 2, 7), true),
        (date(2024, 2, 8), false),
        (date(2024, 2, 14), false),
        (date(2024, 2, 15), true),
        (date(2025, 1, 24), true),
        (date(2025, 1, 27), false),
        (date(2025, 1, 31), false),
        (date(2025, 2, 3), true),
        (date(2025, 5, 2), false),
        (date(2025, 4, 26), true),
        (date(2026, 1, 2), false),
        (date(2026, 1, 10), true),
        (date(2026, 2, 13), true),
        (date(2026, 2, 16), false),
        (date(2026, 2, 20), false),
        (date(2026, 2, 23), true),
        (date(2026, 4, 27), false),
        (date(2026, 8, 31), false),
        (date(2026, 8, 22), true),
        (date(2026, 9, 1), false),
        (date(2026, 9, 3), true),
        (date(2026, 11, 24), true),
    ] {
        assert_eq!(calendar.is_working(day), works, "{day}");
    }
}

#[test]
fn a_period_in_days_ends_on_the_next_working_day_if_its_last_day_rests() {
    let calendar = vietnam();
    assert_eq!(ends(&calendar, "2026-11-02T23:59", "5d"), date(2026, 11, 9), "Saturday to Monday");
    assert_eq!(ends(&calendar, "2026-11-02T00:00", "2d"), date(2026, 11, 4));
    assert_eq!(ends(&calendar, "2026-11-02T00:00", "0d"), date(2026, 11, 2));
    assert_eq!(ends(&calendar, "2026-12-10T09:00", "-10wd"), date(2026, 11, 26));
}

#[test]
fn the_day_is_the_one_in_vietnam() {
    let calendar = vietnam();
    let late = Instant::from_timestamp("2026-11-22T17:30:00Z".parse().expect("an instant"));
    assert_eq!(calendar.date(late), date(2026, 11, 23));
    assert_eq!(calendar.end_of(date(2026, 3, 14)), at(&calendar, "2026-03-14T23:59:59.999"));
}

#[test]
fn hours_run_on_the_clock() {
    let calendar = vietnam();
    let from = at(&calendar, "2026-11-21T22:00");
    assert_eq!(calendar.after(from, delay("3h")), at(&calendar, "2026-11-22T01:00"));
    assert_eq!(calendar.after(from, delay("30min")), at(&calendar, "2026-11-21T22:30"));
}

#[test]
fn reminders_come_at_the_hour_of_the_mail_and_never_too_late() {
    let calendar = vietnam();
    let due = calendar.end_of(date(2026, 12, 10));
    for (span, when) in [
        ("-5wd", "2026-12-03T08:00"),
        ("0wd", "2026-12-10T08:00"),
        ("1wd", "2026-12-11T08:00"),
        ("2wd", "2026-12-14T08:00"),
        ("-4d", "2026-12-04T08:00"),
        ("2d", "2026-12-14T08:00"),
    ] {
        assert_eq!(calendar.offset(due, delay(span)), at(&calendar, when), "{span}");
    }
    let sunday = calendar.end_of(date(2026, 11, 15));
    assert_eq!(calendar.offset(sunday, delay("0wd")), at(&calendar, "2026-11-13T08:00"));
    assert_eq!(calendar.offset(due, delay("-2h")), at(&calendar, "2026-12-10T21:59:59.999"));
}

#[test]
fn mail_waits_for_the_morning_of_a_working_day() {
    let calendar = vietnam();
    for (from, urgent, when) in [
        ("2026-11-23T07:00", false, "2026-11-23T08:00"),
        ("2026-11-23T08:00", false, "2026-11-23T08:00"),
        ("2026-11-23T08:00:00.001", false, "2026-11-24T08:00"),
        ("2026-11-20T09:00", false, "2026-11-23T08:00"),
        ("2026-02-13T09:00", false, "2026-02-23T08:00"),
        ("2026-02-17T05:00", true, "2026-02-17T06:00"),
        ("2026-02-17T12:34", true, "2026-02-17T12:34"),
        ("2026-02-17T21:00", true, "2026-02-18T06:00"),
    ] {
        assert_eq!(calendar.mail_slot(at(&calendar, from), urgent), at(&calendar, when), "{from}");
    }
}

#[test]
fn working_days_between_two_instants_do_not_count_the_first() {
    let calendar = vietnam();
    let (from, to) = (at(&calendar, "2025-12-31T23:00"), at(&calendar, "2026-01-15T01:00"));
    assert_eq!(calendar.working_days_between(from, to), 10);
    assert_eq!(calendar.working_days_between(to, to), 0);
    assert_eq!(calendar.working_days_between(to, from), -10);
}

#[test]
fn beyond_the_end_of_time_nothing_breaks() {
    let calendar = vietnam();
    for from in [Instant(i64::MIN), Instant(i64::MAX)] {
        for span in ["100000d", "-100000d", "10wd", "-10wd", "100000h"] {
            let _ = calendar.after(from, delay(span));
            let _ = calendar.offset(from, delay(span));
        }
        let _ = calendar.mail_slot(from, true);
        let _ = calendar.mail_slot(from, false);
    }
}

const HEAD: &str = "chancery: 1\ncalendar: c\nzone: Asia/Ho_Chi_Minh\n";

#[test]
fn every_fault_of_a_file_is_told_with_its_place() {
    for (body, expected) in [
        ("weeks: {}\n", vec![("E0101", 4, 1)]),
        ("week: {rest: [sunday, caturday]}\n", vec![("E0103", 4, 23)]),
        ("mail: {digest: 8 giờ}\n", vec![("E0103", 4, 16)]),
        (
            "years:\n  2026:\n    holidays:\n      2026-02-30: Tết\n      2025-01-01: x\n",
            vec![("E0107", 7, 7), ("E0107", 8, 7)],
        ),
        ("years:\n  2026:\n    holidays:\n      2026-01-01: Tết\n      2026-01-01: Tết\n", vec![("E0003", 8, 7)]),
        ("years:\n  2026:\n    lunar: {tet: 2026-02-17}\n", vec![("E0601", 6, 18)]),
        ("years:\n  2026:\n    swapped: [{rest: 2026-01-03, work: 2026-01-10}]\n", vec![("E0601", 6, 22)]),
        ("years:\n  2026:\n    swapped: [{rest: 2026-01-02}]\n", vec![("E0102", 6, 15)]),
        ("years: {MMXXVI: {}}\n", vec![("E0103", 4, 9)]),
        ("made_up: sometimes\n", vec![("E0103", 4, 10)]),
    ] {
        assert_eq!(codes(&format!("{HEAD}{body}")), expected, "{body}");
    }
    assert_eq!(codes("chancery: 2\ncalendar: c\nzone: Asia/Hanoi\n"), [("E0110", 1, 11), ("E0103", 3, 7)]);
    assert_eq!(codes("calendar: [\n").first().map(|fault| fault.0), Some("E0001"));
}

/// The day on which a period of working days ends, found by looking at one day after the other.
fn brute(calendar: &Calendar, from: Date, count: usize) -> Date {
    from.series(jiff::Span::new().days(1))
        .skip(1)
        .filter(|day| calendar.is_working(*day))
        .nth(count - 1)
        .expect("there is always another working day")
}

proptest! {
    #[test]
    fn counting_agrees_with_looking_at_every_day(offset in 0_i32..7000, count in 1_usize..120) {
        let calendar = vietnam();
        let from = date(2022, 1, 1).saturating_add(jiff::Span::new().days(offset));
        let start = calendar.end_of(from).plus_ms(-1000);
        let end = calendar.after(start, delay(&format!("{count}wd")));
        prop_assert_eq!(calendar.date(end), brute(&calendar, from, count));
        prop_assert_eq!(calendar.working_days_between(start, end), i64::try_from(count).expect("small"));
    }

    #[test]
    fn a_mail_never_goes_out_early_or_on_a_rest_day(offset in 0_i64..5000 * 24 * 60) {
        let calendar = vietnam();
        let at = calendar.end_of(date(2023, 12, 31)).plus_ms(offset * 60_000);
        let slot = calendar.mail_slot(at, false);
        prop_assert!(slot >= at);
        prop_assert!(calendar.is_working(calendar.date(slot)));
        prop_assert_eq!(calendar.mail_slot(slot, false), slot);
        let urgent = calendar.mail_slot(at, true);
        prop_assert!(urgent >= at && urgent <= slot);
        prop_assert_eq!(calendar.mail_slot(urgent, true), urgent);
    }

    #[test]
    fn reading_never_panics(text in "\\PC{0,80}", line in 0_usize..243) {
        let mut lines: Vec<&str> = FILE.lines().collect();
        lines.insert(line, &text);
        let _ = Calendar::read(&SourceFile::new("c.yaml", lines.join("\n")));
        let _ = Calendar::read(&SourceFile::new("c.yaml", text));
    }
}

#[test]
fn weekends_only_knows_no_holidays() {
    let calendar = Calendar::weekends("plain", TimeZone::UTC);
    assert!(calendar.is_working(date(2026, 1, 1)));
    assert!(!calendar.is_working(date(2026, 1, 3)));
    assert!(!calendar.covers(2026));
}
