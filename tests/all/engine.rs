//! The engine's contract, the same on both databases: what is acknowledged is there once, whoever asks, however often, in
//! whatever order, from however many processes.

use std::collections::BTreeMap;
use std::sync::mpsc;

use chancery::clock::{Chance, Clock, ManualClock};
use chancery::dossier::Dossier;
use chancery::dossier::command::{Actor, Ask, Command, Start};
use chancery::dossier::refusal::Code;
use chancery::engine::{Attachment, Done, Engine, Failure, Keys};
use chancery::ids::{ActivationId, MachineHash};
use chancery::links::LinkKeys;
use chancery::seal::MasterKeys;
use chancery::source::SourceFile;
use chancery::store::Store;

use crate::store::Fresh;
use crate::support::office::{self, CASE, LIST, PLAIN, START, by};

mod ahead;
mod batches;
mod children;
mod messages;
mod postgres;
mod record;
mod whole;

/// An engine on a database, with the office deployed.
pub(crate) struct Running {
    /// The engine.
    pub engine: Engine,
    /// Its clock.
    pub clock: ManualClock,
    /// The case's version.
    pub case: MachineHash,
}

fn keys() -> Keys {
    Keys { links: LinkKeys::of_bytes([7; 32]), master: MasterKeys::of_bytes([8; 32]) }
}

/// An engine on an empty database.
pub(crate) async fn fresh_engine(database: &Fresh) -> Engine {
    open(database, 1).await.engine
}

async fn open(database: &Fresh, seed: u64) -> Running {
    let store = Store::open(&database.url).await.expect("it opens");
    store.migrate().await.expect("it migrates");
    on(store, seed).await
}

/// An engine on a database that has the schema.
async fn on(store: Store, seed: u64) -> Running {
    let clock = Clock::manual(START);
    let Clock::Manual(hand) = clock.clone() else { unreachable!("it is manual") };
    let engine = Engine::open(store, keys(), clock, Chance::seeded(seed)).await.expect("the engine opens");
    let case = office::machine("case", CASE);
    Running { engine, clock: hand, case: case.hash().clone() }
}

pub(crate) async fn deployed(database: &Fresh) -> Running {
    let running = open(database, 1).await;
    deploy(&running.engine).await;
    running
}

async fn deploy(engine: &Engine) {
    let file = SourceFile::new("plain.yaml", PLAIN);
    engine.put_calendar(&office::calendar(PLAIN), &file).await.expect("a calendar");
    engine.put_directory(office::directory()).await.expect("a directory");
    for (name, text) in [("case", CASE), ("list", LIST)] {
        let source = SourceFile::new(format!("{name}.yaml"), text);
        engine.deploy(&office::machine(name, text), &[source]).await.expect("a workflow");
    }
}

pub(crate) fn command(operation: &str, dossier: &str, actor: Actor, ask: Ask) -> Command {
    Command { operation: operation.into(), dossier: dossier.into(), actor, ask }
}

pub(crate) fn start(case: &MachineHash, id: &str) -> Command {
    let fields = serde_json::json!({"title": format!("Việc {id}"), "unit": "U", "kind": "plain", "points": 60, "person": "p-clerk"});
    let fields = serde_json::from_value(fields).expect("fields");
    let start =
        Start { machine: case.clone(), fields, papers: Vec::new(), gather_key: None, first: None, import_key: None };
    command(&format!("start-{id}"), id, by("clerk"), Ask::Start(start))
}

pub(crate) fn edit(operation: &str, id: &str, points: i64) -> Command {
    let fields = BTreeMap::from([("points".into(), points.into())]);
    command(operation, id, by("clerk"), Ask::Edit { activation: ActivationId(2), fields, papers: Vec::new() })
}

impl Running {
    pub(crate) async fn ok(&self, command: Command) -> Done {
        self.engine.handle(command, Vec::new()).await.expect("it is carried out")
    }

    pub(crate) async fn dossier(&self, id: &str) -> Dossier {
        self.engine.dossier(&id.into()).await.expect("it is read").expect("it is there")
    }

    pub(crate) async fn act(&self, id: &str, who: &str, event: &str) -> Done {
        let dossier = self.dossier(id).await;
        let mut ask = office::act(&dossier, event);
        if let Ask::Act(act) = &mut ask {
            act.reason = (event == "suspend").then(|| "Chờ xác minh".to_owned());
        }
        self.ok(command(&format!("{id}-{event}-{}", dossier.seq), id, by(who), ask)).await
    }

    async fn count(&self, sql: &'static str) -> i64 {
        let rows = self.engine.store().read(sql, &[]).await.expect("it is counted");
        rows[0].int(0).expect("a number")
    }

    pub(crate) async fn replays(&self) -> usize {
        let ids = self.engine.dossiers_after(None, 1_000).await.expect("ids");
        for id in &ids {
            let replay = self.engine.replay(id).await.expect("it is read");
            assert_eq!((replay.faults, replay.erased), (Vec::new(), 0), "{id}");
        }
        ids.len()
    }

    /// Keeps the writer busy until the returned sender is dropped or used: what is handed in meanwhile waits together.
    fn hold_writer(&self) -> mpsc::Sender<()> {
        let (release, released) = mpsc::channel::<()>();
        let store = self.engine.store().clone();
        tokio::spawn(async move {
            let held = store.write(move |_| Ok(released.recv().is_ok())).await;
            assert!(held.is_ok());
        });
        release
    }

    /// Hands commands in so that they wait together, and gives their answers.
    async fn together(&self, commands: Vec<(Command, Vec<Attachment>)>) -> Vec<Result<Done, Failure>> {
        let release = self.hold_writer();
        tokio::task::yield_now().await;
        let mut tasks = Vec::new();
        for (command, attachments) in commands {
            let engine = self.engine.clone();
            tasks.push(tokio::spawn(async move { engine.handle(command, attachments).await }));
            tokio::task::yield_now().await;
        }
        release.send(()).expect("the writer waits");
        let mut answers = Vec::new();
        for task in tasks {
            answers.push(task.await.expect("no panic"));
        }
        answers
    }
}

fn refused(answer: &Result<Done, Failure>) -> Option<Code> {
    match answer {
        Err(Failure::Refused(refusal)) => refusal.reasons.first().map(|reason| reason.code.clone()),
        _ => None,
    }
}
