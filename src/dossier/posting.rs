//! A matter that is posted: for how long, and what was objected to it. What an objection says stands in a table of the dossier, row
//! by row sealed for whoever objects; here stands what is decided by: whose it is, and whether it is settled.

use serde::{Deserialize, Serialize};

use super::Dossier;
use crate::ids::{ActivationId, Instant, PersonId};

/// People who ask for a link, in one posting; on paper there is room for more.
pub const OBJECTORS_MAX: usize = 500;
/// An objection to what is posted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Objected {
    /// The entry in which the matter is posted.
    pub activation: ActivationId,
    /// Its row in the table of objections, from 0.
    pub place: u32,
    /// Whose it is.
    pub person: PersonId,
    /// Who wrote it down, if it came on paper.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<PersonId>,
    /// When.
    pub at: Instant,
    /// Whether it was accepted, once that is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted: Option<bool>,
}

impl Dossier {
    /// The objections to what is posted in an entry, in the order in which they came.
    pub fn objected(&self, activation: ActivationId) -> impl Iterator<Item = &Objected> {
        self.objections.iter().filter(move |one| one.activation == activation)
    }
}
