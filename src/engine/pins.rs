//! Numbers for people who are asked to show more than a link. Whoever asks for them here sees them once; nothing of them is kept but a
//! slow hash.

use super::Engine;
use crate::ids::{DossierId, PersonId};
use crate::links::PIN_DIGITS;
use crate::store::StoreError;
use crate::store::pins::FreshPin;

/// A number, on its way to the one person who may have it.
#[derive(Clone, PartialEq, Eq)]
pub struct GivenPin {
    /// Whose.
    pub person: PersonId,
    /// The digits.
    pub pin: String,
}

impl std::fmt::Debug for GivenPin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "GivenPin({})", self.person)
    }
}

impl Engine {
    /// Gives people new numbers for a dossier; the old ones are good no longer, and too many wrong tries are forgotten. With each
    /// stands the generation that whoever gives them has seen (0 for none): the same form once more gives nobody anything. `by` is
    /// who gives them: `operator:NAME`, or a person's id.
    ///
    /// # Errors
    /// [`StoreError::Outrun`] where somebody was given another number meanwhile, or the database fails; then nothing has changed.
    pub async fn give_pins(
        &self,
        dossier: &DossierId,
        people: Vec<(PersonId, i64)>,
        by: &str,
    ) -> Result<Vec<GivenPin>, StoreError> {
        let draw = |(person, seen): (PersonId, i64)| {
            let number = self.chance().below(10_u32.pow(u32::try_from(PIN_DIGITS).unwrap_or(6)));
            (GivenPin { person, pin: format!("{number:0PIN_DIGITS$}") }, seen, self.chance().id())
        };
        let drawn: Vec<(GivenPin, i64, String)> = people.into_iter().map(draw).collect();
        let (links, of, given) = (self.links().clone(), dossier.clone(), drawn.clone());
        // Slow on purpose, so not where others wait.
        let hashed = tokio::task::spawn_blocking(move || {
            let hash = |(one, seen, salt): &(GivenPin, i64, String)| {
                let hash = links.pin_hash(&one.pin, &of, &one.person, salt)?;
                Some(FreshPin { person: one.person.clone(), seen: *seen, hash })
            };
            given.iter().map(hash).collect::<Option<Vec<_>>>()
        });
        let hashed = hashed.await.ok().flatten();
        let hashed = hashed.ok_or_else(|| StoreError::Unavailable("the numbers could not be hashed".to_owned()))?;
        self.store().give_pins(dossier, hashed, by, self.now()).await?;
        Ok(drawn.into_iter().map(|(given, _, _)| given).collect())
    }
}
