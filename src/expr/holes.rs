//! Texts with holes: `Được nghỉ từ {{ first_day }} đến {{ last_day }}.` What stands in a hole is a formula.

use std::ops::Range;

/// A part of such a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'t> {
    /// What is said as it is written.
    Words(&'t str),
    /// A formula whose value is said.
    Hole(&'t str),
}

/// A text whose holes cannot be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HoleFault {
    /// A hole is opened here and not closed.
    Open(Range<usize>),
    /// Two braces close nothing here.
    Closed(Range<usize>),
    /// Nothing stands in this hole.
    Empty(Range<usize>),
}

/// The parts of a text, in their order.
///
/// # Errors
/// The first hole that is not closed, not opened, or empty.
pub fn pieces(text: &str) -> Result<Vec<Piece<'_>>, HoleFault> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(open) = text[at..].find("{{").map(|open| at + open) {
        words(text, at..open, &mut found)?;
        let inside = open + 2;
        let close = text[inside..].find("}}").map(|close| inside + close).ok_or(HoleFault::Open(open..inside))?;
        let formula = text[inside..close].trim();
        if formula.contains("{{") {
            return Err(HoleFault::Open(open..inside));
        }
        if formula.is_empty() {
            return Err(HoleFault::Empty(open..close + 2));
        }
        found.push(Piece::Hole(formula));
        at = close + 2;
    }
    words(text, at..text.len(), &mut found)?;
    Ok(found)
}

fn words<'t>(text: &'t str, range: Range<usize>, found: &mut Vec<Piece<'t>>) -> Result<(), HoleFault> {
    let said = &text[range.clone()];
    if let Some(stray) = said.find("}}") {
        let start = range.start + stray;
        return Err(HoleFault::Closed(start..start + 2));
    }
    if !said.is_empty() {
        found.push(Piece::Words(said));
    }
    Ok(())
}

/// The formulas in a text; none in one that cannot be read.
pub fn holes(text: &str) -> impl Iterator<Item = &str> {
    let found = pieces(text).unwrap_or_default().into_iter();
    found.filter_map(|piece| match piece {
        Piece::Hole(formula) => Some(formula),
        Piece::Words(_) => None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{HoleFault, Piece, holes, pieces};

    #[test]
    fn words_and_holes_stand_in_their_order() {
        let found = pieces("Từ {{ first_day }} đến {{last_day}}.").expect("both holes are closed");
        let wanted = [
            Piece::Words("Từ "),
            Piece::Hole("first_day"),
            Piece::Words(" đến "),
            Piece::Hole("last_day"),
            Piece::Words("."),
        ];
        assert_eq!(found, wanted);
        assert_eq!(pieces("").expect("nothing is a text too"), []);
        assert_eq!(holes("{a} }{ {{ b }}").collect::<Vec<_>>(), ["b"]);
    }

    #[test]
    fn what_is_not_a_hole_is_said_with_its_place() {
        assert_eq!(pieces("ab {{ c"), Err(HoleFault::Open(3..5)));
        assert_eq!(pieces("ab }} c"), Err(HoleFault::Closed(3..5)));
        assert_eq!(pieces("{{ }}"), Err(HoleFault::Empty(0..5)));
        assert_eq!(pieces("{{ a {{ b }}"), Err(HoleFault::Open(0..2)));
    }

    proptest! {
        #[test]
        fn any_text_has_parts_or_a_fault_inside_it(text in "[a{}é ]{0,24}") {
            match pieces(&text) {
                Ok(found) => {
                    let length: usize = found.iter().map(|piece| match piece { Piece::Words(words) => words.len(), Piece::Hole(hole) => hole.len() }).sum();
                    prop_assert!(length <= text.len());
                }
                Err(HoleFault::Open(range) | HoleFault::Closed(range) | HoleFault::Empty(range)) => {
                    prop_assert!(text.get(range).is_some());
                }
            }
        }
    }
}
