//! Whoever has only a phone and the mails, in Vietnamese and in English: each film is lived through in a real Chromium of 320 px, with
//! real mails and pages, and no page has a script. Every page on the way is looked at: no barrier that axe finds (WCAG 2.2 AA),
//! nothing wider than the phone, one language. Pictures of all of them lie in `target/tmp/phone`.

mod browser;
mod office;

use chancery::dossier::RowStatus;
use chancery::ids::DossierId;
use chancery::web::routes::Place;
use serde_json::json;

use self::office::Phone;
use crate::support::office::{DAY_MS, START};

const LANGUAGES: [&str; 2] = ["vi", "en"];
const SEND: &str = "form:has([name=do][value=act]) > button[type=submit]";
const SURE: &str = "button[name=step][value=send]";

#[tokio::test(flavor = "multi_thread")]
async fn a_clerk_nominates_and_mends_what_was_returned() {
    for language in LANGUAGES {
        let Some(mut phone) = Phone::new("nominate", language).await else { return };
        nominated(&mut phone).await;
    }
}

async fn nominated(phone: &mut Phone) {
    let other = phone.submitted("c2", 60).await;
    let title = phone.says("Máy đọc mã cho kho hồ sơ", "A code reader for the archive");
    let case = phone.opened("c1", &json!({"title": title, "unit": "U", "kind": "plain", "person": "p-clerk"})).await;
    phone.morning().await;
    phone.follow_mail("clerk@office.example");
    phone.look("task");
    let refuses = phone.says("Chưa đủ 50 điểm", "Fewer than 50 points");
    assert!(phone.browser.text().contains(refuses), "what is missing is said before anything is sent");
    phone.browser.write("[name='edit.points']", "80");
    let note = phone.says("Đọc mã trên bìa, tìm ra hồ sơ ngay.", "Reads the code on the cover and finds the file.");
    phone.browser.write("[name='edit.note']", note);
    let report = std::env::temp_dir().join(format!("chancery-report-{}.pdf", std::process::id()));
    std::fs::write(&report, b"%PDF-1.4\n%%EOF\n").expect("a report");
    phone.browser.attach("[name='paper.report']", &report);
    phone.browser.follow("form:has([name=do][value=edit]) button[type=submit]");
    phone.look("saved");
    assert!(!phone.browser.text().contains(refuses), "now it may go");
    phone.browser.tap("#choice\\.submit");
    phone.browser.follow(SEND);
    phone.look("sent");

    phone.morning().await;
    phone.follow_mail("secretary@office.example");
    phone.look("list");
    phone.browser.pick(&format!("[name='mark.{case}']"), "returned");
    let why = phone.says("Xin bổ sung ngày áp dụng", "Please say since when it is used");
    phone.browser.write(&format!("[name='why.{case}']"), why);
    phone.browser.tap("#choice\\.convene");
    phone.browser.follow(SEND);
    phone.look("sure");
    assert!(phone.browser.text().contains(why), "the exception is repeated: {}", phone.browser.text());
    phone.browser.follow(SURE);
    phone.look("convened");

    phone.morning().await;
    phone.follow_mail("clerk@office.example");
    phone.look("returned");
    assert!(phone.browser.text().contains(why), "the page says why: {}", phone.browser.text());
    phone.browser.pick("[name='edit.since']", "2026-01-02");
    phone.browser.follow("form:has([name=do][value=edit]) button[type=submit]");
    phone.browser.tap("#choice\\.submit");
    phone.browser.follow(SEND);
    phone.look("sent-again");
    let stands = phone.dossier(&case).await;
    assert_eq!((office::state(&stands), stands.papers.len()), ("council", 1));
    assert_eq!(office::state(&phone.dossier(&other).await), "council");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_votes_on_forty_rows_in_one_sheet() {
    for language in LANGUAGES {
        let Some(mut phone) = Phone::new("vote", language).await else { return };
        voted(&mut phone).await;
    }
}

async fn voted(phone: &mut Phone) {
    let mut rows = Vec::new();
    for number in 1..=40 {
        rows.push(phone.submitted(&format!("c{number:02}"), 60).await);
    }
    let list = phone.convened(&rows[0]).await;
    phone.morning().await;
    assert_eq!(phone.mails("m2@office.example"), 1, "forty rows are one mail");
    phone.follow_mail("m2@office.example");
    phone.look("ballot");
    assert_eq!(phone.browser.value("document.querySelectorAll('fieldset.vote').length"), 40);
    phone.browser.tap("#all\\.yes");
    for number in [3, 17] {
        phone.browser.tap(&format!("label[for='no.{number}']"));
    }
    let before = phone.dossier(&list).await.seq;
    phone.browser.follow("button[name=step][value=look]");
    phone.look("look");
    let again = phone.browser.text();
    assert!(again.contains("38") && again.contains("17"), "{again}");
    assert_eq!(phone.dossier(&list).await.seq, before, "nothing is cast before the second look");
    phone.browser.follow(SURE);
    phone.look("cast");
    let stands = phone.dossier(&list).await;
    assert_eq!(stands.votes[0].roll.iter().filter(|seat| seat.cast).count(), 1, "m2 has voted");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_assistant_prepares_and_the_minister_confirms() {
    for language in LANGUAGES {
        let Some(mut phone) = Phone::new("assistant", language).await else { return };
        prepared(&mut phone).await;
    }
}

async fn prepared(phone: &mut Phone) {
    phone.assists("head", "secretary").await;
    let mut rows = Vec::new();
    for number in 1..=3 {
        rows.push(phone.submitted(&format!("c{number}"), 60).await);
    }
    let list = phone.convened(&rows[0]).await;
    phone.everybody_votes(&list, &rows[2]).await;
    phone.morning().await;
    phone.follow_mail("secretary@office.example");
    phone.look("prepare");
    phone.browser.pick(&format!("[name='mark.{}']", rows[1]), "struck");
    let why = phone.says("Đang có đơn phản ánh", "A complaint is being looked into");
    phone.browser.write(&format!("[name='why.{}']", rows[1]), why);
    phone.browser.tap("#choice\\.agree");
    let word =
        phone.says("Đã hỏi lại đơn vị, đơn chưa giải quyết xong.", "Asked the unit: the complaint is still open.");
    phone.browser.write("[name='prepared.note']", word);
    let before = office::state(&phone.dossier(&list).await).to_owned();
    phone.browser.follow("form:has([name=do][value=prepare]) > button[type=submit]");
    phone.look("kept");
    assert_eq!(office::state(&phone.dossier(&list).await), before, "nothing is decided");

    phone.follow_mail("head@office.example");
    phone.look("ready");
    let page = phone.browser.text();
    assert!(page.contains(word), "the word of the assistant is read first: {page}");
    phone.browser.tap("#choice\\.agree");
    phone.browser.follow(SEND);
    phone.look("sure");
    assert!(phone.browser.text().contains(why), "the exception is repeated: {}", phone.browser.text());
    phone.browser.follow(SURE);
    phone.look("agreed");
    let stands = phone.dossier(&list).await;
    let struck = stands.row(&rows[1]).map(|row| row.status);
    assert_eq!((office::state(&stands), struck), ("signing", Some(RowStatus::Struck)));

    phone.follow_mail("secretary@office.example");
    phone.look("over");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_minister_agrees_to_a_list_except_for_one_row() {
    for language in LANGUAGES {
        let Some(mut phone) = Phone::new("minister", language).await else { return };
        decided(&mut phone).await;
    }
}

async fn decided(phone: &mut Phone) {
    let mut rows = Vec::new();
    for number in 1..=3 {
        rows.push(phone.submitted(&format!("c{number}"), 60).await);
    }
    let list = phone.convened(&rows[0]).await;
    phone.everybody_votes(&list, &rows[2]).await;
    phone.morning().await;
    phone.follow_mail("head@office.example");
    phone.look("list");
    let brief = phone.browser.text();
    let voted = phone.says("Không phải mọi phiếu đều đồng ý", "Not everybody was for");
    assert!(brief.contains(voted), "what is not like the rest is said first: {brief}");
    phone.browser.pick(&format!("[name='mark.{}']", rows[1]), "struck");
    let why = phone.says("Đang có đơn phản ánh", "A complaint is being looked into");
    phone.browser.write(&format!("[name='why.{}']", rows[1]), why);
    phone.browser.tap("#choice\\.agree");
    phone.browser.follow(SEND);
    phone.look("sure");
    assert!(phone.browser.text().contains(why), "{}", phone.browser.text());
    phone.browser.follow(SURE);
    phone.look("agreed");
    let stands = phone.dossier(&list).await;
    let struck: Vec<&DossierId> =
        stands.rows.iter().filter(|row| row.status == RowStatus::Struck).map(|row| &row.dossier).collect();
    assert_eq!((office::state(&stands), struck), ("signing", vec![&rows[1]]));
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_who_goes_away_names_a_deputy_from_a_mail() {
    for language in LANGUAGES {
        let Some(mut phone) = Phone::new("deputy", language).await else { return };
        let title = phone.says("Sổ tay số", "A digital handbook");
        let case = phone.opened("c1", &json!({"title": title, "unit": "U", "kind": "plain"})).await;
        phone.morning().await;
        let mail = phone.mail("clerk@office.example");
        phone.browser.open_mail(&mail.html);
        phone.browser.follow("a[href$='/away']");
        phone.look("away");
        phone.browser.pick("[name=by]", "p-m1");
        phone.browser.pick("[name=from]", "2026-06-02");
        phone.browser.pick("[name=until]", "2026-06-05");
        phone.browser.follow("form:has([name=do][value=away]) button[type=submit]");
        phone.look("said");
        phone.on_its_way().await;
        let stands = phone.dossier(&case).await;
        let asked: Vec<&str> =
            stands.tasks.iter().flat_map(|task| &task.stand_ins).map(|one| one.person.as_str()).collect();
        assert_eq!(asked, ["p-m1"]);
        phone.morning().await;
        phone.follow_mail("m1@office.example");
        phone.look("instead");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_from_outside_answers_without_an_account() {
    for language in LANGUAGES {
        let Some(mut phone) = Phone::new("consult", language).await else { return };
        let name = phone.says("Hội Khoa học", "Society of Science");
        let parties = json!([{"name": name, "mail": "hoi@khoa-hoc.example", "language": language}]);
        let title = phone.says("Sổ tay số", "A digital handbook");
        let fields = json!({"title": title, "unit": "U", "kind": "plain", "person": "p-clerk", "parties": parties});
        let case = phone.opened("c1", &fields).await;
        phone.acts(&case, "clerk", "ask").await;
        phone.morning().await;
        phone.follow_mail("hoi@khoa-hoc.example");
        phone.look("asked");
        phone.browser.tap("#choice\\.answer");
        phone.browser.pick("[name='field.answer.opinions.0.answer']", "agree");
        let said = phone.says("Nên làm sớm", "The sooner the better");
        phone.browser.write("[name='field.answer.opinions.0.said']", said);
        phone.browser.follow(SEND);
        phone.look("answered");
        let stands = phone.dossier(&case).await;
        assert_eq!(office::state(&stands), "council");
        assert_eq!(stands.fields[&"opinions".into()][0]["said"], said);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_opens_a_dossier_from_a_mailed_link_and_mends_it() {
    for language in LANGUAGES {
        let Some(mut phone) = Phone::new("stranger", language).await else { return };
        called(&mut phone).await;
    }
}

async fn called(phone: &mut Phone) {
    const MAIL: &str = "lan@truong.bo.example";
    phone.open(Place::Call("complaint"));
    phone.look("public");
    phone.browser.write("[name=mail]", "lan@noi-khac.example");
    phone.browser.follow("button[type=submit]");
    phone.look("elsewhere");
    phone.browser.write("[name=mail]", MAIL);
    phone.browser.follow("button[type=submit]");
    phone.look("sent");
    phone.on_its_way().await;
    assert!(phone.scan_mails() > 0, "whatever follows links opens nothing");
    phone.follow_mail(MAIL);
    phone.look("form");
    phone.browser.follow("button[type=submit]");
    phone.look("incomplete");
    let name = phone.says("Nguyễn Thị Lan", "Lan Nguyen");
    phone.browser.write("[name=name]", name);
    let topic = phone.says("Thang máy hỏng", "The lift is broken");
    phone.browser.write("[name='field.topic']", topic);
    phone.browser.pick("[name='field.unit']", "U");
    phone.browser.write("[name='field.what']", phone.says("Hỏng đã ba tuần.", "For three weeks now."));
    let photo = std::env::temp_dir().join(format!("chancery-photo-{}.pdf", std::process::id()));
    std::fs::write(&photo, b"%PDF-1.4\n%%EOF\n").expect("a picture");
    phone.browser.attach("[name='field.photo']", &photo);
    phone.browser.follow("button[type=submit]");
    phone.look("opened");

    phone.morning().await;
    phone.follow_mail("clerk@office.example");
    phone.look("clerk");
    phone.browser.tap("#choice\\.ask");
    phone.browser.write("[name='field.ask.question']", phone.says("Thang nào?", "Which lift?"));
    phone.browser.follow(SEND);
    phone.morning().await;
    phone.follow_mail(MAIL);
    phone.look("asked");
    phone.browser.tap("#choice\\.answer");
    phone.browser.write("[name='field.answer.more']", phone.says("Thang ở cổng", "The one at the gate"));
    phone.browser.follow(SEND);
    phone.look("answered");

    phone.morning().await;
    phone.follow_mail("clerk@office.example");
    phone.browser.tap("#choice\\.settle");
    phone.browser.follow(SEND);
    phone.morning().await;
    phone.follow_mail(MAIL);
    phone.look("end");
    phone.open(Place::Call("complaint"));
    phone.browser.write("[name=mail]", MAIL);
    phone.browser.follow("button[type=submit]");
    phone.on_its_way().await;
    phone.pages.at(START.plus_ms(9 * DAY_MS));
    phone.follow_mail(MAIL);
    phone.look("over");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_with_scripts_that_follows_every_link_of_every_mail_decides_nothing() {
    let Some(mut phone) = Phone::new("scanner", "vi").await else { return };
    let voted = phone.submitted("c1", 60).await;
    phone.convened(&voted).await;
    phone.submitted("c2", 70).await;
    phone.opened("c3", &json!({"title": "Chưa nộp", "unit": "U", "kind": "plain", "person": "p-clerk"})).await;
    phone.morning().await;
    let before = phone.pages.dump().await;
    let seen = phone.scan_mails();
    assert!(seen > 20, "only {seen} addresses were there to follow");
    assert_eq!(phone.pages.dump().await, before, "{seen} addresses were opened");
}
