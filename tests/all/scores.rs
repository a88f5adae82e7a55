//! Several people each score for themselves; guards see the mean of all of them, exactly.

use axum::http::StatusCode;
use chancery::dossier::command::Ask;
use chancery::dossier::refusal::Code;
use chancery::dossier::{Dossier, Purpose};
use chancery::ids::FieldName;
use chancery::machine::Machine;
use serde_json::{Value, json};

use crate::support::office::{Office, START, act, by, machine};
use crate::support::pages::Pages;

const GRANT: &str = r#"
chancery: 1
workflow: grant
title: Đề tài
calendar: plain
caption: title
fields:
  title: {type: text, max: 100, required: true, label: Tên}
  unit:  {type: unit, required: true, label: Đơn vị}
  scores:
    type: rows
    max: 9
    label: Điểm chấm
    columns:
      by:    {type: person, label: Người chấm}
      main:  {type: decimal, places: 2, min: 0, max: 90, required: true, label: Điểm}
      bonus: {type: decimal, places: 2, min: 0, max: 10, label: Điểm thưởng}
      ethics: {type: one_of, values: {passes: Đạt, fails: Không đạt}, required: true, label: Đạo đức}
roles:
  clerk:    {label: Cán bộ, post: clerk, of: unit, starter: true}
  reviewer: {label: Người chấm, body: council of unit}
guards:
  clean: {expr: "!scores.exists(s, s.ethics == 'fails')"}
  good:  {expr: "mean(scores.map(s, s.main)) >= 80"}
access:
  reviewer: {see: [title, unit]}
initial: drafting
states:
  drafting:
    title: Soạn
    task: {for: clerk, title: Soạn, edit: [title]}
    on: {submit: {by: clerk, label: Nộp, target: scoring}}
  scoring:
    title: Chấm điểm
    task: {for: reviewer, title: Chấm điểm}
    on:
      score:
        - {by: reviewer, label: Gửi điểm, needs: all, adds: scores, guard: [clean, good], target: granted}
        - {by: reviewer, label: Gửi điểm, needs: all, adds: scores, target: drafting}
  granted: {title: Được cấp, final: true, outcome: granted}
"#;

/// The members of the council and its secretary.
const SIX: [&str; 6] = ["m1", "m2", "m3", "m4", "m5", "secretary"];

fn scoring(office: &mut Office) -> (Machine, Dossier) {
    let machine = machine("grant", GRANT);
    let dossier = office.start(&machine, "D", json!({"title": "Một", "unit": "U"}), START);
    let dossier = submit(office, &machine, &dossier);
    (machine, dossier)
}

fn submit(office: &mut Office, machine: &Machine, dossier: &Dossier) -> Dossier {
    let command = office.command("D", by("clerk"), act(dossier, "submit"));
    office.run(machine, Some(dossier), &command, START).expect("submitted").0
}

fn score(dossier: &Dossier, row: &Value) -> Ask {
    let Ask::Act(mut ask) = act(dossier, "score") else { unreachable!() };
    ask.fields.insert(FieldName::from("scores"), json!([row]));
    Ask::Act(ask)
}

/// All of them score; the last one decides.
fn all(office: &mut Office, machine: &Machine, mut dossier: Dossier, points: [&str; 6], ethics: &str) -> Dossier {
    for (member, main) in SIX.into_iter().zip(points) {
        assert_eq!(dossier.stands(), "scoring");
        let ask = score(&dossier, &json!({"main": main, "ethics": ethics}));
        let command = office.command("D", by(member), ask);
        dossier = office.run(machine, Some(&dossier), &command, START).expect("scored").0;
    }
    dossier
}

