//! Refusals in words for an operator.

use super::Trouble;
use crate::dossier::refusal::{Code, Reason, Refusal};
use crate::engine::Failure;

/// The reasons, one line each.
pub(super) type Reasons = Vec<String>;

/// Every reason in a line.
pub(super) fn reasons(refusal: &Refusal) -> Reasons {
    refusal.reasons.iter().map(line).collect()
}

/// Why the engine did not do it.
pub(super) fn trouble(failure: Failure) -> Trouble {
    match failure {
        Failure::Refused(refusal) => Trouble::Refused(format!("refused: {}", reasons(&refusal).join("; "))),
        Failure::Store(error) => error.into(),
    }
}

fn line(reason: &Reason) -> String {
    let mut line = if reason.text.is_empty() { meaning(&reason.code).to_owned() } else { reason.text.own.clone() };
    if let Some(about) = &reason.about {
        line = format!("{line} (`{about}`)");
    }
    if let Some(basis) = &reason.basis {
        line = format!("{line} [{basis}]");
    }
    line
}

fn meaning(code: &Code) -> &'static str {
    match code {
        Code::NoDossier => "there is no such dossier",
        Code::Exists => "the dossier exists already",
        Code::Ended => "the dossier has ended",
        Code::Done { .. } => "it was done already",
        Code::Superseded => "the dossier has moved on",
        Code::Changed => "its content has changed meanwhile",
        Code::Paused => "the dossier is paused",
        Code::TooMuch => "more than a dossier takes",
        Code::NotAsked => "this person is not asked",
        Code::PinMissing => "the number that came another way than the link is missing",
        Code::LoginMissing => "this step asks for a sign-in",
        Code::NotThisWay => "not from here: nobody votes for somebody else",
        Code::NoEvent => "there is no such event here",
        Code::Guard => "a condition does not hold",
        Code::GuardFailed => "a condition could not be worked out",
        Code::FieldMissing => "a required field is empty",
        Code::FieldWrong => "a value does not fit its field",
        Code::FieldClosed => "a field may not be changed here",
        Code::PaperMissing => "a required paper is missing",
        Code::PaperUnknown => "this kind of paper is not taken here",
        Code::ReasonMissing => "a reason must be given",
        Code::RowUnknown => "a row is not on the list",
        Code::TallyWrong => "the numbers of the tally do not add up",
        Code::ChoiceWrong => "a choice is missing, or given where there is none",
        Code::SamePerson => "the same person may not do both",
        Code::OperationReused => "the operation id was used for something else",
        Code::NobodyToAsk => "nobody holds the role that would be asked next",
        Code::TooFewToAsk => "more people are needed than hold the role that would be asked next",
        Code::Circles => "a state goes round in circles",
        Code::NotGathering => "the list takes no rows any more",
    }
}
