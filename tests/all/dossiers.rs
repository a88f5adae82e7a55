//! What somebody who is signed in sees and does beside what they are asked: the dossiers of their roles, and acts outside any task.

use axum::http::StatusCode;
use chancery::dossier::command::Actor;
use chancery::ids::DossierId;

use crate::store::databases;
use crate::support::pages::{CASE, Pages};
use crate::web::{cast, submit, voting};

const LIST: &str = "/ho-so/me/dossiers";

fn at(dossier: &DossierId) -> String {
    format!("{LIST}/{dossier}")
}

#[tokio::test]
async fn dossiers_are_listed_for_those_who_have_a_role_in_them_and_for_nobody_else() {
    let pages = Pages::new().await;
    let (one, other) = (pages.case("c1", "Đề nghị thứ nhất", "m3").await, pages.case("c2", "Việc khác", "m3").await);
    let clerk = pages.sign_in("clerk").await;
    let page = pages.get_as(&clerk, LIST).await.text();
    for said in ["Đề nghị thứ nhất", "Việc khác", &at(&one), &at(&other), "Hiện nay: Soạn hồ sơ"] {
        assert!(page.contains(said), "{said}: {page}");
    }
    let found = pages.get_as(&clerk, &format!("{LIST}?q=thu+nhat")).await.text();
    assert!(found.contains("Đề nghị thứ nhất") && !found.contains("Việc khác"), "{found}");
    let stranger = pages.sign_in("m1").await;
    let page = pages.get_as(&stranger, LIST).await.text();
    assert!(!page.contains("Đề nghị thứ nhất") && page.contains("Không có hồ sơ nào"), "{page}");
    for below in ["", "/way", "/paper/none", "/draft/none"] {
        let answer = pages.get_as(&stranger, &format!("{}{below}", at(&one))).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{below}");
        assert_eq!(pages.get(&format!("{}{below}", at(&one))).await.header("location"), "/ho-so/in", "{below}");
    }
    assert_eq!(pages.get_as(&clerk, &format!("{LIST}/none")).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn dossiers_of_one_instant_are_each_seen_once_over_the_pages() {
    for database in databases().await {
        let pages = Pages::on(database, CASE).await;
        let mut cases = Vec::new();
        for n in 0..70 {
            cases.push(pages.case(&format!("c{n:03}"), &format!("Đề nghị {n}"), "m3").await.to_string());
        }
        let instants = pages.engine.store().read("SELECT DISTINCT last_at FROM dossier", &[]).await.expect("it reads");
        assert_eq!(instants.len(), 1);
        let clerk = pages.sign_in("clerk").await;
        for search in ["", "nghi"] {
            let (mut seen, mut next) = (Vec::new(), Some(format!("{LIST}?q={search}")));
            while let Some(path) = next.take() {
                let page = pages.get_as(&clerk, &path).await.text();
                let line = format!("href=\"{LIST}/");
                let ids = page.split(&line).skip(1).filter_map(|rest| rest.split('"').next());
                let before = seen.len();
                seen.extend(ids.map(str::to_owned));
                assert!(seen.len() > before, "a page without any: {page}");
                let older = page.split("href=\"?before=").nth(1).and_then(|rest| rest.split('"').next());
                next = older.map(|query| format!("{LIST}?before={}", query.replace("&amp;", "&")));
            }
            seen.sort();
            assert_eq!(seen, cases, "{search}");
        }
    }
}

#[tokio::test]
async fn what_a_role_may_do_without_being_asked_is_done_from_the_dossiers_page() {
    let pages = Pages::new().await;
    let case = pages.case("c1", "Đề nghị thứ nhất", "m3").await;
    submit(&pages, &case).await;
    let clerk = pages.sign_in("clerk").await;
    assert!(!pages.get_as(&clerk, "/ho-so/me").await.text().contains("Đề nghị thứ nhất"), "nothing is asked of them");
    let page = pages.get_as(&clerk, &at(&case)).await;
    assert!(page.text().contains("Rút hồ sơ") && page.text().contains("Đề nghị thứ nhất"), "{}", page.text());
    let (seen, guard) = (page.hidden("seen"), page.hidden("guard"));
    let form = [("do", "act"), ("seen", &seen), ("choice", "withdraw"), ("reason.withdraw", "Nhầm người")];
    let before = pages.dump().await;
    assert_eq!(pages.post_as(&clerk, &at(&case), &form).await.status, StatusCode::FORBIDDEN, "without the guard");
    let form = [form.as_slice(), &[("guard", guard.as_str())]].concat();
    let look = pages.post_as(&clerk, &at(&case), &form).await;
    assert!(look.text().contains("Kiểm tra lại trước khi gửi"), "{}", look.text());
    assert_eq!(pages.dump().await, before);
    let sent = pages.post_as(&clerk, &at(&case), &[form.as_slice(), &[("step", "send")]].concat()).await;
    assert_eq!((sent.status, sent.header("location")), (StatusCode::SEE_OTHER, at(&case).as_str()), "{}", sent.text());
    let dossier = pages.engine.dossier(&case).await.expect("it reads").expect("it exists");
    assert_eq!(dossier.outcome.as_deref(), Some("withdrawn"));
    let history = pages.engine.history(&case).await.expect("it reads");
    assert!(history.iter().any(|event| event.actor == Actor::Session("p-clerk".into())), "{history:?}");
    let over = pages.get_as(&clerk, &at(&case)).await.text();
    assert!(over.contains("Đã rút") && !over.contains("value=\"withdraw\""), "{over}");
    // The head has a role in it and may do nothing there.
    let head = pages.sign_in("head").await;
    assert!(!pages.get_as(&head, &at(&case)).await.text().contains("value=\"withdraw\""));
}

#[tokio::test]
async fn nobody_casts_a_ballot_from_a_dossiers_page() {
    let pages = Pages::new().await;
    let (_, list) = voting(&pages).await;
    let cookie = pages.sign_in("m1").await;
    let page = pages.get_as(&cookie, &at(&list)).await;
    assert!(!page.text().contains("name=\"vote."), "{}", page.text());
    let guard = pages.get_as(&cookie, "/ho-so/me").await.hidden("guard");
    pages.post_as(&cookie, &at(&list), &[("all", "yes"), ("step", "send"), ("do", "cast"), ("guard", &guard)]).await;
    let cast_now = cast(&pages, &list, "m1", &[("all", "yes")]).await;
    assert_eq!(cast_now.status, StatusCode::SEE_OTHER, "the ballot was still theirs to cast");
}

#[tokio::test]
async fn a_dossier_whose_step_wants_a_number_is_opened_by_its_link_alone() {
    let title = "        title: Soạn hồ sơ\n";
    let pages = Pages::with(&CASE.replace(title, &format!("{title}        link: link+pin\n"))).await;
    let case = pages.case("c1", "Đề nghị bí mật", "m3").await;
    let clerk = pages.sign_in("clerk").await;
    let page = pages.get_as(&clerk, &at(&case)).await.text();
    assert!(page.contains("mã số") && !page.contains("bí mật") && !page.contains("name=\"choice\""), "{page}");
    let list = pages.get_as(&clerk, "/ho-so/me/dossiers").await.text();
    assert!(list.contains("Nội dung chỉ hiện sau khi đăng nhập hoặc nhập mã số") && !list.contains("bí mật"), "{list}");
    let found = pages.get_as(&clerk, "/ho-so/me/dossiers?q=bi+mat").await.text();
    assert!(!found.contains(&at(&case)), "it is not found out by searching either: {found}");
}
