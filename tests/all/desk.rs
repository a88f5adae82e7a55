//! The page behind a mail: what it says when nothing is asked.

use chancery::dossier::Purpose;

use crate::support::office::{DAY_MS, START};
use crate::support::pages::{self, Pages};
use crate::web::mailed;

#[tokio::test]
async fn a_mail_that_only_informs_leads_to_a_page_that_says_of_what_and_why() {
    let pages = Pages::new().await;
    let case = pages.case("c1", "Đề nghị thứ nhất", "clerk").await;
    let link = pages.link(&case, Purpose::Act, "clerk").await;
    let seen = pages.get(&link).await.hidden("seen");
    let form = [("do", "act"), ("seen", seen.as_str()), ("choice", "withdraw"), ("reason.withdraw", "Nhầm người")];
    pages.post(&link, &[form.as_slice(), &[("step", "send")]].concat()).await;
    let desk = mailed(&pages, "head").await;
    let page = pages.get(&desk).await.text();
    for said in ["Để biết, không cần trả lời", "Đề nghị thứ nhất", "Hiện nay: Đã rút", "Nhầm người"]
    {
        assert!(page.contains(said), "{said}: {page}");
    }
    assert!(!page.contains("Không còn việc nào"), "it is no page that has nothing to say: {page}");
    assert!(!page.contains("<form") && !page.contains("/l/"), "nothing is asked: {page}");
    assert!(page.contains(&format!("/me/dossiers/{case}")), "whoever signs in sees more: {page}");
    let english = pages.get(&format!("{desk}?lang=en")).await.text();
    assert!(english.contains("For your knowledge; no answer is needed"), "{english}");
}

/// A request that comes back once, and is then granted under a number that was entered by hand.
const REQUEST: &str = r"
chancery: 1
workflow: request
title: Đề nghị
calendar: plain
caption: topic
fields:
  topic:  {type: text, max: 100, required: true, label: Việc}
  unit:   {type: unit, required: true, label: Đơn vị}
  number: {type: text, max: 40, label: Số quyết định}
  day:    {type: date, label: Ngày ký}
numbers: {decision: {label: Số quyết định, dated: day}}
roles:
  clerk: {label: Cán bộ, post: clerk, of: unit, starter: true}
  head:  {label: Thủ trưởng, post: head, of: unit}
initial: drafting
states:
  drafting:
    title: Soạn
    task: {for: clerk, title: Soạn đề nghị}
    on: {send: {by: clerk, label: Gửi, target: deciding}}
  deciding:
    title: Quyết định
    task: {for: head, title: Quyết định}
    on:
      back:  {by: head, label: Trả lại, reason: true, target: drafting}
      grant: {by: head, label: Đồng ý, fill: [number, day], number: {number: decision}, tell: [clerk], target: granted}
  granted: {title: Được đồng ý, final: true, outcome: granted}
";

#[tokio::test]
async fn a_mail_says_why_something_came_back_and_under_which_number_it_was_granted() {
    let pages = Pages::new().await;
    pages.deploy("request", REQUEST).await;
    let id = pages.start("request", "r1", serde_json::json!({"topic": "Mua máy in", "unit": "U"})).await;
    pages.mails(START.plus_ms(DAY_MS)).await;
    pages.choose(&id, "clerk", "send").await;
    pages.choose(&id, "head", "back").await;
    let mails = pages.mails(START.plus_ms(2 * DAY_MS)).await;
    let to_clerk = |mails: &[std::sync::Arc<chancery::catcher::Caught>]| {
        let mut theirs = mails.iter().filter(|mail| mail.to == ["clerk@office.example"]);
        theirs.next().map(|mail| mail.text.clone()).expect("the clerk gets a mail")
    };
    let text = to_clerk(&mails);
    assert!(text.contains("Soạn đề nghị") && text.contains("Lý do: Vì vậy"), "{text}");
    pages.at(START.plus_ms(2 * DAY_MS));
    pages.choose(&id, "clerk", "send").await;
    let link = pages.link(&id, Purpose::Act, "head").await;
    let seen = pages.get(&link).await.hidden("seen");
    let form = [
        ("do", "act"),
        ("seen", seen.as_str()),
        ("choice", "grant"),
        ("field.grant.number", "12/QĐ"),
        ("field.grant.day", "2026-06-01"),
    ];
    let sent = pages.post(&link, &form).await;
    assert_eq!(sent.status, axum::http::StatusCode::SEE_OTHER, "{}", sent.text());
    let text = to_clerk(&pages.mails(START.plus_ms(3 * DAY_MS)).await);
    assert!(text.contains("Số quyết định: 12/QĐ, thứ Hai, ngày 01 tháng 6 năm 2026"), "{text}");
    assert!(text.contains("Được đồng ý") && !text.contains("Lý do: Vì vậy"), "an older reason is none of this: {text}");
}

