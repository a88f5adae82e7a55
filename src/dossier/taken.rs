//! Keys that are given once in the whole office: a number of its kind and year.
//!
//! A decision takes keys on what it knows of them, and says so in its events. Whoever carries it out looks up what the decision
//! did not know, and has it decided again with that: so `decide` never waits for a database, and a command that takes no key
//! costs nothing. Between looking and writing only a unique key in the database decides.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization as _;

use super::event::{Change, Event};
use crate::ids::DossierId;

/// A key, in the space where it is given once.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Key {
    /// Where: `counter:letter:2026`.
    pub space: String,
    /// What: `12/TTR-BTP`.
    pub key: String,
}

/// Who has a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// The dossier; none for what was so before.
    pub dossier: Option<DossierId>,
    /// What officers call it: the dossier's caption, or where it was found; none where whoever asks may not see that dossier.
    pub name: Option<String>,
}

/// What is known of keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// The last number that a counter has given, by space; none if it has given none.
    lasts: BTreeMap<String, Option<i64>>,
    /// Who has a key; none if nobody has.
    holders: BTreeMap<Key, Option<Holder>>,
}

/// What a decision rests on and did not know.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unknown {
    /// The last number of a space.
    Last(String),
    /// Who has a key.
    Holder(Key),
}

impl Taken {
    /// Nothing, for those who only look.
    pub const NOTHING: &'static Self = &Self { lasts: BTreeMap::new(), holders: BTreeMap::new() };

    /// The last number that a counter has given, as far as it is known.
    pub fn last(&self, space: &str) -> Option<i64> {
        self.lasts.get(space).copied().flatten()
    }

    /// Who has a key, as far as it is known.
    pub fn holder(&self, key: &Key) -> Option<&Holder> {
        self.holders.get(key)?.as_ref()
    }

    /// What these events rest on and this does not know.
    pub fn unknown(&self, events: &[Event]) -> BTreeSet<Unknown> {
        let changes = events.iter().flat_map(|event| &event.changes);
        let asked = changes.filter_map(|change| match change {
            Change::Took { key, seq: Some(_), .. } if !self.lasts.contains_key(&key.space) => {
                Some(Unknown::Last(key.space.clone()))
            }
            Change::Took { key, seq: None, .. } if !self.holders.contains_key(key) => {
                Some(Unknown::Holder(key.clone()))
            }
            _ => None,
        });
        asked.collect()
    }

    /// Learns the last number of a space.
    pub fn learn_last(&mut self, space: String, last: Option<i64>) {
        self.lasts.insert(space, last);
    }

    /// Learns who has a key.
    pub fn learn_holder(&mut self, key: Key, holder: Option<Holder>) {
        self.holders.insert(key, holder);
    }
}

impl Key {
    /// The key of an entry in a register whose entries are unique.
    pub fn of_register(register: &str, once: String) -> Self {
        Self { space: format!("register:{register}"), key: once }
    }
}

/// Whether these events take keys or give some up.
pub fn takes_keys(events: &[Event]) -> bool {
    let mut changes = events.iter().flat_map(|event| &event.changes);
    changes.any(|change| matches!(change, Change::Took { .. } | Change::GaveUp(_)))
}

/// A number that somebody has written, so that the same number is the same text: no blanks, no zeros before it, capitals.
pub fn plain(number: &str) -> String {
    let plain: String = number.nfc().filter(|c| !c.is_whitespace()).flat_map(char::to_uppercase).collect();
    let short = plain.trim_start_matches('0');
    if short.starts_with(|c: char| c.is_ascii_digit()) { short.to_owned() } else { plain }
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn the_same_number_written_another_way_is_the_same() {
        assert_eq!(plain(" 012/qđ-btp "), plain("12 / QĐ-BTP"));
        assert_ne!(plain("12/QĐ-BTP"), plain("120/QĐ-BTP"));
        assert_eq!(plain("0"), "0");
        assert_eq!(plain("0/QĐ"), "0/QĐ");
    }
}
