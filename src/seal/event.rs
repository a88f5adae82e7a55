//! Sealed events and the chain over them.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{Damaged, DossierKeys, put};
use crate::clock::Chance;
use crate::dossier::command::Actor;
use crate::dossier::event::{Change, Event};
use crate::ids::PersonId;

const VERSION: u8 = 1;
const DOMAIN: &[u8] = b"chancery event 1";

/// A hash of the chain.
pub type Hash = [u8; 32];

/// Before a dossier's first event.
pub const HASH_BEFORE_FIRST: Hash = [0; 32];

/// What auditors may read without a key; every column of the row but the sealed bytes and the hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header<'a> {
    /// The dossier.
    pub dossier: &'a str,
    /// The event's number.
    pub seq: i64,
    /// When, in milliseconds.
    pub at: i64,
    /// What it was.
    pub kind: &'a str,
    /// The version of its kind.
    pub kind_version: i64,
    /// Who, by random id.
    pub actor: &'a str,
    /// Whom it is about, by random id; empty for nobody.
    pub subjects: &'a str,
    /// The version of the workflow.
    pub machine: &'a str,
    /// The operation, on the first event of a command.
    pub operation: Option<&'a str>,
    /// The keyed hash of the command.
    pub asked: Option<&'a str>,
}

/// What stands in the first part.
#[derive(Serialize)]
struct Written<'a> {
    actor: &'a Actor,
    changes: Vec<Option<&'a Change>>,
}

#[derive(Deserialize)]
struct Read {
    actor: Actor,
    changes: Vec<Option<Change>>,
}

impl Header<'_> {
    /// Its bytes, as the chain takes them.
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(320);
        put(&mut bytes, self.dossier.as_bytes());
        bytes.extend_from_slice(&self.seq.to_be_bytes());
        bytes.extend_from_slice(&self.at.to_be_bytes());
        put(&mut bytes, self.kind.as_bytes());
        bytes.extend_from_slice(&self.kind_version.to_be_bytes());
        for part in [self.actor, self.subjects, self.machine] {
            put(&mut bytes, part.as_bytes());
        }
        for part in [self.operation, self.asked] {
            bytes.push(u8::from(part.is_some()));
            put(&mut bytes, part.unwrap_or_default().as_bytes());
        }
        bytes
    }

    /// Seals an event under the dossier's own key and, what is personal in it, under the key of the person in `subjects`.
    pub fn seal(&self, event: &Event, keys: &DossierKeys, chance: &Chance) -> Vec<u8> {
        let person = (!self.subjects.is_empty()).then(|| keys.people.get(&PersonId::from(self.subjects))).flatten();
        let apart = |change: &Change| person.is_some() && change.personal();
        let written = Written {
            actor: &event.actor,
            changes: event.changes.iter().map(|change| (!apart(change)).then_some(change)).collect(),
        };
        let header = self.bytes();
        let mut sealed = vec![VERSION, 1];
        let mut add = |key: &super::Key, number: u8, json: &[u8]| {
            let mut part = Vec::with_capacity(json.len() + 28);
            key.seal(json, &aad(&header, number), chance, &mut part);
            put(&mut sealed, &part);
        };
        add(&keys.own, 0, &json(&written));
        let personal: Vec<&Change> = event.changes.iter().filter(|change| apart(change)).collect();
        if let Some(key) = person
            && !personal.is_empty()
        {
            add(key, 1, &json(&personal));
            sealed[1] = 2;
        }
        sealed
    }

    /// Opens an event; what was sealed for a person whose key is gone reads as erased.
    ///
    /// # Errors
    /// The bytes or the header were changed.
    pub fn open(&self, sealed: &[u8], keys: &DossierKeys) -> Result<(Actor, Vec<Change>), Damaged> {
        let damaged = || Damaged::of(format!("event {} of dossier {}", self.seq, self.dossier));
        let (&[VERSION, parts], mut rest) = sealed.split_at_checked(2).ok_or_else(damaged)? else {
            return Err(damaged());
        };
        let header = self.bytes();
        let first = take(&mut rest).ok_or_else(damaged)?;
        let plain = keys.own.open(first, &aad(&header, 0)).ok_or_else(damaged)?;
        let read: Read = serde_json::from_slice(&plain).map_err(|_| damaged())?;
        let mut personal: Option<std::vec::IntoIter<Change>> = None;
        if parts == 2 {
            let second = take(&mut rest).ok_or_else(damaged)?;
            if let Some(key) = keys.people.get(&PersonId::from(self.subjects)) {
                let plain = key.open(second, &aad(&header, 1)).ok_or_else(damaged)?;
                let changes: Vec<Change> = serde_json::from_slice(&plain).map_err(|_| damaged())?;
                personal = Some(changes.into_iter());
            }
        }
        if !rest.is_empty() {
            return Err(damaged());
        }
        let changes = read.changes.into_iter().map(|change| match (change, personal.as_mut()) {
            (Some(change), _) => Ok(change),
            (None, Some(personal)) => personal.next().ok_or_else(damaged),
            (None, None) => Ok(Change::Erased),
        });
        Ok((read.actor, changes.collect::<Result<_, _>>()?))
    }
}

