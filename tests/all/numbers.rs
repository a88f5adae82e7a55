//! Numbers of documents: each is given once, by a counter without a gap or as another office gave it, whoever asks together.

use std::collections::{BTreeMap, BTreeSet};

use axum::http::StatusCode;
use chancery::dossier::command::{Act, Actor, Ask, Command, Correct, Start};
use chancery::dossier::refusal::Code;
use chancery::dossier::{Dossier, Paper, Purpose};
use chancery::engine::{Attachment, Done, Engine, Failure};
use chancery::ids::{FieldName, Instant, MachineHash};
use chancery::machine::Machine;
use chancery::source::SourceFile;
use serde_json::{Value, json};

use crate::engine::fresh_engine;
use crate::store::databases;
use crate::support::office::{self, DAY_MS, Office, PLAIN, START, act, by, machine};
use crate::support::pages::Pages;

const LETTER: &str = r#"
chancery: 1
workflow: letter
title: Công văn
calendar: plain
caption: title
papers: {scan: Bản chụp}
fields:
  title:   {type: text, max: 100, required: true, label: Tên}
  unit:    {type: unit, required: true, label: Đơn vị}
  number:  {type: text, max: 40, label: Số}
  foreign: {type: text, max: 40, label: Số quyết định, correctable: {by: clerk}}
  day:     {type: date, label: Ngày, correctable: {by: clerk}}
numbers:
  letter:   {label: Số công văn, format: "{seq}/TTr-{of}", of: unit, start: {2026: 57}}
  decision: {label: Số quyết định, dated: day}
roles:
  clerk: {label: Cán bộ, post: clerk, of: unit, starter: true}
initial: drafting
states:
  drafting:
    title: Soạn
    task: {for: clerk, title: Soạn, edit: [title]}
    on: {issue: {by: clerk, label: Cấp số, attach: [scan], number: {number: letter}, target: issued}}
  issued:
    title: Đã cấp số
    separation: {may_be_same_as: drafting}
    task: {for: clerk, title: Chờ quyết định}
    on:
      again:  {by: clerk, label: Soạn lại, target: drafting}
      decide: {by: clerk, label: Ghi quyết định, fill: [foreign, day], number: {foreign: decision}, target: decided}
  decided:
    title: Có quyết định
    separation: {may_be_same_as: drafting}
    task: {for: clerk, title: Lưu}
    on:
      decide: {by: clerk, label: Ghi lại, fill: [foreign, day], number: {foreign: decision}, stay: true}
      file:   {by: clerk, label: Lưu, target: filed}
  filed: {title: Đã lưu, final: true, outcome: filed}
"#;

