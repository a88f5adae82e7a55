//! Signing in by a mailed code, and what a session may do: as its person would, as a thief, as another site, as a scanner.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use chancery::catcher::Catcher;
use chancery::courier::Courier;
use chancery::courier::settings::SmtpSettings;
use chancery::dossier::Purpose;
use chancery::dossier::command::Actor;
use chancery::ids::{Instant, PersonId};
use chancery::web::routes::{Place, Route};

use crate::support::office::{DAY_MS, START};
use crate::support::pages::{self, Answer, Pages};
use crate::web::{every_page, voting};

const IN: &str = "/ho-so/in";
const ME: &str = "/ho-so/me";
const MINUTE: i64 = 60_000;

/// An office in which a case is drawn up by somebody who has signed in.
async fn with_login() -> Pages {
    let title = "        title: Soạn hồ sơ\n";
    Pages::with(&pages::CASE.replace(title, &format!("{title}        link: login\n"))).await
}

async fn asked(pages: &Pages, mailbox: &str) -> Answer {
    pages.post(IN, &[("do", "ask"), ("mailbox", mailbox)]).await
}

async fn typed(pages: &Pages, id: &str, code: &str) -> Answer {
    pages.post(IN, &[("do", "code"), ("asked", id), ("code", code)]).await
}

fn code(pages: &Pages, id: &str, person: &str) -> String {
    pages.app.links.code(1, id, &PersonId::new(format!("p-{person}"))).expect("the key is there")
}

/// What was asked for is another thing each time; all else must be alike.
fn without(answer: &Answer, id: &str) -> String {
    answer.text().replace(id, "ID")
}

async fn codes_mailed(pages: &Pages) -> i64 {
    let rows = pages.engine.store().read("SELECT COUNT(*) FROM mail", &[]).await.expect("it reads");
    rows[0].int(0).expect("a number")
}

#[tokio::test]
async fn a_code_is_mailed_at_once_and_opens_a_page_with_all_that_waits() {
    let pages = Pages::new().await;
    let case = pages.case("c1", "Đề nghị thứ nhất", "clerk").await;
    let first = asked(&pages, " Clerk@Office.Example ").await;
    assert_eq!(first.status, StatusCode::OK);
    let catcher = Catcher::start(([127, 0, 0, 1], 0).into()).await.expect("loopback");
    let settings = SmtpSettings::plain(catcher.address(), "vanphong@example.vn", "Văn phòng");
    let (links, chance) = (pages.engine.links().clone(), pages.engine.chance().clone());
    let courier =
        Courier::new(pages.engine.clone(), links, settings, "https://so.example/ho-so", chance).expect("no TLS");
    let report = courier.step(START).await.expect("a step");
    assert_eq!(report.accepted, 1, "at once, whatever waits for the morning");
    let mail = catcher.mail(1).expect("a mail");
    let id = first.hidden("asked");
    let right = code(&pages, &id, "clerk");
    let shown = format!("{} {}", &right[..4], &right[4..]);
    assert_eq!(mail.to, ["clerk@office.example"]);
    assert!(mail.text.contains(&shown) && mail.text.contains("15 phút"), "{}", mail.text);
    assert!(!mail.subject.contains(&right[..4]) && !mail.text.contains("http"), "{mail:?}");
    let sent = typed(&pages, &id, &shown).await;
    assert_eq!((sent.status, sent.header("location")), (StatusCode::SEE_OTHER, ME));
    let cookie = sent.header("set-cookie").to_owned();
    for part in ["__Secure-chancery=", "; Path=/ho-so", "; HttpOnly", "; SameSite=Lax", "; Secure"] {
        assert!(cookie.contains(part), "{part}: {cookie}");
    }
    assert!(!cookie.contains("Max-Age") && !cookie.contains("Domain"), "{cookie}");
    let page = pages.get_as(&sent.cookie(), ME).await.text();
    let link = pages.link(&case, Purpose::Act, "clerk").await;
    assert!(page.contains("Đề nghị thứ nhất") && page.contains(&link) && page.contains("1 việc"), "{page}");
    let english = pages.get_as(&sent.cookie(), &format!("{ME}?lang=en")).await.text();
    assert!(english.contains("1 matter waits for your answer"), "{english}");
}

