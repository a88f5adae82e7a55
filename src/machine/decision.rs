//! Decision tables: rows of conditions on inputs, each with what then holds. A table is read by officers and worked out as a
//! formula, so that it reckons exactly and refuses as guards do where an input is empty.

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
    /// The table as CEL: a word, or a list of words where several rows count.
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

    /// As CEL, of a formula.
    fn formula(&self, of: &str) -> String {
        match self {
            Self::Numbers { from: Some((from, true)), to: Some((to, true)) } if from == to => {
                format!("({of}) == {from}")
            }
            Self::Numbers { from, to } => {
                let from = from.map(|(end, closed)| format!("({of}) {} {end}", if closed { ">=" } else { ">" }));
                let to = to.map(|(end, closed)| format!("({of}) {} {end}", if closed { "<=" } else { "<" }));
                from.into_iter().chain(to).collect::<Vec<_>>().join(" && ")
            }
            Self::Words(words) => {
                let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
                format!("({of}) in [{}]", words.join(", "))
            }
            Self::Truth(truth) => format!("({of}) == {truth}"),
        }
    }
}

impl DecisionRow {
    /// Whether all its conditions hold of these values, one for each input.
    pub fn holds(&self, samples: &[Sample]) -> bool {
        self.when.iter().all(|(input, condition)| samples.get(*input).is_some_and(|sample| condition.holds(sample)))
    }
}

impl Decision {
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
            Hit::Collect => format!("{} in ({})", quoted(word), self.expr),
            Hit::Unique | Hit::First => format!("({}) == {}", self.expr, quoted(word)),
        }
    }

    /// The table as CEL: what every row that holds gives, and of that the first where only one counts.
    pub fn formula(&self) -> String {
        let condition = |row: &DecisionRow| {
            let all = row.when.iter().filter_map(|(input, one)| Some(one.formula(&self.inputs.get(*input)?.1)));
            let all = all.collect::<Vec<_>>().join(" && ");
            if all.is_empty() { "true".to_owned() } else { all }
        };
        let words = |row: &DecisionRow| row.then.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(", ");
        let rows: Vec<String> =
            self.rows.iter().map(|row| format!("(({}) ? [{}] : [])", condition(row), words(row))).collect();
        let all = sum(&rows);
        match self.hit {
            Hit::Collect => all,
            Hit::Unique | Hit::First => format!("({all})[0]"),
        }
    }
}

/// The lists one after the other, put together by halves: the language bounds how deep a formula nests.
fn sum(lists: &[String]) -> String {
    match lists {
        [] => "[]".to_owned(),
        [one] => one.clone(),
        _ => {
            let (one, two) = lists.split_at(lists.len() / 2);
            format!("({} + {})", sum(one), sum(two))
        }
    }
}

fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\\', "\\\\").replace('\'', "\\'"))
}
