//! The binary itself, as an operator runs it: arguments in, exit code, answer and complaint out.

use std::io::Read as _;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use chancery::planted::IS_POSSIBLE;
use serde_json::Value;

/// A folder of this test's own, with a configuration; gone with it.
pub(crate) struct Place {
    /// The folder.
    pub folder: PathBuf,
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// What a command did.
pub(crate) struct Ran {
    /// Its exit code.
    pub code: i32,
    /// What it answered.
    pub out: String,
    /// What it complained about.
    pub err: String,
}

pub(crate) fn place(name: &str) -> Place {
    let folder = std::env::temp_dir().join(format!("chancery-cli-{}-{name}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("a temporary folder");
    let config = "[database]\nurl = 'sqlite://office.db'\n[web]\nlisten = '127.0.0.1:0'\n";
    std::fs::write(folder.join("office.toml"), config).expect("written");
    Place { folder }
}

pub(crate) fn shipped(path: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("workflows").join(path).display().to_string()
}

impl Place {
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_chancery"));
        command
            .current_dir(&self.folder)
            .env_clear()
            .env("CHANCERY_CONFIG", "office.toml")
            .env("USER", "tester")
            .stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        let output = self.command().args(arguments).output().expect("the binary runs");
        Ran {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).expect("UTF-8"),
            err: String::from_utf8(output.stderr).expect("UTF-8"),
        }
    }

    #[track_caller]
    pub(crate) fn good(&self, arguments: &[&str]) -> String {
        let ran = self.run(arguments);
        assert_eq!(ran.code, 0, "{arguments:?}: {}", ran.err);
        ran.out
    }

    #[track_caller]
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let mut all = arguments.to_vec();
        all.extend(["--format", "json"]);
        serde_json::from_str(&self.good(&all)).expect("one JSON value")
    }

    #[track_caller]
    pub(crate) fn bad(&self, code: i32, arguments: &[&str], words: &[&str]) {
        let ran = self.run(arguments);
        assert_eq!(ran.code, code, "{arguments:?}: {}", ran.err);
        for word in words {
            assert!(ran.err.contains(word), "{arguments:?}: `{word}` is missing in: {}", ran.err);
        }
    }

    /// The shipped example, deployed.
    pub(crate) fn purchase(&self) {
        self.good(&["migrate"]);
        let (calendar, folder) = (shipped("calendars/vn-civil-service.yaml"), shipped("purchase"));
        let directory = shipped("purchase/directory");
        self.good(&["deploy", &folder, "--calendar", &calendar, "--directory", &directory]);
    }

    pub(crate) fn start(&self) -> String {
        let started = self.json(&[
            "start",
            "purchase",
            "--as",
            "MS-DN",
            "--field",
            "item=Máy in",
            "--field",
            "amount=5000000",
            "--field",
            "unit=CTY-KT",
        ]);
        started["dossier"].as_str().expect("an id").to_owned()
    }
}

