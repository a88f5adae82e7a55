//! Folding a batch: each command is decided against its dossier as the commands before it leave it. Nothing is written here;
//! what has to be is gathered in a [`Batch`].

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError};

use super::cache::Kept;
use super::deploy::{Deployment, Version};
use super::made::{Made, add_papers};
use super::queue::{Pending, Work};
use super::rows::{dossier_of, dossier_row, search_of};
use super::{Done, Failure, Inner, boxes};
use crate::calendar::Calendar;
use crate::dossier::Recipient;
use crate::dossier::command::{Ask, Command};
use crate::dossier::context::{Boxes, Context, Entry, holder_of};
use crate::dossier::decide::{Decision, decide};
use crate::dossier::event::Change;
use crate::dossier::project::project;
use crate::dossier::refusal::{Code, Refusal};
use crate::dossier::taken::{Taken, rests_elsewhere};
use crate::ids::{DossierId, MachineHash, OperationId};
use crate::machine::Machine;
use crate::planted::{Fault, planted};
use crate::seal::Hash;
use crate::store::{Batch, Loaded, LoadedContent, LoadedOperation, Settled, StoreError, Tx, Wanted};

pub(super) type Answer = Result<Done, Failure>;

/// A batch that is being folded. Where something has to be read, the transaction is handed in.
pub(super) struct Fold<'f> {
    pub(super) inner: &'f Inner,
    pub(super) deployment: Arc<Deployment>,
    pub(super) dossiers: BTreeMap<DossierId, Working>,
    /// Operations that were carried out before this batch.
    operations: BTreeMap<OperationId, LoadedOperation>,
    /// Operations of this batch.
    carried_out: BTreeMap<OperationId, (String, Done)>,
    pub(super) batch: Batch,
}

/// A dossier in a batch.
pub(super) struct Working {
    /// The number of its last event before the batch.
    before: i64,
    pub(super) kept: Kept,
    /// The boxes of the votes in progress that were opened.
    pub(super) boxes: Boxes,
    touched: bool,
}

impl<'f> Fold<'f> {
    /// A fold over nothing yet.
    pub(super) fn new(inner: &'f Inner, deployment: Arc<Deployment>) -> Self {
        Self {
            inner,
            deployment,
            dossiers: BTreeMap::new(),
            operations: BTreeMap::new(),
            carried_out: BTreeMap::new(),
            batch: Batch::default(),
        }
    }

    /// Reads what the batch needs.
    pub(super) fn load(inner: &'f Inner, tx: &mut Tx<'_>, batch: &[Pending]) -> Result<Self, StoreError> {
        let mut wanted = Wanted::default();
        let mut lists = BTreeSet::new();
        for pending in batch {
            wanted.operations.push(pending.operation.clone());
            match &pending.work {
                Work::Command(command) => wanted.dossiers.insert(command.dossier.clone(), 0),
                Work::Deliver(message) => match &message.to {
                    Recipient::Dossier(id) | Recipient::New { dossier: id, .. } => {
                        wanted.dossiers.insert(id.clone(), 0)
                    }
                    Recipient::List { workflow, key, .. } => {
                        lists.insert((workflow, key));
                        None
                    }
                },
            };
        }
        for (workflow, key) in lists {
            wanted.dossiers.extend(tx.gathering(workflow, key)?.map(|id| (id, 0)));
        }
        // Out of the cache, so that the copy that the database judges is the one that is used.
        let mut at_hand = BTreeMap::new();
        {
            let mut cache = inner.cache.lock().unwrap_or_else(PoisonError::into_inner);
            for (id, seq) in &mut wanted.dossiers {
                if let Some(kept) = cache.take(id) {
                    *seq = kept.dossier.seq;
                    at_hand.insert(id.clone(), kept);
                }
            }
        }
        let loaded = tx.load(&wanted)?;
        let deployment = inner.deployment_at(loaded.deployment, tx)?;
        let mut fold = Self::new(inner, deployment);
        fold.lay_out(tx, loaded, at_hand)?;
        Ok(fold)
    }

