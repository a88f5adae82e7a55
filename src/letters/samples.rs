//! Every mail there is, with fixed content: for looking at them and for snapshots.

use jiff::civil::date;
use jiff::tz::TimeZone;

use super::absence::{AbsenceLetter, compose_absence};
use super::code::{CodeLetter, compose_code};
use super::compose::compose;
use super::invitation::{Invitation, When};
use super::letter::{Consequence, Email, Letter, Matter, Reader, Sender};
use super::start::{StartLetter, compose_start};
use crate::dossier::Purpose;
use crate::dossier::project::NoticeKind;
use crate::ids::{Instant, MailId};
use crate::machine::Proofs;

/// Every kind of mail in a language, by name.
///
/// # Panics
/// A template is broken; a test writes every one.
pub fn samples(language: &str) -> Vec<(&'static str, Email)> {
    let english = language.starts_with("en");
    let code = CodeLetter {
        message_id: "<sample@example.vn>".to_owned(),
        reader: letter(language, Vec::new()).reader,
        code: "01234567".to_owned(),
        minutes: 15,
        now: at(23, 8),
    };
    let code = ("code", compose_code(&code, SENDER).expect("a test writes every sample"));
    let start = StartLetter {
        message_id: "<sample@example.vn>".to_owned(),
        reader: Reader { name: String::new(), address: None, outside: true, ..letter(language, Vec::new()).reader },
        workflow: if english { "Complaints" } else { "Tiếp nhận khiếu nại" }.to_owned(),
        link: format!("https://hoso.example.vn/s/{}", "s".repeat(64)),
        hours: 24,
        now: at(23, 8),
    };
    let start = ("start", compose_start(&start, SENDER).expect("a test writes every sample"));
    let absence = |end: Option<&str>| {
        let letter = AbsenceLetter {
            message_id: "<sample@example.vn>".to_owned(),
            reader: letter(language, Vec::new()).reader,
            other: "Phạm Văn Hùng".to_owned(),
            from: date(2026, 11, 24),
            until: date(2026, 11, 27),
            end: end.map(str::to_owned),
            now: at(23, 8),
        };
        compose_absence(&letter, SENDER).expect("a test writes every sample")
    };
    let end = format!("https://hoso.example.vn/d/{}/away", "d".repeat(64));
    let absences = [("absence", absence(Some(&end))), ("absence-deputy", absence(None))];
    letters(language, english)
        .into_iter()
        .map(|(name, letter)| {
            let redirect_to = (name == "redirected").then_some("thu-nghiem@example.vn");
            (name, compose(&letter, Sender { redirect_to, ..SENDER }).expect("a test writes every sample"))
        })
        .chain([code, start])
        .chain(absences)
        .collect()
}

const SENDER: Sender<'_> = Sender {
    name: "Thường trực Hội đồng Bộ",
    address: "thuongtruc@example.vn",
    contact: "Trần Thị Lan, 024 3733 1234",
    redirect_to: None,
};

fn letters(language: &str, en: bool) -> Vec<(&'static str, Letter)> {
    let letter = |matters| letter(language, matters);
    let asked = || task(en, NoticeKind::Asked);
    let told = || Matter { kind: NoticeKind::Told, purpose: None, link: None, role: None, due_at: None, ..asked() };
    vec![
        ("task", letter(vec![asked()])),
        ("ballot", letter(vec![ballot(en)])),
        ("tally", letter(vec![paper(en, Purpose::Tally)])),
        ("confirm", letter(vec![Matter { due_at: None, ..paper(en, Purpose::Confirm) }])),
        ("reminder", letter(vec![Matter { days_left: 0, due_at: Some(at(23, 17)), ..task(en, NoticeKind::Reminder) }])),
        ("overdue-reminder", letter(vec![late(task(en, NoticeKind::Reminder))])),
        ("escalation", letter(vec![escalation(en)])),
        ("told", letter(vec![told()])),
        ("undelivered", letter(vec![undelivered(en, "Phạm Văn Hùng")])),
        ("undelivered-several", letter(vec![undelivered(en, "Phạm Văn Hùng"), undelivered(en, "Lê Thị Hoa"), told()])),
        ("outside", letter(vec![outside(en, NoticeKind::Told)])),
        ("outside-reminder", letter(vec![outside(en, NoticeKind::Reminder)])),
        ("outside-escalation", letter(vec![outside(en, NoticeKind::Escalation)])),
        ("prepare", letter(vec![prepare(en)])),
        ("prepared", letter(vec![prepared(en)])),
        ("digest", letter(vec![ballot(en), asked(), task(en, NoticeKind::Reminder), escalation(en), told()])),
        ("notices", letter(vec![told(), told()])),
        ("calendar", Letter { entries: entries(en), ..letter(vec![told()]) }),
        ("overdue", letter(vec![escalation(en), escalation(en), told()])),
        ("redirected", letter(vec![asked()])),
        ("hostile", hostile(letter(vec![asked()]))),
    ]
}

