//! A YAML file as a tree whose keys and values know their place. Scalars stay the text that was written (`017`, `no`, `1.10`);
//! a key that occurs twice occurs twice.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_yaml::{DuplicateKeyPolicy, Location};

use crate::diagnostic::{Diagnostic, did_you_mean, fault, say};
use crate::source::{SourceFile, Span, Spanned};

const DEPTH_MAX: usize = 32;
const NODES_MAX: usize = 1_000_000;

/// A node of the tree.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Node {
    Null,
    Text(String),
    List(Vec<Spanned<Node>>),
    Map(Vec<(Spanned<String>, Spanned<Node>)>),
}

/// Reads a file; what is not YAML at all gives one diagnostic.
pub(crate) fn read(file: &SourceFile) -> Result<Spanned<Node>, Box<Diagnostic>> {
    let options = serde_yaml::options! {
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
        budget: serde_yaml::budget! { max_depth: DEPTH_MAX, max_nodes: NODES_MAX },
    };
    match serde_yaml::from_str_with_options::<serde_yaml::Spanned<Raw>>(&file.text, options) {
        Ok(raw) => Ok(lower(file, raw)),
        Err(error) => {
            let span = error.location().map_or(Span { file: file.name.clone(), range: 0..0 }, |at| span(file, at));
            let message = error.without_snippet().to_string();
            Err(Box::new(fault!(NOT_YAML.tree, span, why = message.lines().next().unwrap_or("not YAML"))))
        }
    }
}

/// A mapping with known keys; what else stands in it was reported.
pub(crate) struct Fields<'n> {
    entries: Vec<(&'n str, &'n Spanned<Node>)>,
    span: &'n Span,
}

impl<'n> Fields<'n> {
    /// Takes a node as a mapping with these keys.
    pub(crate) fn of(node: &'n Spanned<Node>, known: &[&str], faults: &mut Vec<Diagnostic>) -> Self {
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

/// The entries of a mapping, each key once; the second of two equal ones is reported.
pub(crate) fn entries<'n>(
    node: &'n Spanned<Node>,
    faults: &mut Vec<Diagnostic>,
) -> Vec<(&'n Spanned<String>, &'n Spanned<Node>)> {
    let Node::Map(all) = &node.value else {
        if node.value != Node::Null {
            faults.push(fault!(WRONG_TYPE.no_mapping, &node.span));
        }
        return Vec::new();
    };
    let mut seen: BTreeMap<&str, &Span> = BTreeMap::new();
    let mut kept = Vec::new();
    for (key, value) in all {
        if let Some(first) = seen.get(key.value.as_str()) {
            faults.push(fault!(DUPLICATE_KEY.again, &key.span, key).beside(*first));
        } else {
            seen.insert(&key.value, &key.span);
            kept.push((key, value));
        }
    }
    kept
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

enum Raw {
    Null,
    /// A scalar that YAML takes for something else than text; the source says how it was written.
    Plain(String),
    Text(String),
    List(Vec<serde_yaml::Spanned<Raw>>),
    Map(Vec<(serde_yaml::Spanned<String>, serde_yaml::Spanned<Raw>)>),
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, a list or a mapping")
    }

    fn visit_unit<E: Error>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_none<E: Error>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Raw, D::Error> {
        Raw::deserialize(deserializer)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Raw, E> {
        Ok(Raw::Plain(value.to_string()))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Raw, E> {
        Ok(Raw::Plain(value.to_string()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Raw, E> {
        Ok(Raw::Plain(value.to_string()))
    }

    fn visit_i128<E: Error>(self, value: i128) -> Result<Raw, E> {
        Ok(Raw::Plain(value.to_string()))
    }

    fn visit_u128<E: Error>(self, value: u128) -> Result<Raw, E> {
        Ok(Raw::Plain(value.to_string()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Raw, E> {
        Ok(Raw::Plain(value.to_string()))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Raw, E> {
        Ok(Raw::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Raw, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element()? {
            items.push(item);
        }
        Ok(Raw::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Raw, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = access.next_entry()? {
            entries.push(entry);
        }
        Ok(Raw::Map(entries))
    }
}

fn lower(file: &SourceFile, raw: serde_yaml::Spanned<Raw>) -> Spanned<Node> {
    let span = span(file, raw.referenced);
    let value = match raw.value {
        Raw::Null => Node::Null,
        Raw::Text(text) => Node::Text(text),
        Raw::Plain(text) => {
            let written = file.text.get(span.range.clone()).map(str::trim).filter(|written| !written.is_empty());
            Node::Text(written.map_or(text, str::to_owned))
        }
        Raw::List(items) => Node::List(items.into_iter().map(|item| lower(file, item)).collect()),
        Raw::Map(entries) => Node::Map(
            entries
                .into_iter()
                .map(|(key, value)| {
                    let key = Spanned { span: self::span(file, key.referenced), value: key.value };
                    (key, lower(file, value))
                })
                .collect(),
        ),
    };
    Spanned { value, span }
}

fn span(file: &SourceFile, at: Location) -> Span {
    let start = at.span().byte_offset().and_then(|byte| usize::try_from(byte).ok());
    let len = at.span().byte_len().and_then(|len| usize::try_from(len).ok()).unwrap_or(0);
    let start = start.unwrap_or_else(|| byte_of(file, at)).min(file.text.len());
    Span { file: file.name.clone(), range: start..start.saturating_add(len).min(file.text.len()) }
}

/// Some errors know only line and column.
fn byte_of(file: &SourceFile, at: Location) -> usize {
    let line = usize::try_from(at.line()).unwrap_or(1).max(1);
    let column = usize::try_from(at.column()).unwrap_or(1).max(1);
    let start: usize = file.text.split_inclusive('\n').take(line - 1).map(str::len).sum();
    let rest = file.text.get(start..).unwrap_or("");
    start + rest.chars().take(column - 1).map(char::len_utf8).sum::<usize>()
}
