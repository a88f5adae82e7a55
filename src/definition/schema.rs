//! What editors need to help with the files of an office: a JSON Schema (2020-12) for each sort of them, made from its table of
//! keys (`keys.toml`).

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::{Map, Value, json};

/// A sort of file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Of {
    /// A workflow.
    #[default]
    Workflow,
    /// A calendar.
    Calendar,
    /// A directory in one YAML file.
    Directory,
    /// Scenarios.
    Scenario,
}

/// A table of keys: the kinds of mapping of a sort of file.
type Kinds = BTreeMap<String, Kind>;

static WORKFLOW: LazyLock<Kinds> = LazyLock::new(|| kinds(include_str!("keys.toml")));
static CALENDAR: LazyLock<Kinds> = LazyLock::new(|| kinds(include_str!("../calendar/keys.toml")));
static DIRECTORY: LazyLock<Kinds> = LazyLock::new(|| kinds(include_str!("../directory/keys.toml")));
static SCENARIO: LazyLock<Kinds> = LazyLock::new(|| kinds(include_str!("../scenario/keys.toml")));

fn kinds(text: &str) -> Kinds {
    toml::from_str(text).expect("the tables of keys are read by tests")
}

impl Of {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Workflow, Self::Calendar, Self::Directory, Self::Scenario];

    fn kinds(self) -> &'static Kinds {
        match self {
            Self::Workflow => &WORKFLOW,
            Self::Calendar => &CALENDAR,
            Self::Directory => &DIRECTORY,
            Self::Scenario => &SCENARIO,
        }
    }

    /// The kind of mapping that the whole file is.
    fn root(self) -> &'static str {
        match self {
            Self::Workflow => "workflow",
            Self::Calendar => "calendar",
            Self::Directory => "directory",
            Self::Scenario => "scenarios",
        }
    }

    /// The keys of a kind of mapping, for tests of whoever reads it.
    #[cfg(test)]
    pub(crate) fn keys(self, kind: &str) -> std::collections::BTreeSet<&'static str> {
        self.kinds().get(kind).map(|kind| kind.keys.keys().map(String::as_str).collect()).unwrap_or_default()
    }
}

/// A kind of mapping.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kind {
    /// The keys that must be there.
    #[serde(default)]
    needs: Vec<String>,
    keys: BTreeMap<String, Key>,
}

/// A key of it.
#[derive(Debug, Deserialize)]
struct Key {
    /// What it holds, in the words of the file's head.
    is: String,
    /// What it is, by language.
    #[serde(flatten)]
    said: BTreeMap<String, String>,
}

/// The schema of a sort of file; what editors say of a key is in this language.
pub fn schema(of: Of, language: &str) -> Value {
    let (mut defs, kinds) = (Map::new(), of.kinds());
    for (name, kind) in kinds {
        defs.insert(name.clone(), kind.schema(kinds, language));
    }
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "chancery, level 1",
        "$ref": format!("#/$defs/{}", of.root()),
        "$defs": defs,
    })
}

impl Kind {
    fn schema(&self, kinds: &Kinds, language: &str) -> Value {
        let properties: Map<String, Value> =
            self.keys.iter().map(|(name, key)| (name.clone(), key.schema(kinds, language))).collect();
        json!({
            "type": "object",
            "properties": properties,
            "required": self.needs,
            "additionalProperties": false,
        })
    }
}

impl Key {
    fn schema(&self, kinds: &Kinds, language: &str) -> Value {
        let mut schema = holds(kinds, &self.is);
        if let (Some(map), Some(said)) = (schema.as_object_mut(), self.said.get(language)) {
            map.insert("description".to_owned(), said.as_str().into());
        }
        schema
    }
}

