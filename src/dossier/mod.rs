//! The heart: what a dossier is, what may happen to it, and what follows.
//!
//! Pure. `decide` looks at a dossier and a command and says which events follow, or why not; `evolve` folds events into the
//! dossier and needs nothing else: no machine, no directory, no calendar, no clock. `project` says which rows (tasks,
//! timers, notices, messages, register entries) the events mean.

pub mod attendance;
pub mod ballot;
pub mod children;
pub mod command;
pub mod context;
pub mod count;
pub mod decide;
pub mod event;
pub mod evolve;
pub mod expire;
pub mod forget;
pub mod frozen;
pub mod message;
pub mod note;
pub mod outsider;
pub mod parts;
pub mod posting;
pub mod prepared;
pub mod project;
pub mod refusal;
pub mod revision;
pub mod sight;
pub mod taken;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::calendar::Delay;
use crate::ids::{
    ActivationId, DossierId, EventName, FieldName, Instant, MachineHash, PaperId, PersonId, RoleName, StateId,
    WorkflowName,
};
use crate::machine::chart::Chart;
use crate::machine::{LinkPolicy, Machine, Proofs, State, Wait};

pub use attendance::{Attendance, Attends, GivenOut};
pub use ballot::{CHAIR, Choice, PaperTally, Recorded, Round, RowResult, SECRETARY, Seat, Vote, VoteResult, VoteRow};
pub use children::{Child, Parent};
pub use frozen::Frozen;
pub use message::{Body, Message, OnList, Recipient};
pub use outsider::{Outsider, RowOf};
pub use prepared::{Assistant, Prepared};

/// One dossier, folded from its events. Its JSON (fields in this order, maps sorted) is the snapshot; replaying the events
/// gives it again to the byte.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Dossier {
    /// Its id.
    pub id: DossierId,
    /// The workflow it runs through.
    pub workflow: WorkflowName,
    /// The version it is pinned to.
    pub machine: MachineHash,
    /// How many events it has; the last one's number.
    pub seq: i64,
    /// The last event that changed what people look at before they decide: fields, papers, rows, recorded tallies.
    #[serde(default)]
    pub content_seq: i64,
    /// When it was opened.
    pub opened_at: Instant,
    /// When its last event happened; no later one lies before it.
    pub last_at: Instant,
    /// What lists and mails call it.
    pub caption: String,
    /// The person it is about, if it is about one: what is personal in it is sealed for them.
    pub subject: Option<PersonId>,
    /// The key of the row of a file that it was made from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub import_key: Option<String>,
    /// How often it has come: 1 until it was returned.
    #[serde(default = "first", skip_serializing_if = "is_first")]
    pub round: u32,
    /// The last activation given out.
    pub activations: u32,
    /// The active states, in the order of the file: each behind what is around it, regions one after the other.
    pub active: Vec<Active>,
    /// What pausing transitions froze, the earliest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub paused: Vec<Paused>,
    /// What history states remember.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub history: BTreeMap<StateId, Vec<StateId>>,
    /// How long the deadlines of states that were left are the next time, where that differs from the first.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub next_time: BTreeMap<StateId, Delay>,
    /// The fields.
    pub fields: BTreeMap<FieldName, serde_json::Value>,
    /// The fields whose number is given once in the office, and under which key.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub numbers: BTreeMap<FieldName, taken::Key>,
    /// The papers.
    #[serde(default)]
    pub papers: Vec<Paper>,
    /// Values that were put right after they were submitted, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub corrections: Vec<Correction>,
    /// Notes beside it, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<note::Note>,
    /// Who said in an active entry that they have read it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub acknowledged: Vec<note::Acknowledgement>,
    /// Answers that assistants have prepared for those who are asked in an active entry, the latest last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prepared: Vec<Prepared>,
    /// People from outside whom it names, in the order in which they were named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub outsiders: Vec<Outsider>,
    /// What was objected to it while it was posted, in the order in which that came.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub objections: Vec<posting::Objected>,
    /// Open tasks.
    #[serde(default)]
    pub tasks: Vec<Task>,
    /// Timers that will fire.
    #[serde(default)]
    pub timers: Vec<Timer>,
    /// The votes in progress: one in a region at most.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub votes: Vec<Vote>,
    /// Results of closed votes, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub results: Vec<VoteResult>,
    /// For a list: its rows, in the order in which they joined.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rows: Vec<Row>,
    /// For a list that still takes rows: the key under which they find it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gather_key: Option<String>,
    /// The lists on which this dossier stands as a row: one for each region at most, and one for the whole.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub on_lists: Vec<OnList>,
    /// The dossier that opened it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<Parent>,
    /// Dossiers that it has opened, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<Child>,
    /// Messages that came while it was paused, or that nothing answers where it stands, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub held: Vec<Message>,
    /// Milestones reached, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub milestones: Vec<String>,
    /// Why it was last refused, returned, postponed or struck, in the words that were given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub grounds: Vec<Ground>,
    /// Who did something in which state, each once, the latest last: separation of duties is judged by it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deeds: Vec<Deed>,
    /// What was due and could not be done; nothing else that is due happens before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stuck: Option<Stuck>,
    /// The result, once it has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// People who were forgotten: there is no key for them, and never will be another.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub forgotten: Vec<PersonId>,
    /// When what it said was destroyed, its time of keeping being over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expired_at: Option<Instant>,
}

