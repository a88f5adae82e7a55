//! Going over to another version of the workflow. Two versions decide it together: by the old one what is due happens first,
//! then every state in which the dossier stands, is frozen, or to which it may go back, must have a place in the new one.
//! Deadlines, votes in progress and places on lists carry over, or the command is refused; nothing of them is lost.

use std::collections::{BTreeMap, BTreeSet};

use super::Run;
use crate::dossier::command::{Actor, Ask, Command};
use crate::dossier::context::Context;
use crate::dossier::decide::Decision;
use crate::dossier::event::{Change, Kind};
use crate::dossier::refusal::{Code, Reason, Refusal};
use crate::dossier::{Active, Dossier, Timer, TimerKind};
use crate::ids::{ActivationId, FieldName, Instant, StateId, Text};
use crate::machine::chart::{Chart, Place, PlaceKind};
use crate::machine::mapping::Mapping;
use crate::machine::{Machine, State, Target};

mod carried;

/// A version, and the world as its formulas and clocks see it.
#[derive(Clone, Copy, Debug)]
pub struct Version<'a> {
    /// Its machine.
    pub machine: &'a Machine,
    /// The world.
    pub context: &'a Context<'a>,
}

/// Decides a command that takes a dossier from one version to another.
///
/// # Errors
/// Something of the dossier has no place in the new version, with every reason; nothing follows.
pub fn migrate(
    old: Version<'_>,
    new: Version<'_>,
    dossier: &Dossier,
    command: &Command,
    now: Instant,
) -> Result<Decision, Refusal> {
    let Ask::Migrate(ask) = &command.ask else { return Err(Refusal::of(Code::NotThisWay)) };
    let is_operator = matches!(command.actor, Actor::Migration { .. });
    if !is_operator || new.machine.workflow != dossier.workflow {
        return Err(Refusal::of(Code::NotThisWay));
    }
    if &dossier.machine == new.machine.hash() {
        return Err(Refusal::of(Code::Unchanged));
    }
    let now = now.max(dossier.last_at);
    let mut run = Run::new(old.machine, Some(dossier), command.actor.clone(), now, old.context);
    run.fire_due(now)?;
    if run.dossier().outcome.is_some() {
        return Err(Refusal::of(Code::Ended));
    }
    run.at = now.max(run.dossier().last_at);
    run.actor = command.actor.clone();
    let before = run.dossier().clone();
    (run.machine, run.context) = (new.machine, new.context);
    let over = Over { old: old.machine, new: new.machine, mapping: &ask.states, before: &before };
    run.go_over(&over)?;
    // What is waited for may be fewer than before.
    for entry in run.dossier().active.clone() {
        run.look_for_children(entry.activation, None);
    }
    run.settle()?;
    run.finish(Kind::Migrated);
    Ok(run.decision)
}

/// The states of a version that a dossier needs, under their old names, which another version does not have: where it stands,
/// what is frozen, what histories remember.
pub fn stranded(old: &Machine, new: &Machine, mapping: &Mapping, dossier: &Dossier) -> Vec<StateId> {
    Over { old, new, mapping, before: dossier }.stranded()
}

/// What of a dossier has a place in the new version.
#[derive(Default)]
struct Carried {
    active: Vec<Active>,
    timers: Vec<Timer>,
    /// What has none.
    lost: Vec<Reason>,
}

/// The end of an entry's deadline, and its timers.
type Clocks = (Option<Instant>, Vec<Timer>);

/// A dossier between two versions.
struct Over<'o> {
    old: &'o Machine,
    new: &'o Machine,
    mapping: &'o Mapping,
    before: &'o Dossier,
}

impl<'o> Over<'o> {
    fn place(&self, state: &StateId) -> Option<Place> {
        self.new.chart().place(&self.mapping.of(state))
    }

    /// The old state, and the new one that takes its place if it is of the same kind.
    fn pair(&self, state: &StateId) -> Option<(&'o State, &'o State)> {
        let (old, new) = (self.old.state(state)?, &self.new.states[self.place(state)?]);
        let kinds = (self.old.chart().kind(self.old.chart().place(state)?), self.new.chart().kind(self.place(state)?));
        let same = match kinds {
            (PlaceKind::History { deep: old, .. }, PlaceKind::History { deep: new, .. }) => old == new,
            (old, new) => std::mem::discriminant(&old) == std::mem::discriminant(&new),
        };
        same.then_some((old, new))
    }

    fn stranded(&self) -> Vec<StateId> {
        let mut lost: BTreeSet<StateId> = BTreeSet::new();
        lost.extend(self.before.leaves().map(|leaf| &leaf.state).filter(|state| self.pair(state).is_none()).cloned());
        if lost.is_empty() && !self.is_whole(&self.configuration(), None) {
            lost.extend(self.before.leaves().map(|leaf| leaf.state.clone()));
        }
        lost.extend(self.frozen_lost());
        lost.extend(self.remembered_lost());
        lost.into_iter().collect()
    }

