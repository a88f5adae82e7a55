//! Numbers of documents: the next one of a counter, or one that another office has given and that is recorded here.

use super::Run;
use crate::dossier::event::Change;
use crate::dossier::refusal::{Code, Reason, Refusal};
use crate::dossier::taken::{Holder, Key, plain};
use crate::ids::{FieldName, Text};
use crate::machine::{FieldKind, Numbering, Transition};

impl<'a> Run<'a> {
    /// Takes the numbers that a transition takes.
    pub(super) fn take_numbers(&mut self, transition: &Transition) -> Result<(), Refusal> {
        self.give_up_changed(transition.number.iter().map(|(field, name)| (field, name.as_str())))?;
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
        let space = self.space_of(name, numbering, year, &of);
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

    /// The number that stands in a field, as it is given once.
    fn entered_key(&self, field: &FieldName, name: &str, numbering: &Numbering) -> Result<(Key, String), Refusal> {
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
        Ok((Key { space: self.space_of(name, numbering, year, &of), key: plain(&number) }, number))
    }

    /// Records a number that stands in a field, unless another dossier, or another field, has it.
    fn enter(&mut self, field: &FieldName, name: &str, numbering: &Numbering) -> Result<(), Refusal> {
        let (key, number) = self.entered_key(field, name, numbering)?;
        if self.dossier().numbers.get(field) == Some(&key) {
            return Ok(());
        }
        let own = &self.dossier().id;
        if self.dossier().numbers.values().any(|other| other == &key) {
            let own = Holder { dossier: Some(own.clone()), name: Some(self.dossier().caption.clone()) };
            return Err(taken_by(field, number, &own));
        }
        if let Some(holder) = self.context.taken.holder(&key).filter(|holder| holder.dossier.as_ref() != Some(own)) {
            return Err(taken_by(field, number, holder));
        }
        self.emit(Change::Took { key, seq: None, field: Some(field.clone()) });
        Ok(())
    }

    /// Records numbers anew that were entered by hand, once they or their days were put right.
    pub(super) fn renumber(&mut self) -> Result<(), Refusal> {
        let numbering_of = |field: &FieldName| {
            let mut ways = self.machine.states.iter().flat_map(crate::machine::State::transitions);
            ways.find_map(|way| way.number.get(field)).map(String::as_str)
        };
        let had = self.dossier().numbers.keys();
        let named: Vec<(FieldName, &str)> =
            had.filter_map(|field| Some((field.clone(), numbering_of(field)?))).collect();
        self.give_up_changed(named.iter().map(|(field, name)| (field, *name)))?;
        for (field, name) in &named {
            if let Some(numbering) = self.entered_by_hand(name) {
                self.enter(field, name, numbering)?;
            }
        }
        Ok(())
    }

    /// Gives up every number that was entered by hand and is another one now, before the first is taken: two that stood in
    /// each other's place change places.
    fn give_up_changed<'n>(&mut self, named: impl Iterator<Item = (&'n FieldName, &'n str)>) -> Result<(), Refusal> {
        let mut given_up = Vec::new();
        for (field, name) in named {
            let (Some(numbering), Some(had)) = (self.entered_by_hand(name), self.dossier().numbers.get(field)) else {
                continue;
            };
            if self.entered_key(field, name, numbering)?.0 != *had {
                given_up.push(had.clone());
            }
        }
        for had in given_up {
            self.emit(Change::GaveUp(had));
        }
        Ok(())
    }

    fn entered_by_hand(&self, name: &str) -> Option<&'a Numbering> {
        self.machine.numbers.get(name).filter(|numbering| numbering.format.is_none())
    }

    /// Whose numbers they are, where every value of a field has its own.
    fn series_of(&self, numbering: &Numbering) -> Result<String, Refusal> {
        let Some(of) = &numbering.of else { return Ok(String::new()) };
        self.text_of(of).ok_or_else(|| Refusal::about(Code::FieldMissing, of.as_str()))
    }

    /// The space in which a numbering's numbers are given once. A text that people write is the same in capitals and small
    /// letters; a code is what it is.
    fn space_of(&self, name: &str, numbering: &Numbering, year: i32, of: &str) -> String {
        let field = numbering.of.as_ref().and_then(|field| self.machine.field(field));
        let is_written = field.is_some_and(|field| matches!(field.kind, FieldKind::Text { .. }));
        if is_written { space(name, numbering, year, &plain(of)) } else { space(name, numbering, year, of) }
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

fn taken_by(field: &FieldName, number: String, holder: &Holder) -> Refusal {
    let code = Code::key_taken(number, holder);
    let about = Some(field.to_string());
    Refusal { reasons: vec![Reason { code, text: Text::default(), basis: None, about }] }
}
