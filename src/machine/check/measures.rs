//! Measures: that each formula gives what is made of it, and that none tells of one person.

use super::Check;
use super::formulas::Sees;
use crate::definition::model::{self, Name};
use crate::diagnostic::{fault, say};
use crate::expr::{self, Kind, Names};
use crate::machine::{Grouping, Measure, Shape, Take};

/// Groupings of a measure; more than these nobody reads as a table.
const GROUPINGS_MAX: usize = 3;

impl Check<'_> {
    /// A measure as the machine keeps it.
    pub(super) fn measure(&self, written: &model::Measure) -> Measure {
        self.identifier(&written.name);
        let take = written.take.as_ref().map_or(Take::Count, |word| {
            let known = Take::ALL.iter().find(|(name, _)| *name == word.value);
            if known.is_none() {
                self.unknown_word(word, &say!(word.take), &Take::ALL.map(|(name, _)| name));
            }
            known.map_or(Take::Count, |(_, take)| *take)
        });
        match (&written.take, &written.of) {
            (Some(word), None) if take != Take::Count => {
                self.report(fault!(MEASURE.of_what, &word.span, take = word));
            }
            (word, Some(of)) if take == Take::Count && word.as_ref().is_none_or(|word| word.value == "count") => {
                self.report(fault!(MEASURE.counts_dossiers, &of.span));
            }
            _ => {}
        }
        if let Some(whole) = written.out_of.as_ref().filter(|_| take != Take::Share || written.of.is_none()) {
            self.report(fault!(MEASURE.no_part, &whole.span));
        }
        if let Some(more) = written.by.get(GROUPINGS_MAX) {
            self.report(fault!(MEASURE.groupings, &more.name.span, most = GROUPINGS_MAX));
        }
        let formula = |formula: &Option<Name>| formula.as_ref().map(|formula| self.asked_of_each(formula));
        let condition =
            |formula: &Option<Name>| formula.is_some().then(|| self.condition(formula.as_ref(), Sees::Measure));
        Measure {
            title: written.title.clone(),
            when: condition(&written.when),
            take,
            of: if take == Take::Share && written.out_of.is_none() {
                condition(&written.of)
            } else {
                formula(&written.of)
            },
            out_of: formula(&written.out_of),
            by: written.by.iter().map(|group| self.grouping(group)).collect(),
            day: formula(&written.day),
        }
    }

    fn grouping(&self, written: &model::MeasureGroup) -> Grouping {
        self.identifier(&written.name);
        let of = written.of.as_ref().map_or_else(String::new, |formula| self.asked_of_each(formula));
        Grouping { name: written.name.value.clone(), label: written.label.clone(), of }
    }

    fn asked_of_each(&self, formula: &Name) -> String {
        self.note_hole(formula.clone(), Sees::Measure);
        formula.value.clone()
    }

    /// What the formulas of measures give, once it is known what they may name.
    pub(super) fn measures(&self, shape: &Shape) {
        if self.is_vague() {
            return;
        }
        let names = Names::of(shape).with_decisions(&shape.decisions).of_measure(&shape.states);
        for written in &self.definition.measures {
            let takes = |words: &[&str]| written.take.as_ref().is_some_and(|take| words.contains(&take.value.as_str()));
            let counts_numbers = written.out_of.is_some() || !(written.take.is_none() || takes(&["share", "count"]));
            for of in written.of.iter().filter(|_| counts_numbers).chain(&written.out_of) {
                if let Some((of, kind)) = given(of, &names)
                    && !matches!(kind, Kind::Number | Kind::Any | Kind::Null)
                {
                    self.report(fault!(MEASURE.number, &of.span, kind = kind.words()));
                }
            }
            if let Some((day, kind)) = written.day.as_ref().and_then(|day| given(day, &names))
                && !matches!(kind, Kind::Text | Kind::Any | Kind::Null)
            {
                self.report(fault!(MEASURE.day, &day.span, kind = kind.words()));
            }
            for group in &written.by {
                let Some((of, kind)) = group.of.as_ref().and_then(|of| given(of, &names)) else { continue };
                self.puts_into_groups(of, &kind);
            }
        }
    }

    /// A group has a name that can be said, and never stands for one person.
    fn puts_into_groups(&self, of: &Name, kind: &Kind) {
        match kind {
            Kind::Map(parts) if parts.contains_key("id") => self.report(fault!(MEASURE.person, &of.span)),
            Kind::Map(parts) if parts.contains_key("code") => {}
            Kind::Map(_) | Kind::List(_) => self.report(fault!(MEASURE.group, &of.span, kind = kind.words())),
            Kind::Any | Kind::Null | Kind::Truth | Kind::Number | Kind::Text => {}
        }
    }
}

/// What a formula gives, where nothing is wrong with it.
fn given<'n>(formula: &'n Name, names: &Names) -> Option<(&'n Name, Kind)> {
    expr::check(&formula.value, names).is_empty().then(|| Some((formula, expr::kind_of(&formula.value, names)?)))?
}
