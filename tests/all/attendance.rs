//! Who is there at a vote: on its page, in the history, over a pause, and in what is stored.

use axum::http::StatusCode;
use chancery::dossier::command::{Actor, Ask};
use chancery::dossier::refusal::{Code, Refusal};
use chancery::dossier::{Attends, Choice, Dossier, Purpose};
use chancery::ids::{DossierId, Instant, PersonId};
use chancery::machine::Machine;

use crate::decide::{convened, sheet};
use crate::store::{Fresh, databases};
use crate::support::office::{DAY_MS, LIST, Office, START, act, by, machine};
use crate::support::pages::{self, Pages};
use crate::web::{cast, voting};

/// The list of the pages, voted on at a meeting: written ballots for whoever is not there.
async fn meeting(database: Fresh) -> (Pages, Vec<DossierId>, DossierId) {
    let pages = Pages::on(database, pages::CASE).await;
    let text = pages::LIST
        .replace("held: online}", "held: online, attendance: {records: secretary}}")
        .replace("own_case: {", "absent: {written_ballot: 3wd, no_reply: not_agreed}\n    own_case: {");
    pages.deploy("list", &text).await;
    let (rows, list) = voting(&pages).await;
    (pages, rows, list)
}

#[tokio::test]
async fn nobody_votes_before_it_is_recorded_who_is_there_and_each_record_stands_in_the_history() {
    for database in databases().await {
        records(meeting(database).await).await;
    }
}

async fn records((pages, _, list): (Pages, Vec<DossierId>, DossierId)) {
    let link = pages.link(&list, Purpose::Attendance, "secretary").await;
    let page = pages.get(&link).await;
    assert!(page.text().contains("Cần 4 người có mặt: còn thiếu 4"), "{}", page.text());
    let seen = page.hidden("seen");
    let some = pages.post(&link, &[("do", "attend"), ("seen", &seen), ("seat.p-m1", "present")]).await;
    assert_eq!(some.status, StatusCode::UNPROCESSABLE_ENTITY, "everybody on the roll is marked");

    let record = [("do", "attend"), ("seen", seen.as_str()), ("all", "present"), ("seat.p-m5", "excused")];
    let sent = pages.post(&link, &record).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text());
    let again = pages.post(&link, &record).await;
    assert_eq!(again.status, StatusCode::SEE_OTHER, "a second click is the same record");
    let stale = pages.post(&link, &[("do", "attend"), ("seen", &seen), ("all", "present")]).await;
    assert_eq!(stale.status, StatusCode::UNPROCESSABLE_ENTITY, "a page from before a record overwrites none");

    let page = pages.get(&link).await;
    assert!(page.text().contains("4 trên 5 thành viên có mặt"), "{}", page.text());
    let seen = page.hidden("seen");
    let sent = pages.post(&link, &[("do", "attend"), ("seen", &seen), ("all", "present")]).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text());
    let chair = pages.get(&pages.link(&list, Purpose::Ballot, "m1").await).await.text();
    assert!(chair.contains("Ai có mặt, ai đã bỏ phiếu"), "the chair sees who has voted: {chair}");
    let member = pages.get(&pages.link(&list, Purpose::Ballot, "m2").await).await.text();
    assert!(!member.contains("Ai có mặt, ai đã bỏ phiếu"), "others see how many: {member}");
    let said = pages.get(&link).await.text();
    assert!(said.contains("Vắng có lý do: ") && said.contains("5 trên 5 thành viên có mặt"), "both records: {said}");
}

#[tokio::test]
async fn whoever_is_absent_votes_in_writing_and_the_result_says_who_was_there() {
    for database in databases().await {
        written(meeting(database).await).await;
    }
}

async fn written((pages, rows, list): (Pages, Vec<DossierId>, DossierId)) {
    let link = pages.link(&list, Purpose::Attendance, "secretary").await;
    let seen = pages.get(&link).await.hidden("seen");
    pages.post(&link, &[("do", "attend"), ("seen", &seen), ("all", "present"), ("seat.p-m5", "absent")]).await;
    let written = pages.link(&list, Purpose::Ballot, "m5").await;
    assert!(pages.get(&written).await.text().contains("gửi phiếu bằng văn bản"));
    for member in ["m1", "m2", "m3", "m4", "m5"] {
        let sent = cast(&pages, &list, member, &[("all", "yes")]).await;
        assert_eq!(sent.status, StatusCode::SEE_OTHER, "{member}: {}", sent.text());
    }
    pages.engine.tick(&list).await.expect("the vote closes");
    let stored = pages.engine.dossier(&list).await.expect("it reads").expect("it is there");
    let result = stored.results.last().expect("a result");
    assert_eq!(result.rows.len(), rows.len());
    let absent = result.attendance.iter().filter(|(_, one)| *one == Attends::Absent).map(|(person, _)| person.as_str());
    assert_eq!(absent.collect::<Vec<_>>(), ["p-m5"]);
    let over = pages.get(&link).await;
    assert_eq!(over.status, StatusCode::OK, "the record is closed with the vote");
    assert!(!over.text().contains("Ghi lại"), "{}", over.text());
}

