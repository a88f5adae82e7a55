//! What one commit writes, in the order in which it is written: sorted, so that two writers never wait for each other in a
//! circle.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::dossier::taken::Key;
use crate::ids::{ActivationId, DossierId, PersonId};

/// Everything that one batch of commands writes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Batch {
    /// The number of what was deployed when it was decided outside the transaction: if another is deployed now, nothing is
    /// written. None if it was decided in the transaction.
    pub(crate) deployment: Option<i64>,
    /// In the order of (dossier, number).
    pub(crate) events: BTreeMap<(DossierId, i64), EventRow>,
    /// Each dossier as the batch leaves it.
    pub(crate) dossiers: BTreeMap<DossierId, DossierRow>,
    /// New keys: (dossier, person or `-`) and the wrapped key.
    pub(crate) seal_keys: BTreeMap<(DossierId, String), Vec<u8>>,
    /// Tasks that are offered or over, by (dossier, id).
    pub(crate) tasks: BTreeMap<(DossierId, String), TaskChange>,
    /// Notices.
    pub(crate) outbox: Vec<OutboxRow>,
    /// Ballot boxes, sealed.
    pub(crate) boxes: BTreeMap<(DossierId, ActivationId, DossierId), Vec<u8>>,
    /// Messages that were sent.
    pub(crate) messages: Vec<MessageRow>,
    /// Messages that were consumed or refused, by (sender, number, place).
    pub(crate) settled: BTreeMap<(DossierId, i64, u32), Settled>,
    /// Facts.
    pub(crate) register: Vec<RegisterEntry>,
    /// Keys that are given up, and by whom. They go before any is taken.
    pub(crate) given_up: BTreeSet<(Key, DossierId)>,
    /// Keys that are taken.
    pub(crate) taken: BTreeMap<Key, TakenRow>,
    /// Papers with their bytes.
    pub(crate) papers: Vec<PaperRow>,
    /// The keys under which imported dossiers stood in their files.
    pub(crate) import_keys: Vec<(DossierId, String)>,
    /// Who is forgotten.
    pub(crate) forgotten: BTreeMap<DossierId, ForgottenRows>,
    /// Whose time of keeping was over, and the number of the event that says so.
    pub(crate) expired: BTreeMap<DossierId, i64>,
    /// Since when what is due in a dossier cannot be done (none: it can again).
    pub(crate) stuck: BTreeMap<DossierId, Option<i64>>,
}

/// What goes beside the log when people are forgotten in a dossier.
#[derive(Clone, Debug, Default)]
pub(crate) struct ForgottenRows {
    /// Whose keys go.
    pub(crate) people: BTreeSet<PersonId>,
    /// The dossier is about one of them: its papers go too, and the key of its row in a file.
    pub(crate) whole: bool,
    /// Messages that told something of them and were refused, by number and place, and what is left of each.
    pub(crate) messages: BTreeMap<(i64, u32), String>,
}

/// An event as it is stored.
#[derive(Clone, Debug)]
pub(crate) struct EventRow {
    pub(crate) at: i64,
    pub(crate) kind: &'static str,
    pub(crate) kind_version: i64,
    pub(crate) actor: String,
    pub(crate) subjects: String,
    pub(crate) machine: String,
    pub(crate) operation: Option<String>,
    pub(crate) asked: Option<String>,
    pub(crate) sealed: Vec<u8>,
    pub(crate) hash: Vec<u8>,
}

/// A dossier as it is stored.
#[derive(Clone, Debug)]
pub(crate) struct DossierRow {
    /// The number of the last event before this batch; 0 for a new dossier. The write is guarded by it.
    pub(crate) before: i64,
    pub(crate) workflow: String,
    pub(crate) machine: String,
    pub(crate) seq: i64,
    pub(crate) state: String,
    pub(crate) caption: String,
    pub(crate) search: Arc<str>,
    pub(crate) subject: Option<String>,
    pub(crate) gather_key: Option<String>,
    pub(crate) opened_at: i64,
    pub(crate) last_at: i64,
    pub(crate) next_due_at: Option<i64>,
    pub(crate) closed_at: Option<i64>,
    pub(crate) outcome: Option<String>,
    pub(crate) snapshot: String,
}

/// What happens to a task's row.
#[derive(Clone, Debug)]
pub(crate) enum TaskChange {
    /// It is offered (again: the same link then opens again).
    Offered(Box<TaskEntry>),
    /// It is over.
    Closed(Closed),
}

/// When a task was over, and by which event.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Closed {
    pub(crate) at: i64,
    pub(crate) seq: i64,
}

