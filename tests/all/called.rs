//! A dossier is opened from outside: by whoever reads a mailbox that the workflow takes, through a link that is mailed there.

use axum::http::StatusCode;
use chancery::dossier::command::Actor;
use chancery::dossier::{Dossier, Outsider};
use chancery::ids::{DossierId, FieldName};
use chancery::web::routes::Place;
use serde_json::json;

use crate::cli::{place, shipped};
use crate::store::databases;
use crate::support::office::{DAY_MS, START};
use crate::support::pages::{Answer, Pages};

const COMPLAINT: &str = r"
chancery: 1
workflow: case
title: Phản ánh
calendar: plain
caption: topic
papers: {reply: Văn bản trả lời}
fields:
  topic: {type: text, max: 100, required: true, label: Việc gì}
  unit: {type: unit, required: true, label: Ở đâu}
  photo: {type: file, required: true, label: Ảnh chụp}
  inner: {type: text, max: 100, label: Ghi chú nội bộ}
  question: {type: text, max: 100, label: Điều cần biết thêm}
  more: {type: text, max: 500, label: Trả lời thêm}
  callers:
    type: rows
    max: 1
    label: Người phản ánh
    columns:
      name: {type: text, max: 100, required: true, label: Tên}
      mail: {type: text, max: 254, required: true, label: Hộp thư}
      language: {type: one_of, values: {vi: Tiếng Việt, en: Tiếng Anh}, label: Ngôn ngữ}
roles:
  clerk: {label: Cán bộ, post: clerk, of: unit}
  caller: {label: Người phản ánh, outside: callers}
access:
  caller: {see: [topic, unit, photo, question, more, reply, grounds]}
initial: looking
states:
  looking:
    title: Cán bộ xem
    public: Đang xem
    task: {for: clerk, title: Xem phản ánh, edit: [inner, question], attach: [reply]}
    on:
      ask: {by: clerk, label: Hỏi lại, fill: [question], target: asking}
      settle: {by: clerk, label: Trả lời, target: settled}
      refuse: {by: clerk, label: Không nhận, reason: true, target: refused}
  asking:
    title: Hỏi lại
    public: Chờ trả lời thêm
    task: {for: caller, title: Trả lời thêm, edit: [more]}
    deadline: {within: 5wd, then: over}
    on:
      answer: {by: caller, label: Gửi, fill: [more], target: looking}
      over: refused
  settled: {title: Đã trả lời, final: true, outcome: settled, entry: {tell: [caller]}}
  refused: {title: Không nhận, final: true, outcome: refused, entry: {tell: [caller]}}
public_start:
  as: caller
  domains: [bo.example, vídụ.example]
  help: Phản ánh một việc ở cơ quan.
";

const MAIL: &str = "lan@bo.example";
const CALL: &str = "/ho-so/start/case";
const PDF: &[u8] = b"%PDF-1.4\n1 0 obj <<>> endobj\n%%EOF\n";

async fn knock(pages: &Pages, mail: &str) -> Answer {
    pages.post(CALL, &[("mail", mail)]).await
}

/// The path of the link that was mailed to whoever asks.
async fn link(pages: &Pages, mail: &str) -> String {
    let sent = knock(pages, mail).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text());
    let mails = pages.mails(pages.engine.now()).await;
    let mail = mails.last().expect("a mail");
    assert_eq!(mail.links.len(), 1, "{}", mail.text);
    mail.links[0].strip_prefix("https://so.example").expect("our own address").to_owned()
}

async fn open(pages: &Pages, path: &str, name: &str) -> Answer {
    let form = [("name", name), ("field.topic", "Đèn hỏng"), ("field.unit", "U")];
    pages.post_files(path, &form, &[("field.photo", "anh.pdf", PDF)]).await
}

async fn dossiers(pages: &Pages) -> Vec<Dossier> {
    let rows = pages.engine.store().read("SELECT id FROM dossier ORDER BY id", &[]).await.expect("it reads");
    let mut all = Vec::new();
    for row in rows {
        let id = DossierId::new(row.text(0).expect("an id"));
        all.extend(pages.engine.dossier(&id).await.expect("it reads"));
    }
    all
}

async fn links_kept(pages: &Pages) -> i64 {
    let rows = pages.engine.store().read("SELECT COUNT(*) FROM start_link", &[]).await.expect("it reads");
    rows[0].int(0).expect("a number")
}

