//! The ledger of mails, on both databases: claims, leases, settlements, what is still wanted.

use chancery::dossier::project::NoticeKind;
use chancery::ids::{Instant, MailId};
use chancery::store::mails::{Claim, ClaimPlan, Settled};
use chancery::store::{Param, Store};

use crate::store::{databases, migrated};
use crate::undelivered::deed;

const MINUTE: i64 = 60_000;
const LEASE: i64 = 15 * MINUTE;

async fn put(store: &Store, sql: &'static str, params: Vec<Param>) {
    store.write(move |tx| tx.execute(sql, &params).map(drop)).await.expect("it is written");
}

/// An open task of a person, with the id `task`.
async fn task(store: &Store, task: &str, person: &str) {
    const SQL: &str = "INSERT INTO task (id, dossier_id, activation, purpose, person_id, policy, key_id, generation, \
                       opened_at) VALUES ($1, 'd', 1, 'act', $2, 'link', 1, 1, 0)";
    put(store, SQL, vec![task.into(), person.into()]).await;
}

async fn close(store: &Store, task: &str) {
    put(store, "UPDATE task SET closed_at = 1, closed_seq = 2 WHERE id = $1", vec![task.into()]).await;
}

async fn notice(store: &Store, place: i64, person: &str, kind: NoticeKind, task: Option<&str>, not_before: i64) {
    said(store, place, person, kind.name(), task, not_before).await;
}

/// A notice as its row says it: with the name of the workflow's own mail behind the kind.
async fn said(store: &Store, place: i64, person: &str, kind: &str, task: Option<&str>, not_before: i64) {
    const SQL: &str = "INSERT INTO outbox (dossier_id, seq, place, activation, person_id, kind, task_id, not_before_at) \
                       VALUES ('d', 1, $1, 1, $2, $3, $4, $5)";
    let task = Param::Text(task.map(str::to_owned));
    put(store, SQL, vec![place.into(), person.into(), kind.into(), task, not_before.into()]).await;
}

fn plan(now: i64, lease: &str, mails: usize) -> ClaimPlan {
    let fresh = |n| (MailId::new(format!("mail-{lease}-{n}")), format!("<{lease}-{n}@example.vn>"));
    ClaimPlan {
        now: Instant(now),
        lease_until: Instant(now + LEASE),
        lease: lease.to_owned(),
        fresh: (0..mails).map(fresh).collect(),
        key_id: 1,
        person_day_max: 20,
    }
}

async fn claim(store: &Store, now: i64, lease: &str) -> Claim {
    store.claim_mails(plan(now, lease, 8)).await.expect("a claim")
}

fn settled(status: &'static str, next_at: Option<i64>, unknowns: i64) -> Settled {
    let next_at = next_at.map(Instant);
    Settled { status, next_at, settled_at: Instant(5), answer: "250 taken".to_owned(), unknowns }
}

/// (status, attempts, unknowns, lease)
async fn state(store: &Store, mail: &MailId) -> (String, i64, i64, Option<String>) {
    const SQL: &str = "SELECT status, attempts, unknowns, lease FROM mail WHERE id = $1";
    let rows = store.read(SQL, &[mail.as_str().into()]).await.expect("it is read");
    let row = &rows[0];
    (
        row.text(0).expect("a status").to_owned(),
        row.int(1).expect("attempts"),
        row.int(2).expect("unknowns"),
        row.maybe_text(3).expect("a lease").map(str::to_owned),
    )
}

#[tokio::test]
async fn what_is_due_for_a_person_is_one_mail_and_is_claimed_once() {
    for database in databases().await {
        let store = migrated(&database).await;
        task(&store, "t1", "p1").await;
        task(&store, "t2", "p1").await;
        task(&store, "t3", "p2").await;
        notice(&store, 1, "p1", NoticeKind::Asked, Some("t1"), 10).await;
        notice(&store, 2, "p1", NoticeKind::Reminder, Some("t2"), 20).await;
        notice(&store, 3, "p2", NoticeKind::Asked, Some("t3"), 15).await;
        notice(&store, 4, "p2", NoticeKind::Told, None, 99).await;
        assert_eq!(store.next_mail_at().await.expect("read"), Some(Instant(10)));
        let claimed = claim(&store, 20, "a").await;
        let seen: Vec<(&str, usize)> =
            claimed.mails.iter().map(|mail| (mail.person.as_str(), mail.notices.len())).collect();
        assert_eq!(seen, [("p1", 2), ("p2", 1)]);
        assert_eq!(claimed.mails[0].notices[0].task.as_ref().map(|task| task.id.as_str()), Some("t1"));
        assert_eq!(state(&store, &claimed.mails[0].id).await, ("sending".to_owned(), 1, 0, Some("a".to_owned())));
        assert_eq!(claim(&store, 20, "b").await.mails, []);
        assert_eq!(store.next_mail_at().await.expect("read"), Some(Instant(99)));
    }
}

