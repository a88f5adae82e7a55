//! What others say: people who are consulted, and a paper from outside that is waited for.

use super::item::{Item, Map};
use super::model::{Consult, Name, Needs, OnPaper, Posting, State, Task, Wait};
use super::transitions::numbers;
use crate::diagnostic::say;
use crate::ids::Text;
use crate::source::Spanned;
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

/// `posting: {keeps: .., title: .., for: 10wd, before: DAY, into: TABLE, paper: KIND, answer: MAIL}`.
pub(super) fn posting(item: &Item<'_>) -> Option<Posting> {
    let keys = ["keeps", "title", "help", "for", "before", "ends", "into", "paper", "mail", "answer"];
    let map = item.map(say!(what.posting), &keys)?;
    let word = |key: &str| map.need(key, item.span()).and_then(|item| item.word());
    Some(Posting {
        span: item.span().clone(),
        keeps: word("keeps"),
        title: map.need("title", item.span()).map_or_else(Text::default, |item| item.text()),
        help: map.text("help"),
        period: map.need("for", item.span()).and_then(|item| item.delay()),
        before: map.word("before"),
        ends: map.word("ends"),
        into: word("into"),
        paper: map.word("paper"),
        mail: map.word("mail"),
        answer: map.word("answer"),
        keys: map.keys(),
    })
}

/// Whoever keeps a posting has a page of their own for as long as it runs.
pub(super) fn posted(state: &mut State) {
    let Some(posting) = state.posting.clone() else { return };
    if state.task.is_none() {
        state.task = Some(task(posting.keeps, posting.title, posting.help, posting.mail));
    }
}

/// `consult: {for: .., title: .., into: TABLE, silence: {COLUMN: WORD}}`.
pub(super) fn consult(item: &Item<'_>) -> Option<Consult> {
    let map =
        item.map(say!(what.consult), &["for", "title", "help", "attach", "into", "silence", "on_paper", "mail"])?;
    let word = |key: &str| map.need(key, item.span()).and_then(|item| item.word());
    let silence = map.get("silence").map(|item| {
        let cells = item.named(say!(several.fields)).into_iter();
        Spanned::new(cells.filter_map(|(column, item)| Some((column, item.word()?))).collect(), item.span().clone())
    });
    Some(Consult {
        span: item.span().clone(),
        asks: word("for"),
        title: map.need("title", item.span()).map_or_else(Text::default, |item| item.text()),
        help: map.text("help"),
        into: word("into"),
        silence,
        attach: map.words("attach"),
        on_paper: map.get("on_paper").and_then(|item| on_paper(&item)),
        mail: map.word("mail"),
    })
}

/// `on_paper: {number: COLUMN, day: COLUMN, paper: KIND}`.
fn on_paper(item: &Item<'_>) -> Option<OnPaper> {
    let map = item.map(say!(what.answer_on_paper), &["number", "day", "paper"])?;
    let word = |key: &str| map.need(key, item.span()).and_then(|item| item.word());
    Some(OnPaper { span: item.span().clone(), number: word("number"), day: word("day"), paper: word("paper") })
}

/// Everybody who is consulted answers once, with a row of their own.
pub(super) fn consulted(state: &mut State) {
    let Some(consult) = state.consult.clone() else { return };
    for way in &mut state.on {
        let theirs = |by: &Name| consult.asks.as_ref().is_some_and(|asks| asks.value == by.value);
        if !way.by.iter().any(theirs) {
            continue;
        }
        if way.needs.is_none() {
            way.needs = Some(Spanned::new(Needs::All, way.span.clone()));
        }
        if way.adds.is_none() {
            way.adds.clone_from(&consult.into);
        }
    }
    if state.task.is_none() {
        let asked = task(consult.asks, consult.title, consult.help, consult.mail);
        state.task = Some(Task { attach: consult.attach, ..asked });
    }
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
        state.task = Some(task(wait.records, wait.title, wait.help, wait.mail));
    }
}

fn add<'n>(to: &mut Vec<Name>, names: impl Iterator<Item = &'n Name>) {
    for name in names {
        if to.iter().all(|other| other.value != name.value) {
            to.push(name.clone());
        }
    }
}

/// What is asked of them, from a page of theirs.
fn task(role: Option<Name>, title: Text, help: Text, mail: Option<Name>) -> Task {
    Task {
        role,
        title,
        help,
        edit: Vec::new(),
        attach: Vec::new(),
        claim: false,
        assign: false,
        hand_over: false,
        skip: None,
        mail,
        keys: super::model::Keys::new(),
    }
}
