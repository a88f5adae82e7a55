//! Sealed events and the chain over them.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{Damaged, DossierKeys, Key, put};
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
    /// Whom it is about, by random ids with commas between; empty for nobody.
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
    /// For each change that stands apart: whose it is, by their place in `subjects`. Not written where all are the first's.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    apart: Vec<usize>,
}

#[derive(Deserialize)]
struct Read {
    actor: Actor,
    changes: Vec<Option<Change>>,
    #[serde(default)]
    apart: Vec<usize>,
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

    /// Seals an event under the dossier's own key and, what says something about a person (`concerns`, for each change), under
    /// the key of that person, who stands in `subjects`.
    pub fn seal(&self, event: &Event, concerns: &[Option<&PersonId>], keys: &DossierKeys, chance: &Chance) -> Vec<u8> {
        let people: Vec<(&str, Option<&Key>)> =
            self.people().map(|person| (person, keys.people.get(&PersonId::from(person)))).collect();
        let whose = |place: usize| {
            let person = concerns.get(place).copied().flatten()?;
            people.iter().position(|(known, key)| *known == person.as_str() && key.is_some())
        };
        let whose: Vec<Option<usize>> = (0..event.changes.len()).map(whose).collect();
        let mut apart: Vec<usize> = whose.iter().copied().flatten().collect();
        if apart.iter().all(|place| *place == 0) {
            apart.clear();
        }
        let of = |person: Option<usize>| {
            event.changes.iter().zip(&whose).map(move |(one, of)| (*of == person).then_some(one))
        };
        let header = self.bytes();
        let mut parts: Vec<Vec<u8>> = Vec::with_capacity(2);
        let mut add = |key: &Key, json: &[u8]| {
            let mut part = Vec::with_capacity(json.len() + 28);
            key.seal(json, &aad(&header, parts.len()), chance, &mut part);
            parts.push(part);
        };
        add(&keys.own, &json(&Written { actor: &event.actor, changes: of(None).collect(), apart }));
        for (place, (_, key)) in people.iter().enumerate() {
            let personal: Vec<&Change> = of(Some(place)).flatten().collect();
            if let Some(key) = key
                && !personal.is_empty()
            {
                add(key, &json(&personal));
            }
        }
        let mut sealed = vec![VERSION];
        sealed.extend_from_slice(&u32::try_from(parts.len()).unwrap_or(u32::MAX).to_be_bytes());
        for part in &parts {
            put(&mut sealed, part);
        }
        sealed
    }

    /// Opens an event; what was sealed for a person whose key is gone reads as erased.
    ///
    /// # Errors
    /// The bytes or the header were changed.
    pub fn open(&self, sealed: &[u8], keys: &DossierKeys) -> Result<(Actor, Vec<Change>), Damaged> {
        self.opened(sealed, keys).ok_or_else(|| Damaged::of(format!("event {} of dossier {}", self.seq, self.dossier)))
    }

    fn opened(&self, sealed: &[u8], keys: &DossierKeys) -> Option<(Actor, Vec<Change>)> {
        let (&[VERSION, a, b, c, d], mut rest) = sealed.split_at_checked(5)? else { return None };
        let count = u32::from_be_bytes([a, b, c, d]) as usize;
        let header = self.bytes();
        let plain = keys.own.open(take(&mut rest)?, &aad(&header, 0))?;
        let read: Read = serde_json::from_slice(&plain).ok()?;
        // Whose each change is that stands apart, in order.
        let mut apart = read.apart;
        apart.resize(read.changes.iter().filter(|change| change.is_none()).count(), 0);
        let mut personal = BTreeMap::new();
        for (number, place) in apart.iter().copied().collect::<BTreeSet<usize>>().into_iter().enumerate() {
            let (part, person) = (take(&mut rest)?, self.people().nth(place)?);
            if let Some(key) = keys.people.get(&PersonId::from(person)) {
                let plain = key.open(part, &aad(&header, number + 1))?;
                personal.insert(place, serde_json::from_slice::<Vec<Change>>(&plain).ok()?.into_iter());
            }
        }
        if !rest.is_empty() || count != 1 + apart.iter().collect::<BTreeSet<_>>().len() {
            return None;
        }
        let mut apart = apart.into_iter();
        let changes = read.changes.into_iter().map(|change| match change {
            Some(change) => Some(change),
            None => match personal.get_mut(&apart.next()?) {
                Some(theirs) => theirs.next(),
                None => Some(Change::Erased),
            },
        });
        Some((read.actor, changes.collect::<Option<_>>()?))
    }

