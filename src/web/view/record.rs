//! The form in which whoever leads a step writes down what somebody who is asked said on paper.

use serde::Serialize;

use super::super::form::Form;
use super::super::reader::Reader;
use super::input::Input;
use crate::dossier::Dossier;
use crate::dossier::decide::assign;
use crate::ids::ActivationId;
use crate::machine::{Consult, Field, State, Transition};

/// The prefix of its inputs.
pub(crate) const PREFIX: &str = "record.";

/// The form.
#[derive(Debug, Serialize)]
pub(crate) struct Record {
    /// Whose answer it may be.
    people: Vec<Named>,
    /// What they may have chosen; one alone is not asked for.
    choices: Vec<Named>,
    pub(crate) inputs: Vec<Input>,
    /// It was sent and refused.
    open: bool,
}

#[derive(Debug, Serialize)]
struct Named {
    id: String,
    name: String,
    chosen: bool,
}

/// The form; none for whoever may write nothing down.
pub(crate) fn form(
    reader: &Reader,
    dossier: &Dossier,
    activation: ActivationId,
    hands: &assign::Hands,
    sent: Option<&Form>,
) -> Option<Record> {
    let (state, consult) = consulting(reader, dossier, activation)?;
    let (row, paper) = (reader.machine.row_on_paper(consult)?, &consult.on_paper.as_ref()?.paper);
    if hands.record.is_empty() {
        return None;
    }
    let sent = sent.filter(|form| form.get("do") == "record");
    let chosen = |input: &str, id: &str| sent.is_some_and(|form| form.get(input) == id);
    let person = |id: &crate::ids::PersonId| Named {
        id: id.to_string(),
        name: reader.name(id),
        chosen: chosen("record.of", id.as_str()),
    };
    let choice = |way: &Transition| {
        let event = way.event.as_ref()?;
        let name = reader.text(&way.label).to_owned();
        Some(Named { id: event.to_string(), name, chosen: chosen("record.event", event.as_str()) })
    };
    let mut choices: Vec<Named> = ways(state).into_iter().filter_map(choice).collect();
    choices.dedup_by(|one, other| one.id == other.id);
    let inputs = vec![
        Input::own_row(reader, format!("{PREFIX}{}", row.name), &row, None, sent),
        Input::paper(reader, format!("{PREFIX}paper"), paper, &without_papers(dossier), true),
    ];
    Some(Record { people: hands.record.iter().map(person).collect(), choices, inputs, open: sent.is_some() })
}

/// Each answer on paper has a file of its own, whatever came before.
fn without_papers(dossier: &Dossier) -> Dossier {
    Dossier { papers: Vec::new(), ..dossier.clone() }
}

/// The state of an entry in which people are consulted.
pub(crate) fn consulting<'r>(
    reader: &'r Reader,
    dossier: &Dossier,
    activation: ActivationId,
) -> Option<(&'r State, &'r Consult)> {
    let state = reader.machine.state(&dossier.entry(activation)?.state)?;
    Some((state, state.consult.as_ref()?))
}

/// The answers that are open to those who are asked in a state.
pub(crate) fn ways(state: &State) -> Vec<&Transition> {
    let role = state.task.as_ref().map(|task| &task.role);
    state.on.iter().filter(|way| role.is_some_and(|role| way.by.contains(role))).collect()
}

/// The form of the row that is written down.
pub(crate) fn row(reader: &Reader, consult: &Consult) -> Option<Field> {
    reader.machine.row_on_paper(consult)
}
