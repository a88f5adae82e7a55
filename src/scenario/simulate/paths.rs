//! Every path through a workflow: what people choose and what only the clock does are choices, and each sequence of them is led
//! in an office of its own. Guards are worked out with the values that were given or invented: what they close is no path.

use std::collections::BTreeSet;

use serde::Serialize;

use super::choices::Choices;
use super::invent::{self, Opening};
use super::moves::{self, Move, Moves};
use crate::diagnostic::say;
use crate::dossier::TimerKind;
use crate::dossier::command::{Actor, Ask, Start};
use crate::dossier::refusal::{Code, Refusal};
use crate::ids::{DossierId, Instant};
use crate::scenario::coverage::Coverage;
use crate::scenario::history::Line;
use crate::scenario::office::Office;
use crate::scenario::world::World;

/// Steps of one path.
const STEPS_MAX: usize = 200;
/// Moments that pass while nothing but the clock works.
const MOMENTS_MAX: usize = 1_000;
/// Sequences of choices for each path that is kept: those that a guard closes are not kept.
const TRIED_FOR_EACH: usize = 50;
/// After the end of a dossier, mails about it go out within this time.
const AFTERWARDS_MS: i64 = 5 * 24 * 60 * 60 * 1000;

/// The paths of a workflow.
#[derive(Debug)]
pub struct Walked {
    /// Each path, in the order of its choices: first buttons first.
    pub paths: Vec<Path>,
    /// There are more than were asked for.
    pub more: bool,
    /// What they reach together.
    pub coverage: Coverage,
}

/// One path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Path {
    /// How it ends: an outcome, a state that was passed before, a state in which nobody can do anything, a refusal.
    pub ends: String,
    /// Everything that happens on it, mails included.
    pub story: Vec<Line>,
}

/// Walks the paths of a workflow, so many at most.
///
/// # Errors
/// Nobody can open a dossier.
pub fn walk(world: &World, opening: &Opening<'_>, starts: Instant, most: usize) -> Result<Walked, Refusal> {
    let begin = beginning(world, opening, starts)?;
    let mut choices = Choices::default();
    let mut walked = Walked { paths: Vec::new(), more: false, coverage: Coverage::default() };
    for _ in 0..most.saturating_mul(TRIED_FOR_EACH) {
        if walked.paths.len() == most {
            walked.more = true;
            return Ok(walked);
        }
        let mut office = Office::new(world, starts);
        let ends = lead(&mut office, opening, &begin, &mut choices);
        walked.coverage.add(std::mem::take(&mut office.coverage));
        if let Some(ends) = ends {
            walked.paths.push(Path { ends, story: office.story() });
        }
        if !choices.advance() {
            return Ok(walked);
        }
    }
    walked.more = true;
    Ok(walked)
}

/// With what every path begins: the first opening that is taken.
fn beginning(world: &World, opening: &Opening<'_>, starts: Instant) -> Result<(Actor, Start), Refusal> {
    let mut refusal = Refusal::of(Code::NotAsked);
    for (actor, start) in invent::openings(world, opening, starts) {
        let mut office = Office::new(world, starts);
        match begin(&mut office, opening, &actor, &start) {
            Ok(_) => return Ok((actor, start)),
            Err(why) => refusal = why,
        }
    }
    Err(refusal)
}

fn begin(office: &mut Office<'_>, opening: &Opening<'_>, actor: &Actor, start: &Start) -> Result<DossierId, Refusal> {
    let id = office.new_id(&opening.machine.workflow);
    let command = office.command(id.clone(), actor.clone(), Ask::Start(start.clone()));
    office.handle(&command).map(|()| id)
}

/// Leads one path; how it ends, or none if a guard closed it.
fn lead(
    office: &mut Office<'_>,
    opening: &Opening<'_>,
    (actor, start): &(Actor, Start),
    choices: &mut Choices,
) -> Option<String> {
    let id = match begin(office, opening, actor, start) {
        Ok(id) => id,
        Err(refusal) => return closed(&refusal),
    };
    let (mut seen, world) = (BTreeSet::new(), office.world());
    for _ in 0..STEPS_MAX {
        let dossier = office.dossier(&id)?;
        if let Some(outcome) = dossier.outcome.clone() {
            pass(office, Some(AFTERWARDS_MS));
            return Some(world.say(&say!(trial.outcome, outcome)));
        }
        let stands = dossier.stands();
        if !seen.insert(signature(office)) {
            return Some(world.say(&say!(trial.again, state = stands)));
        }
        let moves = of_interest(office, &id);
        let clock = works_by_clock(office);
        let count = moves.len() + usize::from(clock);
        if count == 0 {
            return Some(world.say(&say!(trial.waits, state = stands)));
        }
        let chosen = choices.choose(count);
        let Some(one) = moves.get(chosen) else {
            pass(office, None);
            continue;
        };
        let before = signature(office);
        office.move_to(moves::morning(office));
        // The clock was quicker: what was chosen may not be there any more.
        if signature(office) != before {
            continue;
        }
        if let Err(refusal) = one.carry_out(office) {
            return closed(&refusal);
        }
    }
    Some("too long".to_owned())
}

/// A way that a guard closes is no path; any other refusal is how a path ends.
fn closed(refusal: &Refusal) -> Option<String> {
    let by_guard = refusal.reasons.iter().all(|reason| reason.code == Code::Guard);
    (!by_guard).then(|| format!("refused: {refusal}"))
}

/// What people can do in the dossier itself; where nothing, in those that were opened because of it.
fn of_interest(office: &Office<'_>, id: &DossierId) -> Vec<Move> {
    let own = Moves::of_dossier(office, id);
    if own.iter().any(Move::is_asked) {
        return own;
    }
    let others = office.dossiers().filter(|other| &other.id != id && other.outcome.is_none());
    let others: Vec<DossierId> = others.map(|other| other.id.clone()).collect();
    let others = others.iter().map(|other| Moves::of_dossier(office, other)).find(|moves| !moves.is_empty());
    own.into_iter().chain(others.unwrap_or_default()).collect()
}

/// Where everything stands, and who is asked.
fn signature(office: &Office<'_>) -> String {
    let one = |dossier: &crate::dossier::Dossier| {
        let tasks = dossier.tasks.iter().map(|task| format!("{}{}", task.purpose.name(), task.holders.len()));
        let tasks = tasks.collect::<Vec<_>>().join(",");
        format!("{} {} {:?} {tasks}", dossier.id, dossier.stands(), dossier.outcome)
    };
    office.dossiers().map(one).collect::<Vec<_>>().join("; ")
}

/// Whether something moves without anybody's doing: reminders do not.
fn works_by_clock(office: &Office<'_>) -> bool {
    let mut timers = office.dossiers().flat_map(|dossier| &dossier.timers);
    timers.any(|timer| !matches!(timer.what, TimerKind::Remind(_) | TimerKind::Escalate))
}

/// Lets time pass until something stands elsewhere, or for so long.
fn pass(office: &mut Office<'_>, most_ms: Option<i64>) {
    let before = signature(office);
    let until = most_ms.map(|most| office.now().plus_ms(most));
    for _ in 0..MOMENTS_MAX {
        let Some(next) = office.next().filter(|next| until.is_none_or(|until| *next <= until)) else { return };
        office.move_to(next);
        if until.is_none() && signature(office) != before {
            return;
        }
    }
}
