//! Between events and their rows: headers, seals, the chain.

use super::Inner;
use crate::dossier::Dossier;
use crate::dossier::command::Actor;
use crate::dossier::event::{Change, Event, KIND_VERSION, Kind};
use crate::ids::{DossierId, Instant, PersonId};
use crate::planted::{Fault, planted};
use crate::seal::{Damaged, DossierKeys, Hash, Header, chain};
use crate::store::{EventRow, LoggedEvent, StoreError};

/// What the first event of a command carries besides.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'a> {
    pub(super) operation: &'a str,
    pub(super) asked: &'a str,
}

impl Inner {
    /// Seals an event behind the one before; `after` is the dossier as it leaves it, and there is a key for each of
    /// [`concerned`].
    pub(super) fn seal(
        &self,
        event: &Event,
        after: &Dossier,
        keys: &DossierKeys,
        previous: &Hash,
        asked: Option<Asked<'_>>,
    ) -> (EventRow, Hash) {
        let actor = if planted(Fault::ActorLost) { "clock".to_owned() } else { event.actor.header() };
        let concerns: Vec<Option<&PersonId>> = event.changes.iter().map(|change| change.concerns(after)).collect();
        let subjects = subjects(after, &concerns);
        let subjects = subjects.iter().map(|person| person.as_str()).collect::<Vec<_>>().join(",");
        let header = Header {
            dossier: after.id.as_str(),
            seq: event.seq,
            at: event.at.0 - i64::from(planted(Fault::ClockBack)) * event.seq,
            kind: event.kind.name(),
            kind_version: KIND_VERSION.into(),
            actor: &actor,
            subjects: &subjects,
            machine: after.machine.as_str(),
            operation: asked.map(|asked| asked.operation),
            asked: asked.map(|asked| asked.asked),
        };
        let sealed = header.seal(event, &concerns, keys, &self.chance);
        let hashed = Header { operation: header.operation.filter(|_| !planted(Fault::ChainWrongBytes)), ..header };
        let hash = chain(previous, &hashed, &sealed);
        let row = EventRow {
            at: header.at,
            kind: event.kind.name(),
            kind_version: header.kind_version,
            subjects: header.subjects.to_owned(),
            machine: header.machine.to_owned(),
            operation: header.operation.map(str::to_owned),
            asked: header.asked.map(str::to_owned),
            actor,
            sealed,
            hash: hash.to_vec(),
        };
        (row, hash)
    }

    /// The keys behind stored rows. One that cannot be unwrapped is an error, one that is not there an erasure.
    pub(super) fn unwrap_keys(
        &self,
        dossier: &DossierId,
        wrapped: &[(String, Vec<u8>)],
    ) -> Result<DossierKeys, StoreError> {
        let mut own = None;
        let mut people = std::collections::BTreeMap::new();
        for (person, bytes) in wrapped {
            let since = DossierKeys::is_own(person);
            let person = PersonId::from(person.as_str());
            let place = (since != Some(1)).then_some(&person);
            let key = self.keys.master.unwrap(dossier, place, bytes).map_err(|error| damaged(&error))?;
            match since {
                Some(since) => own = Some((since, key)),
                None => drop(people.insert(person, key)),
            }
        }
        let (since, own) = own.ok_or_else(|| StoreError::Corrupt {
            table: "seal_key",
            column: "wrapped",
            what: format!("dossier {dossier} has no key of its own"),
        })?;
        Ok(DossierKeys { own, since, people })
    }
}

/// Everybody about whom an event says something: first whom the dossier is about, whether or not it does.
pub(super) fn concerned<'a>(event: &'a Event, after: &'a Dossier) -> Vec<&'a PersonId> {
    let concerns: Vec<Option<&PersonId>> = event.changes.iter().map(|change| change.concerns(after)).collect();
    subjects(after, &concerns)
}

fn subjects<'a>(after: &'a Dossier, concerns: &[Option<&'a PersonId>]) -> Vec<&'a PersonId> {
    let mut subjects: Vec<&PersonId> = after.subject.iter().collect();
    for person in concerns.iter().flatten() {
        if !subjects.contains(person) {
            subjects.push(person);
        }
    }
    subjects
}

/// The header of a stored event.
pub(super) fn header<'a>(dossier: &'a DossierId, event: &'a LoggedEvent) -> Header<'a> {
    Header {
        dossier: dossier.as_str(),
        seq: event.seq,
        at: event.at,
        kind: &event.kind,
        kind_version: event.kind_version,
        actor: &event.actor,
        subjects: &event.subjects,
        machine: &event.machine,
        operation: event.operation.as_deref(),
        asked: event.asked.as_deref(),
    }
}

/// Opens a stored event; one whose time of keeping was over reads as erased.
pub(super) fn open(dossier: &DossierId, event: &LoggedEvent, keys: &DossierKeys) -> Result<Event, StoreError> {
    if event.kind_version > KIND_VERSION.into() {
        return Err(StoreError::Corrupt {
            table: "event",
            column: "kind_version",
            what: format!("event {} of dossier {dossier} was written by a newer program", event.seq),
        });
    }
    let (actor, changes) = if event.seq < keys.since {
        (Actor::of_header(&event.actor), vec![Change::Erased])
    } else {
        header(dossier, event).open(&event.sealed, keys).map_err(|error| damaged(&error))?
    };
    let kind: Kind = serde_json::from_value(event.kind.as_str().into()).map_err(|error| StoreError::Corrupt {
        table: "event",
        column: "kind",
        what: error.to_string(),
    })?;
    Ok(Event { seq: event.seq, at: Instant(event.at), kind, actor, changes })
}

/// Damage, as the store says it.
pub(super) fn damaged(error: &Damaged) -> StoreError {
    StoreError::Corrupt { table: "event", column: "sealed", what: error.to_string() }
}
