//! The forms that put right what was submitted, for those who may.

use serde::Serialize;

use super::super::form::Form;
use super::super::task;
use super::super::visit::Visit;
use super::input::Input;
use crate::dossier::{VoteResult, decide};
use crate::ids::{ActivationId, FieldName};
use crate::machine::{FieldKind, Transition};

/// What a person may put right.
#[derive(Debug, Serialize)]
pub(crate) struct Correction {
    pub(crate) inputs: Vec<Input>,
    files: bool,
    open: bool,
    seen: i64,
    withdraw: Option<Withdrawal>,
    recall: Vec<Recall>,
}

/// What they sent and may take back.
#[derive(Debug, Serialize)]
struct Recall {
    entry: u32,
    event: String,
    label: String,
    hint: String,
    reason: Option<Input>,
    open: bool,
}

/// A result that may be withdrawn.
#[derive(Debug, Serialize)]
struct Withdrawal {
    vote: u32,
    said: String,
    reason: Input,
    open: bool,
}

/// The fields that this person may correct and cannot simply change.
pub(crate) fn names(visit: &Visit) -> Vec<FieldName> {
    let reader = &visit.reader;
    let person = &visit.task.person;
    let (open, _) = task::editable(visit);
    let names =
        visit.with_context(|context| decide::correctable(&reader.machine, &visit.whole, person, reader.now, context));
    names.into_iter().filter(|name| visit.sight.field(name) && !open.contains(name)).collect()
}

fn withdrawable(visit: &Visit) -> Option<&VoteResult> {
    let reader = &visit.reader;
    let person = &visit.task.person;
    visit.with_context(|context| decide::withdrawable(&reader.machine, &visit.whole, person, reader.now, context))
}

/// The forms, with what was just sent; none for those who may put nothing right.
pub(crate) fn forms(visit: &Visit, sent: Option<&Form>) -> Option<Correction> {
    let reader = &visit.reader;
    let sent_as = |what: &str| sent.filter(|form| form.get("do") == what);
    let names = names(visit);
    let fields = names.iter().filter_map(|name| reader.machine.field(name));
    let (mut inputs, mut files, mut reason) = (Vec::new(), false, false);
    for field in fields {
        files |= field.kind == FieldKind::File;
        reason |= field.correctable.as_ref().is_some_and(|rule| rule.reason);
        let name = format!("correct.{}", field.name);
        inputs.push(Input::field(reader, name, field, &visit.dossier, false, sent_as("correct")));
    }
    if !inputs.is_empty() {
        inputs.push(Input::reason(reader, "reason.correct".to_owned(), reason, sent_as("correct")));
    }
    let withdraw = withdrawable(visit).map(|result| Withdrawal {
        vote: result.activation.0,
        said: super::history::closed(reader, result),
        reason: Input::reason(reader, "reason.withdraw".to_owned(), true, sent_as("withdraw")),
        open: sent_as("withdraw").is_some(),
    });
    let recall = recalls(visit, sent_as("recall"));
    let any = !inputs.is_empty() || withdraw.is_some() || !recall.is_empty();
    let (open, seen) = (sent_as("correct").is_some(), visit.dossier.seq);
    any.then_some(Correction { inputs, files, open, seen, withdraw, recall })
}

/// What this person sent on and may take back, since nobody has acted on it.
fn recalls(visit: &Visit, sent: Option<&Form>) -> Vec<Recall> {
    let (reader, person) = (&visit.reader, &visit.task.person);
    let ways =
        visit.with_context(|context| decide::recallable(&reader.machine, &visit.whole, person, reader.now, context));
    let recall = |(entry, way): (ActivationId, Transition)| Recall {
        entry: entry.0,
        event: way.event.as_ref().map(ToString::to_string).unwrap_or_default(),
        label: reader.text(&way.label).to_owned(),
        hint: reader.text(&way.hint).to_owned(),
        reason: way.reason.then(|| Input::reason(reader, "reason.recall".to_owned(), true, sent)),
        open: sent.is_some(),
    };
    ways.into_iter().map(recall).collect()
}
