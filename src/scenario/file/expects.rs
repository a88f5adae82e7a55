//! What must hold.

use std::collections::BTreeMap;

use super::model::{Counted, Expect, Fact, MailWanted, MeasureWanted, Stand, Tasks, Which};
use super::reader::{NONE, Reader};
use super::steps::Names;
use crate::diagnostic::{did_you_mean, fault, say};
use crate::dossier::project::NoticeKind;
use crate::dossier::{Purpose, RowStatus};
use crate::exact::Exact;
use crate::ids::StateId;
use crate::machine::{Machine, StateKind};
use crate::source::Spanned;
use crate::yaml::fields::{Fields, Node};

const KEYS: &[&str] = &[
    "state",
    "outcome",
    "tasks",
    "mails",
    "other_mails",
    "papers",
    "fields",
    "register",
    "grounds",
    "milestones",
    "rows",
    "vote",
    "due",
    "round",
    "children",
    "measures",
];
const PURPOSES: &[(&str, Purpose)] = &[
    ("act", Purpose::Act),
    ("ballot", Purpose::Ballot),
    ("tally", Purpose::Tally),
    ("confirm", Purpose::Confirm),
    ("attendance", Purpose::Attendance),
    ("lead", Purpose::Lead),
    ("object", Purpose::Object),
];
const KINDS: &[(&str, NoticeKind)] = &[
    ("asked", NoticeKind::Asked),
    ("reminder", NoticeKind::Reminder),
    ("escalation", NoticeKind::Escalation),
    ("told", NoticeKind::Told),
];
const STATUSES: &[(&str, RowStatus)] = &[
    ("live", RowStatus::Live),
    ("rejected", RowStatus::Rejected),
    ("struck", RowStatus::Struck),
    ("returned", RowStatus::Returned),
    ("postponed", RowStatus::Postponed),
    ("apart", RowStatus::Apart),
    ("left", RowStatus::Left),
    ("released", RowStatus::Released),
];
const COUNTED: &[&str] = &["yes", "no", "abstain", "invalid", "base", "passed", "quorate"];

/// Reads what must hold in a dossier of this workflow.
pub(super) fn read<'w>(
    reader: &mut Reader<'w>,
    node: &Spanned<Node>,
    dossier: Which,
    machine: &'w Machine,
    names: &Names<'w>,
) -> Expect {
    let fields = reader.fields(node, KEYS);
    let at = |key: &str| fields.get(key);
    let mut expect = Expect { dossier: Some(dossier), ..Expect::default() };
    expect.state = at("state").map(|node| Spanned::new(states(reader, node, machine), node.span.clone()));
    expect.outcome = at("outcome").and_then(|node| outcome(reader, node, machine));
    expect.tasks = at("tasks").map(|node| Spanned::new(tasks(reader, node), node.span.clone()));
    expect.mails = at("mails").map(|node| Spanned::new(mails(reader, node), node.span.clone()));
    expect.other_mails = at("other_mails").and_then(|node| reader.truth(node));
    expect.papers = at("papers").map(|node| Spanned::new(reader.papers(node, machine), node.span.clone()));
    expect.fields = at("fields").map(|node| Spanned::new(reader.values(node, machine), node.span.clone()));
    expect.register = at("register").map(|node| Spanned::new(register(reader, node), node.span.clone()));
    expect.grounds = at("grounds").map(|node| Spanned::new(reader.words(node), node.span.clone()));
    expect.milestones = at("milestones").map(|node| Spanned::new(milestones(reader, node, machine), node.span.clone()));
    expect.rows = at("rows").map_or_else(Vec::new, |node| rows(reader, node, names));
    expect.vote = at("vote").map(|node| {
        let counted = reader.per_row(node, COUNTED, names, &counted);
        Spanned::new(counted, node.span.clone())
    });
    expect.due = at("due").and_then(|node| {
        let text = reader.text(node)?;
        reader.date(&text).map(|date| Spanned::new(date, text.span))
    });
    expect.children = at("children").map_or_else(Vec::new, |node| children(reader, node, machine));
    expect.measures = at("measures").map(|node| (machine.workflow.clone(), measures(reader, node, machine)));
    expect.round = at("round").and_then(|node| Some(Spanned::new(reader.count(node)?, node.span.clone())));
    expect
}

