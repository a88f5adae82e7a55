//! Reading: values and names out of the tree, and every fault with its place.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::civil::{DateTime, Time};

use super::model::Values;
use crate::diagnostic::{Diagnostic, did_you_mean, fault, say};
use crate::directory::{Directory, Person, is_mailbox};
use crate::ids::{FieldName, Instant, PersonId};
use crate::import;
use crate::machine::{Field, FieldKind, Machine};
use crate::scenario::world::{World, outsider};
use crate::source::Spanned;
use crate::yaml::fields::{Fields, Node, entries};

/// Says that nothing is there: no outcome, an empty field, nobody.
pub(super) const NONE: &str = "none";
/// The hour that a date without one means: mails have come and were read.
const MORNING: Time = Time::constant(9, 0, 0, 0);

/// The directory, and as people those from outside whose mailboxes stand in a text.
fn with_mailboxes<'d>(directory: &'d Directory, text: &str) -> Cow<'d, Directory> {
    let mut known = Cow::Borrowed(directory);
    for mail in text.split([';', '|']).map(str::trim).filter(|part| is_mailbox(part)) {
        let (id, code, name) = (outsider(mail), mail.to_owned(), mail.to_owned());
        let person = Person { id: id.clone(), code, name, address: None, email: None, language: String::new() };
        known.to_mut().people.insert(id, person);
    }
    known
}

/// Reads one scenario file.
pub(super) struct Reader<'w> {
    pub(super) world: &'w World,
    /// The workflow that the file is about.
    pub(super) main: &'w Machine,
    people: BTreeMap<&'w str, &'w PersonId>,
    pub(super) faults: Vec<Diagnostic>,
}

impl<'w> Reader<'w> {
    pub(super) fn new(world: &'w World, main: &'w Machine) -> Self {
        let people = world.directory().people.values().map(|person| (person.code.as_str(), &person.id)).collect();
        Self { world, main, people, faults: Vec::new() }
    }

    pub(super) fn report(&mut self, fault: Diagnostic) {
        self.faults.push(fault);
    }

