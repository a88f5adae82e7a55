//! What the pages say, in every language that they speak: `texts/<language>.toml`, keys alike in all of them.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use crate::ids::Language;
use crate::words;

const FILES: [(&str, &str); 2] = [("vi", include_str!("texts/vi.toml")), ("en", include_str!("texts/en.toml"))];

/// The texts of one language.
#[derive(Debug)]
pub struct Texts {
    code: &'static str,
    texts: BTreeMap<String, String>,
}

/// The languages, Vietnamese first; it is also what is shown for a language that there is none of.
pub fn all() -> &'static [Texts] {
    static ALL: OnceLock<Vec<Texts>> = OnceLock::new();
    ALL.get_or_init(|| FILES.iter().map(|(code, file)| Texts::read(code, file)).collect())
}

/// The texts of a language, or the first ones.
pub fn texts(language: &str) -> &'static Texts {
    all().iter().find(|texts| texts.code == language).unwrap_or(&all()[0])
}

impl Texts {
    fn read(code: &'static str, file: &str) -> Self {
        let table: toml::Table = file.parse().expect("the catalogues are read by a test");
        let mut texts = BTreeMap::new();
        for (section, entries) in table {
            for (key, text) in entries.as_table().into_iter().flatten() {
                texts.insert(format!("{section}.{key}"), text.as_str().unwrap_or_default().to_owned());
            }
        }
        Self { code, texts }
    }

    /// The language's code.
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// The language.
    pub fn language(&self) -> Language {
        Language::new(self.code)
    }

    /// The keys, in order.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.texts.keys().map(String::as_str)
    }

    /// The text under a key, if there is one.
    pub fn find(&self, key: &str) -> Option<&str> {
        self.texts.get(key).map(String::as_str)
    }

    /// The text under a key; a key that is missing shows itself, and a test.
    pub fn get<'a>(&'a self, key: &'a str) -> &'a str {
        self.find(key).unwrap_or(key)
    }

    /// The text under a key with its `{holes}` filled; what goes in is never looked through again. Where there is a text
    /// for one of a thing (`key_1`) and `n` is 1, that one.
    pub fn fill(&self, key: &str, holes: &[(&str, &str)]) -> String {
        let single = holes.contains(&("n", "1"));
        let text = single.then(|| self.find(&format!("{key}_1"))).flatten().unwrap_or_else(|| self.get(key));
        words::fill(text, holes)
    }
}
