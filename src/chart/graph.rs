//! The statechart with the words of one language: states, and one edge for each pair of states that transitions connect.

use std::collections::BTreeMap;

use super::say;
use crate::ids::{EventName, GuardName, Language, StateId, Text};
use crate::machine::{Due, Shape, State, StateKind, Target, Transition};
use crate::words::Phrases;

/// A statechart as it is drawn.
#[derive(Clone, Debug)]
pub struct Graph {
    /// What the workflow is called.
    pub title: String,
    /// The states, parents before children, in the order of the file.
    pub nodes: Vec<Node>,
    /// Pairs of states that transitions connect, in the order of the file.
    pub edges: Vec<Edge>,
    /// Where a new dossier begins.
    pub initial: usize,
}

/// A state.
#[derive(Clone, Debug)]
pub struct Node {
    /// Its full path.
    pub id: StateId,
    /// What officers call it.
    pub title: String,
    /// Who is asked here, or which vote is held.
    pub who: String,
    /// How long they have.
    pub term: String,
    /// The state around it.
    pub parent: Option<usize>,
    /// What it is.
    pub kind: Kind,
}

/// What a state is, to somebody who draws it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Something is waited for here.
    Stage,
    /// It is left at once, by the first branch that holds.
    Passing,
    /// The dossier ends here.
    Final,
    /// It has states inside, of which this one is entered with it.
    Compound {
        /// The initial state.
        initial: usize,
    },
    /// All of its states, its regions, are active while it is.
    Parallel,
    /// A way back to what was active in the state around it.
    History {
        /// To the innermost states.
        deep: bool,
    },
}

impl Kind {
    /// It has states inside.
    pub fn holds_states(self) -> bool {
        match self {
            Self::Compound { .. } | Self::Parallel => true,
            Self::Stage | Self::Passing | Self::Final | Self::History { .. } => false,
        }
    }
}

/// All transitions from one state to another.
#[derive(Clone, Debug)]
pub struct Edge {
    /// Whose transitions they are.
    pub from: usize,
    /// Where they lead.
    pub to: usize,
    /// Whether what is left waits, or what waited goes on.
    pub tie: Tie,
    /// The transitions, in the order of the file.
    pub ways: Vec<Way>,
}

/// What a transition does to what it leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tie {
    /// It is over.
    Plain,
    /// It waits.
    Pause,
    /// It goes on.
    Resume,
}

/// One transition.
#[derive(Clone, Debug)]
pub struct Way {
    /// What takes it.
    pub cause: Cause,
    /// The event that it answers.
    pub event: Option<EventName>,
    /// What it says on the picture.
    pub text: String,
}

/// What takes a transition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// A person.
    Person,
    /// A message, or the result of a vote.
    Event,
    /// The clock.
    Clock,
    /// Nothing: it is taken at once.
    Automatic,
}

impl Graph {
    /// The statechart of a workflow, in a language.
    pub fn new(shape: &Shape, language: &Language) -> Self {
        let reading = Reading { shape, language, phrases: say::phrases(language.as_str()) };
        let place: BTreeMap<&StateId, usize> =
            shape.states.iter().enumerate().map(|(place, state)| (&state.id, place)).collect();
        let nodes = shape.states.iter().map(|state| reading.node(state, &place)).collect();
        let mut edges: Vec<Edge> = Vec::new();
        for (from, state) in shape.states.iter().enumerate() {
            if let StateKind::History { target, .. } = &state.kind {
                let way = Way { cause: Cause::Automatic, event: None, text: String::new() };
                edges.push(Edge { from, to: place[target], tie: Tie::Plain, ways: vec![way] });
            }
            for (transition, way) in reading.ways(state) {
                let (to, tie) = match &transition.target {
                    Target::Stay => continue,
                    Target::State(to) if transition.pause => (place[to], Tie::Pause),
                    Target::State(to) => (place[to], Tie::Plain),
                    Target::Resume(to) => (place[to], Tie::Resume),
                };
                match edges.iter_mut().find(|edge| (edge.from, edge.to, edge.tie) == (from, to, tie)) {
                    Some(edge) => edge.ways.push(way),
                    None => edges.push(Edge { from, to, tie, ways: vec![way] }),
                }
            }
        }
        Self { title: reading.text(&shape.title), nodes, edges, initial: place[&shape.initial] }
    }

