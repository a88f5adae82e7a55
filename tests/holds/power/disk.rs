//! A disk of which it is known what it was told and when it said "done": from the journal that the shim keeps, the files that could be
//! there after a power cut.
//!
//! What a sync that came back covers is there. Of everything after it each piece may be there or not, whatever its order: a write
//! that is torn, a later one without an earlier one, a length that did or did not change, a name that appeared or went. A name is
//! there for good only once its folder was synced. A piece that is not there leaves what was there before; nothing else changes
//! beside a write (SQLite rests on that too, as on every disk of today).

use std::collections::BTreeMap;
use std::path::Path;

use chancery::clock::Chance;

/// The head of a record, as the shim writes it.
const HEAD: usize = 32;
const MARK: u32 = 0x5257_4f50;
/// What a disk writes whole.
const SECTOR: u64 = 512;
/// What a kernel hands to a disk.
const PAGE: u64 = 4096;

/// What a file was told.
#[derive(Clone, Debug)]
enum Change {
    Write(u64, Vec<u8>),
    Cut(u64),
    Grow(u64),
}

/// A file, whatever it is called: what is there for good, and what may be.
#[derive(Debug, Default)]
struct File {
    sure: Vec<u8>,
    open: Vec<Change>,
    /// Changes that went from `open` to `sure`.
    settled: usize,
}

/// The folder: names that are there for good, and what happened to names since.
#[derive(Debug, Default)]
struct Names {
    sure: BTreeMap<String, usize>,
    now: BTreeMap<String, usize>,
    open: Vec<Vec<(String, Option<usize>)>>,
    settled: usize,
}

/// How much of what was not synced is there.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kept {
    /// All of it, as after a kill.
    All,
    /// None of it.
    Nothing,
    /// The first changes of each file, the next one torn.
    First,
    /// Pieces of this many bytes, each as it happens.
    Pieces(u64),
}

impl Kept {
    pub(crate) fn any(chance: &Chance) -> Self {
        [Self::Nothing, Self::First, Self::Pieces(SECTOR), Self::Pieces(PAGE)][chance.below(4) as usize]
    }
}

/// Everything that was said about the files of one folder.
#[derive(Debug, Default)]
pub(crate) struct Disk {
    files: Vec<File>,
    names: Names,
    /// Syncs that came back.
    pub syncs: usize,
}

impl Disk {
    /// The folder as it lies there, all of it for good.
    pub(crate) fn resting(folder: &Path) -> Self {
        let mut disk = Self::default();
        for (name, content) in lying(folder) {
            disk.names.sure.insert(name, disk.files.len());
            disk.files.push(File { sure: content, ..File::default() });
        }
        disk.names.now = disk.names.sure.clone();
        disk
    }

    /// Takes what a process told it. What the process wrote last may be half a record.
    pub(crate) fn take(&mut self, journal: &[u8]) {
        let (mut rest, mut inodes, mut begun) = (journal, BTreeMap::new(), BTreeMap::new());
        while let Some((record, after)) = Record::first(rest) {
            rest = after;
            self.record(&record, &mut inodes, &mut begun);
        }
    }

    fn record(
        &mut self,
        record: &Record<'_>,
        inodes: &mut BTreeMap<u64, usize>,
        begun: &mut BTreeMap<u64, (Option<usize>, usize)>,
    ) {
        let file = || *inodes.get(&record.inode).expect("a file is opened before it is written");
        match record.kind {
            // An index that lay there is none of ours.
            b'o' if !self.names.now.contains_key(record.name()) => {
                assert!(is_index(record.name()), "`{}` came from nowhere", record.name());
                inodes.insert(record.inode, self.files.len());
                self.files.push(File::default());
            }
            b'o' => {
                inodes.insert(record.inode, self.names.now[record.name()]);
            }
            b'c' => {
                // An inode of a file that is gone may be given again.
                inodes.insert(record.inode, self.files.len());
                self.names.tell(vec![(record.name().to_owned(), Some(self.files.len()))]);
                self.files.push(File::default());
            }
            b'w' => self.files[file()].open.push(Change::Write(record.at, record.data.to_vec())),
            b'W' => {
                let (file, change) = (&mut self.files[file()], Change::Write(record.at, record.data.to_vec()));
                change.apply(&mut file.sure);
                file.open.push(change);
            }
            b't' => self.files[file()].open.push(Change::Cut(record.at)),
            b'g' => self.files[file()].open.push(Change::Grow(record.at)),
            b'F' => {
                let (place, file) = (file(), &self.files[file()]);
                begun.insert(record.at, (Some(place), file.settled + file.open.len()));
            }
            b'D' => {
                begun.insert(record.at, (None, self.names.settled + self.names.open.len()));
            }
            b'e' => {
                self.syncs += 1;
                match begun.remove(&record.at).expect("a sync begins before it comes back") {
                    (Some(file), until) => self.files[file].settle(until),
                    (None, until) => self.names.settle(until),
                }
            }
            b'u' => self.names.tell(vec![(record.name().to_owned(), None)]),
            b'r' => {
                let (from, to) = record.name().split_at(usize::try_from(record.at).expect("a length"));
                let file = self.names.now[from];
                self.names.tell(vec![(from.to_owned(), None), (to.to_owned(), Some(file))]);
            }
            other => panic!("a record of kind {other}"),
        }
    }

