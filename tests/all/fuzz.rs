//! What others wrote does no harm to those who read it: the inputs that the fuzzer found to reach something of its own, and at which
//! something once did not hold, are kept in `fuzz/corpus` and tried again, with what lies near them. `fuzz/run` looks for new ones.

use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

#[path = "../../fuzz/src/targets/mod.rs"]
mod targets;

/// Changed inputs of each target; `FUZZED_INPUTS=100000` for a campaign, `FUZZ_SEED` for another course.
const USUAL: u64 = 100;
/// Bytes that a changed input may have.
const BYTES_MAX: usize = 16 * 1024;

/// The stack of a main thread, on which a file is checked: without optimising, a formula of eighteen brackets in each other takes more
/// than the two megabytes of a test's thread, where the optimised program takes less than a fifth of that.
const STACK: usize = 8 * 1024 * 1024;

fn asked(name: &str, usual: u64) -> u64 {
    std::env::var(name).ok().map_or(usual, |said| said.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

fn corpora() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus")
}

/// The inputs that are kept for a target, by their names.
fn kept(target: &str) -> Vec<(String, Vec<u8>)> {
    let folder = std::fs::read_dir(corpora().join(target)).expect("each target has a corpus");
    let paths = folder.map(|entry| entry.expect("it can be read").path());
    let mut kept: Vec<_> = paths
        .map(|path| {
            let name = path.file_name().expect("a file").to_string_lossy().into_owned();
            (name, std::fs::read(path).expect("it can be read"))
        })
        .collect();
    kept.sort();
    kept
}

/// Numbers that follow from a seed.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % u64::try_from(end.max(1)).expect("small")).expect("it is below")
    }

    fn piece<'a>(&mut self, of: &'a [u8]) -> &'a [u8] {
        let from = self.below(of.len() + 1);
        let length = self.below((of.len() - from).min(64) + 1);
        &of[from..from + length]
    }

    /// An input with up to four pieces exchanged: for nothing, for a byte, for what stands elsewhere in it or in another one, or for
    /// the same several times.
    fn changed(&mut self, input: &[u8], other: &[u8]) -> Vec<u8> {
        let mut changed = input.to_vec();
        for _ in 0..=self.below(4) {
            let at = self.below(changed.len() + 1);
            let end = (at + self.below(9)).min(changed.len());
            let with = match self.below(6) {
                0 => Vec::new(),
                1 => vec![u8::try_from(self.below(256)).expect("a byte")],
                2 => self.piece(&changed).to_vec(),
                3 | 4 => self.piece(other).to_vec(),
                _ => self.piece(&changed).repeat(1 + self.below(40)),
            };
            changed.splice(at..end, with);
        }
        changed.truncate(BYTES_MAX);
        changed
    }
}

fn holds(target: &str, try_bytes: fn(&[u8]), input: &[u8], what: &str) {
    if catch_unwind(|| try_bytes(input)).is_err() {
        let path = std::env::temp_dir().join(format!("chancery-fuzz-{target}"));
        std::fs::write(&path, input).expect("it can be written");
        panic!("{target}: {what} does harm; it lies in {}", path.display());
    }
}

fn replay(target: &str) {
    let (_, try_bytes) = *targets::TARGETS.iter().find(|(name, _)| *name == target).expect("a target");
    let kept = kept(target);
    for (name, input) in &kept {
        holds(target, try_bytes, input, name);
    }
    let (seed, count) = (asked("FUZZ_SEED", 20_260_601), asked("FUZZED_INPUTS", USUAL));
    let mut chance = Chance(seed);
    for number in 0..count {
        let (one, other) = (chance.below(kept.len()), chance.below(kept.len()));
        let changed = chance.changed(&kept[one].1, &kept[other].1);
        holds(target, try_bytes, &changed, &format!("seed {seed}, change {number} of {}", kept[one].0));
    }
    eprintln!("{target}: {} inputs that are kept, {count} near them, seed {seed}: 0 did harm", kept.len());
}

macro_rules! replayed {
    ($($target:ident),* $(,)?) => {
        const REPLAYED: &[&str] = &[$(stringify!($target)),*];

        $(#[test]
        fn $target() {
            let replaying = std::thread::Builder::new().stack_size(STACK).spawn(|| replay(stringify!($target)));
            replaying.expect("there is a thread").join().expect("nothing does harm");
        })*
    };
}

replayed!(calendar, crontab, csv, dsn, form, guard, link, template, yaml);

#[test]
fn every_target_has_a_corpus_and_is_replayed() {
    let mut folders: Vec<String> = std::fs::read_dir(corpora())
        .expect("there are corpora")
        .map(|entry| entry.expect("it can be read").file_name().to_string_lossy().into_owned())
        .collect();
    folders.sort();
    let targets: Vec<&str> = targets::TARGETS.iter().map(|(name, _)| *name).collect();
    assert_eq!(targets, REPLAYED);
    assert_eq!(targets, folders);
    let all: Vec<(String, Vec<u8>)> = targets.iter().flat_map(|target| kept(target)).collect();
    let bytes: usize = all.iter().map(|(_, input)| input.len()).sum();
    assert!(
        all.len() < 1_000 && bytes < 1_500_000,
        "{} files, {bytes} bytes: `fuzz/run keep` makes them fewer",
        all.len()
    );
}
