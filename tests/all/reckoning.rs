//! What states and deadlines reckon: days counted from a date, means that are rounded, tables without a row.

use chancery::dossier::refusal::Code;
use chancery::ids::FieldName;
use serde_json::json;

use crate::support::office::{DAY_MS, Office, START, act, by, machine};

const PETITION: &str = "
chancery: 1
workflow: petition
title: Đơn thư
calendar: plain
fields:
  unit:     {type: unit, required: true, label: Đơn vị}
  received: {type: date, required: true, label: Ngày nhận}
  mean:     {type: decimal, places: 2, label: Điểm trung bình}
  scores:
    type: rows
    label: Điểm
    columns: {points: {type: number, required: true, label: Điểm}}
roles:
  clerk: {label: Cán bộ, post: clerk, of: unit, starter: true}
guards:
  scored: {expr: size(scores) >= 3, refuse: Chưa đủ ba người chấm}
initial: answering
states:
  answering:
    title: Trả lời
    task: {for: clerk, title: Trả lời, edit: [scores]}
    deadline: {ends: 10wd after received, then: late}
    on:
      answer: {by: clerk, label: Trả lời, guard: scored, target: answered}
      late: {target: overdue}
  answered:
    title: Đã trả lời
    final: true
    outcome: answered
    entry: {set: {mean: 'round(mean(scores.map(s, s.points)), 2)'}}
  overdue: {title: Quá hạn, final: true, outcome: overdue}
";

#[test]
fn a_deadline_is_counted_from_the_day_that_a_field_says() {
    let mut office = Office::new();
    let machine = machine("petition", PETITION);
    let fields = json!({"unit": "U", "received": "2026-05-28"});
    let dossier = office.start(&machine, "D", fields, START);
    // Thursday 28 May is not counted; the tenth working day after it is Thursday 11 June, ten days after START.
    let due = dossier.leaves().next().and_then(|leaf| leaf.due_at).expect("it has a deadline");
    assert_eq!(office.calendar.date(due).to_string(), "2026-06-11");
    assert!(due > START && due.0 - START.0 < 11 * DAY_MS);
}

#[test]
fn a_table_without_a_row_is_an_empty_list_and_a_mean_without_an_end_is_rounded() {
    let mut office = Office::new();
    let machine = machine("petition", PETITION);
    let fields = json!({"unit": "U", "received": "2026-05-28"});
    let dossier = office.start(&machine, "D", fields, START);
    let command = office.command("D", by("clerk"), act(&dossier, "answer"));
    let refusal = office.run(&machine, Some(&dossier), &command, START).expect_err("nobody has scored");
    assert_eq!(refusal.reasons[0].code, Code::Guard, "the guard can be worked out: {refusal}");
    let fields =
        json!({"unit": "U", "received": "2026-05-28", "scores": [{"points": 1}, {"points": 1}, {"points": 2}]});
    let dossier = office.start(&machine, "D", fields, START);
    let command = office.command("D", by("clerk"), act(&dossier, "answer"));
    let (after, _) = office.run(&machine, Some(&dossier), &command, START).expect("three have scored");
    assert_eq!(after.fields[&FieldName::from("mean")], json!("1.33"));
}
