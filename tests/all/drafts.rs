//! Papers that a workflow draws up itself: every word from the workflow, rows of lists and of votes with their results, blank
//! where something is hidden, and nothing that was typed becomes markup.

use axum::http::StatusCode;
use chancery::dossier::{Correction, Dossier, Purpose, Row, RowResult, RowStatus, VoteResult, decide};
use chancery::drafts::Desk;
use chancery::ids::{ActivationId, Language, PersonId};
use chancery::machine::{Fraction, Machine};
use serde_json::json;

use crate::support::office::{Office, START, machine};
use crate::support::pages::Pages;

/// A list with minutes and a decision; the outsider sees neither the memo nor the minutes.
const LIST: &str = r#"
chancery: 1
workflow: batch
title: Danh sách
calendar: plain
caption: name
key: [unit]
row:
  nominee: {type: text, max: 200, label: Người được đề nghị}
  grade:   {type: one_of, values: {gold: Vàng, silver: Bạc}, label: Mức}
row_caption: nominee
papers:
  scan: Bản chụp
  minutes:
    label: Biên bản kiểm phiếu
    draft:
      agency: ["{{ unit }}", Hội đồng]
      motto: [QUỐC HIỆU, Tiêu ngữ]
      place: "Hà Nội, {{ results.council.day }}"
      title: BIÊN BẢN
      about: Kiểm phiếu
      body:
        - basis: "Căn cứ {{ results.council.basis }};"
        - {when: "results.council.quorate", text: "Đủ số ủy viên."}
        - {when: "!results.council.quorate", text: "Không đủ số ủy viên."}
        - {when: "corrections.size() > 0", text: "Đính chính: {{ corrections.map(c, c.field + ' ' + c.before + ' thành ' + c.after + ' (' + c.reason + ')') }}"}
        - {when: "results.council.fallen.size() > 0", text: "Trước đây ghi: {{ results.council.fallen.map(r, string(r.yes) + '/' + string(r.base)) }}"}
        - table:
            of: council
            columns:
              - {title: TT, value: "{{ n }}"}
              - {title: Tên, value: "{{ caption }}"}
              - {title: Mức, value: "{{ grade }}"}
              - {title: Phiếu, value: "{{ yes }}/{{ base }}"}
              - {title: Cần, value: "{{ needs }}"}
              - {title: Kết quả, value: "{{ passed ? 'đạt' : 'không đạt' }}"}
      sign: [{as: THƯ KÝ}, {as: [TM. BAN, TRƯỞNG BAN], name: "{{ memo }}"}]
  decision:
    label: Quyết định
    draft:
      in: done
      title: QUYẾT ĐỊNH
      body:
        - {table: {of: rows, only: "grade == 'gold'", columns: [{title: Tên, value: "{{ n }}. {{ nominee }}"}], none: Không có ai.}}
      copies: ["Nơi nhận:", "- Lưu."]
fields:
  unit: {type: unit, required: true, label: Đơn vị}
  name: {type: text, max: 100, label: Tên}
  memo: {type: text, max: 500, label: Ghi chú}
roles:
  clerk: {label: Cán bộ, post: clerk, of: unit, starter: true}
  head: {label: Thủ trưởng, post: head, of: unit}
votes:
  council:
    title: Bỏ phiếu
    body: council of unit
    ballot: secret
    quorum: at least 2/3 of members
    passes: at least 80% of members
    open_for: 3wd
    basis: Quy chế, Điều 3
access:
  head: {see: all}
  others: {see: [unit, name, nominee, grade]}
initial: gathering
states:
  gathering:
    title: Lập danh sách
    gathers: true
    task: {for: head, title: Xem danh sách, edit: [memo]}
    on: {vote: {label: Bỏ phiếu, by: head, target: voting}}
  voting: {title: Bỏ phiếu, vote: council, on: {closed: done, no_quorum: failed}}
  done: {title: Xong, final: true, outcome: done}
  failed: {title: Không đủ ủy viên, final: true, outcome: failed}
