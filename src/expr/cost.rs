//! The worst cost of a formula, from the declared limits of the lists and texts in it.
//!
//! The figures are rounded up from runs of the interpreter: a node of the tree, a turn through a list, an element that `in` or a
//! function looks at. They are for saying no to what is far too slow, not for promising a time.

use cel::IdedExpr;
use cel::common::ast::{CallExpr, EntryExpr, Expr, LiteralValue, operators};

use super::Names;
use super::functions::{DAYS_COUNTED_MAX, DAYS_MAX, delay_of};
use super::syntax::parse;
use crate::machine::{Condition, Decision};

/// Nanoseconds that a formula may take at worst.
pub const COST_MAX: u64 = 1_000_000;
/// A node.
const NODE: u64 = 40;
/// A turn of a comprehension, beside its nodes.
const TURN: u64 = 300;
/// An element that is looked at.
const ELEMENT: u64 = 30;
/// Elements of a list, or characters of a text, about which nothing is declared.
const SIZE: u64 = 200;

/// Nanoseconds that the formula takes at worst; none if it cannot be read.
pub fn cost(expr: &str, names: &Names) -> Option<u64> {
    let program = parse(expr).ok()?;
    Some(Cost { names }.of(program.expression()))
}

/// Nanoseconds that a decision table takes at worst: each of its inputs, and every condition of every row.
pub(super) fn of_table(table: &Decision, names: &Names) -> u64 {
    let inputs = table.inputs.iter().filter_map(|(_, expr)| cost(expr, names)).sum::<u64>();
    let conditions = table.rows.iter().flat_map(|row| &row.when).map(|(_, condition)| match condition {
        Condition::Words(words) => words.len() as u64,
        Condition::Numbers { .. } | Condition::Truth(_) => 1,
    });
    inputs.saturating_add(conditions.sum::<u64>().saturating_mul(ELEMENT))
}

struct Cost<'n> {
    names: &'n Names,
}

impl Cost<'_> {
    fn of(&self, node: &IdedExpr) -> u64 {
        let inside = match &node.expr {
            Expr::Unspecified | Expr::Literal(_) => 0,
            Expr::Ident(name) => self.names.cost(name),
            Expr::Select(select) => self.of(&select.operand),
            Expr::Call(call) => self.call(call),
            Expr::Comprehension(it) => {
                let turn = TURN + self.of(&it.loop_cond) + self.of(&it.loop_step);
                let around = [&it.iter_range, &it.accu_init, &it.result].into_iter().map(|part| self.of(part));
                around.sum::<u64>() + self.size(&it.iter_range).saturating_mul(turn)
            }
            Expr::List(list) => list.elements.iter().map(|element| self.of(element)).sum(),
            Expr::Map(map) => map.entries.iter().map(|entry| self.entry(&entry.expr)).sum(),
            Expr::Struct(of) => of.entries.iter().map(|entry| self.entry(&entry.expr)).sum(),
        };
        NODE.saturating_add(inside)
    }

    fn entry(&self, entry: &EntryExpr) -> u64 {
        match entry {
            EntryExpr::MapEntry(entry) => self.of(&entry.key) + self.of(&entry.value),
            EntryExpr::StructField(field) => self.of(&field.value),
        }
    }

    fn call(&self, call: &CallExpr) -> u64 {
        let arguments = || call.target.iter().map(|target| &**target).chain(&call.args);
        let inside: u64 = arguments().map(|argument| self.of(argument)).sum();
        let looked_at = match call.func_name.as_str() {
            operators::IN => call.args.get(1).map_or(0, |list| self.size(list)),
            "sum" | "mean" | "median" | "min" | "max" => call.args.first().map_or(0, |list| self.size(list)),
            // Days are counted one by one.
            "working_days" => u64::from(DAYS_COUNTED_MAX),
            // A calendar counts day by day; with rest days between them.
            "add" => match call.args.get(1).map(|delay| &delay.expr) {
                Some(Expr::Literal(LiteralValue::String(delay))) => {
                    delay_of(delay.inner()).map_or(0, |delay| u64::from(delay.count.unsigned_abs()) * 3 / 2)
                }
                _ => u64::from(DAYS_MAX) * 3 / 2,
            },
            // A text is looked at sixteen characters at a time.
            "contains" | "startsWith" | "endsWith" => arguments().next().map_or(0, |text| self.size(text) / 16),
            // Whether two lists or texts are the same.
            operators::EQUALS | operators::NOT_EQUALS => {
                call.args.iter().map(|side| self.size(side)).min().unwrap_or(0) / 16
            }
            _ => 0,
        };
        inside.saturating_add(looked_at.saturating_mul(ELEMENT))
    }

    /// How many elements, or characters, at most.
    fn size(&self, node: &IdedExpr) -> u64 {
        match &node.expr {
            Expr::Ident(name) => self.names.size(name).unwrap_or(SIZE),
            Expr::Select(select) => self.names.size_of_part(&select.field).unwrap_or(SIZE),
            Expr::List(list) => list.elements.len() as u64,
            Expr::Map(map) => map.entries.len() as u64,
            Expr::Comprehension(it) => self.size(&it.iter_range),
            Expr::Call(call) if call.func_name == operators::ADD => call.args.iter().map(|part| self.size(part)).sum(),
            Expr::Literal(LiteralValue::String(text)) => text.inner().len() as u64,
            Expr::Literal(_) => 1,
            Expr::Call(_) | Expr::Struct(_) | Expr::Unspecified => SIZE,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expr::Kind;

    fn names(size: u64) -> Names {
        let list = || Kind::List(Box::new(Kind::Text));
        Names::new().with("few", list()).sized("few", 10).with("many", list()).sized("many", size)
    }

    #[test]
    fn what_is_declared_says_what_a_formula_costs() {
        let cost = |expr: &str, size| cost(expr, &names(size)).expect("it can be read");
        assert!(cost("many.all(x, x != '')", 100) < cost("many.all(x, x != '')", 1000));
        assert!(cost("few.all(x, x in many)", 1000) < COST_MAX);
        assert!(cost("many.all(x, x in many)", 1000) > COST_MAX);
        assert_eq!(cost("1 + 1 == 2", 10), cost("1 + 1 == 2", 1000));
    }
}
