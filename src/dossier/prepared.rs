//! What an assistant prepares for somebody who is asked: an answer that lies ready, and binds nobody.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::command::RowMark;
use super::{Dossier, Purpose, Task};
use crate::ids::{ActivationId, DossierId, EventName, FieldName, Instant, PersonId};

/// Somebody prepares the answers of a holder of a task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assistant {
    /// Who.
    pub person: PersonId,
    /// For whom.
    pub of: PersonId,
    /// Until when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until_at: Option<Instant>,
    /// Mail goes to them first: to the holder once an answer lies ready, or after two working days.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub first: bool,
}

impl Assistant {
    /// Whether they do so at this moment.
    pub fn holds(&self, now: Instant) -> bool {
        self.until_at.is_none_or(|until| now < until)
    }
}

/// A prepared answer. It is a suggestion: whoever is asked may take it, change it or do something else.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Prepared {
    /// In which entry it is asked.
    pub activation: ActivationId,
    /// Who prepared it.
    pub by: PersonId,
    /// When.
    pub at: Instant,
    /// Which of the events.
    pub event: EventName,
    /// Fields filled in with it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<FieldName, serde_json::Value>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// On a list: rows that are struck, returned or postponed.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub rows: BTreeMap<DossierId, RowMark>,
    /// What the assistant says to whoever is asked, and to nobody else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl Dossier {
    /// The latest answer that lies ready for somebody who is asked in this entry, or on whose behalf they may do it.
    pub fn prepared_for(&self, activation: ActivationId, person: &PersonId, now: Instant) -> Option<&Prepared> {
        let task = self.task(activation, Purpose::Act)?;
        let behalf = task.behalf(person, now);
        let is_theirs = |task: &Task, by: &PersonId| {
            let of = |one: &PersonId| one == person || Some(one) == behalf;
            task.assistants.iter().any(|one| &one.person == by && task.holders.contains(&one.of) && of(&one.of))
        };
        let mut here = self.prepared.iter().rev().filter(|one| one.activation == activation);
        here.find(|one| is_theirs(task, &one.by))
    }

    /// What this person has prepared in this entry.
    pub fn prepared_by(&self, activation: ActivationId, person: &PersonId) -> Option<&Prepared> {
        self.prepared.iter().find(|one| one.activation == activation && &one.by == person)
    }
}
