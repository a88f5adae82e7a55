//! States, and what stands in them.

use super::{Keys, Name, Register, Tell, Transition};
use crate::calendar::Delay;
use crate::definition::children::{Awaits, Send};
use crate::ids::{Citation, Text};
use crate::source::{Span, Spanned};

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
    /// Who is consulted.
    pub consult: Option<Consult>,
    /// Whom outside it waits for.
    pub wait: Option<Wait>,
    /// `posting`.
    pub posting: Option<Posting>,
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
    /// Comparisons whose tables are filled in.
    pub compare: Vec<Name>,
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
    pub basis: Option<Citation>,
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

/// People who are consulted, each of whom answers with a row of their own.
#[derive(Clone, Debug)]
pub struct Consult {
    /// Its place.
    pub span: Span,
    /// Who.
    pub asks: Option<Name>,
    /// What is asked.
    pub title: Text,
    /// More words on it.
    pub help: Text,
    /// The table of their answers.
    pub into: Option<Name>,
    /// What the row of those says who did not answer in time.
    pub silence: Option<Spanned<Vec<(Name, Name)>>>,
    /// Papers that they may attach.
    pub attach: Vec<Name>,
    /// How an answer that came on paper is recorded.
    pub on_paper: Option<OnPaper>,
    /// The mail that asks them.
    pub mail: Option<Name>,
}

/// An answer that came on paper.
#[derive(Clone, Debug)]
pub struct OnPaper {
    /// Its place.
    pub span: Span,
    /// The column of its number.
    pub number: Option<Name>,
    /// The column of its day.
    pub day: Option<Name>,
    /// The kind of paper.
    pub paper: Option<Name>,
}

/// What is posted publicly.
#[derive(Clone, Debug)]
pub struct Posting {
    /// Its place.
    pub span: Span,
    /// Who keeps it: writes down what comes on paper, and settles objections.
    pub keeps: Option<Name>,
    /// What they do, in a few words.
    pub title: Text,
    /// More words on it.
    pub help: Text,
    /// How long, at least.
    pub period: Option<Spanned<Delay>>,
    /// `before`: the day before which it has to be over.
    pub before: Option<Name>,
    /// `ends`: the same, counted from a day.
    pub ends: Option<Name>,
    /// The table of objections.
    pub into: Option<Name>,
    /// The kind of paper that objections bring.
    pub paper: Option<Name>,
    /// The mail that tells who keeps it.
    pub mail: Option<Name>,
    /// The mail that tells whoever objected how that was settled.
    pub answer: Option<Name>,
    /// The keys written.
    pub keys: Keys,
}

/// A paper from outside that is waited for.
#[derive(Clone, Debug)]
pub struct Wait {
    /// Its place.
    pub span: Span,
    /// Whom, or what, it waits for.
    pub on: Text,
    /// Who records what came.
    pub records: Option<Name>,
    /// What they do, in a few words.
    pub title: Text,
    /// More words on it.
    pub help: Text,
    /// The field of its number, and the numbering in which that stands once.
    pub number: Option<(Name, Option<Name>)>,
    /// The field of its day.
    pub day: Option<Name>,
    /// The kind of paper.
    pub paper: Option<Name>,
    /// The mail that says that it is waited for.
    pub mail: Option<Name>,
}

/// The vote of a state.
#[derive(Clone, Debug)]
pub struct StateVote {
    /// The rule's name.
    pub rule: Option<Name>,
    /// How it is held.
    pub held: Held,
    /// Who records who is there.
    pub attendance: Option<Attendance>,
}

/// That it is recorded who is there.
#[derive(Clone, Debug)]
pub struct Attendance {
    /// Where it stands.
    pub span: Span,
    /// Who records it.
    pub records: Option<Name>,
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
    /// What an outage over its end means.
    pub outage: Option<Name>,
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