#[tokio::test]
async fn in_the_room_only_those_present_vote_and_the_secretary_sees_how_many_and_never_what() {
    for database in databases().await {
        let pages = Pages::on(database, pages::CASE).await;
        let attended = "held: online, attendance: {records: secretary}}";
        pages.deploy("list", &pages::LIST.replace("held: online}", attended)).await;
        let (_, list) = voting(&pages).await;
        let link = pages.link(&list, Purpose::Attendance, "secretary").await;
        let seen = pages.get(&link).await.hidden("seen");
        let form = [("do", "attend"), ("seen", seen.as_str()), ("all", "present"), ("seat.p-m5", "absent")];
        let sent = pages.post(&link, &form).await;
        assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text());
        let stored = pages.engine.dossier(&list).await.expect("it reads").expect("it is there");
        let asked: Vec<&str> = stored
            .tasks
            .iter()
            .filter(|task| task.purpose == Purpose::Ballot)
            .flat_map(|task| &task.holders)
            .map(PersonId::as_str)
            .collect();
        assert_eq!(asked, ["p-m1", "p-m2", "p-m3", "p-m4"], "nobody else has a ballot");
        let page = pages.get(&link).await.text();
        assert!(page.contains("0 trên 4 người có mặt đã bỏ phiếu"), "{page}");
        for (member, choice) in [("m1", "yes"), ("m2", "no")] {
            let rows: Vec<String> = stored.rows.iter().map(|row| format!("vote.{}", row.dossier)).collect();
            let choices: Vec<(&str, &str)> = rows.iter().map(|row| (row.as_str(), choice)).collect();
            let sent = cast(&pages, &list, member, &choices).await;
            assert_eq!(sent.status, StatusCode::SEE_OTHER, "{member}: {}", sent.text());
        }
        let page = pages.get(&link).await.text();
        assert!(page.contains("2 trên 4 người có mặt đã bỏ phiếu"), "{page}");
        let english = pages.get(&format!("{link}?lang=en")).await.text();
        assert!(english.contains("2 of 4 members present have voted"), "{english}");
        assert!(!page.contains("đồng ý; cần") && !page.contains("Không đồng ý"), "no choice and no total: {page}");
    }
}

/// The list of the pure tests, with attendance.
fn attended() -> Machine {
    machine("list", &attended_text())
}

fn attended_text() -> String {
    LIST
        .replace("held: online}", "held: online, attendance: {records: secretary}}")
        .replace("    own_case: {", "    absent: {written_ballot: 3wd, no_reply: not_agreed}\n    own_case: {")
        .replace(
            "  voting:\n    title: Bỏ phiếu\n",
            "  held:\n    title: Tạm dừng\n    task: {for: chair, title: Xem}\n    on: {resume: {by: chair, resume: voting}}\n  voting:\n    title: Bỏ phiếu\n",
        )
        .replace(
            "    on: {closed: done, no_quorum: gathering}\n  counting",
            "    on: {closed: done, no_quorum: gathering, hold: {by: chair, pause: true, target: held}}\n  counting",
        )
}

#[test]
fn a_pause_moves_the_time_of_each_ballot_that_is_out() {
    let (mut office, list) = (Office::new(), attended());
    let dossier = convened(&mut office, &list, "convene");
    let vote = &dossier.votes[0];
    let activation = vote.activation;
    let seats = vote.roll.iter().map(|seat| (seat.person.clone(), Attends::Present)).collect();
    let ask = Ask::Attend { activation, seats, too_few: false, seen: dossier.seq };
    let command = office.command("L", by("secretary"), ask);
    let (dossier, _) = office.run(&list, Some(&dossier), &command, START).expect("everybody is there");
    let until = |dossier: &chancery::dossier::Dossier| dossier.votes[0].roll[0].until_at.expect("they vote");
    let before = until(&dossier);

    let command = office.command("L", by("m1"), act(&dossier, "hold"));
    let (dossier, _) = office.run(&list, Some(&dossier), &command, START).expect("it is held");
    let later = Instant(START.0 + 2 * DAY_MS);
    let command = office.command("L", by("m1"), act(&dossier, "resume"));
    let (dossier, _) = office.run(&list, Some(&dossier), &command, later).expect("it goes on");
    assert_eq!(until(&dossier).0 - before.0, 4 * DAY_MS, "two working days, and the week-end between");
    let due = dossier.tasks.iter().find(|task| task.purpose == Purpose::Ballot).and_then(|task| task.due_at);
    assert_eq!(due, Some(until(&dossier)), "the sheet says the same");
    let late = Instant(before.0 + DAY_MS);
    let command = office.command("L", by("m2"), sheet(&dossier, "p-m2", chancery::dossier::Choice::Yes));
    office.run(&list, Some(&dossier), &command, late).expect("a ballot in what is left of the time");
}

