//! Files as offices send them: every fault with its place, and nothing is planned as long as there is one.

use std::collections::BTreeMap;

use chancery::diagnostic::Diagnostic;
use chancery::import::{PaperNames, Plan, plan, plan_list};
use chancery::machine::Machine;
use chancery::sheet::csv;
use chancery::source::SourceFile;

use crate::support::office;

pub(crate) const WORKFLOW: &str = "
chancery: 1
workflow: intake
title: Tiếp nhận
calendar: plain
caption: title
subject: [person, collective]
tables: {kinds: kinds.yaml}
papers: {report: Báo cáo, minutes: Biên bản}
fields:
  code:       {type: text, max: 20, label: Mã}
  title:      {type: text, max: 10, label: Tên}
  person:     {type: person, label: Người}
  collective: {type: unit, label: Tập thể}
  kind:       {type: choice, from: kinds, label: Loại}
  points:     {type: number, min: 0, max: 100, label: Điểm}
  day:        {type: date, label: Ngày}
  rating:     {type: one_of, values: {good: Tốt, poor: Kém}, label: Xếp loại}
roles: {clerk: {label: Cán bộ, field: person}}
initial: fresh
states:
  fresh:
    title: Mới
    task: {for: clerk, title: Làm, edit: [code, title, person, collective, kind, points, day, rating], attach: [report, minutes]}
    on: {do: {by: clerk, label: Xong, target: done}}
  done: {title: Xong, final: true, outcome: done}
registers: {awards: {label: Sổ}}
import:
  key: code
  columns:
    code: [code, person, collective]
    title: title
    kind: kind
    points: points
    day: day
    rating: rating
  register: {column: prior, register: awards}
  papers: documents
  ignore: [note]
";

const HEAD: &str = "code,title,kind,points,day,rating,prior,documents,note";
const GOOD: &str = "clerk,Một,plain,60,2026-06-01,good,a:2024;b:2025,report,x";

fn machine() -> Machine {
    office::machine("intake", WORKFLOW)
}

fn read(bytes: &[u8], papers: Option<&PaperNames>) -> Result<Plan, Vec<Diagnostic>> {
    let table = csv::read("rows.csv", bytes)?;
    plan(&table, &machine(), &office::directory(), papers)
}

fn good(bytes: &[u8]) -> Plan {
    read(bytes, None).unwrap_or_else(|faults| panic!("{faults:?}"))
}

/// The faults of a file: code, line and column, and a word that the message must hold.
#[track_caller]
fn faults(bytes: &[u8], expected: &[(&str, usize, usize, &str)]) {
    let found = read(bytes, None).expect_err("it has faults");
    let file = SourceFile::new("rows.csv", String::from_utf8_lossy(bytes));
    let places: Vec<(&str, usize, usize, &str)> = found
        .iter()
        .zip(expected.iter().map(|one| one.3).chain(std::iter::repeat("")))
        .map(|(fault, word)| {
            let (line, column) = file.line_column(fault.labels[0].span.range.start);
            assert!(fault.message("en").contains(word), "`{word}` is missing in: {}", fault.message("en"));
            (fault.code, line, column, word)
        })
        .collect();
    assert_eq!(places, expected, "{found:?}");
}

fn rows(rows: &[&str]) -> Vec<u8> {
    format!("{HEAD}\n{}\n", rows.join("\n")).into_bytes()
}

#[test]
fn a_row_becomes_fields_register_entries_and_the_key() {
    let plan = good(&rows(&[GOOD]));
    let row = &plan.rows[0];
    assert_eq!((row.key.as_str(), row.line), ("clerk", 2));
    let fields = serde_json::to_value(&row.fields).expect("JSON");
    let expected = serde_json::json!({"code": "clerk", "title": "Một", "person": "p-clerk", "kind": "plain", "points": 60,
        "day": "2026-06-01", "rating": "good"});
    assert_eq!(fields, expected);
    let entries: Vec<_> = row.register.iter().map(|one| (one.holder.as_str(), one.key.as_str(), one.year)).collect();
    assert_eq!(entries, [("p-clerk", "a", 2024), ("p-clerk", "b", 2025)]);
    assert!(row.papers.is_empty(), "without a folder no paper is asked for");
}

#[test]
fn a_code_may_be_a_unit_as_well_and_empty_cells_leave_fields_alone() {
    let plan = good(&rows(&["U,,,,,,a:2024,,"]));
    let fields = serde_json::to_value(&plan.rows[0].fields).expect("JSON");
    assert_eq!(fields, serde_json::json!({"code": "U", "collective": "U"}));
    assert_eq!(plan.rows[0].register[0].holder, "unit:U");
}

