//! Why something was not recorded, as the top of the page says it: what is wrong, where, and by which rule.

use serde::Serialize;

use super::super::reader::Reader;
use super::super::say::Texts;
use super::rows;
use crate::dossier::Dossier;
use crate::dossier::refusal::{Code, Reason, Refusal, Rule};
use crate::ids::{DossierId, PersonId, StateId};

/// One line of the summary.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Wrong {
    pub(crate) text: String,
    pub(crate) basis: Option<String>,
    pub(crate) href: Option<String>,
}

impl Wrong {
    /// A line about a place on the page.
    pub(crate) fn at(text: impl Into<String>, href: impl Into<String>) -> Self {
        Self { text: text.into(), basis: None, href: Some(href.into()) }
    }
}

/// Every reason of a refusal. `place` says where on this page something stands (a field, a kind of paper, a row).
pub(crate) fn wrongs(
    reader: &Reader,
    dossier: &Dossier,
    person: &PersonId,
    refusal: &Refusal,
    place: impl Fn(&Reason) -> Option<String>,
) -> Vec<Wrong> {
    let about = |reason: &Reason| about(reader, Some(dossier), reason);
    said(reader, person, refusal, about, place)
}

/// Every reason why a dossier is not opened, in words.
pub(crate) fn unopened(reader: &Reader, person: &PersonId, refusal: &Refusal) -> Vec<String> {
    let about = |reason: &Reason| about(reader, None, reason);
    said(reader, person, refusal, about, |_| None).into_iter().map(|wrong| wrong.text).collect()
}

fn said(
    reader: &Reader,
    person: &PersonId,
    refusal: &Refusal,
    about: impl Fn(&Reason) -> Option<String>,
    place: impl Fn(&Reason) -> Option<String>,
) -> Vec<Wrong> {
    let wrong = |reason: &Reason| {
        let own = reason.filled(reader.text(&reason.text), &reader.get("refused.another"));
        let said = if own.is_empty() {
            let (who, when, step) = earlier(reader, reason);
            meant(reader.texts, reason, &Earlier { you: reader.you(person), who, when, step })
        } else {
            own
        };
        let about = about(reason).map(|about| format!("{about}: {said}"));
        Wrong { text: about.unwrap_or(said), basis: reader.citation(reason.basis.as_ref()), href: place(reason) }
    };
    refusal.reasons.iter().map(wrong).collect()
}

/// What the words of a refusal name.
#[derive(Debug, Default)]
pub struct Earlier {
    /// Who is refused.
    pub you: String,
    /// Who did an earlier step, or has the task.
    pub who: String,
    /// When.
    pub when: String,
    /// Which step.
    pub step: String,
}

/// What a reason means, where the workflow has no words of its own for it.
pub fn meant(texts: &Texts, reason: &Reason, earlier: &Earlier) -> String {
    let other = match &reason.code {
        Code::KeyTaken { by: Some(by), .. } => by,
        Code::KeyTaken { key, .. } => key,
        _ => "",
    };
    let Earlier { you, who, when, step } = earlier;
    let holes = [("other", other), ("you", you), ("who", who), ("when", when), ("step", step)];
    texts.fill(&format!("refused.{}", key(&reason.code)), &holes)
}

/// Who did an earlier step that keeps somebody from this one, when, and which.
fn earlier(reader: &Reader, reason: &Reason) -> (String, String, String) {
    if let Code::Taken { by } = &reason.code {
        return (reader.name(by), String::new(), String::new());
    }
    let Code::Separated { by, at, .. } = &reason.code else { return Default::default() };
    let opening = || reader.get("refused.opening");
    let step = reason.about.as_ref().map_or_else(opening, |state| reader.state(&StateId::from(state.as_str())));
    (reader.name(by), reader.moment(*at), step)
}

/// What officers call the thing that a reason is about.
fn about(reader: &Reader, dossier: Option<&Dossier>, reason: &Reason) -> Option<String> {
    let about = reason.about.as_deref()?;
    match reason.code {
        Code::FieldMissing
        | Code::FieldWrong
        | Code::FieldClosed
        | Code::NotSigned
        | Code::KeyTaken { .. }
        | Code::Named => Some(reader.field_path(about)),
        Code::PaperMissing | Code::PaperUnknown => Some(reader.paper_kind(about)),
        Code::ReasonMissing | Code::RowUnknown | Code::TallyWrong | Code::ChoiceWrong => {
            dossier.map(|dossier| rows::caption(dossier, &DossierId::from(about)))
        }
        Code::NobodyToAsk | Code::NotOfRole | Code::TooFewToAsk | Code::SamePerson => {
            let role = reader.role(&about.into());
            (!role.is_empty()).then_some(role)
        }
        _ => None,
    }
}

fn key(code: &Code) -> &'static str {
    match code {
        Code::NoDossier => "no_dossier",
        Code::Exists => "exists",
        Code::Ended => "ended",
        Code::Done { .. } => "done",
        Code::Superseded | Code::Changed => "superseded",
        Code::Paused => "paused",
        Code::NotAsked => "not_asked",
        Code::PinMissing => "pin_missing",
        Code::LoginMissing => "login_missing",
        Code::NotThisWay => "not_this_way",
        Code::NoEvent => "no_event",
        Code::Guard => "guard",
        Code::GuardFailed => "guard_failed",
        Code::FieldMissing => "field_missing",
        Code::FieldWrong => "field_wrong",
        Code::FieldClosed => "field_closed",
        Code::Unread => "unread",
        Code::Unchanged => "nothing_changed",
        Code::PaperMissing => "paper_missing",
        Code::PaperUnknown => "paper_unknown",
        Code::TooMuch => "too_much",
        Code::ReasonMissing => "reason_missing",
        Code::RowUnknown => "row_unknown",
        Code::TallyWrong => "tally_wrong",
        Code::AttendanceWrong => "attendance_wrong",
        Code::EnoughThere => "enough_there",
        Code::BallotsIn => "ballots_in",
        Code::ChoiceWrong => "choice_wrong",
        Code::SamePerson => "same_person",
        Code::Taken { .. } => "taken",
        Code::KeyTaken { by: Some(_), .. } => "key_taken",
        Code::KeyTaken { .. } => "key_taken_elsewhere",
        Code::TwoChairs => "two_chairs",
        Code::ActedOn { .. } => "acted_on",
        Code::Voting => "voting",
        Code::NotLater => "not_later",
        Code::NotSigned => "not_signed",
        Code::NoRoom => "no_room",
        Code::OutOfTime => "out_of_time",
        Code::NotOfRole => "not_of_role",
        Code::Named => "named",
        Code::Separated { rule: Rule::OneRole, .. } => "separated_one_role",
        Code::Separated { rule: Rule::NeverSameAs, .. } => "separated_never",
        Code::Separated { rule: Rule::SameAs, .. } => "separated_same",
        Code::OperationReused => "operation_reused",
        Code::NobodyToAsk => "nobody_to_ask",
        Code::TooFewToAsk => "too_few_to_ask",
        Code::Circles => "circles",
        Code::NotGathering => "not_gathering",
        Code::NotEnded => "not_ended",
        Code::Forgotten => "forgotten",
        Code::Expired => "expired",
        Code::StillKept => "still_kept",
        Code::Stranded => "stranded",
        Code::ClockLost => "clock_lost",
        Code::VoteLost => "vote_lost",
        Code::TaskLost => "task_lost",
        Code::ListLost => "list_lost",
    }
}