/// How children stand: `{reports: {U1: sent, U2: none}}`, or `{review: approved}` where there is one.
fn children(reader: &mut Reader<'_>, node: &Spanned<Node>, machine: &Machine) -> Vec<(String, Spanned<Stand>)> {
    let mut found = Vec::new();
    for (set, inside) in reader.named(node) {
        let Some(rule) = machine.children.get(&set.value) else {
            let known = machine.children.keys().map(String::as_str);
            let fault = fault!(UNKNOWN_CHILDREN.unknown, &set.span, name = set);
            reader.report(fault.help(did_you_mean(&set.value, known, say!(near.none))));
            continue;
        };
        let all: Vec<_> = if rule.is_one() {
            vec![(Spanned::new(String::new(), set.span.clone()), inside)]
        } else {
            reader.named(inside).iter().map(|(key, inside)| (key.clone(), inside)).collect()
        };
        for (key, result) in all {
            let Some(result) = reader.text(result) else { continue };
            let result = (result.value != NONE).then_some(result.value);
            found.push((set.value.clone(), Spanned::new((key.value, result), key.span)));
        }
    }
    found
}

/// What measures give: `{direct_share: 2/3}`, or `{on_time: {U1: 100%, U2: 1/2}}` for exactly these groups.
fn measures(reader: &mut Reader<'_>, node: &Spanned<Node>, machine: &Machine) -> Vec<MeasureWanted> {
    let mut found = Vec::new();
    for (name, wanted) in reader.named(node) {
        if !machine.measures.contains_key(&name.value) {
            let help = did_you_mean(&name.value, machine.measures.keys().map(String::as_str), say!(near.none));
            let workflow = machine.workflow.as_str();
            reader.report(fault!(SCENARIO_NAME.measure, &name.span, workflow, name).help(help));
            continue;
        }
        let values: Vec<_> = match &wanted.value {
            Node::Map(entries) => {
                let group =
                    |(group, value): &(Spanned<String>, _)| Some((Some(group.value.clone()), exactly(reader, value)?));
                entries.iter().filter_map(group).collect()
            }
            _ => exactly(reader, wanted).map(|value| (None, value)).into_iter().collect(),
        };
        found.push(MeasureWanted { name: name.clone(), values });
    }
    found
}

/// `3`, `2.5`, `2/3`, `50%`; the inner none for `none`.
#[expect(clippy::option_option, reason = "a fault and no value are two things")]
fn exactly(reader: &mut Reader<'_>, node: &Spanned<Node>) -> Option<Option<Exact>> {
    let text = reader.text(node)?;
    if text.value == NONE {
        return Some(None);
    }
    let read = match (text.value.strip_suffix('%'), text.value.split_once('/')) {
        (Some(percent), _) => percent.trim().parse::<Exact>().ok().and_then(|percent| percent.over(100.into())),
        (None, Some((num, den))) => {
            let read = |part: &str| part.trim().parse::<Exact>().ok();
            read(num).zip(read(den)).and_then(|(num, den)| num.over(den))
        }
        (None, None) => text.value.parse().ok(),
    };
    if read.is_none() {
        reader.report(fault!(WRONG_TYPE.want_exact, &text.span));
    }
    read.map(Some)
}

