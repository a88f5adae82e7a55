//! Decision tables: what is worked out is what the rows say, and tables of many rows are looked at whole.

use std::path::Path;

use chancery::dossier::Dossier;
use chancery::machine::check::check_files;
use chancery::machine::{Hit, Machine, Sample};
use chancery::source::SourceFile;
use proptest::prelude::*;
use serde_json::json;

use crate::support::office::{Office, START, act, by};

/// The process beside its scenarios, for the small office.
fn spending() -> Machine {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/all/processes/spending");
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).ok();
    let text = read("spending.yaml").expect("it is there");
    let text = text.replace("post: reviewer, of: unit", "body: council of unit, seat: chair");
    let text = text.replace("post: minister, of: root of unit", "body: council of unit, seat: secretary");
    let included = |name: &str| read(name).map(|text| SourceFile::new(name, text));
    check_files(&SourceFile::new("spending.yaml", text), &included).machine.expect("it has no fault")
}

fn asked(dossier: &Dossier) -> Vec<&str> {
    dossier.awaited().map(chancery::ids::PersonId::as_str).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whoever the rows name is asked, and the dossier goes where the one row that holds leads.
    #[test]
    fn what_the_rows_say_is_what_happens(
        amount in prop_oneof![1_i64..600_000_000, 49_999_999_i64..50_000_002, 499_999_999_i64..500_000_002],
        kind in prop_oneof![Just("goods"), Just("works"), Just("travel")],
    ) {
        let (mut office, machine) = (Office::new(), spending());
        let fields = json!({"item": "Một", "unit": "U", "kind": kind, "amount": amount.to_string()});
        let mut dossier = office.start(&machine, "D", fields, START);
        let samples = [Sample::Number(amount.into()), Sample::Word(Some(kind.to_owned()))];
        let holds = |table: &str| {
            let rows = machine.decisions[table].rows.iter().filter(|row| row.holds(&samples));
            rows.flat_map(|row| row.then.clone()).collect::<Vec<String>>()
        };
        let people = [("reviewer", "p-m1"), ("head", "p-head"), ("minister", "p-secretary")];
        let wanted = holds("advice");
        let wanted: Vec<&str> =
            people.iter().filter(|(role, _)| wanted.iter().any(|one| one == role)).map(|(_, who)| *who).collect();
        let (after, _) = office.answer(&machine, &dossier, by("clerk"), act(&dossier, "submit"), START).expect("sent");
        dossier = after;
        let mut found = asked(&dossier);
        found.sort_unstable();
        let mut expected = wanted.clone();
        expected.sort_unstable();
        prop_assert_eq!(found, expected);
        for who in wanted {
            let who = who.trim_start_matches("p-");
            dossier = office.answer(&machine, &dossier, by(who), act(&dossier, "say"), START).expect("said").0;
        }
        let route = holds("route");
        prop_assert_eq!(route.len(), 1, "the table is unique");
        let state = if route[0] == "small" { "at_head" } else { "at_minister" };
        prop_assert_eq!(dossier.stands(), state);
    }
}

/// A workflow that grades points (0 to 9999) and a kind by a table of these rows.
fn grading(hit: &str, rows: &[String]) -> String {
    let rows = rows.iter().fold(String::new(), |rows, row| rows + "      - " + row + "\n");
    format!(
        "chancery: 1\nworkflow: many\ntitle: Nhiều dòng\ncalendar: plain\nfields:\n  unit: {{type: unit, required: true, \
         label: Đơn vị}}\n  points: {{type: number, min: 0, max: 9999, label: Điểm}}\n  kind: {{type: one_of, values: \
         {{a: A, b: B}}, required: true, label: Loại}}\nroles:\n  clerk: {{label: Cán bộ, post: clerk, of: unit, starter: \
         true}}\ndecisions:\n  grade:\n    label: Hạng\n    hit: {hit}\n    inputs: {{points: points, kind: kind}}\n    \
         rows:\n{rows}initial: open\nstates:\n  open:\n    title: Mở\n    task: {{for: clerk, title: Gửi}}\n    on: \
         {{send: {{by: clerk, label: Gửi, decide: {{by: grade, to: {{low: bad, high: good}}}}}}}}\n  bad: {{title: Thấp, final: \
         true, outcome: bad}}\n  good: {{title: Cao, final: true, outcome: good}}\n"
    )
}

