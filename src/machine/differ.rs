//! Two versions of a workflow beside each other: what differs, whose course that changes, and who would have nowhere to stand.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value;

use super::{Field, FieldKind, Held, Shape, State, StateKind, Target, Transition};
use crate::diagnostic::nearest;
use crate::ids::{GuardName, RoleName, StateId, VoteName};

/// What only people read: it changes no course.
const WORDS: &[&str] = &["title", "label", "hint", "help", "public", "refuse", "basis", "mail"];

/// One thing that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The section of the file: `states`, `fields`, ...
    pub section: &'static str,
    /// Its name there.
    pub name: String,
    /// How it differs.
    pub how: How,
    /// The keys that differ, where both versions have it: for events, `on.EVENT`.
    pub keys: Vec<String>,
}

/// How something differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// Only the newer version has it.
    New,
    /// Only the older version has it.
    Gone,
    /// It says something else.
    Changed,
}

/// What the newer version means for a dossier that stands in a state of the older one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "course")]
pub enum Course {
    /// Nothing.
    Same,
    /// What holds here is different.
    Now {
        /// The keys that differ.
        keys: Vec<String>,
    },
    /// What holds in a state to which it may yet come is different.
    Later {
        /// The nearest of them.
        state: StateId,
    },
    /// The newer version has no such state to stand in: a mapping must say where it goes.
    Stranded {
        /// A state of the newer version that may be meant.
        near: Option<StateId>,
    },
}

/// Two versions beside each other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Comparison {
    /// What differs.
    pub differences: Vec<Difference>,
    /// By every state of the older version in which a dossier can stand and go on.
    pub courses: BTreeMap<StateId, Course>,
}

/// Compares two versions.
pub fn compare(old: &Shape, new: &Shape) -> Comparison {
    let mut differences = Vec::new();
    for section in ["roles", "guards", "decisions", "votes", "tables", "order", "papers", "drafts", "mails", "measures"]
    {
        sections(section, &entries(old, section), &entries(new, section), &mut differences);
    }
    let fields = |shape: &Shape| shape.fields.iter().map(|field| (field.name.to_string(), offered(field))).collect();
    sections("fields", &fields(old), &fields(new), &mut differences);
    let states = |shape: &Shape| shape.states.iter().map(|state| (state.id.to_string(), laid_out(state))).collect();
    sections("states", &states(old), &states(new), &mut differences);
    let both = |section| (section, (entries(old, section), entries(new, section)));
    let courses = Courses { old, new, sections: ["guards", "roles", "votes"].map(both).into() }.all();
    Comparison { differences, courses }
}

/// A section whose entries have names.
type Entries = BTreeMap<String, Value>;

fn json<T: Serialize>(value: &T) -> Value {
    serde_json::to_value(value).unwrap_or(Value::Null)
}

fn entries(shape: &Shape, section: &str) -> Entries {
    let whole = match section {
        "roles" => json(&shape.roles),
        "guards" => json(&shape.guards),
        "decisions" => json(&shape.decisions),
        "votes" => json(&shape.votes),
        "tables" => json(&shape.tables),
        "order" => json(&shape.order),
        "mails" => json(&shape.mails),
        "drafts" => json(&shape.drafts),
        "measures" => json(&shape.measures),
        _ => json(&shape.papers),
    };
    match whole {
        Value::Object(map) => map.into_iter().collect(),
        _ => Entries::new(),
    }
}

/// A field with the order in which words are offered there, which their mapping does not keep.
fn offered(field: &Field) -> Value {
    let (mut value, order) = (json(field), order(field));
    if let (Value::Object(map), false) = (&mut value, order.is_empty()) {
        map.insert("order".to_owned(), json(&order));
    }
    value
}

fn order(field: &Field) -> Vec<&str> {
    match &field.kind {
        FieldKind::OneOf { values } => values.keys().map(String::as_str).collect(),
        FieldKind::Rows { columns, .. } => columns.iter().flat_map(order).collect(),
        FieldKind::Text { .. }
        | FieldKind::Number { .. }
        | FieldKind::Decimal { .. }
        | FieldKind::Money { .. }
        | FieldKind::Date
        | FieldKind::Person
        | FieldKind::Unit
        | FieldKind::Body
        | FieldKind::Choice { .. }
        | FieldKind::Texts { .. }
        | FieldKind::File => Vec::new(),
    }
}

/// A state with its transitions by their events.
fn laid_out(state: &State) -> Value {
    let mut value = json(state);
    let Some(map) = value.as_object_mut() else { return value };
    map.remove("on");
    for transition in &state.on {
        let event = transition.event.as_ref().map_or("", |event| event.as_str());
        let branches = map.entry(format!("on.{event}")).or_insert_with(|| Value::Array(Vec::new()));
        if let Value::Array(branches) = branches {
            branches.push(json(transition));
        }
    }
    value
}

