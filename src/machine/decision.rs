//! Decision tables: rows of conditions on inputs, each with what then holds. The inputs are formulas, worked out once each;
//! then the rows are gone through. Where the answer depends on an input that is empty there is none, and who asked is refused
//! as by a guard.

use serde::{Deserialize, Serialize};

use crate::exact::Exact;
use crate::ids::Text;

/// A decision table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// What officers call it.
    #[serde(default, skip_serializing_if = "Text::is_empty")]
    pub label: Text,
    /// Which of the rows count whose conditions hold.
    pub hit: Hit,
    /// The columns of conditions: their names, and what they look at, as CEL.
    pub inputs: Vec<(String, String)>,
    /// The rows, in their order.
    pub rows: Vec<DecisionRow>,
    /// What it gives, as CEL: its name, which stands for a word, or for a list of words where several rows count. In machines
    /// of before its rows are written out here.
    pub expr: String,
}

/// Which rows count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hit {
    /// Just one row holds, whatever the inputs are.
    Unique,
    /// The first that holds.
    First,
    /// All that hold.
    Collect,
}

/// A row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DecisionRow {
    /// Conditions by the place of their column; whatever is not named may be anything.
    pub when: Vec<(usize, Condition)>,
    /// What then holds: one word, several only where several rows count.
    pub then: Vec<String>,
}

/// A condition on one input.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// A number between these ends; each with whether it belongs to them.
    Numbers {
        /// The lower end.
        from: Option<(Exact, bool)>,
        /// The upper end.
        to: Option<(Exact, bool)>,
    },
    /// One of these words.
    Words(Vec<String>),
    /// True or false.
    Truth(bool),
}

/// A value of an input, for trying a table out.
#[derive(Clone, Debug, PartialEq)]
pub enum Sample {
    /// A number.
    Number(Exact),
    /// A word; none for any that no row names.
    Word(Option<String>),
    /// True or false.
    Truth(bool),
}

impl Condition {
    /// Whether it holds of a value.
    pub fn holds(&self, sample: &Sample) -> bool {
        match (self, sample) {
            (Self::Numbers { from, to }, Sample::Number(number)) => {
                from.is_none_or(|(end, closed)| end < *number || closed && end == *number)
                    && to.is_none_or(|(end, closed)| *number < end || closed && end == *number)
            }
            (Self::Words(words), Sample::Word(Some(word))) => words.contains(word),
            (Self::Truth(truth), Sample::Truth(value)) => truth == value,
            _ => false,
        }
    }
}

impl DecisionRow {
    /// Whether all its conditions hold of these values, one for each input.
    pub fn holds(&self, samples: &[Sample]) -> bool {
        self.when.iter().all(|(input, condition)| samples.get(*input).is_some_and(|sample| condition.holds(sample)))
    }

    /// The same where some values are not known: the input on which it depends, if it does.
    fn holds_of(&self, samples: &[Option<Sample>]) -> Result<bool, usize> {
        let mut unknown = None;
        for (input, condition) in &self.when {
            match samples.get(*input).and_then(Option::as_ref) {
                Some(sample) if !condition.holds(sample) => return Ok(false),
                Some(_) => {}
                None => unknown = unknown.or(Some(*input)),
            }
        }
        unknown.map_or(Ok(true), Err)
    }
}

/// Why a table gives nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Undecided {
    /// It depends on this input, which is not known.
    Input(usize),
    /// No row holds.
    NoRow,
}

impl Decision {
    /// What it gives for these values, one for each input; none where one is not known. One word, or several of `collect`.
    ///
    /// # Errors
    /// It depends on a value that is not known, or no row holds though one has to.
    pub fn gives_for(&self, samples: &[Option<Sample>]) -> Result<Vec<&str>, Undecided> {
        let (mut words, mut unknown): (Vec<&str>, _) = (Vec::new(), None);
        for row in &self.rows {
            match (row.holds_of(samples), self.hit) {
                (Ok(false), _) => {}
                (Ok(true), Hit::First) if unknown.is_some() => break,
                (Ok(true), Hit::First | Hit::Unique) => return Ok(row.then.iter().map(String::as_str).collect()),
                (Ok(true), Hit::Collect) => words.extend(row.then.iter().map(String::as_str)),
                (Err(input), _) => unknown = unknown.or(Some(input)),
            }
        }
        match (unknown, self.hit) {
            (Some(input), _) => Err(Undecided::Input(input)),
            (None, Hit::Collect) => Ok(words),
            (None, Hit::First | Hit::Unique) => Err(Undecided::NoRow),
        }
    }

    /// Every word that it may give, each once, in the order of the rows.
    pub fn outcomes(&self) -> Vec<&str> {
        let mut found: Vec<&str> = Vec::new();
        for word in self.rows.iter().flat_map(|row| &row.then) {
            if !found.contains(&word.as_str()) {
                found.push(word);
            }
        }
        found
    }

    /// That it gives a word, as CEL.
    pub fn gives(&self, word: &str) -> String {
        match self.hit {
            Hit::Collect => format!("{} in {}", quoted(word), self.expr),
            Hit::Unique | Hit::First => format!("{} == {}", self.expr, quoted(word)),
        }
    }
}

fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\\', "\\\\").replace('\'', "\\'"))
}
