//! Deciding ahead: while the writer writes one batch, what has come meanwhile is decided on a thread of its own, from
//! memory alone, so that the writer finds its next batch ready.
//!
//! Nothing here is trusted. What is decided ahead rests on dossiers as earlier batches leave them, committed or not; when it
//! is written, the database's keys (dossier, number; operation) and the number of what is deployed say whether that was
//! right. If not, everything that was decided ahead is forgotten, and its commands are decided again in their transaction.
//! Whatever cannot be decided from memory, and every refusal, is left to the transaction; commands keep their order.

use std::collections::{HashMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, PoisonError, Weak};

use super::cache::Kept;
use super::fold::Fold;
use super::queue::{BATCH_MAX, Pending, State, Work};
use super::{Done, Inner};
use crate::dossier::command::{Ask, Command, Start};
use crate::ids::DossierId;
use crate::planted::reach;
use crate::store::{Batch, StoreError};

/// Commands that are decided in one go: few, so that the writer never waits long for the end of it.
const TOGETHER: usize = 8;

/// What was decided ahead.
#[derive(Debug, Default)]
pub(super) struct Ahead {
    /// Dossiers as the newest decision on them leaves them, which is not committed yet.
    flights: HashMap<DossierId, Kept>,
    /// Ready to be written.
    ready: Option<Ready>,
    /// The dossiers of the batch that is being written, and their last numbers then.
    writing: HashMap<DossierId, i64>,
    /// Commands are out of the queue and being decided.
    deciding: bool,
    /// The first command of the queue is for the transaction.
    blocked: bool,
    /// Raised when what was decided ahead turns out to be wrong.
    epoch: u64,
}

/// A batch that only has to be written.
#[derive(Debug, Default)]
pub(super) struct Ready {
    pub(super) batch: Batch,
    pub(super) answers: Vec<(Pending, Done)>,
    /// The dossiers that it changes, and their last numbers then.
    dossiers: HashMap<DossierId, i64>,
}

impl Ahead {
    pub(super) fn is_empty(&self) -> bool {
        self.ready.is_none() && !self.deciding
    }

    /// A decision on it is not committed yet.
    fn is_in_flight(&self, id: &DossierId) -> bool {
        self.writing.contains_key(id) || self.ready.as_ref().is_some_and(|ready| ready.dossiers.contains_key(id))
    }

    fn wants(&self, waiting: &VecDeque<Pending>) -> bool {
        let full = self.ready.as_ref().is_some_and(|ready| ready.answers.len() >= BATCH_MAX);
        !self.blocked && !self.deciding && !full && !waiting.is_empty()
    }
}

/// What the writer does next.
pub(super) enum Next {
    /// Write what was decided ahead.
    Write(Box<Ready>),
    /// Decide in the transaction.
    Decide(Vec<Pending>),
}

/// The queue's state, for the writer and for whoever decides ahead.
#[derive(Debug, Default)]
pub(super) struct Shared {
    state: Mutex<State>,
    /// The writer has begun, or the queue is closed.
    wake: Condvar,
    /// Nothing is being decided ahead any more.
    settled: Condvar,
}

impl Shared {
    pub(super) fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the writer does next: what is ready, else what waits. From now on others may decide ahead.
    fn begin(&self) -> Next {
        let mut state = self.lock();
        while state.ahead.ready.is_none() && state.ahead.deciding {
            state = self.settled.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        let next = if let Some(mut ready) = state.ahead.ready.take() {
            state.ahead.writing = std::mem::take(&mut ready.dossiers);
            Next::Write(Box::new(ready))
        } else {
            state.ahead.blocked = false;
            let taken = state.waiting.len().min(BATCH_MAX);
            Next::Decide(state.waiting.drain(..taken).collect())
        };
        state.writing = true;
        let more = !state.waiting.is_empty();
        drop(state);
        if more {
            self.wake.notify_one();
        }
        next
    }

    /// One turn of the writer, to its end even if it panics; whether there is more to do.
    pub(super) fn turn(&self, work: impl FnOnce(Next)) -> bool {
        if catch_unwind(AssertUnwindSafe(|| work(self.begin()))).is_err() {
            tracing::error!("a turn of the writer panicked outside its transaction: this is a bug");
            self.forget(Vec::new(), || ());
        }
        self.end()
    }

    /// The writer is done; whether there is more to do.
    fn end(&self) -> bool {
        let mut state = self.lock();
        state.writing = false;
        state.called = !state.waiting.is_empty() || !state.ahead.is_empty();
        state.called
    }

    /// Something came that may be decided ahead.
    pub(super) fn nudge(&self) {
        self.wake.notify_one();
    }

    /// Ends the thread that decides ahead.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.wake.notify_one();
    }