"#;

fn row(id: &str, nominee: &str, grade: &str) -> Row {
    let fields = serde_json::from_value(json!({"nominee": nominee, "grade": grade})).expect("fields");
    Row {
        dossier: id.into(),
        subject: None,
        caption: nominee.to_owned(),
        fields,
        papers: None,
        status: RowStatus::Live,
    }
}

fn result(id: &str, yes: u32, passed: bool) -> RowResult {
    let needs = Fraction::parse("80%").expect("a share");
    let (casting, rank, box_hash) = (None, None, None);
    RowResult {
        row: id.into(),
        yes,
        no: 5 - yes,
        abstain: 0,
        invalid: 0,
        base: 5,
        needs,
        passed,
        papers: None,
        casting,
        rank,
        box_hash,
    }
}

/// A list of two rows that was voted on.
fn voted(office: &mut Office) -> (Machine, Dossier) {
    let machine = machine("batch", LIST);
    let fields = json!({"unit": "U", "name": "Đợt 1", "memo": "Nguyễn Văn Kín"});
    let mut dossier = office.start(&machine, "D", fields, START);
    dossier.rows = vec![row("r1", "Lê <b>Thị</b> Hoa & Con", "gold"), row("r2", "Tổ 2", "silver")];
    dossier.results.push(VoteResult {
        attendance: Vec::new(),
        activation: ActivationId(1),
        name: "council".into(),
        body: "C".into(),
        at: START,
        members: 5,
        quorate: true,
        rows: vec![result("r1", 5, true), result("r2", 3, false)],
        replaced: Vec::new(),
        withdraw: Vec::new(),
        fallen: false,
        stands: false,
    });
    (machine, dossier)
}

fn draw(office: &Office, machine: &Machine, dossier: &Dossier, kind: &str) -> Option<String> {
    let language = Language::new("vi");
    let (directory, calendar) = (&office.directory, &office.calendar);
    Desk { dossier, machine, directory, calendar, language: &language, now: START }
        .draw(kind)
        .expect("it can be written")
}

/// What people read of a page, with a bar between cells.
fn read(html: &str) -> String {
    let body = html.split("<main").nth(1).expect("a page");
    let mut text = String::new();
    let mut inside = true;
    for c in body.replace("</td><td", "|</td><td").replace("&#x2f;", "/").chars() {
        match c {
            '<' => inside = true,
            '>' => inside = false,
            c if !inside => text.push(c),
            _ => {}
        }
    }
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    lines.join("\n")
}

#[test]
fn minutes_have_a_result_for_each_row_with_its_share_and_the_rule_behind_it() {
    let mut office = Office::new();
    let (machine, dossier) = voted(&mut office);
    let html = draw(&office, &machine, &dossier, "minutes").expect("it can be drawn up anywhere");
    let text = read(&html);
    let wanted = [
        "Đơn vị\nHội đồng\nQUỐC HIỆU\nTiêu ngữ\nHà Nội, ngày 01 tháng 6 năm 2026\nBIÊN BẢN\nKiểm phiếu",
        "Căn cứ Quy chế, Điều 3;\nĐủ số ủy viên.",
        "1|Lê &lt;b&gt;Thị&lt;/b&gt; Hoa &amp; Con|Vàng|5/5|80%|đạt",
        "2|Tổ 2|Bạc|3/5|80%|không đạt",
        "THƯ KÝ\nTM. BAN\nTRƯỞNG BAN\nNguyễn Văn Kín",
    ];
    for part in wanted {
        assert!(text.contains(part), "{part}\nis not in\n{text}");
    }
    assert!(!text.contains("Không đủ"), "what does not hold is not said");
    assert!(!html.contains("<b>"), "what was typed is no markup");
    assert_eq!(Some(html), draw(&office, &machine, &dossier, "minutes"), "the same is drawn the same");
}

