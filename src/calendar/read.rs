//! Reading a calendar file. Every fault is reported with its place; the file is taken only if there is none.
//!
//! ```yaml
//! chancery: 1
//! calendar: vn-civil-service
//! title: Ngày làm việc của cán bộ, công chức      # for readers of the file
//! zone: Asia/Ho_Chi_Minh
//! week: {rest: [saturday, sunday]}
//! mail: {digest: "08:00", urgent: {from: "06:00", until: "21:00"}}
//! made_up: next_working_day                       # or never: what a holiday on a weekly rest day gives
//! years:
//!   2026:
//!     announced: true
//!     lunar: {tet: 2026-02-17, gio_to: 2026-04-26}  # each of them must be a holiday below
//!     holidays: {2026-01-01: Tết Dương lịch}
//!     swapped: [{rest: 2026-01-02, work: 2026-01-10}]
//! ```

use std::collections::BTreeMap;

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;

use super::Calendar;
use super::days::{Special, Year};
use crate::diagnostic::{Diagnostic, fault, nearest, say};
use crate::source::{SourceFile, Spanned};
use crate::yaml::fields::{self, Fields, Node, entries, items};

const WEEK: [(&str, Weekday); 7] = [
    ("monday", Weekday::Monday),
    ("tuesday", Weekday::Tuesday),
    ("wednesday", Weekday::Wednesday),
    ("thursday", Weekday::Thursday),
    ("friday", Weekday::Friday),
    ("saturday", Weekday::Saturday),
    ("sunday", Weekday::Sunday),
];

impl Calendar {
    /// Reads a calendar file; every fault is a diagnostic, and with an error there is no calendar.
    pub fn read(file: &SourceFile) -> (Option<Self>, Vec<Diagnostic>) {
        let mut faults = Vec::new();
        let root = fields::read(file, &mut faults);
        let calendar = root.and_then(|root| Reader { faults: &mut faults }.calendar(&root));
        let refused = faults.iter().any(Diagnostic::is_error);
        (calendar.filter(|_| !refused), faults)
    }
}

struct Reader<'f> {
    faults: &'f mut Vec<Diagnostic>,
}

/// What the years of the file say, before it is put together.
#[derive(Default)]
struct Days {
    holidays: BTreeMap<Date, String>,
    /// Days that swaps made rest (false) or work (true).
    swapped: BTreeMap<Date, Spanned<bool>>,
}

