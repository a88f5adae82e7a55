//! From what the pure part says to rows.

use std::sync::Arc;

use sha2::{Digest as _, Sha256};
use unicode_normalization::UnicodeNormalization as _;

use super::Inner;
use crate::dossier::project::{Notice, NoticeKind, Rows, TaskKey, TaskRow};
use crate::dossier::{Dossier, Purpose};
use crate::ids::{ActivationId, DossierId, Instant, OperationId, PersonId};
use crate::machine::LinkPolicy;
use crate::planted::{Fault, planted};
use crate::seal::hex;
use crate::store::{
    Batch, Closed, DossierRow, MessageRow, OutboxRow, RegisterEntry, StoreError, TaskChange, TaskEntry,
};

/// Hexadecimal digits of a task's id: 64 bits, among the tasks of one dossier.
const TASK_ID: usize = 16;
/// Characters of a dossier's search text.
const SEARCH_MAX: usize = 600;

/// The id of a task among those of its dossier: it follows from what the task is, so that asking again for the same thing is
/// the same link.
pub fn task_id(dossier: &DossierId, activation: ActivationId, purpose: Purpose, person: &PersonId) -> String {
    let entry = activation.to_string();
    let mut id = digest(&["chancery task 1", dossier.as_str(), &entry, purpose.name(), person.as_str()]);
    id.truncate(TASK_ID);
    id
}

/// The id of a list that a message makes necessary.
pub(super) fn list_id(operation: &OperationId) -> DossierId {
    DossierId::new(digest(&["chancery list 1", operation.as_str()]))
}

fn digest(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    hex(&hash.finalize()[..16])
}

/// A stored snapshot, read.
pub(super) fn dossier_of(snapshot: &str) -> Result<Dossier, StoreError> {
    serde_json::from_str(snapshot).map_err(|error| StoreError::Corrupt {
        table: "dossier",
        column: "snapshot",
        what: error.to_string(),
    })
}

/// A dossier's row.
pub(super) fn dossier_row(dossier: &Dossier, search: Arc<str>, before: i64) -> DossierRow {
    DossierRow {
        before,
        workflow: dossier.workflow.as_str().to_owned(),
        machine: dossier.machine.as_str().to_owned(),
        seq: dossier.seq,
        state: dossier.stands(),
        caption: dossier.caption.clone(),
        search,
        subject: dossier.subject.as_ref().map(|person| person.as_str().to_owned()),
        gather_key: dossier.gather_key.clone(),
        opened_at: dossier.opened_at.0,
        last_at: dossier.last_at.0,
        next_due_at: dossier.next_due_at().filter(|_| !planted(Fault::DueSkipped)).map(|at| at.0),
        closed_at: dossier.outcome.as_ref().map(|_| dossier.last_at.0),
        outcome: dossier.outcome.clone().filter(|_| !planted(Fault::OutcomeLost)),
        snapshot: snapshot_of(dossier),
    }
}

fn snapshot_of(dossier: &Dossier) -> String {
    if planted(Fault::SnapshotNotFold) {
        return Dossier { fields: std::collections::BTreeMap::new(), ..dossier.clone() }.snapshot();
    }
    dossier.snapshot()
}

/// What a dossier is found by: its caption and its texts, in small letters without marks (`Đào` is found by `dao`).
pub(super) fn search_of(dossier: &Dossier) -> Arc<str> {
    let mut words = plain(&dossier.caption);
    for value in dossier.fields.values() {
        if let Some(text) = value.as_str() {
            words.push(' ');
            words.push_str(&plain(text));
        }
        if words.len() > SEARCH_MAX {
            break;
        }
    }
    words.chars().take(SEARCH_MAX).collect::<String>().into()
}

/// A text in small letters without marks, as the `search` column has it.
pub fn plain(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let marks = |c: &char| !unicode_normalization::char::is_combining_mark(*c);
    text.nfd().filter(marks).flat_map(char::to_lowercase).map(|c| if c == 'đ' { 'd' } else { c }).collect()
}

