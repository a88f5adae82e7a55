//! What nearly every command writes, on PostgreSQL: one statement, so one transaction and one round trip. It has a part for
//! each table that the batch touches and no other, because a part costs its start even when it has no row to write; and each
//! part takes its rows as one array of the table's row type (migration 4), because every array has to be unpacked by itself.

use std::fmt::Write as _;
use std::sync::OnceLock;

use crate::ids::DossierId;
use crate::store::rows::{Batch, Closed, DossierRow, TaskChange, TaskEntry};
use crate::store::sets::{Columns, RowType, Set};
use crate::store::{StoreError, Tx};

/// A part of the statement: how it is called, and what it does with the rows of its set, which stand in for `{set}`.
struct Part {
    of: RowType,
    sql: &'static str,
}

/// The events come first: their key (dossier, number) is what fails when somebody else was faster, and it covers everything
/// else that is the dossier's. That a task is open is asked of the row and not of the index of open tasks, which a plan made
/// on empty tables would read from end to end.
const PARTS: [Part; 7] = [
    Part {
        of: RowType::Event,
        sql: "INSERT INTO event (dossier_id, seq, at, kind, kind_version, actor, subjects, machine, operation, asked, \
              sealed, hash) SELECT u.* FROM {set} AS u, deployed",
    },
    Part {
        of: RowType::Opened,
        sql: "INSERT INTO dossier (id, workflow, machine, seq, state, caption, search, subject, gather_key, opened_at, \
              last_at, next_due_at, closed_at, outcome, snapshot) SELECT u.* FROM {set} AS u, deployed",
    },
    Part {
        of: RowType::Moved,
        sql: "UPDATE dossier SET seq = m.seq, state = m.state, caption = m.caption, search = m.search, subject = \
              m.subject, gather_key = m.gather_key, last_at = m.last_at, next_due_at = m.next_due_at, closed_at = \
              m.closed_at, outcome = m.outcome, snapshot = m.snapshot, machine = m.machine FROM {set} AS m, deployed \
              WHERE dossier.id = m.id AND dossier.seq = m.before RETURNING 1",
    },
    Part {
        of: RowType::SealKey,
        sql: "INSERT INTO seal_key (dossier_id, person_id, wrapped) SELECT u.* FROM {set} AS u, deployed",
    },
    Part {
        of: RowType::Offered,
        sql: "INSERT INTO task (dossier_id, id, activation, purpose, person_id, policy, key_id, generation, opened_at, \
              due_at, closed_at, closed_seq) SELECT u.* FROM {set} AS u, deployed ON CONFLICT (dossier_id, id) DO UPDATE \
              SET policy = excluded.policy, due_at = excluded.due_at, closed_at = excluded.closed_at, closed_seq = \
              excluded.closed_seq",
    },
    Part {
        of: RowType::Closed,
        sql: "UPDATE task SET closed_at = COALESCE(task.closed_at, c.closed_at), closed_seq = COALESCE(task.closed_seq, \
              c.closed_seq) FROM {set} AS c, deployed WHERE task.dossier_id = c.dossier_id AND task.id = c.id",
    },
    Part {
        of: RowType::Notice,
        sql: "INSERT INTO outbox (dossier_id, seq, place, activation, person_id, kind, task_id, urgent_at, \
              not_before_at) SELECT u.* FROM {set} AS u, deployed",
    },
];

/// One for each choice of parts, made when first needed and prepared then.
static STATEMENTS: [OnceLock<String>; 1 << PARTS.len()] = [const { OnceLock::new() }; 1 << PARTS.len()];

/// The statement with these parts (a bit each). A dossier that does not stand where the batch found it divides by zero, which
/// undoes the whole statement. Nothing is written, and no row answered, if something else is deployed than what the batch was
/// decided on.
fn statement(parts: usize) -> &'static str {
    STATEMENTS[parts].get_or_init(|| {
        let mut sql =
            "WITH deployed AS (SELECT 1 AS same WHERE CAST($1 AS BIGINT) IS NULL OR EXISTS (SELECT 1 FROM meta \
            WHERE name = 'deployment' AND value = CAST($1 AS TEXT)))"
                .to_owned();
        let mut check = "SELECT same FROM deployed".to_owned();
        let chosen = PARTS.iter().enumerate().filter(|(place, _)| parts & (1 << place) != 0);
        for (param, (_, part)) in (2..).zip(chosen) {
            let name = part.of.name();
            let set = format!("unnest(${param}::{name}[])");
            write!(sql, ", {name}s AS ({})", part.sql.replace("{set}", &set)).expect("a text takes what is written");
            if matches!(part.of, RowType::Moved) {
                check = format!(
                    "SELECT same / CASE WHEN (SELECT COUNT(*) FROM {name}s) = cardinality(${param}) THEN 1 ELSE 0 END \
                     FROM deployed"
                );
            }
        }
        sql + " " + &check
    })
}

