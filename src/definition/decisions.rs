//! Decision tables as written: rows of conditions, each with what then holds.

use super::item::Item;
use super::model::{Cell, Decision, DecisionRow, Name};
use crate::diagnostic::{fault, say};
use crate::exact::Exact;
use crate::source::Spanned;
use crate::yaml::Node;

/// The decision tables.
pub(super) fn decisions(item: &Item<'_>) -> Vec<Decision> {
    item.named(say!(several.decisions)).into_iter().filter_map(|(name, item)| decision(name, &item)).collect()
}

fn decision(name: Name, item: &Item<'_>) -> Option<Decision> {
    let map = item.map(say!(what.decision), &["label", "hit", "inputs", "rows", "file"])?;
    let inputs = map.need("inputs", &name.span).map_or_else(Vec::new, |item| item.named(say!(several.formulas)));
    let file = map.word("file");
    if file.is_none() {
        map.need("rows", &name.span);
    }
    Some(Decision {
        label: map.text("label"),
        hit: map.word("hit"),
        inputs: inputs.into_iter().map(|(input, item)| (input, item.formula())).collect(),
        rows: map.get("rows").map_or_else(Vec::new, |item| rows(&item)),
        file,
        guards: Vec::new(),
        keys: map.keys(),
        name,
    })
}

/// The rows of a table, in the workflow or in a file of their own.
pub(super) fn rows(item: &Item<'_>) -> Vec<DecisionRow> {
    item.items().iter().filter_map(row).collect()
}

fn row(item: &Item<'_>) -> Option<DecisionRow> {
    let map = item.map(say!(what.decision_row), &["when", "then"])?;
    let when = map.get("when").map_or_else(Vec::new, |item| item.named(say!(several.conditions)));
    let then = map.need("then", item.span()).map_or_else(Vec::new, |item| item.words());
    let span = then.first().map_or_else(|| item.span().clone(), |word| word.span.clone());
    Some(DecisionRow {
        span,
        when: when.into_iter().filter_map(|(name, item)| Some((name, cell(&item)?))).collect(),
        then,
    })
}

/// `"< 5"`, `">= 5"`, `"5 .. 10"`, `5`, `true`, a word, or several words.
fn cell(item: &Item<'_>) -> Option<Spanned<Cell>> {
    let span = item.span().clone();
    let exactly = |number: Exact| Cell::Numbers { from: Some((number, true)), to: Some((number, true)) };
    let cell = match item.node() {
        Node::Bool(truth) => Cell::Truth(*truth),
        Node::Int(_) | Node::Decimal(_) => exactly(item.number()?.value),
        Node::Text(text) => match numbers(text.trim()) {
            Some(Some(cell)) => cell,
            Some(None) => {
                item.report(fault!(UNKNOWN_WORD.condition, &span, found = text));
                return None;
            }
            None => Cell::Words(vec![item.word()?]),
        },
        _ => Cell::Words(item.words()),
    };
    Some(Spanned::new(cell, span))
}

/// A condition on numbers; the inner none if it looks like one and is none.
#[expect(clippy::option_option, reason = "no condition on numbers, a faulty one, and a good one are three things")]
fn numbers(text: &str) -> Option<Option<Cell>> {
    let number = |text: &str| text.trim().parse::<Exact>().ok();
    if let Some((from, to)) = text.split_once("..") {
        let ends = number(from).zip(number(to)).filter(|(from, to)| from <= to);
        return Some(ends.map(|(from, to)| Cell::Numbers { from: Some((from, true)), to: Some((to, true)) }));
    }
    let signs = [("<=", false, true), (">=", true, true), ("<", false, false), (">", true, false)];
    let (rest, from, closed) =
        signs.iter().find_map(|(sign, from, closed)| Some((text.strip_prefix(sign)?, *from, *closed)))?;
    Some(number(rest).map(|end| {
        let end = Some((end, closed));
        if from { Cell::Numbers { from: end, to: None } } else { Cell::Numbers { from: None, to: end } }
    }))
}
