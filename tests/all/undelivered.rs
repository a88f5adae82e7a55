//! Mails that did not arrive: who keeps the office's mail is told, and can have them go to the right address; what went to the
//! wrong one opens nothing any more.

use std::sync::Arc;

use axum::http::StatusCode;
use chancery::catcher::{Catcher, Caught};
use chancery::ids::{Instant, PersonId};
use chancery::links::{Bound, LinkKeys, task_of_row};
use chancery::scheduler::Scheduler;
use chancery::store::undelivered::MailDeed;

use crate::courier::{MINUTE, MORNING, Running, settings};
use crate::support::faulty_smtp::{Fault, FaultySmtp};
use crate::support::office::DAY_MS;

/// What somebody did about a person's mails.
pub(crate) fn deed(what: &str, person: &str, at: i64) -> MailDeed {
    MailDeed {
        id: format!("{what}-{person}-{at}"),
        at: Instant(at),
        what: what.to_owned(),
        person: PersonId::new(person),
        mail: None,
        by: PersonId::new("p-secretary"),
        reason: "misspelt".to_owned(),
    }
}

async fn catcher() -> Catcher {
    Catcher::start(([127, 0, 0, 1], 0).into()).await.expect("loopback")
}

/// An office whose mail to the clerk was refused for good.
async fn refused() -> Running {
    let (office, server) = (Running::new().await, FaultySmtp::start(Fault::Recipient("550 no such user")).await);
    office.open("d1", "Mua máy tính").await;
    assert_eq!(office.courier(settings(server.address)).step(MORNING).await.expect("a step").failed, 1);
    office
}

fn keeper(office: &Running, codes: &[&str]) -> Scheduler {
    let codes: Vec<String> = codes.iter().map(|code| (*code).to_owned()).collect();
    Scheduler::new(office.engine.clone()).reporting_to(&codes)
}

/// A code of somebody in the small office.
fn code(office: &Running, person: &str) -> String {
    office.engine.directory().people[&PersonId::new(person)].code.clone()
}

fn links(mail: &Caught) -> Vec<&str> {
    mail.links.iter().filter_map(|link| link.strip_prefix("https://so.example.vn/ho-so/l/")).collect()
}

#[tokio::test]
async fn who_keeps_the_mail_is_told_once_whom_it_did_not_reach() {
    let (office, catcher) = (refused().await, catcher().await);
    let codes = [code(&office, "p-secretary"), code(&office, "p-clerk"), "NOBODY".to_owned()];
    let mut scheduler = keeper(&office, &codes.each_ref().map(String::as_str));
    for (minutes, told) in [(1, 1), (1, 0), (3, 0)] {
        let now = MORNING.plus_ms(minutes * MINUTE);
        assert_eq!(scheduler.step(now).await.expect("a step").told, told, "not the one whom it was for, and once");
    }
    let courier = office.courier(settings(catcher.address()));
    assert_eq!(courier.step(MORNING.plus_ms(10 * MINUTE)).await.expect("a step").accepted, 0, "with the next digest");
    assert_eq!(courier.step(Instant(MORNING.0 + DAY_MS)).await.expect("a step").accepted, 1);
    let mail = catcher.mail(1).expect("a mail");
    let clerk = office.engine.directory().people[&PersonId::new("p-clerk")].name.clone();
    assert_eq!(mail.to, ["secretary@office.example"]);
    assert_eq!(mail.subject, format!("Thư không tới: gửi {clerk}: Mua máy tính"));
    assert!(mail.text.contains(&format!("Thư gửi {clerk} về hồ sơ dưới đây không tới nơi.")), "{}", mail.text);
    assert!(mail.links.iter().all(|link| link.contains("/d/")), "a desk, and nobody else's task: {:?}", mail.links);
}

#[tokio::test]
async fn what_was_done_in_the_meantime_is_not_reported() {
    let office = refused().await;
    office.act("d1", "clerk", "submit").await;
    let mut scheduler = keeper(&office, &[&code(&office, "p-secretary")]);
    assert_eq!(scheduler.step(MORNING.plus_ms(MINUTE)).await.expect("a step").told, 0);
}

#[tokio::test]
async fn after_a_wrong_address_the_old_links_are_dead_and_one_mail_says_all_that_is_still_asked() {
    let (office, catcher) = (Running::new().await, catcher().await);
    let courier = office.courier(settings(catcher.address()));
    for (day, id) in [(0, "d1"), (1, "d2"), (2, "d3")] {
        office.open(id, id).await;
        assert_eq!(courier.step(Instant(MORNING.0 + day * DAY_MS)).await.expect("a step").accepted, 1);
    }
    office.act("d3", "clerk", "submit").await;
    let now = MORNING.0 + 3 * DAY_MS;
    let (store, clerk) = (office.engine.store(), PersonId::new("p-clerk"));
    let mut directory = office.engine.directory().as_ref().clone();
    directory.people.get_mut(&clerk).expect("the clerk").email = Some("right@office.example".to_owned());
    office.engine.put_directory(directory).await.expect("another directory");
    let again = store.readdress(deed("readdressed", "p-clerk", now), Instant(now + MINUTE)).await.expect("done");
    assert_eq!(again, 2, "what was done is not said again");
    let to_them = |mail: &&Arc<Caught>| mail.to == ["right@office.example"];
    courier.step(Instant(now)).await.expect("a step");
    assert_eq!(catcher.mails_since(0).iter().filter(to_them).count(), 0, "every courier must know the address first");
    courier.step(Instant(now + MINUTE)).await.expect("a step");
    let mails = catcher.mails_since(0);
    let news: Vec<&Arc<Caught>> = mails.iter().filter(to_them).collect();
    assert_eq!(news.len(), 1, "one mail with both");
    let (old, new) = (catcher.mail(1).expect("a mail"), links(news[0]));
    assert_eq!((links(&old).len(), new.len()), (1, 2));
    for (token, alive) in [(links(&old)[0], false), (new[0], true), (new[1], true)] {
        let presented = LinkKeys::present(token).expect("a token");
        let (of, id) = task_of_row(&presented.row).expect("it names a task");
        let task = store.task_page(&of, id).await.expect("read").expect("the task's row");
        let activation = format!("{of}:{}", task.activation);
        let bound = Bound {
            row: &presented.row,
            person: &clerk,
            activation: &activation,
            purpose: "act",
            generation: task.generation,
        };
        assert_eq!(office.engine.links().verifies(&presented, task.key_id, &bound), alive, "{of}");
    }
    assert_eq!(store.mail_deeds(10).await.expect("read"), [deed("readdressed", "p-clerk", now)]);
}

