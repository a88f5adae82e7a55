//! What formulas may name, and of which kind it is.

use std::collections::{BTreeMap, BTreeSet};

use super::cost;
use crate::diagnostic::{Words, say};
use crate::ids::VoteName;
use crate::machine::{Decision, Field, FieldKind, Hit, Shape, State, VoteRule, named_states};

/// The kind of a value, as far as it is known before anything runs. Any of them may also be empty (`null`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Not known.
    Any,
    /// Empty.
    Null,
    /// True or false.
    Truth,
    /// A number: whole, decimal or a fraction.
    Number,
    /// A text; dates too.
    Text,
    /// A list of one kind.
    List(Box<Kind>),
    /// A mapping with these keys.
    Map(BTreeMap<String, Kind>),
}

impl Kind {
    /// Its name, for people.
    pub fn words(&self) -> Words {
        match self {
            Self::Any => say!(node.something),
            Self::Null => say!(node.nothing),
            Self::Truth => say!(node.truth_value),
            Self::Number => say!(node.number),
            Self::Text => say!(node.text),
            Self::List(_) => say!(node.list),
            Self::Map(_) => say!(node.mapping),
        }
    }

    /// Whether a field of this type can hold such a value; a unit, a person and a choice become their code.
    pub fn fits(&self, field: &FieldKind) -> bool {
        match (self, field) {
            (Self::Any | Self::Null, _) => true,
            (Self::Number, FieldKind::Number { .. } | FieldKind::Decimal { .. } | FieldKind::Money { .. }) => true,
            (Self::List(of), FieldKind::Texts { .. }) => matches!(**of, Self::Text | Self::Any | Self::Null),
            (Self::List(of), FieldKind::Rows { .. }) => matches!(**of, Self::Map(_) | Self::Any),
            (Self::Map(parts), FieldKind::Person) => parts.contains_key("id"),
            (Self::Map(parts), FieldKind::Unit) => parts.contains_key("legal_personality"),
            (
                Self::Text,
                FieldKind::Number { .. } | FieldKind::Texts { .. } | FieldKind::Rows { .. } | FieldKind::Money { .. },
            ) => false,
            (Self::Text, _) => true,
            (Self::Map(parts), FieldKind::Text { .. } | FieldKind::Choice { .. } | FieldKind::OneOf { .. }) => {
                parts.contains_key("code")
            }
            (Self::Truth | Self::Number | Self::List(_) | Self::Map(_), _) => false,
        }
    }

    /// The kind of a constant.
    pub fn of_json(json: &serde_json::Value) -> Self {
        match json {
            serde_json::Value::Null => Self::Null,
            serde_json::Value::Bool(_) => Self::Truth,
            serde_json::Value::Number(_) => Self::Number,
            serde_json::Value::String(_) => Self::Text,
            serde_json::Value::Array(items) => Self::List(Box::new(Self::common(items.iter().map(Self::of_json)))),
            serde_json::Value::Object(entries) => {
                Self::Map(entries.iter().map(|(key, value)| (key.clone(), Self::of_json(value))).collect())
            }
        }
    }

    /// Whether a field whose value looks like `holds` in formulas may get a value of this kind. What is a mapping in formulas (a
    /// person, a choice) is kept by its code.
    pub fn can_be(&self, holds: &Self) -> bool {
        match (self, holds) {
            (Self::Any | Self::Null, _) | (_, Self::Any | Self::Null) => true,
            (Self::List(one), Self::List(other)) => one.can_be(other),
            (Self::Map(_) | Self::Text, Self::Map(_)) => true,
            (one, other) => one == other,
        }
    }

    /// What several values have in common; mappings keep every key that one of them has.
    pub(super) fn common(kinds: impl IntoIterator<Item = Self>) -> Self {
        kinds.into_iter().reduce(Self::or).unwrap_or(Self::Any)
    }

