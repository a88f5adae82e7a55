//! Messages between dossiers: rows join and leave lists, lists tell their rows what became of them.

use std::collections::BTreeMap;

use super::Run;
use super::step::Brought;
use crate::dossier::event::{Change, Kind};
use crate::dossier::refusal::{Code, Refusal};
use crate::dossier::{Body, Frozen, Ground, Message, OnList, Recipient, RowStatus};
use crate::ids::{DossierId, EventName, FieldName, PersonId, Text};
use crate::machine::FieldKind;

/// What a list answers to a row that has joined, so that the row knows on which list it stands.
pub(super) const JOINED: &str = "joined";

impl Run<'_> {
    /// Consumes a message. One that means nothing any more is consumed without effect: the sender has done its part.
    pub(super) fn receive(&mut self, message: &Message) -> Result<(), Refusal> {
        if self.must_wait(message) {
            self.emit(Change::Held(message.clone()));
        } else {
            self.take_message(message)?;
            self.settle()?;
        }
        self.finish(Kind::Received);
        Ok(())
    }

    pub(super) fn take_message(&mut self, message: &Message) -> Result<(), Refusal> {
        match &message.body {
            Body::Join { subject, caption, fields, papers } => {
                self.joined(message, subject.as_ref(), caption, fields)?;
                self.papers_of(&message.from, papers.as_ref());
                Ok(())
            }
            Body::Papers(papers) => {
                self.papers_of(&message.from, Some(papers));
                Ok(())
            }
            Body::Leave => {
                let live = |row: &&crate::dossier::Row| row.dossier == message.from && row.status == RowStatus::Live;
                if self.dossier().rows.iter().any(|row| live(&row)) {
                    self.emit(Change::Rows(vec![(message.from.clone(), RowStatus::Left)]));
                }
                Ok(())
            }
            Body::Tell { event, fields, .. } if event.as_str() == JOINED => {
                let said = |name: &str| fields.get(&FieldName::from(name)).and_then(|value| value.as_str());
                self.welcomed(&message.from, said("list"), said("key"));
                Ok(())
            }
            // Consumed when the dossier was opened.
            Body::Open { .. } => Ok(()),
            Body::Raise { event, .. } => self.raised(message, event),
            Body::Stands { result, ended, fields } => self.child_stands(message, result.as_deref(), *ended, fields),
            Body::Tell { event, reason, last, .. } => self.told(message, event, reason.as_deref(), *last),
        }
    }

    /// A list has taken the dossier as a row. If the dossier has gone elsewhere meanwhile, it leaves that list again.
    fn welcomed(&mut self, list: &DossierId, workflow: Option<&str>, key: Option<&str>) {
        let asked = |on: &&OnList| Some(on.list.as_str()) == workflow && Some(on.key.as_str()) == key;
        match self.dossier().on_lists.iter().find(asked).cloned() {
            Some(on) => self.emit(Change::OnList(OnList { dossier: Some(list.clone()), ..on })),
            None => self.send(Recipient::Dossier(list.clone()), Body::Leave),
        }
    }

    /// What a row says of its papers. A vote that is open goes on about those that it was opened on.
    fn papers_of(&mut self, row: &DossierId, papers: Option<&Frozen>) {
        let is_live = self.dossier().row(row).is_some_and(|row| row.status == RowStatus::Live);
        if let Some(papers) = papers.filter(|_| is_live) {
            self.emit(Change::RowPapers { row: row.clone(), papers: papers.clone() });
        }
    }

    fn joined(
        &mut self,
        message: &Message,
        subject: Option<&PersonId>,
        caption: &str,
        fields: &std::collections::BTreeMap<FieldName, serde_json::Value>,
    ) -> Result<(), Refusal> {
        if self.dossier().gather_key.is_none() || self.dossier().outcome.is_some() {
            return Err(Refusal::of(Code::NotGathering));
        }
        let caption = self
            .machine
            .row_caption
            .as_ref()
            .and_then(|name| fields.get(name)?.as_str())
            .map_or_else(|| caption.to_owned(), str::to_owned);
        let row = &message.from;
        self.emit(Change::Joined { row: row.clone(), subject: subject.cloned() });
        self.emit(Change::Described { row: row.clone(), caption, fields: fields.clone() });
        let key = self.dossier().gather_key.clone().unwrap_or_default();
        let fields = [("list", self.machine.workflow.as_str()), ("key", key.as_str())]
            .map(|(name, value)| (FieldName::from(name), serde_json::Value::from(value)));
        let (event, fields) = (EventName::from(JOINED), fields.into_iter().collect());
        self.send(Recipient::Dossier(message.from.clone()), Body::Tell { event, fields, reason: None, last: false });
        Ok(())
    }

    fn told(&mut self, message: &Message, event: &EventName, reason: Option<&str>, last: bool) -> Result<(), Refusal> {
        let dossier = self.dossier();
        let on = dossier.on_lists.iter().find(|on| speaks(on, &message.from) && dossier.outcome.is_none());
        let Some(region) = on.map(|on| on.region) else { return Ok(()) };
        if last {
            self.emit(Change::OffList(region));
        }
        if let Some(reason) = reason {
            let at = self.at;
            self.emit(Change::Grounds(vec![Ground { at, text: Text::own(reason), basis: None }]));
        }
        self.raise(event, region, Brought { message: Some(message), ..Brought::default() })
    }

    /// Takes over the fields that a message brings along and the transition wants.
    pub(super) fn take_over(&mut self, message: &Message, wanted: &[FieldName]) -> Result<(), Refusal> {
        let taken = self.taken_from(message, wanted)?;
        if !taken.is_empty() {
            self.emit(Change::Set(taken));
            self.caption();
        }
        Ok(())
    }

    /// The fields of a message that are taken over, as they are held here.
    pub(super) fn taken_from(
        &self,
        message: &Message,
        wanted: &[FieldName],
    ) -> Result<BTreeMap<FieldName, serde_json::Value>, Refusal> {
        let mut taken = BTreeMap::new();
        let (Body::Tell { fields, .. } | Body::Raise { fields, .. }) = &message.body else { return Ok(taken) };
        for name in wanted {
            let (Some(field), Some(value)) = (self.machine.field(name), fields.get(name)) else { continue };
            taken.insert(name.clone(), self.fitting(field, value)?);
        }
        Ok(taken)
    }

    /// A value that comes from another dossier, as a field holds it.
    pub(super) fn fitting(
        &self,
        field: &crate::machine::Field,
        value: &serde_json::Value,
    ) -> Result<serde_json::Value, Refusal> {
        let value = as_kept(field, value.clone());
        let misfit = !value.is_null() && self.misfit(field, &value, &[]).is_some();
        if misfit { Err(Refusal::about(Code::FieldWrong, field.name.as_str())) } else { Ok(value) }
    }
}

