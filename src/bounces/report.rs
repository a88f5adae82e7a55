//! What a mail server says became of a mail: delivery status notifications (RFC 3464), as servers really write them. It reads
//! bytes that anybody may have made, and never fails: what says nothing is [`Report::Nothing`].

use crate::postbox::mime::{DEPTH_MAX, Headers, between, boundary, decoded, header, media, split};
use crate::words::clean;

/// Characters of a report's words that are kept.
const WORDS_MAX: usize = 500;
/// Recipients that are looked at: our mails have one.
const GROUPS_MAX: usize = 20;

/// What a mail says about another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Report {
    /// It was not delivered and will not be; the server's words.
    Failed(String),
    /// It was not delivered so far, and the server goes on trying; its words.
    Delayed(String),
    /// Nothing that matters: it was delivered or handed on, or this is no report (somebody's machine answers, say).
    Nothing,
}

/// Reads a mail that came to a return path.
pub fn read(raw: &[u8]) -> Report {
    let (headers, body) = split(raw);
    let Some(status) = find(&headers, body, 0) else { return Report::Nothing };
    let text = String::from_utf8_lossy(&status).replace("\r\n", "\n").replace('\r', "\n");
    let groups: Vec<Headers> = text
        .split("\n\n")
        .map(|group| split(group.trim_start_matches('\n').as_bytes()).0)
        .filter(|group| !group.is_empty())
        .take(GROUPS_MAX)
        .collect();
    let by = groups.iter().find_map(|group| header(group, "reporting-mta")).map(value).unwrap_or_default();
    let said: Vec<Report> = groups.iter().map(|group| recipient(group, by)).collect();
    // One recipient that got nothing is what matters.
    let failed = said.iter().find(|report| matches!(report, Report::Failed(_)));
    let delayed = said.iter().find(|report| matches!(report, Report::Delayed(_)));
    failed.or(delayed).cloned().unwrap_or(Report::Nothing)
}

/// The first part with the status. What lies inside the returned mail is not looked at: it may hold anything, a report too.
fn find(headers: &Headers, body: &[u8], depth: usize) -> Option<Vec<u8>> {
    let kind = header(headers, "content-type").unwrap_or("text/plain");
    let media = media(kind);
    match media.as_str() {
        "message/delivery-status" | "message/global-delivery-status" => Some(decoded(headers, body)),
        _ if media.starts_with("multipart/") && depth < DEPTH_MAX => {
            let boundary = boundary(kind)?;
            between(body, &boundary).into_iter().find_map(|part| {
                let (headers, body) = split(part);
                find(&headers, body, depth + 1)
            })
        }
        _ => None,
    }
}

/// What is said about one recipient.
fn recipient(group: &Headers, by: &str) -> Report {
    let status = header(group, "status").unwrap_or_default();
    let action = header(group, "action").map(str::to_ascii_lowercase).unwrap_or_default();
    // Some servers say no action; the class of the status says as much.
    let class = if action.is_empty() { status.trim().chars().next() } else { None };
    let words = || {
        let said = header(group, "diagnostic-code").map(value).filter(|said| !said.is_empty()).unwrap_or(status);
        let by = if by.is_empty() { String::new() } else { format!(" ({by})") };
        let words: String = clean(&format!("{said}{by}")).chars().take(WORDS_MAX).collect();
        words
    };
    match (action.trim(), class) {
        ("failed", _) | (_, Some('5')) => Report::Failed(words()),
        ("delayed", _) | (_, Some('4')) => Report::Delayed(words()),
        _ => Report::Nothing,
    }
}