    pub(super) fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Null, kind) | (kind, Self::Null) => kind,
            (Self::List(one), Self::List(two)) => Self::List(Box::new(one.or(*two))),
            (Self::Map(mut one), Self::Map(two)) => {
                for (key, kind) in two {
                    let kind = match one.remove(&key) {
                        Some(known) => known.or(kind),
                        None => kind,
                    };
                    one.insert(key, kind);
                }
                Self::Map(one)
            }
            (one, two) if one == two => one,
            _ => Self::Any,
        }
    }
}

/// The names that a formula may use.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    known: BTreeMap<String, Kind>,
    /// How many elements or characters the value of a name has at most.
    sizes: BTreeMap<String, u64>,
    /// The same of what stands under a key of a table.
    parts: BTreeMap<String, u64>,
    /// The names that are those of fields.
    fields: BTreeSet<String>,
    /// What it costs to work out what a name stands for, where that is more than looking at it, in nanoseconds.
    costs: BTreeMap<String, u64>,
}

/// Rows with which a list is reckoned: no body decides on more of them in one meeting.
const ROWS_OF_A_LIST: u64 = 500;

impl Names {
    /// What every dossier has: `papers`, `now`, `today`, `round_no`.
    pub fn new() -> Self {
        Self::default()
            .with("papers", Kind::List(Box::new(Kind::Text)))
            .with("now", Kind::Text)
            .with("today", Kind::Text)
            .with("round_no", Kind::Number)
    }

    /// Everything that the formulas of a workflow may name.
    pub fn of(shape: &Shape) -> Self {
        let mut names = Self::new().with_tables(&shape.tables).with_fields(&shape.fields, &shape.tables);
        if shape.is_list() {
            let row = fields(&shape.row, &shape.tables).collect();
            names = names.with("rows", Kind::List(Box::new(Kind::Map(row)))).sized("rows", ROWS_OF_A_LIST);
        }
        for (name, rule) in &shape.children {
            let child = Kind::Map(child(fields(&rule.takes, &shape.tables)));
            let kind = if rule.is_one() { child } else { Kind::List(Box::new(child)) };
            names = names.with(name, kind).sized(name, u64::from(rule.most()));
        }
        let files = shape.fields.iter().filter(|field| field.kind == FieldKind::File).count();
        names.sized("papers", (shape.papers.len() + files) as u64)
    }

    /// With decision tables: each name stands for the word that the table gives, or for a list of words.
    #[must_use]
    pub fn with_decisions(mut self, decisions: &BTreeMap<String, Decision>) -> Self {
        for (name, table) in decisions {
            let cost = cost::of_table(table, &self);
            self.costs.insert(name.clone(), cost);
            let kind = if table.hit == Hit::Collect { Kind::List(Box::new(Kind::Text)) } else { Kind::Text };
            self = self.sized(name, table.rows.iter().map(|row| row.then.len() as u64).sum()).or(name, kind);
        }
        self
    }

    /// What it costs to work out what a name stands for, in nanoseconds.
    pub(super) fn cost(&self, name: &str) -> u64 {
        self.costs.get(name).copied().unwrap_or_default()
    }

    /// With what a mail knows besides: `reader` (`name`, `address`), `due` (by when, in words), `state` (where it stands, in
    /// words), `asked` (who was asked), and, where it says how an `objection` was settled, that (`what`, `day`, `decision`, `why`).
    /// A field or table of such a name hides it.
    #[must_use]
    pub fn of_mail(self) -> Self {
        let text = |key: &str| (key.to_owned(), Kind::Text);
        self.or("reader", Kind::Map([text("name"), text("address")].into()))
            .or("due", Kind::Text)
            .or("state", Kind::Text)
            .or("asked", Kind::List(Box::new(Kind::Text)))
            .or("objection", Kind::Map(["what", "day", "decision", "why"].map(text).into()))
    }

    /// With what a measure knows besides: `outcome`, the day on which the dossier was `opened`, and by state the days of its first
    /// entry: `entered`, `left`, `due` (the last day of its deadline). A field or table of such a name hides it.
    #[must_use]
    pub fn of_measure(self, states: &[State]) -> Self {
        let days = || Kind::Map(named_states(states).into_keys().map(|name| (name, Kind::Text)).collect());
        let names = self.or("outcome", Kind::Text).or("opened", Kind::Text);
        names.or("entered", days()).or("left", days()).or("due", days())
    }

