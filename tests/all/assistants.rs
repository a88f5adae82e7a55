//! Assistants: they read what their principal is asked, keep an answer ready, and decide nothing.

use axum::http::StatusCode;
use chancery::directory::{Assistant, Dated, Directory};
use chancery::dossier::command::{Ask, Prepare};
use chancery::dossier::project::{NoticeKind, Rows};
use chancery::dossier::refusal::Code;
use chancery::dossier::{Choice, Dossier, Purpose};
use chancery::ids::{DossierId, Instant, PersonId};
use chancery::machine::Machine;
use chancery::scheduler::Scheduler;
use serde_json::json;

use crate::store::databases;
use crate::support::office::{DAY_MS, Office, START, act, by, machine};
use crate::support::pages::{self, Pages};
use crate::web::{deciding, mailed};

/// A form, then a decision with a reason; and a vote of the council.
const LEAVE: &str = "
chancery: 1
workflow: leave
title: Nghỉ phép
calendar: plain
subject: [employee]
fields:
  unit:     {type: unit, required: true, label: Đơn vị}
  employee: {type: person, label: Người nghỉ}
  days:     {type: number, min: 1, label: Số ngày}
roles:
  clerk: {label: Cán bộ, post: clerk, of: unit, starter: true}
  head:  {label: Thủ trưởng, post: head, of: unit}
votes:
  council:
    title: Bỏ phiếu
    body: council of unit
    ballot: secret
    quorum: at least 1/2 of members
    passes: more than 1/2 of members
    open_for: 3wd
initial: drafting
states:
  drafting:
    title: Viết đơn
    task: {for: clerk, title: Viết đơn}
    on: {submit: {by: clerk, label: Nộp, target: deciding}}
  deciding:
    title: Quyết định
    task: {for: head, title: Quyết định cho nghỉ}
    deadline: {within: 5wd, remind: [-1wd]}
    on:
      agree:  {by: head, label: Đồng ý, fill: [days], target: agreed}
      refuse: {by: head, label: Không đồng ý, reason: true, target: refused}
      ask:    {by: head, label: Hỏi Hội đồng, target: voting}
  voting:
    title: Bỏ phiếu
    vote: council
    on: {passed: agreed, rejected: refused, no_quorum: deciding}
  agreed: {title: Đồng ý, final: true, outcome: agreed}
  refused: {title: Không đồng ý, final: true, outcome: refused}
";

fn assists(directory: &mut Directory, person: &str, assistant: &str, first: bool) {
    let id = |code: &str| PersonId::new(format!("p-{code}"));
    let dated = Dated::default();
    directory.assistants.push(Assistant { person: id(person), by: id(assistant), first, dated });
}

/// A dossier with its head, whom `assistant` assists.
fn asked(assistant: &str, first: bool, fields: serde_json::Value) -> (Office, Machine, Dossier, Rows) {
    let (mut office, leave) = (Office::new(), machine("leave", LEAVE));
    assists(&mut office.directory, "head", assistant, first);
    let opened = office.start(&leave, "D", fields, START);
    let submit = act(&opened, "submit");
    let (dossier, rows) = office.answer(&leave, &opened, by("clerk"), submit, START).expect("sent on");
    (office, leave, dossier, rows)
}

fn opened(rows: &Rows) -> Vec<(&str, Purpose)> {
    rows.tasks_opened.iter().map(|task| (task.person.as_str(), task.purpose)).collect()
}

fn prepared(dossier: &Dossier, event: &str) -> Ask {
    let Ask::Act(answer) = act(dossier, event) else { unreachable!("an event") };
    Ask::Prepare(Prepare { answer, note: Some("Đã đối chiếu".to_owned()) })
}

#[test]
fn whoever_assists_somebody_gets_a_link_and_mails_of_their_own() {
    let (mut office, leave, dossier, rows) = asked("m1", false, json!({"unit": "U"}));
    assert_eq!(opened(&rows), [("p-head", Purpose::Act), ("p-m1", Purpose::Prepare)]);
    let told: Vec<_> = rows.notices.iter().map(|one| (one.person.as_str(), one.kind, one.purpose)).collect();
    let both = |kind| [("p-head", kind, Some(Purpose::Act)), ("p-m1", kind, Some(Purpose::Prepare))];
    assert_eq!(told, both(NoticeKind::Asked));
    let remind = START.plus_ms(4 * DAY_MS);
    let (_, rows) = office.answer(&leave, &dossier, by("clerk"), Ask::Tick, remind).expect("a tick");
    let told: Vec<_> = rows.notices.iter().map(|one| (one.person.as_str(), one.kind, one.purpose)).collect();
    assert_eq!(told, both(NoticeKind::Reminder), "a reminder goes both ways");
    assert!(!dossier.awaited().any(|person| person.as_str() == "p-m1"), "nobody waits for an assistant");
}

