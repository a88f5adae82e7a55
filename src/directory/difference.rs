//! What another directory would change: shown before it takes the place of the one that is there.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::{Dated, Directory};
use crate::ids::PersonId;

/// A record that is new, gone or another one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// What became of it.
    pub sign: Sign,
    /// `unit`, `person`, `post`, `body`, `seat`, `binding`, `substitute`, `assistant`.
    pub what: &'static str,
    /// By which it is known: codes, as files name them.
    pub name: String,
    /// What it says otherwise, field by field; for a new record all that it says.
    pub fields: Vec<Field>,
}

/// What became of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Sign {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// It says something else.
    Changed,
}

/// One field of a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Field {
    /// Its name, as the column of the file.
    pub name: String,
    /// What it said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// What it says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// Records by kind and name, each with its fields.
type Records = BTreeMap<(usize, String), BTreeMap<String, String>>;

/// In the order in which changes are shown.
const KINDS: [&str; 8] = ["unit", "person", "post", "body", "seat", "binding", "substitute", "assistant"];

/// What `after` changes, kind by kind.
pub fn difference(before: &Directory, after: &Directory) -> Vec<Change> {
    let (old, new) = (records(before), records(after));
    let names: std::collections::BTreeSet<_> = old.keys().chain(new.keys()).collect();
    let changes = names.into_iter().filter_map(|key| change(key, old.get(key), new.get(key)));
    changes.collect()
}

fn change(
    (kind, name): &(usize, String),
    old: Option<&BTreeMap<String, String>>,
    new: Option<&BTreeMap<String, String>>,
) -> Option<Change> {
    let sign = match (old, new) {
        (None, _) => Sign::Added,
        (_, None) => Sign::Removed,
        (Some(old), Some(new)) if old == new => return None,
        _ => Sign::Changed,
    };
    let none = BTreeMap::new();
    let (old, new) = (old.unwrap_or(&none), new.unwrap_or(&none));
    let names: std::collections::BTreeSet<_> = old.keys().chain(new.keys()).collect();
    let field = |name: &String| {
        let (before, after) = (old.get(name).cloned(), new.get(name).cloned());
        (before != after).then(|| Field { name: name.clone(), before, after })
    };
    let fields = names.into_iter().filter_map(field).collect();
    Some(Change { sign, what: KINDS[*kind], name: name.clone(), fields })
}

fn records(directory: &Directory) -> Records {
    let mut records = Records::new();
    let code = |id: &PersonId| directory.people.get(id).map_or_else(|| id.to_string(), |person| person.code.clone());
    // Somebody may hold the same post twice, at different times.
    let since = |dated: &Dated| dated.from.map(|from| format!(" ({from})")).unwrap_or_default();
    for unit in directory.units.values() {
        records.insert((0, unit.code.to_string()), fields(unit, &["code"]));
    }
    for person in directory.people.values() {
        records.insert((1, person.code.clone()), fields(person, &["id", "code"]));
    }
    for post in &directory.posts {
        let name = format!("{} {} {}{}", code(&post.person), post.post, post.unit, since(&post.dated));
        records.insert((2, name), fields(post, &["person", "post", "unit"]));
    }
    for body in directory.bodies.values() {
        records.insert((3, body.code.to_string()), fields(body, &["code", "seats"]));
        for seat in &body.seats {
            let unit = seat.unit.as_ref().map(|unit| format!(" {unit}")).unwrap_or_default();
            let name = format!("{} {} {}{unit}{}", body.code, code(&seat.person), seat.seat, since(&seat.dated));
            records.insert((4, name), fields(seat, &["person", "seat", "unit"]));
        }
    }
    for binding in &directory.bindings {
        records.insert((5, format!("{} {}", binding.root, binding.name)), fields(binding, &["root", "name"]));
    }
    for one in &directory.substitutes {
        let name = format!("{} by {}{}", code(&one.person), code(&one.by), since(&one.dated));
        records.insert((6, name), fields(one, &["person", "by"]));
    }
    for one in &directory.assistants {
        let name = format!("{} by {}{}", code(&one.person), code(&one.by), since(&one.dated));
        records.insert((7, name), fields(one, &["person", "by"]));
    }
    records
}

/// A record's fields but for those by which it is known; what is empty says nothing.
fn fields(record: &impl Serialize, but: &[&str]) -> BTreeMap<String, String> {
    let Ok(Value::Object(fields)) = serde_json::to_value(record) else { return BTreeMap::new() };
    let fields = fields.into_iter().filter(|(name, _)| !but.contains(&name.as_str()));
    fields.map(|(name, value)| (name, plain(&value))).filter(|(_, value)| !value.is_empty()).collect()
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(", "),
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Change, Field, Sign, difference};
    use crate::directory::{Assistant, Dated, Directory, Person, Post, Substitute};
    use crate::ids::PersonId;

    fn office(name: &str, post: Option<&str>) -> Directory {
        let id = PersonId::from("p1");
        let person = Person {
            id: id.clone(),
            code: "AN".to_owned(),
            name: name.to_owned(),
            address: None,
            email: None,
            language: "vi".to_owned(),
        };
        let posts = post.map(|post| Post {
            person: id.clone(),
            unit: "U".into(),
            post: post.to_owned(),
            dated: Dated { from: Some(jiff::civil::date(2026, 1, 1)), until: None },
        });
        Directory { people: [(id, person)].into(), posts: posts.into_iter().collect(), ..Directory::default() }
    }

    #[test]
    fn the_same_directory_changes_nothing() {
        assert_eq!(difference(&office("An", Some("head")), &office("An", Some("head"))), []);
    }

    #[test]
    fn what_is_new_gone_and_another_is_said_by_codes_and_columns() {
        let changes = difference(&office("An", Some("clerk")), &office("Ân", Some("head")));
        let field = |name: &str, before: Option<&str>, after: Option<&str>| Field {
            name: name.to_owned(),
            before: before.map(str::to_owned),
            after: after.map(str::to_owned),
        };
        let change = |sign, what, name: &str, fields| Change { sign, what, name: name.to_owned(), fields };
        let from = "2026-01-01";
        assert_eq!(
            changes,
            [
                change(Sign::Changed, "person", "AN", vec![field("name", Some("An"), Some("Ân"))]),
                change(Sign::Removed, "post", "AN clerk U (2026-01-01)", vec![field("from", Some(from), None)]),
                change(Sign::Added, "post", "AN head U (2026-01-01)", vec![field("from", None, Some(from))]),
            ]
        );
    }

    #[test]
    fn who_stands_in_for_whom_and_who_assists_whom_is_shown_too() {
        let (person, by, dated) = (PersonId::from("p1"), PersonId::from("p1"), Dated::default());
        let before = office("An", None);
        let substitutes = vec![Substitute { person: person.clone(), by: by.clone(), by_link: false, dated }];
        let assistants = vec![Assistant { person, by, first: true, dated }];
        let changes = difference(&before, &Directory { substitutes, assistants, ..before.clone() });
        let said: Vec<_> = changes.iter().map(|one| (one.sign, one.what, one.name.as_str())).collect();
        assert_eq!(said, [(Sign::Added, "substitute", "AN by AN"), (Sign::Added, "assistant", "AN by AN")]);
        assert_eq!(changes[1].fields[0].after.as_deref(), Some("true"), "that mail goes to them first");
    }
}
