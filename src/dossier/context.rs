//! What `decide` may look at besides the machine, the dossier and the command: pinned by whoever calls it.

use std::collections::BTreeMap;

use super::Choice;
use crate::calendar::Calendar;
use crate::directory::Directory;
use crate::ids::{ActivationId, DossierId};

/// The world as it stands at `now`.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// Units, people, posts, bodies.
    pub directory: &'a Directory,
    /// The workflow's calendar.
    pub calendar: &'a Calendar,
    /// The entries of all registers about the dossier's subject.
    pub register: &'a [Entry],
    /// The opened boxes of the votes in progress.
    pub boxes: &'a Boxes,
}

/// Boxes by the vote's entry and the row.
pub type Boxes = BTreeMap<(ActivationId, DossierId), OpenBox>;

/// A fact in a register.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Which register.
    pub register: String,
    /// Whose: a person's id, or `unit:CODE`.
    pub holder: String,
    /// What.
    pub key: String,
    /// The year it counts for.
    pub year: i32,
}

/// A box, opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OpenBox {
    /// The choices, in no order.
    pub choices: Vec<Choice>,
    /// SHA-256 of the sealed row, in hexadecimal digits.
    pub hash: String,
}