    fn lay_out(
        &mut self,
        tx: &mut Tx<'_>,
        loaded: Loaded,
        mut at_hand: BTreeMap<DossierId, Kept>,
    ) -> Result<(), StoreError> {
        self.operations = loaded.operations;
        for (id, dossier) in loaded.dossiers {
            let kept = match (dossier.content, at_hand.remove(&id)) {
                (Some(content), _) => self.kept(&id, &content)?,
                (None, Some(kept)) => kept,
                (None, None) => self.read(tx, &id)?,
            };
            self.lay(kept);
        }
        Ok(())
    }

    pub(super) fn lay(&mut self, kept: Kept) {
        let (id, before) = (kept.dossier.id.clone(), kept.dossier.seq);
        self.dossiers.insert(id, Working { before, kept, boxes: Boxes::new(), touched: false });
    }

    /// Reads one dossier from the database.
    pub(super) fn read(&self, tx: &mut Tx<'_>, id: &DossierId) -> Result<Kept, StoreError> {
        let wanted = Wanted { dossiers: [(id.clone(), 0)].into(), ..Wanted::default() };
        let content = tx.load(&wanted)?.dossiers.remove(id).and_then(|dossier| dossier.content);
        let content = content.ok_or_else(|| StoreError::Unavailable(format!("dossier {id} is not there any more")))?;
        self.kept(id, &content)
    }

    fn kept(&self, id: &DossierId, content: &LoadedContent) -> Result<Kept, StoreError> {
        let hash = Hash::try_from(content.hash.as_slice()).map_err(|_| StoreError::Corrupt {
            table: "event",
            column: "hash",
            what: format!("the last hash of dossier {id} has {} bytes", content.hash.len()),
        })?;
        let keys = self.inner.unwrap_keys(id, &content.keys)?;
        Ok(Kept { dossier: dossier_of(&content.snapshot)?, hash, keys, search: None })
    }

    /// Decides one command. The outer error is the database's, and the whole batch fails with it.
    pub(super) fn take(&mut self, tx: &mut Tx<'_>, pending: &Pending) -> Result<Answer, StoreError> {
        let reused = || Ok(Err(Failure::Refused(Refusal::of(Code::OperationReused))));
        if let Some((asked, done)) = self.carried_out.get(&pending.operation) {
            return if *asked == pending.asked { Ok(Ok(Done { again: true, ..done.clone() })) } else { reused() };
        }
        if let Some(operation) = self.operations.get(&pending.operation).cloned() {
            if operation.asked != pending.asked {
                return reused();
            }
            if let Work::Deliver(message) = &pending.work
                && !planted(Fault::MessageTwice)
            {
                let settled = Settled::Consumed(self.inner.clock.now().0);
                self.batch.settled.insert((message.from.clone(), message.from_seq, message.place), settled);
            }
            return self.first_answer(tx, &operation).map(Ok);
        }
        match &pending.work {
            Work::Command(command) => self.carry_out(tx, pending, command),
            Work::Deliver(message) => self.deliver(tx, pending, message),
        }
    }

    pub(super) fn carry_out(
        &mut self,
        tx: &mut Tx<'_>,
        pending: &Pending,
        command: &Command,
    ) -> Result<Answer, StoreError> {
        let hash = match self.machine_of(command) {
            Some(hash) => hash.clone(),
            None => return Ok(Err(Refusal::about(Code::NoDossier, command.dossier.as_str()).into())),
        };
        let (version, calendar) = match self.version(tx, &hash)? {
            Ok(found) => found,
            Err(error) => return Ok(Err(error.into())),
        };
        let next = match self.next(tx, command) {
            Ok(next) => next,
            Err(error) => return Ok(Err(error.into())),
        };
        let asks = next.as_ref().map(|next| &next.0).filter(|next| next.asks_registers).unwrap_or(&version);
        let facts = self.facts(tx, asks, command)?;
        let boxes = match self.open_boxes(tx, &command.dossier)? {
            Ok(boxes) => boxes,
            Err(error) => return Ok(Err(error.into())),
        };
        let here = (version, calendar);
        let decide = |taken: &Taken| match &next {
            None => self.decide(command, &here.0, &here.1, &facts, &boxes, taken),
            Some(next) => self.go_over(command, (&here, next), &facts, (&boxes, taken)),
        };
        let decided = self.settled(tx, &command.actor, decide)?;
        let (version, calendar) = next.unwrap_or(here);
        if let Some(working) = self.dossiers.get_mut(&command.dossier) {
            working.boxes = boxes;
        }
        match decided {
            Err(refusal) => Ok(Err(Failure::Refused(refusal))),
            Ok(decision) => {
                self.forget(tx, &command.dossier, &decision)?;
                self.expire(tx, &command.dossier, &decision)?;
                Ok(self.accept(pending, command, &decision, &version.machine, &calendar))
            }
        }
    }

