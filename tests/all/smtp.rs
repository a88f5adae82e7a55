//! The courier's SMTP against servers that refuse, hang, vanish or talk nonsense, and against the catcher.

use std::sync::Arc;
use std::time::Duration;

use chancery::catcher::{Catcher, Caught};
use chancery::courier::email::Encoded;
use chancery::courier::settings::{Password, Patience, Security, SmtpSettings};
use chancery::courier::smtp::{self, Outcome, Sender};
use chancery::ids::Instant;
use chancery::letters::{CalendarPart, Email};
use proptest::prelude::*;

use crate::support::faulty_smtp::{Fault, FaultySmtp, Manner, authority};

fn settings(address: std::net::SocketAddr) -> SmtpSettings {
    SmtpSettings {
        hello: Some("test.example.vn".to_owned()),
        ..SmtpSettings::plain(address, "vanphong@example.vn", "Văn phòng Hội đồng")
    }
}

/// Real waiting, and so short, only where the server will never answer.
fn patience(fault: Fault) -> Patience {
    let short = Duration::from_millis(200);
    match fault {
        Fault::HangAtBanner | Fault::HangAtMail | Fault::HangAtData => {
            Patience { command: short, ..Patience::default() }
        }
        Fault::HangAfterDot => Patience { after_data: short, ..Patience::default() },
        _ => Patience::default(),
    }
}

fn email() -> Email {
    Email {
        to_name: "Nguyễn Văn A".to_owned(),
        to_address: "a@example.vn".to_owned(),
        subject: "Mời biểu quyết: Danh sách đợt 2 (40 hồ sơ), trước 17 giờ ngày 27/11".to_owned(),
        text: "Kính gửi ông,\n.\n..\nhttps://hoso.example.vn/l/abc\n".to_owned(),
        html: "<p>Kính gửi ông,</p>\n.\n<a href=\"https://hoso.example.vn/l/abc\">Mở</a>".to_owned(),
        calendar: Vec::new(),
        entries: Vec::new(),
        message_id: "<m1@example.vn>".to_owned(),
        date: Instant(1_795_000_000_000),
    }
}

fn encoded(address: std::net::SocketAddr) -> Encoded {
    email().encode(&settings(address)).expect("a plain mail")
}

/// Settings for a server that speaks in this manner.
fn spoken(manner: Manner, address: std::net::SocketAddr) -> SmtpSettings {
    let security = match manner {
        Manner::Plain | Manner::Pipelining => return settings(address),
        Manner::Starttls => Security::Starttls,
        Manner::Implicit => Security::Tls,
    };
    // Its certificate is for this name.
    SmtpSettings { host: "localhost".to_owned(), security, ca_file: Some(authority()), ..settings(address) }
}

fn sender(settings: &SmtpSettings) -> Sender {
    Sender::new(Arc::new(settings.clone()), smtp::tls(settings).expect("the certificate can be read"))
}

/// What becomes of one mail, and how many mails the server had.
async fn outcome(manner: Manner, fault: Fault) -> (Outcome, usize) {
    let server = FaultySmtp::speaking(manner, fault).await;
    let settings = SmtpSettings { patience: patience(fault), ..spoken(manner, server.address) };
    let outcome = sender(&settings).send(&encoded(server.address)).await;
    if fault == Fault::HangAfterDot {
        // Our patience may end before the server has read what we sent.
        while server.received().is_empty() {
            tokio::task::yield_now().await;
        }
    }
    (outcome, server.received().len())
}

fn kind(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Accepted(_) => "accepted",
        Outcome::Deferred(_) => "deferred",
        Outcome::Failed(_) => "failed",
        Outcome::Unknown(_) => "unknown",
    }
}

