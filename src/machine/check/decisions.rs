//! Decision tables: that conditions fit what they look at, that something is decided whatever the inputs are, that no two rows
//! contradict each other, and that every row can count.
//!
//! A column is looked at through samples: every end of a condition, something between any two, something outside; every word
//! that is named, and one that is not. What holds of the samples holds of everything.

use std::collections::BTreeSet;

use super::Check;
use super::cover::{Beyond, Cover, Place, QUESTIONS_MAX};
use super::names::Kind;
use crate::definition::model::{self, Cell, Name};
use crate::diagnostic::{fault, say};
use crate::exact::Exact;
use crate::expr::{self, Names};
use crate::machine::{Condition, Decision, DecisionRow, FieldKind, Hit, Sample, Shape};

/// Rows of a table; more are several tables.
const ROWS_MAX: usize = 500;
/// How policies are written.
const HITS: [(&str, Hit); 3] = [("unique", Hit::Unique), ("first", Hit::First), ("collect", Hit::Collect)];

impl Check<'_> {
    /// A decision table.
    pub(super) fn decision(&self, written: &model::Decision) -> Decision {
        let hit = written.hit.as_ref().map_or(Hit::Unique, |word| {
            let known = HITS.iter().find(|(name, _)| *name == word.value);
            if known.is_none() {
                self.unknown_word(word, &say!(word.hit), &HITS.map(|(name, _)| name));
            }
            known.map_or(Hit::Unique, |(_, hit)| *hit)
        });
        if let Some(row) = written.rows.get(ROWS_MAX) {
            self.report(fault!(LIMIT.decision_rows, &row.span, max = ROWS_MAX));
        }
        let inputs: Vec<(String, String)> =
            written.inputs.iter().map(|(name, formula)| (name.value.clone(), self.input(formula.as_ref()))).collect();
        let rows = written.rows.iter().map(|row| self.decision_row(written, row, hit)).collect();
        Decision { label: written.label.clone(), hit, inputs, rows, expr: written.name.value.clone() }
    }

    fn decision_row(&self, table: &model::Decision, row: &model::DecisionRow, hit: Hit) -> DecisionRow {
        let known: Vec<&str> = table.inputs.iter().map(|(name, _)| name.as_str()).collect();
        let mut when = Vec::new();
        for (name, cell) in &row.when {
            match known.iter().position(|input| *input == name.value) {
                Some(input) => when.push((input, condition(&cell.value))),
                None => self.unknown_word(name, &say!(word.input), &known),
            }
        }
        if let (Some(second), true) = (row.then.get(1), hit != Hit::Collect) {
            self.report(fault!(KEYS_TOGETHER.then_several, &second.span).beside(&row.then[0].span));
        }
        DecisionRow { when, then: row.then.iter().map(|word| word.value.clone()).collect() }
    }

    /// Every table, once it is known what its inputs look at.
    pub(super) fn decisions(&self, shape: &Shape) {
        let names = Names::of(shape);
        for written in &self.definition.decisions {
            let Some(decision) = shape.decisions.get(&written.name.value) else { continue };
            let faults = self.faults.borrow().len();
            let columns: Vec<Vec<Sample>> =
                (0..decision.inputs.len()).map(|at| self.samples(shape, &names, written, decision, at)).collect();
            if faults == self.faults.borrow().len() && !decision.rows.is_empty() {
                self.complete(written, decision, &columns);
            }
        }
    }

    /// Values of a column that stand for all values: the conditions on it must fit what its formula gives.
    fn samples(
        &self,
        shape: &Shape,
        names: &Names,
        written: &model::Decision,
        table: &Decision,
        at: usize,
    ) -> Vec<Sample> {
        let (name, formula) = &written.inputs[at];
        let kind = formula.as_ref().and_then(|formula| expr::kind_of(&formula.value, names));
        let (mut numbers, mut words, mut truth) = (Vec::new(), Vec::new(), false);
        for row in &written.rows {
            for (_, cell) in row.when.iter().filter(|(input, _)| input.value == name.value) {
                let fits = match (&cell.value, &kind) {
                    (_, None | Some(expr::Kind::Any | expr::Kind::Null)) => true,
                    (Cell::Numbers { .. }, Some(kind)) => *kind == expr::Kind::Number,
                    (Cell::Words(_), Some(kind)) => *kind == expr::Kind::Text,
                    (Cell::Truth(_), Some(kind)) => *kind == expr::Kind::Truth,
                };
                if let (false, Some(kind), Some(formula)) = (fits, &kind, formula) {
                    self.report(
                        fault!(FIELD_TYPE.condition, &cell.span, input = name, kind = kind.words())
                            .beside(&formula.span),
                    );
                }
                match &cell.value {
                    Cell::Numbers { from, to } => numbers.extend(from.iter().chain(to).map(|(end, _)| *end)),
                    Cell::Words(named) => words.extend(named.iter()),
                    Cell::Truth(_) => truth = true,
                }
            }
        }
        let field = formula.as_ref().map(|formula| formula.value.trim());
        let field = field.and_then(|text| shape.field(&text.strip_suffix(".code").unwrap_or(text).into()));
        let field = field.map(|field| &field.kind);
        if !numbers.is_empty() {
            return of_numbers(numbers, field);
        }
        if truth || kind == Some(expr::Kind::Truth) {
            return vec![Sample::Truth(true), Sample::Truth(false)];
        }
        if words.is_empty() && table.rows.iter().all(|row| row.when.iter().all(|(input, _)| *input != at)) {
            return vec![Sample::Word(None)];
        }
        self.of_words(shape, &words, field)
    }

    /// Every word that can come; where that is not known, those that are named and one that is not.
    fn of_words(&self, shape: &Shape, named: &[&Name], field: Option<&FieldKind>) -> Vec<Sample> {
        let known: Option<Vec<String>> = match field {
            Some(FieldKind::OneOf { values }) => Some(values.keys().cloned().collect()),
            Some(FieldKind::Choice { from }) => {
                let rows = shape.tables.get(from).and_then(|table| table.as_object());
                rows.map(|_| shape.keys_of(from).into_iter().map(str::to_owned).collect())
            }
            _ => None,
        };
        let Some(known) = known else {
            let named: BTreeSet<&str> = named.iter().map(|word| word.as_str()).collect();
            let mut samples: Vec<Sample> = named.iter().map(|word| Sample::Word(Some((*word).to_owned()))).collect();
            samples.push(Sample::Word(None));
            return samples;
        };
        let all: Vec<&str> = known.iter().map(String::as_str).collect();
        for word in named.iter().filter(|word| !all.contains(&word.as_str())) {
            self.unknown_word(word, &say!(word.value), &all);
        }
        known.into_iter().map(|word| Sample::Word(Some(word))).collect()
    }

    /// Something is decided whatever comes, and just once where that is asked for; and every row can count.
    fn complete(&self, written: &model::Decision, decision: &Decision, columns: &[Vec<Sample>]) {
        let Ok(mut cover) = Cover::new(decision, columns) else {
            self.report(fault!(NOT_PROVEN.table, &written.name.span, n = QUESTIONS_MAX));
            return;
        };
        let rows: Vec<usize> = (0..decision.rows.len()).collect();
        if decision.hit == Hit::Unique {
            for two in &rows {
                let Some((one, place)) = (0..*two).find_map(|one| Some((one, cover.meet(one, *two)?))) else {
                    continue;
                };
                let row = counterexample(decision, columns, &place);
                let fault = fault!(DECISION_OVERLAP.overlap, &written.rows[*two].span, table = written.name, row);
                self.report(fault.beside(&written.rows[one].span));
            }
        }
        let never = |cover: &mut Cover, row: usize| match decision.hit {
            Hit::First => cover.open(&rows[..row], Some(row)).map(|open| open.is_none()),
            Hit::Unique | Hit::Collect => Ok(cover.meet(row, row).is_none()),
        };
        let mut proven = || -> Result<(), Beyond> {
            if decision.hit != Hit::Collect
                && let Some(place) = cover.open(&rows, None)?
            {
                let row = counterexample(decision, columns, &place);
                self.report(fault!(DECISION_GAP.gap, &written.name.span, table = written.name, row));
            }
            for (at, row) in written.rows.iter().enumerate() {
                if never(&mut cover, at)? {
                    self.report(fault!(SHADOWED.row, &row.span, table = written.name));
                }
            }
            Ok(())
        };
        if proven() == Err(Beyond) {
            self.report(fault!(NOT_PROVEN.table, &written.name.span, n = QUESTIONS_MAX));
        }
    }

    /// A transition that a table decides leads somewhere for each of its words.
    pub(super) fn decided(&self, transition: &model::Transition) {
        let Some(decided) = &transition.decided else { return };
        let by = self.refer(Kind::Decision, &decided.by);
        let Some(table) = self.definition.decisions.iter().find(|table| table.name.value == by) else { return };
        if let Some(hit) = table.hit.as_ref().filter(|hit| hit.value == "collect") {
            self.report(fault!(KEYS_TOGETHER.decides_several, &decided.by.span).beside(&hit.span));
        }
        let words = table.outcomes();
        let known: Vec<&str> = words.iter().map(|word| word.as_str()).collect();
        for word in words.iter().filter(|word| decided.to.iter().all(|to| to.value != word.value)) {
            self.report(fault!(MISSING_KEY.leads_where, &decided.by.span, word, table = by).beside(&word.span));
        }
        for to in decided.to.iter().filter(|to| !known.contains(&to.as_str())) {
            self.unknown_word(to, &say!(word.outcome), &known);
        }
    }

    /// The table by which a role is found; each of its words is a role that is found otherwise.
    pub(super) fn decides_who(&self, name: &Name) -> String {
        let by = self.refer(Kind::Decision, name);
        let table = self.definition.decisions.iter().find(|table| table.name.value == by);
        for word in table.map(model::Decision::outcomes).unwrap_or_default() {
            self.refer(Kind::Role, word);
            let role = self.definition.roles.iter().find(|role| role.name.value == word.value);
            if let Some(decision) = role.and_then(|role| role.decision.as_ref()) {
                self.report(fault!(KEYS_TOGETHER.decided_twice, &word.span, role = word).beside(&decision.span));
            }
        }
        by
    }
}

