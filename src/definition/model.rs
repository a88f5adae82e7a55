//! A workflow exactly as it was written, with a place for every name. What names and phrases mean is not looked at here; a
//! part that was missing or of a wrong type is none, so that the rest can still be checked.

use std::collections::BTreeMap;

use super::children::{Awaits, Children, Send};
use crate::calendar::Delay;
use crate::exact::Exact;
use crate::ids::Text;
use crate::source::{SourceFile, Span, Spanned};

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
    /// Starts by the clock.
    pub cron: Vec<CronStart>,
    /// How a CSV file is read.
    pub import: Option<Import>,
}

/// A text with holes, in every language in which it was written.
#[derive(Clone, Debug)]
pub struct Template {
    /// In the workflow's own language.
    pub own: Name,
    /// In others, by language.
    pub other: Vec<(String, Name)>,
}

impl Template {
    /// The text in each language, the workflow's own first.
    pub fn all(&self) -> impl Iterator<Item = &Name> {
        std::iter::once(&self.own).chain(self.other.iter().map(|(_, text)| text))
    }
}

/// A mail in the workflow's own words.
#[derive(Clone, Debug)]
pub struct Mail {
    /// Its name.
    pub name: Name,
    /// What stands in the subject, before the day.
    pub subject: Option<Template>,
    /// What is said.
    pub text: Option<Template>,
    /// What is said instead where it was said before.
    pub reminder: Option<Template>,
    /// What happens if nothing is done.
    pub otherwise: Option<Template>,
}

impl Mail {
    /// Its texts, in the order of the file.
    pub fn texts(&self) -> impl Iterator<Item = &Template> {
        [&self.subject, &self.text, &self.reminder, &self.otherwise].into_iter().flatten()
    }
}

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

/// Who is told, and by which mail.
#[derive(Clone, Debug)]
pub struct Tell {
    /// The role.
    pub role: Name,
    /// The mail; none for the usual words.
    pub mail: Option<Name>,
}

/// A table: constants from a file of their own.
#[derive(Clone, Debug)]
pub struct Table {
    /// Its name in formulas.
    pub name: Name,
    /// The file, as the workflow names it.
    pub file: Option<Name>,
    /// What it holds; none if it could not be read.
    pub value: Option<serde_json::Value>,
}

/// A field.
#[derive(Clone, Debug)]
pub struct Field {
    /// Its name.
    pub name: Name,
    /// What officers call it.
    pub label: Text,
    /// The word of its type.
    pub kind: Option<Name>,
    /// A dossier needs it.
    pub required: bool,
    /// `max`.
    pub max: Option<Spanned<Exact>>,
    /// `min`.
    pub min: Option<Spanned<Exact>>,
    /// `places`: digits after the point.
    pub places: Option<Spanned<i64>>,
    /// `currency`.
    pub currency: Option<Name>,
    /// `columns`, of a table of rows.
    pub columns: Vec<Field>,
    /// `sums`: the columns that are added up.
    pub sums: Vec<Name>,
    /// How it is corrected.
    pub correctable: Option<Correctable>,
    /// `from`: a table.
    pub from: Option<Name>,
    /// `values`, with what officers call them.
    pub values: Vec<(Name, Text)>,
    /// The keys written.
    pub keys: Keys,
}

/// How a field is corrected.
#[derive(Clone, Debug)]
pub struct Correctable {
    /// Its place.
    pub span: Span,
    /// Who may.
    pub by: Vec<Name>,
    /// A reason is asked for.
    pub reason: bool,
    /// `stand` or `fall`.
    pub votes: Option<Name>,
    /// How strongly whoever corrects must show who they are.
    pub link: Option<Name>,
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
    /// The keys written.
    pub keys: Keys,
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
    pub basis: Option<String>,
}

/// A decision table.
#[derive(Clone, Debug)]
pub struct Decision {
    /// Its name.
    pub name: Name,
    /// What officers call it.
    pub label: Text,
    /// `unique`, `first` or `collect`.
    pub hit: Option<Name>,
    /// The columns of conditions, and the formulas that they look at.
    pub inputs: Vec<(Name, Option<Name>)>,
    /// The rows.
    pub rows: Vec<DecisionRow>,
    /// The file in which the rows stand.
    pub file: Option<Name>,
    /// The guards that it gives, one for each outcome.
    pub guards: Vec<Name>,
    /// The keys written.
    pub keys: Keys,
}