/// The text behind the type: `smtp; 550 5.1.1 no such user`, `dns; mx.example.vn`.
fn value(typed: &str) -> &str {
    typed.split_once(';').map_or(typed, |(_, value)| value).trim()
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use proptest::prelude::*;

    use super::*;

    fn dsn(status: &str) -> Vec<u8> {
        format!(
            "From: MAILER-DAEMON@mx.example.vn\r\nTo: bounces+x@office.example.vn\r\nMIME-Version: 1.0\r\n\
             Content-Type: multipart/report; report-type=delivery-status;\r\n\tboundary=\"AB/mx.example.vn\"\r\n\r\n\
             This is a MIME-encapsulated message.\r\n\r\n--AB/mx.example.vn\r\nContent-Type: text/plain\r\n\r\n\
             I'm sorry to have to inform you that your message could not be delivered.\r\n\r\n--AB/mx.example.vn\r\n\
             Content-Type: message/delivery-status\r\n\r\n{status}\r\n--AB/mx.example.vn\r\nContent-Type: message/rfc822\
             \r\n\r\nSubject: Xin ch\u{e0}o\r\n\r\nbody\r\n--AB/mx.example.vn--\r\n"
        )
        .into_bytes()
    }

    const HEAD: &str = "Reporting-MTA: dns; mx.example.vn\r\nArrival-Date: Mon, 30 Nov 2026 09:00:00 +0700\r\n\r\n";

    fn failed(words: &str) -> Report {
        Report::Failed(words.to_owned())
    }

    #[test]
    fn reports_of_many_servers_mean_what_they_say() {
        let table = [
            (
                "Final-Recipient: rfc822; a@x.vn\r\nAction: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550 5.1.1 \
                 <a@x.vn>: Recipient address rejected:\r\n    User unknown",
                failed("550 5.1.1 <a@x.vn>: Recipient address rejected: User unknown (mx.example.vn)"),
            ),
            // Given up after days: the action counts, not the class of the status.
            ("Action: failed\r\nStatus: 4.4.1", failed("4.4.1 (mx.example.vn)")),
            ("action:  FAILED \r\nstatus: 5.0.0", failed("5.0.0 (mx.example.vn)")),
            ("Final-Recipient: rfc822; a@x.vn\r\nStatus: 5.2.2", failed("5.2.2 (mx.example.vn)")),
            (
                "Action: delayed\r\nStatus: 4.2.2\r\nDiagnostic-Code: smtp; 452 4.2.2 mailbox full",
                Report::Delayed("452 4.2.2 mailbox full (mx.example.vn)".to_owned()),
            ),
            ("Status: 4.4.1", Report::Delayed("4.4.1 (mx.example.vn)".to_owned())),
            ("Action: delivered\r\nStatus: 2.0.0", Report::Nothing),
            ("Action: relayed\r\nStatus: 2.0.0", Report::Nothing),
            ("Action: expanded\r\nStatus: 2.0.0", Report::Nothing),
            ("Action: \u{1F4A5}", Report::Nothing),
            ("", Report::Nothing),
            // Two recipients, one without it: a list of addresses stood behind ours.
            (
                "Action: delivered\r\nStatus: 2.0.0\r\n\r\nAction: failed\r\nStatus: 5.1.1",
                failed("5.1.1 (mx.example.vn)"),
            ),
        ];
        for (status, expected) in table {
            assert_eq!(read(&dsn(&format!("{HEAD}{status}"))), expected, "{status}");
        }
    }

    #[test]
    fn a_status_in_an_encoding_or_a_charset_of_its_own_is_read_all_the_same() {
        let encoded = b"Content-Type: multipart/report; boundary=b\n\n--b\nContent-Type: Message/Delivery-Status; \
            charset=utf-7\nContent-Transfer-Encoding: BASE64\n\n\
            UmVwb3J0aW5nLU1UQTogZG5zO214CgpBY3Rpb246IGZhaWxlZApTdGF0dXM6IDUuMS4xCg==\n--b--\n";
        assert_eq!(read(encoded), failed("5.1.1 (mx)"));
        let latin = [&b"Content-Type: multipart/report; boundary=b\n\n--b\nContent-Type: message/delivery-status\n\n\
            Action: failed\nDiagnostic-Code: x-notes; Bo\xeete aux lettres \xe0 demi\x00\x1b[31m pleine\n--b--\n"[..]]
        .concat();
        let Report::Failed(words) = read(&latin) else { panic!("it is a failure") };
        assert!(words.starts_with("Bo\u{fffd}te aux lettres") && !words.contains(char::is_control), "{words:?}");
    }

    #[test]
    fn what_is_no_report_says_nothing() {
        let vacation = b"Auto-Submitted: auto-replied\nSubject: Out of office\n\nAction: failed\nStatus: 5.1.1\n";
        let inside = b"Content-Type: multipart/mixed; boundary=o\n\n--o\nContent-Type: message/rfc822\n\nContent-Type: \
            multipart/report; boundary=b\n\n--b\nContent-Type: message/delivery-status\n\nAction: failed\n--b--\n--o--\n";
        for raw in [&b""[..], b"\n\n", vacation, inside, b"Content-Type: multipart/report\n\n--\n", b"\xff\xfe\x00"] {
            assert_eq!(read(raw), Report::Nothing, "{}", String::from_utf8_lossy(raw));
        }
    }

    #[test]
    fn huge_and_deep_ones_cost_little() {
        let mut deep = String::new();
        for level in 0..2000 {
            let _ = write!(deep, "Content-Type: multipart/mixed; boundary=b{level}\n\n--b{level}\n");
        }
        assert_eq!(read(deep.as_bytes()), Report::Nothing);
        let many = "Action: delivered\n\n".repeat(100_000);
        assert_eq!(read(&dsn(&many)), Report::Nothing);
        let long = "x".repeat(2_000_000);
        let Report::Failed(words) = read(&dsn(&format!("Action: failed\nDiagnostic-Code: smtp; {long}"))) else {
            panic!("it is a failure")
        };
        assert_eq!(words.chars().count(), WORDS_MAX);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_fail(raw in prop::collection::vec(any::<u8>(), 0..400)) {
            let _ = read(&raw);
        }

        #[test]
        fn no_report_with_some_bytes_changed_makes_it_fail(
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12)
        ) {
            let mut raw = dsn(&format!("{HEAD}Action: failed\r\nStatus: 5.1.1"));
            for (place, byte) in changes {
                let place = place.index(raw.len());
                raw[place] = byte;
            }
            let _ = read(&raw);
        }
    }
}
