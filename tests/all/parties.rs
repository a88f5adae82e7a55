//! People from outside: asked without an account, sealed for each of them, and heard where a matter is posted.

use axum::http::StatusCode;
use chancery::dossier::event::Event;
use chancery::dossier::evolve::evolve;
use chancery::dossier::{Dossier, Purpose};
use chancery::ids::{DossierId, FieldName, MailId};
use chancery::links::{Bound, task_row};
use chancery::store::mails::{ClaimPlan, Settled};
use chancery::web::routes::Place;
use serde_json::json;

use crate::support::office::{DAY_MS, START};
use crate::support::pages::Pages;

const MATTER: &str = r"
chancery: 1
workflow: case
title: Dự thảo
calendar: plain
caption: topic
papers: {proof: Chứng cứ}
fields:
  topic: {type: text, max: 100, required: true, label: Việc}
  unit: {type: unit, required: true, label: Đơn vị}
  inner: {type: text, max: 100, label: Ghi chú nội bộ}
  parties:
    type: rows
    label: Nơi được mời
    columns:
      name: {type: text, max: 100, required: true, label: Tên}
      mail: {type: text, max: 100, required: true, label: Hộp thư}
      language: {type: one_of, values: {vi: Tiếng Việt, en: Tiếng Anh}, label: Ngôn ngữ}
  opinions:
    type: rows
    label: Ý kiến
    columns:
      who: {type: person, label: Ai}
      answer: {type: one_of, values: {agree: Nhất trí, deemed: Không trả lời}, required: true, label: Ý kiến}
  objections:
    type: rows
    label: Ý kiến phản đối
    columns:
      who: {type: text, max: 200, label: Ai}
      what: {type: text, max: 2000, label: Nội dung}
      day: {type: date, label: Ngày}
      decision: {type: one_of, values: {accepted: Chấp nhận, rejected: Không chấp nhận}, label: Giải quyết}
      why: {type: text, max: 2000, label: Vì sao}
roles:
  clerk: {label: Cán bộ, post: clerk, of: unit, starter: true}
  parties: {label: Nơi được mời, outside: parties}
access:
  parties: {see: [topic]}
initial: asking
states:
  asking:
    title: Lấy ý kiến
    public: Đang hỏi
    consult: {for: parties, title: Cho ý kiến, into: opinions, silence: {answer: deemed}}
    deadline: {within: 5wd, then: over}
    on:
      answer: {by: parties, label: Gửi ý kiến, target: posted}
      over: posted
  posted:
    title: Niêm yết
    separation: {may_be_same_as: opening}
    access: {public: {see: [topic]}}
    posting: {keeps: clerk, title: Giải quyết ý kiến, for: 5wd, into: objections, paper: proof}
    on: {unopposed: done, resolved: done}
  done: {title: Xong, final: true, outcome: done}
";

const MAIL: &str = "hoi@luat-gia.example";

async fn opened(pages: &Pages) -> DossierId {
    let parties = json!([
        {"name": "Hội Luật gia", "mail": MAIL, "language": "en"},
        {"name": "Công ty Một", "mail": "mot@cong-ty.example"},
    ]);
    let fields = json!({"topic": "Quy chế", "unit": "U", "inner": "chỉ trong nhà", "parties": parties});
    pages.start("case", "matter", fields).await
}

async fn dossier(pages: &Pages, id: &DossierId) -> Dossier {
    pages.engine.dossier(id).await.expect("it reads").expect("it is there")
}

/// The path of the page of somebody from outside, by their mailbox.
async fn page_of(pages: &Pages, id: &DossierId, purpose: Purpose, mail: &str) -> String {
    let stands = dossier(pages, id).await;
    let person = &stands.outsiders.iter().find(|one| one.reads(mail)).expect("they are known").person;
    for entry in (1..=stands.activations).rev() {
        let task = chancery::engine::task_id(id, chancery::ids::ActivationId(entry), purpose, person);
        let Some(page) = pages.engine.store().task_page(id, &task).await.expect("it reads") else { continue };
        let (row, activation) = (task_row(id, &task), format!("{id}:{entry}"));
        let bound =
            Bound { row: &row, person, activation: &activation, purpose: purpose.name(), generation: page.generation };
        let token = pages.app.links.token(page.key_id, &bound).expect("the key is there");
        return Place::Task(&token).path(&pages.app.site);
    }
    panic!("{mail} was never asked");
}

