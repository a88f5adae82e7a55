//! Mails in a workflow's own words: filled in from what their reader may see, in the reader's language, and nothing that was
//! typed into a field breaks a header or a page.

use std::process::Command;

use chancery::catcher::Catcher;
use chancery::dossier::command::{Ask, Start};
use chancery::dossier::project::{Notice, NoticeKind};
use chancery::dossier::{Dossier, Purpose};
use chancery::ids::{DossierId, Language, PersonId};
use chancery::letters::{About, Email, Gathering, Letter, MailNotice, MailTask, Reader, Sender, compose};
use chancery::machine::Machine;
use proptest::prelude::*;
use serde_json::json;

use crate::courier::{MORNING, Running, accepted, settings};
use crate::support::office::{DAY_MS, Office, START, act, by, machine};

/// A request whose applicant (`m5`, on no roll of clerks) is told by mails of its own, on two states and on the way between.
const REQUEST: &str = r#"
chancery: 1
workflow: request
title: Đơn xin nghỉ phép
calendar: plain
caption: reason
fields:
  unit:      {type: unit, required: true, label: Đơn vị}
  applicant: {type: person, required: true, label: Người xin nghỉ}
  reason:    {type: text, max: 4000, label: Lý do}
  memo:      {type: text, max: 500, label: Ghi chú nội bộ}
  first_day: {type: date, label: Từ ngày}
  cost:      {type: money, currency: VND, label: Chi phí}
roles:
  clerk:     {label: Cán bộ, post: clerk, of: unit, starter: true}
  applicant: {label: Người xin nghỉ, field: applicant}
mails:
  opened: {subject: "Đã nhận đơn: {{ reason }}", text: "Nghỉ từ {{ first_day }}, chi phí {{ cost }}.\n{{ memo }}"}
  sent:   {text: "{{ size(papers) }} giấy tờ, {{ cost * 2 }} đồng, {{ cost / 3 }}, {{ applicant.name }}: {{ reason }}"}
access:
  applicant: {see: [applicant, reason, first_day, cost]}
initial: drafting
states:
  drafting:
    title: Viết đơn
    access: {applicant: {see: [applicant, reason, first_day, cost, memo]}}
    task: {for: clerk, title: Viết đơn}
    entry: {tell: {applicant: opened}}
    on:
      send: {label: Gửi, by: clerk, tell: {applicant: sent}, target: sent}
  sent: {title: Đã gửi, final: true, outcome: sent, entry: {tell: [applicant]}}
"#;

fn fields(reason: &str) -> serde_json::Value {
    json!({"unit": "U", "applicant": "p-m5", "reason": reason, "memo": "Đừng nói", "first_day": "2026-06-10",
        "cost": "1200000"})
}

/// What the applicant is sent for one notice, while the dossier stands as it does.
fn mail(office: &Office, machine: &Machine, dossier: &Dossier, notice: &Notice) -> Email {
    mail_about(office, machine, dossier, notice, None)
}

/// The same for a notice by which the applicant is asked.
fn asked_by(office: &Office, machine: &Machine, dossier: &Dossier, notice: &Notice) -> Email {
    let due_at = dossier.task(notice.activation, Purpose::Act).and_then(|task| task.due_at);
    let task = MailTask { id: "t".to_owned(), purpose: Purpose::Act, key_id: 1, generation: 0, due_at };
    mail_about(office, machine, dossier, notice, Some(task))
}

fn mail_about(office: &Office, machine: &Machine, dossier: &Dossier, notice: &Notice, task: Option<MailTask>) -> Email {
    let (kind, mail, activation) = (notice.kind, notice.mail.clone(), notice.activation);
    let (dossier_id, seq, at) = (dossier.id.clone(), notice.seq, notice.at);
    let notices = [MailNotice { kind, mail, dossier: dossier_id, seq, at, activation, task }];
    mail_of(office, machine, dossier, &notices)
}

