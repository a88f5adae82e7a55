//! Who sees what, and who besides those who are asked may change something: said by role, once for the workflow or for a
//! compound state, and refined in the states below.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Shape, State};
use crate::ids::{FieldName, RoleName, StateId, Text};

/// Whoever holds no role that is named.
pub const OTHERS: &str = "others";
/// Whoever has the address, without a sign-in.
pub const PUBLIC: &str = "public";
/// What happened, as a thing that may be seen.
pub const HISTORY: &str = "history";
/// Why it was refused, returned or struck, as a thing that may be seen.
pub const GROUNDS: &str = "grounds";

/// What a role may do with a dossier. What is not said here is as it is said further out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Access {
    /// What it sees.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub see: Option<See>,
    /// Fields that it may change, besides those of its task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edit: Option<Vec<FieldName>>,
    /// Kinds of paper that it may attach, besides those of its task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attach: Option<Vec<String>>,
    /// Threads in which it may write notes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<Vec<String>>,
}

/// What is seen of a dossier.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum See {
    /// Everything.
    All,
    /// These fields (of a list: of its rows too), kinds of paper and threads of notes, and where named the history and the grounds.
    These(BTreeSet<String>),
}

impl Access {
    /// With what is said further out, where nothing is said here.
    fn within(self, outer: &Self) -> Self {
        Self {
            see: self.see.or_else(|| outer.see.clone()),
            edit: self.edit.or_else(|| outer.edit.clone()),
            attach: self.attach.or_else(|| outer.attach.clone()),
            comment: self.comment.or_else(|| outer.comment.clone()),
        }
    }
}

impl Shape {
    /// What a role may do while the dossier stands in a state; none if nothing names the role there or further out.
    pub fn access(&self, state: &StateId, role: &RoleName) -> Option<Access> {
        let inwards = self.outwards(state).map(|state| &state.access).chain([&self.access]);
        inwards.filter_map(|access| access.get(role)).fold(None, |inner: Option<Access>, outer| {
            Some(inner.map_or_else(|| outer.clone(), |inner| inner.within(outer)))
        })
    }

    /// What an outsider is told that a state is called: its public title, else that of the nearest state around it that has
    /// one, else its own.
    pub fn public_title(&self, state: &StateId) -> Option<&Text> {
        let public = self.outwards(state).map(|state| &state.public).find(|title| !title.is_empty());
        public.or_else(|| self.state(state).map(|state| &state.title))
    }

    /// A state and those around it, innermost first.
    pub fn outwards(&self, state: &StateId) -> impl Iterator<Item = &State> {
        std::iter::successors(self.state(state), |state| self.state(state.parent.as_ref()?))
    }
}