/// Formulas give whole numbers as numbers; decimals and money keep what was written.
pub(super) fn as_kept(field: &crate::machine::Field, value: serde_json::Value) -> serde_json::Value {
    match (&field.kind, value) {
        (FieldKind::Decimal { .. } | FieldKind::Money { .. }, serde_json::Value::Number(number)) => {
            number.to_string().into()
        }
        // A table without a row is no value.
        (FieldKind::Rows { .. }, serde_json::Value::Array(rows)) if rows.is_empty() => serde_json::Value::Null,
        (FieldKind::Rows { columns, .. }, serde_json::Value::Array(rows)) => {
            rows.into_iter().map(|row| row_as_kept(columns, row)).collect()
        }
        (_, value) => value,
    }
}

/// The same of the cells of a row; an empty one is left out.
fn row_as_kept(columns: &[crate::machine::Field], row: serde_json::Value) -> serde_json::Value {
    let serde_json::Value::Object(cells) = row else { return row };
    let kept = cells.into_iter().filter(|(_, cell)| !cell.is_null()).map(|(name, cell)| {
        let column = columns.iter().find(|column| column.name.as_str() == name);
        let cell = column.map_or(cell.clone(), |column| as_kept(column, cell));
        (name, cell)
    });
    serde_json::Value::Object(kept.collect())
}

/// Only the list on which a dossier stands may tell it anything; its first word is that it has taken the row.
pub(super) fn speaks(on: &OnList, from: &DossierId) -> bool {
    on.dossier.as_ref() == Some(from)
}
