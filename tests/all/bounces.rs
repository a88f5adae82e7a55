//! Bounces: a mail goes out under a return path of its own, a report comes back over a socket, the ledger says so; and nobody
//! can report on a mail that they have not seen.

use std::net::SocketAddr;

use chancery::bounces::Bounces;
use chancery::catcher::Catcher;
use chancery::courier::settings::SmtpSettings;
use chancery::ids::{Instant, MailId};
use chancery::postbox::Listening;
use chancery::store::mails::{Bounce, Bounced, Settled};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

use crate::courier::{MINUTE, MORNING, Running, settings};
use crate::support::faulty_smtp::{Fault, FaultySmtp};
use crate::undelivered::deed;

const BASE: &str = "bounces@so.example.vn";

fn returning(address: SocketAddr) -> SmtpSettings {
    SmtpSettings { return_path: Some(BASE.to_owned()), ..settings(address) }
}

async fn box_of(office: &Running) -> Listening {
    let bounces = Bounces::new(office.engine.clone(), office.engine.links().clone(), BASE);
    bounces.listen(([127, 0, 0, 1], 0).into()).await.expect("loopback")
}

/// An office whose clerk was mailed; the return path of that mail.
async fn mailed() -> (Running, Listening, String) {
    let office = Running::new().await;
    let catcher = Catcher::start(([127, 0, 0, 1], 0).into()).await.expect("loopback");
    office.open("d1", "Mua máy tính").await;
    let report = office.courier(returning(catcher.address())).step(MORNING).await.expect("a step");
    assert_eq!(report.accepted, 1);
    let listening = box_of(&office).await;
    (office, listening, catcher.mail(1).expect("a mail").from.clone())
}

/// The answers to a conversation, each command waiting for the one before it.
async fn said(address: SocketAddr, commands: &[&str]) -> Vec<String> {
    let mut stream = BufReader::new(TcpStream::connect(address).await.expect("it listens"));
    let mut answers = Vec::new();
    for command in std::iter::once(&"").chain(commands) {
        if !command.is_empty() {
            stream.write_all(command.as_bytes()).await.expect("said");
        }
        let mut answer = String::new();
        loop {
            answer.clear();
            assert!(stream.read_line(&mut answer).await.expect("an answer") > 0, "it hung up after {command}");
            if answer.as_bytes().get(3) != Some(&b'-') {
                break;
            }
        }
        answers.push(answer.trim_end().to_owned());
    }
    answers
}

/// Hands a report over as Postfix does; the last answer.
async fn report(listening: &Listening, to: &str, status: &str) -> String {
    let data = format!(
        "From: <>\r\nSubject: Undelivered Mail\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n\
         --b\r\nContent-Type: text/plain\r\n\r\nSorry.\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n\
         Reporting-MTA: dns; mx.example.vn\r\n\r\n{status}\r\n--b--\r\n.\r\n"
    );
    let to = format!("RCPT TO:<{to}>\r\n");
    let answers = said(listening.address(), &["LHLO mx\r\n", "MAIL FROM:<>\r\n", &to, "DATA\r\n", &data]).await;
    answers.last().expect("an answer").clone()
}

const GONE: &str = "Final-Recipient: rfc822; clerk@office.example\r\nAction: failed\r\nStatus: 5.1.1\r\n\
    Diagnostic-Code: smtp; 550 5.1.1 no such user";
const FULL: &str = "Action: delayed\r\nStatus: 4.2.2\r\nDiagnostic-Code: smtp; 452 4.2.2 mailbox full";

#[tokio::test]
async fn a_bounce_makes_the_mail_failed_with_the_servers_words_and_a_second_one_changes_nothing() {
    let (office, listening, path) = mailed().await;
    assert!(path.starts_with("bounces+") && path.contains("-1-"), "{path}");
    assert_eq!(report(&listening, &path.to_uppercase(), GONE).await, "250 2.0.0 written down");
    let failed = office.ledger().await.remove(0);
    let words = "550 5.1.1 no such user (mx.example.vn)";
    assert_eq!((failed.0.as_str(), failed.3, failed.4.as_str()), ("failed", None, words));
    assert!(report(&listening, &path, FULL).await.starts_with("250 2.0.0 that was known"));
    assert_eq!(office.ledger().await[0], failed);
    let troubled = office.engine.store().troubled_mails(MORNING, 10).await.expect("read");
    assert_eq!((troubled.len(), troubled[0].answer.as_deref()), (1, Some(words)));
    let said = office.engine.store().said(&"d1".into()).await.expect("read");
    assert_eq!((said[0].status.as_deref(), said[0].answer.as_deref()), (Some("failed"), Some(words)));
}

#[tokio::test]
async fn a_delay_on_the_way_is_shown_until_the_server_gives_up_or_its_days_are_over() {
    let (office, listening, path) = mailed().await;
    assert_eq!(report(&listening, &path, FULL).await, "250 2.0.0 written down");
    let delayed = office.ledger().await.remove(0);
    let words = "452 4.2.2 mailbox full (mx.example.vn)";
    assert_eq!((delayed.0.as_str(), delayed.3, delayed.4.as_str()), ("deferred", None, words));
    let store = office.engine.store();
    assert_eq!(store.troubled_mails(MORNING, 10).await.expect("read").len(), 1);
    let later = MORNING.plus_ms(6 * 24 * 60 * MINUTE);
    assert_eq!(store.troubled_mails(later, 10).await.expect("read").len(), 0, "no word for days: it arrived");
    assert_eq!(report(&listening, &path, GONE).await, "250 2.0.0 written down");
    assert_eq!(office.ledger().await[0].0, "failed");
}

