//! "Did you mean": the known word nearest to one that is not known.

use super::{Words, say};

/// Words listed at most when none of them is near.
const LISTED_MAX: usize = 10;

/// The word nearest to this one, if one is so near that it was probably meant.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let length = word.chars().count();
    let bound = (length / 3).max(1);
    known
        .into_iter()
        .filter(|candidate| candidate.chars().count().abs_diff(length) <= bound)
        .map(|candidate| (strsim::osa_distance(word, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= bound && *distance < candidate.chars().count())
        .min()
        .map(|(_, candidate)| candidate)
}

/// The way out for a word that is not known: the nearest known one, else all of them (`none` where there are none).
pub fn did_you_mean<'a>(word: &str, known: impl IntoIterator<Item = &'a str>, none: impl Into<Words>) -> Words {
    let mut known: Vec<&str> = known.into_iter().collect();
    if let Some(near) = nearest(word, known.iter().copied()) {
        return say!(near.meant, near);
    }
    if known.is_empty() {
        return none.into();
    }
    let more = known.len().saturating_sub(LISTED_MAX);
    known.truncate(LISTED_MAX);
    let list = known.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
    if more == 0 { say!(near.known, list) } else { say!(near.known_and_more, list, more) }
}

#[cfg(test)]
mod tests {
    use super::{did_you_mean, nearest};

    #[test]
    fn a_slip_of_the_finger_is_recognised_and_another_word_is_not() {
        assert_eq!(nearest("secretery", ["secretary", "clerk"]), Some("secretary"));
        assert_eq!(nearest("minister", ["secretary", "clerk"]), None);
        assert_eq!(nearest("x", ["y"]), None);
    }

    #[test]
    fn without_a_near_word_all_are_listed() {
        assert_eq!(did_you_mean("minister", ["a", "b"], "no roles").text("en"), "there is `a`, `b`");
        assert_eq!(did_you_mean("minister", [], "there are no roles").text("en"), "there are no roles");
    }
}
