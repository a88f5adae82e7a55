//! Notes beside the dossier, and people who say that they have read it.

use super::Run;
use super::values::check_reason;
use crate::dossier::command::Actor;
use crate::dossier::context::Context;
use crate::dossier::event::{Change, Kind};
use crate::dossier::note::{Acknowledgement, NOTES_MAX, Note};
use crate::dossier::refusal::{Code, Refusal};
use crate::dossier::{Dossier, Paper};
use crate::ids::{ActivationId, Instant, PersonId};
use crate::machine::{Machine, Proofs};

/// The threads in which a person may write now.
pub fn commentable(
    machine: &Machine,
    dossier: &Dossier,
    person: &PersonId,
    now: Instant,
    context: &Context<'_>,
) -> Vec<String> {
    if machine.notes.is_empty() {
        return Vec::new();
    }
    let run = Run::new(machine, Some(dossier), Actor::Link(person.clone()), now, context);
    machine.notes.keys().filter(|thread| run.may_comment(person, thread)).cloned().collect()
}

impl Run<'_> {
    /// Writes a note.
    pub(super) fn write_note(&mut self, thread: &str, text: &str, papers: &[Paper]) -> Result<(), Refusal> {
        let Some(person) = self.actor.person().cloned() else { return Err(Refusal::of(Code::NotThisWay)) };
        if !self.may_comment(&person, thread) {
            return Err(Refusal::of(Code::NotAsked));
        }
        if text.trim().is_empty() {
            return Err(Refusal::about(Code::FieldMissing, thread));
        }
        check_reason(text)?;
        if self.dossier().notes.len() >= NOTES_MAX {
            return Err(Refusal::of(Code::TooMuch));
        }
        self.check_shown_here(Proofs::default())?;
        self.check_papers(papers, &[thread.to_owned()], &[])?;
        self.file(papers);
        let papers = papers.iter().map(|paper| paper.id.clone()).collect();
        let (thread, text, at) = (thread.to_owned(), text.to_owned(), self.at);
        self.emit(Change::Noted(Note { thread, by: person, at, text, papers }));
        self.finish(Kind::Noted);
        Ok(())
    }

    /// Any of their roles may, in any of the states in which the dossier stands.
    fn may_comment(&self, person: &PersonId, thread: &str) -> bool {
        let states = || self.dossier().leaves().map(|leaf| &leaf.state);
        let lets = |role| {
            let mut said = states().filter_map(|state| self.machine.access(state, role)?.comment);
            said.any(|threads| threads.iter().any(|one| one == thread))
        };
        self.roles_of(person).iter().any(lets)
    }

    /// Somebody who is asked says that they have read it.
    pub(super) fn acknowledge(&mut self, activation: ActivationId, seen: Option<i64>) -> Result<(), Refusal> {
        let Some(person) = self.actor.person().cloned() else { return Err(Refusal::of(Code::NotThisWay)) };
        self.check_entry(activation)?;
        let mut tasks = self.dossier().tasks.iter().filter(|task| task.activation == activation);
        if !self.is_to_be_read(activation) || !tasks.any(|task| task.holders.contains(&person)) {
            return Err(Refusal::of(Code::NotAsked));
        }
        self.check_seen(seen)?;
        self.check_shown(activation, [])?;
        let (at, content_seq) = (self.at, self.dossier().content_seq);
        self.emit(Change::Acknowledged(Acknowledgement { activation, person, at, content_seq }));
        self.finish(Kind::Acknowledged);
        Ok(())
    }

    fn is_to_be_read(&self, activation: ActivationId) -> bool {
        self.entered(activation).is_some_and(|at| self.machine.states[at].acknowledge)
    }

    /// Where it is asked for, nobody answers who has not said that they have read it as it is now. Somebody who hands in what
    /// another person wrote on paper cannot say it for them.
    pub(super) fn check_read(&self, activation: ActivationId) -> Result<(), Refusal> {
        if !self.is_to_be_read(activation) || matches!(self.actor, Actor::Operator { .. }) {
            return Ok(());
        }
        let read = self.actor.person().is_some_and(|person| self.dossier().has_read(activation, person));
        if read { Ok(()) } else { Err(Refusal::of(Code::Unread)) }
    }
}
