//! What has happened, in plain words: one entry for each event, the newest first. Who acted is said as truthfully as it is
//! known: "by the link sent to them". What was chosen in a secret vote is in no event and so on no page.

use std::collections::BTreeMap;

use serde::Serialize;

use super::super::reader::Reader;
use super::{changes, children};
use crate::calendar::Outage;
use crate::dossier::command::Actor;
use crate::dossier::event::{Change, Corrected, Event, Kind};
use crate::dossier::revision::{self, Difference, Revision};
use crate::dossier::{Assistant, Attends, Dossier, Round, RowStatus, StandIn, TimerKind, VoteResult};
use crate::ids::{DossierId, EventName, FieldName, Instant, PersonId, StateId};

/// One event.
#[derive(Debug, Serialize)]
pub(crate) struct Entry {
    at: String,
    who: String,
    what: String,
    lines: Vec<String>,
}

/// All events, the newest first. Events that changed nothing that can be said are left out.
pub(crate) fn history(reader: &Reader, dossier: &Dossier, events: &[Event]) -> Vec<Entry> {
    let mut revised = revised(reader, dossier, events);
    let entry = |event: &Event| Entry {
        at: reader.moment(event.at),
        who: who(reader, &event.actor),
        what: did(reader, event, events),
        lines: [lines(reader, dossier, event), revised.remove(&event.seq).unwrap_or_default()].concat(),
    };
    let entries = events.iter().rev().map(entry);
    entries.filter(|entry| !entry.what.is_empty() || !entry.lines.is_empty()).collect()
}

/// For each submission after the first: what is different from the one before.
fn revised(reader: &Reader, dossier: &Dossier, events: &[Event]) -> BTreeMap<i64, Vec<String>> {
    let revisions = revision::revisions(events);
    let said = |pair: &[Revision]| {
        let [before, after] = pair else { return None };
        let difference = Difference::between(&before.content, &after.content);
        let holes = [("n", after.number.to_string()), ("before", before.number.to_string())];
        let holes: Vec<(&str, &str)> = holes.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let mut lines = vec![reader.texts.fill("change.revision", &holes)];
        lines.extend(changes::lines(reader, dossier, &difference));
        (!difference.is_empty()).then_some((after.seq, lines))
    };
    revisions.windows(2).filter_map(said).collect()
}

/// Who caused it, and how we know.
pub(crate) fn who(reader: &Reader, actor: &Actor) -> String {
    let person = actor.person().map(|person| reader.name(person)).unwrap_or_default();
    let key = match actor {
        Actor::Link(_) => "did.by_link",
        Actor::LinkPin(_) => "did.by_link_pin",
        Actor::Session(_) => "did.by_session",
        Actor::SessionPin(_) => "did.by_session_pin",
        Actor::Operator { .. } => "did.by_operator",
        Actor::Import { .. } => "did.by_import",
        Actor::Migration { .. } => "did.by_migration",
        Actor::Clock => "did.by_clock",
        Actor::Public | Actor::Caller(_) => "did.by_public",
        Actor::Dossier(_) => "did.by_dossier",
    };
    reader.texts.fill(key, &[("who", &person)])
}

/// What was done, as the end of a sentence, and on whose behalf; empty for what nobody did.
pub(crate) fn did(reader: &Reader, event: &Event, events: &[Event]) -> String {
    let what = done(reader, event, events);
    let behalf = event.changes.iter().find_map(|change| match change {
        Change::Done(deed) if event.actor.person() == Some(&deed.person) => deed.on_behalf.as_ref(),
        _ => None,
    });
    match behalf {
        Some(of) => reader.texts.fill("did.on_behalf", &[("what", &what), ("who", &reader.name(of))]),
        None => what,
    }
}

