//! A real office on a database: its folder with configuration and keys, `chancery serve` as a process that can be killed, a mail
//! server that keeps what it gets. What its people do is in `people`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use chancery::catcher::Catcher;
use chancery::clock::{Chance, Clock};
use chancery::config::KeyFiles;
use chancery::engine::{Engine, Keys};
use chancery::ids::MachineHash;
use chancery::links::LinkKeys;
use chancery::seal::MasterKeys;
use chancery::source::SourceFile;
use chancery::store::Store;
use chancery::verify::{Given, Report, Unreadable, verify};
use tokio::sync::watch;

use crate::http;
use crate::office;

/// An errand (three people answer one after the other; at the end it gets a number and an entry in a register, and whoever began it
/// is told), a memo that is opened beside it and files itself after a minute, and a pulse that starts every minute.
const WORKFLOWS: [(&str, &str); 3] = [
    ("memo", include_str!("site/memo.yaml")),
    ("pulse", include_str!("site/pulse.yaml")),
    ("errand", include_str!("site/errand.yaml")),
];

/// Mails that may not wait go out at any hour, so that there are some whenever the tests are run.
const CALENDAR: &str = "chancery: 1\ncalendar: plain\ntitle: Tuần thường\nzone: Asia/Ho_Chi_Minh\n\
    mail: {urgent: {from: '00:00', until: '23:59'}}\nyears: {}\n";

/// How long it may take, once nothing stands in the way any more, until somebody is told again that something is done.
const RECOVERY_MAX: Duration = Duration::from_mins(2);

/// The office.
pub(crate) struct Site {
    folder: PathBuf,
    /// The database that people (and the last look) use, whatever the server goes through.
    pub(crate) url: String,
    pub(crate) port: u16,
    pub(crate) engine: Engine,
    pub(crate) links: LinkKeys,
    pub(crate) errand: MachineHash,
    mails: Arc<Mails>,
    acknowledged: Mutex<Vec<String>>,
    stop: watch::Sender<bool>,
    /// What was acknowledged may be gone: only what is there has to hang together.
    pub(crate) forgets: bool,
}

