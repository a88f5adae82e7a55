//! States: from what is written to what runs.

use super::Check;
use super::names::Kind;
use super::phrases::part;
use crate::calendar::Delay;
use crate::definition::model::{self, Name};
use crate::diagnostic::{fault, say};
use crate::ids::{EventName, RoleName, StateId, Text, VoteName, WorkflowName};
use crate::machine::{
    Deadline, Due, Escalate, Held, Joins, LinkPolicy, OverOutage, State, StateKind, StateVote, TaskRule,
};

/// What an outage over a deadline means; the first is usual.
const OVER_OUTAGE: &[(&str, OverOutage)] = &[("strict", OverOutage::Strict), ("extend", OverOutage::Extend)];

impl Check<'_> {
    /// The state at this place of the tree.
    pub(super) fn state(&self, at: usize) -> State {
        let place = self.tree.place(at);
        let written = place.state;
        State {
            id: StateId::new(&place.id),
            parent: place.parent.map(|parent| StateId::new(&self.tree.place(parent).id)),
            title: self.title(written),
            public: written.public.clone(),
            access: self.access(&written.access),
            kind: self.kind(at),
            on: written.on.iter().map(|transition| self.transition(at, transition)).collect(),
            always: written.always.iter().map(|transition| self.transition(at, transition)).collect(),
            after: written.after.iter().map(|(delay, transition)| self.after(at, delay.as_ref(), transition)).collect(),
            task: written.task.as_ref().map(|task| self.task(at, task)),
            consult: written.consult.as_ref().map(|consult| self.consult(place, consult)),
            wait: written.wait.as_ref().map(|wait| self.wait(place, wait)),
            posting: written.posting.as_ref().map(|posting| self.posting(at, posting)),
            vote: written.vote.as_ref().map(|vote| self.state_vote(vote)),
            joins: written.joins.as_ref().map(|joins| self.joins(joins)),
            awaits: written.awaits.as_ref().map(|awaits| self.awaits(awaits)),
            gathers: written.gathers,
            deadline: written.deadline.as_ref().map(|deadline| self.deadline(deadline)),
            entry: self.actions(&written.entry),
            exit: self.actions(&written.exit),
            standing: written.standing.as_ref().map(|name| name.value.clone()),
            link: self.link(at),
            acknowledge: written.acknowledge,
            urgent: written.urgent.as_ref().is_some_and(|word| self.urgent(word)),
            lead: written.lead.as_ref().map(|lead| self.lead(lead)),
            separation: written.separation.as_ref().map(|separation| self.separation(at, separation)),
        }
    }

    /// A state without a title is called by what is asked in it, else by its name.
    fn title(&self, written: &model::State) -> Text {
        let vote = written.vote.as_ref().and_then(|vote| vote.rule.as_ref());
        let vote = vote.and_then(|rule| self.definition.votes.iter().find(|vote| vote.name.value == rule.value));
        let own = written.title.as_ref().or_else(|| written.task.as_ref().map(|task| &task.title));
        own.or_else(|| vote.map(|vote| &vote.title)).cloned().unwrap_or_else(|| Text::own(&written.name.value))
    }

    fn kind(&self, at: usize) -> StateKind {
        let written = self.tree.place(at).state;
        if written.is_final {
            return StateKind::Final { outcome: written.outcome.as_ref().map(|word| word.value.clone()) };
        }
        if let Some(history) = &written.history {
            let target = written.target.as_ref().map_or_else(String::new, |target| self.target(at, target));
            return StateKind::History { deep: self.is_deep(history), target: StateId::new(target) };
        }
        if written.states.is_empty() {
            return StateKind::Atomic;
        }
        if written.parallel {
            return StateKind::Parallel;
        }
        StateKind::Compound { initial: StateId::new(self.initial(written.initial.as_ref(), Some(at))) }
    }

    fn is_deep(&self, word: &Name) -> bool {
        if !["shallow", "deep"].contains(&word.as_str()) {
            self.unknown_word(word, &say!(word.history), &["shallow", "deep"]);
        }
        word.as_str() == "deep"
    }

    pub(super) fn role_named(&self, name: Option<&Name>) -> RoleName {
        RoleName::new(name.map_or_else(String::new, |name| self.refer(Kind::Role, name)))
    }

    fn task(&self, at: usize, written: &model::Task) -> TaskRule {
        self.passes_on(at, written);
        TaskRule {
            role: self.role_named(written.role.as_ref()),
            title: written.title.clone(),
            help: written.help.clone(),
            edit: self.refer_all(Kind::Field, &written.edit),
            attach: self.refer_all(Kind::Paper, &written.attach),
            claim: written.claim,
            assign: written.assign,
            hand_over: written.hand_over,
            skip: self.skipped(at, written),
            mail: self.mail_named(written.mail.as_ref()),
        }
    }

    fn state_vote(&self, written: &model::StateVote) -> StateVote {
        let held = match &written.held {
            model::Held::Online => Held::Online,
            model::Held::Paper { records, confirms } => {
                Held::Paper { records: self.role_named(records.as_ref()), confirms: self.role_named(confirms.as_ref()) }
            }
        };
        let rule = written.rule.as_ref().map_or_else(String::new, |rule| self.refer(Kind::Vote, rule));
        let attendance = written.attendance.as_ref().map(|attendance| self.attendance(attendance, &rule));
        StateVote { rule: VoteName::new(rule), held, attendance }
    }

    /// Who records who is there; of a vote in writing, without a meeting, nobody is.
    fn attendance(&self, written: &model::Attendance, rule: &str) -> RoleName {
        let circulated = |vote: &&model::Vote| vote.ballot.as_ref().is_some_and(|word| word.as_str() == "circulated");
        let of_rule = self.definition.votes.iter().find(|vote| vote.name.as_str() == rule);
        if let Some(vote) = of_rule.filter(circulated) {
            let beside = vote.ballot.as_ref().map_or(&vote.name.span, |word| &word.span);
            self.report(fault!(KEYS_TOGETHER.attendance, &written.span).beside(beside));
        }
        self.role_named(written.records.as_ref())
    }

    fn joins(&self, written: &model::Joins) -> Joins {
        let formulas = |named: &[(Name, Option<Name>)]| {
            named.iter().map(|(field, formula)| (field.as_str().into(), self.formula(formula.as_ref()))).collect()
        };
        Joins {
            list: WorkflowName::new(written.list.as_ref().map_or("", Name::as_str)),
            with: formulas(&written.with),
            row: formulas(&written.row),
        }
    }

    fn deadline(&self, written: &model::Deadline) -> Deadline {
        Deadline {
            due: self.due(written),
            remind: written.remind.iter().map(|delay| delay.value).collect(),
            escalate: written.escalate.as_ref().map(|escalate| Escalate {
                after: escalate.after.as_ref().map_or(
                    crate::calendar::Delay { count: 0, unit: crate::calendar::DelayUnit::WorkingDays },
                    |after| after.value,
                ),
                to: self.role_named(escalate.to.as_ref()),
                mail: self.mail_named(escalate.mail.as_ref()),
            }),
            then: written.then.as_ref().map(|event| EventName::new(&event.value)),
            again: self.again(written),
            outage: self.word_of(written.outage.as_ref(), &say!(word.outage), OVER_OUTAGE),
        }
    }

    fn due(&self, written: &model::Deadline) -> Due {
        let ends: Vec<_> =
            ["within", "by", "before", "ends"].into_iter().filter_map(|key| written.keys.get_key_value(key)).collect();
        match ends[..] {
            [_] => {}
            [] => {
                self.report(fault!(MISSING_KEY.end_of_deadline, &written.span));
            }
            [(first, at), (second, also), ..] => {
                self.report(fault!(KEYS_TOGETHER.two_ends, also, first, second).beside(at));
            }
        }
        match (&written.by, &written.before, &written.ends) {
            (Some(day), _, _) => Due::By(self.day(day)),
            (None, Some(day), _) => Due::Before(self.day(day)),
            (None, None, Some(phrase)) => self.ends(phrase),
            (None, None, None) => Due::Within(self.positive(written.within.as_ref())),
        }
    }

    /// `10wd before meeting`, `30d after received_on`.
    pub(super) fn ends(&self, phrase: &Name) -> Due {
        let parts = phrase.value.trim().split_once(' ').and_then(|(delay, rest)| {
            let (word, day) = rest.trim().split_once(' ')?;
            Some((delay.parse::<Delay>().ok()?, word, day.trim()))
        });
        let Some((delay, word, day)) = parts.filter(|(delay, word, day)| {
            delay.count > 0 && delay.unit.is_of_days() && ["before", "after"].contains(word) && !day.is_empty()
        }) else {
            self.report(fault!(PHRASE.ends, &phrase.span, text = phrase));
            return Due::Within(self.positive(None));
        };
        let day = self.day(&part(phrase, day));
        if word == "before" { Due::Ends(delay, day) } else { Due::After(delay, day) }
    }

    /// A date, or a formula that gives one.
    pub(super) fn day(&self, day: &Name) -> String {
        let looks_like_a_date =
            day.value.len() >= 8 && day.value.bytes().all(|b| b.is_ascii_digit() || b == b'-' || b == b'/');
        if !looks_like_a_date {
            return self.formula(Some(day));
        }
        if day.value.len() != 10 || day.value.parse::<jiff::civil::Date>().is_err() {
            self.report(fault!(DATE.day, &day.span, day));
        }
        day.value.clone()
    }

    /// What the state says, or the nearest around it that says anything.
    fn link(&self, at: usize) -> LinkPolicy {
        let place = self.tree.place(at);
        let Some(word) = &place.state.link else {
            return place.parent.map_or(LinkPolicy::Link, |parent| self.link(parent));
        };
        self.policy(word)
    }

    /// How strongly somebody must show who they are.
    pub(super) fn policy(&self, word: &Name) -> LinkPolicy {
        match word.as_str() {
            "link" => LinkPolicy::Link,
            "link+pin" => LinkPolicy::LinkPin,
            "login" => LinkPolicy::Login,
            _ => {
                self.unknown_word(word, &say!(word.link), &["link", "link+pin", "login"]);
                LinkPolicy::Login
            }
        }
    }

    fn urgent(&self, word: &Name) -> bool {
        if word.value != "any_day" {
            self.unknown_word(word, &say!(word.urgency), &["any_day"]);
        }
        true
    }
}
