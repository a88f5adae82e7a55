//! A small invented ministry, right and wrong.

use std::collections::BTreeMap;

use jiff::civil::{Date, date};
use proptest::prelude::*;

use super::{Directory, read};
use crate::diagnostic::{Diagnostic, Severity};
use crate::ids::PersonId;
use crate::sheet::csv;
use crate::source::SourceFile;

const UNITS: &str = "code,name,kind,parent,legal_personality,tags,from,until,successors
BTP,Bộ Tư pháp,ministry,,true,,,,
OLD,Cục Cũ,department,BTP,true,,,2025-02-28,HCTP
HCTP,Cục Hành chính tư pháp,department,BTP,TRUE,ministry_unit;other,2025-03-01,,
PHT,Phòng Hộ tịch,team,HCTP,,,,,
";
const PEOPLE: &str = "code,name,address,email,language
A,Nguyễn Thị Minh Họa,bà,a@btp.example,
B,Trần Văn Ví Dụ,ông,b@btp.example,en
C,Lê Thị Giả Định,,,
";
const POSTS: &str = "person,unit,post,from,until
A,HCTP,head,2025-03-01,2026-06-30
B,HCTP,head,2026-07-01,
C,BTP,clerk,,
";
const BODIES: &str = "code,name,kind,unit
HD,\"Hội đồng, Cục\",council,HCTP
CUM,Cụm 1,cluster,
";
const SEATS: &str = "body,person,seat,unit,from,until
HD,A,chair,,,2026-06-30
HD,B,chair,,2026-07-01,
HD,C,secretary,,,
CUM,A,member,HCTP,,
";
const BINDINGS: &str = "root,name,unit,from,until\nBTP,standing_body,OLD,,\n";

const YAML: &str = "chancery: 1
units:
  - {code: BTP, name: Bộ Tư pháp, kind: ministry, legal_personality: true}
  - {code: OLD, name: Cục Cũ, kind: department, parent: BTP, legal_personality: true, until: 2025-02-28, successors: [HCTP]}
  - code: HCTP
    name: Cục Hành chính tư pháp
    kind: department
    parent: BTP
    legal_personality: true
    tags: [ministry_unit, other]
    from: 2025-03-01
  - {code: PHT, name: Phòng Hộ tịch, kind: team, parent: HCTP}
people:
  - {code: A, name: Nguyễn Thị Minh Họa, address: bà, email: a@btp.example}
  - {code: B, name: Trần Văn Ví Dụ, address: ông, email: b@btp.example, language: en}
  - {code: C, name: Lê Thị Giả Định}
posts:
  - {person: A, unit: HCTP, post: head, from: 2025-03-01, until: 2026-06-30}
  - {person: B, unit: HCTP, post: head, from: 2026-07-01}
  - {person: C, unit: BTP, post: clerk}
bodies:
  - code: HD
    name: Hội đồng, Cục
    kind: council
    unit: HCTP
    seats:
      - {person: A, seat: chair, until: 2026-06-30}
      - {person: B, seat: chair, from: 2026-07-01}
      - {person: C, seat: secretary}
  - {code: CUM, name: Cụm 1, kind: cluster, seats: [{person: A, seat: member, unit: HCTP}]}
bindings:
  - {root: BTP, name: standing_body, unit: OLD}
";

fn files() -> BTreeMap<&'static str, String> {
    [
        ("units.csv", UNITS),
        ("people.csv", PEOPLE),
        ("posts.csv", POSTS),
        ("bodies.csv", BODIES),
        ("seats.csv", SEATS),
        ("bindings.csv", BINDINGS),
    ]
    .map(|(name, text)| (name, text.to_owned()))
    .into()
}

fn read_files(files: &BTreeMap<&str, String>) -> (Option<Directory>, Vec<Diagnostic>) {
    read(&|name| files.get(name).map(|text| SourceFile::new(name, text)), &|code| PersonId::new(format!("id-{code}")))
}

fn directory() -> Directory {
    let (directory, faults) = read_files(&files());
    assert_eq!(faults, []);
    directory.expect("there is no fault")
}

/// The faults as `CODE file:line:column`, after one text was replaced.
fn faults(file: &'static str, from: &str, to: &str) -> Vec<String> {
    let mut files = files();
    let text = files.get_mut(file).expect("the file is there");
    assert!(text.contains(from), "{file} has `{from}`");
    *text = text.replace(from, to);
    let (directory, faults) = read_files(&files);
    assert_eq!(directory.is_none(), faults.iter().any(|fault| fault.severity == Severity::Error));
    faults.iter().map(|fault| said(fault, &files)).collect()
}

