//! Votes: the roll and the rules as they were pinned, tallies, results. Choices of a secret vote are nowhere here.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::attendance::{Attendance, Attends};
use super::frozen::Frozen;
use crate::ids::{ActivationId, BodyCode, DossierId, Instant, PersonId, RoleName, VoteName};
use crate::machine::{Abstention, Ballot, Held, VoteRule};

/// A vote in progress: the roll and the rules as they were when it was opened. Choices are not here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Vote {
    /// Whose entry it belongs to.
    pub activation: ActivationId,
    /// Its name in the workflow.
    pub name: VoteName,
    /// The rule, pinned.
    pub rule: VoteRule,
    /// How it is held.
    pub held: Held,
    /// Which body.
    pub body: BodyCode,
    /// The members, and who has voted.
    pub roll: Vec<Seat>,
    /// What is voted on.
    pub rows: Vec<VoteRow>,
    /// Of a list, its own papers as they were when it was opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub papers: Option<Frozen>,
    /// Tallies of a vote on paper, recorded and not yet confirmed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recorded: Option<Recorded>,
    /// Choices of an open vote, by row and person.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub open: BTreeMap<DossierId, BTreeMap<PersonId, Choice>>,
    /// Where it is recorded who is there: that record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attendance: Option<Attendance>,
    /// How many took part before the absent were asked in writing; the quorum is theirs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub present: Option<u32>,
    /// Which ballot it is.
    #[serde(default, skip_serializing_if = "Round::is_first")]
    pub round: Round,
    /// What earlier ballots gave: results that stand, and those about which this ballot is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub earlier: Option<Box<VoteResult>>,
}

impl Vote {
    /// Members answer on ballot sheets: on line, and the chair always.
    pub fn is_by_sheet(&self) -> bool {
        self.held == Held::Online || self.round == Round::Casting
    }

    /// Choices lie in sealed boxes.
    pub fn is_sealed(&self) -> bool {
        self.held == Held::Online && self.rule.ballot == Ballot::Secret
    }

    /// What may be chosen.
    pub fn choices(&self) -> &'static [Choice] {
        let may_abstain = self.rule.abstention != Abstention::Refused && self.round != Round::Casting;
        if may_abstain { &[Choice::Yes, Choice::No, Choice::Abstain] } else { &[Choice::Yes, Choice::No] }
    }
}

/// Which ballot of a vote it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Round {
    /// The first.
    #[default]
    First,
    /// The chair alone decides where as many were for as against.
    Casting,
    /// Once more about what was undecided.
    Again {
        /// Of the rows, so many pass at most.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        highest: Option<u32>,
    },
}

impl Round {
    /// Whether it is the first.
    pub fn is_first(&self) -> bool {
        *self == Self::First
    }
}

/// The seat of whoever leads a body, and decides where as many are for as against.
pub const CHAIR: &str = "chair";
/// The seat of whoever keeps the papers of a body and has no vote.
pub const SECRETARY: &str = "secretary";

/// One member's seat on the roll.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Seat {
    /// The member.
    pub person: PersonId,
    /// `chair`, `member`, ...
    pub seat: String,
    /// Their ballot is in the box, all of it.
    #[serde(default)]
    pub cast: bool,
    /// The parts of it that are in the box, where sheets are split.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub parts: BTreeSet<String>,
    /// Whether they are there; none as long as nobody has recorded it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attends: Option<Attends>,
    /// Until when they may vote, where it is recorded who is there; none: they were not asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until_at: Option<Instant>,
}

/// One matter under vote.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VoteRow {
    /// The row's dossier (a vote without a list: the dossier itself).
    pub row: DossierId,
    /// The share it needs, resolved.
    pub needs: crate::machine::Fraction,
    /// The part of the sheet on which it stands, where sheets are split.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<String>,
    /// Its papers as they were when the vote was opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub papers: Option<Frozen>,
    /// Members who may not vote on it because it is their own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub own: Vec<PersonId>,
}

/// Tallies of a vote on paper.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recorded {
    /// Who recorded them.
    pub by: PersonId,
    /// Per row.
    pub rows: BTreeMap<DossierId, PaperTally>,
}

/// The tally of one row of a vote on paper.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaperTally {
    /// Ballots handed out.
    pub issued: u32,
    /// Ballots that came back.
    pub returned: u32,
    /// Of those, invalid.
    pub invalid: u32,
    /// Of the valid, for.
    pub yes: u32,
    /// Of the valid, against.
    pub no: u32,
}

/// What a member chose on one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Choice {
    /// For.
    Yes,
    /// Against.
    No,
    /// Neither: a valid ballot without an opinion.
    Abstain,
}

/// The result of one vote.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VoteResult {
    /// Whose entry it belonged to.
    pub activation: ActivationId,
    /// Its name in the workflow.
    pub name: VoteName,
    /// Which body.
    pub body: BodyCode,
    /// When it was closed.
    pub at: Instant,
    /// Members on the roll.
    pub members: u32,
    /// Who was there, in the order of the roll; empty where nobody recorded it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attendance: Vec<(PersonId, Attends)>,
    /// Whether enough took part.
    pub quorate: bool,
    /// Per row.
    pub rows: Vec<RowResult>,
    /// Results of the first ballot that a further one replaced.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replaced: Vec<RowResult>,
    /// Who may withdraw it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub withdraw: Vec<RoleName>,
    /// It counts no longer: it was withdrawn, or what was voted on was wrong.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub fallen: bool,
    /// The dossier was returned since, and it counts as before: what passed is not voted on again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stands: bool,
}

impl VoteResult {
    /// Enough took part, and everything passed.
    pub fn passed(&self) -> bool {
        self.quorate && self.rows.iter().all(|row| row.passed)
    }
}

/// The result of one row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RowResult {
    /// The row.
    pub row: DossierId,
    /// For.
    pub yes: u32,
    /// Against.
    pub no: u32,
    /// Valid, without an opinion.
    pub abstain: u32,
    /// Invalid.
    pub invalid: u32,
    /// Of how many the share was taken.
    pub base: u32,
    /// The share it needed.
    pub needs: crate::machine::Fraction,
    /// It passed.
    pub passed: bool,
    /// Where as many were for as against: what the chair chose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub casting: Option<Choice>,
    /// The papers on which it was voted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub papers: Option<Frozen>,
    /// It came so far among those that had votes enough, and only the highest pass.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rank: Option<u32>,
    /// SHA-256 of the box as it stood when it was closed, in hexadecimal digits; none for paper and open votes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub box_hash: Option<String>,
}
