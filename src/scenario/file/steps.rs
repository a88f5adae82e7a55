//! One step: what happens, and what must hold right after it.

use std::collections::BTreeMap;

use super::besides;
use super::expects;
use super::imports::Imports;
use super::model::{Act, Attendance, Start, Step, Values, Wait, What, Which};
use super::reader::{NONE, Reader};
use crate::calendar::Delay;
use crate::diagnostic::{did_you_mean, fault, say};
use crate::dossier::Attends;
use crate::dossier::command::Aside;
use crate::dossier::context::Entry;
use crate::ids::{EventName, PersonId, WorkflowName};
use crate::machine::Machine;
use crate::source::{Span, Spanned};
use crate::yaml::fields::{Fields, Node};

/// The keys that say what happens, besides those of [`besides`]; a step has one of them, or only `expect`.
const VERBS: &[&str] =
    &["start", "import", "does", "edits", "attends", "votes", "records", "confirms", "wait", "calendar", "outage"];
/// The others.
const KEYS: &[&str] = &[
    "expect",
    "by",
    "in",
    "as",
    "of",
    "row",
    "fields",
    "papers",
    "reason",
    "rows",
    "from",
    "event",
    "objection",
    "refused",
];

/// The dossiers that the steps of a case have named so far.
pub(super) struct Names<'w> {
    /// Facts that imported rows bring along.
    pub(super) register: Vec<Entry>,
    named: Vec<(String, &'w Machine)>,
    last: &'w Machine,
}

impl<'w> Names<'w> {
    pub(super) fn new(main: &'w Machine) -> Self {
        Self { register: Vec::new(), named: Vec::new(), last: main }
    }

    pub(super) fn opened(&mut self, name: Option<&str>, machine: &'w Machine) {
        self.last = machine;
        self.named.extend(name.map(|name| (name.to_owned(), machine)));
    }
}

impl<'w> Reader<'w> {
    /// The steps of a list.
    pub(super) fn steps(
        &mut self,
        nodes: &[Spanned<Node>],
        names: &mut Names<'w>,
        imports: &mut Imports<'_>,
    ) -> Vec<Step> {
        nodes.iter().flat_map(|node| self.step(node, names, imports)).collect()
    }

    /// A step, and what is expected right after it as a step of its own.
    fn step(&mut self, node: &Spanned<Node>, names: &mut Names<'w>, imports: &mut Imports<'_>) -> Vec<Step> {
        let all = [VERBS, besides::VERBS].concat();
        let fields = self.fields(node, &[&all, KEYS].concat());
        let verbs: Vec<&str> = all.iter().copied().filter(|verb| fields.get(verb).is_some()).collect();
        let expect = fields.get("expect");
        let place = Self::place(node, &fields, verbs.first().copied());
        let mut steps = Vec::new();
        match verbs.as_slice() {
            [verb] => {
                let refused = fields.get("refused").map(|node| Spanned::new(self.words(node), node.span.clone()));
                let what = match *verb {
                    "import" => self.import(&fields, &place, names, imports),
                    "calendar" => self.calendar(&fields, imports),
                    verb => self.what(verb, &fields, &place, names),
                };
                steps.extend(what.map(|what| Step { place: place.clone(), what, refused }));
            }
            [] if expect.is_some() => {}
            [] => {
                let verbs = all.join(", ");
                self.report(fault!(SCENARIO_STEP.nothing, &place, verbs));
            }
            [first, second, ..] => {
                self.report(fault!(SCENARIO_STEP.both, &place, first = *first, second = *second));
            }
        }
        if let Some(expect) = expect {
            let (dossier, machine) = self.which(&fields, names);
            let expect = expects::read(self, expect, dossier, machine, names);
            let what = What::Expect(Box::new(expect));
            steps.push(Step {
                place: fields.get("expect").map_or(place, |node| node.span.clone()),
                what,
                refused: None,
            });
        }
        steps
    }

