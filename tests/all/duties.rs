//! Separation of duties: on by default, refused with the rule and the earlier step, lifted only by the workflow.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use chancery::directory::{Dated, Post};
use chancery::dossier::command::{Act, Actor, Ask, Start};
use chancery::dossier::refusal::{Code, Refusal, Rule};
use chancery::dossier::{Dossier, Purpose, RowStatus};
use chancery::ids::PersonId;
use chancery::machine::Machine;
use proptest::prelude::*;
use serde_json::json;

use crate::support::office::{Office, START, act, by, machine};
use crate::support::pages::{LIST, Pages};
use crate::web::deciding;

/// An application that one post fills in, another checks and a third decides on.
const LEAVE: &str = r"
chancery: 1
workflow: leave
title: Nghỉ phép
calendar: plain
fields:
  unit: {type: unit, required: true, label: Đơn vị}
  days: {type: number, label: Số ngày}
roles:
  clerk:   {label: Cán bộ, post: clerk, of: unit, starter: true}
  checker: {label: Người kiểm tra, post: checker, of: unit}
  head:    {label: Thủ trưởng, post: head, of: unit}
initial: drafting
states:
  drafting:
    title: Viết đơn
    task: {for: clerk, title: Viết đơn, edit: [days]}
    on: {submit: {by: clerk, label: Nộp, target: checking}}
  checking:
    title: Kiểm tra
    task: {for: checker, title: Kiểm tra đơn}
CHECKING
    on:
      pass: {by: checker, label: Đạt, target: deciding}
      back: {by: checker, label: Trả lại, reason: true, target: drafting}
  deciding:
    title: Quyết định
    task: {for: head, title: Quyết định}
DECIDING
    on:
      agree:  {by: head, label: Đồng ý, target: agreed}
      change: {by: clerk, label: Sửa lại, target: drafting}
  agreed: {title: Đồng ý, final: true, outcome: agreed}
";

fn leave(checking: &str, deciding: &str) -> Machine {
    machine("leave", &text(checking, deciding))
}

fn text(checking: &str, deciding: &str) -> String {
    let line = |rule: &str| if rule.is_empty() { String::new() } else { format!("    separation: {rule}") };
    LEAVE.replace("CHECKING", &line(checking)).replace("DECIDING", &line(deciding))
}

/// The office, in which these people hold these posts besides.
fn office(posts: &[(&str, &str)]) -> Office {
    let mut office = Office::new();
    office.directory.posts.extend(posts.iter().map(|(who, post)| Post {
        person: PersonId::new(format!("p-{who}")),
        unit: "U".into(),
        post: (*post).to_owned(),
        dated: Dated::default(),
    }));
    office
}

fn go(office: &mut Office, leave: &Machine, dossier: &Dossier, who: &str, event: &str) -> Result<Dossier, Refusal> {
    let Ask::Act(act) = act(dossier, event) else { unreachable!() };
    let act = Act { reason: Some("Vì vậy".to_owned()), ..act };
    let command = office.command("D", by(who), Ask::Act(act));
    office.run(leave, Some(dossier), &command, START).map(|(after, _)| after)
}

fn lead(office: &mut Office, leave: &Machine, steps: &[(&str, &str)]) -> Dossier {
    let dossier = office.start(leave, "D", json!({"unit": "U"}), START);
    steps.iter().fold(dossier, |dossier, (who, event)| {
        go(office, leave, &dossier, who, event).unwrap_or_else(|why| panic!("{who} {event}: {why:?}"))
    })
}

fn holders(dossier: &Dossier) -> Vec<&str> {
    dossier.tasks.iter().flat_map(|task| &task.holders).map(PersonId::as_str).collect()
}

fn rule(refusal: &Refusal) -> Option<(Rule, &str, Option<&str>)> {
    refusal.reasons.iter().find_map(|reason| match &reason.code {
        Code::Separated { rule, by, .. } => Some((*rule, by.as_str(), reason.about.as_deref())),
        _ => None,
    })
}

#[test]
fn whoever_prepared_a_dossier_is_not_asked_to_decide_on_it_in_another_role() {
    let mut office = office(&[("m1", "checker"), ("clerk", "head")]);
    let leave = leave("", "");
    let mut dossier = lead(&mut office, &leave, &[("clerk", "submit"), ("m1", "pass")]);
    assert_eq!(holders(&dossier), ["p-head"], "the clerk holds that post too, and is not asked");
    let refusal = go(&mut office, &leave, &dossier, "clerk", "agree").expect_err("self-approval");
    assert_eq!(rule(&refusal), Some((Rule::OneRole, "p-clerk", Some("drafting"))));
    dossier = go(&mut office, &leave, &dossier, "clerk", "change").expect("in the same role they may go on");
    assert_eq!(dossier.stands(), "drafting");
}