/// States by their full paths, or by their last names where only one state has it.
fn states(reader: &mut Reader<'_>, node: &Spanned<Node>, machine: &Machine) -> Vec<StateId> {
    let mut states = Vec::new();
    for name in reader.texts(node) {
        let is_it = |id: &StateId| id.as_str() == name.value || id.as_str().ends_with(&format!(".{}", name.value));
        let exact = machine.states.iter().find(|state| state.id.as_str() == name.value);
        let found: Vec<&StateId> = machine.states.iter().map(|state| &state.id).filter(|id| is_it(id)).collect();
        match (exact, found.as_slice()) {
            (Some(state), _) => states.push(state.id.clone()),
            (None, [one]) => states.push((*one).clone()),
            (None, []) => {
                let help =
                    did_you_mean(&name.value, machine.states.iter().map(|state| state.id.as_str()), say!(near.none));
                let workflow = machine.workflow.as_str();
                reader.report(fault!(UNKNOWN_STATE.of_workflow, &name.span, workflow, name).help(help));
            }
            (None, several) => {
                let paths: Vec<&str> = several.iter().map(|id| id.as_str()).collect();
                reader.report(fault!(UNKNOWN_STATE.several, &name.span, name, paths = paths.join(", ")));
            }
        }
    }
    states
}

fn outcome(reader: &mut Reader<'_>, node: &Spanned<Node>, machine: &Machine) -> Option<Spanned<Option<String>>> {
    let text = reader.text(node)?;
    if text.value == NONE {
        return Some(Spanned::new(None, text.span));
    }
    let known = machine.states.iter().filter_map(|state| match &state.kind {
        StateKind::Final { outcome } => outcome.as_deref(),
        _ => None,
    });
    let known: Vec<&str> = known.collect();
    if !known.contains(&text.value.as_str()) {
        let help = did_you_mean(&text.value, known, say!(near.none));
        let workflow = machine.workflow.as_str();
        reader.report(fault!(SCENARIO_NAME.outcome, &text.span, workflow, name = text).help(help));
    }
    Some(text.map(Some))
}

fn tasks(reader: &mut Reader<'_>, node: &Spanned<Node>) -> Tasks {
    if !matches!(node.value, Node::Map(_)) {
        return Tasks::People(reader.people(node));
    }
    let mut by_purpose = BTreeMap::new();
    for (purpose, people) in reader.named(node) {
        if let Some(purpose) = reader.word(purpose, PURPOSES) {
            by_purpose.insert(purpose, reader.people(people));
        }
    }
    Tasks::ByPurpose(by_purpose)
}

fn mails(reader: &mut Reader<'_>, node: &Spanned<Node>) -> Vec<Spanned<MailWanted>> {
    let Node::List(items) = &node.value else {
        let people = reader.texts(node);
        let mail = |reader: &mut Reader<'_>, code: &Spanned<String>| MailWanted {
            to: reader.person(code),
            ..MailWanted::default()
        };
        return people.iter().map(|code| Spanned::new(mail(reader, code), code.span.clone())).collect();
    };
    items.iter().map(|item| Spanned::new(mail(reader, item), item.span.clone())).collect()
}

fn mail(reader: &mut Reader<'_>, node: &Spanned<Node>) -> MailWanted {
    if let Node::Text(code) = &node.value {
        let code = Spanned::new(code.clone(), node.span.clone());
        return MailWanted { to: reader.person(&code), ..MailWanted::default() };
    }
    let fields = reader.fields(node, &["to", "kind", "mail", "subject", "words", "on", "invites", "cancels"]);
    let mut text = |key: &str| fields.get(key).and_then(|node| reader.text(node));
    let (to, kind, on) = (text("to"), text("kind"), text("on"));
    let (invites, cancels) = (text("invites"), text("cancels"));
    let (subject, words, mail) = (text("subject"), text("words"), text("mail"));
    MailWanted {
        to: to.and_then(|code| reader.person(&code)),
        kind: kind.and_then(|kind| reader.word(&kind, KINDS)),
        mail: mail.map(|mail| mail_named(reader, mail)),
        subject: subject.map(|subject| subject.value),
        words: words.map(|words| words.value),
        on: on.and_then(|on| reader.date(&on)),
        invites: invites.and_then(|day| reader.date(&day)),
        cancels: cancels.and_then(|day| reader.date(&day)),
    }
}

