//! A dossier that is returned comes again in another round; what was voted on before stands or falls; and whoever sent it on
//! takes it back as long as nobody has acted on it.

use std::path::Path;

use axum::http::StatusCode;
use chancery::dossier::command::Ask;
use chancery::dossier::event::Kind;
use chancery::dossier::refusal::{Code, Refusal};
use chancery::dossier::{Deed, Dossier, Purpose};
use chancery::ids::{Instant, StateId};
use chancery::machine::Machine;
use proptest::prelude::*;
use serde_json::json;

use crate::support::office::{Office, START, act, by, machine};
use crate::support::pages::Pages;

/// The process beside its scenarios, for the small office.
fn text() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/all/processes/proposal/proposal.yaml");
    let text = std::fs::read_to_string(path).expect("it is there");
    text.replace("post: reviewer", "post: head").replace("post: minister, of: root of unit", "post: head, of: unit")
}

fn opened(office: &mut Office) -> (Machine, Dossier) {
    let machine = machine("proposal", &text());
    let dossier = office.start(&machine, "D", json!({"topic": "Một", "unit": "U", "text": "Bản một"}), START);
    (machine, dossier)
}

fn does(office: &mut Office, machine: &Machine, dossier: &Dossier, who: &str, event: &str) -> Result<Dossier, Refusal> {
    let Ask::Act(mut ask) = act(dossier, event) else { unreachable!() };
    ask.reason = Some("Vì thế".to_owned());
    let command = office.command("D", by(who), Ask::Act(ask));
    office.run(machine, Some(dossier), &command, dossier.last_at).map(|(dossier, _)| dossier)
}

/// All members vote, and the vote ends with the last ballot.
fn voted(office: &mut Office, machine: &Machine, mut dossier: Dossier, yes: usize) -> Dossier {
    for (at, member) in ["m1", "m2", "m3", "m4", "m5"].into_iter().enumerate() {
        let vote = &dossier.votes[0];
        let choice = if at < yes { chancery::dossier::Choice::Yes } else { chancery::dossier::Choice::No };
        let choices = vote.rows.iter().map(|row| (row.row.clone(), choice)).collect();
        let ask = Ask::Cast { activation: vote.activation, choices };
        let command = office.command("D", by(member), ask);
        dossier = office.run(machine, Some(&dossier), &command, dossier.last_at).expect("cast").0;
    }
    let tick = chancery::dossier::command::Command::tick(&dossier).expect("the vote ends");
    office.run(machine, Some(&dossier), &tick, dossier.last_at).expect("closed").0
}

#[test]
fn what_somebody_sent_they_take_back_and_nobody_else_does() {
    let mut office = Office::new();
    let (machine, dossier) = opened(&mut office);
    let sent = does(&mut office, &machine, &dossier, "clerk", "submit").expect("sent");
    assert_eq!(
        does(&mut office, &machine, &sent, "head", "take_back").expect_err("not theirs").codes(),
        [&Code::NotAsked]
    );
    let (activation, now) = (sent.leaves().next().expect("it stands").activation, sent.last_at);
    let claimed = office.answer(&machine, &sent, by("head"), Ask::Claim { activation }, now).expect("taken over").0;
    let refused = does(&mut office, &machine, &claimed, "clerk", "take_back").expect_err("somebody has it");
    assert_eq!(refused.codes(), [&Code::ActedOn { by: Some("p-head".into()) }]);
    let back = does(&mut office, &machine, &sent, "clerk", "take_back").expect("nobody has acted");
    assert_eq!((back.stands().as_str(), back.round), ("drafting", 1), "taking back is no return");
}

#[test]
fn whoever_acted_since_stands_against_it_also_when_the_sender_did_something_later() {
    let mut office = Office::new();
    let (machine, dossier) = opened(&mut office);
    let mut sent = does(&mut office, &machine, &dossier, "clerk", "submit").expect("sent");
    let mine = sent.deeds.last().expect("sending is a deed").clone();
    let theirs = Deed { person: "p-head".into(), state: Some(StateId::new("review")), ..mine.clone() };
    let later = Deed { state: Some(StateId::new("review")), ..mine };
    sent.deeds.extend([theirs, later]);
    let refused = does(&mut office, &machine, &sent, "clerk", "take_back").expect_err("the head has acted");
    assert_eq!(refused.codes(), [&Code::ActedOn { by: Some("p-head".into()) }]);
}

#[test]
fn whoever_has_a_step_done_anew_has_sent_nothing_that_they_could_take_back() {
    let mut office = Office::new();
    let text = text().replace("take_back: {by: clerk", "take_back: {by: [clerk, head]");
    let machine = machine("proposal", &text);
    let dossier = office.start(&machine, "D", json!({"topic": "Một", "unit": "U", "text": "Bản một"}), START);
    let sent = does(&mut office, &machine, &dossier, "clerk", "submit").expect("sent");
    let (activation, now) = (sent.leaves().next().expect("it stands").activation, sent.last_at);
    let redo = Ask::Redo { activation, reason: "Xem lại".to_owned() };
    let anew = office.answer(&machine, &sent, by("head"), redo, now).expect("done anew").0;
    assert_eq!(
        does(&mut office, &machine, &anew, "head", "take_back").expect_err("not theirs").codes(),
        [&Code::NotAsked]
    );
}

