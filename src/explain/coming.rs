//! What happens by itself, and when.

use serde::Serialize;

use crate::dossier::context::Context;
use crate::dossier::decide::trial::Trial;
use crate::dossier::{Dossier, TimerKind};
use crate::ids::{EventName, Instant, PersonId, StateId};
use crate::machine::Raiser;
use crate::machine::chart::Chart;
use crate::machine::{Machine, State, Target};

/// Something that will happen by the clock if nothing else happens before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Coming {
    /// When; it may have come and wait for the next tick.
    pub at: Instant,
    /// What.
    pub what: TimerKind,
    /// In which state.
    pub state: StateId,
    /// Who is reminded or told.
    pub people: Vec<PersonId>,
    /// The event that a deadline raises.
    pub event: Option<EventName>,
    /// Where the dossier goes with it.
    pub leads_to: Option<StateId>,
}

pub(super) fn coming(machine: &Machine, dossier: &Dossier, now: Instant, context: &Context<'_>) -> Vec<Coming> {
    let trial = Trial::new(machine, dossier, now, context);
    let mut all: Vec<Coming> = dossier
        .timers
        .iter()
        .filter_map(|timer| {
            let active = dossier.active.iter().find(|active| active.activation == timer.activation)?;
            let state = machine.state(&active.state)?;
            let (event, leads_to) = what_follows(state, &timer.what);
            Some(Coming {
                at: timer.due_at,
                what: timer.what.clone(),
                state: state.id.clone(),
                people: people(dossier, machine.chart(), &trial, state, timer),
                event,
                leads_to,
            })
        })
        .collect();
    all.sort_by_key(|coming| coming.at);
    all
}

fn people(
    dossier: &Dossier,
    chart: &Chart,
    trial: &Trial<'_>,
    state: &State,
    timer: &crate::dossier::Timer,
) -> Vec<PersonId> {
    match timer.what {
        TimerKind::Remind(_) => {
            let open =
                dossier.tasks_inside(timer.activation, chart).filter(|task| task.records || dossier.is_awaited(task));
            let mut people: Vec<PersonId> = open.flat_map(|task| task.asked().cloned()).collect();
            people.sort();
            people.dedup();
            people
        }
        TimerKind::Escalate => {
            let told = state.deadline.as_ref().and_then(|deadline| deadline.escalate.as_ref());
            told.map(|escalate| trial.holders(&escalate.to)).unwrap_or_default()
        }
        TimerKind::After(_) | TimerKind::Deadline | TimerKind::VoteEnds | TimerKind::PostingEnds => Vec::new(),
    }
}

fn what_follows(state: &State, what: &TimerKind) -> (Option<EventName>, Option<StateId>) {
    let target = |target: &Target| match target {
        Target::State(to) => Some(to.clone()),
        Target::Stay | Target::Resume(_) => None,
    };
    match what {
        TimerKind::After(place) => {
            let after = state.after.get(*place as usize);
            (None, after.and_then(|after| target(&after.transition.target)))
        }
        TimerKind::Deadline => {
            let event = state.deadline.as_ref().and_then(|deadline| deadline.then.clone());
            let way = state.on.iter().find(|one| one.event == event && one.raiser() == Raiser::Office);
            let leads_to = way.filter(|_| event.is_some()).and_then(|way| target(&way.target));
            (event, leads_to)
        }
        TimerKind::Remind(_) | TimerKind::Escalate | TimerKind::VoteEnds | TimerKind::PostingEnds => (None, None),
    }
}
