//! What somebody does with a dossier besides answering it, as a command.

use super::{Play, leaf};
use crate::dossier::command::{Ask, Correct, Hear, Object, Record, Settle};
use crate::dossier::{Dossier, Purpose, Task};
use crate::ids::{ActivationId, DossierId, PersonId};
use crate::scenario::file::model::Besides;

impl Play<'_> {
    pub(super) fn besides(&self, id: &DossierId, by: &PersonId, what: &Besides, reason: Option<String>) -> Ask {
        let dossier = self.dossier(id);
        let (led, theirs) = (led_by(dossier, by), task_of(dossier, by));
        let said = reason.clone().unwrap_or_default();
        match what {
            Besides::Claim => Ask::Claim { activation: theirs },
            Besides::Release => Ask::Release { activation: theirs },
            Besides::Give { to, from } => {
                let activation = led.unwrap_or(theirs);
                Ask::Assign { activation, from: from.clone(), to: to.clone(), reason }
            }
            Besides::Add(person) => {
                Ask::Add { activation: led.unwrap_or(theirs), person: person.clone(), reason: said }
            }
            Besides::Extend(until) => Ask::Extend { activation: led.unwrap_or(theirs), until: *until, reason: said },
            Besides::Skip => Ask::Skip { activation: led.unwrap_or(theirs), reason: said },
            Besides::Object { text, papers } => {
                let (activation, text) = (self.posted(dossier), text.clone());
                Ask::Object(Object { activation, name: String::new(), text, papers: self.papers(id, papers) })
            }
            Besides::ObjectOnPaper { who, text, day, papers } => Ask::Hear(Hear {
                activation: self.posted(dossier),
                who: who.clone(),
                text: text.clone(),
                day: *day,
                papers: self.papers(id, papers),
            }),
            Besides::Settle { accepted, number } => {
                let activation = self.posted(dossier);
                let open = dossier.objected(activation).find(|one| one.accepted.is_none()).map(|one| one.place);
                let place = number.map(|number| number.saturating_sub(1)).or(open).unwrap_or_default();
                Ask::Settle(Settle { activation, place, accepted: *accepted, reason: said })
            }
            Besides::Hear { of, event, fields, papers } => Ask::Record(Record {
                activation: led.unwrap_or(theirs),
                person: self.office.meant(id, of),
                event: event.clone(),
                fields: fields.clone(),
                papers: self.papers(id, papers),
            }),
            Besides::Redo => Ask::Redo { activation: led.unwrap_or(theirs), reason: said },
            Besides::Note { thread, text, papers } => {
                let kinds = vec![thread.clone(); papers.len()];
                let mut files = self.papers(id, &kinds);
                for (file, name) in files.iter_mut().zip(papers) {
                    file.name.clone_from(name);
                }
                Ask::Note { thread: thread.clone(), text: text.clone(), papers: files }
            }
            Besides::Correct { fields, papers } => {
                let papers = self.papers(id, papers);
                Ask::Correct(Correct { fields: fields.clone(), papers, reason, seen: None })
            }
            Besides::Withdraw(vote) => {
                let last = dossier.results.iter().rev().find(|result| result.name == *vote);
                Ask::Withdraw { vote: last.map_or(ActivationId(0), |result| result.activation), reason: said }
            }
            Besides::Read => Ask::Acknowledge { activation: theirs, seen: None },
        }
    }
}

impl Play<'_> {
    /// The entry in which a matter is posted.
    pub(super) fn posted(&self, dossier: &Dossier) -> ActivationId {
        let machine = self.office.kept(&dossier.id).map(|kept| kept.machine);
        let posted = |active: &&crate::dossier::Active| {
            machine.and_then(|machine| machine.state(&active.state)).is_some_and(|state| state.posting.is_some())
        };
        dossier
            .active
            .iter()
            .find(posted)
            .map(|active| active.activation)
            .or_else(|| leaf(dossier))
            .unwrap_or(ActivationId(0))
    }
}

/// The entry that a person leads.
fn led_by(dossier: &Dossier, by: &PersonId) -> Option<ActivationId> {
    let mut led = dossier.tasks.iter().filter(|task| task.purpose == Purpose::Lead);
    led.find(|task| task.asks(by)).map(|task| task.activation)
}

/// The entry in which a person is asked; else one in which somebody is, who may be asked in their place; else the innermost.
fn task_of(dossier: &Dossier, by: &PersonId) -> ActivationId {
    let tasks = || dossier.tasks.iter().filter(|task| task.purpose != Purpose::Lead);
    let may = |task: &&Task| task.others.contains(by);
    let found = tasks().find(|task| task.asks(by)).or_else(|| tasks().find(may)).or_else(|| tasks().next());
    found.map(|task| task.activation).or_else(|| leaf(dossier)).unwrap_or(ActivationId(0))
}
