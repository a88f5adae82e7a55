//! Who sees what: by role and state, on every page, in every mail, and without a sign-in where the workflow says so.

use axum::http::StatusCode;
use chancery::calendar::Calendar;
use chancery::dossier::command::Ask;
use chancery::dossier::decide;
use chancery::dossier::event::Change;
use chancery::dossier::refusal::Code;
use chancery::dossier::{Dossier, Purpose};
use chancery::ids::{DossierId, FieldName, Language, PersonId};
use chancery::letters::{About, Gathering, MailNotice, MailTask};
use chancery::machine::Machine;
use proptest::prelude::*;
use serde_json::json;

use crate::support::office::{Office, START, act, by, machine};
use crate::support::pages::Pages;

/// A proposal that is reviewed blind, whose author is told little, and that is shown to the public once it is published.
const PROPOSAL: &str = r"
chancery: 1
workflow: proposal
title: Sáng kiến
calendar: plain
caption: topic
subject: [author]
papers: {text: Thuyết minh, opinion: Ý kiến thẩm định}
fields:
  topic:  {type: text, max: 100, required: true, label: Tên sáng kiến}
  unit:   {type: unit, required: true, label: Đơn vị}
  author: {type: person, required: true, label: Tác giả}
  phone:  {type: text, max: 20, label: Điện thoại}
  points: {type: number, min: 0, max: 100, label: Điểm thẩm định}
  memo:   {type: text, max: 500, label: Ghi chú nội bộ}
roles:
  clerk:    {label: Cán bộ, post: clerk, of: unit, starter: true}
  reviewer: {label: Người thẩm định, body: council of unit, seat: member}
  head:     {label: Thủ trưởng, post: head, of: unit}
  author:   {label: Tác giả, field: author}
access:
  clerk:    {see: all, edit: [memo]}
  head:     {see: all}
  author:   {see: [topic, text]}
  reviewer: {see: [topic, text]}
  others:   {see: none}
initial: drafting
states:
  drafting:
    title: Soạn
    task: {for: clerk, title: Soạn thuyết minh, edit: [topic, phone], attach: [text]}
    on: {submit: {by: clerk, label: Gửi thẩm định, target: review}}
  review:
    title: Thẩm định kín, vòng 1
    public: Đang xem xét
    initial: reading
    access:
      reviewer: {see: [topic, text, points, opinion]}
    states:
      reading:
        title: Đọc và cho điểm
        task: {for: reviewer, title: Thẩm định, edit: [points], attach: [opinion]}
        entry: {tell: [author]}
        on:
          good: {by: reviewer, label: Nên công nhận, target: deciding}
          poor: {by: reviewer, label: Không nên công nhận, reason: true, target: refused}
      deciding:
        title: Trình Thủ trưởng
        task: {for: head, title: Quyết định}
        on: {publish: {by: head, label: Công nhận, target: published}}
  published:
    title: Đã công nhận và công bố
    access: {public: {see: [topic, unit, text]}}
    final: true
    outcome: published
  refused: {title: Không công nhận, final: true, outcome: refused}
";

const FIELDS: &str = r#"{"topic": "Cổng một cửa", "unit": "U", "author": "p-m5", "phone": "0912 345 678"}"#;

fn fields() -> serde_json::Value {
    serde_json::from_str(FIELDS).expect("fields")
}

fn see(office: &Office, machine: &Machine, dossier: &Dossier, person: &str) -> Dossier {
    let sight = decide::sight(machine, dossier, &PersonId::new(format!("p-{person}")), START, &office.context());
    sight.dossier(dossier, machine)
}

fn names(dossier: &Dossier) -> Vec<&str> {
    dossier.fields.keys().map(FieldName::as_str).collect()
}

fn submitted(office: &mut Office) -> (Machine, Dossier) {
    let machine = machine("proposal", PROPOSAL);
    let dossier = office.start(&machine, "D", fields(), START);
    let command = office.command("D", by("clerk"), act(&dossier, "submit"));
    let dossier = office.run(&machine, Some(&dossier), &command, START).expect("submitted").0;
    (machine, dossier)
}

#[test]
fn each_role_sees_what_is_said_for_it_refined_state_by_state() {
    let mut office = Office::new();
    let machine = machine("proposal", PROPOSAL);
    let mut dossier = office.start(&machine, "D", fields(), START);
    dossier.fields.insert("points".into(), json!(80));
    assert_eq!(names(&see(&office, &machine, &dossier, "clerk")), ["author", "phone", "points", "topic", "unit"]);
    assert_eq!(names(&see(&office, &machine, &dossier, "m2")), ["topic"], "a reviewer, before the review");
    let command = office.command("D", by("clerk"), act(&dossier, "submit"));
    dossier = office.run(&machine, Some(&dossier), &command, START).expect("submitted").0;
    assert_eq!(names(&see(&office, &machine, &dossier, "m2")), ["points", "topic"], "a reviewer, in the review");
    assert_eq!(
        names(&see(&office, &machine, &dossier, "m5")),
        ["points", "topic"],
        "the author sits on the council too"
    );
    let stranger = see(&office, &machine, &dossier, "secretary");
    assert_eq!((names(&stranger).len(), stranger.caption.as_str()), (0, "Sáng kiến"));
}

