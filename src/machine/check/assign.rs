//! How tasks pass from one person to another, and who leads a step.

use super::Check;
use crate::definition::model;
use crate::diagnostic::{Diagnostic, code};
use crate::machine::{Lead, LeadAct};

/// What whoever leads a step may do, as workflows write it.
const ACTS: &[(&str, LeadAct)] = &[("assign", LeadAct::Assign)];

impl Check<'_> {
    /// Who leads a state.
    pub(super) fn lead(&self, written: &model::Lead) -> Lead {
        let act = |word: &model::Name| {
            let known = ACTS.iter().find(|(name, _)| *name == word.value).map(|(_, act)| *act);
            if known.is_none() {
                self.unknown_word(word, "act of whoever leads", &ACTS.iter().map(|(name, _)| *name).collect::<Vec<_>>());
            }
            known
        };
        Lead { by: self.role_named(written.by.as_ref()), may: written.may.iter().filter_map(act).collect() }
    }

    /// A task is taken over or given, not both, and never where several people are needed; whoever gives it leads the step.
    pub(super) fn passes_on(&self, at: usize, written: &model::Task) {
        let key = |name: &str, is: bool| if is { written.keys.get(name) } else { None };
        let (claim, assign) = (key("claim", written.claim), key("assign", written.assign));
        if let (Some(claim), Some(assign)) = (claim, assign) {
            let message = "a task that is given to somebody is not taken over";
            let fault = Diagnostic::error(code::KEYS_TOGETHER, message, assign.clone(), "given here");
            self.report(fault.also(claim.clone(), "taken over here").help("keep one of the two"));
        }
        let several = self.tree.place(at).state.on.iter().find_map(|transition| {
            transition.needs.as_ref().filter(|needs| !matches!(needs.value, model::Needs::One | model::Needs::Count(1)))
        });
        if let (Some(span), Some(needs)) = (claim.or(assign), several) {
            let message = "one person has the task, and several are needed";
            let fault = Diagnostic::error(code::KEYS_TOGETHER, message, needs.span.clone(), "several here");
            self.report(fault.also(span.clone(), "one here").help("keep one of the two"));
        }
        let gives = |lead: &model::Lead| lead.may.iter().any(|word| word.value == "assign");
        let lead = self.tree.outwards(at).find_map(|at| self.tree.place(at).state.lead.as_ref());
        if let (Some(span), false) = (assign, lead.is_some_and(gives)) {
            let fault = Diagnostic::error(code::MISSING_KEY, "nobody can give this task to anybody", span.clone(), "by whom?");
            self.report(fault.help("write `lead: {by: ROLE, may: [assign]}` in this state or in one around it"));
        }
    }
}