fn field(dossier: &Dossier, name: &str) -> String {
    dossier.fields.get(&FieldName::from(name)).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn scan(id: &str) -> Paper {
    let (kind, name) = ("scan".to_owned(), "scan.pdf".to_owned());
    Paper { id: id.into(), kind, name, hash: String::new(), size: 1, by: None, at: Instant(0) }
}

fn issue(dossier: &Dossier) -> Ask {
    let Ask::Act(ask) = act(dossier, "issue") else { unreachable!() };
    Ask::Act(Act { papers: vec![scan(&format!("scan-{}-{}", dossier.id, dossier.seq))], ..ask })
}

fn decide(dossier: &Dossier, number: &str, day: &str) -> Ask {
    let Ask::Act(ask) = act(dossier, "decide") else { unreachable!() };
    let fields = [("foreign", number), ("day", day)].map(|(name, value)| (FieldName::from(name), json!(value)));
    Ask::Act(Act { fields: fields.into(), ..ask })
}

/// A letter in an office without a database, which remembers no key.
fn drafted(office: &mut Office) -> (Machine, Dossier) {
    let machine = machine("letter", LETTER);
    let dossier = office.start(&machine, "D", json!({"title": "Một", "unit": "U"}), START);
    (machine, dossier)
}

#[test]
fn a_number_stands_in_the_event_and_a_second_round_keeps_it() {
    let mut office = Office::new();
    let (machine, dossier) = drafted(&mut office);
    office.taken.learn_last("counter:letter:2026:U".to_owned(), Some(60));
    let mut go = |dossier: &Dossier, ask: Ask, at| {
        let command = office.command("D", by("clerk"), ask);
        office.run(&machine, Some(dossier), &command, at).expect("carried out").0
    };
    let issued = go(&dossier, issue(&dossier), START);
    assert_eq!(field(&issued, "number"), "61/TTr-U");
    let back = go(&issued, act(&issued, "again"), START);
    let later = Instant(START.0 + 300 * DAY_MS);
    let again = go(&back, issue(&back), later);
    assert_eq!(field(&again, "number"), "61/TTr-U", "a letter that has a number keeps it");
}

#[test]
fn every_year_begins_anew_and_the_first_one_where_the_office_stood() {
    for (days, number) in [(0, "57/TTr-U"), (300, "1/TTr-U")] {
        let mut office = Office::new();
        let (machine, dossier) = drafted(&mut office);
        let command = office.command("D", by("clerk"), issue(&dossier));
        let at = Instant(START.0 + days * DAY_MS);
        let (issued, _) = office.run(&machine, Some(&dossier), &command, at).expect("issued");
        assert_eq!(field(&issued, "number"), number);
    }
}

/// An engine with the letters deployed.
struct Letters {
    engine: Engine,
    machine: MachineHash,
}

impl Letters {
    async fn on(engine: Engine) -> Self {
        engine.put_calendar(&office::calendar(PLAIN), &SourceFile::new("plain.yaml", PLAIN)).await.expect("a calendar");
        engine.put_directory(office::directory()).await.expect("a directory");
        let machine = machine("letter", LETTER);
        engine.deploy(&machine, &[SourceFile::new("letter.yaml", LETTER)]).await.expect("a version");
        Self { engine, machine: machine.hash().clone() }
    }

    async fn start(&self, id: &str) {
        let fields = serde_json::from_value(json!({"title": format!("Thư {id}"), "unit": "U"})).expect("fields");
        let (papers, gather_key, first, import_key) = (Vec::new(), None, None, None);
        let start = Start { machine: self.machine.clone(), fields, papers, gather_key, first, import_key };
        self.hand(format!("start-{id}"), id, Ask::Start(start)).await.expect("opened");
    }

    async fn dossier(&self, id: &str) -> Dossier {
        self.engine.dossier(&id.into()).await.expect("it reads").expect("it is there")
    }

    async fn hand(&self, operation: String, id: &str, ask: Ask) -> Result<Done, Failure> {
        let papers = if let Ask::Act(act) = &ask { act.papers.clone() } else { Vec::new() };
        let attachment = |paper: Paper| {
            let (media, content) = ("application/pdf".to_owned(), paper.id.as_str().as_bytes().to_vec());
            Attachment { id: paper.id, media, content }
        };
        let command = Command { operation: operation.into(), dossier: id.into(), actor: by("clerk"), ask };
        self.engine.handle(command, papers.into_iter().map(attachment).collect()).await
    }

    /// Opens a letter and gives it a number.
    async fn issued(&self, id: &str) -> Dossier {
        self.start(id).await;
        let ask = issue(&self.dossier(id).await);
        self.hand(format!("issue-{id}"), id, ask).await.expect("issued");
        self.dossier(id).await
    }

    async fn replays(&self) {
        for id in self.engine.dossiers_after(None, 1_000).await.expect("ids") {
            self.engine.replay(&id).await.expect("replay gives the snapshot");
        }
    }
}

fn refused(answer: &Result<Done, Failure>) -> &Code {
    let Err(Failure::Refused(refusal)) = answer else { panic!("it is refused: {answer:?}") };
    &refusal.reasons[0].code
}

fn taken(key: &str, dossier: &str, by: &str) -> Code {
    Code::KeyTaken { key: key.to_owned(), dossier: Some(dossier.into()), by: Some(by.to_owned()) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_32_that_take_at_once_each_gets_its_own_number_and_there_is_no_gap() {
    for database in databases().await {
        let one = Letters::on(fresh_engine(&database).await).await;
        // A second process on the same database.
        let other = Letters::on(fresh_engine(&database).await).await;
        let ids: Vec<String> = (0..32).map(|at| format!("d{at}")).collect();
        for id in &ids {
            one.start(id).await;
        }
        let mut tasks = Vec::new();
        for (at, id) in ids.iter().enumerate() {
            let ask = issue(&one.dossier(id).await);
            let engine = if at % 2 == 0 { &one } else { &other }.engine.clone();
            let letters = Letters { engine, machine: one.machine.clone() };
            let id = id.clone();
            tasks.push(tokio::spawn(async move { letters.hand(format!("issue-{id}"), &id, ask).await }));
        }
        for task in tasks {
            task.await.expect("no panic").expect("it gets a number");
        }
        let mut numbers = BTreeSet::new();
        for id in &ids {
            numbers.insert(field(&one.dossier(id).await, "number"));
        }
        let wanted: BTreeSet<String> = (57..57 + 32).map(|seq| format!("{seq}/TTr-U")).collect();
        assert_eq!(numbers, wanted);
        one.replays().await;
    }
}

#[tokio::test]
async fn what_is_refused_or_fails_halfway_takes_no_number() {
    for database in databases().await {
        let letters = Letters::on(fresh_engine(&database).await).await;
        letters.issued("a").await;
        letters.start("b").await;
        let dossier = letters.dossier("b").await;
        let without_paper = letters.hand("refused".to_owned(), "b", act(&dossier, "issue")).await;
        assert_eq!(refused(&without_paper), &Code::PaperMissing);
        // The number is written before the paper, whose table is not there: the whole command is undone.
        let rename = |sql: &'static str| letters.engine.store().write(move |tx| tx.execute(sql, &[]).map(drop));
        rename("ALTER TABLE paper RENAME TO paper_away").await.expect("renamed");
        let fails = letters.hand("fails".to_owned(), "b", issue(&dossier)).await;
        assert!(matches!(fails, Err(Failure::Store(_))), "{fails:?}");
        rename("ALTER TABLE paper_away RENAME TO paper").await.expect("renamed back");
        assert_eq!(field(&letters.issued("c").await, "number"), "58/TTr-U");
        letters.hand("again".to_owned(), "b", issue(&dossier)).await.expect("now it is issued");
        assert_eq!(field(&letters.dossier("b").await, "number"), "59/TTr-U");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_number_of_another_office_is_one_dossiers_also_when_two_enter_it_at_once() {
    for database in databases().await {
        let letters = Letters::on(fresh_engine(&database).await).await;
        let other = Letters::on(fresh_engine(&database).await).await;
        let (a, b) = (letters.issued("a").await, letters.issued("b").await);
        let (one, two) = tokio::join!(
            letters.hand("a".to_owned(), "a", decide(&a, "12/QĐ-BTP", "2026-06-01")),
            other.hand("b".to_owned(), "b", decide(&b, " 012/qđ-btp", "2026-12-31")),
        );
        let (first, refusal) = if one.is_ok() { ("a", &two) } else { ("b", &one) };
        let key = if first == "a" { " 012/qđ-btp" } else { "12/QĐ-BTP" }.trim().to_owned();
        let holder = Code::KeyTaken { key, dossier: Some(first.into()), by: Some(format!("Thư {first}")) };
        assert_eq!(refused(refusal), &holder, "the other dossier is named");
        assert!(one.is_ok() != two.is_ok());
        // Another year is another registry.
        let late = letters.issued("c").await;
        let taken = letters.hand("c".to_owned(), "c", decide(&late, "12/QĐ-BTP", "2027-01-02")).await;
        taken.expect("of 2027 there is no number 12 yet");
        letters.replays().await;
    }
}

#[tokio::test]
async fn a_number_that_was_entered_wrongly_is_free_again() {
    for database in databases().await {
        let letters = Letters::on(fresh_engine(&database).await).await;
        let (a, b) = (letters.issued("a").await, letters.issued("b").await);
        letters.hand("1".to_owned(), "a", decide(&a, "12/QĐ", "2026-06-01")).await.expect("12 is free");
        let a = letters.dossier("a").await;
        letters.hand("2".to_owned(), "a", decide(&a, "12/QĐ", "2026-06-01")).await.expect("it is its own");
        let a = letters.dossier("a").await;
        letters.hand("3".to_owned(), "a", decide(&a, "13/QĐ", "2026-06-01")).await.expect("13 is free");
        letters.hand("4".to_owned(), "b", decide(&b, "12/QĐ", "2026-06-01")).await.expect("12 is free again");
        let fields = BTreeMap::from([(FieldName::from("foreign"), json!("12/QĐ"))]);
        let correct = Correct { fields, papers: Vec::new(), reason: None, seen: None };
        let back = letters.hand("5".to_owned(), "a", Ask::Correct(correct)).await;
        assert_eq!(refused(&back), &taken("12/QĐ", "b", "Thư b"));
        letters.replays().await;
    }
}

const DECISION: &str = r"
chancery: 1
workflow: decision
title: Quyết định
calendar: plain
caption: title
fields:
  title:  {type: text, max: 100, required: true, label: Tên}
  unit:   {type: unit, required: true, label: Đơn vị}
  number: {type: text, max: 40, label: Số quyết định}
  day:    {type: date, label: Ngày ký}
numbers:
  decision: {label: Số quyết định, dated: day}
roles:
  clerk: {label: Cán bộ, post: clerk, of: unit, starter: true}
  head:  {label: Thủ trưởng, post: head, of: unit}
initial: signing
states:
  signing:
    title: Chờ quyết định
    task: {for: head, title: Ghi quyết định}
    on: {signed: {by: head, label: Ghi, fill: [number, day], number: {number: decision}, target: done}}
  done: {title: Xong, final: true, outcome: done}
";

#[tokio::test]
async fn the_page_says_beside_the_field_which_dossier_has_the_number() {
    let pages = Pages::new().await;
    pages.deploy("decision", DECISION).await;
    let form =
        [("do", "act"), ("choice", "signed"), ("field.signed.number", "12/QĐ-BTP"), ("field.signed.day", "2026-06-02")];
    let mut answers = Vec::new();
    for (id, title) in [("a", "Khen thưởng quý I"), ("b", "Khen thưởng quý II")] {
        let dossier = pages.start("decision", id, json!({"title": title, "unit": "U"})).await;
        let link = pages.link(&dossier, Purpose::Act, "head").await;
        let seen = pages.get(&link).await.hidden("seen");
        let form: Vec<_> = [("seen", seen.as_str())].into_iter().chain(form).collect();
        answers.push(pages.post(&link, &form).await);
    }
    assert_eq!(answers[0].status, StatusCode::SEE_OTHER, "{}", answers[0].text());
    let text = answers[1].text();
    assert!(text.contains("Số quyết định: Đã ghi cho “Khen thưởng quý I”."), "{text}");
    assert!(text.contains("#field.signed.number"), "the summary leads to the field: {text}");
}

#[tokio::test]
async fn who_has_nothing_to_do_with_the_other_dossier_learns_that_the_number_is_taken_and_no_more() {
    let pages = Pages::new().await;
    pages.deploy("decision", DECISION).await;
    let decree = DECISION.replace("workflow: decision", "workflow: decree");
    pages.deploy("decree", &decree.replace("post: head, of: unit", "body: council of unit, seat: chair")).await;
    let mut text = String::new();
    for (workflow, title, person) in [("decision", "Kỷ luật ông A", "head"), ("decree", "Khen thưởng", "m1")] {
        let dossier = pages.start(workflow, workflow, json!({"title": title, "unit": "U"})).await;
        let link = pages.link(&dossier, Purpose::Act, person).await;
        let seen = pages.get(&link).await.hidden("seen");
        let fields = [("field.signed.number", "12/QĐ-BTP"), ("field.signed.day", "2026-06-02")];
        let form: Vec<_> =
            [("seen", seen.as_str()), ("do", "act"), ("choice", "signed")].into_iter().chain(fields).collect();
        text = pages.post(&link, &form).await.text();
    }
    assert!(text.contains("Hồ sơ khác đã có 12/QĐ-BTP"), "{text}");
    assert!(!text.contains("Kỷ luật"), "{text}");
}

#[tokio::test]
async fn two_numbers_that_stand_in_each_others_place_change_places_with_one_correction() {
    let text = DECISION
        .replace("number: {type: text, max: 40, label: Số quyết định}", "number: {type: text, max: 40, label: Số, correctable: {by: clerk}}\n  other:  {type: text, max: 40, label: Số kia, correctable: {by: clerk}}")
        .replace("fill: [number, day], number: {number: decision}", "fill: [number, other, day], number: {number: decision, other: decision}");
    let machine = machine("decision", &text);
    for database in databases().await {
        let letters = Letters::on(fresh_engine(&database).await).await;
        letters.engine.deploy(&machine, &[SourceFile::new("decision.yaml", text.as_str())]).await.expect("a version");
        let letters = Letters { machine: machine.hash().clone(), ..letters };
        letters.start("a").await;
        let Ask::Act(ask) = act(&letters.dossier("a").await, "signed") else { unreachable!() };
        let fields = [("number", "1/QĐ"), ("other", "2/QĐ"), ("day", "2026-06-02")];
        let fields = fields.map(|(name, value)| (FieldName::from(name), json!(value))).into();
        let command = Command {
            operation: "sign".into(),
            dossier: "a".into(),
            actor: by("head"),
            ask: Ask::Act(Act { fields, ..ask }),
        };
        letters.engine.handle(command, Vec::new()).await.expect("signed");
        let fields = [("number", "2/QĐ"), ("other", "1/QĐ")].map(|(name, value)| (FieldName::from(name), json!(value)));
        let swap = Correct { fields: fields.into(), papers: Vec::new(), reason: None, seen: None };
        letters.hand("swap".to_owned(), "a", Ask::Correct(swap)).await.expect("they change places");
        let numbers = letters.dossier("a").await.numbers;
        let keys: Vec<&str> =
            ["number", "other"].iter().map(|name| numbers[&FieldName::from(*name)].key.as_str()).collect();
        assert_eq!(keys, ["2/QĐ", "1/QĐ"]);
        let taken = letters.engine.store().read("SELECT COUNT(*) FROM taken", &[]).await.expect("it reads");
        assert_eq!(taken[0].int(0).expect("a number"), 2);
        letters.replays().await;
    }
}

#[test]
fn a_counter_fills_its_field_and_nobody_else_does() {
    let mut office = Office::new();
    let machine = machine("letter", LETTER);
    let fields = serde_json::from_value(json!({"title": "Một", "unit": "U", "number": "9/TTr-U"})).expect("fields");
    let (hash, papers, gather_key, first, import_key) = (machine.hash().clone(), Vec::new(), None, None, None);
    let start = Start { machine: hash, fields, papers, gather_key, first, import_key };
    let actors = [by("clerk"), Actor::Clock, Actor::Import { operator: "root".to_owned() }];
    for actor in actors {
        let command = office.command("D", actor, Ask::Start(start.clone()));
        let refusal = office.run(&machine, None, &command, START).expect_err("the number is not counted");
        let reason = &refusal.reasons[0];
        assert_eq!((&reason.code, reason.about.as_deref()), (&Code::FieldClosed, Some("number")));
    }
}

#[test]
fn a_series_by_a_text_is_the_same_in_capitals_and_small_letters() {
    let mut office = Office::new();
    let text = LETTER.replace("of: unit, start:", "of: series, start:");
    let text =
        text.replace("  number:  {", "  series:  {type: text, max: 10, required: true, label: Sê-ri}\n  number:  {");
    let machine = machine("letter", &text);
    let dossier = office.start(&machine, "D", json!({"title": "Một", "unit": "U", "series": " btp"}), START);
    office.taken.learn_last("counter:letter:2026:BTP".to_owned(), Some(60));
    let command = office.command("D", by("clerk"), issue(&dossier));
    let (issued, _) = office.run(&machine, Some(&dossier), &command, START).expect("issued");
    assert_eq!(field(&issued, "number"), "61/TTr-btp");
}

#[test]
fn what_is_counted_and_what_is_entered_by_hand_under_one_name_never_meet() {
    let mut office = Office::new();
    let (machine, dossier) = drafted(&mut office);
    let command = office.command("D", by("clerk"), issue(&dossier));
    let (counted, _) = office.run(&machine, Some(&dossier), &command, START).expect("issued");
    let by_hand =
        LETTER.replace("foreign: decision}", "foreign: letter}").replace("{number: letter}, target", "target");
    let by_hand = by_hand.replace("format: \"{seq}/TTr-{of}\", of: unit, start: {2026: 57}", "dated: day, of: unit");
    let by_hand = by_hand.replace("number: target", "target");
    let by_hand = office::machine("letter", &by_hand.replace("  decision: {label: Số quyết định, dated: day}\n", ""));
    let dossier = office.start(&by_hand, "D", json!({"title": "Một", "unit": "U"}), START);
    let command = office.command("D", by("clerk"), issue(&dossier));
    let (dossier, _) = office.run(&by_hand, Some(&dossier), &command, START).expect("sent on");
    let command = office.command("D", by("clerk"), decide(&dossier, "57/TTr-U", "2026-06-01"));
    let (entered, _) = office.run(&by_hand, Some(&dossier), &command, START).expect("entered");
    let space = |dossier: &Dossier| dossier.numbers.values().map(|key| key.space.clone()).collect::<Vec<_>>();
    assert_eq!(
        (space(&counted), space(&entered)),
        (vec!["counter:letter:2026:U".into()], vec!["number:letter:2026:U".into()])
    );
}
