//! `chancery practice`, as people run it: their own files, mails that come to a page, nothing in the office's own database.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};

use chancery::demo::http::{Sent, get, post};

use crate::cli::{Place, place, shipped};

/// More working mornings than it takes until somebody gets a mail.
const MORNINGS: usize = 40;

/// A practice that runs; it ends with the test.
struct Practice(Child);

impl Drop for Practice {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Begins one, and finds the address of its page.
fn begin(place: &Place, more: &[&str]) -> (Practice, String) {
    let (workflows, directory) = (shipped("annual"), shipped("annual/directory"));
    let calendar = shipped("calendars/vn-civil-service.yaml");
    let always = ["practice", &workflows, "--directory", &directory, "--calendar", &calendar, "--dir", "practice"];
    let mut child = place.command().args(always).args(more).stdout(Stdio::piped()).spawn().expect("it starts");
    let said = BufReader::new(child.stdout.take().expect("it is piped")).lines();
    let practice = Practice(child);
    let mut addresses =
        said.map_while(Result::ok).filter_map(|line| line.find("http://").map(|at| line[at..].to_owned()));
    let address = addresses.next().expect("it says where its page is");
    (practice, address)
}

#[tokio::test]
async fn people_practise_with_their_own_rows_and_read_every_mail_on_a_page() {
    let place = place("practice");
    std::fs::write(place.folder.join("rows.csv"), crate::bad_files::rows()).expect("written");
    let rows = ["--rows", "rows.csv", "--workflow", "annual_case", "--starts", "2026-10-05T02:00:00Z"];
    let (_practice, address) = begin(&place, &rows);
    let button = Sent { content_type: "application/x-www-form-urlencoded".to_owned(), body: Vec::new() };
    let mut mails = String::new();
    for _ in 0..MORNINGS {
        mails = get(&format!("{address}mails")).await.expect("a page").body;
        if mails.contains("/mail/1\"") {
            break;
        }
        post(&format!("{address}morning"), &button).await.expect("the button is there");
    }
    assert!(mails.contains("/mail/1\""), "{mails}");
    let mail = get(&format!("{address}mail/1")).await.expect("a mail").body;
    let link = mail.split("href=\"").find(|rest| rest.contains("/d/") || rest.contains("/l/")).expect("a link");
    let page = get(link.split('"').next().unwrap_or_default()).await.expect("the page behind it");
    assert_eq!(page.status, 200, "{}", page.body);
    assert!(!place.folder.join("office.db").exists(), "the office's own database is not touched");
}

#[test]
fn a_faulty_file_is_told_and_nothing_begins() {
    let place = place("practice-faulty");
    std::fs::write(place.folder.join("rows.csv"), "nominee_code\nx\n").expect("written");
    let (workflows, directory) = (shipped("annual"), shipped("annual/directory"));
    let calendar = shipped("calendars/vn-civil-service.yaml");
    let rows = ["--rows", "rows.csv", "--workflow", "annual_case", "--dir", "practice"];
    let always = ["practice", &workflows, "--directory", &directory, "--calendar", &calendar];
    let ran = place.run(&[&always[..], &rows[..]].concat());
    assert!(ran.code == 3 && ran.err.contains("rows.csv:1:1"), "{}", ran.err);
}

#[test]
fn a_practice_says_in_the_readers_language_that_its_clock_stands_still() {
    let place = place("practice-clock");
    let (workflows, directory) = (shipped("purchase"), shipped("purchase/directory"));
    let calendar = shipped("calendars/vn-civil-service.yaml");
    let always = ["practice", &workflows, "--directory", &directory, "--calendar", &calendar];
    let more = ["--starts", "2026-10-05T02:00:00Z", "--language", "vi"];
    let mut child = place
        .command()
        .args(always)
        .args(more)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let said = BufReader::new(child.stderr.take().expect("it is piped")).lines();
    let _practice = Practice(child);
    let clock =
        said.map_while(Result::ok).find(|line| line.contains("Đồng hồ")).expect("it says where its clock stands");
    assert!(clock.contains("đứng yên ở 9 giờ thứ Hai, ngày 05 tháng 10 năm 2026"), "{clock}");
}
