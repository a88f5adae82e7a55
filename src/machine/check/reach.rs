//! Where a dossier can get: the statechart explored with guards as free choices.
//!
//! A dossier stands in one atomic state; what it may do next are the transitions of that state and of those around it. The
//! graph of these steps is kept as it is, so that deeper checks can walk it too.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::Check;
use super::tree::Tree;
use crate::diagnostic::fault;
use crate::ids::StateId;
use crate::machine::{Shape, State, StateKind, Target, Transition};

/// States named at most on the way to a fault.
const WAY_MAX: usize = 12;

/// The steps from each atomic state, each with what causes it.
pub(super) struct Graph {
    /// Where a new dossier stands.
    pub(super) start: usize,
    /// By atomic state: cause and the next atomic state.
    pub(super) steps: BTreeMap<usize, Vec<(String, usize)>>,
}

impl Graph {
    /// None if an initial state is missing.
    pub(super) fn new(shape: &Shape, tree: &Tree<'_>) -> Option<Self> {
        let others = |state: &State| matches!(state.kind, StateKind::Parallel | StateKind::History { .. });
        if shape.states.iter().any(others) {
            return None;
        }
        let places = Places { shape, tree };
        let start = places.innermost(&shape.initial)?;
        let atomic =
            shape.states.iter().enumerate().filter(|(_, state)| !matches!(state.kind, StateKind::Compound { .. }));
        Some(Self { start, steps: atomic.map(|(at, _)| (at, places.steps(at))).collect() })
    }

    /// Every state that can be reached, with the shortest way to it: the step before it and its cause.
    pub(super) fn reached(&self) -> BTreeMap<usize, Option<(usize, String)>> {
        let mut found = BTreeMap::from([(self.start, None)]);
        let mut open = VecDeque::from([self.start]);
        while let Some(at) = open.pop_front() {
            for (cause, next) in self.steps.get(&at).into_iter().flatten() {
                if !found.contains_key(next) {
                    found.insert(*next, Some((at, cause.clone())));
                    open.push_back(*next);
                }
            }
        }
        found
    }

    /// Every state from which one of these can be reached.
    fn leading_to(&self, ends: impl IntoIterator<Item = usize>) -> BTreeSet<usize> {
        let mut before: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (at, steps) in &self.steps {
            for (_, next) in steps {
                before.entry(*next).or_default().push(*at);
            }
        }
        let mut open: Vec<usize> = ends.into_iter().collect();
        let mut found: BTreeSet<usize> = open.iter().copied().collect();
        while let Some(at) = open.pop() {
            for earlier in before.get(&at).into_iter().flatten() {
                if found.insert(*earlier) {
                    open.push(*earlier);
                }
            }
        }
        found
    }
}

/// The machine's states by their place in the tree (both are in the order of the file).
struct Places<'a> {
    shape: &'a Shape,
    tree: &'a Tree<'a>,
}

impl Places<'_> {
    fn state(&self, at: usize) -> &State {
        &self.shape.states[at]
    }

    /// The atomic state that is active once this one is entered.
    fn innermost(&self, id: &StateId) -> Option<usize> {
        let mut at = self.tree.find(id.as_str())?;
        for _ in 0..self.tree.len() {
            match &self.state(at).kind {
                StateKind::Compound { initial } => at = self.tree.find(initial.as_str())?,
                StateKind::Atomic | StateKind::Final { .. } => return Some(at),
                StateKind::Parallel | StateKind::History { .. } => return None,
            }
        }
        None
    }

    fn steps(&self, at: usize) -> Vec<(String, usize)> {
        let mut steps = Vec::new();
        for around in self.tree.outwards(at) {
            let state = self.state(around);
            let by_event = state.on.iter().map(|transition| (cause(transition, "always"), transition));
            let by_itself = state.always.iter().map(|transition| (cause(transition, "always"), transition));
            let by_clock = state.after.iter().map(|after| (format!("after {}", after.delay), &after.transition));
            for (cause, transition) in by_event.chain(by_itself).chain(by_clock) {
                steps.extend(self.ends(transition).into_iter().map(|end| (cause.clone(), end)));
            }
        }
        steps
    }

    /// Where a transition can end; resuming continues wherever it was.
    fn ends(&self, transition: &Transition) -> Vec<usize> {
        match &transition.target {
            Target::State(id) => self.innermost(id).into_iter().collect(),
            Target::Stay => Vec::new(),
            Target::Resume(id) => {
                let Some(around) = self.tree.find(id.as_str()) else { return Vec::new() };
                let inside = self.tree.inside(around);
                inside.filter(|at| !matches!(self.state(*at).kind, StateKind::Compound { .. })).collect()
            }
        }
    }
}

fn cause(transition: &Transition, otherwise: &str) -> String {
    transition.event.as_ref().map_or_else(|| otherwise.to_owned(), |event| event.as_str().to_owned())
}

impl Check<'_> {
    /// Every state can be reached, and from every state an end.
    pub(super) fn reachability(&self, shape: &Shape) {
        let Some(graph) = Graph::new(shape, &self.tree) else { return };
        let reached = graph.reached();
        self.unreachable(&reached);
        let is_final = |at: &usize| matches!(shape.states[*at].kind, StateKind::Final { .. });
        let ends: Vec<usize> = (0..self.tree.len()).filter(is_final).collect();
        if ends.is_empty() {
            let span = self.definition.keys.get("states").unwrap_or(&self.definition.span);
            return self.report(fault!(NO_END.no_final, span));
        }
        let good = graph.leading_to(ends);
        for at in reached.keys().filter(|at| !good.contains(at)) {
            self.trapped(&graph, &reached, *at);
        }
    }

    fn unreachable(&self, reached: &BTreeMap<usize, Option<(usize, String)>>) {
        let dead = |at: usize| !self.tree.inside(at).any(|inner| reached.contains_key(&inner));
        for (at, place) in self.tree.places().iter().enumerate() {
            if dead(at) && !place.parent.is_some_and(dead) {
                self.report(fault!(UNREACHABLE.state, &place.state.name.span, state = place.id));
            }
        }
    }

    fn trapped(&self, graph: &Graph, reached: &BTreeMap<usize, Option<(usize, String)>>, at: usize) {
        let place = self.tree.place(at);
        let leaves = graph.steps.get(&at).is_some_and(|steps| steps.iter().any(|(_, next)| *next != at));
        let (span, way) = (&place.state.name.span, self.way(reached, at));
        self.report(if leaves {
            fault!(NO_END.no_way, span, state = place.id, way)
        } else {
            fault!(NO_END.stuck, span, state = place.id, way)
        });
    }

    /// The shortest way to a state, in words.
    fn way(&self, reached: &BTreeMap<usize, Option<(usize, String)>>, at: usize) -> String {
        let mut steps = vec![self.tree.place(at).id.clone()];
        let mut at = at;
        while let Some(Some((before, cause))) = reached.get(&at) {
            steps.push(format!("{} -({cause})->", self.tree.place(*before).id));
            at = *before;
        }
        if steps.len() > WAY_MAX {
            steps.drain(WAY_MAX / 2..steps.len() - WAY_MAX / 2);
            steps.insert(WAY_MAX / 2, "...".to_owned());
        }
        steps.reverse();
        steps.join(" ")
    }
}
