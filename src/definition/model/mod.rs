//! A workflow exactly as it was written, with a place for every name. What names and phrases mean is not looked at here; a
//! part that was missing or of a wrong type is none, so that the rest can still be checked.

mod comparisons;
mod decisions;
mod drafts;
mod fields;
mod mails;
mod measures;
mod states;
mod transitions;
mod votes;

use std::collections::BTreeMap;

use super::children::Children;
use crate::ids::{Citation, Text};
use crate::source::{SourceFile, Span, Spanned};

pub use comparisons::{Before, Comparison};
pub use decisions::{Cell, Decision, DecisionRow, guard_of};
pub use drafts::{Block, Draft, DraftTable, Signature};
pub use fields::{Correctable, Field, Table};
pub use mails::{Mail, Session, Tell, Template};
pub use measures::{Measure, MeasureGroup};
pub use states::{
    Access, Actions, Again, Attendance, Consult, Deadline, Escalate, Held, Joins, Lead, OnPaper, Posting, Separation,
    State, StateVote, Task, Wait,
};
pub use transitions::{Decided, Needs, Returns, Rows, Transition};
pub use votes::{Absent, Vote};

/// A word or phrase and its place.
pub type Name = Spanned<String>;

/// The keys that were written in a mapping, each with its place.
pub type Keys = BTreeMap<String, Span>;

/// A workflow as written.
#[derive(Clone, Debug)]
pub struct Definition {
    /// The place of the file's beginning, for what is missing as a whole.
    pub span: Span,
    /// The top-level keys.
    pub keys: Keys,
    /// `chancery`: the language level.
    pub level: Option<u32>,
    /// Its name.
    pub workflow: Option<Name>,
    /// Its title.
    pub title: Text,
    /// The language of its own texts.
    pub language: String,
    /// The calendar's name.
    pub calendar: Option<Name>,
    /// The field that is the caption.
    pub caption: Option<Name>,
    /// The fields it is about.
    pub subject: Vec<Name>,
    /// For a list: the fields of its key.
    pub key: Vec<Name>,
    /// For a list: the fields of a row.
    pub row: Vec<Field>,
    /// For a list: the row's field that is its caption.
    pub row_caption: Option<Name>,
    /// For a list: the row's fields that it is about.
    pub row_subject: Vec<Name>,
    /// The tables.
    pub tables: Vec<Table>,
    /// Kinds of paper.
    pub papers: Vec<(Name, Text)>,
    /// What of them it draws up itself.
    pub drafts: Vec<Draft>,
    /// The fields.
    pub fields: Vec<Field>,
    /// The roles.
    pub roles: Vec<Role>,
    /// The guards.
    pub guards: Vec<Guard>,
    /// The decision tables.
    pub decisions: Vec<Decision>,
    /// The votes.
    pub votes: Vec<Vote>,
    /// The registers.
    pub registers: Vec<RegisterBook>,
    /// Texts that are compared.
    pub comparisons: Vec<Comparison>,
    /// The workflows whose dossiers may open one of these.
    pub parent: Vec<Name>,
    /// What a parent is given of it.
    pub gives: Vec<Name>,
    /// Dossiers that it opens.
    pub children: Vec<Children>,
    /// How documents are numbered.
    pub numbers: Vec<Numbering>,
    /// What it says in its own words.
    pub mails: Vec<Mail>,
    /// Threads of notes, with what officers call them.
    pub notes: Vec<(Name, Text)>,
    /// Who sees what, for every state.
    pub access: Vec<Access>,
    /// Where a dossier begins.
    pub initial: Option<Name>,
    /// The states, each with those inside it.
    pub states: Vec<State>,
    /// Where whoever is outside opens one.
    pub public_start: Option<PublicStart>,
    /// Starts by the clock.
    pub cron: Vec<CronStart>,
    /// How a CSV file is read.
    pub import: Option<Import>,
    /// How long its dossiers are kept.
    pub retention: Option<Retention>,
    /// What is counted over its dossiers.
    pub measures: Vec<Measure>,
}

/// A role.
#[derive(Clone, Debug)]
pub struct Role {
    /// Its name.
    pub name: Name,
    /// What officers call it.
    pub label: Text,
    /// Holders may start a dossier.
    pub starter: bool,
    /// `post`.
    pub post: Option<Name>,
    /// `of`: a unit, as a phrase.
    pub of: Option<Name>,
    /// `body`: a body, as a phrase.
    pub body: Option<Name>,
    /// `seat`.
    pub seat: Option<Name>,
    /// `field`: the field that names the person.
    pub field: Option<Name>,
    /// `decision`: the table whose words are roles.
    pub decision: Option<Name>,
    /// `each`: the formula that gives a list of people or of units.
    pub each: Option<Name>,
    /// `outside`: people who are not in the directory.
    pub outside: Option<Outside>,
    /// `any`: several roles together.
    pub any: Vec<Name>,
    /// The keys written.
    pub keys: Keys,
}

