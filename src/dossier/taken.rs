//! What a decision rests on outside its own dossier: keys that are given once in the whole office (a number of its kind and year),
//! and what was said of people before.
//!
//! A decision takes keys on what it knows of them, and says so in its events; what it would compare with, it says beside them. Whoever
//! carries it out looks up what the decision did not know, and has it decided again with that: so `decide` never waits for a database,
//! and a command that asks for nothing costs nothing. Between looking and writing only a unique key in the database decides.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization as _;

use super::Dossier;
use super::decide::Decision;
use super::event::Change;
use crate::ids::{DossierId, FieldName, Instant};

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
    /// What was said before.
    said: BTreeMap<SaidBefore, Vec<SaidSince>>,
}

/// A question for what was said of people before: a text of the dossiers that wrote into a register about them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SaidBefore {
    /// The register.
    pub register: String,
    /// The people, by their ids.
    pub holders: BTreeSet<String>,
    /// The field of those dossiers that holds the text.
    pub text: FieldName,
    /// A field that those dossiers have, and its value there.
    pub within: (FieldName, String),
    /// Only dossiers that were opened before this one.
    pub until: (Instant, DossierId),
}

/// What was said of somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SaidSince {
    /// Of whom.
    pub holder: String,
    /// The year that the register counts it for.
    pub year: i32,
    /// What.
    pub text: String,
}

/// What a decision rests on and did not know.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unknown {
    /// The last number of a space.
    Last(String),
    /// Who has a key.
    Holder(Key),
    /// What was said before.
    Said(SaidBefore),
}

impl Taken {
    /// Nothing, for those who only look.
    pub const NOTHING: &'static Self =
        &Self { lasts: BTreeMap::new(), holders: BTreeMap::new(), said: BTreeMap::new() };

    /// The last number that a counter has given, as far as it is known.
    pub fn last(&self, space: &str) -> Option<i64> {
        self.lasts.get(space).copied().flatten()
    }

    /// Who has a key, as far as it is known.
    pub fn holder(&self, key: &Key) -> Option<&Holder> {
        self.holders.get(key)?.as_ref()
    }

    /// What was said before, as far as it is known.
    pub fn said(&self, asked: &SaidBefore) -> Option<&[SaidSince]> {
        self.said.get(asked).map(Vec::as_slice)
    }

    /// What a decision rests on and this does not know.
    pub fn unknown(&self, decision: &Decision) -> BTreeSet<Unknown> {
        let changes = decision.events.iter().flat_map(|event| &event.changes);
        let asked = changes.filter_map(|change| match change {
            Change::Took { key, seq: Some(_), .. } if !self.lasts.contains_key(&key.space) => {
                Some(Unknown::Last(key.space.clone()))
            }
            Change::Took { key, seq: None, .. } if !self.holders.contains_key(key) => {
                Some(Unknown::Holder(key.clone()))
            }
            _ => None,
        });
        let said = decision.said_before.iter().filter(|asked| !self.said.contains_key(*asked));
        asked.chain(said.cloned().map(Unknown::Said)).collect()
    }

    /// Learns the last number of a space.
    pub fn learn_last(&mut self, space: String, last: Option<i64>) {
        self.lasts.insert(space, last);
    }

    /// Learns what was said before.
    pub fn learn_said(&mut self, asked: SaidBefore, said: Vec<SaidSince>) {
        self.said.insert(asked, said);
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

impl SaidBefore {
    /// What a dossier that wrote into the register says; none if it is not one that is asked for.
    pub fn of<'d>(&self, dossier: &'d Dossier) -> Option<&'d str> {
        let value = |name: &FieldName| dossier.fields.get(name)?.as_str();
        let (within, wanted) = &self.within;
        // Of two that were opened in the same moment one is the earlier, always the same.
        let earlier = (dossier.opened_at, &dossier.id) < (self.until.0, &self.until.1);
        value(&self.text).filter(|_| earlier && value(within) == Some(wanted.as_str()))
    }
}

/// Whether a decision takes keys, gives some up, or rests on what was said elsewhere.
pub fn rests_elsewhere(decision: &Decision) -> bool {
    let mut changes = decision.events.iter().flat_map(|event| &event.changes);
    !decision.said_before.is_empty() || changes.any(|change| matches!(change, Change::Took { .. } | Change::GaveUp(_)))
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
