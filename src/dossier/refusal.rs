//! Why not: an ordinary answer, with all its reasons. Web, CLI and tests read the same list.

use serde::{Deserialize, Serialize};

use crate::ids::{Instant, PersonId, Text};

/// A command that is not carried out; nothing was changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Refusal {
    /// Every reason.
    pub reasons: Vec<Reason>,
}

/// One reason.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reason {
    /// Which kind.
    pub code: Code,
    /// What a person is told (for guards, what the workflow says; else empty: the reader's catalogue has it by code).
    #[serde(default)]
    pub text: Text,
    /// The legal text behind it.
    #[serde(default)]
    pub basis: Option<String>,
    /// What it is about: a field, a paper, a row.
    #[serde(default)]
    pub about: Option<String>,
}

/// The kinds of reasons.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// There is no such dossier.
    NoDossier,
    /// A dossier of this id exists already.
    Exists,
    /// The dossier has ended.
    Ended,
    /// It was done already, by this person, then.
    Done {
        /// Who.
        by: Option<PersonId>,
        /// When.
        at: Option<Instant>,
    },
    /// The dossier has moved on since the page was made.
    Superseded,
    /// Its content has changed since the page was made; look again.
    Changed,
    /// The dossier is paused.
    Paused,
    /// Nobody asked this person.
    NotAsked,
    /// Besides the link, the number is wanted that came another way.
    PinMissing,
    /// Besides the link, signing in is wanted.
    LoginMissing,
    /// Not from here: an operator may not vote for anybody.
    NotThisWay,
    /// There is no such event here.
    NoEvent,
    /// A guard does not hold.
    Guard,
    /// A guard could not be worked out; treated as not holding.
    GuardFailed,
    /// A required field is empty.
    FieldMissing,
    /// A value does not fit its field.
    FieldWrong,
    /// A field may not be changed here.
    FieldClosed,
    /// A required paper is missing.
    PaperMissing,
    /// A kind of paper is not taken here.
    PaperUnknown,
    /// More than a dossier takes: papers, or characters of a reason.
    TooMuch,
    /// A reason must be given.
    ReasonMissing,
    /// A row is not on the list (any more).
    RowUnknown,
    /// Numbers of a tally do not add up.
    TallyWrong,
    /// A choice is missing for a row, or given for one that the member may not vote on.
    ChoiceWrong,
    /// The same person may not do both.
    SamePerson,
    /// The operation id was used for another command.
    OperationReused,
    /// Nobody holds the role that would be asked next.
    NobodyToAsk,
    /// More people are needed than hold the role that would be asked next.
    TooFewToAsk,
    /// A state goes round in circles.
    Circles,
    /// A list takes no rows any more.
    NotGathering,
}

impl Refusal {
    /// One reason, by its code alone.
    pub fn of(code: Code) -> Self {
        Self { reasons: vec![Reason { code, text: Text::default(), basis: None, about: None }] }
    }

    /// One reason about something.
    pub fn about(code: Code, about: impl Into<String>) -> Self {
        Self { reasons: vec![Reason { code, text: Text::default(), basis: None, about: Some(about.into()) }] }
    }
}
