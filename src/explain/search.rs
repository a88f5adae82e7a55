//! What would open a way that a guard closes: values of fields that may be changed here, and papers that may be attached here,
//! tried one after the other; where one is not enough, two.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use crate::dossier::Dossier;
use crate::dossier::context::Context;
use crate::dossier::decide::trial::Trial;
use crate::ids::{FieldName, GuardName, Instant};
use crate::machine::{Field, FieldKind, Machine};

/// Words and rows of a table that are tried for one field.
const WORDS_MAX: usize = 60;
/// Numbers are tried up to this far beyond what stands there.
const REACH_MAX: i64 = 1 << 20;
/// Numbers that are tried together with another field.
const SMALL: [i64; 5] = [1, 2, 3, 5, 10];

/// Changes that together open a way.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Opening {
    /// All of these.
    pub needs: Vec<Need>,
}

impl Opening {
    /// Both together: of two numbers in a field the one that is enough for both.
    pub(super) fn and(&self, other: &Self) -> Self {
        let mut needs = self.needs.clone();
        for need in &other.needs {
            let same = needs.iter_mut().find_map(|one| match (one, need) {
                (Need::AtLeast(field, one), Need::AtLeast(other, more)) if field == other => {
                    *one = (*one).max(*more);
                    Some(())
                }
                (Need::AtMost(field, one), Need::AtMost(other, less)) if field == other => {
                    *one = (*one).min(*less);
                    Some(())
                }
                (Need::OneOf(field, some), Need::OneOf(other, words)) if field == other => {
                    some.retain(|word| words.contains(word));
                    Some(())
                }
                (Need::Papers(kinds), Need::Papers(more)) => {
                    kinds.extend(more.clone());
                    kinds.sort();
                    kinds.dedup();
                    Some(())
                }
                (Need::Filled(field), Need::Filled(other)) if field == other => Some(()),
                _ => None,
            });
            if same.is_none() {
                needs.push(need.clone());
            }
        }
        Self { needs }
    }

    /// Values and papers as it asks for them: of several words the first.
    pub(super) fn changes(&self, machine: &Machine) -> (BTreeMap<FieldName, Value>, Vec<&str>) {
        let (mut values, mut papers) = (BTreeMap::new(), Vec::new());
        for need in &self.needs {
            match need {
                Need::OneOf(field, words) => {
                    values.extend(words.first().map(|word| (field.clone(), word.clone())));
                }
                Need::AtLeast(field, number) | Need::AtMost(field, number) => {
                    let whole = matches!(machine.field(field).map(|it| &it.kind), Some(FieldKind::Number { .. }));
                    let value = if whole { (*number).into() } else { number.to_string().into() };
                    values.insert(field.clone(), value);
                }
                Need::Filled(field) => {
                    values.insert(field.clone(), "x".into());
                }
                Need::Papers(kinds) => papers.extend(kinds.iter().map(String::as_str)),
            }
        }
        (values, papers)
    }

    /// Whether it opens; of words in a field, only those stay that do.
    pub(super) fn narrow(&mut self, opens: &mut dyn FnMut(&Self) -> bool) -> bool {
        let several = self.needs.iter().position(|need| matches!(need, Need::OneOf(..)));
        let Some(at) = several else { return opens(self) };
        let Need::OneOf(field, words) = self.needs[at].clone() else { return false };
        let mut fit = Vec::new();
        for word in words {
            self.needs[at] = Need::OneOf(field.clone(), vec![word.clone()]);
            if opens(self) {
                fit.push(word);
            }
        }
        let open = !fit.is_empty();
        self.needs[at] = Need::OneOf(field, fit);
        open
    }
}

/// One change.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Need {
    /// One of these values in a field.
    OneOf(FieldName, Vec<Value>),
    /// At least this number in a field.
    AtLeast(FieldName, i64),
    /// At most this number in a field.
    AtMost(FieldName, i64),
    /// Anything in a field.
    Filled(FieldName),
    /// All of these kinds of paper.
    Papers(Vec<String>),
}

