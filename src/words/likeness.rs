//! How much of two texts is the same: their resemblance as A. Broder has it ("On the resemblance and containment of documents",
//! Compression and Complexity of SEQUENCES 1997, section 2). A text is the set of its runs of so many words; two texts resemble each
//! other by the runs that both have, out of those that one of them has. Broder estimates that from samples; here every run is
//! looked at, so that the counts are exact and the same text always gives the same answer.

use std::collections::BTreeMap;

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// The longest run of words.
pub const RUN_MAX: usize = 8;

/// Two texts with something in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alike {
    /// The place of the first among the texts.
    pub one: usize,
    /// The place of the other; it stands behind the first.
    pub other: usize,
    /// The runs that both have.
    pub common: u64,
    /// The runs that one of them has, or both.
    pub either: u64,
}

impl Alike {
    /// The resemblance in hundredths, rounded down: 100 is the same, word for word.
    pub fn percent(&self) -> u64 {
        (self.common * 100).checked_div(self.either).unwrap_or_default()
    }
}

/// A run of words by their numbers; zeros behind a shorter one.
type Run = [u32; RUN_MAX];

/// Each of the first `own` texts against every text behind it, by runs of so many words ([`RUN_MAX`] at most): those pairs that
/// have a run in common, in the order of their places. The time follows the words of all texts and, where many say the same, the pairs.
pub fn alike(texts: &[&str], own: usize, run: usize) -> Vec<Alike> {
    let mut numbers = BTreeMap::new();
    let mut all: Vec<(Run, usize)> = Vec::new();
    for (place, text) in texts.iter().enumerate() {
        let words: Vec<u32> = words(text).map(|word| number(&mut numbers, word)).collect();
        all.extend(runs(&words, run.clamp(1, RUN_MAX)).map(|run| (run, place)));
    }
    all.sort_unstable();
    all.dedup();
    let mut has = vec![0_u64; texts.len()];
    for (_, place) in &all {
        has[*place] += 1;
    }
    let mut common: BTreeMap<(usize, usize), u64> = BTreeMap::new();
    for same in all.chunk_by(|(one, _), (other, _)| one == other) {
        for (at, (_, one)) in same.iter().enumerate().filter(|(_, (_, one))| *one < own) {
            for (_, other) in &same[at + 1..] {
                *common.entry((*one, *other)).or_default() += 1;
            }
        }
    }
    let pair = |((one, other), common)| Alike { one, other, common, either: has[one] + has[other] - common };
    common.into_iter().map(pair).collect()
}

fn number(numbers: &mut BTreeMap<String, u32>, word: String) -> u32 {
    // Zero is no word.
    let next = u32::try_from(numbers.len()).map_or(u32::MAX, |known| known.saturating_add(1));
    *numbers.entry(word).or_insert(next)
}

/// The runs of a text; one that is shorter is a run by itself.
fn runs(words: &[u32], run: usize) -> impl Iterator<Item = Run> {
    let whole = (words.len() < run && !words.is_empty()).then_some(words);
    words.windows(run).chain(whole).map(|words| {
        let mut run = Run::default();
        run[..words.len()].copy_from_slice(words);
        run
    })
}

/// The words of a text as they are compared: in small letters and without marks, since copies differ in where a mark is put (`hòa`,
/// `hoà`) or lack them; and every number as the same, since the year and the figures are what is changed in a copy.
fn words(text: &str) -> impl Iterator<Item = String> {
    let plain: String = text
        .nfd()
        .filter(|c| !is_combining_mark(*c))
        .flat_map(char::to_lowercase)
        .map(|c| if c == 'đ' { 'd' } else { c })
        .collect();
    let words: Vec<String> =
        plain.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(as_compared).collect();
    words.into_iter()
}

fn as_compared(word: &str) -> String {
    if word.chars().all(char::is_numeric) { "0".to_owned() } else { word.to_owned() }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::{Alike, alike, words};

    /// The definition, word for word.
    fn by_sets(one: &str, other: &str, run: usize) -> (u64, u64) {
        let set = |text: &str| -> BTreeSet<Vec<String>> {
            let words: Vec<String> = words(text).collect();
            let whole = (!words.is_empty() && words.len() < run).then(|| words.clone());
            words.windows(run).map(<[String]>::to_vec).chain(whole).collect()
        };
        let (one, other) = (set(one), set(other));
        (one.intersection(&other).count() as u64, one.union(&other).count() as u64)
    }

    #[test]
    fn a_copy_with_other_figures_marks_and_letters_is_a_copy() {
        let said = "Năm 2025, đồng chí đã hoà giải 120 vụ việc, được tập thể ghi nhận.";
        for copy in [
            "Năm 2026, đồng chí đã hòa giải 135 vụ việc, được tập thể ghi nhận",
            "NAM 2026 dong chi da hoa giai 7 vu viec duoc tap the ghi nhan",
        ] {
            let found = alike(&[said, copy], 1, 4);
            assert_eq!(found.iter().map(Alike::percent).collect::<Vec<_>>(), [100], "{copy}");
        }
    }

    #[test]
    fn one_word_in_the_middle_changes_as_many_runs_as_it_stands_in() {
        let found = alike(&["a b c d e f g h", "a b c d X f g h", "z y x w"], 2, 2);
        let same = Alike { one: 0, other: 1, common: 5, either: 9 };
        assert_eq!((found.as_slice(), same.percent()), ([same].as_slice(), 55));
    }

    #[test]
    fn what_is_shorter_than_a_run_is_compared_whole_and_nothing_with_nothing() {
        assert_eq!(alike(&["tốt", "Tốt!", "", ""], 4, 4), [Alike { one: 0, other: 1, common: 1, either: 1 }]);
    }

    #[test]
    fn texts_behind_the_own_ones_are_not_compared_with_each_other() {
        let found = alike(&["a b", "a b", "a b"], 1, 2);
        assert_eq!(found.iter().map(|pair| (pair.one, pair.other)).collect::<Vec<_>>(), [(0, 1), (0, 2)]);
    }

    proptest! {
        #[test]
        fn the_counts_are_those_of_the_definition(
            texts in prop::collection::vec("[ab1 ]{0,24}", 2..5),
            run in 1_usize..5,
        ) {
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            let found = alike(&texts, texts.len(), run);
            for one in 0..texts.len() {
                for other in one + 1..texts.len() {
                    let (common, either) = by_sets(texts[one], texts[other], run);
                    let wanted = (common > 0).then_some(Alike { one, other, common, either });
                    prop_assert_eq!(found.iter().find(|pair| (pair.one, pair.other) == (one, other)).copied(), wanted);
                }
            }
        }
    }
}
