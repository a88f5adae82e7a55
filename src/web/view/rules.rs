//! The rules that apply to what is asked, with their legal basis.

use serde::Serialize;

use super::super::reader::Reader;
use crate::machine::{Abstention, Base, ShareOf, Threshold, Tie, Transition, VoteRule};

/// One rule.
#[derive(Debug, Serialize)]
pub(crate) struct Rule {
    title: String,
    lines: Vec<String>,
    basis: Option<String>,
}

/// The conditions of what may be chosen, each once, with the choices that they stand before.
pub(crate) fn of_options(reader: &Reader, options: &[Transition]) -> Vec<Rule> {
    let mut rules: Vec<Rule> = Vec::new();
    for option in options {
        let label = reader.text(&option.label).to_owned();
        for guard in option.guard.iter().filter_map(|name| reader.machine.guards.get(name)) {
            let text = reader.text(&guard.refuse);
            // A guard without words only chooses between ways.
            if text.is_empty() {
                continue;
            }
            let line = reader.texts.fill("rule.guard", &[("text", text)]);
            match rules.iter_mut().find(|rule| rule.lines.first() == Some(&line)) {
                Some(rule) if !rule.title.contains(&label) => rule.title = format!("{}, {label}", rule.title),
                Some(_) => {}
                None => rules.push(Rule {
                    title: label.clone(),
                    lines: vec![line],
                    basis: reader.citation(guard.basis.as_ref()),
                }),
            }
        }
    }
    rules
}

/// How a body votes.
pub(crate) fn of_vote(reader: &Reader, rule: &VoteRule) -> Rule {
    let mut lines = Vec::new();
    lines.extend(quorum(reader, rule));
    match need(reader, &rule.passes) {
        Some(need) => lines.push(reader.texts.fill("rule.passes", &[("need", &need)])),
        None => lines.push(reader.get("rule.passes_row")),
    }
    if !rule.own_case.votes {
        lines.push(reader.get(if rule.own_case.in_base { "rule.own_base" } else { "rule.own_no_base" }));
    }
    lines.extend(of_ballots(reader, rule));
    Rule { title: reader.text(&rule.title).to_owned(), lines, basis: rule.basis.clone() }
}

/// How many of a body must take part, where that is the same for all rows.
pub(crate) fn quorum(reader: &Reader, rule: &VoteRule) -> Option<String> {
    let need = need(reader, &rule.quorum)?;
    Some(reader.texts.fill("rule.quorum", &[("need", &need)]))
}

/// What a rule says besides its shares.
fn of_ballots(reader: &Reader, rule: &VoteRule) -> Vec<String> {
    let mut lines = Vec::new();
    match rule.abstention {
        Abstention::Valid => {}
        Abstention::NotCounted => lines.push(reader.get("rule.abstention_not_counted")),
        Abstention::Refused => lines.push(reader.get("rule.abstention_refused")),
    }
    match rule.tie {
        Tie::Fails => {}
        Tie::Chair => lines.push(reader.get("rule.tie_chair")),
        Tie::Again => lines.push(reader.get("rule.tie_again")),
    }
    if let Some(absent) = rule.absent {
        if absent.written_ballot.is_some() {
            lines.push(reader.get("rule.written_ballot"));
        }
        lines.push(reader.get(if absent.not_agreed { "rule.not_agreed" } else { "rule.does_not_count" }));
    }
    if let Some(places) = rule.highest {
        lines.push(reader.texts.fill("rule.highest", &[("n", &places.to_string())]));
    }
    if rule.second_ballot {
        lines.push(reader.get("rule.second_ballot"));
    }
    if rule.early_close {
        lines.push(reader.get("rule.early_close"));
    }
    lines
}

/// `at least 2/3 of all members`; none where each row has a share of its own.
fn need(reader: &Reader, threshold: &Threshold) -> Option<String> {
    let ShareOf::Fixed(share) = &threshold.share else { return None };
    Some(said(reader, *share, threshold))
}

/// A share in words.
pub(crate) fn said(reader: &Reader, share: crate::machine::Fraction, threshold: &Threshold) -> String {
    let base = match threshold.base {
        Base::Members => reader.get("base.members"),
        Base::Present => reader.get("base.present"),
        Base::Valid => reader.get("base.valid"),
    };
    let key = if threshold.more_than { "base.more_than" } else { "base.at_least" };
    reader.texts.fill(key, &[("share", &Reader::share(share)), ("base", &base)])
}