/// A mail that one of the workflows has.
fn mail_named(reader: &mut Reader<'_>, name: Spanned<String>) -> String {
    let known: Vec<&str> =
        reader.world.machines().flat_map(|machine| machine.mails.keys()).map(String::as_str).collect();
    if !known.contains(&name.as_str()) {
        let help = did_you_mean(&name.value, known, say!(near.none));
        reader.report(fault!(SCENARIO_NAME.mail, &name.span, name).help(help));
    }
    name.value
}

pub(super) fn fact(reader: &mut Reader<'_>, node: &Spanned<Node>) -> Fact {
    let fields = reader.fields(node, &["register", "holder", "key", "year"]);
    let text = |reader: &mut Reader<'_>, key: &str| fields.get(key).and_then(|node| reader.text(node));
    let holder = text(reader, "holder").and_then(|holder| holder_of(reader, &holder));
    let year = text(reader, "year").and_then(|year| {
        let number = year.value.parse().ok();
        if number.is_none() {
            reader.report(fault!(WRONG_TYPE.want_year, &year.span));
        }
        number
    });
    let register = text(reader, "register").map(|text| text.value);
    Fact { register, holder, key: text(reader, "key").map(|text| text.value), year }
}

/// A person by their code, or a unit as `unit CODE`.
fn holder_of(reader: &mut Reader<'_>, holder: &Spanned<String>) -> Option<String> {
    match holder.value.strip_prefix("unit ") {
        Some(unit) => Some(format!("unit:{}", unit.trim())),
        None => reader.person(holder).map(|person| person.to_string()),
    }
}

fn register(reader: &mut Reader<'_>, node: &Spanned<Node>) -> Vec<Fact> {
    if matches!(&node.value, Node::Text(text) if text == NONE) {
        return Vec::new();
    }
    let items = crate::yaml::fields::items(node, &mut reader.faults);
    items.iter().map(|item| fact(reader, item)).collect()
}

fn milestones(reader: &mut Reader<'_>, node: &Spanned<Node>, machine: &Machine) -> Vec<String> {
    let actions = machine.states.iter().flat_map(|state| [&state.entry, &state.exit]);
    let known: Vec<&str> = actions.filter_map(|actions| actions.milestone.as_deref()).collect();
    let mut milestones = Vec::new();
    for name in reader.texts(node) {
        if known.contains(&name.value.as_str()) {
            milestones.push(name.value);
        } else {
            let help = did_you_mean(&name.value, known.iter().copied(), say!(near.none));
            let workflow = machine.workflow.as_str();
            reader.report(fault!(SCENARIO_NAME.milestone, &name.span, workflow, name).help(help));
        }
    }
    milestones
}

fn rows<'w>(reader: &mut Reader<'w>, node: &Spanned<Node>, names: &Names<'w>) -> Vec<(Spanned<String>, RowStatus)> {
    let mut rows = Vec::new();
    for (name, status) in reader.named(node) {
        reader.known_row(name, names);
        let status = reader.text(status).and_then(|status| reader.word(&status, STATUSES));
        rows.extend(status.map(|status| (name.clone(), status)));
    }
    rows
}

fn counted(reader: &mut Reader<'_>, node: &Spanned<Node>) -> Counted {
    let fields: Fields<'_> = reader.fields(node, COUNTED);
    let count = |reader: &mut Reader<'_>, key: &str| fields.get(key).and_then(|node| reader.count(node));
    let truth = |reader: &mut Reader<'_>, key: &str| {
        fields.get(key).and_then(|node| reader.truth(node)).map(|truth| truth.value)
    };
    Counted {
        yes: count(reader, "yes"),
        no: count(reader, "no"),
        abstain: count(reader, "abstain"),
        invalid: count(reader, "invalid"),
        base: count(reader, "base"),
        passed: truth(reader, "passed"),
        quorate: truth(reader, "quorate"),
    }
}

#[cfg(test)]
mod tests {
    use super::KEYS;
    use crate::definition::schema::Of;

    #[test]
    fn editors_are_told_the_keys_that_are_read() {
        let read: std::collections::BTreeSet<&str> = KEYS.iter().copied().collect();
        assert_eq!(Of::Scenario.keys("expect"), read);
    }
}
