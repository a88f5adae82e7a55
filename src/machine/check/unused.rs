//! What is declared and never used, and what officers would miss: worth a look, no error.

use super::Check;
use super::names::Kind;
use crate::definition::model::Name;
use crate::diagnostic::{Diagnostic, fault};

impl Check<'_> {
    /// Warnings about what nothing refers to, and about buttons without words.
    pub(super) fn unused(&self) {
        for kind in [
            Kind::Field,
            Kind::Role,
            Kind::Guard,
            Kind::Vote,
            Kind::Table,
            Kind::Paper,
            Kind::Register,
            Kind::Number,
            Kind::Note,
            Kind::Decision,
            Kind::Children,
            Kind::Mail,
            Kind::Comparison,
        ] {
            for name in self.names(kind) {
                if !self.is_used(kind, name.as_str()) {
                    self.report(unused(kind, name));
                }
            }
        }
        self.untranslated();
        self.silent_buttons();
        self.silent_refusals();
        self.nobody_starts();
    }

    fn is_used(&self, kind: Kind, name: &str) -> bool {
        let starter = || self.definition.roles.iter().any(|role| role.name.value == name && role.starter);
        let of_roles = || {
            self.definition.roles.iter().filter_map(|role| role.each.as_ref()).any(|each| has_word(&each.value, name))
        };
        let in_formulas = || of_roles() || self.formulas.borrow().iter().any(|formula| has_word(formula.text(), name));
        self.used.borrow().contains(&(kind, name.to_owned()))
            || match kind {
                Kind::Role => starter(),
                Kind::Table | Kind::Register => in_formulas(),
                // Who starts a dossier may fill in any field of it, and so may whoever joins a list.
                Kind::Field => {
                    self.is_list()
                        || !self.definition.parent.is_empty()
                        || self.definition.roles.iter().any(|role| role.starter)
                        || self.definition.public_start.is_some()
                }
                Kind::Paper => in_formulas() || self.imports_papers() || self.in_tables(name),
                // A table gives a guard for each of its words, whether anybody asks for it or not.
                Kind::Guard => {
                    self.definition.decisions.iter().flat_map(|table| &table.guards).any(|one| one.value == name)
                }
                Kind::Decision => self.decides(name) || in_formulas(),
                Kind::Children => in_formulas(),
                Kind::RowField | Kind::Vote | Kind::Number | Kind::Note | Kind::Mail | Kind::Comparison => false,
            }
    }

    /// One of the guards that a table gives is asked for.
    fn decides(&self, name: &str) -> bool {
        let mut tables = self.definition.decisions.iter().filter(|table| table.name.value == name);
        let used = |guard: &Name| self.used.borrow().contains(&(Kind::Guard, guard.value.clone()));
        tables.any(|table| table.guards.iter().any(used))
    }

    /// A file may bring papers of any kind.
    fn imports_papers(&self) -> bool {
        self.definition.import.as_ref().is_some_and(|import| import.papers.is_some())
    }

    /// A table may list kinds of paper.
    fn in_tables(&self, word: &str) -> bool {
        self.definition.tables.iter().filter_map(|table| table.value.as_ref()).any(|value| says(value, word))
    }

    /// A person's event has words for its button.
    fn silent_buttons(&self) {
        for place in self.tree.places() {
            for transition in place.state.on.iter().filter(|transition| !transition.by.is_empty()) {
                if transition.label.is_empty() {
                    self.report(fault!(NO_LABEL.button, &transition.span));
                }
            }
        }
    }

    /// A guard that can close a person's way has words for its refusal.
    fn silent_refusals(&self) {
        for place in self.tree.places() {
            let on = &place.state.on;
            for transition in on.iter().filter(|transition| !transition.by.is_empty()) {
                let otherwise = on.iter().any(|other| other.event == transition.event && other.guard.is_empty());
                for guard in transition.guard.iter().filter(|_| !otherwise) {
                    let declared = self.definition.guards.iter().find(|declared| declared.name.value == guard.value);
                    let Some(silent) = declared.filter(|declared| declared.refuse.is_empty()) else { continue };
                    self.report(fault!(SILENT_REFUSAL.guard, &guard.span, guard).beside(&silent.name.span));
                }
            }
        }
    }

    fn nobody_starts(&self) {
        let written = self.definition;
        let starts =
            written.roles.iter().any(|role| role.starter) || !written.cron.is_empty() || written.import.is_some();
        let starts = starts || written.public_start.is_some();
        if !starts && !self.is_list() && written.parent.is_empty() {
            self.report(fault!(NO_STARTER.nobody, written.keys.get("roles").unwrap_or(&written.span)));
        }
    }
}

fn unused(kind: Kind, name: &Name) -> Diagnostic {
    match kind {
        Kind::Role => fault!(UNUSED.role, &name.span, name),
        Kind::Guard => fault!(UNUSED.guard, &name.span, name),
        Kind::Vote => fault!(UNUSED.vote, &name.span, name),
        Kind::Table => fault!(UNUSED.table, &name.span, name),
        Kind::Field => fault!(UNUSED.field, &name.span, name),
        Kind::RowField => fault!(UNUSED.row_field, &name.span, name),
        Kind::Register => fault!(UNUSED.register, &name.span, name),
        Kind::Number => fault!(UNUSED.number, &name.span, name),
        Kind::Note => fault!(UNUSED.note, &name.span, name),
        Kind::Decision => fault!(UNUSED.decision, &name.span, name),
        Kind::Children => fault!(UNUSED.children, &name.span, name),
        Kind::Mail => fault!(UNUSED.mail, &name.span, name),
        Kind::Paper => fault!(UNUSED.paper, &name.span, name),
        Kind::Comparison => fault!(UNUSED.comparison, &name.span, name),
    }
}

/// Whether this text stands somewhere in a table.
fn says(value: &serde_json::Value, word: &str) -> bool {
    match value {
        serde_json::Value::String(text) => text == word,
        serde_json::Value::Array(items) => items.iter().any(|item| says(item, word)),
        serde_json::Value::Object(entries) => entries.iter().any(|(key, value)| key == word || says(value, word)),
        serde_json::Value::Null | serde_json::Value::Bool(_) | serde_json::Value::Number(_) => false,
    }
}

/// Whether a formula has this name in it as a word.
fn has_word(formula: &str, name: &str) -> bool {
    formula.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').any(|word| word == name)
}
