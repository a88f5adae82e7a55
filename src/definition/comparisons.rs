//! Comparisons as written.

use super::item::Item;
use super::model::{Before, Comparison, Name};
use crate::diagnostic::say;

/// The comparisons.
pub(super) fn comparisons(item: &Item<'_>) -> Vec<Comparison> {
    item.named(say!(several.comparisons)).into_iter().filter_map(|(name, item)| comparison(name, &item)).collect()
}

fn comparison(name: Name, item: &Item<'_>) -> Option<Comparison> {
    let map = item.map(say!(what.comparison), &["of", "least", "words", "into", "earlier"])?;
    let needed = |key: &str| map.need(key, &name.span).and_then(|item| item.word());
    Some(Comparison {
        of: needed("of"),
        least: needed("least"),
        words: map.get("words").and_then(|item| item.integer()),
        into: needed("into"),
        earlier: map.get("earlier").and_then(|item| earlier(&item)),
        name,
    })
}

fn earlier(item: &Item<'_>) -> Option<Before> {
    let map = item.map(say!(what.earlier), &["register", "within"])?;
    let needed = |key: &str| map.need(key, item.span()).and_then(|item| item.word());
    Some(Before { span: item.span().clone(), register: needed("register"), within: needed("within") })
}
