//! What people could do next in an office: the events that somebody may choose, the ballots that are out, the tallies that
//! are awaited.

use std::collections::BTreeMap;

use super::invent;
use crate::dossier::command::{Act, Ask};
use crate::dossier::refusal::{Code, Refusal};
use crate::dossier::{Attends, Choice, Dossier, PaperTally, Purpose, Task, Vote};
use crate::ids::{ActivationId, DossierId, EventName, FieldName, Instant, PersonId};
use crate::machine::{Field, FieldKind, Machine, Transition};
use crate::scenario::file::model::Values;
use crate::scenario::office::Office;

/// Between the hour of mails and the hour at which people have read them.
const READING_MS: i64 = 60 * 60 * 1000;

/// Something that somebody could do.
#[derive(Clone, Debug)]
pub(super) struct Move {
    dossier: DossierId,
    person: PersonId,
    activation: ActivationId,
    asked: bool,
    what: Deed,
}

#[derive(Clone, Debug)]
enum Deed {
    /// Chooses an event.
    Does(EventName),
    /// Every member who has not voted votes so on every row.
    Votes(Choice),
    /// Records that everybody is there, or that too few are.
    Attends(Attends),
    /// Records that everybody was for, or against.
    Records(Choice),
    /// Says that the tallies are right.
    Confirms,
    /// Gives the task to somebody.
    Gives(PersonId),
}

/// How much of a form is filled in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// What must be.
    Needed,
    /// All of it.
    Whole,
}

/// Everything that people could do.
pub(super) struct Moves;

impl Moves {
    /// Of all dossiers, in the order in which they were opened.
    pub(super) fn of(office: &Office<'_>) -> Vec<Move> {
        let ids: Vec<DossierId> = office.dossiers().map(|dossier| dossier.id.clone()).collect();
        ids.iter().flat_map(|id| Self::of_dossier(office, id)).collect()
    }

    /// Of one dossier: what is asked first, then what else somebody may do, inner states first.
    pub(super) fn of_dossier(office: &Office<'_>, id: &DossierId) -> Vec<Move> {
        let Some((dossier, machine)) = office.dossier(id).zip(office.machine_of(id)) else { return Vec::new() };
        let mut moves = Vec::new();
        for task in &dossier.tasks {
            let Some(person) = task.holders.first() else { continue };
            let one = |what: Deed| Move {
                dossier: id.clone(),
                person: person.clone(),
                activation: task.activation,
                asked: true,
                what,
            };
            match task.purpose {
                Purpose::Act | Purpose::Object | Purpose::Prepare => {}
                Purpose::Lead => moves.extend(gives(dossier, task, one)),
                Purpose::Ballot => moves.extend([one(Deed::Votes(Choice::Yes)), one(Deed::Votes(Choice::No))]),
                Purpose::Attendance if dossier.is_awaited(task) => {
                    moves.extend([one(Deed::Attends(Attends::Present)), one(Deed::Attends(Attends::Absent))]);
                }
                Purpose::Attendance => {}
                Purpose::Tally => moves.extend([one(Deed::Records(Choice::Yes)), one(Deed::Records(Choice::No))]),
                Purpose::Confirm => moves.push(one(Deed::Confirms)),
            }
        }
        moves.extend(acts(office, dossier, machine));
        moves.sort_by_key(|one| !one.asked);
        moves
    }
}

/// Whoever leads a step that waits gives it to the first who may have it.
fn gives(dossier: &Dossier, lead: &Task, one: impl Fn(Deed) -> Move) -> Option<Move> {
    let waiting = dossier.task(lead.activation, Purpose::Act).filter(|task| task.waits())?;
    Some(one(Deed::Gives(waiting.others.first()?.clone())))
}

