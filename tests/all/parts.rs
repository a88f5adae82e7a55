//! Ballots in parts: each part is final by itself, and of what was not cast nothing is kept.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use chancery::dossier::command::{Ask, Command};
use chancery::dossier::event::Change;
use chancery::dossier::refusal::Code;
use chancery::dossier::{Choice, Dossier, Purpose};
use chancery::ids::{DossierId, Instant, OperationId, PersonId};
use chancery::machine::Machine;
use serde_json::json;

use crate::decide::convened;
use crate::store::databases;
use crate::support::office::{DAY_MS, LIST, Office, START, by, machine};
use crate::support::pages::{self, Pages};
use crate::web::{cast, submit};

/// The list, with sheets split by the kind of a row.
fn list() -> Machine {
    machine("list", &LIST.replace("    ballot: secret\n", "    parts: kind\n    ballot: secret\n"))
}

/// Convened, its second row of another kind.
fn voting(office: &mut Office, list: &Machine) -> Dossier {
    let mut dossier = convened(office, list, "convene");
    // As if it had joined so.
    for row in &mut dossier.votes[0].rows {
        if row.row.as_str() == "row-2" {
            row.part = Some("plain".to_owned());
        }
    }
    dossier
}

fn part(dossier: &Dossier, rows: &[&str], choice: Choice) -> Ask {
    let choices = rows.iter().map(|row| (DossierId::new(*row), choice)).collect();
    Ask::Cast { activation: dossier.votes[0].activation, choices }
}

#[test]
fn a_part_is_cast_by_itself_once_and_whole() {
    let (mut office, list) = (Office::new(), list());
    let dossier = voting(&mut office, &list);
    let activation = dossier.votes[0].activation;
    let command = office.command("L", by("m1"), part(&dossier, &["row-2"], Choice::No));
    let (dossier, decision) = office.run(&list, Some(&dossier), &command, START).expect("a part");
    let changes = || decision.events.iter().flat_map(|event| &event.changes);
    assert!(changes().any(|change| matches!(change, Change::MarkedPart { part, .. } if part == "plain")));
    let said = serde_json::to_string(&decision.events).expect("events") + &dossier.snapshot();
    assert!(!said.contains("\"no\"") && !said.contains("Chose"), "a choice is in no event and no snapshot");
    let boxes: Vec<&str> = decision.ballots.keys().map(|(_, row)| row.as_str()).collect();
    assert_eq!(boxes, ["row-2"], "nothing of the other part goes anywhere");
    let asked = |dossier: &Dossier| {
        dossier.task(activation, Purpose::Ballot).is_some_and(|task| task.holders.contains(&PersonId::new("p-m1")))
    };
    assert!(asked(&dossier), "the other part is still asked for");

    for (person, rows, refused) in [
        ("m1", vec!["row-2"], Code::Done { by: Some("p-m1".into()), at: None }),
        ("m1", vec!["row-1", "row-2"], Code::Done { by: Some("p-m1".into()), at: None }),
        ("m2", vec![], Code::ChoiceWrong),
        ("m3", vec!["row-1"], Code::ChoiceWrong),
    ] {
        let command = office.command("L", by(person), part(&dossier, &rows, Choice::Yes));
        let refusal = office.run(&list, Some(&dossier), &command, START).expect_err(person);
        assert_eq!(refusal.reasons[0].code, refused, "{person} {rows:?}");
    }
    let command = office.command("L", by("m1"), part(&dossier, &["row-1"], Choice::Yes));
    let (dossier, _) = office.run(&list, Some(&dossier), &command, START).expect("the other part");
    assert!(!asked(&dossier), "all of it is in the box");
    assert!(dossier.votes[0].roll.iter().any(|seat| seat.person.as_str() == "p-m1" && seat.cast));
}

#[test]
fn a_quorum_must_be_there_in_every_part_and_half_cast_sheets_count_where_they_were_cast() {
    for (both, quorate) in [(4, true), (3, false)] {
        let (mut office, list) = (Office::new(), list());
        let mut dossier = voting(&mut office, &list);
        for (place, member) in ["m1", "m2", "m4", "m5"].into_iter().enumerate() {
            for row in if place < both { vec!["row-1", "row-2"] } else { vec!["row-2"] } {
                let command = office.command("L", by(member), part(&dossier, &[row], Choice::Yes));
                dossier = office.run(&list, Some(&dossier), &command, START).expect("a part").0;
            }
        }
        let command = office.command("L", chancery::dossier::command::Actor::Clock, Ask::Tick);
        let later = Instant(START.0 + 5 * DAY_MS);
        let (dossier, _) = office.run(&list, Some(&dossier), &command, later).expect("it is closed");
        let result = dossier.results.last().expect("a result");
        assert_eq!(result.quorate, quorate, "{both} of 5 cast the first part");
        let yes: BTreeMap<&str, u32> = result.rows.iter().map(|row| (row.row.as_str(), row.yes)).collect();
        assert_eq!((yes["row-1"], yes["row-2"]), (u32::try_from(both).expect("few"), 4));
    }
}