fn condition(cell: &Cell) -> Condition {
    match cell {
        Cell::Numbers { from, to } => Condition::Numbers { from: *from, to: *to },
        Cell::Words(words) => Condition::Words(words.iter().map(|word| word.value.clone()).collect()),
        Cell::Truth(truth) => Condition::Truth(*truth),
    }
}

/// The ends of conditions, something between any two of them, and something on either side, as far as the field can hold it.
fn of_numbers(mut ends: Vec<Exact>, field: Option<&FieldKind>) -> Vec<Sample> {
    ends.sort();
    ends.dedup();
    let one = Exact::from(1);
    let (whole, min, max) = match field {
        Some(FieldKind::Number { min, max }) => (true, min.map(Exact::from), max.map(Exact::from)),
        Some(FieldKind::Decimal { min, max, .. } | FieldKind::Money { min, max, .. }) => (false, *min, *max),
        _ => (false, None, None),
    };
    let mut samples: Vec<Exact> = ends.clone();
    samples.extend(ends.first().and_then(|end| end.minus(one)));
    samples.extend(ends.last().and_then(|end| end.plus(one)));
    for pair in ends.windows(2) {
        let [below, above] = pair else { continue };
        let between = if whole {
            below.plus(one).filter(|next| next < above)
        } else {
            below.plus(*above).and_then(|sum| sum.over(Exact::from(2)))
        };
        samples.extend(between);
    }
    samples.extend(min.into_iter().chain(max));
    samples.retain(|one| min.is_none_or(|min| min <= *one) && max.is_none_or(|max| *one <= max));
    samples.sort();
    samples.dedup();
    samples.into_iter().map(Sample::Number).collect()
}

/// A row that shows it: `amount: 50000000, kind: goods`.
fn counterexample(decision: &Decision, columns: &[Vec<Sample>], place: &Place) -> String {
    let said = |(at, (name, _)): (usize, &(String, String))| {
        let asked = decision.rows.iter().any(|row| row.when.iter().any(|(input, _)| *input == at));
        let value = match columns.get(at)?.get(*place.get(at)?)? {
            Sample::Number(number) => number.decimal().unwrap_or_else(|| number.to_string()),
            Sample::Word(Some(word)) => word.clone(),
            Sample::Word(None) => "…".to_owned(),
            Sample::Truth(truth) => truth.to_string(),
        };
        asked.then(|| format!("{name}: {value}"))
    };
    decision.inputs.iter().enumerate().filter_map(said).collect::<Vec<_>>().join(", ")
}
