//! Links that are mailed: tokens over rows. Pure; nothing stored lets anyone make one.
//!
//! A token is base64url, without padding and in its one canonical form, of
//!
//! ```text
//! version (1 byte, 1) | key number (4 bytes, big endian) | row id (UTF-8) | HMAC-SHA256 (32 bytes)
//! ```
//!
//! and the HMAC is taken over a domain and every part of [`Bound`], each with its length before it. Version and key number
//! are covered too, so that no letter of a token can be changed.

mod base64url;
mod pin;
mod return_path;

use std::collections::BTreeMap;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::ids::{DossierId, PersonId, WorkflowName};

pub use pin::{DIGITS as PIN_DIGITS, PinHash};
pub use return_path::{BASE_MAX, ReturnPath};

const VERSION: u8 = 1;
const DOMAIN: &str = "chancery link 1";
/// Bytes before the row id and after it.
const HEAD: usize = 5;
const MAC: usize = 32;
/// Row ids are short; a longer token is nobody's.
const TOKEN_MAX: usize = 256;

/// The secret keys, by number; the newest signs, older ones still verify until they are revoked.
#[derive(Clone)]
pub struct LinkKeys {
    keys: BTreeMap<i64, [u8; 32]>,
}

/// What a link is bound to: a row (a task or a mail), the person, the activation, the purpose and the row's generation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bound<'a> {
    /// The row: a task ([`task_row`]), or for a desk link the id of a mail.
    pub row: &'a str,
    /// To whom it was sent.
    pub person: &'a PersonId,
    /// `dossier:activation`, or empty for a desk.
    pub activation: &'a str,
    /// `act`, `ballot`, `tally`, `confirm`, `desk`.
    pub purpose: &'a str,
    /// Raised when the row is readdressed.
    pub generation: i64,
}

fn start_bound<'a>(row: &'a str, nobody: &'a PersonId) -> Bound<'a> {
    Bound { row, person: nobody, activation: "", purpose: "start", generation: 0 }
}

/// How a link names a task: by its dossier and its id among the tasks of that.
pub fn task_row(dossier: &DossierId, id: &str) -> String {
    format!("{dossier}.{id}")
}

/// The dossier and the task that a link's row names; none for another kind of row.
pub fn task_of_row(row: &str) -> Option<(DossierId, &str)> {
    let (dossier, id) = row.rsplit_once('.')?;
    Some((DossierId::from(dossier), id))
}

/// A token taken apart, before anything is known about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Presented {
    /// Which key it says signed it.
    pub key: i64,
    /// Which row it names.
    pub row: String,
    mac: [u8; MAC],
}

impl std::fmt::Debug for LinkKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "LinkKeys({} keys)", self.keys.len())
    }
}

impl LinkKeys {
    /// Keys by their numbers (from 0, at most 2^32 - 1). A number is never used for another key.
    pub fn new(keys: impl IntoIterator<Item = (i64, [u8; 32])>) -> Self {
        Self { keys: keys.into_iter().collect() }
    }

    /// One key, under number 1.
    pub fn of_bytes(key: [u8; 32]) -> Self {
        Self::new([(1, key)])
    }

    /// The number of the key that signs new links.
    pub fn newest(&self) -> i64 {
        self.keys.keys().last().copied().unwrap_or_default()
    }

    /// The token for a row, signed by the key whose number stands in that row; none when that key was revoked.
    pub fn token(&self, key: i64, bound: &Bound<'_>) -> Option<String> {
        let mac = self.mac(key, bound)?;
        let mut bytes = Vec::with_capacity(HEAD + bound.row.len() + MAC);
        bytes.push(VERSION);
        bytes.extend_from_slice(&u32::try_from(key).ok()?.to_be_bytes());
        bytes.extend_from_slice(bound.row.as_bytes());
        bytes.extend_from_slice(&mac.finalize().into_bytes());
        Some(base64url::encode(&bytes))
    }

