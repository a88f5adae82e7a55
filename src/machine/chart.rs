//! The statechart as a tree of places in document order, and the sets of SCXML's algorithm over it: which states a
//! transition leaves and which it enters (W3C REC-scxml-20150901, Appendix D; the names of its procedures stand beside
//! ours). `decide` runs on it, and the checker explores it.

use std::collections::{BTreeSet, HashMap};

use super::{Shape, StateKind};
use crate::ids::StateId;

/// The event that a state answers when it has come to its end (SCXML's `done.state.ID`).
pub const DONE: &str = "done";

/// A state by its place in document order. The states inside it follow it without a gap.
pub type Place = usize;

/// What a history state remembers: the states that were active when what is around it was left; none if it never was.
pub type Recall<'m> = dyn Fn(Place) -> Option<Vec<Place>> + 'm;

/// The tree of states.
#[derive(Debug)]
pub struct Chart {
    nodes: Vec<Node>,
    places: HashMap<StateId, Place>,
}

#[derive(Debug)]
struct Node {
    parent: Option<Place>,
    /// The first place behind this state and all inside it.
    end: Place,
    kind: PlaceKind,
}

/// What stands at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlaceKind {
    /// It has no states inside.
    Atomic,
    /// One of its states is active while it is.
    Compound {
        /// Entered with it.
        initial: Place,
    },
    /// All of its states are active while it is.
    Parallel,
    /// An end, of the dossier or of the state around it.
    Final,
    /// Never active: a way back to what was.
    History {
        /// To the innermost states; else to those directly inside.
        deep: bool,
        /// Where it leads as long as there is nothing to go back to.
        target: Place,
    },
}

impl Chart {
    /// The tree of a workflow's states.
    ///
    /// # Errors
    /// A state names one that does not exist, or does not stand behind what is around it.
    pub fn new(shape: &Shape) -> Result<Self, String> {
        let places: HashMap<StateId, Place> =
            shape.states.iter().enumerate().map(|(at, state)| (state.id.clone(), at)).collect();
        let find = |id: &StateId| places.get(id).copied().ok_or_else(|| format!("there is no state `{id}`"));
        let mut nodes: Vec<Node> = Vec::with_capacity(shape.states.len());
        let mut open: Vec<Place> = Vec::new();
        for (at, state) in shape.states.iter().enumerate() {
            let parent = state.parent.as_ref().map(find).transpose()?;
            while open.last().copied() != parent {
                open.pop().ok_or_else(|| format!("`{}` does not stand behind what is around it", state.id))?;
            }
            open.push(at);
            let kind = match &state.kind {
                StateKind::Atomic => PlaceKind::Atomic,
                StateKind::Compound { initial } => PlaceKind::Compound { initial: find(initial)? },
                StateKind::Parallel => PlaceKind::Parallel,
                StateKind::Final { .. } => PlaceKind::Final,
                StateKind::History { deep, target } => PlaceKind::History { deep: *deep, target: find(target)? },
            };
            nodes.push(Node { parent, end: at + 1, kind });
        }
        for at in (0..nodes.len()).rev() {
            if let Some(parent) = nodes[at].parent {
                nodes[parent].end = nodes[parent].end.max(nodes[at].end);
            }
        }
        let chart = Self { nodes, places };
        let lost = (0..chart.len()).find(|at| !chart.leads_inside(*at));
        lost.map_or(Ok(chart), |at| Err(format!("`{}` does not lead inside", shape.states[at].id)))
    }

    /// Whether what is entered with a state lies inside it, and what a history leads to beside it.
    fn leads_inside(&self, at: Place) -> bool {
        match self.kind(at) {
            PlaceKind::Compound { initial } => self.is_inside(initial, at),
            PlaceKind::History { target, .. } => {
                let is_history = matches!(self.kind(target), PlaceKind::History { .. });
                !is_history && self.parent(at).is_some_and(|around| self.is_inside(target, around))
            }
            PlaceKind::Atomic | PlaceKind::Parallel | PlaceKind::Final => true,
        }
    }

    /// How many states there are.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// The place of a state.
    pub fn place(&self, id: &StateId) -> Option<Place> {
        self.places.get(id).copied()
    }

    /// What stands there.
    pub fn kind(&self, at: Place) -> PlaceKind {
        self.nodes[at].kind
    }

