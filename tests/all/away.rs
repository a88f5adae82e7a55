//! "I am away until ..., my deputy is ...": said by oneself, from a session or from any mail; recorded, and over when it is over.

use axum::http::StatusCode;
use chancery::catcher::Catcher;
use chancery::courier::Courier;
use chancery::courier::settings::SmtpSettings;
use chancery::directory::{Dated, Post};
use chancery::dossier::Purpose;
use chancery::engine::{Away, Engine, Keys};
use chancery::ids::{DossierId, PersonId};
use chancery::links::LinkKeys;
use chancery::scheduler::Scheduler;
use chancery::seal::MasterKeys;

use crate::store::{databases, migrated};
use crate::support::office::{DAY_MS, START, directory};
use crate::support::pages::{self, Pages};
use crate::web::mailed;

const AWAY: &str = "/ho-so/me/away";

/// An office in which m1 holds a post in the clerk's unit, and a case that the clerk is asked to draw up.
async fn office() -> (Pages, DossierId) {
    let pages = Pages::new().await;
    let mut directory = (*pages.engine.directory()).clone();
    let person = PersonId::from("p-m1");
    directory.posts.push(Post { person, unit: "U".into(), post: "officer".to_owned(), dated: Dated::default() });
    pages.engine.put_directory(directory).await.expect("a directory");
    let case = pages.case("c1", "Đề nghị thứ nhất", "m3").await;
    (pages, case)
}

/// The scheduler looks, as it does whenever the directory has changed.
async fn noticed(pages: &Pages) {
    let mut scheduler = Scheduler::new(pages.engine.clone());
    scheduler.step(pages.engine.now()).await.expect("a step");
}

async fn asked(pages: &Pages, case: &DossierId) -> Vec<String> {
    let dossier = pages.engine.dossier(case).await.expect("it reads").expect("it exists");
    dossier.tasks.iter().flat_map(|task| &task.stand_ins).map(|one| one.person.to_string()).collect()
}

#[tokio::test]
async fn whoever_is_signed_in_names_a_deputy_who_is_asked_and_no_longer_once_it_is_ended() {
    let (pages, case) = office().await;
    let cookie = pages.sign_in("clerk").await;
    let page = pages.get_as(&cookie, AWAY).await;
    assert!(page.text().contains("Người m1"), "{}", page.text());
    let guard = page.hidden("guard");
    let form = [("do", "away"), ("by", "p-m1"), ("from", "2026-06-01"), ("until", "2026-06-05")];
    assert_eq!(pages.post_as(&cookie, AWAY, &form).await.status, StatusCode::FORBIDDEN, "without the page's guard");
    let guarded = [form.as_slice(), &[("guard", guard.as_str())]].concat();
    let sent = pages.post_as(&cookie, AWAY, &guarded).await;
    assert_eq!((sent.status, sent.header("location")), (StatusCode::SEE_OTHER, AWAY), "{}", sent.text());
    noticed(&pages).await;
    assert_eq!(asked(&pages, &case).await, ["p-m1"]);
    let theirs = pages.get(&pages.link(&case, Purpose::Act, "m1").await).await.text();
    assert!(theirs.contains("thay mặt Người clerk"), "{theirs}");
    let set = pages.engine.store().absences(Some(&"p-clerk".into())).await.expect("it reads");
    assert_eq!((set.len(), set[0].set_by.as_str()), (1, "session:p-clerk"), "it is on record who said so");
    // A new directory does not take it away.
    pages.engine.put_directory(directory()).await.expect("a directory");
    assert_eq!(pages.engine.directory().stand_ins().count(), 1);
    let page = pages.get_as(&cookie, AWAY).await;
    assert!(page.text().contains("05 tháng 6") && page.text().contains("Người m1"), "{}", page.text());
    let end = [("do", "end"), ("id", set[0].id.as_str()), ("guard", guard.as_str())];
    assert_eq!(pages.post_as(&cookie, AWAY, &end).await.status, StatusCode::SEE_OTHER);
    pages.at(START.plus_ms(DAY_MS));
    noticed(&pages).await;
    assert!(asked(&pages, &case).await.is_empty(), "who is back is asked alone");
    let set = pages.engine.store().absences(Some(&"p-clerk".into())).await.expect("it reads");
    assert_eq!(set[0].ended.as_ref().map(|(_, by)| by.as_str()), Some("session:p-clerk"));
}

