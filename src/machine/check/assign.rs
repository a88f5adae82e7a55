//! How tasks pass from one person to another, and who leads a step.

use super::Check;
use crate::definition::model;
use crate::diagnostic::{did_you_mean, fault, say};
use crate::ids::EventName;
use crate::machine::{Lead, LeadAct};

/// What whoever leads a step may do, as workflows write it.
const ACTS: [(&str, LeadAct); 6] = [
    ("assign", LeadAct::Assign),
    ("add", LeadAct::Add),
    ("extend", LeadAct::Extend),
    ("skip", LeadAct::Skip),
    ("redo", LeadAct::Redo),
    ("record", LeadAct::Record),
];

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
        if let (Some(span), None) = (assign, self.allowed(at, "assign")) {
            self.report(fault!(MISSING_KEY.giver, span));
        }
    }

    /// Where whoever leads a state is allowed to do this.
    fn allowed(&self, at: usize, act: &str) -> Option<&model::Name> {
        let lead = self.tree.outwards(at).find_map(|at| self.tree.place(at).state.lead.as_ref())?;
        lead.may.iter().find(|word| word.value == act)
    }

    /// The event that skipping a task stands for: the one that is named, or the only way on of those who are asked.
    pub(super) fn skipped(&self, at: usize, written: &model::Task) -> Option<EventName> {
        let allowed = self.allowed(at, "skip");
        let place = self.tree.place(at);
        let asked = written.role.as_ref()?;
        let leads_on = |way: &&model::Transition| {
            way.target.is_some() && way.returns.is_none() && way.by.iter().any(|by| by.value == asked.value)
        };
        let mut events: Vec<&model::Name> =
            place.state.on.iter().filter(leads_on).filter_map(|way| way.event.as_ref()).collect();
        events.dedup_by_key(|event| &event.value);
        let known = events.iter().map(|event| event.as_str());
        match (allowed, &written.skip, &events[..]) {
            (None, None, _) => return None,
            (None, Some(skip), _) => self.report(fault!(MISSING_KEY.skipper, &skip.span)),
            (Some(_), Some(skip), _) if events.iter().all(|event| event.value != skip.value) => {
                let help = did_you_mean(&skip.value, known, say!(near.away));
                self.report(fault!(NO_CAUSE.skip, &skip.span, event = skip, state = place.id).help(help));
            }
            (Some(_), Some(skip), _) => return Some(EventName::new(&skip.value)),
            (Some(_), None, [one]) => return Some(EventName::new(&one.value)),
            (Some(may), None, _) => {
                let fault = fault!(MISSING_KEY.way_on, &may.span, state = place.id, n = events.len());
                self.report(fault.beside(&place.state.name.span));
            }
        }
        None
    }
}
