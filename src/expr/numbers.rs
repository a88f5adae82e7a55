//! Exact arithmetic in formulas. CEL's own numbers are whole ones of 64 bits and floating point; ours are whole, decimal or
//! fractions, and never rounded: `7 / 2` is three and a half.
//!
//! A whole number that fits stays CEL's `int`, any other is an [`Exact`] in its lowest terms; so equal numbers are equal
//! values. When a formula is compiled the left side of every other operator goes through a function of ours ([`exactly`]),
//! which makes it a value that knows how to reckon exactly with whatever stands on the right.

#![expect(clippy::needless_pass_by_value, reason = "the language hands arguments over by value")]

use std::any::Any;
use std::cmp::Ordering;
use std::sync::Arc;

use cel::common::ast::{CallExpr, EntryExpr, Expr, IdedExpr, LiteralValue, operators};
use cel::common::traits;
use cel::common::types::{CelInt, CelList, CelString, DYN_TYPE, Kind, Type};
use cel::common::value::{CowVal, StaticVal, Val};
use cel::objects::Opaque;
use cel::{DeclarationError, Env, ExecutionError, Value};

use crate::exact::{self, Exact};

/// The function that every left side goes through. No formula can write its name.
const NUMBER: &str = "@number";
/// Digits after the point to which a number is rounded, at most.
const PLACES_MAX: u32 = 10;
/// The function that every decimal goes through.
const DECIMAL: &str = "@decimal";

impl Opaque for Exact {
    fn runtime_type_name(&self) -> &'static str {
        "chancery.exact"
    }
}

/// A number as formulas keep it.
pub(super) fn value(number: Exact) -> Value {
    number.whole().map_or_else(|| Value::Opaque(Arc::new(number)), Value::Int)
}

/// The number that a value is.
pub(super) fn of_value(value: &Value) -> Option<Exact> {
    match value {
        Value::Int(whole) => Some(Exact::from(*whole)),
        Value::Opaque(opaque) => opaque.downcast_ref::<Exact>().copied(),
        _ => None,
    }
}

fn of_val(val: &dyn Val) -> Option<Exact> {
    if let Some(left) = val.downcast_ref::<Left>() {
        return Some(left.0);
    }
    match val.get_type().kind() {
        Kind::Int | Kind::Opaque => of_value(&Value::try_from(val).ok()?),
        _ => None,
    }
}

/// Declares what makes arithmetic exact, and the functions over lists of numbers.
pub(super) fn declare(env: &mut Env) -> Result<(), DeclarationError> {
    env.add_overload(NUMBER, "number_dyn", vec![DYN_TYPE], number)?;
    env.add_overload(DECIMAL, "decimal_dyn", vec![DYN_TYPE], decimal)?;
    env.add_overload("string", "string_dyn", vec![DYN_TYPE], string)?;
    env.add_overload("round", "round_dyn", vec![DYN_TYPE, DYN_TYPE], round)?;
    env.add_overload("floor", "floor_dyn", vec![DYN_TYPE], |args| to_whole("floor", &args, Exact::floor))?;
    env.add_overload("ceil", "ceil_dyn", vec![DYN_TYPE], |args| to_whole("ceil", &args, Exact::ceil))?;
    env.add_overload("sum", "sum_list", vec![DYN_TYPE], |args| of_list("sum", &args, exact::sum))?;
    env.add_overload("mean", "mean_list", vec![DYN_TYPE], |args| of_list("mean", &args, exact::mean))?;
    env.add_overload("median", "median_list", vec![DYN_TYPE], |args| of_list("median", &args, exact::median))?;
    env.add_overload("min", "min_list", vec![DYN_TYPE], |args| of_list("min", &args, |all| all.iter().min().copied()))?;
    env.add_overload("max", "max_list", vec![DYN_TYPE], |args| of_list("max", &args, |all| all.iter().max().copied()))
}

fn of_list<'b, 'v>(
    name: &str,
    args: &[CowVal<'b, 'v>],
    reckon: fn(&[Exact]) -> Option<Exact>,
) -> Result<CowVal<'b, 'v>, ExecutionError> {
    let wrong = |what: &str| ExecutionError::function_error(name, what);
    let list = args.first().and_then(|arg| arg.downcast_ref::<CelList>());
    let list = list.ok_or_else(|| wrong("a list of numbers is needed"))?;
    let numbers: Option<Vec<Exact>> = list.inner().iter().map(|item| of_val(item.as_ref())).collect();
    let numbers = numbers.ok_or_else(|| wrong("something in the list is no number, or is empty"))?;
    let found = reckon(&numbers);
    let why =
        if numbers.is_empty() { "of nothing there is none; ask `size(...)` first" } else { "the number is too large" };
    owned(found.ok_or_else(|| wrong(why))?)
}

/// A number becomes one that reckons exactly. Anything else stays as it is.
fn number<'b, 'v>(mut args: Vec<CowVal<'b, 'v>>) -> Result<CowVal<'b, 'v>, ExecutionError> {
    let Some(arg) = args.pop() else { return Err(ExecutionError::missing_argument_or_target()) };
    Ok(of_val(arg.as_ref()).map_or(arg, |number| CowVal::owned(Left(number))))
}

