//! Rounds: what a return leaves standing, how long a deadline is the next time, and what may be taken back.

use super::Check;
use super::names::Kind;
use crate::definition::model;
use crate::diagnostic::fault;
use crate::machine::{Again, Returns};

impl Check<'_> {
    /// A transition that begins another round.
    pub(super) fn returns(&self, way: &model::Transition, written: &model::Returns) -> Returns {
        if way.target.is_none() {
            self.report(fault!(KEYS_TOGETHER.returns_nowhere, &written.span));
        }
        if let (Some(first), true) = (written.stand.first(), self.is_list()) {
            self.report(fault!(KEYS_TOGETHER.stands_on_a_list, &first.span));
        }
        Returns { stand: self.refer_all(Kind::Vote, &written.stand) }
    }

    /// How long a deadline is when its state is entered again.
    pub(super) fn again(&self, written: &model::Deadline) -> Option<Again> {
        let again = written.again.as_ref()?;
        if let Some((key, span)) = ["by", "before"].iter().find_map(|key| written.keys.get_key_value(*key)) {
            self.report(fault!(KEYS_TOGETHER.again_on_a_day, &again.span, key).beside(span));
        }
        Some(match again.value {
            model::Again::Within(delay) => {
                Again::Within(self.positive(Some(&crate::source::Spanned::new(delay, again.span.clone()))))
            }
            model::Again::Rest => Again::Rest,
        })
    }

    /// Whoever sent a dossier somewhere takes it back from there: somebody must be able to send it, and what others have done
    /// with it must be known here.
    pub(super) fn recall(&self, from: usize, written: &model::Transition) {
        let Some(span) = written.keys.get("recall").filter(|_| written.recall) else { return };
        let place = self.tree.place(from);
        if written.target.is_none() {
            self.report(fault!(KEYS_TOGETHER.recall_nowhere, span));
        }
        for key in ["needs", "fill", "adds", "attach", "rows", "returns"] {
            let Some(other) = written.keys.get(key) else { continue };
            self.report(fault!(KEYS_TOGETHER.recall_and_more, other, key).beside(span));
        }
        if let Some(list) = place.state.joins.as_ref().and_then(|joins| joins.list.as_ref()) {
            self.report(fault!(KEYS_TOGETHER.recall_from_a_list, span).beside(&list.span));
        }
        let theirs =
            |way: &model::Transition| way.by.iter().any(|by| written.by.iter().any(|mine| mine.value == by.value));
        let leads_here = |source: usize, way: &model::Transition| {
            let target = way.target.as_ref().and_then(|target| self.tree.resolve(source, &target.value));
            target.is_some_and(|to| self.tree.outwards(self.tree.innermost(to)).any(|at| at == from))
        };
        let sent = self.tree.places().iter().enumerate().any(|(source, other)| {
            source != from && other.state.on.iter().any(|way| theirs(way) && leads_here(source, way))
        });
        if !written.by.is_empty() && !sent {
            self.report(fault!(NO_CAUSE.recall, span, state = place.id));
        }
    }
}
