//! Rolls: who is on one is said when the ballots go out, and who leaves meanwhile is taken off before anything is counted.

use std::collections::BTreeMap;

use chancery::dossier::command::{Actor, Ask};
use chancery::dossier::decide::Decision;
use chancery::dossier::event::Change;
use chancery::dossier::{Choice, Dossier, PaperTally};
use chancery::ids::{DossierId, FieldName, Instant, PersonId};
use chancery::machine::Machine;
use serde_json::json;

use crate::decide::{convened, sheet};
use crate::support::office::{DAY_MS, LIST, Office, START, act, by, machine};

fn list(rule: &str) -> Machine {
    let rule = format!("    own_case: {{votes: true}}\n    leaver: loses_seat\n{rule}");
    machine("list", &LIST.replace("    own_case: {votes: false, in_base: true}\n", &rule))
}

fn agreed(office: &mut Office, machine: &Machine, dossier: Dossier, people: &[&str]) -> Dossier {
    people.iter().fold(dossier, |dossier, person| {
        let command = office.command("L", by(person), sheet(&dossier, person, Choice::Yes));
        office.run(machine, Some(&dossier), &command, START).expect("a ballot").0
    })
}

fn tick(office: &mut Office, machine: &Machine, dossier: &Dossier, days: i64) -> (Dossier, Decision) {
    let command = office.command("L", Actor::Clock, Ask::Tick);
    office.run(machine, Some(dossier), &command, Instant(START.0 + days * DAY_MS)).expect("a tick")
}

fn leave(office: &mut Office, people: &[&str]) {
    let body = office.directory.bodies.values_mut().next().expect("a council");
    body.seats.retain(|seat| !people.iter().any(|person| seat.person == PersonId::new(format!("p-{person}"))));
}

#[test]
fn whoever_left_counts_in_no_quorum_so_that_the_others_are_asked_in_writing() {
    let mut office = Office::new();
    let text = "    absent: {written_ballot: 3wd, no_reply: not_agreed}\n";
    let text = LIST
        .replace(
            "    own_case: {votes: false, in_base: true}\n",
            &format!("    own_case: {{votes: true}}\n    leaver: loses_seat\n{text}"),
        )
        .replace("at least kind.threshold of members", "more than 1/2 of present");
    let list = machine("list", &text);
    let dossier = convened(&mut office, &list, "convene");
    let dossier = agreed(&mut office, &list, dossier, &["m1", "m2", "m3"]);
    leave(&mut office, &["m5"]);
    let (dossier, _) = tick(&mut office, &list, &dossier, 5);
    let vote = dossier.votes.first().expect("three of four are a quorum, and the fourth is asked in writing");
    assert_eq!((vote.present, vote.roll.len()), (Some(3), 4));
}

#[test]
fn a_roll_on_which_nobody_is_left_is_no_quorum() {
    let mut office = Office::new();
    let list = list("");
    let dossier = convened(&mut office, &list, "convene");
    leave(&mut office, &["m1", "m2", "m3", "m4", "m5"]);
    let command = office.command("L", Actor::Clock, Ask::Tick);
    let (dossier, decision) =
        office.run(&list, Some(&dossier), &command, Instant(START.0 + 5 * DAY_MS)).expect("a tick");
    let result = dossier.results.last().expect("it is closed");
    assert_eq!((result.members, result.quorate), (0, false));
    let told = decision.events.iter().flat_map(|event| &event.changes);
    assert_eq!(told.filter(|change| matches!(change, Change::Sent { .. })).count(), 0, "no row is told a result");
}

#[test]
fn on_paper_nobody_loses_a_seat_after_the_ballots_were_handed_out() {
    let mut office = Office::new();
    let list = list("");
    let dossier = convened(&mut office, &list, "on_paper");
    let activation = dossier.all_votes().next().expect("a vote").activation;
    leave(&mut office, &["m4", "m5"]);
    let all = PaperTally { issued: 5, returned: 5, invalid: 0, yes: 5, no: 0 };
    let rows = BTreeMap::from(["row-1", "row-2"].map(|row| (DossierId::new(row), all)));
    let command = office.command("L", by("secretary"), Ask::Tally { activation, rows });
    let (dossier, _) = office.run(&list, Some(&dossier), &command, START).expect("five ballots were handed out");
    let command = office.command("L", by("m1"), Ask::Confirm { activation, agrees: true, seen: dossier.seq });
    let (dossier, _) = office.run(&list, Some(&dossier), &command, START).expect("the chair agrees");
    let result = dossier.results.last().expect("it is closed");
    assert_eq!((result.members, result.quorate), (5, true));
}

const COMMITTEE: &str = "
chancery: 1
workflow: committee
title: Hội đồng chấm
calendar: plain
fields:
  unit: {type: unit, required: true, label: Đơn vị}
  examiners:
    type: rows
    label: Thành viên
    columns: {who: {type: person, required: true, label: Ai}}
roles:
  clerk: {label: Cán bộ, post: clerk, of: unit, starter: true}
votes:
  defence:
    title: Bảo vệ
    body: members of examiners
    ballot: open
    quorum: at least 1/2 of members
    passes: more than 1/2 of members
    open_for: 3wd
    leaver: loses_seat
initial: drafting
states:
  drafting:
    title: Soạn
    task: {for: clerk, title: Lập, edit: [examiners]}
    on: {put: {by: clerk, label: Bỏ phiếu, target: voting}}
  voting:
    title: Bỏ phiếu
    vote: defence
    access: {clerk: {edit: [examiners]}, others: {see: all}}
    on: {passed: carried, rejected: lost, no_quorum: lost}
  carried: {title: Đạt, final: true, outcome: carried}
  lost: {title: Không đạt, final: true, outcome: lost}
";

#[test]
fn who_votes_in_a_body_that_a_dossier_composes_is_not_chosen_anew_while_they_vote() {
    let mut office = Office::new();
    let machine = machine("committee", COMMITTEE);
    let table = |people: &[&str]| people.iter().map(|one| json!({"who": format!("p-{one}")})).collect::<Vec<_>>();
    let fields = json!({"unit": "U", "examiners": table(&["m1", "m2", "m3", "m4"])});
    let dossier = office.start(&machine, "L", fields, START);
    let command = office.command("L", by("clerk"), act(&dossier, "put"));
    let (dossier, _) = office.run(&machine, Some(&dossier), &command, START).expect("it is put");
    let dossier = agreed(&mut office, &machine, dossier, &["m1", "m2"]);
    let activation = dossier.leaves().next().expect("it stands").activation;
    let fields = BTreeMap::from([(FieldName::from("examiners"), json!(table(&["m1", "m2", "m5"])))]);
    let command = office.command("L", by("clerk"), Ask::Edit { activation, fields, papers: Vec::new() });
    let (dossier, _) = office.run(&machine, Some(&dossier), &command, START).expect("the table is open");
    let command = office.command("L", by("m5"), sheet(&dossier, "m5", Choice::Yes));
    office.run(&machine, Some(&dossier), &command, START).expect_err("who came later has no ballot");
    let (dossier, _) = tick(&mut office, &machine, &dossier, 5);
    let result = dossier.results.last().expect("it is closed");
    assert_eq!(
        (result.members, result.rows[0].yes, result.rows[0].passed),
        (4, 2, false),
        "two of four are no majority"
    );
}
