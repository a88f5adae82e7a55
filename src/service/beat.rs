//! The watchdog: systemd is told that the server is alive only while every part goes round.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::Instant;

/// When a part last came round.
#[derive(Clone, Debug)]
pub(super) struct Beat {
    last: Arc<Mutex<Instant>>,
    allowance: Duration,
}

impl Beat {
    /// A part that may take this long for one turn.
    pub(super) fn new(allowance: Duration) -> Self {
        Self { last: Arc::new(Mutex::new(Instant::now())), allowance }
    }

    /// The part came round.
    pub(super) fn turned(&self) {
        *self.last.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Instant::now();
    }

    fn alive(&self) -> bool {
        self.last.lock().unwrap_or_else(std::sync::PoisonError::into_inner).elapsed() < self.allowance
    }
}

/// Pets the watchdog, if systemd runs one, three times in its period, as long as every beat is alive.
pub(super) fn watch(beats: Vec<Beat>) -> JoinHandle<()> {
    tokio::spawn(async move {
        let Some(period) = sd_notify::watchdog_enabled() else { return };
        let mut silent = false;
        loop {
            tokio::time::sleep(period / 3).await;
            if beats.iter().all(Beat::alive) {
                super::status::tell(&[sd_notify::NotifyState::Watchdog]);
                silent = false;
            } else if !silent {
                silent = true;
                tracing::error!("a part of the server does not come round any more: the watchdog is left hungry");
            }
        }
    })
}
