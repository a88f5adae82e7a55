//! People from outside: asked by mail, without an account and without an entry in the directory. What is known of them stands
//! in the dossier alone, and in its log it is sealed for each of them.

use std::borrow::Cow;
use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::Dossier;
use crate::directory::{Directory, Person};
use crate::ids::{DossierId, FieldName, PersonId};

/// Somebody from outside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outsider {
    /// Who they are in this dossier, and nowhere else.
    pub person: PersonId,
    /// Their name, or what their office is called.
    pub name: String,
    /// Their mailbox; none of somebody who only wrote on paper.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mail: Option<String>,
    /// The language they read.
    pub language: String,
    /// How they are addressed, in the workflow's own language; none: as anybody is politely.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
}

impl Outsider {
    /// Who the first person from outside is whom a dossier knows: of one that was opened from outside, whoever opened it.
    pub fn first_of(dossier: &DossierId) -> PersonId {
        outsider_id(dossier, 0)
    }

    /// Whether this is their mailbox: capitals and small letters are the same.
    pub fn reads(&self, mail: &str) -> bool {
        self.mail.as_ref().is_some_and(|own| own.eq_ignore_ascii_case(mail.trim()))
    }

    /// As the directory would know them.
    pub fn known(&self) -> Person {
        Person {
            id: self.person.clone(),
            code: String::new(),
            name: self.name.clone(),
            address: self.address.clone(),
            email: self.mail.clone(),
            language: self.language.clone(),
        }
    }
}

/// A row that is about one of them: it is sealed for them, apart from the rows of the others.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RowOf {
    /// The table.
    pub field: FieldName,
    /// Its place in the table, from 0.
    pub place: u32,
    /// What it says.
    pub cells: Map<String, Value>,
}

/// The id of the nth outsider of a dossier. It follows from the dossier's random id and says nothing about them.
pub(super) fn outsider_id(dossier: &DossierId, number: usize) -> PersonId {
    let digest = Sha256::digest(format!("chancery outsider 1\n{dossier}\n{number}"));
    PersonId::new(digest.iter().take(16).fold(String::new(), |mut id, byte| {
        // Writing to a text cannot fail.
        let _ = write!(id, "{byte:02x}");
        id
    }))
}

impl RowOf {
    /// Puts it into its table: in the place of the row that stood there, or behind the last; false if it has no place.
    pub fn put(&self, rows: &mut Vec<Value>) -> bool {
        let (place, cells) = (self.place as usize, Value::Object(self.cells.clone()));
        if let Some(row) = rows.get_mut(place) {
            *row = cells;
        } else if place == rows.len() {
            rows.push(cells);
        } else {
            return false;
        }
        true
    }
}

impl Dossier {
    /// What is known of somebody from outside.
    pub fn outsider(&self, person: &PersonId) -> Option<&Outsider> {
        self.outsiders.iter().find(|one| &one.person == person)
    }

    /// The directory, with those beside it whom only this dossier knows.
    pub fn known_in<'d>(&self, directory: &'d Directory) -> Cow<'d, Directory> {
        if self.outsiders.is_empty() {
            return Cow::Borrowed(directory);
        }
        let outside = self.outsiders.iter().map(|one| (one.person.clone(), one.known())).collect();
        Cow::Owned(Directory { outside, ..directory.clone() })
    }
}