    /// The states without states inside.
    pub fn leaves(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.nodes.len()).filter(|node| !self.nodes[*node].kind.holds_states())
    }

    /// The state that is entered with this one, down to one without states inside; of several regions in the first.
    pub fn leaf(&self, mut node: usize) -> usize {
        loop {
            node = match self.nodes[node].kind {
                Kind::Compound { initial } => initial,
                Kind::Parallel => match self.inside(node).next() {
                    Some(region) => region,
                    None => return node,
                },
                Kind::Stage | Kind::Passing | Kind::Final | Kind::History { .. } => return node,
            }
        }
    }

    /// The states right inside a state.
    pub fn inside(&self, node: usize) -> impl Iterator<Item = usize> + '_ {
        (0..self.nodes.len()).filter(move |inner| self.nodes[*inner].parent == Some(node))
    }

    /// Whether a state is a region of a parallel one.
    pub fn is_region(&self, node: usize) -> bool {
        self.nodes[node].parent.is_some_and(|parent| self.nodes[parent].kind == Kind::Parallel)
    }

    /// The states around a state, innermost first.
    pub fn around(&self, node: usize) -> impl Iterator<Item = usize> + '_ {
        std::iter::successors(self.nodes[node].parent, |around| self.nodes[*around].parent)
    }

    /// Whether a state lies in another, or is it.
    pub fn within(&self, node: usize, around: usize) -> bool {
        node == around || self.around(node).any(|one| one == around)
    }

    /// Whether a state is the end of a dossier.
    pub fn is_final(&self, node: usize) -> bool {
        self.nodes[node].kind == Kind::Final
    }
}

impl Edge {
    /// What stands beside the line.
    pub fn label(&self, phrases: &Phrases) -> String {
        let mut texts: Vec<&str> = Vec::new();
        for way in self.ways.iter().filter(|way| !way.text.is_empty()) {
            if !texts.contains(&way.text.as_str()) {
                texts.push(&way.text);
            }
        }
        let automatic = self.ways.iter().all(|way| way.cause == Cause::Automatic);
        if automatic && texts.len() > 2 {
            return phrases.counted("conditions", i64::try_from(texts.len()).unwrap_or(i64::MAX));
        }
        texts.join(" / ")
    }
}

/// A workflow while it is read into a graph.
struct Reading<'a> {
    shape: &'a Shape,
    language: &'a Language,
    phrases: &'static Phrases,
}