fn sections(section: &'static str, old: &Entries, new: &Entries, found: &mut Vec<Difference>) {
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    for name in names {
        let (how, keys) = match (old.get(name), new.get(name)) {
            (Some(old), Some(new)) if old == new => continue,
            (Some(old), Some(new)) => (How::Changed, changed_keys(old, new)),
            (Some(_), None) => (How::Gone, Vec::new()),
            _ => (How::New, Vec::new()),
        };
        found.push(Difference { section, name: name.clone(), how, keys });
    }
}

/// The keys whose values differ.
fn changed_keys(old: &Value, new: &Value) -> Vec<String> {
    let (Value::Object(old), Value::Object(new)) = (old, new) else { return Vec::new() };
    let keys: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    keys.into_iter().filter(|key| old.get(*key) != new.get(*key)).cloned().collect()
}

/// Without what only people read.
fn bare(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let kept = map.iter().filter(|(key, _)| !WORDS.contains(&key.as_str()));
            Value::Object(kept.map(|(key, value)| (key.clone(), bare(value))).collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(bare).collect()),
        other => other.clone(),
    }
}

struct Courses<'s> {
    old: &'s Shape,
    new: &'s Shape,
    /// What states name, in both versions.
    sections: BTreeMap<&'static str, (Entries, Entries)>,
}

impl Courses<'_> {
    fn all(&self) -> BTreeMap<StateId, Course> {
        let changed: BTreeMap<&StateId, Vec<String>> = self
            .old
            .states
            .iter()
            .map(|state| (&state.id, self.changed(state)))
            .filter(|(_, keys)| !keys.is_empty())
            .collect();
        let stands = |state: &&State| matches!(state.kind, StateKind::Atomic);
        self.old.states.iter().filter(stands).map(|state| (state.id.clone(), self.course(state, &changed))).collect()
    }

    fn course(&self, state: &State, changed: &BTreeMap<&StateId, Vec<String>>) -> Course {
        match self.new.state(&state.id) {
            Some(same) if matches!(same.kind, StateKind::Atomic) => {}
            _ => return Course::Stranded { near: self.near(state) },
        }
        let keys: BTreeSet<String> =
            self.old.outwards(&state.id).filter_map(|at| changed.get(&at.id)).flatten().cloned().collect();
        if !keys.is_empty() {
            return Course::Now { keys: keys.into_iter().collect() };
        }
        let gone = |id: &StateId| self.new.state(id).is_none();
        let later = self.ahead(state).into_iter().find(|id| changed.contains_key(id) || gone(id));
        later.map_or(Course::Same, |state| Course::Later { state })
    }

    /// What holds in a state and is different now; what it names by name counts with it.
    fn changed(&self, state: &State) -> Vec<String> {
        let Some(now) = self.new.state(&state.id) else { return Vec::new() };
        let mut keys = changed_keys(&bare(&laid_out(state)), &bare(&laid_out(now)));
        let named = Named::of(state);
        for (section, names) in [("guards", &named.guards), ("roles", &named.roles), ("votes", &named.votes)] {
            let (old, new) = &self.sections[section];
            let differs = |name: &&String| old.get(*name).map(bare) != new.get(*name).map(bare);
            keys.extend(names.iter().filter(differs).map(|name| format!("{section}.{name}")));
        }
        keys
    }

    /// The states of the older version to which a dossier may come from here, the nearest first.
    fn ahead(&self, state: &State) -> Vec<StateId> {
        let mut found = vec![state.id.clone()];
        let mut at = 0;
        while at < found.len() {
            let here = found[at].clone();
            for around in self.old.outwards(&here) {
                for id in around.transitions().flat_map(|transition| self.entered(transition)) {
                    if !found.contains(&id) {
                        found.push(id);
                    }
                }
            }
            at += 1;
        }
        found.remove(0);
        found
    }

    /// The states that a transition enters, with those inside them.
    fn entered(&self, transition: &Transition) -> Vec<StateId> {
        let (Target::State(to) | Target::Resume(to)) = &transition.target else { return Vec::new() };
        let mut entered = vec![to.clone()];
        let mut at = 0;
        while at < entered.len() {
            let inside: Vec<StateId> = match self.old.state(&entered[at]).map(|state| &state.kind) {
                Some(StateKind::Compound { initial }) => vec![initial.clone()],
                Some(StateKind::History { target, .. }) => vec![target.clone()],
                Some(StateKind::Parallel) => {
                    let inner = self.old.states.iter().filter(|state| state.parent.as_ref() == Some(&entered[at]));
                    inner.map(|state| state.id.clone()).collect()
                }
                _ => Vec::new(),
            };
            entered.extend(inside.into_iter().filter(|id| !entered.contains(id)).collect::<Vec<_>>());
            at += 1;
        }
        entered
    }

    /// The state that took its place, as far as names tell: one of the same last name, of the same title, or of a name nearby.
    fn near(&self, state: &State) -> Option<StateId> {
        let new: Vec<&State> = self
            .new
            .states
            .iter()
            .filter(|new| matches!(new.kind, StateKind::Atomic) && self.old.state(&new.id).is_none())
            .collect();
        let last = |id: &StateId| id.as_str().rsplit('.').next().unwrap_or_default().to_owned();
        let same = new.iter().find(|new| last(&new.id) == last(&state.id) || new.title == state.title);
        let id = same.map(|new| new.id.clone());
        id.or_else(|| nearest(state.id.as_str(), new.iter().map(|new| new.id.as_str())).map(StateId::new))
    }
}

