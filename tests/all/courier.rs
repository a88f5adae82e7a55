//! The courier as a whole: a dossier is opened, somebody is asked, a mail goes over a real socket, the ledger says what
//! became of it.

use std::sync::Arc;
use std::time::Duration;

use chancery::catcher::{Catcher, Caught};
use chancery::clock::{Chance, Clock, ManualClock};
use chancery::courier::settings::{Patience, SmtpSettings};
use chancery::courier::{Courier, Report};
use chancery::directory::Directory;
use chancery::dossier::command::{Actor, Ask, Command, Start};
use chancery::engine::{Engine, Keys};
use chancery::ids::{Instant, PersonId};
use chancery::links::{Bound, LinkKeys, task_of_row};
use chancery::seal::MasterKeys;
use chancery::source::SourceFile;
use chancery::store::Cell;

use crate::store::{Fresh, migrated, sqlite};
use crate::support::faulty_smtp::{Fault, FaultySmtp};
use crate::support::office::{CASE, DAY_MS, LIST, PLAIN, START, act, by, calendar, directory, machine};

pub(crate) const MINUTE: i64 = 60_000;
/// The morning after, when digests go out.
pub(crate) const MORNING: Instant = Instant(START.0 + DAY_MS);

/// The small office on a database of its own.
pub(crate) struct Running {
    /// The engine.
    pub engine: Engine,
    clock: ManualClock,
    _database: Fresh,
}

impl Running {
    async fn with(directory: Directory) -> Self {
        let database = sqlite();
        let store = migrated(&database).await;
        let keys = Keys { links: LinkKeys::of_bytes([7; 32]), master: MasterKeys::of_bytes([8; 32]) };
        let clock = Clock::manual(START);
        let Clock::Manual(hands) = clock.clone() else { unreachable!("it is a manual one") };
        let engine = Engine::open(store, keys, clock, Chance::seeded(1)).await.expect("it opens");
        engine.put_calendar(&calendar(PLAIN), &SourceFile::new("plain.yaml", PLAIN)).await.expect("a calendar");
        engine.put_directory(directory).await.expect("a directory");
        for (name, text) in [("case", CASE), ("list", LIST)] {
            engine.deploy(&machine(name, text), &[]).await.expect("a workflow");
        }
        Self { engine, clock: hands, _database: database }
    }

    pub(crate) async fn new() -> Self {
        Self::with(directory()).await
    }

    /// Opens a case; its clerk is asked to draw it up.
    pub(crate) async fn open(&self, id: &str, title: &str) {
        let machine = self.engine.current(&"case".into()).await.expect("read").expect("it is deployed");
        let fields = serde_json::json!({"title": title, "unit": "U", "person": "p-m1", "kind": "plain", "points": 60});
        let start = Start {
            machine: machine.hash().clone(),
            fields: serde_json::from_value(fields).expect("fields"),
            papers: Vec::new(),
            gather_key: None,
            first: None,
            import_key: None,
        };
        self.run(id, by("clerk"), Ask::Start(start)).await;
    }

    /// An event of the innermost state, by a person.
    pub(crate) async fn act(&self, id: &str, person: &str, event: &str) {
        let dossier = self.engine.dossier(&id.into()).await.expect("read").expect("it is open");
        self.run(id, by(person), act(&dossier, event)).await;
    }

    pub(crate) async fn run(&self, id: &str, actor: Actor, ask: Ask) {
        let operation = format!("op-{id}-{}", self.engine.chance().id());
        let command = Command { operation: operation.into(), dossier: id.into(), actor, ask };
        self.engine.handle(command, Vec::new()).await.expect("it is carried out");
    }

    pub(crate) fn courier(&self, settings: SmtpSettings) -> Courier {
        let (links, chance) = (self.engine.links().clone(), self.engine.chance().clone());
        Courier::new(self.engine.clone(), links, settings, "https://so.example.vn/ho-so/", chance).expect("no TLS")
    }

