//! The only place where a decision meets a transaction: every command, from wherever it comes, ends in [`Engine::handle`].
//!
//! The heart is the synchronous `commit(batch)` in `commit.rs`; the queue in front of it and the answers behind it are a
//! shell. What waited together is committed together, and nobody is answered before the commit.

mod absences;
mod address;
mod again;
mod ahead;
mod audit;
mod boxes;
mod cache;
mod commit;
mod deliver;
mod deploy;
pub mod expire;
mod facts;
mod fold;
pub mod forget;
pub mod intake;
mod made;
mod measures;
mod migrate;
mod pins;
mod queue;
mod rehearse;
mod rows;
mod seals;
pub mod subject;
mod taken;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use tokio::sync::Notify;

use crate::calendar::Calendar;
use crate::clock::{Chance, Clock};
use crate::directory::Directory;
use crate::dossier::Dossier;
use crate::dossier::command::Command;
use crate::dossier::event::Event;
use crate::dossier::refusal::Refusal;
use crate::ids::{DossierId, Instant, MachineHash, PaperId, WorkflowName};
use crate::links::LinkKeys;
use crate::machine::Machine;
use crate::seal::MasterKeys;
use crate::store::meta::KEY_CHECK;
use crate::store::{Store, StoreError};

pub use absences::{Away, NotAway};
pub use audit::Replay;
pub use deliver::Undelivered;
use deploy::{Deployment, Version};
pub use pins::GivenPin;
pub use rows::{plain, task_id};

/// The engine. Cheap to clone; all clones share one writer.
#[derive(Clone, Debug)]
pub struct Engine {
    inner: Arc<Inner>,
}

/// The secrets, from outside the database.
#[derive(Clone, Debug)]
pub struct Keys {
    /// Sign links.
    pub links: LinkKeys,
    /// Seal events and boxes.
    pub master: MasterKeys,
}

#[derive(Debug)]
struct Inner {
    store: Store,
    keys: Keys,
    clock: Clock,
    chance: Chance,
    /// One for each writer of the store; a dossier's commands always wait in the same.
    queues: Vec<Arc<ahead::Shared>>,
    deployment: RwLock<Arc<Deployment>>,
    /// Versions never change, so those that were loaded once stay.
    versions: Mutex<BTreeMap<MachineHash, Version>>,
    cache: Mutex<cache::Cache>,
    changed: Notify,
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
    /// An engine on a migrated database. Refuses keys that are not the ones the database was written with. Must be called
    /// in a tokio runtime; it looks once a second whether another process deployed something.
    ///
    /// # Errors
    /// The schema is not this program's, the keys are others, or the database fails.
    pub async fn open(store: Store, keys: Keys, clock: Clock, chance: Chance) -> Result<Self, StoreError> {
        store.is_current().await?;
        let check = keys.master.check();
        let stored = {
            let check = check.clone();
            store.write(move |tx| tx.meta_or(KEY_CHECK, &check)).await?
        };
        if stored != check {
            return Err(StoreError::Corrupt {
                table: "meta",
                column: "value",
                what: "this database was written with another master key".to_owned(),
            });
        }
        let queues = (0..store.lanes()).map(|_| Arc::default()).collect();
        let inner = Inner {
            store,
            keys,
            clock,
            chance,
            queues,
            deployment: RwLock::default(),
            versions: Mutex::default(),
            cache: Mutex::default(),
            changed: Notify::new(),
        };
        let engine = Self { inner: Arc::new(inner) };
        engine.measure_clock().await?;
        engine.refresh().await?;
        engine.keep_fresh();
        for queue in &engine.inner.queues {
            ahead::start(&engine.inner, queue)?;
        }
        Ok(engine)
    }

    /// The one choke point. Decides the command against the dossier as it stands, commits what follows together with
    /// whatever waited with it, and answers after the commit. It goes on to its end even if the caller goes away.
    ///
    /// # Errors
    /// It is refused, or the world failed.
    pub async fn handle(&self, command: Command, attachments: Vec<Attachment>) -> Result<Done, Failure> {
        let pending = queue::Pending::of_command(command, attachments, &self.inner.keys.master);
        queue::carry_out(&self.inner, pending).await
    }

