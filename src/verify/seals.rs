//! Opening what is sealed, for whoever brings the master keys.

use std::collections::{BTreeMap, BTreeSet};

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::events::{Event, put};
use super::{Database, Unreadable, hex, list};

/// What is derived from the master keys.
pub(super) struct Masters {
    keys: BTreeMap<i64, (LessSafeKey, [u8; 32])>,
    /// Of the lowest number: keys the hashes of papers.
    paper: [u8; 32],
}

/// The keys of one dossier: its own, and those of people.
pub(super) struct Keys {
    own: LessSafeKey,
    /// The first event under it: what was said before was destroyed, its time of keeping being over.
    pub(super) since: i64,
    people: BTreeMap<String, LessSafeKey>,
}

/// What an event says.
pub(super) struct Content {
    /// In order; null where it belongs to somebody who was erased.
    pub(super) changes: Vec<Value>,
    pub(super) erased: usize,
    /// To whom that belonged.
    pub(super) gone: BTreeSet<String>,
}

const KEYS: &str = "SELECT person_id, wrapped FROM seal_key WHERE dossier_id = $1";

impl Masters {
    pub(super) fn new(keys: &BTreeMap<i64, [u8; 32]>) -> Self {
        let derived = |key: &[u8; 32]| (aes(&keyed(key, b"wrap")), keyed(key, b"boxes"));
        let paper = keys.values().next().map(|first| keyed(first, b"paper")).unwrap_or_default();
        Self { keys: keys.iter().map(|(number, key)| (*number, derived(key))).collect(), paper }
    }

    /// The keys of a dossier, or what is wrong with them.
    pub(super) async fn keys_of(
        &self,
        dossier: &str,
        database: &mut Database,
    ) -> Result<Result<Keys, String>, Unreadable> {
        let (mut own, mut people) = (None, BTreeMap::new());
        for row in database.rows(KEYS, &[dossier]).await? {
            let (person, wrapped) = (row.text(0)?, row.bytes(1)?);
            let Some(key) = self.unwrap(dossier, &person, &wrapped) else {
                return Ok(Err(format!(
                    "the key of `{person}` cannot be unwrapped: changed, or by another master key"
                )));
            };
            if person == "-" {
                own = Some((1, key));
            } else if let Some(since) = person.strip_prefix("-@").and_then(|since| since.parse().ok()) {
                own = Some((since, key));
            } else {
                people.insert(person, key);
            }
        }
        Ok(own.map(|(since, own)| Keys { own, since, people }).ok_or_else(|| "it has no key of its own".to_owned()))
    }

    fn unwrap(&self, dossier: &str, person: &str, wrapped: &[u8]) -> Option<LessSafeKey> {
        let (number, rest) = versioned(wrapped)?;
        let mut place = Vec::new();
        for part in ["chancery key 1", dossier, person] {
            put(&mut place, part.as_bytes());
        }
        let secret = open(&self.keys.get(&number)?.0, rest, &place)?;
        Some(aes(&secret.try_into().ok()?))
    }

    /// The keyed hash of a paper, in hexadecimal digits.
    pub(super) fn paper(&self, content: &[u8]) -> String {
        hex(&keyed(&self.paper, content))
    }

    /// The slips of a box, empty ones too.
    pub(super) fn slips(&self, dossier: &str, activation: u32, row: &str, sealed: &[u8]) -> Option<Vec<u8>> {
        let (number, rest) = versioned(sealed)?;
        let mut place = Vec::new();
        put(&mut place, b"chancery box 1");
        put(&mut place, dossier.as_bytes());
        place.extend(activation.to_be_bytes());
        put(&mut place, row.as_bytes());
        open(&aes(&keyed(&self.keys.get(&number)?.1, &place)), rest, &place)
    }
}

impl Keys {
    /// Whether there is a key for anybody but the dossier.
    pub(super) fn has_people(&self) -> bool {
        !self.people.is_empty()
    }

    /// Whether there is a key for somebody.
    pub(super) fn has(&self, person: &str) -> bool {
        self.people.contains_key(person)
    }

