//! The compiled formulas of one machine, and running them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use cel::{Context, ExecutionError, IdedExpr, Program, Value};

use super::functions::{self, Answers};
use super::syntax::{environment, parse};
use super::{Each, ExprError, Scope, Worth, holes, numbers, values};
use crate::diagnostic::LANGUAGES;
use crate::exact::Exact;
use crate::ids::Text;
use crate::machine::{Decision, Draft, Due, FieldKind, Hit, Mail, Sample, Shape, ShareOf, Undecided};

/// The formulas of one machine, compiled, by their text; and its tables, as formulas see them.
pub struct Programs {
    formulas: BTreeMap<String, Formula>,
    tables: BTreeMap<String, Value>,
    decisions: BTreeMap<String, Decision>,
    /// The rows of tables from which fields choose, with their codes.
    choices: BTreeMap<String, BTreeMap<String, Value>>,
}

impl fmt::Debug for Programs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.formulas.keys()).finish()
    }
}

struct Formula {
    expr: IdedExpr,
    /// The variables that it names; only these are worked out when it runs.
    variables: Vec<String>,
    functions: Vec<&'static str>,
    /// What it names and what the decision tables that it names look at; and whether any of that asks a register.
    names: Vec<String>,
    asks_registers: bool,
}

impl Programs {
    /// Compiles every formula of a machine: guards, what rows bring along, register entries, deadlines that are no plain
    /// date, and the paths of votes' shares.
    ///
    /// # Errors
    /// The first formula that does not compile, in words.
    pub fn compile(shape: &Shape) -> Result<Self, String> {
        let mut formulas = BTreeMap::new();
        for expr in formulas_of(shape) {
            let program = parse(expr).map_err(|faults| {
                let said = faults.first().map_or_else(String::new, |fault| fault.says.text(LANGUAGES[0]));
                format!("`{expr}`: {said}")
            })?;
            formulas.insert(expr.to_owned(), Formula::of(&program));
        }
        see_through(&mut formulas, &shape.decisions);
        let tables = shape.tables.iter().map(|(name, table)| (name.clone(), values::of_json(table))).collect();
        Ok(Self { formulas, tables, decisions: shape.decisions.clone(), choices: choices_of(shape) })
    }

    /// The truth value of a formula.
    ///
    /// # Errors
    /// It has no value here, or the value is no truth value.
    pub fn truth(&self, expr: &str, scope: &Scope<'_>) -> Result<bool, ExprError> {
        match self.run(expr, scope)? {
            Value::Bool(truth) => Ok(truth),
            other => Err(error(expr, format!("the result is a {}, not true or false", other.type_of()))),
        }
    }

    /// The value of a formula, as JSON. A unit, a person or a choice becomes what a field would hold.
    ///
    /// # Errors
    /// It has no value here.
    pub fn value(&self, expr: &str, scope: &Scope<'_>) -> Result<serde_json::Value, ExprError> {
        values::to_json(&self.run(expr, scope)?).map_err(|message| error(expr, message))
    }

    /// The number that a formula gives, exactly; for a truth value 1 or 0, and none for what is empty.
    ///
    /// # Errors
    /// It has no value here, or the value is something else.
    pub fn number(&self, expr: &str, scope: &Scope<'_>) -> Result<Option<Exact>, ExprError> {
        match self.run(expr, scope)? {
            Value::Null => Ok(None),
            Value::Bool(truth) => Ok(Some(i64::from(truth).into())),
            value => match numbers::of_value(&value) {
                Some(number) => Ok(Some(number)),
                None => Err(error(expr, format!("the result is a {}, no number", value.type_of()))),
            },
        }
    }

    /// The word that a formula gives, and for something that has a name that name; none for what is empty.
    ///
    /// # Errors
    /// It has no value here, or the value is no word.
    pub fn word(&self, expr: &str, scope: &Scope<'_>) -> Result<Option<(String, Option<String>)>, ExprError> {
        let value = self.run(expr, scope)?;
        values::word(&value).ok_or_else(|| error(expr, format!("the result is a {}, no word", value.type_of())))
    }

