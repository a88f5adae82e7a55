//! Sheets that are cast in parts: each part is final by itself, and the roll remembers which parts a member has cast.

use super::{Seat, Vote, VoteRow};
use crate::ids::{DossierId, PersonId};

impl VoteRow {
    /// The part of the sheet on which it stands; without a name where sheets are not split.
    pub fn part(&self) -> &str {
        self.part.as_deref().unwrap_or_default()
    }
}

impl Vote {
    /// The parts of the sheet of a member, in the order in which their rows stand there; those of rows that are their own case are
    /// left out. Of everybody's sheet for none.
    pub fn parts(&self, person: Option<&PersonId>) -> Vec<&str> {
        let mut parts: Vec<&str> = Vec::new();
        for row in self.rows.iter().filter(|row| person.is_none_or(|person| !row.own.contains(person))) {
            if !parts.contains(&row.part()) {
                parts.push(row.part());
            }
        }
        parts
    }

    /// The part on which a row stands.
    pub fn part_of(&self, row: &DossierId) -> Option<&str> {
        self.rows.iter().find(|one| &one.row == row).map(VoteRow::part)
    }

    /// How many have voted, as far as a quorum is asked for: in the part in which the fewest have.
    pub fn took_part(&self) -> u32 {
        let in_part = |part: &str| self.roll.iter().filter(|seat| seat.has_cast(part)).count();
        let fewest = self.parts(None).into_iter().map(in_part).min().unwrap_or_default();
        u32::try_from(fewest).unwrap_or(u32::MAX)
    }
}

impl Seat {
    /// Whether a part of their ballot is in the box, or there is nothing in it on which they may vote.
    pub fn has_cast(&self, part: &str) -> bool {
        self.cast || self.parts.contains(part)
    }

    /// Nothing of theirs is in the box.
    pub fn is_untouched(&self) -> bool {
        !self.cast && self.parts.is_empty()
    }
}