#[test]
fn rows_of_other_workflows_are_passed_over_and_counted_and_a_list_that_is_brought_holds_none() {
    let text = WORKFLOW.replace("  ignore: [note]", "  only: {note: [x, y]}");
    let (machine, directory) = (office::machine("intake", &text), office::directory());
    let bytes = rows(&[GOOD, "nobody,,,ten,,,,,other", "head,Hai,,,,,,,y", "nobody,,,,,,,,"]);
    let table = csv::read("rows.csv", &bytes).expect("CSV");
    let ours = plan(&table, &machine, &directory, None).expect("their faults are not ours");
    let keys: Vec<&str> = ours.rows.iter().map(|row| row.key.as_str()).collect();
    let others = BTreeMap::from([(String::new(), 1), ("other".to_owned(), 1)]);
    assert_eq!((keys, ours.others), (vec!["clerk", "head"], others), "which words they have is said");
    let narrow = String::from_utf8(bytes).expect("UTF-8").replace(",note", ",wish");
    let faults = plan(&csv::read("rows.csv", narrow.as_bytes()).expect("CSV"), &machine, &directory, None);
    assert!(faults.expect_err("nobody knows whose they are").iter().any(|fault| fault.message("en").contains("note")));
    let brought = csv::read("rows.csv", b"code,title,kind,points,day,rating\nclerk,A,plain,1,,\n").expect("CSV");
    assert_eq!(plan_list(&brought, &machine, &directory).map(|plan| plan.rows.len()), Ok(1));
}

#[test]
fn byte_order_marks_windows_line_ends_and_semicolons_change_nothing() {
    let plain = good(&rows(&[GOOD, "head,Hai,,,,,,,"])).rows;
    let text = String::from_utf8(rows(&[GOOD, "head,Hai,,,,,,,"])).expect("UTF-8");
    let windows = format!("\u{feff}{}", text.replace('\n', "\r\n"));
    assert_eq!(good(windows.as_bytes()).rows, plain);
    assert_eq!(good(text.replace('\n', "\r").as_bytes()).rows, plain, "each in its line, as old spreadsheets end them");
    let semicolons = text.replace("a:2024;b:2025", "\"a:2024;b:2025\"").replace(',', ";");
    assert_eq!(good(semicolons.as_bytes()).rows, plain);
}

#[test]
fn another_encoding_is_named_with_its_line() {
    let mut bytes = rows(&[GOOD, "head,"]);
    bytes.extend(b"\xd4\xe0,,,,,,,\n");
    let found = read(&bytes, None).expect_err("it is not UTF-8");
    assert_eq!(found.len(), 1);
    assert!(
        found[0].message("en").contains("line 4") || found[0].message("en").contains("line 3"),
        "{}",
        found[0].message("en")
    );
    let utf16: Vec<u8> = [0xff, 0xfe].into_iter().chain("code".encode_utf16().flat_map(u16::to_le_bytes)).collect();
    assert!(read(&utf16, None).expect_err("it is UTF-16")[0].message("en").contains("UTF-16"));
}

#[test]
fn missing_and_unknown_columns_are_all_named_at_once() {
    faults(
        b"code,titel,points,day,rating,prior,documents\nclerk,x,1,,,,\n",
        &[("E0802", 1, 1, "kind"), ("E0802", 1, 1, "title"), ("E0802", 1, 6, "titel")],
    );
}

#[test]
fn a_missing_column_hides_no_fault_of_the_rows() {
    faults(
        b"code,kind,points,day,rating,prior,documents\nclerk,plian,1,,,,\nhead,plain,101,1/6/2026,good,,\n",
        &[("E0802", 1, 1, "title"), ("E0823", 2, 7, "plian"), ("E0823", 3, 12, "101"), ("E0823", 3, 16, "1/6/2026")],
    );
    // Nothing is said of every row about a column that is not there.
    faults(
        b"title,kind,points,day,rating,prior,documents\nx,plain,1,,,a:2024,\ny,plain,2,,,,\n",
        &[("E0802", 1, 1, "code")],
    );
}