#[tokio::test]
async fn whoever_reads_the_mailbox_opens_a_dossier_once_and_sees_how_it_stands() {
    for database in databases().await {
        let pages = Pages::on(database, COMPLAINT).await;
        let page = pages.get(CALL).await;
        assert_eq!(page.status, StatusCode::OK);
        for said in ["Phản ánh một việc ở cơ quan.", "bo.example, xn--"] {
            assert!(page.text().contains(said), "{said}: {}", page.text());
        }
        let sent = knock(&pages, "LAN@BO.Example").await;
        assert_eq!((sent.status, sent.header("location")), (StatusCode::SEE_OTHER, "/ho-so/start/case?sent=1"));
        assert!(pages.get("/ho-so/start/case?sent=1").await.text().contains("role=\"status\""));
        let dump = pages.dump().await;
        assert!(!dump.to_lowercase().contains(MAIL), "the mailbox is sealed: {dump}");
        let mails = pages.mails(START).await;
        assert_eq!(mails.len(), 1);
        assert_eq!(
            mails[0].to,
            ["LAN@bo.example"],
            "what is before the @ is theirs; what is behind it is the domain's"
        );
        let path = mails[0].links[0].strip_prefix("https://so.example").expect("our own address").to_owned();
        let token = path.rsplit('/').next().expect("a token");
        let before = pages.dump().await;
        assert!(!before.contains(token), "no token is stored");
        // Whatever follows links in mails opens nothing.
        for _ in 0..5 {
            let page = pages.get(&path).await;
            assert!(page.status == StatusCode::OK && page.text().contains("LAN@bo.example"), "{}", page.text());
        }
        assert_eq!(pages.dump().await, before);
        for lacking in [
            pages.post(&path, &[("name", "Lan")]).await,
            pages.post(&path, &[("field.topic", "Đèn hỏng"), ("field.unit", "U")]).await,
            pages.post(&path, &[("name", "Lan"), ("field.topic", "Đèn hỏng"), ("field.unit", "U")]).await,
        ] {
            assert_eq!(lacking.status, StatusCode::UNPROCESSABLE_ENTITY);
            assert!(lacking.text().contains("Ảnh chụp: "), "what is missing is named: {}", lacking.text());
        }
        assert!(dossiers(&pages).await.is_empty());
        assert_eq!(open(&pages, &path, "Nguyễn Thị Lan").await.status, StatusCode::SEE_OTHER);
        let [dossier] = &dossiers(&pages).await[..] else { panic!("one dossier") };
        let lan = Outsider::first_of(&dossier.id);
        let known = dossier.outsider(&lan).expect("they are known");
        assert_eq!((known.name.as_str(), known.mail.as_deref()), ("Nguyễn Thị Lan", Some("LAN@bo.example")));
        assert_eq!(
            dossier.fields[&FieldName::from("callers")],
            json!([{"name": "Nguyễn Thị Lan", "mail": "LAN@bo.example", "language": "vi"}])
        );
        assert_eq!(dossier.papers[0].by.as_ref(), Some(&lan));
        let events = pages.engine.history(&dossier.id).await.expect("it reads");
        assert_eq!(events[0].actor, Actor::Link(lan));
        let said = format!("{:?}", events[0].changes.iter().find(|change| change.concerns(dossier).is_none()));
        assert!(!said.contains("Lan"), "{said}");
        assert_eq!(links_kept(&pages).await, 0, "whose link it was stands in the dossier and nowhere else");
        // Once: the same again, another text, the mail looked at a week later.
        assert_eq!(open(&pages, &path, "Kẻ Khác").await.status, StatusCode::OK);
        pages.at(START.plus_ms(7 * DAY_MS));
        let page = pages.get(&path).await;
        assert!(page.status == StatusCode::OK && page.text().contains("Đang xem"), "{}", page.text());
        assert_eq!(dossiers(&pages).await.len(), 1);
        assert_eq!(dossiers(&pages).await[0].seq, dossier.seq);
    }
}

