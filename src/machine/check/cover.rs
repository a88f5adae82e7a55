//! What the rows of a decision table cover: every column is divided into samples, so that a row is a box of them and what holds
//! of the samples holds of everything. Whether two boxes meet is seen from each pair alone; whether boxes leave something open
//! is searched column by column, where parts that the same rows still hold in are looked at once.

use std::collections::HashSet;

use crate::machine::{Condition, Decision, Sample};

/// Questions "does this row hold of that sample" that one table may take; tables beyond are not proven.
pub(super) const QUESTIONS_MAX: u64 = 20_000_000;

/// A place in a table: of each column, which sample.
pub(super) type Place = Vec<usize>;

/// There were more questions than that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Beyond;

/// Pairs of samples that are compared in the time of one question: they are bits of a word.
const PAIRS_PER_QUESTION: u64 = 256;

/// What it takes to find the boxes of a table, each word of a condition being a question, and to compare each with each.
fn questions(decision: &Decision, sizes: &[usize]) -> u64 {
    let words = |condition: &Condition| match condition {
        Condition::Words(words) => words.len() as u64,
        Condition::Numbers { .. } | Condition::Truth(_) => 1,
    };
    let size = |column: usize| sizes.get(column).copied().unwrap_or_default() as u64;
    let asked = decision.rows.iter().flat_map(|row| &row.when);
    let boxes = asked
        .fold(0_u64, |sum, (column, condition)| sum.saturating_add(size(*column).saturating_mul(words(condition))));
    let rows = decision.rows.len() as u64;
    let samples = sizes.iter().fold(0_u64, |sum, size| sum.saturating_add(*size as u64));
    let looked_at = rows.saturating_mul(samples);
    let compared = rows.saturating_mul(rows).saturating_mul(samples) / PAIRS_PER_QUESTION;
    boxes.saturating_add(looked_at).saturating_add(compared)
}

/// Some of the samples of a column, a bit each.
type Samples = Vec<u64>;

/// The rows of a table as boxes.
pub(super) struct Cover {
    /// How many samples each column has.
    sizes: Vec<usize>,
    /// Of each row, the samples of each column of which it holds; none for all.
    rows: Vec<Vec<Option<Samples>>>,
    /// Questions that are still free.
    left: u64,
}

impl Cover {
    /// The boxes of a table whose columns have these samples.
    ///
    /// # Errors
    /// It is not known what they cover: already to find the boxes, and which of them meet, would take too many questions.
    pub(super) fn new(decision: &Decision, columns: &[Vec<Sample>]) -> Result<Self, Beyond> {
        let sizes: Vec<usize> = columns.iter().map(Vec::len).collect();
        let left = QUESTIONS_MAX.checked_sub(questions(decision, &sizes)).ok_or(Beyond)?;
        let rows = decision.rows.iter().map(|row| {
            let holds = |at: usize| {
                let asked: Vec<_> = row.when.iter().filter(|(input, _)| *input == at).collect();
                let mut samples = vec![0_u64; sizes[at].div_ceil(64)];
                for (place, sample) in columns[at].iter().enumerate() {
                    if asked.iter().all(|(_, condition)| condition.holds(sample)) {
                        samples[place / 64] |= 1 << (place % 64);
                    }
                }
                let all = samples.iter().map(|word| word.count_ones() as usize).sum::<usize>() == sizes[at];
                (!all).then_some(samples)
            };
            (0..sizes.len()).map(holds).collect()
        });
        let rows = rows.collect();
        Ok(Self { sizes, rows, left })
    }

    /// Somewhere that both rows hold.
    pub(super) fn meet(&self, one: usize, two: usize) -> Option<Place> {
        let in_both = |column: usize| match (&self.rows[one][column], &self.rows[two][column]) {
            (None, None) => (self.sizes[column] > 0).then_some(0),
            (Some(samples), None) | (None, Some(samples)) => first(samples.iter().copied()),
            (Some(one), Some(two)) => first(one.iter().zip(two).map(|(one, two)| one & two)),
        };
        (0..self.sizes.len()).map(in_both).collect()
    }

