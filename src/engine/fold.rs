//! Folding a batch: each command is decided against its dossier as the commands before it leave it. Nothing is written here;
//! what has to be is gathered in a [`Batch`].

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError};

use super::cache::Kept;
use super::deploy::{Deployment, Version};
use super::queue::{Pending, Work};
use super::rows::{dossier_of, dossier_row, list_id, state_of};
use super::seals::{Asked, damaged};
use super::{Attachment, Done, Failure, Inner};
use crate::calendar::Calendar;
use crate::clock::Chance;
use crate::dossier::command::{Act, Actor, Ask, Command, Start};
use crate::dossier::context::{Context, Entry, OpenBox};
use crate::dossier::decide::{Decision, decide};
use crate::dossier::event::{Change, Event};
use crate::dossier::evolve::evolve;
use crate::dossier::project::project;
use crate::dossier::refusal::{Code, Refusal};
use crate::dossier::{Choice, Dossier, Message, Recipient, Vote};
use crate::ids::{ActivationId, DossierId, Instant, MachineHash, OperationId, PersonId};
use crate::machine::{Ballot, FieldKind, Held, Machine};
use crate::seal::{BoxPlace, DossierKeys, HASH_BEFORE_FIRST, Hash, MasterKeys};
use crate::store::{
    Batch, EventRow, Loaded, LoadedContent, LoadedOperation, PaperRow, Settled, StoreError, Tx, Wanted,
};

type Answer = Result<Done, Failure>;
type Boxes = BTreeMap<DossierId, OpenBox>;

/// A batch that is being folded.
pub(super) struct Fold<'f, 't> {
    pub(super) inner: &'f Inner,
    pub(super) tx: &'f mut Tx<'t>,
    deployment: Arc<Deployment>,
    dossiers: BTreeMap<DossierId, Working>,
    /// Operations that were carried out before this batch.
    operations: BTreeMap<OperationId, LoadedOperation>,
    /// Operations of this batch.
    carried_out: BTreeMap<OperationId, (String, Done)>,
    batch: Batch,
}

/// A dossier in a batch.
struct Working {
    /// The number of its last event before the batch.
    before: i64,
    kept: Kept,
    /// The boxes of the vote in progress, once they were opened.
    boxes: Option<(ActivationId, Boxes)>,
    touched: bool,
}

impl<'f, 't> Fold<'f, 't> {
    /// Reads what the batch needs.
    pub(super) fn load(inner: &'f Inner, tx: &'f mut Tx<'t>, batch: &[Pending]) -> Result<Self, StoreError> {
        let mut wanted = Wanted::default();
        let mut lists = BTreeSet::new();
        for pending in batch {
            wanted.operations.push(pending.operation.clone());
            match &pending.work {
                Work::Command(command) => wanted.dossiers.insert(command.dossier.clone(), 0),
                Work::Deliver(Message { to: Recipient::Dossier(id), .. }) => wanted.dossiers.insert(id.clone(), 0),
                Work::Deliver(Message { to: Recipient::List { workflow, key, .. }, .. }) => {
                    lists.insert((workflow, key));
                    None
                }
            };
        }
        for (workflow, key) in lists {
            wanted.dossiers.extend(tx.gathering(workflow, key)?.map(|id| (id, 0)));
        }
        {
            let cache = inner.cache.lock().unwrap_or_else(PoisonError::into_inner);
            for (id, seq) in &mut wanted.dossiers {
                *seq = cache.seq(id);
            }
        }
        let loaded = tx.load(&wanted)?;
        let deployment = inner.deployment_at(loaded.deployment, tx)?;
        let mut fold = Self {
            inner,
            tx,
            deployment,
            dossiers: BTreeMap::new(),
            operations: BTreeMap::new(),
            carried_out: BTreeMap::new(),
            batch: Batch::default(),
        };
        fold.lay_out(loaded)?;
        Ok(fold)
    }