impl Inner {
    /// Adds what follows from one command to what its batch writes.
    pub(super) fn add_rows(&self, batch: &mut Batch, dossier: &DossierId, at: Instant, rows: Rows) {
        for key in rows.tasks_closed.iter().filter(|_| !planted(Fault::TaskNotClosed)) {
            close_task(batch, dossier, key);
        }
        for task in rows.tasks_opened.into_iter().filter(|_| !planted(Fault::TaskNotOffered)) {
            let entry = if planted(Fault::TaskOfAnother) { ActivationId(0) } else { task.activation };
            let id = task_id(dossier, entry, task.purpose, &task.person);
            batch.tasks.insert((dossier.clone(), id), TaskChange::Offered(Box::new(self.task(task))));
        }
        for (place, notice) in rows.notices.into_iter().enumerate().filter(|(_, notice)| !is_dropped(notice)) {
            let task = notice.purpose.map(|purpose| task_id(dossier, notice.activation, purpose, &notice.person));
            batch.outbox.push(OutboxRow {
                dossier: dossier.clone(),
                seq: if planted(Fault::NoticeOfNobody) { notice.seq + 99 } else { notice.seq },
                place: i64::try_from(place).unwrap_or(i64::MAX),
                activation: notice.activation,
                person: notice.person,
                kind: notice.kind.said(notice.mail),
                task,
                urgent_at: notice.urgent.then_some(at.0),
                not_before_at: notice.not_before_at.0,
            });
            if planted(Fault::NoticeTwice) {
                batch.outbox.extend(batch.outbox.last().cloned().map(|row| OutboxRow { place: row.place + 99, ..row }));
            }
        }
        for message in rows.messages.into_iter().filter(|_| !planted(Fault::MessageLost)) {
            let mut content =
                serde_json::to_string(&message).expect("a message has only string keys and finite numbers");
            if planted(Fault::MessageChanged) {
                content = content.replace("plain", "high");
            }
            let (from, from_seq, place) = (message.from, message.from_seq, message.place);
            batch.messages.push(MessageRow { from, from_seq, place, content, sent_at: at.0 });
        }
        if let Some(key) = rows.import_key {
            batch.import_keys.push((dossier.clone(), key));
        }
        if let Some(since_at) = rows.stuck {
            batch.stuck.insert(dossier.clone(), since_at.map(|at| at.0));
        }
        for fact in rows.register.into_iter().filter(|_| !planted(Fault::FactLost)) {
            batch.register.push(RegisterEntry {
                register: fact.register,
                holder: fact.holder,
                key: fact.key,
                year: i64::from(fact.year) - i64::from(planted(Fault::FactWrong)),
                source: format!("dossier:{dossier}"),
                dossier: Some(dossier.clone()),
                written_at: at.0,
            });
        }
    }

    fn task(&self, task: TaskRow) -> TaskEntry {
        TaskEntry {
            activation: task.activation,
            purpose: task.purpose.name(),
            person: task.person,
            policy: policy_name(task.policy),
            key_id: self.keys.links.newest(),
            opened_at: task.opened_at.0,
            due_at: task.due_at.map(|at| at.0),
            closed: None,
        }
    }
}

fn is_dropped(notice: &Notice) -> bool {
    match notice.kind {
        NoticeKind::Told => planted(Fault::ToldDropped),
        NoticeKind::Asked
        | NoticeKind::Reminder
        | NoticeKind::Escalation
        | NoticeKind::Undelivered
        | NoticeKind::Calendar => planted(Fault::NoticeDropped),
    }
}

/// Notes that a task is over; one that was offered in the same batch is written as over.
fn close_task(batch: &mut Batch, dossier: &DossierId, key: &TaskKey) {
    let closed = Closed { at: key.closed_at.0, seq: key.closed_seq };
    let id = (dossier.clone(), task_id(dossier, key.activation, key.purpose, &key.person));
    match batch.tasks.get_mut(&id) {
        Some(TaskChange::Offered(task)) => task.closed = Some(closed),
        Some(TaskChange::Closed(_)) => {}
        None => {
            batch.tasks.insert(id, TaskChange::Closed(closed));
        }
    }
}

/// How a policy stands in a task's row, as workflows write it.
fn policy_name(policy: LinkPolicy) -> &'static str {
    match policy {
        LinkPolicy::Link => "link",
        LinkPolicy::LinkPin => "link+pin",
        LinkPolicy::Login => "login",
    }
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn names_are_found_without_their_marks() {
        assert_eq!(plain("Lý Thị Đào"), "ly thi dao");
        assert_eq!(plain("Office 7"), "office 7");
    }
}
