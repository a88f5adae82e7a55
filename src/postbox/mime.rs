//! As much of MIME as our own mails and reports about them use: headers unfolded, encoded words (RFC 2047), multipart,
//! quoted-printable, base64. What it does not understand it leaves as it came; it never fails.

/// Parts within parts at most.
pub(crate) const DEPTH_MAX: usize = 8;

/// Names in lower case, values unfolded.
pub(crate) type Headers = Vec<(String, String)>;

/// What kind of part it is, in lower case, without parameters.
pub(crate) fn media(kind: &str) -> String {
    kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// The bytes of a part, out of the encoding in which they travel.
pub(crate) fn decoded(headers: &Headers, body: &[u8]) -> Vec<u8> {
    match header(headers, "content-transfer-encoding").map(|encoding| encoding.trim().to_ascii_lowercase()).as_deref() {
        Some("quoted-printable") => quoted_printable(body, false),
        Some("base64") => base64(body),
        _ => body.to_vec(),
    }
}

/// Headers (names in lower case, values unfolded) and body.
pub(crate) fn split(raw: &[u8]) -> (Headers, &[u8]) {
    let mut headers = Headers::new();
    let mut rest = raw;
    while !rest.is_empty() {
        let end = rest.iter().position(|byte| *byte == b'\n').map_or(rest.len(), |place| place + 1);
        let (line, after) = rest.split_at(end);
        rest = after;
        let line = String::from_utf8_lossy(line);
        let line = line.trim_end_matches(['\r', '\n']);
        if line.is_empty() {
            break;
        }
        if let (true, Some((_, value))) = (line.starts_with([' ', '\t']), headers.last_mut()) {
            value.push_str(line);
        } else if let Some((name, value)) = line.split_once(':') {
            headers.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        }
    }
    (headers, rest)
}

pub(crate) fn header<'a>(headers: &'a Headers, name: &str) -> Option<&'a str> {
    headers.iter().find(|(have, _)| have == name).map(|(_, value)| value.as_str())
}

pub(crate) fn boundary(kind: &str) -> Option<String> {
    kind.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("boundary").then(|| value.trim().trim_matches('"').to_owned())
    })
}

/// The parts between the boundary lines.
pub(crate) fn between<'a>(body: &'a [u8], boundary: &str) -> Vec<&'a [u8]> {
    let mark = format!("--{boundary}");
    let mut parts = Vec::new();
    let (mut start, mut at) = (None, 0);
    for line in body.split_inclusive(|byte| *byte == b'\n') {
        let begin = at;
        at += line.len();
        let Some(tail) = line.strip_prefix(mark.as_bytes()) else { continue };
        if let Some(start) = start {
            parts.push(&body[start..begin]);
        }
        start = Some(at);
        if tail.starts_with(b"--") {
            break;
        }
    }
    parts
}

fn hex(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// Quoted-printable; in encoded words (`header`) an underscore is a blank.
fn quoted_printable(body: &[u8], header: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len());
    let mut rest = body;
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        match (byte, after) {
            (b'=', [b'\r', b'\n', tail @ ..] | [b'\n', tail @ ..]) => rest = tail,
            (b'=', [high, low, tail @ ..]) => {
                if let (Some(high), Some(low)) = (hex(*high), hex(*low)) {
                    out.push(high * 16 + low);
                    rest = tail;
                } else {
                    out.push(b'=');
                }
            }
            (b'_', _) if header => out.push(b' '),
            (byte, _) => out.push(*byte),
        }
    }
    out
}

fn base64(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len() * 3 / 4);
    let (mut bits, mut have) = (0_u32, 0_u32);
    for byte in body {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            b'=' => break,
            _ => continue,
        };
        bits = (bits << 6) | u32::from(value);
        have += 6;
        if have >= 8 {
            have -= 8;
            out.extend(u8::try_from(bits >> have));
            bits &= (1 << have) - 1;
        }
    }
    out
}

/// Decodes encoded words; blanks between two of them do not count.
pub(crate) fn words(value: &str) -> String {
    let mut bytes: Vec<u8> = Vec::with_capacity(value.len());
    let mut rest = value;
    while let Some(place) = rest.find("=?") {
        let (before, from) = rest.split_at(place);
        let Some((word, after)) = encoded_word(from) else {
            bytes.extend_from_slice(&rest.as_bytes()[..place + 2]);
            rest = &rest[place + 2..];
            continue;
        };
        bytes.extend_from_slice(before.as_bytes());
        bytes.extend_from_slice(&word);
        let next = after.trim_start();
        rest = if next.starts_with("=?") && encoded_word(next).is_some() { next } else { after };
    }
    bytes.extend_from_slice(rest.as_bytes());
    String::from_utf8_lossy(&bytes).into_owned()
}

/// `=?utf-8?B?...?=`: its bytes and what follows it.
fn encoded_word(from: &str) -> Option<(Vec<u8>, &str)> {
    let mut pieces = from.strip_prefix("=?")?.splitn(3, '?');
    let (charset, encoding, rest) = (pieces.next()?, pieces.next()?, pieces.next()?);
    let (content, after) = rest.split_once("?=")?;
    if !charset.eq_ignore_ascii_case("utf-8") {
        return None;
    }
    let bytes = match encoding {
        "B" | "b" => base64(content.as_bytes()),
        "Q" | "q" => quoted_printable(content.as_bytes(), true),
        _ => return None,
    };
    Some((bytes, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encoded_words_are_joined_without_the_blanks_between_them() {
        assert_eq!(words("=?utf-8?B?TmjhuqU=?= =?utf-8?B?YyB2aQ==?= ok"), "Nhấc vi ok");
        assert_eq!(words("=?UTF-8?Q?c=C3=B2n_3?="), "còn 3");
        assert_eq!(words("a =? b"), "a =? b");
    }
}
