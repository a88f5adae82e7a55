//! Dossiers that one has opened, and the one that opened it.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Dossier;
use crate::ids::{DossierId, FieldName, Instant, PersonId, WorkflowName};

/// The dossier that opened this one. Only that one may tell it what its parent may tell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parent {
    /// Which.
    pub dossier: DossierId,
    /// Its workflow.
    pub workflow: WorkflowName,
    /// What it calls those among which this one is.
    pub children: String,
}

/// A dossier that this one has opened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Child {
    /// Among which.
    pub children: String,
    /// For what it was opened: a unit's code, a person's id, the number of a row; empty where there is one.
    pub key: String,
    /// Which.
    pub dossier: DossierId,
    /// The person it is about, where it was opened for one: what is said of it is sealed for them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<PersonId>,
    /// What it is called here.
    pub caption: String,
    /// When it was opened.
    pub opened_at: Instant,
    /// How it stands, in the words of its workflow; none as long as it has no result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<String>,
    /// When it said so last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told_at: Option<Instant>,
    /// The number of its event that said so last; 0 as long as it said nothing.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub told_seq: i64,
    /// It has ended.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ended: bool,
    /// What it brought back.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<FieldName, serde_json::Value>,
}

impl Child {
    /// A child about which nothing is known yet.
    pub(super) fn opened(
        children: &str,
        key: &str,
        dossier: &DossierId,
        subject: Option<&PersonId>,
        at: Instant,
    ) -> Self {
        Self {
            children: children.to_owned(),
            key: key.to_owned(),
            dossier: dossier.clone(),
            subject: subject.cloned(),
            caption: String::new(),
            opened_at: at,
            result: None,
            told_at: None,
            told_seq: 0,
            ended: false,
            fields: BTreeMap::new(),
        }
    }

    /// It has a result: nobody waits for it.
    pub fn is_back(&self) -> bool {
        self.result.is_some()
    }
}

impl Dossier {
    /// Those that it has opened under a name, in their order.
    pub fn children_of<'d>(&'d self, name: &'d str) -> impl DoubleEndedIterator<Item = &'d Child> {
        self.children.iter().filter(move |child| child.children == name)
    }

    /// A dossier that it has opened.
    pub fn child(&self, dossier: &DossierId) -> Option<&Child> {
        self.children.iter().find(|child| &child.dossier == dossier)
    }

    /// Whom something is about that is said of a child, or by it: whom the child is about, else whom this one is about.
    pub fn of_child(&self, dossier: &DossierId) -> Option<&PersonId> {
        self.child(dossier).and_then(|child| child.subject.as_ref()).or(self.subject.as_ref())
    }

    /// The workflow of a dossier that is related to this one; `of` gives that of children by their name.
    pub fn related<'m>(
        &'m self,
        dossier: &DossierId,
        of: impl FnOnce(&str) -> Option<&'m WorkflowName>,
    ) -> Option<&'m WorkflowName> {
        match &self.parent {
            Some(parent) if &parent.dossier == dossier => Some(&parent.workflow),
            _ => of(&self.child(dossier)?.children),
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(number: &i64) -> bool {
    *number == 0
}

/// The id of a dossier that another one opens: it follows from that one's event and its place in it.
pub(super) fn child_id(parent: &DossierId, seq: i64, place: u32) -> DossierId {
    let digest = Sha256::digest(format!("chancery child 1\n{parent}\n{seq}\n{place}"));
    DossierId::new(digest.iter().take(16).fold(String::new(), |mut id, byte| {
        // Writing to a text cannot fail.
        let _ = write!(id, "{byte:02x}");
        id
    }))
}