    /// The state directly around it.
    pub fn parent(&self, at: Place) -> Option<Place> {
        self.nodes[at].parent
    }

    /// The states around it, innermost first (`getProperAncestors`).
    pub fn around(&self, at: Place) -> impl Iterator<Item = Place> + '_ {
        std::iter::successors(self.parent(at), |at| self.parent(*at))
    }

    /// Whether one state lies inside another, at any depth (`isDescendant`).
    pub fn is_inside(&self, inner: Place, outer: Place) -> bool {
        outer < inner && inner < self.nodes[outer].end
    }

    /// The states directly inside, without the histories (`getChildStates`).
    pub fn children(&self, at: Place) -> impl Iterator<Item = Place> + '_ {
        let end = self.nodes[at].end;
        let next = move |child: Place| Some(child).filter(|child| *child < end);
        let all = std::iter::successors(next(at + 1), move |child| next(self.nodes[*child].end));
        all.filter(|child| !matches!(self.kind(*child), PlaceKind::History { .. }))
    }

    /// The histories directly inside.
    pub fn histories(&self, at: Place) -> impl Iterator<Item = Place> + '_ {
        let inside = at + 1..self.nodes[at].end;
        inside.filter(move |inner| {
            self.parent(*inner) == Some(at) && matches!(self.kind(*inner), PlaceKind::History { .. })
        })
    }

    /// The part of a configuration (sorted) that lies inside a state; all of it, without one.
    pub fn part<'c>(&self, around: Option<Place>, configuration: &'c [Place]) -> &'c [Place] {
        let Some(around) = around else { return configuration };
        let from = configuration.partition_point(|at| *at <= around);
        let to = configuration.partition_point(|at| *at < self.nodes[around].end);
        &configuration[from..to]
    }

    /// The active states without active states inside, in document order.
    pub fn leaves(&self, configuration: &[Place]) -> Vec<Place> {
        let is_leaf = |at: &Place| matches!(self.kind(*at), PlaceKind::Atomic | PlaceKind::Final);
        configuration.iter().copied().filter(is_leaf).collect()
    }

    /// Where a transition to this state really leads: a history stands for what it remembers (`getEffectiveTargetStates`).
    fn really(&self, target: Place, recall: &Recall<'_>) -> Vec<Place> {
        match self.kind(target) {
            PlaceKind::History { target: otherwise, .. } => match recall(target) {
                Some(remembered) => remembered,
                None => self.really(otherwise, recall),
            },
            _ => vec![target],
        }
    }

    /// The state inside which a transition stays; none for the whole (`getTransitionDomain`, `findLCCA`). Parallel states do
    /// not count: what leaves one region leaves them all.
    pub fn domain(&self, source: Place, target: Place, internal: bool, recall: &Recall<'_>) -> Option<Place> {
        let targets = self.really(target, recall);
        let holds = |around: Place| {
            matches!(self.kind(around), PlaceKind::Compound { .. })
                && targets.iter().all(|target| self.is_inside(*target, around))
        };
        if internal && holds(source) {
            return Some(source);
        }
        self.around(source).find(|around| holds(*around))
    }

    /// Everything that is entered on the way to these targets, each out of its domain (`computeEntrySet`).
    pub fn entries(
        &self,
        ways: impl IntoIterator<Item = (Place, Option<Place>)>,
        recall: &Recall<'_>,
    ) -> BTreeSet<Place> {
        let mut entered = BTreeSet::new();
        let ways: Vec<_> = ways.into_iter().collect();
        for (target, _) in &ways {
            self.add_inside(*target, recall, &mut entered);
        }
        for (target, domain) in ways {
            for target in self.really(target, recall) {
                self.add_around(target, domain, recall, &mut entered);
            }
        }
        entered
    }

    /// `addDescendantStatesToEnter`.
    fn add_inside(&self, at: Place, recall: &Recall<'_>, entered: &mut BTreeSet<Place>) {
        let follow = |targets: &[Place], around: Option<Place>, entered: &mut BTreeSet<Place>| {
            for target in targets {
                self.add_inside(*target, recall, entered);
            }
            for target in targets {
                self.add_around(*target, around, recall, entered);
            }
        };
        match self.kind(at) {
            PlaceKind::History { target, .. } => match recall(at) {
                Some(remembered) => follow(&remembered, self.parent(at), entered),
                None => follow(&[target], self.parent(at), entered),
            },
            PlaceKind::Compound { initial } => {
                entered.insert(at);
                follow(&[initial], Some(at), entered);
            }
            PlaceKind::Parallel => {
                entered.insert(at);
                self.add_regions(at, recall, entered);
            }
            PlaceKind::Atomic | PlaceKind::Final => {
                entered.insert(at);
            }
        }
    }

    /// `addAncestorStatesToEnter`.
    fn add_around(&self, at: Place, domain: Option<Place>, recall: &Recall<'_>, entered: &mut BTreeSet<Place>) {
        for around in self.around(at).take_while(|around| Some(*around) != domain) {
            if matches!(self.kind(around), PlaceKind::History { .. }) {
                continue;
            }
            entered.insert(around);
            if self.kind(around) == PlaceKind::Parallel {
                self.add_regions(around, recall, entered);
            }
        }
    }

    /// The regions of a parallel state that nothing leads into yet begin where they begin.
    fn add_regions(&self, parallel: Place, recall: &Recall<'_>, entered: &mut BTreeSet<Place>) {
        for child in self.children(parallel) {
            if entered.range(child + 1..self.nodes[child].end).next().is_none() {
                self.add_inside(child, recall, entered);
            }
        }
    }

    /// What a history remembers of a configuration that is about to be left (`exitStates`).
    pub fn remembers(&self, history: Place, configuration: &[Place]) -> Vec<Place> {
        let around = self.parent(history);
        let deep = matches!(self.kind(history), PlaceKind::History { deep: true, .. });
        let part = self.part(around, configuration);
        if deep {
            return self.leaves(part);
        }
        part.iter().copied().filter(|at| self.parent(*at) == around).collect()
    }

    /// Whether a state has come to its end: a compound state by standing in a final state of its own, a parallel one by all
    /// its regions (`isInFinalState`).
    pub fn is_done(&self, at: Place, configuration: &[Place]) -> bool {
        match self.kind(at) {
            PlaceKind::Compound { .. } => self
                .part(Some(at), configuration)
                .iter()
                .any(|inner| self.parent(*inner) == Some(at) && self.kind(*inner) == PlaceKind::Final),
            PlaceKind::Parallel => self.children(at).all(|child| self.is_done(child, configuration)),
            PlaceKind::Atomic | PlaceKind::Final | PlaceKind::History { .. } => false,
        }
    }

    /// What is done once a final state inside something was entered, innermost first: the state around it, and every parallel
    /// state around that whose regions have now all ended.
    pub fn done_by(&self, final_state: Place, configuration: &[Place]) -> Vec<Place> {
        let Some(compound) = self.parent(final_state) else { return Vec::new() };
        let parallels = self
            .around(compound)
            .take_while(|around| self.kind(*around) == PlaceKind::Parallel && self.is_done(*around, configuration));
        std::iter::once(compound).chain(parallels).collect()
    }

    /// The region in which a state lies: the innermost state around it, or itself, that is directly inside a parallel one.
    pub fn region(&self, at: Place) -> Option<Place> {
        let is_region = |at: &Place| self.parent(*at).is_some_and(|parent| self.kind(parent) == PlaceKind::Parallel);
        std::iter::once(at).chain(self.around(at)).find(is_region)
    }
}

/// A transition as conflicts see it: where it stands and what it leaves.
#[derive(Clone, Debug)]
pub struct Claim<T> {
    /// The state that it is written in.
    pub source: Place,
    /// The active states that it leaves, in document order.
    pub exits: Vec<Place>,
    /// What it is to the caller.
    pub what: T,
}

/// Of transitions that leave the same states only one is taken: that of the inner state, else that of the first in document
/// order (`removeConflictingTransitions`).
pub fn without_conflicts<T>(chart: &Chart, claims: Vec<Claim<T>>) -> Vec<Claim<T>> {
    let mut kept: Vec<Claim<T>> = Vec::new();
    for claim in claims {
        let conflicts = |other: &Claim<T>| claim.exits.iter().any(|at| other.exits.contains(at));
        if kept.iter().any(|other| conflicts(other) && !chart.is_inside(claim.source, other.source)) {
            continue;
        }
        kept.retain(|other| !conflicts(other));
        kept.push(claim);
    }
    kept
}