#[test]
fn an_assistant_decides_nothing_whatever_they_ask_for() {
    let (mut office, leave, dossier, _) = asked("m1", false, json!({"unit": "U"}));
    let activation = dossier.tasks[0].activation;
    let (to, person, reason) = (PersonId::from("p-m1"), PersonId::from("p-m1"), "Vì vậy".to_owned());
    let fields = [("days".into(), json!(3))].into_iter().collect();
    for ask in [
        act(&dossier, "agree"),
        act(&dossier, "refuse"),
        act(&dossier, "ask"),
        Ask::Edit { activation, fields, papers: Vec::new() },
        Ask::Claim { activation },
        Ask::Release { activation },
        Ask::Assign { activation, from: None, to, reason: Some(reason.clone()) },
        Ask::Add { activation, person, reason: reason.clone() },
        Ask::Skip { activation, reason: reason.clone() },
        Ask::Redo { activation, reason },
        Ask::Acknowledge { activation, seen: None },
    ] {
        let said = format!("{ask:?}");
        let refusal = office.answer(&leave, &dossier, by("m1"), ask, START).expect_err(&said);
        assert!(!refusal.reasons.is_empty(), "{said} is refused with a reason");
    }
}

#[test]
fn a_ballot_is_nobodys_to_prepare() {
    let (mut office, leave, dossier, _) = asked("clerk", false, json!({"unit": "U"}));
    assists(&mut office.directory, "m1", "clerk", false);
    let (voting, rows) = office.answer(&leave, &dossier, by("head"), act(&dossier, "ask"), START).expect("a vote");
    assert!(rows.tasks_opened.iter().all(|task| task.purpose == Purpose::Ballot && task.person.as_str() != "p-clerk"));
    assert!(rows.notices.iter().all(|notice| notice.person.as_str() != "p-clerk"), "no mail about it either");
    let activation = voting.votes[0].activation;
    let choices = [(voting.id.clone(), Choice::Yes)].into_iter().collect();
    let refusal = office.answer(&leave, &voting, by("clerk"), Ask::Cast { activation, choices }, START);
    assert_eq!(refusal.expect_err("not on the roll").reasons[0].code, Code::NotAsked);
    let refusal = office.answer(&leave, &voting, by("clerk"), prepared(&voting, "agree"), START);
    assert_eq!(refusal.expect_err("nothing to prepare").reasons[0].code, Code::NotAsked);
}

#[test]
fn nobody_prepares_what_is_decided_about_themselves_or_asked_of_them() {
    let (_, _, _, rows) = asked("m1", false, json!({"unit": "U", "employee": "p-m1"}));
    assert_eq!(opened(&rows), [("p-head", Purpose::Act)]);
    let (_, _, _, rows) = asked("head", false, json!({"unit": "U"}));
    assert_eq!(opened(&rows), [("p-head", Purpose::Act)]);
}