fn said(fault: &Diagnostic, files: &BTreeMap<&str, String>) -> String {
    let span = &fault.labels[0].span;
    let text = files.get(span.file.as_str()).map_or("", String::as_str);
    let (line, column) = SourceFile::new(&span.file, text).line_column(span.range.start);
    format!("{} {}:{line}:{column}", fault.code, span.file)
}

fn id(code: &str) -> PersonId {
    PersonId::new(format!("id-{code}"))
}

const TODAY: Date = date(2026, 11, 23);

#[test]
fn yaml_and_csv_say_the_same() {
    let yaml = BTreeMap::from([("directory.yaml", YAML.to_owned())]);
    let (directory_of_yaml, faults) = read_files(&yaml);
    assert_eq!(faults, []);
    assert_eq!(directory_of_yaml, Some(directory()));
}

#[test]
fn an_assistant_is_named_for_somebody_who_is_known() {
    let with = |text: &str| {
        let mut files = files();
        files.insert("assistants.csv", format!("person,by,first,from,until\n{text}\n"));
        let (directory, faults) = read_files(&files);
        let faults: Vec<String> = faults.iter().map(|fault| said(fault, &files)).collect();
        (directory.map(|directory| directory.assistants).unwrap_or_default(), faults)
    };
    let (assistants, faults) = with("A,C,true,2026-01-01,\nB,C,,,");
    assert_eq!(faults, [""; 0]);
    let said: Vec<_> = assistants.iter().map(|one| (one.person.as_str(), one.by.as_str(), one.first)).collect();
    assert_eq!(said, [("id-A", "id-C", true), ("id-B", "id-C", false)]);
    assert_eq!(with("A,D,,,").1, ["E0702 assistants.csv:2:3"]);
    assert_eq!(with("A,C,perhaps,,").1.len(), 1, "true or false");
}

#[test]
fn holders_are_those_of_the_day_and_of_the_nearest_unit_above() {
    let directory = directory();
    assert_eq!(directory.holders("head", &"HCTP".into(), date(2026, 6, 30)), [id("A")]);
    assert_eq!(directory.holders("head", &"HCTP".into(), date(2026, 7, 1)), [id("B")]);
    assert_eq!(directory.holders("head", &"PHT".into(), TODAY), [id("B")]);
    assert_eq!(directory.holders("clerk", &"PHT".into(), TODAY), [id("C")]);
    assert_eq!(directory.holders("head", &"BTP".into(), TODAY), []);
    assert_eq!(directory.holders("head", &"NONE".into(), TODAY), []);
}

#[test]
fn a_merged_unit_is_stood_for_by_its_successor() {
    let directory = directory();
    let code = |unit: &str, on| directory.unit_on(&unit.into(), on).map(|unit| unit.code.as_str());
    assert_eq!(code("OLD", date(2025, 2, 28)), Some("OLD"));
    assert_eq!(code("OLD", date(2025, 3, 1)), Some("HCTP"));
    assert_eq!(code("HCTP", date(2025, 2, 28)), None, "not there yet");
    assert_eq!(directory.root(&"PHT".into(), TODAY).map(|unit| unit.code.as_str()), Some("BTP"));
    let bound = directory.bound("standing_body", &"PHT".into(), TODAY);
    assert_eq!(bound.map(|unit| unit.code.as_str()), Some("HCTP"), "what OLD was merged into");
    assert!(directory.bound("nothing", &"PHT".into(), TODAY).is_none());
}

#[test]
fn bodies_and_groups_are_found_upward() {
    let directory = directory();
    assert_eq!(directory.body_of("council", &"PHT".into(), TODAY).map(|body| body.code.as_str()), Some("HD"));
    assert!(directory.body_of("council", &"BTP".into(), TODAY).is_none());
    assert_eq!(directory.group_of("cluster", &"PHT".into(), TODAY).map(|body| body.code.as_str()), Some("CUM"));
    let seats: Vec<_> = directory.seats(&"HD".into(), TODAY).iter().map(|seat| seat.person.clone()).collect();
    assert_eq!(seats, [id("B"), id("C")]);
    assert_eq!(directory.person_by_code("B").map(|person| person.language.as_str()), Some("en"));
    assert_eq!(directory.bodies[&"HD".into()].name, "Hội đồng, Cục");
}

