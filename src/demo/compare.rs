//! What came of every row, beside what the file says that it ought to come to. Nobody who plays sees either.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::DemoError;
use super::files::{self, beside};
use super::sheet::Sheet;
use super::stage::Stage;
use crate::dossier::Dossier;
use crate::dossier::command::Actor;
use crate::dossier::event::{Change, Event};
use crate::ids::{BodyCode, DossierId, WorkflowName};
use crate::machine::Machine;

/// How a dossier is read at the end.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reading {
    /// What an outcome, or what standing somewhere means, amounts to: the first that fits.
    #[serde(default)]
    amounts_to: Vec<Amount>,
    /// The column that says what a row ought to come to.
    column: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Amount {
    /// Only with this milestone.
    #[serde(default)]
    milestone: Option<String>,
    outcome: String,
    to: String,
}

/// One row at the end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    /// The row's key.
    pub key: String,
    /// What it is called.
    pub caption: String,
    /// What came of it.
    pub reached: String,
    /// What ought to have come of it; none where the file does not say.
    pub expected: Option<String>,
    /// Who decided.
    pub by: String,
    /// On which day.
    pub on: String,
}

impl Line {
    /// Whether what came is what ought to come.
    pub fn agrees(&self) -> bool {
        self.expected.as_ref().is_none_or(|expected| expected == &self.reached)
    }
}

/// How dossiers are read at the end, from the file beside the workflows.
///
/// # Errors
/// There is none, or it is damaged.
pub fn reading(folder: &str) -> Result<Reading, DemoError> {
    let file = beside(folder)("outcomes.yaml").ok_or_else(|| DemoError::missing("way to read outcomes"))?;
    let value = crate::definition::plain(&file).0.unwrap_or_default();
    serde_json::from_value(value).map_err(|error| DemoError::Fault(format!("outcomes.yaml: {error}")))
}

/// What the rows of the first file ought to come to, by key.
///
/// # Errors
/// The file is no CSV.
pub fn expected(
    folder: &str,
    file: &str,
    key: &[String],
    reading: &Reading,
) -> Result<BTreeMap<String, String>, DemoError> {
    let text = files::text(&format!("{folder}/{file}")).unwrap_or_default();
    Ok(Sheet::read(text)?.column(key, &reading.column))
}

/// The keys of rows that did not come to what they ought to.
pub fn disagreements(reached: &BTreeMap<String, String>, expected: &BTreeMap<String, String>) -> Vec<String> {
    expected.iter().filter(|(key, expected)| reached.get(*key) != Some(expected)).map(|(key, _)| key.clone()).collect()
}

/// What came of a dossier: its outcome, or what standing where it stands means, and what that amounts to.
pub fn reached(dossier: &Dossier, machine: &Machine, reading: &Reading) -> String {
    let standing = || dossier.active.iter().rev().find_map(|active| machine.state(&active.state)?.standing.clone());
    let Some(word) = dossier.outcome.clone().or_else(standing) else { return dossier.stands() };
    let passed = |milestone: &Option<String>| milestone.as_ref().is_none_or(|one| dossier.milestones.contains(one));
    let amount = reading.amounts_to.iter().find(|one| one.outcome == word && passed(&one.milestone));
    amount.map_or(word, |one| one.to.clone())
}

/// Every row of the play, in the order of the files.
///
/// # Errors
/// The database fails.
pub async fn lines(stage: &Stage) -> Result<Vec<Line>, DemoError> {
    let (folder, script) = (files::shown(), &stage.office.script);
    let reading = reading(folder)?;
    let first = script.imports.first().ok_or_else(|| DemoError::missing("import"))?;
    let machine = stage.hall.engine.current(&WorkflowName::new(&first.workflow)).await?;
    let key = machine.and_then(|machine| Some(machine.import.as_ref()?.key.clone())).unwrap_or_default();
    let file = first.files.first().map(String::as_str).unwrap_or_default();
    let expected = expected(folder, file, &key, &reading)?;
    let mut lines = Vec::new();
    for (key, id) in &stage.dossiers {
        let dossier = stage.hall.engine.dossier(id).await?.ok_or_else(|| DemoError::missing("imported dossier"))?;
        let machine = stage.hall.engine.machine(&dossier.machine).await?;
        let history = stage.hall.engine.history(id).await?;
        let last = history.iter().rev().find(|event| enters(event));
        let by = match last {
            Some(event) => decider(stage, id, event).await?,
            None => String::new(),
        };
        lines.push(Line {
            key: key.clone(),
            caption: dossier.caption.clone(),
            reached: reached(&dossier, &machine, &reading),
            expected: expected.get(key).cloned(),
            by,
            on: last.map(|event| stage.hall.calendar.date(event.at).to_string()).unwrap_or_default(),
        });
    }
    Ok(lines)
}

