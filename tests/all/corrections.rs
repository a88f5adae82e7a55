//! What was submitted wrongly is put right by another event: before and after are kept, votes stand or fall as declared.

use std::collections::BTreeMap;

use chancery::dossier::command::{Ask, Command, Correct, Start};
use chancery::dossier::event::Change;
use chancery::dossier::refusal::Code;
use chancery::dossier::{Choice, Dossier, Purpose, revision};
use chancery::ids::FieldName;
use chancery::machine::Machine;
use chancery::source::SourceFile;
use serde_json::{Value, json};

use crate::support::office::{self, Office, PLAIN, START, act, by, machine};
use crate::support::pages::Pages;

const CLAIM: &str = r"
chancery: 1
workflow: claim
title: Đề nghị
calendar: plain
caption: title
fields:
  title:  {type: text, max: 100, required: true, label: Tên, correctable: {by: clerk}}
  unit:   {type: unit, required: true, label: Đơn vị}
  points: {type: number, min: 0, max: 100, label: Điểm, correctable: {by: clerk, reason: true, votes: fall}}
  signed: {type: date, label: Ngày ký, correctable: {by: head, reason: true, votes: stand}}
roles:
  clerk: {label: Cán bộ, post: clerk, of: unit, starter: true}
  head:  {label: Thủ trưởng, post: head, of: unit}
votes:
  council:
    title: Biểu quyết
    body: council of unit
    ballot: open
    quorum: at least 2/3 of members
    passes: more than 1/2 of members
    open_for: 3wd
    withdraw: clerk
initial: drafting
states:
  drafting:
    title: Soạn
    task: {for: clerk, title: Soạn, edit: [title, points]}
    on: {submit: {by: clerk, label: Nộp, target: voting}}
  voting:
    title: Biểu quyết
    vote: council
    on: {passed: deciding, rejected: refused, no_quorum: drafting, votes_fell: voting}
  deciding:
    title: Quyết định
    task: {for: head, title: Quyết định}
    on:
      agree: {by: head, label: Đồng ý, fill: [signed], target: agreed}
      back:  {by: head, label: Trả lại, reason: true, target: drafting}
      votes_fell: voting
      result_withdrawn: voting
  agreed:  {title: Đồng ý, final: true, outcome: agreed}
  refused: {title: Không đồng ý, final: true, outcome: refused}
";

fn correct(fields: Value, reason: Option<&str>) -> Ask {
    let fields = serde_json::from_value(fields).expect("fields");
    Ask::Correct(Correct { fields, papers: Vec::new(), reason: reason.map(str::to_owned), seen: None })
}

fn stands(dossier: &Dossier) -> String {
    dossier.stands()
}

fn decided(office: &mut Office) -> (Machine, Dossier) {
    let machine = machine("claim", CLAIM);
    let mut dossier = office.start(&machine, "D", json!({"title": "Một", "unit": "U", "points": 94}), START);
    let command = office.command("D", by("clerk"), act(&dossier, "submit"));
    dossier = office.run(&machine, Some(&dossier), &command, START).expect("submitted").0;
    let activation = dossier.votes[0].activation;
    for member in ["m1", "m2", "m3", "m4", "m5"] {
        let choices = BTreeMap::from([(dossier.id.clone(), Choice::Yes)]);
        let command = office.command("D", by(member), Ask::Cast { activation, choices });
        dossier = office.run(&machine, Some(&dossier), &command, START).expect("cast").0;
    }
    let command = office.command("D", chancery::dossier::command::Actor::Clock, Ask::Tick);
    dossier = office.run(&machine, Some(&dossier), &command, START).expect("closed").0;
    assert_eq!(stands(&dossier), "deciding");
    (machine, dossier)
}

#[test]
fn a_correction_keeps_before_and_after_and_makes_votes_fall_where_they_were_taken_on_it() {
    let mut office = Office::new();
    let (machine, dossier) = decided(&mut office);
    let command = office.command("D", by("clerk"), correct(json!({"points": 49}), None));
    let refusal = office.run(&machine, Some(&dossier), &command, START).expect_err("why?");
    assert_eq!(refusal.reasons[0].code, Code::ReasonMissing);
    let command = office.command("D", by("head"), correct(json!({"points": 49}), Some("Nhầm")));
    let refusal = office.run(&machine, Some(&dossier), &command, START).expect_err("the clerk's");
    assert_eq!(refusal.reasons[0].code, Code::NotAsked);
    let command = office.command("D", by("clerk"), correct(json!({"points": 49}), Some("Đọc nhầm")));
    let (after, decision) = office.run(&machine, Some(&dossier), &command, START).expect("it was wrong");
    assert_eq!(after.fields[&FieldName::from("points")], json!(49));
    assert_eq!(after.corrections[0].before, json!(94));
    assert!(after.results[0].fallen, "the result counts no longer");
    assert_eq!(stands(&after), "voting");
    assert_eq!(after.votes.len(), 1, "the council votes again");
    let changes = &decision.events.last().expect("an event").changes;
    assert!(changes.iter().any(|change| matches!(change, Change::Corrected { .. })));
}

