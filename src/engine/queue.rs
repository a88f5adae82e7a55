//! What waits for the writer. Nobody waits for a clock: whatever is there when the writer is free goes into its next batch.

use std::collections::VecDeque;
use std::future::Future;
use std::sync::Arc;

use tokio::sync::oneshot;

use super::ahead::{self, Ahead, Next};
use super::{Attachment, Done, Failure, Inner, commit};
use crate::dossier::command::{Act, Ask, Command, Correct, Hear, Object, Record, Start};
use crate::dossier::{Message, Paper};
use crate::ids::{DossierId, OperationId};
use crate::planted::reach;
use crate::seal::MasterKeys;
use crate::store::{Job, StoreError, Writer};

/// Commands in one batch: enough to share a flush among many, few enough that nobody waits long.
pub(super) const BATCH_MAX: usize = 256;
/// Commands that may wait; beyond this the office is told to try again.
const WAITING_MAX: usize = 20_000;

/// What waits, and how far the writer is with it.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) waiting: VecDeque<Pending>,
    /// The writer knows that something waits.
    pub(super) called: bool,
    /// The writer is at work.
    pub(super) writing: bool,
    pub(super) ahead: Ahead,
    /// The engine is gone.
    pub(super) closed: bool,
}

/// A command that waits for its answer.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) work: Work,
    pub(super) operation: OperationId,
    /// The keyed hash by which the same command is recognised.
    pub(super) asked: String,
    pub(super) attachments: Vec<Attachment>,
    answer: Option<oneshot::Sender<Result<Done, Failure>>>,
}

/// What is to be done.
#[derive(Debug)]
pub(super) enum Work {
    /// A command as it stands.
    Command(Box<Command>),
    /// A message between dossiers; which dossier consumes it is found out in its transaction.
    Deliver(Box<Message>),
}

impl Pending {
    /// A command with the papers it brings along: their hashes and sizes are ours, not the sender's.
    pub(super) fn of_command(mut command: Command, attachments: Vec<Attachment>, master: &MasterKeys) -> Self {
        if let Ask::Receive(message) = command.ask {
            return Self::of_message(message, master);
        }
        for paper in papers(&mut command.ask) {
            if let Some(attachment) = attachments.iter().find(|attachment| attachment.id == paper.id) {
                paper.hash = master.paper(&attachment.content);
                paper.size = attachment.content.len() as u64;
            }
        }
        let asked = master.asked(&identity(&command));
        Self {
            operation: command.operation.clone(),
            work: Work::Command(Box::new(command)),
            asked,
            attachments,
            answer: None,
        }
    }

    pub(super) fn of_message(message: Message, master: &MasterKeys) -> Self {
        let asked = master.asked(&json(&message));
        let (operation, work) = (message.operation(), Work::Deliver(Box::new(message)));
        Self { work, operation, asked, attachments: Vec::new(), answer: None }
    }

    /// The dossier that it is for, where that is known before anything is read.
    pub(super) fn dossier(&self) -> Option<&DossierId> {
        match &self.work {
            Work::Command(command) => Some(&command.dossier),
            Work::Deliver(message) => message.to.dossier(),
        }
    }

    /// In which of several queues it waits: all that is for one dossier in the same, so that it keeps its order.
    fn lane(&self, lanes: usize) -> usize {
        let letters = self.dossier().into_iter().flat_map(|id| id.as_str().bytes());
        letters.fold(0, |sum, letter| sum + usize::from(letter)) % lanes
    }

    /// Tells whoever asked. They may be gone; what was done is done.
    pub(super) fn answer(mut self, with: Result<Done, Failure>) {
        if let Some(answer) = self.answer.take() {
            let _ = answer.send(with);
        }
    }
}

/// The bytes by which a command is recognised. Of a ballot only who voted in which vote on which rows: a keyed hash of choices
/// could be tried out by whoever has the key.
fn identity(command: &Command) -> Vec<u8> {
    match &command.ask {
        Ask::Cast { activation, choices } => {
            let rows: Vec<&DossierId> = choices.keys().collect();
            json(&("cast", &command.dossier, &command.actor, activation, rows))
        }
        Ask::Start(_)
        | Ask::Act(_)
        | Ask::Prepare(_)
        | Ask::Edit { .. }
        | Ask::Claim { .. }
        | Ask::Release { .. }
        | Ask::Assign { .. }
        | Ask::Add { .. }
        | Ask::Extend { .. }
        | Ask::Skip { .. }
        | Ask::Redo { .. }
        | Ask::Record(_)
        | Ask::Knock(_)
        | Ask::Object(_)
        | Ask::Hear(_)
        | Ask::Settle(_)
        | Ask::Attend { .. }
        | Ask::Tally { .. }
        | Ask::Confirm { .. }
        | Ask::Correct(_)
        | Ask::Withdraw { .. }
        | Ask::Note { .. }
        | Ask::Acknowledge { .. }
        | Ask::Migrate(_)
        | Ask::Forget(_)
        | Ask::Expire(_)
        | Ask::End(_)
        | Ask::Receive(_)
        | Ask::Tick => json(&(&command.dossier, &command.actor, &command.ask)),
    }
}

