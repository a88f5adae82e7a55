//! What happened: `decide`'s output, `evolve`'s input, the only thing that is kept for ever.
//!
//! One command leads to one event (and one more for everything that was due before it); an event is a list of changes, each
//! fully resolved. A released kind of change is never altered: a new meaning is a new kind.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::command::Actor;
use super::expire::Left;
use super::note::{Acknowledgement, Note};
use super::posting::Objected;
use super::taken::Key;
use super::{
    Active, Assistant, Attends, Body, Choice, Deed, Dossier, Frozen, GivenOut, Ground, Message, OnList, Outsider,
    Paper, PaperTally, Parent, Prepared, Recipient, Round, RowOf, RowStatus, Seat, StandIn, Stuck, Task, Timer,
    TimerKind, VoteResult, VoteRow,
};
use crate::calendar::{Delay, Outage};
use crate::ids::{
    ActivationId, BodyCode, DossierId, EventName, FieldName, Instant, MachineHash, PersonId, RoleName, StateId,
    VoteName, WorkflowName,
};
use crate::machine::{Held, VoteRule};

/// The version of the event kinds that this program writes; it reads every one up to this.
pub const KIND_VERSION: u32 = 1;

/// One thing that happened to one dossier.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Its number in the dossier, from 1 without gaps.
    pub seq: i64,
    /// When.
    pub at: Instant,
    /// What it was, in one word.
    pub kind: Kind,
    /// Who caused it.
    pub actor: Actor,
    /// What it changed, in order.
    pub changes: Vec<Change>,
}

impl Event {
    /// What is left of a dossier of which nothing before this event can be read; `gone` is the number of the one before.
    pub(super) fn left(&self, gone: i64) -> Option<Dossier> {
        let mut changes = self.changes.iter();
        changes.find_map(|one| if let Change::Expired(left) = one { Some(left.dossier(gone, self.at)) } else { None })
    }
}

/// What happened, in one word: the header that auditors may read without a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// It was opened.
    Started,
    /// A person acted.
    Acted,
    /// An assistant prepared an answer.
    Prepared,
    /// A person took back what they had sent.
    Recalled,
    /// A person changed fields or papers.
    Edited,
    /// A task passed from one person to another.
    Assigned,
    /// Whoever leads a step asked one more person, put the deadline off, skipped it or had it done anew.
    Led,
    /// Somebody asked for a link by which to object to what is posted.
    Knocked,
    /// Somebody objected to what is posted.
    Objected,
    /// An objection was settled.
    Settled,
    /// It was recorded who is there at a vote.
    Attended,
    /// A ballot went into the box.
    Cast,
    /// Tallies of a vote on paper were recorded.
    Tallied,
    /// Tallies were confirmed, or refused.
    Confirmed,
    /// What was submitted was put right.
    Corrected,
    /// A result was withdrawn.
    Withdrawn,
    /// It went over to another version of its workflow.
    Migrated,
    /// A note was written.
    Noted,
    /// Somebody said that they have read it.
    Acknowledged,
    /// A message was consumed.
    Received,
    /// A person was forgotten.
    Forgotten,
    /// It was ended before its course was over: whom it is about is to be erased.
    Ended,
    /// Its time of keeping was over, and what it said was destroyed.
    Expired,
    /// Something was due.
    Due,
    /// Something was due and could not be done.
    Stuck,
}

impl Kind {
    /// Its name in rows.
    pub fn name(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Acted => "acted",
            Self::Prepared => "prepared",
            Self::Recalled => "recalled",
            Self::Edited => "edited",
            Self::Assigned => "assigned",
            Self::Led => "led",
            Self::Knocked => "knocked",
            Self::Objected => "objected",
            Self::Settled => "settled",
            Self::Attended => "attended",
            Self::Cast => "cast",
            Self::Tallied => "tallied",
            Self::Confirmed => "confirmed",
            Self::Corrected => "corrected",
            Self::Withdrawn => "withdrawn",
            Self::Migrated => "migrated",
            Self::Noted => "noted",
            Self::Acknowledged => "acknowledged",
            Self::Received => "received",
            Self::Forgotten => "forgotten",
            Self::Ended => "ended",
            Self::Expired => "expired",
            Self::Due => "due",
            Self::Stuck => "stuck",
        }
    }
}