/// One move for each event that somebody may choose in an entry.
fn acts(office: &Office<'_>, dossier: &Dossier, machine: &Machine) -> Vec<Move> {
    let mut moves: Vec<Move> = Vec::new();
    for active in dossier.active.iter().rev() {
        let Some(state) = machine.state(&active.state) else { continue };
        for way in state.on.iter().filter(|way| !way.by.is_empty()) {
            let Some(event) = &way.event else { continue };
            if moves.iter().any(|one| matches!(&one.what, Deed::Does(known) if known == event)) {
                continue;
            }
            let asked = way.by.iter().find_map(|role| {
                let mut tasks = dossier.tasks.iter();
                let task = tasks.find(|task| task.role.as_ref() == Some(role) && task.purpose == Purpose::Act)?;
                task.holders.first().cloned()
            });
            let holder = || office.free_for(&dossier.id, active.activation, event);
            let Some((person, asked)) = asked.map(|one| (one, true)).or_else(|| holder().map(|one| (one, false)))
            else {
                continue;
            };
            let (dossier, activation) = (dossier.id.clone(), active.activation);
            moves.push(Move { dossier, person, activation, asked, what: Deed::Does(event.clone()) });
        }
    }
    moves
}

/// When people have read what comes next: an hour after the next hour of mails.
pub(super) fn morning(office: &Office<'_>) -> Instant {
    let world = office.world();
    let slots = office.dossiers().filter_map(|dossier| office.machine_of(&dossier.id)).map(|machine| {
        let calendar = world.calendar(machine);
        calendar.mail_slot(office.now().plus_ms(1), false)
    });
    slots.min().unwrap_or(office.now()).plus_ms(READING_MS)
}

impl Move {
    /// Somebody is asked for it; the others are only free to do it.
    pub(super) fn is_asked(&self) -> bool {
        self.asked
    }

    /// Does it, with invented values where something must be filled in.
    pub(super) fn carry_out(&self, office: &mut Office<'_>) -> Result<(), Refusal> {
        match &self.what {
            Deed::Does(event) => {
                let answer = self.answer(office, event, Form::Needed);
                // What a guard asks for may be one more field of the form.
                let guarded = |refusal: &Refusal| refusal.reasons.iter().any(|reason| reason.code == Code::Guard);
                if answer.as_ref().is_err_and(guarded) { self.answer(office, event, Form::Whole) } else { answer }
            }
            Deed::Votes(choice) => {
                for (person, choices) in self.sheets(office, *choice) {
                    self.hand_in(office, &person, Ask::Cast { activation: self.activation, choices })?;
                }
                Ok(())
            }
            Deed::Attends(all) => {
                let roll = self.vote(office).map(|vote| vote.roll.as_slice()).unwrap_or_default();
                let seats = roll.iter().map(|seat| (seat.person.clone(), *all)).collect();
                let (activation, too_few) = (self.activation, *all != Attends::Present);
                let seen = office.dossier(&self.dossier).map_or(0, |dossier| dossier.seq);
                self.hand_in(office, &self.person, Ask::Attend { activation, seats, too_few, seen })
            }
            Deed::Records(choice) => {
                let rows = self.vote(office).map(|vote| tallies(vote, *choice)).unwrap_or_default();
                self.hand_in(office, &self.person, Ask::Tally { activation: self.activation, rows })
            }
            Deed::Confirms => {
                let seen = office.dossier(&self.dossier).map_or(0, |dossier| dossier.seq);
                self.hand_in(office, &self.person, Ask::Confirm { activation: self.activation, agrees: true, seen })
            }
            Deed::Gives(to) => {
                let (activation, to) = (self.activation, to.clone());
                self.hand_in(office, &self.person, Ask::Assign { activation, from: None, to, reason: None })
            }
        }
    }

    /// Gives the answer; where it has to be read first, that is said before.
    fn answer(&self, office: &mut Office<'_>, event: &EventName, form: Form) -> Result<(), Refusal> {
        let ask = self.act(office, event, form);
        let answer = self.hand_in(office, &self.person, ask.clone());
        let unread = |refusal: &Refusal| refusal.reasons.iter().any(|reason| reason.code == Code::Unread);
        if !answer.as_ref().is_err_and(unread) {
            return answer;
        }
        self.hand_in(office, &self.person, Ask::Acknowledge { activation: self.activation, seen: None })?;
        self.hand_in(office, &self.person, ask)
    }

    fn hand_in(&self, office: &mut Office<'_>, person: &PersonId, ask: Ask) -> Result<(), Refusal> {
        let actor = office.actor(&self.dossier, person);
        let command = office.command(self.dossier.clone(), actor, ask);
        office.handle(&command)
    }

    fn vote<'o>(&self, office: &'o Office<'_>) -> Option<&'o Vote> {
        office.dossier(&self.dossier)?.vote(self.activation)
    }

