//! What people do in a simulated office: mostly what their pages offer them, sometimes anything at all.

use std::collections::BTreeMap;

use chancery::calendar::Calendar;
use chancery::clock::Chance;
use chancery::directory::Directory;
use chancery::dossier::command::{Act, Ask};
use chancery::dossier::context::{Boxes, Context};
use chancery::dossier::decide::{editable, offered};
use chancery::dossier::taken::Taken;
use chancery::dossier::{Choice, Dossier, PaperTally, Purpose, Vote};
use chancery::engine::{Attachment, Engine};
use chancery::ids::{ActivationId, DossierId, FieldName, Instant, PersonId};
use chancery::machine::{FieldKind, Machine, Transition};
use serde_json::{Value, json};

use crate::life::scan;
use crate::office;

/// Something that somebody does.
pub(super) struct Move {
    pub person: PersonId,
    pub ask: Ask,
    pub attachments: Vec<Attachment>,
}

/// Something that somebody could do.
enum Open {
    /// Hand in a ballot.
    Cast(PersonId),
    /// Record the tallies of a vote on paper.
    Tally(PersonId),
    /// Say whether they are right.
    Confirm(PersonId, ActivationId),
    /// Change the form.
    Edit(PersonId, ActivationId, FieldName),
    /// Choose an event.
    Act(PersonId, ActivationId, Box<Transition>),
}

/// A dossier as somebody looks at it.
pub(super) struct Looking<'l> {
    pub chance: &'l Chance,
    pub dossier: &'l Dossier,
    pub machine: &'l Machine,
    pub now: Instant,
    pub directory: &'l Directory,
    pub calendar: &'l Calendar,
}

