//! An answer that came on paper: whoever leads the step writes it down for the one who gave it, with its number, its day and its
//! file. It counts as theirs, and the history says who wrote it down.

use super::Run;
use super::step::Brought;
use crate::dossier::Purpose;
use crate::dossier::command::Record;
use crate::dossier::event::{Change, Kind};
use crate::dossier::refusal::{Code, Refusal};
use crate::ids::{ActivationId, PersonId};
use crate::machine::chart::Place;
use crate::machine::{LeadAct, OnPaper, Transition};

impl Run<'_> {
    /// Whose answers on paper a person may write down.
    pub(super) fn recordable(&self, person: &PersonId, activation: ActivationId, at: Place) -> Vec<PersonId> {
        let takes = self.machine.states[at].consult.as_ref().is_some_and(|consult| consult.on_paper.is_some());
        if !takes || !self.leads(person, activation, at, LeadAct::Record) {
            return Vec::new();
        }
        self.dossier().task(activation, Purpose::Act).map(|task| task.holders.clone()).unwrap_or_default()
    }

    pub(super) fn record(&mut self, record: &Record) -> Result<(), Refusal> {
        let (activation, event) = (record.activation, &record.event);
        let (recorder, at) = self.acting(activation)?;
        if !self.leads(&recorder, activation, at, LeadAct::Record) {
            return Err(Refusal::of(Code::NotAsked));
        }
        self.check_shown(activation, [])?;
        let (machine, state) = (self.machine, &self.machine.states[at]);
        let consult = state.consult.as_ref().ok_or_else(|| Refusal::of(Code::NotThisWay))?;
        let paper = consult.on_paper.as_ref().ok_or_else(|| Refusal::of(Code::NotThisWay))?;
        let task = self.task_of(activation)?;
        if let Some(answer) = task.answers.iter().find(|answer| answer.person == record.person) {
            return Err(Refusal::of(Code::Done { by: Some(record.person.clone()), at: Some(answer.at) }));
        }
        if !task.holders.contains(&record.person) {
            return Err(Refusal::of(Code::NotOfRole));
        }
        let role = task.role.clone();
        let theirs = |way: &&Transition| {
            way.event.as_ref() == Some(event) && role.as_ref().is_some_and(|role| way.by.contains(role))
        };
        let ways: Vec<&Transition> = state.on.iter().filter(theirs).collect();
        let first = *ways.first().ok_or_else(|| Refusal::about(Code::NoEvent, event.as_str()))?;
        let field = machine.field(&consult.into).ok_or_else(|| Refusal::of(Code::NotThisWay))?;
        let form = machine.row_on_paper(consult).ok_or_else(|| Refusal::of(Code::NotThisWay))?;
        if let Some(other) = record.fields.keys().find(|name| **name != field.name) {
            return Err(Refusal::about(Code::FieldClosed, other.as_str()));
        }
        let (whose, brought) = ((&record.person, &record.person), record.fields.get(&field.name));
        let rows = self.with_row_of(whose, at, first, (field, &form), brought)?;
        self.check_paper(paper, brought, record)?;
        self.take_in(&[(field.name.clone(), rows)].into(), &record.papers);
        self.emit(Change::TookDown { activation, person: record.person.clone(), event: event.clone() });
        let lead = self.lead(at).map(|lead| lead.by.clone());
        self.did(&recorder, Some(at), lead.as_ref(), true, None);
        let chosen = self.open_ones(vec![(at, ways)])?;
        let mut taken = Vec::new();
        for claim in chosen {
            if self.has_answered(&record.person, claim.source, event, claim.what) {
                taken.push(claim);
            }
        }
        let decided = !taken.is_empty();
        self.microstep(&taken, Brought::default())?;
        if !decided {
            self.undecided(activation)?;
        }
        self.settle()?;
        self.finish(Kind::Led);
        Ok(())
    }

    /// Its file comes with it, and it was signed by now.
    fn check_paper(
        &self,
        paper: &OnPaper,
        brought: Option<&serde_json::Value>,
        record: &Record,
    ) -> Result<(), Refusal> {
        self.check_papers(&record.papers, std::slice::from_ref(&paper.paper), &[])?;
        if record.papers.is_empty() {
            return Err(Refusal::about(Code::PaperMissing, paper.paper.as_str()));
        }
        let day = brought.and_then(|rows| rows.get(0)?.get(paper.day.as_str())?.as_str()?.parse().ok());
        if day.is_some_and(|day: jiff::civil::Date| day > self.today()) {
            return Err(Refusal::about(Code::NotSigned, paper.day.as_str()));
        }
        Ok(())
    }
}
