//! Measures: what a workflow counts over its dossiers, reckoned from what they are and from what happened to them.
//!
//! Pure: whoever asks reads dossiers and their events and hands them over one by one, so that nothing is kept but numbers. They
//! are exact; whoever shows them rounds. What cannot be counted is never left out in silence: it stands aside, with why.

mod course;
mod register;

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::Serialize;

use crate::calendar::Calendar;
use crate::directory::Directory;
use crate::dossier::context::Entry;
use crate::dossier::{Dossier, RowStatus};
use crate::exact::{self, Exact};
use crate::expr::{ExprError, Scope};
use crate::ids::{Instant, StateId};
use crate::machine::{FieldKind, Machine, Measure, Take, named_states};

pub use course::Course;
use course::Moment;
pub use register::{Written, before};

/// What a measure is reckoned against.
#[derive(Clone, Copy, Debug)]
pub struct World<'a> {
    /// The version whose measures they are; dossiers of other versions are looked at through it.
    pub machine: &'a Machine,
    /// Who is who.
    pub directory: &'a Directory,
    /// The workflow's calendar.
    pub calendar: &'a Calendar,
    /// When it is asked.
    pub now: Instant,
}

/// A dossier, and what measures ask of its past.
#[derive(Clone, Copy, Debug)]
pub struct Past<'a> {
    /// As it stands.
    pub dossier: &'a Dossier,
    /// When it first stood where.
    pub course: &'a Course,
    /// The entries in registers about whom it is about, as they stood before its own ([`before`]).
    pub register: &'a [Entry],
}

/// The days whose dossiers count, both ends included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Period {
    /// The first.
    pub from: Option<Date>,
    /// The last.
    pub to: Option<Date>,
}

/// What a group is called: as programs know it, and as people do.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Word {
    /// A unit's code, the key of a choice, a number; empty where the dossier does not say.
    pub code: String,
    /// What that is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// What was made of several dossiers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reckoned {
    /// How many counted.
    pub dossiers: usize,
    /// Of a share: of how many it holds, or the sum of the parts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub part: Option<Exact>,
    /// Of a share of two sums: the sum of the wholes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub whole: Option<Exact>,
    /// The value, exactly; none of nothing, or if it is too large.
    pub value: Option<Exact>,
}

/// Dossiers with the same words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Group {
    /// A word for each grouping.
    pub words: Vec<Word>,
    /// What was made of them.
    #[serde(flatten)]
    pub reckoned: Reckoned,
}

/// Dossiers that do not count, and might.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Aside {
    /// Somebody whom they are about was erased, so that they cannot be read.
    pub erased: usize,
    /// They have no day, where a period is asked for.
    pub undated: usize,
    /// What is looked at in them is empty.
    pub empty: usize,
    /// A formula has no value for them.
    pub failed: usize,
    /// Why, of the first of these.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// A measure, reckoned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Measured {
    /// Its name.
    pub measure: String,
    /// What is made of the dossiers.
    pub take: Take,
    /// The groups, in the order of their words; none where it has no groupings.
    pub groups: Vec<Group>,
    /// Groups that are too small to be told apart, all together: how many they are, and what is made of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub small: Option<(usize, Reckoned)>,
    /// All of them; none where they are too few to be told about.
    pub all: Option<Reckoned>,
    /// What does not count.
    pub aside: Aside,
}

/// What a look at one dossier gave.
enum Look {
    No,
    Undated,
    Empty,
    Counts(Vec<Word>, Value),
}

/// What one dossier brings: a number, and of what it is a part.
#[derive(Clone, Copy, Debug)]
struct Value {
    of: Exact,
    out_of: Exact,
}

/// A measure while it is reckoned.
#[derive(Debug)]
pub struct Reckoning<'a> {
    name: &'a str,
    measure: &'a Measure,
    world: World<'a>,
    period: Period,
    states: BTreeMap<String, StateId>,
    groups: BTreeMap<Vec<Word>, Vec<Value>>,
    aside: Aside,
}

impl<'a> Reckoning<'a> {
    /// A measure, before any dossier was looked at.
    pub fn new(name: &'a str, measure: &'a Measure, world: World<'a>, period: Period) -> Self {
        let states = named_states(&world.machine.states);
        Self { name, measure, world, period, states, groups: BTreeMap::new(), aside: Aside::default() }
    }

    /// Looks at one more dossier.
    pub fn add(&mut self, past: &Past<'_>) {
        if past.course.erased {
            self.aside.erased += 1;
            return;
        }
        match self.look(past) {
            Ok(Look::No) => {}
            Ok(Look::Undated) => self.aside.undated += 1,
            Ok(Look::Empty) => self.aside.empty += 1,
            Ok(Look::Counts(words, value)) => self.groups.entry(words).or_default().push(value),
            Err(error) => {
                self.aside.failed += 1;
                self.aside.why.get_or_insert_with(|| format!("{}: {error}", past.dossier.id));
            }
        }
    }

    fn look(&self, past: &Past<'_>) -> Result<Look, ExprError> {
        let programs = self.world.machine.programs();
        self.with_scope(past, |scope| {
            if let Some(when) = &self.measure.when
                && !programs.truth(when, scope)?
            {
                return Ok(Look::No);
            }
            match self.is_in_period(past, scope)? {
                Some(true) => {}
                Some(false) => return Ok(Look::No),
                None => return Ok(Look::Undated),
            }
            let number = |formula: &Option<String>| match formula {
                Some(formula) => programs.number(formula, scope),
                None => Ok(Some(Exact::from(1))),
            };
            let (Some(of), Some(out_of)) = (number(&self.measure.of)?, number(&self.measure.out_of)?) else {
                return Ok(Look::Empty);
            };
            let mut words = Vec::new();
            for grouping in &self.measure.by {
                let (code, name) = programs.word(&grouping.of, scope)?.unwrap_or_default();
                words.push(Word { name: name.or_else(|| self.label(&grouping.of, &code)), code });
            }
            Ok(Look::Counts(words, Value { of, out_of }))
        })
    }

