//! Checking a formula before anything runs: names, functions, kinds, and that its cost is bounded. Every fault is found in one
//! go, with its place in the text.

use std::ops::Range;

use cel::IdedExpr;
use cel::common::ast::{CallExpr, ComprehensionExpr, EntryExpr, Expr, LiteralValue, SelectExpr, SourceInfo, operators};

use super::functions::{DAYS_MAX, SIGNATURES, delay_of};
use super::syntax::{ExprFault, parse};
use super::{Kind, Names, names};
use crate::diagnostic::{Words, nearest, say};

/// The functions of CEL that formulas may use, with how they are called.
const STANDARD: &[(&str, &str)] = &[
    ("size", "size(list)"),
    ("contains", "text.contains('part')"),
    ("startsWith", "text.startsWith('begin')"),
    ("endsWith", "text.endsWith('end')"),
    ("string", "string(number)"),
    ("int", "int(text)"),
    ("round", "round(number, 2)"),
    ("floor", "floor(number)"),
    ("ceil", "ceil(number)"),
    ("sum", "sum(list)"),
    ("mean", "mean(list)"),
    ("median", "median(list)"),
    ("min", "min(list)"),
    ("max", "max(list)"),
    ("has", "has(prize.scope)"),
    ("all", "list.all(x, condition)"),
    ("exists", "list.exists(x, condition)"),
    ("exists_one", "list.exists_one(x, condition)"),
    ("filter", "list.filter(x, condition)"),
    ("map", "list.map(x, value)"),
];

/// Every fault of a formula whose result may be anything.
pub fn check(expr: &str, names: &Names) -> Vec<ExprFault> {
    run(expr, names, false)
}

/// Every fault of a formula that must be true or false.
pub fn check_truth(expr: &str, names: &Names) -> Vec<ExprFault> {
    run(expr, names, true)
}

/// The kind of a formula's value; none if the formula has a fault.
pub fn kind_of(expr: &str, names: &Names) -> Option<Kind> {
    let program = parse(expr).ok()?;
    let mut check =
        Check { text: expr, places: program.source_info(), names, bound: Vec::new(), loops: 0, faults: vec![] };
    let kind = check.kind(program.expression());
    check.faults.is_empty().then_some(kind)
}

/// The kind of the elements of a list; none if the formula has a fault, or gives no list.
pub fn element_of(expr: &str, names: &Names) -> Option<Kind> {
    match kind_of(expr, names)? {
        Kind::List(element) if *element != Kind::Any => Some(*element),
        Kind::List(_) | Kind::Any => Some(kept_by(expr, names)),
        _ => None,
    }
}

/// `lines.filter(l, ..)` has the elements of `lines`; what `map` makes of them is not known.
fn kept_by(expr: &str, names: &Names) -> Kind {
    let Ok(program) = parse(expr) else { return Kind::Any };
    let Expr::Comprehension(it) = &program.expression().expr else { return Kind::Any };
    let keeps = matches!(&it.loop_step.expr, Expr::Call(call) if call.func_name == operators::CONDITIONAL);
    let mut check =
        Check { text: expr, places: program.source_info(), names, bound: Vec::new(), loops: 0, faults: vec![] };
    match check.kind(&it.iter_range) {
        Kind::List(element) if keeps => *element,
        _ => Kind::Any,
    }
}

/// Whether a formula may give a number that no decimal can say: a mean, or a division by something else than 2, 5 and their
/// products, that is not rounded.
pub fn endless(expr: &str) -> bool {
    parse(expr).is_ok_and(|program| is_endless(program.expression()))
}

fn is_endless(node: &IdedExpr) -> bool {
    let any = |nodes: &[IdedExpr]| nodes.iter().any(is_endless);
    match &node.expr {
        Expr::Call(call) => match (call.func_name.as_str(), call.args.as_slice()) {
            ("mean", _) => true,
            (operators::DIVIDE, [whole, by]) => !ends(by) || is_endless(whole),
            (operators::CONDITIONAL, [_, one, other]) => is_endless(one) || is_endless(other),
            (operators::ADD | operators::SUBSTRACT | operators::MULTIPLY | operators::NEGATE, args) => any(args),
            ("sum" | "median" | "min" | "max", args) => any(args),
            _ => false,
        },
        Expr::List(list) => any(&list.elements),
        Expr::Comprehension(it) => is_endless(&it.loop_step),
        _ => false,
    }
}

