//! Whoever has the database in their hands changes, takes away, exchanges or adds one event of a long log: `audit verify` without
//! any key finds each. `TAMPER_EVENTS` says how long the log is, `TAMPER_STEP=1` that no event is left out.

use std::collections::BTreeMap;

use chancery::dossier::command::{Ask, Command};
use chancery::verify::{Given, verify};
use serde_json::json;
use sqlx::{AssertSqlSafe, Connection as _, SqliteConnection};

use crate::database::sqlite;
use crate::figures::{say, times};
use crate::life::Life;
use crate::office::by;

/// Events of one dossier.
const EACH: usize = 100;
/// What may be changed in a row, one column after the other.
const EDITS: [&str; 8] = [
    "at = at + 1",
    "actor = actor || 'x'",
    "kind = 'acted' || kind",
    "subjects = subjects || ',p-x'",
    "machine = machine || 'x'",
    "operation = coalesce(operation, '') || 'x'",
    "sealed = sealed || x'00'",
    "hash = zeroblob(32)",
];

#[tokio::test(flavor = "multi_thread")]
async fn every_event_that_is_changed_gone_exchanged_or_added_is_missed() {
    let number = |name, usual| usize::try_from(times(name, usual)).expect("a number of events");
    let (events, step) = (number("TAMPER_EVENTS", 400), number("TAMPER_STEP", 37));
    let database = sqlite();
    database.spoil();
    let dossiers = written(&database.url, events / EACH).await;
    let mut connection = SqliteConnection::connect(&database.url).await.expect("it opens");
    for trigger in ["event_no_update", "event_no_delete"] {
        run(&mut connection, &format!("DROP TRIGGER {trigger}")).await;
    }
    let (mut tried, mut unseen) = (0, Vec::new());
    for place in (0..dossiers.len() * EACH).step_by(step) {
        let (dossier, seq) = (&dossiers[place / EACH], place % EACH + 1);
        let here = format!("WHERE dossier_id = '{dossier}' AND seq = {seq}");
        let next = format!("WHERE dossier_id = '{dossier}' AND seq = {}", if seq == EACH { seq - 1 } else { seq + 1 });
        let add = format!(
            "INSERT INTO event SELECT dossier_id, {}, at, kind, kind_version, actor, subjects, machine, NULL, NULL, sealed, hash \
             FROM event {here}",
            EACH + 1
        );
        let swap = format!(
            "UPDATE event SET sealed = (SELECT sealed FROM event {next}), hash = (SELECT hash FROM event {next}) {here}"
        );
        let edit = format!("UPDATE event SET {} {here}", EDITS[place / step % EDITS.len()]);
        for change in [edit, format!("DELETE FROM event {here}"), swap, add] {
            tried += 1;
            run(&mut connection, "CREATE TEMP TABLE kept AS SELECT * FROM event").await;
            run(&mut connection, &change).await;
            let found = verify(&database.url, &Given::default(), |_, _| {}).await.expect("it can be read").faults;
            if !found.iter().any(|fault| fault.dossier.as_deref() == Some(dossier)) {
                unseen.push(change);
            }
            for sql in [
                format!("DELETE FROM event WHERE dossier_id = '{dossier}'"),
                format!("INSERT INTO event SELECT * FROM kept WHERE dossier_id = '{dossier}'"),
                "DROP TABLE kept".to_owned(),
            ] {
                run(&mut connection, &sql).await;
            }
        }
    }
    assert_eq!(unseen, Vec::<String>::new());
    let sound = verify(&database.url, &Given::default(), |_, _| {}).await.expect("it can be read");
    assert_eq!(sound.faults, []);
    say(&format!("tampering: {} events, {tried} changes, 0 unseen", sound.events));
}

async fn run(connection: &mut SqliteConnection, sql: &str) {
    let done = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(connection).await;
    done.unwrap_or_else(|error| panic!("{sql}: {error}"));
}

/// Dossiers with so many events each.
async fn written(url: &str, count: usize) -> Vec<String> {
    let mut life = Life::open(url, 6).await;
    life.furnish().await;
    let ids: Vec<String> = (0..count).map(|n| format!("d{n:03}")).collect();
    for id in &ids {
        let fields = json!({"title": "Việc", "unit": "U", "kind": "plain", "points": 60, "person": "p-m5"});
        life.start("case", id, fields).await;
    }
    for n in 1..EACH {
        let mut waiting = tokio::task::JoinSet::new();
        for id in &ids {
            let case = life.dossier(id).await.expect("it is there");
            let activation = case.leaves().next().expect("it stands somewhere").activation;
            let fields = BTreeMap::from([("points".into(), json!(n % 100))]);
            let ask = Ask::Edit { activation, fields, papers: Vec::new() };
            let operation = format!("{id}-{n}").into();
            let command = Command { operation, dossier: id.as_str().into(), actor: by("clerk"), ask };
            let engine = life.engine.clone();
            waiting.spawn(async move { engine.handle(command, Vec::new()).await });
        }
        assert!(waiting.join_all().await.iter().all(Result::is_ok));
    }
    ids
}
