//! Why not: an ordinary answer, with all its reasons. Web, CLI and tests read the same list.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::taken::Holder;
use crate::ids::{Citation, DossierId, Instant, PersonId, Text};
use crate::words;

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
    pub basis: Option<Citation>,
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
    /// It has to be read first, and that has to be said.
    Unread,
    /// Nothing would be different.
    Unchanged,
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
    /// Who is there is not said of everybody on the roll, or of somebody else.
    AttendanceWrong,
    /// Enough are there, or ballots are out: the vote does not end for want of members.
    EnoughThere,
    /// A ballot is in: nobody is taken off the record of who is there so that the quorum goes.
    BallotsIn,
    /// A choice is missing for a row, or given for one that the member may not vote on.
    ChoiceWrong,
    /// The same person may not do both.
    SamePerson,
    /// Somebody else has it.
    Taken {
        /// Who.
        by: PersonId,
    },
    /// A number, or another key that is given once, is another dossier's.
    KeyTaken {
        /// The number or the key, as it was written.
        key: String,
        /// Whose; none for what was so before, and where whoever is told may not see that dossier.
        dossier: Option<DossierId>,
        /// What officers call it; none where whoever is told may not see it.
        by: Option<String>,
    },
    /// A body that the dossier composes has more than one chair.
    TwoChairs,
    /// Somebody has acted on it since it was sent, so that it cannot be taken back.
    ActedOn {
        /// Who, as far as that is known.
        by: Option<PersonId>,
    },
    /// A vote is open there.
    Voting,
    /// A deadline can only be put off.
    NotLater,
    /// A paper that came has not been signed yet on the day of today; `about` is the field of its day.
    NotSigned,
    /// A posting that begins now does not end before the day before which it must; `about` is the day on which it would end.
    NoRoom,
    /// What is posted takes nothing outside its time; `about` is the day, where one was given.
    OutOfTime,
    /// A person does not hold the role to which this belongs.
    NotOfRole,
    /// An earlier step keeps this person from this one; `about` is the state of that step (none: the opening).
    Separated {
        /// By which rule.
        rule: Rule,
        /// Who did the earlier step.
        by: PersonId,
        /// When.
        at: Instant,
    },
    /// A field of the dossier names this person, and the step is not theirs in their own case; `about` is the field.
    Named,
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
    /// The dossier has not ended.
    NotEnded,
    /// Somebody was forgotten, and nothing more happens to the dossier.
    Forgotten,
    /// What it said was destroyed, and nothing more happens to the dossier.
    Expired,
    /// The dossier is to be kept still; `about` is the last day on which it is.
    StillKept,
    /// The other version has no such place to stand; `about` is the old state.
    Stranded,
    /// A deadline that runs in this state would be lost in the other version.
    ClockLost,
    /// A task is in somebody's hands, or somebody was asked besides, and the other version asks anew.
    TaskLost,
    /// A vote, or answers of several, in this state would be lost in the other version.
    VoteLost,
    /// A place on a list, a list's rows, children or the parent would be lost in the other version.
    ListLost,
}

/// A rule of the separation of duties.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// Whoever prepared a dossier in one role acts on it in no other; holds unless the workflow says otherwise.
    OneRole,
    /// `never_same_as`.
    NeverSameAs,
    /// `same_as`.
    SameAs,
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

    /// The kinds of its reasons.
    pub fn codes(&self) -> Vec<&Code> {
        self.reasons.iter().map(|reason| &reason.code).collect()
    }

    /// The names of these kinds: all that a log may hold of it, since the rest may name people.
    pub fn names(&self) -> Vec<String> {
        self.reasons.iter().map(|reason| reason.code.name()).collect()
    }
}

impl Code {
    /// The names of all kinds.
    pub const NAMES: [&'static str; 56] = [
        "no_dossier",
        "exists",
        "ended",
        "done",
        "superseded",
        "changed",
        "paused",
        "not_asked",
        "pin_missing",
        "login_missing",
        "not_this_way",
        "no_event",
        "guard",
        "guard_failed",
        "field_missing",
        "field_wrong",
        "field_closed",
        "unread",
        "unchanged",
        "paper_missing",
        "paper_unknown",
        "too_much",
        "reason_missing",
        "row_unknown",
        "tally_wrong",
        "attendance_wrong",
        "enough_there",
        "ballots_in",
        "choice_wrong",
        "same_person",
        "taken",
        "key_taken",
        "two_chairs",
        "acted_on",
        "voting",
        "not_later",
        "not_signed",
        "no_room",
        "out_of_time",
        "not_of_role",
        "separated",
        "named",
        "operation_reused",
        "nobody_to_ask",
        "too_few_to_ask",
        "circles",
        "not_gathering",
        "not_ended",
        "forgotten",
        "expired",
        "still_kept",
        "stranded",
        "clock_lost",
        "task_lost",
        "vote_lost",
        "list_lost",
    ];

    /// A key is another's, as far as whoever is told may know of it.
    pub fn key_taken(key: String, holder: &Holder) -> Self {
        let dossier = holder.dossier.clone().filter(|_| holder.name.is_some());
        Self::KeyTaken { key, dossier, by: holder.name.clone() }
    }