/// Whether what is divided by this ends.
fn ends(by: &IdedExpr) -> bool {
    let Expr::Literal(LiteralValue::Int(number)) = &by.expr else { return false };
    let mut rest = number.inner().unsigned_abs();
    for factor in [2, 5] {
        while rest > 1 && rest % factor == 0 {
            rest /= factor;
        }
    }
    rest == 1
}

fn run(expr: &str, names: &Names, truth: bool) -> Vec<ExprFault> {
    let program = match parse(expr) {
        Ok(program) => program,
        Err(faults) => return faults,
    };
    let mut check =
        Check { text: expr, places: program.source_info(), names, bound: Vec::new(), loops: 0, faults: vec![] };
    let kind = check.kind(program.expression());
    if truth && !matches!(kind, Kind::Truth | Kind::Any) {
        check.faults.push(ExprFault::new(0..expr.len(), say!(formula.gives, kind = kind.words())));
    }
    check.faults
}

struct Check<'e> {
    text: &'e str,
    places: &'e SourceInfo,
    names: &'e Names,
    /// The variables of the comprehensions around, innermost last.
    bound: Vec<(&'e str, Kind)>,
    loops: usize,
    faults: Vec<ExprFault>,
}

impl<'e> Check<'e> {
    fn kind(&mut self, node: &'e IdedExpr) -> Kind {
        match &node.expr {
            Expr::Unspecified => Kind::Any,
            Expr::Literal(literal) => self.literal(literal, node),
            Expr::Ident(name) => self.name(name, node),
            Expr::Select(select) => self.select(select, node),
            Expr::Call(call) => self.call(call, node),
            Expr::Comprehension(comprehension) => self.comprehension(comprehension, node),
            Expr::List(list) => {
                let kinds: Vec<Kind> = list.elements.iter().map(|element| self.kind(element)).collect();
                Kind::List(Box::new(Kind::common(kinds)))
            }
            Expr::Map(map) => {
                for entry in &map.entries {
                    match &entry.expr {
                        EntryExpr::MapEntry(entry) => {
                            self.kind(&entry.key);
                            self.kind(&entry.value);
                        }
                        EntryExpr::StructField(field) => {
                            self.kind(&field.value);
                        }
                    }
                }
                Kind::Any
            }
            Expr::Struct(_) => self.fault(node, say!(formula.structures), None),
        }
    }

    fn literal(&mut self, literal: &LiteralValue, node: &IdedExpr) -> Kind {
        match literal {
            LiteralValue::Boolean(_) => Kind::Truth,
            LiteralValue::Int(_) | LiteralValue::Double(_) => Kind::Number,
            LiteralValue::Null => Kind::Null,
            LiteralValue::String(_) => Kind::Text,
            LiteralValue::UInt(_) => self.fault(node, say!(formula.unsigned), None),
            LiteralValue::Bytes(_) => self.fault(node, say!(formula.bytes), None),
        }
    }

    fn name(&mut self, name: &str, node: &IdedExpr) -> Kind {
        if name.starts_with('@') {
            return Kind::Any;
        }
        if let Some((_, kind)) = self.bound.iter().rev().find(|(bound, _)| *bound == name) {
            return kind.clone();
        }
        if let Some(kind) = self.names.kind(name) {
            return kind.clone();
        }
        let bound = self.bound.iter().map(|(name, _)| *name);
        let help = match nearest(name, self.names.iter().chain(bound)) {
            Some(near) => say!(near.meant, near),
            None => say!(formula.known, list = self.names.iter().collect::<Vec<_>>().join(", ")),
        };
        self.fault(node, say!(formula.unknown, name), Some(help))
    }

    fn select(&mut self, select: &'e SelectExpr, node: &IdedExpr) -> Kind {
        let operand = self.kind(&select.operand);
        let range = self.part(&select.operand, &select.field, node);
        let kind = self.part_of(&operand, &select.field, range);
        if select.test { Kind::Truth } else { kind }
    }