/// The decimal that a formula writes.
fn decimal<'b, 'v>(args: Vec<CowVal<'b, 'v>>) -> Result<CowVal<'b, 'v>, ExecutionError> {
    let text = args.first().and_then(|arg| arg.downcast_ref::<CelString>()).map_or("", |text| text.inner());
    owned(text.parse().map_err(|why: String| ExecutionError::function_error("decimal", why))?)
}

/// A number rounded to so many digits after the point.
fn round<'b, 'v>(args: Vec<CowVal<'b, 'v>>) -> Result<CowVal<'b, 'v>, ExecutionError> {
    let wrong = |what: &str| ExecutionError::function_error("round", what);
    let [number, places] = args.as_slice() else { return Err(ExecutionError::missing_argument_or_target()) };
    let number = of_val(number.as_ref()).ok_or_else(|| wrong("only a number is rounded"))?;
    let places = of_val(places.as_ref()).and_then(Exact::whole).and_then(|places| u32::try_from(places).ok());
    let places =
        places.filter(|places| *places <= PLACES_MAX).ok_or_else(|| wrong("it has 0 to 10 digits after the point"))?;
    owned(number.rounded(places).ok_or_else(|| wrong("the number is too large"))?)
}

/// A number, rounded down or up to a whole one.
fn to_whole<'b, 'v>(
    name: &str,
    args: &[CowVal<'b, 'v>],
    whole: fn(Exact) -> Exact,
) -> Result<CowVal<'b, 'v>, ExecutionError> {
    let number = args.first().and_then(|arg| of_val(arg.as_ref()));
    owned(whole(number.ok_or_else(|| ExecutionError::function_error(name, "only a number is rounded"))?))
}

/// A number that is not whole, as a text.
fn string<'b, 'v>(args: Vec<CowVal<'b, 'v>>) -> Result<CowVal<'b, 'v>, ExecutionError> {
    let number = args.first().and_then(|arg| of_val(arg.as_ref()));
    let number = number.ok_or_else(|| ExecutionError::function_error("string", "only a number becomes a text"))?;
    Ok(CowVal::owned(CelString::from(number.to_string())))
}

fn owned<'b, 'v>(number: Exact) -> Result<CowVal<'b, 'v>, ExecutionError> {
    Ok(CowVal::Owned(boxed(number)?))
}

fn boxed<'v>(number: Exact) -> Result<Box<dyn Val + 'v>, ExecutionError> {
    match number.whole() {
        Some(whole) => Ok(Box::new(CelInt::from(whole))),
        None => value(number).try_into(),
    }
}

static TYPE: Type = Type::new_unspecified_type("number");

/// A number on the left side of an operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Left(Exact);

impl Left {
    /// Reckons with the right side.
    fn with<'b, 'v>(
        self,
        operator: &'static str,
        right: &dyn Val,
        reckon: fn(Exact, Exact) -> Option<Exact>,
    ) -> Result<CowVal<'b, 'v>, ExecutionError> {
        let Some(other) = of_val(right) else {
            let right = Value::try_from(right).unwrap_or(Value::Null);
            return Err(ExecutionError::UnsupportedBinaryOperator(operator, value(self.0), right));
        };
        let divides = operator == "div" || operator == "rem";
        match reckon(self.0, other) {
            Some(number) => owned(number),
            None if divides && other.is_zero() => Err(ExecutionError::DivisionByZero(value(self.0))),
            None => Err(ExecutionError::Overflow(operator, value(self.0), value(other))),
        }
    }
}

impl StaticVal for Left {}

impl Val for Left {
    fn get_type(&self) -> &Type {
        <Self as Val>::cel_type()
    }

