//! Parallel states, inner ends and histories: that they are put together as SCXML wants them, and that somebody answers when
//! something has come to its end.

use super::Check;
use super::tree::Place;
use crate::definition::model::{self, Name};
use crate::diagnostic::fault;
use crate::machine::chart::DONE;
use crate::source::Span;

/// What a history may say.
const OF_HISTORY: &[&str] = &["history", "target"];

impl Check<'_> {
    /// Every parallel state, inner end and history.
    pub(super) fn regions(&self) {
        for (at, place) in self.tree.places().iter().enumerate() {
            if place.state.parallel {
                self.parallel_state(at, place);
            }
            if place.state.history.is_some() {
                self.history(at, place);
            } else if let Some(span) = place.state.keys.get("target") {
                self.report(fault!(HISTORY.no_history, span, state = place.id));
            }
            if place.state.is_final && place.parent.is_some() {
                self.inner_end(at, place);
            }
            for transition in &place.state.on {
                self.done_is_nobodys(transition);
            }
            let after = place.state.after.iter().map(|(_, transition)| transition);
            for transition in place.state.on.iter().chain(&place.state.always).chain(after) {
                self.stays_in_its_region(at, transition);
            }
        }
    }

    fn parallel_state(&self, at: usize, place: &Place<'_>) {
        let state = place.state;
        let span = state.keys.get("parallel").unwrap_or(&state.name.span);
        let regions = || state.states.iter().filter(|inner| inner.history.is_none());
        if regions().count() < 2 {
            self.report(fault!(PARALLEL.one_region, span, state = place.id));
        }
        if let Some(initial) = state.keys.get("initial") {
            self.report(fault!(PARALLEL.initial, initial).beside(span));
        }
        for end in regions().filter(|inner| inner.is_final) {
            *self.lost.borrow_mut() = true;
            let id = format!("{}.{}", place.id, end.name.value);
            self.report(fault!(PARALLEL.end_beside, &end.name.span, state = id));
        }
        self.lists_of_regions(at);
    }

    /// What a list says is for the region that stands on it.
    fn lists_of_regions(&self, parallel: usize) {
        let joins = self.tree.inside(parallel).filter_map(|inner| {
            let list = self.tree.place(inner).state.joins.as_ref()?.list.as_ref()?;
            let mut outwards = self.tree.outwards(inner);
            Some((outwards.find(|at| self.tree.place(*at).parent == Some(parallel))?, list))
        });
        let joins: Vec<(usize, &Name)> = joins.collect();
        for (place, (region, list)) in joins.iter().enumerate() {
            let before = joins[..place].iter().find(|(other, name)| other != region && name.value == list.value);
            let Some((_, before)) = before else { continue };
            self.report(fault!(PARALLEL.two_lists, &list.span, list).beside(&before.span));
        }
    }

    fn history(&self, at: usize, place: &Place<'_>) {
        let state = place.state;
        for (key, span) in state.keys.iter().filter(|(key, _)| !OF_HISTORY.contains(&key.as_str())) {
            self.report(fault!(HISTORY.key, span, state = place.id, key));
        }
        let Some(around) = place.parent else {
            return self.report(fault!(HISTORY.of_nothing, &state.name.span));
        };
        let Some(target) = &state.target else {
            *self.lost.borrow_mut() = true;
            return self.report(fault!(HISTORY.no_target, &state.name.span, state = place.id));
        };
        let Some(leads) = self.tree.resolve(at, &target.value) else { return };
        let deep = state.history.as_ref().is_some_and(|word| word.value == "deep");
        let inside = leads != around && self.tree.outwards(leads).any(|outer| outer == around);
        let directly = self.tree.place(leads).parent == Some(around);
        let is_history = self.tree.place(leads).state.history.is_some();
        let (span, id) = (&target.span, &place.id);
        let fault = match (inside, is_history, directly || deep) {
            (false, ..) => fault!(HISTORY.outside, span, state = id, target, around = self.tree.place(around).id),
            (_, true, _) => fault!(HISTORY.another, span, state = id, target),
            (.., false) => fault!(HISTORY.too_deep, span, state = id, target),
            (true, false, true) => return,
        };
        *self.lost.borrow_mut() = true;
        self.report(fault);
    }

    /// What ends inside is answered by the state that it ends, or by the parallel state whose region that is.
    fn inner_end(&self, at: usize, place: &Place<'_>) {
        if let Some(span) = place.state.keys.get("outcome") {
            self.report(fault!(FINAL_STATE.inner_outcome, span, state = place.id));
        }
        let answers = |at: usize| self.tree.place(at).state.on.iter().any(is_done);
        let mut ended = self.tree.outwards(at).skip(1);
        let Some(first) = ended.next() else { return };
        let regions = ended.take_while(|around| self.tree.place(*around).state.parallel);
        if std::iter::once(first).chain(regions).any(answers) {
            return;
        }
        let id = &self.tree.place(first).id;
        self.report(fault!(UNHANDLED.done, &place.state.name.span, state = id, event = DONE));
    }

    fn done_is_nobodys(&self, transition: &model::Transition) {
        if let (true, Some(by)) = (is_done(transition), transition.by.first()) {
            self.report(fault!(KEYS_TOGETHER.done, &by.span, event = DONE));
        }
    }

    /// What leads from one region into another leaves the parallel state as a whole.
    fn stays_in_its_region(&self, from: usize, transition: &model::Transition) {
        let Some(target) = &transition.target else { return };
        let Some(leads) = self.tree.resolve(from, &target.value) else { return };
        let region = |at: usize, parallel: usize| {
            self.tree.outwards(at).find(|around| self.tree.place(*around).parent == Some(parallel))
        };
        let crossed = self
            .tree
            .outwards(from)
            .skip(1)
            .filter(|around| self.tree.place(*around).state.parallel)
            .find(|parallel| region(leads, *parallel).is_some_and(|other| region(from, *parallel) != Some(other)));
        if let Some(parallel) = crossed {
            self.report(fault!(LEAVES_REGIONS.regions, &target.span, state = self.tree.place(parallel).id));
        }
    }

    /// `internal` stays inside the compound state that it is written in.
    pub(super) fn internal(&self, from: usize, written: &model::Transition) {
        if !written.internal {
            return;
        }
        let place = self.tree.place(from);
        let compound = !place.state.states.is_empty() && !place.state.parallel;
        let leads = written.target.as_ref().and_then(|target| self.tree.resolve(from, &target.value));
        let inside = leads.is_none_or(|leads| leads != from && self.tree.outwards(leads).any(|around| around == from));
        if compound && inside && written.target.is_some() {
            return;
        }
        let span: &Span = written.keys.get("internal").unwrap_or(&written.span);
        self.report(fault!(KEYS_TOGETHER.internal, span, state = place.id));
    }
}

fn is_done(transition: &model::Transition) -> bool {
    transition.event.as_ref().is_some_and(|event| event.value == DONE)
}