fn done(reader: &Reader, event: &Event, events: &[Event]) -> String {
    match event.kind {
        Kind::Started => reader.get("did.started"),
        Kind::Edited => reader.get("did.edited"),
        Kind::Assigned => assigned(reader, event),
        Kind::Led => led(reader, event),
        Kind::Attended => reader.get("did.attended"),
        Kind::Knocked => reader.get("did.knocked"),
        Kind::Objected => reader.get("did.objected"),
        Kind::Settled => reader.get("did.settled"),
        Kind::Cast => reader.get("did.cast"),
        Kind::Tallied => reader.get("did.tallied"),
        Kind::Confirmed if event.changes.iter().any(|change| matches!(change, Change::Disputed(_))) => {
            reader.get("did.disputed")
        }
        Kind::Confirmed => reader.get("did.confirmed"),
        Kind::Acted => reader.texts.fill("did.chose", &[("label", &chosen(reader, event, events))]),
        Kind::Prepared => reader.get("did.prepared"),
        Kind::Recalled => reader.get("did.recalled"),
        Kind::Noted => reader.get("did.noted"),
        Kind::Acknowledged => reader.get("did.acknowledged"),
        Kind::Corrected => reader.get("did.corrected"),
        Kind::Withdrawn => reader.get("did.withdrawn"),
        Kind::Forgotten => reader.get("did.forgot"),
        Kind::Ended => reader.get("did.cut_short"),
        Kind::Expired => reader.get("did.expired"),
        Kind::Migrated | Kind::Received | Kind::Due | Kind::Stuck => String::new(),
    }
}

/// What the button said, in the state in which it was pressed.
fn chosen(reader: &Reader, event: &Event, events: &[Event]) -> String {
    let did = event.changes.iter().find_map(|change| match change {
        Change::Did { activation, event, .. } => Some((*activation, event)),
        _ => None,
    });
    let Some((activation, name)) = did else { return reader.get("did.choice") };
    let state = events.iter().flat_map(|event| &event.changes).find_map(|change| match change {
        Change::Entered { activation: entered, state, .. } if *entered == activation => Some(state),
        _ => None,
    });
    let of_state = state.and_then(|state| reader.machine.state(state));
    let said = |name: &EventName, on: &[crate::machine::Transition]| {
        on.iter().find(|one| one.event.as_ref() == Some(name)).map(|one| reader.text(&one.label).to_owned())
    };
    of_state
        .and_then(|state| said(name, &state.on))
        .or_else(|| reader.machine.states.iter().find_map(|state| said(name, &state.on)))
        .filter(|label| !label.is_empty())
        .unwrap_or_else(|| reader.get("did.choice"))
}

/// The reason that was given with it.
pub(crate) fn reason(event: &Event) -> Option<&str> {
    event.changes.iter().find_map(|change| match change {
        Change::Did { reason, .. } | Change::Given { reason, .. } => reason.as_deref(),
        Change::Added { reason, .. }
        | Change::Extended { reason, .. }
        | Change::Skipped { reason, .. }
        | Change::Redone { reason, .. } => Some(reason),
        _ => None,
    })
}

/// What whoever leads a step did.
fn led(reader: &Reader, event: &Event) -> String {
    let said = event.changes.iter().find_map(|change| match change {
        Change::Added { person, .. } => Some(reader.texts.fill("did.added", &[("who", &reader.name(person))])),
        Change::Extended { due_at, .. } => {
            let when = reader.words.by_long(*due_at, reader.calendar.zone());
            Some(reader.texts.fill("did.extended", &[("when", &when)]))
        }
        Change::Skipped { .. } => Some(reader.get("did.skipped")),
        Change::Redone { .. } => Some(reader.get("did.redone")),
        Change::TookDown { person, .. } => Some(reader.texts.fill("did.took_down", &[("who", &reader.name(person))])),
        _ => None,
    });
    said.unwrap_or_default()
}

