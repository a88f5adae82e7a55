//! Measures as written.

use super::item::Item;
use super::model::{Measure, MeasureGroup, Name};
use crate::diagnostic::say;
use crate::ids::Text;
use crate::yaml::Node;

/// The measures.
pub(super) fn measures(item: &Item<'_>) -> Vec<Measure> {
    item.named(say!(several.measures)).into_iter().filter_map(|(name, item)| measure(name, &item)).collect()
}

fn measure(name: Name, item: &Item<'_>) -> Option<Measure> {
    let map = item.map(say!(what.measure), &["title", "when", "take", "of", "out_of", "by", "day"])?;
    let formula = |key: &str| map.get(key).and_then(|item| item.formula());
    Some(Measure {
        title: map.need("title", &name.span).map_or_else(Text::default, |item| item.text()),
        when: formula("when"),
        take: map.word("take"),
        of: formula("of"),
        out_of: formula("out_of"),
        by: map.get("by").map_or_else(Vec::new, |item| groups(&item)),
        day: formula("day"),
        name,
    })
}

fn groups(item: &Item<'_>) -> Vec<MeasureGroup> {
    item.named(say!(several.groups)).into_iter().filter_map(|(name, item)| group(name, &item)).collect()
}

/// `unit: unit`, or `year: {label: Năm, of: year(opened)}`.
fn group(name: Name, item: &Item<'_>) -> Option<MeasureGroup> {
    if !matches!(item.node(), Node::Map(_)) {
        return Some(MeasureGroup { of: item.formula(), label: Text::default(), name });
    }
    let map = item.map(say!(what.measure_group), &["label", "of"])?;
    Some(MeasureGroup {
        label: map.need("label", &name.span).map_or_else(Text::default, |item| item.text()),
        of: map.need("of", &name.span).and_then(|item| item.formula()),
        name,
    })
}
