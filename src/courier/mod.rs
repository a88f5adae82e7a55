//! Outbox to mailbox: gathers what has to be said to a person into one mail, sends it, and keeps an honest ledger.
//!
//! [`Courier::step`] is the whole of it: claim (one transaction, committed before `MAIL FROM`), write, send, settle (only
//! under our own lease). Any number of couriers may step at once, in one process or several. Under a clock that runs faster
//! than time (the demonstration's) there is one, and it steps again only when it is done: its leases would end early.

pub mod email;
mod ledger;
mod load;
pub mod settings;
pub mod smtp;
mod wire;

use std::collections::VecDeque;
use std::fmt;
use std::pin::pin;
use std::sync::Arc;

use tokio::time::Instant as Stopwatch;

use crate::clock::Chance;
use crate::engine::Engine;
use crate::ids::{Instant, MailId};
use crate::letters::{self, PERSON_DAY_MAX};
use crate::links::LinkKeys;
use crate::store::mails::{ClaimPlan, ClaimedMail};
use crate::store::{Store, StoreError};
use email::Encoded;
use load::{LoadError, Loader};
use settings::SmtpSettings;
use smtp::{Outcome, Sender, TlsError};

/// Mails of one step at most.
const BATCH_MAX: usize = 16;

/// Carries mails. Cheap to clone.
#[derive(Clone)]
pub struct Courier {
    engine: Engine,
    keys: LinkKeys,
    settings: Arc<SmtpSettings>,
    tls: Option<lettre::transport::smtp::client::TlsParameters>,
    public_url: String,
    chance: Chance,
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
        Ok(Self { engine, keys, settings: Arc::new(settings), tls, public_url, chance })
    }

    /// Sends what is due, at most one batch of it.
    ///
    /// # Errors
    /// The database fails. What was being sent then is settled as unknown when its lease ends.
    pub async fn step(&self, now: Instant) -> Result<Report, StoreError> {
        let began = Stopwatch::now();
        let claim = self.store().claim_mails(self.plan(now)).await?;
        let report = Report { held: claim.held, dropped: claim.dropped, unknown: claim.unknown, ..Report::default() };
        let enough = Stopwatch::now() + self.settings.patience.batch;
        let mut batch = Batch { courier: self, now, began, enough, waiting: claim.mails.into(), report };
        let mut sender = Sender::new(Arc::clone(&self.settings), self.tls.clone());
        while let Some(mail) = batch.waiting.pop_front() {
            batch.carry(mail, &mut sender).await?;
        }
        sender.close().await;
        Ok(batch.report)
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
        let letter = loader.letter(mail).await?;
        let sender = self.settings.sender();
        let email = letters::compose(&letter, sender).map_err(|error| Unwritten::Never(error.to_string()))?;
        email.encode(&self.settings).map_err(|error| Unwritten::Never(error.to_string()))
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
            Sent::Outcome(outcome) => self.settle(&mail, outcome).await,
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
        let settled = ledger::settle(mail, outcome, self.later());
        let (status, answer) = (settled.status, settled.answer.clone());
        let ours = self.courier.store().settle_mail(&mail.id, &mail.lease, settled).await?;
        let (id, attempts) = (mail.id.as_str(), mail.attempts);
        match (ours, status) {
            (false, _) => tracing::warn!(mail.id = id, "a mail's lease ended before its answer came"),
            (true, "accepted") => tracing::debug!(mail.id = id, attempts, "a mail was accepted"),
            (true, "deferred") => tracing::info!(mail.id = id, attempts, answer, "a mail was deferred"),
            (true, _) => tracing::error!(mail.id = id, attempts, status, answer, "a mail needs a person's eye"),
        }
        Ok(())
    }

    /// Gives back what was not begun.
    async fn release(&mut self) -> Result<(), StoreError> {
        let Some(lease) = self.waiting.front().map(|mail| mail.lease.clone()) else { return Ok(()) };
        let ids: Vec<MailId> = self.waiting.drain(..).map(|mail| mail.id).collect();
        self.report.released += ids.len() as u64;
        self.courier.store().release_mails(self.later(), &lease, ids).await
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
