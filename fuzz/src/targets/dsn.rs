//! Reports of mail servers about our mails.

use chancery::bounces::report::{Report, read};

pub(super) fn try_bytes(bytes: &[u8]) {
    let report = read(bytes);
    assert_eq!(read(bytes), report, "the same mail says the same");
    let (Report::Failed(words) | Report::Delayed(words)) = &report else { return };
    assert!(words.chars().count() <= 500 && !words.contains(char::is_control), "{words:?}");
    // Where nothing is encoded, what is reported stands there to be read: a status part, and what it says of somebody.
    let raw = String::from_utf8_lossy(bytes).to_ascii_lowercase();
    if !raw.contains("base64") && !raw.contains("quoted-printable") {
        assert!(raw.contains("delivery-status"), "{report:?} of no report");
        let said = match report {
            Report::Failed(_) => raw.contains("failed") || raw.contains('5'),
            _ => raw.contains("delayed") || raw.contains('4'),
        };
        assert!(said && (raw.contains("action") || raw.contains("status")), "{words:?} is said nowhere");
    }
}
