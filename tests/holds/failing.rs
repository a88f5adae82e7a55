//! Calls of the database that fail, callers who go away in the middle, a disk that is full, another process that holds the lock: what
//! is asked next is done, and everything hangs together.

use std::pin::pin;
use std::process::Command as Process;
use std::task::Poll;

use chancery::dossier::Choice;
use chancery::dossier::command::{Act, Ask, Command};
use chancery::ids::ActivationId;
use chancery::planted::{Failing, fail_call, has_failed};
use chancery::verify::{Given, verify};
use serde_json::json;

use crate::again;
use crate::database::{Fresh, databases, sqlite};
use crate::figures::say;
use crate::life::{Life, MASTER, scan};
use crate::office::{self, DAY_MS, by};

/// Calls that are made to fail in one operation at most, and awaits at which it is left: beyond this something goes round in circles.
const TRIES_MAX: i64 = 400;

#[test]
fn whichever_call_of_the_database_fails_the_next_request_works() {
    let (answer, lived) = again::run("failing::every_call_once", &[]);
    assert!(lived, "{answer:?}");
    let failed = answer.expect("it answers")["failed"].as_u64().expect("a number");
    say(&format!("failing: {failed} calls of the database failed, each once: 0 requests after them did"));
    assert!(failed > 200, "only {failed} calls were made to fail");
}

/// What fails is a setting of the process: so it is one of its own.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by the test above, in a process of its own"]
async fn every_call_once() {
    let mut failed = 0;
    for how in [Failing::ForGood, Failing::ForNow] {
        for database in &databases().await {
            let mut life = Life::open(&database.url, 3).await;
            life.furnish().await;
            life.once = true;
            failed += a_list(&mut life, how).await;
            failed += a_letter(&mut life, how).await;
            for _ in 0..100 {
                assert!(life.dossier("a").await.is_some(), "every connection still reads");
            }
            sound(&database.url, &life.acknowledged).await;
        }
    }
    again::answer(&json!({"failed": failed}));
}

/// A case that goes onto the council's list, is voted on in secret and decided.
async fn a_list(life: &mut Life, how: Failing) -> u64 {
    let case = json!({"title": "Việc", "unit": "U", "kind": "plain", "points": 60, "person": "p-m5"});
    let mut failed = exhaust(life, how, async |life| life.start("case", "a", case.clone()).await).await;
    failed += exhaust(life, how, async |life| life.act("a", "clerk", "submit", Vec::new()).await).await;
    failed += exhaust(life, how, deliver).await;
    let case = life.dossier("a").await.expect("it is there");
    let list = case.on_lists.into_iter().find_map(|on| on.dossier).expect("it stands on a list").to_string();
    failed += exhaust(life, how, async |life| life.act(&list, "secretary", "convene", Vec::new()).await).await;
    for member in ["m1", "m2", "m3", "m4"] {
        failed += exhaust(life, how, async |life| life.cast(&list, member, Choice::Yes).await).await;
    }
    life.pass(4 * DAY_MS).await;
    failed += exhaust(life, how, async |life| life.pass(0).await).await;
    failed += exhaust(life, how, deliver).await;
    failed += exhaust(life, how, agree).await;
    let case = life.dossier("a").await.expect("it is there");
    assert_eq!(case.outcome.as_deref(), Some("agreed"), "{how:?}: {}", case.snapshot());
    failed
}

/// The head signs, under a number.
async fn agree(life: &mut Life) {
    let Some(case) = life.dossier("a").await else { return };
    let Ask::Act(act) = office::act(&case, "agree") else { unreachable!("it is an event") };
    let fields = [("number".into(), json!("7/QĐ"))].into();
    life.send("a", by("head"), Ask::Act(Act { fields, ..act }), Vec::new()).await;
}

/// What the database refused for good is put aside, and the next process that begins tries it again.
async fn deliver(life: &mut Life) {
    life.engine.retry_messages().await.ok();
    life.deliver().await;
}