#[test]
fn only_an_answer_that_could_be_given_is_kept_and_it_ends_with_its_entry() {
    let (mut office, leave, dossier, _) = asked("m1", false, json!({"unit": "U"}));
    let refused = |office: &mut Office, who: &str, ask| {
        office.answer(&leave, &dossier, by(who), ask, START).expect_err("not kept").reasons[0].code.clone()
    };
    assert_eq!(refused(&mut office, "m1", prepared(&dossier, "submit")), Code::NoEvent);
    assert_eq!(refused(&mut office, "m1", prepared(&dossier, "refuse")), Code::ReasonMissing);
    assert_eq!(refused(&mut office, "m2", prepared(&dossier, "agree")), Code::NotAsked);
    assert_eq!(refused(&mut office, "head", prepared(&dossier, "agree")), Code::NotAsked);
    let Ask::Prepare(mut wrong) = prepared(&dossier, "agree") else { unreachable!("an answer") };
    wrong.answer.fields.insert("days".into(), json!(0));
    assert_eq!(refused(&mut office, "m1", Ask::Prepare(wrong.clone())), Code::FieldWrong);
    wrong.answer.fields.insert("days".into(), json!(3));
    let (kept, rows) = office.answer(&leave, &dossier, by("m1"), Ask::Prepare(wrong), START).expect("it lies ready");
    assert!(rows.tasks_closed.is_empty() && rows.notices.is_empty(), "nothing else happens");
    assert_eq!(kept.leaves().next().map(|leaf| leaf.state.as_str()), Some("deciding"));
    assert_eq!(kept.fields.get(&"days".into()), None, "the dossier says what it said");
    let activation = kept.tasks[0].activation;
    let head = PersonId::from("p-head");
    let ready = kept.prepared_for(activation, &head, START).expect("for the head");
    assert_eq!(
        (ready.by.as_str(), ready.event.as_str(), ready.note.as_deref()),
        ("p-m1", "agree", Some("Đã đối chiếu"))
    );
    let (again, _) =
        office.answer(&leave, &kept, by("m1"), prepared(&kept, "ask"), START).expect("another takes its place");
    assert_eq!(again.prepared.len(), 1);
    let (after, rows) = office.answer(&leave, &again, by("head"), act(&again, "ask"), START).expect("decided");
    assert!(after.prepared.is_empty(), "it ends with the entry");
    assert_eq!(rows.tasks_closed.len(), 2);
}

#[test]
fn where_an_assistant_comes_first_the_leaders_mail_waits_for_the_answer_or_two_working_days() {
    let (mut office, leave, dossier, rows) = asked("m1", true, json!({"unit": "U"}));
    let slot = |rows: &Rows, who: &str| {
        let theirs = rows.notices.iter().find(|one| one.person.as_str() == who);
        theirs.map(|one| (one.kind, one.not_before_at))
    };
    let (_, at_once) = slot(&rows, "p-m1").expect("the assistant");
    let (_, later) = slot(&rows, "p-head").expect("the head");
    assert!(later > at_once && later.0 - at_once.0 <= 2 * DAY_MS, "{at_once:?} {later:?}");
    let (ready, rows) = office.answer(&leave, &dossier, by("m1"), prepared(&dossier, "agree"), START).expect("ready");
    assert_eq!(slot(&rows, "p-head"), Some((NoticeKind::Asked, at_once)), "as soon as it lies ready");
    let (_, rows) = office.answer(&leave, &ready, by("m1"), prepared(&ready, "agree"), START).expect("put right");
    assert_eq!(slot(&rows, "p-head"), None, "and once: what is put right later is found there");
}

#[test]
fn who_assists_from_now_on_is_told_and_who_no_longer_does_no_longer_reads() {
    let (mut office, leave, dossier, _) = asked("m1", false, json!({"unit": "U"}));
    office.directory.assistants.clear();
    assists(&mut office.directory, "head", "m2", false);
    let (after, rows) = office.answer(&leave, &dossier, by("clerk"), Ask::Tick, START).expect("a tick");
    assert_eq!(opened(&rows), [("p-m2", Purpose::Prepare)]);
    assert_eq!(rows.tasks_closed.iter().map(|task| task.person.as_str()).collect::<Vec<_>>(), ["p-m1"]);
    let late = office.answer(&leave, &after, by("m1"), prepared(&after, "agree"), START);
    assert_eq!(late.expect_err("no longer").reasons[0].code, Code::NotAsked);
}

/// An office in which the secretary assists the head.
async fn assisted(database: crate::store::Fresh) -> Pages {
    let pages = Pages::on(database, pages::CASE).await;
    let mut directory = (*pages.engine.directory()).clone();
    assists(&mut directory, "head", "secretary", false);
    let head = directory.people.get_mut(&PersonId::from("p-head")).expect("the head");
    head.address = Some("đồng chí".to_owned());
    pages.engine.put_directory(directory).await.expect("a directory");
    pages
}

async fn seq(pages: &Pages, dossier: &DossierId) -> i64 {
    pages.engine.dossier(dossier).await.expect("it reads").expect("it exists").seq
}