fn enters(event: &Event) -> bool {
    event.changes.iter().any(|change| matches!(change, Change::Entered { .. }))
}

/// Who stands behind an event: the person, the clock, the body that voted, or whoever moved the list or the child that told the
/// dossier.
async fn decider(stage: &Stage, dossier: &DossierId, event: &Event) -> Result<String, DemoError> {
    let Actor::Dossier(list) = &event.actor else { return Ok(name(stage, &event.actor, "clock")) };
    let tells = |event: &&Event| {
        let to = |change: &Change| match change {
            Change::Sent { to: crate::dossier::Recipient::Dossier(to), .. } => to == dossier,
            _ => false,
        };
        event.changes.iter().any(to)
    };
    let history = stage.hall.engine.history(list).await?;
    let caption = stage.hall.engine.dossier(list).await?.map(|list| list.caption).unwrap_or_default();
    let told = history.iter().rev().filter(|one| one.at <= event.at).find(tells);
    let voted = told.and_then(|told| told.changes.iter().find_map(body_of));
    if let Some(body) =
        voted.and_then(|body| stage.hall.engine.directory().bodies.get(body).map(|body| body.name.clone()))
    {
        return Ok(body);
    }
    // Whoever ended a dossier that this one waited for.
    let ended = || history.iter().rev().find(|one| one.at <= event.at).map(|one| name(stage, &one.actor, "clock"));
    Ok(told.map(|told| name(stage, &told.actor, &caption)).or_else(ended).unwrap_or(caption))
}

/// The body whose vote a change closes.
fn body_of(change: &Change) -> Option<&BodyCode> {
    match change {
        Change::VoteClosed(result) => Some(&result.body),
        _ => None,
    }
}

fn name(stage: &Stage, actor: &Actor, otherwise: &str) -> String {
    let directory = stage.hall.engine.directory();
    let person = actor.person().and_then(|id| directory.people.get(id));
    person.map_or_else(|| otherwise.to_owned(), |person| person.name.clone())
}

#[cfg(test)]
mod tests {
    use super::{disagreements, expected, reading};
    use crate::demo::files;

    #[test]
    fn two_expectations_that_are_swapped_are_exactly_two_disagreements() {
        let reading = reading(files::shown()).expect("it is shipped");
        let expected =
            expected(files::shown(), "nominees.csv", &["nominee_code".to_owned()], &reading).expect("it is shipped");
        assert_eq!(expected.len(), 36);
        let reached = expected.clone();
        assert!(disagreements(&reached, &expected).is_empty());
        let mut swapped = expected.clone();
        let (one, other) = (expected["CN011"].clone(), expected["CN012"].clone());
        assert_ne!(one, other);
        swapped.insert("CN011".to_owned(), other);
        swapped.insert("CN012".to_owned(), one);
        assert_eq!(disagreements(&reached, &swapped), ["CN011", "CN012"]);
    }

    #[test]
    fn the_script_of_the_play_names_no_outcome() {
        let reading = reading(files::shown()).expect("it is shipped");
        let expected =
            expected(files::shown(), "nominees.csv", &["nominee_code".to_owned()], &reading).expect("it is shipped");
        let script = files::text(&format!("{}/play.yaml", files::shown())).expect("it is shipped");
        for outcome in expected.values() {
            let named = script.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == outcome);
            assert!(!named, "{outcome}");
        }
    }
}
