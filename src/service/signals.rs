//! SIGTERM and SIGINT ask for a graceful stop.

use tokio::signal::unix::{Signal, SignalKind, signal};

/// The signals that stop a server.
#[derive(Debug)]
pub(super) struct Signals {
    term: Option<Signal>,
    int: Option<Signal>,
}

impl Signals {
    /// From now on the signals are ours. A machine that gives none stops us its own way.
    pub(super) fn new() -> Self {
        Self { term: signal(SignalKind::terminate()).ok(), int: signal(SignalKind::interrupt()).ok() }
    }

    /// Comes back when one was received.
    pub(super) async fn stop(&mut self) {
        tokio::select! {
            () = received(self.term.as_mut()) => {}
            () = received(self.int.as_mut()) => {}
        }
    }
}

async fn received(signal: Option<&mut Signal>) {
    match signal {
        Some(signal) => drop(signal.recv().await),
        None => std::future::pending().await,
    }
}
