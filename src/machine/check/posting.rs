//! A matter that is posted: everybody can see what, its table takes what is said, and nothing cuts its time short.

use super::Check;
use super::names::Kind;
use crate::calendar::{Delay, DelayUnit};
use crate::definition::model::{self, Name, Transition};
use crate::diagnostic::fault;
use crate::ids::RoleName;
use crate::machine::{
    ACCEPTED, Due, OBJECTION_DAY, OBJECTION_DECISION, OBJECTION_WHAT, OBJECTION_WHO, OBJECTION_WHY, PUBLIC, Posting,
    REJECTED, RESOLVED, See, Shape, UNOPPOSED,
};

impl Check<'_> {
    /// What is posted.
    pub(super) fn posting(&self, at: usize, written: &model::Posting) -> Posting {
        let place = self.tree.place(at);
        self.asks_alone(place, "posting", &written.span);
        if let Some(deadline) = place.state.keys.get("deadline") {
            self.report(fault!(KEYS_TOGETHER.posting_has_its_time, deadline, state = place.id).beside(&written.span));
        }
        if let (Some(before), Some(ends)) = (&written.before, &written.ends) {
            let (first, second) = ("before", "ends");
            self.report(fault!(KEYS_TOGETHER.two_ends, &ends.span, first, second).beside(&before.span));
        }
        let before = match (&written.before, &written.ends) {
            (Some(day), _) => Some(Due::Before(self.day(day))),
            (None, Some(phrase)) => Some(self.ends(phrase)),
            (None, None) => None,
        };
        let period = written.period.as_ref().map_or(Delay { count: 1, unit: DelayUnit::WorkingDays }, |period| {
            if period.value.count < 1 || !period.value.unit.is_of_days() {
                self.report(fault!(POSTING.period, &period.span, period = period.value.to_string()));
            }
            period.value
        });
        self.not_cut_short(at, written);
        Posting {
            period,
            before,
            into: written.into.as_ref().map_or_else(|| "".into(), |name| self.takes_objections(name)),
            paper: written.paper.as_ref().map(|kind| self.refer(Kind::Paper, kind)),
            answer: self.mail_named(written.answer.as_ref()),
        }
    }

    /// The table of objections has its columns, and nothing but the posting writes into it.
    fn takes_objections(&self, name: &Name) -> crate::ids::FieldName {
        let table = self.refer(Kind::Field, name);
        if let Some(field) = self.find_field(Kind::Field, &table) {
            let column = |wanted: &str| field.columns.iter().find(|column| column.name.value == wanted);
            let is = |wanted: &str, kind: &str| {
                column(wanted).is_some_and(|one| one.kind.as_ref().is_some_and(|found| found.value == kind))
            };
            let words = column(OBJECTION_DECISION).is_some_and(|one| {
                [ACCEPTED, REJECTED].iter().all(|word| one.values.iter().any(|(value, _)| value.value == **word))
            });
            let whole = is(OBJECTION_WHO, "text")
                && is(OBJECTION_WHAT, "text")
                && is(OBJECTION_DAY, "date")
                && is(OBJECTION_DECISION, "one_of")
                && is(OBJECTION_WHY, "text");
            if !whole || !words || field.columns.len() != 5 {
                self.report(fault!(POSTING.table, &name.span, name).beside(&field.name.span));
            }
        }
        for place in self.tree.places() {
            let state = place.state;
            let edited = state.task.iter().flat_map(|task| &task.edit);
            let filled = state.on.iter().flat_map(|way| way.fill.iter().chain(&way.take).chain(&way.adds));
            let access = state.access.iter().flat_map(|access| access.edit.iter().flatten());
            for other in edited.chain(filled).chain(access).filter(|other| other.value == table) {
                self.report(fault!(POSTING.written, &other.span, name).beside(&name.span));
            }
        }
        table.into()
    }

    /// Where the end of a posting leads, nothing else does: neither a person nor a clock.
    fn not_cut_short(&self, at: usize, written: &model::Posting) {
        let place = self.tree.place(at);
        let outcome = |way: &&Transition| {
            let event = way.event.as_ref().map(|event| event.value.as_str());
            way.by.is_empty() && way.from.is_empty() && [Some(UNOPPOSED), Some(RESOLVED)].contains(&event)
        };
        let target = |way: &Transition| way.target.as_ref().and_then(|target| self.tree.resolve(at, &target.value));
        let ends: Vec<usize> = place.state.on.iter().filter(outcome).filter_map(target).collect();
        let by_clock = place.state.after.iter().map(|(_, way)| way);
        let others = place.state.on.iter().filter(|way| !outcome(way)).chain(&place.state.always).chain(by_clock);
        for way in others.filter(|way| way.returns.is_none()) {
            if target(way).is_some_and(|to| ends.contains(&to)) {
                let span = way.target.as_ref().map_or(&way.span, |target| &target.span);
                self.report(fault!(POSTING.cut_short, span, state = place.id).beside(&written.span));
            }
        }
    }

    /// What is posted can be seen by everybody, and its days can be kept.
    pub(super) fn postings(&self, shape: &Shape) {
        for (at, place) in self.tree.places().iter().enumerate() {
            let Some(written) = &place.state.posting else { continue };
            let Some(state) = shape.states.iter().find(|state| state.id.as_str() == place.id) else { continue };
            let public = shape.access(&state.id, &RoleName::from(PUBLIC)).and_then(|access| access.see);
            let sees = match public {
                Some(See::These(these)) => !these.is_empty(),
                Some(See::All) => true,
                None => false,
            };
            if !sees {
                self.report(fault!(POSTING.unseen, &written.span, state = place.id));
            }
            if let Some(posting) = &state.posting {
                self.has_room(shape, at, written, posting);
            }
        }
    }

    /// A posting that begins when a deadline before it ends, and that must be over by a day: that there is room for it in between,
    /// even if no holiday lies there.
    fn has_room(&self, shape: &Shape, at: usize, written: &model::Posting, posting: &Posting) {
        let place = self.tree.place(at);
        let Some(latest) = posting.before.as_ref().and_then(|due| certain(shape, due)) else { return };
        let Some(end) = written.before.as_ref().or(written.ends.as_ref()) else { return };
        for (before, earlier) in self.tree.places().iter().enumerate() {
            let leads =
                earlier.state.on.iter().any(|way| {
                    way.target.as_ref().and_then(|target| self.tree.resolve(before, &target.value)) == Some(at)
                });
            let Some(state) = shape.states.iter().find(|state| leads && state.id.as_str() == earlier.id) else {
                continue;
            };
            let Some(begins) = state.deadline.as_ref().and_then(|deadline| certain(shape, &deadline.due)) else {
                continue;
            };
            let first = shift(begins, posting.period);
            if first > latest {
                let (day, ends) = (first.to_string(), latest.to_string());
                let fault = fault!(NO_ROOM.posting, &end.span, state = place.id, before = earlier.id, day, ends);
                self.report(fault.beside(&earlier.state.name.span));
            }
        }
    }
}