#[test]
fn a_dossier_is_started_led_shown_listed_and_replayed() {
    let place = place("life");
    place.purchase();
    let id = place.start();
    assert_eq!(place.json(&["act", &id[..6], "approve", "--as", "MS-TP"])["state"], "budget_check");
    let unready = ["act", &id, "approve", "--as", "MS-KT"];
    place.bad(1, &unready, &["Not recorded: No budget line is given (`budget_named`)"]);
    place.bad(1, &[&["--language", "vi"], unready.as_slice()].concat(), &["Chưa ghi nhận được: Chưa ghi mục chi"]);
    place.bad(1, &["act", &id, "approve", "--as", "MS-TP"], &["Not recorded: This step does not ask MS-TP"]);
    place.bad(1, &["act", &id, "cast", "--as", "MS-KT"], &["ballots are cast by members only"]);
    place.bad(2, &["act", &id, "approve", "--as", "NOBODY"], &["NOBODY"]);
    place.bad(2, &["act", &id, "approve", "--as", "MS-KT", "--field", "amount=x"], &["whole number"]);
    place.bad(2, &["act", "zzzz", "approve", "--as", "MS-KT"], &["no dossier"]);
    place.good(&["act", &id, "approve", "--as", "MS-KT", "--field", "budget_line=K1"]);
    let shown = place.json(&["show", &id]);
    assert_eq!(shown["history"].as_array().map(Vec::len), Some(3));
    assert_eq!(shown["history"][1]["actor"]["operator"]["operator"], "tester");
    assert_eq!(shown["said"].as_array().map(Vec::len), Some(3));
    assert!(place.good(&["show", &id]).contains("Nguyễn Văn Giám Đốc"));
    assert_eq!(place.json(&["list", "--open", "--workflow", "purchase"]).as_array().map(Vec::len), Some(1));
    assert_eq!(place.json(&["list", "--state", "bought"]).as_array().map(Vec::len), Some(0));
    let replayed = place.json(&["audit", "replay", "--all"]);
    assert_eq!((&replayed["dossiers"], &replayed["events"]), (&Value::from(1), &Value::from(3)));
}

#[test]
fn every_command_says_an_example_first_and_wrong_arguments_are_usage() {
    let place = place("help");
    for command in [
        "check",
        "diagram",
        "explain",
        "deploy",
        "directory",
        "audit heads",
        "mail preview",
        "mail samples",
        "mail list",
        "mail resend",
        "mail readdress",
        "mail deeds",
        "audit replay",
        "import",
        "start",
        "act",
        "show",
        "list",
        "pin",
        "away",
        "serve",
        "web",
        "scheduler",
        "measure",
        "migrate",
        "migrate-dossiers",
        "schema",
        "simulate",
        "fmt",
        "backup",
        "restore",
        "resume",
        "doctor",
    ] {
        let help = place.good(&command.split(' ').chain(["--help"]).collect::<Vec<_>>());
        assert!(help.starts_with("Example:\n  "), "{command}: {help}");
    }
    assert!(place.good(&["--help"]).contains("Exit codes:"));
    place.bad(2, &["list", "--colour"], &["--colour"]);
    place.bad(2, &["--config", "none.toml", "list"], &["none.toml", "help:"]);
    place.bad(2, &["list"], &["chancery migrate"]);
}

#[test]
fn another_directory_is_shown_before_it_takes_the_place_of_the_old_one() {
    let place = place("directory");
    place.good(&["migrate"]);
    let first = place.good(&["directory", &shipped("purchase/directory")]);
    assert!(first.contains("units") && !first.contains("+ "), "nobody can be lost yet: {first}");
    let folder = place.folder.join("directory");
    std::fs::create_dir_all(&folder).expect("a folder");
    for file in std::fs::read_dir(shipped("purchase/directory")).expect("shipped") {
        let path = file.expect("a file").path();
        let text = std::fs::read_to_string(&path).expect("shipped");
        let text = text.replace("Nguyễn Văn Giám Đốc", "Nguyễn Văn Tổng Giám Đốc");
        std::fs::write(folder.join(path.file_name().expect("a name")), text).expect("written");
    }
    place.good(&["directory", &shipped("purchase/directory")]);
    let ran = place.run(&["directory", "directory"]);
    assert_eq!(ran.code, 5, "{}", ran.err);
    assert!(ran.out.starts_with("~ person ") && ran.out.contains("-> Nguyễn Văn Tổng Giám Đốc"), "{}", ran.out);
    assert!(ran.err.contains("--yes"), "{}", ran.err);
    assert_eq!(place.run(&["directory", "directory"]).out, ran.out, "nothing was changed");
    let shown = place.run(&["directory", "directory", "--format", "json"]);
    assert_eq!(shown.code, 5);
    assert!(shown.out.contains("\"applied\":false"), "{}", shown.out);
    let applied = place.json(&["directory", "directory", "--yes"]);
    assert_eq!((&applied["applied"], applied["changes"].as_array().map(Vec::len)), (&Value::from(true), Some(1)));
    assert_eq!(place.good(&["directory", "directory"]), "nothing changes\n");
}

