//! Exact numbers: whole numbers, decimals and fractions. Nothing is ever rounded unless somebody asks for it by name.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Digits before the point that a decimal may have.
const WHOLE_MAX: usize = 20;
/// Digits after the point that a decimal may have.
const PLACES_MAX: usize = 10;

/// A fraction in its lowest terms; its denominator is above zero. What grows beyond 38 digits is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Exact {
    num: i128,
    den: i128,
}

impl Exact {
    /// Nothing.
    pub const ZERO: Self = Self { num: 0, den: 1 };

    /// `num / den`; none where `den` is zero or the numbers are too large.
    pub fn ratio(num: i128, den: i128) -> Option<Self> {
        if den == 0 || num == i128::MIN || den == i128::MIN {
            return None;
        }
        let common = i128::try_from(gcd(num.unsigned_abs(), den.unsigned_abs())).ok()? * den.signum();
        Some(Self { num: num / common, den: den / common })
    }

    /// The sum.
    pub fn plus(self, other: Self) -> Option<Self> {
        let common = i128::try_from(gcd(self.den.unsigned_abs(), other.den.unsigned_abs())).ok()?;
        let (mine, theirs) = (other.den / common, self.den / common);
        let num = self.num.checked_mul(mine)?.checked_add(other.num.checked_mul(theirs)?)?;
        Self::ratio(num, self.den.checked_mul(mine)?)
    }

    /// The difference.
    pub fn minus(self, other: Self) -> Option<Self> {
        self.plus(other.negated())
    }

    /// The product.
    pub fn times(self, other: Self) -> Option<Self> {
        let (one, two) = (Self::ratio(self.num, other.den)?, Self::ratio(other.num, self.den)?);
        Self::ratio(one.num.checked_mul(two.num)?, one.den.checked_mul(two.den)?)
    }

    /// The quotient, as a fraction; none for a division by zero.
    pub fn over(self, other: Self) -> Option<Self> {
        self.times(Self::ratio(other.den, other.num)?)
    }

    /// With the other sign.
    #[must_use]
    pub fn negated(self) -> Self {
        Self { num: -self.num, den: self.den }
    }

    /// What is left of a whole number when a whole number is taken away as often as it goes; none for anything else.
    pub fn modulo(self, other: Self) -> Option<Self> {
        if self.den != 1 || other.den != 1 {
            return None;
        }
        Self::ratio(self.num.checked_rem(other.num)?, 1)
    }

    /// The whole number that it is, if it is one that fits.
    pub fn whole(self) -> Option<i64> {
        (self.den == 1).then(|| i64::try_from(self.num).ok()).flatten()
    }

    /// Whether it is zero.
    pub fn is_zero(self) -> bool {
        self.num == 0
    }

    /// How many digits after the point its decimal has; none where it has no end (`1/3`).
    pub fn places(self) -> Option<u32> {
        let (mut rest, mut twos, mut fives) = (self.den, 0, 0);
        while rest % 2 == 0 {
            (rest, twos) = (rest / 2, twos + 1);
        }
        while rest % 5 == 0 {
            (rest, fives) = (rest / 5, fives + 1);
        }
        (rest == 1).then(|| u32::max(twos, fives))
    }

    /// Rounded to so many digits after the point, halves away from zero. Nothing rounds unless whoever writes a formula or a text asks for it.
    pub fn rounded(self, places: u32) -> Option<Self> {
        let scale = 10_i128.checked_pow(places)?;
        let scaled = self.num.checked_mul(scale)?;
        let (whole, rest) = (scaled / self.den, scaled % self.den);
        let up = rest.unsigned_abs() >= self.den.unsigned_abs().div_ceil(2);
        Self::ratio(if up { whole + scaled.signum() } else { whole }, scale)
    }

    /// The largest whole number that is not above it.
    #[must_use]
    pub fn floor(self) -> Self {
        Self { num: self.num.div_euclid(self.den), den: 1 }
    }

    /// The smallest whole number that is not below it.
    #[must_use]
    pub fn ceil(self) -> Self {
        self.negated().floor().negated()
    }

    /// As a decimal (`-1234.5`), where it is one.
    pub fn decimal(self) -> Option<String> {
        let places = self.places()?;
        let scale = 10_u128.checked_pow(places)?;
        let digits = self.num.unsigned_abs().checked_mul(scale / self.den.unsigned_abs())?;
        let sign = if self.num < 0 { "-" } else { "" };
        let (whole, part) = (digits / scale, digits % scale);
        let width = usize::try_from(places).ok()?;
        Some(if places == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{part:0width$}") })
    }
}

impl From<i64> for Exact {
    fn from(number: i64) -> Self {
        Self { num: number.into(), den: 1 }
    }
}

impl FromStr for Exact {
    type Err = String;

