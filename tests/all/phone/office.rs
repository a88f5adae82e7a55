//! The office that is held in a hand: real mails into a catcher, real pages on loopback, and the browser that opens both.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use chancery::catcher::{Catcher, Caught};
use chancery::courier::settings::SmtpSettings;
use chancery::courier::{Courier, Report};
use chancery::directory::{Assistant, Dated, Post};
use chancery::dossier::command::{Ask, Command};
use chancery::dossier::{Choice, Dossier};
use chancery::ids::{DossierId, Instant, OperationId};
use chancery::machine::{Machine, check::check_files};
use chancery::scheduler::Scheduler;
use chancery::source::SourceFile;
use chancery::web::routes::{Place, Site};
use chancery::web::serve;
use serde_json::json;
use tokio::net::TcpListener;

use super::browser::{Browser, WIDTH};
use crate::support::office::{self, DAY_MS, START, act, by};
use crate::support::pages::Pages;

const FILES: [(&str, &str); 7] = [
    ("complaint.yaml", include_str!("complaint.yaml")),
    ("complaint.en.yaml", include_str!("complaint.en.yaml")),
    ("proposal.yaml", include_str!("proposal.yaml")),
    ("proposal.en.yaml", include_str!("proposal.en.yaml")),
    ("list.yaml", include_str!("list.yaml")),
    ("list.en.yaml", include_str!("list.en.yaml")),
    ("kinds.yaml", include_str!("kinds.yaml")),
];

/// Somebody's phone, and the office behind it.
pub(crate) struct Phone {
    /// The office.
    pub pages: Pages,
    /// What shows mails and pages.
    pub browser: Browser,
    language: &'static str,
    film: &'static str,
    catcher: Catcher,
    courier: Courier,
    pictures: u32,
    day: i64,
}

impl Phone {
    /// An office whose people all read `language`; none where there is no Chromium.
    pub(crate) async fn new(film: &'static str, language: &'static str) -> Option<Self> {
        let browser = Browser::start(&format!("{film}-{language}"))?;
        let mut pages = Pages::new().await;
        let mut directory = office::directory();
        let named = |vi: &str, en: &str| if language == "vi" { vi.to_owned() } else { en.to_owned() };
        for person in directory.people.values_mut() {
            person.name = named(&format!("Nguyễn Văn {}", person.code), &format!("Nam {}", person.code));
            language.clone_into(&mut person.language);
        }
        for unit in directory.units.values_mut() {
            unit.name = named("Cục Ứng dụng", "Department of Use");
        }
        for body in directory.bodies.values_mut() {
            body.name = named("Hội đồng sáng kiến", "Council of initiatives");
        }
        // Whoever stands in for the clerk is of the same unit.
        directory.posts.push(Post {
            person: "p-m1".into(),
            unit: "U".into(),
            post: "officer".to_owned(),
            dated: Dated::default(),
        });
        pages.engine.put_directory(directory).await.expect("a directory");
        for (name, _) in &FILES[..] {
            if ["complaint.yaml", "proposal.yaml", "list.yaml"].contains(name) {
                pages.engine.deploy(&machine(name), &[]).await.expect("a version");
            }
        }
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
        let at = format!("http://{}/ho-so", listener.local_addr().expect("it is bound"));
        pages.app.site = Arc::new(Site::parse(&at).expect("an address"));
        pages.app.office = named("Bộ Thí dụ", "Ministry of Examples").into();
        tokio::spawn(serve(listener, pages.app.clone(), std::future::pending()));
        let catcher = Catcher::start(([127, 0, 0, 1], 0).into()).await.expect("loopback");
        let settings = SmtpSettings::plain(catcher.address(), "vanphong@office.example", &pages.app.office);
        let (engine, links, chance) =
            (pages.engine.clone(), pages.engine.links().clone(), pages.engine.chance().clone());
        let courier = Courier::new(engine, links, settings, &format!("{at}/"), chance).expect("no TLS");
        Some(Self { pages, browser, language, film, catcher, courier, pictures: 0, day: 0 })
    }

