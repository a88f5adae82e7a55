//! What dossiers tell each other, and the lists on which one stands.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::frozen::Frozen;
use crate::ids::{ActivationId, DossierId, EventName, FieldName, OperationId, PersonId, WorkflowName};

/// The list on which a dossier stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OnList {
    /// The list's workflow.
    pub list: WorkflowName,
    /// The key under which it was asked to join.
    pub key: String,
    /// The entry into the region that stands on it; none for the whole dossier. What the list says is for that region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<ActivationId>,
    /// The list itself, once it has spoken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dossier: Option<DossierId>,
    /// The papers of which it has told the list, or will as soon as it knows which one it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told: Option<Frozen>,
}

/// What one dossier tells another: committed with the event that sent it, consumed as an ordinary command.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// The sender.
    pub from: DossierId,
    /// The sender's event.
    pub from_seq: i64,
    /// Its place among the messages of that event.
    pub place: u32,
    /// To whom.
    pub to: Recipient,
    /// What.
    pub body: Body,
}

impl Recipient {
    /// The dossier, where it is known which one it is.
    pub fn dossier(&self) -> Option<&DossierId> {
        match self {
            Self::Dossier(dossier) | Self::New { dossier, .. } => Some(dossier),
            Self::List { .. } => None,
        }
    }
}

impl Message {
    /// The operation id of the command that consumes it: the same message is never consumed twice.
    pub fn operation(&self) -> OperationId {
        OperationId::new(format!("m:{}:{}:{}", self.from, self.from_seq, self.place))
    }
}

/// To whom a message goes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recipient {
    /// A dossier.
    Dossier(DossierId),
    /// A dossier that is opened by this message.
    New {
        /// Which it will be.
        dossier: DossierId,
        /// Its workflow.
        workflow: WorkflowName,
        /// Its first values.
        fields: BTreeMap<FieldName, serde_json::Value>,
    },
    /// The open list of this workflow under this key; it is opened, with these fields, if there is none.
    List {
        /// The list's workflow.
        workflow: WorkflowName,
        /// The key.
        key: String,
        /// The fields of a list that has to be opened.
        fields: BTreeMap<FieldName, serde_json::Value>,
    },
}

/// What a message says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Body {
    /// To a list: I am a row of yours.
    Join {
        /// The person the row is about.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        subject: Option<PersonId>,
        /// What the list calls it.
        caption: String,
        /// The row's fields.
        fields: BTreeMap<FieldName, serde_json::Value>,
        /// Its papers.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        papers: Option<Frozen>,
    },
    /// To a list: my papers are others now.
    Papers(Frozen),
    /// To a list: I am a row of yours no longer.
    Leave,
    /// To a new dossier: you are a child of mine.
    Open {
        /// The parent's workflow.
        workflow: WorkflowName,
        /// Among which of its children.
        children: String,
    },
    /// Between parent and child: an event.
    Raise {
        /// Which.
        event: EventName,
        /// Fields that go along.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        fields: BTreeMap<FieldName, serde_json::Value>,
    },
    /// To a parent: how I stand.
    Stands {
        /// In the words of the child's workflow; none if it has no result again.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        result: Option<String>,
        /// It has ended with it.
        ended: bool,
        /// What it gives.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        fields: BTreeMap<FieldName, serde_json::Value>,
    },
    /// To a row: an event.
    Tell {
        /// Which.
        event: EventName,
        /// Fields that go along.
        fields: BTreeMap<FieldName, serde_json::Value>,
        /// Why, in somebody's words.
        reason: Option<String>,
        /// The list has nothing more to say to this row.
        #[serde(default)]
        last: bool,
    },
}
