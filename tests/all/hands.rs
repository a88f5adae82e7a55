//! A task passes from one person to another: taken over, given, handed over, given back.

use chancery::directory::{Dated, Post};
use chancery::dossier::Dossier;
use chancery::dossier::command::{Actor, Ask};
use chancery::dossier::event::{Change, Kind};
use chancery::dossier::project::{NoticeKind, Rows, project};
use chancery::dossier::refusal::{Code, Refusal};
use chancery::dossier::{Purpose, Task};
use chancery::ids::PersonId;
use chancery::machine::Machine;
use proptest::prelude::*;
use serde_json::json;

use crate::support::office::{self, DAY_MS, Office, PLAIN, START, act, by, machine};
use crate::support::pages::Pages;

/// A paper that one of several officers deals with; the head leads.
const DESK: &str = r"
chancery: 1
workflow: letter
title: Văn bản đến
calendar: plain
fields:
  unit: {type: unit, required: true, label: Đơn vị}
roles:
  clerk:   {label: Văn thư, post: clerk, of: unit, starter: true}
  officer: {label: Chuyên viên, post: officer, of: unit}
  head:    {label: Trưởng phòng, post: head, of: unit}
initial: handling
states:
  handling:
    title: Xử lý
    task: {for: officer, title: Xử lý văn bản, HOW}
    lead: {by: head, may: [assign, add, extend]}
    deadline: {within: 5wd, remind: [-1wd], escalate: {after: 1wd, to: head}}
    on:
      finish: {by: officer, label: Đã xử lý, target: done}
      close: {by: head, label: Đóng, reason: true, target: done}
  done: {title: Xong, final: true, outcome: done}
";

fn desk(how: &str) -> Machine {
    machine("letter", &DESK.replace("HOW", how))
}

/// The office with three officers.
fn office() -> Office {
    let mut office = Office::new();
    office.directory.posts.extend(posts());
    office
}

fn posts() -> impl Iterator<Item = Post> {
    ["m1", "m2", "m4"].into_iter().map(|who| Post {
        person: PersonId::new(format!("p-{who}")),
        unit: "U".into(),
        post: "officer".to_owned(),
        dated: Dated::default(),
    })
}

fn opened(office: &mut Office, desk: &Machine) -> Dossier {
    office.start(desk, "D", json!({"unit": "U"}), START)
}

fn task(dossier: &Dossier) -> &Task {
    dossier.tasks.iter().find(|task| task.purpose == Purpose::Act).expect("somebody is asked")
}

fn holders(dossier: &Dossier) -> Vec<&str> {
    task(dossier).holders.iter().map(PersonId::as_str).collect()
}

fn claim(dossier: &Dossier) -> Ask {
    Ask::Claim { activation: task(dossier).activation }
}

fn release(dossier: &Dossier) -> Ask {
    Ask::Release { activation: task(dossier).activation }
}

fn give(dossier: &Dossier, to: &str, reason: Option<&str>) -> Ask {
    let to = PersonId::new(format!("p-{to}"));
    Ask::Assign { activation: task(dossier).activation, from: None, to, reason: reason.map(str::to_owned) }
}

fn run(office: &mut Office, desk: &Machine, before: &Dossier, who: &str, ask: Ask) -> Result<(Dossier, Rows), Refusal> {
    office.answer(desk, before, by(who), ask, START)
}

fn code(refused: Result<(Dossier, Rows), Refusal>) -> Code {
    refused.expect_err("it should be refused").reasons[0].code.clone()
}

fn told(rows: &Rows, kind: NoticeKind) -> Vec<(&str, Option<Purpose>)> {
    let of_kind = rows.notices.iter().filter(|notice| notice.kind == kind);
    of_kind.map(|notice| (notice.person.as_str(), notice.purpose)).collect()
}

#[test]
fn whoever_takes_a_task_over_has_it_alone_until_they_give_it_back() {
    let (mut office, desk) = (office(), desk("claim: true"));
    let offered = opened(&mut office, &desk);
    let (mine, rows) = run(&mut office, &desk, &offered, "m2", claim(&offered)).expect("anybody asked may take it");
    assert_eq!(holders(&mine), ["p-m2"]);
    assert_eq!(rows.tasks_closed.len(), 2, "the links of the others are over");
    assert!(rows.notices.is_empty(), "nobody is told anything new");
    let other = code(run(&mut office, &desk, &mine, "m1", claim(&mine)));
    assert_eq!(other, Code::Taken { by: "p-m2".into() });
    assert_eq!(code(run(&mut office, &desk, &mine, "m1", act(&mine, "finish"))), Code::Taken { by: "p-m2".into() });
    assert_eq!(code(run(&mut office, &desk, &mine, "m1", release(&mine))), Code::NotAsked);

    let (again, rows) = run(&mut office, &desk, &mine, "m2", release(&mine)).expect("given back");
    assert_eq!(holders(&again).len(), 3);
    assert_eq!(told(&rows, NoticeKind::Asked).len(), 2, "the others are asked again");
    let (done, _) =
        run(&mut office, &desk, &again, "m1", act(&again, "finish")).expect("anybody may do it at once too");
    assert_eq!(done.outcome.as_deref(), Some("done"));
}

