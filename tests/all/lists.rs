//! A clerk brings a list: template, faults in place, no twins, papers for many at once, all of it sent on as one.

use axum::http::StatusCode;
use chancery::ids::Instant;
use chancery::sheet;

use crate::support::office::{DAY_MS, START};
use crate::support::pages::{Answer, CASE, Pages};
use crate::web::mailed;

const STANDS: &str = "SELECT state FROM dossier WHERE import_key IS NOT NULL";

const IMPORT: &str = "
import:
  key: code
  columns: {code: code, title: title, unit: unit, person: person, kind: kind, points: points, since: since}
  register: {column: prior, register: prizes}
  papers: documents
registers: {prizes: {label: Sổ}}
";
const HEAD: &str = "code,title,unit,person,kind,points,since";
const LABELS: &str = "Mã,Tên,Đơn vị,Người,Loại,Điểm,Từ ngày";

fn listed() -> String {
    let case =
        CASE.replace("  note:   {type: text", "  code:   {type: text, max: 20, label: Mã}\n  note:   {type: text");
    assert_ne!(case, CASE);
    case + IMPORT
}

/// The office, and the clerk's page for lists.
async fn desk() -> (Pages, String) {
    let pages = Pages::with(&listed()).await;
    pages.case("c1", "Một việc khác", "m1").await;
    let page = format!("{}/list/case", mailed(&pages, "clerk").await);
    (pages, page)
}

async fn send(pages: &Pages, page: &str, rows: &[&str]) -> Answer {
    let text = format!("{HEAD}\n{}\n", rows.join("\n"));
    pages.post_files(page, &[("do", "read")], &[("list", "danh-sach.csv", text.as_bytes())]).await
}

/// What the form on a page would send, with some inputs changed.
fn carried(answer: &Answer, step: &str, changed: &[(&str, &str)]) -> Vec<(String, String)> {
    let text = answer.text();
    let mut form = vec![("do".to_owned(), step.to_owned())];
    for input in text.split("<input").skip(1) {
        let attribute = |name: &str| Some(input.split_once(&format!("{name}=\""))?.1.split('"').next()?.to_owned());
        let Some(name) = attribute(" name").filter(|name| ["h.", "n.", "c."].iter().any(|one| name.starts_with(one)))
        else {
            continue;
        };
        let new = changed.iter().find(|(of, _)| *of == name).map(|(_, value)| (*value).to_owned());
        form.push((name, new.or_else(|| attribute(" value")).unwrap_or_default()));
    }
    form
}

async fn post(pages: &Pages, page: &str, form: &[(String, String)]) -> Answer {
    let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    pages.post(page, &form).await
}

/// A list without a fault is taken.
async fn take(pages: &Pages, page: &str, rows: &[&str]) {
    let looked = send(pages, page, rows).await;
    assert_eq!(looked.status, StatusCode::OK, "{}", looked.text());
    let taken = post(pages, page, &carried(&looked, "take", &[])).await;
    assert_eq!(taken.status, StatusCode::SEE_OTHER, "{}", taken.text());
}

async fn rows(pages: &Pages) -> Vec<(String, String)> {
    const SQL: &str = "SELECT import_key, caption FROM dossier WHERE import_key IS NOT NULL ORDER BY import_key";
    let rows = pages.engine.store().read(SQL, &[]).await.expect("it reads");
    let text = |row: &chancery::store::Row, at| row.text(at).expect("a text").to_owned();
    rows.iter().map(|row| (text(row, 0), text(row, 1))).collect()
}

#[tokio::test]
async fn the_template_has_the_columns_that_are_read_and_the_mail_leads_to_it() {
    let (pages, page) = desk().await;
    let mail = page.strip_suffix("/list/case").expect("below the mail");
    let shown = pages.get(mail).await.text();
    assert!(shown.contains(&format!("href=\"{page}\"")), "{shown}");
    let template = pages.get(&format!("{page}/template.xlsx")).await;
    assert_eq!(template.status, StatusCode::OK);
    assert!(template.header("content-disposition").contains("case.xlsx"));
    let (file, table) = sheet::read("case.xlsx", &template.body, None);
    let table = table.expect("it is a table");
    assert_eq!(table.columns().join(","), LABELS);
    assert_eq!((table.rows().len(), file.grid().expect("a sheet").sheet.as_str()), (0, "Danh sách"));
    let (guide, _) = sheet::read("case.xlsx", &template.body, Some("Hướng dẫn"));
    assert!(guide.text.contains("mã hoặc họ tên của người trong danh bạ"), "{}", guide.text);
    let place = |word: &str| guide.text.find(word).unwrap_or_else(|| panic!("`{word}` is missing in: {}", guide.text));
    assert!(place("plain") < place("high"), "choices stand in the order of their table: {}", guide.text);
    assert_eq!(pages.get(&format!("{page}/template.xlsx")).await.body, template.body, "the same to the byte");
}

