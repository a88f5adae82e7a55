//! An office of many years on a virtual clock: random workflows and written ones, random people who mostly do what they are offered
//! and sometimes what they may not, several processes on one database, processes that end in the middle, calls of the database that
//! fail, a clock that jumps and runs differently in each process, versions that change. What happens follows from a seed, to the last
//! byte of the log. `SIMULATE_YEARS` and `SIMULATE_SEED` say how long and which.

mod moves;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use chancery::clock::{Chance, Clock, ManualClock};
use chancery::dossier::command::{Actor, Ask, Command, Start};
use chancery::engine::{Attachment, Engine, Failure, Keys};
use chancery::ids::{Instant, MachineHash};
use chancery::links::LinkKeys;
use chancery::machine::Machine;
use chancery::planted::{Failing, fail_call, go_in_step};
use chancery::scheduler::Scheduler;
use chancery::seal::MasterKeys;
use chancery::source::SourceFile;
use chancery::store::Store;
use chancery::verify::{Given, verify};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::again;
use crate::charts::RandomChart;
use crate::figures::{say, times};
use crate::life::{LETTER, MASTER};
use crate::office::{self, CASE, DAY_MS, LIST, PLAIN, START};

/// Processes on the database.
const NODES: usize = 3;
const YEAR_MS: i64 = 365 * DAY_MS;
const HOUR_MS: i64 = 3_600_000;
/// The clocks of two processes differ by at most twice this.
const SKEW_MS: u32 = 300_000;

/// Where the version of the case stands among those that may be started.
const CASES: usize = 0;
/// Dossiers of the written workflows that are under way at most.
const OPEN_MAX: usize = 14;

#[test]
fn an_office_of_many_years_agrees_with_its_log() {
    let (years, seed) = (times("SIMULATE_YEARS", 40), times("SIMULATE_SEED", 1));
    // Several offices of ten years each: a seed is the whole of one.
    let offices = years.div_ceil(10);
    let mut sums: BTreeMap<String, u64> = BTreeMap::new();
    for seed in seed..seed + offices {
        let one = office_of(seed, 10);
        for (what, count) in one.as_object().into_iter().flatten() {
            *sums.entry(what.clone()).or_default() += count.as_u64().unwrap_or_default();
        }
    }
    sums.remove("log");
    say(&format!("simulation: {} years, seeds {seed} to {}: 0 faults; {sums:?}", offices * 10, seed + offices - 1));
    assert!(sums["events"] > 100 * offices * 10, "the years are empty: {sums:?}");
}

#[test]
fn the_same_seed_gives_the_same_log_to_the_last_byte_and_another_one_another() {
    let [one, again, other] = [71, 71, 72].map(|seed| office_of(seed, 1));
    assert_eq!(one, again);
    assert_ne!(one["log"], other["log"]);
}

fn office_of(seed: u64, years: u64) -> Value {
    let (seed, years) = (seed.to_string(), years.to_string());
    let (answer, lived) = again::run("simulation::one_office", &[("OFFICE_SEED", &seed), ("OFFICE_YEARS", &years)]);
    assert!(lived, "seed {seed}: {answer:?}");
    answer.expect("it answers")
}

