//! How dossiers are opened: what must be there then, and what is asked for later.

use axum::http::StatusCode;
use chancery::dossier::command::{Actor, Ask, Start};
use chancery::dossier::refusal::{Code, Refusal};
use chancery::machine::Machine;
use serde_json::json;

use crate::support::office::{Office, START, by, machine};
use crate::support::pages::Pages;

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
fn whoever_is_not_known_opens_nothing() {
    let refusal = start(&machine("request", REQUEST), json!({"unit": "U"}), Actor::Public).expect_err("a stranger");
    assert_eq!(refusal.codes(), [&Code::NotThisWay]);
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

#[tokio::test]
async fn whoever_may_start_opens_a_dossier_and_brings_a_list_from_their_own_page() {
    let pages = Pages::new().await;
    pages.deploy("request", REQUEST).await;
    let clerk = pages.sign_in("clerk").await;
    let inbox = pages.get_as(&clerk, "/ho-so/me").await.text();
    assert!(inbox.contains("/me/start/request") && inbox.contains("/me/start/case"), "{inbox}");
    let head = pages.sign_in("head").await;
    assert!(!pages.get_as(&head, "/ho-so/me").await.text().contains("/me/start/"), "whoever starts nothing");
    let place = "/ho-so/me/start/request";
    assert_eq!(pages.get_as(&head, place).await.status, StatusCode::NOT_FOUND);
    assert_eq!(pages.get(place).await.header("location"), "/ho-so/in");
    let before = pages.dump().await;
    let page = pages.get_as(&clerk, place).await;
    assert_eq!(pages.dump().await, before, "looking opens nothing");
    let text = page.text();
    assert!(
        text.contains("name=\"field.unit\"") && !text.contains("name=\"field.topic\""),
        "what a form asks later: {text}"
    );
    let (once, guard) = (page.hidden("once"), page.hidden("guard"));
    let empty = pages.post_as(&clerk, place, &[("once", &once), ("guard", &guard)]).await;
    assert!(empty.status == StatusCode::UNPROCESSABLE_ENTITY && empty.text().contains("Đơn vị"), "{}", empty.text());
    let form = [("once", once.as_str()), ("guard", guard.as_str()), ("field.unit", "U")];
    assert_eq!(pages.post_as(&clerk, place, &form[..1]).await.status, StatusCode::FORBIDDEN, "without the guard");
    let opened = pages.post_as(&clerk, place, &form).await;
    assert_eq!(opened.status, StatusCode::SEE_OTHER, "{}", opened.text());
    let task = opened.header("location").to_owned();
    assert!(task.contains("/l/"), "to what is asked there: {task}");
    assert!(pages.get(&task).await.text().contains("Soạn"));
    let again = pages.post_as(&clerk, place, &form).await;
    assert_eq!(again.header("location"), task, "a second click opens no second one");
    let count = pages.engine.store().read("SELECT COUNT(*) FROM dossier", &[]).await.expect("it reads");
    assert_eq!(count[0].int(0).expect("a number"), 1);
}
