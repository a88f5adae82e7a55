//! The decider: total, deterministic, refused without effect, and replay gives the snapshot to the byte.

use std::collections::BTreeMap;

use chancery::dossier::Dossier;
use chancery::dossier::command::{Act, Aside, Ask, RowMark, Start};
use chancery::dossier::event::{Change, Event};
use chancery::dossier::evolve::evolve;
use chancery::dossier::project::{NoticeKind, project};
use chancery::dossier::refusal::Code;
use chancery::dossier::{Body, Choice, Message, PaperTally, Purpose, Recipient, RowStatus};
use chancery::ids::{ActivationId, DossierId, Instant, PersonId};
use chancery::machine::Machine;
use proptest::prelude::*;
use serde_json::json;

use crate::support::office::{CASE, DAY_MS, LIST, Office, START, act, by, machine};

fn fields(points: i64) -> serde_json::Value {
    json!({"title": "Việc một", "unit": "U", "kind": "high", "person": "p-m3", "points": points})
}

fn state(dossier: &Dossier) -> String {
    dossier.stands()
}

fn code(refused: Result<(Dossier, chancery::dossier::decide::Decision), chancery::dossier::refusal::Refusal>) -> Code {
    refused.expect_err("it should be refused").reasons[0].code.clone()
}

fn message(from: &str, seq: i64, body: Body) -> Message {
    let to = Recipient::Dossier(DossierId::new("any"));
    Message { from: from.into(), from_seq: seq, place: 0, to, body }
}

fn join(row: &str, person: &str) -> Message {
    let fields = serde_json::from_value(json!({"title": row, "person": person, "kind": "high"})).expect("fields");
    message(row, 1, Body::Join { subject: None, caption: row.to_owned(), fields, papers: None })
}

/// A list of two rows, one of them about the member m3, convened for a vote.
pub(crate) fn convened(office: &mut Office, list: &Machine, event: &str) -> Dossier {
    let fields = serde_json::from_value(json!({"unit": "U"})).expect("fields");
    let first = Some(join("row-1", "p-m3"));
    let hash = list.hash().clone();
    let start =
        Start { machine: hash, fields, papers: Vec::new(), gather_key: Some("U".to_owned()), first, import_key: None };
    let command = office.command("L", chancery::dossier::command::Actor::Clock, Ask::Start(start));
    let (dossier, _) = office.run(list, None, &command, START).expect("a list opens");
    let command = office.command("L", chancery::dossier::command::Actor::Clock, Ask::Receive(join("row-2", "p-clerk")));
    let (dossier, _) = office.run(list, Some(&dossier), &command, START).expect("a row joins");
    let command = office.command("L", by("secretary"), act(&dossier, event));
    office.run(list, Some(&dossier), &command, START).expect("it is convened").0
}

pub(crate) fn sheet(dossier: &Dossier, person: &str, choice: Choice) -> Ask {
    let vote = dossier.votes.first().expect("a vote");
    let own = PersonId::new(person);
    let rows = vote.rows.iter().filter(|row| !row.own.contains(&own));
    Ask::Cast { activation: vote.activation, choices: rows.map(|row| (row.row.clone(), choice)).collect() }
}

fn told(decision: &chancery::dossier::decide::Decision, row: &str) -> Vec<String> {
    let changes = decision.events.iter().flat_map(|event| &event.changes);
    changes
        .filter_map(|change| match change {
            Change::Sent { to: Recipient::Dossier(to), body: Body::Tell { event, .. }, .. } if to.as_str() == row => {
                Some(event.to_string())
            }
            _ => None,
        })
        .collect()
}

#[test]
fn a_guard_that_does_not_hold_is_a_refusal_with_its_words_and_its_law() {
    let (mut office, case) = (Office::new(), machine("case", CASE));
    let dossier = office.start(&case, "D", fields(49), START);
    let command = office.command("D", by("clerk"), act(&dossier, "submit"));
    let refusal = office.run(&case, Some(&dossier), &command, START).expect_err("49 points are too few");
    assert_eq!(refusal.reasons.len(), 1);
    assert_eq!(refusal.reasons[0].text.own, "Chưa đủ điểm");
    assert_eq!(refusal.reasons[0].basis.as_ref().map(chancery::ids::Citation::own), Some("Quy chế, Điều 1"));
}

#[test]
fn fields_that_come_with_the_act_count_for_its_guards() {
    let (mut office, case) = (Office::new(), machine("case", CASE));
    let dossier = office.start(&case, "D", fields(49), START);
    let Ask::Act(act) = act(&dossier, "submit") else { unreachable!() };
    let act = Act { fields: BTreeMap::from([("points".into(), json!(50))]), ..act };
    let command = office.command("D", by("clerk"), Ask::Act(act));
    let (after, decision) = office.run(&case, Some(&dossier), &command, START).expect("50 points are enough");
    assert_eq!(state(&after), "open.council");
    let rows = project(Some(&dossier), &after, &decision.events, &case, &office.calendar);
    assert!(matches!(&rows.messages[0].to, Recipient::List { key, .. } if key == "U"));
    assert_eq!(rows.tasks_closed.len(), 1);
    assert_eq!(dossier.timers.len(), 3, "the draft has its reminders and its escalation");
    assert!(after.timers.is_empty(), "they go with it");
}

