//! How far dossiers get with nobody in them: by what follows at once, by the clock where nobody can do anything, and by what comes back
//! from children that get there alone too. Whatever guards say.

use std::collections::{BTreeMap, BTreeSet};

use crate::ids::StateId;
use crate::machine::{COMPLETE, NO_RESULT, RESULT_CHANGED, Reach, Shape, State, StateKind, Target, Transition};

/// What the dossiers of several workflows do alone.
pub(super) struct Alone<'k> {
    /// By workflow.
    runs: BTreeMap<&'k str, Course<'k>>,
}

/// What a dossier of one workflow does alone.
#[derive(Debug, Default, PartialEq, Eq)]
struct Course<'k> {
    /// The children that it opens, by the names of their sets.
    opens: BTreeSet<&'k str>,
    /// The results that its parent is told.
    results: BTreeSet<&'k str>,
}

impl<'k> Alone<'k> {
    /// Of these workflows. What children bring back is followed until nothing is added any more.
    pub(super) fn of(shapes: &[&'k Shape]) -> Self {
        let mut alone = Self { runs: BTreeMap::new() };
        loop {
            let runs: BTreeMap<&str, Course<'_>> =
                shapes.iter().copied().map(|shape| (shape.workflow.as_str(), alone.follow(shape))).collect();
            if runs == alone.runs {
                return alone;
            }
            alone.runs = runs;
        }
    }

    /// The sets of children that a dossier opens alone.
    pub(super) fn opens(&self, workflow: &str) -> impl Iterator<Item = &'k str> {
        self.runs.get(workflow).into_iter().flat_map(|course| course.opens.iter().copied())
    }

    fn follow(&self, shape: &'k Shape) -> Course<'k> {
        let by_id: BTreeMap<&StateId, &State> = shape.states.iter().map(|state| (&state.id, state)).collect();
        let mut course = Course::default();
        let (mut open, mut seen) = (vec![&shape.initial], BTreeSet::new());
        while let Some(id) = open.pop() {
            let Some(state) = by_id.get(id).filter(|_| seen.insert(id)) else { continue };
            course.takes(&state.entry.reach());
            match &state.kind {
                StateKind::Compound { initial } => open.push(initial),
                StateKind::Parallel => {
                    open.extend(shape.states.iter().filter(|one| one.parent.as_ref() == Some(id)).map(|one| &one.id));
                }
                StateKind::History { target, .. } => open.push(target),
                StateKind::Final { outcome } => course.results.extend(outcome.as_deref()),
                StateKind::Atomic => {}
            }
            let around: Vec<&State> = std::iter::successors(Some(*state), |inner| {
                inner.parent.as_ref().and_then(|parent| by_id.get(parent)).copied()
            })
            .collect();
            for way in self.ways(shape, &around) {
                course.takes(&way.reach());
                course.takes(&state.exit.reach());
                if let Target::State(target) = &way.target {
                    open.push(target);
                }
            }
        }
        course
    }

    /// The transitions that a state takes alone; those around it last.
    fn ways(&self, shape: &Shape, around: &[&'k State]) -> Vec<&'k Transition> {
        let Some(state) = around.first() else { return Vec::new() };
        let mut ways: Vec<&Transition> = state.always.iter().collect();
        let mut raised: BTreeSet<&str> = BTreeSet::new();
        if around.iter().all(|state| is_empty(state)) {
            ways.extend(state.after.iter().map(|after| &after.transition));
            raised.extend(
                state.deadline.iter().filter_map(|deadline| deadline.then.as_ref()).map(crate::ids::EventName::as_str),
            );
        }
        raised.extend(self.come_back(shape, state));
        let answers = around.iter().flat_map(|state| &state.on).filter(|way| way.by.is_empty() && way.from.is_empty());
        ways.extend(answers.filter(|way| way.event.as_ref().is_some_and(|event| raised.contains(event.as_str()))));
        ways
    }

    /// The events that children raise here which get that far alone.
    fn come_back(&self, shape: &Shape, state: &State) -> Vec<&'k str> {
        let results = |children: &str| {
            let rule = shape.children.get(children)?;
            let results = &self.runs.get(rule.workflow.as_str())?.results;
            (!results.is_empty()).then_some((rule.is_one(), results))
        };
        let mut raised = Vec::new();
        if let Some((is_one, results)) = state.awaits.as_ref().and_then(|awaits| results(&awaits.children)) {
            raised.push(COMPLETE);
            raised.extend(results.iter().copied().filter(|_| is_one));
        }
        // One result after another.
        if shape.children.keys().any(|children| results(children).is_some_and(|(_, results)| results.len() > 1)) {
            raised.push(RESULT_CHANGED);
        }
        raised
    }
}

impl<'k> Course<'k> {
    fn takes(&mut self, reach: &Reach<'k>) {
        self.opens.extend(reach.open.iter().map(String::as_str));
        self.results.extend(reach.result.filter(|result| *result != NO_RESULT));
    }
}

/// Nobody can do anything in a state: no person, no body, no list.
fn is_empty(state: &State) -> bool {
    let by_person = state.on.iter().any(|way| !way.by.is_empty());
    !by_person && state.task.is_none() && state.vote.is_none() && state.joins.is_none() && !state.gathers
}
