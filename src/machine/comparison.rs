//! Comparisons: texts of a table that say the same as others there, or as what was said before.

use serde::{Deserialize, Serialize};

use super::Fraction;
use crate::ids::FieldName;

/// Whose text it is, in the table of what was found.
pub const WHO: &str = "who";
/// Whose text it is like.
pub const LIKE: &str = "like";
/// The year of the earlier text that it is like; empty for one of the same table.
pub const LIKE_YEAR: &str = "year";
/// How much of it is the same, in hundredths.
pub const PERCENT: &str = "percent";

/// Which texts are compared, with what, and where it stands what was found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// The table whose texts they are.
    pub table: FieldName,
    /// Its column that holds them.
    pub text: FieldName,
    /// Its column that says whose text it is.
    pub whose: FieldName,
    /// Words of a run.
    pub words: u32,
    /// What is told resembles by at least this share.
    pub least: Fraction,
    /// The table that is filled in.
    pub into: FieldName,
    /// What was said before, as far as it is compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub earlier: Option<Before>,
}

/// Texts of dossiers that wrote into a register.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Before {
    /// The register in which people are looked up.
    pub register: String,
    /// The field that both dossiers must have alike, so that nobody learns of what is not theirs to see.
    pub within: FieldName,
}
