//! The small office with a real engine on SQLite and its pages, asked without a network.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use chancery::catcher::{Catcher, Caught};
use chancery::clock::{Chance, Clock};
use chancery::courier::Courier;
use chancery::courier::settings::SmtpSettings;
use chancery::dossier::Purpose;
use chancery::dossier::command::{Actor, Ask, Command, Start};
use chancery::engine::{Engine, Keys, task_id};
use chancery::ids::{DossierId, Instant, OperationId, PersonId};
use chancery::links::{Bound, LinkKeys};
use chancery::machine::Machine;
use chancery::seal::MasterKeys;
use chancery::source::SourceFile;
use chancery::store::Store;
use chancery::web::routes::{Place, Site};
use chancery::web::{App, Health, router};
use tower::ServiceExt;

use super::office::{self, PLAIN, START};
use crate::store::{Fresh, migrated, sqlite};

/// The case: drafted with a form and papers, then a row of the list.
pub(crate) const CASE: &str = r#"
chancery: 1
workflow: case
title: Việc
calendar: plain
caption: title
subject: [person]
tables: {kinds: kinds.yaml}
papers: {report: Báo cáo}
fields:
  title:  {type: text, max: 100, required: true, label: Tên}
  unit:   {type: unit, required: true, label: Đơn vị}
  person: {type: person, label: Người}
  kind:   {type: choice, from: kinds, required: true, label: Loại}
  points: {type: number, min: 0, max: 100, label: Điểm}
  since:  {type: date, label: Từ ngày}
  note:   {type: text, max: 2000, label: Ghi chú}
roles:
  clerk: {label: Cán bộ, post: clerk, of: unit, starter: true}
  head:  {label: Thủ trưởng, post: head, of: unit}
guards:
  enough_points: {expr: "points != null && points >= 50", refuse: Chưa đủ điểm, basis: "Quy chế, Điều 1"}
initial: open
states:
  open:
    title: Đang làm
    initial: drafting
    on:
      withdraw: {label: Rút hồ sơ, hint: Hồ sơ kết thúc tại đây., by: clerk, reason: true, confirm: true, target: withdrawn}
    states:
      drafting:
        title: Soạn hồ sơ
        task: {for: clerk, title: Soạn và nộp hồ sơ, help: Điền đủ các mục rồi nộp., edit: [title, kind, points, since, note], attach: [report]}
        deadline: {within: 10wd}
        on: {submit: {by: clerk, label: Nộp hồ sơ, hint: Hồ sơ vào danh sách của Hội đồng., guard: enough_points, target: council}}
      council:
        title: Chờ Hội đồng
        joins: {list: list, with: {unit: unit.code}, row: {title: title, person: person.id, kind: kind.code}}
        on:
          passed: {stay: true}
          agreed: agreed
          rejected: rejected
          struck: rejected
          returned: drafting
  agreed:    {title: Được đồng ý, final: true, outcome: agreed}
  rejected:  {title: Không được đồng ý, final: true, outcome: rejected}
  withdrawn: {title: Đã rút, final: true, outcome: withdrawn, entry: {tell: head}}
"#;

/// The list: a meeting of the unit's council, then the head, then the signed paper.
pub(crate) const LIST: &str = r#"
chancery: 1
workflow: list
title: Danh sách của đơn vị
calendar: plain
key: [unit]
caption: unit
tables: {kinds: kinds.yaml}
papers: {decision: Quyết định}
row:
  title:  {type: text, max: 100, label: Tên}
  person: {type: person, label: Người}
  kind:   {type: choice, from: kinds, label: Loại}
row_caption: title
row_subject: [person]
fields:
  unit: {type: unit, required: true, label: Đơn vị}
  number: {type: text, max: 40, label: Số quyết định}
  signed_on: {type: date, label: Ngày ký}
roles:
  secretary: {label: Thư ký, body: council of unit, seat: secretary}
  chair:     {label: Chủ tịch, body: council of unit, seat: chair}
  head:      {label: Thủ trưởng, post: head, of: unit}
