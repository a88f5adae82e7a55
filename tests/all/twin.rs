//! An office in memory and a real one live the same random life: the same answers, the same dossiers, the same mails at the
//! same moments. The real one has its database, its scheduler, its courier and a mail server.

use std::collections::BTreeMap;

use chancery::catcher::Catcher;
use chancery::clock::{Chance, Clock, ManualClock};
use chancery::courier::Courier;
use chancery::courier::settings::SmtpSettings;
use chancery::dossier::command::{Act, Actor, Ask, Command, Start};
use chancery::dossier::refusal::Refusal;
use chancery::dossier::{Choice, Dossier, PaperTally};
use chancery::engine::{Engine, Failure, Keys};
use chancery::ids::{ActivationId, DossierId, Instant};
use chancery::links::LinkKeys;
use chancery::scenario::{Office, World};
use chancery::scheduler::Scheduler;
use chancery::seal::MasterKeys;
use chancery::source::SourceFile;

use crate::store::{Fresh, migrated, sqlite};
use crate::support::office::{CASE, LIST, PLAIN, START, by, calendar, directory, machine};

const HOUR_MS: i64 = 3_600_000;
const PEOPLE: &[&str] = &["clerk", "head", "secretary", "m1", "m2", "m3", "m4", "m5"];
const EVENTS: &[&str] = &["submit", "submit", "agree", "refuse", "suspend", "resume", "resume", "withdraw"];
const LIST_EVENTS: &[&str] = &["convene", "convene", "on_paper"];
const CASES: &[&str] = &["A", "B", "C"];

/// Numbers that look like chance and are always the same.
struct Dice(u64);

impl Dice {
    fn below(&mut self, count: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits") % count
    }

    fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }
}

/// Both offices.
struct Twins<'w> {
    memory: Office<'w>,
    engine: Engine,
    hand: ManualClock,
    scheduler: Scheduler,
    courier: Courier,
    catcher: Catcher,
    operations: u64,
    _database: Fresh,
}

impl<'w> Twins<'w> {
    async fn open(world: &'w World, seed: u64) -> Self {
        let database = sqlite();
        let store = migrated(&database).await;
        let keys = Keys { links: LinkKeys::of_bytes([7; 32]), master: MasterKeys::of_bytes([8; 32]) };
        let clock = Clock::manual(START);
        let Clock::Manual(hand) = clock.clone() else { unreachable!("it is a manual one") };
        let engine = Engine::open(store, keys, clock, Chance::seeded(seed)).await.expect("it opens");
        engine.put_calendar(&calendar(PLAIN), &SourceFile::new("plain.yaml", PLAIN)).await.expect("a calendar");
        engine.put_directory(directory()).await.expect("a directory");
        for (name, text) in [("case", CASE), ("list", LIST)] {
            engine.deploy(&machine(name, text), &[]).await.expect("a workflow");
        }
        let catcher = Catcher::start(([127, 0, 0, 1], 0).into()).await.expect("loopback");
        let settings = SmtpSettings::plain(catcher.address(), "vanphong@example.vn", "Văn phòng");
        let (links, chance) = (engine.links().clone(), engine.chance().clone());
        let courier =
            Courier::new(engine.clone(), links, settings, "https://example.vn/", chance).expect("no TLS is asked for");
        let memory = Office::new(world, START);
        let scheduler = Scheduler::new(engine.clone());
        Self { memory, engine, hand, scheduler, courier, catcher, operations: 0, _database: database }
    }

    /// Lets the real office come to rest.
    async fn rest(&mut self, now: Instant) {
        self.hand.set(now);
        for _ in 0..1_000 {
            if !self.scheduler.step(now).await.expect("a step").busy()
                && !self.courier.step(now).await.expect("a step").worked()
            {
                return;
            }
        }
        panic!("the real office does not come to rest at {now}");
    }

