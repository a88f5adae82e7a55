//! What comes from outside: a paper is waited for, nobody of the office is late meanwhile, and it is recorded whole.

use axum::http::StatusCode;
use chancery::dossier::command::{Act, Actor, Ask};
use chancery::dossier::project::{NoticeKind, Rows};
use chancery::dossier::refusal::Code;
use chancery::dossier::{Dossier, Paper, Purpose};
use chancery::explain::{NO_TITLES, Saying, explain};
use chancery::ids::{FieldName, Instant, Language};
use chancery::machine::Machine;
use serde_json::json;

use crate::support::office::{DAY_MS, Office, START, act, by, machine};
use crate::support::pages::Pages;

const LICENCE: &str = r"
chancery: 1
workflow: licence
title: Giấy phép
calendar: plain
caption: what
papers: {licence: Giấy phép}
fields:
  what:   {type: text, max: 100, required: true, label: Việc}
  unit:   {type: unit, required: true, label: Đơn vị}
  number: {type: text, max: 40, label: Số}
  day:    {type: date, label: Ngày ký}
numbers: {licence: {label: Số giấy phép, dated: day}}
roles:
  clerk: {label: Cán bộ, post: clerk, of: unit, starter: true}
  head:  {label: Thủ trưởng, post: head, of: unit}
initial: drafting
states:
  drafting:
    title: Soạn
    task: {for: clerk, title: Soạn, edit: [what]}
    on:
      send: {by: clerk, label: Gửi, target: waiting}
      post: {by: clerk, label: Gửi không hạn, target: patient}
  waiting:
    title: Chờ cấp phép
    separation: {may_be_same_as: drafting}
    wait: {on: Cơ quan cấp phép, records: clerk, title: Ghi giấy phép, number: {number: licence}, day: day, paper: licence}
    deadline: {within: 5wd, remind: [0wd], escalate: {after: 2wd, to: head}}
    on:
      came: {by: clerk, label: Ghi giấy phép, target: granted}
      partly: {by: clerk, label: Ghi văn bản bổ sung, target: waiting}
      give_up: {by: head, label: Thôi, reason: true, target: dropped}
  patient:
    title: Chờ mãi
    separation: {may_be_same_as: drafting}
    wait: {on: Một nơi khác, records: clerk, title: Ghi, number: number, day: day, paper: licence}
    on: {came: {by: clerk, label: Ghi, target: granted}}
  granted: {title: Được cấp, final: true, outcome: granted}
  dropped: {title: Thôi, final: true, outcome: dropped}
";

/// The day on which it is sent.
const TODAY: &str = "2026-06-01";

fn sent(office: &mut Office, event: &str) -> (Machine, Dossier, Rows) {
    let machine = machine("licence", LICENCE);
    let dossier = office.start(&machine, "D", json!({"what": "Một", "unit": "U"}), START);
    let (dossier, rows) =
        office.answer(&machine, &dossier, by("clerk"), act(&dossier, event), START).expect("it is sent");
    (machine, dossier, rows)
}

fn scan() -> Paper {
    let (kind, name) = ("licence".to_owned(), "scan.pdf".to_owned());
    Paper { id: "scan".into(), kind, name, hash: String::new(), size: 1, by: None, at: Instant(0) }
}

fn comes(dossier: &Dossier, event: &str, number: Option<&str>, day: Option<&str>, paper: bool) -> Ask {
    let Ask::Act(ask) = act(dossier, event) else { unreachable!() };
    let fields = [("number", number), ("day", day)].into_iter();
    let fields = fields.filter_map(|(name, value)| Some((FieldName::from(name), json!(value?)))).collect();
    Ask::Act(Act { fields, papers: if paper { vec![scan()] } else { Vec::new() }, ..ask })
}

#[test]
fn nobody_is_awaited_and_whoever_records_is_told_where() {
    let mut office = Office::new();
    let (machine, dossier, rows) = sent(&mut office, "send");
    assert_eq!(dossier.awaited().count(), 0);
    let said: Vec<_> = rows.notices.iter().map(|one| (one.person.as_str(), one.kind, one.purpose)).collect();
    assert_eq!(said, [("p-clerk", NoticeKind::Told, Some(Purpose::Act))]);
    for (language, records) in [("vi", "người ghi: Người clerk"), ("en", "recorded by: Người clerk")] {
        let language = Language::new(language);
        let (directory, calendar) = (&office.directory, &office.calendar);
        let saying =
            Saying { machine: &machine, directory, calendar, language: &language, now: START, titles: &NO_TITLES };
        let lines = saying.lines(&explain(&machine, &dossier, &[], START, &office.context()), &|_| Vec::new());
        let line = lines.iter().find(|said| said.contains(records)).unwrap_or_else(|| panic!("{lines:#?}"));
        assert!(line.trim_start().starts_with("Cơ quan cấp phép; ") && line.contains("2026"), "{line}");
    }
}