    /// Its name, as it stands in answers for programs.
    pub fn name(&self) -> String {
        match serde_json::to_value(self) {
            Ok(serde_json::Value::String(name)) => name,
            Ok(serde_json::Value::Object(named)) => named.into_iter().next().map(|(name, _)| name).unwrap_or_default(),
            _ => String::new(),
        }
    }

    /// In words for an operator.
    pub fn meaning(&self) -> &'static str {
        match self {
            Self::NoDossier => "there is no such dossier",
            Self::Exists => "the dossier exists already",
            Self::Ended => "the dossier has ended",
            Self::Done { .. } => "it was done already",
            Self::Superseded => "the dossier has moved on",
            Self::Changed => "its content has changed meanwhile",
            Self::Paused => "the dossier is paused",
            Self::Unread => "this person has not said that they have read it",
            Self::Unchanged => "nothing would be different",
            Self::TooMuch => "more than a dossier takes",
            Self::NotAsked => "this person is not asked",
            Self::LoginMissing => "this step asks for a sign-in",
            Self::PinMissing => "the number that came another way than the link is missing",
            Self::NotThisWay => "not from here: nobody votes for somebody else",
            Self::NoEvent => "there is no such event here",
            Self::Guard => "a condition does not hold",
            Self::GuardFailed => "a condition could not be worked out",
            Self::FieldMissing => "a required field is empty",
            Self::FieldWrong => "a value does not fit its field",
            Self::FieldClosed => "a field may not be changed here",
            Self::PaperMissing => "a required paper is missing",
            Self::PaperUnknown => "this kind of paper is not taken here",
            Self::ReasonMissing => "a reason must be given",
            Self::RowUnknown => "a row is not on the list",
            Self::TallyWrong => "the numbers of the tally do not add up",
            Self::AttendanceWrong => "who is there is not said of everybody on the roll",
            Self::EnoughThere => "enough are there, or ballots are out already",
            Self::BallotsIn => "a ballot is in, and without these members there would be no quorum",
            Self::ChoiceWrong => "a choice is missing, or given where there is none",
            Self::SamePerson => "the same person may not do both",
            Self::Separated { rule: Rule::OneRole, .. } => "this person prepared the dossier in another role",
            Self::Separated { rule: Rule::NeverSameAs, .. } => {
                "this person did an earlier step that is kept apart from this one"
            }
            Self::Separated { rule: Rule::SameAs, .. } => "only the person who did an earlier step does this one",
            Self::Named => "the dossier names this person, who does not do this step in their own case",
            Self::Taken { .. } => "somebody else has it",
            Self::KeyTaken { .. } => "it is another dossier's",
            Self::TwoChairs => "a body has one chair",
            Self::ActedOn { .. } => "somebody has acted on it since it was sent",
            Self::Voting => "a vote is open there",
            Self::NotLater => "the day does not lie later",
            Self::NotSigned => "a paper that came is not of a later day than today",
            Self::NoRoom => "the posting would not end in time",
            Self::OutOfTime => "the time of the posting is over, or the day lies outside it",
            Self::NotOfRole => "this person does not hold the role",
            Self::OperationReused => "the operation id was used for something else",
            Self::NobodyToAsk => "nobody holds the role that would be asked next",
            Self::TooFewToAsk => "more people are needed than hold the role that would be asked next",
            Self::Circles => "a state goes round in circles",
            Self::NotGathering => "the list takes no rows any more",
            Self::NotEnded => "the dossier has not ended",
            Self::Forgotten => "somebody was erased from this dossier, and nothing more happens to it",
            Self::Expired => "its time of keeping was over, and nothing is left of what it said",
            Self::StillKept => "the dossier is to be kept still",
            Self::Stranded => "the other version has no such place to stand",
            Self::ClockLost => "a deadline that runs here would be lost in the other version",
            Self::VoteLost => "a vote, or answers that were given, would not carry over into the other version",
            Self::TaskLost => {
                "a task that somebody has taken over or was given would not carry over into the other version"
            }
            Self::ListLost => "a place on a list, children or the parent would not carry over into the other version",
        }
    }
}

impl Reason {
    /// What the workflow says about it, in one of its languages, with `{other}` filled: what the other dossier is called, or
    /// `another` where that is not for whoever reads it.
    pub fn filled(&self, said: &str, another: &str) -> String {
        match &self.code {
            Code::KeyTaken { by, .. } => words::fill(said, &[("other", by.as_deref().unwrap_or(another))]),
            _ => said.to_owned(),
        }
    }
}

/// For an operator: what the workflow says, else what the kind means; what it is about; the law.
impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let said = self.filled(&self.text.own, "another dossier");
        f.write_str(if said.is_empty() { self.code.meaning() } else { &said })?;
        if let Code::KeyTaken { key, by, .. } = &self.code {
            write!(f, ": {}", by.as_ref().unwrap_or(key))?;
        }
        if let Some(about) = &self.about {
            write!(f, " (`{about}`)")?;
        }
        if let Some(basis) = &self.basis {
            write!(f, " [{}]", basis.own())?;
        }
        Ok(())
    }
}

/// Every reason, one after the other.
impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, reason) in self.reasons.iter().enumerate() {
            if place > 0 {
                f.write_str("; ")?;
            }
            reason.fmt(f)?;
        }
        Ok(())
    }
}
