//! A form that was sent: urlencoded, or multipart where files come along. Texts are cleaned here, once.

use std::collections::BTreeMap;

use axum::extract::multipart::MultipartError;
use axum::extract::rejection::FormRejection;
use axum::extract::{FromRequest, Multipart, Request};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use unicode_normalization::UnicodeNormalization;

use super::error::Problem;
use super::upload::File;

/// More entries than any page of ours has.
const ENTRIES_MAX: usize = 20_000;
/// Files of one form.
const FILES_MAX: usize = 2_000;
/// Characters of one entry.
const ENTRY_CHARS_MAX: usize = 20_000;

/// What a form said, by the names of its inputs.
#[derive(Clone, Debug, Default)]
pub(super) struct Form {
    values: BTreeMap<String, String>,
    files: BTreeMap<String, Vec<File>>,
}

impl Form {
    /// Reads a form.
    ///
    /// # Errors
    /// It is too large, breaks off, or is of no kind that pages send.
    pub(super) async fn read(request: Request) -> Result<Self, Problem> {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        if kind.starts_with("multipart/form-data") {
            let multipart = Multipart::from_request(request, &()).await.map_err(|_| Problem::BadForm)?;
            return Self::of_parts(multipart).await;
        }
        let pairs = axum::Form::<Vec<(String, String)>>::from_request(request, &()).await;
        let axum::Form(pairs) =
            pairs.map_err(|rejection: FormRejection| too_large(rejection.into_response().status()))?;
        let mut form = Self::default();
        for (name, value) in pairs {
            form.take(name, &value)?;
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
        if self.values.len() >= ENTRIES_MAX || value.chars().count() > ENTRY_CHARS_MAX {
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

fn too_large(status: StatusCode) -> Problem {
    if status == StatusCode::PAYLOAD_TOO_LARGE { Problem::TooLarge } else { Problem::BadForm }
}

/// One way of writing letters (NFC), one kind of line end, nothing invisible, ends trimmed.
fn cleaned(text: &str) -> String {
    let text: String = text.replace("\r\n", "\n").replace('\r', "\n").nfc().collect();
    let lines: Vec<&str> = text.split('\n').collect();
    let whole = lines.iter().map(|line| crate::words::clean(line)).collect::<Vec<_>>().join("\n");
    whole.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::cleaned;

    #[test]
    fn texts_lose_what_cannot_be_seen_and_keep_their_lines() {
        assert_eq!(cleaned("  A\u{202e}b\r\nca\u{0301}\u{0}\r\n"), "Ab\ncá");
    }
}
