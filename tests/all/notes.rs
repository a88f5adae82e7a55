//! Notes beside a dossier, hidden from those who may not see them; and "I have read this" before an answer counts.

use axum::http::StatusCode;
use chancery::dossier::command::Ask;
use chancery::dossier::event::Change;
use chancery::dossier::refusal::Code;
use chancery::dossier::{Dossier, Purpose, decide};
use serde_json::json;

use crate::support::office::{Office, START, act, by, machine};
use crate::support::pages::Pages;

const CLAIM: &str = r"
chancery: 1
workflow: claim
title: Đề nghị
calendar: plain
caption: title
fields:
  title: {type: text, max: 100, required: true, label: Tên}
  unit:  {type: unit, required: true, label: Đơn vị}
roles:
  clerk: {label: Cán bộ, post: clerk, of: unit, starter: true}
  head:  {label: Thủ trưởng, post: head, of: unit}
notes: {internal: Trao đổi nội bộ, open: Ý kiến}
access:
  clerk: {see: [title, unit, open], comment: [open]}
  head:  {see: all, comment: [internal, open]}
initial: drafting
states:
  drafting:
    title: Soạn
    task: {for: clerk, title: Soạn, edit: [title]}
    on: {submit: {by: clerk, label: Nộp, target: deciding}}
  deciding:
    title: Quyết định
    acknowledge: true
    task: {for: head, title: Quyết định}
    on:
      agree: {by: head, label: Đồng ý, target: agreed}
      back:  {by: head, label: Trả lại, reason: true, target: drafting}
  agreed: {title: Đồng ý, final: true, outcome: agreed}
";

fn note(thread: &str, text: &str) -> Ask {
    Ask::Note { thread: thread.to_owned(), text: text.to_owned(), papers: Vec::new() }
}

fn code(
    office: &mut Office,
    machine: &chancery::machine::Machine,
    dossier: &Dossier,
    who: &str,
    ask: Ask,
) -> Option<Code> {
    let command = office.command("D", by(who), ask);
    office.run(machine, Some(dossier), &command, START).err().map(|refusal| refusal.reasons[0].code.clone())
}

#[test]
fn a_note_is_written_by_those_who_may_and_changes_nothing_else() {
    let mut office = Office::new();
    let machine = machine("claim", CLAIM);
    let dossier = office.start(&machine, "D", json!({"title": "Một", "unit": "U"}), START);
    assert_eq!(code(&mut office, &machine, &dossier, "clerk", note("internal", "Không")), Some(Code::NotAsked));
    assert_eq!(code(&mut office, &machine, &dossier, "m1", note("open", "Không")), Some(Code::NotAsked));
    assert_eq!(code(&mut office, &machine, &dossier, "head", note("internal", "  ")), Some(Code::FieldMissing));
    assert_eq!(code(&mut office, &machine, &dossier, "head", note("nowhere", "x")), Some(Code::NotAsked));
    let command = office.command("D", by("head"), note("internal", "Cần xem lại"));
    let (after, decision) = office.run(&machine, Some(&dossier), &command, START).expect("they may");
    assert_eq!((after.notes.len(), after.content_seq), (1, dossier.content_seq));
    assert_eq!(decision.events.len(), 1);
    let same = Dossier { notes: dossier.notes.clone(), seq: dossier.seq, last_at: dossier.last_at, ..after };
    assert_eq!(same, dossier);
}

#[test]
fn a_thread_is_hidden_from_those_who_do_not_see_it() {
    let mut office = Office::new();
    let machine = machine("claim", CLAIM);
    let dossier = office.start(&machine, "D", json!({"title": "Một", "unit": "U"}), START);
    let command = office.command("D", by("head"), note("internal", "Chỉ nội bộ"));
    let (dossier, decision) = office.run(&machine, Some(&dossier), &command, START).expect("they may");
    let command = office.command("D", by("head"), note("open", "Cho mọi người"));
    let dossier = office.run(&machine, Some(&dossier), &command, START).expect("they may").0;
    let see = |who: &str| decide::sight(&machine, &dossier, &who.into(), START, &office.context());
    let (clerk, head) = (see("p-clerk"), see("p-head"));
    let threads = |dossier: &Dossier| dossier.notes.iter().map(|note| note.thread.clone()).collect::<Vec<_>>();
    assert_eq!(threads(&head.dossier(&dossier, &machine)), ["internal", "open"]);
    assert_eq!(threads(&clerk.dossier(&dossier, &machine)), ["open"]);
    let told = clerk.events(decision.events, &machine);
    assert!(!told.iter().flat_map(|event| &event.changes).any(|change| matches!(change, Change::Noted(_))));
}