/// How a task passed on.
fn assigned(reader: &Reader, event: &Event) -> String {
    let given = event.changes.iter().find_map(|change| match change {
        Change::Given { to, .. } => Some(to),
        _ => None,
    });
    match given {
        Some(to) if event.actor.person() == Some(to) => reader.get("did.claimed"),
        Some(to) => reader.texts.fill("did.gave", &[("who", &reader.name(to))]),
        None if event.changes.iter().any(is_by_directory) => String::new(),
        None => reader.get("did.released"),
    }
}

/// Nobody did anything: the directory says that others are asked.
fn is_by_directory(change: &Change) -> bool {
    matches!(change, Change::StandIns { .. } | Change::Assistants { .. } | Change::PassedOn { .. })
}

/// A date that moved, and why, if nobody could reach the pages.
fn date_moved(reader: &Reader, due_at: Instant, outage: Option<Outage>) -> String {
    let when = reader.words.by_long(due_at, reader.calendar.zone());
    let Some(outage) = outage else { return reader.texts.fill("did.moved", &[("when", &when)]) };
    let (from, until) = (reader.moment(outage.from), reader.moment(outage.until));
    reader.texts.fill("did.put_off", &[("when", &when), ("from", &from), ("until", &until)])
}

fn lines(reader: &Reader, dossier: &Dossier, event: &Event) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let texts = reader.texts;
    for change in &event.changes {
        let line = match change {
            Change::Set(fields) if event.kind != Kind::Started => {
                let labels: Vec<&str> = fields
                    .keys()
                    .filter_map(|name| reader.machine.field(name))
                    .map(|field| reader.text(&field.label))
                    .collect();
                (!labels.is_empty()).then(|| texts.fill("did.fields", &[("labels", &labels.join(", "))]))
            }
            Change::Corrected { fields, reason, .. } => {
                let said = |(name, one): (&FieldName, &Corrected)| {
                    changes::line(reader, dossier, name, &one.before, &one.after)
                };
                lines.extend(fields.iter().map(said));
                reason.as_ref().map(|reason| texts.fill("did.reason", &[("reason", reason)]))
            }
            Change::Noted(note) => {
                let thread = reader.paper_kind(&note.thread);
                Some(texts.fill("did.note", &[("thread", &thread), ("text", &note.text)]))
            }
            Change::Returned { round, .. } => {
                let stands = dossier.results.iter().any(|result| result.stands);
                let key = if stands { "did.round_stands" } else { "did.round" };
                Some(texts.fill(key, &[("n", &round.to_string())]))
            }
            Change::VoteStands { vote, .. } => {
                let result = dossier.results.iter().find(|result| result.activation == *vote);
                result.map(|result| texts.fill("did.vote_stands", &[("when", &reader.moment(result.at))]))
            }
            Change::VotesFell => Some(reader.get("did.votes_fell")),
            Change::ResultWithdrawn { reason, .. } => Some(texts.fill("did.reason", &[("reason", reason)])),
            Change::Filed(papers) => {
                let names: Vec<String> = papers.iter().map(|paper| reader.paper_kind(&paper.kind)).collect();
                Some(texts.fill("did.papers", &[("names", &names.join(", "))]))
            }
            Change::Did { reason: Some(reason), .. }
            | Change::Given { reason: Some(reason), .. }
            | Change::Added { reason, .. }
            | Change::Extended { reason, .. }
            | Change::Skipped { reason, .. }
            | Change::Redone { reason, .. } => Some(texts.fill("did.reason", &[("reason", reason)])),
            // A person's reason was said with what they did.
            Change::Grounds(grounds) if event.kind != Kind::Acted => {
                let said: Vec<&str> = grounds.iter().map(|ground| reader.text(&ground.text)).collect();
                Some(said.join("\n"))
            }
            Change::Fired { what, tell, .. } => Some(fired(reader, what, tell)),
            Change::StandIns { stand_ins, .. } => Some(stood_in(reader, stand_ins)),
            Change::Assistants { assistants, .. } => Some(assisted(reader, assistants)),
            Change::PassedOn { gone, holders, .. } => Some(passed_on(reader, gone, holders)),
            // That it is tried again and again is no news.
            Change::Stuck(stuck) => (stuck.tries == 1).then(|| reader.get("did.stuck")),
            Change::Paused { .. } => Some(reader.get("did.paused")),
            Change::Resumed { .. } => Some(reader.get("did.resumed")),
            Change::VoteOpened { rule, roll, .. } => {
                let members = roll.len().to_string();
                Some(texts.fill("did.vote_opened", &[("title", reader.text(&rule.title)), ("n", &members)]))
            }
            Change::RowPapers { row, .. } if is_pinned_otherwise(dossier, change) => {
                let caption = dossier.row(row).map(|row| row.caption.as_str()).unwrap_or_default();
                Some(texts.fill("did.papers_changed", &[("caption", caption)]))
            }
            // Which part is nobody's business but theirs: with few ballots in it, its totals would say what was in them.
            Change::MarkedPart { .. } => Some(reader.get("did.cast_part")),
            Change::Attended { seats, .. } => Some(attended(reader, seats)),
            Change::PutOff { due_at, outage, .. } => Some(date_moved(reader, *due_at, Some(*outage))),
            Change::Moved { due_at, .. } => Some(date_moved(reader, *due_at, None)),
            Change::VotedAgain { round: Round::Casting, .. } => Some(reader.get("did.vote_casting")),
            Change::VotedAgain { rows, .. } => Some(texts.fill("did.vote_again", &[("n", &rows.len().to_string())])),
            Change::AskedInWriting { present, due_at, .. } => {
                let holes = [("n", present.to_string()), ("when", reader.moment(*due_at))];
                Some(texts.fill("did.asked_in_writing", &[("n", &holes[0].1), ("when", &holes[1].1)]))
            }
            Change::SeatsLost { people, .. } => {
                let names: Vec<String> = people.iter().map(|person| reader.name(person)).collect();
                Some(texts.fill("did.seats_lost", &[("who", &names.join(", "))]))
            }
            Change::VoteClosed(result) => Some(closed(reader, result)),
            Change::Described { caption, .. } => Some(texts.fill("did.joined", &[("caption", caption)])),
            Change::Rows(rows) => Some(moved(reader, rows)),
            Change::ChildCalled { caption, .. } => Some(texts.fill("did.child_opened", &[("name", caption)])),
            Change::ChildStands { dossier: id, result, .. } => child_stands(reader, dossier, id, result.as_deref()),
            Change::NotBack { children, .. } => not_back(reader, dossier, children),
            Change::Silent { people, .. } => Some(silent(reader, people)),
            Change::Erased => Some(reader.get("did.erased")),
            change => of_posting(reader, change),
        };
        lines.extend(line.filter(|line| !line.is_empty()));
    }
    if event.kind == Kind::Received && lines.is_empty() && entered(reader, event).is_some() {
        lines.push(reader.get("did.received"));
    }
    lines.extend(entered(reader, event));
    lines
}

