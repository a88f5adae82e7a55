//! Everything that a workflow says, by name.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{
    Access, Children, Comparison, Decision, Draft, LinkPolicy, Mail, Measure, Numbering, OwnWords, PublicStart,
    RegisterBook, Retention, Role, RoleSource, State, VoteRule,
};
use crate::exact::Exact;
use crate::ids::{Citation, FieldName, GuardName, RoleName, StateId, Text, VoteName, WorkflowName};

/// Everything a workflow says, by name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shape {
    /// The language level of its file (`chancery: 1`).
    pub level: u32,
    /// Its name.
    pub workflow: WorkflowName,
    /// Its title.
    pub title: Text,
    /// The language its own texts are in.
    pub language: String,
    /// The calendar that its working days follow.
    pub calendar: String,
    /// The field whose value is a dossier's caption in lists and mails.
    pub caption: Option<FieldName>,
    /// The field of type person or unit that a dossier is about: own cases, registers and erasure follow it. Several may be
    /// named; the first that has a value counts.
    #[serde(default)]
    pub subject: Vec<FieldName>,
    /// For a list (a meeting of a body): the fields whose values say which open list a row joins.
    #[serde(default)]
    pub key: Vec<FieldName>,
    /// For a list: the fields each row brings along.
    #[serde(default)]
    pub row: Vec<Field>,
    /// For a list: the field of a row that is the row's caption.
    #[serde(default)]
    pub row_caption: Option<FieldName>,
    /// For a list: the fields of a row (person or unit) that the row is about: nobody votes on their own.
    #[serde(default)]
    pub row_subject: Vec<FieldName>,
    /// Constants by name, as their files say them; each is visible in formulas under its name.
    #[serde(default)]
    pub tables: BTreeMap<String, serde_json::Value>,
    /// The keys of tables in the order of their files, by table: of those whose file has another order than that of the characters.
    /// (Machines that were stored before their order was kept have none of it.)
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub order: BTreeMap<String, Vec<String>>,
    /// The fields, in the order of the form.
    pub fields: Vec<Field>,
    /// Kinds of paper, with what officers call them.
    #[serde(default)]
    pub papers: BTreeMap<String, Text>,
    /// What of them it draws up itself, by kind.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub drafts: BTreeMap<String, Draft>,
    /// Who may be asked.
    pub roles: BTreeMap<RoleName, Role>,
    /// The formulas, by name.
    #[serde(default)]
    pub guards: BTreeMap<GuardName, Guard>,
    /// The decision tables, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub decisions: BTreeMap<String, Decision>,
    /// The votes, by name.
    #[serde(default)]
    pub votes: BTreeMap<VoteName, VoteRule>,
    /// Registers that it writes into or that its formulas ask, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub registers: BTreeMap<String, RegisterBook>,
    /// Texts that are compared, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub comparisons: BTreeMap<String, Comparison>,
    /// How documents are numbered, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub numbers: BTreeMap<String, Numbering>,
    /// What it says in its own words, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub mails: BTreeMap<String, Mail>,
    /// Threads of notes, with what officers call them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub notes: BTreeMap<String, Text>,
    /// Who sees what and may change what in every state, by role, `others` and `public`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub access: BTreeMap<RoleName, Access>,
    /// The workflows whose dossiers may open one of these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parent: Vec<WorkflowName>,
    /// The fields that a parent is given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gives: Vec<FieldName>,
    /// Dossiers that it opens, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub children: BTreeMap<String, Children>,
    /// Where a new dossier begins (a top-level state).
    pub initial: StateId,
    /// Every state, parents before children, in the order of the file.
    pub states: Vec<State>,
    /// Where whoever is outside opens one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_start: Option<PublicStart>,
    /// Starts by the clock.
    #[serde(default)]
    pub cron: Vec<CronStart>,
    /// How columns of a CSV file become fields (`chancery import`).
    #[serde(default)]
    pub import: Option<Import>,
    /// How long what its dossiers say is kept once they have ended; without it, for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retention: Option<Retention>,
    /// What is counted over its dossiers, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub measures: BTreeMap<String, Measure>,
}