#[tokio::test]
async fn a_dossier_that_goes_on_is_told_with_those_who_are_awaited() {
    let pages = Pages::new().await;
    pages.case("c1", "Đề nghị thứ nhất", "clerk").await;
    // As an escalation is written: about no task of its reader's.
    let told = pages.engine.store().write(|tx| {
        const TOLD: &str = "INSERT INTO outbox (dossier_id, seq, place, activation, person_id, kind, not_before_at) \
                            VALUES ('c1', 1, 9, 2, 'p-head', 'escalation', 0)";
        tx.execute(TOLD, &[])
    });
    told.await.expect("it is written");
    let page = pages.get(&mailed(&pages, "head").await).await.text();
    assert!(page.contains("Hiện nay: Soạn hồ sơ") && page.contains("Đang chờ: Người clerk"), "{page}");
}

#[tokio::test]
async fn what_wants_more_than_a_link_is_not_told_on_the_page_behind_a_mail() {
    let title = "        title: Soạn hồ sơ\n";
    for (link, signed_in_sees) in [("login", true), ("link+pin", false)] {
        let pages = Pages::with(&pages::CASE.replace(title, &format!("{title}        link: {link}\n"))).await;
        let case = pages.case("c1", "Đề nghị thứ nhất", "clerk").await;
        let desk = mailed(&pages, "clerk").await;
        let page = pages.get(&desk).await.text();
        let open = pages.link(&case, Purpose::Act, "clerk").await;
        assert!(page.contains("Soạn và nộp hồ sơ") && page.contains(&open), "what is asked, and where: {page}");
        assert!(!page.contains("Đề nghị thứ nhất"), "{page}");
        let cookie = pages.sign_in("clerk").await;
        let inbox = pages.get_as(&cookie, "/ho-so/me").await.text();
        assert_eq!(inbox.contains("Đề nghị thứ nhất"), signed_in_sees, "{inbox}");
        // As an escalation is written: about no task of its reader's.
        let told = pages.engine.store().write(|tx| {
            const TOLD: &str = "INSERT INTO outbox (dossier_id, seq, place, activation, person_id, kind, not_before_at) \
                                VALUES ('c1', 1, 9, 2, 'p-head', 'escalation', 0)";
            tx.execute(TOLD, &[])
        });
        told.await.expect("it is written");
        let news = pages.get(&mailed(&pages, "head").await).await.text();
        assert!(!news.contains("Đề nghị thứ nhất") && !news.contains("Người clerk"), "{news}");
        // Once it is over, what came of it is behind the same door.
        let operator =
            chancery::dossier::command::Actor::Operator { operator: "root".to_owned(), person: "p-clerk".into() };
        let stands = pages.engine.dossier(&case).await.expect("it reads").expect("it exists");
        let act = chancery::dossier::command::Act {
            activation: stands.tasks[0].activation,
            event: "withdraw".into(),
            fields: std::collections::BTreeMap::new(),
            papers: Vec::new(),
            reason: Some("Nhầm người".to_owned()),
            rows: std::collections::BTreeMap::new(),
            seen: None,
        };
        let command = chancery::dossier::command::Command {
            operation: "w".into(),
            dossier: case.clone(),
            actor: operator,
            ask: chancery::dossier::command::Ask::Act(act),
        };
        pages.engine.handle(command, Vec::new()).await.expect("withdrawn");
        let page = pages.get(&desk).await.text();
        for hidden in ["Đề nghị thứ nhất", "Nhầm người", "Rút"] {
            assert!(!page.contains(hidden), "{hidden}: {page}");
        }
    }
}