#[test]
fn mails_are_looked_at_before_anybody_gets_one() {
    let place = place("preview");
    let purchase = shipped("purchase");
    let mails = place.json(&["mail", "preview", &purchase, "--for", "MS-TP", "--language", "en"]);
    let first = &mails.as_array().expect("mails")[0];
    assert_eq!(first["person"], "MS-TP");
    assert!(first["text"].as_str().expect("a text").contains("https://office.example/l/"), "{first}");
    let said = place.good(&["mail", "preview", &purchase, "--for", "MS-TP", "--into", "mails"]);
    let count = mails.as_array().map_or(0, Vec::len);
    assert!(said.starts_with(&format!("{count} mails in `mails`")), "{said}");
    let html = std::fs::read_to_string(place.folder.join("mails/001-MS-TP.html")).expect("written");
    assert!(html.contains("lang=\"vi\""), "{html}");
    place.bad(2, &["mail", "preview", &purchase, "--for", "NOBODY"], &["NOBODY"]);
    place.bad(2, &["mail", "preview", &purchase, "--case", "no such words"], &["--case"]);
}

#[test]
fn every_kind_of_mail_is_written_in_both_languages() {
    let place = place("samples");
    let said = place.good(&["mail", "samples", "--into", "mails"]);
    let files = std::fs::read_dir(place.folder.join("mails")).expect("made").count();
    assert_eq!(said.trim(), format!("{} mails in `mails`", (files - 1) / 2));
    for (file, word) in
        [("vi-ballot.txt", "Kính gửi bà"), ("en-ballot.html", "Dear Ms"), ("index.html", "en-digest.txt")]
    {
        let text = std::fs::read_to_string(place.folder.join("mails").join(file)).expect("written");
        assert!(text.contains(word), "{file}: {text}");
    }
}

#[test]
fn a_person_gets_another_address_and_that_is_recorded() {
    let place = place("readdress");
    place.purchase();
    place.start();
    assert!(place.good(&["mail", "list"]).contains("every mail arrived"));
    place.bad(2, &["mail", "resend", "zz", "--as", "MS-DN", "--reason", "x"], &["mail list"]);
    let readdress = ["mail", "readdress", "MS-TP", "--as", "MS-DN", "--reason", "misspelt", "--to"];
    place.bad(2, &[&readdress[..], &["nowhere"]].concat(), &["nowhere"]);
    place.good(&[&readdress[..], &["tp@right.example"]].concat());
    let deeds = place.json(&["mail", "deeds"]);
    assert_eq!((&deeds[0]["what"], &deeds[0]["reason"]), (&"readdressed".into(), &"misspelt".into()));
    assert!(place.good(&["mail", "deeds"]).contains("misspelt"));
}

#[test]
fn the_daily_heads_are_printed_and_compared_with_what_was_kept() {
    let place = place("heads");
    place.purchase();
    place.start();
    assert_eq!(place.good(&["audit", "heads"]), "", "the scheduler has not run yet");
    let kept = format!("2026-06-02  3  {}\n", "ab".repeat(32));
    std::fs::write(place.folder.join("kept.txt"), kept).expect("written");
    place.bad(1, &["audit", "heads", "--against", "kept.txt"], &["the head of 2026-06-02, which was kept, is gone"]);
    std::fs::write(place.folder.join("kept.txt"), "what?\n").expect("written");
    place.bad(3, &["audit", "heads", "--against", "kept.txt"], &["kept.txt", "line 1"]);
}