/// A letter on which two must agree and that gets a paper, a number and an entry in a register.
async fn a_letter(life: &mut Life, how: Failing) -> u64 {
    let letter = json!({"title": "Thư", "unit": "U", "person": "p-head"});
    let mut failed = exhaust(life, how, async |life| life.start("letter", "l", letter.clone()).await).await;
    failed += exhaust(life, how, async |life| life.act("l", "clerk", "submit", vec![scan("l")]).await).await;
    for member in ["m1", "m2"] {
        failed += exhaust(life, how, async |life| life.act("l", member, "agree", Vec::new()).await).await;
    }
    life.clock.advance_ms(9 * DAY_MS);
    failed += exhaust(life, how, async |life| life.pass(0).await).await;
    failed += exhaust(life, how, async |life| life.act("l", "head", "sign", Vec::new()).await).await;
    let letter = life.dossier("l").await.expect("it is there");
    assert_eq!(letter.outcome.as_deref(), Some("sent"), "{how:?}: {}", letter.snapshot());
    failed
}

/// Does something again and again, each time with another of its calls failing, until none is left to fail; then it is done.
async fn exhaust(life: &mut Life, how: Failing, mut what: impl AsyncFnMut(&mut Life)) -> u64 {
    for n in 1..TRIES_MAX {
        fail_call(n, how);
        what(life).await;
        let was = has_failed();
        fail_call(0, how);
        if !was {
            return (n - 1).unsigned_abs();
        }
    }
    panic!("after {TRIES_MAX} failing calls it is still not done");
}

async fn sound(url: &str, acknowledged: &[String]) {
    let given = Given { keys: Some([(1, MASTER)].into()), acknowledged: acknowledged.to_vec() };
    let report = verify(url, &given, |_, _| {}).await.expect("it can be read");
    assert!(report.faults.is_empty(), "{:#?}", report.faults);
}

/// On one thread, where the engine hands every command to the writer's: on several, who finds the writer idle writes and has no
/// await at which to be left.
#[tokio::test]
async fn whoever_goes_away_at_whichever_await_takes_nothing_along() {
    for Fresh { url, .. } in &databases().await {
        let mut life = Life::open(url, 4).await;
        life.furnish().await;
        let fields = json!({"title": "Việc", "unit": "U", "kind": "plain", "points": 60});
        life.start("case", "a", fields.clone()).await;
        let case = life.dossier("a").await.expect("it is there");
        let drafting = case.leaves().next().expect("it stands somewhere").activation;
        let mut left = 0;
        // The same command again is done, or was.
        left += commands(&mut life, |life, n| life.starting("case", &format!("b-{n}"), fields.clone())).await;
        left += commands(&mut life, |_, n| edit(drafting, n)).await;
        left += everywhere(&mut life, async |life| life.act("a", "clerk", "submit", Vec::new()).await).await;
        left += everywhere(&mut life, async |life| life.deliver().await).await;
        left += everywhere(&mut life, async |life| life.pass(DAY_MS).await).await;
        left += everywhere(&mut life, async |life| drop(life.engine.store().take_head(life.engine.now()).await)).await;
        left += everywhere(&mut life, async |life| drop(life.engine.put_directory(office::directory()).await)).await;
        left += everywhere(&mut life, async |life| drop(life.engine.replay(&"a".into()).await)).await;
        say(&format!("failing: somebody went away at {left} awaits: 0 requests after them failed, {}", kind(url)));
        assert!(left > 15, "only {left} awaits were left at");
        sound(url, &life.acknowledged).await;
    }
}

fn kind(url: &str) -> &str {
    url.split(':').next().unwrap_or(url)
}

fn edit(activation: ActivationId, n: i64) -> Command {
    let fields = [("points".into(), json!(50 + n % 50))].into();
    let ask = Ask::Edit { activation, fields, papers: Vec::new() };
    Command { operation: format!("edit-{n}").as_str().into(), dossier: "a".into(), actor: by("clerk"), ask }
}

/// Sends a command, leaves at its n-th await, and sends it again, with every n that there is.
async fn commands(life: &mut Life, mut command: impl FnMut(&Life, i64) -> Command) -> u64 {
    for n in 1..TRIES_MAX {
        let command = command(life, n);
        let left = left_at(n, life.engine.handle(command.clone(), Vec::new())).await;
        let operation = command.operation.to_string();
        life.engine.handle(command, Vec::new()).await.expect("the same again is done, or was");
        life.acknowledged.push(operation);
        all_is_well(life).await;
        if !left {
            return n.unsigned_abs() - 1;
        }
    }
    panic!("after {TRIES_MAX} awaits it is still not done");
}

