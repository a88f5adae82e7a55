//! States of the statechart and the ways between them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Access, Actions, Awaits, Lead, LinkPolicy, Posting, Sending, Separation, Tell};
use crate::calendar::Delay;
use crate::ids::{EventName, FieldName, GuardName, RoleName, StateId, Text, VoteName, WorkflowName};

/// A state of the statechart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// Its full path.
    pub id: StateId,
    /// The compound state around it.
    #[serde(default)]
    pub parent: Option<StateId>,
    /// What officers call it.
    pub title: Text,
    /// What outsiders are told that it is called; empty where they are told what officers call it.
    #[serde(default, skip_serializing_if = "Text::is_empty")]
    pub public: Text,
    /// What it is.
    pub kind: StateKind,
    /// Transitions by events; for one event the first whose guards hold wins.
    #[serde(default)]
    pub on: Vec<Transition>,
    /// Transitions without an event: the first whose guards hold is taken at once.
    #[serde(default)]
    pub always: Vec<Transition>,
    /// Transitions by the clock.
    #[serde(default)]
    pub after: Vec<After>,
    /// Somebody is asked to do something.
    #[serde(default)]
    pub task: Option<TaskRule>,
    /// People are consulted; the task asks them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consult: Option<Consult>,
    /// A paper from outside is waited for; whoever records it is asked by the task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait: Option<Wait>,
    /// The matter is posted; whoever keeps the posting is told by the task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub posting: Option<Posting>,
    /// A body votes.
    #[serde(default)]
    pub vote: Option<StateVote>,
    /// The dossier is a row of a list while it is here.
    #[serde(default)]
    pub joins: Option<Joins>,
    /// It waits for children while it is here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub awaits: Option<Awaits>,
    /// A list takes rows while it is here.
    #[serde(default)]
    pub gathers: bool,
    /// By when, and what happens then.
    #[serde(default)]
    pub deadline: Option<Deadline>,
    /// Done when it is entered.
    #[serde(default, skip_serializing_if = "Actions::is_empty")]
    pub entry: Actions,
    /// Done when it is left.
    #[serde(default, skip_serializing_if = "Actions::is_empty")]
    pub exit: Actions,
    /// What standing here means to an observer, for a state that is not final.
    #[serde(default)]
    pub standing: Option<String>,
    /// How strongly a person must show who they are.
    #[serde(default)]
    pub link: LinkPolicy,
    /// Whoever is asked says that they have read the dossier before their answer counts.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub acknowledge: bool,
    /// May mail on rest days (06:00-21:00).
    #[serde(default)]
    pub urgent: bool,
    /// Who leads it and what is inside it, unless a state inside says otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lead: Option<Lead>,
    /// Who sees what and may change what here and inside, by role, `others` and `public`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub access: BTreeMap<RoleName, Access>,
    /// What it says about people who did an earlier step; what the states around it say holds too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub separation: Option<Separation>,
}

impl State {
    /// Every way out of it, and those that stay.
    pub fn transitions(&self) -> impl Iterator<Item = &Transition> {
        self.on.iter().chain(&self.always).chain(self.after.iter().map(|after| &after.transition))
    }
}

/// What a state is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StateKind {
    /// It has no states inside.
    Atomic,
    /// One of its states is active while it is.
    Compound {
        /// Entered with it.
        initial: StateId,
    },
    /// All of its states, its regions, are active while it is.
    Parallel,
    /// The dossier ends here, or the state around it.
    Final {
        /// The dossier's result, in the workflow's own word; none for the end of the state around it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        outcome: Option<String>,
    },
    /// Never active itself: who comes here goes back to what was active when the state around it was left.
    History {
        /// To the innermost states; else to the state directly inside, which then begins anew.
        deep: bool,
        /// Where it leads as long as the state around it was never left.
        target: StateId,
    },
}

