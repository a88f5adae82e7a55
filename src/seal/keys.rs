//! Master keys from outside the database, what is derived from them, and the keys of one dossier.

use std::collections::BTreeMap;

use hmac::{Hmac, KeyInit as _, Mac as _};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use sha2::Sha256;

use super::{Damaged, put};
use crate::clock::Chance;
use crate::ids::{DossierId, PersonId};

const VERSION: u8 = 1;
/// The dossier's own key stands under this name.
pub(super) const OWN: &str = "-";

/// The master keys, by number: the newest wraps new keys, older ones still unwrap. Kept apart from the database and its
/// backups; without them nobody reads a payload or a box.
#[derive(Clone)]
pub struct MasterKeys {
    keys: BTreeMap<i64, Derived>,
    asked: [u8; 32],
    paper: [u8; 32],
}

#[derive(Clone)]
struct Derived {
    wrap: Key,
    boxes: [u8; 32],
    check: [u8; 32],
    texts: [u8; 32],
}

impl std::fmt::Debug for MasterKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "MasterKeys({} keys)", self.keys.len())
    }
}

impl MasterKeys {
    /// Keys by their numbers (from 0, at most 2^32 - 1); none without at least one. The lowest number also keys the hashes of
    /// commands and papers: it stays as long as those are to be recognised.
    pub fn new(keys: impl IntoIterator<Item = (i64, [u8; 32])>) -> Option<Self> {
        let keys: BTreeMap<i64, [u8; 32]> = keys.into_iter().collect();
        let first = keys.values().next()?;
        let (asked, paper) = (derive(first, &["asked"]), derive(first, &["paper"]));
        let keys = keys
            .into_iter()
            .map(|(number, key)| {
                let wrap = Key::of_bytes(&derive(&key, &["wrap"]));
                let texts = derive(&key, &["texts"]);
                (number, Derived { wrap, boxes: derive(&key, &["boxes"]), check: derive(&key, &["check"]), texts })
            })
            .collect();
        Some(Self { keys, asked, paper })
    }

    /// One key, under number 1.
    ///
    /// # Panics
    /// Never: one key is enough.
    pub fn of_bytes(key: [u8; 32]) -> Self {
        Self::new([(1, key)]).expect("one key is at least one")
    }

    /// A text by which a database recognises the keys it was written with; nothing about them can be learnt from it.
    pub fn check(&self) -> String {
        let first = self.keys.iter().next().expect("there is at least one key");
        format!("{}:{}", first.0, super::hex(&first.1.check[..8]))
    }

    /// The keyed hash by which a command is recognised, in hexadecimal digits.
    pub fn asked(&self, command: &[u8]) -> String {
        super::hex(&keyed(&self.asked, &[command])[..16])
    }

    /// The keyed hash of a paper's bytes, in hexadecimal digits: who knows a paper can show that it is this one, and nobody
    /// without the key can try out which paper it might be.
    pub fn paper(&self, content: &[u8]) -> String {
        super::hex(&keyed(&self.paper, &[content]))
    }

    /// A new random key for a person's part of a dossier, or for the dossier itself (none), and what is stored of it.
    pub fn new_key(&self, dossier: &DossierId, person: Option<&PersonId>, chance: &Chance) -> (Key, Vec<u8>) {
        let (number, derived) = self.keys.iter().next_back().expect("there is at least one key");
        let secret: [u8; 32] = chance.bytes();
        let mut wrapped = vec![VERSION];
        wrapped.extend_from_slice(&u32::try_from(*number).unwrap_or_default().to_be_bytes());
        derived.wrap.seal(&secret, &place(dossier, person), chance, &mut wrapped);
        (Key::of_bytes(&secret), wrapped)
    }

    /// The key behind a stored row.
    ///
    /// # Errors
    /// It was wrapped by a master key that is not here, or was changed.
    pub fn unwrap(&self, dossier: &DossierId, person: Option<&PersonId>, wrapped: &[u8]) -> Result<Key, Damaged> {
        let damaged = || Damaged::of(format!("a key of dossier {dossier}"));
        let (number, rest) = versioned(wrapped).ok_or_else(damaged)?;
        let derived = self.keys.get(&number).ok_or_else(damaged)?;
        let secret = derived.wrap.open(rest, &place(dossier, person)).ok_or_else(damaged)?;
        Ok(Key::of_bytes(&<[u8; 32]>::try_from(secret.as_slice()).map_err(|_| damaged())?))
    }

    /// A text of a row that belongs to no dossier, sealed for that row, in hexadecimal digits.
    pub fn seal_text(&self, row: &str, text: &str, chance: &Chance) -> String {
        let (number, derived) = self.keys.iter().next_back().expect("there is at least one key");
        let mut bytes = vec![VERSION];
        bytes.extend_from_slice(&u32::try_from(*number).unwrap_or_default().to_be_bytes());
        Key::of_bytes(&keyed(&derived.texts, &[row.as_bytes()])).seal(
            text.as_bytes(),
            row.as_bytes(),
            chance,
            &mut bytes,
        );
        super::hex(&bytes)
    }

    /// The text behind it; none where it was changed, is another row's, or was sealed under a key that is not here.
    pub fn open_text(&self, row: &str, sealed: &str) -> Option<String> {
        let bytes = bytes_of(sealed)?;
        let (number, rest) = versioned(&bytes)?;
        let key = Key::of_bytes(&keyed(&self.keys.get(&number)?.texts, &[row.as_bytes()]));
        String::from_utf8(key.open(rest, row.as_bytes())?).ok()
    }

