//! The page behind a mail: what it says when nothing is asked.

use chancery::dossier::Purpose;

use crate::support::pages::{self, Pages};
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

#[tokio::test]
async fn what_wants_more_than_a_link_is_not_told_on_the_page_behind_a_mail() {
    let title = "        title: Soạn hồ sơ\n";
    for (link, signed_in_sees) in [("login", true), ("link+pin", false)] {
        let pages = Pages::with(&pages::CASE.replace(title, &format!("{title}        link: {link}\n"))).await;
        let case = pages.case("c1", "Đề nghị thứ nhất", "clerk").await;
        let desk = mailed(&pages, "clerk").await;
        let page = pages.get(&desk).await.text();
        let open = pages.link(&case, Purpose::Act, "clerk").await;
        assert!(page.contains("Soạn và nộp hồ sơ") && page.contains(&open), "what is asked, and where: {page}");
        assert!(!page.contains("Đề nghị thứ nhất"), "{page}");
        let cookie = pages.sign_in("clerk").await;
        let inbox = pages.get_as(&cookie, "/ho-so/me").await.text();
        assert_eq!(inbox.contains("Đề nghị thứ nhất"), signed_in_sees, "{inbox}");
        // As an escalation is written: about no task of its reader's.
        let told = pages.engine.store().write(|tx| {
            const TOLD: &str = "INSERT INTO outbox (dossier_id, seq, place, activation, person_id, kind, not_before_at) \
                                VALUES ('c1', 1, 9, 2, 'p-head', 'escalation', 0)";
            tx.execute(TOLD, &[])
        });
        told.await.expect("it is written");
        let news = pages.get(&mailed(&pages, "head").await).await.text();
        assert!(!news.contains("Đề nghị thứ nhất") && !news.contains("Người clerk"), "{news}");
        // Once it is over, what came of it is behind the same door.
        let operator =
            chancery::dossier::command::Actor::Operator { operator: "root".to_owned(), person: "p-clerk".into() };
        let stands = pages.engine.dossier(&case).await.expect("it reads").expect("it exists");
        let act = chancery::dossier::command::Act {
            activation: stands.tasks[0].activation,
            event: "withdraw".into(),
            fields: std::collections::BTreeMap::new(),
            papers: Vec::new(),
            reason: Some("Nhầm người".to_owned()),
            rows: std::collections::BTreeMap::new(),
            seen: None,
        };
        let command = chancery::dossier::command::Command {
            operation: "w".into(),
            dossier: case.clone(),
            actor: operator,
            ask: chancery::dossier::command::Ask::Act(act),
        };
        pages.engine.handle(command, Vec::new()).await.expect("withdrawn");
        let page = pages.get(&desk).await.text();
        for hidden in ["Đề nghị thứ nhất", "Nhầm người", "Rút"] {
            assert!(!page.contains(hidden), "{hidden}: {page}");
        }
    }
}
