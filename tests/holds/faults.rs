//! Whoever looks after the engine must be looked after as well: each fault that somebody could make in it is planted, an office
//! lives with it for a while, and `audit verify` finds it by the check whose business it is. Without a fault it finds nothing.

use std::collections::BTreeSet;

use chancery::planted::{FAULTS, plant};
use chancery::verify::{Given, verify};
use serde_json::json;

use crate::again;
use crate::database::sqlite;
use crate::life::{Life, MASTER};

/// Which check finds what. Where the engine's own replay finds it too, that is more; this list asks for the independent look.
const FOUND_BY: &[(&str, &str)] = &[
    ("notice-dropped", "notice"),
    ("told-dropped", "notice"),
    ("notice-twice", "notice"),
    ("notice-of-no-event", "notice"),
    ("task-not-offered", "task"),
    ("task-not-closed", "task"),
    ("task-of-another", "task"),
    ("event-twice", "row"),
    ("operation-not-recorded", "operation"),
    ("actor-not-recorded", "decision"),
    ("chain-over-wrong-bytes", "chain"),
    ("chain-forked", "chain"),
    ("head-over-wrong-hashes", "head"),
    ("key-not-kept", "content"),
    ("snapshot-not-the-fold", "content"),
    ("row-behind-the-log", "row"),
    ("outcome-not-stored", "row"),
    ("state-not-left", "course"),
    ("entry-number-reused", "course"),
    ("wrong-target", "course"),
    ("event-not-answered", "course"),
    ("answers-twice", "decision"),
    ("timer-lost", "timer"),
    ("timer-early", "timer"),
    ("timer-fires-again", "timer"),
    ("due-skipped", "row"),
    ("due-not-first", "timer"),
    ("time-goes-back", "order"),
    ("ballot-counted-twice", "box"),
    ("ballot-lost", "box"),
    ("roll-not-marked", "box"),
    ("votes-twice", "roll"),
    ("tally-wrong", "box"),
    ("box-hash-of-another", "box"),
    ("number-taken-twice", "number"),
    ("number-not-said", "number"),
    ("fact-lost", "register"),
    ("fact-of-another-year", "register"),
    ("message-lost", "message"),
    ("message-changed", "message"),
    ("message-not-settled", "message"),
    ("message-never-read", "message"),
    ("paper-lost", "paper"),
    ("paper-changed", "paper"),
];

#[test]
fn every_planted_fault_is_found_by_the_check_whose_business_it_is() {
    let named: BTreeSet<&str> = FAULTS.iter().map(|(name, _)| *name).collect();
    let expected: BTreeSet<&str> = FOUND_BY.iter().map(|(name, _)| *name).collect();
    assert_eq!(named, expected, "every fault has its check here");
    assert!(named.len() >= 30);
    assert_eq!(checks_of(""), BTreeSet::new(), "an office without a fault is sound");
    let missed: Vec<String> = FOUND_BY
        .iter()
        .map(|(fault, check)| (fault, check, checks_of(fault)))
        .filter(|(_, check, found)| !found.contains(**check))
        .map(|(fault, check, found)| format!("{fault}: `{check}` says nothing, found by {found:?}"))
        .collect();
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

/// The checks that find something after a life with a fault.
fn checks_of(fault: &str) -> BTreeSet<String> {
    let (answer, _) = again::run("faults::one_life", &[("CHANCERY_PLANTED", fault)]);
    let answer = answer.unwrap_or_else(|| panic!("the life with `{fault}` came to no end"));
    serde_json::from_value(answer).expect("a list of checks")
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by the test above, once for each fault"]
async fn one_life() {
    let fault = std::env::var("CHANCERY_PLANTED").unwrap_or_default();
    assert!(fault.is_empty() || plant(&fault), "there is no fault `{fault}`");
    let database = sqlite();
    database.spoil();
    let mut life = Life::open(&database.url, 1).await;
    life.run().await;
    let given = Given { keys: Some([(1, MASTER)].into()), acknowledged: life.acknowledged.clone() };
    assert!(life.acknowledged.len() > 20 || !fault.is_empty(), "{:?}", life.acknowledged);
    let report = verify(&database.url, &given, |_, _| {}).await.expect("it can be read");
    if fault.is_empty() {
        eprintln!("{report:#?}");
    }
    let checks: BTreeSet<&str> = report.faults.iter().map(|fault| fault.check).collect();
    again::answer(&json!(checks));
}
