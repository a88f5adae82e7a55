//! A matter that is posted publicly, for a time that is never cut short.

use serde::{Deserialize, Serialize};

use super::Due;
use crate::calendar::Delay;
use crate::ids::FieldName;

/// Raised when the time is over and nobody has objected.
pub const UNOPPOSED: &str = "unopposed";
/// Raised when the time is over, there were objections, and all of them are settled.
pub const RESOLVED: &str = "resolved";

/// The columns of a table of objections: who objects.
pub const OBJECTION_WHO: &str = "who";
/// What they say.
pub const OBJECTION_WHAT: &str = "what";
/// The day on which it came.
pub const OBJECTION_DAY: &str = "day";
/// Whether it was accepted.
pub const OBJECTION_DECISION: &str = "decision";
/// Why.
pub const OBJECTION_WHY: &str = "why";
/// The word of an objection that was accepted.
pub const ACCEPTED: &str = "accepted";
/// The word of one that was not.
pub const REJECTED: &str = "rejected";

/// The matter is posted publicly: anybody may object, and every objection is settled before the dossier goes on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Posting {
    /// How long, at least.
    pub period: Delay,
    /// By when it must be over: it does not begin where it would not be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Due>,
    /// The table of objections.
    pub into: FieldName,
    /// The kind of paper that an objection may bring, and one that came on paper does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paper: Option<String>,
    /// The mail that tells whoever objected how that was settled; none: in the usual words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
}
