//! "Why not, and what is missing": which choices of a table are open for a dossier as it stands, and for each closed one the
//! rules that close it, their legal basis, and what would open it.
//!
//! A choice is set on trial and everything that can lead on from here is decided on trial. It is closed if that is refused,
//! or if the way that it takes by itself goes through a branch whose guard says why (`refuse`).

use std::collections::BTreeMap;

use serde::Serialize;

use super::search::{self, Opening};
use super::ways::{command, is_asked};
use crate::dossier::Dossier;
use crate::dossier::context::Context;
use crate::dossier::decide::trace::{Under, decide_traced};
use crate::dossier::decide::trial::Trial;
use crate::dossier::refusal::{Code, Reason};
use crate::ids::{ActivationId, EventName, FieldName, GuardName, Instant, StateId, Text};
use crate::machine::{FieldKind, Machine, State, StateKind, Target, Transition};

/// Openings of several rules that are tried together.
const TOGETHER_MAX: usize = 12;
/// How often what stands in the way only after an opening is looked for an opening too.
const ROUNDS_MAX: usize = 4;

/// Values on trial.
type Values = BTreeMap<FieldName, serde_json::Value>;

/// What a field's table offers to a dossier.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Choices {
    /// The field.
    pub field: FieldName,
    /// The table.
    pub table: String,
    /// Every row of the table, open ones first.
    pub choices: Vec<Choice>,
}

/// One row of the table.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Choice {
    /// Its key.
    pub code: String,
    /// It is what the field says now.
    pub chosen: bool,
    /// Nothing stands against it.
    pub open: bool,
    /// Where the dossier would then come to rest.
    pub rests: Option<StateId>,
    /// What stands against it, also what would only then.
    pub rules: Vec<Rule>,
    /// Changes that would open it, each whole and tried; none if nothing was found that can be changed here and opens it.
    pub opens: Vec<Opening>,
}

/// A rule that closes a choice.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Rule {
    /// The guard, if it is one.
    pub guard: Option<GuardName>,
    /// In which state it is asked.
    pub state: StateId,
    /// What it says.
    pub reason: Reason,
    /// Changes with which it would not close the choice any more, each enough by itself. Others may.
    pub opens: Vec<Opening>,
}

impl Choices {
    /// It makes a difference what is chosen.
    pub fn differ(&self) -> bool {
        self.choices.iter().any(|choice| choice.open) && self.choices.iter().any(|choice| !choice.open)
    }
}

/// The choices of a field of type choice; none if it is no such field, or if nobody can lead the dossier on from here.
pub fn choices(
    machine: &Machine,
    dossier: &Dossier,
    field: &FieldName,
    now: Instant,
    context: &Context<'_>,
) -> Option<Choices> {
    let FieldKind::Choice { from } = &machine.field(field)?.kind else { return None };
    machine.tables.get(from)?.as_object()?;
    let on = leading_on(machine, dossier);
    if on.is_empty() || dossier.outcome.is_some() {
        return None;
    }
    let trying = Trying { machine, now, context, field };
    let choice = |code: &str| {
        let values = BTreeMap::from([(field.clone(), serde_json::Value::from(code))]);
        let mut trial = Trial::new(machine, dossier, now, context);
        let tried = trial.with(&values, &[]).clone();
        let found: Vec<Found> = on.iter().map(|(activation, event)| trying.event(&tried, *activation, event)).collect();
        let best = found.iter().find(|found| found.rules.is_empty());
        let chosen = dossier.fields.get(field).and_then(|value| value.as_str()) == Some(code);
        let (open, rests) = (best.is_some(), best.and_then(|found| found.rests.clone()));
        let closed = if open { (Vec::new(), Vec::new()) } else { trying.closed(dossier, &tried, &values, &on, found) };
        Choice { code: code.to_owned(), chosen, open, rests, rules: closed.0, opens: closed.1 }
    };
    let mut choices: Vec<Choice> = machine.keys_of(from).into_iter().map(choice).collect();
    choices.sort_by_key(|choice| !choice.open);
    Some(Choices { field: field.clone(), table: from.clone(), choices })
}

/// The events of people that lead on from where it stands, not to an end.
fn leading_on(machine: &Machine, dossier: &Dossier) -> Vec<(ActivationId, EventName)> {
    let ends = |one: &Transition| match &one.target {
        Target::State(to) => machine.state(to).is_some_and(|state| matches!(state.kind, StateKind::Final { .. })),
        Target::Stay | Target::Resume(_) => true,
    };
    let mut events: Vec<(ActivationId, EventName)> = Vec::new();
    for active in dossier.active.iter().rev() {
        // What is said around is for exceptions; what leads on stands in the state itself.
        let Some(state) = machine.state(&active.state).filter(|state| matches!(state.kind, StateKind::Atomic)) else {
            continue;
        };
        for one in state.on.iter().filter(|one| !one.by.is_empty() && !one.pause && !ends(one)) {
            let Some(event) = &one.event else { continue };
            if !events.iter().any(|(_, known)| known == event) {
                events.push((active.activation, event.clone()));
            }
        }
    }
    events
}

struct Trying<'a> {
    machine: &'a Machine,
    now: Instant,
    context: &'a Context<'a>,
    field: &'a FieldName,
}

/// What an event came to.
struct Found {
    rests: Option<StateId>,
    rules: Vec<(StateId, Reason)>,
}

