//! Return paths: each mail has an envelope sender of its own, to which mail servers report what became of it, and which nobody
//! can make up. `bounces@office.example.vn` becomes
//!
//! ```text
//! bounces+<mail>-<generation>-<20 hexadecimal digits>@office.example.vn
//! ```
//!
//! and the digits are the first 80 bits of HMAC-SHA256 over a domain of their own, the key's number, the mail and its generation.
//! Everything is in small letters, since some servers make them so.

use std::fmt::Write as _;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use super::LinkKeys;
use crate::ids::MailId;

const DOMAIN: &str = "chancery return path 1";
/// Bytes of the mark: nobody can try 2^80 mails.
const MARK: usize = 10;
/// RFC 5321 4.5.3.1.1: characters before the `@` at most; what follows the base's name needs up to 52 of them.
pub const BASE_MAX: usize = 64 - 52;

/// A return path taken apart, before anything is known about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReturnPath {
    /// The mail that it names.
    pub mail: MailId,
    /// The generation of it.
    pub generation: i64,
    mark: [u8; MARK],
}

impl ReturnPath {
    /// Takes an address apart, if it lies under this one; nothing is believed yet.
    pub fn read(base: &str, address: &str) -> Option<Self> {
        let (base, address) = (base.to_ascii_lowercase(), address.to_ascii_lowercase());
        let (name, domain) = base.rsplit_once('@')?;
        let (local, at) = address.rsplit_once('@')?;
        let rest = local.strip_prefix(name)?.strip_prefix('+').filter(|_| at == domain)?;
        let mut parts = rest.rsplitn(3, '-');
        let (mark, generation, mail) = (parts.next()?, parts.next()?, parts.next()?);
        // One text for one number: not `+12`, nor `012`.
        let written = |number: &i64| number.to_string() == generation;
        let generation = generation.parse().ok().filter(written)?;
        Some(Self { mail: MailId::new(mail), generation, mark: from_hex(mark)? })
    }
}

impl LinkKeys {
    /// The return path of a mail, under the address that all of them lie under; none when its key was revoked.
    pub fn return_path(&self, base: &str, key: i64, mail: &MailId, generation: i64) -> Option<String> {
        let (name, domain) = base.rsplit_once('@')?;
        let mark = self.return_mark(key, mail, generation)?.finalize().into_bytes();
        let hex = mark.iter().take(MARK).fold(String::new(), |mut hex, byte| {
            // Writing to a text cannot fail.
            let _ = write!(hex, "{byte:02x}");
            hex
        });
        Some(format!("{name}+{mail}-{generation}-{hex}@{domain}"))
    }

    /// Whether we made this return path, for the generation that it names; the key's number stands in the mail's row.
    pub fn returns(&self, path: &ReturnPath, key: i64) -> bool {
        let mark = self.return_mark(key, &path.mail, path.generation);
        mark.is_some_and(|mark| mark.verify_truncated_left(&path.mark).is_ok())
    }

    fn return_mark(&self, key: i64, mail: &MailId, generation: i64) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.keys.get(&key)?).ok()?;
        let parts: [&[u8]; 4] =
            [DOMAIN.as_bytes(), &key.to_be_bytes(), mail.as_str().as_bytes(), &generation.to_be_bytes()];
        for part in parts {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        Some(mac)
    }
}

fn from_hex(text: &str) -> Option<[u8; MARK]> {
    let digits: Option<Vec<u8>> =
        text.chars().map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok())).collect();
    let bytes: Vec<u8> = digits?.chunks_exact(2).map(|pair| pair[0] * 16 + pair[1]).collect();
    bytes.try_into().ok().filter(|_| text.len() == 2 * MARK)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: &str = "bounces@Office.example.vn";

    #[test]
    fn a_return_path_comes_back_in_any_letters_and_names_its_mail_alone() {
        let keys = LinkKeys::new([(1, [7; 32]), (2, [8; 32])]);
        let mail = MailId::new("2".repeat(26));
        let address = keys.return_path(BASE, 1, &mail, 12).expect("key 1 is there");
        assert!(address.split('@').next().is_some_and(|local| local.len() <= 64), "{address}");
        for written in [address.clone(), address.to_uppercase()] {
            let path = ReturnPath::read(BASE, &written).expect("our own");
            assert_eq!((&path.mail, path.generation), (&mail, 12));
            assert!(keys.returns(&path, 1));
            assert!(!keys.returns(&path, 2), "the row says another key");
            assert!(!keys.returns(&ReturnPath { generation: 13, ..path.clone() }, 1));
            assert!(!keys.returns(&ReturnPath { mail: MailId::new("3".repeat(26)), ..path }, 1));
        }
    }

    #[test]
    fn what_is_none_of_ours_is_not_read_or_not_believed() {
        let keys = LinkKeys::of_bytes([7; 32]);
        let address = keys.return_path(BASE, 1, &MailId::new("abc"), 1).expect("key 1 is there");
        let (local, domain) = address.split_once('@').expect("an address");
        for at in 0..local.len() {
            for letter in ['0', 'f', 'z', '-', '+', '@', 'é'] {
                let mut changed = local.to_owned();
                changed.replace_range(at..=at, letter.encode_utf8(&mut [0; 4]));
                let believed =
                    ReturnPath::read(BASE, &format!("{changed}@{domain}")).is_some_and(|path| keys.returns(&path, 1));
                assert!(!believed || changed == local, "{changed}");
            }
        }
        for number in ["+1", "01", "-1", " 1"] {
            let changed = address.replacen("-1-", &format!("-{number}-"), 1);
            let believed = ReturnPath::read(BASE, &changed).is_some_and(|path| keys.returns(&path, 1));
            assert!(!believed, "{changed}");
        }
        let beside = format!("{local}@other.example.vn");
        let cut = &address[2..];
        for wrong in ["", "@", BASE, "bounces+@office.example.vn", "bounces+a-1-@office.example.vn", &beside, cut] {
            assert_eq!(ReturnPath::read(BASE, wrong), None, "{wrong}");
        }
    }
}