    /// Where it will stand, in document order: the new places of the innermost states, and what is around them there.
    fn configuration(&self) -> Vec<Place> {
        let leaves = self.before.leaves().filter_map(|leaf| self.place(&leaf.state));
        let chart = self.new.chart();
        let all: BTreeSet<Place> = leaves.flat_map(|leaf| std::iter::once(leaf).chain(chart.around(leaf))).collect();
        all.into_iter().collect()
    }

    /// Whether these states can be active together: one of each compound state, every region of each parallel one.
    fn is_whole(&self, places: &[Place], around: Option<Place>) -> bool {
        let chart = self.new.chart();
        let inside = |around: Option<Place>| places.iter().filter(|at| chart.parent(**at) == around).count();
        let fits = |at: Place| match chart.kind(at) {
            PlaceKind::Compound { .. } => inside(Some(at)) == 1,
            PlaceKind::Parallel => inside(Some(at)) == chart.children(at).count(),
            PlaceKind::Atomic | PlaceKind::Final => true,
            PlaceKind::History { .. } => false,
        };
        let leaves = places.iter().filter(|at| inside(Some(**at)) == 0).count();
        let frozen = around.is_some();
        (frozen || inside(None) == 1 && leaves == self.before.leaves().count()) && places.iter().all(|at| fits(*at))
    }

    /// What is frozen keeps its shape exactly.
    fn frozen_lost(&self) -> Vec<StateId> {
        let mut lost = Vec::new();
        for paused in &self.before.paused {
            let stays = |state: &StateId| {
                let parent = |chart: &Chart, at| chart.parent(at);
                let outer = state.outer().map_or(Some(None), |outer| self.place(&outer).map(Some));
                self.pair(state).is_some()
                    && self.place(state).is_some_and(|at| Some(parent(self.new.chart(), at)) == outer)
            };
            let missing: Vec<_> = paused.active.iter().map(|one| &one.state).filter(|state| !stays(state)).collect();
            let places: Vec<Place> = paused.active.iter().filter_map(|one| self.place(&one.state)).collect();
            if missing.is_empty() && !self.is_whole(&places, self.place(&paused.state)) {
                lost.push(paused.state.clone());
            }
            lost.extend(missing.into_iter().cloned());
        }
        lost
    }

    /// A history that remembers something must still be one, and what it remembers must still lie beside it.
    fn remembered_lost(&self) -> Vec<StateId> {
        let chart = self.new.chart();
        let mut lost = Vec::new();
        for (history, states) in &self.before.history {
            let at = self.pair(history).and_then(|_| self.place(history));
            let Some((at, around)) = at.and_then(|at| Some((at, chart.parent(at)?))) else {
                lost.push(history.clone());
                continue;
            };
            let deep = matches!(chart.kind(at), PlaceKind::History { deep: true, .. });
            let beside = |state: &&StateId| {
                let fits =
                    |at: Place| if deep { chart.is_inside(at, around) } else { chart.parent(at) == Some(around) };
                self.pair(state).is_some() && self.place(state).is_some_and(fits)
            };
            lost.extend(states.iter().filter(|state| !beside(state)).cloned());
        }
        lost
    }

    /// The new names of the old states that the dossier knows and that have another name now.
    fn renamed(&self) -> BTreeMap<StateId, StateId> {
        let frozen = self.before.paused.iter().flat_map(|paused| &paused.active).map(|one| &one.state);
        let remembered = self.before.history.iter().flat_map(|(history, states)| states.iter().chain([history]));
        let done = self.before.deeds.iter().filter_map(|deed| deed.state.as_ref());
        let again = self.before.next_time.keys();
        let all: BTreeSet<&StateId> = frozen.chain(remembered).chain(done).chain(again).collect();
        let pairs = all.into_iter().map(|state| (state.clone(), self.mapping.of(state)));
        pairs.filter(|(old, new)| old != new).collect()
    }

    fn same_target(&self, old: &Target, new: &Target) -> bool {
        match (old, new) {
            (Target::State(old), Target::State(new)) | (Target::Resume(old), Target::Resume(new)) => {
                self.mapping.of(old) == *new
            }
            (old, new) => old == new,
        }
    }
}