    /// The kind of a mapping's part.
    fn part_of(&mut self, whole: &Kind, key: &str, range: Range<usize>) -> Kind {
        match whole {
            Kind::Any | Kind::Null => Kind::Any,
            Kind::Map(parts) => {
                if let Some(kind) = parts.get(key) {
                    kind.clone()
                } else {
                    let help = match nearest(key, parts.keys().map(String::as_str)) {
                        Some(near) => say!(near.meant, near),
                        None => say!(near.known, list = parts.keys().cloned().collect::<Vec<_>>().join(", ")),
                    };
                    self.faults.push(ExprFault::new(range, say!(formula.no_part_here, key)).help(help));
                    Kind::Any
                }
            }
            Kind::Truth | Kind::Number | Kind::Text | Kind::List(_) => {
                self.faults.push(ExprFault::new(range, say!(formula.no_part, whole = whole.words(), key)));
                Kind::Any
            }
        }
    }

    fn comprehension(&mut self, it: &'e ComprehensionExpr, node: &IdedExpr) -> Kind {
        let range = self.kind(&it.iter_range);
        if self.loops > 0 {
            self.fault(node, say!(formula.nested), Some(say!(formula.nested_help)));
        }
        let element = match range {
            Kind::List(element) => *element,
            Kind::Map(_) => Kind::Text,
            Kind::Any | Kind::Null => Kind::Any,
            Kind::Truth | Kind::Number | Kind::Text => {
                self.fault(&it.iter_range, say!(formula.no_list, kind = range.words()), None)
            }
        };
        let depth = self.bound.len();
        self.bound.push((&it.iter_var, element));
        if let Some(second) = &it.iter_var2 {
            self.bound.push((second, Kind::Any));
        }
        self.loops += 1;
        let start = self.kind(&it.accu_init);
        self.kind(&it.loop_cond);
        self.kind(&it.loop_step);
        self.loops -= 1;
        self.bound.truncate(depth);
        match start {
            // `exists_one` counts, and then compares.
            Kind::Truth | Kind::Number => Kind::Truth,
            Kind::List(_) => Kind::List(Box::new(Kind::Any)),
            Kind::Any | Kind::Null | Kind::Text | Kind::Map(_) => Kind::Any,
        }
    }

    fn call(&mut self, call: &'e CallExpr, node: &'e IdedExpr) -> Kind {
        let mut kinds = Vec::new();
        for argument in call.target.iter().map(|target| &**target).chain(&call.args) {
            kinds.push(self.kind(argument));
        }
        let name = call.func_name.as_str();
        match (name, kinds.as_slice()) {
            (operators::LOGICAL_AND | operators::LOGICAL_OR | operators::LOGICAL_NOT, _) => {
                for (argument, kind) in call.args.iter().zip(&kinds) {
                    self.needs_truth(argument, kind);
                }
                Kind::Truth
            }
            (operators::CONDITIONAL, [condition, yes, no]) => {
                self.needs_truth(&call.args[0], condition);
                yes.clone().or(no.clone())
            }
            (operators::EQUALS | operators::NOT_EQUALS, [one, two]) => {
                self.compared(one, two, false, node);
                Kind::Truth
            }
            (operators::LESS | operators::LESS_EQUALS | operators::GREATER | operators::GREATER_EQUALS, [one, two]) => {
                self.compared(one, two, true, node);
                Kind::Truth
            }
            (operators::IN, [_, whole]) => {
                if !matches!(whole, Kind::Any | Kind::Null | Kind::List(_) | Kind::Map(_)) {
                    self.fault(node, say!(formula.in_list, kind = whole.words()), None);
                }
                Kind::Truth
            }
            (operators::INDEX, [whole, _]) => self.indexed(whole, &call.args),
            (operators::ADD, [one, two]) => self.added(one, two, node),
            (
                operators::SUBSTRACT | operators::MULTIPLY | operators::DIVIDE | operators::MODULO | operators::NEGATE,
                _,
            ) => {
                for (argument, kind) in call.args.iter().zip(&kinds) {
                    if !matches!(kind, Kind::Number | Kind::Any) {
                        self.fault(argument, say!(formula.no_reckoning, kind = kind.words()), None);
                    }
                }
                Kind::Number
            }
            (operators::NOT_STRICTLY_FALSE, _) => Kind::Truth,
            _ => self.function(call, &kinds, node),
        }
    }