/// A way from one state to another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "one for each key that is true or false")]
pub struct Transition {
    /// The event that it answers; none for `always` and `after`.
    #[serde(default)]
    pub event: Option<EventName>,
    /// What the button says.
    #[serde(default)]
    pub label: Text,
    /// What choosing it leads to.
    #[serde(default)]
    pub hint: Text,
    /// Whose event it is; empty: no person's (a message, a vote, a clock).
    #[serde(default)]
    pub by: Vec<RoleName>,
    /// How many of those who are asked must choose it before it is taken.
    #[serde(default, skip_serializing_if = "Needs::is_one")]
    pub needs: Needs,
    /// Guards; all must hold.
    #[serde(default)]
    pub guard: Vec<GuardName>,
    /// Where it leads.
    pub target: Target,
    /// A reason must be given.
    #[serde(default)]
    pub reason: bool,
    /// Fields that the person fills in with it; each must then have a value.
    #[serde(default)]
    pub fill: Vec<FieldName>,
    /// The table to which the person adds a row of their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adds: Option<FieldName>,
    /// Kinds of paper that must be attached with it (or stand in the dossier).
    #[serde(default)]
    pub attach: Vec<String>,
    /// Whether it cannot be undone, so that the page asks once more.
    #[serde(default)]
    pub confirm: bool,
    /// For a list: what its rows are told.
    #[serde(default)]
    pub rows: Option<RowEvents>,
    /// People who are told, without being asked anything.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tell: Vec<Tell>,
    /// Fields that a message brings along and that are taken over.
    #[serde(default)]
    pub take: Vec<FieldName>,
    /// The workflows of related dossiers that may raise it; nothing and nobody else does then.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub from: Vec<WorkflowName>,
    /// Children that are opened with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub open: Vec<String>,
    /// What related dossiers are told with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub send: Vec<Sending>,
    /// How the dossier stands from here on, as its parent is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<String>,
    /// Fields that get a number with it, and the numbering of each.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub number: BTreeMap<FieldName, String>,
    /// Freezes what is below the state it leaves; `resume` continues it.
    #[serde(default)]
    pub pause: bool,
    /// Its target lies inside the state it is written in, which is not left.
    #[serde(default)]
    pub internal: bool,
    /// The dossier goes back and comes again in another round.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub returns: Option<Returns>,
    /// Only whoever sent the dossier here may take it, as long as nobody has acted since.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub recall: bool,
}

/// Whose an event is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Raiser {
    /// A person's.
    Person,
    /// A related dossier's.
    Related,
    /// A vote's, a clock's, a list's, or the dossier's own.
    Office,
}

impl Transition {
    /// Whose event it answers.
    pub fn raiser(&self) -> Raiser {
        match (self.by.is_empty(), self.from.is_empty()) {
            (false, _) => Raiser::Person,
            (true, false) => Raiser::Related,
            (true, true) => Raiser::Office,
        }
    }
}

/// What a return leaves of what was decided before it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Returns {
    /// The votes that are not held again where they passed; the results of all others fall.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stand: Vec<VoteName>,
}

/// How many of the people whom a state's task was offered to must choose an event before its transition is taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Needs {
    /// Whoever is first.
    #[default]
    One,
    /// Every one of them.
    All,
    /// So many of them, at least two.
    Count(u32),
}

impl Needs {
    /// Whether whoever is first decides.
    pub fn is_one(&self) -> bool {
        *self == Self::One
    }

    /// Whether so many answers out of so many people are enough.
    pub fn reached_by(self, answers: usize, people: usize) -> bool {
        match self {
            Self::One => answers > 0,
            Self::All => answers >= people,
            Self::Count(count) => answers >= count as usize,
        }
    }
}

/// Where a transition leads.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// To a state, leaving and entering what lies between.
    State(StateId),
    /// Nowhere: the state stays as it is.
    Stay,
    /// Back to what a pausing transition froze in this compound state.
    Resume(StateId),
}

/// What a list tells its rows with a transition.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RowEvents {
    /// Told to the rows that stay.
    #[serde(default)]
    pub kept: Option<EventName>,
    /// The person may strike rows: told to those, and they leave the list.
    #[serde(default)]
    pub struck: Option<EventName>,
    /// The person may return rows: told to those, and they leave the list.
    #[serde(default)]
    pub returned: Option<EventName>,
    /// The person may put rows off to a later list: told to those, and they leave this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub postponed: Option<EventName>,
    /// Rows about whoever does it are not theirs to decide: told to those, and they leave the list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own: Option<EventName>,
    /// Fields of the list that go along.
    #[serde(default)]
    pub with: Vec<FieldName>,
    /// The rows leave the list with it.
    #[serde(default)]
    pub release: bool,
}

/// A transition by the clock.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct After {
    /// How long after entry.
    pub delay: Delay,
    /// What then happens.
    pub transition: Transition,
}

/// Somebody is asked to do something.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TaskRule {
    /// Who is asked; any one of the holders may do it, unless an event `needs` more of them.
    #[serde(rename = "for")]
    pub role: RoleName,
    /// What is asked, as the mail's subject says it.
    pub title: Text,
    /// More words on it.
    #[serde(default)]
    pub help: Text,
    /// Fields that may be changed here.
    #[serde(default)]
    pub edit: Vec<FieldName>,
    /// Kinds of paper that may be attached here; empty: none.
    #[serde(default)]
    pub attach: Vec<String>,
    /// One of those who are asked may take it over; the others then see who has it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub claim: bool,
    /// Nobody is asked until whoever leads the step has given it to somebody.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub assign: bool,
    /// Whoever has it may hand it over to another holder of the role.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub hand_over: bool,
    /// The event whose way is taken where whoever leads the step skips it; none if nobody may.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skip: Option<EventName>,
    /// The mail that asks for it; none: in the usual words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mail: Option<String>,
}

