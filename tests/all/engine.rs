//! The engine's contract, the same on both databases: what is acknowledged is there once, whoever asks, however often, in
//! whatever order, from however many processes.

use std::collections::BTreeMap;
use std::sync::mpsc;

use chancery::clock::{Chance, Clock, ManualClock};
use chancery::dossier::command::{Actor, Ask, Command, Start};
use chancery::dossier::refusal::Code;
use chancery::dossier::{Choice, Dossier, Paper};
use chancery::engine::{Attachment, Done, Engine, Failure, Keys};
use chancery::ids::{ActivationId, DossierId, Instant, MachineHash, PersonId};
use chancery::links::LinkKeys;
use chancery::seal::MasterKeys;
use chancery::source::SourceFile;
use chancery::store::{Param, Store, StoreError};

use crate::store::{Fresh, databases, sqlite};
use crate::support::office::{self, CASE, DAY_MS, LIST, PLAIN, START, by};

mod ahead;
mod postgres;

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
    let clock = Clock::manual(START);
    let Clock::Manual(hand) = clock.clone() else { unreachable!("it is manual") };
    let engine = Engine::open(store, keys(), clock, Chance::seeded(seed)).await.expect("the engine opens");
    let case = office::machine("case", CASE);
    Running { engine, clock: hand, case: case.hash().clone() }
}

pub(crate) async fn deployed(database: &Fresh) -> Running {
    let running = open(database, 1).await;
    let engine = &running.engine;
    let file = SourceFile::new("plain.yaml", PLAIN);
    engine.put_calendar(&office::calendar(PLAIN), &file).await.expect("a calendar");
    engine.put_directory(office::directory()).await.expect("a directory");
    for (name, text) in [("case", CASE), ("list", LIST)] {
        let source = SourceFile::new(format!("{name}.yaml"), text);
        engine.deploy(&office::machine(name, text), &[source]).await.expect("a workflow");
    }
    running
}

