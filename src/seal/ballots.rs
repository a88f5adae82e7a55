//! Ballot boxes: the box of one vote on one row is one padded list of choices, opened, added to, shuffled and sealed again
//! whole. Its length follows from the roll alone, so that it says nothing about who has voted, or how many.

use sha2::{Digest as _, Sha256};

use super::keys::versioned;
use super::{Damaged, MasterKeys, hex, put};
use crate::clock::Chance;
use crate::dossier::Choice;
use crate::dossier::context::OpenBox;
use crate::ids::{ActivationId, DossierId};

const VERSION: u8 = 1;
const EMPTY: u8 = 0;

/// Where a box stands: whose vote, and on which row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BoxPlace<'a> {
    /// The dossier that votes.
    pub dossier: &'a DossierId,
    /// The vote.
    pub activation: ActivationId,
    /// The row.
    pub row: &'a DossierId,
}

impl BoxPlace<'_> {
    /// Seals choices into a box for `seats` members; their order is lost.
    ///
    /// # Errors
    /// There are more choices than seats: somebody would have voted twice.
    pub fn seal(
        &self,
        choices: &[Choice],
        seats: usize,
        master: &MasterKeys,
        chance: &Chance,
    ) -> Result<Vec<u8>, Damaged> {
        if choices.len() > seats {
            return Err(Damaged::of(format!(
                "the box of row {}: {} choices for {seats} seats",
                self.row,
                choices.len()
            )));
        }
        let mut slips: Vec<u8> = choices.iter().map(|choice| slip(*choice)).collect();
        slips.resize(seats, EMPTY);
        for place in (1..slips.len()).rev() {
            let bound = u32::try_from(place + 1).map_err(|_| Damaged::of("a box for too many seats"))?;
            slips.swap(place, chance.below(bound) as usize);
        }
        let aad = self.bytes();
        let (number, key) = master.box_key(None, &aad).ok_or_else(|| Damaged::of("a box without a key"))?;
        let mut sealed = vec![VERSION];
        sealed.extend_from_slice(&u32::try_from(number).unwrap_or_default().to_be_bytes());
        key.seal(&slips, &aad, chance, &mut sealed);
        Ok(sealed)
    }

    /// Opens a box.
    ///
    /// # Errors
    /// It was changed, moved, or sealed under a key that is not here.
    pub fn open(&self, sealed: &[u8], master: &MasterKeys) -> Result<OpenBox, Damaged> {
        let damaged = || Damaged::of(format!("the box of row {} in dossier {}", self.row, self.dossier));
        let aad = self.bytes();
        let (number, rest) = versioned(sealed).ok_or_else(damaged)?;
        let (_, key) = master.box_key(Some(number), &aad).ok_or_else(damaged)?;
        let slips = key.open(rest, &aad).ok_or_else(damaged)?;
        let mut choices: Vec<Choice> =
            slips.into_iter().filter(|slip| *slip != EMPTY).map(choice).collect::<Option<_>>().ok_or_else(damaged)?;
        choices.sort_unstable();
        Ok(OpenBox { choices, hash: hex(&Sha256::digest(sealed)) })
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(128);
        put(&mut bytes, b"chancery box 1");
        put(&mut bytes, self.dossier.as_str().as_bytes());
        bytes.extend_from_slice(&self.activation.0.to_be_bytes());
        put(&mut bytes, self.row.as_str().as_bytes());
        bytes
    }
}

fn slip(choice: Choice) -> u8 {
    match choice {
        Choice::Yes => 1,
        Choice::No => 2,
        Choice::Abstain => 3,
    }
}

fn choice(slip: u8) -> Option<Choice> {
    match slip {
        1 => Some(Choice::Yes),
        2 => Some(Choice::No),
        3 => Some(Choice::Abstain),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::BoxPlace;
    use crate::clock::Chance;
    use crate::dossier::Choice;
    use crate::ids::{ActivationId, DossierId};
    use crate::seal::MasterKeys;

    #[test]
    fn a_box_keeps_its_choices_and_shows_neither_number_nor_order() {
        let (master, chance) = (MasterKeys::of_bytes([1; 32]), Chance::seeded(1));
        let (dossier, row, other) = (DossierId::from("d"), DossierId::from("r"), DossierId::from("s"));
        let place = BoxPlace { dossier: &dossier, activation: ActivationId(4), row: &row };
        let empty = place.seal(&[], 9, &master, &chance).expect("it fits");
        let choices = [Choice::No, Choice::Yes, Choice::Abstain, Choice::No];
        let some = place.seal(&choices, 9, &master, &chance).expect("it fits");
        assert_eq!(empty.len(), some.len());
        let open = place.open(&some, &master).expect("our own box");
        assert_eq!(open.choices, [Choice::Yes, Choice::No, Choice::No, Choice::Abstain]);
        assert_eq!(open.hash.len(), 64);
        assert_ne!(some, place.seal(&choices, 9, &master, &chance).expect("it fits"));
        assert!(place.seal(&choices, 3, &master, &chance).is_err(), "more ballots than seats");

        assert!(BoxPlace { row: &other, ..place }.open(&some, &master).is_err(), "moved to another row");
        assert!(BoxPlace { activation: ActivationId(5), ..place }.open(&some, &master).is_err(), "to another vote");
        assert!(place.open(&some, &MasterKeys::of_bytes([2; 32])).is_err());
        let mut changed = some;
        *changed.last_mut().expect("it has bytes") ^= 1;
        assert!(place.open(&changed, &master).is_err());
    }
}