    /// The key of one box, and the number of the master key it comes from.
    pub(super) fn box_key(&self, number: Option<i64>, place: &[u8]) -> Option<(i64, Key)> {
        let (number, derived) = match number {
            Some(number) => (number, self.keys.get(&number)?),
            None => self.keys.iter().next_back().map(|(number, derived)| (*number, derived))?,
        };
        Some((number, Key::of_bytes(&keyed(&derived.boxes, &[place]))))
    }
}

/// The bytes behind hexadecimal digits.
fn bytes_of(hex: &str) -> Option<Vec<u8>> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pair = |pair: &[u8]| match pair {
        [high, low] => Some(digit(high)? << 4 | digit(low)?),
        _ => None,
    };
    hex.as_bytes().chunks(2).map(pair).collect()
}

/// Version and key number off the front.
pub(super) fn versioned(bytes: &[u8]) -> Option<(i64, &[u8])> {
    let (head, rest) = bytes.split_at_checked(5)?;
    let [VERSION, number @ ..] = head else { return None };
    Some((u32::from_be_bytes(number.try_into().ok()?).into(), rest))
}

fn place(dossier: &DossierId, person: Option<&PersonId>) -> Vec<u8> {
    let mut bytes = Vec::new();
    put(&mut bytes, b"chancery key 1");
    put(&mut bytes, dossier.as_str().as_bytes());
    put(&mut bytes, person.map_or(OWN, PersonId::as_str).as_bytes());
    bytes
}

fn derive(key: &[u8; 32], purpose: &[&str]) -> [u8; 32] {
    keyed(key, &purpose.iter().map(|word| word.as_bytes()).collect::<Vec<_>>())
}

fn keyed(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of every length");
    mac.update(b"chancery seal 1");
    for part in parts {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// A key for AES-256-GCM. Nonces are random: one key seals a few hundred times in its life, far below any limit.
#[derive(Clone)]
pub struct Key(std::sync::Arc<LessSafeKey>);

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(..)")
    }
}

impl Key {
    fn of_bytes(secret: &[u8; 32]) -> Self {
        let unbound = UnboundKey::new(&AES_256_GCM, secret).expect("AES-256 takes 32 bytes");
        Self(std::sync::Arc::new(LessSafeKey::new(unbound)))
    }

    /// Appends nonce and sealed bytes.
    pub(super) fn seal(&self, plain: &[u8], aad: &[u8], chance: &Chance, sealed: &mut Vec<u8>) {
        let nonce: [u8; NONCE_LEN] = chance.bytes();
        sealed.extend_from_slice(&nonce);
        let from = sealed.len();
        sealed.extend_from_slice(plain);
        let tag = self
            .0
            .seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), Aad::from(aad), &mut sealed[from..])
            .expect("what we seal is far below 64 GiB");
        sealed.extend_from_slice(tag.as_ref());
    }

    /// Opens nonce and sealed bytes.
    pub(super) fn open(&self, sealed: &[u8], aad: &[u8]) -> Option<Vec<u8>> {
        let (nonce, rest) = sealed.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut bytes = rest.to_vec();
        let length = self.0.open_in_place(nonce, Aad::from(aad), &mut bytes).ok()?.len();
        bytes.truncate(length);
        Some(bytes)
    }
}

/// The keys of one dossier: its own, and those of the people it concerns (an erased person's is missing).
#[derive(Clone, Debug)]
pub struct DossierKeys {
    /// For what is not personal.
    pub own: Key,
    /// The first event that is sealed under it: of those before nothing is left but their headers.
    pub since: i64,
    /// For what is personal, by person.
    pub people: BTreeMap<PersonId, Key>,
}

impl DossierKeys {
    /// If a stored row's `person_id` is the dossier itself: from which event on.
    pub fn is_own(person_id: &str) -> Option<i64> {
        match person_id.strip_prefix(OWN)? {
            "" => Some(1),
            since => since.strip_prefix('@')?.parse().ok(),
        }
    }

    /// How the dossier's own key is named in its row that was made by the event of this number, in place of the one before.
    pub fn own_since(seq: i64) -> String {
        format!("{OWN}@{seq}")
    }

    /// How the dossier's own key is named in its row.
    pub fn own_name() -> &'static str {
        OWN
    }
}

#[cfg(test)]
mod tests {
    use super::MasterKeys;
    use crate::clock::Chance;

    #[test]
    fn a_text_is_opened_for_its_own_row_under_its_own_key_and_by_nothing_else() {
        let (master, chance) = (MasterKeys::new([(1, [1; 32])]).expect("a key"), Chance::seeded(1));
        let sealed = master.seal_text("row-1", "lan@bo.example", &chance);
        assert!(!sealed.contains("lan"), "{sealed}");
        assert_eq!(master.open_text("row-1", &sealed).as_deref(), Some("lan@bo.example"));
        let both = MasterKeys::new([(1, [1; 32]), (2, [2; 32])]).expect("keys");
        assert_eq!(both.open_text("row-1", &sealed).as_deref(), Some("lan@bo.example"), "after a change of keys");
        assert_eq!(MasterKeys::of_bytes([3; 32]).open_text("row-1", &sealed), None);
        assert_eq!(master.open_text("row-2", &sealed), None);
        for broken in ["", "0", "zz", &sealed[..sealed.len() - 2], &sealed.replacen('0', "1", 1), "é"] {
            assert_eq!(master.open_text("row-1", broken), None, "{broken}");
        }
    }
}
