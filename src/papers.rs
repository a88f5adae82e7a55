//! Files that become papers: taken only if name and bytes both say one of the kinds on the list, whoever brings them. Nothing is
//! ever unpacked or looked into further; what a sender says about the kind is not listened to.

use crate::words;

/// Bytes of one paper.
pub const BYTES_MAX: usize = 25 * 1024 * 1024;
/// Characters of a file's name.
const NAME_CHARS_MAX: usize = 120;

/// Why a file is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// There is nothing in it.
    #[error("it is empty")]
    Empty,
    /// It is larger than [`BYTES_MAX`].
    #[error("it is larger than {} MB", BYTES_MAX / 1024 / 1024)]
    Large,
    /// Its kind is not on the list, or its bytes are not what its name says.
    #[error("it is none of {}, or what is in it is not what its name says", endings().collect::<Vec<_>>().join(", "))]
    Kind,
}

/// The last part of the name that came with a file, cleaned. Browsers write a quote in it as `%22`.
pub fn name(given: &str) -> String {
    let last = given.rsplit(['/', '\\']).next().unwrap_or_default();
    let name: String =
        words::clean(&last.replace("%22", "\"")).chars().filter(|letter| !"\"<>|*?:;%".contains(*letter)).collect();
    shortened(name.trim_start_matches('.'))
}

/// The media type of a file, by name and bytes together.
///
/// # Errors
/// It is not taken.
pub fn media(name: &str, content: &[u8]) -> Result<&'static str, Unfit> {
    if content.is_empty() {
        return Err(Unfit::Empty);
    }
    if content.len() > BYTES_MAX {
        return Err(Unfit::Large);
    }
    let kind = KINDS.iter().find(|kind| kind.ends.contains(&extension(name).as_str()));
    kind.filter(|kind| (kind.is)(content)).map(|kind| kind.media).ok_or(Unfit::Kind)
}

/// Whether a browser may show it; everything else is handed over as a file.
pub fn is_shown(name: &str) -> bool {
    KINDS.iter().any(|kind| kind.shown && kind.ends.contains(&extension(name).as_str()))
}

/// The media type that we serve a stored paper with (one of the list, else bytes), and whether a browser may show it.
pub fn served(media: &str) -> (&'static str, bool) {
    let kind = KINDS.iter().find(|kind| kind.media == media);
    kind.map_or(("application/octet-stream", false), |kind| (kind.media, kind.shown))
}

/// The endings of the files that are taken.
pub fn endings() -> impl Iterator<Item = &'static str> {
    KINDS.iter().filter_map(|kind| kind.ends.first().copied())
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
    use super::{Unfit, extension, media, name};

    #[test]
    fn name_and_bytes_must_both_be_on_the_list() {
        assert_eq!(media("to trinh.PDF", b"%PDF-1.7\n"), Ok("application/pdf"));
        assert_eq!(media("a.txt", "Tờ trình\r\n".as_bytes()), Ok("text/plain; charset=utf-8"));
        assert_eq!(
            media("a.docx", b"PK\x03\x04..[Content_Types].xml..word/document.xml"),
            Ok("application/vnd.openxmlformats-officedocument.wordprocessingml.document")
        );
        for (given, content) in [
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
            assert_eq!(media(given, content), Err(Unfit::Kind), "{given}");
        }
        assert_eq!(media("a.pdf", b""), Err(Unfit::Empty));
    }

    #[test]
    fn names_keep_only_their_last_part_and_nothing_that_misleads() {
        assert_eq!(name("../../etc/\u{202e}passwd.pdf"), "passwd.pdf");
        assert_eq!(name("C:\\x\\Biên bản \"họp\".pdf"), "Biên bản họp.pdf");
        let long = name(&format!("{}.pdf", "a".repeat(500)));
        assert_eq!((long.len(), extension(&long)), (120, "pdf".to_owned()));
    }
}