#[test]
fn only_those_who_are_asked_may_act_and_only_on_the_page_of_today() {
    let (mut office, case) = (Office::new(), machine("case", CASE));
    let dossier = office.start(&case, "D", fields(70), START);
    let stranger = office.command("D", by("m1"), act(&dossier, "submit"));
    assert_eq!(code(office.run(&case, Some(&dossier), &stranger, START)), Code::NotAsked);
    let submit = office.command("D", by("clerk"), act(&dossier, "submit"));
    let (after, _) = office.run(&case, Some(&dossier), &submit, START).expect("the clerk may");
    assert_eq!(code(office.run(&case, Some(&after), &submit, START)), Code::Superseded);
}

#[test]
fn a_paused_dossier_keeps_its_entries_and_what_it_was_told_meanwhile() {
    let (mut office, case) = (Office::new(), machine("case", CASE));
    let mut dossier = office.start(&case, "D", fields(70), START);
    let submit = office.command("D", by("clerk"), act(&dossier, "submit"));
    dossier = office.run(&case, Some(&dossier), &submit, START).expect("submitted").0;
    let welcome = serde_json::from_value(json!({"list": "list", "key": "U"})).expect("fields");
    let welcome = Body::Tell { event: "joined".into(), fields: welcome, reason: None, last: false };
    let receive = office.command("D", by("clerk"), Ask::Receive(message("L", 1, welcome)));
    dossier = office.run(&case, Some(&dossier), &receive, START).expect("welcomed").0;
    let council = dossier.leaves().next().expect("council").activation;

    let Ask::Act(suspend) = act(&dossier, "suspend") else { unreachable!() };
    let suspend = Ask::Act(Act { reason: Some("Có đơn".to_owned()), ..suspend });
    let command = office.command("D", by("head"), suspend);
    dossier = office.run(&case, Some(&dossier), &command, START).expect("suspended").0;
    assert_eq!(state(&dossier), "suspended");
    assert!(dossier.timers.is_empty(), "clocks stand still");
    assert_eq!(dossier.grounds.iter().map(|ground| ground.text.own.as_str()).collect::<Vec<_>>(), ["Có đơn"]);

    let passed = Body::Tell { event: "passed".into(), fields: BTreeMap::new(), reason: None, last: false };
    let receive = office.command("D", by("clerk"), Ask::Receive(message("L", 2, passed)));
    dossier = office.run(&case, Some(&dossier), &receive, START).expect("held").0;
    assert_eq!(state(&dossier), "suspended");

    let later = START.plus_ms(7 * DAY_MS);
    let resume = office.command("D", by("head"), act(&dossier, "resume"));
    let (after, decision) = office.run(&case, Some(&dossier), &resume, later).expect("resumed");
    assert_eq!(state(&after), "open.deciding", "the result that came meanwhile is taken on resuming");
    assert!(after.grounds.is_empty(), "what it was held for is over");
    let resumed = decision.events.iter().flat_map(|event| &event.changes);
    assert!(resumed.into_iter().any(|change| matches!(change, Change::Resumed { .. })));
    assert!(after.active.iter().all(|active| active.activation != council), "it has moved on from there");
}

#[test]
fn a_list_that_is_not_ours_cannot_tell_us_anything() {
    let (mut office, case) = (Office::new(), machine("case", CASE));
    let mut dossier = office.start(&case, "D", fields(70), START);
    let submit = office.command("D", by("clerk"), act(&dossier, "submit"));
    dossier = office.run(&case, Some(&dossier), &submit, START).expect("submitted").0;
    let passed = Body::Tell { event: "passed".into(), fields: BTreeMap::new(), reason: None, last: false };
    let receive = office.command("D", by("clerk"), Ask::Receive(message("stranger", 9, passed)));
    let (after, _) = office.run(&case, Some(&dossier), &receive, START).expect("consumed");
    assert_eq!(state(&after), "open.council");
}

