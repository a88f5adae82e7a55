//! A catalogue of phrases in one language: keys and texts, read from a TOML file beside whoever says them.

use std::collections::BTreeMap;

use super::fill;

/// The phrases of one language.
#[derive(Debug)]
pub struct Phrases(BTreeMap<String, String>);

impl Phrases {
    /// Reads a catalogue: `key = "text"`; `key_1` is for one of a thing.
    pub fn read(file: &str) -> Self {
        Self(toml::from_str(file).expect("the phrases of every language are read by a test"))
    }

    /// The phrase under a key, if there is one.
    pub fn find(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    /// The phrase under a key; a key that is missing shows itself, and a test.
    pub fn get<'a>(&'a self, key: &'a str) -> &'a str {
        self.find(key).unwrap_or(key)
    }

    /// A phrase with its values.
    pub fn say(&self, key: &str, values: &[(&str, &str)]) -> String {
        fill(self.get(key), values)
    }

    /// A phrase with a number in it, `{n}`.
    pub fn counted(&self, key: &str, n: i64) -> String {
        let single = (n == 1).then(|| self.find(&format!("{key}_1"))).flatten();
        fill(single.unwrap_or_else(|| self.get(key)), &[("n", &n.to_string())])
    }

    /// The keys, but for those of one of a thing.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str).filter(|key| !key.ends_with("_1"))
    }
}