#[tokio::test]
async fn couriers_that_claim_at_once_share_the_mails() {
    for database in databases().await {
        let store = migrated(&database).await;
        for n in 0..12 {
            notice(&store, n, &format!("p{n}"), NoticeKind::Told, None, 0).await;
        }
        let claims: Vec<_> = ["a", "b", "c", "d"]
            .map(|lease| {
                let store = store.clone();
                tokio::spawn(async move { store.claim_mails(plan(1, lease, 5)).await.expect("a claim").mails })
            })
            .into_iter()
            .collect();
        let mut people = Vec::new();
        for claim in claims {
            people.extend(claim.await.expect("no panic").into_iter().map(|mail| mail.person));
        }
        people.sort();
        people.dedup();
        assert_eq!(people.len(), 12);
    }
}

#[tokio::test]
async fn what_nobody_wants_any_more_is_not_said() {
    for database in databases().await {
        let store = migrated(&database).await;
        for (id, person) in [("t1", "p1"), ("t2", "p2")] {
            task(&store, id, person).await;
        }
        notice(&store, 1, "p1", NoticeKind::Reminder, Some("t1"), 0).await;
        notice(&store, 2, "p3", NoticeKind::Escalation, None, 0).await;
        close(&store, "t1").await;
        let first = claim(&store, 1, "a").await;
        assert_eq!((first.mails.len(), first.dropped), (1, 1), "the escalation stands while anybody's task is open");
        assert_eq!(first.mails[0].notices[0].kind, NoticeKind::Escalation);
        // Deferred, and done in the meantime.
        assert!(
            store.settle_mail(&first.mails[0].id, "a", settled("deferred", Some(5), 0), None).await.expect("settled")
        );
        close(&store, "t2").await;
        let second = claim(&store, 5, "b").await;
        assert_eq!((second.mails.len(), second.dropped), (0, 1));
        assert_eq!(state(&store, &first.mails[0].id).await.0, "dropped");
    }
}

#[tokio::test]
async fn an_escalation_in_the_workflows_own_words_is_not_said_either_once_all_have_answered() {
    for database in databases().await {
        let store = migrated(&database).await;
        task(&store, "t1", "p1").await;
        said(&store, 1, "p3", "escalation:late", None, 0).await;
        notice(&store, 2, "p4", NoticeKind::Told, None, 0).await;
        let needless = async || -> Vec<bool> {
            store.said(&"d".into()).await.expect("read").iter().map(|said| said.needless).collect()
        };
        assert_eq!(needless().await, [false, false]);
        close(&store, "t1").await;
        assert_eq!(needless().await, [true, false], "an operator is told so before the courier finds it");
        let claimed = claim(&store, 1, "a").await;
        assert_eq!((claimed.mails.len(), claimed.dropped), (1, 1));
        assert_eq!(claimed.mails[0].person.as_str(), "p4");
        assert_eq!(needless().await, [true, false]);
    }
}

#[tokio::test]
async fn a_result_counts_under_its_own_lease_only() {
    for database in databases().await {
        let store = migrated(&database).await;
        notice(&store, 1, "p1", NoticeKind::Told, None, 0).await;
        let mail = claim(&store, 1, "a").await.mails.remove(0);
        assert!(!store.settle_mail(&mail.id, "other", settled("failed", None, 0), None).await.expect("asked"));
        // The sender never came back: the next one has it under a new lease.
        assert_eq!(claim(&store, LEASE, "b").await.mails, []);
        let again = claim(&store, 1 + LEASE, "b").await.mails.remove(0);
        assert_eq!((&again.id, &again.message_id), (&mail.id, &mail.message_id));
        assert_eq!((again.attempts, again.unknowns), (2, 1));
        assert!(!store.settle_mail(&mail.id, "a", settled("failed", None, 0), None).await.expect("asked"));
        assert!(store.settle_mail(&mail.id, "b", settled("accepted", None, 1), None).await.expect("asked"));
        assert_eq!(state(&store, &mail.id).await, ("accepted".to_owned(), 2, 1, None));
        assert_eq!(claim(&store, 10 * LEASE, "c").await, Claim::default());
    }
}

#[tokio::test]
async fn a_sender_that_vanishes_twice_leaves_the_mail_to_a_person() {
    for database in databases().await {
        let store = migrated(&database).await;
        notice(&store, 1, "p1", NoticeKind::Told, None, 0).await;
        let mail = claim(&store, 1, "a").await.mails.remove(0);
        assert_eq!(claim(&store, 1 + LEASE, "b").await.mails.len(), 1);
        let third = claim(&store, 1 + 2 * LEASE, "c").await;
        assert_eq!((third.mails.len(), third.unknown), (0, 1));
        let troubled = store.troubled_mails(Instant(100 * LEASE), 10).await.expect("read");
        assert_eq!((troubled.len(), &troubled[0].id, troubled[0].status.as_str()), (1, &mail.id, "unknown"));
        assert_eq!(claim(&store, 99 * LEASE, "d").await, Claim::default());
        assert!(store.resend_mail(&mail.id, deed("resent", "p1", 100 * LEASE)).await.expect("asked"));
        let resent = claim(&store, 100 * LEASE, "e").await.mails.remove(0);
        assert_eq!((resent.message_id, resent.unknowns), (mail.message_id, 0));
    }
}

