//! What a workflow says in its own words: mails, and who is told by which of them.

use serde::{Deserialize, Serialize};

use crate::calendar::Delay;
use crate::ids::{FieldName, RoleName, Text};

/// A mail in the workflow's own words. Each text may have holes (`{{ formula }}`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Mail {
    /// What stands in the subject, before the day; empty: what is asked and what the dossier is called.
    #[serde(default, skip_serializing_if = "Text::is_empty")]
    pub subject: Text,
    /// Who asks or tells what; paragraphs are kept apart by line ends.
    pub text: Text,
    /// What is said instead where it was said before; empty: the usual words.
    #[serde(default, skip_serializing_if = "Text::is_empty")]
    pub reminder: Text,
    /// What happens if nothing is done; empty: what the deadline says.
    #[serde(default, skip_serializing_if = "Text::is_empty")]
    pub otherwise: Text,
    /// The session that it invites to; none that invites to nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar: Option<Session>,
}

/// A session as fields of a dossier say it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// The field with its day: mails that name the same one speak of the same session; none of a deadline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day: Option<FieldName>,
    /// The deadline of what is asked, in the place of a session.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub deadline: bool,
    /// The field with its hour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hour: Option<FieldName>,
    /// How long it lasts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lasts: Option<Delay>,
    /// The field that says where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<FieldName>,
    /// It falls away.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cancels: bool,
}

impl Mail {
    /// Its texts.
    pub fn texts(&self) -> impl Iterator<Item = &Text> {
        [&self.subject, &self.text, &self.reminder, &self.otherwise].into_iter()
    }
}

/// A role that is told, without being asked anything.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tell {
    /// Who.
    pub role: RoleName,
    /// By which mail; none: in the usual words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mail: Option<String>,
}
