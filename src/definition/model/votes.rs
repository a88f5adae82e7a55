//! Votes.

use super::{Keys, Name};
use crate::calendar::Delay;
use crate::ids::Text;
use crate::source::Spanned;

/// Members who did not take part in a vote.
#[derive(Clone, Debug)]
pub struct Absent {
    /// How long they may still send a ballot.
    pub written_ballot: Option<Spanned<Delay>>,
    /// `not_agreed` or `does_not_count`.
    pub no_reply: Option<Name>,
}

/// A vote.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "one for each key that is true or false")]
pub struct Vote {
    /// Its name.
    pub name: Name,
    /// What officers call it.
    pub title: Text,
    /// Who votes, as a phrase.
    pub body: Option<Name>,
    /// The field of the rows by which sheets are split.
    pub parts: Option<Name>,
    /// `secret` or `open`.
    pub ballot: Option<Name>,
    /// Enough took part, as a phrase.
    pub quorum: Option<Name>,
    /// A row passes, as a phrase.
    pub passes: Option<Name>,
    /// How long it is open.
    pub open_for: Option<Spanned<Delay>>,
    /// `own_case.votes`.
    pub own_votes: bool,
    /// `own_case.in_base`.
    pub own_in_base: bool,
    /// `own_case.collectives`.
    pub own_collectives: bool,
    /// Guards that hold when it is opened.
    pub requires: Vec<Name>,
    /// What an abstention is.
    pub abstention: Option<Name>,
    /// What a tie means.
    pub tie: Option<Name>,
    /// Members who did not take part.
    pub absent: Option<Absent>,
    /// What becomes of the seat of a member who leaves.
    pub leaver: Option<Name>,
    /// It may end early.
    pub early_close: bool,
    /// How many rows pass at most.
    pub highest: Option<Spanned<i64>>,
    /// One more ballot between the highest.
    pub second_ballot: bool,
    /// The keys written.
    pub keys: Keys,
    /// Who may withdraw its result.
    pub withdraw: Vec<Name>,
    /// The legal text.
    pub basis: Option<String>,
    /// The mail that asks for a ballot.
    pub mail: Option<Name>,
}