#[test]
fn number_day_and_file_come_together_or_not_at_all() {
    let mut office = Office::new();
    let (machine, dossier, _) = sent(&mut office, "send");
    let number = Some("7/GP");
    for (number, day, paper, code, about) in [
        (None, Some(TODAY), true, Code::FieldMissing, "number"),
        (Some("  "), Some(TODAY), true, Code::FieldMissing, "number"),
        (number, None, true, Code::FieldMissing, "day"),
        (number, Some(TODAY), false, Code::PaperMissing, "licence"),
        (number, Some("2026-06-02"), true, Code::NotSigned, "day"),
    ] {
        let ask = comes(&dossier, "came", number, day, paper);
        let refusal = office.answer(&machine, &dossier, by("clerk"), ask, START).expect_err("it is not whole");
        let reasons: Vec<_> = refusal.reasons.iter().map(|one| (&one.code, one.about.as_deref())).collect();
        assert_eq!(reasons, [(&code, Some(about))]);
    }
    let ask = comes(&dossier, "came", number, Some(TODAY), true);
    let (granted, _) = office.answer(&machine, &dossier, by("clerk"), ask, START).expect("it is recorded");
    assert_eq!((granted.outcome.as_deref(), granted.papers.len()), (Some("granted"), 1));
    assert_eq!(granted.numbers.len(), 1, "its number stands once in the office");
}

#[test]
fn a_file_that_came_earlier_is_another_one() {
    let mut office = Office::new();
    let (machine, dossier, _) = sent(&mut office, "send");
    let ask = comes(&dossier, "partly", Some("7/GP"), Some(TODAY), true);
    let (again, _) = office.answer(&machine, &dossier, by("clerk"), ask, START).expect("it is recorded");
    let later = START.plus_ms(DAY_MS);
    let ask = comes(&again, "came", Some("8/GP"), Some(TODAY), false);
    let refusal = office.answer(&machine, &again, by("clerk"), ask, later).expect_err("nothing came with it");
    assert_eq!(refusal.reasons[0].code, Code::PaperMissing);
}

#[test]
fn only_a_deadline_reminds_and_nobody_else_records() {
    for (event, kinds) in
        [("send", vec![("p-clerk", NoticeKind::Reminder), ("p-head", NoticeKind::Escalation)]), ("post", Vec::new())]
    {
        let mut office = Office::new();
        let (machine, mut dossier, _) = sent(&mut office, event);
        let mut said = Vec::new();
        for day in 1..30 {
            let now = START.plus_ms(day * DAY_MS);
            if dossier.timers.iter().all(|timer| timer.due_at > now) {
                continue;
            }
            let tick = office.answer(&machine, &dossier, Actor::Clock, Ask::Tick, now);
            let (after, rows) = tick.expect("a tick");
            said.extend(rows.notices.iter().map(|one| (one.person.as_str().to_owned(), one.kind)));
            dossier = after;
        }
        let said: Vec<_> = said.iter().map(|(who, kind)| (who.as_str(), *kind)).collect();
        assert_eq!(said, kinds);
        let ask = comes(&dossier, "came", Some("7/GP"), Some(TODAY), true);
        let late = START.plus_ms(40 * DAY_MS);
        let refusal = office.answer(&machine, &dossier, by("head"), ask, late).expect_err("it is the clerk's");
        assert_eq!(refusal.reasons[0].code, Code::NotAsked);
    }
}

#[tokio::test]
async fn the_page_says_who_is_waited_for_and_takes_the_paper_whole() {
    let pages = Pages::new().await;
    pages.deploy("licence", LICENCE).await;
    let licence = pages.start("licence", "l1", json!({"what": "Một", "unit": "U"})).await;
    pages.choose(&licence, "clerk", "send").await;
    let link = pages.link(&licence, Purpose::Act, "clerk").await;
    let page = pages.get(&link).await;
    assert!(page.text().contains("Đang chờ Cơ quan cấp phép, từ"), "{}", page.text());
    let form = [
        ("do", "act"),
        ("seen", &page.hidden("seen")),
        ("choice", "came"),
        ("field.came.number", "7/GP"),
        ("field.came.day", TODAY),
    ];
    let without = pages.post_files(&link, &form, &[]).await;
    assert_eq!(without.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", without.text());
    let file: &[u8] = b"%PDF-1.4 licence";
    let taken = pages.post_files(&link, &form, &[("paper.came.licence", "scan.pdf", file)]).await;
    assert_eq!(taken.status, StatusCode::SEE_OTHER, "{}", taken.text());
    let dossier = pages.engine.dossier(&licence).await.expect("it reads").expect("it exists");
    assert_eq!(dossier.outcome.as_deref(), Some("granted"));
}