fn letter(language: &str, matters: Vec<Matter>) -> Letter {
    Letter {
        mail: MailId::new("sample"),
        message_id: "<sample@example.vn>".to_owned(),
        reader: Reader {
            name: "Nguyễn Thị Minh Khai".to_owned(),
            address: Some("bà".to_owned()),
            email: "khai@example.vn".to_owned(),
            language: language.to_owned(),
            outside: false,
        },
        matters,
        entries: Vec::new(),
        desk: format!("https://hoso.example.vn/d/{}", "d".repeat(64)),
        now: at(23, 8),
        zone: zone(),
    }
}

/// A last day that is none any more, and one that is another.
fn entries(en: bool) -> Vec<Invitation> {
    let entry = |session: &str, cancels, summary: String| Invitation {
        session: session.to_owned(),
        sequence: 2,
        cancels,
        when: When::Day(date(2026, 11, 27)),
        summary,
        place: String::new(),
        text: String::new(),
    };
    let matter = task(en, NoticeKind::Asked);
    let moved = format!("{}: {}", matter.task, matter.caption);
    vec![entry("a.deadline", true, matter.caption), entry("b.deadline", false, moved)]
}

fn zone() -> TimeZone {
    TimeZone::get("Asia/Ho_Chi_Minh").expect("jiff carries the zone")
}

/// An hour of a day in November 2026; hour 24 is the day's last millisecond.
fn at(day: i8, hour: i8) -> Instant {
    let last = hour == 24;
    let hour = if last { 23 } else { hour };
    let zoned = date(2026, 11, day).at(hour, 0, 0, 0).to_zoned(zone()).expect("an hour of a November day");
    Instant::from_timestamp(zoned.timestamp()).plus_ms(if last { 3_599_999 } else { 0 })
}

fn task(en: bool, kind: NoticeKind) -> Matter {
    let say = |vi: &str, english: &str| if en { english } else { vi }.to_owned();
    Matter {
        kind,
        purpose: Some(Purpose::Act),
        workflow: say("Mua sắm tài sản", "Purchases"),
        caption: "Mua 40 máy tính cho Phòng Tài chính".to_owned(),
        state: say("Thủ trưởng xem xét", "With the head of the unit"),
        task: say("Xem xét đề nghị mua sắm", "Decide on a purchase"),
        help: say(
            "Đối chiếu đề nghị với kế hoạch năm trước khi quyết định.",
            "Compare the request with the plan of the year before you decide.",
        ),
        outside: None,
        role: Some(say("Thủ trưởng đơn vị", "head of the unit")),
        behalf: None,
        prepares_for: None,
        prepared: None,
        body: None,
        due_at: Some(at(27, 24)),
        days_left: 4,
        rows: None,
        consequences: vec![Consequence::Escalates(say("Văn phòng Bộ", "the ministry's office"))],
        asked: Vec::new(),
        demands: Proofs::default(),
        gives_numbers: false,
        grounds: Vec::new(),
        numbers: Vec::new(),
        settlement: None,
        link: Some(format!("https://hoso.example.vn/l/{}", "t".repeat(64))),
        own: None,
        invitation: None,
    }
}