    /// Somewhere that none of these rows holds: anywhere, or where a row (`within`) holds.
    ///
    /// # Errors
    /// It is not known, because it would take too many questions.
    pub(super) fn open(&mut self, rows: &[usize], within: Option<usize>) -> Result<Option<Place>, Beyond> {
        let meets = |row: &usize| within.is_none_or(|within| self.meet(within, *row).is_some());
        let rows: Vec<usize> = rows.iter().copied().filter(meets).collect();
        let mut search = Search { within, place: Vec::new(), covered: HashSet::new() };
        Ok(self.search(&mut search, &rows)?.then_some(search.place))
    }

    /// Goes on from a place of which the first columns are chosen; `rows` are those that hold there.
    fn search(&mut self, search: &mut Search, rows: &[usize]) -> Result<bool, Beyond> {
        let column = search.place.len();
        if rows.iter().any(|row| self.holds_from(*row, column, search.within)) {
            return Ok(false);
        }
        let Some(size) = self.sizes.get(column).copied() else { return Ok(true) };
        if !search.covered.insert((column, rows.to_vec())) {
            return Ok(false);
        }
        let questions = (size as u64).saturating_mul(rows.len() as u64 + 1);
        self.left = self.left.checked_sub(questions).ok_or(Beyond)?;
        let mut seen: HashSet<Vec<usize>> = HashSet::new();
        for at in
            (0..size).filter(|at| search.within.is_none_or(|row| self.holds(row, column, *at))).collect::<Vec<_>>()
        {
            let rest: Vec<usize> = rows.iter().copied().filter(|row| self.holds(*row, column, at)).collect();
            if seen.contains(&rest) {
                continue;
            }
            search.place.push(at);
            if self.search(search, &rest)? {
                return Ok(true);
            }
            search.place.pop();
            seen.insert(rest);
        }
        Ok(false)
    }

    fn holds(&self, row: usize, column: usize, at: usize) -> bool {
        self.rows[row][column].as_ref().is_none_or(|samples| samples[at / 64] & (1 << (at % 64)) != 0)
    }

    /// Whether a row holds of everything in the columns from this one on, as far as another reaches.
    fn holds_from(&self, row: usize, column: usize, within: Option<usize>) -> bool {
        (column..self.sizes.len()).all(|column| {
            match (&self.rows[row][column], within.map(|one| &self.rows[one][column])) {
                (None, _) => true,
                (Some(samples), Some(Some(within))) => {
                    within.iter().zip(samples).all(|(within, has)| within & !has == 0)
                }
                (Some(_), None | Some(None)) => false,
            }
        })
    }
}

/// The first sample that is marked.
fn first(words: impl Iterator<Item = u64>) -> Option<usize> {
    let mut words = words.enumerate().filter(|(_, word)| *word != 0);
    words.next().map(|(at, word)| at * 64 + word.trailing_zeros() as usize)
}

/// A search for what is open.
struct Search {
    within: Option<usize>,
    place: Place,
    /// Columns and rows from which nothing was open.
    covered: HashSet<(usize, Vec<usize>)>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::Text;
    use crate::machine::{Condition, DecisionRow, Hit};
    use proptest::prelude::*;

    const COLUMNS: [i64; 3] = [5, 3, 2];

    fn columns() -> Vec<Vec<Sample>> {
        let column = |size: i64| (0..size).map(|at| Sample::Number(at.into())).collect();
        COLUMNS.into_iter().map(column).collect()
    }

