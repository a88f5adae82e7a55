//! A workflow that has been checked: what `decide` runs.
//!
//! Plain data, no positions, no clock, no I/O. Its JSON is what `deploy` stores and what auditors read, so it is documented
//! here and never changes its meaning; new parts get a default. A [`Machine`] is made in two ways only: by [`check`] out of
//! a definition, and by [`Machine::load`] out of what `deploy` stored: a deployed version is never checked again.

pub mod check;

use std::collections::BTreeMap;
use std::ops::Deref;

use serde::{Deserialize, Serialize};

use crate::calendar::Delay;
use crate::expr::Programs;
use crate::ids::{EventName, FieldName, GuardName, MachineHash, RoleName, StateId, Text, VoteName, WorkflowName};

/// A checked workflow, its formulas compiled. Read it through its [`Shape`].
#[derive(Debug)]
pub struct Machine {
    shape: Shape,
    hash: MachineHash,
    programs: Programs,
}

impl Deref for Machine {
    type Target = Shape;

    fn deref(&self) -> &Shape {
        &self.shape
    }
}

/// Why a stored machine cannot be loaded: it was damaged, or a newer chancery wrote it.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// Not the documented JSON.
    #[error("the stored machine `{hash}` cannot be read: {source}")]
    Json {
        /// Which version.
        hash: MachineHash,
        /// What serde says.
        source: serde_json::Error,
    },
    /// A formula that was accepted at deployment does not compile any more.
    #[error("the stored machine `{hash}` has a formula that does not compile: {message}")]
    Formula {
        /// Which version.
        hash: MachineHash,
        /// What the compiler says.
        message: String,
    },
}

impl Machine {
    /// The version's hash; dossiers are pinned to it.
    pub fn hash(&self) -> &MachineHash {
        &self.hash
    }

    /// The compiled formulas.
    pub fn programs(&self) -> &Programs {
        &self.programs
    }

    /// Reads back what `deploy` stored.
    ///
    /// # Errors
    /// The JSON is damaged or newer than this program.
    pub fn load(hash: MachineHash, compiled: &str) -> Result<Self, LoadError> {
        let shape: Shape =
            serde_json::from_str(compiled).map_err(|source| LoadError::Json { hash: hash.clone(), source })?;
        let programs =
            Programs::compile(&shape).map_err(|message| LoadError::Formula { hash: hash.clone(), message })?;
        Ok(Self { shape, hash, programs })
    }

    /// The documented JSON that `deploy` stores: fields in a fixed order, so that equal machines give equal bytes.
    pub fn to_json(&self) -> String {
        serde_json::to_string(&self.shape).expect("a machine has only string keys and finite numbers")
    }
}

/// Everything a workflow says, by name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shape {
    /// The language level of its file (`chancery: 1`).
    pub level: u32,
    /// Its name.
    pub workflow: WorkflowName,
    /// Its title.
    pub title: Text,
    /// The language its own texts are in.
    pub language: String,
    /// The calendar that its working days follow.
    pub calendar: String,
    /// The field whose value is a dossier's caption in lists and mails.
    pub caption: Option<FieldName>,
    /// The field of type person or unit that a dossier is about: own cases, registers and erasure follow it. Several may be
    /// named; the first that has a value counts.
    #[serde(default)]
    pub subject: Vec<FieldName>,
    /// For a list (a meeting of a body): the fields whose values say which open list a row joins.
    #[serde(default)]
    pub key: Vec<FieldName>,
    /// For a list: the fields each row brings along.
    #[serde(default)]
    pub row: Vec<Field>,
    /// For a list: the field of a row that is the row's caption.
    #[serde(default)]
    pub row_caption: Option<FieldName>,
    /// For a list: the fields of a row (person or unit) that the row is about: nobody votes on their own.
    #[serde(default)]
    pub row_subject: Vec<FieldName>,
    /// Constants by name, as their files say them; each is visible in formulas under its name.
    #[serde(default)]
    pub tables: BTreeMap<String, serde_json::Value>,
    /// The fields, in the order of the form.
    pub fields: Vec<Field>,
    /// Kinds of paper, with what officers call them.
    #[serde(default)]
    pub papers: BTreeMap<String, Text>,
    /// Who may be asked.
    pub roles: BTreeMap<RoleName, Role>,
    /// The formulas, by name.
    #[serde(default)]
    pub guards: BTreeMap<GuardName, Guard>,
    /// The votes, by name.
    #[serde(default)]
    pub votes: BTreeMap<VoteName, VoteRule>,
    /// Where a new dossier begins (a top-level state).
    pub initial: StateId,
    /// Every state, parents before children, in the order of the file.
    pub states: Vec<State>,
    /// Starts by the clock.
    #[serde(default)]
    pub cron: Vec<CronStart>,
    /// How columns of a CSV file become fields (`chancery import`).
    #[serde(default)]
    pub import: Option<Import>,
}