/// The last day that is meant, where that does not depend on a dossier: a date, or one that stands in a table.
fn certain(shape: &Shape, due: &Due) -> Option<jiff::civil::Date> {
    let day = |text: &str| {
        let written = text.parse::<jiff::civil::Date>().ok();
        written.or_else(|| {
            let mut parts = text.split('.');
            let mut value = shape.tables.get(parts.next()?)?;
            for part in parts {
                value = value.get(part)?;
            }
            value.as_str()?.parse().ok()
        })
    };
    match due {
        Due::Within(_) | Due::After(..) => None,
        Due::By(text) => day(text),
        Due::Before(text) => day(text)?.yesterday().ok(),
        Due::Ends(delay, text) => Some(shift(day(text)?, Delay { count: -delay.count, ..*delay })),
    }
}

/// So many days on, as if no day but Saturdays and Sundays rested: never more than it really takes.
fn shift(day: jiff::civil::Date, delay: Delay) -> jiff::civil::Date {
    let (mut at, mut left) = (day, delay.count.abs());
    let rests = |at: jiff::civil::Date| {
        let weekend = [jiff::civil::Weekday::Saturday, jiff::civil::Weekday::Sunday].contains(&at.weekday());
        delay.unit == DelayUnit::WorkingDays && weekend
    };
    while left > 0 {
        let next = if delay.count < 0 { at.yesterday() } else { at.tomorrow() };
        let Ok(next) = next else { return at };
        at = next;
        if !rests(at) {
            left -= 1;
        }
    }
    at
}
