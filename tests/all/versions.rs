//! Two versions beside each other (`chancery diff`), dossiers that go from one to the other (`migrate-dossiers`), and who does
//! what where (`chancery table`), as an operator asks for them.

use serde_json::json;

use crate::cli::{Place, place, shipped};

/// The shipped purchase workflow, changed.
fn changed(place: &Place, changes: &[(&str, &str)]) -> String {
    let folder = place.folder.join("newer");
    std::fs::create_dir_all(&folder).expect("a folder");
    for file in ["purchase.yaml", "purchase.en.yaml", "limits.yaml"] {
        let mut text = std::fs::read_to_string(shipped(&format!("purchase/{file}"))).expect("it is shipped");
        for (from, to) in changes {
            text = text.replace(from, to);
        }
        std::fs::write(folder.join(file), text).expect("written");
    }
    folder.display().to_string()
}

#[test]
fn a_workflow_differs_from_itself_in_nothing() {
    let place = place("diff-same");
    let same = place.good(&["diff", &shipped("purchase"), &shipped("purchase")]);
    assert_eq!(same, "no difference\n");
}

#[test]
fn a_renamed_state_needs_a_mapping_and_another_limit_changes_courses() {
    let place = place("diff-states");
    let newer = changed(&place, &[("buying", "acquiring"), ("amount <= limits.most", "amount < limits.most")]);
    let ran = place.run(&["diff", &shipped("purchase"), &newer, "--format", "json"]);
    assert_eq!(ran.code, 1, "differences were found: {}", ran.err);
    let found: serde_json::Value = serde_json::from_str(&ran.out).expect("one JSON value");
    assert_eq!(found["courses"]["buying"], json!({"course": "stranded", "near": "acquiring"}));
    assert_eq!(found["courses"]["manager_review"], json!({"course": "now", "keys": ["guards.within_limit"]}));
    let text = place.run(&["diff", &shipped("purchase"), &newer]).out;
    assert!(text.contains("Mapping needed:\n  buying: acquiring\n"), "{text}");
}

#[test]
fn dossiers_of_the_office_are_counted_where_they_stand() {
    let place = place("diff-live");
    place.purchase();
    place.start();
    let newer = changed(&place, &[("within: 10wd", "within: 12wd")]);
    let ran = place.run(&["diff", "purchase", &newer, "--format", "json"]);
    assert_eq!(ran.code, 1, "differences were found: {}", ran.err);
    let found: serde_json::Value = serde_json::from_str(&ran.out).expect("one JSON value");
    assert_eq!(found["dossiers"], json!({"manager_review": 1}));
    assert_eq!(found["courses"]["buying"], json!({"course": "now", "keys": ["deadline"]}));
    assert_eq!(found["courses"]["director_review"], json!({"course": "later", "state": "buying"}));
}

#[test]
fn a_table_says_who_does_what_where() {
    let place = place("table");
    let text = place.good(&["table", &shipped("purchase"), "--language", "en"]);
    let line = text.lines().find(|line| line.contains("Funds available")).expect("the accountant's event");
    assert!(line.contains("Approval by the director"), "where it leads: {line}");
    let director = place.json(&["table", &shipped("purchase"), "--role", "director"]);
    let chosen: Vec<&str> = director
        .as_array()
        .expect("a list")
        .iter()
        .filter(|deed| deed["does"] == "leads")
        .map(|deed| deed["event"].as_str().expect("a name"))
        .collect();
    assert_eq!(chosen, ["approve", "refuse"]);
    assert_eq!(place.run(&["table", &shipped("purchase"), "--role", "nobody"]).code, 2);
}

#[test]
fn a_code_is_explained_with_a_file_that_has_the_fault_and_its_repair() {
    let place = place("explain-example");
    let told = place.good(&["check", "--explain", "E0308", "--language", "en"]);
    assert!(told.contains("error[E0308]:") && told.contains("\n+ "), "{told}");
    let told = place.good(&["check", "--explain", "E0308", "--language", "vi"]);
    assert!(told.contains("Ví dụ:") && told.contains("lỗi[E0308]"), "{told}");
}

