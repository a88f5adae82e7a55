//! Who has a task, and how it passes from one person to another: the small forms beside the choice.

use serde::Serialize;

use super::super::form::Form;
use super::super::reader::Reader;
use crate::directory::names::sort_key;
use crate::dossier::decide::assign;
use crate::ids::PersonId;

/// The forms, and who has the task.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Hands {
    /// Who has it, as a sentence; empty if everybody who is asked does.
    said: String,
    claim: bool,
    release: bool,
    give: Option<Give>,
    add: Option<Asks>,
    extend: Option<Asks>,
    skip: Option<Asks>,
    redo: Option<Asks>,
}

/// A form with one entry, if any, and a reason.
#[derive(Debug, Serialize)]
struct Asks {
    to: String,
    why: String,
    open: bool,
}

/// The form with which a task is given to somebody.
#[derive(Debug, Serialize)]
struct Give {
    title: String,
    from: Vec<Person>,
    to: Vec<Person>,
    reason: bool,
    why: String,
    /// It was sent and refused: the form stands open.
    open: bool,
}

#[derive(Debug, Serialize)]
struct Person {
    id: String,
    name: String,
    chosen: bool,
}

/// What the reader may do with the task, as the page shows it.
pub(crate) fn hands(reader: &Reader, hands: &assign::Hands, me: &PersonId, sent: Option<&Form>) -> Hands {
    let asks = |may: bool, what: &str| {
        let sent = sent.filter(|form| form.get("do") == what);
        let said = |input: &str| sent.map(|form| form.get(input).to_owned()).unwrap_or_default();
        may.then(|| Asks { to: said("to"), why: said("why"), open: sent.is_some() })
    };
    let (add, extend) = (asks(hands.add, "add"), asks(hands.extend, "extend"));
    let (skip, redo) = (asks(hands.skip, "skip"), asks(hands.redo, "redo"));
    let sent = sent.filter(|form| form.get("do") == "give");
    let people = |people: &[PersonId], input: &str| {
        let one = |id: &PersonId| Person {
            id: id.to_string(),
            name: reader.name(id),
            chosen: sent.is_some_and(|form| form.get(input) == id.as_str()),
        };
        let mut people: Vec<Person> = people.iter().map(one).collect();
        people.sort_by_cached_key(|one| sort_key(&one.name));
        people
    };
    let said = match &hands.owner {
        Some(owner) if owner == me => {
            reader.texts.fill("hands.yours", &[("you", &reader.you(me)), ("You", &super::capital(&reader.you(me)))])
        }
        Some(owner) => reader.texts.fill("hands.theirs", &[("who", &reader.name(owner))]),
        None => String::new(),
    };
    let give = (!hands.give_to.is_empty()).then(|| Give {
        title: reader.get(if hands.reason { "hands.give" } else { "hands.give_first" }),
        from: people(&hands.give_from, "from"),
        to: people(&hands.give_to, "to"),
        reason: hands.reason,
        open: sent.is_some() || !hands.reason,
        why: sent.map(|form| form.get("why").to_owned()).unwrap_or_default(),
    });
    Hands { said, claim: hands.claim, release: hands.release, give, add, extend, skip, redo }
}