#[tokio::test]
async fn faults_are_shown_at_their_rows_and_put_right_there_and_nothing_is_kept_before() {
    let (pages, page) = desk().await;
    let before = pages.dump().await;
    let looked =
        send(&pages, &page, &["A1,Thứ nhất,U,clerk,plain,60,2026-06-01", "A2,Thứ hai,UU,,plan,sixty,1/6/2026"]).await;
    assert_eq!(looked.status, StatusCode::UNPROCESSABLE_ENTITY);
    let text = looked.text();
    for said in
        ["1 dòng cần sửa", "dòng 3: A2", "có phải ý bạn là `plain`?", "name=\"c.1.2\" value=\"UU\"", "id=\"why.c.1.6\""]
    {
        assert!(text.contains(said), "`{said}` is missing in: {text}");
    }
    let english =
        pages.post_files(&format!("{page}?lang=en"), &[("do", "read")], &[("list", "a.csv", b"code\nx\n")]).await;
    assert!(english.text().contains("the column `title` is missing"), "{}", english.text());
    // Half of it is put right; then the rest.
    let half = [("c.1.2", "U"), ("c.1.4", "plain"), ("c.1.5", "40")];
    let looked = post(&pages, &page, &carried(&looked, "check", &half)).await;
    let text = looked.text();
    assert!(
        looked.status == StatusCode::UNPROCESSABLE_ENTITY && !text.contains("why.c.1.2") && text.contains("why.c.1.6"),
        "{text}"
    );
    let looked = post(&pages, &page, &carried(&looked, "check", &[("c.1.6", "2026-06-01")])).await;
    assert!(
        looked.status == StatusCode::OK && looked.text().contains("2 hồ sơ mới, 0 hồ sơ đã có"),
        "{}",
        looked.text()
    );
    assert_eq!(pages.dump().await, before, "nothing was kept until here");
    let taken = post(&pages, &page, &carried(&looked, "take", &[])).await;
    assert_eq!(taken.status, StatusCode::SEE_OTHER, "{}", taken.text());
    let two = [("A1".to_owned(), "Thứ nhất".to_owned()), ("A2".to_owned(), "Thứ hai".to_owned())];
    assert_eq!(rows(&pages).await, two);
    let shown = pages.get(&page).await.text();
    assert!(shown.contains("Thứ nhất") && shown.contains("Thứ hai") && shown.contains("Soạn hồ sơ"), "{shown}");
    assert_eq!(pages.engine.store().read("SELECT 1 FROM register LIMIT 1", &[]).await.expect("it reads").len(), 0);
}

#[tokio::test]
async fn what_people_call_columns_units_and_people_is_understood_and_what_several_are_called_is_not() {
    let (pages, page) = desk().await;
    let name = |code: &str| pages.engine.directory().person_by_code(code).expect("a person").name.clone();
    let sent = |head: &str, row: &str| format!("{head}\n{row}\n");
    let named = sent(LABELS, &format!("A1,Thứ nhất,đơn vị,{},plain,60,2026-06-01", name("m2")));
    let looked = pages.post_files(&page, &[("do", "read")], &[("list", "a.csv", named.as_bytes())]).await;
    assert_eq!(looked.status, StatusCode::OK, "{}", looked.text());
    let taken = post(&pages, &page, &carried(&looked, "take", &[])).await;
    assert_eq!(taken.status, StatusCode::SEE_OTHER, "{}", taken.text());
    let dossier =
        pages.engine.store().read("SELECT id FROM dossier WHERE import_key = 'A1'", &[]).await.expect("it reads");
    let id = chancery::ids::DossierId::new(dossier[0].text(0).expect("an id"));
    let dossier = pages.engine.dossier(&id).await.expect("it reads").expect("it is there");
    let field = |name: &str| dossier.fields[&chancery::ids::FieldName::from(name)].clone();
    assert_eq!((field("unit"), field("person")), ("U".into(), "p-m2".into()));
    // A column is named twice: by its code and by its label.
    let twice = sent("code,title,unit,person,kind,points,since,Mã", "A2,x,U,,plain,60,,A2");
    let looked = pages.post_files(&page, &[("do", "read")], &[("list", "a.csv", twice.as_bytes())]).await;
    assert!(looked.text().contains("`Mã`"), "{}", looked.text());
}

