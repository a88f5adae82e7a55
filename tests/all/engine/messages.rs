//! Messages between dossiers, what is due, what another process deploys.

use chancery::dossier::command::Actor;
use chancery::ids::{DossierId, PersonId};
use chancery::source::SourceFile;

use super::{deployed, open, start};
use crate::store::databases;
use crate::support::office::{self, DAY_MS, LIST, START};

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
