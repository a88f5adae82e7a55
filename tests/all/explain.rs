//! Why a dossier stands where it stands, and which choices are open to it.

use std::collections::BTreeMap;

use chancery::dossier::command::{Act, Ask};
use chancery::dossier::event::Event;
use chancery::dossier::{Dossier, Paper};
use chancery::explain::{Choices, NO_TITLES, Need, Saying, choices, explain, phrases};
use chancery::ids::{FieldName, Language};
use chancery::machine::Machine;
use serde_json::json;

use crate::support::office::{CASE, DAY_MS, Office, START, act, by, machine};

/// A case whose kind decides what it must have.
const GRANT: &str = r#"
chancery: 1
workflow: grant
title: Hỗ trợ
calendar: plain
tables: {kinds: kinds.yaml}
papers: {report: Báo cáo, letter: Tờ trình}
fields:
  unit:   {type: unit, required: true, label: Đơn vị}
  kind:   {type: choice, from: kinds, required: true, label: Loại}
  points: {type: number, min: 0, max: 100, label: Điểm}
  scope:  {type: one_of, values: {unit: Đơn vị, ministry: Bộ}, label: Phạm vi}
roles:
  clerk: {label: Cán bộ, post: clerk, of: unit, starter: true}
  head:  {label: Thủ trưởng, post: head, of: unit}
guards:
  has_letter: {expr: "'letter' in papers", refuse: Chưa có tờ trình., basis: Điều 1}
  few:        {expr: "kind.threshold == '80%' && !(points != null && points >= 30)", refuse: Chưa đủ điểm., basis: Điều 2}
  narrow:     {expr: "kind.code == 'high' && !(points != null && points >= 2 && scope == 'ministry')", refuse: Phạm vi hẹp.}
  no_report:  {expr: "kind.code == 'high' && !('report' in papers)", refuse: Thiếu báo cáo., basis: Điều 3}
initial: drafting
states:
  drafting:
    title: Soạn
    task: {for: clerk, title: Soạn hồ sơ, edit: [points, scope], attach: [report, letter]}
    on:
      submit: {by: clerk, label: Nộp, guard: has_letter, target: screening}
      withdraw: {by: clerk, label: Rút, reason: true, target: withdrawn}
  screening:
    title: Kiểm tra
    always:
      - {guard: few, target: refused}
      - {guard: narrow, target: refused}
      - {guard: no_report, target: refused}
      - {target: deciding}
  deciding:
    title: Quyết định
    task: {for: head, title: Quyết định}
    on: {agree: {by: head, label: Đồng ý, target: agreed}}
  agreed: {title: Đồng ý, final: true, outcome: agreed}
  refused: {title: Không đủ điều kiện, final: true, outcome: refused}
  withdrawn: {title: Rút, final: true, outcome: withdrawn}
"#;

fn paper(kind: &str) -> Paper {
    let (id, name, hash) = (kind.into(), kind.to_owned(), String::new());
    Paper { id, kind: kind.to_owned(), name, hash, size: 1, by: None, at: START }
}

fn chances(office: &Office, machine: &Machine, dossier: &Dossier) -> Choices {
    choices(machine, dossier, &FieldName::new("kind"), START, &office.context()).expect("the clerk can lead it on")
}

fn saying<'a>(office: &'a Office, machine: &'a Machine, language: &'a Language) -> Saying<'a> {
    let (directory, calendar, now) = (&office.directory, &office.calendar, START.plus_ms(DAY_MS));
    Saying { machine, directory, calendar, language, now, titles: &NO_TITLES }
}