    /// (status, attempts, unknowns, next attempt, answer) of every mail, in the order in which they were made.
    pub(crate) async fn ledger(&self) -> Vec<(String, i64, i64, Option<i64>, String)> {
        const SQL: &str = "SELECT status, attempts, unknowns, next_at, answer FROM mail ORDER BY made_at, id";
        let rows = self.engine.store().read(SQL, &[]).await.expect("it is read");
        let text = |cell: &Cell| match cell {
            Cell::Text(text) => text.clone(),
            Cell::Null | Cell::Int(_) | Cell::Bytes(_) => String::new(),
        };
        let row = |row: &chancery::store::Row| {
            let number = |column| row.maybe_int(column).expect("a number");
            (text(&row.0[0]), number(1).expect("attempts"), number(2).expect("unknowns"), number(3), text(&row.0[4]))
        };
        rows.iter().map(row).collect()
    }
}

pub(crate) fn settings(address: std::net::SocketAddr) -> SmtpSettings {
    SmtpSettings {
        hello: Some("test.example.vn".to_owned()),
        patience: Patience::default(),
        ..SmtpSettings::plain(address, "vanphong@example.vn", "Văn phòng Hội đồng")
    }
}

async fn catcher() -> Catcher {
    Catcher::start(([127, 0, 0, 1], 0).into()).await.expect("loopback")
}

pub(crate) fn accepted(count: u64) -> Report {
    Report { accepted: count, ..Report::default() }
}

#[tokio::test]
async fn somebody_who_is_asked_gets_one_mail_with_their_link() {
    let (office, catcher) = (Running::new().await, catcher().await);
    office.open("d1", "Mua máy tính").await;
    let courier = office.courier(settings(catcher.address()));
    assert_eq!(courier.step(START).await.expect("a step"), Report::default(), "nothing goes out before the digest");
    assert_eq!(courier.step(MORNING).await.expect("a step"), accepted(1));
    assert_eq!(courier.step(MORNING).await.expect("a step"), Report::default());
    let mail = catcher.mail(1).expect("a mail");
    assert_eq!(mail.to, ["clerk@office.example"]);
    assert_eq!(mail.subject, "Soạn hồ sơ: Mua máy tính, hết ngày 15/06");
    let token = link(&mail, "https://so.example.vn/ho-so/l/");
    let presented = LinkKeys::present(&token).expect("a token");
    let (of, id) = task_of_row(&presented.row).expect("it names a task");
    let task = office.engine.store().task_page(&of, id).await.expect("read").expect("the task's row");
    let bound = Bound {
        row: &presented.row,
        person: &PersonId::new("p-clerk"),
        activation: &format!("d1:{}", task.activation),
        purpose: "act",
        generation: task.generation,
    };
    assert!(office.engine.links().verifies(&presented, task.key_id, &bound));
    assert_eq!(office.ledger().await[0].0, "accepted");
}

fn link(mail: &Caught, before: &str) -> String {
    let found = mail.links.iter().find_map(|link| link.strip_prefix(before));
    found.unwrap_or_else(|| panic!("no link in {}", mail.text)).to_owned()
}

/// How many links of a mail lead to what is asked, and not to where one says that one is away.
fn matters(mail: &Caught) -> usize {
    mail.links.iter().filter(|link| !link.ends_with("/away")).count()
}

#[tokio::test]
async fn several_matters_are_one_mail_with_a_desk() {
    let (office, catcher) = (Running::new().await, catcher().await);
    for n in 0..3 {
        office.open(&format!("d{n}"), &format!("Việc số {n}")).await;
    }
    let courier = office.courier(settings(catcher.address()));
    assert_eq!(courier.step(MORNING).await.expect("a step"), accepted(1));
    let mail = catcher.mail(1).expect("a mail");
    assert_eq!(mail.subject, "3 việc chờ ông/bà, sớm nhất hết ngày 15/06");
    assert_eq!(matters(&mail), 4);
    let presented = LinkKeys::present(&link(&mail, "https://so.example.vn/ho-so/d/")).expect("a token");
    let row = office.engine.store().mail_page(&presented.row.as_str().into()).await.expect("read").expect("the mail");
    let bound =
        Bound { row: &presented.row, person: &row.person, activation: "", purpose: "desk", generation: row.generation };
    assert!(office.engine.links().verifies(&presented, row.key_id, &bound));
}

