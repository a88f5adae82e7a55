//! What happens by the clock: due timers and starts in crontab's sense become ordinary commands.
//!
//! Any number of processes may run it. There is no leader and no lock: every command carries an operation id that follows
//! from what is due, and the engine carries out each id once. [`Scheduler::step`] does one bounded piece of work and takes
//! the time as an argument; the loop around it is in `service`.

mod heads;
mod office_holders;
mod stand_ins;
mod starts;
mod ticks;
mod undelivered;
mod walk;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::directory::Directory;
use crate::engine::Engine;
use crate::ids::Instant;
use crate::store::outages::Silence;
use crate::store::{StoreError, meta};

/// Does what is due.
#[derive(Debug)]
pub struct Scheduler {
    engine: Engine,
    starts: starts::Starts,
    walk: walk::Walk,
    heads: heads::Heads,
    /// What could not be done, and when it is tried again: it must not stand in the way of the rest.
    put_off: PutOff,
    /// Where the round is that passes tasks on to those who hold a role now.
    holders: office_holders::Round,
    /// Who is told of mails that did not arrive.
    watch: undelivered::Watch,
    /// When it was last looked who stands in for whom.
    stood_in: Option<Instant>,
    /// The directory of the last step: with another one, what could not be done may be possible.
    directory: Option<Arc<Directory>>,
}

/// What one step did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The database is held (restored or copied): nothing was done until somebody says `chancery resume`.
    pub held: Option<String>,
    /// Messages between dossiers that were delivered.
    pub delivered: usize,
    /// Dossiers that did what was due.
    pub ticked: usize,
    /// Dossiers that were started by the clock.
    pub started: usize,
    /// Rows whose next due time was wrong and was put right.
    pub rederived: usize,
    /// What was refused or failed, and was put off.
    pub put_off: usize,
    /// How often somebody is told of a mail that did not arrive.
    pub told: usize,
    /// The head of the day was taken.
    pub headed: bool,
}

impl Report {
    /// There may be more to do at once.
    pub fn busy(&self) -> bool {
        self.delivered + self.ticked + self.started > 0
    }
}

/// What could not be done is tried again after this long.
const PUT_OFF_MS: i64 = 10 * 60 * 1000;
/// How much is remembered of what could not be done.
const PUT_OFF_MAX: usize = 10_000;

/// What could not be done, and when it is tried again.
#[derive(Debug, Default)]
struct PutOff(BTreeMap<String, Instant>);

impl PutOff {
    fn waits(&self, what: &str, now: Instant) -> bool {
        self.0.get(what).is_some_and(|until| *until > now)
    }

    fn add(&mut self, what: &str, now: Instant) {
        self.0.retain(|_, until| *until > now);
        if self.0.len() < PUT_OFF_MAX {
            self.0.insert(what.to_owned(), now.plus_ms(PUT_OFF_MS));
        }
    }
}

impl Scheduler {
    /// A scheduler for an engine.
    pub fn new(engine: Engine) -> Self {
        Self {
            engine,
            starts: starts::Starts::default(),
            walk: walk::Walk::default(),
            heads: heads::Heads::default(),
            put_off: PutOff::default(),
            holders: office_holders::Round::default(),
            watch: undelivered::Watch::default(),
            stood_in: None,
            directory: None,
        }
    }

    /// Does one bounded piece of what is due at `now`.
    ///
    /// # Errors
    /// The database cannot be reached; what was done is done, the rest waits for the next step.
    pub async fn step(&mut self, now: Instant) -> Result<Report, StoreError> {
        let mut report = Report { held: self.engine.store().meta(meta::HELD).await?, ..Report::default() };
        if report.held.is_some() {
            return Ok(report);
        }
        let silence = self.engine.store().silence(now).await?;
        report.delivered = self.engine.deliver().await?;
        self.stand_in(now, &mut report).await?;
        self.pass_on(now, &mut report).await?;
        self.retry_stuck(now, &mut report).await?;
        // Whether what ends now is put off is known a few minutes later; what happens late happens as of its time.
        if silence != Silence::Perhaps {
            self.tick(now, &mut report).await?;
        }
        self.start(now, &mut report).await?;
        self.tell_undelivered(now, &mut report).await?;
        report.headed = self.heads.step(self.engine.store(), now).await?;
        report.rederived = self.walk.step(self.engine.store(), now).await?;
        Ok(report)
    }
}
