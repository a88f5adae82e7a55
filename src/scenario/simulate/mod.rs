//! What would happen: an office left to itself, or to people who answer by default, and every path through a workflow.
//!
//! Values that nobody gave are invented: the first that a field takes. So are the people: the first who may.

mod choices;
mod invent;
mod moves;
mod paths;

use super::office::Office;
use crate::dossier::refusal::Refusal;
use crate::ids::{DossierId, Instant};

pub use invent::Opening;
pub use paths::{Path, Walked, beginning, walk};

use moves::{Move, Moves};

/// Answers that people give before we say that they go round in circles.
const ANSWERS_MAX: usize = 1_000;
/// Moments that are looked at before we say that it never ends.
const MOMENTS_MAX: usize = 10_000;

/// What people do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum People {
    /// Everybody answers on the morning on which a mail has come, with the first answer that is taken: the first button,
    /// a yes, the numbers as they are.
    #[default]
    Answer,
    /// Nothing: only the clock works.
    Idle,
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
    let (mut answers, mut planned) = (0, None);
    for _ in 0..MOMENTS_MAX {
        if people == People::Answer && planned.is_none() && answers < ANSWERS_MAX {
            planned = Moves::of(office).iter().any(Move::is_asked).then(|| moves::morning(office));
        }
        match planned.into_iter().chain(office.next()).min().filter(|next| *next <= until) {
            None => return,
            Some(moment) => office.move_to(moment),
        }
        if planned.take_if(|morning| *morning <= office.now()).is_some() {
            if !answer(office) && office.next().is_none() {
                return;
            }
            answers += 1;
        }
    }
}

/// Somebody gives the first answer that is taken; whether anybody could.
fn answer(office: &mut Office<'_>) -> bool {
    Moves::of(office).into_iter().any(|one| one.is_asked() && one.carry_out(office).is_ok())
}