#[tokio::test]
async fn a_member_of_a_council_gets_one_mail_and_one_ballot_sheet_for_all_rows() {
    let (office, catcher) = (Running::new().await, catcher().await);
    for n in 0..3 {
        let id = format!("d{n}");
        office.open(&id, &format!("Việc số {n}")).await;
        office.act(&id, "clerk", "submit").await;
    }
    office.engine.deliver().await.expect("the rows join");
    let lists = office.engine.store().read("SELECT id FROM dossier WHERE workflow = 'list'", &[]).await.expect("read");
    office.act(lists[0].text(0).expect("an id"), "secretary", "convene").await;
    office.engine.deliver().await.expect("the rows are told");
    let report = office.courier(settings(catcher.address())).step(MORNING).await.expect("a step");
    // Every row is about the chair, who has no vote on them and is not asked.
    assert_eq!((report.accepted, report.failed), (4, 0));
    let mails = catcher.mails_since(0);
    let of_member = mails.iter().find(|mail| mail.to == ["m3@office.example"]).expect("a mail of a member");
    assert_eq!(of_member.subject, "Mời biểu quyết: Danh sách (3 hồ sơ), hết ngày 04/06");
    assert_eq!(matters(of_member), 1);
    assert!(of_member.text.contains("Hội đồng mời ông/bà biểu quyết."), "{}", of_member.text);
    assert!(of_member.text.contains("còn 2 ngày làm việc"), "{}", of_member.text);
}

#[tokio::test]
async fn a_reminder_repeats_the_same_link() {
    let (office, catcher) = (Running::new().await, catcher().await);
    office.open("d1", "Mua máy tính").await;
    let courier = office.courier(settings(catcher.address()));
    courier.step(MORNING).await.expect("a step");
    let near = Instant(START.0 + 13 * DAY_MS);
    office.clock.set(near);
    office.run("d1", Actor::Clock, Ask::Tick).await;
    let now = Instant(near.0 + DAY_MS);
    assert_eq!(courier.step(now).await.expect("a step"), accepted(1), "an outage causes one late reminder");
    let (first, second) = (catcher.mail(1).expect("a mail"), catcher.mail(2).expect("a reminder"));
    assert_eq!(second.subject, "Nhắc việc: Soạn hồ sơ: Mua máy tính, hết ngày 15/06");
    assert_eq!(link(&first, "https://so.example.vn/ho-so/l/"), link(&second, "https://so.example.vn/ho-so/l/"));
    assert_ne!(first.message_id, second.message_id);
}

#[tokio::test]
async fn a_deferred_mail_goes_out_later_under_the_same_message_id() {
    let (office, server) = (Running::new().await, FaultySmtp::start(Fault::Dot("451 later")).await);
    office.open("d1", "Mua máy tính").await;
    let courier = office.courier(settings(server.address));
    let deferred = courier.step(MORNING).await.expect("a step");
    assert_eq!(deferred, Report { deferred: 1, ..Report::default() });
    let (status, attempts, _, next_at, answer) = office.ledger().await.remove(0);
    assert_eq!((status.as_str(), attempts, answer.as_str()), ("deferred", 1, "451 later"));
    let next_at = Instant(next_at.expect("it is tried again"));
    assert!((MORNING.0 + MINUTE..MORNING.0 + 2 * MINUTE).contains(&next_at.0));
    server.turn(Fault::None);
    assert_eq!(courier.step(next_at.plus_ms(-1)).await.expect("a step"), Report::default());
    assert_eq!(courier.step(next_at).await.expect("a step"), accepted(1));
    assert_eq!(message_ids(&server).len(), 2);
    assert_eq!(message_ids(&server)[0], message_ids(&server)[1]);
}