#[tokio::test]
async fn what_never_arrived_goes_to_the_right_address_and_is_in_trouble_no_more() {
    let (office, catcher) = (refused().await, catcher().await);
    let store = office.engine.store();
    let now = MORNING.plus_ms(MINUTE);
    assert_eq!(store.readdress(deed("readdressed", "p-clerk", now.0), now).await.expect("done"), 1);
    assert_eq!(store.troubled_mails(now, 10).await.expect("read"), []);
    let mut scheduler = keeper(&office, &[&code(&office, "p-secretary")]);
    assert_eq!(scheduler.step(now).await.expect("a step").told, 0);
    assert_eq!(office.courier(settings(catcher.address())).step(now).await.expect("a step").accepted, 1);
}

#[tokio::test]
async fn deeds_are_never_changed() {
    for database in crate::store::databases().await {
        let store = crate::store::migrated(&database).await;
        store.readdress(deed("readdressed", "p", 5), Instant(5)).await.expect("done");
        for sql in ["UPDATE mail_deed SET reason = ''", "DELETE FROM mail_deed"] {
            let changed = store.write(move |tx| tx.execute(sql, &[]).map(drop)).await;
            assert!(changed.is_err(), "{sql}");
        }
        assert_eq!(store.mail_deeds(10).await.expect("read").len(), 1);
    }
}

#[tokio::test]
async fn who_keeps_the_mail_sends_one_again_from_their_own_page_and_nobody_else_does() {
    let pages = crate::support::pages::Pages::new().await;
    pages.case("c1", "Mua máy tính", "clerk").await;
    let server = FaultySmtp::start(Fault::Recipient("550 no such user")).await;
    let courier = |address| {
        let (links, chance) = (pages.engine.links().clone(), pages.engine.chance().clone());
        let url = "https://so.example/ho-so";
        chancery::courier::Courier::new(pages.engine.clone(), links, settings(address), url, chance).expect("no TLS")
    };
    assert_eq!(courier(server.address).step(MORNING).await.expect("a step").failed, 1);
    pages.at(MORNING);
    let place = "/ho-so/me/mails";
    let clerk = pages.sign_in("clerk").await;
    assert_eq!(pages.get_as(&clerk, place).await.status, StatusCode::NOT_FOUND);
    assert!(!pages.get_as(&clerk, "/ho-so/me").await.text().contains(place));
    let keeper = pages.sign_in("secretary").await;
    assert!(pages.get_as(&keeper, "/ho-so/me").await.text().contains(place));
    let before = pages.dump().await;
    let page = pages.get_as(&keeper, place).await;
    assert_eq!(pages.dump().await, before, "looking changes nothing");
    let text = page.text();
    assert!(text.contains("Người clerk") && text.contains("550 no such user"), "{text}");
    let (mail, guard) = (page.hidden("mail"), page.hidden("guard"));
    let form = [("mail", mail.as_str()), ("guard", guard.as_str()), ("why", "hộp thư đã dọn")];
    let silent = pages.post_as(&keeper, place, &form[..2]).await;
    assert_eq!(silent.status, StatusCode::UNPROCESSABLE_ENTITY, "a reason is wanted");
    let sent = pages.post_as(&keeper, place, &form).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text());
    let again = pages.post_as(&keeper, place, &form).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY, "once");
    let deeds = pages.engine.store().mail_deeds(10).await.expect("read");
    let said: Vec<_> = deeds.iter().map(|deed| (deed.what.as_str(), deed.by.as_str(), deed.reason.as_str())).collect();
    assert_eq!(said, [("resent", "p-secretary", "hộp thư đã dọn")]);
    let catcher = catcher().await;
    assert!(courier(catcher.address()).step(MORNING.plus_ms(MINUTE)).await.expect("a step").accepted > 0);
    assert!(catcher.mails_since(0).iter().any(|mail| mail.to == ["clerk@office.example"]));
}

#[tokio::test]
async fn a_code_that_did_not_arrive_goes_again_as_long_as_it_is_good() {
    let pages = crate::support::pages::Pages::new().await;
    let keeper = pages.sign_in("secretary").await;
    pages.post("/ho-so/in", &[("do", "ask"), ("mailbox", "m1@office.example")]).await;
    pages
        .engine
        .store()
        .write(|tx| tx.execute("UPDATE mail SET status = 'failed', next_at = NULL WHERE person_id = 'p-m1'", &[]))
        .await
        .expect("it bounced");
    let page = pages.get_as(&keeper, "/ho-so/me/mails").await.text();
    assert!(page.contains("Mã đăng nhập") && page.contains("Gửi lại"), "{page}");
    pages.at(crate::support::office::START.plus_ms(16 * MINUTE));
    let page = pages.get_as(&keeper, "/ho-so/me/mails").await.text();
    assert!(page.contains("không còn hiệu lực") && !page.contains("<form"), "{page}");
}
