//! What a decision rests on outside its own dossier, in an office in memory: keys that are given once, and what was said before.

use std::collections::BTreeMap;

use crate::dossier::Dossier;
use crate::dossier::decide::Decision;
use crate::dossier::event::{Change, Event};
use crate::dossier::refusal::Refusal;
use crate::dossier::taken::{Holder, Key, SaidBefore, SaidSince, Taken, Unknown};

/// Every key that was taken: its place in a counter's order, and who has it.
#[derive(Debug, Default)]
pub(super) struct Keys {
    taken: BTreeMap<Key, (Option<i64>, Holder)>,
}

impl Keys {
    /// Decides until the decision rests on nothing that was not looked up, as `engine::taken` does.
    pub(super) fn settled<T>(
        &self,
        decide: impl Fn(&Taken) -> (Result<Decision, Refusal>, T),
        said_before: impl Fn(&SaidBefore) -> Vec<SaidSince>,
    ) -> (Result<Decision, Refusal>, T) {
        let mut known = Taken::default();
        loop {
            let (decided, trace) = decide(&known);
            let unknown = decided.as_ref().map(|decision| known.unknown(decision)).unwrap_or_default();
            if unknown.is_empty() {
                return (decided, trace);
            }
            for unknown in unknown {
                match unknown {
                    Unknown::Last(space) => {
                        let of_space = self.taken.iter().filter(|(key, _)| key.space == space);
                        let last = of_space.filter_map(|(_, (seq, _))| *seq).max();
                        known.learn_last(space, last);
                    }
                    Unknown::Holder(key) => {
                        let holder = self.taken.get(&key).map(|(_, holder)| holder.clone());
                        known.learn_holder(key, holder);
                    }
                    Unknown::Said(asked) => {
                        let said = said_before(&asked);
                        known.learn_said(asked, said);
                    }
                }
            }
        }
    }

    /// A key is taken from before the office was opened.
    pub(super) fn stands(&mut self, key: Key, name: String) {
        self.taken.insert(key, (None, Holder { dossier: None, name: Some(name) }));
    }

    /// Keeps the keys that a dossier takes, and lets go those that it gives up.
    pub(super) fn take(&mut self, dossier: &Dossier, events: &[Event]) {
        for change in events.iter().flat_map(|event| &event.changes) {
            match change {
                Change::Took { key, seq, .. } => {
                    let holder = Holder { dossier: Some(dossier.id.clone()), name: Some(dossier.caption.clone()) };
                    self.taken.insert(key.clone(), (*seq, holder));
                }
                Change::GaveUp(key) => drop(self.taken.remove(key)),
                _ => {}
            }
        }
    }
}