    /// A decimal as fields keep it: `-1234.50`, without groups, at most 20 digits before and 10 after the point.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "not a number: write `1234.5`, without spaces, with a point".to_owned();
        let digits = text.strip_prefix('-').unwrap_or(text);
        let (whole, part) = digits.split_once('.').map_or((digits, None), |(whole, part)| (whole, Some(part)));
        let sound = |digits: &str, max: usize| {
            !digits.is_empty() && digits.len() <= max && digits.bytes().all(|digit| digit.is_ascii_digit())
        };
        if !sound(whole, WHOLE_MAX) || part.is_some_and(|part| !sound(part, PLACES_MAX)) {
            return Err(wrong());
        }
        let part = part.unwrap_or_default();
        let all: i128 = format!("{whole}{part}").parse().map_err(|_| wrong())?;
        let places = u32::try_from(part.len()).map_err(|_| wrong())?;
        let signed = if text.starts_with('-') { -all } else { all };
        Self::ratio(signed, 10_i128.pow(places)).ok_or_else(wrong)
    }
}

impl Ord for Exact {
    /// By continued fractions, so that nothing can grow too large.
    fn cmp(&self, other: &Self) -> Ordering {
        let (mut one, mut two, mut turned) = (*self, *other, false);
        loop {
            let (whole_one, whole_two) = (one.num.div_euclid(one.den), two.num.div_euclid(two.den));
            let (rest_one, rest_two) = (one.num.rem_euclid(one.den), two.num.rem_euclid(two.den));
            let order = match (whole_one.cmp(&whole_two), rest_one, rest_two) {
                (Ordering::Equal, 0, 0) => Ordering::Equal,
                (Ordering::Equal, 0, _) => Ordering::Less,
                (Ordering::Equal, _, 0) => Ordering::Greater,
                (Ordering::Equal, _, _) => {
                    one = Self { num: one.den, den: rest_one };
                    two = Self { num: two.den, den: rest_two };
                    turned = !turned;
                    continue;
                }
                (order, _, _) => order,
            };
            return if turned { order.reverse() } else { order };
        }
    }
}

impl PartialOrd for Exact {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Exact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.decimal() {
            Some(decimal) => f.write_str(&decimal),
            None => write!(f, "{}/{}", self.num, self.den),
        }
    }
}

impl Serialize for Exact {
    /// As a decimal where a field could hold it, and as a fraction otherwise: `1/2048` is a decimal of eleven digits, which
    /// nobody may type and which arithmetic may well reach.
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self.decimal().filter(|decimal| decimal.parse::<Self>().is_ok()) {
            Some(decimal) => to.serialize_str(&decimal),
            None => to.collect_str(&format_args!("{}/{}", self.num, self.den)),
        }
    }
}

impl<'de> Deserialize<'de> for Exact {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        let read = match text.split_once('/') {
            Some((num, den)) => num.parse().ok().zip(den.parse().ok()).and_then(|(num, den)| Self::ratio(num, den)),
            None => text.parse().ok(),
        };
        read.ok_or_else(|| serde::de::Error::custom(format!("`{text}` is no exact number")))
    }
}

/// The sum of several; none if it is too large.
pub fn sum(numbers: &[Exact]) -> Option<Exact> {
    numbers.iter().try_fold(Exact::ZERO, |sum, number| sum.plus(*number))
}

/// The arithmetic mean; none of nothing.
pub fn mean(numbers: &[Exact]) -> Option<Exact> {
    sum(numbers)?.over(Exact::ratio(i128::try_from(numbers.len()).ok()?, 1)?)
}

/// The middle one, or the mean of the two in the middle; none of nothing.
pub fn median(numbers: &[Exact]) -> Option<Exact> {
    let mut sorted = numbers.to_vec();
    sorted.sort_unstable();
    let middle = sorted.len() / 2;
    if sorted.len().is_multiple_of(2) {
        mean(sorted.get(middle.checked_sub(1)?..=middle)?)
    } else {
        Some(sorted[middle])
    }
}