fn message_ids(server: &FaultySmtp) -> Vec<String> {
    let id = |mail: &String| mail.lines().find(|line| line.starts_with("Message-ID")).map(str::to_owned);
    server.received().iter().filter_map(id).collect()
}

#[tokio::test]
async fn a_mail_that_was_refused_for_good_stays_visible_and_is_not_tried_again() {
    let (office, server) = (Running::new().await, FaultySmtp::start(Fault::Recipient("550 no such user")).await);
    office.open("d1", "Mua máy tính").await;
    let courier = office.courier(settings(server.address));
    let failed = courier.step(MORNING).await.expect("a step");
    assert_eq!(failed, Report { failed: 1, ..Report::default() });
    assert_eq!(courier.step(Instant(MORNING.0 + 9 * DAY_MS)).await.expect("a step"), Report::default());
    let troubled = office.engine.store().troubled_mails(MORNING, 10).await.expect("read");
    assert_eq!((troubled.len(), troubled[0].answer.as_deref()), (1, Some("550 no such user")));
}

#[tokio::test]
async fn an_unknown_end_is_sent_once_more_with_the_same_links_and_then_left_to_a_person() {
    let (office, server) = (Running::new().await, FaultySmtp::start(Fault::DropAfterDot).await);
    office.open("d1", "Mua máy tính").await;
    let courier = office.courier(settings(server.address));
    let mut now = MORNING;
    for attempt in 1..=2 {
        let report = courier.step(now).await.expect("a step");
        assert_eq!(report, Report { unknown: 1, ..Report::default() });
        let (status, attempts, unknowns, next_at, _) = office.ledger().await.remove(0);
        assert_eq!((status.as_str(), attempts, unknowns), ("unknown", attempt, attempt));
        assert_eq!(next_at.is_some(), attempt == 1);
        now = next_at.map_or(now.plus_ms(DAY_MS), Instant);
    }
    assert_eq!(courier.step(now).await.expect("a step"), Report::default());
    let received = server.received();
    assert_eq!((received.len(), &message_ids(&server)[0]), (2, &message_ids(&server)[1]));
    assert_eq!(office.engine.store().troubled_mails(MORNING, 10).await.expect("read").len(), 1);
}

#[tokio::test]
async fn a_courier_that_dies_while_sending_is_an_unknown_end() {
    let (office, server) = (Running::new().await, FaultySmtp::start(Fault::HangAtData).await);
    office.open("d1", "Mua máy tính").await;
    let dying = office.courier(settings(server.address));
    let stepping = tokio::spawn(async move { dying.step(MORNING).await });
    while server.connections() == 0 {
        tokio::task::yield_now().await;
    }
    stepping.abort();
    assert!(stepping.await.is_err(), "it was killed");
    assert_eq!(office.ledger().await[0].0, "sending");
    server.turn(Fault::None);
    let courier = office.courier(settings(server.address));
    assert_eq!(courier.step(MORNING.plus_ms(14 * MINUTE)).await.expect("a step"), Report::default());
    assert_eq!(courier.step(MORNING.plus_ms(15 * MINUTE)).await.expect("a step"), accepted(1));
    let (status, attempts, unknowns, _, _) = office.ledger().await.remove(0);
    assert_eq!((status.as_str(), attempts, unknowns), ("accepted", 2, 1));
}

/// The office, its clerk twice: two people are asked at once.
fn two_clerks() -> Directory {
    let mut directory = directory();
    let mut second = directory.posts[0].clone();
    second.person = PersonId::new("p-m1");
    directory.posts.push(second);
    directory
}