#[tokio::test]
async fn an_assistants_link_prepares_what_the_leader_then_confirms_on_both_databases() {
    for database in databases().await {
        let pages = assisted(database).await;
        let (cases, list) = deciding(&pages).await;
        let (link, leader) =
            (pages.link(&list, Purpose::Prepare, "secretary").await, pages.link(&list, Purpose::Act, "head").await);
        let page = pages.get(&link).await;
        let text = page.text();
        for said in ["Chuẩn bị ý kiến", "giúp việc đồng chí Người head", "Lưu ý kiến để trình", "Đề nghị"]
        {
            assert!(text.contains(said), "{said}: {text}");
        }
        let english = pages.get(&format!("{link}?lang=en")).await.text();
        assert!(english.contains("assistant of Người head") && english.contains("Keep it ready"), "{english}");

        // Whatever a page that decides would send, decides nothing here.
        let (seen, before) = (page.hidden("seen"), seq(&pages, &list).await);
        let all = ["act", "edit", "claim", "release", "give", "add", "extend", "skip", "redo", "correct", "withdraw"];
        let more = ["recall", "acknowledge", "hear", "settle", "record", "cast", "tally", "confirm", "attend", ""];
        for asked in all.into_iter().chain(more) {
            let form = [("do", asked), ("seen", seen.as_str()), ("choice", "agree"), ("all", "yes"), ("step", "send")];
            let sent = pages.post(&link, &form).await;
            assert_eq!(sent.status, StatusCode::UNPROCESSABLE_ENTITY, "{asked}");
            assert!(sent.text().contains("chỉ dùng để đọc và chuẩn bị ý kiến"), "{asked}: {}", sent.text());
        }
        assert_eq!(seq(&pages, &list).await, before, "nothing happened");

        let (mark, why) = (format!("mark.{}", cases[2]), format!("why.{}", cases[2]));
        let form = [
            ("do", "prepare"),
            ("seen", seen.as_str()),
            ("choice", "agree"),
            (mark.as_str(), "struck"),
            (why.as_str(), "Chưa đủ thời gian"),
            ("prepared.note", "Đã hỏi đơn vị"),
        ];
        let sent = pages.post(&link, &form).await;
        assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text());
        let again = pages.get(&link).await.text();
        assert!(again.contains("Ý kiến đã lưu") && again.contains("Đã hỏi đơn vị"), "{again}");

        let ready = pages.get(&leader).await;
        let text = ready.text();
        for said in
            ["Ý kiến đã được chuẩn bị", "Người secretary chuẩn bị", "Đã hỏi đơn vị", "value=\"Chưa đủ thời gian\""]
        {
            assert!(text.contains(said), "{said}: {text}");
        }
        assert!(!text.contains("value=\"agree\" checked"), "nothing but a link chooses nothing: {text}");
        let others = pages.link(&list, Purpose::Ballot, "m1").await;
        assert!(!pages.get(&others).await.text().contains("Đã hỏi đơn vị"), "the word is for the leader");

        // One press is never enough for what somebody else filled in.
        let seen = ready.hidden("seen");
        let plain = [("do", "act"), ("seen", seen.as_str()), ("choice", "agree")];
        let look = pages.post(&leader, &plain).await;
        assert_eq!(look.status, StatusCode::OK);
        assert!(look.text().contains("Người chuẩn bị: Người secretary"), "{}", look.text());
        let form = [plain.as_slice(), &form[3..5], &[("step", "send")]].concat();
        let sent = pages.post(&leader, &form).await;
        assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text());
        pages.settle().await;
        let struck = pages.engine.dossier(&cases[2]).await.expect("it reads").expect("it exists");
        assert_eq!(struck.outcome.as_deref(), Some("rejected"));

        let over = pages.get(&link).await.text();
        assert!(over.contains("Việc này đã có người làm") && over.contains("Người head"), "{over}");
        assert!(over.contains("Đồng ý với danh sách"), "it says what was decided: {over}");
        let late = pages.post(&link, &[("do", "prepare"), ("seen", &seen), ("choice", "agree")]).await;
        assert_eq!(late.status, StatusCode::SEE_OTHER, "an old link only says so");
        let history = pages.page(&list, "secretary").await;
        assert!(history.contains("chuẩn bị sẵn một ý kiến"), "{history}");
    }
}

