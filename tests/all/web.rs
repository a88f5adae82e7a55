//! The pages, asked as browsers, scanners and strangers ask them, over a real engine.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use chancery::dossier::Purpose;
use chancery::ids::DossierId;
use chancery::web::routes::{Place, Route};

use crate::support::office::DAY_MS;
use crate::support::pages::{Answer, Pages};

/// A page as a snapshot keeps it: without the version of the style sheet.
fn shown(page: &str) -> String {
    let Some((before, rest)) = page.split_once("/style.css?") else { return page.to_owned() };
    let version = rest.find('"').unwrap_or_default();
    format!("{before}/style.css?STYLE{}", &rest[version..])
}

const PDF: &[u8] = b"%PDF-1.7\n%%EOF\n";

/// Fills the form in and submits the case.
pub(crate) async fn submit(pages: &Pages, case: &DossierId) {
    let link = pages.link(case, Purpose::Act, "clerk").await;
    let page = pages.get(&link).await;
    let edited = pages.post(&link, &[("do", "edit"), ("seen", &page.hidden("seen")), ("edit.points", "60")]).await;
    assert_eq!(edited.status, StatusCode::SEE_OTHER, "{}", edited.text());
    let page = pages.get(&link).await;
    let sent = pages.post(&link, &[("do", "act"), ("seen", &page.hidden("seen")), ("choice", "submit")]).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text());
    pages.settle().await;
}

/// Three cases on a list (one about member m2), and the list.
pub(crate) async fn gathered(pages: &Pages) -> (Vec<DossierId>, DossierId) {
    let mut cases = Vec::new();
    for (id, title, person) in [
        ("c1", "Đề nghị của Nguyễn Văn An", "clerk"),
        ("c2", "Đề nghị của Lê Thị Bình", "m2"),
        ("c3", "Đề nghị của Đỗ Ánh", "head"),
    ] {
        let case = pages.case(id, title, person).await;
        submit(pages, &case).await;
        cases.push(case);
    }
    let list = pages.list_of(&cases[0]).await;
    (cases, list)
}

/// The same, with the vote open.
pub(crate) async fn voting(pages: &Pages) -> (Vec<DossierId>, DossierId) {
    let (cases, list) = gathered(pages).await;
    let link = pages.link(&list, Purpose::Act, "secretary").await;
    let seen = pages.get(&link).await.hidden("seen");
    let sent = pages.post(&link, &[("do", "act"), ("seen", &seen), ("choice", "convene")]).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text());
    (cases, list)
}

pub(crate) async fn cast(pages: &Pages, list: &DossierId, member: &str, form: &[(&str, &str)]) -> Answer {
    let link = pages.link(list, Purpose::Ballot, member).await;
    let mut form = form.to_vec();
    form.push(("step", "send"));
    pages.post(&link, &form).await
}

/// The same, with everybody's ballot in the box and the head asked.
pub(crate) async fn deciding(pages: &Pages) -> (Vec<DossierId>, DossierId) {
    let (cases, list) = voting(pages).await;
    for member in ["m1", "m2", "m3", "m4", "m5"] {
        let sent = cast(pages, &list, member, &[("all", "yes")]).await;
        assert_eq!(sent.status, StatusCode::SEE_OTHER, "{member}: {}", sent.text());
    }
    pages.engine.tick(&list).await.expect("the vote closes");
    pages.settle().await;
    (cases, list)
}

/// A mail about an open task, as the courier would have written it.
pub(crate) async fn mailed(pages: &Pages, person: &str) -> String {
    let who = format!("p-{person}");
    let id = format!("mail-{person}");
    let (row, to, now) = (id.clone(), who.clone(), pages.engine.now().0);
    let written = pages.engine.store().write(move |tx| {
        const MAIL: &str = "INSERT INTO mail (id, person_id, message_id, key_id, generation, status, attempts, unknowns, made_at) \
                            VALUES ($1, $2, $1, 1, 0, 'accepted', 1, 0, $3)";
        tx.execute(MAIL, &[row.as_str().into(), to.as_str().into(), now.into()])?;
        tx.execute("UPDATE outbox SET mail_id = $1 WHERE person_id = $2", &[row.as_str().into(), to.as_str().into()])
    });
    assert!(written.await.expect("it is written") > 0, "{person} is told something");
    let (row, person) = (id.as_str(), who.as_str().into());
    let bound = chancery::links::Bound { row, person: &person, activation: "", purpose: "desk", generation: 0 };
    Place::Desk(&pages.app.links.token(1, &bound).expect("the key is there")).path(&pages.app.site)
}

