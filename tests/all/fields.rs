//! What a dossier holds: money, tables of rows, files; decided, shown, edited and imported.

use axum::http::StatusCode;
use chancery::dossier::command::{Act, Ask};
use chancery::dossier::refusal::Code;
use chancery::dossier::{Dossier, Paper, Purpose};
use chancery::ids::{DossierId, FieldName};
use chancery::import;
use chancery::machine::{FieldKind, Machine};
use serde_json::{Value, json};

use crate::support::office::{CASE, Office, START, act, by, directory, machine};
use crate::support::pages::Pages;

/// A purchase with its lines, its cost and its signed offer.
const ORDER: &str = r#"
chancery: 1
workflow: order
title: Mua sắm
calendar: plain
caption: title
papers: {quote: Báo giá}
fields:
  title:  {type: text, max: 100, required: true, label: Tên}
  unit:   {type: unit, required: true, label: Đơn vị}
  cost:   {type: money, currency: VND, min: 0, max: 999000000000, label: Dự toán}
  rate:   {type: decimal, places: 2, min: 0, max: 100, label: Tỷ lệ}
  lines:
    type: rows
    label: Bảng kê
    max: 4
    required: true
    sums: [quantity, price]
    columns:
      item:     {type: text, max: 50, required: true, label: Mặt hàng}
      quantity: {type: number, min: 1, label: Số lượng}
      price:    {type: money, currency: VND, label: Đơn giá}
      needed:   {type: date, label: Ngày cần}
  offer:  {type: file, required: true, label: Báo giá đã ký}
roles:
  clerk: {label: Cán bộ, post: clerk, of: unit, starter: true}
  head:  {label: Thủ trưởng, post: head, of: unit}
guards:
  within:
    expr: "cost != null && lines != null && sum(lines.map(l, l.quantity * l.price)) <= cost"
    refuse: Bảng kê vượt dự toán
initial: drafting
states:
  drafting:
    title: Lập bảng kê
    task: {for: clerk, title: Lập bảng kê, edit: [title, cost, rate, lines, offer], attach: [quote]}
    on: {submit: {by: clerk, label: Trình, guard: within, target: deciding}}
  deciding:
    title: Chờ duyệt
    task: {for: head, title: Duyệt}
    on: {agree: {by: head, label: Đồng ý, target: agreed}}
  agreed: {title: Đồng ý, final: true, outcome: agreed}
"#;

fn line(quantity: i64, price: &str) -> Value {
    json!({"item": "Giấy", "quantity": quantity, "price": price})
}

fn paper(kind: &str) -> Paper {
    let (kind, name, hash) = (kind.to_owned(), "a.pdf".to_owned(), "0".repeat(64));
    Paper { id: "paper-1".into(), kind, name, hash, size: 10, by: None, at: START }
}

fn order(office: &mut Office) -> (chancery::machine::Machine, Dossier) {
    let machine = machine("order", ORDER);
    let dossier = office.start(&machine, "D", json!({"title": "Giấy in", "unit": "U"}), START);
    (machine, dossier)
}

fn edit(dossier: &Dossier, fields: Value, papers: Vec<Paper>) -> Ask {
    let activation = dossier.leaves().next().expect("it stands somewhere").activation;
    Ask::Edit { activation, fields: serde_json::from_value(fields).expect("fields"), papers }
}

#[test]
fn values_that_do_not_fit_are_refused_with_their_row_and_column() {
    let mut office = Office::new();
    let (machine, dossier) = order(&mut office);
    for (fields, about) in [
        (json!({"cost": "1200000.5"}), "cost"),
        (json!({"cost": "-1"}), "cost"),
        (json!({"cost": 5}), "cost"),
        (json!({"rate": "1.234"}), "rate"),
        (json!({"rate": "100.01"}), "rate"),
        (json!({"lines": []}), "lines"),
        (json!({"lines": "x"}), "lines"),
        (json!({"lines": [line(1, "1"), line(1, "1"), line(1, "1"), line(1, "1"), line(1, "1")]}), "lines"),
        (json!({"lines": [line(1, "1"), line(0, "1")]}), "lines.2.quantity"),
        (json!({"lines": [{"quantity": 1}]}), "lines.1.item"),
        (json!({"lines": [{"item": "x", "colour": "red"}]}), "lines.1.colour"),
        (json!({"offer": "none"}), "offer"),
    ] {
        let command = office.command("D", by("clerk"), edit(&dossier, fields.clone(), Vec::new()));
        let refusal = office.run(&machine, Some(&dossier), &command, START).expect_err("it does not fit");
        assert_eq!(refusal.reasons[0].code, Code::FieldWrong, "{fields}");
        assert_eq!(refusal.reasons[0].about.as_deref(), Some(about), "{fields}");
    }
}