/// A paper from outside is waited for.
fn outside(en: bool, kind: NoticeKind) -> Matter {
    let say = |vi: &str, english: &str| if en { english } else { vi }.to_owned();
    let late = kind == NoticeKind::Escalation;
    Matter {
        state: say("Chờ ý kiến thẩm định giá", "Waiting for the appraisal"),
        task: say("Ghi văn bản thẩm định giá", "Record the appraisal"),
        help: String::new(),
        outside: Some(say("Trung tâm Thẩm định giá", "the appraisal centre")),
        due_at: (kind != NoticeKind::Told).then(|| at(if late { 19 } else { 27 }, 24)),
        days_left: if late { -2 } else { 4 },
        link: if late { None } else { task(en, kind).link },
        ..task(en, kind)
    }
}

/// An answer is to be prepared for somebody.
fn prepare(en: bool) -> Matter {
    let who = if en { "Mr Phạm Văn Hùng" } else { "ông Phạm Văn Hùng" };
    let (purpose, prepares_for) = (Some(Purpose::Prepare), Some(who.to_owned()));
    Matter { purpose, prepares_for, role: None, ..task(en, NoticeKind::Asked) }
}

/// An answer lies ready.
fn prepared(en: bool) -> Matter {
    let choice = if en { "Approve the purchase" } else { "Đồng ý mua sắm" };
    Matter { prepared: Some(("Lê Thị Hoa".to_owned(), choice.to_owned())), ..task(en, NoticeKind::Asked) }
}

fn ballot(en: bool) -> Matter {
    let say = |vi: &str, english: &str| if en { english } else { vi }.to_owned();
    Matter {
        purpose: Some(Purpose::Ballot),
        workflow: say("Danh sách trình Hội đồng", "Lists for the council"),
        caption: say("Danh sách đợt 2 năm 2026", "Second list of 2026"),
        task: say("Bỏ phiếu của Hội đồng Bộ", "Vote of the ministry's council"),
        help: String::new(),
        role: Some(say("Ủy viên", "member")),
        body: Some(say("Hội đồng Bộ", "The ministry's council")),
        due_at: Some(at(27, 17)),
        rows: Some(40),
        consequences: vec![Consequence::Closes],
        ..task(en, NoticeKind::Asked)
    }
}

fn paper(en: bool, purpose: Purpose) -> Matter {
    let say = |vi: &str, english: &str| if en { english } else { vi }.to_owned();
    Matter {
        purpose: Some(purpose),
        role: Some(say("Thư ký Hội đồng", "secretary of the council")),
        consequences: Vec::new(),
        ..ballot(en)
    }
}

fn late(matter: Matter) -> Matter {
    Matter { due_at: Some(at(19, 24)), days_left: -2, ..matter }
}

fn escalation(en: bool) -> Matter {
    Matter {
        asked: vec!["Phạm Văn Hùng".to_owned(), "Lê Thị Hoa".to_owned()],
        link: None,
        ..late(task(en, NoticeKind::Escalation))
    }
}

/// A mail to somebody did not arrive.
fn undelivered(en: bool, who: &str) -> Matter {
    let matter = Matter {
        kind: NoticeKind::Undelivered,
        purpose: None,
        link: None,
        role: None,
        due_at: None,
        ..task(en, NoticeKind::Told)
    };
    Matter { asked: vec![who.to_owned()], consequences: Vec::new(), ..matter }
}

/// What somebody might type into a name or a caption.
fn hostile(letter: Letter) -> Letter {
    let caption = "<img src=x onerror=alert(1)>\r\n.\r\nMAIL FROM:<x@y> \"{{ 7*7 }}\" {you}".to_owned();
    let matters = letter.matters.into_iter().map(|matter| Matter { caption: caption.clone(), ..matter }).collect();
    let reader = Reader { name: "A\r\nBcc: all@example.vn\0\u{202e}<b>".to_owned(), ..letter.reader };
    Letter { reader, matters, ..letter }
}