/// Every route with holes filled by things that exist.
pub(crate) async fn every_page(
    pages: &Pages,
    list: &DossierId,
    person: &str,
    purpose: Purpose,
) -> Vec<(Route, String)> {
    let token = pages.token(list, purpose, person).await;
    let site = &pages.app.site;
    let desk = mailed(pages, person).await;
    let place = |route: &Route| match route {
        Route::Home => Place::Home.path(site),
        Route::Health | Route::Style => format!("{}{}", site.prefix(), route.pattern()),
        Route::Task => Place::Task(&token).path(site),
        Route::Paper => Place::Paper { token: &token, paper: "none" }.path(site),
        Route::Draft => Place::Draft { token: &token, kind: "none" }.path(site),
        Route::Row => format!("{}/row/none", Place::Task(&token).path(site)),
        Route::RowPaper => format!("{}/row/none/paper/none", Place::Task(&token).path(site)),
        Route::Way => format!("{}/way", Place::Task(&token).path(site)),
        Route::Desk => desk.clone(),
        Route::List => format!("{desk}/list/case"),
        Route::Template => format!("{desk}/list/case/template.xlsx"),
        Route::OwnList => Place::OwnList("case").path(site),
        Route::OwnTemplate => Place::OwnTemplate("case").path(site),
        Route::Start => Place::Start("case").path(site),
        Route::Public => Place::Public(&token).path(site),
        Route::PublicPaper => Place::PublicPaper { token: &token, paper: "none" }.path(site),
        Route::Call => Place::Call("case").path(site),
        Route::Opening => Place::Opening(&token).path(site),
        Route::SignIn => Place::SignIn.path(site),
        Route::Inbox => Place::Inbox.path(site),
        Route::Dossiers => Place::Dossiers.path(site),
        Route::Dossier => Place::Dossier(list.as_str()).path(site),
        Route::DossierPaper => format!("{}/paper/none", Place::Dossier(list.as_str()).path(site)),
        Route::DossierDraft => format!("{}/draft/none", Place::Dossier(list.as_str()).path(site)),
        Route::DossierWay => format!("{}/way", Place::Dossier(list.as_str()).path(site)),
        Route::Away => Place::Away.path(site),
        Route::Mails => Place::Mails.path(site),
        Route::DeskAway => format!("{desk}/away"),
        Route::Pins => Place::Pins(list.as_str()).path(site),
    };
    Route::ALL.iter().map(|route| (*route, place(route))).collect()
}

async fn ask(pages: &Pages, method: Method, path: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    pages.send(request.body(Body::empty()).expect("a request")).await
}

#[tokio::test]
async fn looking_changes_nothing_on_any_route() {
    let pages = Pages::new().await;
    let (_, list) = voting(&pages).await;
    let routes = every_page(&pages, &list, "m1", Purpose::Ballot).await;
    let before = pages.dump().await;
    for (route, path) in &routes {
        for method in [Method::GET, Method::HEAD, Method::OPTIONS] {
            for query in ["", "?lang=en", "?choice=yes&step=send&all=yes"] {
                let answer = ask(&pages, method.clone(), &format!("{path}{query}"), &[("host", "so.example")]).await;
                assert!(!answer.status.is_server_error(), "{method} {route:?}");
            }
        }
    }
    assert_eq!(pages.dump().await, before);
}

#[tokio::test]
async fn every_answer_carries_strict_headers() {
    let pages = Pages::new().await;
    let (_, list) = voting(&pages).await;
    let mut paths: Vec<String> =
        every_page(&pages, &list, "m1", Purpose::Ballot).await.into_iter().map(|(_, path)| path).collect();
    paths.extend(["/".to_owned(), "/ho-so/none".to_owned(), "/ho-so/l/".to_owned()]);
    for path in &paths {
        for (host, method) in [("so.example", Method::GET), ("evil.example", Method::GET), ("so.example", Method::PUT)]
        {
            let answer = ask(&pages, method, path, &[("host", host)]).await;
            let csp = answer.header("content-security-policy");
            for part in ["default-src 'none'", "frame-ancestors 'none'"] {
                assert!(csp.contains(part), "{path}: {csp}");
            }
            assert!(!csp.contains("script-src"), "{path}");
            assert_eq!(answer.header("referrer-policy"), "no-referrer", "{path}");
            assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
            assert!(answer.header("x-robots-tag").contains("noindex"), "{path}");
            assert_eq!(answer.header("cross-origin-opener-policy"), "same-origin", "{path}");
            assert!(answer.header("set-cookie").is_empty(), "{path}");
            let is_style = path.ends_with("style.css") && answer.status == StatusCode::OK;
            assert_eq!(answer.header("cache-control") == "no-store", !is_style, "{path}");
            let text = answer.text();
            assert!(!text.contains("<script") && !text.contains("//cdn") && !text.contains("http:"), "{path}");
        }
    }
}

