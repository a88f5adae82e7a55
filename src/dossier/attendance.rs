//! Who is there at a vote: a record that is kept until the vote is closed, and by which those who are absent are asked for a
//! written ballot.

use serde::{Deserialize, Serialize};

use super::count::reached;
use super::{Purpose, Round, Seat, Vote};
use crate::ids::{Instant, PersonId, RoleName};
use crate::machine::ShareOf;

/// Whether a member is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Attends {
    /// In the room, or connected to it.
    Present,
    /// Absent, and has said why.
    Excused,
    /// Absent.
    Absent,
}

impl Attends {
    /// All of them, in the order of a sheet.
    pub const ALL: [Self; 3] = [Self::Present, Self::Excused, Self::Absent];

    /// Its name in forms and files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Present => "present",
            Self::Excused => "excused",
            Self::Absent => "absent",
        }
    }

    /// The one of this name.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }
}

/// The record of who is there: what it says of each member stands on the roll.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Attendance {
    /// Who keeps it.
    pub records: RoleName,
    /// The event that changed it last; 0 as long as there is none.
    #[serde(default)]
    pub seq: i64,
    /// Ballots were given out; none as long as too few are there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub given_out: Option<GivenOut>,
}

/// Ballots were given out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GivenOut {
    /// Until when those who are there vote; none on paper.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until_at: Option<Instant>,
    /// Until when those who are not there may send a written ballot; none if they may not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub written_until_at: Option<Instant>,
}

impl Attendance {
    /// A record that nobody has begun.
    pub fn kept_by(records: RoleName) -> Self {
        Self { records, seq: 0, given_out: None }
    }
}

impl Vote {
    /// Members are recorded as there, or not, and those who are there vote: but for the chair's own decision.
    pub fn is_attended(&self) -> bool {
        self.attendance.is_some() && self.round != Round::Casting
    }

    /// No ballot has been given out: it is waited for those who are to be there.
    pub fn gathers(&self) -> bool {
        self.is_attended() && self.attendance.as_ref().is_some_and(|record| record.given_out.is_none())
    }

    /// How many are there; none where nobody records it.
    pub fn present(&self) -> Option<usize> {
        self.attendance.as_ref().map(|_| self.roll.iter().filter(|seat| seat.is_present()).count())
    }

    /// How many members are a quorum; none where that cannot be said beforehand.
    pub fn quorum_of(&self) -> Option<u32> {
        let ShareOf::Fixed(share) = self.rule.quorum.share else { return None };
        let members = u32::try_from(self.roll.len()).ok()?;
        (1..=members).find(|part| reached(self.rule.quorum.more_than, share, *part, members))
    }

    /// Who was there, once somebody has recorded it.
    pub fn attended(&self) -> Vec<(PersonId, Attends)> {
        self.roll.iter().filter_map(|seat| Some((seat.person.clone(), seat.attends?))).collect()
    }

    /// Whether a member may send a written ballot because they are not there.
    pub fn votes_in_writing(&self, person: &PersonId) -> bool {
        let absent = |seat: &Seat| seat.attends.is_some_and(|attends| attends != Attends::Present);
        self.is_attended() && self.roll.iter().any(|seat| &seat.person == person && absent(seat))
    }
}

impl Seat {
    /// Recorded as there.
    pub fn is_present(&self) -> bool {
        self.attends == Some(Attends::Present)
    }
}

impl super::Dossier {
    /// Whether nobody waits for this: a record of who is there stays open until the vote is closed, and is waited for only
    /// until ballots are given out.
    pub(super) fn is_only_kept(&self, task: &super::Task) -> bool {
        let gathers = |vote: &Vote| vote.gathers();
        task.purpose == Purpose::Attendance && !self.vote(task.activation).is_some_and(gathers)
    }
}