/// A row said that its papers are others than those that it is voted on, or was.
fn is_pinned_otherwise(dossier: &Dossier, change: &Change) -> bool {
    let Change::RowPapers { row, papers } = change else { return false };
    let voting = dossier.all_votes().flat_map(|vote| &vote.rows).find(|one| &one.row == row);
    let voted = || dossier.results.iter().rev().flat_map(|result| &result.rows).find(|one| &one.row == row);
    let pinned = voting.map(|one| one.papers.as_ref()).or_else(|| voted().map(|one| one.papers.as_ref())).flatten();
    pinned.is_some_and(|pinned| pinned.seq < papers.seq && !pinned.is_same(papers))
}

/// Who is there, as somebody recorded it, and who is not, by name.
fn attended(reader: &Reader, seats: &BTreeMap<PersonId, Attends>) -> String {
    let those =
        |wanted: Attends| seats.iter().filter(move |(_, attends)| **attends == wanted).map(|(person, _)| person);
    let present = those(Attends::Present).count().to_string();
    let holes = [("n", present.as_str()), ("members", &seats.len().to_string())];
    let mut lines = vec![reader.texts.fill("attendance.there", &holes)];
    for (attends, key) in [(Attends::Excused, "did.excused"), (Attends::Absent, "did.absent")] {
        let names: Vec<String> = those(attends).map(|person| reader.name(person)).collect();
        if !names.is_empty() {
            lines.push(reader.texts.fill(key, &[("who", &names.join(", "))]));
        }
    }
    lines.join("\n")
}