#[test]
fn a_secret_vote_marks_the_roll_and_writes_no_choice_into_any_event() {
    let (mut office, list) = (Office::new(), machine("list", LIST));
    let mut dossier = convened(&mut office, &list, "convene");
    assert_eq!(dossier.votes.first().expect("a vote").roll.len(), 5, "the secretary has no vote");
    for member in ["m1", "m2", "m4", "m5"] {
        let command = office.command("L", by(member), sheet(&dossier, &format!("p-{member}"), Choice::Yes));
        let (after, decision) = office.run(&list, Some(&dossier), &command, START).expect("a ballot");
        assert_eq!(decision.ballots.len(), 2);
        let written = serde_json::to_string(&decision.events).expect("json");
        assert!(!written.contains("yes"), "{written}");
        dossier = after;
        let again = office.command("L", by(member), sheet(&dossier, &format!("p-{member}"), Choice::No));
        assert!(matches!(code(office.run(&list, Some(&dossier), &again, START)), Code::Done { .. }));
    }
    let own = office.command("L", by("m3"), sheet(&dossier, "p-nobody", Choice::Yes));
    assert_eq!(code(office.run(&list, Some(&dossier), &own, START)), Code::ChoiceWrong, "m3 may not vote on row-1");
    let command = office.command("L", by("m3"), sheet(&dossier, "p-m3", Choice::No));
    dossier = office.run(&list, Some(&dossier), &command, START).expect("the last ballot").0;
    assert!(!dossier.votes.is_empty(), "the last ballot does not close the vote by itself");

    let tick = office.command("L", chancery::dossier::command::Actor::Clock, Ask::Tick);
    let (after, decision) = office.run(&list, Some(&dossier), &tick, START).expect("closed");
    let result = &after.results[0];
    assert_eq!((result.members, result.quorate), (5, true));
    let counted: Vec<_> = result.rows.iter().map(|row| (row.yes, row.no, row.base, row.passed)).collect();
    assert_eq!(counted, [(4, 0, 5, true), (4, 1, 5, true)], "the own case stays in the base: 4 of 5 is 80 %");
    assert!(result.rows.iter().all(|row| row.box_hash.is_some()));
    assert_eq!(told(&decision, "row-1"), ["passed"]);
    assert_eq!(state(&after), "done");
}

#[test]
fn a_vote_that_too_few_took_part_in_says_so_and_tells_the_rows_nothing() {
    let (mut office, list) = (Office::new(), machine("list", LIST));
    let mut dossier = convened(&mut office, &list, "convene");
    for member in ["m1", "m2", "m4"] {
        let command = office.command("L", by(member), sheet(&dossier, &format!("p-{member}"), Choice::Yes));
        dossier = office.run(&list, Some(&dossier), &command, START).expect("a ballot").0;
    }
    let tick = office.command("L", chancery::dossier::command::Actor::Clock, Ask::Tick);
    let (after, decision) = office.run(&list, Some(&dossier), &tick, START.plus_ms(30 * DAY_MS)).expect("closed");
    assert!(!after.results[0].quorate, "3 of 5 are fewer than two thirds");
    assert_eq!(state(&after), "gathering");
    assert!(told(&decision, "row-1").is_empty());
    assert_eq!(after.gather_key, None, "it takes no more rows; later ones open a new list");
}

#[test]
fn tallies_of_a_vote_on_paper_count_only_when_a_second_person_confirms_them() {
    let (mut office, list) = (Office::new(), machine("list", LIST));
    let mut dossier = convened(&mut office, &list, "on_paper");
    let activation = dossier.votes.first().expect("a vote").activation;
    let tally = |issued, yes, no| PaperTally { issued, returned: issued, invalid: 0, yes, no };
    let rows = |one, two| BTreeMap::from([(DossierId::new("row-1"), one), (DossierId::new("row-2"), two)]);
    let wrong =
        office.command("L", by("secretary"), Ask::Tally { activation, rows: rows(tally(5, 5, 0), tally(5, 4, 1)) });
    assert_eq!(code(office.run(&list, Some(&dossier), &wrong, START)), Code::TallyWrong, "m3 has no ballot for row-1");
    let right =
        office.command("L", by("secretary"), Ask::Tally { activation, rows: rows(tally(4, 3, 1), tally(5, 4, 1)) });
    dossier = office.run(&list, Some(&dossier), &right, START).expect("recorded").0;
    let alone = office.command("L", by("secretary"), Ask::Confirm { activation, agrees: true, seen: i64::MAX });
    assert_eq!(code(office.run(&list, Some(&dossier), &alone, START)), Code::NotAsked);
    let dispute = office.command("L", by("m1"), Ask::Confirm { activation, agrees: false, seen: i64::MAX });
    let (disputed, _) = office.run(&list, Some(&dossier), &dispute, START).expect("disputed");
    assert!(disputed.task(activation, Purpose::Tally).is_some(), "they are recorded again");
    let agree = office.command("L", by("m1"), Ask::Confirm { activation, agrees: true, seen: i64::MAX });
    let (after, decision) = office.run(&list, Some(&dossier), &agree, START).expect("confirmed");
    assert_eq!(told(&decision, "row-1"), ["rejected"], "3 of 5 are fewer than 80 %");
    assert_eq!(told(&decision, "row-2"), ["passed"]);
    assert_eq!(after.rows[0].status, RowStatus::Rejected);
}