impl Run<'_> {
    /// The dossier in the new version, or every reason why not.
    fn go_over(&mut self, over: &Over<'_>) -> Result<(), Refusal> {
        let stranded = over.stranded();
        if !stranded.is_empty() {
            let reasons = stranded.iter().map(|state| about(Code::Stranded, state)).collect();
            return Err(Refusal { reasons });
        }
        let Carried { active, timers, lost: mut reasons } = self.entries_over(over)?;
        for lost in over.uncarried(&active) {
            // A state whose clock has no counterpart is not among the active ones either.
            if !reasons.contains(&lost) {
                reasons.push(lost);
            }
        }
        if !reasons.is_empty() {
            return Err(Refusal { reasons });
        }
        let unasked: Vec<ActivationId> = active
            .iter()
            .filter(|one| !over.keeps_task(one))
            .map(|one| one.activation)
            .chain(over.left(&active).map(|one| one.activation))
            .collect();
        let (machine, states) = (over.new.hash().clone(), over.renamed());
        self.emit(Change::Migrated { machine, states, active: active.clone(), timers, unasked });
        for one in active.iter().filter(|one| !over.keeps_task(one)) {
            self.ask_anew(one)?;
        }
        self.check_values()?;
        self.caption();
        Ok(())
    }

    /// The active states with their timers: those that carry over, and those that begin because the new version has them
    /// around the others. Besides, what would be lost.
    fn entries_over(&self, over: &Over<'_>) -> Result<Carried, Refusal> {
        let Carried { mut active, mut timers, mut lost } = Carried::default();
        let mut next = self.dossier().activations;
        for at in over.configuration() {
            let state = &over.new.states[at];
            let mut before = over.before.active.iter().filter(|one| over.mapping.of(&one.state) == state.id);
            let before = before.find(|one| over.pair(&one.state).is_some());
            if let Some(before) = before {
                let old = over.old.state(&before.state).expect("a dossier stands only in states of its machine");
                match self.clocks_over(over, before, old, state)? {
                    Some((due_at, running)) => {
                        active.push(Active { state: state.id.clone(), due_at, ..before.clone() });
                        timers.extend(running);
                    }
                    None => lost.push(about(Code::ClockLost, &before.state)),
                }
                continue;
            }
            next += 1;
            let (activation, at) = (ActivationId(next), self.at);
            let due_at = state.deadline.as_ref().map(|deadline| self.due(deadline)).transpose()?;
            timers.extend(self.timers(activation, state, due_at));
            active.push(Active { activation, state: state.id.clone(), at, due_at });
        }
        Ok(Carried { active, timers, lost })
    }

    /// The clocks of an entry that carries over: instants that were set stay, clocks that only the new version has begin now.
    /// None if one that runs has no counterpart.
    fn clocks_over(
        &self,
        over: &Over<'_>,
        before: &Active,
        old: &State,
        new: &State,
    ) -> Result<Option<Clocks>, Refusal> {
        let due_at = match (before.due_at, &new.deadline) {
            (Some(due_at), Some(_)) => Some(due_at),
            (Some(_), None) => return Ok(None),
            (None, Some(deadline)) => Some(self.due(deadline)?),
            (None, None) => None,
        };
        let running: Vec<&Timer> =
            over.before.timers.iter().filter(|timer| timer.activation == before.activation).collect();
        let waits = running.iter().any(|timer| timer.what == TimerKind::Deadline);
        if waits && new.deadline.as_ref().is_none_or(|deadline| deadline.then.is_none()) {
            return Ok(None);
        }
        let Some(pairs) = over.after_pairs(old, new, &running) else { return Ok(None) };
        let mut timers: Vec<Timer> = Vec::new();
        for timer in self.timers(before.activation, new, due_at) {
            match timer.what {
                TimerKind::After(n) if pairs.values().any(|to| *to == n) => {}
                TimerKind::Deadline if !waits && timer.due_at <= self.at => {}
                _ => timers.push(timer),
            }
        }
        for timer in running {
            match timer.what {
                TimerKind::After(n) => timers.push(Timer { what: TimerKind::After(pairs[&n]), ..timer.clone() }),
                TimerKind::VoteEnds | TimerKind::PostingEnds => timers.push(timer.clone()),
                TimerKind::Remind(_) | TimerKind::Deadline | TimerKind::Escalate => {}
            }
        }
        Ok(Some((due_at, timers)))
    }

    /// Asks whom the new version asks, where that is not who was asked before.
    fn ask_anew(&mut self, entry: &Active) -> Result<(), Refusal> {
        let at = self.place(&entry.state);
        match &self.machine.states[at].task {
            Some(rule) => self.offer(entry.activation, at, rule, entry.due_at),
            None => Ok(()),
        }
    }

    /// Values that were taken must fit the fields of the new version; a field that is no more keeps its value unseen.
    fn check_values(&self) -> Result<(), Refusal> {
        let dossier = self.dossier();
        let names: Vec<FieldName> = self.machine.fields.iter().map(|field| field.name.clone()).collect();
        let known = dossier.fields.iter().filter(|(name, _)| names.contains(name));
        let known = known.map(|(name, value)| (name.clone(), value.clone())).collect();
        self.check_fields(&known, &names, &[])?;
        let mut reasons = Vec::new();
        for row in &dossier.rows {
            let wrong = |field: &&crate::machine::Field| {
                row.fields.get(&field.name).is_some_and(|value| self.misfit(field, value, &[]).is_some())
            };
            for field in self.machine.row.iter().filter(wrong) {
                reasons.push(reason(Code::FieldWrong, format!("{}: {}", row.caption, field.name)));
            }
        }
        if reasons.is_empty() { Ok(()) } else { Err(Refusal { reasons }) }
    }
}

fn about(code: Code, state: &StateId) -> Reason {
    reason(code, state.to_string())
}

fn reason(code: Code, about: String) -> Reason {
    Reason { code, text: Text::default(), basis: None, about: Some(about) }
}
