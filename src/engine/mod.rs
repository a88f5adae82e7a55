//! The only place where a decision meets a transaction: every command, from wherever it comes, ends in [`Engine::handle`].

use std::sync::Arc;

use crate::calendar::Calendar;
use crate::directory::Directory;
use crate::dossier::Dossier;
use crate::dossier::command::Command;
use crate::dossier::event::Event;
use crate::dossier::refusal::Refusal;
use crate::ids::{DossierId, Instant, MachineHash, PaperId, WorkflowName};
use crate::machine::Machine;
use crate::store::{Store, StoreError};

/// The engine. Cheap to clone; all clones share one writer.
#[derive(Clone, Debug)]
pub struct Engine {
    inner: Arc<()>,
}

/// A command was carried out (now, or before under the same operation id).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    /// The dossier.
    pub dossier: DossierId,
    /// The number of its last event then.
    pub seq: i64,
    /// The state in which it then stood.
    pub state: String,
    /// It had been carried out before; this is the first answer again.
    pub again: bool,
}

/// A command was not carried out.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Failure {
    /// It may not be done now; nothing was changed.
    #[error("refused")]
    Refused(Refusal),
    /// The world failed; try again with the same operation id.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The bytes of a paper that a command brings along.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// The paper's id; the command's `papers` name it.
    pub id: PaperId,
    /// Its media type, decided by us from its bytes, never by the sender.
    pub media: String,
    /// The bytes.
    pub content: Vec<u8>,
}

impl Engine {
    /// The one choke point. Decides the command against the dossier as it stands, commits what follows together with
    /// whatever waited with it, and answers after the commit.
    ///
    /// # Errors
    /// It is refused, or the world failed.
    pub async fn handle(&self, command: Command, attachments: Vec<Attachment>) -> Result<Done, Failure> {
        let _ = (command, attachments, &self.inner);
        todo!()
    }

    /// Delivers messages between dossiers that wait; how many.
    ///
    /// # Errors
    /// The database fails.
    pub async fn deliver(&self) -> Result<usize, StoreError> {
        todo!()
    }

    /// Comes back when something was committed here that the scheduler or the courier may want to look at.
    pub async fn changed(&self) {
        todo!()
    }

    /// The store behind it, for reading.
    pub fn store(&self) -> &Store {
        todo!()
    }

    /// The time, by the clock of this installation (on PostgreSQL the database's).
    pub fn now(&self) -> Instant {
        todo!()
    }

    /// The directory as it stands.
    pub fn directory(&self) -> Arc<Directory> {
        todo!()
    }

    /// A deployed version.
    ///
    /// # Errors
    /// There is none of this hash.
    pub async fn machine(&self, hash: &MachineHash) -> Result<Arc<Machine>, StoreError> {
        let _ = hash;
        todo!()
    }

    /// The version on which new dossiers of a workflow start.
    ///
    /// # Errors
    /// The database fails.
    pub async fn current(&self, workflow: &WorkflowName) -> Result<Option<Arc<Machine>>, StoreError> {
        let _ = workflow;
        todo!()
    }

    /// A calendar by its name.
    pub fn calendar(&self, name: &str) -> Option<Arc<Calendar>> {
        let _ = name;
        todo!()
    }

    /// A dossier as its last event left it.
    ///
    /// # Errors
    /// The database fails.
    pub async fn dossier(&self, id: &DossierId) -> Result<Option<Dossier>, StoreError> {
        let _ = id;
        todo!()
    }

    /// The events of a dossier, unsealed, in order.
    ///
    /// # Errors
    /// The database fails, or an event was damaged.
    pub async fn history(&self, id: &DossierId) -> Result<Vec<Event>, StoreError> {
        let _ = id;
        todo!()
    }
}
