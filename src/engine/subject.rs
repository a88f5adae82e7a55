//! Everything that is kept about one person, for that person. What a dossier says of them is what is sealed for them: the same line by
//! which it is erased.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Engine, seals};
use crate::dossier::event::{Change, Kind};
use crate::ids::{DossierId, Instant, MachineHash, PersonId};
use crate::store::StoreError;
use crate::store::erasures::Concerned;
use crate::store::subjects::Rows;

/// What is kept about a person.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Subject {
    /// Their random id.
    pub person: PersonId,
    /// When this was put together.
    pub at: Instant,
    /// Dossiers that hold something sealed for them, the oldest first.
    pub dossiers: Vec<About>,
    /// What stands under their id elsewhere, table by table.
    pub rows: BTreeMap<&'static str, Rows>,
}

/// What a dossier says of them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct About {
    /// Which.
    pub dossier: DossierId,
    /// Its workflow.
    pub workflow: String,
    /// The version of it.
    pub machine: MachineHash,
    /// It is about this person; else a list, a parent, or a dossier in which they were heard from outside.
    pub whole: bool,
    /// Its result, once it has ended.
    pub outcome: Option<String>,
    /// What it says, event by event.
    pub said: Vec<Said>,
}

/// What an event says of them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Said {
    /// The event's number.
    pub seq: i64,
    /// When.
    pub at: Instant,
    /// What it was.
    pub kind: Kind,
    /// They did it themselves.
    pub own: bool,
    /// What is sealed for them.
    pub changes: Vec<Change>,
}

impl Engine {
    /// What is kept about a person. Nothing of other people, but for their random ids and what this person's dossiers say.
    ///
    /// # Errors
    /// The database fails, or an event was damaged.
    pub async fn subject(&self, person: &PersonId) -> Result<Subject, StoreError> {
        let mut dossiers = Vec::new();
        for one in self.store().concerned(person).await? {
            dossiers.extend(self.about(person, one).await?);
        }
        let rows = self.store().rows_about(person).await?;
        Ok(Subject { person: person.clone(), at: self.now(), dossiers, rows })
    }

    async fn about(&self, person: &PersonId, one: Concerned) -> Result<Option<About>, StoreError> {
        let id = &one.dossier;
        let Some(dossier) = self.dossier(id).await? else { return Ok(None) };
        let keys = self.inner.unwrap_keys(id, &self.store().seal_keys(id).await?)?;
        let mut without = keys.clone();
        without.people.remove(person);
        let mut said = Vec::new();
        for logged in self.store().events(id, 0).await? {
            let (event, rest) = (seals::open(id, &logged, &keys)?, seals::open(id, &logged, &without)?);
            let own = event.actor.person() == Some(person);
            let theirs = event.changes.into_iter().zip(&rest.changes);
            // What was erased before is nobody's any more.
            let changes: Vec<Change> = theirs
                .filter(|(change, rest)| **rest == Change::Erased && *change != Change::Erased)
                .map(|(change, _)| change)
                .collect();
            if !changes.is_empty() {
                said.push(Said { seq: event.seq, at: event.at, kind: event.kind, own, changes });
            }
        }
        let Concerned { dossier: id, workflow, whole, .. } = one;
        Ok(Some(About { dossier: id, workflow, machine: dossier.machine, whole, outcome: dossier.outcome, said }))
    }
}