/// Who may open a dossier from outside.
#[derive(Clone, Debug)]
pub struct PublicStart {
    /// Its place.
    pub span: Span,
    /// `as`: the role that they hold in it.
    pub role: Option<Name>,
    /// `domains`: of whom mails are taken.
    pub domains: Domains,
    /// What is said to them.
    pub help: Text,
}

/// Whose mailboxes are taken.
#[derive(Clone, Debug)]
pub enum Domains {
    /// Anybody's.
    Any,
    /// Those of these domains.
    Named(Vec<Name>),
}

/// Who holds a role from outside.
#[derive(Clone, Debug)]
pub enum Outside {
    /// A table of the dossier names them.
    Table(Name),
    /// The workflow does.
    Named(Vec<Party>),
}

/// Somebody from outside.
#[derive(Clone, Debug)]
pub struct Party {
    /// `name`.
    pub name: Name,
    /// `mail`.
    pub mail: Name,
    /// `language`.
    pub language: Option<Name>,
    /// `address`.
    pub address: Option<Name>,
}

/// A named formula.
#[derive(Clone, Debug)]
pub struct Guard {
    /// Its name.
    pub name: Name,
    /// What officers call the condition.
    pub label: Text,
    /// The formula.
    pub expr: Option<Name>,
    /// What people are told; empty for a guard that only shows the way.
    pub refuse: Text,
    /// The legal text.
    pub basis: Option<Citation>,
}

/// How long dossiers are kept.
#[derive(Clone, Debug)]
pub struct Retention {
    /// `years`: counted from the end.
    pub years: Option<Spanned<i64>>,
    /// The legal text.
    pub basis: Option<Citation>,
}

/// A register.
#[derive(Clone, Debug)]
pub struct RegisterBook {
    /// Its name.
    pub name: Name,
    /// What officers call it.
    pub label: Text,
    /// The parts of an entry that no other entry has together.
    pub unique: Vec<Name>,
    /// What people are told about a second entry.
    pub refuse: Text,
}

/// How documents of a kind are numbered.
#[derive(Clone, Debug)]
pub struct Numbering {
    /// Its name.
    pub name: Name,
    /// What officers call its numbers.
    pub label: Text,
    /// How the next number is written.
    pub format: Option<Name>,
    /// `year` or `ever`.
    pub per: Option<Name>,
    /// The first number, by year; 0 for every other year.
    pub start: Vec<(i32, Spanned<i64>)>,
    /// The field of whose values each has numbers of its own.
    pub of: Option<Name>,
    /// The field with the day of a number that is entered by hand.
    pub dated: Option<Name>,
    /// The keys written.
    pub keys: Keys,
}

/// A fact that a state writes.
#[derive(Clone, Debug)]
pub struct Register {
    /// Which register.
    pub register: Option<Name>,
    /// Whose, as a formula.
    pub holder: Option<Name>,
    /// What, as a formula.
    pub key: Option<Name>,
    /// When, as a formula.
    pub year: Option<Name>,
}

/// A start by the clock.
#[derive(Clone, Debug)]
pub struct CronStart {
    /// Five fields.
    pub schedule: Option<Name>,
    /// A time zone.
    pub zone: Option<Name>,
    /// The fields of the new dossier.
    pub fields: Vec<(Name, serde_json::Value)>,
}

/// How a CSV file is read.
#[derive(Clone, Debug)]
pub struct Import {
    /// The identifying columns.
    pub key: Vec<Name>,
    /// Columns and the fields they fill.
    pub columns: Vec<(Name, Vec<Name>)>,
    /// Columns, and the words in them that mark a row as this workflow's.
    pub only: Vec<(Name, Vec<Name>)>,
    /// Opening entries: the column.
    pub register_column: Option<Name>,
    /// Opening entries: the register.
    pub register: Option<Name>,
    /// The column of papers.
    pub papers: Option<Name>,
    /// Columns without a meaning.
    pub ignore: Vec<Name>,
}

/// What reading a workflow's files gave.
#[derive(Clone, Debug)]
pub struct Reading {
    /// The workflow; none if the main file is no mapping at all.
    pub definition: Option<Definition>,
    /// Every fault.
    pub diagnostics: Vec<crate::diagnostic::Diagnostic>,
    /// Every file that was read, the main one first.
    pub sources: Vec<SourceFile>,
}
