//! How dossiers are opened: what must be there then, and what is asked for later.

use chancery::dossier::command::{Actor, Ask, Start};
use chancery::dossier::refusal::{Code, Refusal};
use chancery::machine::Machine;
use serde_json::json;

use crate::support::office::{Office, START, by, machine};

const REQUEST: &str = r"
chancery: 1
workflow: request
title: Đề nghị
calendar: plain
fields:
  unit:   {type: unit, required: true, label: Đơn vị}
  topic:  {type: text, max: 50, required: true, label: Nội dung}
  number: {type: text, max: 50, required: true, label: Số}
roles:
  clerk: {label: Cán bộ, post: clerk, of: code U, starter: true}
initial: drafting
states:
  drafting:
    title: Soạn
    task: {for: clerk, title: Soạn, edit: [topic]}
    on: {send: {by: clerk, label: Gửi, fill: [number], target: sent}}
  sent: {title: Đã gửi, final: true, outcome: sent}
";

fn start(machine: &Machine, fields: serde_json::Value, actor: Actor) -> Result<(), Refusal> {
    let fields = serde_json::from_value(fields).expect("fields");
    let start = Start {
        machine: machine.hash().clone(),
        fields,
        papers: Vec::new(),
        gather_key: None,
        first: None,
        import_key: None,
    };
    let mut office = Office::new();
    let command = office.command("D", actor, Ask::Start(start));
    office.run(machine, None, &command, START).map(drop)
}

#[test]
fn a_required_field_that_nothing_asks_for_later_must_be_there_at_the_start() {
    let request = machine("request", REQUEST);
    // `topic` is in the form and `number` comes with the answer: only `unit` would never be asked for.
    for actor in [by("clerk"), Actor::Import { operator: "root".to_owned() }] {
        let refusal = start(&request, json!({}), actor.clone()).expect_err("without a unit");
        let about: Vec<_> = refusal.reasons.iter().map(|one| (one.code.clone(), one.about.as_deref())).collect();
        assert_eq!(about, [(Code::FieldMissing, Some("unit"))]);
        let blank = start(&request, json!({"topic": " "}), actor.clone()).expect_err("still without a unit");
        assert_eq!(blank.reasons.len(), 1);
        start(&request, json!({"unit": "U"}), actor).expect("with a unit");
    }
}

#[test]
fn an_import_and_whoever_may_start_one_start_a_dossier_under_a_key() {
    let request = machine("request", REQUEST);
    let fields = serde_json::from_value(json!({"unit": "U"})).expect("fields");
    let start = Start {
        machine: request.hash().clone(),
        fields,
        papers: Vec::new(),
        gather_key: None,
        first: None,
        import_key: Some("2026/A".to_owned()),
    };
    let mut office = Office::new();
    for (actor, code) in [(by("m1"), Code::NotAsked), (Actor::Clock, Code::NotThisWay)] {
        let command = office.command("D", actor, Ask::Start(start.clone()));
        let refusal = office.run(&request, None, &command, START).expect_err("they may not");
        assert_eq!(refusal.reasons[0].code, code);
    }
    let by_person = office.command("D", by("clerk"), Ask::Start(start.clone()));
    let (dossier, _) = office.run(&request, None, &by_person, START).expect("a starter's list may");
    assert_eq!(dossier.import_key.as_deref(), Some("2026/A"));
    let imported = office.command("D", Actor::Import { operator: "root".to_owned() }, Ask::Start(start));
    let (dossier, decision) = office.run(&request, None, &imported, START).expect("an import may");
    assert_eq!(dossier.import_key.as_deref(), Some("2026/A"));
    let subject = chancery::ids::PersonId::from("p-1");
    let about = chancery::dossier::Dossier { subject: Some(subject), ..dossier.clone() };
    let keys: Vec<_> = decision.events[0].changes.iter().filter(|change| change.concerns(&about).is_some()).collect();
    assert!(format!("{keys:?}").contains("2026/A"), "a key may be a person's code: it is sealed for them");
}