    fn function(&mut self, call: &'e CallExpr, kinds: &[Kind], node: &'e IdedExpr) -> Kind {
        let name = call.func_name.as_str();
        if let Some(signature) = SIGNATURES.iter().find(|one| one.name == name) {
            if call.target.is_some() || kinds.len() != signature.arguments.len() {
                let help = say!(formula.write, usage = signature.usage);
                self.named(name, node, say!(formula.otherwise, name), help);
            }
            for (argument, (kind, needed)) in call.args.iter().zip(kinds.iter().zip(signature.arguments)) {
                if *needed != Kind::Any && !matches!(kind, Kind::Any | Kind::Null) && kind != needed {
                    let help =
                        matches!(kind, Kind::Map(parts) if parts.contains_key("code")).then(|| say!(formula.code));
                    let says = say!(formula.argument, name, needed = needed.words(), kind = kind.words());
                    self.fault(argument, says, help);
                }
            }
            if let ("add", Some(Expr::Literal(LiteralValue::String(delay)))) =
                (name, call.args.get(1).map(|one| &one.expr))
                && delay_of(delay.inner()).is_none()
            {
                self.fault(&call.args[1], say!(formula.days, delay = delay.inner(), most = DAYS_MAX), None);
            }
            return match name {
                "units" | "units_of" => Kind::List(Box::new(names::unit())),
                "members" | "holders" => Kind::List(Box::new(names::person())),
                _ => signature.result.clone(),
            };
        }
        let member = call.target.is_some();
        match (name, member, kinds) {
            ("size", _, [whole]) => {
                if matches!(whole, Kind::Truth | Kind::Number) {
                    self.fault(node, say!(formula.no_size, kind = whole.words()), None);
                }
                Kind::Number
            }
            ("contains", true, [Kind::List(_), _]) => {
                self.named(name, node, say!(formula.contains), say!(formula.write, usage = "x in list"));
                Kind::Truth
            }
            ("contains" | "startsWith" | "endsWith", true, [one, two]) => {
                for kind in [one, two] {
                    if !matches!(kind, Kind::Text | Kind::Any | Kind::Null) {
                        self.fault(node, say!(formula.texts, name, kind = kind.words()), None);
                    }
                }
                Kind::Truth
            }
            ("sum" | "mean" | "median" | "min" | "max", false, [whole]) => {
                let numbers = match whole {
                    Kind::List(element) => matches!(**element, Kind::Number | Kind::Any | Kind::Null),
                    other => matches!(other, Kind::Any | Kind::Null),
                };
                if !numbers {
                    let help = say!(formula.write, usage = format!("{name}(lines.map(l, l.amount))"));
                    self.fault(&call.args[0], say!(formula.numbers, name, kind = whole.words()), Some(help));
                }
                Kind::Number
            }
            ("round", false, [_, _]) | ("floor" | "ceil", false, [_]) => {
                for (kind, node) in kinds.iter().zip(&call.args) {
                    if !matches!(kind, Kind::Number | Kind::Any | Kind::Null) {
                        self.fault(node, say!(formula.a_number, name, kind = kind.words()), None);
                    }
                }
                Kind::Number
            }
            ("string", false, [_]) => Kind::Text,
            ("int", false, [_]) => Kind::Number,
            _ => {
                self.no_such_function(name, node);
                Kind::Any
            }
        }
    }

    fn no_such_function(&mut self, name: &str, node: &IdedExpr) {
        let known = || SIGNATURES.iter().map(|one| (one.name, one.usage)).chain(STANDARD.iter().copied());
        if let Some((_, usage)) = known().find(|(known, _)| *known == name) {
            self.named(name, node, say!(formula.otherwise, name), say!(formula.write, usage));
            return;
        }
        let help = match nearest(name, known().map(|(name, _)| name)) {
            Some(near) => say!(near.meant, near),
            None => say!(formula.known, list = known().map(|(name, _)| name).collect::<Vec<_>>().join(", ")),
        };
        self.named(name, node, say!(formula.no_function, name), help);
    }

    fn needs_truth(&mut self, node: &IdedExpr, kind: &Kind) {
        if !matches!(kind, Kind::Truth | Kind::Any) {
            self.fault(node, say!(formula.no_truth, kind = kind.words()), None);
        }
    }

