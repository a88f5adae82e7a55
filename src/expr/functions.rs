//! The functions that formulas have besides CEL's own. A function of CEL may not borrow, so it asks for what the scope knows
//! through the resolver, by names that no formula can write.

#![expect(clippy::needless_pass_by_value, reason = "the language hands arguments over by value")]

use std::collections::BTreeSet;
use std::sync::PoisonError;

use cel::common::types::{CelBool, CelInt, CelString};
use cel::common::value::{CowVal, Val};
use cel::context::VariableResolver;
use cel::{Context, ExecutionError, FunctionContext, Value};
use jiff::civil::Date;

use super::{Missed, Scope, values};
use crate::calendar::Delay;
use crate::ids::{BodyCode, PersonId, UnitCode};
use crate::machine::Fraction;

/// Separates the parts of such a name.
const PART: char = '\u{1f}';

/// A function's name and how it is called.
pub(super) struct Signature {
    pub(super) name: &'static str,
    pub(super) usage: &'static str,
    pub(super) arguments: &'static [super::Kind],
    pub(super) result: super::Kind,
}

use super::Kind::{Any, Number, Text, Truth};

/// Our functions.
pub(super) const SIGNATURES: &[Signature] = &[
    Signature {
        name: "streak",
        usage: "streak(register, key, until_year, period)",
        arguments: &[Text, Text, Number, Number],
        result: Number,
    },
    Signature { name: "held", usage: "held(register, key, year)", arguments: &[Text, Text, Number], result: Truth },
    Signature { name: "times", usage: "times(register, key)", arguments: &[Text, Text], result: Number },
    Signature { name: "entries", usage: "entries(register)", arguments: &[Text], result: Number },
    Signature {
        name: "reaches",
        usage: "reaches(part, whole, '70%')",
        arguments: &[Number, Number, Text],
        result: Truth,
    },
    Signature { name: "bound", usage: "bound(unit, 'standing_body')", arguments: &[Any, Text], result: Text },
    Signature { name: "belongs", usage: "belongs(person, unit)", arguments: &[Any, Any], result: Truth },
    Signature { name: "count", usage: "count(children, 'approved')", arguments: &[Any, Text], result: Number },
    Signature { name: "units", usage: "units(unit, 'division')", arguments: &[Any, Text], result: Any },
    Signature { name: "units_of", usage: "units_of(body)", arguments: &[Any], result: Any },
    Signature { name: "members", usage: "members(body)", arguments: &[Any], result: Any },
    Signature { name: "holders", usage: "holders(unit, 'post')", arguments: &[Any, Text], result: Any },
    Signature { name: "year", usage: "year(day)", arguments: &[Text], result: Number },
    Signature { name: "month", usage: "month(day)", arguments: &[Text], result: Number },
    Signature { name: "days", usage: "days(from, to)", arguments: &[Text, Text], result: Number },
    Signature { name: "working_days", usage: "working_days(from, to)", arguments: &[Text, Text], result: Number },
    Signature { name: "add", usage: "add(date, '30d')", arguments: &[Text, Text], result: Text },
    Signature { name: "group", usage: "group(unit, 'cluster')", arguments: &[Any, Text], result: Text },
];

/// Puts the function of this name into a context.
pub(super) fn add(name: &str, context: &mut Context<'_, '_>) {
    let added = match name {
        "streak" => context.add_function("streak", streak),
        "held" => context.add_function("held", held),
        "times" => context.add_function("times", times),
        "entries" => context.add_function("entries", entries),
        "reaches" => context.add_function("reaches", reaches),
        "bound" => context.add_function("bound", bound),
        "belongs" => context.add_function("belongs", belongs),
        "group" => context.add_function("group", group),
        "count" => context.add_function("count", count),
        "units" => context.add_function("units", units),
        "units_of" => context.add_function("units_of", units_of),
        "members" => context.add_function("members", members),
        "holders" => context.add_function("holders", holders),
        "year" => context.add_function("year", year),
        "month" => context.add_function("month", month),
        "days" => context.add_function("days", days),
        "working_days" => context.add_function("working_days", working_days),
        "add" => context.add_function("add", add_days),
        _ => Ok(()),
    };
    debug_assert!(added.is_ok(), "none of our functions is called like one of CEL's");
}

/// Answers what our functions ask.
#[derive(Clone, Copy)]
pub(super) struct Answers<'a>(pub(super) &'a Scope<'a>);

