//! A caught mail, taken apart to be shown: its headers, its text, its HTML, its links.

use super::Caught;
use crate::postbox::mime::{DEPTH_MAX, Headers, between, boundary, decoded, header, media, split, words};

/// Takes a mail apart. Number and envelope are left to the caller.
pub(super) fn read(raw: &[u8]) -> Caught {
    let (headers, body) = split(raw);
    let mut parts = Parts::default();
    parts.collect(&headers, body, 0);
    let header = |name: &str| header(&headers, name).map(words).unwrap_or_default();
    Caught {
        number: 0,
        from: String::new(),
        to: Vec::new(),
        to_header: header("to"),
        subject: header("subject"),
        message_id: header("message-id"),
        date: header("date"),
        headers: headers.iter().map(|(name, value)| (name.clone(), words(value))).collect(),
        links: links(&parts.text),
        text: parts.text,
        html: parts.html,
        raw: Vec::new(),
    }
}

#[derive(Default)]
struct Parts {
    text: String,
    html: String,
}

impl Parts {
    fn collect(&mut self, headers: &Headers, body: &[u8], depth: usize) {
        let kind = header(headers, "content-type").unwrap_or("text/plain").to_owned();
        let media = media(&kind);
        if let (true, Some(boundary), true) = (media.starts_with("multipart/"), boundary(&kind), depth < DEPTH_MAX) {
            for part in between(body, &boundary) {
                let (headers, body) = split(part);
                self.collect(&headers, body, depth + 1);
            }
            return;
        }
        let text = String::from_utf8_lossy(&decoded(headers, body)).replace("\r\n", "\n");
        let place = if media == "text/html" { &mut self.html } else { &mut self.text };
        if place.is_empty() {
            *place = text;
        }
    }
}

/// Addresses of links written out in a text, each once.
fn links(text: &str) -> Vec<String> {
    let mut links: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let Some(place) = word.find("https://").or_else(|| word.find("http://")) else { continue };
        let link = word[place..].trim_end_matches(['.', ',', ')', '>', ']']).to_owned();
        if !links.contains(&link) {
            links.push(link);
        }
    }
    links
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_of_two_parts_is_taken_apart() {
        let raw = b"To: a@b\r\nSubject: x\r\n y\r\nContent-Type: multipart/alternative;\r\n boundary=\"=_1\"\r\n\r\n\
            --=_1\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n\
            R28gdG8gaHR0cHM6Ly94LnkvbC9hLg==\r\n\
            --=_1\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n\
            <b a=3D\"1\">=\r\n</b>\r\n--=_1--\r\n";
        let mail = read(raw);
        assert_eq!((mail.subject.as_str(), mail.text.as_str()), ("x y", "Go to https://x.y/l/a."));
        assert_eq!(mail.html.trim(), "<b a=\"1\"></b>");
        assert_eq!(mail.links, ["https://x.y/l/a"]);
    }

    #[test]
    fn nonsense_is_shown_and_never_fails() {
        for raw in
            [&b""[..], b"\n", b"=?utf-8?B?", b"Content-Type: multipart/x; boundary=\"\"\n\n----\n--", b"\xff:\xff\n\n="]
        {
            let _ = read(raw);
        }
    }
}