    /// Takes a token apart; nothing is believed yet.
    pub fn present(token: &str) -> Option<Presented> {
        if token.len() > TOKEN_MAX {
            return None;
        }
        let bytes = base64url::decode(token)?;
        let (head, rest) = bytes.split_at_checked(HEAD)?;
        let (row, mac) = rest.split_at_checked(rest.len().checked_sub(MAC)?)?;
        let [VERSION, key @ ..] = head else { return None };
        Some(Presented {
            key: u32::from_be_bytes(key.try_into().ok()?).into(),
            row: std::str::from_utf8(row).ok()?.to_owned(),
            mac: mac.try_into().ok()?,
        })
    }

    /// Whether the token was made for this row: the key must be the row's, the comparison takes constant time.
    pub fn verifies(&self, presented: &Presented, key: i64, bound: &Bound<'_>) -> bool {
        presented.key == key
            && presented.row == bound.row
            && self.mac(key, bound).is_some_and(|mac| mac.verify_slice(&presented.mac).is_ok())
    }

    /// The eight digits that are mailed to somebody who asked to sign in, for the id of what they asked for; none when that key was
    /// revoked.
    pub fn code(&self, key: i64, asked: &str, person: &PersonId) -> Option<String> {
        let bound = Bound { row: asked, person, activation: "", purpose: "code", generation: 0 };
        let mac = self.mac(key, &bound)?.finalize().into_bytes();
        let number = mac.iter().take(8).fold(0, |number: u64, byte| number << 8 | u64::from(*byte));
        Some(format!("{:08}", number % 100_000_000))
    }

    /// The token of a link by which somebody from outside opens a dossier of a workflow; none when its key was revoked.
    pub fn start_token(&self, key: i64, workflow: &WorkflowName, id: &str) -> Option<String> {
        let row = format!("{workflow}.{id}");
        self.token(key, &start_bound(&row, &PersonId::new("")))
    }

    /// The workflow and the id for which such a token was made; none where it was not.
    pub fn started_by(&self, token: &str) -> Option<(WorkflowName, String)> {
        let presented = Self::present(token)?;
        if !self.verifies(&presented, presented.key, &start_bound(&presented.row, &PersonId::new(""))) {
            return None;
        }
        let (workflow, id) = presented.row.rsplit_once('.')?;
        Some((WorkflowName::new(workflow), id.to_owned()))
    }

    /// A keyed hash of something that is to be counted and not to be known: a mailbox, a network address.
    pub fn counted(&self, what: &str, of: &str) -> Option<String> {
        self.keyed(self.newest(), what, of)
    }

    fn keyed(&self, key: i64, what: &str, of: &str) -> Option<String> {
        let bound = Bound { row: of, person: &PersonId::new(""), activation: what, purpose: "keyed", generation: 0 };
        Some(base64url::encode(&self.mac(key, &bound)?.finalize().into_bytes()))
    }

    fn mac(&self, key: i64, bound: &Bound<'_>) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.keys.get(&key)?).ok()?;
        let generation = bound.generation.to_be_bytes();
        let parts: [&[u8]; 8] = [
            DOMAIN.as_bytes(),
            &[VERSION],
            &key.to_be_bytes(),
            bound.row.as_bytes(),
            bound.person.as_str().as_bytes(),
            bound.activation.as_bytes(),
            bound.purpose.as_bytes(),
            &generation,
        ];
        for part in parts {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        Some(mac)
    }
}

#[cfg(test)]
mod tests {
    use super::{Bound, LinkKeys};
    use crate::ids::PersonId;

