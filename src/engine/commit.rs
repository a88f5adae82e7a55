//! The heart: a batch of commands that waited together is folded per dossier in the order of arrival, written at once,
//! committed once, and then all of it is answered, refusals too. If a batch fails, each of its commands is decided again
//! alone, so that one bad command does not spoil its neighbours.

use std::sync::Arc;
use std::time::Duration;

use super::ahead::{self, Ready, Shared};
use super::fold::Fold;
use super::queue::{Pending, Work};
use super::{Done, Failure, Inner};
use crate::planted::reach;
use crate::store::{Batch, Settled, StoreError, Writer, is_writers_thread};

/// How often a command is decided again when somebody else was faster or the connection went.
const ATTEMPTS_MAX: u32 = 8;
/// How often it is decided again because something was deployed meanwhile, or somebody else took the number it was to have:
/// that says nothing about the command.
const OVERTAKEN_MAX: u32 = 200;
/// The first pause after a connection went; it doubles.
const PAUSE_FIRST_MS: u64 = 5;

type Answer = Result<Done, Failure>;

/// Commits a batch and answers all of it. On the thread of a caller that found the writer idle, what the database is not there for
/// waits again, for the writer's own thread: the caller, who has other things to do, waits for one attempt and not for all.
pub(super) fn commit(inner: &Arc<Inner>, queue: &Shared, writer: &mut Writer, batch: Vec<Pending>) {
    let patient = is_writers_thread();
    if batch.len() > 1 {
        match attempt(inner, queue, writer, &batch) {
            Ok(answers) => {
                for (pending, answer) in batch.into_iter().zip(answers) {
                    pending.answer(answer);
                }
                return;
            }
            Err(StoreError::Unavailable(_)) if !patient => return queue.put_back(batch),
            Err(error) => tracing::debug!(%error, commands = batch.len(), "a batch failed; each command goes alone"),
        }
    }
    let mut attempts = ATTEMPTS_MAX;
    let mut batch = batch.into_iter();
    while let Some(pending) = batch.next() {
        let answer = alone(inner, queue, writer, &pending, attempts);
        if matches!(answer, Err(Failure::Store(StoreError::Unavailable(_)))) {
            if !patient {
                return queue.put_back(std::iter::once(pending).chain(batch).collect());
            }
            // The database is gone for now: the rest is told so at once instead of waiting as long, one after the other.
            attempts = 1;
        }
        pending.answer(answer);
    }
}

/// Writes what was decided ahead and answers it; if it turns out to be wrong, its commands are decided here, as if they had
/// waited.
pub(super) fn write(inner: &Arc<Inner>, queue: &Shared, writer: &mut Writer, ready: Ready) {
    let asked = |ready: Ready| ready.answers.into_iter().map(|(pending, _)| pending).collect();
    let written = match writer.is_anew() {
        Ok(false) => writer.one_statement(|tx| tx.write_batch(&ready.batch)),
        Ok(true) => {
            ahead::begin_anew(inner, queue);
            return commit(inner, queue, writer, asked(ready));
        }
        Err(error) => Err(error),
    };
    if let Err(error) = written {
        if matches!(error, StoreError::Unavailable(_)) && !is_writers_thread() {
            return queue.put_back(asked(ready));
        }
        ahead::failed(queue, &error);
        return commit(inner, queue, writer, asked(ready));
    }
    reach("written-ahead");
    ahead::landed(inner, queue);
    for (pending, done) in ready.answers {
        pending.answer(Ok(done));
        reach("answered");
    }
}

fn alone(inner: &Arc<Inner>, queue: &Shared, writer: &mut Writer, pending: &Pending, attempts: u32) -> Answer {
    let mut pause_ms = PAUSE_FIRST_MS;
    let mut last = StoreError::Unavailable("it was not tried".to_owned());
    let (mut tried, mut overtaken) = (0, 0);
    while tried < attempts && overtaken < OVERTAKEN_MAX {
        match attempt(inner, queue, writer, std::slice::from_ref(pending)) {
            Ok(mut answers) => return answers.pop().expect("one command has one answer"),
            Err(error @ (StoreError::Redeployed | StoreError::Outrun)) => {
                overtaken += 1;
                last = error;
                continue;
            }
            Err(error) if error.passes() => {
                if matches!(error, StoreError::Unavailable(_)) && !is_writers_thread() {
                    return Err(error.into());
                }
                tried += 1;
                last = error;
            }
            Err(error) => {
                set_aside(writer, pending, &error);
                return Err(error.into());
            }
        }
        if matches!(last, StoreError::Unavailable(_)) && attempts > 1 {
            let jitter = u64::from(inner.chance.below(u32::try_from(pause_ms).unwrap_or(u32::MAX)));
            std::thread::sleep(Duration::from_millis(pause_ms / 2 + jitter));
            pause_ms *= 2;
        }
    }
    Err(last.into())
}

/// Decides and writes a batch, in one transaction.
fn attempt(
    inner: &Arc<Inner>,
    queue: &Shared,
    writer: &mut Writer,
    batch: &[Pending],
) -> Result<Vec<Answer>, StoreError> {
    if writer.is_anew()? {
        ahead::begin_anew(inner, queue);
    }
    let (answers, dossiers, overwritten) = writer.one_statement(|tx| {
        let mut fold = Fold::load(inner, tx, batch)?;
        let mut answers = Vec::with_capacity(batch.len());
        for pending in batch {
            answers.push(fold.take(tx, pending)?);
        }
        reach("decided");
        // SQLite's transaction holds what it has read; on PostgreSQL the write must say what it rests on.
        let decided_on = Some(fold.deployment.version).filter(|version| *version > 0 && tx.is_postgres());
        let (mut written, dossiers) = fold.finish();
        written.deployment = decided_on;
        if !written.is_empty() {
            tx.write_batch(&written)?;
        }
        reach("written");
        Ok((
            answers,
            dossiers,
            !written.boxes.is_empty() || !written.forgotten.is_empty() || !written.expired.is_empty(),
        ))
    })?;
    reach("committed");
    if overwritten {
        writer.clear_log();
    }
    inner.remember(dossiers);
    Ok(answers)
}

/// A message that breaks its transaction every time must not be tried for ever: it says so in its row.
fn set_aside(writer: &mut Writer, pending: &Pending, error: &StoreError) {
    let Work::Deliver(message) = &pending.work else { return };
    let mut batch = Batch::default();
    let key = (message.from.clone(), message.from_seq, message.place);
    batch.settled.insert(key, Settled::Refused(error.to_string()));
    if let Err(error) = writer.one_statement(|tx| tx.write_batch(&batch)) {
        tracing::error!(%error, message.operation = %message.operation(), "a message could not be set aside");
    }
}