#[tokio::test]
async fn a_list_that_is_refused_only_when_it_is_taken_stays_on_the_page_with_what_was_typed() {
    let once = listed()
        .replace("        deadline: {within: 10wd}", "        entry: {register: [{register: prizes, key: kind.code, year: 2026}]}\n        deadline: {within: 10wd}")
        .replace("registers: {prizes: {label: Sổ}}", "registers: {prizes: {label: Sổ, unique: [holder, key, year], refuse: 'Đã ghi sổ: {other}.'}}");
    let pages = Pages::with(&once).await;
    pages.case("c1", "Một việc khác", "m1").await;
    let page = format!("{}/list/case", mailed(&pages, "clerk").await);
    let looked =
        send(&pages, &page, &["A1,Thứ nhất,U,m2,plain,60,", "A2,Thứ hai,U,m2,plain,70,", "A3,Thứ ba,U,m3,plain,80,"])
            .await;
    assert_eq!(looked.status, StatusCode::OK, "each by itself is good: {}", looked.text());
    let taken = post(&pages, &page, &carried(&looked, "take", &[])).await;
    let text = taken.text();
    assert_eq!(taken.status, StatusCode::UNPROCESSABLE_ENTITY, "{text}");
    for said in ["Đã nhận 2 dòng", "dòng 3: A2", "Đã ghi sổ", "value=\"Thứ hai\"", "value=\"70\""] {
        assert!(text.contains(said), "`{said}` is missing in: {text}");
    }
    assert_eq!(rows(&pages).await.len(), 2);
    // What stands there is put right and taken; nothing is opened twice.
    let looked = post(&pages, &page, &carried(&taken, "check", &[("c.1.4", "high")])).await;
    assert!(looked.text().contains("1 hồ sơ mới, 2 hồ sơ đã có"), "{}", looked.text());
    let taken = post(&pages, &page, &carried(&looked, "take", &[])).await;
    assert_eq!(taken.status, StatusCode::SEE_OTHER, "{}", taken.text());
    assert_eq!(rows(&pages).await.len(), 3);
}

#[tokio::test]
async fn a_file_that_is_larger_than_any_list_is_told_in_a_line() {
    let (pages, page) = desk().await;
    let page = format!("{page}?lang=en");
    let wide = "a,".repeat(400_000) + "a";
    let long = format!("{HEAD}\n{}", "A1,x,U,clerk,plain,60,\n".repeat(2_200));
    let heavy = format!("{HEAD}\n{}", format!("A1,{},U,clerk,plain,60,\n", "ấ".repeat(150)).repeat(1_800));
    let narrow = format!("code\n{}", "A1\n".repeat(14_000));
    for (text, said) in [
        (wide, "400001 columns are more"),
        (long, "more than 15000 cells"),
        (heavy, "more in this list than one page can carry"),
        (narrow, "more in this list than one page can carry"),
    ] {
        let answer = pages.post_files(&page, &[("do", "read")], &[("list", "a.csv", text.as_bytes())]).await;
        let (status, page) = (answer.status, answer.text());
        assert!(status == StatusCode::UNPROCESSABLE_ENTITY && page.contains(said), "`{said}` is missing in: {page}");
        assert!(page.len() < 20_000 && page.matches("href=\"#file\"").count() == 1, "one clear fault: {page}");
    }
}

