//! Dossiers that open others: the children, what related dossiers tell each other, and waiting for children.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Actions, Field, Shape, State, StateKind, Transition};
use crate::ids::{EventName, FieldName, Text, WorkflowName};

/// The name by which a dossier speaks of the one that opened it.
pub const PARENT: &str = "parent";

/// The event that a state raises when enough of the children that it waits for are back.
pub const COMPLETE: &str = "complete";

/// The event that a parent gets when a child that had a result has another one.
pub const RESULT_CHANGED: &str = "result_changed";

/// The word by which a dossier says that it has no result again.
pub const NO_RESULT: &str = "none";

/// Children of one set at most; more are never opened at once.
pub const CHILDREN_MAX: u32 = 500;

/// Dossiers of one workflow that a dossier opens, under one name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Children {
    /// What officers call them.
    pub label: Text,
    /// Their workflow.
    pub workflow: WorkflowName,
    /// CEL that gives a list: one is opened for each element. None: there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub each: Option<String>,
    /// How many of them there are at most; without it, [`CHILDREN_MAX`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<u32>,
    /// CEL that gives what one is called at the parent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caption: Option<String>,
    /// Their first values, as CEL over the parent; `each` is the element.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub with: BTreeMap<FieldName, String>,
    /// What they bring back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub takes: Vec<Field>,
    /// What officers call their results.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub results: BTreeMap<String, Text>,
}

impl Children {
    /// There is one of them, and no list.
    pub fn is_one(&self) -> bool {
        self.each.is_none()
    }

    /// How many there are at most; more are never opened.
    pub fn most(&self) -> u32 {
        self.max.unwrap_or(CHILDREN_MAX)
    }

    /// Their formulas.
    pub fn formulas(&self) -> impl Iterator<Item = &str> {
        self.each.iter().chain(&self.caption).chain(self.with.values()).map(String::as_str)
    }
}

/// A dossier waits here for children.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Awaits {
    /// Which.
    pub children: String,
    /// For how many.
    #[serde(default)]
    pub until: Until,
}

/// For how many children a dossier waits. When all are back, nobody is waited for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Until {
    /// Every one.
    #[default]
    All,
    /// The first.
    Any,
    /// So many.
    Count(u32),
}

impl Until {
    /// Whether so many of so many are enough.
    pub fn reached_by(self, back: usize, all: usize) -> bool {
        back >= all
            || match self {
                Self::All => false,
                Self::Any => back > 0,
                Self::Count(count) => back >= count as usize,
            }
    }
}

/// An event that related dossiers are told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sending {
    /// Which.
    pub to: Related,
    /// The event.
    pub event: EventName,
    /// What goes along, as CEL.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub with: BTreeMap<FieldName, String>,
}

/// Dossiers that are related to this one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Related {
    /// The one that opened it.
    Parent,
    /// Those that it opened under this name, as long as they go on.
    Children(String),
}

/// What a transition or a state does to related dossiers.
#[derive(Clone, Copy, Debug)]
pub struct Reach<'m> {
    /// Children that are opened.
    pub open: &'m [String],
    /// What is told.
    pub send: &'m [Sending],
    /// What the parent is told.
    pub result: Option<&'m str>,
}

impl Transition {
    /// What it does to related dossiers.
    pub fn reach(&self) -> Reach<'_> {
        Reach { open: &self.open, send: &self.send, result: self.result.as_deref() }
    }
}

impl Actions {
    /// What is done to related dossiers.
    pub fn reach(&self) -> Reach<'_> {
        Reach { open: &self.open, send: &self.send, result: self.result.as_deref() }
    }
}

impl State {
    /// Everything that it, or a way out of it, does to related dossiers.
    pub fn reaches(&self) -> impl Iterator<Item = Reach<'_>> {
        let own = [&self.entry, &self.exit].map(Actions::reach);
        own.into_iter().chain(self.transitions().map(Transition::reach))
    }
}

impl Shape {
    /// The results that a dossier can have in its parent's eyes: outcomes, and what states say.
    pub fn results(&self) -> impl Iterator<Item = &str> {
        self.states.iter().flat_map(|state| {
            let ends = match &state.kind {
                StateKind::Final { outcome } => outcome.as_deref(),
                _ => None,
            };
            let says = state.reaches().filter_map(|reach| reach.result).filter(|result| *result != NO_RESULT);
            ends.into_iter().chain(says)
        })
    }
}
