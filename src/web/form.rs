//! A form that was sent: urlencoded, or multipart where files come along. Texts are cleaned here, once.

use std::collections::BTreeMap;

use axum::RequestExt as _;
use axum::body::to_bytes;
use axum::extract::multipart::MultipartError;
use axum::extract::{FromRequest, Multipart, Request};
use axum::http::{StatusCode, header};
use unicode_normalization::UnicodeNormalization;

use super::error::Problem;
use super::upload::File;

/// More entries than any page of ours has.
pub(super) const ENTRIES_MAX: usize = 20_000;
/// Files of one form.
const FILES_MAX: usize = 2_000;
/// Characters of one entry.
pub(super) const ENTRY_CHARS_MAX: usize = 20_000;
/// Bytes of a form without files: a list of 15,000 cells, each with thirty Vietnamese letters, is two thirds of it.
pub(super) const URLENCODED_BYTES_MAX: usize = 2 * 1024 * 1024;

const URLENCODED: &str = "application/x-www-form-urlencoded";

/// What a form said, by the names of its inputs.
#[derive(Clone, Debug, Default)]
pub(super) struct Form {
    /// How many entries came, also those of the same name.
    entries: usize,
    values: BTreeMap<String, String>,
    files: BTreeMap<String, Vec<File>>,
}

impl Form {
    /// Reads a form, as large as its route takes one; without files no larger than [`URLENCODED_BYTES_MAX`].
    ///
    /// # Errors
    /// It is too large, breaks off, or is of no kind that pages send.
    pub(super) async fn read(request: Request) -> Result<Self, Problem> {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        if kind.starts_with("multipart/form-data") {
            let multipart = Multipart::from_request(request, &()).await.map_err(|_| Problem::BadForm)?;
            return Self::of_parts(multipart).await;
        }
        if !kind.starts_with(URLENCODED) {
            return Err(Problem::BadForm);
        }
        // Whoever breaks off does not read what is answered, so there is one reason.
        let body = to_bytes(request.into_limited_body(), URLENCODED_BYTES_MAX).await;
        Self::of_pairs(&body.map_err(|_| Problem::TooLarge)?)
    }

    /// Each entry is counted before the next is looked at.
    fn of_pairs(body: &[u8]) -> Result<Self, Problem> {
        let mut form = Self::default();
        for (name, value) in form_urlencoded::parse(body) {
            form.take(name.into_owned(), &value)?;
        }
        Ok(form)
    }

    async fn of_parts(mut parts: Multipart) -> Result<Self, Problem> {
        let broken = |error: MultipartError| too_large(error.status());
        let mut form = Self::default();
        while let Some(part) = parts.next_field().await.map_err(broken)? {
            let name = part.name().unwrap_or_default().to_owned();
            match part.file_name().map(str::to_owned) {
                Some(file) => {
                    let content = part.bytes().await.map_err(broken)?;
                    // A file input that was left alone sends an empty file without a name.
                    if !(file.is_empty() && content.is_empty()) {
                        form.take_file(name, File::new(&file, content))?;
                    }
                }
                None => form.take(name, &part.text().await.map_err(broken)?)?,
            }
        }
        Ok(form)
    }

    fn take(&mut self, name: String, value: &str) -> Result<(), Problem> {
        self.entries += 1;
        if self.entries > ENTRIES_MAX || value.chars().count() > ENTRY_CHARS_MAX {
            return Err(Problem::TooLarge);
        }
        self.values.insert(name, cleaned(value));
        Ok(())
    }

    fn take_file(&mut self, name: String, file: File) -> Result<(), Problem> {
        if self.files.values().map(Vec::len).sum::<usize>() >= FILES_MAX {
            return Err(Problem::TooLarge);
        }
        self.files.entry(name).or_default().push(file);
        Ok(())
    }

    /// What an input said; empty if it said nothing.
    pub(super) fn get(&self, name: &str) -> &str {
        self.values.get(name).map_or("", String::as_str)
    }