impl VariableResolver for Answers<'_> {
    fn resolve<'b>(&'b self, name: &str) -> Option<CowVal<'b, 'b>> {
        let question = name.strip_prefix(PART)?;
        let parts: Vec<&str> = question.split(PART).collect();
        match parts.as_slice() {
            ["held", register, key, year] => {
                let year = year.parse::<i64>().ok()?;
                let found = self.entries(register, key).any(|found| found == year);
                if let Some(missed) = self.0.missed.filter(|_| !found) {
                    let (register, key) = ((*register).to_owned(), (*key).to_owned());
                    missed.lock().unwrap_or_else(PoisonError::into_inner).push(Missed { register, key, year });
                }
                Some(CowVal::owned(CelBool::from(found)))
            }
            ["times", register, key] => {
                let count = i64::try_from(self.entries(register, key).count()).ok()?;
                Some(CowVal::owned(CelInt::from(count)))
            }
            ["entries", register] => {
                let count = self.0.register.iter().filter(|entry| entry.register == *register).count();
                Some(CowVal::owned(CelInt::from(i64::try_from(count).ok()?)))
            }
            ["bound", unit, name] => {
                let today = self.0.calendar.date(self.0.now);
                let unit = self.0.directory.bound(name, &UnitCode::new(*unit), today);
                Some(CowVal::owned(CelString::from(unit.map_or("", |unit| unit.code.as_str()))))
            }
            ["belongs", person, unit] => {
                let today = self.0.calendar.date(self.0.now);
                let (person, unit) = (PersonId::new(*person), UnitCode::new(*unit));
                Some(CowVal::owned(CelBool::from(self.0.directory.belongs(&person, &unit, today))))
            }
            ["group", unit, kind] => {
                let today = self.0.calendar.date(self.0.now);
                let body = self.0.directory.group_of(kind, &UnitCode::new(*unit), today);
                Some(CowVal::owned(CelString::from(body.map_or("", |body| body.code.as_str()))))
            }
            ["add", date, delay] => {
                let (date, delay) = (date.parse::<jiff::civil::Date>().ok()?, delay_of(delay)?);
                let calendar = self.0.calendar;
                let end = calendar.date(calendar.after(calendar.end_of(date), delay));
                Some(CowVal::owned(CelString::from(end.to_string())))
            }
            ["units", unit, kind] => {
                let today = self.0.calendar.date(self.0.now);
                let units = self.0.directory.units_below(kind, &UnitCode::new(*unit), today);
                listed(units.into_iter().map(|unit| values::unit(unit.code.as_str(), self.0)).collect())
            }
            ["units_of", body] => {
                let today = self.0.calendar.date(self.0.now);
                let seats = self.0.directory.seats(&BodyCode::new(*body), today);
                // A unit may have several seats: whoever speaks for it, and the secretary.
                let mut seen = BTreeSet::new();
                let units = seats.into_iter().filter_map(|seat| seat.unit.as_ref()).filter(|unit| seen.insert(*unit));
                listed(units.map(|unit| values::unit(unit.as_str(), self.0)).collect())
            }
            ["members", body] => {
                let today = self.0.calendar.date(self.0.now);
                let seats = self.0.directory.seats(&BodyCode::new(*body), today);
                listed(seats.into_iter().map(|seat| values::person(seat.person.as_str(), self.0)).collect())
            }
            ["working_days", from, to] => {
                let (from, to) = (from.parse().ok()?, to.parse().ok()?);
                let count = self.0.calendar.working_days_between_dates(from, to);
                Some(CowVal::owned(CelInt::from(count)))
            }
            ["holders", unit, post] => {
                let today = self.0.calendar.date(self.0.now);
                let people = self.0.directory.holders(post, &UnitCode::new(*unit), today);
                listed(people.iter().map(|person| values::person(person.as_str(), self.0)).collect())
            }
            _ => None,
        }
    }
}

/// A list as an answer.
fn listed<'b>(items: Vec<Value>) -> Option<CowVal<'b, 'b>> {
    let list: Box<dyn Val> = values::list(items).try_into().ok()?;
    Some(list.into())
}

impl Answers<'_> {
    /// The years of the subject's entries under a key.
    fn entries(&self, register: &str, key: &str) -> impl Iterator<Item = i64> {
        self.0
            .register
            .iter()
            .filter(move |entry| entry.register == register && entry.key == key)
            .map(|entry| i64::from(entry.year))
    }
}

fn streak(ctx: &FunctionContext<'_, '_>, register: Value, key: Value, until: Value, period: Value) -> Answer {
    let (register, key) = (as_text(ctx, &register)?, as_text(ctx, &key)?);
    let (mut year, period) = (as_number(ctx, &until)?, as_number(ctx, &period)?);
    if period < 1 {
        return Err(ctx.error("the period is at least one year"));
    }
    let mut count = 0_i64;
    while let Value::Bool(true) = ask(ctx, &["held", &register, &key, &year.to_string()])? {
        count += 1;
        year = year.saturating_sub(period);
    }
    Ok(Value::Int(count))
}