impl Shape {
    /// The state of this path.
    pub fn state(&self, id: &StateId) -> Option<&State> {
        self.states.iter().find(|state| &state.id == id)
    }

    /// The field of this name.
    pub fn field(&self, name: &FieldName) -> Option<&Field> {
        self.fields.iter().find(|field| &field.name == name)
    }

    /// A list: its rows are dossiers of other workflows.
    pub fn is_list(&self) -> bool {
        !self.row.is_empty()
    }
}

/// A field of the form.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Field {
    /// Its name in formulas.
    pub name: FieldName,
    /// What officers call it.
    pub label: Text,
    /// What it holds.
    #[serde(rename = "type")]
    pub kind: FieldKind,
    /// A dossier cannot be submitted without it.
    #[serde(default)]
    pub required: bool,
}

/// The type of a field. Values are JSON: text and codes as strings, whole numbers as numbers, decimals and dates as strings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is")]
pub enum FieldKind {
    /// Text of at most `max` characters.
    Text {
        /// Characters.
        max: u32,
    },
    /// A whole number.
    Number {
        /// At least.
        min: Option<i64>,
        /// At most.
        max: Option<i64>,
    },
    /// An exact decimal number, kept as written.
    Decimal,
    /// A calendar date, `2026-12-10`.
    Date,
    /// A person of the directory; the value is the person's id.
    Person,
    /// A unit of the directory; the value is its code.
    Unit,
    /// A body (council or peer group) of the directory; the value is its code.
    Body,
    /// A key of a table; in formulas it is the table's row, with its key as `code`.
    Choice {
        /// The table's name.
        from: String,
    },
    /// One of these words.
    OneOf {
        /// The words, with what officers call them.
        values: BTreeMap<String, Text>,
    },
    /// A list of short texts.
    Texts {
        /// Entries at most.
        max: u32,
    },
    /// An attached file; the value is a paper's id.
    File,
}

/// Who may be asked: holders of a post, seats of a body, or the person that a field names.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Role {
    /// What officers call it.
    pub label: Text,
    /// Where its holders are found.
    pub source: RoleSource,
    /// Holders may start a dossier.
    #[serde(default)]
    pub starter: bool,
}

/// Where the holders of a role are found on the day of the question.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "from")]
pub enum RoleSource {
    /// Holders of a post in a unit, or in the nearest unit above it that has the post.
    Post {
        /// The post's kind in the directory.
        post: String,
        /// The unit.
        of: UnitOf,
    },
    /// Seats of a body.
    Body {
        /// Which body.
        body: BodyOf,
        /// `chair`, `secretary`, `member`, ... or none for every seat.
        seat: Option<String>,
    },
    /// The person that a field names.
    Field {
        /// The field.
        field: FieldName,
    },
}

/// A unit, said by a dossier.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "unit")]
pub enum UnitOf {
    /// The unit that this field names.
    Field {
        /// A field of type unit.
        field: FieldName,
    },
    /// The root (the ministry) of the unit that this field names.
    Root {
        /// A field of type unit.
        field: FieldName,
    },
    /// The unit that the directory binds to a name, such as `standing_body`, for the root of the unit that this field names.
    Binding {
        /// The name.
        name: String,
        /// A field of type unit.
        field: FieldName,
    },
    /// A unit by its code.
    Code {
        /// The code.
        code: String,
    },
}

/// A body, said by a dossier.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BodyOf {
    /// The kind: `council`, `peer_group`, ...
    pub kind: String,
    /// A field of type unit (the body of that kind set up for that unit) or of type body (that body).
    pub of: FieldName,
}

/// A named formula.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Guard {
    /// CEL, giving a truth value.
    pub expr: String,
    /// What a person is told when it does not hold.
    pub refuse: Text,
    /// The legal text behind it.
    pub basis: Option<String>,
}

