//! Who may be asked.

use serde::{Deserialize, Serialize};

use super::{Field, FieldKind};
use crate::ids::{FieldName, RoleName, Text};

/// Who may be asked: holders of a post, seats of a body, or the person that a field names.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Role {
    /// What officers call it.
    pub label: Text,
    /// Where its holders are found.
    pub source: RoleSource,
    /// Holders may start a dossier.
    #[serde(default)]
    pub starter: bool,
}

/// Where the holders of a role are found on the day of the question.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "from")]
pub enum RoleSource {
    /// Holders of a post in a unit, or in the nearest unit above it that has the post.
    Post {
        /// The post's kind in the directory.
        post: String,
        /// The unit.
        of: UnitOf,
    },
    /// Seats of a body.
    Body {
        /// Which body.
        body: BodyOf,
        /// `chair`, `secretary`, `member`, ... or none for every seat.
        seat: Option<String>,
    },
    /// The person that a field names.
    Field {
        /// The field.
        field: FieldName,
    },
    /// The people of a list; of a list of units, the holders of a post in each of them: they speak for it.
    Each {
        /// CEL that gives the list.
        each: String,
        /// The post.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        post: Option<String>,
    },
    /// People from outside, who have no account: reached by mail.
    Outside {
        /// A table of the dossier that names them, with the columns `name` and `mail`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        table: Option<FieldName>,
        /// Those whom the workflow names.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        named: Vec<Party>,
    },
    /// Holders of any of several roles.
    Any {
        /// Which.
        roles: Vec<RoleName>,
    },
    /// Holders of the roles that a decision table gives.
    Decision {
        /// The table.
        decision: String,
    },
}

/// Somebody from outside whom the workflow itself names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Party {
    /// Their name, or what their office is called.
    pub name: String,
    /// Their mailbox.
    pub mail: String,
    /// The language they read.
    pub language: String,
    /// How they are addressed; none: as anybody is politely.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
}

/// The columns of a table that names people from outside: what they are called.
pub const PARTY_NAME: &str = "name";
/// Where they are reached.
pub const PARTY_MAIL: &str = "mail";
/// What they read; the workflow's own language where there is none.
pub const PARTY_LANGUAGE: &str = "language";
/// How they are addressed; politely, as anybody is, where there is none.
pub const PARTY_ADDRESS: &str = "address";

impl Role {
    /// The formula by which its holders are found.
    pub fn each(&self) -> Option<&str> {
        match &self.source {
            RoleSource::Each { each, .. } => Some(each),
            _ => None,
        }
    }
}

/// A unit, said by a dossier.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "unit")]
pub enum UnitOf {
    /// The unit that this field names.
    Field {
        /// A field of type unit.
        field: FieldName,
    },
    /// The root (the ministry) of the unit that this field names.
    Root {
        /// A field of type unit.
        field: FieldName,
    },
    /// The unit that the directory binds to a name, such as `standing_body`, for the root of the unit that this field names.
    Binding {
        /// The name.
        name: String,
        /// A field of type unit.
        field: FieldName,
    },
    /// A unit by its code.
    Code {
        /// The code.
        code: String,
    },
}

/// A body, said by a dossier.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BodyOf {
    /// The kind: `council`, `peer_group`, ...
    pub kind: String,
    /// A field of type unit (the body of that kind set up for that unit), of type body (that body), or a table of rows: the
    /// body that the dossier itself composes.
    pub of: FieldName,
}

/// The columns of a table of members.
#[derive(Clone, Copy, Debug)]
pub struct Composed<'f> {
    /// Who.
    pub person: &'f FieldName,
    /// On which seat; without it everybody is a plain member.
    pub seat: Option<&'f FieldName>,
}

/// The columns by which a table is a body: the only one of type person, and one called `seat`.
pub fn composed(columns: &[Field]) -> Option<Composed<'_>> {
    let mut people = columns.iter().filter(|column| column.kind == FieldKind::Person);
    let person = people.next().filter(|_| people.next().is_none())?;
    let seat = columns.iter().find(|column| column.name.as_str() == "seat").map(|column| &column.name);
    Some(Composed { person: &person.name, seat })
}
