//! Formulas of an invented office: what they give, and what the checker says to wrong ones.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Names, Programs, Scope, check, check_truth};
use crate::calendar::Calendar;
use crate::directory::{Directory, Person, Unit};
use crate::dossier::context::Entry;
use crate::ids::{FieldName, Instant, PersonId};
use crate::machine::{Field, Shape};

fn shape(exprs: &[&str]) -> Shape {
    let guards: BTreeMap<String, Value> = exprs
        .iter()
        .enumerate()
        .map(|(at, expr)| (format!("g{at}"), json!({"expr": expr, "refuse": {"own": "no"}})))
        .collect();
    serde_json::from_value(json!({
        "level": 1, "workflow": "w", "title": {"own": "W"}, "language": "vi", "calendar": "c", "caption": null,
        "tables": {
            "prizes": {
                "fighter": {"level": "unit", "share": "80%", "papers": ["report", "minutes"], "weight": 1.5},
                "merit": {"level": "ministry", "papers": [], "after": 3},
            },
            "round": {"year": 2026, "closes": "2026-12-10"},
        },
        "fields": [
            {"name": "prize", "label": {"own": "A"}, "type": {"is": "choice", "from": "prizes"}},
            {"name": "unit", "label": {"own": "U"}, "type": {"is": "unit"}},
            {"name": "nominee", "label": {"own": "N"}, "type": {"is": "person"}},
            {"name": "staff", "label": {"own": "S"}, "type": {"is": "number", "min": 0, "max": null}},
            {"name": "good", "label": {"own": "G"}, "type": {"is": "number", "min": 0, "max": null}},
            {"name": "note", "label": {"own": "T"}, "type": {"is": "text", "max": 100}},
            {"name": "tags", "label": {"own": "T"}, "type": {"is": "texts", "max": 5}},
            {"name": "price", "label": {"own": "P"}, "type": {"is": "decimal", "places": 2}},
            {"name": "cost", "label": {"own": "C"}, "type": {"is": "money", "currency": "VND", "places": 0}},
            {"name": "lines", "label": {"own": "L"}, "type": {"is": "rows", "max": 9, "columns": [
                {"name": "quantity", "label": {"own": "Q"}, "type": {"is": "number", "min": 0, "max": null}},
                {"name": "price", "label": {"own": "P"}, "type": {"is": "decimal"}},
            ]}},
        ],
        "row": [
            {"name": "nominee", "label": {"own": "N"}, "type": {"is": "text", "max": 100}},
            {"name": "prize", "label": {"own": "A"}, "type": {"is": "choice", "from": "prizes"}},
        ],
        "roles": {}, "guards": guards, "initial": "s", "states": [],
    }))
    .expect("the shape is complete")
}

fn directory() -> Directory {
    let unit = |code: &str, parent: Option<&str>| Unit {
        code: code.into(),
        name: format!("Unit {code}"),
        kind: "department".to_owned(),
        parent: parent.map(Into::into),
        legal_personality: true,
        tags: vec!["enforcement".to_owned()],
        dated: crate::directory::Dated::default(),
        successors: Vec::new(),
    };
    let mut directory = Directory::default();
    for unit in [unit("BTP", None), unit("HCTP", Some("BTP"))] {
        directory.units.insert(unit.code.clone(), unit);
    }
    let person = Person {
        id: PersonId::new("p-1"),
        code: "CN001".to_owned(),
        name: "Nguyễn Thị Minh Họa".to_owned(),
        address: None,
        email: None,
        language: "vi".to_owned(),
    };
    directory.people.insert(person.id.clone(), person);
    let (root, name, dated) = ("BTP".into(), "standing_body".to_owned(), crate::directory::Dated::default());
    directory.bindings.push(crate::directory::Binding { root, name, unit: "HCTP".into(), dated });
    directory
}

fn ask(expr: &str) -> Result<Value, String> {
    let shape = shape(&[expr]);
    let programs = Programs::compile(&shape)?;
    ask_compiled(&shape, &programs, expr)
}

