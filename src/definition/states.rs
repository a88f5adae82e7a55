//! States as written.

use super::item::{Item, Map};
use super::model::{
    Actions, Again, Attendance, Deadline, Escalate, Held, Joins, Lead, Name, Register, State, StateVote, Task,
};
use super::separation::separation;
use super::transitions;
use super::{children, mails, outside, parts};
use crate::diagnostic::say;
use crate::ids::Text;
use crate::source::{Span, Spanned};

const KEYS: &[&str] = &[
    "title",
    "public",
    "access",
    "initial",
    "states",
    "parallel",
    "history",
    "target",
    "on",
    "always",
    "after",
    "task",
    "consult",
    "wait",
    "posting",
    "vote",
    "joins",
    "awaits",
    "gathers",
    "deadline",
    "entry",
    "exit",
    "standing",
    "link",
    "acknowledge",
    "urgent",
    "lead",
    "separation",
    "final",
    "outcome",
];

/// What a state may do by itself.
const ACTION_KEYS: [&str; 8] = ["compare", "set", "milestone", "register", "tell", "open", "send", "result"];

/// The states of a section, each with those inside it.
pub(super) fn states(item: &Item<'_>) -> Vec<State> {
    item.named(say!(several.states)).into_iter().filter_map(|(name, item)| state(name, &item)).collect()
}

fn state(name: Name, item: &Item<'_>) -> Option<State> {
    let map = item.map(say!(what.state), KEYS)?;
    let mut state = State {
        keys: map.keys(),
        title: map.get("title").map(|item| item.text()),
        public: map.text("public"),
        access: map.get("access").map_or_else(Vec::new, |item| parts::access(&item)),
        initial: map.word("initial"),
        states: map.get("states").map_or_else(Vec::new, |item| states(&item)),
        parallel: map.flag("parallel"),
        history: map.word("history"),
        target: map.word("target"),
        on: map.get("on").map_or_else(Vec::new, |item| transitions::on(&item)),
        always: map.get("always").map_or_else(Vec::new, |item| transitions::always(&item)),
        after: map.get("after").map_or_else(Vec::new, |item| transitions::after(&item)),
        task: map.get("task").and_then(|item| task(&item)),
        consult: map.get("consult").and_then(|item| outside::consult(&item)),
        wait: map.get("wait").and_then(|item| outside::wait(&item)),
        posting: map.get("posting").and_then(|item| outside::posting(&item)),
        vote: map.get("vote").and_then(|item| vote(&item)),
        joins: map.get("joins").and_then(|item| joins(&item)),
        awaits: map.get("awaits").and_then(|item| children::awaits(&item)),
        gathers: map.flag("gathers"),
        deadline: map.get("deadline").and_then(|item| deadline(&item)),
        entry: actions(&map, "entry"),
        exit: actions(&map, "exit"),
        standing: map.word("standing"),
        link: map.word("link"),
        acknowledge: map.flag("acknowledge"),
        urgent: map.word("urgent"),
        lead: map.get("lead").and_then(|item| lead(&item)),
        separation: map.get("separation").and_then(|item| separation(&item)),
        is_final: map.flag("final"),
        outcome: map.word("outcome"),
        name,
    };
    outside::consulted(&mut state);
    outside::recorded(&mut state);
    outside::posted(&mut state);
    Some(state)
}

fn needed(map: &Map<'_>, key: &str, place: &Span) -> Option<Name> {
    map.need(key, place)?.word()
}

fn lead(item: &Item<'_>) -> Option<Lead> {
    let map = item.map(say!(what.lead), &["by", "may"])?;
    let may = map.need("may", item.span()).map_or_else(Vec::new, |item| item.words());
    Some(Lead { by: needed(&map, "by", item.span()), may })
}

fn task(item: &Item<'_>) -> Option<Task> {
    let map = item.map(
        say!(what.task),
        &["for", "title", "help", "edit", "attach", "claim", "assign", "hand_over", "skip", "mail"],
    )?;
    Some(Task {
        role: needed(&map, "for", item.span()),
        title: map.need("title", item.span()).map_or_else(Text::default, |item| item.text()),
        help: map.text("help"),
        edit: map.words("edit"),
        attach: map.words("attach"),
        claim: map.flag("claim"),
        assign: map.flag("assign"),
        hand_over: map.flag("hand_over"),
        skip: map.word("skip"),
        mail: map.word("mail"),
        keys: map.keys(),
    })
}

