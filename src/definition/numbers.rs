//! Registers and numberings as written.

use super::item::Item;
use super::model::{Name, Numbering, RegisterBook};
use crate::diagnostic::{fault, say};
use crate::ids::Text;
use crate::source::Spanned;
use crate::yaml::Node;

/// The registers.
pub(super) fn registers(item: &Item<'_>) -> Vec<RegisterBook> {
    item.named(say!(several.registers)).into_iter().filter_map(|(name, item)| book(name, &item)).collect()
}

fn book(name: Name, item: &Item<'_>) -> Option<RegisterBook> {
    let map = item.map(say!(what.register), &["label", "unique", "refuse"])?;
    let label = map.need("label", &name.span).map_or_else(Text::default, |item| item.text());
    Some(RegisterBook { label, unique: map.words("unique"), refuse: map.text("refuse"), name })
}

/// The numberings.
pub(super) fn numberings(item: &Item<'_>) -> Vec<Numbering> {
    item.named(say!(several.numbers)).into_iter().filter_map(|(name, item)| numbering(name, &item)).collect()
}

fn numbering(name: Name, item: &Item<'_>) -> Option<Numbering> {
    let map = item.map(say!(what.numbering), &["label", "format", "per", "start", "of", "dated"])?;
    Some(Numbering {
        label: map.need("label", &name.span).map_or_else(Text::default, |item| item.text()),
        format: map.word("format"),
        per: map.word("per"),
        start: map.get("start").map_or_else(Vec::new, |item| start(&item)),
        of: map.word("of"),
        dated: map.word("dated"),
        keys: map.keys(),
        name,
    })
}

/// `start: 57`, or `start: {2026: 57}`.
fn start(item: &Item<'_>) -> Vec<(i32, Spanned<i64>)> {
    if !matches!(item.node(), Node::Map(_)) {
        return item.integer().map(|first| (0, first)).into_iter().collect();
    }
    let mut starts = Vec::new();
    for (year, first) in item.named(say!(several.years)) {
        match year.value.parse::<i32>() {
            Ok(at) if (1900..=2200).contains(&at) => starts.extend(first.integer().map(|first| (at, first))),
            _ => item.report(fault!(LIMIT.no_year, &year.span, year)),
        }
    }
    starts
}
