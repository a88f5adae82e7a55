//! How documents are numbered: by a counter of the office's own, or as another office numbered them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::ids::{FieldName, Text};

/// How documents of a kind are numbered. Workflows that name a numbering alike take from the same one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Numbering {
    /// What officers call its numbers.
    pub label: Text,
    /// How the next number of the counter is written, `{seq}/TTr-BTP`; none where numbers are entered by hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
    /// Every year has numbers of its own.
    pub yearly: bool,
    /// The first number, by year; under 0 that of every other year. 1 where nothing is said.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub start: BTreeMap<i32, i64>,
    /// Every value of this field has numbers of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<FieldName>,
    /// The day of a number that is entered by hand: its year counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dated: Option<FieldName>,
}

impl Numbering {
    /// The first number of a year's counter.
    pub fn first(&self, year: i32) -> i64 {
        self.start.get(&year).or_else(|| self.start.get(&0)).copied().unwrap_or(1)
    }

    /// A number as it is written.
    pub fn write(&self, seq: i64, year: i32, of: &str) -> String {
        let mut written = String::new();
        for piece in pieces(self.format.as_deref().unwrap_or("{seq}")) {
            let said = match piece {
                Piece::Text(text) => text.to_owned(),
                Piece::Hole("year") => year.to_string(),
                Piece::Hole("of") => of.to_owned(),
                Piece::Hole(hole) => {
                    let width = hole.strip_prefix("seq:").and_then(|width| width.parse().ok()).unwrap_or(0);
                    format!("{seq:0width$}")
                }
            };
            written.push_str(&said);
        }
        written
    }
}

/// A part of a format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece<'f> {
    /// As it stands.
    Text(&'f str),
    /// What stands between braces.
    Hole(&'f str),
}

/// The parts of a format, in order. A brace without its other half is text.
pub(super) fn pieces(format: &str) -> Vec<Piece<'_>> {
    let (mut found, mut rest) = (Vec::new(), format);
    while let Some((open, close)) = rest.find('{').and_then(|open| Some((open, open + rest[open..].find('}')?))) {
        if open > 0 {
            found.push(Piece::Text(&rest[..open]));
        }
        found.push(Piece::Hole(&rest[open + 1..close]));
        rest = &rest[close + 1..];
    }
    if !rest.is_empty() {
        found.push(Piece::Text(rest));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbering(format: &str) -> Numbering {
        let start = BTreeMap::from([(2026, 57)]);
        Numbering {
            label: Text::default(),
            format: Some(format.to_owned()),
            yearly: true,
            start,
            of: None,
            dated: None,
        }
    }

    #[test]
    fn a_number_is_written_as_its_format_says() {
        assert_eq!(numbering("{seq}/TTr-BTP").write(12, 2026, ""), "12/TTr-BTP");
        assert_eq!(numbering("{seq:3}/{year}/{of}").write(12, 2026, "CTC"), "012/2026/CTC");
        assert_eq!(numbering("a}{seq}{").write(1, 2026, ""), "a}1{");
    }

    #[test]
    fn a_counter_begins_where_the_office_stood_and_at_one_in_other_years() {
        assert_eq!(numbering("{seq}").first(2026), 57);
        assert_eq!(numbering("{seq}").first(2027), 1);
    }
}
