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
        let mails = pages.mails(START.plus_ms(9 * DAY_MS)).await;
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

/// Somebody objects by the link that was mailed to them.
async fn objects(pages: &Pages, id: &DossierId, public: &str, mail: &str, name: &str) {
    assert_eq!(pages.post(public, &[("name", name), ("mail", mail)]).await.status, StatusCode::SEE_OTHER);
    let path = page_of(pages, id, Purpose::Object, mail).await;
    let seen = pages.get(&path).await.hidden("seen");
    let form = [("do", "object"), ("seen", &seen), ("object.who", name), ("object.what", "Điều 2 sai")];
    assert_eq!(pages.post(&path, &form).await.status, StatusCode::SEE_OTHER);
}

/// Whoever keeps the posting settles the first objection.
async fn settles(pages: &Pages, id: &DossierId) {
    let link = pages.link(id, Purpose::Act, "clerk").await;
    let seen = pages.get(&link).await.hidden("seen");
    let form = [("do", "settle"), ("seen", &seen), ("place", "0"), ("decision", "rejected"), ("why.0", "Điều 2 đúng")];
    assert_eq!(pages.post(&link, &form).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn whoever_objected_is_told_how_that_was_settled_in_the_usual_words_and_in_the_workflows() {
    let own = MATTER.replace("paper: proof}", "paper: proof, answer: settled}").replace(
        "initial: asking",
        "mails:\n  settled: {subject: \"Trả lời về {{ topic }}\", text: \"Quyết định: {{ objection.decision }}. {{ objection.why }}.\"}\ninitial: asking",
    );
    for (text, subject, said) in [
        (MATTER, "Ý kiến phản đối: Không chấp nhận: Quy chế", "Quyết định: Không chấp nhận"),
        (own.as_str(), "Trả lời về Quy chế", "Quyết định: Không chấp nhận. Điều 2 đúng."),
    ] {
        let pages = Pages::with(text).await;
        let (id, public) = posted(&pages).await;
        objects(&pages, &id, &public, "nam@nha.example", "Ông Năm").await;
        pages.mails(START.plus_ms(9 * DAY_MS)).await;
        settles(&pages, &id).await;
        let mails = pages.mails(START.plus_ms(10 * DAY_MS)).await;
        let theirs: Vec<_> = mails.iter().filter(|mail| mail.to == ["nam@nha.example"]).collect();
        assert_eq!(theirs.len(), 1, "{mails:?}");
        assert_eq!(theirs[0].subject, subject);
        for words in [said, "Điều 2 đúng", "Điều 2 sai", "Kính gửi Ông Năm"] {
            assert!(theirs[0].text.contains(words), "{words}: {}", theirs[0].text);
        }
        for words in ["đồng chí", "chỉ trong nhà", "vắng mặt"] {
            assert!(!theirs[0].text.to_lowercase().contains(words), "{words}: {}", theirs[0].text);
        }
        let desk = theirs[0].links.iter().find(|link| link.contains("/d/")).expect("their page");
        let page = pages.get(desk.trim_start_matches("https://so.example")).await.text();
        assert!(page.contains("Không chấp nhận. Điều 2 đúng"), "{page}");
    }
}

#[tokio::test]
async fn only_whoever_settles_objections_reads_whose_they_are() {
    let text = MATTER
        .replace("  parties: {label: Nơi được mời, outside: parties}\n", "  parties: {label: Nơi được mời, outside: parties}\n  head: {label: Thủ trưởng, post: head, of: unit}\n")
        .replace("on: {unopposed: done, resolved: done}", "on: {unopposed: deciding, resolved: deciding}")
        .replace(
            "  done: {title",
            "  deciding: {title: Quyết định, task: {for: head, title: Quyết định}, on: {sign: {by: head, label: Ký, target: done}}}\n  done: {title",
        );
    let pages = Pages::with(&text).await;
    let (id, public) = posted(&pages).await;
    let path = {
        assert_eq!(
            pages.post(&public, &[("name", "Ông Năm"), ("mail", "nam@nha.example")]).await.status,
            StatusCode::SEE_OTHER
        );
        page_of(&pages, &id, Purpose::Object, "nam@nha.example").await
    };
    let seen = pages.get(&path).await.hidden("seen");
    let form = [("do", "object"), ("seen", seen.as_str()), ("object.who", "Ông Năm"), ("object.what", "Điều 2 sai")];
    let sent = pages.post_files(&path, &form, &[("object.paper", "don.pdf", b"%PDF-1.4 don")]).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text());
    let keeper = pages.page(&id, "clerk").await;
    assert!(keeper.contains("Ông Năm") && keeper.contains("Điều 2 sai"), "{keeper}");
    pages.at(START.plus_ms(30 * DAY_MS));
    pages.engine.tick(&id).await.expect("time is over");
    settles(&pages, &id).await;
    assert_eq!(dossier(&pages, &id).await.stands(), "deciding");
    let clerk = pages.sign_in("clerk").await;
    let own = pages.get_as(&clerk, &format!("/ho-so/me/dossiers/{id}")).await.text();
    assert!(own.contains("Ông Năm") && own.contains("Điều 2 sai"), "who settled them still reads it: {own}");
    let decider = pages.page(&id, "head").await;
    assert!(decider.contains("Điều 2 sai") && decider.contains("don.pdf"), "what was objected: {decider}");
    assert!(decider.contains("Có ý kiến phản đối 1") && !decider.contains("Ông Năm"), "and not by whom: {decider}");
}

#[tokio::test]
async fn an_address_at_which_nothing_is_posted_any_more_says_until_when_and_nothing_else() {
    let pages = Pages::with(MATTER).await;
    let (id, public) = posted(&pages).await;
    pages.at(START.plus_ms(30 * DAY_MS));
    pages.engine.tick(&id).await.expect("time is over");
    assert_eq!(dossier(&pages, &id).await.outcome.as_deref(), Some("done"));
    let gone = pages.get(&public).await;
    assert_eq!(gone.status, StatusCode::GONE);
    let text = gone.text();
    assert!(text.contains("Đợt niêm yết này đã kết thúc") && text.contains("tháng 6 năm 2026"), "{text}");
    for hidden in ["Quy chế", "Hội Luật gia", "Xong", "<form"] {
        assert!(!text.contains(hidden), "{hidden}: {text}");
    }
    let request = axum::http::Request::get(&public).header("host", "so.example").header("accept-language", "en-GB,en");
    let english = pages.send(request.body(axum::body::Body::empty()).expect("a request")).await.text();
    assert!(english.contains("lang=\"en\"") && english.contains("This posting is over"), "{english}");
    let knock = pages.post(&public, &[("name", "Bà Sáu"), ("mail", "sau@nha.example")]).await;
    assert_eq!(knock.status, StatusCode::GONE);
    let mut forged = public.clone();
    forged.pop();
    assert_eq!(pages.get(&forged).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn whoever_comes_from_outside_is_addressed_as_that_and_reads_what_silence_means() {
    let text = MATTER.replace(
        "      language: {type",
        "      address: {type: text, max: 30, label: Xưng hô}\n      language: {type",
    );
    let pages = Pages::with(&text).await;
    let parties = json!([
        {"name": "Hội Luật gia", "mail": MAIL, "address": "quý Hội"},
        {"name": "Công ty Một", "mail": "mot@cong-ty.example"},
        {"name": "Law Society", "mail": "law@society.example", "language": "en"},
    ]);
    let id = pages.start("case", "matter", json!({"topic": "Quy chế", "unit": "U", "parties": parties})).await;
    for (mail, silence) in [
        (MAIL, "được ghi là “Không trả lời”"),
        ("mot@cong-ty.example", "được ghi là “Không trả lời”"),
        ("law@society.example", "is recorded as “Không trả lời”"),
    ] {
        let page = pages.get(&page_of(&pages, &id, Purpose::Act, mail).await).await.text();
        assert!(page.contains(silence) && !page.to_lowercase().contains("đồng chí"), "{mail}: {page}");
        assert!(page.contains("value=\"answer\" checked"), "the only choice, which wants more along, is made: {page}");
    }
    let mails = pages.mails(START.plus_ms(DAY_MS)).await;
    for (mail, greeting) in [
        (MAIL, "Kính gửi quý Hội Hội Luật gia,"),
        ("mot@cong-ty.example", "Kính gửi Công ty Một,"),
        ("law@society.example", "Dear Law Society,"),
    ] {
        let theirs = mails.iter().find(|one| one.to == [mail]).expect("they are asked");
        assert!(theirs.text.contains(greeting), "{}", theirs.text);
        assert!(!theirs.text.to_lowercase().contains("đồng chí"), "{}", theirs.text);
    }
}
