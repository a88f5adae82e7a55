//! What states do by themselves when they are entered or left.

use std::collections::{BTreeMap, BTreeSet};

use super::Run;
use super::receive::as_kept;
use crate::dossier::event::Change;
use crate::dossier::refusal::{Code, Reason, Refusal};
use crate::dossier::taken::Key;
use crate::ids::{ActivationId, PersonId};
use crate::machine::{Actions, FieldKind, RegisterRule, Tell};
use crate::words;

impl Run<'_> {
    /// Compares what a state compares, and sets the fields that it sets, one after the other.
    pub(super) fn set(&mut self, actions: &Actions) -> Result<(), Refusal> {
        self.compare(&actions.compare);
        for setting in &actions.set {
            let wrong =
                || Refusal::about(Code::GuardFailed, format!("set `{}`: the value does not fit", setting.field));
            let field = self.machine.field(&setting.field).ok_or_else(wrong)?;
            let value = as_kept(field, self.value(&setting.value)?);
            if !value.is_null() && self.misfit(field, &value, &[]).is_some() {
                return Err(wrong());
            }
            self.emit(Change::Set(BTreeMap::from([(setting.field.clone(), value)])));
        }
        if !actions.set.is_empty() {
            self.caption();
        }
        Ok(())
    }

    /// Remembers, registers and tells what a state says in one of its entries.
    pub(super) fn note(&mut self, activation: ActivationId, actions: &Actions) -> Result<(), Refusal> {
        if let Some(milestone) = &actions.milestone {
            self.emit(Change::Reached(milestone.clone()));
        }
        for rule in &actions.register {
            self.register(rule)?;
        }
        self.tell(activation, &actions.tell);
        self.reach_out(actions.reach())
    }

    /// Tells roles, each person once by each mail.
    pub(super) fn tell(&mut self, activation: ActivationId, told: &[Tell]) {
        let mut by_mail: BTreeMap<Option<&String>, BTreeSet<PersonId>> = BTreeMap::new();
        for one in told {
            by_mail.entry(one.mail.as_ref()).or_default().extend(self.holders(&one.role));
        }
        for (mail, people) in by_mail.into_iter().filter(|(_, people)| !people.is_empty()) {
            self.emit(Change::Told { activation, people: people.into_iter().collect(), mail: mail.cloned() });
        }
    }

    /// Whose facts the dossier's subject is: a person's id, or `unit:CODE`.
    fn holder(&self) -> Option<String> {
        let fields = &self.dossier().fields;
        self.machine.subject.iter().find_map(|name| {
            let value = fields.get(name)?.as_str()?;
            Some(match self.machine.field(name)?.kind {
                FieldKind::Unit => format!("unit:{value}"),
                _ => value.to_owned(),
            })
        })
    }

    /// Takes the place of an entry that there is once, unless it is the dossier's already.
    fn take_entry(&mut self, rule: &RegisterRule, holder: &str, key: &str, year: i32) -> Result<(), Refusal> {
        let Some(book) = self.machine.registers.get(&rule.register) else { return Ok(()) };
        let Some(once) = book.once(holder, key, year) else { return Ok(()) };
        let written = key.to_owned();
        let key = Key::of_register(&rule.register, once);
        match self.context.taken.holder(&key) {
            Some(first) if first.dossier.as_ref() == Some(&self.dossier().id) => Ok(()),
            Some(first) => {
                // Where the other may not be named, whoever shows the refusal says so in the reader's language.
                let text = match &first.name {
                    Some(name) => book.refuse.map(|said| words::fill(said, &[("other", name)])),
                    None => book.refuse.clone(),
                };
                let code = Code::key_taken(written, first);
                Err(Refusal { reasons: vec![Reason { code, text, basis: None, about: None }] })
            }
            None => {
                self.emit(Change::Took { key, seq: None, field: None });
                Ok(())
            }
        }
    }

    fn register(&mut self, rule: &RegisterRule) -> Result<(), Refusal> {
        let wrong = |what: &str| Refusal::about(Code::GuardFailed, format!("register `{}`: {what}", rule.register));
        let holder = if rule.holder.is_empty() {
            self.holder().ok_or_else(|| wrong("the dossier is about nobody"))?
        } else {
            let value = self.value(&rule.holder)?;
            let holder = value.as_str().ok_or_else(|| wrong("the holder is no text"))?;
            // A formula that says a unit gives its code; registers tell it from a person.
            let directory = self.context.directory;
            let is_unit =
                directory.units.contains_key(&holder.into()) && !directory.people.contains_key(&holder.into());
            if is_unit { format!("unit:{holder}") } else { holder.to_owned() }
        };
        let key = self.value(&rule.key)?.as_str().ok_or_else(|| wrong("the key is no text"))?.to_owned();
        let year = self.value(&rule.year)?.as_i64().and_then(|year| i32::try_from(year).ok());
        let year = year.ok_or_else(|| wrong("the year is no number"))?;
        self.take_entry(rule, &holder, &key, year)?;
        self.emit(Change::Registered { register: rule.register.clone(), holder, key, year });
        Ok(())
    }
}