/// The hash of an event, over its exact stored bytes and the hash of the one before.
pub fn chain(previous: &Hash, header: &Header<'_>, sealed: &[u8]) -> Hash {
    let mut bytes = Vec::with_capacity(sealed.len() + 420);
    put(&mut bytes, DOMAIN);
    bytes.extend_from_slice(previous);
    put(&mut bytes, &header.bytes());
    put(&mut bytes, sealed);
    Sha256::digest(&bytes).into()
}

fn json<T: Serialize>(value: &T) -> Vec<u8> {
    serde_json::to_vec(value).expect("changes have only string keys and finite numbers")
}

fn aad(header: &[u8], part: u8) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(header.len() + 1);
    bytes.push(part);
    bytes.extend_from_slice(header);
    bytes
}

fn take<'b>(rest: &mut &'b [u8]) -> Option<&'b [u8]> {
    let (length, after) = rest.split_at_checked(8)?;
    let length = usize::try_from(u64::from_be_bytes(length.try_into().ok()?)).ok()?;
    let (part, after) = after.split_at_checked(length)?;
    *rest = after;
    Some(part)
}

#[cfg(test)]
mod tests {
    use super::{HASH_BEFORE_FIRST, Header, chain};
    use crate::clock::Chance;
    use crate::dossier::command::Actor;
    use crate::dossier::event::{Change, Event, Kind};
    use crate::ids::{DossierId, Instant, PersonId};
    use crate::seal::{DossierKeys, MasterKeys};

    fn event() -> Event {
        Event {
            seq: 3,
            at: Instant(9),
            kind: Kind::Acted,
            actor: Actor::Operator { operator: "root".to_owned(), person: PersonId::from("p1") },
            changes: vec![
                Change::Captioned("Lý Thị Sen".to_owned()),
                Change::Reached("half".to_owned()),
                Change::Captioned("Lý Thị Sen (2)".to_owned()),
            ],
        }
    }

    fn header(subjects: &str) -> Header<'_> {
        Header {
            dossier: "d1",
            seq: 3,
            at: 9,
            kind: "acted",
            kind_version: 1,
            actor: "operator:p1",
            subjects,
            machine: "m",
            operation: Some("o"),
            asked: None,
        }
    }

    fn keys(chance: &Chance) -> DossierKeys {
        let (master, dossier, person) = (MasterKeys::of_bytes([1; 32]), DossierId::from("d1"), PersonId::from("p9"));
        let (own, wrapped) = master.new_key(&dossier, None, chance);
        assert!(master.unwrap(&dossier, None, &wrapped).is_ok());
        assert!(master.unwrap(&dossier, Some(&person), &wrapped).is_err(), "a key is bound to its place");
        assert!(MasterKeys::of_bytes([2; 32]).unwrap(&dossier, None, &wrapped).is_err());
        let (key, _) = master.new_key(&dossier, Some(&person), chance);
        DossierKeys { own, people: [(person, key)].into() }
    }

    #[test]
    fn an_event_comes_back_in_order_and_without_a_persons_key_only_their_part_is_gone() {
        let chance = Chance::seeded(1);
        let mut keys = keys(&chance);
        let (event, header) = (event(), header("p9"));
        let sealed = header.seal(&event, &keys, &chance);
        assert!(!sealed.windows(3).any(|bytes| bytes == b"Sen" || bytes == b"alf"));
        assert_eq!(header.open(&sealed, &keys), Ok((event.actor.clone(), event.changes.clone())));
        keys.people.clear();
        let (_, changes) = header.open(&sealed, &keys).expect("the rest is there");
        assert_eq!(changes, [Change::Erased, event.changes[1].clone(), Change::Erased]);
    }

    #[test]
    fn a_dossier_about_nobody_is_sealed_whole_under_its_own_key() {
        let chance = Chance::seeded(1);
        let keys = keys(&chance);
        let (event, header) = (event(), header(""));
        let sealed = header.seal(&event, &keys, &chance);
        assert_eq!(header.open(&sealed, &keys), Ok((event.actor, event.changes)));
    }

    #[test]
    fn no_byte_of_event_or_header_can_be_changed_unseen() {
        let chance = Chance::seeded(1);
        let keys = keys(&chance);
        let (event, right) = (event(), header("p9"));
        let sealed = right.seal(&event, &keys, &chance);
        let hash = chain(&HASH_BEFORE_FIRST, &right, &sealed);
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(right.open(&changed, &keys).is_err(), "byte {at}");
            assert_ne!(chain(&HASH_BEFORE_FIRST, &right, &changed), hash);
        }
        for other in [
            Header { seq: 4, ..right },
            Header { at: 10, ..right },
            Header { actor: "clock", ..right },
            Header { operation: None, ..right },
            Header { asked: Some(""), ..right },
            Header { dossier: "d2", ..right },
        ] {
            assert!(other.open(&sealed, &keys).is_err(), "{other:?}");
            assert_ne!(chain(&HASH_BEFORE_FIRST, &other, &sealed), hash);
        }
        assert_ne!(chain(&[1; 32], &right, &sealed), hash);
        assert!(right.open(&sealed[..sealed.len() - 1], &keys).is_err());
        assert!(right.open(&[], &keys).is_err());
    }
}