/// The shipped purchase with a state of another name, deployed.
fn deploy_newer(place: &Place, from: &str, to: &str) -> String {
    let folder = place.folder.join("newer");
    std::fs::create_dir_all(&folder).expect("a folder");
    for file in ["purchase.yaml", "purchase.en.yaml", "limits.yaml"] {
        let text = std::fs::read_to_string(shipped(&format!("purchase/{file}"))).expect("it is shipped");
        std::fs::write(folder.join(file), text.replace(from, to)).expect("written");
    }
    let folder = folder.display().to_string();
    place.good(&["deploy", &folder]);
    folder
}

#[test]
fn an_operator_sees_first_and_then_takes_all_of_them_over() {
    let place = place("migrate-dossiers");
    place.purchase();
    let old = place.json(&["list"]);
    assert_eq!(old, json!([]));
    let ids = [place.start(), place.start()];
    deploy_newer(&place, "manager_review", "head_review");
    place.bad(1, &["migrate-dossiers", "purchase", "--yes"], &["2 of 2 dossiers may not go over: none did"]);
    std::fs::write(place.folder.join("m.yaml"), "purchase:\n  manager_review: head_review\n").expect("written");
    place.bad(5, &["migrate-dossiers", "--mapping", "m.yaml"], &["2 dossiers can go over", "--yes"]);
    assert_eq!(place.json(&["list"])[0]["state"], "manager_review", "nothing was done");
    let went = place.json(&["migrate-dossiers", "--mapping", "m.yaml", "--yes"]);
    assert_eq!(went["applied"], true);
    assert_eq!(went["workflows"][0]["dossiers"][0]["becomes"], "head_review");
    let again = place.good(&["migrate-dossiers", "--mapping", "m.yaml", "--yes", "--language", "en"]);
    assert!(again.contains("every open dossier follows the deployed version"), "{again}");
    for id in &ids {
        assert_eq!(place.json(&["act", id, "approve", "--as", "MS-TP"])["state"], "budget_check");
        assert!(place.good(&["show", id]).contains("migrated"));
        place.good(&["explain", id]);
        place.good(&["diagram", "--dossier", id]);
    }
    place.good(&["audit", "replay", "--all"]);
}

#[test]
fn a_mapping_names_states_that_are_there() {
    let place = place("migrate-names");
    place.purchase();
    place.start();
    let newer = deploy_newer(&place, "manager_review", "head_review");
    let refused = |text: &str, words: &[&str]| {
        std::fs::write(place.folder.join("m.yaml"), text).expect("written");
        place.bad(3, &["migrate-dossiers", "--mapping", "m.yaml"], words);
    };
    refused("purchase:\n  manager_review: head_reviev\n", &["no state `head_reviev`", "did you mean `head_review`?"]);
    refused("purchase:\n  manager_reviews: head_review\n", &["did you mean `manager_review`?"]);
    refused("purchase: [manager_review]\n", &["is no mapping of states"]);
    refused("purchase:\n  a: b\n  a: c\n", &["a"]);
    place.bad(2, &["migrate-dossiers", "nothing"], &["no workflow `nothing` is deployed"]);
    let hash = place.json(&["list"])[0]["id"].as_str().expect("an id").to_owned();
    let old = place.json(&["show", &hash])["dossier"]["machine"].as_str().expect("a hash").to_owned();
    let ran = place.run(&["diff", &old[..12], &newer, "--format", "json"]);
    let found: serde_json::Value = serde_json::from_str(&ran.out).expect("one JSON value");
    assert_eq!(found["stranded"][0]["states"], json!(["manager_review"]));
    assert_eq!(found["mapping"], json!({"manager_review": "head_review"}));
}
