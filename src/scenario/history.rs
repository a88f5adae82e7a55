//! What happened in an office, line by line, as it is shown when an expectation fails and in a calendar of mails.

use super::office::Office;
use crate::dossier::command::Actor;
use crate::dossier::event::{Change, Event, Kind};
use crate::dossier::project::NoticeKind;
use crate::dossier::refusal::Refusal;
use crate::dossier::{Dossier, TimerKind};
use crate::ids::{DossierId, Instant, PersonId};

/// What happened, in order.
#[derive(Debug, Default)]
pub(super) struct History {
    entries: Vec<(Instant, Entry)>,
    stuck: usize,
}

/// One thing that happened.
#[derive(Debug)]
pub(super) enum Entry {
    /// An event of a dossier.
    Event(DossierId, Box<Event>),
    /// The mail of this number went out.
    Mailed(usize),
    /// A mail could not go out: the directory knows no address.
    NoAddress(PersonId),
    /// Somebody was refused.
    Refused {
        /// What was tried.
        what: String,
        /// Why not.
        refusal: Refusal,
    },
    /// Something that should have happened by itself was refused.
    Stuck {
        /// What.
        what: String,
        /// Why not.
        refusal: Refusal,
    },
}

/// A line of a history.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Line {
    /// When, in the zone of the office.
    pub at: String,
    /// Which dossier, or whose mailbox.
    pub of: String,
    /// What happened.
    pub what: String,
}

impl History {
    pub(super) fn add(&mut self, at: Instant, entry: Entry) {
        self.stuck += usize::from(matches!(entry, Entry::Stuck { .. }));
        self.entries.push((at, entry));
    }

    pub(super) fn events(&mut self, dossier: &Dossier, events: Vec<Event>) {
        let entries = events.into_iter().map(|event| (event.at, Entry::Event(dossier.id.clone(), Box::new(event))));
        self.entries.extend(entries);
    }

    pub(super) fn entries(&self) -> &[(Instant, Entry)] {
        &self.entries
    }

    /// How often something that should have happened by itself was refused.
    pub(super) fn stuck(&self) -> usize {
        self.stuck
    }
}

impl Office<'_> {
    /// Everything that happened, in words.
    pub fn story(&self) -> Vec<Line> {
        self.history.entries().iter().map(|(at, entry)| self.line(*at, entry)).collect()
    }

    /// When, as the office's clock on the wall says it.
    pub fn wall(&self, at: Instant) -> String {
        at.timestamp().to_zoned(self.zone()).strftime("%Y-%m-%d %H:%M").to_string()
    }

    /// The zone of the office: that of the calendar of its first workflow.
    pub fn zone(&self) -> jiff::tz::TimeZone {
        let first = self.world().machines().next();
        first.map_or(jiff::tz::TimeZone::UTC, |machine| self.world().calendar(machine).zone().clone())
    }

    pub(super) fn line(&self, at: Instant, entry: &Entry) -> Line {
        let (of, what) = match entry {
            Entry::Event(dossier, event) => (self.called(dossier), self.happened(dossier, event)),
            Entry::Mailed(number) => self.mailed(*number),
            Entry::NoAddress(person) => {
                let code = self.world().code(person).to_owned();
                (code, "gets no mail: the directory knows no address".to_owned())
            }
            Entry::Refused { what, refusal } => (String::new(), format!("{what} is refused: {refusal}")),
            Entry::Stuck { what, refusal } => (String::new(), format!("{what} is refused: {refusal}")),
        };
        Line { at: self.wall(at), of, what }
    }

    fn mailed(&self, number: usize) -> (String, String) {
        let mail = &self.post.sent()[number];
        let kinds: Vec<&str> = mail.kinds.iter().map(|kind| NoticeKind::name(*kind)).collect();
        let what = format!("mail ({}): {}", kinds.join(", "), mail.letter.subject());
        (self.world().code(&mail.to).to_owned(), what)
    }

    fn happened(&self, dossier: &DossierId, event: &Event) -> String {
        let who = match &event.actor {
            Actor::Dossier(other) => self.called(other),
            Actor::Clock => "the clock".to_owned(),
            Actor::Import { .. } => "an import".to_owned(),
            Actor::Migration { .. } => "an operator".to_owned(),
            actor => actor.person().map(|person| self.world().code(person).to_owned()).unwrap_or_default(),
        };
        let mut what = vec![format!("{who}: {}", did(event))];
        let mut entered = Vec::new();
        for change in &event.changes {
            match change {
                Change::Entered { state, .. } => entered.push(state.as_str()),
                Change::Paused { state, .. } => what.push(format!("`{state}` is paused")),
                Change::Resumed { .. } => what.push("what was paused goes on".to_owned()),
                Change::Finished(outcome) => what.push(format!("outcome `{outcome}`")),
                Change::ChildOpened { children, dossier, .. } => {
                    what.push(format!("opens {} for `{children}`", self.called(dossier)));
                }
                Change::ChildStands { result, .. } => {
                    what.push(format!("result `{}`", result.as_deref().unwrap_or("none")));
                }
                Change::NotBack { children, .. } => {
                    let names: Vec<String> = children.iter().map(|child| self.called(child)).collect();
                    what.push(format!("not back: {}", names.join(", ")));
                }
                Change::Silent { people, .. } => {
                    what.push(format!(
                        "no answer from {}",
                        people.iter().map(|one| self.world().code(one)).collect::<Vec<_>>().join(", ")
                    ));
                }
                Change::Held(_) => what.push("nothing answers it here: it waits".to_owned()),
                Change::VoteClosed(result) => what.extend(result.rows.iter().map(|row| {
                    let passed = if row.passed { "passed" } else { "not passed" };
                    let of = if &row.row == dossier { String::new() } else { format!("{}: ", row.row) };
                    format!("{of}{} of {}, {passed}", row.yes, row.base)
                })),
                _ => {}
            }
        }
        if !entered.is_empty() {
            what.insert(1, format!("-> {}", entered.join(" > ")));
        }
        what.join(", ")
    }
}

