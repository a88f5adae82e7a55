//! Files as offices really send them, handed to the binary: each fault gets a clear word, and changes nothing.

use std::fs;

use serde_json::Value;

use crate::cli::{Place, place, shipped};

/// The shipped rows, without the columns that only the demonstration knows.
pub(crate) fn rows() -> String {
    let text = fs::read_to_string(shipped("annual/nominees.csv")).expect("shipped");
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().expect("a header").clone();
    let kept: Vec<usize> = (0..header.len()).filter(|column| !header[*column].starts_with("expected_")).collect();
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(kept.iter().map(|column| &header[*column])).expect("memory");
    for row in reader.records() {
        let row = row.expect("a row");
        writer.write_record(kept.iter().map(|column| &row[*column])).expect("memory");
    }
    String::from_utf8(writer.into_inner().expect("memory")).expect("UTF-8")
}

fn office(place: &Place) {
    place.good(&["migrate"]);
    let (calendar, folder) = (shipped("calendars/vn-civil-service.yaml"), shipped("annual"));
    let directory = shipped("annual/directory");
    place.good(&["deploy", &folder, "--calendar", &calendar, "--directory", &directory]);
}

fn import(place: &Place, bytes: &[u8]) -> crate::cli::Ran {
    fs::write(place.folder.join("rows.csv"), bytes).expect("written");
    place.run(&["import", "rows.csv", "--workflow", "annual_case"])
}

fn count(place: &Place) -> usize {
    place.json(&["list"]).as_array().map_or(usize::MAX, Vec::len)
}

/// The windows-1258 of what a Vietnamese spreadsheet saves as "CSV", near enough: no UTF-8.
fn single_bytes(text: &str) -> Vec<u8> {
    text.chars().map(|letter| u8::try_from(letter).unwrap_or(0xd4)).collect()
}

#[test]
fn every_fault_of_a_file_of_rows_is_told_with_its_place_and_nothing_is_imported() {
    let place = place("bad-rows");
    office(&place);
    let good = rows();
    let line = |number: usize| good.lines().nth(number - 1).expect("a line").to_owned();
    let utf16: Vec<u8> = [0xff, 0xfe].into_iter().chain(good.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let cases: [(&str, Vec<u8>, &[&str]); 8] = [
        ("another encoding", single_bytes(&good), &["UTF-8", "line 2"]),
        ("UTF-16", utf16, &["UTF-16"]),
        ("a missing column", good.replacen("unit_code", "place", 1).into_bytes(), &["unit_code", "rows.csv:1:"]),
        (
            "a duplicate key",
            format!("{good}{}\n", line(2)).into_bytes(),
            &["2026/CN001", "stands twice", "rows.csv:38:"],
        ),
        (
            "a formula",
            good.replacen("Trần Văn Ví Dụ", "=HYPERLINK(\"\"x\"\")", 1).into_bytes(),
            &["formula", "rows.csv:3:"],
        ),
        (
            "an unknown unit",
            good.replacen(",HCTP,", ",HCPT,", 1).into_bytes(),
            &["HCPT", "did you mean `HCTP`", "rows.csv:2:"],
        ),
        ("a row too short", format!("{good}37,2026\n").into_bytes(), &["rows.csv:38:"]),
        ("nothing", Vec::new(), &["rows.csv"]),
    ];
    for (name, bytes, words) in cases {
        let ran = import(&place, &bytes);
        assert_eq!(ran.code, 3, "{name}: {}{}", ran.out, ran.err);
        for word in words {
            assert!(ran.err.contains(word), "{name}: `{word}` is missing in: {}", ran.err);
        }
        assert!(ran.err.contains("nothing was imported"), "{name}: {}", ran.err);
    }
    assert_eq!(count(&place), 0);
    let ran = place.run(&["import", "none.csv", "--workflow", "annual_case"]);
    assert!(ran.code == 3 && ran.err.contains("none.csv"), "{}", ran.err);
    let ran = place.run(&["import", "rows.csv", "--workflow", "annual_cases"]);
    assert!(ran.code == 2 && ran.err.contains("annual_case"), "{}", ran.err);
}

#[test]
fn a_byte_order_mark_and_windows_line_ends_are_taken_and_the_same_file_again_is_no_twin() {
    let place = place("windows-rows");
    office(&place);
    let windows = format!("\u{feff}{}", rows().replace('\n', "\r\n"));
    fs::write(place.folder.join("rows.csv"), &windows).expect("written");
    let checked = place.json(&["import", "rows.csv", "--workflow", "annual_case", "--check"]);
    assert_eq!((&checked["rows"], count(&place)), (&Value::from(33), 0), "a rehearsal starts nothing");
    assert_eq!(checked["others"], serde_json::json!({"irregular": 3}), "rows of the fast track are another workflow's");
    for (started, already) in [(33, 0), (0, 33)] {
        let answer = place.json(&["import", "rows.csv", "--workflow", "annual_case"]);
        assert_eq!((&answer["started"], &answer["already"]), (&Value::from(started), &Value::from(already)));
    }
    assert_eq!(count(&place), 33);
    let next = rows().replace(",2026,", ",2027,");
    fs::write(place.folder.join("rows.csv"), next).expect("written");
    let answer = place.json(&["import", "rows.csv", "--workflow", "annual_case"]);
    assert_eq!((&answer["started"], count(&place)), (&Value::from(33), 66), "the same codes in another year");
    let replayed = place.json(&["audit", "replay", "--all"]);
    assert_eq!(replayed["dossiers"], 66);
}
