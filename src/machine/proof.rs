//! How strongly people show who they are. What is demanded and what was shown are sets, and no proof contains another: a number that
//! was handed over on paper says nothing about who has signed in, nor a sign-in about who holds the paper.

use serde::{Deserialize, Serialize};

/// What one state demands of whoever acts in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum LinkPolicy {
    /// The link is enough.
    #[default]
    #[serde(rename = "link")]
    Link,
    /// The link and a number that came another way.
    #[serde(rename = "link+pin")]
    LinkPin,
    /// The link and a sign-in.
    #[serde(rename = "login")]
    Login,
}

/// What was shown besides a link, or is demanded besides it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Proofs {
    /// The number that came another way.
    pub number: bool,
    /// A sign-in.
    pub session: bool,
}

impl Proofs {
    /// Everything that there is to show.
    pub const ALL: Self = Self { number: true, session: true };

    /// Nothing besides the link.
    pub fn is_none(self) -> bool {
        self == Self::default()
    }

    /// Both what is here and what is there.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self { number: self.number || other.number, session: self.session || other.session }
    }

    /// What is demanded here and was not shown.
    #[must_use]
    pub fn without(self, shown: Self) -> Self {
        Self { number: self.number && !shown.number, session: self.session && !shown.session }
    }
}

impl From<LinkPolicy> for Proofs {
    fn from(policy: LinkPolicy) -> Self {
        match policy {
            LinkPolicy::Link => Self::default(),
            LinkPolicy::LinkPin => Self { number: true, session: false },
            LinkPolicy::Login => Self { number: false, session: true },
        }
    }
}

impl FromIterator<LinkPolicy> for Proofs {
    fn from_iter<I: IntoIterator<Item = LinkPolicy>>(policies: I) -> Self {
        policies.into_iter().map(Self::from).fold(Self::default(), Self::and)
    }
}
