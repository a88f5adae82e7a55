//! Tokens of links and return paths: as they come, and as ours with something changed. The first byte says what is changed.

use chancery::ids::{DossierId, MailId, PersonId};
use chancery::links::{Bound, LinkKeys, ReturnPath, task_of_row, task_row};

const BASE: &str = "bounces@office.example.vn";

/// One piece of a text exchanged: where, how much, and with what is said by the bytes.
fn changed(text: &str, bytes: &[u8]) -> String {
    let [at, length, with @ ..] = bytes else { return text.to_owned() };
    let at = usize::from(*at) % (text.len() + 1);
    let end = (at + usize::from(*length) % 8).min(text.len());
    format!("{}{}{}", &text[..at], String::from_utf8_lossy(with), &text[end..])
}

pub(super) fn try_bytes(bytes: &[u8]) {
    let Some((what, rest)) = bytes.split_first() else { return };
    let keys = LinkKeys::new([(1, [7; 32]), (2, [8; 32])]);
    let (dossier, person) = (DossierId::from("0123456789abcdef"), PersonId::from("p-1"));
    let row = task_row(&dossier, "12-act");
    let bound = Bound { row: &row, person: &person, activation: "0123456789abcdef:3", purpose: "act", generation: 1 };
    let token = keys.token(1, &bound).expect("the key is there");
    let mail = MailId::new("2".repeat(26));
    let path = keys.return_path(BASE, 1, &mail, 12).expect("the key is there");
    let sent = match what % 4 {
        0 => super::text(rest),
        1 => changed(&token, rest),
        2 => changed(&path, rest),
        _ => {
            // A row of any name goes into a token and comes out again, and opens no other row.
            let name = super::text(rest);
            let other = Bound { row: &name, ..bound.clone() };
            let Some(made) = keys.token(2, &other) else { return };
            if let Some(read) = LinkKeys::present(&made) {
                assert_eq!(read.row, name);
                assert!(keys.verifies(&read, 2, &other) && (name == row || !keys.verifies(&read, 2, &bound)));
            } else {
                assert!(made.len() > 256, "our own token is not read");
            }
            if let Some((dossier, task)) = task_of_row(&name) {
                assert_eq!(task_row(&dossier, task), name);
            }
            return;
        }
    };
    if let Some(read) = LinkKeys::present(&sent) {
        assert!(keys.verifies(&read, 1, &bound) == (sent == token), "{sent} is taken for {token}");
        for wrong in [
            Bound { purpose: "ballot", ..bound.clone() },
            Bound { generation: 2, ..bound.clone() },
            Bound { activation: "0123456789abcdef:4", ..bound.clone() },
            Bound { person: &PersonId::from("p-2"), ..bound.clone() },
        ] {
            assert!(!keys.verifies(&read, 1, &wrong), "{sent} opens {wrong:?}");
        }
        assert!(!keys.verifies(&read, 2, &bound) && !keys.verifies(&read, 3, &bound));
    }
    if let Some(read) = ReturnPath::read(BASE, &sent)
        && keys.returns(&read, 1)
    {
        assert_eq!((&read.mail, read.generation), (&mail, 12), "{sent} is taken for ours");
        // Servers may write it in large letters; nothing else is the same.
        assert!(sent.eq_ignore_ascii_case(&path), "{sent} is taken for {path}");
    }
}