#[test]
fn a_sum_over_rows_decides_exactly() {
    let mut office = Office::new();
    let (machine, dossier) = order(&mut office);
    let fields = json!({"cost": "300000", "lines": [line(3, "66666"), line(2, "50001")]});
    let command = office.command("D", by("clerk"), edit(&dossier, fields, vec![paper("offer")]));
    let dossier = office.run(&machine, Some(&dossier), &command, START).expect("it fits").0;
    let command = office.command("D", by("clerk"), act(&dossier, "submit"));
    let after = office.run(&machine, Some(&dossier), &command, START).expect("300,000 is within 300,000").0;
    assert_eq!(after.leaves().next().expect("it stands").state.as_str(), "deciding");
    let dear = json!({"lines": [line(3, "66667"), line(2, "50000")]});
    let command = office.command("D", by("clerk"), edit(&dossier, dear, Vec::new()));
    let dossier = office.run(&machine, Some(&dossier), &command, START).expect("it fits").0;
    let command = office.command("D", by("clerk"), act(&dossier, "submit"));
    let refusal = office.run(&machine, Some(&dossier), &command, START).expect_err("300,001 is not");
    assert_eq!(refusal.reasons[0].text.own, "Bảng kê vượt dự toán");
}

#[test]
fn the_command_that_brings_a_file_sets_its_field() {
    let mut office = Office::new();
    let (machine, dossier) = order(&mut office);
    let Ask::Act(submit) = act(&dossier, "submit") else { unreachable!() };
    let fields = json!({"cost": "10", "lines": [line(1, "10")]});
    let fields = serde_json::from_value(fields).expect("fields");
    let whole = Act { fields, papers: vec![paper("offer")], ..submit };
    let bare = Act { papers: Vec::new(), ..whole.clone() };
    let command = office.command("D", by("clerk"), Ask::Act(bare));
    let refusal = office.run(&machine, Some(&dossier), &command, START).expect_err("the offer is missing");
    assert_eq!((&refusal.reasons[0].code, refusal.reasons[0].about.as_deref()), (&Code::FieldMissing, Some("offer")));
    let command = office.command("D", by("clerk"), Ask::Act(whole));
    let after = office.run(&machine, Some(&dossier), &command, START).expect("the offer comes along").0;
    assert_eq!(after.fields.get(&FieldName::from("offer")), Some(&json!("paper-1")));
    assert_eq!(after.papers[0].kind, "offer");
    let command = office.command("D", by("head"), edit(&after, json!({}), vec![paper("offer")]));
    let refusal = office.run(&machine, Some(&after), &command, START).expect_err("it is not the head's to bring");
    assert_eq!(refusal.reasons[0].code, Code::PaperUnknown);
}

#[test]
fn cells_of_a_file_become_money_and_tables() {
    let (machine, directory) = (machine("order", ORDER), directory());
    let read = |name: &str, text: &str| {
        let field = machine.field(&FieldName::from(name)).expect("it is declared");
        import::value_of(&field.kind, text, &machine, &directory)
    };
    assert_eq!(read("cost", "1200000"), Ok(json!("1200000")));
    assert!(read("cost", "1.5").is_err_and(|why| why.text("en").contains("more than 0 digits")));
    assert!(read("rate", "101").is_err_and(|why| why.text("en").contains("not between 0 and 100")));
    let rows = json!([
        {"item": "Giấy", "quantity": 2, "price": "50000"},
        {"item": "Bút", "quantity": 10, "needed": "2026-06-30"},
    ]);
    assert_eq!(read("lines", "Giấy | 2 | 50000 | ; Bút|10||2026-06-30"), Ok(rows));
    assert!(read("lines", "Giấy|2").is_err_and(|why| why.text("en").contains("item | quantity | price | needed")));
    assert!(read("lines", "|2|5|").is_err_and(|why| why.text("en").contains("no `item`")));
}

async fn opened() -> (Pages, DossierId, String) {
    let pages = Pages::new().await;
    pages.deploy("order", ORDER).await;
    let order = pages.start("order", "o1", json!({"title": "Giấy in", "unit": "U"})).await;
    let link = pages.link(&order, Purpose::Act, "clerk").await;
    (pages, order, link)
}

