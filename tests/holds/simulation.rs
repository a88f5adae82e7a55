//! An office of many years on a virtual clock: random workflows and shipped ones, random people who do what they may and what they
//! may not, several processes on one database, processes that end in the middle, calls of the database that fail, a clock that
//! jumps and runs differently in each process, versions that change. What happens follows from a seed. `SIMULATE_YEARS` and
//! `SIMULATE_SEED` say how long and which.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use chancery::clock::{Chance, Clock, ManualClock};
use chancery::dossier::command::{Act, Actor, Ask, Command, Start};
use chancery::dossier::{Choice, Dossier, Purpose};
use chancery::engine::{Engine, Failure, Keys};
use chancery::ids::{ActivationId, Instant, MachineHash, PersonId};
use chancery::links::LinkKeys;
use chancery::machine::Machine;
use chancery::planted::{Failing, fail_call};
use chancery::scheduler::Scheduler;
use chancery::seal::MasterKeys;
use chancery::source::SourceFile;
use chancery::store::Store;
use chancery::verify::{Given, verify};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::again;
use crate::charts::RandomChart;
use crate::life::{LETTER, MASTER};
use crate::office::{self, CASE, DAY_MS, LIST, PLAIN, START};

/// Processes on the database.
const NODES: usize = 3;
const YEAR_MS: i64 = 365 * DAY_MS;
const HOUR_MS: i64 = 3_600_000;
/// The clocks of two processes differ by at most twice this.
const SKEW_MS: u32 = 300_000;

fn number(name: &str, usual: u64) -> u64 {
    std::env::var(name).ok().and_then(|number| number.parse().ok()).unwrap_or(usual)
}

#[test]
fn an_office_of_many_years_agrees_with_its_log() {
    let (years, seed) = (number("SIMULATE_YEARS", 40), number("SIMULATE_SEED", 1));
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
    println!("simulation: {} years, seeds {seed} to {}: 0 faults; {sums:?}", offices * 10, seed + offices - 1);
}

