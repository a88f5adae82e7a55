//! Pictures of statecharts: those of the shipped workflows as they are, and what holds for every picture.

use std::collections::BTreeMap;
use std::path::Path;

use chancery::chart::{Graph, Ink, Marks, Picture, dot, mermaid, phrases};
use chancery::dossier::command::{Act, Ask};
use chancery::dossier::event::Event;
use chancery::ids::{Language, StateId};
use chancery::machine::Machine;
use chancery::words::Words;
use jiff::tz::TimeZone;
use serde_json::json;

use crate::statechart::OPINIONS;
use crate::support::office::{CASE, LIST, Office, START, act, by, machine};
use crate::support::shipped;

fn drawn(machine: &Machine, language: &str, marks: &Marks) -> String {
    let graph = Graph::new(machine, &Language::new(language));
    let (phrases, words) = (phrases(language), Words::of(language));
    let picture = Picture { phrases, words, zone: &TimeZone::UTC, ink: Ink::PAPER, below: "" };
    picture.svg(&graph, marks)
}

#[test]
fn the_shipped_workflows_are_drawn_like_this() {
    for (name, language) in [("purchase/purchase", "vi"), ("purchase/purchase", "en"), ("annual/annual_case", "vi")] {
        let machine = shipped(name);
        let plain = name.replace('/', "-");
        insta::assert_snapshot!(format!("{plain}-{language}.svg"), drawn(&machine, language, &Marks::default()));
        let graph = Graph::new(&machine, &Language::new(language));
        let phrases = phrases(language);
        insta::assert_snapshot!(format!("{plain}-{language}.mermaid"), mermaid(&graph, phrases, &Marks::default()));
        insta::assert_snapshot!(format!("{plain}-{language}.dot"), dot(&graph, phrases, &Marks::default()));
    }
}

/// The pages for officers show these: `UPDATE_EXPECTED=1` draws them again.
#[test]
fn the_pictures_in_the_docs_are_those_that_the_program_draws() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/offices");
    // Those of the bloc and of the annual round are several.
    let offices = crate::offices::names().into_iter().filter(|name| !["annual", "bloc"].contains(&name.as_str()));
    let mut pictures: Vec<(String, String)> = offices.map(|name| (format!("{name}/{name}"), name)).collect();
    for (workflow, name) in [
        ("bloc/bloc_year", "bloc"),
        ("bloc/bloc_score", "bloc-score"),
        ("personal/breach", "personal-breach"),
        ("annual/annual_round", "annual"),
        ("annual/annual_unit", "annual-unit"),
        ("annual/annual_case", "annual-case"),
    ] {
        pictures.push((workflow.to_owned(), name.to_owned()));
    }
    for (workflow, name) in pictures {
        let machine = shipped(&workflow);
        for language in ["vi", "en"] {
            let path = folder.join(format!("{name}.{language}.svg"));
            let picture = drawn(&machine, language, &Marks::default());
            if std::env::var_os("UPDATE_EXPECTED").is_some() {
                std::fs::write(&path, &picture).expect("the docs can be written");
            }
            let shown = std::fs::read_to_string(&path).expect("the picture is there");
            assert!(shown == picture, "{} is not what is drawn now", path.display());
        }
    }
}

#[test]
fn regions_lie_below_each_other_in_dashed_borders() {
    let machine = machine("opinions", OPINIONS);
    insta::assert_snapshot!("opinions-vi.svg", drawn(&machine, "vi", &Marks::default()));
    let graph = Graph::new(&machine, &Language::new("vi"));
    insta::assert_snapshot!("opinions-vi.mermaid", mermaid(&graph, phrases("vi"), &Marks::default()));
    insta::assert_snapshot!("opinions-vi.dot", dot(&graph, phrases("vi"), &Marks::default()));
}

#[test]
fn a_picture_is_well_formed_and_names_every_state_in_it() {
    for (name, text) in [("case", CASE), ("list", LIST)] {
        let machine = machine(name, text);
        let svg = drawn(&machine, "vi", &Marks::default());
        assert_eq!(svg, drawn(&machine, "vi", &Marks::default()), "the same workflow gives the same picture");
        for banned in ["<script", "<style", "style=", "href", "class="] {
            assert!(!svg.contains(banned), "{banned}");
        }
        let said: String = svg.split("<text").skip(1).filter_map(|part| part.split(['>', '<']).nth(1)).collect();
        for state in &machine.states {
            for word in state.title.own.split_whitespace() {
                assert!(said.contains(word), "{word} of {} is missing", state.id);
            }
        }
    }
}

#[test]
fn counts_stand_at_their_states() {
    let machine = machine("case", CASE);
    let marks = Marks::counted(BTreeMap::from([(StateId::new("open.council"), 12_345)]));
    assert!(drawn(&machine, "vi", &marks).contains(">12345<"));
    let graph = Graph::new(&machine, &Language::new("vi"));
    assert!(mermaid(&graph, phrases("vi"), &marks).contains("Hội đồng (12345)"));
    assert!(dot(&graph, phrases("vi"), &marks).contains("Hội đồng (12345)"));
}

#[test]
fn the_way_of_a_dossier_is_that_of_its_events_over_pauses_too() {
    let (mut office, case) = (Office::new(), machine("case", CASE));
    let fields = json!({"title": "Việc", "unit": "U", "kind": "high", "person": "p-m3", "points": 70});
    let mut dossier = office.start(&case, "D", fields, START);
    let mut events: Vec<Event> = Vec::new();
    for (event, person) in [("submit", "clerk"), ("suspend", "head"), ("resume", "head")] {
        let Ask::Act(act) = act(&dossier, event) else { unreachable!() };
        let asked = Ask::Act(Act { reason: Some("vì".to_owned()), ..act });
        let command = office.command("D", by(person), asked);
        let (after, decision) = office.run(&case, Some(&dossier), &command, START).expect("it may");
        events.extend(decision.events);
        dossier = after;
    }
    let marks = Marks::of(&dossier, &events);
    let hops: Vec<(&str, &str)> = marks.hops.iter().map(|(from, to, _)| (from.as_str(), to.as_str())).collect();
    assert_eq!(hops, [("open.council", "suspended"), ("suspended", "open")]);
    assert!(marks.visits[&StateId::new("open.council")].here);
    assert!(!marks.visits[&StateId::new("suspended")].here);
}

#[test]
fn what_a_workflow_says_cannot_become_markup() {
    let text = CASE.replace("title: Hội đồng", "title: '<b>&\"'").replace("label: Nộp,", "label: 'a:b;c#d\"<i>',");
    let machine = machine("case", &text);
    let svg = drawn(&machine, "vi", &Marks::default());
    assert!(svg.contains("&lt;b&gt;&amp;&quot;") && !svg.contains("<b>") && !svg.contains("<i>"));
    let graph = Graph::new(&machine, &Language::new("vi"));
    let mermaid = mermaid(&graph, phrases("vi"), &Marks::default());
    assert!(mermaid.contains("a#58;b#59;c#35;d#quot;#lt;i#gt;"), "{mermaid}");
    assert!(dot(&graph, phrases("vi"), &Marks::default()).contains("a:b;c#d\\\"<i>"));
}