    /// The power goes: puts into the folder what could be there then, and says how many bytes of what was written are not.
    pub(crate) fn cut(self, folder: &Path, kept: Kept, chance: &Chance) -> usize {
        let names = self.names.left(kept, chance);
        let mut gone = 0;
        // The others are written in their place: an office knows its file by its number on the disk.
        let there = lying(folder);
        for gone in there.keys().filter(|name| !names.contains_key(*name)).map(String::as_str).chain(["office.db-shm"])
        {
            let _ = std::fs::remove_file(folder.join(gone));
        }
        let left: Vec<Vec<u8>> = self.files.into_iter().map(|file| file.left(kept, chance, &mut gone)).collect();
        for (name, file) in names {
            std::fs::write(folder.join(name), &left[file]).expect("written");
        }
        gone
    }
}

impl File {
    fn settle(&mut self, until: usize) {
        let covered = until.saturating_sub(self.settled);
        for change in self.open.drain(..covered) {
            change.apply(&mut self.sure);
        }
        self.settled += covered;
    }

    fn left(self, kept: Kept, chance: &Chance, gone: &mut usize) -> Vec<u8> {
        let mut content = self.sure;
        let mut first = chance.below(u32::try_from(self.open.len()).expect("few").saturating_add(1));
        for change in self.open {
            let is_kept = match kept {
                Kept::All => true,
                Kept::Nothing => false,
                Kept::First => first > 0,
                Kept::Pieces(_) => chance.below(2) == 1,
            };
            let is_torn = matches!(kept, Kept::First) && first == 0;
            first = first.saturating_sub(1);
            match (&change, kept) {
                (Change::Write(at, bytes), Kept::Pieces(size)) => *gone += torn(&mut content, *at, bytes, size, chance),
                // The one in the middle; none of those behind it.
                (Change::Write(at, bytes), Kept::First) if is_torn => {
                    *gone += torn(&mut content, *at, bytes, SECTOR, chance);
                    *gone += 1;
                    break;
                }
                _ if is_kept => change.apply(&mut content),
                (Change::Write(_, bytes), _) => *gone += bytes.len(),
                _ => {}
            }
        }
        content
    }
}

impl Names {
    fn tell(&mut self, change: Vec<(String, Option<usize>)>) {
        put(&mut self.now, &change);
        self.open.push(change);
    }

    fn settle(&mut self, until: usize) {
        let covered = until.saturating_sub(self.settled);
        for change in self.open.drain(..covered) {
            put(&mut self.sure, &change);
        }
        self.settled += covered;
    }

    fn left(&self, kept: Kept, chance: &Chance) -> BTreeMap<String, usize> {
        let mut names = self.sure.clone();
        for change in &self.open {
            let is_kept = match kept {
                Kept::All => true,
                Kept::Nothing => false,
                Kept::First | Kept::Pieces(_) => chance.below(2) == 1,
            };
            if is_kept {
                put(&mut names, change);
            }
        }
        names.retain(|name, _| !is_index(name));
        names
    }
}

fn put(names: &mut BTreeMap<String, usize>, change: &[(String, Option<usize>)]) {
    for (name, file) in change {
        match file {
            Some(file) => names.insert(name.clone(), *file),
            None => names.remove(name),
        };
    }
}

impl Change {
    fn apply(&self, content: &mut Vec<u8>) {
        let length = |size: u64| usize::try_from(size).expect("a file of this machine");
        match self {
            Self::Write(at, bytes) => write(content, *at, bytes),
            Self::Cut(size) => content.resize(length(*size), 0),
            Self::Grow(size) => content.resize(length(*size).max(content.len()), 0),
        }
    }
}

/// Writes the pieces that get to the disk; how many bytes do not.
fn torn(content: &mut Vec<u8>, at: u64, bytes: &[u8], size: u64, chance: &Chance) -> usize {
    let (mut at, mut rest, mut gone) = (at, bytes, 0);
    while !rest.is_empty() {
        let upto = usize::try_from(size - at % size).expect("small").min(rest.len());
        let (piece, after) = rest.split_at(upto);
        if chance.below(2) == 1 {
            write(content, at, piece);
        } else {
            gone += piece.len();
        }
        (at, rest) = (at + u64::try_from(upto).expect("small"), after);
    }
    gone
}

fn write(content: &mut Vec<u8>, at: u64, bytes: &[u8]) {
    let at = usize::try_from(at).expect("a file of this machine");
    content.resize(content.len().max(at + bytes.len()), 0);
    content[at..at + bytes.len()].copy_from_slice(bytes);
}

/// The index of SQLite's log: a memory of processes, which nobody expects to outlive them.
fn is_index(name: &str) -> bool {
    name.ends_with("-shm")
}

/// What lies in a folder.
pub(crate) fn lying(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(folder).expect("the folder").map(|entry| entry.expect("an entry"));
    let read = |entry: std::fs::DirEntry| {
        let name = entry.file_name().into_string().expect("a plain name");
        (!is_index(&name)).then(|| (name, std::fs::read(entry.path()).expect("a file")))
    };
    entries.filter_map(read).collect()
}

struct Record<'a> {
    kind: u8,
    inode: u64,
    at: u64,
    data: &'a [u8],
}

impl<'a> Record<'a> {
    fn first(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (head, rest) = bytes.split_at_checked(HEAD)?;
        let short = |at: usize| u32::from_ne_bytes(head[at..at + 4].try_into().expect("4 bytes"));
        let long = |at: usize| u64::from_ne_bytes(head[at..at + 8].try_into().expect("8 bytes"));
        assert_eq!(short(0), MARK, "the journal is whole");
        let (data, rest) = rest.split_at_checked(usize::try_from(long(24)).expect("a length"))?;
        Some((Self { kind: u8::try_from(short(4)).expect("a letter"), inode: long(8), at: long(16), data }, rest))
    }

    fn name(&self) -> &'a str {
        std::str::from_utf8(self.data).expect("a name")
    }
}
