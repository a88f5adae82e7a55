//! Papers as they stood at a moment, frozen by hash: what a body voted on.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::Paper;

/// The papers of a dossier as they stood at one of its events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frozen {
    /// The dossier's event.
    pub seq: i64,
    /// How many there were.
    pub count: u32,
    /// SHA-256 over kind, id and keyed hash of each, in hexadecimal digits.
    pub hash: String,
}

impl Frozen {
    /// These papers, as an event leaves them.
    pub fn of<'p>(papers: impl Iterator<Item = &'p Paper>, seq: i64) -> Self {
        let (mut count, mut hash) = (0, Sha256::new_with_prefix("chancery papers 1\n"));
        for paper in papers {
            count += 1;
            for part in [paper.kind.as_str(), paper.id.as_str(), paper.hash.as_str()] {
                hash.update(part);
                hash.update("\n");
            }
        }
        let hash = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
        Self { seq, count, hash }
    }

    /// Whether these are the same papers, whenever they stood so.
    pub fn is_same(&self, other: &Self) -> bool {
        self.hash == other.hash
    }

    /// As much of the hash as people compare.
    pub fn short(&self) -> &str {
        self.hash.get(..12).unwrap_or(&self.hash)
    }
}
