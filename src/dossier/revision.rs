//! Revisions: what a dossier held after an event, and what is different between two of them. Worked out from the history
//! alone, of which nothing is ever lost.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Paper;
use super::event::{Change, Event, Kind};
use crate::ids::{FieldName, PersonId};

/// What a dossier held.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Content {
    /// The fields.
    pub fields: BTreeMap<FieldName, Value>,
    /// The papers.
    pub papers: Vec<Paper>,
}

impl Content {
    /// What it held after the event of this number.
    pub fn after(events: &[Event], seq: i64) -> Self {
        let mut content = Self::default();
        for event in events.iter().filter(|event| event.seq <= seq) {
            content.take(event);
        }
        content
    }

    /// Takes over what an event changed; whether it changed anything.
    fn take(&mut self, event: &Event) -> bool {
        let mut changed = false;
        for change in &event.changes {
            match change {
                Change::Set(fields) => {
                    changed = true;
                    for (name, value) in fields {
                        self.set(name, value);
                    }
                }
                Change::Party { row: Some(row), .. } => {
                    changed = true;
                    let mut rows = self.fields.get(&row.field).and_then(Value::as_array).cloned().unwrap_or_default();
                    row.put(&mut rows);
                    self.set(&row.field, &Value::Array(rows));
                }
                Change::Corrected { fields, .. } => {
                    changed = true;
                    for (name, corrected) in fields {
                        self.set(name, &corrected.after);
                    }
                }
                Change::Filed(papers) => {
                    changed = true;
                    self.papers.extend(papers.iter().cloned());
                }
                _ => {}
            }
        }
        changed
    }

    fn set(&mut self, name: &FieldName, value: &Value) {
        if value.is_null() {
            self.fields.remove(name);
        } else {
            self.fields.insert(name.clone(), value.clone());
        }
    }
}

/// What one content has and another has not.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Difference {
    /// Fields whose values differ: before and after; null where there was none.
    pub fields: Vec<(FieldName, Value, Value)>,
    /// Papers that were added.
    pub papers: Vec<Paper>,
}

impl Difference {
    /// What is different in `after`.
    pub fn between(before: &Content, after: &Content) -> Self {
        let names: std::collections::BTreeSet<_> = before.fields.keys().chain(after.fields.keys()).collect();
        let value = |content: &Content, name| content.fields.get(name).cloned().unwrap_or(Value::Null);
        let fields = names.into_iter().map(|name| (name.clone(), value(before, name), value(after, name)));
        let is_new = |paper: &&Paper| !before.papers.iter().any(|old| old.id == paper.id);
        Self {
            fields: fields.filter(|(_, before, after)| before != after).collect(),
            papers: after.papers.iter().filter(is_new).cloned().collect(),
        }
    }

    /// Nothing is different.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty() && self.papers.is_empty()
    }
}

/// The content with which a person sent a dossier on.
#[derive(Clone, Debug, PartialEq)]
pub struct Revision {
    /// Which, from 1.
    pub number: usize,
    /// The event that sent it on.
    pub seq: i64,
    /// The content.
    pub content: Content,
}

/// Every revision: a person's act after the content had changed.
pub fn revisions(events: &[Event]) -> Vec<Revision> {
    let (mut found, mut content, mut changed) = (Vec::new(), Content::default(), false);
    for event in events {
        changed |= content.take(event);
        if event.kind == Kind::Acted && changed {
            changed = false;
            found.push(Revision { number: found.len() + 1, seq: event.seq, content: content.clone() });
        }
    }
    found
}

/// What has changed since a person last acted: the number of that event, and the difference to now; none if they never did.
pub fn since(events: &[Event], person: &PersonId) -> Option<(i64, Difference)> {
    let own = |event: &&Event| event.kind == Kind::Acted && event.actor.person() == Some(person);
    let last = events.iter().rev().find(own)?.seq;
    let now = events.last().map_or(last, |event| event.seq);
    Some((last, Difference::between(&Content::after(events, last), &Content::after(events, now))))
}