    async fn wait(&mut self, hours: i64) {
        let to = self.memory.now().plus_ms(hours * HOUR_MS);
        while let Some(next) = self.memory.next().filter(|next| *next <= to) {
            self.memory.move_to(next);
            self.rest(next).await;
        }
        self.memory.move_to(to);
        self.rest(to).await;
    }

    /// The list on which a case stands, in both offices.
    async fn list(&self, case: &str) -> Option<(DossierId, DossierId)> {
        let on = |dossier: &Dossier| dossier.on_lists.first().and_then(|on| on.dossier.clone());
        let memory = on(self.memory.dossier(&case.into())?)?;
        let real = on(&self.real(&case.into()).await?).expect("both stand on a list");
        Some((memory, real))
    }

    async fn real(&self, id: &DossierId) -> Option<Dossier> {
        self.engine.dossier(id).await.expect("it is read")
    }

    /// The same is asked in both; the same is answered.
    async fn both(&mut self, ids: (DossierId, DossierId), person: &str, ask: &dyn Fn(&Dossier) -> Option<Ask>) {
        let ours = self.memory.dossier(&ids.0).and_then(ask);
        let theirs = self.real(&ids.1).await.as_ref().and_then(ask);
        let (Some(ours), Some(theirs)) = (ours, theirs) else { return };
        self.hand_in(ids, by(person), ours, theirs).await;
    }

    async fn hand_in(&mut self, ids: (DossierId, DossierId), actor: Actor, ours: Ask, theirs: Ask) {
        self.operations += 1;
        let operation = || format!("op-{}", self.operations).into();
        let ours = Command { operation: operation(), dossier: ids.0, actor: actor.clone(), ask: ours };
        let theirs = Command { operation: operation(), dossier: ids.1, actor, ask: theirs };
        let real = match self.engine.handle(theirs, Vec::new()).await {
            Ok(_) => Ok(()),
            Err(Failure::Refused(refusal)) => Err(refusal),
            Err(Failure::Store(error)) => panic!("the database failed: {error}"),
        };
        let codes = |answer: Result<(), Refusal>| {
            answer.map_err(|refusal| refusal.reasons.into_iter().map(|reason| reason.code.name()).collect::<Vec<_>>())
        };
        let said = codes(self.memory.handle(&ours));
        assert_eq!(said, codes(real), "{ours:?}");
        self.rest(self.memory.now()).await;
    }

    async fn start(&mut self, id: &str, points: i64, kind: &str) {
        let machine = self.engine.current(&"case".into()).await.expect("read").expect("it is deployed");
        let fields = serde_json::json!({"title": id, "unit": "U", "kind": kind, "points": points, "person": "p-m3"});
        let start = Ask::Start(Start {
            machine: machine.hash().clone(),
            fields: serde_json::from_value(fields).expect("fields"),
            papers: Vec::new(),
            gather_key: None,
            first: None,
            import_key: None,
        });
        self.hand_in((id.into(), id.into()), by("clerk"), start.clone(), start).await;
    }

    /// Where every case stands in both offices, and what was said to whom when.
    async fn compare(&self) {
        for case in CASES {
            let (memory, real) = (self.memory.dossier(&(*case).into()), self.real(&(*case).into()).await);
            let stands = |dossier: &Dossier| {
                let active: Vec<_> = dossier.active.iter().map(|one| (one.state.clone(), one.at, one.due_at)).collect();
                (active, dossier.seq, dossier.outcome.clone(), dossier.tasks.clone(), dossier.timers.clone())
            };
            assert_eq!(memory.map(stands), real.as_ref().map(stands), "{case}");
        }
        let ours = self.memory.mails().iter().map(chancery::scenario::Mail::email);
        let mut ours: Vec<_> = ours.map(|mail| (mail.date.timestamp(), mail.to_address, mail.subject)).collect();
        let theirs = self.catcher.mails_since(0);
        let mut theirs: Vec<_> =
            theirs.iter().map(|mail| (written_at(&mail.date), mail.to.join(","), mail.subject.clone())).collect();
        ours.sort();
        theirs.sort();
        assert_eq!(ours, theirs);
    }
}