#[test]
fn a_closed_choice_names_every_rule_with_what_would_open_it() {
    let (mut office, grant) = (Office::new(), machine("grant", GRANT));
    let mut dossier = office.start(&grant, "D", json!({"unit": "U", "kind": "plain"}), START);
    let closed = chances(&office, &grant, &dossier);
    assert!(closed.choices.iter().all(|choice| !choice.open), "without the letter nothing can be sent on");
    let needs: Vec<&Need> = closed.choices[0].rules[0].opens.iter().flat_map(|opening| &opening.needs).collect();
    assert_eq!(needs, [&Need::Papers(vec!["letter".to_owned()])]);

    dossier.papers.push(paper("letter"));
    let open = chances(&office, &grant, &dossier);
    assert!(open.differ());
    let (plain, high) = (&open.choices[0], &open.choices[1]);
    assert_eq!((plain.code.as_str(), plain.open, plain.chosen), ("plain", true, true));
    assert_eq!(plain.rests.as_ref().map(chancery::ids::StateId::as_str), Some("deciding"));
    let rules: Vec<(&str, Option<&str>)> = high
        .rules
        .iter()
        .map(|rule| (rule.reason.text.own.as_str(), rule.reason.basis.as_ref().map(chancery::ids::Citation::own)))
        .collect();
    assert_eq!(rules, [("Chưa đủ điểm.", Some("Điều 2")), ("Phạm vi hẹp.", None), ("Thiếu báo cáo.", Some("Điều 3"))]);
    let opens: Vec<Vec<Need>> =
        high.rules.iter().map(|rule| rule.opens.iter().flat_map(|one| one.needs.clone()).collect()).collect();
    let words = Need::OneOf("scope".into(), vec![json!("ministry")]);
    assert_eq!(opens[0], [Need::AtLeast("points".into(), 30)]);
    assert_eq!(opens[1], [Need::AtLeast("points".into(), 2), words]);
    assert_eq!(opens[2], [Need::Papers(vec!["report".to_owned()])]);
    for code in ["vi", "en"] {
        let language = Language::new(code);
        let lines = saying(&office, &grant, &language).choices(&open).join("\n");
        insta::assert_snapshot!(format!("choices-{code}"), lines);
    }
}

#[test]
fn what_a_choice_is_told_to_need_really_opens_it() {
    let (mut office, grant) = (Office::new(), machine("grant", GRANT));
    let mut dossier = office.start(&grant, "D", json!({"unit": "U", "kind": "high"}), START);
    dossier.papers.push(paper("letter"));
    let closed = chances(&office, &grant, &dossier);
    let high = closed.choices.iter().find(|choice| choice.code == "high").expect("it is in the table");
    for need in high.rules.iter().filter_map(|rule| rule.opens.first()).flat_map(|opening| &opening.needs) {
        match need {
            Need::Papers(kinds) => dossier.papers.extend(kinds.iter().map(|kind| paper(kind))),
            Need::OneOf(field, values) => {
                dossier.fields.insert(field.clone(), values[0].clone());
            }
            Need::AtLeast(field, n) | Need::AtMost(field, n) => {
                let least = dossier.fields.get(field).and_then(serde_json::Value::as_i64).map_or(*n, |had| had.max(*n));
                dossier.fields.insert(field.clone(), least.into());
            }
            Need::Filled(field) => {
                dossier.fields.insert(field.clone(), json!("x"));
            }
        }
    }
    let open = chances(&office, &grant, &dossier);
    assert!(open.choices.iter().find(|choice| choice.code == "high").expect("it is in the table").open, "{open:?}");
}

#[test]
fn a_choice_that_stays_closed_whatever_is_done_is_not_told_to_open() {
    let shut = GRANT
        .replace(
            "  no_report:",
            "  outside: {expr: \"kind.code == 'high' && unit.code == 'U'\", refuse: Không thuộc diện.}\n  no_report:",
        )
        .replace("      - {guard: no_report,", "      - {guard: outside, target: refused}\n      - {guard: no_report,");
    let (mut office, grant) = (Office::new(), machine("grant", &shut));
    let mut dossier = office.start(&grant, "D", json!({"unit": "U", "kind": "plain"}), START);
    dossier.papers.push(paper("letter"));
    let found = chances(&office, &grant, &dossier);
    let high = found.choices.iter().find(|choice| choice.code == "high").expect("it is in the table");
    assert!(!high.open && high.opens.is_empty() && high.rules.len() == 4, "{high:?}");
    let english = Language::new("en");
    let lines = saying(&office, &grant, &english).choices(&found).join("\n");
    assert!(lines.contains("met with: Báo cáo attached") && lines.contains("stays closed"), "{lines}");
    assert!(!lines.contains("opens with"), "{lines}");
}