#[test]
fn nobody_decides_in_their_own_case_where_the_workflow_says_so() {
    let mut office = office(&[("m1", "checker"), ("m2", "head")]);
    let own = text("", "{never_named_in: [traveller], basis: Quy chế}");
    let own = own.replace("  days: {", "  traveller: {type: person, label: Người đi}\n  days: {");
    let leave = machine("leave", &own);
    let dossier = office.start(&leave, "D", json!({"unit": "U", "traveller": "p-head"}), START);
    let dossier = go(&mut office, &leave, &dossier, "clerk", "submit").expect("sent on");
    let dossier = go(&mut office, &leave, &dossier, "m1", "pass").expect("passed");
    assert_eq!(holders(&dossier), ["p-m2"], "whoever travels is not asked");
    let refusal = go(&mut office, &leave, &dossier, "head", "agree").expect_err("it is their own trip");
    let named = refusal.reasons.iter().find(|reason| reason.code == Code::Named).expect("and is told why");
    assert_eq!(
        (named.about.as_deref(), named.basis.as_ref().map(chancery::ids::Citation::own)),
        (Some("traveller"), Some("Quy chế"))
    );
    assert_eq!(go(&mut office, &leave, &dossier, "m2", "agree").expect("another may").stands(), "agreed");
}

#[test]
fn an_operator_cannot_do_for_somebody_what_they_may_not_do() {
    let mut office = office(&[("m1", "checker"), ("clerk", "head")]);
    let leave = leave("", "");
    let dossier = lead(&mut office, &leave, &[("clerk", "submit"), ("m1", "pass")]);
    for actor in
        [Actor::Session("p-clerk".into()), Actor::Operator { operator: "root".to_owned(), person: "p-clerk".into() }]
    {
        let command = office.command("D", actor, act(&dossier, "agree"));
        let refusal = office.run(&leave, Some(&dossier), &command, START).expect_err("self-approval");
        assert!(rule(&refusal).is_some(), "{refusal:?}");
    }
}

#[test]
fn a_stage_for_which_nobody_is_left_is_not_entered_and_says_why() {
    let mut office = office(&[("clerk", "checker")]);
    let leave = leave("", "");
    let dossier = office.start(&leave, "D", json!({"unit": "U"}), START);
    let refusal = go(&mut office, &leave, &dossier, "clerk", "submit").expect_err("the only checker wrote it");
    assert_eq!(refusal.reasons[0].code, Code::NobodyToAsk);
    assert_eq!(rule(&refusal), Some((Rule::OneRole, "p-clerk", Some("drafting"))));
}

#[test]
fn the_workflow_may_allow_what_the_office_needs() {
    let mut office = office(&[("clerk", "checker")]);
    let leave = leave("{may_be_same_as: [opening, drafting]}", "");
    let dossier = lead(&mut office, &leave, &[("clerk", "submit"), ("clerk", "pass")]);
    assert_eq!(dossier.stands(), "deciding");
}

#[test]
fn never_the_same_keeps_apart_even_those_who_only_checked() {
    let mut office = office(&[("m1", "checker"), ("m1", "head")]);
    let free = leave("", "");
    let dossier = lead(&mut office, &free, &[("clerk", "submit"), ("m1", "pass")]);
    assert_eq!(holders(&dossier), ["p-head", "p-m1"], "who only checked has prepared nothing");
    let kept = leave("", "{never_same_as: checking, basis: Quy chế}");
    let dossier = lead(&mut office, &kept, &[("clerk", "submit"), ("m1", "pass")]);
    assert_eq!(holders(&dossier), ["p-head"]);
    let refusal = go(&mut office, &kept, &dossier, "m1", "agree").expect_err("never the same");
    assert_eq!(rule(&refusal), Some((Rule::NeverSameAs, "p-m1", Some("checking"))));
    assert_eq!(refusal.reasons[0].basis.as_ref().map(chancery::ids::Citation::own), Some("Quy chế"));
}

#[test]
fn the_same_person_goes_on_with_what_they_began() {
    let mut office = office(&[("m1", "checker"), ("m2", "checker"), ("m2", "head"), ("m1", "head")]);
    let leave = leave("", "{same_as: checking}");
    let dossier = lead(&mut office, &leave, &[("clerk", "submit"), ("m2", "pass")]);
    assert_eq!(holders(&dossier), ["p-m2"]);
    let refusal = go(&mut office, &leave, &dossier, "m1", "agree").expect_err("somebody else checked");
    assert_eq!(rule(&refusal), Some((Rule::SameAs, "p-m2", Some("checking"))));
    go(&mut office, &leave, &dossier, "m2", "agree").expect("the one who checked");
}

