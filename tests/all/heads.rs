//! The daily heads: what stood on a day stands there still, or somebody is told.

use chancery::ids::Instant;
use chancery::store::{Store, StoreError};

use crate::engine::{Running, deployed, edit, start};
use crate::store::{databases, sqlite};
use crate::support::office::{DAY_MS, START};

fn on_day(day: i64) -> Instant {
    Instant(START.0 + day * DAY_MS)
}

/// Three dossiers under the head of the first day, one of them and a fourth under that of the second.
async fn two_days(office: &Running) {
    let store = office.engine.store();
    for id in ["a", "b", "c"] {
        office.ok(start(&office.case, id)).await;
    }
    store.take_head(on_day(0)).await.expect("asked").expect("the first head");
    office.clock.set(Instant(on_day(1).0 - 7_200_000));
    office.ok(edit("e-b", "b", 77)).await;
    office.ok(start(&office.case, "d")).await;
    store.take_head(on_day(1)).await.expect("asked").expect("the second head");
}

async fn damage(store: &Store, statements: &'static [&'static str]) {
    const GUARDS: [&str; 4] = ["event_no_update", "event_no_delete", "head_no_update", "head_no_delete"];
    store
        .write(move |tx| {
            // Somebody with the owner's rights.
            for guard in GUARDS {
                let sql: &'static str = format!("DROP TRIGGER IF EXISTS {guard}").leak();
                tx.execute(sql, &[])?;
            }
            for sql in statements {
                assert!(tx.execute(sql, &[])? > 0, "{sql}");
            }
            Ok::<_, StoreError>(())
        })
        .await
        .expect("damaged");
}

#[tokio::test]
async fn a_day_has_one_head_over_every_dossier_that_changed_since_the_last() {
    for database in databases().await {
        let office = deployed(&database).await;
        let store = office.engine.store();
        assert_eq!(store.take_head(on_day(0)).await.expect("asked"), None, "nothing has happened");
        two_days(&office).await;
        assert_eq!(store.take_head(on_day(1)).await.expect("asked"), None, "the day has its head");
        assert_eq!(store.take_head(on_day(2)).await.expect("asked"), None, "nothing has changed");
        let heads = store.verify_heads(|_| ()).await.expect("read");
        assert_eq!(heads.faults, Vec::<String>::new());
        assert_eq!(heads.heads.iter().map(|head| head.dossiers).collect::<Vec<_>>(), [3, 2]);
        assert_eq!(heads.unanchored, 0);
        office.clock.set(on_day(2));
        office.ok(edit("e-c", "c", 78)).await;
        assert_eq!(store.heads().await.expect("read").unanchored, 1, "not under a head yet");
    }
}

#[tokio::test]
async fn processes_that_take_the_head_at_once_take_one() {
    for database in databases().await {
        let office = deployed(&database).await;
        let other = Store::open(&database.url).await.expect("another process");
        office.ok(start(&office.case, "a")).await;
        let (one, two) = tokio::join!(office.engine.store().take_head(on_day(0)), other.take_head(on_day(0)));
        let taken = [one, two].map(|taken| usize::from(taken.expect("asked").is_some()));
        assert_eq!(taken.iter().sum::<usize>(), 1);
    }
}

/// Each of these leaves chain and snapshot of the dossiers in order, or hides the dossier from whoever replays it.
#[tokio::test]
async fn what_was_written_anew_or_cut_off_is_found_by_the_heads() {
    let attacks: [&'static [&'static str]; 5] = [
        &["UPDATE event SET hash = zeroblob(32) WHERE dossier_id = 'a' AND seq = 1"],
        &["DELETE FROM event WHERE dossier_id = 'b' AND seq = 2", "UPDATE dossier SET seq = 1 WHERE id = 'b'"],
        &["DELETE FROM event WHERE dossier_id = 'a'", "DELETE FROM dossier WHERE id = 'a'"],
        &["UPDATE head SET content = replace(content, '\"a\",1', '\"a\",2')"],
        &["DELETE FROM head WHERE day = (SELECT MIN(day) FROM head)"],
    ];
    for attack in attacks {
        let database = sqlite();
        database.spoil();
        let office = deployed(&database).await;
        two_days(&office).await;
        damage(office.engine.store(), attack).await;
        let heads = office.engine.store().verify_heads(|_| ()).await.expect("read");
        assert!(!heads.faults.is_empty(), "{attack:?}");
    }
}

#[tokio::test]
async fn events_behind_the_dossiers_own_number_or_without_a_dossier_are_found() {
    let database = sqlite();
    database.spoil();
    let office = deployed(&database).await;
    two_days(&office).await;
    damage(office.engine.store(), &["UPDATE dossier SET seq = 1 WHERE id = 'b'", "DELETE FROM dossier WHERE id = 'c'"])
        .await;
    let behind = office.engine.replay(&"b".into()).await.expect("read").faults;
    assert!(behind[0].contains("event 2 stands behind the dossier's own last number, 1"), "{behind:?}");
    let orphan = office.engine.replay(&"c".into()).await.expect("read").faults;
    assert!(orphan[0].contains("its row is gone"), "{orphan:?}");
    let all = office.engine.dossiers_after(None, 10).await.expect("read");
    assert_eq!(all.iter().map(|id| id.as_str().to_owned()).collect::<Vec<_>>(), ["a", "b", "c", "d"]);
}

#[tokio::test]
async fn the_scheduler_takes_the_head_of_each_day_once() {
    let database = sqlite();
    let office = deployed(&database).await;
    office.ok(start(&office.case, "a")).await;
    let mut scheduler = chancery::scheduler::Scheduler::new(office.engine.clone());
    let mut steps = Vec::new();
    for at in [START, Instant(START.0 + 60_000), on_day(1)] {
        steps.push(scheduler.step(at).await.expect("a step").headed);
    }
    assert_eq!(steps, [true, false, false], "on the second day nothing had changed");
    assert_eq!(office.engine.store().count_heads().await.expect("read"), 1);
}