    /// The elements of a list.
    ///
    /// # Errors
    /// It has no value here, or the value is no list.
    pub fn each(&self, expr: &str, scope: &Scope<'_>) -> Result<Vec<Each>, ExprError> {
        match self.run(expr, scope)? {
            Value::List(items) => Ok(items.iter().cloned().map(Each).collect()),
            Value::Null => Ok(Vec::new()),
            other => Err(error(expr, format!("the result is a {}, no list", other.type_of()))),
        }
    }

    /// The value of a formula as it is put into words.
    ///
    /// # Errors
    /// It has no value here.
    pub fn worth(&self, expr: &str, scope: &Scope<'_>) -> Result<Worth, ExprError> {
        Ok(values::worth(&self.run(expr, scope)?))
    }

    /// What a formula names, also by way of decision tables: fields, tables, `papers`, `today`.
    pub fn names(&self, expr: &str) -> &[String] {
        self.formulas.get(expr).map_or(&[], |formula| formula.names.as_slice())
    }

    /// Whether a formula asks a register for a year, also by way of decision tables.
    pub fn asks_registers(&self, expr: &str) -> bool {
        self.formulas.get(expr).is_some_and(|formula| formula.asks_registers)
    }

    fn run(&self, expr: &str, scope: &Scope<'_>) -> Result<Value, ExprError> {
        let formula =
            self.formulas.get(expr).ok_or_else(|| error(expr, "it is no formula of this workflow".to_owned()))?;
        let answers = Answers(scope);
        let mut context = Context::with_env(environment().clone());
        for name in &formula.variables {
            let value = match (self.variable(name, scope), self.decisions.get(name)) {
                (Some(value), _) => Some(value),
                (None, Some(table)) => Some(self.decided(name, table, scope)?),
                (None, None) => None,
            };
            if let Some(value) = value {
                context.add_variable_from_value(name.as_str(), value);
            }
        }
        for name in &formula.functions {
            functions::add(name, &mut context);
        }
        if !formula.functions.is_empty() {
            context.set_variable_resolver(&answers);
        }
        Value::resolve(&formula.expr, &context).map_err(|fault| error(expr, in_our_words(&fault)))
    }

    /// Fields come first, then tables, then what every dossier has.
    fn variable(&self, name: &str, scope: &Scope<'_>) -> Option<Value> {
        if let Some(field) = scope.declared.iter().find(|field| field.name.as_str() == name) {
            return Some(self.field(field, scope.fields, scope));
        }
        if let Some(table) = self.tables.get(name) {
            return Some(table.clone());
        }
        if let Some(table) = scope.tables.get(name) {
            return Some(values::of_json(table));
        }
        if let Some(rule) = scope.children.0.get(name) {
            return Some(self.children(name, rule, scope));
        }
        match name {
            "each" => scope.each.map(|each| each.0.clone()),
            "papers" => Some(values::list(scope.papers.iter().map(|kind| values::text(*kind)).collect())),
            "now" => {
                let now = scope.now.timestamp().to_zoned(scope.calendar.zone().clone());
                Some(values::text(now.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()))
            }
            "today" => Some(values::text(scope.calendar.date(scope.now).to_string())),
            "round_no" => Some(values::of_json(&scope.round_no.into())),
            "rows" => scope.rows.map(|(declared, rows)| {
                let row =
                    |fields| values::map(declared.iter().map(|f| (f.name.as_str(), self.field(f, fields, scope))));
                values::list(rows.iter().map(|fields| row(fields)).collect())
            }),
            _ => None,
        }
    }

