//! The record: damage is found, strange keys are refused, a key that is gone takes nothing else along.

use chancery::clock::{Chance, Clock};
use chancery::dossier::event::Change;
use chancery::engine::{Engine, Keys};
use chancery::links::LinkKeys;
use chancery::seal::MasterKeys;
use chancery::store::{Store, StoreError};

use super::{deployed, edit, open, start};
use crate::store::{databases, sqlite};

#[tokio::test]
async fn damage_to_log_or_snapshot_is_found() {
    let database = sqlite();
    database.spoil();
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
async fn a_key_that_is_taken_away_without_a_word_is_found_and_takes_nothing_else_along() {
    for database in databases().await {
        database.spoil();
        let office = deployed(&database).await;
        office.ok(start(&office.case, "a")).await;
        office.act("a", "clerk", "submit").await;
        while office.engine.deliver().await.expect("delivered") > 0 {}
        let list = office.dossier("a").await.on_lists.remove(0).dossier.expect("which is known");
        let subjects = "SELECT COUNT(*) FROM event WHERE subjects = 'p-clerk' AND dossier_id <> 'a'";
        assert_eq!(office.count(subjects).await, 1, "the row's event is sealed for its person");
        let before = office.engine.replay(&list).await.expect("read");
        assert_eq!((before.erased, before.faults), (0, Vec::new()));
        office
            .engine
            .store()
            .write(|tx| tx.execute("DELETE FROM seal_key WHERE person_id = 'p-clerk' AND dossier_id <> 'a'", &[]))
            .await
            .expect("forgotten");
        let after = office.engine.replay(&list).await.expect("read");
        let said = [
            "keys are gone, and no event says that somebody was erased",
            "the stored snapshot is not what the log gives",
        ];
        assert_eq!((after.events, after.faults), (before.events, said.map(str::to_owned).to_vec()));
        assert_eq!(after.erased, 2, "what the list calls the row, and what it told it");
        let history = office.engine.history(&list).await.expect("read");
        let changes: Vec<&Change> = history.iter().flat_map(|event| &event.changes).collect();
        assert!(changes.iter().any(|change| matches!(change, Change::Joined { .. })), "that a row joined stays");
        assert!(!changes.iter().any(|change| matches!(change, Change::Described { .. })));
        assert_eq!(office.engine.replay(&"a".into()).await.expect("read").erased, 0, "the case has a key of its own");
    }
}
