//! Decision tables.

use super::{Keys, Name};
use crate::exact::Exact;
use crate::ids::Text;
use crate::source::{Span, Spanned};

/// A decision table.
#[derive(Clone, Debug)]
pub struct Decision {
    /// Its name.
    pub name: Name,
    /// What officers call it.
    pub label: Text,
    /// `unique`, `first` or `collect`.
    pub hit: Option<Name>,
    /// The columns of conditions, and the formulas that they look at.
    pub inputs: Vec<(Name, Option<Name>)>,
    /// The rows.
    pub rows: Vec<DecisionRow>,
    /// The file in which the rows stand.
    pub file: Option<Name>,
    /// The guards that it gives, one for each outcome.
    pub guards: Vec<Name>,
    /// The keys written.
    pub keys: Keys,
}

/// A row of a decision table.
#[derive(Clone, Debug)]
pub struct DecisionRow {
    /// Its place.
    pub span: Span,
    /// Conditions, by the names of their columns.
    pub when: Vec<(Name, Spanned<Cell>)>,
    /// What then holds.
    pub then: Vec<Name>,
}

/// A condition of a decision table.
#[derive(Clone, Debug)]
pub enum Cell {
    /// A number between these ends; each with whether it belongs to them.
    Numbers {
        /// The lower end.
        from: Option<(Exact, bool)>,
        /// The upper end.
        to: Option<(Exact, bool)>,
    },
    /// One of these words.
    Words(Vec<Name>),
    /// True or false.
    Truth(bool),
}

impl Decision {
    /// Every word that it may give, each where it stands first.
    pub fn outcomes(&self) -> Vec<&Name> {
        let mut found: Vec<&Name> = Vec::new();
        for word in self.rows.iter().flat_map(|row| &row.then) {
            if found.iter().all(|known| known.value != word.value) {
                found.push(word);
            }
        }
        found
    }
}

/// The name of the guard that holds where a table gives a word.
pub fn guard_of(table: &str, outcome: &str) -> String {
    format!("{table}_is_{outcome}")
}
