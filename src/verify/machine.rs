//! What is needed of a compiled machine: its states, where ways lead, which events are answered where.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{list, text};

/// A compiled machine, as far as it is looked at.
#[derive(Default)]
pub(super) struct Machine {
    /// Where a dossier begins.
    pub(super) initial: String,
    /// By path.
    pub(super) states: BTreeMap<String, State>,
}

/// A state.
#[derive(Default)]
pub(super) struct State {
    pub(super) parent: Option<String>,
    pub(super) kind: Kind,
    /// Events that it answers.
    pub(super) answers: BTreeSet<String>,
    /// Where its ways lead.
    pub(super) targets: BTreeSet<String>,
    /// What its ways continue.
    pub(super) resumes: BTreeSet<String>,
}

/// What a state is.
#[derive(Default, PartialEq, Eq)]
pub(super) enum Kind {
    #[default]
    Atomic,
    /// With the state that is entered with it.
    Compound(String),
    Parallel,
    /// With the dossier's result, or none for the end of the state around.
    Final(Option<String>),
    /// With the state where it leads as long as it remembers none.
    History(String),
}

impl Machine {
    pub(super) fn read(compiled: &Value) -> Self {
        let states = list(compiled, "states").iter().map(|state| (text(state, "id").to_owned(), state_of(state)));
        Self { initial: text(compiled, "initial").to_owned(), states: states.collect() }
    }

    /// A state and those around it, innermost first.
    pub(super) fn outwards<'m>(&'m self, state: &'m str) -> impl Iterator<Item = &'m str> {
        std::iter::successors(Some(state), |at| self.states.get(*at)?.parent.as_deref())
    }

    /// Whether `inner` lies inside `outer`.
    pub(super) fn is_inside(&self, inner: &str, outer: &str) -> bool {
        self.outwards(inner).skip(1).any(|at| at == outer)
    }
}

fn state_of(state: &Value) -> State {
    let kind = match &state["kind"] {
        Value::String(word) if word == "parallel" => Kind::Parallel,
        Value::Object(kind) => match kind.iter().next() {
            Some((word, inner)) if word == "compound" => Kind::Compound(text(inner, "initial").to_owned()),
            Some((word, inner)) if word == "final" => {
                Kind::Final(inner.get("outcome").and_then(Value::as_str).map(str::to_owned))
            }
            Some((word, inner)) if word == "history" => Kind::History(text(inner, "target").to_owned()),
            _ => Kind::Atomic,
        },
        _ => Kind::Atomic,
    };
    let clock = list(state, "after").iter().map(|after| after.get("transition").unwrap_or(after));
    let ways: Vec<&Value> = list(state, "on").iter().chain(list(state, "always")).chain(clock).collect();
    let to = |word: &str| ways.iter().filter_map(|way| way["target"].get(word)?.as_str()).map(str::to_owned).collect();
    State {
        parent: state.get("parent").and_then(Value::as_str).map(str::to_owned),
        kind,
        answers: ways.iter().filter_map(|way| way.get("event")?.as_str()).map(str::to_owned).collect(),
        targets: to("state"),
        resumes: to("resume"),
    }
}
