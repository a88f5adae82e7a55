//! What a person may choose, with what each choice wants along with it; and the form in which a dossier is changed.

use std::collections::BTreeSet;

use serde::Serialize;

use super::super::form::Form;
use super::super::reader::Reader;
use super::input::Input;
use super::refused::Wrong;
use crate::dossier::command::Aside;
use crate::dossier::{Dossier, Prepared, Task};
use crate::ids::{EventName, FieldName};
use crate::machine::{Field, FieldKind, Needs, Transition};

/// One radio button, and what unfolds under it.
#[derive(Debug, Serialize)]
pub(crate) struct Choice {
    pub(crate) event: String,
    pub(crate) label: String,
    pub(crate) hint: String,
    pub(crate) inputs: Vec<Input>,
    pub(crate) sure: bool,
    pub(crate) chosen: bool,
    /// What stands against it as the dossier is now.
    pub(crate) closed: Vec<Wrong>,
}

/// The form that changes the dossier without moving it on.
#[derive(Debug, Serialize)]
pub(crate) struct Edit {
    pub(crate) inputs: Vec<Input>,
    pub(crate) files: bool,
    pub(crate) open: bool,
    /// It is what there is to do: something is missing that is wanted before the dossier goes on.
    pub(crate) first: bool,
}

/// Everything that the transitions of one event want, taken together: which of them will be taken, their guards decide.
#[derive(Debug)]
pub(crate) struct Wanted {
    pub(crate) event: EventName,
    pub(crate) label: String,
    pub(crate) hint: String,
    pub(crate) reason: bool,
    pub(crate) needs: Needs,
    pub(crate) fill: Vec<FieldName>,
    pub(crate) adds: Vec<FieldName>,
    pub(crate) attach: Vec<String>,
    pub(crate) confirm: bool,
    /// How single rows may be taken off the list with it.
    pub(crate) asides: BTreeSet<Aside>,
    /// Rows about whoever does it are not theirs to decide.
    pub(crate) own_apart: bool,
}

impl Wanted {
    /// The events that are offered, in the order of the workflow.
    pub(crate) fn all(reader: &Reader, offered: &[Transition]) -> Vec<Self> {
        let mut all: Vec<Self> = Vec::new();
        for one in offered {
            let Some(event) = &one.event else { continue };
            let place = all.iter().position(|wanted| &wanted.event == event).unwrap_or_else(|| {
                all.push(Self::first(reader, event, one));
                all.len() - 1
            });
            all[place].add(one);
        }
        all
    }

    fn first(reader: &Reader, event: &EventName, one: &Transition) -> Self {
        let label = reader.text(&one.label);
        Self {
            event: event.clone(),
            label: if label.is_empty() { event.to_string() } else { label.to_owned() },
            hint: reader.text(&one.hint).to_owned(),
            reason: false,
            needs: one.needs,
            fill: Vec::new(),
            adds: Vec::new(),
            attach: Vec::new(),
            confirm: false,
            asides: BTreeSet::new(),
            own_apart: false,
        }
    }

    fn add(&mut self, one: &Transition) {
        self.reason |= one.reason;
        self.confirm |= one.confirm;
        if let Some(rows) = &one.rows {
            self.own_apart |= rows.own.is_some();
            self.asides.extend(Aside::ALL.into_iter().filter(|aside| aside.event(rows).is_some()));
        }
        for name in &one.fill {
            if !self.fill.contains(name) {
                self.fill.push(name.clone());
            }
        }
        self.adds.extend(one.adds.iter().filter(|name| !self.adds.contains(name)).cloned().collect::<Vec<_>>());
        for kind in &one.attach {
            if !self.attach.contains(kind) {
                self.attach.push(kind.clone());
            }
        }
    }

    /// Single rows may be taken off the list with it.
    pub(crate) fn marks(&self) -> bool {
        !self.asides.is_empty()
    }

    /// Files cannot be carried over to a second page, so what wants files asks for a tick on the first one instead.
    pub(crate) fn ticked(&self, reader: &Reader) -> bool {
        (self.confirm || self.marks()) && self.files(reader)
    }

    /// It takes files along.
    pub(crate) fn files(&self, reader: &Reader) -> bool {
        let of_file = |name: &FieldName| reader.machine.field(name).is_some_and(|field| field.kind == FieldKind::File);
        !self.attach.is_empty() || self.fill.iter().any(of_file)
    }

