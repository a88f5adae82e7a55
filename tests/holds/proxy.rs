//! A wire between a server and its database that can be cut: at once, or after the database has done what it was asked and
//! before its answer arrives, so that nobody knows whether a commit took place.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU16, AtomicU64, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};

/// What only a session that writes says.
const WRITER: &[u8] = b"SET enable_seqscan";
/// Answers while a session is opened: they say nothing about a commit.
const OPENING: u64 = 6;

/// The wire.
#[derive(Clone)]
pub(crate) struct Proxy {
    shared: Arc<Shared>,
    pub port: u16,
}

/// Answers of one kind: how many are to be lost, and how many were.
#[derive(Default)]
struct Loss {
    wanted: AtomicU64,
    lost: AtomicU64,
}

#[derive(Default)]
struct Shared {
    to: AtomicU16,
    /// Raised by each cut: connections of an earlier number are over.
    cut: AtomicU64,
    /// Answers to anything that a writer asks; each statement of one dossier alone is its own commit.
    answers: Loss,
    /// Answers to a `COMMIT`.
    commits: Loss,
}

/// One connection.
#[derive(Default)]
struct Wire {
    writes: AtomicBool,
    commits: AtomicBool,
}

impl Proxy {
    pub(crate) async fn new(to: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let shared = Arc::new(Shared { to: AtomicU16::new(to), ..Shared::default() });
        let wires = Arc::clone(&shared);
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let wires = Arc::clone(&wires);
                tokio::spawn(async move {
                    if let Ok(far) = TcpStream::connect(("127.0.0.1", wires.to.load(Ordering::SeqCst))).await {
                        wires.carry(near, far).await;
                    }
                });
            }
        });
        Self { shared, port }
    }

    /// From now on it leads elsewhere.
    pub(crate) fn lead_to(&self, port: u16) {
        self.shared.to.store(port, Ordering::SeqCst);
        self.cut();
    }

    /// Every connection is cut now.
    pub(crate) fn cut(&self) {
        self.shared.cut.fetch_add(1, Ordering::SeqCst);
    }

    /// The next answer to a writer is lost with its connection.
    pub(crate) fn lose_an_answer(&self) {
        self.shared.answers.wanted.fetch_add(1, Ordering::SeqCst);
    }

    /// The answer to the next `COMMIT` is lost with its connection.
    pub(crate) fn lose_a_commit(&self) {
        self.shared.commits.wanted.fetch_add(1, Ordering::SeqCst);
    }

    /// Answers that were lost so far, and those to a `COMMIT`.
    pub(crate) fn lost(&self) -> (u64, u64) {
        (self.shared.answers.lost.load(Ordering::SeqCst), self.shared.commits.lost.load(Ordering::SeqCst))
    }

    /// Nothing more is to be lost.
    pub(crate) fn is_idle(&self) -> bool {
        [&self.shared.answers, &self.shared.commits].iter().all(|loss| loss.wanted.load(Ordering::SeqCst) == 0)
    }
}

impl Loss {
    /// Whether this one is lost.
    fn takes_one(&self) -> bool {
        let taken = self.wanted.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok();
        self.lost.fetch_add(u64::from(taken), Ordering::SeqCst);
        taken
    }
}

impl Shared {
    async fn carry(&self, near: TcpStream, far: TcpStream) {
        let (born, wire) = (self.cut.load(Ordering::SeqCst), Wire::default());
        let ((from_near, to_near), (from_far, to_far)) = (near.into_split(), far.into_split());
        let cut = async {
            while self.cut.load(Ordering::SeqCst) == born {
                tokio::time::sleep(std::time::Duration::from_millis(3)).await;
            }
        };
        tokio::select! {
            () = wire.ask(from_near, to_far) => {}
            () = self.answer(&wire, from_far, to_near) => {}
            () = cut => {}
        }
    }

    async fn answer(&self, wire: &Wire, mut from_far: OwnedReadHalf, mut to_near: OwnedWriteHalf) {
        let (mut bytes, mut answers) = (vec![0; 1 << 16], 0);
        while let Ok(count @ 1..) = from_far.read(&mut bytes).await {
            answers += 1;
            if answers > OPENING && wire.writes.load(Ordering::SeqCst) {
                let commits = wire.commits.load(Ordering::SeqCst);
                if commits && self.commits.takes_one() || self.answers.takes_one() {
                    return;
                }
            }
            if to_near.write_all(&bytes[..count]).await.is_err() {
                return;
            }
        }
    }
}

impl Wire {
    async fn ask(&self, mut from_near: OwnedReadHalf, mut to_far: OwnedWriteHalf) {
        let mut bytes = vec![0; 1 << 16];
        while let Ok(count @ 1..) = from_near.read(&mut bytes).await {
            let asked = &bytes[..count];
            if says(asked, WRITER) {
                self.writes.store(true, Ordering::SeqCst);
            }
            self.commits.store(says(asked, b"COMMIT\0"), Ordering::SeqCst);
            if to_far.write_all(asked).await.is_err() {
                return;
            }
        }
    }
}

fn says(asked: &[u8], what: &[u8]) -> bool {
    asked.windows(what.len()).any(|part| part == what)
}
