//! The configurations that a dossier can come to: the statechart explored with guards as free choices.
//!
//! The steps are SCXML's, by the same [`Chart`] on which `decide` runs. What a history remembers and what a pause froze is not
//! part of a configuration here: whatever was ever left, or frozen, may come back. So nothing that can happen is missed, and a
//! chart without parallel states has as many configurations as innermost states.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::fmt;

use super::chart::{Chart, Claim, DONE, Place, PlaceKind, Recall, without_conflicts};
use super::{Raiser, Shape, Target, Transition};
use crate::calendar::Delay;

/// Configurations that are looked at; a chart with more of them is not proven.
pub const CONFIGURATIONS_MAX: usize = 100_000;
/// Steps that are tried for each configuration that may be looked at.
const STEPS_EACH: usize = 12;
/// Ways in which regions can answer one event together; beyond it the chart is not proven.
const TOGETHER_MAX: usize = 256;
/// What leads from one configuration to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause<'a> {
    /// An event.
    Event(&'a str),
    /// A transition without an event.
    Always,
    /// The clock.
    After(Delay),
}

impl fmt::Display for Cause<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Event(name) => f.write_str(name),
            Self::Always => f.write_str("always"),
            Self::After(delay) => write!(f, "after {delay}"),
        }
    }
}

/// A configuration, and what may follow it.
#[derive(Debug)]
pub struct Node<'a> {
    /// The active states, in document order.
    pub active: Vec<Place>,
    /// States that have come to their end and have not answered that yet.
    pending: Vec<Place>,
    /// It is still to be followed.
    waits: bool,
    /// What may follow, each with its cause.
    pub steps: Vec<(Cause<'a>, usize)>,
    /// How a dossier gets here first.
    pub from: Option<(usize, Cause<'a>)>,
    /// What follows at once, whatever guards say.
    pub certain: Option<usize>,
}

/// What was found.
#[derive(Debug)]
pub struct Graph<'a> {
    /// The configurations, the first one first.
    pub nodes: Vec<Node<'a>>,
    /// There are no others.
    pub complete: bool,
    /// What pausing transitions can freeze, by the outermost state.
    pub frozen: BTreeMap<Place, BTreeSet<Vec<Place>>>,
}

/// Explores a chart from its initial state, up to so many configurations.
pub fn explore<'a>(shape: &'a Shape, chart: &'a Chart, most: usize) -> Graph<'a> {
    let mut explorer = Explorer {
        shape,
        chart,
        nodes: Vec::new(),
        known: HashMap::new(),
        open: VecDeque::new(),
        most,
        steps: 0,
        complete: true,
        remembered: BTreeMap::new(),
        frozen: BTreeMap::new(),
        recalls: BTreeMap::new(),
        resumes: BTreeMap::new(),
    };
    if let Some(initial) = chart.place(&shape.initial) {
        let entered = explorer.entered(&[(initial, None)], None);
        for entered in entered {
            explorer.arrive(&entered.iter().copied().collect::<Vec<_>>(), &entered, Vec::new(), None);
        }
        while let Some(at) = explorer.open.pop_front().filter(|_| explorer.complete) {
            explorer.nodes[at].waits = false;
            explorer.follow(at);
        }
    }
    Graph { nodes: explorer.nodes, complete: explorer.complete, frozen: explorer.frozen }
}

/// A transition and the state that it is written in.
type Way<'a> = (Place, &'a Transition);

struct Explorer<'a> {
    shape: &'a Shape,
    chart: &'a Chart,
    nodes: Vec<Node<'a>>,
    known: HashMap<(Vec<Place>, Vec<Place>), usize>,
    open: VecDeque<usize>,
    /// Configurations that may be looked at.
    most: usize,
    /// Steps that were tried.
    steps: usize,
    complete: bool,
    /// What histories may remember.
    remembered: BTreeMap<Place, BTreeSet<Vec<Place>>>,
    frozen: BTreeMap<Place, BTreeSet<Vec<Place>>>,
    /// Who asked a history, and who resumed a state: they are asked again when there is more to go back to.
    recalls: BTreeMap<Place, BTreeSet<usize>>,
    resumes: BTreeMap<Place, BTreeSet<usize>>,
}

