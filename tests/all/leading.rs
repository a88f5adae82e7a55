//! Whoever leads a step goes on without it, or has it done again; each with a reason.

use axum::http::StatusCode;
use chancery::dossier::command::Ask;
use chancery::dossier::refusal::Code;
use chancery::dossier::{Dossier, Purpose};
use serde_json::json;

use crate::support::office::{DAY_MS, Office, START, act, by, machine};
use crate::support::pages::Pages;

/// A request that two members have to answer; the head leads.
const REQUEST: &str = r#"
chancery: 1
workflow: request
title: Yêu cầu
calendar: plain
fields:
  unit: {type: unit, required: true, label: Đơn vị}
  urgent: {type: number, label: Khẩn}
roles:
  clerk:  {label: Văn thư, post: clerk, of: unit, starter: true}
  member: {label: Thành viên, body: council of unit, seat: member}
  head:   {label: Trưởng phòng, post: head, of: unit}
guards:
  urgent_only: {expr: "urgent != null && urgent > 0", refuse: Chỉ việc khẩn mới được bỏ qua}
votes:
  council:
    title: Biểu quyết
    body: council of unit
    ballot: open
    quorum: at least 1/2 of members
    passes: more than 1/2 of members
    open_for: 3wd
initial: asking
states:
  asking:
    title: Hỏi ý kiến
    task: {for: member, title: Cho ý kiến}
    lead: {by: head, may: [skip, redo]}
    deadline: {within: 5wd}
    on:
      agree: {by: member, label: Đồng ý, needs: 3, guard: urgent_only, target: voting}
  voting:
    title: Biểu quyết
    vote: council
    task: {for: clerk, title: Theo dõi}
    lead: {by: head, may: [skip, redo]}
    on:
      stop: {by: clerk, label: Dừng, target: done}
      passed: done
      rejected: lost
      no_quorum: lost
  done: {title: Xong, final: true, outcome: done}
  lost: {title: Không thông qua, final: true, outcome: lost}
"#;

fn skip(dossier: &Dossier, reason: &str) -> Ask {
    let activation = dossier.leaves().next().expect("it stands").activation;
    Ask::Skip { activation, reason: reason.to_owned() }
}

fn redo(dossier: &Dossier) -> Ask {
    let activation = dossier.leaves().next().expect("it stands").activation;
    Ask::Redo { activation, reason: "Số liệu đã thay".to_owned() }
}

#[test]
fn a_step_that_is_skipped_goes_the_way_it_would_have_gone() {
    let (mut office, request) = (Office::new(), machine("request", REQUEST));
    let plain = office.start(&request, "D", json!({"unit": "U"}), START);
    let refused =
        office.answer(&request, &plain, by("head"), skip(&plain, "Gấp"), START).expect_err("it is not urgent");
    assert_eq!(refused.codes(), [&Code::Guard], "the guards of the way count");
    let urgent = office.start(&request, "D", json!({"unit": "U", "urgent": 1}), START);
    for (who, reason, code) in [("m2", "Gấp", Code::NotAsked), ("head", "  ", Code::ReasonMissing)] {
        let refused = office.answer(&request, &urgent, by(who), skip(&urgent, reason), START).expect_err("refused");
        assert_eq!(refused.codes(), [&code], "{who}");
    }
    let (skipped, rows) = office.answer(&request, &urgent, by("head"), skip(&urgent, "Gấp"), START).expect("skipped");
    assert_eq!(skipped.stands(), "voting");
    assert_eq!(rows.tasks_closed.len(), 5, "the links of four members and of the head are over");
    for ask in [skip(&skipped, "Gấp"), redo(&skipped)] {
        let refused = office.answer(&request, &skipped, by("head"), ask, START).expect_err("a vote is open");
        assert_eq!(refused.codes(), [&Code::Voting]);
    }
}

#[test]
fn a_step_that_is_done_again_asks_everybody_anew_and_its_clocks_begin_anew() {
    let (mut office, request) = (Office::new(), machine("request", REQUEST));
    let before = office.start(&request, "D", json!({"unit": "U", "urgent": 1}), START);
    let command = office.command("D", by("m2"), act(&before, "agree"));
    let answered = office.run(&request, Some(&before), &command, START).expect("answered").0;
    let later = START.plus_ms(DAY_MS);
    let (again, rows) = office.answer(&request, &answered, by("head"), redo(&answered), later).expect("done again");
    let (old, new) = (answered.leaves().next().expect("stands"), again.leaves().next().expect("stands"));
    assert_eq!((&old.state, new.activation.0), (&new.state, old.activation.0 + 1));
    assert!(new.due_at > old.due_at, "the clock begins anew");
    let task = again.task(new.activation, Purpose::Act).expect("asked");
    assert_eq!((task.holders.len(), task.answers.len()), (4, 0));
    assert_eq!(rows.tasks_opened.len(), 5, "everybody gets a link of the new entry");
    let late = office.answer(&request, &again, by("m3"), act(&answered, "agree"), later).expect_err("an old page");
    assert_eq!(late.codes(), [&Code::Superseded]);
}

#[tokio::test]
async fn the_page_of_whoever_leads_skips_a_step_and_the_links_of_the_others_say_so() {
    let pages = Pages::new().await;
    pages.deploy("request", REQUEST).await;
    let request = pages.start("request", "r1", json!({"unit": "U", "urgent": 1})).await;
    let lead = pages.link(&request, Purpose::Lead, "head").await;
    let member = pages.link(&request, Purpose::Act, "m2").await;
    let page = pages.get(&lead).await;
    assert!(page.text().contains("Bỏ qua bước này") && page.text().contains("Cho làm lại bước này"), "{}", page.text());
    assert!(!pages.get(&member).await.text().contains("Bỏ qua bước này"), "only whoever leads skips");
    let seen = page.hidden("seen");
    let wrong = pages.post(&lead, &[("do", "skip"), ("seen", &seen), ("why", "")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    let sent = pages.post(&lead, &[("do", "skip"), ("seen", &seen), ("why", "Đã hỏi qua điện thoại")]).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text());
    let told = pages.get(&member).await.text();
    assert!(told.contains("Bước này đã được bỏ qua") && told.contains("Đã hỏi qua điện thoại"), "{told}");
}
