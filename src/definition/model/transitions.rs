//! Transitions, and what they ask of whoever takes them.

use super::{Keys, Name, Tell};
use crate::definition::children::Send;
use crate::ids::Text;
use crate::source::{Span, Spanned};

/// A transition.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "one for each key that is true or false")]
pub struct Transition {
    /// Its place: its event's, delay's or first key's.
    pub span: Span,
    /// The keys written; empty for the short form.
    pub keys: Keys,
    /// The event.
    pub event: Option<Name>,
    /// What the button says.
    pub label: Text,
    /// What choosing it leads to.
    pub hint: Text,
    /// Whose event it is.
    pub by: Vec<Name>,
    /// Its guards.
    pub guard: Vec<Name>,
    /// `needs`: how many of those who are asked must choose it.
    pub needs: Option<Spanned<Needs>>,
    /// `target`.
    pub target: Option<Name>,
    /// `stay: true`.
    pub stay: bool,
    /// `resume`: a compound state.
    pub resume: Option<Name>,
    /// A reason is asked for.
    pub reason: bool,
    /// Fields filled in with it.
    pub fill: Vec<Name>,
    /// The table to which the person adds a row of their own.
    pub adds: Option<Name>,
    /// Papers attached with it.
    pub attach: Vec<Name>,
    /// The page asks once more.
    pub confirm: bool,
    /// What rows are told.
    pub rows: Option<Rows>,
    /// Who is told.
    pub tell: Vec<Tell>,
    /// Fields taken over from a message.
    pub take: Vec<Name>,
    /// The workflows whose dossiers may raise it.
    pub from: Vec<Name>,
    /// Children that are opened with it.
    pub open: Vec<Name>,
    /// What related dossiers are told with it.
    pub send: Vec<Send>,
    /// How the dossier stands from here on, as its parent is told.
    pub result: Option<Name>,
    /// Fields that get a number, and the numbering of each.
    pub number: Vec<(Name, Option<Name>)>,
    /// What is left is frozen.
    pub pause: bool,
    /// The state it is written in is not left.
    pub internal: bool,
    /// The dossier goes back and comes again in another round.
    pub returns: Option<Returns>,
    /// Whoever sent the dossier here takes it back.
    pub recall: bool,
    /// The table that decides where it leads, on the first of the branches that come of it.
    pub decided: Option<Decided>,
}

/// A table decides where a transition leads.
#[derive(Clone, Debug)]
pub struct Decided {
    /// Which table.
    pub by: Name,
    /// The outcomes that lead somewhere.
    pub to: Vec<Name>,
}

/// What a return leaves of what was decided before it.
#[derive(Clone, Debug)]
pub struct Returns {
    /// Its place.
    pub span: Span,
    /// The votes that are not held again.
    pub stand: Vec<Name>,
}

/// How many of those who are asked must choose an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// `one`.
    One,
    /// `all`.
    All,
    /// A number.
    Count(i64),
}

/// What a list tells its rows.
#[derive(Clone, Debug)]
pub struct Rows {
    /// To those that stay.
    pub kept: Option<Name>,
    /// To those that are struck.
    pub struck: Option<Name>,
    /// To those that are sent back.
    pub returned: Option<Name>,
    /// To those that are put off to a later list.
    pub postponed: Option<Name>,
    /// To those that are about whoever does it.
    pub own: Option<Name>,
    /// Fields that go along.
    pub with: Vec<Name>,
    /// They leave the list.
    pub release: bool,
}
