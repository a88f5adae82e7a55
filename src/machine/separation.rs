//! Who may not do a step because of what they did before, or must because of it.

use serde::{Deserialize, Serialize};

use crate::ids::{Citation, FieldName, StateId};

/// What a state says about people who did an earlier step. Without a word of it one rule holds: whoever prepared the dossier in
/// one role (opened it, filled in its form, recorded its numbers) acts on it in no other role.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Separation {
    /// Whoever did one of these does nothing here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub never_same_as: Vec<Earlier>,
    /// Only whoever did these last does anything here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub same_as: Vec<Earlier>,
    /// Whoever prepared the dossier in one of these may act here in another role.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub may_be_same_as: Vec<Earlier>,
    /// Whoever is named in one of these fields does nothing here: it is their own case.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub never_named_in: Vec<FieldName>,
    /// The legal text behind it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basis: Option<Citation>,
}

/// An earlier step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Earlier {
    /// Opening the dossier.
    Opening,
    /// Anything that a person did in this state, or in a state inside it.
    State(StateId),
}
