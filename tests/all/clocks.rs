//! Slots and ends of days against a scanner that has nothing in common with what finds them: it goes through real time minute by
//! minute, asks what the clock on the wall shows, and looks whether a crontab line, which it reads by itself, says that minute.

use chancery::calendar::Calendar;
use chancery::calendar::slots::Schedule;
use chancery::ids::Instant;
use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
/// Longer than any clock is put back.
const BEFORE_MS: i64 = 4 * HOUR_MS;
/// Lines that are tried on one stretch of time: what the clock showed there is asked once for all of them.
const LINES: usize = 20;

/// Where clocks go forward and back: by an hour, by half of one, by two; at midnight; not at all; across the date line; for a month of
/// each lunar year.
const ZONES: [&str; 10] = [
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Africa/Casablanca",
    "Asia/Ho_Chi_Minh",
    "America/Havana",
    "America/Sao_Paulo",
    "Antarctica/Troll",
    "Asia/Kathmandu",
];

/// Numbers that follow from a seed.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % u64::try_from(end).expect("small")).expect("it is below")
    }

    fn between(&mut self, least: usize, most: usize) -> usize {
        least + self.below(most + 1 - least)
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }
}

/// What the clock on the wall shows: a date and the minute of its day.
type Shown = (Date, usize);

/// A crontab line as the scanner reads it: which values each field says.
struct Line {
    minutes: Vec<bool>,
    hours: Vec<bool>,
    days: Vec<bool>,
    months: Vec<bool>,
    weekdays: Vec<bool>,
    /// Neither day has a `*`: either of them will do.
    either: bool,
}

fn value(text: &str, names: &[&str]) -> usize {
    names.iter().position(|name| text.eq_ignore_ascii_case(name)).unwrap_or_else(|| text.parse().expect("a number"))
}

/// The values of a field from 0 to `most`.
fn field(text: &str, (least, most): (usize, usize), names: &[&str]) -> Vec<bool> {
    let mut said = vec![false; most + 1];
    for part in text.split(',') {
        let (range, step) = part.split_once('/').unwrap_or((part, "1"));
        let (from, to) = match range.split_once('-') {
            _ if range == "*" => (least, most),
            Some((from, to)) => (value(from, names), value(to, names)),
            None => (value(range, names), value(range, names)),
        };
        (from..=to).step_by(step.parse().expect("a number")).for_each(|value| said[value] = true);
    }
    said
}

impl Line {
    fn read(text: &str) -> Self {
        let fields: Vec<&str> = text.split(' ').collect();
        let months = ["", "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
        let mut weekdays = field(fields[4], (0, 7), &["sun", "mon", "tue", "wed", "thu", "fri", "sat"]);
        weekdays[0] |= weekdays[7];
        Self {
            minutes: field(fields[0], (0, 59), &[]),
            hours: field(fields[1], (0, 23), &[]),
            days: field(fields[2], (1, 31), &[]),
            months: field(fields[3], (1, 12), &months),
            weekdays,
            either: !fields[2].contains('*') && !fields[4].contains('*'),
        }
    }

    fn says_date(&self, date: Date) -> bool {
        let at = |number: i8| usize::try_from(number).expect("not below zero");
        let day = self.days[at(date.day())];
        let weekday = self.weekdays[at(date.weekday().to_sunday_zero_offset())];
        self.months[at(date.month())] && if self.either { day || weekday } else { day && weekday }
    }

    fn says_time(&self, minute: usize) -> bool {
        self.hours[minute / 60] && self.minutes[minute % 60]
    }
}

/// A stretch of real time: each minute with what the clock comes to show at it for the first time. In a repeated hour that is nothing; at
/// the end of a gap it is all that was left out.
struct Stretch {
    from: i64,
    until: i64,
    minutes: Vec<(i64, Vec<Shown>)>,
}

impl Stretch {
    fn new(zone: &str, from: i64, until: i64) -> Self {
        let clock = TimeZone::get(zone).expect("a zone");
        let mut minutes = Vec::new();
        let mut furthest: Option<Shown> = None;
        for at in (from - BEFORE_MS..=until).step_by(60_000) {
            let shown = clock.to_datetime(Timestamp::from_millisecond(at).expect("an instant"));
            let time = shown.time();
            let minute = usize::from(time.hour().unsigned_abs()) * 60 + usize::from(time.minute().unsigned_abs());
            let now = (shown.date(), minute);
            let mut new = Vec::new();
            let mut next = furthest.map_or(now, following);
            while next <= now {
                new.push(next);
                next = following(next);
            }
            furthest = furthest.max(Some(now));
            if at >= from {
                minutes.push((at, new));
            }
        }
        Self { from, until, minutes }
    }