    /// A mapping with these keys and no others.
    pub(super) fn fields<'n>(&mut self, node: &'n Spanned<Node>, known: &[&str]) -> Fields<'n> {
        Fields::of(node, known, &mut self.faults)
    }

    /// A mapping from names that the author chose.
    pub(super) fn named<'n>(&mut self, node: &'n Spanned<Node>) -> &'n [(Spanned<String>, Spanned<Node>)] {
        entries(node, &mut self.faults)
    }

    /// A text.
    pub(super) fn text(&mut self, node: &Spanned<Node>) -> Option<Spanned<String>> {
        if let Node::Text(text) = &node.value {
            return Some(Spanned::new(text.clone(), node.span.clone()));
        }
        self.report(fault!(WRONG_TYPE.want_text, &node.span));
        None
    }

    /// Texts: a list of them, one alone, or none at all.
    pub(super) fn texts(&mut self, node: &Spanned<Node>) -> Vec<Spanned<String>> {
        match &node.value {
            Node::List(items) => items.iter().filter_map(|item| self.text(item)).collect(),
            Node::Text(text) if text == NONE => Vec::new(),
            // A cell of a table holds several with `;` between.
            Node::Text(text) => text
                .split(';')
                .map(str::trim)
                .filter(|part| !part.is_empty())
                .map(|part| Spanned::new(part.to_owned(), node.span.clone()))
                .collect(),
            Node::Null => Vec::new(),
            Node::Map(_) => {
                self.report(fault!(WRONG_TYPE.want_texts, &node.span));
                Vec::new()
            }
        }
    }

    /// `true` or `false`.
    pub(super) fn truth(&mut self, node: &Spanned<Node>) -> Option<Spanned<bool>> {
        let text = self.text(node)?;
        match text.value.as_str() {
            "true" => Some(Spanned::new(true, text.span)),
            "false" => Some(Spanned::new(false, text.span)),
            _ => {
                self.report(fault!(WRONG_TYPE.want_truth, &text.span));
                None
            }
        }
    }

    /// A whole number, not below zero.
    pub(super) fn count(&mut self, node: &Spanned<Node>) -> Option<u32> {
        let text = self.text(node)?;
        let count = text.value.parse().ok();
        if count.is_none() {
            self.report(fault!(WRONG_TYPE.want_count, &text.span));
        }
        count
    }

    /// One of a few words.
    pub(super) fn word<T: Copy>(&mut self, text: &Spanned<String>, words: &[(&str, T)]) -> Option<T> {
        let found = words.iter().find(|(word, _)| *word == text.value).map(|(_, value)| *value);
        if found.is_none() {
            let help = did_you_mean(&text.value, words.iter().map(|(word, _)| *word), say!(near.none));
            self.report(fault!(UNKNOWN_WORD.here, &text.span, word = text).help(help));
        }
        found
    }

    /// A person by their code in the directory.
    pub(super) fn person(&mut self, code: &Spanned<String>) -> Option<PersonId> {
        // Somebody from outside is called by their mailbox.
        if is_mailbox(&code.value) {
            return Some(outsider(&code.value));
        }
        if let Some(id) = self.people.get(code.value.as_str()) {
            return Some((*id).clone());
        }
        let help = did_you_mean(&code.value, self.people.keys().copied(), say!(near.none));
        self.report(fault!(SCENARIO_PERSON.person, &code.span, code).help(help));
        None
    }

    pub(super) fn people(&mut self, node: &Spanned<Node>) -> Vec<PersonId> {
        self.texts(node).iter().filter_map(|code| self.person(code)).collect()
    }

    /// A date with an hour, or a date alone, which means its morning.
    pub(super) fn moment(&mut self, text: &Spanned<String>) -> Option<Instant> {
        let zone = self.world.calendar(self.main).zone().clone();
        let at = |civil: DateTime| civil.to_zoned(zone.clone()).ok().map(|at| Instant::from_timestamp(at.timestamp()));
        let date = text.value.parse::<jiff::civil::Date>().ok().map(|date| date.to_datetime(MORNING));
        let hour = || text.value.replacen(' ', "T", 1).parse::<DateTime>().ok();
        let long = text.value.len() > "2026-06-01".len();
        let found = if long { hour() } else { date };
        let found = found.and_then(at);
        if found.is_none() {
            self.report(fault!(DATE.moment, &text.span, text));
        }
        found
    }

    pub(super) fn date(&mut self, text: &Spanned<String>) -> Option<jiff::civil::Date> {
        let found = text.value.parse().ok();
        if found.is_none() {
            self.report(fault!(DATE.date, &text.span, text));
        }
        found
    }

    /// Values of fields of a workflow, as its forms would take them.
    pub(super) fn values(&mut self, node: &Spanned<Node>, machine: &Machine) -> Values {
        let mut values = Values::new();
        for (name, value) in self.named(node) {
            let Some(field) = machine.field(&FieldName::new(name.as_str())) else {
                let known = machine.fields.iter().map(|field| field.name.as_str());
                let help = did_you_mean(&name.value, known, say!(near.none));
                let workflow = machine.workflow.as_str();
                self.report(fault!(UNKNOWN_FIELD.of_workflow, &name.span, workflow, name).help(help));
                continue;
            };
            let value = match (&field.kind, &value.value) {
                (FieldKind::Rows { columns, .. }, Node::List(rows)) => Some(self.rows(columns, rows, machine)),
                (kind, _) => self.value(kind, value, machine),
            };
            if let Some(value) = value {
                values.insert(field.name.clone(), value);
            }
        }
        values
    }

    /// Rows of a table in a form: each a mapping from columns to values.
    fn rows(&mut self, columns: &[Field], rows: &[Spanned<Node>], machine: &Machine) -> serde_json::Value {
        let mut values = Vec::new();
        for row in rows {
            let mut cells = serde_json::Map::new();
            for (name, cell) in self.named(row) {
                let Some(column) = columns.iter().find(|column| column.name.as_str() == name.value) else {
                    let help =
                        did_you_mean(&name.value, columns.iter().map(|column| column.name.as_str()), say!(near.none));
                    self.report(fault!(UNKNOWN_FIELD.of_table, &name.span, name).help(help));
                    continue;
                };
                cells.extend(self.value(&column.kind, cell, machine).map(|value| (name.value.clone(), value)));
            }
            values.push(serde_json::Value::Object(cells));
        }
        serde_json::Value::Array(values)
    }

    fn value(&mut self, kind: &FieldKind, node: &Spanned<Node>, machine: &Machine) -> Option<serde_json::Value> {
        let text = match &node.value {
            Node::Null => return Some(serde_json::Value::Null),
            // A field may have a word `none` of its own.
            Node::Text(text) if text == NONE && !has_word(kind, NONE) => return Some(serde_json::Value::Null),
            Node::Text(text) => text.clone(),
            Node::List(_) => self.texts(node).iter().map(Spanned::as_str).collect::<Vec<_>>().join(";"),
            Node::Map(_) => {
                self.report(fault!(WRONG_TYPE.want_value, &node.span));
                return None;
            }
        };
        match import::value_of(kind, &text, machine, &with_mailboxes(self.world.directory(), &text)) {
            Ok(value) => Some(value),
            Err(why) => {
                self.report(fault!(SCENARIO_VALUE.value, &node.span, why));
                None
            }
        }
    }

    /// Kinds of paper of a workflow.
    pub(super) fn papers(&mut self, node: &Spanned<Node>, machine: &Machine) -> Vec<String> {
        let kinds = self.texts(node);
        let mut known = Vec::new();
        for kind in kinds {
            let of_file = |field: &Field| field.kind == FieldKind::File && field.name.as_str() == kind.value;
            if machine.papers.contains_key(&kind.value) || machine.fields.iter().any(of_file) {
                known.push(kind.value);
            } else {
                let help = did_you_mean(&kind.value, machine.papers.keys().map(String::as_str), say!(near.none));
                let workflow = machine.workflow.as_str();
                self.report(fault!(UNKNOWN_PAPER.of_workflow, &kind.span, workflow, name = kind).help(help));
            }
        }
        known
    }
}

/// Whether this is one of the words that a field may hold.
fn has_word(kind: &FieldKind, word: &str) -> bool {
    matches!(kind, FieldKind::OneOf { values } if values.contains_key(word))
}
