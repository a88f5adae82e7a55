//! A dossier's life, timed: start and four decisions through [`Engine::handle`], each of them durable before it is
//! acknowledged, on a shipped workflow with guards, role checks, tasks, deadlines and notices, sealed and chained. At its end
//! it counts the rows of every life in every table and replays some of them: a figure for work that was not done is none.

mod count;
pub mod mail;
mod office;
mod sink;
pub mod states;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use serde::Serialize;

use crate::clock::Clock;
use crate::dossier::command::{Act, Actor, Ask, Command, Start};
use crate::engine::{Engine, Failure};
use crate::ids::{ActivationId, DossierId, MachineHash, OperationId, PersonId};
use crate::store::{Store, StoreError};
use office::DECISIONS;

/// What is to be timed.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Callers; each makes its next call when the one before was acknowledged.
    pub clients: usize,
    /// Lives of dossiers.
    pub count: usize,
    /// An empty database; what is in it afterwards is for nothing else.
    pub database: String,
}

/// What came out, in the words of the programs it is compared with.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// Callers.
    pub clients: usize,
    /// Lives.
    pub lifecycles: usize,
    /// Lives in a second.
    pub lifecycles_per_s: f64,
    /// Decisions in a second; starts are not counted.
    pub decisions_per_s: f64,
    /// From a decision's call to its acknowledgement: the middle one.
    pub p50_ms: f64,
    /// The same, of a hundred the slowest but one.
    pub p99_ms: f64,
    /// Dossiers that were replayed from their log and found equal.
    pub replayed: usize,
}

/// Why there is no figure.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// The database fails.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is something in the database.
    #[error("`{0}` is not empty: a bench takes an empty SQLite file or PostgreSQL database of its own")]
    NotEmpty(String),
    /// The shipped workflow, its calendar or its directory is faulty.
    #[error("the shipped workflow is faulty: {0}")]
    Workflow(String),
    /// A command was not carried out.
    #[error("a life went wrong: {0}")]
    Life(String),
    /// Rows are missing at the end.
    #[error("`{what}`: {found} are there, {wanted} were wanted")]
    Missing {
        /// What was counted.
        what: &'static str,
        /// So many there are.
        found: i64,
        /// So many there should be.
        wanted: i64,
    },
    /// A log does not give its dossier.
    #[error("dossier {dossier} does not replay: {fault}")]
    Replay {
        /// Which.
        dossier: DossierId,
        /// Why.
        fault: String,
    },
}

impl From<Failure> for BenchError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(refusal) => Self::Life(format!("{:?}", refusal.reasons)),
            Failure::Store(error) => Self::Store(error),
        }
    }
}

/// Runs it. `go` is called when the timed part begins.
///
/// # Errors
/// The database fails or is not empty, or rows of a life are missing at the end.
#[expect(clippy::disallowed_methods, reason = "this is what is measured")]
pub async fn run(settings: &Settings, go: impl FnOnce()) -> Result<Report, BenchError> {
    let store = Store::open(&settings.database).await?;
    store.migrate().await?;
    if count::dossiers(&store).await? > 0 {
        return Err(BenchError::NotEmpty(settings.database.clone()));
    }
    let clock = if store.is_postgres() { Clock::database() } else { Clock::System };
    let office = Arc::new(office::open(store, clock).await?);
    let next = Arc::new(AtomicUsize::new(0));
    let mut clients = Vec::with_capacity(settings.clients);
    go();
    let began = Instant::now();
    for _ in 0..settings.clients {
        clients.push(tokio::spawn(lead_lives(office.clone(), next.clone(), settings.count)));
    }
    let mut latencies = Vec::with_capacity(settings.count * DECISIONS.len());
    for client in clients {
        latencies.extend(client.await.map_err(|error| BenchError::Life(error.to_string()))??);
    }
    let seconds = began.elapsed().as_secs_f64();
    let replayed = count::check(&office.engine, settings.count).await?;
    latencies.sort_unstable();
    Ok(report(settings, seconds, &latencies, replayed))
}

fn report(settings: &Settings, seconds: f64, latencies_us: &[u32], replayed: usize) -> Report {
    let at = |share: usize| {
        let place = (latencies_us.len() * share / 100).min(latencies_us.len().saturating_sub(1));
        round(f64::from(latencies_us.get(place).copied().unwrap_or_default()) / 1e3)
    };
    let lives = float(settings.count) / seconds;
    Report {
        clients: settings.clients,
        lifecycles: settings.count,
        lifecycles_per_s: round(lives),
        decisions_per_s: round(lives * float(DECISIONS.len())),
        p50_ms: at(50),
        p99_ms: at(99),
        replayed,
    }
}

fn round(value: f64) -> f64 {
    (value * 1e3).round() / 1e3
}

/// A number that is far below 2^32, for a ratio.
fn float(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}

/// One client: leads one dossier after the other; how long each decision took, in microseconds.
#[expect(clippy::disallowed_methods, reason = "this is what is measured")]
async fn lead_lives(office: Arc<office::Office>, next: Arc<AtomicUsize>, count: usize) -> Result<Vec<u32>, BenchError> {
    let mut latencies = Vec::new();
    while next.fetch_add(1, Ordering::Relaxed) < count {
        let dossier = DossierId::new(office.engine.fresh_id());
        let start = start(&office, &dossier);
        office.engine.handle(start, Vec::new()).await?;
        for (step, who) in office.deciders.iter().enumerate() {
            // States of this workflow are entered one after the other, so the entry's number follows from the step.
            let activation = ActivationId(u32::try_from(step).unwrap_or_default() + 1);
            let command = approve(&office.engine, &dossier, who, activation);
            let called = Instant::now();
            office.engine.handle(command, Vec::new()).await?;
            latencies.push(u32::try_from(called.elapsed().as_micros()).unwrap_or(u32::MAX));
        }
    }
    Ok(latencies)
}

fn start(office: &office::Office, dossier: &DossierId) -> Command {
    let start = Start {
        machine: MachineHash::clone(&office.machine),
        fields: office.fields.clone(),
        papers: Vec::new(),
        gather_key: None,
        first: None,
        import_key: None,
    };
    let actor = Actor::Session(office.starter.clone());
    let operation = OperationId::new(office.engine.fresh_id());
    Command { operation, dossier: dossier.clone(), actor, ask: Ask::Start(start) }
}

fn approve(engine: &Engine, dossier: &DossierId, who: &PersonId, activation: ActivationId) -> Command {
    let act = Act {
        activation,
        event: office::APPROVE.into(),
        fields: BTreeMap::new(),
        papers: Vec::new(),
        reason: None,
        rows: BTreeMap::new(),
        seen: None,
    };
    let (operation, actor) = (OperationId::new(engine.fresh_id()), Actor::Link(who.clone()));
    Command { operation, dossier: dossier.clone(), actor, ask: Ask::Act(act) }
}