    /// The answer, with an invented value for whatever must be filled in.
    fn act(&self, office: &Office<'_>, event: &EventName, form: Form) -> Ask {
        let (mut fields, mut papers, mut reason) = (Values::new(), Vec::new(), None);
        if let Some((dossier, machine)) = office.dossier(&self.dossier).zip(office.machine_of(&self.dossier)) {
            let ways = ways(dossier, machine, event);
            let invented = |field: &Field| invent::value(field, office.world(), machine, office.now());
            for field in
                wanted(dossier, machine, (self.activation, form), &ways).iter().filter_map(|name| machine.field(name))
            {
                fields.extend(invented(field).map(|value| (field.name.clone(), value)));
                papers.extend((field.kind == FieldKind::File).then(|| field.name.to_string()));
            }
            let own = ways.iter().filter_map(|way| machine.own_row(way.adds.as_ref()?));
            fields.extend(own.filter_map(|(_, row)| Some((row.name.clone(), invented(&row)?))));
            let there = |kind: &String| dossier.papers.iter().any(|paper| &paper.kind == kind);
            papers.extend(ways.iter().flat_map(|way| &way.attach).filter(|kind| !there(kind)).cloned());
            papers.sort();
            papers.dedup();
            reason = ways.iter().any(|way| way.reason).then(|| "…".to_owned());
        }
        let before = office.dossier(&self.dossier).map_or(0, |dossier| dossier.papers.len());
        let papers = papers.iter().enumerate();
        let papers = papers.map(|(number, kind)| invent::paper(&self.dossier, before + number, kind)).collect();
        let (activation, event, rows) = (self.activation, event.clone(), BTreeMap::new());
        Ask::Act(Act { activation, event, fields, papers, reason, rows, seen: None })
    }

    /// The sheet of every member who has not voted.
    fn sheets(&self, office: &Office<'_>, choice: Choice) -> Vec<(PersonId, BTreeMap<DossierId, Choice>)> {
        let Some(vote) = self.vote(office) else { return Vec::new() };
        let sheet = |person: &PersonId| -> BTreeMap<DossierId, Choice> {
            let rows = vote.rows.iter().filter(|row| !row.own.contains(person));
            rows.map(|row| (row.row.clone(), choice)).collect()
        };
        let waiting = vote.roll.iter().filter(|seat| !seat.cast).map(|seat| (seat.person.clone(), sheet(&seat.person)));
        waiting.filter(|(_, sheet)| !sheet.is_empty()).collect()
    }
}

/// The transitions that an event may take now.
fn ways<'m>(dossier: &Dossier, machine: &'m Machine, event: &EventName) -> Vec<&'m Transition> {
    let active = dossier.active.iter().filter_map(|active| machine.state(&active.state));
    active.flat_map(|state| &state.on).filter(|way| way.event.as_ref() == Some(event)).collect()
}

/// The fields that have no value and must have one: what the answer fills in, and what the form requires.
fn wanted(
    dossier: &Dossier,
    machine: &Machine,
    (entry, filled): (ActivationId, Form),
    ways: &[&Transition],
) -> Vec<FieldName> {
    let state = dossier.entry(entry).and_then(|active| machine.state(&active.state));
    let form = state.and_then(|state| state.task.as_ref()).map(|task| task.edit.as_slice()).unwrap_or_default();
    let required =
        form.iter().filter(|name| filled == Form::Whole || machine.field(name).is_some_and(|field| field.required));
    let all = ways.iter().flat_map(|way| &way.fill).chain(required);
    let empty = |name: &&FieldName| dossier.fields.get(*name).is_none_or(serde_json::Value::is_null);
    all.filter(empty).cloned().collect()
}

fn tallies(vote: &Vote, choice: Choice) -> BTreeMap<DossierId, PaperTally> {
    let members = |own: usize| u32::try_from(vote.roll.len().saturating_sub(own)).unwrap_or(u32::MAX);
    let rows = vote.rows.iter().map(|row| {
        let issued = members(row.own.len());
        let (yes, no) = if choice == Choice::Yes { (issued, 0) } else { (0, issued) };
        (row.row.clone(), PaperTally { issued, returned: issued, invalid: 0, yes, no })
    });
    rows.collect()
}
