//! What stands where on a statechart: how many dossiers, or the way of one.

use std::collections::{BTreeMap, BTreeSet};

use super::graph::{Edge, Graph, Kind, Tie};
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
        let depth = |node: usize| graph.around(node).count();
        let mut taken = BTreeSet::new();
        for (from, to, tie) in &self.hops {
            let (Some(from), Some(to)) = (place.get(from), place.get(to)) else { continue };
            let fits = |edge: &Edge| {
                let into = match graph.nodes[edge.to].kind {
                    Kind::History { .. } => graph.nodes[edge.to].parent.is_none_or(|around| graph.within(*to, around)),
                    _ => graph.within(*to, edge.to),
                };
                edge.tie == *tie && into && graph.within(*from, edge.from)
            };
            let all = graph.edges.iter().enumerate().filter(|(_, edge)| fits(edge));
            // Inner states answer first, and the nearest target is meant.
            let best = all.max_by_key(|(place, edge)| (depth(edge.from), depth(edge.to), std::cmp::Reverse(*place)));
            taken.extend(best.map(|(place, _)| place));
        }
        taken
    }
}

/// A dossier's events, walked through.
#[derive(Default)]
struct Walk {
    visits: BTreeMap<StateId, Visit>,
    hops: Vec<(StateId, StateId, Tie)>,
    /// The states of all entries.
    entries: BTreeMap<ActivationId, StateId>,
    /// What was left last, until it is known where it went.
    left: Option<(StateId, Tie)>,
    /// What was entered since.
    entered: Option<StateId>,
}

impl Walk {
    fn step(&mut self, at: Instant, change: &Change) {
        match change {
            Change::Left(left) => self.leave(left.first(), Tie::Plain),
            Change::Paused { frozen, .. } => self.leave(frozen.first(), Tie::Pause),
            Change::Resumed { state, .. } => {
                // It was left a moment ago, for what now goes on.
                if let Some((from, _)) = self.left.take() {
                    self.hops.push((from, state.clone(), Tie::Resume));
                }
            }
            Change::Entered { activation, state, .. } => {
                self.visits.insert(state.clone(), Visit { at, here: false });
                self.entries.insert(*activation, state.clone());
                self.entered = Some(state.clone());
            }
            _ => {}
        }
    }

    /// The innermost of what is left comes first.
    fn leave(&mut self, innermost: Option<&ActivationId>, tie: Tie) {
        self.rest();
        self.left = innermost.and_then(|entry| self.entries.get(entry)).map(|state| (state.clone(), tie));
    }

    /// What was entered last is where it went.
    fn rest(&mut self) {
        let entered = self.entered.take();
        if let (Some((from, tie)), Some(to)) = (self.left.take(), entered) {
            self.hops.push((from, to, tie));
        }
    }
}