#[test]
fn the_mean_of_all_decides_exactly() {
    let mut office = Office::new();
    let (machine, dossier) = scoring(&mut office);
    let granted = all(&mut office, &machine, dossier.clone(), ["79.99", "80", "80", "80", "80", "80.01"], "passes");
    assert_eq!(granted.outcome.as_deref(), Some("granted"), "the mean is 80 to the last digit");
    let rows = granted.fields[&FieldName::from("scores")].as_array().expect("a table");
    let whose: Vec<&str> = rows.iter().filter_map(|row| row["by"].as_str()).collect();
    assert_eq!(whose, ["p-m1", "p-m2", "p-m3", "p-m4", "p-m5", "p-secretary"]);
    let below = all(&mut office, &machine, dossier, ["79.99", "80", "80", "80", "80", "80"], "passes");
    assert_eq!(below.stands(), "drafting");
}

#[test]
fn what_knocks_out_does_so_whatever_the_points_and_a_new_round_begins_empty() {
    let mut office = Office::new();
    let (machine, dossier) = scoring(&mut office);
    let out = all(&mut office, &machine, dossier, ["90"; 6], "fails");
    assert_eq!(out.stands(), "drafting");
    let again = submit(&mut office, &machine, &out);
    let granted = all(&mut office, &machine, again, ["90"; 6], "passes");
    assert_eq!(granted.outcome.as_deref(), Some("granted"));
    assert_eq!(granted.fields[&FieldName::from("scores")].as_array().map(Vec::len), Some(6));
}

#[test]
fn nobody_scores_for_somebody_else_or_beyond_the_maximum() {
    let mut office = Office::new();
    let (machine, dossier) = scoring(&mut office);
    let mut refused = |row: Value| {
        let command = office.command("D", by("m1"), score(&dossier, &row));
        office.run(&machine, Some(&dossier), &command, START).map(|(after, _)| after).map_err(|refusal| {
            let reason = &refusal.reasons[0];
            (reason.code.clone(), reason.about.clone().unwrap_or_default())
        })
    };
    let wrong = |about: &str| Some((Code::FieldWrong, about.to_owned()));
    assert_eq!(refused(json!({"main": "90.01", "ethics": "passes"})).err(), wrong("scores.1.main"));
    assert_eq!(refused(json!({"main": "80.001", "ethics": "passes"})).err(), wrong("scores.1.main"));
    assert_eq!(refused(json!({"ethics": "passes"})).err(), wrong("scores.1.main"));
    assert_eq!(refused(json!(7)).err(), Some((Code::FieldMissing, "scores".to_owned())));
    let own = refused(json!({"by": "p-m2", "main": "80", "ethics": "passes"})).expect("taken as their own");
    assert_eq!(own.fields[&FieldName::from("scores")][0]["by"], json!("p-m1"));
}

#[tokio::test]
async fn a_page_asks_for_one_row_and_shows_nobody_elses() {
    let pages = Pages::new().await;
    pages.deploy("grant", GRANT).await;
    let grant = pages.start("grant", "g1", json!({"title": "Một", "unit": "U"})).await;
    let drafting = pages.link(&grant, Purpose::Act, "clerk").await;
    let seen = pages.get(&drafting).await.hidden("seen");
    pages.post(&drafting, &[("do", "act"), ("seen", &seen), ("choice", "submit")]).await;
    for (member, main) in [("m1", "81,5"), ("m2", "77")] {
        let link = pages.link(&grant, Purpose::Act, member).await;
        let page = pages.get(&link).await;
        assert!(page.text().contains("Điểm thưởng") && !page.text().contains("81,5"), "{}", page.text());
        let form = [
            ("do", "act"),
            ("seen", &page.hidden("seen")),
            ("choice", "score"),
            ("field.score.scores", "rows"),
            ("field.score.scores.0.main", main),
            ("field.score.scores.0.ethics", "passes"),
        ];
        let answer = pages.post(&link, &form).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
    }
    let dossier = pages.engine.dossier(&grant).await.expect("it reads").expect("it exists");
    let rows = dossier.fields[&FieldName::from("scores")].as_array().expect("a table").clone();
    assert_eq!((rows.len(), &rows[0]["main"], &rows[1]["main"]), (2, &json!("81.5"), &json!("77")));
}