    /// A block mapping has no place of its own: the value of its verb has.
    fn place(node: &Spanned<Node>, fields: &Fields<'_>, verb: Option<&str>) -> Span {
        let of = verb.or_else(|| fields.get("expect").map(|_| "expect"));
        of.and_then(|key| fields.get(key)).map_or_else(|| node.span.clone(), |value| value.span.clone())
    }

    fn what(&mut self, verb: &str, fields: &Fields<'_>, place: &Span, names: &mut Names<'w>) -> Option<What> {
        let value = fields.get(verb)?;
        if verb == "start" {
            return self.start(value, fields, names);
        }
        if verb == "wait" {
            return self.wait(value).map(What::Wait);
        }
        if verb == "outage" {
            return self.wait(value).map(What::Outage);
        }
        let (dossier, machine) = self.which(fields, names);
        match verb {
            "does" => self.act(value, fields, place, dossier, machine, names),
            "edits" => {
                let values = self.values(value, machine);
                let by = self.one(fields, place)?;
                let papers = fields.get("papers").map_or_else(Vec::new, |node| self.papers(node, machine));
                Some(What::Edit { by, dossier, fields: values, papers })
            }
            "attends" => {
                let by = self.one(fields, place)?;
                let attendance = self.attendance(value);
                Some(What::Attend { by, dossier, attendance })
            }
            "votes" => self.votes(value, fields, place, names).map(|ballots| What::Vote { dossier, ballots }),
            "records" => {
                let by = self.one(fields, place)?;
                let tallies = self.tallies(value, names);
                Some(What::Record { by, dossier, tallies })
            }
            "confirms" => {
                let by = self.one(fields, place)?;
                let agrees = self.truth(value)?.value;
                Some(What::Confirm { by, dossier, agrees })
            }
            verb => self.besides(verb, fields, place, (dossier, machine)),
        }
    }

    fn start(&mut self, value: &Spanned<Node>, fields: &Fields<'_>, names: &mut Names<'w>) -> Option<What> {
        let workflow = self.text(value)?;
        let machine = self.workflow(&workflow)?;
        let by = match fields.get("by") {
            Some(node) => Some(self.text(node).and_then(|code| self.person(&code))?),
            None => None,
        };
        let name = fields.get("as").and_then(|node| self.text(node)).map(|name| name.value);
        let values = fields.get("fields").map_or_else(Values::new, |node| self.values(node, machine));
        let papers = fields.get("papers").map_or_else(Vec::new, |node| self.papers(node, machine));
        names.opened(name.as_deref(), machine);
        Some(What::Start(Start {
            workflow: machine.workflow.clone(),
            name,
            by,
            fields: values,
            papers,
            import_key: None,
        }))
    }

    /// A calendar in a file beside the scenario, which takes the place of the one of its name.
    fn calendar(&mut self, fields: &Fields<'_>, imports: &mut Imports<'_>) -> Option<What> {
        let name = fields.get("calendar").and_then(|node| self.text(node))?;
        let calendar = imports.calendar(&name, &mut self.faults)?;
        if self.world.calendar(self.main).name() != calendar.name() {
            let (wanted, found) = (self.world.calendar(self.main).name(), calendar.name());
            self.report(fault!(SCENARIO_VALUE.other_calendar, &name.span, file = name, wanted, found));
            return None;
        }
        Some(What::Calendar(Box::new(calendar)))
    }

