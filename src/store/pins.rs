//! Numbers that people are given on paper: their hashes, how often they were tried, who gave them.

use super::{Param, Row, Store, StoreError};
use crate::ids::{DossierId, Instant, PersonId};
use crate::links::PinHash;

/// Wrong numbers that are taken before no more are; then a new one is needed.
pub const TRIES_MAX: i64 = 5;

const LAST: &str = "SELECT generation, key_id, rounds, salt, hash, tries, made_at, made_by FROM pin \
    WHERE dossier_id = $1 AND person_id = $2 ORDER BY generation DESC LIMIT 1";
const GIVE: &str = "INSERT INTO pin (dossier_id, person_id, generation, key_id, rounds, salt, hash, tries, made_at, made_by) \
    SELECT $1, $2, $9 + 1, $3, $4, $5, $6, 0, $7, $8 \
    WHERE $9 = COALESCE((SELECT MAX(generation) FROM pin WHERE dossier_id = $1 AND person_id = $2), 0) \
    ON CONFLICT (dossier_id, person_id, generation) DO NOTHING";
const TRY: &str =
    "UPDATE pin SET tries = tries + 1 WHERE dossier_id = $1 AND person_id = $2 AND generation = $3 AND tries < $4";
const RIGHT: &str = "UPDATE pin SET tries = 0 WHERE dossier_id = $1 AND person_id = $2 AND generation = $3";
const WANTING: &str = "SELECT DISTINCT person_id FROM task WHERE dossier_id = $1 AND closed_at IS NULL \
    AND policy = 'link+pin' ORDER BY person_id";
const WANTED: &str = "SELECT DISTINCT dossier_id FROM task WHERE closed_at IS NULL AND policy = 'link+pin' \
    ORDER BY dossier_id LIMIT 500";

/// The number of one person in one dossier, as far as it is known here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pin {
    /// The how manieth it is.
    pub generation: i64,
    /// Its hash.
    pub hash: PinHash,
    /// Wrong numbers since the last right one.
    pub tries: i64,
    /// When it was given.
    pub made_at: Instant,
    /// By whom: `operator:NAME`, or a person's id.
    pub made_by: String,
}

impl Pin {
    /// No number is taken any more until a new one is given.
    pub fn is_locked(&self) -> bool {
        self.tries >= TRIES_MAX
    }

    /// It proves nothing any more, not even that it was typed before: the database was restored from a copy (`backup.rs`).
    pub fn is_ended(&self) -> bool {
        self.tries > TRIES_MAX
    }
}

/// A number on its way into the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FreshPin {
    /// Whose.
    pub person: PersonId,
    /// The generation that whoever gives it has seen; 0 where they saw none.
    pub seen: i64,
    /// Its hash.
    pub hash: PinHash,
}

impl Store {
    /// The number that a person has in a dossier now.
    ///
    /// # Errors
    /// The database fails.
    pub async fn pin(&self, dossier: &DossierId, person: &PersonId) -> Result<Option<Pin>, StoreError> {
        let rows = self.read(LAST, &[dossier.as_str().into(), person.as_str().into()]).await?;
        rows.first().map(pin).transpose()
    }

    /// Puts new numbers into the place of the old ones, if there were any.
    ///
    /// # Errors
    /// [`StoreError::Outrun`] where somebody was given another number since it was looked at, or the database fails; then none was
    /// put there.
    pub async fn give_pins(
        &self,
        dossier: &DossierId,
        pins: Vec<FreshPin>,
        by: &str,
        now: Instant,
    ) -> Result<(), StoreError> {
        let (dossier, by) = (dossier.clone(), by.to_owned());
        self.write(move |tx| {
            for FreshPin { person, seen, hash } in &pins {
                let params: [Param; 9] = [
                    dossier.as_str().into(),
                    person.as_str().into(),
                    hash.key_id.into(),
                    i64::from(hash.rounds).into(),
                    hash.salt.as_str().into(),
                    hash.hash.as_str().into(),
                    now.0.into(),
                    by.as_str().into(),
                    (*seen).into(),
                ];
                if tx.execute(GIVE, &params)? == 0 {
                    return Err(StoreError::Outrun);
                }
            }
            Ok(())
        })
        .await
    }

    /// Counts a try before it is looked at; false if there are none left.
    ///
    /// # Errors
    /// The database fails.
    pub async fn try_pin(&self, dossier: &DossierId, person: &PersonId, generation: i64) -> Result<bool, StoreError> {
        let params: [Param; 4] = [dossier.as_str().into(), person.as_str().into(), generation.into(), TRIES_MAX.into()];
        self.write(move |tx| Ok(tx.execute(TRY, &params)? == 1)).await
    }

    /// A try was right: what was tried before it counts no more.
    ///
    /// # Errors
    /// The database fails.
    pub async fn pin_was_right(
        &self,
        dossier: &DossierId,
        person: &PersonId,
        generation: i64,
    ) -> Result<(), StoreError> {
        let params: [Param; 3] = [dossier.as_str().into(), person.as_str().into(), generation.into()];
        self.write(move |tx| tx.execute(RIGHT, &params).map(drop)).await
    }

    /// Whoever is asked in a dossier now and needs a number for it.
    ///
    /// # Errors
    /// The database fails.
    pub async fn wanting_pins(&self, dossier: &DossierId) -> Result<Vec<PersonId>, StoreError> {
        let rows = self.read(WANTING, &[dossier.as_str().into()]).await?;
        rows.iter().map(|row| row.text(0).map(PersonId::from)).collect()
    }

    /// The dossiers in which somebody who is asked needs a number.
    ///
    /// # Errors
    /// The database fails.
    pub async fn dossiers_with_pins(&self) -> Result<Vec<DossierId>, StoreError> {
        let rows = self.read(WANTED, &[]).await?;
        rows.iter().map(|row| row.text(0).map(DossierId::from)).collect()
    }
}

fn pin(row: &Row) -> Result<Pin, StoreError> {
    let rounds = u32::try_from(row.int(2)?).map_err(|_| StoreError::Corrupt {
        table: "pin",
        column: "rounds",
        what: "no number of rounds".to_owned(),
    })?;
    Ok(Pin {
        generation: row.int(0)?,
        hash: PinHash { key_id: row.int(1)?, rounds, salt: row.text(3)?.to_owned(), hash: row.text(4)?.to_owned() },
        tries: row.int(5)?,
        made_at: Instant(row.int(6)?),
        made_by: row.text(7)?.to_owned(),
    })
}