#[test]
fn what_stands_against_a_choice_only_after_an_opening_is_named_with_it() {
    let (mut office, grant) = (Office::new(), machine("grant", GRANT));
    let dossier = office.start(&grant, "D", json!({"unit": "U", "kind": "plain"}), START);
    let found = chances(&office, &grant, &dossier);
    let needs = |code: &str| {
        let choice = found.choices.iter().find(|choice| choice.code == code).expect("it is in the table");
        choice.opens.iter().map(|opening| opening.needs.clone()).collect::<Vec<_>>()
    };
    assert_eq!(needs("plain"), [vec![Need::Papers(vec!["letter".to_owned()])]]);
    let papers = Need::Papers(vec!["letter".to_owned(), "report".to_owned()]);
    let both = vec![papers, Need::AtLeast("points".into(), 30), Need::OneOf("scope".into(), vec![json!("ministry")])];
    assert_eq!(needs("high"), [both], "the letter alone opens nothing");
}

#[test]
fn trying_choices_changes_nothing() {
    let (mut office, grant) = (Office::new(), machine("grant", GRANT));
    let dossier = office.start(&grant, "D", json!({"unit": "U", "kind": "plain"}), START);
    let before = dossier.snapshot();
    chances(&office, &grant, &dossier);
    assert_eq!(dossier.snapshot(), before);
    assert!(choices(&grant, &dossier, &FieldName::new("points"), START, &office.context()).is_none());
}

#[test]
fn it_says_who_is_awaited_what_comes_and_why_a_way_is_closed() {
    let (mut office, case) = (Office::new(), machine("case", CASE));
    let fields = json!({"title": "Việc một", "unit": "U", "kind": "high", "person": "p-m3", "points": 20});
    let dossier = office.start(&case, "D", fields, START);
    let it = explain(&case, &dossier, &[], START, &office.context());
    assert_eq!(it.awaited.len(), 1);
    assert_eq!(it.awaited[0].person.as_str(), "p-clerk");
    assert_eq!(it.coming.len(), 3, "two reminders and the escalation");
    assert!(it.coming.windows(2).all(|pair| pair[0].at <= pair[1].at));
    let submit = it.ways.iter().find(|way| way.event.as_str() == "submit").expect("it leads out");
    assert_eq!(submit.closed_for_all().expect("too few points")[0].text.own, "Chưa đủ điểm");
    let suspend = it.ways.iter().find(|way| way.event.as_str() == "suspend").expect("said around");
    assert!(suspend.reason && suspend.people[0].closed.is_empty(), "a reason that is asked for closes nothing");
    for code in ["vi", "en"] {
        let language = Language::new(code);
        let said = saying(&office, &case, &language);
        let lines = said.lines(&it, &|_| Vec::new()).join("\n");
        insta::assert_snapshot!(format!("explain-{code}"), lines);
        assert_ne!(phrases(code).get("ways"), "ways");
    }
}

#[test]
fn a_paused_and_an_ended_dossier_are_explained_too() {
    let (mut office, case) = (Office::new(), machine("case", CASE));
    let fields = json!({"title": "Việc một", "unit": "U", "kind": "high", "person": "p-m3", "points": 70});
    let mut dossier = office.start(&case, "D", fields, START);
    let mut events: Vec<Event> = Vec::new();
    for (event, person) in [("suspend", "head"), ("resume", "head"), ("withdraw", "clerk")] {
        let Ask::Act(act) = act(&dossier, event) else { unreachable!() };
        let asked = Ask::Act(Act { reason: Some("Có đơn".to_owned()), fields: BTreeMap::new(), ..act });
        let command = office.command("D", by(person), asked);
        let (after, decision) = office.run(&case, Some(&dossier), &command, START).expect("it may");
        events.extend(decision.events);
        dossier = after;
        let it = explain(&case, &dossier, &events, START, &office.context());
        match event {
            "suspend" => {
                assert_eq!(it.paused.len(), 2, "what is frozen, and what is around it");
                assert_eq!(it.last.as_ref().and_then(|last| last.reason.as_deref()), Some("Có đơn"));
                assert!(it.coming.is_empty(), "clocks stand still");
            }
            "resume" => assert!(it.paused.is_empty()),
            _ => {
                assert_eq!(it.outcome.as_deref(), Some("withdrawn"));
                assert!(it.ways.is_empty() && it.awaited.is_empty());
            }
        }
    }
}
