//! Registers: books of facts that outlive dossiers.

use serde::{Deserialize, Serialize};

use crate::ids::Text;

/// A register. Workflows that name one alike write into the same.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RegisterBook {
    /// What officers call it.
    pub label: Text,
    /// What no two entries have together; empty: entries may repeat.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unique: Vec<EntryPart>,
    /// What people are told about a second entry; empty: the program's own words. `{other}` is where the first one comes from.
    #[serde(default, skip_serializing_if = "Text::is_empty")]
    pub refuse: Text,
}

/// A part of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryPart {
    /// Whose it is.
    Holder,
    /// What it is.
    Key,
    /// The year it counts for.
    Year,
}

impl RegisterBook {
    /// What an entry has that no other has, as one text; none where entries may repeat.
    pub fn once(&self, holder: &str, key: &str, year: i32) -> Option<String> {
        let part = |part: &EntryPart| match part {
            EntryPart::Holder => holder.to_owned(),
            EntryPart::Key => key.to_owned(),
            EntryPart::Year => year.to_string(),
        };
        (!self.unique.is_empty()).then(|| self.unique.iter().map(part).collect::<Vec<_>>().join(" "))
    }
}
