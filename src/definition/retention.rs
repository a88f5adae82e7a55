//! How long dossiers are kept, as written.

use super::item::Item;
use super::model::Retention;
use crate::diagnostic::say;

/// `retention: {years: 10, basis: ..}`.
pub(super) fn retention(item: &Item<'_>) -> Option<Retention> {
    let map = item.map(say!(what.retention), &["years", "basis"])?;
    Some(Retention {
        years: map.need("years", item.span()).and_then(|item| item.integer()),
        basis: map.citation("basis"),
    })
}
