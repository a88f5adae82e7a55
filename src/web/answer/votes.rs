//! Ballots, and tallies of votes held on paper.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;

use super::Meant;
use super::act::{Hidden, Marked};
use crate::dossier::command::Ask;
use crate::dossier::{Choice, PaperTally};
use crate::ids::DossierId;
use crate::web::App;
use crate::web::error::Problem;
use crate::web::form::Form;
use crate::web::page;
use crate::web::view::refused::Wrong;
use crate::web::view::{Head, ballot, head, rows};
use crate::web::visit::Visit;

#[derive(Debug, Serialize)]
struct CastPage {
    head: Head,
    count: String,
    others: Vec<Marked>,
    yes: Vec<String>,
    hidden: Vec<Hidden>,
}

pub(super) fn cast(app: &App, visit: &Visit, form: &Form) -> Result<Meant, Problem> {
    let reader = &visit.reader;
    let Some(vote) = visit.dossier.vote(visit.task.activation) else {
        return Ok(Meant::Wrong(vec![Wrong { text: reader.get("refused.superseded"), basis: None, href: None }]));
    };
    if form.get("step") == "back" {
        return Ok(Meant::Back);
    }
    let (mut choices, mut wrongs) = (BTreeMap::new(), Vec::new());
    let all = (form.get("all") == "yes").then_some(Choice::Yes);
    let part = ballot::part_shown(vote, &visit.task.person, Some(form.get("part")));
    for row in ballot::votable(vote, part, &visit.task.person) {
        if let Some(choice) = ballot::of_name(form.get(&format!("vote.{row}"))).or(all) {
            choices.insert(row.clone(), choice);
        } else {
            let said = reader.get("refused.choice_wrong");
            let text = format!("{}: {said}", rows::caption(&visit.dossier, row));
            wrongs.push(Wrong::at(text, format!("row.{row}")));
        }
    }
    if !wrongs.is_empty() {
        return Ok(Meant::Wrong(wrongs));
    }
    if form.get("step") != "send" {
        return look(app, visit, part, &choices).map(|page| Meant::Look(Box::new(page)));
    }
    // One more ballot is another answer, and so is another part of it.
    let ballot = if vote.round.is_first() { "cast" } else { "cast again" };
    let said = [ballot, part];
    let operation = visit.operation(if part.is_empty() { &said[..1] } else { &said });
    let ask = Box::new(Ask::Cast { activation: visit.task.activation, choices });
    Ok(Meant::Command { operation, ask, attachments: Vec::new(), event: String::new() })
}

/// The ballot, to be looked over before it goes into the box; until then it is in this page and nowhere else.
fn look(app: &App, visit: &Visit, part: &str, choices: &BTreeMap<DossierId, Choice>) -> Result<Response, Problem> {
    let (reader, dossier) = (&visit.reader, &visit.dossier);
    let count = |wanted: Choice| choices.values().filter(|choice| **choice == wanted).count().to_string();
    let (yes, no, abstain) = (count(Choice::Yes), count(Choice::No), count(Choice::Abstain));
    let holes = [("yes", yes.as_str()), ("no", &no), ("abstain", &abstain)];
    let others = choices.iter().filter(|(_, choice)| **choice != Choice::Yes);
    let agreed = choices.iter().filter(|(_, choice)| **choice == Choice::Yes);
    let mut hidden = vec![Hidden { name: "do".to_owned(), value: "cast".to_owned() }];
    hidden.extend((!part.is_empty()).then(|| Hidden { name: "part".to_owned(), value: part.to_owned() }));
    hidden.extend(
        choices
            .iter()
            .map(|(row, choice)| Hidden { name: format!("vote.{row}"), value: ballot::name_of(*choice).to_owned() }),
    );
    let page = CastPage {
        head: head(reader, dossier, &visit.task, &visit.events),
        count: reader.texts.fill("ballot.cast_count", &holes),
        others: others
            .map(|(row, choice)| Marked {
                caption: rows::caption(dossier, row),
                what: ballot::label(reader, *choice),
                why: String::new(),
            })
            .collect(),
        yes: agreed.map(|(row, _)| rows::caption(dossier, row)).collect(),
        hidden,
    };
    page::page(&visit.frame(app), StatusCode::OK, "cast.html", &page)
}

pub(super) fn tally(visit: &Visit, form: &Form) -> Meant {
    let reader = &visit.reader;
    let (mut tallies, mut wrongs) = (BTreeMap::new(), Vec::new());
    for row in visit.dossier.vote(visit.task.activation).iter().flat_map(|vote| &vote.rows) {
        let mut number = |part: &str| {
            let sent = form.get(&format!("{part}.{}", row.row));
            if sent.len() > 9 || !sent.bytes().all(|digit| digit.is_ascii_digit()) { None } else { sent.parse().ok() }
        };
        let numbers = ballot::COUNTS.map(&mut number);
        let [Some(issued), Some(returned), Some(invalid), Some(yes), Some(no)] = numbers else {
            let said = reader.get("refused.number_wrong");
            let text = format!("{}: {said}", rows::caption(&visit.dossier, &row.row));
            wrongs.push(Wrong::at(text, format!("row.{}", row.row)));
            continue;
        };
        tallies.insert(row.row.clone(), PaperTally { issued, returned, invalid, yes, no });
    }
    if !wrongs.is_empty() {
        return Meant::Wrong(wrongs);
    }
    let operation = visit.operation(&["tally", form.get("seen")]);
    let ask = Box::new(Ask::Tally { activation: visit.task.activation, rows: tallies });
    Meant::Command { operation, ask, attachments: Vec::new(), event: String::new() }
}

pub(super) fn confirm(visit: &Visit, form: &Form) -> Meant {
    let agrees = match form.get("agrees") {
        "yes" => true,
        "no" => false,
        _ => return Meant::Wrong(vec![Wrong::at(visit.reader.get("refused.no_agree"), "choice")]),
    };
    let operation = visit.operation(&["confirm", form.get("agrees"), form.get("seen")]);
    let seen = form.get("seen").parse().unwrap_or_default();
    let ask = Box::new(Ask::Confirm { activation: visit.task.activation, agrees, seen });
    Meant::Command { operation, ask, attachments: Vec::new(), event: String::new() }
}
