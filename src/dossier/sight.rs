//! What one person may see of a dossier. Pages, mails and answers are given the dossier and its history as [`Sight`] shows
//! them, so that what is hidden never reaches them.

use std::collections::{BTreeMap, BTreeSet};

use super::event::{Change, Event};
use super::{Dossier, Row};
use crate::ids::{FieldName, PersonId};
use crate::machine::{GROUNDS, HISTORY, See, Shape};

/// What is seen: everything, or only what is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sight {
    /// None: everything.
    only: Option<BTreeSet<String>>,
    /// Whose sight it is: what they said themselves they may read again.
    person: Option<PersonId>,
}

impl Sight {
    /// Everything.
    pub fn whole() -> Self {
        Self { only: None, person: None }
    }

    /// Nothing.
    pub fn blind() -> Self {
        Self { only: Some(BTreeSet::new()), person: None }
    }

    /// What any of several roles sees; nothing if there are none.
    pub(super) fn of(roles: impl IntoIterator<Item = See>, person: Option<PersonId>) -> Self {
        let mut seen = BTreeSet::new();
        for role in roles {
            match role {
                See::All => return Self { only: None, person },
                See::These(these) => seen.extend(these),
            }
        }
        Self { only: Some(seen), person }
    }

    /// Nothing is hidden.
    pub fn is_whole(&self) -> bool {
        self.only.is_none()
    }

    /// Nothing is seen.
    pub fn is_blind(&self) -> bool {
        self.only.as_ref().is_some_and(BTreeSet::is_empty)
    }

    /// Whether a field is seen.
    pub fn field(&self, name: &FieldName) -> bool {
        self.names(name.as_str())
    }

    /// Whether papers of a kind are seen.
    pub fn paper(&self, kind: &str) -> bool {
        self.names(kind)
    }

    /// Whether what happened is seen, and who did it.
    pub fn history(&self) -> bool {
        self.names(HISTORY)
    }

    /// Whether it is seen why the dossier was refused, returned or struck.
    pub fn grounds(&self) -> bool {
        self.names(GROUNDS)
    }

    fn names(&self, name: &str) -> bool {
        self.only.as_ref().is_none_or(|only| only.contains(name))
    }

    /// The dossier as it is seen.
    pub fn dossier(&self, whole: &Dossier, shape: &Shape) -> Dossier {
        let mut seen = whole.clone();
        if self.is_whole() {
            return seen;
        }
        seen.fields.retain(|name, _| self.field(name));
        seen.papers.retain(|paper| self.paper(&paper.kind));
        seen.notes.retain(|note| self.names(&note.thread));
        // Whom somebody may read about is called by name; where they are reached is said to those who see all.
        seen.outsiders.iter_mut().for_each(|one| one.mail = None);
        seen.corrections.retain(|one| self.field(&one.field));
        seen.caption = self.caption(&whole.caption, shape);
        for (place, row) in seen.rows.iter_mut().enumerate() {
            self.row(row, place, shape);
        }
        seen.children.retain(|child| self.names(&child.children));
        if !self.grounds() {
            seen.grounds.clear();
        }
        if !self.history() {
            seen.results.clear();
        }
        seen.held.clear();
        seen
    }

    /// Whether what names the dossier is seen.
    pub fn is_named(&self, shape: &Shape) -> bool {
        !self.is_blind() && shape.caption.as_ref().is_none_or(|name| self.field(name))
    }

    /// What the dossier is called: the workflow's title where the field that names it is hidden.
    fn caption(&self, caption: &str, shape: &Shape) -> String {
        let shown = shape.caption.as_ref().is_none_or(|name| self.field(name));
        if shown { caption.to_owned() } else { shape.title.own.clone() }
    }

    fn row(&self, row: &mut Row, place: usize, shape: &Shape) {
        row.fields.retain(|name, _| self.field(name));
        if !shape.row_caption.as_ref().is_none_or(|name| self.field(name)) {
            row.caption = format!("#{}", place + 1);
        }
    }

    /// What happened, as it is seen: without values that are hidden, and without words that were not meant for this reader.
    pub fn events(&self, whole: Vec<Event>, shape: &Shape) -> Vec<Event> {
        if self.is_whole() {
            return whole;
        }
        let seen = |event: Event| {
            let own = self.person.is_some() && event.actor.person() == self.person.as_ref();
            let changes = event.changes.into_iter().filter_map(|change| self.change(change, own, shape)).collect();
            Event { changes, ..event }
        };
        whole.into_iter().map(seen).collect()
    }

    fn change(&self, change: Change, own: bool, shape: &Shape) -> Option<Change> {
        let kept = |fields: BTreeMap<FieldName, _>| fields.into_iter().filter(|(name, _)| self.field(name)).collect();
        match change {
            Change::Captioned(caption) => Some(Change::Captioned(self.caption(&caption, shape))),
            Change::Set(fields) => Some(Change::Set(kept(fields))),
            Change::Party { outsider, row } => {
                let row = row.filter(|row| self.field(&row.field))?;
                Some(Change::Party { outsider, row: Some(row) })
            }
            Change::Filed(papers) => {
                let papers: Vec<_> = papers.into_iter().filter(|paper| self.paper(&paper.kind)).collect();
                (!papers.is_empty()).then_some(Change::Filed(papers))
            }
            Change::Corrected { by, fields, reason } => {
                let fields: BTreeMap<_, _> = fields.into_iter().filter(|(name, _)| self.field(name)).collect();
                (!fields.is_empty()).then_some(Change::Corrected { by, fields, reason })
            }
            Change::Noted(note) => self.names(&note.thread).then_some(Change::Noted(note)),
            Change::Did { activation, event, reason } => {
                let reason = reason.filter(|_| own || self.history());
                Some(Change::Did { activation, event, reason })
            }
            Change::Grounds(grounds) => self.grounds().then_some(Change::Grounds(grounds)),
            Change::Described { row, caption, fields } => {
                let shown = shape.row_caption.as_ref().is_none_or(|name| self.field(name));
                let caption = if shown { caption } else { String::new() };
                Some(Change::Described { row, caption, fields: kept(fields) })
            }
            Change::ChildOpened { .. }
            | Change::ChildCalled { .. }
            | Change::ChildStands { .. }
            | Change::ChildGave { .. }
            | Change::NotBack { .. }
            | Change::Held(_)
            | Change::Sent { .. }
            | Change::Registered { .. }
            | Change::Took { .. }
            | Change::GaveUp(_) => None,
            Change::Acknowledged(_) if own => Some(change),
            Change::Acknowledged(_)
            | Change::ResultWithdrawn { .. }
            | Change::Chose { .. }
            | Change::Recorded { .. }
            | Change::VoteClosed(_)
                if !self.history() =>
            {
                None
            }
            change => Some(change),
        }
    }
}
