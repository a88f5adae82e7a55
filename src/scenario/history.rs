//! What happened in an office, line by line, as it is shown when an expectation fails and in a calendar of mails.

use super::office::Office;
use super::world::World;
use crate::diagnostic::{Words, say};
use crate::dossier::command::Actor;
use crate::dossier::event::{Change, Event, Kind};
use crate::dossier::project::NoticeKind;
use crate::dossier::refusal::{Reason, Refusal};
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

    /// The events of a dossier, in order.
    pub(super) fn of<'h>(&'h self, dossier: &'h DossierId) -> impl Iterator<Item = &'h Event> {
        self.entries.iter().filter_map(move |(_, entry)| match entry {
            Entry::Event(of, event) if of == dossier => Some(&**event),
            _ => None,
        })
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
            Entry::NoAddress(person) => (self.named(person), self.world().say(&say!(story.no_address))),
            Entry::Refused { what, refusal } | Entry::Stuck { what, refusal } => {
                (String::new(), self.world().say(&say!(story.refused, what, why = self.why(refusal))))
            }
        };
        Line { at: self.wall(at), of, what }
    }

    /// Whom files name so: by their code, somebody from outside by their mailbox.
    fn named(&self, person: &PersonId) -> String {
        self.world().code(&self.by_mail(person)).to_owned()
    }

    /// Why not, with people named as files name them.
    pub(super) fn why(&self, refusal: &Refusal) -> String {
        let named = |reason: &Reason| {
            let about = reason.about.as_ref().map(|about| self.named(&PersonId::from(about.as_str())));
            Reason { about, ..reason.clone() }
        };
        Refusal { reasons: refusal.reasons.iter().map(named).collect() }.to_string()
    }

    fn mailed(&self, number: usize) -> (String, String) {
        let mail = &self.post.sent()[number];
        let kinds: Vec<&str> = mail.kinds.iter().map(|kind| NoticeKind::name(*kind)).collect();
        let what = say!(story.mail, kinds = kinds.join(", "), subject = mail.letter.subject());
        (self.named(&mail.to), self.world().say(&what))
    }

    fn happened(&self, dossier: &DossierId, event: &Event) -> String {
        let world = self.world();
        let say = |words: Words| world.say(&words);
        let codes = |people: &[PersonId]| people.iter().map(|one| self.named(one)).collect::<Vec<_>>().join(", ");
        let who = match &event.actor {
            Actor::Dossier(other) => self.called(other),
            Actor::Clock => say(say!(story.clock)),
            Actor::Import { .. } => say(say!(story.import)),
            Actor::Migration { .. } => say(say!(story.operator)),
            actor => actor.person().map(|person| self.named(person)).unwrap_or_default(),
        };
        let mut what = vec![format!("{who}: {}", did(event, world).map(say).unwrap_or_default())];
        let mut entered = Vec::new();
        for change in &event.changes {
            match change {
                Change::Entered { state, .. } => entered.push(state.as_str()),
                Change::Paused { state, .. } => what.push(say(say!(story.paused, state = state.as_str()))),
                Change::Resumed { .. } => what.push(say(say!(story.resumed))),
                Change::Finished(outcome) => what.push(say(say!(story.outcome, outcome))),
                Change::ChildOpened { children, dossier, .. } => {
                    what.push(say(say!(story.opens, child = self.called(dossier), children)));
                }
                Change::ChildStands { result, .. } => {
                    let result = result.clone().map_or_else(|| say!(story.none), Words::plain);
                    what.push(say(say!(story.result, result)));
                }
                Change::NotBack { children, .. } => {
                    let names: Vec<String> = children.iter().map(|child| self.called(child)).collect();
                    what.push(say(say!(story.not_back, names = names.join(", "))));
                }
                Change::Silent { people, .. } => what.push(say(say!(story.silent, names = codes(people)))),
                Change::Held(_) => what.push(say(say!(story.held))),
                Change::VoteClosed(result) => what.extend(result.rows.iter().map(|row| {
                    let of = if &row.row == dossier { String::new() } else { format!("{}: ", row.row) };
                    let (yes, base) = (row.yes, row.base);
                    let counted =
                        if row.passed { say!(story.passed, yes, base) } else { say!(story.not_passed, yes, base) };
                    format!("{of}{}", say(counted))
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
fn did(event: &Event, world: &World) -> Option<Words> {
    let codes = |people: &[PersonId]| people.iter().map(|one| world.code(one)).collect::<Vec<_>>().join(", ");
    let first = |found: &dyn Fn(&Change) -> Option<Words>| event.changes.iter().find_map(found);
    Some(match event.kind {
        Kind::Started => say!(story.opened),
        Kind::Acted => first(&|change| match change {
            Change::Did { event, .. } => Some(Words::plain(event.as_str())),
            _ => None,
        })?,
        Kind::Recalled => say!(story.recalled),
        Kind::Edited => first(&|change| match change {
            Change::Set(fields) => {
                let fields = fields.keys().map(crate::ids::FieldName::as_str).collect::<Vec<_>>().join(", ");
                Some(say!(story.edited_fields, fields))
            }
            _ => None,
        })
        .unwrap_or_else(|| say!(story.edited)),
        Kind::Assigned => first(&|change| match change {
            Change::Given { to, .. } => Some(say!(story.given, person = world.code(to))),
            Change::PassedOn { gone, come, .. } => Some(say!(story.passed_on, gone = codes(gone), come = codes(come))),
            _ => None,
        })
        .unwrap_or_else(|| say!(story.given_back)),
        Kind::Led => first(&|change| match change {
            Change::Added { person, .. } => Some(say!(story.added, person = world.code(person))),
            Change::Skipped { .. } => Some(say!(story.skipped)),
            Change::Redone { .. } => Some(say!(story.redone)),
            Change::TookDown { person, .. } => Some(say!(story.took_down, person = world.code(person))),
            _ => None,
        })
        .unwrap_or_else(|| say!(story.extended)),
        Kind::Attended => say!(story.attended),
        Kind::Knocked => say!(story.knocked),
        Kind::Objected => say!(story.objected),
        Kind::Settled => say!(story.settled),
        Kind::Cast => say!(story.cast),
        Kind::Tallied => say!(story.tallied),
        Kind::Confirmed => say!(story.confirmed),
        Kind::Corrected => say!(story.corrected),
        Kind::Withdrawn => say!(story.withdrawn),
        Kind::Migrated => say!(story.migrated),
        Kind::Prepared => say!(story.prepared),
        Kind::Noted => say!(story.noted),
        Kind::Acknowledged => say!(story.acknowledged),
        Kind::Received => say!(story.received),
        Kind::Forgotten => say!(story.forgotten),
        Kind::Ended => say!(story.cut_short),
        Kind::Expired => say!(story.expired),
        Kind::Stuck => say!(story.stuck),
        Kind::Due => first(&|change| match change {
            Change::Fired { what, .. } => Some(fired(what)),
            _ => None,
        })?,
    })
}

fn fired(what: &TimerKind) -> Words {
    match what {
        TimerKind::After(_) => say!(story.after),
        TimerKind::Remind(_) => say!(story.remind),
        TimerKind::Deadline => say!(story.deadline),
        TimerKind::Escalate => say!(story.escalate),
        TimerKind::VoteEnds => say!(story.vote_ends),
        TimerKind::PostingEnds => say!(story.posting_ends),
    }
}
