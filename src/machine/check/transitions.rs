//! Transitions: where they lead, who may take them, what they bring along.

use super::Check;
use super::names::Kind;
use crate::definition::TRANSITION_KEYS;
use crate::definition::model;
use crate::diagnostic::fault;
use crate::ids::{EventName, StateId};
use crate::machine::{After, RowEvents, Target, Transition};

/// What only a person can do with a transition.
const OF_A_PERSON: &[&str] = &["hint", "needs", "reason", "fill", "adds", "attach", "confirm", "recall"];

impl Check<'_> {
    /// A transition of the state at `from`.
    pub(super) fn transition(&self, from: usize, written: &model::Transition) -> Transition {
        self.keys_fit(written);
        self.internal(from, written);
        self.recall(from, written);
        self.decided(written);
        Transition {
            event: written.event.as_ref().map(|event| EventName::new(&event.value)),
            label: written.label.clone(),
            hint: written.hint.clone(),
            by: self.refer_all(Kind::Role, &written.by),
            needs: self.needs(from, written),
            guard: self.refer_all(Kind::Guard, &written.guard),
            target: self.leads_to(from, written),
            reason: written.reason,
            fill: self.refer_all(Kind::Field, &written.fill),
            adds: written.adds.as_ref().map(|name| self.added_to(name)),
            attach: self.refer_all(Kind::Paper, &written.attach),
            confirm: written.confirm,
            rows: written.rows.as_ref().map(|rows| self.row_events(rows)),
            tell: self.tell(&written.tell),
            take: self.refer_all(Kind::Field, &written.take),
            from: self.from(written),
            open: self.opened(&written.open),
            send: self.sendings(&written.send),
            result: written.result.as_ref().map(|word| self.result(word)),
            number: self.numbered(written),
            pause: written.pause,
            internal: written.internal,
            returns: written.returns.as_ref().map(|returns| self.returns(written, returns)),
            recall: written.recall,
        }
    }

    /// A transition by the clock.
    pub(super) fn after(
        &self,
        from: usize,
        delay: Option<&crate::source::Spanned<crate::calendar::Delay>>,
        written: &model::Transition,
    ) -> After {
        After { delay: self.positive(delay), transition: self.transition(from, written) }
    }

    fn leads_to(&self, from: usize, written: &model::Transition) -> Target {
        let mut ways = Vec::new();
        if let Some(target) = &written.target {
            ways.push((target.span.clone(), Target::State(StateId::new(self.target(from, target)))));
        }
        if written.stay {
            ways.push((written.keys.get("stay").unwrap_or(&written.span).clone(), Target::Stay));
        }
        if let Some(resume) = &written.resume {
            ways.push((resume.span.clone(), Target::Resume(StateId::new(self.target(from, resume)))));
        }
        if let [(first, _), (second, _), ..] = &ways[..] {
            self.report(fault!(KEYS_TOGETHER.two_places, second).beside(first));
        }
        if ways.is_empty() {
            *self.lost.borrow_mut() = true;
        }
        // A key that is not known was probably meant to be one of the three; that is said already.
        if ways.is_empty() && written.keys.keys().all(|key| TRANSITION_KEYS.contains(&key.as_str())) {
            self.report(fault!(MISSING_KEY.target, &written.span));
        }
        ways.into_iter().next().map_or(Target::Stay, |(_, target)| target)
    }

    fn row_events(&self, rows: &model::Rows) -> RowEvents {
        let event = |name: &Option<model::Name>| name.as_ref().map(|name| EventName::new(&name.value));
        RowEvents {
            kept: event(&rows.kept),
            struck: event(&rows.struck),
            returned: event(&rows.returned),
            postponed: event(&rows.postponed),
            own: event(&rows.own),
            with: self.refer_all(Kind::Field, &rows.with),
            release: rows.release,
        }
    }

    /// What asks something of a person needs a person.
    fn keys_fit(&self, written: &model::Transition) {
        if let (None, Some(span)) = (&written.event, written.keys.get("by")) {
            self.report(fault!(KEYS_TOGETHER.nobody_takes, span));
        }
        if written.by.is_empty() {
            for key in OF_A_PERSON {
                let Some(span) = written.keys.get(*key) else { continue };
                self.report(fault!(KEYS_TOGETHER.no_person, span, key));
            }
        }
        if written.pause && written.target.is_none() {
            let span = written.keys.get("pause").unwrap_or(&written.span);
            self.report(fault!(KEYS_TOGETHER.pause, span));
        }
    }
}