/// An exact fraction of a base: `2/3 of members`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fraction {
    /// Numerator.
    pub num: u64,
    /// Denominator, never zero.
    pub den: u64,
}

impl Fraction {
    /// Parses `2/3`, `80%`, `66.7 %`, `1`.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (num, den) = if let Some(percent) = text.strip_suffix('%') {
            let (num, den) = decimal(percent.trim())?;
            (num, den.checked_mul(100)?)
        } else if let Some((num, den)) = text.split_once('/') {
            (num.trim().parse().ok()?, den.trim().parse().ok()?)
        } else {
            decimal(text)?
        };
        (den != 0).then_some(Self { num, den })
    }

    /// Whether `part` of `whole` reaches this share; whole numbers only, nothing is rounded.
    pub fn reached_by(self, part: u64, whole: u64) -> bool {
        u128::from(part) * u128::from(self.den) >= u128::from(self.num) * u128::from(whole)
    }

    /// Whether `part` of `whole` is strictly more than this share.
    pub fn exceeded_by(self, part: u64, whole: u64) -> bool {
        u128::from(part) * u128::from(self.den) > u128::from(self.num) * u128::from(whole)
    }
}

fn decimal(text: &str) -> Option<(u64, u64)> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    if part.len() > 9 || !part.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let den = 10_u64.pow(u32::try_from(part.len()).ok()?);
    let whole: u64 = whole.parse().ok()?;
    let part: u64 = if part.is_empty() { 0 } else { part.parse().ok()? };
    Some((whole.checked_mul(den)?.checked_add(part)?, den))
}

/// What a share is a share of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Base {
    /// Every member on the roll.
    Members,
    /// Those who took part (were present, or answered in writing).
    Present,
    /// Valid ballots.
    Valid,
}

/// `at least 2/3 of members`, `more than 1/2 of valid`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Threshold {
    /// Strictly more, instead of at least.
    #[serde(default)]
    pub more_than: bool,
    /// The share.
    pub share: ShareOf,
    /// Of what.
    pub base: Base,
}

/// A share, fixed or read for each row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ShareOf {
    /// The same for every row.
    Fixed(Fraction),
    /// A dotted path read for each row (`prize.unit_threshold`); its value is a text that [`Fraction::parse`] takes.
    Path(String),
}

/// How a body votes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VoteRule {
    /// What officers call it.
    pub title: Text,
    /// Who votes.
    pub body: BodyOf,
    /// Whether choices stay secret.
    pub ballot: Ballot,
    /// Enough took part.
    pub quorum: Threshold,
    /// A row passes.
    pub passes: Threshold,
    /// How long ballots are accepted on line, from the opening.
    pub open_for: Delay,
    /// A person's own row.
    pub own_case: OwnCase,
    /// The legal text behind the numbers.
    #[serde(default)]
    pub basis: Option<String>,
}

/// Whether choices stay secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ballot {
    /// Choices go into a sealed box and nowhere else.
    Secret,
    /// Who chose what stands in the record.
    Open,
}

/// What a member may do on a row that is about themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnCase {
    /// They vote on it.
    pub votes: bool,
    /// They count in the base although they do not vote.
    pub in_base: bool,
}

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
    /// A body votes.
    #[serde(default)]
    pub vote: Option<StateVote>,
    /// The dossier is a row of a list while it is here.
    #[serde(default)]
    pub joins: Option<Joins>,
    /// A list takes rows while it is here.
    #[serde(default)]
    pub gathers: bool,
    /// By when, and what happens then.
    #[serde(default)]
    pub deadline: Option<Deadline>,
    /// Entering it is remembered under this name.
    #[serde(default)]
    pub milestone: Option<String>,
    /// What standing here means to an observer, for a state that is not final.
    #[serde(default)]
    pub standing: Option<String>,
    /// Facts that entering it writes into registers.
    #[serde(default)]
    pub register: Vec<RegisterRule>,
    /// How strongly a person must show who they are.
    #[serde(default)]
    pub link: LinkPolicy,
    /// May mail on rest days (06:00-21:00).
    #[serde(default)]
    pub urgent: bool,
    /// People who are told on entry, without being asked anything.
    #[serde(default)]
    pub tell: Vec<RoleName>,
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
    /// The dossier ends here.
    Final {
        /// The result, in the workflow's own word.
        outcome: String,
    },
}