impl Shape {
    /// The column of this table that says whose row it is, and the form of the row that somebody adds for themselves: what stands
    /// for silence nobody says.
    pub fn own_row(&self, table: &FieldName) -> Option<(&FieldName, Field)> {
        let (whose, mut form) = self.fields.iter().find(|field| &field.name == table)?.own_row()?;
        let consults = self.states.iter().filter_map(|state| state.consult.as_ref());
        for (column, word) in consults.filter(|consult| &consult.into == table).flat_map(|consult| &consult.silence) {
            let FieldKind::Rows { columns, .. } = &mut form.kind else { return None };
            let column = columns.iter_mut().find(|one| &one.name == column);
            if let Some(FieldKind::OneOf { values }) = column.map(|column| &mut column.kind) {
                values.remove(word);
            }
        }
        let consults = self.states.iter().filter_map(|state| state.consult.as_ref());
        let filled: Vec<&FieldName> =
            consults.filter(|consult| &consult.into == table).flat_map(super::Consult::filled_in).collect();
        if let FieldKind::Rows { columns, .. } = &mut form.kind {
            columns.retain(|column| !filled.contains(&&column.name));
        }
        Some((whose, form))
    }

    /// The form in which an answer is written down that came on paper: all of the row but whose it is.
    pub fn row_on_paper(&self, consult: &super::Consult) -> Option<Field> {
        let (_, mut form) = self.own_row(&consult.into)?;
        let paper = consult.on_paper.as_ref()?;
        let (FieldKind::Rows { columns, .. }, FieldKind::Rows { columns: all, .. }) =
            (&mut form.kind, &self.field(&consult.into)?.kind)
        else {
            return None;
        };
        let of_paper = all.iter().filter(|column| column.name == paper.number || column.name == paper.day);
        columns.extend(of_paper.map(|column| Field { required: true, ..column.clone() }));
        Some(form)
    }

    /// A role, and where it is several together, each of them.
    pub fn parts_of_role<'s>(&'s self, role: &'s RoleName) -> Vec<&'s RoleName> {
        match self.roles.get(role).map(|role| &role.source) {
            Some(RoleSource::Any { roles }) => std::iter::once(role).chain(roles).collect(),
            _ => vec![role],
        }
    }

    /// Whether people from outside hold a role, alone or beside others.
    pub fn is_outside(&self, role: &RoleName) -> bool {
        let outside =
            |role: &RoleName| matches!(self.roles.get(role).map(|role| &role.source), Some(RoleSource::Outside { .. }));
        self.parts_of_role(role).into_iter().any(outside)
    }

    /// Whether a table holds the objections to something that is posted.
    pub fn takes_objections(&self, field: &FieldName) -> bool {
        self.states.iter().filter_map(|state| state.posting.as_ref()).any(|posting| &posting.into == field)
    }

    /// Whether a table names people from outside.
    pub fn names_parties(&self, field: &FieldName) -> bool {
        let names =
            |role: &Role| matches!(&role.source, RoleSource::Outside { table: Some(table), .. } if table == field);
        self.roles.values().any(names)
    }

    /// The state of this path.
    pub fn state(&self, id: &StateId) -> Option<&State> {
        self.states.iter().find(|state| &state.id == id)
    }

    /// The field of this name.
    pub fn field(&self, name: &FieldName) -> Option<&Field> {
        self.fields.iter().find(|field| &field.name == name)
    }

    /// The fields that forms, answers, messages or the dossier itself fill in once it is open.
    pub fn asked_later(&self) -> BTreeSet<&FieldName> {
        let edited = self.states.iter().filter_map(|state| state.task.as_ref()).flat_map(|task| &task.edit);
        let ways = self.states.iter().flat_map(State::transitions);
        let filled = ways.flat_map(|way| way.fill.iter().chain(&way.take).chain(way.number.keys()));
        let set = self.states.iter().flat_map(|state| state.entry.set.iter().chain(&state.exit.set));
        edited.chain(filled).chain(set.map(|one| &one.field)).collect()
    }

