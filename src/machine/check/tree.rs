//! The states as a tree: full paths, parents, and where a target leads from where it is written.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, VecDeque};

use super::Check;
use crate::definition::model::{Name, State, Transition};
use crate::diagnostic::{Words, did_you_mean, fault, say};

/// One state and its place in the tree.
pub(super) struct Place<'a> {
    /// Its full path.
    pub(super) id: String,
    /// The state around it.
    pub(super) parent: Option<usize>,
    /// As written.
    pub(super) state: &'a State,
}

/// States named at most on a way.
const WAY_MAX: usize = 12;

/// Where a step leads, and what causes it.
pub(super) type Step = (usize, String);

/// States that were reached, each with the state and cause before it.
pub(super) type Reached = BTreeMap<usize, Option<(usize, String)>>;

/// What causes a transition, in one word.
pub(super) fn cause(transition: &Transition) -> String {
    transition.event.as_ref().map_or_else(|| "always".to_owned(), |event| event.value.clone())
}

/// Every state, parents before children, in the order of the file.
pub(super) struct Tree<'a> {
    places: Vec<Place<'a>>,
    /// By its full path.
    by_path: BTreeMap<String, usize>,
    /// Behind the last state inside each.
    ends: Vec<usize>,
}

impl<'a> Tree<'a> {
    pub(super) fn new(states: &'a [State]) -> Self {
        let mut tree = Self { places: Vec::new(), by_path: BTreeMap::new(), ends: Vec::new() };
        tree.add(states, None);
        tree
    }

    fn add(&mut self, states: &'a [State], parent: Option<usize>) {
        for state in states {
            let id = match parent {
                Some(parent) => format!("{}.{}", self.places[parent].id, state.name.value),
                None => state.name.value.clone(),
            };
            let at = self.places.len();
            self.by_path.entry(id.clone()).or_insert(at);
            self.places.push(Place { id, parent, state });
            self.ends.push(at);
            self.add(&state.states, Some(at));
            self.ends[at] = self.places.len();
        }
    }

    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    pub(super) fn place(&self, at: usize) -> &Place<'a> {
        &self.places[at]
    }

    pub(super) fn places(&self) -> &[Place<'a>] {
        &self.places
    }

    /// The state of a full path.
    pub(super) fn find(&self, id: &str) -> Option<usize> {
        self.by_path.get(id).copied()
    }

    /// The state of this name directly inside `parent` (none: at the top).
    pub(super) fn child(&self, parent: Option<usize>, name: &str) -> Option<usize> {
        match parent {
            Some(parent) => self.find(&format!("{}.{name}", self.places[parent].id)),
            None => self.find(name),
        }
        .filter(|at| self.places[*at].parent == parent)
    }

    /// The state itself and those around it, innermost first.
    pub(super) fn outwards(&self, at: usize) -> impl Iterator<Item = usize> + '_ {
        std::iter::successors(Some(at), |at| self.places[*at].parent)
    }

    /// The state itself and all inside it.
    pub(super) fn inside(&self, at: usize) -> impl Iterator<Item = usize> + '_ {
        at..self.ends[at]
    }

    /// The state in which one stands once this one is entered (of a parallel state, itself).
    pub(super) fn innermost(&self, mut at: usize) -> usize {
        for _ in 0..self.len() {
            let initial = self.places[at].state.initial.as_ref();
            match initial.and_then(|name| self.child(Some(at), &name.value)) {
                Some(inner) => at = inner,
                None => break,
            }
        }
        at
    }

    /// Every state to which these steps lead from a first one, each with the shortest way to it: the step before it.
    pub(super) fn reached(start: usize, steps: impl Fn(usize) -> Vec<Step>) -> Reached {
        let mut found = Reached::from([(start, None)]);
        let mut open = VecDeque::from([start]);
        while let Some(at) = open.pop_front() {
            for (next, cause) in steps(at) {
                if let Entry::Vacant(new) = found.entry(next) {
                    new.insert(Some((at, cause)));
                    open.push_back(next);
                }
            }
        }
        found
    }

    /// The steps that transitions of a state, and of those around it, make.
    pub(super) fn steps<'t>(&self, at: usize, of: impl Fn(&'t State) -> Vec<(&'t Transition, String)>) -> Vec<Step>
    where
        'a: 't,
    {
        let mut steps = Vec::new();
        for around in self.outwards(at) {
            for (transition, cause) in of(self.places[around].state) {
                let target = transition.target.as_ref().and_then(|target| self.resolve(around, &target.value));
                steps.extend(target.map(|target| (self.innermost(target), cause)));
            }
        }
        steps
    }

    /// A shortest way in words: `drafting -(submit)-> council`.
    pub(super) fn way(&self, reached: &Reached, end: usize) -> String {
        let (mut at, mut steps) = (end, vec![self.places[end].id.clone()]);
        while let Some(Some((before, cause))) = reached.get(&at) {
            steps.push(format!("{} -({cause})->", self.places[*before].id));
            at = *before;
        }
        if steps.len() > WAY_MAX {
            steps.drain(WAY_MAX / 2..steps.len() - WAY_MAX / 2);
            steps.insert(WAY_MAX / 2, "...".to_owned());
        }
        steps.reverse();
        steps.join(" ")
    }

    /// Where a target leads: a sibling, a sibling of a state around, a full path, or a state inside.
    pub(super) fn resolve(&self, from: usize, name: &str) -> Option<usize> {
        self.outwards(from)
            .find_map(|at| self.child(self.places[at].parent, name))
            .or_else(|| self.find(name))
            .or_else(|| self.child(Some(from), name))
    }

    /// Every name that [`Tree::resolve`] understands from here.
    pub(super) fn known_from(&self, from: usize) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for at in self.outwards(from) {
            let parent = self.places[at].parent;
            names.extend(
                self.places.iter().filter(|place| place.parent == parent).map(|place| place.state.name.as_str()),
            );
        }
        let inside = self.places.iter().filter(|place| place.parent == Some(from));
        names.extend(inside.map(|place| place.state.name.as_str()));
        names.extend(self.places.iter().filter(|place| place.parent.is_some()).map(|place| place.id.as_str()));
        names
    }
}