#[tokio::test]
async fn any_mail_leads_to_the_same_and_names_nobody_outside_ones_own_unit() {
    let (pages, case) = office().await;
    let desk = mailed(&pages, "clerk").await;
    let page = pages.get(&desk).await.text();
    let away = format!("{desk}/away");
    assert!(page.contains(&format!("href=\"{away}\"")), "{page}");
    let form = pages.get(&away).await.text();
    assert!(form.contains("Người m1") && !form.contains("name=\"code\""), "{form}");
    let before = pages.dump().await;
    for (by, code) in [("p-m4", ""), ("", "m4"), ("p-clerk", ""), ("", "")] {
        let form = [("do", "away"), ("by", by), ("code", code), ("from", "2026-06-01"), ("until", "2026-06-05")];
        assert_eq!(pages.post(&away, &form).await.status, StatusCode::UNPROCESSABLE_ENTITY, "{by}{code}");
    }
    for (from, until) in
        [("2026-06-05", "2026-06-01"), ("2026-05-01", "2026-05-02"), ("2026-06-01", "2028-06-01"), ("x", "")]
    {
        let form = [("do", "away"), ("by", "p-m1"), ("from", from), ("until", until)];
        assert_eq!(pages.post(&away, &form).await.status, StatusCode::UNPROCESSABLE_ENTITY, "{from} {until}");
    }
    assert_eq!(pages.dump().await, before);
    let form = [("do", "away"), ("by", "p-m1"), ("from", "2026-06-01"), ("until", "2026-06-05")];
    assert_eq!(pages.post(&away, &form).await.header("location"), away);
    noticed(&pages).await;
    assert_eq!(asked(&pages, &case).await, ["p-m1"]);
    let set = pages.engine.store().absences(None).await.expect("it reads");
    assert_eq!(set[0].set_by, "link:p-clerk", "said by a link, and recorded as that");
    // Somebody else's mail ends nothing of theirs.
    let end = [("do", "end"), ("id", set[0].id.as_str())];
    pages.post(&format!("{}/away", mailed(&pages, "m1").await), &end).await;
    assert!(pages.engine.store().absences(None).await.expect("it reads")[0].ended.is_none());
    assert_eq!(pages.get("/ho-so/d/AAAA/away").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_language_of_pages_and_mails_is_chosen_by_oneself_and_outlives_the_directory() {
    let pages = Pages::new().await;
    let case = pages.case("c1", "Đề nghị thứ nhất", "m3").await;
    let cookie = pages.sign_in("clerk").await;
    let guard = pages.get_as(&cookie, "/ho-so/me").await.hidden("guard");
    let form = |language| [("do", "language"), ("language", language), ("guard", guard.as_str())];
    assert_eq!(pages.post_as(&cookie, "/ho-so/me", &form("xx")).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(pages.post_as(&cookie, "/ho-so/me", &form("en")).await.status, StatusCode::SEE_OTHER);
    pages.engine.put_directory(directory()).await.expect("a directory");
    assert!(pages.get_as(&cookie, "/ho-so/me").await.text().contains("1 matter waits for your answer"));
    let link = pages.link(&case, Purpose::Act, "clerk").await;
    assert!(pages.get(&link).await.text().contains("You act as"));
    assert!(pages.get(&link).await.text().contains("lang=\"en\""));
}

#[tokio::test]
async fn absences_are_kept_alike_on_both_databases_and_seen_by_every_process() {
    for database in databases().await {
        let store = migrated(&database).await;
        let keys = Keys { links: LinkKeys::of_bytes([7; 32]), master: MasterKeys::of_bytes([8; 32]) };
        let clock = chancery::clock::Clock::manual(START);
        let chance = chancery::clock::Chance::seeded(1);
        let engine = Engine::open(store.clone(), keys.clone(), clock.clone(), chance.clone()).await.expect("an engine");
        let other = Engine::open(store, keys, clock, chance).await.expect("an engine");
        engine.put_directory(directory()).await.expect("a directory");
        let day = |text: &str| text.parse().expect("a day");
        let away = |id: &str, by: &str| Away {
            id: id.to_owned(),
            person: "p-clerk".into(),
            by: by.into(),
            from: day("2026-06-02"),
            until: day("2026-06-04"),
            set_by: "operator:root".to_owned(),
            host: "so.example".to_owned(),
        };
        let today = day("2026-06-01");
        assert!(engine.be_away(away("a", "p-clerk"), today).await.expect("asked").is_err(), "nobody for themselves");
        assert!(engine.be_away(away("a", "p-nobody"), today).await.expect("asked").is_err());
        engine.be_away(away("a", "p-m1"), today).await.expect("asked").expect("set");
        engine.be_away(away("a", "p-m1"), today).await.expect("asked").expect("the same click again");
        assert_eq!(engine.store().absences(None).await.expect("it reads").len(), 1);
        engine.choose_language(&"p-clerk".into(), "en").await.expect("chosen");
        engine.choose_language(&"p-clerk".into(), "vi").await.expect("chosen");
        other.refresh().await.expect("it reads");
        assert_eq!(other.directory().stand_ins().count(), 1);
        assert_eq!(other.directory().language(&"p-clerk".into()), "vi");
        assert!(engine.be_back("a", &"p-clerk".into(), "operator:root", today).await.expect("asked"));
        assert!(!engine.be_back("a", &"p-clerk".into(), "operator:root", today).await.expect("asked"), "once");
        for number in 0..10 {
            engine.be_away(away(&format!("n{number}"), "p-m1"), today).await.expect("asked").expect("set");
        }
        assert!(engine.be_away(away("more", "p-m1"), today).await.expect("asked").is_err(), "ten are enough");
        let mails = "SELECT COUNT(*) FROM mail JOIN absence_mail ON mail.id = mail_id WHERE status = 'deferred'";
        let told = engine.store().read(mails, &[]).await.expect("it reads")[0].int(0).expect("a number");
        assert_eq!(told, 22, "two are told of each, and of the same click once");
        for number in 0..10 {
            let ended = engine.be_back(&format!("n{number}"), &"p-clerk".into(), "operator:root", today).await;
            assert!(ended.expect("asked"), "n{number}");
        }
        let mut taken = 0;
        while engine.be_away(away(&format!("m{taken}"), "p-m1"), today).await.expect("asked").is_ok() {
            assert!(engine.be_back(&format!("m{taken}"), &"p-clerk".into(), "x", today).await.expect("asked"));
            taken += 1;
        }
        assert_eq!(taken, 9, "twenty a day, however many are ended: each is mailed to two");
    }
}

#[tokio::test]
async fn a_mail_that_is_old_names_nobody() {
    let (pages, _) = office().await;
    let desk = mailed(&pages, "clerk").await;
    let away = format!("{desk}/away");
    pages.at(START.plus_ms(30 * DAY_MS));
    assert_eq!(pages.get(&away).await.status, StatusCode::OK);
    pages.at(START.plus_ms(31 * DAY_MS));
    let form = [("do", "away"), ("by", "p-m1"), ("from", "2026-07-02"), ("until", "2026-07-05")];
    assert_eq!(pages.get(&away).await.status, StatusCode::NOT_FOUND);
    assert_eq!(pages.post(&away, &form).await.status, StatusCode::NOT_FOUND);
    assert!(pages.engine.store().absences(None).await.expect("it reads").is_empty());
    let page = pages.get(&desk).await;
    assert!(page.status == StatusCode::OK && !page.text().contains("/away"), "{}", page.text());
}

#[tokio::test]
async fn whoever_is_away_reads_at_once_who_stands_in_and_ends_it_from_that_mail() {
    let (pages, case) = office().await;
    let away = format!("{}/away", mailed(&pages, "clerk").await);
    let form = [("do", "away"), ("by", "p-m1"), ("from", "2026-06-01"), ("until", "2026-06-05"), ("seen", "0")];
    for _ in 0..2 {
        assert_eq!(pages.post(&away, &form).await.status, StatusCode::SEE_OTHER);
    }
    let catcher = Catcher::start(([127, 0, 0, 1], 0).into()).await.expect("loopback");
    let settings = SmtpSettings::plain(catcher.address(), "vanphong@example.vn", "Văn phòng");
    let (links, chance) = (pages.engine.links().clone(), pages.engine.chance().clone());
    let courier =
        Courier::new(pages.engine.clone(), links, settings, "https://so.example/ho-so", chance).expect("no TLS");
    while courier.step(START).await.expect("a step").worked() {}
    let mails = catcher.mails_since(0);
    let to = |whom: &str| mails.iter().filter(|mail| mail.to == [whom]).collect::<Vec<_>>();
    let (own, theirs) = (to("clerk@office.example"), to("m1@office.example"));
    assert_eq!((own.len(), theirs.len()), (1, 1), "{mails:?}");
    assert!(own[0].subject.contains("Người m1") && own[0].text.contains("05 tháng 6"), "{:?}", own[0]);
    assert!(theirs[0].subject.contains("Người clerk") && theirs[0].links.is_empty(), "{:?}", theirs[0]);
    let link = own[0].links.iter().find(|link| link.ends_with("/away")).expect("where to end it");
    let path = link.strip_prefix("https://so.example").expect("our own page");
    let set = pages.engine.store().absences(None).await.expect("it reads");
    assert!(pages.get(path).await.text().contains(&set[0].id));
    let end = [("do", "end"), ("id", set[0].id.as_str())];
    assert_eq!(pages.post(path, &end).await.status, StatusCode::SEE_OTHER);
    noticed(&pages).await;
    assert!(asked(&pages, &case).await.is_empty());
}

#[tokio::test]
async fn who_was_named_by_a_link_does_nothing_where_a_link_is_not_enough() {
    let title = "        title: Soạn hồ sơ\n";
    for (link, by_link, by_session) in [("link", true, true), ("login", false, true), ("link+pin", false, true)] {
        let pages = Pages::with(&pages::CASE.replace(title, &format!("{title}        link: {link}\n"))).await;
        let mut directory = (*pages.engine.directory()).clone();
        let person = PersonId::from("p-m1");
        directory.posts.push(Post { person, unit: "U".into(), post: "officer".to_owned(), dated: Dated::default() });
        pages.engine.put_directory(directory).await.expect("a directory");
        let case = pages.case("c1", "Đề nghị thứ nhất", "m3").await;
        let form = [("do", "away"), ("by", "p-m1"), ("from", "2026-06-01"), ("until", "2026-06-05")];
        pages.post(&format!("{}/away", mailed(&pages, "clerk").await), &form).await;
        noticed(&pages).await;
        assert_eq!(asked(&pages, &case).await == ["p-m1"], by_link, "{link}");
        let theirs = pages.sign_in("m1").await;
        let dossier = format!("/ho-so/me/dossiers/{case}");
        assert_eq!(pages.get_as(&theirs, &dossier).await.status == StatusCode::OK, by_link, "{link}");
        // Said by the clerk themselves, it counts.
        let own = pages.sign_in("clerk").await;
        let guard = pages.get_as(&own, AWAY).await.hidden("guard");
        let form = [form.as_slice(), &[("seen", "1"), ("guard", guard.as_str())]].concat();
        assert_eq!(pages.post_as(&own, AWAY, &form).await.status, StatusCode::SEE_OTHER);
        noticed(&pages).await;
        assert_eq!(asked(&pages, &case).await == ["p-m1"], by_session, "{link}");
    }
}
