//! What the events of one command make: the dossier after them, their rows, the keys that they needed.

use std::collections::BTreeMap;

use super::cache::Kept;
use super::queue::Pending;
use super::seals::{self, Asked};
use super::{Attachment, Inner};
use crate::dossier::Dossier;
use crate::dossier::event::{Change, Event};
use crate::dossier::evolve::evolve;
use crate::ids::{DossierId, Instant, PersonId};
use crate::planted::{Fault, planted};
use crate::seal::{DossierKeys, HASH_BEFORE_FIRST, Hash};
use crate::store::{Batch, EventRow, PaperRow, StoreError};

/// The events of one command, folded and sealed.
pub(super) struct Made<'m> {
    inner: &'m Inner,
    pub(super) dossier: Option<Dossier>,
    pub(super) hash: Hash,
    pub(super) keys: DossierKeys,
    pub(super) rows: Vec<(i64, EventRow)>,
    pub(super) new_keys: Vec<(String, Vec<u8>)>,
}

impl<'m> Made<'m> {
    /// Begins behind what the batch has made of the dossier so far.
    pub(super) fn new(inner: &'m Inner, id: &DossierId, kept: Option<&Kept>) -> Self {
        let (rows, mut new_keys) = (Vec::new(), Vec::new());
        if let Some(kept) = kept {
            let (dossier, keys) = (Some(kept.dossier.clone()), kept.keys.clone());
            return Self { inner, dossier, hash: kept.hash, keys, rows, new_keys };
        }
        let (own, wrapped) = inner.keys.master.new_key(id, None, &inner.chance);
        if !planted(Fault::KeyNotKept) {
            new_keys.push((DossierKeys::own_name().to_owned(), wrapped));
        }
        let keys = DossierKeys { own, since: 1, people: BTreeMap::new() };
        Self { inner, dossier: None, hash: HASH_BEFORE_FIRST, keys, rows, new_keys }
    }

    /// Folds and seals the next event.
    pub(super) fn add(&mut self, event: &Event, first_of: Option<&Pending>) -> Result<(), StoreError> {
        let dossier = evolve(self.dossier.take(), event).map_err(|broken| StoreError::Corrupt {
            table: "event",
            column: "sealed",
            what: broken.to_string(),
        })?;
        // Who was forgotten never gets another key.
        for person in seals::concerned(event, &dossier).into_iter().filter(|one| !dossier.forgotten.contains(one)) {
            self.key_of(&dossier.id, person);
        }
        if event.changes.iter().any(|change| matches!(change, Change::Expired(_))) {
            self.begin_anew(&dossier.id, event.seq);
        }
        let first_of = first_of.filter(|_| !planted(Fault::OperationLost));
        let asked = first_of.map(|pending| Asked { operation: pending.operation.as_str(), asked: &pending.asked });
        let previous = if planted(Fault::ChainForked) { &HASH_BEFORE_FIRST } else { &self.hash };
        let (row, hash) = self.inner.seal(event, &dossier, &self.keys, previous, asked);
        if planted(Fault::EventTwice) {
            let again = Event { seq: event.seq + 1, ..event.clone() };
            self.rows.push((again.seq, self.inner.seal(&again, &dossier, &self.keys, &hash, None).0));
        }
        self.rows.push((event.seq, row));
        self.hash = hash;
        self.dossier = Some(dossier);
        Ok(())
    }

    /// From this event on under another key: with the one before everything that was said so far can be destroyed.
    fn begin_anew(&mut self, dossier: &DossierId, seq: i64) {
        let name = DossierKeys::own_since(seq);
        let place = PersonId::from(name.as_str());
        let (own, wrapped) = self.inner.keys.master.new_key(dossier, Some(&place), &self.inner.chance);
        self.keys = DossierKeys { own, since: seq, people: BTreeMap::new() };
        self.new_keys.push((name, wrapped));
    }

    fn key_of(&mut self, dossier: &DossierId, person: &PersonId) {
        if !self.keys.people.contains_key(person) {
            let (key, wrapped) = self.inner.keys.master.new_key(dossier, Some(person), &self.inner.chance);
            self.keys.people.insert(person.clone(), key);
            self.new_keys.push((person.as_str().to_owned(), wrapped));
        }
    }
}

/// The bytes of the papers that the events name.
pub(super) fn add_papers(
    batch: &mut Batch,
    dossier: &DossierId,
    at: Instant,
    events: &[Event],
    attachments: &[Attachment],
) {
    let changes = events.iter().flat_map(|event| &event.changes);
    let filed = changes.filter_map(|change| if let Change::Filed(papers) = change { Some(papers) } else { None });
    for paper in filed.flatten().filter(|_| !planted(Fault::PaperLost)) {
        let Some(attachment) = attachments.iter().find(|attachment| attachment.id == paper.id) else { continue };
        batch.papers.push(PaperRow {
            id: paper.id.as_str().to_owned(),
            dossier: dossier.clone(),
            kind: paper.kind.clone(),
            name: paper.name.clone(),
            media: attachment.media.clone(),
            hash: paper.hash.clone(),
            content: if planted(Fault::PaperChanged) { b"?".to_vec() } else { attachment.content.clone() },
            added_at: at.0,
        });
    }
}
