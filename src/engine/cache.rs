//! Dossiers that were just written, so that the next command on one need not read it again. A copy is used only after the
//! database has said that its number is still the last one.

use std::collections::HashMap;
use std::sync::Arc;

use crate::dossier::Dossier;
use crate::ids::DossierId;
use crate::seal::{DossierKeys, Hash};

/// Copies of each of the two generations.
const GENERATION_MAX: usize = 512;

/// A dossier with what the next event on it needs.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) dossier: Dossier,
    /// The hash of its last event.
    pub(super) hash: Hash,
    pub(super) keys: DossierKeys,
    /// What it is found by, once that was worked out.
    pub(super) search: Option<Arc<str>>,
}

/// Two generations: when the younger is full, the older is forgotten.
#[derive(Debug, Default)]
pub(super) struct Cache {
    younger: HashMap<DossierId, Kept>,
    older: HashMap<DossierId, Kept>,
}

impl Cache {
    /// The number of the last event of the copy, 0 if there is none.
    pub(super) fn seq(&self, id: &DossierId) -> i64 {
        self.younger.get(id).or_else(|| self.older.get(id)).map_or(0, |kept| kept.dossier.seq)
    }

    /// Takes the copy out.
    pub(super) fn take(&mut self, id: &DossierId) -> Option<Kept> {
        let older = self.older.remove(id);
        self.younger.remove(id).or(older)
    }

    /// Takes all of them out.
    pub(super) fn clear(&mut self) {
        self.younger.clear();
        self.older.clear();
    }

    /// Puts a copy in; what has ended is not needed any more.
    pub(super) fn put(&mut self, kept: Kept) {
        let newest = self.seq(&kept.dossier.id);
        if newest > kept.dossier.seq {
            return;
        }
        if kept.dossier.outcome.is_some() {
            self.take(&kept.dossier.id);
            return;
        }
        if self.younger.len() >= GENERATION_MAX {
            self.older = std::mem::take(&mut self.younger);
        }
        self.younger.insert(kept.dossier.id.clone(), kept);
    }
}
