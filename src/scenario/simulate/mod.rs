//! What would happen: an office left to itself, or to people who answer by default, and every path through a workflow.
//!
//! Values that nobody gave are invented: the first that a field takes. So are the people: the first who may.

mod invent;
mod moves;
mod paths;

use super::office::Office;
use crate::dossier::refusal::Refusal;
use crate::ids::{DossierId, Instant, PersonId};

pub use invent::Opening;
pub use paths::{Path, Walked, walk};

use moves::Moves;

/// Answers that people give before we say that they go round in circles.
const ANSWERS_MAX: usize = 1_000;
/// Moments that are looked at before we say that it never ends.
const MOMENTS_MAX: usize = 10_000;

/// What people do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum People {
    /// Nothing: only the clock works.
    #[default]
    Idle,
    /// Everybody answers on the morning on which a mail has come, with the first answer that is taken: the first button,
    /// a yes, the numbers as they are.
    Answer,
}

/// Opens a dossier in an office, with invented values where none are given.
///
/// # Errors
/// Nobody can open one: why the last who tried was refused.
pub fn open(office: &mut Office<'_>, opening: &Opening<'_>) -> Result<DossierId, Refusal> {
    invent::open(office, opening)
}

/// Lets time pass until nothing happens any more, or until a moment.
pub fn run(office: &mut Office<'_>, people: People, until: Instant) {
    let mut answers = 0;
    for _ in 0..MOMENTS_MAX {
        let next = if people == People::Answer && answers < ANSWERS_MAX {
            Moves::of(office).first().map(|_| moves::morning(office))
        } else {
            None
        };
        match next.into_iter().chain(office.next()).min().filter(|next| *next <= until) {
            None => return,
            Some(moment) => office.move_to(moment),
        }
        if next.is_some_and(|morning| morning <= office.now()) && answer(office) {
            answers += 1;
        }
    }
}

/// Somebody gives the first answer that is taken; whether anybody could.
fn answer(office: &mut Office<'_>) -> bool {
    Moves::of(office).into_iter().any(|one| one.is_asked() && one.carry_out(office).is_ok())
}

/// Who a move is by, for those who print it.
pub(super) fn code<'o>(office: &'o Office<'_>, person: &'o PersonId) -> &'o str {
    office.world().code(person)
}