    fn lay_out(&mut self, loaded: Loaded) -> Result<(), StoreError> {
        self.operations = loaded.operations;
        for (id, dossier) in loaded.dossiers {
            let at_hand = self.inner.cache.lock().unwrap_or_else(PoisonError::into_inner).take(&id);
            let kept = match (dossier.content, at_hand) {
                (Some(content), _) => self.kept(&id, &content)?,
                (None, Some(kept)) => kept,
                (None, None) => self.read(&id)?,
            };
            self.lay(kept);
        }
        Ok(())
    }

    fn lay(&mut self, kept: Kept) {
        let (id, before) = (kept.dossier.id.clone(), kept.dossier.seq);
        self.dossiers.insert(id, Working { before, kept, boxes: None, touched: false });
    }

    /// Reads one dossier from the database.
    fn read(&mut self, id: &DossierId) -> Result<Kept, StoreError> {
        let wanted = Wanted { dossiers: [(id.clone(), 0)].into(), ..Wanted::default() };
        let content = self.tx.load(&wanted)?.dossiers.remove(id).and_then(|dossier| dossier.content);
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
        Ok(Kept { dossier: dossier_of(&content.snapshot)?, hash, keys })
    }

    /// Decides one command. The outer error is the database's, and the whole batch fails with it.
    pub(super) fn take(&mut self, pending: &Pending) -> Result<Answer, StoreError> {
        let reused = || Ok(Err(Failure::Refused(Refusal::of(Code::OperationReused))));
        if let Some((asked, done)) = self.carried_out.get(&pending.operation) {
            return if *asked == pending.asked { Ok(Ok(Done { again: true, ..done.clone() })) } else { reused() };
        }
        if let Some(operation) = self.operations.get(&pending.operation).cloned() {
            if operation.asked != pending.asked {
                return reused();
            }
            if let Work::Deliver(message) = &pending.work {
                let settled = Settled::Consumed(self.inner.clock.now().0);
                self.batch.settled.insert((message.from.clone(), message.from_seq, message.place), settled);
            }
            return self.first_answer(&operation).map(Ok);
        }
        match &pending.work {
            Work::Command(command) => self.carry_out(pending, command),
            Work::Deliver(message) => self.deliver(pending, message),
        }
    }

    fn deliver(&mut self, pending: &Pending, message: &Message) -> Result<Answer, StoreError> {
        let command = self.address(message)?;
        let mut answer = match &command {
            Some(command) => self.carry_out(pending, command)?,
            None => Err(Failure::Refused(Refusal::about(Code::NoDossier, "no such workflow is deployed"))),
        };
        // A list whose time to gather is over, but whose timer has not fired yet: it fires now, and the row goes elsewhere.
        if let (Err(Failure::Refused(refusal)), Some(list)) = (&answer, &command)
            && matches!(message.to, Recipient::List { .. })
            && refusal.reasons.iter().any(|reason| reason.code == Code::NotGathering)
            && self.tick(&list.dossier)?
            && let Some(command) = self.address(message)?
        {
            answer = self.carry_out(pending, &command)?;
        }
        let settled = match &answer {
            Ok(_) => Settled::Consumed(self.inner.clock.now().0),
            Err(Failure::Refused(refusal)) => {
                Settled::Refused(serde_json::to_string(refusal).unwrap_or_else(|error| error.to_string()))
            }
            Err(Failure::Store(error)) => Settled::Refused(error.to_string()),
        };
        self.batch.settled.insert((message.from.clone(), message.from_seq, message.place), settled);
        Ok(answer)
    }

