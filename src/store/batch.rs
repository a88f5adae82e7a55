//! The batch write, once per engine, side by side: on SQLite row by row with statements that stay prepared, on PostgreSQL one
//! statement over arrays for what nearly every command writes, and one for each other table that is touched.

use super::rows::{Batch, Closed, Settled, TaskChange, TaskEntry};
use super::{Param, StoreError, Tx};
use crate::ids::{ActivationId, DossierId};

impl Tx<'_> {
    /// Writes a batch, or fails as a whole: with [`StoreError::Taken`] when somebody else was faster with a dossier, an
    /// operation or a key.
    pub(crate) fn write_batch(&mut self, batch: &Batch) -> Result<(), StoreError> {
        if !self.is_postgres() {
            plain_by_row(self, batch)?;
            return rare(self, batch);
        }
        if batch.is_plain() {
            return plain_as_set(self, batch);
        }
        self.together(|tx| {
            plain_as_set(tx, batch)?;
            rare(tx, batch)
        })
    }
}

// ---- what nearly every command writes: on SQLite ----

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
    ON CONFLICT (id) DO UPDATE SET policy = excluded.policy, due_at = excluded.due_at, closed_at = excluded.closed_at, \
    closed_seq = excluded.closed_seq";
const TASK_CLOSED: &str = "UPDATE task SET closed_at = $2, closed_seq = $3 WHERE id = $1 AND closed_at IS NULL";
const TIMER: &str = "INSERT INTO timer (dossier_id, activation, name, due_at) VALUES ($1, $2, $3, $4) \
    ON CONFLICT (dossier_id, activation, name) DO UPDATE SET due_at = excluded.due_at";
const TIMER_GONE: &str = "DELETE FROM timer WHERE dossier_id = $1 AND activation = $2 AND name = $3";
const NOTICE: &str = "INSERT INTO outbox (id, dossier_id, seq, activation, person_id, kind, task_id, urgent_at, \
    not_before_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";

