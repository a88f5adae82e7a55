//! Corrections: who may make them, and that votes which fall have somewhere to go.

use super::Check;
use super::names::Kind;
use crate::definition::model::{self, Name};
use crate::diagnostic::{fault, say};
use crate::machine::{Correctable, LinkPolicy, Votes};
use crate::source::Span;

/// Raised when a correction makes votes fall.
pub(super) const VOTES_FELL: &str = "votes_fell";
/// Raised when a result is withdrawn.
pub(super) const RESULT_WITHDRAWN: &str = "result_withdrawn";

impl Check<'_> {
    /// How a field may be corrected.
    pub(super) fn correctable(&self, field: &model::Field, written: &model::Correctable) -> Correctable {
        if written.by.is_empty() {
            self.report(fault!(MISSING_KEY.who_corrects, &written.span, field = field.name));
        }
        if self.definition.subject.iter().any(|subject| subject.value == field.name.value) {
            self.report(fault!(KEYS_TOGETHER.corrects_subject, &written.span, field = field.name));
        }
        Correctable {
            by: self.refer_all(Kind::Role, &written.by),
            reason: written.reason,
            votes: written.votes.as_ref().map_or(Votes::Stand, |word| self.votes_word(word)),
            link: written.link.as_ref().map_or(LinkPolicy::Link, |word| self.policy(word)),
        }
    }

    /// A field of a row or a column is corrected where it comes from, or with its whole table.
    pub(super) fn not_correctable(&self, fields: &[model::Field]) {
        for field in fields {
            if let Some(span) = field.keys.get("correctable") {
                self.report(fault!(KEYS_TOGETHER.corrects_part, span));
            }
        }
    }

    fn votes_word(&self, word: &Name) -> Votes {
        match word.as_str() {
            "stand" => Votes::Stand,
            "fall" => {
                self.votes_can_fall(&word.span);
                Votes::Fall
            }
            _ => {
                self.unknown_word(word, &say!(word.after_correction), &["stand", "fall"]);
                Votes::Stand
            }
        }
    }

    /// Wherever a vote is held or awaited, the workflow says what happens when it falls.
    fn votes_can_fall(&self, span: &Span) {
        let mut any = false;
        for (at, place) in self.tree.places().iter().enumerate() {
            if place.state.vote.is_some() || place.state.joins.is_some() {
                any = true;
                if !self.is_handled(at, VOTES_FELL) {
                    self.report(fault!(UNHANDLED.votes_fell, span, event = VOTES_FELL, state = place.id));
                }
            }
        }
        if !any {
            self.report(fault!(KEYS_TOGETHER.no_vote_falls, span));
        }
    }

    /// Somebody may correct a field so that votes fall.
    pub(super) fn lets_votes_fall(&self) -> bool {
        let fall = |field: &model::Field| {
            field.correctable.as_ref().and_then(|rule| rule.votes.as_ref()).is_some_and(|word| word.value == "fall")
        };
        self.definition.fields.iter().any(fall)
    }

    /// The vote of a state may be withdrawn.
    pub(super) fn can_be_withdrawn(&self, state: &model::State) -> bool {
        let rule = state.vote.as_ref().and_then(|vote| vote.rule.as_ref());
        let rule = rule.and_then(|rule| self.definition.votes.iter().find(|vote| vote.name.value == rule.value));
        rule.is_some_and(|rule| !rule.withdraw.is_empty())
    }

    /// Rows are told their results at once, so that those of a list cannot be withdrawn; of any other vote somebody answers it.
    pub(super) fn withdrawals(&self) {
        let answered = |event: &str| {
            let mut on = self.tree.places().iter().flat_map(|place| &place.state.on);
            on.any(|way| way.event.as_ref().is_some_and(|name| name.value == event))
        };
        for vote in &self.definition.votes {
            let Some(first) = vote.withdraw.first() else { continue };
            if self.is_list() {
                self.report(fault!(KEYS_TOGETHER.withdraws_of_list, &first.span));
            } else if !answered(RESULT_WITHDRAWN) {
                self.report(fault!(UNHANDLED.withdrawn, &first.span, event = RESULT_WITHDRAWN));
            }
        }
    }
}