#[test]
fn a_check_names_file_line_and_column_and_explains_codes() {
    let place = place("check");
    assert!(place.good(&["check", &shipped("purchase")]).contains("purchase.yaml: good"));
    let text = std::fs::read_to_string(shipped("purchase/purchase.yaml")).expect("shipped");
    std::fs::write(place.folder.join("bad.yaml"), text.replace("target: buying", "target: byuing")).expect("written");
    std::fs::copy(shipped("purchase/limits.yaml"), place.folder.join("limits.yaml")).expect("copied");
    place.bad(3, &["check", "bad.yaml"], &["bad.yaml:", "byuing", "buying"]);
    let ran = place.run(&["check", "bad.yaml", "--format", "json"]);
    let first: Value = serde_json::from_str(ran.out.lines().next().expect("a line")).expect("JSON");
    assert!(first["code"].is_string(), "{first}");
    std::fs::write(place.folder.join("latin.yaml"), b"chancery: 1\ntitle: \xe9\n").expect("written");
    place.bad(3, &["check", "latin.yaml"], &["UTF-8", "line 2"]);
    place.bad(3, &["check", "none.yaml"], &["none.yaml"]);
    assert!(place.good(&["check", "--explain", "e0101"]).starts_with("E0101: "));
    place.bad(2, &["check", "--explain", "E9999"], &["E9999"]);
    place.good(&["migrate"]);
    place.bad(3, &["deploy", "bad.yaml"], &["nothing was deployed"]);
}

#[test]
fn a_backup_is_whole_and_a_restored_or_copied_database_is_held_until_resume() {
    let place = place("backup");
    place.purchase();
    let id = place.start();
    place.good(&["backup", "copy.db"]);
    place.bad(2, &["backup", "copy.db"], &["exists already", "help:"]);
    place.bad(2, &["restore", "copy.db"], &["exists already", "help:"]);
    for file in ["office.db", "office.db-wal", "office.db-shm"] {
        let _ = std::fs::rename(place.folder.join(file), place.folder.join(format!("old-{file}")));
    }
    std::fs::write(place.folder.join("torn.db"), vec![7_u8; 8192]).expect("written");
    place.bad(3, &["restore", "torn.db"], &["torn.db"]);
    place.bad(3, &["restore", "none.db"], &["none.db"]);
    assert!(!place.folder.join("office.db").exists());
    place.good(&["restore", "copy.db"]);
    assert_eq!(held(&place), "look");
    assert_eq!(place.json(&["show", &id])["dossier"]["id"], id.as_str());
    assert!(place.json(&["resume"])["held"].as_str().expect("a reason").contains("copy.db"));
    assert_eq!(held(&place), "good");
    place.bad(2, &["--database", "postgres://u@h/d", "backup", "x"], &["pg_dump"]);
}

#[test]
fn a_workflow_is_drawn_from_its_file_from_the_database_and_for_one_dossier() {
    let place = place("diagram");
    let folder = shipped("purchase");
    assert!(place.good(&["diagram", &folder]).starts_with("<svg "));
    assert!(place.good(&["diagram", &folder, "--format", "mermaid", "--language", "en"]).contains(": Funds available"));
    assert!(place.good(&["diagram", &folder, "--format", "dot"]).starts_with("digraph"));
    place.bad(2, &["diagram", &folder, "--format", "json"], &["svg, mermaid, dot"]);
    place.bad(2, &["diagram", "purchase"], &["no file `purchase`"]);
    place.bad(2, &["diagram", &shipped("annual")], &["say which", "annual_case.yaml"]);
    place.purchase();
    let id = place.start();
    assert!(place.good(&["diagram", "purchase", "--format", "dot"]).contains("Trưởng đơn vị xem xét (1)"));
    assert!(place.good(&["diagram", "--dossier", &id]).contains("Máy in"));
    place.bad(2, &["diagram", "nothing"], &["purchase"]);
    place.bad(2, &["list", "--format", "svg"], &["human, json"]);
}