    /// Commands that were taken and not answered wait again, before all that came after them.
    pub(super) fn put_back(&self, commands: Vec<Pending>) {
        self.forget(commands, || ());
    }

    /// What was decided ahead is forgotten; its commands wait again, in their order, behind those that come `first`. `also` is done
    /// before anything is decided anew.
    fn forget(&self, first: Vec<Pending>, also: impl FnOnce()) {
        let mut state = self.lock();
        state.ahead.epoch += 1;
        // Nobody begins anew while we wait: what they would decide rests on what is being forgotten.
        state.writing = false;
        while state.ahead.deciding {
            state = self.settled.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.writing = true;
        state.ahead.flights.clear();
        state.ahead.writing.clear();
        let ready = state.ahead.ready.take().unwrap_or_default();
        let again = first.into_iter().chain(ready.answers.into_iter().map(|(pending, _)| pending));
        for pending in again.collect::<Vec<_>>().into_iter().rev() {
            state.waiting.push_front(pending);
        }
        state.ahead.blocked = false;
        also();
        drop(state);
        self.wake.notify_one();
    }
}

/// What was ready is in the database: its dossiers are as good as any that were read from there.
pub(super) fn landed(inner: &Inner, queue: &Shared) {
    let mut landed = Vec::new();
    {
        let ahead = &mut queue.lock().ahead;
        for (id, seq) in std::mem::take(&mut ahead.writing) {
            if ahead.flights.get(&id).is_some_and(|kept| kept.dossier.seq == seq) {
                landed.extend(ahead.flights.remove(&id));
            }
        }
    }
    inner.remember(landed);
}

/// What was ready could not be written: nothing that was decided since can be right.
pub(super) fn failed(queue: &Shared, error: &StoreError) {
    tracing::debug!(%error, "what was decided ahead is decided again");
    queue.forget(Vec::new(), || ());
}

/// The database is reached by another way (`Writer::is_anew`): nothing that is remembered counts, decided or read.
pub(super) fn begin_anew(inner: &Inner, queue: &Shared) {
    queue.forget(Vec::new(), || inner.cache.lock().unwrap_or_else(PoisonError::into_inner).clear());
}

/// Starts the thread that decides ahead for a queue. It ends when the queue is closed.
pub(super) fn start(inner: &Arc<Inner>, queue: &Arc<Shared>) -> Result<(), StoreError> {
    let (engine, queue) = (Arc::downgrade(inner), Arc::clone(queue));
    std::thread::Builder::new()
        .name("chancery-decider".to_owned())
        .spawn(move || decide_ahead(&engine, &queue))
        .map(drop)
        .map_err(|error| StoreError::Unavailable(format!("no thread for the decider: {error}")))
}

fn decide_ahead(engine: &Weak<Inner>, queue: &Shared) {
    while let Some(taken) = queue.take() {
        let Some(inner) = Weak::upgrade(engine) else { return };
        decide(&inner, queue, taken);
    }
}

/// Before a turn of the writer for which nobody decided ahead: what can be decided from memory need not be read.
pub(super) fn catch_up(inner: &Inner, queue: &Shared) {
    if let Some(taken) = queue.take_for_writer() {
        decide(inner, queue, taken);
    }
}

fn decide(inner: &Inner, queue: &Shared, taken: Taken) {
    queue.round(taken, |commands, flown| fold(inner, commands, flown), |known| inner.remember(known));
}

/// Commands on their way from the queue to where the writer finds them.
struct Taken {
    commands: VecDeque<Pending>,
    /// Their dossiers, as far as a decision on them is not committed yet.
    flown: Vec<Kept>,
    epoch: u64,
}

impl Taken {
    fn from(state: &mut State, at_most: usize) -> Self {
        state.ahead.deciding = true;
        let taken = state.waiting.len().min(at_most);
        let commands: VecDeque<Pending> = state.waiting.drain(..taken).collect();
        let ids = commands.iter().filter_map(Pending::dossier).collect::<Vec<_>>();
        let flown: Vec<Kept> = ids.into_iter().filter_map(|id| state.ahead.flights.remove(id)).collect();
        Self { commands, flown, epoch: state.ahead.epoch }
    }
}

impl Shared {
    /// Waits for something that may be decided ahead, and takes it; none when the queue is closed.
    fn take(&self) -> Option<Taken> {
        let mut state = self.lock();
        while !(state.closed || state.writing && state.ahead.wants(&state.waiting)) {
            state = self.wake.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        if state.closed { None } else { Some(Taken::from(&mut state, TOGETHER)) }
    }

    /// Takes for the writer what waits, if nobody decided anything ahead and somebody may.
    fn take_for_writer(&self) -> Option<Taken> {
        let mut state = self.lock();
        let wanted = state.ahead.ready.is_none() && state.ahead.wants(&state.waiting);
        wanted.then(|| Taken::from(&mut state, BATCH_MAX))
    }

    /// Decides what was taken. A panic anywhere in it costs what was decided ahead and nothing else: it is decided again in
    /// its transaction, and answered there.
    fn round(
        &self,
        taken: Taken,
        decide: impl FnOnce(&VecDeque<Pending>, Vec<Kept>) -> Decided,
        remember: impl FnOnce(Vec<Kept>),
    ) {
        let Taken { mut commands, flown, epoch } = taken;
        let round = catch_unwind(AssertUnwindSafe(|| {
            let decided = decide(&commands, flown);
            self.put(&mut commands, decided, epoch, remember);
        }));
        if round.is_err() {
            self.give_up(commands);
        }
    }

    /// After a panic half of something may be ready: all of it waits again, in its order, for the transaction.
    fn give_up(&self, commands: VecDeque<Pending>) {
        let mut state = self.lock();
        state.ahead.epoch += 1;
        state.ahead.flights.clear();
        let ready = state.ahead.ready.take().unwrap_or_default();
        let all: Vec<Pending> = ready.answers.into_iter().map(|(pending, _)| pending).chain(commands).collect();
        for pending in all.into_iter().rev() {
            state.waiting.push_front(pending);
        }
        state.ahead.blocked = true;
        state.ahead.deciding = false;
        drop(state);
        self.settled.notify_all();
    }

    /// Puts what was decided where the writer finds it, and what was not back to the front of the queue.
    fn put(&self, commands: &mut VecDeque<Pending>, decided: Decided, epoch: u64, remember: impl FnOnce(Vec<Kept>)) {
        let mut known = Vec::new();
        {
            let mut state = self.lock();
            if state.ahead.epoch == epoch {
                state.ahead.blocked = decided.done.len() < commands.len();
                if !decided.done.is_empty() {
                    let answered = commands.drain(..decided.done.len()).zip(decided.done);
                    let ready = state.ahead.ready.get_or_insert_default();
                    ready.answers.extend(answered);
                    ready.dossiers.extend(decided.batch.dossiers.iter().map(|(id, row)| (id.clone(), row.seq)));
                }
                for kept in decided.kept {
                    if state.ahead.is_in_flight(&kept.dossier.id) {
                        state.ahead.flights.insert(kept.dossier.id.clone(), kept);
                    } else {
                        known.push(kept);
                    }
                }
                if let Some(ready) = state.ahead.ready.as_mut() {
                    ready.batch.absorb(decided.batch);
                }
            }
            // Before the writer may read again what it remembers.
            remember(known);
            while let Some(pending) = commands.pop_back() {
                state.waiting.push_front(pending);
            }
            state.ahead.deciding = false;
        }
        self.settled.notify_all();
    }
}

/// What a few commands came to.
struct Decided {
    batch: Batch,
    done: Vec<Done>,
    kept: Vec<Kept>,
}

/// Decides commands in their order until one is for the transaction.
fn fold(inner: &Inner, commands: &VecDeque<Pending>, flown: Vec<Kept>) -> Decided {
    let deployment = inner.deployment();
    let version = deployment.version;
    let mut fold = Fold::new(inner, deployment);
    for kept in flown {
        fold.lay(kept);
    }
    let mut done = Vec::with_capacity(commands.len());
    for pending in commands {
        let Work::Command(command) = &pending.work else { break };
        if !fold.dossiers.contains_key(&command.dossier) {
            let kept = inner.cache.lock().unwrap_or_else(PoisonError::into_inner).take(&command.dossier);
            match kept {
                Some(kept) => fold.lay(kept),
                None if is_plain_start(command) => {}
                None => break,
            }
        }
        let Some(answer) = fold.carry_out_ahead(pending, command) else { break };
        done.push(answer);
    }
    let (mut batch, kept) = fold.finish();
    batch.deployment = Some(version);
    reach("decided-ahead");
    Decided { batch, done, kept }
}

/// Opens a dossier that nobody can have opened before: a list is found under its key, which only the database knows.
fn is_plain_start(command: &Command) -> bool {
    matches!(&command.ask, Ask::Start(Start { gather_key: None, first: None, .. }))
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::{Decided, Next, Shared};
    use crate::dossier::command::{Actor, Ask, Command};
    use crate::engine::Done;
    use crate::engine::queue::Pending;
    use crate::ids::DossierId;
    use crate::seal::MasterKeys;
    use crate::store::Batch;

    fn pending(operation: &str) -> Pending {
        let command = Command { operation: operation.into(), dossier: "d".into(), actor: Actor::Clock, ask: Ask::Tick };
        Pending::of_command(command, Vec::new(), &MasterKeys::of_bytes([1; 32]))
    }

    /// A queue whose writer is at work while two commands wait.
    fn queue() -> Shared {
        let queue = Shared::default();
        let mut state = queue.lock();
        state.writing = true;
        state.waiting.extend(["one", "two"].map(pending));
        drop(state);
        queue
    }

    fn one_done(_: &VecDeque<Pending>) -> Decided {
        let done = Done { dossier: DossierId::from("d"), seq: 1, state: "open".to_owned(), again: false };
        Decided { batch: Batch::default(), done: vec![done], kept: Vec::new() }
    }

    /// Both commands are for the transaction, in their order, and nobody waits for the decider.
    fn all_waits_for_the_transaction(queue: &Shared) {
        let Next::Decide(batch) = queue.begin() else { panic!("nothing is ready") };
        let operations: Vec<&str> = batch.iter().map(|pending| pending.operation.as_str()).collect();
        assert_eq!(operations, ["one", "two"]);
    }

    #[test]
    fn what_is_decided_is_ready_and_the_rest_waits() {
        let queue = queue();
        queue.round(queue.take().expect("two commands"), |commands, _| one_done(commands), |_| ());
        let Next::Write(ready) = queue.begin() else { panic!("one command is ready") };
        assert_eq!(ready.answers.len(), 1);
        assert_eq!(queue.lock().waiting.len(), 1);
    }

    #[test]
    fn a_writer_for_which_nobody_decided_takes_all_that_waits_and_others_wait_for_it() {
        let queue = queue();
        let taken = queue.take_for_writer().expect("two commands");
        assert_eq!(taken.commands.len(), 2);
        assert!(queue.take_for_writer().is_none());
        queue.round(taken, |commands, _| one_done(commands), |_| ());
        assert!(queue.take_for_writer().is_none(), "the first that waits is for the transaction");
        let Next::Write(ready) = queue.begin() else { panic!("one command is ready") };
        assert_eq!(ready.answers.len(), 1);
    }

    #[test]
    fn a_decision_that_panics_is_left_to_its_transaction() {
        let queue = queue();
        queue.round(queue.take().expect("two commands"), |_, _| panic!("in the decision"), |_| ());
        all_waits_for_the_transaction(&queue);
    }

    #[test]
    fn a_panic_behind_the_decision_loses_no_command_and_answers_none() {
        let queue = queue();
        queue.round(queue.take().expect("two commands"), |commands, _| one_done(commands), |_| panic!("behind it"));
        all_waits_for_the_transaction(&queue);
    }

    #[test]
    fn what_is_put_back_waits_before_all_that_came_after_it() {
        let queue = queue();
        queue.round(queue.take().expect("two commands"), |commands, _| one_done(commands), |_| ());
        queue.put_back(vec![pending("zero")]);
        let Next::Decide(batch) = queue.begin() else { panic!("nothing is ready any more") };
        let operations: Vec<&str> = batch.iter().map(|pending| pending.operation.as_str()).collect();
        assert_eq!(operations, ["zero", "one", "two"]);
    }

    #[test]
    fn a_turn_of_the_writer_that_panics_is_over_and_the_next_one_is_called() {
        let queue = queue();
        let more = queue.turn(|_| {
            queue.lock().waiting.push_back(pending("three"));
            panic!("in the turn")
        });
        let state = queue.lock();
        assert!(more, "the third command waits");
        assert!(!state.writing && state.called);
    }
}