/// `vote: rule` or `vote: {rule: .., held: ..}`.
fn vote(item: &Item<'_>) -> Option<StateVote> {
    if let crate::yaml::Node::Text(_) = item.node() {
        return Some(StateVote { rule: item.word(), held: Held::Online, attendance: None });
    }
    let map = item.map(say!(what.state_vote), &["rule", "held", "attendance"])?;
    Some(StateVote {
        rule: needed(&map, "rule", item.span()),
        held: map.get("held").map_or(Held::Online, |item| held(&item)),
        attendance: map.get("attendance").and_then(|item| attendance(&item)),
    })
}

fn attendance(item: &Item<'_>) -> Option<Attendance> {
    let map = item.map(say!(what.attendance), &["records"])?;
    Some(Attendance { span: item.span().clone(), records: needed(&map, "records", item.span()) })
}

fn held(item: &Item<'_>) -> Held {
    if matches!(item.node(), crate::yaml::Node::Text(word) if word == "online") {
        return Held::Online;
    }
    let paper = item.map(say!(what.held), &["paper"]).and_then(|map| map.need("paper", item.span()));
    let Some(paper) = paper else { return Held::Online };
    let map = paper.map(say!(what.on_paper), &["records", "confirms"]);
    let word = |key: &str| map.as_ref().and_then(|map| needed(map, key, paper.span()));
    Held::Paper { records: word("records"), confirms: word("confirms") }
}

fn joins(item: &Item<'_>) -> Option<Joins> {
    let map = item.map(say!(what.joins), &["list", "with", "row"])?;
    let formulas = |key: &str| {
        let named = map.get(key).map_or_else(Vec::new, |item| item.named(say!(several.formulas)));
        named.into_iter().map(|(name, item)| (name, item.formula())).collect()
    };
    Some(Joins { list: needed(&map, "list", item.span()), with: formulas("with"), row: formulas("row") })
}

fn deadline(item: &Item<'_>) -> Option<Deadline> {
    let map = item.map(
        say!(what.deadline),
        &["within", "by", "before", "ends", "again", "remind", "escalate", "then", "outage"],
    )?;
    let remind = map.get("remind").map_or_else(Vec::new, |item| item.items());
    Some(Deadline {
        span: item.span().clone(),
        keys: map.keys(),
        within: map.get("within").and_then(|item| item.delay()),
        by: map.get("by").and_then(|item| item.formula()),
        before: map.get("before").and_then(|item| item.formula()),
        ends: map.word("ends"),
        remind: remind.iter().filter_map(Item::delay).collect(),
        escalate: map.get("escalate").and_then(|item| escalate(&item)),
        then: map.word("then"),
        again: map.get("again").and_then(|item| again(&item)),
        outage: map.word("outage"),
    })
}

/// `again: 3wd`, `again: rest`.
fn again(item: &Item<'_>) -> Option<Spanned<Again>> {
    if matches!(item.node(), crate::yaml::Node::Text(word) if word == "rest") {
        return Some(Spanned::new(Again::Rest, item.span().clone()));
    }
    let delay = item.delay()?;
    Some(Spanned::new(Again::Within(delay.value), delay.span))
}

fn escalate(item: &Item<'_>) -> Option<Escalate> {
    let map = item.map(say!(what.escalation), &["after", "to", "mail"])?;
    Some(Escalate {
        after: map.need("after", item.span()).and_then(|item| item.delay()),
        to: needed(&map, "to", item.span()),
        mail: map.word("mail"),
    })
}

fn actions(map: &Map<'_>, key: &str) -> Actions {
    let Some(item) = map.get(key) else { return Actions::default() };
    let Some(map) = item.map(say!(what.actions), &ACTION_KEYS) else {
        return Actions::default();
    };
    let set = map.get("set").map_or_else(Vec::new, |item| item.named(say!(several.formulas)));
    Actions {
        compare: map.words("compare"),
        set: set.into_iter().map(|(name, item)| (name, item.formula())).collect(),
        milestone: map.word("milestone"),
        register: map.get("register").map_or_else(Vec::new, |item| item.items().iter().filter_map(register).collect()),
        tell: mails::tell(&map),
        open: map.words("open"),
        send: children::sends(&map),
        result: map.word("result"),
    }
}

fn register(item: &Item<'_>) -> Option<Register> {
    let map = item.map(say!(what.register_entry), &["register", "holder", "key", "year"])?;
    Some(Register {
        register: needed(&map, "register", item.span()),
        holder: map.get("holder").and_then(|item| item.formula()),
        key: map.need("key", item.span()).and_then(|item| item.formula()),
        year: map.need("year", item.span()).and_then(|item| item.formula()),
    })
}
