//! What `chancery show` tells people: a dossier in lines, in the language of the command, its titles in the language of the
//! workflow where none is asked for.

use serde_json::Value;

use super::explain;
use super::refused::Refusing;
use super::show::Shown;
use crate::diagnostic::{Words, say};
use crate::directory::Directory;
use crate::directory::names::sort_key;
use crate::dossier::command::Actor;
use crate::dossier::event::{Change, Corrected, Event, Kind};
use crate::dossier::{Assistant, Dossier, Purpose, Recipient, StandIn, TimerKind};
use crate::ids::{DossierId, FieldName, Instant, Language, PersonId, StateId, Text};
use crate::machine::Machine;
use crate::templates::Voice;

/// Letters of the ids of other dossiers.
const ID_LETTERS: usize = 12;

/// The lines for people.
pub(super) struct Lines<'a> {
    pub(super) machine: &'a Machine,
    pub(super) directory: &'a Directory,
    pub(super) zone: &'a jiff::tz::TimeZone,
    /// The language of what stands around what the workflow says.
    pub(super) language: &'static str,
    /// The language of what the workflow says.
    pub(super) titles: Language,
    pub(super) refusing: Refusing<'a>,
}

impl Lines<'_> {
    pub(super) fn all(&self, shown: &Shown<'_>) -> Vec<String> {
        let dossier = shown.dossier;
        let mut rows = self.standing(dossier);
        rows.extend(dossier.tasks.iter().map(|task| {
            let mut holders: Vec<String> = task.holders.iter().map(|person| self.name(person)).collect();
            holders.sort_by_cached_key(|name| sort_key(name));
            let people =
                holders.into_iter().chain(task.stand_ins.iter().map(|one| self.stand_in(one))).collect::<Vec<_>>();
            (say!(show.asked), format!("{} ({})", people.join(", "), self.say(&purpose(task.purpose))))
        }));
        rows.extend(shown.said.iter().map(|said| {
            let (kind, status) = explain::mail_said(self.language, said, &|at| self.minute(at));
            let (at, person) = (self.minute(said.not_before_at), self.name(&PersonId::new(&said.person)));
            (say!(show.mail), format!("{at}  {kind}  {person}: {status}"))
        }));
        rows.extend(shown.undelivered.iter().map(|one| {
            let to = match &one.to {
                Recipient::Dossier(id) => Words::plain(short(id)),
                Recipient::New { workflow, .. } | Recipient::List { workflow, .. } => {
                    say!(show.to_new, workflow = workflow.as_str())
                }
            };
            let how = match &one.refused {
                None => say!(show.on_its_way, to),
                Some(why) => say!(show.refused, to, why),
            };
            (say!(show.message), self.say(&how))
        }));
        let rows: Vec<(String, String)> = rows.into_iter().map(|(label, text)| (self.say(&label), text)).collect();
        let width = rows.iter().map(|(label, _)| label.chars().count()).max().unwrap_or_default();
        let first = format!("{}  {}  {}", dossier.id, self.text(&self.machine.title), dossier.caption);
        let rows = rows.iter().map(|(label, text)| format!("  {label:<width$}  {text}").trim_end().to_owned());
        std::iter::once(first).chain(rows).chain(self.history(dossier, shown.history)).collect()
    }

    fn standing(&self, dossier: &Dossier) -> Vec<(Words, String)> {
        let mut rows = Vec::new();
        rows.extend(dossier.outcome.as_ref().map(|outcome| (say!(show.ended), self.outcome(outcome))));
        rows.extend(dossier.active.iter().map(|active| {
            let due = active.due_at.map_or_else(String::new, |at| self.say(&say!(show.due, at = self.minute(at))));
            (say!(show.stands), format!("{} {}{due}", active.state, self.state(&active.state)))
        }));
        if let Some(stuck) = &dossier.stuck {
            let (since, again) = (self.minute(stuck.since_at), self.minute(stuck.again_at));
            let what = say!(show.stuck_since, what = timer(&stuck.what), since, n = stuck.tries, again);
            rows.push((say!(show.stuck), self.say(&what)));
            rows.extend(stuck.reasons.iter().map(|reason| (Words::plain(""), self.refusing.reason(reason))));
        }
        rows.extend(
            dossier.parent.iter().map(|one| (say!(show.parent), format!("{} {}", one.workflow, short(&one.dossier)))),
        );
        rows.extend(dossier.children.iter().map(|child| {
            let rule = self.machine.children.get(&child.children);
            let called = |result: &String| {
                let label = rule.and_then(|rule| rule.results.get(result)).map(|label| self.text(label));
                label.unwrap_or(result).to_owned()
            };
            let result = child.result.as_ref().map_or_else(|| "-".to_owned(), called);
            let label = rule.map_or(child.children.as_str(), |rule| self.text(&rule.label));
            (say!(show.child), format!("{}  {label}  {}: {result}", short(&child.dossier), child.caption))
        }));
        rows.extend(
            dossier.paused.iter().map(|one| (say!(show.paused), format!("{} {}", one.state, self.state(&one.state)))),
        );
        rows.extend(dossier.grounds.iter().map(|ground| (say!(show.ground), self.text(&ground.text).to_owned())));
        rows
    }

    fn history(&self, dossier: &Dossier, events: &[Event]) -> Vec<String> {
        let kinds: Vec<String> = events.iter().map(|event| self.say(&happened(event.kind))).collect();
        let width = kinds.iter().map(|kind| kind.chars().count()).max().unwrap_or_default();
        let mut lines = Vec::new();
        for (event, kind) in events.iter().zip(&kinds) {
            let (at, who) = (self.minute(event.at), self.say(&self.actor(&event.actor)));
            lines.push(format!("{:>4}  {at}  {kind:<width$}  {who}", event.seq));
            let changes = event.changes.iter().flat_map(|change| self.change(dossier, change));
            lines.extend(changes.map(|what| format!("      {what}")));
        }
        lines
    }

    fn change(&self, dossier: &Dossier, change: &Change) -> Vec<String> {
        let because = |reason: &Option<String>| reason.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
        let said = match change {
            Change::Did { event, reason, .. } => Words::plain(format!("{event}{}", because(reason))),
            Change::Entered { state, .. } => Words::plain(format!("-> {state} {}", self.state(state)).trim_end()),
            Change::Migrated { machine, active, .. } => {
                let hash = machine.as_str();
                let states: Vec<&str> = active.iter().map(|one| one.state.as_str()).collect();
                say!(show.version, version = hash[..hash.len().min(12)], states = states.join(" > "))
            }
            Change::Done(deed) => match &deed.on_behalf {
                Some(of) => say!(show.on_behalf, person = self.name(of)),
                None => return Vec::new(),
            },
            Change::Corrected { fields, reason, .. } => return self.corrected(dossier, fields, reason.as_ref()),
            Change::CutShort { reason } => say!(show.forgot, why = reason),
            Change::Forgot { reason, .. } => say!(show.forgot, why = reason),
            Change::Erased => say!(show.erased),
            Change::Expired(left) => {
                let basis = left.kept.basis.as_ref().map_or("-", |basis| basis.own());
                say!(show.expired, years = left.kept.years, basis = basis.to_owned())
            }
            Change::ResultWithdrawn { reason, .. } => say!(show.withdrew, why = reason),
            Change::Given { to, reason, .. } => say!(show.given, person = self.name(to), why = because(reason)),
            Change::Added { person, reason, .. } => say!(show.added, person = self.name(person), why = reason),
            Change::Extended { due_at, reason, .. } => say!(show.extended, at = self.minute(*due_at), why = reason),
            Change::PutOff { due_at, outage, .. } => {
                let (from, until) = (self.minute(outage.from), self.minute(outage.until));
                say!(show.put_off, at = self.minute(*due_at), from, until)
            }
            Change::Moved { due_at, .. } => say!(show.moved, at = self.minute(*due_at)),
            Change::Skipped { event, reason, .. } => say!(show.skipped, event = event.as_str(), why = reason),
            Change::Redone { reason, .. } => say!(show.redone, why = reason),
            Change::Returned { round, .. } => say!(show.round, n = round),
            Change::GivenBack { .. } => say!(show.given_back),
            Change::PassedOn { gone, come, .. } => {
                say!(show.passed_on, gone = self.names(gone), come = self.names(come))
            }
            Change::StandIns { stand_ins, .. } => {
                let all: Vec<String> = stand_ins.iter().map(|one| self.stand_in(one)).collect();
                say!(show.stand_ins, people = all.join(", "))
            }
            Change::Assistants { assistants, .. } => {
                let one = |one: &Assistant| say!(show.for, person = self.name(&one.person), of = self.name(&one.of));
                let all: Vec<String> = assistants.iter().map(|each| self.say(&one(each))).collect();
                say!(show.assistants, people = all.join(", "))
            }
            Change::Prepared(one) => Words::plain(format!("{}{}", one.event, because(&one.reason))),
            Change::Stuck(stuck) => {
                let why: Vec<String> = stuck.reasons.iter().map(|reason| self.refusing.reason(reason)).collect();
                say!(show.cannot, what = timer(&stuck.what), why = why.join("; "))
            }
            Change::Reached(milestone) => say!(show.reached, milestone),
            Change::Finished(outcome) => say!(show.finished, outcome = self.outcome(outcome)),
            _ => return Vec::new(),
        };
        vec![self.say(&said)]
    }

    /// Each field with what it said and what it says, and why.
    fn corrected(
        &self,
        dossier: &Dossier,
        fields: &std::collections::BTreeMap<FieldName, Corrected>,
        reason: Option<&String>,
    ) -> Vec<String> {
        let one = |(name, Corrected { before, after }): (&FieldName, &Corrected)| {
            let (field, before, after) =
                (self.field(name), self.value(name, before, dossier), self.value(name, after, dossier));
            self.say(&say!(show.corrected, field, before, after))
        };
        let why = reason.map(|why| self.say(&say!(show.reason, why)));
        fields.iter().map(one).chain(why).collect()
    }

    fn value(&self, name: &FieldName, value: &Value, dossier: &Dossier) -> String {
        let words = crate::words::Words::of(self.titles.as_str());
        let voice = Voice {
            machine: self.machine,
            directory: self.directory,
            language: &self.titles,
            words,
            date: crate::words::Words::date_short,
            unknown: "…",
            between: "; ",
        };
        let said = match self.machine.field(name) {
            Some(field) => voice.value(field, value, dossier),
            None => value.as_str().map_or_else(|| value.to_string(), str::to_owned),
        };
        if said.is_empty() { self.say(&say!(show.nothing)) } else { said }
    }

    fn actor(&self, actor: &Actor) -> Words {
        let who = actor.person().map(|person| self.name(person)).unwrap_or_default();
        match actor {
            Actor::Link(_) => say!(actor.link, who),
            Actor::LinkPin(_) => say!(actor.link_pin, who),
            Actor::Session(_) => say!(actor.session, who),
            Actor::SessionPin(_) => say!(actor.session_pin, who),
            Actor::Operator { .. } => say!(actor.operator, who),
            Actor::Import { .. } => say!(actor.import),
            Actor::Migration { .. } => say!(actor.migration),
            Actor::Clock => say!(actor.clock),
            Actor::Public | Actor::Caller(_) => say!(actor.public),
            Actor::Dossier(id) => say!(actor.dossier, id = short(id)),
        }
    }

    fn say(&self, words: &Words) -> String {
        words.text(self.language)
    }

    fn text<'t>(&self, text: &'t Text) -> &'t str {
        text.in_language(&self.titles)
    }

    fn state(&self, id: &StateId) -> &str {
        self.machine.state(id).map_or("", |state| self.text(&state.title))
    }

    fn field(&self, name: &FieldName) -> String {
        self.machine.field(name).map_or_else(|| name.to_string(), |field| self.text(&field.label).to_owned())
    }

    /// What an end is called, and its word.
    fn outcome(&self, outcome: &str) -> String {
        match self.machine.outcome_title(outcome).map(|title| self.text(title)).filter(|title| !title.is_empty()) {
            Some(title) => format!("{title} ({outcome})"),
            None => outcome.to_owned(),
        }
    }

    /// On the wall clock of the workflow's calendar.
    fn minute(&self, at: Instant) -> String {
        self.zone.to_datetime(at.timestamp()).strftime("%Y-%m-%d %H:%M").to_string()
    }

    fn name(&self, person: &PersonId) -> String {
        self.directory.people.get(person).map_or_else(|| format!("({person})"), |person| person.name.clone())
    }

    fn names(&self, people: &[PersonId]) -> String {
        people.iter().map(|one| self.name(one)).collect::<Vec<_>>().join(", ")
    }

    fn stand_in(&self, one: &StandIn) -> String {
        self.say(&say!(show.for, person = self.name(&one.person), of = self.name(&one.of)))
    }
}