#[test]
fn a_role_may_change_besides_its_task_what_its_access_says_and_nothing_else() {
    let mut office = Office::new();
    let (machine, dossier) = submitted(&mut office);
    let activation = dossier.leaves().next().expect("it stands").activation;
    let edit = |name: &str| Ask::Edit {
        activation,
        fields: serde_json::from_value(json!({name: "Đã gọi điện"})).expect("fields"),
        papers: Vec::new(),
    };
    let command = office.command("D", by("clerk"), edit("memo"));
    let after = office.run(&machine, Some(&dossier), &command, START).expect("the clerk keeps notes").0;
    assert_eq!(after.fields[&FieldName::from("memo")], json!("Đã gọi điện"));
    for (who, name, code) in [("clerk", "phone", Code::FieldClosed), ("head", "memo", Code::NotAsked)] {
        let command = office.command("D", by(who), edit(name));
        let refusal = office.run(&machine, Some(&dossier), &command, START).expect_err("not theirs");
        assert_eq!(refusal.reasons[0].code, code, "{who} {name}");
    }
}

#[test]
fn the_public_sees_what_is_named_and_only_where_it_is_named() {
    let mut office = Office::new();
    let (machine, mut dossier) = submitted(&mut office);
    assert_eq!(decide::public_sight(&machine, &dossier), None);
    for (who, event) in [("m2", "good"), ("head", "publish")] {
        let command = office.command("D", by(who), act(&dossier, event));
        dossier = office.run(&machine, Some(&dossier), &command, START).expect("it goes on").0;
    }
    let sight = decide::public_sight(&machine, &dossier).expect("it is published");
    assert_eq!(names(&sight.dossier(&dossier, &machine)), ["topic", "unit"]);
    assert!(!sight.history() && !sight.grounds());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn no_value_of_a_hidden_field_is_in_what_a_person_sees(secret in "[a-z]{12}", who in 0_usize..4) {
        let who = ["m2", "m5", "secretary", "m1"][who];
        let mut office = Office::new();
        let machine = machine("proposal", PROPOSAL);
        let mut all = fields();
        all["phone"] = json!(secret);
        let before = office.start(&machine, "D", all, START);
        let command = office.command("D", by("clerk"), act(&before, "submit"));
        let (dossier, decision) = office.run(&machine, Some(&before), &command, START).expect("submitted");
        let person = PersonId::new(format!("p-{who}"));
        let sight = decide::sight(&machine, &dossier, &person, START, &office.context());
        let seen = serde_json::to_string(&sight.dossier(&dossier, &machine)).expect("JSON");
        let opened = chancery::dossier::event::Event {
            seq: 1, at: START, kind: chancery::dossier::event::Kind::Started, actor: by("clerk"),
            changes: vec![Change::Set(before.fields.clone())],
        };
        let mut events = vec![opened];
        events.extend(decision.events);
        let events = serde_json::to_string(&sight.events(events, &machine)).expect("JSON");
        prop_assert!(!seen.contains(&secret) && !events.contains(&secret), "{}", seen);
    }
}

async fn opened() -> (Pages, DossierId) {
    let pages = Pages::new().await;
    pages.deploy("proposal", PROPOSAL).await;
    let proposal = pages.start("proposal", "p1", fields()).await;
    let link = pages.link(&proposal, Purpose::Act, "clerk").await;
    let seen = pages.get(&link).await.hidden("seen");
    let form =
        [("do", "edit"), ("seen", seen.as_str()), ("edit.memo", "Gia đình có việc"), ("edit.phone", "0987 111 222")];
    let sent = pages.post_files(&link, &form, &[("paper.text", "thuyết minh.pdf", b"%PDF-1.7\n%%EOF\n")]).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text());
    let seen = pages.get(&link).await.hidden("seen");
    let sent = pages.post(&link, &[("do", "act"), ("seen", &seen), ("choice", "submit")]).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text());
    (pages, proposal)
}

async fn choose(pages: &Pages, dossier: &DossierId, who: &str, event: &str) {
    let link = pages.link(dossier, Purpose::Act, who).await;
    let seen = pages.get(&link).await.hidden("seen");
    let sent = pages.post(&link, &[("do", "act"), ("seen", &seen), ("choice", event)]).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text());
}

#[tokio::test]
async fn a_reviewers_page_shows_neither_the_author_nor_anything_else_that_is_hidden() {
    let (pages, proposal) = opened().await;
    let link = pages.link(&proposal, Purpose::Act, "m2").await;
    let text = pages.get(&link).await.text();
    for shown in ["Cổng một cửa", "Thuyết minh", "edit.points", "paper.opinion"] {
        assert!(text.contains(shown), "{shown}: {text}");
    }
    for hidden in ["0987", "0912", "Người m5", "Tác giả", "Gia đình", "Quá trình xử lý", "Trang công khai"]
    {
        assert!(!text.contains(hidden), "{hidden}: {text}");
    }
    let whole = pages.engine.dossier(&proposal).await.expect("it reads").expect("it exists");
    let id = whole.papers[0].id.clone();
    assert_eq!(pages.get(&format!("{link}/paper/{id}")).await.status, StatusCode::OK);
    let clerk = pages.link(&proposal, Purpose::Act, "clerk").await;
    let text = pages.get(&clerk).await.text();
    assert!(text.contains("Đọc và cho điểm"), "those who see everything read what officers call it: {text}");
}