/// What a state names.
#[derive(Default)]
struct Named {
    guards: BTreeSet<String>,
    roles: BTreeSet<String>,
    votes: BTreeSet<String>,
}

impl Named {
    fn of(state: &State) -> Self {
        let mut named = Self::default();
        for transition in state.transitions() {
            named.guards.extend(transition.guard.iter().map(GuardName::to_string));
            named.roles.extend(transition.by.iter().map(RoleName::to_string));
        }
        named.roles.extend(state.task.iter().map(|task| task.role.to_string()));
        if let Some(vote) = &state.vote {
            named.votes.insert(VoteName::to_string(&vote.rule));
            if let Held::Paper { records, confirms } = &vote.held {
                named.roles.extend([records.to_string(), confirms.to_string()]);
            }
            named.roles.extend(vote.attendance.iter().map(RoleName::to_string));
        }
        named
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::check::check_files;
    use crate::source::SourceFile;

    fn shape() -> Shape {
        let main = SourceFile::new("purchase.yaml", include_str!("../../workflows/purchase/purchase.yaml"));
        let limits = |name: &str| {
            (name == "limits.yaml").then(|| SourceFile::new(name, include_str!("../../workflows/purchase/limits.yaml")))
        };
        let checked = check_files(&main, &limits);
        (**checked.machine.as_ref().expect("it has no errors")).clone()
    }

    #[test]
    fn a_version_is_the_same_as_itself() {
        let same = compare(&shape(), &shape());
        assert!(same.differences.is_empty());
        assert!(same.courses.values().all(|course| *course == Course::Same));
    }

    #[test]
    fn other_words_are_a_difference_and_change_no_course() {
        let old = shape();
        let mut new = old.clone();
        new.states[0].title = crate::ids::Text::own("another title");
        let found = compare(&old, &new);
        assert_eq!(found.differences.len(), 1);
        assert!(found.courses.values().all(|course| *course == Course::Same), "{found:?}");
    }

    #[test]
    fn words_that_are_offered_in_another_order_are_a_difference() {
        let mut old = shape();
        let word = |word: &str| (word.to_owned(), crate::ids::Text::own(word));
        let values = |words: [&str; 2]| FieldKind::OneOf { values: words.into_iter().map(word).collect() };
        old.fields[0].kind = values(["low", "high"]);
        let mut new = old.clone();
        assert!(compare(&old, &new).differences.is_empty());
        new.fields[0].kind = values(["high", "low"]);
        let found = compare(&old, &new).differences;
        let name = old.fields[0].name.to_string();
        let keys = vec!["order".to_owned()];
        assert_eq!(found, [Difference { section: "fields", name, how: How::Changed, keys }]);
    }

    #[test]
    fn a_state_that_is_gone_strands_whoever_stands_there_and_changes_the_course_of_those_before() {
        let old = shape();
        let mut new = old.clone();
        let gone = old.states.iter().rfind(|state| matches!(state.kind, StateKind::Atomic));
        let gone = gone.expect("it has states").id.clone();
        for state in &mut new.states {
            if state.id == gone {
                state.id = StateId::new("renamed_here");
            }
        }
        let found = compare(&old, &new);
        assert_eq!(found.courses[&gone], Course::Stranded { near: Some(StateId::new("renamed_here")) });
        let others: Vec<&Course> =
            found.courses.iter().filter(|(id, _)| **id != gone).map(|(_, course)| course).collect();
        assert!(others.iter().any(|course| matches!(course, Course::Later { .. })), "{found:?}");
    }

    #[test]
    fn a_guard_with_another_formula_changes_the_course_where_it_is_asked() {
        let old = shape();
        let mut new = old.clone();
        let (name, guard) = new.guards.iter_mut().next().expect("it has guards");
        guard.expr = "true".to_owned();
        let key = format!("guards.{name}");
        let found = compare(&old, &new);
        let now =
            found.courses.values().any(|course| matches!(course, Course::Now { keys } if keys[..] == [key.as_str()]));
        assert!(now, "{found:?}");
    }
}