/// A way from one state to another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
    /// Kinds of paper that must be attached with it (or stand in the dossier).
    #[serde(default)]
    pub attach: Vec<String>,
    /// Whether it cannot be undone, so that the page asks once more.
    #[serde(default)]
    pub confirm: bool,
    /// For a list: what its rows are told.
    #[serde(default)]
    pub rows: Option<RowEvents>,
    /// Fields that a message from a list brings along and that are taken over.
    #[serde(default)]
    pub take: Vec<FieldName>,
    /// Freezes what is below the state it leaves; `resume` continues it.
    #[serde(default)]
    pub pause: bool,
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
    /// Who is asked; any one of the holders may do it.
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
}

/// The vote held in a state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StateVote {
    /// By which rule.
    pub rule: VoteName,
    /// How it is held.
    pub held: Held,
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
    /// Told once the row is decided; until then the list it stands on is the same one (a later state with `joins` to the
    /// same list keeps the row where it is).
    #[serde(default)]
    pub stays: bool,
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
}

/// Told when nothing was done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Escalate {
    /// So long after the deadline.
    pub after: Delay,
    /// Who is told.
    pub to: RoleName,
}

/// A fact that outlives the dossier.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RegisterRule {
    /// The register's name.
    pub register: String,
    /// Whose fact it is, as CEL (a person's id, or `unit:CODE`); empty: the subject's.
    pub holder: String,
    /// What it is, as CEL (a text).
    pub key: String,
    /// The year it counts for, as CEL.
    pub year: String,
}

/// How strongly a person must show who they are to act from a link.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum LinkPolicy {
    /// The link is enough.
    #[default]
    #[serde(rename = "link")]
    Link,
    /// The link and a number that came another way.
    #[serde(rename = "link+pin")]
    LinkPin,
    /// The link and a sign-in.
    #[serde(rename = "login")]
    Login,
}

/// A start by the clock.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CronStart {
    /// Five fields, as in crontab(5).
    pub schedule: String,
    /// IANA name of the time zone.
    pub zone: String,
    /// The fields of the dossier that it starts, as JSON.
    #[serde(default)]
    pub fields: BTreeMap<FieldName, serde_json::Value>,
}

/// How columns of a CSV file become a dossier.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Import {
    /// The column that identifies a row; the same value again is the same dossier.
    pub key: String,
    /// Column to fields. Every field takes the value; of fields of type person, unit or body each takes it only if the
    /// directory knows that code as one, and where only such fields are named at least one must.
    pub columns: BTreeMap<String, Vec<FieldName>>,
    /// A column of `key:year` entries, separated by `;`, that become opening entries of a register.
    #[serde(default)]
    pub register: Option<ImportRegister>,
    /// A column of kinds of paper, separated by `;`; the files are `DIR/<key>/<kind>.*`.
    #[serde(default)]
    pub papers: Option<String>,
    /// Columns that may stand in the file and mean nothing here.
    #[serde(default)]
    pub ignore: Vec<String>,
}

/// Opening entries of a register.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ImportRegister {
    /// The column.
    pub column: String,
    /// The register.
    pub register: String,
}

#[cfg(test)]
mod tests {
    use super::Fraction;

    #[test]
    fn shares_are_exact_and_follow_the_table_of_thresholds() {
        let needed = |text: &str, members: u64| {
            let share = Fraction::parse(text).expect("a share");
            (0..=members).find(|yes| share.reached_by(*yes, members))
        };
        for (members, quorum, seventy, eighty, ninety, half) in [
            (7, 5, 5, 6, 7, 4),
            (9, 6, 7, 8, 9, 5),
            (11, 8, 8, 9, 10, 6),
            (13, 9, 10, 11, 12, 7),
            (15, 10, 11, 12, 14, 8),
            (17, 12, 12, 14, 16, 9),
            (19, 13, 14, 16, 18, 10),
            (21, 14, 15, 17, 19, 11),
        ] {
            assert_eq!(needed("2/3", members), Some(quorum));
            assert_eq!(needed("70%", members), Some(seventy));
            assert_eq!(needed("80%", members), Some(eighty));
            assert_eq!(needed("90%", members), Some(ninety));
            let more = Fraction::parse("1/2").expect("a share");
            assert_eq!((0..=members).find(|yes| more.exceeded_by(*yes, members)), Some(half));
        }
    }
}
