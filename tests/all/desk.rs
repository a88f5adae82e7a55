//! The page behind a mail: what it says when nothing is asked.

use chancery::dossier::Purpose;

use crate::support::pages::Pages;
use crate::web::mailed;

#[tokio::test]
async fn a_mail_that_only_informs_leads_to_a_page_that_says_of_what_and_why() {
    let pages = Pages::new().await;
    let case = pages.case("c1", "Đề nghị thứ nhất", "clerk").await;
    let link = pages.link(&case, Purpose::Act, "clerk").await;
    let seen = pages.get(&link).await.hidden("seen");
    let form = [("do", "act"), ("seen", seen.as_str()), ("choice", "withdraw"), ("reason.withdraw", "Nhầm người")];
    pages.post(&link, &[form.as_slice(), &[("step", "send")]].concat()).await;
    let desk = mailed(&pages, "head").await;
    let page = pages.get(&desk).await.text();
    for said in ["Để biết, không cần trả lời", "Đề nghị thứ nhất", "Hiện nay: Đã rút", "Nhầm người"]
    {
        assert!(page.contains(said), "{said}: {page}");
    }
    assert!(!page.contains("Không còn việc nào"), "it is no page that has nothing to say: {page}");
    assert!(!page.contains("<form") && !page.contains("/l/"), "nothing is asked: {page}");
    let english = pages.get(&format!("{desk}?lang=en")).await.text();
    assert!(english.contains("For your knowledge; no answer is needed"), "{english}");
}

#[tokio::test]
async fn a_dossier_that_goes_on_is_told_with_those_who_are_awaited() {
    let pages = Pages::new().await;
    pages.case("c1", "Đề nghị thứ nhất", "clerk").await;
    // As an escalation is written: about no task of its reader's.
    let told = pages.engine.store().write(|tx| {
        const TOLD: &str = "INSERT INTO outbox (dossier_id, seq, place, activation, person_id, kind, not_before_at) \
                            VALUES ('c1', 1, 9, 2, 'p-head', 'escalation', 0)";
        tx.execute(TOLD, &[])
    });
    told.await.expect("it is written");
    let page = pages.get(&mailed(&pages, "head").await).await.text();
    assert!(page.contains("Hiện nay: Soạn hồ sơ") && page.contains("Đang chờ: Người clerk"), "{page}");
}