guards:
  has_rows: {expr: "size(rows) > 0", refuse: Danh sách trống}
votes:
  council:
    title: Biểu quyết của Hội đồng
    body: council of unit
    ballot: secret
    quorum: at least 2/3 of members
    passes: at least kind.threshold of members
    open_for: 3wd
    own_case: {votes: false, in_base: true}
    basis: "Quy chế, Điều 5"
initial: gathering
states:
  gathering:
    title: Lập danh sách
    gathers: true
    task: {for: secretary, title: Lập danh sách và mời biểu quyết}
    on:
      convene:  {by: secretary, label: Mời biểu quyết qua mạng, guard: has_rows, target: voting, rows: {returned: returned}}
      on_paper: {by: secretary, label: Bỏ phiếu giấy, guard: has_rows, target: counting}
  voting:
    title: Hội đồng biểu quyết
    vote: {rule: council, held: online}
    on: {closed: deciding, no_quorum: gathering}
  counting:
    title: Kiểm phiếu
    vote: {rule: council, held: {paper: {records: secretary, confirms: chair}}}
    on: {closed: deciding, no_quorum: gathering}
  deciding:
    title: Chờ Thủ trưởng
    task: {for: head, title: Xem xét danh sách, help: Đồng ý với danh sách trừ những đề nghị được đánh dấu.}
    deadline: {within: 5wd}
    on:
      agree: {by: head, label: Đồng ý với danh sách, hint: Danh sách chờ quyết định đã ký., rows: {struck: struck, returned: returned}, target: signing}
      again: {by: head, label: Đề nghị biểu quyết lại, reason: true, target: gathering}
  signing:
    title: Chờ quyết định đã ký
    task: {for: secretary, title: Ghi số và ngày của quyết định}
    on:
      signed: {by: secretary, label: Ghi quyết định, fill: [number, signed_on], attach: [decision], rows: {kept: agreed, release: true}, target: done}
  done: {title: Xong, final: true, outcome: done}
"#;

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Vec<u8>,
}

impl Answer {
    /// The body as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A header.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap_or("?"))
    }

    /// What a browser keeps of it: name and value of its cookie.
    pub(crate) fn cookie(&self) -> String {
        self.header("set-cookie").split(';').next().unwrap_or_default().to_owned()
    }

    /// The value of a hidden input.
    pub(crate) fn hidden(&self, name: &str) -> String {
        let text = self.text();
        let (_, rest) =
            text.split_once(&format!("name=\"{name}\" value=\"")).unwrap_or_else(|| panic!("{name}: {text}"));
        rest.split('"').next().unwrap_or_default().to_owned()
    }
}

/// The office and its pages.
pub(crate) struct Pages {
    /// The engine.
    pub engine: Engine,
    /// Its clock.
    pub clock: Clock,
    /// What the pages stand on.
    pub app: App,
    _health: tokio::sync::watch::Sender<Health>,
    database: Fresh,
}

impl Pages {
    /// An empty office, reached under a path.
    pub(crate) async fn new() -> Self {
        Self::with(CASE).await
    }

    /// The same with another case.
    pub(crate) async fn with(case: &str) -> Self {
        Self::on(sqlite(), case).await
    }

    /// The same on a database.
    pub(crate) async fn on(database: Fresh, case: &str) -> Self {
        let store: Store = migrated(&database).await;
        let clock = Clock::manual(START);
        let links = LinkKeys::of_bytes([7; 32]);
        let keys = Keys { links: links.clone(), master: MasterKeys::of_bytes([9; 32]) };
        let engine = Engine::open(store, keys, clock.clone(), Chance::seeded(1)).await.expect("an engine");
        let calendar = office::calendar(PLAIN);
        engine.put_calendar(&calendar, &SourceFile::new("plain.yaml", PLAIN)).await.expect("a calendar");
        let mut directory = office::directory();
        for person in directory.people.values_mut() {
            if person.code == "m3" {
                "en".clone_into(&mut person.language);
            }
        }
        engine.put_directory(directory).await.expect("a directory");
        for (name, text) in [("case", case), ("list", LIST)] {
            let machine = office::machine(name, text);
            engine.deploy(&machine, &[SourceFile::new(format!("{name}.yaml"), text)]).await.expect("a version");
        }
        let (health, read) = tokio::sync::watch::channel(Health { parts: vec![("database", Ok(()))] });
        let app = App {
            engine: engine.clone(),
            links: Arc::new(links),
            site: Arc::new(Site::parse("https://so.example/ho-so").expect("an address")),
            office: "Văn phòng".into(),
            only_links: false,
            proxies: [std::net::Ipv4Addr::LOCALHOST.into()].into(),
            keepers: ["secretary".to_owned()].into(),
            health: read,
        };
        Self { engine, clock, app, _health: health, database }
    }

