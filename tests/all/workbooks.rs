//! Excel workbooks wherever CSV is taken: the same rows, faults by sheet and cell, and nothing that a hostile file can do.

use std::io::Write as _;

use chancery::diagnostic::{Diagnostic, Format as Render, render_all};
use chancery::sheet::{self, csv, xlsx};
use chancery::source::SourceFile;
use proptest::prelude::*;
use rust_xlsxwriter::{ExcelDateTime, Format, Formula, Workbook, Worksheet};
use serde_json::Value;

use crate::cli::{place, shipped};

/// A workbook of one sheet.
fn book(fill: impl FnOnce(&mut Worksheet)) -> Vec<u8> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    sheet.set_name("Danh sách").expect("a name");
    fill(sheet);
    book.save_to_buffer().expect("a workbook")
}

/// A CSV file as a workbook: every cell is a text, as in a template that was filled in.
fn from_csv(sheets: &[(&str, &str)]) -> Vec<u8> {
    let mut book = Workbook::new();
    for (name, text) in sheets {
        let sheet = book.add_worksheet();
        sheet.set_name(*name).expect("a name");
        let mut reader = ::csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
        for (row, record) in reader.records().enumerate() {
            for (column, cell) in record.expect("CSV").iter().enumerate() {
                let (row, column) = (u32::try_from(row).expect("few"), u16::try_from(column).expect("few"));
                sheet.write_string(row, column, cell).expect("a cell");
            }
        }
    }
    book.save_to_buffer().expect("a workbook")
}

const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";

/// A workbook from its bare parts, as programs other than Excel write them.
fn parts(properties: &str, cells: &str) -> Vec<u8> {
    let styles = format!(
        "<styleSheet xmlns='{MAIN}'><cellXfs count='2'><xf numFmtId='0'/><xf numFmtId='14' applyNumberFormat='1'/></cellXfs></styleSheet>"
    );
    parts_with(properties, cells, "", &styles)
}

/// The same with texts that cells share, and with styles.
fn parts_with(properties: &str, cells: &str, shared: &str, styles: &str) -> Vec<u8> {
    const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006/relationships";
    let workbook = format!(
        "<workbook xmlns='{MAIN}' xmlns:r='{OFFICE}'>{properties}<sheets><sheet name='S' sheetId='1' r:id='r1'/></sheets></workbook>"
    );
    let relations = format!(
        "<Relationships xmlns='{PACKAGE}'><Relationship Id='r1' Type='{OFFICE}/worksheet' Target='worksheets/sheet1.xml'/>\
         <Relationship Id='r2' Type='{OFFICE}/styles' Target='styles.xml'/>\
         <Relationship Id='r3' Type='{OFFICE}/sharedStrings' Target='sharedStrings.xml'/></Relationships>"
    );
    let sheet = format!("<worksheet xmlns='{MAIN}'><sheetData>{cells}</sheetData></worksheet>");
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let roots = format!(
        "<Relationships xmlns='{PACKAGE}'><Relationship Id='r1' Type='{OFFICE}/officeDocument' Target='xl/workbook.xml'/></Relationships>"
    );
    for (name, text) in [
        ("_rels/.rels", roots),
        ("xl/workbook.xml", workbook),
        ("xl/_rels/workbook.xml.rels", relations),
        ("xl/styles.xml", styles.to_owned()),
        ("xl/sharedStrings.xml", shared.to_owned()),
        ("xl/worksheets/sheet1.xml", sheet),
    ] {
        if text.is_empty() {
            continue;
        }
        archive.start_file(name, zip::write::SimpleFileOptions::default()).expect("a part");
        archive.write_all(text.as_bytes()).expect("memory");
    }
    archive.finish().expect("memory").into_inner()
}

fn rows(table: &csv::Table) -> Vec<Vec<String>> {
    let cells = |row: csv::Row<'_>| table.columns().iter().map(|column| row.get(column).to_owned()).collect();
    table.rows().map(cells).collect()
}

fn read(bytes: &[u8], sheet: Option<&str>) -> (SourceFile, Vec<Vec<String>>) {
    let (file, table) = sheet::read("list.xlsx", bytes, sheet);
    let table = table.unwrap_or_else(|faults| panic!("{faults:?}"));
    (file, rows(&table))
}

fn faults(bytes: &[u8], sheet: Option<&str>) -> (SourceFile, Vec<Diagnostic>) {
    let (file, table) = sheet::read("list.xlsx", bytes, sheet);
    (file, table.expect_err("it has faults"))
}

