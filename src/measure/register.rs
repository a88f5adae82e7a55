//! What stood in registers before a dossier wrote there itself.

use crate::dossier::context::Entry;
use crate::ids::DossierId;

/// An entry, with where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The entry.
    pub entry: Entry,
    /// The dossier that wrote it; none for one from before the register was kept here.
    pub dossier: Option<DossierId>,
    /// Its place in the order in which entries were written: when, as a rule.
    pub order: i64,
}

/// The entries of a holder as they stood before this dossier wrote its own; all of them, as long as it has written none. What
/// comes from before a register was kept here counts by its year, whenever it was brought in.
pub fn before(dossier: &DossierId, all: &[Written]) -> Vec<Entry> {
    let own = || all.iter().filter(|one| one.dossier.as_ref() == Some(dossier));
    let (Some(order), Some(year)) = (own().map(|one| one.order).min(), own().map(|one| one.entry.year).min()) else {
        return distinct(all.iter());
    };
    // Of two in the same moment the dossier that was opened first was first.
    distinct(all.iter().filter(|one| match &one.dossier {
        Some(other) => (one.order, other) < (order, dossier),
        None => one.entry.year <= year,
    }))
}

/// Several sources may tell the same fact.
fn distinct<'w>(all: impl Iterator<Item = &'w Written>) -> Vec<Entry> {
    let mut found: Vec<Entry> = Vec::new();
    for one in all {
        if !found.contains(&one.entry) {
            found.push(one.entry.clone());
        }
    }
    found
}