    /// The same office on another database, with the same keys.
    pub(crate) async fn reopen(&mut self, url: &str) {
        let keys = Keys { links: LinkKeys::of_bytes([7; 32]), master: MasterKeys::of_bytes([9; 32]) };
        let store = Store::open(url).await.expect("it opens");
        self.engine = Engine::open(store, keys, self.clock.clone(), Chance::seeded(2)).await.expect("an engine");
        self.app.engine = self.engine.clone();
    }

    /// Where its database is.
    pub(crate) fn url(&self) -> &str {
        &self.database.url
    }

    /// The same with another list.
    pub(crate) async fn with_list(list: &str) -> Self {
        let pages = Self::new().await;
        pages.deploy("list", list).await;
        pages
    }

    /// Deploys one more workflow.
    pub(crate) async fn deploy(&self, name: &str, text: &str) {
        let machine = office::machine(name, text);
        self.engine.deploy(&machine, &[SourceFile::new(format!("{name}.yaml"), text)]).await.expect("a version");
    }

    /// Opens a case about `person`.
    pub(crate) async fn case(&self, id: &str, title: &str, person: &str) -> DossierId {
        let fields = serde_json::json!({"title": title, "unit": "U", "person": format!("p-{person}"), "kind": "plain"});
        self.start("case", id, fields).await
    }

    /// Opens a dossier of a workflow, by the clerk.
    pub(crate) async fn start(&self, workflow: &str, id: &str, fields: serde_json::Value) -> DossierId {
        let machine: Arc<Machine> =
            self.engine.current(&workflow.into()).await.expect("it reads").expect("it is deployed");
        let start = Start {
            machine: machine.hash().clone(),
            fields: serde_json::from_value(fields).expect("fields"),
            papers: Vec::new(),
            gather_key: None,
            first: None,
            import_key: None,
        };
        let command = Command {
            operation: OperationId::new(format!("start-{id}")),
            dossier: id.into(),
            actor: Actor::Link(PersonId::from("p-clerk")),
            ask: Ask::Start(start),
        };
        self.engine.handle(command, Vec::new()).await.expect("a case can be opened").dossier
    }

    /// The open (or latest) task of a person in a dossier: its token.
    pub(crate) async fn token(&self, dossier: &DossierId, purpose: Purpose, person: &str) -> String {
        let person = PersonId::new(format!("p-{person}"));
        let stands = self.engine.dossier(dossier).await.expect("it reads").expect("it exists");
        for entry in (1..=stands.activations).rev() {
            let id = task_id(dossier, chancery::ids::ActivationId(entry), purpose, &person);
            let Some(task) = self.engine.store().task_page(dossier, &id).await.expect("it reads") else { continue };
            let activation = format!("{dossier}:{entry}");
            let bound = Bound {
                row: &chancery::links::task_row(dossier, &id),
                person: &person,
                activation: &activation,
                purpose: purpose.name(),
                generation: task.generation,
            };
            return self.app.links.token(task.key_id, &bound).expect("the key is there");
        }
        panic!("{person} was never asked in {dossier}");
    }

    /// The path of a task's page.
    pub(crate) async fn link(&self, dossier: &DossierId, purpose: Purpose, person: &str) -> String {
        Place::Task(&self.token(dossier, purpose, person).await).path(&self.app.site)
    }

