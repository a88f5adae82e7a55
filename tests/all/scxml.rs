//! SCXML's own algorithm, written down from W3C REC-scxml-20150901, Appendix D, procedure by procedure, and compared with
//! `decide` on random charts: the same states, left and entered in the same order, after every event.
//!
//! It knows nothing of the program's tree of places. Where the office differs (docs/language.md) it does too: a state that has
//! come to its end answers only for the entry that ended, and parallel states inside parallel states are done by SCXML's prose.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use chancery::dossier::Dossier;
use chancery::dossier::command::{Act, Ask, Start};
use chancery::dossier::event::{Change, Event};
use chancery::dossier::evolve::evolve;
use chancery::dossier::refusal::Code;
use chancery::ids::ActivationId;
use chancery::machine::explore::explore;
use proptest::prelude::*;
use serde_json::json;

use crate::support::charts::{Cause, NodeKind, RandomChart, Way};
use crate::support::office::{Office, START, by};

/// Steps that a dossier may take by itself.
const STEPS_MAX: u32 = 100;

/// A transition, by its state and its place there.
type Transition = (usize, usize);

struct Interpreter<'c> {
    chart: &'c RandomChart,
    configuration: BTreeSet<usize>,
    history: BTreeMap<usize, BTreeSet<usize>>,
    internal: VecDeque<(usize, u32)>,
    running: bool,
    steps: u32,
    /// How many entries there were into each state.
    entries: BTreeMap<usize, u32>,
    left: Vec<usize>,
    entered: Vec<usize>,
    n: u32,
    m: u32,
}

impl<'c> Interpreter<'c> {
    fn interpret(chart: &'c RandomChart) -> Result<Self, Code> {
        let mut this = Self {
            chart,
            configuration: BTreeSet::new(),
            history: BTreeMap::new(),
            internal: VecDeque::new(),
            running: true,
            steps: 0,
            entries: BTreeMap::new(),
            left: Vec::new(),
            entered: Vec::new(),
            n: 0,
            m: 0,
        };
        let mut to_enter = BTreeSet::new();
        this.add_descendants(0, &mut to_enter);
        this.enter(&to_enter);
        this.macrostep()?;
        Ok(this)
    }

    /// One turn of `mainEventLoop`: an external event, then everything that follows by itself.
    fn external(&mut self, event: u8) -> Result<(), Code> {
        self.steps = 0;
        self.left.clear();
        self.entered.clear();
        let enabled = self.select(|way| way.cause == Cause::Event(event));
        if enabled.is_empty() {
            return Err(Code::NoEvent);
        }
        self.microstep(&enabled);
        self.macrostep()
    }

    fn macrostep(&mut self) -> Result<(), Code> {
        while self.running {
            let n = self.n;
            let mut enabled = self.select(|way| matches!(way.cause, Cause::Always(below) if n < below));
            if enabled.is_empty() {
                let Some((done, entry)) = self.internal.pop_front() else { break };
                if self.configuration.contains(&done) && self.entries[&done] == entry {
                    let of_done = self.chart.nodes[done].ways.iter().position(|way| way.cause == Cause::Done);
                    enabled.extend(of_done.map(|place| (done, place)));
                }
            }
            if !enabled.is_empty() {
                self.steps += 1;
                if self.steps > STEPS_MAX {
                    return Err(Code::Circles);
                }
                self.microstep(&enabled);
            }
        }
        Ok(())
    }

    fn way(&self, transition: Transition) -> Way {
        self.chart.nodes[transition.0].ways[transition.1]
    }

    fn is_atomic(&self, state: usize) -> bool {
        matches!(self.chart.nodes[state].kind, NodeKind::Atomic | NodeKind::Final)
    }

    fn ancestors(&self, state: usize) -> Vec<usize> {
        std::iter::successors(self.chart.nodes[state].parent, |at| self.chart.nodes[*at].parent).collect()
    }

    fn children(&self, state: usize) -> Vec<usize> {
        let is_child = |at: &usize| {
            let node = &self.chart.nodes[*at];
            node.parent == Some(state) && !matches!(node.kind, NodeKind::History { .. })
        };
        (0..self.chart.nodes.len()).filter(is_child).collect()
    }

