//! Votes: the body, the shares, the time.

use super::Check;
use super::names::Kind;
use crate::calendar::{Delay, DelayUnit};
use crate::definition::model::{self, Name};
use crate::diagnostic::{Words, did_you_mean, fault, say};
use crate::ids::FieldName;
use crate::machine::{Absent, Abstention, Ballot, Base, BodyOf, Fraction, OwnCase, ShareOf, Threshold, Tie, VoteRule};
use crate::source::Spanned;

const ABSTENTIONS: &[(&str, Abstention)] =
    &[("valid", Abstention::Valid), ("not_counted", Abstention::NotCounted), ("refused", Abstention::Refused)];
const TIES: &[(&str, Tie)] = &[("fails", Tie::Fails), ("chair", Tie::Chair), ("again", Tie::Again)];
/// Whether silence does not count.
const REPLIES: &[(&str, bool)] = &[("not_agreed", false), ("does_not_count", true)];
/// Whether a leaver loses the seat.
const LEAVERS: &[(&str, bool)] = &[("keeps_seat", false), ("loses_seat", true)];

impl Check<'_> {
    /// A vote's rule.
    pub(super) fn vote(&self, written: &model::Vote) -> VoteRule {
        let no_body = || BodyOf { kind: String::new(), of: "".into() };
        let quorum = self.share_of(written.quorum.as_ref());
        if let (Some(phrase), ShareOf::Path(_)) = (&written.quorum, &quorum.share) {
            self.report(fault!(SHARE.quorum_path, &phrase.span));
        }
        let passes = self.share_of(written.passes.as_ref());
        self.own_case_can_pass(written, &passes);
        self.recused_leave_a_quorum(written, &quorum);
        let rule = VoteRule {
            title: written.title.clone(),
            body: written.body.as_ref().map_or_else(no_body, |phrase| self.body_of(phrase)),
            parts: written.parts.as_ref().and_then(|name| self.parts(name)),
            ballot: written.ballot.as_ref().map_or(Ballot::Secret, |word| self.ballot(word)),
            quorum,
            passes,
            open_for: self.positive(written.open_for.as_ref()),
            own_case: OwnCase {
                votes: written.own_votes,
                in_base: written.own_in_base,
                collectives: written.own_collectives,
            },
            requires: self.refer_all(Kind::Guard, &written.requires),
            abstention: self.word_of(written.abstention.as_ref(), &say!(word.abstention), ABSTENTIONS),
            tie: self.word_of(written.tie.as_ref(), &say!(word.tie), TIES),
            absent: written.absent.as_ref().map(|absent| Absent {
                written_ballot: absent.written_ballot.as_ref().map(|delay| self.positive(Some(delay))),
                not_agreed: !self.word_of(absent.no_reply.as_ref(), &say!(word.no_reply), REPLIES),
            }),
            leaver_loses_seat: self.word_of(written.leaver.as_ref(), &say!(word.leaver), LEAVERS),
            early_close: written.early_close,
            highest: written.highest.as_ref().and_then(|highest| u32::try_from(highest.value).ok()),
            second_ballot: written.second_ballot,
            withdraw: self.refer_all(Kind::Role, &written.withdraw),
            basis: written.basis.clone(),
            mail: self.mail_named(written.mail.as_ref()),
        };
        self.keeps_secrets(written, &rule);
        self.keys_of_a_vote(written, &rule);
        rule
    }

    /// The field of the rows by which sheets are split: one that has few values, so that each is a part of some rows.
    fn parts(&self, name: &Name) -> Option<FieldName> {
        if !self.is_list() {
            self.report(fault!(KEYS_TOGETHER.parts_alone, &name.span));
            return None;
        }
        let field = FieldName::new(self.refer(Kind::RowField, name));
        let of_row = self.definition.row.iter().find(|one| one.name.value == name.value);
        let kind = of_row.and_then(|one| one.kind.as_ref());
        if let Some(kind) = kind.filter(|kind| !["choice", "one_of", "unit"].contains(&kind.as_str())) {
            self.report(fault!(KEYS_TOGETHER.parts_kind, &name.span, name).beside(&kind.span));
        }
        Some(field)
    }

    /// What would show how somebody voted in secret.
    fn keeps_secrets(&self, written: &model::Vote, rule: &VoteRule) {
        if rule.ballot != Ballot::Secret {
            return;
        }
        let secret = written.ballot.as_ref().map_or(&written.name.span, |word| &word.span);
        if let Some(early) = written.keys.get("early_close").filter(|_| rule.early_close) {
            self.report(fault!(UNMASKS.early_close, early, vote = written.name).beside(secret));
        }
        if let Some(tie) = written.tie.as_ref().filter(|_| rule.tie == Tie::Chair) {
            self.report(fault!(UNMASKS.chair, &tie.span, vote = written.name).beside(secret));
        }
    }

    /// Keys that have a meaning only beside others.
    fn keys_of_a_vote(&self, written: &model::Vote, rule: &VoteRule) {
        let half = matches!(&rule.passes.share, ShareOf::Fixed(share) if share.num * 2 == share.den);
        let place = |key: &str| written.keys.get(key).unwrap_or(&written.name.span);
        if rule.tie != Tie::Fails && !(half && rule.passes.more_than) {
            self.report(fault!(KEYS_TOGETHER.tie_share, place("tie")).beside(place("passes")));
        }
        if rule.tie != Tie::Fails && rule.highest.is_some() {
            self.report(fault!(KEYS_TOGETHER.tie_highest, place("tie")).beside(place("highest")));
        }
        if rule.second_ballot && rule.highest.is_none() {
            self.report(fault!(KEYS_TOGETHER.second_ballot, place("second_ballot")));
        }
        if rule.highest.is_some() && !self.is_list() {
            self.report(fault!(KEYS_TOGETHER.highest_alone, place("highest")));
        }
        if written.highest.as_ref().is_some_and(|highest| highest.value < 1) {
            self.report(fault!(LIMIT.highest, place("highest")));
        }
        if let Some(reply) = written.absent.as_ref().and_then(|absent| absent.no_reply.as_ref())
            && rule.absent.is_some_and(|absent| !absent.not_agreed)
            && rule.passes.base == Base::Members
        {
            self.report(fault!(KEYS_TOGETHER.no_reply_members, &reply.span).beside(place("passes")));
        }
    }

    /// One of a few words, each with what it means; the first where nothing is written.
    pub(super) fn word_of<T: Copy>(&self, word: Option<&Name>, what: &Words, known: &[(&str, T)]) -> T {
        let (_, usual) = known[0];
        let Some(word) = word else { return usual };
        if let Some((_, meant)) = known.iter().find(|(known, _)| *known == word.value) {
            return *meant;
        }
        let known: Vec<&str> = known.iter().map(|(word, _)| *word).collect();
        self.unknown_word(word, what, &known);
        usual
    }

    /// Where every member must take part, nobody's own case has a quorum: whoever does not vote on it is missing.
    fn recused_leave_a_quorum(&self, written: &model::Vote, quorum: &Threshold) {
        let all = matches!(&quorum.share, ShareOf::Fixed(share) if share.num == share.den);
        if let Some(phrase) = &written.quorum
            && all
            && !written.own_votes
            && !self.is_list()
        {
            self.report(fault!(RECUSAL.quorum, &phrase.span, vote = written.name));
        }
    }

    /// Where every member's vote is needed, a case on which one of them may not vote is lost from the start.
    fn own_case_can_pass(&self, written: &model::Vote, passes: &Threshold) {
        let all = matches!(&passes.share, ShareOf::Fixed(share) if share.num == share.den);
        if let Some(phrase) = &written.passes
            && all
            && passes.base == Base::Members
            && !written.own_votes
            && written.own_in_base
        {
            self.report(fault!(RECUSAL.rule, &phrase.span, vote = written.name));
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
            "circulated" => Ballot::Circulated,
            _ => {
                self.unknown_word(word, &say!(word.ballot), &["secret", "open", "circulated"]);
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
