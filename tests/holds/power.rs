//! The power goes, under load, on SQLite: a shim (`power/shim.c`, preloaded into the server) writes down what the disk is told and
//! when it says "done"; from that the files are made that a disk could hold afterwards (`power/disk.rs`), and the server goes on from
//! there. `CHAOS_POWER` says how often, `CHAOS_SEED` where. So that it is known to find something, the same disk also lies.

mod disk;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chancery::clock::Chance;
use chancery::store::Store;
use chancery::store::backup;
use chancery::verify::Report;

use self::disk::{Disk, Kept, lying};
use crate::figures::{self, say};
use crate::people;
use crate::site::{Server, Site};
use crate::trial::{Trial, is_gone, parts};

/// People at work at once.
const PEOPLE: usize = 6;
/// Errands that are begun before the first cut, for each cut and besides.
const ERRANDS: (usize, usize) = (12, 30);
/// Places of a command around its commit, at each of which every fourth cut comes in turn.
const AROUND: [&str; 6] = ["events-written", "written", "committed", "answered", "mail-claimed", "mail-settled"];

/// From how many pages on the log is copied into the database: soon, so that cuts fall into that as well.
const LOG_PAGES: &str = "60";

/// An office whose server's database lies on a disk whose power goes.
struct Power {
    folder: PathBuf,
    shim: PathBuf,
    site: Arc<Site>,
}

