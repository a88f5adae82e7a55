//! Standing on lists as a row: joining one and leaving it.

use super::Run;
use crate::dossier::event::Change;
use crate::dossier::refusal::Refusal;
use crate::dossier::{Body, Frozen, OnList, Recipient};
use crate::ids::ActivationId;
use crate::machine::Joins;
use crate::machine::chart::Place;

impl Run<'_> {
    /// Puts the dossier on a list, unless it stands on that one already.
    pub(super) fn join(&mut self, at: Place, joins: &Joins) -> Result<(), Refusal> {
        let region = self.machine.chart().region(at).and_then(|region| self.entry_of(region));
        let mut fields = std::collections::BTreeMap::new();
        for (name, expr) in &joins.with {
            fields.insert(name.clone(), self.value(expr)?);
        }
        let key = fields.values().map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
        let key = key.collect::<Vec<_>>().join("/");
        if self.dossier().on_lists.iter().any(|on| on.list == joins.list && on.key == key) {
            return Ok(());
        }
        self.leave_list(region);
        let mut row = std::collections::BTreeMap::new();
        for (name, expr) in &joins.row {
            row.insert(name.clone(), self.value(expr)?);
        }
        let (caption, subject) = (self.dossier().caption.clone(), self.dossier().subject.clone());
        let to = Recipient::List { workflow: joins.list.clone(), key: key.clone(), fields };
        let papers = Some(self.frozen());
        self.send(to, Body::Join { subject, caption, fields: row, papers: papers.clone() });
        self.emit(Change::OnList(OnList { list: joins.list.clone(), key, region, dossier: None, told: papers }));
        Ok(())
    }

    /// The papers as the event leaves them that is being made; those of notes are beside the matter.
    pub(super) fn frozen(&self) -> Frozen {
        let dossier = self.dossier();
        let papers = dossier.papers.iter().filter(|paper| !self.machine.notes.contains_key(&paper.kind));
        Frozen::of(papers, dossier.seq + 1)
    }

    /// Tells the lists on which the dossier stands that its papers are others than it told them.
    pub(super) fn tell_papers(&mut self) {
        let ended = self.dossier().outcome.is_some();
        let known = |on: &&OnList| on.dossier.is_some() && !ended;
        let lists: Vec<OnList> = self.dossier().on_lists.iter().filter(known).cloned().collect();
        if lists.is_empty() {
            return;
        }
        let now = self.frozen();
        for on in lists.into_iter().filter(|on| on.told.as_ref().is_none_or(|told| !told.is_same(&now))) {
            if let Some(list) = on.dossier.clone() {
                self.send(Recipient::Dossier(list), Body::Papers(now.clone()));
                self.emit(Change::OnList(OnList { told: Some(now.clone()), ..on }));
            }
        }
    }

    /// Takes a region (none: the whole dossier) off the list on which it stands, and says so to the list if it is known.
    pub(super) fn leave_list(&mut self, region: Option<ActivationId>) {
        let Some(on) = self.dossier().on_lists.iter().find(|on| on.region == region).cloned() else { return };
        if let Some(list) = on.dossier {
            self.send(Recipient::Dossier(list), Body::Leave);
        }
        self.emit(Change::OffList(region));
    }

    /// Sends a message with this event.
    pub(super) fn send(&mut self, to: Recipient, body: Body) {
        let place = self.sent;
        self.sent += 1;
        self.emit(Change::Sent { place, to, body });
    }
}
