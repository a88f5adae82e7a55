//! Who is who in a play: what everybody in an office knows about their colleagues, from the directory's files.

use std::collections::BTreeMap;

use super::files;
use super::sheet::Sheet;

/// A seat without a vote.
const SECRETARY: &str = "secretary";

/// The people of a play.
#[derive(Clone, Debug, Default)]
pub struct Cast {
    by_email: BTreeMap<String, String>,
    unit_of: BTreeMap<String, String>,
    parent: BTreeMap<String, String>,
    /// Members with a vote, by kind of body and body, in the order of the directory.
    bodies: BTreeMap<String, BTreeMap<String, Vec<String>>>,
    /// The unit that a body was set up for.
    set_up_for: BTreeMap<String, String>,
}

impl Cast {
    /// Reads the directory that is shipped in a folder.
    ///
    /// # Errors
    /// One of its files is no CSV.
    pub fn read(folder: &str) -> Result<Self, csv::Error> {
        let sheet =
            |name: &str| Sheet::read(files::text(&format!("{folder}/directory/{name}.csv")).unwrap_or_default());
        let (people, posts, units) = (sheet("people")?, sheet("posts")?, sheet("units")?);
        let (bodies, seats) = (sheet("bodies")?, sheet("seats")?);
        let kinds = bodies.column(&["code"], "kind");
        let mut cast = Self {
            by_email: people.column(&["email"], "code"),
            parent: units.column(&["code"], "parent"),
            set_up_for: bodies.column(&["code"], "unit"),
            ..Self::default()
        };
        for (person, unit) in posts.values("person").into_iter().zip(posts.values("unit")) {
            cast.unit_of.entry(person.to_owned()).or_insert_with(|| unit.to_owned());
        }
        let places = seats.values("body").into_iter().zip(seats.values("person")).zip(seats.values("seat"));
        for ((body, person), _) in places.filter(|(_, seat)| *seat != SECRETARY) {
            let kind = kinds.get(body).cloned().unwrap_or_default();
            cast.bodies.entry(kind).or_default().entry(body.to_owned()).or_default().push(person.to_owned());
        }
        Ok(cast)
    }

    /// Whose mailbox this is.
    pub fn owner(&self, address: &str) -> Option<&str> {
        self.by_email.get(&address.to_lowercase()).map(String::as_str)
    }

    /// The unit in which a person holds their first post.
    pub fn unit(&self, person: &str) -> &str {
        self.unit_of.get(person).map(String::as_str).unwrap_or_default()
    }

    /// The root above that unit.
    pub fn root(&self, person: &str) -> &str {
        let mut unit = self.unit(person);
        while let Some(parent) = self.parent.get(unit).filter(|parent| !parent.is_empty()) {
            unit = parent;
        }
        unit
    }

    /// Those who vote beside this person in their body of a kind, themselves among them, in the order of the directory.
    pub fn colleagues(&self, person: &str, kind: &str) -> &[String] {
        let bodies = self.bodies.get(kind).into_iter().flat_map(BTreeMap::values);
        bodies.filter(|members| members.iter().any(|one| one == person)).map(Vec::as_slice).next().unwrap_or_default()
    }

    /// The members of the body of a kind that was set up for a unit.
    pub fn members_of(&self, unit: &str, kind: &str) -> &[String] {
        let mut bodies = self.bodies.get(kind).into_iter().flatten();
        let found = bodies.find(|(body, _)| self.set_up_for.get(*body).is_some_and(|have| have == unit));
        found.map(|(_, members)| members.as_slice()).unwrap_or_default()
    }
}