    fn people(&self) -> impl Iterator<Item = &str> {
        self.subjects.split(',').filter(|person| !person.is_empty())
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

fn aad(header: &[u8], part: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(header.len() + 8);
    bytes.extend_from_slice(&(part as u64).to_be_bytes());
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

    /// The changes of [`event`] as those of a person; the milestone is nobody's.
    fn of(person: &PersonId) -> [Option<&PersonId>; 3] {
        [Some(person), None, Some(person)]
    }

    fn keys(chance: &Chance) -> DossierKeys {
        let (master, dossier, person) = (MasterKeys::of_bytes([1; 32]), DossierId::from("d1"), PersonId::from("p9"));
        let (own, wrapped) = master.new_key(&dossier, None, chance);
        assert!(master.unwrap(&dossier, None, &wrapped).is_ok());
        assert!(master.unwrap(&dossier, Some(&person), &wrapped).is_err(), "a key is bound to its place");
        assert!(MasterKeys::of_bytes([2; 32]).unwrap(&dossier, None, &wrapped).is_err());
        let (key, _) = master.new_key(&dossier, Some(&person), chance);
        DossierKeys { own, since: 1, people: [(person, key)].into() }
    }

    #[test]
    fn an_event_comes_back_in_order_and_without_a_persons_key_only_their_part_is_gone() {
        let chance = Chance::seeded(1);
        let mut keys = keys(&chance);
        let (event, header) = (event(), header("p9"));
        let sealed = header.seal(&event, &of(&PersonId::from("p9")), &keys, &chance);
        assert!(!sealed.windows(3).any(|bytes| bytes == b"Sen" || bytes == b"alf"));
        assert_eq!(header.open(&sealed, &keys), Ok((event.actor.clone(), event.changes.clone())));
        keys.people.clear();
        let (_, changes) = header.open(&sealed, &keys).expect("the rest is there");
        assert_eq!(changes, [Change::Erased, event.changes[1].clone(), Change::Erased]);
    }

    #[test]
    fn what_concerns_several_people_is_erased_for_each_of_them_alone() {
        let chance = Chance::seeded(1);
        let mut keys = keys(&chance);
        let (first, second) = (PersonId::from("p9"), PersonId::from("p2"));
        let master = MasterKeys::of_bytes([1; 32]);
        keys.people.insert(second.clone(), master.new_key(&DossierId::from("d1"), Some(&second), &chance).0);
        let (event, header) = (event(), header("p9,p2"));
        for concerns in
            [[Some(&first), None, Some(&second)], [Some(&second), Some(&first), None], [None, None, Some(&second)]]
        {
            let sealed = header.seal(&event, &concerns, &keys, &chance);
            assert_eq!(header.open(&sealed, &keys), Ok((event.actor.clone(), event.changes.clone())));
            let mut left = keys.clone();
            left.people.remove(&second);
            let (_, changes) = header.open(&sealed, &left).expect("the rest is there");
            for (place, concerned) in concerns.iter().enumerate() {
                let erased = *concerned == Some(&second);
                assert_eq!(changes[place], if erased { Change::Erased } else { event.changes[place].clone() });
            }
        }
    }

    #[test]
    fn a_dossier_about_nobody_is_sealed_whole_under_its_own_key() {
        let chance = Chance::seeded(1);
        let keys = keys(&chance);
        let (event, header) = (event(), header(""));
        let sealed = header.seal(&event, &[None; 3], &keys, &chance);
        assert_eq!(header.open(&sealed, &keys), Ok((event.actor, event.changes)));
    }

    #[test]
    fn no_byte_of_event_or_header_can_be_changed_unseen() {
        let chance = Chance::seeded(1);
        let keys = keys(&chance);
        let (event, right) = (event(), header("p9"));
        let sealed = right.seal(&event, &of(&PersonId::from("p9")), &keys, &chance);
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