fn plain_by_row(tx: &mut Tx<'_>, batch: &Batch) -> Result<(), StoreError> {
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
    dossiers_by_row(tx, batch)?;
    for ((dossier, person), wrapped) in &batch.seal_keys {
        tx.execute(SEAL_KEY, &[dossier.as_str().into(), person.as_str().into(), wrapped.clone().into()])?;
    }
    for (id, change) in &batch.tasks {
        match change {
            TaskChange::Offered(task) => tx.execute(TASK, &task_params(id, task))?,
            TaskChange::Closed(closed) => {
                tx.execute(TASK_CLOSED, &[id.as_str().into(), closed.at.into(), closed.seq.into()])?
            }
        };
    }
    for ((dossier, activation, name), due_at) in &batch.timers {
        let key: [Param; 3] = [dossier.as_str().into(), int(*activation), name.as_str().into()];
        match due_at {
            Some(due_at) => {
                let [dossier, activation, name] = key;
                tx.execute(TIMER, &[dossier, activation, name, (*due_at).into()])?
            }
            None => tx.execute(TIMER_GONE, &key)?,
        };
    }
    for notice in &batch.outbox {
        let params: [Param; 9] = [
            notice.id.as_str().into(),
            notice.dossier.as_str().into(),
            notice.seq.into(),
            int(notice.activation),
            notice.person.as_str().into(),
            notice.kind.into(),
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
                row.search.as_str().into(),
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
            row.search.as_str().into(),
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

fn task_params(id: &str, task: &TaskEntry) -> [Param; 11] {
    [
        id.into(),
        task.dossier.as_str().into(),
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

// ---- the same on PostgreSQL ----

/// One statement, so one transaction and one round trip. The events come first: their key (dossier, number) is what fails
/// when somebody else was faster, and it covers everything else that is the dossier's.
const PLAIN_SET: &str = "WITH \
events AS (INSERT INTO event (dossier_id, seq, at, kind, kind_version, actor, subjects, machine, operation, asked, sealed, hash) \
    SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::text[], $5::bigint[], $6::text[], $7::text[], $8::text[], \
    $9::text[], $10::text[], $11::bytea[], $12::bytea[])), \
dossiers AS (INSERT INTO dossier (id, workflow, machine, seq, state, caption, search, subject, gather_key, opened_at, last_at, \
    next_due_at, closed_at, outcome, snapshot) \
    SELECT * FROM unnest($13::text[], $14::text[], $15::text[], $16::bigint[], $17::text[], $18::text[], $19::text[], \
    $20::text[], $21::text[], $22::bigint[], $23::bigint[], $24::bigint[], $25::bigint[], $26::text[], $27::text[]) \
    ON CONFLICT (id) DO UPDATE SET machine = excluded.machine, seq = excluded.seq, state = excluded.state, \
    caption = excluded.caption, search = excluded.search, subject = excluded.subject, gather_key = excluded.gather_key, \
    last_at = excluded.last_at, next_due_at = excluded.next_due_at, closed_at = excluded.closed_at, \
    outcome = excluded.outcome, snapshot = excluded.snapshot WHERE dossier.seq < excluded.seq), \
keys AS (INSERT INTO seal_key (dossier_id, person_id, wrapped) \
    SELECT * FROM unnest($28::text[], $29::text[], $30::bytea[])), \
offered AS (INSERT INTO task (id, dossier_id, activation, purpose, person_id, policy, key_id, generation, opened_at, due_at, \
    closed_at, closed_seq) \
    SELECT t.id, t.d, t.a, t.purpose, t.person, t.policy, t.key, 1, t.opened, t.due, t.closed, t.closed_seq \
    FROM unnest($31::text[], $32::text[], $33::bigint[], $34::text[], $35::text[], $36::text[], $37::bigint[], $38::bigint[], \
    $39::bigint[], $40::bigint[], $41::bigint[]) AS t(id, d, a, purpose, person, policy, key, opened, due, closed, closed_seq) \
    ON CONFLICT (id) DO UPDATE SET policy = excluded.policy, due_at = excluded.due_at, closed_at = excluded.closed_at, \
    closed_seq = excluded.closed_seq), \
closed AS (UPDATE task SET closed_at = c.at, closed_seq = c.seq \
    FROM unnest($42::text[], $43::bigint[], $44::bigint[]) AS c(id, at, seq) WHERE task.id = c.id AND task.closed_at IS NULL), \
timers AS (INSERT INTO timer (dossier_id, activation, name, due_at) \
    SELECT * FROM unnest($45::text[], $46::bigint[], $47::text[], $48::bigint[]) \
    ON CONFLICT (dossier_id, activation, name) DO UPDATE SET due_at = excluded.due_at), \
gone AS (DELETE FROM timer USING unnest($49::text[], $50::bigint[], $51::text[]) AS g(d, a, n) \
    WHERE timer.dossier_id = g.d AND timer.activation = g.a AND timer.name = g.n), \
notices AS (INSERT INTO outbox (id, dossier_id, seq, activation, person_id, kind, task_id, urgent_at, not_before_at) \
    SELECT * FROM unnest($52::text[], $53::text[], $54::bigint[], $55::bigint[], $56::text[], $57::text[], $58::text[], \
    $59::bigint[], $60::bigint[])) \
SELECT 1";

fn plain_as_set(tx: &mut Tx<'_>, batch: &Batch) -> Result<(), StoreError> {
    let mut params = Vec::with_capacity(60);
    let e = &batch.events;
    texts(&mut params, e.keys().map(|(dossier, _)| Some(dossier.as_str())));
    ints(&mut params, e.keys().map(|(_, seq)| Some(*seq)));
    ints(&mut params, e.values().map(|row| Some(row.at)));
    texts(&mut params, e.values().map(|row| Some(row.kind)));
    ints(&mut params, e.values().map(|row| Some(row.kind_version)));
    texts(&mut params, e.values().map(|row| Some(row.actor.as_str())));
    texts(&mut params, e.values().map(|row| Some(row.subjects.as_str())));
    texts(&mut params, e.values().map(|row| Some(row.machine.as_str())));
    texts(&mut params, e.values().map(|row| row.operation.as_deref()));
    texts(&mut params, e.values().map(|row| row.asked.as_deref()));
    params.push(Param::Blobs(e.values().map(|row| row.sealed.clone()).collect()));
    params.push(Param::Blobs(e.values().map(|row| row.hash.clone()).collect()));
    dossiers_as_set(&mut params, batch);
    texts(&mut params, batch.seal_keys.keys().map(|(dossier, _)| Some(dossier.as_str())));
    texts(&mut params, batch.seal_keys.keys().map(|(_, person)| Some(person.as_str())));
    params.push(Param::Blobs(batch.seal_keys.values().cloned().collect()));
    tasks_as_set(&mut params, batch);
    timers_as_set(&mut params, batch);
    let o = &batch.outbox;
    texts(&mut params, o.iter().map(|row| Some(row.id.as_str())));
    texts(&mut params, o.iter().map(|row| Some(row.dossier.as_str())));
    ints(&mut params, o.iter().map(|row| Some(row.seq)));
    ints(&mut params, o.iter().map(|row| Some(row.activation.0.into())));
    texts(&mut params, o.iter().map(|row| Some(row.person.as_str())));
    texts(&mut params, o.iter().map(|row| Some(row.kind)));
    texts(&mut params, o.iter().map(|row| row.task.as_deref()));
    ints(&mut params, o.iter().map(|row| row.urgent_at));
    ints(&mut params, o.iter().map(|row| Some(row.not_before_at)));
    tx.execute(PLAIN_SET, &params)?;
    Ok(())
}

fn dossiers_as_set(params: &mut Vec<Param>, batch: &Batch) {
    let d = &batch.dossiers;
    texts(params, d.keys().map(|id| Some(id.as_str())));
    texts(params, d.values().map(|row| Some(row.workflow.as_str())));
    texts(params, d.values().map(|row| Some(row.machine.as_str())));
    ints(params, d.values().map(|row| Some(row.seq)));
    texts(params, d.values().map(|row| Some(row.state.as_str())));
    texts(params, d.values().map(|row| Some(row.caption.as_str())));
    texts(params, d.values().map(|row| Some(row.search.as_str())));
    texts(params, d.values().map(|row| row.subject.as_deref()));
    texts(params, d.values().map(|row| row.gather_key.as_deref()));
    ints(params, d.values().map(|row| Some(row.opened_at)));
    ints(params, d.values().map(|row| Some(row.last_at)));
    ints(params, d.values().map(|row| row.next_due_at));
    ints(params, d.values().map(|row| row.closed_at));
    texts(params, d.values().map(|row| row.outcome.as_deref()));
    texts(params, d.values().map(|row| Some(row.snapshot.as_str())));
}

fn tasks_as_set(params: &mut Vec<Param>, batch: &Batch) {
    let mut offered: Vec<(&str, &TaskEntry)> = Vec::new();
    let mut closed: Vec<(&str, Closed)> = Vec::new();
    for (id, change) in &batch.tasks {
        match change {
            TaskChange::Offered(task) => offered.push((id, task)),
            TaskChange::Closed(how) => closed.push((id, *how)),
        }
    }
    texts(params, offered.iter().map(|(id, _)| Some(*id)));
    texts(params, offered.iter().map(|(_, task)| Some(task.dossier.as_str())));
    ints(params, offered.iter().map(|(_, task)| Some(task.activation.0.into())));
    texts(params, offered.iter().map(|(_, task)| Some(task.purpose)));
    texts(params, offered.iter().map(|(_, task)| Some(task.person.as_str())));
    texts(params, offered.iter().map(|(_, task)| Some(task.policy)));
    ints(params, offered.iter().map(|(_, task)| Some(task.key_id)));
    ints(params, offered.iter().map(|(_, task)| Some(task.opened_at)));
    ints(params, offered.iter().map(|(_, task)| task.due_at));
    ints(params, offered.iter().map(|(_, task)| task.closed.map(|closed| closed.at)));
    ints(params, offered.iter().map(|(_, task)| task.closed.map(|closed| closed.seq)));
    texts(params, closed.iter().map(|(id, _)| Some(*id)));
    ints(params, closed.iter().map(|(_, closed)| Some(closed.at)));
    ints(params, closed.iter().map(|(_, closed)| Some(closed.seq)));
}

fn timers_as_set(params: &mut Vec<Param>, batch: &Batch) {
    let set: Vec<_> = batch.timers.iter().filter_map(|(key, due_at)| Some((key, (*due_at)?))).collect();
    let gone: Vec<_> = batch.timers.iter().filter(|(_, due_at)| due_at.is_none()).map(|(key, _)| key).collect();
    texts(params, set.iter().map(|((dossier, _, _), _)| Some(dossier.as_str())));
    ints(params, set.iter().map(|((_, activation, _), _)| Some(activation.0.into())));
    texts(params, set.iter().map(|((_, _, name), _)| Some(name.as_str())));
    ints(params, set.iter().map(|(_, due_at)| Some(*due_at)));
    texts(params, gone.iter().map(|(dossier, _, _)| Some(dossier.as_str())));
    ints(params, gone.iter().map(|(_, activation, _)| Some(activation.0.into())));
    texts(params, gone.iter().map(|(_, _, name)| Some(name.as_str())));
}

fn texts<'t>(params: &mut Vec<Param>, values: impl Iterator<Item = Option<&'t str>>) {
    params.push(Param::Texts(values.map(|value| value.map(str::to_owned)).collect()));
}

fn ints(params: &mut Vec<Param>, values: impl Iterator<Item = Option<i64>>) {
    params.push(Param::Ints(values.collect()));
}

// ---- what few commands write: the same on both ----

const TASKS_CLOSED: &str = "UPDATE task SET closed_at = $4, closed_seq = $5 \
    WHERE dossier_id = $1 AND activation = $2 AND purpose = $3 AND closed_at IS NULL";
const BOX: &str = "INSERT INTO ballot_box (dossier_id, activation, row_id, sealed) VALUES ($1, $2, $3, $4) \
    ON CONFLICT (dossier_id, activation, row_id) DO UPDATE SET sealed = excluded.sealed";
const MESSAGE: &str = "INSERT INTO message (from_id, from_seq, place, content, sent_at) VALUES ($1, $2, $3, $4, $5)";
const CONSUMED: &str = "UPDATE message SET consumed_at = $4, refused = NULL \
    WHERE from_id = $1 AND from_seq = $2 AND place = $3 AND consumed_at IS NULL";
const REFUSED: &str = "UPDATE message SET refused = $4 \
    WHERE from_id = $1 AND from_seq = $2 AND place = $3 AND consumed_at IS NULL";
const FACT: &str = "INSERT INTO register (register, holder, key, year, source, dossier_id, written_at) \
    VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (register, holder, key, year, source) DO NOTHING";
const PAPER: &str = "INSERT INTO paper (id, dossier_id, kind, name, media, size, hash, content, added_at) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";

const IMPORT_KEY: &str = "UPDATE dossier SET import_key = $2 WHERE id = $1";

fn rare(tx: &mut Tx<'_>, batch: &Batch) -> Result<(), StoreError> {
    for (dossier, key) in &batch.import_keys {
        tx.execute(IMPORT_KEY, &[id(dossier), key.as_str().into()])?;
    }
    for (dossier, activation, purpose, closed) in &batch.tasks_of_all_closed {
        let params: [Param; 5] =
            [dossier.as_str().into(), int(*activation), (*purpose).into(), closed.at.into(), closed.seq.into()];
        tx.execute(TASKS_CLOSED, &params)?;
    }
    for ((dossier, activation, row), sealed) in &batch.boxes {
        tx.execute(BOX, &[dossier.as_str().into(), int(*activation), row.as_str().into(), sealed.clone().into()])?;
    }
    for message in &batch.messages {
        let params: [Param; 5] = [
            message.from.as_str().into(),
            message.from_seq.into(),
            i64::from(message.place).into(),
            message.content.as_str().into(),
            message.sent_at.into(),
        ];
        tx.execute(MESSAGE, &params)?;
    }
    for ((from, from_seq, place), settled) in &batch.settled {
        let key: [Param; 3] = [id(from), (*from_seq).into(), i64::from(*place).into()];
        let [from, from_seq, place] = key;
        match settled {
            Settled::Consumed(at) => tx.execute(CONSUMED, &[from, from_seq, place, (*at).into()])?,
            Settled::Refused(why) => tx.execute(REFUSED, &[from, from_seq, place, why.as_str().into()])?,
        };
    }
    for fact in &batch.register {
        let params: [Param; 7] = [
            fact.register.as_str().into(),
            fact.holder.as_str().into(),
            fact.key.as_str().into(),
            fact.year.into(),
            fact.source.as_str().into(),
            Param::Text(fact.dossier.as_ref().map(|dossier| dossier.as_str().to_owned())),
            fact.written_at.into(),
        ];
        tx.execute(FACT, &params)?;
    }
    for paper in &batch.papers {
        let params: [Param; 9] = [
            paper.id.as_str().into(),
            id(&paper.dossier),
            paper.kind.as_str().into(),
            paper.name.as_str().into(),
            paper.media.as_str().into(),
            i64::try_from(paper.content.len()).unwrap_or(i64::MAX).into(),
            paper.hash.as_str().into(),
            paper.content.clone().into(),
            paper.added_at.into(),
        ];
        tx.execute(PAPER, &params)?;
    }
    Ok(())
}

fn int(activation: ActivationId) -> Param {
    i64::from(activation.0).into()
}

fn id(dossier: &DossierId) -> Param {
    dossier.as_str().into()
}
