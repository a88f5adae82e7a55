//! Numbers that reach people another way than mails: six digits, of which nothing but a slow hash is kept. The hash is taken over a key
//! outside the database as well, so that whoever has the database alone cannot try out a million numbers.

use std::num::NonZeroU32;

use ring::pbkdf2;

use super::{LinkKeys, base64url};
use crate::ids::{DossierId, PersonId};

/// Rounds of PBKDF2-HMAC-SHA256 (OWASP, Password Storage Cheat Sheet, 2023).
const ROUNDS: u32 = 600_000;
/// Digits of a number.
pub const DIGITS: usize = 6;

/// What is kept of a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PinHash {
    /// The key that it was taken over.
    pub key_id: i64,
    /// Rounds.
    pub rounds: u32,
    /// Random, for this number alone.
    pub salt: String,
    /// The hash.
    pub hash: String,
}

impl LinkKeys {
    /// The hash of a new number for a person in a dossier; none without a key. Slow on purpose: some tenths of a second.
    pub fn pin_hash(&self, pin: &str, dossier: &DossierId, person: &PersonId, salt: &str) -> Option<PinHash> {
        self.slow(
            pin,
            dossier,
            person,
            PinHash { key_id: self.newest(), rounds: ROUNDS, salt: salt.to_owned(), hash: String::new() },
        )
    }

    /// Whether this is the number. As slow as making it.
    pub fn pin_is(&self, kept: &PinHash, pin: &str, dossier: &DossierId, person: &PersonId) -> bool {
        self.slow(pin, dossier, person, kept.clone()).is_some_and(|made| made.hash == kept.hash)
    }

    fn slow(&self, pin: &str, dossier: &DossierId, person: &PersonId, like: PinHash) -> Option<PinHash> {
        let keyed = self.keyed(like.key_id, "pin", &format!("{pin}\n{dossier}\n{person}"))?;
        let mut out = [0; 32];
        pbkdf2::derive(
            pbkdf2::PBKDF2_HMAC_SHA256,
            NonZeroU32::new(like.rounds)?,
            like.salt.as_bytes(),
            keyed.as_bytes(),
            &mut out,
        );
        Some(PinHash { hash: base64url::encode(&out), ..like })
    }
}

#[cfg(test)]
mod tests {
    use super::super::LinkKeys;
    use crate::ids::{DossierId, PersonId};

    #[test]
    fn a_number_is_good_for_its_person_in_its_dossier_under_its_key() {
        let keys = LinkKeys::new([(1, [7; 32]), (2, [8; 32])]);
        let (dossier, person) = (DossierId::from("d1"), PersonId::from("p1"));
        let kept = keys.pin_hash("123456", &dossier, &person, "salt").expect("a key is there");
        assert!(keys.pin_is(&kept, "123456", &dossier, &person));
        assert!(!keys.pin_is(&kept, "123457", &dossier, &person));
        assert!(!keys.pin_is(&kept, "123456", &DossierId::from("d2"), &person));
        assert!(!keys.pin_is(&kept, "123456", &dossier, &PersonId::from("p2")));
        assert!(!LinkKeys::new([(2, [9; 32])]).pin_is(&kept, "123456", &dossier, &person), "another secret");
        assert!(!LinkKeys::new([(1, [7; 32])]).pin_is(&kept, "123456", &dossier, &person), "a revoked key");
        assert!(!format!("{kept:?}").contains("123456"));
    }
}