    /// The command that consumes a message; none if it would have to open a list of which no version is deployed.
    fn address(&mut self, message: &Message) -> Result<Option<Command>, StoreError> {
        let (operation, actor) = (message.operation(), Actor::Dossier(message.from.clone()));
        let (workflow, key, fields) = match &message.to {
            Recipient::Dossier(id) => {
                let (dossier, ask) = (id.clone(), Ask::Receive(message.clone()));
                return Ok(Some(Command { operation, dossier, actor, ask }));
            }
            Recipient::List { workflow, key, fields } => (workflow, key, fields),
        };
        let gathers = |dossier: &Dossier| {
            &dossier.workflow == workflow && dossier.gather_key.as_deref() == Some(key) && dossier.outcome.is_none()
        };
        let here = self.dossiers.values().map(|working| &working.kept.dossier).find(|dossier| gathers(dossier));
        let mut open = here.map(|dossier| dossier.id.clone());
        if open.is_none()
            && let Some(id) = self.tx.gathering(workflow, key)?
            && !self.dossiers.contains_key(&id)
        {
            let kept = self.read(&id)?;
            self.lay(kept);
            open = Some(id);
        }
        if let Some(dossier) = open {
            return Ok(Some(Command { operation, dossier, actor, ask: Ask::Receive(message.clone()) }));
        }
        let Some(machine) = self.deployment.current.get(workflow).cloned() else { return Ok(None) };
        let start = Start {
            machine,
            fields: fields.clone(),
            papers: Vec::new(),
            gather_key: Some(key.clone()),
            first: Some(message.clone()),
        };
        Ok(Some(Command { dossier: list_id(&operation), operation, actor, ask: Ask::Start(start) }))
    }

    /// Does what is due in a dossier; whether anything was.
    fn tick(&mut self, id: &DossierId) -> Result<bool, StoreError> {
        let Some(working) = self.dossiers.get(id) else { return Ok(false) };
        let dossier = &working.kept.dossier;
        let Some(due_at) = dossier.next_due_at() else { return Ok(false) };
        let operation = OperationId::new(format!("tick:{id}:{}:{}", dossier.seq, due_at.0));
        let command = Command { operation, dossier: id.clone(), actor: Actor::Clock, ask: Ask::Tick };
        let pending = Pending::of_command(command.clone(), Vec::new(), &self.inner.keys.master);
        let before = dossier.seq;
        self.carry_out(&pending, &command)?.ok();
        Ok(self.dossiers.get(id).is_some_and(|working| working.kept.dossier.seq > before))
    }

    fn carry_out(&mut self, pending: &Pending, command: &Command) -> Result<Answer, StoreError> {
        let dossier = self.dossiers.get(&command.dossier).map(|working| &working.kept.dossier);
        let hash = match (&command.ask, dossier) {
            (_, Some(dossier)) => dossier.machine.clone(),
            (Ask::Start(start), None) => start.machine.clone(),
            (_, None) => return Ok(Err(Refusal::about(Code::NoDossier, command.dossier.as_str()).into())),
        };
        let (version, calendar) = match self.version(&hash)? {
            Ok(found) => found,
            Err(error) => return Ok(Err(error.into())),
        };
        let facts = self.facts(&version, command)?;
        let boxes = match self.open_boxes(&command.dossier)? {
            Ok(boxes) => boxes,
            Err(error) => return Ok(Err(error.into())),
        };
        let (now, no_boxes) = (self.inner.clock.now(), Boxes::new());
        let context = Context {
            directory: &self.deployment.directory,
            calendar: &calendar,
            register: &facts,
            boxes: boxes.as_ref().map_or(&no_boxes, |(_, boxes)| boxes),
        };
        let dossier = self.dossiers.get(&command.dossier).map(|working| &working.kept.dossier);
        let decided = decide(&version.machine, dossier, command, now, &context);
        if let Some(working) = self.dossiers.get_mut(&command.dossier) {
            working.boxes = boxes;
        }
        match decided {
            Err(refusal) => Ok(Err(Failure::Refused(refusal))),
            Ok(decision) => Ok(self.accept(pending, command, decision, &version.machine, &calendar)),
        }
    }

