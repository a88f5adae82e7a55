//! What follows from a command, or why nothing does.

use std::collections::BTreeMap;

use super::command::Command;
use super::context::Context;
use super::event::Event;
use super::refusal::Refusal;
use super::{Choice, Dossier};
use crate::ids::{DossierId, Instant};
use crate::machine::Machine;

/// What follows from a command.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Decision {
    /// The events, in order; the last one is the command's own, those before it were due.
    pub events: Vec<Event>,
    /// Choices that go into the boxes of the vote in progress, and nowhere else.
    pub ballots: BTreeMap<DossierId, Choice>,
}

/// Decides a command. Total and deterministic; whatever is due at or before `now` happens first. Boxes of the activation are
/// to be added to when `ballots` is not empty; an event that opens a vote on line wants an empty box for each of its rows.
///
/// # Errors
/// The command may not be carried out; nothing follows from it.
pub fn decide(
    machine: &Machine,
    dossier: Option<&Dossier>,
    command: &Command,
    now: Instant,
    context: &Context<'_>,
) -> Result<Decision, Refusal> {
    let _ = (machine, dossier, command, now, context);
    todo!()
}
