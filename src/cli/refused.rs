//! Refusals in words for an operator.

use super::Trouble;
use crate::dossier::refusal::Refusal;
use crate::engine::Failure;

/// The reasons, one line each.
pub(super) type Reasons = Vec<String>;

/// Every reason in a line.
pub(super) fn reasons(refusal: &Refusal) -> Reasons {
    refusal.reasons.iter().map(ToString::to_string).collect()
}

/// Why the engine did not do it.
pub(super) fn trouble(failure: Failure) -> Trouble {
    match failure {
        Failure::Refused(refusal) => Trouble::Refused(format!("refused: {refusal}")),
        Failure::Store(error) => error.into(),
    }
}