/// A dossier with a choice on trial, and what may be changed besides.
pub(super) struct Search<'a> {
    pub machine: &'a Machine,
    pub dossier: &'a Dossier,
    /// The values on trial.
    pub values: &'a BTreeMap<FieldName, Value>,
    /// The field that is chosen.
    pub chosen: &'a FieldName,
}

impl Search<'_> {
    /// The openings of a guard that should come out as `wanted`.
    pub(super) fn openings(
        &self,
        guard: &GuardName,
        wanted: bool,
        now: Instant,
        context: &Context<'_>,
    ) -> Vec<Opening> {
        let Some(declared) = self.machine.guards.get(guard) else { return Vec::new() };
        let names = self.machine.programs().names(&declared.expr);
        let (edit, attach) = self.open_here();
        let fields: Vec<&Field> = edit
            .iter()
            .filter(|name| *name != self.chosen && names.iter().any(|one| one == name.as_str()))
            .filter_map(|name| self.machine.field(name))
            .collect();
        let mut trial = Trial::new(self.machine, self.dossier, now, context);
        let mut asking = Asking { trial: &mut trial, values: self.values, guard, wanted };
        let mut found = Vec::new();
        if names.iter().any(|name| name == "papers") {
            found.extend(asking.papers(&attach));
        }
        for field in &fields {
            found.extend(self.single(&mut asking, field));
        }
        if found.is_empty() {
            found.extend(self.pairs(&mut asking, &fields));
        }
        found
    }

    /// What may be changed, and attached, where the dossier stands.
    fn open_here(&self) -> (Vec<FieldName>, Vec<String>) {
        let (mut edit, mut attach) = (Vec::new(), Vec::new());
        for state in self.dossier.active.iter().filter_map(|active| self.machine.state(&active.state)) {
            let task = state.task.iter();
            edit.extend(
                task.clone().flat_map(|task| &task.edit).chain(state.on.iter().flat_map(|one| &one.fill)).cloned(),
            );
            attach
                .extend(task.flat_map(|task| &task.attach).chain(state.on.iter().flat_map(|one| &one.attach)).cloned());
        }
        let papers = &self.dossier.papers;
        attach.retain(|kind| !papers.iter().any(|paper| &paper.kind == kind));
        attach.sort();
        attach.dedup();
        (edit, attach)
    }

    fn single(&self, asking: &mut Asking<'_, '_>, field: &Field) -> Vec<Opening> {
        let name = &field.name;
        let needs: Vec<Need> = match &field.kind {
            FieldKind::Number { min, max } => {
                let now = self.dossier.fields.get(name).and_then(Value::as_i64).unwrap_or(0);
                asking.beyond(name, now, (min.unwrap_or(i64::MIN), max.unwrap_or(i64::MAX)), Value::from)
            }
            // Whole amounts are near enough to say which way to go.
            FieldKind::Decimal { .. } | FieldKind::Money { .. } => {
                let text = self.dossier.fields.get(name).and_then(Value::as_str).unwrap_or("0");
                let now = text.split('.').next().and_then(|whole| whole.parse().ok()).unwrap_or(0);
                asking.beyond(name, now, (0, i64::MAX), |number| number.to_string().into())
            }
            FieldKind::Text { .. } if asking.answers(&[(name, "x".into())], &[]) => vec![Need::Filled(name.clone())],
            _ => {
                let mut words = self.words(field);
                words.retain(|word| asking.answers(&[(name, word.clone())], &[]));
                if words.is_empty() { Vec::new() } else { vec![Need::OneOf(name.clone(), words)] }
            }
        };
        needs.into_iter().map(|need| Opening { needs: vec![need] }).collect()
    }

    /// The values of a field that can be counted up.
    fn words(&self, field: &Field) -> Vec<Value> {
        match &field.kind {
            FieldKind::OneOf { values } => values.keys().take(WORDS_MAX).map(|word| word.as_str().into()).collect(),
            FieldKind::Choice { from } => {
                self.machine.keys_of(from).into_iter().take(WORDS_MAX).map(Value::from).collect()
            }
            _ => Vec::new(),
        }
    }

    /// A small number in one field together with words in another.
    fn pairs(&self, asking: &mut Asking<'_, '_>, fields: &[&Field]) -> Vec<Opening> {
        let mut found = Vec::new();
        let numbers = fields.iter().filter(|field| matches!(field.kind, FieldKind::Number { .. }));
        for number in numbers {
            for other in fields.iter().filter(|other| other.name != number.name) {
                let words = self.words(other);
                let least = SMALL.into_iter().find_map(|count| {
                    let mut fit = words.clone();
                    fit.retain(|word| {
                        asking.answers(&[(&number.name, count.into()), (&other.name, word.clone())], &[])
                    });
                    (!fit.is_empty()).then_some((count, fit))
                });
                if let Some((count, fit)) = least {
                    let needs = vec![Need::AtLeast(number.name.clone(), count), Need::OneOf(other.name.clone(), fit)];
                    found.push(Opening { needs });
                }
            }
        }
        found
    }
}