    fn select(&self, enabled: impl Fn(&Way) -> bool) -> Vec<Transition> {
        let mut found: Vec<Transition> = Vec::new();
        'leaves: for leaf in self.configuration.iter().filter(|at| self.is_atomic(**at)) {
            for state in std::iter::once(*leaf).chain(self.ancestors(*leaf)) {
                if let Some(place) = self.chart.nodes[state].ways.iter().position(&enabled) {
                    if !found.contains(&(state, place)) {
                        found.push((state, place));
                    }
                    continue 'leaves;
                }
            }
        }
        self.remove_conflicting(&found)
    }

    fn remove_conflicting(&self, enabled: &[Transition]) -> Vec<Transition> {
        let mut filtered: Vec<Transition> = Vec::new();
        for t1 in enabled {
            let mut preempted = false;
            let mut to_remove = Vec::new();
            for t2 in &filtered {
                if !self.exit_set(&[*t1]).is_disjoint(&self.exit_set(&[*t2])) {
                    if self.chart.is_inside(t1.0, t2.0) {
                        to_remove.push(*t2);
                    } else {
                        preempted = true;
                        break;
                    }
                }
            }
            if !preempted {
                filtered.retain(|t2| !to_remove.contains(t2));
                filtered.push(*t1);
            }
        }
        filtered
    }

    fn effective(&self, target: usize) -> BTreeSet<usize> {
        match self.chart.nodes[target].kind {
            NodeKind::History { target: default, .. } => {
                self.history.get(&target).cloned().unwrap_or_else(|| self.effective(default))
            }
            _ => BTreeSet::from([target]),
        }
    }

    /// The domain of a transition with a target; none is the whole document.
    fn domain(&self, transition: Transition, target: usize) -> Option<usize> {
        let targets = self.effective(target);
        let is_compound = |at: usize| matches!(self.chart.nodes[at].kind, NodeKind::Compound { .. });
        let all_inside = |at: usize| targets.iter().all(|target| self.chart.is_inside(*target, at));
        let source = transition.0;
        if self.way(transition).internal && is_compound(source) && all_inside(source) {
            return Some(source);
        }
        self.ancestors(source).into_iter().find(|at| is_compound(*at) && all_inside(*at))
    }

    fn exit_set(&self, transitions: &[Transition]) -> BTreeSet<usize> {
        let mut exits = BTreeSet::new();
        for transition in transitions {
            let Some(target) = self.way(*transition).target else { continue };
            let domain = self.domain(*transition, target);
            let inside = |at: &&usize| domain.is_none_or(|domain| self.chart.is_inside(**at, domain));
            exits.extend(self.configuration.iter().filter(inside));
        }
        exits
    }

    fn microstep(&mut self, enabled: &[Transition]) {
        self.exit(enabled);
        let mut to_enter = BTreeSet::new();
        for transition in enabled {
            if let Some(target) = self.way(*transition).target {
                self.add_descendants(target, &mut to_enter);
            }
        }
        for transition in enabled {
            if let Some(target) = self.way(*transition).target {
                let domain = self.domain(*transition, target);
                for state in self.effective(target) {
                    self.add_ancestors(state, domain, &mut to_enter);
                }
            }
        }
        self.enter(&to_enter);
    }

    fn exit(&mut self, enabled: &[Transition]) {
        let exits = self.exit_set(enabled);
        for state in exits.iter().rev() {
            for history in (0..self.chart.nodes.len()).filter(|at| self.chart.nodes[*at].parent == Some(*state)) {
                let NodeKind::History { deep, .. } = self.chart.nodes[history].kind else { continue };
                let keep = |at: &&usize| {
                    if deep {
                        self.is_atomic(**at) && self.chart.is_inside(**at, *state)
                    } else {
                        self.chart.nodes[**at].parent == Some(*state)
                    }
                };
                let value = self.configuration.iter().filter(keep).copied().collect();
                self.history.insert(history, value);
            }
        }
        for state in exits.into_iter().rev() {
            self.left.push(state);
            self.m += u32::from(self.chart.nodes[state].counts_exits);
            self.configuration.remove(&state);
        }
    }

    fn add_descendants(&self, state: usize, to_enter: &mut BTreeSet<usize>) {
        if let NodeKind::History { target, .. } = self.chart.nodes[state].kind {
            let parent = self.chart.nodes[state].parent;
            let targets = self.history.get(&state).cloned().unwrap_or_else(|| BTreeSet::from([target]));
            for target in &targets {
                self.add_descendants(*target, to_enter);
            }
            for target in &targets {
                self.add_ancestors(*target, parent, to_enter);
            }
            return;
        }
        to_enter.insert(state);
        match self.chart.nodes[state].kind {
            NodeKind::Compound { initial } => {
                self.add_descendants(initial, to_enter);
                self.add_ancestors(initial, Some(state), to_enter);
            }
            NodeKind::Parallel => self.add_children(state, to_enter),
            NodeKind::Atomic | NodeKind::Final | NodeKind::History { .. } => {}
        }
    }

    fn add_ancestors(&self, state: usize, until: Option<usize>, to_enter: &mut BTreeSet<usize>) {
        for ancestor in self.ancestors(state).into_iter().take_while(|ancestor| Some(*ancestor) != until) {
            to_enter.insert(ancestor);
            if self.chart.nodes[ancestor].kind == NodeKind::Parallel {
                self.add_children(ancestor, to_enter);
            }
        }
    }

    fn add_children(&self, parallel: usize, to_enter: &mut BTreeSet<usize>) {
        for child in self.children(parallel) {
            if !to_enter.iter().any(|state| self.chart.is_inside(*state, child)) {
                self.add_descendants(child, to_enter);
            }
        }
    }

    fn enter(&mut self, to_enter: &BTreeSet<usize>) {
        for state in to_enter {
            // Not in Appendix D, where a history that leads below a state that was not left runs its entry again.
            if !self.configuration.insert(*state) {
                continue;
            }
            self.entered.push(*state);
            *self.entries.entry(*state).or_default() += 1;
            self.n += u32::from(self.chart.nodes[*state].counts);
            if self.chart.nodes[*state].kind == NodeKind::Final {
                self.end(*state);
            }
        }
    }

    fn end(&mut self, state: usize) {
        let Some(parent) = self.chart.nodes[state].parent else {
            self.running = false;
            return;
        };
        self.internal.push_back((parent, self.entries[&parent]));
        for around in self.ancestors(parent) {
            if self.chart.nodes[around].kind != NodeKind::Parallel || !self.in_final(around) {
                break;
            }
            self.internal.push_back((around, self.entries[&around]));
        }
    }

    fn in_final(&self, state: usize) -> bool {
        match self.chart.nodes[state].kind {
            NodeKind::Compound { .. } => self
                .children(state)
                .iter()
                .any(|child| self.chart.nodes[*child].kind == NodeKind::Final && self.configuration.contains(child)),
            NodeKind::Parallel => self.children(state).iter().all(|child| self.in_final(*child)),
            NodeKind::Atomic | NodeKind::Final | NodeKind::History { .. } => false,
        }
    }

    fn names(&self, states: impl IntoIterator<Item = usize>) -> Vec<String> {
        states.into_iter().map(|at| self.chart.nodes[at].id.clone()).collect()
    }
}