/// One change to a dossier. What says something about a person ([`Change::concerns`]) is sealed for them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// It was opened.
    Opened {
        /// The dossier.
        id: DossierId,
        /// Its workflow.
        workflow: WorkflowName,
        /// The pinned version.
        machine: MachineHash,
        /// The person it is about.
        subject: Option<PersonId>,
        /// For a list: its key.
        gather_key: Option<String>,
    },
    /// It goes on by another version of its workflow.
    Migrated {
        /// The version.
        machine: MachineHash,
        /// What states are called now that were called otherwise: those that are frozen, remembered, or in which somebody did
        /// something.
        states: BTreeMap<StateId, StateId>,
        /// The active states, all of them.
        active: Vec<Active>,
        /// The timers, all of them but for those that are frozen.
        timers: Vec<Timer>,
        /// Entries whose tasks are not asked any more.
        unasked: Vec<ActivationId>,
    },
    /// It stood in a file under this key.
    Imported(String),
    /// What lists and mails call it.
    Captioned(String),
    /// Fields got values; null takes one away.
    Set(BTreeMap<FieldName, serde_json::Value>),
    /// Somebody from outside is named here, or what is known of them is another; with it a row about them.
    Party {
        /// Who.
        outsider: Outsider,
        /// The row.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        row: Option<RowOf>,
    },
    /// Papers were attached.
    Filed(Vec<Paper>),
    /// What was submitted was put right.
    Corrected {
        /// By whom.
        by: PersonId,
        /// What it said, and what it says now.
        fields: BTreeMap<FieldName, Corrected>,
        /// Why.
        reason: Option<String>,
    },
    /// A note was written beside the dossier.
    Noted(Note),
    /// Somebody who is asked said that they have read it.
    Acknowledged(Acknowledgement),
    /// What was voted on was wrong: no result so far counts any longer.
    VotesFell,
    /// A result was recorded wrongly and counts no longer.
    ResultWithdrawn {
        /// The vote.
        activation: ActivationId,
        /// By whom.
        by: PersonId,
        /// Why.
        reason: String,
    },
    /// A person's event, with what they said.
    Did {
        /// In which entry.
        activation: ActivationId,
        /// Which event.
        event: EventName,
        /// Why.
        reason: Option<String>,
    },
    /// A person did something in a state: what separation of duties is judged by from now on.
    Done(Deed),
    /// Why it is refused, returned or struck.
    Grounds(Vec<Ground>),
    /// States were left, innermost first.
    Left(Vec<ActivationId>),
    /// A state was entered.
    Entered {
        /// The entry.
        activation: ActivationId,
        /// The state.
        state: StateId,
        /// When its deadline ends.
        due_at: Option<Instant>,
    },
    /// A task was offered.
    Offered(Task),
    /// A task of these holders is done with for them (the others may still have theirs).
    Withdrawn {
        /// The entry.
        activation: ActivationId,
        /// What for.
        purpose: super::Purpose,
        /// Who; none for all of them.
        holder: Option<PersonId>,
    },
    /// A person did their part of a task of which several are needed; it is asked of them no more.
    Answered {
        /// The entry.
        activation: ActivationId,
        /// Who.
        person: PersonId,
        /// What they chose.
        event: EventName,
    },
    /// The task of an entry, or one person's part of it, is now this person's.
    Given {
        /// The entry.
        activation: ActivationId,
        /// Whose part; none for all of it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<PersonId>,
        /// To whom.
        to: PersonId,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// The task of an entry is offered again to everybody who was asked.
    GivenBack {
        /// The entry.
        activation: ActivationId,
    },
    /// Somebody who asked for it may object to what is posted.
    LetIn {
        /// The entry in which it is posted.
        activation: ActivationId,
        /// Who.
        person: PersonId,
    },
    /// Somebody objected to what is posted.
    Objected(Objected),
    /// An objection was settled.
    Settled {
        /// The entry in which the matter is posted.
        activation: ActivationId,
        /// The row of the objection.
        place: u32,
        /// Whether it was accepted.
        accepted: bool,
        /// By whom.
        by: PersonId,
    },
    /// Something waits for people who are not asked for anything else: they are told.
    Waits {
        /// The entry.
        activation: ActivationId,
        /// Who.
        people: Vec<PersonId>,
    },
    /// One more person is asked.
    Added {
        /// The entry.
        activation: ActivationId,
        /// Who.
        person: PersonId,
        /// Why.
        reason: String,
    },
    /// A deadline was put off; its timers follow.
    Extended {
        /// The entry.
        activation: ActivationId,
        /// When it ends now.
        due_at: Instant,
        /// Why.
        reason: String,
    },
    /// A deadline moved with the day that it is counted from, or with its calendar; its timers follow.
    Moved {
        /// The entry.
        activation: ActivationId,
        /// When it ends now.
        due_at: Instant,
    },
    /// A deadline was put off because the pages could not be reached; its timers follow.
    PutOff {
        /// The entry.
        activation: ActivationId,
        /// When it ends now.
        due_at: Instant,
        /// When they could not be reached.
        outage: Outage,
    },
    /// Whoever leads the step went on without it.
    Skipped {
        /// The entry.
        activation: ActivationId,
        /// The event whose way is taken.
        event: EventName,
        /// Why.
        reason: String,
    },
    /// Whoever leads the step wrote down what somebody who is asked said on paper.
    TookDown {
        /// The entry.
        activation: ActivationId,
        /// Whose answer it is.
        person: PersonId,
        /// What they chose.
        event: EventName,
    },
    /// Whoever leads the step has it done anew.
    Redone {
        /// The entry that is over.
        activation: ActivationId,
        /// Why.
        reason: String,
    },
    /// Others hold the role of a task than those who were asked: it is theirs now.
    PassedOn {
        /// The entry.
        activation: ActivationId,
        /// What for.
        purpose: super::Purpose,
        /// Who is asked no more.
        gone: Vec<PersonId>,
        /// Who is asked anew.
        come: Vec<PersonId>,
        /// Who may do it now, all of them.
        holders: Vec<PersonId>,
        /// To whom it may be given, all of them.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        others: Vec<PersonId>,
        /// Who has it alone.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        owner: Option<PersonId>,
    },
    /// Other people than before stand in for the holders of a task.
    StandIns {
        /// The entry.
        activation: ActivationId,
        /// What for.
        purpose: super::Purpose,
        /// All of them.
        stand_ins: Vec<StandIn>,
    },
    /// Other people than before prepare the answers of a task's holders.
    Assistants {
        /// The entry.
        activation: ActivationId,
        /// All of them.
        assistants: Vec<Assistant>,
    },
    /// An answer lies ready for whoever is asked.
    Prepared(Prepared),
    /// Timers were set.
    Timed(Vec<Timer>),
    /// A timer fired.
    Fired {
        /// The entry.
        activation: ActivationId,
        /// Which.
        what: TimerKind,
        /// For an escalation: who is told.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        tell: Vec<PersonId>,
    },
    /// A timer could not do what it stands for; it is tried again.
    Stuck(Stuck),
    /// People are told something without being asked anything.
    Told {
        /// The entry.
        activation: ActivationId,
        /// Who.
        people: Vec<PersonId>,
        /// By which mail of the workflow; none: in the usual words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        mail: Option<String>,
    },
    /// A history state remembers what was active when the state around it was left.
    Remembered {
        /// The history.
        history: StateId,
        /// The states.
        states: Vec<StateId>,
    },
    /// A state was left for a while; it is frozen, and what was active inside it.
    Paused {
        /// The state.
        state: StateId,
        /// Its entry and those inside it, innermost first.
        frozen: Vec<ActivationId>,
    },
    /// What was frozen goes on; timers have moved by the time of the pause.
    Resumed {
        /// The state that goes on.
        state: StateId,
        /// The timers, with their new instants.
        timers: Vec<Timer>,
        /// The deadlines, with their new instants.
        due: Vec<(ActivationId, Instant)>,
    },
    /// What was frozen of this state is given up: it is entered anew, or what was around it is over.
    Abandoned(StateId),
    /// A message came while the dossier was paused, and waits.
    Held(Message),
    /// The waiting message at this place of the queue is taken.
    Unheld(u32),
    /// It was returned, and comes again in another round.
    Returned {
        /// The round that begins.
        round: u32,
        /// The votes whose results stand; all others fall.
        stand: Vec<VoteName>,
    },
    /// How long the deadline of a state is when it is entered again.
    NextTime {
        /// The state.
        state: StateId,
        /// How long.
        within: Delay,
    },
    /// A vote was not held again: what passed before the return stands.
    VoteStands {
        /// The entry in which it would be held.
        activation: ActivationId,
        /// The entry in which it was.
        vote: ActivationId,
    },
    /// A vote was opened: roll and rules are pinned.
    VoteOpened {
        /// The entry.
        activation: ActivationId,
        /// Its name in the workflow.
        name: VoteName,
        /// The rule.
        rule: Box<VoteRule>,
        /// How it is held.
        held: Held,
        /// Which body.
        body: BodyCode,
        /// The roll.
        roll: Vec<Seat>,
        /// What is voted on.
        rows: Vec<VoteRow>,
        /// Who records who is there.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        attendance: Option<RoleName>,
        /// Of a list, its own papers.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        papers: Option<Frozen>,
    },
    /// It was recorded who is there, of everybody on the roll.
    Attended {
        /// The vote.
        activation: ActivationId,
        /// By whom.
        by: PersonId,
        /// Of each.
        seats: BTreeMap<PersonId, Attends>,
    },
    /// Enough are there: ballots are given out, or others than before are asked for theirs.
    GivenOut {
        /// The vote.
        activation: ActivationId,
        /// Until when they are taken.
        times: GivenOut,
        /// Who may vote and has not, each until when.
        until: BTreeMap<PersonId, Instant>,
    },
    /// A vote goes on with one more ballot, about fewer rows or with fewer people: what was marked, recorded or chosen before is
    /// taken off.
    VotedAgain {
        /// The vote.
        activation: ActivationId,
        /// Which ballot.
        round: Round,
        /// The roll.
        roll: Vec<Seat>,
        /// What is voted on.
        rows: Vec<VoteRow>,
        /// What the first ballot gave.
        earlier: Box<VoteResult>,
    },
    /// Those who did not take part are asked for a written ballot.
    AskedInWriting {
        /// The vote.
        activation: ActivationId,
        /// How many took part before.
        present: u32,
        /// Until when.
        due_at: Instant,
    },
    /// These are members no more and have not voted: their seats do not count.
    SeatsLost {
        /// The vote.
        activation: ActivationId,
        /// Whose.
        people: Vec<PersonId>,
    },
    /// A member's ballot is in the box: the roll is marked. What they chose is not here.
    Marked {
        /// The vote.
        activation: ActivationId,
        /// The member.
        person: PersonId,
    },
    /// A part of a member's ballot is in the box: the roll is marked. What they chose is not here.
    MarkedPart {
        /// The vote.
        activation: ActivationId,
        /// The member.
        person: PersonId,
        /// Which part.
        part: String,
    },
    /// An open vote: what a member chose.
    Chose {
        /// The vote.
        activation: ActivationId,
        /// Who.
        person: PersonId,
        /// What, per row.
        choices: BTreeMap<DossierId, Choice>,
    },
    /// Tallies of a vote on paper were recorded.
    Recorded {
        /// The vote.
        activation: ActivationId,
        /// By whom.
        by: PersonId,
        /// Per row.
        rows: BTreeMap<DossierId, PaperTally>,
    },
    /// The recorded tallies of this vote were not confirmed.
    Disputed(ActivationId),
    /// A vote was closed.
    VoteClosed(VoteResult),
    /// A row joined a list.
    Joined {
        /// The row.
        row: DossierId,
        /// The person it is about.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        subject: Option<PersonId>,
    },
    /// What a row of the list is called and brings along.
    Described {
        /// The row.
        row: DossierId,
        /// What the list calls it.
        caption: String,
        /// What it brings along.
        fields: BTreeMap<FieldName, serde_json::Value>,
    },
    /// A row of the list said what its papers are.
    RowPapers {
        /// The row.
        row: DossierId,
        /// Its papers.
        papers: Frozen,
    },
    /// Rows of a list stand elsewhere now.
    Rows(Vec<(DossierId, RowStatus)>),
    /// A list takes no more rows (none), or takes them under this key.
    Gathers(Option<String>),
    /// This dossier, or a region of it, stands on a list; if it stood on another one, no longer.
    OnList(OnList),
    /// It stands on the list no longer on which this region (none: the whole dossier) stood.
    OffList(Option<ActivationId>),
    /// It was opened by another dossier.
    BornOf(Parent),
    /// A dossier of its own was opened.
    ChildOpened {
        /// Among which children.
        children: String,
        /// For what.
        key: String,
        /// Which.
        dossier: DossierId,
        /// The person it is for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        subject: Option<PersonId>,
    },
    /// What a child is called here.
    ChildCalled {
        /// Which.
        dossier: DossierId,
        /// What.
        caption: String,
    },
    /// A child said how it stands.
    ChildStands {
        /// Which.
        dossier: DossierId,
        /// In the words of its workflow; none if it has no result again.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        result: Option<String>,
        /// It has ended.
        ended: bool,
        /// The number of its event that says so.
        seq: i64,
    },
    /// What a child brought back.
    ChildGave {
        /// Which.
        dossier: DossierId,
        /// What.
        fields: BTreeMap<FieldName, serde_json::Value>,
    },
    /// The time was over, and these children had no result.
    NotBack {
        /// The entry in which they were waited for.
        activation: ActivationId,
        /// Which.
        children: Vec<DossierId>,
    },
    /// The time was over, and these people who were consulted had not answered; a row says so for each.
    Silent {
        /// The entry in which they were asked.
        activation: ActivationId,
        /// Who.
        people: Vec<PersonId>,
    },
    /// A message was sent.
    Sent {
        /// Its place among the messages of this event.
        place: u32,
        /// To whom.
        to: Recipient,
        /// What.
        body: Body,
    },
    /// A milestone was reached.
    Reached(String),
    /// A fact was written into a register.
    Registered {
        /// The register.
        register: String,
        /// Whose.
        holder: String,
        /// What.
        key: String,
        /// The year it counts for.
        year: i32,
    },
    /// A key was taken that only one dossier has: a number.
    Took {
        /// The key.
        key: Key,
        /// Its place in the order of a counter.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        seq: Option<i64>,
        /// The field that holds the number.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        field: Option<FieldName>,
    },
    /// A key was given up: it had been written down wrongly.
    GaveUp(Key),
    /// It ended.
    Finished(String),
    /// It is ended before its course is over: whom it is about is to be erased.
    CutShort {
        /// Why, in an operator's words.
        reason: String,
    },
    /// People were forgotten: what was sealed for them can be opened no more, and nothing else happens to this dossier.
    Forgot {
        /// Who.
        people: Vec<PersonId>,
        /// Why, in an operator's words.
        reason: String,
    },
    /// Its time of keeping was over: what it said can be opened no more, and this is what is left of it.
    Expired(Box<Left>),
    /// Something that was erased: something personal, or the whole event; only replay after an erasure shows it.
    Erased,
}