fn office_of(seed: u64, years: u64) -> Value {
    let (seed, years) = (seed.to_string(), years.to_string());
    let (answer, lived) = again::run("simulation::one_office", &[("OFFICE_SEED", &seed), ("OFFICE_YEARS", &years)]);
    assert!(lived, "seed {seed}: {answer:?}");
    answer.expect("it answers")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run by the test above, in a process of its own"]
async fn one_office() {
    let (seed, years) = (number("OFFICE_SEED", 1), number("OFFICE_YEARS", 1));
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
            self.versions.push((machine.hash().clone(), json!({"unit": "U", "n": 0, "m": 0})));
        } else {
            let text = CASE.replace("title: Việc\n", &format!("title: Việc {}\n", self.changes));
            let fields = json!({"title": "Việc", "unit": "U", "kind": "high", "points": 70, "person": "p-m4"});
            self.deploy("case", &text, Some(fields)).await;
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
        const OPEN: &str = "SELECT id FROM dossier WHERE closed_at IS NULL ORDER BY last_at DESC, id LIMIT 40";
        let open = self.nodes[0].engine.store().read(OPEN, &[]).await.unwrap_or_default();
        let full = open.len() >= 40;
        if open.is_empty() || (!full && self.chance.below(3) == 0) {
            return self.start().await;
        }
        let which = self.chance.below(u32::try_from(open.len()).expect("few")) as usize;
        let id = open[which].text(0).expect("an id").to_owned();
        let Some(dossier) = self.nodes[0].engine.dossier(&id.as_str().into()).await.ok().flatten() else { return };
        let ask = match dossier.votes.first() {
            Some(_) if self.chance.below(3) > 0 => self.ballot(&dossier),
            _ => self.act(&dossier).await,
        };
        if let Some((person, ask)) = ask {
            self.send(&id, Actor::Link(person), ask).await;
        }
    }

    async fn start(&mut self) {
        let which = self.chance.below(u32::try_from(self.versions.len()).expect("few")) as usize;
        let (machine, fields) = self.versions[which].clone();
        self.opened += 1;
        let id = format!("d{:05}", self.opened);
        let fields = serde_json::from_value(fields).expect("fields");
        let start = Start { machine, fields, papers: Vec::new(), gather_key: None, first: None, import_key: None };
        self.send(&id, Actor::Link("p-clerk".into()), Ask::Start(start)).await;
    }

    fn ballot(&self, dossier: &Dossier) -> Option<(PersonId, Ask)> {
        let vote = dossier.votes.first()?;
        let seat = &vote.roll[self.chance.below(u32::try_from(vote.roll.len()).ok()?) as usize];
        let rows = vote.rows.iter().filter(|row| !row.own.contains(&seat.person));
        let choice = |_| [Choice::Yes, Choice::Yes, Choice::No, Choice::Abstain][self.chance.below(4) as usize];
        let choices = rows.map(|row| (row.row.clone(), choice(&row.row))).collect();
        Some((seat.person.clone(), Ask::Cast { activation: vote.activation, choices }))
    }

    /// Mostly somebody who is asked, sometimes anybody; an event that some state around answers.
    async fn act(&self, dossier: &Dossier) -> Option<(PersonId, Ask)> {
        let machine = self.nodes[0].engine.machine(&dossier.machine).await.ok()?;
        let pick = |count: usize| self.chance.below(u32::try_from(count).unwrap_or(1)) as usize;
        let tasks: Vec<_> = dossier.tasks.iter().filter(|task| task.purpose == Purpose::Act).collect();
        let task = (!tasks.is_empty()).then(|| tasks[pick(tasks.len())]);
        let leaves: Vec<ActivationId> = dossier.leaves().map(|leaf| leaf.activation).collect();
        let anybody = ["clerk", "head", "m1", "m2", "secretary"];
        let (person, activation) = match task.filter(|task| !task.holders.is_empty()) {
            Some(task) if self.chance.below(10) > 0 => {
                (task.holders[pick(task.holders.len())].clone(), task.activation)
            }
            _ => (PersonId::new(format!("p-{}", anybody[pick(5)])), *leaves.get(pick(leaves.len()))?),
        };
        let active = dossier.active.iter().filter_map(|active| machine.state(&active.state));
        let ways: Vec<_> = active.flat_map(|state| &state.on).filter(|way| !way.by.is_empty()).collect();
        let event = ways.get(pick(ways.len()))?.event.clone()?;
        let reason = (self.chance.below(3) > 0).then(|| "Vì vậy".to_owned());
        let (fields, papers, rows) = (BTreeMap::new(), Vec::new(), BTreeMap::new());
        Some((person, Ask::Act(Act { activation, event, fields, papers, reason, rows, seen: None })))
    }

    /// Sends a command to one process and, where the world fails, to others, under the same operation; now and then once more.
    async fn send(&mut self, id: &str, actor: Actor, ask: Ask) {
        self.commands += 1;
        let operation = format!("op-{:06}", self.commands);
        let command = Command { operation: operation.as_str().into(), dossier: id.into(), actor, ask };
        for _ in 0..4 {
            let node = self.chance.below(3) as usize;
            match self.nodes[node].engine.handle(command.clone(), Vec::new()).await {
                Ok(_) => {
                    if self.chance.below(10) == 0 {
                        self.nodes[(node + 1) % NODES].engine.handle(command, Vec::new()).await.ok();
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
        let mut log = Sha256::new();
        let all = "SELECT dossier_id, seq, at, kind, actor, subjects, machine, coalesce(operation, '') FROM event \
                   ORDER BY dossier_id, seq";
        for row in engine.store().read(all, &[]).await.expect("the log") {
            for (place, cell) in
                [0, 3, 4, 5, 6, 7].into_iter().zip(["id", "kind", "actor", "subjects", "version", "operation"])
            {
                log.update(row.text(place).expect(cell));
                log.update([0]);
            }
            log.update(row.int(1).expect("a number").to_be_bytes());
            log.update(row.int(2).expect("an instant").to_be_bytes());
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
