//! Papers that a workflow draws up itself.

use super::{Name, Template};

/// A paper that the workflow draws up itself.
#[derive(Clone, Debug)]
pub struct Draft {
    /// The kind of paper.
    pub name: Name,
    /// `in`: the states in which it can be drawn up.
    pub states: Vec<Name>,
    /// Who issues it.
    pub agency: Vec<Template>,
    /// What stands beside that.
    pub motto: Vec<Template>,
    /// Its number and sign.
    pub number: Option<Template>,
    /// Where and when.
    pub place: Option<Template>,
    /// What kind of paper it is.
    pub title: Option<Template>,
    /// What it is about.
    pub about: Option<Template>,
    /// To whom.
    pub to: Vec<Template>,
    /// What it says.
    pub body: Vec<Block>,
    /// Who signs.
    pub sign: Vec<Signature>,
    /// Who gets it.
    pub copies: Vec<Template>,
}

impl Draft {
    /// Its texts, but for those in rows of tables.
    pub fn texts(&self) -> impl Iterator<Item = &Template> {
        let heads = [&self.number, &self.place, &self.title, &self.about].into_iter().flatten();
        let lists = self.agency.iter().chain(&self.motto).chain(&self.to).chain(&self.copies);
        let signed = self.sign.iter().flat_map(|one| one.role.iter().chain(&one.name));
        heads.chain(lists).chain(signed).chain(self.body.iter().flat_map(|block| {
            let heads =
                block.table.iter().flat_map(|table| table.columns.iter().map(|(title, _)| title).chain(&table.none));
            [&block.heading, &block.basis, &block.text].into_iter().flatten().chain(heads)
        }))
    }

    /// Its texts in rows of tables.
    pub fn cells(&self) -> impl Iterator<Item = &Template> {
        let tables = self.body.iter().filter_map(|block| block.table.as_ref());
        tables.flat_map(|table| table.columns.iter().map(|(_, value)| value))
    }
}

/// A part of what a paper says; one of these, but for `when`.
#[derive(Clone, Debug, Default)]
pub struct Block {
    /// A heading.
    pub heading: Option<Template>,
    /// What it is based on.
    pub basis: Option<Template>,
    /// Paragraphs.
    pub text: Option<Template>,
    /// A table.
    pub table: Option<DraftTable>,
    /// Only where this formula holds.
    pub when: Option<Name>,
}

/// A table of a paper.
#[derive(Clone, Debug)]
pub struct DraftTable {
    /// What its rows are.
    pub of: Option<Name>,
    /// Only those for which this formula holds.
    pub only: Option<Name>,
    /// Heads and contents of its columns.
    pub columns: Vec<(Template, Template)>,
    /// What is said where it has no rows.
    pub none: Option<Template>,
}

/// Who signs.
#[derive(Clone, Debug)]
pub struct Signature {
    /// As whom, line by line.
    pub role: Vec<Template>,
    /// Their name.
    pub name: Option<Template>,
}
