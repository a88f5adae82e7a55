//! Invitations to put in a calendar (iCalendar, RFC 5545; as mails carry them, RFC 5546). The session of a dossier keeps one UID; what
//! is written later has a higher SEQUENCE, so that a session that moved moves in the reader's calendar too, and one that fell away
//! goes. Times are in UTC, so that no time zone has to be described. Pure.

use jiff::Timestamp;
use jiff::civil::{Date, Time};

use crate::ids::Instant;
use crate::words::clean;

/// Octets of a line at most, without its end (RFC 5545, 3.1).
const LINE_MAX: usize = 75;

/// What a mail asks its reader to put into their calendar, or to take out of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    /// The session, the same in every mail about it.
    pub session: String,
    /// Higher in what happened later: the number of the event that says it, so that a mail that is late takes nothing back.
    pub sequence: i64,
    /// It falls away.
    pub cancels: bool,
    /// When it is.
    pub when: When,
    /// What it is called.
    pub summary: String,
    /// Where it is; empty where nobody has said.
    pub place: String,
    /// What is said about it.
    pub text: String,
}

/// When a session is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// On a day, at no hour that is known.
    Day(Date),
    /// From a moment on, until another if that is known.
    From(Instant, Option<Instant>),
}

/// An invitation as a mail carries it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CalendarPart {
    /// `REQUEST` or `CANCEL`.
    pub method: &'static str,
    /// The calendar, lines ended by CRLF.
    pub text: String,
}

impl Invitation {
    /// For one reader; `from` and `to` are a name and a mailbox each.
    pub fn written(&self, from: (&str, &str), to: (&str, &str), now: Instant) -> CalendarPart {
        let method = if self.cancels { "CANCEL" } else { "REQUEST" };
        let host = from.1.rsplit('@').next().map(mailbox).unwrap_or_default();
        let mut out = Lines::default();
        for (name, value) in [
            ("BEGIN", "VCALENDAR"),
            ("PRODID", "-//chancery//chancery//EN"),
            ("VERSION", "2.0"),
            ("METHOD", method),
            ("BEGIN", "VEVENT"),
        ] {
            out.line(name, value);
        }
        out.line("UID", &escaped(&format!("{}@{host}", self.session)));
        out.line("SEQUENCE", &self.sequence.to_string());
        out.line("DTSTAMP", &utc(now));
        match self.when {
            When::Day(day) => {
                out.line("DTSTART;VALUE=DATE", &day.strftime("%Y%m%d").to_string());
                // Whoever sits on a council one day is not taken for busy the whole of it.
                out.line("TRANSP", "TRANSPARENT");
            }
            When::From(from, until) => {
                out.line("DTSTART", &utc(from));
                if let Some(until) = until {
                    out.line("DTEND", &utc(until));
                }
            }
        }
        out.line("STATUS", if self.cancels { "CANCELLED" } else { "CONFIRMED" });
        out.line("SUMMARY", &escaped(&self.summary));
        for (name, value) in [("LOCATION", &self.place), ("DESCRIPTION", &self.text)] {
            if !value.is_empty() {
                out.line(name, &escaped(value));
            }
        }
        out.line(&format!("ORGANIZER;CN={}", quoted(from.0)), &format!("mailto:{}", mailbox(from.1)));
        // Nobody's answer is waited for: who is there is recorded.
        let attendee = format!("ATTENDEE;ROLE=REQ-PARTICIPANT;RSVP=FALSE;CN={}", quoted(to.0));
        out.line(&attendee, &format!("mailto:{}", mailbox(to.1)));
        out.line("END", "VEVENT");
        out.line("END", "VCALENDAR");
        CalendarPart { method, text: out.0 }
    }
}

/// The hour that a text says: `14:30`, `14h30`, `9h`, `14 giờ 30 phút`.
pub(super) fn hour(text: &str) -> Option<Time> {
    let text = text.trim().to_lowercase().replace("giờ", ":").replace("phút", "").replace('h', ":");
    let (hours, minutes) = text.split_once(':')?;
    let number = |text: &str| match text.trim() {
        "" => Some(0),
        digits => digits.parse::<i8>().ok().filter(|_| digits.bytes().all(|digit| digit.is_ascii_digit())),
    };
    Time::new(number(hours).filter(|_| !hours.trim().is_empty())?, number(minutes)?, 0, 0).ok()
}