#[tokio::test]
async fn whoever_opened_it_answers_by_mailed_links_and_is_told_the_end() {
    let pages = Pages::with(COMPLAINT).await;
    assert_eq!(pages.post(&format!("{CALL}?lang=en"), &[("mail", MAIL)]).await.status, StatusCode::SEE_OTHER);
    let mails = pages.mails(START).await;
    assert!(mails[0].subject.starts_with("Your link"), "{}", mails[0].subject);
    let path = mails[0].links[0].strip_prefix("https://so.example").expect("our own address").to_owned();
    open(&pages, &path, "Lan").await;
    let id = dossiers(&pages).await[0].id.clone();
    let clerk = pages.link(&id, chancery::dossier::Purpose::Act, "clerk").await;
    let seen = pages.get(&clerk).await.hidden("seen");
    let form = [("do", "act"), ("seen", seen.as_str()), ("choice", "ask"), ("field.ask.question", "Đèn nào?")];
    let asked = pages.post(&clerk, &form).await;
    assert_eq!(asked.status, StatusCode::SEE_OTHER, "{}", asked.text());
    let tomorrow = START.plus_ms(DAY_MS);
    pages.at(tomorrow);
    let mails = pages.mails(tomorrow).await;
    let theirs = mails.iter().find(|mail| mail.to == [MAIL]).expect("they are asked");
    assert!(theirs.text.contains("Dear") && theirs.to_header.contains("Lan"), "{}", theirs.text);
    let task = theirs.links[0].strip_prefix("https://so.example").expect("our own address").to_owned();
    assert!(pages.get(&path).await.text().contains(&task), "the page of their link leads there as well");
    let page = pages.get(&task).await;
    assert!(page.text().contains("<html lang=\"en\"") && page.text().contains("Đèn nào?"), "{}", page.text());
    assert!(!page.text().contains("Ghi chú nội bộ"));
    let form =
        [("do", "act"), ("seen", &page.hidden("seen")), ("choice", "answer"), ("field.answer.more", "Đèn ở cổng")];
    let sent = pages.post(&task, &form).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text());
    assert_eq!(dossiers(&pages).await[0].fields[&FieldName::from("more")], json!("Đèn ở cổng"));
    pages.choose(&id, "clerk", "refuse").await;
    let later = START.plus_ms(2 * DAY_MS);
    pages.at(later);
    let mails = pages.mails(later).await;
    let told = mails.iter().find(|mail| mail.to == [MAIL]).expect("they are told the end");
    let desk = told.links[0].strip_prefix("https://so.example").expect("our own address");
    let page = pages.get(desk).await;
    assert!(page.status == StatusCode::OK && !page.text().contains("/away"), "{}", page.text());
    let away = format!("{desk}/away");
    assert_eq!(
        pages.get(&away).await.status,
        StatusCode::NOT_FOUND,
        "the office's people are shown to nobody from outside"
    );
    let page = pages.get(&path).await.text();
    assert!(page.contains("Không nhận") && page.contains(CALL), "{page}");
}

#[tokio::test]
async fn a_mailbox_of_another_domain_is_told_which_are_taken_and_gets_nothing() {
    let pages = Pages::with(COMPLAINT).await;
    let before = pages.dump().await;
    for other in ["lan@noi-khac.example", "lan@vu.bo.example", "lan@bo.example.evil.example"] {
        let page = knock(&pages, other).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{other}");
        assert!(page.text().contains("bo.example, xn--"), "{}", page.text());
    }
    for none in [
        "",
        "lan",
        "lan@bo.example@evil.example",
        "\"lan@evil.example\"@bo.example",
        "lan@bo.example\r\nBcc: all@bo.example",
        "lan@bo。example",
        "lan@bo.example,binh@bo.example",
    ] {
        assert_eq!(knock(&pages, none).await.status, StatusCode::UNPROCESSABLE_ENTITY, "{none}");
    }
    assert_eq!(pages.dump().await, before, "nothing is noted and nothing is sent");
    assert!(pages.mails(START).await.is_empty());
    assert_eq!(link(&pages, "lan@VÍDỤ.example").await.split('/').nth(2), Some("s"));
}

