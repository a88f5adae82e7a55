//! What follows from a command, or why nothing does.
//!
//! `Run` is the working copy: every change goes through `evolve` the moment it is made, so that a decision sees exactly
//! what replay will see. Due timers fire first, each as an event of its own; then the command.

mod access;
mod act;
mod actions;
pub mod assign;
mod attend;
mod children;
mod close;
mod compare;
mod correct;
mod end;
mod enter;
mod expire;
mod follow;
mod forget;
mod givers;
mod lead;
mod lists;
pub mod migrate;
mod missed;
mod note;
mod numbers;
mod offer;
mod outage;
mod party;
mod pause;
mod posting;
mod prepare;
mod receive;
mod record;
mod recount;
mod rounds;
mod rows;
mod seats;
mod separation;
mod shown;
mod stand_in;
mod start;
mod step;
mod timers;
pub mod trace;
pub mod trial;
mod values;
mod vote;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Mutex;

use super::command::{Actor, Ask, Command};
use super::context::{Context, Entry};
use super::event::{Change, Event, Kind};
use super::evolve;
use super::refusal::{Code, Reason, Refusal};
use super::taken::SaidBefore;
use super::{Choice, Dossier};
use crate::expr::{Missed, Scope};
use crate::ids::{ActivationId, DossierId, EventName, FieldName, GuardName, Instant, StateId};
use crate::machine::{Machine, State};
use crate::planted::{Fault, planted};

pub use access::{editable, may_name, public_sight, roles, sight};
pub use correct::{correctable, withdrawable};
pub use givers::gives_numbers;
pub use note::commentable;
pub use rounds::recallable;

/// Steps that a dossier may take by itself (`always`, results of votes) before we say that it goes round in circles.
const STEPS_MAX: u32 = 100;
/// Timers that may fire before one command; the rest fire before the next.
const DUE_MAX: u32 = 1_000;

/// What follows from a command.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Decision {
    /// The events, in order; the last one is the command's own, those before it were due.
    pub events: Vec<Event>,
    /// Choices that go into the boxes of a vote in progress, and nowhere else: by the vote's entry and the row.
    pub ballots: BTreeMap<(ActivationId, DossierId), Choice>,
    /// What it compared with: where the context did not know that, it has to be decided again with it.
    pub said_before: BTreeSet<SaidBefore>,
}

/// Decides a command. Total and deterministic; whatever is due at or before `now` happens first. Boxes of the activation are
/// to be added to when `ballots` is not empty; an event that opens a vote on line wants an empty box for each of its rows.
///
/// # Errors
/// The command may not be carried out; nothing follows from it.
pub fn decide(
    machine: &Machine,
    dossier: Option<&Dossier>,
    command: &Command,
    now: Instant,
    context: &Context<'_>,
) -> Result<Decision, Refusal> {
    let mut run = Run::new(machine, dossier, command.actor.clone(), now, context);
    run.carry_out(command, now)?;
    Ok(run.decision)
}

/// Whether a command of this person could be carried out now, without carrying it out: what pages ask before they show a
/// button.
///
/// # Errors
/// Why not.
pub fn would(
    machine: &Machine,
    dossier: &Dossier,
    command: &Command,
    now: Instant,
    context: &Context<'_>,
) -> Result<(), Refusal> {
    decide(machine, Some(dossier), command, now, context).map(|_| ())
}

/// The working copy of one decision.
struct Run<'a> {
    machine: &'a Machine,
    context: &'a Context<'a>,
    /// The instant of the event that is being made.
    at: Instant,
    /// Who causes it.
    actor: Actor,
    dossier: Option<Dossier>,
    /// The changes of the event that is being made.
    changes: Vec<Change>,
    /// Messages sent with it.
    sent: u32,
    /// Steps taken without anybody's doing.
    steps: u32,
    /// Entries that have come to their end and have not answered that yet.
    done: VecDeque<ActivationId>,
    /// Entries whose vote passed before a return and is not held again; they have not answered that yet.
    standing: VecDeque<ActivationId>,
    /// Entries that wait for children and have not been told yet that those are back.
    back: VecDeque<(ActivationId, EventName)>,
    /// Where somebody wants to know which ways it took.
    trace: Option<RefCell<trace::Trace>>,
    decision: Decision,
}

/// What a run can be taken back to.
struct Moment {
    dossier: Option<Dossier>,
    changes: usize,
    sent: u32,
    steps: u32,
    done: VecDeque<ActivationId>,
    standing: VecDeque<ActivationId>,
    back: VecDeque<(ActivationId, EventName)>,
}

impl<'a> Run<'a> {
    fn new(
        machine: &'a Machine,
        dossier: Option<&Dossier>,
        actor: Actor,
        now: Instant,
        context: &'a Context<'a>,
    ) -> Self {
        Self {
            machine,
            context,
            at: now,
            actor,
            dossier: dossier.cloned(),
            changes: Vec::new(),
            sent: 0,
            steps: 0,
            done: VecDeque::new(),
            standing: VecDeque::new(),
            back: VecDeque::new(),
            trace: None,
            decision: Decision::default(),
        }
    }
}

