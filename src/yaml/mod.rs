//! From YAML text to a tree of nodes with a place for every key and value. The only place that knows the YAML library.
//!
//! YAML 1.2 as officers expect it: `yes`, `no` and `on` are texts, so is `017`; only `true` and `false` are truth values.
//! Texts are brought to Unicode NFC, places stay those of the bytes as written. Never panics, and ends soon on any input.

pub(crate) mod fields;

use std::collections::HashMap;
use std::fmt;
use std::ops::Range;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_yaml::options::AliasLimits;
use serde_yaml::{DuplicateKeyPolicy, MergeKeyPolicy, NonFiniteFloatPolicy};
use unicode_normalization::UnicodeNormalization;

use crate::diagnostic::{Diagnostic, Words, fault, say};
use crate::source::{SourceFile, Span, Spanned};

/// How long a file may be.
#[derive(Debug)]
struct Limits {
    bytes: usize,
    /// Keys and values, repetitions by alias included.
    nodes: usize,
}

/// A workflow and its tables.
const LIMITS: Limits = Limits { bytes: 256 * 1024, nodes: 50_000 };
/// Levels that a file may have.
const DEPTH_MAX: usize = 32;
/// Aliases that a file may use.
const ALIASES_MAX: usize = 200;

/// A value as written.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Node {
    /// Nothing.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Another number, as written: nothing is rounded here.
    Decimal(String),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Spanned<Node>>),
    /// Keys and values, in their order.
    Map(Vec<(Spanned<String>, Spanned<Node>)>),
}

/// Digits that a JSON number keeps apart.
const DECIMAL_DIGITS_MAX: usize = 15;

fn decimal(text: &str) -> serde_json::Value {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let number = (digits <= DECIMAL_DIGITS_MAX).then(|| text.parse().ok()).flatten();
    number.and_then(serde_json::Number::from_f64).map_or_else(|| text.into(), serde_json::Value::Number)
}

impl Node {
    /// What it is, in words.
    pub(crate) fn describe(&self) -> Words {
        match self {
            Self::Null => say!(node.nothing),
            Self::Bool(_) => say!(node.truth_value),
            Self::Int(_) => say!(node.whole_number),
            Self::Decimal(_) => say!(node.number),
            Self::Text(_) => say!(node.text),
            Self::List(_) => say!(node.list),
            Self::Map(_) => say!(node.mapping),
        }
    }

    /// The value of a key.
    pub(crate) fn get(&self, key: &str) -> Option<&Spanned<Node>> {
        match self {
            Self::Map(entries) => entries.iter().find(|(name, _)| name.value == key).map(|(_, value)| value),
            Self::List(items) => key.parse::<usize>().ok().and_then(|at| items.get(at)),
            Self::Null | Self::Bool(_) | Self::Int(_) | Self::Decimal(_) | Self::Text(_) => None,
        }
    }

    /// The keys of a mapping, in their order.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &str> {
        let entries = if let Self::Map(entries) = self { entries.as_slice() } else { &[] };
        entries.iter().map(|(key, _)| key.value.as_str())
    }

    /// As JSON. A decimal of more digits than a JSON number keeps apart becomes a text, so that nothing is rounded.
    pub(crate) fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Null => serde_json::Value::Null,
            Self::Bool(value) => (*value).into(),
            Self::Int(value) => (*value).into(),
            Self::Decimal(text) => decimal(text),
            Self::Text(text) => text.as_str().into(),
            Self::List(items) => items.iter().map(|item| item.value.to_json()).collect(),
            Self::Map(entries) => {
                entries.iter().map(|(key, value)| (key.value.clone(), value.value.to_json())).collect()
            }
        }
    }
}

/// What becomes of numbers and truth values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scalars {
    /// They are what they are.
    Typed,
    /// They stay the texts that were written.
    Written,
}

/// Reads a file; none if it is no YAML. Duplicate keys are faults of their own, the first one counts.
pub(crate) fn parse(file: &SourceFile) -> (Option<Spanned<Node>>, Vec<Diagnostic>) {
    parse_as(file, &LIMITS, Scalars::Typed)
}

fn parse_as(file: &SourceFile, limits: &Limits, scalars: Scalars) -> (Option<Spanned<Node>>, Vec<Diagnostic>) {
    if file.text.len() > limits.bytes {
        let place = Span::new(&file.name, 0..0);
        return (None, vec![fault!(TOO_MUCH.bytes, place, bytes = file.text.len(), max = limits.bytes)]);
    }
    match serde_yaml::from_str_with_options::<serde_yaml::Spanned<Raw>>(&file.text, options(limits)) {
        Ok(root) => {
            let mut placing = Placing { file, scalars, faults: Vec::new() };
            let node = placing.place(root, &Span::new(&file.name, 0..0));
            (Some(node), placing.faults)
        }
        Err(error) => (None, vec![explain(file, limits, &error)]),
    }
}