#[tokio::test]
async fn only_our_own_host_is_answered_and_forwarding_headers_are_not_looked_at() {
    let pages = Pages::new().await;
    let (_, list) = gathered(&pages).await;
    let link = pages.link(&list, Purpose::Act, "secretary").await;
    for host in ["evil.example", "so.example.evil.example", "so.example:8080", "127.0.0.1", "so.example@evil.example"] {
        assert_eq!(ask(&pages, Method::GET, &link, &[("host", host)]).await.status, StatusCode::MISDIRECTED_REQUEST);
    }
    assert_eq!(ask(&pages, Method::GET, &link, &[]).await.status, StatusCode::MISDIRECTED_REQUEST);
    let forwarded = [
        ("host", "so.example"),
        ("x-forwarded-host", "evil.example"),
        ("x-forwarded-proto", "http"),
        ("forwarded", "host=evil.example"),
        ("x-original-url", "/evil"),
    ];
    let answer = ask(&pages, Method::GET, &link, &forwarded).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(!answer.text().contains("evil"));
}

#[tokio::test]
async fn a_form_from_another_site_is_refused() {
    let pages = Pages::new().await;
    let (_, list) = gathered(&pages).await;
    let link = pages.link(&list, Purpose::Act, "secretary").await;
    let before = pages.dump().await;
    for header in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "https://evil.example"),
        ("origin", "http://so.example"),
    ] {
        let request = Request::post(&link)
            .header("host", "so.example")
            .header("content-type", "application/x-www-form-urlencoded")
            .header(header.0, header.1)
            .body(Body::from("do=act&choice=convene"))
            .expect("a request");
        assert_eq!(pages.send(request).await.status, StatusCode::FORBIDDEN, "{header:?}");
    }
    assert_eq!(pages.dump().await, before);
}