#[tokio::test]
async fn somebody_from_outside_answers_on_a_page_of_their_own_and_sees_what_is_meant_for_them() {
    let pages = Pages::with(MATTER).await;
    let id = opened(&pages).await;
    let path = page_of(&pages, &id, Purpose::Act, MAIL).await;
    let page = pages.get(&path).await;
    let text = page.text();
    assert_eq!(page.status, StatusCode::OK);
    assert!(text.contains("<html lang=\"en\"") && text.contains("Quy chế") && text.contains("Hội Luật gia"), "{text}");
    for hidden in ["chỉ trong nhà", "Công ty Một", "mot@cong-ty", "Người clerk"] {
        assert!(!text.contains(hidden), "{hidden}: {text}");
    }
    let form = [
        ("do", "act"),
        ("seen", &page.hidden("seen")),
        ("choice", "answer"),
        ("field.answer.opinions.1.answer", "agree"),
    ];
    let sent = pages.post(&path, &form).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text());
    let stands = dossier(&pages, &id).await;
    let person = stands.outsiders.iter().find(|one| one.reads(MAIL)).expect("they are known").person.clone();
    assert_eq!(stands.fields[&FieldName::from("opinions")], json!([{"who": person.as_str(), "answer": "agree"}]));
    let again = pages.post(&path, &form).await;
    assert_eq!(again.status, StatusCode::SEE_OTHER, "the same answer to the same click");
    assert_eq!(dossier(&pages, &id).await.seq, stands.seq);
}

#[tokio::test]
async fn what_is_known_of_somebody_from_outside_is_sealed_for_them_alone() {
    let pages = Pages::with(MATTER).await;
    let id = opened(&pages).await;
    let events: Vec<Event> = pages.engine.history(&id).await.expect("it reads");
    let (mut after, mut found) = (None, 0);
    for event in &events {
        let next = evolve(after, event).expect("it follows");
        for change in &event.changes {
            let said = serde_json::to_string(change).expect("JSON");
            for one in next.outsiders.iter().filter(|one| said.contains(one.mail.as_deref().unwrap_or("?"))) {
                assert_eq!(change.concerns(&next), Some(&one.person), "{said}");
                found += 1;
            }
            assert!(!event.actor.header().contains("example"));
        }
        after = Some(next);
    }
    assert_eq!(found, 2, "one row for each of them");
}

