//! A YAML file whose values are all texts, as they were written (`017`, `no`, `1.10`): calendars, directories, scenarios.

use super::{Limits, Scalars};
use crate::diagnostic::{Diagnostic, did_you_mean, fault, say};
use crate::source::{SourceFile, Span, Spanned};

/// A directory or a table of cases may be long.
const LIMITS: Limits = Limits { bytes: 32 * 1024 * 1024, nodes: 1_000_000 };

/// A node of the tree.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Node {
    Null,
    Text(String),
    List(Vec<Spanned<Node>>),
    Map(Vec<(Spanned<String>, Spanned<Node>)>),
}

/// Reads a file; none if it is no YAML. Duplicate keys are faults of their own, the first one counts.
pub(crate) fn read(file: &SourceFile, faults: &mut Vec<Diagnostic>) -> Option<Spanned<Node>> {
    let (root, found) = super::parse_as(file, &LIMITS, Scalars::Written);
    faults.extend(found);
    root.map(written)
}

fn written(node: Spanned<super::Node>) -> Spanned<Node> {
    node.map(|node| match node {
        super::Node::Null => Node::Null,
        super::Node::Bool(value) => Node::Text(value.to_string()),
        super::Node::Int(value) => Node::Text(value.to_string()),
        super::Node::Decimal(text) | super::Node::Text(text) => Node::Text(text),
        super::Node::List(items) => Node::List(items.into_iter().map(written).collect()),
        super::Node::Map(entries) => Node::Map(entries.into_iter().map(|(key, value)| (key, written(value))).collect()),
    })
}

/// The sets of keys that readers knew in this thread, for the tests of what editors are told.
#[cfg(test)]
type Met = std::cell::RefCell<std::collections::BTreeSet<std::collections::BTreeSet<String>>>;
#[cfg(test)]
thread_local! {
    pub(crate) static MET: Met = const { Met::new(std::collections::BTreeSet::new()) };
}

/// A mapping with known keys; what else stands in it was reported.
pub(crate) struct Fields<'n> {
    entries: Vec<(&'n str, &'n Spanned<Node>)>,
    span: &'n Span,
}

impl<'n> Fields<'n> {
    /// Takes a node as a mapping with these keys.
    pub(crate) fn of(node: &'n Spanned<Node>, known: &[&str], faults: &mut Vec<Diagnostic>) -> Self {
        #[cfg(test)]
        MET.with_borrow_mut(|met| met.insert(known.iter().map(|key| (*key).to_owned()).collect()));
        let mut fields = Self { entries: Vec::new(), span: &node.span };
        for (key, value) in entries(node, faults) {
            if known.contains(&key.value.as_str()) {
                fields.entries.push((key.value.as_str(), value));
            } else {
                let help = did_you_mean(&key.value, known.iter().copied(), say!(near.none));
                faults.push(fault!(UNKNOWN_KEY.here, &key.span, key).help(help));
            }
        }
        fields
    }

    /// The value of a key that may be missing or empty.
    pub(crate) fn get(&self, key: &str) -> Option<&'n Spanned<Node>> {
        self.entries.iter().find(|(name, _)| *name == key).map(|(_, value)| *value).filter(|v| v.value != Node::Null)
    }

    /// The text of a key that may be missing.
    pub(crate) fn text(&self, key: &str, faults: &mut Vec<Diagnostic>) -> Option<Spanned<&'n str>> {
        let node = self.get(key)?;
        let Node::Text(text) = &node.value else {
            faults.push(fault!(WRONG_TYPE.no_text_here, &node.span, key));
            return None;
        };
        Some(Spanned { value: text.as_str(), span: node.span.clone() })
    }

    /// The text of a key that must be there.
    pub(crate) fn needed(&self, key: &str, faults: &mut Vec<Diagnostic>) -> Option<Spanned<&'n str>> {
        if self.get(key).is_none() {
            faults.push(fault!(MISSING_KEY.here, self.span, key));
        }
        self.text(key, faults)
    }
}

/// The entries of a mapping.
pub(crate) fn entries<'n>(
    node: &'n Spanned<Node>,
    faults: &mut Vec<Diagnostic>,
) -> &'n [(Spanned<String>, Spanned<Node>)] {
    match &node.value {
        Node::Map(all) => all,
        Node::Null => &[],
        Node::Text(_) | Node::List(_) => {
            faults.push(fault!(WRONG_TYPE.no_mapping, &node.span));
            &[]
        }
    }
}

/// The items of a list.
pub(crate) fn items<'n>(node: &'n Spanned<Node>, faults: &mut Vec<Diagnostic>) -> &'n [Spanned<Node>] {
    match &node.value {
        Node::List(items) => items,
        Node::Null => &[],
        Node::Text(_) | Node::Map(_) => {
            faults.push(fault!(WRONG_TYPE.no_list, &node.span));
            &[]
        }
    }
}
