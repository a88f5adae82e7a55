//! Comparisons: that there are texts to compare, not more than can be compared at once, and a place for what is found.

use super::Check;
use super::names::Kind;
use crate::definition::model::{self, Field, Name};
use crate::diagnostic::fault;
use crate::ids::FieldName;
use crate::machine::{Before, Comparison, FieldKind, Fraction, LIKE, LIKE_YEAR, PERCENT, WHO};
use crate::words::likeness::RUN_MAX;

/// Words of a run, unless said: fewer are in common by chance, more miss a copy in which single words were changed.
const WORDS: u32 = 4;
/// Characters of all texts that are compared at once.
const CHARACTERS_MAX: u64 = 250_000;

impl Check<'_> {
    /// A comparison as the machine keeps it.
    pub(super) fn comparison(&self, written: &model::Comparison) -> Comparison {
        let (table, text, whose) = self.texts(written);
        let earlier = written.earlier.as_ref().map(|earlier| Before {
            register: earlier.register.as_ref().map_or_else(String::new, |name| self.refer(Kind::Register, name)),
            within: earlier.within.as_ref().map_or_else(
                || "".into(),
                |name| self.field_of_type(Kind::Field, name, &["unit", "body", "text", "one_of", "choice"]),
            ),
        });
        Comparison {
            table,
            text,
            whose,
            words: self.run(written),
            least: written.least.as_ref().map_or(Fraction { num: 1, den: 1 }, |share| self.least(share)),
            into: written.into.as_ref().map_or_else(|| "".into(), |name| self.found(name, earlier.is_some())),
            earlier,
        }
    }

    /// The table, the column of the texts and the column of those whose texts they are.
    fn texts(&self, written: &model::Comparison) -> (FieldName, FieldName, FieldName) {
        let nowhere = || ("".into(), "".into(), "".into());
        let Some(of) = &written.of else { return nowhere() };
        let Some((table, column)) = of.value.split_once('.') else {
            self.report(fault!(COMPARISON.of_what, &of.span, of));
            return nowhere();
        };
        let table = self.refer(Kind::Field, &Name::new(table.to_owned(), of.span.clone()));
        let Some(field) = self.find_field(Kind::Field, &table) else { return nowhere() };
        let is = |one: &Field, kind: &str| one.kind.as_ref().is_some_and(|is| is.value == kind);
        let text = field.columns.iter().find(|one| one.name.value == column && is(one, "text"));
        let mut people = field.columns.iter().filter(|one| is(one, "person"));
        let (Some(text), Some(whose), None) = (text, people.next(), people.next()) else {
            self.report(fault!(COMPARISON.of_what, &of.span, of).beside(&field.name.span));
            return nowhere();
        };
        if let (FieldKind::Rows { max: rows, .. }, FieldKind::Text { max }) =
            (self.field(field).kind, self.field(text).kind)
        {
            let characters = u64::from(rows) * u64::from(max);
            if characters > CHARACTERS_MAX {
                self.report(
                    fault!(COMPARISON.size, &of.span, characters, max = CHARACTERS_MAX).beside(&text.name.span),
                );
            }
        }
        (table.into(), text.name.as_str().into(), whose.name.as_str().into())
    }

    fn run(&self, written: &model::Comparison) -> u32 {
        let Some(words) = &written.words else { return WORDS };
        let run = u32::try_from(words.value).ok().filter(|run| (1..=RUN_MAX).contains(&(*run as usize)));
        if run.is_none() {
            self.report(fault!(COMPARISON.words, &words.span, most = RUN_MAX));
        }
        run.unwrap_or(WORDS)
    }

    /// A share, or the word of a table that says it.
    fn least(&self, written: &Name) -> Fraction {
        let table = written.value.split_once('.').and_then(|(table, key)| {
            let declared = self.definition.tables.iter().find(|one| one.name.value == table)?;
            self.used.borrow_mut().insert((Kind::Table, table.to_owned()));
            declared.value.as_ref()?.get(key)?.as_str()
        });
        let share =
            Fraction::parse(table.unwrap_or(&written.value)).filter(|share| share.num > 0 && share.num <= share.den);
        if share.is_none() {
            self.report(fault!(COMPARISON.share, &written.span, text = written));
        }
        share.unwrap_or(Fraction { num: 1, den: 1 })
    }

    /// The table that is filled in: its columns are known by their names.
    fn found(&self, name: &Name, with_year: bool) -> FieldName {
        let into = self.refer(Kind::Field, name);
        if let Some(field) = self.find_field(Kind::Field, &into) {
            let is_rows = field.kind.as_ref().is_some_and(|kind| kind.value == "rows");
            let has = |column: &str, kind: &str| {
                let mut columns = field.columns.iter().filter(|one| one.name.value == column);
                columns.any(|one| one.kind.as_ref().is_some_and(|is| is.value == kind))
            };
            let years = !with_year || has(LIKE_YEAR, "text");
            let known = [WHO, LIKE, PERCENT, LIKE_YEAR];
            let wants = field.columns.iter().any(|one| one.required && !known.contains(&one.name.as_str()));
            if !is_rows || !has(WHO, "person") || !has(LIKE, "person") || !has(PERCENT, "number") || !years || wants {
                self.report(fault!(COMPARISON.into, &name.span, name).beside(&field.name.span));
            }
            self.filled_in_alone(name);
        }
        into.into()
    }

    /// Nothing else writes there.
    fn filled_in_alone(&self, into: &Name) {
        let states = || self.tree.places().iter().map(|place| place.state);
        let edited = states().filter_map(|state| state.task.as_ref()).flat_map(|task| &task.edit);
        let granted = self.definition.access.iter().chain(states().flat_map(|state| &state.access));
        let granted = granted.filter_map(|access| access.edit.as_ref()).flatten();
        let set = states().flat_map(|state| [&state.entry, &state.exit]).flat_map(|actions| &actions.set);
        for other in edited.chain(granted).chain(set.map(|(field, _)| field)).filter(|one| one.value == into.value) {
            self.report(fault!(COMPARISON.written, &other.span, name = into).beside(&into.span));
        }
    }
}