fn json<T: serde::Serialize>(value: &T) -> Vec<u8> {
    serde_json::to_vec(value).expect("commands have only string keys and finite numbers")
}

fn papers(ask: &mut Ask) -> &mut [Paper] {
    match ask {
        Ask::Start(Start { papers, .. }) | Ask::Act(Act { papers, .. }) | Ask::Edit { papers, .. } => papers,
        Ask::Correct(Correct { papers, .. }) | Ask::Note { papers, .. } | Ask::Record(Record { papers, .. }) => papers,
        Ask::Prepare(prepare) => &mut prepare.answer.papers,
        Ask::Object(Object { papers, .. }) | Ask::Hear(Hear { papers, .. }) => papers,
        Ask::Knock(_)
        | Ask::Settle(_)
        | Ask::Claim { .. }
        | Ask::Release { .. }
        | Ask::Assign { .. }
        | Ask::Add { .. }
        | Ask::Extend { .. }
        | Ask::Skip { .. }
        | Ask::Redo { .. }
        | Ask::Cast { .. }
        | Ask::Attend { .. }
        | Ask::Tally { .. }
        | Ask::Confirm { .. }
        | Ask::Withdraw { .. }
        | Ask::Acknowledge { .. }
        | Ask::Migrate(_)
        | Ask::Forget(_)
        | Ask::Expire(_)
        | Ask::End(_)
        | Ask::Receive(_)
        | Ask::Tick => &mut [],
    }
}

/// Puts it into the queue at once; the answer comes later, and what was put in is done even if nobody waits for it.
pub(super) fn submit(
    inner: &Arc<Inner>,
    pending: Pending,
) -> Result<impl Future<Output = Result<Done, Failure>> + Send + use<>, StoreError> {
    let lane = pending.lane(inner.queues.len());
    let (called, answer) = put(inner, lane, pending)?;
    if called {
        call_writer(inner, lane)?;
    }
    Ok(answer)
}

/// Puts it into the queue and waits for it: what somebody does who has nothing else to put there first. Who finds the writer idle is
/// the writer, and nobody has to be woken; what comes meanwhile is for the writer's thread.
pub(super) async fn carry_out(inner: &Arc<Inner>, pending: Pending) -> Result<Done, Failure> {
    let lane = pending.lane(inner.queues.len());
    let (called, answer) = put(inner, lane, pending)?;
    if called {
        inner.store.here_or_on_writer(lane, draining(inner, lane))?;
    }
    answer.await
}

/// Puts it into a queue; whether the writer has to be called, and the answer that will come.
fn put(
    inner: &Inner,
    lane: usize,
    mut pending: Pending,
) -> Result<(bool, impl Future<Output = Result<Done, Failure>> + Send + use<>), StoreError> {
    let (answer, answered) = oneshot::channel();
    pending.answer = Some(answer);
    let queue = &inner.queues[lane];
    let (call, ahead) = {
        let mut state = queue.lock();
        if state.waiting.len() >= WAITING_MAX {
            return Err(StoreError::Unavailable("too many commands wait".to_owned()));
        }
        state.waiting.push_back(pending);
        (!std::mem::replace(&mut state.called, true), state.writing)
    };
    reach("queued");
    if ahead {
        queue.nudge();
    }
    let answer = async move {
        answered.await.unwrap_or_else(|_| Err(StoreError::Unavailable("the writer's thread ended".to_owned()).into()))
    };
    Ok((call, answer))
}

fn call_writer(inner: &Arc<Inner>, lane: usize) -> Result<(), StoreError> {
    inner.store.on_writer(lane, draining(inner, lane))
}

fn draining(inner: &Arc<Inner>, lane: usize) -> Job {
    let engine = Arc::clone(inner);
    Box::new(move |writer| drain(&engine, lane, writer))
}

/// With the writer in hand: commits what is ready or waits, and comes again behind other jobs if more has come meanwhile.
fn drain(inner: &Arc<Inner>, lane: usize, writer: &mut Writer) {
    let queue = &inner.queues[lane];
    ahead::catch_up(inner, queue);
    let more = queue.turn(|next| match next {
        Next::Write(ready) => commit::write(inner, queue, writer, *ready),
        Next::Decide(batch) if batch.is_empty() => {}
        Next::Decide(batch) => commit::commit(inner, queue, writer, batch),
    });
    inner.changed.notify_waiters();
    if more && let Err(error) = call_writer(inner, lane) {
        tracing::error!(%error, "the writer is gone while commands wait");
    }
}
