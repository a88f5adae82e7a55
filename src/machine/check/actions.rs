//! What states do by themselves: fields that are set, facts that are written, people who are told.

use super::Check;
use super::names::Kind;
use crate::definition::model;
use crate::diagnostic::fault;
use crate::machine::{Actions, RegisterRule, Setting};

impl Check<'_> {
    /// What is done on entry or on leaving.
    pub(super) fn actions(&self, written: &model::Actions) -> Actions {
        let setting = |(field, value): &(model::Name, Option<model::Name>)| Setting {
            field: self.refer(Kind::Field, field).into(),
            value: self.formula_for(value.as_ref(), field),
        };
        Actions {
            compare: self.refer_all(Kind::Comparison, &written.compare),
            set: written.set.iter().map(setting).collect(),
            milestone: written.milestone.as_ref().map(|name| name.value.clone()),
            register: written.register.iter().map(|rule| self.register(rule)).collect(),
            tell: self.tell(&written.tell),
            open: self.opened(&written.open),
            send: self.sendings(&written.send),
            result: written.result.as_ref().map(|word| self.result(word)),
        }
    }

    fn register(&self, written: &model::Register) -> RegisterRule {
        if written.holder.is_none() {
            self.needs_subject(written);
        }
        RegisterRule {
            register: written.register.as_ref().map_or_else(String::new, |name| self.refer(Kind::Register, name)),
            holder: self.formula(written.holder.as_ref()),
            key: self.formula(written.key.as_ref()),
            year: self.formula(written.year.as_ref()),
        }
    }

    /// A fact without a holder is the subject's, so there must be one.
    fn needs_subject(&self, written: &model::Register) {
        if self.definition.subject.is_empty() {
            let span = written.register.as_ref().map_or(&self.definition.span, |name| &name.span);
            self.report(fault!(MISSING_KEY.holder, span));
        }
    }
}