/// How a child stands.
fn child_stands(reader: &Reader, dossier: &Dossier, id: &DossierId, result: Option<&str>) -> Option<String> {
    let (child, rule) = children::find(reader, dossier, id)?;
    let Some(result) = result else { return Some(reader.texts.fill("did.child_open", &[("name", &child.caption)])) };
    let result = children::said(reader, rule, result);
    Some(reader.texts.fill("did.child_stands", &[("name", &child.caption), ("result", &result)]))
}

/// What happened to a matter that is posted.
fn of_posting(reader: &Reader, change: &Change) -> Option<String> {
    let texts = reader.texts;
    match change {
        Change::Entered { state, due_at: Some(due), .. } if is_posted(reader, state) => {
            let until = reader.words.by_long(*due, reader.calendar.zone());
            Some(texts.fill("did.posted", &[("until", &until)]))
        }
        // To whom it is not said whose it is.
        Change::Objected(one) if one.person.as_str().is_empty() => {
            let key = if one.by.is_some() { "did.unnamed_on_paper" } else { "did.unnamed_by_link" };
            Some(texts.fill(key, &[("n", &(one.place + 1).to_string())]))
        }
        Change::Objected(one) => {
            let key = if one.by.is_some() { "did.objected_on_paper" } else { "did.objected_by_link" };
            Some(texts.fill(key, &[("who", &reader.name(&one.person)), ("n", &(one.place + 1).to_string())]))
        }
        Change::Settled { place, accepted, .. } => {
            let key = if *accepted { "did.objection_accepted" } else { "did.objection_rejected" };
            Some(texts.fill(key, &[("n", &(place + 1).to_string())]))
        }
        _ => None,
    }
}

/// Whether the matter is posted in a state.
fn is_posted(reader: &Reader, state: &StateId) -> bool {
    reader.machine.state(state).is_some_and(|state| state.posting.is_some())
}

/// Who had not come back when the time was over.
fn silent(reader: &Reader, people: &[PersonId]) -> String {
    let names: Vec<String> = people.iter().map(|person| reader.name(person)).collect();
    reader.texts.fill("did.silent", &[("names", &names.join(", "))])
}

fn not_back(reader: &Reader, dossier: &Dossier, ids: &[DossierId]) -> Option<String> {
    let names: Vec<&str> = ids.iter().filter_map(|id| Some(dossier.child(id)?.caption.as_str())).collect();
    (!names.is_empty()).then(|| reader.texts.fill("did.not_back", &[("names", &names.join(", "))]))
}

/// Where it came to rest with this event: the last state entered, and the end if it is one.
fn entered(reader: &Reader, event: &Event) -> Option<String> {
    let state = event.changes.iter().rev().find_map(|change| match change {
        Change::Entered { state, .. } => Some(reader.state(state)),
        _ => None,
    });
    let finished = event.changes.iter().any(|change| matches!(change, Change::Finished(_)));
    let state = state.filter(|state| !state.is_empty())?;
    Some(if finished {
        reader.texts.fill("did.finished", &[("outcome", &state)])
    } else {
        reader.texts.fill("did.to", &[("state", &state)])
    })
}