fn purpose(purpose: Purpose) -> Words {
    match purpose {
        Purpose::Act => say!(purpose.act),
        Purpose::Ballot => say!(purpose.ballot),
        Purpose::Tally => say!(purpose.tally),
        Purpose::Confirm => say!(purpose.confirm),
        Purpose::Attendance => say!(purpose.attendance),
        Purpose::Lead => say!(purpose.lead),
        Purpose::Object => say!(purpose.object),
        Purpose::Prepare => say!(purpose.prepare),
    }
}

fn timer(what: &TimerKind) -> Words {
    match what {
        TimerKind::After(_) => say!(timer.after),
        TimerKind::Remind(_) => say!(timer.remind),
        TimerKind::Deadline => say!(timer.deadline),
        TimerKind::Escalate => say!(timer.escalate),
        TimerKind::VoteEnds => say!(timer.vote_ends),
        TimerKind::PostingEnds => say!(timer.posting_ends),
    }
}

pub(super) fn happened(kind: Kind) -> Words {
    match kind {
        Kind::Started => say!(happened.started),
        Kind::Acted => say!(happened.acted),
        Kind::Prepared => say!(happened.prepared),
        Kind::Recalled => say!(happened.recalled),
        Kind::Edited => say!(happened.edited),
        Kind::Assigned => say!(happened.assigned),
        Kind::Led => say!(happened.led),
        Kind::Attended => say!(happened.attended),
        Kind::Cast => say!(happened.cast),
        Kind::Tallied => say!(happened.tallied),
        Kind::Confirmed => say!(happened.confirmed),
        Kind::Corrected => say!(happened.corrected),
        Kind::Withdrawn => say!(happened.withdrawn),
        Kind::Migrated => say!(happened.migrated),
        Kind::Noted => say!(happened.noted),
        Kind::Acknowledged => say!(happened.acknowledged),
        Kind::Received => say!(happened.received),
        Kind::Forgotten => say!(happened.forgotten),
        Kind::Ended => say!(happened.cut_short),
        Kind::Expired => say!(happened.expired),
        Kind::Knocked => say!(happened.knocked),
        Kind::Objected => say!(happened.objected),
        Kind::Settled => say!(happened.settled),
        Kind::Due => say!(happened.due),
        Kind::Stuck => say!(happened.stuck),
    }
}

/// Enough of an id to name it, as [`super::show`] takes it.
fn short(id: &DossierId) -> &str {
    let id = id.as_str();
    id.get(..ID_LETTERS).unwrap_or(id)
}