#[tokio::test]
async fn one_network_and_one_mailbox_get_so_many_links_and_no_more() {
    let pages = Pages::with(COMPLAINT).await;
    let from = |peer: &str, mail: String| {
        let peer: std::net::SocketAddr = format!("{peer}:4711").parse().expect("an address");
        let mut request = axum::http::Request::post(CALL)
            .header("host", "so.example")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(axum::body::Body::from(format!("mail={}", mail.replace('@', "%40").replace('+', "%2B"))))
            .expect("a request");
        request.extensions_mut().insert(axum::extract::ConnectInfo(peer));
        pages.send(request)
    };
    let mut refused = 0;
    for number in 0..65 {
        match from("192.0.2.7", format!("a{number}@bo.example")).await.status {
            StatusCode::SEE_OTHER => {}
            StatusCode::TOO_MANY_REQUESTS => refused += 1,
            other => panic!("{other}"),
        }
    }
    assert_eq!((refused, links_kept(&pages).await), (45, 20));
    for number in 0..8 {
        let sent = from(&format!("198.51.100.{number}"), format!("lan+{number}@bo.example")).await;
        assert_eq!(sent.status, StatusCode::SEE_OTHER, "the answer does not say how often it was asked");
    }
    assert_eq!(links_kept(&pages).await, 25, "five links a day for one mailbox");
    // However many networks: there is an end to the links that nobody has used.
    let filled = pages.engine.store().write(|tx| {
        const LINK: &str = "INSERT INTO start_link (id, workflow, mailbox, language, key_id, mail_id, asked_at, ends_at) \
                            VALUES ($1, 'case', '', 'vi', 1, $1, 0, $2)";
        (0..2_000).try_for_each(|number: i64| {
            tx.execute(LINK, &[format!("x{number}").into(), (START.0 + DAY_MS).into()]).map(drop)
        })
    });
    filled.await.expect("it is written");
    assert_eq!(from("203.0.113.5", "binh@bo.example".to_owned()).await.status, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn whoever_knocks_in_vain_shuts_no_mailbox_out() {
    let pages = Pages::with(COMPLAINT).await;
    for hours in [0, 23] {
        pages.at(START.plus_ms(hours * DAY_MS / 24));
        for _ in 0..5 {
            assert_eq!(knock(&pages, MAIL).await.status, StatusCode::SEE_OTHER);
        }
    }
    assert_eq!(links_kept(&pages).await, 5);
    pages.at(START.plus_ms(25 * DAY_MS / 24));
    assert_eq!(knock(&pages, MAIL).await.status, StatusCode::SEE_OTHER);
    assert_eq!(links_kept(&pages).await, 1, "those of yesterday are over, and a new one is sent");
}

#[tokio::test]
async fn no_more_is_read_than_the_form_asks_for() {
    let pages = Pages::with(&COMPLAINT.replace("{type: file, required: true,", "{type: file,")).await;
    let path = link(&pages, MAIL).await;
    let form = [("name", "Lan"), ("field.topic", "Đèn hỏng"), ("field.unit", "U")];
    let large = vec![b'x'; 3 * 1024 * 1024];
    let sent = pages.post_files(&path, &form, &[("field.photo", "anh.pdf", large.as_slice())]).await;
    assert_eq!(sent.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(pages.post_files(&path, &form, &[]).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn an_officer_does_not_handle_what_they_opened_from_outside() {
    let pages = Pages::with(&COMPLAINT.replace("[bo.example,", "[office.example,")).await;
    let path = link(&pages, "Clerk@office.example").await;
    let sent = open(&pages, &path, "Somebody else").await;
    assert_eq!(sent.status, StatusCode::UNPROCESSABLE_ENTITY, "the only clerk of the unit opened it themselves");
    assert!(dossiers(&pages).await.is_empty(), "{}", sent.text());
    assert_eq!(open(&pages, &link(&pages, "lan@office.example").await, "Lan").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn an_erased_opener_s_old_links_show_no_more_than_before() {
    let pages = Pages::with(COMPLAINT).await;
    let path = link(&pages, MAIL).await;
    open(&pages, &path, "Lan").await;
    let id = dossiers(&pages).await[0].id.clone();
    let clerk = pages.link(&id, chancery::dossier::Purpose::Act, "clerk").await;
    let seen = pages.get(&clerk).await.hidden("seen");
    let form = [("do", "act"), ("seen", seen.as_str()), ("choice", "ask"), ("field.ask.question", "Đèn nào?")];
    assert_eq!(pages.post(&clerk, &form).await.status, StatusCode::SEE_OTHER);
    let tomorrow = START.plus_ms(DAY_MS);
    pages.at(tomorrow);
    let mails = pages.mails(tomorrow).await;
    let asked = mails.iter().find(|mail| mail.to == [MAIL]).expect("they are asked");
    let task = asked.links[0].strip_prefix("https://so.example").expect("our own address").to_owned();
    let way = format!("{task}/way");
    assert_eq!(pages.get(&way).await.status, StatusCode::NOT_FOUND, "the whole way is not for them");
    let seen = pages.get(&task).await.hidden("seen");
    let form = [("do", "act"), ("seen", seen.as_str()), ("choice", "answer"), ("field.answer.more", "Ở cổng")];
    assert_eq!(pages.post(&task, &form).await.status, StatusCode::SEE_OTHER);
    pages.choose(&id, "clerk", "refuse").await;
    let opener = Outsider::first_of(&id);
    let operator = Actor::Operator { operator: "root".to_owned(), person: "p-clerk".into() };
    pages.engine.erase(&opener, &operator, "theo yêu cầu", false).await.expect("it is erased");
    assert!(dossiers(&pages).await[0].outsider(&opener).is_none());
    assert_eq!(pages.get(&way).await.status, StatusCode::NOT_FOUND, "nor is it when nobody knows who they were");
}

#[tokio::test]
async fn sixty_four_clicks_at_once_open_one_dossier() {
    for database in databases().await {
        let pages = Pages::on(database, COMPLAINT).await;
        let path = link(&pages, MAIL).await;
        let names: Vec<String> = (0..64).map(|number| format!("Lan {}", number % 2)).collect();
        let mut clicks = tokio::task::JoinSet::new();
        let pages = std::sync::Arc::new(pages);
        for name in names {
            let (pages, path) = (std::sync::Arc::clone(&pages), path.clone());
            clicks.spawn(async move { open(&pages, &path, &name).await.status });
        }
        let all = clicks.join_all().await;
        assert!(all.iter().all(|status| [StatusCode::SEE_OTHER, StatusCode::OK].contains(status)), "{all:?}");
        let opened = dossiers(&pages).await;
        assert_eq!((opened.len(), opened[0].outsiders.len()), (1, 1));
    }
}

#[tokio::test]
async fn a_link_that_is_over_says_so_and_leads_to_another() {
    let pages = Pages::with(COMPLAINT).await;
    let path = link(&pages, MAIL).await;
    let forged = format!("{}A", &path[..path.len() - 1]);
    for wrong in [forged.as_str(), "/ho-so/s/abc", "/ho-so/start/none", "/ho-so/start/list"] {
        assert_eq!(pages.get(wrong).await.status, StatusCode::NOT_FOUND, "{wrong}");
        assert_eq!(pages.post(wrong, &[("name", "Lan")]).await.status, StatusCode::NOT_FOUND, "{wrong}");
    }
    // A link is one workflow's: its token under another name is nobody's.
    let presented = pages.app.links.started_by(path.rsplit('/').next().expect("a token")).expect("our own");
    let other = pages.app.links.start_token(1, &"other".into(), &presented.1).expect("the key is there");
    let other = Place::Opening(&other).path(&pages.app.site);
    assert_eq!(pages.get(&other).await.status, StatusCode::GONE);
    assert_eq!(open(&pages, &other, "Lan").await.status, StatusCode::GONE);
    pages.at(START.plus_ms(DAY_MS));
    for answer in [pages.get(&path).await, open(&pages, &path, "Lan").await] {
        assert_eq!(answer.status, StatusCode::GONE);
        assert!(answer.text().contains(CALL), "{}", answer.text());
    }
    let mut scheduler = chancery::scheduler::Scheduler::new(pages.engine.clone());
    scheduler.step(pages.engine.now()).await.expect("a step");
    assert_eq!(links_kept(&pages).await, 0);
    assert!(pages.dump().await.contains("mail"), "the dump looks at mails");
    let mails = pages.engine.store().read("SELECT COUNT(*) FROM mail", &[]).await.expect("it reads");
    assert_eq!(mails[0].int(0).expect("a number"), 0, "nor does its mail stay");
    // In between the office takes only other domains, or nobody.
    let withdrawn = COMPLAINT.split("public_start:").next().expect("a text").replace("for: caller", "for: clerk");
    let withdrawn = withdrawn.replace("by: caller", "by: clerk");
    for (version, still) in
        [(COMPLAINT.replace("[bo.example, vídụ.example]", "[khac.example]"), true), (withdrawn, false)]
    {
        let pages = Pages::with(COMPLAINT).await;
        let path = link(&pages, MAIL).await;
        pages.deploy("case", &version).await;
        for answer in [pages.get(&path).await, open(&pages, &path, "Lan").await] {
            assert_eq!(answer.status, StatusCode::GONE);
            assert_eq!(answer.text().contains(CALL), still, "{}", answer.text());
        }
        assert!(dossiers(&pages).await.is_empty());
    }
}

#[tokio::test]
async fn a_mail_that_could_not_go_out_in_time_goes_out_no_more_and_is_nobody_s_trouble() {
    let pages = Pages::with(COMPLAINT).await;
    assert_eq!(knock(&pages, MAIL).await.status, StatusCode::SEE_OTHER);
    let late = START.plus_ms(DAY_MS);
    pages.at(late);
    assert!(pages.mails(late).await.is_empty(), "its link is good no longer");
    // One that no server takes is told to nobody: strangers mistype.
    assert_eq!(knock(&pages, "binh@bo.example").await.status, StatusCode::SEE_OTHER);
    let failed = pages.engine.store().write(|tx| tx.execute("UPDATE mail SET status = 'failed', next_at = NULL", &[]));
    assert_eq!(failed.await.expect("it is written"), 1, "the other one was forgotten with its link");
    assert!(pages.engine.store().troubled_mails(late, 10).await.expect("it reads").is_empty());
}

#[tokio::test]
async fn the_way_in_is_open_where_nothing_but_links_is_served() {
    let mut pages = Pages::with(COMPLAINT).await;
    pages.app.only_links = true;
    let path = link(&pages, MAIL).await;
    assert_eq!((pages.get(CALL).await.status, pages.get(&path).await.status), (StatusCode::OK, StatusCode::OK));
    assert_eq!(open(&pages, &path, "Lan").await.status, StatusCode::SEE_OTHER);
    // Under no other name, and from no other site.
    for place in [CALL, &path] {
        let elsewhere = axum::http::Request::get(place).header("host", "evil.example");
        let elsewhere = elsewhere.body(axum::body::Body::empty()).expect("a request");
        assert_eq!(pages.send(elsewhere).await.status, StatusCode::MISDIRECTED_REQUEST, "{place}");
        let lured = axum::http::Request::post(place)
            .header("host", "so.example")
            .header("sec-fetch-site", "cross-site")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(axum::body::Body::from("mail=lan%40bo.example"));
        assert_eq!(pages.send(lured.expect("a request")).await.status, StatusCode::FORBIDDEN, "{place}");
    }
}

#[tokio::test]
async fn what_is_typed_becomes_no_header_and_no_other_field() {
    let pages = Pages::with(COMPLAINT).await;
    let path = link(&pages, MAIL).await;
    let form = [
        ("name", "Lan\r\nBcc: all@bo.example"),
        ("field.topic", "Đèn hỏng"),
        ("field.unit", "U"),
        ("field.inner", "do người lạ ghi"),
        ("field.callers.0.name", "Kẻ Khác"),
        ("field.callers.0.mail", "khac@bo.example"),
        ("mail", "khac@bo.example"),
    ];
    let sent = pages.post_files(&path, &form, &[("field.photo", "anh.pdf", PDF)]).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text());
    let [dossier] = &dossiers(&pages).await[..] else { panic!("one dossier") };
    assert!(!dossier.fields.contains_key(&FieldName::from("inner")));
    assert_eq!(dossier.outsiders.iter().map(|one| one.mail.as_deref()).collect::<Vec<_>>(), [Some(MAIL)]);
    assert!(!dossier.outsiders[0].name.contains('\n'), "{:?}", dossier.outsiders[0].name);
    pages.choose(&dossier.id, "clerk", "settle").await;
    let later = START.plus_ms(2 * DAY_MS);
    pages.at(later);
    let mails = pages.mails(later).await;
    let theirs = mails.iter().find(|mail| mail.to == [MAIL]).expect("they are told");
    assert!(theirs.headers.iter().all(|(name, _)| !name.eq_ignore_ascii_case("bcc")), "{:?}", theirs.headers);
    // More than a stranger's form holds is not read.
    let long = "x".repeat(20_000);
    assert_eq!(knock(&pages, &long).await.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[test]
fn whoever_deploys_is_told_the_address_that_is_to_be_published() {
    let place = place("called");
    place.good(&["migrate"]);
    let (calendar, folder) = (shipped("calendars/vn-civil-service.yaml"), shipped("suggestions"));
    let directory = shipped("suggestions/directory");
    let ran = place.run(&["deploy", &folder, "--calendar", &calendar, "--directory", &directory]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(format!("{}{}", ran.out, ran.err).contains("/start/suggestions"), "{}{}", ran.out, ran.err);
}