#[test]
fn a_dossier_is_explained_in_both_languages_with_its_mails() {
    let place = place("explain");
    place.purchase();
    let id = place.start();
    place.good(&["act", &id, "approve", "--as", "MS-TP"]);
    let said = place.good(&["explain", &id[..8]]);
    assert!(said.contains("đóng với mọi người: Chưa ghi mục chi. (Quy chế chi tiêu nội bộ, Điều 6)"), "{said}");
    assert!(said.contains("thư: mời: chờ gửi, không trước"), "{said}");
    assert!(place.good(&["explain", &id, "--language", "en"]).contains("wants along: a reason"));
    let answer = place.json(&["explain", &id]);
    assert_eq!(answer["explanation"]["awaited"][0]["state"], "budget_check");
    assert_eq!(answer["explanation"]["ways"][0]["people"][0]["closed"][0]["about"], "budget_named");
    place.bad(2, &["explain", &id, "--choices", "item"], &["no field that chooses", "none"]);
}

#[test]
fn numbers_and_absences_are_given_on_the_command_line() {
    let place = place("pins");
    place.purchase();
    let id = place.start();
    assert!(place.good(&["pin", &id]).contains("wants a number"));
    place.bad(1, &["pin", &id, "--for", "MS-TP"], &["wants a number"]);
    place.bad(2, &["pin", "none"], &["there is no dossier"]);
    assert!(place.good(&["away"]).contains("nobody has said"));
    let set = ["away", "MS-TP", "--deputy", "MS-KT", "--from", "2035-01-01", "--until", "2035-01-05"];
    assert!(place.good(&set).contains("MS-KT"));
    let answer = place.json(&["away", "MS-TP"]);
    assert!(answer[0]["set_by"].as_str().is_some_and(|by| by.starts_with("operator:")), "{answer}");
    let id = answer[0]["id"].as_str().expect("an id");
    place.bad(1, &["away", "MS-TP", "--deputy", "MS-TP", "--until", "2035-01-05"], &["themselves"]);
    place.bad(1, &["away", "MS-TP", "--deputy", "MS-KT", "--until", "2020-01-05"], &["last day"]);
    assert!(place.good(&["away", "MS-TP", "--end", id]).contains("ended early"));
}

fn held(place: &Place) -> String {
    let findings = findings(place);
    let held = findings.iter().find(|one| one["what"] == "held");
    held.expect("it looks")["verdict"].as_str().expect("a verdict").to_owned()
}

/// What `doctor` finds. That the tests' own program can be told to go wrong is one of its findings, and is seen to here.
#[track_caller]
fn findings(place: &Place) -> Vec<Value> {
    let ran = place.run(&["doctor", "--no-mail", "--format", "json"]);
    let mut findings: Vec<Value> = serde_json::from_str(&ran.out).expect("a list");
    let all = findings.len();
    findings.retain(|one| one["what"] != "program");
    assert_eq!(findings.len() < all, IS_POSSIBLE, "{}", ran.out);
    let wrong = IS_POSSIBLE || findings.iter().any(|one| one["verdict"] == "wrong");
    assert_eq!(ran.code, i32::from(wrong), "{}", ran.out);
    findings
}

/// What of an office `doctor` calls wrong.
#[track_caller]
pub(crate) fn wrong(place: &Place) -> Vec<String> {
    let wrong = findings(place).into_iter().filter(|one| one["verdict"] == "wrong");
    wrong.map(|one| one["what"].as_str().expect("a word").to_owned()).collect()
}

#[test]
fn doctor_names_what_is_wrong() {
    let place = place("doctor");
    assert_eq!(wrong(&place), ["keys", "database"]);
    place.bad(1, &["doctor"], &["put right"]);
    place.good(&["migrate"]);
    assert_eq!(wrong(&place), [""; 0]);
    assert!(place.run(&["doctor"]).out.contains("3.5"));
    std::fs::remove_file(place.folder.join("keys/master-1.key")).expect("it was there");
    assert_eq!(wrong(&place), ["keys"]);
    let ran = place.run(&["doctor"]);
    assert_eq!(ran.code, 1);
    assert!(ran.out.contains("WRONG") && ran.out.contains("master-1.key"), "{}", ran.out);
}

