//! Who acts: one of those who are asked, all of them, so many of them.

use chancery::dossier::Dossier;
use chancery::dossier::command::{Act, Ask};
use chancery::dossier::project::project;
use chancery::dossier::refusal::{Code, Refusal};
use chancery::machine::Machine;
use proptest::prelude::*;
use serde_json::json;

use crate::support::office::{Office, START, act, by, machine};
use crate::support::pages::Pages;

/// A paper that the council's members review, each by themselves.
pub(crate) const REVIEW: &str = r"
chancery: 1
workflow: review
title: Thẩm định
calendar: plain
fields:
  unit: {type: unit, required: true, label: Đơn vị}
roles:
  clerk:    {label: Cán bộ, post: clerk, of: unit, starter: true}
  reviewer: {label: Người thẩm định, body: council of unit, seat: member}
initial: drafting
states:
  drafting:
    title: Soạn
    task: {for: clerk, title: Soạn}
    on: {submit: {by: clerk, label: Nộp, target: review}}
  review:
    title: Thẩm định
    task: {for: reviewer, title: Thẩm định}
    deadline: {within: 5wd, remind: [-1wd]}
    on:
      agree:     {by: reviewer, label: Đồng ý, needs: AGREE, target: agreed}
      doubt:     {by: reviewer, label: Nghi ngại, needs: 2, target: doubted}
      object:    {by: reviewer, label: Không đồng ý, reason: true, target: drafting}
      undecided: doubted
  agreed:  {title: Đồng ý, final: true, outcome: agreed}
  doubted: {title: Nghi ngại, final: true, outcome: doubted}
";

fn review(needs: &str) -> Machine {
    machine("review", &REVIEW.replace("AGREE", needs))
}

/// A dossier that waits for its four reviewers m2 to m5.
fn submitted(office: &mut Office, review: &Machine) -> Dossier {
    let dossier = office.start(review, "D", json!({"unit": "U"}), START);
    answer(office, review, &dossier, "clerk", "submit").expect("the clerk submits")
}

fn answer(
    office: &mut Office,
    machine: &Machine,
    dossier: &Dossier,
    who: &str,
    event: &str,
) -> Result<Dossier, Refusal> {
    let Ask::Act(act) = act(dossier, event) else { unreachable!() };
    let act = Act { reason: Some("Vì vậy".to_owned()), ..act };
    let command = office.command("D", by(who), Ask::Act(act));
    office.run(machine, Some(dossier), &command, START).map(|(after, _)| after)
}

fn state(dossier: &Dossier) -> String {
    dossier.stands()
}

#[test]
fn an_event_that_needs_all_is_taken_when_the_last_of_them_agrees() {
    let (mut office, review) = (Office::new(), review("all"));
    let mut dossier = submitted(&mut office, &review);
    for (who, left) in [("m2", 3), ("m3", 2), ("m4", 1)] {
        dossier = answer(&mut office, &review, &dossier, who, "agree").expect("a reviewer agrees");
        assert_eq!((state(&dossier), dossier.tasks[0].holders.len()), ("review".to_owned(), left));
    }
    dossier = answer(&mut office, &review, &dossier, "m5", "agree").expect("the last one agrees");
    assert_eq!(dossier.outcome.as_deref(), Some("agreed"));
}

#[test]
fn an_event_that_needs_two_is_taken_when_two_agree() {
    let (mut office, review) = (Office::new(), review("2"));
    let dossier = submitted(&mut office, &review);
    let dossier = answer(&mut office, &review, &dossier, "m4", "agree").expect("one agrees");
    assert_eq!(state(&dossier), "review");
    let dossier = answer(&mut office, &review, &dossier, "m2", "agree").expect("two agree");
    assert_eq!(dossier.outcome.as_deref(), Some("agreed"));
}

#[test]
fn one_dissent_leads_at_once_where_it_needs_nobody_else() {
    let (mut office, review) = (Office::new(), review("all"));
    let dossier = submitted(&mut office, &review);
    let dossier = answer(&mut office, &review, &dossier, "m2", "agree").expect("one agrees");
    let dossier = answer(&mut office, &review, &dossier, "m3", "object").expect("one objects");
    assert_eq!(state(&dossier), "drafting");
    let dossier = answer(&mut office, &review, &dossier, "clerk", "submit").expect("submitted again");
    assert_eq!(dossier.tasks[0].people(), 4, "everybody is asked anew");
    assert!(dossier.tasks[0].answers.is_empty());
}

