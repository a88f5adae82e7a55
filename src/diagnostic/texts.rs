//! The catalogue: what is said to authors, once per language, in `texts/<language>/*.toml`. A third language is one more
//! folder.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

/// The languages of the catalogue; the first is taken for any that it does not have.
pub const LANGUAGES: [&str; 2] = ["en", "vi"];

/// The files of one language, in the order of the codes.
macro_rules! files {
    ($language:literal) => {
        [
            include_str!(concat!("texts/", $language, "/shared.toml")),
            include_str!(concat!("texts/", $language, "/writing.toml")),
            include_str!(concat!("texts/", $language, "/names.toml")),
            include_str!(concat!("texts/", $language, "/formulas.toml")),
            include_str!(concat!("texts/", $language, "/course.toml")),
            include_str!(concat!("texts/", $language, "/files.toml")),
            include_str!(concat!("texts/", $language, "/warnings.toml")),
            include_str!(concat!("texts/", $language, "/commands.toml")),
        ]
    };
}

static ALL: LazyLock<[Texts; 2]> = LazyLock::new(|| [Texts::read(&files!("en")), Texts::read(&files!("vi"))]);

/// Everything said in one language: sections (a code, or a group of phrases) and what stands in them by name.
#[derive(Debug)]
pub(super) struct Texts {
    sections: BTreeMap<String, BTreeMap<String, Entry>>,
}

/// A phrase, or the words of one variant of a fault.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Entry {
    /// A phrase that goes into others.
    Phrase(String),
    /// A fault.
    Fault(Fault),
}

/// The words of one variant of a fault.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Fault {
    /// What is wrong: one line, no full stop.
    pub(super) says: String,
    /// What is at the place.
    #[serde(default)]
    pub(super) here: String,
    /// What is at further places, in their order.
    #[serde(default)]
    pub(super) also: Vec<String>,
    /// How it comes about: the way to it, the numbers behind it.
    pub(super) note: Option<String>,
    /// The way out.
    pub(super) help: Option<String>,
}

impl Texts {
    fn read(files: &[&str]) -> Self {
        let mut sections: BTreeMap<String, BTreeMap<String, Entry>> = BTreeMap::new();
        for file in files {
            let read: BTreeMap<String, BTreeMap<String, Entry>> =
                toml::from_str(file).expect("the catalogues are read by a test");
            // What several files say of one thing stands together.
            for (section, entries) in read {
                sections.entry(section).or_default().extend(entries);
            }
        }
        Self { sections }
    }

    /// The catalogue of a language.
    pub(super) fn of(language: &str) -> &'static Self {
        let at = LANGUAGES.iter().position(|known| *known == language).unwrap_or(0);
        &ALL[at]
    }

    pub(super) fn entry(&self, section: &str, name: &str) -> Option<&Entry> {
        self.sections.get(section)?.get(name)
    }

    /// A phrase as it stands; one that is missing is empty, and a test finds it.
    pub(super) fn phrase(&self, section: &str, name: &str) -> &str {
        match self.entry(section, name) {
            Some(Entry::Phrase(phrase)) => phrase,
            Some(Entry::Fault(_)) | None => "",
        }
    }

    /// Every text with the path to it: `E0203.unknown.help`.
    #[cfg(test)]
    fn texts(&self) -> Vec<(String, &str)> {
        let mut all = Vec::new();
        for (section, entries) in &self.sections {
            for (name, entry) in entries {
                let path = format!("{section}.{name}");
                match entry {
                    Entry::Phrase(phrase) => all.push((path, phrase.as_str())),
                    Entry::Fault(fault) => {
                        all.extend([
                            (format!("{path}.says"), fault.says.as_str()),
                            (format!("{path}.here"), &fault.here),
                        ]);
                        all.extend(
                            fault
                                .also
                                .iter()
                                .enumerate()
                                .map(|(at, also)| (format!("{path}.also.{at}"), also.as_str())),
                        );
                        all.extend(fault.note.iter().map(|note| (format!("{path}.note"), note.as_str())));
                        all.extend(fault.help.iter().map(|help| (format!("{path}.help"), help.as_str())));
                    }
                }
            }
        }
        all
    }
}

/// The holes of a text, in order.
#[cfg(test)]
pub(super) fn holes(text: &str) -> std::collections::BTreeSet<&str> {
    let inside = text.split('{').skip(1).filter_map(|rest| Some(rest.split_once('}')?.0));
    inside.filter(|name| !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')).collect()
}

#[cfg(test)]
mod tests {
    use super::{LANGUAGES, Texts, holes};

    #[test]
    fn every_language_says_the_same_things_with_the_same_holes() {
        let first = Texts::of(LANGUAGES[0]).texts();
        for language in &LANGUAGES[1..] {
            let other = Texts::of(language).texts();
            let paths = |texts: &[(String, &str)]| texts.iter().map(|(path, _)| path.clone()).collect::<Vec<_>>();
            assert_eq!(paths(&first), paths(&other), "{language}");
            for ((path, one), (_, two)) in first.iter().zip(&other) {
                assert_eq!(holes(one), holes(two), "{path} in {language}");
                assert_eq!(one.is_empty(), two.is_empty(), "{path} in {language}");
            }
        }
    }

    #[test]
    fn what_is_said_is_one_line_without_a_full_stop() {
        for language in LANGUAGES {
            for (path, text) in Texts::of(language).texts() {
                let line = !["meaning", "explain"].iter().any(|long| path.split('.').any(|part| part == *long));
                assert!(!line || !text.contains('\n'), "{path} in {language}");
                let says = path.rsplit('.').next() == Some("says");
                assert!(!says || !text.ends_with('.'), "{path} in {language}");
            }
        }
    }
}
