//! Whether a step went as it says.

use super::{Amiss, Play};
use crate::diagnostic::{Words, nearest, say};
use crate::dossier::refusal::{Code, Reason, Refusal};
use crate::ids::GuardName;
use crate::scenario::file::model::Step;
use crate::scenario::history::Entry as Said;
use crate::source::Span;

impl Play<'_> {
    /// Whether it went as the step says.
    pub(super) fn judge(&mut self, step: &Step, answer: Result<(), Refusal>) -> Result<(), Amiss> {
        if let Err(refusal) = &answer {
            self.office.note(Said::Refused { what: self.say(&say!(trial.last_step)), refusal: refusal.clone() });
        }
        match (&step.refused, answer) {
            (None, Ok(())) => Ok(()),
            (None, Err(refusal)) => Err(Amiss {
                place: step.place.clone(),
                what: "step",
                expected: self.say(&say!(trial.carried_out)),
                found: self.refused(&refusal),
            }),
            (Some(words), Ok(())) => Err(Amiss {
                place: words.span.clone(),
                what: "refused",
                expected: words.value.join(", "),
                found: self.say(&say!(trial.is_carried_out)),
            }),
            (Some(words), Err(refusal)) => {
                match words.value.iter().find(|word| !refusal.reasons.iter().any(|reason| says(reason, word))) {
                    None => Ok(()),
                    Some(word) => Err(Amiss {
                        place: words.span.clone(),
                        what: "refused",
                        expected: word.clone(),
                        found: self.refused_otherwise(word, &refusal),
                    }),
                }
            }
        }
    }

    fn say(&self, words: &Words) -> String {
        self.office.world().say(words)
    }

    fn refused(&self, refusal: &Refusal) -> String {
        self.say(&say!(trial.refused, why = self.office.why(refusal)))
    }

    /// Why it was refused, with the names by which a step can say so, and the name that was probably meant.
    fn refused_otherwise(&self, word: &str, refusal: &Refusal) -> String {
        let named = |reason: &Reason| {
            let about = reason.about.iter().map(|about| self.office.world().code(&about.as_str().into()).to_owned());
            about.chain([reason.code.name()]).map(|name| format!("`{name}`")).collect::<Vec<_>>()
        };
        let names = refusal.reasons.iter().flat_map(named).collect::<Vec<_>>().join(", ");
        let found = say!(trial.refused_otherwise, why = self.office.why(refusal), names);
        let guards = self.office.world().machines().flat_map(|machine| machine.guards.keys().map(GuardName::as_str));
        let known: Vec<&str> = Code::NAMES.into_iter().chain(guards).collect();
        match nearest(word, known.iter().copied()).filter(|near| *near != word) {
            Some(near) => self.say(&say!(trial.near, found, near)),
            None => self.say(&found),
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
