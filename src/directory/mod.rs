//! Units, people, posts, bodies: who is who on a given day. Pure; the store keeps it, the engine hands it in.

pub mod difference;
pub mod names;
mod query;
mod read;
mod records;
#[cfg(test)]
mod tests;

pub use read::read;

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::ids::{BodyCode, PersonId, UnitCode};

const EMAIL_MAX: usize = 254;

/// Whether a text could be a mailbox: what else is wrong with it, its mail server will say.
pub fn is_mailbox(text: &str) -> bool {
    let shaped = text.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty() && !domain.is_empty() && !domain.contains('@') && !domain.starts_with('.')
    });
    let odd = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | ',' | ';' | '"' | '\\');
    shaped && !text.contains(odd) && text.len() <= EMAIL_MAX
}

/// The whole directory at one version.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Directory {
    /// The units by code.
    pub units: BTreeMap<UnitCode, Unit>,
    /// The people by id. Kept in rows of their own, not in the stored versions.
    #[serde(skip)]
    pub people: BTreeMap<PersonId, Person>,
    /// People who are not in it and whom one dossier knows: they hold no post, and nobody is offered their names.
    #[serde(skip)]
    pub outside: BTreeMap<PersonId, Person>,
    /// Who holds which post.
    pub posts: Vec<Post>,
    /// Councils and peer groups.
    pub bodies: BTreeMap<BodyCode, Body>,
    /// Names that workflows use for a unit, by the root (ministry) for which they hold: `(root, name) -> unit`.
    pub bindings: Vec<Binding>,
    /// Who stands in for whom.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub substitutes: Vec<Substitute>,
    /// Who prepares the answers of whom.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub assistants: Vec<Assistant>,
    /// What people have said of themselves, beside the directory.
    #[serde(skip)]
    pub own: Own,
}

/// What people have said of themselves: kept in rows of their own, whatever directory comes next.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Own {
    /// Who is away, and who stands in for them.
    pub absences: Vec<Substitute>,
    /// Which language somebody reads, where it is another than the directory says.
    pub languages: BTreeMap<PersonId, String>,
}

/// A time during which something holds: from the first day to the last, both included; open where none is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dated {
    /// The first day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Date>,
    /// The last day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Date>,
}

impl Dated {
    /// Whether it holds on this day.
    pub fn holds(&self, on: Date) -> bool {
        self.from.is_none_or(|from| from <= on) && self.until.is_none_or(|until| on <= until)
    }
}

/// A unit of the tree.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Unit {
    /// Its code.
    pub code: UnitCode,
    /// Its name.
    pub name: String,
    /// What it is: `ministry`, `department`, `province_office`, `team`, ...
    pub kind: String,
    /// The unit above it; none for a root.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<UnitCode>,
    /// It may decide in its own name.
    #[serde(default)]
    pub legal_personality: bool,
    /// Words by which rules group units (`judgment_enforcement`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// While it exists.
    #[serde(flatten)]
    pub dated: Dated,
    /// The units that took over when it merged or was split.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub successors: Vec<UnitCode>,
}

/// A person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Person {
    /// Random id.
    pub id: PersonId,
    /// The code by which files name them.
    pub code: String,
    /// Their name, NFC.
    pub name: String,
    /// How a mail addresses them: `ông`, `bà`, `đồng chí`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Their mailbox.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The language they read.
    pub language: String,
}

/// A person holds a post in a unit for a time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Post {
    /// Who.
    pub person: PersonId,
    /// In which unit.
    pub unit: UnitCode,
    /// Which post: `head`, `clerk`, ...
    pub post: String,
    /// For how long.
    #[serde(flatten)]
    pub dated: Dated,
}

/// A council or a peer group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Body {
    /// Its code.
    pub code: BodyCode,
    /// Its name.
    pub name: String,
    /// `council`, `cluster`, `bloc`, ... Clusters and blocs are peer groups.
    pub kind: String,
    /// The unit that it was set up for (councils), or whose tree it serves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<UnitCode>,
    /// Its seats. In a peer group a seat speaks for a member unit.
    pub seats: Vec<BodySeat>,
}

/// A seat in a body for a time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BodySeat {
    /// Who sits on it.
    pub person: PersonId,
    /// `chair`, `vice_chair`, `member`, `secretary`: a `secretary` has no vote.
    pub seat: String,
    /// The member unit that it speaks for (peer groups).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<UnitCode>,
    /// For how long.
    #[serde(flatten)]
    pub dated: Dated,
}

impl BodySeat {
    /// Whether it has a vote.
    pub fn votes(&self) -> bool {
        self.seat != "secretary"
    }
}

/// A name that workflows use for a unit of one ministry.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Binding {
    /// The root unit for which it holds.
    pub root: UnitCode,
    /// The name: `standing_body`.
    pub name: String,
    /// The unit.
    pub unit: UnitCode,
    /// For how long.
    #[serde(flatten)]
    pub dated: Dated,
}

/// Somebody stands in for a person who is away, for a time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Substitute {
    /// Who is away.
    pub person: PersonId,
    /// Who stands in for them.
    pub by: PersonId,
    /// It was said by the link of a mail and by nothing else: it counts where a link alone is enough.
    #[serde(skip)]
    pub by_link: bool,
    /// For how long.
    #[serde(flatten)]
    pub dated: Dated,
}

/// Somebody (of a person's office, say) prepares what a person is asked, for a time; they decide nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Assistant {
    /// Who is asked.
    pub person: PersonId,
    /// Who prepares their answers.
    pub by: PersonId,
    /// Mail goes to them first, and to the person once an answer lies ready, or after two working days.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub first: bool,
    /// For how long.
    #[serde(flatten)]
    pub dated: Dated,
}