#[tokio::test]
async fn unknown_and_forged_links_look_alike() {
    let pages = Pages::new().await;
    let (_, list) = gathered(&pages).await;
    let token = pages.token(&list, Purpose::Act, "secretary").await;
    let unknown = pages.get("/ho-so/l/AAAA").await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    for place in 0..token.len() {
        let mut forged = token.clone().into_bytes();
        forged[place] = if forged[place] == b'A' { b'B' } else { b'A' };
        let forged = String::from_utf8(forged).expect("letters");
        if forged == token {
            continue;
        }
        for path in [format!("/ho-so/l/{forged}"), format!("/ho-so/d/{forged}"), format!("/ho-so/l/{forged}/paper/x")] {
            let answer = pages.get(&path).await;
            assert_eq!((answer.status, answer.body), (StatusCode::NOT_FOUND, unknown.body.clone()), "{place}");
        }
    }
    let posted = pages.post("/ho-so/l/AAAA", &[("choice", "convene")]).await;
    assert_eq!(posted.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_is_refused_is_said_on_top_with_its_rule_and_what_was_filled_in_stays() {
    let pages = Pages::new().await;
    let case = pages.case("c1", "Đề nghị", "clerk").await;
    let link = pages.link(&case, Purpose::Act, "clerk").await;
    let seen = pages.get(&link).await.hidden("seen");
    let refused = pages.post(&link, &[("do", "act"), ("seen", &seen), ("choice", "submit")]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text().contains("Chưa đủ điểm") && refused.text().contains("Quy chế, Điều 1"));
    assert!(refused.text().contains("value=\"submit\" checked"));
    let nothing = pages.post(&link, &[("do", "act"), ("seen", &seen)]).await;
    assert!(nothing.text().contains("Cần chọn một ý kiến"), "{}", nothing.text());
    let wrong = pages
        .post(&link, &[("do", "edit"), ("seen", &seen), ("edit.points", "nhiều"), ("edit.note", "<b>ghi</b>")])
        .await;
    assert!(
        wrong.text().contains("href=\"#edit.points\"") && wrong.text().contains("&lt;b&gt;ghi&lt;"),
        "{}",
        wrong.text()
    );
    let unreasoned = pages.post(&link, &[("do", "act"), ("seen", &seen), ("choice", "withdraw")]).await;
    assert!(unreasoned.text().contains("href=\"#reason.withdraw\""), "{}", unreasoned.text());
}

#[tokio::test]
async fn what_cannot_be_taken_back_is_asked_twice_and_then_the_link_says_what_happened() {
    let pages = Pages::new().await;
    let case = pages.case("c1", "Đề nghị", "clerk").await;
    let link = pages.link(&case, Purpose::Act, "clerk").await;
    let seen = pages.get(&link).await.hidden("seen");
    let form = [("do", "act"), ("seen", seen.as_str()), ("choice", "withdraw"), ("reason.withdraw", "Nhầm\nngười")];
    let before = pages.dump().await;
    let look = pages.post(&link, &form).await;
    assert_eq!(look.status, StatusCode::OK);
    assert!(look.text().contains("Kiểm tra lại trước khi gửi") && look.text().contains("name=\"reason.withdraw\""));
    let back = pages.post(&link, &[form.as_slice(), &[("step", "back")]].concat()).await;
    assert!(back.text().contains("Nhầm\nngười</textarea>"), "{}", back.text());
    assert_eq!(pages.dump().await, before);
    let sent = pages.post(&link, &[form.as_slice(), &[("step", "send")]].concat()).await;
    assert_eq!((sent.status, sent.header("location")), (StatusCode::SEE_OTHER, link.as_str()));
    let over = pages.get(&link).await.text();
    for said in ["Việc này đã xong", "Rút hồ sơ", "Nhầm", "9 giờ thứ Hai, ngày 01 tháng 6 năm 2026", "Đã rút"]
    {
        assert!(over.contains(said), "{said}: {over}");
    }
    let again = pages.post(&link, &[form.as_slice(), &[("step", "send")]].concat()).await;
    assert_eq!(again.status, StatusCode::SEE_OTHER);
    insta::assert_snapshot!("over.vi", shown(&over));
    insta::assert_snapshot!("over.en", shown(&pages.get(&format!("{link}?lang=en")).await.text()));
}

#[tokio::test]
async fn sixty_four_clicks_at_once_are_one_decision() {
    let pages = std::sync::Arc::new(Pages::new().await);
    let (_, list) = gathered(&pages).await;
    let link = pages.link(&list, Purpose::Act, "secretary").await;
    let seen = pages.get(&link).await.hidden("seen");
    let before = pages.engine.history(&list).await.expect("it reads").len();
    let mut clicks = tokio::task::JoinSet::new();
    for click in 0..64 {
        let (pages, link, seen) = (pages.clone(), link.clone(), seen.clone());
        // Every eighth click presses the other button.
        let choice = if click % 8 == 7 { "on_paper" } else { "convene" };
        clicks.spawn(async move {
            let sent = pages.post(&link, &[("do", "act"), ("seen", &seen), ("choice", choice)]).await;
            (sent.status, sent.header("location") == link)
        });
    }
    while let Some(answer) = clicks.join_next().await {
        assert_eq!(answer.expect("no click fails"), (StatusCode::SEE_OTHER, true));
    }
    assert_eq!(pages.engine.history(&list).await.expect("it reads").len(), before + 1);
    assert!(pages.get(&link).await.text().contains("Việc này đã xong"));
}

/// So many links; `CLICKED_LINKS=1000` for a campaign.
fn clicked_links() -> usize {
    std::env::var("CLICKED_LINKS").ok().map_or(12, |said| said.parse().expect("CLICKED_LINKS is a number"))
}

#[tokio::test]
async fn each_of_many_links_that_is_clicked_sixty_four_times_at_once_is_one_decision() {
    let pages = std::sync::Arc::new(Pages::new().await);
    let links = clicked_links();
    let mut events = 0;
    for number in 0..links {
        let (id, title) = (format!("k{number}"), format!("Đề nghị {number}"));
        let fields =
            serde_json::json!({"title": title, "unit": "U", "person": "p-clerk", "kind": "plain", "points": 60});
        let case = pages.start("case", &id, fields).await;
        let link = pages.link(&case, Purpose::Act, "clerk").await;
        let seen = pages.get(&link).await.hidden("seen");
        let before = pages.engine.history(&case).await.expect("it reads").len();
        let mut clicks = tokio::task::JoinSet::new();
        for _ in 0..64 {
            let (pages, link, seen) = (pages.clone(), link.clone(), seen.clone());
            clicks.spawn(async move {
                pages.post(&link, &[("do", "act"), ("seen", &seen), ("choice", "submit")]).await.status
            });
        }
        while let Some(answer) = clicks.join_next().await {
            assert_eq!(answer.expect("no click fails"), StatusCode::SEE_OTHER, "{id}");
        }
        events += pages.engine.history(&case).await.expect("it reads").len() - before;
    }
    eprintln!("clicks: {links} links, each clicked 64 times at once: {events} decisions");
    assert_eq!(events, links);
}

#[tokio::test]
async fn a_ballot_is_looked_over_cast_once_and_kept_nowhere_before() {
    let pages = Pages::new().await;
    let (cases, list) = voting(&pages).await;
    let link = pages.link(&list, Purpose::Ballot, "m2").await;
    let page = pages.get(&link).await;
    assert!(page.body.len() < 60_000, "{} bytes", page.body.len());
    assert!(page.text().contains("Đề nghị về chính đồng chí"));
    assert!(!page.text().contains(&format!("name=\"vote.{}\"", cases[1])), "nobody votes on their own");
    let before = pages.dump().await;
    let some = pages.post(&link, &[("step", "look"), (&format!("vote.{}", cases[0]), "no")]).await;
    assert_eq!(some.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(some.text().contains(&format!("href=\"#row.{}\"", cases[2])));
    let look = pages.post(&link, &[("step", "look"), ("all", "yes"), (&format!("vote.{}", cases[0]), "no")]).await;
    assert!(look.text().contains("1 đồng ý, 1 không đồng ý, 0 không có ý kiến"), "{}", look.text());
    assert_eq!(pages.dump().await, before);
    let sent = cast(&pages, &list, "m2", &[("all", "yes"), (&format!("vote.{}", cases[0]), "no")]).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER);
    let after = pages.dump().await;
    assert_ne!(after, before);
    let changed = cast(&pages, &list, "m2", &[("all", "yes")]).await;
    assert_eq!(changed.status, StatusCode::SEE_OTHER);
    assert_eq!(pages.dump().await, after);
    let over = pages.get(&link).await.text();
    assert!(over.contains("Phiếu của đồng chí đã vào hòm") && !over.contains("Không đồng ý"), "{over}");
    insta::assert_snapshot!("ballot.vi", shown(&page.text()));
    insta::assert_snapshot!(
        "ballot.en",
        shown(&pages.get(&pages.link(&list, Purpose::Ballot, "m3").await).await.text())
    );
    insta::assert_snapshot!("cast.vi", shown(&look.text()));
}

#[tokio::test]
async fn the_way_of_a_dossier_is_shown_on_its_chart_without_style_or_script_of_its_own() {
    let pages = Pages::new().await;
    let (_, list) = deciding(&pages).await;
    let link = pages.link(&list, Purpose::Act, "head").await;
    assert!(pages.get(&link).await.text().contains(&format!("href=\"{link}/way#here\"")));
    let page = pages.get(&format!("{link}/way")).await;
    let text = page.text();
    assert_eq!(page.status, StatusCode::OK);
    assert!(text.contains("<svg ") && text.contains("id=\"here\"") && text.contains("var(--ink)"), "{text}");
    assert!(!text.contains("<style") && !text.contains("style=\"") && !text.contains("<script"));
    assert!(page.body.len() < 60_000, "{} bytes", page.body.len());
}

#[tokio::test]
async fn whoever_did_not_vote_in_time_is_told_so() {
    let pages = Pages::new().await;
    let (_, list) = voting(&pages).await;
    for member in ["m1", "m2", "m3", "m4"] {
        cast(&pages, &list, member, &[("all", "yes")]).await;
    }
    pages.at(chancery::ids::Instant(pages.engine.now().0 + 10 * DAY_MS));
    pages.engine.tick(&list).await.expect("the vote closes");
    let link = pages.link(&list, Purpose::Ballot, "m5").await;
    let over = pages.get(&link).await.text();
    assert!(over.contains("Không có phiếu của đồng chí trong hòm"), "{over}");
    let late = cast(&pages, &list, "m5", &[("all", "yes")]).await;
    assert_eq!((late.status, late.header("location")), (StatusCode::SEE_OTHER, link.as_str()));
}

#[tokio::test]
async fn a_leader_agrees_to_the_list_except_what_is_marked() {
    let pages = Pages::new().await;
    let (cases, list) = deciding(&pages).await;
    let link = pages.link(&list, Purpose::Act, "head").await;
    let page = pages.get(&link).await;
    assert!(page.body.len() < 60_000);
    insta::assert_snapshot!("act.vi", shown(&page.text()));
    insta::assert_snapshot!("act.en", shown(&pages.get(&format!("{link}?lang=en")).await.text()));
    let seen = page.hidden("seen");
    let (mark, why) = (format!("mark.{}", cases[2]), format!("why.{}", cases[2]));
    let form = [("do", "act"), ("seen", seen.as_str()), ("choice", "agree"), (mark.as_str(), "struck")];
    let unreasoned = pages.post(&link, &form).await;
    assert_eq!(unreasoned.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(unreasoned.text().contains("Cần ghi lý do cho đề nghị được đánh dấu"));
    let elsewhere =
        [("do", "act"), ("seen", seen.as_str()), ("choice", "again"), ("reason.again", "x"), (mark.as_str(), "struck")];
    assert!(pages.post(&link, &elsewhere).await.text().contains("áp dụng cho cả danh sách"));
    let form = [form.as_slice(), &[(why.as_str(), "Chưa đủ thời gian")]].concat();
    let look = pages.post(&link, &form).await;
    assert!(look.text().contains("Trừ 1 đề nghị sau đây") && look.text().contains("Chưa đủ thời gian"));
    insta::assert_snapshot!("sure.vi", shown(&look.text()));
    let sent = pages.post(&link, &[form.as_slice(), &[("step", "send")]].concat()).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text());
    pages.settle().await;
    let struck = pages.engine.dossier(&cases[2]).await.expect("it reads").expect("it exists");
    assert_eq!(struck.outcome.as_deref(), Some("rejected"));
    let kept = pages.engine.dossier(&cases[0]).await.expect("it reads").expect("it exists");
    assert_eq!(kept.outcome, None);
}

#[tokio::test]
async fn a_signed_paper_is_taken_shown_and_served_as_what_it_is() {
    let pages = Pages::new().await;
    let (cases, list) = deciding(&pages).await;
    let link = pages.link(&list, Purpose::Act, "head").await;
    let seen = pages.get(&link).await.hidden("seen");
    pages.post(&link, &[("do", "act"), ("seen", &seen), ("choice", "agree")]).await;
    let token = pages.token(&list, Purpose::Act, "secretary").await;
    let link = Place::Task(&token).path(&pages.app.site);
    let seen = pages.get(&link).await.hidden("seen");
    let form = [
        ("do", "act"),
        ("seen", seen.as_str()),
        ("choice", "signed"),
        ("field.signed.number", "12/QĐ"),
        ("field.signed.signed_on", "02/06/2026"),
    ];
    let missing = pages.post_files(&link, &form, &[]).await;
    assert!(missing.text().contains("href=\"#paper.signed.decision\""), "{}", missing.text());
    let large = vec![b'%'; 25 * 1024 * 1024 + 1];
    for (name, bytes) in [
        ("a.svg", b"<svg onload=alert(1)>".as_slice()),
        ("a.html", b"<script>"),
        ("a.pdf", b"<html>"),
        ("a.pdf.exe", PDF),
        ("a.png", PDF),
        ("a.pdf", b""),
        ("a.pdf", &large),
    ] {
        let refused = pages.post_files(&link, &form, &[("paper.signed.decision", name, bytes)]).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{name}");
        assert!(
            refused.text().contains("href=\"#paper.signed.decision\"") && refused.text().contains("12/QĐ"),
            "{name}"
        );
    }
    let huge = vec![b'%'; 65 * 1024 * 1024];
    let refused = pages.post_files(&link, &form, &[("paper.signed.decision", "a.pdf", &huge)]).await;
    assert_eq!(refused.status, StatusCode::PAYLOAD_TOO_LARGE);
    // A paper of the clerk's first, to see it served while the task is open.
    let sent = pages.post_files(&link, &form, &[("paper.signed.decision", "../Quyết định %2212%22.pdf", PDF)]).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text());
    pages.settle().await;
    let agreed = pages.engine.dossier(&cases[0]).await.expect("it reads").expect("it exists");
    assert_eq!(agreed.outcome.as_deref(), Some("agreed"));
    let stored = pages.engine.dossier(&list).await.expect("it reads").expect("it exists");
    assert_eq!(stored.papers[0].name, "Quyết định 12.pdf");
    let paper = Place::Paper { token: &token, paper: stored.papers[0].id.as_str() }.path(&pages.app.site);
    assert_eq!(pages.get(&paper).await.status, StatusCode::NOT_FOUND, "the task is over");
}

#[tokio::test]
async fn papers_are_served_to_their_own_dossier_only_and_can_do_nothing() {
    let pages = Pages::new().await;
    let case = pages.case("c1", "Đề nghị", "clerk").await;
    let other = pages.case("c2", "Việc khác", "clerk").await;
    let token = pages.token(&case, Purpose::Act, "clerk").await;
    let link = Place::Task(&token).path(&pages.app.site);
    for (name, bytes) in [("báo cáo.pdf", PDF), ("a.txt", "Tờ trình".as_bytes())] {
        let seen = pages.get(&link).await.hidden("seen");
        let sent = pages.post_files(&link, &[("do", "edit"), ("seen", &seen)], &[("paper.report", name, bytes)]).await;
        assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text());
    }
    let page = pages.get(&link).await.text();
    assert!(page.contains("báo cáo.pdf") && page.contains("Việc gần nhất của đồng chí: sửa hồ sơ"), "{page}");
    let papers = pages.engine.dossier(&case).await.expect("it reads").expect("it exists").papers;
    for (paper, media, shown) in
        [(&papers[0], "application/pdf", "inline"), (&papers[1], "text/plain; charset=utf-8", "attachment")]
    {
        let path = Place::Paper { token: &token, paper: paper.id.as_str() }.path(&pages.app.site);
        let answer = pages.get(&path).await;
        assert_eq!((answer.status, answer.header("content-type")), (StatusCode::OK, media));
        assert!(answer.header("content-disposition").starts_with(shown));
        assert!(answer.header("content-security-policy").contains("default-src 'none'"));
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        let foreign = pages.token(&other, Purpose::Act, "clerk").await;
        let foreign = Place::Paper { token: &foreign, paper: paper.id.as_str() }.path(&pages.app.site);
        assert_eq!(pages.get(&foreign).await.status, StatusCode::NOT_FOUND);
    }
    assert_eq!(pages.get(&format!("{link}/paper/x")).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn who_is_asked_about_a_list_sees_each_row_of_it_and_no_other_dossier() {
    let pages = Pages::new().await;
    let stranger = pages.case("c9", "Việc khác", "clerk").await;
    let paper = |case: &DossierId| {
        let engine = pages.engine.clone();
        let case = case.clone();
        async move { engine.dossier(&case).await.expect("it reads").expect("it exists").papers.first().cloned() }
    };
    let token = pages.token(&stranger, Purpose::Act, "clerk").await;
    let link = Place::Task(&token).path(&pages.app.site);
    let seen = pages.get(&link).await.hidden("seen");
    pages.post_files(&link, &[("do", "edit"), ("seen", &seen)], &[("paper.report", "a.pdf", PDF)]).await;
    let (cases, list) = gathered(&pages).await;
    let link = pages.link(&list, Purpose::Act, "secretary").await;
    let sheet = pages.get(&link).await.text();
    for case in &cases {
        assert!(sheet.contains(&format!("{link}/row/{case}")), "the list links to {case}");
        let row = pages.get(&format!("{link}/row/{case}")).await;
        assert_eq!(row.status, StatusCode::OK);
        assert!(!row.text().contains("<form"), "nothing can be done on a row's page");
        if let Some(paper) = paper(case).await {
            let answer = pages.get(&format!("{link}/row/{case}/paper/{}", paper.id)).await;
            assert_eq!(answer.status, StatusCode::OK);
        }
    }
    let foreign = paper(&stranger).await.expect("it was attached");
    for path in [
        format!("{link}/row/{stranger}"),
        format!("{link}/row/{stranger}/paper/{}", foreign.id),
        format!("{link}/row/{}/paper/{}", cases[0], foreign.id),
        format!("{}x/row/{}", link, cases[0]),
    ] {
        assert_eq!(pages.get(&path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn a_count_on_paper_is_recorded_and_confirmed_by_another() {
    let pages = Pages::new().await;
    let (cases, list) = gathered(&pages).await;
    let link = pages.link(&list, Purpose::Act, "secretary").await;
    let seen = pages.get(&link).await.hidden("seen");
    pages.post(&link, &[("do", "act"), ("seen", &seen), ("choice", "on_paper")]).await;
    let tally = pages.link(&list, Purpose::Tally, "secretary").await;
    let page = pages.get(&tally).await;
    insta::assert_snapshot!("tally.vi", shown(&page.text()));
    let mut form = vec![("do".to_owned(), "tally".to_owned()), ("seen".to_owned(), page.hidden("seen"))];
    for case in &cases {
        let issued = if case == &cases[1] { "4" } else { "5" };
        for (part, number) in [("issued", issued), ("returned", "4"), ("invalid", "0"), ("yes", "4"), ("no", "1")] {
            form.push((format!("{part}.{case}"), number.to_owned()));
        }
    }
    let pairs = |form: &[(String, String)]| form.to_vec();
    let send = async |link: &str, form: &[(String, String)]| {
        let form = pairs(form);
        let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        pages.post(link, &form).await
    };
    let wrong = send(&tally, &form).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.text().contains("Các con số không khớp") && wrong.text().contains("value=\"4\""), "{}", wrong.text());
    for (name, value) in &mut form {
        if name.starts_with("no.") {
            "0".clone_into(value);
        }
    }
    assert_eq!(send(&tally, &form).await.status, StatusCode::SEE_OTHER);
    let confirm = pages.link(&list, Purpose::Confirm, "m1").await;
    let page = pages.get(&confirm).await;
    assert!(page.text().contains("Kết quả do Người secretary ghi"), "{}", page.text());
    insta::assert_snapshot!("confirm.vi", shown(&page.text()));
    let unsaid = pages.post(&confirm, &[("do", "confirm"), ("seen", &page.hidden("seen"))]).await;
    assert_eq!(unsaid.status, StatusCode::UNPROCESSABLE_ENTITY);
    let sent = pages.post(&confirm, &[("do", "confirm"), ("seen", &page.hidden("seen")), ("agrees", "yes")]).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text());
    assert!(pages.get(&tally).await.text().contains("ghi kết quả kiểm phiếu"));
    pages.get(&pages.link(&list, Purpose::Act, "head").await).await;
}

#[tokio::test]
async fn a_desk_shows_every_matter_of_its_mail_and_says_which_are_done() {
    let pages = Pages::new().await;
    let case = pages.case("c1", "Đề nghị thứ nhất", "clerk").await;
    pages.case("c2", "Đề nghị thứ hai", "clerk").await;
    let desk = mailed(&pages, "clerk").await;
    let link = pages.link(&case, Purpose::Act, "clerk").await;
    let page = pages.get(&desk).await.text();
    assert!(page.contains("2 việc đang chờ ý kiến") && page.contains(&link), "{page}");
    submit(&pages, &case).await;
    let page = pages.get(&desk).await.text();
    assert!(page.contains("1 việc đang chờ ý kiến") && page.contains("chọn “Nộp hồ sơ”"), "{page}");
    insta::assert_snapshot!("desk.vi", shown(&page));
    insta::assert_snapshot!("desk.en", shown(&pages.get(&format!("{desk}?lang=en")).await.text()));
}

#[tokio::test]
async fn plain_pages_say_who_we_are_and_how_we_are() {
    let pages = Pages::new().await;
    insta::assert_snapshot!("home.vi", shown(&pages.get("/ho-so/").await.text()));
    insta::assert_snapshot!("home.en", shown(&pages.get("/ho-so?lang=en").await.text()));
    insta::assert_snapshot!("not_found.vi", shown(&pages.get("/ho-so/none").await.text()));
    let health = ask(&pages, Method::GET, "/ho-so/health", &[("host", "127.0.0.1:8080")]).await;
    assert_eq!((health.status, health.text().as_str()), (StatusCode::OK, "ok\ndatabase: ok\n"));
}

#[tokio::test]
async fn the_access_log_says_which_page_and_never_whose() {
    let log = Log::default();
    // For the whole binary: subscribers of single threads miss lines while other tests run.
    let subscriber = tracing_subscriber::fmt().with_env_filter("chancery=trace").with_writer(log.clone()).finish();
    tracing::subscriber::set_global_default(subscriber).expect("no other test listens");
    let pages = Pages::new().await;
    let case = pages.case("c1", "Đề nghị bí mật", "clerk").await;
    let token = pages.token(&case, Purpose::Act, "clerk").await;
    let link = Place::Task(&token).path(&pages.app.site);
    let seen = pages.get(&format!("{link}?lang=en")).await.hidden("seen");
    pages.get(&format!("{link}/paper/none")).await;
    pages
        .post(&link, &[("do", "act"), ("seen", &seen), ("choice", "withdraw"), ("reason.withdraw", "Lời riêng")])
        .await;
    pages.get(&format!("{link}x")).await;
    // Somebody signs in, is given a number, types a wrong one and the right one.
    let asked = pages.post("/ho-so/in", &[("do", "ask"), ("mailbox", "clerk@office.example")]).await.hidden("asked");
    let code = pages.app.links.code(1, &asked, &"p-clerk".into()).expect("the key is there");
    let sent = pages.post("/ho-so/in", &[("do", "code"), ("asked", &asked), ("code", &code)]).await;
    let cookie = sent.cookie();
    pages.get_as(&cookie, "/ho-so/me/dossiers?q=Ri%C3%AAng").await;
    let given = pages.engine.give_pins(&case, vec![("p-clerk".into(), 0)], "operator:root").await.expect("given");
    let said = log.text();
    let (_, kept) = cookie.split_once('=').expect("a cookie");
    for secret in [code.as_str(), &asked, kept, &given[0].pin, "clerk@office.example", "Ri%C3%AAng"] {
        assert!(!said.contains(secret), "{secret}: {said}");
    }
    assert!(said.contains("/ho-so/l/{token}") && said.contains("/ho-so/l/{token}/paper/{paper}"), "{said}");
    for secret in [token.as_str(), "Lời riêng", "bí mật"] {
        assert!(!said.contains(secret), "{secret}: {said}");
    }
}

/// What was logged.
#[derive(Clone, Debug, Default)]
struct Log(std::sync::Arc<std::sync::Mutex<Vec<u8>>>);

impl Log {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().expect("no writer panics")).into_owned()
    }
}

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("no writer panics").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> tracing_subscriber::fmt::MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}