    /// The fields that nothing asks for later: those that must be there, and those by which the dossier is called.
    pub fn asked_first(&self) -> impl Iterator<Item = &Field> {
        let later = self.asked_later();
        let names = |field: &Field| self.caption.as_ref() == Some(&field.name) || self.subject.contains(&field.name);
        let first = move |field: &&Field| {
            (field.required || names(field)) && !later.contains(&field.name) && !self.is_counted(&field.name)
        };
        self.fields.iter().filter(first)
    }

    /// Whether a counter gives the field its value, which nothing else writes then.
    pub fn is_counted(&self, name: &FieldName) -> bool {
        let mut numberings = self.states.iter().flat_map(State::transitions).filter_map(|way| way.number.get(name));
        numberings.any(|one| self.numbers.get(one).is_some_and(|one| one.format.is_some()))
    }

    /// Somewhere it is said who sees what.
    pub fn has_access_rules(&self) -> bool {
        !self.access.is_empty() || self.states.iter().any(|state| !state.access.is_empty())
    }

    /// A list: its rows are dossiers of other workflows.
    pub fn is_list(&self) -> bool {
        !self.row.is_empty()
    }
}

/// A field of the form.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Field {
    /// Its name in formulas.
    pub name: FieldName,
    /// What officers call it.
    pub label: Text,
    /// What it holds.
    #[serde(rename = "type")]
    pub kind: FieldKind,
    /// A dossier cannot be submitted without it.
    #[serde(default)]
    pub required: bool,
    /// How it is corrected once it was submitted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correctable: Option<Correctable>,
}

impl Field {
    /// For a table of people's rows: the column that says whose a row is, and the form of one row without it.
    fn own_row(&self) -> Option<(&FieldName, Self)> {
        let FieldKind::Rows { columns, sums, .. } = &self.kind else { return None };
        let person = &columns.iter().find(|column| column.kind == FieldKind::Person)?.name;
        let columns = columns.iter().filter(|column| &column.name != person).cloned().collect();
        let kind = FieldKind::Rows { columns, max: 1, sums: sums.clone() };
        Some((person, Self { kind, correctable: None, ..self.clone() }))
    }
}

/// How a field is corrected once it was submitted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Correctable {
    /// Who may.
    pub by: Vec<RoleName>,
    /// A reason must be given.
    #[serde(default)]
    pub reason: bool,
    /// What becomes of votes that were taken before.
    #[serde(default)]
    pub votes: Votes,
    /// How strongly whoever corrects must show who they are; where the dossier stands may want more.
    #[serde(default)]
    pub link: LinkPolicy,
}

/// What becomes of votes when something is corrected on which they were taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Votes {
    /// They count as before.
    #[default]
    Stand,
    /// They count no longer.
    Fall,
}

/// The type of a field. Values are JSON: text and codes as strings, whole numbers as numbers, decimals and dates as strings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is")]
pub enum FieldKind {
    /// Text of at most `max` characters.
    Text {
        /// Characters.
        max: u32,
    },
    /// A whole number.
    Number {
        /// At least.
        min: Option<i64>,
        /// At most.
        max: Option<i64>,
    },
    /// An exact decimal number, kept as written.
    Decimal {
        /// Digits after the point, at most.
        #[serde(default = "decimal_places")]
        places: u32,
        /// At least.
        #[serde(default)]
        min: Option<Exact>,
        /// At most.
        #[serde(default)]
        max: Option<Exact>,
    },
    /// An amount of money, as an exact decimal.
    Money {
        /// The currency, by its code of ISO 4217.
        currency: String,
        /// Digits after the point, at most: those of the currency.
        places: u32,
        /// At least.
        #[serde(default)]
        min: Option<Exact>,
        /// At most.
        #[serde(default)]
        max: Option<Exact>,
    },
    /// A calendar date, `2026-12-10`.
    Date,
    /// A person of the directory; the value is the person's id.
    Person,
    /// A unit of the directory; the value is its code.
    Unit,
    /// A body (council or peer group) of the directory; the value is its code.
    Body,
    /// A key of a table; in formulas it is the table's row, with its key as `code`.
    Choice {
        /// The table's name.
        from: String,
    },
    /// One of these words.
    OneOf {
        /// The words, with what officers call them, in the order of the file.
        values: OwnWords,
    },
    /// A list of short texts.
    Texts {
        /// Entries at most.
        max: u32,
    },
    /// A table: a list of mappings from columns to values.
    Rows {
        /// The columns, in their order.
        columns: Vec<Field>,
        /// Rows at most.
        max: u32,
        /// The columns that are added up where the table is shown.
        #[serde(default)]
        sums: Vec<FieldName>,
    },
    /// An attached file; the value is the id of a paper whose kind is the field's name. The command that brings the paper
    /// sets the field.
    File,
}

