//! Formulas: names, kinds and cost, each fault shown inside the formula.

use super::Check;
use super::names::Kind;
use crate::definition::model::{self, Name};
use crate::diagnostic::{Diagnostic, code, fault};
use crate::expr::{self, ExprFault, Names};
use crate::machine::{FieldKind, Guard, Shape};

/// A formula that stands somewhere in the workflow.
pub(super) struct Written {
    formula: Name,
    /// It must be true or false.
    truth: bool,
    /// The field that gets its value.
    field: Option<Name>,
    /// It stands somewhere else than formulas do by themselves, and sees this.
    sees: Option<Sees>,
}

/// What formulas in other places than guards and actions see besides the dossier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sees {
    /// Who reads a mail, what about, by when.
    Mail,
    /// Nothing; and no decision tables either, being what one looks at.
    Input,
    /// When a dossier stood where, and what it ended with.
    Measure,
    /// What a paper says of votes.
    Draft,
    /// The same, and the row of a list.
    Row,
    /// The same, and a row that was voted on, with its result.
    Voted,
    /// What a paper says of votes, and the row of the nth field.
    RowOf(usize),
}

/// Functions that ask registers, about which a text knows nothing.
const OF_REGISTERS: &[&str] = &["streak", "held", "times", "entries"];

impl Written {
    /// Its text.
    pub(super) fn text(&self) -> &str {
        &self.formula.value
    }
}

