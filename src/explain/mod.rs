//! Why a dossier stands where it stands: who is awaited and since when, what happens next by itself, what happened last, which
//! ways lead out and for whom each is closed, and why. And before a form is sent on: which choices of a table are open, and
//! what would open the others. Pure: everything is asked of `decide`, nothing is done.

mod choices;
mod coming;
mod related;
mod say;
mod search;
mod ways;

use serde::Serialize;

use crate::dossier::context::Context;
use crate::dossier::event::{Change, Event, Kind};
use crate::dossier::{Dossier, Ground, Purpose, RowStatus, Stuck};
use crate::ids::{DossierId, EventName, Instant, PersonId, RoleName, StateId, Text, WorkflowName};
use crate::machine::Machine;

pub use choices::{Choice, Choices, Rule, choices};
pub use coming::Coming;
pub use related::{Opener, Relatives, Siblings, Unheard};
pub use say::{NO_TITLES, Saying, phrases};
pub use search::{Need, Opening};
pub use ways::{Asked, WayOut, closed};

/// Everything about where a dossier stands.
#[derive(Clone, Debug, Serialize)]
pub struct Explanation {
    /// How often it has come: 1 until it was returned.
    pub round: u32,
    /// The states in which it stands, outermost first.
    pub stands: Vec<Standing>,
    /// What is frozen, and since when.
    pub paused: Vec<Standing>,
    /// What was due and could not be done.
    pub stuck: Option<Stuck>,
    /// Its result, once it has ended.
    pub outcome: Option<String>,
    /// Why it was last refused, returned or struck.
    pub grounds: Vec<Ground>,
    /// Who is awaited.
    pub awaited: Vec<Awaited>,
    /// Whom outside the office it waits for.
    pub outside: Vec<Outside>,
    /// The lists on which it waits, or whose rows it has.
    pub lists: Vec<List>,
    /// The dossiers that it has to do with.
    pub related: Relatives,
    /// What happens by itself, in order.
    pub coming: Vec<Coming>,
    /// What happened last.
    pub last: Option<Last>,
    /// The ways out that people can take.
    pub ways: Vec<WayOut>,
}

/// A state in which it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Standing {
    /// Which.
    pub state: StateId,
    /// Since when.
    pub since: Instant,
    /// By when something has to be done.
    pub due_at: Option<Instant>,
}

/// Somebody who is awaited.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Awaited {
    /// Who.
    pub person: PersonId,
    /// What for.
    pub purpose: Purpose,
    /// In which role.
    pub role: Option<RoleName>,
    /// In which state.
    pub state: StateId,
    /// Since when.
    pub since: Instant,
    /// By when.
    pub due_at: Option<Instant>,
}

/// Somebody outside the office who is waited for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Outside {
    /// Who, or what.
    pub on: Text,
    /// In which state.
    pub state: StateId,
    /// Since when.
    pub since: Instant,
    /// By when.
    pub due_at: Option<Instant>,
    /// Who may record what comes.
    pub records: Vec<PersonId>,
}

/// A list on which it stands, or its own rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "is")]
pub enum List {
    /// It is a row.
    Row {
        /// Of a list of this workflow.
        list: WorkflowName,
        /// Which one, once that has answered.
        dossier: Option<DossierId>,
    },
    /// It is a list itself.
    Rows {
        /// Rows that are on it.
        live: usize,
        /// All rows that ever were.
        all: usize,
    },
}

/// What happened last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Last {
    /// The event's number.
    pub seq: i64,
    /// When.
    pub at: Instant,
    /// What it was.
    pub kind: Kind,
    /// Who did it.
    pub person: Option<PersonId>,
    /// A person's event.
    pub event: Option<EventName>,
    /// Why, in their words.
    pub reason: Option<String>,
    /// Where it went with it.
    pub entered: Option<StateId>,
}

/// Explains a dossier. `events` are its own; the last few are enough.
pub fn explain(
    machine: &Machine,
    dossier: &Dossier,
    events: &[Event],
    now: Instant,
    context: &Context<'_>,
) -> Explanation {
    let standing = |active: &crate::dossier::Active| Standing {
        state: active.state.clone(),
        since: active.at,
        due_at: active.due_at,
    };
    Explanation {
        round: dossier.round,
        stands: dossier.active.iter().map(standing).collect(),
        paused: dossier.paused.iter().flat_map(|paused| paused.active.iter().map(standing)).collect(),
        stuck: dossier.stuck.clone(),
        outcome: dossier.outcome.clone(),
        grounds: latest_grounds(dossier),
        awaited: awaited(machine, dossier),
        outside: outside(machine, dossier),
        lists: lists(machine, dossier),
        related: related::relatives(machine, dossier),
        coming: coming::coming(machine, dossier, now, context),
        last: events.last().map(last),
        ways: ways::ways(machine, dossier, now, context),
    }
}

fn latest_grounds(dossier: &Dossier) -> Vec<Ground> {
    let Some(last) = dossier.grounds.last() else { return Vec::new() };
    dossier.grounds.iter().filter(|ground| ground.at == last.at).cloned().collect()
}

fn awaited(machine: &Machine, dossier: &Dossier) -> Vec<Awaited> {
    let entry = |activation| dossier.active.iter().find(|active| active.activation == activation);
    let of_task = |task: &crate::dossier::Task| {
        if !dossier.is_awaited(task) {
            return Vec::new();
        }
        let Some(active) = entry(task.activation) else { return Vec::new() };
        let one = |person: &PersonId| Awaited {
            person: person.clone(),
            purpose: task.purpose,
            role: task.role.clone(),
            state: active.state.clone(),
            since: active.at,
            due_at: dossier.due_of(task, machine.chart()).or(active.due_at),
        };
        task.holders.iter().map(one).collect()
    };
    dossier.tasks.iter().flat_map(of_task).collect()
}

fn outside(machine: &Machine, dossier: &Dossier) -> Vec<Outside> {
    let one = |(active, wait): (&crate::dossier::Active, &crate::machine::Wait)| Outside {
        on: wait.on.clone(),
        state: active.state.clone(),
        since: active.at,
        due_at: active.due_at,
        records: dossier.task(active.activation, Purpose::Act).map(|task| task.holders.clone()).unwrap_or_default(),
    };
    dossier.outside(machine).map(one).collect()
}

fn lists(machine: &Machine, dossier: &Dossier) -> Vec<List> {
    let row = dossier.on_lists.iter().map(|on| List::Row { list: on.list.clone(), dossier: on.dossier.clone() });
    let live = dossier.rows.iter().filter(|row| row.status == RowStatus::Live).count();
    let rows = machine.is_list().then_some(List::Rows { live, all: dossier.rows.len() });
    row.chain(rows).collect()
}

fn last(event: &Event) -> Last {
    let did = event.changes.iter().find_map(|change| match change {
        Change::Did { event, reason, .. } => Some((event.clone(), reason.clone())),
        _ => None,
    });
    let entered = event.changes.iter().rev().find_map(|change| match change {
        Change::Entered { state, .. } => Some(state.clone()),
        _ => None,
    });
    let (name, reason) = did.map_or((None, None), |(name, reason)| (Some(name), reason));
    Last {
        seq: event.seq,
        at: event.at,
        kind: event.kind,
        person: event.actor.person().cloned(),
        event: name,
        reason,
        entered,
    }
}
