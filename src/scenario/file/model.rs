//! A scenario file, read: every name looked up, every value of its field's type, places kept for what is shown.

use std::collections::BTreeMap;

use crate::calendar::{Calendar, Delay};
use crate::dossier::command::Aside;
use crate::dossier::context::Entry;
use crate::dossier::project::NoticeKind;
use crate::dossier::{Attends, Choice, Purpose, RowStatus};
use crate::exact::Exact;
use crate::ids::{EventName, FieldName, Instant, PersonId, StateId, VoteName, WorkflowName};
use crate::source::{Span, Spanned};

/// Values of fields, as dossiers hold them.
pub type Values = BTreeMap<FieldName, serde_json::Value>;

/// A scenario file.
#[derive(Clone, Debug, Default)]
pub struct Scenarios {
    /// The workflows whose coverage is asked for.
    pub tested: Vec<WorkflowName>,
    /// The cases, in the order of the file; each row of a table is one.
    pub cases: Vec<Case>,
}

/// One case: a life of an office, from its opening.
#[derive(Clone, Debug)]
pub struct Case {
    /// What it shows.
    pub title: Spanned<String>,
    /// When the office opens.
    pub starts: Instant,
    /// What stands in registers from before.
    pub register: Vec<Entry>,
    /// What happens, and what must hold in between.
    pub steps: Vec<Step>,
}

/// One step of a case.
#[derive(Clone, Debug)]
pub struct Step {
    /// Where it stands.
    pub place: Span,
    /// What happens.
    pub what: What,
    /// It must be refused, for these reasons among others: names of guards, kinds of refusals, or words of them.
    pub refused: Option<Spanned<Vec<String>>>,
}

/// What happens in a step.
#[derive(Clone, Debug)]
pub enum What {
    /// A dossier is opened.
    Start(Start),
    /// Somebody chooses an event.
    Act(Act),
    /// Somebody changes a form without sending it on.
    Edit {
        /// Who.
        by: PersonId,
        /// Which dossier.
        dossier: Which,
        /// What they write.
        fields: Values,
        /// What they attach.
        papers: Vec<String>,
    },
    /// Somebody records who is there at a vote.
    Attend {
        /// Who.
        by: PersonId,
        /// In which dossier.
        dossier: Which,
        /// Who is there.
        attendance: Attendance,
    },
    /// Members vote.
    Vote {
        /// In which dossier.
        dossier: Which,
        /// How.
        ballots: Ballots,
    },
    /// Somebody records the tallies of a vote held on paper.
    Record {
        /// Who.
        by: PersonId,
        /// In which dossier.
        dossier: Which,
        /// What they counted.
        tallies: PerRow<Tally>,
    },
    /// Somebody confirms the tallies, or does not.
    Confirm {
        /// Who.
        by: PersonId,
        /// In which dossier.
        dossier: Which,
        /// They are right.
        agrees: bool,
    },
    /// Another calendar is in force from here on, in the place of the one of its name.
    Calendar(Box<Calendar>),
    /// The pages cannot be reached for so long, and nothing happens by the clock meanwhile.
    Outage(Wait),
    /// Somebody does something with it besides answering it.
    Besides {
        /// Who.
        by: PersonId,
        /// With which dossier.
        dossier: Which,
        /// What.
        what: Besides,
        /// Why.
        reason: Option<String>,
    },
    /// Time passes.
    Wait(Wait),
    /// Something must hold.
    Expect(Box<Expect>),
}

