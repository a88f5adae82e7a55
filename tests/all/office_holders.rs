//! A task follows its role: who leaves a post is asked no more, and who comes into it is asked what is open.

use chancery::directory::{Dated, Directory, Post};
use chancery::dossier::command::{Act, Actor, Ask};
use chancery::dossier::event::Change;
use chancery::dossier::project::{NoticeKind, Rows};
use chancery::dossier::refusal::Code;
use chancery::dossier::{Dossier, PaperTally, Purpose, VoteRow};
use chancery::ids::{Instant, PersonId};
use chancery::machine::Machine;
use serde_json::json;

use crate::support::office::{DAY_MS, Office, START, act, by, machine};
use crate::support::pages::Pages;

const LETTER: &str = "
chancery: 1
workflow: letter
title: Văn bản
calendar: plain
fields: {unit: {type: unit, required: true, label: Đơn vị}, number: {type: number, label: Số}}
roles:
  clerk: {label: Cán bộ, post: clerk, of: unit, starter: true}
  head:  {label: Thủ trưởng, post: head, of: unit}
initial: open
states:
  open:
    title: Đang làm
    initial: drafting
    on: {hold: {by: head, label: Tạm dừng, pause: true, target: held}}
    states:
      drafting:
        title: Soạn
        task: {for: clerk, title: Soạn, edit: [number]}
        on: {submit: {by: clerk, label: Nộp, target: deciding}}
      deciding:
        title: Quyết định
        task: {for: head, title: Quyết định, HOW}
        on: {agree: {by: head, label: Đồng ý, target: agreed}}
  held:
    title: Tạm dừng
    task: {for: head, title: Tạm dừng}
    on: {go_on: {by: head, label: Tiếp, resume: open}}
  agreed: {title: Đồng ý, final: true, outcome: agreed}
";

/// What decides who holds a role may change too: then nobody is left with a task that is not theirs.
#[test]
fn a_task_follows_its_role_when_a_field_says_that_another_unit_decides() {
    let text = LETTER.replace(", HOW", ", edit: [unit]");
    let held = "held:\n    title: Tạm dừng\n";
    let text = text.replace(held, &format!("{held}    separation: {{may_be_same_as: [open.deciding]}}\n"));
    let (mut office, letter) = (Office::new(), machine("letter", &text));
    let mut other = office.directory.units.values().next().expect("a unit").clone();
    other.code = "V".into();
    office.directory.units.insert("V".into(), other);
    let dated = Dated { from: None, until: None };
    office.directory.posts.push(Post { person: "p-m1".into(), unit: "V".into(), post: "head".to_owned(), dated });
    let opened = office.start(&letter, "D", json!({"unit": "U"}), START);
    let (dossier, _) = office.answer(&letter, &opened, by("clerk"), act(&opened, "submit"), START).expect("sent on");
    let activation = dossier.leaves().next().expect("it stands").activation;
    let fields = serde_json::from_value(json!({"unit": "V"})).expect("fields");
    let edit = Ask::Edit { activation, fields, papers: Vec::new() };
    let (dossier, rows) = office.answer(&letter, &dossier, by("head"), edit, START).expect("it is put right");
    let asked = dossier.task(activation, Purpose::Act).expect("a task").holders.clone();
    assert_eq!(asked, [PersonId::from("p-m1")]);
    assert!(
        rows.notices.iter().any(|one| one.person.as_str() == "p-m1" && one.kind == NoticeKind::Asked),
        "and told so"
    );
    office.answer(&letter, &dossier, by("m1"), act(&dossier, "agree"), START).expect("it is theirs");
}

fn letter(how: &str) -> Machine {
    machine("letter", &LETTER.replace(", HOW", how))
}

/// The head's last day is the first one; `next` hold the post from the day after.
fn changes_hands(directory: &mut Directory, next: &[&str]) {
    let day = |days: i64| {
        let zone = jiff::tz::TimeZone::get("Asia/Ho_Chi_Minh").expect("a zone");
        Some(START.plus_ms(days * DAY_MS).timestamp().to_zoned(zone).date())
    };
    for post in directory.posts.iter_mut().filter(|post| post.post == "head") {
        post.dated.until = day(0);
    }
    directory.posts.extend(next.iter().map(|code| Post {
        person: PersonId::new(format!("p-{code}")),
        unit: "U".into(),
        post: "head".to_owned(),
        dated: Dated { from: day(1), until: None },
    }));
}

/// A letter that waits for the head.
fn waiting(how: &str, next: &[&str]) -> (Office, Machine, Dossier) {
    let (mut office, letter) = (Office::new(), letter(how));
    changes_hands(&mut office.directory, next);
    let opened = office.start(&letter, "D", json!({"unit": "U"}), START);
    let submit = act(&opened, "submit");
    let (dossier, _) = office.answer(&letter, &opened, by("clerk"), submit, START).expect("sent on");
    (office, letter, dossier)
}

fn on(day: i64) -> Instant {
    START.plus_ms(day * DAY_MS)
}

