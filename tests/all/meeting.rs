//! A meeting in the order of the day, on the pages of whoever keeps its record and of its chair; and rows that are put off to the
//! next one.

use std::process::Command;

use axum::http::StatusCode;
use chancery::dossier::{Purpose, RowStatus};
use chancery::ids::DossierId;

use crate::store::{Fresh, databases, sqlite};
use crate::support::pages::{self, Pages};
use crate::web::{cast, gathered};

const COURSE: &str = "Cuộc họp theo thứ tự";

/// The list of the pages, voted on at a meeting; a row may be put off.
async fn office(database: Fresh) -> Pages {
    let case = pages::CASE
        .replace("          returned: drafting\n", "          returned: drafting\n          postponed: council\n");
    let pages = Pages::on(database, &case).await;
    let list = pages::LIST
        .replace("held: online}", "held: online, attendance: {records: secretary}}")
        .replace("own_case: {", "absent: {written_ballot: 3wd, no_reply: not_agreed}\n    own_case: {")
        .replace(
            "target: voting, rows: {returned: returned}",
            "target: voting, rows: {returned: returned, postponed: postponed}",
        );
    pages.deploy("list", &list).await;
    pages
}

async fn convene(pages: &Pages, list: &DossierId, marks: &[(&str, &str)]) -> String {
    let link = pages.link(list, Purpose::Act, "secretary").await;
    let seen = pages.get(&link).await.hidden("seen");
    let mut form = vec![("do", "act"), ("seen", seen.as_str()), ("choice", "convene"), ("step", "send")];
    form.extend(marks);
    let sent = pages.post(&link, &form).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text());
    link
}

async fn attend(pages: &Pages, list: &DossierId) -> String {
    let link = pages.link(list, Purpose::Attendance, "secretary").await;
    let seen = pages.get(&link).await.hidden("seen");
    let form = [("do", "attend"), ("seen", seen.as_str()), ("all", "present"), ("seat.p-m5", "excused")];
    let sent = pages.post(&link, &form).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text());
    link
}

#[tokio::test]
async fn whoever_keeps_the_record_is_led_through_the_meeting() {
    for database in databases().await {
        led(office(database).await).await;
    }
}

async fn led(pages: Pages) {
    let (_, list) = gathered(&pages).await;
    let name = |code: &str| pages.engine.directory().people[&format!("p-{code}").as_str().into()].name.clone();
    let page = pages.page(&list, "secretary").await;
    for said in [COURSE, "3 đề nghị trong chương trình.", "Làm ngay dưới đây", "Chỉ hiện sau khi kết thúc bỏ phiếu."]
    {
        assert!(page.contains(said), "{said}: {page}");
    }

    let first = convene(&pages, &list, &[]).await;
    let next = pages.link(&list, Purpose::Attendance, "secretary").await;
    let over = pages.get(&first).await.text();
    assert!(over.contains(&format!("href=\"{next}\"")), "the page of what is done leads on: {over}");
    assert!(over.contains("Chưa phát phiếu"), "{over}");

    attend(&pages, &list).await;
    let sent = cast(&pages, &list, "m2", &[("all", "yes")]).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text());
    let page = pages.get(&next).await.text();
    assert!(page.contains(&format!("Đã bỏ phiếu: {}.", name("m2"))), "who has voted: {page}");
    let chair = pages.get(&pages.link(&list, Purpose::Ballot, "m1").await).await.text();
    assert!(chair.contains(COURSE), "the chair follows it: {chair}");
    let member = pages.get(&pages.link(&list, Purpose::Ballot, "m4").await).await.text();
    assert!(!member.contains(COURSE), "a member does not: {member}");
    for page in [page, chair] {
        assert!(
            page.contains("Chỉ hiện sau khi kết thúc bỏ phiếu.") && !page.contains("đồng ý; cần"),
            "no total: {page}"
        );
    }

    for member in ["m1", "m3", "m4", "m5"] {
        let sent = cast(&pages, &list, member, &[("all", "yes")]).await;
        assert_eq!(sent.status, StatusCode::SEE_OTHER, "{member}: {}", sent.text());
    }
    pages.engine.tick(&list).await.expect("the vote closes");
    let over = pages.get(&next).await.text();
    for said in ["Có mặt (4): ", &format!("Vắng có lý do (1): {}.", name("m5")), "5 trên 5 đồng ý; cần"] {
        assert!(over.contains(said), "{said}: {over}");
    }
}

#[tokio::test]
async fn a_row_that_is_put_off_comes_back_on_the_next_agenda() {
    for database in databases().await {
        put_off(office(database).await).await;
    }
}