/// What somebody does with a dossier besides answering it.
#[derive(Clone, Debug)]
pub enum Besides {
    /// Takes a task over.
    Claim,
    /// Gives it back.
    Release,
    /// Gives a task, or a part of it, to somebody.
    Give {
        /// To whom.
        to: PersonId,
        /// Whose part; none for the whole of it.
        from: Option<PersonId>,
    },
    /// Asks one more person.
    Add(PersonId),
    /// Puts the deadline off to the end of this day.
    Extend(jiff::civil::Date),
    /// Goes on without a step.
    Skip,
    /// Has it done anew.
    Redo,
    /// Somebody from outside objects to what is posted.
    Object {
        /// What they say.
        text: String,
        /// Kinds of paper.
        papers: Vec<String>,
    },
    /// An objection is written down that came on paper.
    ObjectOnPaper {
        /// Whose.
        who: String,
        /// What it says.
        text: String,
        /// When it came.
        day: jiff::civil::Date,
        /// Kinds of paper.
        papers: Vec<String>,
    },
    /// An objection is settled.
    Settle {
        /// How.
        accepted: bool,
        /// Which, from 1; the first that is open.
        number: Option<u32>,
    },
    /// An answer of somebody is written down that came on paper.
    Hear {
        /// Whose.
        of: PersonId,
        /// What they chose.
        event: EventName,
        /// Their row.
        fields: Values,
        /// Kinds of paper.
        papers: Vec<String>,
    },
    /// Writes a note beside it.
    Note {
        /// In which thread.
        thread: String,
        /// What.
        text: String,
        /// Names of papers that go with it.
        papers: Vec<String>,
    },
    /// Puts right what was submitted.
    Correct {
        /// What is right.
        fields: Values,
        /// Kinds of papers that are brought.
        papers: Vec<String>,
    },
    /// Withdraws the latest result of a vote.
    Withdraw(VoteName),
    /// Says that they have read it.
    Read,
}

/// A dossier is opened.
#[derive(Clone, Debug)]
pub struct Start {
    /// Of which workflow.
    pub workflow: WorkflowName,
    /// What later steps call it.
    pub name: Option<String>,
    /// By whom; an import or another system where nobody is named.
    pub by: Option<PersonId>,
    /// Its first values.
    pub fields: Values,
    /// Its first papers.
    pub papers: Vec<String>,
    /// For a row of a file: its key.
    pub import_key: Option<String>,
}

/// Somebody chooses an event.
#[derive(Clone, Debug)]
pub struct Act {
    /// Who.
    pub by: PersonId,
    /// In which dossier.
    pub dossier: Which,
    /// Which event.
    pub event: EventName,
    /// What they fill in.
    pub fields: Values,
    /// What they attach.
    pub papers: Vec<String>,
    /// Why.
    pub reason: Option<String>,
    /// Rows of a list that they strike (`false`) or return (`true`), with the reason.
    pub rows: Vec<(Spanned<String>, Aside, String)>,
}

/// Who is there at a vote: everybody on the roll but for these.
#[derive(Clone, Debug)]
pub struct Attendance {
    /// Who is not.
    pub away: BTreeMap<PersonId, Attends>,
    /// The vote ends for want of members.
    pub too_few: bool,
}

/// Names a dossier of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which {
    /// The one that was opened last by a step.
    Last,
    /// The one that a step gave this name.
    Named(String),
    /// The one of this workflow that was opened last, with this key where one is said.
    Of(WorkflowName, Option<String>),
}

/// How members vote.
#[derive(Clone, Debug)]
pub enum Ballots {
    /// These people, each by name.
    People(Vec<(PersonId, PerRow<Choice>)>),
    /// So many of those who have not voted yet, in the order of the roll.
    Counts(PerRow<Counts>),
}

/// The same for every row, or something for each by its name.
#[derive(Clone, Debug)]
pub enum PerRow<T> {
    /// The same for all.
    All(T),
    /// For these.
    Rows(Vec<(Spanned<String>, T)>),
}

/// So many ballots.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// For.
    pub yes: usize,
    /// Against.
    pub no: usize,
    /// Without an opinion.
    pub abstain: usize,
}

/// What was counted on paper.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Handed out; as many as were returned, unless it is said.
    pub issued: Option<u32>,
    /// Came back; as many as were counted, unless it is said.
    pub returned: Option<u32>,
    /// Invalid.
    pub invalid: u32,
    /// For.
    pub yes: u32,
    /// Against.
    pub no: u32,
}

