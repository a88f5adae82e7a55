//! The batch write, once per engine, side by side: on SQLite row by row with statements that stay prepared, on PostgreSQL one
//! statement over arrays for what nearly every command writes, and one for each other table that is touched.

use super::rows::{Batch, Closed, DossierRow, Settled, TaskChange, TaskEntry};
use super::{Param, StoreError, Tx};
use crate::ids::{ActivationId, DossierId};

impl Tx<'_> {
    /// Writes a batch, or fails as a whole: with [`StoreError::Taken`] when somebody else was faster with a dossier, an
    /// operation or a key.
    pub(crate) fn write_batch(&mut self, batch: &Batch) -> Result<(), StoreError> {
        if !self.is_postgres() {
            if let Some(decided_on) = batch.deployment
                && self.deployment_number()? != decided_on
            {
                return Err(StoreError::Redeployed);
            }
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
    ON CONFLICT (dossier_id, id) DO UPDATE SET policy = excluded.policy, due_at = excluded.due_at, \
    closed_at = excluded.closed_at, closed_seq = excluded.closed_seq";
const TASK_CLOSED: &str =
    "UPDATE task SET closed_at = $3, closed_seq = $4 WHERE dossier_id = $1 AND id = $2 AND closed_at IS NULL";
const NOTICE: &str = "INSERT INTO outbox (dossier_id, seq, place, activation, person_id, kind, task_id, urgent_at, \
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

// ---- the same on PostgreSQL ----

/// One statement, so one transaction and one round trip. The events come first: their key (dossier, number) is what fails
/// when somebody else was faster, and it covers everything else that is the dossier's. That a task is open is asked of the row
/// and not of the index of open tasks, which a plan made on empty tables would read from end to end.
///
/// A dossier that does not stand where the batch found it divides by zero, which undoes the whole statement. Nothing is
/// written, and no row answered, if something else is deployed than what the batch was decided on.
const PLAIN_SET: &str = "WITH deployed AS (SELECT 1 AS same WHERE CAST($69 AS BIGINT) IS NULL OR EXISTS (SELECT 1 FROM meta WHERE name = \
    'deployment' AND value = CAST($69 AS TEXT))), events AS (INSERT INTO event (dossier_id, seq, at, kind, kind_version, \
    actor, subjects, machine, operation, asked, sealed, hash) SELECT u.* FROM unnest($1::text[], $2::bigint[], \
    $3::bigint[], $4::text[], $5::bigint[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::bytea[], \
    $12::bytea[]) AS u, deployed), opened AS (INSERT INTO dossier (id, workflow, machine, seq, state, caption, search, \
    subject, gather_key, opened_at, last_at, next_due_at, closed_at, outcome, snapshot) SELECT u.* FROM \
    unnest($13::text[], $14::text[], $15::text[], $16::bigint[], $17::text[], $18::text[], $19::text[], $20::text[], \
    $21::text[], $22::bigint[], $23::bigint[], $24::bigint[], $25::bigint[], $26::text[], $27::text[]) AS u, deployed), \
    moved AS (UPDATE dossier SET seq = m.seq, state = m.state, caption = m.caption, search = m.search, subject = \
    m.subject, gather_key = m.gather_key, last_at = m.last, next_due_at = m.due, closed_at = m.closed, outcome = \
    m.outcome, snapshot = m.snapshot, machine = m.machine FROM unnest($28::text[], $29::bigint[], $30::bigint[], \
    $31::text[], $32::text[], $33::text[], $34::text[], $35::text[], $36::bigint[], $37::bigint[], $38::bigint[], \
    $39::text[], $40::text[], $41::text[]) AS m(id, before, seq, state, caption, search, subject, gather_key, last, due, \
    closed, outcome, snapshot, machine), deployed WHERE dossier.id = m.id AND dossier.seq = m.before RETURNING 1), keys AS (INSERT \
    INTO seal_key (dossier_id, person_id, wrapped) SELECT u.* FROM unnest($42::text[], $43::text[], $44::bytea[]) AS u, \
    deployed), offered AS (INSERT INTO task (id, dossier_id, activation, purpose, person_id, policy, key_id, generation, \
    opened_at, due_at, closed_at, closed_seq) SELECT t.id, t.d, t.a, t.purpose, t.person, t.policy, t.key, 1, t.opened, \
    t.due, t.closed, t.closed_seq FROM unnest($45::text[], $46::text[], $47::bigint[], $48::text[], $49::text[], \
    $50::text[], $51::bigint[], $52::bigint[], $53::bigint[], $54::bigint[], $55::bigint[]) AS t(id, d, a, purpose, \
    person, policy, key, opened, due, closed, closed_seq), deployed ON CONFLICT (dossier_id, id) DO UPDATE SET policy = \
    excluded.policy, due_at = excluded.due_at, closed_at = excluded.closed_at, closed_seq = excluded.closed_seq), closed \
    AS (UPDATE task SET closed_at = COALESCE(task.closed_at, c.at), closed_seq = COALESCE(task.closed_seq, c.seq) FROM \
    unnest($56::text[], $57::text[], $58::bigint[], $59::bigint[]) AS c(dossier, id, at, seq), deployed WHERE \
    task.dossier_id = c.dossier AND task.id = c.id), notices AS (INSERT INTO outbox (dossier_id, seq, place, activation, \
    person_id, kind, task_id, urgent_at, not_before_at) SELECT u.* FROM unnest($60::text[], $61::bigint[], $62::bigint[], \
    $63::bigint[], $64::text[], $65::text[], $66::text[], $67::bigint[], $68::bigint[]) AS u, deployed) SELECT same / \
    CASE WHEN (SELECT COUNT(*) FROM moved) = cardinality($28::text[]) THEN 1 ELSE 0 END FROM deployed";

fn plain_as_set(tx: &mut Tx<'_>, batch: &Batch) -> Result<(), StoreError> {
    let mut params = Vec::with_capacity(69);
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
    let o = &batch.outbox;
    texts(&mut params, o.iter().map(|row| Some(row.dossier.as_str())));
    ints(&mut params, o.iter().map(|row| Some(row.seq)));
    ints(&mut params, o.iter().map(|row| Some(row.place)));
    ints(&mut params, o.iter().map(|row| Some(row.activation.0.into())));
    texts(&mut params, o.iter().map(|row| Some(row.person.as_str())));
    texts(&mut params, o.iter().map(|row| Some(row.kind.as_ref())));
    texts(&mut params, o.iter().map(|row| row.task.as_deref()));
    ints(&mut params, o.iter().map(|row| row.urgent_at));
    ints(&mut params, o.iter().map(|row| Some(row.not_before_at)));
    params.push(Param::Int(batch.deployment));
    if tx.query(PLAIN_SET, &params)?.is_empty() { Err(StoreError::Redeployed) } else { Ok(()) }
}

fn dossiers_as_set(params: &mut Vec<Param>, batch: &Batch) {
    let (new, moved): (Vec<_>, Vec<_>) = batch.dossiers.iter().partition(|(_, row)| row.before == 0);
    texts(params, new.iter().map(|(id, _)| Some(id.as_str())));
    texts(params, new.iter().map(|(_, row)| Some(row.workflow.as_str())));
    texts(params, new.iter().map(|(_, row)| Some(row.machine.as_str())));
    ints(params, new.iter().map(|(_, row)| Some(row.seq)));
    dossier_says(params, &new);
    ints(params, new.iter().map(|(_, row)| Some(row.opened_at)));
    dossier_stands(params, &new);
    texts(params, moved.iter().map(|(id, _)| Some(id.as_str())));
    ints(params, moved.iter().map(|(_, row)| Some(row.before)));
    ints(params, moved.iter().map(|(_, row)| Some(row.seq)));
    dossier_says(params, &moved);
    dossier_stands(params, &moved);
    texts(params, moved.iter().map(|(_, row)| Some(row.machine.as_str())));
}

fn dossier_says(params: &mut Vec<Param>, rows: &[(&DossierId, &DossierRow)]) {
    texts(params, rows.iter().map(|(_, row)| Some(row.state.as_str())));
    texts(params, rows.iter().map(|(_, row)| Some(row.caption.as_str())));
    texts(params, rows.iter().map(|(_, row)| Some(row.search.as_ref())));
    texts(params, rows.iter().map(|(_, row)| row.subject.as_deref()));
    texts(params, rows.iter().map(|(_, row)| row.gather_key.as_deref()));
}

fn dossier_stands(params: &mut Vec<Param>, rows: &[(&DossierId, &DossierRow)]) {
    ints(params, rows.iter().map(|(_, row)| Some(row.last_at)));
    ints(params, rows.iter().map(|(_, row)| row.next_due_at));
    ints(params, rows.iter().map(|(_, row)| row.closed_at));
    texts(params, rows.iter().map(|(_, row)| row.outcome.as_deref()));
    texts(params, rows.iter().map(|(_, row)| Some(row.snapshot.as_str())));
}

fn tasks_as_set(params: &mut Vec<Param>, batch: &Batch) {
    let mut offered: Vec<(&DossierId, &str, &TaskEntry)> = Vec::new();
    let mut closed: Vec<(&DossierId, &str, Closed)> = Vec::new();
    for ((dossier, id), change) in &batch.tasks {
        match change {
            TaskChange::Offered(task) => offered.push((dossier, id, task)),
            TaskChange::Closed(how) => closed.push((dossier, id, *how)),
        }
    }
    texts(params, offered.iter().map(|(_, id, _)| Some(*id)));
    texts(params, offered.iter().map(|(dossier, ..)| Some(dossier.as_str())));
    ints(params, offered.iter().map(|(.., task)| Some(task.activation.0.into())));
    texts(params, offered.iter().map(|(.., task)| Some(task.purpose)));
    texts(params, offered.iter().map(|(.., task)| Some(task.person.as_str())));
    texts(params, offered.iter().map(|(.., task)| Some(task.policy)));
    ints(params, offered.iter().map(|(.., task)| Some(task.key_id)));
    ints(params, offered.iter().map(|(.., task)| Some(task.opened_at)));
    ints(params, offered.iter().map(|(.., task)| task.due_at));
    ints(params, offered.iter().map(|(.., task)| task.closed.map(|closed| closed.at)));
    ints(params, offered.iter().map(|(.., task)| task.closed.map(|closed| closed.seq)));
    texts(params, closed.iter().map(|(dossier, ..)| Some(dossier.as_str())));
    texts(params, closed.iter().map(|(_, id, _)| Some(*id)));
    ints(params, closed.iter().map(|(.., closed)| Some(closed.at)));
    ints(params, closed.iter().map(|(.., closed)| Some(closed.seq)));
}

fn texts<'t>(params: &mut Vec<Param>, values: impl Iterator<Item = Option<&'t str>>) {
    params.push(Param::Texts(values.map(|value| value.map(str::to_owned)).collect()));
}

fn ints(params: &mut Vec<Param>, values: impl Iterator<Item = Option<i64>>) {
    params.push(Param::Ints(values.collect()));
}

// ---- what few commands write: the same on both ----

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
const STUCK: &str = "UPDATE dossier SET stuck_at = $2 WHERE id = $1";

fn rare(tx: &mut Tx<'_>, batch: &Batch) -> Result<(), StoreError> {
    for (dossier, key) in &batch.import_keys {
        tx.execute(IMPORT_KEY, &[id(dossier), key.as_str().into()])?;
    }
    for (dossier, since_at) in &batch.stuck {
        tx.execute(STUCK, &[id(dossier), (*since_at).into()])?;
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
    tx.write_taken(batch)?;
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
