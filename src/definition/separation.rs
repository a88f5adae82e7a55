//! What a state says about people who did an earlier step.

use super::item::Item;
use super::model::Separation;
use crate::diagnostic::say;

/// `separation: {never_same_as: [drafting], may_be_same_as: opening, basis: ..}`.
pub(super) fn separation(item: &Item<'_>) -> Option<Separation> {
    let map =
        item.map(say!(what.separation), &["never_same_as", "same_as", "may_be_same_as", "never_named_in", "basis"])?;
    Some(Separation {
        never_same_as: map.words("never_same_as"),
        same_as: map.words("same_as"),
        may_be_same_as: map.words("may_be_same_as"),
        never_named_in: map.words("never_named_in"),
        basis: map.citation("basis"),
    })
}