impl Reader<'_> {
    fn calendar(&mut self, root: &Spanned<Node>) -> Option<Calendar> {
        let known = ["chancery", "calendar", "title", "zone", "week", "mail", "made_up", "years"];
        let fields = Fields::of(root, &known, self.faults);
        self.level(&fields);
        let name = fields.needed("calendar", self.faults);
        let zone = fields.needed("zone", self.faults).and_then(|zone| self.zone(&zone));
        let mut calendar = Calendar::weekends(name?.value, zone?);
        if let Some(week) = fields.get("week") {
            self.week(week, &mut calendar);
        }
        if let Some(mail) = fields.get("mail") {
            self.mail(mail, &mut calendar);
        }
        let made_up = fields.text("made_up", self.faults).is_some_and(|word| self.made_up(&word));
        let mut days = Days::default();
        if let Some(years) = fields.get("years") {
            for (key, year) in entries(years, self.faults) {
                self.year(key, year, &mut calendar, &mut days);
            }
        }
        self.put_together(&mut calendar, &days, made_up);
        Some(calendar)
    }

    fn level(&mut self, fields: &Fields<'_>) {
        match fields.needed("chancery", self.faults) {
            Some(level) if level.value != "1" => {
                self.faults.push(fault!(LEVEL.calendar, &level.span, level = level.value));
            }
            Some(_) | None => {}
        }
    }

    fn zone(&mut self, zone: &Spanned<&str>) -> Option<TimeZone> {
        let found = TimeZone::get(zone.value).ok();
        if found.is_none() {
            self.faults.push(fault!(WRONG_TYPE.zone, &zone.span, zone = zone.value));
        }
        found
    }

    fn week(&mut self, week: &Spanned<Node>, calendar: &mut Calendar) {
        let fields = Fields::of(week, &["rest"], self.faults);
        let Some(rest) = fields.get("rest") else { return };
        calendar.rests = [false; 7];
        for item in items(rest, self.faults) {
            let word = if let Node::Text(word) = &item.value { word.as_str() } else { "" };
            if let Some((_, day)) = WEEK.iter().find(|(name, _)| *name == word) {
                calendar.rest_on(*day);
            } else {
                let near = nearest(word, WEEK.iter().map(|(name, _)| *name)).unwrap_or("sunday");
                self.faults.push(fault!(WRONG_TYPE.weekday, &item.span, word).help(say!(near.meant, near)));
            }
        }
        if calendar.rests == [true; 7] {
            self.faults.push(fault!(WRONG_TYPE.no_working_day, &rest.span));
            calendar.rests = [false; 7];
        }
    }

    fn mail(&mut self, mail: &Spanned<Node>, calendar: &mut Calendar) {
        let fields = Fields::of(mail, &["digest", "urgent"], self.faults);
        if let Some(time) = fields.text("digest", self.faults).and_then(|text| self.time(&text)) {
            calendar.digest = time;
        }
        let Some(urgent) = fields.get("urgent") else { return };
        let window = Fields::of(urgent, &["from", "until"], self.faults);
        let from = window.needed("from", self.faults).and_then(|text| self.time(&text));
        let until = window.needed("until", self.faults).and_then(|text| self.time(&text));
        if let (Some(from), Some(until)) = (from, until) {
            if from < until {
                calendar.urgent = (from, until);
            } else {
                self.faults.push(fault!(WRONG_TYPE.window, &urgent.span));
            }
        }
    }

    fn time(&mut self, text: &Spanned<&str>) -> Option<Time> {
        let time = Time::strptime("%H:%M", text.value).ok();
        if time.is_none() {
            self.faults.push(fault!(WRONG_TYPE.time, &text.span, time = text.value));
        }
        time
    }

    fn made_up(&mut self, word: &Spanned<&str>) -> bool {
        match word.value {
            "next_working_day" => return true,
            "never" => {}
            _ => {
                self.faults.push(fault!(WRONG_TYPE.made_up, &word.span, word = word.value));
            }
        }
        false
    }

    fn year(&mut self, key: &Spanned<String>, node: &Spanned<Node>, calendar: &mut Calendar, days: &mut Days) {
        let Some(year) = key.value.parse().ok().filter(|year| (1900..=2999).contains(year)) else {
            self.faults.push(fault!(WRONG_TYPE.year, &key.span, year = key));
            return;
        };
        let fields = Fields::of(node, &["announced", "lunar", "holidays", "swapped"], self.faults);
        let announced = match fields.text("announced", self.faults) {
            Some(word) if word.value == "true" => true,
            Some(word) if word.value != "false" => {
                self.faults.push(fault!(WRONG_TYPE.truth, &word.span, key = "announced"));
                false
            }
            Some(_) | None => false,
        };
        calendar.years.insert(year, Year { announced });
        if let Some(holidays) = fields.get("holidays") {
            self.holidays(holidays, year, days);
        }
        if let Some(lunar) = fields.get("lunar") {
            self.lunar(lunar, year, days);
        }
        if let Some(swapped) = fields.get("swapped") {
            for item in items(swapped, self.faults) {
                self.swap(item, calendar, days);
            }
        }
    }

    fn holidays(&mut self, node: &Spanned<Node>, year: i16, days: &mut Days) {
        for (key, name) in entries(node, self.faults) {
            let text = Spanned { value: key.value.as_str(), span: key.span.clone() };
            let Some(date) = self.date(&text, Some(year)) else { continue };
            match &name.value {
                Node::Text(name) if !name.trim().is_empty() => {
                    days.holidays.insert(date, name.trim().to_owned());
                }
                Node::Text(_) | Node::Null | Node::List(_) | Node::Map(_) => {
                    self.faults.push(fault!(WRONG_TYPE.holiday, &key.span));
                }
            }
        }
    }

    /// Lunar dates change nothing by themselves; they say which holidays were taken from the lunar calendar.
    fn lunar(&mut self, node: &Spanned<Node>, year: i16, days: &Days) {
        for (_, value) in entries(node, self.faults) {
            let Node::Text(text) = &value.value else {
                self.faults.push(fault!(DATE.expected, &value.span));
                continue;
            };
            let text = Spanned { value: text.as_str(), span: value.span.clone() };
            if let Some(date) = self.date(&text, Some(year))
                && !days.holidays.contains_key(&date)
            {
                self.faults.push(fault!(SWAP.lunar, &value.span, date = date.to_string(), year));
            }
        }
    }

    fn swap(&mut self, node: &Spanned<Node>, calendar: &Calendar, days: &mut Days) {
        let fields = Fields::of(node, &["rest", "work"], self.faults);
        for (key, works) in [("rest", false), ("work", true)] {
            let Some(text) = fields.needed(key, self.faults) else { continue };
            let Some(date) = self.date(&text, None) else { continue };
            if days.holidays.contains_key(&date) || calendar.rests_weekly(date) != works {
                let date = date.to_string();
                self.faults.push(if works {
                    fault!(SWAP.not_rest, text.span, date)
                } else {
                    fault!(SWAP.not_work, text.span, date)
                });
            } else if let Some(first) = days.swapped.insert(date, Spanned { value: works, span: text.span.clone() }) {
                self.faults.push(fault!(SWAP.twice, text.span, date = date.to_string()).beside(first.span));
            }
        }
    }

    fn date(&mut self, text: &Spanned<&str>, year: Option<i16>) -> Option<Date> {
        let Ok(date) = Date::strptime("%Y-%m-%d", text.value) else {
            self.faults.push(fault!(DATE.none, &text.span, date = text.value));
            return None;
        };
        if let Some(year) = year.filter(|year| date.year() != *year) {
            self.faults.push(fault!(DATE.other_year, &text.span, date = date.to_string(), year));
            return None;
        }
        Some(date)
    }

    fn put_together(&mut self, calendar: &mut Calendar, days: &Days, made_up: bool) {
        for (date, name) in &days.holidays {
            calendar.special.insert(*date, Special { works: false, name: name.clone() });
        }
        for (date, works) in &days.swapped {
            if calendar.special.contains_key(date) {
                self.faults.push(fault!(SWAP.holiday, &works.span, date = date.to_string()));
            }
            calendar.special.insert(*date, Special { works: works.value, name: String::new() });
        }
        if made_up {
            calendar.make_up(&days.holidays);
        }
    }
}
