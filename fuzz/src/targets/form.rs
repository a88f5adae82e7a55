//! Forms as browsers, and others, send them: the first byte says which kind.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use axum::body::Body;
use axum::extract::Request;
use axum::http::header::CONTENT_TYPE;
use chancery::web::{Parts, parts};

/// As much as Unicode's composed form, or a mark for a byte that is no text, may become longer.
const GROWTH: usize = 3;

fn read(kind: &str, body: &[u8]) -> Option<Parts> {
    let request = Request::post("/").header(CONTENT_TYPE, kind).body(Body::from(body.to_vec())).ok()?;
    let mut reading = pin!(parts(request));
    // Everything is there already, so that nothing waits for long.
    for _ in 0..100_000 {
        if let Poll::Ready(read) = reading.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return read.ok();
        }
    }
    panic!("it waits for more of a form that is all there");
}

pub(super) fn try_bytes(bytes: &[u8]) {
    let Some((kind, body)) = bytes.split_first() else { return };
    let kind = if kind % 2 == 0 { "application/x-www-form-urlencoded" } else { "multipart/form-data; boundary=b" };
    let Some((texts, files)) = read(kind, body) else { return };
    let said: usize = texts.iter().map(|(name, value)| name.len() + value.len()).sum();
    assert!(said <= GROWTH * body.len(), "{said} bytes of a form of {}", body.len());
    assert!(files.iter().map(|(_, size)| size).sum::<usize>() <= body.len(), "files of more than was sent");
    for (name, value) in &texts {
        let unseen = value.contains(|c: char| c.is_control() && c != '\n');
        assert!(!unseen && value.trim() == value, "{name}: {value:?} is not clean");
    }
    let mut again = form_urlencoded::Serializer::new(String::new());
    again.extend_pairs(&texts);
    let again = read("application/x-www-form-urlencoded", again.finish().as_bytes());
    if let Some((again, _)) = again {
        assert_eq!(again, texts, "what a page carries on to the next is what was said");
    }
}