#[test]
fn whoever_has_cast_a_part_keeps_the_seat() {
    let mut office = Office::new();
    let text = LIST.replace("    ballot: secret\n", "    parts: kind\n    leaver: loses_seat\n    ballot: secret\n");
    let list = machine("list", &text);
    let dossier = voting(&mut office, &list);
    let command = office.command("L", by("m4"), part(&dossier, &["row-2"], Choice::Yes));
    let dossier = office.run(&list, Some(&dossier), &command, START).expect("a part").0;
    let body = office.directory.bodies.values_mut().next().expect("a council");
    body.seats.retain(|seat| !["p-m4", "p-m5"].contains(&seat.person.as_str()));
    let command = office.command("L", by("m4"), part(&dossier, &["row-1"], Choice::Yes));
    let refusal = office.run(&list, Some(&dossier), &command, START).expect_err("a member no longer");
    assert_eq!(refusal.reasons[0].code, Code::NotAsked, "what is left of a ballot is not cast by whoever has left");
    let command = office.command("L", chancery::dossier::command::Actor::Clock, Ask::Tick);
    let (dossier, _) = office.run(&list, Some(&dossier), &command, Instant(START.0 + 5 * DAY_MS)).expect("closed");
    assert_eq!(dossier.results.last().expect("a result").members, 4, "m5 is gone, m4 is in a box");
}

#[tokio::test]
async fn a_page_takes_one_part_after_the_other_and_agrees_within_it() {
    for database in databases().await {
        part_after_part(Pages::on(database, pages::CASE).await).await;
    }
}

async fn part_after_part(pages: Pages) {
    pages.deploy("list", &pages::LIST.replace("    ballot: secret\n", "    parts: kind\n    ballot: secret\n")).await;
    let mut cases = Vec::new();
    for (id, kind) in [("c1", "plain"), ("c2", "high"), ("c3", "plain")] {
        let case = pages.case(id, &format!("Đề nghị {id}"), "clerk").await;
        let link = pages.link(&case, Purpose::Act, "clerk").await;
        let seen = pages.get(&link).await.hidden("seen");
        pages.post(&link, &[("do", "edit"), ("seen", &seen), ("edit.kind", kind)]).await;
        submit(&pages, &case).await;
        cases.push(case);
    }
    let list = pages.list_of(&cases[0]).await;
    let link = pages.link(&list, Purpose::Act, "secretary").await;
    let seen = pages.get(&link).await.hidden("seen");
    pages.post(&link, &[("do", "act"), ("seen", &seen), ("choice", "convene")]).await;

    let sheet = pages.link(&list, Purpose::Ballot, "m1").await;
    let page = pages.get(&sheet).await;
    let first = page.hidden("part");
    assert!(page.text().contains("Các phần của phiếu") && page.text().contains("\"vote.c1\""));
    assert!(!page.text().contains("\"vote.c2\""), "the other part has a page of its own: {}", page.text());
    let other = pages.get(&format!("{sheet}?part=2")).await;
    assert!(other.text().contains("\"vote.c2\"") && !other.text().contains("\"vote.c3\""));
    let second = other.hidden("part");
    assert_ne!(first, second);

    let sent = cast(&pages, &list, "m1", &[("part", &second), ("all", "yes")]).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text());
    let again = cast(&pages, &list, "m1", &[("part", &second), ("all", "yes")]).await;
    assert_eq!(again.status, StatusCode::SEE_OTHER, "a second click is the same ballot");
    let done = pages.get(&format!("{sheet}?part=2")).await;
    assert!(done.text().contains("Phần này đã vào hòm") && !done.text().contains("vote.c2"), "{}", done.text());
    let no = format!("vote.{}", cases[0]);
    let sent = cast(&pages, &list, "m1", &[("part", &first), ("all", "yes"), (&no, "no")]).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text());
    assert!(pages.get(&sheet).await.text().contains("2 phần"), "over: {}", pages.get(&sheet).await.text());
    let reused = Command {
        operation: OperationId::new("same"),
        dossier: list.clone(),
        actor: by("m2"),
        ask: Ask::Cast {
            activation: pages.engine.dossier(&list).await.expect("it reads").expect("it is there").votes[0].activation,
            choices: BTreeMap::from([(cases[1].clone(), Choice::No)]),
        },
    };
    pages.engine.handle(reused.clone(), Vec::new()).await.expect("a part");
    let Ask::Cast { activation, .. } = reused.ask else { unreachable!() };
    let choices = [&cases[0], &cases[2]].map(|case| (case.clone(), Choice::No)).into();
    let other = Command { ask: Ask::Cast { activation, choices }, ..reused };
    pages.engine.handle(other, Vec::new()).await.expect_err("another part under the same id is another command");

    for member in ["m2", "m3", "m4", "m5"] {
        for part in [&second, &first] {
            cast(&pages, &list, member, &[("part", part), ("all", "yes")]).await;
        }
    }
    pages.engine.tick(&list).await.expect("the vote closes");
    let stored = pages.engine.dossier(&list).await.expect("it reads").expect("it is there");
    let result = stored.results.last().expect("a result");
    let counted: BTreeMap<&str, (u32, u32)> =
        result.rows.iter().map(|row| (row.row.as_str(), (row.yes, row.no))).collect();
    let of = |case: &DossierId| counted[case.as_str()];
    assert_eq!([of(&cases[0]), of(&cases[1]), of(&cases[2])], [(4, 1), (4, 1), (5, 0)], "{:?}", json!(counted));
}
