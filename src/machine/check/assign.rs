//! How tasks pass from one person to another, and who leads a step.

use super::Check;
use crate::definition::model;
use crate::diagnostic::{fault, say};
use crate::machine::{Lead, LeadAct};

/// What whoever leads a step may do, as workflows write it.
const ACTS: [(&str, LeadAct); 3] = [("assign", LeadAct::Assign), ("add", LeadAct::Add), ("extend", LeadAct::Extend)];

impl Check<'_> {
    /// Who leads a state.
    pub(super) fn lead(&self, written: &model::Lead) -> Lead {
        let act = |word: &model::Name| {
            let known = ACTS.iter().find(|(name, _)| *name == word.value).map(|(_, act)| *act);
            if known.is_none() {
                self.unknown_word(word, &say!(word.lead), &ACTS.map(|(name, _)| name));
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
            self.report(fault!(KEYS_TOGETHER.given_and_claimed, assign).beside(claim));
        }
        let several = self.tree.place(at).state.on.iter().find_map(|transition| {
            transition.needs.as_ref().filter(|needs| !matches!(needs.value, model::Needs::One | model::Needs::Count(1)))
        });
        if let (Some(span), Some(needs)) = (claim.or(assign), several) {
            self.report(fault!(KEYS_TOGETHER.one_and_several, &needs.span).beside(span));
        }
        let gives = |lead: &model::Lead| lead.may.iter().any(|word| word.value == "assign");
        let lead = self.tree.outwards(at).find_map(|at| self.tree.place(at).state.lead.as_ref());
        if let (Some(span), false) = (assign, lead.is_some_and(gives)) {
            self.report(fault!(MISSING_KEY.giver, span));
        }
    }
}
