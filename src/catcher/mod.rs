//! A small SMTP server that keeps what it is given: for `chancery demo` and for tests. It listens where it is told (on
//! loopback), delivers nothing and knows nobody.

mod mime;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use crate::postbox::{Arrived, Beyond, Limits, Listening, Postbox};

/// At most so many mails are kept in memory; the oldest make room.
const KEPT_MAX: usize = 20_000;

/// A mail that was caught.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caught {
    /// Counted from 1 in the order of arrival.
    pub number: u64,
    /// The sender of the envelope.
    pub from: String,
    /// The recipients of the envelope.
    pub to: Vec<String>,
    /// The `To` header, decoded: `Nguyễn Văn A <a@example.vn>`.
    pub to_header: String,
    /// The subject, decoded.
    pub subject: String,
    /// The `Message-ID` header.
    pub message_id: String,
    /// The `Date` header, as written.
    pub date: String,
    /// Every header, decoded, in order.
    pub headers: Vec<(String, String)>,
    /// The text part.
    pub text: String,
    /// The HTML part.
    pub html: String,
    /// The addresses of the links written out in the text part, in order, each once.
    pub links: Vec<String>,
    /// The mail as it came, dots unstuffed.
    pub raw: Vec<u8>,
}

/// The server. Dropping the last clone stops it.
#[derive(Clone, Debug)]
pub struct Catcher {
    kept: Arc<Kept>,
    listening: Listening,
}

/// What was caught so far.
#[derive(Debug)]
struct Kept {
    mails: Mutex<Vec<Arc<Caught>>>,
    count: watch::Sender<u64>,
    folder: Option<PathBuf>,
}

impl Catcher {
    /// Listens on an address (port 0: any free one) and keeps mails in memory.
    ///
    /// # Errors
    /// The address cannot be listened on.
    pub async fn start(address: SocketAddr) -> std::io::Result<Self> {
        Self::start_with(address, None).await
    }

    /// As [`Catcher::start`], and writes each mail into a folder as `000001.eml` too. Mails that lie there already are kept
    /// as if they had just come.
    ///
    /// # Errors
    /// The address cannot be listened on, or the folder cannot be made or read.
    pub async fn start_with(address: SocketAddr, folder: Option<PathBuf>) -> std::io::Result<Self> {
        let mut mails = Vec::new();
        if let Some(folder) = &folder {
            tokio::fs::create_dir_all(folder).await?;
            mails = kept_in(folder).await?;
        }
        let last = mails.last().map_or(0, |mail| mail.number);
        let kept = Arc::new(Kept { mails: Mutex::new(mails), count: watch::Sender::new(last), folder });
        let listening = Listening::start(address, Arc::clone(&kept)).await?;
        Ok(Self { kept, listening })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.listening.address()
    }

    /// How many mails came so far.
    pub fn count(&self) -> u64 {
        *self.kept.count.borrow()
    }

    /// The mails after number `n`, oldest first; `0` gives all that are kept.
    pub fn mails_since(&self, n: u64) -> Vec<Arc<Caught>> {
        self.kept.mails().iter().filter(|mail| mail.number > n).cloned().collect()
    }

    /// One mail by its number.
    pub fn mail(&self, number: u64) -> Option<Arc<Caught>> {
        self.kept.mails().iter().find(|mail| mail.number == number).cloned()
    }

    /// Waits until more than `n` mails have come; how many there are then.
    pub async fn more_than(&self, n: u64) -> u64 {
        let mut count = self.kept.count.subscribe();
        // The sender lives as long as `self`.
        count.wait_for(|count| *count > n).await.map_or(n, |count| *count)
    }
}

/// The mails that lie in a folder. Their envelopes are gone: the `To` header stands for them.
async fn kept_in(folder: &Path) -> std::io::Result<Vec<Arc<Caught>>> {
    let mut mails = Vec::new();
    let mut entries = tokio::fs::read_dir(folder).await?;
    while let Some(entry) = entries.next_entry().await? {
        let path = entry.path();
        let number = path.file_stem().and_then(|stem| stem.to_str()?.parse().ok());
        let (Some(number), true) = (number, path.extension().is_some_and(|kind| kind == "eml")) else { continue };
        let raw = tokio::fs::read(&path).await?;
        let mut mail = mime::read(&raw);
        let to = mail.to_header.rsplit('<').next().unwrap_or_default().trim_end_matches('>').trim().to_owned();
        (mail.number, mail.to, mail.raw) = (number, vec![to], raw);
        mails.push(Arc::new(mail));
    }
    mails.sort_by_key(|mail: &Arc<Caught>| mail.number);
    Ok(mails)
}

impl Postbox for Kept {
    fn greeting(&self) -> &'static str {
        "catcher ESMTP, keeps everything, delivers nothing"
    }

    fn limits(&self) -> Limits {
        Limits { mail_bytes: 32 * 1024 * 1024, beyond: Beyond::Refuse, recipients: 100, clients: 10_000 }
    }

    async fn knows(&self, _: &str) -> Result<(), String> {
        Ok(())
    }

    async fn take(&self, mail: Arrived) -> String {
        match self.keep(mail).await {
            Ok(number) => format!("250 kept as {number}"),
            Err(error) => format!("451 not kept: {}", error.kind()),
        }
    }
}

impl Kept {
    fn mails(&self) -> MutexGuard<'_, Vec<Arc<Caught>>> {
        // A panic elsewhere leaves the list whole: mails are only ever added in one step.
        self.mails.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps one mail for good; only then may the client be told that it was taken.
    async fn keep(&self, Arrived { from, to, raw }: Arrived) -> std::io::Result<u64> {
        let mut caught = mime::read(&raw);
        (caught.from, caught.to, caught.raw) = (from, to, raw);
        let number = {
            let mut mails = self.mails();
            let number = mails.last().map_or(0, |mail| mail.number) + 1;
            caught.number = number;
            if mails.len() == KEPT_MAX {
                mails.remove(0);
            }
            mails.push(Arc::new(caught));
            number
        };
        if let (Some(folder), Some(mail)) = (&self.folder, self.mail(number)) {
            tokio::fs::write(folder.join(format!("{number:06}.eml")), &mail.raw).await?;
        }
        // Two sessions may end in any order; the count never goes back.
        self.count.send_modify(|count| *count = number.max(*count));
        Ok(number)
    }

    fn mail(&self, number: u64) -> Option<Arc<Caught>> {
        self.mails().iter().find(|mail| mail.number == number).cloned()
    }
}