#[tokio::test]
async fn every_fault_of_a_server_is_told_apart() {
    let cases = [
        (Fault::None, "accepted", 1),
        (Fault::DropAfter250, "accepted", 1),
        (Fault::HangAtBanner, "deferred", 0),
        (Fault::HangAtMail, "deferred", 0),
        (Fault::HangAtData, "deferred", 0),
        (Fault::HangAfterDot, "unknown", 1),
        (Fault::Banner("554 go away"), "deferred", 0),
        (Fault::Banner("421 busy"), "deferred", 0),
        (Fault::Banner("SSH-2.0-OpenSSH_9.2"), "deferred", 0),
        (Fault::Mail("421 closing"), "deferred", 0),
        (Fault::Mail("451 later"), "deferred", 0),
        (Fault::Mail("530 sign in first"), "deferred", 0),
        (Fault::Mail("550 not from you"), "failed", 0),
        (Fault::Mail("what\u{1}?"), "deferred", 0),
        (Fault::Recipient("450 greylisted"), "deferred", 0),
        (Fault::Recipient("550 5.1.1 no such user"), "failed", 0),
        (Fault::Data("250 fine"), "deferred", 0),
        (Fault::Data("554 no"), "failed", 0),
        (Fault::Dot("452 disk full"), "deferred", 1),
        (Fault::Dot("552 too big"), "failed", 1),
        (Fault::Dot("354 go on"), "unknown", 1),
        (Fault::Dot("thanks"), "unknown", 1),
        (Fault::DropAfterDot, "unknown", 1),
    ];
    for manner in [Manner::Plain, Manner::Pipelining, Manner::Starttls, Manner::Implicit] {
        for (fault, expected, received) in cases {
            let (outcome, had) = outcome(manner, fault).await;
            assert_eq!((kind(&outcome), had), (expected, received), "{manner:?} {fault:?}: {outcome:?}");
        }
    }
}

#[tokio::test]
async fn several_commands_go_at_once_where_the_server_takes_them_and_one_by_one_where_not() {
    for (manner, mail) in [
        (Manner::Plain, ["MAIL", "RCPT", "DATA"]),
        (Manner::Pipelining, ["MAIL", "+RCPT", "+DATA"]),
        (Manner::Starttls, ["MAIL", "RCPT", "DATA"]),
        (Manner::Implicit, ["MAIL", "+RCPT", "+DATA"]),
    ] {
        let server = FaultySmtp::speaking(manner, Fault::None).await;
        let mut sender = sender(&spoken(manner, server.address));
        for _ in 0..2 {
            assert_eq!(kind(&sender.send(&encoded(server.address)).await), "accepted", "{manner:?}");
        }
        let heard = server.heard();
        let from = heard.iter().position(|verb| verb == "MAIL").expect("a mail");
        assert_eq!(heard[from..], [mail, mail].concat(), "{manner:?}");
        assert_eq!(server.connections(), 1);
    }
}

