//! The ways from one innermost state to the next, each with whose it is: what questions about people are asked of.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::tree::Tree;
use crate::ids::{RoleName, StateId};
use crate::machine::{Shape, StateKind, Target, Transition};

/// Every way, by where it ends. States inside a parallel one, and what a history may lead to, are all taken as possible.
pub(super) struct Roads<'a> {
    shape: &'a Shape,
    tree: &'a Tree<'a>,
    into: BTreeMap<usize, Vec<Road<'a>>>,
}

/// One way.
struct Road<'a> {
    from: usize,
    /// The roles whose event it is; empty for what happens by itself.
    by: &'a [RoleName],
}

impl<'a> Roads<'a> {
    pub(super) fn new(shape: &'a Shape, tree: &'a Tree<'a>) -> Self {
        let mut roads = Self { shape, tree, into: BTreeMap::new() };
        for (at, state) in shape.states.iter().enumerate() {
            let after = state.after.iter().map(|after| &after.transition);
            for transition in state.on.iter().chain(&state.always).chain(after) {
                roads.add(at, transition);
            }
        }
        roads
    }

    fn add(&mut self, at: usize, transition: &'a Transition) {
        let ends = match &transition.target {
            Target::State(id) => self.entered(id),
            Target::Resume(id) => self.tree.find(id.as_str()).map_or_else(Vec::new, |at| self.innermost(at)),
            Target::Stay => Vec::new(),
        };
        let from = self.innermost(at);
        for end in ends {
            self.into.entry(end).or_default().extend(from.iter().map(|from| Road { from: *from, by: &transition.by }));
        }
    }

    /// Everything inside a state that has nothing inside itself.
    fn innermost(&self, at: usize) -> Vec<usize> {
        self.tree.inside(at).filter(|at| matches!(self.shape.states[*at].kind, StateKind::Atomic)).collect()
    }

    fn entered(&self, id: &StateId) -> Vec<usize> {
        let Some(mut at) = self.tree.find(id.as_str()) else { return Vec::new() };
        for _ in 0..self.tree.len() {
            let StateKind::Compound { initial } = &self.shape.states[at].kind else { break };
            let Some(inner) = self.tree.find(initial.as_str()) else { return Vec::new() };
            at = inner;
        }
        self.innermost(at)
    }

    /// Whether one state can come before another.
    pub(super) fn leads(&self, before: usize, after: usize) -> bool {
        let mut seen = BTreeSet::from([after]);
        let mut open = vec![after];
        while let Some(at) = open.pop() {
            for road in self.into.get(&at).into_iter().flatten() {
                if road.from == before {
                    return true;
                }
                if seen.insert(road.from) {
                    open.push(road.from);
                }
            }
        }
        false
    }

    /// The shortest way to a state, from one that `begins` it, on which nobody but this role does anything: no other person, no
    /// vote, no list. The state itself stands last.
    pub(super) fn alone(&self, to: usize, role: &RoleName, begins: impl Fn(usize) -> bool) -> Option<Vec<usize>> {
        let mut next = BTreeMap::from([(to, None)]);
        let mut open = VecDeque::from([to]);
        while let Some(at) = open.pop_front() {
            for road in self.into.get(&at).into_iter().flatten() {
                if road.by.iter().any(|by| by != role)
                    || !self.left_alone(road.from, role)
                    || next.contains_key(&road.from)
                {
                    continue;
                }
                next.insert(road.from, Some(at));
                if begins(road.from) {
                    return Some(std::iter::successors(Some(road.from), |at| *next.get(at)?).collect());
                }
                open.push_back(road.from);
            }
        }
        None
    }

    /// Whether nobody but this role is asked in a state.
    fn left_alone(&self, at: usize, role: &RoleName) -> bool {
        self.tree.outwards(at).map(|at| &self.shape.states[at]).all(|state| {
            let others = state.vote.is_some() || state.joins.is_some() || state.awaits.is_some();
            !others && state.task.as_ref().is_none_or(|task| &task.role == role)
        })
    }
}
