//! Playing a case: each step becomes a command in an office of its own, and what must hold is looked at in between.

mod besides;
mod find;
mod hold;
mod judge;
mod measures;
mod votes;

use std::collections::BTreeMap;

use super::coverage::Coverage;
use super::file::model::{self, Act, Case, Start, Step, Wait, What};
use super::history::Line;
use super::office::Office;
use super::post::Mail;
use super::world::{World, mail_of};
use crate::calendar::{Delay, DelayUnit};
use crate::dossier::command::{self, Actor, Ask, Caller, RowMark};
use crate::dossier::refusal::{Code, Refusal};
use crate::dossier::{Active, Attends, Dossier, Paper, Purpose};
use crate::ids::{ActivationId, DossierId, EventName, Instant, PersonId};
use crate::source::Span;

/// Why a case does not pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Where it is expected.
    pub place: Span,
    /// What is looked at: `state`, `mails`, ...
    pub what: String,
    /// What should be.
    pub expected: String,
    /// What is.
    pub found: String,
    /// Everything that happened before.
    pub story: Vec<Line>,
}

/// Something is not as it should be: what, and how it should be and is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Amiss {
    pub(super) place: Span,
    pub(super) what: &'static str,
    pub(super) expected: String,
    pub(super) found: String,
}

/// Plays a case in an office that opens with it: why it does not pass, if it does not, and what it reached.
pub fn play(case: &Case, world: &World) -> (Option<Failure>, Coverage) {
    let (amiss, office) = enact(case, world);
    let failure = amiss.map(|Amiss { place, what, expected, found }| Failure {
        place,
        what: what.to_owned(),
        expected,
        found,
        story: office.story(),
    });
    (failure, office.coverage)
}

/// The mails that go out while a case is played, in order, as far as it goes. What must hold is not asked: words that a case
/// expects in one language do not stand in mails of another.
pub fn mails(case: &Case, world: &World) -> Vec<Mail> {
    let mut played = case.clone();
    played.steps.retain(|step| !matches!(step.what, What::Expect(_)));
    enact(&played, world).1.mails().to_vec()
}

/// Plays a case and gives the office as it then stands.
pub(super) fn enact<'w>(case: &Case, world: &'w World) -> (Option<Amiss>, Office<'w>) {
    let mut office = Office::new(world, case.starts);
    for entry in &case.register {
        office.open_register(entry.clone());
    }
    let mut play = Play { office, names: BTreeMap::new(), last: None, mails_seen: 0, stuck_seen: 0 };
    let amiss = case.steps.iter().find_map(|step| play.step(step).err());
    (amiss, play.office)
}

/// A case in progress.
pub(super) struct Play<'w> {
    pub(super) office: Office<'w>,
    names: BTreeMap<String, DossierId>,
    last: Option<DossierId>,
    /// Mails that a step has asked about.
    pub(super) mails_seen: usize,
    stuck_seen: usize,
}