#[test]
fn what_nobody_did_keeps_nobody_away() {
    let mut office = office(&[("m1", "checker"), ("clerk", "head")]);
    let leave = leave("", "{same_as: opening}");
    let fields = serde_json::from_value(json!({"unit": "U"})).expect("fields");
    let start = Start {
        machine: leave.hash().clone(),
        fields,
        papers: Vec::new(),
        gather_key: None,
        first: None,
        import_key: None,
    };
    let import = office.command("D", Actor::Import { operator: "root".to_owned() }, Ask::Start(start));
    let (dossier, _) = office.run(&leave, None, &import, START).expect("imported");
    assert!(dossier.deeds.is_empty());
    let dossier = go(&mut office, &leave, &dossier, "clerk", "submit").expect("submitted");
    let dossier = go(&mut office, &leave, &dossier, "m1", "pass").expect("checked");
    assert_eq!(holders(&dossier), ["p-head"], "the clerk wrote it");
}

#[tokio::test]
async fn the_page_names_the_rule_and_the_earlier_step() {
    let pages = Pages::new().await;
    let mut directory = (*pages.engine.directory()).clone();
    directory
        .posts
        .extend(office(&[("clerk", "checker")]).directory.posts.into_iter().filter(|post| post.post == "checker"));
    pages.engine.put_directory(directory).await.expect("a directory");
    pages.deploy("leave", &text("", "")).await;
    let dossier = pages.start("leave", "d1", json!({"unit": "U"})).await;
    let said = pages.choose(&dossier, "clerk", "submit").await;
    for part in ["Bước tiếp theo chưa có ai", "Người clerk đã chuẩn bị hồ sơ (“Viết đơn”, 9 giờ thứ Hai"]
    {
        assert!(said.contains(part), "{part}: {said}");
    }
}

#[tokio::test]
async fn the_page_says_which_row_is_about_its_reader_and_offers_nothing_there() {
    let plain = "rows: {struck: struck, returned: returned}";
    let text = LIST.replace(plain, "rows: {struck: struck, returned: returned, own: struck}");
    assert_ne!(text, LIST);
    let pages = Pages::with_list(&text).await;
    // The third of the cases is about the head, who decides on the list.
    let (cases, list) = deciding(&pages).await;
    let link = pages.link(&list, Purpose::Act, "head").await;
    let page = pages.get(&link).await;
    let (text, mark) = (page.text(), |row: usize| format!("name=\"mark.{}\"", cases[row]));
    assert!(text.contains("không quyết định, chuyển người khác quyết định"), "{text}");
    assert!(text.contains(&mark(0)) && text.contains(&mark(1)) && !text.contains(&mark(2)), "{text}");
    let seen = page.hidden("seen");
    let form = [("do", "act"), ("seen", seen.as_str()), ("choice", "agree"), ("step", "send")];
    let sent = pages.post(&link, &form).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text());
    pages.settle().await;
    let list = pages.engine.dossier(&list).await.expect("it reads").expect("it exists");
    let statuses: Vec<RowStatus> = list.rows.iter().map(|row| row.status).collect();
    assert_eq!(statuses, [RowStatus::Live, RowStatus::Live, RowStatus::Apart]);
    let own = pages.engine.dossier(&cases[2]).await.expect("it reads").expect("it exists");
    assert_eq!(own.outcome.as_deref(), Some("rejected"), "its own workflow says what that means");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nobody_ever_acts_in_two_roles_on_what_they_prepared(
        posts in prop::collection::vec(
            (prop::sample::select(vec!["clerk", "head", "m1", "m2"]), prop::sample::select(vec!["clerk", "checker", "head"])), 0..8),
        tries in prop::collection::vec(
            (prop::sample::select(vec!["clerk", "head", "m1", "m2"]), prop::sample::select(vec!["submit", "pass", "back", "agree", "change"])), 1..40),
    ) {
        let mut office = office(&posts);
        let leave = leave("", "");
        let mut dossier = office.start(&leave, "D", json!({"unit": "U"}), START);
        let mut roles: BTreeMap<&str, &str> = BTreeMap::from([("clerk", "clerk")]);
        for (who, event) in tries {
            let role = match event { "submit" | "change" => "clerk", "agree" => "head", _ => "checker" };
            if let Ok(after) = go(&mut office, &leave, &dossier, who, event) {
                prop_assert!(roles.get(who).is_none_or(|before| *before == role), "{} as {} after {:?}", who, role, roles);
                if event == "submit" {
                    roles.insert(who, role);
                }
                dossier = after;
                prop_assert!(!dossier.tasks.iter().any(|task| task.holders.is_empty()), "somebody is asked");
            }
        }
    }
}