#[test]
fn a_task_that_must_be_given_waits_for_whoever_leads() {
    let (mut office, desk) = (office(), desk("assign: true"));
    let command = office.command("D", by("clerk"), start(&desk));
    let (waiting, decision) = office.run(&desk, None, &command, START).expect("opened");
    let rows = project(None, &waiting, &decision.events, &desk, &office.calendar);
    assert_eq!(told(&rows, NoticeKind::Asked), [("p-head", Some(Purpose::Lead))]);
    assert!(holders(&waiting).is_empty());
    assert_eq!(waiting.awaited().map(PersonId::as_str).collect::<Vec<_>>(), ["p-head"]);
    assert_eq!(code(run(&mut office, &desk, &waiting, "m1", act(&waiting, "finish"))), Code::NotAsked);
    assert_eq!(code(run(&mut office, &desk, &waiting, "head", give(&waiting, "clerk", None))), Code::NotOfRole);

    let (given, rows) = run(&mut office, &desk, &waiting, "head", give(&waiting, "m4", None)).expect("given");
    assert_eq!(told(&rows, NoticeKind::Asked), [("p-m4", Some(Purpose::Act))]);
    assert_eq!(given.awaited().map(PersonId::as_str).collect::<Vec<_>>(), ["p-m4"]);
    let again = code(run(&mut office, &desk, &given, "head", give(&given, "m1", None)));
    assert_eq!(again, Code::ReasonMissing, "who takes it away from somebody says why");
    let (moved, rows) =
        run(&mut office, &desk, &given, "head", give(&given, "m1", Some("Nghỉ ốm"))).expect("given again");
    assert_eq!(holders(&moved), ["p-m1"]);
    assert_eq!(rows.tasks_closed.len(), 1);
    assert_eq!(code(run(&mut office, &desk, &moved, "m4", act(&moved, "finish"))), Code::Taken { by: "p-m1".into() });
    run(&mut office, &desk, &moved, "m1", act(&moved, "finish")).expect("the one who has it");
}

fn start(desk: &Machine) -> Ask {
    Ask::Start(chancery::dossier::command::Start {
        machine: desk.hash().clone(),
        fields: serde_json::from_value(json!({"unit": "U"})).expect("fields"),
        papers: Vec::new(),
        gather_key: None,
        first: None,
        import_key: None,
    })
}

#[test]
fn whoever_has_a_task_hands_it_over_only_where_the_workflow_says_so() {
    for (how, may) in [("claim: true, hand_over: true", true), ("claim: true", false)] {
        let (mut office, desk) = (office(), desk(how));
        let offered = opened(&mut office, &desk);
        let (mine, _) = run(&mut office, &desk, &offered, "m2", claim(&offered)).expect("taken");
        let handed = run(&mut office, &desk, &mine, "m2", give(&mine, "m1", Some("Đi công tác")));
        if may {
            let (theirs, _) = handed.expect("handed over");
            assert_eq!(holders(&theirs), ["p-m1"]);
            let (free, _) = run(&mut office, &desk, &theirs, "m1", release(&theirs)).expect("given back");
            assert_eq!(holders(&free).len(), 3, "whoever was asked at first is asked again");
        } else {
            assert_eq!(code(handed), Code::NotAsked);
        }
    }
}

#[test]
fn the_record_says_who_gave_what_to_whom_and_why() {
    let (mut office, desk) = (office(), desk("assign: true"));
    let waiting = opened(&mut office, &desk);
    let command = office.command("D", by("head"), give(&waiting, "m4", Some("Quen việc")));
    let (_, decision) = office.run(&desk, Some(&waiting), &command, START).expect("given");
    let event = decision.events.last().expect("an event");
    assert_eq!((event.kind, event.actor.person().map(PersonId::as_str)), (Kind::Assigned, Some("p-head")));
    let reason = Some("Quen việc".to_owned());
    assert!(event.changes.iter().any(|change| matches!(change,
        Change::Given { to, reason: why, .. } if to.as_str() == "p-m4" && *why == reason)));
}

