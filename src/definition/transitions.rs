//! Transitions as written: `event: target`, `event: {..}`, or `event: [{..}, {..}]`.

use super::children;
use super::item::{Item, no_delay};
use super::mails;
use super::model::{Decided, Keys, Name, Needs, Returns, Rows, Transition, guard_of};
use crate::calendar::Delay;
use crate::diagnostic::{fault, say};
use crate::ids::Text;
use crate::source::{Span, Spanned};
use crate::yaml::Node;

/// The keys of a transition.
pub const TRANSITION_KEYS: &[&str] = &[
    "label", "hint", "by", "needs", "guard", "target", "stay", "resume", "reason", "fill", "adds", "attach", "confirm",
    "rows", "tell", "take", "from", "open", "send", "result", "number", "pause", "internal", "returns", "recall",
    "decide",
];

/// Transitions by events.
pub(super) fn on(item: &Item<'_>) -> Vec<Transition> {
    let mut all = Vec::new();
    for (event, item) in item.named(say!(several.events)) {
        let branches = item.items().into_iter().flat_map(|branch| branches(&branch, &event.span));
        all.extend(branches.map(|branch| Transition { event: Some(event.clone()), ..branch }));
    }
    all
}

/// Transitions without an event: a list, or a single one.
pub(super) fn always(item: &Item<'_>) -> Vec<Transition> {
    item.items().into_iter().flat_map(|branch| branches(&branch, branch.span())).collect()
}

/// Transitions by the clock, each with its delay (none if it cannot be read).
pub(super) fn after(item: &Item<'_>) -> Vec<(Option<Spanned<Delay>>, Transition)> {
    let mut all = Vec::new();
    for (written, item) in item.named(say!(several.delays)) {
        let delay = match written.value.parse::<Delay>() {
            Ok(delay) => Some(Spanned::new(delay, written.span.clone())),
            Err(why) => {
                item.report(no_delay(&written, why));
                None
            }
        };
        let branches = item.items().into_iter().flat_map(|branch| branches(&branch, &written.span));
        all.extend(branches.map(|branch| (delay.clone(), branch)));
    }
    all
}

/// One branch as written; what a table decides becomes a branch for each of its outcomes, the last without a condition.
fn branches(item: &Item<'_>, place: &Span) -> Vec<Transition> {
    let Some(one) = transition(item, place) else { return Vec::new() };
    let Node::Map(_) = item.node() else { return vec![one] };
    let Some(decide) = item.entry("decide") else { return vec![one] };
    let Some(map) = decide.map(say!(what.decide), &["by", "to"]) else { return Vec::new() };
    let by = map.need("by", decide.span()).and_then(|item| item.word());
    let to = map.need("to", decide.span()).map_or_else(Vec::new, |item| item.named(say!(several.outcomes)));
    let to: Vec<(Name, Name)> = to.into_iter().filter_map(|(outcome, item)| Some((outcome, item.word()?))).collect();
    let Some(by) = by else { return Vec::new() };
    for key in ["target", "stay", "resume"] {
        if let Some(span) = one.keys.get(key) {
            item.report(fault!(KEYS_TOGETHER.two_places, span).beside(decide.span()));
        }
    }
    let last = to.len().saturating_sub(1);
    let decided = Decided { by: by.clone(), to: to.iter().map(|(outcome, _)| outcome.clone()).collect() };
    let branch = |(at, (outcome, target)): (usize, (Name, Name))| {
        let mut branch = Transition { target: Some(target), stay: false, resume: None, ..one.clone() };
        if at < last {
            let guard = guard_of(by.as_str(), outcome.as_str());
            branch.guard.push(Spanned::new(guard, outcome.span.clone()));
        }
        branch.decided = (at == 0).then(|| decided.clone());
        branch
    };
    to.into_iter().enumerate().map(branch).collect()
}

fn transition(item: &Item<'_>, place: &Span) -> Option<Transition> {
    if let Node::Text(_) = item.node() {
        return Some(short(item.word()?, place.clone()));
    }
    let map = item.map(say!(what.transition), TRANSITION_KEYS)?;
    Some(Transition {
        span: place.clone(),
        keys: map.keys(),
        event: None,
        label: map.text("label"),
        hint: map.text("hint"),
        by: map.words("by"),
        needs: map.get("needs").and_then(|item| needs(&item)),
        guard: map.words("guard"),
        target: map.word("target"),
        stay: map.flag("stay"),
        resume: map.word("resume"),
        reason: map.flag("reason"),
        fill: map.words("fill"),
        adds: map.word("adds"),
        attach: map.words("attach"),
        confirm: map.flag("confirm"),
        rows: map.get("rows").and_then(|item| rows(&item)),
        tell: mails::tell(&map),
        take: map.words("take"),
        from: map.words("from"),
        open: map.words("open"),
        send: children::sends(&map),
        result: map.word("result"),
        number: map.get("number").map_or_else(Vec::new, |item| numbers(&item)),
        pause: map.flag("pause"),
        internal: map.flag("internal"),
        returns: map.get("returns").and_then(|item| returns(&item)),
        recall: map.flag("recall"),
        decided: None,
    })
}

/// `event: target`.
fn short(target: Name, span: Span) -> Transition {
    Transition {
        span,
        keys: Keys::new(),
        event: None,
        label: Text::default(),
        hint: Text::default(),
        by: Vec::new(),
        needs: None,
        guard: Vec::new(),
        target: Some(target),
        stay: false,
        resume: None,
        reason: false,
        fill: Vec::new(),
        adds: None,
        attach: Vec::new(),
        confirm: false,
        rows: None,
        tell: Vec::new(),
        take: Vec::new(),
        from: Vec::new(),
        open: Vec::new(),
        send: Vec::new(),
        result: None,
        number: Vec::new(),
        pause: false,
        internal: false,
        returns: None,
        recall: false,
        decided: None,
    }
}

/// `number: {FIELD: NUMBERING}`.
pub(super) fn numbers(item: &Item<'_>) -> Vec<(Name, Option<Name>)> {
    item.named(say!(several.fields)).into_iter().map(|(field, numbering)| (field, numbering.word())).collect()
}

/// `needs: all`, `needs: 2`.
fn needs(item: &Item<'_>) -> Option<Spanned<Needs>> {
    let needs = match item.node() {
        Node::Int(count) => Needs::Count(*count),
        Node::Text(word) if word == "all" => Needs::All,
        Node::Text(word) if word == "one" => Needs::One,
        node => {
            item.report(fault!(UNKNOWN_WORD.needs, item.span(), found = node.describe()));
            return None;
        }
    };
    Some(Spanned::new(needs, item.span().clone()))
}

/// `returns: true`, `returns: {stand: [..]}`.
fn returns(item: &Item<'_>) -> Option<Returns> {
    let span = item.span().clone();
    if let Node::Bool(does) = item.node() {
        return does.then_some(Returns { span, stand: Vec::new() });
    }
    let map = item.map(say!(what.returns), &["stand"])?;
    Some(Returns { span, stand: map.words("stand") })
}

fn rows(item: &Item<'_>) -> Option<Rows> {
    let map = item.map(say!(what.rows), &["kept", "struck", "returned", "postponed", "own", "with", "release"])?;
    Some(Rows {
        kept: map.word("kept"),
        struck: map.word("struck"),
        returned: map.word("returned"),
        postponed: map.word("postponed"),
        own: map.word("own"),
        with: map.words("with"),
        release: map.flag("release"),
    })
}