#[tokio::test]
async fn a_table_is_filled_in_without_a_script_and_shown_with_its_sums() {
    let (pages, order, link) = opened().await;
    let seen = pages.get(&link).await.hidden("seen");
    let form = [
        ("do", "edit"),
        ("seen", seen.as_str()),
        ("edit.cost", "1.200.000"),
        ("edit.rate", "7,5"),
        ("edit.lines", "rows"),
        ("edit.lines.0.item", "Giấy"),
        ("edit.lines.0.quantity", "20"),
        ("edit.lines.0.price", "50.000"),
        ("edit.lines.1.item", ""),
        ("edit.lines.2.item", "Bút"),
        ("edit.lines.2.quantity", "10"),
        ("edit.lines.2.price", "3500"),
        ("edit.lines.2.needed", "2026-06-30"),
    ];
    let mut wider = form.to_vec();
    wider.push(("more", "edit.lines"));
    let page = pages.post(&link, &wider).await;
    assert_eq!(page.status, StatusCode::OK);
    let text = page.text();
    assert!(text.contains(r#"name="edit.lines.3.item""#) && !text.contains(r#"name="edit.lines.4.item""#), "{text}");
    assert!(text.contains(r#"value="1.200.000""#) && !text.contains(r#"value="more""#), "{text}");
    let sent = pages.post(&link, &form).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text());
    let dossier = pages.engine.dossier(&order).await.expect("it reads").expect("it exists");
    assert_eq!(dossier.fields[&FieldName::from("cost")], json!("1200000"));
    assert_eq!(dossier.fields[&FieldName::from("rate")], json!("7.5"));
    let lines = json!([
        {"item": "Giấy", "quantity": 20, "price": "50000"},
        {"item": "Bút", "quantity": 10, "price": "3500", "needed": "2026-06-30"},
    ]);
    assert_eq!(dossier.fields[&FieldName::from("lines")], lines);
    let text = pages.get(&link).await.text();
    for said in
        ["1.200.000 đồng", "50.000 đồng", "53.500 đồng", "<th class=\"num\">30</th>", "Cộng", r#"value="3.500""#]
    {
        assert!(text.contains(said), "{said}: {text}");
    }
    let text = pages.get(&format!("{link}?lang=en")).await.text();
    assert!(text.contains("VND 53,500") && text.contains(r#"value="3,500""#), "{text}");
}

#[tokio::test]
async fn a_cell_that_cannot_be_read_is_named_by_row_and_column() {
    let (pages, _, link) = opened().await;
    let seen = pages.get(&link).await.hidden("seen");
    let form = |quantity| {
        [("do", "edit"), ("seen", seen.as_str()), ("edit.lines", "rows"), ("edit.lines.1.quantity", quantity)]
    };
    for (quantity, said) in [("mười", "Bảng kê, dòng 2, Số lượng"), ("5", "Bảng kê, dòng 1, Mặt hàng")]
    {
        let page = pages.post(&link, &form(quantity)).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
        let text = page.text();
        assert!(text.contains(said) && text.contains(r##"href="#edit.lines""##), "{text}");
        assert!(text.contains(&format!(r#"value="{quantity}""#)), "what was written stays: {text}");
    }
}

#[tokio::test]
async fn a_file_field_is_filled_in_by_choosing_a_file() {
    let (pages, order, link) = opened().await;
    let seen = pages.get(&link).await.hidden("seen");
    let form = [("do", "edit"), ("seen", seen.as_str()), ("edit.cost", "5")];
    let sent = pages.post_files(&link, &form, &[("edit.offer", "báo giá.pdf", b"%PDF-1.7\n%%EOF\n")]).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text());
    let dossier = pages.engine.dossier(&order).await.expect("it reads").expect("it exists");
    let id = dossier.fields[&FieldName::from("offer")].as_str().expect("an id").to_owned();
    let text = pages.get(&link).await.text();
    assert!(text.contains("Báo giá đã ký") && text.contains(&format!("/paper/{id}")), "{text}");
    let shown = pages.get(&format!("{link}/paper/{id}")).await;
    assert_eq!((shown.status, shown.header("content-type")), (StatusCode::OK, "application/pdf"));
}

#[test]
fn choices_keep_their_authors_order_also_when_stored_and_machines_stored_without_it_are_still_read() {
    let person = "  person: {type: person, label: Người}\n";
    assert!(CASE.contains(person));
    let rating =
        format!("  rating: {{type: one_of, values: {{poor: Kém, good: Tốt, fair: Khá}}, label: Xếp loại}}\n{person}");
    let machine = machine("case", &CASE.replacen(person, &rating, 1));
    let words = |machine: &Machine| match &machine.field(&FieldName::from("rating")).expect("a field").kind {
        FieldKind::OneOf { values } => values.keys().cloned().collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    assert_eq!(
        (machine.keys_of("kinds"), words(&machine).join(" ")),
        (vec!["plain", "high"], "poor good fair".to_owned())
    );
    let stored = machine.to_json();
    let again = Machine::load(machine.hash().clone(), &stored).expect("it is read");
    assert_eq!(again.to_json(), stored, "to the byte");
    assert_eq!((again.keys_of("kinds"), words(&again)), (machine.keys_of("kinds"), words(&machine)));
    let mut older: Value = serde_json::from_str(&stored).expect("JSON");
    older.as_object_mut().expect("a mapping").remove("order").expect("it says the order of its tables");
    let older = Machine::load(machine.hash().clone(), &older.to_string()).expect("it is read");
    assert_eq!((older.keys_of("kinds"), words(&older).join(" ")), (vec!["high", "plain"], "fair good poor".to_owned()));
}
