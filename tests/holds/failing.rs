//! Callers who go away in the middle, a disk that is full, another process that holds the
//! lock: what is asked next is done, and everything hangs together.

use std::future::Future as _;
use std::pin::pin;
use std::process::Command as Process;
use std::task::Poll;

use chancery::dossier::command::{Ask, Command};
use chancery::engine::{Engine, Failure};
use chancery::verify::{Given, verify};
use serde_json::json;

use crate::database::{Fresh, databases, sqlite};
use crate::life::{Life, MASTER};
use crate::office::by;

async fn sound(url: &str, acknowledged: &[String]) {
    let given = Given { keys: Some([(1, MASTER)].into()), acknowledged: acknowledged.to_vec() };
    let report = verify(url, &given, |_, _| {}).await.expect("it can be read");
    assert!(report.faults.is_empty(), "{:#?}", report.faults);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_goes_away_in_the_middle_takes_nothing_along() {
    for Fresh { url, .. } in &databases().await {
        let mut life = Life::open(url, 4).await;
        life.furnish().await;
        let fields = json!({"title": "Việc", "unit": "U", "kind": "plain", "points": 60});
        life.start("case", "a", fields).await;
        let case = life.dossier("a").await.expect("it is there");
        let activation = case.leaves().next().expect("it stands somewhere").activation;
        for n in 0..40 {
            let fields = [("points".into(), json!(n))].into();
            let ask = Ask::Edit { activation, fields, papers: Vec::new() };
            let operation = format!("edit-{n}");
            let command =
                Command { operation: operation.as_str().into(), dossier: "a".into(), actor: by("clerk"), ask };
            // Asked so many times whether it is done, and then left alone.
            let _ = polled(&life.engine, command.clone(), n % 5).await;
            let read = life.engine.store().read("SELECT COUNT(*) FROM event", &[]);
            assert!(read.await.is_ok(), "a connection is poisoned after {n}");
            life.engine.handle(command, Vec::new()).await.expect("the same again is done, or was");
            life.acknowledged.push(operation);
        }
        sound(url, &life.acknowledged).await;
    }
}

/// Polls a command `times` times and drops it.
async fn polled(engine: &Engine, command: Command, times: u32) -> Option<Result<(), Failure>> {
    let mut handling = pin!(engine.handle(command, Vec::new()));
    let mut left = times;
    std::future::poll_fn(move |context| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        match handling.as_mut().poll(context) {
            Poll::Ready(done) => Poll::Ready(Some(done.map(drop))),
            Poll::Pending => {
                context.waker().wake_by_ref();
                Poll::Pending
            }
        }
    })
    .await
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
