//! As much of HTTP/1.1 as a person's browser needs to follow a mailed link on loopback and to send a form.

use std::fmt::Write as _;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Redirects that are followed before we say that a page goes round in circles.
const REDIRECTS_MAX: u32 = 5;

/// What came back.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The address that answered, redirects followed.
    pub url: String,
    /// The body, as text.
    pub body: String,
}

/// Why nothing came back.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// The address is no `http://host:port/path`.
    #[error("`{0}` is no address that can be followed here")]
    Address(String),
    /// The connection failed.
    #[error("{url}: {source}")]
    Io {
        /// Where to.
        url: String,
        /// What happened.
        source: std::io::Error,
    },
    /// What came back is no HTTP.
    #[error("{url}: the answer cannot be read: {what}")]
    Answer {
        /// From where.
        url: String,
        /// What is wrong.
        what: &'static str,
    },
}

/// A form as it travels.
#[derive(Clone, Debug)]
pub struct Sent {
    /// The media type with its parameters.
    pub content_type: String,
    /// The bytes.
    pub body: Vec<u8>,
}

/// Fetches a page.
///
/// # Errors
/// It cannot be reached, or answers no HTTP.
pub async fn get(url: &str) -> Result<Answer, HttpError> {
    request(url, None).await
}

/// Sends a form and fetches the page that follows.
///
/// # Errors
/// It cannot be reached, or answers no HTTP.
pub async fn post(url: &str, sent: &Sent) -> Result<Answer, HttpError> {
    request(url, Some(sent)).await
}

async fn request(url: &str, sent: Option<&Sent>) -> Result<Answer, HttpError> {
    let (mut url, mut sent) = (url.to_owned(), sent);
    for _ in 0..REDIRECTS_MAX {
        let (authority, path) = split(&url)?;
        let io = |source| HttpError::Io { url: url.clone(), source };
        let mut stream = TcpStream::connect(authority).await.map_err(io)?;
        stream.write_all(head(authority, path, sent).as_bytes()).await.map_err(io)?;
        if let Some(sent) = sent {
            stream.write_all(&sent.body).await.map_err(io)?;
        }
        let mut raw = Vec::new();
        stream.read_to_end(&mut raw).await.map_err(io)?;
        let (status, location, body) = parse(&raw).map_err(|what| HttpError::Answer { url: url.clone(), what })?;
        match location {
            Some(location) if (300..400).contains(&status) => {
                url = if location.starts_with('/') { format!("http://{authority}{location}") } else { location };
                sent = None;
            }
            _ => return Ok(Answer { status, url, body }),
        }
    }
    Err(HttpError::Answer { url, what: "it redirects in circles" })
}

fn split(url: &str) -> Result<(&str, &str), HttpError> {
    let rest = url.strip_prefix("http://").ok_or_else(|| HttpError::Address(url.to_owned()))?;
    Ok(rest.find('/').map_or((rest, "/"), |place| rest.split_at(place)))
}

fn head(authority: &str, path: &str, sent: Option<&Sent>) -> String {
    let mut head = format!(
        "{} {path} HTTP/1.1\r\nHost: {authority}\r\nAccept: text/html\r\nConnection: close\r\n",
        if sent.is_some() { "POST" } else { "GET" }
    );
    if let Some(sent) = sent {
        // What a browser says of a form that comes from this very page.
        let _ = write!(
            head,
            "Origin: http://{authority}\r\nSec-Fetch-Site: same-origin\r\nContent-Type: {}\r\nContent-Length: {}\r\n",
            sent.content_type,
            sent.body.len()
        ); // writing to a String cannot fail
    }
    head.push_str("\r\n");
    head
}

/// Status, `Location` and body.
fn parse(raw: &[u8]) -> Result<(u16, Option<String>, String), &'static str> {
    let end = raw.windows(4).position(|four| four == b"\r\n\r\n").ok_or("its head has no end")?;
    let head = std::str::from_utf8(&raw[..end]).map_err(|_| "its head is no text")?;
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok()).ok_or("it has no status")?;
    let header = |name: &str| {
        head.split("\r\n").skip(1).find_map(|line| {
            let (have, value) = line.split_once(':')?;
            have.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
        })
    };
    let body = &raw[end + 4..];
    let chunked = header("transfer-encoding").is_some_and(|value| value.eq_ignore_ascii_case("chunked"));
    let body = if chunked { unchunk(body).ok_or("its chunks do not fit")? } else { body.to_vec() };
    Ok((status, header("location"), String::from_utf8_lossy(&body).into_owned()))
}

fn unchunk(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = rest.windows(2).position(|two| two == b"\r\n")?;
        let size = std::str::from_utf8(&rest[..end]).ok()?.split(';').next()?.trim();
        let size = usize::from_str_radix(size, 16).ok()?;
        if size == 0 {
            return Some(body);
        }
        body.extend_from_slice(rest.get(end + 2..end + 2 + size)?);
        rest = rest.get(end + 2 + size + 2..)?;
    }
}

#[cfg(test)]
mod tests {
    use super::{parse, split, unchunk};

    #[test]
    fn answers_are_taken_apart_whole_or_in_chunks() {
        let (status, location, body) = parse(b"HTTP/1.1 303 See Other\r\nLocation: /x\r\n\r\n").expect("HTTP");
        assert_eq!((status, location.as_deref(), body.as_str()), (303, Some("/x"), ""));
        let (status, _, body) =
            parse(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x\r\nde\r\n0\r\n\r\n")
                .expect("HTTP");
        assert_eq!((status, body.as_str()), (200, "abcde"));
        assert_eq!(unchunk(b"9\r\nabc"), None);
        assert!(parse(b"rubbish").is_err());
    }

    #[test]
    fn only_plain_addresses_are_followed() {
        assert_eq!(split("http://a:1/b?c").expect("an address"), ("a:1", "/b?c"));
        assert_eq!(split("http://a:1").expect("an address"), ("a:1", "/"));
        assert!(split("https://a/").is_err());
    }
}