#[tokio::test]
async fn what_is_said_does_not_depend_on_whether_an_address_is_known() {
    let pages = Pages::new().await;
    let known = asked(&pages, "clerk@office.example").await;
    let unknown = asked(&pages, "nobody@office.example").await;
    let (one, other) = (known.hidden("asked"), unknown.hidden("asked"));
    assert_eq!(known.status, unknown.status);
    assert_eq!(without(&known, &one), without(&unknown, &other));
    assert_eq!(one.len(), other.len());
    assert_eq!(codes_mailed(&pages).await, 1);
    let (wrong, never) = (typed(&pages, &one, "00000000").await, typed(&pages, &other, "00000000").await);
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(without(&wrong, &one), without(&never, &other));
    // One more than is mailed: still the same words, and no mail.
    for _ in 0..7 {
        let again = asked(&pages, "clerk@office.example").await;
        assert_eq!(without(&again, &again.hidden("asked")), without(&known, &one));
    }
    assert_eq!(codes_mailed(&pages).await, 5);
    for bad in ["clerk@office.example,m1@office.example", "clerk@office.example m1@office.example", "clerk", ""] {
        assert_eq!(asked(&pages, bad).await.status, StatusCode::UNPROCESSABLE_ENTITY, "{bad}");
    }
    assert_eq!(codes_mailed(&pages).await, 5);
}

#[tokio::test]
async fn a_shared_mailbox_signs_nobody_in() {
    let pages = Pages::new().await;
    let mut directory = (*pages.engine.directory()).clone();
    for person in directory.people.values_mut().filter(|person| person.code.starts_with('m')) {
        person.email = Some("van-thu@office.example".to_owned());
    }
    pages.engine.put_directory(directory).await.expect("a directory");
    assert_eq!(asked(&pages, "van-thu@office.example").await.status, StatusCode::OK);
    assert_eq!(codes_mailed(&pages).await, 0);
}

