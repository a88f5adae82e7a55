//! Measures: what is counted over the dossiers of a workflow. Each looks at one dossier at a time, with its fields and with when
//! it first stood where; what is made of all of them is exact.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::State;
use crate::ids::{StateId, Text};

/// What is counted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measure {
    /// What officers call it.
    pub title: Text,
    /// Which dossiers count, as CEL; all of them unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// What is made of them.
    pub take: Take,
    /// What is looked at in each, as CEL; nothing where they are only counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
    /// Of a share of two sums, the number in each dossier that the whole is the sum of, as CEL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub out_of: Option<String>,
    /// For each value of these, a group.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub by: Vec<Grouping>,
    /// On which day a dossier counts, as CEL; that of its opening unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day: Option<String>,
}

/// What puts dossiers into groups.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Grouping {
    /// Its name.
    pub name: String,
    /// What officers call it; empty: the field's label, or its name.
    #[serde(default, skip_serializing_if = "Text::is_empty")]
    pub label: Text,
    /// Whose values, as CEL.
    pub of: String,
}

/// What is made of the dossiers that count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Take {
    /// How many.
    Count,
    /// The share of those of which something holds, or of one sum in another.
    Share,
    /// All values together.
    Sum,
    /// The arithmetic mean.
    Mean,
    /// The middle one.
    Median,
    /// The smallest.
    Min,
    /// The largest.
    Max,
}

impl Take {
    /// All of them, as they are written.
    pub const ALL: [(&'static str, Self); 7] = [
        ("count", Self::Count),
        ("share", Self::Share),
        ("sum", Self::Sum),
        ("mean", Self::Mean),
        ("median", Self::Median),
        ("min", Self::Min),
        ("max", Self::Max),
    ];
}

impl Measure {
    /// Its formulas.
    pub fn formulas(&self) -> impl Iterator<Item = &String> {
        let by = self.by.iter().map(|grouping| &grouping.of);
        self.when.iter().chain(&self.of).chain(&self.out_of).chain(&self.day).chain(by)
    }
}

/// The states by the names that measures may use: the full path of each, and its last part where no other state has that.
pub fn named_states(states: &[State]) -> BTreeMap<String, StateId> {
    let last = |id: &StateId| id.as_str().rsplit('.').next().unwrap_or_default().to_owned();
    let mut named = BTreeMap::new();
    for state in states {
        let name = last(&state.id);
        if states.iter().filter(|other| last(&other.id) == name).count() == 1 {
            named.insert(name, state.id.clone());
        }
    }
    named.extend(states.iter().map(|state| (state.id.to_string(), state.id.clone())));
    named
}