/// What events say was left and entered, in order.
fn moves(before: Option<&Dossier>, events: &[Event]) -> (Vec<String>, Vec<String>) {
    let mut known: BTreeMap<ActivationId, String> = BTreeMap::new();
    let active = before.iter().flat_map(|dossier| &dossier.active);
    known.extend(active.map(|one| (one.activation, one.state.to_string())));
    let (mut left, mut entered) = (Vec::new(), Vec::new());
    for change in events.iter().flat_map(|event| &event.changes) {
        match change {
            Change::Left(entries) => left.extend(entries.iter().map(|entry| known[entry].clone())),
            Change::Entered { activation, state, .. } => {
                known.insert(*activation, state.to_string());
                entered.push(state.to_string());
            }
            _ => {}
        }
    }
    (left, entered)
}

fn active(dossier: &Dossier) -> Vec<String> {
    dossier.active.iter().map(|one| one.state.to_string()).collect()
}

fn agree(interpreter: &Interpreter<'_>, dossier: &Dossier) -> Result<(), TestCaseError> {
    prop_assert_eq!(active(dossier), interpreter.names(interpreter.configuration.iter().copied()));
    prop_assert_eq!(dossier.fields[&"n".into()].as_u64(), Some(interpreter.n.into()));
    prop_assert_eq!(dossier.fields[&"m".into()].as_u64(), Some(interpreter.m.into()));
    prop_assert_eq!(dossier.outcome.is_some(), !interpreter.running);
    Ok(())
}

