//! Every way of voting: `tests/all/votes` is played as an office plays its scenarios, and what a page says of a further ballot.

use std::path::Path;
use std::process::Command;

use axum::http::StatusCode;
use chancery::dossier::decide::Decision;
use chancery::dossier::event::Change;
use chancery::dossier::{Choice, Dossier, Purpose, Round};
use chancery::ids::{Instant, PersonId};
use chancery::machine::Machine;

use crate::decide::{convened, sheet};
use crate::support::office::{DAY_MS, LIST, Office, START, by, machine};
use crate::support::pages::{self, Pages};
use crate::web::{cast, voting};

#[test]
fn every_way_of_voting_does_what_its_scenarios_say() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut test = Command::new(env!("CARGO_BIN_EXE_chancery"));
    test.arg("test").arg(root.join("tests/all/votes"));
    test.arg("--calendar").arg(root.join("workflows/calendars/vn-civil-service.yaml"));
    let played = test.output().expect("it runs");
    let said = String::from_utf8_lossy(&played.stdout).into_owned() + &String::from_utf8_lossy(&played.stderr);
    assert!(played.status.success(), "{said}");
}

/// The list of the tests, with a rule of its own.
fn list(rule: &str) -> Machine {
    machine("list", &LIST.replace("    own_case: {votes: false, in_base: true}\n", rule))
}

/// These people vote so; the others do not.
fn voted(office: &mut Office, list: &Machine, dossier: Dossier, choices: &[(&str, Choice)], now: Instant) -> Dossier {
    choices.iter().fold(dossier, |dossier, (person, choice)| {
        let ask = sheet(&dossier, person, *choice);
        let command = office.command("L", by(person), ask);
        office.run(list, Some(&dossier), &command, now).expect("a ballot").0
    })
}

fn tick(office: &mut Office, list: &Machine, dossier: &Dossier, now: Instant) -> (Dossier, Decision) {
    let command = office.command("L", chancery::dossier::command::Actor::Clock, chancery::dossier::command::Ask::Tick);
    office.run(list, Some(dossier), &command, now).expect("a tick")
}

#[test]
fn a_second_ballot_in_secret_begins_with_empty_boxes_and_asks_everybody_again() {
    let mut office = Office::new();
    let rule = "    own_case: {votes: true}\n    tie: again\n    abstention: not_counted\n";
    let list = machine(
        "list",
        &LIST
            .replace("    own_case: {votes: false, in_base: true}\n", rule)
            .replace("at least kind.threshold of members", "more than 1/2 of valid"),
    );
    let dossier = convened(&mut office, &list, "convene");
    let activation = dossier.all_votes().next().expect("a vote").activation;
    let (yes, no, abstain) = (Choice::Yes, Choice::No, Choice::Abstain);
    let all = [("m1", yes), ("m2", yes), ("m3", no), ("m4", no), ("m5", abstain)];
    let dossier = voted(&mut office, &list, dossier, &all, START);
    let (dossier, decision) = tick(&mut office, &list, &dossier, START);
    let vote = dossier.vote(activation).expect("it goes on");
    assert_eq!(vote.round, Round::Again { highest: None });
    assert!(vote.roll.iter().all(|seat| !seat.cast), "everybody votes again");
    assert_eq!(dossier.task(activation, Purpose::Ballot).expect("they are asked").holders.len(), 5);
    let begun = decision.events.iter().flat_map(|event| &event.changes).filter_map(Change::begins_ballot);
    assert_eq!(begun.collect::<Vec<_>>(), [activation], "whoever keeps the boxes empties them");
    let earlier = vote.earlier.as_ref().expect("what the first gave");
    assert!(earlier.rows.iter().all(|row| (row.yes, row.no, row.base, row.passed) == (2, 2, 4, false)));
}

#[test]
fn a_member_who_left_without_voting_keeps_the_seat_or_loses_it_as_the_rule_says() {
    for (rule, members) in [("", 5), ("    leaver: loses_seat\n", 4)] {
        let mut office = Office::new();
        let list = list(&format!("    own_case: {{votes: true}}\n{rule}"));
        let dossier = convened(&mut office, &list, "convene");
        let four = ["m1", "m2", "m3", "m4"].map(|member| (member, Choice::Yes));
        let dossier = voted(&mut office, &list, dossier, &four, START);
        let body = office.directory.bodies.values_mut().next().expect("a council");
        body.seats.retain(|seat| seat.person != PersonId::new("p-m4") && seat.person != PersonId::new("p-m5"));
        let (dossier, _) = tick(&mut office, &list, &dossier, Instant(START.0 + 5 * DAY_MS));
        let result = dossier.results.last().expect("it is closed");
        assert_eq!(result.members, members, "whoever has voted stays on the roll");
        assert!(result.rows.iter().all(|row| (row.yes, row.base) == (4, members)));
    }
}

#[tokio::test]
async fn a_second_ballot_asks_on_the_same_page_and_counts_only_what_is_said_then() {
    let pages = Pages::new().await;
    let rule = "own_case: {votes: true}\n    tie: again\n    abstention: not_counted\n";
    let text = pages::LIST.replace("own_case: {votes: false, in_base: true}\n", rule);
    let text = text.replace("at least kind.threshold of members", "more than 1/2 of valid");
    pages.deploy("list", &text).await;
    let (rows, list) = voting(&pages).await;
    for (member, choice) in [("m1", "yes"), ("m2", "yes"), ("m3", "no"), ("m4", "no"), ("m5", "abstain")] {
        let names: Vec<String> = rows.iter().map(|row| format!("vote.{row}")).collect();
        let form: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), choice)).collect();
        let sent = cast(&pages, &list, member, &form).await;
        assert_eq!(sent.status, StatusCode::SEE_OTHER, "{member}: {}", sent.text());
    }
    pages.engine.tick(&list).await.expect("the first ballot ends");
    let link = pages.link(&list, Purpose::Ballot, "m1").await;
    assert!(pages.get(&link).await.text().contains("lần bỏ phiếu thứ hai"), "the page says so");
    for member in ["m1", "m2", "m3", "m4", "m5"] {
        let sent = cast(&pages, &list, member, &[("all", "yes")]).await;
        assert_eq!(sent.status, StatusCode::SEE_OTHER, "{member}: {}", sent.text());
    }
    pages.engine.tick(&list).await.expect("the second ballot ends");
    let stored = pages.engine.dossier(&list).await.expect("it reads").expect("it is there");
    let result = stored.results.last().expect("a result");
    assert!(result.rows.iter().all(|row| (row.yes, row.no, row.abstain) == (5, 0, 0)), "{result:?}");
    assert!(result.replaced.iter().all(|row| (row.yes, row.no, row.abstain) == (2, 2, 1)), "{result:?}");
    assert_eq!(result.replaced.len(), rows.len());
}
