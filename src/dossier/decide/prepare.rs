//! Assistants prepare answers of those who are asked: the directory says whose. What they prepare lies ready for whoever is
//! asked and is recorded with who prepared it; nothing follows from it. Ballots are nobody's to prepare.

use super::Run;
use super::values::check_reason;
use crate::directory::Assistant as Named;
use crate::dossier::command::{Actor, Prepare};
use crate::dossier::event::{Change, Kind};
use crate::dossier::refusal::{Code, Refusal};
use crate::dossier::{Assistant, Prepared, Purpose, Task};
use crate::ids::{Instant, PersonId, RoleName};
use crate::machine::LinkPolicy;
use crate::machine::chart::Place;

impl Run<'_> {
    /// Those who prepare the answers of a task's holders today. A number is given to one person by hand and opens no page of
    /// another's; whoever records what comes from outside is asked for no answer.
    pub(super) fn assistants(&self, task: &Task, at: Place) -> Vec<Assistant> {
        if task.purpose != Purpose::Act || task.records || self.machine.states[at].link == LinkPolicy::LinkPin {
            return Vec::new();
        }
        let (today, subject) = (self.today(), self.dossier().subject.as_ref());
        // Nobody prepares what is decided about themselves, or what they are asked themselves.
        let is_row = |person: &PersonId| self.dossier().rows.iter().any(|row| row.subject.as_ref() == Some(person));
        let free = |person: &PersonId| subject != Some(person) && !task.asks(person) && !is_row(person);
        let named = |one: &&Named| one.dated.holds(today) && task.holders.contains(&one.person) && free(&one.by);
        let assistant = |one: &Named| Assistant {
            person: one.by.clone(),
            of: one.person.clone(),
            until_at: one.dated.until.map(|until| self.context.calendar.end_of(until)),
            first: one.first,
        };
        self.context.directory.assistants.iter().filter(named).map(assistant).collect()
    }

    /// The task with those who prepare the answers of its holders.
    pub(super) fn assisted(&self, task: Task, at: Place) -> Task {
        let assistants = self.assistants(&task, at);
        Task { assistants, ..task }
    }

    /// Whoever prepares answers for somebody from now on is told what is open, and who no longer does no longer sees it.
    pub(super) fn renew_assistants(&mut self, now: Instant) {
        if self.dossier().outcome.is_some() {
            return;
        }
        self.at = now.max(self.dossier().last_at);
        let renewed = |task: &Task| {
            let assistants = self.assistants(task, self.entered(task.activation)?);
            let activation = task.activation;
            (assistants != task.assistants).then_some(Change::Assistants { activation, assistants })
        };
        let acts = self.dossier().tasks.iter().filter(|task| task.purpose == Purpose::Act);
        let changed: Vec<Change> = acts.filter_map(renewed).collect();
        if !changed.is_empty() {
            self.actor = Actor::Clock;
            for change in changed {
                self.emit(change);
            }
            self.finish(Kind::Assigned);
        }
    }

    /// Keeps an answer ready for those for whom the person prepares one: it must be one that they could give.
    pub(super) fn prepare(&mut self, prepare: &Prepare) -> Result<(), Refusal> {
        let Prepare { answer, note } = prepare;
        self.check_entry(answer.activation)?;
        let by = self.own_person()?;
        let of = self.prepares_for(&by, answer.activation).ok_or_else(|| Refusal::of(Code::NotAsked))?;
        let answering = self.answering(&of, answer)?;
        self.check_shown(answer.activation, answering.iter().map(|(at, _)| *at))?;
        self.check_seen(answer.seen)?;
        if !answer.papers.is_empty() {
            return Err(Refusal::of(Code::NotThisWay));
        }
        self.check_input(answer, &answering)?;
        note.as_deref().map_or(Ok(()), check_reason)?;
        self.emit(Change::Prepared(Prepared {
            activation: answer.activation,
            by,
            at: self.at,
            event: answer.event.clone(),
            fields: answer.fields.clone(),
            reason: answer.reason.clone(),
            rows: answer.rows.clone(),
            note: note.clone(),
        }));
        self.finish(Kind::Prepared);
        Ok(())
    }

    /// For whom a person prepares the answer in an entry: the first of them, where several are asked the same.
    fn prepares_for(&self, person: &PersonId, activation: crate::ids::ActivationId) -> Option<PersonId> {
        let task = self.dossier().task(activation, Purpose::Act)?;
        self.still_for(task, person)
    }

    /// For whom a person prepares the answer of a task: as it says, and as the directory still says today.
    pub(super) fn still_for(&self, task: &Task, person: &PersonId) -> Option<PersonId> {
        let today = self.assistants(task, self.entered(task.activation)?);
        let mut asked = task.prepares_for(person, self.at);
        asked.find(|of| today.iter().any(|one| &one.person == person && &one.of == *of)).cloned()
    }

    /// The roles in whose tasks a person prepares answers: they read what is read in them.
    pub(super) fn prepares_in(&self, person: &PersonId) -> Vec<RoleName> {
        let tasks = self.dossier().tasks.iter().filter(|task| self.still_for(task, person).is_some());
        tasks.filter_map(|task| task.role.clone()).collect()
    }
}
