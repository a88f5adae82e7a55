//! As much of HTML as our own pages use: the forms on a page with what they would send, and its text.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::http::Sent;

/// A control of a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Control {
    /// Its name.
    pub name: String,
    /// `radio`, `hidden`, `text`, `file`, `select`, `textarea`, `submit`, ...
    pub kind: String,
    /// What it sends.
    pub value: String,
    /// Radio buttons and boxes: it is ticked.
    pub checked: bool,
}

/// A form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Form {
    /// It takes files.
    pub multipart: bool,
    /// Its controls, in the order of the page.
    pub controls: Vec<Control>,
}

/// A file that is sent with a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upload {
    /// Its name.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

enum Piece<'a> {
    Open { name: String, attributes: BTreeMap<String, String> },
    Close { name: String },
    Text(&'a str),
}

/// The forms of a page.
pub fn forms(html: &str) -> Vec<Form> {
    let mut forms: Vec<Form> = Vec::new();
    let (mut inside, mut select, mut area): (bool, Option<Control>, Option<Control>) = (false, None, None);
    for piece in pieces(html) {
        match piece {
            Piece::Open { name, attributes } if name == "form" => {
                inside = true;
                let multipart = attributes.get("enctype").is_some_and(|kind| kind.starts_with("multipart"));
                forms.push(Form { multipart, controls: Vec::new() });
            }
            Piece::Close { name } if name == "form" => inside = false,
            Piece::Open { name, attributes } if inside => {
                let control = control(&name, &attributes);
                match (name.as_str(), &mut select) {
                    ("input" | "button", _) => forms.last_mut().into_iter().for_each(|form| {
                        form.controls.push(control.clone());
                    }),
                    ("select", _) => select = Some(control),
                    ("textarea", _) => area = Some(control),
                    ("option", Some(select)) if attributes.contains_key("selected") => select.value = control.value,
                    _ => {}
                }
            }
            Piece::Text(text) => {
                if let Some(area) = &mut area {
                    area.value.push_str(&decode(text));
                }
            }
            Piece::Close { name } => {
                let done = match name.as_str() {
                    "select" => select.take(),
                    "textarea" => area.take(),
                    _ => None,
                };
                forms.last_mut().into_iter().for_each(|form| form.controls.extend(done.clone()));
            }
            Piece::Open { .. } => {}
        }
    }
    forms
}

fn control(element: &str, attributes: &BTreeMap<String, String>) -> Control {
    let get = |name: &str| attributes.get(name).cloned().unwrap_or_default();
    let kind = match element {
        "input" => attributes.get("type").cloned().unwrap_or_else(|| "text".to_owned()),
        "button" => "submit".to_owned(),
        other => other.to_owned(),
    };
    let value = match attributes.get("value") {
        None if kind == "radio" || kind == "checkbox" => "on".to_owned(),
        value => value.cloned().unwrap_or_default(),
    };
    Control { name: get("name"), kind, value, checked: attributes.contains_key("checked") }
}

/// The text of a page, its elements apart from each other by blanks.
pub fn text(html: &str) -> String {
    let words: Vec<String> = pieces(html)
        .filter_map(|piece| match piece {
            Piece::Text(text) => Some(decode(text).split_whitespace().collect::<Vec<_>>().join(" ")),
            _ => None,
        })
        .filter(|text| !text.is_empty())
        .collect();
    words.join(" ")
}

/// The HTML inside the first element for which `wanted` holds.
pub fn inside<'a>(html: &'a str, attribute: &str, value: &str) -> Option<&'a str> {
    let mark = format!("{attribute}=\"{value}\"");
    let place = html.find(&mark)?;
    let begin = place + html[place..].find('>')? + 1;
    let element = html[..place].rfind('<').map(|open| &html[open + 1..place])?.split_whitespace().next()?;
    let end = html[begin..].find(&format!("</{element}>")).map_or(html.len(), |end| begin + end);
    Some(&html[begin..end])
}

fn pieces(html: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = html;
    std::iter::from_fn(move || {
        loop {
            if rest.is_empty() {
                return None;
            }
            let Some(open) = rest.find('<') else { return Some(Piece::Text(std::mem::take(&mut rest))) };
            if open > 0 {
                let (text, after) = rest.split_at(open);
                rest = after;
                return Some(Piece::Text(text));
            }
            let end = rest.find('>').map_or(rest.len(), |end| end + 1);
            let (tag, after) = rest.split_at(end);
            rest = after;
            if let Some(piece) = piece(tag) {
                return Some(piece);
            }
        }
    })
}

fn piece<'a>(tag: &str) -> Option<Piece<'a>> {
    let inner = tag.strip_prefix('<')?.strip_suffix('>')?.trim_end_matches('/');
    if let Some(name) = inner.strip_prefix('/') {
        return Some(Piece::Close { name: name.trim().to_ascii_lowercase() });
    }
    let name = inner.split(|c: char| c.is_ascii_whitespace()).next()?.to_ascii_lowercase();
    if name.is_empty() || name.starts_with('!') {
        return None;
    }
    let attributes = attributes(&inner[name.len()..]);
    Some(Piece::Open { name, attributes })
}

fn attributes(mut rest: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    loop {
        rest = rest.trim_start();
        let end = rest.find(|c: char| c == '=' || c.is_ascii_whitespace()).unwrap_or(rest.len());
        if end == 0 {
            return found;
        }
        let (name, after) = rest.split_at(end);
        let (value, after) = match after.strip_prefix("=\"") {
            Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
            None => ("", after.strip_prefix('=').unwrap_or(after)),
        };
        found.insert(name.to_ascii_lowercase(), decode(value));
        rest = after;
    }
}

