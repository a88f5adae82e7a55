//! A node on its way into the model: where it stands, how it is read, and what is said when it is something else.

use super::lowering::Lowering;
use super::model::{Keys, Name, Template};
use crate::calendar::{Delay, DelayError};
use crate::diagnostic::{Diagnostic, Words, did_you_mean, fault, say};
use crate::exact::Exact;
use crate::ids::{Citation, Text};
use crate::source::{Span, Spanned};
use crate::yaml::Node;

#[cfg(test)]
thread_local! {
    /// The keys of every kind of mapping that was read, for the test that holds the table of keys against them.
    pub(super) static KNOWN: std::cell::RefCell<std::collections::BTreeMap<&'static str, std::collections::BTreeSet<&'static str>>> =
        std::cell::RefCell::default();
}

/// A value, where it stands, and the keys that lead to it.
#[derive(Clone)]
pub(super) struct Item<'a> {
    cx: &'a Lowering,
    node: &'a Node,
    span: &'a Span,
    path: Vec<String>,
}

/// A mapping with known keys.
pub(super) struct Map<'a> {
    item: Item<'a>,
    what: Words,
    entries: &'a [(Spanned<String>, Spanned<Node>)],
}

impl<'a> Item<'a> {
    /// The root of a file.
    pub(super) fn root(cx: &'a Lowering, node: &'a Spanned<Node>) -> Self {
        Self { cx, node: &node.value, span: &node.span, path: Vec::new() }
    }

    fn child(&self, key: &str, node: &'a Spanned<Node>) -> Self {
        let mut path = self.path.clone();
        path.push(key.to_owned());
        Self { cx: self.cx, node: &node.value, span: &node.span, path }
    }

    pub(super) fn span(&self) -> &Span {
        self.span
    }

