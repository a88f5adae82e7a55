//! Registers; numberings, and the fields that get their numbers.

use std::collections::BTreeMap;

use super::Check;
use super::names::Kind;
use crate::definition::model::{self, Name};
use crate::diagnostic::{did_you_mean, fault, say};
use crate::ids::FieldName;
use crate::machine::numbering::{Piece, pieces};
use crate::machine::{EntryPart, Numbering, RegisterBook};

/// What a format may ask for, besides `{seq:4}`.
const HOLES: [&str; 3] = ["seq", "year", "of"];
/// Digits to which a number is filled up with zeros, at most.
const WIDTH_MAX: usize = 9;

impl Check<'_> {
    /// The registers, by name.
    pub(super) fn registers(&self) -> BTreeMap<String, RegisterBook> {
        let part = |word: &Name| match word.as_str() {
            "holder" => Some(EntryPart::Holder),
            "key" => Some(EntryPart::Key),
            "year" => Some(EntryPart::Year),
            _ => {
                self.unknown_word(word, &say!(word.entry_part), &["holder", "key", "year"]);
                None
            }
        };
        let book = |written: &model::RegisterBook| RegisterBook {
            label: written.label.clone(),
            unique: written.unique.iter().filter_map(part).collect(),
            refuse: written.refuse.clone(),
        };
        self.definition.registers.iter().map(|written| (written.name.value.clone(), book(written))).collect()
    }

    /// The numberings, by name.
    pub(super) fn numberings(&self) -> BTreeMap<String, Numbering> {
        let written = self.definition.numbers.iter();
        written.map(|numbering| (numbering.name.value.clone(), self.numbering(numbering))).collect()
    }

    fn numbering(&self, written: &model::Numbering) -> Numbering {
        let yearly = match written.per.as_ref().map(|word| (word, word.as_str())) {
            None | Some((_, "year")) => true,
            Some((_, "ever")) => false,
            Some((word, _)) => {
                self.unknown_word(word, &say!(word.numbered_per), &["year", "ever"]);
                true
            }
        };
        match &written.format {
            Some(format) => self.format(format, written),
            None => self.entered(written, yearly),
        }
        for (_, first) in &written.start {
            if first.value < 0 {
                self.report(fault!(LIMIT.first_number, &first.span));
            }
        }
        if !yearly && let Some((_, first)) = written.start.iter().find(|(year, _)| *year != 0) {
            self.report(fault!(KEYS_TOGETHER.start_by_year, &first.span));
        }
        let series = ["unit", "body", "choice", "one_of", "text"];
        Numbering {
            label: written.label.clone(),
            format: written.format.as_ref().map(|format| format.value.clone()),
            yearly,
            start: written.start.iter().map(|(year, first)| (*year, first.value)).collect(),
            of: written.of.as_ref().map(|name| self.field_of_type(Kind::Field, name, &series)),
            dated: written.dated.as_ref().map(|name| self.field_of_type(Kind::Field, name, &["date"])),
        }
    }

    /// A format has the number in it, and nothing that is not known.
    fn format(&self, format: &Name, written: &model::Numbering) {
        if let Some(dated) = written.keys.get("dated") {
            self.report(fault!(KEYS_TOGETHER.counted_and_dated, dated).beside(&format.span));
        }
        let mut counts = false;
        for piece in pieces(&format.value) {
            let Piece::Hole(hole) = piece else { continue };
            let width = hole.strip_prefix("seq:").and_then(|width| width.parse::<usize>().ok());
            counts |= hole == "seq" || width.is_some();
            let known = HOLES.contains(&hole) || width.is_some_and(|width| (1..=WIDTH_MAX).contains(&width));
            if !known {
                let help = did_you_mean(hole, HOLES, say!(near.away));
                self.report(fault!(NUMBER_FORMAT.hole, &format.span, hole).help(help));
            } else if hole == "of" && written.of.is_none() {
                self.report(fault!(NUMBER_FORMAT.of_nobody, &format.span));
            }
        }
        if !counts {
            self.report(fault!(NUMBER_FORMAT.no_number, &format.span));
        }
    }

    /// A number that is entered by hand counts for the year of its day.
    fn entered(&self, written: &model::Numbering, yearly: bool) {
        if yearly && written.dated.is_none() {
            self.report(fault!(MISSING_KEY.dated, &written.name.span, name = written.name));
        }
        if let Some(start) = written.keys.get("start") {
            self.report(fault!(KEYS_TOGETHER.start_by_hand, start));
        }
    }

    /// The fields that get a number with a transition.
    pub(super) fn numbered(&self, written: &model::Transition) -> BTreeMap<FieldName, String> {
        let mut numbered = BTreeMap::new();
        for (field, numbering) in &written.number {
            let field = self.field_of_type(Kind::Field, field, &["text"]);
            if let Some(numbering) = numbering {
                numbered.insert(field, self.refer(Kind::Number, numbering));
            }
        }
        numbered
    }

    /// What a counter gives nothing else writes, by hand, from a message, a formula or a file: it would not be in the counter.
    pub(super) fn counted_fields(&self) {
        let counts = |name: &Name| {
            self.definition.numbers.iter().any(|one| one.name.value == name.value && one.format.is_some())
        };
        let states = || self.tree.places().iter().map(|place| place.state);
        let ways = || {
            let after = states().flat_map(|state| state.after.iter().map(|(_, way)| way));
            states().flat_map(|state| state.on.iter().chain(&state.always)).chain(after)
        };
        let counted: Vec<&Name> = ways()
            .flat_map(|way| &way.number)
            .filter(|(_, numbering)| numbering.as_ref().is_some_and(counts))
            .map(|(field, _)| field)
            .collect();
        let edited = states().filter_map(|state| state.task.as_ref()).flat_map(|task| &task.edit);
        let granted = self.definition.access.iter().chain(states().flat_map(|state| &state.access));
        let granted = granted.filter_map(|access| access.edit.as_ref()).flatten();
        let set = states().flat_map(|state| [&state.entry, &state.exit]).flat_map(|actions| &actions.set);
        let imported = self.definition.import.iter().flat_map(|import| &import.columns).flat_map(|(_, fields)| fields);
        let by_ways = ways().flat_map(|way| way.fill.iter().chain(&way.take));
        for name in by_ways.chain(edited).chain(granted).chain(set.map(|(field, _)| field)).chain(imported) {
            if let Some(field) = counted.iter().find(|field| field.value == name.value) {
                self.report(fault!(KEYS_TOGETHER.counted_by_hand, &name.span, name).beside(&field.span));
            }
        }
        for field in self.definition.fields.iter().filter(|field| field.correctable.is_some()) {
            let Some(counter) = counted.iter().find(|one| one.value == field.name.value) else { continue };
            let span = field.keys.get("correctable").unwrap_or(&field.name.span);
            self.report(fault!(KEYS_TOGETHER.counted_by_hand, span, name = field.name).beside(&counter.span));
        }
    }
}
