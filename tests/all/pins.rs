//! Numbers that travel another way than mails: given once, typed on the page of a link, tried five times.

use axum::http::StatusCode;
use chancery::dossier::Purpose;
use chancery::dossier::command::Actor;
use chancery::ids::{DossierId, PersonId};
use chancery::store::pins::FreshPin;
use chancery::store::{Store, StoreError, backup};

use crate::store::{databases, migrated};
use crate::support::office::START;
use crate::support::pages::{Answer, CASE, LIST, Pages};
use crate::web::voting;

const MINUTE: i64 = 60_000;

/// An open secret vote whose members show their number, and its list.
async fn secured() -> (Pages, DossierId) {
    let vote = "    title: Hội đồng biểu quyết\n    vote";
    assert!(LIST.contains(vote));
    let pages =
        Pages::with_list(&LIST.replace(vote, "    title: Hội đồng biểu quyết\n    link: link+pin\n    vote")).await;
    let (_, list) = voting(&pages).await;
    (pages, list)
}

async fn given(pages: &Pages, list: &DossierId, person: &str) -> String {
    let person = PersonId::new(format!("p-{person}"));
    let seen = pages.engine.store().pin(list, &person).await.expect("it reads").map_or(0, |pin| pin.generation);
    let given = pages.engine.give_pins(list, vec![(person, seen)], "operator:root").await.expect("given");
    given[0].pin.clone()
}

async fn typed(pages: &Pages, link: &str, pin: &str) -> Answer {
    pages.post(link, &[("do", "pin"), ("pin", pin)]).await
}

fn other_than(pin: &str) -> &'static str {
    if pin == "000000" { "111111" } else { "000000" }
}

#[tokio::test]
async fn a_ballot_is_cast_with_link_and_number_and_with_neither_alone() {
    let (pages, list) = secured().await;
    let link = pages.link(&list, Purpose::Ballot, "m1").await;
    let none = pages.get(&link).await.text();
    assert!(none.contains("Chưa có mã số nào") && !none.contains("<form") && !none.contains("Đề nghị của"), "{none}");
    let pin = given(&pages, &list, "m1").await;
    assert!(pin.len() == 6 && pin.bytes().all(|digit| digit.is_ascii_digit()), "{pin}");
    let page = pages.get(&link).await.text();
    assert!(page.contains("name=\"pin\"") && !page.contains("Đề nghị của"), "{page}");
    // A ballot that is posted past the page, with the number in it, is none.
    let past = pages.post(&link, &[("all", "yes"), ("step", "send"), ("pin", &pin)]).await;
    assert!(!past.text().contains("Đề nghị của"), "{}", past.text());
    let right = typed(&pages, &link, &format!("{} {}", &pin[..3], &pin[3..])).await;
    assert_eq!((right.status, right.header("location")), (StatusCode::SEE_OTHER, link.as_str()));
    let cookie = right.header("set-cookie").to_owned();
    for part in ["__Secure-chancery-pin=", &format!("; Path={link};"), "; HttpOnly", "; SameSite=Lax", "; Secure"] {
        assert!(cookie.contains(part), "{part}: {cookie}");
    }
    let pass = right.cookie();
    let sheet = pages.get_as(&pass, &link).await;
    assert!(sheet.text().contains("Đề nghị của"), "{}", sheet.text());
    assert_eq!(pages.get(&link).await.text(), page, "without what the browser keeps it is asked for again");
    let guard = sheet.hidden("guard");
    let before = pages.engine.history(&list).await.expect("it reads").len();
    let unguarded = pages.post_as(&pass, &link, &[("all", "yes"), ("step", "send")]).await;
    assert_eq!(unguarded.status, StatusCode::UNPROCESSABLE_ENTITY, "a form that was made elsewhere");
    assert_eq!(pages.engine.history(&list).await.expect("it reads").len(), before);
    let sent = pages.post_as(&pass, &link, &[("all", "yes"), ("step", "send"), ("guard", &guard)]).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text());
    let history = pages.engine.history(&list).await.expect("it reads");
    assert_eq!(history.last().map(|event| event.actor.clone()), Some(Actor::LinkPin(PersonId::new("p-m1"))));
}