impl<'a> Run<'a> {
    /// Decides the whole command.
    fn carry_out(&mut self, command: &Command, now: Instant) -> Result<(), Refusal> {
        // A clock that went back does not take the dossier back with it.
        let now = self.dossier.as_ref().map_or(now, |dossier| now.max(dossier.last_at));
        self.at = now;
        if let Ask::Start(start) = &command.ask {
            return self.start(&command.dossier, start);
        }
        if self.dossier.is_none() {
            return Err(Refusal::about(Code::NoDossier, command.dossier.as_str()));
        }
        if command.ask == Ask::Tick {
            return self.tick(now);
        }
        self.follow_calendar(now);
        self.follow_outages(now);
        if !planted(Fault::DueNotFirst) {
            self.fire_due(now)?;
        }
        self.follow_roles(now);
        self.at = now.max(self.dossier().last_at);
        self.actor = command.actor.clone();
        let begun = self.decision.events.len();
        if self.dossier().expired_at.is_some() {
            return self.after_expiry(&command.ask);
        }
        if !self.dossier().forgotten.is_empty() {
            return self.after_forgetting(&command.ask);
        }
        match &command.ask {
            Ask::Start(_) | Ask::Tick => unreachable!("handled above"),
            Ask::Act(act) => self.act(act),
            Ask::Prepare(prepare) => self.prepare(prepare),
            Ask::Edit { activation, fields, papers } => self.edit(*activation, fields, papers),
            Ask::Claim { activation } => self.claim(*activation),
            Ask::Release { activation } => self.release(*activation),
            Ask::Assign { activation, from, to, reason } => {
                self.assign(*activation, from.as_ref(), to, reason.as_deref())
            }
            Ask::Add { activation, person, reason } => self.add(*activation, person, reason),
            Ask::Extend { activation, until, reason } => self.extend(*activation, *until, reason),
            Ask::Skip { activation, reason } => self.skip(*activation, reason),
            Ask::Redo { activation, reason } => self.redo(*activation, reason),
            Ask::Record(record) => self.record(record),
            Ask::Knock(knock) => self.knock(knock),
            Ask::Object(object) => self.object(object),
            Ask::Hear(hear) => self.hear(hear),
            Ask::Settle(settle) => self.settle_objection(settle),
            Ask::Cast { activation, choices } => self.cast(*activation, choices),
            Ask::Attend { activation, seats, too_few, seen } => self.attend(*activation, seats, *too_few, *seen),
            Ask::Tally { activation, rows } => self.tally(*activation, rows),
            Ask::Confirm { activation, agrees, seen } => self.confirm(*activation, *agrees, *seen),
            Ask::Correct(correct) => self.correct(correct),
            Ask::Withdraw { vote, reason } => self.withdraw_result(*vote, reason),
            Ask::Note { thread, text, papers } => self.write_note(thread, text, papers),
            Ask::Acknowledge { activation, seen } => self.acknowledge(*activation, *seen),
            // Two versions decide it together: `migrate::migrate`.
            Ask::Migrate(_) => Err(Refusal::of(Code::NotThisWay)),
            Ask::Forget(forget) => self.forget(forget),
            Ask::Expire(expire) => self.expire(expire),
            Ask::End(end) => self.cut_short(end),
            Ask::Receive(message) => self.receive(message),
        }?;
        // What it changed may say who holds a role: of which unit, by which row of a table.
        let said = self.decision.events[begun..].iter().flat_map(|event| &event.changes);
        if said.into_iter().any(Change::content) {
            self.follow_roles(now);
        }
        Ok(())
    }

    fn dossier(&self) -> &Dossier {
        self.dossier.as_ref().expect("a run is started or loaded before anything looks at its dossier")
    }

    /// Makes a change and remembers it.
    fn emit(&mut self, change: Change) {
        for change in self.apart(change) {
            evolve::apply(&mut self.dossier, self.at, &change).expect("decide makes only changes that fit");
            self.changes.push(change);
        }
    }

    /// Where it stands, to come back to.
    fn moment(&self) -> Moment {
        let (done, standing, back) = (self.done.clone(), self.standing.clone(), self.back.clone());
        let (dossier, changes) = (self.dossier.clone(), self.changes.len());
        Moment { dossier, changes, sent: self.sent, steps: self.steps, done, standing, back }
    }

    /// Undoes what was done in the event that is being made since then.
    fn back_to(&mut self, moment: Moment) {
        self.dossier = moment.dossier;
        self.changes.truncate(moment.changes);
        (self.sent, self.steps) = (moment.sent, moment.steps);
        (self.done, self.standing, self.back) = (moment.done, moment.standing, moment.back);
    }

    /// Closes the event that is being made.
    fn finish(&mut self, kind: Kind) {
        self.tell_papers();
        let at = self.at;
        let dossier = self.dossier.as_mut().expect("an event closes on a dossier");
        let changes = std::mem::take(&mut self.changes);
        evolve::close(dossier, at, &changes);
        let seq = dossier.seq;
        self.sent = 0;
        self.decision.events.push(Event { seq, at, kind, actor: self.actor.clone(), changes });
    }

