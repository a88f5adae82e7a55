//! Outbox to mailbox: gathers what has to be said to a person into one mail, sends it, and keeps an honest ledger.
//!
//! [`Lane::step`] is the whole of it: claim (one transaction, committed before `MAIL FROM`), write, send, settle (only under our
//! own lease). Any number of lanes may step at once, in one process or several; each keeps its connection from step to step
//! while there is more to send. Under a clock that runs faster than time (the demonstration's) there is one, and it steps again
//! only when it is done: its leases would end early.

pub mod email;
mod ledger;
mod load;
mod session;
pub mod settings;
pub mod smtp;
mod tls;
mod wire;

use std::collections::VecDeque;
use std::fmt;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::time::Instant as Stopwatch;

use crate::clock::Chance;
use crate::engine::Engine;
use crate::ids::{Instant, MailId};
use crate::letters::{self, PERSON_DAY_MAX};
use crate::links::LinkKeys;
use crate::planted::reach;
use crate::store::mails::{ClaimPlan, ClaimedMail, Settled, reply_code};
use crate::store::{Store, StoreError};
use email::Encoded;
use load::{LoadError, Loader};
use settings::SmtpSettings;
use smtp::{Outcome, Sender, Tls, TlsError};

/// Mails of one step at most.
const BATCH_MAX: usize = 16;

/// Carries mails. Cheap to clone.
#[derive(Clone)]
pub struct Courier {
    engine: Engine,
    keys: LinkKeys,
    settings: Arc<SmtpSettings>,
    tls: Option<Tls>,
    public_url: String,
    chance: Chance,
    /// What could not be written down because the database failed; it comes before anything new. All clones share it.
    owed: Arc<Mutex<Vec<Owed>>>,
}

/// One thing that is still to be written down.
#[derive(Debug)]
enum Owed {
    /// What became of a mail.
    Settle { mail: MailId, lease: String, settled: Settled },
    /// Mails that were claimed and not begun.
    Release { mails: Vec<MailId>, lease: String },
}

/// One lane of a courier: its connection to the mail server, kept while there is more to send.
pub struct Lane {
    courier: Courier,
    sender: Sender,
}

/// What a step did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The database is held (restored or copied): nothing was looked at.
    pub held: bool,
    /// Mails that the server took over.
    pub accepted: u64,
    /// Mails that wait for another attempt.
    pub deferred: u64,
    /// Mails that will not be tried again.
    pub failed: u64,
    /// Mails of which nobody knows what became.
    pub unknown: u64,
    /// Mails that were given back, not begun.
    pub released: u64,
    /// Notices that nobody needed any more.
    pub dropped: u64,
}

impl Report {
    /// Whether the step found something to do; then there may be more.
    pub fn worked(&self) -> bool {
        self.accepted + self.deferred + self.failed + self.unknown + self.released + self.dropped > 0
    }
}

impl fmt::Debug for Courier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Courier").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// What becomes of a claimed mail.
enum Sent {
    Outcome(Outcome),
    /// The database failed us before anything was sent.
    NotBegun(StoreError),
}

impl Courier {
    /// A courier. `public_url` is what links begin with, path prefix included; the settings have been validated; chance
    /// gives the ids of mails and leases.
    ///
    /// # Errors
    /// The file with further certificates cannot be used.
    pub fn new(
        engine: Engine,
        keys: LinkKeys,
        settings: SmtpSettings,
        public_url: &str,
        chance: Chance,
    ) -> Result<Self, TlsError> {
        let tls = smtp::tls(&settings)?;
        let public_url = public_url.trim_end_matches('/').to_owned();
        Ok(Self { engine, keys, settings: Arc::new(settings), tls, public_url, chance, owed: Arc::default() })
    }

    /// A lane of it.
    pub fn lane(&self) -> Lane {
        Lane { courier: self.clone(), sender: Sender::new(Arc::clone(&self.settings), self.tls.clone()) }
    }

    /// Sends what is due, at most one batch of it, over a connection of its own.
    ///
    /// # Errors
    /// The database fails, as in [`Lane::step`].
    pub async fn step(&self, now: Instant) -> Result<Report, StoreError> {
        let mut lane = self.lane();
        let report = lane.step(now).await;
        lane.sender.close().await;
        report
    }