fn held(ctx: &FunctionContext<'_, '_>, register: Value, key: Value, year: Value) -> Answer {
    let (register, key) = (as_text(ctx, &register)?, as_text(ctx, &key)?);
    ask(ctx, &["held", &register, &key, &as_number(ctx, &year)?.to_string()])
}

fn times(ctx: &FunctionContext<'_, '_>, register: Value, key: Value) -> Answer {
    ask(ctx, &["times", &as_text(ctx, &register)?, &as_text(ctx, &key)?])
}

fn entries(ctx: &FunctionContext<'_, '_>, register: Value) -> Answer {
    ask(ctx, &["entries", &as_text(ctx, &register)?])
}

/// Days that are counted from a date at most: some ten years.
pub(super) const DAYS_MAX: u32 = 3660;

/// A span of days or working days, not too long to be counted.
pub(super) fn delay_of(text: &str) -> Option<Delay> {
    let delay = text.parse::<Delay>().ok()?;
    (delay.unit.is_of_days() && delay.count.unsigned_abs() <= DAYS_MAX).then_some(delay)
}

/// The day on which a period ends that begins on a date, as deadlines count it; of no date there is none.
fn add_days(ctx: &FunctionContext<'_, '_>, date: Value, delay: Value) -> Answer {
    if let Value::Null = date {
        return Ok(Value::Null);
    }
    let (date, delay) = (as_text(ctx, &date)?, as_text(ctx, &delay)?);
    if date.parse::<jiff::civil::Date>().is_err() {
        return Err(ctx.error(format!("`{date}` is no date")));
    }
    if delay_of(&delay).is_none() {
        return Err(ctx.error(format!("`{delay}` is no span of days: write '30d' or '10wd', at most {DAYS_MAX}")));
    }
    ask(ctx, &["add", &date, &delay])
}

/// Of nothing, no share is reached.
fn reaches(ctx: &FunctionContext<'_, '_>, part: Value, whole: Value, share: Value) -> Answer {
    let counted = |value| u64::try_from(as_number(ctx, value)?).map_err(|_| ctx.error("a count is not below zero"));
    let (part, whole) = (counted(&part)?, counted(&whole)?);
    let text = as_text(ctx, &share)?;
    let share = Fraction::parse(&text)
        .ok_or_else(|| ctx.error(format!("`{text}` is no share: write '70%', '2/3' or '66.7%'")))?;
    Ok(Value::Bool(whole > 0 && share.reached_by(part, whole)))
}

/// Nobody belongs nowhere, and nobody to nothing.
fn belongs(ctx: &FunctionContext<'_, '_>, person: Value, unit: Value) -> Answer {
    let (person, unit) = (part(&person, "id"), part(&unit, "code"));
    if matches!((&person, &unit), (Value::Null, _) | (_, Value::Null)) {
        return Ok(Value::Bool(false));
    }
    ask(ctx, &["belongs", &as_text(ctx, &person)?, &as_text(ctx, &unit)?])
}

/// What stands under a name in something of the directory; anything else stands for itself.
fn part(value: &Value, name: &str) -> Value {
    match value {
        Value::Map(map) => map.get(&cel::objects::Key::from(name)).cloned().unwrap_or(Value::Null),
        other => other.clone(),
    }
}

/// How many children have this result.
fn count(ctx: &FunctionContext<'_, '_>, children: Value, result: Value) -> Answer {
    let result = as_text(ctx, &result)?;
    let has = |child: &&Value| matches!(part(child, "result"), Value::String(has) if *has == result);
    match &children {
        Value::List(all) => Ok(Value::Int(i64::try_from(all.iter().filter(has).count()).unwrap_or(i64::MAX))),
        Value::Null => Ok(Value::Int(0)),
        other => Err(ctx.error(format!("children are needed, not {}", described(other)))),
    }
}

fn year(ctx: &FunctionContext<'_, '_>, day: Value) -> Answer {
    Ok(Value::Int(i64::from(as_day(ctx, &day)?.year())))
}

fn month(ctx: &FunctionContext<'_, '_>, day: Value) -> Answer {
    Ok(Value::Int(i64::from(as_day(ctx, &day)?.month())))
}

