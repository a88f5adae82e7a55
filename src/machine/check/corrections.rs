//! Corrections: who may make them, and that votes which fall have somewhere to go.

use super::Check;
use super::names::Kind;
use crate::definition::model::{self, Name};
use crate::diagnostic::{Diagnostic, code};
use crate::machine::{Correctable, Votes};
use crate::source::Span;

/// Raised when a correction makes votes fall.
pub(super) const VOTES_FELL: &str = "votes_fell";
/// Raised when a result is withdrawn.
pub(super) const RESULT_WITHDRAWN: &str = "result_withdrawn";

impl Check<'_> {
    /// How a field may be corrected.
    pub(super) fn correctable(&self, field: &model::Field, written: &model::Correctable) -> Correctable {
        if written.by.is_empty() {
            let message = format!("nobody may correct `{}`", field.name.value);
            let fault = Diagnostic::error(code::MISSING_KEY, message, written.span.clone(), "by whom?");
            self.report(fault.help("write `by: ROLE`"));
        }
        if self.definition.subject.iter().any(|subject| subject.value == field.name.value) {
            let message = format!("`{}` says whom the dossier is about and cannot be corrected", field.name.value);
            let fault =
                Diagnostic::error(code::KEYS_TOGETHER, message, written.span.clone(), "another person's dossier");
            self.report(
                fault.help("withdraw the dossier and open another one: what is sealed for a person stays theirs"),
            );
        }
        Correctable {
            by: self.refer_all(Kind::Role, &written.by),
            reason: written.reason,
            votes: written.votes.as_ref().map_or(Votes::Stand, |word| self.votes_word(word)),
        }
    }

    /// A field of a row or a column is corrected where it comes from, or with its whole table.
    pub(super) fn not_correctable(&self, fields: &[model::Field]) {
        for field in fields {
            if let Some(span) = field.keys.get("correctable") {
                let fault = Diagnostic::error(
                    code::KEYS_TOGETHER,
                    "a column or a field of a row is not corrected by itself",
                    span.clone(),
                    "has no meaning here",
                );
                self.report(
                    fault.help("say it for the table, or for the field of the dossier that stands on the list"),
                );
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
                self.unknown_word(word, "word for votes after a correction", &["stand", "fall"]);
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
                self.handled(at, VOTES_FELL, span, "a correction makes the votes of this state fall");
            }
        }
        if !any {
            let fault =
                Diagnostic::error(code::KEYS_TOGETHER, "there is no vote that could fall", span.clone(), "no vote");
            self.report(fault.help("take it away: votes stand unless it is said that they fall"));
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
                let message = "the result of a list cannot be withdrawn";
                let fault = Diagnostic::error(code::KEYS_TOGETHER, message, first.span.clone(), "its rows were told");
                self.report(fault.help("tallies on paper are confirmed by a second person before rows are told"));
            } else if !answered(RESULT_WITHDRAWN) {
                let message = format!("nothing answers `{RESULT_WITHDRAWN}`");
                let fault = Diagnostic::error(code::UNHANDLED, message, first.span.clone(), "it can be withdrawn");
                self.report(fault.help(format!(
                    "write `{RESULT_WITHDRAWN}: STATE` under `on:` where the dossier stands after the vote"
                )));
            }
        }
    }
}