#[test]
fn votes_stand_where_the_field_says_so_and_the_end_does_not_hide_a_wrong_date() {
    let mut office = Office::new();
    let (machine, dossier) = decided(&mut office);
    let Ask::Act(mut agree) = act(&dossier, "agree") else { unreachable!() };
    agree.fields = serde_json::from_value(json!({"signed": "2026-06-01"})).expect("fields");
    let command = office.command("D", by("head"), Ask::Act(agree));
    let dossier = office.run(&machine, Some(&dossier), &command, START).expect("agreed").0;
    let command = office.command("D", by("head"), correct(json!({"signed": "2026-06-02"}), Some("Ghi nhầm ngày")));
    let after = office.run(&machine, Some(&dossier), &command, START).expect("a wrong date").0;
    assert_eq!((after.outcome.as_deref(), after.results[0].fallen), (Some("agreed"), false));
    assert_eq!(after.fields[&FieldName::from("signed")], json!("2026-06-02"));
    for (who, fields, code) in [
        ("clerk", json!({"points": 1}), Code::Ended),
        ("head", json!({"signed": "2026-06-02"}), Code::Unchanged),
        ("head", json!({"unit": "U2"}), Code::FieldClosed),
    ] {
        let command = office.command("D", by(who), correct(fields, Some("x")));
        let refusal = office.run(&machine, Some(&after), &command, START).expect_err("refused");
        assert_eq!(refusal.reasons[0].code, code);
    }
}

#[test]
fn a_result_recorded_wrongly_is_withdrawn_by_a_second_event_and_never_edited() {
    let mut office = Office::new();
    let (machine, dossier) = decided(&mut office);
    let vote = dossier.results[0].activation;
    let withdraw = |reason: &str| Ask::Withdraw { vote, reason: reason.to_owned() };
    for (who, reason, code) in [("head", "Nhầm", Code::NotAsked), ("clerk", " ", Code::ReasonMissing)] {
        let command = office.command("D", by(who), withdraw(reason));
        let refusal = office.run(&machine, Some(&dossier), &command, START).expect_err("refused");
        assert_eq!(refusal.reasons[0].code, code);
    }
    let command = office.command("D", by("clerk"), withdraw("Ghi nhầm số phiếu"));
    let (after, decision) = office.run(&machine, Some(&dossier), &command, START).expect("it was wrong");
    let mut kept = after.results[0].clone();
    assert!(std::mem::take(&mut kept.fallen), "it counts no longer");
    assert_eq!(kept, dossier.results[0], "nothing else of it is changed");
    assert_eq!((stands(&after), after.votes.len()), ("voting".to_owned(), 1));
    let changes = &decision.events.last().expect("an event").changes;
    assert!(
        changes
            .iter()
            .any(|change| matches!(change, Change::ResultWithdrawn { reason, .. } if reason.contains("nhầm")))
    );
    let command = office.command("D", by("clerk"), withdraw("Lần nữa"));
    let refusal = office.run(&machine, Some(&after), &command, START).expect_err("once");
    assert_eq!(refusal.reasons[0].code, Code::Superseded);
}

#[test]
fn a_correction_wants_as_much_proof_as_its_field_says() {
    let mut office = Office::new();
    let machine =
        machine("claim", &CLAIM.replace("reason: true, votes: fall}", "reason: true, votes: fall, link: login}"));
    let dossier = office.start(&machine, "D", json!({"title": "Một", "unit": "U", "points": 94}), START);
    let command = office.command("D", by("clerk"), correct(json!({"points": 49}), Some("Nhầm")));
    let refusal = office.run(&machine, Some(&dossier), &command, START).expect_err("a link is not enough");
    assert_eq!(refusal.reasons[0].code, Code::LoginMissing);
    let command = office.command("D", by("clerk"), correct(json!({"title": "Hai"}), None));
    office.run(&machine, Some(&dossier), &command, START).expect("for the title it is");
}