#[test]
fn a_row_can_be_returned_without_stopping_the_list() {
    let (mut office, list) = (Office::new(), machine("list", LIST));
    let fields = serde_json::from_value(json!({"unit": "U"})).expect("fields");
    let first = Some(join("row-1", "p-m3"));
    let hash = list.hash().clone();
    let start =
        Start { machine: hash, fields, papers: Vec::new(), gather_key: Some("U".to_owned()), first, import_key: None };
    let command = office.command("L", chancery::dossier::command::Actor::Clock, Ask::Start(start));
    let dossier = office.run(&list, None, &command, START).expect("a list opens").0;
    let command = office.command("L", chancery::dossier::command::Actor::Clock, Ask::Receive(join("row-2", "p-clerk")));
    let dossier = office.run(&list, Some(&dossier), &command, START).expect("a row joins").0;
    let Ask::Act(convene) = act(&dossier, "convene") else { unreachable!() };
    let mark = RowMark { aside: Aside::Returned, reason: "Thiếu chữ ký".to_owned() };
    let convene = Act { rows: BTreeMap::from([(DossierId::new("row-1"), mark)]), ..convene };
    let command = office.command("L", by("secretary"), Ask::Act(convene));
    let (after, decision) = office.run(&list, Some(&dossier), &command, START).expect("convened");
    assert_eq!(told(&decision, "row-1"), ["returned"]);
    assert_eq!(after.votes[0].rows.len(), 1);
}

#[test]
fn a_row_about_whoever_decides_is_kept_from_their_decision() {
    let own = LIST.replace("rows: {returned: returned}", "rows: {kept: kept, returned: returned, own: apart}");
    // The secretary stands on the list as `row-2`, or somebody else does.
    for (about, text, refused, rows) in [
        ("p-secretary", own.as_str(), true, [("kept", RowStatus::Live), ("apart", RowStatus::Apart)]),
        ("p-clerk", own.as_str(), false, [("kept", RowStatus::Live), ("kept", RowStatus::Live)]),
        ("p-secretary", LIST, false, [("", RowStatus::Live), ("", RowStatus::Live)]),
    ] {
        let (mut office, list) = (Office::new(), machine("list", text));
        let fields = serde_json::from_value(json!({"unit": "U"})).expect("fields");
        let (first, hash) = (Some(join("row-1", "p-m3")), list.hash().clone());
        let gather_key = Some("U".to_owned());
        let start = Start { machine: hash, fields, papers: Vec::new(), gather_key, first, import_key: None };
        let command = office.command("L", chancery::dossier::command::Actor::Clock, Ask::Start(start));
        let dossier = office.run(&list, None, &command, START).expect("a list opens").0;
        let joins = Ask::Receive(join("row-2", about));
        let command = office.command("L", chancery::dossier::command::Actor::Clock, joins);
        let dossier = office.run(&list, Some(&dossier), &command, START).expect("a row joins").0;
        let Ask::Act(convene) = act(&dossier, "convene") else { unreachable!() };
        let mark = RowMark { aside: Aside::Returned, reason: "Để năm sau".to_owned() };
        let marked = Act { rows: BTreeMap::from([(DossierId::new("row-2"), mark)]), ..convene.clone() };
        let command = office.command("L", by("secretary"), Ask::Act(marked));
        let answer = office.run(&list, Some(&dossier), &command, START);
        assert_eq!(answer.is_err(), refused, "{about}: nobody takes their own row out either");
        if refused {
            assert_eq!(code(answer), Code::Named, "{about}");
        }
        let command = office.command("L", by("secretary"), Ask::Act(convene));
        let (after, decision) = office.run(&list, Some(&dossier), &command, START).expect("convened");
        for ((name, row), (event, status)) in ["row-1", "row-2"].iter().zip(&after.rows).zip(rows) {
            assert_eq!((told(&decision, name).join(","), row.status), (event.to_owned(), status), "{about}: {name}");
        }
    }
}

#[test]
fn an_operator_may_act_for_a_person_but_never_vote_for_one() {
    let (mut office, list) = (Office::new(), machine("list", LIST));
    let dossier = convened(&mut office, &list, "convene");
    let operator = chancery::dossier::command::Actor::Operator { operator: "root".to_owned(), person: "p-m1".into() };
    let command = office.command("L", operator, sheet(&dossier, "p-m1", Choice::Yes));
    assert_eq!(code(office.run(&list, Some(&dossier), &command, START)), Code::NotThisWay);
}

#[test]
fn reminders_come_before_the_deadline_and_an_outage_brings_one() {
    let (mut office, case) = (Office::new(), machine("case", CASE));
    let dossier = office.start(&case, "D", fields(70), START);
    let tick = office.command("D", chancery::dossier::command::Actor::Clock, Ask::Tick);
    let (after, decision) = office.run(&case, Some(&dossier), &tick, START.plus_ms(60 * DAY_MS)).expect("ticked");
    assert_eq!(decision.events.len(), 3, "two reminders and an escalation were due");
    let at: Vec<Instant> = decision.events.iter().map(|event| event.at).collect();
    assert!(at.is_sorted());
    let rows = project(Some(&dossier), &after, &decision.events, &case, &office.calendar);
    let reminded = rows.notices.iter().filter(|notice| notice.kind == NoticeKind::Reminder).count();
    assert_eq!(reminded, 1, "the same thing is said once, however long the outage was");
}

