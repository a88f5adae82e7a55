//! What is deployed, as this process knows it: workflows, calendars, the directory. The number in `meta` says when it must be
//! read again; every batch looks at it, and a quiet process once a second.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, Weak};
use std::time::Duration;

use super::{Engine, Inner};
use crate::calendar::Calendar;
use crate::clock::{Clock, system};
use crate::directory::Directory;
use crate::ids::{Instant, MachineHash, PersonId, WorkflowName};
use crate::machine::Machine;
use crate::source::SourceFile;
use crate::store::{Deployed, MachineRow, StoreError, Tx};

/// How often a quiet process looks.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Looks between two measurements of the database's clock.
const LOOKS_PER_MEASUREMENT: u32 = 30;

/// What is deployed.
#[derive(Debug, Default)]
pub(super) struct Deployment {
    pub(super) version: i64,
    pub(super) directory: Arc<Directory>,
    pub(super) calendars: BTreeMap<String, Arc<Calendar>>,
    pub(super) current: BTreeMap<WorkflowName, MachineHash>,
}

/// A version of a workflow, loaded.
#[derive(Clone, Debug)]
pub(super) struct Version {
    pub(super) machine: Arc<Machine>,
    /// Its formulas ask for facts in registers.
    pub(super) asks_registers: bool,
}

impl Engine {
    /// Stores a checked version of a workflow with its sources; new dossiers start on it from now on, open ones stay on
    /// theirs.
    ///
    /// # Panics
    /// Never: texts by their names are always JSON.
    ///
    /// # Errors
    /// The database fails.
    pub async fn deploy(&self, machine: &Machine, sources: &[SourceFile]) -> Result<(), StoreError> {
        let files: BTreeMap<&str, &str> = sources.iter().map(|file| (file.name.as_str(), file.text.as_str())).collect();
        let row = MachineRow {
            hash: machine.hash().clone(),
            workflow: machine.workflow.clone(),
            level: machine.level.into(),
            source: serde_json::to_string(&files).expect("texts by their names"),
            compiled: machine.to_json(),
            at: self.now().0,
        };
        self.inner.store.write(move |tx| tx.put_machine(&row)).await?;
        crate::planted::reach("deployed");
        self.refresh().await
    }

    /// Stores a calendar with the file it was read from. Open deadlines that were counted by the one before follow: a scheduler
    /// looks at every open dossier once.
    ///
    /// # Errors
    /// The database fails.
    pub async fn put_calendar(&self, calendar: &Calendar, file: &SourceFile) -> Result<(), StoreError> {
        let (name, content, at) = (calendar.name().to_owned(), file.text.clone(), self.now().0);
        self.inner.store.write(move |tx| tx.put_calendar(&name, &content, at)).await?;
        self.refresh().await
    }

    /// Stores a new version of the directory, and the people in it.
    ///
    /// # Errors
    /// The database fails, or a person's code belongs to another person.
    pub async fn put_directory(&self, directory: Directory) -> Result<(), StoreError> {
        let at = self.now().0;
        self.inner.store.write(move |tx| tx.put_directory(&directory, at)).await?;
        self.refresh().await
    }

    /// Gives somebody another mailbox and signs out whoever read the old one; false if nobody knows the person.
    ///
    /// # Errors
    /// The database fails.
    pub async fn put_address(&self, person: &PersonId, email: &str) -> Result<bool, StoreError> {
        let (person, email, at) = (person.clone(), email.to_owned(), self.now());
        let known = self.inner.store.write(move |tx| tx.put_address(&person, &email, at)).await?;
        self.refresh().await.map(|()| known)
    }

    /// Reads again what is deployed.
    ///
    /// # Errors
    /// The database fails, or what is stored makes no sense.
    pub async fn refresh(&self) -> Result<(), StoreError> {
        let now = self.now();
        let deployed = self.inner.store.write(move |tx| tx.deployed(now)).await?;
        self.inner.install(deployed).map(|_| ())
    }