/// A guard that is asked again and again.
struct Asking<'t, 'a> {
    trial: &'t mut Trial<'a>,
    values: &'t BTreeMap<FieldName, Value>,
    guard: &'t GuardName,
    wanted: bool,
}

impl Asking<'_, '_> {
    /// Whether these changes give the wanted answer.
    fn answers(&mut self, changes: &[(&FieldName, Value)], papers: &[&str]) -> bool {
        let mut values = self.values.clone();
        values.extend(changes.iter().map(|(name, value)| ((*name).clone(), value.clone())));
        self.trial.with(&values, papers);
        self.trial.holds(self.guard) == Some(self.wanted)
    }

    /// The fewest kinds of paper that are enough, if all of them are.
    fn papers(&mut self, kinds: &[String]) -> Option<Opening> {
        let mut needed: Vec<&str> = kinds.iter().map(String::as_str).collect();
        if !self.answers(&[], &needed) {
            return None;
        }
        for kind in kinds {
            let without: Vec<&str> = needed.iter().copied().filter(|one| one != kind).collect();
            if self.answers(&[], &without) {
                needed = without;
            }
        }
        let needs = vec![Need::Papers(needed.into_iter().map(str::to_owned).collect())];
        Some(Opening { needs })
    }

    /// The numbers nearest to what stands there that are enough: one above, one below.
    fn beyond(&mut self, name: &FieldName, now: i64, bounds: (i64, i64), value: fn(i64) -> Value) -> Vec<Need> {
        let up = self.nearest(name, now, 1, bounds.1, value).map(|least| Need::AtLeast(name.clone(), least));
        let down = self.nearest(name, now, -1, bounds.0, value).map(|most| Need::AtMost(name.clone(), most));
        up.into_iter().chain(down).collect()
    }

    /// The number nearest to what stands there, in one direction, that is enough: steps that double, then halve.
    fn nearest(
        &mut self,
        name: &FieldName,
        from: i64,
        toward: i64,
        bound: i64,
        value: fn(i64) -> Value,
    ) -> Option<i64> {
        let mut asks = |number: i64| self.answers(&[(name, value(number))], &[]);
        let clamped = |number: i64| if toward > 0 { number.min(bound) } else { number.max(bound) };
        let (mut step, mut fails) = (1, from);
        let mut holds = loop {
            let number = clamped(from + toward * step);
            if number == fails {
                return None;
            }
            if asks(number) {
                break number;
            }
            if step > REACH_MAX {
                return None;
            }
            fails = number;
            step *= 2;
        };
        while (holds - fails).abs() > 1 {
            let middle = fails + (holds - fails) / 2;
            if asks(middle) {
                holds = middle;
            } else {
                fails = middle;
            }
        }
        Some(holds)
    }
}