/// A dossier that pauses, is led out of the pause by another way than resuming, and pauses again; and a pause inside a compound
/// state that has a deadline of its own.
const PAUSES: &str = r"
chancery: 1
workflow: pauses
title: Tạm dừng
calendar: plain
fields:
  unit: {type: unit, required: true, label: Đơn vị}
roles:
  clerk: {label: Cán bộ, post: clerk, of: unit, starter: true}
initial: outer
states:
  outer:
    title: Ngoài
    initial: work
    deadline: {within: 10wd, remind: [-2wd], escalate: {after: 1wd, to: clerk}}
    on: {stop: {by: clerk, label: Thôi, target: stopped}}
    states:
      work:
        title: Làm
        initial: first
        on: {halt: {by: clerk, label: Dừng, pause: true, target: waiting}}
        states:
          first:
            title: Bước một
            task: {for: clerk, title: Làm}
            deadline: {within: 5wd, escalate: {after: 1wd, to: clerk}}
            on: {next: {by: clerk, label: Tiếp, target: second}}
          second:
            title: Bước hai
            task: {for: clerk, title: Làm tiếp}
            on: {back: {by: clerk, label: Lại, target: first}}
      waiting:
        title: Đợi
        task: {for: clerk, title: Đợi}
        on:
          resume: {by: clerk, label: Tiếp tục, resume: work}
          anew: {by: clerk, label: Làm lại từ đầu, target: work}
  stopped: {title: Thôi, final: true, outcome: stopped}
";

fn go(office: &mut Office, machine: &Machine, dossier: &Dossier, event: &str, now: Instant) -> Dossier {
    let command = office.command("D", by("clerk"), act(dossier, event));
    office.run(machine, Some(dossier), &command, now).unwrap_or_else(|why| panic!("{event}: {why:?}")).0
}

#[test]
fn a_pause_that_is_left_by_another_way_is_given_up_and_can_come_again() {
    let (mut office, pauses) = (Office::new(), machine("pauses", PAUSES));
    let mut dossier = office.start(&pauses, "D", json!({"unit": "U"}), START);
    for event in ["halt", "anew", "halt", "resume", "next"] {
        dossier = go(&mut office, &pauses, &dossier, event, START);
    }
    assert_eq!(state(&dossier), "outer.work.second");
    assert!(dossier.paused.is_empty());
}

#[test]
fn a_pause_inside_a_compound_state_leaves_what_is_around_it_alone() {
    let (mut office, pauses) = (Office::new(), machine("pauses", PAUSES));
    let before = office.start(&pauses, "D", json!({"unit": "U"}), START);
    let paused = go(&mut office, &pauses, &before, "halt", START);
    let later = START.plus_ms(2 * DAY_MS);
    let command = office.command("D", by("clerk"), act(&paused, "resume"));
    let (after, decision) = office.run(&pauses, Some(&paused), &command, later).expect("resumed");
    let states = |dossier: &Dossier| dossier.active.iter().map(|active| active.state.to_string()).collect::<Vec<_>>();
    assert_eq!(states(&after), states(&before), "what was around the pause is still there");
    assert_eq!(after.timers.len(), before.timers.len());

    let due = |dossier: &Dossier| dossier.tasks[0].due_at.expect("the first step has a deadline");
    assert!(due(&after) > due(&before), "the deadline moved by the two days of the pause");
    let rows = project(Some(&paused), &after, &decision.events, &pauses, &office.calendar);
    assert_eq!(rows.tasks_opened.iter().map(|task| task.due_at).collect::<Vec<_>>(), [Some(due(&after))]);
    assert!(rows.notices.iter().all(|notice| notice.kind != NoticeKind::Asked), "nobody is asked again");
    assert_eq!(state(&go(&mut office, &pauses, &after, "stop", later)), "stopped", "the outer state still answers");
}

#[test]
fn whoever_is_asked_inside_is_told_of_the_deadline_around_if_that_comes_first() {
    let (mut office, pauses) = (Office::new(), machine("pauses", PAUSES));
    let first = office.start(&pauses, "D", json!({"unit": "U"}), START);
    let around = first.active[0].due_at.expect("the state around has a deadline");
    let own = first.tasks[0].due_at.expect("the first step too");
    let row = |dossier: &Dossier| dossier.due_of(&dossier.tasks[0], pauses.chart());
    assert!(own < around);
    assert_eq!(row(&first), Some(own), "five days come before ten");
    let next = office.command("D", by("clerk"), act(&first, "next"));
    let (second, decision) = office.run(&pauses, Some(&first), &next, START).expect("it goes on");
    let rows = project(Some(&first), &second, &decision.events, &pauses, &office.calendar);
    assert_eq!(rows.tasks_opened.iter().map(|task| task.due_at).collect::<Vec<_>>(), [Some(around)]);
    // A step that is entered late: its own five days would end after what is around it.
    let late = START.plus_ms(11 * DAY_MS);
    let third = go(&mut office, &pauses, &second, "back", late);
    assert!(third.tasks[0].due_at > Some(around));
    assert_eq!(row(&third), Some(around));
}