#[test]
fn what_was_wrong_stands_beside_what_is_right() {
    let mut office = Office::new();
    let (machine, mut dossier) = voted(&mut office);
    let fallen = VoteResult { fallen: true, rows: vec![result("D", 4, true)], ..dossier.results[0].clone() };
    dossier.results.insert(0, fallen);
    for before in ["Đợt 3", "Đợt 2"] {
        let reason = Some("Gõ nhầm".to_owned());
        let (by, field) = (PersonId::new("p-head"), "name".into());
        dossier.corrections.push(Correction { at: START, by, field, before: json!(before), reason });
    }
    let text = read(&draw(&office, &machine, &dossier, "minutes").expect("it can be drawn up"));
    for part in ["Tên Đợt 3 thành Đợt 2 (Gõ nhầm)", "Tên Đợt 2 thành Đợt 1 (Gõ nhầm)", "Trước đây ghi: 4/5"]
    {
        assert!(text.contains(part), "{part}\nis not in\n{text}");
    }
}

#[test]
fn a_result_that_fell_is_on_no_paper() {
    let mut office = Office::new();
    let (machine, mut dossier) = voted(&mut office);
    dossier.results[0].fallen = true;
    let text = read(&draw(&office, &machine, &dossier, "minutes").expect("it can be drawn up"));
    assert!(text.contains("Căn cứ …;") && !text.contains("5/5"), "{text}");
}

#[test]
fn a_paper_is_drawn_up_where_the_workflow_says_and_counts_the_rows_that_it_shows() {
    let mut office = Office::new();
    let (machine, mut dossier) = voted(&mut office);
    assert_eq!(draw(&office, &machine, &dossier, "decision"), None);
    assert_eq!(draw(&office, &machine, &dossier, "scan"), None, "that one is attached, not drawn up");
    dossier.active[0].state = "done".into();
    dossier.rows.swap(0, 1);
    dossier.rows.iter_mut().for_each(|row| row.status = RowStatus::Released);
    let text = read(&draw(&office, &machine, &dossier, "decision").expect("it is done"));
    assert!(text.contains("1. Lê") && !text.contains("Tổ 2"), "{text}");
    dossier.rows.iter_mut().for_each(|row| row.status = RowStatus::Struck);
    let text = read(&draw(&office, &machine, &dossier, "decision").expect("it is done"));
    assert!(text.contains("Không có ai."), "{text}");
}

#[test]
fn what_its_reader_may_not_see_is_left_blank() {
    let mut office = Office::new();
    let (machine, dossier) = voted(&mut office);
    let sight = decide::sight(&machine, &dossier, &PersonId::new("p-m2"), START, &office.context());
    let text = read(&draw(&office, &machine, &sight.dossier(&dossier, &machine), "minutes").expect("drawn up"));
    assert!(!text.contains("Nguyễn Văn Kín") && !text.contains("5/5"), "{text}");
    assert!(!sight.paper("minutes"), "and pages do not offer it to them at all");
}

#[tokio::test]
async fn a_page_offers_it_to_those_who_see_it_and_serves_it_alone() {
    let pages = Pages::new().await;
    pages.deploy("batch", LIST).await;
    let id = pages.start("batch", "D", json!({"unit": "U", "name": "Đợt 1"})).await;
    let task = pages.link(&id, Purpose::Act, "head").await;
    let page = pages.get(&task).await;
    assert!(page.text().contains("Biên bản kiểm phiếu") && page.text().contains("/draft/minutes"), "{}", page.text());
    assert!(!page.text().contains("/draft/decision"), "it is not done yet");
    let paper = pages.get(&format!("{task}/draft/minutes")).await;
    assert_eq!(paper.status, StatusCode::OK);
    assert!(paper.text().contains("BIÊN BẢN") && !paper.text().contains("<script"), "{}", paper.text());
    for kind in ["decision", "scan", "nothing"] {
        assert_eq!(pages.get(&format!("{task}/draft/{kind}")).await.status, StatusCode::NOT_FOUND, "{kind}");
    }
}