    /// What an event says, or what is wrong with its bytes.
    pub(super) fn open(&self, dossier: &str, event: &Event) -> Result<Content, String> {
        self.opened(dossier, event)
            .ok_or_else(|| format!("event {} cannot be opened: changed, or sealed under another key", event.seq))
    }

    fn opened(&self, dossier: &str, event: &Event) -> Option<Content> {
        let (&[1, a, b, c, d], mut rest) = event.sealed.split_at_checked(5)? else { return None };
        let header = event.header(dossier);
        let mut parts = Vec::new();
        for number in 0..u64::from(u32::from_be_bytes([a, b, c, d])) {
            let mut place = number.to_be_bytes().to_vec();
            place.extend(&header);
            parts.push((take(&mut rest)?, place));
        }
        let mut parts = parts.into_iter();
        let (sealed, place) = parts.next()?;
        let first: Value = serde_json::from_slice(&open(&self.own, sealed, &place)?).ok()?;
        let changes = list(&first, "changes");
        let missing = changes.iter().filter(|change| change.is_null()).count();
        let mut whose: Vec<u64> = list(&first, "apart").iter().filter_map(Value::as_u64).collect();
        whose.resize(missing, 0);
        let mut gone = BTreeSet::new();
        let mut theirs: BTreeMap<u64, std::vec::IntoIter<Value>> = BTreeMap::new();
        for person in whose.iter().copied().collect::<BTreeSet<u64>>() {
            let (sealed, place) = parts.next()?;
            let name = *event.people().get(usize::try_from(person).ok()?)?;
            if let Some(key) = self.people.get(name) {
                let said: Vec<Value> = serde_json::from_slice(&open(key, sealed, &place)?).ok()?;
                theirs.insert(person, said.into_iter());
            } else {
                gone.insert(name.to_owned());
            }
        }
        if !rest.is_empty() || parts.next().is_some() {
            return None;
        }
        let (mut whose, mut erased) = (whose.into_iter(), 0);
        let mut said = Vec::with_capacity(changes.len());
        for change in changes {
            said.push(if change.is_null() {
                if let Some(person) = theirs.get_mut(&whose.next()?) {
                    person.next()?
                } else {
                    erased += 1;
                    Value::Null
                }
            } else {
                change.clone()
            });
        }
        Some(Content { changes: said, erased, gone })
    }
}

fn versioned(bytes: &[u8]) -> Option<(i64, &[u8])> {
    let (&[1, a, b, c, d], rest) = bytes.split_at_checked(5)? else { return None };
    Some((u32::from_be_bytes([a, b, c, d]).into(), rest))
}

fn take<'b>(rest: &mut &'b [u8]) -> Option<&'b [u8]> {
    let (length, after) = rest.split_at_checked(8)?;
    let (part, after) = after.split_at_checked(u64::from_be_bytes(length.try_into().ok()?).try_into().ok()?)?;
    *rest = after;
    Some(part)
}

fn aes(secret: &[u8; 32]) -> LessSafeKey {
    LessSafeKey::new(UnboundKey::new(&AES_256_GCM, secret).expect("AES-256 takes 32 bytes"))
}

fn open(key: &LessSafeKey, sealed: &[u8], place: &[u8]) -> Option<Vec<u8>> {
    let (nonce, rest) = sealed.split_at_checked(NONCE_LEN)?;
    let mut bytes = rest.to_vec();
    let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
    let length = key.open_in_place(nonce, Aad::from(place), &mut bytes).ok()?.len();
    bytes.truncate(length);
    Some(bytes)
}

/// What is derived from a key for a purpose: HMAC-SHA-256 (RFC 2104), written down once more.
fn keyed(key: &[u8; 32], purpose: &[u8]) -> [u8; 32] {
    let pad = |with: u8| -> Vec<u8> { (0..64).map(|at| key.get(at).unwrap_or(&0) ^ with).collect() };
    let mut inner = pad(0x36);
    inner.extend(b"chancery seal 1");
    put(&mut inner, purpose);
    let mut outer = pad(0x5c);
    outer.extend(Sha256::digest(&inner));
    Sha256::digest(&outer).into()
}