#[tokio::test]
async fn an_assistant_without_a_role_reads_what_the_leader_reads_and_is_mailed_for_whom() {
    let pages = Pages::new().await;
    let mut directory = (*pages.engine.directory()).clone();
    assists(&mut directory, "head", "m5", false);
    directory.people.get_mut(&PersonId::from("p-head")).expect("the head").address = Some("ông".to_owned());
    pages.engine.put_directory(directory).await.expect("a directory");
    let access = "roles:\n";
    let hidden = "access:\n  others: {see: none}\n  head: {see: all}\n  clerk: {see: all}\nroles:\n";
    pages.deploy("leave", &LEAVE.replacen(access, hidden, 1)).await;
    let dossier = pages.start("leave", "d1", json!({"unit": "U", "employee": "p-m1"})).await;
    pages.choose(&dossier, "clerk", "submit").await;
    let page = pages.get(&pages.link(&dossier, Purpose::Prepare, "m5").await).await.text();
    assert!(page.contains("Người m1"), "they read the dossier: {page}");
    let desk = pages.get(&mailed(&pages, "m5").await).await.text();
    assert!(desk.contains("Để trình ông Người head: chưa chuẩn bị"), "{desk}");
    let mails = pages.mails(Instant(START.0 + DAY_MS)).await;
    let text = |to: &str| {
        let mut theirs = mails.iter().filter(|mail| mail.to == [format!("{to}@office.example")]);
        theirs.next().map(|mail| mail.text.clone())
    };
    assert!(text("head").is_some(), "the leader is mailed as well");
    let link = pages.link(&dossier, Purpose::Prepare, "m5").await;
    let cookie = pages.sign_in("m5").await;
    let inbox = pages.get_as(&cookie, "/ho-so/me").await.text();
    assert!(inbox.contains("Chuẩn bị ý kiến: Quyết định cho nghỉ") && inbox.contains("ông Người head"), "{inbox}");
    let mut directory = (*pages.engine.directory()).clone();
    directory.assistants.clear();
    pages.engine.put_directory(directory).await.expect("a directory");
    let mut scheduler = Scheduler::new(pages.engine.clone());
    scheduler.step(pages.engine.now()).await.expect("a step");
    let over = pages.get(&link).await.text();
    assert!(over.contains("không còn được giao việc này") && !over.contains("Người m1"), "{over}");
}

#[tokio::test]
async fn the_mail_of_an_assistant_says_for_whom_with_the_form_of_address() {
    let pages = Pages::new().await;
    let mut directory = (*pages.engine.directory()).clone();
    assists(&mut directory, "head", "m5", true);
    directory.people.get_mut(&PersonId::from("p-head")).expect("the head").address = Some("ông".to_owned());
    pages.engine.put_directory(directory).await.expect("a directory");
    pages.deploy("leave", LEAVE).await;
    let dossier = pages.start("leave", "d1", json!({"unit": "U"})).await;
    pages.choose(&dossier, "clerk", "submit").await;
    let text = |mails: &[std::sync::Arc<chancery::catcher::Caught>], to: &str| {
        let mut theirs = mails.iter().filter(|mail| mail.to == [format!("{to}@office.example")]);
        theirs.next().map(|mail| mail.text.clone())
    };
    let morning = pages.mails(START.plus_ms(DAY_MS)).await;
    let mail = text(&morning, "m5").unwrap_or_else(|| panic!("the assistant is mailed first"));
    for said in
        ["chuẩn bị ý kiến để trình ông Người head quyết định", "Để trình: ông Người head", "giúp việc ông Người head"]
    {
        assert!(mail.contains(said), "{said}: {mail}");
    }
    assert!(text(&morning, "head").is_none(), "the head's mail waits");
    let link = pages.link(&dossier, Purpose::Prepare, "m5").await;
    assert!(mail.contains(&link), "with a link of their own: {mail}");
    let seen = pages.get(&link).await.hidden("seen");
    let form =
        [("do", "prepare"), ("seen", seen.as_str()), ("choice", "refuse"), ("reason.refuse", "Thiếu người trực")];
    assert_eq!(pages.post(&link, &form).await.status, StatusCode::SEE_OTHER);
    let ready = pages.mails(START.plus_ms(DAY_MS)).await;
    let mail = text(&ready, "head").unwrap_or_else(|| panic!("the head is mailed as soon as it lies ready"));
    assert!(mail.contains("Không đồng ý (Người m5 chuẩn bị)"), "{mail}");
    let page = pages.page(&dossier, "head").await;
    assert!(page.contains("Thiếu người trực"), "the reason is filled in: {page}");
}