impl Drop for Site {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

impl Site {
    /// A new office; the server reaches the database under `through`, which may lead through something that misbehaves.
    pub(crate) async fn new(name: &str, url: Option<&str>, through: Option<&str>) -> Self {
        let folder = std::env::temp_dir().join(format!("chancery-holds-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).expect("a temporary folder");
        let own = format!("sqlite://{}", folder.join("office.db").display());
        let url = url.unwrap_or(&own).to_owned();
        let mails = Mails::start().await;
        let port = free_port();
        let config = |database: &str| {
            format!(
                "[database]\nurl = '{database}'\n[web]\nlisten = '127.0.0.1:{port}'\npublic_url = 'http://127.0.0.1:{port}'\n\
                 [keys]\ndir = 'keys'\n[log]\nfilter = 'warn'\n[mail]\nhost = '127.0.0.1'\nport = {}\ntls = 'none'\n\
                 from = 'Office <office@office.example>'\n",
                mails.catcher.address().port()
            )
        };
        std::fs::write(folder.join("office.toml"), config(&url)).expect("written");
        let migrated = chancery(&folder).arg("migrate").output().expect("it starts");
        assert!(migrated.status.success(), "{}", String::from_utf8_lossy(&migrated.stderr));
        std::fs::write(folder.join("office.toml"), config(through.unwrap_or(&url))).expect("written");
        let keys = KeyFiles::in_folder(folder.join("keys"));
        let links = LinkKeys::new(keys.links().expect("link keys"));
        let master = MasterKeys::new(keys.masters().expect("master keys")).expect("there is one");
        let store = Store::open(&url).await.expect("it opens");
        let clock = if store.is_postgres() { Clock::database() } else { Clock::System };
        let keys = Keys { links: links.clone(), master };
        let engine = Engine::open(store, keys, clock, Chance::system()).await.expect("an engine");
        let errand = furnish(&engine).await;
        let (stop, _) = watch::channel(false);
        let acknowledged = Mutex::default();
        Self { folder, url, port, engine, links, errand, mails, acknowledged, stop, forgets: false }
    }

    /// A server of this office, with this in its environment.
    pub(crate) fn serve(&self, environment: &[(&str, &str)]) -> Server {
        self.start("serve", environment)
    }

    /// Timers, messages and mails alone, beside the server.
    pub(crate) fn scheduler(&self, environment: &[(&str, &str)]) -> Server {
        self.start("scheduler", environment)
    }

    /// A command of this office that is waited for.
    pub(crate) fn run(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
        let mut process = chancery(&self.folder);
        process.args(arguments).envs(environment.iter().copied()).output().expect("it starts")
    }

    /// Deploys a workflow again, in a version that differs in a comment alone.
    pub(crate) fn deploy_again(&self, version: u64, environment: &[(&str, &str)]) -> Output {
        let (name, text) = WORKFLOWS[0];
        let file = format!("{name}.yaml");
        std::fs::write(self.folder.join(&file), format!("{text}# {version}\n")).expect("written");
        self.run(&["deploy", &file], environment)
    }

    fn start(&self, command: &str, environment: &[(&str, &str)]) -> Server {
        let log = std::fs::File::options().create(true).append(true).open(self.folder.join("log"));
        let mut process = chancery(&self.folder);
        process.arg(command).envs(environment.iter().copied()).stdout(Stdio::null()).stderr(log.expect("a log"));
        Server(process.spawn().expect("it starts"))
    }

    /// Waits until the server answers.
    pub(crate) async fn is_up(&self) {
        let patience = Instant::now() + RECOVERY_MAX;
        while !http::get(self.port, "/health").await.is_ok_and(|answer| answer.status == 200) {
            assert!(Instant::now() < patience, "it does not answer any more\n{}", self.log());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Waits until people get on: so many more of them were told that something is done.
    pub(crate) async fn goes_on(&self, more: usize) {
        let (until, patience) = (self.acknowledged() + more, Instant::now() + RECOVERY_MAX);
        while self.acknowledged() < until {
            assert!(Instant::now() < patience, "nobody gets on any more\n{}", self.log());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Everybody finishes what they have begun no further than to the next answer.
    pub(crate) fn stop(&self) {
        self.stop.send_replace(true);
    }

    pub(crate) fn is_over(&self) -> bool {
        *self.stop.borrow()
    }

    pub(crate) fn acknowledge(&self, operation: &str) {
        self.acknowledged.lock().unwrap_or_else(PoisonError::into_inner).push(operation.to_owned());
    }

    pub(crate) fn acknowledged(&self) -> usize {
        self.acknowledged.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// What an independent look finds, told everything that was acknowledged.
    pub(crate) async fn look(&self) -> Report {
        self.look_at(&self.url, self.operations()).await.expect("it can be read")
    }

    /// Everything that was acknowledged so far.
    pub(crate) fn operations(&self) -> Vec<String> {
        self.acknowledged.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The same at another place; an error where nothing can be read.
    pub(crate) async fn look_at(&self, url: &str, acknowledged: Vec<String>) -> Result<Report, Unreadable> {
        let keys = KeyFiles::in_folder(self.folder.join("keys")).masters().expect("the keys");
        let given = Given { keys: Some(keys), acknowledged };
        verify(url, &given, |_, _| {}).await
    }

    /// A copy of the database, made while it is in use; everything that was acknowledged before it was begun must be in it.
    pub(crate) async fn backup(&self, number: u64) -> Report {
        let file = self.folder.join(format!("backup-{number}.db"));
        let acknowledged = self.operations();
        let copied = chancery(&self.folder).arg("backup").arg(&file).output().expect("it starts");
        assert!(copied.status.success(), "{}", String::from_utf8_lossy(&copied.stderr));
        let report = self.look_at(&format!("sqlite://{}", file.display()), acknowledged).await.expect("it can be read");
        let _ = std::fs::remove_file(file);
        report
    }

    /// Mails that the ledger calls accepted and nobody caught, and those that were caught and stand in no ledger.
    pub(crate) async fn strange_mails(&self) -> Vec<String> {
        self.strange_mails_in(self.engine.store()).await
    }

    /// The same by the ledger in another database.
    pub(crate) async fn strange_mails_in(&self, store: &Store) -> Vec<String> {
        let rows = store.read("SELECT message_id, status FROM mail", &[]).await.expect("it is read");
        let row = |row: &chancery::store::Row| {
            (row.text(0).expect("a text").to_owned(), row.text(1).expect("a text") == "accepted")
        };
        let ledger: Vec<(String, bool)> = rows.iter().map(row).collect();
        let caught = self.mails.ids();
        let lost = ledger
            .iter()
            .filter(|(id, accepted)| *accepted && !caught.contains(id))
            .map(|(id, _)| format!("lost {id}"));
        let known: BTreeSet<&String> = ledger.iter().map(|(id, _)| id).collect();
        let unknown = caught.iter().filter(|id| !known.contains(id)).map(|id| format!("in no ledger {id}"));
        lost.chain(unknown).collect()
    }

    /// Mails that were caught, copies of the same one counted once.
    pub(crate) fn mails(&self) -> usize {
        self.mails.ids().len()
    }

    /// Dossiers whose log does not give what is stored, by the engine's own replay.
    pub(crate) async fn unreplayed(&self) -> Vec<String> {
        let mut faults = Vec::new();
        let mut last = None;
        loop {
            let ids = self.engine.dossiers_after(last.as_ref(), 500).await.expect("ids");
            let Some(end) = ids.last().cloned() else { return faults };
            for id in &ids {
                let replay = self.engine.replay(id).await.expect("it is read");
                faults.extend(replay.faults.into_iter().map(|fault| format!("{id}: {fault}")));
            }
            last = Some(end);
        }
    }

    /// In which minutes a pulse was started, in order.
    pub(crate) async fn pulses(&self) -> Vec<i64> {
        let all = "SELECT opened_at FROM dossier WHERE workflow = 'pulse' ORDER BY opened_at";
        let rows = self.engine.store().read(all, &[]).await.expect("it is read");
        rows.iter().map(|row| row.int(0).expect("an instant") / 60_000).collect()
    }

    /// Dossiers whose time was over a while ago and that stand as if it were not; and those that went by the clock.
    pub(crate) async fn overdue(&self, ms: i64) -> (usize, usize) {
        let late = "SELECT id FROM dossier WHERE closed_at IS NULL AND next_due_at < $1";
        let late = self.engine.store().read(late, &[self.engine.now().plus_ms(-ms).0.into()]).await;
        let went = "SELECT id FROM dossier WHERE closed_at IS NOT NULL AND workflow IN ('memo', 'pulse')";
        let went = self.engine.store().read(went, &[]).await;
        (late.expect("it is read").len(), went.expect("it is read").len())
    }

    /// What the servers complained about, for whoever looks into a failure: the end of it.
    pub(crate) fn log(&self) -> String {
        let log = std::fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(60)..].join("\n")
    }
}

/// The mail server, and the ids of everything that it took, however much that is.
struct Mails {
    catcher: Catcher,
    taken: Mutex<(u64, BTreeSet<String>)>,
}

impl Mails {
    async fn start() -> Arc<Self> {
        let catcher = Catcher::start("127.0.0.1:0".parse().expect("an address")).await.expect("a mail server");
        let mails = Arc::new(Self { catcher, taken: Mutex::default() });
        let taking = Arc::downgrade(&mails);
        tokio::spawn(async move {
            while let Some(mails) = taking.upgrade() {
                mails.ids();
                drop(mails);
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        });
        mails
    }

    fn ids(&self) -> BTreeSet<String> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        for mail in self.catcher.mails_since(taken.0) {
            taken.0 = taken.0.max(mail.number);
            taken.1.insert(mail.message_id.clone());
        }
        taken.1.clone()
    }
}

fn chancery(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chancery"));
    command.current_dir(folder).env_clear().env("CHANCERY_CONFIG", "office.toml").env("USER", "tester");
    command.stdin(Stdio::null());
    command
}

async fn furnish(engine: &Engine) -> MachineHash {
    let file = SourceFile::new("plain.yaml", CALENDAR);
    engine.put_calendar(&office::calendar(CALENDAR), &file).await.expect("a calendar");
    engine.put_directory(office::directory()).await.expect("a directory");
    let mut hash = None;
    for (name, text) in WORKFLOWS {
        let machine = office::machine(name, text);
        engine.deploy(&machine, &[SourceFile::new(format!("{name}.yaml"), text)]).await.expect("a version");
        hash = Some(machine.hash().clone());
    }
    hash.expect("they were deployed")
}

/// A port that is free now.
pub(crate) fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}

/// A server process, gone with this at the latest.
pub(crate) struct Server(Child);

impl Server {
    /// `kill -9`.
    pub(crate) fn kill(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }

    /// Ends it as one that is looked after is ended.
    pub(crate) fn end(&mut self) {
        self.signal("TERM");
        let _ = self.0.wait();
    }

    /// Whether it is dead, by itself.
    pub(crate) fn is_dead(&mut self) -> bool {
        self.0.try_wait().is_ok_and(|status| status.is_some())
    }

    /// Stops it where it stands (`STOP`), or lets it go on (`CONT`).
    pub(crate) fn signal(&self, signal: &str) {
        let told = Command::new("kill").args([format!("-{signal}"), self.0.id().to_string()]).status();
        assert!(told.is_ok_and(|status| status.success()), "a signal can be sent");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}
