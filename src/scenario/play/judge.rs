//! Whether a step went as it says.

use super::{Amiss, Play};
use crate::dossier::refusal::{Reason, Refusal};
use crate::scenario::file::model::Step;
use crate::scenario::history::Entry as Said;
use crate::source::Span;

impl Play<'_> {
    /// Whether it went as the step says.
    pub(super) fn judge(&mut self, step: &Step, answer: Result<(), Refusal>) -> Result<(), Amiss> {
        if let Err(refusal) = &answer {
            self.office.note(Said::Refused { what: "the last step".to_owned(), refusal: refusal.clone() });
        }
        match (&step.refused, answer) {
            (None, Ok(())) => Ok(()),
            (None, Err(refusal)) => Err(Amiss {
                place: step.place.clone(),
                what: "step",
                expected: "it to be carried out".to_owned(),
                found: format!("refused: {refusal}"),
            }),
            (Some(words), Ok(())) => Err(Amiss {
                place: words.span.clone(),
                what: "refused",
                expected: words.value.join(", "),
                found: "it is carried out".to_owned(),
            }),
            (Some(words), Err(refusal)) => {
                match words.value.iter().find(|word| !refusal.reasons.iter().any(|reason| says(reason, word))) {
                    None => Ok(()),
                    Some(word) => Err(Amiss {
                        place: words.span.clone(),
                        what: "refused",
                        expected: word.clone(),
                        found: format!("refused: {refusal}"),
                    }),
                }
            }
        }
    }

    pub(super) fn nothing_stuck(&mut self, place: &Span) -> Result<(), Amiss> {
        let stuck = self.office.history.stuck();
        if stuck == self.stuck_seen {
            return Ok(());
        }
        self.stuck_seen = stuck;
        let entries = self.office.history.entries().iter().rev();
        let last = entries.into_iter().find(|(_, entry)| matches!(entry, Said::Stuck { .. }));
        let found = last.map(|(at, entry)| self.office.line(*at, entry).what).unwrap_or_default();
        let expected = "what happens by itself to be carried out".to_owned();
        Err(Amiss { place: place.clone(), what: "step", expected, found })
    }
}

/// Whether a reason is what a word means: the name of its guard or of what it is about, its kind, or words of its text.
pub(super) fn says(reason: &Reason, word: &str) -> bool {
    let mut texts = std::iter::once(&reason.text.own).chain(reason.text.other.values());
    reason.about.as_deref().is_some_and(|about| about == word || about.starts_with(&format!("{word}:")))
        || reason.code.name() == word
        || texts.any(|text| text.contains(word))
}
