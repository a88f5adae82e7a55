//! What is under way in a state and must go on in the new version: votes, places on lists, answers, clocks of what is frozen.

use std::collections::{BTreeMap, BTreeSet};
use std::mem::discriminant;

use super::{Active, Code, Over, Reason, State, StateId, Timer, TimerKind, about};
use crate::dossier::{Purpose, Task};
use crate::ids::ActivationId;
use crate::machine::{RoleSource, TaskRule};

impl Over<'_> {
    /// What would be lost of what is under way, beside the clocks of active states.
    pub(super) fn uncarried(&self, active: &[Active]) -> Vec<Reason> {
        let mut lost = Vec::new();
        for one in active {
            let (old, new) = (self.was(one.activation), &self.new.states[self.at(&one.state)]);
            lost.extend(self.under_way(one.activation, old, new));
            if old.is_some() && !self.keeps_task(one) && self.has_answers(one.activation) {
                lost.push(about(Code::VoteLost, &one.state));
            }
            if let Some(old) = old.filter(|_| !self.keeps_task(one) && self.is_in_somebodys_hands(one.activation)) {
                lost.push(about(Code::TaskLost, &old.id));
            }
        }
        for gone in self.left(active) {
            let clock = self.before.timers.iter().any(|timer| timer.activation == gone.activation);
            if clock || gone.due_at.is_some() {
                lost.push(about(Code::ClockLost, &gone.state));
            }
        }
        lost.extend(self.frozen());
        let gone =
            |region: ActivationId| !self.before.is_frozen(region) && active.iter().all(|one| one.activation != region);
        let off = self.before.on_lists.iter().filter(|on| on.region.is_some_and(gone));
        lost.extend(off.map(|on| super::reason(Code::ListLost, on.list.to_string())));
        if self.old.is_list() != self.new.is_list() {
            lost.push(super::reason(Code::ListLost, self.old.workflow.to_string()));
        }
        lost.extend(self.relatives());
        lost
    }

    /// Children that go on, and the parent, have no place in the new version.
    fn relatives(&self) -> Vec<Reason> {
        let kept = |name: &str| match (self.old.children.get(name), self.new.children.get(name)) {
            (Some(old), Some(new)) => old.workflow == new.workflow && old.is_one() == new.is_one(),
            (None, _) => true,
            (Some(_), None) => false,
        };
        let open = self.before.children.iter().filter(|child| !child.ended).map(|child| child.children.as_str());
        let children: BTreeSet<&str> = open.filter(|name| !kept(name)).collect();
        let parent = self.before.parent.iter().filter(|parent| !self.new.parent.contains(&parent.workflow));
        let parent = parent.map(|parent| parent.workflow.as_str());
        children.into_iter().chain(parent).map(|name| super::reason(Code::ListLost, name.to_owned())).collect()
    }

    /// The entries around what is active that the new version does not have any more.
    pub(super) fn left(&self, active: &[Active]) -> impl Iterator<Item = &Active> {
        let kept: Vec<ActivationId> = active.iter().map(|one| one.activation).collect();
        self.before.active.iter().filter(move |one| !kept.contains(&one.activation))
    }

    /// Whether whoever is asked in an entry stays asked: the role is the same, and so is the way in which it is asked.
    pub(super) fn keeps_task(&self, entry: &Active) -> bool {
        let old = self.was(entry.activation);
        self.same_task(old, &self.new.states[self.at(&entry.state)])
    }

    /// Which `after` of the new state goes on with which of the old one: by delay and target; else by number, if there are as
    /// many as there were. None if one that runs has no counterpart.
    pub(super) fn after_pairs(&self, old: &State, new: &State, running: &[&Timer]) -> Option<BTreeMap<u32, u32>> {
        let mut pairs = BTreeMap::new();
        for (n, was) in (0..).zip(&old.after) {
            let same = |now: &crate::machine::After| {
                now.delay == was.delay && self.same_target(&was.transition.target, &now.transition.target)
            };
            let found = new.after.iter().position(same).and_then(|at| u32::try_from(at).ok());
            let by_number = (old.after.len() == new.after.len()).then_some(n);
            let runs = running.iter().any(|timer| timer.what == TimerKind::After(n));
            match found.or(by_number) {
                Some(to) => {
                    pairs.insert(n, to);
                }
                None if runs => return None,
                None => {}
            }
        }
        Some(pairs)
    }

    fn at(&self, new: &StateId) -> usize {
        self.new.chart().place(new).expect("it was found there")
    }

    /// The old state of an entry, active or frozen.
    fn was(&self, activation: ActivationId) -> Option<&State> {
        self.before.entry(activation).and_then(|entry| self.old.state(&entry.state))
    }

    fn has_answers(&self, activation: ActivationId) -> bool {
        self.before.tasks.iter().any(|task| task.activation == activation && !task.answers.is_empty())
    }

    /// Somebody has taken the task over or was given it, or was asked besides.
    fn is_in_somebodys_hands(&self, activation: ActivationId) -> bool {
        let given = |task: &Task| {
            let rule = self.was(activation).and_then(|state| state.task.as_ref());
            task.owner.is_some() || (rule.is_some_and(|rule| rule.assign) && !task.waits())
        };
        self.before.task(activation, Purpose::Act).is_some_and(|task| given(task) || !task.added.is_empty())
    }

    /// Votes and places on lists of one entry (`old` is none for one that begins).
    fn under_way(&self, activation: ActivationId, old: Option<&State>, new: &State) -> Vec<Reason> {
        let here = old.map_or(&new.id, |old| &old.id);
        let mut lost = Vec::new();
        let held =
            |state: &State| state.vote.as_ref().map(|vote| (discriminant(&vote.held), vote.attendance.is_some()));
        let votes = self.before.all_votes().any(|vote| vote.activation == activation);
        if old.and_then(held) != held(new) || (votes && new.vote.is_none()) {
            lost.push(about(Code::VoteLost, here));
        }
        let list = |state: &State| state.joins.as_ref().map(|joins| joins.list.clone());
        let gathers = self.before.gather_key.is_some() && old.is_some_and(|old| old.gathers) != new.gathers;
        if old.and_then(list) != list(new) || gathers {
            lost.push(about(Code::ListLost, here));
        }
        lost
    }

    /// What is frozen is not touched, so all of its clocks and tasks must mean the same.
    fn frozen(&self) -> Vec<Reason> {
        let mut lost = Vec::new();
        for paused in &self.before.paused {
            for one in &paused.active {
                let Some((old, new)) = self.pair(&one.state) else { continue };
                let running: Vec<&Timer> =
                    paused.timers.iter().filter(|timer| timer.activation == one.activation).collect();
                let after = self.after_pairs(old, new, &running);
                let same_after = after.is_some_and(|pairs| {
                    running.iter().all(|timer| match timer.what {
                        TimerKind::After(n) => pairs.get(&n) == Some(&n),
                        _ => true,
                    })
                });
                let then = |state: &State| state.deadline.as_ref().is_some_and(|deadline| deadline.then.is_some());
                let due = (one.due_at.is_none() || new.deadline.is_some()) && (!then(old) || then(new));
                if !same_after || !due {
                    lost.push(about(Code::ClockLost, &one.state));
                }
                lost.extend(self.under_way(one.activation, Some(old), new));
                if !self.same_task(Some(old), new) {
                    lost.push(about(Code::Paused, &one.state));
                }
            }
        }
        lost
    }

    fn same_task(&self, old: Option<&State>, new: &State) -> bool {
        let Some(old) = old else { return new.task.is_none() };
        match (&old.task, &new.task) {
            (None, None) => true,
            (Some(was), Some(now)) => {
                let way = |task: &TaskRule| (task.role.clone(), task.assign);
                way(was) == way(now)
                    && old.wait.is_some() == new.wait.is_some()
                    && old.posting.is_some() == new.posting.is_some()
                    && old.link == new.link
                    && self.source(true, was) == self.source(false, now)
                    && self.leader(true, &old.id) == self.leader(false, &new.id)
            }
            (None, Some(_)) | (Some(_), None) => false,
        }
    }

    fn source(&self, old: bool, task: &TaskRule) -> Option<&RoleSource> {
        let machine = if old { self.old } else { self.new };
        machine.roles.get(&task.role).map(|role| &role.source)
    }

    /// Who leads a state, and how that role is found.
    fn leader(&self, old: bool, state: &StateId) -> Option<(&crate::machine::Lead, Option<&RoleSource>)> {
        let machine = if old { self.old } else { self.new };
        let lead = machine.outwards(state).find_map(|state| state.lead.as_ref())?;
        Some((lead, machine.roles.get(&lead.by).map(|role| &role.source)))
    }
}