impl Looking<'_> {
    /// One of the things that are open; none if nobody can do anything.
    pub(super) fn offered(&self, number: u64) -> Option<Move> {
        let mut open = Vec::new();
        for task in &self.dossier.tasks {
            for person in &task.holders {
                match task.purpose {
                    Purpose::Ballot => open.push(Open::Cast(person.clone())),
                    Purpose::Tally => open.push(Open::Tally(person.clone())),
                    Purpose::Confirm => open.push(Open::Confirm(person.clone(), task.activation)),
                    Purpose::Act => open.extend(self.form(person, task.activation)),
                    Purpose::Lead | Purpose::Attendance | Purpose::Object | Purpose::Prepare => {}
                }
                if task.purpose == Purpose::Act {
                    open.extend(self.event(person, task.activation));
                }
            }
        }
        // What a role may do without being asked.
        let person = PersonId::new(format!("p-{}", office::PEOPLE[self.below(office::PEOPLE.len())]));
        let leaves: Vec<ActivationId> = self.dossier.leaves().map(|leaf| leaf.activation).collect();
        let unasked = self.pick(leaves).and_then(|leaf| self.event(&person, leaf));
        if open.is_empty() || self.below(10) == 0 {
            open.extend(unasked);
        }
        self.done(self.pick(open)?, number)
    }

    /// An event that the state may know and the person may not.
    pub(super) fn anything(&self) -> Option<Move> {
        let leaves = self.dossier.leaves().map(|leaf| leaf.activation).collect();
        let person = PersonId::new(format!("p-{}", office::PEOPLE[self.below(office::PEOPLE.len())]));
        let active = self.dossier.active.iter().filter_map(|active| self.machine.state(&active.state));
        let events = active.flat_map(|state| &state.on).filter(|way| !way.by.is_empty()).collect();
        let event = self.pick::<&Transition>(events)?.event.clone()?;
        let (activation, reason) = (self.pick(leaves)?, (self.below(3) > 0).then(|| "Vì vậy".to_owned()));
        let (fields, papers, rows) = (BTreeMap::new(), Vec::new(), BTreeMap::new());
        let ask = Ask::Act(Act { activation, event, fields, papers, reason, rows, seen: None });
        Some(Move { person, ask, attachments: Vec::new() })
    }

    fn below(&self, count: usize) -> usize {
        self.chance.below(u32::try_from(count).expect("few")) as usize
    }

    fn pick<T>(&self, mut of: Vec<T>) -> Option<T> {
        (!of.is_empty()).then(|| of.swap_remove(self.below(of.len())))
    }

    fn context<T>(&self, look: impl FnOnce(&Context<'_>) -> T) -> T {
        let (directory, calendar, boxes) = (self.directory, self.calendar, Boxes::new());
        look(&Context { directory, calendar, register: &[], boxes: &boxes, taken: Taken::NOTHING })
    }

    /// An event that a person may choose in an entry: rather one of the inner states, which is what leads on.
    fn event(&self, person: &PersonId, activation: ActivationId) -> Option<Open> {
        let mut events =
            self.context(|context| offered(self.machine, self.dossier, activation, person, self.now, context));
        if events.is_empty() {
            return None;
        }
        let inner = self.below(events.len()).min(self.below(events.len()));
        Some(Open::Act(person.clone(), activation, Box::new(events.swap_remove(inner))))
    }

    /// Now and then somebody writes into the form first.
    fn form(&self, person: &PersonId, activation: ActivationId) -> Option<Open> {
        if self.below(4) > 0 {
            return None;
        }
        let (fields, _) =
            self.context(|context| editable(self.machine, self.dossier, person, activation, self.now, context));
        let written = fields.into_iter().filter(|name| self.value(name).is_some()).collect();
        Some(Open::Edit(person.clone(), activation, self.pick(written)?))
    }

    fn value(&self, name: &FieldName) -> Option<Value> {
        match &self.machine.field(name)?.kind {
            FieldKind::Number { .. } => Some(json!(45 + self.below(50))),
            FieldKind::Text { .. } => Some(json!(format!("Số {}", self.below(1_000)))),
            _ => None,
        }
    }

    fn done(&self, open: Open, number: u64) -> Option<Move> {
        let mut attachments = Vec::new();
        let (person, ask) = match open {
            Open::Cast(person) => {
                let vote = self.dossier.votes.first()?;
                let rows = vote.rows.iter().filter(|row| !row.own.contains(&person));
                let choice = |_| [Choice::Yes, Choice::Yes, Choice::Yes, Choice::No, Choice::Abstain][self.below(5)];
                let choices = rows.map(|row| (row.row.clone(), choice(&row.row))).collect();
                (person, Ask::Cast { activation: vote.activation, choices })
            }
            Open::Tally(person) => {
                let vote = self.dossier.votes.first()?;
                (person, Ask::Tally { activation: vote.activation, rows: self.tallies(vote) })
            }
            Open::Confirm(person, activation) => {
                let (agrees, seen) = (self.below(5) > 0, self.dossier.seq);
                (person, Ask::Confirm { activation, agrees, seen })
            }
            Open::Edit(person, activation, name) => {
                let fields = self.value(&name).map(|value| (name, value)).into_iter().collect();
                (person, Ask::Edit { activation, fields, papers: Vec::new() })
            }
            Open::Act(person, activation, way) => {
                let fields = way.fill.iter().filter_map(|name| Some((name.clone(), self.value(name)?))).collect();
                let brought = (!way.attach.is_empty()).then(|| scan(&format!("{}-{number}", self.dossier.id)));
                let (papers, bytes): (Vec<_>, Vec<_>) = brought.into_iter().unzip();
                attachments = bytes;
                let (reason, rows) = (way.reason.then(|| "Vì vậy".to_owned()), BTreeMap::new());
                let event = way.event.clone()?;
                (person, Ask::Act(Act { activation, event, fields, papers, reason, rows, seen: None }))
            }
        };
        Some(Move { person, ask, attachments })
    }

    fn tallies(&self, vote: &Vote) -> BTreeMap<DossierId, PaperTally> {
        let tally = |own: usize| {
            let issued = u32::try_from(vote.roll.len() - own).expect("few");
            let returned = issued - self.chance.below(2).min(issued);
            let yes = self.chance.below(returned + 1);
            PaperTally { issued, returned, invalid: 0, yes, no: returned - yes }
        };
        vote.rows.iter().map(|row| (row.row.clone(), tally(row.own.len()))).collect()
    }
}

/// A dossier and its version, as a process knows them now.
pub(super) async fn seen(engine: &Engine, id: &str) -> Option<(Dossier, std::sync::Arc<Machine>)> {
    let dossier = engine.dossier(&id.into()).await.ok().flatten()?;
    let machine = engine.machine(&dossier.machine).await.ok()?;
    Some((dossier, machine))
}
