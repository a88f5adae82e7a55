//! Papers that a workflow draws up itself: what stands on them, in holes of texts and rows of tables.

use serde::{Deserialize, Serialize};

use crate::ids::{FieldName, StateId, Text, VoteName};

/// A paper that is drawn up from a dossier. Each text may have holes (`{{ formula }}`); an empty one is left out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Draft {
    /// Where the dossier must stand (or inside); empty: anywhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub states: Vec<StateId>,
    /// Who issues it, the office above first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub agency: Vec<Text>,
    /// What stands beside it at the head of every paper of the state.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub motto: Vec<Text>,
    /// Its number and sign.
    #[serde(default, skip_serializing_if = "Text::is_empty")]
    pub number: Text,
    /// Where and when.
    #[serde(default, skip_serializing_if = "Text::is_empty")]
    pub place: Text,
    /// What kind of paper it is.
    pub title: Text,
    /// What it is about, in a few words.
    #[serde(default, skip_serializing_if = "Text::is_empty")]
    pub about: Text,
    /// To whom it is addressed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub to: Vec<Text>,
    /// What it says.
    pub body: Vec<Block>,
    /// Who signs, from left to right.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sign: Vec<Signature>,
    /// Who gets it, with the words above.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub copies: Vec<Text>,
}

/// A part of what a paper says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Block {
    /// It stands there only where this holds, as CEL; empty: always.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub when: String,
    /// What it is.
    pub says: Says,
}

/// What a part of a paper is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Says {
    /// A heading.
    Heading(Text),
    /// What it is based on.
    Basis(Text),
    /// Paragraphs.
    Text(Text),
    /// A table.
    Table(DraftTable),
}

/// A table of a paper.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DraftTable {
    /// What its rows are.
    pub of: RowsOf,
    /// Only those for which this holds, as CEL; empty: all.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub only: String,
    /// Its columns.
    pub columns: Vec<Column>,
    /// What is said in its place where it has no rows.
    #[serde(default, skip_serializing_if = "Text::is_empty")]
    pub none: Text,
}

/// What the rows of a table are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RowsOf {
    /// The rows of a list that stand on it, or stayed to its end.
    List,
    /// What was voted on, with the last result of a vote that counts.
    Vote(VoteName),
    /// The rows of a field.
    Field(FieldName),
}

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Column {
    /// Its head.
    pub title: Text,
    /// What stands in it.
    pub value: Text,
}

/// Who signs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Signature {
    /// As whom, line by line.
    #[serde(rename = "as")]
    pub role: Vec<Text>,
    /// Their name; empty: written by hand.
    #[serde(default, skip_serializing_if = "Text::is_empty")]
    pub name: Text,
}

impl Draft {
    /// Its texts.
    pub fn texts(&self) -> impl Iterator<Item = &Text> {
        let heads = [&self.number, &self.place, &self.title, &self.about].into_iter();
        let lists = self.agency.iter().chain(&self.motto).chain(&self.to).chain(&self.copies);
        let signed = self.sign.iter().flat_map(|one| one.role.iter().chain([&one.name]));
        heads.chain(lists).chain(signed).chain(self.body.iter().flat_map(Block::texts))
    }

    /// Its formulas that are no holes.
    pub fn conditions(&self) -> impl Iterator<Item = &str> {
        self.body.iter().flat_map(|block| {
            let only = if let Says::Table(table) = &block.says { table.only.as_str() } else { "" };
            [block.when.as_str(), only]
        })
    }
}

impl Block {
    fn texts(&self) -> Vec<&Text> {
        match &self.says {
            Says::Heading(text) | Says::Basis(text) | Says::Text(text) => vec![text],
            Says::Table(table) => {
                let columns = table.columns.iter().flat_map(|column| [&column.title, &column.value]);
                columns.chain([&table.none]).collect()
            }
        }
    }
}