fn ask_compiled(shape: &Shape, programs: &Programs, expr: &str) -> Result<Value, String> {
    let directory = directory();
    let calendar = Calendar::weekends("c", TimeZone::get("Asia/Ho_Chi_Minh").expect("it exists"));
    let fields: BTreeMap<FieldName, Value> = [
        ("prize", json!("fighter")),
        ("unit", json!("HCTP")),
        ("nominee", json!("p-1")),
        ("staff", json!(62)),
        ("good", json!(55)),
        ("tags", json!(["a", "b"])),
        ("price", json!("12.5")),
        ("cost", json!("9000001")),
        ("lines", json!([{"quantity": 5, "price": "1"}, {"quantity": 2, "price": "1.25"}, ])),
    ]
    .into_iter()
    .map(|(name, value)| (name.into(), value))
    .collect();
    let entry =
        |key: &str, year| Entry { register: "prizes".to_owned(), holder: "p-1".to_owned(), key: key.to_owned(), year };
    let register = [entry("advanced", 2025), entry("advanced", 2024), entry("advanced", 2022), entry("fighter", 2023)];
    let row = |name: &str, prize: &str| -> BTreeMap<FieldName, Value> {
        [("nominee".into(), json!(name)), ("prize".into(), json!(prize))].into_iter().collect()
    };
    let rows = [row("A", "fighter"), row("B", "merit")];
    let rows: Vec<_> = rows.iter().collect();
    programs
        .value(
            expr,
            &Scope {
                tables: &shape.tables,
                declared: &shape.fields,
                fields: &fields,
                papers: &["report"],
                register: &register,
                missed: None,
                directory: &directory,
                calendar: &calendar,
                now: Instant(1_795_430_000_000),
                round_no: 2,
                children: (&shape.children, &[]),
                outsiders: &[],
                each: None,
                rows: Some((&shape.row as &[Field], &rows)),
            },
        )
        .map_err(|error| error.to_string())
}

#[test]
fn formulas_see_fields_tables_papers_rows_and_time() {
    for (expr, expected) in [
        ("prize.level == 'unit' && prize.code == 'fighter'", json!(true)),
        ("bound(unit, 'standing_body')", json!("HCTP")),
        ("bound(unit, 'nobody')", json!("")),
        ("prize.papers.all(p, p in papers)", json!(false)),
        ("prize.papers.filter(p, !(p in papers))", json!(["minutes"])),
        ("prize.weight", json!("1.5")),
        ("prizes.merit.after + 1", json!(4)),
        ("round.year - 1", json!(2025)),
        ("unit.root == 'BTP' && unit.legal_personality && 'enforcement' in unit.tags", json!(true)),
        ("nominee.name", json!("Nguyễn Thị Minh Họa")),
        ("note == null ? 'không có' : note", json!("không có")),
        ("size(rows) == 2 && rows.exists(r, r.prize.level == 'ministry')", json!(true)),
        ("rows.map(r, r.prize.code)", json!(["fighter", "merit"])),
        ("today <= round.closes", json!(true)),
        ("today + ' ' + now", json!("2026-11-23 2026-11-23T17:33:20+07:00")),
        ("year(today) * 100 + month(now)", json!(202_611)),
        ("days('2026-11-20', today) == 3 && days(today, '2026-11-20') == -3", json!(true)),
        ("days('2024-02-01', '2024-03-01') + days('2026-01-01', '2026-01-01')", json!(29)),
        ("working_days('2026-11-20', today) == 1 && working_days(today, '2026-11-20') == -1", json!(true)),
        ("has(prize.after) ? prize.after : 0", json!(0)),
        ("size(tags)", json!(2)),
    ] {
        assert_eq!(ask(expr), Ok(expected), "{expr}");
    }
}