impl Play<'_> {
    fn step(&mut self, step: &Step) -> Result<(), Amiss> {
        match &step.what {
            What::Wait(wait) => self.office.move_to(self.moment(*wait, &step.place)?),
            What::Expect(expect) => return hold::check(self, expect, &step.place),
            what => {
                let answer = self.carry_out(what, &step.place)?;
                self.judge(step, answer)?;
            }
        }
        self.nothing_stuck(&step.place)
    }

    fn carry_out(&mut self, what: &What, place: &Span) -> Result<Result<(), Refusal>, Amiss> {
        match what {
            What::Calendar(calendar) => {
                self.office.put_calendar((**calendar).clone());
                Ok(Ok(()))
            }
            What::Outage(wait) => {
                self.office.go_silent(self.moment(*wait, place)?);
                Ok(Ok(()))
            }
            What::Start(start) => Ok(self.start(start)),
            What::Act(act) => self.act(act, place),
            What::Edit { by, dossier, fields, papers } => {
                let id = self.find(dossier, place)?;
                let dossier = self.dossier(&id);
                let by = &self.office.meant(&id, by);
                let activation = dossier.tasks.iter().find(|task| task.asks(by)).map(|task| task.activation);
                let activation = activation.or_else(|| leaf(dossier)).unwrap_or(ActivationId(0));
                let ask = Ask::Edit { activation, fields: fields.clone(), papers: self.papers(&id, papers) };
                Ok(self.hand_in(id, by, ask))
            }
            What::Attend { by, dossier, attendance } => {
                let id = self.find(dossier, place)?;
                let vote = self.vote_in(&id, Some((by, Purpose::Attendance)), place)?;
                let (activation, too_few) = (vote.activation, attendance.too_few);
                let attends = |person| attendance.away.get(person).copied().unwrap_or(Attends::Present);
                let seats = vote.roll.iter().map(|seat| (seat.person.clone(), attends(&seat.person))).collect();
                let seen = self.dossier(&id).seq;
                Ok(self.hand_in(id, by, Ask::Attend { activation, seats, too_few, seen }))
            }
            What::Vote { dossier, ballots } => self.vote(dossier, ballots, place),
            What::Record { by, dossier, tallies } => {
                let id = self.find(dossier, place)?;
                let vote = self.vote_in(&id, Some((by, Purpose::Tally)), place)?;
                let activation = vote.activation;
                let rows: Vec<DossierId> = vote.rows.iter().map(|row| row.row.clone()).collect();
                let rows = self.for_rows(tallies, &rows)?.into_iter().map(|(row, tally)| (row, votes::counted(tally)));
                let ask = Ask::Tally { activation, rows: rows.collect() };
                Ok(self.hand_in(id, by, ask))
            }
            What::Confirm { by, dossier, agrees } => {
                let id = self.find(dossier, place)?;
                let (activation, seen) =
                    (self.vote_in(&id, Some((by, Purpose::Confirm)), place)?.activation, self.dossier(&id).seq);
                Ok(self.hand_in(id, by, Ask::Confirm { activation, agrees: *agrees, seen }))
            }
            What::Besides { by, dossier, what, reason } => {
                let id = self.find(dossier, place)?;
                if let (model::Besides::Object { .. }, Some(mail)) = (what, mail_of(by))
                    && let Err(refusal) = self.knock(&id, mail)
                {
                    return Ok(Err(refusal));
                }
                let ask = self.besides(&id, by, what, reason.clone());
                Ok(self.hand_in(id, by, ask))
            }
            What::Wait(_) | What::Expect(_) => Ok(Ok(())),
        }
    }

    fn start(&mut self, start: &Start) -> Result<(), Refusal> {
        let machine = self.office.world().machine(&start.workflow).expect("the reader has looked it up");
        let id = start.name.as_ref().map_or_else(|| self.office.new_id(&start.workflow), DossierId::new);
        let actor = match (&start.by, start.by.as_ref().and_then(mail_of)) {
            (_, Some(mail)) => {
                let (name, mail) = (mail.to_owned(), mail.to_owned());
                Actor::Caller(Caller { name, mail, language: machine.language.clone() })
            }
            (Some(person), None) => Actor::Session(person.clone()),
            (None, None) => Actor::Import { operator: "scenario".to_owned() },
        };
        let ask = Ask::Start(command::Start {
            machine: machine.hash().clone(),
            fields: start.fields.clone(),
            papers: self.papers(&id, &start.papers),
            gather_key: None,
            first: None,
            import_key: start.import_key.clone(),
        });
        let command = self.office.command(id.clone(), actor, ask);
        let answer = self.office.handle(&command);
        if answer.is_ok() {
            self.names.extend(start.name.clone().map(|name| (name, id.clone())));
            self.last = Some(id);
        }
        answer
    }

    fn act(&mut self, act: &Act, place: &Span) -> Result<Result<(), Refusal>, Amiss> {
        let id = self.find(&act.dossier, place)?;
        let kept = self.office.kept(&id).expect("it was found");
        let by = self.office.meant(&id, &act.by);
        let activation = asked_in(&kept.dossier, kept.machine, &act.event, &by);
        let mut rows = BTreeMap::new();
        for (name, aside, reason) in &act.rows {
            rows.insert(self.row(name)?, RowMark { aside: *aside, reason: reason.clone() });
        }
        let ask = Ask::Act(command::Act {
            activation,
            event: act.event.clone(),
            fields: act.fields.clone(),
            papers: self.papers(&id, &act.papers),
            reason: act.reason.clone(),
            rows,
            seen: None,
        });
        Ok(self.hand_in(id, &act.by, ask))
    }

    /// The moment that is waited for.
    fn moment(&self, wait: Wait, place: &Span) -> Result<Instant, Amiss> {
        let now = self.office.now();
        let amiss = |expected: String, found: String| Amiss { place: place.clone(), what: "wait", expected, found };
        match wait {
            Wait::For(delay) => Ok(self.later(delay)),
            Wait::Until(to) if to < now => {
                Err(amiss(format!("a moment after {}", self.office.wall(now)), self.office.wall(to)))
            }
            Wait::Until(to) => Ok(to),
            Wait::Next => self
                .office
                .next()
                .ok_or_else(|| amiss("something that happens by itself".to_owned(), "nothing ever will".to_owned())),
        }
    }

    /// The moment so much later; for days, at the same time of day.
    fn later(&self, delay: Delay) -> Instant {
        let now = self.office.now();
        let first = self.office.world().machines().next().expect("a world has a workflow");
        let calendar = self.office.calendar(first);
        let end = calendar.after(now, delay);
        match delay.unit {
            DelayUnit::WorkingDays | DelayUnit::Days => now.plus_ms(end.0 - calendar.end_of(calendar.date(now)).0),
            DelayUnit::Hours | DelayUnit::Minutes => end,
        }
    }

    fn hand_in(&mut self, dossier: DossierId, by: &PersonId, ask: Ask) -> Result<(), Refusal> {
        let by = &self.office.meant(&dossier, by);
        let actor = self.office.actor(&dossier, by);
        let command = self.office.command(dossier.clone(), actor.clone(), ask.clone());
        let answer = self.office.handle(&command);
        let unread = answer.as_ref().is_err_and(|refusal| refusal.reasons.iter().any(|one| one.code == Code::Unread));
        let (true, Some(activation)) = (unread, ask.activation()) else { return answer };
        // People in scenarios read what they answer.
        let read = self.office.command(dossier.clone(), actor.clone(), Ask::Acknowledge { activation, seen: None });
        self.office.handle(&read)?;
        let command = self.office.command(dossier, actor, ask);
        self.office.handle(&command)
    }

    /// Somebody from outside asks for a link by which to object; who has one needs no other.
    fn knock(&mut self, id: &DossierId, mail: &str) -> Result<(), Refusal> {
        let activation = self.posted(self.dossier(id));
        let (name, mail, language) = (mail.to_owned(), mail.to_owned(), "vi".to_owned());
        let ask = Ask::Knock(command::Knock { activation, name, mail, language });
        let command = self.office.command(id.clone(), Actor::Public, ask);
        match self.office.handle(&command) {
            Err(refusal) if !refusal.codes().iter().any(|code| matches!(code, Code::Done { .. })) => Err(refusal),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    fn papers(&self, dossier: &DossierId, kinds: &[String]) -> Vec<Paper> {
        let before = self.office.dossier(dossier).map_or(0, |dossier| dossier.papers.len());
        let paper = |(number, kind): (usize, &String)| Paper {
            id: format!("{dossier}-paper-{}", before + number + 1).into(),
            kind: kind.clone(),
            name: format!("{kind}.pdf"),
            hash: String::new(),
            size: 0,
            by: None,
            at: Instant(0),
        };
        kinds.iter().enumerate().map(paper).collect()
    }
}

/// The entry in which a person is asked what an event answers: theirs by a task, else the innermost that knows the event.
fn asked_in(dossier: &Dossier, machine: &crate::machine::Machine, event: &EventName, by: &PersonId) -> ActivationId {
    let answers = |active: &&Active| {
        let state = machine.state(&active.state);
        state.is_some_and(|state| state.on.iter().any(|one| one.event.as_ref() == Some(event) && !one.by.is_empty()))
    };
    let theirs =
        |active: &&Active| dossier.tasks.iter().any(|task| task.activation == active.activation && task.asks(by));
    let inner = || dossier.active.iter().rev();
    let found = inner().find(|active| answers(active) && theirs(active)).or_else(|| inner().find(answers));
    found.map(|active| active.activation).or_else(|| leaf(dossier)).unwrap_or(ActivationId(0))
}

fn leaf(dossier: &Dossier) -> Option<ActivationId> {
    dossier.leaves().last().map(|leaf| leaf.activation)
}