fn opened(rows: &Rows) -> Vec<&str> {
    rows.tasks_opened.iter().map(|task| task.person.as_str()).collect()
}

fn closed(rows: &Rows) -> Vec<&str> {
    rows.tasks_closed.iter().map(|task| task.person.as_str()).collect()
}

fn code(office: &mut Office, letter: &Machine, dossier: &Dossier, who: &str) -> Option<Code> {
    let refused = office.answer(letter, dossier, by(who), act(dossier, "agree"), on(1)).err();
    refused.map(|refusal| refusal.reasons[0].code.clone())
}

#[test]
fn who_leaves_a_post_is_asked_no_more_and_who_comes_into_it_is_told() {
    let (mut office, letter, before) = waiting("", &["m1"]);
    let (same, _) = office.answer(&letter, &before, Actor::Clock, Ask::Tick, START).expect("a tick");
    assert_eq!(same.tasks, before.tasks, "it is still the first day");
    let (after, rows) = office.answer(&letter, &before, Actor::Clock, Ask::Tick, on(1)).expect("a tick");
    assert_eq!((closed(&rows), opened(&rows)), (vec!["p-head"], vec!["p-m1"]));
    let told: Vec<_> = rows.notices.iter().map(|one| (one.person.as_str(), one.kind)).collect();
    assert_eq!(told, [("p-m1", NoticeKind::Asked)]);
    let (done, _) = office.answer(&letter, &after, by("m1"), act(&after, "agree"), on(1)).expect("it is theirs");
    assert_eq!(done.outcome.as_deref(), Some("agreed"));
}

