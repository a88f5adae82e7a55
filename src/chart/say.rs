//! The words of diagrams that no workflow says: one TOML file for each language.

use std::sync::LazyLock;

use crate::calendar::{Delay, DelayUnit};
use crate::words::Phrases;

static VI: LazyLock<Phrases> = LazyLock::new(|| Phrases::read(include_str!("texts/vi.toml")));
static EN: LazyLock<Phrases> = LazyLock::new(|| Phrases::read(include_str!("texts/en.toml")));

/// The phrases of a language by its code; Vietnamese for those that we do not have.
pub fn phrases(language: &str) -> &'static Phrases {
    match language.split(['-', '_']).next() {
        Some("en") => &EN,
        _ => &VI,
    }
}

/// A span of time: `10 ngày làm việc`.
pub(super) fn delay(phrases: &Phrases, delay: Delay) -> String {
    let key = match delay.unit {
        DelayUnit::WorkingDays => "wd",
        DelayUnit::Days => "d",
        DelayUnit::Hours => "h",
        DelayUnit::Minutes => "min",
    };
    phrases.counted(key, delay.count.into())
}

/// `sau 10 ngày làm việc`.
pub(super) fn after(phrases: &Phrases, span: Delay) -> String {
    phrases.say("after", &[("delay", &delay(phrases, span))])
}

#[cfg(test)]
mod tests {
    use super::phrases;

    #[test]
    fn both_languages_have_the_same_phrases() {
        let keys = |language| phrases(language).keys().collect::<Vec<_>>();
        assert_eq!(keys("vi"), keys("en"));
    }
}