#[test]
fn once_returned_it_is_in_round_two_and_what_fell_is_voted_on_again() {
    let mut office = Office::new();
    let (machine, dossier) = opened(&mut office);
    let mut dossier = does(&mut office, &machine, &dossier, "clerk", "submit").expect("sent");
    dossier = does(&mut office, &machine, &dossier, "head", "accept").expect("accepted");
    dossier = voted(&mut office, &machine, dossier, 3);
    assert_eq!(dossier.stands(), "deciding");
    for (event, next) in [("reword", "deciding"), ("redo", "council")] {
        let mut again = does(&mut office, &machine, &dossier, "head", event).expect("returned");
        assert_eq!((again.stands().as_str(), again.round), ("drafting", 2));
        again = does(&mut office, &machine, &again, "clerk", "submit").expect("sent again");
        again = does(&mut office, &machine, &again, "head", "accept").expect("accepted again");
        assert_eq!(again.stands(), next, "after {event}");
        assert_eq!(again.votes.len(), usize::from(next == "council"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever is done: the round counts the returns, and a result that counts was either reached in this round or stands.
    #[test]
    fn a_round_is_a_return_more(choices in proptest::collection::vec(0_u8..6, 1..40)) {
        let mut office = Office::new();
        let (machine, mut dossier) = opened(&mut office);
        let mut returns = 0;
        for choice in choices {
            let (who, event) = match (dossier.stands().as_str(), choice) {
                ("drafting", _) => ("clerk", "submit"),
                ("review", 0 | 1) => ("clerk", "take_back"),
                ("review", 2) => ("head", "send_back"),
                ("review", _) => ("head", "accept"),
                ("deciding", 0 | 1) => ("head", "redo"),
                ("deciding", _) => ("head", "reword"),
                ("council", _) => {
                    dossier = voted(&mut office, &machine, dossier, 5);
                    prop_assert_eq!(dossier.stands(), "deciding");
                    continue;
                }
                _ => break,
            };
            match does(&mut office, &machine, &dossier, who, event) {
                Ok(after) => {
                    returns += u32::from(["send_back", "redo", "reword"].contains(&event));
                    prop_assert!(event != "reword" || after.results.last().is_some_and(|last| last.stands));
                    prop_assert!(event != "redo" || after.results.iter().all(|result| result.fallen));
                    dossier = after;
                }
                Err(refusal) => {
                    prop_assert!(dossier.round >= 3 && refusal.codes() == [&Code::Guard], "{}: {:?}", event, refusal);
                    break;
                }
            }
            prop_assert_eq!(dossier.round, returns + 1);
        }
    }
}

#[tokio::test]
async fn the_page_of_whoever_sent_it_takes_it_back_and_the_others_link_says_so() {
    let pages = Pages::new().await;
    pages.deploy("proposal", &text()).await;
    let fields = json!({"topic": "Giá nước", "unit": "U", "text": "Bản một"});
    let proposal = pages.start("proposal", "p1", fields).await;
    let mine = pages.link(&proposal, Purpose::Act, "clerk").await;
    let seen = pages.get(&mine).await.hidden("seen");
    pages.post(&mine, &[("do", "act"), ("seen", &seen), ("choice", "submit")]).await;
    let theirs = pages.link(&proposal, Purpose::Act, "head").await;
    let over = pages.get(&mine).await;
    assert!(over.text().contains("Rút lại để sửa"), "{}", over.text());
    let form = [("do", "recall"), ("entry", &over.hidden("entry")), ("event", &over.hidden("event"))];
    assert_eq!(pages.post(&mine, &form).await.status, StatusCode::SEE_OTHER);
    let dossier = pages.engine.dossier(&proposal).await.expect("it reads").expect("it exists");
    assert_eq!(dossier.stands(), "drafting");
    let events = pages.engine.history(&proposal).await.expect("it reads");
    assert_eq!(events.last().map(|event| event.kind), Some(Kind::Recalled));
    let told = pages.get(&theirs).await.text();
    assert!(told.contains("Người gửi đã rút lại") && told.contains("rút lại hồ sơ đã gửi"), "{told}");

    // A second time it is returned, and the page says in which round it comes.
    pages.choose(&proposal, "clerk", "submit").await;
    pages.at(Instant(START.0 + 1_000));
    pages.choose(&proposal, "head", "send_back").await;
    let page = pages.page(&proposal, "clerk").await;
    assert!(page.contains("Lần trình") && page.contains("Bắt đầu lần trình thứ 2"), "{page}");
}