/// The mail that gathers these notices.
fn mail_of(office: &Office, machine: &Machine, dossier: &Dossier, notices: &[MailNotice]) -> Email {
    let find = |_: &DossierId| Some(About { dossier, machine, calendar: Some(&office.calendar) });
    let gathering = Gathering {
        directory: &office.directory,
        person: &PersonId::new("p-m5"),
        language: &Language::new("vi"),
        now: START,
        find: &find,
        link: &|_, _| None,
    };
    let (matters, zone) = gathering.matters(notices);
    let entries = gathering.entries(notices, &matters);
    let reader = Reader {
        name: "Người m5".to_owned(),
        address: None,
        email: "m5@office.example".to_owned(),
        language: "vi".to_owned(),
        outside: false,
    };
    let (mail, message_id, desk) = ("1".into(), "<1@x>".to_owned(), "https://x/d/1".to_owned());
    let letter = Letter { mail, message_id, reader, matters, entries, desk, now: START, zone };
    let sender = Sender { name: "Phòng", address: "p@x", contact: "", redirect_to: None };
    compose(&letter, sender).expect("it can be written")
}

/// The dossier as it was opened and as it was sent, with what is said on the way.
fn told(reason: &str) -> (Office, Machine, Dossier, Dossier, Vec<Notice>) {
    let mut office = Office::new();
    let machine = machine("request", REQUEST);
    let opened = office.start(&machine, "D", fields(reason), START);
    let (sent, rows) = office.answer(&machine, &opened, by("clerk"), act(&opened, "send"), START).expect("sent");
    (office, machine, opened, sent, rows.notices)
}

/// The notice by which the dossier's opening is told.
fn opening(dossier: &Dossier) -> Notice {
    let activation = dossier.leaves().next().expect("it stands").activation;
    let (person, mail) = (PersonId::new("p-m5"), Some("opened".to_owned()));
    let (kind, not_before_at) = (NoticeKind::Told, START);
    Notice { seq: 1, at: START, activation, person, kind, mail, purpose: None, urgent: false, not_before_at }
}

#[test]
fn holes_are_filled_as_pages_say_values() {
    let (office, machine, opened, sent, notices) = told("Việc nhà");
    let email = mail(&office, &machine, &opened, &opening(&opened));
    assert_eq!(email.subject, "Đã nhận đơn: Việc nhà");
    assert!(email.text.contains("Nghỉ từ thứ Tư, ngày 10 tháng 6 năm 2026, chi phí 1.200.000 đồng.\n\nĐừng nói\n"));
    let own: Vec<&Notice> = notices.iter().filter(|notice| notice.mail.is_some()).collect();
    assert_eq!(own.len(), 1, "the way tells by `sent`, the state in the usual words: {notices:?}");
    let email = mail(&office, &machine, &sent, own[0]);
    assert_eq!(email.subject, "Để biết: Việc nhà: Đã gửi", "a mail without a subject has the usual one");
    let said = "0 giấy tờ, 2.400.000 đồng, 400.000, Người m5: Việc nhà";
    assert!(email.text.contains(said), "{}", email.text);
    assert!(!email.text.contains("không cần làm gì"), "the workflow's words stand in place of the usual ones");
}