/// People are consulted: each answers with a row of their own, and so does silence where it means something.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Consult {
    /// The table of the answers.
    pub into: FieldName,
    /// What stands in the row of whoever did not answer in time; empty: no row.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub silence: BTreeMap<FieldName, String>,
    /// The column that says for which unit somebody answers, where those who speak for units are asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<FieldName>,
    /// How an answer that came on paper is written down; none where there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_paper: Option<OnPaper>,
}

impl Consult {
    /// The columns that whoever answers does not fill in.
    pub fn filled_in(&self) -> impl Iterator<Item = &FieldName> {
        self.unit.iter().chain(self.on_paper.iter().flat_map(|paper| [&paper.number, &paper.day]))
    }
}

/// An answer that came on paper: its number and its day stand in the row, its file beside them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OnPaper {
    /// The column of its number.
    pub number: FieldName,
    /// The column of its day.
    pub day: FieldName,
    /// The kind of paper.
    pub paper: String,
}

/// A paper from outside that is waited for: its number, day and file are recorded together, or not at all.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Wait {
    /// Whom, or what, it waits for.
    pub on: Text,
    /// The field of its number.
    pub number: FieldName,
    /// The field of its day.
    pub day: FieldName,
    /// The kind of paper.
    pub paper: String,
}

/// The vote held in a state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StateVote {
    /// By which rule.
    pub rule: VoteName,
    /// How it is held.
    pub held: Held,
    /// Who records who is there, before ballots are given out; none: nobody does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attendance: Option<RoleName>,
}

/// How a vote is held.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Held {
    /// Every member gets a ballot sheet by mail.
    Online,
    /// On paper: one person records the tallies, another confirms them.
    Paper {
        /// Who records.
        records: RoleName,
        /// Who confirms; never the person who recorded.
        confirms: RoleName,
    },
}

/// The dossier is a row of a list while it is here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Joins {
    /// The list's workflow.
    pub list: WorkflowName,
    /// The list's fields, as CEL over this dossier; its `key` is among them.
    pub with: BTreeMap<FieldName, String>,
    /// The row's fields, as CEL over this dossier.
    pub row: BTreeMap<FieldName, String>,
}

/// By when, and what happens then.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Deadline {
    /// When it ends.
    pub due: Due,
    /// Reminders, as offsets from the due time (`-5wd`).
    #[serde(default)]
    pub remind: Vec<Delay>,
    /// Told when nothing was done.
    #[serde(default)]
    pub escalate: Option<Escalate>,
    /// The event that the deadline raises at its end.
    #[serde(default)]
    pub then: Option<EventName>,
    /// How long, when the dossier comes here again; else as long as the first time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub again: Option<Again>,
    /// What an outage over its end means.
    #[serde(default, skip_serializing_if = "OverOutage::is_usual")]
    pub outage: OverOutage,
}

/// What it means for a deadline that nobody could be reached shortly before its end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OverOutage {
    /// Nothing: it ends as it would.
    #[default]
    Strict,
    /// It is put off to the end of the next working day.
    Extend,
}

impl OverOutage {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
    fn is_usual(&self) -> bool {
        *self == Self::Strict
    }
}

/// How long a deadline is when the dossier comes to its state again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Again {
    /// So long.
    Within(Delay),
    /// What was left of it when the state was left, in working days; at least one.
    Rest,
}

/// When a deadline ends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Due {
    /// So long after entry.
    Within(Delay),
    /// At the end of this day: a date, or CEL that gives one.
    By(String),
    /// At the end of the day before this day: a date, or CEL that gives one.
    Before(String),
    /// Backward: at the end of the day that lies so long before this day.
    Ends(Delay, String),
    /// Forward: at the end of the day that lies so long after this day.
    After(Delay, String),
}

impl Due {
    /// The day it is counted from: a date, or CEL that gives one; none where it is counted from entry.
    pub fn day(&self) -> Option<&str> {
        match self {
            Self::Within(_) => None,
            Self::By(day) | Self::Before(day) | Self::Ends(_, day) | Self::After(_, day) => Some(day),
        }
    }
}

/// Told when nothing was done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Escalate {
    /// So long after the deadline.
    pub after: Delay,
    /// Who is told.
    pub to: RoleName,
    /// By which mail; none: in the usual words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mail: Option<String>,
}