#[test]
fn names_stand_for_codes_where_only_one_is_called_so() {
    let table = csv::read(
        "rows.csv",
        "Mã / Người / Tập thể,TÊN,kind,points,day,xếp loại,prior,documents\nclerk,Một,plain,60,,tốt,,\n".as_bytes(),
    );
    let read = plan(&table.expect("a table"), &machine(), &office::directory(), None).expect("it is sound");
    let fields = serde_json::to_value(&read.rows[0].fields).expect("JSON");
    let expected = serde_json::json!({"code": "clerk", "title": "Một", "person": "p-clerk", "kind": "plain", "points": 60, "rating": "good"});
    assert_eq!(fields, expected);
    let twins = WORKFLOW.replace("{good: Tốt, poor: Kém}", "{good: Tốt, best: Tốt, poor: Kém}");
    let table = csv::read("rows.csv", &rows(&["clerk,Một,plain,60,,Tốt,,,"])).expect("a table");
    let found =
        plan(&table, &office::machine("intake", &twins), &office::directory(), None).expect_err("two are called so");
    assert!(found[0].message("en").contains("several"), "{}", found[0].message("en"));
    assert_eq!(found[0].help.find("en").as_deref(), Some("write one of good, best"));
}

#[test]
fn every_faulty_cell_is_named_with_line_and_column() {
    faults(
        &rows(&[
            "nobody,Một,plain,60,2026-06-01,good,,,",
            "clerk,Tên dài quá mức,plian,101,1/6/2026,fair,x,,",
            "clerk,=1+1,,,,,,,",
            ",,,,,,,,có",
        ]),
        &[
            ("E0823", 2, 1, "nobody"),
            ("E0823", 3, 7, "characters"),
            ("E0823", 3, 23, "plian"),
            ("E0823", 3, 29, "101"),
            ("E0823", 3, 33, "1/6/2026"),
            ("E0823", 3, 42, "fair"),
            ("E0824", 3, 47, "x"),
            ("E0822", 4, 1, "twice"),
            ("E0701", 4, 7, "formula"),
            ("E0822", 5, 1, "empty"),
        ],
    );
}

#[test]
fn papers_must_lie_in_the_folder_once_and_be_of_a_known_kind() {
    let names = |files: &[&str]| {
        PaperNames::from([("clerk".to_owned(), files.iter().map(|name| (*name).to_owned()).collect())])
    };
    let bytes = rows(&["clerk,,,,,,,report;minutes,"]);
    let plan = read(&bytes, Some(&names(&["report.pdf", "minutes.png", "other.txt"]))).expect("it is sound");
    let kinds: Vec<_> = plan.rows[0].papers.iter().map(|paper| (paper.kind.as_str(), paper.name.as_str())).collect();
    assert_eq!(kinds, [("report", "report.pdf"), ("minutes", "minutes.png")]);
    let found = read(&bytes, Some(&names(&["report.pdf", "report.png"]))).expect_err("two and none");
    assert_eq!(found.len(), 2);
    let found = read(&rows(&["clerk,,,,,,,raport,"]), Some(&names(&[]))).expect_err("unknown");
    assert_eq!(found[0].help.find("en").as_deref(), Some("did you mean `report`?"));
}

#[test]
fn a_workflow_without_the_section_takes_no_file() {
    let table = csv::read("rows.csv", b"a\n1\n").expect("a table");
    let found =
        plan(&table, &office::machine("case", office::CASE), &office::directory(), None).expect_err("no section");
    assert!(found[0].message("en").contains("case"));
}

#[test]
fn a_key_of_several_columns_is_their_values_and_each_is_needed() {
    let text = WORKFLOW.replace("  key: code\n", "  key: [note, code]\n").replace("ignore: [note]", "ignore: []");
    let read = |rows: &[&str]| {
        let table = csv::read("rows.csv", &self::rows(rows)).expect("a table");
        plan(&table, &office::machine("intake", &text), &office::directory(), None)
    };
    let keys = |plan: Plan| plan.rows.into_iter().map(|row| row.key).collect::<Vec<_>>();
    let twice = read(&["clerk,,,,,,,,2026", "clerk,,,,,,,,2027", "head,,,,,,,,2026"]).expect("three keys");
    assert_eq!(keys(twice), ["2026/clerk", "2027/clerk", "2026/head"]);
    let found =
        read(&["clerk,,,,,,,,2026", "clerk,,,,,,,,2026", "clerk,,,,,,,,", "clerk,,,,,,,,20/26"]).expect_err("faults");
    let messages: Vec<String> = found.iter().map(|fault| fault.message("en")).collect();
    assert_eq!(messages, ["`2026/clerk` stands twice", "`note` is empty", "`20/26` cannot be part of a key"]);
}