impl Check<'_> {
    /// The full path that a target means where it is written.
    pub(super) fn target(&self, from: usize, name: &Name) -> String {
        if let Some(at) = self.tree.resolve(from, &name.value) {
            return self.tree.place(at).id.clone();
        }
        *self.lost.borrow_mut() = true;
        self.report(fault!(UNKNOWN_STATE.target, &name.span, name).help(self.state_help(from, name)));
        String::new()
    }

    /// A state of that name may exist elsewhere; then its full path is the way out.
    fn state_help(&self, from: usize, name: &Name) -> Words {
        let elsewhere = self.tree.places().iter().find(|place| place.state.name.value == name.value);
        match elsewhere {
            Some(place) => say!(near.path, path = place.id),
            None => did_you_mean(&name.value, self.tree.known_from(from), say!(near.no_states)),
        }
    }

    /// The state that `initial` names directly inside `parent`.
    pub(super) fn initial(&self, name: Option<&Name>, parent: Option<usize>) -> String {
        let Some(name) = name else { return String::new() };
        let inside = |at: &usize| self.tree.place(*at).parent == parent;
        let found = self.tree.child(parent, &name.value).or_else(|| self.tree.find(&name.value).filter(inside));
        if let Some(at) = found {
            return self.tree.place(at).id.clone();
        }
        *self.lost.borrow_mut() = true;
        let known =
            self.tree.places().iter().filter(|place| place.parent == parent).map(|place| place.state.name.as_str());
        let fault = match parent {
            Some(_) => fault!(UNKNOWN_STATE.initial_inside, &name.span, name),
            None => fault!(UNKNOWN_STATE.initial_at_top, &name.span, name),
        };
        self.report(fault.help(did_you_mean(&name.value, known, say!(near.no_states_here))));
        String::new()
    }
}