/// Digits after the point of a decimal that names no limit.
fn decimal_places() -> u32 {
    6
}

impl FieldKind {
    /// The word for it in a workflow file.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Text { .. } => "text",
            Self::Number { .. } => "number",
            Self::Decimal { .. } => "decimal",
            Self::Money { .. } => "money",
            Self::Date => "date",
            Self::Person => "person",
            Self::Unit => "unit",
            Self::Body => "body",
            Self::Choice { .. } => "choice",
            Self::OneOf { .. } => "one_of",
            Self::Texts { .. } => "texts",
            Self::Rows { .. } => "rows",
            Self::File => "file",
        }
    }
}

/// A named formula.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Guard {
    /// What officers call the condition, where it only shows the way.
    #[serde(default, skip_serializing_if = "Text::is_empty")]
    pub label: Text,
    /// CEL, giving a truth value.
    pub expr: String,
    /// What a person is told when it does not hold.
    pub refuse: Text,
    /// The legal text behind it.
    pub basis: Option<Citation>,
}

/// A start by the clock.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CronStart {
    /// Five fields, as in crontab(5).
    pub schedule: String,
    /// IANA name of the time zone.
    pub zone: String,
    /// The fields of the dossier that it starts, as JSON.
    #[serde(default)]
    pub fields: BTreeMap<FieldName, serde_json::Value>,
}

/// How columns of a CSV file become a dossier.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Import {
    /// The columns that together identify a row; the same values again are the same dossier.
    pub key: Vec<String>,
    /// Column to fields. Every field takes the value; of fields of type person, unit or body each takes it only if the
    /// directory knows that code as one, and where only such fields are named at least one must.
    pub columns: BTreeMap<String, Vec<FieldName>>,
    /// Column to words: a row that says another word there is another workflow's, and is passed over.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub only: BTreeMap<String, Vec<String>>,
    /// A column of `key:year` entries, separated by `;`, that become opening entries of a register.
    #[serde(default)]
    pub register: Option<ImportRegister>,
    /// A column of kinds of paper, separated by `;`; the files are `DIR/<key>/<kind>.*`.
    #[serde(default)]
    pub papers: Option<String>,
    /// Columns that may stand in the file and mean nothing here.
    #[serde(default)]
    pub ignore: Vec<String>,
}

impl Import {
    /// Every column that may stand in a file.
    pub fn every_column(&self) -> Vec<&str> {
        let mut all = self.needed_columns();
        all.extend(self.ignore.iter().map(String::as_str));
        all
    }

    /// The columns that a file must have.
    pub fn needed_columns(&self) -> Vec<&str> {
        let mut needed: Vec<&str> = self.columns.keys().map(String::as_str).collect();
        let register = self.register.as_ref().map(|register| &register.column);
        for column in self.key.iter().chain(self.only.keys()).chain(register).chain(&self.papers) {
            if !needed.contains(&column.as_str()) {
                needed.push(column);
            }
        }
        needed
    }
}

/// Opening entries of a register.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ImportRegister {
    /// The column.
    pub column: String,
    /// The register.
    pub register: String,
}
