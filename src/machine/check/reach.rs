//! Where a dossier can get, read off the explored statechart: states that none gets to, configurations that none gets out of,
//! joins that never complete, pauses that nothing freezes, circles that turn by themselves.

use std::collections::{BTreeMap, BTreeSet};

use super::Check;
use crate::definition::model::Name;
use crate::diagnostic::{Diagnostic, fault};
use crate::ids::StateId;
use crate::machine::chart::{Chart, DONE, Place, PlaceKind};
use crate::machine::explore::{CONFIGURATIONS_MAX, Graph, Node, explore};
use crate::machine::{Shape, Target, Transition};
use crate::source::Span;

/// Configurations named at most on the way to a fault.
const WAY_MAX: usize = 12;

impl Check<'_> {
    /// Every state can be reached, and from every configuration an end.
    pub(super) fn reachability(&self, shape: &Shape) {
        // What does not fit together was said where it stands.
        let Ok(chart) = Chart::new(shape) else { return };
        let graph = explore(shape, &chart, CONFIGURATIONS_MAX);
        let reached = Reached { check: self, shape, chart: &chart, graph: &graph };
        // What a circle or a missing pause keeps a dossier from is not said again.
        if reached.circles() {
            return;
        }
        let mut faulty = false;
        if graph.complete {
            reached.unreachable();
            reached.joins();
            faulty = reached.pauses();
        } else {
            reached.not_proven();
        }
        if !faulty {
            reached.ends();
        }
    }
}

/// The findings of one exploration.
struct Reached<'r, 'c> {
    check: &'r Check<'c>,
    shape: &'r Shape,
    chart: &'r Chart,
    graph: &'r Graph<'r>,
}

impl Reached<'_, '_> {
    fn span(&self, at: Place) -> &Span {
        &self.check.tree.place(at).state.name.span
    }

    /// A configuration by the names of its innermost states.
    fn name(&self, node: &Node<'_>) -> String {
        let leaves = self.chart.leaves(&node.active);
        leaves.iter().map(|at| self.shape.states[*at].id.as_str()).collect::<Vec<_>>().join(" + ")
    }

    fn not_proven(&self) {
        let span = self.check.definition.keys.get("states").unwrap_or(&self.check.definition.span);
        self.check.report(if self.graph.nodes.len() < CONFIGURATIONS_MAX {
            fault!(NOT_PROVEN.choices, span)
        } else {
            fault!(NOT_PROVEN.configurations, span, n = CONFIGURATIONS_MAX)
        });
    }

    fn unreachable(&self) {
        let mut found: BTreeSet<Place> = self.graph.nodes.iter().flat_map(|node| &node.active).copied().collect();
        found.extend(self.histories());
        let dead = |at: Place| !self.check.tree.inside(at).any(|inner| found.contains(&inner));
        for (at, place) in self.check.tree.places().iter().enumerate() {
            if dead(at) && !place.parent.is_some_and(dead) {
                self.check.report(fault!(UNREACHABLE.state, self.span(at), state = place.id));
            }
        }
    }

    /// The histories that something leads to out of a state that is reached.
    fn histories(&self) -> BTreeSet<Place> {
        let active: BTreeSet<Place> = self.graph.nodes.iter().flat_map(|node| &node.active).copied().collect();
        let targets = active.iter().flat_map(|at| self.transitions(*at)).filter_map(|one| match &one.target {
            Target::State(target) => self.chart.place(target),
            Target::Stay | Target::Resume(_) => None,
        });
        let initial = active.iter().filter_map(|at| match self.chart.kind(*at) {
            PlaceKind::Compound { initial } => Some(initial),
            _ => None,
        });
        let is_history = |at: &Place| matches!(self.chart.kind(*at), PlaceKind::History { .. });
        targets.chain(initial).filter(is_history).collect()
    }

    fn transitions(&self, at: Place) -> impl Iterator<Item = &Transition> {
        let state = &self.shape.states[at];
        state.on.iter().chain(&state.always).chain(state.after.iter().map(|after| &after.transition))
    }

    /// A parallel state that answers `done` can be done.
    fn joins(&self) {
        for at in (0..self.chart.len()).filter(|at| self.chart.kind(*at) == PlaceKind::Parallel) {
            let joins =
                self.shape.states[at].on.iter().any(|one| one.event.as_ref().is_some_and(|on| on.as_str() == DONE));
            let active = || self.graph.nodes.iter().filter(|node| node.active.binary_search(&at).is_ok());
            if !joins || active().next().is_none() || active().any(|node| self.chart.is_done(at, &node.active)) {
                continue;
            }
            let id = self.shape.states[at].id.as_str();
            let endless = |child: &Place| !active().any(|node| self.chart.is_done(*child, &node.active));
            let regions: Vec<Place> = self.chart.children(at).filter(endless).collect();
            self.check.report(match regions.first() {
                Some(region) => fault!(NEVER_DONE.region, self.span(*region), state = id).beside(self.span(at)),
                None => fault!(NEVER_DONE.together, self.span(at), state = id),
            });
        }
    }

    /// What is resumed can have been frozen; whether some of it cannot.
    fn pauses(&self) -> bool {
        let mut faulty = false;
        let active: BTreeSet<Place> = self.graph.nodes.iter().flat_map(|node| &node.active).copied().collect();
        for at in active {
            let written = self.check.tree.place(at).state;
            let after = written.after.iter().map(|(_, transition)| transition);
            let written = written.on.iter().chain(&written.always).chain(after);
            for (written, transition) in written.zip(self.transitions(at)) {
                let (Target::Resume(state), Some(name)) = (&transition.target, &written.resume) else { continue };
                let known = self.chart.place(state).is_none_or(|at| self.graph.frozen.contains_key(&at));
                if !known {
                    faulty = true;
                    self.check.report(self.never_paused(state, name));
                }
            }
        }
        faulty
    }

