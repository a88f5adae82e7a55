//! Parallel states, inner ends and histories: that they are put together as SCXML wants them, and that somebody answers when
//! something has come to its end.

use super::Check;
use super::tree::Place;
use crate::definition::model::{self, Name};
use crate::diagnostic::{Diagnostic, code};
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
                let fault = Diagnostic::error(code::HISTORY, "a state leads nowhere", span.clone(), "no history here");
                self.report(fault.help("transitions stand under `on:`, `always:` and `after:`"));
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
            let message = format!("`{}` has nothing side by side", place.id);
            let fault = Diagnostic::error(code::PARALLEL, message, span.clone(), "fewer than two states inside");
            self.report(fault.help("write a state for each region under `states:`, or take `parallel` away"));
        }
        if let Some(initial) = state.keys.get("initial") {
            let fault =
                Diagnostic::error(code::PARALLEL, "`initial` in a parallel state", initial.clone(), "which of them?");
            self.report(fault.also(span.clone(), "all its states are entered").help("take one of the two away"));
        }
        for end in regions().filter(|inner| inner.is_final) {
            let message = format!("`{}.{}` ends as soon as it begins", place.id, end.name.value);
            let fault = Diagnostic::error(code::PARALLEL, message, end.name.span.clone(), "an end is no region");
            *self.lost.borrow_mut() = true;
            self.report(fault.help("put the final state inside a region"));
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
            let message = format!("two regions stand on the list `{}`", list.value);
            let fault = Diagnostic::error(code::PARALLEL, message, list.span.clone(), "here again");
            let fault = fault.also(before.span.clone(), "and here");
            self.report(fault.help("a dossier is one row of a list: let one region join it"));
        }
    }

    fn history(&self, at: usize, place: &Place<'_>) {
        let state = place.state;
        for (key, span) in state.keys.iter().filter(|(key, _)| !OF_HISTORY.contains(&key.as_str())) {
            let message = format!("the history `{}` has `{key}`", place.id);
            let fault = Diagnostic::error(code::HISTORY, message, span.clone(), "nobody ever stands in a history");
            self.report(fault.help("a history says only `history:` and `target:`"));
        }
        let Some(around) = place.parent else {
            let span = state.name.span.clone();
            let fault = Diagnostic::error(code::HISTORY, "a history of nothing", span, "no state is around it");
            return self.report(fault.help("put it inside the state to which it leads back"));
        };
        let Some(target) = &state.target else {
            let message = format!("the history `{}` does not say where it leads at first", place.id);
            let fault = Diagnostic::error(code::HISTORY, message, state.name.span.clone(), "there is no `target` here");
            *self.lost.borrow_mut() = true;
            return self.report(
                fault.help("write `target:` and the state that is entered as long as there is none to go back to"),
            );
        };
        let Some(leads) = self.tree.resolve(at, &target.value) else { return };
        let deep = state.history.as_ref().is_some_and(|word| word.value == "deep");
        let inside = leads != around && self.tree.outwards(leads).any(|outer| outer == around);
        let directly = self.tree.place(leads).parent == Some(around);
        let is_history = self.tree.place(leads).state.history.is_some();
        let (label, help) = match (inside, is_history, directly || deep) {
            (false, ..) => ("lies outside", format!("name a state inside `{}`", self.tree.place(around).id)),
            (_, true, _) => ("a history too", "name a state in which a dossier can stand".to_owned()),
            (.., false) => ("lies deeper", "name a state directly inside, or write `history: deep`".to_owned()),
            (true, false, true) => return,
        };
        *self.lost.borrow_mut() = true;
        let message = format!("`{}` cannot lead to `{}`", place.id, target.value);
        self.report(Diagnostic::error(code::HISTORY, message, target.span.clone(), label).help(help));
    }

    /// What ends inside is answered by the state that it ends, or by the parallel state whose region that is.
    fn inner_end(&self, at: usize, place: &Place<'_>) {
        if let Some(span) = place.state.keys.get("outcome") {
            let message = format!("`{}` lies inside and has an outcome", place.id);
            let label = "only an end at the top has an outcome";
            let fault = Diagnostic::error(code::FINAL_STATE, message, span.clone(), label);
            self.report(
                fault.help("move the state to the top, or take `outcome` away: it then ends the state around it"),
            );
        }
        let answers = |at: usize| self.tree.place(at).state.on.iter().any(is_done);
        let mut ended = self.tree.outwards(at).skip(1);
        let Some(first) = ended.next() else { return };
        let regions = ended.take_while(|around| self.tree.place(*around).state.parallel);
        if std::iter::once(first).chain(regions).any(answers) {
            return;
        }
        let id = &self.tree.place(first).id;
        let message = format!("`{id}` does not say what follows `{DONE}`");
        let span = place.state.name.span.clone();
        let fault = Diagnostic::error(code::UNHANDLED, message, span, format!("`{id}` ends here"));
        self.report(
            fault.help(format!("add `{DONE}: STATE` under `on:` of `{id}`, or of the parallel state around it")),
        );
    }

    fn done_is_nobodys(&self, transition: &model::Transition) {
        if let (true, Some(by)) = (is_done(transition), transition.by.first()) {
            let message = format!("`{DONE}` is nobody's event");
            let label = "it happens when all is done";
            let fault = Diagnostic::error(code::KEYS_TOGETHER, message, by.span.clone(), label);
            self.report(fault.help("choose another name for what a person does"));
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
            let id = &self.tree.place(parallel).id;
            let message = format!("this leaves every region of `{id}` and begins them anew");
            let fault =
                Diagnostic::warning(code::LEAVES_REGIONS, message, target.span.clone(), "lies in another region");
            self.report(
                fault.help("a region goes on by its own transitions; let the other one answer an event of its own"),
            );
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
        let message = format!("`internal` does not stay inside `{}`", place.id);
        let fault = Diagnostic::error(code::KEYS_TOGETHER, message, span.clone(), "has no meaning here");
        self.report(fault.help("`internal` belongs to a transition of a compound state into one of its own states"));
    }
}

fn is_done(transition: &model::Transition) -> bool {
    transition.event.as_ref().is_some_and(|event| event.value == DONE)
}