/// The schema of what a key holds.
fn holds(kinds: &Kinds, is: &str) -> Value {
    if let Some(each) = is.strip_prefix("map: ") {
        return json!({"type": "object", "additionalProperties": holds(kinds, each)});
    }
    if let Some(each) = is.strip_prefix("list: ") {
        let one = holds(kinds, each);
        return json!({"anyOf": [one, {"type": "array", "items": one}]});
    }
    if let Some((one, others)) = is.split_once(" | ") {
        return json!({"anyOf": [holds(kinds, one), holds(kinds, others)]});
    }
    match is {
        "name" | "text" => json!({"type": "string", "minLength": 1}),
        "names" => holds(kinds, "list: name"),
        "scalar" => json!({"type": ["string", "number", "boolean"]}),
        "texts" => holds(kinds, "list: scalar"),
        "date" => json!({"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}),
        "time" => json!({"type": "string", "pattern": "^[0-9]{1,2}:[0-9]{2}$"}),
        "formula" => json!({"type": ["string", "integer", "boolean"]}),
        "delay" => json!({"type": "string", "pattern": "^[+-]?[0-9]+ *(wd|d|h|min)$"}),
        "flag" => json!({"type": "boolean"}),
        "whole" => json!({"type": "integer"}),
        "number" => json!({"type": "number"}),
        "any" => json!({}),
        kind if kinds.contains_key(kind) => json!({"$ref": format!("#/$defs/{kind}")}),
        words => json!({"enum": words.split('/').collect::<Vec<_>>()}),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::super::{item, read};
    use super::{Of, WORKFLOW as KINDS, schema};
    use crate::diagnostic::LANGUAGES;
    use crate::source::SourceFile;
    use crate::yaml::fields::MET;

    /// Every kind of mapping once; nothing in it has to make sense.
    const EVERYTHING: &str = "
fields: {a: {correctable: {}}}
roles: {r: {outside: [{}]}}
guards: {g: {}}
numbers: {n: {}}
registers: {r: {}}
comparisons: {c: {earlier: {}}}
children: {c: {}}
decisions: {d: {rows: [{}]}}
votes: {v: {own_case: {}, absent: {}}}
mails: {m: {calendar: {}}}
papers: {p: {draft: {body: [{table: {columns: [{}]}}], sign: [{}]}}}
access: {r: {}}
cron: {}
import: {register: {}}
public_start: {}
retention: {}
measures: {m: {by: {g: {}}}}
states:
  s:
    task: {}
    vote: {held: {paper: {}}, attendance: {}}
    wait: {}
    posting: {}
    consult: {on_paper: {}}
    joins: {}
    awaits: {}
    deadline: {escalate: {}}
    entry: {register: {}, send: {}}
    lead: {}
    separation: {}
    on: {e: {rows: {}, returns: {}, decide: {}}}
";

    /// The kinds of mapping that the reader meets there, with the keys that it knows.
    fn known() -> BTreeMap<&'static str, BTreeSet<&'static str>> {
        let _ = read(&SourceFile::new("everything.yaml", EVERYTHING), &|_| None);
        item::KNOWN.take()
    }

    #[test]
    fn the_table_has_the_keys_that_the_reader_knows_and_no_others() {
        let known = known();
        let mut wrong = Vec::new();
        for (kind, keys) in &known {
            let told: BTreeSet<&str> =
                KINDS.get(*kind).map(|kind| kind.keys.keys().map(String::as_str).collect()).unwrap_or_default();
            let line = "{ is = \"..\", en = \"..\", vi = \"..\" }";
            let missing = keys.difference(&told);
            wrong.extend(missing.map(|key| format!("missing: below [{kind}.keys] put `{key} = {line}`")));
            wrong.extend(
                told.difference(keys).map(|key| format!("the reader has no `{key}`: delete it in [{kind}.keys]")),
            );
        }
        let unmet = KINDS.keys().filter(|kind| !known.contains_key(kind.as_str()));
        wrong.extend(unmet.map(|kind| format!("EVERYTHING in src/definition/schema.rs has no {kind}")));
        assert!(wrong.is_empty(), "src/definition/keys.toml (editors' texts):\n{}", wrong.join("\n"));
    }

    #[test]
    fn calendars_and_directories_are_told_by_the_keys_that_their_readers_know() {
        const CALENDAR: &str = "
chancery: 1
calendar: c
title: C
zone: UTC
week: {}
mail: {urgent: {}}
years: {2026: {swapped: [{}]}}
";
        const DIRECTORY: &str = "
units: [{}]
people: [{}]
posts: [{}]
bodies: [{code: C, seats: [{}]}]
bindings: [{}]
substitutes: [{}]
assistants: [{}]
";
        let _ = MET.take();
        let _ = crate::calendar::Calendar::read(&SourceFile::new("c.yaml", CALENDAR));
        let calendar = MET.take();
        let files = |name: &str| (name == "directory.yaml").then(|| SourceFile::new(name, DIRECTORY));
        let _ = crate::directory::read(&files, &|code| code.into());
        for (of, met) in [(Of::Calendar, calendar), (Of::Directory, MET.take())] {
            let told: BTreeSet<BTreeSet<String>> =
                of.kinds().values().map(|kind| kind.keys.keys().cloned().collect()).collect();
            assert_eq!(met, told, "{of:?}");
        }
    }

    #[test]
    fn every_kind_of_mapping_is_in_the_table() {
        let catalogue: toml::Table = toml::from_str(include_str!("../diagnostic/texts/en/shared.toml")).expect("TOML");
        let kinds = catalogue["what"].as_table().expect("a table");
        let missing: Vec<&String> = kinds.keys().filter(|kind| !KINDS.contains_key(*kind)).collect();
        assert!(
            missing.is_empty(),
            "src/definition/keys.toml wants [NAME.keys], and EVERYTHING one of each: {missing:?}"
        );
    }

    #[test]
    fn every_key_is_told_in_every_language_and_what_must_be_there_can_be() {
        for (name, kind) in Of::ALL.into_iter().flat_map(Of::kinds) {
            for (key, told) in &kind.keys {
                let languages: BTreeSet<&str> = told.said.keys().map(String::as_str).collect();
                assert_eq!(languages, LANGUAGES.into_iter().collect(), "[{name}] {key}");
                assert!(told.said.values().all(|said| said.ends_with('.')), "[{name}] {key}: a sentence");
            }
            assert!(kind.needs.iter().all(|key| kind.keys.contains_key(key)), "[{name}] needs a key that it has not");
        }
    }

    #[test]
    fn whatever_the_schema_leads_to_is_there() {
        for of in Of::ALL {
            let text = schema(of, "en").to_string();
            let leads = text.split("\"#/$defs/").skip(1).filter_map(|rest| rest.split('"').next());
            let lost: Vec<&str> = leads.filter(|kind| !of.kinds().contains_key(*kind)).collect();
            assert!(lost.is_empty(), "{lost:?}");
            let words = text.split("\"enum\":[").skip(1).filter_map(|rest| rest.split(']').next());
            let alone: Vec<&str> = words.filter(|words| !words.contains(',') && *words != "\"none\"").collect();
            assert!(of == Of::Workflow || alone.is_empty(), "no kind of mapping is called so: {alone:?}");
        }
    }
}