/// A task as it is stored.
#[derive(Clone, Debug)]
pub(crate) struct TaskEntry {
    pub(crate) activation: ActivationId,
    pub(crate) purpose: &'static str,
    pub(crate) person: PersonId,
    pub(crate) policy: &'static str,
    pub(crate) key_id: i64,
    pub(crate) opened_at: i64,
    pub(crate) due_at: Option<i64>,
    pub(crate) closed: Option<Closed>,
}

/// A notice as it is stored.
#[derive(Clone, Debug)]
pub(crate) struct OutboxRow {
    pub(crate) dossier: DossierId,
    pub(crate) seq: i64,
    pub(crate) place: i64,
    pub(crate) activation: ActivationId,
    pub(crate) person: PersonId,
    pub(crate) kind: std::borrow::Cow<'static, str>,
    pub(crate) task: Option<String>,
    pub(crate) urgent_at: Option<i64>,
    pub(crate) not_before_at: i64,
}

/// A message as it is stored.
#[derive(Clone, Debug)]
pub(crate) struct MessageRow {
    pub(crate) from: DossierId,
    pub(crate) from_seq: i64,
    pub(crate) place: u32,
    pub(crate) content: String,
    pub(crate) sent_at: i64,
}

/// What became of a message.
#[derive(Clone, Debug)]
pub(crate) enum Settled {
    /// Consumed, at this instant.
    Consumed(i64),
    /// Refused, for these reasons; it stays where it is, visible, and is not tried again by itself.
    Refused(String),
}

/// A fact as it is stored.
#[derive(Clone, Debug)]
pub(crate) struct RegisterEntry {
    pub(crate) register: String,
    pub(crate) holder: String,
    pub(crate) key: String,
    pub(crate) year: i64,
    pub(crate) source: String,
    pub(crate) dossier: Option<DossierId>,
    pub(crate) written_at: i64,
}

/// A key that is taken, as it is stored.
#[derive(Clone, Debug)]
pub(crate) struct TakenRow {
    /// Its place in the order of a counter.
    pub(crate) seq: Option<i64>,
    pub(crate) dossier: DossierId,
    pub(crate) taken_at: i64,
}

/// A paper as it is stored.
#[derive(Clone, Debug)]
pub(crate) struct PaperRow {
    pub(crate) id: String,
    pub(crate) dossier: DossierId,
    pub(crate) kind: String,
    pub(crate) name: String,
    pub(crate) media: String,
    pub(crate) hash: String,
    pub(crate) content: Vec<u8>,
    pub(crate) added_at: i64,
}

impl Batch {
    /// Nothing was decided that would have to be written.
    pub(crate) fn is_empty(&self) -> bool {
        self.events.is_empty() && self.settled.is_empty()
    }

    /// Adds what was decided after it.
    pub(crate) fn absorb(&mut self, later: Self) {
        // Every part by its name, so that none is forgotten.
        let Self {
            deployment,
            events,
            dossiers,
            seal_keys,
            tasks,
            outbox,
            boxes,
            messages,
            settled,
            register,
            given_up,
            taken,
            papers,
            import_keys,
            forgotten,
            expired,
            stuck,
        } = later;
        // What was decided on something older is older as a whole.
        self.deployment = self.deployment.into_iter().chain(deployment).min();
        self.events.extend(events);
        for (id, row) in dossiers {
            let before = self.dossiers.get(&id).map_or(row.before, |earlier| earlier.before);
            self.dossiers.insert(id, DossierRow { before, ..row });
        }
        self.seal_keys.extend(seal_keys);
        for (id, change) in tasks {
            match (self.tasks.get_mut(&id), change) {
                (Some(TaskChange::Offered(task)), TaskChange::Closed(closed)) => task.closed = Some(closed),
                (Some(TaskChange::Closed(_)), TaskChange::Closed(_)) => {}
                (_, change) => drop(self.tasks.insert(id, change)),
            }
        }
        self.outbox.extend(outbox);
        self.boxes.extend(boxes);
        self.messages.extend(messages);
        self.settled.extend(settled);
        self.register.extend(register);
        self.given_up.extend(given_up);
        self.taken.extend(taken);
        self.papers.extend(papers);
        self.import_keys.extend(import_keys);
        self.forgotten.extend(forgotten);
        self.expired.extend(expired);
        self.stuck.extend(stuck);
    }

    /// Nothing but what nearly every command writes.
    pub(super) fn is_plain(&self) -> bool {
        self.boxes.is_empty()
            && self.messages.is_empty()
            && self.settled.is_empty()
            && self.register.is_empty()
            && self.given_up.is_empty()
            && self.taken.is_empty()
            && self.papers.is_empty()
            && self.import_keys.is_empty()
            && self.forgotten.is_empty()
            && self.expired.is_empty()
            && self.stuck.is_empty()
    }
}
