//! Moving through the statechart: which transitions are taken, what they leave and enter, and going on until nothing moves by
//! itself. The algorithm is SCXML's (W3C REC-scxml-20150901, Appendix D; its procedures are named beside ours).
//!
//! What is the office's own: an event belongs to an entry. It is offered to what is active inside that entry and to what is
//! around it, never to another region; so a vote, a deadline or a page of one region does not move its neighbours.

use std::collections::{BTreeMap, BTreeSet};

use super::Run;
use super::vote::PASSED;
use crate::dossier::command::RowMark;
use crate::dossier::event::Change;
use crate::dossier::refusal::Refusal;
use crate::dossier::{Ground, Message};
use crate::ids::{ActivationId, DossierId, EventName, StateId, WorkflowName};
use crate::machine::chart::{Claim, DONE, Place, Recall, without_conflicts};
use crate::machine::{Raiser, Target, Transition};
use crate::planted::{Fault, planted};

/// Transitions that are taken together.
pub(super) type Chosen<'a> = Vec<Claim<&'a Transition>>;

/// What an event brings along for its transitions.
#[derive(Clone, Copy, Default)]
pub(super) struct Brought<'b> {
    /// The message that it is.
    pub(super) message: Option<&'b Message>,
    /// The workflow of the related dossier whose event it is.
    pub(super) sender: Option<&'b WorkflowName>,
    /// Rows of a list that a person strikes or returns.
    pub(super) marks: Option<&'b BTreeMap<DossierId, RowMark>>,
}

impl<'a> Run<'a> {
    /// The active states by their places, in document order.
    pub(super) fn configuration(&self) -> Vec<Place> {
        self.dossier().active.iter().map(|active| self.place(&active.state)).collect()
    }

    pub(super) fn place(&self, id: &StateId) -> Place {
        self.machine.chart().place(id).expect("a dossier stands only in states of its machine")
    }

    /// The state of an active entry.
    pub(super) fn entered(&self, activation: ActivationId) -> Option<Place> {
        let active = self.dossier().active.iter().find(|active| active.activation == activation)?;
        Some(self.place(&active.state))
    }

    /// The entry into an active state.
    pub(super) fn entry_of(&self, at: Place) -> Option<ActivationId> {
        let id = &self.machine.states[at].id;
        self.dossier().active.iter().find(|active| &active.state == id).map(|active| active.activation)
    }

    /// The innermost active states inside an entry; of the whole dossier, without one. None if the entry is not active.
    pub(super) fn leaves(&self, of: Option<ActivationId>) -> Vec<Place> {
        let (chart, configuration) = (self.machine.chart(), self.configuration());
        let Some(activation) = of else { return chart.leaves(&configuration) };
        let Some(at) = self.entered(activation) else { return Vec::new() };
        let inside = chart.leaves(chart.part(Some(at), &configuration));
        if inside.is_empty() { vec![at] } else { inside }
    }

    /// What history states remember now.
    fn recall(&self) -> impl Fn(Place) -> Option<Vec<Place>> + use<> {
        let known = |id: &StateId| self.machine.chart().place(id);
        let remembered = self.dossier().history.iter();
        let remembered: BTreeMap<Place, Vec<Place>> = remembered
            .filter_map(|(id, states)| Some((known(id)?, states.iter().filter_map(known).collect())))
            .collect();
        move |history| remembered.get(&history).cloned()
    }