    fn compared(&mut self, one: &Kind, two: &Kind, ordered: bool, node: &IdedExpr) {
        if *one == Kind::Any || *two == Kind::Any {
            return;
        }
        if !ordered && (*one == Kind::Null || *two == Kind::Null) {
            return;
        }
        let same = match (one, two) {
            (Kind::List(_), Kind::List(_)) | (Kind::Map(_), Kind::Map(_)) => !ordered,
            (Kind::Truth, Kind::Truth) => !ordered,
            (one, two) => one == two && *one != Kind::Null,
        };
        if same {
            return;
        }
        let coded = |kind: &Kind| matches!(kind, Kind::Map(parts) if parts.contains_key("code"));
        let help = ((coded(one) && *two == Kind::Text) || (coded(two) && *one == Kind::Text))
            .then(|| say!(formula.compare_code));
        self.fault(node, say!(formula.compared, one = one.words(), two = two.words()), help);
    }

    fn indexed(&mut self, whole: &Kind, arguments: &'e [IdedExpr]) -> Kind {
        let Some(key) = arguments.get(1) else { return Kind::Any };
        match (whole, &key.expr) {
            (Kind::List(element), _) => (**element).clone(),
            (Kind::Map(_), Expr::Literal(LiteralValue::String(name))) => {
                let range = self.place(key);
                self.part_of(whole, name.inner(), range)
            }
            (Kind::Map(parts), _) => Kind::common(parts.values().cloned()),
            (Kind::Truth | Kind::Number | Kind::Text, _) => {
                self.fault(key, say!(formula.no_parts, kind = whole.words()), None)
            }
            (Kind::Any | Kind::Null, _) => Kind::Any,
        }
    }

    fn added(&mut self, one: &Kind, two: &Kind, node: &IdedExpr) -> Kind {
        match (one, two) {
            (Kind::Any, kind) | (kind, Kind::Any) => kind.clone(),
            (Kind::Number, Kind::Number) => Kind::Number,
            (Kind::Text, Kind::Text) => Kind::Text,
            (Kind::List(one), Kind::List(two)) => Kind::List(Box::new((**one).clone().or((**two).clone()))),
            (Kind::Text, Kind::Number) | (Kind::Number, Kind::Text) => {
                let help = say!(formula.write, usage = "string(number)");
                self.fault(node, say!(formula.added, one = one.words(), two = two.words()), Some(help))
            }
            _ => self.fault(node, say!(formula.added, one = one.words(), two = two.words()), None),
        }
    }

    fn fault(&mut self, node: &IdedExpr, says: Words, help: Option<Words>) -> Kind {
        let mut fault = ExprFault::new(self.place(node), says);
        fault.help = help;
        self.faults.push(fault);
        Kind::Any
    }

    /// A fault about a function's name.
    fn named(&mut self, name: &str, node: &IdedExpr, says: Words, help: Words) {
        let near = self.place(node);
        let before = self.text[..near.end].rfind(name);
        let start = before.or_else(|| self.text.find(name)).unwrap_or(near.start);
        let range = start..(start + name.len()).min(self.text.len());
        self.faults.push(ExprFault::new(range, says).help(help));
    }

    /// Where a node stands, as bytes.
    fn place(&self, node: &IdedExpr) -> Range<usize> {
        let Some((start, stop)) = self.places.offset_for(node.id) else { return 0..self.text.len() };
        let whole = self.text.len();
        let mut start = usize::try_from(start).unwrap_or(whole).min(whole);
        let mut end = usize::try_from(stop).unwrap_or(whole).saturating_add(1).min(whole);
        while !self.text.is_char_boundary(start) {
            start -= 1;
        }
        while !self.text.is_char_boundary(end) {
            end += 1;
        }
        if start < end { start..end } else { start..whole }
    }

    /// Where the name of a part stands: after its operand.
    fn part(&self, operand: &IdedExpr, field: &str, node: &IdedExpr) -> Range<usize> {
        let from = self.place(operand).end;
        match self.text.get(from..).and_then(|rest| rest.find(field)) {
            Some(at) => from + at..from + at + field.len(),
            None => self.place(node),
        }
    }
}