#[test]
fn when_it_is_late_whoever_leads_gets_a_link_with_which_they_can_do_something() {
    let (mut office, desk) = (office(), desk("claim: true"));
    let offered = opened(&mut office, &desk);
    let (mine, _) = run(&mut office, &desk, &offered, "m2", claim(&offered)).expect("taken");
    let (late, rows) = office.answer(&desk, &mine, Actor::Clock, Ask::Tick, START.plus_ms(20 * DAY_MS)).expect("late");
    assert_eq!(told(&rows, NoticeKind::Reminder), [("p-m2", Some(Purpose::Act))], "whoever leads is not reminded");
    assert_eq!(told(&rows, NoticeKind::Escalation), [("p-head", Some(Purpose::Lead))]);
    let (moved, _) =
        run(&mut office, &desk, &late, "head", give(&late, "m1", Some("Quá hạn"))).expect("given to another");
    assert_eq!(holders(&moved), ["p-m1"]);
}

#[test]
fn whoever_leads_asks_one_more_person_with_a_reason() {
    let (mut office, desk) = (office(), desk("claim: true"));
    let offered = opened(&mut office, &desk);
    let add = |who: &str, reason: &str| {
        let (activation, person) = (task(&offered).activation, PersonId::new(format!("p-{who}")));
        Ask::Add { activation, person, reason: reason.to_owned() }
    };
    assert_eq!(code(run(&mut office, &desk, &offered, "m1", add("m3", "Rõ việc"))), Code::NotAsked);
    assert_eq!(code(run(&mut office, &desk, &offered, "head", add("m3", " "))), Code::ReasonMissing);
    assert_eq!(
        code(run(&mut office, &desk, &offered, "head", add("m1", "Rõ việc"))),
        Code::Taken { by: "p-m1".into() }
    );
    let barred = code(run(&mut office, &desk, &offered, "head", add("clerk", "Rõ việc")));
    assert!(matches!(barred, Code::Separated { .. }), "the clerk opened it: {barred:?}");
    let (more, rows) = run(&mut office, &desk, &offered, "head", add("m3", "Rõ việc")).expect("one more");
    assert_eq!(told(&rows, NoticeKind::Asked), [("p-m3", Some(Purpose::Act))]);
    let (done, _) = run(&mut office, &desk, &more, "m3", act(&more, "finish")).expect("who was asked too may do it");
    assert_eq!(done.outcome.as_deref(), Some("done"));
}

#[test]
fn whoever_leads_puts_the_deadline_off_and_everything_that_hangs_on_it_moves() {
    let (mut office, desk) = (office(), desk("claim: true"));
    let offered = opened(&mut office, &desk);
    let old = offered.entry(task(&offered).activation).and_then(|entry| entry.due_at).expect("a deadline");
    let extend = |days: i64, reason: &str| {
        let zone = office::calendar(PLAIN).zone().clone();
        let until = START.plus_ms(days * DAY_MS).timestamp().to_zoned(zone).date();
        Ask::Extend { activation: task(&offered).activation, until, reason: reason.to_owned() }
    };
    assert_eq!(code(run(&mut office, &desk, &offered, "m1", extend(30, "Chờ hồ sơ"))), Code::NotAsked);
    assert_eq!(code(run(&mut office, &desk, &offered, "head", extend(30, ""))), Code::ReasonMissing);
    assert_eq!(code(run(&mut office, &desk, &offered, "head", extend(1, "Chờ hồ sơ"))), Code::NotLater);
    let (later, rows) = run(&mut office, &desk, &offered, "head", extend(30, "Chờ hồ sơ")).expect("put off");
    let due = later.entry(task(&later).activation).and_then(|entry| entry.due_at).expect("a deadline");
    assert!(due > old && task(&later).due_at == Some(due));
    assert_eq!(rows.tasks_opened.len(), 4, "the rows of three officers and the head have the new date");
    assert!(rows.notices.is_empty(), "nobody is asked again");
    let (still, rows) =
        office.answer(&desk, &later, Actor::Clock, Ask::Tick, START.plus_ms(20 * DAY_MS)).expect("a tick");
    assert!(rows.notices.is_empty() && still.timers.len() == 2, "no reminder before the new date");
    let (_, rows) = office.answer(&desk, &later, Actor::Clock, Ask::Tick, START.plus_ms(40 * DAY_MS)).expect("a tick");
    assert_eq!(told(&rows, NoticeKind::Escalation).len(), 1);
}

