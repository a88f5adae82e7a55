//! A mail server that takes everything at once and keeps nothing but a count: what the bench sends into.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const END: &[u8] = b"\r\n.\r\n";

/// The server. It ends with the process.
#[derive(Clone, Debug)]
pub(super) struct Sink {
    pub(super) address: SocketAddr,
    mails: Arc<AtomicU64>,
    bytes: Arc<AtomicU64>,
}

impl Sink {
    pub(super) async fn start() -> std::io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let (mails, bytes) = (Arc::default(), Arc::default());
        let sink = Self { address: listener.local_addr()?, mails, bytes };
        let serving = sink.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let sink = serving.clone();
                // A client that goes away is no news.
                tokio::spawn(async move { sink.talk(stream).await.ok() });
            }
        });
        Ok(sink)
    }

    /// Mails that it took.
    pub(super) fn mails(&self) -> u64 {
        self.mails.load(Ordering::Relaxed)
    }

    /// Bytes of a mail on average.
    pub(super) fn size(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed) / self.mails().max(1)
    }

    async fn talk(&self, mut stream: TcpStream) -> std::io::Result<()> {
        stream.set_nodelay(true)?;
        stream.write_all(b"220 sink\r\n").await?;
        let (mut input, mut answers) = (Vec::new(), Vec::new());
        let mut in_mail = false;
        while stream.read_buf(&mut input).await? > 0 {
            while let Some(length) = whole(&input, in_mail) {
                if in_mail {
                    self.mails.fetch_add(1, Ordering::Relaxed);
                    self.bytes.fetch_add(length as u64, Ordering::Relaxed);
                    in_mail = false;
                    answers.extend_from_slice(b"250 taken\r\n");
                } else {
                    let answer: &[u8] = match input.get(..4).unwrap_or_default() {
                        b"EHLO" => b"250-sink\r\n250-8BITMIME\r\n250 PIPELINING\r\n",
                        b"DATA" => b"354 go\r\n",
                        b"QUIT" => b"221 bye\r\n",
                        _ => b"250 fine\r\n",
                    };
                    in_mail = answer.starts_with(b"354");
                    answers.extend_from_slice(answer);
                }
                input.drain(..length);
            }
            stream.write_all(&answers).await?;
            answers.clear();
        }
        Ok(())
    }
}

/// The bytes of a whole command, or of a whole mail with its end.
fn whole(input: &[u8], in_mail: bool) -> Option<usize> {
    let end: &[u8] = if in_mail { END } else { b"\n" };
    input.windows(end.len()).position(|part| part == end).map(|at| at + end.len())
}