#[test]
fn a_sheet_gives_the_rows_that_csv_would() {
    let day = ExcelDateTime::from_ymd(2026, 5, 1).expect("a day");
    let bytes = book(|sheet| {
        // The table begins where its author began it, with an empty row inside.
        for (column, name) in (1..).zip(["code", "day", "share", "count", "note", "sure"]) {
            sheet.write_string(2, column, name).expect("a cell");
        }
        let zeros = Format::new().set_num_format("0000");
        sheet.write_number_with_format(3, 1, 17, &zeros).expect("a cell");
        sheet.write_datetime_with_format(3, 2, &day, &Format::new().set_num_format("dd/mm/yyyy")).expect("a cell");
        sheet.write_number(3, 3, 0.1 + 0.2).expect("a cell");
        sheet.write_number(3, 4, 1_500_000_000).expect("a cell");
        sheet.write_string(3, 5, "  Một, \"hai\"\nba ").expect("a cell");
        sheet.write_boolean(3, 6, true).expect("a cell");
        sheet.write_string(5, 1, "0018").expect("a cell");
        sheet.write_string(5, 5, "Hoa\u{300}").expect("a cell");
        sheet.write_number(5, 3, -0.5).expect("a cell");
    });
    let (file, rows) = read(&bytes, None);
    assert_eq!(
        rows,
        [["0017", "2026-05-01", "0.3", "1500000000", "Một, \"hai\"\nba", "true"], ["0018", "", "-0.5", "", "Hoà", ""]]
    );
    let table = csv::of(file).expect("it is a table");
    let places: Vec<usize> = table.rows().map(|row| row.line()).collect();
    assert_eq!(places, [4, 6], "rows are called as Excel calls them");
    let place = table.rows().nth(1).expect("a row").place("note");
    assert_eq!(table.file().cell(place.range.start).as_deref(), Some("Danh sách!F6"));
}

#[test]
fn the_first_sheet_that_is_shown_counts_unless_one_is_named() {
    let mut book = Workbook::new();
    for (name, hidden) in [("Nháp", true), ("Một", false), ("Hai", false)] {
        let sheet = book.add_worksheet();
        sheet.set_name(name).expect("a name").set_hidden(hidden);
        // Excel opens a workbook on a sheet that is shown.
        sheet.set_active(name == "Một");
        sheet.write_string(0, 0, "name").expect("a cell");
        sheet.write_string(1, 0, name).expect("a cell");
    }
    let bytes = book.save_to_buffer().expect("a workbook");
    assert_eq!(read(&bytes, None).1, [["Một"]]);
    assert_eq!(read(&bytes, Some("Hai")).1, [["Hai"]]);
    assert_eq!(read(&bytes, Some("Nháp")).1, [["Nháp"]], "whoever names a hidden one means it");
    let fault = faults(&bytes, Some("Hài")).1.remove(0);
    assert_eq!(fault.message("en"), "the workbook has no sheet `Hài`");
    assert_eq!(fault.help.find("vi").as_deref(), Some("có phải ý bạn là `Hai`?"));
}

#[test]
fn days_of_the_older_epoch_are_the_days_that_are_shown() {
    let cells = "<row r='1'><c r='A1' t='inlineStr'><is><t>day</t></is></c></row><row r='2'><c r='A2' s='1'><v>44681</v></c></row>";
    assert_eq!(read(&parts("<workbookPr date1904='1'/>", cells), None).1, [["2026-05-01"]]);
    let cells = cells.replace("44681", "46143");
    assert_eq!(read(&parts("", &cells), None).1, [["2026-05-01"]]);
}