    /// What a decision table gives: its inputs are worked out, and then its rows gone through.
    fn decided(&self, name: &str, table: &Decision, scope: &Scope<'_>) -> Result<Value, ExprError> {
        let worked: Vec<Result<Value, ExprError>> =
            table.inputs.iter().map(|(_, expr)| self.run(expr, scope)).collect();
        let samples: Vec<Option<Sample>> =
            worked.iter().map(|value| value.as_ref().ok().and_then(values::sample)).collect();
        let words = table.gives_for(&samples).map_err(|why| match why {
            Undecided::NoRow => error(name, "no row of the table holds".to_owned()),
            Undecided::Input(at) => match (worked.get(at), table.inputs.get(at)) {
                (Some(Err(fault)), _) => fault.clone(),
                (Some(Ok(value)), Some((input, _))) => {
                    error(name, format!("no condition fits `{input}`, which is {}", described(value)))
                }
                _ => error(name, "a column is missing".to_owned()),
            },
        })?;
        let mut words = words.into_iter().map(values::text);
        match table.hit {
            Hit::Collect => Ok(values::list(words.collect())),
            Hit::First | Hit::Unique => Ok(words.next().unwrap_or(Value::Null)),
        }
    }

    fn field(
        &self,
        field: &crate::machine::Field,
        fields: &BTreeMap<crate::ids::FieldName, serde_json::Value>,
        scope: &Scope<'_>,
    ) -> Value {
        values::of_field(field, fields.get(&field.name), scope, &|table, code| self.row(table, code, scope))
    }

    /// The row of a table that a field has chosen.
    fn row(&self, table: &str, code: &str, scope: &Scope<'_>) -> Value {
        match self.choices.get(table).and_then(|rows| rows.get(code)) {
            Some(row) => row.clone(),
            None => values::choice(code, scope.tables.get(table).and_then(|rows| rows.get(code))),
        }
    }

    /// The children under a name: a list of them; where there is one only, that one.
    fn children(&self, name: &str, rule: &crate::machine::Children, scope: &Scope<'_>) -> Value {
        let of_table = |table: &str, code: &str| self.row(table, code, scope);
        let all = scope.children.1.iter().filter(|child| child.children == name);
        let mut all = all.map(|child| values::child(child, &rule.takes, scope, &of_table));
        if rule.is_one() { all.next_back().unwrap_or(Value::Null) } else { values::list(all.collect()) }
    }
}

impl Formula {
    fn of(program: &Program) -> Self {
        let references = program.references();
        let variables = references.variables().into_iter().map(str::to_owned).collect();
        let functions =
            functions::SIGNATURES.iter().map(|one| one.name).filter(|name| references.has_function(name)).collect();
        let (names, asks_registers) = (Vec::new(), false);
        Self { expr: numbers::exactly(program.expression().clone()), variables, functions, names, asks_registers }
    }

    /// It asks for the entry of a year.
    fn asks_for_years(&self) -> bool {
        self.functions.iter().any(|name| ["streak", "held"].contains(name))
    }
}

/// Notes in each formula what it names and asks by way of decision tables.
fn see_through(formulas: &mut BTreeMap<String, Formula>, decisions: &BTreeMap<String, Decision>) {
    let of = |formula: &Formula| (formula.variables.clone(), formula.asks_for_years());
    let own: BTreeMap<String, (Vec<String>, bool)> =
        formulas.iter().map(|(expr, formula)| (expr.clone(), of(formula))).collect();
    for formula in formulas.values_mut() {
        let tables = formula.variables.iter().filter_map(|name| decisions.get(name));
        let inputs: Vec<_> = tables.flat_map(|table| &table.inputs).filter_map(|(_, expr)| own.get(expr)).collect();
        formula.asks_registers = formula.asks_for_years() || inputs.iter().any(|(_, asks)| *asks);
        formula.names = formula.variables.iter().chain(inputs.iter().flat_map(|(names, _)| names)).cloned().collect();
    }
}