#[tokio::test]
async fn the_pages_of_a_task_that_is_taken_over_say_who_has_it() {
    let pages = Pages::new().await;
    let mut directory = (*pages.engine.directory()).clone();
    directory.posts.extend(posts());
    pages.engine.put_directory(directory).await.expect("a directory");
    pages.deploy("letter", &DESK.replace("HOW", "claim: true, hand_over: true")).await;
    let dossier = pages.start("letter", "d1", json!({"unit": "U"})).await;
    let link = pages.link(&dossier, Purpose::Act, "m2").await;
    let page = pages.get(&link).await;
    assert!(page.text().contains("Nhận việc này"), "{}", page.text());
    pages.post(&link, &[("do", "claim"), ("seen", &page.hidden("seen"))]).await;
    let page = pages.get(&link).await;
    assert!(
        page.text().contains("Việc này do đồng chí nhận") && page.text().contains("Trả lại việc"),
        "{}",
        page.text()
    );
    let other = pages.page(&dossier, "m1").await;
    assert!(other.contains("Việc này đã có người nhận") && other.contains("Người m2"), "{other}");

    let lead = pages.link(&dossier, Purpose::Lead, "head").await;
    let page = pages.get(&lead).await;
    for said in
        ["Phân công, theo dõi: Xử lý văn bản", "Người đang giữ việc: Người m2", "Chuyển việc cho người khác", "Đóng"]
    {
        assert!(page.text().contains(said), "{said}: {}", page.text());
    }
    let seen = page.hidden("seen");
    let silent = pages.post(&lead, &[("do", "give"), ("seen", &seen), ("to", "p-m4")]).await;
    assert!(silent.text().contains("href=\"#reason.give\""), "{}", silent.text());
    pages.post(&lead, &[("do", "give"), ("seen", &seen), ("to", "p-m4"), ("why", "Nghỉ phép")]).await;
    let added = pages.post(&lead, &[("do", "add"), ("seen", &seen), ("to", "Người m5"), ("why", "Quen việc")]).await;
    assert_eq!(added.status, axum::http::StatusCode::SEE_OTHER, "{}", added.text());
    let day = "2026-07-31";
    pages.post(&lead, &[("do", "extend"), ("seen", &seen), ("to", day), ("why", "Chờ văn bản gốc")]).await;
    let page = pages.get(&lead).await.text();
    for said in ["mời thêm Người m5", "Quen việc", "gia hạn đến", "Chờ văn bản gốc"] {
        assert!(page.contains(said), "{said}: {page}");
    }
    let wrong = pages.post(&lead, &[("do", "extend"), ("seen", &seen), ("to", "2026-06-01"), ("why", "Sớm hơn")]).await;
    assert!(wrong.text().contains("Hạn mới phải sau"), "{}", wrong.text());
    let over = pages.page(&dossier, "m2").await;
    assert!(over.contains("giao việc cho Người m4") && over.contains("Nghỉ phép"), "{over}");
    assert!(pages.page(&dossier, "m4").await.contains("Việc này do"), "the link of the one who has it now");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn however_a_task_passes_on_nobody_is_lost_and_one_person_at_most_has_it_alone(
        steps in prop::collection::vec((prop::sample::select(vec!["m1", "m2", "m4", "head", "clerk"]), 0_u8..3, prop::sample::select(vec!["m1", "m2", "m4"])), 1..30),
    ) {
        let (mut office, desk) = (office(), desk("claim: true, hand_over: true"));
        let mut dossier = opened(&mut office, &desk);
        for (who, what, to) in steps {
            let ask = match what { 0 => claim(&dossier), 1 => release(&dossier), _ => give(&dossier, to, Some("Vì vậy")) };
            if let Ok((after, rows)) = run(&mut office, &desk, &dossier, who, ask) {
                let had = holders(&dossier).len();
                prop_assert_eq!(had - rows.tasks_closed.len() + rows.tasks_opened.len(), holders(&after).len());
                dossier = after;
            }
            let task = task(&dossier);
            let mut all: Vec<&str> = task.holders.iter().chain(&task.others).map(PersonId::as_str).collect();
            all.sort_unstable();
            prop_assert_eq!(all, ["p-m1", "p-m2", "p-m4"]);
            prop_assert_eq!(task.owner.is_some(), task.holders.len() == 1);
        }
    }
}