    async fn send_batch(&self, now: Instant, sender: &mut Sender) -> Result<Report, StoreError> {
        self.pay(now).await?;
        let began = Stopwatch::now();
        let claim = self.store().claim_mails(self.plan(now)).await?;
        reach("mail-claimed");
        let report = Report { held: claim.held, dropped: claim.dropped, unknown: claim.unknown, ..Report::default() };
        let enough = Stopwatch::now() + self.settings.patience.batch;
        let mut batch = Batch { courier: self, now, began, enough, waiting: claim.mails.into(), report };
        while let Some(mail) = batch.waiting.pop_front() {
            batch.carry(mail, sender).await?;
        }
        Ok(batch.report)
    }

    /// Writes down what is owed.
    async fn pay(&self, now: Instant) -> Result<(), StoreError> {
        loop {
            let Some(owed) = self.owed().pop() else { return Ok(()) };
            let paid = match &owed {
                Owed::Settle { mail, lease, settled } => {
                    self.store().settle_mail(mail, lease, settled.clone(), None).await.map(drop)
                }
                Owed::Release { mails, lease } => self.store().release_mails(now, lease, mails.clone()).await,
            };
            if let Err(error) = paid {
                self.owed().push(owed);
                return Err(error);
            }
        }
    }

    fn owed(&self) -> MutexGuard<'_, Vec<Owed>> {
        self.owed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn store(&self) -> &Store {
        self.engine.store()
    }

    fn plan(&self, now: Instant) -> ClaimPlan {
        let fresh = |_| {
            let id = self.chance.id_at(now);
            let message_id = format!("<{id}@{}>", self.settings.domain());
            (MailId::new(id), message_id)
        };
        ClaimPlan {
            now,
            lease_until: now.plus_ms(ledger::LEASE_MS),
            lease: self.chance.id(),
            fresh: (0..BATCH_MAX).map(fresh).collect(),
            key_id: self.keys.newest(),
            person_day_max: PERSON_DAY_MAX,
        }
    }

    async fn send(&self, mail: &ClaimedMail, now: Instant, sender: &mut Sender) -> Sent {
        match self.write(mail, now).await {
            Ok(encoded) => Sent::Outcome(sender.send(&encoded).await),
            Err(Unwritten::Store(error)) => Sent::NotBegun(error),
            Err(Unwritten::Never(why)) => Sent::Outcome(Outcome::Failed(why)),
        }
    }

    async fn write(&self, mail: &ClaimedMail, now: Instant) -> Result<Encoded, Unwritten> {
        let loader = Loader { engine: &self.engine, keys: &self.keys, public_url: &self.public_url, now };
        let sender = self.settings.sender();
        let email = match (&mail.code, &mail.absence, &mail.start) {
            (Some(code), ..) => letters::compose_code(&loader.code(mail, code)?, sender),
            (None, Some(absence), _) => letters::compose_absence(&loader.absence(mail, absence)?, sender),
            (None, None, Some(start)) => letters::compose_start(&loader.start(mail, start).await?, sender),
            (None, None, None) => letters::compose(&loader.letter(mail).await?, sender),
        };
        let email = email.map_err(|error| Unwritten::Never(error.to_string()))?;
        let encoded = email.encode(&self.settings).map_err(|error| Unwritten::Never(error.to_string()))?;
        let Some(base) = &self.settings.return_path else { return Ok(encoded) };
        let path = self.keys.return_path(base, mail.key_id, &mail.id, mail.generation).ok_or(LoadError::NoKey)?;
        encoded.returning_to(&path).map_err(|error| Unwritten::Never(error.to_string()))
    }
}

impl Lane {
    /// Sends what is due, at most one batch of it. The connection stays open as long as there is something to send.
    ///
    /// # Errors
    /// The database fails. What became of the mail that was being sent is remembered and written down by the next step of this
    /// courier; if there is none before the lease ends, it counts as unknown. Mails that were not begun are given back.
    pub async fn step(&mut self, now: Instant) -> Result<Report, StoreError> {
        let report = self.courier.send_batch(now, &mut self.sender).await;
        if !report.as_ref().is_ok_and(Report::worked) {
            self.sender.close().await;
        }
        report
    }
}

impl fmt::Debug for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lane").field("courier", &self.courier).finish_non_exhaustive()
    }
}

