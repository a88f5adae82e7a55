//! An explanation in the words of the office, for whoever asked on a terminal or a page.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde_json::Value;

use super::choices::{Choice, Choices, Rule};
use super::coming::Coming;
use super::search::{Need, Opening};
use super::ways::{Asked, WayOut};
use super::{Awaited, Explanation, Last, List, Outside, Relatives, Siblings, Standing};
use crate::calendar::Calendar;
use crate::directory::Directory;
use crate::dossier::TimerKind;
use crate::dossier::event::Kind;
use crate::dossier::refusal::{Code, Reason};
use crate::ids::{Citation, EventName, FieldName, Instant, Language, PersonId, RoleName, StateId, Text, WorkflowName};
use crate::machine::{FieldKind, Machine};
use crate::words::{Phrases, Words};

static VI: LazyLock<Phrases> = LazyLock::new(|| Phrases::read(include_str!("texts/vi.toml")));
static EN: LazyLock<Phrases> = LazyLock::new(|| Phrases::read(include_str!("texts/en.toml")));

/// The phrases of a language by its code; Vietnamese for those that we do not have.
pub fn phrases(language: &str) -> &'static Phrases {
    match language.split(['-', '_']).next() {
        Some("en") => &EN,
        _ => &VI,
    }
}

/// Who reads, and the world as they know it.
#[derive(Clone, Copy, Debug)]
pub struct Saying<'a> {
    /// The workflow's version.
    pub machine: &'a Machine,
    /// Names of people.
    pub directory: &'a Directory,
    /// Working days, and the time zone.
    pub calendar: &'a Calendar,
    /// The reader's language.
    pub language: &'a Language,
    /// The time of the question.
    pub now: Instant,
    /// What other workflows are called.
    pub titles: &'a BTreeMap<WorkflowName, Text>,
}

/// For who knows of no other workflow.
pub static NO_TITLES: BTreeMap<WorkflowName, Text> = BTreeMap::new();

