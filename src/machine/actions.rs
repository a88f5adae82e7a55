//! What a state does by itself when it is entered or left.

use serde::{Deserialize, Serialize};

use super::{Sending, Tell};
use crate::ids::FieldName;

/// What is done on entry (`entry:`) or on leaving (`exit:`), in this order.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Actions {
    /// Comparisons whose tables are filled in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub compare: Vec<String>,
    /// Fields that get values; each formula sees those before it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub set: Vec<Setting>,
    /// It is remembered under this name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub milestone: Option<String>,
    /// Facts that are written into registers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub register: Vec<RegisterRule>,
    /// People who are told, without being asked anything.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tell: Vec<Tell>,
    /// Children that are opened.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub open: Vec<String>,
    /// What related dossiers are told.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub send: Vec<Sending>,
    /// How the dossier stands from here on, as its parent is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<String>,
}

impl Actions {
    /// Nothing is done.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Their formulas.
    pub fn formulas(&self) -> impl Iterator<Item = &str> {
        let of_register = self.register.iter().flat_map(|rule| [&rule.holder, &rule.key, &rule.year]);
        let of_sendings = self.send.iter().flat_map(|sending| sending.with.values());
        let set = self.set.iter().map(|setting| &setting.value);
        set.chain(of_register).chain(of_sendings).map(String::as_str)
    }
}

/// A field that gets a value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Setting {
    /// The field.
    pub field: FieldName,
    /// The value, as CEL; null empties the field.
    pub value: String,
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
