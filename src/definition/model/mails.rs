//! What a workflow says in mails, in its own words.

use super::{Keys, Name};
use crate::calendar::Delay;
use crate::source::{Span, Spanned};

/// A text with holes, in every language in which it was written.
#[derive(Clone, Debug)]
pub struct Template {
    /// In the workflow's own language.
    pub own: Name,
    /// In others, by language.
    pub other: Vec<(String, Name)>,
}

impl Template {
    /// The text in each language, the workflow's own first.
    pub fn all(&self) -> impl Iterator<Item = &Name> {
        std::iter::once(&self.own).chain(self.other.iter().map(|(_, text)| text))
    }
}

/// A mail in the workflow's own words.
#[derive(Clone, Debug)]
pub struct Mail {
    /// Its name.
    pub name: Name,
    /// What stands in the subject, before the day.
    pub subject: Option<Template>,
    /// What is said.
    pub text: Option<Template>,
    /// What is said instead where it was said before.
    pub reminder: Option<Template>,
    /// What happens if nothing is done.
    pub otherwise: Option<Template>,
    /// The session that it invites to.
    pub calendar: Option<Session>,
}

/// A session as fields say it.
#[derive(Clone, Debug)]
pub struct Session {
    /// Where it stands.
    pub span: Span,
    /// Its keys, with their places.
    pub keys: Keys,
    /// It is the deadline of what is asked, and no session.
    pub deadline: bool,
    /// The field with its day.
    pub day: Option<Name>,
    /// The field with its hour.
    pub hour: Option<Name>,
    /// How long it lasts.
    pub lasts: Option<Spanned<Delay>>,
    /// The field with its place.
    pub place: Option<Name>,
    /// It falls away.
    pub cancels: bool,
}

impl Mail {
    /// Its texts, in the order of the file.
    pub fn texts(&self) -> impl Iterator<Item = &Template> {
        [&self.subject, &self.text, &self.reminder, &self.otherwise].into_iter().flatten()
    }
}

/// Who is told, and by which mail.
#[derive(Clone, Debug)]
pub struct Tell {
    /// The role.
    pub role: Name,
    /// The mail; none for the usual words.
    pub mail: Option<Name>,
}