#[tokio::test]
async fn what_was_typed_for_one_link_opens_no_other_and_not_for_ever() {
    let (pages, list) = secured().await;
    let (mine, theirs) =
        (pages.link(&list, Purpose::Ballot, "m1").await, pages.link(&list, Purpose::Ballot, "m3").await);
    let pin = given(&pages, &list, "m1").await;
    given(&pages, &list, "m3").await;
    let pass = typed(&pages, &mine, &pin).await.cookie();
    assert!(!pages.get_as(&pass, &theirs).await.text().contains("Đề nghị của"));
    pages.at(START.plus_ms(119 * MINUTE));
    assert!(pages.get_as(&pass, &mine).await.text().contains("Đề nghị của"));
    pages.at(START.plus_ms(120 * MINUTE));
    assert!(!pages.get_as(&pass, &mine).await.text().contains("Đề nghị của"), "after two hours it is asked again");
    let again = typed(&pages, &mine, &pin).await.cookie();
    assert!(pages.get_as(&again, &mine).await.text().contains("Đề nghị của"));
    given(&pages, &list, "m1").await;
    assert!(
        !pages.get_as(&again, &mine).await.text().contains("Đề nghị của"),
        "a new number ends what the old one opened"
    );
}

#[tokio::test]
async fn five_wrong_numbers_lock_and_only_a_new_number_unlocks() {
    let (pages, list) = secured().await;
    let link = pages.link(&list, Purpose::Ballot, "m1").await;
    let pin = given(&pages, &list, "m1").await;
    let wrong = other_than(&pin);
    for left in [4, 3] {
        let said = typed(&pages, &link, wrong).await;
        assert_eq!(said.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(said.text().contains(&format!("Còn {left} lần thử")), "{}", said.text());
    }
    assert_eq!(typed(&pages, &link, &pin).await.status, StatusCode::SEE_OTHER, "a right one forgets the wrong ones");
    for _ in 0..5 {
        typed(&pages, &link, wrong).await;
    }
    let locked = typed(&pages, &link, &pin).await;
    assert!(locked.text().contains("quá nhiều lần") && !locked.text().contains("<form"), "{}", locked.text());
    assert!(locked.header("set-cookie").is_empty(), "the right number opens nothing any more");
    let fresh = given(&pages, &list, "m1").await;
    assert_eq!(typed(&pages, &link, &fresh).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn many_wrong_numbers_at_once_are_no_more_tries() {
    let (pages, list) = secured().await;
    let pages = std::sync::Arc::new(pages);
    let link = pages.link(&list, Purpose::Ballot, "m1").await;
    let pin = given(&pages, &list, "m1").await;
    let mut tries = tokio::task::JoinSet::new();
    for _ in 0..12 {
        let (pages, link, wrong) = (pages.clone(), link.clone(), other_than(&pin));
        tries.spawn(async move { typed(&pages, &link, wrong).await.text().matches("lần thử").count() });
    }
    while let Some(answer) = tries.join_next().await {
        answer.expect("no try fails");
    }
    let kept = pages.engine.store().pin(&list, &PersonId::new("p-m1")).await.expect("it reads").expect("given");
    assert_eq!(kept.tries, 5, "each counts before it is looked at");
}

#[tokio::test]
async fn the_secretary_gives_numbers_on_a_page_once_and_nobody_else_does() {
    let (pages, list) = secured().await;
    let place = format!("/ho-so/me/pins/{list}");
    assert_eq!(pages.get(&place).await.header("location"), "/ho-so/in");
    for stranger in ["m1", "head", "clerk"] {
        let cookie = pages.sign_in(stranger).await;
        assert_eq!(pages.get_as(&cookie, &place).await.status, StatusCode::NOT_FOUND, "{stranger}");
    }
    let cookie = pages.sign_in("secretary").await;
    let inbox = pages.get_as(&cookie, "/ho-so/me").await.text();
    assert!(inbox.contains(&place), "{inbox}");
    let page = pages.get_as(&cookie, &place).await;
    assert!(page.text().contains("Người m1") && page.text().contains("Chưa có"), "{}", page.text());
    let unguarded = pages.post_as(&cookie, &place, &[("give.p-m1", "yes")]).await;
    assert_eq!(unguarded.status, StatusCode::FORBIDDEN);
    let form = [("give.p-m1", "yes"), ("give.p-head", "yes"), ("guard", &page.hidden("guard"))];
    let slips = pages.post_as(&cookie, &place, &form).await.text();
    assert_eq!(slips.matches("class=\"slip\"").count(), 1, "the head is asked for none: {slips}");
    let (_, rest) = slips.split_once("class=\"digits\">").expect("a number");
    let pin: String = rest.chars().take(7).filter(char::is_ascii_digit).collect();
    let link = pages.link(&list, Purpose::Ballot, "m1").await;
    assert_eq!(typed(&pages, &link, &pin).await.status, StatusCode::SEE_OTHER);
    let later = pages.get_as(&cookie, &place).await.text();
    assert!(later.contains("Người secretary cấp lúc") && !later.contains(&pin[..3].to_owned().repeat(2)), "{later}");
    assert!(!later.contains(rest.get(..7).expect("digits")), "it is shown once: {later}");
    let nobody = pages.post_as(&cookie, &place, &[("guard", &page.hidden("guard"))]).await;
    assert_eq!(nobody.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn the_same_form_twice_gives_numbers_once_and_the_slips_stay_good() {
    const PINS: &str = "SELECT person_id, generation, hash FROM pin ORDER BY person_id, generation";
    let (pages, list) = secured().await;
    let place = format!("/ho-so/me/pins/{list}");
    let cookie = pages.sign_in("secretary").await;
    let page = pages.get_as(&cookie, &place).await;
    let (guard, had) = (page.hidden("guard"), page.hidden("had.p-m1"));
    let form = [("give.p-m1", "yes"), ("had.p-m1", &had), ("guard", &guard)];
    let slips = pages.post_as(&cookie, &place, &form).await.text();
    let (_, rest) = slips.split_once("class=\"digits\">").expect("a number");
    let pin: String = rest.chars().take(7).filter(char::is_ascii_digit).collect();
    let before = pages.engine.store().read(PINS, &[]).await.expect("it reads");
    let again = pages.post_as(&cookie, &place, &form).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
    let said = again.text();
    assert!(said.contains("đã được cấp trong lúc này") && !said.contains("class=\"slip\""), "{said}");
    assert_eq!(pages.engine.store().read(PINS, &[]).await.expect("it reads"), before);
    let link = pages.link(&list, Purpose::Ballot, "m1").await;
    assert_eq!(typed(&pages, &link, &pin).await.status, StatusCode::SEE_OTHER, "the slip is good");
    // Whoever wants another one all the same has seen that there is one.
    let form = [("give.p-m1", "yes"), ("had.p-m1", &again.hidden("had.p-m1")), ("guard", &guard)];
    assert!(pages.post_as(&cookie, &place, &form).await.text().contains("class=\"slip\""));
}

#[tokio::test]
async fn a_restored_backup_brings_no_session_no_code_and_no_number_back() {
    let (mut pages, list) = secured().await;
    let file = |url: &str| std::path::PathBuf::from(url.trim_start_matches("sqlite://"));
    let database = file(pages.url());
    let (copy, restored) = (database.with_extension("copy"), database.with_extension("restored"));
    let link = pages.link(&list, Purpose::Ballot, "m1").await;
    let pin = given(&pages, &list, "m1").await;
    let pass = typed(&pages, &link, &pin).await.cookie();
    let cookie = pages.sign_in("secretary").await;
    let asked = pages.post("/ho-so/in", &[("do", "ask"), ("mailbox", "m1@office.example")]).await.hidden("asked");
    let code = pages.app.links.code(pages.app.links.newest(), &asked, &"p-m1".into()).expect("the key is there");
    backup::backup(&database, &copy).expect("a copy");
    // After the copy: somebody signs out, a code is spent, a number is replaced.
    pages.engine.store().sign_out_everywhere(&"p-secretary".into()).await.expect("out");
    let spend = [("do", "code"), ("asked", asked.as_str()), ("code", code.as_str())];
    assert_eq!(pages.post("/ho-so/in", &spend).await.status, StatusCode::SEE_OTHER);
    given(&pages, &list, "m1").await;
    backup::restore(&copy, &restored, "a test").expect("restored");
    pages.reopen(&format!("sqlite://{}", restored.display())).await;
    assert_eq!(pages.get_as(&cookie, "/ho-so/me").await.header("location"), "/ho-so/in");
    assert_ne!(pages.post("/ho-so/in", &spend).await.status, StatusCode::SEE_OTHER, "it was spent");
    let old = typed(&pages, &link, &pin).await;
    assert!(old.status != StatusCode::SEE_OTHER && old.text().contains("khôi phục từ bản sao"), "{}", old.text());
    assert!(!pages.get_as(&pass, &link).await.text().contains("Đề nghị của"), "nor what it had opened");
    let fresh = given(&pages, &list, "m1").await;
    assert_eq!(typed(&pages, &link, &fresh).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn what_the_number_before_a_restore_opened_stays_shut_for_the_number_after_it() {
    let (mut pages, list) = secured().await;
    let file = |url: &str| std::path::PathBuf::from(url.trim_start_matches("sqlite://"));
    let database = file(pages.url());
    let (copy, restored) = (database.with_extension("copy"), database.with_extension("restored"));
    let link = pages.link(&list, Purpose::Ballot, "m1").await;
    given(&pages, &list, "m1").await;
    backup::backup(&database, &copy).expect("a copy");
    // The second number is typed, and the copy, which does not know it, is put into the place of the database.
    let second = given(&pages, &list, "m1").await;
    let pass = typed(&pages, &link, &second).await.cookie();
    assert!(pages.get_as(&pass, &link).await.text().contains("Đề nghị của"));
    backup::restore(&copy, &restored, "a test").expect("restored");
    pages.reopen(&format!("sqlite://{}", restored.display())).await;
    let again = given(&pages, &list, "m1").await;
    let kept = pages.engine.store().pin(&list, &PersonId::new("p-m1")).await.expect("it reads").expect("given");
    assert_eq!(kept.generation, 2, "it is the second number once more");
    assert!(!pages.get_as(&pass, &link).await.text().contains("Đề nghị của"), "and another one");
    assert_eq!(typed(&pages, &link, &again).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn what_other_tools_restored_brings_no_session_back_either() {
    for database in databases().await {
        let pages = Pages::on(database, CASE).await;
        let cookie = pages.sign_in("secretary").await;
        assert_eq!(pages.get_as(&cookie, "/ho-so/me").await.status, StatusCode::OK);
        pages.engine.store().end_proofs().await.expect("ended");
        assert_eq!(pages.get_as(&cookie, "/ho-so/me").await.header("location"), "/ho-so/in");
    }
}

#[tokio::test]
async fn what_is_kept_of_a_number_does_not_give_it() {
    let (pages, list) = secured().await;
    let pin = given(&pages, &list, "m1").await;
    let kept = pages.engine.store().pin(&list, &PersonId::new("p-m1")).await.expect("it reads").expect("given");
    assert!(kept.hash.rounds >= 600_000 && kept.hash.salt.len() >= 26);
    assert!(!format!("{kept:?}").contains(&pin));
    let other = given(&pages, &list, "m1").await;
    let again = pages.engine.store().pin(&list, &PersonId::new("p-m1")).await.expect("it reads").expect("given");
    assert_eq!((again.generation, kept.generation), (2, 1), "who gave which when stays");
    assert_ne!(again.hash.salt, kept.hash.salt);
    let _ = other;
}

#[tokio::test]
async fn numbers_and_sessions_are_kept_alike_on_both_databases() {
    for database in databases().await {
        let store = migrated(&database).await;
        let known = |tx: &mut chancery::store::Tx<'_>| {
            tx.execute("INSERT INTO directory (version, content, since_at) VALUES (1, '{}', 1)", &[])?;
            let person = "INSERT INTO person (id, code, name, language, changed_at) VALUES ('p1', 'p1', 'P', 'vi', 1)";
            tx.execute(person, &[])
        };
        store.write(known).await.expect("the directory knows them");
        let (dossier, person) = (DossierId::from("d1"), PersonId::from("p1"));
        let hash =
            |hash: &str| chancery::links::PinHash { key_id: 1, rounds: 2, salt: "s".to_owned(), hash: hash.to_owned() };
        assert_eq!(store.pin(&dossier, &person).await.expect("it reads"), None);
        let fresh = |seen, number| vec![FreshPin { person: person.clone(), seen, hash: hash(number) }];
        for (seen, number, by) in [(0, "one", "operator:root"), (1, "two", "p2")] {
            store.give_pins(&dossier, fresh(seen, number), by, START).await.expect("given");
        }
        for seen in [0, 1, 3] {
            let other = FreshPin { person: "p0".into(), seen: 0, hash: hash("other") };
            let both = [vec![other], fresh(seen, "late")].concat();
            let late = store.give_pins(&dossier, both, "p2", START).await;
            assert!(matches!(late, Err(StoreError::Outrun)), "{late:?}");
            assert_eq!(store.pin(&dossier, &"p0".into()).await.expect("it reads"), None, "all or none");
        }
        // Two nodes at once: one gives it.
        let node = Store::open(&database.url).await.expect("it opens");
        let people: Vec<PersonId> = (0..8).map(|n| format!("q{n}").into()).collect();
        for person in &people {
            let one = || vec![FreshPin { person: person.clone(), seen: 0, hash: hash("q") }];
            let (first, second) = tokio::join!(
                store.give_pins(&dossier, one(), "p2", START),
                node.give_pins(&dossier, one(), "p2", START)
            );
            let outrun = |given: &Result<(), StoreError>| matches!(given, Err(StoreError::Outrun));
            assert!((first.is_ok() && outrun(&second)) || (outrun(&first) && second.is_ok()), "{first:?}, {second:?}");
        }
        let kept = store.pin(&dossier, &person).await.expect("it reads").expect("given");
        assert_eq!((kept.generation, kept.hash.hash.as_str(), kept.made_by.as_str()), (2, "two", "p2"));
        let mut taken = 0;
        for _ in 0..7 {
            taken += u32::from(store.try_pin(&dossier, &person, 2).await.expect("tried"));
        }
        assert_eq!(taken, 5);
        assert!(store.pin(&dossier, &person).await.expect("it reads").expect("given").is_locked());
        store.pin_was_right(&dossier, &person, 2).await.expect("right");
        assert!(store.try_pin(&dossier, &person, 2).await.expect("tried"));

        let asked = |id: &str, person: Option<&PersonId>| chancery::store::sessions::Asked {
            id: id.to_owned(),
            person: person.cloned(),
            mailbox: format!("of {id}"),
            network: Some("n".to_owned()),
            key_id: 1,
            mail: (format!("mail-{id}").into(), format!("<{id}@example.vn>")),
            now: START,
            ends_at: START.plus_ms(MINUTE),
        };
        let tried = |id: &str| chancery::store::sessions::Tried {
            id: id.to_owned(),
            hash: format!("hash {id}"),
            before: String::new(),
            now: START,
            ends_at: START.plus_ms(MINUTE),
        };
        assert!(store.ask_code(asked("known", Some(&person))).await.expect("asked"));
        assert!(store.ask_code(asked("unknown", None)).await.expect("asked"));
        assert_eq!(store.try_code(tried("unknown"), |_, _| true).await.expect("tried"), None);
        assert_eq!(store.try_code(tried("known"), |_, _| false).await.expect("tried"), None);
        assert_eq!(store.try_code(tried("known"), |_, key| key == 1).await.expect("tried"), Some(person.clone()));
        assert_eq!(store.try_code(tried("known"), |_, _| true).await.expect("tried"), None, "once");
        assert_eq!(store.signed_in("hash known", START).await.expect("it reads"), Some(person.clone()));
        assert_eq!(store.signed_in("hash known", START.plus_ms(MINUTE)).await.expect("it reads"), None);
        assert_eq!(store.sign_out_everywhere(&person).await.expect("out"), 1);
        assert_eq!(store.signed_in("hash known", START).await.expect("it reads"), None);
    }
}

#[tokio::test]
async fn whoever_gives_numbers_is_told_when_they_are_asked_for_and_members_that_they_will_be() {
    let (pages, list) = secured().await;
    let mails = pages.mails(START.plus_ms(24 * 60 * MINUTE)).await;
    let to = |person: &str| {
        let address = format!("{person}@office.example");
        mails.iter().filter(|mail| mail.to == [address.as_str()]).map(|mail| mail.text.clone()).collect::<String>()
    };
    assert!(to("secretary").contains("trao mã số cho từng người bằng giấy"), "{}", to("secretary"));
    assert!(!to("secretary").contains("Đề nghị của"), "{}", to("secretary"));
    assert!(to("m1").contains("mã số in trên giấy mời, hoặc do thư ký trao"), "{}", to("m1"));
    let cookie = pages.sign_in("secretary").await;
    assert!(pages.get_as(&cookie, "/ho-so/me").await.text().contains(&format!("/me/pins/{list}")));
}