#[test]
fn tallies_that_were_recorded_again_are_not_confirmed_from_an_older_page() {
    let (mut office, list) = (Office::new(), machine("list", LIST));
    let mut dossier = convened(&mut office, &list, "on_paper");
    let activation = dossier.votes.first().expect("a vote").activation;
    let tally = |yes| {
        let rows = [("row-1", 4), ("row-2", 5)].map(|(row, issued)| {
            let tally = PaperTally { issued, returned: issued, invalid: 0, yes, no: issued - yes };
            (DossierId::new(row), tally)
        });
        Ask::Tally { activation, rows: rows.into_iter().collect() }
    };
    let record = office.command("L", by("secretary"), tally(0));
    dossier = office.run(&list, Some(&dossier), &record, START).expect("recorded").0;
    let looked_at = dossier.seq;
    let dispute = office.command("L", by("m1"), Ask::Confirm { activation, agrees: false, seen: looked_at });
    dossier = office.run(&list, Some(&dossier), &dispute, START).expect("disputed").0;
    let record = office.command("L", by("secretary"), tally(4));
    dossier = office.run(&list, Some(&dossier), &record, START).expect("recorded again").0;
    let stale = office.command("L", by("m1"), Ask::Confirm { activation, agrees: true, seen: looked_at });
    assert_eq!(code(office.run(&list, Some(&dossier), &stale, START)), Code::Changed);
    let fresh = office.command("L", by("m1"), Ask::Confirm { activation, agrees: true, seen: dossier.seq });
    assert!(office.run(&list, Some(&dossier), &fresh, START).is_ok());
}

#[test]
fn nobody_decides_on_what_has_changed_since_they_looked() {
    let (mut office, case) = (Office::new(), machine("case", CASE));
    let dossier = office.start(&case, "D", fields(70), START);
    let activation = dossier.leaves().next().expect("drafting").activation;
    let fields = BTreeMap::from([("points".into(), json!(80))]);
    let edit = office.command("D", by("clerk"), Ask::Edit { activation, fields, papers: Vec::new() });
    let after = office.run(&case, Some(&dossier), &edit, START).expect("edited").0;
    let Ask::Act(submit) = act(&after, "submit") else { unreachable!() };
    let stale = office.command("D", by("clerk"), Ask::Act(Act { seen: Some(dossier.seq), ..submit.clone() }));
    assert_eq!(code(office.run(&case, Some(&after), &stale, START)), Code::Changed);
    let fresh = office.command("D", by("clerk"), Ask::Act(Act { seen: Some(after.seq), ..submit }));
    assert!(office.run(&case, Some(&after), &fresh, START).is_ok());
}

#[test]
fn a_message_never_does_what_only_a_person_may() {
    let (mut office, case) = (Office::new(), machine("case", CASE));
    let mut dossier = office.start(&case, "D", fields(70), START);
    let submit = office.command("D", by("clerk"), act(&dossier, "submit"));
    dossier = office.run(&case, Some(&dossier), &submit, START).expect("submitted").0;
    let welcome = serde_json::from_value(json!({"list": "list", "key": "U"})).expect("fields");
    for (event, fields) in [("joined", welcome), ("withdraw", BTreeMap::new())] {
        let body = Body::Tell { event: event.into(), fields, reason: None, last: false };
        let receive = office.command("D", by("clerk"), Ask::Receive(message("L", 1, body)));
        dossier = office.run(&case, Some(&dossier), &receive, START).expect("consumed").0;
    }
    assert_eq!(state(&dossier), "open.council", "`withdraw` is the clerk's, whoever tells it");
}

