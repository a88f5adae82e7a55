//! With a real mail server between the office and its readers: Postfix takes the mail over STARTTLS, carries it on, and hands back
//! what comes to the return path.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use chancery::bounces::Bounces;
use chancery::catcher::Catcher;
use chancery::courier::settings::{Security, SmtpSettings};

use crate::courier::{MORNING, Running, settings};
use crate::support::faulty_smtp::{Fault, FaultySmtp, authority};

const BASE: &str = "bounces@so.example.vn";

/// Postfix, stopped with the test.
struct Postfix {
    command: String,
    folder: PathBuf,
    port: u16,
}

impl Postfix {
    /// Carries mails to one server, and hands bounces to another; none where none may be started.
    fn start(farther: SocketAddr, bounces: SocketAddr) -> Option<Self> {
        let Ok(command) = std::env::var("TEST_POSTFIX") else {
            eprintln!("SKIPPED: TEST_POSTFIX is not set (tests/run sets it where Postfix may be started)");
            return None;
        };
        // A port that was free a moment ago; nobody else asks for one like this meanwhile.
        let free = std::net::TcpListener::bind("127.0.0.1:0").expect("loopback");
        let port = free.local_addr().expect("bound").port();
        drop(free);
        let folder = std::env::temp_dir().join(format!("chancery-postfix-{}-{port}", std::process::id()));
        let tls = authority().with_file_name("server.pem");
        let server = Self { command, folder, port };
        let ports = [port, farther.port(), bounces.port()].map(|port| port.to_string());
        let started = server
            .script("start")
            .args(ports)
            .args([&tls, &tls.with_extension("key")])
            .status()
            .expect("the script can be run");
        assert!(started.success(), "{}", std::fs::read_to_string(server.folder.join("said")).unwrap_or_default());
        Some(server)
    }

    fn script(&self, what: &str) -> Command {
        let mut words = self.command.split(' ');
        let mut command = Command::new(words.next().expect("a command"));
        command.args(words).arg(what).arg(&self.folder);
        command
    }

    fn settings(&self) -> SmtpSettings {
        SmtpSettings {
            host: "localhost".to_owned(),
            security: Security::Starttls,
            ca_file: Some(authority()),
            return_path: Some(BASE.to_owned()),
            ..settings(([127, 0, 0, 1], self.port).into())
        }
    }
}

impl Drop for Postfix {
    fn drop(&mut self) {
        // What could not be stopped is seen by the next start on its port.
        let _ = self.script("stop").status();
    }
}

#[tokio::test]
async fn a_mail_goes_through_postfix_and_keeps_its_return_path() {
    let (office, catcher) = (Running::new().await, Catcher::start(([127, 0, 0, 1], 0).into()).await.expect("loopback"));
    let Some(postfix) = Postfix::start(catcher.address(), catcher.address()) else { return };
    office.open("d1", "Mua máy tính").await;
    assert_eq!(office.courier(postfix.settings()).step(MORNING).await.expect("a step").accepted, 1);
    let come = tokio::time::timeout(Duration::from_mins(1), catcher.more_than(0)).await;
    assert_eq!(come.expect("within a minute"), 1);
    let mail = catcher.mail(1).expect("a mail");
    assert_eq!(mail.to, ["clerk@office.example"]);
    assert!(mail.from.starts_with("bounces+") && mail.from.ends_with("@so.example.vn"), "{}", mail.from);
    assert_eq!(mail.subject, "Soạn hồ sơ: Mua máy tính, hết ngày 15/06");
    let ledger = office.ledger().await.remove(0);
    assert!(ledger.4.contains("queued as"), "Postfix's own words: {}", ledger.4);
}

#[tokio::test]
async fn what_a_farther_server_refuses_comes_back_from_postfix_as_a_bounce() {
    let (office, farther) = (Running::new().await, FaultySmtp::start(Fault::Recipient("550 5.1.1 no such user")).await);
    let bounces = Bounces::new(office.engine.clone(), office.engine.links().clone(), BASE);
    let listening = bounces.listen(([127, 0, 0, 1], 0).into()).await.expect("loopback");
    let Some(postfix) = Postfix::start(farther.address, listening.address()) else { return };
    office.open("d1", "Mua máy tính").await;
    assert_eq!(office.courier(postfix.settings()).step(MORNING).await.expect("a step").accepted, 1);
    let failed = async {
        loop {
            let mail = office.ledger().await.remove(0);
            if mail.0 == "failed" {
                return mail.4;
            }
        }
    };
    let words = tokio::time::timeout(Duration::from_mins(1), failed).await.expect("within a minute");
    assert_eq!(words, "550 5.1.1 no such user (mx.so.example.vn)");
}