    /// For each of these leaves, the innermost state at or around it that answers (`selectTransitions`).
    fn select(
        &self,
        leaves: &[Place],
        answers: impl Fn(Place) -> Result<Option<&'a Transition>, Refusal>,
    ) -> Result<Chosen<'a>, Refusal> {
        let mut found: BTreeMap<Place, Option<&'a Transition>> = BTreeMap::new();
        let mut chosen = Vec::new();
        for leaf in leaves {
            for at in std::iter::once(*leaf).chain(self.machine.chart().around(*leaf)) {
                // What two regions share is asked once.
                match found.get(&at) {
                    Some(Some(_)) => break,
                    Some(None) => continue,
                    None => {}
                }
                let answer = answers(at)?;
                found.insert(at, answer);
                if let Some(transition) = answer {
                    chosen.push((at, transition));
                    break;
                }
            }
        }
        Ok(self.without_conflicts(chosen))
    }

    /// Of transitions that leave the same states only one is taken.
    pub(super) fn without_conflicts(&self, chosen: Vec<(Place, &'a Transition)>) -> Chosen<'a> {
        let (configuration, recall) = (self.configuration(), self.recall());
        let claims = chosen.into_iter().map(|(source, what)| {
            let exits = self.exits(source, what, &configuration, &recall);
            Claim { source, exits, what }
        });
        without_conflicts(self.machine.chart(), claims.collect())
    }

    /// The active states that a transition leaves, in document order (`computeExitSet`).
    fn exits(
        &self,
        source: Place,
        transition: &Transition,
        configuration: &[Place],
        recall: &Recall<'_>,
    ) -> Vec<Place> {
        let chart = self.machine.chart();
        let domain = match &transition.target {
            Target::Stay => return Vec::new(),
            Target::State(target) => chart.domain(source, self.place(target), transition.internal, recall),
            // Whatever stands now in the place of what was frozen.
            Target::Resume(state) => chart.parent(self.place(state)),
        };
        chart.part(domain, configuration).to_vec()
    }

    /// Leaves, does and enters what these transitions say (`microstep`).
    pub(super) fn microstep(&mut self, chosen: &Chosen<'a>, brought: Brought<'_>) -> Result<(), Refusal> {
        let chart = self.machine.chart();
        let recall = self.recall();
        self.leave(chosen)?;
        self.begin_round(chosen);
        for claim in chosen {
            self.note_way(&self.machine.states[claim.source].id, claim.what);
            if let Some(message) = brought.message {
                self.take_over(message, &claim.what.take)?;
            }
            self.take_numbers(claim.what)?;
            self.tell_rows(claim.what, brought.marks)?;
            self.reach_out(claim.what.reach())?;
        }
        let mut ways = Vec::new();
        for claim in chosen {
            match &claim.what.target {
                Target::Stay => {}
                Target::State(target) => {
                    let wrong = planted(Fault::WrongTarget).then(|| self.machine.states.len() - 1);
                    let target = wrong.unwrap_or_else(|| self.place(target));
                    ways.push((target, chart.domain(claim.source, target, claim.what.internal, &recall)));
                }
                Target::Resume(state) => self.resume(state)?,
            }
        }
        for at in chart.entries(ways, &self.recall()) {
            // A history may lead below a state that was not left; that one is not entered again.
            if self.entry_of(at).is_none() {
                self.enter_one(at)?;
            }
        }
        for claim in chosen.iter().filter(|claim| !claim.what.tell.is_empty()) {
            let to = match &claim.what.target {
                Target::State(state) | Target::Resume(state) => self.place(state),
                Target::Stay => claim.source,
            };
            // What was passed through at once is told of where the dossier came to stand.
            let stands = self.entry_of(to).or_else(|| self.dossier().active.last().map(|active| active.activation));
            if let Some(activation) = stands {
                self.tell(activation, &claim.what.tell);
            }
        }
        Ok(())
    }

    /// Leaves what these transitions leave, innermost first (`exitStates`).
    fn leave(&mut self, chosen: &Chosen<'a>) -> Result<(), Refusal> {
        let all: BTreeSet<Place> = chosen.iter().flat_map(|claim| claim.exits.iter().copied()).collect();
        if all.is_empty() {
            return Ok(());
        }
        self.remember(&all);
        let frozen: Vec<&Claim<&Transition>> =
            chosen.iter().filter(|claim| claim.what.pause && !claim.exits.is_empty()).collect();
        for claim in &frozen {
            self.freeze(&claim.exits);
        }
        let left: Vec<Place> =
            all.into_iter().rev().filter(|at| !frozen.iter().any(|claim| claim.exits.contains(at))).collect();
        self.leave_for_good(&left)
    }

    /// Leaves a state with everything inside it and enters it again.
    pub(super) fn enter_again(&mut self, at: Place) -> Result<(), Refusal> {
        let chart = self.machine.chart();
        let mut left: BTreeSet<Place> = chart.part(Some(at), &self.configuration()).iter().copied().collect();
        left.insert(at);
        self.remember(&left);
        self.leave_for_good(&left.into_iter().rev().collect::<Vec<_>>())?;
        for at in chart.entries([(at, chart.parent(at))], &self.recall()) {
            if self.entry_of(at).is_none() {
                self.enter_one(at)?;
            }
        }
        Ok(())
    }

    /// Histories remember what is about to be left.
    fn remember(&mut self, left: &BTreeSet<Place>) {
        let (chart, machine) = (self.machine.chart(), self.machine);
        let mut found = Vec::new();
        for history in left.iter().flat_map(|at| chart.histories(*at)) {
            let states = chart.remembers(history, &self.configuration());
            found.push((history, states.into_iter().map(|at| machine.states[at].id.clone()).collect()));
        }
        for (history, states) in found {
            self.emit(Change::Remembered { history: machine.states[history].id.clone(), states });
        }
    }

    fn leave_for_good(&mut self, left: &[Place]) -> Result<(), Refusal> {
        let entries: Vec<(ActivationId, Place)> =
            left.iter().filter_map(|at| Some((self.entry_of(*at)?, *at))).collect();
        if entries.is_empty() {
            return Ok(());
        }
        self.stop_gathering(left);
        let over: Vec<ActivationId> = entries.iter().map(|(activation, _)| *activation).collect();
        self.abandon(&over)?;
        for (activation, at) in entries {
            self.exit(activation, at)?;
            self.keep_time(activation, at);
        }
        self.emit(Change::Left(over));
        Ok(())
    }

    /// What one entry does when it is over.
    pub(super) fn exit(&mut self, activation: ActivationId, at: Place) -> Result<(), Refusal> {
        let exit = &self.machine.states[at].exit;
        self.set(exit)?;
        self.note(activation, exit)?;
        self.leave_list(Some(activation));
        Ok(())
    }

    /// Goes on until nothing moves by itself: branches without events first, then what has come to its end, then messages
    /// that waited (`mainEventLoop`, without its external events).
    pub(super) fn settle(&mut self) -> Result<(), Refusal> {
        while self.dossier().outcome.is_none() {
            let chosen =
                self.select(&self.leaves(None), |at| self.first_open_of(self.machine.states[at].always.iter()))?;
            if !chosen.is_empty() {
                self.step()?;
                for claim in &chosen {
                    self.grounds_of(claim.what);
                }
                self.microstep(&chosen, Brought::default())?;
            } else if let Some(activation) = self.done.pop_front() {
                self.take_done(activation)?;
            } else if let Some(activation) = self.standing.pop_front() {
                self.raise_own(activation, PASSED)?;
            } else if let Some((entry, event)) = self.back.pop_front() {
                self.take_back(entry, &event)?;
            } else if !self.take_held() {
                break;
            }
        }
        self.move_deadlines()
    }

    /// The first of these that can be taken now.
    fn first_open_of(
        &self,
        transitions: impl Iterator<Item = &'a Transition>,
    ) -> Result<Option<&'a Transition>, Refusal> {
        for transition in transitions {
            if self.is_open(transition)? {
                return Ok(Some(transition));
            }
        }
        Ok(None)
    }

    /// Its guards hold, and if it resumes something, that is there to be resumed.
    pub(super) fn is_open(&self, transition: &Transition) -> Result<bool, Refusal> {
        self.is_open_with(transition, None)
    }

    /// The same where a message is answered: guards see what the transition takes from it.
    fn is_open_with(&self, transition: &Transition, message: Option<&Message>) -> Result<bool, Refusal> {
        let can = match &transition.target {
            Target::Resume(state) => self.can_resume(state),
            Target::State(_) | Target::Stay => true,
        };
        if transition.guard.is_empty() {
            return Ok(can);
        }
        let taken = message.map(|message| self.taken_from(message, &transition.take)).transpose()?.unwrap_or_default();
        Ok(can && self.failing_with(&transition.guard, &taken)?.is_empty())
    }

    /// Nobody's transitions of a state for an event: what a message, a vote or a clock raises never does what only a person
    /// may, and a related dossier only what names its workflow.
    fn of_nobody<'e>(
        &self,
        at: Place,
        event: &'e str,
        sender: Option<&'e WorkflowName>,
    ) -> impl Iterator<Item = &'a Transition> + use<'a, 'e> {
        let machine = self.machine;
        let answers = move |one: &&Transition| one.event.as_ref().is_some_and(|name| name.as_str() == event);
        let theirs = move |one: &&Transition| match sender {
            None => one.raiser() == Raiser::Office,
            Some(workflow) => one.raiser() == Raiser::Related && one.from.contains(workflow),
        };
        machine.states[at].on.iter().filter(answers).filter(theirs)
    }

    /// Raises an event of an entry (of the whole dossier, without one) that is no person's. Nobody answering is no fault.
    pub(super) fn raise(
        &mut self,
        event: &EventName,
        of: Option<ActivationId>,
        brought: Brought<'_>,
    ) -> Result<(), Refusal> {
        let chosen = self.answers(event, of, brought)?;
        if !chosen.is_empty() {
            self.step()?;
            self.microstep(&chosen, brought)?;
        }
        Ok(())
    }

    /// The transitions that answer an event of an entry which is no person's.
    pub(super) fn answers(
        &self,
        event: &EventName,
        of: Option<ActivationId>,
        brought: Brought<'_>,
    ) -> Result<Chosen<'a>, Refusal> {
        self.select(&self.leaves(of), |at| {
            for transition in self.of_nobody(at, event.as_str(), brought.sender) {
                if self.is_open_with(transition, brought.message)? {
                    return Ok(Some(transition));
                }
            }
            Ok(None)
        })
    }

    /// A state that has come to its end answers `done` itself, if it is still active.
    fn take_done(&mut self, activation: ActivationId) -> Result<(), Refusal> {
        let Some(at) = self.entered(activation) else { return Ok(()) };
        let answer = self.first_open_of(self.of_nobody(at, DONE, None))?;
        let chosen = self.without_conflicts(answer.map(|transition| (at, transition)).into_iter().collect());
        if !chosen.is_empty() {
            self.step()?;
            self.microstep(&chosen, Brought::default())?;
        }
        Ok(())
    }

    /// A branch is explained by the guards that sent the dossier there.
    fn grounds_of(&mut self, transition: &Transition) {
        let at = self.at;
        let grounds: Vec<Ground> = transition
            .guard
            .iter()
            .map(|name| &self.machine.guards[name])
            .filter(|guard| !guard.refuse.is_empty())
            .map(|guard| Ground { at, text: self.with_years(guard, false), basis: guard.basis.clone() })
            .collect();
        if !grounds.is_empty() {
            self.emit(Change::Grounds(grounds));
        }
    }
}