#[test]
fn what_its_reader_may_not_see_any_more_is_left_blank() {
    let (office, machine, _, sent, _) = told("Việc nhà");
    let email = mail(&office, &machine, &sent, &opening(&sent));
    assert!(email.text.contains("chi phí 1.200.000 đồng.\n\n…\n"), "{}", email.text);
    assert!(!email.text.contains("Đừng nói") && !email.html.contains("Đừng nói"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn nothing_that_was_typed_breaks_a_header_or_a_page(
        typed in r#"([a-z ]|<script>|\r\nBcc: x@y|"\{\{ memo \}\}|&|\u{202e}|'|ệ){0,60}"#
    ) {
        let (office, machine, opened, _, _) = told(&typed);
        let email = mail(&office, &machine, &opened, &opening(&opened));
        prop_assert!(!email.subject.contains(['\r', '\n', '\u{202e}']), "{:?}", email.subject);
        prop_assert!(email.subject.chars().count() < 260, "{:?}", email.subject);
        prop_assert!(!email.html.contains("<script>"));
        prop_assert_eq!(email.text.matches("Đừng nói").count(), 1, "a value is never read as a text with holes");
    }
}

#[tokio::test]
async fn the_courier_carries_them_from_the_event_to_the_reader() {
    let office = Running::new().await;
    office.engine.deploy(&machine("request", REQUEST), &[]).await.expect("a workflow");
    let current = office.engine.current(&"request".into()).await.expect("read").expect("it is deployed");
    let start = Start {
        machine: current.hash().clone(),
        fields: serde_json::from_value(fields("Việc nhà")).expect("fields"),
        papers: Vec::new(),
        gather_key: None,
        first: None,
        import_key: None,
    };
    office.run("d1", by("clerk"), Ask::Start(start)).await;
    office.act("d1", "clerk", "send").await;
    let catcher = Catcher::start(([127, 0, 0, 1], 0).into()).await.expect("loopback");
    let report = office.courier(settings(catcher.address())).step(MORNING).await.expect("a step");
    assert_eq!(report.accepted, accepted(1).accepted);
    let text = catcher.mail(1).expect("a mail").text.clone();
    assert!(text.contains("chi phí 1.200.000 đồng."), "{text}");
    assert!(text.contains("2.400.000 đồng"), "{text}");
    assert!(text.contains("Đã gửi"), "{text}");
    let said = office.engine.store().said(&"d1".into()).await.expect("read");
    assert_eq!(said.iter().filter(|one| one.kind == "told").count(), 3, "{said:?}");
}

fn preview(arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chancery"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).args(["mail", "preview", "workflows/leave"]).args(arguments);
    let output = command.output().expect("the binary runs");
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[test]
fn a_preview_shows_them_in_both_languages() {
    let vi = preview(&["--for", "NP-NAM", "--case", "Nghỉ ba ngày"]);
    assert!(vi.contains("Việc bàn giao: Sổ khách hàng"), "{vi}");
    let en = preview(&["--for", "NP-NAM", "--case", "Nghỉ ba ngày", "--language", "en"]);
    assert!(en.contains("You stand in for Đỗ Thị Lan from 10 June 2026 to 12 June 2026"), "{en}");
    assert!(!en.contains("Làm thay"), "a mail shows only its reader's language: {en}");
}

/// The same request, which invites to a session and then calls it off.
fn invited(reason: &str, hour: &str) -> (Email, Email) {
    let text = REQUEST
        .replace("  cost:      {type", "  hour:      {type: text, max: 40, label: Giờ}\n  cost:      {type")
        .replace(
            "\\n{{ memo }}\"}",
            "\\n{{ memo }}\", calendar: {day: first_day, hour: hour, lasts: 2h, place: reason}}",
        )
        .replace("}}: {{ reason }}\"}", "}}: {{ reason }}\", calendar: {day: first_day, cancels: true}}")
        .replace("see: [applicant,", "see: [applicant, hour,");
    let (mut office, machine) = (Office::new(), machine("request", &text));
    let mut fields = fields(reason);
    fields["hour"] = json!(hour);
    let opened = office.start(&machine, "D", fields, START);
    let (sent, rows) = office.answer(&machine, &opened, by("clerk"), act(&opened, "send"), START).expect("sent");
    let first = mail(&office, &machine, &opened, &opening(&opened));
    let told = rows.notices.iter().find(|notice| notice.mail.is_some()).expect("it is told");
    (first, mail(&office, &machine, &sent, told))
}

/// The value of a line of a calendar, unfolded.
fn line(email: &Email, name: &str) -> Option<String> {
    let [part] = email.calendar.as_slice() else { panic!("{:?}", email.calendar) };
    let unfolded = part.text.replace("\r\n ", "");
    unfolded.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned)
}

#[test]
fn a_session_is_put_into_the_calendar_and_taken_out_under_the_same_name() {
    let (first, last) = invited("Phòng họp 1, tầng 2; nhà A\nATTENDEE:mailto:x@y", "14 giờ 30");
    let said = |name: &str| line(&first, name);
    assert_eq!(said("METHOD:").as_deref(), Some("REQUEST"));
    assert_eq!(said("DTSTART:").as_deref(), Some("20260610T073000Z"), "half past two in Hanoi");
    assert_eq!(said("DTEND:").as_deref(), Some("20260610T093000Z"));
    assert_eq!(said("LOCATION:").as_deref(), Some("Phòng họp 1\\, tầng 2\\; nhà A\\nATTENDEE:mailto:x@y"));
    assert!(
        said("ATTENDEE;").is_some_and(|of| of.ends_with("mailto:m5@office.example")) && said("ATTENDEE:").is_none()
    );

    assert_eq!(line(&last, "METHOD:").as_deref(), Some("CANCEL"));
    assert_eq!(line(&last, "STATUS:").as_deref(), Some("CANCELLED"));
    assert_eq!(line(&last, "UID:"), said("UID:"));
    let sequence = |email: &Email| line(email, "SEQUENCE:").and_then(|one| one.parse::<i64>().ok()).expect("a number");
    assert!(sequence(&last) > sequence(&first));
}

#[test]
fn a_mail_that_is_late_takes_out_no_session_that_was_set_after_it() {
    let text = REQUEST
        .replace(
            "\\n{{ memo }}\"}",
            "\\n{{ memo }}\", calendar: {day: first_day}}\n  off: {text: \"Hoãn.\", calendar: {day: first_day, cancels: true}}",
        )
        .replace(
            "    on:\n      send:",
            "    on:\n      off: {label: Hoãn, by: clerk, tell: {applicant: off}, stay: true}\n      invite: {label: Mời, by: clerk, tell: {applicant: opened}, stay: true}\n      send:",
        );
    let (mut office, machine) = (Office::new(), machine("request", &text));
    let opened = office.start(&machine, "D", fields("Họp"), START);
    let (off, said) = office.answer(&machine, &opened, by("clerk"), act(&opened, "off"), START).expect("called off");
    let (on, again) = office.answer(&machine, &off, by("clerk"), act(&off, "invite"), START).expect("set again");
    let own = |rows: &[Notice]| rows.iter().find(|notice| notice.mail.is_some()).expect("it is told").clone();
    // The mail that calls it off was put off by a server on the way, and is written once more when all of this has happened.
    let (late, last) =
        (mail(&office, &machine, &on, &own(&said.notices)), mail(&office, &machine, &on, &own(&again.notices)));
    assert_eq!(
        (line(&late, "METHOD:").as_deref(), line(&last, "METHOD:").as_deref()),
        (Some("CANCEL"), Some("REQUEST"))
    );
    let sequence = |email: &Email| line(email, "SEQUENCE:").and_then(|one| one.parse::<i64>().ok()).expect("a number");
    assert!(sequence(&late) < sequence(&last), "a calendar keeps what was said last");
    let first = mail(&office, &machine, &on, &opening(&opened));
    assert!(sequence(&first) < sequence(&late), "and a late invitation brings nothing back that was called off");
}

#[test]
fn what_is_no_hour_makes_an_invitation_for_the_day_that_says_it() {
    let (first, _) = invited("Họp", "đầu giờ chiều");
    assert_eq!(line(&first, "DTSTART;").as_deref(), Some("VALUE=DATE:20260610"));
    assert!(line(&first, "DESCRIPTION:").is_some_and(|said| said.starts_with("đầu giờ chiều\\n")));
}

#[test]
fn a_deadline_is_put_into_the_calendar_moves_when_it_is_put_off_and_is_taken_out() {
    let text = REQUEST
        .replace("mails:\n", "mails:\n  due: {text: \"Xin trả lời.\", calendar: {deadline: true}}\n  over: {text: \"Đã xong.\", calendar: {deadline: true, cancels: true}}\n")
        .replace("target: sent}\n  sent:", "target: answering}\n  answering:\n    title: Chờ trả lời\n    access: {applicant: {see: all}}\n    task: {for: applicant, title: Trả lời, mail: due}\n    lead: {by: clerk, may: [extend]}\n    deadline: {within: 5wd, remind: [-1wd]}\n    on: {answer: {by: applicant, label: Trả lời, tell: {applicant: over}, target: sent}}\n  sent:");
    let (mut office, machine) = (Office::new(), machine("request", &text));
    let opened = office.start(&machine, "D", fields("Họp"), START);
    let (asked, rows) = office.answer(&machine, &opened, by("clerk"), act(&opened, "send"), START).expect("sent");
    let own =
        |rows: &[Notice], kind| rows.iter().find(|one| one.kind == kind && one.person.as_str() == "p-m5").cloned();
    let first = own(&rows.notices, NoticeKind::Asked).expect("asked");
    let first = asked_by(&office, &machine, &asked, &first);
    assert_eq!(line(&first, "METHOD:").as_deref(), Some("REQUEST"));
    assert_eq!(line(&first, "DTSTART;").as_deref(), Some("VALUE=DATE:20260608"), "the last day, all of it");
    assert_eq!(line(&first, "SUMMARY:").as_deref(), Some("Trả lời: Họp"));

    let activation = asked.tasks[0].activation;
    let until = jiff::civil::date(2026, 6, 10);
    let extend = Ask::Extend { activation, until, reason: "Bận".to_owned() };
    let (later, _) = office.answer(&machine, &asked, by("clerk"), extend, START).expect("put off");
    let tick = START.plus_ms(8 * DAY_MS);
    let (later, rows) = office.answer(&machine, &later, by("clerk"), Ask::Tick, tick).expect("a reminder");
    let again = own(&rows.notices, NoticeKind::Reminder).expect("reminded");
    let again = asked_by(&office, &machine, &later, &again);
    assert_eq!(line(&again, "UID:"), line(&first, "UID:"), "the same entry");
    assert_eq!(line(&again, "DTSTART;").as_deref(), Some("VALUE=DATE:20260610"), "on another day");
    let sequence = |email: &Email| line(email, "SEQUENCE:").and_then(|one| one.parse::<i64>().ok()).expect("a number");
    assert!(sequence(&again) > sequence(&first));

    let (done, rows) = office.answer(&machine, &later, by("m5"), act(&later, "answer"), tick).expect("answered");
    let told = rows.notices.iter().find(|one| one.mail.as_deref() == Some("over")).expect("told").clone();
    let last = mail(&office, &machine, &done, &told);
    assert_eq!((line(&last, "METHOD:").as_deref(), line(&last, "UID:")), (Some("CANCEL"), line(&first, "UID:")));
    assert!(sequence(&last) > sequence(&again));
}

/// The same request: the applicant is asked for an answer by a mail that puts its last day into their calendar.
const ANSWERING: [(&str, &str); 2] = [
    ("mails:\n", "mails:\n  due: {text: \"Xin trả lời.\", calendar: {deadline: true}}\n"),
    (
        "target: sent}\n  sent:",
        "target: answering}\n  answering:\n    title: Chờ trả lời\n    access: {applicant: {see: all}}\n    task: {for: applicant, title: Trả lời, mail: due}\n    lead: {by: clerk, may: [extend]}\n    deadline: {within: 5wd}\n    on:\n      answer: {by: applicant, label: Trả lời, target: sent}\n      withdraw: {by: clerk, label: Rút, target: sent}\n      again: {by: clerk, label: Hỏi lại, target: answering}\n  sent:",
    ),
];

/// What somebody does.
type Does = fn(&Dossier) -> Ask;

#[test]
fn a_last_day_that_is_another_one_or_none_is_put_right_by_the_next_mail() {
    let text = ANSWERING.iter().fold(REQUEST.to_owned(), |text, (from, to)| text.replace(from, to));
    let put_off: Does = |dossier| Ask::Extend {
        activation: dossier.tasks[0].activation,
        until: jiff::civil::date(2026, 6, 10),
        reason: "Bận".to_owned(),
    };
    let cases: [(&str, &str, Does, &str, &str); 4] = [
        ("they answered", "m5", |dossier| act(dossier, "answer"), "CANCEL", "08/06"),
        ("it was withdrawn", "clerk", |dossier| act(dossier, "withdraw"), "CANCEL", "08/06"),
        ("it was put off", "clerk", put_off, "REQUEST", "10/06"),
        ("they are asked anew", "clerk", |dossier| act(dossier, "again"), "REQUEST", "09/06"),
    ];
    for (case, who, does, method, day) in cases {
        let (mut office, machine) = (Office::new(), machine("request", &text));
        let opened = office.start(&machine, "D", fields("Họp"), START);
        let (asked, rows) = office.answer(&machine, &opened, by("clerk"), act(&opened, "send"), START).expect("sent");
        assert!(rows.notices.iter().all(|one| one.kind != NoticeKind::Calendar), "nothing stands there yet");
        let first = rows.notices.iter().find(|one| one.kind == NoticeKind::Asked).expect("asked").clone();
        let first = asked_by(&office, &machine, &asked, &first);
        let later = START.plus_ms(DAY_MS);
        let (after, rows) = office.answer(&machine, &asked, by(who), does(&asked), later).expect(case);
        let beside: Vec<&Notice> = rows.notices.iter().filter(|one| one.kind == NoticeKind::Calendar).collect();
        let [beside] = beside.as_slice() else { panic!("{case}: {:?}", rows.notices) };
        assert_eq!(beside.person.as_str(), "p-m5", "{case}");
        let ends = office.calendar.date(beside.not_before_at).strftime("%d/%m").to_string();
        let until = if case == "it was put off" { "10/06" } else { "08/06" };
        assert_eq!(ends, until, "{case}: once that day is over it does not matter");

        // Another mail to them, about something else or about nothing that is asked.
        let notice = |kind, activation| MailNotice {
            kind,
            mail: None,
            dossier: after.id.clone(),
            seq: beside.seq,
            at: beside.at,
            activation,
            task: None,
        };
        let notices = [notice(NoticeKind::Told, beside.activation), notice(NoticeKind::Calendar, beside.activation)];
        let email = mail_of(&office, &machine, &after, &notices);
        assert_eq!(email.calendar, [], "{case}: the mail itself is no invitation");
        let [entry] = email.entries.as_slice() else { panic!("{case}: {:?}", email.entries) };
        assert_eq!(entry.method, method, "{case}");
        let read = |text: &str, name: &str| {
            text.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned).unwrap_or_default()
        };
        assert_eq!(Some(read(&entry.text, "UID:")), line(&first, "UID:"), "{case}");
        let sequence = |text: String| text.parse::<i64>().expect("a number");
        let before = line(&first, "SEQUENCE:").expect("it has one");
        assert!(sequence(read(&entry.text, "SEQUENCE:")) > sequence(before), "{case}");
        if method == "REQUEST" {
            let on = read(&entry.text, "DTSTART;VALUE=DATE:");
            assert_eq!(format!("{}/{}", &on[6..], &on[4..6]), day, "{case}");
        }
        let words = if method == "CANCEL" { "gỡ mục ấy khỏi lịch" } else { "sửa mục ấy trong lịch" };
        assert!(email.text.contains(words) && email.html.contains(words), "{case}: {}", email.text);
        let bytes = email.encode(&settings(([127, 0, 0, 1], 25).into())).expect("it is put together").bytes;
        let bytes = String::from_utf8(bytes).expect("ASCII");
        assert!(bytes.contains("calendar-1.ics") && !bytes.contains("text/calendar"), "{case}: {bytes}");

        // A mail that asks for it anew says it by itself.
        if case == "they are asked anew" {
            let asked = after.tasks.iter().find(|task| task.purpose == Purpose::Act).expect("asked");
            let row = MailTask {
                id: "t".to_owned(),
                purpose: Purpose::Act,
                key_id: 1,
                generation: 0,
                due_at: asked.due_at.or(after.due_of(asked, machine.chart())),
            };
            let asks = MailNotice { task: Some(row), ..notice(NoticeKind::Asked, asked.activation) };
            let email = mail_of(&office, &machine, &after, &[asks, notices[1].clone()]);
            assert_eq!((email.calendar.len(), email.entries.len()), (1, 0), "{case}");
        }
    }
}

#[test]
fn a_day_that_has_passed_is_put_right_by_nobody() {
    let text = ANSWERING.iter().fold(REQUEST.to_owned(), |text, (from, to)| text.replace(from, to));
    let (mut office, machine) = (Office::new(), machine("request", &text));
    let opened = office.start(&machine, "D", fields("Họp"), START);
    let (asked, _) = office.answer(&machine, &opened, by("clerk"), act(&opened, "send"), START).expect("sent");
    let late = START.plus_ms(20 * DAY_MS);
    let (_, rows) = office.answer(&machine, &asked, by("m5"), act(&asked, "answer"), late).expect("answered");
    assert!(rows.notices.iter().all(|one| one.kind != NoticeKind::Calendar), "{:?}", rows.notices);
}
