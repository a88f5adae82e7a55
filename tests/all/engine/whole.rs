//! The whole way of cases over a list and a secret vote.

use chancery::dossier::Choice;
use chancery::dossier::command::Ask;
use chancery::ids::DossierId;

use super::{Running, command, deployed, start};
use crate::store::databases;
use crate::support::office::by;

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