impl<'a> Explorer<'a> {
    /// Everything that may follow one configuration.
    fn follow(&mut self, at: usize) {
        let (active, pending) = (self.nodes[at].active.clone(), self.nodes[at].pending.clone());
        let leaves = self.chart.leaves(&active);
        let always: Vec<Vec<Option<Way<'a>>>> = leaves.iter().map(|leaf| self.always_of(*leaf)).collect();
        let choices = self.together(&always);
        let stable = choices.iter().any(Vec::is_empty);
        for choice in choices.iter().filter(|choice| !choice.is_empty()) {
            self.step(at, choice, Cause::Always, &pending);
        }
        if !stable {
            return self.is_certain(at, choices.len());
        }
        match pending.split_first() {
            Some((done, rest)) => self.follow_done(at, *done, rest),
            None => self.follow_outside(at, &active, &leaves),
        }
    }

    /// There was one choice only, and it led to one place only.
    fn is_certain(&mut self, at: usize, choices: usize) {
        let next = if let [(_, next)] = self.nodes[at].steps[..] { Some(next) } else { None };
        self.nodes[at].certain = next.filter(|_| choices == 1);
    }

    /// A state has come to its end: it answers, or does not.
    fn follow_done(&mut self, at: usize, done: Place, rest: &[Place]) {
        let answers = |one: &&Transition| one.event.as_ref().is_some_and(|name| name.as_str() == DONE);
        let answers = self.shape.states[done].on.iter().filter(answers).filter(|one| one.raiser() == Raiser::Office);
        let ways = first_open(answers.map(|transition| (done, transition)));
        let choices = ways.len();
        for way in ways {
            if let Some(way) = way {
                self.step(at, &[way], Cause::Event(DONE), rest);
            } else {
                let active = self.nodes[at].active.clone();
                self.arrive(&active, &BTreeSet::new(), rest.to_vec(), Some((at, Cause::Event(DONE))));
            }
        }
        self.is_certain(at, choices);
    }

    /// What persons, messages, votes and clocks do.
    fn follow_outside(&mut self, at: usize, active: &[Place], leaves: &[Place]) {
        let shape = self.shape;
        for place in active {
            for after in &shape.states[*place].after {
                self.step(at, &[(*place, &after.transition)], Cause::After(after.delay), &[]);
            }
        }
        let mut events: Vec<(&'a str, Raiser)> = Vec::new();
        for transition in active.iter().flat_map(|place| &shape.states[*place].on) {
            let event = transition.event.as_ref().map_or("", |event| event.as_str());
            let found = (event, transition.raiser());
            if found != (DONE, Raiser::Office) && !events.contains(&found) {
                events.push(found);
            }
        }
        for (event, raiser) in events {
            let answers: Vec<Vec<Option<Way<'a>>>> =
                leaves.iter().map(|leaf| self.answers_of(*leaf, event, raiser)).collect();
            // Each region by itself, and all that can answer together.
            let mut choices: Vec<Vec<Way<'a>>> = Vec::new();
            let alone = answers.iter().flatten().flatten().map(|way| vec![*way]);
            for choice in alone.chain(self.together(&answers)).filter(|choice| !choice.is_empty()) {
                if !choices.iter().any(|other| same(other, &choice)) {
                    choices.push(choice);
                }
            }
            for choice in choices {
                self.step(at, &choice, Cause::Event(event), &[]);
            }
        }
    }

    /// The branches without events that a leaf may take; none if all of them may be closed.
    fn always_of(&self, leaf: Place) -> Vec<Option<Way<'a>>> {
        let shape = self.shape;
        let around = std::iter::once(leaf).chain(self.chart.around(leaf));
        first_open(around.flat_map(|at| shape.states[at].always.iter().map(move |transition| (at, transition))))
    }

