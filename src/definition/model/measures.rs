//! Measures.

use super::Name;
use crate::ids::Text;

/// What is counted over the dossiers of a workflow.
#[derive(Clone, Debug)]
pub struct Measure {
    /// Its name.
    pub name: Name,
    /// What officers call it.
    pub title: Text,
    /// `when`: the formula that says which dossiers count.
    pub when: Option<Name>,
    /// `take`: what is made of them.
    pub take: Option<Name>,
    /// `of`: the formula that is looked at in each.
    pub of: Option<Name>,
    /// `out_of`: of a share of two sums, the formula of the whole.
    pub out_of: Option<Name>,
    /// `by`: for each value of these, a group.
    pub by: Vec<MeasureGroup>,
    /// `day`: the formula that says on which day a dossier counts.
    pub day: Option<Name>,
}

/// What puts dossiers into groups.
#[derive(Clone, Debug)]
pub struct MeasureGroup {
    /// Its name.
    pub name: Name,
    /// What officers call it; empty: what the field is called.
    pub label: Text,
    /// The formula.
    pub of: Option<Name>,
}
