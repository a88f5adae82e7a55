//! How many of those who are asked must choose an event, and what happens when they do not agree.

use super::Check;
use super::tree::Place;
use crate::definition::model::{self, Name, Transition};
use crate::diagnostic::{Diagnostic, code};
use crate::machine::Needs;
use crate::source::Span;

/// The event that the machine raises when everybody has answered and no event has enough of them.
pub(super) const UNDECIDED: &str = "undecided";
/// People that an event can need; more than any office asks.
const NEEDS_MAX: i64 = 1_000;

impl Check<'_> {
    /// How many people a transition of the state at `from` needs.
    pub(super) fn needs(&self, from: usize, written: &Transition) -> Needs {
        let Some(needs) = &written.needs else { return Needs::One };
        match needs.value {
            model::Needs::One => return Needs::One,
            model::Needs::Count(1) => return Needs::One,
            model::Needs::Count(count) if !(1..=NEEDS_MAX).contains(&count) => {
                let fault =
                    Diagnostic::error(code::LIMIT, "so many people cannot be needed", needs.span.clone(), "impossible");
                self.report(fault.help(format!("write `needs: all`, or a number from 2 to {NEEDS_MAX}")));
                return Needs::One;
            }
            model::Needs::Count(_) | model::Needs::All => {}
        }
        self.needs_the_asked(from, written, &needs.span);
        self.needs_alone(written, &needs.span);
        match needs.value {
            model::Needs::Count(count) => Needs::Count(u32::try_from(count).unwrap_or(u32::MAX)),
            model::Needs::One | model::Needs::All => Needs::All,
        }
    }

    /// Those who are counted are those whom the state's own task asks.
    fn needs_the_asked(&self, from: usize, written: &Transition, span: &Span) {
        let task = self.tree.place(from).state.task.as_ref();
        let asked = task.and_then(|task| task.role.as_ref());
        let only = |asked: &Name| written.by.iter().all(|by| by.value == asked.value);
        if written.by.is_empty() || asked.is_some_and(only) {
            return;
        }
        let message = "`needs` counts people who are not asked here";
        let fault = Diagnostic::error(code::KEYS_TOGETHER, message, span.clone(), "how many of whom?");
        self.report(match asked {
            Some(asked) => fault
                .also(asked.span.clone(), "this role is asked")
                .help(format!("write `by: {}` alone, or take `needs` away", asked.value)),
            None => fault.help("write `task: {for: ROLE, ..}` in the same state: its holders are counted"),
        });
    }

    /// What one person says alone has no place where several must agree.
    fn needs_alone(&self, written: &Transition, span: &Span) {
        let marks = written.rows.as_ref().filter(|rows| rows.struck.is_some() || rows.returned.is_some());
        let keys = [
            ("stay", written.stay, "nothing would end what they agree on"),
            ("fill", !written.fill.is_empty(), "each would write over what the others wrote"),
            ("rows", marks.is_some(), "each could mark other rows"),
        ];
        for (key, _, why) in keys.into_iter().filter(|(_, there, _)| *there) {
            let place = written.keys.get(key).unwrap_or(&written.span);
            let message = format!("`{key}` where several people are needed");
            let fault = Diagnostic::error(code::KEYS_TOGETHER, message, place.clone(), why);
            self.report(fault.also(span.clone(), "several are needed").help("do it in the state that follows"));
        }
    }

    /// Branches of one event need equally many, and where people can disagree for good, the state says what follows.
    pub(super) fn agreement(&self) {
        for (at, place) in self.tree.places().iter().enumerate() {
            let several = several(place);
            for (one, other) in
                place.state.on.iter().flat_map(|one| place.state.on.iter().map(move |other| (one, other)))
            {
                if one.event.as_ref().map(|name| &name.value) == other.event.as_ref().map(|name| &name.value)
                    && let Some(needs) = &one.needs
                    && other.needs.as_ref().map(|other| other.value) != Some(needs.value)
                {
                    let message = "branches of one event need different numbers of people";
                    let fault = Diagnostic::error(code::KEYS_TOGETHER, message, needs.span.clone(), "here");
                    let place = other.needs.as_ref().map_or(&other.span, |needs| &needs.span);
                    self.report(fault.also(place.clone(), "and here").help("write the same `needs` in each branch"));
                }
            }
            if let [first, .., last] = &several[..]
                && first.value != last.value
            {
                let why = format!("some may choose `{}` and the others `{}`", first.value, last.value);
                self.handled(at, UNDECIDED, &last.span, &why);
            }
        }
    }

    /// Whether everybody inside this state may have answered without enough of them having agreed.
    pub(super) fn can_be_undecided(&self, at: usize) -> bool {
        self.tree.inside(at).any(|inner| {
            let several = several(self.tree.place(inner));
            several.first().zip(several.last()).is_some_and(|(first, last)| first.value != last.value)
        })
    }
}

/// The events of a state that need several people.
fn several<'p>(place: &Place<'p>) -> Vec<&'p Name> {
    let needs = |transition: &&Transition| {
        transition
            .needs
            .as_ref()
            .is_some_and(|needs| !matches!(needs.value, model::Needs::One | model::Needs::Count(1)))
    };
    place.state.on.iter().filter(needs).filter_map(|transition| transition.event.as_ref()).collect()
}