impl Reading<'_> {
    fn text(&self, text: &Text) -> String {
        text.in_language(self.language).to_owned()
    }

    fn node(&self, state: &State, place: &BTreeMap<&StateId, usize>) -> Node {
        let kind = match &state.kind {
            StateKind::Compound { initial } => Kind::Compound { initial: place[initial] },
            StateKind::Parallel => Kind::Parallel,
            StateKind::History { deep, .. } => Kind::History { deep: *deep },
            StateKind::Final { .. } => Kind::Final,
            StateKind::Atomic if passes(state) => Kind::Passing,
            StateKind::Atomic => Kind::Stage,
        };
        let title = self.text(&state.title);
        Node {
            id: state.id.clone(),
            title: if title.is_empty() { state.id.to_string() } else { title },
            who: self.who(state),
            term: self.term(state),
            parent: state.parent.as_ref().map(|parent| place[parent]),
            kind,
        }
    }

    fn who(&self, state: &State) -> String {
        let role = |name| self.shape.roles.get(name).map(|role| self.text(&role.label));
        let asked = state.task.as_ref().and_then(|task| role(&task.role));
        let vote = || Some(self.text(&self.shape.votes.get(&state.vote.as_ref()?.rule)?.title));
        let list = || state.joins.as_ref().map(|_| self.phrases.get("on_list").to_owned());
        let children = || Some(self.text(&self.shape.children.get(&state.awaits.as_ref()?.children)?.label));
        let outside = state.wait.as_ref().map(|wait| self.text(&wait.on));
        outside.or(asked).or_else(vote).or_else(list).or_else(children).unwrap_or_default()
    }

    fn term(&self, state: &State) -> String {
        if let Some(posting) = &state.posting {
            return say::delay(self.phrases, posting.period);
        }
        match state.deadline.as_ref().map(|deadline| &deadline.due) {
            Some(Due::Within(delay)) => say::delay(self.phrases, *delay),
            Some(Due::By(_) | Due::Before(_) | Due::Ends(..) | Due::After(..)) | None => String::new(),
        }
    }

    /// The transitions of a state, with what each says.
    fn ways<'s>(&self, state: &'s State) -> Vec<(&'s Transition, Way)> {
        let mut ways = Vec::new();
        for transition in &state.on {
            let branches = state.on.iter().filter(|one| one.event == transition.event).count();
            ways.push((transition, self.on(state, transition, branches > 1)));
        }
        for transition in &state.always {
            let text = self.condition(&transition.guard, state.always.len() > 1);
            ways.push((transition, Way { cause: Cause::Automatic, event: None, text }));
        }
        for after in &state.after {
            let condition = self.condition(&after.transition.guard, false);
            let text = joined(&say::after(self.phrases, after.delay), &condition);
            ways.push((&after.transition, Way { cause: Cause::Clock, event: None, text }));
        }
        ways
    }

    /// A transition by an event: its label, and its guards where they choose between branches.
    fn on(&self, state: &State, transition: &Transition, branches: bool) -> Way {
        let event = transition.event.clone();
        let name = event.as_ref().map_or("", EventName::as_str);
        let deadline = state.deadline.as_ref().and_then(|deadline| deadline.then.as_ref());
        let cause = match transition.by.is_empty() {
            false => Cause::Person,
            true if deadline == event.as_ref() => Cause::Clock,
            true => Cause::Event,
        };
        let label = self.text(&transition.label);
        let said = match cause {
            _ if !label.is_empty() => label,
            Cause::Clock => self.phrases.get("late").to_owned(),
            _ => self.phrases.find(&format!("event_{name}")).map_or_else(|| spoken(name), str::to_owned),
        };
        let condition = if branches { self.condition(&transition.guard, true) } else { String::new() };
        Way { cause, event, text: joined(&said, &condition) }
    }

    /// `[Nộp muộn]`; of several branches the last, which has no guard, is said too.
    fn condition(&self, guards: &[GuardName], branches: bool) -> String {
        let names: Vec<String> = guards.iter().map(|name| self.guard(name)).collect();
        match names.as_slice() {
            [] if branches => format!("[{}]", self.phrases.get("otherwise")),
            [] => String::new(),
            names => format!("[{}]", names.join(", ")),
        }
    }

    fn guard(&self, name: &GuardName) -> String {
        let label = self.shape.guards.get(name).map(|guard| self.text(&guard.label)).unwrap_or_default();
        if label.is_empty() { spoken(name.as_str()) } else { label }
    }
}

/// Nothing is waited for here.
fn passes(state: &State) -> bool {
    let waits = state.task.is_some()
        || state.vote.is_some()
        || state.joins.is_some()
        || state.awaits.is_some()
        || state.gathers;
    !waits && state.on.is_empty() && state.after.is_empty() && state.deadline.is_none() && !state.always.is_empty()
}

fn joined(first: &str, second: &str) -> String {
    [first, second].iter().filter(|text| !text.is_empty()).copied().collect::<Vec<_>>().join(" ")
}

/// A name that nobody gave a label to, a little nearer to speech.
fn spoken(name: &str) -> String {
    name.replace('_', " ")
}
