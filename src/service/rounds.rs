//! The loop around everything that works by steps: step, wait for a hint or a second, step again; wait out an outage.

use std::time::Duration;

use tokio::sync::watch;

use super::Status;
use super::beat::Beat;
use crate::courier::Lane;
use crate::engine::Engine;
use crate::ids::Instant;
use crate::scheduler::Scheduler;
use crate::store::{Store, StoreError};

/// From one look to the next when nobody gives a hint; the jitter keeps several processes from looking together.
const POLL: Duration = Duration::from_secs(1);
const JITTER_MS: u64 = 250;
/// While the database is away, looks become rarer up to this.
const BACKOFF_MAX: Duration = Duration::from_secs(10);
/// A turn may take this long before the watchdog goes hungry. A mail server may take ten minutes after the data.
const TURN_MAX: Duration = Duration::from_secs(50);
const COURIER_TURN_MAX: Duration = Duration::from_mins(30);

/// So often it is noted that pages are served.
const BEAT_MS: i64 = 60 * 1000;

/// What works by steps.
#[derive(Debug)]
pub enum Worker {
    /// Timers and starts by the clock.
    Scheduler(Box<Scheduler>),
    /// Mails; several lanes, so that a mail server that hangs on one mail holds up no other. Each has its name.
    Courier(&'static str, Box<Lane>),
    /// The heartbeat of a process that serves pages: a look at the database, and every minute the note that they are there.
    Heart(Store, Option<Instant>),
}

/// What came of one step.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Turn {
    /// There may be more to do at once.
    pub busy: bool,
    /// What the operator should know.
    pub status: Option<String>,
}

impl Worker {
    fn name(&self) -> &'static str {
        match self {
            Self::Scheduler(_) => "scheduler",
            Self::Courier(name, _) => name,
            Self::Heart(..) => "database",
        }
    }

    pub(super) fn allowance(&self) -> Duration {
        match self {
            Self::Scheduler(_) | Self::Heart(..) => TURN_MAX,
            Self::Courier(..) => COURIER_TURN_MAX,
        }
    }

    async fn step(&mut self, now: Instant) -> Result<Turn, StoreError> {
        match self {
            Self::Scheduler(scheduler) => {
                let report = scheduler.step(now).await?;
                let status = report.held.as_ref().map(|why| format!("held ({why}): `chancery resume` lets it go on"));
                Ok(Turn { busy: report.busy(), status })
            }
            Self::Courier(_, lane) => {
                let report = lane.step(now).await?;
                Ok(Turn { busy: report.worked(), status: None })
            }
            Self::Heart(store, beaten) => {
                store.is_current().await?;
                if beaten.is_none_or(|last| last.plus_ms(BEAT_MS) <= now) {
                    beat(store, now).await?;
                    *beaten = Some(now);
                }
                Ok(Turn::default())
            }
        }
    }
}

/// Notes that pages are served.
pub(super) async fn beat(store: &Store, now: Instant) -> Result<(), StoreError> {
    if let Some(outage) = store.beat(now).await? {
        tracing::warn!(from = %outage.from, until = %outage.until, "the pages could not be reached");
    }
    Ok(())
}

/// One worker and its loop.
pub(super) struct Rounds {
    pub(super) worker: Worker,
    pub(super) engine: Engine,
    pub(super) beat: Beat,
    pub(super) status: Status,
    pub(super) stopped: watch::Receiver<bool>,
}

impl Rounds {
    /// Goes round until it is stopped.
    pub(super) async fn go(mut self) -> super::Ended {
        let name = self.worker.name();
        let mut backoff = Duration::ZERO;
        let mut turns = u64::from(std::process::id());
        while !*self.stopped.borrow() {
            let turn = self.worker.step(self.engine.now()).await;
            self.beat.turned();
            turns = turns.wrapping_add(1);
            let wait = match turn {
                Ok(turn) => {
                    if self.status.say(name, turn.status.clone()) {
                        tracing::info!(part = name, "{}", turn.status.as_deref().unwrap_or("all is well again"));
                    }
                    backoff = Duration::ZERO;
                    if turn.busy { Duration::ZERO } else { POLL + jitter(turns) }
                }
                Err(error) => {
                    backoff = (backoff * 2).clamp(Duration::from_millis(500), BACKOFF_MAX);
                    if self.status.say(name, Some(format!("waiting: {error}"))) {
                        tracing::warn!(part = name, "waiting: {error}");
                    }
                    backoff + jitter(turns)
                }
            };
            self.wait(wait, backoff.is_zero()).await;
        }
        (name, None)
    }

    /// Until the time is over, somebody gives a hint (not during an outage), or a stop.
    async fn wait(&mut self, wait: Duration, hints: bool) {
        if wait.is_zero() {
            tokio::task::yield_now().await;
            return;
        }
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = self.engine.changed(), if hints => {}
            // An error says that the supervisor is gone; the loop then sees the last value, which is to go on, and the
            // task ends with its set.
            _ = self.stopped.changed() => {}
        }
    }
}

/// No randomness: the count of turns, begun at the process's number, is spread over the range.
fn jitter(turns: u64) -> Duration {
    Duration::from_millis(turns.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(17) % JITTER_MS)
}