#[test]
fn nobody_answers_who_has_not_said_that_they_have_read_it_as_it_is_now() {
    let mut office = Office::new();
    let machine = machine("claim", CLAIM);
    let dossier = office.start(&machine, "D", json!({"title": "Một", "unit": "U"}), START);
    let command = office.command("D", by("clerk"), act(&dossier, "submit"));
    let dossier = office.run(&machine, Some(&dossier), &command, START).expect("submitted").0;
    assert_eq!(code(&mut office, &machine, &dossier, "head", act(&dossier, "agree")), Some(Code::Unread));
    let activation = dossier.leaves().next().expect("it stands").activation;
    let read = |seen| Ask::Acknowledge { activation, seen };
    assert_eq!(code(&mut office, &machine, &dossier, "clerk", read(None)), Some(Code::NotAsked));
    assert_eq!(code(&mut office, &machine, &dossier, "head", read(Some(0))), Some(Code::Changed));
    let command = office.command("D", by("head"), read(Some(dossier.seq)));
    let dossier = office.run(&machine, Some(&dossier), &command, START).expect("read").0;
    let changed = Dossier { content_seq: dossier.seq + 1, ..dossier.clone() };
    assert_eq!(code(&mut office, &machine, &changed, "head", act(&dossier, "agree")), Some(Code::Unread));
    assert_eq!(code(&mut office, &machine, &dossier, "head", act(&dossier, "agree")), None);
}

#[tokio::test]
async fn a_page_takes_notes_hides_threads_and_asks_to_be_read() {
    let pages = Pages::new().await;
    pages.deploy("claim", CLAIM).await;
    let claim = pages.start("claim", "c1", json!({"title": "Một", "unit": "U"})).await;
    let drafting = pages.link(&claim, Purpose::Act, "clerk").await;
    let seen = pages.get(&drafting).await.hidden("seen");
    pages.post(&drafting, &[("do", "act"), ("seen", &seen), ("choice", "submit")]).await;
    let deciding = pages.link(&claim, Purpose::Act, "head").await;
    let page = pages.get(&deciding).await;
    let seen = page.hidden("seen");
    assert!(page.text().contains("Tôi đã đọc"), "{}", page.text());
    for (thread, text) in [("internal", "Thiếu một giấy"), ("open", "Xin bổ sung")] {
        let place = format!("note.{thread}");
        let answer =
            pages.post(&deciding, &[("do", "note"), ("thread", thread), ("seen", &seen), (&place, text)]).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
    }
    let early = pages.post(&deciding, &[("do", "act"), ("seen", &seen), ("choice", "agree")]).await;
    assert_eq!(early.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(early.text().contains("Hãy xác nhận đã đọc"), "{}", early.text());
    assert!(early.text().contains("Thiếu một giấy"), "{}", early.text());
    pages.post(&deciding, &[("do", "acknowledge"), ("seen", &seen)]).await;
    let page = pages.get(&deciding).await;
    assert!(page.text().contains("Bạn đã xác nhận đã đọc"), "{}", page.text());
    let over = pages.get(&drafting).await.text();
    assert!(over.contains("Xin bổ sung") && !over.contains("Thiếu một giấy"), "{over}");
    let answer = pages.post(&deciding, &[("do", "act"), ("seen", &page.hidden("seen")), ("choice", "agree")]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
    let dossier = pages.engine.dossier(&claim).await.expect("it reads").expect("it exists");
    assert_eq!((dossier.outcome.as_deref(), dossier.notes.len()), (Some("agreed"), 2));
}