#[tokio::test]
async fn a_code_is_good_five_tries_fifteen_minutes_one_page_and_once() {
    let pages = Pages::new().await;
    let id = asked(&pages, "clerk@office.example").await.hidden("asked");
    let right = code(&pages, &id, "clerk");
    let wrong = if right == "11111111" { "22222222" } else { "11111111" };
    for _ in 0..5 {
        assert_eq!(typed(&pages, &id, wrong).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    assert_eq!(typed(&pages, &id, &right).await.status, StatusCode::UNPROCESSABLE_ENTITY, "five tries are over");
    let id = asked(&pages, "clerk@office.example").await.hidden("asked");
    assert_eq!(typed(&pages, &id, &right).await.status, StatusCode::UNPROCESSABLE_ENTITY, "it is another page's");
    let right = code(&pages, &id, "clerk");
    assert_eq!(typed(&pages, &id, &right).await.status, StatusCode::SEE_OTHER);
    assert_eq!(typed(&pages, &id, &right).await.status, StatusCode::UNPROCESSABLE_ENTITY, "once");
    let id = asked(&pages, "clerk@office.example").await.hidden("asked");
    pages.at(START.plus_ms(15 * MINUTE));
    let right = code(&pages, &id, "clerk");
    assert_eq!(typed(&pages, &id, &right).await.status, StatusCode::UNPROCESSABLE_ENTITY, "too late");
}

#[tokio::test]
async fn whoever_asks_too_often_from_one_network_is_told_so_and_others_are_not() {
    let pages = Pages::new().await;
    let ask = |peer: &str, forwarded: &str, who: usize| {
        let peer: std::net::SocketAddr = format!("{peer}:4711").parse().expect("an address");
        let mut request = Request::post(IN)
            .header("host", "so.example")
            .header("content-type", "application/x-www-form-urlencoded")
            .header("x-forwarded-for", forwarded)
            .body(Body::from(format!("do=ask&mailbox=somebody{who}%40office.example")))
            .expect("a request");
        request.extensions_mut().insert(axum::extract::ConnectInfo(peer));
        pages.send(request)
    };
    for who in 0..300 {
        // Whatever the guest says of themselves stands before what the proxy adds.
        assert_eq!(ask("127.0.0.1", &format!("198.51.100.{}, 192.0.2.7", who % 250), who).await.status, StatusCode::OK);
    }
    assert_eq!(ask("127.0.0.1", "192.0.2.7", 300).await.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(ask("127.0.0.1", "192.0.2.8", 301).await.status, StatusCode::OK);
    assert_eq!(ask("192.0.2.7", "192.0.2.8", 302).await.status, StatusCode::TOO_MANY_REQUESTS, "no proxy of ours");
    pages.at(START.plus_ms(61 * MINUTE));
    assert_eq!(ask("127.0.0.1", "192.0.2.7", 303).await.status, StatusCode::OK);
}

#[tokio::test]
async fn what_a_stranger_sends_is_short_or_not_read() {
    let pages = Pages::new().await;
    let long = "a".repeat(20_000);
    assert_eq!(pages.post(IN, &[("do", "ask"), ("mailbox", &long)]).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    let file = vec![b'x'; 20_000];
    let sent = pages.post_files(IN, &[("do", "ask")], &[("file", "a.pdf", file.as_slice())]).await;
    assert_eq!(sent.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn a_session_ends_after_an_hour_without_a_page_and_after_half_a_day_with_them() {
    let pages = Pages::new().await;
    let cookie = pages.sign_in("clerk").await;
    let before = pages.dump().await;
    pages.at(START.plus_ms(59 * MINUTE));
    let renewed = pages.get_as(&cookie, ME).await;
    assert_eq!(renewed.status, StatusCode::OK);
    assert_ne!(renewed.cookie(), cookie, "what the browser keeps is renewed");
    assert_eq!(pages.dump().await, before, "and nothing is written");
    pages.at(START.plus_ms(61 * MINUTE));
    assert_eq!(pages.get_as(&cookie, ME).await.status, StatusCode::SEE_OTHER, "the old one is over");
    let mut cookie = renewed.cookie();
    for half_hours in 3..24 {
        pages.at(START.plus_ms(half_hours * 30 * MINUTE));
        let page = pages.get_as(&cookie, ME).await;
        assert_eq!(page.status, StatusCode::OK, "after {half_hours} half hours");
        cookie = page.cookie();
    }
    pages.at(START.plus_ms(12 * 60 * MINUTE));
    assert_eq!(pages.get_as(&cookie, ME).await.status, StatusCode::SEE_OTHER, "twelve hours are over");
}

#[tokio::test]
async fn signing_out_ends_this_session_or_all_of_them_and_nobody_elses() {
    let pages = Pages::new().await;
    let (desk, phone, home) =
        (pages.sign_in("clerk").await, pages.sign_in("clerk").await, pages.sign_in("clerk").await);
    let other = pages.sign_in("head").await;
    let guard = pages.get_as(&desk, ME).await.hidden("guard");
    let out = pages.post_as(&desk, ME, &[("do", "out"), ("guard", &guard)]).await;
    assert_eq!((out.status, out.header("location")), (StatusCode::SEE_OTHER, IN));
    assert!(out.header("set-cookie").contains("Max-Age=0"), "{}", out.header("set-cookie"));
    assert_eq!(pages.get_as(&desk, ME).await.status, StatusCode::SEE_OTHER);
    assert_eq!(pages.get_as(&phone, ME).await.status, StatusCode::OK);
    let guard = pages.get_as(&phone, ME).await.hidden("guard");
    pages.post_as(&phone, ME, &[("do", "everywhere"), ("guard", &guard)]).await;
    for ended in [&phone, &home] {
        assert_eq!(pages.get_as(ended, ME).await.status, StatusCode::SEE_OTHER);
    }
    assert_eq!(pages.get_as(&other, ME).await.status, StatusCode::OK);
}

#[tokio::test]
async fn signing_in_never_goes_on_with_what_the_browser_brought() {
    let pages = Pages::new().await;
    let theirs = pages.sign_in("head").await;
    // Somebody made the victim's browser keep their own session; the victim signs in.
    let id = asked(&pages, "clerk@office.example").await.hidden("asked");
    let right = code(&pages, &id, "clerk");
    let sent = pages.post_as(&theirs, IN, &[("do", "code"), ("asked", &id), ("code", &right)]).await;
    assert_ne!(sent.cookie(), theirs);
    assert!(pages.get_as(&sent.cookie(), ME).await.text().contains("Người clerk"));
    assert_eq!(pages.get_as(&theirs, ME).await.status, StatusCode::SEE_OTHER, "what was there before is over");
    // Nor is anything believed that was not signed here, wherever it stands among others.
    let good = sent.cookie();
    let (name, value) = good.split_once('=').expect("a cookie");
    for cookie in
        [format!("{name}=AAAA"), format!("{name}={}", &value[1..]), format!("chancery={value}"), name.to_owned()]
    {
        assert_eq!(pages.get_as(&cookie, ME).await.status, StatusCode::SEE_OTHER, "{cookie}");
    }
    assert_eq!(pages.get_as(&format!("{name}=AAAA; {good}"), ME).await.status, StatusCode::OK);
}

#[tokio::test]
async fn every_letter_of_the_cookie_counts() {
    let pages = Pages::new().await;
    let cookie = pages.sign_in("clerk").await;
    let (name, value) = cookie.split_once('=').expect("a cookie");
    for place in 0..value.len() {
        let mut forged = value.as_bytes().to_vec();
        forged[place] = if forged[place] == b'A' { b'B' } else { b'A' };
        let forged = String::from_utf8(forged).expect("letters");
        if forged != value {
            assert_eq!(pages.get_as(&format!("{name}={forged}"), ME).await.status, StatusCode::SEE_OTHER, "{place}");
        }
    }
}

#[tokio::test]
async fn a_form_without_this_sessions_guard_does_nothing() {
    let pages = Pages::new().await;
    let (mine, theirs) = (pages.sign_in("clerk").await, pages.sign_in("head").await);
    let other = pages.get_as(&theirs, ME).await.hidden("guard");
    let before = pages.dump().await;
    for guard in ["", "x", &other] {
        for what in ["out", "everywhere"] {
            let sent = pages.post_as(&mine, ME, &[("do", what), ("guard", guard)]).await;
            assert_eq!(sent.status, StatusCode::FORBIDDEN, "{what} {guard}");
        }
    }
    let request = Request::post(ME)
        .header("host", "so.example")
        .header("cookie", &mine)
        .header("sec-fetch-site", "cross-site")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from("do=out"));
    assert_eq!(pages.send(request.expect("a request")).await.status, StatusCode::FORBIDDEN);
    assert_eq!(pages.dump().await, before);
}

/// The events of a dossier: who did them, and how they had shown who they are.
async fn actors(pages: &Pages, dossier: &chancery::ids::DossierId) -> Vec<Actor> {
    let history = pages.engine.history(dossier).await.expect("it reads");
    history.into_iter().map(|event| event.actor).collect()
}

#[tokio::test]
async fn what_asks_for_a_sign_in_is_shown_and_taken_once_its_person_has_signed_in() {
    let pages = with_login().await;
    let case = pages.case("c1", "Đề nghị bí mật", "m1").await;
    let link = pages.link(&case, Purpose::Act, "clerk").await;
    let closed = pages.get(&link).await.text();
    assert!(closed.contains("đăng nhập") && closed.contains(&format!("href=\"{IN}\"")), "{closed}");
    assert!(!closed.contains("bí mật") && !closed.contains("<form"), "{closed}");
    let mine = pages.sign_in("clerk").await;
    let page = pages.get_as(&mine, &link).await;
    assert!(page.text().contains("Đề nghị bí mật"), "{}", page.text());
    let (seen, guard) = (page.hidden("seen"), page.hidden("guard"));
    let edit = [("do", "edit"), ("seen", seen.as_str()), ("edit.points", "60")];
    // The link and the cookie, and a form that was made for neither: as far as the link goes, and that is not enough.
    for guard in ["", "forged"] {
        let sent = pages.post_as(&mine, &link, &[edit.as_slice(), &[("guard", guard)]].concat()).await;
        assert_eq!(sent.status, StatusCode::UNPROCESSABLE_ENTITY, "{guard}");
    }
    assert_eq!(actors(&pages, &case).await.len(), 1);
    let sent = pages.post_as(&mine, &link, &[edit.as_slice(), &[("guard", &guard)]].concat()).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text());
    assert_eq!(actors(&pages, &case).await[1], Actor::Session(PersonId::new("p-clerk")));
    let history = pages.get_as(&mine, &link).await.text();
    assert!(history.contains("Người clerk, đã đăng nhập bằng mã"), "{history}");
}

#[tokio::test]
async fn a_link_that_was_passed_on_acts_as_its_addressee_or_not_at_all() {
    for (word, opens) in [("link", true), ("link+pin", false), ("login", false)] {
        let title = "        title: Soạn hồ sơ\n";
        let text = pages::CASE.replace(title, &format!("{title}        link: {word}\n"));
        let pages = Pages::with(&text).await;
        let case = pages.case("c1", "Đề nghị bí mật", "m1").await;
        let link = pages.link(&case, Purpose::Act, "clerk").await;
        // Somebody else is signed in where the link is opened.
        let theirs = pages.sign_in("head").await;
        let page = pages.get_as(&theirs, &link).await;
        assert_eq!(page.text().contains("bí mật"), opens, "{word}");
        let guard = pages.get_as(&theirs, ME).await.hidden("guard");
        let form = [("do", "edit"), ("seen", "1"), ("edit.points", "60"), ("guard", guard.as_str())];
        pages.post_as(&theirs, &link, &form).await;
        let actors = actors(&pages, &case).await;
        let expected: &[Actor] = if opens { &[Actor::Link(PersonId::new("p-clerk"))] } else { &[] };
        assert_eq!(&actors[1..], expected, "{word}: by the link sent to the clerk, or nobody");
        if word == "login" {
            assert!(page.text().contains("Người head"), "it says who is signed in: {}", page.text());
        }
        // Nor do the papers, the chart or the rows behind it show more.
        for below in ["way", "paper/none", "draft/none", "row/none"] {
            let status = pages.get_as(&theirs, &format!("{link}/{below}")).await.status;
            assert_eq!(status == StatusCode::OK, opens && below == "way", "{word} {below}");
        }
    }
}

#[tokio::test]
async fn who_has_signed_in_by_a_code_has_not_shown_the_number_that_travels_another_way() {
    let title = "        title: Soạn hồ sơ\n";
    let pages = Pages::with(&pages::CASE.replace(title, &format!("{title}        link: link+pin\n"))).await;
    let case = pages.case("c1", "Đề nghị bí mật", "m1").await;
    let link = pages.link(&case, Purpose::Act, "clerk").await;
    let mine = pages.sign_in("clerk").await;
    assert!(!pages.get_as(&mine, &link).await.text().contains("bí mật"));
}

#[tokio::test]
async fn looking_changes_nothing_for_who_is_signed_in_either() {
    let pages = Pages::new().await;
    let (_, list) = voting(&pages).await;
    // The secretary may do the most: give numbers, see the list, say that they are away.
    let routes = every_page(&pages, &list, "m1", Purpose::Ballot).await;
    let cookie = pages.sign_in("secretary").await;
    let before = pages.dump().await;
    for (_, path) in &routes {
        for method in ["GET", "HEAD", "OPTIONS"] {
            for query in ["", "?lang=en", "?do=everywhere&choice=yes&step=send"] {
                let request = Request::builder().method(method).uri(format!("{path}{query}"));
                let request = request.header("host", "so.example").header("cookie", &cookie).body(Body::empty());
                let answer = pages.send(request.expect("a request")).await;
                assert!(!answer.status.is_server_error(), "{method} {path}");
                assert_eq!(answer.header("referrer-policy"), "no-referrer", "{path}");
                assert!(answer.header("content-security-policy").contains("frame-ancestors 'none'"), "{path}");
                let kept = path.ends_with("style.css") && answer.status == StatusCode::OK;
                assert_eq!(answer.header("cache-control") == "no-store", !kept, "{path}");
            }
        }
    }
    assert_eq!(pages.dump().await, before);
}

#[tokio::test]
async fn a_ballot_is_cast_by_who_is_signed_in_and_looked_over_before() {
    let pages = Pages::new().await;
    let (_, list) = voting(&pages).await;
    let link = pages.link(&list, Purpose::Ballot, "m1").await;
    let cookie = pages.sign_in("m1").await;
    let inbox = pages.get_as(&cookie, ME).await.text();
    assert!(inbox.contains("3 đề nghị") && inbox.contains("Mở phiếu") && inbox.contains(&link), "{inbox}");
    let page = pages.get_as(&cookie, &link).await;
    let look = pages.post_as(&cookie, &link, &[("all", "yes"), ("guard", &page.hidden("guard"))]).await;
    assert_eq!(look.status, StatusCode::OK);
    assert_eq!(look.text().matches("name=\"guard\"").count(), look.text().matches("<form").count());
    let sent =
        pages.post_as(&cookie, &link, &[("all", "yes"), ("step", "send"), ("guard", &look.hidden("guard"))]).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text());
    let actors = actors(&pages, &list).await;
    assert_eq!(actors.last(), Some(&Actor::Session(PersonId::new("p-m1"))));
    assert!(!pages.get_as(&cookie, ME).await.text().contains(&link), "it waits no longer");
}

#[tokio::test]
async fn nothing_that_is_stored_or_shown_gives_a_code_or_a_session() {
    let pages = Pages::new().await;
    let shown = asked(&pages, "clerk@office.example").await;
    let id = shown.hidden("asked");
    let right = code(&pages, &id, "clerk");
    let cookie = pages.sign_in("clerk").await;
    let (_, value) = cookie.split_once('=').expect("a cookie");
    let presented = chancery::links::LinkKeys::present(value).expect("ours");
    let (secret, _) = presented.row.split_once('.').expect("an id and a time");
    let page = pages.get_as(&cookie, ME).await.text();
    let stored = pages.dump().await;
    let file = std::fs::read(pages.url().trim_start_matches("sqlite://")).expect("the database");
    let file = String::from_utf8_lossy(&file).into_owned();
    for place in [&stored, &file, &page] {
        for hidden in [right.as_str(), value, secret] {
            assert!(!place.contains(hidden));
        }
    }
    assert!(!shown.text().contains(&right));
    for place in [&stored, &file] {
        assert!(!place.contains("somebody@"), "an address that was typed is only counted");
    }
}

#[tokio::test]
async fn where_only_links_are_served_nobody_signs_in_and_nothing_else_is_there() {
    let mut pages = with_login().await;
    let case = pages.case("c1", "Đề nghị bí mật", "m1").await;
    let link = pages.link(&case, Purpose::Act, "clerk").await;
    let cookie = pages.sign_in("clerk").await;
    pages.app.only_links = true;
    for route in Route::ALL.into_iter().filter(|route| !route.is_of_links()) {
        let status = pages.get(&format!("/ho-so{}", route.pattern())).await.status;
        assert_eq!(status, StatusCode::NOT_FOUND, "{route:?}");
    }
    assert_eq!(pages.get("/ho-so").await.status, StatusCode::NOT_FOUND);
    assert_eq!(pages.get(&format!("/ho-so{}", Route::Health.pattern())).await.status, StatusCode::OK);
    let page = pages.get_as(&cookie, &link).await.text();
    assert!(!page.contains("bí mật") && !page.contains(&Place::SignIn.path(&pages.app.site)), "{page}");
}

#[tokio::test]
async fn mails_that_bring_codes_keep_nobody_from_their_other_mails() {
    let pages = Pages::new().await;
    pages.case("c1", "Đề nghị thứ nhất", "clerk").await;
    for hour in 0..3 {
        pages.at(START.plus_ms(hour * 61 * MINUTE));
        for _ in 0..5 {
            asked(&pages, "clerk@office.example").await;
        }
    }
    assert_eq!(codes_mailed(&pages).await, 15);
    let catcher = Catcher::start(([127, 0, 0, 1], 0).into()).await.expect("loopback");
    let settings = SmtpSettings::plain(catcher.address(), "vanphong@example.vn", "Văn phòng");
    let (links, chance) = (pages.engine.links().clone(), pages.engine.chance().clone());
    let courier =
        Courier::new(pages.engine.clone(), links, settings, "https://so.example/ho-so", chance).expect("no TLS");
    // Codes that nobody can use any more are not sent.
    let morning = Instant(START.0 + DAY_MS);
    while courier.step(morning).await.expect("a step").worked() {}
    assert_eq!(catcher.more_than(0).await, 1, "the one about the case");
}

#[tokio::test]
async fn who_read_a_mailbox_that_is_not_the_persons_any_more_is_signed_out_and_their_codes_are_dead() {
    for way in ["readdressed", "another directory", "gone"] {
        let pages = Pages::new().await;
        let clerk = PersonId::from("p-clerk");
        let (cookie, other) = (pages.sign_in("clerk").await, pages.sign_in("m1").await);
        let id = asked(&pages, "clerk@office.example").await.hidden("asked");
        let mut directory = (*pages.engine.directory()).clone();
        pages.at(START.plus_ms(MINUTE));
        match way {
            "readdressed" => {
                let deed = crate::undelivered::deed("readdressed", "p-clerk", START.0);
                pages.engine.store().readdress(deed, START).await.expect("done");
            }
            "gone" => {
                directory.people.remove(&clerk);
                directory.posts.retain(|post| post.person != clerk);
                pages.engine.put_directory(directory).await.expect("a directory");
            }
            _ => {
                directory.people.get_mut(&clerk).expect("the clerk").email = Some("an@office.example".to_owned());
                pages.engine.put_directory(directory).await.expect("a directory");
            }
        }
        assert_eq!(pages.get_as(&cookie, ME).await.header("location"), IN, "{way}: signed out");
        assert_eq!(pages.get_as(&other, ME).await.status, StatusCode::OK, "{way}: nobody else");
        let right = code(&pages, &id, "clerk");
        assert_eq!(typed(&pages, &id, &right).await.status, StatusCode::UNPROCESSABLE_ENTITY, "{way}: the code");
        let before = codes_mailed(&pages).await;
        assert_eq!(asked(&pages, "clerk@office.example").await.status, StatusCode::OK);
        assert_eq!(codes_mailed(&pages).await - before, i64::from(way == "readdressed"), "{way}: the old mailbox");
    }
}

#[tokio::test]
async fn a_session_of_somebody_whom_the_directory_does_not_know_is_none() {
    let pages = Pages::new().await;
    let cookie = pages.sign_in("clerk").await;
    assert_eq!(pages.get_as(&cookie, ME).await.status, StatusCode::OK);
    // As a process of an older program would have left it.
    let older = pages
        .engine
        .store()
        .write(|tx| tx.execute("UPDATE person SET changed_at = changed_at - 1 WHERE id = 'p-clerk'", &[]));
    older.await.expect("it is written");
    assert_eq!(pages.get_as(&cookie, ME).await.header("location"), IN);
}

/// Asks for a code by way of a peer, which may say for whom.
async fn from(pages: &Pages, peer: &str, forwarded: Option<&str>, mailbox: &str) -> Answer {
    let peer: std::net::SocketAddr = format!("{peer}:4711").parse().expect("an address");
    let mut request = Request::post(IN)
        .header("host", "so.example")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from(format!("do=ask&mailbox={}", mailbox.replace('@', "%40"))))
        .expect("a request");
    if let Some(forwarded) = forwarded {
        request.headers_mut().insert("x-forwarded-for", forwarded.parse().expect("a header"));
    }
    request.extensions_mut().insert(axum::extract::ConnectInfo(peer));
    pages.send(request).await
}

#[tokio::test]
async fn nobody_uses_up_somebody_elses_codes_from_another_network() {
    let pages = Pages::new().await;
    for _ in 0..20 {
        assert_eq!(from(&pages, "192.0.2.7", None, "clerk@office.example").await.status, StatusCode::OK);
    }
    assert_eq!(codes_mailed(&pages).await, 5, "no more at the wish of one network");
    let id = from(&pages, "192.0.2.8", None, "clerk@office.example").await.hidden("asked");
    assert_eq!(codes_mailed(&pages).await, 6, "their own is mailed");
    let right = code(&pages, &id, "clerk");
    assert_eq!(typed(&pages, &id, &right).await.status, StatusCode::SEE_OTHER);
    for network in 0..20 {
        for _ in 0..5 {
            from(&pages, &format!("198.51.100.{network}"), None, "clerk@office.example").await;
        }
    }
    assert_eq!(codes_mailed(&pages).await, 30, "no mailbox is flooded either");
}

#[tokio::test]
async fn a_proxy_that_does_not_say_for_whom_it_asks_counts_as_one_network() {
    let pages = Pages::new().await;
    for number in 0..300 {
        let sent = from(&pages, "127.0.0.1", None, &format!("nobody{number}@office.example")).await;
        assert_eq!(sent.status, StatusCode::OK);
    }
    assert_eq!(from(&pages, "127.0.0.1", None, "clerk@office.example").await.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(from(&pages, "127.0.0.1", Some("192.0.2.9"), "clerk@office.example").await.status, StatusCode::OK);
}

#[tokio::test]
async fn however_many_ask_for_addresses_that_nobody_has_whoever_works_here_gets_in() {
    let pages = Pages::new().await;
    for number in 0..2_010 {
        let network = format!("10.0.{}.{}", number / 250, number % 250);
        assert_eq!(from(&pages, &network, None, &format!("x{number}@nowhere.example")).await.status, StatusCode::OK);
    }
    let kept = pages.engine.store().read("SELECT COUNT(*) FROM sign_in", &[]).await.expect("it reads");
    assert_eq!(kept[0].int(0).expect("a number"), 2_000, "what is beyond fills no table");
    let id = from(&pages, "192.0.2.8", None, "clerk@office.example").await.hidden("asked");
    let right = code(&pages, &id, "clerk");
    assert_eq!(typed(&pages, &id, &right).await.status, StatusCode::SEE_OTHER);
}
