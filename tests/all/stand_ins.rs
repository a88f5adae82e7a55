//! Who stands in for somebody who is away: asked in their place, recorded on their behalf, never on a roll.

use chancery::directory::{Dated, Directory, Post, Substitute};
use chancery::dossier::command::{Actor, Ask};
use chancery::dossier::event::Change;
use chancery::dossier::project::{NoticeKind, Rows};
use chancery::dossier::refusal::Code;
use chancery::dossier::{Dossier, Purpose};
use chancery::ids::{Instant, PersonId};
use chancery::machine::Machine;
use serde_json::json;

use crate::support::office::{DAY_MS, Office, START, act, by, machine};
use crate::support::pages::Pages;

/// A form, then a decision; and a vote of the council.
const LEAVE: &str = "
chancery: 1
workflow: leave
title: Nghỉ phép
calendar: plain
fields: {unit: {type: unit, required: true, label: Đơn vị}, days: {type: number, label: Số ngày}}
roles:
  clerk: {label: Cán bộ, post: clerk, of: unit, starter: true}
  head:  {label: Thủ trưởng, post: head, of: unit}
votes:
  council:
    title: Bỏ phiếu
    body: council of unit
    ballot: secret
    quorum: at least 1/2 of members
    passes: more than 1/2 of members
    open_for: 3wd
initial: drafting
states:
  drafting:
    title: Viết đơn
    task: {for: clerk, title: Viết đơn, edit: [days]}
    on: {submit: {by: clerk, label: Nộp, target: deciding}}
  deciding:
    title: Quyết định
    task: {for: head, title: Quyết định}
    deadline: {within: 5wd, remind: [-1wd]}
    on:
      agree: {by: head, label: Đồng ý, target: agreed}
      ask:   {by: head, label: Hỏi Hội đồng, target: voting}
  voting:
    title: Bỏ phiếu
    vote: council
    on: {passed: agreed, rejected: refused, no_quorum: deciding}
  agreed: {title: Đồng ý, final: true, outcome: agreed}
  refused: {title: Không đồng ý, final: true, outcome: refused}
";

/// From the second day to the third somebody stands in for somebody.
fn away(directory: &mut Directory, person: &str, substitute: &str) {
    let id = |code: &str| PersonId::new(format!("p-{code}"));
    let day = |days: i64| {
        let zone = jiff::tz::TimeZone::get("Asia/Ho_Chi_Minh").expect("a zone");
        Some(START.plus_ms(days * DAY_MS).timestamp().to_zoned(zone).date())
    };
    let dated = Dated { from: day(1), until: day(2) };
    directory.substitutes.push(Substitute { person: id(person), by: id(substitute), dated, by_link: false });
}

/// A dossier with its head, and the office in which `substitute` stands in for the head.
fn waiting(substitute: &str) -> (Office, Machine, Dossier) {
    let (mut office, leave) = (Office::new(), machine("leave", LEAVE));
    let opened = office.start(&leave, "D", json!({"unit": "U"}), START);
    let submit = act(&opened, "submit");
    let (dossier, _) = office.answer(&leave, &opened, by("clerk"), submit, START).expect("sent on");
    away(&mut office.directory, "head", substitute);
    (office, leave, dossier)
}

fn opened(rows: &Rows) -> Vec<&str> {
    rows.tasks_opened.iter().map(|task| task.person.as_str()).collect()
}

fn on(day: i64) -> Instant {
    START.plus_ms(day * DAY_MS)
}

#[test]
fn whoever_stands_in_is_asked_from_the_first_day_to_the_last_and_no_longer() {
    let (mut office, leave, before) = waiting("m1");
    let early = office.answer(&leave, &before, by("m1"), act(&before, "agree"), START).expect_err("not yet");
    assert_eq!(early.reasons[0].code, Code::NotAsked);
    let (during, rows) = office.answer(&leave, &before, Actor::Clock, Ask::Tick, on(1)).expect("a tick");
    assert_eq!(opened(&rows), ["p-m1"]);
    let asked: Vec<_> = rows.notices.iter().map(|notice| (notice.person.as_str(), notice.kind)).collect();
    assert_eq!(asked, [("p-m1", NoticeKind::Asked)], "a mail of their own");
    let (done, _) = office.answer(&leave, &during, by("m1"), act(&during, "agree"), on(2)).expect("in their place");
    assert_eq!(done.outcome.as_deref(), Some("agreed"));
    office.answer(&leave, &during, by("head"), act(&during, "agree"), on(2)).expect("who is away may still act");
    let late = office.answer(&leave, &during, by("m1"), act(&during, "agree"), on(4)).expect_err("they are back");
    assert_eq!(late.reasons[0].code, Code::NotAsked);
    let (after, rows) = office.answer(&leave, &during, Actor::Clock, Ask::Tick, on(4)).expect("a tick");
    assert_eq!(rows.tasks_closed.iter().map(|task| task.person.as_str()).collect::<Vec<_>>(), ["p-m1"]);
    assert!(after.tasks[0].stand_ins.is_empty());
}