    /// None where a period is asked for and the dossier has no day.
    fn is_in_period(&self, past: &Past<'_>, scope: &Scope<'_>) -> Result<Option<bool>, ExprError> {
        let Period { from, to } = self.period;
        if from.is_none() && to.is_none() {
            return Ok(Some(true));
        }
        let day = match &self.measure.day {
            None => Some(self.world.calendar.date(past.dossier.opened_at)),
            Some(expr) => match self.world.machine.programs().word(expr, scope)? {
                None => None,
                Some((text, _)) => Some(text.parse().map_err(|_| {
                    let message = "the result is no day".to_owned();
                    ExprError { expr: expr.clone(), message }
                })?),
            },
        };
        Ok(day.map(|day| from.is_none_or(|from| from <= day) && to.is_none_or(|to| day <= to)))
    }

    /// What officers call a word that a field of its own lets choose.
    fn label(&self, of: &str, code: &str) -> Option<String> {
        let machine = self.world.machine;
        let FieldKind::OneOf { values } = &machine.field(&of.into())?.kind else { return None };
        values.get(code).map(|label| label.own.clone()).filter(|label| !label.is_empty())
    }

    fn with_scope<T>(&self, past: &Past<'_>, ask: impl FnOnce(&Scope<'_>) -> T) -> T {
        let (Past { dossier, course, register }, World { machine, directory, calendar, now }) = (*past, self.world);
        let papers: Vec<&str> = dossier.papers.iter().map(|paper| paper.kind.as_str()).collect();
        let live = dossier.rows.iter().filter(|row| row.status == RowStatus::Live);
        let live: Vec<_> = live.map(|row| &row.fields).collect();
        let days = |moment| course.days(moment, &self.states, calendar);
        let more = BTreeMap::from([
            ("outcome".to_owned(), dossier.outcome.clone().into()),
            ("opened".to_owned(), calendar.date(dossier.opened_at).to_string().into()),
            ("entered".to_owned(), days(Moment::Entered)),
            ("left".to_owned(), days(Moment::Left)),
            ("due".to_owned(), days(Moment::Due)),
        ]);
        ask(&Scope {
            tables: &more,
            declared: &machine.fields,
            fields: &dossier.fields,
            papers: &papers,
            register,
            missed: None,
            directory,
            calendar,
            now,
            round_no: dossier.round,
            children: (&machine.children, &dossier.children),
            outsiders: &dossier.outsiders,
            each: None,
            rows: machine.is_list().then_some((machine.row.as_slice(), live.as_slice())),
        })
    }

    /// What was made of them. Groups of fewer than `least` dossiers are told together: a number about two or three people is
    /// a number about each of them. As long as these together are too few the next smallest joins them, since otherwise
    /// whoever knows the whole and the rest knows them too.
    pub fn result(&self, least: usize) -> Measured {
        let take = self.measure.take;
        let reckoned = |values: &[Value]| reckoned(self.measure, values);
        let all: Vec<Value> = self.groups.values().flatten().copied().collect();
        let mut groups: Vec<(&Vec<Word>, &Vec<Value>)> = self.groups.iter().collect();
        groups.sort_by_key(|(words, values)| (values.len(), *words));
        let (mut small, mut together): (usize, Vec<Value>) = (0, Vec::new());
        for (_, values) in &groups {
            let too_few = values.len() < least || (small > 0 && together.len() < least);
            if !too_few {
                break;
            }
            small += 1;
            together.extend(values.iter());
        }
        let mut told = groups.split_off(small);
        told.sort_by_key(|(words, _)| *words);
        let is_told = all.len() >= least || all.is_empty();
        let group =
            |(words, values): (&Vec<Word>, &Vec<Value>)| Group { words: words.clone(), reckoned: reckoned(values) };
        let has_groups = is_told && !self.measure.by.is_empty();
        Measured {
            measure: self.name.to_owned(),
            take,
            groups: if has_groups { told.into_iter().map(group).collect() } else { Vec::new() },
            small: (has_groups && small > 0).then(|| (small, reckoned(&together))),
            all: is_told.then(|| reckoned(&all)),
            aside: self.aside.clone(),
        }
    }
}

fn reckoned(measure: &Measure, values: &[Value]) -> Reckoned {
    let count = || i64::try_from(values.len()).ok().map(Exact::from);
    let of: Vec<Exact> = values.iter().map(|value| value.of).collect();
    let is_share = measure.take == Take::Share;
    let part = if is_share { exact::sum(&of) } else { None };
    let whole = if is_share { exact::sum(&values.iter().map(|value| value.out_of).collect::<Vec<_>>()) } else { None };
    let value = match measure.take {
        Take::Count => count(),
        Take::Share => part.zip(whole).and_then(|(part, whole)| part.over(whole)),
        Take::Mean => exact::mean(&of),
        Take::Sum => exact::sum(&of),
        Take::Median => exact::median(&of),
        Take::Min => of.iter().min().copied(),
        Take::Max => of.iter().max().copied(),
    };
    Reckoned { dossiers: values.len(), part, whole: whole.filter(|_| measure.out_of.is_some()), value }
}