/// Everybody is recorded as there, but these.
fn recorded(
    office: &mut Office,
    list: &Machine,
    dossier: &Dossier,
    absent: &[&str],
    at: Instant,
) -> Result<Dossier, Refusal> {
    let attends = |person: &PersonId| {
        if absent.contains(&person.as_str()) { Attends::Absent } else { Attends::Present }
    };
    let vote = &dossier.votes[0];
    let seats = vote.roll.iter().map(|seat| (seat.person.clone(), attends(&seat.person))).collect();
    let ask = Ask::Attend { activation: vote.activation, seats, too_few: false, seen: dossier.seq };
    let command = office.command("L", by("secretary"), ask);
    office.run(list, Some(dossier), &command, at).map(|(dossier, _)| dossier)
}

#[test]
fn a_ballot_whose_time_was_over_is_not_given_out_again_after_a_pause() {
    let text = attended_text().replace("written_ballot: 3wd", "written_ballot: 10wd");
    let (mut office, list) = (Office::new(), machine("list", &text));
    let dossier = convened(&mut office, &list, "convene");
    let dossier = recorded(&mut office, &list, &dossier, &["p-m5"], START).expect("four are there");
    let over = START.plus_ms(6 * DAY_MS);
    let command = office.command("L", Actor::Clock, Ask::Tick);
    let (dossier, _) =
        office.run(&list, Some(&dossier), &command, over).expect("the time of those who are there is over");
    assert_eq!(dossier.votes.len(), 1, "the written ballot is waited for");
    let command = office.command("L", by("m1"), act(&dossier, "hold"));
    let (dossier, _) = office.run(&list, Some(&dossier), &command, over).expect("it is held");
    let later = over.plus_ms(2 * DAY_MS);
    let command = office.command("L", by("m1"), act(&dossier, "resume"));
    let (dossier, _) = office.run(&list, Some(&dossier), &command, later).expect("it goes on");
    for (member, given) in [("m2", false), ("m5", true)] {
        let command = office.command("L", by(member), sheet(&dossier, &format!("p-{member}"), Choice::Yes));
        assert_eq!(office.run(&list, Some(&dossier), &command, later).is_ok(), given, "{member}");
    }
}

#[test]
fn once_a_ballot_is_in_nobody_is_taken_off_the_record_so_that_the_quorum_goes() {
    let (mut office, list) = (Office::new(), attended());
    let dossier = convened(&mut office, &list, "convene");
    let dossier = recorded(&mut office, &list, &dossier, &["p-m5"], START).expect("four are there");
    let fewer = recorded(&mut office, &list, &dossier, &["p-m4", "p-m5"], START);
    fewer.expect("a mistake is put right as long as nobody has voted");
    let command = office.command("L", by("m2"), sheet(&dossier, "p-m2", Choice::No));
    let (dossier, _) = office.run(&list, Some(&dossier), &command, START).expect("a ballot");
    let refusal = recorded(&mut office, &list, &dossier, &["p-m4", "p-m5"], START).expect_err("no quorum is left");
    assert_eq!(refusal.reasons[0].code, Code::BallotsIn);
    recorded(&mut office, &list, &dossier, &["p-m4"], START).expect("four are still there");
}

#[test]
fn ballots_of_a_meeting_are_mailed_at_once() {
    let (mut office, list) = (Office::new(), attended());
    let dossier = convened(&mut office, &list, "convene");
    let vote = &dossier.votes[0];
    let seats = vote.roll.iter().map(|seat| (seat.person.clone(), Attends::Present)).collect();
    let ask = Ask::Attend { activation: vote.activation, seats, too_few: false, seen: dossier.seq };
    let evening = START.plus_ms(9 * 60 * 60 * 1000);
    let (_, rows) = office.answer(&list, &dossier, by("secretary"), ask, evening).expect("everybody is there");
    let ballots: Vec<_> = rows.notices.iter().filter(|one| one.purpose == Some(Purpose::Ballot)).collect();
    assert_eq!(ballots.len(), 5);
    assert!(ballots.iter().all(|one| one.not_before_at == evening), "{ballots:?}");
}

#[test]
fn a_record_is_of_the_roll_and_of_nobody_else() {
    let (mut office, list) = (Office::new(), attended());
    let dossier = convened(&mut office, &list, "convene");
    let activation = dossier.votes[0].activation;
    let all = || dossier.votes[0].roll.iter().map(|seat| (seat.person.clone(), Attends::Present));
    let with_a_guest = all().skip(1).chain([("p-clerk".into(), Attends::Present)]).collect();
    for (person, seats, refused) in [
        ("secretary", all().skip(1).collect(), Code::AttendanceWrong),
        ("secretary", with_a_guest, Code::AttendanceWrong),
        ("m1", all().collect(), Code::NotAsked),
    ] {
        let ask = Ask::Attend { activation, seats, too_few: false, seen: dossier.seq };
        let command = office.command("L", by(person), ask);
        let refusal = office.run(&list, Some(&dossier), &command, START).expect_err(person);
        assert_eq!(refusal.reasons[0].code, refused, "{person}");
    }
    let command = office.command("L", Actor::Clock, Ask::Tick);
    office.run(&list, Some(&dossier), &command, Instant(START.0 + 30 * DAY_MS)).expect("nothing happens by itself");
}