    fn row() -> impl Strategy<Value = DecisionRow> {
        let range = (0_i64..5, 0_i64..5).prop_map(|(one, two)| {
            let (from, to) = (one.min(two), one.max(two));
            Condition::Numbers { from: Some((from.into(), true)), to: Some((to.into(), true)) }
        });
        proptest::collection::vec((0..COLUMNS.len(), range), 0..4)
            .prop_map(|when| DecisionRow { when, then: vec!["yes".to_owned()] })
    }

    fn places() -> Vec<Vec<Sample>> {
        let mut places = vec![Vec::new()];
        for column in columns() {
            let longer = |place: Vec<Sample>| column.iter().map(move |one| [place.clone(), vec![one.clone()]].concat());
            places = places.into_iter().flat_map(longer).collect();
        }
        places
    }

    fn samples(place: &Place) -> Vec<Sample> {
        place.iter().zip(columns()).map(|(at, column)| column[*at].clone()).collect()
    }

    #[test]
    fn what_takes_too_many_questions_is_not_known() {
        let inputs = vec![("a".to_owned(), "a".to_owned())];
        let one = Condition::Numbers { from: Some((1.into(), true)), to: None };
        let row = DecisionRow { when: vec![(0, one)], then: vec!["yes".to_owned()] };
        let table = Decision { label: Text::default(), hit: Hit::First, inputs, rows: vec![row], expr: String::new() };
        let mut cover = Cover::new(&table, &columns()[..1]).expect("a small table");
        assert_eq!(cover.open(&[0], None), Ok(Some(vec![0])), "nothing says what holds of 0");
        cover.left = 3;
        assert_eq!(cover.open(&[0], None), Err(Beyond));
    }

    /// A million words in each of many rows: what takes hours is not begun.
    #[test]
    fn a_table_of_more_words_than_anybody_compares_is_not_known() {
        let inputs = vec![("a".to_owned(), "a".to_owned())];
        let words: Vec<String> = (0..2_000).map(|n| format!("w{n}")).collect();
        let row = DecisionRow { when: vec![(0, Condition::Words(words.clone()))], then: vec!["yes".to_owned()] };
        let rows = vec![row; 100];
        let table = Decision { label: Text::default(), hit: Hit::First, inputs, rows, expr: String::new() };
        let column: Vec<Sample> = words.into_iter().map(|word| Sample::Word(Some(word))).collect();
        assert!(Cover::new(&table, &[column]).is_err());
    }

    proptest! {
        /// The same is open, and the same rows meet, as trying out every place finds.
        #[test]
        fn what_is_open_and_what_meets_is_found(rows in proptest::collection::vec(row(), 1..9)) {
            let inputs = ["a", "b", "c"].map(|name| (name.to_owned(), name.to_owned())).to_vec();
            let table = Decision { label: Text::default(), hit: Hit::First, inputs, rows, expr: String::new() };
            let mut cover = Cover::new(&table, &columns()).expect("a small table");
            let all: Vec<usize> = (0..table.rows.len()).collect();
            let free = |place: &Vec<Sample>| table.rows.iter().all(|row| !row.holds(place));
            let open = cover.open(&all, None).expect("a small table");
            prop_assert_eq!(open.is_some(), places().iter().any(free));
            prop_assert!(open.is_none_or(|place| free(&samples(&place))));
            for (at, row) in table.rows.iter().enumerate() {
                let free = |place: &Vec<Sample>| row.holds(place) && table.rows[..at].iter().all(|row| !row.holds(place));
                let open = cover.open(&all[..at], Some(at)).expect("a small table");
                prop_assert_eq!(open.is_some(), places().iter().any(free));
                prop_assert!(open.is_none_or(|place| free(&samples(&place))));
                for (other, before) in table.rows[..at].iter().enumerate() {
                    let both = |place: &Vec<Sample>| row.holds(place) && before.holds(place);
                    let meet = cover.meet(other, at);
                    prop_assert_eq!(meet.is_some(), places().iter().any(both));
                    prop_assert!(meet.is_none_or(|place| both(&samples(&place))));
                }
            }
        }
    }
}
