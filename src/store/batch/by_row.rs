//! What nearly every command writes, on SQLite: row by row, with statements that stay prepared.

use super::int;
use crate::ids::DossierId;
use crate::planted::reach;
use crate::store::rows::{Batch, TaskChange, TaskEntry};
use crate::store::{Param, StoreError, Tx};

const EVENT: &str = "INSERT INTO event (dossier_id, seq, at, kind, kind_version, actor, subjects, machine, operation, asked, \
    sealed, hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
const DOSSIER_NEW: &str = "INSERT INTO dossier (id, workflow, machine, seq, state, caption, search, subject, gather_key, \
    opened_at, last_at, next_due_at, closed_at, outcome, snapshot) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)";
const DOSSIER: &str = "UPDATE dossier SET seq = $2, state = $3, caption = $4, search = $5, subject = $6, gather_key = $7, \
    last_at = $8, next_due_at = $9, closed_at = $10, outcome = $11, snapshot = $12, machine = $13 \
    WHERE id = $1 AND seq = $14";
const SEAL_KEY: &str = "INSERT INTO seal_key (dossier_id, person_id, wrapped) VALUES ($1, $2, $3)";
const TASK: &str = "INSERT INTO task (id, dossier_id, activation, purpose, person_id, policy, key_id, generation, opened_at, \
    due_at, closed_at, closed_seq) VALUES ($1, $2, $3, $4, $5, $6, $7, 1, $8, $9, $10, $11) \
    ON CONFLICT (dossier_id, id) DO UPDATE SET policy = excluded.policy, due_at = excluded.due_at, \
    closed_at = excluded.closed_at, closed_seq = excluded.closed_seq";
const TASK_CLOSED: &str =
    "UPDATE task SET closed_at = $3, closed_seq = $4 WHERE dossier_id = $1 AND id = $2 AND closed_at IS NULL";
const NOTICE: &str = "INSERT INTO outbox (dossier_id, seq, place, activation, person_id, kind, task_id, urgent_at, \
    not_before_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";

pub(super) fn write(tx: &mut Tx<'_>, batch: &Batch) -> Result<(), StoreError> {
    for ((dossier, seq), row) in &batch.events {
        let params: [Param; 12] = [
            dossier.as_str().into(),
            (*seq).into(),
            row.at.into(),
            row.kind.into(),
            row.kind_version.into(),
            row.actor.as_str().into(),
            row.subjects.as_str().into(),
            row.machine.as_str().into(),
            row.operation.clone().into(),
            row.asked.clone().into(),
            row.sealed.clone().into(),
            row.hash.clone().into(),
        ];
        tx.execute(EVENT, &params)?;
    }
    reach("events-written");
    dossiers_by_row(tx, batch)?;
    for ((dossier, person), wrapped) in &batch.seal_keys {
        tx.execute(SEAL_KEY, &[dossier.as_str().into(), person.as_str().into(), wrapped.clone().into()])?;
    }
    for ((dossier, id), change) in &batch.tasks {
        match change {
            TaskChange::Offered(task) => tx.execute(TASK, &task_params(dossier, id, task))?,
            TaskChange::Closed(closed) => tx.execute(
                TASK_CLOSED,
                &[dossier.as_str().into(), id.as_str().into(), closed.at.into(), closed.seq.into()],
            )?,
        };
    }
    for notice in &batch.outbox {
        let params: [Param; 9] = [
            notice.dossier.as_str().into(),
            notice.seq.into(),
            notice.place.into(),
            int(notice.activation),
            notice.person.as_str().into(),
            notice.kind.as_ref().into(),
            notice.task.clone().into(),
            notice.urgent_at.into(),
            notice.not_before_at.into(),
        ];
        tx.execute(NOTICE, &params)?;
    }
    Ok(())
}

fn dossiers_by_row(tx: &mut Tx<'_>, batch: &Batch) -> Result<(), StoreError> {
    for (id, row) in &batch.dossiers {
        if row.before == 0 {
            let params: [Param; 15] = [
                id.as_str().into(),
                row.workflow.as_str().into(),
                row.machine.as_str().into(),
                row.seq.into(),
                row.state.as_str().into(),
                row.caption.as_str().into(),
                row.search.as_ref().into(),
                row.subject.clone().into(),
                row.gather_key.clone().into(),
                row.opened_at.into(),
                row.last_at.into(),
                row.next_due_at.into(),
                row.closed_at.into(),
                row.outcome.clone().into(),
                row.snapshot.as_str().into(),
            ];
            tx.execute(DOSSIER_NEW, &params)?;
            continue;
        }
        let params: [Param; 14] = [
            id.as_str().into(),
            row.seq.into(),
            row.state.as_str().into(),
            row.caption.as_str().into(),
            row.search.as_ref().into(),
            row.subject.clone().into(),
            row.gather_key.clone().into(),
            row.last_at.into(),
            row.next_due_at.into(),
            row.closed_at.into(),
            row.outcome.clone().into(),
            row.snapshot.as_str().into(),
            row.machine.as_str().into(),
            row.before.into(),
        ];
        if tx.execute(DOSSIER, &params)? != 1 {
            return Err(StoreError::Taken(format!("dossier {id} has moved on")));
        }
    }
    Ok(())
}

fn task_params(dossier: &DossierId, id: &str, task: &TaskEntry) -> [Param; 11] {
    [
        id.into(),
        dossier.as_str().into(),
        int(task.activation),
        task.purpose.into(),
        task.person.as_str().into(),
        task.policy.into(),
        task.key_id.into(),
        task.opened_at.into(),
        task.due_at.into(),
        task.closed.map(|closed| closed.at).into(),
        task.closed.map(|closed| closed.seq).into(),
    ]
}