    /// A row of a file, as `chancery import` would take it; what it brings for registers stands there from the beginning.
    fn import(
        &mut self,
        fields: &Fields<'_>,
        place: &Span,
        names: &mut Names<'w>,
        imports: &mut Imports<'_>,
    ) -> Option<What> {
        let file = fields.get("import").and_then(|node| self.text(node))?;
        let machine = match fields.get("of") {
            Some(node) => self.text(node).and_then(|name| self.workflow(&name))?,
            None => self.main,
        };
        let Some(row) = fields.get("row") else {
            self.report(fault!(MISSING_KEY.which_row, place));
            return None;
        };
        let key = self.text(row)?;
        let planned = imports.row(&file, &key, machine, self.world, &mut self.faults)?;
        let entries = planned.register.iter().map(|entry| Entry {
            register: entry.register.clone(),
            holder: entry.holder.clone(),
            key: entry.key.clone(),
            year: entry.year,
        });
        names.register.extend(entries);
        let papers = planned.papers.iter().map(|paper| paper.kind.clone()).collect();
        let name =
            fields.get("as").and_then(|node| self.text(node)).map_or_else(|| key.value.clone(), |name| name.value);
        names.opened(Some(&name), machine);
        let (workflow, fields) = (machine.workflow.clone(), planned.fields.clone());
        let import_key = Some(key.value);
        Some(What::Start(Start { workflow, name: Some(name), by: None, fields, papers, import_key }))
    }

    fn act(
        &mut self,
        value: &Spanned<Node>,
        fields: &Fields<'_>,
        place: &Span,
        dossier: Which,
        machine: &Machine,
        names: &Names<'w>,
    ) -> Option<What> {
        let event = self.text(value)?;
        let answers = machine.states.iter().flat_map(|state| &state.on).filter(|one| !one.by.is_empty());
        let known: Vec<&str> = answers.filter_map(|one| one.event.as_ref()).map(EventName::as_str).collect();
        if !known.contains(&event.value.as_str()) {
            let mut known = known.clone();
            known.sort_unstable();
            known.dedup();
            let help = did_you_mean(&event.value, known, say!(near.none));
            let workflow = machine.workflow.as_str();
            self.report(fault!(SCENARIO_EVENT.event, &event.span, event, workflow).help(help));
            return None;
        }
        let by = self.one(fields, place)?;
        let values = fields.get("fields").map_or_else(Values::new, |node| self.values(node, machine));
        let papers = fields.get("papers").map_or_else(Vec::new, |node| self.papers(node, machine));
        let reason = fields.get("reason").and_then(|node| self.text(node)).map(|reason| reason.value);
        let rows = fields.get("rows").map_or_else(Vec::new, |node| self.marks(node, names));
        Some(What::Act(Act { by, dossier, event: event.value.into(), fields: values, papers, reason, rows }))
    }

    /// `{strike: {NAME: reason}, return: {NAME: reason}, postpone: {NAME: reason}}`
    fn marks(&mut self, node: &Spanned<Node>, names: &Names<'w>) -> Vec<(Spanned<String>, Aside, String)> {
        let fields = self.fields(node, &["strike", "return", "postpone"]);
        let mut marks = Vec::new();
        let keys = [("strike", Aside::Struck), ("return", Aside::Returned), ("postpone", Aside::Postponed)];
        for (key, aside) in keys {
            let Some(rows) = fields.get(key) else { continue };
            for (name, reason) in self.named(rows) {
                self.known_row(name, names);
                let reason = self.text(reason).map(|reason| reason.value).unwrap_or_default();
                marks.push((name.clone(), aside, reason));
            }
        }
        marks
    }

    /// `{absent: [..], excused: [..], too_few: true}`: everybody else on the roll is there.
    fn attendance(&mut self, node: &Spanned<Node>) -> Attendance {
        let fields = self.fields(node, &["absent", "excused", "too_few"]);
        let mut away = BTreeMap::new();
        for (key, attends) in [("absent", Attends::Absent), ("excused", Attends::Excused)] {
            for code in fields.get(key).map_or_else(Vec::new, |node| self.texts(node)) {
                away.extend(self.person(&code).map(|person| (person, attends)));
            }
        }
        let too_few = fields.get("too_few").and_then(|node| self.truth(node)).is_some_and(|truth| truth.value);
        Attendance { away, too_few }
    }