#[test]
fn numbers_are_exact_and_nothing_is_rounded() {
    for (expr, expected) in [
        ("0.1 + 0.2 == 0.3", json!(true)),
        ("7 / 2", json!("3.5")),
        ("7 / 2 > 3", json!(true)),
        ("3 < 7 / 2", json!(true)),
        ("1 / 3 * 3", json!(1)),
        ("price * 3", json!("37.5")),
        ("12 <= price && price <= 12.5", json!(true)),
        ("price == 12.50", json!(true)),
        ("price in [1, 12.5]", json!(true)),
        ("-price", json!("-12.5")),
        ("5 % 3", json!(2)),
        ("cost > 9000000", json!(true)),
        ("sum(lines.map(l, l.quantity * l.price)) == 7.5", json!(true)),
        ("sum(lines.map(l, l.quantity))", json!(7)),
        ("mean(lines.map(l, l.price))", json!("1.125")),
        ("mean([1, 1, 2]) > 1.33 && mean([1, 1, 2]) < 1.34", json!(true)),
        ("round(mean([1, 1, 2]), 2)", json!("1.33")),
        ("round(2.5, 0) == 3 && round(-2.5, 0) == -3 && round(2 / 3, 4) == 0.6667", json!(true)),
        ("[floor(27 * 15 / 100), floor(0.99), floor(3), floor(-0.5)]", json!([4, 0, 3, -1])),
        ("[ceil(27 * 15 / 100), ceil(0.01), ceil(3), ceil(-0.5)]", json!([5, 1, 3, 0])),
        ("median([3, 1, 2, 10])", json!("2.5")),
        ("[min([3, 1.5]), max([3, 1.5])]", json!(["1.5", 3])),
        ("lines.all(l, l.price < 2)", json!(true)),
        ("size(lines) == 2", json!(true)),
        ("prizes.fighter.weight * 2 == 3", json!(true)),
        ("string(price) + ' ' + string(3)", json!("12.5 3")),
        ("9223372036854775807 + 1", json!("9223372036854775808")),
    ] {
        assert_eq!(ask(expr), Ok(expected), "{expr}");
    }
}

#[test]
fn what_fields_refer_to_becomes_what_fields_hold() {
    for (expr, expected) in [
        ("unit", json!("HCTP")),
        ("nominee", json!("p-1")),
        ("prize", json!("fighter")),
        ("[nominee, note]", json!(["p-1", null])),
        ("{'a': unit}", json!({"a": "HCTP"})),
    ] {
        assert_eq!(ask(expr), Ok(expected), "{expr}");
    }
}

#[test]
fn registers_are_counted_as_the_office_counts() {
    for (expr, expected) in [
        ("streak('prizes', 'advanced', 2025, 1)", json!(2)),
        ("streak('prizes', 'advanced', 2026, 1)", json!(0)),
        ("streak('prizes', 'advanced', 2024, 2)", json!(2)),
        ("streak('prizes', 'advanced', round.year - 1, 1) >= 2", json!(true)),
        ("held('prizes', 'fighter', 2023)", json!(true)),
        ("held('prizes', 'fighter', 2024)", json!(false)),
        ("held('fines', 'fighter', 2023)", json!(false)),
        ("times('prizes', 'advanced')", json!(3)),
        ("['advanced', 'fighter'].exists(k, held('prizes', k, 2023))", json!(true)),
    ] {
        assert_eq!(ask(expr), Ok(expected), "{expr}");
    }
}

#[test]
fn shares_are_compared_exactly() {
    for (expr, expected) in [
        ("reaches(7, 9, '70%')", json!(true)),
        ("reaches(7, 9, '80%')", json!(false)),
        ("reaches(2, 3, '2/3')", json!(true)),
        ("reaches(6666666, 10000000, '2/3')", json!(false)),
        ("reaches(good, staff, '88.7%')", json!(true)),
        ("reaches(0, 0, '70%')", json!(false)),
        ("reaches(8, 10, prize.share)", json!(true)),
    ] {
        assert_eq!(ask(expr), Ok(expected), "{expr}");
    }
}

#[test]
fn what_has_no_value_says_why() {
    for (expr, said) in [
        ("prize.after > 1", "there is no `after` here"),
        ("reaches(1, -2, '70%')", "`reaches`: a count is not below zero"),
        ("reaches(1, 2, 'most')", "`most` is no share"),
        ("held('prizes', note, 2020)", "`held`: a text is needed, not an empty field"),
        ("streak('prizes', 'advanced', 2025, 0)", "at least one year"),
        ("1 / 0", "division by zero"),
        ("staff + note", "`add` does not take a number and an empty field"),
        ("max([])", "of nothing there is none"),
        ("sum(['a'])", "something in the list is no number"),
        ("1 / 3", "a fraction that no decimal can say"),
        ("99999999999999 * 99999999999999 * 99999999999999", "too large"),
        ("double('1.5')", "no exact number"),
    ] {
        let error = ask(expr).expect_err(expr);
        assert!(error.contains(said), "{expr}: {error}");
    }
    let programs = Programs::compile(&shape(&[])).expect("nothing to compile");
    assert!(ask_compiled(&shape(&[]), &programs, "1").expect_err("unknown").contains("no formula of this workflow"));
}

