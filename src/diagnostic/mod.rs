//! What we tell the author of a file: data here, words in the catalogue (`texts/`), renderers next door.
//!
//! # A fault of your own
//! 1. Its code, if it is a new one: a line in `code.rs`, and in `texts/en` and `texts/vi` a section `[E0203]` with `meaning`
//!    (one line) and `explain` (at length); in `tests/all/check` a file that fails and one put right.
//! 2. Its words, in both languages: a section `[E0203.variant]` with `says` (what is wrong, one line), `here` (what is at the
//!    place), `also` (a list: what is at further places), `note` (how it comes about) and `help` (the way out), with
//!    `{holes}` by name.
//! 3. Where it is found: `fault!(UNKNOWN_GUARD.variant, &name.span, name = &declared.name)`, with `.beside(&span)` for each
//!    further place and `.help(say!(..))` where the way out is found only there. A hole that is itself a phrase is
//!    `kind = say!(kind.field)`; phrases stand in `texts/*/shared.toml`.
//!
//! A test reads the sources: every use has its words in every language with just these holes, and nothing is left over.

pub mod code;
mod nearest;
pub mod render;
mod texts;
mod words;

pub use nearest::{did_you_mean, nearest};
pub use render::{Format, render_all, render_sarif};
pub use texts::LANGUAGES;
pub use words::{Hole, Part, Value, Words};

use crate::source::Span;

/// The words of a fault without its place: `said!(FORMULA.unknown, name)`. A hole is filled with the variable of its name, or
/// with what is written behind it.
macro_rules! said {
    ($code:ident.$variant:ident $(, $hole:ident $(= $value:expr)?)* $(,)?) => {
        $crate::diagnostic::Words::new(
            $crate::diagnostic::code::$code,
            stringify!($variant),
            vec![$((stringify!($hole), $crate::diagnostic::filled!($hole $(= $value)?))),*],
        )
    };
}

/// A phrase that goes into others: `say!(kind.field)`.
macro_rules! say {
    ($section:ident.$name:ident $(, $hole:ident $(= $value:expr)?)* $(,)?) => {
        $crate::diagnostic::Words::new(
            stringify!($section),
            stringify!($name),
            vec![$((stringify!($hole), $crate::diagnostic::filled!($hole $(= $value)?))),*],
        )
    };
}

/// A fault at its place: `fault!(UNKNOWN_GUARD.unknown, &name.span, name)`.
macro_rules! fault {
    ($code:ident.$variant:ident, $span:expr $(, $hole:ident $(= $value:expr)?)* $(,)?) => {
        $crate::diagnostic::Diagnostic::new(
            $crate::diagnostic::said!($code.$variant $(, $hole $(= $value)?)*),
            $span,
        )
    };
}

/// What goes into one hole.
macro_rules! filled {
    ($hole:ident = $value:expr) => {
        $crate::diagnostic::Hole::value(&$value)
    };
    ($hole:ident) => {
        $crate::diagnostic::Hole::value(&$hole)
    };
}

pub(crate) use {fault, filled, said, say};

/// One fault in an author's file, with its place and a way out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// The code: `E0101`.
    pub code: &'static str,
    /// How bad.
    pub severity: Severity,
    /// What is wrong, in one line.
    pub says: Words,
    /// Where; the first label is the place itself.
    pub labels: Vec<Label>,
    /// How it comes about, if more is to be said.
    pub note: Words,
    /// The way out.
    pub help: Words,
}

/// How bad a fault is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth a look.
    Warning,
    /// The file cannot be used.
    Error,
}

impl Severity {
    /// Its name, for programs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }

    /// Its name, for people.
    pub fn words(self) -> Words {
        match self {
            Self::Warning => say!(report.warning),
            Self::Error => say!(report.error),
        }
    }
}

/// A place, with a word on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// What is there.
    pub text: Words,
}

impl Diagnostic {
    /// The fault that these words tell, at its place.
    pub fn new(says: Words, span: impl Into<Span>) -> Self {
        let code = says.section();
        Self {
            code,
            severity: if code.starts_with('W') { Severity::Warning } else { Severity::Error },
            labels: vec![Label { span: span.into(), text: says.part(Part::Here) }],
            note: says.part(Part::Note),
            help: says.part(Part::Help),
            says,
        }
    }

    /// An error at a place, in plain words.
    pub fn error(code: &'static str, message: impl Into<String>, span: Span, label: impl Into<String>) -> Self {
        Self {
            code,
            severity: Severity::Error,
            says: Words::plain(message),
            labels: vec![Label { span, text: Words::plain(label) }],
            note: Words::from(""),
            help: Words::from(""),
        }
    }

    /// Something worth a look at a place, in plain words.
    pub fn warning(code: &'static str, message: impl Into<String>, span: Span, label: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, message, span, label) }
    }

    /// Whether it makes the file unusable.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// What is wrong, in a language.
    pub fn message(&self, language: &str) -> String {
        self.says.text(language)
    }

    /// With other words on the place itself.
    #[must_use]
    pub fn here(mut self, text: Words) -> Self {
        if let Some(first) = self.labels.first_mut() {
            first.text = text;
        }
        self
    }

    /// With another way out than the catalogue's.
    #[must_use]
    pub fn help(mut self, help: impl Into<Words>) -> Self {
        self.help = help.into();
        self
    }

    /// With another place, about which the catalogue says `also`.
    #[must_use]
    pub fn beside(mut self, span: impl Into<Span>) -> Self {
        let text = self.says.part(Part::Also(self.labels.len() - 1));
        self.labels.push(Label { span: span.into(), text });
        self
    }

    /// With another place, in plain words.
    #[must_use]
    pub fn also(mut self, span: Span, text: impl Into<Words>) -> Self {
        self.labels.push(Label { span, text: text.into() });
        self
    }
}