    /// With what a paper knows besides: `results`, of each vote the last result that counts and those that do not any more; and
    /// `corrections`, of every field that was corrected what it said before and since.
    #[must_use]
    pub fn of_draft(self, votes: &BTreeMap<VoteName, VoteRule>) -> Self {
        let number = |key: &str| (key.to_owned(), Kind::Number);
        let text = |key: &str| (key.to_owned(), Kind::Text);
        let names = |key: &str| (key.to_owned(), Kind::List(Box::new(Kind::Text)));
        let list = |parts: BTreeMap<String, Kind>| Kind::List(Box::new(Kind::Map(parts)));
        let fallen =
            list([text("day"), number("yes"), number("no"), number("base"), ("passed".to_owned(), Kind::Truth)].into());
        let result = Kind::Map(
            [number("members"), number("passed"), number("rejected"), text("body"), text("day"), text("basis")]
                .into_iter()
                .chain([names("present"), names("absent"), names("excused"), ("quorate".to_owned(), Kind::Truth)])
                .chain([("fallen".to_owned(), fallen)])
                .collect(),
        );
        let results = votes.keys().map(|name| (name.to_string(), result.clone())).collect();
        let corrections = [text("field"), text("before"), text("after"), text("day"), text("reason")];
        self.or("results", Kind::Map(results)).or("corrections", list(corrections.into()))
    }

    /// With what a row of a table knows besides: `n`, its place from 1.
    #[must_use]
    pub fn of_row(self) -> Self {
        self.or("n", Kind::Number)
    }

    /// With what a row that was voted on knows besides: `caption`, and of its result `yes`, `no`, `abstain`, `invalid`,
    /// `ballots`, `base`, `needs`, `passed`, `rank`, and of the papers on which it was voted `paper_count` and `paper_code`.
    #[must_use]
    pub fn of_result(self) -> Self {
        let numbers = ["yes", "no", "abstain", "invalid", "ballots", "base", "rank", "paper_count"];
        let names = numbers.iter().fold(self, |names, name| names.or(name, Kind::Number));
        names.or("caption", Kind::Text).or("needs", Kind::Text).or("paper_code", Kind::Text).or("passed", Kind::Truth)
    }

    /// Whether a name is that of a field.
    pub fn is_field(&self, name: &str) -> bool {
        self.fields.contains(name)
    }

    /// With one more name, unless it means something already.
    fn or(mut self, name: &str, kind: Kind) -> Self {
        self.known.entry(name.to_owned()).or_insert(kind);
        self
    }

    /// With one more name.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, kind: Kind) -> Self {
        self.known.insert(name.into(), kind);
        self
    }

    /// With the most elements, or characters, that the value of a name has.
    #[must_use]
    pub fn sized(mut self, name: impl Into<String>, size: u64) -> Self {
        self.sizes.insert(name.into(), size);
        self
    }

    /// The most elements, or characters, that the value of a name has, where that is declared.
    pub(super) fn size(&self, name: &str) -> Option<u64> {
        self.sizes.get(name).copied()
    }

    /// The same of what stands under a key of a table.
    pub(super) fn size_of_part(&self, key: &str) -> Option<u64> {
        self.parts.get(key).copied()
    }

    /// Notes how long lists, mappings and texts of a table are, by the keys under which they stand.
    fn measure(&mut self, key: &str, value: &serde_json::Value) {
        let size = match value {
            serde_json::Value::Array(items) => items.len(),
            serde_json::Value::Object(entries) => entries.len(),
            serde_json::Value::String(text) => text.len(),
            _ => return,
        };
        let known = self.parts.entry(key.to_owned()).or_default();
        *known = (*known).max(size as u64);
        match value {
            serde_json::Value::Array(items) => items.iter().for_each(|item| self.measure("", item)),
            serde_json::Value::Object(entries) => entries.iter().for_each(|(key, value)| self.measure(key, value)),
            _ => {}
        }
    }

    /// With tables.
    #[must_use]
    pub fn with_tables(mut self, tables: &BTreeMap<String, serde_json::Value>) -> Self {
        for (name, table) in tables {
            self.measure(name, table);
            let size = self.parts.get(name.as_str()).copied().unwrap_or(1);
            self.sizes.insert(name.clone(), size);
        }
        self.known.extend(tables.iter().map(|(name, table)| (name.clone(), Kind::of_json(table))));
        self
    }

    /// With fields; a choice is a row of its table.
    #[must_use]
    pub fn with_fields(mut self, declared: &[Field], tables: &BTreeMap<String, serde_json::Value>) -> Self {
        self.known.extend(fields(declared, tables));
        self.fields.extend(declared.iter().map(|field| field.name.to_string()));
        let sized = declared.iter().filter_map(|field| Some((field.name.to_string(), size_of(&field.kind)?)));
        self.sizes.extend(sized);
        self
    }

    /// The kind of what a name stands for.
    pub fn kind(&self, name: &str) -> Option<&Kind> {
        self.known.get(name)
    }

    /// All names.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.known.keys().map(String::as_str)
    }
}