    fn accept(
        &mut self,
        pending: &Pending,
        command: &Command,
        decision: Decision,
        machine: &Machine,
        calendar: &Calendar,
    ) -> Answer {
        let working = self.dossiers.get(&command.dossier);
        if decision.events.is_empty() {
            let dossier = working.map(|working| &working.kept.dossier);
            let (seq, state) = dossier.map_or((0, String::new()), |dossier| (dossier.seq, state_of(dossier)));
            return Ok(Done { dossier: command.dossier.clone(), seq, state, again: false });
        }
        let before = working.map(|working| &working.kept.dossier);
        let mut made = Made::new(self.inner, &command.dossier, working);
        for event in &decision.events {
            made.add(event, (event.seq == decision.events[0].seq).then_some(pending))?;
        }
        let after = made.dossier.take().expect("there is at least one event");
        let rows = project(before, &after, &decision.events, machine, calendar);
        let boxes = fill_boxes(
            &after,
            working.and_then(|working| working.boxes.as_ref()),
            &decision,
            &self.inner.keys.master,
            &self.inner.chance,
        )?;
        let at = after.last_at;
        let seq_before = working.map_or(0, |working| working.before);
        let (id, done) = (
            after.id.clone(),
            Done { dossier: after.id.clone(), seq: after.seq, state: state_of(&after), again: false },
        );
        // From here on nothing fails.
        self.batch.events.extend(made.rows.into_iter().map(|(seq, row)| ((id.clone(), seq), row)));
        self.batch.seal_keys.extend(made.new_keys.into_iter().map(|(person, wrapped)| ((id.clone(), person), wrapped)));
        self.inner.add_rows(&mut self.batch, &id, at, rows);
        add_papers(&mut self.batch, &id, at, &decision.events, &pending.attachments);
        let open = boxes.map(|filled| {
            for (row, sealed) in filled.sealed {
                self.batch.boxes.insert((id.clone(), filled.activation, row), sealed);
            }
            (filled.activation, filled.open)
        });
        let kept = Kept { dossier: after, hash: made.hash, keys: made.keys };
        self.dossiers.insert(id, Working { before: seq_before, kept, boxes: open, touched: true });
        self.carried_out.insert(pending.operation.clone(), (pending.asked.clone(), done.clone()));
        Ok(done)
    }

    /// What has to be written, and the dossiers as they then stand.
    pub(super) fn finish(mut self) -> (Batch, Vec<Kept>) {
        let mut kept = Vec::with_capacity(self.dossiers.len());
        for (id, working) in self.dossiers {
            if working.touched {
                self.batch.dossiers.insert(id, dossier_row(&working.kept.dossier, working.before));
            }
            kept.push(working.kept);
        }
        (self.batch, kept)
    }

    fn version(&mut self, hash: &MachineHash) -> Result<Result<(Version, Arc<Calendar>), StoreError>, StoreError> {
        let version = match self.inner.version(hash) {
            Some(version) => version,
            None => {
                let compiled = self.tx.compiled(hash)?;
                match self.inner.load_version(hash, compiled) {
                    Ok(version) => version,
                    Err(error) => return Ok(Err(error)),
                }
            }
        };
        let Some(calendar) = self.deployment.calendars.get(&version.machine.calendar).cloned() else {
            let what = format!("there is no calendar `{}`", version.machine.calendar);
            return Ok(Err(StoreError::Corrupt { table: "calendar", column: "name", what }));
        };
        Ok(Ok((version, calendar)))
    }

