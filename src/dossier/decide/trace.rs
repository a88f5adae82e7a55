//! Which ways a decision took and which guards it asked: for those who measure what a scenario reaches. Nothing is decided
//! by it, and without a trace nothing is noted.

use std::cell::RefCell;

use super::{Decision, Run};
use crate::dossier::Dossier;
use crate::dossier::command::Command;
use crate::dossier::context::Context;
use crate::dossier::refusal::Refusal;
use crate::ids::{GuardName, Instant, StateId};
use crate::machine::{Machine, Transition};

/// What a decision came by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    /// The transitions that were taken, in order.
    pub taken: Vec<Way>,
    /// The guards that were asked, and whether they held.
    pub asked: Vec<(GuardName, bool)>,
}

/// Names a transition of a machine: the state in which it is written, and its place there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Way {
    /// The state.
    pub source: StateId,
    /// Under which key.
    pub under: Under,
    /// Its place among the transitions there, from 0.
    pub place: usize,
}

/// The keys under which transitions are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Under {
    /// `on`
    On,
    /// `always`
    Always,
    /// `after`
    After,
}

/// [`decide`](super::decide), with what it came by; also when it was refused.
///
/// # Errors
/// As [`decide`](super::decide).
pub fn decide_traced(
    machine: &Machine,
    dossier: Option<&Dossier>,
    command: &Command,
    now: Instant,
    context: &Context<'_>,
) -> (Result<Decision, Refusal>, Trace) {
    let mut run =
        Run { trace: Some(RefCell::default()), ..Run::new(machine, dossier, command.actor.clone(), now, context) };
    let carried = run.carry_out(command, now);
    let trace = run.trace.take().map(RefCell::into_inner).unwrap_or_default();
    (carried.map(|()| run.decision), trace)
}

impl Run<'_> {
    /// Notes a transition that is being taken.
    pub(super) fn note_way(&self, source: &StateId, transition: &Transition) {
        let Some(trace) = &self.trace else { return };
        let state = self.state(source);
        let on = state.on.iter().position(|one| one == transition).map(|place| (Under::On, place));
        let always = || state.always.iter().position(|one| one == transition).map(|place| (Under::Always, place));
        let after =
            || state.after.iter().position(|one| &one.transition == transition).map(|place| (Under::After, place));
        if let Some((under, place)) = on.or_else(always).or_else(after) {
            trace.borrow_mut().taken.push(Way { source: source.clone(), under, place });
        }
    }

    /// Notes what a guard said.
    pub(super) fn note_guard(&self, guard: &GuardName, holds: bool) {
        if let Some(trace) = &self.trace {
            trace.borrow_mut().asked.push((guard.clone(), holds));
        }
    }
}
