//! Dossiers that open others, as written: the children, what is told between them, and where a dossier waits for them.

use super::item::{Item, Map};
use super::model::{Field, Keys, Name};
use super::parts;
use crate::diagnostic::{fault, say};
use crate::ids::Text;
use crate::source::{Span, Spanned};
use crate::yaml::Node;

/// Dossiers that this one opens, under one name.
#[derive(Clone, Debug)]
pub struct Children {
    /// Their name in formulas.
    pub name: Name,
    /// What officers call them.
    pub label: Text,
    /// Their workflow.
    pub workflow: Option<Name>,
    /// The list for each of whose elements one is opened; without it there is one.
    pub each: Option<Name>,
    /// How many there are at most.
    pub max: Option<Spanned<i64>>,
    /// What one is called here, as a formula.
    pub caption: Option<Name>,
    /// Their first values, as formulas.
    pub with: Vec<(Name, Option<Name>)>,
    /// What they bring back.
    pub takes: Vec<Field>,
    /// What officers call their results.
    pub results: Vec<(Name, Text)>,
    /// The keys written.
    pub keys: Keys,
}

/// Where a dossier waits for its children.
#[derive(Clone, Debug)]
pub struct Awaits {
    /// Its place.
    pub span: Span,
    /// Which.
    pub children: Option<Name>,
    /// For how many of them.
    pub until: Option<Spanned<Until>>,
}

/// How many children are waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// Every one.
    All,
    /// The first.
    Any,
    /// So many.
    Count(i64),
}

/// An event that is told to a related dossier.
#[derive(Clone, Debug)]
pub struct Send {
    /// Its place.
    pub span: Span,
    /// `parent`, or children by their name.
    pub to: Option<Name>,
    /// Which event.
    pub event: Option<Name>,
    /// What goes along, as formulas.
    pub with: Vec<(Name, Option<Name>)>,
}

/// `children: {NAME: {..}}`.
pub(super) fn children(item: &Item<'_>) -> Vec<Children> {
    item.named(say!(several.children)).into_iter().filter_map(|(name, item)| one(name, &item)).collect()
}

fn one(name: Name, item: &Item<'_>) -> Option<Children> {
    let map =
        item.map(say!(what.children), &["label", "workflow", "each", "max", "caption", "with", "takes", "results"])?;
    Some(Children {
        label: map.need("label", &name.span).map_or_else(Text::default, |item| item.text()),
        workflow: map.need("workflow", &name.span).and_then(|item| item.word()),
        each: map.get("each").and_then(|item| item.formula()),
        max: map.get("max").and_then(|item| item.integer()),
        caption: map.get("caption").and_then(|item| item.formula()),
        with: formulas(&map, "with"),
        takes: map.get("takes").map_or_else(Vec::new, |item| parts::fields(&item)),
        results: map.get("results").map_or_else(Vec::new, |item| parts::labels(&item, say!(several.outcomes))),
        keys: map.keys(),
        name,
    })
}

/// `awaits: NAME`, `awaits: {children: NAME, until: 2}`.
pub(super) fn awaits(item: &Item<'_>) -> Option<Awaits> {
    let span = item.span().clone();
    if let Node::Text(_) = item.node() {
        return Some(Awaits { span, children: item.word(), until: None });
    }
    let map = item.map(say!(what.awaits), &["children", "until"])?;
    Some(Awaits {
        children: map.need("children", &span).and_then(|item| item.word()),
        until: map.get("until").and_then(|item| until(&item)),
        span,
    })
}

fn until(item: &Item<'_>) -> Option<Spanned<Until>> {
    let until = match item.node() {
        Node::Int(count) => Until::Count(*count),
        Node::Text(word) if word == "all" => Until::All,
        Node::Text(word) if word == "any" => Until::Any,
        node => {
            item.report(fault!(UNKNOWN_WORD.until, item.span(), found = node.describe()));
            return None;
        }
    };
    Some(Spanned::new(until, item.span().clone()))
}

/// `send: {..}`, or several of them.
pub(super) fn sends(map: &Map<'_>) -> Vec<Send> {
    map.get("send").map_or_else(Vec::new, |item| item.items().iter().filter_map(send).collect())
}

fn send(item: &Item<'_>) -> Option<Send> {
    let map = item.map(say!(what.send), &["to", "event", "with"])?;
    Some(Send {
        span: item.span().clone(),
        to: map.need("to", item.span()).and_then(|item| item.word()),
        event: map.need("event", item.span()).and_then(|item| item.word()),
        with: formulas(&map, "with"),
    })
}

fn formulas(map: &Map<'_>, key: &str) -> Vec<(Name, Option<Name>)> {
    let named = map.get(key).map_or_else(Vec::new, |item| item.named(say!(several.formulas)));
    named.into_iter().map(|(name, item)| (name, item.formula())).collect()
}