#[test]
fn a_cell_that_would_not_come_over_as_it_looks_is_told_by_sheet_and_cell() {
    type Fill = fn(&mut Worksheet);
    let cases: [(&str, &str, &str, Fill); 6] = [
        ("E0701", "a formula instead of a value", "Danh sách!A2", |sheet| {
            sheet.write_formula(1, 0, Formula::new("=1+1").set_result("2")).expect("a cell");
        }),
        ("E0806", "cells are merged", "Danh sách!A2", |sheet| {
            sheet.merge_range(1, 0, 2, 0, "x", &Format::new()).expect("cells");
        }),
        ("E0806", "a percentage", "Danh sách!B2", |sheet| {
            sheet.write_number_with_format(1, 1, 0.8, &Format::new().set_num_format("0%")).expect("a cell");
        }),
        ("E0806", "a number with more digits than Excel keeps", "Danh sách!A2", |sheet| {
            sheet.write_number(1, 0, 1_234_567_890_123_456.0).expect("a cell");
        }),
        ("E0806", "a time without a day", "Danh sách!A3", |sheet| {
            sheet.write_number_with_format(2, 0, 0.5, &Format::new().set_num_format("[h]:mm")).expect("a cell");
        }),
        ("E0802", "column 3 has no name", "Danh sách!C1", |sheet| {
            sheet.write_string(4, 2, "astray").expect("a cell");
        }),
    ];
    for (code, message, cell, fill) in cases {
        let bytes = book(|sheet| {
            sheet.write_string(0, 0, "code").expect("a cell");
            sheet.write_string(0, 1, "share").expect("a cell");
            fill(sheet);
        });
        let (file, found) = faults(&bytes, None);
        let told: Vec<(&str, String)> = found.iter().map(|fault| (fault.code, fault.message("en"))).collect();
        assert_eq!(told, [(code, message.to_owned())]);
        let sources = [file];
        for (format, place) in [
            (Render::Human, format!("--> list.xlsx:{cell}\n")),
            (Render::Short, format!("list.xlsx:{cell}: error[{code}]")),
            (Render::Json, format!("\"cell\":\"{cell}\"")),
        ] {
            let text = render_all(&found, &sources, format, false, "en");
            assert!(text.contains(&place), "`{place}` is missing in:\n{text}");
        }
    }
    let error = "<row r='1'><c r='A1' t='inlineStr'><is><t>n</t></is></c></row><row r='2'><c r='A2' t='e'><v>#N/A</v></c></row>";
    let (file, found) = faults(&parts("", error), None);
    let text = render_all(&found, &[file], Render::Human, false, "vi");
    let said =
        ["lỗi[E0806]: ô báo lỗi thay cho giá trị", "--> list.xlsx:S!A2\n", "2 | #N/A", "^^^^ không đọc được gì ở đây"];
    for said in said {
        assert!(text.contains(said), "`{said}` is missing in:\n{text}");
    }
}

#[test]
fn what_is_no_workbook_or_a_hostile_one_is_refused_in_words() {
    let far = book(|sheet| {
        for row in 0..100 {
            sheet.write_string(row, 0, "x").expect("a cell");
        }
        sheet.write_string(50, 16_383, "far away").expect("a cell");
    });
    // A hundred megabytes of blanks in a hundred kilobytes.
    let bomb = parts("", &" ".repeat(100 * 1024 * 1024));
    assert!(bomb.len() < 1024 * 1024, "{}", bomb.len());
    let whole = parts("", "");
    let cases: [(&[u8], &str); 6] = [
        (&[0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1], "in an older format, or has a password"),
        (b"PK\x03\x04 not really", "cannot be read"),
        (&whole[..whole.len() / 2], "cannot be read"),
        (&bomb, "larger than 64 MB"),
        (&far, "XFD51"),
        (&whole, "empty"),
    ];
    for (bytes, message) in cases {
        let found = faults(bytes, None).1;
        assert!(found[0].message("en").contains(message), "{message}: {}", found[0].message("en"));
    }
}

#[test]
fn a_small_workbook_that_becomes_a_large_one_is_refused() {
    let rows = |cell: &str| -> String {
        let row = |row: i32| format!("<row r='{row}'><c r='A{row}' {cell}</c></row>");
        (1..=6_000).map(row).collect::<Vec<_>>().concat()
    };
    let (cells, numbers) = (rows("t='s'><v>0</v>"), rows("s='0'><v>7</v>"));
    let shared = |text: &str| format!("<sst xmlns='{MAIN}'><si><t>{text}</t></si></sst>");
    let styled = |code: &str, formats: usize| {
        let formats = "<xf numFmtId='200'/>".repeat(formats);
        format!(
            "<styleSheet xmlns='{MAIN}'><numFmts count='1'><numFmt numFmtId='200' formatCode='{code}'/></numFmts>\
             <cellXfs>{formats}</cellXfs></styleSheet>"
        )
    };
    let cases = [
        ("one text in many cells", parts_with("", &cells, &shared(&"x".repeat(30_000)), &styled("0", 1)), "32 MB"),
        ("one text that is too long", parts_with("", &cells, &shared(&"x".repeat(32_768)), &styled("0", 1)), "A1"),
        ("a number with many zeros", parts_with("", &numbers, "", &styled(&"0".repeat(1_000_000), 1)), "A1"),
        ("many numbers with zeros", parts_with("", &numbers, "", &styled(&"0".repeat(30_000), 1)), "32 MB"),
        ("one name in many formats", parts_with("", &numbers, "", &styled(&"0".repeat(30_000), 20_000)), "64 MB"),
    ];
    for (name, bytes, said) in cases {
        assert!(bytes.len() < 256 * 1024, "{name}: {}", bytes.len());
        let found = faults(&bytes, None).1;
        let told: Vec<(&str, String)> = found.iter().map(|fault| (fault.code, fault.message("en"))).collect();
        assert!(told.len() == 1 && told[0].0 == "E0004" && told[0].1.contains(said), "{name}: {told:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_workbook_whose_bytes_are_changed_gives_rows_or_faults(
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..6),
        cells in "[A-Za-z0-9<>/='\" ]{0,60}",
    ) {
        let mut bytes = parts("", &format!("<row r='1'><c r='A1' t='inlineStr'><is><t>n</t></is></c>{cells}</row>"));
        prop_assert!(xlsx::is_workbook(&bytes));
        let _ = sheet::read("x.xlsx", &bytes, None);
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let _ = sheet::read("x.xlsx", &bytes, None);
    }
}

