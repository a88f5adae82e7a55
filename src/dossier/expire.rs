//! What is left of a dossier once its time of keeping was over and what it said was destroyed.

use serde::{Deserialize, Serialize};

use super::Dossier;
use crate::ids::{DossierId, Instant, MachineHash, WorkflowName};
use crate::machine::Retention;

/// Letters of an id by which something is called that has no name any more.
const NAME: usize = 8;

/// What is left.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Left {
    /// Its id.
    pub id: DossierId,
    /// The workflow it ran through.
    pub workflow: WorkflowName,
    /// The version it was pinned to.
    pub machine: MachineHash,
    /// When it was opened.
    pub opened_at: Instant,
    /// When the last had happened to it.
    pub ended_at: Instant,
    /// What came of it.
    pub outcome: String,
    /// How long it was to be kept.
    pub kept: Retention,
    /// The version that says so.
    pub rule: MachineHash,
}

impl Left {
    /// The dossier that is left, as far as the event that says so; `seq` is the number of the one before it.
    pub(super) fn dossier(&self, seq: i64, at: Instant) -> Dossier {
        let bare = Dossier::opened(self.id.clone(), self.workflow.clone(), self.machine.clone(), self.opened_at);
        Dossier {
            seq,
            last_at: self.ended_at,
            caption: nameless(&self.id),
            outcome: Some(self.outcome.clone()),
            expired_at: Some(at),
            ..bare
        }
    }
}

/// What something is called that has no name any more.
pub(super) fn nameless(id: &DossierId) -> String {
    format!("({})", id.as_str().chars().take(NAME).collect::<String>())
}
