//! What one person may see of a dossier. Pages, mails and answers are given the dossier and its history as [`Sight`] shows
//! them, so that what is hidden never reaches them.

use std::collections::{BTreeMap, BTreeSet};

use super::command::Actor;
use super::event::{Change, Event};
use super::posting::Objected;
use super::{Dossier, Outsider, Purpose, Row, Task};
use crate::ids::{FieldName, PersonId};
use crate::machine::{GROUNDS, HISTORY, OBJECTION_WHO, See, Shape};

/// What is seen: everything, or only what is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sight {
    /// None: everything.
    only: Option<BTreeSet<String>>,
    /// Whose sight it is: what they said themselves they may read again.
    person: Option<PersonId>,
    /// Who objected to what is posted is not named: that is for those who deal with it.
    objectors_unnamed: bool,
}

impl Sight {
    /// Everything.
    pub fn whole() -> Self {
        Self { only: None, person: None, objectors_unnamed: false }
    }

    /// Nothing.
    pub fn blind() -> Self {
        Self { only: Some(BTreeSet::new()), person: None, objectors_unnamed: true }
    }

    /// What any of several roles sees; nothing if there are none.
    pub(super) fn of(roles: impl IntoIterator<Item = See>, person: Option<PersonId>) -> Self {
        let mut seen = BTreeSet::new();
        for role in roles {
            match role {
                See::All => return Self { only: None, person, objectors_unnamed: false },
                See::These(these) => seen.extend(these),
            }
        }
        Self { only: Some(seen), person, objectors_unnamed: false }
    }

    /// The same, with objections that say when and what, and not whose they are.
    pub(super) fn without_objectors(self, person: Option<PersonId>) -> Self {
        Self { person: self.person.or(person), objectors_unnamed: true, ..self }
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
        if self.objectors_unnamed {
            self.unname_objectors(&mut seen, shape);
        }
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
        // An answer that was prepared is for whoever is asked, whose page looks at the whole dossier for it.
        seen.prepared.clear();
        seen.held.clear();
        seen
    }

    fn is_own(&self, person: &PersonId) -> bool {
        self.person.as_ref() == Some(person)
    }

    /// Takes out whose the objections are, wherever it stands: in their tables, at their papers, in what is asked.
    fn unname_objectors(&self, dossier: &mut Dossier, shape: &Shape) {
        // A table holds the objections to what was posted last.
        let last = dossier.objections.iter().map(|one| one.activation).max();
        let theirs = dossier.objections.iter().filter(|one| Some(one.activation) == last && self.is_own(&one.person));
        let own: Vec<u32> = theirs.map(|one| one.place).collect();
        for (_, table) in dossier.fields.iter_mut().filter(|(name, _)| shape.takes_objections(name)) {
            for (place, row) in (0..).zip(table.as_array_mut().into_iter().flatten()) {
                if let Some(cells) = row.as_object_mut().filter(|_| !own.contains(&place)) {
                    cells.remove(OBJECTION_WHO);
                }
            }
        }
        let outside: BTreeSet<PersonId> = dossier.objections.iter().map(|one| one.person.clone()).collect();
        let unnamed = |by: &PersonId| outside.contains(by) && !self.is_own(by);
        for paper in &mut dossier.papers {
            paper.by = paper.by.take().filter(|by| !unnamed(by));
        }
        let keeps = |task: &mut Task| {
            if task.purpose == Purpose::Object {
                task.holders.retain(|holder| self.is_own(holder));
            }
        };
        dossier.tasks.iter_mut().for_each(keeps);
        for one in &mut dossier.objections {
            if !self.is_own(&one.person) {
                one.person = PersonId::new("");
            }
        }
    }

    /// An event in which somebody objects, without who.
    fn unnamed(&self, event: Event, shape: &Shape) -> Event {
        let own = |person: &PersonId| self.is_own(person);
        let objector = event.changes.iter().find_map(|change| match change {
            Change::Objected(one) => Some(one.person.clone()),
            _ => None,
        });
        let theirs = |person: &PersonId| objector.as_ref() == Some(person) && !own(person);
        let of_table = |name: &FieldName| shape.takes_objections(name);
        let change = |change: Change| match change {
            Change::Objected(one) if !own(&one.person) => {
                Change::Objected(Objected { person: PersonId::new(""), ..one })
            }
            Change::Party { outsider, row: Some(mut row) } if of_table(&row.field) && !own(&outsider.person) => {
                row.cells.remove(OBJECTION_WHO);
                let (person, name) = (PersonId::new(""), String::new());
                Change::Party { outsider: Outsider { person, name, ..outsider }, row: Some(row) }
            }
            Change::Filed(mut papers) => {
                for paper in &mut papers {
                    paper.by = paper.by.take().filter(|by| !theirs(by));
                }
                Change::Filed(papers)
            }
            change => change,
        };
        let actor = if event.actor.person().is_some_and(theirs) { Actor::Public } else { event.actor };
        Event { changes: event.changes.into_iter().map(change).collect(), actor, ..event }
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
    pub fn events(&self, mut whole: Vec<Event>, shape: &Shape) -> Vec<Event> {
        if self.objectors_unnamed {
            whole = whole.into_iter().map(|event| self.unnamed(event, shape)).collect();
        }
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
            Change::Prepared(_) => None,
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