/// A row of a decision table.
#[derive(Clone, Debug)]
pub struct DecisionRow {
    /// Its place.
    pub span: Span,
    /// Conditions, by the names of their columns.
    pub when: Vec<(Name, Spanned<Cell>)>,
    /// What then holds.
    pub then: Vec<Name>,
}

/// A condition of a decision table.
#[derive(Clone, Debug)]
pub enum Cell {
    /// A number between these ends; each with whether it belongs to them.
    Numbers {
        /// The lower end.
        from: Option<(Exact, bool)>,
        /// The upper end.
        to: Option<(Exact, bool)>,
    },
    /// One of these words.
    Words(Vec<Name>),
    /// True or false.
    Truth(bool),
}

impl Decision {
    /// Every word that it may give, each where it stands first.
    pub fn outcomes(&self) -> Vec<&Name> {
        let mut found: Vec<&Name> = Vec::new();
        for word in self.rows.iter().flat_map(|row| &row.then) {
            if found.iter().all(|known| known.value != word.value) {
                found.push(word);
            }
        }
        found
    }
}

/// The name of the guard that holds where a table gives a word.
pub fn guard_of(table: &str, outcome: &str) -> String {
    format!("{table}_is_{outcome}")
}

/// Members who did not take part in a vote.
#[derive(Clone, Debug)]
pub struct Absent {
    /// How long they may still send a ballot.
    pub written_ballot: Option<Spanned<Delay>>,
    /// `not_agreed` or `does_not_count`.
    pub no_reply: Option<Name>,
}

