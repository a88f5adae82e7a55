//! Formulas: that they compile, with the fault shown inside them.

use super::Check;
use crate::definition::model::{self, Name};
use crate::diagnostic::{Diagnostic, code};
use crate::machine::Guard;
use crate::source::Span;

/// Bytes that one formula may have.
const FORMULA_MAX: usize = 4_000;

impl Check<'_> {
    /// A named formula with what people are told.
    pub(super) fn guard(&self, written: &model::Guard) -> Guard {
        Guard {
            expr: self.formula(written.expr.as_ref()),
            refuse: written.refuse.clone(),
            basis: written.basis.clone(),
        }
    }

    /// A formula that compiles; its text.
    pub(super) fn formula(&self, written: Option<&Name>) -> String {
        let Some(written) = written else { return String::new() };
        self.formulas.borrow_mut().push(written.value.clone());
        if written.value.len() > FORMULA_MAX {
            let label = format!("{} bytes", written.value.len());
            self.error(code::FORMULA, format!("a formula may have {FORMULA_MAX} bytes"), &written.span, label);
        } else if let Err((offset, why)) = parse(&written.value) {
            let fault =
                Diagnostic::error(code::FORMULA, "this formula cannot be read", self.inside(written, offset), why);
            self.report(fault.help("formulas are CEL: `size(rows) > 0`, `amount > 100 && unit.kind == 'team'`"));
        }
        written.value.clone()
    }

    /// The place of a byte of a formula in the file, where the formula stands there as it is; else the whole formula.
    fn inside(&self, formula: &Name, offset: usize) -> Span {
        let whole = &formula.span;
        let Some(file) = self.sources.iter().find(|file| file.name == whole.file) else { return whole.clone() };
        match file.slice(&whole.range).find(&formula.value) {
            Some(start) => {
                let rest = formula.value.get(offset..).unwrap_or("");
                let len = rest.chars().next().map_or(0, char::len_utf8);
                if len == 0 { whole.part(start + offset.saturating_sub(1), 1) } else { whole.part(start + offset, len) }
            }
            None => whole.clone(),
        }
    }
}

/// Whether a formula is CEL at all; else the byte where it stops being CEL, and why.
fn parse(text: &str) -> Result<(), (usize, String)> {
    let faults = match cel::Program::compile(text) {
        Ok(_) => return Ok(()),
        Err(faults) => faults,
    };
    let Some(first) = faults.errors.first() else { return Err((0, "not a formula".to_owned())) };
    let (line, column) = first.pos;
    let before: usize = text.split_inclusive('\n').take(usize::try_from(line - 1).unwrap_or(0)).map(str::len).sum();
    let in_line = text.get(before..).unwrap_or("");
    let column = usize::try_from(column - 1).unwrap_or(0);
    let offset = in_line.char_indices().nth(column).map_or(in_line.len(), |(at, _)| at);
    Err((before + offset, first.msg.lines().next().unwrap_or("not a formula").to_owned()))
}
