//! Counting: whole numbers only, nothing is rounded.

use super::{Choice, RowResult};
use crate::machine::{Abstention, Base, Fraction, Tie, VoteRule};
use crate::planted::{Fault, planted};

/// What was found in the boxes, on the sheets or on the tables for one row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// For.
    pub yes: u32,
    /// Against.
    pub no: u32,
    /// Without an opinion.
    pub abstain: u32,
    /// Invalid.
    pub invalid: u32,
    /// Members who count for this row.
    pub members: u32,
    /// Those who were present or were asked in writing, whether they answered or not.
    pub asked: u32,
    /// Those who were there, as it was recorded; 0 where nobody records it.
    pub there: u32,
}

impl Tally {
    /// The choices of a row, counted.
    pub fn of<'c>(choices: impl Iterator<Item = &'c Choice>) -> Self {
        choices.fold(Self::default(), |tally, choice| tally.with(*choice, 1))
    }

    /// So many more of the same choice.
    #[must_use]
    pub fn with(self, choice: Choice, more: u32) -> Self {
        match choice {
            Choice::Abstain if planted(Fault::TallyWrong) => Self { yes: self.yes + more, ..self },
            Choice::Yes => Self { yes: self.yes + more, ..self },
            Choice::No => Self { no: self.no + more, ..self },
            Choice::Abstain => Self { abstain: self.abstain + more, ..self },
        }
    }

    /// How many took part.
    pub fn took_part(self) -> u32 {
        self.yes + self.no + self.abstain + self.invalid
    }

    /// Of how many a rule takes its share.
    pub fn base(self, rule: &VoteRule) -> u32 {
        match rule.passes.base {
            Base::Members => self.members,
            Base::Present if rule.absent.is_some_and(|absent| absent.not_agreed) => self.asked.max(self.took_part()),
            Base::Present => self.there.max(self.took_part()),
            Base::Valid if rule.abstention == Abstention::NotCounted => self.yes + self.no,
            Base::Valid => self.took_part() - self.invalid,
        }
    }

    /// Whether it has votes enough; of nothing, no share is reached.
    pub fn passes(self, rule: &VoteRule, needs: Fraction) -> bool {
        self.yes > 0 && reached(rule.passes.more_than, needs, self.yes, self.base(rule))
    }

    /// As many are for as against, and that is not enough.
    pub fn is_tied(self, rule: &VoteRule, needs: Fraction) -> bool {
        self.yes == self.no && self.yes > 0 && !self.passes(rule, needs)
    }

    /// Whether so many more ballots cannot change what becomes of it, whatever they say and whether they come or not.
    pub fn is_decided(self, rule: &VoteRule, needs: Fraction, more: u32) -> bool {
        let worst = self.with(Choice::No, more);
        let best = self.with(Choice::Yes, more);
        if worst.passes(rule, needs) {
            return true;
        }
        let may_tie = rule.tie != Tie::Fails && self.yes.abs_diff(self.no) <= more && self.yes + self.no + more >= 2;
        !best.passes(rule, needs) && !may_tie
    }
}

/// Whether `part` of `whole` is enough.
pub fn reached(more_than: bool, share: Fraction, part: u32, whole: u32) -> bool {
    let (part, whole) = (u64::from(part), u64::from(whole));
    if more_than { share.exceeded_by(part, whole) } else { share.reached_by(part, whole) }
}

