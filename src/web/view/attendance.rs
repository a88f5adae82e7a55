//! Who is there at a vote, and who has voted: the sheet on which it is recorded, and the list that the chair sees. What anybody
//! chose is on neither.

use serde::Serialize;

use super::super::form::Form;
use super::super::reader::Reader;
use super::capital;
use crate::dossier::{Attends, CHAIR, Dossier, Seat, Vote};
use crate::ids::Instant;

/// One member.
#[derive(Debug, Serialize)]
pub(crate) struct Member {
    id: String,
    n: usize,
    name: String,
    /// The seat, where it is not a member's plain one.
    seat: String,
    /// What is marked, by its name in forms.
    pub(crate) mark: String,
    marked: String,
    voted: bool,
    /// Some parts of the ballot are in the box, and not all: how many of how many.
    parts: String,
    /// Until when they may vote, where that is still so.
    until: String,
    pub(crate) wrong: bool,
}

/// How a vote stands, as far as the roll says it.
#[derive(Debug, Serialize)]
pub(crate) struct Turnout {
    /// One sentence each: who is there, what a quorum is, who has voted.
    said: Vec<String>,
    pub(crate) members: Vec<Member>,
    /// Ballots wait until enough are there.
    pub(crate) gathers: bool,
}

/// What may be marked.
pub(crate) fn marks(reader: &Reader) -> Vec<(&'static str, String)> {
    Attends::ALL.into_iter().map(|one| (one.name(), label(reader, one))).collect()
}

/// What officers call it.
fn label(reader: &Reader, attends: Attends) -> String {
    reader.get(match attends {
        Attends::Present => "attendance.present",
        Attends::Excused => "attendance.excused",
        Attends::Absent => "attendance.absent",
    })
}

/// How a vote stands: for whoever records who is there, and for the chair.
pub(crate) fn turnout(reader: &Reader, dossier: &Dossier, vote: &Vote, sent: Option<&Form>) -> Turnout {
    let member = |(place, seat): (usize, &Seat)| {
        let mark = seat.attends.map(Attends::name).unwrap_or_default();
        let open = |at: &Instant| !seat.cast && *at > reader.now;
        Member {
            id: seat.person.to_string(),
            n: place + 1,
            name: reader.name(&seat.person),
            seat: if seat.seat == CHAIR { reader.get("attendance.chair") } else { String::new() },
            mark: sent.map_or(mark, |form| form.get(&format!("seat.{}", seat.person))).to_owned(),
            marked: seat.attends.map(|one| label(reader, one)).unwrap_or_default(),
            voted: seat.cast,
            parts: parts(reader, vote, seat),
            until: seat.until_at.filter(open).map(|at| reader.moment(at)).unwrap_or_default(),
            wrong: false,
        }
    };
    let gathers = vote.gathers();
    Turnout { said: said(reader, dossier, vote), members: vote.roll.iter().enumerate().map(member).collect(), gathers }
}

/// How many parts of a ballot are in the box, where it is not the whole of it.
fn parts(reader: &Reader, vote: &Vote, seat: &Seat) -> String {
    if seat.cast || seat.parts.is_empty() {
        return String::new();
    }
    let (cast, all) = (seat.parts.len().to_string(), vote.parts(Some(&seat.person)).len().to_string());
    reader.texts.fill("attendance.parts", &[("cast", &cast), ("all", &all)])
}

fn said(reader: &Reader, dossier: &Dossier, vote: &Vote) -> Vec<String> {
    let fill = |key: &'static str, holes: &[(&str, String)]| {
        let holes: Vec<(&str, &str)> = holes.iter().map(|(name, value)| (*name, value.as_str())).collect();
        reader.texts.fill(key, &holes)
    };
    let members = vote.roll.len();
    let cast = vote.roll.iter().filter(|seat| seat.cast).count();
    let mut said = Vec::new();
    let there = vote.present();
    if let Some(present) = there {
        said.push(fill("attendance.there", &[("n", present.to_string()), ("members", members.to_string())]));
    }
    if let Some(needed) = vote.quorum_of() {
        let needed = needed as usize;
        // Where nobody records who is there, whoever has voted has taken part.
        let have = there.or(vote.present.map(|present| present as usize)).unwrap_or(cast);
        let missing = needed.saturating_sub(have);
        let key = match (missing, there) {
            (0, _) => "attendance.quorum_met",
            (_, Some(_)) => "attendance.quorum_missing",
            (_, None) => "attendance.quorum_missing_votes",
        };
        said.push(fill(key, &[("needed", needed.to_string()), ("missing", missing.to_string())]));
    }
    if let Some(present) = there.filter(|_| !vote.gathers() && vote.is_by_sheet()) {
        let here = vote.roll.iter().filter(|seat| seat.cast && seat.attends == Some(Attends::Present)).count();
        said.push(fill("attendance.cast_here", &[("cast", here.to_string()), ("n", present.to_string())]));
    }
    if !vote.gathers() && vote.is_by_sheet() {
        said.push(fill("ballot.turnout", &[("cast", cast.to_string()), ("members", members.to_string())]));
    }
    let closes = dossier.timers.iter().filter(|timer| timer.activation == vote.activation);
    let closes = closes.filter(|timer| timer.what == crate::dossier::TimerKind::VoteEnds).map(|timer| timer.due_at);
    if let Some(at) = closes.min().filter(|at| *at > reader.now) {
        said.push(fill("attendance.until", &[("when", reader.words.by_long(at, reader.calendar.zone()))]));
    }
    said.into_iter().map(|line| capital(&line)).collect()
}