#[test]
fn every_fault_is_told_with_file_line_and_column() {
    let mut wrong = Vec::new();
    for (file, from, to, expected) in [
        ("units.csv", "team,HCTP", "team,HTCP", "E0702 units.csv:5:24"),
        ("units.csv", "ministry,,", "ministry,PHT,", "E0703 units.csv:2:25"),
        ("units.csv", "PHT,", "OLD,", "E0706 units.csv:5:1"),
        ("units.csv", "TRUE", "maybe", "E0103 units.csv:4:44"),
        ("units.csv", "2025-02-28", "28/02/2025", "E0107 units.csv:3:34"),
        ("units.csv", "kind", "knid", "E0802 units.csv:1:1"),
        ("units.csv", "tags", "tugs", "E0802 units.csv:1:41"),
        ("units.csv", "tags", "kind", "E0802 units.csv:1:41"),
        ("units.csv", "Phòng Hộ tịch,", ",", "E0707 units.csv:5:1"),
        ("units.csv", "Cục Cũ,", "Cục, Cũ,", "E0803 units.csv:3:1"),
        ("people.csv", "Trần Văn", "=Trần Văn", "E0701 people.csv:3:3"),
        ("people.csv", "b@btp.example", "b(at)btp.example", "E0708 people.csv:3:22"),
        ("people.csv", "b@btp.example", "\"b@btp.example\nBcc: x@y\"", "E0708 people.csv:3:22"),
        ("people.csv", "b@btp.example", "A@btp.example", "W0701 people.csv:3:22"),
        ("posts.csv", "C,BTP", "D,BTP", "E0702 posts.csv:4:1"),
        ("posts.csv", "2026-06-30", "2024-06-30", "E0705 posts.csv:2:24"),
        ("bodies.csv", ",council,HCTP", ",council,HCPT", "E0702 bodies.csv:2:28"),
        ("seats.csv", "CUM,A", "CUN,A", "E0702 seats.csv:5:1"),
        ("seats.csv", "2026-06-30", "2026-07-01", "E0704 seats.csv:3:1"),
        ("seats.csv", "C,secretary,,,", "B,member,,,", "E0704 seats.csv:4:1"),
        ("bindings.csv", "BTP,", "HCTP,", "E0103 bindings.csv:2:1"),
        ("bindings.csv", "OLD,,\n", "OLD,,\nBTP,standing_body,PHT,,\n", "E0704 bindings.csv:3:1"),
    ] {
        let found = faults(file, from, to);
        if !found.iter().any(|fault| fault == expected) {
            wrong.push(format!("{file} {to}: {expected}, found {found:?}"));
        }
    }
    assert_eq!(wrong, [""; 0]);
}

#[test]
fn files_that_are_missing_or_there_twice_are_told() {
    let mut some = files();
    some.remove("people.csv");
    let (_, found) = read_files(&some);
    assert!(found.iter().any(|fault| fault.message("en") == "there is no people.csv"));
    let mut both = files();
    both.insert("directory.yaml", YAML.to_owned());
    assert!(read_files(&both).1.iter().any(|fault| fault.code == "E0112"));
    let yaml = YAML.replace("person: C, unit: BTP", "person: D, unit: BTP");
    let yaml = BTreeMap::from([("directory.yaml", yaml)]);
    let found: Vec<_> = read_files(&yaml).1.iter().map(|fault| said(fault, &yaml)).collect();
    assert_eq!(found, ["E0702 directory.yaml:20:14"]);
}

#[test]
fn what_excel_writes_is_read() {
    let excel = |text: &str| format!("\u{feff}{}\r\n", text.replace('\n', "\r\n"));
    let files: BTreeMap<&str, String> = files().into_iter().map(|(name, text)| (name, excel(&text))).collect();
    assert_eq!(read_files(&files), (Some(directory()), vec![]));
    let table = csv::read("x.csv", "a;b\n1;\"x;y\"\n".as_bytes()).expect("it is a table");
    assert_eq!(table.rows().map(|row| row.get("b").to_owned()).collect::<Vec<_>>(), ["x;y"]);
}

#[test]
fn decomposed_letters_are_composed() {
    let table = csv::read("x.csv", "name\nHoa\u{300}\n\n".as_bytes()).expect("it is a table");
    assert_eq!(
        table.rows().map(|row| (row.line(), row.get("name").to_owned())).collect::<Vec<_>>(),
        [(2, "Hoà".to_owned())]
    );
}

#[test]
fn another_encoding_is_told_clearly() {
    for (bytes, said) in [
        (&b"code\nNguy\xecn"[..], "line 2"),
        (&b"\xff\xfec\0o\0"[..], "UTF-16"),
        ("code\nNguy\u{fffd}n".as_bytes(), "lost"),
        (b"", "empty"),
        (b"\n\n", "empty"),
    ] {
        let faults = csv::read("x.csv", bytes).expect_err("it is no table");
        assert!(faults[0].message("en").contains(said), "{faults:?}");
    }
}