/// Calendar days from one day to another: the first is not counted, the last is.
fn days(ctx: &FunctionContext<'_, '_>, from: Value, to: Value) -> Answer {
    let between = as_day(ctx, &from)?.until(as_day(ctx, &to)?).map_err(|error| ctx.error(error.to_string()))?;
    Ok(Value::Int(i64::from(between.get_days())))
}

/// The same in working days of the calendar.
fn working_days(ctx: &FunctionContext<'_, '_>, from: Value, to: Value) -> Answer {
    let (from, to) = (as_day(ctx, &from)?, as_day(ctx, &to)?);
    // They are counted one by one.
    if days_apart(from, to) > DAYS_COUNTED_MAX {
        return Err(ctx.error("the days lie more than ten years apart"));
    }
    ask(ctx, &["working_days", &from.to_string(), &to.to_string()])
}

/// Days whose working days are counted, at most.
pub(super) const DAYS_COUNTED_MAX: u32 = 3_660;

fn days_apart(from: Date, to: Date) -> u32 {
    from.until(to).map_or(u32::MAX, |between| between.get_days().unsigned_abs())
}

/// A day, or the day of an instant as it is written.
fn as_day(ctx: &FunctionContext<'_, '_>, value: &Value) -> Result<Date, ExecutionError> {
    let text = as_text(ctx, value)?;
    let day = text.split_once('T').map_or(text.as_str(), |(day, _)| day);
    day.parse().map_err(|_| ctx.error(format!("`{text}` is no day: write '2026-12-31'")))
}

fn units(ctx: &FunctionContext<'_, '_>, unit: Value, kind: Value) -> Answer {
    of_place(ctx, &["units"], &unit, Some(&kind))
}

fn units_of(ctx: &FunctionContext<'_, '_>, body: Value) -> Answer {
    of_place(ctx, &["units_of"], &body, None)
}

fn members(ctx: &FunctionContext<'_, '_>, body: Value) -> Answer {
    of_place(ctx, &["members"], &body, None)
}

fn holders(ctx: &FunctionContext<'_, '_>, unit: Value, post: Value) -> Answer {
    of_place(ctx, &["holders"], &unit, Some(&post))
}

/// A list of the directory about a unit or a body; of none it is empty.
fn of_place(ctx: &FunctionContext<'_, '_>, question: &[&str], place: &Value, word: Option<&Value>) -> Answer {
    if matches!(place, Value::Null) {
        return Ok(values::list(Vec::new()));
    }
    let place = as_text(ctx, &part(place, "code"))?;
    let word = word.map(|word| as_text(ctx, word)).transpose()?;
    let asked: Vec<&str> = question.iter().copied().chain([place.as_str()]).chain(word.as_deref()).collect();
    ask(ctx, &asked)
}

fn group(ctx: &FunctionContext<'_, '_>, unit: Value, kind: Value) -> Answer {
    of_unit(ctx, "group", &unit, &kind)
}

fn bound(ctx: &FunctionContext<'_, '_>, unit: Value, name: Value) -> Answer {
    of_unit(ctx, "bound", &unit, &name)
}

/// Asks something about a unit, which may be given as itself or by its code; of no unit the answer is empty.
fn of_unit(ctx: &FunctionContext<'_, '_>, question: &str, unit: &Value, word: &Value) -> Answer {
    let word = as_text(ctx, word)?;
    if let Value::Null = unit {
        return Ok(super::values::text(""));
    }
    ask(ctx, &[question, &as_text(ctx, &part(unit, "code"))?, &word])
}

type Answer = Result<Value, ExecutionError>;

fn ask(ctx: &FunctionContext<'_, '_>, question: &[&str]) -> Answer {
    let mut name = String::new();
    for part in question {
        name.push(PART);
        name.extend(part.chars().filter(|c| *c != PART));
    }
    match ctx.ptx.get_variable(&name) {
        Some(value) => Value::try_from(value.as_ref()),
        None => Err(ctx.error("nothing is known about it here")),
    }
}

fn as_text(ctx: &FunctionContext<'_, '_>, value: &Value) -> Result<String, ExecutionError> {
    match value {
        Value::String(text) => Ok(text.to_string()),
        other => Err(ctx.error(format!("a text is needed, not {}", described(other)))),
    }
}

fn as_number(ctx: &FunctionContext<'_, '_>, value: &Value) -> Result<i64, ExecutionError> {
    match value {
        Value::Int(number) => Ok(*number),
        other => Err(ctx.error(format!("a whole number is needed, not {}", described(other)))),
    }
}

fn described(value: &Value) -> String {
    match value {
        Value::Null => "an empty field".to_owned(),
        Value::Opaque(_) => "a number that is not whole".to_owned(),
        other => format!("a {}", other.type_of()),
    }
}
