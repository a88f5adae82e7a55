//! Something to say, in whatever language its reader has.

use super::say;
use super::texts::{Entry, LANGUAGES, Texts};
use crate::source::Spanned;
use crate::words::fill;

/// Words of the catalogue with what goes into their holes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words(Box<Kind>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Said {
        /// A code, or a group of phrases.
        section: &'static str,
        /// A variant of the code's fault, or a phrase.
        name: &'static str,
        part: Part,
        holes: Vec<(&'static str, Value)>,
    },
    /// The same in every language.
    Plain(String),
}

/// Which words of a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// What is wrong; of a phrase, the phrase.
    Says,
    /// What is at its place.
    Here,
    /// What is at a further place, from 0.
    Also(usize),
    /// How it comes about.
    Note,
    /// The way out.
    Help,
}

/// What goes into a hole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// The same in every language: a name, a number, what is written in the file.
    Text(String),
    /// Said in the reader's language.
    Words(Words),
}

impl Words {
    /// Words of the catalogue. `fault!`, `said!` and `say!` write this.
    pub fn new(section: &'static str, name: &'static str, holes: Vec<(&'static str, Value)>) -> Self {
        Self(Box::new(Kind::Said { section, name, part: Part::Says, holes }))
    }

    /// Words that are the same in every language.
    pub fn plain(text: impl Into<String>) -> Self {
        Self(Box::new(Kind::Plain(text.into())))
    }

    /// Other words of the same fault.
    pub(super) fn part(&self, part: Part) -> Self {
        match &*self.0 {
            Kind::Said { section, name, holes, .. } => {
                Self(Box::new(Kind::Said { section, name, part, holes: holes.clone() }))
            }
            Kind::Plain(_) => Self::plain(""),
        }
    }

    /// What is wrong, and the way out where the catalogue has one.
    #[must_use]
    pub fn with_help(self) -> Self {
        let help = self.part(Part::Help);
        if help.find(LANGUAGES[0]).is_none() { self } else { say!(report.with_help, says = self, help) }
    }

    /// The code, for the words of a fault.
    pub fn section(&self) -> &'static str {
        match &*self.0 {
            Kind::Said { section, .. } => section,
            Kind::Plain(_) => "",
        }
    }

    /// The variant of the fault, or the name of the phrase.
    pub fn name(&self) -> &'static str {
        match &*self.0 {
            Kind::Said { name, .. } => name,
            Kind::Plain(_) => "",
        }
    }

    /// In a language; none if the fault has no such words.
    pub fn find(&self, language: &str) -> Option<String> {
        let (section, name, part, holes) = match &*self.0 {
            Kind::Plain(text) => return (!text.is_empty()).then(|| text.clone()),
            Kind::Said { section, name, part, holes } => (*section, *name, *part, holes),
        };
        let phrase = match (Texts::of(language).entry(section, name), part) {
            (Some(Entry::Phrase(phrase)), _) => phrase,
            (Some(Entry::Fault(fault)), Part::Says) => &fault.says,
            (Some(Entry::Fault(fault)), Part::Here) => &fault.here,
            (Some(Entry::Fault(fault)), Part::Also(at)) => fault.also.get(at)?,
            (Some(Entry::Fault(fault)), Part::Note) => fault.note.as_ref()?,
            (Some(Entry::Fault(fault)), Part::Help) => fault.help.as_ref()?,
            // A test reads every use in the sources; a gap shows its name.
            (None, Part::Says) => return Some(format!("{section}.{name}")),
            (None, _) => return None,
        };
        let holes: Vec<(&str, String)> = holes.iter().map(|(hole, value)| (*hole, value.text(language))).collect();
        let holes: Vec<(&str, &str)> = holes.iter().map(|(hole, text)| (*hole, text.as_str())).collect();
        Some(fill(phrase, &holes))
    }

    /// In a language; empty if the fault has no such words.
    pub fn text(&self, language: &str) -> String {
        self.find(language).unwrap_or_default()
    }
}

impl Value {
    fn text(&self, language: &str) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Words(words) => words.text(language),
        }
    }
}

impl From<&str> for Words {
    fn from(text: &str) -> Self {
        Self::plain(text)
    }
}

impl From<String> for Words {
    fn from(text: String) -> Self {
        Self::plain(text)
    }
}

/// What can go into a hole.
pub trait Hole {
    /// As it goes in.
    fn value(&self) -> Value;
}

impl<T: Hole + ?Sized> Hole for &T {
    fn value(&self) -> Value {
        (**self).value()
    }
}

impl Hole for Words {
    fn value(&self) -> Value {
        Value::Words(self.clone())
    }
}

impl Hole for Spanned<String> {
    fn value(&self) -> Value {
        Value::Text(self.value.clone())
    }
}

macro_rules! holes_of_text {
    ($($kind:ty)*) => {
        $(impl Hole for $kind {
            fn value(&self) -> Value {
                Value::Text(self.to_string())
            }
        })*
    };
}

holes_of_text!(str String char usize u16 u32 u64 i16 i32 i64);
