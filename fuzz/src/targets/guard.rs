//! Formulas, in a workflow with a field of every kind that formulas see.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use chancery::calendar::Calendar;
use chancery::directory::Directory;
use chancery::expr::{self, Names, Programs, Scope};
use chancery::ids::{FieldName, Instant};
use chancery::machine::{Field, Shape};
use jiff::tz::TimeZone;
use serde_json::{Value, json};

fn shape(expr: &str) -> Shape {
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
            {"name": "day", "label": {"own": "D"}, "type": {"is": "date"}},
            {"name": "tags", "label": {"own": "T"}, "type": {"is": "texts", "max": 5}},
            {"name": "price", "label": {"own": "P"}, "type": {"is": "decimal", "places": 2}},
            {"name": "lines", "label": {"own": "L"}, "type": {"is": "rows", "max": 9, "columns": [
                {"name": "quantity", "label": {"own": "Q"}, "type": {"is": "number", "min": 0, "max": null}},
                {"name": "price", "label": {"own": "P"}, "type": {"is": "decimal"}},
            ]}},
        ],
        "row": [
            {"name": "nominee", "label": {"own": "N"}, "type": {"is": "text", "max": 100}},
            {"name": "prize", "label": {"own": "A"}, "type": {"is": "choice", "from": "prizes"}},
        ],
        "roles": {}, "guards": {"g": {"expr": expr, "refuse": {"own": "no"}}}, "initial": "s", "states": [],
    }))
    .expect("the shape is complete")
}

type Values = BTreeMap<FieldName, Value>;

fn values(json: Value) -> Values {
    serde_json::from_value(json).expect("names and values")
}

static NAMES: LazyLock<Names> = LazyLock::new(|| Names::of(&shape("true")));
static FULL: LazyLock<Values> = LazyLock::new(|| {
    values(json!({
        "prize": "fighter", "unit": "U", "nominee": "p-1", "staff": 62, "good": 0, "note": "Hội đồng", "day": "2024-02-29",
        "tags": ["a", "b"], "price": "12.5", "lines": [{"quantity": 5, "price": "0"}, {"quantity": 2, "price": "1.25"}],
    }))
});

fn answers(shape: &Shape, programs: &Programs, expr: &str) -> Vec<String> {
    let (directory, zone) = (Directory::default(), TimeZone::get("Asia/Ho_Chi_Minh").expect("it exists"));
    let calendar = Calendar::weekends("c", zone);
    let row = values(json!({"nominee": "A", "prize": "merit"}));
    let nothing = Values::new();
    let mut said = Vec::new();
    for (fields, rows) in [(&*FULL, vec![&row]), (&nothing, vec![])] {
        let scope = Scope {
            tables: &shape.tables,
            declared: &shape.fields,
            fields,
            papers: &["report"],
            register: &[],
            missed: None,
            directory: &directory,
            calendar: &calendar,
            now: Instant(1_795_430_000_000),
            round_no: 2,
            children: (&shape.children, &[]),
            outsiders: &[],
            each: None,
            rows: Some((&shape.row as &[Field], &rows)),
        };
        said.push(format!("{:?}", programs.truth(expr, &scope)));
        said.push(format!("{:?}", programs.value(expr, &scope)));
        said.push(format!("{:?}", programs.number(expr, &scope)));
        said.push(format!("{:?}", programs.word(expr, &scope)));
    }
    said
}

pub(super) fn try_bytes(bytes: &[u8]) {
    let text = super::text(bytes);
    let faults = expr::check(&text, &NAMES);
    for fault in &faults {
        assert!(text.get(fault.range.clone()).is_some(), "{:?} is no place in it", fault.range);
        assert!(!fault.says.text("en").is_empty() && !fault.says.text("vi").is_empty());
    }
    assert_eq!(expr::check(&text, &NAMES), faults, "the same formula has the same faults");
    let truth = expr::check_truth(&text, &NAMES);
    assert!(truth.len() >= faults.len(), "what must be true or false is not read more mildly");
    let _ = (expr::kind_of(&text, &NAMES), expr::element_of(&text, &NAMES), expr::endless(&text));
    let shape = shape(&text);
    let Ok(programs) = Programs::compile(&shape) else {
        assert!(!faults.is_empty(), "the checker takes what does not compile");
        return;
    };
    // What the checker refuses is never run; what it takes has an answer, or a reason why not, and the same one again.
    if faults.is_empty() && expr::cost(&text, &NAMES).is_some_and(|cost| cost <= expr::COST_MAX) {
        let first = answers(&shape, &programs, &text);
        assert_eq!(answers(&shape, &programs, &text), first);
    }
}