fn options(limits: &Limits) -> serde_yaml::Options {
    let budget = serde_yaml::budget! {
        max_depth: DEPTH_MAX,
        flow_nesting_limit: DEPTH_MAX,
        max_nodes: limits.nodes,
        max_events: limits.nodes.saturating_mul(3),
        max_aliases: ALIASES_MAX,
        max_anchors: ALIASES_MAX,
        max_recorded_anchor_events: limits.nodes,
        max_total_scalar_bytes: limits.bytes.saturating_mul(2),
        max_documents: 2,
    };
    let mut alias_limits = AliasLimits::default();
    alias_limits.max_total_replayed_events = limits.nodes;
    alias_limits.max_replay_stack_depth = DEPTH_MAX;
    serde_yaml::options! {
        budget: budget,
        alias_limits: alias_limits,
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        merge_keys: MergeKeyPolicy::AsOrdinary,
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
        non_finite_float_policy: NonFiniteFloatPolicy::AsString,
        reject_unsupported_tags: true,
        with_snippet: false,
    }
}

/// A value as the library hands it over.
enum Raw {
    Null,
    Bool(bool),
    Int(i64),
    Number,
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
        f.write_str("a text, a number, a list or a mapping")
    }

    fn visit_unit<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_none<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Raw, D::Error> {
        Raw::deserialize(deserializer)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Raw, E> {
        Ok(Raw::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Raw, E> {
        Ok(Raw::Int(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Raw, E> {
        Ok(i64::try_from(value).map_or(Raw::Number, Raw::Int))
    }

    fn visit_i128<E>(self, _: i128) -> Result<Raw, E> {
        Ok(Raw::Number)
    }

    fn visit_u128<E>(self, _: u128) -> Result<Raw, E> {
        Ok(Raw::Number)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Raw, E> {
        Ok(Raw::Number)
    }

    fn visit_str<E>(self, value: &str) -> Result<Raw, E> {
        Ok(Raw::Text(value.nfc().collect()))
    }

    fn visit_bytes<E: serde::de::Error>(self, _: &[u8]) -> Result<Raw, E> {
        Err(E::custom("binary values have no meaning here"))
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
        while let Some(key) = access.next_key::<serde_yaml::Spanned<String>>()? {
            entries.push((key, access.next_value()?));
        }
        Ok(Raw::Map(entries))
    }
}

/// Gives every node its place in our own terms, and finds keys written twice.
struct Placing<'a> {
    file: &'a SourceFile,
    scalars: Scalars,
    faults: Vec<Diagnostic>,
}

impl Placing<'_> {
    /// `around` is the place of what has none of its own (a block has no end): its key, or the first key inside.
    fn place(&mut self, raw: serde_yaml::Spanned<Raw>, around: &Span) -> Spanned<Node> {
        let own = self.span(&raw.referenced);
        let span = if own.range.is_empty() { around.clone() } else { own };
        let node = match raw.value {
            Raw::Null => Node::Null,
            Raw::Bool(_) | Raw::Int(_) | Raw::Number if self.scalars == Scalars::Written => {
                Node::Text(self.written(&raw.defined))
            }
            Raw::Bool(value) => Node::Bool(value),
            Raw::Int(value) => Node::Int(value),
            Raw::Number => Node::Decimal(self.written(&raw.defined)),
            Raw::Text(text) => Node::Text(text),
            Raw::List(items) => Node::List(items.into_iter().map(|item| self.item(item, &span)).collect()),
            Raw::Map(entries) => Node::Map(self.entries(entries)),
        };
        Spanned::new(node, span)
    }

    /// An element of a list: where it is a block mapping, its first key is its place.
    fn item(&mut self, raw: serde_yaml::Spanned<Raw>, around: &Span) -> Spanned<Node> {
        let first = match &raw.value {
            Raw::Map(entries) => entries.first().map(|(key, _)| self.span(&key.referenced)),
            _ => None,
        };
        self.place(raw, &first.unwrap_or_else(|| around.clone()))
    }

    fn entries(
        &mut self,
        raw: Vec<(serde_yaml::Spanned<String>, serde_yaml::Spanned<Raw>)>,
    ) -> Vec<(Spanned<String>, Spanned<Node>)> {
        let mut seen: HashMap<String, Span> = HashMap::new();
        let mut entries = Vec::with_capacity(raw.len());
        for (key, value) in raw {
            let key = Spanned::new(key.value.nfc().collect::<String>(), self.span(&key.referenced));
            let value = self.place(value, &key.span);
            if let Some(first) = seen.get(&key.value) {
                self.faults.push(twice(&key, first));
                continue;
            }
            seen.insert(key.value.clone(), key.span.clone());
            entries.push((key, value));
        }
        entries
    }

    fn written(&self, location: &serde_yaml::Location) -> String {
        self.file.slice(&self.span(location).range).trim().to_owned()
    }

    fn span(&self, location: &serde_yaml::Location) -> Span {
        Span::new(&self.file.name, range(self.file, location))
    }
}

fn twice(key: &Spanned<String>, first: &Span) -> Diagnostic {
    fault!(DUPLICATE_KEY.twice, &key.span, key).beside(first)
}

fn range(file: &SourceFile, location: &serde_yaml::Location) -> Range<usize> {
    let span = location.span();
    let byte = |value: u64| usize::try_from(value).unwrap_or(usize::MAX).min(file.text.len());
    if let (Some(start), Some(len)) = (span.byte_offset(), span.byte_len()) {
        return byte(start)..byte(start.saturating_add(len));
    }
    let index = |value: u64| usize::try_from(value).unwrap_or(usize::MAX);
    let start = file.byte_at(index(location.line()), index(location.column()));
    let chars = index(span.len());
    let len = file.text[start..].char_indices().nth(chars).map_or(file.text.len() - start, |(at, _)| at);
    start..start + len
}

/// A fault that the library found: it stops at the first one.
fn explain(file: &SourceFile, limits: &Limits, error: &serde_yaml::Error) -> Diagnostic {
    use serde_yaml::Error as Yaml;
    let error = innermost(error);
    let at = error.location().map_or(0..0, |location| range(file, &location));
    let span = Span::new(&file.name, at.start..at.end.max(end_of_char(file, at.start)));
    if let Some(tab) = tab_indent(file, at.start) {
        return fault!(TAB.tab, tab);
    }
    match error {
        Yaml::Budget { .. }
        | Yaml::AliasReplayCounterOverflow { .. }
        | Yaml::AliasReplayLimitExceeded { .. }
        | Yaml::AliasExpansionLimitExceeded { .. }
        | Yaml::AliasReplayStackDepthExceeded { .. } => too_much(limits, span),
        Yaml::MultipleDocuments { .. } => fault!(NOT_YAML.document, span),
        Yaml::UnknownAnchor { .. } => fault!(NOT_YAML.anchor, span),
        _ => {
            let words = error.to_string();
            // The library adds the place in words; ours is drawn.
            let why =
                words.lines().next().and_then(|line| line.split(" at line ").next()).unwrap_or("it cannot be read");
            if why.contains("recursion limit") {
                too_much(limits, span)
            } else if why.contains("quoted scalar") {
                fault!(NOT_YAML.quote, span, why)
            } else {
                fault!(NOT_YAML.text, span, why)
            }
        }
    }
}

/// A fault in what an alias repeats is wrapped.
fn innermost(error: &serde_yaml::Error) -> &serde_yaml::Error {
    match error.without_snippet() {
        serde_yaml::Error::AliasError { error, .. } => innermost(error),
        error => error,
    }
}

fn too_much(limits: &Limits, span: Span) -> Diagnostic {
    fault!(TOO_MUCH.limit, span, levels = DEPTH_MAX, values = limits.nodes, aliases = ALIASES_MAX)
}

fn end_of_char(file: &SourceFile, start: usize) -> usize {
    file.text.get(start..).and_then(|rest| rest.chars().next()).map_or(start, |c| start + c.len_utf8())
}

/// The tab in the indentation of the line of a fault, or of the line after it.
fn tab_indent(file: &SourceFile, byte: usize) -> Option<Span> {
    let (line, _) = file.line_column(byte);
    (line.saturating_sub(1)..=line + 1).filter(|line| *line > 0).find_map(|line| {
        let start = file.byte_at(line, 1);
        let text = file.text[start..].split('\n').next().unwrap_or("");
        let indent = &text[..text.len() - text.trim_start().len()];
        let tab = indent.find('\t')?;
        Some(Span::new(&file.name, start + tab..start + tab + 1))
    })
}