/// What a person, a message or the clock might ask, sensible or not.
fn any_ask() -> impl Strategy<Value = (u8, Ask)> {
    let events = ["submit", "agree", "refuse", "suspend", "resume", "withdraw", "convene", "on_paper", "nonsense"];
    let act = (0..40_u32, prop::sample::select(events.to_vec()), any::<bool>(), 0..120_i64).prop_map(
        |(activation, event, reason, points)| {
            Ask::Act(Act {
                activation: ActivationId(activation),
                event: event.into(),
                fields: if points < 100 && event == "submit" {
                    BTreeMap::from([("points".into(), json!(points))])
                } else if event == "agree" {
                    BTreeMap::from([("number".into(), json!("1/QĐ"))])
                } else {
                    BTreeMap::new()
                },
                papers: Vec::new(),
                reason: reason.then(|| "vì".to_owned()),
                rows: BTreeMap::new(),
                seen: None,
            })
        },
    );
    let told = prop::sample::select(vec!["passed", "rejected", "returned", "odd"]).prop_map(|event| {
        let body = Body::Tell { event: event.into(), fields: BTreeMap::new(), reason: None, last: event != "passed" };
        Ask::Receive(message("L", 5, body))
    });
    let welcomed = Just({
        let fields = serde_json::from_value(json!({"list": "list", "key": "U"})).expect("fields");
        let body = Body::Tell { event: "joined".into(), fields, reason: None, last: false };
        Ask::Receive(message("L", 4, body))
    });
    let row = prop::sample::select(vec!["row-1", "row-2", "row-3"]);
    let joins = row.prop_map(|row| Ask::Receive(join(row, "p-m3")));
    let leaves = Just(Ask::Receive(message("row-1", 8, Body::Leave)));
    let casts = (0..12_u32, any::<bool>()).prop_map(|(activation, yes)| {
        let choice = if yes { Choice::Yes } else { Choice::No };
        let rows = ["row-1", "row-2", "row-3"].map(|row| (DossierId::new(row), choice));
        Ask::Cast { activation: ActivationId(activation), choices: rows.into_iter().collect() }
    });
    let tallies = (0..12_u32, 0..7_u32, 0..7_u32).prop_map(|(activation, yes, no)| {
        let tally = PaperTally { issued: 5, returned: 5, invalid: 0, yes, no };
        let rows = BTreeMap::from([(DossierId::new("row-1"), tally)]);
        Ask::Tally { activation: ActivationId(activation), rows }
    });
    let confirms = (0..12_u32, any::<bool>()).prop_map(|(activation, agrees)| Ask::Confirm {
        activation: ActivationId(activation),
        agrees,
        seen: i64::MAX,
    });
    let asks = prop_oneof![8 => act, 2 => told, 2 => welcomed, 2 => joins, 1 => leaves, 3 => casts, 2 => tallies, 2 => confirms, 2 => Just(Ask::Tick)];
    (0..8_u8, asks)
}

/// The same ask, aimed so that some of them succeed: mostly at the entry that is active, at all rows of the vote, and with
/// numbers that add up.
fn aimed(dossier: &Dossier, person: &PersonId, ask: Ask) -> Ask {
    let leaf = dossier.leaves().next().map_or(ActivationId(0), |leaf| leaf.activation);
    let aim = |activation: ActivationId| if activation.0.is_multiple_of(4) { activation } else { leaf };
    let rows = dossier.votes.iter().flat_map(|vote| &vote.rows);
    match ask {
        Ask::Act(act) => Ask::Act(Act { activation: aim(act.activation), ..act }),
        Ask::Cast { activation, choices } => {
            let choice = choices.into_values().next().unwrap_or(Choice::Abstain);
            let choices = rows.filter(|row| !row.own.contains(person)).map(|row| (row.row.clone(), choice)).collect();
            Ask::Cast { activation: aim(activation), choices }
        }
        Ask::Tally { activation, rows: given } => {
            let given = given.into_values().next().expect("a tally of one row");
            let tally = |own: &Vec<PersonId>| {
                let issued = 5 - u32::try_from(own.len()).expect("few");
                let yes = given.yes.min(issued);
                PaperTally { issued, returned: issued, invalid: 0, yes, no: issued - yes }
            };
            let all = rows.map(|row| (row.row.clone(), tally(&row.own))).collect();
            Ask::Tally { activation: aim(activation), rows: if given.no == 6 { BTreeMap::new() } else { all } }
        }
        Ask::Confirm { activation, agrees, seen: i64::MAX } => {
            Ask::Confirm { activation: aim(activation), agrees, seen: i64::MAX }
        }
        other => other,
    }
}

/// Who asks: often one of those who are asked.
fn asker(dossier: &Dossier, person: u8) -> PersonId {
    let asked: Vec<&PersonId> = dossier.tasks.iter().flat_map(|task| &task.holders).collect();
    match asked.len() {
        0 => PersonId::new(format!("p-{}", PEOPLE[person as usize])),
        _ if person.is_multiple_of(2) => PersonId::new(format!("p-{}", PEOPLE[person as usize])),
        many => asked[person as usize % many].clone(),
    }
}

const PEOPLE: [&str; 8] = ["clerk", "head", "secretary", "m1", "m2", "m3", "m4", "m5"];