/// Lines as RFC 5545 folds them.
#[derive(Default)]
struct Lines(String);

impl Lines {
    fn line(&mut self, name: &str, value: &str) {
        let mut used = 0;
        for letter in name.chars().chain([':']).chain(value.chars()) {
            if used + letter.len_utf8() > LINE_MAX {
                self.0.push_str("\r\n ");
                used = 1;
            }
            self.0.push(letter);
            used += letter.len_utf8();
        }
        self.0.push_str("\r\n");
    }
}

/// A text in which nothing ends a line or a value.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.replace("\r\n", "\n").chars() {
        match letter {
            '\n' => out.push_str("\\n"),
            '\\' | ';' | ',' => out.extend(['\\', letter]),
            letter if letter.is_control() => {}
            letter => out.push(letter),
        }
    }
    out
}

/// A name as a parameter, which knows no escapes.
fn quoted(name: &str) -> String {
    format!("\"{}\"", clean(name).replace('"', "'"))
}

/// A mailbox, or a part of it, with nothing that has no place there.
fn mailbox(text: &str) -> String {
    text.chars()
        .filter(|letter| !letter.is_control() && !letter.is_whitespace() && !"\"<>;,:\\".contains(*letter))
        .collect()
}

fn utc(at: Instant) -> String {
    Timestamp::from_millisecond(at.0).unwrap_or(Timestamp::UNIX_EPOCH).strftime("%Y%m%dT%H%M%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use jiff::civil::time;
    use proptest::prelude::*;

    use super::{Instant, Invitation, When, hour};

    fn session() -> Invitation {
        Invitation {
            session: "D.meeting_day".to_owned(),
            sequence: 7,
            cancels: false,
            when: When::From(Instant(1_780_279_200_000), None),
            summary: "Họp Hội đồng".to_owned(),
            place: "Phòng 1".to_owned(),
            text: String::new(),
        }
    }

    #[test]
    fn hours_are_read_as_offices_write_them() {
        for (text, read) in [
            ("14:30", Some(time(14, 30, 0, 0))),
            ("14h30", Some(time(14, 30, 0, 0))),
            ("9h", Some(time(9, 0, 0, 0))),
            ("8 giờ", Some(time(8, 0, 0, 0))),
            ("14 giờ 05 phút", Some(time(14, 5, 0, 0))),
            ("25:00", None),
            ("10:61", None),
            ("+9:00", None),
            (":30", None),
            ("sáng", None),
            ("", None),
        ] {
            assert_eq!(hour(text), read, "{text}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn whatever_was_typed_stays_one_value(summary in any::<String>(), place in "(\\PC|[\\r\\n,;:\\\\\"]|Đỗ Nguyễn){0,200}", name in any::<String>()) {
            let invitation = Invitation { summary: summary.clone(), place, text: summary, ..session() };
            let text = invitation.written((&name, "o@x.example"), (&name, "a@x.example\r\nX:y"), Instant(0)).text;
            prop_assert!(text.ends_with("END:VCALENDAR\r\n"));
            prop_assert!(!text.replace("\r\n", "").contains(['\r', '\n']));
            prop_assert!(text.split("\r\n").all(|line| line.len() <= super::LINE_MAX), "{}", text);
            let unfolded = text.replace("\r\n ", "");
            let names: Vec<&str> = unfolded.lines().filter_map(|line| line.split([':', ';']).next()).collect();
            prop_assert_eq!(names, [
                "BEGIN", "PRODID", "VERSION", "METHOD", "BEGIN", "UID", "SEQUENCE", "DTSTAMP", "DTSTART", "STATUS", "SUMMARY",
                "LOCATION", "DESCRIPTION", "ORGANIZER", "ATTENDEE", "END", "END",
            ].into_iter().filter(|name| match *name {
                "LOCATION" => !invitation.place.is_empty(),
                "DESCRIPTION" => !invitation.text.is_empty(),
                _ => true,
            }).collect::<Vec<_>>());
        }
    }
}
