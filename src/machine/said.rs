//! What tables call their rows.

use super::{Shape, State, StateKind};
use crate::ids::{Language, Text};

impl Shape {
    /// The keys of a table, in the order of its file; of one that holds none, nothing.
    pub fn keys_of(&self, table: &str) -> Vec<&str> {
        match (self.order.get(table), self.tables.get(table).and_then(|table| table.as_object())) {
            (Some(keys), Some(_)) => keys.iter().map(String::as_str).collect(),
            (None, Some(rows)) => rows.keys().map(String::as_str).collect(),
            (_, None) => Vec::new(),
        }
    }

    /// What an outcome is called: the title of the first end that has it.
    pub fn outcome_title(&self, word: &str) -> Option<&Text> {
        let ends = |state: &&State| matches!(&state.kind, StateKind::Final { outcome: Some(one) } if one == word);
        self.states.iter().find(ends).map(|state| &state.title)
    }

    /// What a table calls one of its rows: its `label`, `title` or `name`, in a language where the table has it (`label_en`),
    /// else the key.
    pub fn row_title(&self, table: &str, key: &str, language: &Language) -> String {
        let Some(row) = self.tables.get(table).and_then(|table| table.get(key)) else {
            return key.to_owned();
        };
        let said = |name: &str| {
            let own = row.get(name)?;
            let translated = row.get(format!("{name}_{}", language.as_str()));
            let inside = own.get(language.as_str()).or_else(|| own.get("own"));
            translated.or(inside).unwrap_or(own).as_str().map(str::to_owned)
        };
        row.as_str()
            .map(str::to_owned)
            .or_else(|| ["label", "title", "name"].into_iter().find_map(said))
            .unwrap_or_else(|| key.to_owned())
    }

    /// Everything that a table calls one of its rows, in every language that it has.
    pub fn row_titles(&self, table: &str, key: &str) -> Vec<&str> {
        let Some(row) = self.tables.get(table).and_then(|table| table.get(key)) else { return Vec::new() };
        let is_title = |name: &str| {
            ["label", "title", "name"]
                .iter()
                .any(|title| name.strip_prefix(title).is_some_and(|rest| rest.is_empty() || rest.starts_with('_')))
        };
        let parts = row.as_object().into_iter().flatten().filter(|(name, _)| is_title(name)).map(|(_, value)| value);
        let inside = parts.clone().filter_map(|value| value.as_object()).flat_map(|said| said.values());
        std::iter::once(row).chain(parts).chain(inside).filter_map(|value| value.as_str()).collect()
    }
}
