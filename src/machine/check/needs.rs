//! How many of those who are asked must choose an event, and what happens when they do not agree.

use super::Check;
use super::tree::Place;
use crate::definition::model::{self, Name, Transition};
use crate::diagnostic::{fault, say};
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
                self.report(fault!(LIMIT.needs, &needs.span, max = NEEDS_MAX));
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
        self.report(match asked {
            Some(asked) => fault!(KEYS_TOGETHER.counts_others, span, role = asked).beside(&asked.span),
            None => fault!(KEYS_TOGETHER.counts_nobody, span),
        });
    }

    /// What one person says alone has no place where several must agree.
    fn needs_alone(&self, written: &Transition, span: &Span) {
        let marks = written
            .rows
            .as_ref()
            .filter(|rows| [&rows.struck, &rows.returned, &rows.postponed, &rows.own].into_iter().any(Option::is_some));
        let keys = [
            ("stay", written.stay, say!(why.stay)),
            ("fill", !written.fill.is_empty(), say!(why.fill)),
            ("rows", marks.is_some(), say!(why.rows)),
        ];
        for (key, _, why) in keys.into_iter().filter(|(_, there, _)| *there) {
            let place = written.keys.get(key).unwrap_or(&written.span);
            self.report(fault!(KEYS_TOGETHER.alone, place, key, why).beside(span));
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
                    let place = other.needs.as_ref().map_or(&other.span, |needs| &needs.span);
                    self.report(fault!(KEYS_TOGETHER.branches_need, &needs.span).beside(place));
                }
            }
            if let [first, .., last] = &several[..]
                && first.value != last.value
                && !self.is_handled(at, UNDECIDED)
            {
                let (event, one, other) = (UNDECIDED, first, last);
                self.report(fault!(UNHANDLED.undecided, &last.span, event, one, other, state = place.id));
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