    /// Measures the database's clock, where that is the installation's.
    pub(super) async fn measure_clock(&self) -> Result<(), StoreError> {
        let Clock::Database(clock) = &self.inner.clock else { return Ok(()) };
        let (before, theirs, after) = self.inner.store.write(|tx| Ok((system(), tx.clock()?, system()))).await?;
        if let Some(theirs) = theirs {
            clock.measured(before, Instant(theirs), after);
        }
        Ok(())
    }

    /// Looks now and then, for as long as the engine lives.
    pub(super) fn keep_fresh(&self) {
        if crate::planted::is_in_step() {
            return;
        }
        let engine = Arc::downgrade(&self.inner);
        tokio::spawn(async move {
            let mut looks: u32 = 0;
            loop {
                tokio::time::sleep(LOOK_EVERY).await;
                looks = looks.wrapping_add(1);
                let Some(inner) = Weak::upgrade(&engine) else { return };
                let engine = Self { inner };
                if let Err(error) = engine.look(looks.is_multiple_of(LOOKS_PER_MEASUREMENT)).await {
                    tracing::debug!(%error, "what is deployed could not be looked at");
                }
            }
        });
    }

    async fn look(&self, measure: bool) -> Result<(), StoreError> {
        if measure {
            self.measure_clock().await?;
        }
        let version = self.inner.store.deployment_version().await?;
        if version == self.inner.deployment().version { Ok(()) } else { self.refresh().await }
    }
}

impl Inner {
    /// What is deployed at this number, read on the spot if this process has another.
    pub(super) fn deployment_at(&self, version: i64, tx: &mut Tx<'_>) -> Result<Arc<Deployment>, StoreError> {
        let here = self.deployment();
        if here.version == version { Ok(here) } else { self.install(tx.deployed(self.clock.now())?) }
    }

    fn install(&self, deployed: Deployed) -> Result<Arc<Deployment>, StoreError> {
        let mut calendars = BTreeMap::new();
        for one in deployed.calendars {
            let read = |content: String| Calendar::read(&SourceFile::new(format!("{}.yaml", one.name), content)).0;
            let calendar = read(one.content).ok_or_else(|| StoreError::Corrupt {
                table: "calendar",
                column: "content",
                what: format!("`{}` cannot be read", one.name),
            })?;
            // What an older program took and this one does not is nothing that could be counted by.
            let before = one.before.into_iter().filter_map(read).collect();
            calendars.insert(
                one.name.clone(),
                Arc::new(calendar.in_place_of(before).with_outages(deployed.outages.clone())),
            );
        }
        let (directory, current) = (Arc::new(deployed.directory), deployed.current.into_iter().collect());
        let new = Arc::new(Deployment { version: deployed.version, directory, calendars, current });
        // Whoever was erased in another process is in no copy here either.
        self.cache.lock().unwrap_or_else(PoisonError::into_inner).clear();
        let mut here = self.deployment.write().unwrap_or_else(PoisonError::into_inner);
        // Two may have read at once; the newer one stays.
        if here.version <= new.version {
            *here = Arc::clone(&new);
        }
        Ok(new)
    }

    /// A version that was loaded before.
    pub(super) fn version(&self, hash: &MachineHash) -> Option<Version> {
        self.versions.lock().unwrap_or_else(PoisonError::into_inner).get(hash).cloned()
    }

    /// Loads a version from what is stored of it.
    pub(super) fn load_version(&self, hash: &MachineHash, compiled: Option<String>) -> Result<Version, StoreError> {
        let corrupt = |what: String| StoreError::Corrupt { table: "machine", column: "compiled", what };
        let compiled = compiled.ok_or_else(|| corrupt(format!("there is no version {hash}")))?;
        let machine = Machine::load(hash.clone(), &compiled).map_err(|error| corrupt(error.to_string()))?;
        let asks_registers = ["streak(", "held(", "times(", "entries("].iter().any(|name| compiled.contains(name));
        let version = Version { machine: Arc::new(machine), asks_registers };
        let mut versions = self.versions.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(versions.entry(hash.clone()).or_insert(version).clone())
    }
}
