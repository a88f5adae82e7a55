//! Related dossiers: the one that opened it, those that it opened and which of them are not back, and events that wait.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::dossier::{Body, Dossier};
use crate::ids::{DossierId, EventName, WorkflowName};
use crate::machine::Machine;

/// What a dossier has to do with others.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Relatives {
    /// The one that opened it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<Opener>,
    /// Those that it opened, by their sets.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<Siblings>,
    /// Events of related dossiers that nothing answers where it stands.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unheard: Vec<Unheard>,
}

/// The dossier that opened this one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Opener {
    /// Which.
    pub dossier: DossierId,
    /// Its workflow.
    pub workflow: WorkflowName,
}

/// The children of one set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Siblings {
    /// Their name.
    pub name: String,
    /// It waits for them where it stands.
    pub awaited: bool,
    /// How many there are.
    pub all: usize,
    /// How many have which result.
    pub results: BTreeMap<String, usize>,
    /// Those without a result, by what they are called here.
    pub missing: Vec<String>,
}

/// An event that waits for a state that answers it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unheard {
    /// Which.
    pub event: EventName,
    /// Whose.
    pub from: DossierId,
}

pub(super) fn relatives(machine: &Machine, dossier: &Dossier) -> Relatives {
    let opener =
        |parent: &crate::dossier::Parent| Opener { dossier: parent.dossier.clone(), workflow: parent.workflow.clone() };
    let unheard = dossier.held.iter().filter(|_| dossier.outcome.is_none()).filter_map(|message| match &message.body {
        Body::Raise { event, .. } => Some(Unheard { event: event.clone(), from: message.from.clone() }),
        _ => None,
    });
    Relatives {
        parent: dossier.parent.as_ref().map(opener),
        children: machine.children.keys().filter_map(|name| siblings(machine, dossier, name)).collect(),
        unheard: unheard.collect(),
    }
}

fn siblings(machine: &Machine, dossier: &Dossier, name: &str) -> Option<Siblings> {
    let all = dossier.children_of(name).count();
    let awaits = |state: &crate::ids::StateId| machine.state(state)?.awaits.as_ref();
    let awaited =
        dossier.active.iter().any(|active| awaits(&active.state).is_some_and(|awaits| awaits.children == name));
    let mut results = BTreeMap::new();
    for result in dossier.children_of(name).filter_map(|child| child.result.clone()) {
        *results.entry(result).or_default() += 1;
    }
    let missing = dossier.children_of(name).filter(|child| !child.is_back()).map(|child| child.caption.clone());
    (all > 0 || awaited).then(|| Siblings { name: name.to_owned(), awaited, all, results, missing: missing.collect() })
}