fn gcd(mut one: u128, mut two: u128) -> u128 {
    while two != 0 {
        (one, two) = (two, one % two);
    }
    one.max(1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Exact, mean, median, sum};

    fn exact(text: &str) -> Exact {
        text.parse().unwrap_or_else(|why| panic!("{text}: {why}"))
    }

    #[test]
    fn decimals_are_read_and_written_without_loss() {
        for (text, said) in [
            ("0", "0"),
            ("-0.5", "-0.5"),
            ("1234.50", "1234.5"),
            ("12345678901234567890.0123456789", "12345678901234567890.0123456789"),
        ] {
            assert_eq!(exact(text).to_string(), said);
        }
        for wrong in
            ["", "-", ".5", "5.", "1,5", "1e3", "+1", "--1", "1.2.3", "123456789012345678901", "0.12345678901", "٣"]
        {
            assert!(wrong.parse::<Exact>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn tenths_add_up_and_thirds_stay_thirds() {
        assert_eq!(exact("0.1").plus(exact("0.2")), Some(exact("0.3")));
        let third = exact("1").over(exact("3")).expect("a third");
        assert_eq!(third.to_string(), "1/3");
        assert_eq!(third.times(exact("3")), Some(exact("1")));
        assert!(third > exact("0.3333333333"));
        assert_eq!(exact("1").over(Exact::ZERO), None);
    }

    #[test]
    fn means_and_medians_are_those_of_the_textbook() {
        let points = ["7", "8.5", "9"].map(exact);
        assert_eq!(sum(&points), Some(exact("24.5")));
        assert_eq!(mean(&points).map(|mean| mean.to_string()).as_deref(), Some("49/6"));
        assert_eq!(mean(&points).and_then(|mean| mean.rounded(2)), Some(exact("8.17")));
        assert_eq!(median(&points), Some(exact("8.5")));
        assert_eq!(median(&points[..2]), Some(exact("7.75")));
        assert_eq!((mean(&[]), median(&[])), (None, None));
    }

    #[test]
    fn halves_are_rounded_away_from_zero_and_less_is_not() {
        for (text, places, said) in
            [("2.5", 0, "3"), ("-2.5", 0, "-3"), ("2.4", 0, "2"), ("-2.45", 1, "-2.5"), ("0.05", 1, "0.1")]
        {
            assert_eq!(exact(text).rounded(places), Some(exact(said)), "{text}");
        }
        let third = exact("1").over(exact("3")).expect("a third");
        assert_eq!((third.rounded(0), third.rounded(1)), (Some(exact("0")), Some(exact("0.3"))));
    }

    #[test]
    fn what_no_field_may_hold_is_kept_as_a_fraction() {
        for (num, den, kept) in
            [(-1, 2048, "\"-1/2048\""), (i128::MAX, 1, "\"170141183460469231731687303715884105727/1\"")]
        {
            let number = Exact::ratio(num, den).expect("a fraction");
            assert_eq!(serde_json::to_string(&number).ok().as_deref(), Some(kept));
            assert_eq!(serde_json::from_str::<Exact>(kept).ok(), Some(number));
        }
    }

    proptest! {
        #[test]
        fn every_number_is_read_back_as_it_was_kept(num: i128, den: i128) {
            if let Some(number) = Exact::ratio(num, den) {
                prop_assert_eq!(serde_json::from_str::<Exact>(&serde_json::to_string(&number).expect("JSON")).ok(), Some(number));
            }
        }

        #[test]
        fn the_order_is_that_of_cross_multiplication(a in -1_000_000_i64..1_000_000, b in 1_i64..1_000_000, c in -1_000_000_i64..1_000_000, d in 1_i64..1_000_000) {
            let (one, two) = (Exact::ratio(a.into(), b.into()), Exact::ratio(c.into(), d.into()));
            prop_assert_eq!(one.cmp(&two), (i128::from(a) * i128::from(d)).cmp(&(i128::from(c) * i128::from(b))));
        }

        #[test]
        fn what_is_added_can_be_taken_away(a in -10_000_i64..10_000, b in 1_i64..10_000, c in -10_000_i64..10_000, d in 1_i64..10_000) {
            let (one, two) = (Exact::ratio(a.into(), b.into()).expect("small"), Exact::ratio(c.into(), d.into()).expect("small"));
            prop_assert_eq!(one.plus(two).and_then(|sum| sum.minus(two)), Some(one));
            if !two.is_zero() {
                prop_assert_eq!(one.times(two).and_then(|product| product.over(two)), Some(one));
            }
            prop_assert_eq!(serde_json::from_str::<Exact>(&serde_json::to_string(&one).expect("JSON")).ok(), Some(one));
        }
    }
}