#[test]
fn what_changed_since_somebody_acted_follows_from_the_history() {
    let mut office = Office::new();
    let machine = machine("claim", CLAIM);
    let mut events = Vec::new();
    let mut dossier = office.start(&machine, "D", json!({"title": "Một", "unit": "U", "points": 1}), START);
    let opened = chancery::dossier::event::Event {
        seq: 1,
        at: START,
        kind: chancery::dossier::event::Kind::Started,
        actor: by("clerk"),
        changes: vec![Change::Set(dossier.fields.clone())],
    };
    events.push(opened);
    let activation = dossier.leaves().next().expect("it stands").activation;
    let mut run = |dossier: &mut Dossier, who: &str, ask: Ask| {
        let command = office.command("D", by(who), ask);
        let (after, decision) = office.run(&machine, Some(dossier), &command, START).expect("it goes on");
        *dossier = after;
        events.extend(decision.events);
    };
    let submit = act(&dossier, "submit");
    run(&mut dossier, "clerk", submit);
    run(&mut dossier, "clerk", correct(json!({"points": 60}), Some("Sót")));
    let clerk = "p-clerk".into();
    let (_, difference) = revision::since(&events, &clerk).expect("the clerk acted");
    assert_eq!(difference.fields, [("points".into(), json!(1), json!(60))]);
    assert_eq!(revision::revisions(&events).len(), 1);
    assert!(revision::since(&events, &"p-head".into()).is_none());
    let _ = activation;
}

#[tokio::test]
async fn every_database_keeps_what_was_wrong_beside_what_is_right() {
    for database in crate::store::databases().await {
        let engine = crate::engine::fresh_engine(&database).await;
        let (plain, claim) = (office::calendar(PLAIN), machine("claim", CLAIM));
        engine.put_calendar(&plain, &SourceFile::new("plain.yaml", PLAIN)).await.expect("a calendar");
        engine.put_directory(office::directory()).await.expect("a directory");
        engine.deploy(&claim, &[SourceFile::new("claim.yaml", CLAIM)]).await.expect("a version");
        let fields = serde_json::from_value(json!({"title": "Một", "unit": "U", "points": 94})).expect("fields");
        let start = Start {
            machine: claim.hash().clone(),
            fields,
            papers: Vec::new(),
            gather_key: None,
            first: None,
            import_key: None,
        };
        let asks = [Ask::Start(start), correct(json!({"points": 49}), Some("Đọc nhầm"))];
        for (operation, ask) in ["start", "correct"].into_iter().zip(asks) {
            let command = Command { operation: operation.into(), dossier: "d".into(), actor: by("clerk"), ask };
            engine.handle(command, Vec::new()).await.expect("it is done");
        }
        let stored = engine.dossier(&"d".into()).await.expect("it reads").expect("it exists");
        let replay = engine.replay(&"d".into()).await.expect("it reads");
        assert_eq!((replay.events, replay.faults.as_slice()), (2, [].as_slice()), "replay gives the snapshot");
        assert_eq!((&stored.corrections[0].before, stored.corrections.len()), (&json!(94), 1));
    }
}

#[tokio::test]
async fn a_page_that_is_over_still_takes_a_correction_and_shows_it() {
    let pages = Pages::new().await;
    pages.deploy("claim", CLAIM).await;
    let claim = pages.start("claim", "c1", json!({"title": "Một", "unit": "U", "points": 94})).await;
    let link = pages.link(&claim, Purpose::Act, "clerk").await;
    let seen = pages.get(&link).await.hidden("seen");
    pages.post(&link, &[("do", "act"), ("seen", &seen), ("choice", "submit")]).await;
    let page = pages.get(&link).await;
    assert!(page.text().contains("Đính chính"), "{}", page.text());
    let form = |reason| {
        [("do", "correct"), ("seen", seen.as_str()), ("correct.title", "Một, sửa"), ("reason.correct", reason)]
    };
    let seen_now = page.hidden("seen");
    let mut sent = form("Sai tên").to_vec();
    sent[1] = ("seen", seen_now.as_str());
    let answer = pages.post(&link, &sent).await;
    assert_eq!(answer.status, axum::http::StatusCode::SEE_OTHER, "{}", answer.text());
    let dossier = pages.engine.dossier(&claim).await.expect("it reads").expect("it exists");
    assert_eq!((dossier.caption.as_str(), dossier.corrections.len()), ("Một, sửa", 1));
    let ballot = pages.link(&claim, Purpose::Ballot, "m1").await;
    let text = pages.get(&ballot).await.text();
    assert!(text.contains("Tên: Một → Một, sửa") && text.contains("Sai tên"), "{text}");
}
