//! The catalogue of what mails say: one TOML file for each language, keys `section.name`, complete in all (tested).

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::words::{Words, fill};

/// A phrase, or one for a single thing and one for several.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(untagged)]
enum Phrase {
    One(String),
    Counted { one: String, other: String },
}

/// The phrases of one language.
#[derive(Debug)]
pub(super) struct Texts {
    /// Its code, for the `lang` of the HTML.
    pub(super) code: &'static str,
    /// Dates and numbers.
    pub(super) words: &'static Words,
    phrases: BTreeMap<String, BTreeMap<String, Phrase>>,
}

static VI: LazyLock<Texts> = LazyLock::new(|| Texts::read("vi", include_str!("texts/vi.toml")));
static EN: LazyLock<Texts> = LazyLock::new(|| Texts::read("en", include_str!("texts/en.toml")));

impl Texts {
    fn read(code: &'static str, file: &str) -> Self {
        let phrases = toml::from_str(file).expect("the texts of every language are read by a test");
        Self { code, words: Words::of(code), phrases }
    }

    /// The texts of a language by its code; Vietnamese for those that we do not have.
    pub(super) fn of(language: &str) -> &'static Self {
        match language.split(['-', '_']).next() {
            Some("en") => &EN,
            _ => &VI,
        }
    }

    /// A phrase with its values.
    pub(super) fn say(&self, key: &str, values: &[(&str, &str)]) -> String {
        match self.phrase(key) {
            Some(Phrase::One(phrase) | Phrase::Counted { other: phrase, .. }) => fill(phrase, values),
            // A test says every key; a gap shows its name instead of ending the courier.
            None => key.to_owned(),
        }
    }

    /// A phrase about `n` things; its `{n}` is filled in.
    pub(super) fn count(&self, key: &str, n: usize, values: &[(&str, &str)]) -> String {
        let shown = self.words.number(i64::try_from(n).unwrap_or(i64::MAX));
        let mut all = vec![("n", shown.as_str())];
        all.extend_from_slice(values);
        match self.phrase(key) {
            Some(Phrase::Counted { one, .. }) if n == 1 => fill(one, &all),
            _ => self.say(key, &all),
        }
    }

    /// How a form of address of the directory is said in this language, where it is said otherwise.
    pub(super) fn form(&self, address: &str) -> Option<&str> {
        match self.phrases.get("form")?.get(address)? {
            Phrase::One(phrase) | Phrase::Counted { other: phrase, .. } => Some(phrase),
        }
    }

    /// Whether forms of address stand in the directory in this very language.
    pub(super) fn addresses_as_written(&self) -> bool {
        !self.phrases.contains_key("form")
    }

    fn phrase(&self, key: &str) -> Option<&Phrase> {
        let (section, name) = key.split_once('.')?;
        self.phrases.get(section)?.get(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(texts: &Texts) -> Vec<String> {
        let all = texts.phrases.iter().filter(|(section, _)| *section != "form");
        all.flat_map(|(section, names)| names.keys().map(move |name| format!("{section}.{name}"))).collect()
    }

    fn places(texts: &Texts, key: &str) -> Vec<String> {
        let phrase = match texts.phrase(key) {
            Some(Phrase::One(phrase) | Phrase::Counted { other: phrase, .. }) => phrase.clone(),
            None => String::new(),
        };
        let mut places: Vec<String> =
            phrase.split('{').skip(1).filter_map(|rest| Some(rest.split_once('}')?.0.to_owned())).collect();
        // English says "you" where Vietnamese says the form of address.
        places.retain(|place| !place.eq_ignore_ascii_case("you"));
        places.sort();
        places
    }

    #[test]
    fn both_languages_say_everything_with_the_same_values() {
        assert_eq!(keys(&VI), keys(&EN));
        for key in keys(&VI) {
            assert_eq!(places(&VI, &key), places(&EN, &key), "{key}");
        }
    }

    #[test]
    fn counts_take_their_own_phrase() {
        assert_eq!(Texts::of("en").count("subject.overdue", 1, &[]), "1 matter is overdue");
        assert_eq!(Texts::of("vi").count("subject.overdue", 1200, &[]), "1.200 việc quá hạn chưa ai làm");
    }
}