impl Drop for Power {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

impl Power {
    /// None where there is no compiler: then it is said so, loudly, and CI fails.
    async fn new(name: &str) -> Option<Self> {
        let folder = std::env::temp_dir().join(format!("chancery-power-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(folder.join("disk")).expect("a temporary folder");
        let shim = folder.join("shim.so");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/holds/power/shim.c");
        let mut cc = Command::new("cc");
        cc.args(["-O1", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o"]).arg(&shim).arg(source);
        match cc.arg("-lpthread").output() {
            Ok(compiled) if compiled.status.success() => {}
            Ok(compiled) => panic!("the shim: {}", String::from_utf8_lossy(&compiled.stderr)),
            Err(why) => {
                figures::skipped(&format!("no power can be cut: `cc` does not start: {why}"));
                return None;
            }
        }
        let through = format!("sqlite://{}", folder.join("disk/office.db").display());
        let site = Arc::new(Site::new(&format!("power-{name}"), None, Some(&through)).await);
        Some(Self { folder, shim, site })
    }

    /// What was begun lies on the disk, and the office goes on from there.
    fn fill(&self) {
        let from = PathBuf::from(self.site.url.trim_start_matches("sqlite://"));
        backup::backup(&from, &self.disk().join("office.db")).expect("a copy");
        let resumed = self.site.run(&["resume"], &[]);
        assert!(resumed.status.success(), "{}", String::from_utf8_lossy(&resumed.stderr));
    }

    fn disk(&self) -> PathBuf {
        self.folder.join("disk")
    }

    /// A server on the disk; `swallow`: the disk lies about every so many-th sync.
    fn serve(&self, more: &[(&str, &str)], swallow: u64) -> (Server, Disk) {
        let resting = Disk::resting(&self.disk());
        let _ = std::fs::remove_file(self.journal());
        let (disk, journal, swallow) = (self.disk(), self.journal(), swallow.to_string());
        let text = |path: &Path| path.to_str().expect("a plain path").to_owned();
        let told = [
            ("LD_PRELOAD", text(&self.shim)),
            ("POWER_FOLDER", text(&disk)),
            ("POWER_JOURNAL", text(&journal)),
            ("POWER_SWALLOW", swallow),
        ];
        let all: Vec<(&str, &str)> =
            told.iter().map(|(name, value)| (*name, value.as_str())).chain(more.iter().copied()).collect();
        (self.site.serve(&all), resting)
    }

    fn journal(&self) -> PathBuf {
        self.folder.join("journal")
    }

    /// What the server told the disk, since it was started on it.
    fn told(&self, mut disk: Disk) -> Disk {
        disk.take(&std::fs::read(self.journal()).unwrap_or_default());
        disk
    }

    /// What an independent look finds in a copy of what lies on the disk, told what was acknowledged; why there is nothing to look at.
    async fn look(&self, acknowledged: Vec<String>) -> Result<Report, String> {
        let copy = self.folder.join("copy");
        let _ = std::fs::remove_dir_all(&copy);
        std::fs::create_dir(&copy).expect("a folder");
        for (name, content) in lying(&self.disk()) {
            std::fs::write(copy.join(name), content).expect("written");
        }
        let file = copy.join("office.db");
        // SQLite puts right what its log and its journal say, as at every opening.
        drop(Store::open(&format!("sqlite://{}", file.display())).await.map_err(|error| error.to_string())?);
        backup::check(&file).map_err(|error| error.to_string())?;
        let looked = self.site.look_at(&format!("sqlite://{}", file.display()), acknowledged).await;
        looked.map_err(|error| error.to_string())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_power_cut_takes_nothing_that_was_acknowledged() {
    let mut trial = Trial::new();
    let (all, parts) = parts("CHAOS_POWER", 20, 20);
    let (mut answered, mut gone, mut syncs, mut moods) = (0, 0, 0, BTreeMap::<String, u64>::new());
    for (part, cuts) in parts {
        let Some(power) = Power::new(&part.to_string()).await else { return };
        let site = &power.site;
        let (each, besides) = ERRANDS;
        let begun = people::begun(site, each * usize::try_from(cuts).expect("few") + besides).await;
        let before = site.acknowledged();
        power.fill();
        let people = people::answering(site, PEOPLE, begun);
        for cut in 0..cuts {
            let place = AROUND[usize::try_from(cut / 4).expect("few") % AROUND.len()];
            let told = if cut % 4 == 3 { format!("{place}:{}", 1 + trial.chance.below(4)) } else { String::new() };
            let (mut server, disk) = power.serve(&[("CHANCERY_DIES_AT", &told), ("CHANCERY_LOG_PAGES", LOG_PAGES)], 0);
            match cut % 4 {
                // While it is still starting: SQLite switches to its log, or puts right what is in it.
                2 => trial.pause(5, 400).await,
                3 => {
                    let patience = Instant::now() + Duration::from_secs(4);
                    while !server.is_dead() && Instant::now() < patience {
                        tokio::time::sleep(Duration::from_millis(5)).await;
                    }
                }
                1 => {
                    site.is_up().await;
                    trial.pause(1, 500).await;
                }
                // Just as somebody is told that something is done.
                _ => {
                    site.is_up().await;
                    site.goes_on(1 + trial.chance.below(12) as usize).await;
                    trial.pause(1, 20).await;
                }
            }
            server.kill();
            let disk = power.told(disk);
            syncs += disk.syncs;
            let kept = Kept::any(&trial.chance);
            gone += disk.cut(&power.disk(), kept, &trial.chance);
            *moods.entry(format!("{kept:?}")).or_default() += 1;
            let found = power.look(site.operations()).await;
            let faults = found.map_or_else(
                |why| vec![why],
                |report| report.faults.iter().map(|fault| format!("{fault:?}")).collect(),
            );
            assert!(
                faults.is_empty(),
                "cut {cut} of part {part}, {kept:?}, seed {}: {faults:#?}\n{}",
                trial.seed,
                site.log()
            );
        }
        let (mut server, disk) = power.serve(&[("CHANCERY_LOG_PAGES", LOG_PAGES)], 0);
        site.is_up().await;
        site.goes_on(20).await;
        trial.end(&format!("{cuts} power cuts"), site, people).await;
        answered += site.acknowledged() - before;
        server.end();
        // The shim missed nothing: what the server told is what lies there.
        let lies = lying(&power.disk());
        power.told(disk).cut(&power.disk(), Kept::All, &Chance::seeded(1));
        assert_eq!(lengths(&lying(&power.disk())), lengths(&lies));
        assert!(lying(&power.disk()) == lies, "the shim missed a write");
        trial.found(&format!("{cuts} power cuts"), site, power.look(site.operations()).await.expect("it is whole"));
        let replayed = site.run(&["audit", "replay", "--all"], &[]);
        assert!(replayed.status.success(), "{}", String::from_utf8_lossy(&replayed.stderr));
        let store =
            Store::open(&format!("sqlite://{}", power.disk().join("office.db").display())).await.expect("it opens");
        assert_eq!(site.strange_mails_in(&store).await, Vec::<String>::new());
    }
    assert!(gone > 0 && syncs > 0, "nothing was cut off");
    trial.sum(&format!(
        "SQLite, {all} power cuts ({moods:?}), {answered} answers between them, {syncs} syncs, {gone} bytes that were not synced gone"
    ));
}

/// Otherwise the trial above would prove nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_says_written_and_has_not_loses_what_was_acknowledged_and_that_is_found() {
    let trial = Trial::new();
    let mut found = Vec::new();
    for swallow in [1, 2] {
        let Some(power) = Power::new(&format!("lies-{swallow}")).await else { return };
        let site = &power.site;
        let begun = people::begun(site, ERRANDS.1).await;
        power.fill();
        let people = people::answering(site, PEOPLE, begun);
        let (mut server, disk) = power.serve(&[], swallow);
        site.goes_on(12).await;
        server.kill();
        power.told(disk).cut(&power.disk(), Kept::Nothing, &trial.chance);
        let acknowledged = site.operations();
        site.stop();
        let _ = people.join_all().await;
        found.push(match power.look(acknowledged).await {
            Ok(report) => report.faults.iter().filter(|fault| is_gone(fault)).count(),
            // It is not even whole.
            Err(_) => usize::MAX,
        });
    }
    say(&format!(
        "chaos: SQLite, a disk that swallows every sync, or every second: {found:?} acknowledged were missed"
    ));
    assert!(found[0] > 0, "nothing was missed: {found:?}");
}

fn lengths(files: &BTreeMap<String, Vec<u8>>) -> BTreeMap<&str, usize> {
    files.iter().map(|(name, content)| (name.as_str(), content.len())).collect()
}