#[tokio::test]
async fn a_server_that_cannot_show_who_it_is_gets_no_mail() {
    for manner in [Manner::Starttls, Manner::Implicit] {
        let server = FaultySmtp::speaking(manner, Fault::None).await;
        let good = spoken(manner, server.address);
        for settings in [
            SmtpSettings { host: "127.0.0.1".to_owned(), ..good.clone() },
            SmtpSettings { ca_file: None, ..good.clone() },
        ] {
            let outcome = sender(&settings).send(&encoded(server.address)).await;
            assert_eq!((kind(&outcome), server.received().len()), ("deferred", 0), "{manner:?}: {outcome:?}");
        }
        assert_eq!(kind(&sender(&good).send(&encoded(server.address)).await), "accepted");
        assert_eq!(smtp::probe(&good).await, Ok(()));
    }
    let broken = std::env::temp_dir().join(format!("chancery-no-ca-{}.pem", std::process::id()));
    std::fs::write(&broken, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").expect("written");
    for security in [Security::Tls, Security::Starttls] {
        let settings = SmtpSettings { security, ca_file: Some(broken.clone()), ..settings(([127, 0, 0, 1], 1).into()) };
        assert!(smtp::tls(&settings).is_err(), "{security:?}");
        assert!(smtp::tls(&SmtpSettings { ca_file: Some("/none.pem".into()), ..settings }).is_err());
    }
    std::fs::remove_file(&broken).expect("it is ours");
}

#[tokio::test]
async fn a_refused_connection_defers() {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.expect("loopback");
    let address = listener.local_addr().expect("it listens");
    drop(listener);
    let mut sender = Sender::new(Arc::new(settings(address)), None);
    assert_eq!(kind(&sender.send(&encoded(address)).await), "deferred");
}

#[tokio::test]
async fn a_connection_lost_before_the_dot_defers() {
    let server = FaultySmtp::start(Fault::DropBeforeDot).await;
    let mut mail = encoded(server.address);
    // More than the system buffers: the dot behind it cannot have gone out.
    mail.bytes.extend(b"x\r\n".repeat(4 << 20));
    let mut sender = Sender::new(Arc::new(settings(server.address)), None);
    assert_eq!(kind(&sender.send(&mail).await), "deferred");
}

#[tokio::test]
async fn the_answer_of_the_server_is_kept() {
    let (refused, _) =
        outcome(Manner::Plain, Fault::Recipient("550-5.1.1 no such user\r\n550 look \u{7}elsewhere")).await;
    assert_eq!(refused, Outcome::Failed("550 5.1.1 no such user look elsewhere".to_owned()));
    let (taken, _) = outcome(Manner::Plain, Fault::None).await;
    assert_eq!(taken, Outcome::Accepted("250 taken".to_owned()));
}

#[tokio::test]
async fn one_connection_serves_a_batch_and_a_closed_one_is_opened_again() {
    let server = FaultySmtp::start(Fault::None).await;
    let mut sender = Sender::new(Arc::new(settings(server.address)), None);
    for _ in 0..3 {
        assert_eq!(kind(&sender.send(&encoded(server.address)).await), "accepted");
    }
    assert_eq!(server.connections(), 1);
    server.turn(Fault::DropAfter250);
    assert_eq!(kind(&sender.send(&encoded(server.address)).await), "accepted");
    server.turn(Fault::None);
    assert_eq!(kind(&sender.send(&encoded(server.address)).await), "accepted");
    assert_eq!((server.connections(), server.received().len()), (2, 5));
    sender.close().await;
}

async fn caught(email: &Email) -> Arc<Caught> {
    let catcher = Catcher::start(([127, 0, 0, 1], 0).into()).await.expect("loopback");
    let settings = settings(catcher.address());
    let mut sender = Sender::new(Arc::new(settings.clone()), None);
    let outcome = sender.send(&email.encode(&settings).expect("it can be sent")).await;
    assert_eq!(outcome, Outcome::Accepted("250 kept as 1".to_owned()));
    catcher.mail(1).expect("it was kept")
}

#[tokio::test]
async fn the_catcher_keeps_what_the_courier_sends() {
    let (sent, mail) = (email(), caught(&email()).await);
    assert_eq!((mail.from.as_str(), mail.to.as_slice()), ("vanphong@example.vn", &["a@example.vn".to_owned()][..]));
    assert_eq!((&mail.subject, &mail.message_id), (&sent.subject, &sent.message_id));
    assert_eq!(mail.to_header, "Nguyễn Văn A <a@example.vn>");
    assert_eq!((mail.text.trim_end(), mail.html.trim_end()), (sent.text.trim_end(), sent.html.as_str()));
    assert_eq!(mail.links, ["https://hoso.example.vn/l/abc"]);
    assert_eq!(mail.date, "Wed, 18 Nov 2026 11:06:40 +0000");
}

#[tokio::test]
async fn a_catcher_with_a_folder_writes_each_mail_down() {
    let folder = std::env::temp_dir().join(format!("chancery-catcher-{}", std::process::id()));
    let catcher =
        Catcher::start_with(([127, 0, 0, 1], 0).into(), Some(folder.clone())).await.expect("loopback and a folder");
    let mut sender = Sender::new(Arc::new(settings(catcher.address())), None);
    sender.send(&encoded(catcher.address())).await;
    assert_eq!(catcher.more_than(0).await, 1);
    assert_eq!(catcher.mails_since(0).len(), 1);
    let written = std::fs::read(folder.join("000001.eml")).expect("it was written");
    assert_eq!(written, catcher.mail(1).expect("it was kept").raw);
    std::fs::remove_dir_all(&folder).expect("it is ours");
}

/// Another implementation of the protocol, with TLS and signing in, where one is to be had:
/// `TEST_SMTP=starttls:2525:user:password:/path/ca.pem` (or `tls:...`; several are separated by blanks). The same server under
/// a name that its certificate does not carry, or with another password, must not get the mail.
#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "a test asks where to look")]
async fn other_servers_take_mails_over_tls_and_after_signing_in() {
    for server in std::env::var("TEST_SMTP").unwrap_or_default().split_whitespace() {
        let parts: Vec<&str> = server.split(':').collect();
        let [security, port, user, password, ca_file] = parts[..] else { panic!("TEST_SMTP makes no sense: {server}") };
        let good = SmtpSettings {
            host: "localhost".to_owned(),
            port: port.parse().expect("a port"),
            security: if security == "tls" { Security::Tls } else { Security::Starttls },
            user: Some(user.to_owned()),
            password: Some(Password::new(password)),
            ca_file: Some(ca_file.into()),
            ..settings(([127, 0, 0, 1], 1).into())
        };
        let cases = [
            (good.clone(), "accepted"),
            (SmtpSettings { host: "127.0.0.1".to_owned(), ..good.clone() }, "deferred"),
            (SmtpSettings { ca_file: None, ..good.clone() }, "deferred"),
            (SmtpSettings { password: Some(Password::new("wrong")), ..good.clone() }, "deferred"),
        ];
        for (settings, expected) in cases {
            let tls = chancery::courier::smtp::tls(&settings).expect("the certificate can be read");
            let mail = email().encode(&settings).expect("a plain mail");
            let outcome = Sender::new(Arc::new(settings), tls).send(&mail).await;
            assert_eq!(kind(&outcome), expected, "{server}: {outcome:?}");
        }
    }
}

fn header_names(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    let head = text.split("\r\n\r\n").next().unwrap_or_default();
    let lines = head.split("\r\n").filter(|line| !line.starts_with([' ', '\t']));
    lines.map(|line| line.split(':').next().unwrap_or_default().to_owned()).collect()
}

fn bare_line_ends(bytes: &[u8]) -> usize {
    let crlf = bytes.windows(2).filter(|pair| pair == b"\r\n").count();
    let single = bytes.iter().filter(|byte| matches!(byte, b'\r' | b'\n')).count();
    single - 2 * crlf
}

fn any_text() -> impl Strategy<Value = String> {
    let nasty = prop::sample::select(vec![
        "\r\nBcc: x@y.z\r\n",
        "\n",
        "\r",
        "\0",
        "\u{85}",
        "\u{202e}",
        "\u{2028}",
        "\"",
        "\\",
        "<x@y>",
        ",",
        "=?utf-8?Q?=0D=0A?=",
        "\r\n.\r\n",
        "Đỗ",
        " ",
        "\u{1}",
        "(",
        ";",
    ]);
    prop::collection::vec(prop_oneof![nasty.prop_map(str::to_owned), any::<String>()], 0..6)
        .prop_map(|all| all.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1024, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_name_and_no_subject_makes_a_header(name in any_text(), subject in any_text(), text in any_text(), id in any_text()) {
        let settings = SmtpSettings { from_name: name.clone(), ..settings(([127, 0, 0, 1], 25).into()) };
        let email = Email { to_name: name, subject, text: text.clone(), html: text, message_id: id, ..email() };
        let bytes = email.encode(&settings).expect("addresses are good").bytes;
        prop_assert_eq!(bare_line_ends(&bytes), 0);
        let mut names = header_names(&bytes);
        names.sort();
        prop_assert_eq!(names, [
            "Auto-Submitted", "Content-Type", "Date", "From", "MIME-Version", "Message-ID", "Subject", "To",
            "X-Auto-Response-Suppress",
        ]);
    }
}

#[test]
fn an_address_that_is_none_fails_with_its_reason() {
    for address in ["", "nobody", "a@b\r\nBcc: c@d.e", "a@b, c@d", "<a@b>"] {
        let email = Email { to_address: address.to_owned(), ..email() };
        let refused = email.encode(&settings(([127, 0, 0, 1], 25).into()));
        assert!(refused.is_err(), "{address:?}");
    }
}

#[test]
fn an_invitation_stands_where_mail_programs_look_for_it_and_as_a_file() {
    let text = "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n".to_owned();
    let email = Email { calendar: vec![CalendarPart { method: "REQUEST", text }], ..email() };
    let bytes = email.encode(&settings(([127, 0, 0, 1], 25).into())).expect("a plain mail").bytes;
    let sent = String::from_utf8(bytes.clone()).expect("ASCII");
    let places = ["multipart/mixed", "multipart/alternative", "text/html", "method=REQUEST", "invitation-1.ics"];
    let at: Vec<usize> =
        places.iter().map(|part| sent.find(part).unwrap_or_else(|| panic!("{part}: {sent}"))).collect();
    assert!(at.is_sorted(), "{sent}");
    assert_eq!((sent.matches("BEGIN:VCALENDAR").count(), bare_line_ends(&bytes)), (2, 0), "{sent}");
}
