//! What is declared and never used, and what officers would miss: worth a look, no error.

use super::Check;
use super::names::Kind;
use crate::diagnostic::{Diagnostic, code};

impl Check<'_> {
    /// Warnings about what nothing refers to, and about buttons without words.
    pub(super) fn unused(&self) {
        for kind in [Kind::Role, Kind::Guard, Kind::Vote, Kind::Table] {
            for name in self.names(kind) {
                if !self.is_used(kind, name.as_str()) {
                    let message = format!("the {} `{}` is never used", kind.words(), name.value);
                    let fault = Diagnostic::warning(code::UNUSED, message, name.span.clone(), "declared here");
                    self.report(fault.help("take it away, or use it"));
                }
            }
        }
        self.silent_buttons();
        self.silent_refusals();
        self.nobody_starts();
    }

    fn is_used(&self, kind: Kind, name: &str) -> bool {
        let starter = || self.definition.roles.iter().any(|role| role.name.value == name && role.starter);
        self.used.borrow().contains(&(kind, name.to_owned()))
            || (kind == Kind::Role && starter())
            || (kind == Kind::Table && self.formulas.borrow().iter().any(|formula| has_word(formula.text(), name)))
    }

    /// A person's event has words for its button.
    fn silent_buttons(&self) {
        for place in self.tree.places() {
            for transition in place.state.on.iter().filter(|transition| !transition.by.is_empty()) {
                if transition.label.is_empty() {
                    let message = "a button without words";
                    let fault = Diagnostic::warning(code::NO_LABEL, message, transition.span.clone(), "has no `label`");
                    self.report(fault.help("write `label:` and what the button says"));
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
                    let message = format!("the guard `{}` refuses without words", guard.value);
                    let fault =
                        Diagnostic::warning(code::SILENT_REFUSAL, message, guard.span.clone(), "closes a person's way");
                    let fault = fault.also(silent.name.span.clone(), "has no `refuse`");
                    self.report(fault.help("write `refuse:` and what the person is told"));
                }
            }
        }
    }

    fn nobody_starts(&self) {
        let written = self.definition;
        let starts =
            written.roles.iter().any(|role| role.starter) || !written.cron.is_empty() || written.import.is_some();
        if !starts && !self.is_list() {
            let span = written.keys.get("roles").unwrap_or(&written.span).clone();
            let fault =
                Diagnostic::warning(code::NO_STARTER, "nobody can start a dossier", span, "no role is a starter");
            self.report(fault.help("write `starter: true` in a role, or start dossiers with `cron:` or `import:`"));
        }
    }
}

/// Whether a formula has this name in it as a word.
fn has_word(formula: &str, name: &str) -> bool {
    formula.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').any(|word| word == name)
}