/// Of the rows with votes enough, only so many pass, the highest first. Those between which the votes do not decide, and for
/// how many places, are handed back: of equally many votes at the last place, or, where fewer than the places had votes
/// enough, the highest of the others, one more than there are places left.
pub fn highest(rows: &mut [RowResult], places: u32) -> Option<(Vec<usize>, u32)> {
    let mut order: Vec<usize> = (0..rows.len()).filter(|at| rows[*at].yes > 0).collect();
    order.sort_by_key(|at| (!rows[*at].passed, std::cmp::Reverse(rows[*at].yes), *at));
    let enough = order.iter().filter(|at| rows[**at].passed).count();
    let wanted = usize::try_from(places).unwrap_or(usize::MAX);
    if enough <= wanted {
        let (left, others) = (wanted - enough, &order[enough..]);
        let last = others.get(left).or(others.last()).map_or(0, |at| rows[*at].yes);
        let open: Vec<usize> = others.iter().copied().filter(|at| rows[*at].yes >= last).collect();
        return (left > 0 && open.len() > 1).then(|| (open, u32::try_from(left).unwrap_or(places)));
    }
    let cut = rows[order[wanted.saturating_sub(1)]].yes;
    let enough = order[..enough].to_vec();
    let above = enough.iter().filter(|at| rows[**at].yes > cut).count();
    let level: Vec<usize> = enough.iter().copied().filter(|at| rows[*at].yes == cut).collect();
    let fit = above + level.len() <= wanted;
    for at in &enough {
        let higher = enough.iter().filter(|other| rows[**other].yes > rows[*at].yes).count();
        let votes = rows[*at].yes;
        rows[*at].rank = u32::try_from(higher + 1).ok();
        rows[*at].passed = votes > cut || (votes == cut && fit);
    }
    (!fit).then(|| (level, places.saturating_sub(u32::try_from(above).unwrap_or(places))))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Tally, highest, reached};
    use crate::calendar::{Delay, DelayUnit};
    use crate::dossier::{Choice, RowResult};
    use crate::ids::{DossierId, FieldName};
    use crate::machine::{
        Absent, Abstention, Ballot, Base, BodyOf, Fraction, OwnCase, ShareOf, Threshold, Tie, VoteRule,
    };

    fn rule(share: Fraction, more_than: bool, base: Base) -> VoteRule {
        let fixed = |more_than, share, base| Threshold { more_than, share: ShareOf::Fixed(share), base };
        VoteRule {
            title: crate::ids::Text::default(),
            body: BodyOf { kind: "council".to_owned(), of: FieldName::new("unit") },
            parts: None,
            ballot: Ballot::Open,
            quorum: fixed(false, Fraction { num: 2, den: 3 }, Base::Members),
            passes: fixed(more_than, share, base),
            open_for: Delay { count: 3, unit: DelayUnit::WorkingDays },
            own_case: OwnCase { votes: false, in_base: true, collectives: false },
            requires: Vec::new(),
            abstention: Abstention::Valid,
            tie: Tie::Fails,
            absent: None,
            leaver_loses_seat: false,
            early_close: false,
            highest: None,
            second_ballot: false,
            withdraw: Vec::new(),
            basis: None,
            mail: None,
        }
    }

    fn share(text: &str) -> Fraction {
        Fraction::parse(text).expect("a share")
    }

    /// The table of the office: members, and how many of them each rule asks for.
    const NEEDED: [[u32; 6]; 8] = [
        [7, 5, 5, 6, 7, 4],
        [9, 6, 7, 8, 9, 5],
        [11, 8, 8, 9, 10, 6],
        [13, 9, 10, 11, 12, 7],
        [15, 10, 11, 12, 14, 8],
        [17, 12, 12, 14, 16, 9],
        [19, 13, 14, 16, 18, 10],
        [21, 14, 15, 17, 19, 11],
    ];

    #[test]
    fn a_row_passes_with_as_many_votes_as_the_table_says_and_with_no_fewer() {
        let rules = [("2/3", false), ("70%", false), ("80%", false), ("90%", false), ("1/2", true)];
        for [members, needed @ ..] in NEEDED {
            for ((text, more_than), needed) in rules.into_iter().zip(needed) {
                let rule = rule(share(text), more_than, Base::Members);
                for yes in 0..=members {
                    let tally = Tally { yes, no: members - yes, members, asked: members, ..Tally::default() };
                    assert_eq!(tally.passes(&rule, share(text)), yes >= needed, "{yes} of {members} at {text}");
                    assert_eq!(reached(more_than, share(text), yes, members), yes >= needed);
                }
            }
        }
    }

    fn rules() -> impl Strategy<Value = (VoteRule, Fraction)> {
        let share = (1_u64..=12, 1_u64..=12).prop_filter("a share", |(num, den)| num <= den);
        let base = prop_oneof![Just(Base::Members), Just(Base::Present), Just(Base::Valid)];
        let abstention = prop_oneof![Just(Abstention::Valid), Just(Abstention::NotCounted)];
        let tie = prop_oneof![Just(Tie::Fails), Just(Tie::Chair), Just(Tie::Again)];
        (share, any::<bool>(), base, abstention, tie, any::<Option<bool>>()).prop_map(
            |((num, den), more_than, base, abstention, tie, not_agreed)| {
                let share = Fraction { num, den };
                let absent = not_agreed.map(|not_agreed| Absent { written_ballot: None, not_agreed });
                (VoteRule { abstention, tie, absent, ..rule(share, more_than, base) }, share)
            },
        )
    }

    /// What becomes of a row, counted one ballot at a time and compared without a fraction: by adding up.
    fn oracle(rule: &VoteRule, share: Fraction, ballots: &[Option<Choice>]) -> (bool, bool) {
        let (mut yes, mut no, mut base) = (0_u64, 0_u64, 0_u64);
        for ballot in ballots {
            yes += u64::from(*ballot == Some(Choice::Yes));
            no += u64::from(*ballot == Some(Choice::No));
            let absent = rule.absent.is_some_and(|absent| absent.not_agreed);
            base += u64::from(match (rule.passes.base, ballot) {
                (Base::Members, _) => true,
                (Base::Present, None) => absent,
                (Base::Present, Some(_)) => true,
                (Base::Valid, Some(Choice::Abstain)) => rule.abstention == Abstention::Valid,
                (Base::Valid, ballot) => ballot.is_some(),
            });
        }
        let (mut have, mut want) = (0, 0);
        (0..share.den).for_each(|_| have += yes);
        (0..share.num).for_each(|_| want += base);
        let passed = yes > 0 && if rule.passes.more_than { have > want } else { have >= want };
        (passed, yes == no && yes > 0 && !passed)
    }

    fn tally(ballots: &[Option<Choice>]) -> Tally {
        let all = u32::try_from(ballots.len()).expect("few");
        Tally { members: all, asked: all, ..Tally::of(ballots.iter().flatten()) }
    }

    fn ballot() -> impl Strategy<Value = Option<Choice>> {
        prop_oneof![Just(None), Just(Some(Choice::Yes)), Just(Some(Choice::No)), Just(Some(Choice::Abstain))]
    }

    proptest! {
        #[test]
        fn counting_agrees_with_adding_up_ballot_by_ballot(
            (rule, share) in rules(), ballots in prop::collection::vec(ballot(), 1..9),
        ) {
            let counted = tally(&ballots);
            prop_assert_eq!(
                (counted.passes(&rule, share), counted.is_tied(&rule, share)), oracle(&rule, share, &ballots)
            );
        }

        #[test]
        fn what_is_decided_stays_so_whatever_the_others_do(
            (rule, share) in rules(), given in prop::collection::vec(ballot().prop_filter("given", Option::is_some), 0..6),
            more in 0_u32..4,
        ) {
            let all = given.len() + more as usize;
            let now = Tally { members: u32::try_from(all).expect("few"), asked: u32::try_from(all).expect("few"),
                ..tally(&given) };
            let kinds = [None, Some(Choice::Yes), Some(Choice::No), Some(Choice::Abstain)];
            let mut ends = std::collections::BTreeSet::new();
            for mut code in 0..4_usize.pow(more) {
                let mut ballots = given.clone();
                for _ in 0..more {
                    ballots.push(kinds[code % 4]);
                    code /= 4;
                }
                let (passed, tied) = oracle(&rule, share, &ballots);
                ends.insert((passed, tied && rule.tie != Tie::Fails));
            }
            if now.is_decided(&rule, share, more) {
                prop_assert_eq!(ends.len(), 1, "decided, and yet {:?}", ends);
            }
        }

        #[test]
        fn no_more_than_the_places_pass_and_nobody_before_somebody_with_more_votes(
            votes in prop::collection::vec((0_u32..6, any::<bool>()), 0..7), places in 1_u32..4,
        ) {
            let mut rows: Vec<RowResult> = votes.iter().map(|(yes, passed)| result(*yes, *passed && *yes > 0)).collect();
            let before = rows.clone();
            let open = highest(&mut rows, places);
            let passed = |rows: &[RowResult]| rows.iter().filter(|row| row.passed).count();
            prop_assert!(passed(&rows) <= places as usize);
            for (after, row) in rows.iter().zip(&before) {
                prop_assert!(row.passed || !after.passed, "what had too few votes passed");
                let better = rows.iter().zip(&before).any(|(other, had)| had.passed && !other.passed && had.yes > row.yes);
                prop_assert!(!after.passed || !better, "somebody with more votes was left behind");
            }
            if let Some((open, left)) = open {
                prop_assert!(open.len() > left as usize || passed(&before) < places as usize);
                prop_assert_eq!(passed(&rows) + left as usize, places as usize);
                prop_assert!(open.iter().all(|at| !rows[*at].passed && rows[*at].yes > 0));
            } else if passed(&before) >= places as usize {
                prop_assert_eq!(passed(&rows), places as usize);
            }
        }
    }

    fn result(yes: u32, passed: bool) -> RowResult {
        RowResult {
            row: DossierId::new("row"),
            yes,
            no: 0,
            abstain: 0,
            invalid: 0,
            base: 9,
            needs: share("1/2"),
            passed,
            casting: None,
            papers: None,
            rank: None,
            box_hash: None,
        }
    }
}