#[tokio::test]
async fn a_server_that_hangs_does_not_keep_everybodys_mail() {
    let (office, server) = (Running::with(two_clerks()).await, FaultySmtp::start(Fault::HangAtMail).await);
    office.open("d1", "Mua máy tính").await;
    let settings = settings(server.address);
    let command = Duration::from_millis(400);
    let patience = Patience { command, after_data: command, batch: Duration::from_millis(50) };
    let impatient = SmtpSettings { patience, ..settings.clone() };
    let report = office.courier(impatient).step(MORNING).await.expect("a step");
    assert_eq!(report, Report { deferred: 1, released: 1, ..Report::default() });
    server.turn(Fault::None);
    let report = office.courier(settings).step(MORNING.plus_ms(MINUTE - 1)).await.expect("a step");
    assert_eq!(report, accepted(1));
}

#[tokio::test]
async fn what_was_done_in_the_meantime_is_not_asked_any_more() {
    let (office, catcher) = (Running::new().await, catcher().await);
    office.open("d1", "Mua máy tính").await;
    office.act("d1", "clerk", "withdraw").await;
    let report = office.courier(settings(catcher.address())).step(MORNING).await.expect("a step");
    assert_eq!(report, Report { dropped: 1, ..Report::default() });
    assert_eq!(catcher.count(), 0);
}

#[tokio::test]
async fn a_test_machine_sends_everything_to_one_address_and_says_for_whom() {
    let (office, catcher) = (Running::new().await, catcher().await);
    office.open("d1", "Mua máy tính").await;
    let redirected = SmtpSettings { redirect_to: Some("thu@example.vn".to_owned()), ..settings(catcher.address()) };
    office.courier(redirected).step(MORNING).await.expect("a step");
    let mail = catcher.mail(1).expect("a mail");
    assert_eq!((mail.to.as_slice(), mail.to_header.as_str()), (&["thu@example.vn".to_owned()][..], "thu@example.vn"));
    assert!(mail.text.contains("Người clerk <clerk@office.example>"), "{}", mail.text);
}

#[tokio::test]
async fn people_without_an_address_are_a_visible_failure() {
    let mut directory = directory();
    for person in directory.people.values_mut() {
        person.email = None;
    }
    let (office, catcher) = (Running::with(directory).await, catcher().await);
    office.open("d1", "Mua máy tính").await;
    let report = office.courier(settings(catcher.address())).step(MORNING).await.expect("a step");
    assert_eq!(report, Report { failed: 1, ..Report::default() });
    assert_eq!(office.ledger().await[0].4, "the directory has no mail address for this person");
}

#[tokio::test]
async fn an_english_reader_reads_english_and_a_hostile_name_breaks_nothing() {
    let mut directory = directory();
    for person in directory.people.values_mut() {
        person.language = "en".to_owned();
        person.name = "A\r\nBcc: all@example.vn\r\n\r\n<b>".to_owned();
    }
    let (office, catcher) = (Running::with(directory).await, catcher().await);
    office.open("d1", "<script>alert(1)</script>").await;
    office.courier(settings(catcher.address())).step(MORNING).await.expect("a step");
    let mail: Arc<Caught> = catcher.mail(1).expect("a mail");
    assert_eq!(mail.subject, "Soạn hồ sơ: <script>alert(1)</script>, by the end of 15 June");
    assert!(mail.text.contains("Dear A Bcc: all@example.vn <b>,"), "{}", mail.text);
    assert!(!mail.html.contains("<script") && !mail.html.contains("<b>"));
    assert!(!mail.headers.iter().any(|(name, _)| name == "bcc"));
    assert_eq!(mail.to, ["clerk@office.example"]);
}

#[tokio::test]
async fn a_held_database_sends_nothing() {
    let (office, catcher) = (Running::new().await, catcher().await);
    office.open("d1", "Mua máy tính").await;
    office.engine.store().set_meta(chancery::store::meta::HELD, "restored").await.expect("held");
    let courier = office.courier(settings(catcher.address()));
    assert_eq!(courier.step(MORNING).await.expect("a step"), Report { held: true, ..Report::default() });
    office.engine.store().drop_meta(chancery::store::meta::HELD).await.expect("resumed");
    assert_eq!(courier.step(MORNING).await.expect("a step"), accepted(1));
}