/// The round in which a dossier begins.
fn first() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")]
fn is_first(round: &u32) -> bool {
    *round == first()
}

/// Something was due and could not be done: nobody holds the role that would be asked, a formula cannot be worked out. Somebody
/// has to put the world right; it is tried again meanwhile, ever more rarely.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stuck {
    /// The entry whose timer it is.
    pub activation: ActivationId,
    /// Which of its timers.
    pub what: TimerKind,
    /// Why it cannot be done.
    pub reasons: Vec<refusal::Reason>,
    /// When it failed first.
    pub since_at: Instant,
    /// How often it has failed.
    pub tries: u32,
    /// When it is tried again by itself.
    pub again_at: Instant,
}

impl Stuck {
    /// Whether this timer is the one that could not be done.
    pub fn is_of(&self, timer: &Timer) -> bool {
        self.activation == timer.activation && self.what == timer.what
    }
}

/// One active state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Active {
    /// The entry.
    pub activation: ActivationId,
    /// The state.
    pub state: StateId,
    /// When it was entered.
    pub at: Instant,
    /// When its deadline ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Instant>,
}

/// What a pausing transition froze: continued by `resume` with the same activations.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Paused {
    /// The outermost state that was left.
    pub state: StateId,
    /// The entry around it, if there is one: once that is over, nothing continues.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub around: Option<ActivationId>,
    /// When.
    pub at: Instant,
    /// This state and those inside it that were active, in the order of the file.
    pub active: Vec<Active>,
    /// Their tasks.
    pub tasks: Vec<Task>,
    /// Their timers.
    pub timers: Vec<Timer>,
    /// Their votes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub votes: Vec<Vote>,
}

/// A paper in a dossier; its bytes stand elsewhere.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Paper {
    /// Its id.
    pub id: PaperId,
    /// The kind, as the workflow names it.
    pub kind: String,
    /// The name of the file.
    pub name: String,
    /// A keyed hash of the bytes, in hexadecimal digits.
    pub hash: String,
    /// Bytes.
    pub size: u64,
    /// Who attached it.
    pub by: Option<PersonId>,
    /// When.
    pub at: Instant,
}

/// A person did something in a state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Deed {
    /// Who.
    pub person: PersonId,
    /// In which state; none for the opening.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<StateId>,
    /// In which role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<RoleName>,
    /// On whose behalf, where they stood in for somebody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_behalf: Option<PersonId>,
    /// They prepared what others decide on: opened the dossier, filled in its form, recorded its numbers.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub prepared: bool,
    /// When, the last time.
    pub at: Instant,
}

impl Deed {
    /// Whether it counts as this person's: they did it, or somebody on their behalf.
    pub fn is_of(&self, person: &PersonId) -> bool {
        &self.person == person || self.on_behalf.as_ref() == Some(person)
    }
}