    fn state(&self, id: &StateId) -> &'a State {
        self.machine.state(id).expect("a dossier stands only in states of its machine")
    }

    fn next_activation(&self) -> ActivationId {
        ActivationId(self.dossier().activations + u32::from(!planted(Fault::EntryReused)))
    }

    fn today(&self) -> jiff::civil::Date {
        self.context.calendar.date(self.at)
    }

    /// Counts a step that nobody asked for.
    fn step(&mut self) -> Result<(), Refusal> {
        self.steps += 1;
        if self.steps > STEPS_MAX { Err(Refusal::of(Code::Circles)) } else { Ok(()) }
    }

    /// Runs `ask` with everything that formulas may see.
    fn with_scope<T>(&self, ask: impl FnOnce(&Scope<'_>) -> T) -> T {
        self.with_register(self.context.register, None, ask)
    }

    /// The same with other entries in the registers; what is asked for and not there is noted in `missed`.
    fn with_register<T>(
        &self,
        register: &[Entry],
        missed: Option<&Mutex<Vec<Missed>>>,
        ask: impl FnOnce(&Scope<'_>) -> T,
    ) -> T {
        let dossier = self.dossier();
        let papers: Vec<&str> = dossier.papers.iter().map(|paper| paper.kind.as_str()).collect();
        let live: Vec<&BTreeMap<FieldName, serde_json::Value>> =
            dossier.rows.iter().filter(|row| row.status == super::RowStatus::Live).map(|row| &row.fields).collect();
        ask(&Scope {
            tables: &self.machine.tables,
            declared: &self.machine.fields,
            fields: &dossier.fields,
            papers: &papers,
            register,
            missed,
            directory: self.context.directory,
            calendar: self.context.calendar,
            now: self.at,
            round_no: dossier.round,
            children: (&self.machine.children, &dossier.children),
            outsiders: &dossier.outsiders,
            each: None,
            rows: self.machine.is_list().then_some((self.machine.row.as_slice(), live.as_slice())),
        })
    }

    /// The value of a formula of the machine.
    fn value(&self, expr: &str) -> Result<serde_json::Value, Refusal> {
        self.with_scope(|scope| self.machine.programs().value(expr, scope))
            .map_err(|error| Refusal::about(Code::GuardFailed, error.to_string()))
    }

    /// Which of these guards do not hold. A guard that cannot be worked out is a refusal of the whole command: neither "it
    /// holds" nor "it does not" would be safe.
    fn failing(&self, guards: &[GuardName]) -> Result<Vec<Reason>, Refusal> {
        self.failing_with(guards, &BTreeMap::new())
    }

    /// The same with these values in place of the dossier's own.
    fn failing_with(
        &self,
        guards: &[GuardName],
        brought: &BTreeMap<FieldName, serde_json::Value>,
    ) -> Result<Vec<Reason>, Refusal> {
        let mut reasons = Vec::new();
        let mut fields = std::borrow::Cow::Borrowed(&self.dossier().fields);
        if !brought.is_empty() {
            fields.to_mut().extend(brought.clone());
        }
        for name in guards {
            let guard = &self.machine.guards[name];
            let holds = self
                .with_scope(|scope| self.machine.programs().truth(&guard.expr, &Scope { fields: &fields, ..*scope }))
                .map_err(|error| Refusal::about(Code::GuardFailed, format!("{name}: {error}")))?;
            self.note_guard(name, holds);
            if !holds {
                reasons.push(Reason {
                    code: Code::Guard,
                    text: self.with_years(guard, true),
                    basis: guard.basis.clone(),
                    about: Some(name.to_string()),
                });
            }
        }
        Ok(reasons)
    }
}

/// The transitions that a person may choose in an entry now, innermost states first, whether or not their guards hold: what a
/// page offers. Several for one event stand together; the first whose guards hold will be taken.
pub fn offered(
    machine: &Machine,
    dossier: &Dossier,
    activation: ActivationId,
    person: &crate::ids::PersonId,
    now: Instant,
    context: &Context<'_>,
) -> Vec<crate::machine::Transition> {
    let run = Run::new(machine, Some(dossier), Actor::Link(person.clone()), now, context);
    let chart = machine.chart();
    let mut asked = std::collections::BTreeSet::new();
    let mut found: Vec<crate::machine::Transition> = Vec::new();
    for leaf in run.leaves(Some(activation)).into_iter().rev() {
        for at in std::iter::once(leaf).chain(chart.around(leaf)).filter(|at| asked.insert(*at)) {
            let inner = found.len();
            let theirs =
                |one: &&crate::machine::Transition| matches!(run.standing(person, one, at), act::Standing::As(..));
            for one in machine.states[at].on.iter().filter(|one| one.event.is_some()).filter(theirs) {
                // Only the innermost state that answers an event is asked.
                if !found[..inner].iter().any(|taken| taken.event == one.event) {
                    found.push(one.clone());
                }
            }
        }
    }
    found
}
