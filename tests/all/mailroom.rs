//! The demonstration's mail pages: a mail is shown as it is read, and can do nothing; another site's name gets nothing.

use std::net::SocketAddr;
use std::sync::Arc;

use chancery::catcher::Catcher;
use chancery::demo::mailroom::{Mailroom, Owner, router};
use jiff::tz::TimeZone;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use crate::support::office::START;

const MAIL: &str = "From: Office <office@example.vn>\r\nTo: An <an@example.vn>\r\nSubject: A <b> & c\r\nMessage-ID: <1@x>\r\nDate: Mon, 01 Jun 2026 01:30:00 +0000\r\n\
    Content-Type: multipart/alternative; boundary=\"b\"\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nOpen \
    http://127.0.0.1:1/l/one <script>\r\n--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>Open <a \
    href=\"http://127.0.0.1:1/l/one\">it</a><script>alert(1)</script>\r\n--b--\r\n";

/// A mailroom with one mail; where its pages are, and the wishes for a morning.
async fn room() -> (SocketAddr, mpsc::Receiver<()>) {
    let catcher = Catcher::start(([127, 0, 0, 1], 0).into()).await.expect("loopback");
    let mut smtp = TcpStream::connect(catcher.address()).await.expect("the catcher");
    let said =
        format!("EHLO a\r\nMAIL FROM:<office@example.vn>\r\nRCPT TO:<an@example.vn>\r\nDATA\r\n{MAIL}.\r\nQUIT\r\n");
    smtp.write_all(said.as_bytes()).await.expect("said");
    catcher.more_than(0).await;
    let (morning, wishes) = mpsc::channel(1);
    let owner = |code: &str| Owner {
        code: code.to_uppercase(),
        name: format!("<{code}>"),
        email: format!("{code}@example.vn"),
    };
    let owners = Arc::new(vec![owner("an"), owner("binh")]);
    let zone = TimeZone::get("Asia/Ho_Chi_Minh").expect("a zone");
    let room = Mailroom { catcher, owners, clock: Arc::new(|| START.timestamp()), zone, morning };
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
    let address = listener.local_addr().expect("bound");
    tokio::spawn(axum::serve(listener, router(room, address)).into_future());
    (address, wishes)
}

/// Head and body of an answer.
async fn ask(address: SocketAddr, request: &str, headers: &str) -> (String, String) {
    let mut stream = TcpStream::connect(address).await.expect("the pages");
    let said = format!("{request} HTTP/1.1\r\n{headers}Connection: close\r\nContent-Length: 0\r\n\r\n");
    stream.write_all(said.as_bytes()).await.expect("asked");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("answered");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    (head.to_lowercase(), body.to_owned())
}

async fn get(address: SocketAddr, path: &str) -> (String, String) {
    ask(address, &format!("GET {path}"), &format!("Host: {address}\r\n")).await
}

#[tokio::test]
async fn the_html_part_stands_in_a_frame_without_any_power() {
    let (address, _wishes) = room().await;
    let (head, page) = get(address, "/mail/1").await;
    assert!(head.contains("content-security-policy: default-src 'none'; style-src 'self'"), "{head}");
    assert!(
        page.contains("<iframe src=\"/mail/1/html\" sandbox=\"allow-popups allow-popups-to-escape-sandbox\""),
        "{page}"
    );
    assert!(page.contains("<title>A &lt;b&gt; &amp; c</title>"), "{page}");
    assert!(
        page.contains("<a href=\"http://127.0.0.1:1/l/one\">http://127.0.0.1:1/l/one</a> &lt;script&gt;"),
        "{page}"
    );
    assert!(!page.contains("<script"), "{page}");
    let (head, part) = get(address, "/mail/1/html").await;
    let policy = "content-security-policy: sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none';";
    assert!(head.contains(policy) && head.contains("x-content-type-options: nosniff"), "{head}");
    assert!(part.starts_with("<base target=\"_blank\"><p>Open <a"), "{part}");
}

#[tokio::test]
async fn everybodys_mails_are_listed_by_person_and_all_together() {
    let (address, _wishes) = room().await;
    let (_, page) = get(address, "/").await;
    assert!(page.contains("<a href=\"/box/AN\">&lt;an&gt;</a>") && !page.contains("/box/BINH"), "{page}");
    assert!(page.contains("All mails (1)"), "{page}");
    assert!(page.contains("chancery demo · 2026-06-01 09:00"), "{page}");
    for path in ["/mails", "/box/AN", "/mail/1"] {
        let (_, page) = get(address, path).await;
        assert!(page.contains("2026-06-01 08:30") && !page.contains("+0000"), "as the office's clock has it: {page}");
    }
    for path in ["/mails", "/box/AN"] {
        let (_, page) = get(address, path).await;
        assert!(page.contains("<a href=\"/mail/1\">A &lt;b&gt; &amp; c</a>"), "{path}: {page}");
    }
    assert!(get(address, "/mail/2").await.0.starts_with("http/1.1 404"));
}

#[tokio::test]
async fn another_sites_name_gets_nothing_and_presses_no_button() {
    let (address, mut wishes) = room().await;
    let (head, page) = ask(address, "GET /mail/1", "Host: evil.example\r\n").await;
    assert!(head.starts_with("http/1.1 421") && !page.contains("an@example.vn"), "{head}\n{page}");
    let cross = format!("Host: {address}\r\nSec-Fetch-Site: cross-site\r\n");
    assert!(ask(address, "POST /morning", &cross).await.0.starts_with("http/1.1 403"));
    assert!(wishes.try_recv().is_err());
    let own = format!("Host: localhost:{}\r\nSec-Fetch-Site: same-origin\r\n", address.port());
    assert!(ask(address, "POST /morning", &own).await.0.starts_with("http/1.1 303"));
    assert!(wishes.try_recv().is_ok());
}