/// Every configuration in which a dossier can stand between events; none if there are too many.
fn explored(machine: &chancery::machine::Machine) -> Option<BTreeSet<Vec<String>>> {
    let graph = explore(machine, machine.chart(), 1_000);
    let name = |at: &usize| machine.states[*at].id.to_string();
    let active = graph.nodes.iter().map(|node| node.active.iter().map(name).collect());
    graph.complete.then(|| active.collect())
}

/// Leads one life on both.
fn lead(tape: &[u8], events: &[u8]) -> Result<(), TestCaseError> {
    let chart = RandomChart::of(tape);
    let (machine, mut office) = (chart.machine(), Office::new());
    let fields = serde_json::from_value(json!({"unit": "U", "n": 0, "m": 0})).expect("fields");
    let hash = machine.hash().clone();
    let start = Start { machine: hash, fields, papers: Vec::new(), gather_key: None, first: None, import_key: None };
    let command = office.command("D", by("clerk"), Ask::Start(start));
    let started = office.run(&machine, None, &command, START);
    let (mut interpreter, mut dossier) = match (Interpreter::interpret(&chart), started) {
        (Ok(interpreter), Ok((dossier, decision))) => {
            let (left, entered) = moves(None, &decision.events);
            prop_assert_eq!(left, interpreter.names(interpreter.left.iter().copied()));
            prop_assert_eq!(entered, interpreter.names(interpreter.entered.iter().copied()));
            (interpreter, dossier)
        }
        (Err(code), Err(refusal)) => {
            prop_assert_eq!(&refusal.reasons[0].code, &code);
            return Ok(());
        }
        (one, other) => {
            return Err(TestCaseError::fail(format!("{:?} and {:?}", one.err(), other.err())));
        }
    };
    agree(&interpreter, &dossier)?;
    let explored = explored(&machine);
    let is_explored = |dossier: &Dossier| explored.as_ref().is_none_or(|known| known.contains(&active(dossier)));
    prop_assert!(is_explored(&dossier), "the checker does not know {}", dossier.stands());
    for event in events {
        if dossier.outcome.is_some() {
            break;
        }
        let act = Act {
            activation: dossier.active[0].activation,
            event: format!("e{event}").as_str().into(),
            fields: BTreeMap::new(),
            papers: Vec::new(),
            reason: None,
            rows: BTreeMap::new(),
            seen: None,
        };
        let command = office.command("D", by("clerk"), Ask::Act(act));
        match (interpreter.external(*event), office.run(&machine, Some(&dossier), &command, START)) {
            (Ok(()), Ok((after, decision))) => {
                let (left, entered) = moves(Some(&dossier), &decision.events);
                prop_assert_eq!(left, interpreter.names(interpreter.left.iter().copied()));
                prop_assert_eq!(entered, interpreter.names(interpreter.entered.iter().copied()));
                agree(&interpreter, &after)?;
                replays(&dossier, &after, &decision.events)?;
                prop_assert!(is_explored(&after), "the checker does not know {}", after.stands());
                dossier = after;
            }
            (Err(Code::NoEvent), Err(refusal)) => prop_assert_eq!(&refusal.reasons[0].code, &Code::NoEvent),
            // A refused command changes nothing; the interpreter cannot go back.
            (Err(Code::Circles), Err(refusal)) => {
                prop_assert_eq!(&refusal.reasons[0].code, &Code::Circles);
                return Ok(());
            }
            (one, other) => {
                return Err(TestCaseError::fail(format!("{one:?} and {:?}", other.err())));
            }
        }
    }
    Ok(())
}

/// The stored form of the events leads to the stored form of the dossier.
fn replays(before: &Dossier, after: &Dossier, events: &[Event]) -> Result<(), TestCaseError> {
    let read = |text: String| serde_json::from_str::<Event>(&text).expect("an event");
    let stored = events.iter().map(|event| read(serde_json::to_string(event).expect("json")));
    let before: Dossier = serde_json::from_str(&before.snapshot()).expect("a snapshot can be read");
    let replayed = stored.into_iter().try_fold(before, |dossier, event| evolve(Some(dossier), &event));
    prop_assert_eq!(replayed.expect("the log holds together").snapshot(), after.snapshot());
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_charts_move_as_scxml_says(
        tape in prop::collection::vec(any::<u8>(), 20..260),
        events in prop::collection::vec(0..4_u8, 1..24),
    ) {
        lead(&tape, &events)?;
    }
}
