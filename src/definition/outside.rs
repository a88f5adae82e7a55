//! What comes from outside the office: a paper that is waited for.

use super::item::{Item, Map};
use super::model::{Name, State, Task, Wait};
use super::transitions::numbers;
use crate::diagnostic::say;
use crate::ids::Text;
use crate::yaml::Node;

/// `wait: {on: .., records: .., title: .., number: .., day: .., paper: ..}`.
pub(super) fn wait(item: &Item<'_>) -> Option<Wait> {
    let map = item.map(say!(what.wait), &["on", "records", "title", "help", "number", "day", "paper", "mail"])?;
    let text = |key: &str| map.need(key, item.span()).map_or_else(Text::default, |item| item.text());
    let word = |key: &str| map.need(key, item.span()).and_then(|item| item.word());
    Some(Wait {
        span: item.span().clone(),
        on: text("on"),
        records: word("records"),
        title: text("title"),
        help: map.text("help"),
        number: number(&map, item),
        day: word("day"),
        paper: word("paper"),
        mail: map.word("mail"),
    })
}

/// `number: FIELD`, or `number: {FIELD: NUMBERING}` where the number is given only once.
fn number(map: &Map<'_>, place: &Item<'_>) -> Option<(Name, Option<Name>)> {
    let item = map.need("number", place.span())?;
    if let Node::Map(_) = item.node() {
        return numbers(&item).into_iter().next();
    }
    item.word().map(|field| (field, None))
}

/// A state that waits asks whoever records what comes, and every answer of theirs brings its number, day and paper.
pub(super) fn recorded(state: &mut State) {
    let Some(wait) = state.wait.clone() else { return };
    for way in &mut state.on {
        let theirs = |by: &Name| wait.records.as_ref().is_some_and(|records| records.value == by.value);
        if !way.by.iter().any(theirs) {
            continue;
        }
        let field = wait.number.iter().map(|(field, _)| field).chain(&wait.day);
        add(&mut way.fill, field);
        add(&mut way.attach, wait.paper.iter());
        if let Some((field, Some(numbering))) = &wait.number
            && way.number.iter().all(|(other, _)| other.value != field.value)
        {
            way.number.push((field.clone(), Some(numbering.clone())));
        }
    }
    if state.task.is_none() {
        state.task = Some(asks(&wait));
    }
}

fn add<'n>(to: &mut Vec<Name>, names: impl Iterator<Item = &'n Name>) {
    for name in names {
        if to.iter().all(|other| other.value != name.value) {
            to.push(name.clone());
        }
    }
}

/// Whoever records it may do so from a page of theirs, like whoever is asked.
fn asks(wait: &Wait) -> Task {
    Task {
        role: wait.records.clone(),
        title: wait.title.clone(),
        help: wait.help.clone(),
        edit: Vec::new(),
        attach: Vec::new(),
        claim: false,
        assign: false,
        hand_over: false,
        skip: None,
        mail: wait.mail.clone(),
        keys: super::model::Keys::new(),
    }
}