    fn bound<'a>(row: &'a str, person: &'a PersonId, activation: &'a str) -> Bound<'a> {
        Bound { row, person, activation, purpose: "act", generation: 1 }
    }

    fn keys() -> LinkKeys {
        LinkKeys::new([(1, [7; 32]), (2, [8; 32])])
    }

    #[test]
    fn a_token_verifies_for_its_row_and_for_nothing_else() {
        let (keys, person, other) = (keys(), PersonId::from("p1"), PersonId::from("p2"));
        let right = bound("task-1", &person, "d1:3");
        let token = keys.token(1, &right).expect("key 1 is there");
        let presented = LinkKeys::present(&token).expect("our own token");
        assert_eq!((presented.key, presented.row.as_str()), (1, "task-1"));
        assert!(keys.verifies(&presented, 1, &right));
        for wrong in [
            bound("task-2", &person, "d1:3"),
            bound("task-1", &other, "d1:3"),
            bound("task-1", &person, "d1:4"),
            Bound { purpose: "ballot", ..right.clone() },
            Bound { generation: 2, ..right.clone() },
        ] {
            assert!(!keys.verifies(&presented, 1, &wrong), "{wrong:?}");
        }
        assert!(!keys.verifies(&presented, 2, &right), "the row says another key");
        assert!(!LinkKeys::of_bytes([9; 32]).verifies(&presented, 1, &right), "another secret");
        assert!(!LinkKeys::new([(2, [8; 32])]).verifies(&presented, 1, &right), "a revoked key");
    }

    #[test]
    fn the_parts_of_a_bound_cannot_flow_into_each_other() {
        let (keys, ab, a) = (keys(), PersonId::from("ab"), PersonId::from("a"));
        let token = keys.token(1, &bound("t", &ab, "c")).expect("key 1 is there");
        let presented = LinkKeys::present(&token).expect("our own token");
        assert!(!keys.verifies(&presented, 1, &bound("t", &a, "bc")));
    }

    #[test]
    fn a_token_with_one_letter_changed_is_not_verified() {
        let (keys, person) = (keys(), PersonId::from("p1"));
        let right = bound("task-1", &person, "d1:3");
        let token = keys.token(2, &right).expect("key 2 is there");
        for at in 0..token.len() {
            for letter in "AQgw09-_=.".chars() {
                let mut changed: String = token.clone();
                changed.replace_range(at..=at, letter.encode_utf8(&mut [0; 4]));
                if changed == token {
                    continue;
                }
                let believed =
                    LinkKeys::present(&changed).is_some_and(|presented| keys.verifies(&presented, 2, &right));
                assert!(!believed, "{changed}");
            }
        }
        assert!(LinkKeys::present("").is_none());
        assert!(LinkKeys::present(&"A".repeat(400)).is_none());
        assert!(LinkKeys::present(&token[..token.len() - 1]).is_none_or(|cut| !keys.verifies(&cut, 2, &right)));
    }

    #[test]
    fn a_code_is_eight_digits_for_one_person_and_one_asking() {
        let (keys, person, other) = (keys(), PersonId::from("p1"), PersonId::from("p2"));
        let code = keys.code(1, "asked", &person).expect("key 1 is there");
        assert!(code.len() == 8 && code.bytes().all(|digit| digit.is_ascii_digit()), "{code}");
        assert_eq!(keys.code(1, "asked", &person), Some(code.clone()), "a second attempt at the mail brings the same");
        for (key, asked, whose) in [(2, "asked", &person), (1, "again", &person), (1, "asked", &other)] {
            assert_ne!(keys.code(key, asked, whose), Some(code.clone()));
        }
        assert_eq!(keys.code(3, "asked", &person), None, "a revoked key");
    }

    #[test]
    fn a_link_that_opens_a_dossier_is_for_one_workflow_and_one_asking() {
        let keys = keys();
        let token = keys.start_token(1, &"case".into(), "asked").expect("key 1 is there");
        assert_eq!(keys.started_by(&token), Some(("case".into(), "asked".to_owned())));
        assert_ne!(keys.start_token(1, &"other".into(), "asked"), Some(token.clone()));
        assert_eq!(LinkKeys::of_bytes([9; 32]).started_by(&token), None, "another secret");
        assert_eq!(LinkKeys::new([(2, [8; 32])]).started_by(&token), None, "a revoked key");
        let nobody = PersonId::from("");
        let desk = Bound { purpose: "desk", ..bound("case.asked", &nobody, "") };
        assert_eq!(keys.started_by(&keys.token(1, &desk).expect("key 1 is there")), None, "another link");
    }

    #[test]
    fn debug_shows_no_secret() {
        assert_eq!(format!("{:?}", keys()), "LinkKeys(2 keys)");
    }
}