    /// Somebody prepares somebody's answers from now on.
    pub(crate) async fn assists(&self, person: &str, assistant: &str) {
        let id = |code: &str| chancery::ids::PersonId::new(format!("p-{code}"));
        let mut directory = (*self.pages.engine.directory()).clone();
        let dated = Dated::default();
        directory.assistants.push(Assistant { person: id(person), by: id(assistant), first: false, dated });
        let address = if self.language == "vi" { "đồng chí" } else { "ông" };
        directory.people.get_mut(&id(person)).expect("they are known").address = Some(address.to_owned());
        self.pages.engine.put_directory(directory).await.expect("a directory");
    }

    /// What this office says in one language or the other.
    pub(crate) fn says<'t>(&self, vi: &'t str, en: &'t str) -> &'t str {
        if self.language == "vi" { vi } else { en }
    }

    /// The next morning: what is due happens, and whatever waits for the morning is mailed.
    pub(crate) async fn morning(&mut self) {
        self.on_its_way().await;
        self.day += 1;
        self.pages.at(START.plus_ms(self.day * DAY_MS));
        self.on_its_way().await;
    }

    /// Messages go where they have to, timers are looked after, mails are sent.
    pub(crate) async fn on_its_way(&mut self) {
        let now: Instant = self.pages.engine.now();
        let mut scheduler = Scheduler::new(self.pages.engine.clone());
        scheduler.step(now).await.expect("a step");
        self.pages.settle().await;
        while self.courier.step(now).await.expect("a step") != Report::default() {}
    }

    /// The last mail of a mailbox.
    pub(crate) fn mail(&self, mailbox: &str) -> Arc<Caught> {
        let mails = self.catcher.mails_since(0);
        let mine = mails.iter().rev().find(|mail| mail.to.iter().any(|to| to == mailbox));
        mine.cloned().unwrap_or_else(|| panic!("{mailbox} got no mail among {}", mails.len()))
    }

    /// Opens the last mail of a mailbox on the phone, looks at it, and follows its link.
    pub(crate) fn follow_mail(&mut self, mailbox: &str) {
        let mail = self.mail(mailbox);
        self.browser.open_mail(&mail.html);
        self.look("mail");
        self.browser.follow("a[href*='/ho-so/']");
    }

    /// Opens an address of this office that was published.
    pub(crate) fn open(&mut self, place: Place<'_>) {
        let url = format!("{}?lang={}", place.url(&self.pages.app.site), self.language);
        self.browser.open(&url);
    }

    /// What a scanner of mails does: it opens whatever a mail leads to, and whatever that leads to. How many addresses it saw.
    pub(crate) fn scan_mails(&mut self) -> usize {
        let mut waiting = Vec::new();
        for mail in self.catcher.mails_since(0) {
            self.browser.open_mail(&mail.html);
            waiting.extend(self.browser.links());
        }
        let mut seen = BTreeSet::new();
        while let Some(url) = waiting.pop() {
            if url.starts_with("http://127.0.0.1:") && seen.insert(url.clone()) && self.browser.scan(&url) {
                waiting.extend(self.browser.links());
            }
        }
        seen.len()
    }

    /// Looks at what is on the phone: no barrier, nothing wider than it, one language; and keeps a picture.
    pub(crate) fn look(&mut self, what: &str) {
        self.pictures += 1;
        let name = format!("{}-{}-{:02}-{what}", self.film, self.language, self.pictures);
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("phone");
        std::fs::create_dir_all(&folder).expect("a folder");
        self.browser.picture(&folder.join(format!("{name}.png")));
        let text = self.browser.text();
        assert!(self.browser.width() <= u64::from(WIDTH), "{name} is wider than the phone:\n{text}");
        let barriers = self.browser.barriers();
        assert!(barriers.is_empty(), "{name}:\n{}\n{text}", barriers.join("\n"));
        if self.language == "en" {
            let said = text.replace("Tiếng Việt", "");
            let foreign: Vec<&str> = said.lines().filter(|line| line.chars().any(is_vietnamese)).collect();
            assert!(foreign.is_empty(), "{name} is not all in English: {foreign:?}");
        }
    }