    /// A person's page of a task, as it stands.
    pub(crate) async fn page(&self, dossier: &DossierId, person: &str) -> String {
        self.get(&self.link(dossier, Purpose::Act, person).await).await.text()
    }

    /// A person chooses an event on their page, with a reason; what they read then.
    pub(crate) async fn choose(&self, dossier: &DossierId, person: &str, event: &str) -> String {
        let link = self.link(dossier, Purpose::Act, person).await;
        let seen = self.get(&link).await.hidden("seen");
        let reason = format!("reason.{event}");
        let form = [("do", "act"), ("seen", &seen), ("choice", event), (&reason, "Vì vậy"), ("step", "send")];
        let sent = self.post(&link, &form).await;
        if sent.status == StatusCode::SEE_OTHER { self.get(&link).await.text() } else { sent.text() }
    }

    /// A list that is there, by the rows it has.
    pub(crate) async fn list_of(&self, row: &DossierId) -> DossierId {
        let case = self.engine.dossier(row).await.expect("it reads").expect("it exists");
        case.on_lists
            .into_iter()
            .next()
            .and_then(|on| on.dossier)
            .unwrap_or_else(|| panic!("{row} stands on no list that answered"))
    }

    /// Messages go where they have to.
    pub(crate) async fn settle(&self) {
        while self.engine.deliver().await.expect("messages are delivered") > 0 {}
    }

    /// Every mail that is due at an instant, as a mail server gets it.
    pub(crate) async fn mails(&self, at: Instant) -> Vec<Arc<Caught>> {
        let catcher = Catcher::start(([127, 0, 0, 1], 0).into()).await.expect("loopback");
        let settings = SmtpSettings::plain(catcher.address(), "vanphong@example.vn", "Văn phòng");
        let (links, chance) = (self.engine.links().clone(), self.engine.chance().clone());
        let (engine, url) = (self.engine.clone(), "https://so.example/ho-so");
        let courier = Courier::new(engine, links, settings, url, chance).expect("no TLS");
        while courier.step(at).await.expect("a step").worked() {}
        catcher.mails_since(0)
    }

    /// Time passes.
    pub(crate) fn at(&self, at: Instant) {
        if let Clock::Manual(clock) = &self.clock {
            clock.set(at);
        }
    }

