//! Commands that wait together, that come twice, that are faulty, whose caller goes away: each is carried out once or refused.

use chancery::dossier::Paper;
use chancery::dossier::command::Ask;
use chancery::dossier::refusal::Code;
use chancery::engine::{Attachment, Done, Failure};
use chancery::ids::Instant;
use chancery::store::{Param, StoreError};

use super::{command, deployed, edit, open, refused, start};
use crate::store::{databases, sqlite};
use crate::support::office::{self, by};

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