/// A value that was put right.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Correction {
    /// When.
    pub at: Instant,
    /// By whom.
    pub by: PersonId,
    /// Which field.
    pub field: FieldName,
    /// What it said; null for nothing.
    pub before: serde_json::Value,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Somebody is asked to do something.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Task {
    /// Whose entry it belongs to.
    pub activation: ActivationId,
    /// What for.
    pub purpose: Purpose,
    /// The role, where the task was offered to one.
    pub role: Option<RoleName>,
    /// Who may do it.
    pub holders: Vec<PersonId>,
    /// Who has it alone, having taken it over or been given it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<PersonId>,
    /// The others to whom it may be offered again, or given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<PersonId>,
    /// Those who were asked besides the role's holders, by whoever leads the step.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub added: Vec<PersonId>,
    /// Those who stand in for one of the holders.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stand_ins: Vec<StandIn>,
    /// Those who prepare an answer for one of the holders, and decide nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub assistants: Vec<Assistant>,
    /// Those who have done their part, where several are needed: they are asked no more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub answers: Vec<Answer>,
    /// They only record what comes from outside: nobody waits for them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub records: bool,
    /// By when.
    pub due_at: Option<Instant>,
    /// How strongly they must show who they are.
    pub policy: LinkPolicy,
}

impl Task {
    /// A task that is offered to these people, nobody having done anything yet.
    pub fn offered(activation: ActivationId, purpose: Purpose, role: Option<RoleName>, holders: Vec<PersonId>) -> Self {
        Self {
            activation,
            purpose,
            role,
            holders,
            owner: None,
            others: Vec::new(),
            added: Vec::new(),
            stand_ins: Vec::new(),
            assistants: Vec::new(),
            answers: Vec::new(),
            records: false,
            due_at: None,
            policy: LinkPolicy::Link,
        }
    }

    /// Everybody who may do it: the holders, and who stands in for one of them.
    pub fn asked(&self) -> impl Iterator<Item = &PersonId> {
        let stand_ins = self.stand_ins.iter().filter(|one| self.holders.contains(&one.of));
        self.holders.iter().chain(stand_ins.map(|one| &one.person))
    }

    /// Whether this person is asked, for themselves or standing in for a holder.
    pub fn asks(&self, person: &PersonId) -> bool {
        self.asked().any(|asked| asked == person)
    }

    /// The holder on whose behalf this person may do it at this moment.
    pub fn behalf(&self, person: &PersonId, now: Instant) -> Option<&PersonId> {
        let mut own = self.stand_ins.iter().filter(|one| &one.person == person && self.holders.contains(&one.of));
        own.find(|one| one.until_at.is_none_or(|until| now < until)).map(|one| &one.of)
    }

    /// Those who prepare an answer for somebody who is asked, each once.
    pub fn preparing(&self) -> BTreeSet<&PersonId> {
        let of_holders = self.assistants.iter().filter(|one| self.holders.contains(&one.of));
        of_holders.map(|one| &one.person).collect()
    }

    /// The holders for whom this person prepares an answer at this moment.
    pub fn prepares_for(&self, person: &PersonId, now: Instant) -> impl Iterator<Item = &PersonId> {
        let own = self.assistants.iter().filter(move |one| &one.person == person && one.holds(now));
        own.map(|one| &one.of).filter(|of| self.holders.contains(of))
    }

    /// Nobody has it yet: it waits for whoever leads the step to give it to somebody.
    pub fn waits(&self) -> bool {
        self.people() == 0
    }

    /// Whether one person alone cannot do it, in this state.
    pub fn needs_several(&self, state: &State) -> bool {
        state.on.iter().any(|one| !one.needs.is_one())
    }

    /// Everybody it was offered to, those who have answered included.
    pub fn people(&self) -> usize {
        self.holders.len() + self.answers.len()
    }

    /// How many have chosen this event.
    pub fn chose(&self, event: &EventName) -> usize {
        self.answers.iter().filter(|answer| &answer.event == event).count()
    }
}

/// Somebody stands in for a holder of a task who is away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StandIn {
    /// Who.
    pub person: PersonId,
    /// For whom.
    pub of: PersonId,
    /// Until when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until_at: Option<Instant>,
}

/// One person's answer to a task of which several are needed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// Who.
    pub person: PersonId,
    /// What they chose.
    pub event: EventName,
    /// When.
    pub at: Instant,
}

/// What a task is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// To act: one of the state's events.
    Act,
    /// To vote on line.
    Ballot,
    /// To record the tallies of a vote held on paper.
    Tally,
    /// To confirm the tallies that another person recorded.
    Confirm,
    /// To record who is there at a vote.
    Attendance,
    /// To object to what is posted: of whoever asked for it, and nobody waits for them.
    Object,
    /// To lead a step that others do: nobody waits for it, unless the step waits to be given to somebody.
    Lead,
    /// To prepare the answer of somebody who is asked to act: a part of their task, which decides nothing.
    Prepare,
}