    fn cel_type() -> &'static Type {
        &TYPE
    }

    fn as_adder<'b, 'v>(&'b self) -> Option<&'b (dyn traits::Adder + 'v)>
    where
        Self: 'v,
    {
        Some(self)
    }

    fn as_subtractor<'b, 'v>(&'b self) -> Option<&'b (dyn traits::Subtractor + 'v)>
    where
        Self: 'v,
    {
        Some(self)
    }

    fn as_multiplier<'b, 'v>(&'b self) -> Option<&'b (dyn traits::Multiplier + 'v)>
    where
        Self: 'v,
    {
        Some(self)
    }

    fn as_divider<'b, 'v>(&'b self) -> Option<&'b (dyn traits::Divider + 'v)>
    where
        Self: 'v,
    {
        Some(self)
    }

    fn as_modder<'b, 'v>(&'b self) -> Option<&'b (dyn traits::Modder + 'v)>
    where
        Self: 'v,
    {
        Some(self)
    }

    fn as_negator<'b, 'v>(&'b self) -> Option<&'b (dyn traits::Negator + 'v)>
    where
        Self: 'v,
    {
        Some(self)
    }

    fn as_comparer(&self) -> Option<&dyn traits::Comparer> {
        Some(self)
    }

    fn equals(&self, other: &dyn Val) -> bool {
        of_val(other) == Some(self.0)
    }

    fn clone_as_boxed<'v>(&self) -> Box<dyn Val + 'v>
    where
        Self: 'v,
    {
        Box::new(*self)
    }

    fn as_any(&self) -> Option<&dyn Any> {
        Some(self)
    }
}

impl traits::Adder for Left {
    fn add<'b, 'v>(&'b self, other: &(dyn Val + 'v)) -> Result<CowVal<'b, 'v>, ExecutionError>
    where
        Self: 'v,
    {
        self.with("add", other, Exact::plus)
    }
}

impl traits::Subtractor for Left {
    fn sub<'b, 'v>(&'b self, other: &(dyn Val + 'v)) -> Result<CowVal<'b, 'v>, ExecutionError>
    where
        Self: 'v,
    {
        self.with("sub", other, Exact::minus)
    }
}

impl traits::Multiplier for Left {
    fn mul<'b, 'v>(&'b self, other: &(dyn Val + 'v)) -> Result<CowVal<'b, 'v>, ExecutionError>
    where
        Self: 'v,
    {
        self.with("mul", other, Exact::times)
    }
}

impl traits::Divider for Left {
    fn div<'b, 'v>(&'b self, other: &(dyn Val + 'v)) -> Result<CowVal<'b, 'v>, ExecutionError>
    where
        Self: 'v,
    {
        self.with("div", other, Exact::over)
    }
}

impl traits::Modder for Left {
    fn modulo<'b, 'v>(&'b self, other: &(dyn Val + 'v)) -> Result<CowVal<'b, 'v>, ExecutionError>
    where
        Self: 'v,
    {
        self.with("rem", other, Exact::modulo)
    }
}

impl traits::Negator for Left {
    fn negate<'v>(&self) -> Result<Box<dyn Val + 'v>, ExecutionError>
    where
        Self: 'v,
    {
        boxed(self.0.negated())
    }
}

impl traits::Comparer for Left {
    fn compare(&self, other: &dyn Val) -> Result<Ordering, ExecutionError> {
        let Some(number) = of_val(other) else {
            let other = Value::try_from(other).unwrap_or(Value::Null);
            return Err(ExecutionError::ValuesNotComparable(value(self.0), other));
        };
        Ok(self.0.cmp(&number))
    }
}

/// A formula whose operators reckon exactly.
pub(super) fn exactly(mut node: IdedExpr) -> IdedExpr {
    walk(&mut node);
    node
}

fn walk(node: &mut IdedExpr) {
    match &mut node.expr {
        Expr::Unspecified | Expr::Ident(_) | Expr::Struct(_) => {}
        Expr::Literal(literal) => {
            if let LiteralValue::Double(decimal) = literal {
                // The shortest text that is this number is the one that was written: the scanner takes no longer ones.
                let text = LiteralValue::String(CelString::from(decimal.inner().to_string()));
                node.expr = Expr::Call(CallExpr {
                    func_name: DECIMAL.to_owned(),
                    target: None,
                    args: vec![IdedExpr { id: node.id, expr: Expr::Literal(text) }],
                });
            }
        }
        Expr::List(list) => list.elements.iter_mut().for_each(walk),
        Expr::Map(map) => {
            for entry in &mut map.entries {
                match &mut entry.expr {
                    EntryExpr::MapEntry(entry) => walk(&mut entry.value),
                    EntryExpr::StructField(field) => walk(&mut field.value),
                }
            }
        }
        Expr::Select(select) => walk(&mut select.operand),
        Expr::Comprehension(it) => {
            for part in [&mut it.iter_range, &mut it.accu_init, &mut it.loop_cond, &mut it.loop_step, &mut it.result] {
                walk(part);
            }
        }
        Expr::Call(call) => {
            call.target.iter_mut().for_each(|target| walk(target));
            call.args.iter_mut().for_each(walk);
            match call.func_name.as_str() {
                operators::LESS
                | operators::LESS_EQUALS
                | operators::GREATER
                | operators::GREATER_EQUALS
                | operators::ADD
                | operators::SUBSTRACT
                | operators::MULTIPLY
                | operators::DIVIDE
                | operators::MODULO
                | operators::NEGATE
                    if !call.args.iter().any(is_no_number) =>
                {
                    call.args.iter_mut().take(1).for_each(wrap);
                }
                _ => {}
            }
        }
    }
}

/// A literal that is certainly no number: what stands beside it is none either, or the formula fails anyway.
fn is_no_number(node: &IdedExpr) -> bool {
    match &node.expr {
        Expr::Literal(literal) => !matches!(literal, LiteralValue::Int(_) | LiteralValue::Double(_)),
        // The macros build lists up by adding lists of one; the language does that quickly if it is left alone.
        Expr::List(_) => true,
        _ => false,
    }
}

fn wrap(node: &mut IdedExpr) {
    let inner = std::mem::take(node);
    let id = inner.id;
    *node =
        IdedExpr { id, expr: Expr::Call(CallExpr { func_name: NUMBER.to_owned(), target: None, args: vec![inner] }) };
}