#[tokio::test]
async fn the_same_list_again_makes_no_twins_and_changes_what_can_still_be_filled_in() {
    let (pages, page) = desk().await;
    take(&pages, &page, &["A1,Thứ nhất,U,clerk,plain,60,2026-06-01", "A2,Thứ hai,U,,plain,60,"]).await;
    let before = pages.dump().await;
    take(&pages, &page, &["A2,Thứ hai,U,,plain,60,", "A1,Thứ nhất,U,clerk,plain,60,2026-06-01"]).await;
    assert_eq!(pages.dump().await, before);
    take(&pages, &page, &["A1,Tên mới,U,clerk,plain,60,"]).await;
    assert_eq!(rows(&pages).await[0], ("A1".to_owned(), "Tên mới".to_owned()));
    // Whom it is about is no part of the form: said, and left.
    let looked = send(&pages, &page, &["A1,Tên mới,U,m2,plain,60,"]).await;
    let taken = post(&pages, &page, &carried(&looked, "take", &[])).await;
    assert!(
        taken.status == StatusCode::UNPROCESSABLE_ENTITY && taken.text().contains("danh sách đã đổi"),
        "{}",
        taken.text()
    );
    assert_eq!(rows(&pages).await.len(), 2);
}

#[tokio::test]
async fn many_papers_find_their_rows_by_their_names_and_all_is_sent_on_as_one() {
    let (pages, page) = desk().await;
    take(&pages, &page, &["A1,Thứ nhất,U,clerk,plain,60,", "A1-2,Thứ hai,U,m2,plain,40,"]).await;
    let pdf: &[u8] = b"%PDF-1.7 x";
    let names = ["A1-report.pdf", "A1-2/Báo cáo.pdf", "B7-report.pdf", "A1-photo.pdf"];
    let files = names.map(|name| ("papers", name, pdf));
    let sent = pages.post_files(&page, &[("do", "attach")], &files).await;
    let text = sent.text();
    for said in
        ["Đã đính kèm 2 giấy tờ; 0", "B7-report.pdf: tên tệp không bắt đầu", "A1-photo.pdf: tên tệp không kết thúc"]
    {
        assert!(text.contains(said), "`{said}` is missing in: {text}");
    }
    let again = pages.post_files(&page, &[("do", "attach")], &files[..2]).await.text();
    assert!(again.contains("Đã đính kèm 0 giấy tờ; 2"), "{again}");

    let unsure = pages.post(&page, &[("do", "submit"), ("choice", "submit")]).await.text();
    assert!(unsure.contains("Cần đánh dấu ô xác nhận"), "{unsure}");
    let before = pages.dump().await;
    let form = [("do", "submit"), ("choice", "submit"), ("sure", "yes")];
    let refused = pages.post(&page, &form).await;
    let text = refused.text();
    assert!(refused.status == StatusCode::UNPROCESSABLE_ENTITY && text.contains("A1-2: Chưa đủ điểm"), "{text}");
    assert_eq!(pages.dump().await, before, "if one of them cannot be sent, none is");
    take(&pages, &page, &["A1-2,Thứ hai,U,m2,plain,50,"]).await;
    assert_eq!(pages.post(&page, &form).await.status, StatusCode::SEE_OTHER);
    let shown = pages.get(&page).await.text();
    assert!(!shown.contains("Thứ hai"), "nothing waits here any more: {shown}");
    let stands = pages.engine.store().read(STANDS, &[]).await.expect("it reads");
    assert!(
        stands.len() == 2 && stands.iter().all(|row| row.text(0).expect("a state").contains("council")),
        "{stands:?}"
    );
}

#[tokio::test]
async fn a_list_is_brought_by_those_who_may_start_one_and_from_a_mail_of_the_last_weeks() {
    let (pages, page) = desk().await;
    pages.case("c2", "Việc của m1", "m1").await;
    let head = {
        let id = pages.case("c3", "Việc thứ ba", "clerk").await;
        pages.choose(&id, "clerk", "withdraw").await;
        format!("{}/list/case", mailed(&pages, "head").await)
    };
    assert_eq!(pages.get(&head).await.status, StatusCode::NOT_FOUND, "the head opens nothing");
    assert_eq!(send(&pages, &head, &["A1,Một,U,,plain,60,"]).await.status, StatusCode::NOT_FOUND);
    assert!(!pages.get(head.strip_suffix("/list/case").expect("a mail")).await.text().contains("/list/"));
    assert_eq!(pages.get(&page.replace("/list/case", "/list/list")).await.status, StatusCode::NOT_FOUND);
    pages.at(Instant(START.0 + 31 * DAY_MS));
    assert_eq!(pages.get(&page).await.status, StatusCode::NOT_FOUND);
    assert_eq!(send(&pages, &page, &["A1,Một,U,,plain,60,"]).await.status, StatusCode::NOT_FOUND);
    assert_eq!(rows(&pages).await.len(), 0);
}
