//! Daily heads: what keeps a whole log from being written anew behind everybody's back.
//!
//! A head is taken over the last event of each dossier that changed since the head before, and over that head's hash. Whoever
//! has kept a head on paper or in another machine's journal can show later that the record of that day is still the same.

use sha2::{Digest as _, Sha256};

use super::{Hash, put};

const DOMAIN: &[u8] = b"chancery head 1";

/// Before the first head.
pub const HASH_BEFORE_FIRST_HEAD: Hash = [0; 32];

/// The hash of a head, over its exact stored text and the hash of the head before.
pub fn head(previous: &Hash, day: &str, at: i64, content: &str) -> Hash {
    let mut bytes = Vec::with_capacity(content.len() + 120);
    put(&mut bytes, DOMAIN);
    bytes.extend_from_slice(previous);
    put(&mut bytes, day.as_bytes());
    bytes.extend_from_slice(&at.to_be_bytes());
    put(&mut bytes, content.as_bytes());
    Sha256::digest(&bytes).into()
}

#[cfg(test)]
mod tests {
    use super::{HASH_BEFORE_FIRST_HEAD, head};

    #[test]
    fn everything_that_a_head_says_is_in_its_hash() {
        let hash = head(&HASH_BEFORE_FIRST_HEAD, "2026-06-02", 7, "[]");
        let others = [
            head(&[1; 32], "2026-06-02", 7, "[]"),
            head(&HASH_BEFORE_FIRST_HEAD, "2026-06-03", 7, "[]"),
            head(&HASH_BEFORE_FIRST_HEAD, "2026-06-02", 8, "[]"),
            head(&HASH_BEFORE_FIRST_HEAD, "2026-06-02", 7, "[ ]"),
        ];
        assert!(others.iter().all(|other| *other != hash));
    }
}