    /// The same without what cannot be prepared: files are brought by whoever answers.
    pub(crate) fn without_files(mut self, reader: &Reader) -> Self {
        let of_file = |name: &FieldName| reader.machine.field(name).is_some_and(|field| field.kind == FieldKind::File);
        self.fill.retain(|name| !of_file(name));
        self.attach.clear();
        self
    }

    /// The forms of the rows that the person adds, each under its input's name.
    pub(crate) fn own_rows(&self, reader: &Reader) -> Vec<(String, Field)> {
        let form = |name: &FieldName| Some(reader.machine.own_row(name)?.1);
        self.adds.iter().filter_map(|name| Some((format!("field.{}.{name}", self.event), form(name)?))).collect()
    }

    /// How many people must choose it, and how many have.
    pub(crate) fn needed(&self, reader: &Reader, task: Option<&Task>) -> Option<String> {
        let task = task.filter(|_| self.needs != Needs::One)?;
        let (all, chose) = (task.people().to_string(), task.chose(&self.event).to_string());
        let need = if let Needs::Count(count) = self.needs { count.to_string() } else { all.clone() };
        Some(reader.texts.fill("act.needs", &[("need", &need), ("all", &all), ("chose", &chose)]))
    }

    /// As the page shows it when it is opened, with what an assistant has filled in; it is chosen for whoever has shown more than a
    /// link, which a scanner has too.
    pub(crate) fn prepared(&self, reader: &Reader, dossier: &Dossier, prepared: &Prepared, chosen: bool) -> Choice {
        let mut filled = dossier.clone();
        let own: Vec<(String, Field)> = self.own_rows(reader);
        let is_own = |name: &FieldName| own.iter().any(|(_, row)| &row.name == name);
        let given = prepared.fields.iter().filter(|(name, _)| !is_own(name));
        filled.fields.extend(given.map(|(name, value)| (name.clone(), value.clone())));
        let mut choice = self.choice(reader, &filled, None);
        choice.chosen = chosen;
        for (name, row) in own {
            let place = choice.inputs.iter().position(|input| input.name == name);
            if let (Some(place), Some(value)) = (place, prepared.fields.get(&row.name)) {
                choice.inputs[place] = Input::own_row(reader, name, &row, Some(value), None);
            }
        }
        let reason = format!("reason.{}", self.event);
        for input in choice.inputs.iter_mut().filter(|input| input.name == reason) {
            input.value = prepared.reason.clone().unwrap_or_default();
        }
        choice
    }

    /// As the page shows it.
    pub(crate) fn choice(&self, reader: &Reader, dossier: &Dossier, sent: Option<&Form>) -> Choice {
        let event = &self.event;
        let mut inputs = Vec::new();
        for field in self.fill.iter().filter_map(|name| reader.machine.field(name)) {
            let name = format!("field.{event}.{}", field.name);
            inputs.push(Input::field(reader, name, field, dossier, true, sent));
        }
        for (name, row) in self.own_rows(reader) {
            inputs.push(Input::own_row(reader, name, &row, None, sent));
        }
        for kind in &self.attach {
            inputs.push(Input::paper(reader, format!("paper.{event}.{kind}"), kind, dossier, true));
        }
        if self.reason {
            inputs.push(Input::reason(reader, format!("reason.{event}"), true, sent));
        }
        Choice {
            event: event.to_string(),
            label: self.label.clone(),
            hint: self.hint.clone(),
            inputs,
            sure: self.ticked(reader),
            chosen: sent.is_some_and(|form| form.get("choice") == event.as_str()),
            closed: Vec::new(),
        }
    }
}

/// The form of a task that lets its holder change fields or add papers; none where it does not.
pub(crate) fn edit(
    reader: &Reader,
    (edit, attach): (&[FieldName], &[String]),
    dossier: &Dossier,
    taken: &[&String],
    sent: Option<&Form>,
) -> Option<Edit> {
    let mut inputs = Vec::new();
    let attach: Vec<&String> = attach.iter().filter(|kind| !taken.contains(kind)).collect();
    let mut files = !attach.is_empty();
    for field in edit.iter().filter_map(|name| reader.machine.field(name)) {
        files |= field.kind == FieldKind::File;
        inputs.push(Input::field(reader, format!("edit.{}", field.name), field, dossier, field.required, sent));
    }
    for kind in attach {
        inputs.push(Input::paper(reader, format!("paper.{kind}"), kind, dossier, false));
    }
    let first = inputs.iter().any(Input::is_missing);
    (!inputs.is_empty()).then(|| Edit { inputs, files, open: sent.is_some(), first })
}
