//! What is decided while the writer writes is decided as if it had waited: nothing is lost, doubled or decided on what no
//! longer holds, however many ask at once and from however many processes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::{Running, deployed, edit, open, refused, start};
use crate::store::databases;
use tokio::task::JoinSet;

const DOSSIERS: usize = 24;
const EDITS: i64 = 6;

fn id(n: usize) -> String {
    format!("d{n:02}")
}

/// Leads every dossier through its edits, all dossiers at once; each command is sent twice at once, as by a double click.
async fn double_clicks(office: &Arc<Running>, name: &'static str) {
    let mut lives = JoinSet::new();
    for n in 0..DOSSIERS {
        let office = Arc::clone(office);
        lives.spawn(async move {
            for step in 0..EDITS {
                let command = edit(&format!("{name}-{n}-{step}"), &id(n), 51);
                let (one, other) = tokio::join!(
                    office.engine.handle(command.clone(), Vec::new()),
                    office.engine.handle(command, Vec::new())
                );
                let (one, other) = (one.expect("carried out"), other.expect("carried out"));
                assert!(one.again != other.again, "one of them is the first: {one:?} {other:?}");
                assert_eq!((one.seq, &one.state), (other.seq, &other.state), "both get the same answer");
            }
        });
    }
    while let Some(life) = lives.join_next().await {
        life.expect("a life");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn double_clicks_of_many_at_once_are_each_done_once() {
    for database in databases().await {
        let office = Arc::new(deployed(&database).await);
        for n in 0..DOSSIERS {
            office.ok(start(&office.case, &id(n))).await;
        }
        double_clicks(&office, "one").await;
        for n in 0..DOSSIERS {
            assert_eq!(office.dossier(&id(n)).await.seq, 1 + EDITS);
        }
        assert_eq!(office.replays().await, DOSSIERS);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_another_process_was_faster_with_is_decided_again() {
    for database in databases().await {
        let one = Arc::new(deployed(&database).await);
        let two = Arc::new(open(&database, 2).await);
        for n in 0..DOSSIERS {
            one.ok(start(&one.case, &id(n))).await;
        }
        tokio::join!(double_clicks(&one, "one"), double_clicks(&two, "two"));
        for n in 0..DOSSIERS {
            assert_eq!(one.dossier(&id(n)).await.seq, 1 + 2 * EDITS);
        }
        assert_eq!(two.replays().await, DOSSIERS);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn who_lost_their_post_in_another_process_opens_nothing_from_then_on() {
    for database in databases().await {
        let one = Arc::new(deployed(&database).await);
        let two = open(&database, 2).await;
        let (over, let_through) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let mut clerks = JoinSet::new();
        for n in 0..DOSSIERS {
            let (one, over, let_through) = (Arc::clone(&one), Arc::clone(&over), Arc::clone(&let_through));
            clerks.spawn(async move {
                for step in 0.. {
                    let asked_after = over.load(Ordering::SeqCst);
                    let answer = one.engine.handle(start(&one.case, &format!("{n}-{step}")), Vec::new()).await;
                    if asked_after {
                        let_through.fetch_add(usize::from(refused(&answer).is_none()), Ordering::SeqCst);
                        return;
                    }
                }
            });
        }
        let mut directory = super::office::directory();
        directory.posts.retain(|post| post.person.as_str() != "p-clerk");
        two.engine.put_directory(directory).await.expect("a directory");
        over.store(true, Ordering::SeqCst);
        while let Some(clerk) = clerks.join_next().await {
            clerk.expect("a clerk");
        }
        assert_eq!(let_through.load(Ordering::SeqCst), 0, "nobody without the post was let through");
        one.replays().await;
    }
}