#[test]
fn who_has_answered_is_asked_no_more_and_cannot_answer_twice() {
    let (mut office, review) = (Office::new(), review("all"));
    let before = submitted(&mut office, &review);
    let Ask::Act(agree) = act(&before, "agree") else { unreachable!() };
    let command = office.command("D", by("m2"), Ask::Act(agree));
    let (after, decision) = office.run(&review, Some(&before), &command, START).expect("agreed");
    let rows = project(Some(&before), &after, &decision.events, &review, &office.calendar);
    let closed: Vec<_> = rows.tasks_closed.iter().map(|key| key.person.as_str()).collect();
    assert_eq!(closed, ["p-m2"], "only their own link is over");
    assert!(rows.tasks_opened.is_empty() && rows.notices.is_empty(), "nobody is told anything new");
    for event in ["agree", "object"] {
        let again = answer(&mut office, &review, &after, "m2", event).expect_err("once is enough");
        assert!(matches!(again.reasons[0].code, Code::Done { .. }), "{again:?}");
    }
}

#[test]
fn when_all_have_answered_and_disagree_that_is_an_event_of_its_own() {
    let (mut office, review) = (Office::new(), review("all"));
    let mut dossier = submitted(&mut office, &review);
    for (who, event) in [("m2", "agree"), ("m3", "agree"), ("m4", "agree"), ("m5", "doubt")] {
        dossier = answer(&mut office, &review, &dossier, who, event).expect("an answer");
    }
    assert_eq!(dossier.outcome.as_deref(), Some("doubted"), "`undecided` led there: one doubt alone is too few");
}

#[test]
fn a_stage_that_needs_more_people_than_there_are_is_not_entered() {
    let (mut office, review) = (Office::new(), review("5"));
    let dossier = office.start(&review, "D", json!({"unit": "U"}), START);
    let refusal = answer(&mut office, &review, &dossier, "clerk", "submit").expect_err("there are four reviewers");
    assert_eq!(refusal.reasons[0].code, Code::TooFewToAsk);
    assert_eq!(refusal.reasons[0].about.as_deref(), Some("reviewer"));
}

#[tokio::test]
async fn each_page_says_how_many_are_needed_and_an_old_link_what_was_answered() {
    let pages = Pages::new().await;
    pages.deploy("review", &REVIEW.replace("AGREE", "all")).await;
    let dossier = pages.start("review", "d1", json!({"unit": "U"})).await;
    pages.choose(&dossier, "clerk", "submit").await;
    let over = pages.choose(&dossier, "m2", "agree").await;
    assert!(over.contains("Việc này đã xong") && over.contains("chọn “Đồng ý”"), "{over}");
    let page = pages.page(&dossier, "m4").await;
    assert!(page.contains("Cần 4 trong 4 người được hỏi chọn ý kiến này; đã có 1 người chọn."), "{page}");
    assert!(page.contains("Cần 2 trong 4 người được hỏi chọn ý kiến này; đã có 0 người chọn."), "{page}");
    for who in ["m3", "m4", "m5"] {
        pages.choose(&dossier, who, "agree").await;
    }
    assert!(pages.page(&dossier, "m2").await.contains("Kết quả: Đồng ý"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_people_answer_the_stage_ends_with_the_last_of_them_at_the_latest(
        order in Just(["m2", "m3", "m4", "m5"]).prop_shuffle(),
        events in prop::collection::vec(prop::sample::select(vec!["agree", "doubt", "object"]), 4),
        needs in prop::sample::select(vec!["all", "2", "3", "4"]),
    ) {
        let (mut office, review) = (Office::new(), review(needs));
        let mut dossier = submitted(&mut office, &review);
        let mut chosen: Vec<&str> = Vec::new();
        let enough = |chosen: &[&str]| {
            let count = |event| chosen.iter().filter(|one| **one == event).count();
            let agree = if needs == "all" { 4 } else { needs.parse().expect("a number") };
            count("agree") >= agree || count("doubt") >= 2 || count("object") >= 1
        };
        for (who, event) in order.into_iter().zip(events) {
            prop_assert_eq!(state(&dossier), "review");
            dossier = answer(&mut office, &review, &dossier, who, event).expect("who has not answered may");
            chosen.push(event);
            prop_assert_eq!(state(&dossier) == "review", !enough(&chosen) && chosen.len() < 4);
            if state(&dossier) != "review" {
                break;
            }
        }
        prop_assert_ne!(state(&dossier), "review");
    }
}