fn lead(machine: &Machine, list: bool, asks: Vec<(u8, Ask, i64)>) -> Result<Vec<String>, TestCaseError> {
    let mut stood = Vec::new();
    let mut office = Office::new();
    let mut now = START;
    let mut dossier = if list {
        let fields = serde_json::from_value(json!({"unit": "U"})).expect("fields");
        let first = Some(join("row-1", "p-m3"));
        let hash = machine.hash().clone();
        let start = Start {
            machine: hash,
            fields,
            papers: Vec::new(),
            gather_key: Some("U".to_owned()),
            first,
            import_key: None,
        };
        let command = office.command("L", chancery::dossier::command::Actor::Clock, Ask::Start(start));
        office.run(machine, None, &command, now).expect("a list opens")
    } else {
        let fields = serde_json::from_value(fields(60)).expect("fields");
        let hash = machine.hash().clone();
        let start =
            Start { machine: hash, fields, papers: Vec::new(), gather_key: None, first: None, import_key: None };
        let command = office.command("D", by("clerk"), Ask::Start(start));
        office.run(machine, None, &command, now).expect("a case opens")
    };
    let mut log: Vec<Event> = dossier.1.events.clone();
    for (person, ask, days) in asks {
        now = now.plus_ms(days * DAY_MS / 2);
        let person = asker(&dossier.0, person);
        let ask = aimed(&dossier.0, &person, ask);
        let command = office.command("X", chancery::dossier::command::Actor::Link(person), ask);
        let boxes = office.boxes.clone();
        let once = office.run(machine, Some(&dossier.0), &command, now);
        // Deterministic: the same question has the same answer.
        let after = std::mem::replace(&mut office.boxes, boxes.clone());
        let twice = office.run(machine, Some(&dossier.0), &command, now);
        prop_assert_eq!(&once, &twice);
        office.boxes = after;
        if let Ok((folded, decision)) = &once {
            // However prompt the scheduler is, the dossier ends the same.
            let halfway = Instant(dossier.0.last_at.0.midpoint(now.0));
            let tick = office.command("X", chancery::dossier::command::Actor::Clock, Ask::Tick);
            let kept = std::mem::replace(&mut office.boxes, boxes);
            let (ticked, _) = office.run(machine, Some(&dossier.0), &tick, halfway).expect("a tick is never refused");
            let (late, _) =
                office.run(machine, Some(&ticked), &command, now).expect("it was not refused before either");
            prop_assert_eq!(late.snapshot(), folded.snapshot());
            office.boxes = kept;
            log.extend(decision.events.clone());
            // The rows of every step can be worked out.
            let _ = project(Some(&dossier.0), folded, &decision.events, machine, &office.calendar);
        }
        if let Ok(next) = once {
            stood.push(state(&next.0));
            dossier = next;
        }
    }
    // Replay, through the stored form, gives the snapshot to the byte.
    let stored = log.iter().map(|event| serde_json::to_string(event).expect("json"));
    let read = stored.map(|text| serde_json::from_str::<Event>(&text).expect("an event"));
    let replayed = read.into_iter().try_fold(None, |dossier, event| evolve(dossier, &event).map(Some));
    let replayed = replayed.expect("the log holds together").expect("a dossier");
    prop_assert_eq!(replayed.snapshot(), dossier.0.snapshot());
    let read_back: Dossier = serde_json::from_str(&dossier.0.snapshot()).expect("a snapshot can be read");
    prop_assert_eq!(read_back.snapshot(), dossier.0.snapshot());
    Ok(stood)
}

/// Leads many random lives; says in which states they stood and how many votes were closed.
fn lead_many(text: &str, name: &str, list: bool, days: std::ops::Range<i64>) -> BTreeMap<String, u32> {
    let machine = machine(name, text);
    let seen = std::cell::RefCell::new(BTreeMap::new());
    let lives = prop::collection::vec((any_ask(), days), 1..60);
    let config = ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() };
    // The same lives every time, so that what they reach is no matter of luck; then others, whose seed a failure prints.
    let rng = proptest::test_runner::TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha);
    let known = proptest::test_runner::TestRunner::new_with_rng(config.clone(), rng);
    for (mut runner, counts) in [(known, true), (proptest::test_runner::TestRunner::new(config), false)] {
        let led = runner.run(&lives, |asks| {
            let asks = asks.into_iter().map(|((person, ask), days)| (person, ask, days)).collect();
            for stood in lead(&machine, list, asks)?.into_iter().filter(|_| counts) {
                *seen.borrow_mut().entry(stood).or_default() += 1;
            }
            Ok(())
        });
        if let Err(error) = led {
            panic!("{error}");
        }
    }
    seen.into_inner()
}

#[test]
fn whatever_is_asked_of_a_case_is_answered_the_same_twice_and_replays() {
    let seen = lead_many(CASE, "case", false, 0..12);
    for state in ["open.drafting", "open.council", "open.deciding", "suspended", "rejected", "withdrawn"] {
        assert!(seen.contains_key(state), "no random life ever stood in {state}: {seen:?}");
    }
}

#[test]
fn whatever_is_asked_of_a_list_is_answered_the_same_twice_and_replays() {
    let seen = lead_many(LIST, "list", true, 0..4);
    for state in ["gathering", "voting", "counting", "done"] {
        assert!(seen.contains_key(state), "no random life ever stood in {state}: {seen:?}");
    }
}