fn written_at(date: &str) -> jiff::Timestamp {
    jiff::fmt::rfc2822::parse(date).expect("a mail has a date").timestamp()
}

/// An event of the innermost state that knows it.
fn event(dossier: &Dossier, event: &str) -> Ask {
    let activation = dossier.leaves().last().map_or(ActivationId(0), |leaf| leaf.activation);
    let reason = Some("Lý do".to_owned());
    let fields = if event == "agree" { [("number".into(), "1/QĐ".into())].into() } else { BTreeMap::new() };
    let (papers, rows) = (Vec::new(), BTreeMap::new());
    Ask::Act(Act { activation, event: event.into(), fields, papers, reason, rows, seen: None })
}

fn ballot(dossier: &Dossier, choice: Choice) -> Option<Ask> {
    let vote = dossier.votes.first()?;
    Some(Ask::Cast {
        activation: vote.activation,
        choices: vote.rows.iter().map(|row| (row.row.clone(), choice)).collect(),
    })
}

fn tally(dossier: &Dossier, yes: u32) -> Option<Ask> {
    let vote = dossier.votes.first()?;
    let tally = PaperTally { issued: 5, returned: 5, invalid: 0, yes, no: 5 - yes };
    Some(Ask::Tally {
        activation: vote.activation,
        rows: vote.rows.iter().map(|row| (row.row.clone(), tally)).collect(),
    })
}

fn confirm(dossier: &Dossier) -> Option<Ask> {
    let activation = dossier.votes.first()?.activation;
    Some(Ask::Confirm { activation, agrees: true, seen: dossier.seq })
}

async fn life(world: &World, seed: u64) -> (usize, usize) {
    let (mut twins, mut dice) = (Twins::open(world, seed).await, Dice(seed));
    for case in CASES {
        twins.start(case, 40 + i64::try_from(dice.below(40)).expect("small"), dice.of(&["plain", "high"])).await;
    }
    for _ in 0..90 {
        let (case, person) = (dice.of(CASES), dice.of(&["clerk", "head", "m1"]));
        let (on_case, event_name) = ((case.into(), case.into()), dice.of(EVENTS));
        match dice.below(8) {
            0 | 1 => twins.wait(8 + i64::try_from(dice.below(30)).expect("small")).await,
            2..=4 => twins.both(on_case, person, &|dossier| Some(event(dossier, event_name))).await,
            _ => {
                let Some(ids) = twins.list(case).await else { continue };
                match dice.below(4) {
                    0 => {
                        let name = dice.of(LIST_EVENTS);
                        twins.both(ids, "secretary", &|dossier| Some(event(dossier, name))).await;
                    }
                    1 => {
                        let yes = u32::try_from(dice.below(6)).expect("small");
                        twins.both(ids.clone(), "secretary", &|dossier| tally(dossier, yes)).await;
                        twins.both(ids, "m1", &confirm).await;
                    }
                    _ => {
                        let choice = dice.of(&[Choice::Yes, Choice::Yes, Choice::No, Choice::Abstain]);
                        for member in &PEOPLE[3..] {
                            twins.both(ids.clone(), member, &|dossier| ballot(dossier, choice)).await;
                        }
                    }
                }
            }
        }
    }
    twins.wait(24 * 14).await;
    twins.compare().await;
    let votes = twins.memory.dossiers().map(|dossier| dossier.results.len()).sum();
    (twins.memory.mails().len(), votes)
}

#[tokio::test]
async fn an_office_in_memory_does_what_a_real_one_does() {
    let world = World::new(vec![machine("case", CASE), machine("list", LIST)], directory(), vec![calendar(PLAIN)])
        .expect("its calendar is there");
    let (mut mails, mut votes) = (0, 0);
    for seed in 1..=4 {
        let life = life(&world, seed).await;
        (mails, votes) = (mails + life.0, votes + life.1);
    }
    assert!(mails > 30 && votes > 2, "only {mails} mails and {votes} votes were compared");
}
