//! Numbers of documents: the next one of a counter, or one that another office has given and that is recorded here.

use super::Run;
use crate::dossier::event::Change;
use crate::dossier::refusal::{Code, Reason, Refusal};
use crate::dossier::taken::{Holder, Key, plain};
use crate::ids::{FieldName, Text};
use crate::machine::{Numbering, Transition};

impl Run<'_> {
    /// Takes the numbers that a transition takes.
    pub(super) fn take_numbers(&mut self, transition: &Transition) -> Result<(), Refusal> {
        for (field, name) in &transition.number {
            let Some(numbering) = self.machine.numbers.get(name) else { continue };
            if numbering.format.is_some() {
                self.count(field, name, numbering)?;
            } else {
                self.enter(field, name, numbering)?;
            }
        }
        if !transition.number.is_empty() {
            self.caption();
        }
        Ok(())
    }

    /// Gives a field the next number of a counter; a field that has one keeps it.
    fn count(&mut self, field: &FieldName, name: &str, numbering: &Numbering) -> Result<(), Refusal> {
        if self.text_of(field).is_some() {
            return Ok(());
        }
        let year = i32::from(self.today().year());
        let of = self.series_of(numbering)?;
        let space = space(name, numbering, year, &of);
        let last = self.context.taken.last(&space).max(self.counted_here(&space));
        let first = numbering.first(if numbering.yearly { year } else { 0 });
        let seq = last.map_or(first, |last| first.max(last.saturating_add(1)));
        let written = numbering.write(seq, year, &of);
        let value = serde_json::Value::from(written.as_str());
        let declared = self.machine.field(field);
        if declared.is_none_or(|declared| self.misfit(declared, &value, &[]).is_some()) {
            return Err(Refusal::about(Code::FieldWrong, field.as_str()));
        }
        self.emit(Change::Set([(field.clone(), value)].into()));
        let key = Key { space, key: plain(&written) };
        self.emit(Change::Took { key, seq: Some(seq), field: Some(field.clone()) });
        Ok(())
    }

    /// The last number of a space that this very decision has taken.
    fn counted_here(&self, space: &str) -> Option<i64> {
        let before = self.decision.events.iter().flat_map(|event| &event.changes);
        let seq = |change: &Change| match change {
            Change::Took { key, seq, .. } if key.space == space => *seq,
            _ => None,
        };
        before.chain(&self.changes).filter_map(seq).max()
    }

    /// Records a number that stands in a field, unless another dossier has it.
    fn enter(&mut self, field: &FieldName, name: &str, numbering: &Numbering) -> Result<(), Refusal> {
        let missing = |field: &FieldName| Refusal::about(Code::FieldMissing, field.as_str());
        let number = self.text_of(field).ok_or_else(|| missing(field))?;
        let year = match &numbering.dated {
            Some(dated) => {
                let date = self.text_of(dated).and_then(|date| date.parse::<jiff::civil::Date>().ok());
                i32::from(date.ok_or_else(|| missing(dated))?.year())
            }
            None => 0,
        };
        let of = self.series_of(numbering)?;
        let key = Key { space: space(name, numbering, year, &of), key: plain(&number) };
        let had = self.dossier().numbers.get(field).cloned();
        if had.as_ref() == Some(&key) {
            return Ok(());
        }
        if self.dossier().numbers.values().any(|other| other == &key) {
            let own = Holder { dossier: Some(self.dossier().id.clone()), name: self.dossier().caption.clone() };
            return Err(taken_by(field, &own));
        }
        let own = Some(&self.dossier().id);
        if let Some(holder) = self.context.taken.holder(&key).filter(|holder| holder.dossier.as_ref() != own) {
            return Err(taken_by(field, holder));
        }
        if let Some(had) = had {
            self.emit(Change::GaveUp(had));
        }
        self.emit(Change::Took { key, seq: None, field: Some(field.clone()) });
        Ok(())
    }

    /// Records numbers anew that were entered by hand, once they or their days were put right.
    pub(super) fn renumber(&mut self) -> Result<(), Refusal> {
        let fields: Vec<FieldName> = self.dossier().numbers.keys().cloned().collect();
        for field in fields {
            let mut ways = self.machine.states.iter().flat_map(crate::machine::State::transitions);
            let name = ways.find_map(|way| way.number.get(&field));
            let found = name.and_then(|name| Some((name, self.machine.numbers.get(name)?)));
            if let Some((name, numbering)) = found.filter(|(_, numbering)| numbering.format.is_none()) {
                self.enter(&field, name, numbering)?;
            }
        }
        Ok(())
    }

    /// Whose numbers they are, where every value of a field has its own.
    fn series_of(&self, numbering: &Numbering) -> Result<String, Refusal> {
        let Some(of) = &numbering.of else { return Ok(String::new()) };
        self.text_of(of).ok_or_else(|| Refusal::about(Code::FieldMissing, of.as_str()))
    }

    /// The text in a field, if there is one.
    fn text_of(&self, field: &FieldName) -> Option<String> {
        let text = self.dossier().fields.get(field)?.as_str()?.trim();
        (!text.is_empty()).then(|| text.to_owned())
    }
}

/// Where a number is given once. What is counted and what is entered by hand are apart: a version that begins to count would
/// otherwise give numbers that are taken, again and again.
fn space(name: &str, numbering: &Numbering, year: i32, of: &str) -> String {
    let kind = if numbering.format.is_some() { "counter" } else { "number" };
    let year = if numbering.yearly { year.to_string() } else { String::new() };
    if of.is_empty() { format!("{kind}:{name}:{year}") } else { format!("{kind}:{name}:{year}:{of}") }
}

fn taken_by(field: &FieldName, holder: &Holder) -> Refusal {
    let code = Code::KeyTaken { dossier: holder.dossier.clone(), by: holder.name.clone() };
    let about = Some(field.to_string());
    Refusal { reasons: vec![Reason { code, text: Text::default(), basis: None, about }] }
}