impl Saying<'_> {
    fn phrases(&self) -> &'static Phrases {
        phrases(self.language.as_str())
    }

    fn get(&self, key: &'static str) -> String {
        self.phrases().get(key).to_owned()
    }

    fn say(&self, key: &str, values: &[(&str, &str)]) -> String {
        self.phrases().say(key, values)
    }

    fn text<'t>(&self, text: &'t Text) -> &'t str {
        text.in_language(self.language)
    }

    /// A moment, short.
    pub fn moment(&self, at: Instant) -> String {
        Words::of(self.language.as_str()).moment_short(at, self.calendar.zone())
    }

    /// What a person is called.
    pub fn name(&self, person: &PersonId) -> String {
        self.directory.person(person).map_or_else(|| self.get("unknown"), |person| person.name.clone())
    }

    fn names(&self, people: &[PersonId]) -> String {
        people.iter().map(|person| self.name(person)).collect::<Vec<_>>().join(", ")
    }

    /// What another workflow is called.
    fn workflow<'n>(&'n self, name: &'n WorkflowName) -> &'n str {
        let title = self.titles.get(name).map(|title| self.text(title)).unwrap_or_default();
        if title.is_empty() { name.as_str() } else { title }
    }

    fn role(&self, role: &RoleName) -> String {
        let label = self.machine.roles.get(role).map(|role| self.text(&role.label)).unwrap_or_default();
        if label.is_empty() { role.to_string() } else { label.to_owned() }
    }

    /// What a state is called.
    pub fn state(&self, id: &StateId) -> String {
        let title = self.machine.state(id).map(|state| self.text(&state.title)).unwrap_or_default();
        if title.is_empty() { id.to_string() } else { title.to_owned() }
    }

    /// Everything, a line each; what belongs to a line stands two blanks further in. `mail` says how the mails to somebody
    /// are.
    pub fn lines(&self, it: &Explanation, mail: &dyn Fn(&PersonId) -> Vec<String>) -> Vec<String> {
        let mut lines = Vec::new();
        self.standing(it, &mut lines);
        self.waiting(it, mail, &mut lines);
        self.related(&it.related, &mut lines);
        lines.push(self.get("next"));
        lines.extend(it.coming.iter().map(|coming| format!("  {}", self.coming(coming))));
        if it.coming.is_empty() {
            lines.push(format!("  {}", self.get("next_none")));
        }
        if let Some(last) = &it.last {
            lines.extend([self.get("last"), format!("  {}", self.last(last))]);
        }
        if it.outcome.is_none() {
            lines.push(self.get("ways"));
            lines.extend(it.ways.iter().flat_map(|way| self.way(way)));
            if it.ways.is_empty() {
                lines.push(format!("  {}", self.get("ways_none")));
            }
        }
        lines
    }

    fn standing(&self, it: &Explanation, lines: &mut Vec<String>) {
        if let Some(outcome) = &it.outcome {
            let title = self.machine.outcome_title(outcome).map(|title| self.text(title));
            let title = title.filter(|title| !title.is_empty()).unwrap_or(outcome);
            lines.push(format!("{}: {title}", self.get("ended")));
        }
        if let Some(stuck) = &it.stuck {
            let (since, again) = (self.moment(stuck.since_at), self.moment(stuck.again_at));
            let tries = stuck.tries.to_string();
            lines.push(self.say("stuck", &[("at", &since), ("tries", &tries), ("again", &again)]));
            lines.extend(stuck.reasons.iter().map(|reason| format!("  {}", self.reason(reason))));
        }
        if it.round > 1 {
            lines.push(self.say("round", &[("n", &it.round.to_string())]));
        }
        lines.push(self.get("stands"));
        lines.extend(it.stands.iter().map(|standing| format!("  {}", self.stand(standing))));
        if !it.paused.is_empty() {
            lines.push(self.get("paused"));
            lines.extend(it.paused.iter().map(|standing| format!("  {}", self.stand(standing))));
        }
        if !it.grounds.is_empty() {
            lines.push(self.get("grounds"));
            lines.extend(
                it.grounds
                    .iter()
                    .map(|ground| format!("  {}", self.with_basis(self.text(&ground.text), ground.basis.as_ref()))),
            );
        }
    }

    fn stand(&self, standing: &Standing) -> String {
        let since = self.say("since", &[("at", &self.moment(standing.since))]);
        [Some(self.state(&standing.state)), Some(since), self.due(standing.due_at)]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join("; ")
    }

    fn due(&self, due_at: Option<Instant>) -> Option<String> {
        let due = due_at?;
        let passed = due < self.now;
        let days = self.calendar.working_days_between(self.now.min(due), self.now.max(due));
        let left = Words::of(self.language.as_str()).remaining(if passed { -days } else { days }, passed);
        Some(self.say("due", &[("at", &self.moment(due)), ("left", &left)]))
    }

    fn waiting(&self, it: &Explanation, mail: &dyn Fn(&PersonId) -> Vec<String>, lines: &mut Vec<String>) {
        if it.outcome.is_some() {
            return;
        }
        lines.push(self.get("waits"));
        for awaited in &it.awaited {
            lines.push(format!("  {}", self.awaited(awaited)));
            let said = mail(&awaited.person);
            let said = if said.is_empty() { vec![self.get("mail_none")] } else { said };
            lines.extend(said.into_iter().map(|said| format!("    {}: {said}", self.get("mail"))));
        }
        lines.extend(it.outside.iter().map(|one| format!("  {}", self.outside(one))));
        for list in &it.lists {
            let said = match list {
                List::Row { list, .. } => self.say("list_row", &[("list", self.workflow(list))]),
                List::Rows { live, all } => {
                    self.say("list_rows", &[("live", &live.to_string()), ("all", &all.to_string())])
                }
            };
            lines.push(format!("  {said}"));
        }
        let awaited = it.related.children.iter().filter(|set| set.awaited);
        lines.extend(awaited.clone().map(|set| format!("  {}", self.siblings(set))));
        if it.awaited.is_empty() && it.outside.is_empty() && it.lists.is_empty() && awaited.count() == 0 {
            lines.push(format!("  {}", self.get("nobody")));
        }
    }

    /// `Reports: 3 of 5 are back (2 sent, 1 late); not back: Tax, Customs`.
    fn siblings(&self, set: &Siblings) -> String {
        let rule = self.machine.children.get(&set.name);
        let label = rule.map_or(set.name.as_str(), |rule| self.text(&rule.label));
        let called = |result: &String| {
            rule.and_then(|rule| rule.results.get(result)).map_or(result.as_str(), |label| self.text(label)).to_owned()
        };
        let results: Vec<String> = set.results.iter().map(|(word, n)| format!("{n} {}", called(word))).collect();
        let (back, all) = (set.all - set.missing.len(), set.all);
        let holes = [("label", label), ("back", &back.to_string()), ("all", &all.to_string())];
        let mut said = self.say("children", &holes);
        if !results.is_empty() {
            said = format!("{said} ({})", results.join(", "));
        }
        if !set.missing.is_empty() {
            said = format!("{said}; {}", self.say("children_missing", &[("names", &set.missing.join(", "))]));
        }
        said
    }

    fn related(&self, it: &Relatives, lines: &mut Vec<String>) {
        let others = it.children.iter().filter(|set| !set.awaited).map(|set| self.siblings(set));
        let parent = it.parent.iter().map(|parent| {
            self.say("parent", &[("workflow", self.workflow(&parent.workflow)), ("id", parent.dossier.as_str())])
        });
        let unheard = it
            .unheard
            .iter()
            .map(|one| self.say("unheard", &[("event", one.event.as_str()), ("id", one.from.as_str())]));
        let said: Vec<String> = parent.chain(others).chain(unheard).map(|line| format!("  {line}")).collect();
        if !said.is_empty() {
            lines.push(self.get("related"));
            lines.extend(said);
        }
    }

    fn awaited(&self, awaited: &Awaited) -> String {
        let role = awaited.role.as_ref().map(|role| format!(" ({})", self.role(role))).unwrap_or_default();
        let since = self.say("since", &[("at", &self.moment(awaited.since))]);
        let who = format!("{}{role}", self.name(&awaited.person));
        [Some(who), Some(since), self.due(awaited.due_at)].into_iter().flatten().collect::<Vec<_>>().join("; ")
    }

    /// `the Prime Minister; since 4/3; recorded by: Lan`.
    fn outside(&self, one: &Outside) -> String {
        let since = self.say("since", &[("at", &self.moment(one.since))]);
        let records = self.say("records", &[("who", &self.names(&one.records))]);
        let said = [Some(self.text(&one.on).to_owned()), Some(since), self.due(one.due_at), Some(records)];
        said.into_iter().flatten().collect::<Vec<_>>().join("; ")
    }

    fn coming(&self, coming: &Coming) -> String {
        let who = self.names(&coming.people);
        let to = coming.leads_to.as_ref().map(|state| self.state(state));
        let to = to.as_deref();
        let what = match (&coming.what, to) {
            (TimerKind::Remind(_), _) => self.say("remind", &[("who", &who)]),
            (TimerKind::Escalate, _) => self.say("escalate", &[("who", &who)]),
            (TimerKind::After(_), Some(state)) => self.say("after", &[("state", state)]),
            (TimerKind::After(_), None) => self.get("after_no_state"),
            (TimerKind::Deadline, Some(state)) => self.say("deadline", &[("state", state)]),
            (TimerKind::Deadline, None) => self.get("deadline_no_state"),
            (TimerKind::VoteEnds, _) => self.get("vote_ends"),
            (TimerKind::PostingEnds, _) => self.get("posting_ends"),
        };
        let overdue = if coming.at <= self.now { format!(" {}", self.get("overdue")) } else { String::new() };
        format!("{}: {what}{overdue}", self.moment(coming.at))
    }

    fn last(&self, last: &Last) -> String {
        let who = last.person.as_ref().map_or_else(|| self.get("system"), |person| self.name(person));
        let what = match &last.event {
            Some(event) => self.say("last_act", &[("who", &who), ("label", &self.label(event))]),
            None => self.say("last_by", &[("who", &who), ("what", &self.get(kind(last.kind)))]),
        };
        let reason = last.reason.as_ref().map(|reason| self.say("reason", &[("reason", reason)]));
        let to = last.entered.as_ref().map(|state| self.say("last_to", &[("state", &self.state(state))]));
        let said: Vec<String> = [Some(what), reason, to].into_iter().flatten().collect();
        format!("{}: {}", self.moment(last.at), said.join("; "))
    }

    /// What the button of an event says, wherever it stands first.
    fn label(&self, event: &EventName) -> String {
        let mut all = self.machine.states.iter().flat_map(|state| &state.on);
        let labelled = all.find(|one| one.event.as_ref() == Some(event) && !one.label.is_empty());
        labelled.map_or_else(|| event.to_string(), |one| self.text(&one.label).to_owned())
    }

    fn way(&self, way: &WayOut) -> Vec<String> {
        let label = self.text(&way.label);
        let label = if label.is_empty() { way.event.as_str() } else { label };
        let to: Vec<String> = way.leads_to.iter().map(|state| self.state(state)).collect();
        let to = if to.is_empty() { self.get("stays") } else { self.say("leads_to", &[("state", &to.join(" | "))]) };
        let mut lines = vec![format!("  {label} {to}")];
        match way.closed_for_all() {
            _ if way.people.is_empty() => lines.push(format!("    {}", self.get("no_holder"))),
            Some(reasons) => {
                lines.push(format!("    {}", self.say("closed_all", &[("why", &self.reasons(reasons))])));
            }
            None => lines.extend(self.each(way)),
        }
        let asks = self.asks(way);
        if !asks.is_empty() {
            lines.push(format!("    {}", self.say("asks", &[("what", &asks)])));
        }
        lines
    }

    fn each(&self, way: &WayOut) -> Vec<String> {
        let (open, closed): (Vec<&Asked>, Vec<&Asked>) = way.people.iter().partition(|asked| asked.closed.is_empty());
        let mut lines = Vec::new();
        if !open.is_empty() {
            let people: Vec<PersonId> = open.iter().map(|asked| asked.person.clone()).collect();
            lines.push(format!("    {}", self.say("open_for", &[("who", &self.names(&people))])));
        }
        lines.extend(closed.iter().map(|asked| {
            let (who, why) = (self.name(&asked.person), self.reasons(&asked.closed));
            format!("    {}", self.say("closed_for", &[("who", &who), ("why", &why)]))
        }));
        lines
    }

    fn asks(&self, way: &WayOut) -> String {
        let reason = way.reason.then(|| self.get("asks_reason"));
        let fields = way.fill.iter().map(|name| self.field(name));
        let papers = way.attach.iter().map(|kind| self.paper(kind));
        reason.into_iter().chain(fields).chain(papers).collect::<Vec<_>>().join(", ")
    }

    fn field(&self, name: &FieldName) -> String {
        self.machine.field(name).map_or_else(|| name.to_string(), |field| self.text(&field.label).to_owned())
    }

    fn paper(&self, kind: &str) -> String {
        self.machine.papers.get(kind).map_or_else(|| kind.to_owned(), |label| self.text(label).to_owned())
    }

    fn reasons(&self, reasons: &[Reason]) -> String {
        reasons.iter().map(|reason| self.reason(reason)).collect::<Vec<_>>().join("; ")
    }

    /// Why not, in words, with the legal basis.
    pub fn reason(&self, reason: &Reason) -> String {
        let own = reason.filled(self.text(&reason.text), &self.get("another_dossier"));
        if !own.is_empty() {
            return self.with_basis(&own, reason.basis.as_ref());
        }
        let about = reason.about.clone().unwrap_or_default();
        let key = match reason.code {
            Code::Guard => "code_guard",
            Code::GuardFailed => "code_guard_failed",
            Code::NotAsked => "code_not_asked",
            Code::Paused => "code_paused",
            Code::ActedOn { .. } => "code_acted_on",
            Code::NotSigned => "code_not_signed",
            Code::NobodyToAsk => "code_nobody_to_ask",
            Code::TooFewToAsk => "code_too_few_to_ask",
            Code::SamePerson => "code_same_person",
            Code::Named => "code_named",
            Code::Separated { .. } => "code_separated",
            Code::Done { .. } => "code_done",
            _ => "code_other",
        };
        let said = self.say(key, &[("about", &about), ("code", &reason.code.name())]);
        self.with_basis(said.trim(), reason.basis.as_ref())
    }

    fn with_basis(&self, said: &str, basis: Option<&Citation>) -> String {
        match basis {
            Some(basis) => format!("{said} {}", self.say("basis", &[("basis", basis.in_language(self.language))])),
            None => said.to_owned(),
        }
    }

    /// The choices of a field, a line each, with what closes and what would open them.
    pub fn choices(&self, it: &Choices) -> Vec<String> {
        let open = it.choices.iter().filter(|choice| choice.open).count().to_string();
        let all = it.choices.len().to_string();
        let label = self.field(&it.field);
        let mut lines = vec![self.say("choices", &[("label", &label), ("open", &open), ("all", &all)])];
        for choice in &it.choices {
            let standing = self.get(if choice.open { "choice_open" } else { "choice_closed" });
            let title = self.machine.row_title(&it.table, &choice.code, self.language);
            let chosen = if choice.chosen { format!(" {}", self.get("choice_chosen")) } else { String::new() };
            let rests = choice.rests.as_ref().filter(|_| choice.open);
            let rests = rests.map(|state| format!(" {}", self.say("leads_to", &[("state", &self.state(state))])));
            lines.push(format!("  {standing}  {title}{chosen}{}", rests.unwrap_or_default()));
            for rule in &choice.rules {
                lines.push(format!("    {}", self.reason(&rule.reason)));
                lines.extend(self.meets(choice, rule).into_iter().map(|line| format!("      {line}")));
            }
            lines.extend(self.opens(choice).into_iter().map(|line| format!("    {line}")));
        }
        lines
    }

    /// With what a rule would not close a choice any more; where it is the only one, [`Self::opens`] says it.
    pub fn meets(&self, choice: &Choice, rule: &Rule) -> Vec<String> {
        if rule.opens.is_empty() {
            return rule.guard.iter().map(|_| self.get("meets_none")).collect();
        }
        if choice.rules.len() == 1 && !choice.opens.is_empty() {
            return Vec::new();
        }
        self.openings("meets", &rule.opens)
    }

    /// What would open a closed choice, or that nothing was found that would.
    pub fn opens(&self, choice: &Choice) -> Vec<String> {
        if choice.open {
            return Vec::new();
        }
        if choice.opens.is_empty() { vec![self.get("opens_none")] } else { self.openings("opens", &choice.opens) }
    }

    fn openings(&self, first: &'static str, openings: &[Opening]) -> Vec<String> {
        let said = openings.iter().map(|opening| self.opening(opening));
        let keys = std::iter::once(first).chain(std::iter::repeat("opens_other"));
        keys.zip(said).map(|(key, needs)| self.say(key, &[("needs", &needs)])).collect()
    }

    fn opening(&self, opening: &Opening) -> String {
        let needs: Vec<String> = opening.needs.iter().map(|need| self.need(need)).collect();
        needs.join(self.phrases().get("and"))
    }

    fn need(&self, need: &Need) -> String {
        match need {
            Need::Papers(kinds) => {
                let papers: Vec<String> = kinds.iter().map(|kind| self.paper(kind)).collect();
                self.say("need_papers", &[("papers", &papers.join(", "))])
            }
            Need::OneOf(field, values) => {
                let values: Vec<String> = values.iter().map(|value| self.value(field, value)).collect();
                let values = values.join(self.phrases().get("or"));
                self.say("need_one_of", &[("field", &self.field(field)), ("values", &values)])
            }
            Need::AtLeast(field, n) => {
                self.say("need_at_least", &[("field", &self.field(field)), ("n", &n.to_string())])
            }
            Need::AtMost(field, n) => self.say("need_at_most", &[("field", &self.field(field)), ("n", &n.to_string())]),
            Need::Filled(field) => self.say("need_filled", &[("field", &self.field(field))]),
        }
    }

    fn value(&self, field: &FieldName, value: &Value) -> String {
        let text = value.as_str().unwrap_or_default();
        match self.machine.field(field).map(|field| &field.kind) {
            Some(FieldKind::OneOf { values }) => values.get(text).map_or(text, |label| self.text(label)).to_owned(),
            Some(FieldKind::Choice { from }) => self.machine.row_title(from, text, self.language),
            _ => value.as_str().map_or_else(|| value.to_string(), str::to_owned),
        }
    }
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Started => "started",
        Kind::Acted => "acted",
        Kind::Prepared => "prepared",
        Kind::Recalled => "recalled",
        Kind::Edited => "edited",
        Kind::Assigned => "assigned",
        Kind::Led => "led",
        Kind::Attended => "attended",
        Kind::Knocked => "knocked",
        Kind::Objected => "objected",
        Kind::Settled => "settled",
        Kind::Cast => "cast",
        Kind::Tallied => "tallied",
        Kind::Confirmed => "confirmed",
        Kind::Corrected => "corrected",
        Kind::Withdrawn => "withdrawn",
        Kind::Migrated => "migrated",
        Kind::Noted => "noted",
        Kind::Acknowledged => "acknowledged",
        Kind::Received => "received",
        Kind::Forgotten => "forgotten",
        Kind::Ended => "cut_short",
        Kind::Expired => "expired",
        Kind::Due => "happened",
        Kind::Stuck => "was_stuck",
    }
}

#[cfg(test)]
mod tests {
    use super::phrases;

    #[test]
    fn both_languages_have_the_same_phrases() {
        let keys = |language| phrases(language).keys().collect::<Vec<_>>();
        assert_eq!(keys("vi"), keys("en"));
    }
}
