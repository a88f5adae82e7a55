//! What of a workflow was reached: its states, its transitions, its guards both ways, the mails in its own words, and the measures
//! whose value somebody has said beforehand.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::diagnostic::{Words, say};
use crate::dossier::decide::trace::{Trace, Under, Way};
use crate::dossier::event::{Change, Event};
use crate::ids::{GuardName, StateId, WorkflowName};
use crate::machine::{Machine, StateKind, Target, Transition};

/// What was reached, by workflow.
#[derive(Clone, Debug, Default)]
pub struct Coverage {
    workflows: BTreeMap<WorkflowName, Reached>,
}

#[derive(Clone, Debug, Default)]
struct Reached {
    states: BTreeSet<StateId>,
    ways: BTreeSet<Way>,
    guards: BTreeSet<(GuardName, bool)>,
    mails: BTreeSet<String>,
    measures: BTreeSet<String>,
}

/// How much of a workflow was reached, and what was not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Covered {
    /// The workflow.
    pub workflow: WorkflowName,
    /// Its states, those that have states inside among them.
    pub states: Share,
    /// Its transitions.
    pub transitions: Share,
    /// Its guards, each counted twice: once for holding, once for not holding.
    pub guards: Share,
    /// Its mails in its own words.
    pub mails: Share,
    /// Its measures: those of which a value was expected, and came.
    pub measures: Share,
    /// What was not reached, in the order of the file.
    pub gaps: Vec<String>,
}

/// So many of so many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Share {
    /// Reached.
    pub reached: usize,
    /// There are.
    pub all: usize,
}

impl Share {
    fn count(&mut self, reached: bool) -> bool {
        self.all += 1;
        self.reached += usize::from(reached);
        reached
    }
}

impl Covered {
    /// Hundredths that were reached of everything together, rounded down: 100 is everything.
    pub fn percent(&self) -> usize {
        let parts = [self.states, self.transitions, self.guards, self.mails, self.measures];
        let (reached, all) = parts.iter().fold((0, 0), |(reached, all), part| (reached + part.reached, all + part.all));
        (reached * 100).checked_div(all).unwrap_or(100)
    }
}

impl Coverage {
    /// Takes in what a decision came by.
    pub(super) fn trace(&mut self, machine: &Machine, trace: Trace) {
        let reached = self.reached(machine);
        reached.ways.extend(trace.taken);
        reached.guards.extend(trace.asked);
    }

    /// Takes in the states that were entered.
    pub(super) fn events(&mut self, machine: &Machine, events: &[Event]) {
        let reached = self.reached(machine);
        for change in events.iter().flat_map(|event| &event.changes) {
            if let Change::Entered { state, .. } = change
                && !reached.states.contains(state)
            {
                reached.states.insert(state.clone());
            }
        }
    }

    /// Takes in a mail that was sent about a dossier of this workflow.
    pub(super) fn mail(&mut self, machine: &Machine, mail: &str) {
        if machine.mails.contains_key(mail) {
            self.reached(machine).mails.insert(mail.to_owned());
        }
    }

    /// Takes in a measure that gave what was expected of it.
    pub(super) fn measure(&mut self, machine: &Machine, measure: &str) {
        self.reached(machine).measures.insert(measure.to_owned());
    }

    /// Takes in what others reached.
    pub fn add(&mut self, other: Self) {
        for (workflow, theirs) in other.workflows {
            let ours = self.workflows.entry(workflow).or_default();
            ours.states.extend(theirs.states);
            ours.ways.extend(theirs.ways);
            ours.guards.extend(theirs.guards);
            ours.mails.extend(theirs.mails);
            ours.measures.extend(theirs.measures);
        }
    }

    /// Whether anything of a workflow was reached.
    pub fn has(&self, workflow: &WorkflowName) -> bool {
        self.workflows.get(workflow).is_some_and(|reached| !reached.states.is_empty())
    }

    /// How much of a workflow was reached, with what was not in words of a language.
    pub fn of(&self, machine: &Machine, language: &str) -> Covered {
        let nothing = Reached::default();
        let reached = self.workflows.get(&machine.workflow).unwrap_or(&nothing);
        let (mut states, mut transitions, mut guards) = (Share::default(), Share::default(), Share::default());
        let mut gaps: Vec<Words> = Vec::new();
        for state in machine.states.iter().filter(|state| !matches!(state.kind, StateKind::History { .. })) {
            if !states.count(reached.states.contains(&state.id)) {
                gaps.push(say!(trial.state, state = state.id.as_str()));
            }
            for (way, transition) in ways(machine, &state.id) {
                if !transitions.count(reached.ways.contains(&way)) {
                    gaps.push(say!(trial.transition, way = said(&way, transition)));
                }
            }
        }
        for guard in machine.guards.keys() {
            let guard_name = guard.as_str();
            if !guards.count(reached.guards.contains(&(guard.clone(), true))) {
                gaps.push(say!(trial.never_held, guard = guard_name));
            }
            if !guards.count(reached.guards.contains(&(guard.clone(), false))) {
                gaps.push(say!(trial.always_held, guard = guard_name));
            }
        }
        let mut mails = Share::default();
        for mail in machine.mails.keys() {
            if !mails.count(reached.mails.contains(mail)) {
                gaps.push(say!(trial.mail, mail));
            }
        }
        let mut measures = Share::default();
        for measure in machine.measures.keys() {
            if !measures.count(reached.measures.contains(measure)) {
                gaps.push(say!(trial.measure, measure));
            }
        }
        let gaps = gaps.iter().map(|gap| gap.text(language)).collect();
        Covered { workflow: machine.workflow.clone(), states, transitions, guards, mails, measures, gaps }
    }

    fn reached(&mut self, machine: &Machine) -> &mut Reached {
        if !self.workflows.contains_key(&machine.workflow) {
            self.workflows.insert(machine.workflow.clone(), Reached::default());
        }
        self.workflows.get_mut(&machine.workflow).expect("it was put there")
    }
}

/// Every transition that is written in a state, with its name.
pub(super) fn ways<'m>(machine: &'m Machine, id: &StateId) -> Vec<(Way, &'m Transition)> {
    let Some(state) = machine.state(id) else { return Vec::new() };
    let way = |under, place| Way { source: id.clone(), under, place };
    let on = state.on.iter().enumerate().map(|(place, one)| (way(Under::On, place), one));
    let always = state.always.iter().enumerate().map(|(place, one)| (way(Under::Always, place), one));
    let after = state.after.iter().enumerate().map(|(place, one)| (way(Under::After, place), &one.transition));
    on.chain(always).chain(after).collect()
}

/// `check.accept -> after_check`.
fn said(way: &Way, transition: &Transition) -> String {
    let event = match (way.under, &transition.event) {
        (_, Some(event)) => event.to_string(),
        (Under::Always, None) => "always".to_owned(),
        (Under::After | Under::On, None) => "after".to_owned(),
    };
    let target = match &transition.target {
        Target::State(state) => format!("`{state}`"),
        Target::Stay => "stay".to_owned(),
        Target::Resume(state) => format!("resume `{state}`"),
    };
    let guards: Vec<&str> = transition.guard.iter().map(GuardName::as_str).collect();
    let guards = if guards.is_empty() { String::new() } else { format!(" if {}", guards.join(", ")) };
    format!("`{}` {event} -> {target}{guards}", way.source)
}
