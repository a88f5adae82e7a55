//! A PostgreSQL of these tests' own that may be crashed, started again, and followed by a standby that takes over.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::figures;
use crate::site::free_port;

/// How long a standby may take to follow.
const PATIENCE: Duration = Duration::from_secs(30);

/// A server with its folder, gone with it.
pub(crate) struct Cluster {
    bin: PathBuf,
    folder: PathBuf,
    pub port: u16,
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.crash();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

impl Cluster {
    /// A new one, or none where PostgreSQL is not installed: then it is said so, loudly, and CI fails.
    pub(crate) fn new(name: &str) -> Option<Self> {
        let Some(bin) = programs() else {
            figures::skipped("no PostgreSQL to be crashed is installed");
            return None;
        };
        let cluster = Self { bin, folder: fresh_folder(name), port: free_port() };
        let data = cluster.data();
        cluster.run("initdb", &["-D", &data, "-U", "chancery", "-A", "trust", "-E", "UTF8", "--locale=C"]);
        cluster.configure("");
        cluster.start();
        Some(cluster)
    }

    fn configure(&self, more: &str) {
        let folder = self.folder.display();
        let settings = format!(
            "port = {}\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = '{folder}'\nmax_connections = 60\n{more}\n",
            self.port
        );
        std::fs::write(self.folder.join("data/postgresql.auto.conf"), settings).expect("written");
    }

    /// The database that every cluster has.
    pub(crate) fn url(&self) -> String {
        url_at(self.port)
    }

    fn data(&self) -> String {
        self.folder.join("data").display().to_string()
    }

    /// Stops it in the middle: nothing is finished, nothing flushed, nobody told.
    pub(crate) fn crash(&self) {
        let _ = self.command("pg_ctl").args(["-D", &self.data(), "-m", "immediate", "-w", "stop"]).status();
    }

    /// Stops it as one that is looked after is stopped.
    pub(crate) fn stop(&self) {
        self.run("pg_ctl", &["-D", &self.data(), "-m", "fast", "-w", "stop"]);
    }

    /// Starts it; what a crash left is recovered first.
    pub(crate) fn start(&self) {
        let log = self.folder.join("log").display().to_string();
        self.run("pg_ctl", &["-D", &self.data(), "-w", "-t", "60", "-l", &log, "start"]);
    }

    /// A standby that follows this one by streaming; synchronous if nothing may be lost when it takes over.
    pub(crate) fn standby(&self, name: &str, synchronous: bool) -> Self {
        let standby = Self { bin: self.bin.clone(), folder: fresh_folder(name), port: free_port() };
        let (data, port) = (standby.data(), self.port.to_string());
        let from = ["-h", "127.0.0.1", "-p", &port, "-U", "chancery"];
        standby.run("pg_basebackup", &[from.as_slice(), &["-D", &data, "-c", "fast", "-X", "stream", "-R"]].concat());
        let settings = standby.folder.join("data/postgresql.auto.conf");
        let copied = std::fs::read_to_string(&settings).expect("it was copied");
        let follows = copied.lines().find(|line| line.starts_with("primary_conninfo")).unwrap_or_default().to_owned();
        standby.configure(&follows);
        standby.start();
        if synchronous {
            self.configure("synchronous_standby_names = '*'");
            self.run("pg_ctl", &["-D", &self.data(), "reload"]);
        }
        let patience = Instant::now() + PATIENCE;
        let wanted = if synchronous { "streaming sync" } else { "streaming async" };
        while self.ask("SELECT state || ' ' || sync_state FROM pg_stat_replication") != wanted {
            assert!(Instant::now() < patience, "the standby does not follow: {}", standby.said());
            std::thread::sleep(Duration::from_millis(50));
        }
        standby
    }

    /// The standby takes over.
    pub(crate) fn promote(&self) {
        self.configure("");
        self.run("pg_ctl", &["-D", &self.data(), "-w", "promote"]);
    }

    /// Waits until its standby has everything.
    pub(crate) fn is_followed(&self) {
        let patience = Instant::now() + PATIENCE;
        while self.ask("SELECT replay_lsn = pg_current_wal_lsn() FROM pg_stat_replication") != "t" {
            assert!(Instant::now() < patience, "the standby does not get everything");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn ask(&self, sql: &str) -> String {
        let (port, mut psql) = (self.port.to_string(), self.command("psql"));
        let asked = psql.args(["-h", "127.0.0.1", "-p", &port, "-U", "chancery", "-d", "postgres", "-tAc", sql]);
        let said = asked.stdout(Stdio::piped()).output().expect("it starts").stdout;
        String::from_utf8_lossy(&said).trim().to_owned()
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        // The server that `pg_ctl` starts keeps what it is handed: no pipe that somebody waits for.
        let status = self.command(program).args(arguments).status().expect("it starts");
        assert!(status.success(), "{program} {arguments:?}: {}", self.said());
    }

    fn said(&self) -> String {
        std::fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }

    /// PostgreSQL refuses to run as root: then it runs as the user that its package makes.
    fn command(&self, program: &str) -> Command {
        let path = self.bin.join(program);
        let mut command = if is_root() {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--"]).arg(path);
            command
        } else {
            Command::new(path)
        };
        command.current_dir(&self.folder).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }
}

pub(crate) fn url_at(port: u16) -> String {
    format!("postgres://chancery@127.0.0.1:{port}/postgres")
}

fn programs() -> Option<PathBuf> {
    let mut found: Vec<PathBuf> =
        std::fs::read_dir("/usr/lib/postgresql").ok()?.flatten().map(|entry| entry.path()).collect();
    found.sort();
    found.into_iter().rev().map(|version| version.join("bin")).find(|bin| bin.join("initdb").exists())
}

fn fresh_folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("chancery-cluster-{}-{name}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("a temporary folder");
    if is_root() {
        let given = Command::new("chown").arg("postgres").arg(&folder).status();
        assert!(given.is_ok_and(|status| status.success()), "the package makes the user postgres");
    }
    folder
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata(Path::new("/proc/self")).is_ok_and(|process| process.uid() == 0)
}