    /// The facts about whom the dossier is about, if its formulas ask for any.
    fn facts(&mut self, version: &Version, command: &Command) -> Result<Vec<Entry>, StoreError> {
        if !version.asks_registers {
            return Ok(Vec::new());
        }
        let dossier = self.dossiers.get(&command.dossier).map(|working| &working.kept.dossier);
        let Some(holder) = holder_of(&version.machine, dossier, &command.ask) else { return Ok(Vec::new()) };
        let mut facts = self.tx.facts(&holder)?;
        let added = self.batch.register.iter().filter(|fact| fact.holder == holder);
        facts.extend(added.map(|fact| Entry {
            register: fact.register.clone(),
            holder: fact.holder.clone(),
            key: fact.key.clone(),
            year: i32::try_from(fact.year).unwrap_or_default(),
        }));
        Ok(facts)
    }

    /// The boxes of the secret vote in progress, opened.
    fn open_boxes(&mut self, id: &DossierId) -> Result<Result<Option<(ActivationId, Boxes)>, StoreError>, StoreError> {
        let Some(working) = self.dossiers.get_mut(id) else { return Ok(Ok(None)) };
        let dossier = &working.kept.dossier;
        let vote = dossier.vote.as_ref().or_else(|| dossier.paused.as_ref()?.vote.as_ref());
        let Some(vote) = vote.filter(|vote| is_sealed(vote)) else { return Ok(Ok(None)) };
        let activation = vote.activation;
        if let Some(boxes) = working.boxes.take_if(|(of, _)| *of == activation) {
            return Ok(Ok(Some(boxes)));
        }
        let mut boxes = Boxes::new();
        for (row, sealed) in self.tx.boxes(id, activation)? {
            let place = BoxPlace { dossier: id, activation, row: &row };
            match place.open(&sealed, &self.inner.keys.master) {
                Ok(open) => boxes.insert(row, open),
                Err(error) => return Ok(Err(damaged(&error))),
            };
        }
        Ok(Ok(Some((activation, boxes))))
    }
}

/// A secret vote on line: its choices lie in boxes.
fn is_sealed(vote: &Vote) -> bool {
    vote.held == Held::Online && vote.rule.ballot == Ballot::Secret
}

/// The events of one command, folded and sealed.
struct Made<'m> {
    inner: &'m Inner,
    dossier: Option<Dossier>,
    hash: Hash,
    keys: DossierKeys,
    rows: Vec<(i64, EventRow)>,
    new_keys: Vec<(String, Vec<u8>)>,
}

impl<'m> Made<'m> {
    fn new(inner: &'m Inner, id: &DossierId, working: Option<&Working>) -> Self {
        let (rows, mut new_keys) = (Vec::new(), Vec::new());
        if let Some(working) = working {
            let kept = &working.kept;
            let (dossier, keys) = (Some(kept.dossier.clone()), kept.keys.clone());
            return Self { inner, dossier, hash: kept.hash, keys, rows, new_keys };
        }
        let (own, wrapped) = inner.keys.master.new_key(id, None, &inner.chance);
        new_keys.push((DossierKeys::own_name().to_owned(), wrapped));
        let keys = DossierKeys { own, people: BTreeMap::new() };
        Self { inner, dossier: None, hash: HASH_BEFORE_FIRST, keys, rows, new_keys }
    }

    fn add(&mut self, event: &Event, first_of: Option<&Pending>) -> Result<(), StoreError> {
        let dossier = evolve(self.dossier.take(), event).map_err(|broken| StoreError::Corrupt {
            table: "event",
            column: "sealed",
            what: broken.to_string(),
        })?;
        if let Some(person) = &dossier.subject {
            self.key_of(&dossier.id, person);
        }
        let asked = first_of.map(|pending| Asked { operation: pending.operation.as_str(), asked: &pending.asked });
        let (row, hash) = self.inner.seal(event, &dossier, &self.keys, &self.hash, asked);
        self.rows.push((event.seq, row));
        self.hash = hash;
        self.dossier = Some(dossier);
        Ok(())
    }

    fn key_of(&mut self, dossier: &DossierId, person: &PersonId) {
        if !self.keys.people.contains_key(person) {
            let (key, wrapped) = self.inner.keys.master.new_key(dossier, Some(person), &self.inner.chance);
            self.keys.people.insert(person.clone(), key);
            self.new_keys.push((person.as_str().to_owned(), wrapped));
        }
    }
}

