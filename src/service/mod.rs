//! The supervisor of a running server: its parts, its signals, its word to systemd.
//!
//! `serve` runs pages and scheduler in one process; `web` and `scheduler` run them apart. A database that is away is waited
//! out and said in the status; the watchdog is petted as long as every part goes round. A stop finishes what is in flight,
//! within [`STOP_MAX`].

mod beat;
pub mod home;
pub mod migration;
mod office;
mod rounds;
mod signals;
mod status;

use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::config::{CONNECTIONS_MAX, Config, ConfigError};
use crate::postbox::Listening;
use crate::store::{StoreError, meta};

pub use office::Office;
pub use rounds::{Turn, Worker};
pub use status::Status;

/// How long a stop may take.
pub const STOP_MAX: Duration = Duration::from_secs(20);

/// Lanes in which mails are carried side by side: as many as `mail.connections` says.
const LANES: [&str; CONNECTIONS_MAX] =
    ["courier", "courier 2", "courier 3", "courier 4", "courier 5", "courier 6", "courier 7", "courier 8"];

/// A part of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Pages.
    Web,
    /// Pages of mailed links and nothing else.
    Links,
    /// Timers, starts by the clock, mails.
    Scheduler,
}

/// Why a server does not run (any more).
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// The configuration cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The database cannot be used as it is.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is no file where the database should be.
    #[error("there is no database `{}`\n  help: is the path right? `chancery migrate` makes a new one, `chancery restore` puts a copy there", .0.display())]
    NoDatabase(std::path::PathBuf),
    /// The database belongs to a demonstration.
    #[error("this database runs on the clock of a demonstration: `chancery demo --dir` goes on with it, no server may")]
    DemoClock,
    /// The address is taken or not ours.
    #[error("cannot listen on `{address}`: {source}\n  help: set `{key}` to a free address")]
    Listen {
        /// Which.
        address: String,
        /// The key of the configuration that names it.
        key: &'static str,
        /// Why.
        source: std::io::Error,
    },
    /// The way out for mails cannot be used.
    #[error("mails cannot be sent: {0}")]
    Mail(String),
    /// A part of the server ended although nobody asked it to.
    #[error("the {part} ended: {why}")]
    Ended {
        /// Which.
        part: &'static str,
        /// Why.
        why: String,
    },
}

/// Runs parts of the server until a signal stops them.
///
/// # Errors
/// It cannot start, or a part ended by itself.
pub async fn run(config: &Config, parts: &[Part]) -> Result<(), ServiceError> {
    if crate::planted::IS_POSSIBLE {
        tracing::warn!("this program goes wrong when told to: it is for tests, never for an office");
    }
    let mut signals = signals::Signals::new();
    let status = Status::new();
    let office = tokio::select! {
        office = Office::open_patiently(config, &status) => office?,
        () = signals.stop() => return Ok(()),
    };
    if office.engine.store().meta(meta::CLOCK).await?.as_deref() == Some("demo") {
        return Err(ServiceError::DemoClock);
    }
    home::notice(office.engine.store(), config).await?;

    let (stop, stopped) = watch::channel(false);
    let mut running =
        Running { tasks: JoinSet::new(), beats: Vec::new(), bounces: None, stopped, status: status.clone() };
    let pages = parts.iter().any(|part| matches!(part, Part::Web | Part::Links));
    if pages {
        running.web(config, &office, parts.contains(&Part::Links)).await?;
    }
    if parts.contains(&Part::Scheduler) {
        running.scheduler(config, &office).await?;
    }
    let watchdog = beat::watch(running.beats.clone());
    status.ready();
    tracing::info!(listen = pages.then_some(config.web.listen.as_str()), "running");

    let ended = tokio::select! {
        () = signals.stop() => None,
        Some(ended) = running.tasks.join_next() => Some(ended),
    };
    status.stopping();
    // Whoever no longer listens has ended already.
    let _ = stop.send(true);
    running.finish().await;
    watchdog.abort();
    match ended {
        None => Ok(()),
        Some(Ok((part, why))) => Err(ServiceError::Ended { part, why: why.unwrap_or_else(|| "by itself".to_owned()) }),
        Some(Err(error)) => Err(ServiceError::Ended { part: "server", why: error.to_string() }),
    }
}

/// What a part says when it ends: its name, and why, if nobody asked it to.
type Ended = (&'static str, Option<String>);

/// The parts that run.
struct Running {
    tasks: JoinSet<Ended>,
    beats: Vec<beat::Beat>,
    /// Takes bounces as long as it is there.
    bounces: Option<Listening>,
    stopped: watch::Receiver<bool>,
    status: Status,
}

impl Running {
    async fn web(&mut self, config: &Config, office: &Office, only_links: bool) -> Result<(), ServiceError> {
        let address = config.web.address()?;
        let listener = tokio::net::TcpListener::bind(address).await.map_err(|source| ServiceError::Listen {
            address: address.to_string(),
            key: "web.listen",
            source,
        })?;
        let app = office.pages(config, only_links, self.status.health())?;
        // Before anybody answers and anything is done by the clock: what ended while nobody could answer may have to be put off.
        let now = office.engine.now();
        rounds::beat(office.engine.store(), now).await?;
        let mut stopped = self.stopped.clone();
        self.tasks.spawn(async move {
            let served = crate::web::serve(listener, app, async move {
                // An error says that the supervisor is gone: then it is time to stop as well.
                let _ = stopped.wait_for(|stopped| *stopped).await;
            })
            .await;
            ("web server", served.err().map(|error| error.to_string()))
        });
        self.round(Worker::Heart(office.engine.store().clone(), Some(now)), office);
        Ok(())
    }

    async fn scheduler(&mut self, config: &Config, office: &Office) -> Result<(), ServiceError> {
        let scheduler = crate::scheduler::Scheduler::new(office.engine.clone()).reporting_to(&config.mail.report_to);
        self.round(Worker::Scheduler(Box::new(scheduler)), office);
        if let Some(courier) = office.courier(config)? {
            for name in LANES.iter().take(config.mail.connections) {
                self.round(Worker::Courier(name, Box::new(courier.lane())), office);
            }
        } else {
            tracing::warn!("`mail.host` is not set: mails wait and none is sent");
        }
        if let Some((address, base)) = config.mail.bounces()? {
            let listening = office.bounces(base).listen(address).await.map_err(|source| ServiceError::Listen {
                address: address.to_string(),
                key: "mail.bounces_listen",
                source,
            })?;
            self.bounces = Some(listening);
        }
        Ok(())
    }

    fn round(&mut self, worker: Worker, office: &Office) {
        let beat = beat::Beat::new(worker.allowance());
        self.beats.push(beat.clone());
        let rounds = rounds::Rounds {
            worker,
            engine: office.engine.clone(),
            beat,
            status: self.status.clone(),
            stopped: self.stopped.clone(),
        };
        self.tasks.spawn(rounds.go());
    }

    /// Waits for what is in flight, no longer than [`STOP_MAX`].
    async fn finish(mut self) {
        self.bounces = None;
        let all = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(STOP_MAX, all).await.is_err() {
            tracing::warn!("something was still in flight after {} s and was cut off", STOP_MAX.as_secs());
        }
    }
}