#[tokio::test]
async fn anybody_objects_by_a_mailed_link_and_the_dossier_waits_until_that_is_settled() {
    let pages = Pages::with(MATTER).await;
    let id = opened(&pages).await;
    pages.at(START.plus_ms(8 * DAY_MS));
    pages.engine.tick(&id).await.expect("time is over");
    let keeper = pages.page(&id, "clerk").await;
    let public = keeper.split("href=\"").find(|rest| rest.contains("/p/")).expect("a public address");
    let public = public.split('"').next().expect("an address").trim_start_matches("https://so.example").to_owned();
    let before = dossier(&pages, &id).await.seq;
    let page = pages.get(&public).await.text();
    assert!(page.contains("name=\"mail\"") && !page.contains("Hội Luật gia"), "{page}");
    assert_eq!(dossier(&pages, &id).await.seq, before, "looking changes nothing");
    for (name, mail) in [("", "a@b.example"), ("Ông Năm", "nowhere")] {
        let refused = pages.post(&public, &[("name", name), ("mail", mail)]).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    let long = "a".repeat(20_000);
    let refused = pages.post(&public, &[("name", &long), ("mail", "a@b.example")]).await;
    assert_eq!(refused.status, StatusCode::PAYLOAD_TOO_LARGE, "what a stranger sends is short or not read");
    assert_eq!(dossier(&pages, &id).await.seq, before);
    let form = [("name", "Ông Năm"), ("mail", "nam@nha.example")];
    for _ in 0..2 {
        let sent = pages.post(&public, &form).await;
        assert_eq!(sent.status, StatusCode::SEE_OTHER, "the page says the same, whoever asks how often");
    }
    let stands = dossier(&pages, &id).await;
    assert_eq!(
        (stands.seq, stands.outsiders.iter().filter(|one| one.reads("nam@nha.example")).count()),
        (before + 2, 1),
        "one link for one mailbox, sent twice"
    );
    assert!(stands.objections.is_empty(), "nothing is objected before the link was used");
    let path = page_of(&pages, &id, Purpose::Object, "nam@nha.example").await;
    let mine = pages.get(&path).await;
    let text = mine.text();
    assert!(text.contains("Quy chế") && !text.contains("chỉ trong nhà") && !text.contains("Người clerk"), "{text}");
    let form =
        [("do", "object"), ("seen", &mine.hidden("seen")), ("object.who", "Ông Năm"), ("object.what", "Điều 2 sai")];
    assert_eq!(pages.post(&path, &form).await.status, StatusCode::SEE_OTHER);
    assert!(!pages.get(&public).await.text().contains("Điều 2 sai"), "the public page names no objection");
    pages.at(START.plus_ms(30 * DAY_MS));
    pages.engine.tick(&id).await.expect("time is over");
    assert_eq!(dossier(&pages, &id).await.stands(), "posted");
    let late = pages.post(&public, &[("name", "Bà Sáu"), ("mail", "sau@nha.example")]).await;
    assert_eq!(late.status, StatusCode::UNPROCESSABLE_ENTITY);
    let link = pages.link(&id, Purpose::Act, "clerk").await;
    let kept = pages.get(&link).await;
    assert!(kept.text().contains("Điều 2 sai") && kept.text().contains("Ông Năm"), "{}", kept.text());
    let settle = [
        ("do", "settle"),
        ("seen", &kept.hidden("seen")),
        ("place", "0"),
        ("decision", "rejected"),
        ("why.0", "Điều 2 đúng"),
    ];
    let without = pages.post(&link, &settle[..4]).await;
    assert_eq!(without.status, StatusCode::UNPROCESSABLE_ENTITY, "a reason is wanted");
    assert_eq!(pages.post(&link, &settle).await.status, StatusCode::SEE_OTHER);
    let done = dossier(&pages, &id).await;
    assert_eq!(done.outcome.as_deref(), Some("done"));
    let row = &done.fields[&FieldName::from("objections")][0];
    assert_eq!((&row["decision"], &row["why"]), (&json!("rejected"), &json!("Điều 2 đúng")));
}

#[tokio::test]
async fn silence_stands_beside_the_proof_that_they_were_asked() {
    let pages = Pages::with(MATTER).await;
    let id = opened(&pages).await;
    let (store, now) = (pages.engine.store(), START.plus_ms(DAY_MS));
    let fresh = (0..4).map(|n| (MailId::new(format!("m{n}")), format!("<m{n}@so.example>"))).collect();
    let (lease, lease_until) = ("L".to_owned(), now.plus_ms(60_000));
    let plan = ClaimPlan { now, lease_until, lease: lease.clone(), fresh, key_id: 1, person_day_max: 20 };
    let stands = dossier(&pages, &id).await;
    for mail in store.claim_mails(plan).await.expect("mails are due").mails {
        let reads = stands.outsider(&mail.person).is_some_and(|one| one.reads(MAIL));
        let (status, answer) = if reads { ("accepted", "250") } else { ("failed", "550") };
        let settled = Settled { status, next_at: None, settled_at: now, answer: answer.to_owned(), unknowns: 0 };
        assert!(store.settle_mail(&mail.id, &lease, settled, None).await.expect("it is ours"));
    }
    pages.at(START.plus_ms(8 * DAY_MS));
    pages.engine.tick(&id).await.expect("time is over");
    let page = pages.page(&id, "clerk").await;
    assert_eq!(page.matches("máy chủ thư nhận").count(), 1, "{page}");
    assert_eq!(page.matches("không gửi tới được").count(), 1, "{page}");
    assert_eq!(page.matches("Không có bằng chứng đã hỏi").count(), 1, "silence without proof is shown as such: {page}");
    assert_eq!(page.matches("đến hạn không trả lời").count(), 2, "{page}");
}

/// The public page of a matter that is posted.
async fn posted(pages: &Pages) -> (DossierId, String) {
    let id = opened(pages).await;
    pages.at(START.plus_ms(8 * DAY_MS));
    pages.engine.tick(&id).await.expect("time is over");
    let keeper = pages.page(&id, "clerk").await;
    let public = keeper.split("href=\"").find(|rest| rest.contains("/p/")).expect("a public address");
    (id, public.split('"').next().expect("an address").trim_start_matches("https://so.example").to_owned())
}

#[tokio::test]
async fn one_network_neither_fills_a_posting_nor_writes_to_strangers() {
    let pages = Pages::with(MATTER).await;
    let (id, public) = posted(&pages).await;
    let knock = |peer: &str, mail: String| {
        let peer: std::net::SocketAddr = format!("{peer}:4711").parse().expect("an address");
        let mut request = axum::http::Request::post(&public)
            .header("host", "so.example")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(axum::body::Body::from(format!("name=X&mail={}", mail.replace('@', "%40").replace('+', "%2B"))))
            .expect("a request");
        request.extensions_mut().insert(axum::extract::ConnectInfo(peer));
        pages.send(request)
    };
    let outsiders = |dossier: &Dossier| dossier.outsiders.len();
    let before = outsiders(&dossier(&pages, &id).await);
    for number in 0..20 {
        assert_eq!(knock("192.0.2.7", format!("a{number}@b.example")).await.status, StatusCode::SEE_OTHER);
    }
    assert_eq!(knock("192.0.2.7", "one-more@b.example".to_owned()).await.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(outsiders(&dossier(&pages, &id).await) - before, 20);
    // One mailbox, whatever stands behind a plus in it: the page says the same, and no more is written to it.
    for number in 0..8 {
        let from = format!("198.51.100.{number}");
        assert_eq!(knock(&from, format!("nam+{number}@nha.example")).await.status, StatusCode::SEE_OTHER);
    }
    assert_eq!(outsiders(&dossier(&pages, &id).await) - before, 25, "five links a day for one mailbox");
    assert_eq!(knock("198.51.100.9", "other@b.example".to_owned()).await.status, StatusCode::SEE_OTHER);
    assert_eq!(outsiders(&dossier(&pages, &id).await) - before, 26, "everybody else gets theirs");
}

#[tokio::test]
async fn a_name_is_put_right_by_asking_again_or_on_the_page_and_stands_in_no_mail() {
    for on_the_page in [false, true] {
        let pages = Pages::with(MATTER).await;
        let (id, public) = posted(&pages).await;
        for name in ["Kẻ Phá", "Ông Năm"] {
            let sent = pages.post(&public, &[("name", name), ("mail", "nam@nha.example")]).await;
            assert_eq!(sent.status, StatusCode::SEE_OTHER);
        }
        let sql = "SELECT COUNT(*) FROM outbox JOIN task ON task.id = outbox.task_id AND task.dossier_id = outbox.dossier_id \
                   WHERE task.purpose = 'object'";
        let told = pages.engine.store().read(sql, &[]).await.expect("it reads")[0].int(0).expect("a number");
        assert_eq!(told, 2, "each time that it is asked for");
        let catcher = chancery::catcher::Catcher::start(([127, 0, 0, 1], 0).into()).await.expect("loopback");
        let settings =
            chancery::courier::settings::SmtpSettings::plain(catcher.address(), "vanphong@example.vn", "Văn phòng");
        let (links, chance) = (pages.engine.links().clone(), pages.engine.chance().clone());
        let (engine, url) = (pages.engine.clone(), "https://so.example/ho-so");
        let courier = chancery::courier::Courier::new(engine, links, settings, url, chance).expect("no TLS");
        while courier.step(START.plus_ms(9 * DAY_MS)).await.expect("a step").worked() {}
        let mails = catcher.mails_since(0);
        let theirs: Vec<_> = mails.iter().filter(|mail| mail.to == ["nam@nha.example"]).collect();
        assert_eq!(theirs.len(), 1, "{mails:?}");
        for name in ["Kẻ Phá", "Ông Năm"] {
            assert!(!theirs[0].text.contains(name) && !theirs[0].to_header.contains(name), "{:?}", theirs[0]);
        }
        let path = page_of(&pages, &id, Purpose::Object, "nam@nha.example").await;
        let page = pages.get(&path).await;
        assert!(page.text().contains("value=\"Ông Năm\"") && !page.text().contains("Kẻ Phá"), "{}", page.text());
        let (seen, name) = (page.hidden("seen"), if on_the_page { "Bà Sáu" } else { "Ông Năm" });
        let form = [("do", "object"), ("seen", &seen), ("object.who", name), ("object.what", "Điều 2 sai")];
        assert_eq!(pages.post(&path, &form).await.status, StatusCode::SEE_OTHER);
        let stands = dossier(&pages, &id).await;
        assert_eq!(stands.fields[&FieldName::from("objections")][0]["who"], json!(name));
        // Whoever has objected is who they said they are.
        pages.post(&public, &[("name", "Kẻ Phá"), ("mail", "nam@nha.example")]).await;
        assert_eq!(dossier(&pages, &id).await.seq, stands.seq);
    }
}