#[tokio::test]
async fn nobody_reports_on_a_mail_that_they_have_not_seen() {
    let (office, listening, path) = mailed().await;
    let (local, domain) = path.split_once('@').expect("an address");
    let swapped = |from: usize| {
        let other = if local.as_bytes()[from] == b'a' { "b" } else { "a" };
        format!("{}{other}{}@{domain}", &local[..from], &local[from + 1..])
    };
    let strangers = [
        swapped(local.len() - 1),
        swapped("bounces+".len()),
        path.replace("-1-", "-2-"),
        format!("{local}@example.vn"),
        BASE.to_owned(),
        "postmaster@so.example.vn".to_owned(),
    ];
    for stranger in strangers {
        let to = format!("RCPT TO:<{stranger}>\r\n");
        let answers = said(listening.address(), &["EHLO mx\r\n", "MAIL FROM:<>\r\n", &to, "DATA\r\n"]).await;
        assert_eq!(answers[3], "550 5.1.1 nobody here has this address", "{stranger}");
        assert_eq!(answers[4], "503 RCPT comes first", "{stranger}");
    }
    assert_eq!(office.ledger().await[0].0, "accepted");
}

#[tokio::test]
async fn what_is_no_report_is_taken_and_means_nothing() {
    let (office, listening, path) = mailed().await;
    let to = format!("RCPT TO:<{path}>\r\n");
    let huge = format!("{}\r\n..\r\n.\r\n", "x".repeat(3 * 1024 * 1024));
    for content in ["Auto-Submitted: auto-replied\r\n\r\nI am away.\r\n.\r\n", ".\r\n", "\u{0}\u{ff}\r\n.\r\n", &huge] {
        let hello = ["EHLO mx\r\n", "MAIL FROM:<mx@example.vn>\r\n", &to, &to, "DATA\r\n", content, "QUIT\r\n"];
        let answers = said(listening.address(), &hello).await;
        assert_eq!(answers[4], "452 4.5.3 too many");
        assert_eq!(answers[6], "250 2.0.0 that says nothing about a delivery");
    }
    assert_eq!(office.ledger().await[0].0, "accepted");
}

#[tokio::test]
async fn a_report_that_is_faster_than_the_answer_to_the_mail_comes_again() {
    // Another mail, that is just being sent.
    const SENDING: &str = "INSERT INTO mail (id, person_id, message_id, key_id, generation, status, attempts, unknowns, \
                           made_at, lease) VALUES ($1, 'p-clerk', '<2@x>', 1, 1, 'sending', 1, 0, 1, $2)";
    let (office, server) = (Running::new().await, FaultySmtp::start(Fault::DropAfterDot).await);
    office.open("d1", "Mua máy tính").await;
    office.courier(returning(server.address)).step(MORNING).await.expect("a step");
    let (id, lease) = ("m2", "l2");
    let store = office.engine.store();
    store.write(move |tx| tx.execute(SENDING, &[id.into(), lease.into()]).map(drop)).await.expect("written");
    let (listening, mail) = (box_of(&office).await, MailId::new(id));
    let path = office.engine.links().return_path(BASE, 1, &mail, 1).expect("key 1 is there");
    assert!(report(&listening, &path, GONE).await.starts_with("451 4.3.0"));
    let settled = Settled {
        status: "accepted",
        next_at: None,
        settled_at: Instant(2),
        answer: "250 taken".to_owned(),
        unknowns: 0,
    };
    assert!(store.settle_mail(&mail, lease, settled, None).await.expect("settled"));
    assert_eq!(report(&listening, &path, GONE).await, "250 2.0.0 written down");
}

#[tokio::test]
async fn a_report_says_what_the_unknown_end_of_an_attempt_was_and_it_is_not_sent_again() {
    const UNKNOWN: &str = "INSERT INTO mail (id, person_id, message_id, key_id, generation, status, attempts, unknowns, \
                               made_at, next_at) VALUES ('m', 'p', '<1@x>', 1, 2, 'unknown', 1, 1, 1, 99)";
    for database in crate::store::databases().await {
        let store = crate::store::migrated(&database).await;
        store.write(|tx| tx.execute(UNKNOWN, &[]).map(drop)).await.expect("written");
        let (id, now) = (MailId::new("m"), Instant(50));
        let bounce = |generation, bounce| store.bounce_mail(&id, generation, bounce, now);
        let delayed = Bounce::Delayed("452 full".to_owned());
        let failed = || Bounce::Failed("550 gone".to_owned());
        assert_eq!(bounce(2, delayed).await.expect("asked"), Bounced::Known, "it will be sent again anyway");
        assert_eq!(bounce(1, failed()).await.expect("asked"), Bounced::Known, "of an earlier address");
        assert_eq!(bounce(2, failed()).await.expect("asked"), Bounced::Written);
        assert_eq!(store.next_mail_at().await.expect("read"), None);
        assert!(store.resend_mail(&id, deed("resent", "p", 60)).await.expect("asked"));
        let again = store.resend_mail(&id, deed("resent", "p", 61)).await.expect("asked");
        assert!(!again, "it is on its way already");
        let deeds = store.mail_deeds(10).await.expect("read");
        assert_eq!(deeds, [deed("resent", "p", 60)], "what was not done is not recorded");
        assert_eq!(store.next_mail_at().await.expect("read"), Some(Instant(60)));
    }
}
