//! Which rows the events of one command mean: a pure function of (before, events, after, machine).

use crate::ids::{ActivationId, Instant, PersonId};
use crate::machine::LinkPolicy;

use super::{Message, Purpose};

/// The rows that change with a dossier, besides its own row, its events and its ballots.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rows {
    /// Tasks that were offered, one per person.
    pub tasks_opened: Vec<TaskRow>,
    /// Tasks that are over: everything of this activation and purpose, or one person's.
    pub tasks_closed: Vec<TaskKey>,
    /// Timers that were set.
    pub timers_set: Vec<TimerRow>,
    /// Timers that fired or were put away.
    pub timers_gone: Vec<TimerKey>,
    /// What has to be said to whom.
    pub notices: Vec<Notice>,
    /// Messages to other dossiers.
    pub messages: Vec<Message>,
    /// Facts for registers.
    pub register: Vec<RegisterRow>,
}

/// A task of one person. Its id, and so its link, follows from dossier, activation, purpose and person.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TaskRow {
    /// The entry.
    pub activation: ActivationId,
    /// What for.
    pub purpose: Purpose,
    /// Who.
    pub person: PersonId,
    /// How strongly they must show who they are.
    pub policy: LinkPolicy,
    /// When it was offered.
    pub opened_at: Instant,
    /// By when.
    pub due_at: Option<Instant>,
}

/// Names tasks of one entry and purpose.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TaskKey {
    /// The entry.
    pub activation: ActivationId,
    /// What for.
    pub purpose: Purpose,
    /// Who; none for everybody.
    pub person: Option<PersonId>,
    /// When it was over.
    pub closed_at: Instant,
    /// The event that ended it.
    pub closed_seq: i64,
}

/// A timer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimerRow {
    /// Which.
    pub key: TimerKey,
    /// When.
    pub due_at: Instant,
}

/// Names a timer of a dossier.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimerKey {
    /// The entry.
    pub activation: ActivationId,
    /// Its name ([`super::TimerKind::name`]).
    pub name: String,
}

/// Something that has to be said to a person. The courier gathers what is due for one person into one mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The event that it comes from.
    pub seq: i64,
    /// The entry.
    pub activation: ActivationId,
    /// To whom.
    pub person: PersonId,
    /// What kind.
    pub kind: NoticeKind,
    /// The task that it is about, if any; it is not said once that is over.
    pub purpose: Option<Purpose>,
    /// It need not wait for the digest.
    pub urgent: bool,
    /// Not before.
    pub not_before_at: Instant,
}

/// Kinds of notices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NoticeKind {
    /// You are asked.
    Asked,
    /// You were asked, and the day is near.
    Reminder,
    /// Somebody was asked and did nothing.
    Escalation,
    /// For your knowledge.
    Told,
}

impl NoticeKind {
    /// Its name in rows.
    pub fn name(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Reminder => "reminder",
            Self::Escalation => "escalation",
            Self::Told => "told",
        }
    }
}

/// A fact for a register.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisterRow {
    /// Which register.
    pub register: String,
    /// Whose.
    pub holder: String,
    /// What.
    pub key: String,
    /// The year it counts for.
    pub year: i32,
}

/// The rows that follow from a command's events.
pub fn project(
    before: Option<&super::Dossier>,
    after: &super::Dossier,
    events: &[super::event::Event],
    machine: &crate::machine::Machine,
    calendar: &crate::calendar::Calendar,
) -> Rows {
    let _ = (before, after, events, machine, calendar);
    todo!()
}