/// A value that was put right; null for none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Corrected {
    /// What it said.
    pub before: serde_json::Value,
    /// What it says now.
    pub after: serde_json::Value,
}

impl Change {
    /// The vote for which it begins a ballot: its boxes are empty.
    pub fn begins_ballot(&self) -> Option<ActivationId> {
        match self {
            Self::VoteOpened { activation, .. } | Self::VotedAgain { activation, .. } => Some(*activation),
            _ => None,
        }
    }

    /// Whether it changes what people look at before they decide.
    pub fn content(&self) -> bool {
        matches!(
            self,
            Self::Set(_)
                | Self::Party { .. }
                | Self::Filed(_)
                | Self::Corrected { .. }
                | Self::Joined { .. }
                | Self::Described { .. }
                | Self::Rows(_)
                | Self::Recorded { .. }
                | Self::Disputed(_)
                | Self::ChildOpened { .. }
                | Self::ChildStands { .. }
                | Self::ChildGave { .. }
                | Self::Forgot { .. }
                | Self::Expired(_)
        )
    }

    /// The person about whom it says something: it is sealed for them. `after` is the dossier as its event leaves it.
    pub fn concerns<'a>(&'a self, after: &'a Dossier) -> Option<&'a PersonId> {
        match self {
            Self::Imported(_)
            | Self::Captioned(_)
            | Self::Set(_)
            | Self::Filed(_)
            | Self::Corrected { .. }
            | Self::Noted(_)
            | Self::Did { .. }
            | Self::Prepared(_)
            | Self::Given { .. }
            | Self::Added { .. }
            | Self::Extended { .. }
            | Self::Skipped { .. }
            | Self::Redone { .. }
            | Self::Grounds(_)
            | Self::Stuck(_) => after.subject.as_ref(),
            Self::Party { outsider, .. } => Some(&outsider.person),
            Self::Described { row, .. } => after.row(row)?.subject.as_ref(),
            Self::ChildCalled { dossier, .. }
            | Self::ChildGave { dossier, .. }
            | Self::Sent { to: Recipient::New { dossier, .. }, .. } => after.of_child(dossier),
            // What a list tells a row is about whom the row is about.
            Self::Sent { to: Recipient::Dossier(to), .. } => {
                after.row(to).map_or_else(|| after.of_child(to), |row| row.subject.as_ref())
            }
            Self::Sent { to: Recipient::List { .. }, .. } => after.subject.as_ref(),
            Self::Held(message) => match &message.body {
                Body::Join { subject, .. } => subject.as_ref(),
                Body::Tell { .. } => after.subject.as_ref(),
                Body::Raise { .. } | Body::Stands { .. } => after.of_child(&message.from),
                Body::Leave | Body::Papers(_) | Body::Open { .. } => None,
            },
            _ => None,
        }
    }
}
