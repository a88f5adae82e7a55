//! Names and identifiers: newtypes that parse and print, nothing else. None of them is ever made from a clock or from
//! chance here; the outermost layer hands random ones in.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Takes the text as it is; whoever reads it from outside has checked it.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The text of it.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }
    };
}

id!(/// A dossier: random for those that people start, derived from the operation for those that messages or cron start.
    DossierId);
id!(/// A person: random, so that an event that names one says nothing once the directory has forgotten them.
    PersonId);
id!(/// A unit's code in the directory, as officers write it (`HCTP`).
    UnitCode);
id!(/// A body's code in the directory: a council or a peer group.
    BodyCode);
id!(/// A workflow's name, as its file says it.
    WorkflowName);
id!(/// SHA-256 of a deployed version (sources and compiled machine), in hexadecimal digits.
    MachineHash);
id!(/// A state's full path in its machine: `open.unit_council`.
    StateId);
id!(/// The name of an event that moves a dossier: `submit`, `passed`.
    EventName);
id!(/// A field's name; CEL allows `[a-z_][a-z0-9_]*`.
    FieldName);
id!(/// A role's name.
    RoleName);
id!(/// A guard's name.
    GuardName);
id!(/// A vote's name.
    VoteName);
id!(/// What makes a command happen once: UNIQUE on the first event that it led to.
    OperationId);
id!(/// A paper in a dossier: random; the bytes stand in a table of their own.
    PaperId);
id!(/// One outgoing mail.
    MailId);

impl StateId {
    /// Whether this state lies inside another one, at any depth.
    pub fn is_inside(&self, outer: &Self) -> bool {
        self.0.strip_prefix(outer.as_str()).is_some_and(|rest| rest.starts_with('.'))
    }

    /// The state directly around this one.
    pub fn outer(&self) -> Option<Self> {
        self.0.rsplit_once('.').map(|(outer, _)| Self::new(outer))
    }
}

/// One entry into one state of one dossier, counted from 1 within the dossier. Tasks, rolls, ballots, links, timers and
/// rounds belong to an activation, never to a state's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ActivationId(pub u32);

impl fmt::Display for ActivationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// An instant: milliseconds since 1970-01-01T00:00Z. The only form of time in events, rows and decisions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Instant(pub i64);

impl Instant {
    /// From jiff's type, to the millisecond.
    pub fn from_timestamp(at: jiff::Timestamp) -> Self {
        Self(at.as_millisecond())
    }

    /// As jiff's type; beyond jiff's range (year 9999) it stays at the end.
    pub fn timestamp(self) -> jiff::Timestamp {
        jiff::Timestamp::from_millisecond(self.0).unwrap_or(if self.0 < 0 {
            jiff::Timestamp::MIN
        } else {
            jiff::Timestamp::MAX
        })
    }

    /// This many milliseconds later (or, below zero, earlier).
    #[must_use]
    pub fn plus_ms(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.timestamp())
    }
}

/// A language of officers: `vi`, `en`; a third one is a file beside the workflow.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Language(String);

impl Language {
    /// A language by its code.
    pub fn new(code: impl Into<String>) -> Self {
        Self(code.into())
    }

    /// The code: `vi`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A text in the languages that the workflow gives it, the first one written being the workflow's own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Text {
    /// Said in the workflow's own language.
    pub own: String,
    /// The translations, by language code.
    #[serde(default, skip_serializing_if = "std::collections::BTreeMap::is_empty")]
    pub other: std::collections::BTreeMap<String, String>,
}

/// The legal text behind a rule. Where nobody translated it, it is kept as a text alone, as it was before translations were: so no
/// stored version changes, and older ones are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Citation(Text);

impl Citation {
    /// What was written; nothing if nothing was.
    pub fn new(text: Text) -> Option<Self> {
        (!text.is_empty()).then_some(Self(text))
    }

    /// In the reader's language where there is a translation, else in the workflow's own.
    pub fn in_language(&self, language: &Language) -> &str {
        self.0.in_language(language)
    }

    /// In the workflow's own language.
    pub fn own(&self) -> &str {
        &self.0.own
    }
}

impl Serialize for Citation {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.other.is_empty() { serializer.serialize_str(&self.0.own) } else { self.0.serialize(serializer) }
    }
}

impl<'de> Deserialize<'de> for Citation {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Kept {
            Alone(String),
            Said(Text),
        }
        Ok(Self(match Kept::deserialize(deserializer)? {
            Kept::Alone(own) => Text::own(own),
            Kept::Said(text) => text,
        }))
    }
}

impl Text {
    /// A text in one language only.
    pub fn own(text: impl Into<String>) -> Self {
        Self { own: text.into(), other: std::collections::BTreeMap::new() }
    }

    /// In the reader's language where there is a translation, else in the workflow's own.
    pub fn in_language(&self, language: &Language) -> &str {
        self.other.get(language.as_str()).unwrap_or(&self.own)
    }

    /// The text in every language, the workflow's own first.
    pub fn all(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.own).chain(self.other.values()).map(String::as_str)
    }

    /// The same with something done to it in every language.
    #[must_use]
    pub fn map(&self, change: impl Fn(&str) -> String) -> Self {
        let other = self.other.iter().map(|(language, said)| (language.clone(), change(said))).collect();
        Self { own: change(&self.own), other }
    }

    /// Nothing was written.
    pub fn is_empty(&self) -> bool {
        self.own.is_empty()
    }
}