    /// The transitions by which a leaf, or what is around it, may answer an event. Who a person is is not known here, so all of
    /// theirs may be meant.
    fn answers_of(&self, leaf: Place, event: &str, raiser: Raiser) -> Vec<Option<Way<'a>>> {
        let shape = self.shape;
        let around = std::iter::once(leaf).chain(self.chart.around(leaf));
        let all = around.flat_map(|at| shape.states[at].on.iter().map(move |transition| (at, transition)));
        let named = |(_, one): &Way<'a>| one.event.as_ref().is_some_and(|name| name.as_str() == event);
        let answers = all.filter(named).filter(|(_, one)| one.raiser() == raiser);
        // Which workflow sends it is not known either.
        match raiser {
            Raiser::Office => first_open(answers),
            Raiser::Person | Raiser::Related => answers.map(Some).chain([None]).collect(),
        }
    }

    /// Every way in which leaves can choose, each as the set of transitions that are then taken together.
    fn together(&mut self, options: &[Vec<Option<Way<'a>>>]) -> Vec<Vec<Way<'a>>> {
        let mut choices: Vec<Vec<Way<'a>>> = vec![Vec::new()];
        for options in options.iter().filter(|options| options[..] != [None]) {
            if choices.len() * options.len() > TOGETHER_MAX {
                self.complete = false;
                break;
            }
            let with = |choice: &Vec<Way<'a>>| {
                let choice = choice.clone();
                options.iter().map(move |option| {
                    let mut choice = choice.clone();
                    choice.extend(option.filter(|way| !choice.iter().any(|other| is_same(other, way))));
                    choice
                })
            };
            choices = choices.iter().flat_map(with).collect();
        }
        choices
    }

    /// One microstep, for everything that histories may remember and pauses may have frozen.
    fn step(&mut self, at: usize, ways: &[Way<'a>], cause: Cause<'a>, pending: &[Place]) {
        let active = self.nodes[at].active.clone();
        let mut guesses = vec![Guess::default()];
        while let Some(guess) = guesses.pop() {
            self.steps += 1;
            if self.steps > self.most * STEPS_EACH {
                self.complete = false;
            }
            if !self.complete {
                return;
            }
            let recall = |history: Place| guess.recall(history);
            let claims = ways.iter().map(|(source, what)| Claim {
                source: *source,
                exits: exits(self.chart, *source, what, &active, &recall),
                what: *what,
            });
            let claims = without_conflicts(self.chart, claims.collect());
            let mut targets = Vec::new();
            for claim in &claims {
                if let Target::State(target) = &claim.what.target
                    && let Some(target) = self.chart.place(target)
                {
                    targets.push((target, self.chart.domain(claim.source, target, claim.what.internal, &recall)));
                }
            }
            let entered = self.chart.entries(targets, &recall);
            if let Some(history) = guess.unknown() {
                self.recalls.entry(history).or_default().insert(at);
                guesses.extend(guess.with(history, self.remembered.get(&history)));
                continue;
            }
            self.leave(&claims, &active);
            for kept in self.kept(at, &claims, &active) {
                self.steps += 1;
                self.arrive(&kept, &entered, pending.to_vec(), Some((at, cause)));
            }
        }
    }

    /// Notes what histories remember from here on, and what is frozen.
    fn leave(&mut self, claims: &[Claim<&'a Transition>], active: &[Place]) {
        for claim in claims {
            for history in claim.exits.iter().flat_map(|left| self.chart.histories(*left)) {
                let states = self.chart.remembers(history, active);
                if self.remembered.entry(history).or_default().insert(states) {
                    self.again(self.recalls.get(&history).cloned());
                }
            }
            if let (true, Some(outermost)) = (claim.what.pause, claim.exits.first())
                && self.frozen.entry(*outermost).or_default().insert(claim.exits.clone())
            {
                self.again(self.resumes.get(outermost).cloned());
            }
        }
    }

    /// Follows configurations once more, because there is more to go back to.
    fn again(&mut self, nodes: Option<BTreeSet<usize>>) {
        for at in nodes.into_iter().flatten() {
            if !std::mem::replace(&mut self.nodes[at].waits, true) {
                self.open.push_back(at);
            }
        }
    }

    /// What stays active, with everything that may be resumed.
    fn kept(&mut self, at: usize, claims: &[Claim<&'a Transition>], active: &[Place]) -> Vec<Vec<Place>> {
        let left = |place: &&Place| !claims.iter().any(|claim| claim.exits.contains(place));
        let mut kept: Vec<Vec<Place>> = vec![active.iter().filter(left).copied().collect()];
        for claim in claims {
            let Target::Resume(state) = &claim.what.target else { continue };
            let Some(state) = self.chart.place(state) else { continue };
            self.resumes.entry(state).or_default().insert(at);
            let here = self.chart.parent(state).is_none_or(|around| active.contains(&around));
            let frozen: Vec<&Vec<Place>> = self.frozen.get(&state).into_iter().flatten().filter(|_| here).collect();
            kept = kept
                .iter()
                .flat_map(|kept| frozen.iter().map(|frozen| kept.iter().chain(*frozen).copied().collect()))
                .collect();
        }
        kept
    }

    /// The entry sets of some targets, for everything that histories may remember.
    fn entered(&mut self, targets: &[(Place, Option<Place>)], asker: Option<usize>) -> Vec<BTreeSet<Place>> {
        let (mut guesses, mut found) = (vec![Guess::default()], Vec::new());
        while let Some(guess) = guesses.pop() {
            let entered = self.chart.entries(targets.iter().copied(), &|history| guess.recall(history));
            match guess.unknown() {
                Some(history) => {
                    self.recalls.entry(history).or_default().extend(asker);
                    guesses.extend(guess.with(history, self.remembered.get(&history)));
                }
                None => found.push(entered),
            }
        }
        found
    }

    /// Comes to a configuration, perhaps for the first time.
    fn arrive(
        &mut self,
        kept: &[Place],
        entered: &BTreeSet<Place>,
        mut pending: Vec<Place>,
        from: Option<(usize, Cause<'a>)>,
    ) {
        let active: Vec<Place> =
            kept.iter().copied().chain(entered.iter().copied()).collect::<BTreeSet<_>>().into_iter().collect();
        for end in entered.iter().filter(|at| self.chart.kind(**at) == PlaceKind::Final) {
            pending.extend(self.chart.done_by(*end, &active));
        }
        pending.retain(|done| active.binary_search(done).is_ok());
        let next = self.nodes.len();
        let found = match self.known.get(&(active.clone(), pending.clone())) {
            Some(known) => *known,
            None if next == self.most => {
                self.complete = false;
                return;
            }
            None => {
                self.known.insert((active.clone(), pending.clone()), next);
                self.nodes.push(Node { active, pending, waits: true, steps: Vec::new(), from, certain: None });
                self.open.push_back(next);
                next
            }
        };
        if let Some((before, cause)) = from {
            let steps = &mut self.nodes[before].steps;
            if !steps.contains(&(cause, found)) {
                steps.push((cause, found));
            }
        }
    }
}

/// The active states that a transition leaves.
fn exits(chart: &Chart, source: Place, transition: &Transition, active: &[Place], recall: &Recall<'_>) -> Vec<Place> {
    let domain = match &transition.target {
        Target::Stay => return Vec::new(),
        Target::State(target) => {
            chart.place(target).and_then(|target| chart.domain(source, target, transition.internal, recall))
        }
        Target::Resume(state) => chart.place(state).and_then(|state| chart.parent(state)),
    };
    chart.part(domain, active).to_vec()
}

/// Branches up to the first that certainly holds; none as well, if there is no such.
fn first_open<'a>(branches: impl Iterator<Item = Way<'a>>) -> Vec<Option<Way<'a>>> {
    let mut open = Vec::new();
    for way in branches {
        open.push(Some(way));
        if way.1.guard.is_empty() && !matches!(way.1.target, Target::Resume(_)) {
            return open;
        }
    }
    open.push(None);
    open
}

fn is_same(one: &Way<'_>, other: &Way<'_>) -> bool {
    one.0 == other.0 && std::ptr::eq(one.1, other.1)
}

fn same(some: &[Way<'_>], others: &[Way<'_>]) -> bool {
    some.len() == others.len() && some.iter().all(|one| others.iter().any(|other| is_same(one, other)))
}

/// What histories are taken to remember.
#[derive(Default)]
struct Guess {
    known: BTreeMap<Place, Option<Vec<Place>>>,
    /// A history that was asked and of which nothing is taken yet.
    unknown: RefCell<Option<Place>>,
}

impl Guess {
    fn recall(&self, history: Place) -> Option<Vec<Place>> {
        if let Some(known) = self.known.get(&history) {
            return known.clone();
        }
        self.unknown.borrow_mut().get_or_insert(history);
        None
    }

    fn unknown(&self) -> Option<Place> {
        *self.unknown.borrow()
    }

    /// The same, once for nothing and once for everything that this history may remember.
    fn with(&self, history: Place, remembered: Option<&BTreeSet<Vec<Place>>>) -> Vec<Self> {
        let taken = std::iter::once(None).chain(remembered.into_iter().flatten().cloned().map(Some));
        let with = |states: Option<Vec<Place>>| {
            let mut known = self.known.clone();
            known.insert(history, states);
            Self { known, unknown: RefCell::default() }
        };
        taken.map(with).collect()
    }
}