async fn put_off(pages: Pages) {
    let (rows, list) = gathered(&pages).await;
    let (mark, why) = (format!("mark.{}", rows[1]), format!("why.{}", rows[1]));
    let link = pages.link(&list, Purpose::Act, "secretary").await;
    let seen = pages.get(&link).await.hidden("seen");
    let form = [("do", "act"), ("seen", seen.as_str()), ("choice", "convene"), (&mark, "postponed")];
    let bare = pages.post(&link, &form).await;
    assert_eq!(bare.status, StatusCode::UNPROCESSABLE_ENTITY, "a reason is wanted: {}", bare.text());

    convene(&pages, &list, &[(&mark, "postponed"), (&why, "Chờ ý kiến đơn vị")]).await;
    pages.settle().await;
    let stands = pages.engine.dossier(&list).await.expect("it reads").expect("it is there");
    let status = stands.rows.iter().find(|row| row.dossier == rows[1]).map(|row| row.status);
    assert_eq!(status, Some(RowStatus::Postponed));
    assert_eq!(stands.votes[0].rows.len(), 2, "it is not voted on");
    let next = pages.list_of(&rows[1]).await;
    assert_ne!(next, list, "another list takes it");
    let page = pages.page(&next, "secretary").await;
    assert!(page.contains("1 đề nghị trong chương trình."), "{page}");
    let row = pages.engine.dossier(&rows[1]).await.expect("it reads").expect("it is there");
    assert_eq!(
        row.grounds.last().map(|ground| ground.text.own.as_str()),
        Some("Chờ ý kiến đơn vị"),
        "why stays with it"
    );
}

/// How wide a page is in a window of 320 px, in Chromium; none where there is no Chromium. With `MEETING_PICTURE=FILE` it is drawn too.
fn width_at_320(html: &str) -> Option<u32> {
    let browser =
        ["chromium", "chromium-browser"].into_iter().find(|name| Command::new(name).arg("--version").output().is_ok());
    let Some(browser) = browser else {
        assert!(std::env::var("CI").is_err(), "there is no chromium");
        return None;
    };
    let folder = std::env::temp_dir().join(format!("chancery-meeting-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let (at, styled) =
        (html.find("<link rel=\"stylesheet\"").expect("a style sheet"), include_str!("../../src/web/style.css"));
    let end = at + html[at..].find('>').expect("it ends") + 1;
    let inner = format!("{}<style>{styled}</style>{}", &html[..at], &html[end..]);
    let inner = inner.replace('&', "&amp;").replace('"', "&quot;");
    let outer = format!(
        "<!doctype html><meta charset=utf-8><title>?</title><body style=\"margin:0\">\
         <iframe id=f style=\"width:320px;height:3200px;border:0\" srcdoc=\"{inner}\"></iframe>\
         <script>onload = () => {{ document.title = 'wide:' + f.contentDocument.documentElement.scrollWidth; }}</script>"
    );
    let file = folder.join("page.html");
    std::fs::write(&file, outer).expect("it is written");
    let profile = format!("--user-data-dir={}", folder.join("profile").display());
    let run = |more: &[String]| {
        let mut command = Command::new(browser);
        command.args(["--headless", "--no-sandbox", "--disable-gpu", "--window-size=500,3200", &profile]).args(more);
        command.arg(format!("file://{}", file.display())).output().expect("it runs")
    };
    if let Ok(picture) = std::env::var("MEETING_PICTURE") {
        run(&[format!("--screenshot={picture}")]);
    }
    let shown = String::from_utf8_lossy(&run(&["--dump-dom".to_owned()]).stdout).into_owned();
    std::fs::remove_dir_all(&folder).expect("it is ours");
    let (_, rest) = shown.split_once("<title>wide:").unwrap_or_else(|| panic!("it says nothing: {shown}"));
    Some(rest.split('<').next().and_then(|wide| wide.parse().ok()).expect("a width"))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_course_of_a_meeting_fits_on_a_small_telephone() {
    let pages = office(sqlite()).await;
    let (_, list) = gathered(&pages).await;
    convene(&pages, &list, &[]).await;
    let link = attend(&pages, &list).await;
    cast(&pages, &list, "m2", &[("all", "yes")]).await;
    let html = pages.get(&link).await.text();
    assert!(html.contains("aria-current=\"step\""), "{html}");
    if let Some(wide) = width_at_320(&html) {
        assert!(wide <= 320, "{wide} px");
    }
}