/// One thread asks, and whoever hands the writer something waits for it: nothing depends on which of two was quicker.
#[tokio::test]
#[ignore = "run by the tests above, in a process of its own"]
async fn one_office() {
    go_in_step();
    let (seed, years) = (times("OFFICE_SEED", 1), times("OFFICE_YEARS", 1));
    // What is simulated is not the disk.
    let place = ["/dev/shm", "/tmp"].into_iter().find(|place| std::path::Path::new(place).is_dir()).unwrap_or(".");
    let folder = std::path::Path::new(place).join(format!("chancery-simulation-{}-{seed}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a temporary folder");
    let mut world = World::new(format!("sqlite://{}/office.db", folder.display()), seed).await;
    let end = START.plus_ms(i64::try_from(years).expect("few") * YEAR_MS);
    while world.now < end {
        world.step().await;
    }
    let answer = world.end().await;
    drop(world);
    let _ = std::fs::remove_dir_all(&folder);
    match answer {
        Ok(answer) => again::answer(&answer),
        Err(faults) => {
            again::answer(&json!(faults));
            panic!("seed {seed}: {faults:#?}");
        }
    }
}

struct Node {
    engine: Engine,
    clock: ManualClock,
    skew_ms: i64,
    scheduler: Scheduler,
}

struct World {
    url: String,
    chance: Chance,
    now: Instant,
    nodes: Vec<Node>,
    /// What may be started: a workflow's version and the fields of a new dossier.
    versions: Vec<(MachineHash, Value)>,
    acknowledged: Vec<String>,
    commands: u64,
    opened: u64,
    refused: u64,
    crashes: u64,
    failing: u64,
    changes: u64,
}

impl World {
    async fn new(url: String, seed: u64) -> Self {
        let store = Store::open(&url).await.expect("it opens");
        store.migrate().await.expect("it migrates");
        drop(store);
        let mut world = Self {
            url,
            chance: Chance::seeded(seed),
            now: START,
            nodes: Vec::new(),
            versions: Vec::new(),
            acknowledged: Vec::new(),
            commands: 0,
            opened: 0,
            refused: 0,
            crashes: 0,
            failing: 0,
            changes: 0,
        };
        for _ in 0..NODES {
            let node = world.node().await;
            world.nodes.push(node);
        }
        let engine = world.nodes[0].engine.clone();
        engine.put_calendar(&office::calendar(PLAIN), &SourceFile::new("plain.yaml", PLAIN)).await.expect("a calendar");
        engine.put_directory(office::directory()).await.expect("a directory");
        world.deploy("list", LIST, None).await;
        world
            .deploy(
                "case",
                CASE,
                Some(json!({"title": "Việc", "unit": "U", "kind": "plain", "points": 60, "person": "p-m5"})),
            )
            .await;
        world.deploy("letter", LETTER, Some(json!({"title": "Thư", "unit": "U", "person": "p-head"}))).await;
        world
    }

    async fn node(&self) -> Node {
        let store = Store::open(&self.url).await.expect("it opens");
        let keys = Keys { links: LinkKeys::of_bytes([7; 32]), master: MasterKeys::of_bytes(MASTER) };
        let skew_ms = i64::from(self.chance.below(2 * SKEW_MS)) - i64::from(SKEW_MS);
        let clock = Clock::manual(self.now.plus_ms(skew_ms));
        let Clock::Manual(hand) = clock.clone() else { unreachable!("it is manual") };
        let seed = u64::from_be_bytes(self.chance.bytes());
        let engine = Engine::open(store, keys, clock, Chance::seeded(seed)).await.expect("an engine");
        Node { scheduler: Scheduler::new(engine.clone()), engine, clock: hand, skew_ms }
    }

    async fn deploy(&mut self, name: &str, text: &str, fields: Option<Value>) {
        let machine = office::machine(name, text);
        self.install(&machine, name, text).await;
        self.versions.extend(fields.map(|fields| (machine.hash().clone(), fields)));
    }

    async fn install(&mut self, machine: &Machine, name: &str, text: &str) {
        let source = SourceFile::new(format!("{name}.yaml"), text);
        self.nodes[0].engine.deploy(machine, &[source]).await.expect("a version");
    }

    /// Sometimes a workflow changes: a random one comes, or the case gets another version. What runs stays on its own.
    async fn change(&mut self) {
        self.changes += 1;
        if self.chance.below(2) == 0 {
            let bytes: [u8; 96] = self.chance.bytes();
            let machine = RandomChart::of(&bytes).machine_called(&format!("random_{}", self.changes));
            self.install(&machine, "random", "").await;
            for _ in 0..2 {
                self.start(machine.hash().clone(), json!({"unit": "U", "n": 0, "m": 0})).await;
            }
        } else {
            let text = CASE.replace("title: Việc\n", &format!("title: Việc {}\n", self.changes));
            let fields = json!({"title": "Việc", "unit": "U", "kind": "high", "points": 70, "person": "p-m4"});
            let machine = office::machine("case", &text);
            self.install(&machine, "case", &text).await;
            self.versions[CASES] = (machine.hash().clone(), fields);
        }
    }

    /// Some time passes, and what may happen in it happens.
    async fn step(&mut self) {
        let hours = match self.chance.below(40) {
            0 => 24 * (10 + self.chance.below(40)),
            1..8 => 24 * (1 + self.chance.below(7)),
            _ => 1 + self.chance.below(60),
        };
        self.now = self.now.plus_ms(i64::from(hours) * HOUR_MS);
        for node in &self.nodes {
            node.clock.set(self.now.plus_ms(node.skew_ms));
        }
        if self.chance.below(15) == 0 {
            let which = self.chance.below(3) as usize;
            self.nodes[which] = self.node().await;
            self.crashes += 1;
        }
        if self.chance.below(60) == 0 {
            self.change().await;
        }
        if self.chance.below(8) == 0 {
            let how = if self.chance.below(2) == 0 { Failing::ForNow } else { Failing::ForGood };
            fail_call(1 + i64::from(self.chance.below(40)), how);
            self.failing += 1;
        }
        for _ in 0..=self.chance.below(3) {
            self.somebody().await;
        }
        let which = self.chance.below(3) as usize;
        let node = &mut self.nodes[which];
        let now = node.engine.now();
        // What failed is done by the next step, of whatever process.
        node.scheduler.step(now).await.ok();
        fail_call(0, Failing::ForNow);
    }

    /// Somebody starts something, or does something somewhere.
    async fn somebody(&mut self) {
        const OPEN: &str = "SELECT id, workflow FROM dossier WHERE closed_at IS NULL ORDER BY id";
        let open = self.nodes[0].engine.store().read(OPEN, &[]).await.unwrap_or_default();
        // Random charts may have no end.
        let written =
            open.iter().filter(|row| row.text(1).is_ok_and(|workflow| !workflow.starts_with("random"))).count();
        if written < OPEN_MAX && self.chance.below(3) == 0 || open.is_empty() {
            let (machine, fields) = self.versions[self.below(self.versions.len())].clone();
            return self.start(machine, fields).await;
        }
        let id = open[self.below(open.len())].text(0).expect("an id").to_owned();
        let engine = self.nodes[0].engine.clone();
        let Some((dossier, machine)) = moves::seen(&engine, &id).await else { return };
        let (directory, calendar) = (engine.directory(), engine.calendar("plain").expect("it is deployed"));
        let looking = moves::Looking {
            chance: &self.chance,
            dossier: &dossier,
            machine: &machine,
            now: engine.now(),
            directory: &directory,
            calendar: &calendar,
        };
        let done = if self.chance.below(12) == 0 { looking.anything() } else { looking.offered(self.commands) };
        if let Some(moves::Move { person, ask, attachments }) = done {
            self.send(&id, Actor::Link(person), ask, attachments).await;
        }
    }

    fn below(&self, count: usize) -> usize {
        self.chance.below(u32::try_from(count).expect("few")) as usize
    }

    async fn start(&mut self, machine: MachineHash, fields: Value) {
        self.opened += 1;
        let id = format!("d{:05}", self.opened);
        let fields = serde_json::from_value(fields).expect("fields");
        let start = Start { machine, fields, papers: Vec::new(), gather_key: None, first: None, import_key: None };
        self.send(&id, Actor::Link("p-clerk".into()), Ask::Start(start), Vec::new()).await;
    }

    /// Sends a command to one process and, where the world fails, to others, under the same operation; now and then once more.
    async fn send(&mut self, id: &str, actor: Actor, ask: Ask, attachments: Vec<Attachment>) {
        self.commands += 1;
        let operation = format!("op-{:06}", self.commands);
        let command = Command { operation: operation.as_str().into(), dossier: id.into(), actor, ask };
        for _ in 0..4 {
            let node = self.chance.below(3) as usize;
            match self.nodes[node].engine.handle(command.clone(), attachments.clone()).await {
                Ok(_) => {
                    if self.chance.below(10) == 0 {
                        self.nodes[(node + 1) % NODES].engine.handle(command, attachments).await.ok();
                    }
                    return self.acknowledged.push(operation);
                }
                Err(Failure::Refused(_)) => return self.refused += 1,
                Err(Failure::Store(_)) => {}
            }
        }
    }

    /// Everything that can still be done is done; then everything is looked at.
    async fn end(&mut self) -> Result<Value, Vec<String>> {
        fail_call(0, Failing::ForNow);
        for _ in 0..200 {
            let now = self.nodes[0].engine.now();
            if !self.nodes[0].scheduler.step(now).await.expect("nothing fails any more").busy() {
                break;
            }
        }
        let engine = self.nodes[0].engine.clone();
        let given = Given { keys: Some([(1, MASTER)].into()), acknowledged: self.acknowledged.clone() };
        let report = verify(&self.url, &given, |_, _| {}).await.expect("it can be read");
        let mut faults: Vec<String> = report.faults.iter().map(|fault| format!("{fault:?}")).collect();
        for row in engine.store().read("SELECT id FROM dossier ORDER BY id", &[]).await.expect("ids") {
            let id = row.text(0).expect("an id").into();
            faults.extend(engine.replay(&id).await.expect("it is read").faults);
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        // The chain is over every byte of every event; heads are over the chains.
        let mut log = Sha256::new();
        for all in
            ["SELECT dossier_id, hash FROM event ORDER BY dossier_id, seq", "SELECT day, hash FROM head ORDER BY day"]
        {
            for row in engine.store().read(all, &[]).await.expect("the log") {
                log.update(row.text(0).expect("an id"));
                log.update(row.bytes(1).expect("a hash"));
            }
        }
        let mut log_hash = String::new();
        for byte in log.finalize() {
            write!(log_hash, "{byte:02x}").expect("a text takes what is written");
        }
        let log = log_hash;
        Ok(json!({
            "log": log, "events": report.events, "dossiers": report.dossiers, "heads": report.heads,
            "acknowledged": self.acknowledged.len(), "refused": self.refused, "crashes": self.crashes,
            "failing calls": self.failing, "new versions": self.changes,
        }))
    }
}