    pub(super) fn node(&self) -> &'a Node {
        self.node
    }

    pub(super) fn report(&self, diagnostic: Diagnostic) {
        self.cx.report(diagnostic);
    }

    fn wrong_type(&self, expected: &Words) {
        let found = self.node.describe();
        let fault = match (expected.name(), self.node) {
            ("text", Node::Bool(_) | Node::Int(_) | Node::Decimal(_)) => {
                fault!(WRONG_TYPE.no_text, self.span, expected, found)
            }
            ("truth", _) => fault!(WRONG_TYPE.no_truth, self.span, expected, found),
            _ => fault!(WRONG_TYPE.other, self.span, expected, found),
        };
        self.report(fault);
    }

    /// The value of a key of a mapping, if both are there.
    pub(super) fn entry(&self, key: &str) -> Option<Item<'a>> {
        let Node::Map(entries) = self.node else { return None };
        let (_, value) = entries.iter().find(|(name, _)| name.value == key)?;
        Some(self.child(key, value))
    }

    /// A text that is not empty: a name, a phrase, a formula.
    pub(super) fn word(&self) -> Option<Name> {
        match self.node {
            Node::Text(text) if !text.trim().is_empty() => Some(Spanned::new(text.clone(), self.span.clone())),
            _ => {
                self.wrong_type(&say!(node.text));
                None
            }
        }
    }

    /// A formula; numbers and truth values are formulas too.
    pub(super) fn formula(&self) -> Option<Name> {
        match self.node {
            Node::Int(value) => Some(Spanned::new(value.to_string(), self.span.clone())),
            Node::Bool(value) => Some(Spanned::new(value.to_string(), self.span.clone())),
            _ => self.word(),
        }
    }

    /// A text for people, with its translations.
    pub(super) fn text(&self) -> Text {
        self.cx.is_text(&self.path);
        if let Node::Text(text) = self.node {
            return Text { own: text.clone(), other: self.cx.translations(&self.path) };
        }
        self.wrong_type(&say!(node.text));
        Text::default()
    }

    /// A text with holes, with its translations.
    pub(super) fn template(&self) -> Option<Template> {
        self.cx.is_text(&self.path);
        // Of mails and papers that is said text by text.
        self.cx.may_stay(&self.path);
        let own = self.word()?;
        Some(Template { own, other: self.cx.translated(&self.path) })
    }

    pub(super) fn boolean(&self) -> Option<bool> {
        if let Node::Bool(value) = self.node {
            return Some(*value);
        }
        self.wrong_type(&say!(node.truth));
        None
    }

    pub(super) fn integer(&self) -> Option<Spanned<i64>> {
        if let Node::Int(value) = self.node {
            return Some(Spanned::new(*value, self.span.clone()));
        }
        self.wrong_type(&say!(node.whole_number));
        None
    }

    /// A whole number or a decimal, exactly as written.
    pub(super) fn number(&self) -> Option<Spanned<Exact>> {
        let read = match self.node {
            Node::Int(value) => Some(Exact::from(*value)),
            Node::Decimal(text) => text.parse().ok(),
            _ => None,
        };
        if read.is_none() {
            self.wrong_type(&say!(node.number));
        }
        Some(Spanned::new(read?, self.span.clone()))
    }

    /// A span of time.
    pub(super) fn delay(&self) -> Option<Spanned<Delay>> {
        let word = self.word()?;
        match word.value.parse() {
            Ok(delay) => Some(Spanned::new(delay, word.span)),
            Err(why) => {
                self.report(no_delay(&word, why));
                None
            }
        }
    }

    /// A name, or a list of names.
    pub(super) fn words(&self) -> Vec<Name> {
        match self.node {
            Node::List(_) => self.items().iter().filter_map(Item::word).collect(),
            _ => self.word().into_iter().collect(),
        }
    }

    /// The elements of a list; a value that is none stands for a list of one.
    pub(super) fn items(&self) -> Vec<Item<'a>> {
        match self.node {
            Node::List(items) => items.iter().enumerate().map(|(at, item)| self.child(&at.to_string(), item)).collect(),
            _ => vec![self.clone()],
        }
    }

    /// A mapping from names that the author chose.
    pub(super) fn named(&self, what: impl Into<Words>) -> Vec<(Name, Item<'a>)> {
        let Node::Map(entries) = self.node else {
            self.wrong_type(&say!(node.mapping_of, what = what.into()));
            return Vec::new();
        };
        entries.iter().map(|(key, value)| (key.clone(), self.child(&key.value, value))).collect()
    }

    /// A mapping with these keys and no others.
    pub(super) fn map(&self, what: impl Into<Words>, known: &[&'static str]) -> Option<Map<'a>> {
        let what = what.into();
        #[cfg(test)]
        KNOWN.with_borrow_mut(|all| all.entry(what.name()).or_default().extend(known));
        let Node::Map(entries) = self.node else {
            self.wrong_type(&say!(node.mapping_that_is, what));
            return None;
        };
        for (key, value) in entries {
            if !known.contains(&key.value.as_str()) {
                let help = match value.value {
                    Node::Null => say!(near.comma),
                    _ => did_you_mean(&key.value, known.iter().copied(), say!(near.away)),
                };
                self.report(fault!(UNKNOWN_KEY.unknown, &key.span, key, what).help(help));
            }
        }
        Some(Map { item: self.clone(), what, entries })
    }
}

impl<'a> Map<'a> {
    /// The value of a key, if it was written.
    pub(super) fn get(&self, key: &str) -> Option<Item<'a>> {
        let (_, value) = self.entries.iter().find(|(name, _)| name.value == key)?;
        Some(self.item.child(key, value))
    }

    /// The value of a key that must be written; `place` is where it is missed.
    pub(super) fn need(&self, key: &str, place: &Span) -> Option<Item<'a>> {
        let found = self.get(key);
        if found.is_none() {
            self.item.report(fault!(MISSING_KEY.key, place, key, what = self.what));
        }
        found
    }

    pub(super) fn word(&self, key: &str) -> Option<Name> {
        self.get(key)?.word()
    }

    pub(super) fn words(&self, key: &str) -> Vec<Name> {
        self.get(key).map_or_else(Vec::new, |item| item.words())
    }

    pub(super) fn text(&self, key: &str) -> Text {
        self.get(key).map_or_else(Text::default, |item| item.text())
    }

    /// A legal text. The law of the workflow's own country may stay as it is written: no translation of it is missed.
    pub(super) fn citation(&self, key: &str) -> Option<Citation> {
        let item = self.get(key)?;
        let text = item.text();
        item.cx.may_stay(&item.path);
        Citation::new(text)
    }

    pub(super) fn flag(&self, key: &str) -> bool {
        self.get(key).and_then(|item| item.boolean()).unwrap_or(false)
    }

    /// The keys that were written.
    pub(super) fn keys(&self) -> Keys {
        self.entries.iter().map(|(key, _)| (key.value.clone(), key.span.clone())).collect()
    }
}

/// A text that is no span of time.
pub(super) fn no_delay(text: &Name, why: DelayError) -> Diagnostic {
    match why {
        DelayError::Unit => fault!(DELAY.unit, &text.span, text),
        DelayError::Count => fault!(DELAY.count, &text.span, text),
        DelayError::TooLong { max } => fault!(DELAY.too_long, &text.span, text, max),
    }
}