#[tokio::test]
async fn a_held_database_sends_nothing() {
    for database in databases().await {
        let store = migrated(&database).await;
        notice(&store, 1, "p1", NoticeKind::Told, None, 0).await;
        store.set_meta(chancery::store::meta::HELD, "restored").await.expect("held");
        let claimed = claim(&store, 1, "a").await;
        assert!(claimed.held && claimed.mails.is_empty());
        store.drop_meta(chancery::store::meta::HELD).await.expect("resumed");
        assert_eq!(claim(&store, 1, "a").await.mails.len(), 1);
    }
}

#[tokio::test]
async fn mails_that_were_not_begun_are_given_back() {
    for database in databases().await {
        let store = migrated(&database).await;
        notice(&store, 1, "p1", NoticeKind::Told, None, 0).await;
        let mail = claim(&store, 1, "a").await.mails.remove(0);
        store.release_mails(Instant(2), "a", vec![mail.id.clone()]).await.expect("released");
        assert_eq!(state(&store, &mail.id).await, ("deferred".to_owned(), 0, 0, None));
        let again = claim(&store, 2, "b").await.mails.remove(0);
        assert_eq!((again.id, again.attempts, again.unknowns), (mail.id, 1, 0));
    }
}

#[tokio::test]
async fn one_person_gets_so_many_mails_a_day_and_nobody_else_waits_for_it() {
    for database in databases().await {
        let store = migrated(&database).await;
        let few = |now, lease| ClaimPlan { person_day_max: 1, ..plan(now, lease, 1) };
        notice(&store, 1, "p1", NoticeKind::Told, None, 0).await;
        assert_eq!(store.claim_mails(few(1, "a")).await.expect("a claim").mails.len(), 1);
        notice(&store, 2, "p1", NoticeKind::Told, None, 2).await;
        notice(&store, 3, "p2", NoticeKind::Told, None, 3).await;
        let second = store.claim_mails(few(3, "b")).await.expect("a claim");
        assert_eq!(second.mails[0].person.as_str(), "p2");
        store.settle_mail(&MailId::new("mail-a-0"), "a", settled("accepted", None, 0), None).await.expect("settled");
        store.settle_mail(&MailId::new("mail-b-0"), "b", settled("accepted", None, 0), None).await.expect("settled");
        let next_day = store.claim_mails(few(1 + 24 * 60 * MINUTE, "c")).await.expect("a claim");
        assert_eq!(next_day.mails[0].person.as_str(), "p1");
    }
}

#[tokio::test]
async fn what_puts_a_calendar_right_goes_with_another_mail_and_makes_none() {
    for database in databases().await {
        let store = migrated(&database).await;
        for (id, person) in [("t1", "p1"), ("t2", "p2"), ("t3", "p1")] {
            task(&store, id, person).await;
        }
        notice(&store, 1, "p1", NoticeKind::Asked, Some("t1"), 0).await;
        let first = claim(&store, 1, "a").await.mails.remove(0).id;
        assert!(store.settle_mail(&first, "a", settled("accepted", None, 0), None).await.expect("settled"));
        close(&store, "t1").await;
        // Of `p2` no mail ever asked anything.
        notice(&store, 2, "p1", NoticeKind::Calendar, None, 100).await;
        notice(&store, 3, "p2", NoticeKind::Calendar, None, 100).await;
        assert_eq!(claim(&store, 10, "b").await, Claim::default(), "nobody is written to because of it");

        notice(&store, 4, "p1", NoticeKind::Reminder, Some("t3"), 20).await;
        notice(&store, 5, "p2", NoticeKind::Told, None, 20).await;
        let claimed = claim(&store, 20, "c").await;
        let kinds = |place: usize| claimed.mails[place].notices.iter().map(|one| one.kind).collect::<Vec<_>>();
        assert_eq!(kinds(0), [NoticeKind::Reminder, NoticeKind::Calendar]);
        assert_eq!(kinds(1), [NoticeKind::Told], "nothing stands in a calendar that no mail filled in");

        // The mail is put off, and what it asked is done before it goes out: what went along waits for another one.
        let mail = claimed.mails[0].id.clone();
        assert!(store.settle_mail(&mail, "c", settled("deferred", Some(30), 0), None).await.expect("settled"));
        close(&store, "t3").await;
        assert_eq!(claim(&store, 30, "d").await.mails, [], "nothing is left of it");
        notice(&store, 6, "p1", NoticeKind::Told, None, 40).await;
        let again = claim(&store, 40, "e").await.mails.remove(0);
        assert_eq!(again.notices.len(), 2, "{:?}", again.notices);

        // Its day has come: it does not matter any more.
        assert_eq!(claim(&store, 100, "f").await.dropped, 1);
        assert_eq!(store.next_mail_at().await.expect("read"), Some(Instant(20 + LEASE)), "nothing waits");
    }
}