impl Check<'_> {
    /// A named formula with what people are told.
    pub(super) fn guard(&self, written: &model::Guard) -> Guard {
        Guard {
            label: written.label.clone(),
            expr: self.note(written.expr.as_ref(), true, None),
            refuse: written.refuse.clone(),
            basis: written.basis.clone(),
        }
    }

    /// A formula that gives a value; its text. It is looked at once everything that it may name is known.
    pub(super) fn formula(&self, written: Option<&Name>) -> String {
        self.note(written, false, None)
    }

    /// What a decision table looks at; its text.
    pub(super) fn input(&self, written: Option<&Name>) -> String {
        let Some(formula) = written else { return String::new() };
        let (formula, sees) = (formula.clone(), Some(Sees::Input));
        self.formulas.borrow_mut().push(Written { formula: formula.clone(), truth: false, field: None, sees });
        formula.value
    }

    /// A formula whose value a field gets.
    pub(super) fn formula_for(&self, written: Option<&Name>, field: &Name) -> String {
        self.note(written, false, Some(field))
    }

    fn note(&self, written: Option<&Name>, truth: bool, field: Option<&Name>) -> String {
        let Some(formula) = written else { return String::new() };
        self.formulas.borrow_mut().push(Written { formula: formula.clone(), truth, field: field.cloned(), sees: None });
        formula.value.clone()
    }

    /// A formula in a hole of a text.
    pub(super) fn note_hole(&self, formula: Name, sees: Sees) {
        self.formulas.borrow_mut().push(Written { formula, truth: false, field: None, sees: Some(sees) });
    }

    /// A formula on which a part of a paper depends; its text.
    pub(super) fn condition(&self, formula: Option<&Name>, sees: Sees) -> String {
        let Some(formula) = formula else { return String::new() };
        self.formulas.borrow_mut().push(Written {
            formula: formula.clone(),
            truth: true,
            field: None,
            sees: Some(sees),
        });
        formula.value.clone()
    }

    /// Every formula against what it may name.
    pub(super) fn check_formulas(&self, shape: &Shape) {
        let plain = if self.is_vague() { self.vague_names() } else { Names::of(shape) };
        let of_guards = plain.clone().with_decisions(&shape.decisions);
        let of_mails = plain.clone().of_mail();
        let of_measures = of_guards.clone().of_measure(&shape.states);
        let of_drafts = plain.clone().of_draft(&shape.votes);
        let of_row = of_drafts.clone().with_fields(&shape.row, &shape.tables).of_row();
        let voted = of_row.clone().of_result();
        for written in self.formulas.borrow().iter() {
            let of_field;
            let names = match written.sees {
                None => &of_guards,
                Some(Sees::Input) => &plain,
                Some(Sees::Mail) => &of_mails,
                Some(Sees::Measure) => &of_measures,
                Some(Sees::Draft) => &of_drafts,
                Some(Sees::Row) => &of_row,
                Some(Sees::Voted) => &voted,
                Some(Sees::RowOf(at)) => {
                    let columns = match shape.fields.get(at).map(|field| &field.kind) {
                        Some(FieldKind::Rows { columns, .. }) => columns.as_slice(),
                        _ => &[],
                    };
                    of_field = of_drafts.clone().with_fields(columns, &shape.tables).of_row();
                    &of_field
                }
            };
            let check = if written.truth { expr::check_truth } else { expr::check };
            let faults = check(&written.formula.value, names);
            for fault in &faults {
                self.formula_fault(&written.formula, fault);
            }
            if faults.is_empty() {
                self.costs(&written.formula, names);
            }
            if let Some(field) = &written.field {
                self.fits_field(&written.formula, field, names);
            }
            let is_said = !matches!(written.sees, None | Some(Sees::Input | Sees::Measure));
            if is_said && !written.truth && faults.is_empty() {
                self.can_be_said(&written.formula, names);
            }
        }
        self.formulas_of_children(&of_guards);
        self.formulas_of_roles(&of_guards);
    }

    /// A formula with names of its own; whether nothing is wrong with it.
    pub(super) fn formula_in(&self, formula: &Name, names: &Names) -> bool {
        let faults = expr::check(&formula.value, names);
        for fault in &faults {
            self.formula_fault(formula, fault);
        }
        if faults.is_empty() {
            self.costs(formula, names);
        }
        faults.is_empty()
    }

    /// A formula runs while others wait: at worst, by the declared limits, it is over in a millisecond.
    fn costs(&self, formula: &Name, names: &Names) {
        let Some(cost) = expr::cost(&formula.value, names).filter(|cost| *cost > expr::COST_MAX) else { return };
        let milliseconds = cost.div_ceil(1_000_000);
        self.report(fault!(COST.too_long, &formula.span, milliseconds));
    }

    /// A field gets only what it can hold.
    fn fits_field(&self, formula: &Name, field: &Name, names: &Names) {
        let (Some(given), Some(holds)) = (expr::kind_of(&formula.value, names), names.kind(&field.value)) else {
            return;
        };
        if !given.can_be(holds) {
            let fault = fault!(FIELD_TYPE.formula, &formula.span, given = given.words(), field, holds = holds.words());
            self.report(fault.beside(&field.span));
        } else if *holds == expr::Kind::Number && expr::endless(&formula.value) {
            self.report(fault!(ENDLESS.set, &formula.span, field).beside(&field.span));
        }
    }

    /// What stands in a hole can be said: a field, a number, a text or several.
    fn can_be_said(&self, formula: &Name, names: &Names) {
        if let Some((asks, _)) = expr::words(&formula.value).find(|(word, _)| OF_REGISTERS.contains(word)) {
            return self.report(fault!(HOLE.register, &formula.span, asks));
        }
        let is_field = names.is_field(&formula.value);
        let Some(kind) = expr::kind_of(&formula.value, names) else { return };
        let parts = |parts: &std::collections::BTreeMap<String, expr::Kind>| {
            parts.keys().map(|part| format!("{}.{part}", formula.value)).collect::<Vec<_>>().join(", ")
        };
        match &kind {
            expr::Kind::Truth => self.report(fault!(HOLE.truth, &formula.span, formula)),
            expr::Kind::Map(_) if is_field => {}
            expr::Kind::Map(of) => self.report(fault!(HOLE.mapping, &formula.span, list = parts(of))),
            expr::Kind::List(of) if matches!(**of, expr::Kind::Map(_) | expr::Kind::List(_) | expr::Kind::Truth) => {
                self.report(fault!(HOLE.rows, &formula.span, formula));
            }
            expr::Kind::Any | expr::Kind::Null | expr::Kind::Number | expr::Kind::Text | expr::Kind::List(_) => {}
        }
    }

    fn formula_fault(&self, formula: &Name, fault: &ExprFault) {
        let mut diagnostic = self.inside(formula, fault);
        if let Some(help) = &fault.help {
            diagnostic = diagnostic.help(help.clone());
        }
        self.report(diagnostic);
    }

    /// The fault at its place in the file, where the formula stands there as it is; else at the whole formula.
    fn inside(&self, formula: &Name, fault: &ExprFault) -> Diagnostic {
        let whole = &formula.span;
        let file = self.sources.iter().find(|file| file.name == whole.file);
        let start = file.and_then(|file| file.slice(&whole.range).find(&formula.value));
        let Some(start) = start else {
            let part = formula.value.get(fault.range.clone()).map(str::trim).filter(|part| !part.is_empty());
            let part = part.unwrap_or(&formula.value);
            return fault!(FORMULA.fault_at, whole, fault = fault.says, part);
        };
        let end = formula.value.len();
        let at = fault.range.start.min(end.saturating_sub(1));
        fault!(FORMULA.fault, whole.part(start + at, fault.range.len().max(1)), fault = fault.says)
    }

    /// A field or table has a fault of its own, so that nothing certain is known about what formulas see.
    pub(super) fn is_vague(&self) -> bool {
        let of_tables = |diagnostic: &Diagnostic| {
            [code::UNKNOWN_TABLE, code::UNKNOWN_WORD, code::MISSING_KEY].contains(&diagnostic.code)
        };
        let without_value = self.definition.tables.iter().any(|table| table.value.is_none());
        let without_type = self.definition.fields.iter().chain(&self.definition.row).any(|field| field.kind.is_none());
        without_value || without_type || self.faults.borrow().iter().any(of_tables)
    }

    /// Every name, without a word on its kind.
    fn vague_names(&self) -> Names {
        let declared = [Kind::Field, Kind::Table, Kind::Children].into_iter().flat_map(|kind| self.names(kind));
        let names = declared.fold(Names::new(), |names, name| names.with(&name.value, expr::Kind::Any));
        if self.is_list() { names.with("rows", expr::Kind::Any) } else { names }
    }
}
