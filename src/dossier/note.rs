//! Notes that people write to each other beside the dossier, and what they said they have read.

use serde::{Deserialize, Serialize};

use super::Dossier;
use crate::ids::{ActivationId, Instant, PaperId, PersonId};

/// Notes of one dossier; more are no conversation any more.
pub const NOTES_MAX: usize = 200;

/// A note in a thread. Its papers are papers of the dossier whose kind is the thread.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Note {
    /// The thread.
    pub thread: String,
    /// Who wrote it.
    pub by: PersonId,
    /// When.
    pub at: Instant,
    /// What.
    pub text: String,
    /// The papers that came with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub papers: Vec<PaperId>,
}

/// Somebody who is asked said that they have read the dossier.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Acknowledgement {
    /// In which entry they are asked.
    pub activation: ActivationId,
    /// Who.
    pub person: PersonId,
    /// When.
    pub at: Instant,
    /// The last event that had changed what there is to read.
    pub content_seq: i64,
}

impl Dossier {
    /// Whether somebody said that they have read it as it is now.
    pub fn has_read(&self, activation: ActivationId, person: &PersonId) -> bool {
        let said = |one: &Acknowledgement| one.activation == activation && &one.person == person;
        self.acknowledged.iter().any(|one| said(one) && one.content_seq >= self.content_seq)
    }
}