    /// Decides a command with nothing but what is in memory; none if something would have to be read for it, or if it is not
    /// simply carried out: then it is for the transaction to say what becomes of it.
    pub(super) fn carry_out_ahead(&mut self, pending: &Pending, command: &Command) -> Option<Done> {
        if self.carried_out.contains_key(&pending.operation)
            || matches!(command.ask, Ask::Migrate(_) | Ask::Forget(_) | Ask::Expire(_) | Ask::End(_))
        {
            return None;
        }
        let version = self.inner.version(self.machine_of(command)?).filter(|version| !version.asks_registers)?;
        let calendar = self.deployment.calendars.get(&version.machine.calendar).cloned()?;
        if self.dossiers.get(&command.dossier).is_some_and(|working| boxes::has(&working.kept.dossier)) {
            return None;
        }
        let decision = self.decide(command, &version, &calendar, &[], &Boxes::new(), Taken::NOTHING).ok()?;
        // Without an event no key would say whether it was right.
        if decision.events.is_empty() || boxes::wants(&decision) || rests_elsewhere(&decision) {
            return None;
        }
        self.accept(pending, command, &decision, &version.machine, &calendar).ok()
    }

    /// The version that a command is decided by; none if there is no such dossier.
    fn machine_of<'c>(&'c self, command: &'c Command) -> Option<&'c MachineHash> {
        match (&command.ask, self.dossiers.get(&command.dossier)) {
            (_, Some(working)) => Some(&working.kept.dossier.machine),
            (Ask::Start(start), None) => Some(&start.machine),
            (_, None) => None,
        }
    }

    fn decide(
        &self,
        command: &Command,
        version: &Version,
        calendar: &Calendar,
        facts: &[Entry],
        boxes: &Boxes,
        taken: &Taken,
    ) -> Result<Decision, Refusal> {
        let context = Context { directory: &self.deployment.directory, calendar, register: facts, boxes, taken };
        let dossier = self.dossiers.get(&command.dossier).map(|working| &working.kept.dossier);
        decide(&version.machine, dossier, command, self.inner.clock.now(), &context)
    }

