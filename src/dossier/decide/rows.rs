//! Tables to which each person adds a row of their own: scores, opinions, counts.

use std::collections::BTreeMap;

use super::Run;
use super::act::{Branches, Standing};
use super::party::cells_of;
use crate::dossier::Purpose;
use crate::dossier::command::Act;
use crate::dossier::event::Change;
use crate::dossier::refusal::{Code, Refusal};
use crate::ids::{ActivationId, FieldName, PersonId, RoleName};
use crate::machine::chart::Place;
use crate::machine::{Consult, Field, FieldKind, Needs, Transition};

impl Run<'_> {
    /// What an answer brings, with the person's own rows added to the tables as they stand.
    pub(super) fn with_own_rows(
        &self,
        act: &Act,
        answering: &[Branches<'_>],
    ) -> Result<BTreeMap<FieldName, serde_json::Value>, Refusal> {
        let mut fields = act.fields.clone();
        for (at, branches) in answering {
            for transition in branches {
                let Some(field) = transition.adds.as_ref().and_then(|name| self.machine.field(name)) else { continue };
                let table = self.with_own_row(*at, transition, field, act.fields.get(&field.name))?;
                fields.insert(field.name.clone(), table);
            }
        }
        Ok(fields)
    }

    fn with_own_row(
        &self,
        at: Place,
        transition: &Transition,
        field: &Field,
        brought: Option<&serde_json::Value>,
    ) -> Result<serde_json::Value, Refusal> {
        let about = |code| Refusal::about(code, field.name.as_str());
        let Some(person) = self.actor.person() else { return Err(Refusal::of(Code::NotThisWay)) };
        let Some((_, form)) = self.machine.own_row(&field.name) else { return Err(about(Code::FieldWrong)) };
        // Whoever stands in for somebody answers for that one's units, under their own name.
        let of = match self.standing(person, transition, at) {
            Standing::As(_, Some(of)) => of,
            _ => person.clone(),
        };
        self.with_row_of((person, &of), at, transition, (field, &form), brought)
    }

    /// A table with one more row: what somebody says, in the form that they were given. `of` is whose units they answer for.
    pub(super) fn with_row_of(
        &self,
        (person, of): (&PersonId, &PersonId),
        at: Place,
        transition: &Transition,
        (field, form): (&Field, &Field),
        brought: Option<&serde_json::Value>,
    ) -> Result<serde_json::Value, Refusal> {
        let about = |code| Refusal::about(code, field.name.as_str());
        let Some((whose, _)) = self.machine.own_row(&field.name) else { return Err(about(Code::FieldWrong)) };
        let brought = brought.and_then(|value| value.as_array()).map(Vec::as_slice).unwrap_or_default();
        let [serde_json::Value::Object(row)] = brought else { return Err(about(Code::FieldMissing)) };
        let mut row = row.clone();
        row.remove(whose.as_str());
        row.retain(|_, cell| !cell.is_null());
        if let Some(cell) = self.misfit(form, &serde_json::Value::Array(vec![row.clone().into()]), &[]) {
            return Err(Refusal::about(Code::FieldWrong, format!("{}.{cell}", field.name)));
        }
        row.insert(whose.to_string(), person.as_str().into());
        let mut rows = self.rows_so_far(at, transition, field);
        let consult = self.machine.states[at].consult.as_ref().filter(|consult| consult.into == field.name);
        let role = self.machine.states[at].task.as_ref().map(|task| &task.role);
        match consult.zip(role) {
            Some((consult, role)) => {
                let theirs = self.rows_for_units(role, of, consult.unit.as_ref(), &row, &rows);
                rows.extend(theirs);
            }
            None => rows.push(row.into()),
        }
        let FieldKind::Rows { max, .. } = &field.kind else { return Err(about(Code::FieldWrong)) };
        if rows.len() > *max as usize { Err(about(Code::TooMuch)) } else { Ok(rows.into()) }
    }

    /// The time of a consultation is over: who did not answer has a row that says so.
    pub(super) fn note_silence(&mut self, activation: ActivationId, consult: &Consult) {
        let task = self.dossier().task(activation, Purpose::Act);
        let mut silent = task.map(|task| task.holders.clone()).unwrap_or_default();
        let field = self.machine.field(&consult.into);
        let Some((field, (whose, _))) = field.zip(self.machine.own_row(&consult.into)) else { return };
        if consult.silence.is_empty() || silent.is_empty() {
            return;
        }
        let answered = task.is_some_and(|task| !task.answers.is_empty());
        let so_far = self.dossier().fields.get(&consult.into).filter(|_| answered);
        let mut rows = so_far.and_then(|rows| rows.as_array()).cloned().unwrap_or_default();
        // More people may have been asked meanwhile than the table takes: that must not keep the deadline from ending.
        let FieldKind::Rows { max, .. } = &field.kind else { return };
        let role = task.and_then(|task| task.role.clone()).unwrap_or_else(|| RoleName::new(""));
        silent.retain(|person| {
            let mut row = cells_of(&consult.silence);
            row.insert(whose.to_string(), person.as_str().into());
            // Two who speak for one unit are silent once.
            let theirs = self.rows_for_units(&role, person, consult.unit.as_ref(), &row, &rows);
            let fits = rows.len() + theirs.len() <= *max as usize;
            if fits {
                rows.extend(theirs);
            }
            fits
        });
        self.emit(Change::Set(BTreeMap::from([(consult.into.clone(), rows.into())])));
        self.emit(Change::Silent { activation, people: silent });
    }

    /// Where several answer, a round begins with an empty table; the rows of earlier rounds stand in the history.
    fn rows_so_far(&self, at: Place, transition: &Transition, field: &Field) -> Vec<serde_json::Value> {
        let task = self.entry_of(at).and_then(|entry| self.dossier().task(entry, Purpose::Act));
        if transition.needs != Needs::One && task.is_none_or(|task| task.answers.is_empty()) {
            return Vec::new();
        }
        self.dossier().fields.get(&field.name).and_then(|rows| rows.as_array()).cloned().unwrap_or_default()
    }
}