/// The same for whatever may be done again.
async fn everywhere(life: &mut Life, mut what: impl AsyncFnMut(&mut Life)) -> u64 {
    for n in 1..TRIES_MAX {
        let left = left_at(n, what(life)).await;
        all_is_well(life).await;
        if !left {
            return n.unsigned_abs() - 1;
        }
    }
    panic!("after {TRIES_MAX} awaits it is still not done");
}

/// Goes along with something to its n-th await and drops it there; whether it had not come to its end.
async fn left_at<T>(n: i64, what: impl Future<Output = T>) -> bool {
    let (mut what, mut awaits) = (pin!(what), 0);
    std::future::poll_fn(|context| match what.as_mut().poll(context) {
        Poll::Ready(_) => Poll::Ready(false),
        Poll::Pending => {
            awaits += 1;
            if awaits == n { Poll::Ready(true) } else { Poll::Pending }
        }
    })
    .await
}

/// Every connection that reads and the one that writes.
async fn all_is_well(life: &Life) {
    let mut reading = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let store = life.engine.store().clone();
        reading.spawn(async move { store.read("SELECT COUNT(*) FROM event", &[]).await.is_ok() });
    }
    assert!(reading.join_all().await.into_iter().all(|read| read), "a connection is poisoned");
    life.engine.refresh().await.expect("the writer is poisoned");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_that_another_process_holds_is_waited_for() {
    let database = sqlite();
    let mut life = Life::open(&database.url, 5).await;
    life.furnish().await;
    let other = <sqlx::SqliteConnection as sqlx::Connection>::connect(&database.url).await;
    let mut other = other.expect("another connection");
    for round in 0..5 {
        sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut other).await.expect("the lock is free");
        let letting_go = async {
            tokio::time::sleep(std::time::Duration::from_millis(80)).await;
            sqlx::raw_sql("COMMIT").execute(&mut other).await.expect("it lets go");
        };
        let fields = json!({"title": "Việc", "unit": "U", "kind": "plain", "points": 60});
        let id = format!("busy-{round}");
        tokio::join!(life.start("case", &id, fields), letting_go);
    }
    assert_eq!(life.acknowledged.len(), 5, "nobody was told that the database is busy");
    sound(&database.url, &life.acknowledged).await;
}

/// As much as fits, then nothing; with room again everything goes on.
#[test]
fn a_full_disk_refuses_and_loses_nothing() {
    let folder = std::env::temp_dir().join(format!("chancery-full-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("a temporary folder");
    let workflows = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("workflows");
    let at = |path: &str| workflows.join(path).display().to_string();
    let run = |limit_kib: Option<u32>, arguments: &[&str]| {
        // A process that may write no larger file meets the same answer as on a full disk.
        let limit = limit_kib.map_or("unlimited".to_owned(), |limit| limit.to_string());
        let script = format!("trap '' XFSZ; ulimit -f {limit}; exec \"$0\" --database sqlite://office.db \"$@\"");
        let mut process = Process::new("bash");
        process.args(["-c", &script, env!("CARGO_BIN_EXE_chancery")]).args(arguments).current_dir(&folder);
        process.env_remove("CHANCERY_CONFIG").output().expect("it starts")
    };
    let good = |arguments: &[&str]| {
        let output = run(None, arguments);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    };
    good(&["migrate"]);
    let (calendar, directory) = (at("calendars/vn-civil-service.yaml"), at("purchase/directory"));
    good(&["deploy", &at("purchase"), "--calendar", &calendar, "--directory", &directory]);
    let start =
        ["start", "purchase", "--as", "MS-DN", "--field", "item=A", "--field", "amount=5", "--field", "unit=CTY-KT"];
    good(&start);
    let mut refused = 0;
    for limit_kib in [4, 8, 16, 24, 32, 64] {
        refused += usize::from(!run(Some(limit_kib), &start).status.success());
        good(&start);
        good(&["audit", "verify"]);
    }
    assert!(refused > 1, "the disk was never full");
    let _ = std::fs::remove_dir_all(&folder);
}