    /// Somebody signs in: what their browser keeps from then on.
    pub(crate) async fn sign_in(&self, person: &str) -> String {
        let place = Place::SignIn.path(&self.app.site);
        let asked = self.post(&place, &[("do", "ask"), ("mailbox", &format!("{person}@office.example"))]).await;
        let id = asked.hidden("asked");
        let person = PersonId::new(format!("p-{person}"));
        let code = self.app.links.code(self.app.links.newest(), &id, &person).expect("the key is there");
        let sent = self.post(&place, &[("do", "code"), ("asked", &id), ("code", &code)]).await;
        assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text());
        sent.cookie()
    }

    /// Asks for a page with what a browser keeps.
    pub(crate) async fn get_as(&self, cookie: &str, path: &str) -> Answer {
        let request = Request::get(path).header("host", "so.example").header("cookie", cookie);
        self.send(request.body(Body::empty()).expect("a request")).await
    }

    /// Sends a form with what a browser keeps.
    pub(crate) async fn post_as(&self, cookie: &str, path: &str, form: &[(&str, &str)]) -> Answer {
        let request = form_to(path).header("cookie", cookie);
        self.send(request.body(Body::from(encoded(form))).expect("a request")).await
    }

    /// Asks for a page.
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path).header("host", "so.example").body(Body::empty()).expect("a request")).await
    }

    /// Sends a form.
    pub(crate) async fn post(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        self.send(form_to(path).body(Body::from(encoded(form))).expect("a request")).await
    }

    /// Sends a form with files: name, file name, bytes.
    pub(crate) async fn post_files(&self, path: &str, form: &[(&str, &str)], files: &[(&str, &str, &[u8])]) -> Answer {
        let mut body = Vec::new();
        for (name, value) in form {
            let part = format!("--edge\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
            body.extend_from_slice(part.as_bytes());
        }
        for (name, file, bytes) in files {
            let head = format!(
                "--edge\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"{file}\"\r\nContent-Type: text/html\r\n\r\n"
            );
            body.extend_from_slice(head.as_bytes());
            body.extend_from_slice(bytes);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(b"--edge--\r\n");
        let request = Request::post(path)
            .header("host", "so.example")
            .header("sec-fetch-site", "same-origin")
            .header("content-type", "multipart/form-data; boundary=edge")
            .body(Body::from(body));
        self.send(request.expect("a request")).await
    }

    /// Sends any request.
    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = router(self.app.clone()).oneshot(request).await.expect("a router always answers");
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, 64 << 20).await.expect("a body").to_vec();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    /// Everything that is stored, as one text.
    pub(crate) async fn dump(&self) -> String {
        let mut all = BTreeMap::new();
        for (table, sql) in [
            ("dossier", "SELECT id, seq, snapshot FROM dossier ORDER BY id"),
            ("event", "SELECT dossier_id, seq, operation, hash FROM event ORDER BY dossier_id, seq"),
            ("seal_key", "SELECT dossier_id, person_id, wrapped FROM seal_key ORDER BY dossier_id, person_id"),
            ("ballot_box", "SELECT dossier_id, activation, row_id, sealed FROM ballot_box ORDER BY dossier_id, row_id"),
            (
                "task",
                "SELECT dossier_id, id, generation, key_id, closed_at, closed_seq FROM task ORDER BY dossier_id, id",
            ),
            (
                "outbox",
                "SELECT dossier_id, seq, place, not_before_at, mail_id, dropped_at FROM outbox ORDER BY dossier_id, seq, place",
            ),
            ("mail", "SELECT id, status, attempts FROM mail ORDER BY id"),
            ("message", "SELECT from_id, from_seq, place, consumed_at FROM message ORDER BY from_id, from_seq, place"),
            ("register", "SELECT register, holder, key, year, source FROM register ORDER BY register, holder, key"),
            ("paper", "SELECT id, dossier_id, kind, name, media, size, hash FROM paper ORDER BY id"),
            ("person", "SELECT id, name, changed_at FROM person ORDER BY id"),
            ("meta", "SELECT name, value FROM meta ORDER BY name"),
            (
                "sign_in",
                "SELECT id, person_id, mailbox, network, mail_id, tries, asked_at, used_at FROM sign_in ORDER BY id",
            ),
            ("absence", "SELECT id, person_id, by_id, until_on, set_by, ended_by FROM absence ORDER BY id"),
            ("absence_mail", "SELECT mail_id, absence_id FROM absence_mail ORDER BY mail_id"),
            ("knock", "SELECT id, mailbox, network, asked_at FROM knock ORDER BY id"),
            ("start_link", "SELECT id, workflow, mailbox, asked_at, ends_at FROM start_link ORDER BY id"),
            ("chosen_language", "SELECT person_id, language FROM chosen_language ORDER BY person_id"),
            (
                "pin",
                "SELECT dossier_id, person_id, generation, hash, tries, made_by FROM pin ORDER BY dossier_id, person_id, generation",
            ),
            ("session", "SELECT hash, person_id, opened_at, ends_at FROM session ORDER BY hash"),
        ] {
            all.insert(table, self.engine.store().read(sql, &[]).await.expect("it reads"));
        }
        format!("{all:?}")
    }
}

fn form_to(path: &str) -> axum::http::request::Builder {
    Request::post(path)
        .header("host", "so.example")
        .header("origin", "null")
        .header("sec-fetch-site", "same-origin")
        .header("content-type", "application/x-www-form-urlencoded")
}

fn encoded(form: &[(&str, &str)]) -> String {
    let pairs: Vec<String> = form.iter().map(|(name, value)| format!("{}={}", percent(name), percent(value))).collect();
    pairs.join("&")
}

fn percent(text: &str) -> String {
    text.bytes()
        .map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}
