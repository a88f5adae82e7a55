//! Links that are mailed: tokens over rows. Pure; nothing stored lets anyone make one.

use crate::ids::PersonId;

/// The secret keys, by number; the newest signs, older ones still verify until they are revoked.
#[derive(Clone)]
pub struct LinkKeys {
    keys: std::collections::BTreeMap<i64, [u8; 32]>,
}

/// What a link is bound to: a row (a task or a mail), the person, the activation, the purpose and the row's generation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bound<'a> {
    /// The id of the row: a task's, or for a desk link a mail's.
    pub row: &'a str,
    /// To whom it was sent.
    pub person: &'a PersonId,
    /// `dossier:activation`, or empty for a desk.
    pub activation: &'a str,
    /// `act`, `ballot`, `tally`, `confirm`, `desk`.
    pub purpose: &'a str,
    /// Raised when the row is readdressed.
    pub generation: i64,
}

/// A token taken apart, before anything is known about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Presented {
    /// Which key it says signed it.
    pub key: i64,
    /// Which row it names.
    pub row: String,
    mac: [u8; 32],
}

impl std::fmt::Debug for LinkKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "LinkKeys({} keys)", self.keys.len())
    }
}

impl LinkKeys {
    /// The number of the key that signs new links.
    pub fn newest(&self) -> i64 {
        self.keys.keys().last().copied().unwrap_or_default()
    }

    /// The token for a row, signed by the key whose number stands in that row.
    pub fn token(&self, key: i64, bound: &Bound<'_>) -> Option<String> {
        let _ = (key, bound);
        todo!()
    }

    /// Takes a token apart; nothing is believed yet.
    pub fn present(token: &str) -> Option<Presented> {
        let _ = token;
        todo!()
    }

    /// Whether the token was made for this row: the key must be the row's, the comparison takes constant time.
    pub fn verifies(&self, presented: &Presented, key: i64, bound: &Bound<'_>) -> bool {
        let _ = (presented.mac, key, bound);
        todo!()
    }
}