/// 500 rows that decide everything once: 250 spans of forty points for each kind, the upper half of them `high`.
fn spans() -> Vec<String> {
    let span = |kind, at: u32| {
        let (from, to) = (at * 40, at * 40 + 39);
        let word = if at >= 125 { "high" } else { "low" };
        format!("{{when: {{points: \"{from} .. {to}\", kind: {kind}}}, then: {word}}}")
    };
    ["a", "b"].into_iter().flat_map(|kind| (0..250).map(move |at| span(kind, at))).collect()
}

fn told(text: &str) -> Vec<(&'static str, String)> {
    let checked = check_files(&SourceFile::new("many.yaml", text), &|_| None);
    let label = |one: &chancery::diagnostic::Diagnostic| one.labels[0].text.text("en");
    checked.diagnostics.iter().map(|one| (one.code, label(one))).collect()
}

#[test]
fn a_table_of_five_hundred_rows_is_checked_and_worked_out() {
    let machine = crate::support::office::machine("many", &grading("unique", &spans()));
    assert_eq!(machine.decisions["grade"].hit, Hit::Unique);
    for (points, outcome) in [(0, "bad"), (4999, "bad"), (5000, "good"), (9999, "good")] {
        let mut office = Office::new();
        let fields = json!({"unit": "U", "points": points, "kind": "b"});
        let dossier = office.start(&machine, "D", fields, START);
        let sent = office.answer(&machine, &dossier, by("clerk"), act(&dossier, "send"), START).expect("sent").0;
        assert_eq!(sent.outcome.as_deref(), Some(outcome), "{points}");
    }
}

#[test]
fn among_five_hundred_rows_the_one_case_is_found_that_none_or_two_decide() {
    let with = |at: usize, row: &str| {
        let mut rows = spans();
        rows[at] = row.to_owned();
        rows
    };
    assert_eq!(told(&grading("unique", &spans())), []);
    let gap = with(317, "{when: {points: \"2680 .. 2718\", kind: b}, then: low}");
    assert_eq!(told(&grading("unique", &gap)), [("E0223", "nothing holds for: points: 2719, kind: b".to_owned())]);
    let two = with(317, "{when: {points: \"2679 .. 2719\", kind: b}, then: low}");
    assert_eq!(told(&grading("unique", &two)), [("E0224", "holds for: points: 2679, kind: b".to_owned())]);
    let never = with(317, "{when: {points: \"40 .. 119\", kind: b}, then: low}");
    let codes: Vec<&str> = told(&grading("first", &never)).iter().map(|(code, _)| *code).collect();
    assert_eq!(
        codes,
        ["E0223", "E0303"],
        "it decides nothing that the rows before it leave open, and leaves its own open"
    );
}

#[test]
fn what_depends_on_an_empty_column_is_refused_and_what_does_not_is_decided() {
    let rows =
        ["{when: {kind: a}, then: low}", "{when: {points: \"< 5\"}, then: low}", "{then: high}"].map(str::to_owned);
    let machine = crate::support::office::machine("many", &grading("first", &rows));
    let mut office = Office::new();
    let sent = |office: &mut Office, kind: &str| {
        let dossier = office.start(&machine, "D", json!({"unit": "U", "kind": kind}), START);
        office.answer(&machine, &dossier, by("clerk"), act(&dossier, "send"), START)
    };
    assert_eq!(sent(&mut office, "a").expect("the first row holds").0.outcome.as_deref(), Some("bad"));
    let refused = sent(&mut office, "b").expect_err("how many points it has is not known").to_string();
    assert!(refused.contains("no condition fits `points`, which is an empty field"), "{refused}");
}

#[test]
fn formulas_know_a_table_by_its_name() {
    let rows = ["{when: {points: \"< 5\"}, then: low}", "{when: {points: \">= 5\"}, then: high}"].map(str::to_owned);
    let text = grading("unique", &rows).replace(
        "initial: open",
        "guards:\n  fine: {expr: \"grade == 'high' && kind == 'a'\", refuse: Chưa đủ}\ninitial: open",
    );
    let text = text.replace("decide: {by: grade, to: {low: bad, high: good}}", "guard: fine, target: good");
    let text = text.replace("  bad: {title: Thấp, final: true, outcome: bad}\n", "");
    let machine = crate::support::office::machine("many", &text);
    for (points, goes) in [(4, false), (5, true)] {
        let mut office = Office::new();
        let dossier = office.start(&machine, "D", json!({"unit": "U", "points": points, "kind": "a"}), START);
        let sent = office.answer(&machine, &dossier, by("clerk"), act(&dossier, "send"), START);
        assert_eq!(sent.is_ok(), goes, "{points}");
    }
}