/// The mails of one step.
struct Batch<'a> {
    courier: &'a Courier,
    now: Instant,
    began: Stopwatch,
    /// When what was not begun is given back.
    enough: Stopwatch,
    waiting: VecDeque<ClaimedMail>,
    report: Report,
}

impl Batch<'_> {
    /// One mail, from its lease to its entry in the ledger.
    async fn carry(&mut self, mail: ClaimedMail, sender: &mut Sender) -> Result<(), StoreError> {
        let enough = self.enough;
        if Stopwatch::now() >= enough {
            self.waiting.push_front(mail);
            return self.release().await;
        }
        let courier = self.courier;
        let mut sending = pin!(courier.send(&mail, self.now, sender));
        let sent = tokio::select! {
            biased;
            sent = &mut sending => sent,
            // One server that hangs must not keep everybody else's mail: another courier takes it.
            () = tokio::time::sleep_until(enough), if !self.waiting.is_empty() => {
                self.release().await?;
                sending.await
            }
        };
        match sent {
            Sent::Outcome(outcome) => {
                reach("mail-sent");
                self.settle(&mail, outcome).await?;
                reach("mail-settled");
                Ok(())
            }
            Sent::NotBegun(error) => {
                self.waiting.push_front(mail.clone());
                self.release().await?;
                Err(error)
            }
        }
    }

    async fn settle(&mut self, mail: &ClaimedMail, outcome: Outcome) -> Result<(), StoreError> {
        match &outcome {
            Outcome::Accepted(_) => self.report.accepted += 1,
            Outcome::Deferred(_) => self.report.deferred += 1,
            Outcome::Failed(_) => self.report.failed += 1,
            Outcome::Unknown(_) => self.report.unknown += 1,
        }
        let mut settled = ledger::settle(mail, outcome, self.later());
        let is_strangers = mail.start.is_some();
        if is_strangers {
            // What a server says of a stranger's mailbox names it; and that somebody mistyped it is nobody's trouble.
            settled.answer = reply_code(&settled.answer).to_owned();
        }
        let (status, answer) = (settled.status, settled.answer.clone());
        let next = self.waiting.front().map(|next| &next.id);
        let ours = match self.courier.store().settle_mail(&mail.id, &mail.lease, settled.clone(), next).await {
            Ok(ours) => ours,
            Err(error) => {
                let (mail, lease) = (mail.id.clone(), mail.lease.clone());
                self.courier.owed().push(Owed::Settle { mail, lease, settled });
                self.owe_the_rest();
                return Err(error);
            }
        };
        let (id, attempts) = (mail.id.as_str(), mail.attempts);
        match (ours, status) {
            (false, _) => tracing::warn!(mail.id = id, "a mail's lease ended before its answer came"),
            (true, "accepted") => tracing::debug!(mail.id = id, attempts, "a mail was accepted"),
            (true, "deferred") => tracing::info!(mail.id = id, attempts, answer, "a mail was deferred"),
            (true, _) if is_strangers => {
                tracing::info!(mail.id = id, attempts, status, answer, "a link reached nobody");
            }
            (true, _) => tracing::error!(mail.id = id, attempts, status, answer, "a mail needs a person's eye"),
        }
        Ok(())
    }

    /// Gives back what was not begun.
    async fn release(&mut self) -> Result<(), StoreError> {
        self.owe_the_rest();
        self.courier.pay(self.later()).await
    }

    /// What was not begun is to be given back.
    fn owe_the_rest(&mut self) {
        let Some(lease) = self.waiting.front().map(|mail| mail.lease.clone()) else { return };
        let mails: Vec<MailId> = self.waiting.drain(..).map(|mail| mail.id).collect();
        self.report.released += mails.len() as u64;
        self.courier.owed().push(Owed::Release { mails, lease });
    }

    /// The time now, counted from the step's beginning on a clock that never jumps.
    fn later(&self) -> Instant {
        self.now.plus_ms(i64::try_from(self.began.elapsed().as_millis()).unwrap_or(i64::MAX))
    }
}

/// Why a mail was not written.
enum Unwritten {
    Store(StoreError),
    Never(String),
}

impl From<LoadError> for Unwritten {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Store(error) => Self::Store(error),
            LoadError::NoPerson | LoadError::NoAddress | LoadError::NoKey | LoadError::Nothing => {
                Self::Never(error.to_string())
            }
        }
    }
}