/// A server under a notify socket, killed with the test.
struct Server {
    child: Child,
    socket: UnixDatagram,
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    fn begin(place: &Place, arguments: &[&str]) -> Self {
        let path = place.folder.join("notify");
        let _ = std::fs::remove_file(&path);
        let socket = UnixDatagram::bind(&path).expect("a socket");
        socket.set_read_timeout(Some(Duration::from_mins(1))).expect("a timeout");
        let child = place
            .command()
            .args(arguments)
            .env("NOTIFY_SOCKET", &path)
            .env("WATCHDOG_USEC", "3000000")
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        Self { child, socket }
    }

    /// Waits for a word to systemd.
    #[track_caller]
    fn hears(&mut self, word: &str) {
        let mut bytes = [0; 4096];
        let mut heard = Vec::new();
        loop {
            let Ok(length) = self.socket.recv(&mut bytes) else { panic!("`{word}` was not said, but {heard:?}") };
            let said = String::from_utf8_lossy(&bytes[..length]).into_owned();
            if said.lines().any(|line| line.starts_with(word)) {
                return;
            }
            heard.push(said);
        }
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([name, &self.child.id().to_string()]).status().expect("kill runs");
        assert!(sent.success());
    }

    fn end(mut self) -> (Option<i32>, String) {
        let status = self.child.wait().expect("it ends");
        let mut said = String::new();
        self.child.stderr.take().expect("it is piped").read_to_string(&mut said).expect("UTF-8");
        (status.code(), said)
    }
}

#[test]
fn each_kind_of_server_says_ready_pets_the_watchdog_and_stops_gracefully() {
    let place = place("serve");
    place.purchase();
    for (command, signal) in [("serve", "-TERM"), ("web", "-INT"), ("scheduler", "-TERM")] {
        let mut server = Server::begin(&place, &[command]);
        server.hears("READY=1");
        server.hears("WATCHDOG=1");
        server.signal(signal);
        server.hears("STOPPING=1");
        let (code, said) = server.end();
        assert_eq!(code, Some(0), "{command}: {said}");
    }
}

/// What belongs to the process alone: of the program's own bytes more are read in where it was not optimised.
fn own_memory_kib(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).expect("Linux says it");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

#[test]
fn an_idle_server_of_the_whole_round_needs_little_memory() {
    let place = place("idle");
    place.good(&["migrate"]);
    let [annual, calendar, directory] = ["annual", "calendars/vn-civil-service.yaml", "annual/directory"].map(shipped);
    place.good(&["deploy", &annual, "--calendar", &calendar, "--directory", &directory]);
    let mut server = Server::begin(&place, &["serve"]);
    server.hears("READY=1");
    server.hears("WATCHDOG=1");
    let kib = own_memory_kib(server.child.id());
    assert!(kib < 24 * 1024, "{kib} KiB");
}

#[test]
fn a_server_on_a_copied_database_says_that_it_is_held() {
    let place = place("copied");
    place.purchase();
    place.good(&["backup", "copy.db"]);
    // The keys lie beside the database and go along.
    let mut server = Server::begin(&place, &["scheduler", "--database", "sqlite://copy.db"]);
    server.hears("STATUS=held");
    server.signal("-TERM");
    assert_eq!(server.end().0, Some(0));
}

#[tokio::test]
async fn no_server_runs_on_the_clock_of_a_demonstration() {
    let place = place("demo-clock");
    place.good(&["migrate"]);
    let url = format!("sqlite://{}", place.folder.join("office.db").display());
    let store = chancery::store::Store::open(&url).await.expect("it opens");
    store.set_meta(chancery::store::meta::CLOCK, "demo").await.expect("it is written");
    drop(store);
    for command in ["serve", "web", "scheduler"] {
        place.bad(1, &[command], &["demonstration"]);
    }
}
