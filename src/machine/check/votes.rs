//! Votes: the body, the shares, the time.

use super::Check;
use super::names::Kind;
use crate::calendar::{Delay, DelayUnit};
use crate::definition::model::{self, Name};
use crate::diagnostic::{Words, did_you_mean, fault, say};
use crate::machine::{Ballot, Base, BodyOf, Fraction, OwnCase, ShareOf, Threshold, VoteRule};
use crate::source::Spanned;

impl Check<'_> {
    /// A vote's rule.
    pub(super) fn vote(&self, written: &model::Vote) -> VoteRule {
        let no_body = || BodyOf { kind: String::new(), of: "".into() };
        let quorum = self.share_of(written.quorum.as_ref());
        if let (Some(phrase), ShareOf::Path(_)) = (&written.quorum, &quorum.share) {
            self.report(fault!(SHARE.quorum_path, &phrase.span));
        }
        VoteRule {
            title: written.title.clone(),
            body: written.body.as_ref().map_or_else(no_body, |phrase| self.body_of(phrase)),
            ballot: written.ballot.as_ref().map_or(Ballot::Secret, |word| self.ballot(word)),
            quorum,
            passes: self.share_of(written.passes.as_ref()),
            open_for: self.positive(written.open_for.as_ref()),
            own_case: OwnCase { votes: written.own_votes, in_base: written.own_in_base },
            withdraw: self.refer_all(Kind::Role, &written.withdraw),
            basis: written.basis.clone(),
        }
    }

    fn share_of(&self, phrase: Option<&Name>) -> Threshold {
        let whole = ShareOf::Fixed(Fraction { num: 1, den: 1 });
        let nothing = Threshold { more_than: false, share: whole, base: Base::Members };
        phrase.map_or(nothing, |phrase| self.threshold(phrase))
    }

    fn ballot(&self, word: &Name) -> Ballot {
        match word.as_str() {
            "secret" => Ballot::Secret,
            "open" => Ballot::Open,
            _ => {
                self.unknown_word(word, &say!(word.ballot), &["secret", "open"]);
                Ballot::Secret
            }
        }
    }

    /// One of a few words was expected.
    pub(super) fn unknown_word(&self, word: &Name, what: &Words, known: &[&str]) {
        let fault = fault!(UNKNOWN_WORD.word, &word.span, what, word);
        self.report(fault.help(did_you_mean(&word.value, known.iter().copied(), say!(near.away))));
    }

    /// A span of time that lies ahead.
    pub(super) fn positive(&self, delay: Option<&Spanned<Delay>>) -> Delay {
        let Some(delay) = delay else { return Delay { count: 0, unit: DelayUnit::WorkingDays } };
        if delay.value.count <= 0 {
            self.report(fault!(DELAY.not_ahead, &delay.span));
        }
        delay.value
    }
}