pub(super) fn write(tx: &mut Tx<'_>, batch: &Batch) -> Result<(), StoreError> {
    let [opened, moved] = dossiers(batch);
    let [offered, closed] = tasks(batch);
    let sets = [events(batch), opened, moved, seal_keys(batch), offered, closed, notices(batch)];
    let parts =
        sets.iter().enumerate().filter(|(_, set)| !set.is_empty()).fold(0, |parts, (place, _)| parts | 1 << place);
    let sets: Vec<Set> = sets.into_iter().filter(|set| !set.is_empty()).collect();
    let answered = tx.query_sets(statement(parts), batch.deployment, &sets)?;
    if answered.is_empty() { Err(StoreError::Redeployed) } else { Ok(()) }
}

fn events(batch: &Batch) -> Set {
    let mut set = Set::new(RowType::Event);
    for ((dossier, seq), row) in &batch.events {
        set.row(|to| {
            to.text(dossier.as_str()).int(*seq).int(row.at).text(row.kind).int(row.kind_version);
            to.text(&row.actor).text(&row.subjects).text(&row.machine);
            to.maybe_text(row.operation.as_deref())
                .maybe_text(row.asked.as_deref())
                .bytes(&row.sealed)
                .bytes(&row.hash);
        });
    }
    set
}

/// Those that are opened, and those that move.
fn dossiers(batch: &Batch) -> [Set; 2] {
    let (mut opened, mut moved) = (Set::new(RowType::Opened), Set::new(RowType::Moved));
    for (id, row) in &batch.dossiers {
        if row.before == 0 {
            opened.row(|to| {
                to.text(id.as_str()).text(&row.workflow).text(&row.machine).int(row.seq).text(&row.state);
                to.text(&row.caption)
                    .text(&row.search)
                    .maybe_text(row.subject.as_deref())
                    .maybe_text(row.gather_key.as_deref());
                to.int(row.opened_at).int(row.last_at).maybe_int(row.next_due_at).maybe_int(row.closed_at);
                to.maybe_text(row.outcome.as_deref()).text(&row.snapshot);
            });
        } else {
            moved.row(|to| moves(to, id, row));
        }
    }
    [opened, moved]
}

fn moves(to: &mut Columns<'_>, id: &DossierId, row: &DossierRow) {
    to.text(id.as_str()).int(row.before).int(row.seq).text(&row.state).text(&row.caption).text(&row.search);
    to.maybe_text(row.subject.as_deref()).maybe_text(row.gather_key.as_deref());
    to.int(row.last_at).maybe_int(row.next_due_at).maybe_int(row.closed_at);
    to.maybe_text(row.outcome.as_deref()).text(&row.snapshot).text(&row.machine);
}

fn seal_keys(batch: &Batch) -> Set {
    let mut set = Set::new(RowType::SealKey);
    for ((dossier, person), wrapped) in &batch.seal_keys {
        set.row(|to| {
            to.text(dossier.as_str()).text(person).bytes(wrapped);
        });
    }
    set
}

/// Those that are offered, and those that are over.
fn tasks(batch: &Batch) -> [Set; 2] {
    let (mut offered, mut closed) = (Set::new(RowType::Offered), Set::new(RowType::Closed));
    for ((dossier, id), change) in &batch.tasks {
        match change {
            TaskChange::Offered(task) => offered.row(|to| offers(to, dossier, id, task)),
            TaskChange::Closed(Closed { at, seq }) => closed.row(|to| {
                to.text(dossier.as_str()).text(id).int(*at).int(*seq);
            }),
        }
    }
    [offered, closed]
}

fn offers(to: &mut Columns<'_>, dossier: &DossierId, id: &str, task: &TaskEntry) {
    to.text(dossier.as_str()).text(id).int(i64::from(task.activation.0)).text(task.purpose);
    to.text(task.person.as_str()).text(task.policy).int(task.key_id).int(1).int(task.opened_at).maybe_int(task.due_at);
    to.maybe_int(task.closed.map(|closed| closed.at)).maybe_int(task.closed.map(|closed| closed.seq));
}

fn notices(batch: &Batch) -> Set {
    let mut set = Set::new(RowType::Notice);
    for row in &batch.outbox {
        set.row(|to| {
            to.text(row.dossier.as_str()).int(row.seq).int(row.place).int(i64::from(row.activation.0));
            to.text(row.person.as_str()).text(&row.kind).maybe_text(row.task.as_deref()).maybe_int(row.urgent_at);
            to.int(row.not_before_at);
        });
    }
    set
}