fn shipped_text(path: &str) -> String {
    std::fs::read_to_string(shipped(path)).expect("shipped")
}

#[test]
fn a_workbook_is_a_directory_a_list_and_a_register_as_csv_files_are() {
    let place = place("workbooks");
    place.good(&["migrate"]);
    let sheets = ["units", "people", "posts", "bodies", "seats", "bindings"];
    let texts: Vec<String> = sheets.iter().map(|name| shipped_text(&format!("annual/directory/{name}.csv"))).collect();
    let pairs: Vec<(&str, &str)> = sheets.iter().copied().zip(texts.iter().map(String::as_str)).collect();
    let folder = place.folder.join("people");
    std::fs::create_dir(&folder).expect("a folder");
    std::fs::write(folder.join("directory.xlsx"), from_csv(&pairs)).expect("written");
    let (calendar, workflows) = (shipped("calendars/vn-civil-service.yaml"), shipped("annual"));
    place.good(&["deploy", &workflows, "--calendar", &calendar, "--directory", "people"]);
    let same = place.json(&["directory", &shipped("annual/directory")]);
    assert_eq!(same["changes"].as_array().map(Vec::len), Some(0), "{same}");

    let nominees = shipped_text("annual/nominees.csv").replacen("row_id", "wish", 1);
    std::fs::write(place.folder.join("list.xlsx"), from_csv(&[("Bìa", "x\n"), ("Đề nghị", &nominees)]))
        .expect("written");
    let wrong = place.run(&["import", "list.xlsx", "--workflow", "annual_case"]);
    assert!(wrong.code == 3 && wrong.err.contains("list.xlsx:Bìa!A1"), "{}", wrong.err);
    let named = ["import", "list.xlsx", "--workflow", "annual_case", "--sheet", "Đề nghị"];
    let unknown = place.run(&named);
    assert!(unknown.code == 3 && unknown.err.contains("wish"), "{}", unknown.err);
    let kept = crate::bad_files::rows();
    std::fs::write(place.folder.join("list.xlsx"), from_csv(&[("Đề nghị", &kept)])).expect("written");
    let answer = place.json(&["import", "list.xlsx", "--workflow", "annual_case"]);
    assert_eq!((&answer["started"], &answer["already"]), (&Value::from(33), &Value::from(0)));
    std::fs::write(place.folder.join("list.csv"), &kept).expect("written");
    let again = place.json(&["import", "list.csv", "--workflow", "annual_case"]);
    assert_eq!((&again["started"], &again["already"]), (&Value::from(0), &Value::from(33)), "the same rows, no twins");

    let old = "holder,key,year,paper,number,day\nHCTP,LDTT,2020,Quyết định,5/QĐ,1.5.2020\n";
    std::fs::write(place.folder.join("old.xlsx"), from_csv(&[("Cũ", old)])).expect("written");
    let register = ["register", "awards", "--import", "old.xlsx"];
    let ran = place.run(&register);
    assert!(ran.code == 3 && ran.err.contains("old.xlsx:Cũ!F2"), "{}", ran.err);
    std::fs::write(place.folder.join("old.xlsx"), from_csv(&[("Cũ", &old.replace("1.5.2020", "2020-05-01"))]))
        .expect("written");
    assert_eq!(place.json(&register)["imported"], 1);
}