#[tokio::test]
async fn a_paper_that_is_hidden_is_not_found_by_its_address() {
    let (pages, proposal) = opened().await;
    let reviewer = pages.link(&proposal, Purpose::Act, "m2").await;
    let seen = pages.get(&reviewer).await.hidden("seen");
    let form = [("do", "edit"), ("seen", seen.as_str()), ("edit.points", "70")];
    let sent = pages.post_files(&reviewer, &form, &[("paper.opinion", "ý kiến.pdf", b"%PDF-1.7\n%%EOF\n")]).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text());
    choose(&pages, &proposal, "m2", "good").await;
    let whole = pages.engine.dossier(&proposal).await.expect("it reads").expect("it exists");
    let opinion = whole.papers.iter().find(|paper| paper.kind == "opinion").expect("it is filed").id.clone();
    let head = pages.link(&proposal, Purpose::Act, "head").await;
    assert_eq!(pages.get(&format!("{head}/paper/{opinion}")).await.status, StatusCode::OK);
    choose(&pages, &proposal, "head", "publish").await;
    let public = public_address(&pages, &proposal);
    assert_eq!(pages.get(&format!("{public}/paper/{opinion}")).await.status, StatusCode::NOT_FOUND);
    let text = whole.papers.iter().find(|paper| paper.kind == "text").expect("it is filed").id.clone();
    assert_eq!(pages.get(&format!("{public}/paper/{text}")).await.status, StatusCode::OK);
}

/// The public address as the engine's keys make it.
fn public_address(pages: &Pages, dossier: &DossierId) -> String {
    let nobody = PersonId::new("");
    let bound = chancery::links::Bound {
        row: dossier.as_str(),
        person: &nobody,
        activation: "",
        purpose: "public",
        generation: 0,
    };
    let token = pages.app.links.token(1, &bound).expect("the key is there");
    chancery::web::routes::Place::Public(&token).path(&pages.app.site)
}

#[tokio::test]
async fn what_is_public_is_read_without_a_sign_in_and_nothing_else() {
    let (pages, proposal) = opened().await;
    let public = public_address(&pages, &proposal);
    assert_eq!(pages.get(&public).await.status, StatusCode::NOT_FOUND, "not yet");
    choose(&pages, &proposal, "m2", "good").await;
    let head = pages.link(&proposal, Purpose::Act, "head").await;
    assert!(!pages.get(&head).await.text().contains("/p/"), "nothing to hand out yet");
    choose(&pages, &proposal, "head", "publish").await;
    let before = pages.dump().await;
    let page = pages.get(&public).await;
    let text = page.text();
    for shown in ["Cổng một cửa", "Đơn vị", "Đã công nhận và công bố", "thuyết minh.pdf"] {
        assert!(text.contains(shown), "{shown}: {text}");
    }
    for hidden in ["Người m5", "0987", "Gia đình", "Người clerk", "<form"] {
        assert!(!text.contains(hidden), "{hidden}: {text}");
    }
    assert_eq!(pages.post(&public, &[("do", "act")]).await.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(pages.dump().await, before);
    let mut forged = public.clone();
    forged.pop();
    assert_eq!(pages.get(&forged).await.status, StatusCode::NOT_FOUND);
}

#[test]
fn a_mail_tells_an_outsider_the_public_title_and_no_hidden_name() {
    let mut office = Office::new();
    let (machine, dossier) = submitted(&mut office);
    let notice = |kind, task: Option<MailTask>| MailNotice {
        kind,
        mail: None,
        dossier: dossier.id.clone(),
        seq: dossier.seq,
        at: START,
        activation: dossier.leaves().next().expect("it stands").activation,
        task,
    };
    let told = [notice(chancery::dossier::project::NoticeKind::Told, None)];
    let calendar: &Calendar = &office.calendar;
    let state = |office: &Office, who: &str| {
        let find = |_: &DossierId| Some(About { dossier: &dossier, machine: &machine, calendar: Some(calendar) });
        let gathering = Gathering {
            directory: &office.directory,
            person: &PersonId::new(format!("p-{who}")),
            language: &Language::new("vi"),
            now: START,
            find: &find,
            link: &|_, _| None,
        };
        let (matters, _) = gathering.matters(&told);
        (matters[0].state.clone(), matters[0].caption.clone())
    };
    assert_eq!(state(&office, "clerk"), ("Đọc và cho điểm".to_owned(), "Cổng một cửa".to_owned()));
    assert_eq!(state(&office, "m5"), ("Đang xem xét".to_owned(), "Cổng một cửa".to_owned()));
    assert_eq!(state(&office, "secretary"), ("Đang xem xét".to_owned(), "Sáng kiến".to_owned()));
}