impl Purpose {
    /// Its name in rows and links.
    pub fn name(self) -> &'static str {
        match self {
            Self::Act => "act",
            Self::Ballot => "ballot",
            Self::Tally => "tally",
            Self::Confirm => "confirm",
            Self::Attendance => "attendance",
            Self::Lead => "lead",
            Self::Object => "object",
            Self::Prepare => "prepare",
        }
    }

    /// The purpose of this name.
    pub fn of_name(name: &str) -> Option<Self> {
        let of_votes = [Self::Ballot, Self::Tally, Self::Confirm, Self::Attendance];
        let mut all = of_votes.into_iter().chain([Self::Act, Self::Lead, Self::Object, Self::Prepare]);
        all.find(|purpose| purpose.name() == name)
    }
}

/// Something that will happen by the clock.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Timer {
    /// Whose entry it belongs to.
    pub activation: ActivationId,
    /// What it is.
    pub what: TimerKind,
    /// When.
    pub due_at: Instant,
}

/// What a timer does.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimerKind {
    /// The n-th `after` of the state.
    After(u32),
    /// The n-th reminder before (or after) the deadline.
    Remind(u32),
    /// The deadline itself.
    Deadline,
    /// Nothing was done: tell somebody.
    Escalate,
    /// The vote on line ends.
    VoteEnds,
    /// What is posted has been posted long enough.
    PostingEnds,
}

impl TimerKind {
    /// Whether it follows the deadline of its entry.
    pub fn is_of_deadline(&self) -> bool {
        matches!(self, Self::Remind(_) | Self::Deadline | Self::Escalate)
    }

    /// Its name in rows: `after-0`, `deadline`.
    pub fn name(&self) -> String {
        match self {
            Self::After(n) => format!("after-{n}"),
            Self::Remind(n) => format!("remind-{n}"),
            Self::Deadline => "deadline".to_owned(),
            Self::Escalate => "escalate".to_owned(),
            Self::VoteEnds => "vote-ends".to_owned(),
            Self::PostingEnds => "posting-ends".to_owned(),
        }
    }
}

/// A row of a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// The dossier that stands here.
    pub dossier: DossierId,
    /// The person it is about: what is said of the row is sealed for them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<PersonId>,
    /// What the list calls it.
    pub caption: String,
    /// What it brought along, by the list's `row` fields.
    pub fields: BTreeMap<FieldName, serde_json::Value>,
    /// Its papers, as it last said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub papers: Option<Frozen>,
    /// Where it stands.
    pub status: RowStatus,
}

impl Row {
    /// Whether it is about this person, by the fields that say whom rows are about.
    pub fn is_about(&self, person: &PersonId, subject: &[FieldName]) -> bool {
        let mut named = subject.iter().filter_map(|name| self.fields.get(name)?.as_str());
        named.any(|named| named == person.as_str())
    }
}

/// Where a row stands on its list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RowStatus {
    /// On the list.
    Live,
    /// Voted down.
    Rejected,
    /// Struck by the person who decides.
    Struck,
    /// Sent back.
    Returned,
    /// Put off to a later list.
    Postponed,
    /// It is about whoever decides here, and somebody else decides on it.
    Apart,
    /// It left by itself.
    Left,
    /// Told its last word; the list is done with it.
    Released,
}

/// Why a dossier was refused, returned or struck.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ground {
    /// When.
    pub at: Instant,
    /// A guard's refusal, or a person's words.
    pub text: crate::ids::Text,
    /// The legal text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basis: Option<crate::ids::Citation>,
}

impl Dossier {
    /// The active states without active states inside: one, or one for each region.
    pub fn leaves(&self) -> impl Iterator<Item = &Active> {
        // Whatever lies inside a state stands directly behind it.
        let behind = self.active.iter().skip(1).map(Some).chain([None]);
        let is_leaf =
            |(one, next): &(&Active, Option<&Active>)| !next.is_some_and(|next| next.state.is_inside(&one.state));
        self.active.iter().zip(behind).filter(is_leaf).map(|(one, _)| one)
    }

    /// What the states demand together in which it stands.
    pub fn demands(&self, machine: &Machine) -> Proofs {
        self.leaves().filter_map(|leaf| machine.state(&leaf.state)).map(|state| state.link).collect()
    }