    /// Whether an input was there at all.
    pub(super) fn has(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    /// How many rows of a table were sent: its cells are called `<table>.<row>.<column>`, rows from 0.
    pub(super) fn rows(&self, table: &str) -> usize {
        let prefix = format!("{table}.");
        let cells = self.values.range(prefix.clone()..).take_while(|(name, _)| name.starts_with(&prefix));
        let rows = cells.filter_map(|(name, _)| name[prefix.len()..].split('.').next()?.parse::<usize>().ok());
        rows.filter(|row| *row < ENTRIES_MAX).max().map_or(0, |last| last + 1)
    }

    /// The file that an input brought.
    pub(super) fn file(&self, name: &str) -> Option<&File> {
        self.files(name).last()
    }

    /// All files that an input brought.
    pub(super) fn files(&self, name: &str) -> &[File] {
        self.files.get(name).map_or(&[], Vec::as_slice)
    }

    /// Everything but the step (and what the page itself carries), to be carried to a second page.
    pub(super) fn carried(&self) -> impl Iterator<Item = (&str, &str)> {
        let own = |name: &str| ["step", "guard"].contains(&name);
        let kept = self.values.iter().filter(move |(name, value)| !own(name) && !value.is_empty());
        kept.map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

/// What a form came to: names with what they said, and names with how large their files were.
#[doc(hidden)]
pub type Parts = (Vec<(String, String)>, Vec<(String, usize)>);

/// All of a form at once. Pages ask a form for what they know of; this is for whoever tries out what no page sends (`fuzz/`).
///
/// # Errors
/// It is too large, breaks off, or is of no kind that pages send.
#[doc(hidden)]
pub async fn parts(request: Request) -> Result<Parts, Problem> {
    let form = Form::read(request).await?;
    let files = form
        .files
        .into_iter()
        .flat_map(|(name, files)| files.into_iter().map(move |file| (name.clone(), file.content.len())));
    Ok((form.values.into_iter().collect(), files.collect()))
}

fn too_large(status: StatusCode) -> Problem {
    if status == StatusCode::PAYLOAD_TOO_LARGE { Problem::TooLarge } else { Problem::BadForm }
}

/// Bytes that a text becomes in a form without files, as browsers send it.
pub(super) fn sent_len(text: &str) -> usize {
    let len = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'*' | b'-' | b'.' | b'_' | b' ' => 1,
        // Every line ends with two letters there.
        b'\n' => 6,
        _ => 3,
    };
    text.bytes().map(len).sum()
}

/// One kind of line end, nothing invisible, ends trimmed, and one way of writing letters (NFC): that last, since two letters may meet
/// where something invisible stood between them.
fn cleaned(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let whole = text.split('\n').map(crate::words::clean).collect::<Vec<_>>().join("\n");
    whole.trim().nfc().collect()
}

#[cfg(test)]
mod tests {
    use super::{ENTRIES_MAX, Form, Problem, URLENCODED_BYTES_MAX, cleaned, sent_len};

    #[test]
    fn texts_lose_what_cannot_be_seen_and_keep_their_lines() {
        assert_eq!(cleaned("  A\u{202e}b\r\nca\u{0301}\u{0}\r\n"), "Ab\ncá");
        assert_eq!(
            cleaned("a\u{200b}\u{0301} \u{7f}\u{0323}o"),
            "á \u{0323}o",
            "letters meet where something unseen was"
        );
    }

    #[test]
    fn entries_are_counted_also_where_they_have_one_name() {
        let read = |count: usize| Form::of_pairs("a=&".repeat(count).as_bytes()).map(|form| form.has("a"));
        assert_eq!(read(ENTRIES_MAX), Ok(true));
        assert_eq!(read(ENTRIES_MAX + 1), Err(Problem::TooLarge));
        assert_eq!(read(30_000), Err(Problem::TooLarge));
    }

    #[test]
    fn a_list_of_fifteen_thousand_cells_and_a_sheet_of_400_rows_can_be_sent() {
        let cell = "Nguyễn Thị Ví Dụ, đơn vị khác";
        let mut body = String::new();
        for (row, column) in (0..1_500).flat_map(|row| (0..10).map(move |column| (row, column))) {
            let mut pairs = form_urlencoded::Serializer::new(&mut body);
            pairs.append_pair(&format!("c.{row}.{column}"), cell);
        }
        assert!(body.len() < URLENCODED_BYTES_MAX * 3 / 4, "{}", body.len());
        let form = Form::of_pairs(body.as_bytes()).expect("it fits");
        assert_eq!((form.rows("c"), form.get("c.1499.9")), (1_500, cell));
        let sheet: String = (0..400).flat_map(|row| (0..12).map(move |at| format!("f.{row}.{at}=x&"))).collect();
        assert_eq!(Form::of_pairs(sheet.as_bytes()).map(|form| form.rows("f")), Ok(400));
    }

    #[test]
    fn what_a_text_becomes_in_a_form_is_known_before() {
        let text = "Đơn vị A-1_b.c* (x)";
        let sent: String = form_urlencoded::byte_serialize(text.as_bytes()).collect();
        assert_eq!(sent_len(text), sent.len());
        assert_eq!(sent_len("a\nb"), "a%0D%0Ab".len());
    }
}
