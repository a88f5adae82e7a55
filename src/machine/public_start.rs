//! Who may open a dossier from outside, after they have shown that they read a mailbox.

use serde::{Deserialize, Serialize};

use super::{FieldKind, PARTY_ADDRESS, PARTY_LANGUAGE, PARTY_MAIL, PARTY_NAME, RoleSource, Shape};
use crate::directory::is_mailbox;
use crate::ids::{FieldName, RoleName, Text};

/// Letters of a domain (RFC 1035), and of each of its parts.
const DOMAIN_MAX: usize = 253;
const LABEL_MAX: usize = 63;
/// Letters before the `@` (RFC 5321).
const LOCAL_MAX: usize = 64;

/// A public address at which somebody from outside opens a dossier.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PublicStart {
    /// As whom: a role whose holders a table names.
    #[serde(rename = "as")]
    pub role: RoleName,
    /// The domains whose mailboxes are taken, in the form in which mail servers know them; without one, any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub domains: Vec<String>,
    /// What is said to whoever comes.
    #[serde(default)]
    pub help: Text,
}

impl PublicStart {
    /// Whether mailboxes of this domain are taken. Those of a domain below are not, unless it is named as well.
    pub fn takes(&self, mailbox: &Mailbox) -> bool {
        self.domains.is_empty() || self.domains.iter().any(|domain| domain == mailbox.domain())
    }

    /// The table in which whoever opened the dossier stands.
    pub fn table<'s>(&self, shape: &'s Shape) -> Option<&'s FieldName> {
        match &shape.roles.get(&self.role)?.source {
            RoleSource::Outside { table, .. } => table.as_ref(),
            _ => None,
        }
    }

    /// The first row of that table.
    pub fn row(&self, shape: &Shape, name: &str, mailbox: &Mailbox, language: &str) -> Option<serde_json::Value> {
        let FieldKind::Rows { columns, .. } = &shape.field(self.table(shape)?)?.kind else { return None };
        let takes = |column: &str, word: &str| {
            columns.iter().filter(|one| one.name.as_str() == column).any(|one| match &one.kind {
                FieldKind::OneOf { values } => values.keys().any(|value| value == word),
                _ => true,
            })
        };
        let mut row = serde_json::Map::new();
        row.insert(PARTY_NAME.to_owned(), name.into());
        row.insert(PARTY_MAIL.to_owned(), mailbox.as_str().into());
        if takes(PARTY_LANGUAGE, language) {
            row.insert(PARTY_LANGUAGE.to_owned(), language.into());
        }
        Some(row.into())
    }
}

/// The columns that a start from outside fills in itself.
pub const FILLED_IN: [&str; 4] = [PARTY_NAME, PARTY_MAIL, PARTY_LANGUAGE, PARTY_ADDRESS];

/// A mailbox as it is written to: `user@domain`, nothing quoted, its domain as mail servers know it. What is compared is what is mailed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mailbox(String);

impl Mailbox {
    /// Reads what somebody typed; none where it is not one plain mailbox.
    pub fn read(typed: &str) -> Option<Self> {
        let typed = typed.trim();
        let (local, host) = typed.split_once('@').filter(|_| is_mailbox(typed))?;
        // `%` and `!` mean another mailbox behind this one to old relays.
        let plain = |c: char| c.is_alphanumeric() || "#$&'*+-/=?^_`{|}~.".contains(c);
        let dots = local.starts_with('.') || local.ends_with('.') || local.contains("..");
        let fits = local.len() <= LOCAL_MAX && !dots && local.chars().all(plain);
        fits.then(|| domain(host)).flatten().map(|domain| Self(format!("{local}@{domain}")))
    }

    /// As it is written to.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its domain.
    pub fn domain(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(_, domain)| domain)
    }
}

/// A domain as mail servers know it (in small letters, of letters beyond ASCII their Punycode); none where it is none, or an address.
pub fn domain(written: &str) -> Option<String> {
    // Signs that only look like dots, or that vanish, are some reader's mistake or somebody's trick.
    if written.chars().any(|c| !c.is_alphanumeric() && !"-.".contains(c)) {
        return None;
    }
    let domain = idna::domain_to_ascii_strict(written).ok()?;
    let labels: Vec<&str> = domain.split('.').collect();
    let whole = labels.iter().all(|label| !label.is_empty() && label.len() <= LABEL_MAX);
    let named = labels.last().is_some_and(|last| !last.bytes().all(|byte| byte.is_ascii_digit()));
    (whole && named && labels.len() > 1 && domain.len() <= DOMAIN_MAX).then_some(domain)
}

#[cfg(test)]
mod tests {
    use super::{Mailbox, PublicStart, domain};
    use crate::ids::Text;

    fn start(domains: &[&str]) -> PublicStart {
        let domains = domains.iter().map(|one| domain(one).expect("a domain")).collect();
        PublicStart { role: "r".into(), domains, help: Text::default() }
    }

    #[test]
    fn a_mailbox_is_taken_by_its_whole_domain_and_by_nothing_that_looks_like_it() {
        let rule = start(&["bo.example", "vídụ.example"]);
        for taken in ["an@bo.example", " an@BO.Example ", "a.b+c@bo.example", "an@vídụ.example", "an@VÍDỤ.example"]
        {
            let mailbox = Mailbox::read(taken).unwrap_or_else(|| panic!("{taken}"));
            assert!(rule.takes(&mailbox), "{taken}");
            assert!(mailbox.domain().is_ascii(), "{taken}");
        }
        for other in ["an@vu.bo.example", "an@xbo.example", "an@bo.example.evil", "an@bo-example", "an@evil.example"] {
            assert!(Mailbox::read(other).is_none_or(|mailbox| !rule.takes(&mailbox)), "{other}");
        }
        assert!(start(&[]).takes(&Mailbox::read("an@anywhere.example").expect("a mailbox")), "any mailbox");
    }

    #[test]
    fn what_is_more_or_less_than_one_plain_mailbox_is_none() {
        for bad in [
            "",
            "an",
            "@bo.example",
            "an@",
            "an@bo",
            "an@bo.example@evil.example",
            "an@evil.example@bo.example",
            "\"an@evil\"@bo.example",
            "an(x)@bo.example",
            "an@bo.example\nBcc: all@bo.example",
            "an\r\n@bo.example",
            "an@bo.example, binh@bo.example",
            "<an@bo.example>",
            "an @bo.example",
            "an@bo。example",
            "an@bo．example",
            "an@bo\u{200b}.example",
            "an@bo..example",
            "an@.bo.example",
            "an@bo.example.",
            "an@[127.0.0.1]",
            "an@127.0.0.1",
            "an@-bo.example",
            "an@bo_x.example",
            ".an@bo.example",
            "an%evil.example@bo.example",
            "evil.example!an@bo.example",
            "a..n@bo.example",
        ] {
            assert_eq!(Mailbox::read(bad), None, "{bad:?}");
        }
        assert_eq!(Mailbox::read(&format!("{}@bo.example", "a".repeat(65))), None);
        assert_eq!(domain(&format!("{}.example", "a".repeat(64))), None);
    }
}