fn decode(text: &str) -> String {
    if !text.contains('&') {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(place) = rest.find('&') {
        out.push_str(&rest[..place]);
        rest = &rest[place..];
        let known = rest.find(';').filter(|end| *end < 10).and_then(|end| Some((entity(&rest[1..end])?, end + 1)));
        let (letter, length) = known.unwrap_or(('&', 1));
        out.push(letter);
        rest = &rest[length..];
    }
    out.push_str(rest);
    out
}

fn entity(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "nbsp" => Some(' '),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)
        }
    }
}

impl Form {
    /// Whether there is a control of this name and value.
    pub fn has(&self, name: &str, value: &str) -> bool {
        self.controls.iter().any(|control| control.name == name && control.value == value)
    }

    /// The values that radio buttons of this name offer.
    pub fn offers(&self, name: &str) -> Vec<&str> {
        let radios = self.controls.iter().filter(|control| control.kind == "radio" && control.name == name);
        radios.map(|control| control.value.as_str()).collect()
    }

    /// Ticks, chooses or fills in. Whether there is such a control.
    pub fn set(&mut self, name: &str, value: &str) -> bool {
        let mut found = false;
        for control in self.controls.iter_mut().filter(|control| control.name == name) {
            match control.kind.as_str() {
                "radio" | "checkbox" => {
                    control.checked = control.value == value;
                    found |= control.checked;
                }
                "submit" | "file" => {}
                _ => {
                    value.clone_into(&mut control.value);
                    found = true;
                }
            }
        }
        found
    }

    /// What a browser sends when the button `pressed` (name and value) is pressed, with these files by control name.
    pub fn send(&self, pressed: Option<(&str, &str)>, files: &BTreeMap<String, Upload>) -> Sent {
        let ticks = |control: &&Control| match control.kind.as_str() {
            "radio" | "checkbox" => control.checked,
            "submit" | "file" => false,
            _ => true,
        };
        let plain = self.controls.iter().filter(|control| !control.name.is_empty()).filter(ticks);
        let mut pairs: Vec<(&str, &str)> = plain.map(|one| (one.name.as_str(), one.value.as_str())).collect();
        pairs.extend(pressed);
        if self.multipart { self.multipart(&pairs, files) } else { urlencoded(&pairs) }
    }

    fn multipart(&self, pairs: &[(&str, &str)], files: &BTreeMap<String, Upload>) -> Sent {
        const BOUNDARY: &str = "----a-line-that-no-field-holds-7b1f0c52";
        let mut body = Vec::new();
        for (name, value) in pairs {
            let part = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
            body.extend_from_slice(part.as_bytes());
        }
        for control in self.controls.iter().filter(|control| control.kind == "file") {
            let empty = Upload { name: String::new(), bytes: Vec::new() };
            let file = files.get(&control.name).unwrap_or(&empty);
            let kind = if file.name.is_empty() { "application/octet-stream" } else { "application/pdf" };
            let head = format!(
                "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{}\"; filename=\"{}\"\r\nContent-Type: {kind}\r\n\r\n",
                control.name, file.name
            );
            body.extend_from_slice(head.as_bytes());
            body.extend_from_slice(&file.bytes);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
        Sent { content_type: format!("multipart/form-data; boundary={BOUNDARY}"), body }
    }
}

fn urlencoded(pairs: &[(&str, &str)]) -> Sent {
    let body: Vec<String> = pairs.iter().map(|(name, value)| format!("{}={}", escape(name), escape(value))).collect();
    Sent { content_type: "application/x-www-form-urlencoded".to_owned(), body: body.join("&").into_bytes() }
}

fn escape(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut out, byte| {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'*' => out.push(char::from(byte)),
            b' ' => out.push('+'),
            _ => {
                let _ = write!(out, "%{byte:02X}"); // writing to a String cannot fail
            }
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{Upload, forms, inside, text};

    const PAGE: &str = r#"<!doctype html><p class="kicker">A &amp; B</p>
        <form method="post"><input type="hidden" name="do" value="act">
        <input type="radio" name="choice" value="yes"><input type="radio" name="choice" value="no" checked>
        <select name="s"><option value="">-</option><option value="2" selected>two</option></select>
        <textarea name="why">l&#7889;i</textarea><input name="n" value="">
        <button type="submit" name="step" value="send">Go</button></form>
        <form enctype="multipart/form-data"><input type="file" name="f"></form>"#;

    #[test]
    fn a_form_sends_what_a_browser_would_send() {
        let mut form = forms(PAGE).remove(0);
        assert_eq!(form.offers("choice"), ["yes", "no"]);
        assert!(form.set("choice", "yes") && form.set("n", "a b/1"));
        assert!(!form.set("choice", "maybe") && !form.set("other", "x") && form.set("choice", "yes"));
        let sent = form.send(Some(("step", "send")), &BTreeMap::new());
        assert_eq!(
            String::from_utf8(sent.body).expect("ASCII"),
            "do=act&choice=yes&s=2&why=l%E1%BB%91i&n=a+b%2F1&step=send"
        );
    }

    #[test]
    fn files_travel_in_parts() {
        let form = forms(PAGE).remove(1);
        let file = Upload { name: "a.pdf".to_owned(), bytes: b"%PDF".to_vec() };
        let sent = form.send(None, &BTreeMap::from([("f".to_owned(), file)]));
        let body = String::from_utf8(sent.body).expect("ASCII");
        assert!(body.contains("name=\"f\"; filename=\"a.pdf\"\r\nContent-Type: application/pdf\r\n\r\n%PDF\r\n--"));
    }

    #[test]
    fn text_is_read_without_its_tags() {
        assert_eq!(text(inside(PAGE, "class", "kicker").expect("it is there")), "A & B");
        assert!(inside(PAGE, "class", "none").is_none());
    }
}
