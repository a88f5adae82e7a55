//! Sealing: what stands in events and ballot boxes can be read only with keys that are kept outside the database, and the
//! chain shows whether anything was changed. Knows no database; randomness is handed in.
//!
//! # Bytes
//! `lp(x)` is the length of `x` (8 bytes, big endian) and then `x`; numbers are 8 bytes, big endian.
//!
//! ```text
//! wrapped key   1 | master key number (4) | nonce (12) | AES-256-GCM(wrapping key, 32 bytes of key)       AAD: dossier, person
//! sealed event  1 | parts (4)  then for each part: lp(nonce (12) | AES-256-GCM(key of the part, JSON))    AAD: part, header
//! sealed text   1 | master key number (4) | nonce (12) | AES-256-GCM(key of this row, UTF-8)              AAD: its row
//! sealed box    1 | master key number (4) | nonce (12) | AES-256-GCM(key of this box, one byte a seat)    AAD: its place
//! header        lp(dossier) seq at lp(kind) kind_version lp(actor) lp(subjects) lp(machine) opt(operation) opt(asked)
//! hash          SHA-256(lp(domain) | hash of the event before (32 zero bytes before the first) | lp(header) | lp(sealed))
//! head          SHA-256(lp(domain) | hash of the head before (32 zero bytes before the first) | lp(day) at lp(content))
//! ```
//!
//! The hash is taken over exactly these stored bytes, so the chain is checked without any key. The first part of an event is
//! sealed under the dossier's own key (`-`): `{"actor": .., "changes": [..], "apart": [..]}`, where a change that says something
//! about a person is `null`; `apart` says whose each of these is, by their place in `subjects` (left out: all the first one's).
//! Then comes a part for each of these people, in the order of `subjects`, under their key, with their changes in order.
//! Without that key those read as [`Change::Erased`](crate::dossier::event::Change::Erased).

mod ballots;
mod event;
mod head;
mod keys;

pub use ballots::BoxPlace;
pub use event::{HASH_BEFORE_FIRST, Hash, Header, chain};
pub use head::{HASH_BEFORE_FIRST_HEAD, head};
pub use keys::{DossierKeys, Key, MasterKeys};

/// Sealed bytes cannot be opened: they were changed, or the key is another one. Says nothing about their content.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("sealed bytes of {what} cannot be opened: changed, or sealed under another key")]
pub struct Damaged {
    /// What they are of.
    pub what: String,
}

impl Damaged {
    fn of(what: impl Into<String>) -> Self {
        Self { what: what.into() }
    }
}

/// Puts `x` behind its length.
fn put(bytes: &mut Vec<u8>, part: &[u8]) {
    bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
    bytes.extend_from_slice(part);
}

/// Bytes as hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    text
}