/// Boxes after a command.
struct Filled {
    activation: ActivationId,
    open: Boxes,
    sealed: BTreeMap<DossierId, Vec<u8>>,
}

/// Makes empty boxes for a vote that was opened, and puts ballots into those of the vote in progress.
fn fill_boxes(
    after: &Dossier,
    open: Option<&(ActivationId, Boxes)>,
    decision: &Decision,
    master: &MasterKeys,
    chance: &Chance,
) -> Result<Option<Filled>, StoreError> {
    let vote = after.vote.as_ref().or_else(|| after.paused.as_ref()?.vote.as_ref());
    let Some(vote) = vote.filter(|vote| is_sealed(vote)) else { return Ok(None) };
    let opened = decision
        .events
        .iter()
        .flat_map(|event| &event.changes)
        .any(|change| matches!(change, Change::VoteOpened { activation, .. } if *activation == vote.activation));
    let at_hand = open.filter(|(of, _)| *of == vote.activation).map(|(_, boxes)| boxes.clone());
    let mut filled = Filled { activation: vote.activation, open: at_hand.unwrap_or_default(), sealed: BTreeMap::new() };
    let none = BTreeMap::new();
    let ballots: &BTreeMap<DossierId, Choice> = if opened { &none } else { &decision.ballots };
    let rows: Vec<&DossierId> =
        if opened { vote.rows.iter().map(|row| &row.row).collect() } else { ballots.keys().collect() };
    for row in rows {
        let place = BoxPlace { dossier: &after.id, activation: vote.activation, row };
        let content = filled.open.entry(row.clone()).or_default();
        content.choices.extend(ballots.get(row));
        let sealed = place.seal(&content.choices, vote.roll.len(), master, chance).map_err(|error| damaged(&error))?;
        *content = place.open(&sealed, master).map_err(|error| damaged(&error))?;
        filled.sealed.insert(row.clone(), sealed);
    }
    Ok(Some(filled))
}

/// The bytes of the papers that the events name.
fn add_papers(batch: &mut Batch, dossier: &DossierId, at: Instant, events: &[Event], attachments: &[Attachment]) {
    let changes = events.iter().flat_map(|event| &event.changes);
    let filed = changes.filter_map(|change| if let Change::Filed(papers) = change { Some(papers) } else { None });
    for paper in filed.flatten() {
        let Some(attachment) = attachments.iter().find(|attachment| attachment.id == paper.id) else { continue };
        batch.papers.push(PaperRow {
            id: paper.id.as_str().to_owned(),
            dossier: dossier.clone(),
            kind: paper.kind.clone(),
            name: paper.name.clone(),
            media: attachment.media.clone(),
            hash: paper.hash.clone(),
            content: attachment.content.clone(),
            added_at: at.0,
        });
    }
}

/// Whose facts a dossier's formulas see: the first subject field with a value, as the command leaves it.
fn holder_of(machine: &Machine, dossier: Option<&Dossier>, ask: &Ask) -> Option<String> {
    let said = match ask {
        Ask::Start(Start { fields, .. }) | Ask::Act(Act { fields, .. }) | Ask::Edit { fields, .. } => Some(fields),
        Ask::Cast { .. } | Ask::Tally { .. } | Ask::Confirm { .. } | Ask::Receive(_) | Ask::Tick => None,
    };
    machine.subject.iter().find_map(|name| {
        let value = said.and_then(|fields| fields.get(name)).or_else(|| dossier?.fields.get(name))?.as_str()?;
        match machine.field(name)?.kind {
            FieldKind::Unit => Some(format!("unit:{value}")),
            _ => Some(value.to_owned()),
        }
    })
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
        dossiers.into_iter().for_each(|kept| cache.put(kept));
    }
}