fn fired(reader: &Reader, what: &TimerKind, tell: &[crate::ids::PersonId]) -> String {
    match what {
        TimerKind::After(_) | TimerKind::Deadline => reader.get("did.due"),
        TimerKind::Remind(_) => reader.get("did.reminded"),
        TimerKind::VoteEnds => reader.get("did.vote_ends"),
        TimerKind::PostingEnds => reader.get("did.posting_ends"),
        TimerKind::Escalate => {
            let names: Vec<String> = tell.iter().map(|person| reader.name(person)).collect();
            reader.texts.fill("did.escalated", &[("who", &names.join(", "))])
        }
    }
}

pub(crate) fn closed(reader: &Reader, result: &VoteResult) -> String {
    if !result.quorate {
        return reader.get("did.no_quorum");
    }
    if let [row] = result.rows.as_slice() {
        let (yes, no, abstain) = (row.yes.to_string(), row.no.to_string(), row.abstain.to_string());
        let passed = reader.get(if row.passed { "did.result_passed" } else { "did.result_failed" });
        let holes = [("yes", yes.as_str()), ("no", &no), ("abstain", &abstain), ("result", &passed)];
        return reader.texts.fill("did.passed_one", &holes);
    }
    let passed = result.rows.iter().filter(|row| row.passed).count().to_string();
    let all = result.rows.len().to_string();
    reader.texts.fill("did.passed", &[("passed", &passed), ("all", &all)])
}

fn moved(reader: &Reader, rows: &[(crate::ids::DossierId, RowStatus)]) -> String {
    let kinds = [
        (RowStatus::Rejected, "did.rows_rejected"),
        (RowStatus::Struck, "did.rows_struck"),
        (RowStatus::Returned, "did.rows_returned"),
        (RowStatus::Postponed, "did.rows_postponed"),
        (RowStatus::Apart, "did.rows_apart"),
        (RowStatus::Left, "did.rows_left"),
        (RowStatus::Released, "did.rows_released"),
    ];
    let said = kinds.iter().filter_map(|(status, key)| {
        let n = rows.iter().filter(|(_, moved)| moved == status).count();
        (n > 0).then(|| reader.texts.fill(key, &[("n", &n.to_string())]))
    });
    said.collect::<Vec<_>>().join("\n")
}

/// Where the dossier stands now, in the words of its workflow.
pub(crate) fn stands(reader: &Reader, dossier: &Dossier) -> String {
    let leaves = dossier.leaves().map(|active| reader.state(&active.state));
    leaves.collect::<Vec<_>>().join(" + ")
}

/// Who prepares whose answers from now on.
fn assisted(reader: &Reader, assistants: &[Assistant]) -> String {
    let one = |one: &Assistant| {
        let (who, of) = (reader.name(&one.person), reader.name(&one.of));
        reader.texts.fill("did.assists", &[("who", &who), ("of", &of)])
    };
    if assistants.is_empty() {
        return reader.get("did.assists_no_more");
    }
    assistants.iter().map(one).collect::<Vec<_>>().join("\n")
}

/// Who stands in for whom from now on.
fn stood_in(reader: &Reader, stand_ins: &[StandIn]) -> String {
    let one = |one: &StandIn| {
        let (who, of) = (reader.name(&one.person), reader.name(&one.of));
        reader.texts.fill("did.stands_in", &[("who", &who), ("of", &of)])
    };
    if stand_ins.is_empty() {
        return reader.get("did.stands_in_no_more");
    }
    stand_ins.iter().map(one).collect::<Vec<_>>().join("\n")
}

/// Who was asked, and who is asked instead of them.
fn passed_on(reader: &Reader, gone: &[PersonId], holders: &[PersonId]) -> String {
    let names = |people: &[PersonId]| people.iter().map(|one| reader.name(one)).collect::<Vec<_>>().join(", ");
    reader.texts.fill("did.passed_on", &[("from", &names(gone)), ("to", &names(holders))])
}