/// A vote.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "one for each key that is true or false")]
pub struct Vote {
    /// Its name.
    pub name: Name,
    /// What officers call it.
    pub title: Text,
    /// Who votes, as a phrase.
    pub body: Option<Name>,
    /// `secret` or `open`.
    pub ballot: Option<Name>,
    /// Enough took part, as a phrase.
    pub quorum: Option<Name>,
    /// A row passes, as a phrase.
    pub passes: Option<Name>,
    /// How long it is open.
    pub open_for: Option<Spanned<Delay>>,
    /// `own_case.votes`.
    pub own_votes: bool,
    /// `own_case.in_base`.
    pub own_in_base: bool,
    /// `own_case.collectives`.
    pub own_collectives: bool,
    /// Guards that hold when it is opened.
    pub requires: Vec<Name>,
    /// What an abstention is.
    pub abstention: Option<Name>,
    /// What a tie means.
    pub tie: Option<Name>,
    /// Members who did not take part.
    pub absent: Option<Absent>,
    /// What becomes of the seat of a member who leaves.
    pub leaver: Option<Name>,
    /// It may end early.
    pub early_close: bool,
    /// How many rows pass at most.
    pub highest: Option<Spanned<i64>>,
    /// One more ballot between the highest.
    pub second_ballot: bool,
    /// The keys written.
    pub keys: Keys,
    /// Who may withdraw its result.
    pub withdraw: Vec<Name>,
    /// The legal text.
    pub basis: Option<String>,
    /// The mail that asks for a ballot.
    pub mail: Option<Name>,
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

/// A state.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "one for each key that is true or false")]
pub struct State {
    /// Its own name, without those around it.
    pub name: Name,
    /// The keys written.
    pub keys: Keys,
    /// What officers call it.
    pub title: Option<Text>,
    /// What outsiders are told that it is called.
    pub public: Text,
    /// Who sees what here.
    pub access: Vec<Access>,
    /// The first of its inner states.
    pub initial: Option<Name>,
    /// Its inner states.
    pub states: Vec<State>,
    /// `parallel: true`: its inner states are all active together.
    pub parallel: bool,
    /// `history`: `shallow` or `deep`.
    pub history: Option<Name>,
    /// Where a history leads at first.
    pub target: Option<Name>,
    /// Transitions by events.
    pub on: Vec<Transition>,
    /// Transitions without events.
    pub always: Vec<Transition>,
    /// Transitions by the clock.
    pub after: Vec<(Option<Spanned<Delay>>, Transition)>,
    /// Who is asked to do what.
    pub task: Option<Task>,
    /// The vote held here.
    pub vote: Option<StateVote>,
    /// The list that the dossier joins.
    pub joins: Option<Joins>,
    /// The children that it waits for.
    pub awaits: Option<Awaits>,
    /// Rows may join.
    pub gathers: bool,
    /// By when.
    pub deadline: Option<Deadline>,
    /// Done on entry.
    pub entry: Actions,
    /// Done on leaving.
    pub exit: Actions,
    /// What standing here means.
    pub standing: Option<Name>,
    /// `link`.
    pub link: Option<Name>,
    /// `acknowledge`.
    pub acknowledge: bool,
    /// `urgent`.
    pub urgent: Option<Name>,
    /// Who leads it.
    pub lead: Option<Lead>,
    /// What it says about people who did an earlier step.
    pub separation: Option<Separation>,
    /// `final: true`.
    pub is_final: bool,
    /// The result of a final state.
    pub outcome: Option<Name>,
}

/// Who leads a state.
#[derive(Clone, Debug)]
pub struct Lead {
    /// Who.
    pub by: Option<Name>,
    /// What they may do.
    pub may: Vec<Name>,
}

/// What a state does by itself.
#[derive(Clone, Debug, Default)]
pub struct Actions {
    /// Fields and the formulas of their values.
    pub set: Vec<(Name, Option<Name>)>,
    /// Remembered under this name.
    pub milestone: Option<Name>,
    /// Facts that are written.
    pub register: Vec<Register>,
    /// Who is told.
    pub tell: Vec<Tell>,
    /// Children that are opened.
    pub open: Vec<Name>,
    /// What related dossiers are told.
    pub send: Vec<Send>,
    /// How it stands from here on, as its parent is told.
    pub result: Option<Name>,
}

/// What a role may see and do.
#[derive(Clone, Debug)]
pub struct Access {
    /// The role, or `others` or `public`.
    pub who: Name,
    /// The keys written.
    pub keys: Keys,
    /// `see`.
    pub see: Option<Vec<Name>>,
    /// `edit`.
    pub edit: Option<Vec<Name>>,
    /// `attach`.
    pub attach: Option<Vec<Name>>,
    /// `comment`.
    pub comment: Option<Vec<Name>>,
}

/// What a state says about people who did an earlier step; each is a state, or `opening`.
#[derive(Clone, Debug)]
pub struct Separation {
    /// Whoever did one of these does nothing here.
    pub never_same_as: Vec<Name>,
    /// Only whoever did these does anything here.
    pub same_as: Vec<Name>,
    /// Whoever did one of these may act here in another role.
    pub may_be_same_as: Vec<Name>,
    /// Whoever is named in one of these fields does nothing here.
    pub never_named_in: Vec<Name>,
    /// The legal text.
    pub basis: Option<String>,
}

/// A transition.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "one for each key that is true or false")]
pub struct Transition {
    /// Its place: its event's, delay's or first key's.
    pub span: Span,
    /// The keys written; empty for the short form.
    pub keys: Keys,
    /// The event.
    pub event: Option<Name>,
    /// What the button says.
    pub label: Text,
    /// What choosing it leads to.
    pub hint: Text,
    /// Whose event it is.
    pub by: Vec<Name>,
    /// Its guards.
    pub guard: Vec<Name>,
    /// `needs`: how many of those who are asked must choose it.
    pub needs: Option<Spanned<Needs>>,
    /// `target`.
    pub target: Option<Name>,
    /// `stay: true`.
    pub stay: bool,
    /// `resume`: a compound state.
    pub resume: Option<Name>,
    /// A reason is asked for.
    pub reason: bool,
    /// Fields filled in with it.
    pub fill: Vec<Name>,
    /// The table to which the person adds a row of their own.
    pub adds: Option<Name>,
    /// Papers attached with it.
    pub attach: Vec<Name>,
    /// The page asks once more.
    pub confirm: bool,
    /// What rows are told.
    pub rows: Option<Rows>,
    /// Who is told.
    pub tell: Vec<Tell>,
    /// Fields taken over from a message.
    pub take: Vec<Name>,
    /// The workflows whose dossiers may raise it.
    pub from: Vec<Name>,
    /// Children that are opened with it.
    pub open: Vec<Name>,
    /// What related dossiers are told with it.
    pub send: Vec<Send>,
    /// How the dossier stands from here on, as its parent is told.
    pub result: Option<Name>,
    /// Fields that get a number, and the numbering of each.
    pub number: Vec<(Name, Option<Name>)>,
    /// What is left is frozen.
    pub pause: bool,
    /// The state it is written in is not left.
    pub internal: bool,
    /// The dossier goes back and comes again in another round.
    pub returns: Option<Returns>,
    /// Whoever sent the dossier here takes it back.
    pub recall: bool,
    /// The table that decides where it leads, on the first of the branches that come of it.
    pub decided: Option<Decided>,
}

/// A table decides where a transition leads.
#[derive(Clone, Debug)]
pub struct Decided {
    /// Which table.
    pub by: Name,
    /// The outcomes that lead somewhere.
    pub to: Vec<Name>,
}

/// What a return leaves of what was decided before it.
#[derive(Clone, Debug)]
pub struct Returns {
    /// Its place.
    pub span: Span,
    /// The votes that are not held again.
    pub stand: Vec<Name>,
}

/// How many of those who are asked must choose an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// `one`.
    One,
    /// `all`.
    All,
    /// A number.
    Count(i64),
}