    /// Comes back when something was committed here that the scheduler or the courier may want to look at. What was
    /// committed before the call does not count.
    pub async fn changed(&self) {
        self.inner.changed.notified().await;
    }

    /// The store behind it, for reading.
    pub fn store(&self) -> &Store {
        &self.inner.store
    }

    /// The time, by the clock of this installation (on PostgreSQL the database's).
    pub fn now(&self) -> Instant {
        self.inner.clock.now()
    }

    /// The clock itself.
    pub fn clock(&self) -> &Clock {
        &self.inner.clock
    }

    /// Where random ids come from.
    pub fn chance(&self) -> &Chance {
        &self.inner.chance
    }

    /// An id for a new dossier, paper or operation ([`Chance::id_at`]).
    pub fn fresh_id(&self) -> String {
        self.inner.chance.id_at(self.now())
    }

    /// A text of a row that belongs to no dossier (whose id is `row`), sealed.
    pub fn sealed_text(&self, row: &str, text: &str) -> String {
        self.inner.keys.master.seal_text(row, text, &self.inner.chance)
    }

    /// The text behind it; none where it cannot be opened.
    pub fn opened_text(&self, row: &str, sealed: &str) -> Option<String> {
        self.inner.keys.master.open_text(row, sealed)
    }

    /// The keys that sign links.
    pub fn links(&self) -> &LinkKeys {
        &self.inner.keys.links
    }

    /// The keyed hash by which a dossier names a paper.
    pub fn paper_hash(&self, content: &[u8]) -> String {
        self.inner.keys.master.paper(content)
    }

    /// The directory as it stands.
    pub fn directory(&self) -> Arc<Directory> {
        Arc::clone(&self.inner.deployment().directory)
    }

    /// Which day it is, in the zones of all calendars.
    pub fn days(&self, now: Instant) -> std::collections::BTreeSet<jiff::civil::Date> {
        self.inner.deployment().calendars.values().map(|calendar| calendar.date(now)).collect()
    }

    /// A calendar by its name.
    pub fn calendar(&self, name: &str) -> Option<Arc<Calendar>> {
        self.inner.deployment().calendars.get(name).cloned()
    }

    /// A deployed version.
    ///
    /// # Errors
    /// There is none of this hash.
    pub async fn machine(&self, hash: &MachineHash) -> Result<Arc<Machine>, StoreError> {
        if let Some(version) = self.inner.version(hash) {
            return Ok(version.machine);
        }
        let compiled = self.inner.store.compiled_machine(hash).await?;
        Ok(self.inner.load_version(hash, compiled)?.machine)
    }

    /// The version on which new dossiers of a workflow start.
    ///
    /// # Errors
    /// The database fails.
    pub async fn current(&self, workflow: &WorkflowName) -> Result<Option<Arc<Machine>>, StoreError> {
        let hash = self.inner.deployment().current.get(workflow).cloned();
        match hash {
            Some(hash) => self.machine(&hash).await.map(Some),
            None => Ok(None),
        }
    }

    /// The workflows that are deployed.
    pub fn workflows(&self) -> Vec<WorkflowName> {
        self.inner.deployment().current.keys().cloned().collect()
    }

    /// A dossier as its last event left it.
    ///
    /// # Errors
    /// The database fails.
    pub async fn dossier(&self, id: &DossierId) -> Result<Option<Dossier>, StoreError> {
        let stored = self.inner.store.stored_dossier(id).await?;
        stored.map(|stored| rows::dossier_of(&stored.snapshot)).transpose()
    }

    /// The events of a dossier, unsealed, in order.
    ///
    /// # Errors
    /// The database fails, or an event was damaged.
    pub async fn history(&self, id: &DossierId) -> Result<Vec<Event>, StoreError> {
        let logged = self.inner.store.events(id, 0).await?;
        let keys = self.inner.unwrap_keys(id, &self.inner.store.seal_keys(id).await?)?;
        logged.iter().map(|event| seals::open(id, event, &keys)).collect()
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        for queue in &self.queues {
            queue.close();
        }
    }
}

impl Inner {
    fn deployment(&self) -> Arc<Deployment> {
        Arc::clone(&self.deployment.read().unwrap_or_else(PoisonError::into_inner))
    }
}
