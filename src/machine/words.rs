//! The words of a field that lets choose between its own, in their author's order.

use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::ser::SerializeMap as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::ids::Text;

/// Words with what officers call them. Stored as a mapping whose entries stand in their order; machines that were stored before
/// the order was kept have them in that of the characters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnWords(Vec<(String, Text)>);

impl OwnWords {
    /// What a word is called.
    pub fn get(&self, word: &str) -> Option<&Text> {
        self.entries().find(|(known, _)| *known == word).map(|(_, label)| label)
    }

    /// Whether it is one of them.
    pub fn contains_key(&self, word: &str) -> bool {
        self.get(word).is_some()
    }

    /// The words, in their order.
    pub fn keys(&self) -> impl Iterator<Item = &String> {
        self.0.iter().map(|(word, _)| word)
    }

    /// Each with what it is called, in their order.
    pub fn entries(&self) -> impl Iterator<Item = (&String, &Text)> {
        self.0.iter().map(|(word, label)| (word, label))
    }

    /// Without one of them.
    pub fn remove(&mut self, word: &str) {
        self.0.retain(|(known, _)| known != word);
    }
}

impl FromIterator<(String, Text)> for OwnWords {
    /// Of a word that is there twice the first counts.
    fn from_iter<I: IntoIterator<Item = (String, Text)>>(words: I) -> Self {
        let mut all = Self::default();
        for (word, label) in words {
            if !all.contains_key(&word) {
                all.0.push((word, label));
            }
        }
        all
    }
}

impl Serialize for OwnWords {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (word, label) in &self.0 {
            map.serialize_entry(word, label)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for OwnWords {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = OwnWords;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("words with what they are called")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<OwnWords, A::Error> {
                let mut words = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    words.push(entry);
                }
                Ok(words.into_iter().collect())
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}