#[test]
fn what_is_asked_while_somebody_is_away_is_asked_of_both_and_recorded_on_their_behalf() {
    let (mut office, leave) = (Office::new(), machine("leave", LEAVE));
    away(&mut office.directory, "head", "m1");
    let first = office.start(&leave, "D", json!({"unit": "U"}), on(1));
    let (asked, rows) = office.answer(&leave, &first, by("clerk"), act(&first, "submit"), on(1)).expect("sent on");
    assert_eq!(opened(&rows), ["p-head", "p-m1"]);
    let command = office.command("D", by("m1"), act(&asked, "agree"));
    let (after, decision) = office.run(&leave, Some(&asked), &command, on(1)).expect("in their place");
    let deed = after.deeds.last().expect("a deed");
    assert_eq!((deed.person.as_str(), deed.on_behalf.as_ref().map(PersonId::as_str)), ("p-m1", Some("p-head")));
    assert!(decision.events[0].changes.iter().any(|change| matches!(change, Change::Done(one) if one == deed)));
}

#[test]
fn nobody_decides_on_what_they_prepared_by_standing_in_for_somebody() {
    let (mut office, leave, before) = waiting("clerk");
    let (during, rows) = office.answer(&leave, &before, Actor::Clock, Ask::Tick, on(1)).expect("a tick");
    assert!(opened(&rows).is_empty(), "the clerk wrote it");
    let refusal = office.answer(&leave, &during, by("clerk"), act(&during, "agree"), on(1)).expect_err("self-approval");
    assert!(matches!(refusal.reasons[0].code, Code::Separated { .. }), "{refusal:?}");
}

#[test]
fn nobody_votes_for_a_member_who_is_away() {
    let (mut office, leave, before) = waiting("clerk");
    away(&mut office.directory, "m1", "clerk");
    let (voting, rows) = office.answer(&leave, &before, by("head"), act(&before, "ask"), on(1)).expect("a vote");
    assert!(!opened(&rows).contains(&"p-clerk"));
    let activation = voting.votes[0].activation;
    let choices = [(voting.id.clone(), chancery::dossier::Choice::Yes)].into_iter().collect();
    let refusal = office.answer(&leave, &voting, by("clerk"), Ask::Cast { activation, choices }, on(1));
    assert_eq!(refusal.expect_err("not on the roll").reasons[0].code, Code::NotAsked);
}

#[test]
fn a_clerk_who_is_away_is_replaced_at_the_form_too() {
    let (mut office, leave) = (Office::new(), machine("leave", LEAVE));
    let person = PersonId::from("p-m2");
    office.directory.posts.push(Post { person, unit: "U".into(), post: "officer".to_owned(), dated: Dated::default() });
    away(&mut office.directory, "clerk", "m2");
    let first = office.start(&leave, "D", json!({"unit": "U"}), on(1));
    let activation = first.tasks[0].activation;
    let fields = [("days".into(), json!(3))].into_iter().collect();
    let edit = Ask::Edit { activation, fields, papers: Vec::new() };
    let (after, _) = office.answer(&leave, &first, by("m2"), edit, on(1)).expect("they fill it in");
    let deed = after.deeds.iter().find(|deed| deed.on_behalf.is_some()).expect("on behalf of the clerk");
    assert!(deed.prepared && deed.is_of(&PersonId::from("p-clerk")));
}

#[tokio::test]
async fn the_page_says_on_whose_behalf_it_is_asked_and_was_done() {
    let pages = Pages::new().await;
    pages.deploy("leave", LEAVE).await;
    let mut directory = (*pages.engine.directory()).clone();
    away(&mut directory, "head", "m1");
    pages.engine.put_directory(directory).await.expect("a directory");
    pages.at(on(1));
    let dossier = pages.start("leave", "d1", json!({"unit": "U"})).await;
    pages.choose(&dossier, "clerk", "submit").await;
    let page = pages.get(&pages.link(&dossier, Purpose::Act, "m1").await).await.text();
    assert!(page.contains("thay mặt Người head"), "{page}");
    let said = pages.choose(&dossier, "m1", "agree").await;
    assert!(said.contains("thay mặt Người head"), "{said}");
    let other = pages.page(&dossier, "head").await;
    assert!(other.contains("Người m1") && other.contains("thay mặt Người head"), "{other}");
}

#[test]
fn whoever_was_named_by_a_link_counts_only_where_a_link_is_enough() {
    for (link, counts) in [("link", true), ("link+pin", false), ("login", false)] {
        for by_link in [false, true] {
            let text = LEAVE.replace("    title: Quyết định\n", &format!("    title: Quyết định\n    link: {link}\n"));
            let (mut office, leave) = (Office::new(), machine("leave", &text));
            let operator =
                |code: &str| Actor::Operator { operator: "root".to_owned(), person: format!("p-{code}").into() };
            let opened = office.start(&leave, "D", json!({"unit": "U"}), START);
            let submit = act(&opened, "submit");
            let (dossier, _) = office.answer(&leave, &opened, operator("clerk"), submit, START).expect("sent on");
            away(&mut office.directory, "head", "m1");
            office.directory.substitutes[0].by_link = by_link;
            let (during, rows) = office.answer(&leave, &dossier, Actor::Clock, Ask::Tick, on(1)).expect("a tick");
            assert_eq!(!rows.tasks_opened.is_empty(), counts || !by_link, "{link}, by a link: {by_link}");
            let done = office.answer(&leave, &during, operator("m1"), act(&during, "agree"), on(1));
            assert_eq!(done.is_ok(), counts || !by_link, "{link}, by a link: {by_link}");
            if counts || !by_link {
                // Asked once, they are looked at again where it turns out that a link alone named them.
                office.directory.substitutes[0].by_link = true;
                let done = office.answer(&leave, &during, operator("m1"), act(&during, "agree"), on(1));
                assert_eq!(done.is_ok(), counts, "{link}: what was offered before");
            }
        }
    }
}