    /// How many mails a mailbox got.
    pub(crate) fn mails(&self, mailbox: &str) -> usize {
        self.catcher.mails_since(0).iter().filter(|mail| mail.to.iter().any(|to| to == mailbox)).count()
    }

    /// A proposal that the clerk is asked to draw up.
    pub(crate) async fn opened(&self, id: &str, fields: &serde_json::Value) -> DossierId {
        self.pages.start("case", id, fields.clone()).await
    }

    /// A proposal that the clerk has submitted.
    pub(crate) async fn submitted(&self, id: &str, points: i64) -> DossierId {
        let title = format!("{} {id}", self.says("Sáng kiến", "Initiative"));
        let fields = json!({"title": title, "unit": "U", "kind": "plain", "person": "p-clerk", "points": points});
        let case = self.opened(id, &fields).await;
        self.acts(&case, "clerk", "submit").await;
        self.pages.settle().await;
        case
    }

    /// The list on which a row stands, put to the vote.
    pub(crate) async fn convened(&self, row: &DossierId) -> DossierId {
        let list = self.pages.list_of(row).await;
        self.acts(&list, "secretary", "convene").await;
        self.pages.settle().await;
        list
    }

    /// Somebody acts elsewhere than on this phone.
    pub(crate) async fn acts(&self, id: &DossierId, who: &str, event: &str) {
        let ask = act(&self.dossier(id).await, event);
        self.runs(id, who, ask).await;
    }

    /// All members are for all rows, but for one of them and one row; the vote is over.
    pub(crate) async fn everybody_votes(&self, list: &DossierId, doubted: &DossierId) {
        let stands = self.dossier(list).await;
        let activation = stands.votes[0].activation;
        for member in ["m1", "m2", "m3", "m4", "m5"] {
            let choice = |row: &DossierId| if member == "m4" && row == doubted { Choice::No } else { Choice::Yes };
            let choices = stands.rows.iter().map(|row| (row.dossier.clone(), choice(&row.dossier))).collect();
            self.runs(list, member, Ask::Cast { activation, choices }).await;
        }
        self.pages.engine.tick(list).await.expect("the vote closes");
        self.pages.settle().await;
    }

    async fn runs(&self, id: &DossierId, who: &str, ask: Ask) {
        let operation = OperationId::new(self.pages.engine.fresh_id());
        let command = Command { operation, dossier: id.clone(), actor: by(who), ask };
        self.pages.engine.handle(command, Vec::new()).await.expect("it is carried out");
    }

    /// A dossier as it stands.
    pub(crate) async fn dossier(&self, id: &DossierId) -> Dossier {
        self.pages.engine.dossier(id).await.expect("it reads").expect("it is there")
    }
}

/// The innermost state.
pub(crate) fn state(dossier: &Dossier) -> &str {
    dossier.leaves().next().map_or("", |leaf| leaf.state.as_str())
}

fn machine(name: &str) -> Machine {
    let file =
        |name: &str| FILES.iter().find(|(of, _)| name.ends_with(of)).map(|(of, text)| SourceFile::new(*of, *text));
    let checked = check_files(&file(name).expect("it is there"), &file);
    let faults: Vec<String> = checked.diagnostics.iter().map(|one| one.message("en")).collect();
    assert!(faults.is_empty(), "{name}: {faults:?}");
    checked.machine.expect("it is without faults")
}

/// A letter that English does not have.
fn is_vietnamese(letter: char) -> bool {
    letter.is_alphabetic() && !letter.is_ascii()
}
