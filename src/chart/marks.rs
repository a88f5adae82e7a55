//! What stands where on a statechart: how many dossiers, or the way of one.

use std::collections::{BTreeMap, BTreeSet};

use super::graph::{Graph, Tie};
use crate::dossier::Dossier;
use crate::dossier::event::{Change, Event};
use crate::ids::{ActivationId, Instant, StateId};

/// What a picture shows besides the statechart itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// How many dossiers stand in each state.
    pub counts: BTreeMap<StateId, u64>,
    /// Of one dossier: the states that it has entered, with the last time.
    pub visits: BTreeMap<StateId, Visit>,
    /// Of one dossier: from where to where it went, in order; states without states inside.
    pub hops: Vec<(StateId, StateId, Tie)>,
    /// It is the way of one dossier.
    pub one: bool,
}

/// What one dossier did in a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Visit {
    /// When it last entered it.
    pub at: Instant,
    /// It stands there, or ended there.
    pub here: bool,
}

impl Marks {
    /// How many dossiers stand in each state.
    pub fn counted(counts: BTreeMap<StateId, u64>) -> Self {
        Self { counts, ..Self::default() }
    }

    /// The way of one dossier, from its events.
    pub fn of(dossier: &Dossier, events: &[Event]) -> Self {
        let mut walk = Walk::default();
        for event in events {
            for change in &event.changes {
                walk.step(event.at, change);
            }
            walk.rest();
        }
        let mut marks = Self { visits: walk.visits, hops: walk.hops, one: true, ..Self::default() };
        for active in &dossier.active {
            marks.visits.insert(active.state.clone(), Visit { at: active.at, here: true });
        }
        marks
    }

    /// The edges that the dossier took.
    pub(super) fn taken(&self, graph: &Graph) -> BTreeSet<usize> {
        let place: BTreeMap<&StateId, usize> =
            graph.nodes.iter().enumerate().map(|(place, node)| (&node.id, place)).collect();
        let mut taken = BTreeSet::new();
        for (from, to, tie) in &self.hops {
            let (Some(from), Some(to)) = (place.get(from), place.get(to)) else { continue };
            let fits = |edge: &super::graph::Edge| {
                let there = match tie {
                    Tie::Resume => graph.within(*to, edge.to),
                    Tie::Plain | Tie::Pause => graph.leaf(edge.to) == *to,
                };
                edge.tie == *tie && there && graph.within(*from, edge.from)
            };
            let all = graph.edges.iter().enumerate().filter(|(_, edge)| fits(edge));
            // Inner states answer first.
            taken.extend(all.max_by_key(|(_, edge)| graph.around(edge.from).count()).map(|(place, _)| place));
        }
        taken
    }
}

/// A dossier's events, walked through.
#[derive(Default)]
struct Walk {
    visits: BTreeMap<StateId, Visit>,
    hops: Vec<(StateId, StateId, Tie)>,
    /// The active entries, outermost first.
    active: Vec<(ActivationId, StateId)>,
    frozen: Vec<(ActivationId, StateId)>,
    /// What was left last, until it is known where it went.
    left: Option<(StateId, Tie)>,
}

impl Walk {
    fn step(&mut self, at: Instant, change: &Change) {
        match change {
            Change::Left(left) => {
                self.leave(Tie::Plain);
                self.active.retain(|(entry, _)| !left.contains(entry));
            }
            Change::Paused { frozen, .. } => {
                self.leave(Tie::Pause);
                self.frozen = self.active.extract_if(.., |(entry, _)| frozen.contains(entry)).collect();
            }
            Change::Resumed { .. } => {
                // It was left a moment ago, for what now goes on.
                self.left = self.left.take().map(|(from, _)| (from, Tie::Resume));
                self.active.append(&mut self.frozen);
            }
            Change::Entered { activation, state, .. } => {
                self.visits.insert(state.clone(), Visit { at, here: false });
                self.active.push((*activation, state.clone()));
            }
            _ => {}
        }
    }

    fn leave(&mut self, tie: Tie) {
        self.rest();
        self.left = self.active.last().map(|(_, state)| (state.clone(), tie));
    }

    /// Where it stands now is where it went.
    fn rest(&mut self) {
        if let (Some((from, tie)), Some((_, to))) = (self.left.take(), self.active.last()) {
            self.hops.push((from, to.clone(), tie));
        }
    }
}