/// What somebody did, in a few words.
fn did(event: &Event) -> String {
    let first = |found: &dyn Fn(&Change) -> Option<String>| event.changes.iter().find_map(found);
    match event.kind {
        Kind::Started => "opened".to_owned(),
        Kind::Acted => first(&|change| match change {
            Change::Did { event, .. } => Some(event.to_string()),
            _ => None,
        })
        .unwrap_or_default(),
        Kind::Recalled => "took it back".to_owned(),
        Kind::Edited => first(&|change| match change {
            Change::Set(fields) => {
                Some(fields.keys().map(crate::ids::FieldName::as_str).collect::<Vec<_>>().join(", "))
            }
            _ => None,
        })
        .map_or_else(|| "edited".to_owned(), |fields| format!("edited {fields}")),
        Kind::Assigned => first(&|change| match change {
            Change::Given { to, .. } => Some(format!("gave the task to {to}")),
            Change::PassedOn { gone, come, .. } => {
                let names = |all: &[PersonId]| all.iter().map(PersonId::as_str).collect::<Vec<_>>().join(", ");
                Some(format!("the task passed from {} to {}", names(gone), names(come)))
            }
            _ => None,
        })
        .unwrap_or_else(|| "gave the task back".to_owned()),
        Kind::Led => first(&|change| match change {
            Change::Added { person, .. } => Some(format!("asked {person} too")),
            Change::Skipped { .. } => Some("skipped the step".to_owned()),
            Change::Redone { .. } => Some("had it done again".to_owned()),
            Change::TookDown { person, .. } => Some(format!("wrote down what {person} said on paper")),
            _ => None,
        })
        .unwrap_or_else(|| "put the deadline off".to_owned()),
        Kind::Attended => "recorded who is there".to_owned(),
        Kind::Knocked => "asked for a link to object".to_owned(),
        Kind::Objected => "objected".to_owned(),
        Kind::Settled => "settled an objection".to_owned(),
        Kind::Cast => "voted".to_owned(),
        Kind::Tallied => "recorded the tallies".to_owned(),
        Kind::Confirmed => "answered for the tallies".to_owned(),
        Kind::Corrected => "corrected it".to_owned(),
        Kind::Withdrawn => "withdrew a result".to_owned(),
        Kind::Migrated => "took it over to another version".to_owned(),
        Kind::Noted => "wrote a note".to_owned(),
        Kind::Acknowledged => "said that they have read it".to_owned(),
        Kind::Received => "told it something".to_owned(),
        Kind::Stuck => "what is due cannot be done".to_owned(),
        Kind::Due => first(&|change| match change {
            Change::Fired { what, .. } => Some(fired(what).to_owned()),
            _ => None,
        })
        .unwrap_or_default(),
    }
}

fn fired(what: &TimerKind) -> &'static str {
    match what {
        TimerKind::After(_) => "the time is over",
        TimerKind::Remind(_) => "reminder",
        TimerKind::Deadline => "deadline",
        TimerKind::Escalate => "escalation",
        TimerKind::VoteEnds => "the vote ends",
        TimerKind::PostingEnds => "the posting ends",
    }
}