#[test]
fn days_are_added_to_a_date_as_deadlines_count_them() {
    for (sum, day) in [
        ("add('2026-06-01', '30d')", "2026-07-01"),
        ("add('2026-06-05', '1wd')", "2026-06-08"),
        ("add('2026-06-05', '1d')", "2026-06-08"),
        ("add('2026-06-01', '-1wd')", "2026-05-29"),
        ("add('2026-06-01', '0d')", "2026-06-01"),
    ] {
        assert_eq!(ask(sum), Ok(json!(day)), "{sum}");
    }
    assert_eq!(ask("add(null, '30d')"), Ok(Value::Null));
    assert!(ask("add('soon', '30d')").expect_err("no date").contains("`soon` is no date"));
    assert!(ask("add('2026-06-01', note)").is_err(), "an empty field is no span of days");
}

#[test]
fn a_span_that_is_none_is_found_before_anything_runs() {
    let told = "'30h' | `30h` is no span of days from '-3660d' to '3660d', or of working days ('10wd') | ";
    assert_eq!(faults("add(today, '30h') > today"), [told]);
    assert_eq!(faults("add(today, '30d') > today"), [""; 0]);
}

#[test]
fn what_is_divided_and_not_rounded_may_have_no_end() {
    for (expr, endless) in [
        ("mean([1, 2])", true),
        ("round(mean([1, 2]), 2)", false),
        ("staff / 3", true),
        ("staff / 40", false),
        ("1 + staff / good", true),
        ("good > 0 ? staff / good : 0", true),
        ("sum(lines.map(l, l.price / 3))", true),
        ("sum(lines.map(l, l.price * 3))", false),
        ("staff * good", false),
    ] {
        assert_eq!(super::endless(expr), endless, "{expr}");
    }
}

#[test]
fn a_machine_with_a_broken_formula_is_not_loaded() {
    let error = Programs::compile(&shape(&["1 +"])).expect_err("it is broken");
    assert_eq!(error, "`1 +`: the formula ends too early");
}

/// The faults as `what was marked | message | help`.
fn faults(expr: &str) -> Vec<String> {
    check_truth(expr, &Names::of(&shape(&[])))
        .into_iter()
        .map(|fault| {
            format!(
                "{} | {} | {}",
                &expr[fault.range],
                fault.says.text("en"),
                fault.help.map_or_else(String::new, |help| help.text("en"))
            )
        })
        .collect()
}

#[test]
fn good_formulas_have_no_faults() {
    for expr in [
        "prize.papers.all(p, p in papers)",
        "size(rows) > 0 && rows.all(r, r.prize.level == 'unit')",
        "rows.filter(r, r.prize.code == 'merit').size() <= 3",
        "streak('prizes', prize.code, round.year - 1, 1) >= 2 || held('prizes', 'fighter', round.year)",
        "reaches(good, staff, '70%') // as the circular says: tỷ lệ",
        "group(unit, 'cluster') != '' && unit.name.contains('Sở')",
        "has(prize.after) ? prize.after > 1 : note == null",
        "prizes[prize.code].level == 'unit' && prizes['merit'].after == 3",
        "rows.exists_one(r, r.nominee == 'A') && tags.map(t, t + '!').size() == 2",
        "string(staff) == '62' && int('3') == 3 && -staff < 0",
        "note == 'Hội đồng “đơn vị”'",
    ] {
        assert_eq!(faults(expr), [""; 0], "{expr}");
    }
}