/// Two must agree: as long as only one would be left, whoever was asked stays asked.
#[test]
fn a_task_that_several_must_answer_is_not_passed_on_to_fewer_than_it_takes() {
    let text = LETTER.replace(", HOW", "").replace("label: Đồng ý, target", "label: Đồng ý, needs: 2, target");
    let (mut office, letter) = (Office::new(), machine("letter", &text));
    let post = |code: &str, dated| Post {
        person: PersonId::new(format!("p-{code}")),
        unit: "U".into(),
        post: "head".to_owned(),
        dated,
    };
    let ever = Dated { from: None, until: None };
    office.directory.posts.push(post("m1", ever));
    let opened = office.start(&letter, "D", json!({"unit": "U"}), START);
    let (dossier, _) = office.answer(&letter, &opened, by("clerk"), act(&opened, "submit"), START).expect("sent on");
    office.directory.posts.retain(|post| post.person.as_str() != "p-m1");
    let (dossier, _) = office.answer(&letter, &dossier, Actor::Clock, Ask::Tick, on(1)).expect("a tick");
    let asked = |dossier: &Dossier| {
        let mut holders = dossier.tasks[0].holders.clone();
        holders.sort();
        holders.iter().map(|one| one.as_str().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(asked(&dossier), ["p-head", "p-m1"]);
    office.directory.posts.push(post("m2", ever));
    let (dossier, _) = office.answer(&letter, &dossier, Actor::Clock, Ask::Tick, on(2)).expect("a tick");
    assert_eq!(asked(&dossier), ["p-head", "p-m2"], "two are left without whoever has gone");
    let (dossier, _) = office.answer(&letter, &dossier, by("head"), act(&dossier, "agree"), on(2)).expect("one");
    let (done, _) = office.answer(&letter, &dossier, by("m2"), act(&dossier, "agree"), on(2)).expect("the other");
    assert_eq!(done.outcome.as_deref(), Some("agreed"));
}

#[test]
fn the_tallies_are_not_given_to_whoever_recorded_them_to_confirm() {
    let (mut office, list) = (Office::new(), machine("list", crate::support::office::LIST));
    let dossier = crate::decide::convened(&mut office, &list, "on_paper");
    let vote = &dossier.votes[0];
    let activation = vote.activation;
    let voters =
        |row: &VoteRow| 5 - u32::try_from(row.own.iter().filter(|one| one.as_str() == "p-m3").count()).expect("few");
    let all = |n| PaperTally { issued: n, returned: n, invalid: 0, yes: n, no: 0 };
    let rows = vote.rows.iter().map(|row| (row.row.clone(), all(voters(row)))).collect();
    let command = office.command("L", by("secretary"), Ask::Tally { activation, rows });
    let (dossier, _) = office.run(&list, Some(&dossier), &command, START).expect("recorded");
    let body = office.directory.bodies.values_mut().next().expect("a council");
    body.seats.retain(|seat| seat.person.as_str() != "p-secretary");
    let chair = body.seats.iter().position(|seat| seat.person.as_str() == "p-m1").expect("a chair");
    body.seats[chair].person = "p-secretary".into();
    let second = body.seats.iter().position(|seat| seat.person.as_str() == "p-m2").expect("a member");
    body.seats[second].seat = body.seats[chair].seat.clone();
    let command = office.command("L", Actor::Clock, Ask::Tick);
    let (dossier, _) = office.run(&list, Some(&dossier), &command, on(1)).expect("a tick");
    let holders = &dossier.task(activation, Purpose::Confirm).expect("it is asked").holders;
    assert_eq!(holders, &[PersonId::from("p-m2")]);
}

#[test]
fn the_day_counts_and_not_when_the_clock_was_heard() {
    let (mut office, letter, before) = waiting("", &["m1"]);
    assert_eq!(code(&mut office, &letter, &before, "head"), Some(Code::NotAsked));
    assert_eq!(code(&mut office, &letter, &before, "m1"), None);
}

#[test]
fn whoever_prepared_it_is_not_asked_because_they_hold_the_post_now() {
    let (mut office, letter, before) = waiting("", &["clerk", "m2"]);
    let (after, rows) = office.answer(&letter, &before, Actor::Clock, Ask::Tick, on(1)).expect("a tick");
    assert_eq!(opened(&rows), ["p-m2"]);
    assert!(matches!(code(&mut office, &letter, &after, "clerk"), Some(Code::Separated { .. })));
}

#[test]
fn where_nobody_follows_whoever_was_asked_stays_asked() {
    for next in [&[][..], &["clerk"]] {
        let (mut office, letter, before) = waiting("", next);
        let (after, rows) = office.answer(&letter, &before, Actor::Clock, Ask::Tick, on(1)).expect("a tick");
        assert_eq!((after.tasks, closed(&rows)), (before.tasks, vec![]), "{next:?}");
    }
}

#[test]
fn what_somebody_took_over_is_offered_to_all_again_once_they_are_gone() {
    let (mut office, letter, before) = waiting(", claim: true", &["m1", "m2"]);
    let claim = Ask::Claim { activation: before.tasks[0].activation };
    let (mine, _) = office.answer(&letter, &before, by("head"), claim, START).expect("taken over");
    assert_eq!(mine.tasks[0].owner, Some("p-head".into()));
    let (after, _) = office.answer(&letter, &mine, Actor::Clock, Ask::Tick, on(1)).expect("a tick");
    let holders: Vec<&str> = after.tasks[0].holders.iter().map(PersonId::as_str).collect();
    assert_eq!((&after.tasks[0].owner, holders), (&None, vec!["p-m1", "p-m2"]));
}

#[test]
fn what_is_frozen_passes_on_too() {
    let (mut office, letter, before) = waiting("", &["m1"]);
    let (held, _) = office.answer(&letter, &before, by("head"), act(&before, "hold"), START).expect("held");
    let (passed, rows) = office.answer(&letter, &held, Actor::Clock, Ask::Tick, on(1)).expect("a tick");
    assert_eq!((closed(&rows), opened(&rows)), (vec!["p-head", "p-head"], vec!["p-m1", "p-m1"]));
    let (on_again, _) = office.answer(&letter, &passed, by("m1"), act(&passed, "go_on"), on(1)).expect("goes on");
    assert_eq!(on_again.tasks[0].holders, [PersonId::from("p-m1")]);
    let agree = act(&on_again, "agree");
    let Ask::Act(Act { activation, .. }) = &agree else { unreachable!() };
    assert_eq!(*activation, before.tasks[0].activation, "the same entry as before");
    office.answer(&letter, &on_again, by("m1"), agree, on(1)).expect("theirs");
}

#[test]
fn the_event_says_who_was_and_who_is_asked() {
    let (mut office, letter, before) = waiting("", &["m1"]);
    let tick = office.command("D", Actor::Clock, Ask::Tick);
    let (_, decision) = office.run(&letter, Some(&before), &tick, on(1)).expect("a tick");
    let [event] = &decision.events[..] else { panic!("one event: {decision:?}") };
    let (head, m1) = (PersonId::from("p-head"), PersonId::from("p-m1"));
    let passed = |change: &Change| matches!(change, Change::PassedOn { gone, come, .. } if *gone == [head.clone()] && *come == [m1.clone()]);
    assert!(event.changes.iter().any(passed), "{event:?}");
}

#[tokio::test]
async fn the_old_link_says_whose_it_is_now_and_the_new_one_works() {
    let pages = Pages::new().await;
    pages.deploy("letter", &LETTER.replace(", HOW", "")).await;
    let dossier = pages.start("letter", "d1", json!({"unit": "U"})).await;
    pages.choose(&dossier, "clerk", "submit").await;
    let old = pages.link(&dossier, Purpose::Act, "head").await;
    let mut directory = (*pages.engine.directory()).clone();
    changes_hands(&mut directory, &["m1"]);
    pages.engine.put_directory(directory).await.expect("a directory");
    pages.at(on(1));
    let mut scheduler = chancery::scheduler::Scheduler::new(pages.engine.clone());
    scheduler.step(on(1)).await.expect("a step");
    let page = pages.get(&old).await.text();
    assert!(page.contains("Người m1") && !page.contains("value=\"agree\""), "{page}");
    let said = pages.choose(&dossier, "m1", "agree").await;
    assert!(said.contains("Đồng ý"), "{said}");
}
