//! Two versions beside each other (`chancery diff`), and who does what where (`chancery table`), as an operator asks for them.

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
