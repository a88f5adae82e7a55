//! Files that people send: taken only if name and bytes both say one of the kinds on the list. Nothing is ever unpacked or
//! looked into further; what a browser says about the kind is not listened to.

use axum::body::Bytes;

use crate::words;

/// Bytes of one paper.
pub const PAPER_BYTES_MAX: usize = 25 * 1024 * 1024;
/// Characters of a file's name.
const NAME_CHARS_MAX: usize = 120;

/// A file as it came.
#[derive(Clone, Debug)]
pub(super) struct File {
    pub(super) name: String,
    pub(super) content: Bytes,
}

/// Why a file is not taken; the text stands in the catalogue under `refused.<key>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unfit {
    Empty,
    Large,
    Kind,
}

impl Unfit {
    /// The text's key.
    pub(super) fn key(self) -> &'static str {
        match self {
            Self::Empty => "refused.file_empty",
            Self::Large => "refused.file_large",
            Self::Kind => "refused.file_kind",
        }
    }
}

impl File {
    /// A file under the last part of the name that came with it, cleaned. Browsers write a quote in it as `%22`.
    pub(super) fn new(name: &str, content: Bytes) -> Self {
        let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
        let name: String =
            words::clean(&last.replace("%22", "\"")).chars().filter(|letter| !"\"<>|*?:;%".contains(*letter)).collect();
        let name = shortened(name.trim_start_matches('.'));
        Self { name, content }
    }

    /// Its media type, by name and bytes together.
    pub(super) fn media(&self) -> Result<&'static str, Unfit> {
        if self.content.is_empty() {
            return Err(Unfit::Empty);
        }
        if self.content.len() > PAPER_BYTES_MAX {
            return Err(Unfit::Large);
        }
        let kind = KINDS.iter().find(|kind| kind.ends.contains(&extension(&self.name).as_str()));
        kind.filter(|kind| (kind.is)(&self.content)).map(|kind| kind.media).ok_or(Unfit::Kind)
    }
}

/// Whether a browser may show it; everything else is handed over as a file.
pub(super) fn is_shown(name: &str) -> bool {
    KINDS.iter().any(|kind| kind.shown && kind.ends.contains(&extension(name).as_str()))
}

/// The media type that we serve a stored paper with: one of the list, else bytes.
pub(super) fn served(media: &str) -> (&'static str, bool) {
    let kind = KINDS.iter().find(|kind| kind.media == media);
    kind.map_or(("application/octet-stream", false), |kind| (kind.media, kind.shown))
}

struct Kind {
    ends: &'static [&'static str],
    media: &'static str,
    shown: bool,
    is: fn(&[u8]) -> bool,
}

const KINDS: [Kind; 8] = [
    Kind { ends: &["pdf"], media: "application/pdf", shown: true, is: |bytes| bytes.starts_with(b"%PDF-") },
    Kind { ends: &["png"], media: "image/png", shown: true, is: |bytes| bytes.starts_with(b"\x89PNG\r\n\x1a\n") },
    Kind { ends: &["jpg", "jpeg"], media: "image/jpeg", shown: true, is: |bytes| bytes.starts_with(b"\xff\xd8\xff") },
    Kind {
        ends: &["docx"],
        media: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        shown: false,
        is: |bytes| is_office(bytes, b"word/"),
    },
    Kind {
        ends: &["xlsx"],
        media: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        shown: false,
        is: |bytes| is_office(bytes, b"xl/"),
    },
    Kind {
        ends: &["odt"],
        media: "application/vnd.oasis.opendocument.text",
        shown: false,
        is: |bytes| {
            is_zip(bytes) && has(&bytes[..bytes.len().min(120)], b"mimetypeapplication/vnd.oasis.opendocument.text")
        },
    },
    Kind { ends: &["csv"], media: "text/csv; charset=utf-8", shown: false, is: is_text },
    Kind { ends: &["txt"], media: "text/plain; charset=utf-8", shown: false, is: is_text },
];

fn is_zip(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04")
}

/// The names of a package's parts stand in its headers uncompressed.
fn is_office(bytes: &[u8], part: &[u8]) -> bool {
    is_zip(bytes) && has(bytes, b"[Content_Types].xml") && has(bytes, part)
}

fn has(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

fn is_text(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes)
        .is_ok_and(|text| !text.chars().any(|letter| letter.is_control() && !['\n', '\r', '\t'].contains(&letter)))
}

fn extension(name: &str) -> String {
    name.rsplit_once('.').map(|(_, end)| end.to_ascii_lowercase()).unwrap_or_default()
}

fn shortened(name: &str) -> String {
    if name.chars().count() <= NAME_CHARS_MAX {
        return if name.is_empty() { "file".to_owned() } else { name.to_owned() };
    }
    let end = extension(name);
    let keep = NAME_CHARS_MAX.saturating_sub(end.chars().count() + 1);
    format!("{}.{end}", name.chars().take(keep).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::{File, Unfit};

    fn media(name: &str, content: &'static [u8]) -> Result<&'static str, Unfit> {
        File::new(name, content.into()).media()
    }

    #[test]
    fn name_and_bytes_must_both_be_on_the_list() {
        assert_eq!(media("to trinh.PDF", b"%PDF-1.7\n"), Ok("application/pdf"));
        assert_eq!(media("a.txt", "Tờ trình\r\n".as_bytes()), Ok("text/plain; charset=utf-8"));
        assert_eq!(
            media("a.docx", b"PK\x03\x04..[Content_Types].xml..word/document.xml"),
            Ok("application/vnd.openxmlformats-officedocument.wordprocessingml.document")
        );
        for (name, content) in [
            ("a.svg", b"<svg/>".as_slice()),
            ("a.html", b"<html>"),
            ("a.pdf", b"<html>"),
            ("a.png", b"%PDF-1.7"),
            ("a.pdf.exe", b"%PDF-1.7"),
            ("a", b"%PDF-1.7"),
            ("a.zip", b"PK\x03\x04"),
            ("a.docx", b"PK\x03\x04..xl/"),
            ("a.txt", b"\x00\x01"),
            ("a.csv", b"\xff\xfe"),
        ] {
            assert_eq!(media(name, content), Err(Unfit::Kind), "{name}");
        }
        assert_eq!(media("a.pdf", b""), Err(Unfit::Empty));
    }

    #[test]
    fn names_keep_only_their_last_part_and_nothing_that_misleads() {
        assert_eq!(File::new("../../etc/\u{202e}passwd.pdf", "x".into()).name, "passwd.pdf");
        assert_eq!(File::new("C:\\x\\Biên bản \"họp\".pdf", "x".into()).name, "Biên bản họp.pdf");
        let long = File::new(&format!("{}.pdf", "a".repeat(500)), "x".into()).name;
        assert_eq!((long.len(), super::extension(&long)), (120, "pdf".to_owned()));
    }
}