/// Time passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// So long: days and working days to the same time of day.
    For(Delay),
    /// Until this moment.
    Until(Instant),
    /// Until something happens by itself.
    Next,
}

/// What must hold.
#[derive(Clone, Debug, Default)]
pub struct Expect {
    /// In which dossier; the last one that was opened, unless it is said.
    pub dossier: Option<Which>,
    /// It stands in exactly these states.
    pub state: Option<Spanned<Vec<StateId>>>,
    /// Its result; none while it goes on.
    pub outcome: Option<Spanned<Option<String>>>,
    /// Exactly these people are asked, for one purpose or for any.
    pub tasks: Option<Spanned<Tasks>>,
    /// Each of these mails went out since the last step that asked about mails; with none, no mail went out.
    pub mails: Option<Spanned<Vec<Spanned<MailWanted>>>>,
    /// Whether there may be others.
    pub other_mails: Option<Spanned<bool>>,
    /// Papers of these kinds are there.
    pub papers: Option<Spanned<Vec<String>>>,
    /// Fields have these values; null where one is empty.
    pub fields: Option<Spanned<Values>>,
    /// These facts stand in registers.
    pub register: Option<Spanned<Vec<Fact>>>,
    /// It was refused, returned or struck for these reasons among others: names of guards or words.
    pub grounds: Option<Spanned<Vec<String>>>,
    /// These milestones were reached, among others.
    pub milestones: Option<Spanned<Vec<String>>>,
    /// Rows of a list stand so.
    pub rows: Vec<(Spanned<String>, RowStatus)>,
    /// The last vote that was closed gave this.
    pub vote: Option<Spanned<PerRow<Counted>>>,
    /// When the innermost deadline ends.
    pub due: Option<Spanned<jiff::civil::Date>>,
    /// How often it has come.
    pub round: Option<Spanned<u32>>,
    /// How children stand, by the name of their set.
    pub children: Vec<(String, Spanned<Stand>)>,
    /// Of which workflow measures are expected, and what they give.
    pub measures: Option<(WorkflowName, Vec<MeasureWanted>)>,
}

/// What a measure must give over all dossiers of its workflow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MeasureWanted {
    /// Its name.
    pub name: Spanned<String>,
    /// By the words of a group, with ` / ` between several, or for all of them; none: there is no value.
    pub values: Vec<(Option<String>, Option<Exact>)>,
}

/// What a child was opened for, and its result if it has one.
pub type Stand = (String, Option<String>);

/// Who is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tasks {
    /// These people, for whatever.
    People(Vec<PersonId>),
    /// These people, each for this purpose; for other purposes nobody.
    ByPurpose(BTreeMap<Purpose, Vec<PersonId>>),
}

/// A mail that must have gone out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MailWanted {
    /// To whom.
    pub to: Option<PersonId>,
    /// It gathers something of this kind.
    pub kind: Option<NoticeKind>,
    /// It says something by this mail of a workflow.
    pub mail: Option<String>,
    /// Words of its subject.
    pub subject: Option<String>,
    /// Words of its text.
    pub words: Option<String>,
    /// On which day.
    pub on: Option<jiff::civil::Date>,
    /// It invites to a session on this day.
    pub invites: Option<jiff::civil::Date>,
    /// It takes a session on this day out of the calendar.
    pub cancels: Option<jiff::civil::Date>,
}

/// A fact that must stand in a register.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fact {
    /// The register.
    pub register: Option<String>,
    /// Whose, as registers name holders.
    pub holder: Option<String>,
    /// What.
    pub key: Option<String>,
    /// The year it counts for.
    pub year: Option<i32>,
}

/// What a vote must have given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// For.
    pub yes: Option<u32>,
    /// Against.
    pub no: Option<u32>,
    /// Without an opinion.
    pub abstain: Option<u32>,
    /// Invalid.
    pub invalid: Option<u32>,
    /// Of how many the share was taken.
    pub base: Option<u32>,
    /// The row passed.
    pub passed: Option<bool>,
    /// Enough took part.
    pub quorate: Option<bool>,
}