impl Trying<'_> {
    fn event(&self, tried: &Dossier, activation: ActivationId, event: &EventName) -> Found {
        let state = tried.active.iter().find(|active| active.activation == activation);
        let state = state.and_then(|active| self.machine.state(&active.state));
        let Some(state) = state else { return Found { rests: None, rules: Vec::new() } };
        let trial = Trial::new(self.machine, tried, self.now, self.context);
        let by = state.on.iter().filter(|one| one.event.as_ref() == Some(event)).flat_map(|one| &one.by);
        let Some(person) = by.into_iter().find_map(|role| trial.holders(role).into_iter().next()) else {
            let nobody = Reason { code: Code::NobodyToAsk, text: Text::default(), basis: None, about: None };
            return Found { rests: None, rules: vec![(state.id.clone(), nobody)] };
        };
        let command = command(tried, activation, event, &person);
        let (decided, trace) = decide_traced(self.machine, Some(tried), &command, self.now, self.context);
        let mut rules = Vec::new();
        for way in trace.taken.iter().filter(|way| way.under == Under::Always) {
            if let Some(passed) = self.machine.state(&way.source) {
                rules.extend(self.against(tried, passed, way.place));
            }
        }
        match decided {
            Err(refusal) => {
                let refused = refusal.reasons.into_iter().filter(|reason| !is_asked(&reason.code));
                rules.extend(refused.map(|reason| (state.id.clone(), reason)));
                Found { rests: None, rules }
            }
            Ok(decision) => {
                let changes = decision.events.iter().flat_map(|event| &event.changes);
                let rests = changes.into_iter().rev().find_map(|change| match change {
                    crate::dossier::event::Change::Entered { state, .. } => Some(state.clone()),
                    _ => None,
                });
                Found { rests, rules }
            }
        }
    }

    /// Of a state that was left by a branch with words: every branch with words that holds, not only the first.
    fn against(&self, tried: &Dossier, state: &State, taken: usize) -> Vec<(StateId, Reason)> {
        let worded = |one: &Transition| one.guard.iter().any(|name| !self.machine.guards[name].refuse.is_empty());
        if !state.always.get(taken).is_some_and(worded) {
            return Vec::new();
        }
        let trial = Trial::new(self.machine, tried, self.now, self.context);
        let holds = |one: &&Transition| worded(one) && one.guard.iter().all(|name| trial.holds(name) == Some(true));
        let guards = state.always.iter().filter(holds).flat_map(|one| &one.guard);
        let worded =
            guards.map(|name| (name, &self.machine.guards[name])).filter(|(_, guard)| !guard.refuse.is_empty());
        let rule = |(name, guard): (&GuardName, &crate::machine::Guard)| {
            let (text, basis) = (guard.refuse.clone(), guard.basis.clone());
            (state.id.clone(), Reason { code: Code::Guard, text, basis, about: Some(name.to_string()) })
        };
        worded.map(rule).collect()
    }

    /// Everything that stands against a choice, and what opens it: an opening of each rule, taken together and tried. What only
    /// then stands against it is met the same way.
    fn closed(
        &self,
        dossier: &Dossier,
        tried: &Dossier,
        values: &Values,
        on: &[(ActivationId, EventName)],
        found: Vec<Found>,
    ) -> (Vec<Rule>, Vec<Opening>) {
        let mut rules = Vec::new();
        let mut found = found;
        for _ in 0..ROUNDS_MAX {
            let known = rules.len();
            self.rules(dossier, tried, values, found, &mut rules);
            if rules.len() == known {
                break;
            }
            let (opens, further) = self.opens(dossier, values, on, &rules);
            if !opens.is_empty() {
                return (rules, opens);
            }
            found = further;
        }
        (rules, Vec::new())
    }

    /// The openings of all rules together that really open it; and what the others still came to.
    fn opens(
        &self,
        dossier: &Dossier,
        values: &Values,
        on: &[(ActivationId, EventName)],
        rules: &[Rule],
    ) -> (Vec<Opening>, Vec<Found>) {
        let mut together = vec![Opening::default()];
        for rule in rules {
            let both = together.iter().flat_map(|before| rule.opens.iter().map(|one| before.and(one)));
            together = both.take(TOGETHER_MAX).collect();
        }
        let mut trial = Trial::new(self.machine, dossier, self.now, self.context);
        let mut further = Vec::new();
        let mut opens = |opening: &Opening| {
            let (mut changed, papers) = opening.changes(self.machine);
            changed.extend(values.clone());
            let tried = trial.with(&changed, &papers).clone();
            let found: Vec<Found> = on.iter().map(|(at, event)| self.event(&tried, *at, event)).collect();
            let open = found.iter().any(|found| found.rules.is_empty());
            if !open {
                further.extend(found);
            }
            open
        };
        together.retain_mut(|opening| opening.narrow(&mut opens));
        (together, further)
    }

    fn rules(&self, dossier: &Dossier, tried: &Dossier, values: &Values, found: Vec<Found>, rules: &mut Vec<Rule>) {
        for (state, reason) in found.into_iter().flat_map(|found| found.rules) {
            let guard = match reason.code {
                Code::Guard => reason.about.as_deref().map(GuardName::from),
                _ => None,
            };
            if rules.iter().any(|rule| rule.guard == guard && rule.reason == reason) {
                continue;
            }
            // At a person's event a guard must hold; on the way that follows it must not.
            let asked = tried.active.iter().any(|active| active.state == state);
            let opens = match &guard {
                Some(name) => {
                    let search = search::Search { machine: self.machine, dossier, values, chosen: self.field };
                    search.openings(name, asked, self.now, self.context)
                }
                None => Vec::new(),
            };
            rules.push(Rule { guard, state, reason, opens });
        }
    }
}