/// What a list tells its rows.
#[derive(Clone, Debug)]
pub struct Rows {
    /// To those that stay.
    pub kept: Option<Name>,
    /// To those that are struck.
    pub struck: Option<Name>,
    /// To those that are sent back.
    pub returned: Option<Name>,
    /// Fields that go along.
    pub with: Vec<Name>,
    /// They leave the list.
    pub release: bool,
}

/// A task.
#[derive(Clone, Debug)]
pub struct Task {
    /// Who is asked.
    pub role: Option<Name>,
    /// What is asked.
    pub title: Text,
    /// More words.
    pub help: Text,
    /// Fields that may be changed.
    pub edit: Vec<Name>,
    /// Papers that may be attached.
    pub attach: Vec<Name>,
    /// One of those who are asked may take it over.
    pub claim: bool,
    /// Somebody is given it first.
    pub assign: bool,
    /// It may be handed over.
    pub hand_over: bool,
    /// The event that skipping it stands for.
    pub skip: Option<Name>,
    /// The mail that asks for it.
    pub mail: Option<Name>,
    /// The keys written.
    pub keys: Keys,
}

/// The vote of a state.
#[derive(Clone, Debug)]
pub struct StateVote {
    /// The rule's name.
    pub rule: Option<Name>,
    /// How it is held.
    pub held: Held,
}

/// How a vote is held.
#[derive(Clone, Debug)]
pub enum Held {
    /// By ballot sheets.
    Online,
    /// On paper.
    Paper {
        /// Who records.
        records: Option<Name>,
        /// Who confirms.
        confirms: Option<Name>,
    },
}

/// The list that a dossier joins.
#[derive(Clone, Debug)]
pub struct Joins {
    /// The list's workflow.
    pub list: Option<Name>,
    /// The list's fields, as formulas.
    pub with: Vec<(Name, Option<Name>)>,
    /// The row's fields, as formulas.
    pub row: Vec<(Name, Option<Name>)>,
}

/// A deadline.
#[derive(Clone, Debug)]
pub struct Deadline {
    /// Its place.
    pub span: Span,
    /// The keys written.
    pub keys: Keys,
    /// So long after entry.
    pub within: Option<Spanned<Delay>>,
    /// At the end of a day.
    pub by: Option<Name>,
    /// Before a day.
    pub before: Option<Name>,
    /// So long before a day, as a phrase.
    pub ends: Option<Name>,
    /// Reminders.
    pub remind: Vec<Spanned<Delay>>,
    /// Who is told afterwards.
    pub escalate: Option<Escalate>,
    /// The event it raises.
    pub then: Option<Name>,
    /// How long, whenever the dossier comes here again.
    pub again: Option<Spanned<Again>>,
}

/// How long a deadline is when the dossier comes to its state again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Again {
    /// So long.
    Within(Delay),
    /// `rest`: what was left of it when the state was left.
    Rest,
}

/// Who is told when nothing was done.
#[derive(Clone, Debug)]
pub struct Escalate {
    /// So long after the deadline.
    pub after: Option<Spanned<Delay>>,
    /// Who.
    pub to: Option<Name>,
    /// The mail that tells them.
    pub mail: Option<Name>,
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