#[test]
fn every_fault_is_marked_and_explained() {
    for (expr, expected) in [
        ("przie.level == 'unit'", "przie | `przie` is not known here | did you mean `prize`?"),
        ("prize.lvel == 'unit'", "lvel | there is no `lvel` here | did you mean `level`?"),
        ("rows.all(r, r.przie.code == 'x')", "przie | there is no `przie` here | did you mean `prize`?"),
        ("strek('a', 'b', 1, 1) > 1", "strek | there is no function `strek` | did you mean `streak`?"),
        ("held('a', 'b')", "held | `held` is called otherwise | write `held(register, key, year)`"),
        ("held('a', 'b', '2025')", "'2025' | `held` takes a number here, not a text | "),
        ("held('a', prize, 2025)", "prize | `held` takes a text here, not a mapping | its text is its `code`"),
        ("prize == 'fighter'", "== | a mapping and a text cannot be compared | compare its `code`"),
        ("staff > '5'", "> | a number and a text cannot be compared | "),
        ("staff", "staff | the formula gives a number, not true or false | "),
        ("papers.contains('report')", "contains | a list is not asked by `contains` | write `x in list`"),
        ("staff = 5", "= | `=` does not compare | write `==` for \"is equal to\""),
        ("staff > 5 and good > 5", "and | `and` is no operator | write `&&`"),
        ("staff > 5 & good > 5", "& | `&` is no operator | write `&&`"),
        ("staff > 7e3", "7e3 | this number cannot be taken exactly | write it as in `7.5`, with at most 15 digits"),
        ("sum(note) > 1", "note | `sum` takes a list of numbers, not a text | write `sum(lines.map(l, l.amount))`"),
        ("price > '5'", "> | a number and a text cannot be compared | "),
        (
            "đơn_vị.code == 'x'",
            "đơn_vị | `đơn_vị` is no name: names in formulas are made of a-z, 0-9 and _ | a field's name is ASCII, its label carries the Vietnamese; texts stand in quotes",
        ),
        ("note == “x”", "“ | typographic quotes do not enclose a text | write `'...'`"),
        ("note == 'Hội", "'Hội | the text is not closed | a quote is missing"),
        (
            "(staff > 5",
            " | the formula ends too early | a bracket, a quote or the right side of an operator is missing",
        ),
        ("note == 'Hội đồng' staff", "staff | `staff` cannot stand here | "),
        ("", " | the formula is empty | "),
        ("rows.all(r)", "all | `all` is called otherwise | write `list.all(x, condition)`"),
        ("staff.all(r, true)", "staff | a number is no list to look through | "),
        (
            "rows.all(r, papers.exists(p, p == r.nominee))",
            "( | a list inside a list is looked through: that could take long | put what the inner one looks for into a table, or ask `x in list`",
        ),
    ] {
        let found = faults(expr);
        assert!(found.iter().any(|fault| fault == expected), "{expr}: {found:#?}");
    }
}

#[test]
fn a_formula_has_a_length_and_a_depth() {
    assert!(faults(&"true && ".repeat(300)).iter().any(|fault| fault.contains("at most 2048")));
    let deep = format!("{}true{}", "(".repeat(25), ")".repeat(25));
    assert!(faults(&deep).iter().any(|fault| fault.contains("too deeply")));
    let high = "!".repeat(2000) + "true";
    let _ = faults(&high);
    let _ = faults(&("true ? true : ".repeat(140) + "true"));
    let _ = faults(&("prize".to_owned() + &".x".repeat(900)));
    let _ = faults(&("1".to_owned() + &"+1".repeat(1000)));
    let _ = faults(&("-".repeat(2000) + "1"));
}

#[test]
fn a_formula_whose_result_may_be_anything_may_be_a_mapping() {
    assert_eq!(check("prize", &Names::of(&shape(&[]))), []);
}

fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        "\\PC{0,3}",
        "[a-z_.]{1,6}",
        proptest::sample::select(vec![
            "prize", "rows", ".", "(", ")", "[", "]", "{", "}", "'", "\"", "all(x, ", "has(", "==", "&&", "?", ":",
            ",", "1", "0x", "b'", "r'", "\\", "'''", "\n", "//", "!", "-", "in", "@", "`", "Hội", "msg{", "u", "map(",
            "null", "e9",
        ])
        .prop_map(str::to_owned),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_text_makes_the_checker_panic(pieces in proptest::collection::vec(piece(), 0..25), glue in "[ ]{0,1}") {
        let expr = pieces.join(&glue);
        for fault in check(&expr, &Names::of(&shape(&[]))) {
            prop_assert!(expr.get(fault.range).is_some(), "the range lies on characters");
        }
        if let Ok(programs) = Programs::compile(&shape(&[&expr])) {
            let _ = ask_compiled(&shape(&[]), &programs, &expr);
        }
    }
}