/// Every formula of a workflow.
fn formulas_of(shape: &Shape) -> BTreeSet<&str> {
    let mut found: BTreeSet<&str> = shape.guards.values().map(|guard| guard.expr.as_str()).collect();
    for table in shape.decisions.values() {
        found.insert(&table.expr);
        found.extend(table.inputs.iter().map(|(_, expr)| expr.as_str()));
    }
    for vote in shape.votes.values() {
        for threshold in [&vote.quorum, &vote.passes] {
            if let ShareOf::Path(path) = &threshold.share {
                found.insert(path);
            }
        }
    }
    found.extend(shape.children.values().flat_map(crate::machine::Children::formulas));
    found.extend(shape.roles.values().filter_map(crate::machine::Role::each));
    found.extend(shape.measures.values().flat_map(crate::machine::Measure::formulas).map(String::as_str));
    for state in &shape.states {
        if let Some(joins) = &state.joins {
            found.extend(joins.with.values().chain(joins.row.values()).map(String::as_str));
        }
        found.extend(state.entry.formulas().chain(state.exit.formulas()));
        let sendings = state.transitions().flat_map(|way| &way.send);
        found.extend(sendings.flat_map(|sending| sending.with.values()).map(String::as_str));
        let posting = state.posting.as_ref().and_then(|posting| posting.before.as_ref());
        let due = state.deadline.as_ref().map(|deadline| &deadline.due).into_iter().chain(posting);
        let day = due.filter_map(Due::day);
        found.extend(day.filter(|day| day.parse::<jiff::civil::Date>().is_err()));
    }
    let texts = shape.mails.values().flat_map(Mail::texts).chain(shape.drafts.values().flat_map(Draft::texts));
    found.extend(shape.drafts.values().flat_map(Draft::conditions));
    found.extend(texts.flat_map(Text::all).flat_map(holes));
    found.remove("");
    found
}

fn choices_of(shape: &Shape) -> BTreeMap<String, BTreeMap<String, Value>> {
    let mut choices = BTreeMap::new();
    let brought = shape.children.values().flat_map(|rule| &rule.takes);
    for field in shape.fields.iter().chain(&shape.row).chain(brought) {
        if let FieldKind::Choice { from } = &field.kind
            && let Some(serde_json::Value::Object(rows)) = shape.tables.get(from)
        {
            let rows = rows.iter().map(|(code, row)| (code.clone(), values::choice(code, Some(row)))).collect();
            choices.insert(from.clone(), rows);
        }
    }
    choices
}

fn error(expr: &str, message: String) -> ExprError {
    ExprError { expr: expr.to_owned(), message }
}

fn described(value: &Value) -> String {
    match value {
        Value::Int(_) | Value::Opaque(_) => "a number".to_owned(),
        Value::String(_) => "a text".to_owned(),
        Value::Bool(_) => "a truth value".to_owned(),
        Value::Null => "an empty field".to_owned(),
        other => format!("a {}", other.type_of()),
    }
}

fn in_our_words(fault: &ExecutionError) -> String {
    match fault {
        ExecutionError::NoSuchKey(key) => format!("there is no `{key}` here; ask `has(...)` first"),
        ExecutionError::UndeclaredReference(name) => format!("`{name}` is not known here"),
        ExecutionError::NoSuchOverload(call) => {
            format!("`{}` does not take ({})", call.function(), call.argument_types().join(", "))
        }
        ExecutionError::UnsupportedBinaryOperator(operator, one, two) => {
            format!("`{operator}` does not take {} and {}", described(one), described(two))
        }
        ExecutionError::ValuesNotComparable(one, two) => {
            format!("{} and {} cannot be compared", described(one), described(two))
        }
        ExecutionError::DivisionByZero(_) | ExecutionError::RemainderByZero(_) => "division by zero".to_owned(),
        ExecutionError::Overflow(..) => "the number is too large".to_owned(),
        ExecutionError::IndexOutOfBounds(_) => "the list is not that long".to_owned(),
        ExecutionError::FunctionError { function, message } => format!("`{function}`: {message}"),
        other => other.to_string(),
    }
}