    fn accept(
        &mut self,
        pending: &Pending,
        command: &Command,
        decision: &Decision,
        machine: &Machine,
        calendar: &Calendar,
    ) -> Answer {
        let working = self.dossiers.get(&command.dossier);
        if decision.events.is_empty() {
            let dossier = working.map(|working| &working.kept.dossier);
            let (seq, state) = dossier.map_or((0, String::new()), |dossier| (dossier.seq, dossier.stands()));
            return Ok(Done { dossier: command.dossier.clone(), seq, state, again: false });
        }
        let before = working.map(|working| &working.kept.dossier);
        let mut made = Made::new(self.inner, &command.dossier, working.map(|working| &working.kept));
        for event in &decision.events {
            made.add(event, (event.seq == decision.events[0].seq).then_some(pending))?;
        }
        let after = made.dossier.take().expect("there is at least one event");
        let rows = project(before, &after, &decision.events, machine, calendar);
        let boxes = boxes::fill(
            &after,
            working.map(|working| &working.boxes),
            decision,
            &self.inner.keys.master,
            &self.inner.chance,
        )?;
        let at = after.last_at;
        let seq_before = working.map_or(0, |working| working.before);
        let (id, done) =
            (after.id.clone(), Done { dossier: after.id.clone(), seq: after.seq, state: after.stands(), again: false });
        // From here on nothing fails.
        self.batch.events.extend(made.rows.into_iter().map(|(seq, row)| ((id.clone(), seq), row)));
        self.batch.seal_keys.extend(made.new_keys.into_iter().map(|(person, wrapped)| ((id.clone(), person), wrapped)));
        self.inner.add_rows(&mut self.batch, &id, at, rows);
        super::taken::add(&mut self.batch, &id, at, &decision.events);
        add_papers(&mut self.batch, &id, at, &decision.events, &pending.attachments);
        for ((activation, row), sealed) in boxes.sealed {
            self.batch.boxes.insert((id.clone(), activation, row), sealed);
        }
        let renamed = decision.events.iter().flat_map(|event| &event.changes).any(says);
        let search = (!renamed).then(|| self.dossiers.remove(&id)?.kept.search).flatten();
        let kept = Kept { dossier: after, hash: made.hash, keys: made.keys, search };
        self.dossiers.insert(id, Working { before: seq_before, kept, boxes: boxes.open, touched: true });
        self.carried_out.insert(pending.operation.clone(), (pending.asked.clone(), done.clone()));
        Ok(done)
    }

    /// What has to be written, and the dossiers as they then stand.
    pub(super) fn finish(mut self) -> (Batch, Vec<Kept>) {
        let mut kept = Vec::with_capacity(self.dossiers.len());
        for (id, mut working) in self.dossiers {
            if working.touched && !(planted(Fault::SnapshotStale) && working.before > 0) {
                let search = working.kept.search.get_or_insert_with(|| search_of(&working.kept.dossier));
                self.batch.dossiers.insert(id, dossier_row(&working.kept.dossier, search.clone(), working.before));
            }
            kept.push(working.kept);
        }
        (self.batch, kept)
    }

    pub(super) fn version(
        &self,
        tx: &mut Tx<'_>,
        hash: &MachineHash,
    ) -> Result<Result<(Version, Arc<Calendar>), StoreError>, StoreError> {
        let version = if let Some(version) = self.inner.version(hash) {
            version
        } else {
            let compiled = tx.compiled(hash)?;
            match self.inner.load_version(hash, compiled) {
                Ok(version) => version,
                Err(error) => return Ok(Err(error)),
            }
        };
        let Some(calendar) = self.deployment.calendars.get(&version.machine.calendar).cloned() else {
            let what = format!("there is no calendar `{}`", version.machine.calendar);
            return Ok(Err(StoreError::Corrupt { table: "calendar", column: "name", what }));
        };
        Ok(Ok((version, calendar)))
    }

    /// The facts about whom the dossier is about, if its formulas ask for any.
    fn facts(&self, tx: &mut Tx<'_>, version: &Version, command: &Command) -> Result<Vec<Entry>, StoreError> {
        if !version.asks_registers {
            return Ok(Vec::new());
        }
        let dossier = self.dossiers.get(&command.dossier).map(|working| &working.kept.dossier);
        let Some(holder) = holder_of(&version.machine, dossier, &command.ask) else { return Ok(Vec::new()) };
        let mut facts = tx.facts(&holder)?;
        let added = self.batch.register.iter().filter(|fact| fact.holder == holder);
        facts.extend(added.map(|fact| Entry {
            register: fact.register.clone(),
            holder: fact.holder.clone(),
            key: fact.key.clone(),
            year: i32::try_from(fact.year).unwrap_or_default(),
        }));
        Ok(facts)
    }
}

/// Whether a change alters what a dossier is found by.
fn says(change: &Change) -> bool {
    matches!(
        change,
        Change::Opened { .. }
            | Change::Captioned(_)
            | Change::Set(_)
            | Change::Party { .. }
            | Change::Forgot { .. }
            | Change::Expired(_)
    )
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl Inner {
    /// Keeps dossiers for the commands to come.
    pub(super) fn remember(&self, dossiers: Vec<Kept>) {
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        for kept in dossiers {
            cache.put(kept);
        }
    }
}