    /// The instants at which a line says what the clock comes to show.
    fn slots(&self, line: &Line) -> Vec<i64> {
        let mut slots = Vec::new();
        let mut today: Option<(Date, bool)> = None;
        for (at, shown) in &self.minutes {
            let mut said = false;
            for (date, minute) in shown {
                if today.is_none_or(|(known, _)| known != *date) {
                    today = Some((*date, line.says_date(*date)));
                }
                said |= today.is_some_and(|(_, said)| said) && line.says_time(*minute);
            }
            if said {
                slots.push(*at);
            }
        }
        slots
    }
}

fn following((date, minute): Shown) -> Shown {
    if minute + 1 < 24 * 60 { (date, minute + 1) } else { (date.tomorrow().expect("there is a next day"), 0) }
}

/// An instant around which something is to be seen: where the zone's clock is put forward or back, the end of a February, the end of a
/// year, the day that Apia left out; or any.
fn interesting(chance: &mut Chance, zone: &str) -> i64 {
    let clock = TimeZone::get(zone).expect("a zone");
    let year = i16::try_from(chance.between(1990, 2060)).expect("small");
    let any = date(year, 1, 1).saturating_add(i32::try_from(chance.below(365)).expect("small").days());
    let midnight = |day: Date| day.at(0, 0, 0, 0).to_zoned(clock.clone()).expect("an instant").timestamp();
    let at = match chance.below(8) {
        0..=3 => clock.following(midnight(any)).next().map_or(midnight(any), |change| change.timestamp()),
        4 => midnight(date(year, 3, 1)),
        5 => midnight(date(year, 1, 1)),
        6 if zone == "Pacific/Apia" => midnight(date(2011, 12, 31)),
        _ => midnight(any),
    };
    let around = i64::try_from(chance.below(16 * 60)).expect("small") * MINUTE_MS - 8 * HOUR_MS;
    at.as_millisecond() - at.as_millisecond().rem_euclid(MINUTE_MS) + around
}

/// A field: everything, steps, one value, some values, a range, steps of a range. Half of the values lie about `near`.
fn some_field(chance: &mut Chance, (least, most): (usize, usize), near: usize) -> String {
    let value = |chance: &mut Chance| match chance.below(2) {
        0 => chance.between(least, most),
        _ => (near + chance.below(3)).saturating_sub(1).clamp(least, most),
    };
    let range = |chance: &mut Chance| {
        let (one, other) = (value(chance), value(chance));
        format!("{}-{}", one.min(other), one.max(other))
    };
    match chance.below(8) {
        0 | 1 => "*".to_owned(),
        2 => format!("*/{}", chance.between(1, most)),
        3 | 4 => value(chance).to_string(),
        5 => format!("{},{},{}", value(chance), range(chance), value(chance)),
        6 => range(chance),
        _ => format!("{}/{}", range(chance), chance.between(1, 7)),
    }
}

fn some_line(chance: &mut Chance, zone: &str, at: i64) -> String {
    let clock = TimeZone::get(zone).expect("a zone");
    let shown = clock.to_datetime(Timestamp::from_millisecond(at).expect("an instant"));
    let near = |number: i8| usize::try_from(number).expect("not below zero");
    let minute = some_field(chance, (0, 59), 30);
    let hour = some_field(chance, (0, 23), near(shown.hour()));
    let day = some_field(chance, (1, 31), near(shown.day()));
    let month = match chance.below(4) {
        0 => chance.one(&["jan-mar", "feb", "FEB,oct", "mar-nov/2", "Dec,Jan"]).to_owned(),
        1 => some_field(chance, (1, 12), near(shown.month())),
        _ => "*".to_owned(),
    };
    let weekday = match chance.below(4) {
        0 => chance.one(&["sun", "mon-fri", "sat-7", "5-7", "7", "*/2", "WED,sat", "0"]).to_owned(),
        1 => some_field(chance, (0, 7), near(shown.weekday().to_sunday_zero_offset())),
        _ => "*".to_owned(),
    };
    format!("{minute} {hour} {day} {month} {weekday}")
}

/// `SCANNED_LINES=10000` for a campaign, `SCAN_SEED` for another course.
fn asked(name: &str, usual: u64) -> u64 {
    std::env::var(name).ok().map_or(usual, |said| said.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

#[test]
fn slots_are_those_that_a_scanner_of_minutes_finds() {
    let (seed, lines) =
        (asked("SCAN_SEED", 20_260_601), usize::try_from(asked("SCANNED_LINES", 1_500)).expect("it fits"));
    let mut chance = Chance(seed);
    let (mut tried, mut found, mut questions) = (0, 0, 0);
    while tried < lines {
        let zone = ZONES[(tried / LINES) % ZONES.len()];
        let middle = interesting(&mut chance, zone);
        let stretch = Stretch::new(zone, middle - 16 * HOUR_MS, middle + 20 * HOUR_MS);
        for _ in 0..LINES {
            let text = some_line(&mut chance, zone, middle);
            let slots = stretch.slots(&Line::read(&text));
            let schedule = Schedule::parse(&text, zone).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(Schedule::foreign(&text), None);
            let mut moments: Vec<i64> = (0..3)
                .map(|_| stretch.from + i64::try_from(chance.below(36 * 60 * 60)).expect("small") * 1000)
                .collect();
            for _ in 0..slots.len().min(2) {
                let slot = chance.one(&slots);
                moments.extend([slot - 1, slot]);
            }
            for now in moments {
                let told = format!("seed {seed}, `{text}` in {zone} at {}", Instant(now));
                let last = schedule.last(Instant(now)).map(|slot| slot.0);
                match slots.iter().rfind(|slot| **slot <= now) {
                    Some(slot) => assert_eq!(last, Some(*slot), "the last slot, {told}"),
                    None => assert!(last.is_none_or(|last| last < stretch.from), "no slot was here, {told}: {last:?}"),
                }
                let next = schedule.next(Instant(now)).map(|slot| slot.0);
                match slots.iter().find(|slot| **slot > now) {
                    Some(slot) => assert_eq!(next, Some(*slot), "the next slot, {told}"),
                    None => assert!(next.is_none_or(|next| next > stretch.until), "no slot is here, {told}: {next:?}"),
                }
                questions += 2;
            }
            found += slots.len();
            tried += 1;
        }
    }
    eprintln!(
        "{tried} crontab lines, {found} slots, {questions} questions, 0 answered otherwise than by a scanner; seed {seed}"
    );
}

#[test]
fn days_that_come_seldom_are_found_over_a_century() {
    let seed = asked("SCAN_SEED", 20_260_601);
    let mut chance = Chance(seed);
    let clock = TimeZone::get("Asia/Kathmandu").expect("a zone");
    let noon = |day: Date| {
        Instant::from_timestamp(day.at(12, 0, 0, 0).to_zoned(clock.clone()).expect("an instant").timestamp())
    };
    let days: Vec<Date> = date(1990, 1, 1).series(1.day()).take_while(|day| day.year() < 2110).collect();
    let mut texts: Vec<String> =
        ["29 2 *", "29 2 */3", "31 * *", "30,31 2,4 *", "29 2 0", "1 1 *", "31 12 sun", "*/31 * mon"]
            .map(|days| format!("0 12 {days}"))
            .into();
    texts.extend((0..40).map(|_| {
        let (day, month) = (some_field(&mut chance, (1, 31), 29), some_field(&mut chance, (1, 12), 2));
        format!("0 12 {day} {month} {}", some_field(&mut chance, (0, 7), 5))
    }));
    let mut found = 0;
    for text in texts {
        let line = Line::read(&text);
        let slots: Vec<Instant> = days.iter().filter(|day| line.says_date(**day)).map(|day| noon(*day)).collect();
        let schedule = Schedule::parse(&text, "Asia/Kathmandu").unwrap_or_else(|error| panic!("{text}: {error}"));
        if slots.is_empty() {
            assert_eq!(schedule.next(Instant(0)), None, "{text}: no such day in {} years", 120);
            assert_eq!(schedule.last(noon(days[0])), None, "{text}");
        }
        let all: Vec<(Instant, Instant)> = slots.windows(2).map(|pair| (pair[0], pair[1])).collect();
        for (before, after) in all.iter().step_by((all.len() / 40).max(1)) {
            assert_eq!(schedule.next(*before), Some(*after), "`{text}`, seed {seed}: after {before}");
            assert_eq!(schedule.last(after.plus_ms(-1)), Some(*before), "`{text}`, seed {seed}: before {after}");
            found += 1;
        }
    }
    eprintln!("{found} pairs of days in 120 years, seed {seed}");
}

/// Deadlines in days end with a day, so that they hang on where the wall clock ends it; hours and minutes run on real time.
#[test]
fn a_day_ends_with_the_last_millisecond_that_the_wall_clock_shows_of_it() {
    let seed = asked("SCAN_SEED", 20_260_601);
    let mut chance = Chance(seed);
    for zone in ZONES {
        let calendar = Calendar::weekends("plain", TimeZone::get(zone).expect("a zone"));
        for _ in 0..40 {
            let middle = interesting(&mut chance, zone);
            let day = calendar.date(Instant(middle));
            let shown: Vec<(i64, Date)> = (middle - 30 * HOUR_MS..middle + 30 * HOUR_MS)
                .step_by(60_000)
                .map(|at| {
                    (at, calendar.zone().to_datetime(Timestamp::from_millisecond(at).expect("an instant")).date())
                })
                .collect();
            let last = shown.iter().rfind(|(_, shown)| *shown <= day).expect("the day is in the middle").0;
            let end = calendar.end_of(day);
            assert_eq!(end, Instant(last + MINUTE_MS - 1), "seed {seed}: {day} in {zone}");
            for (span, days) in [("0d", 0), ("1d", 1), ("40d", 40)] {
                let due = calendar.after(Instant(middle), span.parse().expect("a span"));
                let mut expected = day.saturating_add(days.days());
                while !calendar.is_working(expected) {
                    expected = expected.tomorrow().expect("a day");
                }
                assert_eq!(due, calendar.end_of(expected), "seed {seed}: {span} from {day} in {zone}");
            }
            assert_eq!(calendar.after(Instant(middle), "3h".parse().expect("a span")), Instant(middle + 3 * HOUR_MS));
        }
    }
}
