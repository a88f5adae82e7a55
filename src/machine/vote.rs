//! How bodies vote: exact fractions of a base, in whole numbers.

use serde::{Deserialize, Serialize};

use super::BodyOf;
use crate::calendar::Delay;
use crate::ids::{FieldName, GuardName, RoleName, Text};

/// An exact fraction of a base: `2/3 of members`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fraction {
    /// Numerator.
    pub num: u64,
    /// Denominator, never zero.
    pub den: u64,
}

impl Fraction {
    /// Parses `2/3`, `80%`, `66.7 %`, `1`.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (num, den) = if let Some(percent) = text.strip_suffix('%') {
            let (num, den) = decimal(percent.trim())?;
            (num, den.checked_mul(100)?)
        } else if let Some((num, den)) = text.split_once('/') {
            (num.trim().parse().ok()?, den.trim().parse().ok()?)
        } else {
            decimal(text)?
        };
        (den != 0).then_some(Self { num, den })
    }

    /// Whether `part` of `whole` reaches this share; whole numbers only, nothing is rounded.
    pub fn reached_by(self, part: u64, whole: u64) -> bool {
        u128::from(part) * u128::from(self.den) >= u128::from(self.num) * u128::from(whole)
    }

    /// Whether `part` of `whole` is strictly more than this share.
    pub fn exceeded_by(self, part: u64, whole: u64) -> bool {
        u128::from(part) * u128::from(self.den) > u128::from(self.num) * u128::from(whole)
    }
}

fn decimal(text: &str) -> Option<(u64, u64)> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    if part.len() > 9 || !part.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let den = 10_u64.pow(u32::try_from(part.len()).ok()?);
    let whole: u64 = whole.parse().ok()?;
    let part: u64 = if part.is_empty() { 0 } else { part.parse().ok()? };
    Some((whole.checked_mul(den)?.checked_add(part)?, den))
}

/// What a share is a share of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Base {
    /// Every member on the roll.
    Members,
    /// Those who took part (were present, or answered in writing).
    Present,
    /// Valid ballots.
    Valid,
}

/// `at least 2/3 of members`, `more than 1/2 of valid`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Threshold {
    /// Strictly more, instead of at least.
    #[serde(default)]
    pub more_than: bool,
    /// The share.
    pub share: ShareOf,
    /// Of what.
    pub base: Base,
}

/// A share, fixed or read for each row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ShareOf {
    /// The same for every row.
    Fixed(Fraction),
    /// A dotted path read for each row (`prize.unit_threshold`); its value is a text that [`Fraction::parse`] takes.
    Path(String),
}

/// How a body votes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VoteRule {
    /// What officers call it.
    pub title: Text,
    /// Who votes.
    pub body: BodyOf,
    /// Of a list, the field of the rows by which sheets are split: each part is cast by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parts: Option<FieldName>,
    /// Whether choices stay secret.
    pub ballot: Ballot,
    /// Enough took part.
    pub quorum: Threshold,
    /// A row passes.
    pub passes: Threshold,
    /// How long ballots are accepted on line, from the opening.
    pub open_for: Delay,
    /// A person's own row.
    pub own_case: OwnCase,
    /// What must hold when it is opened: who sits in a body that the dossier itself composes, say.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requires: Vec<GuardName>,
    /// What an abstention is.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub abstention: Abstention,
    /// As many are for as against.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub tie: Tie,
    /// Members who did not take part; none: they were absent, and no more is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub absent: Option<Absent>,
    /// A member who leaves the body meanwhile loses their seat, unless they have voted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub leaver_loses_seat: bool,
    /// It ends as soon as no ballot can change anything; never a secret one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub early_close: bool,
    /// Of a list, so many rows pass at most: those with the most votes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub highest: Option<u32>,
    /// Where the first ballot does not say which these are, one more is held between the highest.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub second_ballot: bool,
    /// Who may withdraw a result that was recorded wrongly.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub withdraw: Vec<RoleName>,
    /// The legal text behind the numbers.
    #[serde(default)]
    pub basis: Option<String>,
    /// The mail that asks for a ballot; none: in the usual words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mail: Option<String>,
}

/// Whether choices stay secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ballot {
    /// Choices go into a sealed box and nowhere else.
    Secret,
    /// Who chose what stands in the record.
    Open,
    /// Like an open one, without a meeting: everybody on the roll is asked in writing.
    Circulated,
}

/// What an abstention is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Abstention {
    /// A valid ballot without an opinion: it is in the base `valid`.
    #[default]
    Valid,
    /// Taking part, and no ballot: it is not in the base `valid`.
    NotCounted,
    /// Nobody may abstain.
    Refused,
}

/// What happens when as many are for as against.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tie {
    /// It has not passed.
    #[default]
    Fails,
    /// The chair's own vote decides; where there is none, the chair is asked.
    Chair,
    /// It is voted on again, once.
    Again,
}

/// What holds where nothing is said.
fn is_usual<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// Members who did not take part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Absent {
    /// How long they may still send a ballot when the others have voted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub written_ballot: Option<Delay>,
    /// Who was asked and did not answer has not agreed: the base `present` is then all who were present or asked. Else only
    /// those who took part count there.
    pub not_agreed: bool,
}

/// What a member may do on a row that is about themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnCase {
    /// They vote on it.
    pub votes: bool,
    /// They count in the base although they do not vote.
    pub in_base: bool,
    /// A row about a unit is the own case of those who speak for it or hold a post in it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub collectives: bool,
}

#[cfg(test)]
mod tests {
    use super::Fraction;

    #[test]
    fn shares_are_exact_and_follow_the_table_of_thresholds() {
        let needed = |text: &str, members: u64| {
            let share = Fraction::parse(text).expect("a share");
            (0..=members).find(|yes| share.reached_by(*yes, members))
        };
        for (members, quorum, seventy, eighty, ninety, half) in [
            (7, 5, 5, 6, 7, 4),
            (9, 6, 7, 8, 9, 5),
            (11, 8, 8, 9, 10, 6),
            (13, 9, 10, 11, 12, 7),
            (15, 10, 11, 12, 14, 8),
            (17, 12, 12, 14, 16, 9),
            (19, 13, 14, 16, 18, 10),
            (21, 14, 15, 17, 19, 11),
        ] {
            assert_eq!(needed("2/3", members), Some(quorum));
            assert_eq!(needed("70%", members), Some(seventy));
            assert_eq!(needed("80%", members), Some(eighty));
            assert_eq!(needed("90%", members), Some(ninety));
            let more = Fraction::parse("1/2").expect("a share");
            assert_eq!((0..=members).find(|yes| more.exceeded_by(*yes, members)), Some(half));
        }
    }
}
