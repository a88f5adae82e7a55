//! A task follows its role. When the directory says that somebody who was asked holds the role no longer (a year of office is
//! over, a post went to somebody else), they are asked no more, their links are over, and whoever holds it now is asked.

use super::Run;
use crate::dossier::command::Actor;
use crate::dossier::event::{Change, Kind};
use crate::dossier::{Purpose, Task};
use crate::ids::{Instant, PersonId, RoleName};
use crate::machine::chart::Place;
use crate::machine::{FieldKind, Needs, RoleSource};

impl Run<'_> {
    /// Passes on what people were asked who hold the role no longer. Where nobody holds it now, or nobody who may act, whoever
    /// was asked stays asked: a task without anybody would be lost.
    pub(super) fn follow_roles(&mut self, now: Instant) {
        if self.dossier().outcome.is_some() {
            return;
        }
        self.at = now.max(self.dossier().last_at);
        let paused = self.dossier().paused.iter().flat_map(|one| one.tasks.iter().map(move |task| (task, &one.active)));
        let open = self.dossier().tasks.iter().map(|task| (task, &self.dossier().active));
        let changed: Vec<Change> = open
            .chain(paused)
            .filter_map(|(task, active)| {
                let entry = active.iter().find(|one| one.activation == task.activation)?;
                self.passed_on(task, self.machine.chart().place(&entry.state)?)
            })
            .collect();
        if !changed.is_empty() {
            self.actor = Actor::Clock;
            for change in changed {
                self.emit(change);
            }
            self.finish(Kind::Assigned);
        }
    }

    /// What becomes of a task if somebody who was asked in its role holds that no longer.
    fn passed_on(&self, task: &Task, at: Place) -> Option<Change> {
        let role = task.role.as_ref().filter(|role| self.is_of_directory(role))?;
        if task.purpose == Purpose::Ballot {
            return None;
        }
        let today = self.holders(role);
        let stays = |person: &PersonId| today.contains(person) || task.added.contains(person);
        let asked = task.holders.iter().chain(&task.others);
        let gone: Vec<PersonId> = asked.filter(|person| !stays(person)).cloned().collect();
        // Whom a table of the dossier names later is asked beside the others.
        let is_new = |person: &PersonId| self.dossier().outsider(person).is_some() && !asked_or_done(task, person);
        let grows = self.machine.is_outside(role) && today.iter().any(is_new);
        if gone.is_empty() && !grows {
            return None;
        }
        let may = match task.purpose {
            Purpose::Act => self.free(role, at).0,
            Purpose::Tally | Purpose::Confirm | Purpose::Attendance => self.others_at(role, at, self.recorder(task)),
            Purpose::Lead | Purpose::Ballot | Purpose::Object | Purpose::Prepare => today,
        };
        let come: Vec<PersonId> = may
            .into_iter()
            .filter(|person| !asked_or_done(task, person) && !self.is_spoken_for(task, person))
            .collect();
        let keep = |people: &[PersonId]| people.iter().filter(|one| !gone.contains(one)).cloned().collect::<Vec<_>>();
        let (mut holders, mut others) = (keep(&task.holders), keep(&task.others));
        let owner = task.owner.clone().filter(|owner| !gone.contains(owner));
        let waits = self.machine.states[at].task.as_ref().is_some_and(|rule| rule.assign);
        if owner.is_some() || (waits && task.purpose == Purpose::Act && holders.is_empty()) {
            // One person has it, or it waits for whoever leads: the new ones are those to whom it may be given.
            others.extend(come.iter().cloned());
        } else {
            holders.append(&mut others);
            holders.extend(come.iter().cloned());
        }
        if self.too_few_left(task, holders.len() + others.len(), at) {
            // Whoever was asked stays asked, and the new ones with them: nobody else could bring the answers together.
            let (holders, others) = (with(&task.holders, &gone, holders), with(&task.others, &gone, others));
            return asked_too(task, come, holders, others);
        }
        let (activation, purpose) = (task.activation, task.purpose);
        (!holders.is_empty() || !others.is_empty()).then_some(Change::PassedOn {
            activation,
            purpose,
            gone,
            come,
            holders,
            others,
            owner,
        })
    }

    /// Whether an event that so many must choose cannot be chosen by so many any more, and could before.
    fn too_few_left(&self, task: &Task, left: usize, at: Place) -> bool {
        let before = task.holders.len() + task.others.len();
        let needed = self.machine.states[at].on.iter().filter_map(|one| match (&one.event, one.needs) {
            (Some(event), Needs::Count(count)) => Some((count as usize).saturating_sub(task.chose(event))),
            _ => None,
        });
        task.purpose == Purpose::Act && needed.max().is_some_and(|needed| left < needed && needed <= before)
    }

    /// Who recorded the tallies that a task asks to confirm: they cannot be the second person.
    fn recorder(&self, task: &Task) -> Option<&PersonId> {
        let mut votes = self.dossier().all_votes().filter(|_| task.purpose == Purpose::Confirm);
        votes.find(|vote| vote.activation == task.activation)?.recorded.as_ref().map(|recorded| &recorded.by)
    }

    /// Whether the directory says who holds it: not a field of the dossier, nor a table of members that it composes itself.
    fn is_of_directory(&self, role: &RoleName) -> bool {
        match self.machine.roles.get(role).map(|role| &role.source) {
            Some(RoleSource::Post { .. }) => true,
            Some(RoleSource::Body { body, .. }) => {
                self.machine.field(&body.of).is_some_and(|of| !matches!(of.kind, FieldKind::Rows { .. }))
            }
            Some(RoleSource::Decision { decision }) => {
                let given = self.decided(decision);
                !given.is_empty() && given.iter().all(|role| self.is_of_directory(role))
            }
            Some(RoleSource::Any { roles }) => roles.iter().all(|role| self.is_of_directory(role)),
            Some(RoleSource::Each { .. } | RoleSource::Outside { .. }) => true,
            Some(RoleSource::Field { .. }) | None => false,
        }
    }
}

/// Whether a person is among those who are asked, or has answered.
fn asked_or_done(task: &Task, person: &PersonId) -> bool {
    let answered = task.answers.iter().any(|answer| &answer.person == person);
    answered || task.holders.contains(person) || task.others.contains(person)
}

/// Those who stay, with those of the old ones who would have gone.
fn with(old: &[PersonId], gone: &[PersonId], stay: Vec<PersonId>) -> Vec<PersonId> {
    old.iter().filter(|one| gone.contains(one)).cloned().chain(stay).collect()
}

/// Others are asked besides those who were.
fn asked_too(task: &Task, come: Vec<PersonId>, holders: Vec<PersonId>, others: Vec<PersonId>) -> Option<Change> {
    let (activation, purpose, owner) = (task.activation, task.purpose, task.owner.clone());
    let (is_news, gone) = (!come.is_empty(), Vec::new());
    is_news.then_some(Change::PassedOn { activation, purpose, gone, come, holders, others, owner })
}
