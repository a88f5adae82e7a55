//! Decision tables: what is worked out as a formula is what the rows say, and a table of many rows is one formula still.

use std::fmt::Write as _;
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

#[test]
fn a_table_of_twenty_rows_is_checked_and_worked_out() {
    let mut rows = String::new();
    for row in 0..20 {
        let word = ["low", "high"][usize::from(row >= 10)];
        let _ = writeln!(rows, "      - {{when: {{points: {row}}}, then: {word}}}");
    }
    let text = format!(
        "chancery: 1\nworkflow: many\ntitle: Nhiều dòng\ncalendar: plain\nfields:\n  unit: {{type: unit, required: true, \
         label: Đơn vị}}\n  points: {{type: number, min: 0, max: 19, required: true, label: Điểm}}\nroles:\n  clerk: \
         {{label: Cán bộ, post: clerk, of: unit, starter: true}}\ndecisions:\n  grade:\n    label: Hạng\n    hit: \
         unique\n    inputs: {{points: points}}\n    rows:\n{rows}initial: open\nstates:\n  open:\n    title: Mở\n    \
         task: {{for: clerk, title: Gửi}}\n    on: {{send: {{by: clerk, label: Gửi, decide: {{by: grade, to: {{low: bad, \
         high: good}}}}}}}}\n  bad: {{title: Thấp, final: true, outcome: bad}}\n  good: {{title: Cao, final: true, outcome: \
         good}}\n"
    );
    let machine = crate::support::office::machine("many", &text);
    assert_eq!(machine.decisions["grade"].hit, Hit::Unique);
    for (points, outcome) in [(0, "bad"), (9, "bad"), (10, "good"), (19, "good")] {
        let mut office = Office::new();
        let dossier = office.start(&machine, "D", json!({"unit": "U", "points": points}), START);
        let sent = office.answer(&machine, &dossier, by("clerk"), act(&dossier, "send"), START).expect("sent").0;
        assert_eq!(sent.outcome.as_deref(), Some(outcome), "{points}");
    }
}