    /// Where it stands: the leaves, by name, joined by ` + `.
    pub fn stands(&self) -> String {
        self.leaves().map(|active| active.state.as_str()).collect::<Vec<_>>().join(" + ")
    }

    /// The entry of this number, active or frozen.
    pub fn entry(&self, activation: ActivationId) -> Option<&Active> {
        let frozen = self.paused.iter().flat_map(|paused| &paused.active);
        self.active.iter().chain(frozen).find(|active| active.activation == activation)
    }

    /// The open tasks of an entry and of everything active inside it.
    pub fn tasks_inside<'d>(&'d self, activation: ActivationId, chart: &'d Chart) -> impl Iterator<Item = &'d Task> {
        let place = |entry: ActivationId| {
            self.active.iter().find(|active| active.activation == entry).and_then(|active| chart.place(&active.state))
        };
        let outer = place(activation);
        let is_inside = move |task: &&Task| {
            let inner = if task.activation == activation { None } else { place(task.activation) };
            task.activation == activation
                || inner.zip(outer).is_some_and(|(inner, outer)| chart.is_inside(inner, outer))
        };
        self.tasks.iter().filter(is_inside)
    }

    /// By when a task has to be done: its own time, or that of a deadline around it, whichever comes first.
    pub fn due_of(&self, task: &Task, chart: &Chart) -> Option<Instant> {
        let place = |entry: &Active| chart.place(&entry.state);
        let own = self.active.iter().find(|active| active.activation == task.activation).and_then(place);
        let is_around =
            |active: &&Active| own.zip(place(active)).is_some_and(|(own, outer)| chart.is_inside(own, outer));
        let dated = self.active.iter().filter(|active| active.due_at.is_some());
        dated.filter(is_around).filter_map(|active| active.due_at).chain(task.due_at).min()
    }

    /// Whether this entry is frozen.
    pub fn is_frozen(&self, activation: ActivationId) -> bool {
        self.paused.iter().flat_map(|paused| &paused.active).any(|active| active.activation == activation)
    }

    /// The vote of this entry, in progress.
    pub fn vote(&self, activation: ActivationId) -> Option<&Vote> {
        self.votes.iter().find(|vote| vote.activation == activation)
    }

    /// Every vote that is open, frozen ones too.
    pub fn all_votes(&self) -> impl Iterator<Item = &Vote> {
        self.votes.iter().chain(self.paused.iter().flat_map(|paused| &paused.votes))
    }

    /// The earliest instant at which something is due; if that could not be done, when it is tried again.
    pub fn next_due_at(&self) -> Option<Instant> {
        let again_at = self.stuck.as_ref().map(|stuck| stuck.again_at);
        again_at.or_else(|| self.timers.iter().map(|timer| timer.due_at).min())
    }

    /// The open task of this activation and purpose; of whoever prepares an answer, the task that it answers.
    pub fn task(&self, activation: ActivationId, purpose: Purpose) -> Option<&Task> {
        let purpose = if purpose == Purpose::Prepare { Purpose::Act } else { purpose };
        self.tasks.iter().find(|task| task.activation == activation && task.purpose == purpose)
    }

    /// The row of a list on which this dossier stands.
    pub fn row(&self, dossier: &DossierId) -> Option<&Row> {
        self.rows.iter().find(|row| &row.dossier == dossier)
    }

    /// Whether somebody waits for this task: whoever leads a step is only waited for while it waits to be given to somebody,
    /// whoever records who is there until ballots are given out, and whoever records what comes from outside is not.
    pub fn is_awaited(&self, task: &Task) -> bool {
        let stands_by = task.records || task.purpose == Purpose::Lead;
        !self.is_only_kept(task) && (!stands_by || self.task(task.activation, Purpose::Act).is_some_and(Task::waits))
    }

    /// Whom outside it waits for, and since when.
    pub fn outside<'a>(&'a self, machine: &'a Machine) -> impl Iterator<Item = (&'a Active, &'a Wait)> {
        self.active.iter().filter_map(|active| Some((active, machine.state(&active.state)?.wait.as_ref()?)))
    }

    /// Who is waited for.
    pub fn awaited(&self) -> impl Iterator<Item = &PersonId> {
        self.tasks.iter().filter(|task| self.is_awaited(task)).flat_map(|task| &task.holders)
    }

    /// The canonical snapshot.
    pub fn snapshot(&self) -> String {
        serde_json::to_string(self).expect("a dossier has only string keys and finite numbers")
    }
}