fn command(operation: &str, dossier: &str, actor: Actor, ask: Ask) -> Command {
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

    async fn dossier(&self, id: &str) -> Dossier {
        self.engine.dossier(&id.into()).await.expect("it is read").expect("it is there")
    }

    async fn act(&self, id: &str, who: &str, event: &str) -> Done {
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

    async fn replays(&self) -> usize {
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

#[tokio::test]
async fn cases_go_through_list_and_secret_vote_and_every_log_replays() {
    for database in databases().await {
        let office = deployed(&database).await;
        for id in ["a", "b", "c"] {
            office.ok(start(&office.case, id)).await;
            office.act(id, "clerk", "submit").await;
        }
        assert_eq!(office.count("SELECT COUNT(*) FROM message WHERE consumed_at IS NULL").await, 3);
        assert_eq!(office.engine.deliver().await.expect("delivered"), 3, "three rows join");
        assert_eq!(office.engine.deliver().await.expect("delivered"), 3, "and are welcomed");
        assert_eq!(office.engine.deliver().await.expect("delivered"), 0);
        assert_eq!(office.count("SELECT COUNT(*) FROM dossier WHERE workflow = 'list'").await, 1, "on one list");
        let list = office.dossier("a").await.on_lists.remove(0).dossier.expect("which is known").to_string();
        assert_eq!(office.act(&list, "secretary", "convene").await.state, "voting");

        vote(&office, &list).await;

        office.engine.tick(&list.as_str().into()).await.expect("the vote is closed").expect("something was due");
        let closed = office.dossier(&list).await;
        let passed: Vec<bool> = closed.results[0].rows.iter().map(|row| row.passed).collect();
        assert_eq!(passed, [true, true, true]);
        assert!(closed.results[0].rows.iter().all(|row| row.box_hash.is_some() && row.yes == 3 && row.no == 2));
        while office.engine.deliver().await.expect("delivered") > 0 {}
        for id in ["a", "b", "c"] {
            assert_eq!(office.dossier(id).await.stands(), "open.deciding");
        }
        assert_eq!(office.replays().await, 4);
        assert_eq!(office.count("SELECT COUNT(*) FROM message WHERE refused IS NOT NULL").await, 0);
    }
}

/// Three vote for every row, two against; nothing of it may be seen outside the boxes.
async fn vote(office: &Running, list: &str) {
    let boxes = "SELECT row_id, sealed FROM ballot_box ORDER BY row_id";
    let before = office.engine.store().read(boxes, &[]).await.expect("boxes");
    assert_eq!(before.len(), 3, "empty boxes are there from the opening");
    let voting = office.dossier(list).await;
    let activation = voting.votes.first().expect("a vote").activation;
    for (member, choice) in
        ["m1", "m2", "m3", "m4", "m5"].iter().zip([Choice::Yes, Choice::No, Choice::Yes, Choice::No, Choice::Yes])
    {
        let choices = ["a", "b", "c"].map(|row| (DossierId::from(row), choice)).into();
        let cast = command(&format!("cast-{member}"), list, by(member), Ask::Cast { activation, choices });
        office.ok(cast).await;
        // The same ballot again, with other choices even: it is in the box already.
        let other = ["a", "b", "c"].map(|row| (DossierId::from(row), Choice::Abstain)).into();
        let again = command(&format!("cast-{member}"), list, by(member), Ask::Cast { activation, choices: other });
        assert!(office.ok(again).await.again);
    }
    let after = office.engine.store().read(boxes, &[]).await.expect("boxes");
    for (old, new) in before.iter().zip(&after) {
        assert_eq!(old.bytes(1).expect("bytes").len(), new.bytes(1).expect("bytes").len(), "its length says nothing");
        assert_ne!(old, new);
    }
    let log = office.engine.history(&list.into()).await.expect("history");
    let casts: Vec<String> = log
        .iter()
        .filter(|event| event.kind.name() == "cast")
        .map(|event| serde_json::to_string(&event.changes).expect("JSON"))
        .collect();
    assert_eq!(casts.len(), 5);
    let snapshot = office.dossier(list).await.snapshot();
    for choice in ["\"yes\"", "\"no\"", "\"abstain\""] {
        assert!(casts.iter().all(|cast| !cast.contains(choice)), "{casts:?}");
        assert!(!snapshot.contains(choice));
    }
    // Who voted yes and who voted no left the same trace.
    let one = casts[0].replace("p-m1", "member");
    assert_eq!(one, casts[1].replace("p-m2", "member"));
}

#[tokio::test]
async fn the_same_command_again_gets_the_first_answer_and_another_one_is_refused() {
    for database in databases().await {
        let office = deployed(&database).await;
        let first = office.ok(start(&office.case, "a")).await;
        office.ok(edit("e1", "a", 70)).await;
        let again = office.ok(start(&office.case, "a")).await;
        assert_eq!(again, Done { again: true, ..first.clone() });
        assert_eq!(office.dossier("a").await.seq, 2);
        let other = office.engine.handle(edit("e1", "a", 71), Vec::new()).await;
        assert_eq!(refused(&other), Some(Code::OperationReused));
        let elsewhere = office.engine.handle(edit("start-a", "a", 70), Vec::new()).await;
        assert_eq!(refused(&elsewhere), Some(Code::OperationReused));

        // A double click 64 times, all at once: one decision.
        let submit = command("s", "a", by("clerk"), office::act(&office.dossier("a").await, "submit"));
        let answers = office.together((0..64).map(|_| (submit.clone(), Vec::new())).collect()).await;
        let fresh = answers.iter().filter(|answer| answer.as_ref().is_ok_and(|done| !done.again)).count();
        assert_eq!((fresh, answers.iter().filter(|answer| answer.is_ok()).count()), (1, 64));
        assert_eq!(office.dossier("a").await.seq, 3);
        // The first answer of a command whose dossier has moved on since.
        let late = office.ok(edit("e1", "a", 70)).await;
        assert_eq!((late.seq, late.state.as_str(), late.again), (2, "open.drafting", true));
    }
}

#[tokio::test]
async fn a_poison_command_among_31_good_ones_spoils_only_itself() {
    for database in databases().await {
        let office = deployed(&database).await;
        let paper = |id: &str| Paper {
            id: id.into(),
            kind: "report".to_owned(),
            name: "báo cáo.pdf".to_owned(),
            hash: "a lie".to_owned(),
            size: 1,
            by: None,
            at: Instant(0),
        };
        let with_paper = |dossier: &str| {
            let mut command = start(&office.case, dossier);
            if let Ask::Start(start) = &mut command.ask {
                start.papers.push(paper("one"));
            }
            let content = format!("bytes of {dossier}").into_bytes();
            (command, vec![Attachment { id: "one".into(), media: "application/pdf".to_owned(), content }])
        };
        let (command, attachments) = with_paper("first");
        office.engine.handle(command, attachments).await.expect("it is carried out");
        let hash = office.engine.paper_hash(b"bytes of first");
        assert_eq!(office.dossier("first").await.papers[0].hash, hash, "the hash is ours");

        let mut commands: Vec<_> = (0..31).map(|n| (start(&office.case, &format!("d{n}")), Vec::new())).collect();
        // A paper's id that is taken: every attempt to write it fails, whoever stands beside it.
        commands.insert(16, with_paper("poison"));
        // And one that is refused before the write fails.
        commands.insert(3, (edit("no", "nobody", 1), Vec::new()));
        let answers = office.together(commands).await;
        for (n, answer) in answers.iter().enumerate() {
            match n {
                3 => assert_eq!(refused(answer), Some(Code::NoDossier)),
                17 => assert!(matches!(answer, Err(Failure::Store(StoreError::Taken(_)))), "{answer:?}"),
                _ => assert!(answer.is_ok(), "{n}: {answer:?}"),
            }
        }
        assert_eq!(office.count("SELECT COUNT(*) FROM dossier").await, 32);
        assert_eq!(office.count("SELECT COUNT(*) FROM event").await, 32);
        assert_eq!(office.replays().await, 32);
    }
}

#[tokio::test]
async fn two_commands_on_one_dossier_in_one_batch_see_each_other() {
    for database in databases().await {
        let office = deployed(&database).await;
        office.ok(start(&office.case, "a")).await;
        let dossier = office.dossier("a").await;
        let submit = |operation: &str| command(operation, "a", by("clerk"), office::act(&dossier, "submit"));
        let commands = vec![
            (edit("low", "a", 10), Vec::new()),
            (submit("too-early"), Vec::new()),
            (edit("high", "a", 90), Vec::new()),
            (submit("now"), Vec::new()),
            (submit("too-late"), Vec::new()),
        ];
        let answers = office.together(commands).await;
        assert_eq!(refused(&answers[1]), Some(Code::Guard));
        assert_eq!(answers[3].as_ref().map(|done| done.seq).ok(), Some(4));
        assert!(refused(&answers[4]).is_some());
        assert_eq!(office.count("SELECT COUNT(*) FROM task WHERE closed_at IS NULL").await, 0);
        office.replays().await;
    }
}

#[tokio::test]
async fn batches_in_crossed_order_from_two_processes_lose_and_double_nothing() {
    for database in databases().await {
        let one = deployed(&database).await;
        let two = open(&database, 2).await;
        for id in ["a", "b"] {
            one.ok(start(&one.case, id)).await;
        }
        for round in 0..12 {
            let forth = (0..8).map(|n| (edit(&format!("f{round}-{n}"), ["a", "b"][n % 2], 50), Vec::new()));
            let back = (0..8).map(|n| (edit(&format!("b{round}-{n}"), ["b", "a"][n % 2], 60), Vec::new()));
            let (forth, back) = tokio::join!(one.together(forth.collect()), two.together(back.collect()));
            for answer in forth.iter().chain(&back) {
                assert!(answer.is_ok(), "{answer:?}");
            }
        }
        assert_eq!(one.dossier("a").await.seq, 1 + 12 * 8);
        assert_eq!(one.dossier("b").await.seq, 1 + 12 * 8);
        assert_eq!(one.replays().await, 2);
    }
}

#[tokio::test]
async fn a_cancelled_request_leaves_the_engine_whole() {
    for database in databases().await {
        let office = deployed(&database).await;
        office.ok(start(&office.case, "a")).await;
        for wait_us in [0, 1, 5, 20, 50, 100, 200, 400, 800, 1_600, 3_200] {
            let request = office.engine.handle(edit(&format!("gone-{wait_us}"), "a", 55), Vec::new());
            let _ = tokio::time::timeout(std::time::Duration::from_micros(wait_us), request).await;
        }
        for n in 0..100 {
            office.ok(edit(&format!("after-{n}"), "a", n % 100)).await;
        }
        // What was handed in was done, though nobody waited for it.
        let answer = office.ok(edit("gone-20", "a", 55)).await;
        assert!(answer.again);
        office.replays().await;
    }
}

#[tokio::test]
async fn messages_are_consumed_once_and_in_order_by_however_many_processes() {
    for database in databases().await {
        let one = deployed(&database).await;
        let two = open(&database, 2).await;
        for n in 0..12 {
            let id = format!("d{n}");
            one.ok(start(&one.case, &id)).await;
            one.act(&id, "clerk", "submit").await;
        }
        for _ in 0..6 {
            let (first, second) = tokio::join!(one.engine.deliver(), two.engine.deliver());
            first.expect("delivered");
            second.expect("delivered");
        }
        assert_eq!(one.count("SELECT COUNT(*) FROM message WHERE consumed_at IS NULL").await, 0);
        assert_eq!(one.count("SELECT COUNT(*) FROM message WHERE refused IS NOT NULL").await, 0);
        assert_eq!(one.count("SELECT COUNT(*) FROM dossier WHERE workflow = 'list'").await, 1);
        let list = one.dossier("d0").await.on_lists.remove(0).dossier.expect("which is known").to_string();
        assert_eq!(one.dossier(&list).await.rows.len(), 12);
        assert_eq!(one.count("SELECT COUNT(*) FROM event WHERE operation LIKE 'm:%'").await, 24);
        one.replays().await;
    }
}

#[tokio::test]
async fn a_message_that_is_refused_says_so_and_stops_nobody() {
    for database in databases().await {
        let office = deployed(&database).await;
        office.ok(start(&office.case, "a")).await;
        office.act("a", "clerk", "submit").await;
        // The list's workflow is gone from the versions on which dossiers start.
        office
            .engine
            .store()
            .write(|tx| {
                tx.execute("DELETE FROM workflow WHERE name = 'list'", &[])?;
                tx.execute("UPDATE meta SET value = '99' WHERE name = 'deployment'", &[])
            })
            .await
            .expect("it is gone");
        assert_eq!(office.engine.deliver().await.expect("delivered"), 0);
        assert_eq!(office.engine.deliver().await.expect("delivered"), 0);
        assert_eq!(office.count("SELECT COUNT(*) FROM message WHERE refused IS NOT NULL").await, 1);
        office.ok(start(&office.case, "b")).await;
        // Once it is deployed again, somebody lets the message try again.
        let source = SourceFile::new("list.yaml", LIST);
        office.engine.deploy(&office::machine("list", LIST), &[source]).await.expect("a workflow");
        assert_eq!(office.engine.retry_messages().await.expect("retried"), 1);
        assert_eq!(office.engine.deliver().await.expect("delivered"), 1);
    }
}

#[tokio::test]
async fn what_is_due_happens_once_and_a_task_keeps_its_link() {
    for database in databases().await {
        let one = deployed(&database).await;
        let two = open(&database, 2).await;
        one.ok(start(&one.case, "a")).await;
        let tasks = "SELECT id, key_id, generation FROM task WHERE dossier_id = 'a' AND purpose = 'act' ORDER BY id";
        let before = one.engine.store().read(tasks, &[]).await.expect("tasks");
        for clock in [&one.clock, &two.clock] {
            clock.set(START.plus_ms(9 * DAY_MS));
        }
        let id = DossierId::from("a");
        let (first, second) = tokio::join!(one.engine.tick(&id), two.engine.tick(&id));
        first.expect("ticked");
        second.expect("ticked");
        assert_eq!(one.count("SELECT COUNT(*) FROM outbox WHERE kind = 'reminder'").await, 1);
        one.act("a", "head", "suspend").await;
        one.act("a", "head", "resume").await;
        let after = one.engine.store().read(tasks, &[]).await.expect("tasks");
        assert!(before.iter().all(|task| after.contains(task)), "the same links");
        let timers = "SELECT next_due_at FROM dossier WHERE id = 'a'";
        assert_eq!(one.dossier("a").await.next_due_at().map(|at| at.0), Some(one.count(timers).await));
        one.replays().await;
    }
}

#[tokio::test]
async fn another_process_sees_what_was_deployed() {
    for database in databases().await {
        let one = deployed(&database).await;
        let two = open(&database, 2).await;
        let mut directory = office::directory();
        let new = PersonId::from("p-new");
        let mut person = directory.people[&PersonId::from("p-clerk")].clone();
        (person.id, person.code) = (new.clone(), "new".to_owned());
        directory.people.insert(new.clone(), person);
        directory.posts[0].person = new.clone();
        one.engine.put_directory(directory).await.expect("a directory");
        let mut by_new = start(&two.case, "a");
        by_new.actor = Actor::Link(new.clone());
        two.ok(by_new).await;
        assert!(two.engine.directory().people.contains_key(&new));
        assert!(two.engine.current(&"list".into()).await.expect("it is read").is_some());
    }
}

#[tokio::test]
async fn damage_to_log_or_snapshot_is_found() {
    let database = sqlite();
    let office = deployed(&database).await;
    for id in ["a", "b", "c"] {
        office.ok(start(&office.case, id)).await;
        office.ok(edit(&format!("e-{id}"), id, 77)).await;
    }
    let damage: [(&str, &'static str); 2] = [
        ("b", "UPDATE event SET at = at + 1 WHERE dossier_id = 'b' AND seq = 2"),
        ("c", "UPDATE dossier SET snapshot = replace(snapshot, '77', '78') WHERE id = 'c'"),
    ];
    office
        .engine
        .store()
        .write(move |tx| {
            // Somebody with the owner's rights.
            tx.execute("DROP TRIGGER event_no_update", &[])?;
            for (_, sql) in damage {
                assert_eq!(tx.execute(sql, &[])?, 1);
            }
            Ok(())
        })
        .await
        .expect("damaged");
    assert_eq!(office.engine.replay(&"a".into()).await.expect("read").faults, Vec::<String>::new());
    for (id, _) in damage {
        assert_eq!(office.engine.replay(&id.into()).await.expect("read").faults.len(), 1, "{id}");
    }
    let rows = office.engine.store().read("SELECT sealed FROM event", &[]).await.expect("events");
    for row in rows {
        let bytes = row.bytes(0).expect("bytes");
        assert!(!bytes.windows(4).any(|part| part == "Việ".as_bytes()), "payloads are sealed");
    }
}

#[tokio::test]
async fn keys_of_another_installation_are_refused() {
    let database = sqlite();
    drop(open(&database, 1).await);
    let store = Store::open(&database.url).await.expect("it opens");
    let other = Keys { links: LinkKeys::of_bytes([7; 32]), master: MasterKeys::of_bytes([9; 32]) };
    let refused = Engine::open(store, other, Clock::System, Chance::system()).await;
    assert!(matches!(refused, Err(StoreError::Corrupt { table: "meta", .. })));
}

#[tokio::test]
async fn three_processes_on_one_sqlite_file_under_load_show_no_busy() {
    let database = sqlite();
    let first = deployed(&database).await;
    let processes = [first, open(&database, 2).await, open(&database, 3).await];
    let mut tasks = Vec::new();
    for (p, office) in processes.iter().enumerate() {
        for client in 0..4 {
            let (engine, case) = (office.engine.clone(), office.case.clone());
            tasks.push(tokio::spawn(async move {
                for n in 0..6 {
                    let id = format!("{p}-{client}-{n}");
                    engine.handle(start(&case, &id), Vec::new()).await?;
                    engine.handle(edit(&format!("e-{id}"), &id, 51), Vec::new()).await?;
                    // All of them also fight over one dossier.
                    engine.handle(edit(&format!("s-{id}"), "0-0-0", 52), Vec::new()).await.or_else(|failure| {
                        // Until it is there.
                        if let Failure::Refused(_) = failure { Ok(done()) } else { Err(failure) }
                    })?;
                    engine.dossier(&id.as_str().into()).await?;
                }
                Ok::<_, Failure>(())
            }));
        }
    }
    for task in tasks {
        task.await.expect("no panic").expect("no BUSY");
    }
    assert_eq!(processes[1].count("SELECT COUNT(*) FROM dossier").await, 72);
    assert_eq!(processes[2].replays().await, 72);
    let none: &[Param] = &[];
    assert_eq!(processes[0].engine.store().read("SELECT id FROM dossier", none).await.expect("read").len(), 72);
}

fn done() -> Done {
    Done { dossier: "x".into(), seq: 0, state: String::new(), again: false }
}