    fn wait(&mut self, value: &Spanned<Node>) -> Option<Wait> {
        let text = self.text(value)?;
        if text.value == "next" {
            return Some(Wait::Next);
        }
        if text.value.len() > 4 && text.value.as_bytes()[..4].iter().all(u8::is_ascii_digit) && text.value.contains('-')
        {
            return self.moment(&text).map(Wait::Until);
        }
        match text.value.parse::<Delay>() {
            Ok(delay) if delay.count > 0 => Some(Wait::For(delay)),
            Ok(_) => {
                self.report(fault!(DELAY.back, &text.span));
                None
            }
            Err(_) => {
                self.report(fault!(DELAY.wait, &text.span));
                None
            }
        }
    }

    /// Who acts: one person.
    pub(super) fn one(&mut self, fields: &Fields<'_>, place: &Span) -> Option<PersonId> {
        let Some(node) = fields.get("by") else {
            self.report(fault!(MISSING_KEY.by_whom, place));
            return None;
        };
        self.text(node).and_then(|code| self.person(&code))
    }

    /// Reasons: names of guards, kinds of refusals, words.
    pub(super) fn words(&mut self, node: &Spanned<Node>) -> Vec<String> {
        self.texts(node).into_iter().map(|text| text.value).filter(|text| text != NONE).collect()
    }

    fn workflow(&mut self, name: &Spanned<String>) -> Option<&'w Machine> {
        let found = self.world.machine(&WorkflowName::new(name.as_str()));
        if found.is_none() {
            let known = self.world.machines().map(|machine| machine.workflow.as_str());
            let help = did_you_mean(&name.value, known, say!(near.none));
            self.report(fault!(SCENARIO_DOSSIER.workflow, &name.span, name).help(help));
        }
        found
    }

    /// Which dossier a step is about, and its workflow.
    pub(super) fn which(&mut self, fields: &Fields<'_>, names: &Names<'w>) -> (Which, &'w Machine) {
        let Some(text) = fields.get("in").and_then(|node| self.text(node)) else { return (Which::Last, names.last) };
        if let Some((name, machine)) = names.named.iter().rev().find(|(name, _)| *name == text.value) {
            return (Which::Named(name.clone()), machine);
        }
        let (workflow, key) = match text.value.split_once(' ') {
            Some((workflow, key)) => (workflow, Some(key.trim().to_owned())),
            None => (text.value.as_str(), None),
        };
        if let Some(machine) = self.world.machine(&WorkflowName::new(workflow)) {
            return (Which::Of(machine.workflow.clone(), key), machine);
        }
        let known = names.named.iter().map(|(name, _)| name.as_str());
        let known = known.chain(self.world.machines().map(|machine| machine.workflow.as_str()));
        let help = did_you_mean(&text.value, known, say!(near.none));
        self.report(fault!(SCENARIO_DOSSIER.dossier, &text.span, name = text).help(help));
        (Which::Last, names.last)
    }

    /// A row of a list is a dossier that a step has named, or the child that was opened for a unit, person or row.
    pub(super) fn known_row(&mut self, name: &Spanned<String>, names: &Names<'w>) {
        if names.named.iter().any(|(known, _)| *known == name.value) {
            return;
        }
        let workflow = name.value.split_once(' ').map(|(workflow, _)| WorkflowName::new(workflow));
        if workflow.is_some_and(|workflow| self.world.machine(&workflow).is_some()) {
            return;
        }
        let help = did_you_mean(&name.value, names.named.iter().map(|(name, _)| name.as_str()), say!(near.as_name));
        self.report(fault!(SCENARIO_DOSSIER.row, &name.span, name).help(help));
    }
}

#[cfg(test)]
mod tests {
    use super::{KEYS, VERBS};
    use crate::definition::schema::Of;

    #[test]
    fn editors_are_told_the_keys_that_are_read() {
        let read: std::collections::BTreeSet<&str> =
            VERBS.iter().chain(KEYS).chain(super::super::besides::VERBS).copied().collect();
        assert_eq!(Of::Scenario.keys("step"), read);
    }
}
