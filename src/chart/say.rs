//! The words of diagrams that no workflow says: one TOML file for each language.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::calendar::{Delay, DelayUnit};
use crate::words;

/// The phrases of one language.
#[derive(Debug)]
pub struct Phrases(BTreeMap<String, String>);

static VI: LazyLock<Phrases> = LazyLock::new(|| read(include_str!("texts/vi.toml")));
static EN: LazyLock<Phrases> = LazyLock::new(|| read(include_str!("texts/en.toml")));

fn read(file: &str) -> Phrases {
    Phrases(toml::from_str(file).expect("the phrases of every language are read by a test"))
}

impl Phrases {
    /// The phrases of a language by its code; Vietnamese for those that we do not have.
    pub fn of(language: &str) -> &'static Self {
        match language.split(['-', '_']).next() {
            Some("en") => &EN,
            _ => &VI,
        }
    }

    /// The phrase under a key, if there is one.
    pub(super) fn find(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    /// The phrase under a key; a key that is missing shows itself, and a test.
    pub(super) fn get<'a>(&'a self, key: &'a str) -> &'a str {
        self.find(key).unwrap_or(key)
    }

    /// A phrase with a number in it.
    pub(super) fn counted(&self, key: &str, n: i64) -> String {
        let single = (n == 1).then(|| self.find(&format!("{key}_1"))).flatten();
        words::fill(single.unwrap_or_else(|| self.get(key)), &[("n", &n.to_string())])
    }

    /// A span of time: `10 ngày làm việc`.
    pub fn delay(&self, delay: Delay) -> String {
        let key = match delay.unit {
            DelayUnit::WorkingDays => "wd",
            DelayUnit::Days => "d",
            DelayUnit::Hours => "h",
            DelayUnit::Minutes => "min",
        };
        self.counted(key, delay.count.into())
    }

    /// `sau 10 ngày làm việc`.
    pub(super) fn after(&self, delay: Delay) -> String {
        words::fill(self.get("after"), &[("delay", &self.delay(delay))])
    }
}

#[cfg(test)]
mod tests {
    use super::Phrases;

    #[test]
    fn both_languages_have_the_same_phrases() {
        let keys = |language| {
            let keys = Phrases::of(language).0.keys().filter(|key| !key.ends_with("_1"));
            keys.cloned().collect::<Vec<_>>()
        };
        assert_eq!(keys("vi"), keys("en"));
    }
}