    fn never_paused(&self, state: &StateId, name: &Name) -> Diagnostic {
        let id = |at: &Place| &self.shape.states[*at].id;
        let near = self.graph.frozen.keys().find(|at| id(at).is_inside(state) || state.is_inside(id(at)));
        match near {
            Some(near) => fault!(RESUME.other, &name.span, state = state.as_str(), near = id(near).as_str()),
            None => fault!(RESUME.nothing, &name.span, state = state.as_str()),
        }
    }

    fn ends(&self) {
        let is_end = |at: Place| self.chart.parent(at).is_none() && self.chart.kind(at) == PlaceKind::Final;
        if !(0..self.chart.len()).any(is_end) {
            let definition = self.check.definition;
            let span = definition.keys.get("states").unwrap_or(&definition.span);
            return self.check.report(fault!(NO_END.no_final, span));
        }
        if !self.graph.complete {
            return;
        }
        let good = self.leading_to(|node| node.active.iter().any(|at| is_end(*at)));
        self.traps(&good);
    }

    /// By configuration, whether one of these can be reached from it.
    fn leading_to(&self, end: impl Fn(&Node<'_>) -> bool) -> Vec<bool> {
        let nodes = &self.graph.nodes;
        let mut before: Vec<Vec<usize>> = vec![Vec::new(); nodes.len()];
        for (at, node) in nodes.iter().enumerate() {
            for (_, next) in &node.steps {
                before[*next].push(at);
            }
        }
        let mut good: Vec<bool> = nodes.iter().map(end).collect();
        let mut open: Vec<usize> = (0..nodes.len()).filter(|at| good[*at]).collect();
        while let Some(at) = open.pop() {
            for earlier in &before[at] {
                if !good[*earlier] {
                    good[*earlier] = true;
                    open.push(*earlier);
                }
            }
        }
        good
    }

    /// Each innermost state in which a dossier never ends; and a configuration of several that each by itself would.
    fn traps(&self, good: &[bool]) {
        let mut first: BTreeMap<Place, usize> = BTreeMap::new();
        let mut fine: BTreeSet<Place> = BTreeSet::new();
        for (at, node) in self.graph.nodes.iter().enumerate() {
            for leaf in self.chart.leaves(&node.active) {
                if good[at] {
                    fine.insert(leaf);
                } else {
                    first.entry(leaf).or_insert(at);
                }
            }
        }
        first.retain(|leaf, _| !fine.contains(leaf));
        for (leaf, at) in &first {
            self.trapped(&[*leaf], *at);
        }
        let together = (0..good.len()).find(|at| {
            let leaves = self.chart.leaves(&self.graph.nodes[*at].active);
            !good[*at] && !leaves.iter().any(|leaf| first.contains_key(leaf))
        });
        if let Some(at) = together {
            self.trapped(&self.chart.leaves(&self.graph.nodes[at].active), at);
        }
    }

    fn trapped(&self, leaves: &[Place], at: usize) {
        let names: Vec<&str> = leaves.iter().map(|leaf| self.shape.states[*leaf].id.as_str()).collect();
        let leaves_it = self.graph.nodes[at].steps.iter().any(|(_, next)| *next != at);
        let span = leaves.last().map_or(&self.check.definition.span, |leaf| self.span(*leaf));
        let (state, way) = (names.join(" + "), self.way(at));
        self.check.report(if leaves_it {
            fault!(NO_END.no_way, span, state, way)
        } else {
            fault!(NO_END.stuck, span, state, way)
        });
    }

    /// The shortest way to a configuration, in words.
    fn way(&self, at: usize) -> String {
        let nodes = &self.graph.nodes;
        let mut steps = vec![self.name(&nodes[at])];
        let mut at = at;
        while let Some((before, cause)) = nodes[at].from {
            steps.push(format!("{} -({cause})->", self.name(&nodes[before])));
            at = before;
        }
        if steps.len() > WAY_MAX {
            steps.drain(WAY_MAX / 2..steps.len() - WAY_MAX / 2);
            steps.insert(WAY_MAX / 2, "...".to_owned());
        }
        steps.reverse();
        steps.join(" ")
    }

    /// No circle turns by itself for ever; whether one does.
    fn circles(&self) -> bool {
        let (nodes, mut faulty) = (&self.graph.nodes, false);
        let mut seen = vec![false; nodes.len()];
        for start in 0..nodes.len() {
            let mut way = Vec::new();
            let mut at = Some(start);
            while let Some(here) = at.filter(|here| !seen[*here]) {
                seen[here] = true;
                way.push(here);
                at = nodes[here].certain;
            }
            // The way came back to itself, not to one that was followed before.
            if let Some(back) = at.and_then(|here| way.iter().position(|before| *before == here)) {
                self.circle(&way[back..]);
                faulty = true;
            }
        }
        faulty
    }

    fn circle(&self, way: &[usize]) {
        let Some(first) = way.first() else { return };
        let names: Vec<String> = way.iter().chain([first]).map(|at| self.name(&self.graph.nodes[*at])).collect();
        let leaves = self.chart.leaves(&self.graph.nodes[*first].active);
        let span = leaves.last().map_or(&self.check.definition.span, |leaf| self.span(*leaf));
        self.check.report(fault!(CIRCLE.circle, span, way = names.join(" -> ")));
    }
}
