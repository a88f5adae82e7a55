//! One client's conversation: the commands of RFC 5321 (and the greeting of LMTP, RFC 2033), with limits.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use super::{Arrived, Beyond, Postbox};

/// Bytes of a command line at most (RFC 5321 says 512; SMTPUTF8 adds to it).
const LINE_MAX: u64 = 4096;
/// Bytes of a mail's line that are read at once; longer ones come in pieces.
const BODY_LINE_MAX: u64 = 64 * 1024;
/// A silent client is sent away.
const SILENCE_MAX: Duration = Duration::from_mins(5);

/// Takes clients until it is aborted.
pub(super) async fn serve<P: Postbox>(listener: TcpListener, postbox: Arc<P>) {
    let room = Arc::new(Semaphore::new(postbox.limits().clients));
    loop {
        match listener.accept().await {
            // Who finds no room is turned away at once; mail servers come again.
            Ok((stream, _)) => {
                let Ok(place) = Arc::clone(&room).try_acquire_owned() else { continue };
                let postbox = Arc::clone(&postbox);
                tokio::spawn(async move {
                    // A client that goes away in the middle is no news.
                    let _ = Session::new(stream, postbox).run().await;
                    drop(place);
                });
            }
            // Out of file descriptors, say: wait for clients to leave.
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

struct Session<P> {
    stream: BufReader<TcpStream>,
    postbox: Arc<P>,
    from: Option<String>,
    to: Vec<String>,
}

/// Whether the conversation goes on.
enum Next {
    Go,
    Quit,
}

impl<P: Postbox> Session<P> {
    fn new(stream: TcpStream, postbox: Arc<P>) -> Self {
        // Answers are small and each is waited for.
        let _ = stream.set_nodelay(true);
        Self { stream: BufReader::new(stream), postbox, from: None, to: Vec::new() }
    }

    async fn run(mut self) -> std::io::Result<()> {
        self.say(&format!("220 {}", self.postbox.greeting())).await?;
        while let Some(line) = self.line().await? {
            match self.command(&line).await? {
                Next::Go => {}
                Next::Quit => break,
            }
        }
        Ok(())
    }

    async fn command(&mut self, line: &str) -> std::io::Result<Next> {
        let verb = line.split(' ').next().unwrap_or_default().to_ascii_uppercase();
        match verb.as_str() {
            "EHLO" | "LHLO" => {
                self.forget();
                let (name, limits) = (self.name().to_owned(), self.postbox.limits());
                // Who would be refused for its size may know so before; what is cut anyway may come as it is.
                let size = match limits.beyond {
                    Beyond::Refuse => format!("250 SIZE {}", limits.mail_bytes),
                    Beyond::Cut => "250 SIZE".to_owned(),
                };
                let offers = "250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8";
                self.say(&format!("250-{name}\r\n{offers}\r\n{size}")).await?;
            }
            "HELO" => {
                self.forget();
                self.say(&format!("250 {}", self.name())).await?;
            }
            "MAIL" => self.mail(line).await?,
            "RCPT" => self.recipient(line).await?,
            "DATA" => self.data().await?,
            "RSET" => {
                self.forget();
                self.say("250 forgotten").await?;
            }
            "NOOP" => self.say("250 here").await?,
            "VRFY" => self.say("252 try it").await?,
            "QUIT" => {
                self.say("221 bye").await?;
                return Ok(Next::Quit);
            }
            _ => self.say("500 what?").await?,
        }
        Ok(Next::Go)
    }

    async fn mail(&mut self, line: &str) -> std::io::Result<()> {
        match path(line, "FROM:") {
            Some(_) if self.from.is_some() => self.say("503 one mail at a time").await,
            Some(from) => {
                self.from = Some(from);
                self.say("250 go on").await
            }
            None => self.say("501 MAIL FROM:<address>").await,
        }
    }

    async fn recipient(&mut self, line: &str) -> std::io::Result<()> {
        match path(line, "TO:") {
            _ if self.from.is_none() => self.say("503 MAIL comes first").await,
            Some(_) if self.to.len() >= self.postbox.limits().recipients => self.say("452 4.5.3 too many").await,
            Some(to) if !to.is_empty() => match self.postbox.knows(&to).await {
                Ok(()) => {
                    self.to.push(to);
                    self.say("250 go on").await
                }
                Err(refusal) => self.say(&refusal).await,
            },
            _ => self.say("501 RCPT TO:<address>").await,
        }
    }

    async fn data(&mut self) -> std::io::Result<()> {
        if self.to.is_empty() {
            return self.say("503 RCPT comes first").await;
        }
        self.say("354 until a dot").await?;
        let Some(raw) = self.body().await? else {
            self.forget();
            return self.say("552 too large").await;
        };
        let (from, to) = (self.from.take().unwrap_or_default(), std::mem::take(&mut self.to));
        let answer = self.postbox.take(Arrived { from, to, raw }).await;
        self.say(&answer).await
    }

    /// What it calls itself.
    fn name(&self) -> &str {
        self.postbox.greeting().split(' ').next().unwrap_or_default()
    }

    /// The mail up to the line with a dot, dots unstuffed; none when it is too large for us. It is read to its end all the
    /// same, and no more of it is kept than there is room for.
    async fn body(&mut self) -> std::io::Result<Option<Vec<u8>>> {
        let limits = self.postbox.limits();
        let (mut raw, mut line, mut begins, mut whole) = (Vec::new(), Vec::new(), true, true);
        loop {
            line.clear();
            let mut limited = (&mut self.stream).take(BODY_LINE_MAX);
            if within(limited.read_until(b'\n', &mut line)).await? == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            if begins && line == b".\r\n" {
                return Ok((whole || limits.beyond == Beyond::Cut).then_some(raw));
            }
            let text = if begins { line.strip_prefix(b".").unwrap_or(&line) } else { &line };
            begins = line.ends_with(b"\n");
            let room = limits.mail_bytes - raw.len();
            whole &= text.len() <= room;
            raw.extend_from_slice(&text[..text.len().min(room)]);
        }
    }

    async fn line(&mut self) -> std::io::Result<Option<String>> {
        let mut line = Vec::new();
        let mut limited = (&mut self.stream).take(LINE_MAX);
        within(limited.read_until(b'\n', &mut line)).await?;
        if line.is_empty() {
            return Ok(None);
        }
        if !line.ends_with(b"\n") {
            return Err(std::io::ErrorKind::InvalidData.into());
        }
        Ok(Some(String::from_utf8_lossy(&line).trim_end().to_owned()))
    }

    async fn say(&mut self, answer: &str) -> std::io::Result<()> {
        let answer = format!("{answer}\r\n");
        within(self.stream.get_mut().write_all(answer.as_bytes())).await
    }

    fn forget(&mut self) {
        self.from = None;
        self.to.clear();
    }
}

/// The address between angle brackets after `FROM:` or `TO:`.
fn path(line: &str, word: &str) -> Option<String> {
    let (_, rest) = line.split_once(' ')?;
    let head = rest.trim_start().get(..word.len())?;
    if !head.eq_ignore_ascii_case(word) {
        return None;
    }
    let rest = rest.trim_start().get(word.len()..)?.trim_start();
    let (address, _) = rest.strip_prefix('<')?.split_once('>')?;
    Some(address.to_owned())
}

async fn within<T>(work: impl Future<Output = std::io::Result<T>>) -> std::io::Result<T> {
    tokio::time::timeout(SILENCE_MAX, work).await.unwrap_or_else(|_| Err(std::io::ErrorKind::TimedOut.into()))
}
