//! Loops without anybody in them: states that follow each other by themselves, whatever their guards say, or by the clock.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::Check;
use super::tree::{Step, cause};
use crate::definition::model::Transition;
use crate::diagnostic::fault;

impl Check<'_> {
    /// Every loop that can turn without a person: those of `always` whose guards may all hold, and those by the clock through
    /// states in which nobody can do anything.
    pub(super) fn loops(&self) {
        let at_once: BTreeMap<usize, Vec<Step>> = self
            .leaves()
            .map(|at| (at, self.tree.steps(at, |state| state.always.iter().map(always).collect())))
            .collect();
        for (first, way) in self.turning(&at_once) {
            if self.certainly_next(first).is_none() {
                self.report(fault!(LOOP.at_once, &self.tree.place(first).state.name.span, way));
            }
        }
        let timed: BTreeMap<usize, Vec<Step>> =
            self.leaves().filter(|at| !self.has_somebody(*at)).map(|at| (at, self.timed_steps(at))).collect();
        for (first, way) in
            self.turning(&timed).into_iter().filter(|(_, way)| way.contains("-(after ") || way.contains("-(deadline"))
        {
            self.report(fault!(LOOP.timed, &self.tree.place(first).state.name.span, way));
        }
    }

    fn leaves(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.tree.len()).filter(|at| self.tree.place(*at).state.states.is_empty())
    }

    /// A person, a body or a list has a say while a dossier stands here.
    fn has_somebody(&self, at: usize) -> bool {
        self.tree.outwards(at).any(|at| {
            let state = self.tree.place(at).state;
            let by_person = state.on.iter().any(|transition| !transition.by.is_empty());
            by_person || state.vote.is_some() || state.joins.is_some() || state.awaits.is_some() || state.gathers
        })
    }

    fn timed_steps(&self, at: usize) -> Vec<Step> {
        self.tree.steps(at, |state| {
            let mut steps: Vec<(&Transition, String)> = state.always.iter().map(always).collect();
            steps.extend(state.after.iter().map(|(delay, transition)| {
                let delay = delay.as_ref().map_or_else(String::new, |delay| delay.value.to_string());
                (transition, format!("after {delay}"))
            }));
            let then = state.deadline.as_ref().and_then(|deadline| deadline.then.as_ref());
            steps.extend(then.into_iter().flat_map(|then| {
                let raised = move |transition: &&Transition| {
                    transition.event.as_ref().is_some_and(|event| event.value == then.value)
                };
                state.on.iter().filter(raised).map(move |transition| (transition, format!("deadline: {}", then.value)))
            }));
            steps
        })
    }

    /// For every set of states that lead to each other, the first of them in the file and the shortest way round.
    fn turning(&self, graph: &BTreeMap<usize, Vec<Step>>) -> Vec<(usize, String)> {
        let mut told: BTreeSet<usize> = BTreeSet::new();
        let mut found = Vec::new();
        for first in graph.keys().copied() {
            if told.contains(&first) {
                continue;
            }
            let Some(round) = round(graph, first) else { continue };
            let mut way = self.tree.place(first).id.clone();
            for (at, cause) in &round {
                way.extend([" -(", cause, ")-> ", &self.tree.place(*at).id]);
            }
            told.extend(round.iter().map(|(at, _)| *at));
            found.push((first, way));
        }
        found
    }
}

fn always(transition: &Transition) -> (&Transition, String) {
    (transition, cause(transition))
}

/// The shortest way from a state back to itself.
fn round(graph: &BTreeMap<usize, Vec<Step>>, first: usize) -> Option<Vec<Step>> {
    let mut before: BTreeMap<usize, (usize, &str)> = BTreeMap::new();
    let mut open = VecDeque::from([first]);
    while let Some(at) = open.pop_front() {
        for (next, cause) in graph.get(&at).into_iter().flatten() {
            if *next == first {
                let mut steps = vec![(first, cause.clone())];
                let mut at = at;
                while at != first {
                    let (earlier, cause) = before[&at];
                    steps.push((at, cause.to_owned()));
                    at = earlier;
                }
                steps.reverse();
                return Some(steps);
            }
            if !before.contains_key(next) && graph.contains_key(next) {
                before.insert(*next, (at, cause));
                open.push_back(*next);
            }
        }
    }
    None
}
