//! What systemd is told: ready, stopping, and one line on how things are.

use std::sync::Arc;

use sd_notify::NotifyState;
use tokio::sync::watch;

use crate::web::Health;

/// How the parts are: one line for `systemctl status`, and the same for the page that says so.
#[derive(Clone, Debug)]
pub struct Status {
    health: Arc<watch::Sender<Health>>,
}

impl Default for Status {
    fn default() -> Self {
        Self { health: Arc::new(watch::Sender::new(Health::default())) }
    }
}

impl Status {
    /// Nothing was said yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Where the pages read it.
    pub(super) fn health(&self) -> watch::Receiver<Health> {
        self.health.subscribe()
    }

    /// A part says how it is; nothing, when all is well. True if that is news.
    pub fn say(&self, part: &'static str, text: Option<String>) -> bool {
        let state = text.map_or(Ok(()), Err);
        let news =
            self.health.send_if_modified(|health| match health.parts.iter_mut().find(|(name, _)| *name == part) {
                Some((_, known)) if *known == state => false,
                Some((_, known)) => {
                    *known = state;
                    true
                }
                None => {
                    let news = state.is_err();
                    health.parts.push((part, state));
                    news
                }
            });
        if news {
            tell(&[NotifyState::Status(&self.line())]);
        }
        news
    }

    fn line(&self) -> String {
        let health = self.health.borrow();
        let wrong: Vec<&str> =
            health.parts.iter().filter_map(|(_, state)| state.as_ref().err().map(String::as_str)).collect();
        if wrong.is_empty() { "running".to_owned() } else { wrong.join("; ") }
    }

    /// The server has started; it may already have something to say.
    pub(super) fn ready(&self) {
        tell(&[NotifyState::Ready, NotifyState::Status(&self.line())]);
    }

    /// The server waits before it can start: systemd is asked for more time.
    pub(super) fn waiting(&self, text: String) -> bool {
        tell(&[NotifyState::ExtendTimeoutUsec(60_000_000)]);
        self.say("start", Some(text))
    }

    #[expect(clippy::unused_self, reason = "it is the status that says so, like all it says")]
    pub(super) fn stopping(&self) {
        tell(&[NotifyState::Stopping, NotifyState::Status("stopping: finishing what is in flight")]);
    }
}

/// Tells systemd, where there is one. Whether it hears is not ours to judge.
pub(super) fn tell(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        tracing::debug!("systemd does not hear: {error}");
    }
}