/// What a field declares of its size.
fn size_of(kind: &FieldKind) -> Option<u64> {
    match kind {
        FieldKind::Text { max } | FieldKind::Texts { max } | FieldKind::Rows { max, .. } => Some(u64::from(*max)),
        _ => None,
    }
}

fn fields<'a>(
    declared: &'a [Field],
    tables: &'a BTreeMap<String, serde_json::Value>,
) -> impl Iterator<Item = (String, Kind)> + 'a {
    declared.iter().map(|field| (field.name.to_string(), of_field(&field.kind, tables)))
}

/// The parts of a child, with what it brings back.
fn child(brought: impl Iterator<Item = (String, Kind)>) -> BTreeMap<String, Kind> {
    let own = [("key", Kind::Text), ("name", Kind::Text), ("result", Kind::Text), ("ended", Kind::Truth)];
    own.into_iter().map(|(name, kind)| (name.to_owned(), kind)).chain(brought).collect()
}

/// The parts that a child has by itself.
pub const OF_CHILD: [&str; 4] = ["key", "name", "result", "ended"];

/// A unit, as formulas see it.
pub(super) fn unit() -> Kind {
    of_field(&FieldKind::Unit, &BTreeMap::new())
}

/// A person, as formulas see them.
pub(super) fn person() -> Kind {
    of_field(&FieldKind::Person, &BTreeMap::new())
}

fn of_field(kind: &FieldKind, tables: &BTreeMap<String, serde_json::Value>) -> Kind {
    let texts = |keys: &[&str]| keys.iter().map(|key| ((*key).to_owned(), Kind::Text)).collect::<BTreeMap<_, _>>();
    match kind {
        FieldKind::Number { .. } | FieldKind::Decimal { .. } | FieldKind::Money { .. } => Kind::Number,
        FieldKind::Rows { columns, .. } => Kind::List(Box::new(Kind::Map(fields(columns, tables).collect()))),
        FieldKind::Text { .. } | FieldKind::Date | FieldKind::Body | FieldKind::OneOf { .. } | FieldKind::File => {
            Kind::Text
        }
        FieldKind::Texts { .. } => Kind::List(Box::new(Kind::Text)),
        FieldKind::Person => Kind::Map(texts(&["id", "code", "name"])),
        FieldKind::Unit => {
            let mut unit = texts(&["code", "name", "kind", "root"]);
            unit.insert("legal_personality".to_owned(), Kind::Truth);
            unit.insert("tags".to_owned(), Kind::List(Box::new(Kind::Text)));
            Kind::Map(unit)
        }
        FieldKind::Choice { from } => {
            let rows = tables.get(from).and_then(serde_json::Value::as_object);
            let mut row = match Kind::common(rows.into_iter().flat_map(|rows| rows.values()).map(Kind::of_json)) {
                Kind::Map(row) => row,
                other => BTreeMap::from([("value".to_owned(), other)]),
            };
            row.insert("code".to_owned(), Kind::Text);
            Kind::Map(row)
        }
    }
}