#[test]
fn a_file_that_is_more_than_a_table_gives_few_faults_however_many_it_has() {
    let told = |text: &str| -> Vec<String> {
        let faults = csv::read("x.csv", text.as_bytes()).expect_err("it is no table");
        faults.iter().map(|fault| fault.message("en")).collect()
    };
    let wide = "a,".repeat(400_000) + "a";
    assert_eq!(told(&wide), ["400001 columns are more than a table may have"]);
    assert_eq!(told(&("a,".repeat(1_000_001) + "a")), ["the file has more than 1000000 cells"]);
    assert_eq!(told(&"a\n".repeat(1_000_001)), ["the file has more than 1000000 cells"]);
    assert_eq!(told(&format!("a\n{}", "b,".repeat(999_999))), ["the file has more than 1000000 cells"]);
    assert_eq!(told(&("a,".repeat(499) + "a")), vec!["the column `a` stands twice"; 50]);
    assert_eq!(told(&(",".repeat(498) + "a")).len(), 50);
    assert_eq!(told(&format!("a\n{}", "b,c\n".repeat(400_000))).len(), 50);
    let names = (0..500).map(|at| format!("c{at}")).collect::<Vec<_>>().join(",");
    assert_eq!(csv::read("x.csv", names.as_bytes()).expect("it is a table").columns().len(), 500);
}

#[test]
fn a_fault_of_a_header_says_where_each_of_the_two_names_stands() {
    let text = "\u{feff}one,\"a, b\",a,\"a, b\"\n";
    let fault = csv::read("x.csv", text.as_bytes()).expect_err("a column twice").remove(0);
    let places: Vec<&str> = fault.labels.iter().map(|label| &text[label.span.range.clone()]).collect();
    assert_eq!(places, ["\"a, b\"", "\"a, b\""]);
    assert!(fault.labels[0].span.range.start > fault.labels[1].span.range.start);
}

#[test]
fn rows_know_their_lines_whatever_stands_between_them() {
    let table = csv::read("x.csv", "\n\na,b\r\n1,\"x\ny\"\r\n\r\n2,z\n".as_bytes()).expect("it is a table");
    assert_eq!(table.rows().map(|row| row.line()).collect::<Vec<_>>(), [4, 7]);
}

#[test]
fn a_number_is_no_formula() {
    for (text, formula) in [
        ("=1+1", true),
        ("+cmd|' /C calc'!A0", true),
        ("-x", true),
        ("@SUM(A1)", true),
        ("-5", false),
        ("+84 912", false),
        ("a=b", false),
    ] {
        assert_eq!(csv::is_formula(text), formula, "{text}");
    }
}

#[test]
fn one_fault_is_not_told_over_and_over() {
    assert_eq!(faults("units.csv", "tags", "kind"), ["E0802 units.csv:1:41"]);
    assert_eq!(faults("units.csv", "code", "cod"), ["E0802 units.csv:1:1", "E0802 units.csv:1:1"]);
    assert_eq!(faults("people.csv", "C,Lê Thị Giả Định", "Lê Thị Giả Định"), ["E0803 people.csv:4:1"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..120), text in "[a-z,;\"\r\n\u{300}đ=]{0,60}") {
        for bytes in [bytes.as_slice(), text.as_bytes()] {
            if let Ok(table) = csv::read("x.csv", bytes) {
                for row in table.rows() {
                    for column in table.columns() {
                        let span = row.place(column);
                        prop_assert!(table.file().text.get(span.range).is_some());
                    }
                }
            }
        }
        for name in ["units.csv", "people.csv", "seats.csv", "directory.yaml"] {
            let _ = read(&|asked| (asked == name).then(|| SourceFile::new(name, &text)), &|code| PersonId::new(code));
            let bad = format!("{}{text}", files().get(name).map_or("", String::as_str));
            let mut all = files();
            all.insert(name, bad);
            let _ = read_files(&all);
        }
    }

    #[test]
    fn whatever_the_tree_looks_like_questions_end(parents in proptest::collection::vec(0_usize..6, 6), day in 1_i8..28) {
        let mut directory = directory();
        for (at, parent) in parents.iter().enumerate() {
            let mut unit = directory.units[&"PHT".into()].clone();
            unit.code = format!("U{at}").as_str().into();
            unit.parent = Some(format!("U{parent}").as_str().into());
            unit.successors = vec![format!("U{}", (at + parent) % 6).as_str().into()];
            unit.dated.until = Some(date(2026, 11, 14));
            directory.units.insert(unit.code.clone(), unit);
        }
        let on = date(2026, 11, day);
        let _ = directory.holders("head", &"U1".into(), on);
        let _ = directory.root(&"U2".into(), on);
        let _ = directory.body_of("council", &"U3".into(), on);
    }
}
